//! Texts: `title`, `description`, `location`, `calendar`.
//!
//! > `is`, `contains`, `starts with`, `ends with` — "text", `any of ["…"]`, `any of LIST`; `matches /re/flags`.
//! > NFKC and full case folding on both sides, except `matches`: flags `i` `s` `x`, Unicode, unanchored, linear time.
//!
//! A text that an event has and that is empty, or that it has not, is the empty text. Of a text that was cut, a hit in the kept
//! part is certain and a miss is unknown, unless what follows cannot matter: a cut title that begins with `Sales` certainly
//! does not start with `HR`.

use crate::builtins::Answer;
use crate::event::Text;
use crate::value::words::TextOp;
use crate::value::{UnknownReason, fold};
use regex::{Regex, RegexBuilder};
use regex_syntax::hir::Look;

/// A text of an event in the form in which texts are compared, with the text itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FoldedText<'a> {
    raw: &'a str,
    folded: String,
    cut: bool,
}

impl<'a> FoldedText<'a> {
    /// Folds a text of an event; `None` is the empty text.
    #[must_use]
    pub fn of(text: Option<&'a Text>) -> Self {
        let Some(text) = text else { return Self::default() };
        Self { raw: &text.content, folded: fold(&text.content), cut: text.cut }
    }

    /// `title contains "…"`: compares with one folded `operand`.
    ///
    /// ```
    /// use callsheet::builtins::{Answer, text::FoldedText};
    /// use callsheet::event::Text;
    /// use callsheet::value::words::TextOp;
    /// let title = Text::short("Große DEMO");
    /// let title = FoldedText::of(Some(&title));
    /// assert_eq!(title.compare(TextOp::Contains, "demo"), Answer::True);
    /// assert_eq!(title.compare(TextOp::StartsWith, "grosse"), Answer::True);
    /// assert_eq!(title.compare(TextOp::Is, "demo"), Answer::False);
    /// assert_eq!(FoldedText::of(None).compare(TextOp::Is, ""), Answer::True);
    /// ```
    #[must_use]
    pub fn compare(&self, op: TextOp, operand: &str) -> Answer {
        let kept = self.folded.as_str();
        let hit = match op {
            TextOp::Is => kept == operand,
            TextOp::Contains => kept.contains(operand),
            TextOp::StartsWith => kept.starts_with(operand),
            TextOp::EndsWith => kept.ends_with(operand),
        };
        if !self.cut {
            return hit.into();
        }
        match op {
            TextOp::Contains | TextOp::StartsWith if hit => Answer::True,
            TextOp::Is | TextOp::StartsWith if !self.may_begin_with(operand) => Answer::False,
            TextOp::EndsWith if operand.is_empty() => Answer::True,
            // The whole text is longer than the kept part, so to be equal to that is not to be equal to the whole; but its
            // last character may have been a part of another one, so this is left open too.
            _ => Answer::Unknown(UnknownReason::TextCut),
        }
    }

    /// Whether a text that begins with the kept part can begin with `operand`, or be a beginning of it.
    ///
    /// The last characters of the kept part may compose with what was cut off. All before the last ASCII character cannot:
    /// ASCII characters start a new composition.
    fn may_begin_with(&self, operand: &str) -> bool {
        let settled = &self.folded[..self.folded.rfind(|c: char| c.is_ascii()).unwrap_or(0)];
        operand.starts_with(settled) || settled.starts_with(operand)
    }

    /// `title matches /…/flags`, on the text as it is.
    ///
    /// A hit that ends in the kept part is certain. One that reaches the cut is not, where the pattern looks at what comes
    /// next (`$`, `\b`).
    #[must_use]
    pub fn matches(&self, pattern: &Pattern) -> Answer {
        if !self.cut {
            return pattern.is_in(self.raw).into();
        }
        match pattern.regex.shortest_match(self.raw) {
            Some(end) if end < self.raw.len() || !pattern.looks_ahead => Answer::True,
            _ => Answer::Unknown(UnknownReason::TextCut),
        }
    }
}

/// Most bytes that one compiled pattern may take.
pub const PATTERN_SIZE_MAX: usize = 64 * 1024;

/// Deepest nesting of one pattern.
pub const PATTERN_NEST_MAX: u32 = 32;

/// A regular expression, built.
///
/// Matching takes time linear in the text. Building costs up to a millisecond, so whoever decides often keeps it.
#[derive(Clone, Debug)]
pub struct Pattern {
    regex: Regex,
    looks_ahead: bool,
}

impl Pattern {
    /// Builds a pattern; `flags` are among `i`, `s` and `x`.
    ///
    /// `None` where it cannot be read or is larger than [`PATTERN_SIZE_MAX`]: no pattern of a checked rule set.
    ///
    /// ```
    /// use callsheet::builtins::{Answer, text::{FoldedText, Pattern}};
    /// use callsheet::event::Text;
    /// let pattern = Pattern::build(r"\b(hr|salary)\b", "i").unwrap();
    /// let title = Text::short("Salary talk");
    /// assert_eq!(FoldedText::of(Some(&title)).matches(&pattern), Answer::True);
    /// assert!(Pattern::build("(", "").is_none());
    /// ```
    #[must_use]
    pub fn build(pattern: &str, flags: &str) -> Option<Self> {
        let hir = read_pattern(pattern, flags).ok()?;
        let behind = [Look::Start, Look::StartLF, Look::StartCRLF];
        let looks_ahead = hir.properties().look_set().iter().any(|look| !behind.contains(&look));
        let regex = RegexBuilder::new(pattern)
            .case_insensitive(flags.contains('i'))
            .dot_matches_new_line(flags.contains('s'))
            .ignore_whitespace(flags.contains('x'))
            .nest_limit(PATTERN_NEST_MAX)
            .size_limit(PATTERN_SIZE_MAX)
            .build()
            .ok()?;
        Some(Self { regex, looks_ahead })
    }

    /// Whether a text that is whole holds a match, as it is written.
    #[must_use]
    pub fn is_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }
}

/// Reads a pattern without building it.
///
/// # Errors
/// Says where and why it cannot be read.
pub fn read_pattern(pattern: &str, flags: &str) -> Result<regex_syntax::hir::Hir, Box<regex_syntax::Error>> {
    regex_syntax::ParserBuilder::new()
        .case_insensitive(flags.contains('i'))
        .dot_matches_new_line(flags.contains('s'))
        .ignore_whitespace(flags.contains('x'))
        .nest_limit(PATTERN_NEST_MAX)
        .build()
        .parse(pattern)
        .map_err(Box::new)
}

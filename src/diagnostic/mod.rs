//! Remarks on rules, as data: a code, a message in the author's words, places, cures.
//!
//! A pass returns what it could and adds its remarks to a list; nothing here prints. [`render`] draws remarks for a person.

pub mod codes;
mod render;

pub use codes::Code;
pub use render::{Style, render};

use crate::source::Span;

/// How much a remark matters. Ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Probably not meant.
    Warning,
    /// The rules cannot be used like this.
    Error,
}

/// A remark on rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// What sort of remark; documented under this word.
    pub code: Code,
    /// How much it matters.
    pub severity: Severity,
    /// One line, lower case, no full stop, the author's words in backticks.
    pub message: String,
    /// The place it is about, with a few words that stand under the underline (may be empty).
    pub primary: Label,
    /// Other places that matter.
    pub secondary: Vec<Label>,
    /// What to do, one line each.
    pub help: Vec<String>,
    /// Edits that cure it; several are alternatives.
    pub fixes: Vec<Fix>,
}

/// A place with a few words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// The words; may be empty.
    pub text: String,
}

/// An edit that cures a remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does: "write `organizer`".
    pub title: String,
    /// Replacements; they do not overlap.
    pub edits: Vec<(Span, String)>,
}

impl Diagnostic {
    /// A remark with the severity that its code has by default.
    #[must_use]
    pub fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            message: message.into(),
            primary: Label { span, text: String::new() },
            secondary: Vec::new(),
            help: Vec::new(),
            fixes: Vec::new(),
        }
    }

    /// Adds the words under the underline.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.primary.text = text.into();
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.secondary.push(Label { span, text: text.into() });
        self
    }

    /// Adds a line of help.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds a fix that replaces one place.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        self.fixes.push(Fix { title: title.into(), edits: vec![(span, replacement.into())] });
        self
    }
}

/// The known word that the author probably meant by `word`: within a third of its length in edits, none when two are
/// equally near.
///
/// ```
/// use callsheet::diagnostic::nearest;
/// assert_eq!(nearest("organiser", ["organizer", "title"]), Some("organizer"));
/// assert_eq!(nearest("colour", ["organizer", "title"]), None);
/// ```
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word: Vec<char> = word.chars().take(WORD_CHARS_MAX).collect();
    let mut allowed = word.len() / 3;
    let mut best = None;
    for candidate in known {
        let Some(distance) = distance_within(&word, candidate, allowed) else { continue };
        match best {
            Some((least, first)) if distance == least && first != Some(candidate) => best = Some((least, None)),
            Some((least, _)) if distance >= least => {}
            _ => best = Some((distance, Some(candidate))),
        }
        allowed = distance;
    }
    best.and_then(|(_, word)| word)
}

/// [`nearest`], while somebody will still read the answer: past 32 remarks nobody does, and comparing every
/// unknown word of a file with every known one would cost more than checking the file.
#[must_use]
pub fn suggestion<'a>(so_far: &[Diagnostic], word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if nobody_reads_on(so_far) { None } else { nearest(word, known) }
}

/// Whether there are so many remarks that a further one needs no help beside it.
#[must_use]
pub fn nobody_reads_on(so_far: &[Diagnostic]) -> bool {
    so_far.len() >= SUGGESTIONS_MAX
}

/// Remarks after which no suggestions are looked for; more than are shown.
const SUGGESTIONS_MAX: usize = 32;

/// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`; `None` where it takes more than `most`.
fn distance_within(a: &[char], b: &str, most: usize) -> Option<usize> {
    let b: Vec<char> = b.chars().take(WORD_CHARS_MAX).collect();
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    // Further from the diagonal than `most`, every way already takes more.
    let far = most + 1;
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).map(|j| j.min(far)).collect();
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![far; b.len() + 1];
        row[0] = (i + 1).min(far);
        for j in i.saturating_sub(most)..b.len().min(i + most + 1) {
            let mut least = (last[j] + usize::from(*from != b[j])).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *from == b[j - 1] && a[i - 1] == b[j] {
                least = least.min(before_last[j - 1] + 1);
            }
            row[j + 1] = least.min(far);
        }
        if row.iter().all(|distance| *distance == far) {
            return None;
        }
        before_last = std::mem::replace(&mut last, row);
    }
    Some(last[b.len()]).filter(|distance| *distance <= most)
}

/// Longer words are compared by their beginning.
const WORD_CHARS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_near_within_a_third_of_their_length() {
        for (word, known, expected) in [
            ("organiser", "organizer", true),
            ("recrod", "record", true),
            ("ercord", "record", true),
            ("records", "record", true),
            ("ecord", "record", true),
            ("Europe/Londn", "Europe/London", true),
            ("abc", "xyz", false),
            ("attendee", "organizer", false),
            ("rec", "record", false),
        ] {
            assert_eq!(nearest(word, [known]).is_some(), expected, "{word} {known}");
        }
        assert_eq!(nearest("cat", ["bat", "hat"]), None);
    }
}

//! What every match of a regular expression holds: literals to look for before the expression is built or run.
//!
//! Most patterns in rules are words: `/\b(interview|screening)\b/i` finds a text exactly where one of two literals stands
//! between borders of words. Of nearly all others one of some literals must stand in the text. Both follow from the pattern, and
//! both are about texts whose characters are [folded one by one](crate::value::fold_characters).

use crate::builtins::text::read_pattern;
use crate::value::{fold_characters, folds_as_patterns_do};
use regex_syntax::hir::literal::{ExtractKind, Extractor, Seq};
use regex_syntax::hir::{Hir, HirKind, Look};

/// The literals of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literals {
    /// One of these stands in every text that matches. None of them is empty.
    pub texts: Vec<String>,
    /// Set where the pattern matches exactly the texts in which one of them stands like this.
    pub exactly: Option<Borders>,
}

/// Where borders of words must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Borders {
    /// Right before the literal.
    pub before: bool,
    /// Right behind it.
    pub behind: bool,
}

/// Most literals of one pattern: more would cost more than they save.
const LITERALS_MAX: usize = 64;

impl Literals {
    /// The literals of a pattern with its flags; `None` where a match need not hold any, or the pattern cannot be read.
    ///
    /// ```
    /// use callsheet::builtins::literals::{Borders, Literals};
    /// let words = Literals::of(r"\b(HR|salary)\b", "i").unwrap();
    /// assert_eq!(words.texts, ["hr", "salary"]);
    /// assert_eq!(words.exactly, Some(Borders { before: true, behind: true }));
    /// assert_eq!(Literals::of(r"Weekly\s+sync", "").unwrap().exactly, None);
    /// assert_eq!(Literals::of(r"\d+", ""), None);
    /// ```
    #[must_use]
    pub fn of(pattern: &str, flags: &str) -> Option<Self> {
        // What classes have in common depends on case.
        if ["&&", "--", "~~"].iter().any(|operator| pattern.contains(operator)) {
            return None;
        }
        // Read as if case mattered, so that a literal is a literal; folding makes it stand for every case.
        let other_flags: String = flags.chars().filter(|flag| *flag != 'i').collect();
        let hir = read_pattern(pattern, &other_flags).ok()?;
        let found = Found::of(&hir)?;
        // What a group or a class says of case is lost in folding, so they only tell what must stand there.
        let any_case = flags.contains('i') && !["(?", "[", r"\p", r"\P"].iter().any(|part| pattern.contains(part));
        let alike = || found.texts.iter().all(|text| folds_as_patterns_do(text));
        let exactly = found.exactly.filter(|_| any_case && alike());
        Some(Self { texts: found.texts, exactly })
    }
}

/// The literals of a part of a pattern.
struct Found {
    texts: Vec<String>,
    exactly: Option<Borders>,
}

impl Found {
    fn of(hir: &Hir) -> Option<Self> {
        match hir.kind() {
            HirKind::Capture(group) => Self::of(&group.sub),
            HirKind::Concat(parts) => Self::of_parts(parts),
            HirKind::Alternation(branches) => Self::of_branches(branches).or_else(|| Self::extracted(hir)),
            HirKind::Repetition(repeated) if repeated.min > 0 => {
                Self::of(&repeated.sub).map(|found| Self { exactly: None, ..found })
            }
            _ => Self::extracted(hir),
        }
    }

    /// Of parts that follow each other the rarest; exact where all but one are borders of words around it.
    fn of_parts(parts: &[Hir]) -> Option<Self> {
        let is_border = |part: &Hir| matches!(part.kind(), HirKind::Look(Look::WordUnicode));
        let before = parts.first().is_some_and(is_border);
        let behind = parts.len() > 1 && parts.last().is_some_and(is_border);
        let inner = &parts[usize::from(before)..parts.len() - usize::from(behind)];
        if let [only] = inner {
            let found = Self::of(only)?;
            let around = |inner: Borders| Borders { before: before || inner.before, behind: behind || inner.behind };
            let exactly = found.exactly.map(around);
            return Some(Self { exactly, ..found });
        }
        let whole = Self::extracted(&Hir::concat(inner.to_vec()));
        if let Some(exact) = whole.filter(|found| found.exactly.is_some()) {
            return Some(Self { exactly: Some(Borders { before, behind }), ..exact });
        }
        // Of equals the first: the last of them in this order.
        let each = inner.iter().rev().filter_map(Self::of);
        each.max_by_key(Self::rarity).map(|found| Self { exactly: None, ..found })
    }

    fn of_branches(branches: &[Hir]) -> Option<Self> {
        let mut all = Self::of(branches.first()?)?;
        for branch in &branches[1..] {
            let found = Self::of(branch)?;
            all.texts.extend(found.texts);
            all.exactly = all.exactly.filter(|borders| found.exactly == Some(*borders));
        }
        all.finish()
    }

    /// What the library reads off a part: the texts that every match of it begins with, or is.
    fn extracted(hir: &Hir) -> Option<Self> {
        let sequence: Seq = Extractor::new().kind(ExtractKind::Prefix).extract(hir);
        // It reads over what must be so before or behind a text.
        let is_exact = sequence.is_exact() && hir.properties().look_set().is_empty();
        let exactly = is_exact.then_some(Borders::default());
        let mut texts = Vec::new();
        for literal in sequence.literals()? {
            let mut folded = String::new();
            fold_characters(std::str::from_utf8(literal.as_bytes()).ok()?, &mut folded);
            texts.push(folded);
        }
        Self { texts, exactly }.finish()
    }

    fn finish(mut self) -> Option<Self> {
        self.texts.sort_unstable();
        self.texts.dedup();
        let usable = !self.texts.is_empty() && self.texts.len() <= LITERALS_MAX && self.texts.iter().all(|text| !text.is_empty());
        usable.then_some(self)
    }

    /// Longer literals are rarer; of equally long ones fewer.
    fn rarity(&self) -> (usize, usize) {
        let shortest = self.texts.iter().map(String::len).min().unwrap_or_default();
        (shortest.min(8), usize::MAX - self.texts.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pattern: &str, flags: &str) -> String {
        match Literals::of(pattern, flags) {
            None => "nothing".to_owned(),
            Some(Literals { texts, exactly: None }) => format!("one of {}", texts.join(", ")),
            Some(Literals { texts, exactly: Some(Borders { before, behind }) }) => {
                let border = |is: bool| if is { "|" } else { "" };
                format!("exactly {}({}){}", border(before), texts.join(", "), border(behind))
            }
        }
    }

    #[test]
    fn literals_are_what_every_match_holds() {
        let cases = [
            (r"\b(private|confidential|hr)\b", "i", "exactly |(confidential, hr, private)|"),
            ("retro", "i", "exactly (retro)"),
            ("retro", "", "one of retro"),
            (r"\bstand-?up\b", "i", "exactly |(stand-up, standup)|"),
            (r"\bfoo\b|\bbar\b", "i", "exactly |(bar, foo)|"),
            (r"\bfoo\b|bar", "i", "one of bar, foo"),
            (r"weekly\s+sync\b", "i", "one of weekly"),
            (r"a.*roadmap", "i", "one of roadmap"),
            (r"(?:board|exec)\s+(?:review|prep)", "i", "one of board, exec"),
            (r"(interview)+", "i", "one of interview"),
            (r"(interview)*", "i", "nothing"),
            (r"^\[ext\]", "i", "one of [ext]"),
            ("demo$", "i", "one of demo"),
            (r"\Bdemo", "i", "one of demo"),
            (r"x(?-i:Y)z", "i", "one of xyz"),
            ("re[tv]ro", "i", "one of retro, revro"),
            ("[abX&&aBx]", "i", "nothing"),
            ("(?i)Straße", "", "one of straße"),
            ("STRASSE|Straße", "i", "exactly (strasse, straße)"),
            (r"\d{4}", "i", "nothing"),
            ("", "i", "nothing"),
            (r"\b", "i", "nothing"),
            ("(", "i", "nothing"),
            ("a | b", "xi", "exactly (a, b)"),
        ];
        for (pattern, flags, expected) in cases {
            assert_eq!(shown(pattern, flags), expected, "/{pattern}/{flags}");
        }
    }
}

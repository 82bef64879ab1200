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

/// Whether remarks of one code are made, and how much they matter. Ordered from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Level {
    Off,
    Info,
    Warning,
    Error,
}

impl Level {
    /// Every level, from least to most.
    pub const ALL: [Self; 4] = [Self::Off, Self::Info, Self::Warning, Self::Error];

    /// As it is written in configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }

    /// How much a remark of this level matters; `None` where none is made.
    #[must_use]
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Off => None,
            Self::Info => Some(Severity::Info),
            Self::Warning => Some(Severity::Warning),
            Self::Error => Some(Severity::Error),
        }
    }
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
    /// What becomes of decisions.
    pub effect: Effect,
}

/// What a fix does to the decisions of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Effect {
    /// Every meeting is decided as before, with the same settings, by a rule of the same name.
    KeepsDecisions,
    /// Meetings may be decided otherwise, or the rules could not be used before: somebody should look.
    ChangesDecisions,
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

    /// Adds a fix that replaces one place and may change decisions.
    #[must_use]
    pub fn fix(mut self, title: impl Into<String>, span: Span, replacement: impl Into<String>) -> Self {
        let edits = vec![(span, replacement.into())];
        self.fixes.push(Fix { title: title.into(), edits, effect: Effect::ChangesDecisions });
        self
    }

    /// Adds a fix after which every meeting is decided as before.
    #[must_use]
    pub fn safe_fix(mut self, title: impl Into<String>, edits: Vec<(Span, String)>) -> Self {
        self.fixes.push(Fix { title: title.into(), edits, effect: Effect::KeepsDecisions });
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
    let word = Written::of(word);
    let mut allowed = word.len / 3;
    let mut best = None;
    for candidate in known {
        let Some(distance) = word.distance_within(candidate, allowed) else { continue };
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
    if nobody_reads_on(so_far.len()) { None } else { nearest(word, known) }
}

/// Whether there are so many remarks that a further one needs no help beside it.
#[must_use]
pub fn nobody_reads_on(so_far: usize) -> bool {
    so_far >= SUGGESTIONS_MAX
}

/// Remarks after which no suggestions are looked for; more than are shown.
const SUGGESTIONS_MAX: usize = 32;

/// A word that others are compared with: for each of its characters, the places where it stands, one bit each.
struct Written {
    len: usize,
    ascii: [u64; 128],
    others: Vec<(char, u64)>,
}

impl Written {
    fn of(word: &str) -> Self {
        let mut written = Self { len: 0, ascii: [0; 128], others: Vec::new() };
        for character in word.chars().take(WORD_CHARS_MAX) {
            let place = 1 << written.len;
            written.len += 1;
            match written.ascii.get_mut(character as usize) {
                Some(places) => *places |= place,
                None => written.others.push((character, place)),
            }
        }
        written
    }

    fn places(&self, character: char) -> u64 {
        let others = || self.others.iter().filter(|(other, _)| *other == character).fold(0, |all, (_, place)| all | place);
        self.ascii.get(character as usize).copied().unwrap_or_else(others)
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn the word into `other`; `None` where it takes more
    /// than `most`.
    ///
    /// Computes a whole row of the usual table at once (Hyyrö, "A bit-vector algorithm for computing Levenshtein and Damerau
    /// edit distances", 2003): bit `i` of `up` and `down` says that the distance grows or shrinks between places `i` and `i + 1`.
    fn distance_within(&self, other: &str, most: usize) -> Option<usize> {
        let len = other.chars().take(WORD_CHARS_MAX).count();
        if self.len.abs_diff(len) > most {
            return None;
        }
        let Some(last) = self.len.checked_sub(1) else { return Some(len) };
        let (mut up, mut down) = (u64::MAX, 0_u64);
        let (mut same, mut same_before) = (0_u64, 0_u64);
        let mut distance = self.len;
        for character in other.chars().take(WORD_CHARS_MAX) {
            let here = self.places(character);
            let swapped = ((!same & here) << 1) & same_before;
            same = (((here & up).wrapping_add(up)) ^ up) | here | down | swapped;
            let across_up = down | !(same | up);
            let across_down = same & up;
            distance = distance + (across_up >> last & 1) as usize - (across_down >> last & 1) as usize;
            let across_up = across_up << 1 | 1;
            up = across_down << 1 | !(same | across_up);
            down = across_up & same;
            same_before = here;
        }
        Some(distance).filter(|distance| *distance <= most)
    }
}

/// Longer words are compared by their beginning: one bit a character.
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
    #[test]
    fn distances_are_those_of_the_textbook() {
        let words: Vec<String> = (0..=4_u32)
            .flat_map(|len| {
                (0..3_u32.pow(len)).map(move |n| (0..len).map(|i| ['a', 'b', 'ü'][(n / 3_u32.pow(i) % 3) as usize]).collect())
            })
            .chain(["Europe/London", "Europe/Lodnno", "urope/LondonX"].map(str::to_owned))
            .chain([63, 64, 65].map(|len| format!("b{}", "a".repeat(len))))
            .collect();
        for a in &words {
            for b in &words {
                assert_eq!(Written::of(a).distance_within(b, usize::MAX), Some(textbook(a, b)), "{a} {b}");
            }
        }
    }

    /// The whole table, row by row.
    fn textbook(a: &str, b: &str) -> usize {
        let [a, b] = [a, b].map(|word| word.chars().take(WORD_CHARS_MAX).collect::<Vec<_>>());
        let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
        for i in 0..a.len() {
            let mut row = vec![i + 1];
            for j in 0..b.len() {
                let mut least = (rows[i][j] + usize::from(a[i] != b[j])).min(rows[i][j + 1] + 1).min(row[j] + 1);
                if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                    least = least.min(rows[i - 1][j - 1] + 1);
                }
                row.push(least);
            }
            rows.push(row);
        }
        rows[a.len()][b.len()]
    }
}

//! The limits of the language: what an author nobody vouches for may write.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;

/// How much a rule file may hold. The defaults are those of the language; an embedding program may raise them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub file_bytes: usize,
    /// Bytes of one rule.
    pub rule_bytes: usize,
    /// Pieces of one file: lists, people, definitions, rules, tests and settings.
    pub pieces: usize,
    /// Rules of one set.
    pub rules: usize,
    /// Nesting of conditions, and of values in JSON; checked before anything recurses.
    pub depth: usize,
    /// Conditions of one set, counted where definitions are put in for their names: two names that double each other twenty
    /// times are a million conditions.
    pub conditions: usize,
    /// Words and signs of one file of the text form, those of lists aside. Counted before anything is parsed, as parts are.
    pub words: usize,
    /// Parts of conditions, settings and lists as written in one file of the text form: what `and`, `or`, `not`, commas and
    /// opening brackets tell apart, items of lists aside.
    pub parts: usize,
    /// Items of all lists in one file, those in conditions included.
    pub list_items: usize,
    /// Distinct regular expressions of one set.
    pub regexes: usize,
    /// Bytes of one pattern.
    pub pattern_bytes: usize,
    /// Diagnostics shown; one more says how many are left out.
    pub diagnostics: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 64 * 1024,
            rule_bytes: 16 * 1024,
            pieces: 1_500,
            rules: 500,
            depth: 32,
            conditions: 20_000,
            words: 20_000,
            parts: 3_500,
            list_items: 10_000,
            regexes: 64,
            pattern_bytes: 256,
            diagnostics: 30,
        }
    }
}

impl Limits {
    /// The remark on a file with more pieces than it may have, at the first of those.
    pub(super) fn too_many_pieces(&self, at: Span) -> Diagnostic {
        let message = format!("more than {} pieces in one file", self.pieces);
        Diagnostic::new(Code::LimitExceeded, at, message).label("one piece too many")
    }
}

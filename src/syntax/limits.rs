//! The limits of the language: what an author nobody vouches for may write.

/// How much a rule file may hold. The defaults are those of the language; an embedding program may raise them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one file.
    pub file_bytes: usize,
    /// Bytes of one rule.
    pub rule_bytes: usize,
    /// Rules of one set.
    pub rules: usize,
    /// Nesting of conditions, and of values in JSON; checked before anything recurses.
    pub depth: usize,
    /// Conditions of one set, counted where definitions are put in for their names: two names that double each other twenty
    /// times are a million conditions.
    pub conditions: usize,
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
            rules: 500,
            depth: 32,
            conditions: 20_000,
            list_items: 10_000,
            regexes: 64,
            pattern_bytes: 256,
            diagnostics: 30,
        }
    }
}

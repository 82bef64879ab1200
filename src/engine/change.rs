//! What a change of rules does: which meetings are decided otherwise, and what is remarked on it.

use super::{Checked, check::input};
use crate::compare::{Comparison, compare};
use crate::diagnostic::Diagnostic;
use crate::lint::{self, Change};

impl Checked {
    /// How decisions change when these rules take the place of `old`; `None` where one of the two has errors.
    ///
    /// ```
    /// use callsheet::engine::{CheckOptions, RuleText, check};
    ///
    /// let rules = |text: &str| {
    ///     check(&[RuleText { name: "team.rules".into(), text: text.into(), layer: None }], &CheckOptions::default())
    /// };
    /// let old = rules("rule weekly:\n  record\n  when repeats weekly");
    /// let new = rules("rule weekly:\n  record\n  when repeats");
    /// let comparison = new.compared_with(&old).expect("both can be used");
    /// assert_eq!(comparison.classes.len(), 1);
    /// ```
    #[must_use]
    pub fn compared_with(&self, old: &Self) -> Option<Comparison> {
        Some(compare(old.rule_set.as_ref()?.side(), self.rule_set.as_ref()?.side()))
    }

    /// The findings of the change from `old` to these rules, by place in these files, at the levels that `options` say. None
    /// where one of the two has errors.
    #[must_use]
    pub fn change_findings(&self, old: &Self, comparison: &Comparison, options: &lint::Options) -> Vec<Diagnostic> {
        let (Some(before), Some(after)) = (&old.rule_set, &self.rule_set) else { return Vec::new() };
        let texts = |checked: &Self| checked.sources.iter().map(|(_, source)| source.text.clone()).collect::<Vec<_>>();
        let change = Change {
            input: &input(&self.files, &self.options),
            new: after.outline(),
            old: before.outline(),
            old_sources: &old.sources,
            edited: texts(old) != texts(self),
            comparison,
        };
        lint::changes(&change, options)
    }
}

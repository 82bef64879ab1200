//! What a team may want of its rules, whatever they decide: names of one style, reasons, tests.

use super::Subject;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::ast::{ExpectedOutcome, Located, Tiered};
use std::collections::HashSet;

/// `missing-because-on-never`
pub(super) fn missing_because(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (_, rule) in subject.rules() {
        if rule.value.action.value.verb == Tiered::NeverRecord && rule.value.because.is_none() {
            let message = format!("the rule `{}` forbids recording and does not say why", rule.name.value);
            findings.push(
                Diagnostic::new(Code::MissingBecauseOnNever, rule.name.at.0, message)
                    .help("add `because \"…\"`: whoever is denied a recording is shown it"),
            );
        }
    }
}

/// `id-style`
pub(super) fn id_style(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let style = &subject.options.id_style;
    for file in subject.input.files {
        let tree = &file.tree;
        let names = (tree.lists.iter().map(|piece| &piece.name))
            .chain(tree.people.iter().map(|piece| &piece.name))
            .chain(tree.definitions.iter().map(|piece| &piece.name))
            .chain(tree.rules.iter().map(|piece| &piece.name));
        findings.extend(names.filter(|name| !style.is_match(&name.value)).map(|name| odd_name(name, style.as_str())));
    }
}

fn odd_name(name: &Located<String>, style: &str) -> Diagnostic {
    Diagnostic::new(Code::IdStyle, name.at.0, format!("the name `{}` is not of the style of this team", name.value))
        .label(format!("does not match `{style}`"))
}

/// `rules-mergeable`: two rules with nothing between them that do the same for the same reason.
pub(super) fn mergeable(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for pair in subject.hir.outline.rules.windows(2) {
        let [first, second] = pair else { continue };
        let alike = (first.tier, first.layer, &first.settings, &first.because)
            == (second.tier, second.layer, &second.settings, &second.because)
            && (first.from, first.until, &first.zone) == (second.from, second.until, &second.zone)
            && !first.shadow
            && !second.shadow;
        let (Some((_, one)), Some((_, other)), true) = (subject.written(first), subject.written(second), alike) else { continue };
        let message = format!("`{}` does what `{}` before it does", second.id, first.id);
        findings.push(
            Diagnostic::new(Code::RulesMergeable, other.name.at.0, message)
                .also(one.name.at.0, "with nothing between them")
                .help("one rule with both conditions in an `or` decides alike"),
        );
    }
}

/// `rule-untested`: where there are tests, a rule that none expects. A rule in shadow cannot be expected.
pub(super) fn untested(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let tests = || subject.input.files.iter().flat_map(|file| &file.tree.tests);
    if tests().next().is_none() {
        return;
    }
    let expected: HashSet<&str> = tests()
        .filter_map(|test| match &test.value.expect.value.outcome {
            ExpectedOutcome::Decided { by: Some(by), .. } => Some(by.value.as_str()),
            _ => None,
        })
        .collect();
    for (_, rule) in subject.rules() {
        if !rule.value.action.value.shadow && !expected.contains(rule.name.value.as_str()) {
            let message = format!("no test expects the rule `{}`", rule.name.value);
            findings.push(
                Diagnostic::new(Code::RuleUntested, rule.name.at.0, message)
                    .help(format!("a test names it with `expect … by {}`", rule.name.value)),
            );
        }
    }
}

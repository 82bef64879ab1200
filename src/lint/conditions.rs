//! Conditions as written: parts that say nothing new, and conditions that say too much at once.

use super::{Subject, edit, walk};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{ConditionKind, PersonTestKind};
use crate::syntax::printer;

/// `duplicate-condition`: one part twice among the parts of one condition.
pub(super) fn duplicates(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    walk::each(subject, |condition| {
        if let ConditionKind::All(parts) | ConditionKind::Any(parts) | ConditionKind::None(parts) = &condition.kind {
            let places: Vec<Span> = parts.iter().map(|part| part.at.0).collect();
            let said: Vec<String> = parts.iter().map(printer::condition).collect();
            repeated(subject, &said, &places, findings);
        }
        let Some(test) = walk::person_test(condition) else { return };
        walk::each_test(test, &mut |test| {
            if let PersonTestKind::All(parts) | PersonTestKind::Any(parts) | PersonTestKind::None(parts) = &test.kind {
                let places: Vec<Span> = parts.iter().map(|part| part.at.0).collect();
                let said: Vec<String> = parts.iter().map(printer::person_test).collect();
                repeated(subject, &said, &places, findings);
            }
        });
    });
}

fn repeated(subject: &Subject<'_>, said: &[String], places: &[Span], findings: &mut Vec<Diagnostic>) {
    let mut first_of = std::collections::HashMap::new();
    for (index, text) in said.iter().enumerate() {
        let first = *first_of.entry(text.as_str()).or_insert(index);
        // What the author erred in prints as nothing.
        if first == index || text.is_empty() {
            continue;
        }
        let finding = Diagnostic::new(Code::DuplicateCondition, places[index], "this condition stands here twice")
            .label("says nothing new")
            .also(places[first], "first written here");
        findings.push(match edit::without_element(subject, places, index) {
            Some(edits) => finding.safe_fix("remove the second one", edits),
            None => finding,
        });
    }
}

/// `long-condition`: more conditions in one rule than a team wants.
pub(super) fn long(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let most = subject.options.conditions_max;
    for (_, rule) in subject.rules() {
        let mut count = 0;
        for clause in rule.value.when.iter().chain(&rule.value.unless) {
            walk::each_part(&clause.value, &mut |part| count += usize::from(walk::parts(part).is_empty()));
        }
        if count > most {
            let message = format!("the rule `{}` asks {count} conditions, more than {most}", rule.name.value);
            findings.push(
                Diagnostic::new(Code::LongCondition, rule.name.at.0, message)
                    .help("`define` gives conditions that belong together a name"),
            );
        }
    }
}

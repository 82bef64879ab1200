//! Conditions as written: parts that say nothing, and parts that say too much.

use super::Subject;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::ast::{Condition, ConditionKind};

/// `duplicate-condition`: one part twice among the parts of one condition.
pub(super) fn duplicates(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for condition in conditions(subject) {
        each_part(condition, &mut |part| {
            if let ConditionKind::All(parts) | ConditionKind::Any(parts) | ConditionKind::None(parts) = &part.kind {
                for (index, part) in parts.iter().enumerate() {
                    let Some(first) = parts[..index].iter().find(|earlier| earlier.kind == part.kind) else { continue };
                    findings.push(
                        Diagnostic::new(Code::DuplicateCondition, part.at.0, "this condition stands here twice")
                            .label("says nothing new")
                            .also(first.at.0, "first written here"),
                    );
                }
            }
        });
    }
}

/// The conditions of all definitions and rules, each as a whole.
fn conditions<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a Condition> + use<'a> {
    subject.input.files.iter().flat_map(|file| {
        let defined = file.tree.definitions.iter().map(|piece| &piece.value.condition);
        let ruled = file.tree.rules.iter().flat_map(|piece| {
            let rule = &piece.value;
            rule.when.iter().chain(&rule.unless).map(|clause| &clause.value)
        });
        defined.chain(ruled)
    })
}

/// A condition and all its parts, the outer before the inner.
fn each_part<'a>(condition: &'a Condition, look: &mut impl FnMut(&'a Condition)) {
    look(condition);
    match &condition.kind {
        ConditionKind::All(parts) | ConditionKind::Any(parts) | ConditionKind::None(parts) => {
            parts.iter().for_each(|part| each_part(part, look));
        }
        ConditionKind::Not(part) | ConditionKind::Surely(part) | ConditionKind::Possibly(part) => each_part(part, look),
        _ => {}
    }
}

//! Going through what authors wrote.

use super::Subject;
use crate::syntax::ast::{Condition, ConditionKind, PersonTest, PersonTestKind};

/// The conditions of all definitions and rules, each as a whole.
pub fn conditions<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a Condition> + use<'a> {
    subject.input.files.iter().flat_map(|file| {
        let defined = file.tree.definitions.iter().map(|piece| &piece.value.condition);
        let ruled = file.tree.rules.iter().flat_map(|piece| {
            let rule = &piece.value;
            rule.when.iter().chain(&rule.unless).map(|clause| &clause.value)
        });
        defined.chain(ruled)
    })
}

/// Every part of every condition, the outer before the inner.
pub fn each<'a>(subject: &Subject<'a>, mut look: impl FnMut(&'a Condition)) {
    conditions(subject).for_each(|condition| each_part(condition, &mut look));
}

/// A condition and all its parts, the outer before the inner.
pub fn each_part<'a>(condition: &'a Condition, look: &mut impl FnMut(&'a Condition)) {
    look(condition);
    parts(condition).iter().for_each(|part| each_part(part, look));
}

/// The conditions that a condition is made of; none for one that asks the event.
pub fn parts(condition: &Condition) -> &[Condition] {
    match &condition.kind {
        ConditionKind::All(parts) | ConditionKind::Any(parts) | ConditionKind::None(parts) => parts,
        ConditionKind::Not(part) | ConditionKind::Surely(part) | ConditionKind::Possibly(part) => std::slice::from_ref(part),
        _ => &[],
    }
}

/// The question about people in a condition, where it has one.
pub fn person_test(condition: &Condition) -> Option<&PersonTest> {
    match &condition.kind {
        ConditionKind::Person { test, .. } | ConditionKind::Attendees { test, .. } => Some(test),
        _ => None,
    }
}

/// A question about people and all its parts, the outer before the inner.
pub fn each_test<'a>(test: &'a PersonTest, look: &mut impl FnMut(&'a PersonTest)) {
    look(test);
    match &test.kind {
        PersonTestKind::All(tests) | PersonTestKind::Any(tests) | PersonTestKind::None(tests) => {
            tests.iter().for_each(|test| each_test(test, look));
        }
        PersonTestKind::Not(test) => each_test(test, look),
        _ => {}
    }
}

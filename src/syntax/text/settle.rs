//! Gives trees that mean one thing one shape, once comments have their places.

use crate::syntax::ast::*;

/// A list of one item without comments is the item.
pub(super) fn file(file: &mut File) {
    for define in &mut file.definitions {
        condition(&mut define.value.condition);
    }
    for rule in &mut file.rules {
        for clause in [&mut rule.value.when, &mut rule.value.unless].into_iter().flatten() {
            condition(&mut clause.value);
        }
    }
}

fn condition(tree: &mut Condition) {
    match &mut tree.kind {
        ConditionKind::All(elements) | ConditionKind::Any(elements) | ConditionKind::None(elements) => {
            elements.iter_mut().for_each(condition);
        }
        ConditionKind::Not(inner) | ConditionKind::Surely(inner) | ConditionKind::Possibly(inner) => condition(inner),
        ConditionKind::Text { operand: several, .. } => operand(several),
        ConditionKind::Clock { on: Some(Days::Dates(dates)), .. } => operand(dates),
        ConditionKind::Person { test, .. } | ConditionKind::Attendees { test, .. } => person_test(test),
        _ => {}
    }
}

fn person_test(test: &mut PersonTest) {
    match &mut test.kind {
        PersonTestKind::All(elements) | PersonTestKind::Any(elements) | PersonTestKind::None(elements) => {
            elements.iter_mut().for_each(person_test);
        }
        PersonTestKind::Not(inner) => person_test(inner),
        PersonTestKind::From(domains) => operand(domains),
        _ => {}
    }
}

fn operand<T>(operand: &mut Operand<T>) {
    if let Operand::Several(items) = operand
        && items.len() == 1
        && items[0].trivia == Trivia::default()
        && let Some(item) = items.pop()
    {
        *operand = Operand::One(Located { value: item.value, at: item.at });
    }
}

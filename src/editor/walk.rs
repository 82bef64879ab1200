//! One walk over a tree, for all who look for something in it.

use super::NameKind;
use crate::syntax::ast::*;

/// Who looks.
pub(super) trait Visitor {
    /// A name that is given to a piece, or used.
    fn name(&mut self, _kind: NameKind, _name: &Located<String>, _gives: bool) {}
    /// A condition, before those inside of it.
    fn condition(&mut self, _condition: &Condition) {}
    /// A setting of a rule, of `defaults` or of what a test expects.
    fn setting(&mut self, _setting: &Setting) {}
}

/// Shows a visitor everything in a file.
pub(super) fn visit(file: &File, visitor: &mut dyn Visitor) {
    for setting in file.defaults.iter().flat_map(|defaults| &defaults.value) {
        visitor.setting(setting);
    }
    file.lists.iter().for_each(|piece| visitor.name(NameKind::List, &piece.name, true));
    file.people.iter().for_each(|piece| visitor.name(NameKind::Person, &piece.name, true));
    for piece in &file.definitions {
        visitor.name(NameKind::Definition, &piece.name, true);
        condition(&piece.value.condition, visitor);
    }
    for piece in &file.rules {
        visitor.name(NameKind::Rule, &piece.name, true);
        let Rule { when, unless, with, .. } = &piece.value;
        [when, unless].into_iter().flatten().for_each(|clause| condition(&clause.value, visitor));
        with.iter().flat_map(|with| &with.value).for_each(|setting| visitor.setting(setting));
    }
    file.tests.iter().for_each(|piece| test(&piece.value, visitor));
}

fn test(test: &Test, visitor: &mut dyn Visitor) {
    test.given.iter().for_each(|given| visitor.name(NameKind::List, &given.value.name, false));
    for entry in &test.event.value {
        let is_person = matches!(entry.key.value.as_str(), "organizer" | "creator");
        match &entry.value.value {
            EventValue::Word(word) if is_person => person(&Located { value: word.clone(), at: entry.value.at }, visitor),
            EventValue::Guests(guests) => guests.iter().for_each(|guest| person(&guest.value.who, visitor)),
            _ => {}
        }
    }
    if let ExpectedOutcome::Decided { by: Some(by), .. } = &test.expect.value.outcome {
        visitor.name(NameKind::Rule, by, false);
    }
    test.expect.value.with.iter().for_each(|setting| visitor.setting(setting));
}

/// Somebody in a test: `me`, an address, or a name.
fn person(who: &Located<String>, visitor: &mut dyn Visitor) {
    if who.value != "me" && !who.value.contains('@') {
        visitor.name(NameKind::Person, who, false);
    }
}

fn condition(asked: &Condition, visitor: &mut dyn Visitor) {
    visitor.condition(asked);
    match &asked.kind {
        ConditionKind::All(parts) | ConditionKind::Any(parts) | ConditionKind::None(parts) => {
            parts.iter().for_each(|part| condition(part, visitor));
        }
        ConditionKind::Not(part) | ConditionKind::Surely(part) | ConditionKind::Possibly(part) => condition(part, visitor),
        ConditionKind::Use(name) => visitor.name(NameKind::Definition, name, false),
        ConditionKind::Text { operand: Operand::List(name), .. }
        | ConditionKind::Clock { on: Some(Days::Dates(Operand::List(name))), .. } => visitor.name(NameKind::List, name, false),
        ConditionKind::Person { test, .. } | ConditionKind::Attendees { test, .. } => person_test(test, visitor),
        _ => {}
    }
}

fn person_test(test: &PersonTest, visitor: &mut dyn Visitor) {
    match &test.kind {
        PersonTestKind::All(parts) | PersonTestKind::Any(parts) | PersonTestKind::None(parts) => {
            parts.iter().for_each(|part| person_test(part, visitor));
        }
        PersonTestKind::Not(part) => person_test(part, visitor),
        PersonTestKind::In(name) | PersonTestKind::From(Operand::List(name)) => visitor.name(NameKind::List, name, false),
        PersonTestKind::Is(PersonRef::Name(name)) => visitor.name(NameKind::Person, name, false),
        _ => {}
    }
}

//! Tests of people.

use super::{Directives, Lower, absorb, literal, member, members, name_of};
use crate::syntax::ast::*;
use crate::syntax::json::value::{Kind, Node};

impl Lower<'_> {
    pub(super) fn role_test(&mut self, role: PersonRole, node: &Node<'_>, around: &mut Trivia) -> Option<ConditionKind> {
        let test = self.person_test(node, around);
        Some(ConditionKind::Person { role, test })
    }

    pub(super) fn attendees(&mut self, node: &Node<'_>, around: &mut Trivia) -> Option<ConditionKind> {
        let entry = members(node).find(|entry| entry.key != "who")?;
        let (quantifier, test) = match entry.key.as_ref() {
            "any" => (Quantifier::Any, &entry.value),
            "every" => (Quantifier::Every, &entry.value),
            "no" => (Quantifier::No, &entry.value),
            "at_least" => (Quantifier::AtLeast(literal::number(&entry.value)?), member(node, "who")?),
            "at_most" => (Quantifier::AtMost(literal::number(&entry.value)?), member(node, "who")?),
            "exactly" => (Quantifier::Exactly(literal::number(&entry.value)?), member(node, "who")?),
            _ => return None,
        };
        let test = self.person_test(test, around);
        Some(ConditionKind::Attendees { quantifier, test })
    }

    /// A test; its comments, and those of parts that cannot carry any, go to `around`.
    fn person_test(&mut self, node: &Node<'_>, around: &mut Trivia) -> PersonTest {
        absorb(around, self.trivia(node, Directives::Kept));
        let kind = self.person_test_kind(node, around).unwrap_or(PersonTestKind::Error);
        PersonTest { kind, at: At(node.span), trivia: Trivia::default() }
    }

    fn person_test_kind(&mut self, node: &Node<'_>, around: &mut Trivia) -> Option<PersonTestKind> {
        let entry = members(node).next()?;
        let value = &entry.value;
        match entry.key.as_ref() {
            "is" => Some(PersonTestKind::Is(person(value)?)),
            "in" => Some(PersonTestKind::In(name_of(member(value, "list")?)?)),
            "from" => match self.operand(value, |_, node| Some(node.text()?.to_owned()))? {
                Operand::List(_) => None,
                domains => Some(PersonTestKind::From(domains)),
            },
            "response" => Some(PersonTestKind::Response(literal::closed(value)?)),
            "optional" => matches!(value.kind, Kind::Flag(true)).then_some(PersonTestKind::Optional),
            "all" => self.test_group(value, around, PersonTestKind::All),
            "any" => self.test_group(value, around, PersonTestKind::Any),
            "none" => Some(PersonTestKind::None(self.test_elements(value)?)),
            "not" => Some(PersonTestKind::Not(Box::new(self.person_test(value, around)))),
            _ => None,
        }
    }

    /// A group of one element is that element.
    fn test_group(
        &mut self,
        node: &Node<'_>,
        around: &mut Trivia,
        kind: fn(Vec<PersonTest>) -> PersonTestKind,
    ) -> Option<PersonTestKind> {
        let mut elements = self.test_elements(node)?;
        if elements.len() > 1 {
            return Some(kind(elements));
        }
        let only = elements.pop()?;
        absorb(around, only.trivia);
        Some(only.kind)
    }

    fn test_elements(&mut self, node: &Node<'_>) -> Option<Vec<PersonTest>> {
        let element = |item: &Node<'_>| {
            let mut trivia = Trivia::default();
            let test = self.person_test(item, &mut trivia);
            self.refuse_directives(&trivia, item.opening());
            PersonTest { trivia, ..test }
        };
        let elements: Vec<PersonTest> = node.items().iter().map(element).collect();
        (!elements.is_empty()).then_some(elements)
    }
}

fn person(node: &Node<'_>) -> Option<PersonRef> {
    match node.text() {
        Some("me") => Some(PersonRef::Me),
        Some("internal") => Some(PersonRef::Internal),
        Some("external") => Some(PersonRef::External),
        Some("organizer") => Some(PersonRef::Organizer),
        Some(_) => None,
        None => match member(node, "person") {
            Some(name) => name_of(name).map(PersonRef::Name),
            None => name_of(member(node, "address")?).map(PersonRef::Address),
        },
    }
}

//! What is asked about a person, as what follows "each attendee": `is external`, `has not declined`.

use super::{address, name, some};
use crate::syntax::ast::{Operand, PersonRef, PersonTest, PersonTestKind};
use crate::value::Response;

/// Whether one or several are spoken of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    One,
    Many,
}

impl Number {
    fn of(self, one: &'static str, many: &'static str) -> &'static str {
        match self {
            Self::One => one,
            Self::Many => many,
        }
    }
}

/// A test as the end of a clause: groups stand in parentheses.
pub(super) fn clause(test: &PersonTest, number: Number) -> String {
    match &test.kind {
        PersonTestKind::All(parts) if parts.len() > 1 => format!("({})", chain(parts, " and ", number)),
        PersonTestKind::Any(parts) if parts.len() > 1 => format!("({})", chain(parts, " or ", number)),
        PersonTestKind::All(parts) => group("all", parts, number),
        PersonTestKind::Any(parts) => group("any", parts, number),
        PersonTestKind::None(parts) => group("none", parts, number),
        PersonTestKind::Not(inner) => match single(&inner.kind, false, number) {
            Some(words) => words,
            None => format!("{} not what this says: ({})", number.of("is", "are"), whole(inner, number)),
        },
        kind => single(kind, true, number).unwrap_or_else(|| "… (this part could not be read)".to_owned()),
    }
}

/// A test around which nothing binds.
fn whole(test: &PersonTest, number: Number) -> String {
    match &test.kind {
        PersonTestKind::All(parts) if parts.len() > 1 => chain(parts, " and ", number),
        PersonTestKind::Any(parts) if parts.len() > 1 => chain(parts, " or ", number),
        _ => clause(test, number),
    }
}

fn chain(parts: &[PersonTest], connective: &str, number: Number) -> String {
    parts.iter().map(|part| clause(part, number)).collect::<Vec<_>>().join(connective)
}

/// `fits none of: (is external; did not answer)`
fn group(word: &str, parts: &[PersonTest], number: Number) -> String {
    let parts: Vec<String> = parts.iter().map(|part| whole(part, number)).collect();
    format!("{} {word} of: ({})", number.of("fits", "fit"), parts.join("; "))
}

/// A test without tests in it, as it stands or denied.
fn single(kind: &PersonTestKind, plain: bool, number: Number) -> Option<String> {
    let is = match plain {
        true => number.of("is", "are"),
        false => number.of("is not", "are not"),
    };
    Some(match kind {
        PersonTestKind::Is(person) => format!("{is} {}", person_words(person)),
        PersonTestKind::In(list) => format!("{is} on the list {}", name(&list.value)),
        PersonTestKind::From(operand) => format!("{is} from {}", domains(operand)),
        PersonTestKind::Optional => format!("{is} invited as optional"),
        PersonTestKind::Response(response) => answer(*response, plain, number).to_owned(),
        _ => return None,
    })
}

fn domains(operand: &Operand<String>) -> String {
    match operand {
        Operand::One(domain) => address(&domain.value),
        Operand::Several(items) => format!("any of {}", some(items.iter().map(|item| address(&item.value)))),
        Operand::List(list) => format!("any of the list {}", name(&list.value)),
    }
}

fn answer(response: Response, plain: bool, number: Number) -> &'static str {
    match (response, plain) {
        (Response::Accepted, true) => number.of("has accepted", "have accepted"),
        (Response::Accepted, false) => number.of("has not accepted", "have not accepted"),
        (Response::Tentative, true) => number.of("has said maybe", "have said maybe"),
        (Response::Tentative, false) => number.of("has not said maybe", "have not said maybe"),
        (Response::Declined, true) => number.of("has declined", "have declined"),
        (Response::Declined, false) => number.of("has not declined", "have not declined"),
        (Response::None, true) => number.of("has not answered", "have not answered"),
        (Response::None, false) => number.of("has answered", "have answered"),
        (Response::Organizer, true) => number.of("was not asked", "were not asked"),
        (Response::Organizer, false) => number.of("was asked", "were asked"),
    }
}

fn person_words(person: &PersonRef) -> String {
    match person {
        PersonRef::Me => "the connected user".to_owned(),
        PersonRef::Internal => "internal".to_owned(),
        PersonRef::External => "external".to_owned(),
        PersonRef::Organizer => "the organizer".to_owned(),
        PersonRef::Name(person) => name(&person.value),
        PersonRef::Address(written) => address(&written.value),
    }
}

//! What questions cost, so that cheaper ones are asked first.

use crate::builtins::{Atom, PersonCond};
use crate::value::words::TextField;

/// What the answer to a question costs, roughly in nanoseconds.
pub(in crate::codegen) fn cost_of(atom: &Atom) -> u32 {
    match atom {
        Atom::Count(_) | Atom::Flag(_) => 2,
        Atom::Is { .. } | Atom::Occurrence(_) | Atom::Duration(_) => 5,
        Atom::Repeats(_) => 8,
        Atom::Clock { .. } => 60,
        Atom::Person { test, .. } => 15 + of_person(test),
        Atom::Text { field, .. } => of_text(*field, 30),
        // Domains are looked at once each, other things of everybody.
        Atom::People { test: PersonCond::From(_) | PersonCond::Internal | PersonCond::External, .. } => 15,
        Atom::People { test, .. } => 30 + 5 * of_person(test),
        Atom::Matches { field, .. } => of_text(*field, 60),
        Atom::DateRule { .. } => 1_000,
    }
}

/// Titles are short, and looked through once for all questions.
fn of_text(field: TextField, short: u32) -> u32 {
    match field {
        TextField::Title => short,
        TextField::Location | TextField::Calendar => 2 * short,
        TextField::Description => 50 * short,
    }
}

fn of_person(test: &PersonCond) -> u32 {
    match test {
        PersonCond::All(parts) | PersonCond::Any(parts) => {
            parts.iter().fold(2, |sum: u32, part| sum.saturating_add(of_person(part)))
        }
        PersonCond::Not(part) => of_person(part),
        PersonCond::From(_) | PersonCond::In(_) | PersonCond::Addresses(_) | PersonCond::Internal | PersonCond::External => 10,
        PersonCond::Me | PersonCond::Organizer | PersonCond::Response(_) | PersonCond::Optional => 2,
    }
}

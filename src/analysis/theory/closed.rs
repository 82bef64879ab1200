//! Closed sets: every value is tried.

use super::{Ask, What};
use crate::analysis::model::Model;
use crate::analysis::witness::{Draft, link};
use crate::builtins::{Atom, SetField, ValueSet};
use crate::value::{Closed, Conference, Fact, Provider, ShowsAs, SourceKind, Status, Truth, UnknownReason, Visibility};

/// Chooses a value of the one set that all `asks` ask about.
pub(super) fn solve(model: &Model<'_>, asks: &[&Ask<'_>], draft: &mut Draft) -> bool {
    let Some(set) = asks.iter().find_map(|ask| set_of(ask)) else { return true };
    let facts = &mut draft.facts;
    match set {
        SetField::Status => choose(&[Status::Confirmed, Status::Tentative], asks).map(|status| facts.status = status),
        SetField::Kind => choose(&model.recordable().kinds, asks).map(|kind| facts.kind = kind),
        SetField::Provider => choose(Provider::ALL, asks).map(|provider| facts.provider = provider),
        SetField::Source => choose(SourceKind::ALL, asks).map(|source| facts.source = source),
        SetField::Conference => choose(JOINABLE, asks).map(|conference| facts.link = Fact::Known(Some(link(conference)))),
        SetField::Visibility => choose_fact(Visibility::ALL, asks).map(|visibility| facts.visibility = visibility),
        SetField::ShowsAs => {
            let usual_first: Vec<ShowsAs> = ShowsAs::ALL.to_vec();
            choose_fact(&usual_first, asks).map(|shows_as| facts.shows_as = shows_as)
        }
        // With the people, who tell it where the calendar does not.
        SetField::MyResponse => return true,
    }
    .is_some()
}

/// The services that bots join.
const JOINABLE: &[Conference] = &[Conference::Meet, Conference::Zoom, Conference::Teams, Conference::Webex, Conference::Goto];

fn set_of(ask: &Ask<'_>) -> Option<SetField> {
    match ask.what {
        What::Atom(Atom::Is { set, .. }) => Some(*set),
        _ => None,
    }
}

/// The first value that answers as asked.
fn choose<T: Closed>(values: &[T], asks: &[&Ask<'_>]) -> Option<T> {
    values.iter().copied().find(|value| answers(asks, |values| values.contains(*value).into()))
}

/// The same where the value may be hidden.
pub(super) fn choose_fact<T: Closed>(values: &[T], asks: &[&Ask<'_>]) -> Option<Fact<T>> {
    let hidden = || answers(asks, |_| Truth::Unknown).then_some(Fact::Unknown(UnknownReason::PrivateEvent));
    choose(values, asks).map(Fact::Known).or_else(hidden)
}

fn answers(asks: &[&Ask<'_>], truth: impl Fn(ValueSet) -> Truth) -> bool {
    asks.iter().all(|ask| match ask.what {
        What::Atom(Atom::Is { values, .. }) => ask.allowed.has(truth(*values)),
        _ => true,
    })
}

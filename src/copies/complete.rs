//! Facts that the copies of an occurrence share, completed across them.
//!
//! > Shared facts (title, times, people, link, series) are completed across copies first, the fullest copy winning;
//! > `my response`, `calendar`, `shows as`, `visibility` stay per copy.
//!
//! Description, location and creator belong to the invitation as well and are shared like the title. Status, kind, drafts,
//! provider and source say something about a copy, and stay.

use crate::copies::ConnectionId;
use crate::event::{Address, ConnectedUser, Facts, Occurrence, People, Person, Revision, SeriesFacts};
use crate::value::{Fact, Response, UnknownReason};
use std::cmp::Reverse;
use std::collections::HashSet;
use std::sync::Arc;

/// One copy of an occurrence.
#[derive(Clone, Copy, Debug)]
pub struct Copy<'a> {
    /// Whose it is; no two copies have the same.
    pub connection: ConnectionId,
    /// The occurrence as that calendar shows it.
    pub occurrence: &'a Occurrence,
    /// The connected user.
    pub user: &'a ConnectedUser,
}

/// The copies with their shared facts completed, in the order given.
///
/// Each shared fact comes from the fullest copy that knows it: the one that hides least, then shows most people, then is the
/// newest, then has the lowest connection. People come as one list from the copy that shows most of them; in each copy its
/// owner's own entry keeps the mark and the answer that this copy gives it.
#[must_use]
pub fn complete_facts(copies: &[Copy<'_>]) -> Vec<Occurrence> {
    let mut by_fullness: Vec<&Copy<'_>> = copies.iter().collect();
    by_fullness.sort_by_key(|copy| (Reverse(fullness(copy.occurrence)), copy.connection));
    let mut by_people = by_fullness.clone();
    by_people.sort_by_key(|copy| Reverse(people_shown(&copy.occurrence.facts.people)));
    let Some(fullest) = by_fullness.first() else { return Vec::new() };
    let (people, organizer, creator) = shared_people(&by_people);
    let facts = |of: fn(&Facts) -> &Fact<_>| first_known(by_fullness.iter().map(|copy| of(&copy.occurrence.facts)));
    let title = facts(|facts| &facts.title);
    let description = facts(|facts| &facts.description);
    let location = facts(|facts| &facts.location);
    let link = first_known(by_fullness.iter().map(|copy| &copy.occurrence.facts.link));
    // A copy that shows no link may only have lost it.
    let linked = by_fullness.iter().map(|copy| &copy.occurrence.facts.link).find(|link| matches!(link, Fact::Known(Some(_))));
    let complete = |copy: &Copy<'_>| {
        let own = copy.occurrence;
        let owner = Owner::of(copy);
        let facts = Facts {
            title: title.clone(),
            description: description.clone(),
            location: location.clone(),
            people: People {
                organizer: organizer.clone().map(|person| owner.marks(person)),
                creator: creator.clone().map(|person| owner.marks(person)),
                attendees: people.attendees.iter().map(|person| owner.sees(person)).collect(),
                incomplete: people.incomplete,
            },
            link: linked.cloned().unwrap_or_else(|| link.clone()),
            my_response: owner.response(&own.facts.my_response),
            ..(*own.facts).clone()
        };
        Occurrence {
            start: fullest.occurrence.start.clone(),
            end: first_known(by_fullness.iter().map(|copy| &copy.occurrence.end)),
            series: shared_series(&by_fullness),
            first: first_known(by_fullness.iter().map(|copy| &copy.occurrence.first)),
            moved: first_known(by_fullness.iter().map(|copy| &copy.occurrence.moved)),
            changed: first_known(by_fullness.iter().map(|copy| &copy.occurrence.changed)),
            facts: Arc::new(facts),
            ..own.clone()
        }
    };
    copies.iter().map(complete).collect()
}

/// How much a copy shows: facts that are known, then people, then how new it is.
fn fullness(occurrence: &Occurrence) -> (usize, PeopleShown, Revision) {
    let facts = &occurrence.facts;
    let known = [
        facts.title.known().is_some(),
        facts.description.known().is_some(),
        facts.location.known().is_some(),
        matches!(facts.link, Fact::Known(Some(_))),
        facts.people.organizer.known().is_some(),
        facts.people.incomplete.is_none(),
        occurrence.end.known().is_some(),
        !matches!(occurrence.series, SeriesFacts::Orphan(_)),
    ];
    (known.into_iter().filter(|known| *known).count(), people_shown(&facts.people), occurrence.revision)
}

/// Whether a guest list is whole, and how long it is.
type PeopleShown = (bool, usize);

fn people_shown(people: &People) -> PeopleShown {
    (people.incomplete.is_none(), people.attendees.len())
}

/// The first fact that is known, else the first.
fn first_known<'a, T: Clone + 'a>(mut facts: impl Iterator<Item = &'a Fact<T>>) -> Fact<T> {
    let Some(first) = facts.next() else { return Fact::Unknown(UnknownReason::NotStated) };
    if first.known().is_some() {
        return first.clone();
    }
    facts.find(|fact| fact.known().is_some()).unwrap_or(first).clone()
}

/// The guest list of the copy that shows most, with organizer and creator from the first copies that know them.
fn shared_people<'a>(by_people: &[&Copy<'a>]) -> (&'a People, Fact<Person>, Fact<Person>) {
    let people = |copy: &&Copy<'a>| -> &'a People { &copy.occurrence.facts.people };
    let organizer = first_known(by_people.iter().map(|copy| &people(copy).organizer));
    let creator = first_known(by_people.iter().map(|copy| &people(copy).creator));
    (people(&by_people[0]), organizer, creator)
}

/// The first series that can be read; a copy that shows one occurrence alone does not make it one that happens once.
fn shared_series(by_fullness: &[&Copy<'_>]) -> SeriesFacts {
    let rank = |series: &SeriesFacts| match series {
        SeriesFacts::Of(_) => 0,
        SeriesFacts::Orphan(_) => 1,
        SeriesFacts::NotRecurring => 2,
    };
    let series = by_fullness.iter().map(|copy| &copy.occurrence.series).min_by_key(|series| rank(series));
    series.cloned().unwrap_or(SeriesFacts::NotRecurring)
}

/// The owner of a copy, as the copy itself shows them.
struct Owner<'a> {
    addresses: HashSet<&'a Address>,
    response: Fact<Response>,
}

impl<'a> Owner<'a> {
    fn of(copy: &Copy<'a>) -> Self {
        let people = &copy.occurrence.facts.people;
        let marked = people.attendees.iter().chain(people.organizer.known()).filter(|person| person.is_self);
        let addresses = marked.filter_map(|person| person.address.as_ref()).chain(&copy.user.addresses).collect();
        let mut owner = Self { addresses, response: Fact::Unknown(UnknownReason::NotStated) };
        if let Some(entry) = people.attendees.iter().find(|person| person.is_self || owner.is(person)) {
            owner.response = entry.response.clone();
        }
        owner
    }

    fn is(&self, person: &Person) -> bool {
        person.address.as_ref().is_some_and(|address| self.addresses.contains(address))
    }

    /// An entry of the shared guest list as it stands in this copy: marked as the owner's where it is, with the answer that
    /// the owner's own calendar has.
    fn sees(&self, person: &Person) -> Person {
        let is_self = self.is(person);
        let response = if is_self && self.response.known().is_some() { &self.response } else { &person.response };
        Person { is_self, response: response.clone(), ..person.clone() }
    }

    /// Organizer or creator as they stand in this copy.
    fn marks(&self, person: Person) -> Person {
        Person { is_self: self.is(&person), ..person }
    }

    /// The owner's answer as the copy tells it, fixed before the guest list is replaced.
    fn response(&self, stated: &Fact<Response>) -> Fact<Response> {
        if stated.known().is_some() || self.response.known().is_none() { stated.clone() } else { self.response.clone() }
    }
}

//! Organizer and attendees of a component (`I10.16`).

use crate::event::people::PEOPLE_MAX;
use crate::event::{Address, People, Person, PersonKind};
use crate::providers::ics::lines::Property;
use crate::providers::ics::wire::Component;
use crate::value::{Fact, Response, UnknownReason};

/// The people that a VEVENT lists.
pub fn people(component: &Component) -> People {
    let organizer = component.all("ORGANIZER").find_map(organizer);
    let mut attendees: Vec<Person> = component.all("ATTENDEE").flat_map(attendees).take(PEOPLE_MAX + 1).collect();
    let cut = attendees.len() > PEOPLE_MAX;
    attendees.truncate(PEOPLE_MAX);
    if let Some(organizer) = &organizer {
        attendees.iter_mut().filter(|person| same(person, organizer)).for_each(calls_the_meeting);
    }
    let nobody = organizer.is_none() && attendees.is_empty();
    let incomplete = match (nobody, cut) {
        (true, _) => Some(UnknownReason::SourceListsNoPeople),
        (false, true) => Some(UnknownReason::GuestsCut),
        (false, false) => None,
    };
    let organizer = match organizer {
        Some(person) if is_calendar(&person) => Fact::Unknown(UnknownReason::OrganizerIsCalendar),
        Some(person) => Fact::Known(person),
        None => Fact::Unknown(incomplete.filter(|_| nobody).unwrap_or(UnknownReason::NotStated)),
    };
    People { organizer, creator: Fact::Unknown(UnknownReason::NotStated), attendees, incomplete }
}

/// The organizer; `None` for a property that names nobody. Of a list, the first: one person calls a meeting.
fn organizer(property: &Property) -> Option<Person> {
    let mut person = addresses(property).into_iter().next().map(|written| person(property, written))?;
    person.response = Fact::Known(Response::Organizer);
    Some(person)
}

fn attendees(property: &Property) -> impl Iterator<Item = Person> {
    addresses(property).into_iter().map(|written| person(property, written))
}

/// The addresses of a property: one, but for those who write several with commas between.
fn addresses(property: &Property) -> Vec<&str> {
    let value = property.value.trim();
    let parts: Vec<&str> = value.split(',').map(str::trim).filter(|part| !part.is_empty()).collect();
    let list = parts.len() > 1 && parts.iter().all(|part| part.contains('@'));
    let all = if list { parts } else { vec![value] };
    all.into_iter().filter(|written| !Person::at(written).written.is_empty()).collect()
}

fn person(property: &Property, written: &str) -> Person {
    let mut person = Person::at(written);
    if person.address.is_none() {
        person.address = property.param("EMAIL").and_then(|email| Person::at(email).address);
    }
    person.name = property.param("CN").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
    person.response = Fact::Known(response(property.param("PARTSTAT").unwrap_or_default()));
    person.kind = kind(property.param("CUTYPE").unwrap_or_default());
    let role = property.param("ROLE").unwrap_or_default();
    person.optional = Fact::Known(role.eq_ignore_ascii_case("OPT-PARTICIPANT"));
    person.non_participant = role.eq_ignore_ascii_case("NON-PARTICIPANT");
    person.plus_guests = property.param("X-NUM-GUESTS").map_or(0, |guests| guests.trim().parse().unwrap_or(0));
    person
}

/// PARTSTAT; absent and unknown values mean that no answer is there yet (RFC 5545 §3.2.12). Who delegated does not come.
fn response(partstat: &str) -> Response {
    match partstat.trim().to_ascii_uppercase().as_str() {
        "ACCEPTED" => Response::Accepted,
        "TENTATIVE" => Response::Tentative,
        "DECLINED" | "DELEGATED" => Response::Declined,
        _ => Response::None,
    }
}

/// CUTYPE; absent and unknown values mean a human being (RFC 5545 §3.2.3).
fn kind(cutype: &str) -> PersonKind {
    match cutype.trim().to_ascii_uppercase().as_str() {
        "GROUP" => PersonKind::Group,
        "ROOM" => PersonKind::Room,
        "RESOURCE" => PersonKind::Resource,
        _ => PersonKind::Person,
    }
}

/// Whether an entry of the guest list is the organizer's own.
fn same(person: &Person, organizer: &Person) -> bool {
    match (&person.address, &organizer.address) {
        (Some(one), Some(other)) => one == other,
        _ => person.written == organizer.written,
    }
}

/// The organizer was not asked, so an unanswered entry is no open question.
fn calls_the_meeting(person: &mut Person) {
    if person.response == Fact::Known(Response::None) {
        person.response = Fact::Known(Response::Organizer);
    }
}

/// Addresses that Google gives to calendars and to organizers it does not know (`G2.14`).
fn is_calendar(organizer: &Person) -> bool {
    let google = |address: &Address| {
        address.domain().ends_with(".calendar.google.com") || address.as_str() == "unknownorganizer@calendar.google.com"
    };
    organizer.address.as_ref().is_some_and(google)
}

//! The people of an event.

use crate::event::Address;
use crate::value::{Fact, Response, UnknownReason};

/// Organizer, creator and attendees as the calendar lists them: rooms, groups, duplicates and the bot included.
///
/// Who counts as a person of the meeting is decided where rules are evaluated, since it depends on who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct People {
    /// Who called the meeting. Unknown with [`UnknownReason::OrganizerIsCalendar`] for a calendar or a group.
    pub organizer: Fact<Person>,
    /// Who made the entry; only some providers tell.
    pub creator: Fact<Person>,
    /// In the order of the source, the organizer's own entry and rooms among them.
    pub attendees: Vec<Person>,
    /// Why the list may lack people, if it may.
    pub incomplete: Option<UnknownReason>,
}

/// Most people considered; a longer list counts as cut.
pub const PEOPLE_MAX: usize = 1000;

/// One entry of a guest list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The address, where it can be read.
    pub address: Option<Address>,
    /// The address as written, without `mailto:`, lower-cased: for display, and to tell apart what cannot be read.
    pub written: String,
    /// The display name.
    pub name: Option<String>,
    /// The answer.
    pub response: Fact<Response>,
    /// Human, group, room or thing.
    pub kind: PersonKind,
    /// Invited as optional.
    pub optional: Fact<bool>,
    /// How many unnamed others this guest brings.
    pub plus_guests: u32,
    /// The provider marks this entry as the connected user's own.
    pub is_self: bool,
    /// Listed for information only (`ROLE=NON-PARTICIPANT`): no person of the meeting (`I10.16`).
    pub non_participant: bool,
}

/// What an entry of a guest list stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonKind {
    /// A human being.
    Person,
    /// A list of people: one attendee of unknown size.
    Group,
    /// A room.
    Room,
    /// Any other thing that can be booked.
    Resource,
}

impl PersonKind {
    /// How the kind is spelled in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Group => "group",
            Self::Room => "room",
            Self::Resource => "resource",
        }
    }
}

impl Person {
    /// A person of whom the source tells nothing but this address.
    #[must_use]
    pub fn at(written: &str) -> Self {
        let written = address_text(written);
        Self {
            address: Address::parse(&written),
            written: written.to_lowercase(),
            name: None,
            response: Fact::Unknown(UnknownReason::NotStated),
            kind: PersonKind::Person,
            optional: Fact::Unknown(UnknownReason::NotStated),
            plus_guests: 0,
            is_self: false,
            non_participant: false,
        }
    }
}

/// `written` without white space around it and without `mailto:` in any case.
fn address_text(written: &str) -> String {
    let written = written.trim();
    let scheme = written.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"));
    written[scheme.map_or(0, str::len)..].trim().to_owned()
}

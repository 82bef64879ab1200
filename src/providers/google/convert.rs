//! From Google's entries to the events that rules judge.

use crate::event::html::to_text;
use crate::event::link::{self, LinkSource};
use crate::event::people::PEOPLE_MAX;
use crate::event::{Address, Calendar, EntryKind, Event, Facts, People, Person, PersonKind, Recurrence, Revision, Text};
use crate::providers::ReadError;
use crate::providers::google::{Page, recurrence, wire};
use crate::providers::ics::dates::{Written, written};
use crate::providers::pages::{self, Document, ENTRIES_MAX, Entries, Str, filled, place, set, text, type_fault};
use crate::providers::zones::resolve_name;
use crate::time::{Date, Instant, Moment, Zone};
use crate::value::{EventKind, Fact, Provider, Response, ShowsAs, SourceKind, Status, UnknownReason, Visibility};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;

/// All pages in `json`.
pub fn page(json: &str, reader: &Zone) -> Result<Page, ReadError> {
    let (documents, broken) = pages::documents(json)?;
    let mut reading = Reading { reader, entries: Entries::default(), count: 0, owner: Owner::default() };
    let mut told = wire::Page::default();
    let mut readable = false;
    for document in documents {
        match document {
            Document::Array(items) => {
                readable = true;
                reading.items(&items, &told)?;
            }
            Document::Object(object) => match serde_json::from_str::<wire::Page<'_>>(object) {
                Ok(page) if page.error.is_some() => reading.entries.remark("page".to_owned(), "an error instead of a page"),
                Ok(mut page) if page.items.is_some() || is_list(&page) => {
                    readable = true;
                    let items = page.items.take().unwrap_or_default();
                    reading.items(&items, &page)?;
                    told = page;
                }
                Ok(_) => readable |= reading.item(object, &told)?,
                Err(error) => reading.entries.remark("page".to_owned(), type_fault(&error)),
            },
        }
    }
    if !readable {
        return Err(ReadError::NoEntries);
    }
    let Reading { entries, owner, .. } = reading;
    let (mut events, removed, mut unreadable) = entries.finish();
    share_uids(&mut events);
    unreadable.extend(broken);
    let name = filled(&told.summary).map(str::to_owned);
    let owner = owner.address.or_else(|| name.as_deref().and_then(Address::parse).filter(|address| !is_calendar(address)));
    let zone = filled(&told.time_zone).and_then(resolve_name);
    Ok(Page {
        calendar: Calendar { name, owner, zone, events, unreadable },
        removed,
        next_page_token: text(&told.next_page_token).map(str::to_owned),
        next_sync_token: text(&told.next_sync_token).map(str::to_owned),
    })
}

/// Gives instances the UID of their series (`G2.4`): what is left of a removed one has none of its own.
fn share_uids(events: &mut [Event]) {
    let masters = events.iter().filter(|event| matches!(event.kind, EntryKind::SeriesMaster(_)));
    let uids: HashMap<String, String> =
        masters.filter_map(|event| Some((event.provider_id.clone()?, event.uid.clone()))).collect();
    for event in events {
        if let EntryKind::Instance { master: Some(master), .. } = &event.kind
            && let Some(uid) = uids.get(master)
        {
            event.uid.clone_from(uid);
        }
    }
}

/// Whether an object without items is a page all the same: an empty one.
fn is_list(page: &wire::Page<'_>) -> bool {
    text(&page.kind) == Some("calendar#events") || page.next_sync_token.is_some() || page.next_page_token.is_some()
}

struct Reading<'a> {
    reader: &'a Zone,
    entries: Entries,
    count: usize,
    owner: Owner,
}

/// Whose calendar it is, by the best entry that tells.
#[derive(Default)]
struct Owner {
    address: Option<Address>,
    /// The lower, the better the source: guest list, organizer, creator.
    rank: usize,
}

impl Reading<'_> {
    fn items(&mut self, items: &[&RawValue], page: &wire::Page<'_>) -> Result<(), ReadError> {
        for item in items {
            self.item(item.get(), page)?;
        }
        Ok(())
    }

    /// Reads one entry; tells whether it was one, in whatever state.
    fn item(&mut self, json: &str, page: &wire::Page<'_>) -> Result<bool, ReadError> {
        self.count += 1;
        if self.count > ENTRIES_MAX {
            return Err(ReadError::TooManyParts { parts_max: ENTRIES_MAX });
        }
        let wire: wire::Event<'_> = match serde_json::from_str(json) {
            Ok(wire) => wire,
            Err(error) => {
                self.entries.remark(place(self.count, None), type_fault(&error));
                return Ok(false);
            }
        };
        self.owner.learn(&wire);
        let place = place(self.count, text(&wire.id));
        let zone = filled(&page.time_zone).and_then(resolve_name);
        let converter = Converter { wire: &wire, page, own_zone: zone.as_ref(), reader: self.reader };
        if let Some(id) = converter.tombstone() {
            self.entries.remove(id);
            return Ok(true);
        }
        match converter.event(json) {
            Ok((event, remarks)) => {
                self.entries.add(event, "");
                remarks.into_iter().for_each(|why| self.entries.remark(place.clone(), why));
                Ok(true)
            }
            Err(why) => {
                self.entries.remark(place, format!("an event that cannot be read: {why}"));
                Ok(wire.id.is_some())
            }
        }
    }
}

impl Owner {
    fn learn(&mut self, wire: &wire::Event<'_>) {
        let own = |actor: &Option<wire::Actor<'_>>| {
            actor.as_ref().filter(|actor| set(actor.is_self)).and_then(|actor| Address::parse(text(&actor.email)?))
        };
        let guest = wire
            .attendees
            .iter()
            .flatten()
            .find(|guest| set(guest.is_self))
            .and_then(|guest| Address::parse(text(&guest.email)?));
        for (rank, address) in [guest, own(&wire.organizer), own(&wire.creator)].into_iter().enumerate() {
            if let Some(address) = address.filter(|address| !is_calendar(address))
                && (self.address.is_none() || rank < self.rank)
            {
                *self = Self { address: Some(address), rank };
            }
        }
    }
}

/// Addresses that Google gives to calendars, rooms and organizers it does not know (`G2.14`).
fn is_calendar(address: &Address) -> bool {
    address.domain().ends_with(".calendar.google.com") || address.as_str() == "unknownorganizer@calendar.google.com"
}

type Why = &'static str;

struct Converter<'a> {
    wire: &'a wire::Event<'a>,
    page: &'a wire::Page<'a>,
    own_zone: Option<&'a Zone>,
    reader: &'a Zone,
}

impl Converter<'_> {
    /// The id of an entry of which nothing is left but that (`G2.2`): neither a start nor the series it belonged to.
    fn tombstone(&self) -> Option<&str> {
        let wire = self.wire;
        let gone = self.status() == Status::Cancelled && wire.start.is_none();
        let instance = wire.original_start_time.is_some() || instance_id(text(&wire.id).unwrap_or_default()).is_some();
        text(&wire.id).filter(|_| gone && !instance && wire.recurring_event_id.is_none())
    }

    /// The event, and what is wrong with it.
    fn event(&self, json: &str) -> Result<(Event, Vec<Why>), Why> {
        let wire = self.wire;
        let mut remarks = Vec::new();
        let original = self.original_start(&mut remarks)?;
        let start = match (&wire.start, &original) {
            (Some(start), _) => self.moment(start, None, &mut remarks).ok_or("its start is no date")?,
            // A removed instance needs no start besides its name (G2.1).
            (None, Some((_, original))) if self.status() == Status::Cancelled => original.clone(),
            (None, _) => return Err("it has no start"),
        };
        let end = self.end(&start, &mut remarks);
        let kind = match original {
            Some((master, recurrence_id)) => {
                EntryKind::Instance { master: Some(master), recurrence_id, and_following: false, changed: None }
            }
            None => self.series(&start, &mut remarks),
        };
        let uid = text(&wire.ical_uid)
            .or(text(&wire.recurring_event_id))
            .or(text(&wire.id))
            .map_or_else(|| name_of(json), str::to_owned);
        let modified = text(&wire.updated).and_then(|updated| updated.parse::<Instant>().ok());
        let revision = Revision { sequence: wire.sequence.unwrap_or(0), stamp: None, modified };
        let facts = Arc::new(self.facts());
        remarks.dedup();
        Ok((Event { uid, provider_id: text(&wire.id).map(str::to_owned), kind, start, end, revision, facts }, remarks))
    }

    /// For an instance: its master's id and its original start, which old rows have in their id only.
    fn original_start(&self, remarks: &mut Vec<Why>) -> Result<Option<(String, Moment)>, Why> {
        let wire = self.wire;
        let id = text(&wire.id).unwrap_or_default();
        let by_id = instance_id(id);
        // An id alone makes no instance of an entry that says what it is.
        let master = match (text(&wire.recurring_event_id), &by_id) {
            (Some(master), _) => master,
            (None, Some((master, _))) if wire.start.is_none() => master,
            (None, _) => return Ok(None),
        };
        let stated = wire.original_start_time.as_ref().and_then(|original| self.moment(original, None, remarks));
        let by_id = || by_id.map(|(_, written)| self.in_known_zone(written, self.zone_of_start()));
        let start = || wire.start.as_ref().and_then(|start| self.moment(start, None, remarks));
        let original = stated.or_else(by_id).or_else(start).ok_or("an instance that does not say which")?;
        Ok(Some((master.to_owned(), original)))
    }

    fn zone_of_start(&self) -> Option<Zone> {
        self.wire
            .start
            .as_ref()
            .and_then(|start| filled(&start.time_zone))
            .and_then(resolve_name)
            .or_else(|| self.own_zone.cloned())
    }

    /// A moment; its zone is the one it names, else `series`, else the calendar's, else what its offset tells.
    fn moment(&self, time: &wire::Time<'_>, series: Option<&Zone>, remarks: &mut Vec<Why>) -> Option<Moment> {
        let day = filled(&time.date).and_then(written).map(|date| match date {
            Written::Day(date) => date,
            Written::Local(civil) | Written::Offset(civil, _) => civil.date(),
        });
        if let Some(date) = day {
            return Some(Moment::Day(date));
        }
        let reading = written(filled(&time.date_time)?)?;
        let named = filled(&time.time_zone).map(resolve_name);
        if named == Some(None) {
            remarks.push("it names a time zone that cannot be resolved");
        }
        let zone = named.flatten().or_else(|| series.cloned()).or_else(|| self.own_zone.cloned());
        Some(self.in_known_zone(reading, zone))
    }

    /// An offset fixes the point in time; the zone says where the series repeats (`G2.7`).
    fn in_known_zone(&self, reading: Written, zone: Option<Zone>) -> Moment {
        match reading.in_zone(zone.as_ref().unwrap_or(self.reader)) {
            Moment::Timed { at, zone: offset } => Moment::Timed { at, zone: zone.unwrap_or(offset) },
            day => day,
        }
    }

    fn end(&self, start: &Moment, remarks: &mut Vec<Why>) -> Fact<Moment> {
        let unspecified = Fact::Unknown(UnknownReason::EndUnspecified);
        if set(self.wire.end_time_unspecified) {
            return unspecified;
        }
        let zone = match start {
            Moment::Timed { zone, .. } => Some(zone),
            Moment::Day(_) => None,
        };
        let Some(end) = &self.wire.end else {
            return match start {
                Moment::Day(date) => Fact::Known(Moment::Day(date.tomorrow().unwrap_or(Date::MAX))),
                Moment::Timed { .. } => unspecified,
            };
        };
        match self.moment(end, zone, remarks) {
            Some(end) => Fact::Known(end),
            None => {
                remarks.push("its end is no date");
                unspecified
            }
        }
    }

    fn series(&self, start: &Moment, remarks: &mut Vec<Why>) -> EntryKind {
        let lines = self.wire.recurrence.iter().flatten().map(Str::as_str).filter(|line| !line.trim().is_empty());
        if lines.clone().next().is_none() {
            return EntryKind::Single;
        }
        let zone = match start {
            Moment::Timed { zone, .. } => zone,
            Moment::Day(_) => self.reader,
        };
        let (recurrence, wrong) = recurrence::read(lines, zone);
        remarks.extend(wrong);
        let named = self.wire.start.as_ref().and_then(|start| filled(&start.time_zone));
        let zone_lost = named.is_some_and(|name| resolve_name(name).is_none()).then_some(UnknownReason::ZoneUnresolved);
        let unreadable = recurrence.unreadable.or(zone_lost);
        EntryKind::SeriesMaster(Box::new(Recurrence { unreadable, ..recurrence }))
    }

    fn status(&self) -> Status {
        match text(&self.wire.status) {
            Some("cancelled") => Status::Cancelled,
            Some("tentative") => Status::Tentative,
            _ => Status::Confirmed,
        }
    }

    /// Whether the reader of the calendar sees when the event is, and not what it is (`G2.10`).
    fn is_hidden(&self) -> bool {
        let wire = self.wire;
        let private = matches!(text(&wire.visibility), Some("private" | "confidential"));
        match text(&self.page.access_role) {
            Some("freeBusyReader" | "none") => true,
            Some("reader" | "writerWithoutPrivateAccess") => private,
            Some(_) => false,
            None => private && wire.summary.is_none() && wire.organizer.is_none() && wire.attendees.is_none(),
        }
    }

    fn facts(&self) -> Facts {
        let wire = self.wire;
        // What is there was not hidden; of a hidden event, nothing can be said about what is not there.
        let missing = self.is_hidden().then_some(UnknownReason::PrivateEvent);
        let stated = |field: Option<Text>| match (field, missing) {
            (None, Some(reason)) => Fact::Unknown(reason),
            (field, _) => Fact::Known(field),
        };
        Facts {
            title: stated(text(&wire.summary).map(Text::short)),
            description: stated(text(&wire.description).map(|html| Text::long(to_text(html)))),
            location: stated(text(&wire.location).map(Text::short)),
            calendar: match filled(&self.page.summary) {
                Some(name) => Fact::Known(Some(Text::short(name))),
                None => Fact::Unknown(UnknownReason::NotStated),
            },
            people: self.people(missing),
            status: self.status(),
            visibility: visibility(text(&wire.visibility)),
            shows_as: Fact::Known(self.shows_as()),
            kind: kind(text(&wire.event_type)),
            my_response: self.my_response(),
            provider: Provider::Google,
            source: SourceKind::Api,
            link: self.link(missing),
            draft: false,
        }
    }

    fn people(&self, missing: Option<UnknownReason>) -> People {
        let wire = self.wire;
        let actor = |actor: &Option<wire::Actor<'_>>| match actor.as_ref().and_then(person_of_actor) {
            Some(person) if person.address.as_ref().is_some_and(is_calendar) => Fact::Unknown(UnknownReason::OrganizerIsCalendar),
            Some(person) => Fact::Known(person),
            None => Fact::Unknown(missing.unwrap_or(UnknownReason::NotStated)),
        };
        let organizes = wire.organizer.as_ref().is_some_and(|organizer| set(organizer.is_self));
        let listed = wire.attendees.as_deref().unwrap_or_default();
        let hidden = wire.guests_can_see_other_guests.is_some_and(|can| !can.0) && !organizes;
        let incomplete = if set(wire.attendees_omitted) || listed.len() > PEOPLE_MAX {
            Some(UnknownReason::GuestsCut)
        } else if hidden {
            Some(UnknownReason::GuestsHidden)
        } else {
            missing.filter(|_| wire.attendees.is_none())
        };
        let attendees = listed.iter().take(PEOPLE_MAX).map(person_of_attendee).collect();
        let organizer = match actor(&wire.organizer) {
            Fact::Known(person) => Fact::Known(Person { response: Fact::Known(Response::Organizer), ..person }),
            unknown => unknown,
        };
        People { organizer, creator: actor(&wire.creator), attendees, incomplete }
    }

    /// The owner's own entry of the guest list; who called the meeting was not asked.
    fn my_response(&self) -> Fact<Response> {
        let wire = self.wire;
        let organizes = wire.organizer.as_ref().is_some_and(|organizer| set(organizer.is_self));
        match wire.attendees.iter().flatten().find(|guest| set(guest.is_self)) {
            Some(own) => response(own),
            None if organizes => Fact::Known(Response::Organizer),
            None => Fact::Unknown(UnknownReason::NotStated),
        }
    }

    fn shows_as(&self) -> ShowsAs {
        match (text(&self.wire.event_type), text(&self.wire.transparency)) {
            (Some("outOfOffice"), _) => ShowsAs::OutOfOffice,
            (_, Some("transparent")) => ShowsAs::Free,
            _ => ShowsAs::Busy,
        }
    }

    fn link(&self, missing: Option<UnknownReason>) -> Fact<Option<link::Link>> {
        let wire = self.wire;
        let conference = wire.conference_data.as_ref();
        let points = conference.and_then(|conference| conference.entry_points.as_deref()).unwrap_or_default();
        let video =
            points.iter().filter(|point| text(&point.entry_point_type) == Some("video")).filter_map(|point| text(&point.uri));
        let sources: Vec<LinkSource<'_>> = video
            .chain(text(&wire.hangout_link))
            .map(LinkSource::Url)
            .chain(text(&wire.location).map(LinkSource::Text))
            .chain(text(&wire.description).map(LinkSource::Html))
            .collect();
        let pending = conference
            .and_then(|conference| conference.create_request.as_ref()?.status.as_ref())
            .is_some_and(|status| text(&status.status_code) == Some("pending"));
        match link::find(&sources) {
            Fact::Known(None) if pending => Fact::Unknown(UnknownReason::LinkPending),
            Fact::Known(None) => missing.map_or(Fact::Known(None), Fact::Unknown),
            found => found,
        }
    }
}

/// The master's id and the original start that the id of an instance is made of: `…_20260309T090000Z`, `…_20260309`.
pub fn instance_id(id: &str) -> Option<(&str, Written)> {
    let (master, suffix) = id.rsplit_once('_')?;
    let shaped = matches!(suffix.len(), 8 | 16) && !master.is_empty() && !suffix.contains('-');
    match written(suffix).filter(|_| shaped)? {
        Written::Local(_) => None,
        written => Some((master, written)),
    }
}

/// A name for an entry without any id, made of its content, so that reading again finds it again.
fn name_of(json: &str) -> String {
    Sha256::digest(json)[..16].iter().fold("no-uid-".to_owned(), |name, byte| format!("{name}{byte:02x}"))
}

fn named(email: Option<&str>, name: Option<&str>) -> Option<Person> {
    let name = name.map(str::trim).filter(|name| !name.is_empty());
    let written = email.map(str::trim).filter(|email| !email.is_empty()).or(name)?;
    Some(Person { name: name.map(str::to_owned), ..Person::at(written) })
}

fn person_of_actor(actor: &wire::Actor<'_>) -> Option<Person> {
    let person = named(text(&actor.email), text(&actor.display_name))?;
    Some(Person { is_self: set(actor.is_self), ..person })
}

fn person_of_attendee(attendee: &wire::Attendee<'_>) -> Person {
    // A guest without address and name still counts as one.
    let person = named(text(&attendee.email), text(&attendee.display_name)).unwrap_or_else(|| Person::at(""));
    Person {
        response: response(attendee),
        kind: if set(attendee.resource) { PersonKind::Resource } else { PersonKind::Person },
        optional: Fact::Known(set(attendee.optional)),
        plus_guests: attendee.additional_guests.unwrap_or(0),
        is_self: set(attendee.is_self),
        ..person
    }
}

fn response(attendee: &wire::Attendee<'_>) -> Fact<Response> {
    Fact::Known(match text(&attendee.response_status) {
        Some("accepted") => Response::Accepted,
        Some("tentative") => Response::Tentative,
        Some("declined") => Response::Declined,
        Some("needsAction") if set(attendee.organizer) => Response::Organizer,
        Some("needsAction") => Response::None,
        _ => return Fact::Unknown(UnknownReason::NotStated),
    })
}

fn visibility(word: Option<&str>) -> Fact<Visibility> {
    Fact::Known(match word {
        None | Some("default") => Visibility::Default,
        Some("public") => Visibility::Public,
        Some("private") => Visibility::Private,
        Some("confidential") => Visibility::Confidential,
        Some(_) => return Fact::Unknown(UnknownReason::NotStated),
    })
}

fn kind(word: Option<&str>) -> EventKind {
    match word {
        None | Some("default") => EventKind::Default,
        Some("focusTime") => EventKind::Focus,
        Some("outOfOffice") => EventKind::OutOfOffice,
        Some("workingLocation") => EventKind::WorkingLocation,
        Some("birthday") => EventKind::Birthday,
        Some("fromGmail") => EventKind::FromGmail,
        Some(_) => EventKind::Other,
    }
}

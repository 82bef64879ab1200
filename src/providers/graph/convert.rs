//! From Graph's entries to the events that rules judge.

use super::times::{self, Named, Read};
use super::{Page, recurrence, wire};
use crate::event::html::to_text;
use crate::event::identity::normalise_uid;
use crate::event::link::{self, LinkSource};
use crate::event::people::PEOPLE_MAX;
use crate::event::{Address, Calendar, EntryKind, Event, Facts, People, Person, PersonKind, Recurrence, Revision, Text};
use crate::providers::ReadError;
use crate::providers::pages::{self, Document, ENTRIES_MAX, Entries, Str, filled, place, set, text, type_fault};
use crate::time::{Date, Moment, Zone};
use crate::value::{EventKind, Fact, Provider, Response, ShowsAs, SourceKind, Status, UnknownReason, Visibility};
use serde_json::value::RawValue;
use std::collections::HashMap;
use std::sync::Arc;

/// All pages in `json`.
pub fn page(json: &str, reader: &Zone) -> Result<Page, ReadError> {
    let (documents, broken) = pages::documents(json)?;
    let mut rows = Rows::default();
    for document in documents {
        rows.document(document)?;
    }
    if !rows.readable {
        return Err(ReadError::NoEntries);
    }
    let Rows { rows, masters, mut entries, next_link, delta_link, owner, .. } = rows;
    let owner = owner.or_else(|| rows.iter().find_map(|row| organizer_of_own(&row.wire)));
    for Row { number, wire } in &rows {
        let place = place(*number, text(&wire.id));
        if wire.removed.is_some() {
            match text(&wire.id) {
                Some(id) => entries.remove(id),
                None => entries.remark(place, "the removal of an entry that is not named"),
            }
            continue;
        }
        let master = text(&wire.series_master_id).and_then(|id| masters.get(id)).map(|master| &rows[*master].wire);
        let merged = master.map(|master| merged(wire, master));
        let converter =
            Converter { wire: merged.as_ref().unwrap_or(wire), has_master: master.is_some(), reader, owner: owner.as_ref() };
        match converter.event() {
            Ok((event, remarks)) => {
                entries.add(event, text(&wire.ical_uid).unwrap_or_default());
                remarks.into_iter().for_each(|why| entries.remark(place.clone(), why));
            }
            Err(why) => entries.remark(place, format!("an event that cannot be read: {why}")),
        }
    }
    let (events, removed, mut unreadable) = entries.finish();
    unreadable.extend(broken);
    Ok(Page { calendar: Calendar { name: None, owner, zone: None, events, unreadable }, removed, next_link, delta_link })
}

/// An entry as sent.
struct Row<'a> {
    number: usize,
    wire: wire::Event<'a>,
}

/// All entries as sent. Masters can come after their occurrences (`M6.7`), so that all are read before any is converted.
#[derive(Default)]
struct Rows<'a> {
    rows: Vec<Row<'a>>,
    /// Places of the series masters by id.
    masters: HashMap<String, usize>,
    entries: Entries,
    count: usize,
    readable: bool,
    next_link: Option<String>,
    delta_link: Option<String>,
    owner: Option<Address>,
}

impl<'a> Rows<'a> {
    fn document(&mut self, document: Document<'a>) -> Result<(), ReadError> {
        match document {
            Document::Array(items) => self.items(&items),
            Document::Object(object) => match serde_json::from_str::<wire::Page<'a>>(object) {
                Ok(page) if page.error.is_some() => {
                    self.entries.remark("page".to_owned(), "an error instead of a page");
                    Ok(())
                }
                Ok(page) => {
                    self.owner = self.owner.take().or_else(|| owner_in_context(text(&page.context)?));
                    match page.value {
                        Some(items) => {
                            self.next_link = text(&page.next_link).map(str::to_owned);
                            self.delta_link = text(&page.delta_link).map(str::to_owned);
                            self.items(&items)
                        }
                        None => self.item(object),
                    }
                }
                Err(error) => {
                    self.entries.remark("page".to_owned(), type_fault(&error));
                    Ok(())
                }
            },
        }
    }

    fn items(&mut self, items: &[&'a RawValue]) -> Result<(), ReadError> {
        self.readable = true;
        items.iter().try_for_each(|item| self.item(item.get()))
    }

    fn item(&mut self, json: &'a str) -> Result<(), ReadError> {
        self.count += 1;
        if self.count > ENTRIES_MAX {
            return Err(ReadError::TooManyParts { parts_max: ENTRIES_MAX });
        }
        match serde_json::from_str::<wire::Event<'a>>(json) {
            Ok(wire) => {
                self.readable |= wire.id.is_some() || wire.start.is_some();
                if let Some(id) = text(&wire.id).filter(|_| is_master(&wire)) {
                    self.masters.insert(id.to_owned(), self.rows.len());
                }
                self.rows.push(Row { number: self.count, wire });
            }
            Err(error) => self.entries.remark(place(self.count, None), type_fault(&error)),
        }
        Ok(())
    }
}

fn is_master(wire: &wire::Event<'_>) -> bool {
    match text(&wire.kind) {
        Some(kind) => kind == "seriesMaster",
        None => wire.recurrence.is_some(),
    }
}

/// The user in `…/$metadata#users('dana%40acme.com')/events`; ids instead of addresses tell nothing.
fn owner_in_context(context: &str) -> Option<Address> {
    let (_, rest) = context.split_once("users('")?;
    let (user, _) = rest.split_once("')")?;
    Address::parse(&user.replace("%40", "@"))
}

/// The organizer of an event that the calendar's owner called. Delegates' events count as well (`M7.7`), so only who was
/// never asked to answer is believed.
fn organizer_of_own(wire: &wire::Event<'_>) -> Option<Address> {
    let own =
        set(wire.is_organizer) && wire.response_status.as_ref().and_then(|status| text(&status.response)) == Some("organizer");
    let organizer = wire.organizer.as_ref().filter(|_| own)?.as_ref()?;
    Address::parse(text(&organizer.email_address.as_ref()?.address)?)
}

/// An occurrence with what its master tells and it does not (`M6.7`, `M7.15`).
fn merged<'a>(row: &wire::Event<'a>, master: &wire::Event<'a>) -> wire::Event<'a> {
    let row = row.clone();
    let master = master.clone();
    // An occurrence that is like its series can come with an empty guest list.
    let like_series = text(&row.kind) == Some("occurrence");
    let own_guests = row.attendees.filter(|guests| !like_series || guests.as_ref().is_some_and(|guests| !guests.is_empty()));
    wire::Event {
        ical_uid: row.ical_uid.or(master.ical_uid),
        uid: row.uid.or(master.uid),
        subject: row.subject.or(master.subject),
        body: row.body.or(master.body),
        body_preview: row.body_preview.or(master.body_preview),
        location: row.location.or(master.location),
        locations: row.locations.or(master.locations),
        original_start_time_zone: row.original_start_time_zone.or(master.original_start_time_zone),
        original_end_time_zone: row.original_end_time_zone.or(master.original_end_time_zone),
        is_all_day: row.is_all_day.or(master.is_all_day),
        is_cancelled: row.is_cancelled.or(master.is_cancelled),
        is_draft: row.is_draft.or(master.is_draft),
        is_organizer: row.is_organizer.or(master.is_organizer),
        is_online_meeting: row.is_online_meeting.or(master.is_online_meeting),
        hide_attendees: row.hide_attendees.or(master.hide_attendees),
        organizer: row.organizer.or(master.organizer),
        attendees: own_guests.or(master.attendees),
        sensitivity: row.sensitivity.or(master.sensitivity),
        show_as: row.show_as.or(master.show_as),
        response_status: row.response_status.or(master.response_status),
        online_meeting: row.online_meeting.or(master.online_meeting),
        online_meeting_url: row.online_meeting_url.or(master.online_meeting_url),
        last_modified_date_time: row.last_modified_date_time.or(master.last_modified_date_time),
        ..row
    }
}

type Why = &'static str;

struct Converter<'a> {
    wire: &'a wire::Event<'a>,
    has_master: bool,
    reader: &'a Zone,
    owner: Option<&'a Address>,
}

impl Converter<'_> {
    /// The event, and what is wrong with it.
    fn event(&self) -> Result<(Event, Vec<Why>), Why> {
        let wire = self.wire;
        let mut remarks = Vec::new();
        let original = times::named(&wire.original_start_time_zone);
        let start = wire.start.as_ref().ok_or("it has no start")?;
        let start = self.moment(start, &self.zone_of_series(original), &mut remarks).ok_or("its start is no date")?;
        let zone_of_end = match (times::named(&wire.original_end_time_zone), &start) {
            (Named::Zone(zone), _) => Named::Zone(zone),
            (_, Moment::Timed { zone, .. }) => Named::Zone(zone.clone()),
            (_, Moment::Day(_)) => times::named(&wire.original_start_time_zone),
        };
        let end = match wire.end.as_ref().map(|end| self.moment(end, &zone_of_end, &mut remarks)) {
            Some(Some(end)) => Fact::Known(end),
            Some(None) => {
                remarks.push("its end is no date");
                Fact::Unknown(UnknownReason::EndUnspecified)
            }
            None => Fact::Unknown(UnknownReason::NotStated),
        };
        let uid =
            text(&wire.ical_uid).or(text(&wire.uid)).or(text(&wire.series_master_id)).or(text(&wire.id)).unwrap_or_default();
        let kind = self.kind(&start, uid, &mut remarks);
        let modified = text(&wire.last_modified_date_time).and_then(times::instant);
        let revision = Revision { sequence: 0, stamp: None, modified };
        let facts = Arc::new(self.facts());
        remarks.dedup();
        Ok((
            Event { uid: uid.to_owned(), provider_id: text(&wire.id).map(str::to_owned), kind, start, end, revision, facts },
            remarks,
        ))
    }

    /// A series repeats in the zone that its range names, else in the one it was made in.
    fn zone_of_series(&self, original: Named) -> Named {
        let range = self.wire.recurrence.as_ref().and_then(|recurrence| recurrence.range.as_ref());
        match range.map(|range| times::named(&range.recurrence_time_zone)) {
            Some(Named::Zone(zone)) => Named::Zone(zone),
            _ => original,
        }
    }

    fn moment(&self, time: &wire::Time<'_>, original: &Named, remarks: &mut Vec<Why>) -> Option<Moment> {
        if set(self.wire.is_all_day) {
            return times::day(time, original, self.reader);
        }
        let Read { moment, zone_lost } = times::moment(time, original, self.reader)?;
        if zone_lost {
            remarks.push("it names a time zone that cannot be resolved, and is read as UTC");
        }
        Some(moment)
    }

    fn kind(&self, start: &Moment, uid: &str, remarks: &mut Vec<Why>) -> EntryKind {
        let wire = self.wire;
        match (text(&wire.kind), &wire.series_master_id) {
            (Some("seriesMaster"), _) => self.series(start, remarks),
            (None, None) if wire.recurrence.is_some() => self.series(start, remarks),
            (Some("occurrence" | "exception"), _) | (None, Some(_)) => EntryKind::Instance {
                master: text(&wire.series_master_id).map(str::to_owned),
                recurrence_id: self.original_start(start, uid, remarks),
                and_following: false,
                changed: match text(&wire.kind) {
                    Some("occurrence") => Some(false),
                    Some("exception") => Some(true),
                    _ => None,
                },
            },
            _ => EntryKind::Single,
        }
    }

    /// The original start (`M7.3`); an exception that does not tell it is named by the best there is.
    fn original_start(&self, start: &Moment, uid: &str, remarks: &mut Vec<Why>) -> Moment {
        let wire = self.wire;
        let stated = text(&wire.original_start).and_then(times::instant);
        match (stated, start) {
            (Some(at), Moment::Timed { zone, .. }) => return Moment::Timed { at, zone: zone.clone() },
            (Some(at), Moment::Day(_)) => return Moment::Day(times::day_at(at, &times::named(&wire.original_start_time_zone))),
            (None, _) if text(&wire.kind) != Some("exception") => return start.clone(),
            (None, _) => {}
        }
        let by_id = text(&wire.occurrence_id).and_then(occurrence_date);
        if let Some(date) = by_id.or_else(|| normalise_uid(uid).instance_date) {
            return Moment::Day(date);
        }
        remarks.push("a changed occurrence that does not tell its original start, named by its present one");
        start.clone()
    }

    fn series(&self, start: &Moment, remarks: &mut Vec<Why>) -> EntryKind {
        let zone = match start {
            Moment::Timed { zone, .. } => zone,
            Moment::Day(_) => self.reader,
        };
        let pattern = self.wire.recurrence.as_ref();
        let rule = pattern.and_then(|pattern| recurrence::rule(pattern, start.is_day(), zone));
        if rule.is_none() {
            remarks.push("its recurrence is none that can be read");
        }
        let range_zone = pattern.and_then(|pattern| Some(times::named(&pattern.range.as_ref()?.recurrence_time_zone)));
        let lost = [range_zone.unwrap_or(Named::No), times::named(&self.wire.original_start_time_zone)];
        let zone_lost = lost.contains(&Named::Unknown) && !lost.iter().any(|named| matches!(named, Named::Zone(_)));
        let unreadable = match (&rule, zone_lost && !start.is_day()) {
            (None, _) => Some(UnknownReason::RuleUnreadable),
            (Some(_), true) => Some(UnknownReason::ZoneUnresolved),
            (Some(_), false) => None,
        };
        let cancelled = self.wire.cancelled_occurrences.iter().flatten().map(Str::as_str);
        let excluded = cancelled.filter_map(|id| {
            let date = occurrence_date(id);
            if date.is_none() {
                remarks.push("a cancelled occurrence that does not tell its date");
            }
            date.map(Moment::Day)
        });
        let excluded = excluded.collect();
        EntryKind::SeriesMaster(Box::new(Recurrence {
            rules: rule.into_iter().collect(),
            excluded,
            unreadable,
            ..Recurrence::default()
        }))
    }

    /// Why a field is unknown that is not there at all.
    fn absent(&self) -> UnknownReason {
        let instance = matches!(text(&self.wire.kind), Some("occurrence" | "exception"));
        if self.is_hidden() {
            UnknownReason::PrivateEvent
        } else if instance && !self.has_master {
            UnknownReason::MasterUnreadable
        } else {
            UnknownReason::NotStated
        }
    }

    /// Whether someone else's private event shows only when it is (`M7.8`).
    fn is_hidden(&self) -> bool {
        let wire = self.wire;
        let private = matches!(text(&wire.sensitivity), Some("private" | "confidential" | "personal"));
        let nobody = !matches!(wire.organizer, Some(Some(_)))
            && wire.attendees.as_ref().and_then(Option::as_ref).is_none_or(Vec::is_empty);
        private && nobody && !set(wire.is_organizer)
    }

    fn facts(&self) -> Facts {
        let wire = self.wire;
        Facts {
            title: self.stated(wire.subject.as_ref().map(|subject| text(subject).map(Text::short))),
            description: self.description(),
            location: self.location(),
            calendar: Fact::Unknown(UnknownReason::NotStated),
            people: self.people(),
            status: if set(wire.is_cancelled) { Status::Cancelled } else { Status::Confirmed },
            visibility: visibility(text(&wire.sensitivity)),
            shows_as: shows_as(text(&wire.show_as)),
            kind: EventKind::Default,
            my_response: self.my_response(),
            provider: Provider::Microsoft,
            source: SourceKind::Api,
            link: self.link(),
            draft: set(wire.is_draft),
        }
    }

    /// A text that may be absent; of a hidden event, an empty one says nothing either.
    fn stated(&self, field: Option<Option<Text>>) -> Fact<Option<Text>> {
        match field {
            Some(Some(text)) => Fact::Known(Some(text)),
            Some(None) if self.is_hidden() => Fact::Unknown(UnknownReason::PrivateEvent),
            Some(None) => Fact::Known(None),
            None => Fact::Unknown(self.absent()),
        }
    }

    /// The body as text; its preview is cut, and counts as such where the body is not there.
    fn description(&self) -> Fact<Option<Text>> {
        let wire = self.wire;
        if let (None, Some(Some(preview))) = (&wire.body, &wire.body_preview) {
            return Fact::Known(Some(Text { cut: true, ..Text::long(preview.as_str()) }));
        }
        let reduced = |body: &wire::Body<'_>| {
            let content = text(&body.content)?;
            let is_text = text(&body.content_type).is_some_and(|kind| kind.eq_ignore_ascii_case("text"));
            Some(Text::long(if is_text { content.to_owned() } else { to_text(content) })).filter(|text| !text.content.is_empty())
        };
        self.stated(wire.body.as_ref().map(|body| body.as_ref().and_then(reduced)))
    }

    /// The place's name; where several are listed and none is named first, all of them.
    fn location(&self) -> Fact<Option<Text>> {
        let wire = self.wire;
        let one = wire
            .location
            .as_ref()
            .and_then(Option::as_ref)
            .and_then(|location| filled(&location.display_name))
            .map(str::to_owned);
        let several = || {
            let names: Vec<&str> = self.places().filter_map(|place| filled(&place.display_name)).collect();
            (!names.is_empty()).then(|| names.join("; "))
        };
        let known = wire.location.is_some() || wire.locations.is_some();
        self.stated(known.then(|| one.or_else(several).map(Text::short)))
    }

    fn places(&self) -> impl Iterator<Item = &wire::Location<'_>> {
        let one = self.wire.location.iter().flatten();
        one.chain(self.wire.locations.iter().flatten().flatten())
    }

    fn people(&self) -> People {
        let wire = self.wire;
        let organizer =
            match wire.organizer.as_ref().map(|organizer| organizer.as_ref().and_then(|who| self.person(&who.email_address))) {
                Some(Some(person)) => Fact::Known(Person { response: Fact::Known(Response::Organizer), ..person }),
                Some(None) if self.is_hidden() => Fact::Unknown(UnknownReason::PrivateEvent),
                Some(None) => Fact::Unknown(UnknownReason::NotStated),
                None => Fact::Unknown(self.absent()),
            };
        let listed = wire.attendees.as_ref().and_then(Option::as_ref).map(Vec::as_slice).unwrap_or_default();
        let incomplete = if listed.len() > PEOPLE_MAX {
            Some(UnknownReason::GuestsCut)
        } else if set(wire.hide_attendees) && !set(wire.is_organizer) {
            Some(UnknownReason::GuestsHidden)
        } else if wire.attendees.is_none() || self.is_hidden() {
            Some(self.absent())
        } else {
            None
        };
        let attendees = listed.iter().take(PEOPLE_MAX).map(|attendee| self.attendee(attendee)).collect();
        People { organizer, creator: Fact::Unknown(UnknownReason::NotStated), attendees, incomplete }
    }

    /// A person; addresses can be missing or of another mail system (`M7.10`).
    fn person(&self, email: &Option<wire::EmailAddress<'_>>) -> Option<Person> {
        let email = email.as_ref()?;
        let name = filled(&email.name).map(|name| name.trim().to_owned());
        let person = Person::at(filled(&email.address).or(name.as_deref())?);
        let is_self = person.address.is_some() && person.address.as_ref() == self.owner;
        Some(Person { name, is_self, ..person })
    }

    fn attendee(&self, attendee: &wire::Attendee<'_>) -> Person {
        // A guest without address and name still counts as one.
        let person = self.person(&attendee.email_address).unwrap_or_else(|| Person::at(""));
        let answer = attendee.status.as_ref().and_then(|status| text(&status.response));
        Person {
            response: answer.map_or(Fact::Unknown(UnknownReason::NotStated), response),
            kind: if text(&attendee.kind) == Some("resource") { PersonKind::Resource } else { PersonKind::Person },
            optional: match text(&attendee.kind) {
                Some(kind) => Fact::Known(kind == "optional"),
                None => Fact::Unknown(UnknownReason::NotStated),
            },
            ..person
        }
    }

    fn my_response(&self) -> Fact<Response> {
        let wire = self.wire;
        let answer = wire.response_status.as_ref().and_then(|status| filled(&status.response));
        match (answer.map(response), set(wire.is_organizer)) {
            // Who called the meeting was not asked.
            (None | Some(Fact::Known(Response::None)), true) => Fact::Known(Response::Organizer),
            (Some(answer), _) => answer,
            (None, false) => Fact::Unknown(UnknownReason::NotStated),
        }
    }

    fn link(&self) -> Fact<Option<link::Link>> {
        let wire = self.wire;
        let meeting = wire.online_meeting.as_ref().and_then(Option::as_ref);
        let body = wire.body.as_ref().and_then(Option::as_ref).and_then(|body| text(&body.content));
        let fields = meeting.and_then(|meeting| filled(&meeting.join_url)).into_iter().chain(filled(&wire.online_meeting_url));
        let sources: Vec<LinkSource<'_>> = fields
            .chain(self.places().filter_map(|place| filled(&place.location_uri)))
            .map(LinkSource::Url)
            .chain(self.places().filter_map(|place| filled(&place.display_name)).map(LinkSource::Text))
            .chain(body.map(LinkSource::Html))
            .collect();
        match link::find(&sources) {
            Fact::Known(None) if wire.body.is_none() || self.is_hidden() => Fact::Unknown(self.absent()),
            // Teams is still making the meeting.
            Fact::Known(None) if set(wire.is_online_meeting) => Fact::Unknown(UnknownReason::LinkPending),
            found => found,
        }
    }
}

/// The date in `OID.<master>.2026-03-09` (`M6.10`).
fn occurrence_date(id: &str) -> Option<Date> {
    times::date(id.rsplit_once('.')?.1)
}

fn response(word: &str) -> Fact<Response> {
    Fact::Known(match word {
        "accepted" => Response::Accepted,
        "tentativelyAccepted" => Response::Tentative,
        "declined" => Response::Declined,
        "organizer" => Response::Organizer,
        "none" | "notResponded" => Response::None,
        _ => return Fact::Unknown(UnknownReason::NotStated),
    })
}

fn visibility(word: Option<&str>) -> Fact<Visibility> {
    Fact::Known(match word {
        Some("normal") => Visibility::Default,
        Some("personal" | "private") => Visibility::Private,
        Some("confidential") => Visibility::Confidential,
        _ => return Fact::Unknown(UnknownReason::NotStated),
    })
}

fn shows_as(word: Option<&str>) -> Fact<ShowsAs> {
    Fact::Known(match word {
        Some("free") => ShowsAs::Free,
        Some("tentative") => ShowsAs::Tentative,
        Some("busy") => ShowsAs::Busy,
        Some("oof") => ShowsAs::OutOfOffice,
        Some("workingElsewhere") => ShowsAs::Elsewhere,
        _ => return Fact::Unknown(UnknownReason::NotStated),
    })
}

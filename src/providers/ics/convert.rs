//! From components to the events that rules judge.

use crate::event::html;
use crate::event::{Address, Calendar, EntryKind, Event, Facts, Recurrence, Revision, Text};
use crate::providers::ics::INVITATION_EVENTS_MAX;
use crate::providers::ics::cancellations::{Cancellation, cancel};
use crate::providers::ics::dates::{length, written};
use crate::providers::ics::lines::{Property, unescape};
use crate::providers::ics::links::link;
use crate::providers::ics::people::people;
use crate::providers::ics::wire::{Component, File, Remarks};
use crate::providers::ics::zones::{Definitions, Zones, own_zone};
use crate::time::{Date, Instant, Moment, Zone};
use crate::value::{EventKind, Fact, Provider, ShowsAs, SourceKind, Status, UnknownReason, Visibility};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::Arc;

/// The whole file as one calendar.
pub fn calendar(file: File, reader: &Zone) -> Calendar {
    let File { components, mut remarks, .. } = file;
    let calendars = || components.iter().filter(|component| component.name == "VCALENDAR");
    let name = calendars().find_map(calendar_name);
    let mut events = Vec::new();
    let mut cancellations = Vec::new();
    let mut definitions = Definitions::new(&components);
    // Events outside of any calendar are met where only a part of a file was passed on.
    for component in components.iter().filter(|component| matches!(component.name.as_str(), "VCALENDAR" | "VEVENT")) {
        let zones = Zones::new(component, &mut definitions, reader);
        let mut converter = Converter {
            zones,
            remarks: &mut remarks,
            cancellations: &mut cancellations,
            masters: HashMap::new(),
            method: Method::of(component),
            name: calendar_name(component),
        };
        converter.calendar(component, &mut events);
    }
    cancel(&cancellations, &mut events, &mut remarks);
    let owner = name.as_deref().and_then(Address::parse).filter(|address| !address.domain().ends_with(".calendar.google.com"));
    Calendar { name, owner, zone: calendars().find_map(own_zone), events, unreadable: remarks.into_list() }
}

/// The calendar's name (RFC 7986 §5.1, and the common extension before it).
fn calendar_name(calendar: &Component) -> Option<String> {
    calendar.text("X-WR-CALNAME").or_else(|| calendar.text("NAME"))
}

/// What the sender wants done (RFC 5546 §1.4; `I10.2`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    /// PUBLISH, none, or one that nobody knows.
    Publish,
    /// REQUEST, ADD.
    Request,
    Cancel,
    /// REPLY, COUNTER, DECLINECOUNTER, REFRESH: talk about an event, not an event.
    Talk,
}

impl Method {
    fn of(calendar: &Component) -> Self {
        match calendar.text("METHOD").unwrap_or_default().to_ascii_uppercase().as_str() {
            "REQUEST" | "ADD" => Self::Request,
            "CANCEL" => Self::Cancel,
            "REPLY" | "COUNTER" | "DECLINECOUNTER" | "REFRESH" => Self::Talk,
            _ => Self::Publish,
        }
    }

    fn is_invitation(self) -> bool {
        matches!(self, Self::Request | Self::Cancel)
    }
}

struct Converter<'a, 'd> {
    zones: Zones<'a, 'd>,
    remarks: &'d mut Remarks,
    /// What calls off a whole series, to be held against all events of the file.
    cancellations: &'d mut Vec<Cancellation>,
    /// Start zones of series masters by UID: an exception may name its start without one (`B12`).
    masters: HashMap<String, Zone>,
    method: Method,
    name: Option<String>,
}

impl Converter<'_, '_> {
    /// Adds the events of a calendar, or the one event that stands alone.
    fn calendar(&mut self, component: &Component, events: &mut Vec<Event>) {
        let inside = component.components.iter().chain(std::iter::once(component));
        let entries: Vec<&Component> = inside.filter(|entry| entry.name == "VEVENT").collect();
        if self.method == Method::Talk {
            self.remarks.add(component.line, "an answer to an invitation (REPLY, COUNTER, REFRESH), which changes no calendar");
            return;
        }
        let most = if self.method.is_invitation() { INVITATION_EVENTS_MAX } else { entries.len() };
        if let Some(first) = entries.get(most) {
            self.remarks.add(first.line, format!("an invitation with more than {most} events, the rest is skipped"));
        }
        let entries = &entries[..most.min(entries.len())];
        for entry in entries.iter().filter(|entry| entry.first("RECURRENCE-ID").is_none()) {
            if let (Some(uid), Some(Moment::Timed { zone, .. })) = (entry.first("UID"), self.single(entry, "DTSTART", None)) {
                self.masters.insert(unescape(&uid.value), zone);
            }
        }
        for entry in entries {
            let cancellation = self.cancellation(entry);
            let bare = cancellation.as_ref().is_some_and(|cancellation| cancellation.bare);
            self.cancellations.extend(cancellation);
            if bare {
                continue;
            }
            match self.event(entry) {
                Ok(event) => {
                    if entry.first("UID").is_none() {
                        self.remarks.add(entry.line, "an event without UID, named by its content");
                    }
                    events.push(event);
                }
                Err(why) => self.remarks.add(entry.line, format!("an event that cannot be read: {why}")),
            }
        }
        for (line, why) in std::mem::take(&mut self.zones.remarks) {
            self.remarks.add(line, why);
        }
    }

    /// The moment of the first property of this name that tells one.
    fn single(&mut self, entry: &Component, name: &str, floating: Option<&Zone>) -> Option<Moment> {
        entry.all(name).find_map(|property| self.zones.moment(property, &property.value, floating))
    }

    fn event(&mut self, entry: &Component) -> Result<Event, &'static str> {
        let uid = uid_of(entry);
        let master_zone = self.masters.get(&uid).cloned();
        let recurrence_id = self.recurrence_id(entry, master_zone.as_ref())?;
        let start = match self.single(entry, "DTSTART", None) {
            Some(start) => start,
            // A cancelled instance needs no start besides its name (RFC 5546 §3.2.5).
            None => match &recurrence_id {
                Some(id) if self.status(entry) == Status::Cancelled => id.clone(),
                _ if entry.first("DTSTART").is_none() => return Err("it has no start"),
                _ => return Err("its start is no date"),
            },
        };
        let end = self.end(entry, &start);
        let kind = match recurrence_id {
            Some(recurrence_id) => {
                let range = entry.first("RECURRENCE-ID").and_then(|property| property.param("RANGE"));
                let and_following = range.is_some_and(|range| range.eq_ignore_ascii_case("THISANDFUTURE"));
                EntryKind::Instance { master: None, recurrence_id, and_following, changed: None }
            }
            None => self.kind(entry, &start),
        };
        let facts = Arc::new(self.facts(entry));
        Ok(Event { uid, provider_id: None, kind, start, end, revision: self.revision(entry), facts })
    }

    /// What an entry calls off that names no instance. It needs no start: the UID is enough.
    fn cancellation(&self, entry: &Component) -> Option<Cancellation> {
        let uid = unescape(&entry.first("UID")?.value);
        let bare = entry.first("DTSTART").is_none();
        let cancels = self.method == Method::Cancel || (bare && self.status(entry) == Status::Cancelled);
        let numbered = ["SEQUENCE", "X-MICROSOFT-CDO-APPT-SEQUENCE"].iter().any(|name| entry.first(name).is_some());
        let Revision { sequence, stamp, .. } = self.revision(entry);
        let sequence = numbered.then_some(sequence);
        let whole = cancels && entry.first("RECURRENCE-ID").is_none();
        whole.then_some(Cancellation { uid, sequence, stamp, line: entry.line, bare })
    }

    fn recurrence_id(&mut self, entry: &Component, master_zone: Option<&Zone>) -> Result<Option<Moment>, &'static str> {
        if entry.first("RECURRENCE-ID").is_none() {
            return Ok(None);
        }
        let own_zone = match self.single(entry, "DTSTART", None) {
            Some(Moment::Timed { zone, .. }) => Some(zone),
            _ => None,
        };
        let id = self.single(entry, "RECURRENCE-ID", master_zone.or(own_zone.as_ref()));
        id.map(Some).ok_or("its RECURRENCE-ID is no date")
    }

    /// DTEND; else DTSTART and DURATION; else one day for a day, else no time at all (`I10.14`).
    fn end(&mut self, entry: &Component, start: &Moment) -> Fact<Moment> {
        if entry.first("DTEND").is_some() {
            if let Some(end) = self.single(entry, "DTEND", zone_of(start)) {
                return Fact::Known(end);
            }
            self.remarks.add(entry.line, "an event whose end is no date");
            return Fact::Unknown(UnknownReason::EndUnspecified);
        }
        if let Some(property) = entry.first("DURATION") {
            if let Some(length) = length(&property.value) {
                return Fact::Known(length.after(start));
            }
            self.remarks.add(property.line, "a DURATION that is none");
            return Fact::Unknown(UnknownReason::EndUnspecified);
        }
        Fact::Known(match start {
            Moment::Day(date) => Moment::Day(date.tomorrow().unwrap_or(Date::MAX)),
            timed => timed.clone(),
        })
    }

    fn kind(&mut self, entry: &Component, start: &Moment) -> EntryKind {
        let raw = |name| {
            let rules = entry.all(name).map(|property| property.value.trim().to_owned());
            rules.filter(|rule| !rule.is_empty()).take(RULES_MAX).collect()
        };
        let mut recurrence = Recurrence { rules: raw("RRULE"), exclusion_rules: raw("EXRULE"), ..Recurrence::default() };
        let mut broken = false;
        for property in entry.all("RDATE") {
            for extra in self.extra(property, start, DATES_MAX.saturating_sub(recurrence.extra.len())) {
                broken |= extra.is_none();
                recurrence.extra.extend(extra);
            }
        }
        for property in entry.all("EXDATE") {
            let room = DATES_MAX.saturating_sub(recurrence.excluded.len());
            for excluded in self.zones.moments(property, zone_of(start), room) {
                broken |= excluded.is_none();
                recurrence.excluded.extend(excluded);
            }
        }
        if broken {
            self.remarks.add(entry.line, "a series with an RDATE or EXDATE that is no date");
        }
        if recurrence.extra.len().max(recurrence.excluded.len()) >= DATES_MAX {
            self.remarks.add(entry.line, format!("a series with {DATES_MAX} or more single dates, the rest is skipped"));
            recurrence.unreadable = Some(UnknownReason::RuleUnreadable);
        }
        if recurrence.rules.is_empty() && recurrence.extra.is_empty() {
            return EntryKind::Single;
        }
        EntryKind::SeriesMaster(Box::new(recurrence))
    }

    /// The starts of an RDATE, with ends where it lists periods.
    fn extra(&mut self, property: &Property, start: &Moment, most: usize) -> Vec<Option<(Moment, Option<Moment>)>> {
        let values = property.value.split(',').filter(|value| !value.trim().is_empty());
        let period = |value: &str| {
            let (begin, end) = value.split_once('/').map_or((value, None), |(begin, end)| (begin, Some(end)));
            let begin = self.zones.moment(property, begin, zone_of(start))?;
            let end = match end {
                None => None,
                Some(end) => match length(end) {
                    Some(length) => Some(length.after(&begin)),
                    None => Some(self.zones.moment(property, end, zone_of(&begin))?),
                },
            };
            Some((begin, end))
        };
        values.take(most).map(period).collect()
    }

    fn revision(&self, entry: &Component) -> Revision {
        let number = |name| entry.first(name).and_then(|property| whole_number(&property.value));
        let sequence = match number("SEQUENCE") {
            None | Some(0) => number("X-MICROSOFT-CDO-APPT-SEQUENCE").unwrap_or(0),
            Some(sequence) => sequence,
        };
        Revision { sequence, stamp: instant(entry, "DTSTAMP"), modified: instant(entry, "LAST-MODIFIED") }
    }

    fn facts(&self, entry: &Component) -> Facts {
        let short = |name| entry.text(name).map(Text::short);
        Facts {
            title: Fact::Known(short("SUMMARY")),
            description: Fact::Known(entry.text("DESCRIPTION").map(description)),
            location: Fact::Known(short("LOCATION")),
            calendar: match &self.name {
                Some(name) => Fact::Known(Some(Text::short(name.clone()))),
                None => Fact::Unknown(UnknownReason::NotStated),
            },
            people: people(entry),
            status: self.status(entry),
            visibility: Fact::Known(visibility(entry)),
            shows_as: Fact::Known(self.shows_as(entry)),
            kind: EventKind::Default,
            my_response: Fact::Unknown(UnknownReason::NotStated),
            provider: Provider::Ics,
            source: if self.method.is_invitation() { SourceKind::Invite } else { SourceKind::Feed },
            link: link(entry),
            draft: false,
        }
    }

    /// Either the method or any STATUS says that the event is off (`I10.2`).
    fn status(&self, entry: &Component) -> Status {
        let says = |word: &str| entry.all("STATUS").any(|property| property.value.trim().eq_ignore_ascii_case(word));
        if self.method == Method::Cancel || says("CANCELLED") || says("CANCELED") {
            Status::Cancelled
        } else if says("TENTATIVE") {
            Status::Tentative
        } else {
            Status::Confirmed
        }
    }

    /// Outlook's own words, finer than TRANSP. In an invitation the sender's intention counts: its BUSYSTATUS is only what
    /// an unanswered invitation looks like.
    fn shows_as(&self, entry: &Component) -> ShowsAs {
        let cdo = |name| entry.text(name).and_then(|word| outlook_shows_as(&word));
        let (intended, shown) = ("X-MICROSOFT-CDO-INTENDEDSTATUS", "X-MICROSOFT-CDO-BUSYSTATUS");
        let outlook =
            if self.method.is_invitation() { cdo(intended).or_else(|| cdo(shown)) } else { cdo(shown).or_else(|| cdo(intended)) };
        let transparent =
            || entry.first("TRANSP").is_some_and(|property| property.value.trim().eq_ignore_ascii_case("TRANSPARENT"));
        outlook.unwrap_or_else(|| if transparent() { ShowsAs::Free } else { ShowsAs::Busy })
    }
}

/// The UID as written, white space included. An event without one gets a name made of its content, so that reading again finds it again.
pub fn uid_of(entry: &Component) -> String {
    if let Some(property) = entry.first("UID") {
        return unescape(&property.value);
    }
    let passing = ["DTSTAMP", "CREATED", "LAST-MODIFIED", "SEQUENCE"];
    let mut hash = Sha256::new();
    for property in entry.properties.iter().filter(|property| !passing.contains(&property.name.as_str())) {
        hash.update(format!("{}:{}\n", property.name, property.value));
    }
    let digest = hash.finalize();
    digest[..16].iter().fold("no-uid-".to_owned(), |uid, byte| format!("{uid}{byte:02x}"))
}

/// Most recurrence rules of one series; one is the rule.
const RULES_MAX: usize = 20;
/// Most dates of one series that are listed one by one, extra and excluded each.
const DATES_MAX: usize = 20_000;
/// Most bytes of a description that are reduced to text.
const DESCRIPTION_MARKUP_BYTES_MAX: usize = 1024 * 1024;

fn description(mut written: String) -> Text {
    let cut = written.len() > DESCRIPTION_MARKUP_BYTES_MAX;
    written.truncate(written.floor_char_boundary(DESCRIPTION_MARKUP_BYTES_MAX));
    let text = Text::long(html::to_text(&written));
    Text { cut: text.cut || cut, ..text }
}

fn outlook_shows_as(word: &str) -> Option<ShowsAs> {
    match word.to_ascii_uppercase().as_str() {
        "FREE" => Some(ShowsAs::Free),
        "TENTATIVE" => Some(ShowsAs::Tentative),
        "BUSY" => Some(ShowsAs::Busy),
        "OOF" => Some(ShowsAs::OutOfOffice),
        "WORKINGELSEWHERE" => Some(ShowsAs::Elsewhere),
        _ => None,
    }
}

/// CLASS; a value that nobody knows means private (RFC 5545 §3.8.1.3).
fn visibility(entry: &Component) -> Visibility {
    match entry.text("CLASS").map(|class| class.to_ascii_uppercase()).as_deref() {
        None => Visibility::Default,
        Some("PUBLIC") => Visibility::Public,
        Some("CONFIDENTIAL") => Visibility::Confidential,
        Some(_) => Visibility::Private,
    }
}

/// The zone in which the other times of an event are meant that name none.
fn zone_of(start: &Moment) -> Option<&Zone> {
    match start {
        Moment::Timed { zone, .. } => Some(zone),
        Moment::Day(_) => None,
    }
}

/// A time that is UTC by definition, with or without its `Z`.
fn instant(entry: &Component, name: &str) -> Option<Instant> {
    Some(written(&entry.first(name)?.value)?.in_zone(&Zone::utc()).instant(&Zone::utc()))
}

/// A whole number; one that is too large is the largest.
fn whole_number(value: &str) -> Option<i64> {
    let value = value.trim();
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| value.parse().unwrap_or(if value.starts_with('-') { i64::MIN } else { i64::MAX }))
}

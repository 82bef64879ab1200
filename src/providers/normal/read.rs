//! Occurrences from JSON, in the short or the full form.

use super::{FREQ_WORDS, fact_names as names};
use crate::event::link::{Link, platform_word};
use crate::event::{Facts, Occurrence, Pattern, People, Person, PersonKind, Revision, SeriesFacts, SeriesSummary, Text};
use crate::time::{Civil, Date, Instant, Moment, WeekdaySet, Zone};
use crate::value::words::WEEKDAYS;
use crate::value::{Closed, Conference, EventKind, Fact, Provider, SourceKind, Status, UnknownReason};
use serde::Deserialize;
use serde_json::Value;
use std::sync::Arc;

/// Why a line is no occurrence.
#[derive(Debug, thiserror::Error)]
pub enum ReadLineError {
    /// Not JSON, or JSON of another shape.
    #[error("not an event object")]
    Shape(#[from] serde_json::Error),
    /// A member has a value that it cannot have.
    #[error("`{member}` cannot be `{value}`")]
    Value {
        /// Which member.
        member: &'static str,
        /// What it was, shortened and with control characters escaped.
        value: String,
    },
}

/// Reads one object of the normalised form.
///
/// A member that is missing is a fact the source does not state; `null` is a fact that is absent, unless the member `unknown`
/// gives a reason.
///
/// # Errors
/// [`ReadLineError`] where the text is no such object.
pub fn read_occurrence(line: &str) -> Result<Occurrence, ReadLineError> {
    let wire: Wire = serde_json::from_str(line)?;
    Reader { wire: &wire }.occurrence()
}

#[derive(Deserialize)]
struct Wire {
    uid: String,
    #[serde(default)]
    provider_id: Option<String>,
    #[serde(default)]
    recurrence_id: Option<String>,
    #[serde(default)]
    series: bool,
    start: String,
    #[serde(default)]
    end: Option<String>,
    #[serde(default)]
    zone: Option<String>,
    #[serde(default)]
    end_zone: Option<String>,
    #[serde(default)]
    start_local: Option<String>,
    #[serde(default)]
    end_local: Option<String>,
    #[serde(default, deserialize_with = "present")]
    title: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    description: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    location: Option<Option<String>>,
    #[serde(default, deserialize_with = "present")]
    calendar: Option<Option<String>>,
    #[serde(default)]
    cut: Vec<String>,
    #[serde(default)]
    organizer: Option<String>,
    #[serde(default)]
    organizer_detail: Option<WirePerson>,
    #[serde(default)]
    creator: Option<WirePerson>,
    #[serde(default)]
    attendees: Option<Vec<WirePerson>>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    visibility: Option<String>,
    #[serde(default)]
    shows_as: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    my_response: Option<String>,
    #[serde(default)]
    provider: Option<String>,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    draft: bool,
    #[serde(default, deserialize_with = "present")]
    conference: Option<Option<WireLink>>,
    #[serde(default)]
    first: Option<bool>,
    #[serde(default)]
    moved: Option<bool>,
    #[serde(default)]
    changed: Option<bool>,
    #[serde(default)]
    sub_hourly: bool,
    #[serde(default)]
    repeats: Option<WireRepeats>,
    #[serde(default)]
    sequence: i64,
    #[serde(default)]
    stamp: Option<String>,
    #[serde(default)]
    modified: Option<String>,
    #[serde(default)]
    unknown: Vec<WireUnknown>,
}

/// Tells `null` (`Some(None)`) from a member that is missing (`None`).
fn present<'de, D: serde::Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct WirePerson {
    email: String,
    #[serde(default)]
    response: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    optional: Option<bool>,
    #[serde(default)]
    plus_guests: u32,
    #[serde(default, rename = "self")]
    is_self: bool,
    #[serde(default)]
    non_participant: bool,
}

#[derive(Deserialize)]
struct WireLink {
    platform: String,
    #[serde(default)]
    id: String,
    url: String,
    #[serde(default)]
    joinable: Option<bool>,
    #[serde(default)]
    conference: Option<String>,
}

#[derive(Deserialize)]
struct WireRepeats {
    #[serde(default)]
    freq: Option<String>,
    #[serde(default)]
    interval: Option<u32>,
    #[serde(default)]
    weekdays: Option<Vec<String>>,
    #[serde(default)]
    times: Option<u32>,
}

#[derive(Deserialize)]
struct WireUnknown {
    fact: String,
    reason: String,
}

struct Reader<'a> {
    wire: &'a Wire,
}

impl Reader<'_> {
    fn occurrence(&self) -> Result<Occurrence, ReadLineError> {
        let wire = self.wire;
        let mut start = moment("start", &wire.start, wire.zone.as_deref(), wire.start_local.as_deref())?;
        if let (Some(_), Moment::Timed { zone, .. }) = (self.reason(names::START), &mut start) {
            *zone = zone.as_guess();
        }
        let end_zone = wire.end_zone.as_deref().or(wire.zone.as_deref());
        let end = match &wire.end {
            Some(end) => Fact::Known(moment("end", end, end_zone, wire.end_local.as_deref())?),
            None => Fact::Unknown(self.reason(names::END).unwrap_or(UnknownReason::EndUnspecified)),
        };
        let recurrence_id = wire.recurrence_id.as_deref().map(|id| recurrence_id(id, &start)).transpose()?;
        let series = self.series()?;
        Ok(Occurrence {
            uid: wire.uid.clone(),
            provider_id: wire.provider_id.clone(),
            first: self.flag(names::FIRST, wire.first, &series),
            moved: self.flag(names::MOVED, wire.moved, &series),
            changed: self.flag(names::CHANGED, wire.changed, &series),
            recurrence_id,
            series,
            start,
            end,
            sub_hourly: wire.sub_hourly,
            revision: Revision {
                sequence: wire.sequence,
                stamp: optional_instant("stamp", wire.stamp.as_deref())?,
                modified: optional_instant("modified", wire.modified.as_deref())?,
            },
            facts: Arc::new(self.facts()?),
        })
    }

    fn facts(&self) -> Result<Facts, ReadLineError> {
        let wire = self.wire;
        Ok(Facts {
            title: self.text(names::TITLE, wire.title.as_ref()),
            description: self.text(names::DESCRIPTION, wire.description.as_ref()),
            location: self.text(names::LOCATION, wire.location.as_ref()),
            calendar: self.text(names::CALENDAR, wire.calendar.as_ref()),
            people: self.people()?,
            status: closed("status", wire.status.as_deref())?.unwrap_or(Status::Confirmed),
            visibility: self.closed_fact(names::VISIBILITY, wire.visibility.as_deref())?,
            shows_as: self.closed_fact(names::SHOWS_AS, wire.shows_as.as_deref())?,
            kind: closed("kind", wire.kind.as_deref())?.unwrap_or(EventKind::Default),
            my_response: self.closed_fact(names::MY_RESPONSE, wire.my_response.as_deref())?,
            provider: closed("provider", wire.provider.as_deref())?.unwrap_or(Provider::Ics),
            source: closed("source", wire.source.as_deref())?.unwrap_or(SourceKind::Feed),
            link: self.link()?,
            draft: wire.draft,
        })
    }

    fn people(&self) -> Result<People, ReadLineError> {
        let wire = self.wire;
        let organizer = match (&wire.organizer_detail, &wire.organizer) {
            (Some(detail), _) => Fact::Known(person(detail)?),
            (None, Some(address)) => Fact::Known(Person::at(address)),
            (None, None) => Fact::Unknown(self.reason(names::ORGANIZER).unwrap_or(UnknownReason::NotStated)),
        };
        let creator = match &wire.creator {
            Some(detail) => Fact::Known(person(detail)?),
            None => Fact::Unknown(self.reason(names::CREATOR).unwrap_or(UnknownReason::NotStated)),
        };
        let attendees: Vec<Person> = wire.attendees.iter().flatten().map(person).collect::<Result<_, _>>()?;
        let unlisted = wire.attendees.is_none().then_some(UnknownReason::SourceListsNoPeople);
        Ok(People { organizer, creator, attendees, incomplete: self.reason(names::ATTENDEES).or(unlisted) })
    }

    fn link(&self) -> Result<Fact<Option<Link>>, ReadLineError> {
        let link = match &self.wire.conference {
            None => return Ok(Fact::Unknown(UnknownReason::NotStated)),
            Some(None) => return Ok(self.reason(names::CONFERENCE).map_or(Fact::Known(None), Fact::Unknown)),
            Some(Some(link)) => link,
        };
        let platform = platform_word(&link.platform).ok_or_else(|| wrong("conference", &link.platform))?;
        let conference = match closed("conference", link.conference.as_deref())? {
            Some(conference) => conference,
            None => Conference::from_word(platform).unwrap_or(Conference::Other),
        };
        let joinable = link.joinable.unwrap_or(conference != Conference::Other);
        Ok(Fact::Known(Some(Link { conference, platform, id: link.id.clone(), url: link.url.clone(), joinable })))
    }

    fn series(&self) -> Result<SeriesFacts, ReadLineError> {
        let wire = self.wire;
        if !wire.series {
            return Ok(SeriesFacts::NotRecurring);
        }
        if let Some(reason) = self.reason(names::SERIES) {
            return Ok(SeriesFacts::Orphan(reason));
        }
        let Some(repeats) = &wire.repeats else { return Ok(SeriesFacts::Orphan(UnknownReason::NotStated)) };
        let pattern = match (&repeats.freq, self.reason(names::REPEATS)) {
            (_, Some(reason)) => Fact::Unknown(reason),
            (None, None) => Fact::Known(None),
            (Some(freq), None) => Fact::Known(Some(self.pattern(freq, repeats)?)),
        };
        let times = self.reason(names::TIMES).map_or(Fact::Known(repeats.times), Fact::Unknown);
        Ok(SeriesFacts::Of(Arc::new(SeriesSummary { pattern, times })))
    }

    fn pattern(&self, freq: &str, repeats: &WireRepeats) -> Result<Pattern, ReadLineError> {
        let (_, freq) = *FREQ_WORDS.iter().find(|(word, _)| *word == freq).ok_or_else(|| wrong("repeats", freq))?;
        let mut days = WeekdaySet::default();
        for word in repeats.weekdays.iter().flatten() {
            let (_, day) = WEEKDAYS.iter().find(|(known, _)| known == word).ok_or_else(|| wrong("repeats", word))?;
            days = days.with(*day);
        }
        let weekdays = self.reason(names::WEEKDAYS).map_or(Fact::Known(days), Fact::Unknown);
        Ok(Pattern { freq, interval: repeats.interval.unwrap_or(1).max(1), weekdays })
    }

    fn reason(&self, fact: &str) -> Option<UnknownReason> {
        let entry = self.wire.unknown.iter().find(|entry| entry.fact == fact)?;
        Some(UnknownReason::from_code(&entry.reason).unwrap_or(UnknownReason::NotStated))
    }

    fn flag(&self, name: &str, value: Option<bool>, series: &SeriesFacts) -> Fact<bool> {
        match (value, series) {
            (Some(value), _) => Fact::Known(value),
            (None, SeriesFacts::NotRecurring) => Fact::Known(false),
            (None, _) => Fact::Unknown(self.reason(name).unwrap_or(UnknownReason::NotStated)),
        }
    }

    fn text(&self, name: &str, value: Option<&Option<String>>) -> Fact<Option<Text>> {
        let Some(value) = value else { return Fact::Unknown(UnknownReason::NotStated) };
        if let Some(reason) = self.reason(name) {
            return Fact::Unknown(reason);
        }
        let cut_before = self.wire.cut.iter().any(|cut| cut == name);
        Fact::Known(value.as_ref().map(|content| {
            let text = if name == names::DESCRIPTION { Text::long(content.as_str()) } else { Text::short(content.as_str()) };
            Text { cut: text.cut || cut_before, ..text }
        }))
    }

    fn closed_fact<T: Closed>(&self, name: &'static str, word: Option<&str>) -> Result<Fact<T>, ReadLineError> {
        let unknown = || Fact::Unknown(self.reason(name).unwrap_or(UnknownReason::NotStated));
        Ok(closed(name, word)?.map_or_else(unknown, Fact::Known))
    }
}

fn closed<T: Closed>(member: &'static str, word: Option<&str>) -> Result<Option<T>, ReadLineError> {
    word.map(|word| T::from_word(word).ok_or_else(|| wrong(member, word))).transpose()
}

fn person(wire: &WirePerson) -> Result<Person, ReadLineError> {
    let not_stated = || Fact::Unknown(UnknownReason::NotStated);
    let kind = match wire.kind.as_deref() {
        None | Some("person") => PersonKind::Person,
        Some("group") => PersonKind::Group,
        Some("room") => PersonKind::Room,
        Some("resource") => PersonKind::Resource,
        Some(other) => return Err(wrong("attendees", other)),
    };
    Ok(Person {
        name: wire.name.clone(),
        response: closed("attendees", wire.response.as_deref())?.map_or_else(not_stated, Fact::Known),
        kind,
        optional: wire.optional.map_or_else(|| Fact::Unknown(UnknownReason::NotStated), Fact::Known),
        plus_guests: wire.plus_guests,
        is_self: wire.is_self,
        non_participant: wire.non_participant,
        ..Person::at(&wire.email)
    })
}

fn moment(member: &'static str, text: &str, zone: Option<&str>, local: Option<&str>) -> Result<Moment, ReadLineError> {
    if let Some(date) = text.parse::<Date>().ok().filter(|_| text.len() == "2026-03-02".len()) {
        return Ok(Moment::Day(date));
    }
    let at: Instant = text.parse().map_err(|_| wrong(member, text))?;
    let local = local.map(|local| local.parse::<Civil>().map_err(|_| wrong(member, local))).transpose()?;
    Ok(Moment::Timed { at, zone: zone_at(member, zone, at, local)? })
}

/// The original start of an occurrence. It has no local time beside it, so it is in the zone that `start` was found to be in.
fn recurrence_id(text: &str, start: &Moment) -> Result<Moment, ReadLineError> {
    match (moment("recurrence_id", text, None, None)?, start) {
        (Moment::Timed { at, .. }, Moment::Timed { zone, .. }) => Ok(Moment::Timed { at, zone: zone.clone() }),
        (original, _) => Ok(original),
    }
}

/// The zone of this name. One that a calendar file defined for itself is not in the database; the local time that stands
/// beside the instant then gives the offset, which is all that conditions need.
fn zone_at(member: &'static str, name: Option<&str>, at: Instant, local: Option<Civil>) -> Result<Zone, ReadLineError> {
    let named = name.map_or_else(|| Some(Zone::utc()), Zone::named);
    let fits = |zone: &Zone| local.is_none_or(|local| zone.civil(at) == local);
    if let Some(zone) = named.filter(fits) {
        return Ok(zone);
    }
    let offset = local.map(|local| Zone::utc().instant(local).as_second() - at.as_second());
    offset.and_then(|secs| Zone::fixed(i32::try_from(secs).ok()?)).ok_or_else(|| wrong(member, name.unwrap_or_default()))
}

fn optional_instant(member: &'static str, text: Option<&str>) -> Result<Option<Instant>, ReadLineError> {
    text.map(|text| text.parse().map_err(|_| wrong(member, text))).transpose()
}

/// The error for a value, shortened: it may come from a stranger and ends up on a terminal.
fn wrong(member: &'static str, value: &str) -> ReadLineError {
    const SHOWN_CHARS_MAX: usize = 40;
    ReadLineError::Value { member, value: Value::from(value.chars().take(SHOWN_CHARS_MAX).collect::<String>()).to_string() }
}

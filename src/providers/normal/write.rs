//! Occurrences to JSON.

use super::{FREQ_WORDS, fact_names as names};
use crate::event::{Facts, Occurrence, Person, SeriesFacts, Text};
use crate::time::{Civil, Instant, Moment};
use crate::value::words::WEEKDAYS;
use crate::value::{Closed, Fact, UnknownReason};
use serde_json::{Map, Value, json};

/// How much of an occurrence is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// What a script wants to see.
    Short,
    /// Every fact that rules can read.
    Full,
}

/// One occurrence as a JSON object with members in a fixed order.
///
/// Instants are RFC 3339 in UTC, whole days `YYYY-MM-DD`, addresses in lower case, `null` what is absent or unknown; the member
/// `unknown` names each unknown fact with its reason.
#[must_use]
pub fn occurrence_to_json(occurrence: &Occurrence, detail: Detail) -> Value {
    let mut writer = Writer { unknown: Vec::new() };
    let mut object = writer.short(occurrence, detail);
    if detail == Detail::Full {
        writer.full(occurrence, &mut object);
    }
    let unknown = writer.unknown.iter().map(|(fact, reason)| json!({"fact": fact, "reason": reason.code()})).collect();
    object.insert("unknown".into(), Value::Array(unknown));
    Value::Object(object)
}

/// Collects what is unknown while it writes the rest.
struct Writer {
    unknown: Vec<(&'static str, UnknownReason)>,
}

impl Writer {
    fn short(&mut self, occurrence: &Occurrence, detail: Detail) -> Map<String, Value> {
        let facts = &*occurrence.facts;
        let mut object = Map::new();
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        put("uid", occurrence.uid.clone().into());
        put("recurrence_id", occurrence.recurrence_id.as_ref().map_or(Value::Null, moment));
        put("series", (!matches!(occurrence.series, SeriesFacts::NotRecurring)).into());
        put("start", moment(&occurrence.start));
        if occurrence.start.is_guess() {
            self.unknown.push((names::START, UnknownReason::ZoneGuessed));
        }
        put("end", self.fact(names::END, occurrence.end.as_ref().map(moment)));
        put("all_day", occurrence.start.is_day().into());
        put("zone", zone(&occurrence.start));
        put("title", self.text(names::TITLE, &facts.title));
        put("location", self.text(names::LOCATION, &facts.location));
        put("organizer", self.fact(names::ORGANIZER, facts.people.organizer.as_ref().map(|person| written(person).into())));
        put("attendees", self.attendees(facts, detail));
        put("status", facts.status.word().into());
        put("conference", self.conference(facts));
        put("provider", facts.provider.word().into());
        if let SeriesFacts::Orphan(reason) = occurrence.series {
            self.unknown.push((names::SERIES, reason));
        }
        object
    }

    fn full(&mut self, occurrence: &Occurrence, object: &mut Map<String, Value>) {
        let facts = &*occurrence.facts;
        let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
        put("provider_id", occurrence.provider_id.clone().into());
        put("start_local", local(&occurrence.start));
        put("end_local", occurrence.end.known().map_or(Value::Null, local));
        put("end_zone", occurrence.end.known().map_or(Value::Null, zone));
        put("description", self.text(names::DESCRIPTION, &facts.description));
        put("calendar", self.text(names::CALENDAR, &facts.calendar));
        put("cut", cut(facts));
        put("organizer_detail", facts.people.organizer.known().map_or(Value::Null, person_in_full));
        put("creator", self.fact(names::CREATOR, facts.people.creator.as_ref().map(person_in_full)));
        put("visibility", self.fact(names::VISIBILITY, word(&facts.visibility)));
        put("shows_as", self.fact(names::SHOWS_AS, word(&facts.shows_as)));
        put("kind", facts.kind.word().into());
        put("my_response", self.fact(names::MY_RESPONSE, word(&facts.my_response)));
        put("source", facts.source.word().into());
        put("draft", facts.draft.into());
        put("first", self.fact(names::FIRST, occurrence.first.clone().map(Value::Bool)));
        put("moved", self.fact(names::MOVED, occurrence.moved.clone().map(Value::Bool)));
        put("changed", self.fact(names::CHANGED, occurrence.changed.clone().map(Value::Bool)));
        put("sub_hourly", occurrence.sub_hourly.into());
        put("repeats", self.repeats(occurrence));
        put("sequence", occurrence.revision.sequence.into());
        put("stamp", occurrence.revision.stamp.map_or(Value::Null, instant));
        put("modified", occurrence.revision.modified.map_or(Value::Null, instant));
    }

    fn fact(&mut self, name: &'static str, fact: Fact<Value>) -> Value {
        match fact {
            Fact::Known(value) => value,
            Fact::Unknown(reason) => {
                self.unknown.push((name, reason));
                Value::Null
            }
        }
    }

    fn text(&mut self, name: &'static str, fact: &Fact<Option<Text>>) -> Value {
        self.fact(name, fact.as_ref().map(|text| text.as_ref().map_or(Value::Null, |text| text.content.clone().into())))
    }

    fn attendees(&mut self, facts: &Facts, detail: Detail) -> Value {
        if let Some(reason) = facts.people.incomplete {
            self.unknown.push((names::ATTENDEES, reason));
        }
        let entry = match detail {
            Detail::Short => person_in_short,
            Detail::Full => person_in_full,
        };
        Value::Array(facts.people.attendees.iter().map(entry).collect())
    }

    fn conference(&mut self, facts: &Facts) -> Value {
        let found = facts.link.as_ref().map(|link| {
            link.as_ref().map_or(Value::Null, |link| {
                json!({"platform": link.platform, "id": link.id, "url": link.url, "joinable": link.joinable, "conference": link.conference.word()})
            })
        });
        self.fact(names::CONFERENCE, found)
    }

    fn repeats(&mut self, occurrence: &Occurrence) -> Value {
        let SeriesFacts::Of(series) = &occurrence.series else { return Value::Null };
        let mut object = Map::new();
        match &series.pattern {
            Fact::Known(Some(pattern)) => {
                let freq = FREQ_WORDS.iter().find(|(_, freq)| *freq == pattern.freq).map(|(word, _)| *word);
                object.insert("freq".into(), freq.into());
                object.insert("interval".into(), pattern.interval.into());
                let days = pattern.weekdays.as_ref().map(|days| {
                    WEEKDAYS.iter().filter(|(_, day)| days.contains(*day)).map(|(word, _)| Value::from(*word)).collect()
                });
                object.insert("weekdays".into(), self.fact(names::WEEKDAYS, days));
            }
            Fact::Known(None) => {
                object.insert("freq".into(), Value::Null);
            }
            Fact::Unknown(reason) => self.unknown.push((names::REPEATS, *reason)),
        }
        let times = series.times.as_ref().map(|times| times.map_or(Value::Null, Value::from));
        object.insert("times".into(), self.fact(names::TIMES, times));
        Value::Object(object)
    }
}

fn person_in_short(person: &Person) -> Value {
    json!({"email": written(person), "response": word(&person.response).known(), "kind": person.kind.word()})
}

fn person_in_full(person: &Person) -> Value {
    json!({
        "email": written(person),
        "response": word(&person.response).known(),
        "kind": person.kind.word(),
        "name": person.name,
        "optional": person.optional.known(),
        "plus_guests": person.plus_guests,
        "self": person.is_self,
        "non_participant": person.non_participant,
    })
}

/// The address as people know it: the readable form where there is one, else what was written, in lower case.
fn written(person: &Person) -> String {
    person.written.clone()
}

fn word<T: Closed>(fact: &Fact<T>) -> Fact<Value> {
    fact.as_ref().map(|value| value.word().into())
}

fn cut(facts: &Facts) -> Value {
    let texts = [
        (names::TITLE, &facts.title),
        (names::DESCRIPTION, &facts.description),
        (names::LOCATION, &facts.location),
        (names::CALENDAR, &facts.calendar),
    ];
    let cut = |text: &Fact<Option<Text>>| matches!(text, Fact::Known(Some(text)) if text.cut);
    texts.iter().filter(|(_, text)| cut(text)).map(|(name, _)| *name).collect()
}

fn moment(moment: &Moment) -> Value {
    match moment {
        Moment::Timed { at, .. } => instant(*at),
        Moment::Day(date) => date.to_string().into(),
    }
}

/// `2026-03-02T10:00:00Z`; fractions of a second, which calendars do not have, are left out.
fn instant(at: Instant) -> Value {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into()
}

fn zone(moment: &Moment) -> Value {
    match moment {
        Moment::Timed { zone, .. } => zone.name().into(),
        Moment::Day(_) => Value::Null,
    }
}

fn local(moment: &Moment) -> Value {
    let civil: Civil = moment.civil();
    match moment {
        Moment::Timed { .. } => civil.strftime("%Y-%m-%dT%H:%M:%S").to_string().into(),
        Moment::Day(date) => date.to_string().into(),
    }
}

//! Rows of `events.list`, in Google's spelling.

use crate::host::world::calendar::{Changed, Content, Copy, Guest, Meeting};
use crate::host::world::dice::hash;
use crate::time::{Civil, Elapsed, Instant, Zone};
use crate::value::Response;
use serde_json::{Value, json};

/// A row, and when what it tells takes place.
#[derive(Clone, Debug)]
pub struct Row {
    /// The id of the event.
    pub id: String,
    /// When it (first) begins.
    pub starts: Instant,
    /// When it is over; `None`: never.
    pub ends: Option<Instant>,
    /// The row as JSON.
    pub value: Value,
}

impl Row {
    /// What is left of a deleted entry: only the id is certain (`G2.2`), and on the organizer's own calendar a little more
    /// (`G2.3`).
    pub fn tombstone(&self) -> Self {
        let mut value = json!({
            "kind": "calendar#event",
            "etag": format!("\"{:x}\"", hash(&self.id)),
            "id": self.id,
            "status": "cancelled",
        });
        for member in ["recurringEventId", "originalStartTime"] {
            if let Some(known) = self.value.get(member) {
                value[member] = known.clone();
            }
        }
        let own = self.value["organizer"]["self"] == json!(true) && self.value["status"] != json!("cancelled");
        if own && self.value.get("recurringEventId").is_none() {
            value = self.value.clone();
            value["status"] = json!("cancelled");
        }
        Self { value, ..self.clone() }
    }
}

/// Every row of a copy: the single event, the master and its exceptions, or exceptions alone (`G1.13`).
pub fn rows(copy: &Copy<'_>) -> Vec<Row> {
    let meeting = copy.meeting;
    let mut rows = Vec::new();
    if copy.whole {
        let mut value = event(copy, &meeting.content, meeting.updated);
        times(&mut value, meeting, meeting.start(), meeting.mins);
        if let Some(repeats) = &meeting.repeats {
            value["recurrence"] = json!([format!("RRULE:{}", repeats.rule(meeting.first, &meeting.zone))]);
        }
        rows.push(Row { id: meeting.handle.clone(), starts: meeting.start(), ends: over_at(meeting), value });
    }
    rows.extend(copy.exceptions.iter().map(|(original, changed)| match changed {
        Some(changed) => changed_row(copy, *original, changed),
        None => removed_row(copy, *original),
    }));
    rows
}

/// An instance by its id, as a read of one event shows it.
pub fn instance(copy: &Copy<'_>, id: &str) -> Option<Row> {
    let meeting = copy.meeting;
    let (master, name) = id.rsplit_once('_')?;
    let civil = Civil::strptime("%Y%m%dT%H%M%SZ", name).ok()?;
    let original = Zone::utc().instant(civil);
    let on = copy.plain_originals(original, original + Elapsed::from_secs(1));
    if master != meeting.handle || meeting.repeats.is_none() || on.is_empty() {
        return None;
    }
    let plain = Changed { start: original, mins: meeting.mins, content: meeting.content.clone(), updated: meeting.updated };
    Some(changed_row(copy, original, &plain))
}

/// When a meeting is over for good; `None`: never.
fn over_at(meeting: &Meeting) -> Option<Instant> {
    match &meeting.repeats {
        Some(repeats) => repeats.over_at(meeting.first, &meeting.zone, meeting.length()),
        None => Some(meeting.start() + meeting.length()),
    }
}

fn changed_row(copy: &Copy<'_>, original: Instant, changed: &Changed) -> Row {
    let meeting = copy.meeting;
    let mut value = event(copy, &changed.content, changed.updated);
    times(&mut value, meeting, changed.start, changed.mins);
    name_instance(&mut value, meeting, original);
    let ends = changed.start + Elapsed::from_mins(i64::from(changed.mins));
    Row { id: instance_id(meeting, original), starts: changed.start, ends: Some(ends), value }
}

/// An occurrence that does not take place: only its names are certain (`G2.1`).
fn removed_row(copy: &Copy<'_>, original: Instant) -> Row {
    let meeting = copy.meeting;
    let mut value = json!({ "kind": "calendar#event", "etag": format!("\"{}\"", original.as_second()), "status": "cancelled" });
    name_instance(&mut value, meeting, original);
    Row { id: instance_id(meeting, original), starts: original, ends: Some(original + meeting.length()), value }
}

fn instance_id(meeting: &Meeting, original: Instant) -> String {
    format!("{}_{}", meeting.handle, Zone::utc().civil(original).strftime("%Y%m%dT%H%M%SZ"))
}

fn name_instance(value: &mut Value, meeting: &Meeting, original: Instant) {
    value["id"] = json!(instance_id(meeting, original));
    value["recurringEventId"] = json!(meeting.handle);
    value["originalStartTime"] = time(original, &meeting.zone);
}

/// Everything but when it is.
fn event(copy: &Copy<'_>, content: &Content, updated: Instant) -> Value {
    let meeting = copy.meeting;
    let mut value = json!({
        "kind": "calendar#event",
        "etag": format!("\"{}\"", updated.as_microsecond() * 2),
        "id": meeting.handle,
        "status": "confirmed",
        "htmlLink": format!("https://www.google.com/calendar/event?eid={:x}", hash(&meeting.handle)),
        "created": stamp(meeting.created),
        "updated": stamp(updated),
        "summary": content.title,
        "creator": actor(copy, &meeting.organizer),
        "organizer": actor(copy, &meeting.organizer),
        "iCalUID": meeting.uid,
        "sequence": meeting.sequence,
        "reminders": { "useDefault": true },
        "eventType": "default",
    });
    let texts = [("description", &content.description), ("location", &content.location)];
    for (member, text) in texts.into_iter().filter(|(_, text)| !text.is_empty()) {
        value[member] = json!(text);
    }
    if let Some(link) = &content.link {
        add_link(&mut value, link);
    }
    if !content.guests.is_empty() {
        let organizer = Guest::person(&meeting.organizer).answered(Response::Accepted);
        let all = copy.guests(content).chain(Some(&organizer).filter(|_| copy.organizes() || !content.guests_hidden));
        value["attendees"] = all.map(|guest| attendee(copy, guest)).collect();
    }
    if content.private {
        value["visibility"] = json!("private");
    }
    if content.guests_hidden {
        value["guestsCanSeeOtherGuests"] = json!(false);
    }
    value
}

/// Meet is Google's own, everything else stands in the text (`G2.15`, `G2.18`).
fn add_link(value: &mut Value, link: &str) {
    if link.contains("://meet.google.com/") {
        value["hangoutLink"] = json!(link);
        value["conferenceData"] = json!({
            "entryPoints": [{ "entryPointType": "video", "uri": link, "label": link.trim_start_matches("https://") }],
            "conferenceSolution": { "key": { "type": "hangoutsMeet" }, "name": "Google Meet" },
            "conferenceId": link.rsplit('/').next(),
        });
    } else {
        let text = value["description"].as_str().unwrap_or_default();
        let between = if text.is_empty() { "" } else { "<br><br>" };
        value["description"] = json!(format!("{text}{between}Join: <a href=\"{link}\">{link}</a>"));
    }
}

fn actor(copy: &Copy<'_>, address: &str) -> Value {
    let mut value = json!({ "email": address });
    if address == copy.account.address {
        value["self"] = json!(true);
    }
    value
}

fn attendee(copy: &Copy<'_>, guest: &Guest) -> Value {
    let mut value = actor(copy, &guest.address);
    let flags = [("organizer", guest.address == copy.meeting.organizer), ("optional", guest.optional), ("resource", guest.room)];
    for (flag, _) in flags.into_iter().filter(|(_, set)| *set) {
        value[flag] = json!(true);
    }
    value["responseStatus"] = json!(match guest.response {
        Response::Accepted | Response::Organizer => "accepted",
        Response::Tentative => "tentative",
        Response::Declined => "declined",
        Response::None => "needsAction",
    });
    value
}

fn times(value: &mut Value, meeting: &Meeting, start: Instant, mins: u32) {
    let end = start + Elapsed::from_mins(i64::from(mins));
    let (start, end) = if meeting.all_day {
        let first = meeting.first.date();
        let past = first.checked_add(Elapsed::from_mins(i64::from(mins))).unwrap_or(first);
        (json!({ "date": first.to_string() }), json!({ "date": past.to_string() }))
    } else {
        (time(start, &meeting.zone), time(end, &meeting.zone))
    };
    value["start"] = start;
    value["end"] = end;
}

/// A reading with its offset, and the zone it repeats in (`G2.7`).
fn time(at: Instant, zone: &Zone) -> Value {
    let minutes = zone.offset_secs(at) / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let offset = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
    json!({ "dateTime": format!("{}{offset}", zone.civil(at).strftime("%Y-%m-%dT%H:%M:%S")), "timeZone": zone.name() })
}

/// A point in time with milliseconds.
pub fn stamp(at: Instant) -> String {
    format!("{}.{:03}Z", Zone::utc().civil(at).strftime("%Y-%m-%dT%H:%M:%S"), at.subsec_millisecond())
}

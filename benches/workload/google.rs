//! Events as Google's calendar interface sends them.

use super::events::{Attendee, Event};
use super::vocabulary::ME;
use callsheet::event::Freq;
use callsheet::time::{Instant, Zone};
use callsheet::value::Response;
use serde_json::{Value, json};

/// Something to read past: agendas are the longest part of most events.
const AGENDA: &str = "Agenda:\n1. Where we stand since last time, with the open points of the list\n2. Numbers of the month, see \
    the sheet that was shared on Thursday\n3. Decisions needed until the end of the week\n\nPlease add your points below and come \
    prepared. Notes are kept in the usual place; whoever cannot come sends a line beforehand.";

/// An event of `events.list`, compact: 2.5 kilobytes on average.
pub fn google_json(event: &Event) -> Vec<u8> {
    let mut entry = json!({
        "kind": "calendar#event",
        "etag": format!("\"34{:014}\"", event.start_secs),
        "id": id(event),
        "status": "confirmed",
        "htmlLink": format!("https://www.google.com/calendar/event?eid={}{}", id(event), id(event)),
        "created": "2026-01-12T08:15:02.000Z",
        "updated": "2026-02-20T16:42:11.123Z",
        "summary": event.title,
        "description": AGENDA,
        "location": "Room 4.17",
        "creator": {"email": event.organizer().address},
        "organizer": {"email": event.organizer().address, "displayName": name(event.organizer())},
        "start": moment(event, event.start_secs),
        "end": moment(event, event.start_secs + i64::from(event.duration_mins) * 60),
        "iCalUID": format!("{}@google.com", id(event)),
        "sequence": 0,
        "attendees": event.attendees.iter().enumerate().map(|(place, who)| attendee(place, who)).collect::<Vec<Value>>(),
        "hangoutLink": format!("https://meet.google.com/{}", event.link),
        "conferenceData": conference(event),
        "reminders": {"useDefault": false, "overrides": [{"method": "popup", "minutes": 10}, {"method": "email", "minutes": 60}]},
        "eventType": "default",
    });
    if let Some(freq) = event.repeats {
        entry["recurrence"] = json!([format!("RRULE:FREQ={}", word(freq))]);
    }
    entry.to_string().into_bytes()
}

fn id(event: &Event) -> String {
    format!("{:x}{}", event.start_secs, event.link.replace('-', ""))
}

fn name(attendee: &Attendee) -> &str {
    attendee.address.split_once('.').map_or(&attendee.address, |(first, _)| first)
}

fn moment(event: &Event, secs: i64) -> Value {
    let at = Instant::from_second(secs).expect("a start of these years");
    if event.all_day {
        return json!({"date": Zone::utc().civil(at).date().to_string()});
    }
    let zone = Zone::named(event.zone).expect("a zone of the database");
    let minutes = zone.offset_secs(at) / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let offset = format!("{sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
    json!({"dateTime": format!("{}{offset}", zone.civil(at)), "timeZone": event.zone})
}

fn attendee(place: usize, attendee: &Attendee) -> Value {
    let status = match attendee.response {
        Response::Accepted | Response::Organizer => "accepted",
        Response::Tentative => "tentative",
        Response::Declined => "declined",
        Response::None => "needsAction",
    };
    let mut entry = json!({"email": attendee.address, "displayName": name(attendee), "responseStatus": status});
    let marks = [("organizer", place == 0), ("self", attendee.address == ME), ("optional", attendee.optional)];
    for (mark, _) in marks.iter().filter(|(_, set)| *set) {
        entry[*mark] = json!(true);
    }
    entry
}

fn conference(event: &Event) -> Value {
    json!({
        "entryPoints": [
            {"entryPointType": "video", "uri": format!("https://meet.google.com/{}", event.link), "label": format!("meet.google.com/{}", event.link)},
            {"entryPointType": "more", "uri": format!("https://tel.meet/{}?pin=4417220936123", event.link), "pin": "4417220936123"},
            {"regionCode": "GB", "entryPointType": "phone", "uri": "tel:+44-20-7946-0018", "label": "+44 20 7946 0018", "pin": "553107294"},
        ],
        "conferenceSolution": {
            "key": {"type": "hangoutsMeet"},
            "name": "Google Meet",
            "iconUri": "https://fonts.gstatic.com/s/i/productlogos/meet_2020q4/v6/web-512dp/logo_meet_2020q4_color_2x_web_512dp.png",
        },
        "conferenceId": event.link,
    })
}

fn word(freq: Freq) -> &'static str {
    match freq {
        Freq::Daily => "DAILY",
        Freq::Monthly => "MONTHLY",
        _ => "WEEKLY",
    }
}

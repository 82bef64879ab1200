//! Google's entries: other projects' events, whole conversations, and every field of the interface.

use crate::support::{fixtures, json_lines};
use callsheet::event::people::PersonKind;
use callsheet::event::{Calendar, EntryKind, Event};
use callsheet::providers::google::{Page, read, read_page};
use callsheet::providers::{JsonKind, ReadError, json_kind};
use callsheet::time::{Moment, Zone};
use callsheet::value::{Closed, EventKind, Fact, Response, ShowsAs, Status, UnknownReason, Visibility};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn page(value: &Value) -> Page {
    read_page(value.to_string().as_bytes(), &Zone::utc()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// The only event of a list with this item and these other members.
fn event_in(item: Value, mut list: Value) -> Event {
    list["items"] = json!([item]);
    let Calendar { mut events, unreadable, .. } = page(&list).calendar;
    assert_eq!((events.len(), unreadable.len()), (1, 0), "{unreadable:?}");
    events.remove(0)
}

/// A plain meeting with more members.
fn event(more: Value) -> Event {
    event_in(item(more), json!({"kind": "calendar#events", "accessRole": "owner"}))
}

fn item(more: Value) -> Value {
    let mut item = json!({"id": "a1", "summary": "Sync", "start": {"dateTime": "2026-03-02T10:00:00Z"}, "end": {"dateTime": "2026-03-02T11:00:00Z"}});
    for (key, value) in more.as_object().expect("an object") {
        item[key] = value.clone();
    }
    item
}

/// One line per event: what it is, when, and what is odd about it.
fn told(event: &Event) -> String {
    let moment = |moment: &Moment| match moment {
        Moment::Day(date) => date.to_string(),
        Moment::Timed { at, zone } => format!("{at}[{}]", zone.name()),
    };
    let kind = match &event.kind {
        EntryKind::Single => "single".to_owned(),
        EntryKind::SeriesMaster(series) => {
            let excluded: Vec<String> = series.excluded.iter().map(moment).collect();
            let extra: Vec<String> = series.extra.iter().map(|(start, _)| moment(start)).collect();
            let unreadable = series.unreadable.map_or(String::new(), |reason| format!(" ({})", reason.code()));
            format!("master {:?} -{excluded:?} +{extra:?}{unreadable}", series.rules)
        }
        EntryKind::Instance { master, recurrence_id, .. } => {
            format!("instance of {} at {}", master.as_deref().unwrap_or("?"), moment(recurrence_id))
        }
    };
    let end = match &event.end {
        Fact::Known(end) => moment(end),
        Fact::Unknown(reason) => reason.code().to_owned(),
    };
    let title = event.facts.title.known().and_then(Option::as_ref).map_or("-", |title| &title.content);
    let id = event.provider_id.as_deref().unwrap_or("-");
    format!("{id} {title:?} {} {}..{end} {kind}\n", event.facts.status.word(), moment(&event.start))
}

fn check(list: &Value, expected: Expect) {
    let page = page(list);
    let mut lines: String = page.calendar.events.iter().map(told).collect();
    lines.extend(page.removed.iter().map(|id| format!("gone: {id}\n")));
    lines.extend(page.calendar.unreadable.iter().map(|remark| format!("{}: {}\n", remark.place, remark.why)));
    expected.assert_eq(&lines);
}

/// A moment as the expected values have it.
fn as_expected(moment: &Moment) -> Value {
    match moment {
        Moment::Day(date) => json!({"date": date.to_string()}),
        Moment::Timed { at, .. } => json!({"utc": at.to_string()}),
    }
}

#[test]
fn events_of_other_projects_have_their_expected_values() {
    let Some(fixtures) = fixtures() else { return };
    for row in json_lines(&fixtures.join("google/events.jsonl")) {
        let page = page(&json!([row["event"]]));
        if row["expected"] == "reject" {
            assert!(page.calendar.events.is_empty() && page.calendar.unreadable.len() == 1, "{row}");
            continue;
        }
        let [event] = &page.calendar.events[..] else { panic!("{row}: {page:?}") };
        for (key, value) in row["expected"].as_object().expect("values") {
            let facts = &event.facts;
            let text =
                |fact: &Fact<Option<callsheet::event::Text>>| json!(fact.known().cloned().flatten().map(|text| text.content));
            let found = match key.as_str() {
                "id" => json!(event.provider_id),
                "iCalUID" => json!(event.uid),
                "status" => json!(facts.status.word()),
                "summary" => text(&facts.title),
                "location" => text(&facts.location),
                "transparency" => json!(if facts.shows_as == Fact::Known(ShowsAs::Free) { "transparent" } else { "opaque" }),
                "visibility" => json!(facts.visibility.known().map(|visibility| visibility.word())),
                "start" => as_expected(&event.start),
                "end" => as_expected(event.end.known().expect("an end")),
                "all_day" => json!(event.start.is_day()),
                "attendees" => {
                    let addresses: BTreeSet<&str> = facts.people.attendees.iter().map(|person| person.written.as_str()).collect();
                    json!(addresses)
                }
                "organizer" => json!(facts.people.organizer.known().map(|person| &person.written)),
                "self_response" => json!(facts.my_response.known().map(|response| response.word())),
                "recurringEventId" => match &event.kind {
                    EntryKind::Instance { master, .. } => json!(master),
                    other => panic!("{row}: {other:?}"),
                },
                "original_start" => match &event.kind {
                    EntryKind::Instance { recurrence_id, .. } => as_expected(recurrence_id),
                    other => panic!("{row}: {other:?}"),
                },
                "recurrence" => {
                    let EntryKind::SeriesMaster(series) = &event.kind else { panic!("{row}") };
                    let rules = value
                        .as_array()
                        .expect("lines")
                        .iter()
                        .filter_map(Value::as_str)
                        .filter_map(|line| line.strip_prefix("RRULE:"));
                    assert_eq!(series.rules, rules.collect::<Vec<_>>(), "{row}");
                    value.clone()
                }
                other => panic!("an expected value that is not compared: {other}"),
            };
            assert_eq!(&found, value, "{key} of {row}");
        }
    }
}

#[test]
fn conversations_are_read_page_by_page() {
    let Some(fixtures) = fixtures() else { return };
    let text = std::fs::read_to_string(fixtures.join("google/sync.json")).expect("a file");
    let conversations: Vec<Value> = serde_json::from_str(&text).expect("JSON");
    let mut pages = 0;
    for conversation in &conversations {
        // Lists of calendars and colours are none of these pages.
        let of_events =
            conversation["case"].as_str().is_some_and(|case| !case.contains("list_calendars") && !case.contains("colors"));
        for body in conversation["responses"].as_array().expect("answers").iter().filter_map(|answer| answer.get("body")) {
            let Some(items) = body["items"].as_array().filter(|_| of_events) else { continue };
            let page = page(body);
            assert_eq!(page.calendar.events.len(), items.len(), "{conversation}");
            assert_eq!(page.calendar.unreadable, [], "{conversation}");
            assert_eq!(json!(page.next_page_token), body["nextPageToken"]);
            assert_eq!(json!(page.next_sync_token), body["nextSyncToken"]);
            pages += 1;
        }
    }
    assert!(pages > 15);
}

#[test]
fn a_recorded_session_leads_to_its_states() {
    let Some(fixtures) = fixtures() else { return };
    let text = std::fs::read_to_string(fixtures.join("google/recording-sync-session.json")).expect("a file");
    let session: Value = serde_json::from_str(&text).expect("JSON");
    let log = session["log"].as_array().expect("calls");
    for step in session["steps"].as_array().expect("steps") {
        let done = usize::try_from(step["after_call"].as_u64().expect("a number")).expect("small");
        let answers = log[..done].iter().filter(|call| call["role"] == "client").map(|call| call["response"]["body"].to_string());
        let bytes = answers.collect::<Vec<_>>().join("\n");
        let page = read_page(bytes.as_bytes(), &Zone::utc()).expect("pages");
        let held: BTreeMap<&str, &Event> =
            page.calendar.events.iter().map(|event| (event.provider_id.as_deref().expect("an id"), event)).collect();
        let state = step["state"].as_object().expect("a state");
        assert_eq!(held.keys().copied().collect::<BTreeSet<_>>(), state.keys().map(String::as_str).collect());
        for (id, expected) in state {
            let event = held[id.as_str()];
            assert_eq!(event.facts.status.word(), expected["status"], "{id}");
            let again = read(
                json!([{"id": id, "start": expected["start"], "end": expected["end"], "summary": expected["summary"]}])
                    .to_string()
                    .as_bytes(),
                &Zone::utc(),
            );
            let again = again.expect("an event");
            assert_eq!(
                (&event.start, &event.end, &event.facts.title),
                (&again.events[0].start, &again.events[0].end, &again.events[0].facts.title),
                "{id}"
            );
        }
        assert_eq!(page.calendar.owner.map(|owner| owner.to_string()).as_deref(), Some("alex@acme.com"));
    }
}

/// Members of an event that are deliberately not read, and why.
const NOT_READ: &[(&str, &str)] = &[
    ("anyoneCanAddSelf", "says who may change the guest list, not who is on it"),
    ("attachments", "no fact of the rules"),
    ("birthdayProperties", "the kind says enough"),
    ("colorId", "looks"),
    ("created", "no fact of the rules; `updated` orders states"),
    ("etag", "for writing back"),
    ("eventLabelId", "looks"),
    ("extendedProperties", "belongs to other programs"),
    ("focusTimeProperties", "the kind says enough"),
    ("gadget", "deprecated"),
    ("guestsCanInviteOthers", "says who may change the guest list"),
    ("guestsCanModify", "says who may change the event"),
    ("htmlLink", "the event's own page, no meeting"),
    ("kind", "always the same"),
    ("locked", "says who may change the event"),
    ("outOfOfficeProperties", "the kind says enough"),
    ("privateCopy", "the UID may be unrelated; the room joins such copies (G2.19)"),
    ("reminders", "the reader's own"),
    ("source", "where the event was made, no way to join"),
    ("workingLocationProperties", "the kind says enough"),
];

#[test]
fn every_member_of_an_event_is_read_or_listed() {
    let Some(fixtures) = fixtures() else { return };
    let text = std::fs::read_to_string(fixtures.join("google/discovery-calendar-v3.json")).expect("a file");
    let discovery: Value = serde_json::from_str(&text).expect("JSON");
    for member in discovery["schemas"]["Event"]["properties"].as_object().expect("properties").keys() {
        // What is read has a type, and no member has this one.
        let odd = page(&json!([item(json!({member: [[1]]}))]));
        let read = !odd.calendar.unreadable.is_empty();
        let listed = NOT_READ.iter().any(|(name, _)| name == member);
        assert!(read != listed, "{member}: read {read}, listed {listed}");
    }
}

#[test]
fn series_instances_and_tombstones() {
    check(
        &json!({"timeZone": "Europe/London", "items": [
            {"id": "s1", "iCalUID": "s1@google.com", "start": {"dateTime": "2026-03-02T09:00:00Z", "timeZone": "Europe/London"},
             "end": {"dateTime": "2026-03-02T09:30:00Z", "timeZone": "Europe/London"},
             "recurrence": ["EXDATE;TZID=Europe/London:20260316T090000", "EXDATE;VALUE=DATE:20260323", "RRULE:FREQ=WEEKLY;BYDAY=MO", "RDATE:20260401T120000Z"]},
            {"id": "s1_20260309T090000Z", "status": "cancelled", "recurringEventId": "s1", "originalStartTime": {"dateTime": "2026-03-09T09:00:00Z", "timeZone": "Europe/London"}},
            {"id": "s1_20260330T080000Z", "status": "cancelled"},
            {"id": "s1_20260406T080000Z", "recurringEventId": "s1", "originalStartTime": {"dateTime": "2026-04-06T09:00:00+01:00"},
             "start": {"dateTime": "2026-04-07T15:00:00+01:00"}, "end": {"dateTime": "2026-04-07T15:30:00+01:00"}},
            {"id": "d1_20260309", "status": "cancelled", "recurringEventId": "d1"},
            {"id": "d2", "start": {"date": "2026-03-02"}, "recurrence": ["RRULE:FREQ=DAILY;UNTIL=20260310"]},
            {"id": "gone1", "status": "cancelled"},
            {"id": "full", "status": "cancelled", "start": {"date": "2026-03-02"}, "end": {"date": "2026-03-03"}},
            {"id": "bad", "start": {"dateTime": "soon"}},
            {"id": "odd", "start": 5},
            {"id": "lost", "status": "cancelled", "recurringEventId": "s9"},
            {"id": "zone", "start": {"dateTime": "2026-03-02T09:00:00+01:00", "timeZone": "Mars/Base"}, "end": {"dateTime": "2026-03-02T10:00:00+01:00"},
             "recurrence": ["RRULE:FREQ=DAILY"]},
        ]}),
        expect![[r#"
            s1 "-" confirmed 2026-03-02T09:00:00Z[Europe/London]..2026-03-02T09:30:00Z[Europe/London] master ["FREQ=WEEKLY;BYDAY=MO"] -["2026-03-16T09:00:00Z[Europe/London]", "2026-03-23"] +["2026-04-01T12:00:00Z[UTC]"]
            s1_20260309T090000Z "-" cancelled 2026-03-09T09:00:00Z[Europe/London]..end-unspecified instance of s1 at 2026-03-09T09:00:00Z[Europe/London]
            s1_20260330T080000Z "-" cancelled 2026-03-30T08:00:00Z[Europe/London]..end-unspecified instance of s1 at 2026-03-30T08:00:00Z[Europe/London]
            s1_20260406T080000Z "-" confirmed 2026-04-07T14:00:00Z[Europe/London]..2026-04-07T14:30:00Z[Europe/London] instance of s1 at 2026-04-06T08:00:00Z[Europe/London]
            d1_20260309 "-" cancelled 2026-03-09..2026-03-10 instance of d1 at 2026-03-09
            d2 "-" confirmed 2026-03-02..2026-03-03 master ["FREQ=DAILY;UNTIL=20260310"] -[] +[]
            full "-" cancelled 2026-03-02..2026-03-03 single
            zone "-" confirmed 2026-03-02T08:00:00Z[Europe/London]..2026-03-02T09:00:00Z[Europe/London] master ["FREQ=DAILY"] -[] +[] (zone-unresolved)
            gone: gone1
            entry 9 (bad): an event that cannot be read: its start is no date
            entry 10: a field at column 21 of the entry has another type than it should have
            entry 11 (lost): an event that cannot be read: an instance that does not say which
            entry 12 (zone): it names a time zone that cannot be resolved
        "#]],
    );
}

#[test]
fn instances_have_the_uid_of_their_series() {
    let page = page(&json!([
        {"id": "s1_20260330T080000Z", "status": "cancelled"},
        item(json!({"id": "s1", "iCalUID": "x@google.com", "recurrence": ["RRULE:FREQ=DAILY"]})),
    ]));
    assert!(page.calendar.events.iter().all(|event| event.uid == "x@google.com"));
}

#[test]
fn the_last_state_of_an_entry_counts_unless_it_is_older() {
    let state = |title: &str, updated: &str| item(json!({"summary": title, "updated": updated}));
    let title = |items: Value| page(&json!({"items": items})).calendar.events.first().map(told);
    let newer = state("new", "2026-03-01T10:00:00.000Z");
    let older = state("old", "2026-03-01T09:00:00.000Z");
    assert!(title(json!([older, newer])).is_some_and(|told| told.contains("new")));
    assert!(title(json!([newer, older])).is_some_and(|told| told.contains("new")));
    assert_eq!(title(json!([newer, {"id": "a1", "status": "cancelled"}])), None);
    assert!(title(json!([newer, {"id": "a1", "status": "cancelled"}, older])).is_some_and(|told| told.contains("old")));
}

#[test]
fn hidden_events_say_what_they_hide() {
    let busy = json!({"id": "b1", "visibility": "private", "start": {"dateTime": "2026-03-02T10:00:00Z"}, "end": {"dateTime": "2026-03-02T11:00:00Z"}});
    for role in ["freeBusyReader", "reader", "writerWithoutPrivateAccess"] {
        let event = event_in(busy.clone(), json!({"accessRole": role}));
        let private = Some(UnknownReason::PrivateEvent);
        let facts = &event.facts;
        assert_eq!(
            [facts.title.unknown(), facts.description.unknown(), facts.location.unknown(), facts.link.unknown()],
            [private; 4],
            "{role}"
        );
        assert_eq!((facts.people.incomplete, facts.people.organizer.unknown()), (private, private), "{role}");
    }
    let own = event_in(busy.clone(), json!({"accessRole": "owner"}));
    assert_eq!((&own.facts.title, own.facts.people.incomplete), (&Fact::Known(None), None));
    assert_eq!(own.facts.visibility, Fact::Known(Visibility::Private));
    let seen = event_in(
        json!({"id": "b1", "visibility": "private", "summary": "Mine", "start": busy["start"], "end": busy["end"]}),
        json!({"accessRole": "reader"}),
    );
    assert!(seen.facts.title.known().is_some() && seen.facts.description.unknown().is_some());
}

#[test]
fn people_are_read_with_their_flags() {
    let event = event(json!({
        "organizer": {"email": "Dana@Acme.com", "displayName": "Dana"},
        "creator": {"email": "assistant@acme.com"},
        "attendees": [
            {"email": "dana@acme.com", "organizer": true, "responseStatus": "needsAction"},
            {"email": "me@acme.com", "self": true, "responseStatus": "tentative", "optional": true, "additionalGuests": 2},
            {"email": "room-1@resource.calendar.google.com", "resource": true, "responseStatus": "accepted"},
            {"displayName": "No Address"},
        ],
    }));
    let people = &event.facts.people;
    assert_eq!(people.organizer.known().expect("an organizer").written, "dana@acme.com");
    assert_eq!(people.creator.known().expect("a creator").written, "assistant@acme.com");
    assert_eq!(people.attendees[0].response, Fact::Known(Response::Organizer));
    assert_eq!(
        (people.attendees[1].is_self, people.attendees[1].plus_guests, &people.attendees[1].optional),
        (true, 2, &Fact::Known(true))
    );
    assert_eq!(people.attendees[2].kind, PersonKind::Resource);
    assert_eq!((people.attendees[3].written.as_str(), &people.attendees[3].address), ("no address", &None));
    assert_eq!(event.facts.my_response, Fact::Known(Response::Tentative));
    assert_eq!(people.incomplete, None);
}

#[test]
fn guest_lists_that_lack_people_say_so() {
    let incomplete = |more: Value| event(more).facts.people.incomplete;
    assert_eq!(incomplete(json!({"attendeesOmitted": true})), Some(UnknownReason::GuestsCut));
    assert_eq!(incomplete(json!({"guestsCanSeeOtherGuests": false})), Some(UnknownReason::GuestsHidden));
    assert_eq!(incomplete(json!({"guestsCanSeeOtherGuests": false, "organizer": {"email": "me@acme.com", "self": true}})), None);
    let many: Vec<Value> = (0..1001).map(|n| json!({"email": format!("p{n}@acme.com")})).collect();
    let event = event(json!({"attendees": many}));
    assert_eq!((event.facts.people.attendees.len(), event.facts.people.incomplete), (1000, Some(UnknownReason::GuestsCut)));
}

#[test]
fn calendars_as_organizers_are_nobody() {
    for email in ["acme_1@group.calendar.google.com", "unknownorganizer@calendar.google.com"] {
        let event = event(json!({"organizer": {"email": email, "self": true}}));
        assert_eq!(event.facts.people.organizer, Fact::Unknown(UnknownReason::OrganizerIsCalendar));
    }
    assert_eq!(page(&json!({"summary": "Team", "items": [item(json!({"organizer": {"email": "x@group.calendar.google.com", "self": true}}))]})).calendar.owner, None);
}

#[test]
fn links_come_from_the_conference_before_the_text() {
    let link = |more: Value| event(more).facts.link.clone();
    let url = |more: Value| link(more).known().cloned().flatten().map(|link| link.url);
    let conference = json!({"entryPoints": [{"entryPointType": "phone", "uri": "tel:+1"}, {"entryPointType": "video", "uri": "https://zoom.us/j/5551112222?pwd=a"}], "conferenceSolution": {"key": {"type": "addOn"}}});
    assert_eq!(
        url(json!({"conferenceData": conference, "hangoutLink": "https://meet.google.com/abc-defg-hij"})).as_deref(),
        Some("https://zoom.us/j/5551112222?pwd=a")
    );
    assert_eq!(
        url(json!({"hangoutLink": "https://meet.google.com/abc-defg-hij", "location": "https://zoom.us/j/5551112222"}))
            .as_deref(),
        Some("https://meet.google.com/abc-defg-hij")
    );
    assert_eq!(
        url(json!({"description": "<a href=\"https://zoom.us/j/5551112222\">x</a>"})).as_deref(),
        Some("https://zoom.us/j/5551112222")
    );
    let pending = json!({"createRequest": {"status": {"statusCode": "pending"}}});
    assert_eq!(link(json!({"conferenceData": pending})), Fact::Unknown(UnknownReason::LinkPending));
    assert_eq!(link(json!({})), Fact::Known(None));
}

#[test]
fn kinds_ends_and_showing() {
    let kinds = ["default", "focusTime", "outOfOffice", "workingLocation", "birthday", "fromGmail", "somethingNew"];
    let read = kinds.map(|kind| event(json!({"eventType": kind})).facts.kind);
    use EventKind::{Birthday, Default, Focus, FromGmail, Other, OutOfOffice, WorkingLocation};
    assert_eq!(read, [Default, Focus, OutOfOffice, WorkingLocation, Birthday, FromGmail, Other]);
    assert_eq!(event(json!({"transparency": "transparent"})).facts.shows_as, Fact::Known(ShowsAs::Free));
    assert_eq!(event(json!({"endTimeUnspecified": true})).end, Fact::Unknown(UnknownReason::EndUnspecified));
    assert_eq!(event(json!({"status": "tentative"})).facts.status, Status::Tentative);
    assert_eq!(
        event(json!({"description": "<p>Agenda<br>one</p>"}))
            .facts
            .description
            .known()
            .cloned()
            .flatten()
            .expect("a text")
            .content,
        "Agenda\none"
    );
}

#[test]
fn deep_nesting_is_no_danger() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    for start in ["", "{\"items\": ", "{\"items\": [{\"extendedProperties\": ", "{\"items\": [{\"attendees\": "] {
        let _ = read(format!("{start}{deep}{}", if start.is_empty() { "" } else { "}]}" }).as_bytes(), &Zone::utc());
        let _ = json_kind(format!("{start}{deep}").as_bytes());
    }
}

#[test]
fn a_cancelled_instance_replaces_its_live_row() {
    let page = page(&json!([
        item(json!({"id": "s_1", "iCalUID": "x@google.com", "recurringEventId": "s", "originalStartTime": {"dateTime": "2026-03-02T10:00:00Z"}})),
        {"id": "s_1", "status": "cancelled", "recurringEventId": "s", "originalStartTime": {"dateTime": "2026-03-02T10:00:00Z"}},
    ]));
    let [event] = &page.calendar.events[..] else { panic!("{page:?}") };
    assert_eq!(event.facts.status, Status::Cancelled);
}

#[test]
fn shapes_are_told_apart() {
    let single = item(json!({}));
    assert_eq!(page(&single).calendar.events.len(), 1);
    let lines = format!("{single}\n{}", item(json!({"id": "a2"})));
    assert_eq!(read(lines.as_bytes(), &Zone::utc()).expect("events").events.len(), 2);
    let cut = format!("{single}\n{{\"id\": ");
    let calendar = read(cut.as_bytes(), &Zone::utc()).expect("events");
    assert_eq!((calendar.events.len(), calendar.unreadable.len()), (1, 1));
    assert_eq!(page(&json!({"kind": "calendar#events", "items": []})).calendar.events, []);
    for (bytes, error) in [
        (&b"{\"error\": {\"code\": 410}}"[..], ReadError::NoEntries),
        (b"", ReadError::NoEntries),
        (b"[1", ReadError::NotJson { place: "line 1, column 2".to_owned() }),
    ] {
        assert_eq!(read(bytes, &Zone::utc()), Err(error));
    }
    assert_eq!(json_kind(single.to_string().as_bytes()), Some(JsonKind::Google));
    assert_eq!(json_kind(b"{\"items\": []}"), Some(JsonKind::Google));
    assert_eq!(json_kind(b"{\"value\": []}"), Some(JsonKind::Graph));
    assert_eq!(json_kind(b"BEGIN:VCALENDAR"), None);
    assert_eq!(json_kind(json!([{"subject": "x", "start": {}}]).to_string().as_bytes()), Some(JsonKind::Graph));
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "(RRULE:|EXDATE;TZID=|:|20260302T100000Z?|2026-03-02T10:00:00Z|9999-12-31|-?[0-9]{1,9}|cancelled|\\PC){0,4}"
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| prop_oneof![prop::collection::vec(inner, 0..4).prop_map(Value::from)])
}

proptest! {
    #[test]
    fn any_values_are_read_without_a_fault(values in prop::collection::vec((prop::sample::select(vec!["id", "status", "start", "end", "recurrence", "recurringEventId", "originalStartTime", "attendees", "updated", "sequence", "summary"]), any_json()), 0..8), date in "\\PC{0,12}", time in "[-0-9T:.Z+]{0,24}") {
        let mut item = json!({"start": {"dateTime": time}, "end": {"date": date}});
        for (key, value) in values {
            item[key] = value;
        }
        let _ = read(json!({"items": [item]}).to_string().as_bytes(), &Zone::utc());
    }

    #[test]
    fn any_bytes_are_read_without_a_fault(bytes in prop::collection::vec(any::<u8>(), 0..64), start in prop::sample::select(vec!["", "{\"items\":[", "[", "{\"start\":"])) {
        let _ = read(&[start.as_bytes(), &bytes].concat(), &Zone::utc());
        let _ = json_kind(&bytes);
    }
}

/// Whoever sends an invitation chooses its UID: one that copies the UID of a meeting in the same calendar hides nothing.
#[test]
fn a_copied_uid_hides_no_meeting_of_the_same_calendar() {
    let item = |id: &str, title: &str, hour: u32, updated: &str| {
        serde_json::json!({
            "id": id, "iCalUID": "pitch@google.com", "status": "confirmed", "summary": title, "sequence": 9, "updated": updated,
            "start": {"dateTime": format!("2026-03-02T{hour}:00:00Z")}, "end": {"dateTime": format!("2026-03-02T{hour}:30:00Z")},
        })
    };
    let page =
        serde_json::json!([item("own", "Pitch", 10, "2026-02-01T00:00:00Z"), item("copy", "Copied", 12, "2026-02-02T00:00:00Z")]);
    let calendar = callsheet::providers::read(page.to_string().as_bytes(), &Zone::utc()).expect("a calendar");
    let window = "2026-03-02T00:00:00Z".parse().expect("an instant").."2026-03-03T00:00:00Z".parse().expect("an instant");
    let titles: Vec<_> =
        calendar.occurrences(window, &Zone::utc()).occurrences.iter().map(|found| found.facts.title.clone()).collect();
    assert_eq!(titles.len(), 2, "{titles:?}");
}

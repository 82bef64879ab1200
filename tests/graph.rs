//! Graph's entries: the examples of its documentation, every field of its schema, and what its rows leave out.

use crate::support::fixtures;
use callsheet::event::people::PersonKind;
use callsheet::event::{EntryKind, Event};
use callsheet::providers::ReadError;
use callsheet::providers::graph::{Page, read, read_page};
use callsheet::time::{Moment, Zone};
use callsheet::value::{Closed, Fact, Response, ShowsAs, Status, UnknownReason, Visibility};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;

fn page(value: &Value) -> Page {
    read_page(value.to_string().as_bytes(), &Zone::utc()).unwrap_or_else(|error| panic!("{value}: {error}"))
}

/// A plain meeting with more members.
fn item(more: Value) -> Value {
    let mut item = json!({
        "id": "a1", "iCalUId": "uid-1", "type": "singleInstance", "subject": "Sync", "sensitivity": "normal", "showAs": "busy",
        "body": {"contentType": "html", "content": "<p>Notes</p>"}, "location": {"displayName": "Room 1"}, "attendees": [],
        "organizer": {"emailAddress": {"name": "Dana", "address": "Dana@acme.com"}},
        "start": {"dateTime": "2026-03-02T10:00:00.0000000", "timeZone": "UTC"},
        "end": {"dateTime": "2026-03-02T11:00:00.0000000", "timeZone": "UTC"},
    });
    for (key, value) in more.as_object().expect("an object") {
        item[key] = value.clone();
    }
    item
}

fn event(more: Value) -> Event {
    let mut calendar = page(&json!({"value": [item(more)]})).calendar;
    assert_eq!((calendar.events.len(), &calendar.unreadable[..]), (1, &[][..]));
    calendar.events.remove(0)
}

fn moment(moment: &Moment) -> String {
    match moment {
        Moment::Day(date) => date.to_string(),
        Moment::Timed { at, zone } => format!("{at}[{}]", zone.name()),
    }
}

/// One line per event: what it is, when, and what is odd about it.
fn told(event: &Event) -> String {
    let kind = match &event.kind {
        EntryKind::Single => "single".to_owned(),
        EntryKind::SeriesMaster(series) => {
            let excluded: Vec<String> = series.excluded.iter().map(moment).collect();
            let unreadable = series.unreadable.map_or(String::new(), |reason| format!(" ({})", reason.code()));
            format!("master {:?} -{excluded:?}{unreadable}", series.rules)
        }
        EntryKind::Instance { master, recurrence_id, .. } => {
            format!("instance of {} at {}", master.as_deref().unwrap_or("?"), moment(recurrence_id))
        }
    };
    let end = match &event.end {
        Fact::Known(end) => moment(end),
        Fact::Unknown(reason) => reason.code().to_owned(),
    };
    let title = match &event.facts.title {
        Fact::Known(title) => title.as_ref().map_or("-", |title| &title.content),
        Fact::Unknown(reason) => reason.code(),
    };
    let id = event.provider_id.as_deref().unwrap_or("-");
    let people: Vec<&str> = event.facts.people.attendees.iter().map(|person| person.written.as_str()).collect();
    format!("{id} {title:?} {} {}..{end} {kind} {people:?}\n", event.facts.status.word(), moment(&event.start))
}

fn check(list: &Value, expected: Expect) {
    let page = page(list);
    let mut lines: String = page.calendar.events.iter().map(told).collect();
    lines.extend(page.removed.iter().map(|id| format!("gone: {id}\n")));
    lines.extend(page.calendar.unreadable.iter().map(|remark| format!("{}: {}\n", remark.place, remark.why)));
    expected.assert_eq(&lines);
}

/// The part of a body that `path` (`$.value[0]`) names, as a page of its own where it is an entry of one.
fn at_path(body: &Value, path: &str) -> Value {
    let mut part = body;
    for step in
        path.trim_start_matches('$').split(['.', '[']).map(|step| step.trim_end_matches(']')).filter(|step| !step.is_empty())
    {
        part = step.parse::<usize>().map_or_else(|_| &part[step], |index| &part[index]);
    }
    part.clone()
}

#[test]
fn the_documented_examples_have_their_expected_values() {
    let Some(fixtures) = fixtures() else { return };
    let mut compared = 0;
    for entry in std::fs::read_dir(fixtures.join("graph/examples")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let file: Value = serde_json::from_str(&std::fs::read_to_string(&path).expect("a file")).expect("JSON");
        for example in file["examples"].as_array().expect("examples") {
            for expected in example["expected_events"].as_array().into_iter().flatten() {
                let object = at_path(&example["body"], expected["path"].as_str().expect("a path"));
                let calendar = page(&json!([object])).calendar;
                let [event] = &calendar.events[..] else { panic!("{}: {expected}: {calendar:?}", path.display()) };
                compare(event, expected);
                compared += 1;
            }
            // The whole body tells as many events as its parts.
            if example["body"]["value"].is_array() && example["expected_events"].is_array() {
                let whole = page(&example["body"]);
                assert_eq!(
                    whole.calendar.events.len(),
                    example["expected_events"].as_array().map_or(0, Vec::len),
                    "{}",
                    path.display()
                );
                assert_eq!(json!(whole.next_link), example["body"]["@odata.nextLink"]);
            }
        }
    }
    assert!(compared > 20);
}

fn compare(event: &Event, expected: &Value) {
    let facts = &event.facts;
    for (key, value) in expected.as_object().expect("values") {
        let found = match key.as_str() {
            "path" | "isOnlineMeeting" | "onlineMeetingProvider" => continue,
            "id" => json!(event.provider_id),
            "iCalUId" => json!(event.uid),
            "subject" => json!(facts.title.known().cloned().flatten().map(|title| title.content)),
            "type" => json!(match (&event.kind, value.as_str()) {
                (EntryKind::Single, _) => "singleInstance",
                (EntryKind::SeriesMaster(_), _) => "seriesMaster",
                (EntryKind::Instance { .. }, Some("exception")) => "exception",
                (EntryKind::Instance { .. }, _) => "occurrence",
            }),
            "seriesMasterId" => match &event.kind {
                EntryKind::Instance { master, .. } => json!(master),
                other => panic!("{other:?}"),
            },
            "isAllDay" => json!(event.start.is_day()),
            "isCancelled" => json!(facts.status == Status::Cancelled),
            "showAs" => json!(facts.shows_as.known().map(|shown| match shown {
                ShowsAs::OutOfOffice => "oof",
                ShowsAs::Elsewhere => "workingElsewhere",
                other => other.word(),
            })),
            "sensitivity" => json!(facts.visibility.known().map(|visibility| if *visibility == Visibility::Default {
                "normal"
            } else {
                visibility.word()
            })),
            "start" => json!({"utc": event.start.instant(&Zone::utc()).to_string()}),
            "end" => json!({"utc": event.end.known().expect("an end").instant(&Zone::utc()).to_string()}),
            "organizer" => json!(facts.people.organizer.known().map(|person| &person.written)),
            "attendees" => {
                let addresses: BTreeSet<&str> = facts.people.attendees.iter().map(|person| person.written.as_str()).collect();
                json!(addresses)
            }
            "join_url" => json!(facts.link.known().cloned().flatten().map(|link| link.url)),
            "recurrence" => {
                let EntryKind::SeriesMaster(series) = &event.kind else { panic!("{event:?}") };
                let parts = |rule: &str| rule.split(';').map(str::to_owned).collect::<BTreeSet<_>>();
                assert_eq!(parts(&series.rules[0]), parts(value["rrule"].as_str().expect("a rule")));
                continue;
            }
            other => panic!("an expected value that is not compared: {other}"),
        };
        assert_eq!(&found, value, "{key} of {expected}");
    }
}

/// Members of an event that are deliberately not read, and why.
const NOT_READ: &[(&str, &str)] = &[
    ("allowNewTimeProposals", "says what guests may do"),
    ("categories", "the reader's own"),
    ("changeKey", "opaque; `lastModifiedDateTime` orders states"),
    ("createdDateTime", "no fact of the rules"),
    ("hasAttachments", "no fact of the rules"),
    ("importance", "no fact of the rules"),
    ("isReminderOn", "the reader's own"),
    ("onlineMeetingProvider", "the link says which service it is"),
    ("reminderMinutesBeforeStart", "the reader's own"),
    ("responseRequested", "says what the organizer expects"),
    ("transactionId", "for writing"),
    ("webLink", "the event's own page, no meeting"),
];

#[test]
fn every_member_of_an_event_is_read_or_listed() {
    let Some(fixtures) = fixtures() else { return };
    let text = std::fs::read_to_string(fixtures.join("graph/schema-event-types.json")).expect("a file");
    let schema: Value = serde_json::from_str(&text).expect("JSON");
    for kind in ["event", "outlookItem", "entity"] {
        for member in schema["types"][kind]["properties"].as_object().expect("properties").keys() {
            // What is read has a type, and no member has this one.
            let odd = page(&json!([item(json!({member: [[1]]}))]));
            let read = !odd.calendar.unreadable.is_empty();
            let listed = NOT_READ.iter().any(|(name, _)| name == member);
            assert!(read != listed, "{member}: read {read}, listed {listed}");
        }
    }
    // Every word of the sets that are read is understood.
    let members = |set: &str| {
        schema["types"][set]["members"]
            .as_array()
            .expect("members")
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for word in members("freeBusyStatus") {
        assert_eq!(event(json!({"showAs": word})).facts.shows_as.known().is_some(), word != "unknown", "{word}");
    }
    for word in members("sensitivity") {
        assert!(event(json!({"sensitivity": word})).facts.visibility.known().is_some(), "{word}");
    }
    for word in members("responseType") {
        assert!(event(json!({"responseStatus": {"response": word}})).facts.my_response.known().is_some(), "{word}");
    }
    for word in members("recurrencePatternType") {
        let pattern =
            json!({"type": word, "interval": 1, "month": 5, "dayOfMonth": 3, "daysOfWeek": ["monday"], "index": "second"});
        let recurrence = json!({"pattern": pattern, "range": {"type": "noEnd", "startDate": "2026-03-02"}});
        let EntryKind::SeriesMaster(series) = event(json!({"type": "seriesMaster", "recurrence": recurrence})).kind else {
            panic!("{word}")
        };
        assert_eq!(series.unreadable, None, "{word}");
    }
}

#[test]
fn patterns_become_rules() {
    let rule = |pattern: Value, range: Value, more: Value| {
        let mut master = item(
            json!({"type": "seriesMaster", "recurrence": {"pattern": pattern, "range": range}, "originalStartTimeZone": "W. Europe Standard Time"}),
        );
        for (key, value) in more.as_object().expect("an object") {
            master[key] = value.clone();
        }
        page(&json!([master])).calendar.events.iter().map(told).collect::<String>()
    };
    let forever = json!({"type": "noEnd", "startDate": "2026-03-02", "endDate": "0001-01-01"});
    let rules: String = [
        rule(json!({"type": "daily", "interval": 3}), json!({"type": "numbered", "numberOfOccurrences": 10}), json!({})),
        rule(json!({"type": "weekly", "interval": 2, "daysOfWeek": ["friday", "monday"], "firstDayOfWeek": "monday"}), json!({"type": "endDate", "endDate": "2026-06-30"}), json!({})),
        rule(json!({"type": "weekly", "interval": 1, "daysOfWeek": ["sunday"]}), json!({"type": "endDate", "endDate": "2026-12-31", "recurrenceTimeZone": "Pacific Standard Time"}), json!({})),
        rule(json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 15}), forever.clone(), json!({})),
        rule(json!({"type": "absoluteMonthly", "interval": 1, "dayOfMonth": 31}), forever.clone(), json!({})),
        rule(json!({"type": "relativeMonthly", "interval": 1, "daysOfWeek": ["tuesday"], "index": "last"}), forever.clone(), json!({})),
        rule(json!({"type": "relativeMonthly", "interval": 3, "daysOfWeek": ["monday", "tuesday", "wednesday", "thursday", "friday"], "index": "first"}), forever.clone(), json!({})),
        rule(json!({"type": "absoluteYearly", "interval": 1, "month": 2, "dayOfMonth": 29}), forever.clone(), json!({})),
        rule(json!({"type": "absoluteYearly", "interval": 1, "month": 12, "dayOfMonth": 31}), forever.clone(), json!({})),
        rule(json!({"type": "relativeYearly", "interval": 1, "month": 11, "daysOfWeek": ["thursday"], "index": "fourth"}), forever.clone(), json!({})),
        rule(json!({"type": "daily", "interval": 1}), json!({"type": "endDate", "endDate": "2026-03-05"}), json!({"isAllDay": true, "start": {"dateTime": "2026-03-01T23:00:00", "timeZone": "UTC"}, "end": {"dateTime": "2026-03-02T23:00:00", "timeZone": "UTC"}})),
        rule(json!({"type": "daily", "interval": 1}), forever.clone(), json!({"cancelledOccurrences": ["OID.a1.2026-03-09"]})),
    ]
    .concat();
    expect![[r#"
        a1 "Sync" confirmed 2026-03-02T10:00:00Z[Europe/Berlin]..2026-03-02T11:00:00Z[Europe/Berlin] master ["FREQ=DAILY;INTERVAL=3;COUNT=10"] -[] []
        a1 "Sync" confirmed 2026-03-02T10:00:00Z[Europe/Berlin]..2026-03-02T11:00:00Z[Europe/Berlin] master ["FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=MO;UNTIL=20260630T215959Z"] -[] []
        a1 "Sync" confirmed 2026-03-02T10:00:00Z[America/Los_Angeles]..2026-03-02T11:00:00Z[America/Los_Angeles] master ["FREQ=WEEKLY;BYDAY=SU;WKST=SU;UNTIL=20270101T075959Z"] -[] []
        a1 "Sync" confirmed 2026-03-02T10:00:00Z[Europe/Berlin]..2026-03-02T11:00:00Z[Europe/Berlin] master ["FREQ=MONTHLY;BYMONTHDAY=15"] -[] []
        a1 "Sync" confirmed 2026-03-02T10:00:00Z[Europe/Berlin]..2026-03-02T11:00:00Z[Europe/Berlin] master ["FREQ=MONTHLY;BYMONTHDAY=28,29,30,31;BYSETPOS=-1"] -[] []
        a1 "Sync" confirmed 2026-03-02T10:00:00Z[Europe/Berlin]..2026-03-02T11:00:00Z[Europe/Berlin] master ["FREQ=MONTHLY;BYDAY=-1TU"] -[] []
        a1 "Sync" confirmed 2026-03-02T10:00:00Z[Europe/Berlin]..2026-03-02T11:00:00Z[Europe/Berlin] master ["FREQ=MONTHLY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1"] -[] []
        a1 "Sync" confirmed 2026-03-02T10:00:00Z[Europe/Berlin]..2026-03-02T11:00:00Z[Europe/Berlin] master ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1"] -[] []
        a1 "Sync" confirmed 2026-03-02T10:00:00Z[Europe/Berlin]..2026-03-02T11:00:00Z[Europe/Berlin] master ["FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31"] -[] []
        a1 "Sync" confirmed 2026-03-02T10:00:00Z[Europe/Berlin]..2026-03-02T11:00:00Z[Europe/Berlin] master ["FREQ=YEARLY;BYMONTH=11;BYDAY=4TH"] -[] []
        a1 "Sync" confirmed 2026-03-02..2026-03-03 master ["FREQ=DAILY;UNTIL=20260305"] -[] []
        a1 "Sync" confirmed 2026-03-02T10:00:00Z[Europe/Berlin]..2026-03-02T11:00:00Z[Europe/Berlin] master ["FREQ=DAILY"] -["2026-03-09"] []
    "#]].assert_eq(&rules);
    for broken in [
        json!({"type": "hourly"}),
        json!({"type": "daily", "interval": 0}),
        json!({"type": "weekly", "interval": 1, "daysOfWeek": []}),
        json!({"type": "weekly", "daysOfWeek": ["someday"]}),
        json!({"type": "absoluteMonthly", "dayOfMonth": 0}),
        json!({}),
    ] {
        let told = rule(broken, forever.clone(), json!({}));
        assert!(told.contains("master [] -[] (rule-unreadable)"), "{told}");
    }
}

#[test]
fn occurrences_without_details_take_them_from_their_master() {
    let time = |at: &str| json!({"dateTime": at, "timeZone": "UTC"});
    let occurrence = json!({"id": "o1", "type": "occurrence", "seriesMasterId": "m1", "start": time("2026-03-09T10:00:00.0000000"), "end": time("2026-03-09T11:00:00.0000000")});
    let master = item(json!({
        "id": "m1", "type": "seriesMaster", "subject": "Weekly", "originalStartTimeZone": "GMT Standard Time",
        "attendees": [{"type": "required", "emailAddress": {"address": "eve@acme.com"}}],
        "recurrence": {"pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]}, "range": {"type": "noEnd"}},
        "onlineMeeting": {"joinUrl": "https://teams.microsoft.com/l/meetup-join/19%3ax%40thread.v2/0"},
    }));
    check(
        &json!({"value": [
            occurrence,
            master,
            {"id": "o2", "type": "exception", "seriesMasterId": "m1", "subject": "Weekly, moved", "attendees": [], "originalStart": "2026-03-16T10:00:00Z",
             "start": time("2026-03-17T14:00:00.0000000"), "end": time("2026-03-17T15:00:00.0000000")},
            {"id": "o3", "@removed": {"reason": "deleted"}},
            {"id": "o4", "type": "occurrence", "seriesMasterId": "m9", "start": time("2026-03-09T12:00:00"), "end": time("2026-03-09T13:00:00")},
            {"id": "o5", "type": "exception", "seriesMasterId": "m9", "iCalUId": "040000008200E00074C5B7101A82E00807EA0309488EBEE15C16DC0100000000000000001000000045C9FC6D54F33F41B380736C02CD275A",
             "start": time("2026-03-10T12:00:00"), "end": time("2026-03-10T13:00:00")},
            {"id": "o6", "type": "exception", "seriesMasterId": "m9", "start": time("2026-03-11T12:00:00"), "end": time("2026-03-11T13:00:00")},
            {"id": "x1"},
            {"id": "x2", "start": "now"},
        ]}),
        expect![[r#"
            o1 "Weekly" confirmed 2026-03-09T10:00:00Z[Europe/London]..2026-03-09T11:00:00Z[Europe/London] instance of m1 at 2026-03-09T10:00:00Z[Europe/London] ["eve@acme.com"]
            m1 "Weekly" confirmed 2026-03-02T10:00:00Z[Europe/London]..2026-03-02T11:00:00Z[Europe/London] master ["FREQ=WEEKLY;BYDAY=MO;WKST=SU"] -[] ["eve@acme.com"]
            o2 "Weekly, moved" confirmed 2026-03-17T14:00:00Z[Europe/London]..2026-03-17T15:00:00Z[Europe/London] instance of m1 at 2026-03-16T10:00:00Z[Europe/London] []
            o4 "master-unreadable" confirmed 2026-03-09T12:00:00Z[UTC]..2026-03-09T13:00:00Z[UTC] instance of m9 at 2026-03-09T12:00:00Z[UTC] []
            o5 "master-unreadable" confirmed 2026-03-10T12:00:00Z[UTC]..2026-03-10T13:00:00Z[UTC] instance of m9 at 2026-03-09 []
            o6 "master-unreadable" confirmed 2026-03-11T12:00:00Z[UTC]..2026-03-11T13:00:00Z[UTC] instance of m9 at 2026-03-11T12:00:00Z[UTC] []
            gone: o3
            entry 9: a field at column 24 of the entry has another type than it should have
            entry 7 (o6): a changed occurrence that does not tell its original start, named by its present one
            entry 8 (x1): an event that cannot be read: it has no start
        "#]],
    );
    let calendar = page(&json!({"value": [occurrence]})).calendar;
    let facts = &calendar.events[0].facts;
    let lost = Some(UnknownReason::MasterUnreadable);
    assert_eq!(
        [
            facts.title.unknown(),
            facts.description.unknown(),
            facts.location.unknown(),
            facts.link.unknown(),
            facts.people.organizer.unknown(),
            facts.people.incomplete
        ],
        [lost; 6]
    );
    let calendar = page(&json!({"value": [occurrence, master]})).calendar;
    assert!(calendar.events[0].facts.link.known().is_some_and(Option::is_some));
}

#[test]
fn occurrences_are_changed_as_their_type_says() {
    let row = |kind: &Value, hour: u32| {
        let mut row = item(json!({
            "id": "o1", "type": kind, "seriesMasterId": "m1", "originalStart": "2026-03-09T10:00:00Z",
            "start": {"dateTime": format!("2026-03-09T{hour}:00:00"), "timeZone": "UTC"},
            "end": {"dateTime": "2026-03-09T20:00:00", "timeZone": "UTC"},
        }));
        row.as_object_mut().expect("an object").retain(|_, value| !value.is_null());
        row
    };
    let master = item(json!({
        "id": "m1", "type": "seriesMaster",
        "recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": {"type": "endDate", "endDate": "2026-03-10"}},
    }));
    let told = |rows: Value| -> Vec<Fact<bool>> {
        let window = "2026-03-09T00:00:00Z".parse().expect("an instant").."2026-03-10T00:00:00Z".parse().expect("an instant");
        let found = page(&json!({"value": rows})).calendar.occurrences(window, &Zone::utc());
        found.occurrences.iter().map(|occurrence| occurrence.changed.clone()).collect()
    };
    let unknown = Fact::Unknown(UnknownReason::MasterUnreadable);
    for (kind, hour, alone, beside_master) in [
        (json!("occurrence"), 10, Fact::Known(false), false),
        (json!("exception"), 10, Fact::Known(true), true),
        (json!(null), 10, unknown, true),
        (json!("occurrence"), 14, Fact::Known(true), true),
        (json!("exception"), 14, Fact::Known(true), true),
    ] {
        let row = row(&kind, hour);
        assert_eq!(told(json!([row])), [alone], "{kind} at {hour}");
        assert_eq!(told(json!([master, row])), [Fact::Known(beside_master)], "{kind} at {hour}, beside its master");
    }
}

#[test]
fn zones_have_many_names() {
    let start = |time: Value, more: Value| {
        let mut row = item(more);
        row["start"] = time;
        let calendar = page(&json!([row])).calendar;
        let remarks: String = calendar.unreadable.iter().map(|remark| format!(" ({})", remark.why)).collect();
        format!("{}{remarks}\n", moment(&calendar.events[0].start))
    };
    let at = |zone: &str| json!({"dateTime": "2026-07-01T10:00:00.1234567", "timeZone": zone});
    let told: String = [
        start(at("UTC"), json!({})),
        start(at("Pacific Standard Time"), json!({})),
        start(at("Europe/Berlin"), json!({})),
        start(at("tzone://Microsoft/Utc"), json!({"originalStartTimeZone": "India Standard Time"})),
        start(at("tzone://Microsoft/Custom"), json!({"originalStartTimeZone": "India Standard Time"})),
        start(at("tzone://Microsoft/Custom"), json!({"originalStartTimeZone": "tzone://Microsoft/Custom"})),
        start(at("Mars Standard Time"), json!({})),
        start(json!({"dateTime": "2026-07-01T10:00:00"}), json!({})),
        start(json!({"dateTime": "2026-07-01T10:00:00+02:00", "timeZone": "UTC"}), json!({})),
        start(json!({"dateTime": "0001-01-01T00:00:00.0000000", "timeZone": "Pacific Standard Time"}), json!({})),
        start(json!({"dateTime": "9999-12-31T23:59:59.9999999", "timeZone": "Pacific Standard Time"}), json!({})),
    ]
    .concat();
    expect![[r#"
        2026-07-01T10:00:00Z[UTC]
        2026-07-01T17:00:00Z[America/Los_Angeles]
        2026-07-01T08:00:00Z[Europe/Berlin]
        2026-07-01T10:00:00Z[Asia/Calcutta]
        2026-07-01T04:30:00Z[Asia/Calcutta]
        2026-07-01T10:00:00Z[UTC]
        2026-07-01T10:00:00Z[UTC] (it names a time zone that cannot be resolved, and is read as UTC)
        2026-07-01T10:00:00Z[UTC]
        2026-07-01T08:00:00Z[UTC]
        0001-01-01T07:52:58Z[America/Los_Angeles]
        9999-12-30T22:00:00.999999999Z[America/Los_Angeles]
    "#]]
    .assert_eq(&told);
}

#[test]
fn whole_days_are_days_of_the_original_zone() {
    let day = |start: &str, zone: &str, original: &str| {
        let event = event(
            json!({"isAllDay": true, "originalStartTimeZone": original, "originalEndTimeZone": original, "start": {"dateTime": start, "timeZone": zone}}),
        );
        moment(&event.start)
    };
    assert_eq!(day("2026-07-01T00:00:00.0000000", "W. Europe Standard Time", "W. Europe Standard Time"), "2026-07-01");
    assert_eq!(day("2026-06-30T22:00:00.0000000", "UTC", "W. Europe Standard Time"), "2026-07-01");
    assert_eq!(day("2026-07-01T07:00:00.0000000", "UTC", "Pacific Standard Time"), "2026-07-01");
    assert_eq!(day("2026-07-01T00:00:00.0000000", "UTC", "Pacific Standard Time"), "2026-07-01");
    assert_eq!(day("2026-07-01T00:00:00.0000000", "UTC", "UTC"), "2026-07-01");
}

#[test]
fn states_people_and_answers() {
    let facts = |more: Value| event(more).facts.as_ref().clone();
    assert_eq!(facts(json!({"isCancelled": true, "subject": "Canceled: Sync"})).status, Status::Cancelled);
    assert!(facts(json!({"isDraft": true})).draft);
    assert_eq!(facts(json!({"hideAttendees": true})).people.incomplete, Some(UnknownReason::GuestsHidden));
    assert_eq!(facts(json!({"hideAttendees": true, "isOrganizer": true})).people.incomplete, None);
    assert_eq!(facts(json!({"organizer": null})).people.organizer, Fact::Unknown(UnknownReason::NotStated));
    assert_eq!(
        facts(json!({"responseStatus": {"response": "notResponded", "time": "0001-01-01T00:00:00Z"}})).my_response,
        Fact::Known(Response::None)
    );
    assert_eq!(
        facts(json!({"responseStatus": {"response": "none"}, "isOrganizer": true})).my_response,
        Fact::Known(Response::Organizer)
    );
    assert_eq!(facts(json!({})).my_response, Fact::Unknown(UnknownReason::NotStated));
    let people = facts(json!({"attendees": [
        {"type": "required", "status": {"response": "tentativelyAccepted"}, "emailAddress": {"name": "Eve", "address": "EVE@ACME.COM"}},
        {"type": "optional", "status": {"response": "declined"}, "emailAddress": {"address": "/o=ExchangeLabs/ou=Exchange Administrative Group/cn=Recipients/cn=bob"}},
        {"type": "resource", "emailAddress": {"address": "room1@acme.com"}},
        {"type": "required", "emailAddress": {"name": "All Staff"}},
        {"type": "required"},
    ]}))
    .people;
    let told: Vec<String> = people
        .attendees
        .iter()
        .map(|person| {
            format!(
                "{} {} {:?} {}",
                person.written,
                person.kind.word(),
                person.optional.known(),
                person.response.known().map_or("?", |response| response.word())
            )
        })
        .collect();
    expect![[r#"
        eve@acme.com person Some(false) tentative
        /o=exchangelabs/ou=exchange administrative group/cn=recipients/cn=bob person Some(true) declined
        room1@acme.com resource Some(false) ?
        all staff person Some(false) ?
         person Some(false) ?
    "#]]
    .assert_eq(&(told.join("\n") + "\n"));
    assert!(people.attendees[1].address.is_none() && people.attendees[0].address.is_some());
    assert_eq!(people.attendees[2].kind, PersonKind::Resource);
}

#[test]
fn private_events_of_others_hide_their_details() {
    let hidden = event(
        json!({"sensitivity": "private", "subject": "", "organizer": null, "attendees": [], "body": {"contentType": "html", "content": ""}, "location": {"displayName": ""}}),
    );
    let private = Some(UnknownReason::PrivateEvent);
    let facts = &hidden.facts;
    assert_eq!(
        [
            facts.description.unknown(),
            facts.location.unknown(),
            facts.link.unknown(),
            facts.people.incomplete,
            facts.people.organizer.unknown()
        ],
        [private; 5]
    );
    assert_eq!(event(json!({"sensitivity": "private"})).facts.people.incomplete, None);
}

#[test]
fn links_come_from_the_meeting_before_places_and_body() {
    let link = |more: Value| event(more).facts.link.clone();
    let url = |more: Value| link(more).known().cloned().flatten().map(|link| link.url);
    let teams = "https://teams.microsoft.com/l/meetup-join/19%3ax%40thread.v2/0";
    let zoom = "https://zoom.us/j/5551112222";
    assert_eq!(url(json!({"onlineMeeting": {"joinUrl": teams}, "location": {"displayName": zoom}})).as_deref(), Some(teams));
    assert_eq!(url(json!({"onlineMeetingUrl": teams})).as_deref(), Some(teams));
    assert_eq!(
        url(json!({"locations": [{"displayName": "Microsoft Teams Meeting"}, {"displayName": "Zoom", "locationUri": zoom}]}))
            .as_deref(),
        Some(zoom)
    );
    assert_eq!(url(json!({"isOnlineMeeting": false, "location": {"displayName": zoom}})).as_deref(), Some(zoom));
    let safe = "<a href=\"https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fzoom.us%2Fj%2F5551112222&amp;data=05\">Join</a>";
    assert_eq!(url(json!({"body": {"contentType": "html", "content": safe}})).as_deref(), Some(zoom));
    assert_eq!(link(json!({"isOnlineMeeting": true, "onlineMeeting": null})), Fact::Unknown(UnknownReason::LinkPending));
    assert_eq!(link(json!({})), Fact::Known(None));
    assert_eq!(
        page(&json!([{"id": "a", "bodyPreview": zoom, "start": {"dateTime": "2026-03-02T10:00:00"}}])).calendar.events[0]
            .facts
            .link,
        Fact::Unknown(UnknownReason::NotStated)
    );
}

#[test]
fn shapes_are_told_apart() {
    let single =
        item(json!({"@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users('dana%40acme.com')/events/$entity"}));
    let calendar = page(&single).calendar;
    assert_eq!(calendar.owner.map(|owner| owner.to_string()).as_deref(), Some("dana@acme.com"));
    let pages = format!(
        "{}\n{}",
        json!({"value": [item(json!({}))], "@odata.nextLink": "next"}),
        json!({"value": [], "@odata.deltaLink": "delta"})
    );
    let page = read_page(pages.as_bytes(), &Zone::utc()).expect("pages");
    assert_eq!((page.calendar.events.len(), page.next_link, page.delta_link.as_deref()), (1, None, Some("delta")));
    for bytes in [&b"{\"error\": {\"code\": \"SyncStateNotFound\"}}"[..], b"{}", b""] {
        assert_eq!(read(bytes, &Zone::utc()), Err(ReadError::NoEntries));
    }
}

#[test]
fn the_last_row_counts_unless_it_is_older() {
    let row = |title: &str, modified: &str| item(json!({"subject": title, "lastModifiedDateTime": modified}));
    let (old, new) = (row("old", "2026-03-01T09:00:00.0000000Z"), row("new", "2026-03-01T09:00:01.0000000Z"));
    for rows in [json!([old, new]), json!([new, old])] {
        let events = page(&json!({"value": rows})).calendar.events;
        assert_eq!(events.iter().filter(|event| told(event).contains("new")).count(), events.len());
    }
    assert_eq!(page(&json!({"value": [new, {"id": "a1", "@removed": {"reason": "changed"}}]})).removed, ["a1"]);
}

proptest! {
    #[test]
    fn any_values_are_read_without_a_fault(
        start in "[-0-9T:.Z+]{0,28}",
        zone in "(UTC|tzone://Microsoft/|Pacific Standard Time|\\PC){0,2}",
        pattern in prop::sample::select(vec!["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly", "x"]),
        numbers in prop::collection::vec(prop_oneof![any::<i64>(), -2i64..40], 4),
        end in "[-0-9T:.Z]{0,12}",
        day in prop::sample::select(vec!["monday", "SUNDAY", ""]),
        all_day in any::<bool>(),
    ) {
        let row = json!({
            "id": "a", "type": "seriesMaster", "isAllDay": all_day, "start": {"dateTime": start, "timeZone": zone}, "originalStartTimeZone": zone, "originalStart": start,
            "recurrence": {"pattern": {"type": pattern, "interval": numbers[0], "month": numbers[1], "dayOfMonth": numbers[2], "daysOfWeek": [day]},
                           "range": {"type": "endDate", "endDate": end, "numberOfOccurrences": numbers[3]}},
            "cancelledOccurrences": [end],
        });
        let _ = read(json!({"value": [row]}).to_string().as_bytes(), &Zone::utc());
    }
}

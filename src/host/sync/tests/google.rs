//! Google's machine.

use super::*;
use crate::host::http::NetError;
use crate::host::sync::google::{EVENT_FIELDS, PAGE_FIELDS};
use crate::host::sync::single::{self, Single};
use crate::host::sync::{BASE_ID, calendar_of, calendar_with};
use crate::providers::google::read_page;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

fn page(items: Value, more: Value) -> Value {
    let mut page =
        json!({"kind": "calendar#events", "summary": "dana@acme.com", "timeZone": "Europe/Oslo", "accessRole": "owner"});
    page["items"] = items;
    for (name, value) in more.as_object().expect("an object") {
        page[name] = value.clone();
    }
    page
}

fn meeting(id: &str, title: &str) -> Value {
    json!({"id": id, "status": "confirmed", "summary": title,
        "start": {"dateTime": "2026-03-03T10:00:00Z"}, "end": {"dateTime": "2026-03-03T11:00:00Z"}})
}

fn weekly(id: &str) -> Value {
    json!({"id": id, "iCalUID": format!("{id}@google.com"), "summary": "Weekly", "recurrence": ["RRULE:FREQ=WEEKLY"],
        "start": {"dateTime": "2026-03-04T10:00:00+01:00", "timeZone": "Europe/Oslo"},
        "end": {"dateTime": "2026-03-04T11:00:00+01:00", "timeZone": "Europe/Oslo"}})
}

fn instance(series: &str, status: &str) -> Value {
    json!({"id": format!("{series}_20260311T090000Z"), "recurringEventId": series, "status": status, "summary": "Moved weekly",
        "originalStartTime": {"dateTime": "2026-03-11T10:00:00+01:00"},
        "start": {"dateTime": "2026-03-12T10:00:00Z"}, "end": {"dateTime": "2026-03-12T11:00:00Z"}})
}

fn tombstone(id: &str) -> Value {
    json!({"id": id, "status": "cancelled"})
}

fn removed_instance(series: &str) -> Value {
    json!({"id": format!("{series}_20260311T090000Z"), "status": "cancelled", "recurringEventId": series,
        "originalStartTime": {"dateTime": "2026-03-11T10:00:00+01:00"}})
}

fn shown(entry: &Entry) -> String {
    let body: Value = serde_json::from_str(&entry.body).expect("JSON");
    format!("{} {} {}", entry.id, body["status"].as_str().unwrap_or("-"), body["summary"].as_str().unwrap_or("-"))
}

/// The state after a first pass over one page with these items.
fn begun(items: Value) -> (Calendar, Vec<Entry>) {
    let first = run(&calendar(Origin::Google, None), &[], script(vec![ok(page(items, json!({"nextSyncToken": "s1"})))]));
    let calendar = calendar(Origin::Google, first.cursor());
    (calendar, stored(&[], &first.finished()))
}

/// An incremental pass that begins with `items`, and the occurrences after it.
fn check(items: Value, answers: Vec<Response>, expected: Expect) {
    let (calendar, known) = begun(items);
    let run = run(&calendar, &known, script(answers));
    let told = run.told(shown);
    let after = match run.end {
        Ok(finished) => occurrences(Origin::Google, &stored(&known, &finished)),
        Err(_) => String::new(),
    };
    expected.assert_eq(&format!("{told}{after}"));
}

#[test]
fn first_pass_lists_all_pages_and_an_empty_page_is_not_the_end() {
    let answers = vec![
        ok(page(json!([meeting("a", "One")]), json!({"nextPageToken": "p 1"}))),
        ok(page(json!([]), json!({"nextPageToken": "p2"}))),
        ok(page(json!([weekly("w"), removed_instance("w")]), json!({"nextSyncToken": "s1"}))),
    ];
    let run = run(&calendar(Origin::Google, None), &[], script(answers));
    expect![[r#"
        /calendar/v3/calendars/primary/events?timeMin=2026-01-30T00%3A00%3A00Z
        /calendar/v3/calendars/primary/events?timeMin=2026-01-30T00%3A00%3A00Z&pageToken=p%201
        /calendar/v3/calendars/primary/events?timeMin=2026-01-30T00%3A00%3A00Z&pageToken=p2
        cursor stored, complete
        + @calendar - dana@acme.com
        + a confirmed One
        + w - Weekly
        + w_20260311T090000Z cancelled -
    "#]]
    .assert_eq(&run.told(shown));
    let entries = stored(&[], &run.finished());
    expect![[r#"
        2026-03-03T10:00:00Z One confirmed a
        2026-03-04T09:00:00Z Weekly confirmed w_20260304T090000Z
        2026-03-11T09:00:00Z - cancelled w_20260311T090000Z
    "#]]
    .assert_eq(&occurrences(Origin::Google, &entries));
}

#[test]
fn incremental_pass_repeats_its_sync_token_on_every_page_and_names_no_other_filter() {
    check(
        json!([meeting("a", "One")]),
        vec![
            ok(page(json!([meeting("b", "Two")]), json!({"nextPageToken": "p1"}))),
            ok(page(json!([meeting("a", "One, later")]), json!({"nextSyncToken": "s2"}))),
        ],
        expect![[r#"
            /calendar/v3/calendars/primary/events?syncToken=s1
            /calendar/v3/calendars/primary/events?syncToken=s1&pageToken=p1
            cursor stored
            + a confirmed One, later
            + b confirmed Two
            2026-03-03T10:00:00Z One, later confirmed a
            2026-03-03T10:00:00Z Two confirmed b
        "#]],
    );
}

#[test]
fn expired_token_lists_everything_once_and_a_second_refusal_ends_the_pass() {
    let gone = || Response::json(410, &json!({"error": {"code": 410, "errors": [{"reason": "fullSyncRequired"}]}}));
    let items = || json!([meeting("a", "One"), meeting("b", "Two")]);
    check(
        items(),
        vec![gone(), ok(page(json!([meeting("a", "One")]), json!({"nextSyncToken": "s2"})))],
        expect![[r#"
            /calendar/v3/calendars/primary/events?syncToken=s1
            /calendar/v3/calendars/primary/events?timeMin=2026-01-30T00%3A00%3A00Z
            cursor stored, complete
            + @calendar - dana@acme.com
            + a confirmed One
            2026-03-03T10:00:00Z One confirmed a
        "#]],
    );
    check(
        items(),
        vec![gone(), gone()],
        expect![[r#"
            /calendar/v3/calendars/primary/events?syncToken=s1
            /calendar/v3/calendars/primary/events?timeMin=2026-01-30T00%3A00%3A00Z
            failed: try again: full-list-refused
        "#]],
    );
    // In the middle of a pass: what its first page told is forgotten with it.
    let half = ok(page(json!([meeting("c", "Three")]), json!({"nextPageToken": "p1"})));
    check(
        items(),
        vec![half, gone(), ok(page(json!([]), json!({"nextSyncToken": "s2"})))],
        expect![[r#"
            /calendar/v3/calendars/primary/events?syncToken=s1
            /calendar/v3/calendars/primary/events?syncToken=s1&pageToken=p1
            /calendar/v3/calendars/primary/events?timeMin=2026-01-30T00%3A00%3A00Z
            cursor stored, complete
            + @calendar - dana@acme.com
        "#]],
    );
}

#[test]
fn tombstones_remove_by_id_and_a_removed_instance_stays_as_one() {
    check(
        json!([meeting("a", "One"), weekly("w")]),
        vec![ok(page(json!([tombstone("a"), tombstone("never-seen"), removed_instance("w")]), json!({"nextSyncToken": "s2"})))],
        expect![[r#"
            /calendar/v3/calendars/primary/events?syncToken=s1
            cursor stored
            + w_20260311T090000Z cancelled -
            - a
            - never-seen
            2026-03-04T09:00:00Z Weekly confirmed w_20260304T090000Z
            2026-03-11T09:00:00Z - cancelled w_20260311T090000Z
        "#]],
    );
    // Of an instance that was changed before, the id alone may be left.
    check(
        json!([weekly("w"), instance("w", "confirmed")]),
        vec![ok(page(json!([tombstone("w_20260311T090000Z")]), json!({"nextSyncToken": "s2"})))],
        expect![[r#"
            /calendar/v3/calendars/primary/events?syncToken=s1
            cursor stored
            + w_20260311T090000Z cancelled -
            2026-03-04T09:00:00Z Weekly confirmed w_20260304T090000Z
            2026-03-11T09:00:00Z - cancelled w_20260311T090000Z
        "#]],
    );
}

#[test]
fn instances_of_a_removed_series_go_with_it_unless_the_provider_still_has_them() {
    let items = || json!([weekly("w"), instance("w", "confirmed")]);
    let change = || ok(page(json!([tombstone("w")]), json!({"nextSyncToken": "s2"})));
    check(
        items(),
        vec![change(), Response::empty(404)],
        expect![[r#"
        /calendar/v3/calendars/primary/events?syncToken=s1
        /calendar/v3/calendars/primary/events/w_20260311T090000Z?
        cursor stored
        - w
        - w_20260311T090000Z
    "#]],
    );
    check(
        items(),
        vec![change(), ok(instance("w", "cancelled"))],
        expect![[r#"
        /calendar/v3/calendars/primary/events?syncToken=s1
        /calendar/v3/calendars/primary/events/w_20260311T090000Z?
        cursor stored
        - w
        - w_20260311T090000Z
    "#]],
    );
    check(
        items(),
        vec![change(), ok(instance("w", "confirmed"))],
        expect![[r#"
        /calendar/v3/calendars/primary/events?syncToken=s1
        /calendar/v3/calendars/primary/events/w_20260311T090000Z?
        cursor stored
        + w_20260311T090000Z confirmed Moved weekly
        - w
        2026-03-12T10:00:00Z Moved weekly confirmed w_20260311T090000Z
    "#]],
    );
    check(
        items(),
        vec![change(), Response::empty(503)],
        expect![[r#"
        /calendar/v3/calendars/primary/events?syncToken=s1
        /calendar/v3/calendars/primary/events/w_20260311T090000Z?
        failed: try again: server
    "#]],
    );
    // A removed instance of a removed series is not worth a question.
    check(
        json!([weekly("w"), removed_instance("w")]),
        vec![ok(page(json!([removed_instance("w"), tombstone("w")]), json!({"nextSyncToken": "s2"})))],
        expect![[r#"
            /calendar/v3/calendars/primary/events?syncToken=s1
            cursor stored
            - w
            - w_20260311T090000Z
        "#]],
    );
}

#[test]
fn an_instance_that_outlived_its_series_is_asked_for_twice_more() {
    let (calendar, known) = begun(json!([weekly("w"), instance("w", "confirmed")]));
    let list = |items: Value, token: &str| ok(page(items, json!({"nextSyncToken": token})));
    let first = run(&calendar, &known, script(vec![list(json!([tombstone("w")]), "s2"), ok(instance("w", "confirmed"))]));
    let second = Calendar { cursor: first.cursor(), ..calendar.clone() };
    let known = stored(&known, &first.finished());
    // The first read was behind.
    let gone = run(&second, &known, script(vec![list(json!([]), "s3"), Response::empty(404)]));
    expect![[r#"
        /calendar/v3/calendars/primary/events?syncToken=s2
        /calendar/v3/calendars/primary/events/w_20260311T090000Z?
        cursor stored
        - w_20260311T090000Z
    "#]]
    .assert_eq(&gone.told(shown));
    let third = run(&second, &known, script(vec![list(json!([]), "s3"), ok(instance("w", "confirmed"))]));
    let fourth = Calendar { cursor: third.cursor(), ..calendar.clone() };
    let last = run(&fourth, &known, script(vec![list(json!([]), "s4"), ok(instance("w", "confirmed"))]));
    let after = Calendar { cursor: last.cursor(), ..calendar };
    assert!(run(&after, &known, script(vec![list(json!([]), "s5")])).finished().is_quiet());
}

#[test]
fn of_several_rows_with_one_id_the_last_counts() {
    check(
        json!([]),
        vec![
            ok(page(json!([meeting("a", "old"), tombstone("b"), meeting("c", "gone soon")]), json!({"nextPageToken": "p1"}))),
            ok(page(json!([meeting("b", "back"), meeting("a", "new"), tombstone("c")]), json!({"nextSyncToken": "s2"}))),
        ],
        expect![[r#"
            /calendar/v3/calendars/primary/events?syncToken=s1
            /calendar/v3/calendars/primary/events?syncToken=s1&pageToken=p1
            cursor stored
            + a confirmed new
            + b confirmed back
            - c
            2026-03-03T10:00:00Z new confirmed a
            2026-03-03T10:00:00Z back confirmed b
        "#]],
    );
}

#[test]
fn a_cursor_of_another_parameter_set_means_a_full_list() {
    let (mut calendar, _) = begun(json!([]));
    calendar.reference = "team@group.calendar.google.com".to_owned();
    let all = || script(vec![ok(page(json!([]), json!({"nextSyncToken": "s2"})))]);
    expect![[r#"
        /calendar/v3/calendars/team%40group.calendar.google.com/events?timeMin=2026-01-30T00%3A00%3A00Z
        cursor stored, complete
        + @calendar - dana@acme.com
    "#]]
    .assert_eq(&run(&calendar, &[], all()).told(shown));
    calendar.cursor = Some("no cursor at all".to_owned());
    assert!(run(&calendar, &[], all()).finished().changes.complete);
}

#[test]
fn a_quiet_pass_asks_for_no_entries_and_writes_nothing_until_its_cursor_is_a_day_old() {
    let (calendar, known) = begun(json!([meeting("a", "One")]));
    let quiet = || script(vec![ok(page(json!([]), json!({"nextSyncToken": "s2"})))]);
    let run = run(&calendar, &known, quiet());
    assert!(!run.asked);
    assert!(run.finished().is_quiet());
    let later = window().start + crate::time::Elapsed::from_hours(24);
    let run = run_at(&calendar, &known, later, window(), quiet());
    expect![[r#"
        /calendar/v3/calendars/primary/events?syncToken=s1
        cursor stored
    "#]]
    .assert_eq(&run.told(shown));
}

#[test]
fn facts_of_the_calendar_are_an_entry_of_their_own() {
    let (calendar, known) = begun(json!([meeting("a", "One")]));
    let mut renamed = page(json!([]), json!({"nextSyncToken": "s2"}));
    renamed["timeZone"] = "Asia/Tokyo".into();
    let finished = run(&calendar, &known, script(vec![ok(renamed)])).finished();
    assert!(finished.changes.base_changed());
    let after = calendar_of(Origin::Google, &stored(&known, &finished), &Zone::utc()).expect("readable");
    assert_eq!(after.zone.expect("a zone").name(), "Asia/Tokyo");
    assert_eq!(after.name.as_deref(), Some("dana@acme.com"));
}

#[test]
fn a_page_that_is_none_changes_nothing() {
    let cut = |body: &str| Response { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() };
    let whole = page(json!([meeting("a", "One")]), json!({"nextSyncToken": "s1"})).to_string();
    for bad in [
        cut(&whole[..whole.len() - 1]),
        cut(""),
        cut("<html>sorry</html>"),
        cut("{}"),
        cut("[]"),
        cut(r#"{"error":{"code":500}}"#),
    ] {
        let run = run(&calendar(Origin::Google, None), &[], script(vec![bad]));
        assert!(matches!(run.end, Err(SyncError::Retry(_))), "{:?}", run.end);
    }
    let endless = |_: &Request| Ok(ok(page(json!([]), json!({"nextPageToken": "same"}))));
    assert_eq!(run(&calendar(Origin::Google, None), &[], endless).end, Err(SyncError::Retry("pages-without-end")));
    let mut number = 0;
    let endless = |_: &Request| {
        number += 1;
        Ok(ok(page(json!([]), json!({"nextPageToken": format!("p{number}")}))))
    };
    assert_eq!(run(&calendar(Origin::Google, None), &[], endless).end, Err(SyncError::Retry("pages-without-end")));
    let dead = |_: &Request| Err(NetError::Ambiguous);
    assert_eq!(run(&calendar(Origin::Google, None), &[], dead).end, Err(SyncError::Retry("no-answer")));
    let nameless = script(vec![ok(page(json!([{"summary": "no id"}, 7, meeting("a", "One")]), json!({"nextSyncToken": "s1"})))]);
    assert_eq!(run(&calendar(Origin::Google, None), &[], nameless).finished().nameless, 2);
}

#[test]
fn single_reads_name_the_instance_and_tell_gone_from_unavailable() {
    let (calendar, known) = begun(json!([weekly("w")]));
    expect![[r#"
        2026-03-04T09:00:00Z Weekly confirmed w_20260304T090000Z
        2026-03-11T09:00:00Z Weekly confirmed w_20260311T090000Z
    "#]]
    .assert_eq(&occurrences(Origin::Google, &known));
    let id = "w_20260304T090000Z";
    let request = single::request(&Bases::default(), &calendar, id).expect("Google has single reads");
    expect!["/calendar/v3/calendars/primary/events/w_20260304T090000Z?"].assert_eq(&short(&request.url));
    let mut moved = instance("w", "confirmed");
    moved["id"] = id.into();
    moved["originalStartTime"] = json!({"dateTime": "2026-03-04T10:00:00+01:00"});
    let Single::Present(fresh) = single::read(Origin::Google, id, Ok(ok(moved))) else { panic!("it is there") };
    let after = calendar_with(Origin::Google, &known, fresh, &Zone::utc()).expect("readable");
    let starts: Vec<String> = after
        .occurrences(window(), &Zone::utc())
        .occurrences
        .iter()
        .map(|one| one.start.instant(&Zone::utc()).to_string())
        .collect();
    assert_eq!(starts, ["2026-03-11T09:00:00Z", "2026-03-12T10:00:00Z"]);
    for gone in [Response::empty(404), Response::empty(410), ok(tombstone(id))] {
        assert_eq!(single::read(Origin::Google, id, Ok(gone)), Single::Gone);
    }
    let unavailable = single::read(Origin::Google, id, Ok(Response::empty(500)));
    assert_eq!(unavailable, Single::Unavailable(SyncError::Retry("server")));
    assert_eq!(single::read(Origin::Google, id, Ok(ok(json!({})))), Single::Unavailable(SyncError::Retry("page-cut")));
}

/// The members that a `wire.rs` names, in the provider's spelling.
pub(super) fn members(wire: &str, renamed: &[(&str, &str)]) -> BTreeSet<String> {
    let fields = wire.lines().filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(':'));
    let camel = |name: &str| {
        let mut parts = name.split('_');
        let first = parts.next().unwrap_or_default().to_owned();
        parts.fold(first, |word, part| word + &part[..1].to_ascii_uppercase() + &part[1..])
    };
    fields
        .filter(|(name, _)| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
        .map(|(name, _)| {
            renamed.iter().find(|(known, _)| *known == name).map_or_else(|| camel(name), |(_, word)| (*word).to_owned())
        })
        .collect()
}

#[test]
fn every_field_that_conversion_reads_is_asked_for_and_no_other() {
    let wire = include_str!("../../../providers/google/wire.rs");
    let mut read = members(wire, &[("ical_uid", "iCalUID"), ("is_self", "self")]);
    // The list itself, and the body of an answer that is no page.
    assert!(read.remove("items") && read.remove("error"));
    let asked: BTreeSet<String> = format!("{PAGE_FIELDS},{EVENT_FIELDS}")
        .split([',', '(', ')'])
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    assert_eq!(asked, read);
}

/// A row that a calendar could have, by number of the event and shape.
fn row(event: u8, shape: u8, version: u32) -> Value {
    let id = format!("e{event}");
    let updated = format!("2026-03-01T{:02}:{:02}:00Z", version / 60, version % 60);
    let mut row = match shape {
        0 => meeting(&id, "Single"),
        1 => weekly(&id),
        2 => instance(&id, "confirmed"),
        3 => removed_instance(&id),
        _ => tombstone(&id),
    };
    row["updated"] = updated.into();
    if shape < 3 {
        row["attendees"] =
            json!([{"email": "dana@acme.com", "self": true, "responseStatus": "accepted"}, {"email": "x@customer.com"}]);
    }
    row
}

proptest! {
    #[test]
    fn entries_read_back_are_the_calendar_that_the_pages_tell(
        rows in prop::collection::vec((0..6u8, 0..5u8), 0..40),
        sizes in prop::collection::vec(0..7usize, 1..8),
        zone in prop::sample::select(vec!["UTC", "Europe/Oslo", "America/New_York"]),
        role in prop::sample::select(vec!["owner", "reader", "freeBusyReader"]),
    ) {
        let rows: Vec<Value> = (0u32..).zip(&rows).map(|(version, (event, shape))| row(*event, *shape, version)).collect();
        let mut left = rows.as_slice();
        let mut pages = Vec::new();
        for size in sizes {
            let (taken, rest) = left.split_at(size.min(left.len()));
            pages.push(taken.to_vec());
            left = rest;
        }
        pages.push(left.to_vec());
        let last = pages.len() - 1;
        let pages: Vec<Value> = pages.into_iter().enumerate().map(|(number, rows)| {
            let token = if number == last { json!({"nextSyncToken": "s"}) } else { json!({"nextPageToken": format!("p{number}")}) };
            let mut page = page(Value::Array(rows), token);
            page["timeZone"] = zone.into();
            page["accessRole"] = role.into();
            page
        }).collect();
        let bytes: String = pages.iter().map(Value::to_string).collect();
        let finished = run(&calendar(Origin::Google, None), &[], script(pages.into_iter().map(ok).collect())).finished();
        let read = calendar_of(Origin::Google, &stored(&[], &finished), &Zone::utc()).expect("readable");
        let mut direct = read_page(bytes.as_bytes(), &Zone::utc()).expect("readable");
        // A removed instance of a removed series changes nothing, and is not kept.
        direct.calendar.events.retain(|event| {
            let crate::event::EntryKind::Instance { master: Some(master), .. } = &event.kind else { return true };
            event.facts.status != crate::value::Status::Cancelled || !direct.removed.contains(master)
        });
        direct.calendar.events.sort_by(|one, other| one.provider_id.cmp(&other.provider_id));
        prop_assert_eq!(read.events, direct.calendar.events);
        prop_assert_eq!((read.name, read.zone, read.owner), (direct.calendar.name, direct.calendar.zone, direct.calendar.owner));
    }

    #[test]
    fn repeating_a_pass_changes_nothing(rows in prop::collection::vec((0..6u8, 0..5u8), 0..30)) {
        let rows: Vec<Value> = (0u32..).zip(&rows).map(|(version, (event, shape))| row(*event, *shape, version)).collect();
        let (calendar, known) = begun(json!([weekly("e0"), instance("e0", "confirmed"), meeting("e1", "One"), weekly("e2")]));
        // Single reads find nothing: whatever is asked for alone is gone.
        let server = |request: &Request| Ok(if request.url.contains("/events/") { Response::empty(404) } else {
            ok(page(Value::Array(rows.clone()), json!({"nextSyncToken": "s2"})))
        });
        let once = stored(&known, &run(&calendar, &known, server).finished());
        let again = run(&calendar, &once, server).finished().changes.against(&once);
        prop_assert_eq!(again, crate::host::sync::Changes::default());
        prop_assert!(once.iter().any(|entry| entry.id == BASE_ID));
    }
}

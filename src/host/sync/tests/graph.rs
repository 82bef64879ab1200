//! Graph's machine.

use super::google::members;
use super::*;
use crate::host::sync::graph::{MASTER_FIELDS, VIEW_SECS};
use crate::host::sync::single::{self, Single};
use crate::host::sync::{BASE_ID, calendar_with};
use crate::time::Elapsed;
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

const GRAPH: &str = "https://graph.microsoft.com/v1.0";

fn time(text: &str) -> Value {
    json!({"dateTime": format!("{text}:00.0000000"), "timeZone": "UTC"})
}

fn hour(day: &str, hour: u32) -> (Value, Value) {
    (time(&format!("{day}T{hour:02}:00")), time(&format!("{day}T{:02}:00", hour + 1)))
}

fn full(id: &str, kind: &str, title: &str, day: &str, at: u32) -> Value {
    let (start, end) = hour(day, at);
    json!({"id": id, "type": kind, "iCalUId": id, "subject": title, "body": {"contentType": "text", "content": ""},
        "attendees": [], "isAllDay": false, "isCancelled": false, "originalStartTimeZone": "UTC", "originalEndTimeZone": "UTC",
        "organizer": {"emailAddress": {"address": "dana@acme.com"}}, "lastModifiedDateTime": "2026-03-01T00:00:00Z",
        "start": start, "end": end})
}

fn single_event(id: &str, title: &str) -> Value {
    full(id, "singleInstance", title, "2026-03-03", 10)
}

/// Mondays at nine.
fn master(id: &str) -> Value {
    let mut master = full(id, "seriesMaster", "Weekly", "2026-03-02", 9);
    master["recurrence"] = json!({
        "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"], "firstDayOfWeek": "sunday"},
        "range": {"type": "noEnd", "startDate": "2026-03-02", "recurrenceTimeZone": "UTC"}});
    master
}

fn occurrence(series: &str, day: &str) -> Value {
    let (start, end) = hour(day, 9);
    json!({"id": format!("{series}-{day}"), "seriesMasterId": series, "type": "occurrence", "start": start, "end": end})
}

fn exception(series: &str, original: &str, day: &str) -> Value {
    let mut exception = full(&format!("{series}-{original}"), "exception", "Moved weekly", day, 15);
    exception["seriesMasterId"] = series.into();
    exception["originalStart"] = format!("{original}T09:00:00Z").into();
    exception
}

fn removed(id: &str) -> Value {
    json!({"id": id, "@removed": {"reason": "deleted"}})
}

/// A mailbox: what the round of changes lists, what the view shows, and what reads by id find.
#[derive(Clone, Default)]
struct Mailbox {
    round: Vec<Value>,
    view: Vec<Value>,
    by_id: BTreeMap<String, Value>,
    /// Whether reads of masters tell what was cancelled.
    old: bool,
}

impl Mailbox {
    fn holding(round: Vec<Value>, by_id: Vec<Value>) -> Self {
        let by_id = by_id.into_iter().map(|row| (row["id"].as_str().expect("an id").to_owned(), row)).collect();
        Self { round, by_id, ..Self::default() }
    }

    fn answer(&self, request: &Request) -> Response {
        let prefer = request.find_header("prefer").unwrap_or_default();
        assert!(prefer.contains("IdType=\"ImmutableId\"") && prefer.contains("outlook.timezone=\"UTC\""), "M6.13: {prefer}");
        let path = short(&request.url);
        if let Some(id) = path.strip_prefix("/v1.0/me/events/") {
            let (id, query) = id.split_once('?').unwrap_or((id, ""));
            if self.old && query.contains("exceptionOccurrences") {
                return Response::json(400, &json!({"error": {"code": "BadRequest"}}));
            }
            let lost = || Response::json(404, &json!({"error": {"code": "ErrorItemNotFound"}}));
            return self.by_id.get(id).map_or_else(lost, |row| ok(row.clone()));
        }
        let context = format!("{GRAPH}/$metadata#users('dana%40acme.com')/calendarView");
        if path.contains("/delta") {
            return ok(
                json!({"@odata.context": context, "value": self.round, "@odata.deltaLink": format!("{GRAPH}/me/calendarView/delta?$deltatoken=next")}),
            );
        }
        ok(json!({"@odata.context": context, "value": self.view}))
    }
}

fn shown(entry: &Entry) -> String {
    let body: Value = serde_json::from_str(&entry.body).expect("JSON");
    let cancelled = body.get("cancelledOccurrences").map_or(String::new(), |list| format!(" cancelled {list}"));
    format!("{} {} {}{cancelled}", entry.id, body["type"].as_str().unwrap_or("-"), body["subject"].as_str().unwrap_or("-"))
}

fn series_with(cancelled: Value, exceptions: Value) -> Value {
    let mut series = master("w");
    series["cancelledOccurrences"] = cancelled;
    series["exceptionOccurrences"] = exceptions;
    series
}

/// A single event, and a series of which the window shows two occurrences.
fn start_mailbox() -> Mailbox {
    let round = vec![occurrence("w", "2026-03-02"), single_event("a", "One"), master("w"), occurrence("w", "2026-03-09")];
    Mailbox::holding(round, vec![series_with(json!([]), json!([])), single_event("a", "One")])
}

fn begun() -> (Calendar, Vec<Entry>) {
    let mailbox = start_mailbox();
    let first = run(&calendar(Origin::Graph, None), &[], |request| Ok(mailbox.answer(request)));
    let calendar = calendar(Origin::Graph, first.cursor());
    (calendar, stored(&[], &first.finished()))
}

fn told(run: Run, known: &[Entry]) -> String {
    let told = run.told(shown);
    match run.end {
        Ok(finished) => told + &occurrences(Origin::Graph, &stored(known, &finished)),
        Err(_) => told,
    }
}

/// A pass after the first one, and the occurrences after it.
fn check(mailbox: &Mailbox, expected: Expect) {
    let (calendar, known) = begun();
    expected.assert_eq(&told(run(&calendar, &known, |request| Ok(mailbox.answer(request))), &known));
}

/// The same, when the plain view is due.
fn check_view(mailbox: &Mailbox, expected: Expect) {
    let (calendar, known) = begun();
    let later = window().start + Elapsed::from_secs(VIEW_SECS + 60);
    expected.assert_eq(&told(run_at(&calendar, &known, later, window(), |request| Ok(mailbox.answer(request))), &known));
}

#[test]
fn first_round_keeps_singles_masters_and_the_names_of_occurrences() {
    let mailbox = start_mailbox();
    let run = run(&calendar(Origin::Graph, None), &[], |request| Ok(mailbox.answer(request)));
    expect![[r#"
        /v1.0/me/calendarView/delta?startDateTime=2026-01-30T00%3A00%3A00Z&endDateTime=2026-04-06T00%3A00%3A00Z
        /v1.0/me/events/w?$expand=exceptionOccurrences
        cursor stored, complete
        + @calendar - -
        + a singleInstance One
        + w seriesMaster Weekly cancelled []
        + w-2026-03-02 occurrence -
        + w-2026-03-09 occurrence -
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-03T10:00:00Z One confirmed a
        2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
    "#]]
    .assert_eq(&told(run, &[]));
}

#[test]
fn links_are_followed_as_they_are_and_never_to_elsewhere() {
    let page = |rows: Value, name: &str, link: &str| {
        let mut page = json!({"value": rows});
        page[name] = link.into();
        ok(page)
    };
    let next = format!("{GRAPH}/me/calendarView/delta?$skiptoken=a%2Fb%3D%3D&x=Ä");
    let delta = format!("{GRAPH}/me/calendarView/delta?$deltatoken=t");
    let pages =
        vec![page(json!([]), "@odata.nextLink", &next), page(json!([single_event("a", "One")]), "@odata.deltaLink", &delta)];
    let run = run(&calendar(Origin::Graph, None), &[], script(pages));
    assert_eq!(run.requests[1].url, next);
    let calendar = calendar(Origin::Graph, run.cursor());
    let known = stored(&[], &run.finished());
    let elsewhere = vec![page(json!([]), "@odata.nextLink", "https://graph.microsoft.com.evil.example/v1.0/x")];
    let run = super::run(&calendar, &known, script(elsewhere));
    assert_eq!((run.requests[0].url.as_str(), run.end), (delta.as_str(), Err(SyncError::Retry("link-to-elsewhere"))));
    let circle = |_: &Request| Ok(page(json!([]), "@odata.nextLink", &next));
    assert_eq!(super::run(&calendar, &known, circle).end, Err(SyncError::Retry("pages-without-end")));
    let neither = script(vec![ok(json!({"value": []}))]);
    assert_eq!(super::run(&calendar, &known, neither).end, Err(SyncError::Retry("no-page")));
}

#[test]
fn a_quiet_round_asks_for_no_entries_and_keeps_its_cursor() {
    let (calendar, known) = begun();
    let quiet = Mailbox::default();
    let run = run(&calendar, &known, |request| Ok(quiet.answer(request)));
    assert!(!run.asked && run.requests.len() == 1);
    assert!(run.finished().is_quiet());
}

#[test]
fn a_removed_row_is_read_before_it_is_believed() {
    check(
        &Mailbox::holding(vec![removed("a")], vec![]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        /v1.0/me/events/a
        cursor stored
        - a
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
    "#]],
    );
    check(
        &Mailbox::holding(vec![removed("a")], vec![full("a", "singleInstance", "Later", "2026-03-13", 10)]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        /v1.0/me/events/a
        cursor stored
        + a singleInstance Later
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
        2026-03-13T10:00:00Z Later confirmed a
    "#]],
    );
    check(
        &Mailbox::holding(vec![removed("a")], vec![full("a", "singleInstance", "Far away", "2026-09-01", 10)]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        /v1.0/me/events/a
        cursor stored
        - a
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
    "#]],
    );
    check(
        &Mailbox::holding(vec![removed("never-seen")], vec![]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        cursor stored
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-03T10:00:00Z One confirmed a
        2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
    "#]],
    );
}

#[test]
fn any_sign_of_a_touched_series_reads_its_master() {
    let gone = series_with(json!(["OID.w.2026-03-09"]), json!([]));
    check(
        &Mailbox::holding(vec![removed("w-2026-03-09")], vec![gone.clone()]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        /v1.0/me/events/w?$expand=exceptionOccurrences
        cursor stored
        + w seriesMaster Weekly cancelled ["OID.w.2026-03-09"]
        - w-2026-03-09
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-03T10:00:00Z One confirmed a
    "#]],
    );
    check(
        &Mailbox::holding(vec![occurrence("w", "2026-03-02")], vec![gone]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        /v1.0/me/events/w?$expand=exceptionOccurrences
        cursor stored
        + w seriesMaster Weekly cancelled ["OID.w.2026-03-09"]
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-03T10:00:00Z One confirmed a
    "#]],
    );
    let moved = exception("w", "2026-03-09", "2026-03-11");
    let series = series_with(json!([]), json!([moved.clone()]));
    check(
        &Mailbox::holding(vec![removed("w-2026-03-09"), moved], vec![series]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        /v1.0/me/events/w?$expand=exceptionOccurrences
        cursor stored
        + w-2026-03-09 exception Moved weekly
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-03T10:00:00Z One confirmed a
        2026-03-11T15:00:00Z Moved weekly confirmed w-2026-03-09
    "#]],
    );
}

#[test]
fn an_exception_moved_out_of_the_window_still_takes_its_place() {
    let moved = exception("w", "2026-03-09", "2026-09-09");
    let series = series_with(json!([]), json!([moved]));
    check(
        &Mailbox::holding(vec![removed("w-2026-03-09")], vec![series]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        /v1.0/me/events/w?$expand=exceptionOccurrences
        cursor stored
        + w-2026-03-09 exception Moved weekly
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-03T10:00:00Z One confirmed a
    "#]],
    );
}

#[test]
fn a_deleted_series_goes_with_its_instances() {
    check(
        &Mailbox::holding(vec![removed("w"), removed("w-2026-03-02")], vec![]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        /v1.0/me/events/w?$expand=exceptionOccurrences
        cursor stored
        - w
        - w-2026-03-02
        - w-2026-03-09
        2026-03-03T10:00:00Z One confirmed a
    "#]],
    );
    check(
        &Mailbox::holding(vec![removed("w-2026-03-02")], vec![]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        /v1.0/me/events/w?$expand=exceptionOccurrences
        cursor stored
        - w
        - w-2026-03-02
        - w-2026-03-09
        2026-03-03T10:00:00Z One confirmed a
    "#]],
    );
}

#[test]
fn an_occurrence_whose_series_cannot_be_read_is_read_by_itself() {
    let mut alone = full("x-2026-03-04", "occurrence", "Invited to one", "2026-03-04", 9);
    alone["seriesMasterId"] = "x".into();
    check(
        &Mailbox::holding(vec![occurrence("x", "2026-03-04")], vec![alone]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        /v1.0/me/events/x?$expand=exceptionOccurrences
        /v1.0/me/events/x-2026-03-04
        cursor stored
        + x-2026-03-04 occurrence Invited to one
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-03T10:00:00Z One confirmed a
        2026-03-04T09:00:00Z Invited to one confirmed x-2026-03-04
        2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
    "#]],
    );
}

#[test]
fn a_read_that_is_behind_the_round_hides_nothing() {
    let (calendar, known) = begun();
    let mut news = master("w");
    news["lastModifiedDateTime"] = "2026-03-01T00:05:00Z".into();
    news["subject"] = "Renamed".into();
    let former = vec![series_with(json!([]), json!([]))];
    for by_id in [former, Vec::new()] {
        let behind = Mailbox::holding(vec![news.clone(), occurrence("w", "2026-03-02")], by_id);
        let run = run(&calendar, &known, |request| Ok(behind.answer(request)));
        assert!(run.requests.last().expect("calls").url.contains("/calendarView?"), "the view is asked");
        let next = Calendar { cursor: run.cursor(), ..calendar.clone() };
        let known = stored(&known, &run.finished());
        assert!(occurrences(Origin::Graph, &known).contains("2026-03-02T09:00:00Z Renamed"));
        // And once more in the next pass, where the round has nothing to say.
        let quiet = Mailbox { view: vec![occurrence("w", "2026-03-02")], ..Mailbox::default() };
        assert_eq!(super::run(&next, &known, |request| Ok(quiet.answer(request))).requests.len(), 2);
    }
    // A view that does not show what the round told.
    let later = window().start + Elapsed::from_secs(VIEW_SECS + 60);
    let told_only = Mailbox::holding(vec![single_event("b", "New")], vec![]);
    let finished = run_at(&calendar, &known, later, window(), |request| Ok(told_only.answer(request))).finished();
    assert!(finished.changes.upsert.iter().any(|entry| entry.id == "b"));
}

#[test]
fn an_event_that_is_told_removed_and_found_is_settled_by_the_next_view() {
    let (calendar, known) = begun();
    let found = Mailbox::holding(vec![removed("a")], vec![single_event("a", "One")]);
    let first = run(&calendar, &known, |request| Ok(found.answer(request)));
    let next = Calendar { cursor: first.cursor(), ..calendar };
    let known = stored(&known, &first.finished());
    assert!(known.iter().any(|entry| entry.id == "a"));
    let view = ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30"].map(|day| occurrence("w", day));
    let second = run(&next, &known, |request| Ok(Mailbox { view: view.to_vec(), ..Mailbox::default() }.answer(request)));
    expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        /v1.0/me/calendarView?startDateTime=2026-01-30T00%3A00%3A00Z&endDateTime=2026-04-06T00%3A00%3A00Z&$top=500
        cursor stored
        + w-2026-03-16 occurrence -
        + w-2026-03-23 occurrence -
        + w-2026-03-30 occurrence -
        - a
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
    "#]]
    .assert_eq(&told(second, &known));
}

/// The read showed the series as it was before it was deleted, and nothing else was ever told of it.
#[test]
fn a_series_that_is_told_removed_and_found_is_settled_by_the_next_view() {
    let (calendar, known) = begun();
    let found = Mailbox::holding(vec![removed("w")], vec![series_with(json!([]), json!([]))]);
    let first = run(&calendar, &known, |request| Ok(found.answer(request)));
    let next = Calendar { cursor: first.cursor(), ..calendar };
    let known = stored(&known, &first.finished());
    assert!(known.iter().any(|entry| entry.id == "w"));
    let quiet = Mailbox { view: vec![single_event("a", "One")], ..Mailbox::default() };
    let second = run(&next, &known, |request| Ok(quiet.answer(request)));
    assert!(second.requests.last().expect("calls").url.contains("/calendarView?"), "the view is asked");
    let left = occurrences(Origin::Graph, &stored(&known, &second.finished()));
    assert!(left.contains("One") && !left.contains("Weekly"), "{left}");
}

#[test]
fn a_read_by_id_that_is_forbidden_changes_nothing() {
    let (calendar, known) = begun();
    let mailbox = Mailbox::holding(vec![removed("a"), occurrence("w", "2026-03-02"), occurrence("x", "2026-03-04")], vec![]);
    let forbidden = Response::json(403, &json!({"error": {"code": "ErrorAccessDenied"}}));
    let server =
        |request: &Request| Ok(if request.url.contains("/events/") { forbidden.clone() } else { mailbox.answer(request) });
    expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        /v1.0/me/events/w?$expand=exceptionOccurrences
        /v1.0/me/events/x?$expand=exceptionOccurrences
        /v1.0/me/events/a
        /v1.0/me/events/x-2026-03-04
        cursor stored
        + x-2026-03-04 occurrence -
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-03T10:00:00Z One confirmed a
        2026-03-04T09:00:00Z (master-unreadable) confirmed x-2026-03-04
        2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
    "#]]
    .assert_eq(&told(run(&calendar, &known, server), &known));
}

#[test]
fn without_the_list_of_cancelled_occurrences_the_view_tells() {
    let mut second = full("w-2026-03-02", "occurrence", "Weekly", "2026-03-02", 9);
    second["seriesMasterId"] = "w".into();
    let shown = |rows: Vec<Value>| Mailbox {
        view: rows,
        old: true,
        ..Mailbox::holding(vec![occurrence("w", "2026-03-02")], vec![master("w")])
    };
    let mut rest: Vec<Value> = ["2026-03-16", "2026-03-23", "2026-03-30"].iter().map(|day| occurrence("w", day)).collect();
    rest.extend([second, single_event("a", "One")]);
    check(
        &shown(rest),
        expect![[r#"
            /v1.0/me/calendarView/delta?$deltatoken=next
            /v1.0/me/events/w?$expand=exceptionOccurrences
            /v1.0/me/events/w
            /v1.0/me/calendarView?startDateTime=2026-01-30T00%3A00%3A00Z&endDateTime=2026-04-06T00%3A00%3A00Z&$top=500
            cursor stored
            + w seriesMaster Weekly cancelled ["OID.w.2026-03-09"]
            + w-2026-03-16 occurrence -
            + w-2026-03-23 occurrence -
            + w-2026-03-30 occurrence -
            - w-2026-03-09
            2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
            2026-03-03T10:00:00Z One confirmed a
        "#]],
    );
}

#[test]
fn the_slow_view_finds_what_was_deleted_without_a_word() {
    let occurrences = |days: &[&str]| days.iter().map(|day| occurrence("w", day)).collect::<Vec<_>>();
    let all = ["2026-03-02", "2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30"];
    let same = occurrences(&all).into_iter().chain([single_event("a", "One")]).collect();
    check_view(
        &Mailbox { view: same, ..Mailbox::default() },
        expect![[r#"
            /v1.0/me/calendarView/delta?$deltatoken=next
            /v1.0/me/calendarView?startDateTime=2026-01-30T00%3A00%3A00Z&endDateTime=2026-04-06T00%3A00%3A00Z&$top=500
            cursor stored
            + w-2026-03-16 occurrence -
            + w-2026-03-23 occurrence -
            + w-2026-03-30 occurrence -
            2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
            2026-03-03T10:00:00Z One confirmed a
            2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
        "#]],
    );
    let fewer = occurrences(&["2026-03-02", "2026-03-16", "2026-03-23", "2026-03-30"]);
    check_view(
        &Mailbox { view: fewer, ..Mailbox::default() },
        expect![[r#"
            /v1.0/me/calendarView/delta?$deltatoken=next
            /v1.0/me/calendarView?startDateTime=2026-01-30T00%3A00%3A00Z&endDateTime=2026-04-06T00%3A00%3A00Z&$top=500
            cursor stored
            + w seriesMaster Weekly cancelled ["OID.w.2026-03-09"]
            + w-2026-03-16 occurrence -
            + w-2026-03-23 occurrence -
            + w-2026-03-30 occurrence -
            - a
            - w-2026-03-09
            2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        "#]],
    );
    check_view(
        &Mailbox::default(),
        expect![[r#"
            /v1.0/me/calendarView/delta?$deltatoken=next
            /v1.0/me/calendarView?startDateTime=2026-01-30T00%3A00%3A00Z&endDateTime=2026-04-06T00%3A00%3A00Z&$top=500
            cursor stored
            - a
            - w
            - w-2026-03-02
            - w-2026-03-09
        "#]],
    );
    // What no rule makes counts by itself.
    let odd = vec![{
        let mut odd = full("w-odd", "occurrence", "Weekly, on a Thursday", "2026-03-05", 9);
        odd["seriesMasterId"] = "w".into();
        odd
    }];
    check_view(
        &Mailbox { view: odd, ..Mailbox::default() },
        expect![[r#"
            /v1.0/me/calendarView/delta?$deltatoken=next
            /v1.0/me/calendarView?startDateTime=2026-01-30T00%3A00%3A00Z&endDateTime=2026-04-06T00%3A00%3A00Z&$top=500
            cursor stored
            + w seriesMaster Weekly cancelled ["OID.w.2026-03-02","OID.w.2026-03-09","OID.w.2026-03-16","OID.w.2026-03-23","OID.w.2026-03-30"]
            + w-odd occurrence Weekly, on a Thursday
            - a
            - w-2026-03-02
            - w-2026-03-09
            2026-03-05T09:00:00Z Weekly, on a Thursday confirmed w-odd
        "#]],
    );
}

#[test]
fn a_view_that_breaks_off_implies_no_deletion() {
    let (calendar, known) = begun();
    let later = window().start + Elapsed::from_secs(VIEW_SECS + 60);
    let quiet = Mailbox::default();
    let server = |request: &Request| match () {
        () if request.url.contains("/delta") => Ok(quiet.answer(request)),
        () if request.url.contains("skip") => Ok(Response::empty(500)),
        () => Ok(ok(json!({"value": [], "@odata.nextLink": format!("{GRAPH}/me/calendarView?$skip=500")}))),
    };
    assert_eq!(run_at(&calendar, &known, later, window(), server).end, Err(SyncError::Retry("server")));
}

#[test]
fn a_forgotten_token_begins_a_full_round_once() {
    let mailbox = start_mailbox();
    let refused = |code: &str, status: u16| Response::json(status, &json!({"error": {"code": code}}));
    for refusal in [refused("resyncRequired", 410), refused("SyncStateNotFound", 400), refused("syncStateNotFound", 404)] {
        let (calendar, known) = begun();
        let run = run(&calendar, &known, |request| {
            Ok(if request.url.contains("deltatoken") { refusal.clone() } else { mailbox.answer(request) })
        });
        let finished = run.finished();
        assert!(finished.changes.complete);
        assert_eq!(finished.changes.against(&known), crate::host::sync::Changes::default(), "the same calendar changes nothing");
    }
    let (calendar, known) = begun();
    let run = run(&calendar, &known, |_: &Request| Ok(refused("resyncRequired", 410)));
    assert_eq!((run.requests.len(), run.end), (2, Err(SyncError::Retry("full-round-refused"))));
}

#[test]
fn a_window_is_anchored_anew_before_it_runs_out() {
    let (calendar, known) = begun();
    let mailbox = start_mailbox();
    let days = |days: i64| {
        let by = Elapsed::from_hours(24 * days);
        let window = window().start + by..window().end + by;
        run_at(&calendar, &known, window.start, window, |request| Ok(mailbox.answer(request))).requests.remove(0).url
    };
    assert!(days(20).contains("deltatoken"));
    expect!["/v1.0/me/calendarView/delta?startDateTime=2026-02-20T00%3A00%3A00Z&endDateTime=2026-04-27T00%3A00%3A00Z"]
        .assert_eq(&short(&days(21)));
}

#[test]
fn a_partial_or_older_row_never_empties_what_is_known() {
    let mut partial = single_event("a", "One");
    for name in ["subject", "body", "attendees", "organizer"] {
        partial.as_object_mut().expect("an object").remove(name);
    }
    partial["isCancelled"] = true.into();
    check(
        &Mailbox::holding(vec![partial], vec![]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        cursor stored
        + a singleInstance One
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-03T10:00:00Z One cancelled a
        2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
    "#]],
    );
    let mut older = single_event("a", "Former title");
    older["lastModifiedDateTime"] = "2026-02-01T00:00:00.1234567Z".into();
    check(
        &Mailbox::holding(vec![older], vec![]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        cursor stored
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-03T10:00:00Z One confirmed a
        2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
    "#]],
    );
    let mut null = single_event("a", "");
    null["subject"] = Value::Null;
    check(
        &Mailbox::holding(vec![null], vec![]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        cursor stored
        + a singleInstance -
        2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
        2026-03-03T10:00:00Z - confirmed a
        2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
    "#]],
    );
}

#[test]
fn a_single_event_that_becomes_a_series_and_back_leaves_nothing_behind() {
    let series = {
        let mut series = series_with(json!([]), json!([]));
        series["id"] = "a".into();
        series["iCalUId"] = "a".into();
        series
    };
    check(
        &Mailbox::holding(vec![series.clone(), occurrence("a", "2026-03-02"), occurrence("a", "2026-03-09")], vec![series]),
        expect![[r#"
            /v1.0/me/calendarView/delta?$deltatoken=next
            /v1.0/me/events/a?$expand=exceptionOccurrences
            cursor stored
            + a seriesMaster Weekly cancelled []
            + a-2026-03-02 occurrence -
            + a-2026-03-09 occurrence -
            2026-03-02T09:00:00Z Weekly confirmed a-2026-03-02
            2026-03-02T09:00:00Z Weekly confirmed w-2026-03-02
            2026-03-09T09:00:00Z Weekly confirmed a-2026-03-09
            2026-03-09T09:00:00Z Weekly confirmed w-2026-03-09
        "#]],
    );
    check(
        &Mailbox::holding(vec![full("w", "singleInstance", "Once", "2026-03-04", 9)], vec![]),
        expect![[r#"
        /v1.0/me/calendarView/delta?$deltatoken=next
        cursor stored
        + w singleInstance Once
        - w-2026-03-02
        - w-2026-03-09
        2026-03-03T10:00:00Z One confirmed a
        2026-03-04T09:00:00Z Once confirmed w
    "#]],
    );
}

#[test]
fn single_reads_go_to_the_occurrence_by_its_own_id() {
    let (calendar, known) = begun();
    let request = single::request(&Bases::default(), &calendar, "w-2026-03-09").expect("Graph has single reads");
    assert_eq!(short(&request.url), "/v1.0/me/events/w-2026-03-09");
    assert!(request.find_header("prefer").is_some());
    let mut row = full("w-2026-03-09", "occurrence", "Weekly, renamed", "2026-03-09", 9);
    row["seriesMasterId"] = "w".into();
    let Single::Present(fresh) = single::read(Origin::Graph, "w-2026-03-09", Ok(ok(row.clone()))) else { panic!("it is there") };
    let after = calendar_with(Origin::Graph, &known, fresh, &Zone::utc()).expect("readable").occurrences(window(), &Zone::utc());
    let titles: Vec<_> = after
        .occurrences
        .iter()
        .filter_map(|one| one.facts.title.known()?.as_ref().map(|title| title.content.as_str()))
        .collect();
    assert_eq!(titles, ["Weekly", "One", "Weekly, renamed"]);
    row["isCancelled"] = true.into();
    assert_eq!(single::read(Origin::Graph, "w-2026-03-09", Ok(ok(row))), Single::Gone);
    assert_eq!(single::read(Origin::Graph, "a", Ok(Response::empty(404))), Single::Gone);
    let busy = single::read(Origin::Graph, "a", Ok(Response::empty(429)));
    assert!(matches!(busy, Single::Unavailable(SyncError::Throttled { .. })));
}

#[test]
fn every_field_that_conversion_reads_of_a_master_is_selected() {
    let wire = include_str!("../../../providers/graph/wire.rs");
    let (_, event) = wire.split_once("pub struct Event<'a> {").expect("the event");
    let (event, _) = event.split_once("\n}").expect("its end");
    let mut read = members(event, &[("ical_uid", "iCalUId"), ("kind", "type")]);
    // Rows of a delta alone have the first; the second is not known to version 1.0, which refuses a selection of it.
    assert!(read.remove("removed") && read.remove("uid"));
    assert_eq!(MASTER_FIELDS.split(',').map(str::to_owned).collect::<BTreeSet<_>>(), read);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn whatever_rows_come_a_pass_ends_and_repeating_it_changes_nothing(
        rows in prop::collection::vec((0..3u8, 0..7u8), 0..25),
        found in prop::collection::btree_set(0..6u8, 0..6),
        old: bool,
        viewed: bool,
    ) {
        let days = ["2026-03-02", "2026-03-09"];
        let row = |(number, shape): &(u8, u8)| {
            let id = format!("s{number}");
            match shape {
                0 => single_event(&id, "Single"),
                1 => { let mut row = series_with(json!([]), json!([])); row["id"] = id.into(); row }
                2 | 3 => occurrence(&id, days[usize::from(*shape - 2)]),
                4 => exception(&id, days[1], "2026-03-11"),
                5 => removed(&id),
                _ => removed(&format!("{id}-{}", days[1])),
            }
        };
        let round: Vec<Value> = rows.iter().map(row).collect();
        let by_id = found.iter().map(|number| row(&(number % 3, number / 3))).collect();
        let mailbox = Mailbox { old, view: round.iter().filter(|row| row.get("@removed").is_none() && row["type"] != "seriesMaster").cloned().collect(), ..Mailbox::holding(round, by_id) };
        let (calendar, known) = begun();
        let now = window().start + if viewed { Elapsed::from_secs(VIEW_SECS + 60) } else { Elapsed::ZERO };
        let once = stored(&known, &run_at(&calendar, &known, now, window(), |request| Ok(mailbox.answer(request))).finished());
        let again = run_at(&calendar, &once, now, window(), |request| Ok(mailbox.answer(request))).finished().changes.against(&once);
        prop_assert_eq!(again, crate::host::sync::Changes::default());
        prop_assert!(once.iter().any(|entry| entry.id == BASE_ID));
        crate::host::sync::calendar_of(Origin::Graph, &once, &Zone::utc()).expect("readable");
    }
}

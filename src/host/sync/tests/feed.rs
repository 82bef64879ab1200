//! The machine for feeds.

use super::*;
use crate::host::http::NetError;
use crate::host::sync::{BASE_ID, Changes, calendar_of};
use expect_test::{Expect, expect};
use proptest::prelude::*;

const FEED: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nX-WR-CALNAME:Team\r\nX-WR-TIMEZONE:Europe/Oslo\r\n\
BEGIN:VTIMEZONE\r\nTZID:House\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0300\r\nTZOFFSETTO:+0300\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n\
BEGIN:VEVENT\r\nUID:one\r\nDTSTAMP:20260301T000000Z\r\nSUMMARY:One\r\nDTSTART:20260303T100000Z\r\nDTEND:20260303T110000Z\r\n\
BEGIN:VALARM\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\nEND:VEVENT\r\n\
BEGIN:VEVENT\r\nUID:week\r\nDTSTAMP:20260301T000000Z\r\nSUMMARY:Weekly, with a very long title that does not fit on one line and th\r\n erefore goes on\r\n\
DTSTART;TZID=House:20260304T100000\r\nDURATION:PT1H\r\nRRULE:FREQ=WEEKLY\r\nEND:VEVENT\r\n\
BEGIN:VEVENT\r\nUID:week\r\nRECURRENCE-ID;TZID=House:20260311T100000\r\nDTSTAMP:20260301T000000Z\r\nSUMMARY:Moved\r\n\
DTSTART;TZID=House:20260312T100000\r\nDURATION:PT1H\r\nEND:VEVENT\r\n\
END:VCALENDAR\r\n";

fn file(text: &str) -> Response {
    let headers =
        vec![("etag".to_owned(), "\"v1\"".to_owned()), ("last-modified".to_owned(), "Sun, 01 Mar 2026 00:00:00 GMT".to_owned())];
    Response { status: 200, headers, body: text.as_bytes().to_vec() }
}

fn shown(entry: &Entry) -> String {
    format!("{} {:?}", entry.id, entry.body)
}

fn begun() -> (Calendar, Vec<Entry>) {
    let first = run(&calendar(Origin::Feed, None), &[], script(vec![file(FEED)]));
    let calendar = calendar(Origin::Feed, first.cursor());
    (calendar, stored(&[], &first.finished()))
}

/// Another pass over a feed that was read before.
fn check(answer: Response, expected: Expect) {
    let (calendar, known) = begun();
    let run = run(&calendar, &known, script(vec![answer]));
    let headers = &run.requests[0].headers;
    assert!(headers.contains(&("if-none-match".to_owned(), "\"v1\"".to_owned())));
    assert!(headers.contains(&("if-modified-since".to_owned(), "Sun, 01 Mar 2026 00:00:00 GMT".to_owned())));
    let told = run.told(|entry| entry.id.clone());
    let difference = match &run.end {
        Ok(finished) => {
            let Changes { upsert, remove, complete } = finished.changes.against(&known);
            let upsert: Vec<_> = upsert.into_iter().map(|entry| (entry.id, entry.body)).collect();
            format!("Changes {{ upsert: {upsert:?}, remove: {remove:?}, complete: {complete} }}\n")
        }
        Err(_) => String::new(),
    };
    expected.assert_eq(&format!("{told}{difference}"));
}

#[test]
fn a_feed_becomes_an_entry_for_each_uid_and_recurrence_id() {
    let run = run(&calendar(Origin::Feed, None), &[], script(vec![file(FEED)]));
    assert_eq!(run.requests[0].url, "https://cal.example/team.ics");
    assert_eq!(run.requests[0].find_header("if-none-match"), None);
    expect![[r#"
        /team.ics
        cursor stored, complete
        + 0//one "BEGIN:VEVENT\nUID:one\nDTSTAMP:20260301T000000Z\nSUMMARY:One\nDTSTART:20260303T100000Z\nDTEND:20260303T110000Z\nEND:VEVENT\n"
        + 0//week "BEGIN:VEVENT\nUID:week\nDTSTAMP:20260301T000000Z\nSUMMARY:Weekly, with a very long title that does not fit on one line and therefore goes on\nDTSTART;TZID=\"House\":20260304T100000\nDURATION:PT1H\nRRULE:FREQ=WEEKLY\nEND:VEVENT\n"
        + 0/House:20260311T100000/week "BEGIN:VEVENT\nUID:week\nRECURRENCE-ID;TZID=\"House\":20260311T100000\nDTSTAMP:20260301T000000Z\nSUMMARY:Moved\nDTSTART;TZID=\"House\":20260312T100000\nDURATION:PT1H\nEND:VEVENT\n"
        + @calendar "BEGIN:VCALENDAR\nVERSION:2.0\nX-WR-CALNAME:Team\nX-WR-TIMEZONE:Europe/Oslo\nBEGIN:VTIMEZONE\nTZID:House\nBEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0300\nEND:STANDARD\nEND:VTIMEZONE\nEND:VCALENDAR\n"
    "#]].assert_eq(&run.told(shown));
    expect![[r#"
        2026-03-03T10:00:00Z One confirmed -
        2026-03-04T07:00:00Z Weekly, with a very long title that does not fit on one line and therefore goes on confirmed -
        2026-03-12T07:00:00Z Moved confirmed -
    "#]]
    .assert_eq(&occurrences(Origin::Feed, &stored(&[], &run.finished())));
}

#[test]
fn an_unchanged_feed_is_quiet_whatever_its_stamps_say() {
    check(
        Response::empty(304),
        expect![[r#"
        /team.ics
        cursor kept
        Changes { upsert: [], remove: [], complete: false }
    "#]],
    );
    check(
        file(FEED),
        expect![[r#"
        /team.ics
        cursor kept
        Changes { upsert: [], remove: [], complete: false }
    "#]],
    );
    check(
        file(&FEED.replace("DTSTAMP:20260301", "DTSTAMP:20260302")),
        expect![[r#"
        /team.ics
        cursor kept
        Changes { upsert: [], remove: [], complete: false }
    "#]],
    );
}

#[test]
fn a_change_touches_its_own_entry_alone() {
    check(
        file(&FEED.replace("DTSTAMP:20260301", "DTSTAMP:20260302").replace("SUMMARY:One", "SUMMARY:Two")),
        expect![[r#"
        /team.ics
        cursor stored, complete
        + 0//one
        + 0//week
        + 0/House:20260311T100000/week
        + @calendar
        Changes { upsert: [("0//one", "BEGIN:VEVENT\nUID:one\nDTSTAMP:20260302T000000Z\nSUMMARY:Two\nDTSTART:20260303T100000Z\nDTEND:20260303T110000Z\nEND:VEVENT\n")], remove: [], complete: false }
    "#]],
    );
}

#[test]
fn what_a_whole_feed_leaves_out_is_gone() {
    check(
        file("BEGIN:VCALENDAR\nEND:VCALENDAR\n"),
        expect![[r#"
        /team.ics
        cursor stored, complete
        + @calendar
        Changes { upsert: [("@calendar", "BEGIN:VCALENDAR\nEND:VCALENDAR\n")], remove: ["0//one", "0//week", "0/House:20260311T100000/week"], complete: false }
    "#]],
    );
}

#[test]
fn what_is_no_whole_calendar_is_an_error() {
    for bad in ["<!DOCTYPE html><html>sign in</html>", "", "sorry", "BEGIN:VCALENDAR\n", &FEED.replace("END:VCALENDAR", "")] {
        let (calendar, known) = begun();
        let run = run(&calendar, &known, script(vec![file(bad)]));
        assert!(matches!(run.end, Err(SyncError::NotACalendar(_))), "{bad:?}: {:?}", run.end);
    }
    let run = run(&calendar(Origin::Feed, None), &[], |_| Err(NetError::TooLarge));
    assert_eq!(run.end, Err(SyncError::NotACalendar("too-large")));
}

proptest! {
    #[test]
    fn a_feed_that_is_cut_anywhere_deletes_nothing(at in 0..FEED.len() - 2) {
        let (calendar, known) = begun();
        let run = run(&calendar, &known, script(vec![file(&FEED[..at])]));
        // Without its line end, or with a part of that, the last line is still the end.
        prop_assert!(run.end.is_err(), "{}", run.told(shown));
    }
}

#[test]
fn redirects_are_followed_three_times_and_never_out_of_a_protected_connection() {
    let to =
        |location: &str| Response { status: 302, headers: vec![("location".to_owned(), location.to_owned())], body: Vec::new() };
    let urls = |answers: Vec<Response>| {
        let run = run(&calendar(Origin::Feed, None), &[], script(answers));
        let urls: Vec<String> = run.requests.iter().map(|request| request.url.clone()).collect();
        format!("{} → {}", urls.join(" → "), run.end.map_or_else(|error| error.to_string(), |_| "read".to_owned()))
    };
    let told = [
        urls(vec![to("https://other.example/a.ics"), to("/b.ics?x=1"), to("webcal://third.example/c.ics"), file(FEED)]),
        urls(vec![to("/1"), to("/2"), to("/3"), to("/4")]),
        urls(vec![to("http://cal.example/team.ics")]),
        urls(vec![to("file:///etc/passwd")]),
        urls(vec![Response::empty(302)]),
        urls(vec![Response::empty(304)]),
        urls(vec![Response::empty(206)]),
    ];
    expect![[r#"
        https://cal.example/team.ics → https://other.example/a.ics → https://other.example/b.ics?x=1 → https://third.example/c.ics → read
        https://cal.example/team.ics → https://cal.example/1 → https://cal.example/2 → https://cal.example/3 → not a calendar: redirect
        https://cal.example/team.ics → not a calendar: redirect
        https://cal.example/team.ics → not a calendar: redirect
        https://cal.example/team.ics → not a calendar: redirect
        https://cal.example/team.ics → try again: unexpected-status
        https://cal.example/team.ics → try again: unexpected-status"#]].assert_eq(&told.join("\n"));
}

#[test]
fn several_calendars_of_one_feed_keep_their_own_zones_and_names() {
    let other = "BEGIN:VCALENDAR\nX-WR-TIMEZONE:Asia/Tokyo\nBEGIN:VEVENT\nUID:one\nSUMMARY:Tokyo\nDTSTART;TZID=Office:20260305T090000\nEND:VEVENT\nEND:VCALENDAR\n";
    let both = format!("{FEED}{other}");
    let run = run(&calendar(Origin::Feed, None), &[], script(vec![file(&both)]));
    let entries = stored(&[], &run.finished());
    let ids: Vec<&str> = entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids, ["0//one", "0//week", "0/House:20260311T100000/week", "1//one", BASE_ID]);
    let read = calendar_of(Origin::Feed, &entries, &Zone::utc()).expect("readable");
    let tokyo = read.events.iter().find(|event| event.start.instant(&Zone::utc()) == at("2026-03-05T00:00:00Z"));
    assert!(tokyo.is_some(), "09:00 in Tokyo");
}

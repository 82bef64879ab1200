//! One weekly series through everything that can happen to it, as three calendars show it.

use super::*;
use crate::host::world::calendar::{Account, Change, Content, Edit, End, Every, Guest, MeetingId, Repeats};
use crate::host::world::script::{Step, What};
use crate::providers::{google, graph, ics};
use crate::time::{ClockTime, Date, Weekday, WeekdaySet};
use expect_test::{Expect, expect};
use std::collections::{BTreeMap, BTreeSet};

const MADE: &str = "2026-03-01T08:00:00Z";

fn account(name: &str, origin: Origin) -> Account {
    Account {
        name: name.to_owned(),
        address: format!("{name}@tinderbox.example"),
        origin,
        zone: Zone::named("Europe/London").expect("a zone"),
        client: "test".into(),
        token: name.to_owned(),
    }
}

/// Tuesdays at nine in London from 17 March on, five times, called by Amara; Bruno and Celine come.
fn series() -> Meeting {
    let made: Instant = MADE.parse().expect("a time");
    let tuesdays = WeekdaySet::default().with(Weekday::Tuesday);
    Meeting {
        uid: "weekly@google.com".into(),
        handle: "weekly".into(),
        organizer: "amara@tinderbox.example".into(),
        content: Content {
            title: "Weekly".into(),
            link: Some("https://meet.google.com/wee-klym-eet".into()),
            guests: vec![Guest::person("bruno@tinderbox.example"), Guest::person("celine@tinderbox.example")],
            ..Content::default()
        },
        zone: Zone::named("Europe/London").expect("a zone"),
        first: Date::constant(2026, 3, 17).to_datetime(ClockTime::constant(9, 0, 0, 0)),
        mins: 30,
        all_day: false,
        repeats: Some(Repeats { every: Every::Weeks(1, tuesdays), end: End::After(4) }),
        exceptions: BTreeMap::new(),
        cancelled: false,
        dropped: BTreeSet::new(),
        sequence: 0,
        created: made,
        updated: made,
    }
}

/// Does `edits` to the series one after the other; all three calendars must tell the same, which is what is expected.
fn check(edits: &[Edit], expected: Expect) {
    let accounts = vec![account("amara", Origin::Google), account("bruno", Origin::Graph), account("celine", Origin::Feed)];
    let made: Instant = MADE.parse().expect("a time");
    let steps = vec![Step { at: made, what: What::Create(Box::new(series())) }];
    let plan = Plan { accounts, steps, rules: String::new(), domain: "tinderbox.example".into() };
    let mut world = World::new(vec![plan], Weather::under(Sky::Calm, 0));
    world.advance(start());
    for edit in edits {
        assert!(world.truth.apply(start(), MeetingId(0), edit).changed, "{edit:?} changes something");
    }
    let window = window();
    let view = format!(
        "https://graph.microsoft.com/v1.0/me/calendarView?startDateTime={}&endDateTime={}&$top=100",
        window.start, window.end
    );
    let list = "https://www.googleapis.com/calendar/v3/calendars/primary/events";
    let (amara, bruno, celine) = (AccountId(0), AccountId(1), AccountId(2));
    let by_google = google::read(&read(&mut world, start(), amara, list).body, &Zone::utc()).expect("a page");
    let by_graph = graph::read(&read(&mut world, start(), bruno, &view).body, &Zone::utc()).expect("a page");
    let by_feed = ics::read(&read(&mut world, start(), celine, "https://feeds.example/celine.ics").body, &Zone::utc());
    let short = |calendar: &Calendar| -> String {
        assert_eq!(calendar.unreadable, []);
        let occurrences = calendar.occurrences(window.clone(), &Zone::utc()).occurrences;
        let standing = occurrences.iter().filter(|occurrence| occurrence.facts.status != Status::Cancelled);
        let line = |occurrence: &event::Occurrence| {
            let line = read_line(occurrence, "");
            let moved = if occurrence.moved == Fact::Known(true) { " moved" } else { "" };
            let uid = line.uid.trim_end_matches("@google.com");
            format!("{} [{}] {} {} {uid}{moved}\n", &line.start[..16], line.day, line.title, line.link)
        };
        standing.map(line).collect()
    };
    let text = short(&by_google);
    assert_eq!(short(&by_graph), text);
    assert_eq!(short(&by_feed.expect("a calendar")), text);
    expected.assert_eq(&text);
}

fn at(text: &str) -> Instant {
    text.parse().expect("a time")
}

#[test]
fn a_series_keeps_its_hour_across_the_clock_change() {
    check(
        &[],
        expect![[r#"
            2026-03-17T09:00 [2026-03-17] Weekly meet/wee-klym-eet weekly
            2026-03-24T09:00 [2026-03-24] Weekly meet/wee-klym-eet weekly
            2026-03-31T08:00 [2026-03-31] Weekly meet/wee-klym-eet weekly
        "#]],
    );
}

#[test]
fn an_occurrence_that_is_called_off_is_gone_and_one_that_moves_keeps_its_name() {
    let later = Edit::MoveOccurrence { original: at("2026-03-31T08:00:00Z"), start: at("2026-04-01T10:00:00Z"), mins: 60 };
    check(
        &[Edit::CancelOccurrence(at("2026-03-24T09:00:00Z")), later],
        expect![[r#"
            2026-03-17T09:00 [2026-03-17] Weekly meet/wee-klym-eet weekly
            2026-04-01T10:00 [2026-03-31] Weekly meet/wee-klym-eet weekly moved
        "#]],
    );
}

#[test]
fn this_and_following_is_another_series() {
    check(
        &[Edit::Split { original: at("2026-03-24T09:00:00Z"), time: ClockTime::constant(11, 15, 0, 0) }],
        expect![[r#"
            2026-03-17T09:00 [2026-03-17] Weekly meet/wee-klym-eet weekly
            2026-03-24T11:15 [2026-03-24] Weekly meet/wee-klym-eet weekly_R20260324T090000
            2026-03-31T10:15 [2026-03-31] Weekly meet/wee-klym-eet weekly_R20260324T090000
        "#]],
    );
}

#[test]
fn one_occurrence_can_have_its_own_title_and_link() {
    let original = at("2026-03-24T09:00:00Z");
    let link = Some("https://us02web.zoom.us/j/81234567890".to_owned());
    check(
        &[Edit::Occurrence(original, Change::Title("With guests".into())), Edit::Occurrence(original, Change::Link(link))],
        expect![[r#"
            2026-03-17T09:00 [2026-03-17] Weekly meet/wee-klym-eet weekly
            2026-03-24T09:00 [2026-03-24] With guests zoom/81234567890 weekly
            2026-03-31T08:00 [2026-03-31] Weekly meet/wee-klym-eet weekly
        "#]],
    );
}

#[test]
fn a_series_can_become_a_single_event_and_be_made_anew() {
    check(
        &[Edit::Repeat(None)],
        expect![[r#"
            2026-03-17T09:00 [] Weekly meet/wee-klym-eet weekly
        "#]],
    );
    check(&[Edit::Cancel], expect![[""]]);
}

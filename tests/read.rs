//! What conditions read from an event, in words.

use callsheet::builtins::people::Aliases;
use callsheet::builtins::{Context, Tables, read};
use callsheet::event::Question;
use callsheet::semantics::{CheckInput, RuleFile, lower, prepare};
use callsheet::source::Sources;
use callsheet::syntax::{Limits, parse};
use expect_test::{Expect, expect};

/// Reads `event` by each of the conditions and prints: condition, truth, words, reasons.
fn check(conditions: &[&str], event: &str, expected: Expect) {
    let mut text = String::from(
        "callsheet 1\nour domains @acme.com\ntimezone \"Europe/London\"\nlist customers = [@customer.com]\n\
         list partners provided people\nperson boss = [dana@acme.com, dana.k@acme.com]\n",
    );
    for (number, condition) in conditions.iter().enumerate() {
        text.push_str(&format!("rule r{number}:\n  record\n  when {condition}\n"));
    }
    text.push_str(&format!("test \"t\":\n  event {{ {event} }}\n  expect default\n"));
    let mut sources = Sources::default();
    let source = sources.add("read.rules", text.clone());
    let (tree, mut diagnostics) = parse(source, &text, &Limits::default());
    let files = [RuleFile { source, tree, layer: None }];
    let input = CheckInput { files: &files, own_domains: &[], limits: Limits::default(), today: None };
    let hir = lower(&input, &mut diagnostics);
    let tests = prepare(&input);
    assert!(tests.len() == 1 && hir.atoms.len() == conditions.len(), "{diagnostics:?}\n{text}");
    let question: Question<'_> = tests[0].question();
    let aliases = Aliases::of(&hir.aliases);
    let tables = Tables { lists: &hir.lists, own_domains: &hir.own_domains, aliases: &aliases };
    let context = Context::new(&question, tables);
    let mut out = String::new();
    for ((atom, asked), reading) in hir.atoms.iter().zip(conditions).zip(read(&hir.atoms, tables, &question)) {
        let codes: Vec<&str> = reading.unknown.iter().map(|reason| reason.code()).collect();
        let truth = format!("{:?}", context.answer(atom).truth()).to_lowercase();
        out.push_str(&format!(
            "{truth:<8}{} — {}{}\n",
            asked,
            reading.words,
            match codes.is_empty() {
                true => String::new(),
                false => format!(" [{}]", codes.join(", ")),
            }
        ));
    }
    expected.assert_eq(&out);
}

#[test]
fn people_are_named_where_they_settle_the_question() {
    check(
        &[
            "any attendee in customers",
            "every attendee is internal",
            "at least 2 attendees from @customer.com",
            "no attendee is boss",
            "any attendee declined",
            "any attendee has not answered",
            "any attendee (is external and not declined)",
            "any attendee is optional",
            "attendees >= 3",
            "one-on-one",
            "organizer is external",
            "any attendee in partners",
        ],
        r#"title: "Review", attendees: [me, pat@customer.com, kim@customer.com declined, lee@acme.com none, dana@acme.com, ola@acme.com]"#,
        expect![[r#"
            true    any attendee in customers — pat@customer.com and kim@customer.com are, 4 others are not
            false   every attendee is internal — pat@customer.com and kim@customer.com are not, 4 others are
            true    at least 2 attendees from @customer.com — pat@customer.com and kim@customer.com are, 4 others are not
            false   no attendee is boss — dana@acme.com is, 5 others are not
            true    any attendee declined — kim@customer.com did, 5 others did not
            false   any attendee has not answered — me@acme.com, pat@customer.com, kim@customer.com and 3 others have
            true    any attendee (is external and not declined) — pat@customer.com fits, 5 others do not fit
            false   any attendee is optional — me@acme.com, pat@customer.com, kim@customer.com and 3 others are not
            true    attendees >= 3 — 6 people
            false   one-on-one — 6 people, 1 has declined
            false   organizer is external — organizer is me@acme.com
            unknown any attendee in partners — of anybody it cannot be told, since a provided list was not supplied [list-not-supplied]
        "#]],
    );
}

#[test]
fn hidden_and_open_guest_lists_say_why() {
    check(
        &["any attendee is external", "every attendee is internal", "attendees >= 3", "one-on-one", "organizer is internal"],
        "attendees: hidden, organizer: hidden",
        expect![[r#"
            unknown any attendee is external — nobody is shown, and the guest list is hidden, and the event is private and shows no details [private-event, guests-hidden]
            unknown every attendee is internal — nobody is shown, and the guest list is hidden, and the event is private and shows no details [guests-hidden, private-event]
            unknown attendees >= 3 — an unknown number of people, and the guest list is hidden, and the event is private and shows no details [private-event]
            unknown one-on-one — an unknown number of people, and the guest list is hidden, and the event is private and shows no details [private-event]
            unknown organizer is internal — organizer is unknown: the event is private and shows no details [private-event]
        "#]],
    );
    check(
        &["any attendee is external", "attendees >= 3"],
        "attendees: [me, all@acme.com group, room@acme.com room]",
        expect![[r#"
            unknown any attendee is external — me@acme.com and all@acme.com are not, and a group of unknown size is invited [group-size]
            unknown attendees >= 3 — at least 2 people, and a group of unknown size is invited [group-size]
        "#]],
    );
}

#[test]
fn texts_are_quoted_escaped_and_cut() {
    check(
        &["title contains \"catch\"", "location contains \"zoom\"", "description contains \"demo\"", "calendar is \"Work\""],
        r#"title: "Catch-up\n\u{202e}\u{1b}[2J \"quoted\"", location: "Room 1 https://zoom.us/j/5551112222?pwd=secret or call", description: "PIN 4711 demo""#,
        expect![[r#"
            true    title contains "catch" — title is "Catch-up\n\u{202e}\u{1b}[2J \"quoted\""
            true    location contains "zoom" — location is "Room 1 https://zoom.us/j/5551112222?… or call"
            true    description contains "demo" — description has 13 characters
            false   calendar is "Work" — calendar is empty
        "#]],
    );
    let long = format!("title: \"{}\"", "long ".repeat(100));
    check(
        &["title is \"x\""],
        &long,
        expect![[r#"
            false   title is "x" — title is "long long long long long long long long long long long long long long long long …"
        "#]],
    );
    check(
        &["title is \"x\"", "description contains \"x\""],
        "title: hidden, description: \"\"",
        expect![[r#"
            unknown title is "x" — title is unknown: the event is private and shows no details [private-event]
            false   description contains "x" — description is empty
        "#]],
    );
}

#[test]
fn times_are_told_in_the_zone_that_the_condition_reads() {
    check(
        &[
            "starts between 09:00 and 18:00 on mon..fri",
            "starts before 12:00 in \"Asia/Tokyo\"",
            "ends after 10:00",
            "duration < 10m",
        ],
        "start: 2026-03-02 10:00, duration: 1h30m",
        expect![[r#"
            true    starts between 09:00 and 18:00 on mon..fri — starts Mon 2026-03-02 10:00 Europe/London
            false   starts before 12:00 in "Asia/Tokyo" — starts Mon 2026-03-02 19:00 Asia/Tokyo
            true    ends after 10:00 — ends Mon 2026-03-02 11:30 Europe/London
            false   duration < 10m — lasts 1 hour 30 minutes
        "#]],
    );
    check(
        &["ends on fri", "duration > 1h", "all-day"],
        "start: 2026-03-06",
        expect![[r#"
            true    ends on fri — ends Fri 2026-03-06, all day
            true    duration > 1h — lasts 1 day
            true    all-day — it is all-day
        "#]],
    );
    check(
        &["ends on fri", "duration > 1h", "all-day"],
        "start: 2026-03-06 10:00, end: hidden",
        expect![[r#"
            unknown ends on fri — ends at an unknown time: the end is not specified [end-unspecified]
            unknown duration > 1h — duration is unknown: the end is not specified [end-unspecified]
            false   all-day — it has clock times
        "#]],
    );
}

#[test]
fn words_of_closed_sets_and_links() {
    check(
        &[
            "my response is accepted",
            "visibility is private",
            "shows as is busy",
            "kind is focus",
            "provider is google",
            "conference is zoom",
            "source is api",
            "status is confirmed",
            "has link",
            "occurrence is moved",
            "repeats weekly",
        ],
        "visibility: private, conference: zoom",
        expect![[r#"
            true    my response is accepted — my response is accepted
            true    visibility is private — visibility is private
            true    shows as is busy — it shows as busy
            false   kind is focus — kind is default
            true    provider is google — provider is google
            true    conference is zoom — conference is zoom
            true    source is api — source is api
            true    status is confirmed — status is confirmed
            true    has link — it has a zoom link
            false   occurrence is moved — it does not repeat
            false   repeats weekly — it does not repeat
        "#]],
    );
    check(
        &["has link", "conference is zoom", "visibility is private"],
        "link: hidden, visibility: hidden",
        expect![[r#"
            unknown has link — its link is unknown: the meeting link is still being made [link-pending]
            unknown conference is zoom — conference is unknown: the meeting link is still being made [link-pending]
            unknown visibility is private — visibility is unknown: the event is private and shows no details [private-event]
        "#]],
    );
    check(
        &["repeats", "repeats weekly", "occurrence is first"],
        "repeats: hidden",
        expect![[r#"
            true    repeats — it repeats, in an unknown way: the series this occurrence belongs to cannot be read
            unknown repeats weekly — it repeats, in an unknown way: the series this occurrence belongs to cannot be read [master-unreadable]
            false   occurrence is first — it is not the first of its series
        "#]],
    );
}

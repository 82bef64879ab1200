//! What other projects' files lack: one behaviour of the iCalendar reader a test.

use callsheet::event::{Calendar, EntryKind, Event, Occurrence, Person};
use callsheet::providers::{ReadError, ics};
use callsheet::time::{Instant, Moment, Zone};
use callsheet::value::{Closed, Fact, UnknownReason};
use expect_test::{Expect, expect};
use proptest::prelude::*;

/// Reads a file as somebody in Vienna does, and tells what came of it.
fn check(file: &str, expected: Expect) {
    check_bytes(file.as_bytes(), expected);
}

fn check_bytes(file: &[u8], expected: Expect) {
    let vienna = Zone::named("Europe/Vienna").expect("a zone");
    let told = match ics::read(file, &vienna) {
        Ok(calendar) => told(&calendar),
        Err(error) => format!("{error}\n"),
    };
    expected.assert_eq(&told);
}

/// One event, of which only `lines` matter, in a calendar with nothing around it.
fn event(lines: &str) -> String {
    calendar("", &format!("BEGIN:VEVENT\nUID:u@example.com\nDTSTART:20260302T100000Z\n{lines}\nEND:VEVENT\n"))
}

fn calendar(head: &str, body: &str) -> String {
    format!("BEGIN:VCALENDAR\n{head}\n{body}END:VCALENDAR\n")
}

fn told(calendar: &Calendar) -> String {
    let mut lines: Vec<String> = Vec::new();
    lines.extend(calendar.name.iter().map(|name| format!("calendar {name:?}")));
    lines.extend(calendar.owner.iter().map(|owner| format!("owner {owner}")));
    lines.extend(calendar.events.iter().flat_map(event_told));
    lines.extend(calendar.unreadable.iter().map(|part| format!("{}: {}", part.place, part.why)));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn event_told(event: &Event) -> Vec<String> {
    let facts = &event.facts;
    let title = facts.title.known().and_then(Option::as_ref).map_or("", |title| title.content.as_str());
    let end = match &event.end {
        Fact::Known(end) => moment(end),
        Fact::Unknown(reason) => reason.code().to_owned(),
    };
    let word = |fact: Option<&str>| fact.unwrap_or("unknown").to_owned();
    let state = [
        facts.status.word().to_owned(),
        word(facts.visibility.known().map(|value| value.word())),
        word(facts.shows_as.known().map(|value| value.word())),
        facts.source.word().to_owned(),
        format!("revision {}", event.revision.sequence),
    ]
    .join(", ");
    let mut lines = vec![format!("{} {title:?} {} to {end}", event.uid, moment(&event.start))];
    lines.extend((state != "confirmed, default, busy, feed, revision 0").then(|| format!("  {state}")));
    match &event.kind {
        EntryKind::Single => {}
        EntryKind::SeriesMaster(recurrence) => {
            let list = |moments: &[Moment]| moments.iter().map(moment).collect::<Vec<_>>().join(", ");
            let extra: Vec<Moment> =
                recurrence.extra.iter().flat_map(|(start, end)| [Some(start.clone()), end.clone()]).flatten().collect();
            lines.push(format!(
                "  series {:?} and [{}] without [{}]",
                recurrence.rules,
                list(&extra),
                list(&recurrence.excluded)
            ));
        }
        EntryKind::Instance { recurrence_id, and_following, .. } => {
            lines.push(format!("  instance of {}{}", moment(recurrence_id), if *and_following { " and all behind" } else { "" }));
        }
    }
    if facts.people.incomplete != Some(UnknownReason::SourceListsNoPeople) {
        lines.push(match &facts.people.organizer {
            Fact::Known(person) => format!("  organizer {}", person_told(person)),
            Fact::Unknown(reason) => format!("  organizer {}", reason.code()),
        });
        lines.extend(facts.people.attendees.iter().map(|person| format!("  {}", person_told(person))));
        lines.extend(facts.people.incomplete.map(|reason| format!("  incomplete {}", reason.code())));
    }
    lines
}

fn moment(moment: &Moment) -> String {
    match moment {
        Moment::Day(date) => date.to_string(),
        Moment::Timed { zone, .. } => format!("{} {}{}", moment.civil(), zone.name(), if zone.is_guess() { "?" } else { "" }),
    }
}

fn person_told(person: &Person) -> String {
    let mut words = vec![person.address.as_ref().map_or(format!("<{}>", person.written), |address| address.to_string())];
    words.push(person.response.known().map_or("unknown", |response| response.word()).to_owned());
    words.extend((person.kind.word() != "person").then(|| person.kind.word().to_owned()));
    words.extend((person.optional == Fact::Known(true)).then(|| "optional".to_owned()));
    words.extend(person.non_participant.then(|| "for information".to_owned()));
    words.extend((person.plus_guests > 0).then(|| format!("brings {}", person.plus_guests)));
    words.join(" ")
}

#[test]
fn people_are_told_from_rooms_groups_and_readers() {
    let lines = "ORGANIZER;CN=Dana;SENT-BY=\"mailto:help@example.com\":MAILTO:Dana@Example.com
ATTENDEE;PARTSTAT=ACCEPTED:mailto:dana@example.com
ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:room@resource.example.com
ATTENDEE;CUTYPE=RESOURCE;ROLE=NON-PARTICIPANT:mailto:beamer@example.com
ATTENDEE;CUTYPE=GROUP:mailto:team@example.com
ATTENDEE;ROLE=OPT-PARTICIPANT;PARTSTAT=TENTATIVE;X-NUM-GUESTS=2:Ben@Example.com
ATTENDEE;ROLE=NON-PARTICIPANT:mailto:cc@example.com
ATTENDEE;PARTSTAT=DELEGATED:mailto:boss@example.com
ATTENDEE;PARTSTAT=X-LATER;EMAIL=ida@example.com:urn:uuid:00000000-0000-0000-0000-000000000001
ATTENDEE:/o=Example/ou=Exchange/cn=Recipients/cn=eve
ATTENDEE:invalid:nomail
ATTENDEE:mailto:";
    check(
        &event(lines),
        expect![[r#"
            u@example.com "" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
              organizer dana@example.com organizer
              dana@example.com accepted
              room@resource.example.com accepted room
              beamer@example.com none resource for information
              team@example.com none group
              ben@example.com tentative optional brings 2
              cc@example.com none for information
              boss@example.com declined
              ida@example.com none
              </o=example/ou=exchange/cn=recipients/cn=eve> none
              <invalid:nomail> none
        "#]],
    );
}

#[test]
fn organizers_that_are_nobody() {
    let unknown = |organizer: &str| {
        let calendar = ics::read(event(organizer).as_bytes(), &Zone::utc()).expect("a calendar");
        let people = &calendar.events[0].facts.people;
        (people.organizer.unknown().map(UnknownReason::code), people.incomplete.map(UnknownReason::code))
    };
    let nobody = Some("source-lists-no-people");
    let calendar = Some("organizer-is-calendar");
    assert_eq!(unknown("ORGANIZER:"), (nobody, nobody));
    assert_eq!(unknown("ORGANIZER:mailto:"), (nobody, nobody));
    assert_eq!(unknown("ORGANIZER:mailto:team_x@group.calendar.google.com"), (calendar, None));
    assert_eq!(unknown("ORGANIZER:mailto:unknownorganizer@calendar.google.com"), (calendar, None));
    check(
        &event("ORGANIZER:mailto:a@example.com,mailto:b@example.com\nATTENDEE:mailto:a@example.com"),
        expect![[r#"
            u@example.com "" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
              organizer a@example.com organizer
              a@example.com organizer
        "#]],
    );
    check(
        &event("ATTENDEE:mailto:a@example.com"),
        expect![[r#"
            u@example.com "" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
              organizer not-stated
              a@example.com none
        "#]],
    );
}

#[test]
fn ends_come_from_what_there_is() {
    let entry = |uid: &str, lines: &str| format!("BEGIN:VEVENT\nUID:{uid}\n{lines}\nEND:VEVENT\n");
    let body = [
        entry("day", "DTSTART;VALUE=DATE:20260302"),
        entry("days", "DTSTART;VALUE=DATE:20260302\nDURATION:P2D"),
        entry("no-time", "DTSTART:20260302T100000Z"),
        entry("over-the-clock-change", "DTSTART;TZID=Europe/Vienna:20260328T100000\nDURATION:P1DT1H"),
        entry("backwards", "DTSTART:20260302T100000Z\nDTEND:20260302T090000Z"),
        entry("broken-end", "DTSTART:20260302T100000Z\nDTEND:soon"),
        entry("floating", "DTSTART:20260302T100000\nDTEND:20260302T110000"),
        entry("floating-end", "DTSTART;TZID=Asia/Tokyo:20260302T100000\nDTEND:20260302T110000"),
        entry("old", "DTSTART:16010101T000000Z\nDTEND:99991231T235959Z"),
        entry("stamped", "DTSTAMP:20260301T100000\nDTSTART:20260302T100000Z\nSEQUENCE:99999999999999999999"),
        entry("gap", "DTSTART;TZID=Europe/Vienna:20260329T023000"),
    ];
    check(
        &calendar("", &body.concat()),
        expect![[r#"
            day "" 2026-03-02 to 2026-03-03
            days "" 2026-03-02 to 2026-03-04
            no-time "" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
            over-the-clock-change "" 2026-03-28T10:00:00 Europe/Vienna to 2026-03-29T11:00:00 Europe/Vienna
            backwards "" 2026-03-02T10:00:00 UTC to 2026-03-02T09:00:00 UTC
            broken-end "" 2026-03-02T10:00:00 UTC to end-unspecified
            floating "" 2026-03-02T10:00:00 Europe/Vienna to 2026-03-02T11:00:00 Europe/Vienna
            floating-end "" 2026-03-02T10:00:00 Asia/Tokyo to 2026-03-02T11:00:00 Asia/Tokyo
            old "" 1601-01-01T00:00:00 UTC to 9999-12-30T22:00:00.999999999 UTC
            stamped "" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
              confirmed, default, busy, feed, revision 9223372036854775807
            gap "" 2026-03-29T03:30:00 Europe/Vienna to 2026-03-29T03:30:00 Europe/Vienna
            line 26: an event whose end is no date
        "#]],
    );
}

#[test]
fn zones_are_found_or_guessed_and_said() {
    let starts = [
        "DTSTART;TZID=\"(UTC+01:00) Amsterdam, Berlin\":20260702T100000",
        "DTSTART;TZID=(UTC+01:00) Amsterdam, Berlin:20260702T100000",
        "DTSTART;TZID=Tokyo Standard Time:20260702T100000",
        "DTSTART;TZID=Nowhere/Land:20260702T100000",
        "DTSTART;TZID=Defined:20260702T100000",
        "DTSTART;TZID=DEFINED:20270702T100000",
        "DTSTART;TZID=Empty:20260702T100000",
        "DTSTART;TZID=EST:20260702T100000",
    ];
    let body: String = starts.iter().map(|start| format!("BEGIN:VEVENT\nUID:u\n{start}\nEND:VEVENT\n")).collect();
    let zones = "BEGIN:VTIMEZONE\nTZID:Defined\nTZUNTIL:20270101T000000Z
BEGIN:STANDARD\nDTSTART:19700101T000000\nTZOFFSETFROM:+0200\nTZOFFSETTO:+0300\nRDATE:20261001T000000\nEND:STANDARD
BEGIN:DAYLIGHT\nDTSTART:20200601T000000\nTZOFFSETFROM:+0300\nTZOFFSETTO:+0430\nRRULE:FREQ=YEARLY;BYMONTH=6;BYMONTHDAY=1\nEND:DAYLIGHT
END:VTIMEZONE
BEGIN:VTIMEZONE\nTZID:Empty\nX-LIC-LOCATION:America/Lima\nEND:VTIMEZONE
BEGIN:VTIMEZONE\nTZID:EST\nBEGIN:DAYLIGHT\nDTSTART:20070311T020000\nTZOFFSETFROM:-0500\nTZOFFSETTO:-0400
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\nEND:DAYLIGHT
BEGIN:STANDARD\nDTSTART:20071104T020000\nTZOFFSETFROM:-0400\nTZOFFSETTO:-0500\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU\nEND:STANDARD
END:VTIMEZONE\n";
    check(
        &calendar("X-WR-TIMEZONE:America/Bogota", &format!("{zones}{body}")),
        expect![[r#"
            u "" 2026-07-02T10:00:00 Europe/Amsterdam to 2026-07-02T10:00:00 Europe/Amsterdam
            u "" 2026-07-02T10:00:00 Europe/Amsterdam to 2026-07-02T10:00:00 Europe/Amsterdam
            u "" 2026-07-02T10:00:00 Asia/Tokyo to 2026-07-02T10:00:00 Asia/Tokyo
            u "" 2026-07-02T10:00:00 America/Bogota to 2026-07-02T10:00:00 America/Bogota
            u "" 2026-07-02T10:00:00 Defined to 2026-07-02T10:00:00 Defined
            u "" 2027-07-02T10:00:00 Defined to 2027-07-02T10:00:00 Defined
            u "" 2026-07-02T10:00:00 America/Lima to 2026-07-02T10:00:00 America/Lima
            u "" 2026-07-02T10:00:00 EST to 2026-07-02T10:00:00 EST
            line 52: the zone `Nowhere/Land` is not known; its times are read in America/Bogota
        "#]],
    );
    check(
        &calendar("", "BEGIN:VEVENT\nUID:u\nDTSTART;TZID=Nowhere/Land:20260702T100000\nEND:VEVENT\n"),
        expect![[r#"
        u "" 2026-07-02T10:00:00 Europe/Vienna? to 2026-07-02T10:00:00 Europe/Vienna?
        line 5: the zone `Nowhere/Land` is not known; its times are read in Europe/Vienna
    "#]],
    );
    let instants: Vec<String> = ics::read(calendar("", &format!("{zones}{body}")).as_bytes(), &Zone::utc())
        .expect("a calendar")
        .events
        .iter()
        .map(|event| event.start.instant(&Zone::utc()).to_string())
        .collect();
    expect![[r#"
        2026-07-02T08:00:00Z
        2026-07-02T08:00:00Z
        2026-07-02T01:00:00Z
        2026-07-02T10:00:00Z
        2026-07-02T05:30:00Z
        2027-07-02T07:00:00Z
        2026-07-02T15:00:00Z
        2026-07-02T14:00:00Z"#]]
    .assert_eq(&instants.join("\n"));
}

#[test]
fn a_series_keeps_its_rule_as_written() {
    let master = "BEGIN:VEVENT\nUID:s\nDTSTART;TZID=America/New_York:20260302T100000
RRULE:freq=weekly;BYWHAT=3;Until=20260401\nRDATE;VALUE=PERIOD:20260305T150000Z/PT2H,20260306T150000Z/20260306T153000Z
EXDATE;VALUE=DATE:20260309\nEXDATE:20260316T100000,20260323T140000Z\nEXDATE:never\nEND:VEVENT\n";
    let moved = "BEGIN:VEVENT\nUID:s\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260330T100000\nDTSTART:20260330T150000Z\nEND:VEVENT\n";
    check(
        &calendar("", &format!("{moved}{master}")),
        expect![[r#"
            s "" 2026-03-30T15:00:00 UTC to 2026-03-30T15:00:00 UTC
              instance of 2026-03-30T10:00:00 America/New_York and all behind
            s "" 2026-03-02T10:00:00 America/New_York to 2026-03-02T10:00:00 America/New_York
              series ["freq=weekly;BYWHAT=3;Until=20260401"] and [2026-03-05T15:00:00 UTC, 2026-03-05T17:00:00 UTC, 2026-03-06T15:00:00 UTC, 2026-03-06T15:30:00 UTC] without [2026-03-09, 2026-03-16T10:00:00 America/New_York, 2026-03-23T14:00:00 UTC]
            line 8: a series with an RDATE or EXDATE that is no date
        "#]],
    );
}

#[test]
fn a_method_or_a_status_cancels() {
    let entry = "BEGIN:VEVENT\nUID:c\nSTATUS:CONFIRMED\nDTSTART:20260302T100000Z\nEND:VEVENT\n";
    let instance = "BEGIN:VEVENT\nUID:c\nRECURRENCE-ID:20260309T100000Z\nEND:VEVENT\n";
    check(
        &calendar("METHOD: cancel", &format!("{entry}{instance}")),
        expect![[r#"
            c "" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
              cancelled, default, busy, invite, revision 0
            c "" 2026-03-09T10:00:00 UTC to 2026-03-09T10:00:00 UTC
              cancelled, default, busy, invite, revision 0
              instance of 2026-03-09T10:00:00 UTC
        "#]],
    );
    check(
        &event("STATUS:CONFIRMED\nSTATUS:Cancelled"),
        expect![[r#"
            u@example.com "" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
              cancelled, default, busy, feed, revision 0
        "#]],
    );
    check(
        &calendar("METHOD:REPLY", entry),
        expect![[r#"
        line 1: an answer to an invitation (REPLY, COUNTER, REFRESH), which changes no calendar
    "#]],
    );
}

/// A weekly series of three with one instance moved, as a request with this revision.
fn request(sequence: u32, stamp: &str) -> String {
    calendar(
        "METHOD:REQUEST",
        &format!(
            "BEGIN:VEVENT\nUID:s@example.com\nSEQUENCE:{sequence}\nDTSTAMP:{stamp}\nDTSTART:20260302T100000Z\n\
             RRULE:FREQ=WEEKLY;COUNT=3\nEND:VEVENT\n\
             BEGIN:VEVENT\nUID:s@example.com\nSEQUENCE:9\nDTSTAMP:{stamp}\nRECURRENCE-ID:20260309T100000Z\n\
             DTSTART:20260309T140000Z\nEND:VEVENT\n"
        ),
    )
}

/// Reads the files as one, and tells which occurrences of March still take place, and what could not be read.
fn check_march(files: &[String], expected: Expect) {
    let calendar = ics::read(files.concat().as_bytes(), &Zone::utc()).expect("a calendar");
    let march = "2026-03-01T00:00:00Z".parse().expect("an instant").."2026-04-01T00:00:00Z".parse().expect("an instant");
    let found = calendar.occurrences(march, &Zone::utc()).occurrences;
    let occurrence = |found: &Occurrence| format!("{} {} {}", found.uid, moment(&found.start), found.facts.status.word());
    let remarks = calendar.unreadable.iter().map(|part| format!("{}: {}", part.place, part.why));
    let lines = found.iter().map(occurrence).chain(remarks).map(|line| format!("{line}\n"));
    expected.assert_eq(&lines.collect::<String>());
}

#[test]
fn a_cancellation_by_uid_alone_cancels_the_whole_series() {
    let single = event("SUMMARY:another meeting");
    let cancel = |lines: &str| calendar("METHOD:CANCEL", &format!("BEGIN:VEVENT\nUID:s@example.com\n{lines}END:VEVENT\n"));
    let bare = cancel("SEQUENCE:1\nDTSTAMP:20260202T000000Z\n");
    check_march(
        &[single.clone(), request(1, "20260201T000000Z"), bare.clone()],
        expect![[r#"
        s@example.com 2026-03-02T10:00:00 UTC cancelled
        u@example.com 2026-03-02T10:00:00 UTC confirmed
        s@example.com 2026-03-09T14:00:00 UTC cancelled
        s@example.com 2026-03-16T10:00:00 UTC cancelled
    "#]],
    );
    // The order in the file says nothing, nor do numbers and times that the sender left out.
    check_march(
        &[bare.clone(), request(1, "20260201T000000Z")],
        expect![[r#"
        s@example.com 2026-03-02T10:00:00 UTC cancelled
        s@example.com 2026-03-09T14:00:00 UTC cancelled
        s@example.com 2026-03-16T10:00:00 UTC cancelled
    "#]],
    );
    check_march(
        &[request(1, "20260201T000000Z"), cancel("")],
        expect![[r#"
        s@example.com 2026-03-02T10:00:00 UTC cancelled
        s@example.com 2026-03-09T14:00:00 UTC cancelled
        s@example.com 2026-03-16T10:00:00 UTC cancelled
    "#]],
    );
    check_march(
        &[
            request(1, "20260201T000000Z"),
            bare.replace("METHOD:CANCEL", "METHOD:PUBLISH").replace("SEQ", "STATUS:CANCELLED\nSEQ"),
        ],
        expect![[r#"
            s@example.com 2026-03-02T10:00:00 UTC cancelled
            s@example.com 2026-03-09T14:00:00 UTC cancelled
            s@example.com 2026-03-16T10:00:00 UTC cancelled
        "#]],
    );
    // With its times, a cancellation of the series reaches the moved instance as well.
    let timed = cancel("SEQUENCE:2\nDTSTAMP:20260202T000000Z\nDTSTART:20260302T100000Z\nRRULE:FREQ=WEEKLY;COUNT=3\n");
    check_march(
        &[request(1, "20260201T000000Z"), timed],
        expect![[r#"
        s@example.com 2026-03-02T10:00:00 UTC cancelled
        s@example.com 2026-03-09T14:00:00 UTC cancelled
        s@example.com 2026-03-16T10:00:00 UTC cancelled
    "#]],
    );
    // The series was called again since.
    check_march(
        &[bare.clone(), request(2, "20260203T000000Z")],
        expect![[r#"
        s@example.com 2026-03-02T10:00:00 UTC confirmed
        s@example.com 2026-03-09T14:00:00 UTC confirmed
        s@example.com 2026-03-16T10:00:00 UTC confirmed
        line 3: a cancellation that is older than what it cancels
    "#]],
    );
    check_march(
        &[bare.clone(), request(1, "20260203T000000Z")],
        expect![[r#"
        s@example.com 2026-03-02T10:00:00 UTC confirmed
        s@example.com 2026-03-09T14:00:00 UTC confirmed
        s@example.com 2026-03-16T10:00:00 UTC confirmed
        line 3: a cancellation that is older than what it cancels
    "#]],
    );
    // The calendar of somebody who was never asked.
    check_march(
        &[single, bare],
        expect![[r#"
        u@example.com 2026-03-02T10:00:00 UTC confirmed
        line 11: a cancellation of an event that is not in this file
    "#]],
    );
}

#[test]
fn outlook_says_more_than_the_standard() {
    let lines = "SEQUENCE:0\nX-MICROSOFT-CDO-APPT-SEQUENCE:4\nTRANSP:OPAQUE\nCLASS:X-SECRET
X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\nX-MICROSOFT-CDO-INTENDEDSTATUS:OOF";
    let entry = format!("BEGIN:VEVENT\nUID:o\nDTSTART:20260302T100000Z\n{lines}\nEND:VEVENT\n");
    check(
        &calendar("METHOD:REQUEST", &entry),
        expect![[r#"
            o "" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
              confirmed, private, out_of_office, invite, revision 4
        "#]],
    );
    check(
        &calendar("X-WR-CALNAME:dana@example.com", &entry),
        expect![[r#"
            calendar "dana@example.com"
            owner dana@example.com
            o "" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
              confirmed, private, tentative, feed, revision 4
        "#]],
    );
}

#[test]
fn the_field_made_for_links_wins() {
    let fields = [
        "DESCRIPTION:<a href=\"https://meet.google.com/hhh-hhhh-hhh\">Join</a>",
        "LOCATION:https://meet.google.com/ggg-gggg-ggg",
        "URL:https://meet.google.com/fff-ffff-fff",
        "X-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.microsoft.com/meet/2345678901234?p=abc",
        "X-GOOGLE-CONFERENCE:https://meet.google.com/ddd-dddd-ddd",
        "CONFERENCE;VALUE=URI:https://meet.google.com/ccc-cccc-ccc",
        "CONFERENCE;VALUE=URI;FEATURE=\"AUDIO,VIDEO\":https://meet.google.com/bbb-bbbb-bbb",
    ];
    let mut ids = Vec::new();
    for count in 1..=fields.len() {
        let mut lines = fields[..count].to_vec();
        lines.push("CONFERENCE;VALUE=URI;FEATURE=PHONE:https://meet.google.com/aaa-aaaa-aaa");
        let calendar = ics::read(event(&lines.join("\n")).as_bytes(), &Zone::utc()).expect("a calendar");
        let link = calendar.events[0].facts.link.known().cloned().flatten();
        ids.push(link.map_or("none".to_owned(), |link| link.id));
    }
    expect![[r#"
        hhh-hhhh-hhh
        ggg-gggg-ggg
        fff-ffff-fff
        2345678901234
        ddd-dddd-ddd
        ccc-cccc-ccc
        bbb-bbbb-bbb"#]]
    .assert_eq(&ids.join("\n"));
}

#[test]
fn texts_survive_their_encodings() {
    let plain = event("SUMMARY:Größe\\, „6\\;7“ \\\\o/\\nzwei");
    let utf16: Vec<u8> = std::iter::once(0xFEFF).chain(plain.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let at = plain.find('ö').expect("it is there") + 1;
    let folded = [&plain.as_bytes()[..at], b"\r\n ", &plain.as_bytes()[at..]].concat();
    let vcalendar = plain.replace("SUMMARY:Größe", "SUMMARY;CHARSET=ISO-8859-1;ENCODING=QUOTED-PRINTABLE:Gr=F6=\n=DFe");
    let versions = [
        plain.clone().into_bytes(),
        [b"\xEF\xBB\xBF", plain.as_bytes()].concat(),
        utf16,
        folded,
        plain.replace('\n', "\r").into_bytes(),
        plain.replace("UID", "\0UI\0D").into_bytes(),
    ];
    let vienna = Zone::named("Europe/Vienna").expect("a zone");
    let read: Vec<String> = versions.iter().map(|version| told(&ics::read(version, &vienna).expect("a calendar"))).collect();
    assert!(read.iter().all(|told| *told == read[0]), "{read:?}");
    check(
        &plain,
        expect![[r#"
            u@example.com "Größe, „6;7“ \\o/\nzwei" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
        "#]],
    );
    check(
        &vcalendar.replace("„6\\;7“", "=846=3B7=93"),
        expect![[r#"
            u@example.com "Größe, „6;7“ \\o/\nzwei" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
        "#]],
    );
    let latin: Vec<u8> = event("SUMMARY:Gr~sse").bytes().map(|byte| if byte == b'~' { 0xF6 } else { byte }).collect();
    check_bytes(
        &latin,
        expect![[r#"
            u@example.com "Grösse" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
        "#]],
    );
}

#[test]
fn broken_files_give_what_they_hold_and_say_the_rest() {
    let broken = "BEGIN:VCALENDAR
rubbish
BEGIN:VEVENT
UID:no-end
DTSTART:20260302T100000Z
SUMMARY;X=\"open:still read
BEGIN:VALARM
also rubbish
TRIGGER:-PT5M
END:VALARM
BEGIN:VEVENT
UID:no-start
END:VEVENT
BEGIN:VEVENT
UID:bad-start
DTSTART:20261302T100000Z
END:VEVENT
BEGIN:VTODO
UID:todo
END:VTODO
END:VJOURNAL
BEGIN:VEVENT
DTSTART:20260302T100000Z
SUMM";
    check(
        broken,
        expect![[r#"
            no-end "still read" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
            no-uid-2589fd8c86482fac88c8eb0a5d95519e "" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
            line 2: no property: a name and a colon are missing
            line 11: the VEVENT of line 3 has no END before this
            line 11: an event that cannot be read: it has no start
            line 14: an event that cannot be read: its start is no date
            line 21: an END without its BEGIN
            line 22: an event without UID, named by its content
            line 24: no property: a name and a colon are missing
            line 24: the VEVENT of line 22 has no END before this
            line 24: the VCALENDAR of line 1 has no END before this
        "#]],
    );
    check(
        "BEGIN:VEVENT\nUID:alone\nDTSTART:20260302T100000Z\nEND:VEVENT\n",
        expect![[r#"
            alone "" 2026-03-02T10:00:00 UTC to 2026-03-02T10:00:00 UTC
        "#]],
    );
    check(
        "<!DOCTYPE html><html>Sign in: BEGIN:VCALENDAR</html>",
        expect![[r#"
            not a calendar: no component begins in it
        "#]],
    );
    check(
        "",
        expect![[r#"
            not a calendar: no component begins in it
        "#]],
    );
}

#[test]
fn what_nobody_sends_is_bounded() {
    let deep = format!("{}DTSTART:20260302T100000Z\n{}", "BEGIN:X\n".repeat(2000), "END:X\n".repeat(2000));
    check(
        &calendar("", &deep),
        expect![[r#"
        line 10: nested deeper than 8, skipped
    "#]],
    );
    let entry = "BEGIN:VEVENT\nUID:u\nDTSTART:20260302T100000Z\nEND:VEVENT\n";
    let invitation = calendar("METHOD:REQUEST", &entry.repeat(600));
    let read = ics::read(invitation.as_bytes(), &Zone::utc()).expect("a calendar");
    assert_eq!((read.events.len(), read.unreadable.len()), (ics::INVITATION_EVENTS_MAX, 1));
    let feed = calendar("", &entry.repeat(600));
    assert_eq!(ics::read(feed.as_bytes(), &Zone::utc()).map(|feed| feed.events.len()), Ok(600));
    let parts = "BEGIN:VEVENT\n".repeat(ics::COMPONENTS_MAX + 1);
    assert_eq!(ics::read(parts.as_bytes(), &Zone::utc()), Err(ReadError::TooManyParts { parts_max: ics::COMPONENTS_MAX }));
    let large = vec![b'\n'; ics::FILE_BYTES_MAX + 1];
    assert_eq!(ics::read(&large, &Zone::utc()), Err(ReadError::TooLarge { bytes_max: ics::FILE_BYTES_MAX }));
    let rubbish = format!("BEGIN:VCALENDAR\n{}", "rubbish\n".repeat(5000));
    let read = ics::read(rubbish.as_bytes(), &Zone::utc()).expect("a calendar");
    assert_eq!(read.unreadable.len(), ics::REMARKS_MAX + 1);
}

#[test]
fn an_event_without_uid_is_found_again() {
    let uid = |lines: &str| {
        let file = calendar("", &format!("BEGIN:VEVENT\nDTSTART:20260302T100000Z\n{lines}\nEND:VEVENT\n"));
        ics::read(file.as_bytes(), &Zone::utc()).expect("a calendar").events[0].uid.clone()
    };
    assert_eq!(uid("SUMMARY:a\nDTSTAMP:20260101T000000Z"), uid("SUMMARY:a\nDTSTAMP:20260102T000000Z"));
    assert_ne!(uid("SUMMARY:a"), uid("SUMMARY:b"));
}

/// Lines that a broken or hostile file might hold.
fn line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "BEGIN",
        "END",
        "DTSTART",
        "DTEND",
        "DURATION",
        "RRULE",
        "RDATE",
        "EXDATE",
        "RECURRENCE-ID",
        "TZID",
        "TZOFFSETFROM",
        "TZOFFSETTO",
        "SUMMARY",
        "ATTENDEE",
        "ORGANIZER",
        "SEQUENCE",
        " folded",
        "\u{feff}",
    ]);
    let params = prop::sample::select(vec![
        "",
        ";TZID=X",
        ";TZID=\"X",
        ";VALUE=DATE",
        ";VALUE=PERIOD",
        ";;=",
        ";ENCODING=QUOTED-PRINTABLE",
    ]);
    let value = prop_oneof![
        prop::sample::select(vec![
            "VCALENDAR",
            "VEVENT",
            "VTIMEZONE",
            "STANDARD",
            "DAYLIGHT",
            "X",
            "20260302T100000Z",
            "00000101T000000",
            "99991231T235959",
            "99991231",
            "P9999999D",
            "-PT99999999999S",
            "20260302T100000Z/P1D",
            "FREQ=YEARLY;BYDAY=-5MO;COUNT=99999999",
            "+2359",
            "-235959",
            "FREQ=YEARLY;INTERVAL=32767;BYMONTH=12;BYMONTHDAY=-31",
            "16010101T020000",
            "=E2=",
        ])
        .prop_map(str::to_owned),
        ".{0,20}",
    ];
    (name, params, value).prop_map(|(name, params, value)| format!("{name}{params}:{value}"))
}

proptest! {
    #[test]
    fn no_file_makes_the_reader_panic(lines in prop::collection::vec(line(), 0..60), bytes in prop::collection::vec(any::<u8>(), 0..80)) {
        let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{}", lines.join("\n"));
        let _ = ics::read(text.as_bytes(), &Zone::utc());
        let _ = ics::read(&[text.as_bytes(), &bytes].concat(), &Zone::utc());
        let _ = ics::read(&bytes, &Zone::utc());
    }
}

#[test]
fn the_first_occurrence_stays_the_first_when_it_is_moved_into_a_window_that_the_series_began_before() {
    let file = "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:s\nDTSTART:20260302T090000Z\nDTEND:20260302T093000Z\nRRULE:FREQ=WEEKLY;COUNT=4\n\
        END:VEVENT\nBEGIN:VEVENT\nUID:s\nRECURRENCE-ID:20260302T090000Z\nDTSTART:20260303T090000Z\nDTEND:20260303T093000Z\n\
        END:VEVENT\nEND:VCALENDAR\n";
    let calendar = ics::read(file.as_bytes(), &Zone::utc()).expect("a calendar");
    let firsts = |from: &str| {
        let window = from.parse().expect("an instant")..Instant::MAX;
        let found = calendar.occurrences(window, &Zone::utc()).occurrences;
        found.iter().map(|found| format!("{} {:?}", found.start.instant(&Zone::utc()), found.first)).collect::<Vec<_>>()
    };
    let all = firsts("2026-03-01T00:00:00Z");
    assert_eq!(all[0], "2026-03-03T09:00:00Z Known(true)");
    assert_eq!(firsts("2026-03-03T00:00:00Z"), all);
    assert_eq!(firsts("2026-03-04T00:00:00Z"), all[1..]);
}

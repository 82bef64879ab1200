//! iCalendar files of other projects, with values that three other programs agree on.

use crate::support::fixtures;
use calcard::icalendar::ICalendarComponentType;
use callsheet::event::{Calendar, EntryKind, Event};
use callsheet::providers::ics;
use callsheet::time::{Civil, Elapsed, Instant, Moment, Zone};
use callsheet::value::{Fact, Status};
use expect_test::expect;
use serde_json::Value;
use std::path::Path;

/// No zone of the fixtures, and never UTC: a time read in the wrong zone shows.
fn reader() -> Zone {
    Zone::named("Asia/Kathmandu").expect("a zone")
}

/// A value of ours that differs from the expected one.
struct Difference {
    file: String,
    field: String,
    ours: String,
    theirs: String,
}

impl Difference {
    fn told(&self) -> String {
        format!("{}: {}: {}, not {}\n", self.file, self.field, self.ours, self.theirs)
    }
}

/// Differences that stay, with the reason.
const KEPT: &[(&str, &str, &str)] = &[
    ("feed-005", "0 summary", "bytes that are no UTF-8 are Windows-1252, where 0x92 is an apostrophe"),
    ("feed-018", "1 summary", "a title is cut at its limit"),
    ("invite-009", "0", "METHOD:REPLY is no event of a calendar"),
    ("invite-019", "0", "METHOD:REPLY is no event of a calendar"),
    ("single-076", "vevents", "an event outside of any calendar is an event (and has no start)"),
    ("windows-tz-012", "1 start", "a quote that swallows the value is read as none"),
];

#[test]
fn files_of_other_projects_read_as_expected() {
    let Some(folder) = fixtures() else { return };
    let folder = folder.join("ics");
    let differences: Vec<Difference> = file_names(&folder).iter().flat_map(|name| differences(&folder, name)).collect();
    let kept =
        |difference: &&Difference| KEPT.iter().any(|(file, field, _)| difference.file == *file && difference.field == *field);
    let told: String = differences.iter().filter(|difference| !kept(difference)).map(Difference::told).collect();
    assert_eq!(told, "");
    let gone: Vec<_> = KEPT
        .iter()
        .filter(|(file, field, _)| !differences.iter().any(|difference| difference.file == *file && difference.field == *field))
        .collect();
    assert!(gone.is_empty(), "no differences any more: {gone:?}");
}

/// Series whose occurrences stay different, with the reason.
const KEPT_SERIES: &[(&str, &str)] =
    &[("invite-009", "METHOD:REPLY is no event of a calendar"), ("invite-019", "METHOD:REPLY is no event of a calendar")];

#[test]
fn series_of_other_projects_expand_as_expected() {
    let Some(folder) = fixtures() else { return };
    let folder = folder.join("ics");
    let (mut told, mut agreed) = (String::new(), 0);
    for name in file_names(&folder) {
        let expected = expected(&folder, &name);
        let Ok(calendar) = ics::read(&std::fs::read(folder.join(format!("{name}.ics"))).expect("a file"), &reader()) else {
            continue;
        };
        let series = expected["series"].as_array().expect("series").iter();
        for series in series.filter(|series| series["disputed"] != true && series["first"].is_array()) {
            match series_differs(&calendar, series) {
                None => agreed += 1,
                Some(_) if KEPT_SERIES.iter().any(|(file, _)| *file == name) => {}
                Some(difference) => told.push_str(&format!("{name}: {}: {difference}\n", series["uid"])),
            }
        }
    }
    assert_eq!(told, "");
    assert!(agreed > 700, "only {agreed} series");
}

/// How the occurrences of a series differ from the expected ones, in a window that reaches twelve years beyond them.
fn series_differs(calendar: &Calendar, series: &Value) -> Option<String> {
    let theirs = series["first"].as_array().expect("occurrences");
    let last = theirs.last().map_or(Instant::UNIX_EPOCH, |last| reader().instant(civil(last)));
    let until = last.checked_add(Elapsed::from_hours(24 * 366 * 12)).expect("no fixture lies at the end of time");
    let found = calendar.occurrences(Instant::MIN..until, &reader());
    let starts: Vec<&Moment> = found
        .occurrences
        .iter()
        .filter(|occurrence| occurrence.uid == series["uid"].as_str().unwrap_or_default())
        .map(|occurrence| &occurrence.start)
        .collect();
    let same = starts.len() >= theirs.len() && starts.iter().zip(theirs).all(|(ours, theirs)| same_moment(ours, theirs));
    let more = starts.len() > theirs.len();
    if same && more == (series["more"] == true) {
        return None;
    }
    let ours: Vec<String> = starts.iter().take(theirs.len() + 1).map(|start| format!("{} {:?}", start.civil(), start)).collect();
    let theirs: Vec<String> = theirs.iter().map(Value::to_string).collect();
    Some(format!("\n  {}\n  not {}, more: {}", ours.join(" "), theirs.join(" "), series["more"]))
}

/// An expected moment as a wall-clock reading, roughly.
fn civil(expected: &Value) -> Civil {
    let text = ["utc", "date", "local"].iter().find_map(|kind| expected[*kind].as_str()).expect("a moment");
    let text = text.trim_end_matches('Z');
    text.parse().or_else(|_| format!("{text}T00:00:00").parse()).expect("a date or a time")
}

/// A second reader, from another project. It wants UTF-8, and it drops lines that it cannot read.
#[test]
fn calcard_finds_the_same_events() {
    let Some(folder) = fixtures() else { return };
    let folder = folder.join("ics");
    // Empty lines inside of folds end calcard's lines.
    let elsewise = ["feed-020"];
    for name in file_names(&folder).iter().filter(|name| !elsewise.contains(&name.as_str())) {
        let bytes = std::fs::read(folder.join(format!("{name}.ics"))).expect("a file");
        let (Ok(text), Ok(calendar)) = (std::str::from_utf8(&bytes), ics::read(&bytes, &reader())) else { continue };
        let ours: Vec<Option<&str>> =
            entries(&bytes, &calendar).iter().map(|entry| entry.map(|event| event.uid.as_str())).collect();
        let theirs = calcard_uids(text);
        if calendar.unreadable.iter().any(|part| part.why.starts_with("an answer")) {
            continue;
        }
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            if let (Some(ours), Some(theirs)) = (ours, theirs) {
                assert_eq!(ours.trim(), theirs.trim(), "{name}");
            }
        }
    }
}

/// The UID of each VEVENT that calcard finds, in file order.
fn calcard_uids(text: &str) -> Vec<Option<String>> {
    let mut parser = calcard::Parser::new(text);
    let mut uids = Vec::new();
    loop {
        match parser.entry() {
            calcard::Entry::ICalendar(calendar) => {
                let events =
                    calendar.components.iter().filter(|component| component.component_type == ICalendarComponentType::VEvent);
                uids.extend(events.map(|event| event.uid().map(str::to_owned)));
            }
            calcard::Entry::Eof => return uids,
            _ => {}
        }
    }
}

#[test]
fn malformed_files_are_told_apart() {
    let Some(folder) = fixtures() else { return };
    let folder = folder.join("ics/malformed");
    let mut names: Vec<_> = std::fs::read_dir(&folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    names.sort();
    let told: String = names
        .iter()
        .map(|path| {
            let bytes = std::fs::read(path).expect("a file");
            let name = path.file_name().expect("a name").to_string_lossy();
            match ics::read(&bytes, &reader()) {
                Ok(calendar) => {
                    let parts: String =
                        calendar.unreadable.iter().map(|part| format!("  {}: {}\n", part.place, part.why)).collect();
                    format!("{name}: {} events\n{parts}", calendar.events.len())
                }
                Err(error) => format!("{name}: {error}\n"),
            }
        })
        .collect();
    expect![[r#"
        malformed-001.ics: 0 events
          line 1: an event that cannot be read: it has no start
          line 2: no property: a name and a colon are missing
        malformed-002.ics: not a calendar: no component begins in it
        malformed-003.ics: not a calendar: no component begins in it
        malformed-004.ics: 0 events
        malformed-005.ics: not a calendar: no component begins in it
        malformed-006.ics: 0 events
          line 2: an event that cannot be read: it has no start
          line 5: an event that cannot be read: it has no start
          line 7: the VCALENDAR of line 1 has no END before this
    "#]]
    .assert_eq(&told);
}

/// The names of the `.ics` files of a folder, without the ending.
fn file_names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).expect("the fixtures can be listed");
    let names = entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter_map(|name| Some(name.strip_suffix(".ics")?.to_owned())).collect();
    names.sort();
    assert!(names.len() >= 300, "too few files to believe it");
    names
}

fn expected(folder: &Path, name: &str) -> Value {
    let text = std::fs::read_to_string(folder.join(format!("{name}.expected.json"))).expect("expected values");
    serde_json::from_str(&text).expect("JSON")
}

fn differences(folder: &Path, name: &str) -> Vec<Difference> {
    let expected = expected(folder, name);
    let bytes = std::fs::read(folder.join(format!("{name}.ics"))).expect("a file");
    let mut found = Vec::new();
    let mut differ = |field: String, ours: String, theirs: &Value| {
        found.push(Difference { file: name.to_owned(), field, ours, theirs: theirs.to_string() });
    };
    let calendar = match ics::read(&bytes, &reader()) {
        Ok(calendar) => calendar,
        Err(error) => {
            differ("file".to_owned(), error.to_string(), &Value::Null);
            return found;
        }
    };
    let entries = entries(&bytes, &calendar);
    if let Some(vevents) = expected["vevents"].as_u64().filter(|vevents| *vevents != entries.len() as u64) {
        differ("vevents".to_owned(), entries.len().to_string(), &vevents.into());
    }
    for (index, expected) in expected["events"].as_array().expect("events").iter().enumerate() {
        let Some(Some(event)) = entries.get(index) else {
            if !expected["start"].is_null() {
                differ(format!("{index}"), "unread".to_owned(), &expected["start"]);
            }
            continue;
        };
        for (field, ours) in fields(event, expected) {
            let disputed = expected["disputed"].as_array().is_some_and(|fields| fields.iter().any(|known| known == field));
            if !disputed {
                differ(format!("{index} {field}"), ours, &expected[field]);
            }
        }
    }
    found
}

/// The events in file order, `None` where one was remarked as unreadable.
fn entries<'a>(bytes: &[u8], calendar: &'a Calendar) -> Vec<Option<&'a Event>> {
    let unread: Vec<&str> = calendar
        .unreadable
        .iter()
        .filter(|part| part.why.starts_with("an event that cannot be read"))
        .map(|part| part.place.as_str())
        .collect();
    let text = String::from_utf8_lossy(bytes).replace("\r\n", "\n");
    let begins = text.split('\n').enumerate().filter(|(_, line)| line.trim().eq_ignore_ascii_case("begin:vevent"));
    let mut events = calendar.events.iter();
    let mut entries: Vec<Option<&Event>> = begins
        .map(|(index, _)| if unread.contains(&format!("line {}", index + 1).as_str()) { None } else { events.next() })
        .collect();
    entries.extend(events.map(Some));
    entries
}

/// The fields in which an event differs from its expected values, with ours.
fn fields(event: &Event, expected: &Value) -> Vec<(&'static str, String)> {
    let mut differ = Vec::new();
    let mut check = |field: &'static str, same: bool, ours: String| {
        if !same {
            differ.push((field, ours));
        }
    };
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let facts = &event.facts;
    if expected["uid"].is_string() {
        check("uid", spaced(&event.uid) == text(&expected["uid"]), event.uid.clone());
    }
    let title = facts.title.known().cloned().flatten().map_or(String::new(), |title| spaced(&title.content));
    check("summary", title == text(&expected["summary"]), title);
    let location = facts.location.known().cloned().flatten().map_or(String::new(), |location| spaced(&location.content));
    check("location", location == text(&expected["location"]), location);
    check("start", same_moment(&event.start, &expected["start"]), format!("{:?}", event.start));
    if !expected["end"].is_null() {
        let same = event.end.known().is_some_and(|end| same_moment(end, &expected["end"]));
        check("end", same, format!("{:?}", event.end));
    }
    match &event.kind {
        EntryKind::Instance { recurrence_id, .. } => {
            check("recurrence_id", same_moment(recurrence_id, &expected["recurrence_id"]), format!("{recurrence_id:?}"));
        }
        _ => check("recurrence_id", expected["recurrence_id"].is_null(), "none".to_owned()),
    }
    let organizer = match &facts.people.organizer {
        Fact::Known(person) => person.written.clone(),
        Fact::Unknown(_) => String::new(),
    };
    check("organizer", organizer == text(&expected["organizer"]), organizer);
    let mut attendees: Vec<String> = facts.people.attendees.iter().map(|person| person.written.clone()).collect();
    attendees.sort();
    let theirs: Vec<String> = expected["attendees"].as_array().into_iter().flatten().map(text).collect();
    check("attendees", attendees == theirs, format!("{attendees:?}"));
    let status = match text(&expected["status"]).to_ascii_uppercase().as_str() {
        "CANCELLED" => Status::Cancelled,
        "TENTATIVE" => Status::Tentative,
        _ => Status::Confirmed,
    };
    check("status", facts.status == status, format!("{:?}", facts.status));
    let sequence = text(&expected["sequence"]).parse().unwrap_or(0);
    check("sequence", event.revision.sequence == sequence, event.revision.sequence.to_string());
    differ
}

/// NFC, runs of white space made one space, as the expected values are.
fn spaced(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    icu_normalizer::ComposingNormalizer::new_nfc().normalize(&words.join(" ")).into_owned()
}

fn same_moment(ours: &Moment, expected: &Value) -> bool {
    match (ours, &expected["utc"], &expected["date"], &expected["local"]) {
        (Moment::Timed { at, .. }, Value::String(utc), ..) => utc.parse::<Instant>().is_ok_and(|utc| utc == *at),
        (Moment::Day(date), _, Value::String(day), _) => date.to_string() == *day,
        (Moment::Timed { .. }, _, _, Value::String(local)) => ours.civil().to_string() == *local,
        _ => false,
    }
}

//! What the fuzz targets once found, each as the smallest case of it.

use callsheet::engine::{FormatError, convert};
use callsheet::providers;
use callsheet::providers::normal::{Detail, occurrence_to_json, read_occurrence};
use callsheet::source::Form;
use callsheet::time::{Instant, Zone};

#[test]
fn rules_that_the_other_form_cannot_say_are_refused_with_the_remark_about_them() {
    let text = "rule a:\n  record\n  when repeats\n\ntest \"t\":\n  event { attEndees: [me] }\n  expect record by a\n";
    let Err(FormatError::Unreadable(checked)) = convert("a.rules", text, Form::Json) else { panic!("the key means nothing") };
    assert!(checked.diagnostics[0].message.contains("attEndees"), "{:#?}", checked.diagnostics);
    assert_eq!(checked.sources.iter().count(), 1);
}

#[test]
fn an_occurrence_in_a_zone_of_the_file_s_own_is_written_and_read() {
    let calendar = "BEGIN:VCALENDAR\nVERSION:2.0\nBEGIN:VTIMEZONE\nTZID:/Europe/CUSTOM\nBEGIN:STANDARD\nTZOFFSETFROM:+0130\n\
        TZOFFSETTO:+0130\nTZNAME:X\nDTSTART:19700101T000000\nEND:STANDARD\nEND:VTIMEZONE\nBEGIN:VEVENT\nUID:1\n\
        DTSTART;TZID=/Europe/CUSTOM:20260302T100000\nDTEND;TZID=/Europe/CUSTOM:20260302T110000\nRRULE:FREQ=WEEKLY\nEND:VEVENT\n\
        END:VCALENDAR\n";
    let calendar = providers::read(calendar.as_bytes(), &Zone::utc()).expect("a calendar");
    let instant = |text: &str| text.parse::<Instant>().expect("an instant");
    let march = instant("2026-03-01T00:00:00Z")..instant("2026-04-01T00:00:00Z");
    let found = calendar.occurrences(march, &Zone::utc()).occurrences;
    assert_eq!(found.len(), 5);
    for occurrence in &found {
        let again = read_occurrence(&occurrence_to_json(occurrence, Detail::Full).to_string()).expect("what was written is read");
        let original = |id: &Option<_>| id.as_ref().map(callsheet::time::Moment::civil);
        assert_eq!(original(&again.recurrence_id), original(&occurrence.recurrence_id));
        assert_eq!(again.start.civil(), occurrence.start.civil());
    }
}

//! Whatever a calendar file holds: no panic, bounded work, nothing out of order.
#![no_main]

use callsheet::event::Occurrence;
use callsheet::providers;
use callsheet::providers::normal::{Detail, occurrence_to_json, read_occurrence};
use callsheet::time::{Instant, Zone};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let reader = Zone::utc();
    let Ok(calendar) = providers::read(bytes, &reader) else { return };
    let from: Instant = "2026-03-01T00:00:00Z".parse().expect("an instant");
    let to: Instant = "2026-04-01T00:00:00Z".parse().expect("an instant");
    let found = calendar.occurrences(from..to, &reader).occurrences;
    assert!(found.is_sorted_by_key(|occurrence| occurrence.start.instant(&reader)));
    for occurrence in found.iter().take(50) {
        let again = read_occurrence(&occurrence_to_json(occurrence, Detail::Full).to_string());
        assert_eq!(written(&again.expect("what is written can be read")), written(occurrence));
    }
});

/// The line of an occurrence without its zones: of one that the file defined for itself only the offset comes back.
fn written(occurrence: &Occurrence) -> String {
    let mut line = occurrence_to_json(occurrence, Detail::Full);
    let members = line.as_object_mut().expect("an object");
    members.retain(|name, _| !["zone", "end_zone"].contains(&name.as_str()));
    line.to_string()
}

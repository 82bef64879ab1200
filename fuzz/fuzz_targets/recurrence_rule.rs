//! Whatever a recurrence rule says: no panic, and bounded work.
#![no_main]

use callsheet::event::Recurrence;
use callsheet::event::recurrence::{self, Rule, Rules, WORK_MAX};
use callsheet::time::{Date, Instant, Moment, Zone};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (i64, &str)| {
    let (start, text) = input;
    let zone = Zone::named("Europe/London").expect("an IANA zone");
    let Ok(at) = Instant::from_second(start) else { return };
    let recurrence = Recurrence { rules: vec![text.to_owned()], ..Recurrence::default() };
    let rules = Rules::of(&recurrence);
    let from: Instant = "2026-03-01T00:00:00Z".parse().expect("an instant");
    let to: Instant = "2026-06-01T00:00:00Z".parse().expect("an instant");
    let found = recurrence::expand(&Moment::Timed { at, zone: zone.clone() }, &recurrence, &rules, &(from..to), &zone);
    assert!(found.work <= WORK_MAX && found.starts.len() <= recurrence::OCCURRENCES_MAX + 1);
    let instants: Vec<Instant> = found.starts.iter().map(|start| start.instant(&zone)).collect();
    assert!(instants.is_sorted() && instants.iter().all(|at| (from..to).contains(at)));
    if let Ok(rule) = Rule::parse(text) {
        let _ = rule.holds_date(None, Date::constant(2026, 3, 27));
    }
});

//! What deciding is measured by: callsheet decides it as plain Rust does.

#[path = "../benches/workload/mod.rs"]
#[expect(dead_code, unused_imports, reason = "each program uses its part")]
mod work;

use callsheet::engine::Machine;
use callsheet::event::Occurrence;
use callsheet::providers;
use callsheet::time::{Elapsed, Instant, Zone};
use callsheet::value::Provider;
use work::written::Asker;
use work::{Event, Size, agree, events, google, native, rules, written};

const SEED: u64 = 1;

fn agrees(size: Size, count: usize, plainly: usize) {
    let outcome = agree::compare(&rules(size), &events(SEED, count), plainly);
    println!("{} rules: {:.1} scanned, {:.0} % decided", size.label(), outcome.scanned_mean(), outcome.decided_percent());
    let differences = outcome.differences;
    assert!(
        differences.is_empty(),
        "{} of {count} differ\n{}",
        differences.len(),
        differences[..differences.len().min(3)].join("\n")
    );
}

#[test]
fn five_rules_decide_as_closures_do() {
    agrees(Size::S, 2_000, 500);
}

#[test]
fn fifty_rules_decide_as_closures_do() {
    agrees(Size::M, 2_000, 50);
}

#[test]
fn a_thousand_rules_decide_as_closures_do() {
    agrees(Size::L, 500, 2);
}

#[test]
fn ten_thousand_rules_decide_as_closures_do() {
    agrees(Size::Xl, 50, 1);
}

#[test]
fn five_ifs_decide_as_closures_do() {
    let (hand_written, closures) = (native::HandWritten::new(), native::Closures::compile(&rules(Size::S)));
    for event in events(SEED, 2_000) {
        assert_eq!(hand_written.decide(&event), closures.decide(&native::View::of(&event)), "{event:?}");
    }
}

#[test]
fn what_google_sends_decides_as_the_event_does() {
    let rules = rules(Size::M);
    let (rule_set, closures, asker) = (written::rule_set(&rules), native::Closures::compile(&rules), Asker::new());
    let mut machine = Machine::new();
    for event in events(SEED, 300) {
        let event = Event { provider: Provider::Google, ..event };
        let decided = agree::decide(&rule_set, &mut machine, &asker, &sent(&event));
        assert_eq!(decided, closures.decide(&native::View::of(&event)), "{event:?}");
    }
}

/// The event as it comes back from what Google sends of it.
fn sent(event: &Event) -> Occurrence {
    let calendar = providers::read(&google::google_json(event), &Zone::utc()).expect("a calendar");
    assert!(calendar.unreadable.is_empty(), "{:?}", calendar.unreadable);
    let start = Instant::from_second(event.start_secs).expect("a start");
    let window = start - Elapsed::from_hours(12)..start + Elapsed::from_hours(12);
    let occurrences = calendar.occurrences(window, &Zone::utc()).occurrences;
    let starts = |occurrence: &Occurrence| occurrence.start.instant(&Zone::utc()) == start;
    occurrences.into_iter().find(starts).expect("the occurrence that starts then")
}

//! Expanding series inside a window, beside the `rrule` crate on the same rules.
//!
//! A window of 90 days, series of several ages: ours costs the same for each, the crate walks from the first occurrence.

use callsheet::event::Recurrence;
use callsheet::event::recurrence::{self, Rules};
use callsheet::time::{Civil, Instant, Moment, Zone};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rrule::{RRuleSet, Tz};
use std::hint::black_box;

const RULES: &[(&str, &str)] = &[
    ("weekly", "FREQ=WEEKLY;BYDAY=MO,WE"),
    ("daily", "FREQ=DAILY"),
    ("monthly", "FREQ=MONTHLY;BYDAY=-1FR"),
    ("yearly", "FREQ=YEARLY;BYMONTH=3,9;BYDAY=MO"),
];
const STARTS: &[(&str, &str)] = &[("1 year", "20250302T090000"), ("5 years", "20210301T090000"), ("50 years", "19760301T090000")];

fn windows(criterion: &mut Criterion) {
    let instant = |text: &str| -> Instant { text.parse().expect("an instant") };
    let border = |text: &str| chrono::DateTime::parse_from_rfc3339(text).expect("an instant").with_timezone(&Tz::UTC);
    let (from, to) = ("2026-03-01T00:00:00Z", "2026-05-30T00:00:00Z");
    for (name, rule) in RULES {
        let mut group = criterion.benchmark_group(format!("90 days of a {name} series"));
        let recurrence = Recurrence { rules: vec![(*rule).to_owned()], ..Recurrence::default() };
        let rules = Rules::of(&recurrence);
        for (age, start) in STARTS {
            let civil: Civil = start.parse().expect("a start");
            let moment = Moment::Timed { at: Zone::utc().instant(civil), zone: Zone::utc() };
            group.bench_with_input(BenchmarkId::new("callsheet", age), &moment, |bencher, moment| {
                bencher.iter(|| {
                    black_box(recurrence::expand(moment, &recurrence, &rules, &(instant(from)..instant(to)), &Zone::utc()))
                });
            });
            let set: RRuleSet = format!("DTSTART:{start}Z\nRRULE:{rule}").parse().expect("a rule");
            let set = set.after(border(from)).before(border(to));
            group.bench_with_input(BenchmarkId::new("rrule crate", age), &set, |bencher, set| {
                bencher.iter(|| black_box(set.clone().all(10_000)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, windows);
criterion_main!(benches);

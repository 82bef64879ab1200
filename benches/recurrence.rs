//! Expanding series inside a window, beside the `rrule` crate on the same rules.
//!
//! A window of 90 days, series of several ages: ours costs the same for each, the crate walks from the first occurrence.
//!
//! - `cargo bench --profile load --no-default-features --features calendars --bench recurrence`: Criterion's report, then the table
//! - `-- --table`: the table alone; `-- --write`: written into `BENCHMARKS.md` as well
//! - `-- --test`: everything once, to see that it runs
//!
//! Read the ratios of one run, not the times.

#[path = "workload/mod.rs"]
#[expect(dead_code, unused_imports, reason = "each program uses its part")]
mod workload;

use callsheet::event::recurrence::{self, Expansion, Rules, Stopped};
use callsheet::event::{Recurrence, Window};
use callsheet::time::{Civil, Moment, Zone};
use criterion::{BenchmarkId, Criterion};
use rrule::{RRuleResult, RRuleSet, Tz};
use std::hint::black_box;
use std::path::Path;
use workload::ratios::{Effort, Runner, race};
use workload::tables::{self, Table};

// The same for everybody.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const RULES: &[(&str, &str)] = &[
    ("daily", "FREQ=DAILY"),
    ("weekly", "FREQ=WEEKLY;BYDAY=MO,WE"),
    ("monthly", "FREQ=MONTHLY;BYDAY=-1FR"),
    ("yearly", "FREQ=YEARLY;BYMONTH=3,9;BYDAY=MO"),
];
const STARTS: &[(&str, &str)] = &[("1 year", "20250302T090000"), ("5 years", "20210301T090000"), ("50 years", "19760301T090000")];
const ZONES: [&str; 2] = ["UTC", "Europe/Berlin"];

/// The window: half open for us, with its borders for the crate.
const WINDOW: (&str, &str) = ("2026-03-01T00:00:00Z", "2026-05-30T00:00:00Z");

/// What nobody means, or what stands at the end of what is listed.
const HOSTILE: &[(&str, &str)] = &[
    ("00010101T090000", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
    ("00010101T090000", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30"),
    ("00010101T090000", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5"),
    ("00010101T090000", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5"),
    ("19000101T090000", "FREQ=SECONDLY"),
    ("19000101T090000", "FREQ=MINUTELY"),
    ("19000101T090000", "FREQ=SECONDLY;BYSECOND=1;BYMINUTE=2;BYHOUR=3"),
    ("19000101T090000", "FREQ=SECONDLY;INTERVAL=4294967295"),
    ("19000101T090000", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1"),
    ("19000101T090000", "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366"),
    ("00010101T090000", "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=366;COUNT=99999"),
    ("19000101T090000", "FREQ=HOURLY;BYMINUTE=0,15,30,45;BYSECOND=0,10,20,30,40,50;BYSETPOS=24,-24"),
];

fn main() {
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    if !asked("--table") && !asked("--write") {
        criterion();
    }
    let effort = if asked("--test") { Effort::SMOKE } else { Effort::FULL }.with_pieces(1);
    let figures = figures(effort);
    println!("{figures}");
    if asked("--write") {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("BENCHMARKS.md");
        tables::write_section(&file, "recurrence", &figures);
    }
}

/// A series, its rules read.
struct Series {
    start: Moment,
    recurrence: Recurrence,
    rules: Rules,
    window: Window,
}

impl Series {
    /// The series of this rule, from a civil start in a zone.
    fn new(rule: &str, start: &str, zone: &str) -> Self {
        let recurrence = Recurrence { rules: vec![rule.to_owned()], ..Recurrence::default() };
        let (civil, zone): (Civil, _) = (start.parse().expect("a start"), Zone::named(zone).expect("a zone of the database"));
        let rules = Rules::of(&recurrence);
        assert!(rules.wrong.is_empty(), "{rule}: {:?}", rules.wrong);
        let [from, to] = [WINDOW.0, WINDOW.1].map(|border| border.parse().expect("an instant"));
        Self { start: Moment::Timed { at: zone.instant(civil), zone }, recurrence, rules, window: from..to }
    }

    /// Its starts in the window.
    fn expand(&self) -> Expansion {
        recurrence::expand(&self.start, &self.recurrence, &self.rules, &self.window, &Zone::utc())
    }

    /// What any way of expanding has to do about these starts: each is put into the zone and listed.
    fn output(&self) -> Runner<'static> {
        let Moment::Timed { zone, .. } = self.start.clone() else { panic!("every series here is timed") };
        let starts: Vec<Civil> = self.expand().starts.iter().map(Moment::civil).collect();
        let listed = move || -> Vec<Moment> {
            starts.iter().map(|civil| Moment::Timed { at: zone.instant(*civil), zone: zone.clone() }).collect()
        };
        Runner::new("output", move |_| drop(black_box(listed())))
    }
}

/// The same series as the crate has it, with its window.
fn of_crate(rule: &str, start: &str, zone: &str) -> RRuleSet {
    let border = |text: &str| chrono::DateTime::parse_from_rfc3339(text).expect("an instant").with_timezone(&Tz::UTC);
    let set: RRuleSet = format!("DTSTART;TZID={zone}:{start}\nRRULE:{rule}").parse().expect("a rule");
    set.after(border(WINDOW.0)).before(border(WINDOW.1))
}

fn expand_by_crate(set: &RRuleSet) -> RRuleResult {
    set.clone().all(10_000)
}

/// Everything by Criterion: for whoever compares two states of the program on one machine.
fn criterion() {
    let mut criterion = Criterion::default().configure_from_args();
    for (name, rule) in RULES {
        let mut group = criterion.benchmark_group(format!("90 days of a {name} series"));
        for (age, start) in STARTS {
            let (ours, theirs) = (Series::new(rule, start, "UTC"), of_crate(rule, start, "UTC"));
            group.bench_with_input(BenchmarkId::new("callsheet", age), &ours, |bencher, ours| {
                bencher.iter(|| black_box(ours.expand()));
            });
            group.bench_with_input(BenchmarkId::new("rrule crate", age), &theirs, |bencher, theirs| {
                bencher.iter(|| black_box(expand_by_crate(theirs)));
            });
        }
        group.finish();
    }
    criterion.final_summary();
}

/// Both tables, and how they came about.
fn figures(effort: Effort) -> String {
    format!(
        "Medians of processor time, {} rounds in turns, load average {}.\n\n{}\n{}",
        effort.rounds,
        tables::load_average(),
        beside_the_crate(effort).markdown(),
        hostile(effort).markdown()
    )
}

/// Times series of several ages beside the crate.
fn beside_the_crate(effort: Effort) -> Table {
    let mut table = Table::new([
        "90 days of",
        "zone",
        "begun before",
        "starts",
        "its output",
        "callsheet",
        "`rrule` crate",
        "times",
        "at least",
    ]);
    for (name, rule) in RULES {
        for zone in ZONES {
            for (age, start) in STARTS {
                let (ours, theirs) = (Series::new(rule, start, zone), of_crate(rule, start, zone));
                let starts = agreed_starts(&ours, &theirs);
                let mut runners = [
                    ours.output(),
                    Runner::new("callsheet", |_| drop(black_box(ours.expand()))),
                    Runner::new("crate", |_| drop(black_box(expand_by_crate(&theirs)))),
                ];
                let [output, ours, theirs] = race(&mut runners, effort)[..] else { continue };
                let least = match (*name, *age) {
                    ("daily" | "weekly", "5 years") => "250",
                    ("monthly" | "yearly", "5 years") => "20",
                    _ => "",
                };
                let [output, our_time, their_time] = [output, ours, theirs].map(|timing| tables::time(timing.median));
                let times = tables::ratio(theirs.median / ours.median);
                table.row([*name, zone, age, &starts.to_string(), &output, &our_time, &their_time, &times, least]);
            }
        }
    }
    table
}

/// How many starts lie in the window.
///
/// # Panics
/// Where the crate finds others.
fn agreed_starts(ours: &Series, theirs: &RRuleSet) -> usize {
    let found: Vec<i64> = ours.expand().starts.iter().map(|start| start.instant(&Zone::utc()).as_second()).collect();
    let expected: Vec<i64> = expand_by_crate(theirs).dates.iter().map(chrono::DateTime::timestamp).collect();
    assert_eq!(found, expected, "{:?}", ours.recurrence.rules);
    found.len()
}

/// Times rules that nobody means, beside their output.
fn hostile(effort: Effort) -> Table {
    let mut table = Table::new([
        "hostile rule",
        "begun in",
        "starts",
        "steps",
        "ended by",
        "callsheet",
        "its output",
        "more than that",
        "at most",
    ]);
    for (start, rule) in HOSTILE {
        let series = Series::new(rule, start, "Europe/Berlin");
        let found = series.expand();
        let mut runners = [Runner::new("callsheet", |_| drop(black_box(series.expand()))), series.output()];
        let [whole, output] = race(&mut runners, effort)[..] else { continue };
        let [whole_time, output_time] = [whole, output].map(|timing| tables::time(timing.median));
        let more = tables::time((whole.median - output.median).max(0.0));
        let (count, steps) = (found.starts.len().to_string(), found.work.to_string());
        let ended = match found.stopped {
            None => "",
            Some(Stopped::Work) => "work",
            Some(Stopped::TooMany) => "output",
        };
        table.row([&format!("`{rule}`"), &start[..4], &count, &steps, ended, &whole_time, &output_time, &more, "50 µs"]);
    }
    table
}

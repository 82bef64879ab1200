//! The runs that are always made, and those on demand.

use super::run::{Kind, Report, Run};
use super::sample::Sample;
use super::switch::Death;
use crate::host::planted::{self, Bug};
use crate::host::store::Moment;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many lives every test follows.
const LIVES: usize = 6_000;

/// From so many lives on, runs have twice the meetings: there are enough of them to meet everything all the same, and time that only
/// passes is shared by more lives.
const MANY: usize = 20_000;

fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

/// Whether people do things by hand, which they do but where it is said that they do not: `CALLSHEET_BY_HAND=0`.
fn by_hand() -> bool {
    from_environment::<u8>("CALLSHEET_BY_HAND").is_none_or(|said| said > 0)
}

/// `CALLSHEET_LIFECYCLES=1000000`: so many lives, and `CALLSHEET_SEED`: from that one on. Kinds take turns.
#[test]
fn no_invariant_is_violated_in_thousands_of_lives() {
    let lives: usize = from_environment("CALLSHEET_LIFECYCLES").unwrap_or(LIVES);
    let first: u64 = from_environment("CALLSHEET_SEED").unwrap_or(1);
    let meetings = if lives >= MANY { Run::DENSE } else { Run::USUAL };
    let began = std::time::Instant::now();
    let sample = Sample::until(lives, |number| {
        let kind = usize::try_from(number).expect("few runs") % Kind::ALL.len();
        Run { meetings, by_hand: by_hand(), ..Run::of(Kind::ALL[kind], first + number) }
    });
    println!("{}in {:.1} s", sample.coverage(), began.elapsed().as_secs_f64());
    assert!(sample.wrong.is_empty(), "{} runs went wrong:\n{}", sample.wrong.len(), sample.wrong.join("\n"));
    assert!(sample.missing().is_empty(), "never happened: {:?}", sample.missing());
    assert!(sample.lives >= 5_000 && sample.wanted > sample.lives / 10 && sample.twice > 0, "{}", sample.coverage());
}

/// `CALLSHEET_TRACE=1` tells as well what happens to hosts, what they ask, and what they log.
#[test]
fn replay() {
    let seed = from_environment("CALLSHEET_SEED").unwrap_or(7);
    let word: String = from_environment("CALLSHEET_SKY").unwrap_or_else(|| "flaky".to_owned());
    let kind = Kind::from_word(&word).expect("a kind of run");
    let mut run = Run { by_hand: by_hand(), ..Run::of(kind, seed) };
    let size: Option<String> = from_environment("CALLSHEET_SIZE");
    let sizes: Vec<usize> = size.iter().flat_map(|size| size.split('x')).filter_map(|part| part.parse().ok()).collect();
    if let [users, meetings, hours] = sizes[..] {
        run = Run { users, meetings, hours: i64::try_from(hours).expect("few hours"), ..run };
    }
    let report = run.report();
    let Report { lives, wanted, operations, trace, wrong, incidents, .. } = &report;
    println!("{run:?}: {lives} lives, {wanted} with a bot, {operations} operations, trace {trace:016x}\n{incidents:?}");
    println!("{}", wrong.join("\n"));
    assert_eq!(report, run.report(), "the same run gave another trace");
    assert!(report.wrong.is_empty(), "{} findings", report.wrong.len());
}

/// A host died after it had written down that it asks for a channel in place of another, and before it asked. Who came after it took up
/// the old one first each time, which could not be replaced as long as the answer was waited for, and never came to the row of that one.
#[test]
fn an_answer_that_never_comes_keeps_no_channel_from_being_renewed() {
    let run = Run { users: 6, meetings: 50, hours: 2, ..Run::of(Kind::PushLost, 17) };
    let report = run.report();
    assert!(report.wrong.is_empty() && report.incidents.contains_key("killed"), "{:?}", report.wrong);
}

/// Seeds that a planted bug is looked for with.
const SEEDS_EACH: u64 = 24;

/// The first finding of each invariant that a planted bug violates, and the seeds it took until the one that names it.
fn hunt(bug: Bug, invariant: &str, kind: Kind) -> (Vec<String>, Option<u64>) {
    let mut found: Vec<String> = Vec::new();
    for seed in 0..SEEDS_EACH {
        let run = Run { users: 6, meetings: 50, ..Run::of(kind, 9000 + seed) };
        // Every other run ends before most of its meetings begin: looks before bots have not yet made good what was lost.
        let run = if seed.is_multiple_of(2) { run } else { Run { hours: 1, ..run } };
        let wrong = planted::with(bug, || run.report()).wrong;
        let name = |wrong: &String| wrong.split(' ').next().unwrap_or_default().to_owned();
        found.extend(wrong.iter().map(name));
        found.sort();
        found.dedup();
        if found.iter().any(|name| name == invariant) {
            return (found, Some(seed + 1));
        }
    }
    (found, None)
}

#[test]
fn every_planted_bug_is_found_by_the_invariant_that_names_it() {
    let only: Option<String> = from_environment("CALLSHEET_BUG");
    let bugs: Vec<_> = Bug::ALL.iter().filter(|(bug, ..)| only.as_ref().is_none_or(|only| format!("{bug:?}") == *only)).collect();
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some((bug, invariant, kind)) = bugs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (found, seeds) = hunt(*bug, invariant, Kind::from_word(kind).expect("a kind of run"));
                    let line = format!("{bug:?} ({kind}): {invariant} after {seeds:?} runs, in all {}", found.join(" "));
                    println!("{line}");
                    outcomes.lock().expect("no thread panics with it").push((seeds.is_some(), line));
                }
            });
        }
    });
    let outcomes = outcomes.into_inner().expect("no thread panicked with it");
    let missed: Vec<&str> = outcomes.iter().filter(|(found, _)| !found).map(|(_, line)| line.as_str()).collect();
    println!("{} bugs planted, {} found", outcomes.len(), outcomes.len() - missed.len());
    assert!(missed.is_empty(), "not found:\n{}", missed.join("\n"));
    assert!(only.is_some() || outcomes.len() >= 30, "{} bugs", outcomes.len());
}

/// Steps of a small world at which the host is killed.
const DEATHS: u64 = 40;

/// A morning of two people with three bots; what is much is stored in pieces.
fn morning(death: Option<Death>) -> Run {
    Run { users: 2, meetings: 6, hours: 3, death, ..Run::of(Kind::Calm, 77) }
}

/// `CALLSHEET_EVERY_STEP=1`: at every operation.
#[test]
fn a_host_that_dies_before_or_after_any_operation_goes_on_where_it_was() {
    let steps = 2 * morning(None).report().operations;
    let stride = if from_environment::<u64>("CALLSHEET_EVERY_STEP").is_some() { 1 } else { steps.div_ceil(DEATHS) | 1 };
    let stride = usize::try_from(stride).expect("a step");
    all_go_on(morning, (0..steps).step_by(stride).map(death_at).collect());
}

/// The death at a step; each operation has one before it and one after it.
fn death_at(step: u64) -> Death {
    let moment = if step.is_multiple_of(2) { Moment::Before } else { Moment::After };
    Death { operation: 1 + step / 2, moment, commits_only: false }
}

fn all_go_on(run: fn(Option<Death>) -> Run, deaths: Vec<Death>) {
    let whole = run(None).report();
    assert!(whole.wrong.is_empty() && whole.wanted > 0 && whole.operations > 100, "{whole:?}");
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while let Some(death) = deaths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let report = run(Some(*death)).report();
                    let mut wrong = wrong.lock().expect("no thread panics with it");
                    wrong.extend(report.wrong.into_iter().map(|finding| format!("{death:?}: {finding}")));
                    if report.incidents.get("killed") != Some(&1) {
                        wrong.push(format!("{death:?} did not happen"));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().expect("no thread panicked with it");
    assert!(wrong.is_empty(), "of {} deaths {} went wrong:\n{}", deaths.len(), wrong.len(), wrong.join("\n"));
    println!("{} deaths at {} operations", deaths.len(), whole.operations);
}

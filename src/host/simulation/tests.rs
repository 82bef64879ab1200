//! The runs that are always made, and those on demand.

use super::run::{Kind, Run};
use super::sample::Sample;

/// Lives that a test run follows where nobody says otherwise.
const LIVES: usize = 100_000;

fn from_environment<T: std::str::FromStr>(name: &str) -> Option<T> {
    std::env::var(name).ok()?.parse().ok()
}

/// Mostly healthy runs, so that they get deep, and some of every sort.
fn mixed(seed: u64) -> Run {
    Run::of(Kind::ALL[usize::try_from(seed).unwrap_or(0) % Kind::ALL.len()], seed)
}

#[test]
fn no_invariant_is_violated_in_a_hundred_thousand_lives() {
    let lives = from_environment("CALLSHEET_LIFECYCLES").unwrap_or(LIVES);
    let began = std::time::Instant::now();
    let sample = Sample::until(lives, from_environment("CALLSHEET_SEED").unwrap_or(1), mixed);
    println!("{}in {:.1} s", sample.coverage(), began.elapsed().as_secs_f64());
    assert!(sample.wrong.is_empty(), "{} runs went wrong:\n{}", sample.wrong.len(), sample.wrong.join("\n"));
    assert!(sample.missing().is_empty(), "never happened: {:?}", sample.missing());
    assert!(sample.wanted > lives / 10 && sample.twice > 0, "{}", sample.coverage());
}

#[test]
fn replay() {
    let seed = from_environment("CALLSHEET_SEED").unwrap_or(7);
    let word: String = from_environment("CALLSHEET_SKY").unwrap_or_else(|| "flaky".to_owned());
    let kind = Kind::from_word(&word).expect("a kind of run");
    let mut run = Run::of(kind, seed);
    let size: Option<String> = from_environment("CALLSHEET_SIZE");
    if let Some((users, meetings)) = size.as_ref().and_then(|size| size.split_once('x')) {
        run.users = users.parse().expect("a number of users");
        run.meetings = meetings.parse().expect("a number of meetings");
    }
    let report = run.report();
    println!("{run:?}: {} lives, trace {:016x}\n{}", report.lives, report.trace, report.wrong.join("\n"));
    assert_eq!(report, run.report(), "the same run gave another trace");
    assert!(report.wrong.is_empty(), "{} findings", report.wrong.len());
}

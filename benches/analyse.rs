//! What the proven findings of a rule set cost, beside what compiling the same rules costs.
//!
//! `cargo bench --bench analyse` prints the medians and their ratio; `--test` runs each set once.

use callsheet::diagnostic::Code;
use callsheet::engine::{CheckOptions, Checked, RuleText, check};
use callsheet::lint::Options;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Rules of a set, and the rounds that a median is taken of.
const SETS: [(usize, usize); 3] = [(50, 31), (200, 15), (2_000, 5)];
/// Rules of one file, so that none is longer than a file may be.
const RULES_OF_A_FILE: usize = 400;

fn main() {
    let smoke = std::env::args().any(|argument| argument == "--test");
    println!("{:>6} {:>12} {:>12} {:>8}  findings", "rules", "compile", "findings", "ratio");
    for (rules, rounds) in SETS {
        let rounds = if smoke { 1 } else { rounds };
        let texts = texts(rules);
        let options = options();
        let compile = median(rounds, || drop(black_box(checked(&texts, &options))));
        let checked = checked(&texts, &options);
        let mut findings = Vec::new();
        let analyse = median(rounds, || findings = black_box(checked.findings(&Options::default())));
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        findings.iter().for_each(|finding| *counts.entry(finding.code.as_str()).or_default() += 1);
        let millis = |time: Duration| time.as_secs_f64() * 1000.0;
        let (compile, analyse) = (millis(compile), millis(analyse));
        println!("{rules:>6} {compile:>9.2} ms {analyse:>9.2} ms {:>8.1}  {counts:?}", analyse / compile);
        let undecided = findings.iter().filter(|finding| finding.code == Code::Undecided).count();
        assert!(undecided * 100 <= rules, "{undecided} of {rules} rules undecided");
    }
}

fn median(rounds: usize, mut run: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let begun = Instant::now();
            run();
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[rounds / 2]
}

fn options() -> CheckOptions {
    let mut options = CheckOptions::default();
    options.limits.rules = 10_000;
    options
}

fn checked(texts: &[RuleText], options: &CheckOptions) -> Checked {
    let checked = check(texts, options);
    assert!(checked.rule_set.is_some(), "{:#?}", checked.diagnostics.first());
    checked
}

/// Rules as a large organisation writes them: customers by domain, people, words of titles, lengths, clocks, series and answers,
/// some in one condition; every fiftieth is covered by one before it.
fn texts(rules: usize) -> Vec<RuleText> {
    let header = "our domains @acme.example\ntimezone \"Europe/Berlin\"\n\n";
    let numbers: Vec<usize> = (0..rules).collect();
    let file = |(nth, numbers): (usize, &[usize])| {
        let mut text = if nth == 0 { header.to_owned() } else { "timezone \"Europe/Berlin\"\n\n".to_owned() };
        numbers.iter().for_each(|number| text.push_str(&rule(*number)));
        RuleText { name: format!("{nth}.rules"), text, layer: None }
    };
    numbers.chunks(RULES_OF_A_FILE).enumerate().map(file).collect()
}

fn rule(number: usize) -> String {
    let verb = match number % 10 {
        0 => "never record",
        1 => "always record",
        2..6 => "record",
        _ => "skip",
    };
    let hour = 8 + number % 9;
    let condition = match number % 12 {
        // A set may have 64 expressions.
        _ if number % 40 == 7 => format!("title matches /\\bcase {number}\\b/i"),
        _ if number % 40 == 17 => {
            format!("starts on rrule \"FREQ=MONTHLY;BYDAY=-1FR\" and title contains \"close {number}\"")
        }
        _ if number % 40 == 27 => format!("starts after 18:00 in \"Asia/Tokyo\" and organizer from @tokyo{number}.example"),
        0 => format!("any attendee from @customer{number}.example"),
        1 => format!("title contains \"project {number}\""),
        2 => format!("organizer is lead{number}@acme.example and attendees >= {}", 2 + number % 7),
        3 => format!("any attendee is guest{number}@partner.example or title starts with \"call {number}\""),
        4 => format!("title contains any of [\"plan {number}\", \"review {number}\"] and duration < {}m", 20 + number % 40),
        5 => format!("any attendee from @vendor{number}.example and every attendee is external"),
        6 => format!("title contains \"sync {number}\" and starts between {hour:02}:00 and {:02}:00 on mon..fri", hour + 1),
        7 => format!("repeats weekly and title ends with \"weekly {number}\""),
        8 => format!("at least 2 attendees from @partner{number}.example and not title contains \"internal {number}\""),
        9 => format!("organizer from @supplier{number}.example or (one-on-one and any attendee is boss{number}@acme.example)"),
        10 => format!("title contains \"offer {number}\" and my response is tentative"),
        _ => format!("any attendee from @press{number}.example and visibility is private"),
    };
    let mut text = format!("rule rule-{number}:\n  {verb}\n  when {condition}\n\n");
    if number % 50 == 49 {
        let _ = write!(text, "rule again-{number}:\n  {verb}\n  when ({condition}) and attendees >= 3\n\n");
    }
    text
}

//! What the worst inputs cost: rule files at the limit of their size, and series that want to be expanded for ever.
//!
//! `cargo bench --bench hostile` prints the time of each case. With the name of a case it runs that one once and prints nothing,
//! which is what `benches/instructions` counts the instructions of.

use callsheet::engine::{CheckOptions, RuleText, check};
use callsheet::event::Recurrence;
use callsheet::event::recurrence::{self, Rules};
use callsheet::time::{Date, Instant, Moment, Zone};
use std::fmt::Write;
use std::hint::black_box;

/// The most bytes of a rule file, and of one rule.
const FILE_BYTES: usize = 64 * 1024;
const RULE_BYTES: usize = 16 * 1024;

fn main() {
    let cases = cases();
    if std::env::args().any(|argument| argument == "--list") {
        cases.iter().for_each(|(name, _)| println!("{name}"));
        return;
    }
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    if let Some((_, run)) = cases.iter().find(|(name, _)| Some(*name) == wanted.as_deref()) {
        return run();
    }
    for (name, run) in &cases {
        let begun = std::time::Instant::now();
        run();
        println!("{name:<28} {:>9.3} ms", begun.elapsed().as_secs_f64() * 1000.0);
    }
}

type Case = (&'static str, Box<dyn Fn()>);

fn cases() -> Vec<Case> {
    let of_text = |(name, text): (&'static str, String)| -> Case { (name, Box::new(move || check_text(&text))) };
    let of_series = |&(name, start, rule): &(&'static str, &'static str, &'static str)| -> Case {
        (name, Box::new(move || expand(start, rule)))
    };
    texts().into_iter().map(of_text).chain(SERIES.iter().map(of_series)).collect()
}

fn texts() -> Vec<(&'static str, String)> {
    let listed =
        |item: &dyn Fn(usize) -> String, test: &str| format!("list l = [{}]\nrule a:\n  record\n  when {test}\n", items(item));
    vec![
        ("empty", "rule a:\n  record\n".into()),
        ("open-parentheses", format!("rule a:\n  record\n  when {}", "(".repeat(RULE_BYTES - 40))),
        ("conjunction", filled("rule a:\n  record\n  when all-day", " and not all-day")),
        ("rules", numbered(|at| format!("rule r{at}:\n  record\n  when title is \"{at}\" and attendees >= {}\n", at % 90 + 2))),
        ("broken-rules", numbered(|at| format!("rule r{at} record when\n"))),
        ("undefined-names", numbered(|at| format!("rule r{at}:\n  record\n  when any attendee in customerz{at}\n"))),
        ("unused-names", numbered(|at| format!("list customers{at} = [@a{at}.example]\n"))),
        ("nearly-defined-names", numbered(nearly_defined)),
        ("unknown-zones", numbered(|at| format!("rule r{at}:\n  record\n  when starts before 10:00 in \"Europe/Landon{at}\"\n"))),
        ("domains", listed(&|at| format!("@b{at}.example"), "any attendee in l")),
        ("unicode-domains", listed(&|at| format!("@bücher{at}.example"), "any attendee in l")),
        ("unicode-texts", listed(&|at| format!("\"ﬃﬃ{at}\""), "title contains any of l")),
        ("definitions", definitions()),
        ("regexes-of-classes", regexes(r"\PL")),
        ("regexes-of-words", regexes(r"\w")),
        ("regexes-of-repeats", regexes("(a|b){1,30}")),
        ("quotes", "\"".repeat(FILE_BYTES)),
        ("comments", "#\n".repeat(FILE_BYTES / 2)),
        ("json-brackets", format!("{{\"rules\":{}", "[".repeat(FILE_BYTES - 20))),
        ("json-unknown-keys", format!("{{{}}}", items(&|at| format!("\"k{at}\":1")))),
        ("json-equal-keys", format!("{{{}}}", items(&|_| "\"rules\":[]".into()))),
    ]
}

/// Series of a stranger: start and rule.
const SERIES: &[(&str, &str, &str)] = &[
    ("series-yearly", "2026-03-01", "FREQ=YEARLY"),
    ("series-30-february", "0001-01-01", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"),
    ("series-30-february-counted", "0001-01-01", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30;COUNT=5"),
    ("series-30-february-secondly", "0001-01-01", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30;COUNT=5"),
    ("series-secondly", "1900-01-01", "FREQ=SECONDLY"),
    ("series-secondly-once-a-day", "1900-01-01", "FREQ=SECONDLY;BYHOUR=3;BYMINUTE=3;BYSECOND=3"),
    ("series-setpos", "0001-01-01", "FREQ=YEARLY;BYSETPOS=366;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3;COUNT=99999"),
    ("series-no-such-week", "0001-01-01", "FREQ=YEARLY;BYWEEKNO=53;BYDAY=SU;BYMONTH=6;COUNT=9"),
];

fn check_text(text: &str) {
    let text = RuleText { name: "hostile".into(), text: text.into(), layer: None };
    black_box(check(&[text], &CheckOptions { today: Some(Date::constant(2026, 3, 1)), ..CheckOptions::default() }));
}

fn expand(start: &str, rule: &str) {
    let recurrence = Recurrence { rules: vec![rule.to_owned()], ..Recurrence::default() };
    let date: Date = start.parse().expect("a date");
    let moment = Moment::Timed { at: Zone::utc().instant(date.at(9, 0, 0, 0)), zone: Zone::utc() };
    let instant = |text: &str| -> Instant { text.parse().expect("an instant") };
    let window = instant("2026-03-01T00:00:00Z")..instant("2026-03-15T00:00:00Z");
    black_box(recurrence::expand(&moment, &recurrence, &Rules::of(&recurrence), &window, &Zone::utc()));
}

/// As many pieces as a file may hold.
fn numbered(piece: impl Fn(usize) -> String) -> String {
    let mut text = String::from("our domains @acme.example\n");
    for at in 0.. {
        let piece = piece(at);
        if text.len() + piece.len() > FILE_BYTES {
            break;
        }
        text.push_str(&piece);
    }
    text
}

/// Lists, and rules that use lists of almost the same names.
fn nearly_defined(at: usize) -> String {
    if at.is_multiple_of(2) {
        format!("list customers{at} = [@a.example]\n")
    } else {
        format!("rule r{at}:\n  record\n  when any attendee in customerz{at}\n")
    }
}

/// One rule, filled to its limit.
fn filled(head: &str, part: &str) -> String {
    format!("{head}{}\n", part.repeat((RULE_BYTES - head.len() - 1) / part.len()))
}

/// Items with commas between, as many as a file may hold.
fn items(item: &dyn Fn(usize) -> String) -> String {
    let mut text = String::new();
    for at in 0..9_999 {
        let item = item(at);
        if text.len() + item.len() + 200 > FILE_BYTES {
            break;
        }
        let _ = write!(text, "{}{item}", if at == 0 { "" } else { "," });
    }
    text
}

/// Each definition uses the one before it twice.
fn definitions() -> String {
    let mut text = String::from("define d0 = all-day\n");
    for at in 1..1500 {
        let _ = writeln!(text, "define d{at} = d{} and d{}", at - 1, at - 1);
    }
    text + "rule a:\n  record\n  when d1499\n"
}

/// As many different patterns as a set may hold, each as long as it may be.
fn regexes(part: &str) -> String {
    let rule = |at: usize| format!("rule r{at}:\n  record\n  when title matches /x{at}{}/i\n", part.repeat(250 / part.len()));
    (0..64).map(rule).collect()
}

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
/// The most pieces of a file, words and signs, those of them that join or open something, and items of lists.
const PIECES: usize = 1_500;
const WORDS: usize = 20_000;
const PARTS: usize = 3_500;
const ITEMS: usize = 10_000;

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
        ("regexes-of-few-classes", regexes_with(|at| format!(r"x{at}\PL"))),
        ("regexes-of-few-words", regexes_with(|at| format!(r"x{at}\w"))),
        ("regexes-of-few-cases", regexes_with(|at| format!(r"x{at}\p{{Lu}}"))),
        ("regexes-of-words", regexes(r"\w")),
        ("regexes-of-repeats", regexes("(a|b){1,30}")),
        ("rules-without-action", numbered(|at| format!("rule r{at}:\n"))),
        ("rules-of-one-name", numbered(|_| "rule r:\n record\n".into())),
        ("rules-of-many-clauses", filled("rule a:", " record shadow")),
        ("rules-of-all-clauses", numbered(all_clauses)),
        ("tests", numbered(|at| format!("test \"{at}\":\n event {{}}\n expect skip\n"))),
        ("broken-tests", numbered(|at| format!("test \"{at}\":\n"))),
        (
            "tests-of-no-rule",
            numbered(|at| match at % 3 {
                0 => format!("rule rule-{at}:\n skip\n"),
                _ => format!("test \"{at}\":\n event {{}}\n expect skip by rule_{at}\n"),
            }),
        ),
        (
            "tests-of-unknown-zones",
            numbered(|at| format!("test \"{at}\":\n event {{ zone: \"Europe/Landon\" }}\n expect skip\n")),
        ),
        (
            "tests-of-series",
            numbered(|at| format!("test \"{at}\":\n event {{ repeats: \"FREQ=DAILY;UNTIL=20990101\" }}\n expect skip\n")),
        ),
        (
            "tests-of-guests",
            numbered(|at| format!("test \"{at}\":\n event {{ attendees: [me, me optional, a@a.example] }}\n expect skip\n")),
        ),
        ("definitions-alone", numbered(|at| format!("define d{at} = d{}\n", at.saturating_sub(1)))),
        ("slips-of-piece-words", numbered(|at| format!("lisd l{at} = []\n"))),
        ("suppressions", numbered(|at| format!("# lint: allow unused-name\nlist l{at} = [@a.example]\n"))),
        (
            "needless-suppressions",
            numbered(|at| if at % 9 == 0 { format!("list l{at}=[]\n") } else { "# lint: allow always-true\n".into() }),
        ),
        ("lists-of-commas", format!("list l = [{}]\n", ",".repeat(ITEMS - 1))),
        ("closing-brackets", ")".repeat(FILE_BYTES)),
        ("pairs-of-brackets", filled("define a = ", "()")),
        ("words-in-a-line", format!("define a = {}\n", "x ".repeat(WORDS - 10))),
        ("blanks-between", format!("define a = title{}is \"x\"\n", " ".repeat(FILE_BYTES - 40))),
        ("comments-between", format!("define a = title{}is \"x\"\n", " #\n".repeat(FILE_BYTES / 3 - 20))),
        ("long-comment-between", format!("define a = title #{}\n is \"x\"\n", "x".repeat(FILE_BYTES - 60))),
        ("broken-conditions", of_rules(&|| filled_rule("x y", " and x y"))),
        ("subjects-without-test", of_rules(&|| filled_rule("title", " and title"))),
        ("misplaced-nots", of_rules(&|| filled_rule("title is not \"\"", " and title is not \"\""))),
        ("mixed-connectives", of_rules(&|| filled_rule("d", " and d or d"))),
        ("not-chains", of_rules(&|| filled_rule("d", &format!(" and {}all-day", "not ".repeat(30))))),
        ("nested-groups", of_rules(&|| filled_rule("d", &format!(" and {}all-day{}", "(".repeat(30), ")".repeat(30))))),
        ("nested-broken-groups", of_rules(&|| filled_rule("d", &format!(" and {}x y{}", "(".repeat(30), " z)".repeat(30))))),
        (
            "nested-broken-lists",
            of_rules(&|| filled_rule("d", &format!(" and {}x y{}", "any of (".repeat(30), ", z z)".repeat(30)))),
        ),
        (
            "nested-broken-tests",
            of_rules(&|| filled_rule("d", &format!(" and any attendee {}is me{}", "(".repeat(29), " z)".repeat(29)))),
        ),
        ("or-lists", of_rules(&|| filled_rule("d", " or any attendee in l"))),
        (
            "tests-of-one-person",
            of_rules(&|| {
                let open = filled_rule("any attendee (is me", " or is me");
                format!("{})\n", open.trim_end())
            }),
        ),
        ("addresses-without-domain", listed(&|at| format!("a@{at}"), "any attendee in l")),
        ("bad-escapes", listed(&|_| "\"\\q\"".into(), "title contains any of l")),
        ("long-list-named-often", named_often("list l = [", "@{}.example", "]", "at least {} attendees in l")),
        ("long-person-named-often", named_often("person p = [", "{}@a.example", "]", "at least {} attendees is p")),
        ("long-texts-named-often", named_often("list l = [", "\"{}\"", "]", "not title contains any of l")),
        ("long-dates-named-often", dates_named_often()),
        ("defaults-copied-often", defaults_copied_often()),
        (
            "json-rules",
            json_rules(|at| format!("{{\"id\":\"r{at}\",\"do\":\"record\",\"when\":{{\"title\":{{\"is\":\"{at}\"}}}}}}")),
        ),
        ("json-conditions", json_rules(|at| json_rule(at, "{\"use\":\"d\"},"))),
        ("json-broken-conditions", json_rules(|at| json_rule(at, "{},"))),
        ("json-broken-items", format!("{{\"lists\":{{\"l\":[{}1]}}}}", "1,".repeat(FILE_BYTES / 2 - 20))),
        ("json-mixed-items", format!("{{\"lists\":{{\"l\":[{}1]}}}}", "{},".repeat(FILE_BYTES / 3 - 20))),
        ("json-broken-rules", json_rules(|_| "{\"x\":1}".into())),
        ("json-empty-rules", json_rules(|_| "{}".into())),
        ("json-numbers-for-rules", json_rules(|_| "1".into())),
        (
            "json-nested",
            json_rules(|at| {
                format!("{{\"id\":\"r{at}\",\"do\":\"record\",\"when\":{}{{\"x\":1}}{}}}", "{\"not\":".repeat(30), "}".repeat(30))
            }),
        ),
        (
            "json-nested-values",
            json_rules(|at| {
                format!("{{\"id\":\"r{at}\",\"do\":\"record\",\"when\":{}1{}}}", "{\"value\":".repeat(30), "}".repeat(30))
            }),
        ),
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
    for at in 0..PIECES - 1 {
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

/// One rule, filled so far that a file can hold four of them.
fn filled(head: &str, part: &str) -> String {
    let signs = part.matches(['(', ')', ',']).count();
    let words = signs + part.split(|c: char| c.is_whitespace() || "(),".contains(c)).filter(|word| !word.is_empty()).count();
    let joints = part.matches(['(', ',']).count() + part.split([' ', '(']).filter(|w| matches!(*w, "and" | "or" | "not")).count();
    let bytes = (RULE_BYTES - head.len() - 1) / part.len();
    let times = bytes.min((WORDS / 4 - 20) / words).min((PARTS / 4 - 8) / joints.max(1));
    format!("{head}{}\n", part.repeat(times))
}

/// Items with commas between, as many as a file may hold.
fn items(item: &dyn Fn(usize) -> String) -> String {
    let mut text = String::new();
    for at in 0..ITEMS {
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
    for at in 1..1400 {
        let _ = writeln!(text, "define d{at} = d{} and d{}", at - 1, at - 1);
    }
    text + "rule a:\n  record\n  when d1399\n"
}

/// As many different patterns as a set may hold, each as long as it may be.
fn regexes(part: &str) -> String {
    regexes_with(|at| format!("x{at}{}", part.repeat(250 / part.len())))
}

fn regexes_with(pattern: impl Fn(usize) -> String) -> String {
    (0..64).map(|at| format!("rule r{at}:\n  record\n  when title matches /{}/i\n", pattern(at))).collect()
}

/// A rule that says everything once.
fn all_clauses(at: usize) -> String {
    format!(
        "rule r{at} \"t\":\n  always record\n  when d\n  unless {}\n  with {{ keep: {}d, tags: [\"t\"] }}\n  because \"b\"\n",
        "all-day",
        at % 99 + 1
    )
}

/// A rule whose condition fills it.
fn filled_rule(head: &str, part: &str) -> String {
    filled(&format!("rule a:\n  record\n  when {head}"), part)
}

/// As many rules of the largest size as a file holds.
fn of_rules(rule: &dyn Fn() -> String) -> String {
    rule().repeat(4)
}

/// Something long in one half of the file, named as often as the other half holds. `{}` is a number.
fn named_often(open: &str, item: &str, close: &str, test: &str) -> String {
    let filled = |part: &str, between: &str, bytes: usize| {
        let mut text = String::new();
        for at in 1.. {
            let part = part.replace("{}", &at.to_string());
            if text.len() + between.len() + part.len() > bytes {
                break;
            }
            let _ = write!(text, "{}{part}", if at == 1 { "" } else { between });
        }
        text
    };
    let items = filled(item, ",", FILE_BYTES / 2);
    let rule = |at: usize| {
        format!("rule r{at}:\n record\n when {}\n", filled(&test.replace("{}", &format!("{at}{{}}")), " or ", RULE_BYTES - 100))
    };
    format!("{open}{items}{close}\n{}{}", rule(1), rule(2)).chars().take(FILE_BYTES).collect()
}

/// A long list of dates, in conditions that differ in something else.
fn dates_named_often() -> String {
    let mut text = String::from("list l = [");
    for at in 0..2500 {
        let date = Date::constant(2000, 1, 1).saturating_add(callsheet::time::Elapsed::from_hours(24 * at));
        let _ = write!(text, "{}{date}", if at == 0 { "" } else { "," });
    }
    text.push_str("]\n");
    for rule in 0..2 {
        let _ = write!(text, "rule r{rule}:\n record\n when d");
        for at in 0..390 {
            let _ = write!(text, " or starts at {:02}:{:02} on any of l", rule * 12 + at / 60, at % 60);
        }
        text.push('\n');
    }
    text
}

/// Settings that every rule inherits.
fn defaults_copied_often() -> String {
    let mut text = String::from("defaults with { tags: [");
    for at in 0..6000 {
        let _ = write!(text, "{}\"{at}\"", if at == 0 { "" } else { "," });
    }
    text.push_str("] }\n");
    for at in 0..500 {
        let _ = writeln!(text, "rule r{at}:\n record");
    }
    text
}

/// A rule of JSON with as many parts as fit.
fn json_rule(at: usize, part: &str) -> String {
    let parts = part.repeat((RULE_BYTES - 400) / part.len());
    format!("{{\"id\":\"r{at}\",\"do\":\"record\",\"when\":{{\"any\":[{}]}}}}", parts.trim_end_matches(','))
}

/// A file of JSON with as many rules as fit.
fn json_rules(rule: impl Fn(usize) -> String) -> String {
    format!("{{\"callsheet\":1,\"rules\":[{}]}}", items(&rule))
}

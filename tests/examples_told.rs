//! Examples of meetings as they are told: each is the event of a test, and read as one it shows what it was told for.

use crate::support::generate::Dice;
use crate::support::generate::files::files;
use callsheet::coverage::State;
use callsheet::diagnostic::Severity;
use callsheet::engine::{CheckOptions, Checked, RuleText, check};
use callsheet::lint::example_event;
use callsheet::syntax::printer;
use callsheet::value::words::Verb;
use callsheet::value::{DecidedBy, Decision};
use std::fmt::Write as _;
use std::path::Path;

/// Rule sets of a run; `CALLSHEET_RULE_SETS` asks for more.
const SETS: u64 = 12;

fn checked(texts: &[String]) -> Checked {
    let text = |(at, text): (usize, &String)| RuleText { name: format!("{at}.rules"), text: text.clone(), layer: None };
    check(&texts.iter().enumerate().map(text).collect::<Vec<_>>(), &CheckOptions::default())
}

/// The examples for what no test shows, by what they are for.
fn told(text: &str) -> Vec<String> {
    let checked = checked(&[text.to_owned()]);
    let outline = checked.rule_set.as_ref().expect("usable").outline();
    let coverage = checked.coverage().expect("usable");
    let line = |(goal, state): &_| match state {
        State::Possible(witness) => {
            let goal: &callsheet::coverage::Goal = goal;
            Some(format!("{}: {}", goal.words(outline), example_event(witness)))
        }
        _ => None,
    };
    coverage.goals.iter().filter_map(line).collect()
}

#[track_caller]
fn tells(text: &str, line: &str) {
    let told = told(text);
    assert!(told.iter().any(|other| other == line), "{told:#?}");
}

#[test]
fn what_stands_in_quotes_is_escaped() {
    tells(
        "rule a:\n  record\n  when title is \"say \\\"hi\\\" \\\\ there\"\n",
        r#"`a` decides: event { title: "say \"hi\" \\ there" }"#,
    );
}

#[test]
fn an_organizer_who_is_optional_is_told() {
    let rules = "rule a:\n  record\n  when any attendee (is organizer and is optional)\n";
    tells(rules, "`a` decides: event { attendees: [me optional] }");
}

#[test]
fn a_creator_who_is_hidden_is_told() {
    let rules = "our domains @acme.example\nrule a:\n  skip\n  when creator is external\n  unless surely (creator is external)\n";
    tells(rules, "`a` decides: event { creator: hidden }");
}

#[test]
fn lengths_are_round() {
    let rules = "rule a:\n  record\n  when duration < 30m\nrule b:\n  record\n  when duration > 1h\nrule c:\n  record\n  when duration = 90s\n";
    tells(rules, "`a` decides: event { duration: 25m }");
    tells(rules, "`b` decides: event { duration: 1h5m }");
    let short = "rule c:\n  record\n  when duration between 100s and 130s\n";
    tells(short, "`c` decides: event { duration: 2m }");
}

#[test]
fn titles_are_of_plain_letters() {
    let rules = "rule a:\n  record\n  when title contains \"hr\"\n  unless title matches /\\bhr\\b/i\n";
    tells(rules, "`a` decides: event { title: \"hrs\" }");
}

#[test]
fn a_meeting_that_ends_late_is_as_long_as_others() {
    let rules = "rule a:\n  skip\n  when ends after 17:00 on fri\n";
    tells(rules, "`a` decides: event { start: 2026-01-09 16:30 }");
}

#[test]
fn the_zone_of_the_file_goes_without_saying() {
    let rules = "timezone \"Europe/Berlin\"\nrule a:\n  skip\n  when starts after 18:00\nrule b:\n  record\n  when starts on fri in \"Asia/Tokyo\"\n";
    tells(rules, "`a` is reached and does not match: any meeting");
    tells(rules, "`a` decides: event { start: 2026-01-05 18:00 }");
    tells(rules, "`b` decides: event { start: 2026-01-09 10:00 in \"Asia/Tokyo\" }");
}

#[test]
fn a_user_elsewhere_is_told_by_a_zone_that_tests_can_name() {
    let rules = "rule a:\n  record\n  when starts before 08:00 on mon and starts after 20:00 on mon in \"Asia/Tokyo\"\n";
    let told = told(rules);
    let decides = told.iter().find(|line| line.starts_with("`a` decides")).expect("it can");
    assert!(decides.contains("user_zone: \""), "{decides}");
    let checked = checked(&[rules.to_owned()]);
    let missing = checked.missing_tests(&checked.coverage().expect("usable"));
    assert!(missing.unwritten.is_empty(), "{:?}", missing.unwritten);
}

#[test]
fn offsets_of_quarters_of_an_hour_count() {
    let rules = "rule a:\n  record\n  when starts between 15:45 and 16:00 and starts between 10:00 and 10:15 in \"UTC\"\n";
    tells(rules, "`a` decides: event { user_zone: \"Asia/Kathmandu\" }");
}

/// What tests have no words for.
const NO_TEST: &[&str] =
    &["somebody whose address", "of unknown answer", "of an unknown rule", "on single dates", ", and ", "…", " being "];

/// The tests that the examples are, each expecting what the rules made of the meeting; how many there are.
fn as_tests(checked: &Checked) -> (String, usize) {
    let rules = checked.rule_set.as_ref().expect("usable");
    let (mut tests, mut count) = (String::new(), 0);
    for (goal, state) in &checked.coverage().expect("usable").goals {
        let State::Possible(witness) = state else { continue };
        let told = example_event(witness);
        let event = if told == "any meeting" { "event {}" } else { &told };
        let (event, beside) = event.split_at(event.rfind('}').map_or(0, |end| end + 1));
        let given: Vec<&str> = beside.split(", given list ").collect();
        // Some of that stands beside the event.
        if event.contains("}, ") || !given[0].is_empty() || NO_TEST.iter().any(|words| told.contains(words)) {
            continue;
        }
        let expected = match rules.decide(&mut callsheet::engine::Machine::new(), &witness.question()) {
            Decision::Decided { verb, by: DecidedBy::Rule(rule) } => {
                let verb = if verb == Verb::Record { "record" } else { "skip" };
                format!("{verb} by {}", rules.outline().rules[usize::from(rule)].id)
            }
            _ => "default".to_owned(),
        };
        let given: String = given[1..].iter().map(|list| format!("  given list {list}\n")).collect();
        let words = goal.words(rules.outline()).replace(['"', '\\'], "'");
        writeln!(tests, "\ntest \"{count}: {words}\":\n{given}  {event}\n  expect {expected}").expect("a string");
        count += 1;
    }
    (tests, count)
}

/// Reads the examples as tests; how many there are.
fn hold(mut texts: Vec<String>) -> usize {
    let before = checked(&texts);
    // Of whoever calls a meeting tests do not say whether they are optional; tests of files in several zones begin in several.
    let mut zones = texts.iter().map(|text| text.lines().find(|line| line.starts_with("timezone")));
    let first = zones.next().expect("a file");
    let tells_less = texts.iter().any(|text| text.contains("optional")) || zones.any(|other| other != first);
    if before.rule_set.is_none() || tells_less {
        return 0;
    }
    let (tests, count) = as_tests(&before);
    texts.last_mut().expect("a file").push_str(&tests);
    let after = checked(&texts);
    let errors: Vec<_> = after.diagnostics.iter().filter(|remark| remark.severity == Severity::Error).collect();
    assert!(after.rule_set.is_some(), "{errors:#?}\n{}", texts.join("\n---\n"));
    let failed: Vec<_> = after.run_tests().into_iter().filter(|test| test.failure.is_some()).collect();
    assert!(failed.is_empty(), "{failed:#?}\n{}", texts.join("\n---\n"));
    count
}

#[test]
fn examples_that_are_told_are_tests_that_pass() {
    let number = |variable: &str| std::env::var(variable).ok().and_then(|text| text.parse().ok());
    let first = number("CALLSHEET_SEED").unwrap_or(0);
    let mut told = 0;
    for seed in first..first + number("CALLSHEET_RULE_SETS").unwrap_or(SETS) {
        let mut dice = Dice::new(seed ^ 0x00e7_a3b1);
        let texts: Vec<String> = files(&mut dice).iter().map(printer::text).collect();
        told += hold(texts);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules-examples");
    for entry in std::fs::read_dir(root).expect("the examples") {
        let folder = entry.expect("an entry").path();
        let Some(name) = folder.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        if let Ok(text) = std::fs::read_to_string(folder.join(format!("{name}.rules"))) {
            told += hold(vec![text]);
        }
    }
    println!("{told} examples are tests");
    assert!(told > 100, "only {told} examples were told");
}

//! Rules told as sentences: what the examples say, and that a sentence says all that its rule does.

use crate::support::ast_strategy;
use callsheet::describe::{self, Surroundings, condition, rule};
use callsheet::engine::{CheckOptions, RuleText, check as check_rules};
use callsheet::source::{SourceId, Span};
use callsheet::syntax::ast::*;
use callsheet::syntax::{Limits, parse, printer};
use callsheet::value::{Response, Status};
use expect_test::{expect, expect_file};
use proptest::prelude::*;
use std::collections::HashMap;
use std::fs;
use std::path::Path;

fn check(text: &str, expected: expect_test::Expect) {
    let (file, diagnostics) = parse(SourceId(0), text, &Limits::default());
    let told: Vec<String> = file.rules.iter().map(|piece| rule(&piece.value, Surroundings::of(&file))).collect();
    expected.assert_eq(&(told.join("\n") + if diagnostics.is_empty() { "\n" } else { "\n(not all of it could be read)\n" }));
}

#[test]
fn the_examples_are_told() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules-examples");
    let mut folders: Vec<_> = fs::read_dir(root).expect("the examples").map(|entry| entry.expect("an entry").path()).collect();
    folders.sort();
    let mut told = String::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let both = ["rules", "json"].map(|form| {
            let text = fs::read_to_string(folder.join(format!("{name}.{form}"))).expect("an example");
            let (file, _) = parse(SourceId(0), &text, &Limits::default());
            all(&file)
        });
        assert_eq!(both[0], both[1], "{name}: the two forms are told alike");
        told += &format!("## {name}\n{}\n", both[0]);
    }
    expect_file!["./goldens/described.txt"].assert_eq(&told);
}

/// Every sentence about a file.
fn all(file: &File) -> String {
    let around = Surroundings::of(file);
    let rules = file.rules.iter().map(|piece| format!("{}: {}", piece.name.value, rule(&piece.value, around)));
    let lists = file.lists.iter().map(describe::list);
    let people = file.people.iter().map(describe::person);
    let definitions = file.definitions.iter().map(|piece| describe::definition(piece, around));
    rules.chain(lists).chain(people).chain(definitions).map(|line| line + "\n").collect()
}

#[test]
fn a_rule_is_one_sentence_with_its_dates_settings_and_reason() {
    check(
        r#"
timezone "Asia/Tokyo"
rule a:
  always record locked from 2026-01-01 until 2026-06-30 shadow
  when starts between 22:00 and 06:00 overnight on fri, sat, sun and not (one-on-one or has link)
  unless ends before 18:00 in "Europe/London"
  with { bot_name: "Acme", join: 2m before start, keep: 180d, x_crm: 3 }
  because "MiFID II"
rule b:
  never record
rule c:
  skip until 2026-06-30
  unless attendees between 3 and 9
"#,
        expect![[r#"
            Only on trial, without effect: whatever users say, always record a meeting that starts from 2026-01-01 to 2026-06-30 when it starts between 22:00 and 06:00 overnight on Friday to Sunday (Asia/Tokyo time) and it is not so that (it is a one-on-one or it has a meeting link), unless it ends before 18:00 (Europe/London time); the bot is called "Acme", the bot joins 2 minutes before the start, the recording is kept for 180 days, `x_crm` is 3; the reason: "MiFID II".
            Never record any meeting.
            Skip every meeting that starts on 2026-06-30 or earlier, unless there are 3 to 9 attendees.
        "#]],
    );
}

#[test]
fn a_series_on_several_days_is_on_each_of_them_and_a_start_on_one() {
    check(
        r#"
rule a:
  record
  when repeats weekly on mon..wed, fri
rule b:
  record
  when starts on mon..wed, fri in "UTC"
rule c:
  record
  when starts on rrule "FREQ=WEEKLY;INTERVAL=2" counting from 2026-01-05 in "UTC"
"#,
        expect![[r#"
            Record a meeting when it repeats weekly on Monday, Tuesday, Wednesday and Friday.
            Record a meeting when it starts on Monday to Wednesday or Friday (UTC time).
            Record a meeting when it starts on a day of the rule "FREQ=WEEKLY;INTERVAL=2" counting from 2026-01-05 (UTC time).
        "#]],
    );
}

#[test]
fn an_end_at_the_very_minute_is_told_as_it_is_decided() {
    let rules = "rule a:\n  record\n  when ends before 17:00 in \"UTC\"\nrule b:\n  skip\n  when ends after 17:00 in \"UTC\"\n";
    check(
        rules,
        expect![[r#"
            Record a meeting when it ends before 17:00 (UTC time).
            Skip a meeting when it ends at 17:00 or later (UTC time).
        "#]],
    );
    let test = "test \"at the very minute\":\n  event { start: 2026-01-09 16:30, duration: 30m }\n  expect skip by b\n";
    let text = RuleText { name: "a.rules".to_owned(), text: format!("{rules}{test}"), layer: None };
    let outcomes = check_rules(&[text], &CheckOptions::default()).run_tests();
    assert!(outcomes.len() == 1 && outcomes[0].failure.is_none(), "{outcomes:?}");
}

#[test]
fn what_binds_is_said() {
    check(
        r#"
rule a:
  record
  when (has link or all-day) and none of (one-on-one, repeats and has link)
rule b:
  record
  when surely (has link and all-day) or possibly (any attendee (not is external and not (declined or tentative)))
rule c:
  record
  when not not title contains any of ["a", "b"] and not any attendee is external and no attendee is external
"#,
        expect![[r#"
            Record a meeting when (it has a meeting link or it is all-day) and none of this holds: (it is a one-on-one; it repeats and it has a meeting link).
            Record a meeting when it is certain that (it has a meeting link and it is all-day) or it is certain or unknown that (at least one attendee (is not external and is not what this says: (has declined or has said maybe))).
            Record a meeting when it is not so that (the title does not contain any of "a", "b") and it is not so that (at least one attendee is external) and no attendee is external.
        "#]],
    );
}

#[test]
fn what_could_not_be_read_is_said() {
    check(
        "rule a:\n  record\n  when organiser is internal and has link",
        expect![[r#"
            Record a meeting when … (this part could not be read) and it has a meeting link.
            (not all of it could be read)
        "#]],
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// One line that names what the condition names.
    #[test]
    fn a_sentence_names_all_that_its_rule_names(rule in ast_strategy::rule(), zone in proptest::option::of(Just("Asia/Tokyo"))) {
        let told = describe::rule(&rule, Surroundings { zone });
        prop_assert!(told.ends_with('.') && !told.contains('\n'), "{told}");
        let clauses = [&rule.when, &rule.unless];
        for name in clauses.into_iter().flatten().flat_map(|clause| names(&clause.value)) {
            prop_assert!(told.contains(&name), "{told} lacks {name}");
        }
    }

    /// What two conditions say apart, their sentences say apart.
    #[test]
    fn different_conditions_have_different_sentences(conditions in proptest::collection::vec(ast_strategy::clause(), 8)) {
        let mut seen = HashMap::new();
        apart(&mut seen, conditions.iter().map(plain))?;
    }
}

/// Every condition of two levels over a few of each kind, and of three over fewer.
#[test]
fn no_two_conditions_of_a_small_grammar_share_a_sentence() {
    let mut seen = HashMap::new();
    let few: Vec<Condition> = atoms().into_iter().take(3).collect();
    let two_levels = combined(&atoms());
    let three_levels = combined(&combined(&few));
    let all = atoms().into_iter().chain(two_levels).chain(three_levels);
    apart(&mut seen, all).expect("different sentences");
    assert!(seen.len() > 10_000, "only {} conditions", seen.len());
}

/// Fails where two conditions that print differently are told alike.
fn apart(
    seen: &mut HashMap<String, String>,
    conditions: impl IntoIterator<Item = Condition>,
) -> Result<(), proptest::test_runner::TestCaseError> {
    for asked in conditions {
        let (told, text) = (condition(&asked, Surroundings::default()), printer::condition(&asked));
        if let Some(other) = seen.insert(told.clone(), text.clone()) {
            prop_assert_eq!(&other, &text, "{}", told);
        }
    }
    Ok(())
}

/// A condition as it reads back: printed and parsed, so that spellings of one thing are one.
fn plain(asked: &Condition) -> Condition {
    let text = format!("define x = {}", printer::condition(asked));
    let (file, _) = parse(SourceId(0), &text, &Limits::default());
    file.definitions.into_iter().next().map_or_else(|| asked.clone(), |piece| piece.value.condition)
}

fn atoms() -> Vec<Condition> {
    let texts = [
        "title contains \"a\"",
        "attendees >= 3",
        "any attendee is external",
        "no attendee is external",
        "every attendee (not is external)",
        "at least 1 attendee is external",
        "at least 2 attendees (declined and (is internal or is optional))",
        "at least 2 attendees ((declined and is internal) or is optional)",
        "any attendee (not (declined and is internal))",
        "any attendee (not declined and is internal)",
        "any attendee none of (declined, is internal)",
        "organizer is external",
        "organizer (not is external)",
        "title contains any of [\"a\", \"b\"]",
        "title contains any of a",
        "title is \"a\"",
        "title matches /a/i",
        "attendees = 3",
        "attendees != 3",
        "attendees between 3 and 4",
        "duration <= 90m",
        "duration != 90m",
        "starts before 10:00",
        "ends before 10:00",
        "starts before 10:00 in \"Asia/Tokyo\"",
        "starts on mon..wed",
        "starts on mon, wed",
        "starts between 10:00 and 12:00 on 2026-03-02",
        "starts on any of [2026-03-02, 2026-03-03]",
        "starts on any of a",
        "starts on rrule \"FREQ=DAILY\"",
        "starts on rrule \"FREQ=DAILY\" counting from 2026-03-02",
        "repeats",
        "repeats daily",
        "repeats every 1 day",
        "repeats at least 2 times at most 3 times",
        "repeats forever",
        "occurrence is moved",
        "status is tentative",
        "status is any of [tentative, confirmed]",
        "shows as is tentative",
        "one-on-one",
        "has link",
        "a",
    ];
    let read = |text: &str| {
        let (file, diagnostics) = parse(SourceId(0), &format!("define x = {text}"), &Limits::default());
        assert!(diagnostics.is_empty(), "{text}: {diagnostics:?}");
        file.definitions[0].value.condition.clone()
    };
    texts.map(read).to_vec()
}

/// Every way to put one or two of these under what holds conditions.
fn combined(parts: &[Condition]) -> Vec<Condition> {
    let of = |kind| Condition { kind, at: At(Span::default()), trivia: Trivia::default() };
    let mut out = Vec::new();
    for a in parts {
        let one = || Box::new(a.clone());
        out.extend([
            of(ConditionKind::Not(one())),
            of(ConditionKind::Surely(one())),
            of(ConditionKind::Possibly(one())),
            of(ConditionKind::None(vec![a.clone()])),
        ]);
        for b in parts {
            let both = || vec![a.clone(), b.clone()];
            out.extend([ConditionKind::All(both()), ConditionKind::Any(both()), ConditionKind::None(both())].map(of));
        }
    }
    out
}

/// Every name in a condition: of lists, people, definitions, values of closed sets.
fn names(condition: &Condition) -> Vec<String> {
    match &condition.kind {
        ConditionKind::All(parts) | ConditionKind::Any(parts) | ConditionKind::None(parts) => {
            parts.iter().flat_map(names).collect()
        }
        ConditionKind::Not(part) | ConditionKind::Surely(part) | ConditionKind::Possibly(part) => names(part),
        ConditionKind::Use(name) | ConditionKind::Text { operand: Operand::List(name), .. } => vec![format!("`{}`", name.value)],
        ConditionKind::Clock { on: Some(Days::Dates(Operand::List(name))), .. } => vec![format!("`{}`", name.value)],
        ConditionKind::Clock { zone: Some(zone), .. } | ConditionKind::DateRule { zone: Some(zone), .. } => {
            vec![zone.value.clone()]
        }
        ConditionKind::Person { test, .. } | ConditionKind::Attendees { test, .. } => names_of_test(test),
        ConditionKind::Is(ClosedSet::Status(values)) if values == &[Status::Tentative] => vec!["tentative".to_owned()],
        _ => Vec::new(),
    }
}

fn names_of_test(test: &PersonTest) -> Vec<String> {
    match &test.kind {
        PersonTestKind::All(parts) | PersonTestKind::Any(parts) | PersonTestKind::None(parts) => {
            parts.iter().flat_map(names_of_test).collect()
        }
        PersonTestKind::Not(part) => names_of_test(part),
        PersonTestKind::In(name) | PersonTestKind::Is(PersonRef::Name(name)) => vec![format!("`{}`", name.value)],
        PersonTestKind::Is(PersonRef::Address(address)) => vec![address.value.clone()],
        PersonTestKind::From(Operand::One(domain)) => vec![domain.value.clone()],
        PersonTestKind::Response(Response::Declined) => vec!["declined".to_owned()],
        _ => Vec::new(),
    }
}

/// Runs `callsheet explain` on a meeting of an example, by the rules in this form.
fn explained(form: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules-examples/sales-team");
    let customers = std::env::temp_dir().join(format!("callsheet-explained-{}-{form}.txt", std::process::id()));
    fs::write(&customers, "@bluefin.example\n").expect("a list");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_callsheet"))
        .current_dir(folder)
        .args([
            "explain",
            "--calendar",
            "events.ics",
            "--event",
            "sale01-97622487@harbour.example",
            "--me",
            "ruth@harbour.example",
        ])
        .args(["--list", &format!("customers={}", customers.display()), &format!("sales-team.{form}")])
        .output()
        .expect("the program runs");
    let _ = fs::remove_file(&customers);
    String::from_utf8(output.stdout).expect("text") + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn an_explanation_says_what_the_rule_says_in_both_forms() {
    let says = |told: &str| told.lines().find(|line| line.starts_with("It says: ")).map(str::to_owned);
    let told = says(&explained("rules"));
    expect![[r#"It says: Always record a meeting when at least one attendee is on the list `customers`, unless the title contains any of "[no recording]", "off the record"; the language is "en-GB", the bot stays when the meeting is called off while it runs, `x_crm` is "sync"."#]].assert_eq(told.as_deref().unwrap_or_default());
    assert_eq!(told, says(&explained("json")));
}

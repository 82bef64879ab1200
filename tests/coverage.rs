//! What tests show of rules, and that the tests that are written for the rest show it.

use crate::proofs::within_background;
use crate::support::generate::Dice;
use crate::support::generate::files::files;
use crate::support::generate::occurrences::asked;
use callsheet::coverage::{Coverage, Goal, Kind, Measure, State};
use callsheet::engine::{CheckOptions, Checked, Machine, RuleText, check};
use callsheet::syntax::printer;
use callsheet::value::outline::Outline;
use callsheet::value::{DecidedBy, Decision, Overrides, Trace, Truth};
use expect_test::{Expect, expect};
use std::fmt::Write as _;
use std::path::Path;

/// Rule sets of a run; `CALLSHEET_RULE_SETS` asks for more.
const SETS: u64 = 12;
/// Meetings that what cannot happen is held to.
const MEETINGS: usize = 150;
/// Goals in a hundred that stay open for want of steps or of words, at the most.
const OPEN_PERCENT_MAX: usize = 15;

fn checked(texts: &[String]) -> Checked {
    let text = |(at, text): (usize, &String)| RuleText { name: format!("{at}.rules"), text: text.clone(), layer: None };
    let texts: Vec<RuleText> = texts.iter().enumerate().map(text).collect();
    check(&texts, &CheckOptions::default())
}

fn outline(checked: &Checked) -> &Outline {
    checked.rule_set.as_ref().expect("usable").outline()
}

/// What the tests of a file do not show.
#[track_caller]
#[expect(clippy::needless_pass_by_value, reason = "as expect-test has it")]
fn misses(text: &str, expected: Expect) {
    let checked = checked(&[text.to_owned()]);
    assert!(checked.rule_set.is_some(), "{:#?}", checked.diagnostics);
    let coverage = checked.coverage().expect("usable");
    let mut out = String::new();
    for measure in Measure::ALL {
        let share = coverage.share(|goal| goal.measure() == measure);
        writeln!(out, "{} {}/{}", measure.word(), share.shown, share.all).expect("a string");
    }
    for (goal, state) in &coverage.goals {
        let word = match state {
            State::Shown => continue,
            State::CannotHappen => "cannot",
            State::Possible(_) => "misses",
            State::Undecided(_) | State::Missing => "open",
        };
        writeln!(out, "{word}: {}", goal.words(outline(&checked))).expect("a string");
    }
    expected.assert_eq(&out);
}

const WEEKLY: &str = "rule weekly:\n  record\n  when repeats weekly and attendees >= 3\n";

#[test]
fn without_tests_everything_that_can_happen_is_missing() {
    misses(
        WEEKLY,
        expect![[r#"
            decision 0/3
            condition 0/4
            MC/DC 0/4
            misses: `weekly` decides
            misses: `weekly` is reached and does not match
            misses: `repeats weekly` is true when `weekly` is reached
            misses: `repeats weekly` is false when `weekly` is reached
            misses: `attendees >= 3` is true when `weekly` is reached
            misses: `attendees >= 3` is false when `weekly` is reached
            misses: `repeats weekly`, being true, settles alone whether `weekly` matches
            misses: `repeats weekly`, being false, settles alone whether `weekly` matches
            misses: `attendees >= 3`, being true, settles alone whether `weekly` matches
            misses: `attendees >= 3`, being false, settles alone whether `weekly` matches
            misses: the default decides
        "#]],
    );
}

#[test]
fn a_condition_that_hides_behind_another_one_settles_nothing() {
    // Once, and with two people: both are false, and neither alone keeps the rule from matching.
    let tests = "test \"all\":\n  event { attendees: [me, a@x.example, b@x.example], repeats: \"FREQ=WEEKLY\" }\n  \
                 expect record by weekly\n\ntest \"nothing\":\n  event { attendees: [me, a@x.example] }\n  expect default\n";
    misses(
        &format!("{WEEKLY}\n{tests}"),
        expect![[r#"
            decision 3/3
            condition 4/4
            MC/DC 2/4
            misses: `repeats weekly`, being false, settles alone whether `weekly` matches
            misses: `attendees >= 3`, being false, settles alone whether `weekly` matches
        "#]],
    );
}

#[test]
fn an_unknown_condition_is_neither_true_nor_false() {
    let test = "test \"hidden\":\n  event { attendees: hidden, repeats: hidden }\n  expect default\n";
    misses(
        &format!("{WEEKLY}\n{test}"),
        expect![[r#"
            decision 2/3
            condition 0/4
            MC/DC 0/4
            misses: `weekly` decides
            misses: `repeats weekly` is true when `weekly` is reached
            misses: `repeats weekly` is false when `weekly` is reached
            misses: `attendees >= 3` is true when `weekly` is reached
            misses: `attendees >= 3` is false when `weekly` is reached
            misses: `repeats weekly`, being true, settles alone whether `weekly` matches
            misses: `repeats weekly`, being false, settles alone whether `weekly` matches
            misses: `attendees >= 3`, being true, settles alone whether `weekly` matches
            misses: `attendees >= 3`, being false, settles alone whether `weekly` matches
        "#]],
    );
}

#[test]
fn what_cannot_happen_is_not_missing() {
    misses(
        "rule demos:\n  skip\n  when title contains \"demo\"\n\nrule product-demos:\n  record\n  \
         when title contains \"product demo\" or one-on-one\n",
        expect![[r#"
            decision 0/5
            condition 0/5
            MC/DC 0/5
            misses: `demos` decides
            misses: `demos` is reached and does not match
            misses: `title contains "demo"` is true when `demos` is reached
            misses: `title contains "demo"` is false when `demos` is reached
            misses: `title contains "demo"`, being true, settles alone whether `demos` matches
            misses: `title contains "demo"`, being false, settles alone whether `demos` matches
            misses: `product-demos` decides
            misses: `product-demos` is reached and does not match
            cannot: `title contains "product demo"` is true when `product-demos` is reached
            misses: `title contains "product demo"` is false when `product-demos` is reached
            misses: `one-on-one` is true when `product-demos` is reached
            misses: `one-on-one` is false when `product-demos` is reached
            cannot: `title contains "product demo"`, being true, settles alone whether `product-demos` matches
            misses: `title contains "product demo"`, being false, settles alone whether `product-demos` matches
            misses: `one-on-one`, being true, settles alone whether `product-demos` matches
            misses: `one-on-one`, being false, settles alone whether `product-demos` matches
            misses: the default decides
        "#]],
    );
}

#[test]
fn rules_that_others_decide_before_are_not_reached_and_failed_tests_show_nothing() {
    let text = "rule stop:\n  never record\n\nrule all:\n  record\n  when repeats\n\n\
                test \"wrong\":\n  event { title: \"x\" }\n  expect record\n\n\
                test \"stopped\":\n  event { repeats: \"FREQ=DAILY\" }\n  expect skip by stop\n";
    misses(
        text,
        expect![[r#"
            decision 1/1
            condition 0/0
            MC/DC 0/0
            cannot: `all` decides
            cannot: `all` is reached and does not match
            cannot: `repeats` is true when `all` is reached
            cannot: `repeats` is false when `all` is reached
            cannot: `repeats`, being true, settles alone whether `all` matches
            cannot: `repeats`, being false, settles alone whether `all` matches
            cannot: the default decides
        "#]],
    );
}

/// Writes the missing tests, and says what is wrong with them; the figures of what was left open.
fn generated(checked: &Checked) -> (Coverage, usize, usize) {
    let coverage = checked.coverage().expect("usable");
    let missing = checked.missing_tests(&coverage);
    let texts = checked.texts_with(&missing);
    let again = self::checked(&texts);
    let shown = || texts.join("\n---\n");
    assert!(again.rule_set.is_some(), "{:#?}\n{}", again.diagnostics, shown());
    let (before, outcomes) = (checked.run_tests().len(), again.run_tests());
    assert_eq!(outcomes.len(), before + missing.tests.len());
    let failed: Vec<_> = outcomes.iter().filter(|outcome| outcome.failure.is_some()).collect();
    assert!(failed.is_empty(), "{failed:#?}\n{}", shown());
    let after = again.coverage().expect("usable");
    let mut open = 0;
    for (goal, state) in &after.goals {
        let excused = matches!(state, State::Undecided(_)) || missing.unwritten.contains(goal);
        open += usize::from(excused && *state != State::Shown);
        assert!(
            excused || matches!(state, State::Shown | State::CannotHappen),
            "{}: {state:?}\n{}",
            goal.words(outline(&again)),
            shown()
        );
    }
    (coverage, open, missing.tests.len())
}

#[test]
fn the_tests_that_are_written_for_the_examples_pass_and_show_all_that_can_happen() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules-examples");
    let (mut goals, mut open, mut tests, mut sets) = (0, 0, 0, 0);
    for entry in std::fs::read_dir(root).expect("the examples") {
        let folder = entry.expect("an entry").path();
        let Some(name) = folder.file_name().map(|name| name.to_string_lossy().into_owned()) else { continue };
        for form in ["rules", "json"] {
            let Ok(text) = std::fs::read_to_string(folder.join(format!("{name}.{form}"))) else { continue };
            let checked = checked(&[text]);
            let (coverage, left, written) = generated(&checked);
            (goals, open, tests, sets) = (goals + coverage.goals.len(), open + left, tests + written, sets + 1);
        }
    }
    println!("{sets} sets, {goals} goals, {open} left open, {tests} tests written");
    assert!(sets > 20 && goals > 300, "{sets} {goals}");
    assert!(open * 100 <= goals, "{open} of {goals} goals are left open");
}

#[test]
fn the_tests_that_are_written_for_random_rules_pass_and_show_all_that_can_happen() {
    let number = |variable: &str| std::env::var(variable).ok().and_then(|text| text.parse().ok());
    let first = number("CALLSHEET_SEED").unwrap_or(0);
    let (mut goals, mut open, mut tests) = (0, 0, 0);
    for seed in first..first + number("CALLSHEET_RULE_SETS").unwrap_or(SETS) {
        let mut dice = Dice::new(seed ^ 0xc0fe);
        let checked = checked(&files(&mut dice).iter().map(printer::text).collect::<Vec<_>>());
        if checked.rule_set.is_none() {
            continue;
        }
        let (coverage, left, written) = generated(&checked);
        (goals, open, tests) = (goals + coverage.goals.len(), open + left, tests + written);
        // What cannot happen is seen in no meeting.
        for _ in 0..MEETINGS {
            let Some(meeting) = within_background(asked(&mut dice)) else { continue };
            let rules = checked.rule_set.as_ref().expect("usable");
            let question = meeting.question();
            let (decision, trace) = (rules.decide(&mut Machine::new(), &question), rules.trace(&question));
            assert_eq!(meeting.overrides, Overrides::default());
            for (goal, _) in coverage.goals.iter().filter(|(_, state)| *state == State::CannotHappen) {
                let words = goal.words(rules.outline());
                assert!(!is_seen(*goal, rules.outline(), &decision, &trace), "seed {seed}: {words} in {:?}", meeting.occurrence);
            }
        }
    }
    println!("{goals} goals, {open} left open, {tests} tests written");
    assert!(goals > 500 && open * 100 <= goals * OPEN_PERCENT_MAX, "{open} of {goals} goals are left open");
}

/// Whether a meeting reaches a goal, as the definitions say.
fn is_seen(goal: Goal, outline: &Outline, decision: &Decision, trace: &Trace) -> bool {
    let Decision::Decided { by, .. } = decision else { return false };
    let Some(at) = goal.rule.map(usize::from) else { return matches!(by, DecidedBy::Default(_)) };
    let reached = match by {
        DecidedBy::Rule(rule) => at <= usize::from(*rule),
        _ => true,
    };
    let rule = &outline.rules[at];
    let truth_with = |asked: Option<(u16, Truth)>| {
        let of = |atom: u16| match asked {
            Some((other, truth)) if other == atom => truth,
            _ => trace.atoms[usize::from(atom)],
        };
        rule.tier.matches(rule.condition.truth(&of))
    };
    let settles = |atom: u16| truth_with(Some((atom, Truth::True))) != truth_with(Some((atom, Truth::False)));
    reached
        && trace.active[at] == Truth::True
        && match goal.kind {
            Kind::Decides => truth_with(None),
            Kind::Passes => !truth_with(None),
            Kind::Is(atom, so) => trace.atoms[usize::from(atom)] == Truth::from(so),
            Kind::Alone(atom, so) => trace.atoms[usize::from(atom)] == Truth::from(so) && settles(atom),
        }
}

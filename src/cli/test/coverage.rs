//! `callsheet test --coverage`: what the tests show of each rule, and what they do not.

use super::Format;
use crate::cli::text::{steady, steady_json, wrapped};
use crate::cli::{CliError, counted, print};
use crate::coverage::{Coverage, Goal, Measure, Share, State};
use crate::lint::example_event;
use crate::value::RuleIdx;
use crate::value::outline::Outline;
use crate::value::words::Layer;
use anstyle::Style;
use serde_json::{Value, json};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

const HEADING: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();

/// Columns of a measure.
const MEASURE_WIDTH: usize = 12;
/// Columns before the words of a goal.
const WORDS_INDENT: usize = 15;
/// Columns of a rule's name.
const NAME_MAX: usize = 40;

/// Prints it.
pub fn show(outline: &Outline, coverage: &Coverage, format: Format) -> Result<(), CliError> {
    print(&match format {
        Format::Human => page(outline, coverage),
        Format::Json => document(outline, coverage),
    })
}

fn page(outline: &Outline, coverage: &Coverage) -> String {
    let mut page = format!("\n{HEADING}coverage by {}{HEADING:#}\n\n", counted(coverage.tests, "test"));
    page += &table(outline, coverage);
    let is_missing = |state: &State| !matches!(state, State::Shown | State::CannotHappen);
    page += &list(outline, coverage, "not shown by any test:", is_missing);
    page += &list(outline, coverage, "cannot happen, and so is not missing:", |state| *state == State::CannotHappen);
    page
}

/// A line for each rule, the default and all together.
fn table(outline: &Outline, coverage: &Coverage) -> String {
    let owners = owners(outline);
    let names: Vec<String> = owners.iter().map(|owner| name(outline, *owner)).collect();
    let width = names.iter().map(|name| name.width()).max().unwrap_or(0).clamp(8, NAME_MAX);
    let mut table = " ".repeat(width);
    for measure in Measure::ALL {
        let gap = if measure == Measure::Mcdc { 0 } else { MEASURE_WIDTH - measure.word().len() };
        let _ = write!(table, "  {HEADING}{}{HEADING:#}{:gap$}", measure.word(), "");
    }
    table.push('\n');
    for (owner, name) in owners.iter().zip(&names) {
        let mut line = crate::cli::text::fit(name, width);
        for measure in Measure::ALL {
            let share = coverage.share(|goal| goal.rule == *owner && goal.measure() == measure);
            let _ = write!(line, "  {:<MEASURE_WIDTH$}", of(share));
        }
        table += line.trim_end();
        table.push('\n');
    }
    let mut line = crate::cli::text::fit("all", width);
    for measure in Measure::ALL {
        let share = coverage.share(|goal| goal.measure() == measure);
        let _ = write!(line, "  {:<MEASURE_WIDTH$}", format!("{} %", percent(share)));
    }
    table + line.trim_end() + "\n"
}

/// `3 of 4`; a dash where there is nothing to show.
fn of(share: Share) -> String {
    if share.all == 0 { "–".to_owned() } else { format!("{} of {}", share.shown, share.all) }
}

/// A percentage that is 100 only where nothing is missing.
pub fn percent(share: Share) -> String {
    let tenths = (share.percent() * 10.0).floor() / 10.0;
    if tenths.fract() == 0.0 { format!("{tenths:.0}") } else { format!("{tenths:.1}") }
}

/// The rules in effective order, then the default.
fn owners(outline: &Outline) -> Vec<Option<RuleIdx>> {
    let rules = (0..outline.rules.len()).filter_map(|at| RuleIdx::try_from(at).ok().map(Some));
    rules.chain([None]).collect()
}

fn name(outline: &Outline, owner: Option<RuleIdx>) -> String {
    let Some(rule) = owner else { return "the default".to_owned() };
    let rule = &outline.rules[usize::from(rule)];
    let both = outline.rules.iter().any(|other| other.layer != rule.layer);
    let layer = match (both, rule.layer) {
        (true, Layer::Organisation) => " (organisation)",
        (true, Layer::User) => " (user)",
        (false, _) => "",
    };
    let shadow = if rule.shadow { " (shadow)" } else { "" };
    format!("{}{layer}{shadow}", rule.id)
}

/// The goals of some states, under their rules.
fn list(outline: &Outline, coverage: &Coverage, heading: &str, wanted: impl Fn(&State) -> bool) -> String {
    let mut list = String::new();
    for owner in owners(outline) {
        let goals: Vec<&(Goal, State)> =
            coverage.goals.iter().filter(|(goal, state)| goal.rule == owner && wanted(state)).collect();
        if goals.is_empty() {
            continue;
        }
        let _ = writeln!(list, "  {}", steady(&name(outline, owner)));
        let mut told = None;
        for (goal, state) in goals {
            let line = format!("    {:<9}  {}", goal.measure().word(), steady(&goal.words(outline)));
            let _ = writeln!(list, "{}", wrapped(&line, WORDS_INDENT));
            let beside = beside(state);
            if let Some(beside) = beside.as_ref().filter(|_| beside != told) {
                let line = format!("{:WORDS_INDENT$}{}", "", steady(beside));
                let _ = writeln!(list, "{FAINT}{}{FAINT:#}", wrapped(&line, WORDS_INDENT + 2));
            }
            told = beside;
        }
    }
    if list.is_empty() { list } else { format!("\n{HEADING}{heading}{HEADING:#}\n{list}") }
}

/// A meeting that would show it, or why nobody knows.
fn beside(state: &State) -> Option<String> {
    match state {
        State::Possible(witness) => Some(format!("for example by {}", example_event(witness))),
        State::Undecided(limit) => Some(format!("whether it can happen was not found out (the bound was: {})", limit.words())),
        State::Shown | State::Missing | State::CannotHappen => None,
    }
}

fn document(outline: &Outline, coverage: &Coverage) -> String {
    let shares = |of: &dyn Fn(&Goal) -> bool| {
        let share = |measure: Measure| {
            let share = coverage.share(|goal| of(goal) && goal.measure() == measure);
            json!({"shown": share.shown, "all": share.all, "percent": share.percent()})
        };
        json!({"decision": share(Measure::Decision), "condition": share(Measure::Condition), "mcdc": share(Measure::Mcdc)})
    };
    let rules: Vec<Value> = owners(outline)
        .into_iter()
        .map(|owner| json!({"rule": rule(outline, owner), "measures": shares(&|goal| goal.rule == owner)}))
        .collect();
    let goals: Vec<Value> = coverage.goals.iter().map(|(goal, state)| entry(outline, goal, state)).collect();
    let document = json!({
        "version": 1,
        "tests": coverage.tests,
        "measures": shares(&|_| true),
        "rules": rules,
        "goals": goals,
    });
    steady_json(&serde_json::to_string_pretty(&document).expect("a JSON value prints")) + "\n"
}

fn entry(outline: &Outline, goal: &Goal, state: &State) -> Value {
    let (word, example, bound) = match state {
        State::Shown => ("shown", None, None),
        State::Missing => ("missing", None, None),
        State::Possible(witness) => ("missing", Some(example_event(witness)), None),
        State::CannotHappen => ("cannot_happen", None, None),
        State::Undecided(limit) => ("undecided", None, Some(limit.words())),
    };
    let measure = match goal.measure() {
        Measure::Decision => "decision",
        Measure::Condition => "condition",
        Measure::Mcdc => "mcdc",
    };
    json!({
        "rule": rule(outline, goal.rule),
        "measure": measure,
        "goal": goal.words(outline),
        "state": word,
        "example": example,
        "bound": bound,
    })
}

/// The rule's id and layer; null for the default.
fn rule(outline: &Outline, owner: Option<RuleIdx>) -> Value {
    let Some(rule) = owner else { return Value::Null };
    let rule = &outline.rules[usize::from(rule)];
    let layer = match rule.layer {
        Layer::Organisation => "organisation",
        Layer::User => "user",
    };
    json!({"id": rule.id, "layer": layer})
}

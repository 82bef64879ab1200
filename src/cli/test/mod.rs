//! `callsheet test`: the tests that stand in rule files, what they show of the rules, and those that are missing.

mod coverage;
mod generate;

use super::deadline::TimeLimit;
use super::input::{RuleArgs, show_remarks};
use super::{CliError, Outcome, counted, print, say};
use crate::coverage::{Coverage, Measure};
use crate::diagnostic::Severity;
use crate::engine::{Checked, TestOutcome};

/// Arguments of `callsheet test`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// Say which decisions and conditions of the rules the tests show
    #[arg(long)]
    coverage: bool,
    /// Fail where the tests show less of the decisions than this
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    min_decision: Option<f64>,
    /// Fail where the tests show less of the conditions than this
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    min_condition: Option<f64>,
    /// Fail where the tests show of fewer conditions than this that they settle a rule alone (MC/DC)
    #[arg(long, value_name = "PERCENT", value_parser = parse_percent)]
    min_mcdc: Option<f64>,
    /// Print the tests that are missing for full coverage
    #[arg(long, conflicts_with_all = ["coverage", "min_decision", "min_condition", "min_mcdc", "format"])]
    generate: bool,
    /// Write them to the end of the rule files instead
    #[arg(long, requires = "generate")]
    write: bool,
    /// How to print coverage
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    #[command(flatten)]
    limit: TimeLimit,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// The tests and a table
    Human,
    /// One JSON document
    Json,
}

fn parse_percent(text: &str) -> Result<f64, String> {
    let percent = text.strip_suffix('%').unwrap_or(text).trim();
    percent
        .parse()
        .ok()
        .filter(|percent| (0.0..=100.0).contains(percent))
        .ok_or_else(|| format!("`{text}` is not a percentage from 0 to 100"))
}

impl Args {
    /// The least share of each measure.
    fn least(&self) -> [(Measure, Option<f64>); 3] {
        [(Measure::Decision, self.min_decision), (Measure::Condition, self.min_condition), (Measure::Mcdc, self.min_mcdc)]
    }

    fn wants_coverage(&self) -> bool {
        self.coverage || self.format == Format::Json || self.least().iter().any(|(_, least)| least.is_some())
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let texts = args.rules.texts()?;
    let checked = args.rules.check_texts(&texts)?;
    if checked.diagnostics.iter().any(|remark| remark.severity == Severity::Error) {
        show_remarks(&checked);
        say("no test was run: the rules have errors");
        return Ok(Outcome::Findings);
    }
    if args.generate {
        return generate::run(args, &texts, &checked);
    }
    let outcomes = checked.run_tests();
    if args.format == Format::Human {
        print(&lines(&checked, &outcomes))?;
    }
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    say(&format!("{}: {} passed, {failed} failed", counted(outcomes.len(), "test"), outcomes.len() - failed));
    let mut passed = failed == 0;
    if args.wants_coverage() {
        let coverage = args.limit.within(|| checked.coverage()).expect("the rules have no errors");
        let outline = checked.rule_set.as_ref().expect("the rules have no errors").outline();
        coverage::show(outline, &coverage, args.format)?;
        passed &= is_enough(args, &coverage);
    }
    Ok(if passed { Outcome::Clean } else { Outcome::TestsFailed })
}

/// Whether the tests show as much as was asked for; says where they do not.
fn is_enough(args: &Args, coverage: &Coverage) -> bool {
    let mut enough = true;
    for (measure, least) in args.least() {
        let share = coverage.share(|goal| goal.measure() == measure);
        if least.is_some_and(|least| share.percent() < least) {
            let least = least.unwrap_or_default();
            say(&format!(
                "too little {} coverage: {} %, and at least {least} % is asked for",
                measure.word(),
                coverage::percent(share)
            ));
            enough = false;
        }
    }
    enough
}

/// A line for each test, and for one that failed what happened instead.
fn lines(checked: &Checked, outcomes: &[TestOutcome]) -> String {
    let mut data = String::new();
    for outcome in outcomes {
        let mark = if outcome.failure.is_none() { "ok  " } else { "FAIL" };
        data += &format!("{mark} {}\n", super::text::one_line(&outcome.name));
        if let Some(failure) = &outcome.failure {
            let place = checked.sources.position(outcome.span);
            let file = &checked.sources.get(outcome.span.source).name;
            data += &format!("     at {file}:{}:{}\n", place.line, place.column);
            for line in failure.lines() {
                data += if line.is_empty() { "" } else { "     " };
                data += line;
                data.push('\n');
            }
        }
    }
    data
}

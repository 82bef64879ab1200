//! `callsheet test`: the tests that stand in rule files.

use super::input::{RuleArgs, show_remarks};
use super::{CliError, Outcome, counted, print, say};
use crate::diagnostic::Severity;

/// Arguments of `callsheet test`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    rules: RuleArgs,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let checked = args.rules.check()?;
    if checked.diagnostics.iter().any(|remark| remark.severity == Severity::Error) {
        show_remarks(&checked);
        say("no test was run: the rules have errors");
        return Ok(Outcome::Findings);
    }
    let outcomes = checked.run_tests();
    let mut data = String::new();
    for outcome in &outcomes {
        let mark = if outcome.failure.is_none() { "ok  " } else { "FAIL" };
        data += &format!("{mark} {}\n", super::text::one_line(&outcome.name));
        if let Some(failure) = &outcome.failure {
            let place = checked.sources.position(outcome.span);
            let file = &checked.sources.get(outcome.span.source).name;
            data += &format!("     at {file}:{}:{}\n", place.line, place.column);
            for line in failure.lines() {
                data += &format!("     {line}\n");
            }
        }
    }
    print(&data)?;
    let failed = outcomes.iter().filter(|outcome| outcome.failure.is_some()).count();
    say(&format!("{}: {} passed, {failed} failed", counted(outcomes.len(), "test"), outcomes.len() - failed));
    Ok(if failed == 0 { Outcome::Clean } else { Outcome::TestsFailed })
}

//! `callsheet test --generate`: the tests that are missing, written from meetings that show what no test shows.

use super::Args;
use super::coverage::percent;
use crate::cli::text::steady;
use crate::cli::{CliError, Outcome, counted, print, say};
use crate::coverage::{Coverage, Goal, Measure, Missing, State};
use crate::engine::{Checked, RuleText, test_pieces};
use std::path::{Path, PathBuf};

/// Writes the missing tests to standard output, or into the files.
pub(super) fn run(args: &Args, texts: &[RuleText], checked: &Checked) -> Result<Outcome, CliError> {
    let paths: Vec<&PathBuf> = args.rules.paths().collect();
    if args.write && paths.iter().any(|path| *path == Path::new("-")) {
        return Err(CliError::Usage("--write writes into files, and standard input is none".into()));
    }
    let (coverage, missing) = args.limit.within(|| {
        let coverage = checked.coverage().expect("the rules have no errors");
        let missing = checked.missing_tests(&coverage);
        (coverage, missing)
    });
    let new_texts = checked.texts_with(&missing);
    let named = texts.iter().zip(&new_texts).map(|(old, new)| RuleText { text: new.clone(), ..old.clone() });
    let again = args.rules.check_texts(&named.collect::<Vec<_>>())?;
    let Some(after) = args.limit.within(|| holds(checked, &again, &missing)) else {
        say("callsheet found itself in error: a test that it wrote does not pass, so nothing was written");
        return Ok(Outcome::SelfCheckFailed);
    };
    if args.write {
        for ((path, old), new) in paths.iter().zip(texts).zip(&new_texts) {
            if old.text != *new {
                let failed = |source| CliError::Write { name: path.display().to_string(), source };
                std::fs::write(path, new).map_err(failed)?;
            }
        }
    } else {
        print(&pieces(checked, &missing))?;
    }
    summary(checked, &coverage, &missing, &after);
    Ok(Outcome::Clean)
}

/// What the tests show with those that were missing; `None` where one of them does not pass.
fn holds(before: &Checked, again: &Checked, missing: &Missing) -> Option<Coverage> {
    let failed = |checked: &Checked| checked.run_tests().iter().filter(|test| test.failure.is_some()).count();
    let count = again.run_tests().len();
    if failed(again) != failed(before) || count != before.run_tests().len() + missing.tests.len() {
        return None;
    }
    again.coverage()
}

/// The tests, file by file.
fn pieces(checked: &Checked, missing: &Missing) -> String {
    let mut out = String::new();
    let several = missing.tests.iter().any(|(at, _)| *at != missing.tests[0].0);
    for (at, file) in checked.files.iter().enumerate() {
        let tests: Vec<_> = missing.tests.iter().filter(|(of, _)| *of == at).map(|(_, test)| test.clone()).collect();
        if tests.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        if several {
            out += &format!("# For {}\n\n", steady(&checked.sources.get(file.source).name));
        }
        out += &test_pieces(tests);
    }
    out
}

fn summary(checked: &Checked, before: &Coverage, missing: &Missing, after: &Coverage) {
    let outline = checked.rule_set.as_ref().expect("the rules have no errors").outline();
    let shares: Vec<String> = Measure::ALL
        .iter()
        .map(|measure| {
            let share = |coverage: &Coverage| percent(coverage.share(|goal: &Goal| goal.measure() == *measure));
            format!("{} {} % → {} %", measure.word(), share(before), share(after))
        })
        .collect();
    say(&format!("{}: {}", counted(missing.tests.len(), "test").replace(" test", " new test"), shares.join(", ")));
    for goal in &missing.unwritten {
        say(&format!("tests have no words for the meetings in which {}", steady(&goal.words(outline))));
    }
    for (goal, state) in &before.goals {
        if let State::Undecided(limit) = state {
            say(&format!(
                "not found out whether it can happen that {} (the bound was: {})",
                steady(&goal.words(outline)),
                limit.words()
            ));
        }
    }
}

//! `callsheet fmt`: rule files in their one canonical layout.

use super::input::{read_text, show_remarks, shown};
use super::{CliError, Outcome, print, say};
use crate::engine::{self, FormatError};
use std::path::{Path, PathBuf};

/// Arguments of `callsheet fmt`.
#[derive(clap::Args)]
pub struct Args {
    /// Rule files, rewritten in place; `-` formats standard input to standard output
    #[arg(required = true, value_name = "FILES")]
    files: Vec<PathBuf>,
    /// Write nothing; show what would change and fail if anything would
    #[arg(long)]
    check: bool,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let mut outcome = Outcome::Clean;
    for path in &args.files {
        outcome = outcome.max(one(path, args.check)?);
    }
    Ok(outcome)
}

fn one(path: &Path, check: bool) -> Result<Outcome, CliError> {
    let name = shown(path);
    let text = read_text(path)?;
    let formatted = match engine::format(&name, &text) {
        Ok(formatted) => formatted,
        Err(error) => return Ok(say_format_error(&name, error)),
    };
    if check {
        if formatted == text {
            return Ok(Outcome::Clean);
        }
        let diff = similar::TextDiff::from_lines(&text, &formatted);
        print(&diff.unified_diff().header(&name, &format!("{name} (formatted)")).to_string())?;
        return Ok(Outcome::Findings);
    }
    if path == Path::new("-") {
        print(&formatted)?;
    } else if formatted != text {
        std::fs::write(path, &formatted).map_err(|source| CliError::Write { name: name.clone(), source })?;
        say(&format!("{name}: formatted"));
    }
    Ok(Outcome::Clean)
}

/// Shows why a file was left as it is.
pub(super) fn say_format_error(name: &str, error: FormatError) -> Outcome {
    match error {
        FormatError::Unreadable(checked) => {
            show_remarks(&checked);
            say(&format!("{name}: left as it is"));
            Outcome::Findings
        }
        FormatError::SelfCheck => {
            say(&format!(
                "{name}: left as it is: the formatted text does not say the same; please report this file as a bug in callsheet"
            ));
            Outcome::SelfCheckFailed
        }
    }
}

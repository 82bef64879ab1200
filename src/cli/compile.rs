//! `callsheet compile` and `callsheet disasm`: the bytecode.

use super::input::{RuleArgs, read_bytes, shown};
use super::{CliError, Outcome, print, say};
use crate::engine::RuleSet;
use std::path::PathBuf;

/// Arguments of `callsheet compile`.
#[derive(clap::Args)]
pub struct CompileArgs {
    #[command(flatten)]
    rules: RuleArgs,
    /// Where to write the program
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

/// Arguments of `callsheet disasm`.
#[derive(clap::Args)]
pub struct DisasmArgs {
    #[command(flatten)]
    rules: RuleArgs,
    /// A program file written by `callsheet compile`, in place of rules
    #[arg(long, value_name = "FILE", conflicts_with = "files")]
    program: Option<PathBuf>,
}

pub(super) fn compile(args: &CompileArgs) -> Result<Outcome, CliError> {
    let Some(rules) = args.rules.rule_set()? else { return Ok(Outcome::Findings) };
    let bytes = rules.to_bytes();
    std::fs::write(&args.output, &bytes).map_err(|source| CliError::Write { name: shown(&args.output), source })?;
    say(&format!("{}: {} bytes, at most {} steps a decision", shown(&args.output), bytes.len(), rules.cost()));
    Ok(Outcome::Clean)
}

pub(super) fn disasm(args: &DisasmArgs) -> Result<Outcome, CliError> {
    let rules = match &args.program {
        Some(path) => RuleSet::from_bytes(&read_bytes(path)?)
            .map_err(|error| CliError::Content { name: shown(path), why: error.to_string() })?,
        None => match args.rules.rule_set()? {
            Some(rules) => rules,
            None => return Ok(Outcome::Findings),
        },
    };
    print(&rules.listing())?;
    Ok(Outcome::Clean)
}

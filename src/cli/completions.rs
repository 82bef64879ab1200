//! `callsheet completions`: a completion script for a shell.

use super::{CliError, Outcome};
use clap::CommandFactory;

/// Arguments of `callsheet completions`.
#[derive(clap::Args)]
pub struct Args {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut super::Args::command(), "callsheet", &mut script);
    super::print(&String::from_utf8_lossy(&script))?;
    Ok(Outcome::Clean)
}

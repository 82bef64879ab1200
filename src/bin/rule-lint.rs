//! `callsheet lint` under a name of its own, for CI jobs.

use std::process::ExitCode;

fn main() -> ExitCode {
    callsheet::cli::rule_lint_main()
}

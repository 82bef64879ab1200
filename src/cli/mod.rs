//! The command line: reads files, asks the engine, prints. One file per command.
//!
//! Data goes to standard output, everything else to standard error; what the commands print and their exit codes are a
//! contract that scripts rely on. Nothing here decides anything that the engine could.

#[cfg(feature = "host")]
mod admin;
mod compile;
mod completions;
mod convert;
mod deadline;
mod describe;
mod diff;
mod eval;
mod events;
mod explain;
mod fmt;
mod input;
mod lint;
mod lsp;
mod plan;
#[cfg(feature = "host")]
mod serve;
mod test;
mod text;
mod window;

use clap::{Parser, Subcommand};
use std::io::Write;
use std::process::ExitCode;
use std::sync::LazyLock;

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outcome {
    /// Nothing to remark.
    Clean,
    /// Findings at or above the level that is denied, or a part of the input that could not be read.
    Findings,
    /// The command was called wrongly, or a file could not be read or written.
    Usage,
    /// A test in a rule file failed, or the tests show less than was asked for.
    TestsFailed,
    /// callsheet found itself in error and wrote nothing.
    SelfCheckFailed,
    /// The host had to stop, since its store failed.
    Failed,
    /// Proofs took longer than the command may take; it found nothing out.
    TimedOut,
}

impl Outcome {
    /// The exit code of the contract.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings | Self::Failed => 1,
            Self::Usage => 2,
            Self::TestsFailed => 3,
            Self::SelfCheckFailed => 4,
            Self::TimedOut => 5,
        }
    }

    /// `Findings` where `found` says so.
    fn findings_if(found: bool) -> Self {
        if found { Self::Findings } else { Self::Clean }
    }
}

/// Why a command could not do its work; always exit code 2.
#[derive(Debug, thiserror::Error)]
enum CliError {
    /// Called wrongly.
    #[error("{0}")]
    Usage(String),
    /// A file could not be read.
    #[error("cannot read {name}: {source}")]
    Read { name: String, source: std::io::Error },
    /// A file could not be written.
    #[error("cannot write {name}: {source}")]
    Write { name: String, source: std::io::Error },
    /// A file was read and is not what it should be.
    #[error("{name}: {why}")]
    Content { name: String, why: String },
}

/// Which meetings get a recording bot, and when.
#[derive(Parser)]
#[command(name = "callsheet", version = version_line(), max_term_width = 100, arg_required_else_help = true)]
struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show which meetings of a calendar get a bot, when, by which rule, and why not
    Plan(plan::Args),
    /// Explain the decision about one meeting
    Explain(explain::Args),
    /// Print the meetings of calendar files as rules see them
    Events(events::Args),
    /// Check rule files
    Lint(lint::Args),
    /// Say what rule files do, each rule as one English sentence
    Describe(describe::Args),
    /// Write rule files in their one canonical layout
    Fmt(fmt::Args),
    /// Turn the text form of rules into JSON, or JSON into text
    Convert(convert::Args),
    /// Show which meetings a change of rules decides otherwise, and prove that there are no more
    Diff(diff::Args),
    /// Run the tests that stand in rule files, say what they show, write those that are missing
    Test(test::Args),
    /// Decide a stream of meetings: `events --full` lines in, decisions out
    Eval(eval::Args),
    /// Compile rules to a program file
    Compile(compile::CompileArgs),
    /// Show the instructions of a program file or of rules
    Disasm(compile::DisasmArgs),
    /// Keep calendars in sync and send bots: the host
    #[cfg(feature = "host")]
    Serve(serve::Args),
    /// Look at what a host keeps, and change it while it runs: tenants, connections, rules, overrides, receivers
    #[cfg(feature = "host")]
    Admin(admin::Args),
    /// Help an editor with rule files, by the Language Server Protocol
    Lsp(lsp::Args),
    /// Print a completion script for a shell
    Completions(completions::Args),
}

/// `0.1.0 (zones 2026e, …)`: the data versions that decisions depend on.
fn version_line() -> &'static str {
    static LINE: LazyLock<String> =
        LazyLock::new(|| format!("{} (time zones {})", env!("CARGO_PKG_VERSION"), crate::time::database_version()));
    &LINE
}

/// Runs `callsheet` with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    finish(Args::try_parse().map(|args| match args.command {
        Command::Plan(args) => plan::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Events(args) => events::run(&args),
        Command::Lint(args) => lint::run(&args),
        Command::Describe(args) => describe::run(&args),
        Command::Fmt(args) => fmt::run(&args),
        Command::Convert(args) => convert::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Eval(args) => eval::run(&args),
        Command::Compile(args) => compile::compile(&args),
        Command::Disasm(args) => compile::disasm(&args),
        #[cfg(feature = "host")]
        Command::Serve(args) => serve::run(&args),
        #[cfg(feature = "host")]
        Command::Admin(args) => admin::run(&args),
        Command::Lsp(args) => lsp::run(&args),
        Command::Completions(args) => completions::run(&args),
    }))
}

/// Runs `rule-lint`, which is `callsheet lint` under a name of its own.
#[must_use]
pub fn rule_lint_main() -> ExitCode {
    #[derive(Parser)]
    #[command(name = "rule-lint", version = version_line(), about = "Check rule files for recording bots", max_term_width = 100)]
    struct RuleLint {
        #[command(flatten)]
        args: lint::Args,
    }
    finish(RuleLint::try_parse().map(|parsed| lint::run(&parsed.args)))
}

fn finish(result: Result<Result<Outcome, CliError>, clap::Error>) -> ExitCode {
    let outcome = match result {
        Ok(Ok(outcome)) => outcome,
        Ok(Err(CliError::Write { source, .. })) if source.kind() == std::io::ErrorKind::BrokenPipe => Outcome::Clean,
        Ok(Err(error)) => {
            say(&format!("error: {error}"));
            Outcome::Usage
        }
        Err(error) => {
            // Help and version are answers, not errors; clap knows which stream each belongs on.
            let _ = error.print();
            if error.use_stderr() { Outcome::Usage } else { Outcome::Clean }
        }
    };
    ExitCode::from(outcome.code())
}

/// Writes data to standard output.
fn print(data: &str) -> Result<(), CliError> {
    let mut out = anstream::stdout().lock();
    out.write_all(data.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|source| CliError::Write { name: "standard output".into(), source })
}

/// Writes a line for the person to standard error. A stream that is gone has no reader to tell.
fn say(line: &str) {
    let _ = writeln!(anstream::stderr(), "{line}");
}

/// `1 meeting`, `2 meetings`.
fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

//! `callsheet lint` and `rule-lint`: remarks about rule files.

pub(super) mod config;
mod fix;
mod github;
pub(super) mod human;
pub(super) mod json;
mod junit;
pub(super) mod report;
mod sarif;
pub(super) mod since;

pub(super) use self::config::Config;
use self::fix::Fixes;
use self::report::Report;
use super::deadline::TimeLimit;
use super::input::RuleArgs;
use super::{CliError, Outcome, print, say};
use crate::diagnostic::{Code, Severity, Style, nearest};
use crate::engine::Checked;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// Arguments of `callsheet lint` and `rule-lint`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The least level that makes the command fail [default: error]
    #[arg(long, value_enum, value_name = "LEVEL")]
    deny: Option<DenyLevel>,
    /// Levels and options [default: callsheet-lint.toml beside the rule files or in this folder]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write what fixes say into the files: those that keep every decision, or all
    #[arg(long, value_enum, value_name = "WHICH", num_args = 0..=1, require_equals = true, default_missing_value = "safe")]
    fix: Option<Fixes>,
    /// Report only on pieces that changed since a git revision; all are analysed
    #[arg(long, value_name = "REV", conflicts_with = "fix")]
    since: Option<String>,
    /// Show the page of a finding instead
    #[arg(long, value_name = "CODE", exclusive = true)]
    page: Option<String>,
    #[command(flatten)]
    limit: TimeLimit,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum Format {
    /// With the lines they are about
    Human,
    /// One JSON document
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
    /// JUnit XML
    Junit,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub(super) enum DenyLevel {
    Info,
    Warning,
    Error,
}

impl DenyLevel {
    pub(super) fn severity(self) -> Severity {
        match self {
            Self::Info => Severity::Info,
            Self::Warning => Severity::Warning,
            Self::Error => Severity::Error,
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    if let Some(word) = &args.page {
        return show_page(word);
    }
    let paths: Vec<PathBuf> = args.rules.paths().cloned().collect();
    let config = Config::load(args.config.as_deref(), paths.iter().cloned())?;
    let checked = match args.fix {
        None => args.rules.check()?,
        Some(fixes) => fix_files(args, fixes, &paths, &config)?,
    };
    let mut remarks = args.limit.within(|| checked.remarks(&config.options));
    if let Some(revision) = &args.since {
        since::keep(&mut remarks, &checked, &paths, revision)?;
    }
    let deny = args.deny.map(DenyLevel::severity).or(config.deny.and_then(|level| level.severity())).unwrap_or(Severity::Error);
    show(Report { checked: &checked, remarks: &remarks }, args.format, deny)?;
    Ok(Outcome::findings_if(remarks.iter().any(|remark| remark.severity >= deny)))
}

/// Prints a report in one of the formats.
pub(super) fn show(report: Report<'_>, format: Format, deny: Severity) -> Result<(), CliError> {
    match format {
        Format::Human => {
            let style = if std::io::stdout().is_terminal() { Style::Coloured } else { Style::Plain };
            print(&human::text(report, style))?;
            say(&human::summary(report));
            Ok(())
        }
        Format::Json => print(&json::document(report)),
        Format::Sarif => print(&sarif::document(report)),
        Format::Github => print(&github::commands(report)),
        Format::Junit => print(&junit::document(report, deny)),
    }
}

/// Fixes the files and writes them; what is left is reported as ever.
fn fix_files(args: &Args, fixes: Fixes, paths: &[PathBuf], config: &Config) -> Result<Checked, CliError> {
    if paths.iter().any(|path| path == Path::new("-")) {
        return Err(CliError::Usage("--fix writes into files, and standard input is none".into()));
    }
    let texts = args.rules.texts()?;
    let checked = args.rules.check_texts(&texts)?;
    let fixed = args.limit.within(|| fix::fix(checked, &texts, fixes, &config.options));
    fix::write(&fixed, &texts, paths)?;
    say(&fixed.summary());
    Ok(fixed.checked)
}

fn show_page(word: &str) -> Result<Outcome, CliError> {
    let Some(code) = Code::named(word) else {
        let near = nearest(word, Code::ALL.iter().map(|code| code.as_str()));
        let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        return Err(CliError::Usage(format!("--page {word}: there is no such code{near}")));
    };
    match code.page() {
        Some(page) => print(page)?,
        None => print(&format!("# {}\n\n*{}* — {}.\n", code.as_str(), code.level().word(), code.about()))?,
    }
    Ok(Outcome::Clean)
}

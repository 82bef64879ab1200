//! `callsheet diff`: which meetings a change of rules decides otherwise.

mod calendar;
mod human;
mod json;
mod sides;
mod words;

use self::calendar::Real;
use self::sides::Sides;
use super::deadline::TimeLimit;
use super::input::{AskerArgs, parse_domain, show_remarks};
use super::lint::config::Config;
use super::lint::report::Report;
use super::lint::{DenyLevel, Format, human as remarks, show};
use super::window::{WindowArgs, parse_date};
use super::{CliError, Outcome, print, say};
use crate::compare::Comparison;
use crate::diagnostic::{Diagnostic, Severity, Style};
use crate::engine::{Checked, RuleSet};
use crate::event::address::DomainPattern;
use crate::time::Date;
use std::io::IsTerminal;
use std::path::PathBuf;

/// Arguments of `callsheet diff`.
#[derive(clap::Args)]
pub struct Args {
    /// The old rules and the new ones: a file each, or a folder of rule files; with --since the new ones alone
    #[arg(value_name = "OLD NEW", required = true)]
    files: Vec<PathBuf>,
    /// Compare with what git has of the files at this revision
    #[arg(long, value_name = "REV")]
    since: Option<String>,
    /// A rule file of the organisation's layer that stands beside both
    #[arg(long, value_name = "FILE")]
    org: Vec<PathBuf>,
    /// A rule file of the user's layer that stands beside both
    #[arg(long, value_name = "FILE")]
    user: Vec<PathBuf>,
    /// The tenant's own domains, beside those in the files
    #[arg(long, value_name = "@DOMAIN,…", value_delimiter = ',', value_parser = parse_domain)]
    our_domains: Vec<DomainPattern>,
    /// The day against which expiry dates are checked [default: today]
    #[arg(long, value_name = "DATE", value_parser = parse_date)]
    today: Option<Date>,
    /// Calendar files whose meetings to decide by both: .ics, a Google events list, a Graph calendar view, lines of `events --full`
    #[arg(long, num_args = 1.., value_name = "FILE")]
    calendar: Vec<PathBuf>,
    #[command(flatten)]
    window: WindowArgs,
    #[command(flatten)]
    asker: AskerArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The least level of a finding that makes the command fail [default: error]
    #[arg(long, value_enum, value_name = "LEVEL")]
    deny: Option<DenyLevel>,
    /// Levels [default: callsheet-lint.toml beside the new rule files or in this folder]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    limit: TimeLimit,
}

/// What is told of a change.
pub(super) struct Told<'a> {
    old: (&'a Checked, &'a RuleSet),
    new: (&'a Checked, &'a RuleSet),
    comparison: &'a Comparison,
    findings: &'a [Diagnostic],
    real: Option<&'a Real>,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let sides = Sides::of(args)?;
    let config = Config::load(args.config.as_deref(), sides.paths.iter().cloned())?;
    let deny = args.deny.map(DenyLevel::severity).or(config.deny.and_then(|level| level.severity())).unwrap_or(Severity::Error);
    let (Some(before), Some(after)) = (&sides.old.rule_set, &sides.new.rule_set) else { return refuse(args, &sides) };
    let real = match args.calendar.as_slice() {
        [] => None,
        files => Some(Real::read(files, before, after, &args.window, &args.asker)?),
    };
    let (comparison, findings) = args.limit.within(|| {
        let comparison = sides.new.compared_with(&sides.old).expect("both can be used");
        let findings = sides.new.change_findings(&sides.old, &comparison, &config.options);
        (comparison, findings)
    });
    let told = Told {
        old: (&sides.old, before),
        new: (&sides.new, after),
        comparison: &comparison,
        findings: &findings,
        real: real.as_ref(),
    };
    told.print(args.format, deny)?;
    let unreadable = real.is_some_and(|real| real.unreadable);
    Ok(Outcome::findings_if(unreadable || findings.iter().any(|finding| finding.severity >= deny)))
}

/// Says why rules with errors are not compared. What a program reads is the report on the new files.
fn refuse(args: &Args, sides: &Sides) -> Result<Outcome, CliError> {
    if sides.old.rule_set.is_none() {
        show_remarks(&sides.old);
    }
    if sides.new.rule_set.is_none() {
        match args.format {
            Format::Human | Format::Json => show_remarks(&sides.new),
            format => show(Report { checked: &sides.new, remarks: &sides.new.diagnostics }, format, Severity::Error)?,
        }
    }
    say(match (&sides.old.rule_set, &sides.new.rule_set) {
        (None, None) => "nothing was compared: the old and the new rules have errors",
        (None, _) => "nothing was compared: the old rules have errors",
        _ => "nothing was compared: the new rules have errors",
    });
    Ok(Outcome::Findings)
}

impl Told<'_> {
    fn print(&self, format: Format, deny: Severity) -> Result<(), CliError> {
        let report = Report { checked: self.new.0, remarks: self.findings };
        match format {
            Format::Human => {
                let style = if std::io::stdout().is_terminal() { Style::Coloured } else { Style::Plain };
                print(&(human::page(self) + &remarks::text(report, style)))?;
                say(&human::summary(self, report));
                Ok(())
            }
            Format::Json => print(&json::document(self, report)),
            format => show(report, format, deny),
        }
    }
}

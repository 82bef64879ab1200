//! `callsheet lint` and `rule-lint`: remarks about rule files.

use super::input::RuleArgs;
use super::{CliError, Outcome, counted, print, say};
use crate::diagnostic::{Diagnostic, Severity, Style, render};
use crate::engine::Checked;
use crate::lint::Options;
use crate::source::{Position, Span};
use serde_json::{Value, json};
use std::io::IsTerminal;

/// Arguments of `callsheet lint` and `rule-lint`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    rules: RuleArgs,
    /// How to print
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The least level that makes the command fail
    #[arg(long, value_enum, default_value_t = Level::Error, value_name = "LEVEL")]
    deny: Level,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Format {
    /// With the lines they are about
    Human,
    /// One JSON document
    Json,
    /// Annotations of GitHub Actions
    Github,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Level {
    Info,
    Warning,
    Error,
}

impl Level {
    fn severity(self) -> Severity {
        match self {
            Self::Info => Severity::Info,
            Self::Warning => Severity::Warning,
            Self::Error => Severity::Error,
        }
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let checked = args.rules.check()?;
    let remarks = checked.remarks(&Options::default());
    let data = match args.format {
        Format::Human => human(&remarks, &checked),
        Format::Json => json_document(&remarks, &checked),
        Format::Github => github(&remarks, &checked),
    };
    print(&data)?;
    if matches!(args.format, Format::Human) {
        say(&summary(&remarks, &checked));
    }
    Ok(Outcome::findings_if(remarks.iter().any(|remark| remark.severity >= args.deny.severity())))
}

fn human(remarks: &[Diagnostic], checked: &Checked) -> String {
    let style = if std::io::stdout().is_terminal() { Style::Coloured } else { Style::Plain };
    remarks.iter().map(|remark| render(remark, &checked.sources, style) + "\n\n").collect()
}

fn summary(remarks: &[Diagnostic], checked: &Checked) -> String {
    let files = counted(checked.sources.iter().count(), "file");
    let rules = counted(checked.rule_count(), "rule");
    let count = |severity| remarks.iter().filter(|remark| remark.severity == severity).count();
    let found: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "remark")]
        .into_iter()
        .map(|(severity, noun)| (count(severity), noun))
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| counted(count, noun))
        .collect();
    if found.is_empty() { format!("{files}, {rules}: no findings") } else { format!("{files}, {rules}: {}", found.join(", ")) }
}

/// `{"findings": [{code, level, message, file, line, column, end_line, end_column, …}]}`
fn json_document(remarks: &[Diagnostic], checked: &Checked) -> String {
    let findings: Vec<Value> = remarks.iter().map(|remark| finding(remark, checked)).collect();
    let document = json!({"version": 1, "findings": findings});
    serde_json::to_string_pretty(&document).expect("a JSON value prints") + "\n"
}

fn finding(remark: &Diagnostic, checked: &Checked) -> Value {
    let place = |span: Span, text: &str| {
        let source = checked.sources.get(span.source);
        let (start, end) = (Position::of(&source.text, span.start as usize), Position::of(&source.text, span.end as usize));
        json!({"file": source.name, "line": start.line, "column": start.column, "end_line": end.line, "end_column": end.column, "text": text})
    };
    let edit = |(span, new): &(Span, String)| json!({"place": place(*span, ""), "replacement": new});
    let fixes: Vec<Value> = remark
        .fixes
        .iter()
        .map(|fix| json!({"title": fix.title, "edits": fix.edits.iter().map(edit).collect::<Vec<_>>()}))
        .collect();
    json!({
        "code": remark.code.as_str(),
        "level": level_word(remark.severity),
        "message": remark.message,
        "place": place(remark.primary.span, &remark.primary.text),
        "also": remark.secondary.iter().map(|label| place(label.span, &label.text)).collect::<Vec<_>>(),
        "help": remark.help,
        "fixes": fixes,
    })
}

fn level_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// Workflow commands of GitHub Actions: one line a remark.
fn github(remarks: &[Diagnostic], checked: &Checked) -> String {
    let line = |remark: &Diagnostic| {
        let source = checked.sources.get(remark.primary.span.source);
        let start = Position::of(&source.text, remark.primary.span.start as usize);
        let end = Position::of(&source.text, remark.primary.span.end as usize);
        let command = match remark.severity {
            Severity::Info => "notice",
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let message = std::iter::once(&remark.message).chain(&remark.help).cloned().collect::<Vec<_>>().join("\n");
        format!(
            "::{command} file={},line={},col={},endLine={},endColumn={},title={}::{}\n",
            github_property(&source.name),
            start.line,
            start.column,
            end.line,
            end.column,
            github_property(remark.code.as_str()),
            github_data(&message)
        )
    };
    remarks.iter().map(line).collect()
}

fn github_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn github_property(text: &str) -> String {
    github_data(text).replace(':', "%3A").replace(',', "%2C")
}

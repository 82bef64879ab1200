//! Workflow commands of GitHub Actions: one line a remark.

use super::report::Report;
use crate::cli::text::steady;
use crate::diagnostic::{Diagnostic, Severity};

/// The commands.
pub fn commands(report: Report<'_>) -> String {
    report.remarks.iter().map(|remark| command(remark, report)).collect()
}

fn command(remark: &Diagnostic, report: Report<'_>) -> String {
    let place = report.place(remark.primary.span);
    let word = match remark.severity {
        Severity::Info => "notice",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    // A range of columns is understood inside of one line only.
    let columns = match place.start.line == place.end.line {
        true => format!(",col={},endColumn={}", place.start.column, place.end.column),
        false => String::new(),
    };
    format!(
        "::{word} file={},line={},endLine={}{columns},title={}::{}\n",
        property(place.file),
        place.start.line,
        place.end.line,
        property(remark.code.as_str()),
        data(&Report::told(remark))
    )
}

fn data(text: &str) -> String {
    // The line breaks are ours; whatever else steers is a stranger's.
    let lines: Vec<String> = text.split('\n').map(steady).collect();
    lines.join("\n").replace('%', "%25").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

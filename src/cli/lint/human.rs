//! For a person: the lines that remarks are about, and how many there are.

use super::report::Report;
use crate::cli::counted;
use crate::diagnostic::{Severity, Style, render};

/// The remarks, drawn.
pub fn text(report: Report<'_>, style: Style) -> String {
    report.remarks.iter().map(|remark| render(remark, &report.checked.sources, style) + "\n\n").collect()
}

/// One line: `1 file, 12 rules: 1 error, 2 remarks`.
pub fn summary(report: Report<'_>) -> String {
    let files = counted(report.checked.sources.iter().count(), "file");
    let rules = counted(report.checked.rule_count(), "rule");
    let found = counts(report);
    if found.is_empty() { format!("{files}, {rules}: no findings") } else { format!("{files}, {rules}: {found}") }
}

/// `1 error, 2 remarks`; empty where there are none.
pub fn counts(report: Report<'_>) -> String {
    let count = |severity| report.remarks.iter().filter(|remark| remark.severity == severity).count();
    let found: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "remark")]
        .into_iter()
        .map(|(severity, noun)| (count(severity), noun))
        .filter(|(count, _)| *count > 0)
        .map(|(count, noun)| counted(count, noun))
        .collect();
    found.join(", ")
}

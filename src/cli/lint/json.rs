//! One JSON document, described by `docs/findings.schema.json`.

use super::report::Report;
use crate::cli::text::steady_json;
use crate::diagnostic::{Diagnostic, Effect, Fix, Severity};
use crate::source::Span;
use serde_json::{Value, json};

/// The document.
pub fn document(report: Report<'_>) -> String {
    let document = json!({"version": 1, "findings": findings(report)});
    steady_json(&serde_json::to_string_pretty(&document).expect("a JSON value prints")) + "\n"
}

/// Each remark as an object.
pub fn findings(report: Report<'_>) -> Vec<Value> {
    let fingerprints = report.fingerprints();
    report.remarks.iter().zip(&fingerprints).map(|(remark, fingerprint)| finding(remark, fingerprint, report)).collect()
}

fn finding(remark: &Diagnostic, fingerprint: &str, report: Report<'_>) -> Value {
    let place = |span: Span, text: &str| {
        let place = report.place(span);
        json!({"file": place.file, "line": place.start.line, "column": place.start.column,
            "end_line": place.end.line, "end_column": place.end.column, "text": text})
    };
    let fix = |fix: &Fix| {
        let edits = fix.edits.iter().map(|(span, new)| json!({"place": place(*span, ""), "replacement": new}));
        json!({"title": fix.title, "keeps_decisions": fix.effect == Effect::KeepsDecisions, "edits": edits.collect::<Vec<_>>()})
    };
    json!({
        "code": remark.code.as_str(),
        "level": level_word(remark.severity),
        "message": remark.message,
        "place": place(remark.primary.span, &remark.primary.text),
        "also": remark.secondary.iter().map(|label| place(label.span, &label.text)).collect::<Vec<_>>(),
        "help": remark.help,
        "fixes": remark.fixes.iter().map(fix).collect::<Vec<_>>(),
        "fingerprint": fingerprint,
    })
}

fn level_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

//! SARIF 2.1.0, as code scanning services read it.
//!
//! The types hold what we write of the format and nothing else; members that would be empty are left out. Columns are counted
//! in characters, lines and columns from 1, ends one past the last character.

use super::report::{Place, Report};
use crate::cli::text::{steady, steady_json};
use crate::diagnostic::{Code, Diagnostic, Effect, Fix, Level, Severity};
use serde::Serialize;
use std::collections::BTreeMap;

/// The document.
pub fn document(report: Report<'_>) -> String {
    let mut codes: Vec<Code> = report.remarks.iter().map(|remark| remark.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let index_of = |code| codes.binary_search(&code).expect("every code was collected");
    let fingerprints = report.fingerprints();
    let results = report
        .remarks
        .iter()
        .zip(fingerprints)
        .map(|(remark, fingerprint)| result(remark, index_of(remark.code), fingerprint, report))
        .collect();
    let driver = Driver {
        name: "rule-lint",
        semantic_version: env!("CARGO_PKG_VERSION"),
        rules: codes.iter().map(|code| rule(*code)).collect(),
    };
    let log = Log {
        schema: "https://json.schemastore.org/sarif-2.1.0.json",
        version: "2.1.0",
        runs: [Run { tool: Tool { driver }, column_kind: "unicodeCodePoints", results }],
    };
    steady_json(&serde_json::to_string_pretty(&log).expect("it prints")) + "\n"
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    column_kind: &'static str,
    // Empty where nothing was found: left out, it would say that nobody looked.
    results: Vec<RunResult>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
    help: Text,
    help_uri: String,
    default_configuration: Configuration,
    properties: Properties,
}

/// What code scanning sorts by.
#[derive(Serialize)]
struct Properties {
    precision: &'static str,
    #[serde(rename = "problem.severity")]
    severity: &'static str,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
    enabled: bool,
}

#[derive(Serialize)]
struct Text {
    text: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    markdown: Option<String>,
}

impl Text {
    fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), markdown: None }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunResult {
    rule_id: &'static str,
    rule_index: usize,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    fixes: Vec<RunFix>,
    partial_fingerprints: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    physical_location: PhysicalLocation,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PhysicalLocation {
    artifact_location: ArtifactLocation,
    region: Region,
}

#[derive(Serialize)]
struct ArtifactLocation {
    uri: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RunFix {
    description: Text,
    artifact_changes: Vec<ArtifactChange>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArtifactChange {
    artifact_location: ArtifactLocation,
    replacements: Vec<Replacement>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Replacement {
    deleted_region: Region,
    inserted_content: Text,
}

/// Findings that go by words and habits; all others are so.
const GUESSES: [Code; 4] = [Code::KeywordHitsCommonWords, Code::UnescapedDot, Code::AnyVsEvery, Code::OwnDomainAsCustomer];

fn rule(code: Code) -> Rule {
    let level = code.level();
    Rule {
        id: code.as_str(),
        short_description: Text::plain(code.about()),
        help: Text { text: page_uri(code), markdown: code.page().map(str::to_owned) },
        help_uri: page_uri(code),
        default_configuration: Configuration { level: level_word(code.severity()), enabled: level > Level::Off },
        properties: Properties {
            precision: if GUESSES.contains(&code) { "medium" } else { "very-high" },
            severity: match code.severity() {
                Severity::Info => "recommendation",
                Severity::Warning => "warning",
                Severity::Error => "error",
            },
        },
    }
}

fn result(remark: &Diagnostic, rule_index: usize, fingerprint: String, report: Report<'_>) -> RunResult {
    let related = remark.secondary.iter().enumerate().map(|(index, label)| Location {
        id: Some(index + 1),
        physical_location: physical(&report.place(label.span)),
        message: Some(Text::plain(steady(if label.text.is_empty() { "this too" } else { &label.text }))),
    });
    let told: Vec<String> = Report::told(remark).split('\n').map(steady).collect();
    RunResult {
        rule_id: remark.code.as_str(),
        rule_index,
        level: level_word(remark.severity),
        message: Text::plain(told.join("\n")),
        locations: [Location { id: None, physical_location: physical(&report.place(remark.primary.span)), message: None }],
        related_locations: related.collect(),
        fixes: remark.fixes.iter().map(|fix| run_fix(fix, report)).collect(),
        partial_fingerprints: [("callsheetFinding/v1", fingerprint)].into(),
    }
}

fn run_fix(fix: &Fix, report: Report<'_>) -> RunFix {
    let mut changes: Vec<ArtifactChange> = Vec::new();
    for (span, new) in &fix.edits {
        let place = report.place(*span);
        let replacement = Replacement { deleted_region: region(&place), inserted_content: Text::plain(new.clone()) };
        let uri = uri_of(place.file);
        match changes.iter_mut().find(|change| change.artifact_location.uri == uri) {
            Some(change) => change.replacements.push(replacement),
            None => changes.push(ArtifactChange { artifact_location: ArtifactLocation { uri }, replacements: vec![replacement] }),
        }
    }
    let effect = match fix.effect {
        Effect::KeepsDecisions => "keeps every decision",
        Effect::ChangesDecisions => "may change decisions",
    };
    RunFix { description: Text::plain(format!("{} ({effect})", steady(&fix.title))), artifact_changes: changes }
}

fn physical(place: &Place<'_>) -> PhysicalLocation {
    PhysicalLocation { artifact_location: ArtifactLocation { uri: uri_of(place.file) }, region: region(place) }
}

fn region(place: &Place<'_>) -> Region {
    let (start, end) = (place.start, place.end);
    Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column }
}

fn level_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "note",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// Where a code is explained: on its page, or in the list of all codes.
fn page_uri(code: Code) -> String {
    match code.page() {
        Some(_) => format!("{PAGES}/{}.md", code.as_str()),
        None => format!("{PAGES}/README.md#{}", code.as_str()),
    }
}

/// Where the folder `docs/findings` is published.
const PAGES: &str = "https://callsheet.example/docs/findings";

/// A path as a URI reference, relative where the path is.
fn uri_of(path: &str) -> String {
    let path = path.replace('\\', "/");
    let path = path.strip_prefix("./").unwrap_or(&path);
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

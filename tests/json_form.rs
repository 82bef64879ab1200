//! The JSON form: what it reads, what it refuses and where, and that its schema says the same.

mod documents;
mod refusals;
mod schema;

use crate::support::ast_strategy;
use callsheet::diagnostic::{Diagnostic, Style, render};
use callsheet::source::{SourceId, Sources};
use callsheet::syntax::ast::File;
use callsheet::syntax::{Limits, json, printer, text};
use proptest::prelude::*;

fn parse(text: &str) -> (File, Vec<Diagnostic>) {
    json::parse(SourceId(0), text, &Limits::default())
}

/// Every remark on `text` as a person sees it.
fn remarks(text: &str) -> String {
    let mut sources = Sources::default();
    sources.add("team.rules.json", text);
    let (_, diagnostics) = parse(text);
    diagnostics.iter().map(|diagnostic| render(diagnostic, &sources, Style::Plain) + "\n").collect()
}

/// Limits that no random tree meets.
fn roomy() -> Limits {
    Limits { file_bytes: 1 << 24, rule_bytes: 1 << 24, pattern_bytes: 1 << 16, ..Limits::default() }
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(file in ast_strategy::file()) {
        let text = printer::json(&file);
        let (again, diagnostics) = json::parse(SourceId(0), &text, &roomy());
        prop_assert_eq!(&diagnostics, &vec![], "{}", text);
        prop_assert_eq!(&again, &file, "{}", text);
        prop_assert_eq!(printer::json(&again), text);
    }

    #[test]
    fn json_to_text_to_json_is_the_identity_on_canonical_json(file in ast_strategy::file()) {
        let printed = printer::json(&file);
        let (from_json, _) = json::parse(SourceId(0), &printed, &roomy());
        let rules = printer::text(&from_json);
        let (from_text, diagnostics) = text::parse(SourceId(0), &rules, &roomy());
        prop_assert_eq!(&diagnostics, &vec![], "{}", rules);
        prop_assert_eq!(printer::json(&from_text), printed, "{}", rules);
    }

    #[test]
    fn lines_keep_to_their_width_where_they_can(file in ast_strategy::file()) {
        for line in printer::json(&file).lines().filter(|line| line.chars().count() > 100) {
            let is_atom = !line.trim_end_matches(',').ends_with(['}', ']']);
            prop_assert!(is_atom, "{}", line);
        }
    }

    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,60}") {
        let (_, diagnostics) = parse(&text);
        let is_object = text.trim_start().starts_with('{');
        prop_assert!(is_object || !diagnostics.is_empty());
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let text = format!("{{\"rules\":[{}", String::from_utf8_lossy(&bytes));
        let (_, diagnostics) = parse(&text);
        for diagnostic in diagnostics {
            prop_assert!(text.get(diagnostic.primary.span.range()).is_some());
        }
    }
}

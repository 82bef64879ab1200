//! The grammar and its reader stay in step, and nothing an author writes makes them slow.

use callsheet::source::SourceId;
use callsheet::syntax::names::RESERVED;
use callsheet::syntax::{Limits, text};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a file of the project")
}

/// The productions of the grammar, silent ones left out: they are other names for what they hold.
fn productions() -> BTreeSet<String> {
    let grammar = file("grammar/rules.pest");
    let named = grammar.lines().filter(|line| !line.starts_with([' ', '/', '}'])).filter_map(|line| line.split_once('='));
    named.filter(|(_, body)| !body.trim_start().starts_with('_')).map(|(name, _)| name.trim().to_owned()).collect()
}

/// Productions that are no shape of their own: one alternative of the function that reads the one around them.
const READ_WITH_THEIR_HOLDER: &[&str] = &[
    // Signs, words and characters.
    "equals",
    "colon",
    "open_list",
    "open_set",
    "open_group",
    "name",
    "rule_id",
    "word",
    "address",
    "reserved",
    "run",
    "signs",
    "weekday",
    // Alternatives that differ by a word or two.
    "never_record",
    "record",
    "skip",
    "shadow",
    "not_recordable",
    "expect_default",
    "not_answered",
    "compare_op",
    "between_numbers",
    "between_durations",
    "at_least",
    "at_most",
    "exactly",
    "before",
    "after",
    "at",
    "between_clocks",
    "my_response",
    "shows_as",
    "closed_field",
    "forever",
    "is_optional",
    // Looked for, never read.
    "comment",
    "rule_clause_start",
    "test_clause_start",
    "element_end_word",
    // Only in strict productions, of which nothing but the failure counts.
    "whole_group",
    "whole_conditions",
    "whole_test_group",
    "whole_test_conditions",
    // The wrapper of an element, and what is broken; the function of the strict production says why.
    "complete_test",
    "broken_tail",
    "rest",
    "broken_test_head",
    "stray_in_rule",
    "stray_in_test",
];

#[test]
fn every_production_is_read_by_the_function_of_its_name() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/syntax/text");
    let mut source = String::new();
    for entry in std::fs::read_dir(folder).expect("a folder of the project") {
        // `next/` reads the grammar itself, and none of its productions by name.
        let path = entry.expect("an entry").path();
        if path.is_file() {
            source += &std::fs::read_to_string(path).expect("a source file");
        }
    }
    let without: Vec<String> = productions()
        .into_iter()
        .filter(|name| !name.starts_with("kw_") && !name.starts_with("only_") && !READ_WITH_THEIR_HOLDER.contains(&name.as_str()))
        .filter(|name| !["(", "<"].iter().any(|after| source.contains(&format!("fn {name}{after}"))))
        .collect();
    assert!(without.is_empty(), "no function reads {without:?}");
    let unknown: Vec<&&str> = READ_WITH_THEIR_HOLDER.iter().filter(|name| !productions().contains(**name)).collect();
    assert!(unknown.is_empty(), "the grammar has no {unknown:?}");
}

/// What one file holds at most is counted before anything is parsed; nothing of such a file is read.
#[test]
fn a_file_with_more_than_it_may_hold_is_refused_whole() {
    let limits = Limits { pieces: 2, words: 24, parts: 4, list_items: 4, ..Limits::default() };
    let remarks = |text: &str| {
        let (file, diagnostics) = text::parse(SourceId(0), text, &limits);
        assert!(diagnostics.is_empty() || file == callsheet::syntax::ast::File::default(), "{text}");
        diagnostics.iter().map(|remark| format!("{}: {}", remark.primary.span.start, remark.message)).collect::<Vec<_>>()
    };
    for (text, expected) in [
        ("list a = [@a.example]\nlist b = [@b.example]", None),
        ("list a = [@a.example]\nlist b = [@b.example]\nlist c = [@c.example]", Some("44: more than 2 pieces in one file")),
        ("define a = not x and (y or z)", None),
        ("define a = not x and (y or not z)", Some("27: more than 4 parts of conditions, settings and lists in one file")),
        ("list a = [1, 2, 3, 4, 5, 6]", Some("23: more than 4 list items in one file")),
        (&format!("define a = {}", "x ".repeat(30)), Some("53: more than 24 words and signs in one file")),
    ] {
        assert_eq!(remarks(text).first().map(String::as_str), expected, "{text}");
    }
}

#[test]
fn the_reserved_words_are_those_of_the_grammar() {
    let grammar = file("grammar/rules.pest");
    let (_, reserved) = grammar.split_once("reserved = @{").expect("the production");
    let words: BTreeSet<&str> = reserved.split('"').skip(1).step_by(2).filter(|word| word.len() > 1).collect();
    assert_eq!(words, RESERVED.iter().copied().collect());
    let keywords = grammar.lines().filter_map(|line| line.strip_prefix("kw_")?.split('"').nth(1));
    let unreserved: Vec<&str> = keywords.filter(|word| !words.contains(word)).collect();
    assert!(unreserved.is_empty(), "{unreserved:?}");
}

#[test]
fn nesting_past_the_limit_is_refused_before_anything_recurses() {
    let limits = Limits::default();
    for (open, close) in [("(", ")"), ("not ", ""), ("not (", ")"), ("all of (", ")"), ("surely (", ")")] {
        let nested = |levels: usize| format!("define x = {}all-day{}", open.repeat(levels), close.repeat(levels));
        let brackets = limits.depth + 2;
        let levels = if open == "not (" { brackets / 2 } else { brackets };
        let codes = |rules: &str| -> Vec<&'static str> {
            text::parse(SourceId(0), rules, &limits).1.iter().map(|diagnostic| diagnostic.code.as_str()).collect()
        };
        assert_eq!(codes(&nested(levels)), Vec::<&str>::new(), "{open}");
        assert_eq!(codes(&nested(levels + 1)), ["nested-too-deep"], "{open}");
        assert_eq!(codes(&nested(1_000)), ["nested-too-deep"], "{open}");
    }
}

#[test]
fn long_files_and_long_rules_are_refused() {
    let limits = Limits { file_bytes: 200, rule_bytes: 50, ..Limits::default() };
    let said = |rules: &str| -> Vec<String> {
        text::parse(SourceId(0), rules, &limits).1.into_iter().map(|diagnostic| diagnostic.message).collect()
    };
    assert_eq!(said(&"#".repeat(201)), ["a rule file holds at most 200 bytes, this one has 201"]);
    let rules = format!("rule a: record because \"{}\"\nrule b: record\n", "x".repeat(40));
    assert_eq!(said(&rules), ["a rule holds at most 50 bytes, this one has 65"]);
}

/// Texts of 64 KiB whose shape is the worst that came to mind.
fn worst_cases() -> Vec<(&'static str, String)> {
    let fill = |head: &str, unit: &str, tail: &str| {
        let room = 64 * 1024 - head.len() - tail.len();
        format!("{head}{}{tail}", unit.repeat(room / unit.len()))
    };
    let nested = |unit: &str| format!("define a = {}{unit}{}\n", "(".repeat(31), ")".repeat(31));
    vec![
        ("names", fill("define a = any of (", "a,", ")")),
        ("nested", fill("", &nested("all-day"), "")),
        ("broken nested", fill("", &nested("b b"), "")),
        ("broken elements", fill("define a = any of (", "a b,", ")")),
        ("broken items", fill("list a = [", "a b,", "]")),
        ("signs", fill("define a = ", "!", "")),
        ("at signs", fill("define a = ", "@", "")),
        ("open", fill("define a = ", "[", "")),
        ("closed", fill("define a = ", ")", "")),
        ("quotes", fill("define a = ", "\"\n", "")),
        ("slashes", fill("define a = title matches ", "/\n", "")),
        ("comments", fill("define a = any of (", "a,#\n", ")")),
        ("comments only", fill("", "#\n", "")),
        ("directives", fill("", "# lint: allow\n", "rule a: record")),
        ("pieces", fill("", "rule a:\n", "")),
        ("texts", fill("list a = [", "\"\",", "]")),
        ("mixed", fill("define a = a", " and a or a", "")),
        ("chain", fill("define a = a", " and a", "")),
        ("nots", fill("define a = any of (", "x is not y,", ")")),
        ("broken nots", fill("define a = any of (", "title is not not,", ")")),
        ("settings", fill("defaults with {", "a:1,", "}")),
        ("spaces", fill("define a = a", " ", "b")),
        ("days", fill("define a = starts on mon", ",tue", "")),
        ("clauses", fill("rule a: record\n", "when a\n", "")),
    ]
}

#[test]
fn the_worst_texts_are_read_in_linear_time() {
    let limits = Limits { rule_bytes: 64 * 1024, ..Limits::default() };
    let mut slow = Vec::new();
    for (name, rules) in worst_cases() {
        let start = Instant::now();
        let (_, diagnostics) = text::parse(SourceId(0), &rules, &limits);
        let took = start.elapsed();
        if std::env::var_os("CALLSHEET_TIMES").is_some() {
            eprintln!("{name:>16} {took:>12?} {} diagnostics", diagnostics.len());
        }
        if took > PATIENCE {
            slow.push((name, took));
        }
    }
    assert!(slow.is_empty(), "{slow:?}");
}

/// Without optimisation and on a busy machine; anything that is not linear takes minutes.
const PATIENCE: Duration = Duration::from_secs(10);

//! Texts and patterns as other languages' suites want them, asked through whole rules.

use crate::support::{fixtures, json_lines};
use callsheet::engine::{CheckOptions, Machine, RuleText, check};
use callsheet::event::{ConnectedUser, ProvidedLists, Question};
use callsheet::providers::normal::read_occurrence;
use callsheet::value::words::Verb;
use callsheet::value::{Decision, Overrides, fold};
use expect_test::expect;
use serde_json::{Value, json};
use std::fmt::Write;

#[test]
fn fixture_strings_match_as_their_suites_say_or_differ_for_a_reason() {
    let Some(folder) = fixtures() else { return };
    let mut report = String::new();
    let (mut same, mut without_counterpart) = (0, 0);
    for row in json_lines(&folder.join("matching/strings.jsonl")) {
        let Some(condition) = condition(&row) else {
            without_counterpart += 1;
            continue;
        };
        match answer(&condition, row["subject"].as_str().expect("a subject")) {
            Ok(answer) if answer == row["expected"] => same += 1,
            Ok(answer) => {
                let _ = writeln!(report, "{} on {}: {answer}", row["pattern"], row["subject"]);
            }
            Err(refused) => {
                let _ = writeln!(report, "{}: {refused}", row["pattern"]);
            }
        }
    }
    let _ = writeln!(report, "{same} the same, {without_counterpart} globs, which rules do not have");
    expect![[r#"
        "": `matches` takes a regular expression on one line, not `` (json-shape)
        "": `matches` takes a regular expression on one line, not `` (json-shape)
        "\\w+\\s+Holmes\\s+\\w+": this regular expression takes more than 65536 bytes, compiled (regex-too-large)
        179 the same, 69 globs, which rules do not have
    "#]]
    .assert_eq(&report);
}

#[test]
fn fixture_titles_fold_as_their_normal_forms_do() {
    let Some(folder) = fixtures() else { return };
    for row in json_lines(&folder.join("titles/titles.jsonl")) {
        let form = |name: &str| fold(row[name].as_str().expect("a text"));
        assert_eq!(form("title"), form("nfc"), "{row}");
        assert_eq!(form("title"), form("casefold"), "{row}");
    }
}

/// The condition that asks what a row asks, where rules can.
fn condition(row: &Value) -> Option<Value> {
    let pattern = row["pattern"].clone();
    Some(match row["op"].as_str().expect("an operator") {
        "contains" => json!({"title": {"contains": pattern}}),
        "starts_with" => json!({"title": {"starts_with": pattern}}),
        "ends_with" => json!({"title": {"ends_with": pattern}}),
        "regex_search" if row["ignore_case"] == true => json!({"title": {"matches": pattern, "flags": "i"}}),
        "regex_search" => json!({"title": {"matches": pattern}}),
        _ => return None,
    })
}

/// Whether a meeting of this title is recorded by a rule with this condition.
fn answer(condition: &Value, title: &str) -> Result<bool, String> {
    let rules = json!({"callsheet": 1, "rules": [{"id": "r", "do": "record", "when": condition}]}).to_string();
    let checked = check(&[RuleText { name: "rule".into(), text: rules, layer: None }], &CheckOptions::default());
    let Some(rules) = checked.rule_set else {
        return Err(format!("{} ({})", checked.diagnostics[0].message, checked.diagnostics[0].code.as_str()));
    };
    let event = json!({
        "uid": "1", "start": "2026-03-02T10:00:00Z", "end": "2026-03-02T11:00:00Z", "title": title,
        "conference": {"platform": "meet", "id": "abc-defg-hij", "url": "https://meet.google.com/abc-defg-hij"},
    });
    let occurrence = read_occurrence(&event.to_string()).expect("an event");
    let (user, lists) = (ConnectedUser::default(), ProvidedLists::default());
    let question = Question { occurrence: &occurrence, user: &user, overrides: Overrides::default(), lists: &lists };
    Ok(matches!(rules.decide(&mut Machine::new(), &question), Decision::Decided { verb: Verb::Record, .. }))
}

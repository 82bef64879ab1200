//! Texts and patterns as other languages' suites want them, asked through whole rules.

mod globs;
mod json_logic;

use crate::support::{fixtures, json_lines};
use callsheet::engine::{CheckOptions, FormatError, Machine, RuleSet, RuleText, check, convert};
use callsheet::event::{ConnectedUser, ProvidedLists, Question};
use callsheet::providers::normal::read_occurrence;
use callsheet::source::Form;
use callsheet::value::words::Verb;
use callsheet::value::{DecidedBy, Decision, Overrides, fold};
use expect_test::expect;
use json_logic::{Number, Reason, truthy};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write;

#[test]
fn fixture_strings_match_as_their_suites_say_or_differ_for_a_reason() {
    let Some(folder) = fixtures() else { return };
    let mut tally = Tally::default();
    let rows = json_lines(&folder.join("matching/strings.jsonl"));
    for row in &rows {
        let operator = row["op"].as_str().expect("an operator");
        match condition(row) {
            Ok(condition) => {
                let alternatives = row["subjects_any"].as_array().map_or(&[][..], Vec::as_slice);
                let subjects = alternatives.iter().chain(row.get("subject")).filter_map(Value::as_str);
                let answers = subjects.map(|subject| answer(&condition, subject)).collect::<Result<Vec<_>, _>>();
                tally.add(operator, answers.map(|answers| answers.contains(&true) == row["expected"]), || {
                    format!("{operator} {} on {}", row["pattern"], row["subject"])
                });
            }
            Err(reason) => *tally.reasons.entry(reason).or_default() += 1,
        }
    }
    assert_eq!(tally.cases(), rows.len(), "every line is accounted for");
    expect![[r#"
        247 the same
            2 contains
            2 ends_with
           46 glob_path
          173 regex_search
            2 starts_with
           22 wildcard_star
        1 that rules do not say
            1 a backslash is an escape or a separator of paths, which depends on the system
        3 that differ
        regex_search "" on "": `matches` takes a regular expression on one line, not `` (json-shape)
        regex_search "" on "abc": `matches` takes a regular expression on one line, not `` (json-shape)
        regex_search "\\w+\\s+Holmes\\s+\\w+" on "abcHolmes xyz Holmes tail": this regular expression takes more than 65536 bytes, compiled (regex-too-large)
    "#]].assert_eq(&tally.told());
}

#[test]
fn globs_become_what_a_customer_would_write() {
    let matches = |expression: &str| Ok(json!({"title": {"matches": expression, "flags": "s"}}));
    assert_eq!(globs::wildcard("weekly*"), Ok(json!({"title": {"starts_with": "weekly"}})));
    assert_eq!(globs::wildcard("*weekly*"), Ok(json!({"title": {"contains": "weekly"}})));
    assert_eq!(globs::wildcard(r"\*weekly\\"), Ok(json!({"title": {"is": r"*weekly\"}})));
    assert_eq!(globs::wildcard("1.*:1*"), matches(r"\A1\..*:1.*\z"));
    assert_eq!(globs::wildcard(r"a\b"), Err("not a well-formed glob"));
    assert_eq!(globs::path("*.rs"), Ok(json!({"title": {"ends_with": ".rs"}})));
    assert_eq!(globs::path("a/**/**/b?"), matches(r"\Aa/(?:.*/)?b.\z"));
    assert_eq!(globs::path("a/**/**b"), matches(r"\Aa/(?:.*/)?.*.*b\z"));
    assert_eq!(globs::path("**/a{b,[!]x-z]}"), matches(r"\A(?:/?|.*/)a(?:b|[^\x{5d}\x{78}-\x{7a}])\z"));
    for malformed in ["[a", "a}", "{a", "[", "{[a}"] {
        assert_eq!(globs::path(malformed), Err("not a well-formed glob"));
    }
}

#[test]
fn json_logic_cases_decide_as_their_suite_says_or_differ_for_a_reason() {
    let Some(folder) = fixtures() else { return };
    let rows = json_lines(&folder.join("matching/json-logic.jsonl"));
    let mut tally = Tally::default();
    let mut said = BTreeMap::new();
    for row in &rows {
        let operator = match json_logic::operation(&row["rule"]) {
            Ok(Some((operator, _))) => operator,
            _ => "a value",
        };
        match json_logic_answer(row) {
            Ok((answer, text)) => {
                tally.add(operator, answer, || json!([row["rule"], row["data"], row["expected"]]).to_string());
                let longest: &mut String = said.entry(operator).or_default();
                if text.len() > longest.len() {
                    *longest = text;
                }
            }
            Err(reason) => *tally.reasons.entry(reason).or_default() += 1,
        }
    }
    assert_eq!(tally.cases(), rows.len(), "every line is accounted for");
    expect![[r#"
        54 the same
            7 !
            1 !!
            2 !=
            2 !==
            1 <
            3 <=
            1 ==
            1 >=
            1 ?:
            2 a value
            1 all
            8 and
           10 if
            4 in
            1 none
            5 or
            1 some
            3 var
        59 that rules do not say
            1 a default in place of data that are not there
            2 a number that no count or duration is: negative, broken or too large
           13 asks which data are missing; rules ask nothing about absence
            5 builds a list
            2 builds a text
            1 compares values of different kinds, which the checker refuses
           15 computes a number
            4 converts between kinds of values; rules have no conversion
            5 data that are not there: null there, unknown in rules
            4 makes another list or value of a list
            7 orders the elements of a list; people are only told apart
        0 that differ
    "#]]
    .assert_eq(&tally.told());
    let said: String = said.iter().map(|(operator, text)| text.replace("callsheet 1", &format!("# {operator}"))).collect();
    expect![[r##"
        # !
        default skip

        rule holds:
          record
          when not status is tentative
        # !!
        default skip

        rule holds:
          record
          when attendees != 0
        # !=
        default skip

        rule holds:
          record
          when not attendees = 2
        # !==
        default skip

        rule holds:
          record
          when not attendees = 2
        # <
        default skip

        rule holds:
          record
          when attendees < 1
        # <=
        default skip

        rule holds:
          record
          when attendees >= 1 and attendees <= 3
        # ==
        default skip

        rule holds:
          record
          when attendees = 1
        # >=
        default skip

        rule holds:
          record
          when attendees >= 1
        # ?:
        default record

        rule branch-1:
          record
          when attendees > 1
        # a value
        default skip

        rule holds:
          record
          when not title is ""
        # all
        default skip

        rule holds:
          record
          when every attendee is number.1@items.example
        # and
        default skip

        rule holds:
          record
          when status is confirmed and status is confirmed and status is confirmed
        # if
        default record

        rule branch-1:
          record
          when status is tentative

        rule branch-2:
          record
          when status is confirmed

        rule branch-3:
          record
          when status is tentative
        # in
        default skip

        rule holds:
          record
          when title is any of ["Bart", "Homer", "Lisa", "Marge", "Maggie"]
        # none
        default skip

        rule holds:
          record
          when no attendee is number.1@items.example
        # or
        default skip

        rule holds:
          record
          when status is tentative or status is tentative or status is confirmed
        # some
        default skip

        rule holds:
          record
          when any attendee is number.1@items.example
        # var
        default skip

        rule holds:
          record
          when not title is ""
    "##]]
    .assert_eq(&said);
}

#[test]
fn json_logic_of_any_kind_is_translated_or_has_a_reason() {
    let reason = |rule: Value, data: Value| json_logic_answer(&json!({"rule": rule, "data": data, "expected": true})).err();
    assert_eq!(reason(json!({"in": ["spring", "Springfield"]}), json!(null)), Some("tells upper from lower case"));
    assert_eq!(reason(json!({"<": [1]}), json!(null)), Some("not as many operands as the operator takes"));
    assert_eq!(reason(json!({"log": "x"}), json!(null)), Some("an operator of no kind that is known here"));
    assert_eq!(reason(json!({}), json!(null)), Some("an object as a value"));
    assert_eq!(reason(json!({"and": []}), json!(null)), Some("not as many operands as the operator takes"));
    assert_eq!(reason(json!({"if": []}), json!(null)), Some("not as many operands as the operator takes"));
    assert!(reason(json!({"<": [-1, 2]}), json!(null)).is_some());
    let holds = |rule: Value, data: Value, expected: Value| {
        let row = json!({"rule": rule, "data": data, "expected": expected});
        let (answer, text) = json_logic_answer(&row).unwrap_or_else(|reason| panic!("{row}: {reason}"));
        assert_eq!(answer, Ok(true), "{row}\n{text}");
    };
    let guests = json!({"guests": [{"name": "ann"}, {"name": "bob"}], "minutes": 45, "title": "Weekly sync", "asked": true});
    let named = |name: &str| json!({"==": [{"var": "name"}, name]});
    holds(json!({"some": [{"var": "guests"}, named("bob")]}), guests.clone(), json!(true));
    holds(json!({"all": [{"var": "guests"}, {"or": [named("ann"), {"!": named("ann")}]}]}), guests.clone(), json!(true));
    holds(json!({"none": [{"var": "guests"}, {"in": [{"var": "name"}, ["cid", "dee"]]}]}), guests.clone(), json!(true));
    holds(json!({"some": [[], {"==": [{"var": ""}, 1]}]}), json!(null), json!(false));
    holds(json!({"all": [[], {"==": [{"var": ""}, 1]}]}), json!(null), json!(false));
    holds(json!({"none": [[], {"==": [{"var": ""}, 1]}]}), json!(null), json!(true));
    holds(json!({"and": [{">": [{"var": "minutes"}, 30]}, {"<": [30, {"var": "minutes"}, 45]}]}), guests.clone(), json!(false));
    holds(json!({"or": [{"in": ["sync", {"var": "title"}]}, {"!": {"var": "asked"}}]}), guests.clone(), json!(true));
    holds(json!({"==": [false, {"var": "asked"}]}), guests.clone(), json!(false));
    holds(json!({"in": [45, [15, 30, 45]]}), json!(null), json!(true));
    holds(json!({"!": {"if": [{"==": [1, 2]}, true, {"!=": ["a", "b"]}, false]}}), json!(null), json!(true));
    let chosen = json!({"if": [{">=": [{"var": "minutes"}, 60]}, "long", {">=": [{"var": "minutes"}, 45]}, {"var": "title"}, 0]});
    holds(chosen, guests, json!("Weekly sync"));
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

/// How the cases of a suite came out.
#[derive(Default)]
struct Tally {
    /// Cases by operator that decide as their suite says.
    same: BTreeMap<String, usize>,
    /// Cases that nobody can say in rules, by the reason.
    reasons: BTreeMap<Reason, usize>,
    /// Cases that differ, or that are refused.
    differences: Vec<String>,
}

impl Tally {
    fn add(&mut self, operator: &str, same: Result<bool, String>, case: impl Fn() -> String) {
        match same {
            Ok(true) => *self.same.entry(operator.to_owned()).or_default() += 1,
            Ok(false) => self.differences.push(format!("{}: differs", case())),
            Err(refused) => self.differences.push(format!("{}: {refused}", case())),
        }
    }

    fn cases(&self) -> usize {
        self.same.values().sum::<usize>() + self.reasons.values().sum::<usize>() + self.differences.len()
    }

    fn told(&self) -> String {
        let mut told = format!("{} the same\n", self.same.values().sum::<usize>());
        for (operator, count) in &self.same {
            let _ = writeln!(told, "{count:>5} {operator}");
        }
        let _ = writeln!(told, "{} that rules do not say", self.reasons.values().sum::<usize>());
        for (reason, count) in &self.reasons {
            let _ = writeln!(told, "{count:>5} {reason}");
        }
        let _ = writeln!(told, "{} that differ", self.differences.len());
        self.differences.iter().fold(told, |told, difference| format!("{told}{difference}\n"))
    }
}

/// Whether the rules that a json-logic case is translated to come to what it comes to, and the first of them as text.
fn json_logic_answer(row: &Value) -> Result<(Result<bool, String>, String), Reason> {
    let mut text = String::new();
    let mut same = Ok(true);
    for first in [Number::Duration, Number::Count] {
        let case = json_logic::translate(&row["rule"], &row["data"], first)?;
        let answer = decide(&case.rules, &case.event).map(|decided| {
            text = decided.text;
            let (outcome, expected) = (&case.outcomes[&decided.rule], &row["expected"]);
            let as_expected = if case.exact { outcome == expected } else { truthy(outcome) == truthy(expected) };
            as_expected && decided.records == truthy(outcome)
        });
        same = same.and_then(|same| Ok(same && answer?));
    }
    Ok((same, text))
}

/// The condition that asks what a row asks, where rules can.
fn condition(row: &Value) -> Result<Value, Reason> {
    let pattern = &row["pattern"];
    let text = pattern.as_str().expect("a pattern");
    Ok(match row["op"].as_str().expect("an operator") {
        "contains" => json!({"title": {"contains": pattern}}),
        "starts_with" => json!({"title": {"starts_with": pattern}}),
        "ends_with" => json!({"title": {"ends_with": pattern}}),
        "regex_search" if row["ignore_case"] == true => json!({"title": {"matches": pattern, "flags": "i"}}),
        "regex_search" => json!({"title": {"matches": pattern}}),
        "wildcard_star" => globs::wildcard(text)?,
        "glob_path" => globs::path(text)?,
        _ => return Err("an operator of no kind that is known here"),
    })
}

/// Whether a meeting of this title is recorded by a rule with this condition.
fn answer(condition: &Value, title: &str) -> Result<bool, String> {
    let rules = json!({"callsheet": 1, "rules": [{"id": "r", "do": "record", "when": condition}]});
    let event = json!({
        "uid": "1", "start": "2026-03-02T10:00:00Z", "end": "2026-03-02T11:00:00Z", "title": title,
        "conference": {"platform": "meet", "id": "abc-defg-hij", "url": "https://meet.google.com/abc-defg-hij"},
    });
    Ok(decide(&rules, &event)?.records)
}

/// What rules in the JSON form come to.
struct Decided {
    records: bool,
    /// The deciding rule; `None` where the default decides.
    rule: Option<String>,
    /// The rules in the text form.
    text: String,
}

/// Decides by the rules in both forms, with the machine and with the plain evaluator, which all have to agree.
fn decide(rules: &Value, event: &Value) -> Result<Decided, String> {
    let by_json = compiled(&rules.to_string())?;
    let text = convert("rules", &rules.to_string(), Form::Text).map_err(|error| match error {
        FormatError::Unreadable(checked) => checked.diagnostics[0].message.clone(),
        FormatError::SelfCheck => "the text form says something else".into(),
    })?;
    let by_text = compiled(&text).map_err(|refused| format!("as text, {refused}"))?;
    let occurrence = read_occurrence(&event.to_string()).expect("an event");
    let (user, lists) = (ConnectedUser::default(), ProvidedLists::default());
    let question = Question { occurrence: &occurrence, user: &user, overrides: Overrides::default(), lists: &lists };
    let decision = by_json.decide(&mut Machine::new(), &question);
    assert_eq!(decision, by_json.decide_plainly(&question), "{text}");
    assert_eq!(decision, by_text.decide(&mut Machine::new(), &question), "{text}");
    assert_eq!(decision, by_text.decide_plainly(&question), "{text}");
    let Decision::Decided { verb, by } = decision else { return Err(format!("{decision:?}")) };
    let rule = match by {
        DecidedBy::Rule(index) => Some(by_json.outline().rules[usize::from(index)].id.clone()),
        _ => None,
    };
    Ok(Decided { records: verb == Verb::Record, rule, text })
}

fn compiled(rules: &str) -> Result<RuleSet, String> {
    let checked = check(&[RuleText { name: "rules".into(), text: rules.into(), layer: None }], &CheckOptions::default());
    let refused = |remark: &callsheet::diagnostic::Diagnostic| format!("{} ({})", remark.message, remark.code.as_str());
    checked.rule_set.ok_or_else(|| checked.diagnostics.first().map(refused).unwrap_or_default())
}

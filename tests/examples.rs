//! The policies of `rules-examples/`: manual, fixture and promise at once.

use crate::support::json_lines;
use callsheet::diagnostic::{Diagnostic, Severity};
use callsheet::engine::{CheckOptions, Checked, RuleSet, RuleText, check};
use callsheet::event::address::DomainPattern;
use callsheet::event::{Address, ConnectedUser, ProvidedList, ProvidedLists, Question, Window};
use callsheet::lint::Options;
use callsheet::providers::ics;
use callsheet::source::{Form, SourceId, Sources};
use callsheet::syntax::{Limits, parse, printer};
use callsheet::time::{ClockTime, Date, Moment, Zone};
use callsheet::value::outline::Outline;
use callsheet::value::words::Verb;
use callsheet::value::{DecidedBy, Decision, Overrides};
use callsheet::vm::Machine;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

/// The day on which the examples are looked at.
const TODAY: Date = Date::constant(2026, 3, 1);

/// The folders, each an example by the folder's name.
fn examples() -> Vec<(String, PathBuf)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules-examples");
    let entries = fs::read_dir(root).expect("the examples").map(|entry| entry.expect("an entry").path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    let named = |path: PathBuf| (path.file_name().expect("a name").to_string_lossy().into_owned(), path);
    folders.into_iter().map(named).collect()
}

fn read_file(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn told(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let line = |diagnostic: &Diagnostic| {
        let span = diagnostic.primary.span;
        let (file, place) = (&sources.get(span.source).name, sources.position(span));
        format!("{file}:{}:{}: {}: {}\n", place.line, place.column, diagnostic.code.as_str(), diagnostic.message)
    };
    diagnostics.iter().map(line).collect()
}

/// An example in one of its forms (`rules`, `json`), checked and compiled.
fn check_rules(name: &str, folder: &Path, form: &str) -> Checked {
    let file = format!("{name}.{form}");
    let text = RuleText { text: read_file(&folder.join(&file)), name: file, layer: None };
    check(&[text], &CheckOptions { today: Some(TODAY), ..CheckOptions::default() })
}

#[test]
fn examples_have_no_findings_and_their_tests_pass() {
    let mut wrong = String::new();
    for (name, folder) in examples() {
        for form in ["rules", "json"] {
            let checked = check_rules(&name, &folder, form);
            let remarks = checked.remarks(&Options::default());
            let wanted = remarks.into_iter().filter(|remark| remark.severity > Severity::Info).collect::<Vec<_>>();
            wrong.push_str(&told(&checked.sources, &wanted));
            let outcomes = checked.run_tests();
            assert!(outcomes.len() >= 3, "{name} has {} tests", outcomes.len());
            for outcome in outcomes {
                let failure = outcome.failure.map(|failure| format!("{name}: \"{}\": {failure}\n", outcome.name));
                wrong.extend(failure);
            }
        }
    }
    assert_eq!(wrong, "");
}

/// `UPDATE_EXPECT=1` rewrites what is derived: the layout of the text, the JSON form.
fn check_file(path: &Path, expected: &str) {
    // Other tests read the same files, so nothing is written that is right already.
    if std::env::var_os("UPDATE_EXPECT").is_some() && fs::read_to_string(path).ok().as_deref() != Some(expected) {
        fs::write(path, expected).expect("the example can be written");
    }
    assert_eq!(read_file(path), expected, "{}", path.display());
}

#[test]
fn both_forms_of_an_example_are_one_tree() {
    for (name, folder) in examples() {
        let (text_path, json_path) = (folder.join(format!("{name}.rules")), folder.join(format!("{name}.json")));
        let text = read_file(&text_path);
        let formatted =
            printer::format(SourceId(0), &text, &Limits::default()).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        check_file(&text_path, &formatted);
        let json = printer::convert(SourceId(0), &formatted, Form::Json, &Limits::default());
        check_file(&json_path, &json.unwrap_or_else(|error| panic!("{name}: {error:?}")));
        let (of_text, _) = parse(SourceId(0), &formatted, &Limits::default());
        let (of_json, diagnostics) = parse(SourceId(0), &read_file(&json_path), &Limits::default());
        assert!(diagnostics.is_empty(), "{name}: {diagnostics:?}");
        assert_eq!(of_text, of_json, "{name}");
    }
}

/// What an example says about its calendar: who asks and when, then a line for each occurrence.
struct Expected {
    me: Address,
    zone: Zone,
    window: Window,
    lists: ProvidedLists,
    lines: Vec<Value>,
}

impl Expected {
    fn read(path: &Path) -> Self {
        let mut lines = json_lines(path);
        let head = lines.remove(0);
        let word = |key: &str| head[key].as_str().unwrap_or_else(|| panic!("{}: `{key}`", path.display()));
        let zone = Zone::named(word("zone")).expect("a zone");
        let midnight = |key: &str| {
            let date: Date = word(key).parse().expect("a date");
            zone.instant(date.to_datetime(ClockTime::midnight()))
        };
        let window = midnight("from")..midnight("to");
        let mut lists = ProvidedLists::default();
        for (name, items) in head["lists"].as_object().expect("lists by name") {
            let mut list = ProvidedList { version: "example".to_owned(), ..ProvidedList::default() };
            for item in items.as_array().expect("items").iter().filter_map(Value::as_str) {
                match Address::parse(item) {
                    Some(address) => drop(list.addresses.insert(address)),
                    None => drop(list.domains.insert(DomainPattern::parse(item).expect("a domain"))),
                }
            }
            lists.insert(name.clone(), list);
        }
        Self { me: Address::parse(word("me")).expect("an address"), zone, window, lists, lines }
    }
}

/// `2026-03-02T10:00:00Z`, or the date of a whole day.
fn moment_text(moment: &Moment) -> String {
    match moment {
        Moment::Timed { at, .. } => at.to_string(),
        Moment::Day(date) => date.to_string(),
    }
}

/// A decision as `expected.jsonl` has it: what, and by whom.
fn decision_text(outline: &Outline, decision: Decision) -> (&'static str, String) {
    match decision {
        Decision::NotRecordable(why) => ("not_recordable", why.code().to_owned()),
        Decision::Decided { verb, by } => {
            let verb = if verb == Verb::Record { "record" } else { "skip" };
            let by = match by {
                DecidedBy::Rule(index) => outline.rules[usize::from(index)].id.clone(),
                DecidedBy::Override(_) => "override".to_owned(),
                DecidedBy::Default(_) => "default".to_owned(),
            };
            (verb, by)
        }
    }
}

/// The whole explanation but for the places of rules, which differ between the two forms.
fn explained(rules: &RuleSet, question: &Question<'_>) -> Value {
    fn without_places(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.remove("place");
                members.values_mut().for_each(without_places);
            }
            Value::Array(items) => items.iter_mut().for_each(without_places),
            _ => {}
        }
    }
    let mut explanation = rules.explain(question).json();
    without_places(&mut explanation);
    explanation
}

#[test]
fn every_occurrence_of_an_example_is_decided_as_expected() {
    let mut wrong = String::new();
    for (name, folder) in examples() {
        let expected = Expected::read(&folder.join("expected.jsonl"));
        let compiled = |form| check_rules(&name, &folder, form).rule_set.expect("the example compiles");
        let (rules, of_json) = (compiled("rules"), compiled("json"));
        let mut machine = Machine::new();
        let bytes = fs::read(folder.join("events.ics")).expect("a calendar");
        let calendar = ics::read(&bytes, &expected.zone).expect("a calendar");
        let found = calendar.occurrences(expected.window.clone(), &expected.zone);
        assert!(calendar.unreadable.is_empty() && found.unreadable.is_empty(), "{name}: {:?}", calendar.unreadable);
        let user = ConnectedUser { addresses: vec![expected.me.clone()], zone: Some(expected.zone.clone()), bots: Vec::new() };
        let mut lines = expected.lines.iter();
        for occurrence in &found.occurrences {
            let question = Question { occurrence, user: &user, overrides: Overrides::default(), lists: &expected.lists };
            let decision = rules.decide(&mut machine, &question);
            assert_eq!(rules.decide_plainly(&question), decision, "{name}: {}", occurrence.uid);
            assert_eq!(of_json.decide(&mut machine, &question), decision, "{name}: {}", occurrence.uid);
            assert_eq!(explained(&of_json, &question), explained(&rules, &question), "{name}: {}", occurrence.uid);
            let (what, by) = decision_text(rules.outline(), decision);
            let id = occurrence.recurrence_id.as_ref().map(moment_text);
            let got = json!({ "start": moment_text(&occurrence.start), "recurrence_id": id, "decision": what, "by": by });
            let line = lines.next().cloned().unwrap_or_default();
            for (key, value) in got.as_object().expect("an object") {
                if line[key] != *value {
                    wrong.push_str(&format!("{name}: {}: {key} is {value}, not {}\n", occurrence.uid, line[key]));
                }
            }
        }
        wrong.extend(lines.map(|line| format!("{name}: not in the calendar: {line}\n")));
    }
    assert_eq!(wrong, "");
}

/// What the examples have to show together, as the tree spells it.
const SHOWN: &[&str] = &[
    // Verbs and clauses.
    "NeverRecord",
    "locked: true",
    "locked: false",
    "verb: Record",
    "verb: Skip",
    "shadow: true",
    "from: Some",
    "until: Some",
    "unless: Some",
    "because: Some",
    "with: Some",
    "title: Some",
    "allow: [Allow",
    // Pieces and settings.
    "our_domains: Some",
    "timezone: Some",
    "default: Some",
    "defaults: Some",
    "recordable: Some",
    "limits: Some",
    "Provided(",
    "value: PersonAlias",
    "value: Definition",
    "AllDay(false)",
    "Declined(true)",
    "Kinds(",
    "AtMost(",
    "Fixed(",
    "Organisation",
    "User",
    "Offset(-",
    "Offset(30)",
    "Word(\"stay\")",
    "Word(\"yes\")",
    "Number(",
    // Combinations.
    "All([",
    "Any([",
    "None([",
    "Not(",
    "Surely(",
    "Possibly(",
    "Use(",
    // Texts.
    "Title",
    "Description",
    "Location",
    "Calendar",
    "op: Is",
    "op: Contains",
    "op: StartsWith",
    "op: EndsWith",
    "Matches {",
    "flags: \"i\"",
    "flags: \"is\"",
    "flags: \"ix\"",
    "operand: One",
    "operand: Several",
    "operand: List",
    // People.
    "role: Organizer",
    "role: Creator",
    "quantifier: Any",
    "quantifier: Every",
    "quantifier: No",
    "AtLeast(",
    "AtMost(",
    "Exactly(",
    "Is(Me)",
    "Is(Internal)",
    "Is(External)",
    "Is(Organizer)",
    "Is(Name",
    "In(",
    "From(One",
    "From(Several",
    "Response(Accepted)",
    "Response(Tentative)",
    "Response(Declined)",
    "Response(None)",
    "Optional",
    "Count(Eq",
    "Count(Ne",
    "Count(Lt",
    "Count(Le",
    "Count(Gt",
    "Count(Ge",
    "Count(Between",
    "Flag(OneOnOne)",
    // Times.
    "edge: Starts",
    "edge: Ends",
    "Before(",
    "After(",
    "At(",
    "overnight: true",
    "overnight: false",
    "Weekdays(",
    "Dates(One",
    "Dates(Several",
    "Dates(List",
    "zone: Some",
    "DateRule {",
    "counting_from: Some",
    "Duration(Gt",
    "Duration(Between",
    // Series.
    "Freq(Daily)",
    "Freq(Weekly)",
    "Freq(Monthly)",
    "Freq(Yearly)",
    "Every(",
    "at_least: Some",
    "at_most: Some",
    "forever: true",
    "Occurrence(First)",
    "Occurrence(Moved)",
    "Occurrence(Changed)",
    // Closed sets and flags.
    "MyResponse(",
    "Status(",
    "Visibility(",
    "ShowsAs(",
    "Kind(",
    "Provider(",
    "Conference(",
    "Source(",
    "Flag(AllDay)",
    "Flag(HasLink)",
    // Tests.
    "NotRecordable",
    "outcome: Default",
    "given: [Commented",
    "Hidden",
    "Guests(",
    "value: At(",
    "by: Some",
];

#[test]
fn together_the_examples_show_the_whole_language() {
    let mut trees = String::new();
    for (name, folder) in examples() {
        let (tree, _) = parse(SourceId(0), &read_file(&folder.join(format!("{name}.rules"))), &Limits::default());
        trees.push_str(&format!("{tree:?}"));
    }
    let missing: Vec<&str> = SHOWN.iter().copied().filter(|form| !trees.contains(form)).collect();
    assert!(missing.is_empty(), "no example shows {missing:?}");
}

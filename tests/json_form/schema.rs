//! The schema and the reader accept the same files.
//!
//! What the schema cannot say, and the reader refuses alone: members written twice, days that no calendar has, whole numbers
//! written with a point or an exponent, nesting and the other limits, `lint:` comments that cannot be read or suppress
//! nothing. None of the mutations here makes one of these without being sorted out as such.

use super::documents::COMMENTED;
use super::{ast_strategy, json, printer, roomy};
use callsheet::diagnostic::Code;
use callsheet::semantics::TEST_EVENT_KEYS;
use callsheet::source::SourceId;
use callsheet::syntax::ast::File;
use callsheet::syntax::text as rules_text;
use jsonschema::Validator;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::LazyLock;

static SCHEMA: LazyLock<Validator> = LazyLock::new(|| {
    let schema = json::schema();
    assert!(jsonschema::draft202012::meta::is_valid(&schema), "not a schema of 2020-12");
    jsonschema::draft202012::new(&schema).expect("the schema compiles")
});

/// Remarks that a schema cannot make.
const BEYOND_SCHEMAS: &[Code] = &[Code::DuplicateKey, Code::LimitExceeded, Code::NestedTooDeep, Code::BadSuppression];

#[test]
fn the_committed_schema_is_the_one_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("grammar/rules.schema.json");
    let made = format!("{:#}\n", json::schema());
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::write(&path, &made).expect("the schema can be written");
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == made, "grammar/rules.schema.json is stale; run the tests with UPDATE_EXPECT=1 to write it again");
}

#[test]
fn every_member_says_what_it_is_for() {
    fn look(schema: &Value, path: &str, silent: &mut Vec<String>) {
        if let Some(properties) = schema["properties"].as_object() {
            for (name, member) in properties {
                let wrapper = path.contains("/allOf/") || matches!(name.as_str(), "value" | "//" | "//end");
                if member["description"].is_null() && !wrapper {
                    silent.push(format!("{path}/{name}"));
                }
            }
        }
        let inner: Vec<(String, &Value)> = match schema {
            Value::Object(members) => members.iter().map(|(name, value)| (format!("{path}/{name}"), value)).collect(),
            Value::Array(items) => items.iter().map(|item| (path.to_owned(), item)).collect(),
            _ => Vec::new(),
        };
        inner
            .into_iter()
            .filter(|(path, _)| !path.ends_with("/properties/properties"))
            .for_each(|(path, value)| look(value, &path, silent));
    }
    let mut silent = Vec::new();
    look(&json::schema(), "", &mut silent);
    assert!(silent.is_empty(), "{silent:#?}");
}

#[test]
fn the_events_of_tests_have_the_keys_that_their_meaning_knows() {
    let schema = json::schema();
    let event = schema["$defs"]["test"]["properties"]["event"]["properties"].as_object().expect("an event's members");
    let mut keys: Vec<&str> = event.keys().map(String::as_str).filter(|key| !key.starts_with("//")).collect();
    let mut known = TEST_EVENT_KEYS.to_vec();
    keys.sort_unstable();
    known.sort_unstable();
    assert_eq!(keys, known);
}

/// A change to one place of a file.
#[derive(Clone, Debug)]
enum Mutation {
    Rename(String),
    Delete,
    Replace(Value),
    Insert(String, Value),
}

fn names() -> Vec<&'static str> {
    vec![
        "id",
        "do",
        "when",
        "locked",
        "all",
        "any",
        "none",
        "not",
        "title",
        "is",
        "contains",
        "matches",
        "flags",
        "at_least",
        "who",
        "on",
        "in",
        "between",
        "overnight",
        "rrule",
        "freq",
        "every",
        "unit",
        "forever",
        "value",
        "//",
        "//end",
        "list",
        "from",
        "people",
        "texts",
        "provided",
        "keep",
        "join",
        "before",
        "at_most",
        "x_free",
        "nonsense",
        "record",
        "by",
        "with",
        "hidden",
        "status",
    ]
}

fn values() -> Vec<Value> {
    vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1),
        json!(-1),
        json!(3),
        json!(2.5),
        json!(5_000_000_000_u64),
        json!(""),
        json!("record"),
        json!("skip"),
        json!("always_record"),
        json!("me"),
        json!("internal"),
        json!("accepted"),
        json!("mon"),
        json!("2026-03-02"),
        json!("09:00"),
        json!("PT10M"),
        json!("2026-03-02T10:00"),
        json!("a\nb"),
        json!("x\\"),
        json!("unless"),
        json!("i"),
        json!([]),
        json!(["mon"]),
        json!(["2026-03-02", "mon"]),
        json!([1, 2]),
        json!(["09:00", "17:00"]),
        json!(["a", {"value": "b", "//": "c"}]),
        json!({}),
        json!({"value": "record", "//": "c"}),
        json!({"flag": "has_link"}),
        json!({"is": "me"}),
        json!({"list": "a"}),
        json!({"before": "PT1M"}),
        json!({"value": {"before": "PT1M"}}),
        json!({"hidden": true}),
        json!({"at_most": "P1D"}),
        json!([{"flag": "has_link"}]),
        json!([[]]),
        json!(["@a.example", "x@y.example", "2026-12-24", "面接", {"value": "@", "//end": "c"}]),
        json!({"value": ["a@b@c"], "//": "c"}),
        json!({"texts": ["x@y.example"]}),
        json!({"value": {"texts": ["demo"]}}),
        json!("  two  spaces "),
        json!("a\u{7}b\r\nc\u{2028}d\u{feff}"),
        json!("# lint: allow x"),
        json!("lint: allow unused-name"),
    ]
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let name = || proptest::sample::select(names()).prop_map(str::to_owned);
    let value = || proptest::sample::select(values());
    prop_oneof![
        1 => name().prop_map(Mutation::Rename),
        1 => Just(Mutation::Delete),
        3 => value().prop_map(Mutation::Replace),
        2 => (name(), value()).prop_map(|(name, value)| Mutation::Insert(name, value)),
    ]
}

/// The number of places in a value.
fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(places).sum(),
        Value::Object(members) => members.values().map(places).sum::<usize>(),
        _ => 0,
    }
}

/// Applies `mutation` at the place of this number, counted from the outside in.
fn mutate(value: &mut Value, place: &mut usize, mutation: &Mutation) {
    if *place == 0 {
        *place = usize::MAX;
        match mutation {
            Mutation::Replace(by) => *value = by.clone(),
            Mutation::Insert(name, by) => match value {
                Value::Object(members) => drop(members.insert(name.clone(), by.clone())),
                Value::Array(items) => items.push(by.clone()),
                _ => {}
            },
            Mutation::Delete => match value {
                Value::Object(members) => drop(members.keys().next().cloned().and_then(|name| members.shift_remove(&name))),
                Value::Array(items) => drop(items.pop()),
                _ => {}
            },
            Mutation::Rename(name) => {
                if let Value::Object(members) = value
                    && let Some(old) = members.keys().next_back().cloned()
                    && let Some(moved) = members.shift_remove(&old)
                {
                    members.insert(name.clone(), moved);
                }
            }
        }
        return;
    }
    *place -= 1;
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| step(item, place, mutation)),
        Value::Object(members) => members.values_mut().for_each(|member| step(member, place, mutation)),
        _ => {}
    }
}

fn step(value: &mut Value, place: &mut usize, mutation: &Mutation) {
    if *place != usize::MAX {
        mutate(value, place, mutation);
    }
}

proptest! {
    #[test]
    fn every_printed_tree_is_valid(file in ast_strategy::file()) {
        let text = printer::json(&file);
        let value: Value = serde_json::from_str(&text).expect("printed JSON is JSON");
        let errors: Vec<String> = SCHEMA.iter_errors(&value).map(|error| format!("{} {error}", error.instance_path())).collect();
        prop_assert!(errors.is_empty(), "{:?}\n{}", errors, text);
    }

    #[test]
    fn schema_and_reader_accept_the_same(
        file in ast_strategy::file(),
        mutations in proptest::collection::vec((any::<proptest::sample::Index>(), mutation()), 1..3),
    ) {
        let mut value: Value = serde_json::from_str(&printer::json(&file)).expect("printed JSON is JSON");
        for (place, mutation) in &mutations {
            let mut place = place.index(places(&value));
            mutate(&mut value, &mut place, mutation);
        }
        if let Some(tree) = agree(&value) {
            let rules = printer::text(&tree);
            let (again, remarks) = rules_text::parse(SourceId(0), &rules, &roomy());
            prop_assert_eq!(&remarks, &vec![], "{}\n{}", &value, &rules);
            prop_assert_eq!(again, tree, "{}\n{}", value, rules);
        }
    }
}

/// Schema and reader say the same of a file; the tree where both accept it.
fn agree(value: &Value) -> Option<File> {
    let text = value.to_string();
    let (tree, diagnostics) = json::parse(SourceId(0), &text, &roomy());
    let refused = diagnostics.iter().any(|diagnostic| !BEYOND_SCHEMAS.contains(&diagnostic.code));
    assert_eq!(SCHEMA.is_valid(value), !refused, "{text}\n{diagnostics:#?}");
    if !diagnostics.is_empty() {
        return None;
    }
    let printed = printer::json(&tree);
    let (again, remarks) = json::parse(SourceId(0), &printed, &roomy());
    assert_eq!(remarks, [], "{text}\n{printed}");
    assert_eq!(again, tree, "{text}\n{printed}");
    Some(tree)
}

#[test]
fn schema_and_reader_agree_on_small_changes_everywhere_in_a_file() {
    let original: Value = serde_json::from_str(COMMENTED).expect("JSON");
    let replacements = values().into_iter().map(Mutation::Replace);
    let renames = names().into_iter().map(|name| Mutation::Rename(name.to_owned()));
    let insertions = names().into_iter().zip(values().into_iter().cycle().skip(1));
    let insertions = insertions.map(|(name, value)| Mutation::Insert(name.to_owned(), value));
    let mutations = replacements.chain(renames).chain(insertions).chain([Mutation::Delete]);
    for (index, mutation) in mutations.enumerate() {
        // Every place meets a quarter of the changes, and every change a quarter of the places.
        for place in (0..places(&original)).filter(|place| (place + index) % 4 == 0) {
            let mut value = original.clone();
            mutate(&mut value, &mut { place }, &mutation);
            agree(&value);
        }
    }
}

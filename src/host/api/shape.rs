//! Requests held to the schemas of the OpenAPI document: what the document says is what is checked, and nothing else.
//!
//! Only the keywords that the document uses are known; a schema with another one is found by a test.

use super::body::below;
use super::problem::FieldError;
use crate::time::Instant;
use serde_json::{Map, Value};

/// The named schemas of the document.
#[derive(Clone, Debug, Default)]
pub struct Shapes(pub Map<String, Value>);

/// Most errors that are told of.
const ERRORS_MAX: usize = 20;
/// Where the named schemas are.
pub const PLACE: &str = "#/components/schemas/";

impl Shapes {
    /// What of the value has not the form that the schema says; in the order of the value.
    #[must_use]
    pub fn errors(&self, schema: &Value, value: &Value) -> Vec<FieldError> {
        let mut errors = Vec::new();
        self.check(schema, value, "", &mut errors);
        errors.truncate(ERRORS_MAX);
        errors
    }

    /// The schema itself, where it is a reference.
    #[must_use]
    pub fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let name = schema.get("$ref").and_then(Value::as_str).and_then(|place| place.strip_prefix(PLACE));
        name.and_then(|name| self.0.get(name)).unwrap_or(schema)
    }

    fn check(&self, schema: &Value, value: &Value, at: &str, errors: &mut Vec<FieldError>) {
        let schema = self.resolved(schema);
        if errors.len() >= ERRORS_MAX {
            return;
        }
        let mut wrong = |why: String| errors.push(FieldError::new(at, why));
        if let Some(types) = schema.get("type")
            && !one_or_many(types).any(|name| is_of(value, name))
        {
            return wrong(format!("must be {}", listed(one_or_many(types).map(str::to_owned))));
        }
        if let Some(words) = schema.get("enum").and_then(Value::as_array)
            && !words.contains(value)
        {
            return wrong(format!("must be one of {}", listed(words.iter().map(Value::to_string))));
        }
        match value {
            Value::String(text) => check_text(schema, text, &mut wrong),
            Value::Number(_) => check_number(schema, value, &mut wrong),
            Value::Array(items) => self.check_items(schema, items, at, errors),
            Value::Object(members) => self.check_members(schema, members, at, errors),
            Value::Null | Value::Bool(_) => {}
        }
        self.check_choices(schema, value, at, errors);
    }

    fn check_choices(&self, schema: &Value, value: &Value, at: &str, errors: &mut Vec<FieldError>) {
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten() {
            self.check(part, value, at, errors);
        }
        let choices = schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array);
        let Some(choices) = choices else { return };
        let tried: Vec<Vec<FieldError>> = choices.iter().map(|choice| self.errors(choice, value)).collect();
        if tried.iter().any(Vec::is_empty) {
            return;
        }
        // What is wrong with the choice that was meant: the one that gets furthest into the value.
        let nearest = tried.into_iter().max_by_key(|errors| errors.iter().map(|error| error.field.len()).max());
        errors.extend(nearest.into_iter().flatten().map(|error| FieldError { field: format!("{at}{}", error.field), ..error }));
    }

    fn check_items(&self, schema: &Value, items: &[Value], at: &str, errors: &mut Vec<FieldError>) {
        if let Some(most) = bound(schema, "maxItems").filter(|most| items.len() > *most) {
            return errors.push(FieldError::new(at, format!("must have at most {most} items")));
        }
        if let Some(least) = bound(schema, "minItems").filter(|least| items.len() < *least) {
            return errors.push(FieldError::new(at, format!("must have at least {least} items")));
        }
        let Some(of) = schema.get("items") else { return };
        for (number, item) in items.iter().enumerate() {
            self.check(of, item, &format!("{at}/{number}"), errors);
        }
    }

    fn check_members(&self, schema: &Value, members: &Map<String, Value>, at: &str, errors: &mut Vec<FieldError>) {
        let known = schema.get("properties").and_then(Value::as_object);
        for (name, value) in members {
            match known.and_then(|known| known.get(name)) {
                Some(of) => self.check(of, value, &below(at, name), errors),
                None if schema.get("additionalProperties") == Some(&Value::Bool(false)) => {
                    errors.push(FieldError::new(below(at, name), "is not known"));
                }
                None => {}
            }
        }
        for name in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            if !members.contains_key(name) {
                errors.push(FieldError::new(below(at, name), "is missing"));
            }
        }
    }
}

fn check_text(schema: &Value, text: &str, wrong: &mut impl FnMut(String)) {
    let length = text.chars().count();
    if let Some(most) = bound(schema, "maxLength").filter(|most| length > *most) {
        return wrong(format!("must have at most {most} characters"));
    }
    if let Some(least) = bound(schema, "minLength").filter(|least| length < *least) {
        return wrong(format!("must have at least {least} characters"));
    }
    if schema.get("format").and_then(Value::as_str) == Some("date-time") && !is_instant(text) {
        wrong("must be an instant of RFC 3339, like `2026-03-02T09:00:00Z`".to_owned());
    }
}

/// Whether the text is an instant as RFC 3339 writes them, which is less than our parser reads.
fn is_instant(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = |range: std::ops::Range<usize>| bytes.get(range).is_some_and(|part| part.iter().all(u8::is_ascii_digit));
    let dated = digits(0..4) && digits(5..7) && digits(8..10) && digits(11..13) && digits(14..16) && digits(17..19);
    let marked = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')].iter().all(|(at, mark)| bytes.get(*at) == Some(mark));
    let parted = bytes.get(10).is_some_and(|mark| matches!(mark, b'T' | b't'));
    dated && marked && parted && text.parse::<Instant>().is_ok()
}

fn check_number(schema: &Value, value: &Value, wrong: &mut impl FnMut(String)) {
    let number = value.as_f64().unwrap_or_default();
    let least = schema.get("minimum").and_then(Value::as_f64);
    let most = schema.get("maximum").and_then(Value::as_f64);
    if least.is_some_and(|least| number < least) || most.is_some_and(|most| number > most) {
        wrong(match (least, most) {
            (Some(least), Some(most)) => format!("must be {least} to {most}"),
            (Some(least), None) => format!("must be at least {least}"),
            (_, most) => format!("must be at most {}", most.unwrap_or_default()),
        });
    }
}

fn bound(schema: &Value, keyword: &str) -> Option<usize> {
    schema.get(keyword).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok())
}

fn one_or_many(types: &Value) -> impl Iterator<Item = &str> {
    let many = types.as_array().map(Vec::as_slice).unwrap_or_default();
    types.as_str().into_iter().chain(many.iter().filter_map(Value::as_str))
}

fn is_of(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => false,
    }
}

fn listed(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" or ")
}

/// The value that a text of a query stands for, where the schema wants other than text; else the text.
#[must_use]
pub fn of_text(schema: &Value, text: &str) -> Value {
    let wants = |name: &str| schema.get("type").is_some_and(|types| one_or_many(types).any(|known| known == name));
    if wants("integer")
        && let Ok(number) = text.parse::<i64>()
        && number.to_string() == text
    {
        return Value::from(number);
    }
    match text {
        "true" if wants("boolean") => Value::Bool(true),
        "false" if wants("boolean") => Value::Bool(false),
        text => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use serde_json::json;

    fn check(schema: Value, values: &[Value], expected: Expect) {
        let shapes = Shapes(Map::from_iter([("Word".to_owned(), json!({ "type": "string", "enum": ["a", "b"] }))]));
        let told = values.iter().map(|value| {
            let errors = shapes.errors(&schema, value);
            let lines: Vec<String> = errors.iter().map(|error| format!("{} {}", error.field, error.message)).collect();
            format!("{value}: {}\n", lines.join("; "))
        });
        expected.assert_eq(&told.collect::<String>());
    }

    #[test]
    fn every_field_that_is_wrong_is_named() {
        let schema = json!({
            "type": "object",
            "additionalProperties": false,
            "required": ["name"],
            "properties": {
                "name": { "type": "string", "minLength": 1, "maxLength": 3 },
                "word": { "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Word" }] },
                "at": { "type": ["string", "null"], "format": "date-time" },
                "days": { "type": "integer", "minimum": 1, "maximum": 60 },
                "list": { "type": "array", "maxItems": 2, "items": { "type": "boolean" } },
            },
        });
        let values = [
            json!({ "name": "ä€x", "word": null, "at": "2026-03-02T09:00:00Z", "days": 60, "list": [true] }),
            json!({ "name": "", "word": "c", "at": "tomorrow", "days": 61, "list": [true, 1] }),
            json!({ "nom/e": 1, "days": 1.5, "list": [true, true, true] }),
            json!({ "name": "aaaa", "word": 7, "at": "2026-02-30T09:00:00Z" }),
            json!([]),
        ];
        check(
            schema,
            &values,
            expect![[r#"
                {"name":"ä€x","word":null,"at":"2026-03-02T09:00:00Z","days":60,"list":[true]}: 
                {"name":"","word":"c","at":"tomorrow","days":61,"list":[true,1]}: /name must have at least 1 characters; /word must be one of "a" or "b"; /at must be an instant of RFC 3339, like `2026-03-02T09:00:00Z`; /days must be 1 to 60; /list/1 must be boolean
                {"nom/e":1,"days":1.5,"list":[true,true,true]}: /nom~1e is not known; /days must be integer; /list must have at most 2 items; /name is missing
                {"name":"aaaa","word":7,"at":"2026-02-30T09:00:00Z"}: /name must have at most 3 characters; /word must be string; /at must be an instant of RFC 3339, like `2026-03-02T09:00:00Z`
                []:  must be object
            "#]],
        );
    }
}

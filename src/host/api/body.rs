//! JSON as it is taken here: no member twice, no more than so deep, nothing after the end.

use super::problem::{FieldError, Problem};
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};
use std::fmt;

/// Deepest nesting.
const DEPTH_MAX: usize = 32;
/// Most errors that are told of.
const ERRORS_MAX: usize = 20;

/// The value of a text.
///
/// # Errors
/// A problem that names by its JSON pointer a member that stands twice, or the value in which the text is no JSON.
pub fn parse(bytes: &[u8]) -> Result<Value, Problem> {
    let (mut doubled, mut at) = (Vec::new(), String::new());
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let read = Node { pointer: String::new(), depth: 0, doubled: &mut doubled, at: &mut at }.deserialize(&mut reader);
    let value = read.and_then(|value| reader.end().map(|()| value)).map_err(|error| {
        let what = if error.to_string().starts_with(TOO_DEEP) { "nested too deep" } else { "no JSON" };
        Problem::field(at, format!("is {what}: line {}, column {}", error.line(), error.column()))
    })?;
    if doubled.is_empty() { Ok(value) } else { Err(Problem::fields(doubled)) }
}

/// The pointer of a member or item.
#[must_use]
pub fn below(pointer: &str, name: &str) -> String {
    format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1"))
}

const TOO_DEEP: &str = "nested too deep";

/// One value on its way in.
struct Node<'a> {
    pointer: String,
    depth: usize,
    doubled: &'a mut Vec<FieldError>,
    /// The pointer of the innermost value that was begun and not ended.
    at: &'a mut String,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        self.at.clone_from(&self.pointer);
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        if self.depth == DEPTH_MAX {
            return Err(A::Error::custom(TOO_DEEP));
        }
        let mut list = Vec::new();
        loop {
            let pointer = format!("{}/{}", self.pointer, list.len());
            let node = Node { pointer, depth: self.depth + 1, doubled: self.doubled, at: self.at };
            let Some(item) = items.next_element_seed(node)? else { break };
            self.at.clone_from(&self.pointer);
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        if self.depth == DEPTH_MAX {
            return Err(A::Error::custom(TOO_DEEP));
        }
        let mut map = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let pointer = below(&self.pointer, &name);
            let node = Node { pointer: pointer.clone(), depth: self.depth + 1, doubled: self.doubled, at: self.at };
            let value = members.next_value_seed(node)?;
            self.at.clone_from(&self.pointer);
            if map.insert(name, value).is_some() && self.doubled.len() < ERRORS_MAX {
                self.doubled.push(FieldError::new(pointer, "stands twice"));
            }
        }
        Ok(Value::Object(map))
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use expect_test::{Expect, expect};

    fn check(texts: &[&str], expected: Expect) {
        let told = texts.iter().map(|text| match parse(text.as_bytes()) {
            Ok(value) => format!("{value}\n"),
            Err(problem) => format!("{}\n", problem.detail),
        });
        expected.assert_eq(&told.collect::<String>());
    }

    #[test]
    fn what_is_ambiguous_or_endless_is_no_body() {
        let deep = "[".repeat(33) + &"]".repeat(33);
        check(
            &[
                r#"{"a": [1, -2, 2.5, "x", null, true]}"#,
                r#"{"a": 1, "a": 1}"#,
                r#"{"a": {"b/c": [{"d": 1, "d": 2}]}, "e": 1, "e": 2}"#,
                r#"{"a": 1} {"#,
                "{'a': 1}",
                "",
                r#"{"a": "\ud800"}"#,
                "{\"a\": NaN}",
                "{\"a\": 1e999}",
                &deep,
                &deep[1..65],
            ],
            expect![[r#"
                {"a":[1,-2,2.5,"x",null,true]}
                `/a` stands twice
                2 fields have the wrong form
                the body is no JSON: line 1, column 10
                the body is no JSON: line 1, column 2
                the body is no JSON: line 1, column 0
                `/a` is no JSON: line 1, column 14
                `/a` is no JSON: line 1, column 7
                `/a` is no JSON: line 1, column 11
                `/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0` is nested too deep: line 1, column 34
                [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]
            "#]],
        );
    }
}

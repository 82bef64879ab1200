//! The published schema, made from the table.

use crate::syntax::json::shape::{Array, Comments, Def, Map, Member, Object, OnlyWith, Shape, Text, Type, Variant};
use crate::syntax::json::table;
use crate::syntax::names::RESERVED;
use serde_json::{Map as Json, Value, json};

/// The JSON Schema (2020-12) of the JSON form, as `grammar/rules.schema.json` holds it.
///
/// A file that it accepts, the reader accepts, and the other way round, but for what JSON Schema cannot say: members written
/// twice, dates that no calendar has, whole numbers written with a point, nesting and the other limits of the language,
/// `lint:` comments that cannot be read.
#[must_use]
pub fn schema() -> Value {
    let mut defs = Defs::default();
    let file = defs.object(&table::FILE);
    let mut schema = Json::new();
    schema.insert("$schema".to_owned(), json!("https://json-schema.org/draft/2020-12/schema"));
    schema.insert("title".to_owned(), json!("callsheet rules"));
    schema.insert("description".to_owned(), json!("Which meetings get a recording bot: the JSON form of a callsheet rule file."));
    if let Value::Object(file) = file {
        schema.extend(file);
    }
    schema.insert("$defs".to_owned(), Value::Object(defs.done));
    Value::Object(schema)
}

#[derive(Default)]
struct Defs {
    done: Json<String, Value>,
}

impl Defs {
    fn shape(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Text(text) => self.text(text),
            Shape::Word(words) => json!({ "enum": words.words }),
            Shape::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Shape::Flag => json!({ "type": "boolean" }),
            Shape::True => json!({ "const": true }),
            Shape::Version => json!({ "const": 1 }),
            Shape::Array(array) => self.array(array),
            Shape::Object(object) => self.object(object),
            Shape::Map(map) => self.map(map),
            Shape::AnyOf(shapes) => {
                let schemas = shapes.iter().map(|shape| self.shape(shape)).collect();
                any_of(schemas)
            }
            Shape::Commented(inner) => self.commented(inner),
            Shape::Def(def) => self.def(def()),
        }
    }

    fn def(&mut self, def: &Def) -> Value {
        if !self.done.contains_key(def.name) {
            // Holds the place, since definitions may contain themselves.
            self.done.insert(def.name.to_owned(), Value::Null);
            let schema = described(self.shape(&def.shape), def.about);
            self.done.insert(def.name.to_owned(), schema);
        }
        json!({ "$ref": format!("#/$defs/{}", def.name) })
    }

    /// A string. Patterns stand once, under the name that the table has for them.
    fn text(&mut self, text: &Text) -> Value {
        let Some(pattern) = text.pattern else {
            return json!({ "type": "string" });
        };
        let id = text.id.to_lowercase();
        if !self.done.contains_key(&id) {
            let mut schema = json!({ "description": sentence(text.about), "type": "string", "pattern": pattern });
            if text.name {
                schema["not"] = json!({ "enum": RESERVED });
            }
            self.done.insert(id.clone(), schema);
        }
        json!({ "$ref": format!("#/$defs/{id}") })
    }

    fn array(&mut self, array: &Array) -> Value {
        let mut schema = json!({ "type": "array", "items": self.shape(&array.item) });
        let (least, most) = array.len;
        if least > 0 {
            schema["minItems"] = json!(least);
        }
        if most < usize::MAX {
            schema["maxItems"] = json!(most);
        }
        schema
    }

    fn map(&mut self, map: &Map) -> Value {
        json!({
            "type": "object",
            "propertyNames": self.text(map.key),
            "additionalProperties": self.shape(&map.value),
        })
    }

    /// The value bare; wrapped with comments, unless it is an object, which carries them itself.
    fn commented(&mut self, inner: &Shape) -> Value {
        let (objects, others): (Vec<&Shape>, Vec<&Shape>) =
            inner.choices().into_iter().partition(|shape| shape.types() == [Type::Object]);
        let bare: Vec<Value> = others.into_iter().map(|shape| self.shape(shape)).collect();
        let mut properties = Json::new();
        properties.insert("value".to_owned(), any_of(bare.clone()));
        self.comments(Comments::Around, &mut properties);
        let wrapped = json!({
            "type": "object",
            "properties": properties,
            "required": ["value"],
            "additionalProperties": false,
        });
        let mut schemas = bare;
        schemas.push(wrapped);
        schemas.extend(objects.into_iter().map(|shape| self.shape(shape)));
        any_of(schemas)
    }

    fn object(&mut self, object: &Object) -> Value {
        let mut schemas: Vec<Value> = object.variants.iter().map(|variant| self.variant(object, variant)).collect();
        let mut schema = if schemas.len() == 1 { schemas.remove(0) } else { any_of(schemas) };
        if !object.only_with.is_empty() {
            schema["allOf"] = object.only_with.iter().map(only_with).collect();
        }
        schema
    }

    fn variant(&mut self, object: &Object, variant: &Variant) -> Value {
        let mut properties = Json::new();
        for member in variant.head.iter().chain(variant.with).chain(object.optional) {
            properties.insert(member.name.to_owned(), self.member(member));
        }
        self.comments(object.comments, &mut properties);
        let mut schema = json!({ "type": "object", "properties": properties });
        if let Some((pattern, shape)) = object.free {
            let pattern = pattern.pattern.unwrap_or_default();
            schema["patternProperties"] = json!({ pattern: self.shape(&shape) });
        }
        if !variant.head.is_empty() {
            schema["required"] = variant.head.iter().map(|member| member.name).collect();
        }
        schema["additionalProperties"] = json!(false);
        schema
    }

    fn member(&mut self, member: &Member) -> Value {
        described(self.shape(&member.shape), member.about)
    }

    fn comments(&mut self, comments: Comments, properties: &mut Json<String, Value>) {
        let lines = || json!({ "$ref": "#/$defs/comment" });
        if comments == Comments::Outside {
            return;
        }
        let end = if comments == Comments::File {
            described(lines(), "Comments after the last piece.")
        } else {
            json!({ "$ref": "#/$defs/comment_at_end" })
        };
        properties.insert("//".to_owned(), lines());
        properties.insert("//end".to_owned(), end);
        if !self.done.contains_key("comment") {
            let lines = described(self.shape(&table::LINES), "Comments before this, a line each.");
            let line = described(self.shape(&table::LINE), "A comment on the line where this ends.");
            self.done.insert("comment".to_owned(), lines);
            self.done.insert("comment_at_end".to_owned(), line);
        }
    }
}

/// A member that is written and not false needs another to be one of some words; a word may carry comments.
fn only_with(rule: &OnlyWith) -> Value {
    let (member, other) = (rule.member, rule.other);
    let wrapped = json!({ "type": "object", "properties": { "value": { "enum": rule.words } } });
    json!({
        "if": { "required": [member], "properties": { member: { "not": { "const": false } } } },
        "then": { "properties": { other: { "anyOf": [{ "enum": rule.words }, wrapped] } } },
    })
}

fn any_of(mut schemas: Vec<Value>) -> Value {
    if schemas.len() == 1 { schemas.remove(0) } else { json!({ "anyOf": schemas }) }
}

/// With a capital letter and a full stop.
fn sentence(about: &str) -> String {
    let mut characters = about.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(characters).chain(['.']).collect()
}

/// `schema` with a description in front.
fn described(schema: Value, about: &str) -> Value {
    let mut described = Json::new();
    described.insert("description".to_owned(), json!(about));
    if let Value::Object(schema) = schema {
        described.extend(schema);
    }
    Value::Object(described)
}

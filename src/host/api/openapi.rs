//! The OpenAPI document, made from the routes and their types.

use super::problem::Kind;
use super::route::{NAME_CHARS_MAX, Route, Routes};
use axum::http::Method;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The document.
#[must_use]
pub fn document(routes: &Routes) -> Value {
    let mut schemas = routes.schemas.written();
    schemas.insert("Problem".to_owned(), problem());
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in &routes.list {
        let operation = operation(route, &schemas);
        paths.entry(route.path).or_default().insert(route.method.as_str().to_lowercase(), operation);
    }
    // Queries stand in their operations.
    let queries: BTreeSet<&str> = routes.list.iter().map(|route| route.query.as_str()).collect();
    schemas.retain(|name, _| !queries.contains(name.as_str()));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "callsheet",
            "version": "1",
            "description": "Which meetings get a recording bot, and when: calendars, rules, decisions, bots and webhooks of one tenant. \
                Every refusal is a problem of RFC 9457. Instants are RFC 3339 in UTC. See docs/api.md.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "key": [] }],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": { "type": "http", "scheme": "bearer", "description": "A key of `callsheet admin keys add`: `cs_live_…`." },
            },
        },
    })
}

/// The schemas that requests are held to: those of the document, and those of queries.
#[must_use]
pub fn shapes(routes: &Routes) -> Map<String, Value> {
    routes.schemas.written()
}

fn problem() -> Value {
    let kinds = Kind::ALL.iter().map(|kind| format!("- `/problems/{}` ({}): {}", kind.word(), kind.status(), kind.title()));
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "type": "object",
        "description": format!("A refusal (RFC 9457). Its `type` is one of\n\n{}", kinds.collect::<Vec<_>>().join("\n")),
        "required": ["type", "title", "status", "detail", "instance"],
        "properties": {
            "type": { "type": "string", "enum": Kind::ALL.iter().map(|kind| format!("/problems/{}", kind.word())).collect::<Vec<_>>() },
            "title": text("What it says to people, the same for every refusal of the type."),
            "status": { "type": "integer" },
            "detail": text("What exactly."),
            "instance": text("Names the request; it stands in `X-Request-Id` as well."),
            "errors": {
                "type": "array",
                "description": "The fields that it is about.",
                "items": {
                    "type": "object",
                    "required": ["field", "message"],
                    "properties": {
                        "field": text("A JSON pointer into the body, or the name of a parameter or header."),
                        "message": text("What is wrong with it."),
                    },
                },
            },
            "findings": { "type": "array", "items": { "type": "object" }, "description": "What the check of rules found." },
        },
    })
}

fn operation(route: &Route, schemas: &Map<String, Value>) -> Value {
    let mut parameters: Vec<Value> = Vec::new();
    for name in path_parameters(route.path) {
        let schema = json!({ "type": "string", "minLength": 1, "maxLength": NAME_CHARS_MAX });
        parameters.push(json!({ "name": name, "in": "path", "required": true, "schema": schema }));
    }
    if let Some(query) = schemas.get(&route.query) {
        parameters.extend(query_parameters(query));
    }
    if route.method == Method::POST {
        parameters.push(json!({
            "name": "Idempotency-Key", "in": "header", "required": false,
            "description": "Under one key a request is done once within 24 hours; repeated, it is answered as before, without secrets.",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$" },
        }));
    }
    if route.doc.refusals.contains(&Kind::Stale) {
        parameters.push(json!({
            "name": "If-Match", "in": "header", "required": false,
            "description": "The ETag of the version that is to be replaced.",
            "schema": { "type": "string", "pattern": "^\"[0-9]{1,18}\"$" },
        }));
    }
    let mut operation = json!({
        "operationId": route.doc.id,
        "tags": [route.doc.tag],
        "summary": route.doc.summary,
        "description": format!("Needs the scope `{}`.", route.doc.scope.word()),
        "parameters": parameters,
        "responses": responses(route),
    });
    if !route.body.is_empty() {
        operation["requestBody"] = json!({ "required": true, "content": content(&route.body) });
    }
    operation
}

/// The names in braces.
pub fn path_parameters(path: &str) -> impl Iterator<Item = &str> {
    path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
}

fn query_parameters(schema: &Value) -> Vec<Value> {
    let required = |name: &str| schema["required"].as_array().is_some_and(|names| names.iter().any(|known| known == name));
    let properties = schema.get("properties").and_then(Value::as_object);
    let parameter = |(name, of): (&String, &Value)| {
        let mut of = of.clone();
        let description = of.as_object_mut().and_then(|of| of.remove("description")).unwrap_or_default();
        // A parameter is there or not; it is never null.
        if let Some(types) = of.get("type").and_then(Value::as_array) {
            let one = types.iter().find(|name| *name != "null").cloned().unwrap_or_default();
            of["type"] = one;
        }
        if let Some(choices) = of.get("oneOf").and_then(Value::as_array) {
            of = choices.iter().find(|choice| choice["type"] != "null").cloned().unwrap_or_default();
        }
        json!({ "name": name, "in": "query", "required": required(name), "description": description, "schema": of })
    };
    properties.into_iter().flatten().map(parameter).collect()
}

fn content(kinds: &[(&'static str, Value)]) -> Value {
    Value::Object(kinds.iter().map(|(kind, schema)| ((*kind).to_owned(), json!({ "schema": schema }))).collect())
}

/// What a route can be refused for.
pub fn refusals(route: &Route) -> BTreeSet<Kind> {
    let mut kinds = BTreeSet::from([
        Kind::Invalid,
        Kind::Unauthorized,
        Kind::Forbidden,
        Kind::Slow,
        Kind::Limited,
        Kind::Failed,
        Kind::Unavailable,
    ]);
    kinds.extend(route.doc.refusals);
    if path_parameters(route.path).next().is_some() {
        // A path with an empty name is another path.
        kinds.extend([Kind::Absent, Kind::Method]);
    }
    // Where none is wanted, a large one is refused all the same.
    kinds.insert(Kind::Large);
    if !route.body.is_empty() {
        kinds.insert(Kind::MediaType);
    }
    // A cursor that the list did not give.
    kinds.insert(Kind::Refused);
    if route.method != Method::GET {
        kinds.insert(Kind::Conflict);
    }
    if route.method == Method::POST {
        kinds.insert(Kind::Reused);
    }
    kinds
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    let mut answer = json!({ "description": "As asked for." });
    if !route.answer.is_empty() {
        answer["content"] = content(&route.answer);
    }
    responses.insert(route.status.to_string(), answer);
    let mut by_status: BTreeMap<u16, Vec<String>> = BTreeMap::new();
    for kind in refusals(route) {
        by_status.entry(kind.status()).or_default().push(format!("`{}`: {}.", kind.word(), kind.title()));
    }
    for (status, why) in by_status {
        let schema = json!({ "schema": { "$ref": "#/components/schemas/Problem" } });
        let content = json!({ "application/problem+json": schema });
        responses.insert(status.to_string(), json!({ "description": why.join(" "), "content": content }));
    }
    Value::Object(responses)
}

//! The programming interface of the real program: what it refuses, to whom, and what it does. Most of it is made from the OpenAPI
//! document, so that a route that is added is tested.

use crate::served_api::{Answer, CANARY, LEAK, Stage, USER};
use expect_test::expect;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// An operation of the document.
struct Operation {
    method: String,
    path: String,
    about: Value,
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().expect("paths") {
        for (method, about) in methods.as_object().expect("methods") {
            all.push(Operation { method: method.to_uppercase(), path: path.clone(), about: about.clone() });
        }
    }
    assert!(all.len() > 30);
    all
}

impl Operation {
    fn id(&self) -> &str {
        self.about["operationId"].as_str().expect("a name")
    }

    fn parameters(&self, place: &str) -> Vec<&Value> {
        let all = self.about["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(|parameter| parameter["in"] == place).collect()
    }

    /// The path with every parameter as `name` has it, and every query parameter that must be there.
    fn at(&self, document: &Value, name: impl Fn(&str) -> String) -> String {
        let mut path = self.path.clone();
        for parameter in self.parameters("path") {
            let parameter = parameter["name"].as_str().expect("a name");
            path = path.replace(&format!("{{{parameter}}}"), &name(parameter));
        }
        let needed = self.parameters("query").into_iter().filter(|parameter| parameter["required"] == true);
        let pairs: Vec<String> = needed
            .map(|parameter| {
                format!("{}={}", parameter["name"].as_str().expect("a name"), plain(&fitting(document, &parameter["schema"])))
            })
            .collect();
        if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) }
    }

    /// The schema of its JSON body.
    fn schema<'a>(&'a self, document: &'a Value) -> Option<&'a Value> {
        let schema = self.about["requestBody"]["content"]["application/json"].get("schema")?;
        Some(resolved(document, schema)).filter(|schema| schema.get("properties").is_some())
    }

    /// Its first kind of body.
    fn kind(&self) -> Option<String> {
        self.about["requestBody"]["content"].as_object().and_then(|content| content.keys().next().cloned())
    }
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(place) => document.pointer(place.trim_start_matches('#')).expect("it is there"),
        None => schema,
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The types that a schema allows.
fn types(document: &Value, schema: &Value) -> Vec<String> {
    let schema = resolved(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        return choices.iter().flat_map(|choice| types(document, choice)).collect();
    }
    match &schema["type"] {
        Value::String(one) => vec![one.clone()],
        many => many.as_array().into_iter().flatten().map(plain).collect(),
    }
}

/// A value of a schema.
fn fitting(document: &Value, schema: &Value) -> Value {
    let schema = resolved(document, schema);
    if let Some(choices) = schema["oneOf"].as_array() {
        return fitting(document, choices.iter().find(|choice| choice["type"] != "null").expect("a choice"));
    }
    if let Some(words) = schema["enum"].as_array() {
        return words[0].clone();
    }
    match types(document, schema).first().map(String::as_str) {
        Some("boolean") => json!(true),
        Some("integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("array") => json!([fitting(document, &schema["items"])]),
        Some("object") => {
            let members = schema["properties"].as_object().into_iter().flatten();
            Value::Object(members.map(|(name, of)| (name.clone(), fitting(document, of))).collect())
        }
        _ if schema["format"] == "date-time" => json!("2036-03-02T09:00:00Z"),
        _ => json!("x"),
    }
}

/// Values that a schema does not allow.
fn unfitting(document: &Value, schema: &Value) -> Vec<Value> {
    let schema = resolved(document, schema);
    let types = types(document, schema);
    let all = [json!(true), json!(1), json!(1.5), json!("x"), json!([1]), json!({ "x": 1 }), Value::Null];
    let name = |value: &Value| match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let mut wrong: Vec<Value> = all.into_iter().filter(|value| !types.iter().any(|known| known == name(value))).collect();
    let number = |keyword: &str| schema[keyword].as_u64();
    wrong.extend(number("maxLength").map(|most| json!("x".repeat(most as usize + 1))));
    wrong.extend(number("minLength").filter(|least| *least > 0).map(|least| json!("x".repeat(least as usize - 1))));
    wrong.extend(number("maximum").map(|most| json!(most + 1)));
    wrong.extend(number("minimum").filter(|least| *least > 0).map(|least| json!(least - 1)));
    wrong.extend(number("maxItems").map(|most| json!(vec![fitting(document, &schema["items"]); most as usize + 1])));
    if schema["format"] == "date-time" {
        wrong.extend([json!("tomorrow"), json!("2026-02-30T00:00:00Z"), json!("2026-03-02")]);
    }
    if schema.get("enum").is_some() || schema.get("oneOf").is_some() {
        wrong.push(json!("no such word"));
    }
    wrong
}

/// Items that a list must not hold.
fn unfitting_items(document: &Value, schema: &Value) -> Vec<Value> {
    let schema = resolved(document, schema);
    schema.get("items").map_or_else(Vec::new, |items| unfitting(document, items).into_iter().map(|item| json!([item])).collect())
}

/// Whether the problem names the field, or what stands in it.
fn names(answer: &Answer, field: &str) -> bool {
    let problem = answer.problem();
    let errors = problem["errors"].as_array().cloned().unwrap_or_default();
    errors
        .iter()
        .any(|error| error["field"].as_str().is_some_and(|named| named == field || named.starts_with(&format!("{field}/"))))
}

#[test]
fn every_field_that_is_wrong_is_named() {
    Stage::each("api-fields", |stage| {
        let document = stage.document();
        let mut tried = 0;
        for operation in operations(&document) {
            let path = operation.at(&document, |_| "1".to_owned());
            let (method, kind) = (operation.method.as_str(), operation.kind());
            let headers: Vec<(&str, &str)> = kind.iter().map(|kind| ("content-type", kind.as_str())).collect();
            let body = match (operation.schema(&document), &kind) {
                (Some(schema), _) => fitting(&document, schema).to_string(),
                (None, Some(_)) => "x".to_owned(),
                (None, None) => String::new(),
            };
            let mut check = |answer: Answer, status: u16, field: &str, what: &str| {
                tried += 1;
                assert_eq!(answer.status, status, "{} {what} {field}: {}", operation.id(), answer.body);
                assert!(status != 400 || names(&answer, field), "{} {what} {field}: {}", operation.id(), answer.body);
                answer.problem();
            };
            let ask = |path: &str, headers: &[(&str, &str)], body: &[u8]| stage.ask(method, path, "all", headers, body);
            let glue = if path.contains('?') { '&' } else { '?' };
            check(ask(&format!("{path}{glue}nonsense=1"), &headers, body.as_bytes()), 400, "nonsense", "unknown parameter");
            for parameter in operation.parameters("query") {
                let name = parameter["name"].as_str().expect("a name");
                let value = plain(&fitting(&document, &parameter["schema"]));
                if parameter["required"] != true {
                    let twice = format!("{path}{glue}{name}={value}&{name}={value}");
                    check(ask(&twice, &headers, body.as_bytes()), 400, name, "twice");
                }
                let bare = path.split('?').next().expect("a path");
                check(ask(&format!("{bare}?{name}=%ff"), &headers, body.as_bytes()), 400, name, "no UTF-8");
                for wrong in unfitting(&document, &parameter["schema"]) {
                    let text = plain(&wrong).replace(' ', "%20").replace(['"', '{', '}', '[', ']'], "-");
                    if types(&document, &parameter["schema"]).iter().any(|known| known == "string") && !wrong.is_string() {
                        continue;
                    }
                    // What reads as the right type is none of the wrong ones.
                    let reads = types(&document, &parameter["schema"]).iter().any(|known| match known.as_str() {
                        "boolean" => text == "true",
                        "integer" => text == "1",
                        _ => false,
                    });
                    if !reads {
                        check(ask(&format!("{bare}?{name}={text}"), &headers, body.as_bytes()), 400, name, "wrong");
                    }
                }
            }
            let Some(kind) = &kind else {
                check(ask(&path, &[], b"{}"), 400, "", "body where none is wanted");
                continue;
            };
            check(ask(&path, &[], body.as_bytes()), 415, "", "no content type");
            check(ask(&path, &[("content-type", "application/xml")], body.as_bytes()), 415, "", "wrong content type");
            check(ask(&path, &[("content-type", kind), ("content-encoding", "gzip")], body.as_bytes()), 415, "", "encoded");
            check(ask(&path, &headers, &[b'"', 0xff, b'"']), 400, "", "no UTF-8");
            check(ask(&path, &headers, &vec![b' '; 256 * 1024 + 1]), 413, "", "too large");
            let Some(schema) = operation.schema(&document) else { continue };
            let Value::Object(good) = fitting(&document, schema) else { panic!("an object") };
            let put = |name: &str, value: Value| {
                let mut members = good.clone();
                members.insert(name.to_owned(), value);
                Value::Object(members).to_string()
            };
            check(ask(&path, &headers, b"[]"), 400, "", "no object");
            check(ask(&path, &headers, put("nonsense", json!(1)).as_bytes()), 400, "/nonsense", "unknown");
            for (name, of) in schema["properties"].as_object().expect("members") {
                let field = format!("/{name}");
                for wrong in unfitting(&document, of) {
                    check(ask(&path, &headers, put(name, wrong).as_bytes()), 400, &field, "wrong");
                }
                for wrong in unfitting_items(&document, of) {
                    check(ask(&path, &headers, put(name, wrong).as_bytes()), 400, &format!("{field}/0"), "wrong item");
                }
                if types(&document, of).iter().any(|known| known == "string") {
                    // Half of a pair is no character, in whatever field it stands.
                    let body = put(name, json!("HALF")).replace("HALF", "\\ud800");
                    check(ask(&path, &headers, body.as_bytes()), 400, &field, "half a character");
                }
                let twice = format!("{{\"{name}\":1,{}", &put(name, fitting(&document, of))[1..]);
                check(ask(&path, &headers, twice.as_bytes()), 400, &field, "twice");
                if schema["required"].as_array().is_some_and(|names| names.contains(&json!(name))) {
                    let without: Map<String, Value> =
                        good.iter().filter(|(known, _)| *known != name).map(|(k, v)| (k.clone(), v.clone())).collect();
                    check(ask(&path, &headers, Value::Object(without).to_string().as_bytes()), 400, &field, "missing");
                }
            }
        }
        assert!(tried > 300, "{tried}");
    });
}

#[test]
fn nobody_comes_in_without_a_key_that_allows_it() {
    Stage::each("api-keys", |stage| {
        let document = stage.document();
        for operation in operations(&document) {
            let path = operation.at(&document, |_| "1".to_owned());
            let method = operation.method.as_str();
            for key in ["", "revoked"] {
                let answer = stage.ask(method, &path, key, &[], b"");
                assert_eq!((answer.status, answer.problem()["type"].clone()), (401, json!("/problems/unauthorized")), "{path}");
                assert_eq!(answer.headers["www-authenticate"], "Bearer");
            }
            for scheme in ["Basic YTpi", "Bearer x", "Bearer cs_live_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
                assert_eq!(stage.ask(method, &path, "", &[("authorization", scheme)], b"").status, 401);
            }
            let needed = operation.about["description"].as_str().and_then(|text| text.split('`').nth(1)).expect("a scope");
            for scope in ["read", "write", "connect", "admin"] {
                let status = stage.ask(method, &path, scope, &[], b"").status;
                if scope != needed {
                    assert_eq!(status, 403, "{} with {scope}", operation.id());
                }
            }
        }
        assert_eq!(stage.get("all", "/v1/nothing").problem()["type"], "/problems/not-found");
        assert_eq!(stage.ask("PATCH", "/v1/events", "all", &[], b"").problem()["type"], "/problems/method-not-allowed");
    });
}

#[test]
fn keys_make_no_more_than_themselves_and_the_last_one_stays() {
    Stage::each("api-own-keys", |stage| {
        let make = |key: &str, scopes: Value| {
            let body = json!({ "name": "ci", "scopes": scopes }).to_string();
            stage.ask("POST", "/v1/keys", key, &[("content-type", "application/json"), ("idempotency-key", "k")], body.as_bytes())
        };
        let bearer = |secret: &str| format!("Bearer {secret}");
        let first = make("all", json!(["read", "read"]));
        let secret = plain(&first.json()["secret"]);
        assert!(first.status == 201 && secret.starts_with("cs_live_"), "{first:?}");
        assert_eq!(first.json()["scopes"], json!(["read"]));
        assert_eq!(make("all", json!(["read", "read"])).json()["secret"], Value::Null, "shown once");
        let look = |secret: &str, path: &str| stage.ask("GET", path, "", &[("authorization", &bearer(secret))], b"").status;
        assert_eq!((look(&secret, "/v1/events"), look(&secret, "/v1/keys")), (200, 403));
        // One with `admin` alone gives nothing else.
        let body = json!({ "name": "more", "scopes": ["admin", "write"] });
        let more = stage.ask("POST", "/v1/keys", "admin", &[("content-type", "application/json")], body.to_string().as_bytes());
        assert_eq!((more.status, names(&more, "/scopes")), (422, true), "{more:?}");
        let all = stage.get("all", "/v1/keys?limit=200").json();
        let all = all["items"].as_array().expect("items");
        assert!(!all.iter().any(|key| key["secret"] != Value::Null) && all.len() >= 7, "{all:?}");
        let remove = |id: &Value| stage.ask("DELETE", &format!("/v1/keys/{}", plain(id)), "all", &[], b"");
        assert_eq!(remove(&first.json()["id"]).status, 204);
        assert_eq!(look(&secret, "/v1/events"), 401);
        // `admin` goes, and `all`, which asks, is the last one.
        let named = |name: &str| all.iter().find(|key| key["name"] == name).expect("it is there")["id"].clone();
        assert_eq!(remove(&named("admin")).status, 204);
        assert_eq!(remove(&named("all")).problem()["type"], "/problems/refused");
        assert_eq!(stage.get("all", "/v1/keys").status, 200);
        let audit = stage.get("all", "/v1/audit?limit=200").json();
        let lines = audit["items"].as_array().expect("lines").iter();
        let lines: Vec<String> = lines.map(|line| plain(&line["action"])).filter(|action| action.starts_with("key.")).collect();
        assert_eq!(lines, ["key.made", "key.revoked", "key.revoked"]);
    });
}

/// What the command line does, the host sees without being told.
#[test]
fn a_key_that_is_revoked_elsewhere_changes_nothing_and_soon_shows_nothing() {
    Stage::each("api-revoked", |stage| {
        let ids = stage.get("all", "/v1/keys?limit=200").json();
        let ids = ids["items"].as_array().expect("items").iter();
        let id = ids.clone().find(|key| key["name"] == "read").map(|key| plain(&key["id"])).expect("it is there");
        let writes = ids.clone().find(|key| key["name"] == "write").map(|key| plain(&key["id"])).expect("it is there");
        let tries = |stage: &Stage| stage.ask("PUT", "/v1/lists/a", "write", &[("content-type", "text/plain")], b"@a.example\n");
        assert_eq!((stage.get("read", "/v1/events").status, tries(stage).status), (200, 200));
        stage.admin(&["keys", "revoke", &writes]);
        assert_eq!(tries(stage).status, 401, "at once");
        stage.admin(&["keys", "revoke", &id]);
        let revoked = std::time::Instant::now();
        while stage.get("read", "/v1/events").status != 401 {
            assert!(revoked.elapsed() < BELIEVED + std::time::Duration::from_secs(2), "it still opens what it opened");
        }
    });
}

/// How long the guide says that a key may be believed, without what this machine takes for a request.
const BELIEVED: std::time::Duration = std::time::Duration::from_secs(2);

/// Where every list goes on after a page of one item, and the names of the items there.
fn second_pages(stage: &Stage, document: &Value, cursors: &mut BTreeMap<String, String>) -> BTreeMap<String, Value> {
    let mut pages = BTreeMap::new();
    for operation in operations(document).iter().filter(|operation| operation.method == "GET") {
        let pages_of = operation.parameters("query").iter().any(|parameter| parameter["name"] == "cursor");
        if !pages_of || operation.path.contains('{') {
            continue;
        }
        if !cursors.contains_key(operation.id()) {
            let first = stage.get("all", &format!("{}?limit=1", operation.path)).json();
            let Some(next) = first["next"].as_str() else { continue };
            cursors.insert(operation.id().to_owned(), next.to_owned());
        }
        let cursor = &cursors[operation.id()];
        let second = stage.get("all", &format!("{}?limit=1&cursor={cursor}", operation.path));
        assert_eq!(second.status, 200, "{}: {second:?}", operation.id());
        let item = &second.json()["items"][0];
        let name = ["id", "key", "number", "name"].iter().map(|member| &item[*member]).find(|name| !name.is_null());
        pages.insert(operation.id().to_owned(), name.cloned().unwrap_or_default());
    }
    pages
}

#[test]
fn cursors_and_watermarks_go_on_after_a_kill() {
    Stage::each("api-cursors", |stage| {
        let document = stage.document();
        for list in ["a", "b", "c"] {
            let path = format!("/v1/lists/{list}");
            assert_eq!(stage.ask("PUT", &path, "all", &[("content-type", "text/plain")], b"@a.example\n").status, 200);
        }
        let (mut cursors, watermark) = (BTreeMap::new(), stage.get("all", "/v1/event-changes?limit=200").json());
        let before = second_pages(stage, &document, &mut cursors);
        assert!(before.len() >= 4 && before.values().all(|name| !name.is_null()), "{before:?}");
        stage.restart();
        assert_eq!(second_pages(stage, &document, &mut cursors), before);
        let since = format!("/v1/event-changes?since={}", plain(&watermark["watermark"]));
        assert_eq!(stage.get("all", &since).status, 200);
        // One of nobody is still refused.
        let forged = "/v1/events?cursor=".to_owned() + &"A".repeat(60);
        assert_eq!(stage.get("all", &forged).problem()["type"], "/problems/refused");
    });
}

/// Ids of a tenant, by the parameter that names them.
fn ids(stage: &Stage, key: &str) -> BTreeMap<&'static str, String> {
    let lists = [
        ("calendar", "calendars"),
        ("connection", "connections"),
        ("event", "events"),
        ("bot", "bots"),
        ("webhook", "webhooks"),
        ("key", "keys"),
    ];
    let first = |list: &str| plain(&stage.get(key, &format!("/v1/{list}")).json()["items"][0]["id"]);
    let mut all: BTreeMap<_, _> = lists.into_iter().map(|(name, list)| (name, first(list))).collect();
    let text = [("content-type", "text/plain")];
    let rules = b"rule all:\n  record\n  when repeats\n";
    assert_eq!(stage.ask("PUT", &format!("/v1/users/{key}-user/rules"), key, &text, rules).status, 200);
    assert_eq!(stage.ask("PUT", "/v1/rules", key, &text, rules).status, 200);
    assert_eq!(stage.ask("PUT", &format!("/v1/lists/{key}-list"), key, &text, b"a.example\n").status, 200);
    all.extend([("user", format!("{key}-user")), ("list", format!("{key}-list")), ("version", "1".to_owned())]);
    all.extend([("flow", stage.flow(key))]);
    all
}

/// The answer without what differs between any two, and with the ids that were asked for taken out.
fn bare(mut answer: Answer, path: &str) -> Answer {
    for header in ["date", "x-request-id", "ratelimit", "content-length"] {
        answer.headers.remove(header);
    }
    if let Some(instance) =
        serde_json::from_str::<Value>(&answer.body).ok().and_then(|body| body["instance"].as_str().map(str::to_owned))
    {
        answer.body = answer.body.replace(&instance, "INSTANCE");
    }
    for part in path.split(['/', '?', '=']).filter(|part| part.len() > 3 || part.parse::<u64>().is_ok()) {
        answer.body = answer.body.replace(&format!("\"{part}\""), "\"ID\"");
    }
    answer
}

/// A second item in the lists of the first tenant.
fn more_of_each(stage: &Stage) {
    let text = [("content-type", "text/plain")];
    let rules = b"rule all:\n  record\n  when any attendee is external\n";
    for path in ["/v1/rules", "/v1/users/all-user/rules", "/v1/lists/zz-list"] {
        assert_eq!(stage.ask("PUT", path, "all", &text, rules).status / 100, 2, "{path}");
    }
    let made = [
        ("/v1/webhooks", json!({ "url": "https://hooks.example.com/second" })),
        ("/v1/bots", json!({ "link": "https://zoom.us/j/77712345678", "at": "2026-12-24T09:00:00Z" })),
    ];
    for (path, body) in made {
        assert_eq!(stage.send("POST", path, &body).status, 201, "{path}");
    }
    let events = stage.get("all", "/v1/events").json();
    for event in events["items"].as_array().expect("items").iter().filter(|event| event["decision"] == "record").take(2) {
        let path = format!("/v1/events/{}/override", plain(&event["id"]));
        assert_eq!(stage.send("PUT", &path, &json!({ "word": "stop", "user": USER })).status, 200, "{path}");
    }
}

/// Cursors, watermarks and the numbers in bodies: those of another tenant answer as those that nobody gave.
fn places_of_others(stage: &Stage, document: &Value, own: &BTreeMap<&str, String>) {
    let theirs = ids(stage, "other");
    more_of_each(stage);
    let mut given = BTreeMap::new();
    for operation in operations(document) {
        let Some(parameter) =
            ["cursor", "since"].into_iter().find(|name| operation.parameters("query").iter().any(|p| p["name"] == *name))
        else {
            continue;
        };
        // Of the first tenant, whose lists have at least two items where that can be.
        let first = stage.get("all", &format!("{}?limit=1", operation.at(document, |name| own[name].clone()))).json();
        let place = [&first["next"], &first["watermark"]].into_iter().find_map(Value::as_str).map(str::to_owned);
        let Some(place) = place else { continue };
        let path = operation.at(document, |name| theirs[name].clone());
        let asked = |place: &str| {
            let answer = stage.get("other", &format!("{path}?{parameter}={place}"));
            assert_eq!((answer.status, names(&answer, parameter)), (422, true), "{path}: {answer:?}");
            bare(answer, &path)
        };
        assert_eq!(asked(&place), asked(&"A".repeat(place.len())), "{path}");
        let again = stage.get("all", &format!("{}?{parameter}={place}", operation.at(document, |name| own[name].clone())));
        assert_eq!(again.status, 200, "{path}: its own tenant's goes on");
        given.insert(path, place);
    }
    assert!(given.len() >= 8, "{:?}", given.keys());
    // A place of one list is none of another.
    for (path, list) in [("/v1/events", "/v1/audit"), ("/v1/audit", "/v1/dispatches")] {
        let answer = stage.get("all", &format!("{path}?cursor={}", given.get(list).map_or("A", String::as_str)));
        assert_eq!(answer.status, 422, "{path} with {list}");
    }
    let replay = |event: &str| {
        let path = format!("/v1/webhooks/{}/replay", theirs["webhook"]);
        let body = json!({ "events": [event] }).to_string();
        bare(stage.ask("POST", &path, "other", &[("content-type", "application/json")], body.as_bytes()), &path)
    };
    assert_eq!(replay("1"), replay("999999"));
}

#[test]
fn what_is_anothers_answers_as_what_is_not_there() {
    Stage::each("api-foreign", |stage| {
        let document = stage.document();
        let (own, _) = (ids(stage, "all"), ids(stage, "other"));
        let before = stage.tables();
        let mut tried = 0;
        for operation in operations(&document).iter().filter(|operation| !operation.parameters("path").is_empty()) {
            let kind = operation.kind();
            let headers: Vec<(&str, &str)> = kind.iter().map(|kind| ("content-type", kind.as_str())).collect();
            let body = match (operation.schema(&document), &kind) {
                (Some(schema), _) => fitting(&document, schema).to_string(),
                (None, Some(_)) => "rule r:\n  record\n  when repeats\n".to_owned(),
                (None, None) => String::new(),
            };
            let foreign = operation.at(&document, |name| own[name].clone());
            let absent = operation.at(&document, |name| match name {
                "event" => own[name].chars().map(|c| if c == '0' { '1' } else { '0' }).collect(),
                "user" | "list" => format!("nobody-{}", own[name]),
                "version" => own[name].clone(),
                _ => "999999".to_owned(),
            });
            let ask = |path: &str| bare(stage.ask(&operation.method, path, "other", &headers, body.as_bytes()), path);
            let (foreign, absent) = (ask(&foreign), ask(&absent));
            assert_eq!(foreign, absent, "{}", operation.id());
            // Users, lists and versions have the names that each tenant gives: what answers is its own.
            let makes =
                operation.path.contains("/{user}/") || ["{list}", "{version}"].iter().any(|part| operation.path.contains(part));
            assert!(foreign.status == 404 || makes, "{}: {foreign:?}", operation.id());
            tried += 1;
        }
        assert!(tried > 15, "{tried}");
        places_of_others(stage, &document, &own);
        // And nothing of the first tenant has changed.
        let of_first = |tables: &BTreeMap<String, String>| {
            tables["endpoints"].matches(CANARY).count() + tables["rules"].matches("repeats").count()
        };
        assert!(of_first(&stage.tables()) >= of_first(&before));
        assert_eq!(ids(stage, "all"), own);
    });
}

#[test]
fn rules_are_tried_stored_and_followed() {
    Stage::each("api-rules", |stage| {
        let text = [("content-type", "text/plain")];
        let put = |path: &str, headers: &[(&str, &str)], rules: &str| stage.ask("PUT", path, "all", headers, rules.as_bytes());
        assert_eq!(stage.get("all", "/v1/rules").status, 404);
        let everything = "rule outside:\n  record\n  when any attendee is external\n";
        let tried = put("/v1/rules?dry_run=true", &text, everything).json();
        expect![[r#"{"version":1,"stored":false,"record":5,"skip":0}"#]].assert_eq(&told(&tried));
        assert_eq!(tried["changes"]["first"].as_array().map(Vec::len), Some(5));
        assert_eq!(stage.get("all", "/v1/rules").status, 404);
        // The one that a person sent a bot to.
        assert_eq!(stage.get("all", "/v1/events?decision=record").json()["items"].as_array().map(Vec::len), Some(1));
        let stored = put("/v1/rules", &text, everything);
        expect![[r#"{"version":1,"stored":true,"record":5,"skip":0}"#]].assert_eq(&told(&stored.json()));
        assert_eq!(stored.headers["etag"], "\"1\"");
        // The answer comes when the plan has followed.
        let events = stage.get("all", "/v1/events?decision=record").json();
        assert_eq!(events["items"].as_array().map(Vec::len), Some(6));
        assert_eq!(events["items"][0]["bots"][0]["state"], "planned");
        assert_eq!(events["items"][0]["link"]["platform"], "zoom");
        let dispatches = stage.get("all", "/v1/dispatches").json();
        // Five of the calendar, and one that was sent by hand.
        assert_eq!(dispatches["items"].as_array().map(Vec::len), Some(6));
        let name = plain(&events["items"][0]["id"]);
        let why = stage.get("all", &format!("/v1/events/{name}")).json();
        assert!(why["record"]["explanation"]["headline"].is_string(), "{why}");
        // What is stored already is no version.
        expect![[r#"{"version":1,"stored":false,"record":0,"skip":0}"#]]
            .assert_eq(&told(&put("/v1/rules", &text, everything).json()));
        let nothing = "rule none:\n  skip\n  when any attendee is external\n";
        assert_eq!(put("/v1/rules", &[text[0], ("if-match", "\"7\"")], nothing).status, 412);
        assert_eq!(put("/v1/rules", &[text[0], ("if-match", "1")], nothing).status, 412);
        let stored = put("/v1/rules", &[text[0], ("if-match", "\"1\"")], nothing);
        expect![[r#"{"version":2,"stored":true,"record":0,"skip":5}"#]].assert_eq(&told(&stored.json()));
        let refused = put("/v1/rules", &text, "rule x:\n  record\n  when organiser is internal\n");
        let problem = refused.problem();
        assert_eq!((refused.status, &problem["type"]), (422, &json!("/problems/rules-refused")));
        assert_eq!(problem["findings"][0]["code"], "unknown-subject");
        assert_eq!((&problem["findings"][0]["line"], &problem["findings"][0]["column"]), (&json!(3), &json!(8)));
        // Lints are answered too: what is proven, and with which meeting.
        let spare = "rule all:\n  record\n\nrule board:\n  skip\n  when title contains \"board\"\n";
        let answer = put("/v1/rules?dry_run=true", &text, spare).json();
        let spare = answer["findings"].as_array().and_then(|all| all.iter().find(|finding| finding["code"] == "rule-shadowed"));
        assert_eq!(spare.map(|finding| (&finding["severity"], &finding["line"])), Some((&json!("error"), &json!(4))), "{answer}");
        // In the other form, and back.
        let json = stage.ask("GET", "/v1/rules", "all", &[("accept", "application/json")], b"");
        assert_eq!((json.status, json.headers["content-type"].as_str()), (200, "application/json"));
        let same = put("/v1/rules", &[("content-type", "application/json")], &json.body);
        assert_eq!(told(&same.json()), r#"{"version":3,"stored":true,"record":0,"skip":0}"#);
        assert_eq!(stage.ask("GET", "/v1/rules", "all", &[("accept", "image/png")], b"").status, 406);
        let versions = stage.get("all", "/v1/rules/versions?limit=2").json();
        assert_eq!(versions["items"].as_array().map(Vec::len), Some(2));
        let next = stage.get("all", &format!("/v1/rules/versions?cursor={}", plain(&versions["next"]))).json();
        assert_eq!((&next["items"][0]["version"], &next["next"]), (&json!(1), &Value::Null));
        assert_eq!(stage.get("all", "/v1/rules/versions/1").body, everything);
        assert_eq!(stage.get("all", "/v1/rules/versions/4").status, 404);
    });
}

fn told(outcome: &Value) -> String {
    let changes = &outcome["changes"];
    let (record, skip) = (&changes["to_record"], &changes["to_skip"]);
    json!({ "version": outcome["version"], "stored": outcome["stored"], "record": record, "skip": skip }).to_string()
}

#[test]
fn a_request_is_done_once_under_its_key() {
    Stage::each("api-once", |stage| {
        let ask = |key: &str, name: &str, body: &Value| {
            let headers = [("content-type", "application/json"), ("idempotency-key", name)];
            stage.ask("POST", "/v1/webhooks", key, &headers, body.to_string().as_bytes())
        };
        let body = json!({ "url": "https://hooks.example.com/new" });
        let first = ask("all", "one", &body);
        let secret = plain(&first.json()["secret"]);
        assert!(first.status == 201 && secret.starts_with("whsec_"), "{first:?}");
        let again = ask("all", "one", &body);
        assert_eq!((again.status, again.headers["idempotency-replayed"].as_str()), (201, "true"));
        assert_eq!((&again.json()["id"], &again.json()["secret"]), (&first.json()["id"], &Value::Null));
        let other = ask("all", "one", &json!({ "url": "https://hooks.example.com/newer" }));
        assert_eq!(other.problem()["type"], "/problems/idempotency-key-reused");
        // The key is the tenant's own.
        assert_eq!(ask("other", "one", &body).status, 201);
        // What was refused can be done.
        assert_eq!(ask("all", "two", &body).problem()["type"], "/problems/refused");
        let path = format!("/v1/webhooks/{}", plain(&first.json()["id"]));
        assert_eq!(stage.ask("DELETE", &path, "all", &[], b"").status, 204);
        assert_eq!(ask("all", "two", &body).status, 201);
        assert_eq!(ask("all", "a b", &body).status, 400);
        assert_eq!(ask("all", "", &body).problem()["errors"][0]["field"], "Idempotency-Key");
        // Many at once: one does it.
        let body = json!({ "link": "https://zoom.us/j/5551234567" }).to_string();
        let headers = [("content-type", "application/json"), ("idempotency-key", "many")];
        let statuses: Vec<u16> = std::thread::scope(|scope| {
            let asked: Vec<_> =
                (0..8).map(|_| scope.spawn(|| stage.ask("POST", "/v1/bots", "all", &headers, body.as_bytes()).status)).collect();
            asked.into_iter().map(|thread| thread.join().expect("no panic")).collect()
        });
        assert!(statuses.iter().all(|status| matches!(status, 201 | 409)) && statuses.contains(&201), "{statuses:?}");
    });
}

#[test]
fn people_stop_send_and_recall() {
    Stage::each("api-people", |stage| {
        let text = [("content-type", "text/plain")];
        let rules = b"rule outside:\n  record\n  when any attendee is external\n";
        assert_eq!(stage.ask("PUT", "/v1/rules", "all", &text, rules).status, 200);
        let start = stage.get("all", "/v1/event-changes?limit=2").json();
        assert_eq!((start["items"].as_array().map(Vec::len), &start["more"]), (Some(2), &json!(true)));
        let all = stage.get("all", &format!("/v1/event-changes?limit=200&since={}", plain(&start["watermark"]))).json();
        assert_eq!(all["more"], json!(false));
        let name = plain(&stage.get("all", "/v1/events").json()["items"][0]["id"]);
        let path = format!("/v1/events/{name}/override");
        let stopped = stage.send("PUT", &path, &json!({ "word": "stop" })).json();
        assert_eq!((&stopped["decision"], &stopped["bots"][0]["state"]), (&json!("skip"), &json!("withdrawn")));
        let changed = stage.get("all", &format!("/v1/event-changes?since={}", plain(&all["watermark"]))).json();
        assert_eq!(changed["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(changed["items"][0]["id"], json!(name));
        assert_eq!(stage.get("all", "/v1/overrides").json()["items"].as_array().map(Vec::len), Some(1));
        let back = stage.ask("DELETE", &path, "all", &[], b"").json();
        assert_eq!(back["decision"], "record");
        let sent =
            stage.send("POST", "/v1/bots", &json!({ "link": "https://zoom.us/j/77712345678", "at": "2026-12-24T09:00:00Z" }));
        assert_eq!(sent.status, 201, "{sent:?}");
        let recalled = stage.ask("POST", &format!("/v1/bots/{}/recall", plain(&sent.json()["id"])), "all", &[], b"").json();
        assert_eq!(recalled["state"], "recalled");
        assert_eq!(
            stage.send("POST", "/v1/bots", &json!({ "link": "https://nothing.example/" })).problem()["type"],
            "/problems/refused"
        );
        // Page by page as in one.
        let whole = stage.get("all", "/v1/events").json()["items"].clone();
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = stage.get("all", &format!("/v1/events?limit=2{cursor}")).json();
            items.extend(page["items"].as_array().cloned().unwrap_or_default());
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(Value::Array(items), whole);
        let settings = json!({ "name": "Acme", "own_domains": ["@acme.example"], "keep_days": 9, "horizon_days": 20 });
        let put = stage.send("PUT", "/v1/tenant", &settings).json();
        assert_eq!((&put["keep_days"], &put["horizon_days"], &put["bots"]), (&json!(9), &json!(20), &json!([])));
        let webhook = plain(&stage.get("all", "/v1/webhooks").json()["items"][0]["id"]);
        let act = |what: &str| stage.ask("POST", &format!("/v1/webhooks/{webhook}/{what}"), "all", &[], b"");
        assert_eq!(act("enable").json()["state"], "active");
        assert_eq!(act("disable").json()["state"], "disabled");
        assert!(plain(&act("rotate-secret").json()["secret"]).starts_with("whsec_"));
        assert_eq!(act("drop-old-secret").json()["secrets"], 1);
        let audit = stage.get("all", "/v1/audit?limit=200").json();
        let actions: Vec<String> = audit["items"].as_array().expect("lines").iter().map(|line| plain(&line["action"])).collect();
        for action in ["rules.set", "override.stop", "override.cleared", "bot.sent", "bot.recalled", "tenant.set", "endpoint.set"]
        {
            assert!(actions.iter().any(|known| known == action), "{action}: {actions:?}");
        }
        assert!(!audit.to_string().contains(CANARY));
        let verified = stage.get("all", "/v1/audit/verification").json();
        assert_eq!((&verified["broken_at"], &verified["lines"]), (&Value::Null, &json!(actions.len())));
    });
}

#[test]
fn an_end_user_is_erased_without_a_trace_but_a_pseudonym() {
    Stage::each("api-erase", |stage| {
        let text = [("content-type", "text/plain"), ("idempotency-key", "r")];
        let rules = b"rule outside:\n  record\n  when any attendee is external\n";
        assert_eq!(stage.ask("PUT", "/v1/rules", "all", &text, rules).status, 200);
        assert_eq!(stage.ask("PUT", &format!("/v1/users/{USER}/rules"), "all", &text, rules).status, 200);
        let name = plain(&stage.get("all", "/v1/events").json()["items"][0]["id"]);
        let stopped = stage.send("PUT", &format!("/v1/events/{name}/override"), &json!({ "word": "stop", "user": USER }));
        assert_eq!(stopped.status, 200, "{stopped:?}");
        let with = |tables: BTreeMap<String, String>| -> Vec<String> {
            tables.into_iter().filter(|(_, text)| text.contains(CANARY)).map(|(name, _)| name).collect()
        };
        assert!(with(stage.tables()).len() > 4, "the scan finds it where it is");
        let erased = stage.ask("DELETE", &format!("/v1/users/{USER}"), "all", &[], b"");
        assert_eq!(
            (erased.status, &erased.json()["connections"], &erased.json()["left"]),
            (200, &json!(1), &json!(0)),
            "{erased:?}"
        );
        // The tenant's own: its receiver, and the bot that was sent by hand to a link.
        assert_eq!(with(stage.tables()), ["dispatches", "endpoints", "errands"]);
        assert_eq!(stage.ask("DELETE", &format!("/v1/users/{USER}"), "all", &[], b"").status, 404);
        assert_eq!(stage.get("all", "/v1/events").json()["items"].as_array().map(Vec::len), Some(1));
        assert_eq!(stage.get("other", "/v1/events").json()["items"].as_array().map(Vec::len), Some(6));
        let own = plain(&stage.ask("DELETE", "/v1/tenant?confirm=x", "all", &[], b"").problem()["detail"]);
        let number = own.split('`').nth(1).expect("it is said").to_owned();
        let gone = stage.ask("DELETE", &format!("/v1/tenant?confirm={number}"), "all", &[], b"");
        assert_eq!((gone.status, &gone.json()["left"]), (200, &json!(0)), "{gone:?}");
        assert_eq!(stage.get("all", "/v1/events").status, 401);
        assert_eq!(with(stage.tables()), Vec::<String>::new());
        assert_eq!(stage.get("other", "/v1/events").json()["items"].as_array().map(Vec::len), Some(6));
    });
}

/// A body with the canary in every text of the schema, and as a member of its own.
fn canaries(document: &Value, schema: &Value) -> Value {
    match fitting(document, schema) {
        Value::Object(members) => {
            let sung = |(name, value): (String, Value)| {
                let value = match value {
                    Value::String(_) => json!(CANARY),
                    Value::Array(items) => items.into_iter().map(|_| json!(CANARY)).collect(),
                    other => other,
                };
                (name, value)
            };
            members.into_iter().map(sung).collect()
        }
        other => other,
    }
}

/// What the interface refuses when the canary stands in every place of every request.
fn refused_with_canaries(stage: &Stage, document: &Value) -> String {
    let mut said = String::new();
    let mut note = |answer: Answer| {
        if answer.status >= 400 {
            // A member is named by its pointer, a parameter by its name, and the check of rules quotes their author.
            let body = serde_json::from_str::<Value>(&answer.body).map_or(answer.body.clone(), |mut body| {
                body.as_object_mut().and_then(|body| body.remove("findings"));
                body.to_string()
            });
            let bare = body.replace(&format!("/{CANARY}"), "").replace(&format!("`{CANARY}`"), "");
            let bare = bare.replace(&format!("\"field\":\"{CANARY}\""), "");
            said.push_str(&format!("{bare}{:?}\n", answer.headers));
        }
    };
    let sent: [&[(&str, &str)]; 3] = [
        &[("idempotency-key", CANARY), ("x-whatever", CANARY), ("user-agent", CANARY), ("x-request-id", CANARY)],
        &[("accept", CANARY), ("if-match", CANARY), ("cookie", CANARY), ("referer", CANARY), ("x-forwarded-for", CANARY)],
        &[("content-encoding", CANARY), ("origin", CANARY), ("forwarded", CANARY), (CANARY, CANARY)],
    ];
    for operation in operations(document).iter().filter(|operation| !operation.id().starts_with("erase")) {
        let method = operation.method.as_str();
        let path = operation.at(document, |_| CANARY.to_owned());
        let glue = if path.contains('?') { '&' } else { '?' };
        let mut bodies = vec![json!({ CANARY: CANARY }).to_string(), format!("{CANARY} {{"), format!("\"{CANARY}\"")];
        bodies.extend(operation.schema(document).map(|schema| canaries(document, schema).to_string()));
        for kind in ["application/json", "text/plain", CANARY] {
            for (headers, body) in sent.iter().flat_map(|headers| bodies.iter().map(move |body| (headers, body))) {
                let headers: Vec<(&str, &str)> = headers.iter().copied().chain([("content-type", kind)]).collect();
                note(stage.ask(method, &path, "all", &headers, body.as_bytes()));
            }
        }
        for parameter in operation.parameters("query") {
            let name = parameter["name"].as_str().expect("a name");
            note(stage.ask(method, &format!("{}?{name}={CANARY}", path.split('?').next().expect("a path")), "all", &[], b""));
        }
        note(stage.ask(method, &format!("{path}{glue}{CANARY}={CANARY}"), "all", &[], b""));
        for scheme in [format!("Bearer {CANARY}"), format!("Basic {CANARY}"), format!("Bearer cs_live_{CANARY}")] {
            note(stage.ask(method, &path, "", &[("authorization", &scheme)], b""));
        }
    }
    note(stage.get("all", &format!("/v1/{CANARY}")));
    note(stage.ask("PATCH", &format!("/v1/events/{CANARY}"), "all", &[], CANARY.as_bytes()));
    said
}

/// What browsers and providers are answered, at the routes that are theirs.
fn others_with_canaries(stage: &Stage) -> String {
    let query = ["code", "state", "error", "error_description", "iss", "session_state", "scope", CANARY]
        .map(|name| format!("{name}={CANARY}"))
        .join("&");
    let cookies = [("cookie", CANARY), ("origin", CANARY), ("referer", CANARY), ("user-agent", CANARY)];
    let channel =
        ["x-goog-channel-id", "x-goog-channel-token", "x-goog-resource-id", "x-goog-resource-uri", "x-goog-message-number"]
            .map(|name| (name, CANARY));
    let google: Vec<_> = channel.into_iter().chain([("x-goog-resource-state", "exists")]).collect();
    let graph =
        json!({ "value": [{ "subscriptionId": CANARY, "clientState": CANARY, "changeType": CANARY, "resource": CANARY }] });
    let answers = [
        stage.ask("GET", &format!("/oauth/callback/{CANARY}?{query}"), "", &cookies, b""),
        stage.ask("GET", &format!("/connect/{CANARY}?{query}"), "", &cookies, b""),
        stage.ask("POST", &format!("/connect/{CANARY}?{query}"), "", &cookies, CANARY.as_bytes()),
        stage.ask("POST", &format!("/oauth/confirm/{CANARY}?{query}"), "", &cookies, CANARY.as_bytes()),
        stage.ask("POST", "/push/google", "", &google, CANARY.as_bytes()),
        stage.ask("POST", &format!("/push/graph/{CANARY}?validationToken={CANARY}"), "", &cookies, b""),
        stage.ask("POST", &format!("/push/graph/{CANARY}"), "", &cookies, graph.to_string().as_bytes()),
        stage.ask("POST", &format!("/push/graph/{CANARY}/lifecycle"), "", &cookies, graph.to_string().as_bytes()),
        stage.ask("GET", &format!("/{CANARY}?{query}"), "", &cookies, b""),
    ];
    let pushed: Vec<u16> = answers[4..8].iter().map(|answer| answer.status).collect();
    assert!(pushed.iter().all(|status| *status != 401), "push is on: {pushed:?}");
    answers.map(|answer| format!("{}{:?}", answer.body, answer.headers)).join("\n")
}

#[test]
fn no_secret_gets_into_logs_metrics_refusals_or_webhooks() {
    Stage::each("api-secrets", |stage| {
        let document = stage.document();
        // Meetings are decided, stopped and sent bots by hand, so that events tell of them.
        let text = [("content-type", "text/plain")];
        let rules = b"rule outside:\n  record\n  when any attendee is external\n";
        assert_eq!(stage.ask("PUT", "/v1/rules", "all", &text, rules).status, 200);
        let name = plain(&stage.get("all", "/v1/events?decision=record").json()["items"][0]["id"]);
        let word = json!({ "word": "stop", "user": USER });
        assert_eq!(stage.send("PUT", &format!("/v1/events/{name}/override"), &word).status, 200);
        let mut said = refused_with_canaries(stage, &document);
        said.push_str(&others_with_canaries(stage));
        said.push_str(&stage.ask("GET", "/metrics", "", &[], b"").body);
        said.push_str(&stage.ask("GET", "/readyz", "", &[], b"").body);
        let log = std::fs::read_to_string(stage.folder.log()).expect("the log is there");
        assert!(log.contains("receiver was asked") || log.contains("calendar"), "it tells of what leads nowhere: {log}");
        said.push_str(&log);
        let keys: Vec<&str> = stage.keys.values().map(String::as_str).collect();
        for secret in keys.into_iter().chain([CANARY, LEAK, "zoom.us/j/123456789", "whsec_"]) {
            let at = said.find(secret).map(|at| said.get(at.saturating_sub(300)..(at + 100).min(said.len())));
            assert_eq!(at, None, "{secret}");
        }
        // Events of meetings and bots name no person, no title and no link: docs/webhooks.md.
        let tables = stage.tables();
        assert!(tables["events"].contains("recording.planned"), "{}", tables["events"]);
        for table in ["events", "deliveries", "audit", "event_numbers"] {
            assert!(!tables[table].contains(CANARY) && !tables[table].contains(LEAK), "{table}: {}", tables[table]);
        }
    });
}

#[test]
fn the_document_is_current() {
    let document = callsheet::host::api::openapi::document(&callsheet::host::api::routes());
    expect_test::expect_file!["../docs/openapi.json"].assert_eq(&format!("{document:#}\n"));
}

#[test]
fn the_examples_of_the_guide_run() {
    Stage::each("api-guide", |stage| {
        let guide = include_str!("../docs/api.md");
        let blocks: Vec<&str> = guide.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
        assert!(blocks.len() >= 6);
        for command in blocks.iter().flat_map(|block| block.split("\ncurl ")).map(str::trim) {
            let command = format!("curl --fail-with-body {}", command.trim_start_matches("curl "));
            let ran = std::process::Command::new("bash")
                .args(["-c", &command])
                .env("CALLSHEET", format!("http://{}", stage.address))
                .env("KEY", &stage.keys["all"])
                .output()
                .expect("there is a shell");
            let said = String::from_utf8_lossy(&ran.stdout);
            assert!(ran.status.success() && serde_json::from_str::<Value>(&said).is_ok(), "{command}\n{said}");
        }
    });
}

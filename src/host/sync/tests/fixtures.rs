//! Other projects' data, where it is there: pages that go through a pass read back as they read directly.

use super::*;
use crate::event::{Calendar as Read, EntryKind, Event};
use crate::host::sync::calendar_of;
use crate::host::sync::error::of_answer;
use crate::providers::{google, graph, ics};
use serde_json::json;
use std::path::{Path, PathBuf};

/// The folder of conformance data: `CALLSHEET_FIXTURES`, else `../shared/fixtures`. Says so where there is none.
fn fixtures() -> Option<PathBuf> {
    let named = std::env::var_os("CALLSHEET_FIXTURES").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures"));
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: no conformance data");
    None
}

fn json_of(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What two reads must have in common: all but the order and the remarks, which name places.
fn content(calendar: Read) -> (Vec<String>, String) {
    let mut events: Vec<String> = calendar.events.iter().map(|event: &Event| format!("{event:?}")).collect();
    events.sort();
    (events, format!("{:?} {:?} {:?}", calendar.name, calendar.zone, calendar.owner))
}

#[test]
fn google_refusals_of_the_guide_have_the_consequence_it_names() {
    let Some(folder) = fixtures() else { return };
    let rows = json_of(&folder.join("google/errors.json"));
    for row in rows.as_array().expect("rows") {
        let status = row["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
        let error = of_answer(Origin::Google, &Response::json(status, &row["body"])).expect("a refusal");
        let action = row["action"].as_str().expect("an action");
        let fits = match action {
            "do not retry" => matches!(error, SyncError::Operator(_) | SyncError::PermissionMissing(_)),
            "refresh the access token, then re-authorise" => error == SyncError::RefreshToken,
            "retry with exponential backoff" => matches!(error, SyncError::Throttled { .. } | SyncError::Retry(_)),
            other => panic!("an action that is not known here: {other}"),
        };
        assert!(fits, "{status} {}: {action}, and not {error:?}", row["reason"]);
    }
}

/// The items that can be told apart: conversations of other kinds have none.
fn items(body: &Value) -> impl Iterator<Item = &Value> {
    body["items"].as_array().into_iter().flatten().filter(|item| item["id"].is_string())
}

#[test]
fn conversations_with_google_end_in_the_state_that_they_tell() {
    let Some(folder) = fixtures() else { return };
    let cases = json_of(&folder.join("google/sync.json"));
    let mut passes = 0;
    for case in cases.as_array().expect("cases") {
        let responses = case["responses"].as_array().expect("responses");
        let is_list = |response: &Value| {
            response["status"] != 200
                || (response["body"]["items"].is_array()
                    && items(&response["body"]).all(|item| item["start"].is_object() || item["status"] == "cancelled"))
        };
        if case["case"].as_str().is_some_and(|case| case.contains("calendars")) || !responses.iter().all(is_list) {
            continue;
        }
        let mut calendar = calendar(Origin::Google, None);
        let mut entries: Vec<Entry> = Vec::new();
        let mut left = responses.iter();
        let mut direct: Vec<Value> = Vec::new();
        while left.len() > 0 {
            let mut pages: Vec<Value> = Vec::new();
            let server = |_: &Request| {
                let Some(response) = left.next() else { return Ok(ok(json!({"items": []}))) };
                let status = response["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
                pages.push(response["body"].clone());
                Ok(Response::json(status, &response["body"]))
            };
            let run = run(&calendar, &entries, server);
            let Ok(finished) = &run.end else { break };
            if finished.changes.complete {
                direct.clear();
            }
            direct.extend(pages.into_iter().filter(Value::is_object));
            entries = stored(&entries, finished);
            calendar.cursor = run.cursor().or(calendar.cursor);
            passes += 1;
        }
        let bytes: String = direct.iter().map(Value::to_string).collect();
        if bytes.is_empty() {
            continue;
        }
        let read = calendar_of(Origin::Google, &entries, &Zone::utc()).expect("readable");
        let expected = google::read(bytes.as_bytes(), &Zone::utc()).expect("readable");
        assert_eq!(content(read).0, content(expected).0, "{}", case["case"]);
    }
    assert!(passes >= 10, "only {passes} passes");
}

#[test]
fn a_recorded_session_leaves_the_state_that_it_names() {
    let Some(folder) = fixtures() else { return };
    let session = json_of(&folder.join("google/recording-sync-session.json"));
    let log: Vec<&Value> = session["log"].as_array().expect("a log").iter().collect();
    let mut calendar = calendar(Origin::Google, None);
    let mut entries: Vec<Entry> = Vec::new();
    let mut done = 0;
    for step in session["steps"].as_array().expect("steps") {
        let calls = usize::try_from(step["after_call"].as_u64().expect("a number")).expect("few");
        let mut answers = log[done..calls].iter().filter(|entry| entry["role"] == "client").map(|entry| &entry["response"]);
        let server = |_: &Request| {
            let answer = answers.next().expect("an answer of the recording");
            let status = answer["status"].as_u64().and_then(|status| u16::try_from(status).ok()).expect("a status");
            Ok(Response::json(status, &answer["body"]))
        };
        let run = run(&calendar, &entries, server);
        entries = stored(&entries, run.end.as_ref().expect("a pass that ends"));
        calendar.cursor = run.cursor().or(calendar.cursor);
        done = calls;
        let state = step["state"].as_object().expect("a state");
        let held = entries.iter().filter(|entry| entry.id != crate::host::sync::BASE_ID);
        let held: Vec<(String, Value)> =
            held.map(|entry| (entry.id.clone(), serde_json::from_str(&entry.body).expect("JSON"))).collect();
        assert_eq!(held.len(), state.len());
        for (id, body) in held {
            for name in ["status", "start", "end", "summary"] {
                assert_eq!(body[name], state[&id][name], "{name} of {id}");
            }
        }
    }
    // What is left of the log is a token that is not valid any more.
    let stale = log[done..].iter().find(|entry| entry["role"] == "client").expect("a stale token");
    assert!(matches!(
        of_answer(Origin::Google, &Response::json(410, &stale["response"]["body"])),
        Some(SyncError::CursorExpired)
    ));
}

#[test]
fn single_events_of_google_read_back_as_they_are() {
    let Some(folder) = fixtures() else { return };
    let text = std::fs::read_to_string(folder.join("google/events.jsonl")).expect("events");
    let rows = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"));
    let mut read = 0;
    for row in rows.filter(|row| row["event"]["id"].is_string()) {
        let page = json!({"kind": "calendar#events", "timeZone": "Europe/Oslo", "items": [row["event"]], "nextSyncToken": "s"});
        let finished = run(&calendar(Origin::Google, None), &[], script(vec![ok(page.clone())])).finished();
        let back = calendar_of(Origin::Google, &stored(&[], &finished), &Zone::utc()).expect("readable");
        let direct = google::read(page.to_string().as_bytes(), &Zone::utc()).expect("readable");
        assert_eq!(content(back), content(direct), "{}", row["case"]);
        read += 1;
    }
    assert!(read > 15, "only {read} events");
}

#[test]
fn pages_of_graph_read_back_as_they_are() {
    let Some(folder) = fixtures() else { return };
    let mut pages = 0;
    for file in std::fs::read_dir(folder.join("graph/examples")).expect("a folder") {
        let path = file.expect("a file").path();
        let examples = json_of(&path);
        for example in examples["examples"].as_array().into_iter().flatten() {
            let body = &example["body"];
            let rows: Vec<Value> = match &body["value"] {
                Value::Array(rows) => rows.clone(),
                _ => vec![body.clone()],
            };
            let is_event = |row: &Value| row["id"].is_string() && row["start"]["dateTime"].is_string();
            let mut ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
            ids.sort_unstable();
            let distinct = ids.windows(2).all(|pair| pair[0] != pair[1]);
            // Occurrences are told by their series, and reads by id find nothing here.
            let alone =
                |row: &Value| row["seriesMasterId"].is_null() && row["type"] != "seriesMaster" && row["recurrence"].is_null();
            if rows.is_empty() || !distinct || !rows.iter().all(|row| is_event(row) && alone(row)) {
                continue;
            }
            let delta = "https://graph.microsoft.com/v1.0/me/calendarView/delta?$deltatoken=t";
            let page = json!({"value": rows, "@odata.deltaLink": delta});
            // In their own time: a pass forgets what is long over.
            let window = at("2015-01-01T00:00:00Z")..at("2015-01-15T00:00:00Z");
            let finished =
                run_at(&calendar(Origin::Graph, None), &[], window.start, window, script(vec![ok(page.clone())])).finished();
            let back = calendar_of(Origin::Graph, &stored(&[], &finished), &Zone::utc()).expect("readable");
            let direct = graph::read(page.to_string().as_bytes(), &Zone::utc()).expect("readable");
            assert_eq!(content(back), content(direct), "{}", path.display());
            pages += 1;
        }
    }
    assert!(pages >= 5, "only {pages} pages");
}

#[test]
fn calendar_files_taken_apart_read_back_as_they_are() {
    let Some(folder) = fixtures() else { return };
    let mut whole = 0;
    let mut wrong = Vec::new();
    for file in std::fs::read_dir(folder.join("ics")).expect("a folder") {
        let path = file.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "ics") {
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        let Ok(direct) = ics::read(&bytes, &Zone::utc()) else { continue };
        let answer = Response { status: 200, headers: Vec::new(), body: bytes };
        let run = run(&calendar(Origin::Feed, None), &[], script(vec![answer]));
        let Ok(finished) = &run.end else { continue };
        let back = calendar_of(Origin::Feed, &stored(&[], finished), &Zone::utc()).expect("readable");
        if content(back.clone()) != content(direct.clone()) {
            let kinds = |calendar: &Read| calendar.events.iter().filter(|event| matches!(event.kind, EntryKind::Single)).count();
            wrong.push(format!(
                "{}: {} and {} events, {} and {} singles",
                path.display(),
                back.events.len(),
                direct.events.len(),
                kinds(&back),
                kinds(&direct)
            ));
        }
        whole += 1;
    }
    assert!(whole > 300, "only {whole} files");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

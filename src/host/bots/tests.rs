//! Requests as they are sent, and what each kind of answer is taken for.
//!
//! The samples of the services follow their published shapes; sources stand in `recall.rs` and `attendee.rs`.

use super::{Backend, BotState, CreateAnswer, Exchange, FindAnswer, Heard, RecallAnswer, Region, Spec, Wanted, Word};
use crate::event::link::{LinkSource, find};
use crate::host::http::{NetError, Request, Response};
use crate::time::Instant;
use crate::value::{ExtraValue, Settings};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fmt::Debug;

const KEY: &str = "k3yk3yk3y";
const PASSWORD: &str = "hunter2";
const TOKEN: &str = "t0ken";

fn instant(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn spec() -> Spec {
    Spec {
        meeting: "m-1".into(),
        join_at: instant("2026-03-02T09:58:30Z"),
        start: instant("2026-03-02T10:00:00Z"),
        end: Some(instant("2026-03-02T10:30:00Z")),
        platform: "zoom".into(),
        room: "zoom/123".into(),
        url: format!("https://zoom.us/j/123?pwd={PASSWORD}"),
        bot_name: Some("Acme Notes 🎥".into()),
        language: Some("en".into()),
        keep_secs: Some(86_400),
        tags: vec!["sales".into(), "emea".into()],
        extra: json!({ "x_crm": "A-17", "x_level": 3 }).as_object().expect("an object").clone(),
    }
}

fn own() -> Backend {
    Backend::Callsheet { base_url: "https://bots.example.com/v1".into(), token: TOKEN.to_owned().into() }
}

fn recall_ai() -> Backend {
    Backend::Recall { base_url: Region::Europe.base_url(), token: TOKEN.to_owned().into() }
}

fn attendee() -> Backend {
    Backend::Attendee { base_url: "https://app.attendee.dev".into(), token: TOKEN.to_owned().into() }
}

fn all() -> [Backend; 3] {
    [own(), recall_ai(), attendee()]
}

fn create(backend: &Backend, spec: &Spec) -> Exchange<CreateAnswer> {
    backend.create(Wanted { key: KEY, spec, fence: 3, attempt: 2 }, instant("2026-03-02T09:58:00Z"))
}

fn sent(request: &Request) -> String {
    let mut text = format!("{} {}\n", request.method.word(), request.url);
    for (name, value) in &request.headers {
        text.push_str(&format!("{name}: {value}\n"));
    }
    if !request.body.is_empty() {
        let body: Value = serde_json::from_slice(&request.body).expect("JSON");
        text.push_str(&format!("{body:#}\n"));
    }
    text
}

fn only<A: Debug>(heard: Heard<A>) -> A {
    match heard {
        Heard::Answer(answer) => answer,
        Heard::Ask(next) => panic!("asks again: {next:?}"),
    }
}

/// Speaks the whole conversation with canned answers; tells what was asked and what it came to.
fn talk<A: Debug>(mut exchange: Exchange<A>, answers: &[Response]) -> String {
    let mut text = String::new();
    for answer in answers {
        text.push_str(&format!("{} {} -> {}\n", exchange.request.method.word(), exchange.request.url, answer.status));
        match exchange.answered(Ok(answer.clone())) {
            Heard::Answer(answer) => return format!("{text}{answer:?}\n"),
            Heard::Ask(next) => exchange = next,
        }
    }
    panic!("asks for more: {text}");
}

fn check_create(backend: &Backend, expected: Expect) {
    expected.assert_eq(&sent(&create(backend, &spec()).request));
}

#[test]
fn contract_requests_are_as_published() {
    check_create(
        &own(),
        expect![[r#"
        PUT https://bots.example.com/v1/bots/k3yk3yk3y
        accept: application/json
        authorization: Bearer t0ken
        callsheet-fence: 3
        content-type: application/json
        {
          "meeting": "m-1",
          "join_at": "2026-03-02T09:58:30Z",
          "start": "2026-03-02T10:00:00Z",
          "end": "2026-03-02T10:30:00Z",
          "platform": "zoom",
          "room": "zoom/123",
          "url": "https://zoom.us/j/123?pwd=hunter2",
          "bot_name": "Acme Notes 🎥",
          "language": "en",
          "keep_secs": 86400,
          "tags": [
            "sales",
            "emea"
          ],
          "extra": {
            "x_crm": "A-17",
            "x_level": 3
          }
        }
    "#]],
    );
    expect![[r#"
        GET https://bots.example.com/v1/bots/k3yk3yk3y
        accept: application/json
        authorization: Bearer t0ken
    "#]]
    .assert_eq(&sent(&own().find(KEY).request));
    expect![[r#"
        DELETE https://bots.example.com/v1/bots/k3yk3yk3y
        accept: application/json
        authorization: Bearer t0ken
        callsheet-fence: 4
    "#]]
    .assert_eq(&sent(&own().recall(KEY, 4).request));
}

#[test]
fn recall_ai_is_asked_in_its_own_words() {
    check_create(
        &recall_ai(),
        expect![[r#"
        POST https://eu-central-1.recall.ai/api/v1/bot/
        accept: application/json
        authorization: Token t0ken
        idempotency-key: k3yk3yk3y-2
        content-type: application/json
        {
          "meeting_url": "https://zoom.us/j/123?pwd=hunter2",
          "bot_name": "Acme Notes 🎥",
          "join_at": "2026-03-02T09:58:30Z",
          "metadata": {
            "callsheet_key": "k3yk3yk3y",
            "callsheet_meeting": "m-1",
            "callsheet_start": "2026-03-02T10:00:00Z",
            "callsheet_tags": "sales,emea",
            "callsheet_language": "en",
            "callsheet_keep_secs": "86400",
            "x_crm": "A-17",
            "x_level": "3"
          }
        }
    "#]],
    );
    expect![[r#"
        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y
        accept: application/json
        authorization: Token t0ken
    "#]]
    .assert_eq(&sent(&recall_ai().find(KEY).request));
}

#[test]
fn attendee_is_asked_in_its_own_words() {
    check_create(
        &attendee(),
        expect![[r#"
        POST https://app.attendee.dev/api/v1/bots
        accept: application/json
        authorization: Token t0ken
        content-type: application/json
        {
          "meeting_url": "https://zoom.us/j/123?pwd=hunter2",
          "bot_name": "Acme Notes",
          "join_at": "2026-03-02T09:58:30Z",
          "deduplication_key": "k3yk3yk3y",
          "metadata": {
            "callsheet_key": "k3yk3yk3y",
            "callsheet_meeting": "m-1",
            "callsheet_start": "2026-03-02T10:00:00Z",
            "callsheet_tags": "sales,emea",
            "callsheet_language": "en",
            "callsheet_keep_secs": "86400",
            "x_crm": "A-17",
            "x_level": "3"
          }
        }
    "#]],
    );
    expect![[r#"
        GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y
        accept: application/json
        authorization: Token t0ken
        content-type: application/json
    "#]]
    .assert_eq(&sent(&attendee().find(KEY).request));
}

#[test]
fn time_to_join_that_is_past_or_near_is_left_out() {
    let near = Spec { join_at: instant("2026-03-02T09:58:14Z"), ..spec() };
    for backend in [recall_ai(), attendee()] {
        let body: Value = serde_json::from_slice(&create(&backend, &near).request.body).expect("JSON");
        assert!(body.get("join_at").is_none() && body.get("meeting_url").is_some(), "{backend:?}");
    }
}

#[test]
fn spec_survives_its_text_and_comes_from_link_and_settings() {
    assert_eq!(Spec::read(&spec().to_text()), Ok(spec()));
    let bare = r#"{"meeting":"m","join_at":"2026-03-02T09:58:30Z","start":"2026-03-02T10:00:00Z","platform":"zoom","room":"zoom/1","url":"u","newer":1}"#;
    assert_eq!(Spec::read(bare).map(|spec| (spec.end, spec.tags)), Ok((None, Vec::new())));
    for broken in ["", "[]", "{}", &bare.replace("10:00:00Z", "ten"), &bare.replace("\"m\"", "3")] {
        assert!(Spec::read(broken).is_err(), "{broken}");
    }
    let link = find(&[LinkSource::Url("https://zoom.us/j/9876543210?pwd=hunter2")]);
    let link = link.known().and_then(Option::as_ref).expect("a link");
    let extra = [("x_days".to_owned(), ExtraValue::Duration(86_400)), ("x_on".to_owned(), ExtraValue::Flag(true))].into();
    let settings = Settings { keep: Some(60), extra, ..Settings::default() };
    let made = Spec::of("m-1", link, &settings);
    assert!(!made.room.contains(PASSWORD) && made.url.contains(PASSWORD));
    expect![[r#"zoom zoom/9876543210 Some(60) {"x_days":86400,"x_on":true}"#]].assert_eq(&format!(
        "{} {} {:?} {}",
        made.platform,
        made.room,
        made.keep_secs,
        Value::Object(made.extra)
    ));
}

fn body(status: u16, body: &Value) -> Response {
    Response::json(status, body)
}

fn problem(status: u16, code: &str) -> Response {
    let detail = format!("https://zoom.us/j/123?pwd={PASSWORD} is no good");
    Response::json(status, &json!({ "type": "about:blank", "title": "No", "status": status, "code": code, "detail": detail }))
}

fn bot(state: &str) -> Value {
    json!({ "key": KEY, "state": state })
}

fn html(status: u16) -> Response {
    Response { status, headers: vec![("content-type".into(), "text/html".into())], body: b"<html>Welcome!</html>".to_vec() }
}

fn waiting(mut response: Response, secs: &str) -> Response {
    response.headers.push(("retry-after".into(), secs.into()));
    response
}

/// Each answer on a line with what it is taken for.
fn table<A: Debug>(ask: impl Fn() -> Exchange<A>, answers: &[(&str, Result<Response, NetError>)], expected: Expect) {
    let lines: Vec<String> =
        answers.iter().map(|(name, answer)| format!("{name}: {:?}\n", only(ask().answered(answer.clone())))).collect();
    expected.assert_eq(&lines.concat());
}

#[test]
fn contract_creates_are_believed_only_in_the_contracts_own_words() {
    let other = json!({ "key": "another", "state": "joined" });
    let answers = [
        ("201", Ok(body(201, &bot("scheduled")))),
        ("200 joined", Ok(body(200, &bot("joined")))),
        ("200 newer state", Ok(body(200, &bot("levitating")))),
        ("200 failed", Ok(body(200, &json!({ "key": KEY, "state": "failed", "reason": "not-admitted" })))),
        (
            "200 failed, address",
            Ok(body(200, &json!({ "key": KEY, "state": "failed", "reason": format!("https://x/?{PASSWORD}") }))),
        ),
        ("200 recalled", Ok(body(200, &bot("recalled")))),
        ("200 recalling", Ok(body(200, &bot("recalling")))),
        ("200 another key", Ok(body(200, &other))),
        ("200 empty", Ok(Response::empty(200))),
        ("200 html", Ok(html(200))),
        ("200 list", Ok(body(200, &json!([bot("joined")])))),
        ("202", Ok(body(202, &bot("joined")))),
        ("204", Ok(Response::empty(204))),
        ("301", Ok(Response::empty(301))),
        ("400 problem", Ok(problem(400, "bad-request"))),
        ("400 html", Ok(html(400))),
        ("401", Ok(problem(401, "who"))),
        ("404", Ok(html(404))),
        ("408", Ok(Response::empty(408))),
        ("409", Ok(problem(409, "stale-fence"))),
        ("410 tombstoned", Ok(problem(410, "tombstoned"))),
        ("410 html", Ok(html(410))),
        ("422 problem", Ok(problem(422, "unsupported-platform"))),
        ("422 shouting", Ok(problem(422, "It Is https://zoom.us?pwd=hunter2"))),
        ("429", Ok(waiting(Response::empty(429), "7"))),
        ("500", Ok(problem(500, "oops"))),
        ("502", Ok(html(502))),
        ("503 problem", Ok(waiting(problem(503, "overloaded"), "11"))),
        ("503 html", Ok(html(503))),
        ("507", Ok(problem(507, "no-capacity"))),
        ("999", Ok(Response::empty(999))),
        ("not sent", Err(NetError::NotSent)),
        ("timeout", Err(NetError::Ambiguous)),
        ("too large", Err(NetError::TooLarge)),
        ("forbidden", Err(NetError::Forbidden)),
        ("bad url", Err(NetError::BadUrl)),
    ];
    let spec = spec();
    table(
        || create(&own(), &spec),
        &answers,
        expect![[r#"
        201: Accepted(Coming)
        200 joined: Accepted(Joined)
        200 newer state: Accepted(Coming)
        200 failed: Accepted(Failed(not-admitted))
        200 failed, address: Accepted(Failed(unknown))
        200 recalled: Tombstoned
        200 recalling: Ambiguous
        200 another key: Ambiguous
        200 empty: Ambiguous
        200 html: Ambiguous
        200 list: Ambiguous
        202: Ambiguous
        204: Ambiguous
        301: Refused { after: None, reason: redirected }
        400 problem: RefusedForGood(bad-request)
        400 html: Refused { after: None, reason: http-400 }
        401: Refused { after: None, reason: unauthorized }
        404: Refused { after: None, reason: http-404 }
        408: Ambiguous
        409: Ambiguous
        410 tombstoned: Tombstoned
        410 html: Refused { after: None, reason: http-410 }
        422 problem: RefusedForGood(unsupported-platform)
        422 shouting: RefusedForGood(unknown)
        429: Refused { after: Some(7s), reason: throttled }
        500: Ambiguous
        502: Ambiguous
        503 problem: Refused { after: Some(11s), reason: overloaded }
        503 html: Ambiguous
        507: Refused { after: None, reason: no-capacity }
        999: Ambiguous
        not sent: Refused { after: None, reason: unreachable }
        timeout: Ambiguous
        too large: Ambiguous
        forbidden: Refused { after: None, reason: bad-address }
        bad url: Refused { after: None, reason: bad-address }
    "#]],
    );
}

#[test]
fn contract_finds_and_recalls_are_believed_only_in_the_contracts_own_words() {
    let answers = [
        ("200", Ok(body(200, &bot("joined")))),
        ("200 ended", Ok(body(200, &bot("ended")))),
        ("200 recalled", Ok(body(200, &bot("recalled")))),
        ("200 empty", Ok(Response::empty(200))),
        ("202 recalling", Ok(body(202, &bot("recalling")))),
        ("204", Ok(Response::empty(204))),
        ("302", Ok(Response::empty(302))),
        ("404 unknown", Ok(problem(404, "unknown-key"))),
        ("404 html", Ok(html(404))),
        ("410 tombstoned", Ok(problem(410, "tombstoned"))),
        ("429", Ok(waiting(Response::empty(429), "7"))),
        ("500", Ok(problem(500, "oops"))),
        ("503", Ok(html(503))),
        ("not sent", Err(NetError::NotSent)),
        ("timeout", Err(NetError::Ambiguous)),
    ];
    table(
        || own().find(KEY),
        &answers,
        expect![[r#"
        200: Bot(Joined)
        200 ended: Bot(Ended)
        200 recalled: Tombstoned
        200 empty: Ambiguous
        202 recalling: Ambiguous
        204: Ambiguous
        302: Ambiguous
        404 unknown: None
        404 html: Ambiguous
        410 tombstoned: Tombstoned
        429: Ambiguous
        500: Ambiguous
        503: Ambiguous
        not sent: Ambiguous
        timeout: Ambiguous
    "#]],
    );
    table(
        || own().recall(KEY, 4),
        &answers,
        expect![[r#"
            200: Ambiguous
            200 ended: Confirmed
            200 recalled: Confirmed
            200 empty: Ambiguous
            202 recalling: Ambiguous
            204: Ambiguous
            302: Failed { after: None, reason: http-302 }
            404 unknown: Failed { after: None, reason: http-404 }
            404 html: Failed { after: None, reason: http-404 }
            410 tombstoned: Confirmed
            429: Failed { after: Some(7s), reason: http-429 }
            500: Ambiguous
            503: Failed { after: None, reason: http-503 }
            not sent: Failed { after: None, reason: unreachable }
            timeout: Ambiguous
        "#]],
    );
}

/// A bot as Recall.ai shows it: docs.recall.ai/reference/bot_retrieve.
fn recall_bot(id: &str, codes: &[&str]) -> Value {
    let changes: Vec<Value> = codes
        .iter()
        .map(|code| json!({ "code": code, "message": null, "created_at": "2026-03-02T09:59:00Z", "sub_code": "timeout_exceeded_waiting_room" }))
        .collect();
    json!({
        "id": id,
        "meeting_url": { "meeting_id": "123", "meeting_password": PASSWORD, "platform": "zoom" },
        "bot_name": "Acme Notes",
        "join_at": null,
        "recording_config": {},
        "status_changes": changes,
        "recordings": [],
        "metadata": { "callsheet_key": KEY, "callsheet_meeting": "m-1" },
    })
}

fn page(bots: &[Value]) -> Response {
    Response::json(200, &json!({ "next": null, "previous": null, "results": bots }))
}

#[test]
fn recall_ai_creates_are_read_by_its_status_codes() {
    let stranger = json!({ "id": "1", "status_changes": [], "metadata": {} });
    let answers = [
        ("201", Ok(body(201, &recall_bot("b-1", &["ready"])))),
        ("201 without changes", Ok(body(201, &recall_bot("b-1", &[])))),
        ("201 repeated later", Ok(body(201, &recall_bot("b-1", &["ready", "joining_call", "in_call_recording"])))),
        ("201 fatal", Ok(body(201, &recall_bot("b-1", &["fatal"])))),
        ("201 stranger", Ok(body(201, &stranger))),
        ("201 bad id", Ok(body(201, &recall_bot("../../x", &["ready"])))),
        ("201 html", Ok(html(201))),
        ("400", Ok(body(400, &json!({ "code": "teams_blacklisted_tenant", "detail": PASSWORD })))),
        ("400 fields", Ok(body(400, &json!({ "meeting_url": [format!("bad {PASSWORD}")] })))),
        ("401", Ok(Response::empty(401))),
        ("402", Ok(Response::empty(402))),
        ("403 firewall", Ok(html(403))),
        ("409", Ok(Response::empty(409))),
        ("429", Ok(waiting(Response::empty(429), "5"))),
        ("503", Ok(html(503))),
        ("507", Ok(Response::empty(507))),
        ("507 with a wait", Ok(waiting(Response::empty(507), "12"))),
    ];
    let spec = spec();
    table(
        || create(&recall_ai(), &spec),
        &answers,
        expect![[r#"
        201: Accepted(Coming)
        201 without changes: Accepted(Coming)
        201 repeated later: Accepted(Joined)
        201 fatal: Accepted(Failed(timeout-exceeded-waiting-room))
        201 stranger: Ambiguous
        201 bad id: Ambiguous
        201 html: Ambiguous
        400: RefusedForGood(teams-blacklisted-tenant)
        400 fields: RefusedForGood(http-400)
        401: Refused { after: None, reason: unauthorized }
        402: Refused { after: None, reason: no-credit }
        403 firewall: Refused { after: None, reason: unauthorized }
        409: Ambiguous
        429: Refused { after: Some(5s), reason: throttled }
        503: Ambiguous
        507: Refused { after: Some(30s), reason: no-capacity }
        507 with a wait: Refused { after: Some(12s), reason: no-capacity }
    "#]],
    );
}

#[test]
fn recall_ai_finds_by_metadata_and_sends_surplus_bots_away() {
    let joined = recall_bot("b-1", &["ready", "in_call_recording"]);
    let ended = recall_bot("b-0", &["ready", "call_ended", "done"]);
    let ready = recall_bot("b-2", &["ready"]);
    let denied = recall_bot("b-3", &["ready", "joining_call", "in_waiting_room"]);
    let (gone, no, left) = (Response::empty(204), Response::empty(405), body(200, &json!({})));
    let find = || recall_ai().find(KEY);
    let talks = [
        talk(find(), &[page(&[])]),
        talk(find(), &[page(std::slice::from_ref(&ended))]),
        talk(find(), &[page(&[ended, ready.clone(), joined.clone(), denied]), left.clone(), no, left]),
        talk(find(), &[page(&[ready, joined]), gone]),
        talk(find(), &[html(200)]),
        talk(find(), &[Response::empty(500)]),
        talk(find(), &[body(200, &json!({ "next": "https://…?page=2", "results": [] }))]),
        talk(find(), &[page(&[json!({ "id": "b-9", "metadata": { "callsheet_key": "another" } })])]),
    ];
    expect![[r#"
        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 200
        None

        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 200
        Bot(Ended)

        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 200
        POST https://eu-central-1.recall.ai/api/v1/bot/b-3/leave_call/ -> 200
        DELETE https://eu-central-1.recall.ai/api/v1/bot/b-2/ -> 405
        POST https://eu-central-1.recall.ai/api/v1/bot/b-2/leave_call/ -> 200
        Bot(Joined)

        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 200
        DELETE https://eu-central-1.recall.ai/api/v1/bot/b-2/ -> 204
        Bot(Joined)

        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 200
        Ambiguous

        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 500
        Ambiguous

        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 200
        Ambiguous

        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 200
        Ambiguous
    "#]]
    .assert_eq(&talks.join("\n"));
}

#[test]
fn recall_ai_is_recalled_until_no_live_bot_is_listed() {
    let joined = recall_bot("b-1", &["ready", "in_call_recording"]);
    let ready = recall_bot("b-2", &["ready"]);
    let failed = recall_bot("b-3", &["fatal"]);
    let recall = || recall_ai().recall(KEY, 4);
    let talks = [
        talk(recall(), &[page(&[])]),
        talk(recall(), &[page(std::slice::from_ref(&failed))]),
        talk(recall(), &[page(&[ready, failed, joined]), Response::empty(200), Response::empty(404)]),
        talk(recall(), &[waiting(Response::empty(429), "9")]),
        talk(recall(), &[html(200)]),
    ];
    expect![[r#"
        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 200
        Absent

        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 200
        Absent

        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 200
        POST https://eu-central-1.recall.ai/api/v1/bot/b-1/leave_call/ -> 200
        DELETE https://eu-central-1.recall.ai/api/v1/bot/b-2/ -> 404
        Ambiguous

        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 429
        Failed { after: Some(9s), reason: http-429 }

        GET https://eu-central-1.recall.ai/api/v1/bot/?metadata__callsheet_key=k3yk3yk3y -> 200
        Ambiguous
    "#]]
    .assert_eq(&talks.join("\n"));
}

/// A bot as Attendee shows it: docs/openapi.yml.
fn attendee_bot(id: &str, state: &str) -> Value {
    json!({
        "id": id,
        "metadata": { "callsheet_key": KEY },
        "meeting_url": format!("https://zoom.us/j/123?pwd={PASSWORD}"),
        "state": state,
        "events": [{ "type": "fatal_error", "sub_type": "zoom_sdk_internal_error", "created_at": "2026-03-02T09:59:00Z" }],
        "transcription_state": "not_started",
        "recording_state": "not_started",
        "join_at": null,
        "deduplication_key": KEY,
    })
}

#[test]
fn attendee_refusals_are_told_apart_by_their_words() {
    let taken = "Deduplication key already in use. A bot in a non-terminal state with this deduplication key already exists.";
    let full = "You have exceeded the maximum number of concurrent bots (4) for your account.";
    let error = |text: &str| Ok(body(400, &json!({ "error": text })));
    let answers = [
        ("201", Ok(body(201, &attendee_bot("bot_1", "scheduled")))),
        ("201 fatal", Ok(body(201, &attendee_bot("bot_1", "fatal_error")))),
        ("201 empty", Ok(Response::empty(201))),
        ("taken", error(taken)),
        ("full", error(full)),
        ("no credit", error("Organization has run out of credits. Please add more credits")),
        ("broken", error("An error occurred while creating the bot. Error ID: 1")),
        ("no credentials", error("Zoom App credentials are required to create a Zoom bot.")),
        ("field", Ok(body(400, &json!({ "meeting_url": ["Invalid meeting URL"] })))),
        ("400 html", Ok(html(400))),
        ("429", Ok(Response::empty(429))),
        ("500", Ok(html(500))),
    ];
    let spec = spec();
    table(
        || create(&attendee(), &spec),
        &answers,
        expect![[r#"
        201: Accepted(Coming)
        201 fatal: Accepted(Failed(zoom-sdk-internal-error))
        201 empty: Ambiguous
        taken: Ambiguous
        full: Refused { after: None, reason: no-capacity }
        no credit: Refused { after: None, reason: no-credit }
        broken: Refused { after: None, reason: backend-error }
        no credentials: RefusedForGood(http-400)
        field: RefusedForGood(meeting-url)
        400 html: Refused { after: None, reason: http-400 }
        429: Refused { after: None, reason: throttled }
        500: Ambiguous
    "#]],
    );
}

#[test]
fn attendee_bots_are_found_and_recalled_by_their_state() {
    let listed = |state| page(&[attendee_bot("bot_1", state)]);
    let ok = || Response::empty(200);
    let found: Vec<String> =
        ["scheduled", "staged", "waiting_room", "joined_recording", "leaving", "post_processing", "fatal_error", "newer"]
            .into_iter()
            .map(|state| format!("{state}: {}", talk(attendee().find(KEY), &[listed(state)])))
            .collect();
    expect![[r#"
        scheduled: GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y -> 200
        Bot(Coming)
        staged: GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y -> 200
        Bot(Coming)
        waiting_room: GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y -> 200
        Bot(Coming)
        joined_recording: GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y -> 200
        Bot(Joined)
        leaving: GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y -> 200
        Bot(Joined)
        post_processing: GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y -> 200
        Bot(Ended)
        fatal_error: GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y -> 200
        Bot(Failed(zoom-sdk-internal-error))
        newer: GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y -> 200
        Bot(Coming)
    "#]]
    .assert_eq(&found.concat());
    let recall = || attendee().recall(KEY, 4);
    let talks = [
        talk(recall(), &[listed("scheduled"), ok()]),
        talk(recall(), &[listed("scheduled"), Response::empty(400), ok()]),
        talk(recall(), &[listed("joining"), ok()]),
        talk(recall(), &[listed("ended")]),
    ];
    expect![[r#"
        GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y -> 200
        DELETE https://app.attendee.dev/api/v1/bots/bot_1 -> 200
        Ambiguous

        GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y -> 200
        DELETE https://app.attendee.dev/api/v1/bots/bot_1 -> 400
        POST https://app.attendee.dev/api/v1/bots/bot_1/leave -> 200
        Ambiguous

        GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y -> 200
        POST https://app.attendee.dev/api/v1/bots/bot_1/leave -> 200
        Ambiguous

        GET https://app.attendee.dev/api/v1/bots?deduplication_key=k3yk3yk3y -> 200
        Absent
    "#]]
    .assert_eq(&talks.join("\n"));
}

#[test]
fn nothing_that_can_be_printed_holds_password_or_token() {
    for backend in all() {
        let spec = spec();
        let exchange = create(&backend, &spec);
        assert!(String::from_utf8_lossy(&exchange.request.body).contains(PASSWORD));
        let printed = format!("{backend:?} {exchange:?} {:?} {spec:?} {:?}", exchange.request, backend.recall(KEY, 1));
        assert!(!printed.contains(PASSWORD) && !printed.contains(TOKEN), "{printed}");
        assert!(!exchange.request.url.contains(PASSWORD) && !exchange.request.url.contains(TOKEN));
    }
    assert_eq!(Word::of("https://zoom.us/j/1?pwd=hunter2").as_str(), "unknown");
}

#[test]
fn bodies_keep_the_published_schema() {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/bot-backend.schema.json")).expect("JSON");
    let of = |name: &str| {
        let mut schema = schema.clone();
        schema["$ref"] = json!(format!("#/$defs/{name}"));
        jsonschema::validator_for(&schema).expect("a schema")
    };
    let request = create(&own(), &spec()).request;
    assert!(of("spec").is_valid(&serde_json::from_slice(&request.body).expect("JSON")));
    assert!(!of("spec").is_valid(&json!({ "meeting": "m" })));
    let state = |state: &str| json!({ "key": "a".repeat(52), "state": state });
    for known in ["scheduled", "joining", "joined", "ended", "failed", "recalling", "recalled"] {
        assert!(of("bot").is_valid(&state(known)), "{known}");
    }
    assert!(!of("bot").is_valid(&state("levitating")));
    assert!(of("problem").is_valid(&serde_json::from_slice(&problem(410, "tombstoned").body).expect("JSON")));
}

fn any_answer() -> impl Strategy<Value = Result<Response, NetError>> {
    let states = prop::sample::select(vec!["joined", "recalled", "ended", "scheduled", "fatal_error", "ready", "x"]);
    let text = prop_oneof![Just(KEY.to_owned()), Just(PASSWORD.to_owned()), ".{0,12}"];
    let body = (states, text.clone(), text).prop_flat_map(|(state, a, b)| {
        let bot = json!({ "id": a, "key": b, "state": state, "code": b, "error": a, "reason": b, "metadata": { "callsheet_key": b },
            "status_changes": [{ "code": state, "sub_code": a }], "events": [{ "sub_type": b }] });
        let page = json!({ "next": a, "results": [bot.clone(), 3, {}] });
        let cut = bot.to_string();
        let half = cut.chars().take(cut.len() / 2).collect::<String>();
        prop::sample::select(vec![bot.to_string(), page.to_string(), json!({ "results": [bot] }).to_string(), half, a, "null".to_owned(), String::new()])
    });
    let error = prop::sample::select(vec![
        NetError::NotSent,
        NetError::Ambiguous,
        NetError::TooLarge,
        NetError::Forbidden,
        NetError::BadUrl,
    ]);
    prop_oneof![
        9 => (100u16..600, body).prop_map(|(status, body)| Ok(Response { status, headers: Vec::new(), body: body.into_bytes() })),
        1 => error.prop_map(Err),
    ]
}

/// Goes on with the given answers; tells how many requests it took.
fn converse<A>(mut exchange: Exchange<A>, answers: &[Result<Response, NetError>]) -> (A, usize) {
    for count in 1..=32 {
        match exchange.answered(answers[count % answers.len()].clone()) {
            Heard::Answer(answer) => return (answer, count),
            Heard::Ask(next) => exchange = next,
        }
    }
    panic!("an endless conversation");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_panics_nothing_is_accepted_from_a_failure_and_talks_end(answers in prop::collection::vec(any_answer(), 1..8)) {
        let spec = spec();
        for backend in all() {
            let is_success = answers[1 % answers.len()].as_ref().is_ok_and(|response| matches!(response.status, 200..=299));
            let (created, _) = converse(create(&backend, &spec), &answers);
            prop_assert!(is_success || !matches!(created, CreateAnswer::Accepted(_)));
            let (found, finds) = converse(backend.find(KEY), &answers);
            prop_assert!(is_success || !matches!(found, FindAnswer::Bot(_)));
            let (recalled, recalls) = converse(backend.recall(KEY, 1), &answers);
            prop_assert!(is_success || !matches!(recalled, RecallAnswer::Confirmed | RecallAnswer::Absent));
            prop_assert!(finds <= 9 && recalls <= 9);
        }
    }
}

#[test]
fn a_failed_bot_is_over_and_a_coming_one_is_not() {
    assert!(BotState::Coming.is_live() && BotState::Joined.is_live());
    assert!(!BotState::Ended.is_live() && !BotState::Failed(Word::of("x")).is_live());
}

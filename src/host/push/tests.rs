//! The door, the machine, and what providers' own examples say.

use super::door::{self, BODY_BYTES_MAX};
use super::lifecycle::{self, Deed, digest};
use super::lots::Lots;
use super::memory::LOOKUPS_MAX;
use super::wire::{self, Refusal};
use super::{Push, routes};
use crate::host::clock::Clock;
use crate::host::context::Context;
use crate::host::http::{Egress, Method, NetError, Purpose, Request, Response};
use crate::host::model::{
    Calendar, CalendarId, CalendarState, Channel, ChannelState, Connection, ConnectionId, ConnectionState, Origin, Tenant,
    TenantId, Wake,
};
use crate::host::simulation::clock::VirtualClock;
use crate::host::store::{Commit, Memory, Moment, Store, StoreError, Write};
use crate::time::{Elapsed, Instant};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

const TENANT: TenantId = TenantId(1);
const CALENDAR: CalendarId = CalendarId(3);
const ID: &str = "9f1c6a52-4a3e-4a86-9d0f-0d4a6c0a5f11";
const TOKEN: &str = "the-token-of-the-channel";

fn at(secs: i64) -> Instant {
    Instant::from_second(1_800_000_000 + secs).expect("a small number")
}

fn nonce() -> String {
    "n".repeat(43)
}

/// No way out.
struct Nowhere;

impl Egress for Nowhere {
    fn call(&self, _: Request) -> crate::host::clock::Boxed<'_, Result<Response, NetError>> {
        Box::pin(async { Err(NetError::NotSent) })
    }
}

/// A host with one calendar, and how often its store was asked.
struct House {
    host: Context,
    clock: Arc<VirtualClock>,
    asked: Arc<AtomicUsize>,
    fails: Arc<AtomicBool>,
    store: Store,
}

impl House {
    async fn with(channel: Channel) -> Self {
        let memory = Memory::new();
        let store = Store::Memory(memory.clone());
        let connection = Connection {
            tenant: TENANT,
            id: ConnectionId(2),
            user: "ann".to_owned(),
            origin: channel.kind,
            client: "house".to_owned(),
            addresses: Vec::new(),
            zone: None,
            state: ConnectionState::Active,
            token_file: None,
            token: None,
        };
        let tenant = Tenant { id: TENANT, name: "Acme".to_owned(), ..Tenant::default() };
        let calendar = Calendar::unread(TENANT, CALENDAR, ConnectionId(2), channel.kind, String::new());
        let rows = [Write::Tenant(tenant), Write::Connection(connection), Write::Calendar(calendar), Write::Channel(channel)];
        store.commit(Commit { tenant: TENANT, writes: rows.into() }).await.expect("an empty store");
        let (asked, fails) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counting, failing) = (asked.clone(), fails.clone());
        let hook = move |_: &'static str, moment: Moment| {
            counting.fetch_add(usize::from(moment == Moment::Before), Ordering::Relaxed);
            if failing.load(Ordering::Relaxed) { Err(StoreError::Unavailable) } else { Ok(()) }
        };
        let clock = VirtualClock::at(at(0));
        let mut host = Context::new(Store::Memory(memory.with_hook(Arc::new(hook))), Arc::new(Nowhere), clock.clone(), "host");
        host.push = Some(Arc::new(Push::new("https://host.example/", Lots::of_system())));
        Self { host, clock, asked, fails, store }
    }

    async fn google(&self, token: &str, state: &str) -> u16 {
        self.google_as(ID, token, state).await
    }

    async fn google_as(&self, id: &str, token: &str, state: &str) -> u16 {
        let request = Request::new(Purpose::Webhook, Method::Post, "https://host.example/push/google")
            .header("x-goog-channel-id", id)
            .header("x-goog-channel-token", token)
            .header("x-goog-message-number", "7")
            .header("x-goog-resource-id", "resource")
            .header("x-goog-resource-state", state);
        door::answer(&self.host, &request).await.status
    }

    async fn graph(&self, nonce: &str, body: &Value) -> u16 {
        let url = format!("https://host.example/push/graph/{nonce}");
        door::answer(&self.host, &Request::new(Purpose::Webhook, Method::Post, url).json(body)).await.status
    }

    async fn validation(&self, nonce: &str, token: &str) -> Response {
        let token: String = url::form_urlencoded::byte_serialize(token.as_bytes()).collect();
        let url = format!("https://host.example/push/graph/{nonce}?validationToken={token}");
        door::answer(&self.host, &Request::new(Purpose::Webhook, Method::Post, url)).await
    }

    async fn wakes(&self) -> Vec<Wake> {
        self.store.wakes(Instant::MAX, 100).await.expect("a store in memory")
    }

    async fn channel(&self) -> Channel {
        self.store.channels_of(TENANT, CALENDAR).await.expect("a store in memory").remove(0)
    }

    /// How often the store was asked since the last time.
    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::Relaxed)
    }
}

fn channel(kind: Origin, state: ChannelState) -> Channel {
    Channel {
        tenant: TENANT,
        id: ID.to_owned(),
        calendar: CALENDAR,
        kind,
        digest: digest(TOKEN),
        nonce: (kind == Origin::Graph).then(nonce),
        resource: (state != ChannelState::Asked).then(|| "resource".to_owned()),
        state,
        expires_at: at(600_000),
        made_at: at(0),
        due_at: None,
        tries: 0,
        seen: 0,
        heard_at: (state != ChannelState::Asked).then(|| at(0)),
        doubted_at: None,
        version: 0,
    }
}

#[tokio::test(start_paused = true)]
async fn a_thousand_messages_of_one_channel_cost_two_notes() {
    let house = House::with(channel(Origin::Google, ChannelState::Live)).await;
    assert_eq!(house.google(TOKEN, "exists").await, 204);
    let [first] = house.wakes().await[..] else { panic!("one note") };
    assert_eq!((first.calendar, first.due_at, first.whole), (CALENDAR, at(0), false));
    house.asked();
    for _ in 0..1000 {
        assert_eq!(house.google(TOKEN, "exists").await, 204);
    }
    assert_eq!(house.asked(), 1, "the second note, and nothing else");
}

#[tokio::test(start_paused = true)]
async fn whoever_does_not_know_the_secret_costs_no_write_and_is_told_nothing() {
    let house = House::with(channel(Origin::Google, ChannelState::Live)).await;
    house.google(TOKEN, "sync").await;
    house.asked();
    let long = "x".repeat(300);
    for token in ["", "the-token-of-the-channex", "x", long.as_str()] {
        assert_eq!(house.google(token, "exists").await, 204, "{token}");
    }
    assert_eq!((house.asked(), house.wakes().await), (0, vec![]));
    // What names nobody is looked up, but not for ever.
    let mut answers = Vec::new();
    for number in 0..2_000 {
        answers.push(house.google_as(&format!("made-up-{number}"), TOKEN, "exists").await);
    }
    assert!(house.asked() <= LOOKUPS_MAX as usize);
    assert!(answers.iter().take(10).all(|status| *status == 204) && answers.iter().rev().take(10).all(|status| *status == 503));
    // One that was looked up once costs nothing more, and is answered well.
    for _ in 0..100 {
        assert_eq!(house.google_as("made-up-0", TOKEN, "exists").await, 204);
    }
    assert_eq!(house.asked(), 0);
    // Whose channel is remembered is heard all the same; and a second later all are looked up again.
    assert_eq!(house.google(TOKEN, "exists").await, 204);
    assert_eq!(house.wakes().await.len(), 1);
    house.clock.sleep_until(at(2)).await;
    assert_eq!(house.google_as("made-up", TOKEN, "exists").await, 204);
    assert_eq!(house.google_as("a.dot@is-none", TOKEN, "exists").await, 204);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_noted_is_to_come_again() {
    let house = House::with(channel(Origin::Google, ChannelState::Live)).await;
    house.fails.store(true, Ordering::Relaxed);
    assert_eq!(house.google(TOKEN, "exists").await, 503);
    house.fails.store(false, Ordering::Relaxed);
    assert_eq!(house.google(TOKEN, "sync").await, 204);
    house.fails.store(true, Ordering::Relaxed);
    assert_eq!(house.google(TOKEN, "exists").await, 503, "the channel is remembered, the note is not durable");
    house.fails.store(false, Ordering::Relaxed);
    assert_eq!(house.wakes().await, []);
    assert_eq!(house.google(TOKEN, "exists").await, 204);
    assert_eq!(house.wakes().await.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_first_message_before_the_answer_starts_nothing_and_teaches_the_row() {
    let house = House::with(channel(Origin::Google, ChannelState::Asked)).await;
    assert_eq!(house.google(TOKEN, "sync").await, 204);
    let row = house.channel().await;
    assert_eq!((house.wakes().await, row.heard_at, row.seen), (vec![], Some(at(0)), 7));
    assert_eq!((row.state, row.resource.as_deref()), (ChannelState::Asked, Some("resource")));
    // Nobody ever answers: it is there all the same, and not lost for stopping.
    let calendar = Calendar::unread(TENANT, CALENDAR, ConnectionId(2), Origin::Google, String::new());
    assert_eq!(lifecycle::deed(&row, &calendar, at(120)), Deed::Adopt);
}

#[tokio::test(start_paused = true)]
async fn a_lost_channel_that_speaks_up_is_stopped() {
    let lost = Channel { resource: None, ..channel(Origin::Google, ChannelState::Gone) };
    let house = House::with(lost).await;
    assert_eq!(house.google(TOKEN, "exists").await, 204);
    let row = house.channel().await;
    assert_eq!((row.state, row.due_at, house.wakes().await), (ChannelState::Stopping, Some(at(0)), vec![]));
}

#[tokio::test(start_paused = true)]
async fn that_something_is_not_there_is_a_reason_to_look_and_nothing_else() {
    let house = House::with(channel(Origin::Google, ChannelState::Live)).await;
    assert_eq!(house.google(TOKEN, "not_exists").await, 204);
    let calendar = house.store.calendar(TENANT, CALENDAR).await.expect("a store in memory").expect("it is there");
    assert_eq!((calendar.state, house.wakes().await.len()), (CalendarState::Active, 1));
}

#[tokio::test(start_paused = true)]
async fn a_validation_is_answered_only_where_a_subscription_is_asked_for() {
    let token = "Validation: Testing client application reachability, Request-Id: 1f";
    let house = House::with(channel(Origin::Graph, ChannelState::Asked)).await;
    // Another host asks: its row is there.
    let answer = house.validation(&nonce(), token).await;
    assert_eq!((answer.status, answer.body), (200, token.as_bytes().to_vec()));
    assert_eq!(answer.headers[0], ("content-type".to_owned(), "text/plain; charset=utf-8".to_owned()));
    assert_eq!(answer.headers[1], ("x-content-type-options".to_owned(), "nosniff".to_owned()));
    // This host asks: not even the store is needed.
    let push = house.host.push.clone().expect("push is on");
    push.asking(&"m".repeat(43), at(0));
    house.fails.store(true, Ordering::Relaxed);
    assert_eq!(house.validation(&"m".repeat(43), token).await.status, 200);
    push.asked(&"m".repeat(43));
    house.fails.store(false, Ordering::Relaxed);
    for (nonce, token) in [
        ("m".repeat(43), token),
        ("short".to_owned(), token),
        (nonce(), "<script>alert(1)</script>"),
        (nonce(), "line\nbreak"),
        (nonce(), ""),
        (nonce(), "x".repeat(2000).as_str()),
    ] {
        assert_eq!(house.validation(&nonce, token).await.status, 404, "{token}");
    }
    // One that lives is not validated again.
    let live = House::with(channel(Origin::Graph, ChannelState::Live)).await;
    assert_eq!(live.validation(&nonce(), token).await.status, 404);
}

fn said(subscription: &str, secret: &str) -> Value {
    json!({ "subscriptionId": subscription, "clientState": secret, "changeType": "updated", "resource": "me/events/1" })
}

#[tokio::test(start_paused = true)]
async fn five_hundred_notifications_in_one_message_are_one_note() {
    let house = House::with(channel(Origin::Graph, ChannelState::Live)).await;
    let mut messages: Vec<Value> = (0..500).map(|_| said("resource", TOKEN)).collect();
    messages.extend([said("resource", "made up"), said("another", TOKEN), json!({ "subscriptionId": "resource" })]);
    assert_eq!(house.graph(&nonce(), &json!({ "value": messages })).await, 202);
    assert_eq!(house.wakes().await.len(), 1);
    assert!(house.asked() < 5);
    // Forged ones alone: nothing.
    let house = House::with(channel(Origin::Graph, ChannelState::Live)).await;
    assert_eq!(house.graph(&nonce(), &json!({ "value": [said("resource", "made up"), said("another", TOKEN)] })).await, 202);
    assert_eq!(house.graph(&"m".repeat(43), &json!({ "value": [said("resource", TOKEN)] })).await, 202);
    assert_eq!(house.wakes().await, []);
    assert_eq!(house.graph(&nonce(), &json!({ "value": 1 })).await, 400);
}

#[tokio::test(start_paused = true)]
async fn what_becomes_of_a_subscription_is_heard() {
    let event = |word: &str| {
        let mut message = said("resource", TOKEN);
        message["lifecycleEvent"] = json!(word);
        json!({ "value": [message] })
    };
    let house = House::with(channel(Origin::Graph, ChannelState::Live)).await;
    assert_eq!(house.graph(&nonce(), &event("reauthorizationRequired")).await, 202);
    assert_eq!((house.channel().await.due_at, house.wakes().await), (Some(at(0)), vec![]));
    assert_eq!(house.graph(&nonce(), &event("missed")).await, 202);
    assert!(house.wakes().await[0].whole);
    assert_eq!(house.graph(&nonce(), &event("subscriptionRemoved")).await, 202);
    assert_eq!(house.channel().await.state, ChannelState::Gone);
    assert_eq!(house.graph(&nonce(), &event("unheard-of")).await, 202);
}

#[test]
fn what_is_due_follows_from_the_state() {
    let calendar = |origin| Calendar::unread(TENANT, CALENDAR, ConnectionId(2), origin, String::new());
    let deed = |kind, state, now| lifecycle::deed(&channel(kind, state), &calendar(kind), at(now));
    let (google, graph) = (Origin::Google, Origin::Graph);
    assert_eq!(deed(google, ChannelState::Asked, 120), Deed::Part);
    assert_eq!(deed(google, ChannelState::Live, 120), Deed::Replace);
    assert_eq!(deed(graph, ChannelState::Live, 120), Deed::Extend);
    assert_eq!(deed(graph, ChannelState::Live, 600_000), Deed::Part);
    assert_eq!(deed(google, ChannelState::Replaced, 120), Deed::Stop);
    assert_eq!(deed(google, ChannelState::Stopping, 600_000), Deed::Part);
    assert_eq!(deed(google, ChannelState::Gone, 120), Deed::Forget);
    assert_eq!(deed(google, ChannelState::Refused, 120), Deed::AskAgain);
    let gone = Calendar { state: CalendarState::Gone, ..calendar(google) };
    assert_eq!(lifecycle::deed(&channel(google, ChannelState::Live), &gone, at(1)), Deed::Stop);
}

#[test]
fn a_channel_is_renewed_before_it_ends_and_not_with_all_others() {
    let granted = wire::Granted { resource: Some("r".to_owned()), expires_at: Some(at(100_000)) };
    let due = |number: u64| {
        let row = Channel { calendar: CalendarId(number), ..channel(Origin::Google, ChannelState::Asked) };
        let live = lifecycle::live(&row, &granted, 9, at(0));
        assert_eq!((live.state, live.expires_at, live.tries), (ChannelState::Live, at(100_000), 0));
        live.due_at.expect("it is renewed").duration_since(at(0)).as_secs()
    };
    let mut all: Vec<i64> = (0..1000).map(due).collect();
    all.sort_unstable();
    assert!(all[0] >= 70_000 && all[999] <= 80_000 && all[900] - all[100] > 6_000, "{} {}", all[0], all[999]);
}

#[test]
fn a_refusal_is_asked_about_again_when_it_may_have_passed() {
    let wait = |refusal: Refusal, tries| {
        let row = Channel { tries, ..channel(Origin::Google, ChannelState::Asked) };
        let refused = lifecycle::refused(&row, &refusal, 1, at(0));
        assert_eq!((refused.state, refused.tries), (ChannelState::Refused, tries + 1));
        refused.due_at.expect("it is asked about again").duration_since(at(0))
    };
    assert!(wait(Refusal::PollOnly, 0) >= lifecycle::POLL_ONLY);
    // Mended in a minute, it is not left for hours; left as it is, it is asked about seldom.
    let ours = |tries| wait(Refusal::Ours("x"), tries);
    assert!(ours(0) <= lifecycle::OURS.0 && ours(0) >= lifecycle::OURS.0 / 2 && ours(1) <= lifecycle::OURS.0 * 2);
    assert!(ours(30) <= lifecycle::OURS.1 && ours(30) >= lifecycle::OURS.1 / 2);
    let in_a_day: Elapsed = (0..10).map(ours).fold(Elapsed::ZERO, |sum, wait| sum + wait);
    assert!(in_a_day > Elapsed::from_hours(12), "{in_a_day:?}");
    assert!(wait(Refusal::Retry("x"), 0) <= Elapsed::from_mins(1));
    assert!(wait(Refusal::Retry("x"), 30) <= lifecycle::BACKOFF.1 && wait(Refusal::Retry("x"), 30) >= lifecycle::BACKOFF.1 / 2);
    assert!(wait(Refusal::Throttled(Some(std::time::Duration::from_secs(9000))), 0) >= Elapsed::from_secs(9000));
}

#[test]
fn refusals_mean_what_is_to_be_done() {
    let google = |status, reason: &str| {
        let body = json!({ "error": { "code": status, "message": "", "errors": [{ "reason": reason }] } });
        wire::granted(Origin::Google, &Ok(Response::json(status, &body))).expect_err("a refusal")
    };
    assert_eq!(google(400, "pushNotSupportedForRequestedResource"), Refusal::PollOnly);
    assert_eq!(google(401, "push.webhookUrlUnauthorized"), Refusal::Ours("address-refused"));
    assert_eq!(google(400, "push.webhookUrlNotHttps"), Refusal::Ours("address-refused"));
    assert_eq!(google(400, "channelIdNotUnique"), Refusal::Retry("id-not-unique"));
    assert_eq!(google(401, "authError"), Refusal::Retry("refresh-token"));
    assert_eq!(google(403, "rateLimitExceeded"), Refusal::Throttled(None));
    assert_eq!(google(503, "backendError"), Refusal::NotSent);
    let graph = |status, code: &str, message: &str| {
        let body = json!({ "error": { "code": code, "message": message } });
        wire::granted(Origin::Graph, &Ok(Response::json(status, &body))).expect_err("a refusal")
    };
    assert_eq!(graph(400, "ValidationError", "Subscription validation request failed."), Refusal::Retry("not-validated"));
    assert_eq!(graph(403, "ExtensionError", "subscription limit"), Refusal::PollOnly);
    assert_eq!(graph(404, "ResourceNotFound", ""), Refusal::Unknown);
    assert_eq!(wire::stopped(Origin::Graph, &Ok(Response::empty(404))), Ok(()));
    assert_eq!(wire::stopped(Origin::Google, &Ok(Response::empty(204))), Ok(()));
    assert_eq!(wire::granted(Origin::Google, &Err(NetError::Ambiguous)), Err(Refusal::NotSent));
    assert_eq!(wire::granted(Origin::Google, &Ok(Response::json(200, &json!({})))), Err(Refusal::NotSent));
}

/// `CALLSHEET_FIXTURES`, else `../shared/fixtures`.
fn fixture(name: &str) -> Option<Value> {
    let named = std::env::var_os("CALLSHEET_FIXTURES").map(std::path::PathBuf::from);
    let folder = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures"));
    if !folder.is_dir() {
        println!("skipped: no conformance data");
        return None;
    }
    let text = std::fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    Some(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
}

#[test]
fn a_sample_channel_of_google_is_read() {
    let Some(samples) = fixture("google/watch-and-list-samples.json") else { return };
    let sample = &samples["samples"]["channel_watch"];
    let granted = wire::granted(Origin::Google, &Ok(Response::json(200, sample))).expect("a channel");
    assert_eq!(granted.resource.as_deref(), sample["resourceId"].as_str());
    let millis: i64 = sample["expiration"].as_str().expect("a text").parse().expect("a number");
    assert_eq!(granted.expires_at, Instant::from_millisecond(millis).ok());
    // What we ask for has the same members.
    let bases = crate::host::sync::Bases::default();
    let request = wire::watch(&bases, "", "https://host.example/push/google", (ID, TOKEN), at(600));
    let asked: Value = serde_json::from_slice(&request.body).expect("JSON");
    assert_eq!(asked["expiration"], json!(at(600).as_millisecond().to_string()));
    assert!(["id", "token", "expiration"].into_iter().all(|name| sample[name].is_string() && asked[name].is_string()));
    assert!(request.url.ends_with("/calendars/primary/events/watch"), "{}", request.url);
}

#[test]
fn a_sample_subscription_of_graph_is_read() {
    let Some(samples) = fixture("graph/subscription-samples.json") else { return };
    let sample = &samples["samples"]["subscription_create"];
    let granted = wire::granted(Origin::Graph, &Ok(Response::json(201, sample))).expect("a subscription");
    assert_eq!(granted.resource.as_deref(), sample["id"].as_str());
    assert_eq!(granted.expires_at, sample["expirationDateTime"].as_str().and_then(|text| text.parse().ok()));
    let to = wire::Addresses { changes: "https://a.example/1".to_owned(), lifecycle: "https://a.example/1/lifecycle".to_owned() };
    let request = wire::subscribe(&crate::host::sync::Bases::default(), "", &to, TOKEN, at(600));
    let asked: Value = serde_json::from_slice(&request.body).expect("JSON");
    for name in ["resource", "changeType"] {
        assert_eq!(asked[name], sample[name]);
    }
    assert!(request.find_header("prefer").is_some_and(|prefer| prefer.contains("ImmutableId")));
}

/// Sends a request as it stands; the answer as it came.
async fn raw(address: std::net::SocketAddr, request: String) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    let _cut = stream.read_to_string(&mut answer).await;
    answer
}

#[tokio::test]
async fn the_routes_answer_over_http() {
    let house = House::with(channel(Origin::Graph, ChannelState::Asked)).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("a port");
    let server = tokio::spawn(axum::serve(listener, routes::routes(&house.host)).into_future());
    let ask = async |line: &str, headers: &str, body: &str| {
        let length = body.len();
        raw(
            address,
            format!("{line} HTTP/1.1\r\nhost: h\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}"),
        )
        .await
    };
    let path = format!("POST /push/graph/{}", nonce());
    let echoed = ask(&format!("{path}?validationToken=a%20b%3A1"), "", "").await;
    assert!(echoed.starts_with("HTTP/1.1 200") && echoed.ends_with("\r\n\r\na b:1"), "{echoed}");
    assert!(echoed.contains("content-type: text/plain; charset=utf-8") && echoed.contains("nosniff"), "{echoed}");
    let lifecycle = ask(&format!("{path}/lifecycle?validationToken=x"), "", "").await;
    assert!(lifecycle.ends_with("\r\n\r\nx"), "{lifecycle}");
    let script = ask(&format!("{path}?validationToken=%3Cscript%3E"), "", "").await;
    assert!(script.starts_with("HTTP/1.1 404"), "{script}");
    let body = json!({ "value": [said("resource", TOKEN)] }).to_string();
    assert!(ask(&path, "", &body).await.starts_with("HTTP/1.1 202"));
    assert_eq!(house.wakes().await.len(), 1);
    let large = "x".repeat(BODY_BYTES_MAX + 1);
    assert!(ask(&path, "", &large).await.starts_with("HTTP/1.1 413"));
    assert!(ask(&format!("GET /push/graph/{}", nonce()), "", "").await.starts_with("HTTP/1.1 405"));
    let google = format!("x-goog-channel-id: {ID}\r\nx-goog-channel-token: no\r\nx-goog-resource-state: exists\r\n");
    assert!(ask("POST /push/google", &google, "").await.starts_with("HTTP/1.1 204"));
    assert!(ask("GET /robots.txt", "", "").await.contains("Allow: /push/"));
    server.abort();
}

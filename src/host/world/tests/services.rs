//! Bots, receivers, weather, the demonstration and the server.

use super::*;
use crate::engine::{CheckOptions, RuleText, check};
use crate::host::world::bots::Happened;
use crate::host::world::receiver::Manner;
use crate::host::world::shared::Shared;
use crate::host::world::weather::{Fault, Kind, Service};
use crate::host::world::{demo, serve};
use serde_json::json;
use std::sync::Arc;

fn bot(world: &mut World, now: Instant, method: Method, key: &str, fence: u64) -> String {
    let start = start();
    let spec = json!({
        "meeting": "m",
        "join_at": (start + Elapsed::from_secs(600)).to_string(),
        "start": (start + Elapsed::from_secs(690)).to_string(),
        "end": (start + Elapsed::from_secs(2490)).to_string(),
        "platform": "meet",
        "room": "meet/abc-defg-hij",
        "url": "https://meet.google.com/abc-defg-hij",
    });
    let request = Request::new(Purpose::Bots, method, format!("https://bots.example/bots/{key}"));
    let request = request.header("authorization", "Bearer b").header("callsheet-fence", fence.to_string());
    let request = if method == Method::Put { request.json(&spec) } else { request };
    let response = ok(world.call(now, &request));
    let body = self::json(&response);
    let word = body["state"].as_str().or(body["code"].as_str()).unwrap_or_default();
    format!("{} {word}", response.status)
}

#[test]
fn the_bot_backend_keeps_its_contract() {
    let mut world = world(1);
    let at = |secs: i64| start() + Elapsed::from_secs(secs);
    let mut text = String::new();
    let mut say = |world: &mut World, secs: i64, method: Method, key: &str, fence: u64| {
        let answer = bot(world, at(secs), method, key, fence);
        text.push_str(&format!("{secs:>4} {:<6} {key} {fence}: {answer}\n", method.word()));
    };
    say(&mut world, 0, Method::Get, "a", 0);
    say(&mut world, 1, Method::Put, "a", 1);
    say(&mut world, 2, Method::Put, "a", 2);
    say(&mut world, 3, Method::Put, "a", 1);
    say(&mut world, 599, Method::Get, "a", 0);
    say(&mut world, 600, Method::Get, "a", 0);
    say(&mut world, 2490, Method::Get, "a", 0);
    say(&mut world, 10, Method::Delete, "b", 1);
    say(&mut world, 11, Method::Put, "b", 2);
    say(&mut world, 12, Method::Put, "c", 1);
    say(&mut world, 13, Method::Delete, "c", 2);
    say(&mut world, 14, Method::Put, "c", 3);
    say(&mut world, 15, Method::Put, "d", 1);
    say(&mut world, 700, Method::Delete, "d", 1);
    say(&mut world, 701, Method::Get, "d", 0);
    say(&mut world, 2491, Method::Delete, "a", 0);
    say(&mut world, 2492, Method::Put, "a", 1);
    expect_test::expect![[r#"
           0 GET    a 0: 404 unknown-key
           1 PUT    a 1: 201 scheduled
           2 PUT    a 2: 200 scheduled
           3 PUT    a 1: 409 stale-fence
         599 GET    a 0: 200 scheduled
         600 GET    a 0: 200 joined
        2490 GET    a 0: 200 ended
          10 DELETE b 1: 200 recalled
          11 PUT    b 2: 410 tombstoned
          12 PUT    c 1: 201 scheduled
          13 DELETE c 2: 200 recalled
          14 PUT    c 3: 410 tombstoned
          15 PUT    d 1: 201 scheduled
         700 DELETE d 1: 200 recalled
         701 GET    d 0: 200 recalled
        2491 DELETE a 0: 200 ended
        2492 PUT    a 1: 409 stale-fence
    "#]]
    .assert_eq(&text);
    let of = |key: &str| world.bots.journal().iter().filter(|line| line.key == key).map(|line| line.what).collect::<Vec<_>>();
    let a = [
        Happened::Accepted,
        Happened::Again,
        Happened::RefusedFenced,
        Happened::Joined,
        Happened::Ended,
        Happened::RefusedFenced,
    ];
    assert_eq!(of("a"), a);
    assert_eq!(of("b"), [Happened::Tombstoned, Happened::RefusedTombstoned]);
    assert_eq!(of("d"), [Happened::Accepted, Happened::Joined, Happened::Left]);
}

#[test]
fn receivers_write_down_what_came_and_fail_as_told() {
    let mut world = world(1);
    world.receivers.set("slow", Manner::FailsFirst(2));
    let request = Request::new(Purpose::Webhook, Method::Post, "https://hooks.example/slow")
        .header("webhook-id", "msg_1")
        .json(&json!({ "type": "dispatch.accepted" }));
    let statuses: Vec<u16> = (0..4).map(|_| ok(world.call(start(), &request)).status).collect();
    assert_eq!(statuses, [503, 503, 204, 204]);
    let last = world.receivers.journal().last().expect("four lines");
    assert_eq!((last.id.as_str(), last.kind.as_str(), last.at, last.status), ("msg_1", "dispatch.accepted", start(), 204));
}

/// Some requests of every kind, in a storm.
fn stormy(seed: u64) -> World {
    let mut world = World::new(vec![script::plan(seed, &size())], Weather::under(Sky::Storm, seed));
    for round in 0..150 {
        let now = start() + Elapsed::from_secs(round * 97);
        for (number, account) in world.truth.accounts().to_vec().into_iter().enumerate() {
            let url = match account.origin {
                Origin::Google => "https://www.googleapis.com/calendar/v3/calendars/primary/events".to_owned(),
                Origin::Graph => {
                    let to = start() + Elapsed::from_hours(48);
                    format!("https://graph.microsoft.com/v1.0/me/calendarView?startDateTime={}&endDateTime={to}", start())
                }
                Origin::Feed => format!("https://feeds.example/{}.ics", account.token),
            };
            let request = Request::new(Purpose::Provider, Method::Get, url);
            world.call(now, &request.header("authorization", format!("Bearer {}", account.token)));
            let key = format!("k{}", (round + i64::try_from(number).expect("few")) % 50);
            let method = if round % 3 == 0 { Method::Delete } else { Method::Put };
            let request = Request::new(Purpose::Bots, method, format!("https://bots.example/bots/{key}"));
            let request = request.header("authorization", "Bearer b");
            world.call(now, &request.json(&json!({ "join_at": now.to_string(), "url": "https://meet.google.com/abc-defg-hij" })));
        }
    }
    world
}

#[test]
fn one_seed_gives_one_run_and_another_another() {
    let (one, same, other) = (stormy(11), stormy(11), stormy(12));
    assert_eq!(one.trace(), same.trace());
    assert_eq!(one.bots.journal(), same.bots.journal());
    assert_eq!(one.weather.met(), same.weather.met());
    assert_ne!(one.trace(), other.trace());
}

#[test]
fn no_storm_brings_two_bots_under_one_key() {
    for seed in 0..8 {
        let world = stormy(seed);
        let mut accepted: Vec<&str> =
            world.bots.journal().iter().filter(|line| line.what == Happened::Accepted).map(|line| line.key.as_str()).collect();
        let count = accepted.len();
        accepted.sort_unstable();
        accepted.dedup();
        assert_eq!(accepted.len(), count, "seed {seed}");
    }
}

#[test]
fn every_rule_text_passes_the_check() {
    let texts = script::RULES.iter().map(|text| text.replace("OUR_DOMAIN", "tinderbox.example")).chain([demo::RULES.to_owned()]);
    for text in texts {
        let checked = check(&[RuleText { name: "run.rules".into(), text: text.clone(), layer: None }], &CheckOptions::default());
        assert!(checked.rule_set.is_some() && checked.diagnostics.is_empty(), "{:?}\n{text}", checked.diagnostics);
    }
}

#[test]
fn runs_hold_a_little_of_everything() {
    let mut kinds = std::collections::BTreeMap::<&str, usize>::new();
    for seed in 0..200 {
        for step in script::plan(seed, &size()).steps {
            *kinds.entry(kind_of(&step.what)).or_default() += 1;
        }
    }
    let expected = [
        "cancel",
        "cancel-one",
        "change-one",
        "content",
        "create",
        "drop",
        "move",
        "move-one",
        "recreate",
        "repeat",
        "split",
        "uid-copy",
    ];
    assert!(kinds.keys().eq(expected.iter()), "{kinds:?}");
    assert!(kinds.values().all(|count| *count >= 10), "{kinds:?}");
}

fn kind_of(what: &script::What) -> &'static str {
    use crate::host::world::calendar::Edit;
    match what {
        script::What::Create(meeting) if meeting.organizer == "eve@elsewhere.example" => "uid-copy",
        script::What::Create(_) => "create",
        script::What::Edit(_, edit) => match edit {
            Edit::Content(_) => "content",
            Edit::Move { .. } => "move",
            Edit::Cancel => "cancel",
            Edit::Recreate => "recreate",
            Edit::Drop(_) => "drop",
            Edit::Repeat(_) => "repeat",
            Edit::Split { .. } => "split",
            Edit::Occurrence(..) => "change-one",
            Edit::MoveOccurrence { .. } => "move-one",
            Edit::CancelOccurrence(_) => "cancel-one",
        },
    }
}

#[test]
fn the_demonstration_plays_and_every_edit_of_it_changes_something() {
    let plan = demo::plan(start());
    let steps = plan.steps.len() as u64;
    let mut world = World::new(vec![plan], Weather::under(Sky::Calm, 0));
    world.advance(start() + Elapsed::from_hours(1));
    // One edit makes another meeting, which is a revision of its own.
    assert_eq!(world.truth.rev(), steps + 1);
    let shown: Vec<usize> = (0..6)
        .map(|number| {
            world.truth.occurrences(AccountId(number), world.truth.rev(), start(), start() + Elapsed::from_hours(5)).len()
        })
        .collect();
    assert!(shown.iter().all(|count| *count >= 4), "{shown:?}");
}

#[tokio::test]
async fn the_same_world_answers_on_loopback() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let world = World::new(vec![demo::plan(start())], Weather::under(Sky::Calm, 0));
    let shared = Shared::new(world, Arc::new(Still));
    let router = serve::router(&shared, &address);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let get = |url: String, token: &'static str| {
        client.get(url).bearer_auth(token).header("prefer", "outlook.timezone=\"UTC\",IdType=\"ImmutableId\"").send()
    };
    let google = get(format!("{address}/google/calendar/v3/calendars/primary/events"), "sandbox-ada").await.expect("an answer");
    assert_eq!(google.status(), 200);
    let bounds = format!("startDateTime={}&endDateTime={}", start(), start() + Elapsed::from_hours(8));
    let graph = get(format!("{address}/graph/v1.0/me/calendarView/delta?{bounds}"), "sandbox-boris").await.expect("an answer");
    let body: serde_json::Value = serde_json::from_slice(&graph.bytes().await.expect("a body")).expect("JSON");
    let next = body["@odata.nextLink"].as_str().expect("a second page").to_owned();
    assert!(next.starts_with(&format!("{address}/graph/v1.0/me/calendarView/delta?")), "{next}");
    assert_eq!(get(next, "sandbox-boris").await.expect("an answer").status(), 200);
    assert_eq!(get(format!("{address}/feeds/sandbox-emil.ics"), "-").await.expect("an answer").status(), 200);
    assert_eq!(get(format!("{address}/nothing"), "-").await.expect("an answer").status(), 504);
    let put = client
        .put(format!("{address}/bots/bots/k"))
        .bearer_auth("b")
        .body(json!({ "join_at": START, "url": "https://meet.google.com/abc-defg-hij" }).to_string());
    assert_eq!(put.send().await.expect("an answer").status(), 201);
    assert_eq!(shared.world().bots.all().len(), 1);
    server.abort();
}

#[test]
fn a_fault_strikes_where_it_is_told_to() {
    let mut world = world(5);
    let account = accounts_at(&world, Origin::Google)[0];
    world.weather.strike(Kind::GoogleList, 2, Fault::Expired);
    let list = "https://www.googleapis.com/calendar/v3/calendars/primary/events";
    let statuses: Vec<u16> = (0..3).map(|_| read(&mut world, start(), account, list).status).collect();
    assert_eq!(statuses, [200, 410, 200]);
    world.weather.darken(Service::Feeds, start() + Elapsed::from_secs(60));
    let feed = Request::new(Purpose::Feed, Method::Get, "https://feeds.example/x.ics");
    assert!(world.call(start(), &feed).result.is_err());
    assert_eq!(ok(world.call(start() + Elapsed::from_secs(60), &feed)).status, 404);
}

#[test]
fn what_was_carried_out_and_not_answered_is_there() {
    let mut world = world(5);
    world.weather.strike(Kind::BotCreate, 1, Fault::Unanswered);
    let spec = json!({ "join_at": START, "url": "https://meet.google.com/abc-defg-hij" });
    let request = Request::new(Purpose::Bots, Method::Put, "https://bots.example/bots/k").json(&spec);
    let request = request.header("authorization", "Bearer b");
    let answered = world.call(start(), &request);
    assert_eq!((answered.after, answered.result), (request.timeout, Err(crate::host::http::NetError::Ambiguous)));
    assert_eq!(bot(&mut world, start(), Method::Get, "k", 0), "200 joined");
}

#[tokio::test]
async fn in_process_the_world_is_the_hosts_way_out() {
    use crate::host::http::Egress;
    let shared = Shared::new(world(1), Arc::new(Still));
    let request = Request::new(Purpose::Webhook, Method::Post, "https://hooks.example/any");
    assert_eq!(shared.call(request).await.expect("an answer").status, 204);
    assert_eq!(shared.world().receivers.journal().len(), 1);
}

/// A clock that stands still, and waits for nothing.
struct Still;

impl crate::host::clock::Clock for Still {
    fn now(&self) -> Instant {
        start()
    }

    fn sleep_until(&self, _: Instant) -> crate::host::clock::Boxed<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

#[test]
fn a_bot_that_did_not_set_out_takes_on_another_body() {
    let mut world = world(1);
    let spec = |secs: i64| json!({ "join_at": (start() + Elapsed::from_secs(secs)).to_string(), "url": "https://meet.google.com/abc-defg-hij" });
    let put = |world: &mut World, at: i64, secs: i64| {
        let request = Request::new(Purpose::Bots, Method::Put, "https://bots.example/bots/k").header("authorization", "Bearer b");
        ok(world.call(start() + Elapsed::from_secs(at), &request.json(&spec(secs)))).status
    };
    assert_eq!([put(&mut world, 0, 100), put(&mut world, 1, 50), put(&mut world, 60, 90)], [201, 200, 200]);
    world.advance(start() + Elapsed::from_secs(5000));
    let lines: Vec<(i64, Happened)> =
        world.bots.journal().iter().map(|line| (line.at.duration_since(start()).as_secs(), line.what)).collect();
    let expected = [
        (0, Happened::Accepted),
        (1, Happened::Changed),
        (50, Happened::Joined),
        (60, Happened::Again),
        (50 + 3600, Happened::Ended),
    ];
    assert_eq!(lines, expected);
}

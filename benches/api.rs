//! The programming interface under load, beside the host that reads calendars: the real program on a real file, its providers over HTTP
//! in this process, and requests of a mix of routes, with the keys of several tenants, at a rate that waits for nobody. A request counts
//! from the instant at which it was to be sent, so that one that had to wait is late, not left out.
//!
//! `api [SECONDS [RATE]]`: 30 s of 500 requests a second. `--test`: a small round. Beside it, of the same run: a route that does nothing,
//! asked at the same rate; and commits a second of the same kind of store.

#[path = "../tests/support/load/mod.rs"]
mod load;

use callsheet::host::api::auth::{Scope, new_key};
use callsheet::host::api::random;
use callsheet::host::model::{
    ApiKey, Calendar, CalendarId, Connection, ConnectionId, ConnectionState, KeyId, Origin, RulesRow, Tenant, TenantId,
};
use callsheet::host::store::{Commit, Store, Write};
use callsheet::host::world::calendar::{Account, Content, Guest, Meeting};
use callsheet::host::world::dice::Dice;
use callsheet::host::world::script::{Plan, Step, What};
use callsheet::host::world::weather::Kind;
use callsheet::time::{Elapsed, Instant, Zone};
use callsheet::value::Response;
use load::figures::{Sorted, tell_controls};
use load::process::{Folder, Host, health};
use load::served::Served;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::Instant as Tick;

/// Users of a tenant, and its meetings.
const USERS: usize = 40;
const MEETINGS: usize = 60;
const TENANTS: usize = 8;
/// New meetings a second, all tenants together: what the host has to do beside.
const NEWS: i64 = 5;
/// The first of them, after the plan is made.
const NEWS_AFTER: Elapsed = Elapsed::from_secs(5);
const RULES: &str = "rule calls:\n  record\n  when title contains \"call\"\n";
/// How long the host may take to read all calendars.
const PATIENCE: Duration = Duration::from_secs(120);
/// The bound.
const P99_MILLIS: f64 = 20.0;

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let smoke = std::env::args().any(|argument| argument == "--test");
    let secs = numbers.first().copied().unwrap_or(if smoke { 2 } else { 30 });
    let rate = numbers.get(1).copied().unwrap_or(if smoke { 50 } else { 500 });
    let tenants = if smoke { 2 } else { TENANTS };
    let folder = Folder::new("api");
    let served = Served::new(plan(tenants, Instant::now(), secs), 1);
    let keys = served.runtime.block_on(fill(&folder.store(), tenants));
    let host = Host::start(env!("CARGO_BIN_EXE_callsheet"), &folder.store(), &served.address, &folder.log());
    let begun = std::time::Instant::now();
    let reads = || served.shared.world().weather.asked().get(&Kind::GoogleList).copied().unwrap_or(0);
    while reads() < (tenants * USERS) as u64 || health(&folder.log(), "/readyz").is_none_or(|(status, _)| status != 200) {
        std::thread::sleep(Duration::from_millis(100));
        assert!(begun.elapsed() < PATIENCE, "{} calendars were read", reads());
    }
    let address = address_of(&folder);
    let desk = Arc::new(served.runtime.block_on(Desk::new(&address, &keys)));
    let before = reads();
    println!("{} calendars of {tenants} tenants, {rate} requests a second for {secs} s\n{}", tenants * USERS, Sorted::head());
    let plan: Vec<Ask> = (0..secs * rate).map(|turn| desk.ask(turn)).collect();
    let answers = served.runtime.block_on(offered(&address, rate, plan));
    let told = Told::of(&answers);
    println!("{}", Sorted::of(told.millis.clone()).line("all routes", "ms"));
    for (name, millis) in &told.by_route {
        println!("{}", Sorted::of(millis.clone()).line(&format!("  {name}"), "ms"));
    }
    println!("refused {}; answered with {:?}", told.refused, told.statuses);
    println!("calendars read meanwhile: {}", reads() - before);
    let empty = |turn: u64| Ask { name: "an empty route", head: request("GET", "/livez", &address, "", &[], ""), turn };
    let control = served.runtime.block_on(offered(&address, rate, (0..secs * rate).map(empty).collect()));
    let control = Told::of(&control);
    println!("{}", Sorted::of(control.millis.clone()).line("control: an empty route", "ms"));
    let length = Duration::from_secs(if smoke { 1 } else { 3 });
    served.runtime.block_on(tell_controls(16, length));
    assert!(host.stop(Duration::from_secs(60)), "the host stops when it is asked to");
    assert_eq!(told.refused, 0, "{:?}", told.statuses);
    let p99 = Sorted::of(told.millis).at(990);
    assert!(smoke || p99 < P99_MILLIS, "p99 is {p99:.1} ms");
}

fn address_of(folder: &Folder) -> String {
    let said = std::fs::read_to_string(folder.log()).expect("the log is there");
    let line = said.lines().rev().find_map(|line| line.split_once("health and metrics on http://")).expect("it said so");
    line.1.split('/').next().expect("an address").to_owned()
}

/// Companies whose meetings lie some days ahead; some more come while requests are sent.
fn plan(tenants: usize, begin: Instant, secs: u64) -> Plan {
    let mut dice = Dice::of(1, "api");
    let mut steps = Vec::new();
    for number in 0..tenants * MEETINGS {
        steps.push(step(&mut dice, (number, tenants), begin - Elapsed::from_hours(24), begin));
    }
    for number in 0..NEWS * i64::try_from(secs * 3).expect("not so long") {
        let at = begin + NEWS_AFTER + Elapsed::from_millis(1000 * number / NEWS);
        let number = tenants * MEETINGS + usize::try_from(number).expect("not negative");
        steps.push(step(&mut dice, (number, tenants), at, begin));
    }
    let accounts = (0..tenants * USERS).map(account).collect();
    Plan { accounts, steps, rules: RULES.to_owned(), domain: "example".to_owned() }
}

fn step(dice: &mut Dice, (number, tenants): (usize, usize), at: Instant, begin: Instant) -> Step {
    let (tenant, handle) = (number % tenants, format!("meeting{number:05}"));
    let start = begin + Elapsed::from_hours(48 + dice.below(24 * 8).cast_signed());
    let user = |dice: &mut Dice| address(tenant * USERS + usize::try_from(dice.below(USERS as u64)).expect("few"));
    let (organizer, guest) = (user(dice), user(dice));
    let meeting = Meeting {
        uid: format!("{handle}@google.com"),
        organizer,
        content: Content {
            title: if dice.chance(700) { "Sales call".into() } else { "Private".into() },
            link: Some(format!("https://us02web.zoom.us/j/8{number:010}")),
            guests: vec![Guest::person(guest).answered(Response::Accepted)],
            ..Content::default()
        },
        handle,
        zone: Zone::utc(),
        first: Zone::utc().civil(Instant::from_second(start.as_second() / 900 * 900).expect("close to a time")),
        mins: 30,
        all_day: false,
        repeats: None,
        exceptions: BTreeMap::new(),
        cancelled: false,
        dropped: BTreeSet::new(),
        sequence: 0,
        created: at,
        updated: at,
    };
    Step { at, what: What::Create(Box::new(meeting)) }
}

fn address(place: usize) -> String {
    format!("user{place}@t{}.example", place / USERS)
}

/// The token of connection 7 is `token-7`: see `serve --world`.
fn account(place: usize) -> Account {
    Account {
        name: format!("user{place}"),
        address: address(place),
        origin: Origin::Google,
        zone: Zone::utc(),
        client: "client".to_owned(),
        token: format!("token-{}", place + 1),
    }
}

/// The tenants with their connections; a key for each.
async fn fill(url: &str, tenants: usize) -> Vec<String> {
    let store = Store::open(url).await.expect("a new file");
    let mut keys = Vec::new();
    for number in 0..tenants {
        let tenant = TenantId(number as u64 + 1);
        let row = Tenant { id: tenant, name: "Company".into(), ..Tenant::default() };
        let rules = RulesRow { tenant, user: None, version: 1, text: RULES.to_owned() };
        let (key, hash) = new_key(&random());
        keys.push(key);
        let scopes = Scope::ALL.iter().map(|scope| scope.word().to_owned()).collect();
        let id = KeyId(10_000 + tenant.0);
        let made_at = Instant::now();
        let key = ApiKey { tenant, id, name: "load".into(), hash, scopes, made_at, revoked_at: None, version: 0 };
        let mut writes = vec![Write::Tenant(row), Write::Rules(rules), Write::ApiKey(key)];
        for place in number * USERS..(number + 1) * USERS {
            let id = ConnectionId(place as u64 + 1);
            let of = account(place);
            writes.push(Write::Connection(Connection {
                tenant,
                id,
                user: of.name,
                origin: of.origin,
                client: of.client,
                addresses: vec![of.address],
                zone: Some("UTC".into()),
                state: ConnectionState::Active,
                token_file: None,
                token: None,
            }));
            writes.push(Write::Calendar(Calendar::unread(tenant, CalendarId(id.0), id, Origin::Google, "primary".into())));
        }
        store.commit(Commit { tenant, writes }).await.expect("a new store takes it");
    }
    store.close().await;
    keys
}

/// A request that is to be sent at its turn.
struct Ask {
    name: &'static str,
    head: String,
    turn: u64,
}

/// The names of a tenant's meetings, as far as they stand on one page.
async fn planned(address: &str, key: &str) -> Vec<String> {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let (status, body) =
        exchange(&mut stream, &request("GET", "/v1/events?limit=50", address, key, &[], "")).await.expect("it answers");
    assert_eq!(status, 200, "{body}");
    let page: Value = serde_json::from_str(&body).expect("JSON");
    let items = page["items"].as_array().expect("items");
    items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)).collect()
}

/// What requests are made of: a key for each tenant, and the names of its meetings.
struct Desk {
    address: String,
    keys: Vec<String>,
    events: Vec<Vec<String>>,
}

impl Desk {
    async fn new(address: &str, keys: &[String]) -> Self {
        let mut events = Vec::new();
        for key in keys {
            let begun = Tick::now();
            let mut known = Vec::new();
            // Until the plan has followed what was read.
            loop {
                let names = planned(address, key).await;
                if !names.is_empty() && names == known {
                    break events.push(names);
                }
                assert!(begun.elapsed() < PATIENCE, "nothing is planned");
                known = names;
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        }
        Self { address: address.to_owned(), keys: keys.to_vec(), events }
    }

    /// Of twenty requests sixteen look and four change.
    fn ask(&self, turn: u64) -> Ask {
        let place = usize::try_from(turn).expect("few") % self.keys.len();
        let round = usize::try_from(turn).expect("few") / self.keys.len();
        let event = &self.events[place][round % self.events[place].len()];
        let json = [("content-type", "application/json")];
        let text = [("content-type", "text/plain")];
        let (name, method, path, headers, body): (_, _, _, &[(&str, &str)], String) = match turn * 7 % 20 {
            0..=4 => ("GET events", "GET", "/v1/events?limit=20".to_owned(), &[], String::new()),
            5..=8 => ("GET one event, explained", "GET", format!("/v1/events/{event}"), &[], String::new()),
            9..=10 => ("GET event-changes", "GET", "/v1/event-changes?limit=20".to_owned(), &[], String::new()),
            11..=12 => ("GET dispatches", "GET", "/v1/dispatches?limit=20".to_owned(), &[], String::new()),
            13 => ("GET connections", "GET", "/v1/connections".to_owned(), &[], String::new()),
            14 => ("GET calendars", "GET", "/v1/calendars?limit=20".to_owned(), &[], String::new()),
            15 => ("GET rules", "GET", "/v1/rules".to_owned(), &[], String::new()),
            16..=17 => {
                let word = if round.is_multiple_of(2) { "stop" } else { "record" };
                ("PUT override", "PUT", format!("/v1/events/{event}/override"), &json, json!({ "word": word }).to_string())
            }
            18 => ("DELETE override", "DELETE", format!("/v1/events/{event}/override"), &[], String::new()),
            _ => ("PUT rules, tried", "PUT", "/v1/rules?dry_run=true".to_owned(), &text, RULES.to_owned()),
        };
        Ask { name, head: request(method, &path, &self.address, &self.keys[place], headers, &body), turn }
    }
}

fn request(method: &str, path: &str, address: &str, key: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\ncontent-length: {}\r\n", body.len());
    if !key.is_empty() {
        head.push_str(&format!("authorization: Bearer {key}\r\n"));
    }
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head + "\r\n" + body
}

/// What came of a request: its route, its status, and the milliseconds from the instant at which it was to be sent.
type Answer = (&'static str, u16, f64);

/// Sends each request at its instant, on a connection that is free then, or on another one.
async fn offered(address: &str, rate: u64, plan: Vec<Ask>) -> Vec<Answer> {
    let free: Arc<Mutex<Vec<TcpStream>>> = Arc::default();
    let begin = Tick::now() + Duration::from_millis(50);
    let mut tasks = JoinSet::new();
    for Ask { name, head, turn } in plan {
        let at = begin + Duration::from_nanos(turn * 1_000_000_000 / rate);
        tokio::time::sleep_until(at).await;
        let (free, address) = (Arc::clone(&free), address.to_owned());
        tasks.spawn(async move {
            let known = free.lock().expect("nobody panicked").pop();
            let mut stream = match known {
                Some(stream) => stream,
                None => TcpStream::connect(&address).await.expect("it listens"),
            };
            let (status, _) = exchange(&mut stream, &head).await.unwrap_or_default();
            if status != 0 {
                free.lock().expect("nobody panicked").push(stream);
            }
            (name, status, at.elapsed().as_secs_f64() * 1000.0)
        });
    }
    tasks.join_all().await
}

/// One exchange; `None` where the connection ended.
async fn exchange(stream: &mut TcpStream, request: &str) -> Option<(u16, String)> {
    stream.set_nodelay(true).ok()?;
    stream.write_all(request.as_bytes()).await.ok()?;
    let mut answer = Vec::with_capacity(4096);
    loop {
        if stream.read_buf(&mut answer).await.ok()? == 0 {
            return None;
        }
        let Some(end) = answer.windows(4).position(|part| part == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok()).unwrap_or(0);
        if answer.len() >= end + 4 + length {
            let status = head.split(' ').nth(1)?.parse().ok()?;
            return Some((status, String::from_utf8_lossy(&answer[end + 4..]).into_owned()));
        }
    }
}

/// Answers, sorted out.
#[derive(Default)]
struct Told {
    millis: Vec<f64>,
    by_route: BTreeMap<&'static str, Vec<f64>>,
    statuses: BTreeMap<u16, usize>,
    /// Everything that was not done as it was asked for.
    refused: usize,
}

impl Told {
    fn of(answers: &[Answer]) -> Self {
        let mut told = Self::default();
        for (name, status, millis) in answers {
            told.millis.push(*millis);
            told.by_route.entry(name).or_default().push(*millis);
            *told.statuses.entry(*status).or_default() += 1;
            told.refused += usize::from(!(200..300).contains(status));
        }
        told
    }
}

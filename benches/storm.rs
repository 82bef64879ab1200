//! Bots at their second: twenty thousand that are due in one, and a few a second for a while.
//!
//! The real program on a real file (or a PostgreSQL server of its own), with the bot backend over HTTP in this process. What
//! counts is when the backend took the bot. Beside it, of the same run: timers of this process for the same instants, commits a
//! second of the same kind of store, requests a second of the host's client to a server that does nothing.
//!
//! `storm [SECONDS]`: how long the calm lasts; 60.

#[path = "../tests/support/load/mod.rs"]
mod load;

use callsheet::host::clock::{Clock, SystemClock};
use callsheet::host::dispatch::key::{Keyed, fire_at, late_at};
use callsheet::host::model::{
    ConnectionId, Dispatch, DispatchState, Endpoint, EndpointId, EndpointState, EventId, Meeting, Outcome, Tenant, TenantId,
};
use callsheet::host::store::{Commit, Store, Write};
use callsheet::host::world::bots::Happened;
use callsheet::host::world::dice::Dice;
use callsheet::host::world::script::Plan;
use callsheet::time::{Elapsed, Instant};
use load::figures::{Sorted, tell_controls};
use load::postgres;
use load::process::{Folder, Host};
use load::served::Served;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

/// Tenants that the bots are spread over.
const TENANTS: u64 = 50;
/// A bot joins this long before its meeting.
const JOIN_SECS: i64 = -90;
/// From the start of the host to the first bot.
const AHEAD: Elapsed = Elapsed::from_secs(4);
/// How long the last bot is waited for.
const PATIENCE: Duration = Duration::from_secs(120);

fn main() {
    let smoke = std::env::args().any(|argument| argument == "--test");
    let secs: u64 = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(if smoke { 2 } else { 60 });
    let storm = if smoke { 200 } else { 20_000 };
    let folder = Folder::new("storm");
    let served = Served::new(Plan { accounts: vec![], steps: vec![], rules: String::new(), domain: "acme.example".into() }, 1);

    println!("bots that the backend took, milliseconds after their second\n{}", Sorted::head());
    calm(&served, &folder.store(), &folder, "calm, sqlite", secs);
    for hooks in [false, true] {
        let folder = Folder::new("storm");
        let name = if hooks { "storm with webhooks, sqlite" } else { "storm, sqlite" };
        thunder(&served, &folder.store(), &folder, name, storm, hooks);
    }
    if let Some(url) = postgres::database() {
        calm(&served, &url, &folder, "calm, postgresql", secs);
    }
    if let Some(url) = postgres::database() {
        thunder(&served, &url, &folder, "storm, postgresql", storm, false);
    }
    served.runtime.block_on(tell_controls(256, Duration::from_secs(if smoke { 1 } else { 4 })));
}

/// Some bots a second, each at the second that its key gives it.
fn calm(served: &Served, url: &str, folder: &Folder, name: &str, secs: u64) {
    let mut dice = Dice::of(1, "calm");
    let begin = Instant::now() + AHEAD;
    // Starts all over the time that makes their seconds fall into the run, whatever their spread.
    let rows: Vec<Planned> = (0..secs * 20)
        .map(|number| {
            let at = begin + Elapsed::from_millis(dice.below(secs * 1000).cast_signed());
            let mut planned = Planned::new(number, at - Elapsed::from_secs(JOIN_SECS));
            planned.start += at.duration_since(planned.fire_at);
            planned.fire_at = at;
            planned
        })
        .collect();
    let timers = served.runtime.spawn(timers(rows.iter().map(|row| row.fire_at).collect()));
    let late = run(served, url, folder, &rows, false).0;
    println!("{}", late.line(name, "ms"));
    let timers = served.runtime.block_on(timers).expect("nothing panics");
    println!("{}", Sorted::of(timers).line("  timers for the same instants", "ms"));
}

/// All bots in one second.
fn thunder(served: &Served, url: &str, folder: &Folder, name: &str, count: u64, hooks: bool) {
    // The store is filled, and each meeting looked at twice before.
    let begin = Instant::now() + AHEAD + Elapsed::from_secs(i64::try_from(count / 1000).expect("few"));
    let rows: Vec<Planned> = (0..count)
        .map(|number| {
            let fire_at = begin + Elapsed::from_millis((number * 1000 / count).cast_signed());
            Planned { fire_at, ..Planned::new(number, fire_at - Elapsed::from_secs(JOIN_SECS)) }
        })
        .collect();
    let (late, all, recorded) = run(served, url, folder, &rows, hooks);
    println!("{}", late.line(name, "ms"));
    println!("{:<34} all accepted after {all:.2} s, all recorded after {recorded:.2} s", "");
}

/// A bot that is planned.
struct Planned {
    tenant: TenantId,
    meeting: String,
    key: String,
    start: Instant,
    fire_at: Instant,
}

impl Planned {
    fn new(number: u64, start: Instant) -> Self {
        let (tenant, meeting) = (TenantId(1 + number % TENANTS), format!("meeting-{}-{number}", start.as_millisecond()));
        let key = Keyed { tenant, meeting: &meeting, epoch: 0 }.key();
        let fire_at = fire_at(start, JOIN_SECS, &key);
        Self { tenant, meeting, start, fire_at, key }
    }

    fn writes(&self) -> [Write; 2] {
        let end = self.start + Elapsed::from_mins(30);
        let meeting = Meeting {
            tenant: self.tenant,
            id: self.meeting.clone(),
            sightings: vec![format!("1/{}", self.meeting)],
            start: self.start,
            end: Some(end),
            outcome: Outcome::Record,
            by: ConnectionId(1),
            rule: Some("calls".into()),
            reason: "rule calls".into(),
            record: "{}".into(),
            conflict: false,
            version: 0,
        };
        let spec = json!({
            "meeting": self.meeting,
            "join_at": (self.start + Elapsed::from_secs(JOIN_SECS)).to_string(),
            "start": self.start.to_string(),
            "end": end.to_string(),
            "platform": "zoom",
            "room": format!("zoom/{}", self.meeting),
            "url": format!("https://us02web.zoom.us/j/8{}", &self.key[..12]),
            "bot_name": "Notes",
        });
        let dispatch = Dispatch {
            tenant: self.tenant,
            meeting: self.meeting.clone(),
            epoch: 0,
            key: self.key.clone(),
            state: DispatchState::Planned,
            due_at: Some(self.fire_at),
            fire_at: self.fire_at,
            start: self.start,
            late_at: late_at(self.start, Some(end), JOIN_SECS),
            spec: spec.to_string(),
            fence: 0,
            owner: None,
            lease_until: None,
            attempts: 0,
            verified: false,
            reason: None,
            calendar: true,
            errand: None,
            version: 0,
        };
        [Write::Meeting(meeting), Write::Dispatch(dispatch)]
    }
}

/// Stores the plan, starts the host, waits until the backend has every bot. How late each was; how long all took from the first
/// second on, at the backend and in the host's own events.
fn run(served: &Served, url: &str, folder: &Folder, rows: &[Planned], hooks: bool) -> (Sorted, f64, f64) {
    let before = served.shared.world().bots.journal().len();
    served.runtime.block_on(fill(url, rows, hooks.then(|| format!("{}/acme", served.shared.world().bases.hooks))));
    let first = rows.iter().map(|row| row.fire_at).min().expect("some");
    assert!(Instant::now() < first, "the store was filled too slowly: {} s", Instant::now().duration_since(first).as_secs());
    let host = Host::start(env!("CARGO_BIN_EXE_callsheet"), url, &served.address, &folder.log());
    let begun = std::time::Instant::now();
    let mut taken: BTreeMap<String, Instant> = BTreeMap::new();
    let mut seen = before;
    while taken.len() < rows.len() && begun.elapsed() < PATIENCE + Duration::from_secs(rows.len() as u64 / 20) {
        std::thread::sleep(Duration::from_millis(100));
        let world = served.shared.world();
        for line in &world.bots.journal()[seen..] {
            if line.what == Happened::Accepted {
                assert!(taken.insert(line.key.clone(), line.at).is_none(), "a second bot");
            }
        }
        seen = world.bots.journal().len();
    }
    assert_eq!(taken.len(), rows.len(), "every bot is taken");
    let recorded = served.runtime.block_on(recorded(url, rows.len()));
    assert!(host.stop(Duration::from_secs(60)), "the host stops when it is asked to");
    let late = rows.iter().map(|row| millis(taken[&row.key].duration_since(row.fire_at))).collect();
    let spread = rows.iter().map(|row| row.start + Elapsed::from_secs(JOIN_SECS - 20)).zip(rows);
    assert!(spread.into_iter().all(|(soonest, row)| taken[&row.key] >= soonest), "no bot comes before its spread");
    let last = taken.values().max().expect("some");
    (Sorted::of(late), millis(last.duration_since(first)) / 1000.0, millis(recorded.duration_since(first)) / 1000.0)
}

async fn fill(url: &str, rows: &[Planned], hook: Option<String>) {
    let store = Store::open(url).await.expect("the database is there");
    for tenant in (1..=TENANTS).map(TenantId) {
        let company =
            Tenant { id: tenant, name: "Acme".into(), own_domains: vec![], bots: vec![], plan_version: 0, ..Tenant::default() };
        let mut writes = vec![Write::Tenant(company)];
        writes.extend(hook.clone().map(|url| {
            let secrets = vec!["whsec_c2FuZGJveC1zYW5kYm94LXNhbmRib3gtc2FuZGI=".to_owned()];
            let (id, state) = (EndpointId(tenant.0), EndpointState::Active);
            let unproven = Endpoint::unproven(tenant, id, url, String::new(), Instant::UNIX_EPOCH);
            Write::Endpoint(Endpoint { secrets, state, due_at: None, ..unproven })
        }));
        writes.extend(rows.iter().filter(|row| row.tenant == tenant).flat_map(Planned::writes));
        store.commit(Commit { tenant, writes }).await.expect("a new store takes it");
    }
    store.close().await;
}

/// When the host wrote down that the last of the bots is there.
async fn recorded(url: &str, count: usize) -> Instant {
    let store = Store::open(url).await.expect("the database is there");
    let begun = std::time::Instant::now();
    loop {
        let (mut last, mut accepted) = (Instant::MIN, 0);
        for tenant in (1..=TENANTS).map(TenantId) {
            for event in store.events(tenant, EventId(0), usize::MAX >> 1).await.expect("the store works") {
                accepted += usize::from(event.kind == "dispatch.accepted");
                last = last.max(event.at);
            }
        }
        assert!(accepted <= count, "no bot is told of twice");
        if accepted == count {
            store.close().await;
            return last;
        }
        assert!(begun.elapsed() < PATIENCE, "{accepted} of {count} bots are told of");
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

/// How late timers of this process are for these instants, in milliseconds.
async fn timers(instants: Vec<Instant>) -> Vec<f64> {
    let mut tasks = tokio::task::JoinSet::new();
    for at in instants {
        tasks.spawn(async move {
            SystemClock.sleep_until(at).await;
            millis(Instant::now().duration_since(at))
        });
    }
    tasks.join_all().await
}

fn millis(elapsed: Elapsed) -> f64 {
    elapsed.as_secs_f64() * 1000.0
}

//! A hundred thousand connected calendars on one host: the real program on a real file, against a world over HTTP in this
//! process. Some are read from the beginning, the others from where a pass of before had ended. Once all have been read, a
//! quiet stretch in which nothing changes: memory, bytes written, processor time, requests. At the end, what the scheduler's own
//! queries take on that store.
//!
//! `calendars [CALENDARS [SECONDS [ONE_IN]]]`: 100,000, a quiet stretch of 120 s, and one in 50 that is read from the beginning.
//! Counts of the kernel are Linux's.
//!
//! Controls of the same run: commits a second of the same kind of store, requests a second of the host's client to a server that
//! does nothing.

#[path = "../tests/support/load/mod.rs"]
mod load;

use callsheet::host::model::{
    Calendar, CalendarId, Connection, ConnectionId, ConnectionState, Origin, RulesRow, Tenant, TenantId,
};
use callsheet::host::store::{Commit, Store, Write};
use callsheet::host::sync::{self, CursorStep, Pass};
use callsheet::host::world::calendar::{Account, Content, Guest, Meeting};
use callsheet::host::world::dice::Dice;
use callsheet::host::world::script::{Plan, Step, What};
use callsheet::host::world::weather::Kind;
use callsheet::time::{Elapsed, Instant, Zone};
use callsheet::value::Response;
use load::figures::tell_controls;
use load::process::{Folder, Host};
use load::served::Served;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

/// Users of a tenant, and their meetings.
const USERS: usize = 20;
const MEETINGS: usize = 15;
/// OAuth clients, of which each tenant uses one.
const CLIENTS: usize = 4;
const RULES: &str = "callsheet 1\nlayer organisation\ndefault skip\n\nrule calls:\n  record\n  when title contains \"call\"\n";
/// How far ahead the host plans.
const HORIZON: Elapsed = Elapsed::from_hours(14 * 24);
/// How far apart the passes were that the host is told of: as many as each client may ask for, and not more.
const PASS_EVERY: Elapsed = Elapsed::from_millis(5);
/// How long the first reads may take.
const PATIENCE: Duration = Duration::from_secs(1800);
/// Clock ticks a second, of Linux.
const TICKS: f64 = 100.0;

fn main() {
    let numbers: Vec<usize> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let smoke = std::env::args().any(|argument| argument == "--test");
    let count = numbers.first().copied().unwrap_or(if smoke { 100 } else { 100_000 }).next_multiple_of(USERS);
    let quiet = Duration::from_secs(numbers.get(1).copied().unwrap_or(if smoke { 2 } else { 120 }) as u64);
    let unread = (count / numbers.get(2).copied().unwrap_or(50).max(1)).next_multiple_of(USERS);
    let folder = Folder::new("calendars");
    let begin = Instant::now();
    let served = Served::new(plan(count, begin), 1);
    served.runtime.block_on(fill(&folder.store(), (count, unread), &served));
    println!("{count} calendars of {} tenants on {CLIENTS} OAuth clients", count / USERS);

    let host = Host::start(env!("CARGO_BIN_EXE_callsheet"), &folder.store(), &served.address, &folder.log());
    let begun = std::time::Instant::now();
    let read = || served.shared.world().weather.asked().get(&Kind::GoogleList).copied().unwrap_or(0);
    let before = read();
    while read() - before < count as u64 {
        std::thread::sleep(Duration::from_secs(1));
        assert!(begun.elapsed() < PATIENCE, "{} of {count} calendars were read", read() - before);
    }
    let first = begun.elapsed().as_secs_f64();
    let store = folder.0.join("store.db");
    println!(
        "all read once          {first:>12.0} s, {:.0} a second; {unread} of them for the first time; {:.1} s of processor time",
        count as f64 / first,
        Stand::of(host.id(), &store, 0).processor
    );
    // Those whose first read made a commit, and those that came due meanwhile.
    std::thread::sleep(quiet / 4);
    let before = Stand::of(host.id(), &store, read());
    std::thread::sleep(quiet);
    let after = Stand::of(host.id(), &store, read());
    let secs = quiet.as_secs_f64();
    let polls = after.calls - before.calls;
    println!("quiet stretch          {secs:>12.0} s, {polls} polls, {:.0} a second", polls as f64 / secs);
    println!("resident memory        {:>12} KiB, at most {} KiB so far", after.resident, after.resident_most);
    println!("written by the process {:>12} bytes, as the kernel counts them", after.written - before.written);
    println!(
        "file and log           {:>12} bytes of growth; {} and {} bytes large",
        after.files() - before.files(),
        after.file,
        after.wal
    );
    println!("processor              {:>12.1} % of one core", (after.processor - before.processor) / secs * 100.0);
    let violations = served.shared.world().audit.violation_count();
    println!("beyond a quota         {violations:>12}");
    assert!(host.stop(Duration::from_secs(60)), "the host stops when it is asked to");
    served.runtime.block_on(queries(&folder.store()));
    served.runtime.block_on(tell_controls(16, Duration::from_secs(if smoke { 1 } else { 3 })));
}

/// How it stands with the host's process and its files.
struct Stand {
    calls: u64,
    resident: u64,
    resident_most: u64,
    written: u64,
    processor: f64,
    file: u64,
    wal: u64,
}

impl Stand {
    fn of(process: u32, store: &Path, calls: u64) -> Self {
        let read = |name: &str| std::fs::read_to_string(format!("/proc/{process}/{name}")).expect("the host lives");
        let number = |text: &str, name: &str| -> u64 {
            let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("Linux tells it");
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().expect("a number")
        };
        let (status, io, stat) = (read("status"), read("io"), read("stat"));
        // Behind the name, which may hold anything: user and system time are numbers 14 and 15 of the line.
        let times: Vec<&str> = stat.rsplit(')').next().expect("the name ends").split_whitespace().collect();
        let ticks: f64 = times[11..13].iter().map(|text| text.parse::<f64>().expect("a number")).sum();
        let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
        Self {
            calls,
            resident: number(&status, "VmRSS"),
            resident_most: number(&status, "VmHWM"),
            written: number(&io, "write_bytes"),
            processor: ticks / TICKS,
            file: bytes(store),
            wal: bytes(&store.with_extension("db-wal")),
        }
    }

    fn files(&self) -> u64 {
        self.file + self.wal
    }
}

/// Companies whose meetings lie some days ahead, so that nothing happens by itself.
fn plan(count: usize, begin: Instant) -> Plan {
    let mut dice = Dice::of(1, "calendars");
    let accounts: Vec<Account> = (0..count).map(account).collect();
    let mut steps = Vec::new();
    for tenant in 0..count / USERS {
        for number in 0..MEETINGS {
            let at = begin - Elapsed::from_hours(24 * 30);
            let start = begin + Elapsed::from_hours(24 + dice.below(24 * 10).cast_signed());
            let mut guests: Vec<String> =
                (0..3).map(|_| address(tenant * USERS + usize::try_from(dice.below(USERS as u64)).expect("few"))).collect();
            guests.dedup();
            let organizer = guests.pop().expect("somebody");
            let handle = format!("load{tenant:06}meeting{number:03}");
            let meeting = Meeting {
                uid: format!("{handle}@google.com"),
                organizer,
                content: Content {
                    title: if dice.chance(700) { "Sales call".into() } else { "Private".into() },
                    link: Some(format!("https://us02web.zoom.us/j/8{tenant:06}{number:04}")),
                    guests: guests.into_iter().map(|guest| Guest::person(guest).answered(Response::Accepted)).collect(),
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
            steps.push(Step { at, what: What::Create(Box::new(meeting)) });
        }
    }
    Plan { accounts, steps, rules: RULES.to_owned(), domain: "example".to_owned() }
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
        client: client(place),
        token: format!("token-{}", place + 1),
    }
}

fn client(place: usize) -> String {
    format!("client-{}", place / USERS % CLIENTS)
}

/// Where the next pass over a calendar begins, as the host's own machine writes it down after one that was made at `at`.
fn cursor(served: &Served, row: &Calendar, (now, at): (Instant, Instant)) -> Option<String> {
    let mut world = served.shared.world();
    let bases = sync::Bases { google: format!("{}/calendar/v3", world.bases.google), graph: String::new() };
    let (mut pass, mut request) = Pass::start(&bases, row, now..now + HORIZON, now);
    loop {
        let request_now = request.header("authorization", format!("Bearer token-{}", row.connection));
        let mut step = pass.step(world.call(at, &request_now).result);
        if let sync::Step::Entries(waiting) = step {
            step = waiting.entries(Vec::new());
        }
        match step {
            sync::Step::Call(next, wanted) => (pass, request) = (next, wanted),
            sync::Step::Done(found) => match found.cursor {
                CursorStep::Store(cursor) => return Some(cursor),
                _ => return None,
            },
            _ => return None,
        }
    }
}

/// So many calendars, the first of them unread; of the others the host knows how far they were read.
async fn fill(url: &str, (count, unread): (usize, usize), served: &Served) {
    let now = Instant::now();
    let store = Store::open(url).await.expect("a new file");
    for first in (0..count).step_by(USERS) {
        let tenant = TenantId((first / USERS) as u64 + 1);
        let rules = RulesRow { tenant, user: None, version: 1, text: RULES.to_owned() };
        let company = Tenant {
            id: tenant,
            name: "Company".into(),
            own_domains: vec![],
            bots: vec![],
            plan_version: 0,
            ..Tenant::default()
        };
        let mut writes = vec![Write::Tenant(company), Write::Rules(rules)];
        for place in first..first + USERS {
            let (id, state) = (ConnectionId(place as u64 + 1), ConnectionState::Active);
            writes.push(Write::Connection(Connection {
                tenant,
                id,
                user: format!("user{place}"),
                origin: Origin::Google,
                client: client(place),
                addresses: vec![address(place)],
                zone: Some("UTC".into()),
                state,
                token_file: None,
                token: None,
            }));
            // One after the other, since the world's quotas count these passes as well.
            let at = now - PASS_EVERY * i32::try_from(count - place).expect("not so many");
            let unread_row = Calendar::unread(tenant, CalendarId(id.0), id, Origin::Google, "primary".into());
            writes.push(Write::Calendar(match place < unread {
                true => unread_row,
                false => Calendar {
                    cursor: Some(cursor(served, &unread_row, (now, at)).expect("the world is calm")),
                    synced_at: Some(now),
                    expanded_to: Some(now + HORIZON),
                    ..unread_row
                },
            }));
        }
        store.commit(Commit { tenant, writes }).await.expect("a new store takes it");
    }
    store.close().await;
}

/// What the scheduler asks of the store, over and over.
async fn queries(url: &str) {
    let store = Store::open(url).await.expect("the file is there");
    let now = Instant::now();
    let begun = std::time::Instant::now();
    let (mut after, mut pages, mut listed, mut longest) = ((TenantId(0), CalendarId(0)), 0, 0, 0.0f64);
    loop {
        let page_begun = std::time::Instant::now();
        let page = store.watched(after, 5_000).await.expect("the store works");
        longest = longest.max(page_begun.elapsed().as_secs_f64());
        let Some(last) = page.last() else { break };
        (after, pages, listed) = ((last.tenant, last.calendar), pages + 1, listed + page.len());
    }
    let all = begun.elapsed().as_secs_f64();
    println!(
        "list of calendars      {:>12.1} ms for {listed} in {pages} pages, the longest {:.1} ms",
        all * 1000.0,
        longest * 1000.0
    );
    for (name, from, hours) in [("near, none is", now, 0.3), ("near, a day of them", now + Elapsed::from_hours(48), 24.0)] {
        let begun = std::time::Instant::now();
        let to = from + Elapsed::from_secs((hours * 3600.0) as i64);
        let near = store.near(from, to).await.expect("the store works").len();
        println!("{name:<22} {:>12.1} ms, {near} calendars", begun.elapsed().as_secs_f64() * 1000.0);
    }
    store.close().await;
}

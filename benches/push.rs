//! Messages that nobody sent: how many a host sees through, what they make it do, and how soon it answers Microsoft meanwhile.
//!
//! The host's own loops and routes in this process, over HTTP on loopback, on a SQLite file; the providers in this process too. Beside
//! it, of the same run: an empty route of the same server.
//!
//! `push [SECONDS]`: how long; 30.

use axum::Router;
use axum::routing::post;
use axum::serve::ListenerExt;
use callsheet::host::app;
use callsheet::host::bots::Backend;
use callsheet::host::clock::SystemClock;
use callsheet::host::context::Context;
use callsheet::host::model::{Channel, ChannelState, Origin, TenantId};
use callsheet::host::push::lifecycle::digest;
use callsheet::host::push::lots::Lots;
use callsheet::host::push::{Push, routes::routes};
use callsheet::host::store::{Commit, Store, Write};
use callsheet::host::world::script::{self, Size};
use callsheet::host::world::shared::Shared;
use callsheet::host::world::weather::{Kind, Sky, Weather};
use callsheet::host::world::{World, connected};
use callsheet::time::{Elapsed, Instant};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant as Tick;

const TENANT: TenantId = TenantId(1);
/// Calendars, each with a channel.
const USERS: usize = 50;
/// What the channels show.
const TOKEN: &str = "the-token-of-every-channel";

fn main() {
    let smoke = std::env::args().any(|argument| argument == "--test");
    let secs: u64 = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(if smoke { 2 } else { 30 });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(run(secs, smoke));
}

/// A channel of every calendar, as if it had lived for long.
fn channel(number: u64, kind: Origin, now: Instant) -> Channel {
    Channel {
        tenant: TENANT,
        id: format!("channel-{number}"),
        calendar: callsheet::host::model::CalendarId(number),
        kind,
        digest: digest(TOKEN),
        nonce: (kind == Origin::Graph).then(|| format!("{number:0>43}")),
        resource: Some(format!("resource-{number}")),
        state: ChannelState::Live,
        expires_at: now + Elapsed::from_hours(100),
        made_at: now,
        due_at: None,
        tries: 0,
        seen: 1,
        heard_at: Some(now),
        doubted_at: None,
        version: 0,
    }
}

async fn run(secs: u64, smoke: bool) {
    let now = Instant::now();
    let size = Size { start: now + Elapsed::from_hours(72), days: 1, users: USERS, meetings: 20, domain: "acme.example".into() };
    let plan = script::plan(7, &size);
    let shared = Shared::new(World::new(vec![plan.clone()], Weather::under(Sky::Calm, 1)), Arc::new(SystemClock));
    let file = std::env::temp_dir().join(format!("callsheet-push-{}.db", std::process::id()));
    let store = Store::open(&format!("sqlite:{}", file.display())).await.expect("a file");
    let mut writes = connected::rows(TENANT, "Acme", &plan, "https://feeds.example", "https://hooks.example/acme");
    let watched = plan.accounts.iter().zip(1..).filter(|(account, _)| account.origin != Origin::Feed);
    let kinds: Vec<(u64, Origin)> = watched.map(|(account, number)| (number, account.origin)).collect();
    writes.extend(kinds.iter().map(|(number, kind)| Write::Channel(channel(*number, *kind, now))));
    store.commit(Commit { tenant: TENANT, writes }).await.expect("an empty store");
    let mut host = Context::new(store.clone(), Arc::new(shared.clone()), Arc::new(SystemClock), "host");
    host.credentials = Arc::new(connected::credentials(&plan.accounts));
    host.push = Some(Arc::new(Push::new("https://host.example", Lots::of_system())));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("a port");
    let router: Router = routes(&host).route("/empty", post(async || axum::http::StatusCode::ACCEPTED));
    // As the program has it: no answer waits for more to come.
    let listener = listener.tap_io(|connection| connection.set_nodelay(true).expect("a setting"));
    tokio::spawn(axum::serve(listener, router).into_future());
    let (stopper, stop) = app::stopper();
    let backend = Backend::Callsheet { base_url: "https://bots.example".into(), token: "token".to_owned().into() };
    let running = tokio::spawn(app::run(host.clone(), backend, stop));
    tokio::time::sleep(Duration::from_secs(3)).await;

    let reads = || {
        let world = shared.world();
        [Kind::GoogleList, Kind::GraphDelta, Kind::GraphView]
            .iter()
            .map(|kind| world.weather.asked().get(kind).copied().unwrap_or(0))
            .sum::<u64>()
    };
    let before = reads();
    let length = Duration::from_secs(secs);
    let sent = Arc::new(AtomicU64::new(0));
    let google: Vec<u64> = kinds.iter().filter(|(_, kind)| *kind == Origin::Google).map(|(number, _)| *number).collect();
    let graph: Vec<u64> = kinds.iter().filter(|(_, kind)| *kind == Origin::Graph).map(|(number, _)| *number).collect();
    let mut floods = Vec::new();
    for lane in 0..8_u64 {
        let (sent, google) = (sent.clone(), google.clone());
        // Half of them name nobody, the other half show a made-up token of a channel that is there; one lane knows the secret.
        floods.push(tokio::spawn(flood(address, length, sent, move |turn| {
            let id = if turn % 2 == 0 {
                format!("made-up-{lane}-{turn}")
            } else {
                format!("channel-{}", google[turn as usize % google.len()])
            };
            let token = if lane == 0 && turn % 2 == 1 { TOKEN } else { "made-up" };
            format!(
                "POST /push/google HTTP/1.1\r\nhost: h\r\nx-goog-channel-id: {id}\r\nx-goog-channel-token: {token}\r\n\
                x-goog-resource-state: exists\r\ncontent-length: 0\r\n\r\n"
            )
        })));
    }
    let nonce = format!("{:0>43}", graph[0]);
    let body =
        format!(r#"{{"value":[{{"subscriptionId":"resource-{}","clientState":"{TOKEN}","changeType":"updated"}}]}}"#, graph[0]);
    let length_of = body.len();
    let message = format!("POST /push/graph/{nonce} HTTP/1.1\r\nhost: h\r\ncontent-length: {length_of}\r\n\r\n{body}");
    let empty = "POST /empty HTTP/1.1\r\nhost: h\r\ncontent-length: 0\r\n\r\n".to_owned();
    let measured = tokio::join!(paced(address, length, message), paced(address, length, empty));
    for flood in floods {
        flood.await.expect("it ends");
    }
    let calls = reads() - before;
    stopper.stop();
    let _ended = running.await;
    store.close().await;
    for end in ["", "-wal", "-shm", "-reserve"] {
        let _not_there = std::fs::remove_file(format!("{}{end}", file.display()));
    }
    let sent = sent.load(Ordering::Relaxed);
    let most = (google.len() + graph.len()) as u64 * (secs / 10 + 2);
    println!(
        "{:.0} messages a second, of which 15 in 16 made up; {} channels",
        sent as f64 / secs as f64,
        google.len() + graph.len()
    );
    println!("provider calls: {calls}; one a channel in ten seconds, and what polling reads: {most}");
    for (name, mut times) in [("Graph's route", measured.0), ("an empty route", measured.1)] {
        times.sort_unstable();
        let at = |part: usize| times[(times.len() * part / 1000).min(times.len() - 1)].as_secs_f64() * 1000.0;
        println!("{name:<16} {:>6} answers  p50 {:>7.2}  p99 {:>7.2}  most {:>7.2} ms", times.len(), at(500), at(990), at(1000));
        assert!(smoke || at(990) < 200.0, "{name} is too slow");
    }
    println!("{}", host.metrics.text().lines().filter(|line| line.starts_with("callsheet_push")).collect::<Vec<_>>().join("\n"));
    assert!(calls <= most, "{calls} calls, {most} at the most");
}

/// Sends one request after the other on one connection, sixteen ahead of the answers.
async fn flood(address: SocketAddr, length: Duration, sent: Arc<AtomicU64>, request: impl Fn(u64) -> String) {
    let until = Tick::now() + length;
    let (mut stream, mut turn) = (TcpStream::connect(address).await.expect("it listens"), 0);
    stream.set_nodelay(true).expect("a setting");
    let mut answers = vec![0; 64 * 1024];
    while Tick::now() < until {
        let batch: String = (0..16).map(|more| request(turn + more)).collect();
        turn += 16;
        stream.write_all(batch.as_bytes()).await.expect("it reads");
        let mut ended = 0;
        while ended < 16 {
            let read = stream.read(&mut answers).await.expect("it answers");
            assert!(read > 0, "the connection was closed");
            ended += answers[..read].windows(9).filter(|part| part == b"HTTP/1.1 ").count();
        }
        sent.fetch_add(16, Ordering::Relaxed);
    }
}

/// A request every ten milliseconds; how long each took.
async fn paced(address: SocketAddr, length: Duration, request: String) -> Vec<Duration> {
    let until = Tick::now() + length;
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    let (mut times, mut answer) = (Vec::new(), vec![0; 4096]);
    while Tick::now() < until {
        let begun = Tick::now();
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let read = stream.read(&mut answer).await.expect("it answers");
        assert!(answer[..read].starts_with(b"HTTP/1.1 2"), "{}", String::from_utf8_lossy(&answer[..read]));
        times.push(begun.elapsed());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    times
}

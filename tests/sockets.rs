//! Networks and servers that misbehave, over real sockets: each service behind a gateway that does to its answers what broken
//! ones do. What no answer may do is to change or remove anything, to hold the host up, or to fill its memory.

use crate::load::figures::network;
use crate::load::gateway::{Gateway, Manner};
use crate::load::kills::{Run, Scene, first};
use crate::load::process::Folder;
use callsheet::host::app::{self, syncs};
use callsheet::host::bots::Backend;
use callsheet::host::clock::{Boxed, SystemClock};
use callsheet::host::context::Context;
use callsheet::host::http::{Egress, NetError, Request, Response};
use callsheet::host::model::{CalendarId, Origin, TenantId};
use callsheet::host::net::client::Network;
use callsheet::host::store::Store;
use callsheet::host::sync;
use callsheet::host::world::connected;
use expect_test::expect;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

const TENANT: TenantId = TenantId(1);
/// Nobody waits longer for an answer: enough for a world on this machine, however busy.
const PATIENCE: Duration = Duration::from_millis(1500);

/// The host's client in a hurry.
struct Hasty(Network);

impl Egress for Hasty {
    fn call(&self, mut request: Request) -> Boxed<'_, Result<Response, NetError>> {
        request.timeout = request.timeout.min(PATIENCE);
        self.0.call(request)
    }
}

/// A world behind a gateway, and the store with its people.
fn scene(store: &str, seed: u64, secs: u64, rate: u64) -> (Scene, Gateway) {
    let gateway = Gateway::new();
    let run = Run { program: "", store, seed, kills: 1, gap: (secs * 1000, secs * 1000), rate };
    let scene = run.scene_behind(Some(&gateway.address));
    gateway.lead_to(&scene.served.address);
    (scene, gateway)
}

/// A host of this process that asks through the gateway.
fn host(scene: &Scene, store: Store) -> (Context, Backend) {
    let mut host = Context::new(store, Arc::new(Hasty(network())), Arc::new(SystemClock), "host");
    let bases = &scene.bases;
    host.bases = sync::Bases { google: format!("{}/calendar/v3", bases.google), graph: format!("{}/v1.0", bases.graph) };
    host.credentials = Arc::new(connected::credentials(&scene.accounts));
    (host, Backend::Callsheet { base_url: bases.bots.clone(), token: "simulated-bots".to_owned().into() })
}

/// Reads a calendar while its provider answers in every wrong manner; what came of each.
async fn wronged(scene: &Scene, gateway: &Gateway, store: &Store, (path, origin): (&'static str, Origin)) -> String {
    let place = scene.accounts.iter().position(|account| account.origin == origin).expect("there is one");
    let calendar = CalendarId(place as u64 + 1);
    syncs::read(&host(scene, store.clone()).0, TENANT, calendar).await.expect("the way is clear");
    let known = async || {
        let row = store.calendar(TENANT, calendar).await.expect("it is there").expect("it is there");
        (row.cursor, store.entries(TENANT, calendar).await.expect("it is there"))
    };
    let before = known().await;
    assert!(!before.1.is_empty());
    let mut told = String::new();
    for manner in Manner::WRONG {
        gateway.set(path, manner);
        // Each time a host that has met no trouble yet.
        let (host, _) = host(scene, store.clone());
        let begun = Instant::now();
        let outcome = syncs::read(&host, TENANT, calendar).await;
        assert!(begun.elapsed() < 5 * PATIENCE, "{path} {manner:?}");
        let mut why = outcome.expect_err("nothing was read").to_string();
        // On a slow machine patience ends before the limit is reached.
        if matches!(manner, Manner::Endless | Manner::Gigabyte) {
            why = why.replace("no-answer", "too-large");
        }
        assert_eq!(known().await, before, "{path} {manner:?}");
        let counted = host.metrics.text();
        let outcomes = counted.lines().filter_map(|line| line.strip_prefix("callsheet_passes_total"));
        writeln!(told, "{path} {manner:?}: {why} {}", outcomes.collect::<String>()).expect("a text takes everything");
    }
    gateway.set(path, Manner::Pass);
    syncs::read(&host(scene, store.clone()).0, TENANT, calendar).await.expect("the way is clear again");
    told
}

#[test]
fn no_answer_of_a_broken_provider_or_feed_changes_a_calendar() {
    let folder = Folder::new("sockets");
    let (scene, gateway) = scene(&folder.store(), 6, 2, 8);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let told = runtime.block_on(async {
        let store = Store::open(&folder.store()).await.expect("the database is there");
        let wronged = |service| wronged(&scene, &gateway, &store, service);
        let told = tokio::join!(
            wronged(("google", Origin::Google)),
            wronged(("graph", Origin::Graph)),
            wronged(("feeds", Origin::Feed))
        );
        store.close().await;
        [told.0, told.1, told.2].concat()
    });
    expect![[r#"
        google HalfOpen: try again: no-answer {outcome="retry"} 1
        google Unanswered: try again: no-answer {outcome="retry"} 1
        google HeadersOnly: try again: no-answer {outcome="retry"} 1
        google Drip: try again: no-answer {outcome="retry"} 1
        google Endless: try again: too-large {outcome="retry"} 1
        google Gigabyte: try again: too-large {outcome="retry"} 1
        google Cut: try again: no-answer {outcome="retry"} 1
        google Closed: try again: no-answer {outcome="retry"} 1
        google Html: try again: page-cut {outcome="retry"} 1
        google Loop: try again: unexpected-status {outcome="retry"} 1
        google Bomb: try again: too-large {outcome="retry"} 1
        graph HalfOpen: try again: no-answer {outcome="retry"} 1
        graph Unanswered: try again: no-answer {outcome="retry"} 1
        graph HeadersOnly: try again: no-answer {outcome="retry"} 1
        graph Drip: try again: no-answer {outcome="retry"} 1
        graph Endless: try again: too-large {outcome="retry"} 1
        graph Gigabyte: try again: too-large {outcome="retry"} 1
        graph Cut: try again: no-answer {outcome="retry"} 1
        graph Closed: try again: no-answer {outcome="retry"} 1
        graph Html: try again: page-cut {outcome="retry"} 1
        graph Loop: try again: unexpected-status {outcome="retry"} 1
        graph Bomb: try again: too-large {outcome="retry"} 1
        feeds HalfOpen: try again: no-answer {outcome="retry"} 1
        feeds Unanswered: try again: no-answer {outcome="retry"} 1
        feeds HeadersOnly: try again: no-answer {outcome="retry"} 1
        feeds Drip: try again: no-answer {outcome="retry"} 1
        feeds Endless: not a calendar: too-large {outcome="not-a-calendar"} 1
        feeds Gigabyte: not a calendar: too-large {outcome="not-a-calendar"} 1
        feeds Cut: try again: no-answer {outcome="retry"} 1
        feeds Closed: try again: no-answer {outcome="retry"} 1
        feeds Html: not a calendar: html {outcome="not-a-calendar"} 1
        feeds Loop: not a calendar: redirect {outcome="not-a-calendar"} 1
        feeds Bomb: not a calendar: too-large {outcome="not-a-calendar"} 1
    "#]]
    .assert_eq(&told);
}

#[test]
fn bots_and_webhooks_survive_a_broken_network_once_each() {
    let folder = Folder::new("sockets");
    let (scene, gateway) = scene(&folder.store(), 7, 1, 16);
    gateway.begin_badly(&["bots", "hooks"]);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    let store = runtime.block_on(Store::open(&folder.store())).expect("the database is there");
    let (host, backend) = host(&scene, store.clone());
    let (stopper, stop) = app::stopper();
    let running = runtime.spawn(app::run(host.clone(), backend, stop));
    // What happens after the first read would be read minutes later.
    scene.wait_for_the_end();
    runtime.block_on(async {
        for number in 1..=scene.accounts.len() as u64 {
            syncs::read(&host, TENANT, CalendarId(number)).await.expect("the way to calendars is clear");
        }
    });
    let report = scene.settle_by(vec![]);
    stopper.stop();
    runtime.block_on(async {
        running.await.expect("it ends");
        store.close().await;
    });
    assert!(report.wrong.is_empty(), "{}", first(&report.wrong));
    assert!(report.meetings.0 > 15 && report.accepted >= report.meetings.0, "{report:?}");
    for service in ["bots", "hooks"] {
        let met: BTreeSet<Manner> = gateway.met(service).into_keys().collect();
        assert_eq!(met, BTreeSet::from(Manner::WRONG), "{service}");
    }
    let counted = host.metrics.text();
    for line in ["callsheet_dispatches_total{outcome=\"unknown\"}", "callsheet_deliveries_total{outcome=\"pending\"}"] {
        assert!(counted.contains(line), "{line} in\n{counted}");
    }
}

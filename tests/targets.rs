//! Webhook receivers that strangers name to get inside: none of them is connected to, whether the interface is asked for it, it is asked
//! for its proof, or an event is due for it.

use callsheet::host::api::auth::Scope;
use callsheet::host::api::{Settings, random, router};
use callsheet::host::app::{deliveries, receivers};
use callsheet::host::clock::{Boxed, SystemClock};
use callsheet::host::context::Context;
use callsheet::host::http::{Egress, NetError, Request, Response};
use callsheet::host::model::{Endpoint, EndpointId, EndpointState, EventId, OutboxEvent, Tenant, TenantId};
use callsheet::host::net::address::Subnet;
use callsheet::host::net::client::{Lookup, Network};
use callsheet::host::net::guard::Guard;
use callsheet::host::operations::keys;
use callsheet::host::seal::receivers::stored;
use callsheet::host::seal::{RootKey, Roots, Vault};
use callsheet::host::store::{Commit, Memory, Store, Write};
use callsheet::time::Instant;
use forbidden::{BAD, FORBIDDEN};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

#[path = "../src/host/net/guard/tests/targets.rs"]
mod forbidden;

const TENANT: TenantId = TenantId(1);
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A name server of somebody who wants in: whatever is asked, it is here.
#[derive(Default)]
struct Liar {
    asked: AtomicUsize,
}

impl Lookup for Liar {
    fn addresses(&self, _: &str) -> Boxed<'static, std::io::Result<Vec<IpAddr>>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]) })
    }
}

/// The way out, with what came of each request by its URL.
struct Watched {
    network: Network,
    told: Mutex<BTreeMap<String, Vec<Result<u16, NetError>>>>,
}

impl Egress for Watched {
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>> {
        Box::pin(async move {
            let url = request.url.clone();
            let outcome = self.network.call(request).await;
            let told = outcome.as_ref().map(|answer| answer.status).map_err(Clone::clone);
            self.told.lock().expect("nobody panicked").entry(url).or_default().push(told);
            outcome
        })
    }
}

/// Listens on this machine, by every address that it has, and counts.
fn trap() -> (u16, Arc<AtomicUsize>) {
    // Where there is no IPv6 the old addresses are enough.
    let listener = TcpListener::bind("[::]:0").or_else(|_| TcpListener::bind("0.0.0.0:0")).expect("a free port");
    let (port, count) = (listener.local_addr().expect("an address").port(), Arc::new(AtomicUsize::new(0)));
    let counted = Arc::clone(&count);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    });
    (port, count)
}

/// The target with the port of the trap, in the author's own spelling of everything else.
fn at_port(target: &str, port: u16) -> String {
    let Some((scheme, rest)) = target.split_once("://") else { return target.to_owned() };
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let bare = authority.strip_suffix(":443").unwrap_or(authority);
    let has_port = bare.rsplit_once(':').is_some_and(|(host, _)| !host.starts_with('['));
    if has_port { target.to_owned() } else { format!("{scheme}://{bare}:{port}{path}") }
}

struct Scene {
    host: Context,
    watched: Arc<Watched>,
    liar: Arc<Liar>,
}

/// A host that may send to the trap's port, and to 443.
async fn scene(guard: Guard) -> Scene {
    let liar = Arc::new(Liar::default());
    let network = Network::with_lookup(guard, b"", &liar).expect("a client");
    let watched = Arc::new(Watched { network, told: Mutex::default() });
    let host = Context::new(Store::Memory(Memory::default()), watched.clone(), Arc::new(SystemClock), "host");
    let root = Arc::new(RootKey::random().expect("there are random bytes"));
    let host = host.with_vault(Vault::new(Roots::new(root, Vec::new()), Arc::new(SystemClock)));
    let row = Tenant { id: TENANT, name: "Acme".into(), ..Tenant::default() };
    host.store.commit(Commit { tenant: TENANT, writes: vec![Write::Tenant(row)] }).await.expect("it works");
    Scene { host, watched, liar }
}

impl Scene {
    /// What the interface says to a receiver there.
    async fn asked_for(&self, guard: Guard, urls: &[String]) -> BTreeMap<u16, usize> {
        let settings = Settings { requests_per_second: 1_000_000, guard, ..Settings::of_this_process() };
        let scopes = Scope::ALL.iter().copied().collect();
        let (_, key) = keys::add(&self.host, TENANT, "test", &scopes, &random()).await.expect("it works");
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}/v1/webhooks", listener.local_addr().expect("an address"));
        let app = router(self.host.clone(), &settings);
        let serving = tokio::spawn(async move { axum::serve(listener, app).await });
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let mut statuses = BTreeMap::new();
        for url in urls {
            let answer = client.post(&base).bearer_auth(&key).json(&json!({ "url": url })).send().await.expect("it answers");
            *statuses.entry(answer.status().as_u16()).or_default() += 1;
        }
        serving.abort();
        statuses
    }

    /// Rows as if the targets had been taken long ago: each is asked for its proof, and then sent an event.
    async fn served(&self, urls: &[String]) {
        let (store, now) = (&self.host.store, Instant::now());
        let mut writes = Vec::new();
        for (id, url) in (1000..).map(EndpointId).zip(urls) {
            let secret = stored(&self.host.vault, store, (TENANT, id), &SECRET.into()).await.expect("it works");
            writes.push(Write::Endpoint(Endpoint::unproven(TENANT, id, url.clone(), secret, now)));
        }
        store.commit(Commit { tenant: TENANT, writes }).await.expect("it works");
        for row in store.endpoints(TENANT).await.expect("it works") {
            receivers::see_to(&self.host, row).await;
        }
        let active = |row| Write::Endpoint(Endpoint { state: EndpointState::Active, due_at: None, ..row });
        let mut writes: Vec<Write> = store.endpoints(TENANT).await.expect("it works").into_iter().map(active).collect();
        let event = OutboxEvent {
            tenant: TENANT,
            id: EventId(0),
            kind: "dispatch.accepted".into(),
            subject: "a".into(),
            body: "{}".into(),
            at: now,
        };
        writes.push(Write::Event(event));
        store.commit(Commit { tenant: TENANT, writes }).await.expect("it works");
        let due = store.due_deliveries(Instant::now(), 10_000, 10_000, &Default::default()).await.expect("it works");
        assert_eq!(due.len(), urls.len(), "each is due");
        for due in due {
            deliveries::deliver(&self.host, due).await;
        }
    }
}

#[tokio::test]
async fn no_forbidden_receiver_is_ever_connected_to() {
    let (port, connections) = trap();
    let guard = || Guard::default().allow_port(port);
    let spelled = BAD.iter().chain(FORBIDDEN).map(|text| (*text).to_owned());
    let mut urls: Vec<String> = spelled.chain(FORBIDDEN.iter().map(|text| at_port(text, port))).collect();
    urls.sort();
    urls.dedup();
    assert!(urls.len() >= 400 && urls.iter().filter(|url| url.contains(&format!(":{port}"))).count() >= 150, "{}", urls.len());
    // Public names: what they lead to is known only when they are looked up.
    let names: Vec<String> = (0..40).map(|number| format!("https://hooks{number}.example.com:{port}/in")).collect();

    let scene = scene(guard()).await;
    let refused = scene.asked_for(guard(), &urls).await;
    // An empty one is refused for its length already.
    assert_eq!(refused, BTreeMap::from([(400, 1), (422, urls.len() - 1)]));
    assert_eq!(scene.host.store.endpoints(TENANT).await.expect("it works"), []);
    scene.served(&urls).await;
    assert_eq!(scene.liar.asked.load(Ordering::SeqCst), 0, "no name was looked up");
    let told = std::mem::take(&mut *scene.watched.told.lock().expect("nobody panicked"));
    for url in &urls {
        let outcomes = told.get(url).map(Vec::as_slice).unwrap_or_default();
        let is_kept_back = |told: &Result<u16, NetError>| matches!(told, Err(NetError::BadUrl | NetError::Forbidden));
        assert!(outcomes.len() <= 2 && outcomes.iter().all(is_kept_back), "{url:?}: {outcomes:?}");
    }
    assert_eq!(told.values().map(Vec::len).sum::<usize>(), 2 * urls.len(), "each was tried twice");
    assert_eq!(connections.load(Ordering::SeqCst), 0);

    let scene = self::scene(guard()).await;
    scene.served(&names).await;
    assert_eq!(scene.liar.asked.load(Ordering::SeqCst), 2 * names.len(), "each was looked up for each try");
    let told = std::mem::take(&mut *scene.watched.told.lock().expect("nobody panicked"));
    assert!(told.values().flatten().all(|told| *told == Err(NetError::Forbidden)), "{told:?}");
    assert_eq!(connections.load(Ordering::SeqCst), 0);

    // The trap works: who may go there, gets there.
    let open = Guard::default().allow_port(port).open(Subnet::private("127.0.0.0/8").expect("it is private"));
    self::scene(open).await.served(&names[..1]).await;
    for _ in 0..100 {
        if connections.load(Ordering::SeqCst) > 0 {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    panic!("the trap counts nothing");
}

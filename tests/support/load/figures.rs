//! Figures: how quantiles are taken and told, and the controls that they are shown beside.

use super::process::Folder;
use callsheet::host::http::{Egress, Method, Purpose, Request};
use callsheet::host::model::TenantId;
use callsheet::host::net::address::Subnet;
use callsheet::host::net::client::Network;
use callsheet::host::net::guard::Guard;
use callsheet::host::store::{Commit, Store, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Numbers in order, of which quantiles are asked.
pub struct Sorted(Vec<f64>);

impl Sorted {
    /// Of these numbers.
    pub fn of(mut numbers: Vec<f64>) -> Self {
        numbers.sort_by(f64::total_cmp);
        Self(numbers)
    }

    /// The number below which so many thousandths of them lie.
    pub fn at(&self, per_mille: usize) -> f64 {
        let place = (self.0.len() * per_mille).div_ceil(1000).max(1) - 1;
        self.0.get(place).copied().unwrap_or(f64::NAN)
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// One line of a table: least, median, and the tail.
    pub fn line(&self, name: &str, unit: &str) -> String {
        let [least, median, p99, p999, most] = [0, 500, 990, 999, 1000].map(|per_mille| self.at(per_mille));
        format!("{name:<34} {:>8} {least:>9.1} {median:>9.1} {p99:>9.1} {p999:>9.1} {most:>9.1}  {unit}", self.len())
    }

    /// The head of that table.
    pub fn head() -> String {
        format!("{:<34} {:>8} {:>9} {:>9} {:>9} {:>9} {:>9}", "", "count", "least", "p50", "p99", "p99.9", "most")
    }
}

/// What the machine gives without a host, in two lines: commits a second to a SQLite file, and requests a second to a server that does
/// nothing, so many at once, client and server in one process.
pub async fn tell_controls(at_once: usize, length: Duration) {
    let folder = Folder::new("control");
    let store = Store::open(&folder.store()).await.expect("a new file");
    let (alone, many) = raw_commits(&store, length).await;
    store.close().await;
    println!("control: commits a second on sqlite, one after the other {alone:.0}, 64 at once {many:.0}");
    let requests = empty_http(at_once, length).await;
    println!("control: requests a second to an empty server, {at_once} at once {requests:.0}");
}

/// Commits of one row a second, one after the other and sixty-four at once, on a store of its own.
async fn raw_commits(store: &Store, length: Duration) -> (f64, f64) {
    let write = |name: String| Commit { tenant: TenantId(1), writes: vec![Write::List(name, "x".repeat(300))] };
    let alone = per_second(length, 1, |number| {
        let (store, commit) = (store.clone(), write(format!("a{}", number % 1000)));
        async move { store.commit(commit).await.expect("the store works") }
    });
    let alone = alone.await;
    let many = per_second(length, 64, |number| {
        let (store, commit) = (store.clone(), write(format!("b{}", number % 1000)));
        async move { store.commit(commit).await.expect("the store works") }
    });
    (alone, many.await)
}

/// Requests a second through the host's own client to a server that does nothing, so many at once.
async fn empty_http(at_once: usize, length: Duration) -> f64 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port on loopback");
    let url = format!("http://{}/", listener.local_addr().expect("it is bound"));
    let router = axum::Router::new().fallback(async || "{}");
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let network = Arc::new(network());
    let rate = per_second(length, at_once, |_| {
        let (network, url) = (Arc::clone(&network), url.clone());
        async move {
            let answer = network.call(Request::new(Purpose::Bots, Method::Put, url).json(&serde_json::json!({ "a": 1 }))).await;
            assert_eq!(answer.expect("it answers").status, 200);
        }
    });
    let rate = rate.await;
    server.abort();
    rate
}

/// The host's client, for this machine.
pub fn network() -> Network {
    let loopback = Subnet::private("127.0.0.0/8").expect("it is private");
    Network::new(Guard::default().open(loopback), &[]).expect("a client")
}

/// How many of a kind of work end in a second, so many at once.
async fn per_second<F: Future<Output = ()> + Send + 'static>(length: Duration, at_once: usize, work: impl Fn(usize) -> F) -> f64 {
    let begun = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    let mut count = 0;
    while begun.elapsed() < length {
        while tasks.len() < at_once {
            tasks.spawn(work(count));
            count += 1;
        }
        tasks.join_next().await.expect("some are under way").expect("nothing panics");
    }
    while tasks.join_next().await.is_some() {}
    count as f64 / begun.elapsed().as_secs_f64()
}

//! A simulated world on loopback, in this process: it survives whatever happens to the hosts that it is served to.

use callsheet::host::clock::SystemClock;
use callsheet::host::world::World;
use callsheet::host::world::script::Plan;
use callsheet::host::world::serve::router;
use callsheet::host::world::shared::Shared;
use callsheet::host::world::weather::{Sky, Weather};
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A world that is being served.
pub struct Served {
    /// The world, for a look or a change.
    pub shared: Shared,
    /// `http://127.0.0.1:8400` and the like.
    pub address: String,
    /// Serves it; work of the caller runs here as well.
    pub runtime: Runtime,
}

impl Served {
    /// Serves the world of a plan under a calm sky.
    pub fn new(plan: Plan, seed: u64) -> Self {
        Self::behind(plan, seed, None)
    }

    /// The same; where something stands in front of it, its services say that they are there.
    pub fn behind(plan: Plan, seed: u64, front: Option<&str>) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).expect("a port on loopback");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        let shared = Shared::new(World::new(vec![plan], Weather::under(Sky::Calm, seed)), Arc::new(SystemClock));
        let router = router(&shared, front.unwrap_or(&address));
        runtime.spawn(async move { axum::serve(listener, router).await });
        Self { shared, address, runtime }
    }
}

//! A world with a host in it: set up once, lived in as often as needed.

use super::clock::VirtualClock;
use crate::host::app;
use crate::host::bots::Backend;
use crate::host::clock::Clock;
use crate::host::context::Context;
use crate::host::model::TenantId;
use crate::host::store::{Commit, Memory, Store};
use crate::host::world::script::Plan;
use crate::host::world::shared::Shared;
use crate::host::world::weather::Weather;
use crate::host::world::{World, connected};
use crate::time::Instant;
use std::sync::Arc;

/// The one tenant of a setting.
pub(in crate::host) const TENANT: TenantId = TenantId(1);
/// Where its feeds are.
pub(in crate::host) const FEEDS: &str = "https://feeds.example";
/// Its webhook receiver.
pub(in crate::host) const HOOK: &str = "https://hooks.example/acme";

/// A world, a store and the time: what outlives a host.
pub(in crate::host) struct Setting {
    pub(in crate::host) plan: Plan,
    pub(in crate::host) store: Memory,
    pub(in crate::host) shared: Shared,
    pub(in crate::host) clock: Arc<VirtualClock>,
}

impl Setting {
    /// The company of `plan` connected, nothing read yet. To be called inside a tokio runtime whose time is paused.
    pub(in crate::host) async fn of(plan: Plan, weather: Weather, start: Instant) -> Self {
        let clock = VirtualClock::at(start);
        let shared = Shared::new(World::new(vec![plan.clone()], weather), clock.clone());
        let store = Memory::new();
        let writes = connected::rows(TENANT, "Acme", &plan, FEEDS, HOOK);
        Store::Memory(store.clone()).commit(Commit { tenant: TENANT, writes }).await.expect("a new store takes it");
        Self { plan, store, shared, clock }
    }

    /// The store, for a look.
    pub(in crate::host) fn store(&self) -> Store {
        Store::Memory(self.store.clone())
    }

    /// The time.
    pub(in crate::host) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// A host that knows what the store has.
    pub(in crate::host) fn host(&self, name: &str) -> Context {
        let mut host = Context::new(self.store(), Arc::new(self.shared.clone()), self.clock.clone(), name);
        host.credentials = Arc::new(connected::credentials(&self.plan.accounts));
        host
    }

    /// The bot service of the world.
    pub(in crate::host) fn backend(&self) -> Backend {
        Backend::Callsheet { base_url: "https://bots.example".into(), token: "token".to_owned().into() }
    }

    /// One life of a host: it starts with what the store has, and is killed at `until`.
    pub(in crate::host) async fn live(&self, name: &str, until: Instant) {
        let (_stopper, stop) = app::stopper();
        let running = tokio::spawn(app::run(self.host(name), self.backend(), stop));
        self.clock.sleep_until(until).await;
        running.abort();
        // Whatever the abort drops is dropped before the next life begins.
        let _ = running.await;
    }
}

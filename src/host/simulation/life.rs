//! A world with hosts in it: set up once, lived in as often as needed.

use super::clock::VirtualClock;
use super::doors::Doors;
use super::heard::Heard;
use super::switch::{HostClock, HostEgress, Switch};
use crate::host::app::{self, Stopper};
use crate::host::bots::Backend;
use crate::host::clock::Clock;
use crate::host::context::{Context, HORIZON_DAYS_DEFAULT, PIECE};
use crate::host::metrics::Metrics;
use crate::host::model::grants::{ClientRow, Grant};
use crate::host::model::{ConnectionId, Origin, TenantId};
use crate::host::oauth::clients::secret_place;
use crate::host::oauth::connect::token_place;
use crate::host::push::Push;
use crate::host::push::lots::Lots;
use crate::host::seal::{RootKey, Roots, Vault, keeping};
use crate::host::store::{Commit, Memory, Store, Write};
use crate::host::sync::quota::Limits;
use crate::host::world::dice::{Dice, hash};
use crate::host::world::script::Plan;
use crate::host::world::shared::Shared;
use crate::host::world::weather::Weather;
use crate::host::world::{World, connected, tokens};
use crate::time::{Elapsed, Instant};
use serde_json::json;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::task::JoinHandle;

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
    /// What the hosts seal and open with.
    pub(in crate::host) vault: Vault,
    /// What the hosts asked.
    pub(in crate::host) heard: Arc<Mutex<Heard>>,
    /// What the hosts counted.
    pub(in crate::host) metrics: Arc<Metrics>,
    /// How far ahead the hosts plan.
    pub(in crate::host) horizon: Elapsed,
    /// How much the hosts commit at once.
    pub(in crate::host) piece: usize,
    /// Whether the store tells all hosts what time it is, as a server does.
    pub(in crate::host) tells_time: bool,
    /// Whether providers tell the hosts of changes.
    pub(in crate::host) push: bool,
    /// Where providers find the hosts that live.
    pub(in crate::host) doors: Arc<Doors>,
    /// Quotas of the OAuth client, where they are not the published ones.
    pub(in crate::host) limits: Option<Limits>,
}

/// What a host does before it begins: secrets of receivers that were stored as they are get sealed.
async fn sealed(store: &Store, vault: &Vault) {
    keeping::begin(vault, store).await.expect("a vault with a root key");
}

/// What the accounts of the company granted, as connecting them would have stored it.
async fn granted(store: &Store, vault: &Vault, plan: &Plan) {
    let mut writes = Vec::new();
    let endpoints = json!({ "authorize": tokens::URL, "token": tokens::URL, "issuer": "https://oauth.example" }).to_string();
    for provider in [Origin::Google, Origin::Graph] {
        let id = provider.word().to_owned();
        let secret = vault.seal(store, &secret_place(TENANT, &id, provider), &"secret".to_owned().into()).await;
        writes.push(Write::Client(ClientRow {
            tenant: TENANT,
            id,
            provider,
            client_id: "simulated".to_owned(),
            secret: secret.expect("a vault with a root key"),
            authority: String::new(),
            endpoints: Some(endpoints.clone()),
            enabled: true,
        }));
    }
    for (place, account) in plan.accounts.iter().enumerate().filter(|(_, account)| account.origin != Origin::Feed) {
        let connection = ConnectionId(place as u64 + 1);
        let token =
            vault.seal(store, &token_place(TENANT, connection, account.origin), &tokens::first(&account.token).into()).await;
        writes.push(Write::Token { connection, was: None, is: Some(token.expect("a vault with a root key")) });
        writes.push(Write::Grant(Grant {
            tenant: TENANT,
            connection,
            client: account.origin.word().to_owned(),
            account: account.token.clone(),
            name: format!("cu_{place}"),
            bare: false,
            reason: None,
            owner: None,
            lease_until: None,
            version: 0,
        }));
    }
    store.commit(Commit { tenant: TENANT, writes }).await.expect("the connections are there");
}

/// A host that runs.
pub(in crate::host) struct Living {
    running: JoinHandle<()>,
    stopper: Stopper,
    /// Stops it.
    pub(in crate::host) switch: Arc<Switch>,
    /// What it believes the time is.
    pub(in crate::host) clock: Arc<VirtualClock>,
}

impl Living {
    /// Asks it to stop, and waits until it has.
    pub(in crate::host) async fn leave(self) {
        self.stopper.stop();
        let _ = self.running.await;
    }

    /// Kills it: nothing that it had in memory is left.
    pub(in crate::host) async fn kill(self) {
        self.switch.kill();
        self.running.abort();
        // Whatever the abort drops is dropped before the next life begins.
        let _ = self.running.await;
    }
}

impl Setting {
    /// The company of `plan` connected, nothing read yet. To be called inside a tokio runtime whose time is paused.
    pub(in crate::host) async fn of(plan: Plan, weather: Weather, start: Instant) -> Self {
        let clock = VirtualClock::at(start);
        let doors = Arc::new(Doors::default());
        let shared = Shared::new(World::new(vec![plan.clone()], weather), clock.clone()).with_door(doors.clone());
        let store = Memory::new();
        let writes = connected::rows(TENANT, "Acme", &plan, FEEDS, HOOK);
        Store::Memory(store.clone()).commit(Commit { tenant: TENANT, writes }).await.expect("a new store takes it");
        let vault = Vault::new(Roots::new(Arc::new(RootKey::random().expect("random bytes")), vec![]), clock.clone());
        granted(&Store::Memory(store.clone()), &vault, &plan).await;
        sealed(&Store::Memory(store.clone()), &vault).await;
        let heard = Heard::of(plan.accounts.iter().map(|account| account.token.clone()));
        Self {
            plan,
            store,
            vault,
            shared,
            clock,
            heard: Arc::new(Mutex::new(heard)),
            metrics: Arc::default(),
            horizon: Elapsed::from_hours(24 * HORIZON_DAYS_DEFAULT),
            piece: PIECE,
            tells_time: false,
            push: false,
            doors,
            limits: None,
        }
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
        self.wired(name, &self.clock.twin(), &Arc::new(Switch::default()))
    }

    /// A host that lives as long as `switch` lets it, by a clock of its own.
    fn wired(&self, name: &str, own: &Arc<VirtualClock>, switch: &Arc<Switch>) -> Context {
        let egress = HostEgress {
            shared: self.shared.clone(),
            world: self.clock.clone(),
            switch: switch.clone(),
            heard: self.heard.clone(),
            store: self.store(),
            vault: self.vault.clone(),
            numbers: Mutex::default(),
        };
        let clock = HostClock { own: own.clone(), world: self.clock.clone(), switch: switch.clone() };
        let store = self.store.with_hook(switch.hook());
        let store = Store::Memory(if self.tells_time { store.with_time(self.clock.clone()) } else { store });
        let mut host = Context::new(store, Arc::new(egress), Arc::new(clock), name);
        host.credentials = Arc::new(connected::credentials(&self.plan.accounts));
        host = host.with_vault(self.vault.clone());
        host.metrics = self.metrics.clone();
        host.horizon = self.horizon;
        host.piece = self.piece;
        if self.push {
            let dice = Mutex::new(Dice::of(hash(name), "lots"));
            let lots = Lots::of(move |bytes| {
                let mut dice = dice.lock().unwrap_or_else(PoisonError::into_inner);
                bytes.iter_mut().for_each(|byte| *byte = dice.roll().to_le_bytes()[0]);
            });
            host.push = Some(Arc::new(Push::new("https://host.example", lots)));
        }
        let of_google = self.plan.accounts.iter().find(|account| account.origin == Origin::Google);
        if let Some((limits, account)) = self.limits.zip(of_google) {
            host.governor().set_limits(&account.client, limits);
        }
        host
    }

    /// The bot service of the world.
    pub(in crate::host) fn backend(&self) -> Backend {
        Backend::Callsheet { base_url: "https://bots.example".into(), token: "token".to_owned().into() }
    }

    /// Begins the life of a host.
    pub(in crate::host) fn begin(&self, name: &str) -> Living {
        self.begin_off(name, 0)
    }

    /// Begins the life of a host whose clock is so many seconds off.
    pub(in crate::host) fn begin_off(&self, name: &str, secs: i64) -> Living {
        let (clock, switch) = (self.clock.twin(), Arc::new(Switch::default()));
        clock.set_off(secs);
        self.heard.lock().expect("nobody panics with it").host_began(self.now());
        let host = self.wired(name, &clock, &switch);
        self.doors.open(&switch, &host);
        let (stopper, stop) = app::stopper();
        let (backend, store) = (self.backend(), self.store());
        // The stopper is kept, since a stop that nobody can set any more counts as set.
        let running = tokio::spawn(async move {
            sealed(&store, &host.vault).await;
            app::run(host, backend, stop).await;
        });
        Living { running, stopper, switch, clock }
    }

    /// One life of a host: it starts with what the store has, and is killed at `until`.
    pub(in crate::host) async fn live(&self, name: &str, until: Instant) {
        let living = self.begin(name);
        self.clock.sleep_until(until).await;
        living.kill().await;
    }
}

//! What stops a host: at any operation for good, or for a while.
//!
//! Everything that a host does goes through its clock, its way out or its store. The first two wait here while it is held up,
//! as a process does that was sent to sleep; all three end here when it dies.

use super::clock::VirtualClock;
use super::ear;
use super::heard::Heard;
use super::life::TENANT;
use crate::host::clock::{Boxed, Clock};
use crate::host::http::{Egress, NetError, Request, Response};
use crate::host::model::ConnectionId;
use crate::host::oauth::connect::token_place;
use crate::host::seal::{Place, Vault};
use crate::host::store::{Hook, Moment, Store, StoreError};
use crate::host::world::shared::Shared;
use crate::host::world::tokens;
use crate::time::{Elapsed, Instant};
use secrecy::ExposeSecret;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Operations that only look whether anything is due; a host that dies at one dies idle.
const LOOKS: [&str; 7] = ["due_deliveries", "due_dispatches", "due_endpoints", "due_partings", "near", "undecided", "watched"];

/// When a host dies: before or after the operation of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::host) struct Death {
    pub(in crate::host) operation: u64,
    pub(in crate::host) moment: Moment,
    /// Count nothing but commits.
    pub(in crate::host) commits_only: bool,
}

/// Stops one host.
#[derive(Default)]
pub(in crate::host) struct Switch {
    state: Mutex<State>,
    died: tokio::sync::Notify,
}

#[derive(Default)]
struct State {
    is_dead: bool,
    held_until: Option<Instant>,
    operations: u64,
    commits: u64,
    death: Option<Death>,
}

impl Switch {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the host die at an operation from now on.
    pub(in crate::host) fn doom(&self, death: Death) {
        let mut state = self.state();
        let before = if death.commits_only { state.commits } else { state.operations };
        state.death = Some(Death { operation: before + death.operation, ..death });
    }

    /// Holds the host up until then: its work goes on where it was.
    pub(in crate::host) fn hold(&self, until: Instant) {
        self.state().held_until = Some(until);
    }

    /// Whether the host is held up at `now`.
    pub(in crate::host) fn is_held(&self, now: Instant) -> bool {
        self.state().held_until.is_some_and(|until| until > now)
    }

    /// Whether nothing it does has any effect any more.
    pub(in crate::host) fn is_dead(&self) -> bool {
        self.state().is_dead
    }

    /// Nothing the host does has any effect from now on.
    pub(in crate::host) fn kill(&self) {
        self.state().is_dead = true;
    }

    /// Waits until the host has died at the operation that it was doomed to.
    pub(in crate::host) async fn died(&self) {
        self.died.notified().await;
    }

    /// How many operations there were, looks aside.
    pub(in crate::host) fn operations(&self) -> u64 {
        self.state().operations
    }

    /// Counts an operation in; `None` where the host is dead.
    fn begin(&self, name: &str) -> Option<Option<(u64, u64)>> {
        let mut state = self.state();
        if state.is_dead {
            return None;
        }
        if LOOKS.contains(&name) {
            return Some(None);
        }
        if ear::is_loud() {
            println!("        {name}");
        }
        state.operations += 1;
        let is_commit = matches!(name, "commit" | "take_up");
        state.commits += u64::from(is_commit);
        let number = (state.operations, if is_commit { state.commits } else { 0 });
        self.reached(&mut state, number, Moment::Before).then_some(Some(number))
    }

    /// Whether the host lives on after the operation.
    fn end(&self, number: Option<(u64, u64)>) -> bool {
        let mut state = self.state();
        !state.is_dead && number.is_none_or(|number| self.reached(&mut state, number, Moment::After))
    }

    fn reached(&self, state: &mut State, (operation, commit): (u64, u64), moment: Moment) -> bool {
        let here = |death: &Death| {
            let own = if death.commits_only { commit } else { operation };
            death.operation == own && death.moment == moment
        };
        if state.death.as_ref().is_some_and(here) {
            state.is_dead = true;
            self.died.notify_one();
        }
        !state.is_dead
    }

    /// Waits while the host is held up; for ever where it is dead.
    async fn pass(&self, clock: &VirtualClock) {
        loop {
            let (is_dead, held) = {
                let state = self.state();
                (state.is_dead, state.held_until)
            };
            if is_dead {
                std::future::pending::<()>().await;
            }
            match held.filter(|until| *until > clock.now()) {
                Some(until) => clock.sleep_until(until).await,
                None => return,
            }
        }
    }

    /// What the store is to tell of each operation.
    pub(in crate::host) fn hook(self: &Arc<Self>) -> Arc<Hook> {
        let (switch, under_way) = (self.clone(), Mutex::new(None));
        Arc::new(move |operation, moment| {
            // Nothing else of this host runs between the two moments of one operation.
            let mut slot = under_way.lock().unwrap_or_else(PoisonError::into_inner);
            let lives = match moment {
                Moment::Before => {
                    let begun = switch.begin(operation);
                    *slot = begun.flatten();
                    begun.is_some()
                }
                Moment::After => switch.end(slot.take()),
            };
            if lives { Ok(()) } else { Err(StoreError::Unavailable) }
        })
    }
}

/// The clock of one host: it may show another time than the world's, and stands still while the host is held up.
pub(in crate::host) struct HostClock {
    /// What the host believes.
    pub(in crate::host) own: Arc<VirtualClock>,
    /// The right time.
    pub(in crate::host) world: Arc<VirtualClock>,
    pub(in crate::host) switch: Arc<Switch>,
}

impl Clock for HostClock {
    fn now(&self) -> Instant {
        self.own.now()
    }

    fn monotonic(&self) -> Elapsed {
        self.own.monotonic()
    }

    fn sleep_until(&self, at: Instant) -> Boxed<'_, ()> {
        Box::pin(async move {
            self.own.sleep_until(at).await;
            self.switch.pass(&self.world).await;
        })
    }
}

/// The way out of one host, into the simulated world.
pub(in crate::host) struct HostEgress {
    pub(in crate::host) shared: Shared,
    pub(in crate::host) world: Arc<VirtualClock>,
    pub(in crate::host) switch: Arc<Switch>,
    /// What was asked and answered.
    pub(in crate::host) heard: Arc<Mutex<Heard>>,
    /// What is stored, and what opens it: to see that no token is used that could be lost (I13).
    pub(in crate::host) store: Store,
    pub(in crate::host) vault: Vault,
    /// The refresh tokens that were opened last, sealed, and their numbers: they are looked at with every request.
    pub(in crate::host) numbers: Mutex<BTreeMap<ConnectionId, (String, u64)>>,
}

impl HostEgress {
    /// An access token is used only when the refresh token that came with it is stored.
    async fn check_lineage(&self, now: Instant, request: &Request) {
        let shown = request.find_header("authorization").and_then(|header| header.strip_prefix("Bearer "));
        let Some((_, number)) = shown.and_then(tokens::parts) else { return };
        let account = self.heard.lock().unwrap_or_else(PoisonError::into_inner).account(request);
        let Some(account) = account else { return };
        let id = ConnectionId(account as u64 + 1);
        let Ok(Some(row)) = self.store.connection(TENANT, id).await else { return };
        let place = token_place(TENANT, id, row.origin);
        let stored = match &row.token {
            Some(sealed) => self.number_of(id, &place, sealed).await,
            None => None,
        };
        if stored.is_none_or(|stored| stored < number) {
            self.heard.lock().unwrap_or_else(PoisonError::into_inner).lost_lineage(now, number, stored);
        }
    }
}

impl HostEgress {
    /// The number of a connection's sealed refresh token.
    async fn number_of(&self, id: ConnectionId, place: &Place, sealed: &str) -> Option<u64> {
        let known = || self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, number)) = known().get(&id).filter(|(known, _)| known == sealed) {
            return Some(*number);
        }
        let opened = self.vault.open(&self.store, place, sealed).await.ok()?;
        let (_, number) = tokens::parts(opened.expose_secret())?;
        known().insert(id, (sealed.to_owned(), number));
        Some(number)
    }
}

impl Egress for HostEgress {
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>> {
        Box::pin(async move {
            let Some(number) = self.switch.begin("request") else { return std::future::pending().await };
            self.shared.validate(&request).await;
            let now = self.world.now();
            self.check_lineage(now, &request).await;
            let (answered, met_fault) = {
                let mut world = self.shared.world();
                let before = world.weather.met_count();
                let answered = world.call(now, &request);
                (answered, world.weather.met_count() > before)
            };
            let until = Elapsed::try_from(answered.after).ok().and_then(|wait| now.checked_add(wait).ok()).unwrap_or(now);
            self.heard.lock().unwrap_or_else(PoisonError::into_inner).note((now, until), &request, &answered.result, met_fault);
            self.world.sleep_until(until).await;
            if !self.switch.end(number) {
                return std::future::pending().await;
            }
            self.switch.pass(&self.world).await;
            answered.result
        })
    }
}

//! What all work of the host needs, in one hand.

use super::clock::belief::Other;
use super::clock::{Clock, Timekeeper};
use super::credentials::Credentials;
use super::http::{Egress, NetError, Request, Response};
use super::metrics::Metrics;
use super::model::{CalendarId, ConnectionId, RulesRow, Tenant, TenantId};
use super::oauth;
use super::oauth::refresh::Keep;
use super::push::Push;
use super::schedule::{RulesError, TenantRules};
use super::seal::Vault;
use super::store::{Store, StoreError};
use super::sync::Bases;
use super::sync::cadence::Cadence;
use super::sync::quota::Governor;
use super::sync::share::{LEASE, Part, SETTLE, Share, Turn};
use crate::time::{Elapsed, Instant};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The store, the way out, the clock, and what the operator set.
#[derive(Clone)]
pub struct Context {
    /// What is known.
    pub store: Store,
    /// The way out.
    pub egress: Arc<dyn Egress>,
    /// The time.
    pub clock: Arc<Timekeeper>,
    /// Names this host among those that share the store.
    pub owner: String,
    /// How far ahead meetings are planned.
    pub horizon: Elapsed,
    /// How long what is past is kept.
    pub keep: Elapsed,
    /// About how many entries, or writes of a plan, are committed at once: [`PIECE`].
    pub piece: usize,
    /// Where the providers' interfaces are.
    pub bases: Bases,
    /// When calendars are read.
    pub cadence: Cadence,
    /// The tokens that providers want to see.
    pub credentials: Arc<Credentials>,
    /// Access tokens of what users granted.
    pub tokens: Arc<Keep>,
    /// How users grant.
    pub oauth: Arc<oauth::Settings>,
    /// What secrets are sealed and opened with.
    pub vault: Vault,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// For whom it acts, as the audit names them; `None`: by itself, which is not written there.
    pub actor: Option<String>,
    /// Where providers tell of changes; `None`: nowhere, and calendars are polled.
    pub push: Option<Arc<Push>>,
    shared: Arc<Shared>,
}

/// What all tasks of one host share in memory. Losing it costs work, never correctness.
struct Shared {
    /// What is this host's among those that share the store.
    share: Mutex<Share>,
    /// How often that has changed.
    sharings: AtomicU64,
    /// Compiled rules, by tenant.
    rules: Mutex<BTreeMap<TenantId, Compiled>>,
    governor: Mutex<Governor>,
    passes: Mutex<BTreeMap<CalendarId, PassState>>,
    /// When the meeting of a dispatch was last seen as it is planned, by key.
    confirmed: Mutex<Lately>,
    /// When it was last looked at, whatever came of it.
    looked_at: Mutex<Lately>,
    /// Whose plan is being made.
    turns: Mutex<BTreeMap<TenantId, Arc<Semaphore>>>,
    numbers: AtomicU64,
    bots_under_way: AtomicUsize,
}

impl Shared {
    fn of(share: Share) -> Self {
        Self {
            share: Mutex::new(share),
            sharings: AtomicU64::new(0),
            rules: Mutex::default(),
            governor: Mutex::default(),
            passes: Mutex::default(),
            confirmed: Mutex::default(),
            looked_at: Mutex::default(),
            turns: Mutex::default(),
            numbers: AtomicU64::new(0),
            bots_under_way: AtomicUsize::new(0),
        }
    }
}

/// What happened within the last [`CONFIRMED_MAX`], by key.
#[derive(Default)]
struct Lately {
    last: BTreeMap<String, Instant>,
    /// How many there may be before those are forgotten that count no more: twice what stayed the last time, since looking
    /// through all of them for each one would cost more than what happened.
    most: usize,
}

impl Lately {
    fn note(&mut self, key: &str, at: Instant) {
        if self.last.len() >= self.most {
            self.last.retain(|_, last| at.duration_since(*last) < CONFIRMED_MAX);
            self.most = (self.last.len() * 2).max(LATELY_KEPT);
        }
        self.last.insert(key.to_owned(), at);
    }

    fn holds(&self, key: &str, now: Instant) -> bool {
        self.last.get(key).is_some_and(|last| now.duration_since(*last) < CONFIRMED_MAX)
    }
}

/// How the passes over a calendar went lately.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PassState {
    /// Failures since the last that went well.
    pub failures: u32,
    /// How many of the last were failures for the reason of the last.
    pub repeats: u32,
    /// The word for that reason.
    pub why: &'static str,
    /// When one last went well.
    pub read_at: Option<Instant>,
}

/// Compiled rules, and the rows that they were compiled from.
#[derive(Clone)]
struct Compiled {
    tenant: Tenant,
    rows: Vec<RulesRow>,
    lists: Vec<(String, String)>,
    rules: Arc<TenantRules>,
}

/// A dispatch whose meeting was seen longer ago than this is not verified (`reliability.md` 5.4).
pub const CONFIRMED_MAX: Elapsed = Elapsed::from_secs(60);

/// So few things that happened lately are kept whatever their age.
const LATELY_KEPT: usize = 1000;

/// So many bots under way at once are as many as come about without a storm.
pub const BOTS_MANY: usize = 128;

/// How far ahead meetings are planned where nobody says otherwise, in days.
pub const HORIZON_DAYS_DEFAULT: i64 = 14;

/// How long past meetings, events and deliveries are kept where nobody says otherwise, in days.
pub const KEEP_DAYS_DEFAULT: i64 = 30;

/// So much is committed at once: what is more is committed in pieces, so that a host that does not live long gets on with a
/// large calendar all the same, no commit outlasts the patience of a server, and nobody waits long for the one who writes.
pub const PIECE: usize = 500;

/// Why the rules of a tenant are not at hand.
#[derive(Debug, thiserror::Error)]
pub enum LoadRulesError {
    /// They cannot be used.
    #[error(transparent)]
    Rules(#[from] RulesError),
    /// They cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Context {
    /// A host with nothing loaded yet.
    #[must_use]
    pub fn new(store: Store, egress: Arc<dyn Egress>, clock: Arc<dyn Clock>, owner: impl Into<String>) -> Self {
        let owner: String = owner.into();
        let share = if store.is_shared() { Share::away(&owner) } else { Share::alone(&owner) };
        Self {
            store,
            egress,
            clock: Arc::new(Timekeeper::new(clock)),
            horizon: Elapsed::from_hours(HORIZON_DAYS_DEFAULT * 24),
            keep: Elapsed::from_hours(KEEP_DAYS_DEFAULT * 24),
            piece: PIECE,
            bases: Bases::default(),
            cadence: Cadence { seed: 0 },
            credentials: Arc::default(),
            tokens: Arc::default(),
            oauth: Arc::default(),
            vault: Vault::without_root(),
            metrics: Arc::default(),
            push: None,
            owner,
            actor: None,
            shared: Arc::new(Shared::of(share)),
        }
    }

    /// The same host, acting for somebody: what it changes is written into the tenant's audit.
    #[must_use]
    pub fn acting(&self, actor: impl Into<String>) -> Self {
        Self { actor: Some(actor.into()), ..self.clone() }
    }

    /// The same host, with the horizon that the tenant has set for itself.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn in_terms_of(&self, tenant: TenantId) -> Result<Self, StoreError> {
        let days = self.store.tenant(tenant).await?.and_then(|row| row.horizon_days);
        let horizon = days.map_or(self.horizon, |days| Elapsed::from_hours(24 * i64::from(days)));
        Ok(Self { horizon, ..self.clone() })
    }

    /// Tells those who share the store that this host is there, and takes note of who else is.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn attend(&self) -> Result<(), StoreError> {
        let asked = self.clock.monotonic();
        let members = self.store.attend(&self.owner, LEASE, SETTLE).await?;
        let answered = self.clock.monotonic();
        let (changed, share) = {
            let mut share = locked(&self.shared.share);
            (share.attended(asked, answered, &members), share.clone())
        };
        self.governor().set_part(share.part());
        let hosts = share.hosts();
        self.metrics.hosts(hosts, share.takes_part(answered));
        if changed {
            self.shared.sharings.fetch_add(1, Ordering::Relaxed);
            let wait_secs = share.begins_in(answered).unwrap_or_default().as_secs();
            tracing::info!(hosts, wait_secs, "the hosts of the store are others now");
        }
        Ok(())
    }

    /// Whether this host may ask something of a mailbox.
    #[must_use]
    pub fn turn(&self, mailbox: ConnectionId) -> Turn {
        let (in_doubt, now) = (self.clock.is_in_doubt(), self.clock.monotonic());
        let mut share = locked(&self.shared.share);
        if in_doubt {
            share.stand_back(now);
        }
        share.turn(now, mailbox)
    }

    /// How the hosts share the store: counts the changes of it that this host knows of.
    #[must_use]
    pub fn shared_anew(&self) -> u64 {
        let now = self.clock.monotonic();
        let share = locked(&self.shared.share);
        // That a host takes part when its time has come is one more.
        2 * self.shared.sharings.load(Ordering::Relaxed) + u64::from(share.begins_in(now).is_none())
    }

    /// This host's part of the quotas.
    #[must_use]
    pub fn part(&self) -> Part {
        locked(&self.shared.share).part()
    }

    /// How many hosts share the store, as far as this one knows; itself among them.
    #[must_use]
    pub fn hosts(&self) -> usize {
        locked(&self.shared.share).hosts()
    }

    /// Takes no part in what hosts share until it has attended again.
    pub fn stand_back(&self) {
        locked(&self.shared.share).stand_back(self.clock.monotonic());
    }

    /// The same host with this vault.
    #[must_use]
    pub fn with_vault(self, vault: Vault) -> Self {
        Self { vault, ..self }
    }

    /// A number that this host gives only once.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.shared.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Who may ask a provider, and when. Not to be held across a wait.
    pub fn governor(&self) -> MutexGuard<'_, Governor> {
        locked(&self.shared.governor)
    }

    /// Waits until no other task of this host that asks here plans for the tenant; held until it is dropped. Of two that plan for
    /// one tenant at once the store takes the first, and the second begins anew: twenty calendars at once would be ten times
    /// the work.
    pub async fn turn_of(&self, tenant: TenantId) -> Option<OwnedSemaphorePermit> {
        let turn = locked(&self.shared.turns).entry(tenant).or_insert_with(|| Arc::new(Semaphore::new(1))).clone();
        // Never closed; and without a turn the guards of the store still hold.
        turn.acquire_owned().await.ok()
    }

    /// Takes note of how many bots are being asked for, or looked after.
    pub fn note_bots(&self, under_way: usize) {
        self.shared.bots_under_way.store(under_way, Ordering::Relaxed);
    }

    /// Whether more than [`BOTS_MANY`] bots are being asked for, or looked after, at this moment: whatever can wait, waits.
    #[must_use]
    pub fn has_many_bots(&self) -> bool {
        self.shared.bots_under_way.load(Ordering::Relaxed) > BOTS_MANY
    }

    /// Takes note of how a pass ended; the state after it.
    pub fn pass_ended(&self, calendar: CalendarId, end: Result<(), &'static str>) -> PassState {
        let now = self.now();
        let mut passes = locked(&self.shared.passes);
        let state = passes.entry(calendar).or_default();
        *state = match end {
            Ok(()) => PassState { read_at: Some(now), ..PassState::default() },
            Err(why) => {
                let repeats = if state.why == why { state.repeats.saturating_add(1) } else { 1 };
                PassState { failures: state.failures.saturating_add(1), repeats, why, ..*state }
            }
        };
        *state
    }

    /// How the passes over a calendar went lately.
    #[must_use]
    pub fn pass_state(&self, calendar: CalendarId) -> PassState {
        locked(&self.shared.passes).get(&calendar).copied().unwrap_or_default()
    }

    /// Takes note that the meeting of a dispatch was seen as it is planned.
    pub fn confirm(&self, key: &str, at: Instant) {
        locked(&self.shared.confirmed).note(key, at);
    }

    /// Whether the meeting of a dispatch was seen as it is planned, no longer ago than [`CONFIRMED_MAX`].
    #[must_use]
    pub fn is_confirmed(&self, key: &str, now: Instant) -> bool {
        locked(&self.shared.confirmed).holds(key, now)
    }

    /// Takes note that the meeting of a dispatch was looked at, whatever came of it.
    pub fn looked_at(&self, key: &str, at: Instant) {
        locked(&self.shared.looked_at).note(key, at);
    }

    /// Whether this host looked at the meeting of a dispatch no longer ago than [`CONFIRMED_MAX`].
    #[must_use]
    pub fn has_looked_at(&self, key: &str, now: Instant) -> bool {
        locked(&self.shared.looked_at).holds(key, now)
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.clock.now()
    }

    /// One exchange with somebody whom the operator chose; what time it is there is taken note of.
    ///
    /// # Errors
    /// [`NetError`].
    pub async fn call(&self, request: Request) -> Result<Response, NetError> {
        let (other, asked) = (Other::of(&request), self.clock.monotonic());
        let answer = self.egress.call(request).await;
        if let (Some(other), Ok(response)) = (other, &answer) {
            self.clock.hear(other, asked, response);
        }
        answer
    }

    /// The tenant's rules, compiled; from memory where nothing changed.
    ///
    /// # Errors
    /// [`LoadRulesError`].
    pub async fn rules(&self, tenant: &Tenant) -> Result<Arc<TenantRules>, LoadRulesError> {
        let rows = self.store.rules(tenant.id).await?;
        let lists = self.store.lists(tenant.id).await?;
        // The plan version is no input of the rules.
        let tenant = Tenant { plan_version: 0, ..tenant.clone() };
        let known = locked(&self.shared.rules).get(&tenant.id).cloned();
        if let Some(known) = known
            && (&known.tenant, &known.rows, &known.lists) == (&tenant, &rows, &lists)
        {
            return Ok(known.rules);
        }
        let rules = Arc::new(TenantRules::compile(&tenant, &rows, &lists)?);
        let compiled = Compiled { rules: rules.clone(), tenant, rows, lists };
        locked(&self.shared.rules).insert(compiled.tenant.id, compiled);
        Ok(rules)
    }
}

/// A task that broke off leaves the state as it was: whole, since nothing under these locks waits or panics half-way.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! Access tokens: in memory alone, made from refresh tokens that are stored sealed.
//!
//! For one connection one host at a time asks for a new access token: within a host by a turn, across hosts by a claim on the row of
//! the grant. What a provider gives along, the next refresh token, is stored before the access token is used (I13): a provider that
//! gives a new one each time has forgotten the old one, and whoever loses the new one has lost the calendar (`M9.5`). An answer without
//! one leaves the stored one alone (`G5.2`). What came and could not be stored waits in memory until it is.

use super::clients::{self, Client};
use super::connect::token_place;
use super::token::{self, TokenError, Tokens};
use crate::host::context::Context;
use crate::host::model::grants::Grant;
use crate::host::model::{Connection, ConnectionId, ConnectionState, TenantId};
use crate::host::planted::{self, Bug};
use crate::host::seal::SealError;
use crate::host::store::{Commit, CommitError, StoreError, Write};
use crate::host::sync::SyncError;
use crate::host::sync::error::Word;
use crate::time::Elapsed;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// An access token is not used in the last part of its life: it could run out on its way.
const MARGIN: Elapsed = Elapsed::from_secs(60);
/// How long a host may take for one refresh before somebody else tries: longer than the token endpoint is waited for, so that whoever
/// comes after one that was broken off does not ask while the provider still answers that one.
const LEASE: Elapsed = Elapsed::from_secs(20);
/// How often it is looked whether another host is done.
const LOOK_EVERY: Elapsed = Elapsed::from_secs(1);
/// How often, together with claims that others were faster at.
const TRIES_MAX: u32 = 60;
/// How long nothing is asked after a failure, at first and at most.
const WAIT_FIRST: Elapsed = Elapsed::from_secs(5);
const WAIT_MAX: Elapsed = Elapsed::from_mins(5);

type Key = (TenantId, ConnectionId);

/// Access tokens, and whose turn it is to get one. Nothing of it is stored.
#[derive(Default)]
pub struct Keep {
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    slots: BTreeMap<Key, Slot>,
    /// Clients that their provider refuses, and why.
    refused: BTreeMap<String, Word>,
}

#[derive(Default)]
struct Slot {
    access: Option<Access>,
    /// What a provider gave and the store did not take yet.
    waiting: Option<Waiting>,
    turn: Option<Arc<Semaphore>>,
    failures: u32,
    not_before: Option<Elapsed>,
}

#[derive(Clone)]
struct Access {
    token: SecretString,
    /// By the clock that nobody sets.
    until: Elapsed,
}

#[derive(Clone)]
struct Waiting {
    was: Option<String>,
    is: String,
    access: Access,
}

impl fmt::Debug for Keep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "access tokens of {} connections", self.inner().slots.len())
    }
}

impl Keep {
    /// A task that broke off leaves it whole: nothing under the lock waits or panics half-way.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fresh(&self, key: Key, now: Elapsed) -> Option<SecretString> {
        let access = self.inner().slots.get(&key)?.access.clone()?;
        (access.until > now).then_some(access.token)
    }

    fn turn(&self, key: Key) -> Arc<Semaphore> {
        self.inner().slots.entry(key).or_default().turn.get_or_insert_with(|| Arc::new(Semaphore::new(1))).clone()
    }

    /// Takes an access token whose refresh token is stored.
    pub fn keep(&self, host: &Context, connection: &Connection, token: SecretString, life: Duration) {
        let access = access(host, token, life);
        self.put(key_of(connection), access);
    }

    fn put(&self, key: Key, access: Access) {
        let mut inner = self.inner();
        let slot = inner.slots.entry(key).or_default();
        (slot.access, slot.waiting, slot.failures, slot.not_before) = (Some(access), None, 0, None);
    }

    /// Forgets everything about a connection.
    pub fn forget(&self, connection: &Connection) {
        self.inner().slots.remove(&key_of(connection));
    }

    /// Forgets an access token that a provider refused, unless there is a newer one.
    fn drop_access(&self, key: Key, refused: &SecretString) {
        if let Some(slot) = self.inner().slots.get_mut(&key)
            && slot.access.as_ref().is_some_and(|access| access.token.expose_secret() == refused.expose_secret())
        {
            slot.access = None;
        }
    }

    fn failed(&self, key: Key, now: Elapsed) {
        let mut inner = self.inner();
        let slot = inner.slots.entry(key).or_default();
        let wait = WAIT_FIRST.checked_mul(1 << slot.failures.min(8)).unwrap_or(WAIT_MAX).min(WAIT_MAX);
        slot.failures = slot.failures.saturating_add(1);
        slot.not_before = now.checked_add(wait);
    }

    fn rests(&self, key: Key, now: Elapsed) -> bool {
        self.inner().slots.get(&key).and_then(|slot| slot.not_before).is_some_and(|until| until > now)
    }

    fn waiting(&self, key: Key) -> Option<Waiting> {
        self.inner().slots.get(&key).and_then(|slot| slot.waiting.clone())
    }

    fn wait_for_store(&self, key: Key, waiting: Option<Waiting>) {
        self.inner().slots.entry(key).or_default().waiting = waiting;
    }

    /// A provider refuses a client: the operator must do something about it.
    pub fn client_refused(&self, host: &Context, client: &str, why: Word) {
        tracing::error!(client, why, "an OAuth client is refused by its provider");
        self.inner().refused.insert(client.to_owned(), why);
        host.metrics.clients_refused(self.inner().refused.len());
    }

    /// It takes it again.
    pub fn client_works(&self, client: &str) {
        self.inner().refused.remove(client);
    }

    /// The clients that are refused, and why.
    #[must_use]
    pub fn refused(&self) -> Vec<(String, Word)> {
        self.inner().refused.iter().map(|(client, why)| (client.clone(), *why)).collect()
    }
}

fn key_of(connection: &Connection) -> Key {
    (connection.tenant, connection.id)
}

fn access(host: &Context, token: SecretString, life: Duration) -> Access {
    let life = Elapsed::try_from(life).unwrap_or(Elapsed::ZERO);
    // Of a short life half is used.
    let used = if life > MARGIN + MARGIN { life - MARGIN } else { life / 2 };
    Access { token, until: host.clock.monotonic().checked_add(used).unwrap_or(Elapsed::MAX) }
}

/// The token to show for a connection; `None` where it needs none.
///
/// # Errors
/// [`SyncError`] where there is none to be had.
pub async fn bearer(host: &Context, connection: &Connection) -> Result<Option<SecretString>, SyncError> {
    if connection.token_file.is_some() || connection.token.is_none() {
        return Ok(host.credentials.bearer(connection));
    }
    let (keep, key) = (&host.tokens, key_of(connection));
    if let Some(token) = keep.fresh(key, host.clock.monotonic()) {
        return Ok(Some(token));
    }
    let turn = keep.turn(key);
    // Never closed.
    let _turn = turn.acquire().await.map_err(|_| SyncError::Retry("no turn"))?;
    if let Some(token) = keep.fresh(key, host.clock.monotonic()) {
        return Ok(Some(token));
    }
    if keep.rests(key, host.clock.monotonic()) {
        return Err(SyncError::Retry("token-later"));
    }
    let renewed = renewed(host, connection).await;
    if renewed.is_err() {
        keep.failed(key, host.clock.monotonic());
    }
    renewed.map(Some)
}

/// The token to show after the provider refused `shown` (`G4.4`); `None` where there is no other.
///
/// # Errors
/// As for [`bearer`].
pub async fn after_refusal(
    host: &Context,
    connection: &Connection,
    shown: &SecretString,
) -> Result<Option<SecretString>, SyncError> {
    if connection.token_file.is_some() || connection.token.is_none() {
        return Ok(None);
    }
    host.tokens.drop_access(key_of(connection), shown);
    bearer(host, connection).await
}

fn of_store(_: StoreError) -> SyncError {
    SyncError::Retry("store")
}

/// Asks for a new access token. Only one task of this host does.
async fn renewed(host: &Context, connection: &Connection) -> Result<SecretString, SyncError> {
    let key = key_of(connection);
    if let Some(waiting) = host.tokens.waiting(key) {
        if let Some(access) = stored_late(host, key, &waiting).await? {
            let usable = access.until > host.clock.monotonic();
            host.tokens.put(key, access.clone());
            if usable {
                return Ok(access.token);
            }
        } else {
            host.tokens.wait_for_store(key, None);
        }
    }
    for _ in 0..TRIES_MAX {
        let gone = || SyncError::Reconnect("grant-gone");
        let row = host.store.connection(key.0, key.1).await.map_err(of_store)?.ok_or_else(gone)?;
        let grant = host.store.grant(key.0, key.1).await.map_err(of_store)?.ok_or_else(gone)?;
        if row.state != ConnectionState::Active {
            return Err(SyncError::Retry("not-active"));
        }
        if let Some(until) = grant.lease_until.filter(|until| *until > host.now()) {
            let look = host.now().checked_add(LOOK_EVERY).unwrap_or(until);
            host.clock.sleep_until(look.min(until)).await;
            continue;
        }
        let claimed = Grant { owner: Some(host.owner.clone()), lease_until: host.now().checked_add(LEASE).ok(), ..grant };
        match host.store.commit(Commit { tenant: key.0, writes: vec![Write::Grant(claimed.clone())] }).await {
            Ok(()) => {}
            Err(CommitError::Conflict(_)) => continue,
            Err(CommitError::Store(error)) => return Err(of_store(error)),
        }
        let claimed = Grant { version: claimed.version + 1, ..claimed };
        match asked(host, &row, &claimed).await? {
            Some(token) => return Ok(token),
            // Somebody connected anew meanwhile: what came is worth nothing.
            None => continue,
        }
    }
    Err(SyncError::Retry("token-contended"))
}

/// What waited is stored now, or was stored already although nobody said so; `None`: it is worth nothing any more.
async fn stored_late(host: &Context, key: Key, waiting: &Waiting) -> Result<Option<Access>, SyncError> {
    let write = Write::Token { connection: key.1, was: waiting.was.clone(), is: Some(waiting.is.clone()) };
    match host.store.commit(Commit { tenant: key.0, writes: vec![write] }).await {
        Ok(()) => Ok(Some(waiting.access.clone())),
        Err(CommitError::Conflict(_)) => {
            let row = host.store.connection(key.0, key.1).await.map_err(of_store)?;
            let is_there = row.is_some_and(|row| row.token.as_ref() == Some(&waiting.is));
            Ok(is_there.then(|| waiting.access.clone()))
        }
        Err(CommitError::Store(error)) => Err(of_store(error)),
    }
}

/// One exchange under a claim; `None` where the connection was changed under it.
async fn asked(host: &Context, row: &Connection, claimed: &Grant) -> Result<Option<SecretString>, SyncError> {
    let Some(sealed) = &row.token else { return Err(SyncError::Reconnect("grant-gone")) };
    let place = token_place(row.tenant, row.id, row.origin);
    let client = match clients::known(host, row.tenant, &claimed.client).await.map_err(of_store)? {
        None => return Err(refused(host, claimed, TokenError::Operator("client-removed")).await),
        Some(client) if !client.enabled => return Err(refused(host, claimed, TokenError::Operator("client-disabled")).await),
        Some(client) => client,
    };
    let answer = match host.vault.open(&host.store, &place, sealed).await {
        Ok(token) => token::refresh(host, &client, &token).await.map(|tokens| (token, tokens)),
        Err(error) => Err(error.into()),
    };
    match answer {
        Ok((token, tokens)) => taken(host, row, claimed, (&client, &token, tokens)).await,
        Err(error) => Err(refused(host, claimed, error).await),
    }
}

/// Stores what came, and only then lets it be used.
async fn taken(
    host: &Context,
    row: &Connection,
    claimed: &Grant,
    (client, before, tokens): (&Client, &SecretString, Tokens),
) -> Result<Option<SecretString>, SyncError> {
    let key = key_of(row);
    host.tokens.client_works(&client.id);
    host.metrics.token("renewed");
    let access = access(host, tokens.access.clone(), tokens.life);
    let mut writes = vec![Write::Grant(Grant { owner: None, lease_until: None, reason: None, ..claimed.clone() })];
    // An answer without one, or with the same, leaves the stored one alone.
    let next = tokens.refresh.filter(|next| next.expose_secret() != before.expose_secret());
    let next = next.filter(|_| !planted::is(Bug::TokenNotStored));
    let mut waiting = None;
    if let Some(next) = next {
        let is = host.vault.seal(&host.store, &token_place(row.tenant, row.id, row.origin), &next).await;
        let is = is.map_err(|error: SealError| {
            tracing::error!(connection = row.id.0, error = %error, "a refresh token could not be sealed");
            SyncError::Retry("token-not-sealed")
        })?;
        writes.push(Write::Token { connection: row.id, was: row.token.clone(), is: Some(is.clone()) });
        waiting = Some(Waiting { was: row.token.clone(), is, access: access.clone() });
    }
    match host.store.commit(Commit { tenant: row.tenant, writes }).await {
        Ok(()) => {}
        Err(CommitError::Conflict(_)) => return Ok(None),
        Err(CommitError::Store(error)) => {
            host.tokens.wait_for_store(key, waiting);
            return Err(of_store(error));
        }
    }
    if tokens.scopes.as_ref().is_some_and(|scopes| !client.scopes().suffice(scopes)) {
        return Err(SyncError::PermissionMissing("scope-withdrawn"));
    }
    host.tokens.put(key, access.clone());
    Ok(Some(access.token))
}

/// Lets go of the claim, and says what the refusal means.
async fn refused(host: &Context, claimed: &Grant, error: TokenError) -> SyncError {
    let (reason, outcome) = match error {
        TokenError::Gone(word) => (Some(word.to_owned()), "gone"),
        TokenError::Operator(word) => {
            host.tokens.client_refused(host, &claimed.client, word);
            (claimed.reason.clone(), "operator")
        }
        TokenError::Later(_) => (claimed.reason.clone(), "later"),
    };
    host.metrics.token(outcome);
    let freed = Grant { owner: None, lease_until: None, reason, ..claimed.clone() };
    // The claim runs out by itself where this is lost.
    let _lost = host.store.commit(Commit { tenant: claimed.tenant, writes: vec![Write::Grant(freed)] }).await;
    match error {
        TokenError::Gone(word) => SyncError::Reconnect(word),
        TokenError::Operator(word) => SyncError::Operator(word),
        TokenError::Later(word) => SyncError::Retry(word),
    }
}

//! Parting with a provider: what is left to do for a connection that is gone.
//!
//! Whoever cuts a connection, erases its user or removes its tenant writes a [`Parting`] in the commit that takes the connection out: the
//! sealed token, and the channels that live. A host takes it up ([`app::partings`](crate::host::app::partings)): first the channels stop,
//! since nobody can stop them afterwards (`G3.17`), then the grant is given back, then the row goes with its token. So cutting never waits
//! for a provider, who may be away, and a host that is killed in between leaves nothing undone.
//!
//! What could not be done within [`KEPT`] is given up: channels end by themselves, and users can take grants back at the provider.

use super::clients::{self, Client};
use super::connect::token_place;
use super::token::{self, TokenError};
use crate::host::context::Context;
use crate::host::credentials::header;
use crate::host::model::grants::Parting;
use crate::host::model::{Channel, ChannelState, Connection, ConnectionState, Origin};
use crate::host::push::wire;
use crate::host::seal::SealError;
use crate::host::store::{Commit, CommitError, StoreError, Write};
use crate::time::{Elapsed, Instant};
use secrecy::SecretString;

/// For how long it is tried; and a tenant that is removed waits so long at the most for those who are away.
pub const KEPT: Elapsed = Elapsed::from_hours(1);
/// How long it rests after a try, at first; twice as long after each.
const PAUSE: Elapsed = Elapsed::from_secs(30);
const PAUSE_MAX: Elapsed = Elapsed::from_mins(10);

/// What became of the grant at its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenBack {
    /// The provider took it back, or had done so before.
    Revoked,
    /// Somebody else lives by it: another connection of the same account, by the same client. It stays.
    Shared,
    /// The provider has no place for that, or did not answer in time: its user can take it back there.
    Left,
    /// There was none.
    None,
}

impl GivenBack {
    /// In a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Revoked => "revoked",
            Self::Shared => "shared",
            Self::Left => "left",
            Self::None => "none",
        }
    }
}

/// What is to be written where these connections go: what must be done for each at its provider, if anything.
///
/// # Errors
/// [`StoreError`].
pub async fn partings(host: &Context, connections: &[&Connection]) -> Result<Vec<Write>, StoreError> {
    let mut writes = Vec::new();
    for connection in connections.iter().filter(|row| row.state != ConnectionState::Disconnected && row.origin != Origin::Feed) {
        let (tenant, now) = (connection.tenant, host.now());
        let grant = host.store.grant(tenant, connection.id).await?.filter(|_| connection.token.is_some());
        let mut channels = Vec::new();
        for calendar in host.store.calendars(tenant).await?.into_iter().filter(|row| row.connection == connection.id) {
            channels.extend(host.store.channels_of(tenant, calendar.id).await?.iter().filter_map(named));
        }
        if grant.is_none() && channels.is_empty() {
            continue;
        }
        // One that was cut, connected anew and cut again before anybody came to it.
        let known = host.store.partings(tenant).await?.into_iter().find(|row| row.connection == connection.id);
        writes.push(Write::Parting(Parting {
            tenant,
            connection: connection.id,
            provider: connection.origin,
            client: grant.as_ref().map_or_else(|| connection.client.clone(), |grant| grant.client.clone()),
            token: connection.token.clone().filter(|_| grant.is_some()),
            account: grant.map_or_else(String::new, |grant| grant.account),
            token_file: connection.token_file.clone(),
            channels,
            due_at: now,
            until: now.checked_add(KEPT).unwrap_or(Instant::MAX),
            tries: 0,
            version: known.map_or(0, |row| row.version),
        }));
    }
    Ok(writes)
}

/// The channel by both its names, where the provider may still have it.
fn named(channel: &Channel) -> Option<String> {
    let resource =
        channel.resource.as_deref().filter(|_| !matches!(channel.state, ChannelState::Gone | ChannelState::Refused))?;
    Some(format!("{} {resource}", channel.id))
}

/// How far a try came.
enum Came {
    /// All that can be done is done.
    ToTheEnd(GivenBack),
    /// Somebody does not answer.
    Nowhere,
}

/// Does what is left to do for one connection, as far as those who must be asked answer; it goes then. `None`: it is tried again, or
/// somebody else is at it.
///
/// # Errors
/// [`StoreError`].
pub async fn part(host: &Context, row: &Parting) -> Result<Option<GivenBack>, StoreError> {
    let now = host.now();
    if row.until <= now {
        return gone(host, row.clone(), GivenBack::Left).await;
    }
    let pause = PAUSE.checked_mul(1 << row.tries.min(6)).unwrap_or(PAUSE_MAX).min(PAUSE_MAX);
    let due_at = now.checked_add(pause).unwrap_or(Instant::MAX).min(row.until);
    let trying = Parting { due_at, tries: row.tries.saturating_add(1), ..row.clone() };
    if !committed(host, &trying, vec![Write::Parting(trying.clone())]).await? {
        return Ok(None);
    }
    let trying = Parting { version: trying.version + 1, ..trying };
    match tried(host, &trying).await? {
        Came::ToTheEnd(given) => gone(host, trying, given).await,
        Came::Nowhere => Ok(None),
    }
}

/// The row goes, unless it was made anew meanwhile.
async fn gone(host: &Context, row: Parting, given: GivenBack) -> Result<Option<GivenBack>, StoreError> {
    let (tenant, connection) = (row.tenant, row.connection);
    let writes = vec![Write::Parting(row.clone()), Write::RemoveParting(connection)];
    if !committed(host, &row, writes).await? {
        return Ok(None);
    }
    tracing::info!(tenant = tenant.0, connection = connection.0, grant = given.word(), "a connection was parted with");
    Ok(Some(given))
}

async fn committed(host: &Context, row: &Parting, writes: Vec<Write>) -> Result<bool, StoreError> {
    match host.store.commit(Commit { tenant: row.tenant, writes }).await {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict(_)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error),
    }
}

async fn tried(host: &Context, row: &Parting) -> Result<Came, StoreError> {
    let Some(sealed) = &row.token else {
        let connection = connection_of(row);
        if let Some(token) = host.credentials.bearer(&connection) {
            stopped(host, row, &token).await;
        }
        return Ok(Came::ToTheEnd(GivenBack::None));
    };
    // A client that is gone can neither renew nor give back.
    let Some(client) = clients::known(host, row.tenant, &row.client).await? else { return Ok(Came::ToTheEnd(GivenBack::Left)) };
    let place = token_place(row.tenant, row.connection, row.provider);
    let refresh = match host.vault.open(&host.store, &place, sealed).await {
        Ok(token) => token,
        Err(SealError::Wrap(_) | SealError::Store(_)) => return Ok(Came::Nowhere),
        Err(_) => return Ok(Came::ToTheEnd(GivenBack::Left)),
    };
    let refresh = match without_channels(host, row, &client, refresh).await {
        Ok(refresh) => refresh,
        Err(TokenError::Gone(_)) => return Ok(Came::ToTheEnd(GivenBack::Revoked)),
        Err(_) => return Ok(Came::Nowhere),
    };
    // Providers take all of an account's grants to a client back with one: somebody may live by them, or do so again since.
    if !host.store.grants_alike(&row.client, &row.account).await?.is_empty() {
        return Ok(Came::ToTheEnd(GivenBack::Shared));
    }
    if client.endpoints.revoke.is_none() {
        return Ok(Came::ToTheEnd(GivenBack::Left));
    }
    Ok(if token::revoke(host, &client, &refresh).await { Came::ToTheEnd(GivenBack::Revoked) } else { Came::Nowhere })
}

/// Stops the channels, if there are any; the newest refresh token.
async fn without_channels(
    host: &Context,
    row: &Parting,
    client: &Client,
    refresh: SecretString,
) -> Result<SecretString, TokenError> {
    if row.channels.is_empty() {
        return Ok(refresh);
    }
    let tokens = token::refresh(host, client, &refresh).await?;
    stopped(host, row, &tokens.access).await;
    Ok(tokens.refresh.unwrap_or(refresh))
}

/// Stops the channels, as far as the provider does: what goes on ends by itself, and nobody listens to it.
async fn stopped(host: &Context, row: &Parting, access: &SecretString) {
    for (id, resource) in row.channels.iter().filter_map(|names| names.split_once(' ')) {
        let request = match row.provider {
            Origin::Graph => wire::unsubscribe(&host.bases, resource),
            _ => wire::stop(&host.bases, id, resource),
        };
        let answer = host.call(request.header("authorization", header(access))).await;
        let stopped = wire::stopped(row.provider, &answer).is_ok();
        host.metrics.channel(if stopped { "stopped" } else { "not-stopped" });
    }
}

/// The connection, as far as its token in a file is found by it.
fn connection_of(row: &Parting) -> Connection {
    Connection {
        tenant: row.tenant,
        id: row.connection,
        user: String::new(),
        origin: row.provider,
        client: row.client.clone(),
        addresses: Vec::new(),
        zone: None,
        state: ConnectionState::Disconnected,
        token_file: row.token_file.clone(),
        token: None,
    }
}

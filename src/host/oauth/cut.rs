//! Giving a grant back: push channels stop first, then the provider is told, then the connection goes with its token.

use super::clients;
use super::connect::token_place;
use super::token;
use crate::host::app::channels::{self, Stopped};
use crate::host::context::Context;
use crate::host::model::{Connection, ConnectionId, TenantId};
use crate::host::operations::{OperationError, connections};
use crate::host::store::StoreError;

/// What became of the grant at its provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GivenBack {
    /// The provider took it back.
    Revoked,
    /// Somebody else lives by it: another connection of the same account, by the same client. It stays.
    Shared,
    /// The provider has no place for that, or did not answer: its user can take it back there.
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

/// What was ended at the provider before a connection went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parted {
    /// The grant.
    pub grant: GivenBack,
    /// The channels.
    pub channels: Stopped,
}

/// Disconnects, on whichever host. How many rows followed.
///
/// # Errors
/// [`OperationError`].
pub async fn disconnect(host: &Context, tenant: TenantId, id: ConnectionId) -> Result<(Parted, usize), OperationError> {
    let connection = connections::find(host, tenant, id).await?;
    let parted = parted(host, &connection).await?;
    let rows = connections::disconnect(host, tenant, id).await?;
    tracing::info!(tenant = tenant.0, connection = id.0, grant = parted.grant.word(), "a connection was cut");
    Ok((parted, rows))
}

/// Ends what the provider does for a connection that is about to go: its channels are stopped while its token still holds (`G3.17`),
/// then its grant is given back. What the provider does not do in some seconds stays undone, and is counted.
///
/// # Errors
/// [`StoreError`].
pub async fn parted(host: &Context, connection: &Connection) -> Result<Parted, StoreError> {
    let channels = channels::stop_all(host, connection.tenant, connection.id).await?;
    // Stopping may have brought a newer refresh token.
    let newest = host.store.connection(connection.tenant, connection.id).await?;
    let grant = given_back(host, newest.as_ref().unwrap_or(connection)).await?;
    host.tokens.forget(connection);
    Ok(Parted { grant, channels })
}

/// Tells the provider that a connection's grant is not wanted any more. Providers take all of an account's grants to a client back with
/// one, so that it is done only when nobody else lives by them.
///
/// # Errors
/// [`StoreError`].
async fn given_back(host: &Context, connection: &Connection) -> Result<GivenBack, StoreError> {
    let grant = host.store.grant(connection.tenant, connection.id).await?;
    let (Some(grant), Some(sealed)) = (grant, &connection.token) else { return Ok(GivenBack::None) };
    let alike = host.store.grants_alike(&grant.client, &grant.account).await?;
    if alike.iter().any(|other| (other.tenant, other.connection) != (grant.tenant, grant.connection)) {
        return Ok(GivenBack::Shared);
    }
    let Some(client) = clients::known(host, connection.tenant, &grant.client).await? else { return Ok(GivenBack::Left) };
    let place = token_place(connection.tenant, connection.id, connection.origin);
    let Ok(token) = host.vault.open(&host.store, &place, sealed).await else { return Ok(GivenBack::Left) };
    Ok(if token::revoke(host, &client, &token).await { GivenBack::Revoked } else { GivenBack::Left })
}

//! Webhook receivers and what could not be delivered to them.

use super::{OperationError, TRIES_MAX, commit, tenant};
use crate::host::config::check_url;
use crate::host::context::Context;
use crate::host::model::{Endpoint, EndpointId, EventId, TenantId};
use crate::host::outbox::delivery;
use crate::host::outbox::receiver::{disabled, enabled, old_secrets_dropped, secret_added};
use crate::host::outbox::sign::Secret;
use crate::host::seal::SealError;
use crate::host::seal::receivers::stored;
use crate::host::store::Write;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;

/// Makes a receiver. It gets events once it has proved itself; a host asks it within a second or two.
///
/// # Errors
/// [`OperationError::Refused`] for what is no URL or no signing secret, [`OperationError::Seal`] where the host has no root key to
/// seal it with.
pub async fn add(host: &Context, id: TenantId, url: &str, secret: SecretString) -> Result<Endpoint, OperationError> {
    tenant(host, id).await?;
    check_url("url", url).map_err(|error| OperationError::Refused(error.to_string()))?;
    checked(&secret)?;
    if host.store.endpoints(id).await?.iter().any(|row| row.url == url) {
        return Err(OperationError::Refused("there is a receiver of that URL already".to_owned()));
    }
    let number = EndpointId(host.store.next_id().await?);
    let sealed = sealed(host, id, number, &secret).await?;
    let row = Endpoint::unproven(id, number, url.to_owned(), sealed, host.now());
    if commit(host, id, vec![Write::Endpoint(row.clone())]).await? { Ok(row) } else { Err(OperationError::Contended) }
}

/// The secret as the row holds it. One that nobody could name again is never stored plain.
async fn sealed(host: &Context, id: TenantId, endpoint: EndpointId, secret: &SecretString) -> Result<String, OperationError> {
    if !host.vault.seals() {
        return Err(SealError::NoRootKey.into());
    }
    Ok(stored(&host.vault, &host.store, (id, endpoint), secret).await?)
}

fn checked(secret: &SecretString) -> Result<(), OperationError> {
    Secret::parse(secret.expose_secret()).map(drop).map_err(|error| OperationError::Refused(error.to_string()))
}

/// What is done with a receiver.
#[derive(Clone, Debug)]
pub enum Change {
    /// It signs with this secret from now on, and for a day with the one before as well.
    Rotate(SecretString),
    /// It signs with its newest secret alone.
    DropOld,
    /// It is served again, or asked for its proof again.
    Enable,
    /// It is served no longer.
    Disable,
}

/// Changes a receiver; as it is then.
///
/// # Errors
/// [`OperationError::Unknown`], and [`OperationError::Refused`] for what is no signing secret, or cannot be sealed.
pub async fn change(host: &Context, id: TenantId, endpoint: EndpointId, change: Change) -> Result<Endpoint, OperationError> {
    if let Change::Rotate(secret) = &change {
        checked(secret)?;
    }
    for _ in 0..TRIES_MAX {
        let row = find(host, id, endpoint).await?;
        let next = match &change {
            Change::Rotate(secret) => secret_added(&row, sealed(host, id, endpoint, secret).await?, host.now()),
            Change::DropOld => old_secrets_dropped(&row),
            Change::Enable => enabled(&row, host.now()),
            Change::Disable => disabled(&row),
        };
        if next == row || commit(host, id, vec![Write::Endpoint(next.clone())]).await? {
            return Ok(next);
        }
    }
    Err(OperationError::Contended)
}

/// Removes a receiver, with what waits for it.
///
/// # Errors
/// [`OperationError::Unknown`].
pub async fn remove(host: &Context, id: TenantId, endpoint: EndpointId) -> Result<(), OperationError> {
    find(host, id, endpoint).await?;
    if commit(host, id, vec![Write::RemoveEndpoint(endpoint)]).await? { Ok(()) } else { Err(OperationError::Contended) }
}

/// The receiver.
///
/// # Errors
/// [`OperationError::Unknown`].
pub async fn find(host: &Context, id: TenantId, endpoint: EndpointId) -> Result<Endpoint, OperationError> {
    let all = host.store.endpoints(id).await?;
    all.into_iter().find(|row| row.id == endpoint).ok_or_else(|| OperationError::unknown("endpoint", endpoint))
}

/// Most dead deliveries that are called back at once.
pub const REPLAYS_MAX: usize = 10_000;

/// Calls dead deliveries back: those of `events`, or all. How many; a host tries them within a second or two.
///
/// # Errors
/// [`OperationError::Unknown`] for a receiver, or an event of which no delivery to it is dead; then nothing was called back.
pub async fn replay(host: &Context, id: TenantId, endpoint: EndpointId, events: &[EventId]) -> Result<usize, OperationError> {
    find(host, id, endpoint).await?;
    for _ in 0..TRIES_MAX {
        let dead = host.store.dead_deliveries(id, endpoint, REPLAYS_MAX).await?;
        let known: BTreeSet<EventId> = dead.iter().map(|row| row.event).collect();
        if let Some(event) = events.iter().find(|event| !known.contains(event)) {
            return Err(OperationError::unknown("dead delivery of event", event));
        }
        let wanted = dead.iter().filter(|row| events.is_empty() || events.contains(&row.event));
        let writes: Vec<Write> = wanted.filter_map(|row| delivery::replay(row, host.now())).map(Write::Delivery).collect();
        let count = writes.len();
        if count == 0 || commit(host, id, writes).await? {
            return Ok(count);
        }
    }
    Err(OperationError::Contended)
}

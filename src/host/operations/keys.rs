//! Keys of the programming interface: made, listed, revoked.

use super::{OperationError, TRIES_MAX, commit, tenant};
use crate::host::api::auth::{Scope, new_key};
use crate::host::context::Context;
use crate::host::model::{ApiKey, KeyId, TenantId};
use crate::host::store::Write;
use std::collections::BTreeSet;

/// Longest name of a key, in bytes.
const NAME_BYTES_MAX: usize = 200;
/// Most keys of a tenant, revoked ones included.
const KEYS_MAX: usize = 1000;

/// Makes a key out of random bytes; the row, and the key itself, which nobody can find out later.
///
/// # Errors
/// [`OperationError::Refused`] where it would allow nothing, or there are too many.
pub async fn add(
    host: &Context,
    id: TenantId,
    name: &str,
    scopes: &BTreeSet<Scope>,
    random: &[u8; 32],
) -> Result<(ApiKey, String), OperationError> {
    tenant(host, id).await?;
    let refused = |why: &str| Err(OperationError::Refused(why.to_owned()));
    if scopes.is_empty() {
        return refused("a key needs a scope");
    }
    if name.len() > NAME_BYTES_MAX {
        return refused("the name is too long");
    }
    if host.store.api_keys(id).await?.len() >= KEYS_MAX {
        return refused("there are too many keys");
    }
    let (key, hash) = new_key(random);
    let row = ApiKey {
        tenant: id,
        id: KeyId(host.store.next_id().await?),
        name: name.to_owned(),
        hash,
        scopes: scopes.iter().map(|scope| scope.word().to_owned()).collect(),
        made_at: host.now(),
        revoked_at: None,
        version: 0,
    };
    if commit(host, id, vec![Write::ApiKey(row.clone())]).await? { Ok((row, key)) } else { Err(OperationError::Contended) }
}

/// What must be left when a key is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// Nothing: who runs the host can make others.
    Nothing,
    /// A key with [`Scope::Admin`]: who has none left must ask who runs the host.
    OneThatMakesOthers,
}

/// Revokes a key; from the next request on it opens nothing.
///
/// # Errors
/// [`OperationError::Unknown`], and [`OperationError::Refused`] for the last one that must be left.
pub async fn revoke(host: &Context, id: TenantId, key: KeyId, leave: Leave) -> Result<ApiKey, OperationError> {
    for _ in 0..TRIES_MAX {
        let mut all = host.store.api_keys(id).await?;
        let place = all.iter().position(|row| row.id == key).ok_or_else(|| OperationError::unknown("key", key))?;
        let row = all.swap_remove(place);
        if row.revoked_at.is_some() {
            return Ok(row);
        }
        let is_left = |row: &ApiKey| row.revoked_at.is_none() && row.scopes.iter().any(|word| word == Scope::Admin.word());
        let must_stay = leave == Leave::OneThatMakesOthers && is_left(&row);
        let other = all.into_iter().find(is_left).filter(|_| must_stay);
        if must_stay && other.is_none() {
            return Err(OperationError::Refused("it is the last key that can make others; make another one first".to_owned()));
        }
        let row = ApiKey { revoked_at: Some(host.now()), ..row };
        // The one that is left is guarded as well: of two that take each other out, one does.
        let writes = std::iter::once(row.clone()).chain(other).map(Write::ApiKey).collect();
        if commit(host, id, writes).await? {
            return Ok(row);
        }
    }
    Err(OperationError::Contended)
}

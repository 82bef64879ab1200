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

/// Revokes a key; from the next request on it opens nothing.
///
/// # Errors
/// [`OperationError::Unknown`].
pub async fn revoke(host: &Context, id: TenantId, key: KeyId) -> Result<ApiKey, OperationError> {
    for _ in 0..TRIES_MAX {
        let all = host.store.api_keys(id).await?;
        let row = all.into_iter().find(|row| row.id == key).ok_or_else(|| OperationError::unknown("key", key))?;
        if row.revoked_at.is_some() {
            return Ok(row);
        }
        let row = ApiKey { revoked_at: Some(host.now()), ..row };
        if commit(host, id, vec![Write::ApiKey(row.clone())]).await? {
            return Ok(row);
        }
    }
    Err(OperationError::Contended)
}

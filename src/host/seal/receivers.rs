//! The signing secrets of webhook receivers, sealed and opened.
//!
//! A host with a root key stores them sealed and takes no others. One without stores those that its configuration names in files
//! as they are, and serves what it finds as it is.

use super::{Place, SealError, Vault, is_sealed};
use crate::host::model::{Endpoint, EndpointId, TenantId};
use crate::host::store::Store;
use secrecy::{ExposeSecret, SecretString};

/// A secret as a receiver's row holds it: sealed, where the host seals.
///
/// # Errors
/// [`SealError`].
pub async fn stored(
    vault: &Vault,
    store: &Store,
    (tenant, endpoint): (TenantId, EndpointId),
    secret: &SecretString,
) -> Result<String, SealError> {
    if vault.seals() {
        vault.seal(store, &Place::webhook(tenant, endpoint), secret).await
    } else {
        Ok(secret.expose_secret().to_owned())
    }
}

/// The secrets of a receiver, the newest first. With a root key, one that is not sealed is refused: somebody wrote it past us.
///
/// # Errors
/// [`SealError`].
pub async fn opened(vault: &Vault, store: &Store, row: &Endpoint) -> Result<Vec<SecretString>, SealError> {
    let place = Place::webhook(row.tenant, row.id);
    let mut secrets = Vec::with_capacity(row.secrets.len());
    for text in &row.secrets {
        secrets.push(match is_sealed(text) || vault.has_root() {
            true => vault.open(store, &place, text).await?,
            false => SecretString::from(text.as_str()),
        });
    }
    Ok(secrets)
}

/// The receiver with every secret sealed by the newest key of its tenant; `None` where that is so already. Those that are sealed
/// by another version are opened first.
///
/// # Errors
/// [`SealError`].
pub async fn sealed_anew(vault: &Vault, store: &Store, row: &Endpoint, under: &str) -> Result<Option<Endpoint>, SealError> {
    if row.secrets.iter().all(|text| text.starts_with(under)) {
        return Ok(None);
    }
    let place = Place::webhook(row.tenant, row.id);
    let mut secrets = Vec::with_capacity(row.secrets.len());
    for text in &row.secrets {
        let secret = match is_sealed(text) {
            true => vault.open(store, &place, text).await?,
            false => SecretString::from(text.as_str()),
        };
        secrets.push(vault.seal(store, &place, &secret).await?);
    }
    Ok(Some(Endpoint { secrets, ..row.clone() }))
}

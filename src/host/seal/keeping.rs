//! Keys turned over: what lies about plain is sealed, what is sealed by an old key is sealed anew, keys move to another root key.
//!
//! All of it in small commits beside the host's other work. Each is guarded by what was read, so that a token that was renewed
//! meanwhile stays, and each is for good, so that whoever breaks off goes on from there.

use super::receivers::sealed_anew;
use super::vault::rewrapped;
use super::{Place, SEALED, SealError, Vault};
use crate::host::model::{ConnectionId, TenantId};
use crate::host::store::{Commit, CommitError, Store, StoreError, Write};

/// Most tokens that are read at once.
const BATCH_ROWS: usize = 200;
/// Most batches of one tenant in one round; what is left waits for the next.
const BATCHES_MAX: usize = 50;
/// How often a receiver is read again because somebody changed it meanwhile.
const TRIES_MAX: u32 = 8;

/// Before a host begins: its root keys must open what is stored, and secrets of receivers that lie there plain are sealed. How
/// many receivers that were.
///
/// # Errors
/// [`SealError::OtherRoot`] where keys are stored that this host cannot unwrap; others of [`SealError`].
pub async fn begin(vault: &Vault, store: &Store) -> Result<usize, SealError> {
    let stored = store.key_roots().await?;
    if !vault.has_root() {
        return match stored.into_iter().next() {
            Some(stored) => Err(SealError::OtherRoot { stored, own: "none".to_owned() }),
            None => Ok(0),
        };
    }
    for root in &stored {
        vault.roots()?.named(root)?;
    }
    let mut sealed = 0;
    for tenant in store.unsealed().await? {
        sealed += receivers(vault, store, tenant, SEALED).await?.resealed;
    }
    Ok(sealed)
}

/// Lends what processes without a root key need of the keys of tenants that lend them nothing yet. How many tenants that were.
///
/// # Errors
/// [`SealError`], the last one: what is wrong with one tenant's key keeps no other from lending.
pub async fn lend(vault: &Vault, store: &Store) -> Result<usize, SealError> {
    let Some(beginning) = vault.lent_beginning() else { return Ok(0) };
    let mut lent = Ok(0);
    for tenant in store.unlent(beginning).await? {
        match vault.lend(store, tenant).await {
            Ok(()) => lent = lent.map(|count| count + 1),
            Err(error) => lent = Err(error),
        }
    }
    lent
}

/// What a round came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many secrets are sealed anew.
    pub resealed: usize,
    /// How many are still sealed by an old key: they cannot be opened, or wait for the next round.
    pub left: usize,
}

impl Swept {
    fn and(self, other: Self) -> Self {
        Self { resealed: self.resealed + other.resealed, left: self.left + other.left }
    }
}

/// Seals anew, for all tenants, what is sealed by another than the newest version of the tenant's key.
///
/// # Errors
/// [`SealError`]; what was done before stays done.
pub async fn sweep(vault: &Vault, store: &Store) -> Result<Swept, SealError> {
    let mut swept = Swept::default();
    if vault.has_root() {
        for tenant in store.tenants().await? {
            swept = swept.and(sweep_tenant(vault, store, tenant.id).await?);
        }
    }
    Ok(swept)
}

/// The same for one tenant.
///
/// # Errors
/// [`SealError`].
pub async fn sweep_tenant(vault: &Vault, store: &Store, tenant: TenantId) -> Result<Swept, SealError> {
    let newest = vault.newest_version(store, tenant).await?;
    if newest < 2 {
        return Ok(Swept::default());
    }
    // A host that has the version before still in memory would seal with that one.
    vault.forget(tenant);
    let under = format!("{SEALED}{newest}.");
    Ok(tokens(vault, store, tenant, &under).await?.and(receivers(vault, store, tenant, &under).await?))
}

async fn tokens(vault: &Vault, store: &Store, tenant: TenantId, under: &str) -> Result<Swept, SealError> {
    let (mut swept, mut after) = (Swept::default(), ConnectionId::default());
    for _ in 0..BATCHES_MAX {
        let rows = store.tokens_not_under(tenant, under, after, BATCH_ROWS).await?;
        let Some(last) = rows.last() else { return Ok(swept) };
        after = last.connection;
        for row in rows {
            let place = Place::token(tenant, row.connection, row.origin);
            let Some(secret) = readable(vault.open(store, &place, &row.token).await)? else {
                swept.left += 1;
                continue;
            };
            let is = Some(vault.seal(store, &place, &secret).await?);
            let write = Write::Token { connection: row.connection, was: Some(row.token), is };
            // Whoever was faster sealed with the newest key, or the next round sees to it.
            swept.resealed += usize::from(commit(store, tenant, write).await?);
        }
    }
    swept.left += store.tokens_not_under(tenant, under, after, BATCH_ROWS).await?.len();
    Ok(swept)
}

async fn receivers(vault: &Vault, store: &Store, tenant: TenantId, under: &str) -> Result<Swept, SealError> {
    let mut swept = Swept::default();
    for _ in 0..TRIES_MAX {
        let mut contended = false;
        swept.left = 0;
        for row in store.endpoints(tenant).await? {
            match readable(sealed_anew(vault, store, &row, under).await)? {
                None => swept.left += row.secrets.len(),
                Some(None) => {}
                Some(Some(anew)) => match commit(store, tenant, Write::Endpoint(anew)).await? {
                    true => swept.resealed += row.secrets.len(),
                    false => contended = true,
                },
            }
        }
        if !contended {
            break;
        }
    }
    Ok(swept)
}

/// What was opened; `None` where the text itself is at fault, which stops nothing else.
fn readable<T>(opened: Result<T, SealError>) -> Result<Option<T>, SealError> {
    match opened {
        Ok(value) => Ok(Some(value)),
        Err(SealError::Refused | SealError::NotSealed | SealError::NoKey(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What moving keys to the current root key came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Moved {
    /// How many keys were moved.
    pub keys: usize,
    /// The other root keys that still wrap some, since they were made meanwhile.
    pub others: Vec<String>,
}

/// Wraps every tenant's keys with the current root key. Hosts go on meanwhile, as long as they have both.
///
/// # Errors
/// [`SealError`]; keys that were moved stay so.
pub async fn rewrap(vault: &Vault, store: &Store) -> Result<Moved, SealError> {
    let roots = vault.roots()?;
    let current = roots.current().root().to_owned();
    let mut moved = Moved::default();
    for tenant in store.tenants().await? {
        for row in store.tenant_keys(tenant.id).await?.iter().filter(|row| row.root != current) {
            let write = rewrapped(roots, row).await?;
            moved.keys += usize::from(commit(store, tenant.id, write).await?);
        }
    }
    moved.others = store.key_roots().await?;
    moved.others.retain(|root| *root != current);
    Ok(moved)
}

/// Commits; false where somebody else was faster.
async fn commit(store: &Store, tenant: TenantId, write: Write) -> Result<bool, StoreError> {
    match store.commit(Commit { tenant, writes: vec![write] }).await {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict(_)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error),
    }
}

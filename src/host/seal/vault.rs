//! What the host seals and opens with.

use super::record::{self, KeyBytes, TenantKey};
use super::root::{KeyWrapper, Label, Roots, WrapError};
use super::{Place, SealError};
use crate::host::clock::Clock;
use crate::host::model::{KeyRow, TenantId};
use crate::host::store::{Commit, CommitError, Store, Write};
use crate::time::Elapsed;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How long a tenant's key stays in memory.
pub const KEPT_MAX: Elapsed = Elapsed::from_mins(5);
/// Most keys that stay in memory.
const KEYS_MAX: usize = 10_000;
/// How often a tenant's first key is made because another host was faster and its row is gone again.
const TRIES_MAX: u32 = 3;

/// Seals and opens the secrets of tenants, with keys that it unwraps, or makes, when they are first needed. A clone is another
/// handle on the same.
#[derive(Clone, Default)]
pub struct Vault {
    inner: Option<Arc<Inner>>,
    opens: bool,
}

struct Inner {
    roots: Roots,
    clock: Arc<dyn Clock>,
    kept: Mutex<Kept>,
}

/// Keys in memory, each until a time of the clock that nobody sets.
#[derive(Default)]
struct Kept {
    keys: BTreeMap<(TenantId, u64), (Elapsed, Arc<TenantKey>)>,
    /// The newest version of each tenant.
    newest: BTreeMap<TenantId, (Elapsed, u64)>,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.inner {
            Some(inner) => write!(f, "vault with {:?}", inner.roots),
            None => f.write_str("vault without root key"),
        }
    }
}

impl Vault {
    /// A vault under these root keys.
    #[must_use]
    pub fn new(roots: Roots, clock: Arc<dyn Clock>) -> Self {
        Self { inner: Some(Arc::new(Inner { roots, clock, kept: Mutex::default() })), opens: true }
    }

    /// A vault without a root key: it neither seals nor opens.
    #[must_use]
    pub fn without_root() -> Self {
        Self::default()
    }

    /// The same vault for a role that seals and never opens, such as the one that answers the API: [`Vault::open`] refuses.
    #[must_use]
    pub fn closed(&self) -> Self {
        Self { opens: false, ..self.clone() }
    }

    /// Whether there is a root key.
    #[must_use]
    pub fn has_root(&self) -> bool {
        self.inner.is_some()
    }

    /// The root keys.
    ///
    /// # Errors
    /// [`SealError::NoRootKey`].
    pub fn roots(&self) -> Result<&Roots, SealError> {
        self.inner().map(|inner| &inner.roots)
    }

    fn inner(&self) -> Result<&Inner, SealError> {
        self.inner.as_deref().ok_or(SealError::NoRootKey)
    }

    /// Seals a secret for its place, with the newest key of its tenant; the tenant's first one is made where there is none. The
    /// tenant must be stored.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn seal(&self, store: &Store, place: &Place, secret: &SecretString) -> Result<String, SealError> {
        let key = self.inner()?.newest(store, place.tenant).await?;
        record::seal(&key, place, secret)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn open(&self, store: &Store, place: &Place, sealed: &str) -> Result<SecretString, SealError> {
        let inner = self.inner()?;
        if !self.opens {
            return Err(SealError::NotThisRole);
        }
        let version = record::version_of(sealed).ok_or(SealError::NotSealed)?;
        let key = inner.version(store, place.tenant, version).await?;
        record::open(&key, place, sealed)
    }

    /// A key of the tenant that seals nothing, for one purpose: the same on every host and after every restart, renewing and rewrapping
    /// change nothing of it, and it is gone with the tenant. It is derived from the first version of the tenant's key, which is made
    /// where there is none.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn derived(&self, store: &Store, tenant: TenantId, purpose: &[u8]) -> Result<KeyBytes, SealError> {
        let inner = self.inner()?;
        let first = match inner.version(store, tenant, 1).await {
            Err(SealError::NoKey(_)) => {
                inner.newest(store, tenant).await?;
                inner.version(store, tenant, 1).await?
            }
            other => other?,
        };
        let mut derived = Ok(());
        let key = KeyBytes::init_with_mut(|bytes| derived = record::derive(first.bytes.expose_secret(), b"", purpose, bytes));
        derived.map(|()| key)
    }

    /// The newest version of a tenant's key, as stored; 0 where there is none.
    ///
    /// # Errors
    /// [`SealError::Store`].
    pub async fn newest_version(&self, store: &Store, tenant: TenantId) -> Result<u64, SealError> {
        Ok(store.tenant_keys(tenant).await?.last().map_or(0, |row| row.version))
    }

    /// Gives a tenant a new version of its key, which seals from now on; on other hosts within [`KEPT_MAX`]. The version.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn renew(&self, store: &Store, tenant: TenantId) -> Result<u64, SealError> {
        let last = self.newest_version(store, tenant).await?;
        let made = self.inner()?.make(store, tenant, last + 1).await?;
        made.map(|key| key.version).ok_or(SealError::Contended)
    }

    /// Drops the keys that were in memory for [`KEPT_MAX`].
    pub fn tidy(&self) {
        if let Ok(inner) = self.inner() {
            let now = inner.clock.monotonic();
            let mut kept = inner.kept();
            kept.keys.retain(|_, (until, _)| *until > now);
            kept.newest.retain(|_, (until, _)| *until > now);
        }
    }

    /// Forgets a tenant's keys; for when it is removed.
    pub fn forget(&self, tenant: TenantId) {
        if let Ok(inner) = self.inner() {
            let mut kept = inner.kept();
            kept.keys.retain(|(of, _), _| *of != tenant);
            kept.newest.remove(&tenant);
        }
    }
}

impl Inner {
    /// A task that broke off leaves it whole: nothing under the lock waits or panics half-way.
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn newest(&self, store: &Store, tenant: TenantId) -> Result<Arc<TenantKey>, SealError> {
        if let Some(key) = self.kept().newest(tenant, self.clock.monotonic()) {
            return Ok(key);
        }
        for _ in 0..TRIES_MAX {
            if let Some(row) = store.tenant_keys(tenant).await?.pop() {
                let key = self.unwrapped(&row).await?;
                return Ok(self.keep(tenant, key, true));
            }
            if let Some(key) = self.make(store, tenant, 1).await? {
                return Ok(key);
            }
        }
        Err(SealError::Contended)
    }

    async fn version(&self, store: &Store, tenant: TenantId, version: u64) -> Result<Arc<TenantKey>, SealError> {
        if let Some(key) = self.kept().version(tenant, version, self.clock.monotonic()) {
            return Ok(key);
        }
        let rows = store.tenant_keys(tenant).await?;
        let row = rows.iter().find(|row| row.version == version).ok_or(SealError::NoKey(version))?;
        let key = self.unwrapped(row).await?;
        Ok(self.keep(tenant, key, rows.last() == Some(row)))
    }

    async fn unwrapped(&self, row: &KeyRow) -> Result<TenantKey, SealError> {
        let label = Label { tenant: row.tenant, version: row.version };
        let bytes = self.roots.named(&row.root)?.unwrap(label, &row.wrapped).await?;
        Ok(TenantKey { version: row.version, bytes })
    }

    /// Makes a version of a tenant's key; `None` where another host was faster.
    async fn make(&self, store: &Store, tenant: TenantId, version: u64) -> Result<Option<Arc<TenantKey>>, SealError> {
        let (bytes, root) = (record::new_key()?, self.roots.current());
        let wrapped = proven(root, Label { tenant, version }, &bytes).await?;
        let row = KeyRow { tenant, version, wrapped, root: root.root().to_owned(), made_at: self.clock.now() };
        match store.commit(Commit { tenant, writes: vec![Write::TenantKey(row)] }).await {
            Ok(()) => Ok(Some(self.keep(tenant, TenantKey { version, bytes }, true))),
            Err(CommitError::Conflict("tenant")) => Err(SealError::NoTenant),
            Err(CommitError::Conflict(_)) => Ok(None),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }

    fn keep(&self, tenant: TenantId, key: TenantKey, is_newest: bool) -> Arc<TenantKey> {
        let now = self.clock.monotonic();
        let until = now.checked_add(KEPT_MAX).unwrap_or(Elapsed::MAX);
        let key = Arc::new(key);
        let mut kept = self.kept();
        kept.make_room(now);
        kept.keys.insert((tenant, key.version), (until, key.clone()));
        if is_newest {
            kept.newest.insert(tenant, (until, key.version));
        }
        key
    }
}

impl Kept {
    fn newest(&self, tenant: TenantId, now: Elapsed) -> Option<Arc<TenantKey>> {
        let (until, version) = *self.newest.get(&tenant)?;
        if until > now { self.version(tenant, version, now) } else { None }
    }

    fn version(&self, tenant: TenantId, version: u64, now: Elapsed) -> Option<Arc<TenantKey>> {
        let (until, key) = self.keys.get(&(tenant, version))?;
        (*until > now).then(|| key.clone())
    }

    /// Where there are many, those whose time is over go, and where that is not enough, all: they can be had again.
    fn make_room(&mut self, now: Elapsed) {
        if self.keys.len() < KEYS_MAX {
            return;
        }
        self.keys.retain(|_, (until, _)| *until > now);
        if self.keys.len() >= KEYS_MAX {
            self.keys.clear();
        }
        let Self { keys, newest } = self;
        newest.retain(|tenant, (_, version)| keys.contains_key(&(*tenant, *version)));
    }
}

/// Wraps a key, and makes sure that it opens again: what it seals would be lost otherwise.
async fn proven(root: &dyn KeyWrapper, label: Label, key: &KeyBytes) -> Result<String, WrapError> {
    let wrapped = root.wrap(label, key).await?;
    let again = root.unwrap(label, &wrapped).await?;
    let same = verify_slices_are_equal(key.expose_secret(), again.expose_secret());
    same.map(|()| wrapped).map_err(|_| WrapError::Refused)
}

/// Unwraps a stored key with the root key that it names, and wraps it with the current one; as it is to be stored.
pub(super) async fn rewrapped(roots: &Roots, row: &KeyRow) -> Result<Write, SealError> {
    let (label, root) = (Label { tenant: row.tenant, version: row.version }, roots.current());
    let bytes: KeyBytes = roots.named(&row.root)?.unwrap(label, &row.wrapped).await?;
    let wrapped = proven(root, label, &bytes).await?;
    Ok(Write::Rewrapped { version: row.version, was: row.root.clone(), wrapped, root: root.root().to_owned() })
}

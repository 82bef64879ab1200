//! What the host seals and opens with.

use super::handed::{self, HANDED};
use super::lent::{Borrower, LendingKey, Purpose};
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
pub(super) const KEYS_MAX: usize = 10_000;
/// How often a tenant's first key is made because another host was faster and its row is gone again.
const TRIES_MAX: u32 = 3;

/// Seals and opens the secrets of tenants, with keys that it unwraps, or makes, when they are first needed. A clone is another
/// handle on the same.
#[derive(Clone, Default)]
pub struct Vault(Held);

/// What a vault has.
#[derive(Clone, Default)]
enum Held {
    #[default]
    Nothing,
    /// Root keys: it seals and opens.
    Roots(Arc<Inner>),
    /// What tenants' keys lend: it hands over, and opens nothing.
    Lent(Arc<Borrower>),
}

struct Inner {
    roots: Roots,
    lending: Option<LendingKey>,
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
        match &self.0 {
            Held::Nothing => f.write_str("vault without root key"),
            Held::Roots(inner) => write!(f, "vault with {:?}", inner.roots),
            Held::Lent(_) => f.write_str("vault that hands over"),
        }
    }
}

impl Vault {
    /// A vault under these root keys.
    #[must_use]
    pub fn new(roots: Roots, clock: Arc<dyn Clock>) -> Self {
        Self::lending(roots, None, clock)
    }

    /// The same, that lends to processes without a root key, where there is a key to lend with.
    #[must_use]
    pub fn lending(roots: Roots, lending: Option<LendingKey>, clock: Arc<dyn Clock>) -> Self {
        Self(Held::Roots(Arc::new(Inner { roots, lending, clock, kept: Mutex::default() })))
    }

    /// A vault for a process that is not to open anything, such as one that answers the API: it seals for those who can open, and
    /// [`Vault::open`] refuses, since there is nothing in it to open with.
    #[must_use]
    pub fn borrowing(key: LendingKey, clock: Arc<dyn Clock>) -> Self {
        Self(Held::Lent(Arc::new(Borrower::new(key, clock))))
    }

    /// A vault with nothing in it: it neither seals nor opens.
    #[must_use]
    pub fn without_root() -> Self {
        Self::default()
    }

    /// Whether there is a root key.
    #[must_use]
    pub fn has_root(&self) -> bool {
        matches!(self.0, Held::Roots(_))
    }

    /// Whether it seals: with a root key, or by handing over.
    #[must_use]
    pub fn seals(&self) -> bool {
        !matches!(self.0, Held::Nothing)
    }

    /// Whether what it seals is for others to open.
    #[must_use]
    pub fn hands_over(&self) -> bool {
        matches!(self.0, Held::Lent(_))
    }

    /// Whether it lends to processes that hand over.
    #[must_use]
    pub fn lends(&self) -> bool {
        self.lending_key().is_some()
    }

    /// What everything begins with that it lends; `None` where it lends nothing.
    #[must_use]
    pub fn lent_beginning(&self) -> Option<&str> {
        self.lending_key().map(LendingKey::beginning)
    }

    fn lending_key(&self) -> Option<&LendingKey> {
        self.inner().ok().and_then(|inner| inner.lending.as_ref())
    }

    /// The root keys.
    ///
    /// # Errors
    /// [`SealError::NoRootKey`].
    pub fn roots(&self) -> Result<&Roots, SealError> {
        self.inner().map(|inner| &inner.roots)
    }

    fn inner(&self) -> Result<&Inner, SealError> {
        match &self.0 {
            Held::Nothing => Err(SealError::NoRootKey),
            Held::Roots(inner) => Ok(inner),
            Held::Lent(_) => Err(SealError::NotThisRole),
        }
    }

    /// Seals a secret for its place, with the newest key of its tenant; the tenant's first one is made where there is none. The
    /// tenant must be stored.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn seal(&self, store: &Store, place: &Place, secret: &SecretString) -> Result<String, SealError> {
        if let Held::Lent(borrower) = &self.0 {
            return handed::seal(&borrower.of(store, place.tenant).await?.public, place, secret);
        }
        let key = self.inner()?.newest(store, place.tenant).await?;
        record::seal(&key, place, secret)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn open(&self, store: &Store, place: &Place, sealed: &str) -> Result<SecretString, SealError> {
        let inner = self.inner()?;
        let version = record::version_of(sealed).ok_or(SealError::NotSealed)?;
        let key = inner.version(store, place.tenant, version).await?;
        if sealed.starts_with(HANDED) { handed::open(&key, place, sealed) } else { record::open(&key, place, sealed) }
    }

    /// A key of the tenant that seals nothing, for one purpose: the same on every host and after every restart, renewing and rewrapping
    /// change nothing of it, and it is gone with the tenant. It is derived from the first version of the tenant's key, which is made
    /// where there is none.
    ///
    /// # Errors
    /// [`SealError`].
    pub async fn derived(&self, store: &Store, tenant: TenantId, purpose: Purpose) -> Result<KeyBytes, SealError> {
        if let Held::Lent(borrower) = &self.0 {
            return borrower.of(store, tenant).await?.key(purpose);
        }
        purpose.key(&*self.inner()?.first(store, tenant).await?)
    }

    /// Lends what the tenant's newest key lends, the first one being made where there is none, for processes that have no root key.
    ///
    /// # Errors
    /// [`SealError`]; [`SealError::NotLent`] where there is nothing to lend with.
    pub async fn lend(&self, store: &Store, tenant: TenantId) -> Result<(), SealError> {
        let inner = self.inner()?;
        let lending = inner.lending.as_ref().ok_or(SealError::NotLent)?;
        let first = inner.first(store, tenant).await?;
        // As stored: the one in memory may be five minutes old.
        let newest = inner.version(store, tenant, self.newest_version(store, tenant).await?).await?;
        let write = Write::Lent { version: newest.version, lent: lending.lend(tenant, &newest, &first)? };
        match store.commit(Commit { tenant, writes: vec![write] }).await {
            // Gone with its tenant.
            Ok(()) | Err(CommitError::Conflict(_)) => Ok(()),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
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
        if let Held::Lent(borrower) = &self.0 {
            borrower.tidy();
        }
        if let Ok(inner) = self.inner() {
            let now = inner.clock.monotonic();
            let mut kept = inner.kept();
            kept.keys.retain(|_, (until, _)| *until > now);
            kept.newest.retain(|_, (until, _)| *until > now);
        }
    }

    /// Forgets a tenant's keys; for when it is removed.
    pub fn forget(&self, tenant: TenantId) {
        if let Held::Lent(borrower) = &self.0 {
            borrower.forget(tenant);
        }
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

    /// The first version, which is made where there is none.
    async fn first(&self, store: &Store, tenant: TenantId) -> Result<Arc<TenantKey>, SealError> {
        match self.version(store, tenant, 1).await {
            Err(SealError::NoKey(_)) => {
                self.newest(store, tenant).await?;
                self.version(store, tenant, 1).await
            }
            other => other,
        }
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
        let row = KeyRow { tenant, version, wrapped, root: root.root().to_owned(), made_at: self.clock.now(), lent: None };
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

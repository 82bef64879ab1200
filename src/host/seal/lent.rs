//! What tenants' keys lend to processes that open nothing.
//!
//! A process with `role = "api"` has no root key, and so no tenant's key. What it needs of one is derived from it and lies beside it in
//! the store: the public half by which secrets are [handed over](super::handed), and a key for each [`Purpose`]. None of them opens
//! anything. They are sealed with a key that such processes share with those that lend ([`LendingKey`]), so that the store alone
//! says nothing of them, and whoever can write to the store cannot put a public half of their own there.

use super::handed::{self, Public};
use super::record::{KEY_BYTES, KeyBytes, TenantKey, authenticated, derive, open_bytes, seal_bytes};
use super::vault::{KEPT_MAX, KEYS_MAX};
use super::{Label, SealError};
use crate::host::clock::Clock;
use crate::host::model::TenantId;
use crate::host::store::Store;
use crate::time::Elapsed;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What a key that seals nothing is derived for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Signs the cursors of lists.
    Cursors,
    /// Makes the pseudonyms of end users in the audit.
    Pseudonyms,
}

impl Purpose {
    /// Every purpose, in the order in which their keys are lent.
    const ALL: [Self; 2] = [Self::Cursors, Self::Pseudonyms];

    fn words(self) -> &'static [u8] {
        match self {
            Self::Cursors => b"callsheet cursors v1",
            Self::Pseudonyms => b"callsheet pseudonyms v1",
        }
    }

    /// The key for it, of the first version of a tenant's key.
    pub(super) fn key(self, first: &TenantKey) -> Result<KeyBytes, SealError> {
        let mut derived = Ok(());
        let key = KeyBytes::init_with_mut(|bytes| derived = derive(first.bytes.expose_secret(), b"", self.words(), bytes));
        derived.map(|()| key)
    }
}

/// What the key that seals what is lent is derived for; its name; and what is sealed with it.
const LENDING: &[u8] = b"callsheet lending key v1";
const NAME: &[u8] = b"callsheet lending name v1";
const LENT: &[u8] = b"callsheet lent v1";
const NAME_BYTES: usize = 8;
/// The public half, then the key of each purpose.
const LENT_BYTES: usize = KEY_BYTES * (1 + Purpose::ALL.len());

/// The key that those who lend share with those who borrow. It opens what is lent, and no secret.
pub struct LendingKey {
    bytes: KeyBytes,
    /// What everything that is lent by this key begins with: its name, which tells nothing of it.
    beginning: String,
}

impl LendingKey {
    /// Out of the secret that those processes share.
    ///
    /// # Errors
    /// [`SealError::Refused`], never with 32 bytes.
    pub fn new(secret: &[u8; KEY_BYTES]) -> Result<Self, SealError> {
        let (mut name, mut derived) = ([0; NAME_BYTES], Ok(()));
        derive(secret, b"", NAME, &mut name)?;
        let bytes = KeyBytes::init_with_mut(|bytes| derived = derive(secret, b"", LENDING, bytes));
        derived.map(|()| Self { bytes, beginning: format!("{}.", HEXLOWER.encode(&name)) })
    }

    pub(super) fn beginning(&self) -> &str {
        &self.beginning
    }

    /// What the newest version of a tenant's key lends, with what the first does.
    pub(super) fn lend(&self, tenant: TenantId, newest: &TenantKey, first: &TenantKey) -> Result<String, SealError> {
        let mut plain = Zeroizing::new(Vec::with_capacity(LENT_BYTES));
        plain.extend(handed::public(newest)?.bytes);
        for purpose in Purpose::ALL {
            plain.extend(purpose.key(first)?.expose_secret());
        }
        let sealed = seal_bytes(&self.bytes, LENT, &bound(Label { tenant, version: newest.version }), &plain)?;
        Ok(format!("{}{}", self.beginning, BASE64URL_NOPAD.encode(&sealed)))
    }

    fn borrowed(&self, label: Label, lent: &str) -> Result<Lent, SealError> {
        let encoded = lent.strip_prefix(&self.beginning).ok_or(SealError::NotLent)?;
        let sealed = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| SealError::NotSealed)?;
        let plain = open_bytes(&self.bytes, LENT, &bound(label), sealed)?;
        let (parts, rest) = plain.as_chunks::<KEY_BYTES>();
        let ([public, keys @ ..], []) = (parts, rest) else { return Err(SealError::Refused) };
        let kept = |bytes: &[u8; KEY_BYTES]| KeyBytes::init_with_mut(|key| key.copy_from_slice(bytes));
        Ok(Lent { public: Public { version: label.version, bytes: *public }, keys: keys.iter().map(kept).collect() })
    }
}

fn bound(label: Label) -> Vec<u8> {
    authenticated(&["lent v1", &label.tenant.to_string(), &label.version.to_string()])
}

/// What a tenant's keys lend.
pub(super) struct Lent {
    /// What is handed over is sealed for this.
    pub(super) public: Public,
    /// In the order of [`Purpose::ALL`].
    keys: Vec<KeyBytes>,
}

impl Lent {
    pub(super) fn key(&self, purpose: Purpose) -> Result<KeyBytes, SealError> {
        let at = Purpose::ALL.iter().position(|known| *known == purpose);
        let key = at.and_then(|at| self.keys.get(at)).ok_or(SealError::NotLent)?;
        Ok(KeyBytes::init_with_mut(|bytes| bytes.copy_from_slice(key.expose_secret())))
    }
}

/// Reads what was lent, and keeps it in memory for as long as keys are kept there.
pub(super) struct Borrower {
    key: LendingKey,
    clock: Arc<dyn Clock>,
    kept: Mutex<BTreeMap<TenantId, (Elapsed, Arc<Lent>)>>,
}

impl Borrower {
    pub(super) fn new(key: LendingKey, clock: Arc<dyn Clock>) -> Self {
        Self { key, clock, kept: Mutex::default() }
    }

    /// What the newest version of a tenant's key lends that lends something to us.
    pub(super) async fn of(&self, store: &Store, tenant: TenantId) -> Result<Arc<Lent>, SealError> {
        let now = self.clock.monotonic();
        let known = self.kept().get(&tenant).filter(|(until, _)| *until > now).map(|(_, lent)| lent.clone());
        if let Some(lent) = known {
            return Ok(lent);
        }
        let rows = store.tenant_keys(tenant).await?;
        let is_ours = |text: &&String| text.starts_with(self.key.beginning());
        let found = rows.iter().rev().find_map(|row| Some((row.version, row.lent.as_ref().filter(is_ours)?)));
        let (version, text) = found.ok_or(SealError::NotLent)?;
        let lent = Arc::new(self.key.borrowed(Label { tenant, version }, text)?);
        let until = now.checked_add(KEPT_MAX).unwrap_or(Elapsed::MAX);
        let mut kept = self.kept();
        if kept.len() >= KEYS_MAX {
            kept.clear();
        }
        kept.insert(tenant, (until, lent.clone()));
        Ok(lent)
    }

    pub(super) fn tidy(&self) {
        let now = self.clock.monotonic();
        self.kept().retain(|_, (until, _)| *until > now);
    }

    pub(super) fn forget(&self, tenant: TenantId) {
        self.kept().remove(&tenant);
    }

    /// A task that broke off leaves it whole: nothing under the lock waits or panics half-way.
    fn kept(&self) -> MutexGuard<'_, BTreeMap<TenantId, (Elapsed, Arc<Lent>)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

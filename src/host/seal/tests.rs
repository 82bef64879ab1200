//! What sealing promises, each with what would break it.

mod keeping;
mod lent;
mod record;
mod root;
mod stolen;
mod vault;
mod vectors;

use super::root::{KeyWrapper, Label, RootKey, Roots, WrapError};
use super::{Vault, record as pure};
use crate::host::clock::{Boxed, Clock};
use crate::host::model::{Connection, ConnectionId, ConnectionState, Endpoint, EndpointId, Origin, Tenant, TenantId};
use crate::host::store::{Commit, Memory, Store, Write};
use crate::time::{Elapsed, Instant};
use secrecy::{ExposeSecret, SecretString};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

pub(super) const ONE: TenantId = TenantId(1);
pub(super) const TWO: TenantId = TenantId(2);
const WORKS: &str = "it works";

/// A clock that stands where it is put.
#[derive(Default)]
pub(super) struct Hand(Mutex<Elapsed>);

impl Hand {
    fn turn(&self, by: Elapsed) {
        let mut at = self.0.lock().expect("nobody panics with it");
        *at += by;
    }
}

impl Clock for Hand {
    fn now(&self) -> Instant {
        Instant::UNIX_EPOCH + *self.0.lock().expect("nobody panics with it")
    }

    fn sleep_until(&self, _: Instant) -> Boxed<'_, ()> {
        Box::pin(std::future::pending())
    }
}

/// A root key that counts what it is asked for, and can be away.
pub(super) struct Counted {
    key: RootKey,
    wraps: AtomicUsize,
    unwraps: AtomicUsize,
    away: AtomicU64,
}

impl Counted {
    fn new() -> Arc<Self> {
        let key = RootKey::random().expect(WORKS);
        Arc::new(Self { key, wraps: AtomicUsize::new(0), unwraps: AtomicUsize::new(0), away: AtomicU64::new(0) })
    }

    fn unwraps(&self) -> usize {
        self.unwraps.load(Ordering::Relaxed)
    }

    fn is_away(&self, away: bool) {
        self.away.store(away.into(), Ordering::Relaxed);
    }

    fn there(&self) -> Result<(), WrapError> {
        if self.away.load(Ordering::Relaxed) == 0 { Ok(()) } else { Err(WrapError::Unreachable("the test")) }
    }
}

impl KeyWrapper for Counted {
    fn root(&self) -> &str {
        self.key.root()
    }

    fn wrap<'a>(&'a self, label: Label, key: &'a pure::KeyBytes) -> Boxed<'a, Result<String, WrapError>> {
        self.wraps.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            // As a service on the network does: others have their turn meanwhile.
            tokio::task::yield_now().await;
            self.there()?;
            self.key.wrap(label, key).await
        })
    }

    fn unwrap<'a>(&'a self, label: Label, wrapped: &'a str) -> Boxed<'a, Result<pure::KeyBytes, WrapError>> {
        self.unwraps.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            self.there()?;
            self.key.unwrap(label, wrapped).await
        })
    }
}

/// A vault under a root key of its own.
pub(in crate::host) fn any_vault() -> Vault {
    Vault::new(Roots::new(Counted::new(), vec![]), Arc::new(Hand::default()))
}

fn under(root: &Arc<Counted>, clock: &Arc<Hand>) -> Vault {
    Vault::new(Roots::new(root.clone(), vec![]), clock.clone())
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

fn shown(opened: &SecretString) -> &str {
    opened.expose_secret()
}

fn tenant(id: TenantId) -> Write {
    Write::Tenant(Tenant {
        id,
        name: "Acme".to_owned(),
        own_domains: vec![],
        bots: vec![],
        plan_version: 0,
        keep_days: None,
        horizon_days: None,
    })
}

fn connection(tenant: TenantId, id: u64, token: Option<String>) -> Write {
    Write::Connection(Connection {
        tenant,
        id: ConnectionId(id),
        user: "ana".to_owned(),
        origin: Origin::Google,
        client: "own".to_owned(),
        addresses: vec![],
        zone: None,
        state: ConnectionState::Active,
        token_file: None,
        token,
    })
}

fn endpoint(tenant: TenantId, id: u64, secret: &str) -> Endpoint {
    Endpoint::unproven(tenant, EndpointId(id), format!("https://hooks.example/{id}"), secret.to_owned(), Instant::UNIX_EPOCH)
}

async fn put(store: &Store, tenant: TenantId, writes: impl IntoIterator<Item = Write>) {
    store.commit(Commit { tenant, writes: writes.into_iter().collect() }).await.expect("no guard is in the way");
}

/// A store with two tenants.
async fn two_tenants() -> Store {
    let store = Store::Memory(Memory::new());
    put(&store, ONE, [tenant(ONE)]).await;
    put(&store, TWO, [tenant(TWO)]).await;
    store
}

//! The vault: keys made once, kept for five minutes, gone with their tenant.

use super::{Counted, Hand, ONE, TWO, WORKS, connection, put, secret, shown, tenant, two_tenants, under};
use crate::host::model::{ConnectionId, Origin, TenantId};
use crate::host::seal::record::Place;
use crate::host::seal::root::{KeyWrapper, RootKey, Roots, WrapError};
use crate::host::seal::{KEPT_MAX, SealError, Vault};
use crate::host::store::Write;
use crate::time::Elapsed;
use std::sync::Arc;

fn place(tenant: TenantId) -> Place {
    Place::token(tenant, ConnectionId(1), Origin::Google)
}

#[tokio::test]
async fn a_key_is_unwrapped_once_in_five_minutes() {
    let (store, root, clock) = (two_tenants().await, Counted::new(), Arc::new(Hand::default()));
    let vault = under(&root, &clock);
    let sealed = vault.seal(&store, &place(ONE), &secret("token")).await.expect(WORKS);
    for _ in 0..3 {
        assert_eq!(shown(&vault.open(&store, &place(ONE), &sealed).await.expect(WORKS)), "token");
        vault.seal(&store, &place(ONE), &secret("token")).await.expect(WORKS);
    }
    assert_eq!(root.unwraps(), 1, "whoever made it looked that it opens, and has it");
    clock.turn(KEPT_MAX - Elapsed::from_secs(1));
    vault.open(&store, &place(ONE), &sealed).await.expect(WORKS);
    assert_eq!(root.unwraps(), 1);
    clock.turn(Elapsed::from_secs(1));
    vault.open(&store, &place(ONE), &sealed).await.expect(WORKS);
    vault.seal(&store, &place(ONE), &secret("token")).await.expect(WORKS);
    assert_eq!(root.unwraps(), 2);
    // Whoever keeps the root key is away: what is in memory goes on, for its time.
    root.is_away(true);
    assert!(vault.open(&store, &place(ONE), &sealed).await.is_ok());
    clock.turn(KEPT_MAX);
    vault.tidy();
    let away = Err(SealError::Wrap(WrapError::Unreachable("the test")));
    assert_eq!(vault.open(&store, &place(ONE), &sealed).await.map(drop), away);
    root.is_away(false);
    assert!(vault.open(&store, &place(ONE), &sealed).await.is_ok());
}

#[tokio::test]
async fn two_hosts_that_need_the_first_key_at_once_make_one() {
    let (store, root, clock) = (two_tenants().await, Counted::new(), Arc::new(Hand::default()));
    let (one, two) = (under(&root, &clock), under(&root, &clock));
    let (there, a, b) = (place(ONE), secret("a"), secret("b"));
    let (by_one, by_two) = tokio::join!(one.seal(&store, &there, &a), two.seal(&store, &there, &b));
    assert_eq!(store.tenant_keys(ONE).await.expect(WORKS).len(), 1);
    assert_eq!(root.wraps.load(std::sync::atomic::Ordering::Relaxed), 2, "both tried");
    assert_eq!(shown(&two.open(&store, &place(ONE), &by_one.expect(WORKS)).await.expect(WORKS)), "a");
    assert_eq!(shown(&one.open(&store, &place(ONE), &by_two.expect(WORKS)).await.expect(WORKS)), "b");
}

#[tokio::test]
async fn tenants_have_keys_of_their_own() {
    let (store, root, clock) = (two_tenants().await, Counted::new(), Arc::new(Hand::default()));
    let vault = under(&root, &clock);
    let sealed = vault.seal(&store, &place(ONE), &secret("a")).await.expect(WORKS);
    assert_eq!(vault.open(&store, &place(TWO), &sealed).await.map(drop), Err(SealError::NoKey(1)));
    vault.seal(&store, &place(TWO), &secret("b")).await.expect(WORKS);
    assert_eq!(vault.open(&store, &place(TWO), &sealed).await.map(drop), Err(SealError::Refused));
    // Nor does a key of one open as that of the other, whoever moved its row.
    let row = store.tenant_keys(ONE).await.expect(WORKS).remove(0);
    put(&store, TWO, [Write::TenantKey(crate::host::model::KeyRow { tenant: TWO, version: 2, ..row })]).await;
    let moved = sealed.replacen("v1.1.", "v1.2.", 1);
    let refused = Err(SealError::Wrap(WrapError::Refused));
    assert_eq!(vault.open(&store, &place(TWO), &moved).await.map(drop), refused);
    assert_eq!(vault.seal(&store, &place(TenantId(9)), &secret("c")).await, Err(SealError::NoTenant));
}

#[tokio::test]
async fn without_a_root_key_nothing_is_sealed_or_opened() {
    let (store, root, clock) = (two_tenants().await, Counted::new(), Arc::new(Hand::default()));
    let vault = under(&root, &clock);
    let sealed = vault.seal(&store, &place(ONE), &secret("a")).await.expect(WORKS);
    let none = Vault::without_root();
    assert_eq!(none.open(&store, &place(ONE), &sealed).await.map(drop), Err(SealError::NoRootKey));
    assert_eq!(none.seal(&store, &place(ONE), &secret("a")).await, Err(SealError::NoRootKey));
}

#[tokio::test]
async fn another_root_key_is_told_apart_by_name() {
    let (store, root, clock) = (two_tenants().await, Counted::new(), Arc::new(Hand::default()));
    let sealed = under(&root, &clock).seal(&store, &place(ONE), &secret("a")).await.expect(WORKS);
    let other = Counted::new();
    let refused = under(&other, &clock).open(&store, &place(ONE), &sealed).await.map(drop);
    let (stored, own) = (root.root().to_owned(), format!("`{}`", other.root()));
    assert_eq!(refused, Err(SealError::OtherRoot { stored, own }));
    assert_eq!(
        refused.expect_err("refused").to_string(),
        format!("the store's keys are wrapped by the root key `{}`, and this host has `{}`", root.root(), other.root())
    );
    // One that has both opens.
    let both = Vault::new(Roots::new(other, vec![root]), clock);
    assert_eq!(shown(&both.open(&store, &place(ONE), &sealed).await.expect(WORKS)), "a");
}

/// What a copy of the other tables holds is lost with the tenant, whoever has the root key.
#[tokio::test]
async fn what_was_copied_before_a_tenant_was_removed_opens_no_more() {
    let (store, root, clock) = (two_tenants().await, Counted::new(), Arc::new(Hand::default()));
    let vault = under(&root, &clock);
    let sealed = vault.seal(&store, &place(ONE), &secret("a")).await.expect(WORKS);
    let foreign = vault.seal(&store, &place(TWO), &secret("b")).await.expect(WORKS);
    put(&store, ONE, [connection(ONE, 1, Some(sealed))]).await;
    let copied = store.connection(ONE, ConnectionId(1)).await.expect(WORKS).expect("it is there").token.expect("sealed");
    assert!(vault.open(&store, &place(ONE), &copied).await.is_ok());
    put(&store, ONE, [Write::RemoveTenant]).await;
    vault.forget(ONE);
    assert_eq!(vault.open(&store, &place(ONE), &copied).await.map(drop), Err(SealError::NoKey(1)));
    assert_eq!(under(&root, &clock).open(&store, &place(ONE), &copied).await.map(drop), Err(SealError::NoKey(1)));
    // Not even where the same tenant comes again, and its key is version 1 again.
    put(&store, ONE, [tenant(ONE), connection(ONE, 1, Some(copied.clone()))]).await;
    vault.seal(&store, &place(ONE), &secret("c")).await.expect(WORKS);
    assert_eq!(vault.open(&store, &place(ONE), &copied).await.map(drop), Err(SealError::Refused));
    assert!(vault.open(&store, &place(TWO), &foreign).await.is_ok(), "the other tenant's are as they were");
}

#[tokio::test]
async fn vaults_show_the_names_of_root_keys_alone() {
    let root = Arc::new(RootKey::random().expect(WORKS));
    let name = root.root().to_owned();
    let vault = Vault::new(Roots::new(root, vec![]), Arc::new(Hand::default()));
    assert_eq!(format!("{vault:?}"), format!("vault with root key `{name}`"));
    assert_eq!(format!("{:?}", Vault::without_root()), "vault without root key");
}

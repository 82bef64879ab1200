//! A process that opens nothing: what it is lent, what it hands over, and that it has nothing to open with.

use super::{Counted, Hand, ONE, TWO, WORKS, put, secret, shown, two_tenants};
use crate::host::model::{ConnectionId, EndpointId, Origin, TenantId};
use crate::host::seal::handed::{self, HANDED};
use crate::host::seal::keeping::lend;
use crate::host::seal::record::TenantKey;
use crate::host::seal::{KEPT_MAX, LendingKey, Place, Purpose, Roots, SealError, Vault};
use crate::host::store::{Store, Write};
use secrecy::ExposeSecret;
use std::sync::Arc;

/// A worker and a process that answers the API, which share this secret.
struct Pair {
    store: Store,
    clock: Arc<Hand>,
    root: Arc<Counted>,
    worker: Vault,
    api: Vault,
}

const SHARED: [u8; 32] = [7; 32];

fn lending(secret: [u8; 32]) -> LendingKey {
    LendingKey::new(&secret).expect(WORKS)
}

async fn pair() -> Pair {
    let (store, clock, root) = (two_tenants().await, Arc::new(Hand::default()), Counted::new());
    let worker = Vault::lending(Roots::new(root.clone(), vec![]), Some(lending(SHARED)), clock.clone());
    let api = Vault::borrowing(lending(SHARED), clock.clone());
    Pair { store, clock, root, worker, api }
}

fn place(tenant: TenantId) -> Place {
    Place::webhook(tenant, EndpointId(1))
}

#[tokio::test]
async fn what_is_handed_over_the_worker_opens_and_nobody_else() {
    let Pair { store, worker, api, .. } = pair().await;
    assert_eq!(api.seal(&store, &place(ONE), &secret("a")).await, Err(SealError::NotLent), "nobody has lent anything");
    assert_eq!(lend(&worker, &store).await, Ok(2));
    assert_eq!(lend(&worker, &store).await, Ok(0));
    let given = api.seal(&store, &place(ONE), &secret("a")).await.expect(WORKS);
    assert!(given.starts_with("h1.1."), "{given}");
    assert_eq!(shown(&worker.open(&store, &place(ONE), &given).await.expect(WORKS)), "a");
    // Not what it sealed itself, and not what the worker did.
    let token = Place::token(ONE, ConnectionId(1), Origin::Google);
    let sealed = worker.seal(&store, &token, &secret("refresh")).await.expect(WORKS);
    for (place, text) in [(&place(ONE), &given), (&token, &sealed)] {
        assert_eq!(api.open(&store, place, text).await.map(drop), Err(SealError::NotThisRole));
    }
    assert_eq!(api.roots().map(drop), Err(SealError::NotThisRole));
    assert_eq!(api.renew(&store, ONE).await, Err(SealError::NotThisRole));
    assert_eq!((api.has_root(), api.seals(), api.hands_over(), api.lends()), (false, true, true, false));
    assert_eq!(format!("{api:?}"), "vault that hands over");
}

#[tokio::test]
async fn what_is_handed_over_opens_in_its_place_alone_and_unchanged() {
    let Pair { store, worker, api, .. } = pair().await;
    lend(&worker, &store).await.expect(WORKS);
    let given = api.seal(&store, &place(ONE), &secret("a")).await.expect(WORKS);
    let elsewhere = [
        Place { column: "token", ..place(ONE) },
        Place { table: "connections", ..place(ONE) },
        Place { row: "2".to_owned(), ..place(ONE) },
        Place { provider: "google", ..place(ONE) },
        place(TWO),
    ];
    for there in elsewhere {
        assert_eq!(worker.open(&store, &there, &given).await.map(drop), Err(SealError::Refused), "{there:?}");
    }
    let body = given.strip_prefix("h1.1.").expect("it is version 1").to_owned();
    for at in 0..body.len() - 1 {
        let other = if body.as_bytes()[at] == b'A' { "B" } else { "A" };
        let changed = format!("h1.1.{}{other}{}", &body[..at], &body[at + 1..]);
        assert!(worker.open(&store, &place(ONE), &changed).await.is_err(), "{at}");
    }
    // Nor is it one of the other format, or of another version.
    for text in [format!("v1.1.{body}"), format!("h1.2.{body}"), format!("h1.01.{body}"), "h1.1.".to_owned(), "h1.".to_owned()] {
        assert!(worker.open(&store, &place(ONE), &text).await.is_err(), "{text}");
    }
    let too_long = secret(&"x".repeat(64 * 1024 + 1));
    assert_eq!(api.seal(&store, &place(ONE), &too_long).await, Err(SealError::TooLong));
    let longest = secret(&"x".repeat(64 * 1024));
    let given = api.seal(&store, &place(ONE), &longest).await.expect(WORKS);
    assert_eq!(shown(&worker.open(&store, &place(ONE), &given).await.expect(WORKS)), shown(&longest));
}

#[tokio::test]
async fn cursors_and_pseudonyms_are_the_same_in_every_role() {
    let Pair { store, worker, api, .. } = pair().await;
    lend(&worker, &store).await.expect(WORKS);
    let mut seen = Vec::new();
    for tenant in [ONE, TWO] {
        for purpose in [Purpose::Cursors, Purpose::Pseudonyms] {
            let key = worker.derived(&store, tenant, purpose).await.expect(WORKS);
            assert_eq!(api.derived(&store, tenant, purpose).await.expect(WORKS).expose_secret(), key.expose_secret());
            seen.push(*key.expose_secret());
        }
    }
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 4, "each has its own");
}

/// The store alone says nothing of what is lent, and what somebody else writes there is not taken for it.
#[tokio::test]
async fn what_is_lent_is_for_those_who_share_the_secret_and_for_its_tenant() {
    let Pair { store, clock, worker, .. } = pair().await;
    lend(&worker, &store).await.expect(WORKS);
    let seal = async |secret_of: [u8; 32], tenant| {
        Vault::borrowing(lending(secret_of), clock.clone()).seal(&store, &place(tenant), &secret("a")).await
    };
    assert_eq!(seal([8; 32], ONE).await, Err(SealError::NotLent));
    let lent = store.tenant_keys(ONE).await.expect(WORKS)[0].lent.clone().expect("it is lent");
    put(&store, TWO, [Write::Lent { version: 1, lent: lent.clone() }]).await;
    assert_eq!(seal(SHARED, TWO).await, Err(SealError::Refused));
    let changed = format!("{}{}", &lent[..lent.len() - 4], if lent.ends_with("AAAA") { "BBBB" } else { "AAAA" });
    put(&store, ONE, [Write::Lent { version: 1, lent: changed }]).await;
    assert_eq!(seal(SHARED, ONE).await, Err(SealError::Refused));
    // With another secret everything is lent anew.
    let root: Arc<Counted> = Counted::new();
    let other = Vault::lending(Roots::new(root, vec![]), Some(lending([8; 32])), clock.clone());
    assert!(lend(&other, &store).await.is_err(), "that root key did not wrap them");
}

#[tokio::test]
async fn renewing_a_key_interrupts_nobody_and_what_is_handed_over_follows() {
    let Pair { store, clock, worker, api, root } = pair().await;
    lend(&worker, &store).await.expect(WORKS);
    let before = api.seal(&store, &place(ONE), &secret("a")).await.expect(WORKS);
    assert_eq!(worker.renew(&store, ONE).await, Ok(2));
    clock.turn(KEPT_MAX);
    let between = api.seal(&store, &place(ONE), &secret("b")).await.expect(WORKS);
    assert!(between.starts_with("h1.1."), "the newest version lends nothing yet");
    assert_eq!(lend(&worker, &store).await, Ok(1));
    clock.turn(KEPT_MAX);
    let after = api.seal(&store, &place(ONE), &secret("c")).await.expect(WORKS);
    assert!(after.starts_with("h1.2."), "{after}");
    for (text, plain) in [(before, "a"), (between, "b"), (after, "c")] {
        assert_eq!(shown(&worker.open(&store, &place(ONE), &text).await.expect(WORKS)), plain);
    }
    // Whoever lends needs the root key's keeper; whoever hands over does not.
    root.is_away(true);
    clock.turn(KEPT_MAX);
    assert!(api.seal(&store, &place(ONE), &secret("d")).await.is_ok());
}

#[tokio::test]
async fn what_was_handed_over_goes_with_its_tenant() {
    let Pair { store, worker, api, .. } = pair().await;
    lend(&worker, &store).await.expect(WORKS);
    let given = api.seal(&store, &place(ONE), &secret("a")).await.expect(WORKS);
    put(&store, ONE, [Write::RemoveTenant]).await;
    worker.forget(ONE);
    api.forget(ONE);
    assert_eq!(worker.open(&store, &place(ONE), &given).await.map(drop), Err(SealError::NoKey(1)));
    assert_eq!(api.seal(&store, &place(ONE), &secret("a")).await, Err(SealError::NotLent));
}

#[test]
fn a_version_of_a_key_has_one_public_half_and_opens_what_is_sealed_for_it() {
    let key = TenantKey { version: 3, bytes: crate::host::seal::record::new_key().expect(WORKS) };
    let (one, again) = (handed::public(&key).expect(WORKS), handed::public(&key).expect(WORKS));
    assert_eq!((one, one.version), (again, 3));
    let sealed = handed::seal(&one, &place(ONE), &secret("a")).expect(WORKS);
    assert!(sealed.starts_with(HANDED));
    assert_eq!(shown(&handed::open(&key, &place(ONE), &sealed).expect(WORKS)), "a");
    let other = TenantKey { version: 3, bytes: crate::host::seal::record::new_key().expect(WORKS) };
    assert_eq!(handed::open(&other, &place(ONE), &sealed).map(drop), Err(SealError::Refused));
}

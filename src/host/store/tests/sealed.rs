//! Keys of tenants, and what they seal.

use super::rows::{at, connection, endpoint, tenant};
use super::{ONE, WORKS, put, refused};
use crate::host::model::{Connection, ConnectionId, ConnectionState, Endpoint, KeyRow, TenantId};
use crate::host::store::{Commit, CommitError, Store, Write};

fn key(tenant: u64, version: u64) -> KeyRow {
    let wrapped = format!("wrapped {version}");
    KeyRow { tenant: TenantId(tenant), version, wrapped, root: "local:a".to_owned(), made_at: at(0), lent: None }
}

fn rewrapped(version: u64, was: &str) -> Write {
    Write::Rewrapped { version, was: was.to_owned(), wrapped: "anew".to_owned(), root: "local:b".to_owned() }
}

pub(super) async fn keys_are_numbered_without_gaps_and_need_their_tenant(store: Store) {
    refused(&store, [Write::TenantKey(key(1, 1))], "tenant").await;
    put(&store, [tenant(1), Write::TenantKey(key(1, 1))]).await;
    // Of two hosts that make the first key, one does.
    refused(&store, [Write::TenantKey(key(1, 1))], "tenant key").await;
    refused(&store, [Write::TenantKey(key(1, 3))], "tenant key").await;
    put(&store, [Write::TenantKey(key(1, 2))]).await;
    assert!(store.tenant_keys(ONE).await.expect(WORKS) == [key(1, 1), key(1, 2)]);
    let foreign = Commit { tenant: ONE, writes: vec![Write::TenantKey(key(2, 1))] };
    assert!(matches!(store.commit(foreign).await, Err(CommitError::Conflict("a row of another tenant"))));
}

pub(super) async fn a_key_is_rewrapped_from_the_root_that_was_read(store: Store) {
    put(&store, [tenant(1), Write::TenantKey(key(1, 1)), Write::TenantKey(key(1, 2))]).await;
    refused(&store, [rewrapped(1, "local:c")], "tenant key").await;
    refused(&store, [rewrapped(3, "local:a")], "tenant key").await;
    put(&store, [rewrapped(1, "local:a")]).await;
    refused(&store, [rewrapped(1, "local:a")], "tenant key").await;
    let moved = KeyRow { wrapped: "anew".to_owned(), root: "local:b".to_owned(), ..key(1, 1) };
    assert!(store.tenant_keys(ONE).await.expect(WORKS) == [moved, key(1, 2)]);
    let roots = store.key_roots().await.expect(WORKS);
    assert!(roots.contains(&"local:a".to_owned()) && roots.contains(&"local:b".to_owned()), "{roots:?}");
}

pub(super) async fn what_a_key_lends_is_found_missing_until_the_newest_lends_it(store: Store) {
    let lent = |version, text: &str| Write::Lent { version, lent: text.to_owned() };
    let unlent = async |prefix: &str| store.unlent(prefix).await.expect(WORKS).contains(&ONE);
    put(&store, [tenant(1)]).await;
    assert!(unlent("a.").await, "there is no key yet");
    refused(&store, [lent(1, "a.1")], "tenant key").await;
    put(&store, [Write::TenantKey(key(1, 1)), lent(1, "a.1")]).await;
    assert!(!unlent("a.").await && unlent("b.").await);
    put(&store, [Write::TenantKey(key(1, 2))]).await;
    assert!(unlent("a.").await, "the newest lends nothing");
    put(&store, [lent(2, "a.2")]).await;
    let stored: Vec<_> = store.tenant_keys(ONE).await.expect(WORKS).into_iter().map(|row| row.lent).collect();
    assert_eq!(stored, [Some("a.1".to_owned()), Some("a.2".to_owned())]);
    assert!(!unlent("a.").await);
    put(&store, [Write::TenantKey(KeyRow { lent: Some("b.3".to_owned()), ..key(1, 3) })]).await;
    assert!(!unlent("b.").await && unlent("a.").await);
}

pub(super) async fn keys_go_with_their_tenant_and_no_other(store: Store) {
    put(&store, [tenant(1), Write::TenantKey(key(1, 1))]).await;
    let other = Commit { tenant: TenantId(2), writes: vec![tenant(2), Write::TenantKey(key(2, 1))] };
    store.commit(other).await.expect(WORKS);
    put(&store, [Write::RemoveTenant]).await;
    assert!(store.tenant_keys(ONE).await.expect(WORKS).is_empty());
    assert!(store.tenant_keys(TenantId(2)).await.expect(WORKS) == [key(2, 1)]);
    // One that comes again begins anew.
    put(&store, [tenant(1), Write::TenantKey(key(1, 1))]).await;
}

pub(super) async fn a_token_changes_from_what_was_read_alone(store: Store) {
    let token = |was: Option<&str>, is: Option<&str>| Write::Token {
        connection: ConnectionId(1),
        was: was.map(str::to_owned),
        is: is.map(str::to_owned),
    };
    let stored = async || store.connection(ONE, ConnectionId(1)).await.expect(WORKS).expect("it is there").token;
    refused(&store, [token(None, Some("v1.1.a"))], "token").await;
    put(&store, [tenant(1), Write::Connection(Connection { token: Some("v1.1.a".to_owned()), ..connection(1, 1) })]).await;
    assert_eq!(stored().await.as_deref(), Some("v1.1.a"));
    refused(&store, [token(None, Some("v1.1.b"))], "token").await;
    put(&store, [token(Some("v1.1.a"), Some("v1.1.b"))]).await;
    refused(&store, [token(Some("v1.1.a"), Some("v1.1.c"))], "token").await;
    // Whoever changes the connection with a row that was read before takes no newer token back.
    let stale = Connection { state: ConnectionState::Reconnect, token: Some("v1.1.a".to_owned()), ..connection(1, 1) };
    put(&store, [Write::Connection(stale)]).await;
    assert_eq!(stored().await.as_deref(), Some("v1.1.b"));
    put(&store, [Write::RemoveToken(ConnectionId(1)), Write::RemoveToken(ConnectionId(7))]).await;
    assert_eq!(stored().await, None);
    put(&store, [token(None, Some("v1.2.d")), token(Some("v1.2.d"), None)]).await;
    assert_eq!(stored().await, None);
}

pub(super) async fn tokens_under_other_keys_come_in_pages(store: Store) {
    put(&store, [tenant(1)]).await;
    for (id, token) in [(1, Some("v1.1.a")), (2, None), (3, Some("v1.2.a")), (4, Some("v1.1.b")), (5, Some("v1.20.a"))] {
        put(&store, [Write::Connection(Connection { token: token.map(str::to_owned), ..connection(1, id) })]).await;
    }
    let found = async |prefix: &str, after, limit| {
        let rows = store.tokens_not_under(ONE, prefix, ConnectionId(after), limit).await.expect(WORKS);
        rows.iter().map(|row| (row.connection.0, row.token.clone())).collect::<Vec<_>>()
    };
    let (first, fourth, fifth) = ((1, "v1.1.a".to_owned()), (4, "v1.1.b".to_owned()), (5, "v1.20.a".to_owned()));
    assert_eq!(found("v1.2.", 0, 2).await, [first, fourth.clone()]);
    assert_eq!(found("v1.2.", 1, 9).await, [fourth, fifth]);
    assert!(store.tokens_not_under(TenantId(2), "v1.2.", ConnectionId(0), 9).await.expect(WORKS).is_empty());
}

pub(super) async fn receivers_that_are_not_sealed_are_found(store: Store) {
    let with = |id, secrets: &[&str]| {
        Write::Endpoint(Endpoint { secrets: secrets.iter().map(|text| (*text).to_owned()).collect(), ..endpoint(1, id, 0) })
    };
    put(&store, [tenant(1), with(3, &["v1.1.a", "v1.1.b"]), with(4, &[])]).await;
    assert!(!store.unsealed().await.expect(WORKS).contains(&ONE));
    put(&store, [with(5, &["whsec_AAAA"])]).await;
    assert!(store.unsealed().await.expect(WORKS).contains(&ONE));
}

//! Clients, return URLs, flows and grants.

use super::rows::{at, commit, connection, tenant};
use super::{ONE, WORKS, put, refused, with_calendar};
use crate::host::model::grants::{ClientRow, Flow, FlowState, Grant, Parting, ReturnUrl};
use crate::host::model::{ConnectionId, Origin, TenantId};
use crate::host::store::{Handle, Store, Write};

fn client(tenant: u64, id: &str) -> ClientRow {
    ClientRow {
        tenant: TenantId(tenant),
        id: id.to_owned(),
        provider: Origin::Graph,
        client_id: "client".to_owned(),
        secret: "sealed".to_owned(),
        authority: "organizations".to_owned(),
        endpoints: None,
        enabled: true,
    }
}

fn flow(tenant: u64, id: u64, ends: i64, version: u64) -> Flow {
    Flow {
        tenant: TenantId(tenant),
        id,
        provider: Origin::Google,
        client: "c".to_owned(),
        user: format!("user {id}"),
        return_url: "https://a.example".to_owned(),
        bare: false,
        state: FlowState::Begun,
        ref_hash: Some(format!("ref {tenant} {id}")),
        state_hash: Some(format!("state {tenant} {id}")),
        cookie_hash: None,
        nonce_hash: Some("nonce".to_owned()),
        session_hash: Some(format!("session {tenant} {id}")),
        verifier: Some("sealed".to_owned()),
        code: None,
        reason: None,
        connection: Some(ConnectionId(1)),
        made_at: at(0),
        expires_at: at(ends),
        version,
    }
}

fn grant(tenant: u64, connection: u64, version: u64) -> Grant {
    Grant {
        tenant: TenantId(tenant),
        connection: ConnectionId(connection),
        client: "c".to_owned(),
        account: "a".to_owned(),
        name: format!("cu_{connection}"),
        bare: true,
        reason: Some("grant-gone".to_owned()),
        owner: Some("host".to_owned()),
        lease_until: Some(at(30)),
        version,
    }
}

pub(super) async fn clients_and_return_urls_are_their_tenants(store: Store) {
    put(&store, [tenant(1), Write::Client(client(1, "b")), Write::Client(client(1, "a"))]).await;
    let other = ClientRow { endpoints: Some("{}".to_owned()), enabled: false, ..client(1, "b") };
    put(&store, [Write::Client(other.clone())]).await;
    store.commit(commit(2, [tenant(2), Write::Client(client(2, "a"))])).await.expect(WORKS);
    assert_eq!(store.oauth_clients(ONE).await.expect(WORKS), [client(1, "a"), other]);
    put(&store, [Write::RemoveClient("a".to_owned()), Write::RemoveClient("none".to_owned())]).await;
    assert_eq!(store.oauth_clients(TenantId(2)).await.expect(WORKS), [client(2, "a")]);
    let url = |url: &str, bare| ReturnUrl { tenant: ONE, url: url.to_owned(), bare };
    put(&store, [Write::ReturnUrl(url("b", false)), Write::ReturnUrl(url("a", false)), Write::ReturnUrl(url("b", true))]).await;
    assert_eq!(store.return_urls(ONE).await.expect(WORKS), [url("a", false), url("b", true)]);
    assert_eq!(store.return_urls(TenantId(2)).await.expect(WORKS), []);
    put(&store, [Write::RemoveReturnUrl("a".to_owned())]).await;
    assert_eq!(store.return_urls(ONE).await.expect(WORKS), [url("b", true)]);
    put(&store, [Write::RemoveTenant]).await;
    assert_eq!(store.oauth_clients(ONE).await.expect(WORKS), []);
    assert_eq!(store.return_urls(ONE).await.expect(WORKS), []);
    assert_eq!(store.oauth_clients(TenantId(2)).await.expect(WORKS).len(), 1);
}

pub(super) async fn flows_that_were_handed_over_are_found_until_they_are_taken(store: Store) {
    let handed = |tenant, id, ends, version| Flow { state: FlowState::Handed, ..flow(tenant, id, ends, version) };
    let found = async |limit| {
        let found = store.handed_flows(limit).await.expect(WORKS);
        found.iter().map(|row| (row.tenant.0, row.id)).collect::<Vec<_>>()
    };
    put(&store, [tenant(1), Write::Flow(handed(1, 5, 20, 0)), Write::Flow(flow(1, 6, 5, 0))]).await;
    store.commit(commit(2, [tenant(2), Write::Flow(handed(2, 5, 10, 0))])).await.expect(WORKS);
    assert_eq!((found(10).await, found(1).await), (vec![(2, 5), (1, 5)], vec![(2, 5)]));
    put(&store, [Write::Flow(Flow { state: FlowState::Bound, ..flow(1, 5, 20, 1) })]).await;
    assert_eq!(found(10).await, [(2, 5)]);
}

pub(super) async fn flows_are_guarded_by_version_and_found_by_what_opens_them(store: Store) {
    put(&store, [tenant(1), Write::Flow(flow(1, 5, 10, 0)), Write::Flow(flow(1, 6, 20, 0))]).await;
    store.commit(commit(2, [tenant(2), Write::Flow(flow(2, 5, 10, 0))])).await.expect(WORKS);
    refused(&store, [Write::Flow(flow(1, 5, 10, 0))], "flow").await;
    refused(&store, [Write::Flow(flow(1, 5, 10, 7))], "flow").await;
    for (handle, tenant) in [(Handle::Ref("ref 2 5"), 2), (Handle::State("state 1 5"), 1), (Handle::Session("session 1 5"), 1)] {
        assert_eq!(store.flow_of(handle).await.expect(WORKS), Some(flow(tenant, 5, 10, 1)));
    }
    assert_eq!(store.flow_of(Handle::Ref("state 1 5")).await.expect(WORKS), None);
    // What was used opens nothing any more.
    let used = Flow { state_hash: None, state: FlowState::Failed, reason: Some("why".to_owned()), ..flow(1, 5, 10, 1) };
    put(&store, [Write::Flow(used.clone())]).await;
    assert_eq!(store.flow_of(Handle::State("state 1 5")).await.expect(WORKS), None);
    assert_eq!(store.flow(ONE, 5).await.expect(WORKS), Some(Flow { version: 2, ..used }));
    assert_eq!(store.flow(TenantId(3), 5).await.expect(WORKS), None);
    // Those go that ended before, and those of a user.
    put(&store, [Write::RemoveFlows(at(20))]).await;
    assert_eq!((store.flow(ONE, 5).await, store.flow(ONE, 6).await), (Ok(None), Ok(Some(flow(1, 6, 20, 1)))));
    put(&store, [Write::RemoveFlowsOf("user 6".to_owned())]).await;
    assert_eq!(store.flow(ONE, 6).await, Ok(None));
    assert_eq!(store.flow(TenantId(2), 5).await, Ok(Some(flow(2, 5, 10, 1))));
}

pub(super) async fn a_grant_needs_its_connection_and_goes_with_it(store: Store) {
    with_calendar(&store).await;
    refused(&store, [Write::Grant(grant(1, 9, 0))], "connection").await;
    put(&store, [Write::Grant(grant(1, 1, 0))]).await;
    refused(&store, [Write::Grant(grant(1, 1, 0))], "grant").await;
    store.commit(commit(2, [tenant(2), Write::Connection(connection(2, 4)), Write::Grant(grant(2, 4, 0))])).await.expect(WORKS);
    assert_eq!(store.grant(ONE, ConnectionId(1)).await.expect(WORKS), Some(grant(1, 1, 1)));
    assert_eq!(store.grants(TenantId(2)).await.expect(WORKS), [grant(2, 4, 1)]);
    assert_eq!(store.grants_alike("c", "a").await.expect(WORKS), [grant(1, 1, 1), grant(2, 4, 1)]);
    assert_eq!(store.grants_alike("c", "b").await.expect(WORKS), []);
    let freed = Grant { owner: None, lease_until: None, reason: None, ..grant(1, 1, 1) };
    put(&store, [Write::Grant(freed.clone())]).await;
    assert_eq!(store.grant(ONE, ConnectionId(1)).await.expect(WORKS), Some(Grant { version: 2, ..freed }));
    put(&store, [Write::RemoveConnection(ConnectionId(1))]).await;
    assert_eq!(store.grant(ONE, ConnectionId(1)).await.expect(WORKS), None);
}

fn parting(tenant: u64, connection: u64, due: i64, version: u64) -> Parting {
    Parting {
        tenant: TenantId(tenant),
        connection: ConnectionId(connection),
        provider: Origin::Google,
        client: "c".to_owned(),
        account: "a".to_owned(),
        token: Some("sealed".to_owned()),
        token_file: None,
        channels: vec!["channel resource".to_owned()],
        due_at: at(due),
        until: at(3600),
        tries: 0,
        version,
    }
}

pub(super) async fn partings_are_guarded_due_by_time_and_go_with_their_tenant(store: Store) {
    // Of connections that are gone already.
    put(&store, [tenant(1), Write::Parting(parting(1, 5, 20, 0)), Write::Parting(parting(1, 6, 10, 0))]).await;
    store.commit(commit(2, [tenant(2), Write::Parting(parting(2, 5, 15, 0))])).await.expect(WORKS);
    refused(&store, [Write::Parting(parting(1, 5, 20, 0))], "parting").await;
    refused(&store, [Write::Parting(parting(1, 5, 20, 7))], "parting").await;
    let due: Vec<(u64, u64)> =
        store.due_partings(at(20), 10).await.expect(WORKS).iter().map(|row| (row.tenant.0, row.connection.0)).collect();
    assert_eq!(due, [(1, 6), (2, 5)]);
    assert_eq!(store.due_partings(at(30), 1).await.expect(WORKS), [parting(1, 6, 10, 1)]);
    let bare = Parting { token: None, token_file: Some("/t".to_owned()), channels: vec![], tries: 3, ..parting(1, 6, 40, 1) };
    put(&store, [Write::Parting(bare.clone()), Write::RemoveParting(ConnectionId(5)), Write::RemoveParting(ConnectionId(9))])
        .await;
    assert_eq!(store.partings(ONE).await.expect(WORKS), [Parting { version: 2, ..bare }]);
    put(&store, [Write::RemoveTenant]).await;
    assert_eq!(store.partings(ONE).await.expect(WORKS), []);
    assert_eq!(store.partings(TenantId(2)).await.expect(WORKS), [parting(2, 5, 15, 1)]);
}

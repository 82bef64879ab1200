//! What is left to do at providers once a connection is gone.

use super::*;
use crate::host::model::grants::Parting;
use crate::host::model::{Calendar, CalendarId, Channel, ChannelState};
use crate::host::oauth::cut::{GivenBack, KEPT, part};
use crate::host::operations::{Nowhere, connections, tenants, users};

const GOOGLE: ConnectionId = ConnectionId(5);

/// A Google account with a calendar and a channel, granted to the tenant's own client; what it is asked for is noted in order.
async fn granted() -> Stage {
    let stage = Stage::new().await;
    let seal = async |place, text: &str| {
        stage.host.vault.seal(&stage.host.store, &place, &text.to_owned().into()).await.expect("a root key")
    };
    let secret = seal(secret_place(TENANT, "g", Origin::Google), "s").await;
    let token = seal(token_place(TENANT, GOOGLE, Origin::Google), "refresh-google").await;
    let client = ClientRow {
        tenant: TENANT,
        id: "g".to_owned(),
        provider: Origin::Google,
        client_id: "client-2".to_owned(),
        secret,
        authority: "organizations".to_owned(),
        endpoints: None,
        enabled: true,
    };
    let (id, client_id) = (GOOGLE, "g".to_owned());
    let row = Connection { id, origin: Origin::Google, client: client_id.clone(), token: Some(token), ..connection() };
    let calendar = Calendar::unread(TENANT, CalendarId(6), GOOGLE, Origin::Google, "primary".to_owned());
    let channel = Channel {
        tenant: TENANT,
        id: "channel-1".to_owned(),
        calendar: CalendarId(6),
        kind: Origin::Google,
        digest: "d".to_owned(),
        nonce: None,
        resource: Some("resource 1".to_owned()),
        state: ChannelState::Live,
        expires_at: stage.host.now() + Elapsed::from_hours(9),
        made_at: stage.host.now(),
        due_at: None,
        tries: 0,
        seen: 0,
        heard_at: None,
        doubted_at: None,
        version: 0,
    };
    let grant = Grant { connection: GOOGLE, client: client_id, account: "google".to_owned(), ..grant() };
    let writes =
        [Write::Client(client), Write::Connection(row), Write::Calendar(calendar), Write::Channel(channel), Write::Grant(grant)];
    stage.put(writes.into()).await;
    stage
}

/// Who has no way out, as `callsheet admin`.
fn desk(stage: &Stage) -> Context {
    Context::new(Store::Memory(stage.memory.clone()), Arc::new(Nowhere), stage.clock.clone(), "desk")
        .with_vault(stage.vault.clone())
}

async fn left(stage: &Stage) -> Vec<Parting> {
    stage.host.store.partings(TENANT).await.expect("the store works")
}

/// What a host makes of the only one that is left.
async fn seen_to(stage: &Stage) -> Option<GivenBack> {
    let due = stage.host.store.due_partings(stage.host.now() + Elapsed::from_secs(1), 10).await.expect("the store works");
    assert_eq!(due.len(), 1, "one is due");
    part(&stage.host, &due[0]).await.expect("the store works")
}

#[test]
fn channels_stop_before_the_grant_is_given_back_and_then_nothing_is_left() {
    run(async {
        let stage = granted().await;
        connections::disconnect(&desk(&stage), TENANT, GOOGLE).await.expect("it is cut");
        let rows = left(&stage).await;
        assert_eq!((rows.len(), rows[0].channels.as_slice()), (1, ["channel-1 resource 1".to_owned()].as_slice()));
        assert!(!rows[0].token.as_deref().unwrap_or_default().contains("refresh-google"), "it is sealed");
        let kept = stage.host.store.connection(TENANT, GOOGLE).await.expect("the store works").expect("it can be seen");
        assert_eq!((kept.state, kept.token), (ConnectionState::Disconnected, None));
        // A token for the channel's sake, the channel, the grant.
        stage.endpoint.then(200, tokens(8)).then(204, json!(null)).then(200, json!({}));
        assert_eq!(seen_to(&stage).await, Some(GivenBack::Revoked));
        assert_eq!(stage.endpoint.shown().trim(), "refresh-google", "the others show it elsewhere");
        assert_eq!(stage.endpoint.shown.lock().expect("whole").len(), 3);
        assert_eq!(left(&stage).await, []);
    });
}

#[test]
fn who_is_away_is_asked_again_until_nobody_can_want_it_any_more() {
    run(async {
        let stage = granted().await;
        connections::disconnect(&desk(&stage), TENANT, GOOGLE).await.expect("it is cut");
        stage.endpoint.then(503, json!({}));
        assert_eq!(seen_to(&stage).await, None);
        let row = left(&stage).await.remove(0);
        assert_eq!((row.tries, row.due_at), (1, stage.host.now() + Elapsed::from_secs(30)));
        // Of two hosts that come at once, one asks.
        stage.forward(31);
        stage.endpoint.then(400, json!({ "error": "invalid_grant" }));
        let second = stage.second();
        let (first, second) = tokio::join!(part(&stage.host, &row), part(&second, &row));
        let came = [first.expect("the store works"), second.expect("the store works")];
        assert!(came.contains(&Some(GivenBack::Revoked)) && came.contains(&None), "{came:?}");
        assert_eq!(left(&stage).await, []);

        let stage = granted().await;
        connections::disconnect(&desk(&stage), TENANT, GOOGLE).await.expect("it is cut");
        stage.forward(KEPT.as_secs() + 1);
        assert_eq!(seen_to(&stage).await, Some(GivenBack::Left));
        assert_eq!(left(&stage).await, []);
    });
}

#[test]
fn a_grant_that_somebody_lives_by_stays() {
    run(async {
        let stage = granted().await;
        connections::disconnect(&desk(&stage), TENANT, GOOGLE).await.expect("it is cut");
        // The same account, connected anew before anybody came to it.
        let again = Connection { id: ConnectionId(7), origin: Origin::Google, client: "g".to_owned(), ..connection() };
        let grant = Grant { connection: ConnectionId(7), client: "g".to_owned(), account: "google".to_owned(), ..grant() };
        stage.put(vec![Write::Connection(again), Write::Grant(grant)]).await;
        stage.endpoint.then(200, tokens(8)).then(204, json!(null));
        assert_eq!(seen_to(&stage).await, Some(GivenBack::Shared));
        assert_eq!(stage.endpoint.shown.lock().expect("whole").len(), 2, "nobody was asked to take it back");
    });
}

#[test]
fn erasing_a_user_and_removing_a_tenant_leave_no_grant_behind() {
    run(async {
        let stage = granted().await;
        users::erase(&desk(&stage), TENANT, "ana").await.expect("she is erased");
        assert_eq!(left(&stage).await.len(), 2, "both of her connections");

        let stage = granted().await;
        let removed = tenants::remove(&desk(&stage), TENANT, stage.host.now()).await.expect("the store works");
        assert_eq!(removed.left, 2, "its keys stay while they are needed");
        assert!(stage.host.store.tenant(TENANT).await.expect("the store works").is_some());
        // Microsoft has no place to give grants back.
        stage.endpoint.then(200, tokens(8)).then(204, json!(null)).then(200, json!({}));
        let mut came = Vec::new();
        let mut due = left(&stage).await;
        due.sort_by_key(|row| std::cmp::Reverse(row.connection));
        for row in due {
            came.extend(part(&stage.host, &row).await.expect("the store works"));
        }
        assert_eq!(came, [GivenBack::Revoked, GivenBack::Left]);
        let removed = tenants::remove(&desk(&stage), TENANT, stage.host.now()).await.expect("the store works");
        assert_eq!(removed.left, 0);
        assert_eq!(stage.host.store.tenant(TENANT).await.expect("the store works"), None);
        assert_eq!(stage.host.store.tenant_keys(TENANT).await.expect("the store works"), []);
    });
}

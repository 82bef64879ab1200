//! Authorization servers that answer late, twice, with less than was asked for, or about somebody else: each ends in a state that the
//! interface shows, with what a person can do about it.

use crate::connect::browser::Browser;
use crate::connect::scene::{RETURN, Scene};
use crate::connect::server::{CALENDAR, Trouble, query};
use callsheet::host::model::{CalendarId, Channel, ChannelState, ConnectionState, Origin, TenantId};
use callsheet::host::oauth::cut;
use callsheet::host::operations::oauth_clients;
use callsheet::host::store::{Commit, Write};
use callsheet::time::{Elapsed, Instant};
use expect_test::expect;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What goes wrong, and what is done before it does.
const TROUBLES: &[&str] = &[
    "late: the token endpoint does not answer in time",
    "late: the browser comes back after the flow is over",
    "late: the tenant says whose browser it was after the flow is over",
    "broken: the token endpoint answers 503",
    "broken: the token endpoint answers with a page",
    "refused: the client's secret has expired",
    "twice: the answer arrives twice, and the first completes",
    "twice: two codes for one state",
    "twice: the same code in two flows",
    "no refresh token: at the first time",
    "no refresh token: again, while the grant works",
    "no refresh token: again, after the grant is gone",
    "fewer scopes: at the first time",
    "fewer scopes: again, while the grant works",
    "fewer scopes: the calendar in another dress is enough",
    "another account: again, while the grant works",
    "another account: after disconnecting",
    "no identity: no ID token that can be read",
    "no: the user says no",
];

async fn user(scene: &Scene, account: &str) -> Value {
    let (_, link) = scene.link("ana").await;
    let session = scene.returned(&mut Browser::new(), &link, account).await;
    completed(scene, &session).await
}

/// What a host does soon for connections that are gone.
async fn part(scene: &Scene) {
    let soon = scene.host.now() + Elapsed::from_secs(1);
    for row in scene.host.store.due_partings(soon, 10).await.expect("a store in memory") {
        assert_ne!(cut::part(&scene.host, &row).await.expect("a store in memory"), None, "all that can be done is done");
    }
}

async fn completed(scene: &Scene, session: &str) -> Value {
    let body = json!({ "session_ref": session, "customer_user_id": "ana" });
    scene.ask(&scene.acme.key, "/v1/calendar/connect/complete", &body).await.1
}

async fn flow(scene: &Scene, flow: &str) -> Value {
    scene.look(&scene.acme.key, &format!("/v1/calendar/connect/flows/{flow}")).await.1
}

/// The grant of Ana's connection is gone.
async fn lost(scene: &Scene) {
    let row = scene.host.store.connections(scene.acme.id).await.expect("a store in memory").remove(0);
    let row = callsheet::host::model::Connection { state: ConnectionState::Reconnect, ..row };
    let commit = Commit { tenant: scene.acme.id, writes: vec![Write::Connection(row)] };
    scene.host.store.commit(commit).await.expect("a store in memory");
}

/// What the tenant's server is told in the end.
async fn told(scene: &Scene, trouble: &str) -> Value {
    let server = &scene.server;
    match trouble {
        "late: the token endpoint does not answer in time" => {
            server.manner().trouble = Some(Trouble::Late);
            user(scene, "ana").await
        }
        "late: the browser comes back after the flow is over" => {
            let (name, link) = scene.link("ana").await;
            let mut ana = Browser::new();
            let authorize = scene.begun(&mut ana, &link).await;
            scene.pass(11);
            assert_eq!(ana.get(&server.consent(&authorize, "ana")).await.status, 410);
            flow(scene, &name).await
        }
        "late: the tenant says whose browser it was after the flow is over" => {
            let (name, link) = scene.link("ana").await;
            let session = scene.returned(&mut Browser::new(), &link, "ana").await;
            scene.pass(11);
            let refused = completed(scene, &session).await;
            assert_eq!(refused["status"], 422, "{refused}");
            flow(scene, &name).await
        }
        "broken: the token endpoint answers 503" => {
            server.manner().trouble = Some(Trouble::Status(503));
            user(scene, "ana").await
        }
        "broken: the token endpoint answers with a page" => {
            server.manner().trouble = Some(Trouble::Page);
            user(scene, "ana").await
        }
        "refused: the client's secret has expired" => {
            server.manner().trouble = Some(Trouble::Refuses("invalid_client"));
            user(scene, "ana").await
        }
        "twice: the answer arrives twice, and the first completes" => {
            let (_, link) = scene.link("ana").await;
            let mut ana = Browser::new();
            let answer = server.consent(&scene.begun(&mut ana, &link).await, "ana");
            let first = query(&ana.get(&answer).await.location.expect("where to go"));
            assert_eq!(ana.get(&answer).await.status, 410);
            completed(scene, &first["session_ref"]).await
        }
        "twice: two codes for one state" => {
            let (_, link) = scene.link("ana").await;
            let mut ana = Browser::new();
            let authorize = scene.begun(&mut ana, &link).await;
            let (one, other) = (server.consent(&authorize, "ana"), server.consent(&authorize, "eve"));
            let first = query(&ana.get(&one).await.location.expect("where to go"));
            assert_eq!(ana.get(&other).await.status, 410);
            completed(scene, &first["session_ref"]).await
        }
        "twice: the same code in two flows" => {
            let (_, link) = scene.link("ana").await;
            let mut ana = Browser::new();
            let code = query(&server.consent(&scene.begun(&mut ana, &link).await, "ana"))["code"].clone();
            let (_, link) = scene.link("ana").await;
            let state = query(&scene.begun(&mut ana, &link).await)["state"].clone();
            let url = format!("{}/oauth/callback/{}?code={code}&state={state}", scene.base, scene.acme.client);
            let landed = query(&ana.get(&url).await.location.expect("where to go"));
            completed(scene, &landed["session_ref"]).await
        }
        "no refresh token: at the first time" => {
            server.manner().no_refresh_token = true;
            user(scene, "ana").await
        }
        "no refresh token: again, while the grant works" => {
            user(scene, "ana").await;
            server.manner().no_refresh_token = true;
            user(scene, "ana").await
        }
        "no refresh token: again, after the grant is gone" => {
            user(scene, "ana").await;
            lost(scene).await;
            server.manner().no_refresh_token = true;
            user(scene, "ana").await
        }
        "fewer scopes: at the first time" => {
            server.manner().scope = Some("openid email".to_owned());
            user(scene, "ana").await
        }
        "fewer scopes: again, while the grant works" => {
            user(scene, "ana").await;
            server.manner().scope = Some("openid email".to_owned());
            user(scene, "ana").await
        }
        "fewer scopes: the calendar in another dress is enough" => {
            server.manner().scope = Some(format!("openid email {}", CALENDAR.trim_end_matches(".events.readonly")));
            user(scene, "ana").await
        }
        "another account: again, while the grant works" => {
            user(scene, "ana").await;
            user(scene, "eve").await
        }
        "another account: after disconnecting" => {
            let made = user(scene, "ana").await;
            let path = format!("{}/v1/connections/{}", scene.base, made["connection"].as_str().expect("a number"));
            let cut = reqwest::Client::new().delete(path).bearer_auth(&scene.acme.key).send().await.expect("the host answers");
            assert_eq!(cut.status(), 200);
            part(scene).await;
            user(scene, "eve").await
        }
        "no identity: no ID token that can be read" => {
            server.manner().claims.insert("whole".to_owned(), json!(""));
            user(scene, "ana").await
        }
        "no: the user says no" => {
            let (name, link) = scene.link("ana").await;
            let mut ana = Browser::new();
            let authorize = scene.begun(&mut ana, &link).await;
            let landed = ana.get(&server.refuse(&authorize, &[("error", "access_denied")])).await;
            assert!(landed.location.is_some_and(|url| url.starts_with(RETURN)));
            flow(scene, &name).await
        }
        other => panic!("nobody plays {other}"),
    }
}

/// The connections as the interface shows them.
async fn shown(scene: &Scene) -> String {
    let (_, page) = scene.look(&scene.acme.key, "/v1/connections").await;
    let rows = page["items"].as_array().expect("a list").iter().map(|row| {
        let word = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
        format!("{} {}", word("state"), word("action"))
    });
    rows.collect::<Vec<_>>().join(", ")
}

#[test]
fn whatever_a_server_answers_ends_in_a_state_that_is_shown_and_can_be_cured() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let mut text = String::new();
    for trouble in TROUBLES {
        runtime.block_on(async {
            let scene = Scene::new().await;
            let answer = told(&scene, trouble).await;
            let word = |name: &str| answer[name].as_str().unwrap_or("-").to_owned();
            let link = if answer["redirect_url"].is_string() { ", another link" } else { "" };
            let given_back = scene.server.manner().revoked.len();
            writeln!(text, "{trouble}").expect("a text takes everything");
            writeln!(
                text,
                "  {} {}{link}; connections: {}; given back: {given_back}",
                word("state"),
                word("reason"),
                shown(&scene).await
            )
            .expect("a text takes everything");
            // Whatever it was: once the server is well again, a link that is new connects; the other account has to go first.
            scene.server.recovers();
            let account = if *trouble == "another account: after disconnecting" { "eve" } else { "ana" };
            let cured = user(&scene, account).await;
            assert_eq!(
                (&cured["state"], &cured["connection_state"]),
                (&json!("connected"), &json!("active")),
                "{trouble}: {cured}"
            );
        });
    }
    expect![[r#"
        late: the token endpoint does not answer in time
          failed provider-unavailable; connections: ; given back: 0
        late: the browser comes back after the flow is over
          failed expired; connections: ; given back: 0
        late: the tenant says whose browser it was after the flow is over
          failed expired; connections: ; given back: 0
        broken: the token endpoint answers 503
          failed provider-unavailable; connections: ; given back: 0
        broken: the token endpoint answers with a page
          failed provider-unavailable; connections: ; given back: 0
        refused: the client's secret has expired
          failed client-refused; connections: ; given back: 0
        twice: the answer arrives twice, and the first completes
          connected -; connections: active -; given back: 0
        twice: two codes for one state
          connected -; connections: active -; given back: 0
        twice: the same code in two flows
          failed code-refused; connections: ; given back: 0
        no refresh token: at the first time
          failed no-refresh-token, another link; connections: reconnect reconnect; given back: 0
        no refresh token: again, while the grant works
          connected -; connections: active -; given back: 0
        no refresh token: again, after the grant is gone
          failed no-refresh-token, another link; connections: reconnect reconnect; given back: 0
        fewer scopes: at the first time
          failed permission-missing, another link; connections: permission-missing grant-permission; given back: 0
        fewer scopes: again, while the grant works
          failed permission-missing, another link; connections: active -; given back: 0
        fewer scopes: the calendar in another dress is enough
          connected -; connections: active -; given back: 0
        another account: again, while the grant works
          failed another-account; connections: active -; given back: 1
        another account: after disconnecting
          connected -; connections: disconnected -, active -; given back: 1
        no identity: no ID token that can be read
          failed identity-not-believed; connections: ; given back: 0
        no: the user says no
          failed access-denied; connections: ; given back: 0
    "#]]
    .assert_eq(&text);
}

/// `G5.5` wants the grant that a reconnect replaces given back. With the same client that would take the new one along, since Google
/// takes all grants of an account to a client back with one (`reliability.md` 6.1), and so it stays; with another client it goes.
#[test]
fn a_reconnect_gives_the_former_grant_back_only_to_another_client() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let scene = Scene::new().await;
        let first = user(&scene, "ana").await;
        let again = user(&scene, "ana").await;
        assert_eq!((&again["connection"], &again["calendar_user"]), (&first["connection"], &first["calendar_user"]));
        assert_eq!(scene.server.manner().revoked, Vec::<String>::new(), "the new grant would go with it");
        let former = scene.server.manner().secrets.last().expect("a refresh token").clone();

        // The tenant has another client now, and the former one is disabled: what was granted to it can be given back all the same.
        oauth_clients::set_enabled(&scene.host, scene.acme.id, &scene.acme.client, false).await.expect("it is there");
        let wanted = oauth_clients::Wanted {
            provider: Origin::Google,
            client_id: "Acme-second".to_owned(),
            secret: "second-secret-canary".to_owned().into(),
            authority: None,
            endpoints: None,
        };
        oauth_clients::add(&scene.host, scene.acme.id, wanted).await.expect("a client");
        let moved = user(&scene, "ana").await;
        assert_eq!((&moved["connection"], &moved["connection_state"]), (&first["connection"], &json!("active")));
        assert_eq!(scene.server.manner().revoked, [former]);
    });
}

/// A channel of a connection's calendar.
fn channel(tenant: TenantId, calendar: CalendarId, now: Instant) -> Channel {
    Channel {
        tenant,
        id: "0d9ef4cb-4a3d-4b9f-8f6b-000000000001".to_owned(),
        calendar,
        kind: Origin::Google,
        digest: "0".repeat(64),
        nonce: None,
        resource: Some("resource".to_owned()),
        state: ChannelState::Live,
        expires_at: now + Elapsed::from_hours(100),
        made_at: now,
        due_at: None,
        tries: 0,
        seen: 1,
        heard_at: Some(now),
        doubted_at: None,
        version: 0,
    }
}

/// `G3.17`; and a grant that somebody else lives by stays (`reliability.md` 6.1).
#[test]
fn disconnecting_stops_channels_and_then_gives_the_grant_back_unless_somebody_lives_by_it() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let scene = Scene::new().await;
        let (store, tenant) = (&scene.host.store, scene.acme.id);
        let disconnect = async |connection: &Value| {
            let path = format!("{}/v1/connections/{}", scene.base, connection.as_str().expect("a number"));
            let cut = reqwest::Client::new().delete(path).bearer_auth(&scene.acme.key).send().await.expect("the host answers");
            assert_eq!(cut.status(), 200);
            part(&scene).await;
        };
        let first = user(&scene, "ana").await;
        // Another user of the tenant connects the same account.
        let (_, link) = scene.link("ben").await;
        let session = scene.returned(&mut Browser::new(), &link, "ana").await;
        assert_eq!(scene.complete(&scene.acme, &session, "ben").await, "200 connected");
        let second = store.connections(tenant).await.expect("a store in memory").last().expect("two").id.to_string();
        scene.server.manner().exchanges.clear();

        let calendar = store.calendars(tenant).await.expect("a store in memory")[0].id;
        let row = Write::Channel(channel(tenant, calendar, scene.host.now()));
        store.commit(Commit { tenant, writes: vec![row] }).await.expect("a store in memory");
        disconnect(&first["connection"]).await;
        assert_eq!(scene.server.manner().exchanges, ["stop"], "another connection lives by the grant");
        disconnect(&json!(second)).await;
        assert_eq!(scene.server.manner().exchanges, ["stop", "revoke"]);

        let (_, link) = scene.link("ana").await;
        let session = scene.returned(&mut Browser::new(), &link, "ana").await;
        assert_eq!(scene.complete(&scene.acme, &session, "ana").await, "200 connected");
        let calendar = store.calendars(tenant).await.expect("a store in memory")[0].id;
        let row = Write::Channel(channel(tenant, calendar, scene.host.now()));
        store.commit(Commit { tenant, writes: vec![row] }).await.expect("a store in memory");
        scene.server.manner().exchanges.clear();
        let last = store.connections(tenant).await.expect("a store in memory");
        let last = last.iter().find(|row| row.state == ConnectionState::Active).expect("one lives").id.to_string();
        disconnect(&json!(last)).await;
        assert_eq!(scene.server.manner().exchanges, ["stop", "revoke"], "in this order");
    });
}

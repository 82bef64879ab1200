//! Refreshing, against authorization servers that answer late, twice, with less, or not at all; and vectors of RFCs.

use super::clients::{Endpoints, secret_place};
use super::connect::token_place;
use super::refresh::{after_refusal, bearer};
use super::{House, Settings};
use crate::host::clock::{Boxed, Clock};
use crate::host::context::Context;
use crate::host::http::{Egress, NetError, Request, Response};
use crate::host::model::grants::{ClientRow, Grant};
use crate::host::model::{Connection, ConnectionId, ConnectionState, Origin, Tenant, TenantId};
use crate::host::seal::{RootKey, Roots, Vault};
use crate::host::store::{Commit, Memory, Moment, Store, StoreError, Write};
use crate::time::{Elapsed, Instant};
use expect_test::expect;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

mod parting;

const TENANT: TenantId = TenantId(1);
const ID: ConnectionId = ConnectionId(2);

/// A clock that moves when somebody waits.
#[derive(Default)]
struct Moving(AtomicI64);

impl Clock for Moving {
    fn now(&self) -> Instant {
        Instant::from_second(1_800_000_000 + self.0.load(Ordering::SeqCst)).expect("a time")
    }

    fn sleep_until(&self, at: Instant) -> Boxed<'_, ()> {
        Box::pin(async move {
            let left = at.duration_since(self.now()).as_secs().max(1);
            self.0.fetch_add(left, Ordering::SeqCst);
            tokio::task::yield_now().await;
        })
    }
}

/// A token endpoint that answers what it was told to, one after the other, and notes the refresh tokens that it was shown.
#[derive(Clone, Default)]
struct Endpoint {
    answers: Arc<Mutex<VecDeque<Result<Response, NetError>>>>,
    shown: Arc<Mutex<Vec<String>>>,
}

impl Endpoint {
    fn then(&self, status: u16, body: Value) -> &Self {
        self.answers.lock().expect("whole").push_back(Ok(Response::json(status, &body)));
        self
    }

    fn shown(&self) -> String {
        self.shown.lock().expect("whole").join(" ")
    }
}

impl Egress for Endpoint {
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>> {
        let form = url::form_urlencoded::parse(&request.body).into_owned();
        let token = form.into_iter().find(|(name, _)| name == "refresh_token" || name == "code").map(|(_, value)| value);
        self.shown.lock().expect("whole").push(token.unwrap_or_default());
        let answer = self.answers.lock().expect("whole").pop_front().unwrap_or(Err(NetError::Ambiguous));
        // Others get their turn while the answer is under way.
        Box::pin(async move {
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            answer
        })
    }
}

struct Stage {
    host: Context,
    endpoint: Endpoint,
    clock: Arc<Moving>,
    /// Whether the store takes commits.
    broken: Arc<AtomicBool>,
    memory: Memory,
    vault: Vault,
}

impl Stage {
    async fn new() -> Self {
        let (endpoint, clock, broken) = (Endpoint::default(), Arc::new(Moving::default()), Arc::new(AtomicBool::new(false)));
        let memory = Memory::new();
        let vault = Vault::new(Roots::new(Arc::new(RootKey::random().expect("random bytes")), vec![]), clock.clone());
        let mut stage = Self {
            host: host(&memory, &endpoint, &clock, &broken, "one"),
            endpoint,
            clock,
            broken,
            memory,
            vault: vault.clone(),
        };
        stage.host = stage.host.with_vault(vault);
        let name = "Acme".to_owned();
        let tenant = Tenant { id: TENANT, name, ..Tenant::default() };
        stage.put(vec![Write::Tenant(tenant), Write::Connection(connection())]).await;
        let sealed = stage.sealed("refresh-0").await;
        let secret =
            stage.host.vault.seal(&stage.host.store, &secret_place(TENANT, "c", Origin::Graph), &"s".to_owned().into()).await;
        let client = ClientRow {
            tenant: TENANT,
            id: "c".to_owned(),
            provider: Origin::Graph,
            client_id: "client-1".to_owned(),
            secret: secret.expect("a root key"),
            authority: "organizations".to_owned(),
            endpoints: None,
            enabled: true,
        };
        let token = Write::Token { connection: ID, was: None, is: Some(sealed) };
        stage.put(vec![Write::Client(client), token, Write::Grant(grant())]).await;
        stage
    }

    /// Another host on the same store.
    fn second(&self) -> Context {
        host(&self.memory, &self.endpoint, &self.clock, &self.broken, "two").with_vault(self.vault.clone())
    }

    async fn put(&self, writes: Vec<Write>) {
        self.host.store.commit(Commit { tenant: TENANT, writes }).await.expect("the store works");
    }

    async fn sealed(&self, token: &str) -> String {
        let place = token_place(TENANT, ID, Origin::Graph);
        self.host.vault.seal(&self.host.store, &place, &token.to_owned().into()).await.expect("a root key")
    }

    async fn row(&self) -> Connection {
        self.host.store.connection(TENANT, ID).await.expect("the store works").expect("it is there")
    }

    /// The token to show, or why there is none.
    async fn asked(&self) -> String {
        told(&self.host, &self.row().await).await
    }

    /// The refresh token that is stored.
    async fn stored(&self) -> String {
        let sealed = self.row().await.token.expect("one is stored");
        let place = token_place(TENANT, ID, Origin::Graph);
        self.host.vault.open(&self.host.store, &place, &sealed).await.expect("it opens").expose_secret().to_owned()
    }

    fn forward(&self, secs: i64) {
        self.clock.0.fetch_add(secs, Ordering::SeqCst);
    }
}

async fn told(host: &Context, row: &Connection) -> String {
    match bearer(host, row).await {
        Ok(Some(token)) => token.expose_secret().to_owned(),
        Ok(None) => "none".to_owned(),
        Err(error) => error.to_string(),
    }
}

fn host(memory: &Memory, endpoint: &Endpoint, clock: &Arc<Moving>, broken: &Arc<AtomicBool>, name: &str) -> Context {
    let broken = broken.clone();
    let store = memory.with_hook(Arc::new(move |operation, moment| {
        let fails = operation == "commit" && moment == Moment::Before && broken.load(Ordering::SeqCst);
        if fails { Err(StoreError::Unavailable) } else { Ok(()) }
    }));
    Context::new(Store::Memory(store), Arc::new(endpoint.clone()), clock.clone(), name)
}

fn connection() -> Connection {
    Connection {
        tenant: TENANT,
        id: ID,
        user: "ana".to_owned(),
        origin: Origin::Graph,
        client: "c".to_owned(),
        addresses: vec![],
        zone: None,
        state: ConnectionState::Active,
        token_file: None,
        token: None,
    }
}

fn grant() -> Grant {
    Grant {
        tenant: TENANT,
        connection: ID,
        client: "c".to_owned(),
        account: "a".to_owned(),
        name: "cu_1".to_owned(),
        bare: false,
        reason: None,
        owner: None,
        lease_until: None,
        version: 0,
    }
}

fn tokens(number: u32) -> Value {
    json!({
        "access_token": format!("access-{number}"), "token_type": "Bearer", "expires_in": 3600,
        "refresh_token": format!("refresh-{number}"), "scope": "Calendars.Read User.Read",
    })
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime").block_on(work)
}

#[test]
fn the_newest_refresh_token_is_stored_and_the_next_one_is_made_from_it() {
    run(async {
        let stage = Stage::new().await;
        stage.endpoint.then(200, tokens(1)).then(200, tokens(2));
        assert_eq!((stage.asked().await.as_str(), stage.stored().await.as_str()), ("access-1", "refresh-1"));
        // In memory for its life, and no longer.
        assert_eq!(stage.asked().await, "access-1");
        stage.forward(3600 - 60);
        assert_eq!((stage.asked().await.as_str(), stage.stored().await.as_str()), ("access-2", "refresh-2"));
        assert_eq!(stage.endpoint.shown(), "refresh-0 refresh-1");
    });
}

#[test]
fn an_answer_without_a_refresh_token_leaves_the_stored_one() {
    run(async {
        let stage = Stage::new().await;
        let mut body = tokens(1);
        body.as_object_mut().expect("an object").remove("refresh_token");
        stage.endpoint.then(200, body);
        assert_eq!((stage.asked().await.as_str(), stage.stored().await.as_str()), ("access-1", "refresh-0"));
    });
}

#[test]
fn many_who_ask_at_once_ask_the_provider_once() {
    run(async {
        let stage = Stage::new().await;
        stage.endpoint.then(200, tokens(1));
        let row = stage.row().await;
        let all = tokio::join!(told(&stage.host, &row), told(&stage.host, &row), told(&stage.host, &row));
        assert_eq!(all, ("access-1".to_owned(), "access-1".to_owned(), "access-1".to_owned()));
        assert_eq!(stage.endpoint.shown(), "refresh-0");
    });
}

#[test]
fn two_hosts_ask_one_after_the_other_each_with_the_newest() {
    run(async {
        let stage = Stage::new().await;
        stage.endpoint.then(200, tokens(1)).then(200, tokens(2));
        let (row, second) = (stage.row().await, stage.second());
        let (one, two) = tokio::join!(told(&stage.host, &row), told(&second, &row));
        assert_eq!((one.as_str(), two.as_str()), ("access-1", "access-2"));
        assert_eq!((stage.endpoint.shown().as_str(), stage.stored().await.as_str()), ("refresh-0 refresh-1", "refresh-2"));
    });
}

#[test]
fn what_cannot_be_stored_is_not_used_and_not_lost() {
    run(async {
        let stage = Stage::new().await;
        stage.endpoint.then(200, tokens(1));
        let row = stage.row().await;
        // The claim is stored, what came is not.
        let (told, ()) = tokio::join!(told(&stage.host, &row), async {
            tokio::task::yield_now().await;
            stage.broken.store(true, Ordering::SeqCst);
        });
        assert_eq!(told, "try again: store");
        stage.broken.store(false, Ordering::SeqCst);
        assert_eq!(stage.stored().await, "refresh-0");
        stage.forward(10);
        assert_eq!((stage.asked().await.as_str(), stage.stored().await.as_str()), ("access-1", "refresh-1"));
        assert_eq!(stage.endpoint.shown(), "refresh-0");
    });
}

#[test]
fn a_reconnect_wins_over_a_refresh_that_is_under_way() {
    run(async {
        let stage = Stage::new().await;
        stage.endpoint.then(200, tokens(1)).then(200, tokens(2));
        let row = stage.row().await;
        let renewed = stage.sealed("refresh-new").await;
        let (told, ()) = tokio::join!(told(&stage.host, &row), async {
            tokio::task::yield_now().await;
            stage.put(vec![Write::Token { connection: ID, was: row.token.clone(), is: Some(renewed) }]).await;
        });
        assert_eq!((told.as_str(), stage.stored().await.as_str()), ("access-2", "refresh-2"));
        assert_eq!(stage.endpoint.shown(), "refresh-0 refresh-new");
    });
}

#[test]
fn refusals_are_told_apart_and_a_client_at_fault_disconnects_nobody() {
    let mut told = String::new();
    for (status, body) in [
        (400, json!({ "error": "invalid_grant" })),
        (400, json!({ "error": "invalid_grant", "error_subtype": "invalid_rapt" })),
        (400, json!({ "error": "invalid_grant", "error_codes": [700_082] })),
        (400, json!({ "error": "invalid_grant", "error_codes": [50_173] })),
        (400, json!({ "error": "interaction_required", "error_codes": [50_076] })),
        (401, json!({ "error": "invalid_client", "error_codes": [7_000_222] })),
        (401, json!({ "error": "invalid_client" })),
        (503, json!({ "error": "invalid_grant" })),
        (429, json!({})),
        (200, json!({ "token_type": "Bearer" })),
        (200, json!({ "access_token": "line\nbreak", "token_type": "Bearer" })),
        (200, json!({ "access_token": "a", "token_type": "Bearer", "scope": "User.Read", "refresh_token": "refresh-1" })),
        (400, json!("invalid_grant")),
    ] {
        run(async {
            let stage = Stage::new().await;
            stage.endpoint.then(status, body.clone());
            let answer = stage.asked().await;
            let row = stage.host.store.grant(TENANT, ID).await.expect("the store works").expect("it is there");
            assert_eq!((row.owner, row.lease_until), (None, None), "the claim is let go");
            let reason = row.reason.unwrap_or_else(|| "–".to_owned());
            let alarm = stage.host.tokens.refused().len();
            told.push_str(&format!(
                "{status} {body}\n  {answer}; told {reason}; clients refused {alarm}; kept {}\n",
                stage.stored().await
            ));
        });
    }
    expect![[r#"
        400 {"error":"invalid_grant"}
          grant gone: grant-gone; told grant-gone; clients refused 0; kept refresh-0
        400 {"error":"invalid_grant","error_subtype":"invalid_rapt"}
          grant gone: session-control; told session-control; clients refused 0; kept refresh-0
        400 {"error":"invalid_grant","error_codes":[700082]}
          grant gone: unused-too-long; told unused-too-long; clients refused 0; kept refresh-0
        400 {"error":"invalid_grant","error_codes":[50173]}
          grant gone: password-changed; told password-changed; clients refused 0; kept refresh-0
        400 {"error":"interaction_required","error_codes":[50076]}
          grant gone: interaction-required; told interaction-required; clients refused 0; kept refresh-0
        401 {"error":"invalid_client","error_codes":[7000222]}
          our fault: client-secret-expired; told –; clients refused 1; kept refresh-0
        401 {"error":"invalid_client"}
          our fault: client-refused; told –; clients refused 1; kept refresh-0
        503 {"error":"invalid_grant"}
          try again: server; told –; clients refused 0; kept refresh-0
        429 {}
          try again: throttled; told –; clients refused 0; kept refresh-0
        200 {"token_type":"Bearer"}
          try again: no-token-answer; told –; clients refused 0; kept refresh-0
        200 {"access_token":"line\nbreak","token_type":"Bearer"}
          try again: no-token-answer; told –; clients refused 0; kept refresh-0
        200 {"access_token":"a","token_type":"Bearer","scope":"User.Read","refresh_token":"refresh-1"}
          permission missing: scope-withdrawn; told –; clients refused 0; kept refresh-1
        400 "invalid_grant"
          try again: unexpected-status; told –; clients refused 0; kept refresh-0
    "#]]
    .assert_eq(&told);
}

#[test]
fn after_a_failure_nobody_asks_for_a_while() {
    run(async {
        let stage = Stage::new().await;
        assert_eq!(stage.asked().await, "try again: no-answer");
        assert_eq!(stage.asked().await, "try again: token-later");
        assert_eq!(stage.endpoint.shown(), "refresh-0");
        stage.forward(60);
        stage.endpoint.then(200, tokens(1));
        assert_eq!(stage.asked().await, "access-1");
    });
}

#[test]
fn a_token_that_the_provider_refuses_is_replaced_once() {
    run(async {
        let stage = Stage::new().await;
        stage.endpoint.then(200, tokens(1)).then(200, tokens(2));
        let row = stage.row().await;
        let first = bearer(&stage.host, &row).await.expect("one").expect("one");
        let next = after_refusal(&stage.host, &row, &first).await.expect("one").expect("one");
        assert_eq!(next.expose_secret(), "access-2");
        // Who still holds the first one gets what there is, and asks nobody.
        let again = after_refusal(&stage.host, &row, &first).await.expect("one").expect("one");
        assert_eq!((again.expose_secret(), stage.endpoint.shown().as_str()), ("access-2", "refresh-0 refresh-1"));
    });
}

#[test]
fn a_lease_whose_host_died_is_taken_over() {
    run(async {
        let stage = Stage::new().await;
        let until = stage.host.now() + Elapsed::from_secs(40);
        let row = stage.host.store.grant(TENANT, ID).await.expect("the store works").expect("it is there");
        stage.put(vec![Write::Grant(Grant { owner: Some("dead".to_owned()), lease_until: Some(until), ..row })]).await;
        stage.endpoint.then(200, tokens(1));
        assert_eq!(stage.asked().await, "access-1");
        assert!(stage.host.now() >= until, "its time is waited for");
    });
}

/// RFC 7636 Appendix B; RFC 6749 5.1, 5.2 and 6.
#[test]
fn vectors_of_the_rfcs_hold() {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/fixtures");
    let folder = std::env::var("CALLSHEET_FIXTURES").unwrap_or_else(|_| beside.to_owned());
    let Ok(text) = std::fs::read_to_string(format!("{folder}/vectors/oauth.json")) else { return };
    let vectors: Value = serde_json::from_str(&text).expect("JSON");
    let cases = vectors["cases"].as_array().expect("cases");
    for case in cases {
        let name = case["case"].as_str().expect("a name");
        run(async {
            let stage = Stage::new().await;
            let text = |value: &Value| value.as_str().expect("a text").to_owned();
            match name {
                "PKCE S256" => {
                    let client = super::clients::tests_client(Origin::Google, Endpoints::published(Origin::Google, ""));
                    let verifier = text(&case["code_verifier"]).into();
                    let url = super::token::authorize_url(&client, "https://us.example/cb", ("s", "n", &verifier)).expect("URLs");
                    assert!(url.contains(&format!("code_challenge={}", text(&case["code_challenge"]))), "{url}");
                    assert!(url.contains("code_challenge_method=S256"));
                }
                // Its token type is one that nobody can show; what matters here is what is read.
                "token response" => {
                    stage.endpoint.then(200, case["body"].clone());
                    assert_eq!(stage.asked().await, text(&case["body"]["access_token"]));
                    assert_eq!(stage.stored().await, text(&case["body"]["refresh_token"]));
                }
                "token error" => {
                    let status = u16::try_from(case["status"].as_u64().expect("a number")).expect("a status");
                    stage.endpoint.then(status, case["body"].clone());
                    assert_eq!(stage.asked().await, "our fault: client-refused");
                }
                "refresh request" => {
                    let token = text(&case["form"]["refresh_token"]);
                    let sealed = stage.sealed(&token).await;
                    let was = stage.row().await.token;
                    stage.put(vec![Write::Token { connection: ID, was, is: Some(sealed) }]).await;
                    let _unanswered = stage.asked().await;
                    assert_eq!(stage.endpoint.shown(), token);
                }
                other => panic!("nobody knows the case {other}"),
            }
        });
    }
    assert_eq!(cases.len(), 4);
}

#[test]
fn settings_show_no_secret() {
    let house = House {
        provider: Origin::Google,
        client_id: "c".to_owned(),
        secret: Some("ca-na-ry".to_owned().into()),
        authority: String::new(),
        endpoints: Endpoints::published(Origin::Google, ""),
    };
    assert!(!format!("{:?}", Settings { public_url: None, houses: vec![house] }).contains("ca-na-ry"));
}

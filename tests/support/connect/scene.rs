//! A host with two tenants, their clients and keys, served on loopback.

use super::browser::Browser;
use super::server::Server;
use callsheet::host::api::{self, auth::Scope};
use callsheet::host::clock::{Boxed, Clock};
use callsheet::host::context::Context;
use callsheet::host::model::{ConnectionState, Origin, TenantId};
use callsheet::host::oauth::{Endpoints, House, Settings, pages};
use callsheet::host::operations::{keys, oauth_clients, tenants};
use callsheet::host::seal::{RootKey, Roots, Vault};
use callsheet::host::store::{Memory, Store};
use callsheet::time::{Elapsed, Instant};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// A clock that tests move.
#[derive(Clone, Default)]
pub struct Hand(Arc<AtomicI64>);

impl Hand {
    pub fn forward(&self, secs: i64) {
        self.0.fetch_add(secs, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> Instant {
        Instant::from_second(1_800_000_000 + self.0.load(Ordering::SeqCst)).expect("a time")
    }

    fn sleep_until(&self, _: Instant) -> Boxed<'_, ()> {
        Box::pin(tokio::task::yield_now())
    }
}

/// A tenant, as its own program knows it.
pub struct Customer {
    pub id: TenantId,
    /// A key with the scopes `read` and `connect`.
    pub key: String,
    /// The word of its Google client.
    pub client: String,
    /// The word of its Microsoft client.
    pub microsoft: String,
}

pub struct Scene {
    pub host: Context,
    pub base: String,
    pub server: Server,
    pub clock: Hand,
    pub acme: Customer,
    pub evil: Customer,
    client: reqwest::Client,
    log: Arc<Mutex<String>>,
}

pub const RETURN: &str = "https://app.acme.example/connected?x=1";
pub const BARE: &str = "https://app.acme.example/bare";

impl Scene {
    pub async fn new() -> Self {
        let (server, clock) = (Server::default(), Hand::default());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let base = format!("http://{}", listener.local_addr().expect("it is bound"));
        let mut host = Context::new(Store::Memory(Memory::new()), Arc::new(server.clone()), Arc::new(clock.clone()), "host");
        // The time is not in doubt any more after five seconds.
        clock.forward(6);
        let root = RootKey::random().expect("random bytes");
        host = host.with_vault(Vault::new(Roots::new(Arc::new(root), vec![]), Arc::new(clock.clone())));
        let house = House {
            provider: Origin::Google,
            client_id: "house-client".to_owned(),
            secret: Some("house-secret-canary".to_owned().into()),
            authority: String::new(),
            endpoints: Endpoints::published(Origin::Google, ""),
        };
        host.oauth = Arc::new(Settings { public_url: Some(base.clone()), houses: vec![house] });
        let acme = customer(&host, "Acme", RETURN).await;
        let evil = customer(&host, "Evil", "https://evil.example/back").await;
        oauth_clients::add_return_url(&host, acme.id, BARE, true).await.expect("a URL");
        let router = api::router(host.clone(), &api::Settings::of_this_process()).merge(pages::router(host.clone()));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { host, base, server, clock, acme, evil, client: reqwest::Client::new(), log: Arc::default() }
    }

    /// Asks the interface; status and answer.
    pub async fn ask(&self, key: &str, path: &str, body: &Value) -> (u16, Value) {
        self.send(key, path, body.to_string().into_bytes()).await
    }

    pub async fn send(&self, key: &str, path: &str, body: Vec<u8>) -> (u16, Value) {
        let request = self.client.post(format!("{}{path}", self.base)).header("content-type", "application/json");
        let request = if key.is_empty() { request } else { request.bearer_auth(key) };
        let answer = request.body(body).send().await.expect("the host answers");
        let status = answer.status().as_u16();
        let text = answer.text().await.expect("a body");
        self.log.lock().expect("nobody panics with it").push_str(&text);
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    pub async fn look(&self, key: &str, path: &str) -> (u16, Value) {
        let answer = self.client.get(format!("{}{path}", self.base)).bearer_auth(key).send().await.expect("the host answers");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    /// A link for a user of Acme: the flow and the link.
    pub async fn link(&self, user: &str) -> (String, String) {
        self.link_of(&self.acme, "google", user, RETURN).await
    }

    pub async fn link_of(&self, customer: &Customer, provider: &str, user: &str, return_url: &str) -> (String, String) {
        let mode = if return_url == BARE { "bare" } else { "session" };
        let body = json!({ "customer_user_id": user, "return_url": return_url, "mode": mode });
        let (status, told) = self.ask(&customer.key, &format!("/v1/calendar/connect/{provider}"), &body).await;
        assert_eq!(status, 201, "{told}");
        let text = |name: &str| told[name].as_str().expect("a text").to_owned();
        (text("flow"), text("redirect_url"))
    }

    /// A browser that begins: where the provider's page is.
    pub async fn begun(&self, browser: &mut Browser, link: &str) -> String {
        assert_eq!(browser.get(link).await.status, 200);
        let sent = browser.post(link).await;
        assert_eq!(sent.status, 303, "{}", sent.body);
        sent.location.expect("where to go")
    }

    /// A user goes all the way: the session reference that the tenant gets.
    pub async fn returned(&self, browser: &mut Browser, link: &str, account: &str) -> String {
        let authorize = self.begun(browser, link).await;
        let landed = browser.get(&self.server.consent(&authorize, account)).await;
        let location = landed.location.unwrap_or_else(|| panic!("{} {}", landed.status, landed.body));
        super::server::query(&location).remove("session_ref").expect("a session reference")
    }

    pub async fn complete(&self, customer: &Customer, session: &str, user: &str) -> String {
        let body = json!({ "session_ref": session, "customer_user_id": user });
        let (status, told) = self.ask(&customer.key, "/v1/calendar/connect/complete", &body).await;
        told_of(status, &told)
    }

    /// Connections that read calendars, of all tenants.
    pub async fn connected(&self) -> usize {
        let mut count = 0;
        for tenant in [&self.acme, &self.evil] {
            let all = self.host.store.connections(tenant.id).await.expect("a store in memory");
            count += all.iter().filter(|row| row.state == ConnectionState::Active && row.token.is_some()).count();
        }
        count
    }

    /// Everything that the interface answered with.
    pub fn answers(&self) -> String {
        self.log.lock().expect("nobody panics with it").clone()
    }

    pub fn pass(&self, minutes: i64) {
        self.clock.forward(Elapsed::from_mins(minutes).as_secs());
    }
}

/// Status, state and reason; or the problem.
pub fn told_of(status: u16, told: &Value) -> String {
    let word = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
    if status >= 400 {
        return format!("{status} {}: {}", word("type"), word("detail"));
    }
    format!("{status} {} {}", word("state"), word("reason")).trim_end().to_owned()
}

async fn customer(host: &Context, name: &str, return_url: &str) -> Customer {
    let wanted = tenants::Wanted { name: Some(name.to_owned()), ..tenants::Wanted::default() };
    let id = tenants::add(host, wanted).await.expect("a tenant").id;
    let client = async |provider| {
        let wanted = oauth_clients::Wanted {
            provider,
            client_id: format!("{name}-client"),
            secret: format!("{name}-secret-canary").into(),
            authority: None,
            endpoints: None,
        };
        oauth_clients::add(host, id, wanted).await.expect("a client").id
    };
    let (google, microsoft) = (client(Origin::Google).await, client(Origin::Graph).await);
    oauth_clients::add_return_url(host, id, return_url, false).await.expect("a URL");
    let scopes = BTreeSet::from([Scope::Read, Scope::Connect]);
    let (_, key) = keys::add(host, id, "test", &scopes, &api::random()).await.expect("a key");
    Customer { id, key, client: google, microsoft }
}

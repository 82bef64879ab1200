//! The real program with its programming interface: two tenants, a calendar each, keys, and a client that shows every header.

use crate::load::postgres;
use crate::load::process::{Folder, health};
use callsheet::host::api::auth::Scope;
use callsheet::host::clock::SystemClock;
use callsheet::host::context::Context;
use callsheet::host::model::grants::{Flow, FlowState};
use callsheet::host::model::{Endpoint, EndpointId, EndpointState, KeyId, Origin, TenantId};
use callsheet::host::operations::connections::Source;
use callsheet::host::operations::{Nowhere, connections, errands, keys, tenants};
use callsheet::host::store::{Commit, Store, Write};
use callsheet::time::{Elapsed, Instant};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

/// Stands in everything that people, providers or callers fill.
pub const CANARY: &str = "xqcanaryzv";
/// The same for the tenant whose connections lead nowhere.
pub const LEAK: &str = "xqleakyzv";
/// The end user of the first tenant.
pub const USER: &str = "ana-xqcanaryzv";

/// A running host.
pub struct Stage {
    pub folder: Folder,
    pub store: String,
    pub address: String,
    /// Keys by what they are for.
    pub keys: BTreeMap<&'static str, String>,
    child: Child,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// Checks that it is a problem, and answers with it.
    pub fn problem(&self) -> Value {
        assert_eq!(self.headers.get("content-type").map(String::as_str), Some("application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status, "{self:?}");
        assert_eq!(problem["instance"].as_str(), self.headers.get("x-request-id").map(String::as_str));
        problem
    }
}

/// A calendar with meetings of the next days.
fn calendar(word: &str) -> String {
    let mut text = String::from("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//t//t//EN\r\n");
    for number in 1..=5 {
        let stamp = |hours: i64| (Instant::now() + Elapsed::from_hours(hours)).strftime("%Y%m%dT%H0000Z").to_string();
        text.push_str(&format!(
            "BEGIN:VEVENT\r\nUID:{word}-{number}@x.example\r\nDTSTAMP:20260101T000000Z\r\nDTSTART:{}\r\nDTEND:{}\r\nSUMMARY:Talk {number} {word}\r\n\
             ORGANIZER:mailto:boss-{word}@acme.example\r\nATTENDEE:mailto:guest-{word}@other.example\r\n\
             LOCATION:https://zoom.us/j/{number}23456789?pwd={word}\r\nEND:VEVENT\r\n",
            stamp(24 + number),
            stamp(25 + number),
        ));
    }
    text + "END:VCALENDAR\r\n"
}

impl Stage {
    /// On SQLite and, where it is installed, on PostgreSQL.
    pub fn each(name: &str, check: impl Fn(&mut Self)) {
        let folder = Folder::new(name);
        let store = folder.store();
        check(&mut Self::new(folder, store));
        if let Some(url) = postgres::database() {
            check(&mut Self::new(Folder::new(name), url));
        }
    }

    fn new(folder: Folder, store: String) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime without threads");
        let keys = runtime.block_on(filled(&folder, &store));
        let config = folder.0.join("host.toml");
        let text = "[bots]\nurl = \"http://127.0.0.1:1\"\n[api]\nrequests_per_second = 1000000\npublic_url = \"https://callsheet.example\"\n\
                    [providers]\ngoogle = \"http://127.0.0.1:1/calendar/v3\"\n";
        std::fs::write(&config, text).expect("a scratch file");
        let child = started(&folder, &store);
        let mut stage = Self { folder, store, address: String::new(), keys, child };
        stage.wait();
        stage
    }

    /// Kills the host, and starts another one on what it left.
    pub fn restart(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it was started here");
        self.child = started(&self.folder, &self.store);
        self.wait();
    }

    /// Runs a command for the first tenant on the store, beside the host.
    pub fn admin(&self, words: &[&str]) {
        let command = program().arg("admin").args(words).args(["--tenant", "1", "--database", &self.store]).output();
        let output = command.expect("the program starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Until it serves, and has read both calendars: five meetings each, and the one that a bot was sent to.
    fn wait(&mut self) {
        let begun = std::time::Instant::now();
        let said = || std::fs::read_to_string(self.folder.log()).unwrap_or_default();
        loop {
            assert!(begun.elapsed() < Duration::from_secs(60), "not in time: {}", said());
            std::thread::sleep(Duration::from_millis(50));
            if health(&self.folder.log(), "/readyz").is_none_or(|(status, _)| status != 200) {
                continue;
            }
            let said = said();
            let line = said.lines().rev().find_map(|line| line.split_once("health and metrics on http://")).expect("it said so");
            self.address = line.1.split('/').next().expect("an address").to_owned();
            let read = |key| self.get(key, "/v1/events").json()["items"].as_array().is_some_and(|items| items.len() == 6);
            if read("all") && read("other") {
                return;
            }
        }
    }

    pub fn get(&self, key: &str, path: &str) -> Answer {
        self.ask("GET", path, key, &[], b"")
    }

    pub fn send(&self, method: &str, path: &str, body: &Value) -> Answer {
        self.ask(method, path, "all", &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    /// One request on a connection of its own, as it is.
    pub fn ask(&self, method: &str, path: &str, key: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.address).expect("the host listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a limit");
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n", self.address);
        if let Some(key) = self.keys.get(key) {
            head.push_str(&format!("authorization: Bearer {key}\r\n"));
        }
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
        stream.write_all(&[head.as_bytes(), body].concat()).expect("the host reads");
        let mut answer = Vec::new();
        // A large body is refused before it is read: what was said before the connection went counts.
        let _reset = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{method} {path}: {answer}"));
        let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).expect("a status");
        let headers = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        Answer { status, headers, body: body.to_owned() }
    }

    /// The number of a tenant's flow.
    pub fn flow(&self, key: &str) -> String {
        flow_of(key).to_string()
    }

    pub fn document(&self) -> Value {
        self.ask("GET", "/v1/openapi.json", "", &[], b"").json()
    }

    /// Everything that the tables hold, as text, by table.
    pub fn tables(&self) -> BTreeMap<String, String> {
        if self.store.starts_with("postgres") {
            let names = postgres::as_superuser(&self.store, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
            let dump = |name: &str| postgres::as_superuser(&self.store, &format!("COPY {name} TO STDOUT"));
            return names.lines().map(|name| (name.to_owned(), dump(name))).collect();
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime without threads");
        runtime.block_on(dumped(&self.store))
    }
}

/// The program, with the root key.
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callsheet"));
    command.env_remove("CALLSHEET_STORE").env("CALLSHEET_ROOT_KEY", "Y2FsbHNoZWV0IHJvb3Qga2V5LCBmb3IgdGVzdHMgISE=");
    command
}

fn started(folder: &Folder, store: &str) -> Child {
    let log = std::fs::File::create(folder.log()).expect("a scratch file");
    program()
        .args(["serve", "--store", store, "--listen", "127.0.0.1:0", "--show", "log", "--config"])
        .arg(folder.0.join("host.toml"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("a second handle"))
        .stderr(log)
        .spawn()
        .expect("the program starts")
}

async fn dumped(store: &str) -> BTreeMap<String, String> {
    use sqlx::{AssertSqlSafe, Column as _, Connection as _, Row as _};
    let mut connection = sqlx::SqliteConnection::connect(store).await.expect("the file is there");
    let names =
        sqlx::query("SELECT name FROM sqlite_master WHERE type = 'table'").fetch_all(&mut connection).await.expect("tables");
    let mut all = BTreeMap::new();
    for name in names.iter().map(|row| row.get::<String, _>(0)) {
        let rows = sqlx::query(AssertSqlSafe(format!("SELECT * FROM {name}"))).fetch_all(&mut connection).await.expect("rows");
        let cells = rows.iter().flat_map(|row| {
            row.columns().iter().map(|column| row.try_get_unchecked::<String, _>(column.ordinal()).unwrap_or_default())
        });
        all.insert(name, cells.collect::<Vec<_>>().join("\n"));
    }
    all
}

/// A tenant whose connections and receiver lead nowhere, by names and tokens that must not be told.
async fn leaky(host: &Context, folder: &Folder) {
    let tenant = tenants::add(host, tenants::Wanted { name: Some(LEAK.to_owned()), ..tenants::Wanted::default() });
    let tenant = tenant.await.expect("it can be made").id;
    let token = folder.0.join("token");
    std::fs::write(&token, format!("ya29.{LEAK}")).expect("a scratch file");
    // One that says who asks, and one whose path and query open it.
    let sources = [
        Source::FeedUrl(format!("https://{LEAK}:{LEAK}@feeds.invalid/{LEAK}.ics?token={LEAK}")),
        Source::FeedUrl(format!("https://feeds.invalid/{LEAK}.ics?token={LEAK}")),
        Source::Google(format!("{LEAK}@group.calendar.google.com"), token),
    ];
    for source in sources {
        let addresses = vec![format!("{LEAK}@acme.example")];
        let wanted = connections::Wanted { user: LEAK.to_owned(), source, addresses, zone: None };
        connections::add(host, tenant, wanted).await.expect("it can be made");
    }
    receiver(host, tenant, LEAK, EndpointState::Unproven).await;
}

/// Two tenants, each with a calendar, a receiver, a bot that was sent, and keys.
async fn filled(folder: &Folder, url: &str) -> BTreeMap<&'static str, String> {
    let store = Store::open(url).await.expect("the database is there");
    let host = Context::new(store, Arc::new(Nowhere), Arc::new(SystemClock), "test");
    let mut made = BTreeMap::new();
    let mut random = 0_u8;
    for (name, word, user) in [("all", CANARY, USER), ("other", "other", "ben")] {
        let file = folder.0.join(format!("{word}.ics"));
        std::fs::write(&file, calendar(word)).expect("a scratch file");
        let own_domains = Some(vec!["@acme.example".to_owned()]);
        let tenant =
            tenants::add(&host, tenants::Wanted { name: Some(name.to_owned()), own_domains, ..tenants::Wanted::default() });
        let tenant = tenant.await.expect("it can be made").id;
        let wanted = connections::Wanted {
            user: user.to_owned(),
            source: Source::FeedFile(file),
            addresses: vec![format!("boss-{word}@acme.example")],
            zone: None,
        };
        connections::add(&host, tenant, wanted).await.expect("it can be made");
        let link = format!("https://zoom.us/j/99{}?pwd={word}", tenant.0 + 10_000_000);
        let at = Some(Instant::now() + Elapsed::from_hours(100));
        let wanted = errands::Wanted { link, at, title: Some(format!("Call {word}")), name: None };
        errands::send(&host, tenant, wanted).await.expect("it can be sent");
        receiver(&host, tenant, word, EndpointState::Disabled).await;
        flow(&host, tenant, (flow_of(name), user)).await;
        let mut key = |scopes: &[Scope]| {
            random += 1;
            (scopes.iter().copied().collect::<BTreeSet<_>>(), [random; 32])
        };
        let (scopes, bytes) = key(Scope::ALL);
        made.insert(name, keys::add(&host, tenant, name, &scopes, &bytes).await.expect("it can be made").1);
        if name == "all" {
            for scope in Scope::ALL {
                let (scopes, bytes) = key(&[*scope]);
                made.insert(
                    scope.word(),
                    keys::add(&host, tenant, scope.word(), &scopes, &bytes).await.expect("it can be made").1,
                );
            }
            let (scopes, bytes) = key(Scope::ALL);
            let (row, text) = keys::add(&host, tenant, "revoked", &scopes, &bytes).await.expect("it can be made");
            keys::revoke(&host, tenant, KeyId(row.id.0), keys::Leave::Nothing).await.expect("it is there");
            made.insert("revoked", text);
        }
    }
    leaky(&host, folder).await;
    host.store.close().await;
    made
}

/// A flow that has ended, and can be looked at.
async fn flow(host: &Context, tenant: TenantId, (id, user): (u64, &str)) {
    let now = Instant::now();
    let row = Flow {
        tenant,
        id,
        provider: Origin::Google,
        client: "client".to_owned(),
        user: user.to_owned(),
        return_url: format!("https://app.example.com/{user}"),
        bare: false,
        state: FlowState::Failed,
        ref_hash: None,
        state_hash: None,
        cookie_hash: None,
        nonce_hash: None,
        session_hash: None,
        verifier: None,
        code: None,
        reason: Some("access-denied".to_owned()),
        connection: None,
        made_at: now,
        expires_at: now + Elapsed::from_hours(24),
        version: 0,
    };
    host.store.commit(Commit { tenant, writes: vec![Write::Flow(row)] }).await.expect("the store works");
}

fn flow_of(key: &str) -> u64 {
    if key == "all" { 5001 } else { 5002 }
}

async fn receiver(host: &Context, tenant: TenantId, word: &str, state: EndpointState) {
    let id = EndpointId(host.store.next_id().await.expect("the store works"));
    let secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD".to_owned();
    let row = Endpoint::unproven(tenant, id, format!("https://hooks.example.com/{word}?key={word}"), secret, Instant::now());
    let due_at = row.due_at.filter(|_| state == EndpointState::Unproven);
    let row = Endpoint { state, due_at, ..row };
    host.store.commit(Commit { tenant, writes: vec![Write::Endpoint(row)] }).await.expect("the store works");
}

//! Connecting a calendar end to end: the real program, the OpenID provider of another project (`tests/oidc`), and a browser.

use crate::connect::browser::{Browser, Seen};
use crate::connect::server::{CALENDAR, query};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Nobody waits longer for anything.
pub const PATIENCE: Duration = Duration::from_secs(90);
pub const RETURN: &str = "https://app.acme.example/connected";
/// A directory of Microsoft's, and another one, whose accounts our client does not take.
const DIRECTORY: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
const OTHER: &str = "0aa00000-0000-4000-8000-000000000002";

/// Where the provider's package is installed; `None`, loudly, where it is not.
pub fn package() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oidc");
    if folder.join("node_modules/oidc-provider").exists() {
        return Some(folder);
    }
    eprintln!("the tests against the OpenID provider did not run: `npm ci --prefix tests/oidc` installs it");
    None
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

/// A process that ends with the test.
pub struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ended_before = self.0.kill();
        let _ended = self.0.wait();
    }
}

/// One process of a host: its role, and the folder below the desk's that it runs in.
#[derive(Clone, Copy)]
pub struct Part {
    pub role: &'static str,
    pub folder: &'static str,
}

/// A host that is one process.
const WHOLE: &[Part] = &[Part { role: "all", folder: "." }];

/// A folder, a host in it, and a provider beside it.
pub struct Desk {
    pub folder: PathBuf,
    pub base: String,
    /// Where each part of the host listens, by role.
    pub bases: BTreeMap<&'static str, String>,
    issuer: String,
    /// The word of the Microsoft client.
    microsoft: String,
    /// The word of one that is disabled, whose server answers for another directory.
    stranger: String,
    pub key: String,
    pub client: reqwest::Client,
    provider: Option<Process>,
    pub hosts: BTreeMap<&'static str, Process>,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.hosts.clear();
        self.provider = None;
        let _left_behind = std::fs::remove_dir_all(&self.folder);
    }
}

impl Desk {
    async fn new(package: &Path) -> Self {
        Self::of(package, "sqlite:host.db", WHOLE).await
    }

    /// A host of these parts, of which the world reaches the last, with its state in a store.
    pub async fn of(package: &Path, store: &str, parts: &[Part]) -> Self {
        let (own, other) = (free_port(), free_port());
        let folder = std::env::temp_dir().join(format!("callsheet-connecting-{}-{own}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
        let mut desk = Self {
            folder,
            base: format!("http://127.0.0.1:{own}"),
            bases: BTreeMap::new(),
            issuer: format!("http://127.0.0.1:{other}"),
            microsoft: String::new(),
            stranger: String::new(),
            key: String::new(),
            client: reqwest::Client::new(),
            provider: None,
            hosts: BTreeMap::new(),
        };
        desk.admin(&["sealing-keys", "new-root", "root.key"]);
        desk.file("client.secret", "client-secret-canary-0123456789abcdef");
        let endpoints = json!({
            "authorize": format!("{}/auth", desk.issuer), "token": format!("{}/token", desk.issuer),
            "revoke": format!("{}/token/revocation", desk.issuer), "issuer": desk.issuer,
        });
        desk.file("endpoints.json", &endpoints.to_string());
        for (name, directory) in [("microsoft.json", DIRECTORY), ("other.json", OTHER)] {
            let below = |path: &str| format!("{}/{directory}/v2.0/{path}", desk.issuer);
            let endpoints = json!({
                "authorize": below("auth"), "token": below("token"), "admin_consent": below("adminconsent"),
                "issuer": format!("{}/{{tenantid}}/v2.0", desk.issuer),
            });
            desk.file(name, &endpoints.to_string());
        }
        for (number, part) in parts.iter().enumerate() {
            let port = if number + 1 == parts.len() { own } else { free_port() };
            desk.bases.insert(part.role, format!("http://127.0.0.1:{port}"));
            desk.configure(*part, store, port);
            desk.begin(*part).await;
        }
        let args = [
            "oauth-clients",
            "add",
            "google",
            "--client-id",
            "acme",
            "--secret-file",
            "client.secret",
            "--endpoints",
            "endpoints.json",
        ];
        let client = desk.admin(&args)["client"].as_str().expect("its word").to_owned();
        // Both are of one directory; the server of the second one answers for another.
        let microsoft = desk.microsoft("microsoft.json");
        let stranger = desk.microsoft("other.json");
        desk.admin(&["oauth-clients", "disable", &stranger]);
        desk.admin(&["return-urls", "add", RETURN]);
        desk.key =
            desk.admin(&["keys", "add", "test", "--scope", "read,write,connect"])["secret"].as_str().expect("a key").to_owned();
        let registered = |client: &str| {
            json!([{
                "client_id": "acme", "client_secret": "client-secret-canary-0123456789abcdef",
                "redirect_uris": [format!("{}/oauth/callback/{client}", desk.base)],
            }])
        };
        let settings = json!({
            "clients": registered(&client),
            "directories": { DIRECTORY: registered(&microsoft), OTHER: registered(&stranger) },
        });
        (desk.microsoft, desk.stranger) = (microsoft, stranger);
        let mut node = Command::new("node")
            .args(["provider.mjs", &other.to_string(), &settings.to_string()])
            .current_dir(package)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("node starts");
        let mut ready = String::new();
        BufReader::new(node.stdout.take().expect("it is piped")).read_line(&mut ready).expect("it says something");
        assert_eq!(ready.trim(), "ready");
        desk.provider = Some(Process(node));
        desk
    }

    /// Writes a part's configuration. What opens secrets is in the folder above that of a part that is not to open any.
    fn configure(&self, part: Part, store: &str, port: u16) {
        let folder = self.folder.join(part.folder);
        std::fs::create_dir_all(&folder).expect("a scratch folder");
        std::fs::write(folder.join("shared.key"), "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=").expect("a scratch file");
        let store = if part.folder == "." { store.to_owned() } else { store.replace("sqlite:", "sqlite:../") };
        let secrets = "[bots]\nurl = \"http://127.0.0.1:9\"\n[secrets]\nroot_key_file = \"root.key\"\n";
        let config = format!(
            "store = \"{store}\"\nlisten = \"127.0.0.1:{port}\"\nrole = \"{}\"\n[api]\npublic_url = \"{}\"\n\
             secret_file = \"shared.key\"\n{}[providers]\ngoogle = \"{}/calendar/v3\"\ngraph = \"{}/graph/v1.0\"\n",
            part.role,
            self.base,
            if part.role == "api" { "" } else { secrets },
            self.issuer,
            self.issuer
        );
        std::fs::write(folder.join("callsheet.toml"), config).expect("a scratch file");
    }

    fn file(&self, name: &str, content: &str) {
        std::fs::write(self.folder.join(name), content).expect("a scratch file");
    }

    /// Adds a client of Microsoft for one directory, whose server is where a file says; its word.
    fn microsoft(&self, endpoints: &str) -> String {
        let args = ["oauth-clients", "add", "microsoft", "--client-id", "acme", "--secret-file", "client.secret"];
        let more = ["--authority", DIRECTORY, "--endpoints", endpoints];
        self.admin(&[&args[..], &more[..]].concat())["client"].as_str().expect("its word").to_owned()
    }

    /// Starts a part of the host, and waits until it answers.
    pub async fn begin(&mut self, part: Part) {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(self.folder.join("log")).expect("a scratch file");
        let child = Command::new(env!("CARGO_BIN_EXE_callsheet"))
            .args(["serve", "--config", "callsheet.toml", "--show", "log"])
            .current_dir(self.folder.join(part.folder))
            .env_remove("CALLSHEET_STORE")
            .stdout(log.try_clone().expect("a handle"))
            .stderr(log)
            .spawn()
            .expect("the program starts");
        self.hosts.insert(part.role, Process(child));
        let begun = Instant::now();
        loop {
            let answer = self.client.get(format!("{}/readyz", self.bases[part.role])).send().await;
            if answer.is_ok_and(|answer| answer.status() == 200) {
                return;
            }
            assert!(begun.elapsed() < PATIENCE, "the host does not answer:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    pub fn admin(&self, arguments: &[&str]) -> Value {
        let output = Command::new(env!("CARGO_BIN_EXE_callsheet"))
            .arg("admin")
            .args(arguments)
            .args(["--format", "json"])
            .current_dir(&self.folder)
            .env_remove("CALLSHEET_STORE")
            .output()
            .expect("the program starts");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).expect("JSON")
    }

    pub async fn ask(&self, path: &str, body: Value) -> (u16, Value) {
        let request = self.client.post(format!("{}{path}", self.base)).bearer_auth(&self.key).json(&body);
        let answer = request.send().await.expect("the host answers");
        (answer.status().as_u16(), answer.json().await.expect("JSON"))
    }

    /// What happened at the provider.
    async fn seen(&self) -> Value {
        let answer = self.client.get(format!("{}/control", self.issuer)).send().await.expect("the provider answers");
        answer.json().await.expect("JSON")
    }

    /// From now on the provider's users do this.
    pub async fn control(&self, manner: Value) {
        let sent = self.client.post(format!("{}/control", self.issuer)).json(&manner).send().await;
        assert!(sent.is_ok_and(|answer| answer.status() == 200));
    }

    /// Waits until the provider has seen so many of something.
    pub async fn waited(&self, what: &str, count: u64) -> Value {
        let begun = Instant::now();
        loop {
            let seen = self.seen().await;
            if seen[what].as_u64().unwrap_or_default() >= count {
                return seen;
            }
            assert!(begun.elapsed() < PATIENCE, "{count} {what}: {seen:#}\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// A user follows a link, as far as it leads back to the tenant: the parameters that the tenant sees.
    async fn followed(&self, link: &str) -> Seen {
        let mut browser = Browser::new();
        assert_eq!(browser.get(link).await.status, 200);
        let mut seen = browser.post(link).await;
        for _ in 0..12 {
            let Some(next) = seen.location.clone() else { panic!("{} {}", seen.status, seen.body) };
            if next.starts_with(RETURN) {
                return seen;
            }
            let next = if next.starts_with('/') { format!("{}{next}", self.issuer) } else { next };
            seen = browser.get(&next).await;
        }
        panic!("the browser goes round in circles: {seen:?}");
    }

    /// A user connects: what the tenant is told.
    pub async fn connect(&self, user: &str) -> Value {
        self.connect_with("google", user).await
    }

    async fn connect_with(&self, provider: &str, user: &str) -> Value {
        let path = format!("/v1/calendar/connect/{provider}");
        let (status, offered) = self.ask(&path, json!({ "customer_user_id": user, "return_url": RETURN })).await;
        assert_eq!(status, 201, "{offered}");
        let landed = query(&self.followed(offered["redirect_url"].as_str().expect("a link")).await.location.expect("a URL"));
        let Some(session) = landed.get("session_ref") else { return json!(landed) };
        let (status, told) =
            self.ask("/v1/calendar/connect/complete", json!({ "session_ref": session, "customer_user_id": user })).await;
        assert_eq!(status, 200, "{told}");
        told
    }
}

#[test]
fn a_calendar_is_connected_kept_and_refused_as_an_openid_provider_of_others_says() {
    let Some(package) = package() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut desk = Desk::new(&package).await;
        let mut told = String::new();

        // End to end. The calendar refuses the first token; it lives for two seconds, so that a slow host has renewed it before.
        desk.control(json!({ "life": 2, "refuse": 1 })).await;
        let made = desk.connect("ana").await;
        assert!(made["calendar_user"].as_str().is_some_and(|name| name.starts_with("cu_")), "{made}");
        assert_eq!((&made["state"], &made["connection_state"]), (&json!("connected"), &json!("active")));
        desk.waited("reads", 1).await;
        let seen = desk.seen().await;
        let [refused, refreshes] = ["refused", "refreshes"].map(|what| seen[what].as_u64());
        assert!(refused >= Some(1) && refreshes >= Some(1) && seen["failures"] == json!([]), "{seen}");
        writeln!(told, "connected, read, renewed with rotation").expect("a text takes everything");

        // A host that begins anew has the newest refresh token: the one before it would end the grant.
        desk.hosts.clear();
        let before = seen["refreshes"].as_u64().expect("a number");
        desk.begin(WHOLE[0]).await;
        let seen = desk.waited("refreshes", before + 1).await;
        assert_eq!(seen["failures"], json!([]));
        writeln!(told, "renewed after a kill").expect("a text takes everything");

        // The same user again, by the same account: the connection is the same.
        desk.control(json!({ "life": 3600 })).await;
        let again = desk.connect("ana").await;
        assert_eq!((&again["connection"], &again["calendar_user"]), (&made["connection"], &made["calendar_user"]), "{again}");

        desk.control(json!({ "account": "eve" })).await;
        let other = desk.connect("ana").await;
        writeln!(told, "another account: {} {}, {}", other["state"], other["reason"], other["connection_state"]).expect("a text");

        desk.control(json!({ "account": "ben", "withhold": [CALENDAR] })).await;
        let less = desk.connect("ben").await;
        let again = less["redirect_url"].as_str().expect("another link").to_owned();
        writeln!(told, "fewer scopes: {} {}, {}", less["state"], less["reason"], less["connection_state"]).expect("a text");

        // With the other link it comes right.
        desk.control(json!({ "withhold": [] })).await;
        let landed = query(&desk.followed(&again).await.location.expect("a URL"));
        let body = json!({ "session_ref": landed["session_ref"], "customer_user_id": "ben" });
        let (_, mended) = desk.ask("/v1/calendar/connect/complete", body).await;
        assert_eq!(mended["connection"], less["connection"]);
        writeln!(told, "with the other link: {}, {}", mended["state"], mended["connection_state"]).expect("a text");

        desk.control(json!({ "account": "cat", "deny": true })).await;
        let denied = desk.connect("cat").await;
        writeln!(told, "denied: {}", denied["error"]).expect("a text");

        expect_test::expect![[r#"
            connected, read, renewed with rotation
            renewed after a kill
            another account: "failed" "another-account", null
            fewer scopes: "failed" "permission-missing", "permission-missing"
            with the other link: "connected", "active"
            denied: "access-denied"
        "#]]
        .assert_eq(&told);
        desk.one_address_has_a_measure().await;
        desk.secrets_stay(Desk::files).await;
    });
}

/// Microsoft, as far as another project's OpenID provider can stand for it: an issuer for each directory, accounts by `tid` and `oid`,
/// the account chooser, consent by administrators.
#[test]
fn a_microsoft_calendar_is_connected_by_accounts_of_its_directory_alone() {
    let Some(package) = package() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut desk = Desk::new(&package).await;
        let mut told = String::new();

        // Only administrators agree, at first.
        desk.control(json!({ "admin": true })).await;
        let refused = desk.connect_with("microsoft", "ana").await;
        writeln!(told, "an administrator's turn: {}", refused["error"]).expect("a text takes everything");
        let answer =
            desk.client.get(format!("{}/v1/calendar/connect/flows/{}", desk.base, refused["flow"].as_str().expect("a flow")));
        let flow: Value = answer.bearer_auth(&desk.key).send().await.expect("the host answers").json().await.expect("JSON");
        let mut admin = Browser::new();
        let back = admin.get(flow["admin_consent_url"].as_str().expect("a way")).await.location.expect("back to us");
        assert!(back.starts_with(&format!("{}/oauth/callback/{}?admin_consent=True", desk.base, desk.microsoft)), "{back}");
        let page = admin.get(&back).await;
        assert!(page.status == 200 && page.body.contains("agreed for the whole organisation"), "{}", page.body);

        desk.control(json!({ "life": 2, "refuse": 1 })).await;
        let made = desk.connect_with("microsoft", "ana").await;
        writeln!(told, "then: {}, {}", made["state"], made["connection_state"]).expect("a text takes everything");
        desk.waited("reads", 1).await;
        let seen = desk.waited("refreshes", 1).await;
        assert_eq!((&seen["failures"], &seen["accounts"][0]), (&json!([]), &json!("ana")));
        desk.control(json!({ "life": 3600 })).await;

        // An account is its `tid` and `oid`.
        desk.control(json!({ "account": "eve" })).await;
        let other = desk.connect_with("microsoft", "ana").await;
        writeln!(told, "another account: {} {}", other["state"], other["reason"]).expect("a text takes everything");

        desk.control(json!({ "account": "ben", "withhold": ["Calendars.Read"] })).await;
        let less = desk.connect_with("microsoft", "ben").await;
        writeln!(told, "fewer scopes: {} {}, {}", less["state"], less["reason"], less["connection_state"]).expect("a text");
        desk.control(json!({ "withhold": [] })).await;

        // Somebody of another directory, with a token that its own server signed.
        let disabled = desk.admin(&["oauth-clients", "disable", &desk.microsoft]);
        assert_eq!((&disabled["enabled"], &disabled["connections"]), (&json!(false), &json!(2)));
        desk.admin(&["oauth-clients", "enable", &desk.stranger]);
        desk.control(json!({ "account": "cat" })).await;
        let strange = desk.connect_with("microsoft", "cat").await;
        writeln!(told, "another directory: {} {}", strange["state"], strange["reason"]).expect("a text takes everything");

        expect_test::expect![[r#"
            an administrator's turn: "admin-consent-needed"
            then: "connected", "active"
            another account: "failed" "another-account"
            fewer scopes: "failed" "permission-missing", "permission-missing"
            another directory: "failed" "identity-not-believed"
        "#]]
        .assert_eq(&told);
        desk.secrets_stay(Desk::files).await;
    });
}

impl Desk {
    /// Somebody tries links, on however slow a machine, until there is an end of it; others, and other routes, are served meanwhile.
    async fn one_address_has_a_measure(&self) {
        let mut statuses = BTreeMap::new();
        let begun = Instant::now();
        while !statuses.contains_key(&429) {
            assert!(begun.elapsed() < PATIENCE, "nobody is refused: {statuses:?}");
            let mut tries = tokio::task::JoinSet::new();
            for _ in 0..20 {
                tries.spawn(self.client.get(format!("{}/connect/{}", self.base, "A".repeat(43))).send());
            }
            for answer in tries.join_all().await {
                *statuses.entry(answer.expect("the host answers").status().as_u16()).or_insert(0) += 1;
            }
        }
        assert!(statuses[&410] >= 150 && statuses.len() == 2, "{statuses:?}");
        let pushed = self.client.post(format!("{}/push/google", self.base)).send().await.expect("the host answers");
        assert_eq!(pushed.status(), 204);
        let (status, _) =
            self.ask("/v1/calendar/connect/google", json!({ "customer_user_id": "dan", "return_url": RETURN })).await;
        assert_eq!(status, 201);
    }

    /// The database's files.
    pub fn files(&self) -> String {
        let read = |name| std::fs::read(self.folder.join(name)).unwrap_or_default();
        ["host.db", "host.db-wal"].map(|name| String::from_utf8_lossy(&read(name)).into_owned()).concat()
    }

    /// No token, code or secret is in a log, a metric or what is stored.
    pub async fn secrets_stay(&mut self, stored: impl Fn(&Self) -> String) {
        let seen = self.seen().await;
        let metrics = self.client.get(format!("{}/metrics", self.base)).send().await.expect("the host answers");
        let mut told = self.log() + &metrics.text().await.expect("a body");
        self.hosts.clear();
        told.push_str(&stored(self));
        let secrets = seen["secrets"].as_array().expect("a list");
        assert!(secrets.len() > 10, "{}", secrets.len());
        let known = ["client-secret-canary", &self.key, "session_ref="];
        for secret in secrets.iter().filter_map(Value::as_str).chain(known) {
            assert!(!told.contains(secret), "{} was told", secret.get(..12).unwrap_or(secret));
        }
        assert!(told.contains("connect_flows"), "the database was looked at");
    }
}

//! A host in two processes: one answers the world and opens nothing, one works. The real program, with the OpenID provider of another
//! project where calendars are connected.

use crate::connecting::{Desk, PATIENCE, Part, package};
use crate::load::postgres;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

const WORKER: Part = Part { role: "worker", folder: "." };
/// The root key is not in its folder, nor named in its configuration.
const API: Part = Part { role: "api", folder: "api" };

#[test]
fn what_answers_the_world_opens_nothing_and_the_worker_does_the_rest() {
    split("sqlite:host.db", Desk::files);
}

#[test]
fn what_answers_the_world_opens_nothing_on_postgresql_either() {
    let Some(url) = postgres::database() else { return };
    split(&url, |_| {
        let names = postgres::as_superuser(&url, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'");
        let dump = |name: &str| format!("{name}\n{}", postgres::as_superuser(&url, &format!("COPY {name} TO STDOUT")));
        names.lines().map(dump).collect()
    });
}

/// `stored` reads all that is in the store.
fn split(store: &str, stored: impl Fn(&Desk) -> String) {
    let Some(package) = package() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let mut desk = Desk::of(&package, store, &[WORKER, API]).await;
        let mut told = String::new();
        for (role, base) in &desk.bases {
            let answer = desk.client.get(format!("{base}/v1/calendars")).bearer_auth(&desk.key).send().await;
            writeln!(told, "{role} answers the API: {}", answer.expect("it answers").status()).expect("a text");
            let pushed = desk.client.post(format!("{base}/push/google")).send().await.expect("it answers");
            writeln!(told, "{role} answers providers: {}", pushed.status()).expect("a text");
        }

        // The code comes in here and is exchanged there; the token is renewed there, and the calendar read.
        desk.control(json!({ "life": 2, "refuse": 1 })).await;
        lent(&desk).await;
        let made = desk.connect("ana").await;
        writeln!(told, "connected: {}, {}", made["state"], made["connection_state"]).expect("a text");
        desk.waited("reads", 1).await;
        let seen = desk.waited("refreshes", 2).await;
        assert_eq!(seen["failures"], json!([]));
        desk.control(
            json!({ "life": 3600, "account": "ben", "withhold": ["https://www.googleapis.com/auth/calendar.events.readonly"] }),
        )
        .await;
        let less = desk.connect("ben").await;
        let again = less["redirect_url"].as_str().is_some_and(|link| link.starts_with(&desk.base));
        writeln!(told, "fewer scopes: {} {}, another link: {again}", less["state"], less["reason"]).expect("a text");

        // What is made here opens there: it is sealed anew by the newest key.
        let (status, receiver) = desk.ask("/v1/webhooks", json!({ "url": "https://hooks.example.com/callsheet" })).await;
        let secret = receiver["secret"].as_str().expect("it is shown once").to_owned();
        let before = stored(&desk);
        writeln!(told, "a receiver: {status}, handed over: {}", before.contains("h1.1.")).expect("a text");
        assert!(!before.contains(&secret));
        let rotated = desk.admin(&["sealing-keys", "rotate"]);
        writeln!(told, "sealed anew: {}", rotated[0]).expect("a text");

        // Without a worker nothing is lost: what came of it is told when one is there again.
        desk.hosts.remove("worker");
        desk.control(json!({ "account": "cat", "withhold": [] })).await;
        let waiting = desk.connect("cat").await;
        writeln!(told, "without a worker: {}, {}", waiting["state"], waiting["connection"]).expect("a text");
        desk.begin(WORKER).await;
        let ended = ended(&desk, waiting["flow"].as_str().expect("a flow")).await;
        writeln!(told, "with one: {}, {}", ended["state"], ended["connection_state"]).expect("a text");

        expect_test::expect![[r#"
            api answers the API: 200 OK
            api answers providers: 204 No Content
            worker answers the API: 404 Not Found
            worker answers providers: 404 Not Found
            connected: "connected", "active"
            fewer scopes: "failed" "permission-missing", another link: true
            a receiver: 201, handed over: true
            sealed anew: {"tenant":1,"version":2,"resealed":3,"left":0}
            without a worker: "handed", null
            with one: "connected", "active"
        "#]]
        .assert_eq(&told);
        desk.secrets_stay(stored).await;
    });
}

/// Waits until the API process can hand over.
async fn lent(desk: &Desk) {
    let begun = Instant::now();
    loop {
        let ask = json!({ "url": "https://hooks.example.com/first" });
        let (status, told) = desk.ask("/v1/webhooks", ask).await;
        if status == 201 {
            return;
        }
        assert_eq!(status, 503, "{told}");
        assert!(begun.elapsed() < PATIENCE, "{told}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// Waits for the end of a flow.
async fn ended(desk: &Desk, flow: &str) -> Value {
    let begun = Instant::now();
    loop {
        let asked = desk.client.get(format!("{}/v1/calendar/connect/flows/{flow}", desk.base)).bearer_auth(&desk.key);
        let told: Value = asked.send().await.expect("the host answers").json().await.expect("JSON");
        if told["state"] != "handed" && told["state"] != "bound" {
            return told;
        }
        assert!(begun.elapsed() < PATIENCE, "{told}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A folder that goes with the test.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_role_that_opens_nothing_does_not_start_with_what_opens() {
    let folder = Folder(std::env::temp_dir().join(format!("callsheet-roles-{}", std::process::id())));
    std::fs::create_dir_all(&folder.0).expect("the folder for temporary files can be written");
    std::fs::write(folder.0.join("shared.key"), "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=").expect("a scratch file");
    let mut told = String::new();
    let mut serve = |name: &str, config: &str, variables: &[(&str, &str)]| {
        std::fs::write(folder.0.join("callsheet.toml"), config).expect("a scratch file");
        let output = Command::new(env!("CARGO_BIN_EXE_callsheet"))
            .args(["serve", "--config", "callsheet.toml", "--listen", "127.0.0.1:0", "--stop-after", "1", "--show", "log"])
            .current_dir(&folder.0)
            .envs(variables.iter().copied())
            .output()
            .expect("the program starts");
        let error = String::from_utf8_lossy(&output.stderr);
        let error = error.lines().find(|line| line.starts_with("error")).unwrap_or("it starts");
        writeln!(told, "{name}: {error}").expect("a text takes everything");
    };
    let api = "store = \"sqlite:host.db\"\nrole = \"api\"\n[api]\nsecret_file = \"shared.key\"\n";
    let key = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    serve("as it should be", api, &[]);
    serve("a root key", &format!("{api}[secrets]\nroot_key_file = \"root.key\"\n"), &[]);
    serve("a key service", &format!("{api}[secrets]\nkms = \"aws\"\nkey = \"k\"\n"), &[]);
    serve("a root key in the environment", api, &[("CALLSHEET_ROOT_KEY", key)]);
    serve("a client's secret", &format!("{api}[oauth.google]\nclient_id = \"a\"\nclient_secret_file = \"g\"\n"), &[]);
    serve("no shared secret", "role = \"api\"\n", &[]);
    serve("no such role", "role = \"web\"\n", &[]);
    serve("the environment outranks the file", api, &[("CALLSHEET_ROLE", "worker")]);
    expect_test::expect![[r#"
        as it should be: it starts
        a root key: error: callsheet.toml: `secrets` is not for `role = "api"`, which must hold nothing that opens secrets
        a key service: error: callsheet.toml: `secrets` is not for `role = "api"`, which must hold nothing that opens secrets
        a root key in the environment: error: `CALLSHEET_ROOT_KEY` is not for `role = "api"`, which must hold nothing that opens secrets
        a client's secret: error: callsheet.toml: `oauth.google.client_secret_file` is not for `role = "api"`: workers exchange codes, and need it alone
        no shared secret: error: callsheet.toml: `api.secret_file` is missing: `role = "api"` shares it with the workers, which lend by it what it seals with
        no such role: error: callsheet.toml: `role` must be one of `all`, `api`, `worker`
        the environment outranks the file: error: nothing to do: say where bots are asked for with `--bots URL`, or `[bots]` in the configuration (docs/bot-backend.md)
    "#]].assert_eq(&told);
}

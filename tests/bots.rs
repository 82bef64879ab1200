//! Each kind of bot service, named in a configuration and served by the real program, against a small server that answers in that
//! service's shapes.

use crate::load::process::Folder;
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use callsheet::host::model::{Dispatch, DispatchState, TenantId};
use callsheet::host::store::Store;
use callsheet::time::{Elapsed, Instant};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What a service was asked: method, path with query, authorization.
type Journal = Arc<Mutex<Vec<String>>>;

/// Makes the answer to a create out of its path and body.
type Made = fn(&str, &Value) -> Value;

/// A service on loopback that makes every bot it is asked for.
async fn service(made: Made) -> (String, Journal) {
    let journal = Journal::default();
    let answer = move |State(journal): State<Journal>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes| async move {
        let authorization = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or("nobody");
        let path = uri.path_and_query().map_or("", |path| path.as_str());
        journal.lock().expect("nobody panics with it").push(format!("{method} {path} for {authorization}"));
        let body = serde_json::from_slice(&body).unwrap_or_default();
        let is_create = method == Method::PUT || method == Method::POST;
        let answer = if is_create { made(path, &body) } else { json!({"results": [], "next": null}) };
        (if is_create { StatusCode::CREATED } else { StatusCode::OK }, axum::Json(answer))
    };
    let router = Router::new().fallback(answer).with_state(journal.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("a port");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (format!("http://{address}"), journal)
}

/// Killed when it is dropped.
struct Host(Child);

impl Drop for Host {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// A meeting that begins in a minute.
fn feed() -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let start = Instant::from_second(i64::try_from(now).expect("a time")).expect("an instant") + Elapsed::from_secs(60);
    let stamp = |at: Instant| at.strftime("%Y%m%dT%H%M%SZ").to_string();
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//tests//EN\r\nBEGIN:VEVENT\r\nUID:talk@acme.example\r\nDTSTAMP:{0}\r\nDTSTART:{1}\r\n\
         DTEND:{2}\r\nSUMMARY:Talk\r\nLOCATION:https://us02web.zoom.us/j/81234500001\r\nORGANIZER:mailto:ana@acme.example\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n",
        stamp(start - Elapsed::from_hours(24)),
        stamp(start),
        stamp(start + Elapsed::from_mins(30)),
    )
}

async fn accepted(store: &str) -> Option<Dispatch> {
    let store = Store::open(store).await.ok()?;
    let meetings = store.meetings(TenantId(1), Instant::MIN, Instant::MAX, 10).await.ok()?;
    let ids: Vec<String> = meetings.into_iter().map(|meeting| meeting.id).collect();
    let rows = store.dispatches_of(TenantId(1), &ids).await.ok()?;
    store.close().await;
    rows.into_iter().find(|row| row.state == DispatchState::Accepted)
}

/// Serves the configuration until the bot of the meeting is accepted; what the service was asked until then.
fn check(kind: &str, made: Made, expected: Expect) {
    let folder = Folder::new("bots");
    let file = |name: &str, content: &str| {
        let path = folder.0.join(name);
        std::fs::write(&path, content).expect("a scratch file");
        path.display().to_string()
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (row, mut asked) = runtime.block_on(async {
        let (address, journal) = service(made).await;
        let (rules, token, feed) = (file("team.rules", "default record\n"), file("bots.token", "s3cret\n"), file("ana.ics", &feed()));
        let config = format!(
            "store = \"{}\"\nlisten = \"127.0.0.1:0\"\n[bots]\nkind = \"{kind}\"\nurl = \"{address}/\"\ntoken_file = \"{token}\"\n\
             [tenant]\nrules = \"{rules}\"\n[[feed]]\nuser = \"ana\"\nsource = \"{feed}\"\naddresses = [\"ana@acme.example\"]\n",
            folder.store()
        );
        let mut command = Command::new(env!("CARGO_BIN_EXE_callsheet"));
        command.args(["serve", "--config", &file("callsheet.toml", &config), "--show", "log"]).env_remove("CALLSHEET_STORE");
        let log = std::fs::File::create(folder.log()).expect("the log can be written");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let _host = Host(command.spawn().expect("the program starts"));
        for _ in 0..300 {
            tokio::time::sleep(Duration::from_millis(100)).await;
            // Before that, the host may be making the tables.
            if journal.lock().expect("nobody panics with it").is_empty() {
                continue;
            }
            if let Some(row) = accepted(&folder.store()).await {
                return (row, journal.lock().expect("nobody panics with it").clone());
            }
        }
        let log = std::fs::read_to_string(folder.log()).unwrap_or_default();
        panic!("no bot was accepted; asked: {:?}; said: {log}", journal.lock());
    });
    // A bot that nobody ever had is asked for to hear what time it is.
    asked.retain(|line| line.contains(&row.key) || !line.starts_with("GET"));
    asked.iter_mut().for_each(|line| *line = line.replace(&row.key, "KEY"));
    expected.assert_eq(&asked.join("\n"));
}

#[test]
fn callsheets_own_contract_is_spoken_where_the_configuration_says_so() {
    let made: Made = |path, _| json!({"key": path.rsplit('/').next(), "state": "scheduled"});
    check("callsheet", made, expect!["PUT /bots/KEY for Bearer s3cret"]);
}

#[test]
fn recall_ai_is_spoken_to_where_the_configuration_says_so() {
    let made: Made = |_, body| json!({"id": "1e2d", "metadata": body["metadata"], "status_changes": [{"code": "ready"}]});
    check("recall", made, expect!["POST /api/v1/bot/ for Token s3cret"]);
}

#[test]
fn attendee_is_spoken_to_where_the_configuration_says_so() {
    let made: Made = |_, body| json!({"id": "bot_1", "metadata": body["metadata"], "state": "scheduled"});
    check("attendee", made, expect!["POST /api/v1/bots for Token s3cret"]);
}

//! `callsheet admin` as people and scripts meet it: on a file, on a server, and beside a host that runs.

use crate::load::postgres;
use callsheet::host::app;
use callsheet::host::bots::Backend;
use callsheet::host::clock::{Clock, SystemClock};
use callsheet::host::context::Context;
use callsheet::host::model::{DispatchState, EndpointState, ErrandId, Outcome, TenantId};
use callsheet::host::seal::{RootKey, Roots, Vault, keeping};
use callsheet::host::store::{Commit, Store};
use callsheet::host::world::shared::Shared;
use callsheet::host::world::weather::{Sky, Weather};
use callsheet::host::world::{World, connected, demo};
use callsheet::time::{Elapsed, Instant};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

/// A folder with a database and files of one test.
struct Desk {
    folder: PathBuf,
    database: String,
    /// What commands find in their environment.
    root_key: Option<String>,
}

/// A root key, base64 of 32 bytes.
const ROOT_KEY: &str = "Y2FsbHNoZWV0IHJvb3Qga2V5LCBmb3IgdGVzdHMgISE=";

/// What a command came to.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Desk {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("callsheet-admin-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
        let database = format!("sqlite:{}", folder.join("host.db").display());
        Self { folder, database, root_key: Some(ROOT_KEY.to_owned()) }
    }

    fn file(&self, name: &str, content: &str) -> String {
        let path = self.folder.join(name);
        std::fs::write(&path, content).expect("a scratch file");
        path.to_str().expect("a path that is text").to_owned()
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_callsheet"))
            .arg("admin")
            .args(arguments)
            .args(["--database", &self.database])
            .current_dir(&self.folder)
            .env_remove("CALLSHEET_STORE")
            .envs(self.root_key.as_ref().map(|key| ("CALLSHEET_ROOT_KEY", key)))
            .output()
            .expect("the program starts");
        let text = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("text");
            text.replace(&self.database, "DATABASE").replace(&self.folder.display().to_string(), "FOLDER")
        };
        Ran { code: output.status.code().expect("an exit code"), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs each line, and shows it with what it came to.
    fn check(&self, lines: &[&str], expected: Expect) {
        let mut told = String::new();
        for line in lines {
            let ran = self.run(&words(line));
            told.push_str(&format!("$ {line}\n{}{}", ran.out, ran.err));
            if ran.code != 0 {
                told.push_str(&format!("[{}]\n", ran.code));
            }
        }
        expected.assert_eq(&told);
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(ran.code, 0, "{arguments:?}: {}", ran.err);
        serde_json::from_str(&ran.out).expect("JSON")
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _left_behind = std::fs::remove_dir_all(&self.folder);
    }
}

/// The words of a line; those in single quotes are one.
fn words(line: &str) -> Vec<&str> {
    let parts = line.split('\'').enumerate();
    parts.flat_map(|(at, part)| if at % 2 == 0 { part.split_whitespace().collect() } else { vec![part] }).collect()
}

const RULES: &str = "rule outside:\n  record\n  when any attendee is external\n";
const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

fn everything(desk: &Desk) {
    desk.file("acme.rules", RULES);
    desk.file("wrong.rules", "rule x:\n  record\n  when organiser is internal\n");
    desk.file("ana.ics", "BEGIN:VCALENDAR\nEND:VCALENDAR\n");
    desk.file("token", "secret\n");
    desk.file("hook.secret", SECRET);
}

#[test]
fn tenants_connections_and_rules_on_a_new_database() {
    let desk = Desk::new("file");
    everything(&desk);
    desk.check(
        &[
            "tenants list",
            "tenants add Acme --own-domain @acme.example --bot bot@acme.example",
            "tenants set 1 --own-domain acme",
            "tenants set 1 --own-domain @acme.example,@acme.test",
            "tenants list",
            "connections add --user ana --me ana@acme.example --zone Europe/London --feed ana.ics",
            "connections add --user ana --feed ana.ics",
            "connections add --user ben --feed https://calendars.example/private-key/ben.ics",
            "connections add --user cid --google primary",
            "connections add --user cid --google primary --token-file token",
            "connections add --user dan --feed ftp://calendars.example",
            "connections add --user dan --zone Europe/Germany --feed https://calendars.example/dan.ics",
            "connections list",
            "connections show 5",
            "connections resync 5",
            "connections disconnect 7",
            "connections resync 7",
            "connections list",
            "connections show 99",
            "rules set wrong.rules",
            "rules set acme.rules",
            "rules set acme.rules",
            "rules set acme.rules --user ana",
            "rules list",
            "rules show",
            "rules show --user zoe",
            "tenants show 1",
            "meetings --from 2026-03-02",
            "why abc",
            "overrides stop abc",
            "overrides list",
            "meetings --tenant 7",
        ],
        expect![[r#"
            $ tenants list
            error: DATABASE: there is no such file; a host makes it, and so does `callsheet admin tenants add`
            [2]
            $ tenants add Acme --own-domain @acme.example --bot bot@acme.example
            tenant 1: Acme
            $ tenants set 1 --own-domain acme
            error: `acme` is no domain: a domain is written with `@` in front
            [2]
            $ tenants set 1 --own-domain @acme.example,@acme.test
            tenant 1 is changed. No meeting is decided otherwise.
            $ tenants list
            TENANT  NAME  OWN DOMAINS
            1       Acme  @acme.example, @acme.test
            $ connections add --user ana --me ana@acme.example --zone Europe/London --feed ana.ics
            connection 3 of ana: a host reads it within half a minute
            $ connections add --user ana --feed ana.ics
            error: a connection reads that feed already
            [2]
            $ connections add --user ben --feed https://calendars.example/private-key/ben.ics
            connection 5 of ben: a host reads it within half a minute
            $ connections add --user cid --google primary
            error: the following required arguments were not provided:
              --token-file <FILE>

            Usage: callsheet admin connections add --user <USER> --token-file <FILE> --database <URL> <--feed <URL_OR_FILE>|--google <CALENDAR>|--graph <CALENDAR>>

            For more information, try '--help'.
            [2]
            $ connections add --user cid --google primary --token-file token
            connection 7 of cid: a host reads it within half a minute
            $ connections add --user dan --feed ftp://calendars.example
            error: `feed` must be a URL that begins with `https://` or `http://`
            [2]
            $ connections add --user dan --zone Europe/Germany --feed https://calendars.example/dan.ics
            error: `Europe/Germany` is no zone of the IANA database
            [2]
            $ connections list
            CONNECTION  USER  KIND    STATE   CALENDARS  LAST CHANGE (UTC)
            3           ana   feed    active  active     –
            5           ben   feed    active  active     –
            7           cid   google  active  active     –
            $ connections show 5
            connection  5
            user        ben
            kind        feed
            state       active
            client      by-hand
            addresses   –
            zone        –
            token       –

            calendar     6
            reference    https://calendars.example/…
            state        active
            next pass    whole
            last change  –
            meetings     0
            $ connections resync 5
            1 calendar will be read whole at the next turn
            $ connections disconnect 7
            connection 7 is cut, and what it showed forgotten. No meeting is decided otherwise.
            $ connections resync 7
            error: connection 7 is disconnected; add it anew
            [2]
            $ connections list
            CONNECTION  USER  KIND    STATE         CALENDARS  LAST CHANGE (UTC)
            3           ana   feed    active        active     –
            5           ben   feed    active        active     –
            7           cid   google  disconnected             –
            $ connections show 99
            error: there is no connection 99
            [2]
            $ rules set wrong.rules
            the rules of the organisation stay as they were: wrong.rules does not pass the check
            error[unknown-subject]: a meeting has no `organiser`
             --> wrong.rules:3:8
              |
            3 |   when organiser is internal
              |        ^^^^^^^^^ not something a condition can ask about
              |
              = help: did you mean `organizer`?

            [1]
            $ rules set acme.rules
            the rules of the organisation are version 1. No meeting is decided otherwise.
            $ rules set acme.rules
            the rules of the organisation stay version 1: that is what it says
            $ rules set acme.rules --user ana
            the rules of ana are version 1. No meeting is decided otherwise.
            $ rules list
            WHOSE             VERSION  LINES
            the organisation  1        3
            ana               1        3
            $ rules show
            rule outside:
              record
              when any attendee is external
            $ rules show --user zoe
            error: there are no rules of zoe
            [2]
            $ tenants show 1
            tenant          1
            name            Acme
            own domains     @acme.example, @acme.test
            bots            bot@acme.example
            rules           version 1
            own rules       1 user
            connections     3
            receivers       0
            meetings ahead  0
            $ meetings --from 2026-03-02
            no meetings
            $ why abc
            error: there is no meeting abc
            [2]
            $ overrides stop abc
            error: there is no meeting abc
            [2]
            $ overrides list
            nothing was said
            $ meetings --tenant 7
            error: there is no tenant 7
            [2]
        "#]],
    );
}

#[test]
fn receivers_and_their_secrets() {
    let desk = Desk::new("receivers");
    everything(&desk);
    desk.check(
        &[
            "tenants add Acme",
            "endpoints add https://hooks.example/in?key=canary --secret-file hook.secret",
            "endpoints add hooks.example",
            "endpoints add https://hooks.example/2 --secret-file acme.rules",
            "endpoints list",
            "endpoints rotate-secret 2 --secret-file hook.secret",
            "endpoints drop-old-secret 2",
            "endpoints enable 2",
            "endpoints enable 3",
            "deliveries dead",
            "deliveries replay 2 5",
            "deliveries replay 2",
            "endpoints remove 2",
            "endpoints list",
        ],
        expect![[r#"
            $ tenants add Acme
            tenant 1: Acme
            $ endpoints add https://hooks.example/in?key=canary --secret-file hook.secret
            endpoint 2 is asked for its proof by the next host that looks
            $ endpoints add hooks.example
            error: `url` must be a URL that begins with `https://` or `http://`
            [2]
            $ endpoints add https://hooks.example/2 --secret-file acme.rules
            error: a signing secret is `whsec_` and base64
            [2]
            $ endpoints list
            ENDPOINT  STATE     SECRETS  PENDING  DEAD  URL
            2         unproven  1        0        0     https://hooks.example/in
            $ endpoints rotate-secret 2 --secret-file hook.secret
            endpoint 2 must prove itself with its new secret
            $ endpoints drop-old-secret 2
            endpoint 2 signs with its newest secret alone
            $ endpoints enable 2
            endpoint 2 is asked for its proof again
            $ endpoints enable 3
            error: there is no endpoint 3
            [2]
            $ deliveries dead
            no dead deliveries
            $ deliveries replay 2 5
            error: there is no dead delivery of event 5
            [2]
            $ deliveries replay 2
            0 deliveries to endpoint 2 will be tried again
            $ endpoints remove 2
            endpoint 2 is gone
            $ endpoints list
            no webhook receivers
        "#]],
    );
    // A new secret is shown once, and nowhere again.
    let made = desk.json(&["endpoints", "add", "https://hooks.example/new"]);
    let secret = made["secret"].as_str().expect("a new secret").to_owned();
    assert!(secret.starts_with("whsec_"));
    let listed = desk.json(&["endpoints", "list"]).to_string();
    assert!(listed.contains("hooks.example/new") && !listed.contains("whsec_"), "{listed}");
}

#[test]
fn what_is_wrong_is_named_and_a_second_tenant_must_be_chosen() {
    let desk = Desk::new("wrong");
    desk.check(
        &["tenants list", "tenants frobnicate 1"],
        expect![[r#"
        $ tenants list
        error: DATABASE: there is no such file; a host makes it, and so does `callsheet admin tenants add`
        [2]
        $ tenants frobnicate 1
        error: unrecognized subcommand 'frobnicate'

        Usage: callsheet admin tenants [OPTIONS] <COMMAND>

        For more information, try '--help'.
        [2]
    "#]],
    );
    let nowhere = Desk { folder: desk.folder.clone(), database: "mysql:x".to_owned(), root_key: None };
    nowhere.check(
        &["tenants list"],
        expect![[r#"
            $ tenants list
            error: the database: a database is named `sqlite:PATH` or `postgres://…`
            [2]
        "#]],
    );
    std::mem::forget(nowhere);
    desk.check(
        &["tenants add Acme", "tenants add Birch", "connections list", "connections list --tenant 2"],
        expect![[r#"
        $ tenants add Acme
        tenant 1: Acme
        $ tenants add Birch
        tenant 2: Birch
        $ connections list
        error: say whose rows with --tenant: 1 (Acme), 2 (Birch)
        [2]
        $ connections list --tenant 2
        no connections
    "#]],
    );
}

#[test]
fn the_configuration_and_the_environment_name_the_database() {
    let desk = Desk::new("config");
    desk.run(&["tenants", "add", "Acme"]);
    desk.file("callsheet.toml", "store = \"sqlite:host.db\"\n");
    let list = |variable: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callsheet"));
        command.args(["admin", "tenants", "list"]).current_dir(&desk.folder).env_remove("CALLSHEET_STORE");
        variable.map(|value| command.env("CALLSHEET_STORE", value));
        let output = command.output().expect("the program starts");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    let (code, out) = list(None);
    assert_eq!(code, Some(0));
    assert!(out.contains("Acme"), "{out}");
    assert_eq!(list(Some("sqlite:other.db")).0, Some(2));
    desk.file("callsheet.toml", "stor = 1\n");
    assert_eq!(list(None).0, Some(2));
}

/// Sent, sent again, shown, and taken back: the same on every database.
fn bots_are_sent_by_hand(desk: &Desk) {
    desk.check(
        &[
            "tenants add Acme",
            "bots list",
            "bots send --link https://evil.example/j/81234500001?pwd=canary",
            "bots send --link https://us02web.zoom.us/j/81234500001?pwd=canary --at tomorrow",
            "bots send --link https://us02web.zoom.us/j/81234500001?pwd=canary --title 'Stand-up' --name crm-17",
            "bots send --link https://zoom.us/j/81234500001",
            "bots send --link https://zoom.us/j/81234500002 --name crm-17",
            "bots recall 9",
        ],
        expect![[r#"
            $ tenants add Acme
            tenant 1: Acme
            $ bots list
            no bots were sent
            $ bots send --link https://evil.example/j/81234500001?pwd=canary
            error: that is no link of a meeting service that callsheet knows
            [2]
            $ bots send --link https://us02web.zoom.us/j/81234500001?pwd=canary --at tomorrow
            error: invalid value 'tomorrow' for '--at <INSTANT>': not an instant like 2026-03-02T09:00:00Z

            For more information, try '--help'.
            [2]
            $ bots send --link https://us02web.zoom.us/j/81234500001?pwd=canary --title 'Stand-up' --name crm-17
            errand 2: a bot goes to zoom:81234500001 now
            $ bots send --link https://zoom.us/j/81234500001
            errand 2: sent before, and not again: a bot goes to zoom:81234500001 now
            $ bots send --link https://zoom.us/j/81234500002 --name crm-17
            error: that name is taken by another bot
            [2]
            $ bots recall 9
            error: there is no errand 9
            [2]
        "#]],
    );
    let sent = &desk.json(&["bots", "list"])[0];
    assert_eq!((&sent["room"], &sent["state"], &sent["title"]), (&json!("zoom:81234500001"), &json!("open"), &json!("Stand-up")));
    assert_eq!((&sent["bot"]["state"], &sent["bot"]["triggers"]), (&json!("planned"), &json!(["manual"])));
    let meeting = sent["meeting"].as_str().expect("planned at once").to_owned();
    let told = desk.run(&["why", &meeting]);
    assert!(told.out.starts_with("record: sent by hand\n") && told.out.contains("errand 2"), "{}{}", told.out, told.err);
    assert!(told.out.contains("nobody's calendar") && !told.out.contains("canary"), "{}", told.out);
    assert_eq!(desk.json(&["why", &meeting])["by_hand"], json!([2]));
    desk.check(
        &["bots recall 2", "bots recall 2"],
        expect![[r#"
            $ bots recall 2
            errand 2: taken back from zoom:81234500001
            $ bots recall 2
            errand 2: taken back from zoom:81234500001
        "#]],
    );
    let sent = &desk.json(&["bots", "list"])[0];
    assert_eq!((&sent["state"], &sent["bot"]["state"]), (&json!("recalled"), &json!("withdrawn")));
    assert_eq!(sent["bot"]["reason"], json!("taken back by hand"));
    desk.check(
        &["tenants remove 1"],
        expect![[r#"
            $ tenants remove 1
            0 plans withdrawn, 0 bots recalled.
            tenant 1 and everything it had are gone.
        "#]],
    );
}

#[test]
fn bots_are_sent_by_hand_on_a_file() {
    bots_are_sent_by_hand(&Desk::new("by-hand"));
}

#[test]
fn bots_are_sent_by_hand_on_a_server() {
    let Some(url) = postgres::database() else { return };
    let mut desk = Desk::new("by-hand-server");
    desk.database = url;
    bots_are_sent_by_hand(&desk);
}

#[test]
fn a_server_answers_as_a_file_does() {
    let Some(url) = postgres::database() else { return };
    let mut desk = Desk::new("server");
    desk.database = url;
    everything(&desk);
    desk.check(
        &[
            "tenants add Acme --own-domain @acme.example",
            "connections add --user ana --feed https://calendars.example/ana.ics",
            "connections list",
            "rules set acme.rules",
            "endpoints add https://hooks.example/in --secret-file hook.secret",
            "endpoints list",
            "overrides list",
            "tenants remove 1",
            "tenants list",
        ],
        expect![[r#"
            $ tenants add Acme --own-domain @acme.example
            tenant 1: Acme
            $ connections add --user ana --feed https://calendars.example/ana.ics
            connection 2 of ana: a host reads it within half a minute
            $ connections list
            CONNECTION  USER  KIND  STATE   CALENDARS  LAST CHANGE (UTC)
            2           ana   feed  active  active     –
            $ rules set acme.rules
            the rules of the organisation are version 1. No meeting is decided otherwise.
            $ endpoints add https://hooks.example/in --secret-file hook.secret
            endpoint 5 is asked for its proof by the next host that looks
            $ endpoints list
            ENDPOINT  STATE     SECRETS  PENDING  DEAD  URL
            5         unproven  1        0        0     https://hooks.example/in
            $ overrides list
            nothing was said
            $ tenants remove 1
            0 plans withdrawn, 0 bots recalled.
            tenant 1 and everything it had are gone.
            $ tenants list
            no tenants
        "#]],
    );
}

const ACME: TenantId = TenantId(1);

#[test]
fn keys_are_made_moved_and_renewed_by_hand() {
    let mut desk = Desk::new("keys");
    desk.root_key = None;
    desk.file("hook.secret", connected::SECRET);
    let config = |own: &str, other: &str| {
        let other = if other.is_empty() { String::new() } else { format!("[[secrets.other]]\nroot_key_file = \"{other}\"\n") };
        desk.file("callsheet.toml", &format!("[secrets]\nroot_key_file = \"{own}\"\n{other}"));
    };
    let named = |ran: &Ran| {
        let name = ran.out.split_whitespace().find(|word| word.starts_with("local:")).expect("the name of the root key");
        name.to_owned()
    };
    let run = |line: &str| desk.run(&words(line));
    assert_eq!(run("tenants add Acme").code, 0);
    let add = "endpoints add https://hooks.example/in --secret-file hook.secret";
    let without = run(add);
    assert_eq!((without.code, without.err.contains("the host has no root key")), (2, true), "{}", without.err);
    let made = [run("sealing-keys new-root first.key"), run("sealing-keys new-root second.key")];
    let names = [named(&made[0]), named(&made[1])];
    assert!(run("sealing-keys new-root first.key").err.contains("File exists"));
    config("first.key", "");
    assert_eq!(run(add).code, 0);
    assert!(run("sealing-keys list").out.contains(&names[0]));
    config("second.key", "");
    let refused = run("sealing-keys rewrap");
    assert!(refused.code == 2 && refused.err.contains(&names[0]) && refused.err.contains(&names[1]), "{}", refused.err);
    config("second.key", "first.key");
    assert_eq!(run("sealing-keys rewrap").out, format!("1 key moved to root key {}.\n", names[1]));
    config("second.key", "");
    assert_eq!(run("sealing-keys rewrap").out, format!("0 keys moved to root key {}.\n", names[1]));
    assert_eq!(run("sealing-keys rotate").out, "tenant 1: version 2 of its key seals; 1 secret sealed anew, 0 left.\n");
    let all = desk.json(&["sealing-keys", "list"]);
    assert_eq!(all.as_array().map(Vec::len), Some(2));
    assert!(all[1]["root"] == names[1] && all[1]["version"] == 2, "{all}");
    let shared = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(desk.folder.join("second.key"), shared).expect("ours");
    let refused = run("sealing-keys list");
    assert!(refused.err.contains("second.key: others than its owner can read it (mode 644)"), "{}", refused.err);
}

/// Waits until something holds, for at most a minute.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    for _ in 0..600 {
        if let Some(found) = look().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("never: {what}");
}

/// Runs a command while the host goes on.
async fn beside(desk: &Arc<Desk>, line: &str) -> Ran {
    let (desk, line) = (desk.clone(), line.to_owned());
    tokio::task::spawn_blocking(move || desk.run(&words(&line))).await.expect("it ends")
}

/// A host works on the file while it is changed: a stop, a receiver, the whole tenant.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_that_runs_follows_what_is_said() {
    let desk = Arc::new(Desk::new("running"));
    let secret = desk.file("hook.secret", connected::SECRET);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    // The call with a customer that is four minutes away at first is one minute away: its bot is sent at once.
    let plan = demo::plan(clock.now() - Elapsed::from_mins(3));
    let shared = Shared::new(World::new(vec![plan.clone()], Weather::under(Sky::Calm, 1)), clock.clone());
    let store = Store::open(&desk.database).await.expect("the database can be made");
    let writes = connected::rows(ACME, "Larkspur", &plan, "https://feeds.example", "https://hooks.example/larkspur");
    store.commit(Commit { tenant: ACME, writes }).await.expect("a new store takes it");
    let root = RootKey::parse("test", &ROOT_KEY.into()).expect("a root key");
    let vault = Vault::new(Roots::new(Arc::new(root), vec![]), clock.clone());
    // What lies in the store plain, as the simulated company's receiver does, is sealed before a host begins.
    keeping::begin(&vault, &store).await.expect("its own root key");
    let mut host = Context::new(store.clone(), Arc::new(shared.clone()), clock.clone(), "host-1").with_vault(vault);
    host.credentials = Arc::new(connected::credentials(&plan.accounts));
    let backend = Backend::Callsheet { base_url: "https://bots.example".into(), token: "token".to_owned().into() };
    let (_stopper, stop) = app::stopper();
    let running = tokio::spawn(app::run(host, backend, stop));

    let planned = until("a planned bot", async || {
        let meetings = store.meetings(ACME, clock.now(), Instant::MAX, 100).await.expect("read");
        let names: Vec<String> = meetings.iter().filter(|row| row.outcome == Outcome::Record).map(|row| row.id.clone()).collect();
        let rows = store.dispatches_of(ACME, &names).await.expect("read");
        // The last of them: the first may be sent while we look.
        rows.into_iter().filter(|row| row.state == DispatchState::Planned).max_by_key(|row| row.fire_at)
    })
    .await;
    let state =
        async |meeting: &str| store.dispatches_of(ACME, &[meeting.to_owned()]).await.expect("read").pop().expect("a bot").state;

    let listed = beside(&desk, "meetings").await;
    assert!(listed.out.contains(&planned.meeting) && listed.out.contains("planned "), "{}", listed.out);
    let why = beside(&desk, &format!("why {}", planned.meeting)).await;
    assert_eq!(why.code, 0, "{}", why.err);
    assert!(why.out.starts_with("Recorded, because") && why.out.contains("Its condition:"), "{}", why.out);

    let ran = beside(&desk, &format!("overrides stop {}", planned.meeting)).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    until("the plan is withdrawn", async || (state(&planned.meeting).await == DispatchState::Withdrawn).then_some(())).await;
    beside(&desk, &format!("overrides clear {}", planned.meeting)).await;
    until("the plan is there again", async || (state(&planned.meeting).await == DispatchState::Planned).then_some(())).await;

    let ran = beside(&desk, &format!("endpoints add https://hooks.example/second --secret-file {secret}")).await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    until("the receiver has proved itself", async || {
        let rows = store.endpoints(ACME).await.expect("read");
        rows.iter().find(|row| row.url.ends_with("second")).filter(|row| row.state == EndpointState::Active).map(drop)
    })
    .await;

    let ran = beside(&desk, "bots send --link https://us02web.zoom.us/j/99900011122?pwd=canary --format json").await;
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    let number = serde_json::from_str::<Value>(&ran.out).expect("JSON")["errand"].as_u64().expect("a number");
    let sent = async || store.dispatches_on(ACME, ErrandId(number)).await.expect("read").pop().expect("a bot").state;
    until("the bot that was sent is there", async || (sent().await == DispatchState::Joined).then_some(())).await;
    beside(&desk, &format!("bots recall {number}")).await;
    until("the bot that was sent has left", async || (sent().await == DispatchState::Recalled).then_some(())).await;

    until("a bot is on its way", async || {
        let there = shared.world().bots.all().values().any(|bot| bot.accepted_at.is_some());
        there.then_some(())
    })
    .await;
    // The command takes plans and bots back, the host recalls them, and then everything goes.
    let ran = beside(&desk, "tenants remove 1 --wait 90").await;
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("1 bot recalled") && ran.out.contains("everything it had are gone"), "{}", ran.out);
    let left = shared.world().bots.all().values().filter(|bot| bot.accepted_at.is_some() && bot.recalled_at.is_none()).count();
    assert_eq!(left, 0, "a bot was left behind");
    assert_eq!(store.tenants().await.expect("read"), []);
    running.abort();
    // Whatever was under way is dropped before the file is closed.
    let _ended = running.await;
    store.close().await;
}

/// A connection of the tenant that was granted to a client.
fn granted(desk: &Desk, client: &str) {
    use callsheet::host::model::grants::Grant;
    use callsheet::host::model::{Connection, ConnectionId, ConnectionState, Origin, TenantId};
    use callsheet::host::store::{Commit, Store, Write};
    let (tenant, id) = (TenantId(1), ConnectionId(77));
    let connection = Connection {
        tenant,
        id,
        user: "ana".to_owned(),
        origin: Origin::Google,
        client: client.to_owned(),
        addresses: Vec::new(),
        zone: None,
        state: ConnectionState::Active,
        token_file: None,
        token: None,
    };
    let grant = Grant {
        tenant,
        connection: id,
        client: client.to_owned(),
        account: "account".to_owned(),
        name: "cu_1".to_owned(),
        bare: false,
        reason: None,
        owner: None,
        lease_until: None,
        version: 0,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = Store::open(&desk.database).await.expect("it is there");
        let writes = vec![Write::Connection(connection), Write::Grant(grant)];
        store.commit(Commit { tenant, writes }).await.expect("new rows");
        store.close().await;
    });
}

#[test]
fn oauth_clients_are_switched_off_and_on_and_removed_with_what_it_means_for_their_connections() {
    let desk = Desk::new("oauth-clients");
    desk.file("client.secret", "secret-canary");
    desk.json(&["tenants", "add", "Acme"]);
    let add = ["oauth-clients", "add", "google", "--client-id", "acme.example", "--secret-file", "client.secret"];
    let client = desk.json(&add)["client"].as_str().expect("its word").to_owned();
    granted(&desk, &client);
    let mut told = String::new();
    for line in [
        "list",
        "disable CLIENT",
        "list",
        "remove CLIENT",
        "enable CLIENT",
        "list",
        "remove CLIENT --with-connections",
        "list",
        "enable CLIENT",
    ] {
        let ran = desk.run(&words(&format!("oauth-clients {}", line.replace("CLIENT", &client))));
        let shown = (ran.out + &ran.err).replace(&client, "CLIENT");
        // The width of a column is the word's.
        let shown: Vec<String> = shown.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        told.push_str(&format!("$ {line}\n{}\n", shown.join("\n")));
        assert!(!told.contains("secret-canary"));
    }
    expect![[r#"
        $ list
        CLIENT PROVIDER CLIENT ID AUTHORITY STATE CONNECTIONS
        CLIENT google acme.example enabled 1
        $ disable CLIENT
        OAuth client CLIENT is disabled. 1 connection lives by it: no token of theirs is renewed, so that each is read for an hour at the most. What was planned stays, and goes unverified. They go on when the client is enabled again.
        $ list
        CLIENT PROVIDER CLIENT ID AUTHORITY STATE CONNECTIONS
        CLIENT google acme.example disabled 1
        $ remove CLIENT
        error: connections live by it (1), and their grants could not be given back: disconnect them first, disable it, or say that it is to go all the same
        $ enable CLIENT
        OAuth client CLIENT is enabled. 1 connection lives by it: they are read again.
        $ list
        CLIENT PROVIDER CLIENT ID AUTHORITY STATE CONNECTIONS
        CLIENT google acme.example enabled 1
        $ remove CLIENT --with-connections
        OAuth client CLIENT is removed. 1 connection lives by it: none can be read for more than an hour, and their users must connect again by another client.
        $ list
        no OAuth clients
        $ enable CLIENT
        error: there is no OAuth client CLIENT
    "#]]
    .assert_eq(&told);
}

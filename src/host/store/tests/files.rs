//! What is SQLite's alone: the file, the group, the crash.

use super::rows::{commit, connection, entry, event, meeting, tenant};
use super::{Folder, WORKS, block_on, open, rows};
use crate::host::model::{CalendarId, ConnectionId, Entry, EventId, TenantId};
use crate::host::store::sql::{ALL, Sqlite};
use crate::host::store::{CommitError, OpenError, Store, StoreError, Write};
use sqlx::{Connection, Executor, SqlSafeStr};
use std::io::Write as _;
use std::process::{Command, Stdio};

#[test]
fn every_statement_prepares_on_sqlite() {
    let folder = Folder::new();
    block_on(async {
        let store = open(&folder.url()).await;
        let mut connection = sqlx::SqliteConnection::connect(&folder.url()).await.expect("the file is there");
        for (name, sql) in ALL {
            let prepared = (&mut connection).prepare(sql.sqlite.into_sql_str()).await;
            assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
        }
        store.close().await;
    });
    assert!(ALL.len() > 40);
}

/// SQLite has no row-level security: that each statement is confined to a tenant is read off its text.
#[test]
fn every_statement_is_confined_to_a_tenant_or_known_not_to_be() {
    let of_all: Vec<&str> = ALL
        .iter()
        .filter(|(_, sql)| {
            let selected = sql.sqlite.matches("FROM ").count() - sql.sqlite.matches("FROM json_each").count();
            let confined = sql.sqlite.matches("tenant = $1").count() + sql.sqlite.matches(".tenant = r.tenant").count();
            let inserts = sql.sqlite.contains("(tenant, ") && sql.sqlite.contains("VALUES ($1, ");
            let fetched = sql.sqlite.contains("SELECT $1, $2, value FROM (SELECT value FROM json_each($3)) AS listed");
            !(inserts || fetched || confined >= selected.max(1))
        })
        .map(|(name, _)| *name)
        .collect();
    let scheduler = [
        "TENANTS",
        "WATCHED",
        "NEAR",
        "DUE_DISPATCHES",
        "TAKE_UP",
        "UNDECIDED",
        "KEY_ROOTS",
        "UNSEALED",
        "UNLENT",
        "DUE_ENDPOINTS",
        "DUE_DELIVERIES",
        // Whose a key is, is what is asked.
        "API_KEY",
        "HANDED_FLOWS",
        // Whose a flow is, is known by secrets that nobody can guess; and whether somebody else holds the same grant.
        "FLOW_BY_REF",
        "FLOW_BY_STATE",
        "FLOW_BY_SESSION",
        "GRANTS_ALIKE",
        "DUE_PARTINGS",
        // Whose a channel is, too: what names it nobody can guess.
        "CHANNELS_NAMED",
        "CHANNELS_AT",
        "DUE_CHANNELS",
        "UNWATCHED",
        "WAKES",
        "TIME",
        "FORGET_HOSTS",
        "ATTEND",
        "MEMBERS",
        "LEAVE",
        "ENTER_TENANT",
        "ENTER_SCHEDULER",
        "NEXT_NUMBER",
        "TAKE_NUMBER",
    ];
    assert_eq!(of_all, scheduler);
}

#[test]
fn what_was_committed_is_there_when_the_file_is_opened_again() {
    let folder = Folder::new();
    block_on(async {
        let store = open(&folder.url()).await;
        store.commit(commit(1, [tenant(1), Write::Event(event(1, "a", 1))])).await.expect(WORKS);
        let number = store.next_id().await.expect(WORKS);
        store.close().await;
        assert_eq!(store.tenants().await, Err(StoreError::Unavailable));
        assert!(matches!(store.commit(commit(1, [])).await, Err(CommitError::Store(StoreError::Unavailable))));
        let again = open(&folder.url()).await;
        assert_eq!(again.events(TenantId(1), EventId(0), 10).await.expect(WORKS).len(), 1);
        assert!(again.next_id().await.expect(WORKS) > number);
        again.close().await;
    });
}

#[test]
fn a_conflict_takes_back_its_own_commit_and_none_of_its_group() {
    let folder = Folder::new();
    block_on(async {
        let store = open(&folder.url()).await;
        // All wait before the writer looks, so they are one group: every third one meets a version that is not there.
        let tasks: Vec<_> = (0..300_u64)
            .map(|number| {
                let store = store.clone();
                let version = u64::from(number % 3 == 0);
                let writes = [
                    Write::Meeting(meeting(1, &format!("{number:03}"), version)),
                    Write::Event(event(1, &number.to_string(), 1)),
                ];
                // The event first, so that there is something to take back.
                let writes = writes.into_iter().rev();
                tokio::spawn(async move { store.commit(commit(1, writes)).await.is_ok() })
            })
            .collect();
        let mut committed = Vec::new();
        for (number, task) in tasks.into_iter().enumerate() {
            let done = task.await.expect("nothing panics");
            assert_eq!(done, number % 3 != 0);
            committed.extend(done.then(|| number.to_string()));
        }
        let events = store.events(TenantId(1), EventId(0), 1000).await.expect(WORKS);
        assert_eq!(events.iter().map(|row| row.subject.clone()).collect::<Vec<_>>(), committed);
        assert_eq!(events.iter().map(|row| row.id.0).collect::<Vec<_>>(), (1..=200).collect::<Vec<_>>());
        store.close().await;
    });
}

#[test]
fn a_file_in_doubt_stops_the_store() {
    let folder = Folder::new();
    block_on(async {
        let store = open(&folder.url()).await;
        let calendar = Write::Calendar(rows::calendar(1, 1, 2, 0));
        store.commit(commit(1, [tenant(1), Write::Connection(connection(1, 1)), calendar])).await.expect(WORKS);
        // More than SQLite holds in memory.
        let entry = |number: u32| Write::Entry(CalendarId(2), Entry { id: number.to_string(), body: "b".repeat(4000).into() });
        store.commit(commit(1, (0..3000).map(entry))).await.expect(WORKS);
        for name in ["store.db", "store.db-wal"] {
            let path = folder.0.join(name);
            let mut file = std::fs::OpenOptions::new().write(true).open(&path).expect("it is there");
            let bytes = file.metadata().expect("it is there").len();
            file.write_all(&vec![0x55; usize::try_from(bytes).expect("some megabytes")]).expect("it can be written");
        }
        let first = store.commit(commit(1, [Write::RemoveConnection(ConnectionId(1))])).await;
        assert!(matches!(first, Err(CommitError::Store(StoreError::Broken(_)))), "{first:?}");
        let second = store.commit(commit(1, [])).await;
        assert!(matches!(second, Err(CommitError::Store(StoreError::Broken(_)))), "{second:?}");
        assert!(matches!(store.tenants().await, Err(StoreError::Broken(_))));
        assert!(matches!(store.next_id().await, Err(StoreError::Broken(_))));
    });
}

#[test]
fn only_databases_that_last_are_opened() {
    block_on(async {
        for url in ["sqlite:", "sqlite::memory:", "mysql://somewhere/db", "store.db"] {
            assert!(matches!(Store::open(url).await, Err(OpenError::Url)), "{url}");
        }
        assert!(matches!(Sqlite::open("/nowhere/at/all/store.db").await, Err(OpenError::Open(_))));
    });
}

/// Names the file for the process that is to crash.
const CRASH_FILE: &str = "CALLSHEET_TEST_CRASH_FILE";
/// Commits under way at once, in the process that crashes.
const WRITERS: u64 = 8;

/// Writes until the process is killed, and says what was acknowledged: each commit is an event and an entry.
async fn write_until_killed(url: String) {
    let store = open(&url).await;
    let calendar = Write::Calendar(rows::calendar(1, 1, 2, 0));
    store.commit(commit(1, [tenant(1), Write::Connection(connection(1, 1)), calendar])).await.expect(WORKS);
    let writer = |store: Store, writer: u64| async move {
        for number in 0.. {
            let name = format!("{writer}-{number}");
            store.commit(commit(1, [entry(2, &name), Write::Event(event(1, &name, 1))])).await.expect(WORKS);
            let mut out = std::io::stdout().lock();
            let _closed = writeln!(out, "ack {name}");
            if writer == 0 && number == 25 {
                // The others are in the middle of theirs. Nothing is flushed, closed or said.
                std::process::abort();
            }
        }
    };
    let tasks: Vec<_> = (0..WRITERS).map(|number| tokio::spawn(writer(store.clone(), number))).collect();
    for task in tasks {
        task.await.expect("aborted before");
    }
}

#[test]
fn what_was_acknowledged_outlives_a_crash() {
    if let Ok(url) = std::env::var(CRASH_FILE) {
        return block_on(write_until_killed(url));
    }
    let folder = Folder::new();
    let mut command = Command::new(std::env::current_exe().expect("the test knows where it is"));
    command.args(["--exact", "host::store::tests::files::what_was_acknowledged_outlives_a_crash", "--nocapture"]);
    let output = command.env(CRASH_FILE, folder.url()).stderr(Stdio::null()).output().expect("the test runs once more");
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stdout);
    let acknowledged: Vec<&str> = said.lines().filter_map(|line| line.split_once("ack ")).map(|(_, name)| name).collect();
    assert!(acknowledged.len() > 25, "{said}");
    block_on(async {
        let store = open(&folder.url()).await;
        let entries: Vec<String> =
            store.entries(TenantId(1), CalendarId(2)).await.expect(WORKS).into_iter().map(|row| row.id).collect();
        let events = store.events(TenantId(1), EventId(0), 100_000).await.expect(WORKS);
        let mut subjects: Vec<String> = events.into_iter().map(|row| row.subject).collect();
        subjects.sort();
        assert_eq!(entries, subjects, "a commit holds as a whole");
        for name in acknowledged {
            assert!(entries.binary_search(&name.to_owned()).is_ok(), "{name} was acknowledged and is lost");
        }
        store.close().await;
    });
}

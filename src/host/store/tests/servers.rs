//! What is PostgreSQL's alone: row-level security, several hosts at once.

use super::rows::{at, commit, connection, dispatch, event, meeting, tenant};
use super::{WORKS, block_on, open, postgres};
use crate::host::model::{Dispatch, EventId, TenantId};
use crate::host::store::sql::{ACQUIRE_TIMEOUT, ALL, Postgres};
use crate::host::store::{CommitError, Decide, Store, StoreError, StoreState, Write};
use sqlx::{Connection, Executor, PgConnection, SqlSafeStr};
use std::fmt::Debug;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant as Tick};

#[test]
fn every_statement_prepares_on_postgresql() {
    let Some(url) = postgres::database() else { return };
    block_on(async {
        let store = open(&url).await;
        let mut connection = PgConnection::connect(&url).await.expect("the server is there");
        for (name, sql) in ALL {
            let prepared = (&mut connection).prepare(sql.postgres.into_sql_str()).await;
            assert!(prepared.is_ok(), "{name}: {:?}", prepared.err());
        }
        store.close().await;
    });
}

/// A way to the server that can be cut without a word: from then on nothing that is sent arrives, over connections that are there and
/// over new ones. When it is mended, it is so for connections that are made from then on.
struct Way {
    port: u16,
    /// How often it was cut or mended: even while it is whole.
    turns: Arc<AtomicUsize>,
}

impl Way {
    fn to(url: &str) -> Self {
        let socket = format!("{}/.s.PGSQL.5432", url.split("host=").nth(1).expect("the URL names the folder"));
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port on loopback");
        let way = Self { port: listener.local_addr().expect("it is bound").port(), turns: Arc::default() };
        let turns = Arc::clone(&way.turns);
        thread::spawn(move || {
            for host in listener.incoming().flatten() {
                let server = UnixStream::connect(&socket).expect("the server is there");
                let begun = turns.load(Ordering::SeqCst);
                let (host_back, server_back) = (host.try_clone().expect("a handle"), server.try_clone().expect("a handle"));
                for (from, to) in [(Pipe::Tcp(host), Pipe::Unix(server)), (Pipe::Unix(server_back), Pipe::Tcp(host_back))] {
                    let turns = Arc::clone(&turns);
                    let is_open = move || begun.is_multiple_of(2) && turns.load(Ordering::SeqCst) == begun;
                    thread::spawn(move || passed_on(from, to, is_open));
                }
            }
        });
        way
    }

    /// Cuts it, or mends it.
    fn turn(&self) {
        self.turns.fetch_add(1, Ordering::SeqCst);
    }
}

enum Pipe {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// Passes bytes on; once the way is cut, they are swallowed, and both ends stay open.
fn passed_on(mut from: Pipe, mut to: Pipe, is_open: impl Fn() -> bool) {
    let mut bytes = [0; 4096];
    loop {
        let count = match &mut from {
            Pipe::Tcp(from) => from.read(&mut bytes),
            Pipe::Unix(from) => from.read(&mut bytes),
        };
        let Ok(count @ 1..) = count else { return };
        if is_open() {
            let passed = match &mut to {
                Pipe::Tcp(to) => to.write_all(&bytes[..count]),
                Pipe::Unix(to) => to.write_all(&bytes[..count]),
            };
            if passed.is_err() {
                return;
            }
        }
    }
}

/// What must come of work in the end: where the machine is busy, even a server that is well may take longer than the patience.
async fn at_last<T, E: Debug>(mut work: impl AsyncFnMut() -> Result<T, E>) -> T {
    let begun = Tick::now();
    loop {
        match work().await {
            Ok(done) => return done,
            Err(error) => assert!(begun.elapsed() < Duration::from_secs(60), "{error:?}"),
        }
    }
}

#[test]
fn a_connection_that_was_cut_without_a_word_is_given_up() {
    let Some(url) = postgres::database() else { return };
    let way = Way::to(&url);
    let patience = Duration::from_millis(700);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let name = url.split(['/', '?']).nth(3).expect("the URL names the database");
        let through = format!("postgres://callsheet@127.0.0.1:{}/{name}", way.port);
        let store = Store::Postgres(at_last(async || Postgres::open_patient(&through, patience).await).await);
        at_last(async || store.commit(commit(1, [tenant(1)])).await).await;
        let told = at_last(async || store.time().await).await.expect("a server knows the time");
        assert!(told.duration_since(crate::time::Instant::now()).abs() < crate::time::Elapsed::from_secs(60));
        way.turn();
        let begun = Tick::now();
        let first = store.commit(commit(1, [Write::Event(event(1, "a", 1))])).await;
        assert!(matches!(first, Err(CommitError::Store(StoreError::Unavailable))), "{first:?}");
        // One that is as patient as usual, or waits for the kernel to give up, takes far longer.
        assert!(begun.elapsed() < ACQUIRE_TIMEOUT, "{:?}", begun.elapsed());
        // The way is there again; connections of before may still be tried, and are found to be dead one after the other.
        way.turn();
        assert_eq!(at_last(async || store.tenants().await).await.len(), 1);
        at_last(async || store.commit(commit(1, [Write::Event(event(1, "b", 1))])).await).await;
    });
}

async fn count(connection: &mut PgConnection, sql: &'static str) -> i64 {
    sqlx::query_scalar(sql).fetch_one(connection).await.expect("the statement is right")
}

async fn touched(connection: &mut PgConnection, sql: &'static str) -> Result<u64, String> {
    let done = sqlx::query(sql).execute(connection).await;
    done.map(|done| done.rows_affected())
        .map_err(|error| error.as_database_error().and_then(|error| error.code()).unwrap_or_default().into_owned())
}

#[test]
fn a_statement_that_forgets_its_tenant_finds_nothing() {
    let Some(url) = postgres::database() else { return };
    block_on(async {
        let store = open(&url).await;
        for id in [1, 2] {
            store
                .commit(commit(id, [tenant(id), Write::Connection(connection(id, 1)), Write::Event(event(id, "a", 1))]))
                .await
                .expect(WORKS);
            store
                .commit(commit(id, [Write::Meeting(meeting(id, "m", 0)), Write::Dispatch(dispatch(id, "m", 0, 0))]))
                .await
                .expect(WORKS);
        }
        let mut connection = PgConnection::connect(&url).await.expect("the server is there");
        let c = &mut connection;
        assert_eq!(count(c, "SELECT count(*) FROM events").await, 0);
        touched(c, "SELECT set_config('app.tenant', '1', false)").await.expect("a setting");
        assert_eq!(count(c, "SELECT count(*) FROM events").await, 1);
        assert_eq!(count(c, "SELECT sum(tenant)::bigint FROM dispatches").await, 1);
        assert_eq!(touched(c, "UPDATE connections SET client = 'x'").await, Ok(1));
        assert_eq!(touched(c, "DELETE FROM connections WHERE tenant = 2").await, Ok(0));
        assert_eq!(touched(c, "INSERT INTO lists (tenant, name, body) VALUES (2, 'a', 'b')").await, Err("42501".to_owned()));
        assert_eq!(touched(c, "UPDATE connections SET tenant = 2").await, Err("42501".to_owned()));
        touched(c, "SELECT set_config('app.tenant', '', false), set_config('app.scope', 'scheduler', false)")
            .await
            .expect("settings");
        assert_eq!(count(c, "SELECT count(*) FROM dispatches").await, 2);
        assert_eq!(count(c, "SELECT count(*) FROM lists").await + count(c, "SELECT count(*) FROM entries").await, 0);
        assert_eq!(touched(c, "UPDATE dispatches SET owner = 'x'").await, Err("42501".to_owned()));
        assert_eq!(touched(c, "DELETE FROM dispatches").await, Ok(0));
        // No table with a tenant is without.
        let bare = "SELECT count(*) FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant'
            WHERE c.relkind = 'r' AND NOT (c.relrowsecurity AND c.relforcerowsecurity)";
        assert_eq!(postgres::as_superuser(&url, bare), "0\n");
        store.close().await;
    });
}

#[test]
fn of_many_hosts_one_claims() {
    let Some(url) = postgres::database() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = open(&url).await;
        let other = open(&url).await;
        store.commit(commit(1, [tenant(1)])).await.expect(WORKS);
        for round in 0..20 {
            let id = format!("m{round}");
            store
                .commit(commit(1, [Write::Meeting(meeting(1, &id, 0)), Write::Dispatch(dispatch(1, &id, 0, 0))]))
                .await
                .expect(WORKS);
            let claims: Vec<_> = (0..8)
                .map(|host| {
                    let store = if host % 2 == 0 { store.clone() } else { other.clone() };
                    let claim = Dispatch { fence: 1, owner: Some(format!("host {host}")), ..dispatch(1, &id, 0, 1) };
                    tokio::spawn(async move {
                        store.commit(commit(1, [Write::Dispatch(claim), Write::Event(event(1, "claimed", 1))])).await
                    })
                })
                .collect();
            let mut won = 0;
            for claim in claims {
                match claim.await.expect("nothing panics") {
                    Ok(()) => won += 1,
                    Err(error) => assert!(matches!(error, CommitError::Conflict("dispatch")), "{error:?}"),
                }
            }
            assert_eq!(won, 1);
        }
        let events = store.events(TenantId(1), EventId(0), 100).await.expect(WORKS);
        assert_eq!(events.iter().map(|row| row.id.0).collect::<Vec<_>>(), (1..=20).collect::<Vec<_>>());
        store.close().await;
        other.close().await;
    });
}

#[test]
fn hosts_that_take_up_at_once_share_what_is_due() {
    let Some(url) = postgres::database() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = open(&url).await;
        for id in 1..=2 {
            store.commit(commit(id, [tenant(id)])).await.expect(WORKS);
            let row = |id: u64, name: &str| [Write::Meeting(meeting(id, name, 0)), Write::Dispatch(dispatch(id, name, 0, 0))];
            store.commit(commit(id, (0..200).flat_map(|number| row(id, &format!("m{number:03}"))))).await.expect(WORKS);
        }
        let hosts: Vec<_> = (0..8)
            .map(|host| {
                let store = store.clone();
                let decide: Decide = Arc::new(move |row| {
                    let claim =
                        Dispatch { fence: row.fence + 1, owner: Some(format!("host {host}")), due_at: None, ..row.clone() };
                    vec![Write::Dispatch(claim), Write::Event(event(row.tenant.0, "claimed", 1))]
                });
                tokio::spawn(async move {
                    let mut taken = 0;
                    // Nothing free may mean that others are at it.
                    for _ in 0..40 {
                        taken += store.take_up(at(1000), 30, Arc::clone(&decide)).await.expect(WORKS).len();
                    }
                    taken
                })
            })
            .collect();
        let mut taken = 0;
        for host in hosts {
            taken += host.await.expect("nothing panics");
        }
        assert_eq!(taken, 400);
        for id in 1..=2 {
            assert_eq!(store.events(TenantId(id), EventId(0), 1000).await.expect(WORKS).len(), 200);
        }
        store.close().await;
    });
}

#[test]
fn commits_that_lock_each_other_out_both_happen_or_conflict() {
    let Some(url) = postgres::database() else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let store = open(&url).await;
        store.commit(commit(1, [tenant(1)])).await.expect(WORKS);
        // Each takes the same rows, half of them in the other order.
        let tasks: Vec<_> = (0..8)
            .map(|number| {
                let store = store.clone();
                let list = |name: &str| Write::List(name.to_owned(), number.to_string());
                let writes = if number % 2 == 0 { [list("a"), list("b")] } else { [list("b"), list("a")] };
                tokio::spawn(async move { store.commit(commit(1, writes)).await })
            })
            .collect();
        let mut happened = 0;
        for task in tasks {
            match task.await.expect("nothing panics") {
                Ok(()) => happened += 1,
                Err(error) => assert!(matches!(error, CommitError::Conflict(_)), "{error:?}"),
            }
        }
        assert!(happened > 0);
        let lists = store.lists(TenantId(1)).await.expect(WORKS);
        assert_eq!(lists[0].1, lists[1].1, "the last commit wrote both");
        store.close().await;
    });
}

#[test]
fn a_server_that_takes_no_writes_counts_as_full_until_it_does() {
    let Some(url) = postgres::database() else { return };
    block_on(async {
        let store = open(&url).await;
        store.commit(commit(1, [tenant(1)])).await.expect("a new store takes it");
        assert_eq!(store.state(), StoreState::Fine);
        let mut operator = PgConnection::connect(&url).await.expect("the server is there");
        become_read_only(&mut operator, true).await;
        // The first finds its connection cut.
        let refused = async || loop {
            match store.commit(commit(1, [tenant(1)])).await {
                Err(CommitError::Store(StoreError::Unavailable)) => tokio::time::sleep(Duration::from_millis(10)).await,
                other => break other,
            }
        };
        let done = refused().await;
        assert!(matches!(done, Err(CommitError::Store(StoreError::ReadOnly))), "{done:?}");
        assert_eq!(store.state(), StoreState::Full);
        become_read_only(&mut operator, false).await;
        refused().await.expect("it takes writes again");
        assert_eq!(store.state(), StoreState::Fine);
        store.close().await;
    });
}

/// The database takes no writes from new connections, or takes them again; and there are no others but this one.
async fn become_read_only(operator: &mut PgConnection, read_only: bool) {
    let set = if read_only {
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()); END $$"
    } else {
        "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I RESET default_transaction_read_only', current_database()); END $$"
    };
    let cut =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";
    for statement in [set, cut] {
        operator.execute(statement).await.expect("the statement is right");
    }
}

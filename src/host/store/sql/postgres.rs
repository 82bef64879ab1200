//! PostgreSQL: several hosts on one server.
//!
//! Every transaction says whose rows it is for, and row-level security holds it to that: a statement that forgets its tenant
//! finds nothing. Guards are conditions of single statements, so READ COMMITTED is enough; what the server takes back on its
//! own account (a deadlock) is tried again.
//!
//! A server that no longer answers, since the way to it was cut without a word, is waited for no longer than for a while; the
//! connection is then given up. The other way round, the server gives up a host that fell silent in the middle of a transaction,
//! since what it was taking up is left alone by all others.

mod connection;

use super::args::{Arg, border, number, text};
use super::commit::apply;
use super::link::{Fail, Found, Link, Noted, Read};
use super::queries::{Ask, Scope, Wider};
use super::statements::{self as sql, Sql};
use super::{migrator, rows};
use crate::host::model::{Dispatch, TenantId};
use crate::host::store::unreadable::Unreadable;
use crate::host::store::{
    Commit, CommitError, Decide, Member, OpenError, StoreError, StoreState, UnreadableRow, decided, from_micros, unfit,
};
use crate::time::{self, Instant};
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, PgPool};
use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant as Tick;
use tokio::time::error::Elapsed;
use tokio::time::timeout;

/// The steps that make the tables.
const STEPS: &[(i64, &str, &str)] = &[
    (1, "begin", include_str!("../migrations/postgres/0001_begin.sql")),
    (2, "operations", include_str!("../migrations/postgres/0002_operations.sql")),
    (3, "marks", include_str!("../migrations/postgres/0003_marks.sql")),
    (4, "errands", include_str!("../migrations/postgres/0004_errands.sql")),
    (5, "hosts", include_str!("../migrations/postgres/0005_hosts.sql")),
    (6, "seal", include_str!("../migrations/postgres/0006_seal.sql")),
    (7, "oauth", include_str!("../migrations/postgres/0007_oauth.sql")),
    (8, "push", include_str!("../migrations/postgres/0008_push.sql")),
    (9, "api", include_str!("../migrations/postgres/0009_api.sql")),
    (10, "partings", include_str!("../migrations/postgres/0010_partings.sql")),
    (11, "roles", include_str!("../migrations/postgres/0011_roles.sql")),
];

/// Connections of one host.
const CONNECTIONS_MAX: u32 = 16;
/// How long a free connection is waited for.
pub(in crate::host::store) const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a transaction may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// What every connection says first: the server's own patience, with a host's statement, with one that is silent inside of a
/// transaction (as when it is held up), and with one that does not answer the network at all.
const SETTINGS: &str = "SET statement_timeout = '20s'; SET idle_in_transaction_session_timeout = '10s';
    SET tcp_keepalives_idle = 15; SET tcp_keepalives_interval = 5; SET tcp_keepalives_count = 3";
/// A server that refused a write because it takes none counts as full for so long.
const FULL_FOR: Duration = Duration::from_secs(15);
/// How often a commit is tried that the server took back.
const TRIES_MAX: u32 = 5;

/// A store on a server. A clone is another handle on it.
#[derive(Clone)]
pub struct Postgres {
    pool: PgPool,
    unreadable: Unreadable,
    patience: Duration,
    /// Until when the server counts as one that takes no writes.
    full_until: Arc<Mutex<Option<Tick>>>,
}

/// Shows no URL.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("store on a PostgreSQL server")
    }
}

impl Postgres {
    /// Connects to the server.
    pub(in crate::host::store) async fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_patient(url, PATIENCE).await
    }

    /// Connects to the server; no transaction may take longer than `patience`.
    pub(in crate::host::store) async fn open_patient(url: &str, patience: Duration) -> Result<Self, OpenError> {
        let options =
            PgConnectOptions::from_str(url).map_err(|error| OpenError::Open(error.into()))?.application_name("callsheet");
        // A new step may take its time.
        let mut connection = options.connect().await.map_err(|error| OpenError::Open(error.into()))?;
        migrator(STEPS).run(&mut connection).await.map_err(OpenError::Migrate)?;
        let _closed = connection.close().await;
        let pooled = PgPoolOptions::new()
            .max_connections(CONNECTIONS_MAX)
            .acquire_timeout(ACQUIRE_TIMEOUT.min(patience))
            .after_connect(|connection, _| Box::pin(async move { sqlx::raw_sql(SETTINGS).execute(connection).await.map(drop) }));
        let pool = pooled.connect_with(options).await.map_err(|error| OpenError::Open(error.into()))?;
        Ok(Self { pool, unreadable: Unreadable::default(), patience, full_until: Arc::default() })
    }

    /// A server whose disk is full, or that has become a copy of another one, takes no writes. While it does not, only what is due
    /// about bots is tried, and the rest once in [`FULL_FOR`].
    pub(in crate::host::store) fn state(&self) -> StoreState {
        let until = *self.full_until.lock().unwrap_or_else(PoisonError::into_inner);
        if until.is_some_and(|until| Tick::now() < until) { StoreState::Full } else { StoreState::Fine }
    }

    /// Takes note of whether a write was refused because the server takes none.
    fn noted<T>(&self, done: Result<T, StoreError>) -> Result<T, StoreError> {
        let full = match &done {
            Ok(_) => None,
            Err(StoreError::ReadOnly) => Some(Tick::now() + FULL_FOR),
            Err(_) => return done,
        };
        *self.full_until.lock().unwrap_or_else(PoisonError::into_inner) = full;
        done
    }

    /// What came of work on a connection that had to end in time. One that did not is given up with its connection.
    fn ended<T>(mut connection: PoolConnection<sqlx::Postgres>, done: Result<Result<T, Fail>, Elapsed>) -> Result<T, Fail> {
        done.unwrap_or_else(|_| {
            connection.close_on_drop();
            Err(Fail::Postgres(sqlx::Error::PoolTimedOut))
        })
    }

    pub(in crate::host::store) async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        for _ in 0..TRIES_MAX {
            match self.attempt(&commit).await {
                Err(Fail::Postgres(error)) if taken_back(&error) => {}
                Err(Fail::Conflict(what)) => return Err(CommitError::Conflict(what)),
                other => return Ok(self.noted(other.map_err(Fail::asked))?),
            }
        }
        Err(CommitError::Conflict("taken back by the database"))
    }

    /// What time it is on the server.
    pub(in crate::host::store) async fn time(&self) -> Result<Instant, StoreError> {
        let mut connection = self.pool.acquire().await.map_err(|error| failure(&error))?;
        let asked = async { Ok(sqlx::query_scalar(sql::TIME.postgres).fetch_one(&mut *connection).await?) };
        let done = timeout(self.patience, asked).await;
        let micros: i64 = Self::ended(connection, done).map_err(Fail::asked)?;
        from_micros(micros).ok_or_else(|| StoreError::Broken("the server's clock shows no time".to_owned()))
    }

    /// Writes down that the host is there; those that are.
    pub(in crate::host::store) async fn attend(
        &self,
        host: &str,
        lease: time::Elapsed,
        kept: time::Elapsed,
    ) -> Result<Vec<Member>, StoreError> {
        for _ in 0..TRIES_MAX {
            let mut connection = self.pool.acquire().await.map_err(|error| failure(&error))?;
            let done = timeout(self.patience, attended(&mut connection, host, (lease, kept))).await;
            match Self::ended(connection, done) {
                Err(Fail::Postgres(error)) if taken_back(&error) => {}
                other => return other.map_err(Fail::asked),
            }
        }
        Err(StoreError::Unavailable)
    }

    /// Those that attended.
    pub(in crate::host::store) async fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.ask(Scope::Scheduler, sql::MEMBERS, vec![], rows::member).await
    }

    /// Takes the row of a host out.
    pub(in crate::host::store) async fn leave(&self, host: &str) -> Result<(), StoreError> {
        let mut connection = self.pool.acquire().await.map_err(|error| failure(&error))?;
        let left = async { connection.run(sql::LEAVE, vec![text(host)]).await };
        let done = timeout(self.patience, left).await;
        Self::ended(connection, done).map(drop).map_err(Fail::asked)
    }

    pub(in crate::host::store) fn unreadable_rows(&self) -> Vec<UnreadableRow> {
        self.unreadable.list()
    }

    pub(in crate::host::store) async fn close(&self) {
        self.pool.close().await;
    }

    async fn attempt(&self, commit: &Commit) -> Result<(), Fail> {
        let mut connection = self.pool.acquire().await?;
        let done = timeout(self.patience, attempted(&mut connection, commit)).await;
        Self::ended(connection, done)
    }

    pub(in crate::host::store) async fn take_up(
        &self,
        before: Instant,
        limit: usize,
        decide: &Decide,
    ) -> Result<Vec<Dispatch>, StoreError> {
        for _ in 0..TRIES_MAX {
            match self.attempt_taking(before, limit, decide).await {
                Err(Fail::Postgres(error)) if taken_back(&error) => {}
                Err(Fail::Conflict(_)) => return Err(unfit()),
                other => return self.noted(other.map_err(Fail::asked)),
            }
        }
        Err(StoreError::Unavailable)
    }

    async fn attempt_taking(&self, before: Instant, limit: usize, decide: &Decide) -> Result<Vec<Dispatch>, Fail> {
        let mut connection = self.pool.acquire().await?;
        let done = timeout(self.patience, taken(&mut connection, &self.unreadable, (before, limit), decide)).await;
        Self::ended(connection, done)
    }

    async fn read<T: Send>(&self, scope: Scope, sql: Sql, args: Vec<Arg<'_>>, read: Read<T>) -> Result<Vec<T>, Fail> {
        let mut connection = self.pool.acquire().await?;
        let done = timeout(self.patience, answered(&mut connection, scope, (sql, args), read)).await;
        Self::ended(connection, done)
    }

    async fn look<T: Send>(&self, scope: Scope, sql: Sql, args: Vec<Arg<'_>>, read: Read<T>) -> Result<Found<T>, Fail> {
        let mut connection = self.pool.acquire().await?;
        let noted = Noted { unreadable: &self.unreadable, tenant: scope.tenant() };
        let done = timeout(self.patience, found(&mut connection, scope, (sql, args), (read, noted))).await;
        Self::ended(connection, done)
    }
}

/// Dropped before its end, the transaction is taken back.
async fn attempted(connection: &mut PgConnection, commit: &Commit) -> Result<(), Fail> {
    let mut transaction = connection.begin().await?;
    enter(&mut transaction, Scope::Tenant(commit.tenant)).await?;
    apply(&mut *transaction, commit).await?;
    Ok(transaction.commit().await?)
}

/// The host's own row first: who reads it with ours reads ours with its.
async fn attended(
    connection: &mut PgConnection,
    host: &str,
    (lease, kept): (time::Elapsed, time::Elapsed),
) -> Result<Vec<Member>, Fail> {
    let mut transaction = connection.begin().await?;
    transaction.run(sql::ATTEND, vec![text(host), number(lease.as_micros())]).await?;
    transaction.run(sql::FORGET_HOSTS, vec![number(kept.as_micros())]).await?;
    let members = transaction.rows(sql::MEMBERS, vec![], rows::member).await?;
    transaction.commit().await?;
    Ok(members)
}

/// The rows are locked as the scheduler, who sees those of all tenants, and changed as their tenants, one after the other.
async fn taken(
    connection: &mut PgConnection,
    unreadable: &Unreadable,
    (before, limit): (Instant, usize),
    decide: &Decide,
) -> Result<Vec<Dispatch>, Fail> {
    let mut transaction = connection.begin().await?;
    enter(&mut transaction, Scope::Scheduler).await?;
    let noted = Noted { unreadable, tenant: None };
    let mut wider = Wider::new(limit);
    let due = loop {
        let found = transaction.find(sql::TAKE_UP, vec![border(before), wider.of(limit)], rows::dispatch, noted).await?;
        if let Some(rows) = wider.enough(found) {
            break rows;
        }
    };
    let mut commits: BTreeMap<TenantId, Vec<Commit>> = BTreeMap::new();
    let mut taken = Vec::new();
    for row in due {
        if let Some(commit) = decided(&row, decide).map_err(Fail::Row)? {
            commits.entry(row.tenant).or_default().push(commit);
            taken.push(row);
        }
    }
    for (tenant, commits) in commits {
        enter(&mut transaction, Scope::Tenant(tenant)).await?;
        for commit in commits {
            apply(&mut *transaction, &commit).await?;
        }
    }
    transaction.commit().await?;
    Ok(taken)
}

async fn answered<T: Send>(
    connection: &mut PgConnection,
    scope: Scope,
    (sql, args): (Sql, Vec<Arg<'_>>),
    read: Read<T>,
) -> Result<Vec<T>, Fail> {
    let mut transaction = connection.begin().await?;
    enter(&mut transaction, scope).await?;
    let answer = transaction.rows(sql, args, read).await?;
    transaction.commit().await?;
    Ok(answer)
}

/// What can be read, and what cannot is noted.
async fn found<T: Send>(
    connection: &mut PgConnection,
    scope: Scope,
    (sql, args): (Sql, Vec<Arg<'_>>),
    (read, noted): (Read<T>, Noted<'_>),
) -> Result<Found<T>, Fail> {
    let mut transaction = connection.begin().await?;
    enter(&mut transaction, scope).await?;
    let answer = transaction.find(sql, args, read, noted).await?;
    transaction.commit().await?;
    Ok(answer)
}

impl Ask for Postgres {
    async fn ask<T: Send + 'static>(
        &self,
        scope: Scope,
        sql: Sql,
        args: Vec<Arg<'_>>,
        read: Read<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.read(scope, sql, args, read).await.map_err(Fail::asked)
    }

    async fn find<T: Send + 'static>(
        &self,
        scope: Scope,
        sql: Sql,
        args: Vec<Arg<'_>>,
        read: Read<T>,
    ) -> Result<Found<T>, StoreError> {
        self.look(scope, sql, args, read).await.map_err(Fail::asked)
    }

    fn unreadable(&self) -> &Unreadable {
        &self.unreadable
    }

    async fn number(&self) -> Result<u64, StoreError> {
        let given = self.ask(Scope::Scheduler, sql::NEXT_NUMBER, vec![], rows::count).await?;
        given.first().copied().ok_or_else(|| StoreError::Broken("the row of numbers is gone".to_owned()))
    }
}

/// Says whose rows the transaction is for. The setting ends with it.
async fn enter(connection: &mut PgConnection, scope: Scope) -> Result<(), Fail> {
    match scope {
        Scope::Tenant(tenant) => connection.run(sql::ENTER_TENANT, vec![number(tenant.0)]).await,
        Scope::Scheduler => connection.run(sql::ENTER_SCHEDULER, vec![]).await,
    }
    .map(drop)
}

/// Serialization failure, deadlock: the transaction did not happen, through no fault of its own.
fn taken_back(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Database(error) if matches!(error.code().as_deref(), Some("40001" | "40P01")))
}

/// What an error of PostgreSQL means. Source: appendix A of its manual; the first two characters are the class.
pub(super) fn failure(error: &sqlx::Error) -> StoreError {
    let sqlx::Error::Database(error) = error else {
        return match error {
            sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
                StoreError::Row { table: "answer", why: "not of the expected type".to_owned() }
            }
            _ => StoreError::Unavailable,
        };
    };
    let code = error.code().unwrap_or_default();
    match (code.get(..2).unwrap_or_default(), &*code) {
        // Disk full, read-only transaction.
        (_, "53100" | "25006") => StoreError::ReadOnly,
        // It gave the connection up: this host was silent inside of a transaction.
        (_, "25P03") => StoreError::Unavailable,
        // Connection, resources, operator, locks and what was taken back.
        ("08" | "53" | "57" | "55" | "40", _) => StoreError::Unavailable,
        // A value that the database cannot hold.
        ("22" | "54", _) => StoreError::Row { table: "commit", why: format!("PostgreSQL code {code}") },
        _ => StoreError::Broken(format!("PostgreSQL code {code}")),
    }
}

//! SQLite: one writer with group commit, readers beside it.
//!
//! The writer is a thread that owns the only connection which writes. It takes what waits for it, makes each commit in a
//! savepoint of one transaction, and answers when that one is on the disk (`synchronous=FULL`): while the disk works, the
//! next group gathers. A commit whose guard fails takes back its savepoint and nothing else.
//!
//! Statements run on the thread that wants them done, without a hand-over for each: `sqlx` makes the tables, and no more.
//!
//! After an error that leaves the file in doubt, nothing is read or written any more: the host must stop and begin anew from
//! what the disk has.
//!
//! Where the disk is full, nothing is written but what is due about bots, in room that was kept for it (see [`reserve`]).
//!
//! [`reserve`]: super::reserve

mod connection;
mod readers;

use super::args::{Arg, border};
use super::commit::{self, apply};
use super::link::{Fail, Found, Link, Noted, Read};
use super::queries::{Ask, Scope, Wider};
use super::reserve::Reserve;
use super::statements::{self as sql, Sql};
use super::{migrator, rows};
use crate::host::model::Dispatch;
use crate::host::store::unreadable::Unreadable;
use crate::host::store::{Commit, CommitError, Decide, OpenError, StoreError, StoreState, UnreadableRow, Write, decided, unfit};
use crate::time::Instant;
use readers::Readers;
use rusqlite::{Connection, ffi};
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use std::fmt;
use std::io::ErrorKind;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};

/// The steps that make the tables.
const STEPS: &[(i64, &str, &str)] = &[
    (1, "begin", include_str!("../migrations/sqlite/0001_begin.sql")),
    (2, "operations", include_str!("../migrations/sqlite/0002_operations.sql")),
    (3, "marks", include_str!("../migrations/sqlite/0003_marks.sql")),
    (4, "errands", include_str!("../migrations/sqlite/0004_errands.sql")),
    (6, "seal", include_str!("../migrations/sqlite/0006_seal.sql")),
    (7, "oauth", include_str!("../migrations/sqlite/0007_oauth.sql")),
    (8, "push", include_str!("../migrations/sqlite/0008_push.sql")),
    (9, "api", include_str!("../migrations/sqlite/0009_api.sql")),
    (10, "partings", include_str!("../migrations/sqlite/0010_partings.sql")),
    (11, "roles", include_str!("../migrations/sqlite/0011_roles.sql")),
];

/// Most commits that share one transaction: what one of them can wait for the others.
const GROUP_MAX: usize = 256;
/// Most requests that wait for the writer; who comes later waits for a place.
const QUEUE_MAX: usize = 1024;
/// What every connection is told.
const PRAGMAS: &[(&str, &str)] = &[
    ("journal_mode", "WAL"),
    ("synchronous", "FULL"),
    ("foreign_keys", "ON"),
    ("trusted_schema", "OFF"),
    // What is removed or replaced is overwritten where its page is written anyway: keys and secrets must not lie about.
    ("secure_delete", "FAST"),
    // What a savepoint remembers needs no room on another disk that may be full.
    ("temp_store", "MEMORY"),
];
/// How often is looked whether a full disk has room again.
const ROOM_EVERY: Duration = Duration::from_secs(1);

/// A store in a file. A clone is another handle on it.
#[derive(Clone)]
pub struct Sqlite {
    readers: Readers,
    writer: mpsc::Sender<Request>,
    state: State,
    unreadable: Unreadable,
}

/// How the store is: set by the writer, and by readers that find the file in doubt.
type State = watch::Sender<StoreState>;

/// What the writer is asked for.
enum Request {
    Work(Work, Done),
    /// To look whether a full disk has room again.
    Room,
    Close(oneshot::Sender<()>),
}

/// What is done inside of a transaction.
enum Work {
    Commit(Commit),
    TakeUp(Instant, usize, Decide),
    Number,
}

/// Shows no path.
impl fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("store in a SQLite file")
    }
}

impl Sqlite {
    /// Opens the file, or makes it.
    pub(in crate::host::store) async fn open(path: &str) -> Result<Self, OpenError> {
        if path.is_empty() || path == ":memory:" {
            return Err(OpenError::Url);
        }
        make_tables(path).await?;
        let opened = |path: &str| Ok((connection::open(path)?, Readers::open(path)?));
        let (connection, readers) = opened(path).map_err(|error: rusqlite::Error| OpenError::Open(error.into()))?;
        Self::start(path, connection, readers)
    }

    fn start(path: &str, connection: Connection, readers: Readers) -> Result<Self, OpenError> {
        let (writer, queue) = mpsc::channel(QUEUE_MAX);
        let (state, unreadable) = (State::new(StoreState::Fine), Unreadable::default());
        let reserve = Reserve::beside(path);
        let mut own = Writer { connection, queue, state: state.clone(), unreadable: unreadable.clone(), reserve };
        own.make_room();
        let started = thread::Builder::new().name("store-writer".to_owned()).spawn(move || own.run());
        started.map_err(|error| OpenError::Open(error.into()))?;
        tokio::spawn(look_for_room(state.subscribe(), writer.downgrade()));
        Ok(Self { readers, writer, state, unreadable })
    }

    pub(in crate::host::store) async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let request = |answer| Request::Work(Work::Commit(commit), Done::Commit(answer, Ok(())));
        self.request(request).await.unwrap_or_else(|error| Err(error.into()))
    }

    pub(in crate::host::store) async fn take_up(
        &self,
        before: Instant,
        limit: usize,
        decide: Decide,
    ) -> Result<Vec<Dispatch>, StoreError> {
        let request = |answer| Request::Work(Work::TakeUp(before, limit, decide), Done::TakeUp(answer, Ok(Vec::new())));
        self.request(request).await?
    }

    pub(in crate::host::store) fn unreadable_rows(&self) -> Vec<UnreadableRow> {
        self.unreadable.list()
    }

    pub(in crate::host::store) async fn close(&self) {
        let _closed = self.request(Request::Close).await;
        self.readers.close().await;
    }

    /// Asks the writer. Where it is gone, the answer is why.
    async fn request<T>(&self, request: impl FnOnce(oneshot::Sender<T>) -> Request) -> Result<T, StoreError> {
        self.check()?;
        let (answer, answered) = oneshot::channel();
        self.writer.send(request(answer)).await.map_err(|_| StoreError::Unavailable)?;
        answered.await.map_err(|_| StoreError::Unavailable)
    }

    fn check(&self) -> Result<(), StoreError> {
        check(&self.state)
    }

    /// How the store is.
    pub(in crate::host::store) fn state(&self) -> StoreState {
        self.state.borrow().clone()
    }

    /// Waits until the file is in doubt.
    pub(in crate::host::store) async fn broken(&self) {
        let mut state = self.state.subscribe();
        // It fails only where nobody could set the state any more, and this handle can.
        let _broken = state.wait_for(|state| matches!(state, StoreState::Broken(_))).await.is_ok();
    }
}

fn check(state: &State) -> Result<(), StoreError> {
    match &*state.borrow() {
        StoreState::Broken(why) => Err(StoreError::Broken(why.clone())),
        StoreState::Fine | StoreState::Full => Ok(()),
    }
}

/// Takes note of an error that leaves the file in doubt; the first counts.
fn noted(state: &State, error: StoreError) -> StoreError {
    if let StoreError::Broken(why) = &error {
        let is_first = state.send_if_modified(|state| {
            let is_first = !matches!(state, StoreState::Broken(_));
            if is_first {
                *state = StoreState::Broken(why.clone());
            }
            is_first
        });
        if is_first {
            tracing::error!(why, "the database is in doubt: nothing is read or written any more");
        }
    }
    error
}

/// Makes the file where it is not there, and brings its tables up to date.
async fn make_tables(path: &str) -> Result<(), OpenError> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let options = PRAGMAS.iter().fold(options, |options, (name, value)| options.pragma(*name, *value));
    let mut connection = options.connect().await.map_err(|error| OpenError::Open(error.into()))?;
    migrator(STEPS).run(&mut connection).await.map_err(OpenError::Migrate)?;
    sqlx::Connection::close(connection).await.map_err(|error| OpenError::Open(error.into()))
}

/// Asks the writer to look, again and again, while the disk is full; until the store is gone.
async fn look_for_room(mut state: watch::Receiver<StoreState>, writer: mpsc::WeakSender<Request>) {
    while state.wait_for(|state| *state == StoreState::Full).await.is_ok() {
        tokio::time::sleep(ROOM_EVERY).await;
        let Some(writer) = writer.upgrade() else { return };
        if writer.send(Request::Room).await.is_err() {
            return;
        }
    }
}

impl Ask for Sqlite {
    async fn ask<T: Send + 'static>(
        &self,
        _scope: Scope,
        sql: Sql,
        args: Vec<Arg<'_>>,
        read: Read<T>,
    ) -> Result<Vec<T>, StoreError> {
        self.check()?;
        let args = owned(args);
        let asked = self.readers.ask(move |connection| connection::rows(connection, sql, &args, read)).await;
        asked.map_err(|error| noted(&self.state, error))
    }

    async fn find<T: Send + 'static>(
        &self,
        scope: Scope,
        sql: Sql,
        args: Vec<Arg<'_>>,
        read: Read<T>,
    ) -> Result<Found<T>, StoreError> {
        self.check()?;
        let (args, unreadable) = (owned(args), self.unreadable.clone());
        let work = move |connection: &Connection| {
            let missing = Noted { unreadable: &unreadable, tenant: scope.tenant() };
            connection::find(connection, sql, &args, read, missing)
        };
        self.readers.ask(work).await.map_err(|error| noted(&self.state, error))
    }

    fn unreadable(&self) -> &Unreadable {
        &self.unreadable
    }

    async fn number(&self) -> Result<u64, StoreError> {
        self.request(|answer| Request::Work(Work::Number, Done::Number(answer, 0))).await?
    }
}

fn owned(args: Vec<Arg<'_>>) -> Vec<Arg<'static>> {
    args.into_iter().map(Arg::into_owned).collect()
}

/// Who writes.
struct Writer {
    connection: Connection,
    queue: mpsc::Receiver<Request>,
    state: State,
    unreadable: Unreadable,
    reserve: Reserve,
}

/// One request of a group, and what came of it unless the group fails.
enum Done {
    Commit(oneshot::Sender<Result<(), CommitError>>, Result<(), CommitError>),
    TakeUp(oneshot::Sender<Result<Vec<Dispatch>, StoreError>>, Result<Vec<Dispatch>, StoreError>),
    Number(oneshot::Sender<Result<u64, StoreError>>, u64),
}

impl Done {
    /// Answers, when it is known what came of the group. Whoever asked may have gone.
    fn tell(self, group: Result<(), StoreError>) {
        match self {
            Self::Commit(answer, done) => {
                let _gone = answer.send(group.map_err(CommitError::from).and(done));
            }
            Self::TakeUp(answer, taken) => {
                let _gone = answer.send(group.and(taken));
            }
            Self::Number(answer, number) => {
                let _gone = answer.send(group.map(|()| number));
            }
        }
    }
}

impl Writer {
    /// Serves until every handle is gone, or one of them closes the store.
    fn run(mut self) {
        let mut group = Vec::new();
        let mut closing = Vec::new();
        while self.queue.blocking_recv_many(&mut group, GROUP_MAX) > 0 {
            let mut work = Vec::with_capacity(group.len());
            for request in group.drain(..) {
                match request {
                    // What was asked for before is still done, what comes after is refused.
                    Request::Close(answer) => {
                        self.queue.close();
                        closing.push(answer);
                    }
                    Request::Room => self.make_room(),
                    Request::Work(asked, empty) => work.push((asked, empty)),
                }
            }
            if !work.is_empty() {
                self.serve(work);
            }
        }
        if self.connection.close().is_err() {
            tracing::warn!("the database was not closed properly");
        }
        for answer in closing {
            let _gone = answer.send(());
        }
    }

    /// One group: durable, then answered.
    fn serve(&mut self, mut group: Vec<(Work, Done)>) {
        if self.is_full() {
            group = refused_but_urgent(group);
        }
        let mut outcome = self.attempt(&mut group);
        if outcome == Err(StoreError::ReadOnly) && !self.is_full() {
            tracing::error!("the disk is full: nothing is written but what is due about bots");
            self.reserve.free();
            self.state.send_replace(StoreState::Full);
            group = refused_but_urgent(group);
            outcome = self.attempt(&mut group);
        }
        for (_, done) in group {
            done.tell(outcome.clone());
        }
    }

    /// One transaction; taken back as a whole where it fails.
    fn attempt(&mut self, group: &mut [(Work, Done)]) -> Result<(), StoreError> {
        check(&self.state)?;
        if group.is_empty() {
            return Ok(());
        }
        let outcome = at_once(self.transaction(group));
        if outcome.is_err() {
            // Fails where SQLite has already taken the transaction back.
            let _none_open = self.statement("ROLLBACK");
        }
        outcome.map_err(|error| noted(&self.state, error))
    }

    fn is_full(&self) -> bool {
        *self.state.borrow() == StoreState::Full
    }

    /// Keeps room for what is due about bots; where there is none, the disk counts as full.
    fn make_room(&mut self) {
        let full = match self.reserve.make() {
            Ok(()) => false,
            Err(error) if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => true,
            Err(error) => {
                tracing::warn!(error = %error, "no room on the disk can be kept for bots");
                false
            }
        };
        let changed = self.state.send_if_modified(|state| {
            let next = if full { StoreState::Full } else { StoreState::Fine };
            let changes = !matches!(state, StoreState::Broken(_)) && *state != next;
            if changes {
                *state = next;
            }
            changes
        });
        if changed && full {
            tracing::error!("the disk is full: nothing is written but what is due about bots");
        } else if changed {
            tracing::info!("the disk has room again");
        }
    }

    async fn transaction(&mut self, group: &mut [(Work, Done)]) -> Result<(), StoreError> {
        self.statement("BEGIN IMMEDIATE")?;
        for (work, done) in group {
            match (work, done) {
                (Work::Commit(commit), Done::Commit(_, done)) => *done = self.one(commit).await?,
                (Work::TakeUp(before, limit, decide), Done::TakeUp(_, taken)) => {
                    *taken = self.take_up(*before, *limit, decide).await?;
                }
                (Work::Number, Done::Number(_, number)) => *number = self.number().await?,
                _ => return Err(StoreError::Broken("the writer mixed its answers up".to_owned())),
            }
        }
        self.statement("COMMIT")
    }

    /// One commit. The outer error is one of the whole group.
    async fn one(&mut self, commit: &Commit) -> Result<Result<(), CommitError>, StoreError> {
        if let Some((first, told)) = guarded_first(commit) {
            let done = commit::one(&mut self.connection, commit.tenant, first).await;
            let done = own(done.map_err(Fail::told))?;
            if done.is_ok() {
                for event in told {
                    let done = commit::one(&mut self.connection, commit.tenant, event).await;
                    done.map_err(Fail::asked)?;
                }
            }
            return Ok(done);
        }
        self.statement("SAVEPOINT one")?;
        let done = own(apply(&mut self.connection, commit).await.map_err(Fail::told))?;
        if done.is_err() {
            self.statement("ROLLBACK TO one")?;
        }
        self.statement("RELEASE one")?;
        Ok(done)
    }

    /// What is due, decided on.
    async fn take_up(
        &mut self,
        before: Instant,
        limit: usize,
        decide: &Decide,
    ) -> Result<Result<Vec<Dispatch>, StoreError>, StoreError> {
        self.statement("SAVEPOINT one")?;
        let taken = match self.taken(before, limit, decide).await {
            Ok(taken) => Ok(taken),
            Err(Fail::Conflict(_)) => Err(unfit()),
            Err(fail) => match own::<()>(Err(CommitError::Store(fail.asked())))? {
                Err(CommitError::Store(error)) => Err(error),
                _ => Err(unfit()),
            },
        };
        if taken.is_err() {
            self.statement("ROLLBACK TO one")?;
        }
        self.statement("RELEASE one")?;
        Ok(taken)
    }

    async fn taken(&mut self, before: Instant, limit: usize, decide: &Decide) -> Result<Vec<Dispatch>, Fail> {
        let (connection, noted) = (&mut self.connection, Noted { unreadable: &self.unreadable, tenant: None });
        let mut wider = Wider::new(limit);
        let due = loop {
            let found = connection.find(sql::TAKE_UP, vec![border(before), wider.of(limit)], rows::dispatch, noted).await?;
            if let Some(rows) = wider.enough(found) {
                break rows;
            }
        };
        let mut taken = Vec::with_capacity(due.len());
        for row in due {
            if let Some(commit) = decided(&row, decide).map_err(Fail::Row)? {
                apply(&mut self.connection, &commit).await?;
                taken.push(row);
            }
        }
        Ok(taken)
    }

    async fn number(&mut self) -> Result<u64, StoreError> {
        let given = self.connection.rows(sql::NEXT_NUMBER, vec![], rows::count).await.map_err(Fail::asked)?;
        given.first().copied().ok_or_else(|| StoreError::Broken("the row of numbers is gone".to_owned()))
    }

    fn statement(&self, text: &'static str) -> Result<(), StoreError> {
        connection::execute(&self.connection, text, &[]).map(drop).map_err(Fail::asked)
    }
}

/// What is written so that it can wait for a server, and waits for nothing here.
fn at_once<T>(work: impl Future<Output = T>) -> T {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => unreachable!("a connection to a file answers before it returns"),
    }
}

/// Answers what can wait until the disk has room; what cannot is left.
fn refused_but_urgent(group: Vec<(Work, Done)>) -> Vec<(Work, Done)> {
    let (urgent, others): (Vec<_>, Vec<_>) = group.into_iter().partition(|(work, _)| is_urgent(work));
    for (_, done) in others {
        done.tell(Err(StoreError::ReadOnly));
    }
    urgent
}

/// Whether it is about a bot alone: claims, answers, and what is told of them.
fn is_urgent(work: &Work) -> bool {
    match work {
        Work::TakeUp(..) => true,
        Work::Number => false,
        Work::Commit(commit) => {
            let own = |write: &Write| matches!(write, Write::Dispatch(_) | Write::Event(_));
            commit.writes.iter().all(own) && commit.writes.iter().any(|write| matches!(write, Write::Dispatch(_)))
        }
    }
}

/// The change that alone has a guard, and the events to be told with it. SQLite takes a statement back by itself where it fails, so
/// that such a commit needs no savepoint: what nearly every commit in a storm would pay for with two statements more. That an
/// event cannot be written fails the group; nothing guards it.
fn guarded_first(commit: &Commit) -> Option<(&Write, &[Write])> {
    let (first @ (Write::Dispatch(_) | Write::Delivery(_)), told) = commit.writes.split_first()? else { return None };
    told.iter().all(|write| matches!(write, Write::Event(_))).then_some((first, told))
}

/// Tells failures of one commit, inside, from those of the whole group.
fn own<T>(done: Result<T, CommitError>) -> Result<Result<T, CommitError>, StoreError> {
    match done {
        Err(CommitError::Store(error @ (StoreError::Broken(_) | StoreError::ReadOnly | StoreError::Unavailable))) => Err(error),
        other => Ok(other),
    }
}

/// What an error of SQLite means. Source: the list of result codes, <https://sqlite.org/rescode.html>; the low byte is the
/// primary one.
pub(super) fn failure(error: &rusqlite::Error) -> StoreError {
    let Some(code) = error.sqlite_error().map(|error| error.extended_code) else {
        return StoreError::Broken(format!("a statement was not such as SQLite takes it: {error}"));
    };
    match code & 0xff {
        ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED | ffi::SQLITE_NOMEM | ffi::SQLITE_INTERRUPT => StoreError::Unavailable,
        ffi::SQLITE_READONLY | ffi::SQLITE_FULL => StoreError::ReadOnly,
        // The index of the write-ahead log, on a full disk.
        ffi::SQLITE_IOERR if code == ffi::SQLITE_IOERR_SHMSIZE => StoreError::ReadOnly,
        ffi::SQLITE_TOOBIG => StoreError::Row { table: "commit", why: "a value is too long".to_owned() },
        // SQLITE_IOERR, CORRUPT, NOTADB, CANTOPEN, and whatever should not happen
        _ => StoreError::Broken(format!("SQLite code {code}")),
    }
}

/// Whether a row names one that is not there.
pub(super) fn is_foreign_key(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_CONSTRAINT_FOREIGNKEY)
}

#[cfg(test)]
mod tests {
    use super::{Readers, Sqlite, connection, make_tables};
    use crate::host::model::TenantId;
    use crate::host::store::{Commit, CommitError, Queries, StoreError, StoreState, Write};
    use crate::time::Instant;
    use std::sync::Arc;

    fn list(name: &str, bytes: usize) -> Commit {
        Commit { tenant: TenantId(1), writes: vec![Write::List(name.to_owned(), "x".repeat(bytes))] }
    }

    /// As on a full disk, SQLite answers SQLITE_FULL past the pages that it may use.
    #[tokio::test]
    async fn a_full_disk_takes_no_writes_and_loses_none() {
        let file = std::env::temp_dir().join(format!("callsheet-full-{}.db", std::process::id()));
        let path = file.to_str().expect("folders for temporary files have plain names");
        make_tables(path).await.expect("the file can be made");
        let connection = connection::open(path).expect("the file is there");
        connection.pragma_update(None, "max_page_count", 120).expect("a setting");
        let store = Sqlite::start(path, connection, Readers::open(path).expect("it is")).expect("there are threads");
        store.commit(list("first", 100_000)).await.expect("there is room");
        let full = store.commit(list("second", 1_000_000)).await;
        assert!(matches!(full, Err(CommitError::Store(StoreError::ReadOnly))), "{full:?}");
        let names =
            async || store.lists(TenantId(1)).await.expect("it reads").into_iter().map(|(name, _)| name).collect::<Vec<_>>();
        assert_eq!(names().await, ["first"]);
        // Somebody helps: until that is seen, nothing is taken but what is due about bots.
        assert_eq!(store.state(), StoreState::Full);
        let waiting = store.commit(list("first", 10)).await;
        assert!(matches!(waiting, Err(CommitError::Store(StoreError::ReadOnly))), "{waiting:?}");
        assert_eq!(store.take_up(Instant::MAX, 10, Arc::new(|_| Vec::new())).await.expect("it is urgent"), []);
        store.state.subscribe().wait_for(|state| *state == StoreState::Fine).await.expect("the store is there");
        store.commit(list("first", 10)).await.expect("what shrinks needs no room");
        store.commit(list("third", 100_000)).await.expect("there is room again");
        assert_eq!(names().await, ["first", "third"]);
        store.close().await;
        for end in ["", "-wal", "-shm", "-reserve"] {
            let _not_there = std::fs::remove_file(format!("{path}{end}"));
        }
    }
}

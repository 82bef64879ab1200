//! A connection to either database, as the queries and the commit see it: arguments in, cells out.

use super::args::Arg;
use super::statements::Sql;
use super::{postgres, sqlite};
use crate::host::model::TenantId;
use crate::host::store::unreadable::{Key, Unreadable};
use crate::host::store::{CommitError, StoreError};

/// Why a statement did not do what it was for.
#[derive(Debug)]
pub(in crate::host::store) enum Fail {
    /// A guard does not hold.
    Conflict(&'static str),
    /// PostgreSQL refused, or cannot be reached.
    Postgres(sqlx::Error),
    /// SQLite refused.
    Sqlite(rusqlite::Error),
    /// A row cannot be read.
    Row(StoreError),
}

impl From<sqlx::Error> for Fail {
    fn from(error: sqlx::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<rusqlite::Error> for Fail {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Fail {
    /// What the author of a commit is told.
    pub(super) fn told(self) -> CommitError {
        match self {
            Self::Conflict(what) => CommitError::Conflict(what),
            other => CommitError::Store(other.asked()),
        }
    }

    /// What the author of a query is told.
    pub(super) fn asked(self) -> StoreError {
        match self {
            Self::Conflict(what) => StoreError::Broken(format!("a query has no guard: {what}")),
            Self::Postgres(error) => postgres::failure(&error),
            Self::Sqlite(error) => sqlite::failure(&error),
            Self::Row(error) => error,
        }
    }

    /// Whether the row that another one belongs to is not there.
    pub(super) fn is_foreign_key(&self) -> bool {
        match self {
            Self::Postgres(sqlx::Error::Database(error)) => error.is_foreign_key_violation(),
            Self::Sqlite(error) => sqlite::is_foreign_key(error),
            _ => false,
        }
    }
}

/// A cell does not hold what was expected of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::host::store) struct Mismatch;

/// A row of a driver.
pub(super) trait Row {
    /// The number in the cell at this place.
    fn int(&self, at: usize) -> Result<Option<i64>, Mismatch>;

    /// The text in the cell at this place.
    fn text(&self, at: usize) -> Result<Option<String>, Mismatch>;
}

/// The cells of a row, one after the other.
pub(in crate::host::store) trait Cells {
    /// The cells of a table begin, the first so many of which name the row.
    fn begin(&mut self, table: &'static str, keys: usize);
    fn int(&mut self) -> Result<Option<i64>, Mismatch>;
    fn text(&mut self) -> Result<Option<String>, Mismatch>;
}

/// Makes a row out of its cells.
pub(in crate::host::store) type Read<T> = fn(&mut dyn Cells) -> Result<T, StoreError>;

/// Where rows are written down that cannot be read, and whose rows are asked for, where it is one tenant's.
#[derive(Clone, Copy)]
pub(in crate::host::store) struct Noted<'a> {
    pub(in crate::host::store) unreadable: &'a Unreadable,
    pub(in crate::host::store) tenant: Option<TenantId>,
}

/// The rows that a statement answered with.
pub(in crate::host::store) struct Found<T> {
    pub(in crate::host::store) rows: Vec<T>,
    /// How many there were besides that cannot be read.
    pub(in crate::host::store) unread: usize,
}

/// A connection.
pub(in crate::host::store) trait Link: Send {
    /// Runs a statement; answers with the number of rows that it touched.
    fn run(&mut self, sql: Sql, args: Vec<Arg<'_>>) -> impl Future<Output = Result<u64, Fail>> + Send;

    /// Runs a statement that answers with rows. One that cannot be read is an error.
    fn rows<T: Send>(&mut self, sql: Sql, args: Vec<Arg<'_>>, read: Read<T>)
    -> impl Future<Output = Result<Vec<T>, Fail>> + Send;

    /// The same, but for rows that cannot be read: they are written down.
    fn find<T: Send>(
        &mut self,
        sql: Sql,
        args: Vec<Arg<'_>>,
        read: Read<T>,
        noted: Noted<'_>,
    ) -> impl Future<Output = Result<Found<T>, Fail>> + Send;
}

impl<T> Found<T> {
    pub(super) fn none_yet(count: usize) -> Self {
        Self { rows: Vec::with_capacity(count), unread: 0 }
    }

    /// Reads a row, or writes it down.
    pub(super) fn take(&mut self, row: &impl Row, read: Read<T>, noted: Noted<'_>) -> Result<(), StoreError> {
        // Their keys are of no interest while every row can be read.
        let mut cursor = if noted.unreadable.is_empty() { Cursor::new(row) } else { Cursor::with_keys(row) };
        match read(&mut cursor) {
            Ok(value) => {
                if let Some(keys) = cursor.keys {
                    noted.unreadable.read(noted.tenant, keys);
                }
                self.rows.push(value);
            }
            Err(error) => {
                let mut again = Cursor::with_keys(row);
                let _the_same = read(&mut again);
                let key = again.keys.and_then(|mut keys| keys.pop());
                let Some(key) = key else { return Err(error) };
                noted.unreadable.note(noted.tenant, key, error)?;
                self.unread += 1;
            }
        }
        Ok(())
    }
}

/// Makes a row out of a row of a driver.
pub(super) fn read_one<T>(row: &impl Row, read: Read<T>) -> Result<T, StoreError> {
    read(&mut Cursor::new(row))
}

/// A row, and which cell comes next.
struct Cursor<'a, R> {
    row: &'a R,
    next: usize,
    /// The keys of what was read, where somebody wants them.
    keys: Option<Vec<Key>>,
    /// How many cells of the last key are still to come.
    left: usize,
}

impl<'a, R> Cursor<'a, R> {
    fn new(row: &'a R) -> Self {
        Self { row, next: 0, keys: None, left: 0 }
    }

    fn with_keys(row: &'a R) -> Self {
        Self { keys: Some(Vec::new()), ..Self::new(row) }
    }

    fn note(&mut self, cell: impl FnOnce() -> String) {
        if self.left > 0
            && let Some(key) = self.keys.as_mut().and_then(|keys| keys.last_mut())
        {
            key.cells.push(cell());
            self.left -= 1;
        }
    }
}

impl<R: Row> Cells for Cursor<'_, R> {
    fn begin(&mut self, table: &'static str, keys: usize) {
        if let Some(known) = &mut self.keys {
            // Rows of a calendar do not repeat their tenant.
            let with_tenant = !matches!(table, "entries" | "sightings");
            known.push(Key { table, cells: Vec::new(), with_tenant });
            self.left = keys;
        }
    }

    fn int(&mut self) -> Result<Option<i64>, Mismatch> {
        self.next += 1;
        let cell = self.row.int(self.next - 1)?;
        self.note(|| cell.map(|number| number.to_string()).unwrap_or_default());
        Ok(cell)
    }

    fn text(&mut self) -> Result<Option<String>, Mismatch> {
        self.next += 1;
        let cell = self.row.text(self.next - 1)?;
        self.note(|| cell.clone().unwrap_or_default());
        Ok(cell)
    }
}

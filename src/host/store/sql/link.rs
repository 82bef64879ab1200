//! A connection to either database, as the queries and the commit see it: arguments in, cells out.

use super::args::Arg;
use super::statements::Sql;
use crate::host::model::TenantId;
use crate::host::store::unreadable::{Key, Unreadable};
use crate::host::store::{CommitError, StoreError};
use sqlx::{PgConnection, SqliteConnection};

/// Why a statement did not do what it was for.
#[derive(Debug)]
pub(in crate::host::store) enum Fail {
    /// A guard does not hold.
    Conflict(&'static str),
    /// The database refused.
    Sql(sqlx::Error),
    /// A row cannot be read.
    Row(StoreError),
}

impl From<sqlx::Error> for Fail {
    fn from(error: sqlx::Error) -> Self {
        Self::Sql(error)
    }
}

impl Fail {
    /// What the author of a commit is told, where `failure` knows the errors of the database.
    pub(super) fn told(self, failure: impl FnOnce(&sqlx::Error) -> StoreError) -> CommitError {
        match self {
            Self::Conflict(what) => CommitError::Conflict(what),
            other => CommitError::Store(other.asked(failure)),
        }
    }

    /// What the author of a query is told.
    pub(super) fn asked(self, failure: impl FnOnce(&sqlx::Error) -> StoreError) -> StoreError {
        match self {
            Self::Conflict(what) => StoreError::Broken(format!("a query has no guard: {what}")),
            Self::Sql(error) => failure(&error),
            Self::Row(error) => error,
        }
    }
}

/// The cells of a row, one after the other.
pub(in crate::host::store) trait Cells {
    /// The cells of a table begin, the first so many of which name the row.
    fn begin(&mut self, table: &'static str, keys: usize);
    fn int(&mut self) -> Result<Option<i64>, sqlx::Error>;
    fn text(&mut self) -> Result<Option<String>, sqlx::Error>;
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

/// A row of a driver, and which cell comes next.
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

    fn begin(&mut self, table: &'static str, keys: usize) {
        if let Some(known) = &mut self.keys {
            // Rows of a calendar do not repeat their tenant.
            let with_tenant = !matches!(table, "entries" | "sightings");
            known.push(Key { table, cells: Vec::new(), with_tenant });
            self.left = keys;
        }
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

/// Reads what can be read of the rows, and writes the others down.
fn read_all<R, T>(
    rows: &[R],
    read: impl Fn(&mut Cursor<'_, R>) -> Result<T, StoreError>,
    noted: Noted<'_>,
) -> Result<Found<T>, StoreError> {
    let mut found = Found { rows: Vec::with_capacity(rows.len()), unread: 0 };
    for row in rows {
        // Their keys are of no interest while every row can be read.
        let mut cursor = if noted.unreadable.is_empty() { Cursor::new(row) } else { Cursor::with_keys(row) };
        match read(&mut cursor) {
            Ok(value) => {
                if let Some(keys) = cursor.keys {
                    noted.unreadable.read(noted.tenant, keys);
                }
                found.rows.push(value);
            }
            Err(error) => {
                let mut again = Cursor::with_keys(row);
                let _the_same = read(&mut again);
                let key = again.keys.and_then(|mut keys| keys.pop());
                let Some(key) = key else { return Err(error) };
                noted.unreadable.note(noted.tenant, key, error)?;
                found.unread += 1;
            }
        }
    }
    Ok(found)
}

/// A statement with its arguments.
macro_rules! bound {
    ($text:expr, $args:expr) => {{
        let mut query = sqlx::query($text);
        for arg in $args {
            query = match arg {
                Arg::Int(value) => query.bind(value),
                Arg::Text(value) => query.bind(value.map(|text| text.into_owned())),
            };
        }
        query
    }};
}

/// The two drivers have the same methods and no trait in common that says so.
macro_rules! link {
    ($connection:ty, $row:ty, $database:ident) => {
        impl Cells for Cursor<'_, $row> {
            fn begin(&mut self, table: &'static str, keys: usize) {
                Cursor::begin(self, table, keys);
            }

            fn int(&mut self) -> Result<Option<i64>, sqlx::Error> {
                self.next += 1;
                let cell: Option<i64> = sqlx::Row::try_get(self.row, self.next - 1)?;
                self.note(|| cell.map(|number| number.to_string()).unwrap_or_default());
                Ok(cell)
            }

            fn text(&mut self) -> Result<Option<String>, sqlx::Error> {
                self.next += 1;
                let cell: Option<String> = sqlx::Row::try_get(self.row, self.next - 1)?;
                self.note(|| cell.clone().unwrap_or_default());
                Ok(cell)
            }
        }

        impl Link for $connection {
            async fn run(&mut self, sql: Sql, args: Vec<Arg<'_>>) -> Result<u64, Fail> {
                Ok(bound!(sql.$database, args).execute(self).await?.rows_affected())
            }

            async fn rows<T: Send>(&mut self, sql: Sql, args: Vec<Arg<'_>>, read: Read<T>) -> Result<Vec<T>, Fail> {
                let rows = bound!(sql.$database, args).fetch_all(self).await?;
                rows.iter().map(|row| read(&mut Cursor::new(row))).collect::<Result<_, _>>().map_err(Fail::Row)
            }

            async fn find<T: Send>(
                &mut self,
                sql: Sql,
                args: Vec<Arg<'_>>,
                read: Read<T>,
                noted: Noted<'_>,
            ) -> Result<Found<T>, Fail> {
                let rows = bound!(sql.$database, args).fetch_all(self).await?;
                read_all(&rows, |cursor: &mut Cursor<'_, $row>| read(cursor), noted).map_err(Fail::Row)
            }
        }
    };
}

link!(SqliteConnection, sqlx::sqlite::SqliteRow, sqlite);
link!(PgConnection, sqlx::postgres::PgRow, postgres);

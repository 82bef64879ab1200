//! A connection to either database, as the queries and the commit see it: arguments in, cells out.

use super::args::Arg;
use super::statements::Sql;
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
    fn int(&mut self) -> Result<Option<i64>, sqlx::Error>;
    fn text(&mut self) -> Result<Option<String>, sqlx::Error>;
}

/// Makes a row out of its cells.
pub(in crate::host::store) type Read<T> = fn(&mut dyn Cells) -> Result<T, StoreError>;

/// A connection.
pub(in crate::host::store) trait Link: Send {
    /// Runs a statement; answers with the number of rows that it touched.
    fn run(&mut self, sql: Sql, args: Vec<Arg<'_>>) -> impl Future<Output = Result<u64, Fail>> + Send;

    /// Runs a statement that answers with rows.
    fn rows<T: Send>(&mut self, sql: Sql, args: Vec<Arg<'_>>, read: Read<T>)
    -> impl Future<Output = Result<Vec<T>, Fail>> + Send;
}

/// A row of a driver, and which cell comes next.
struct Cursor<'a, R> {
    row: &'a R,
    next: usize,
}

/// The two drivers have the same methods and no trait in common that says so.
macro_rules! link {
    ($connection:ty, $row:ty, $database:ident) => {
        impl Cells for Cursor<'_, $row> {
            fn int(&mut self) -> Result<Option<i64>, sqlx::Error> {
                self.next += 1;
                sqlx::Row::try_get(self.row, self.next - 1)
            }

            fn text(&mut self) -> Result<Option<String>, sqlx::Error> {
                self.next += 1;
                sqlx::Row::try_get(self.row, self.next - 1)
            }
        }

        impl Link for $connection {
            async fn run(&mut self, sql: Sql, args: Vec<Arg<'_>>) -> Result<u64, Fail> {
                let mut query = sqlx::query(sql.$database);
                for arg in args {
                    query = match arg {
                        Arg::Int(value) => query.bind(value),
                        Arg::Text(value) => query.bind(value.map(|text| text.into_owned())),
                    };
                }
                Ok(query.execute(self).await?.rows_affected())
            }

            async fn rows<T: Send>(&mut self, sql: Sql, args: Vec<Arg<'_>>, read: Read<T>) -> Result<Vec<T>, Fail> {
                let mut query = sqlx::query(sql.$database);
                for arg in args {
                    query = match arg {
                        Arg::Int(value) => query.bind(value),
                        Arg::Text(value) => query.bind(value.map(|text| text.into_owned())),
                    };
                }
                let rows = query.fetch_all(self).await?;
                rows.iter().map(|row| read(&mut Cursor { row, next: 0 })).collect::<Result<_, _>>().map_err(Fail::Row)
            }
        }
    };
}

link!(SqliteConnection, sqlx::sqlite::SqliteRow, sqlite);
link!(PgConnection, sqlx::postgres::PgRow, postgres);

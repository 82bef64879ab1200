//! The store in a database: SQLite, or PostgreSQL. What both do alike, which is nearly all, is written once: the
//! [`statements`], the reading of rows, the queries and the commit. A driver only moves [`Arg`](args::Arg)s and cells.

mod args;
mod commit;
mod link;
mod postgres;
mod queries;
mod reserve;
mod rows;
mod sqlite;
mod statements;

#[cfg(test)]
pub(in crate::host::store) use postgres::ACQUIRE_TIMEOUT;
pub use postgres::Postgres;
pub use sqlite::Sqlite;

#[cfg(test)]
pub(super) use statements::ALL;

use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use std::borrow::Cow;

/// The steps that bring the tables up to date, by number; each runs once in the life of a database.
fn migrator(steps: &[(i64, &'static str, &'static str)]) -> Migrator {
    let migration = |&(number, name, text): &(i64, &'static str, &'static str)| {
        Migration::new(number, Cow::Borrowed(name), MigrationType::Simple, text.into_sql_str(), false)
    };
    Migrator::with_migrations(steps.iter().map(migration).collect())
}

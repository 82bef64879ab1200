//! A connection to the server, as the queries and the commit see it.

use crate::host::store::sql::args::Arg;
use crate::host::store::sql::link::{Fail, Found, Link, Mismatch, Noted, Read, Row, read_one};
use crate::host::store::sql::statements::Sql;
use sqlx::PgConnection;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::Query;

impl Row for PgRow {
    fn int(&self, at: usize) -> Result<Option<i64>, Mismatch> {
        sqlx::Row::try_get(self, at).map_err(|_| Mismatch)
    }

    fn text(&self, at: usize) -> Result<Option<String>, Mismatch> {
        sqlx::Row::try_get(self, at).map_err(|_| Mismatch)
    }
}

impl Link for PgConnection {
    async fn run(&mut self, sql: Sql, args: Vec<Arg<'_>>) -> Result<u64, Fail> {
        Ok(bound(sql, args).execute(self).await?.rows_affected())
    }

    async fn rows<T: Send>(&mut self, sql: Sql, args: Vec<Arg<'_>>, read: Read<T>) -> Result<Vec<T>, Fail> {
        let rows = bound(sql, args).fetch_all(self).await?;
        rows.iter().map(|row| read_one(row, read)).collect::<Result<_, _>>().map_err(Fail::Row)
    }

    async fn find<T: Send>(&mut self, sql: Sql, args: Vec<Arg<'_>>, read: Read<T>, noted: Noted<'_>) -> Result<Found<T>, Fail> {
        let rows = bound(sql, args).fetch_all(self).await?;
        let mut found = Found::none_yet(rows.len());
        rows.iter().try_for_each(|row| found.take(row, read, noted)).map_err(Fail::Row)?;
        Ok(found)
    }
}

/// A statement with its arguments.
fn bound(sql: Sql, args: Vec<Arg<'_>>) -> Query<'static, sqlx::Postgres, PgArguments> {
    args.into_iter().fold(sqlx::query(sql.postgres), |query, arg| match arg {
        Arg::Int(value) => query.bind(value),
        Arg::Text(value) => query.bind(value.map(|text| text.into_owned())),
    })
}

//! A connection to the file, as the queries and the commit see it: every call is done when it returns.
//!
//! Whoever calls waits for the disk, so that it is done on threads that nothing else waits for.

use super::PRAGMAS;
use crate::host::store::StoreError;
use crate::host::store::sql::args::Arg;
use crate::host::store::sql::link::{Fail, Found, Link, Mismatch, Noted, Read, Row, read_one};
use crate::host::store::sql::statements::Sql;
use rusqlite::types::{Null, ValueRef};
use rusqlite::{Connection, OpenFlags, Statement};
use std::time::Duration;

/// How long another process that holds the file is waited for.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// More statements than there are: each is prepared once.
const STATEMENTS_MAX: usize = 512;
/// Between the statements of a text that has several.
const BETWEEN: &str = "; ";

/// Opens the file, which is there.
pub(super) fn open(path: &str) -> Result<Connection, rusqlite::Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    for (name, value) in PRAGMAS {
        connection.pragma_update(None, name, value)?;
    }
    Ok(connection)
}

/// Opens the file for somebody who changes nothing.
pub(super) fn open_reading(path: &str) -> Result<Connection, rusqlite::Error> {
    let connection = open(path)?;
    connection.pragma_update(None, "query_only", "ON")?;
    Ok(connection)
}

/// Runs a statement; answers with the number of rows that it touched.
pub(super) fn run(connection: &Connection, sql: Sql, args: &[Arg<'_>]) -> Result<u64, Fail> {
    let mut touched = 0;
    for text in sql.sqlite.split(BETWEEN) {
        touched += execute(connection, text, args)?;
    }
    Ok(touched)
}

/// Runs a statement that answers with rows.
pub(super) fn rows<T>(connection: &Connection, sql: Sql, args: &[Arg<'_>], read: Read<T>) -> Result<Vec<T>, Fail> {
    let mut rows = Vec::new();
    each(connection, sql, args, |row| {
        rows.push(read_one(row, read)?);
        Ok(())
    })?;
    Ok(rows)
}

/// The same, but for rows that cannot be read: they are written down.
pub(super) fn find<T>(
    connection: &Connection,
    sql: Sql,
    args: &[Arg<'_>],
    read: Read<T>,
    noted: Noted<'_>,
) -> Result<Found<T>, Fail> {
    let mut found = Found::none_yet(0);
    each(connection, sql, args, |row| found.take(row, read, noted))?;
    Ok(found)
}

/// Takes the rows one by one; of several statements those of the last.
fn each(
    connection: &Connection,
    sql: Sql,
    args: &[Arg<'_>],
    mut take: impl FnMut(&rusqlite::Row<'_>) -> Result<(), StoreError>,
) -> Result<(), Fail> {
    let (before, last) = sql.sqlite.rsplit_once(BETWEEN).unwrap_or(("", sql.sqlite));
    if !before.is_empty() {
        execute(connection, before, args)?;
    }
    let mut statement = connection.prepare_cached(last)?;
    bind(&mut statement, args)?;
    let mut rows = statement.raw_query();
    // To the end: what a statement changes it has changed only then.
    while let Some(row) = rows.next()? {
        take(row).map_err(Fail::Row)?;
    }
    Ok(())
}

/// Runs a single statement.
pub(super) fn execute(connection: &Connection, text: &str, args: &[Arg<'_>]) -> Result<u64, Fail> {
    let mut statement = connection.prepare_cached(text)?;
    bind(&mut statement, args)?;
    Ok(statement.raw_execute()? as u64)
}

/// SQLite numbers `$7` by where it first stands, not by its name.
fn bind(statement: &mut Statement<'_>, args: &[Arg<'_>]) -> Result<(), rusqlite::Error> {
    for place in 1..=statement.parameter_count() {
        let number = statement.parameter_name(place).and_then(|name| name.get(1..)?.parse::<usize>().ok());
        let arg = number.and_then(|number| args.get(number.checked_sub(1)?));
        match arg.ok_or(rusqlite::Error::InvalidParameterCount(args.len(), place))? {
            Arg::Int(value) => statement.raw_bind_parameter(place, value)?,
            Arg::Text(Some(text)) => statement.raw_bind_parameter(place, text.as_ref())?,
            Arg::Text(None) => statement.raw_bind_parameter(place, Null)?,
        }
    }
    Ok(())
}

impl Row for rusqlite::Row<'_> {
    fn int(&self, at: usize) -> Result<Option<i64>, Mismatch> {
        match self.get_ref(at) {
            Ok(ValueRef::Integer(number)) => Ok(Some(number)),
            Ok(ValueRef::Null) => Ok(None),
            _ => Err(Mismatch),
        }
    }

    fn text(&self, at: usize) -> Result<Option<String>, Mismatch> {
        match self.get_ref(at) {
            Ok(ValueRef::Text(bytes)) => std::str::from_utf8(bytes).map(|text| Some(text.to_owned())).map_err(|_| Mismatch),
            Ok(ValueRef::Null) => Ok(None),
            _ => Err(Mismatch),
        }
    }
}

impl Link for Connection {
    async fn run(&mut self, sql: Sql, args: Vec<Arg<'_>>) -> Result<u64, Fail> {
        run(self, sql, &args)
    }

    async fn rows<T: Send>(&mut self, sql: Sql, args: Vec<Arg<'_>>, read: Read<T>) -> Result<Vec<T>, Fail> {
        rows(self, sql, &args, read)
    }

    async fn find<T: Send>(&mut self, sql: Sql, args: Vec<Arg<'_>>, read: Read<T>, noted: Noted<'_>) -> Result<Found<T>, Fail> {
        find(self, sql, &args, read, noted)
    }
}

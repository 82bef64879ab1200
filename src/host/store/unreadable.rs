//! Rows that this version cannot read: a newer host wrote them, or somebody changed them by hand.
//!
//! One such row stops nothing else. A query answers with the rows that it can read, and the others are written down here, so that
//! somebody sees them, and so that nobody takes one that is there for one that is gone. A row is left as it is; once a query
//! reads it again, it is no longer listed.
//!
//! Queries for a single row fail instead, and so does what reads rows that nothing but damage can spoil.

use super::StoreError;
use crate::host::model::TenantId;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Most rows that are listed. Past it a query that meets another one fails: nobody could tell what it leaves out.
pub const ROWS_MAX: usize = 10_000;

/// Names a row that cannot be read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnreadableRow {
    /// Whose it is.
    pub tenant: TenantId,
    /// The table.
    pub table: &'static str,
    /// Its key without the tenant, part by part; those of entries and sightings hold what strangers chose.
    pub key: Vec<String>,
}

/// Without the key.
impl fmt::Debug for UnreadableRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a row of {} of tenant {}", self.table, self.tenant)
    }
}

impl UnreadableRow {
    /// The row that the first cells name: `tenant` is whose rows were asked for, else the first of them is it.
    fn named(tenant: Option<TenantId>, Key { table, cells, with_tenant }: Key) -> Self {
        let mut cells = cells.into_iter();
        let first = if with_tenant { cells.next() } else { None };
        let named = first.and_then(|text| text.parse().ok()).map(TenantId);
        Self { tenant: tenant.or(named).unwrap_or_default(), table, key: cells.collect() }
    }
}

/// The cells that name a row, as text.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) table: &'static str,
    pub(super) cells: Vec<String>,
    /// The first of them is the tenant.
    pub(super) with_tenant: bool,
}

/// What was written down. A clone shares it.
#[derive(Clone, Debug, Default)]
pub(super) struct Unreadable {
    rows: Arc<Mutex<BTreeMap<UnreadableRow, String>>>,
    /// How many there are, so that nobody waits for the lock while there are none.
    count: Arc<AtomicUsize>,
}

impl Unreadable {
    pub(super) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// Every row, by tenant and table.
    pub(super) fn list(&self) -> Vec<UnreadableRow> {
        if self.is_empty() { Vec::new() } else { self.changed(|rows| rows.keys().cloned().collect()) }
    }

    /// How many rows of a table there are.
    pub(super) fn count(&self, table: &str) -> usize {
        if self.is_empty() { 0 } else { self.changed(|rows| rows.keys().filter(|row| row.table == table).count()) }
    }

    /// Writes a row down, and says so the first time.
    pub(super) fn note(&self, tenant: Option<TenantId>, key: Key, error: StoreError) -> Result<(), StoreError> {
        let row = UnreadableRow::named(tenant, key);
        let StoreError::Row { why, .. } = &error else { return Err(error) };
        let (why, number) = (why.clone(), row.tenant.0);
        let is_new = self.changed(|rows| {
            if !rows.contains_key(&row) && rows.len() >= ROWS_MAX {
                return Err(error);
            }
            let table = row.table;
            Ok(rows.insert(row, why.clone()).is_none().then_some(table))
        })?;
        if let Some(table) = is_new {
            tracing::error!(tenant = number, kind = table, why, "a row cannot be read and is left as it is");
        }
        Ok(())
    }

    /// Takes note that rows can be read.
    pub(super) fn read(&self, tenant: Option<TenantId>, keys: Vec<Key>) {
        let named: Vec<UnreadableRow> = keys.into_iter().map(|key| UnreadableRow::named(tenant, key)).collect();
        self.changed(|rows| named.iter().for_each(|row| drop(rows.remove(row))));
    }

    fn changed<T>(&self, change: impl FnOnce(&mut BTreeMap<UnreadableRow, String>) -> T) -> T {
        let mut rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        let done = change(&mut rows);
        self.count.store(rows.len(), Ordering::Relaxed);
        done
    }
}

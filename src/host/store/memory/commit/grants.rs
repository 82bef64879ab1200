//! Commits about connecting calendars.

use super::{Work, guard, keys};
use crate::host::model::grants::{ClientRow, Flow, Grant, Parting, ReturnUrl};
use crate::host::store::CommitError;
use crate::host::store::memory::rows::Change;
use crate::time::Instant;

impl Work<'_> {
    pub(super) fn client(&mut self, row: &ClientRow) {
        self.put(Change::Client((self.tenant, row.id.clone()), Some(row.clone())));
    }

    pub(super) fn return_url(&mut self, row: &ReturnUrl) {
        self.put(Change::ReturnUrl((self.tenant, row.url.clone()), Some(row.bare)));
    }

    pub(super) fn flow(&mut self, row: &Flow) -> Result<(), CommitError> {
        let key = (self.tenant, row.id);
        let stored = self.rows.flows.get(&key).map_or(0, |stored| stored.version);
        guard(stored == row.version, "flow")?;
        self.put(Change::Flow(key, Some(Flow { version: row.version + 1, ..row.clone() })));
        self.taken(row.id);
        Ok(())
    }

    pub(super) fn remove_flows(&mut self, past: impl Fn(&Flow) -> bool) {
        let tenant = self.tenant;
        let of_tenant = self.rows.flows.iter().filter(|(key, row)| key.0 == tenant && past(row));
        let past: Vec<_> = of_tenant.map(|(key, _)| *key).collect();
        past.into_iter().for_each(|key| self.put(Change::Flow(key, None)));
    }

    pub(super) fn remove_flows_before(&mut self, before: Instant) {
        self.remove_flows(|row| row.expires_at < before);
    }

    pub(super) fn grant(&mut self, row: &Grant) -> Result<(), CommitError> {
        let key = (self.tenant, row.connection);
        let stored = self.rows.grants.get(&key).map_or(0, |stored| stored.version);
        guard(stored == row.version, "grant")?;
        guard(self.rows.connections.contains_key(&key), "connection")?;
        self.put(Change::Grant(key, Some(Grant { version: row.version + 1, ..row.clone() })));
        Ok(())
    }

    pub(super) fn parting(&mut self, row: &Parting) -> Result<(), CommitError> {
        let key = (self.tenant, row.connection);
        let stored = self.rows.partings.get(&key).map_or(0, |stored| stored.version);
        guard(stored == row.version, "parting")?;
        self.put(Change::Parting(key, Some(Parting { version: row.version + 1, ..row.clone() })));
        Ok(())
    }

    /// Everything of the tenant but grants, which go with their connections.
    pub(super) fn remove_clients_and_flows(&mut self) {
        let tenant = self.tenant;
        for key in keys(&self.rows.clients, |key| (key.0 == tenant).then(|| key.clone())) {
            self.put(Change::Client(key, None));
        }
        for key in keys(&self.rows.return_urls, |key| (key.0 == tenant).then(|| key.clone())) {
            self.put(Change::ReturnUrl(key, None));
        }
        for key in keys(&self.rows.partings, |key| (key.0 == tenant).then_some(*key)) {
            self.put(Change::Parting(key, None));
        }
        self.remove_flows(|_| true);
    }
}

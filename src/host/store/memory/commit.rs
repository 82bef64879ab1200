//! Commits to the rows in memory: each guard checked in the order of the writes, everything taken back at the first that fails.

mod grants;

use super::rows::{Change, Rows, override_key};
use crate::host::audit;
use crate::host::model::{
    ApiKey, AuditRow, Calendar, CalendarId, Channel, ChannelState, Connection, ConnectionId, Delivery, DeliveryState, Dispatch,
    Endpoint, EndpointId, EndpointState, Entry, Errand, ErrandId, ErrandState, EventId, KeyRow, Meeting, OutboxEvent,
    OverrideRow, RequestRow, RulesRow, Sighting, Tenant, TenantId, Wake,
};
use crate::host::store::{Commit, CommitError, Write, acts_at};
use crate::time::Instant;
use std::collections::BTreeMap;

/// Makes all the changes of `commit`, or none.
pub(super) fn commit(rows: &mut Rows, commit: &Commit) -> Result<(), CommitError> {
    all(rows, std::slice::from_ref(commit))
}

/// Makes all the changes of all commits, or none.
pub(super) fn all(rows: &mut Rows, commits: &[Commit]) -> Result<(), CommitError> {
    let mut work = Work { rows, tenant: TenantId::default(), undo: Vec::new() };
    let done = commits.iter().try_for_each(|commit| work.commit(commit));
    if done.is_err() {
        let undo = std::mem::take(&mut work.undo);
        for change in undo.into_iter().rev() {
            work.rows.put(change);
        }
    }
    done
}

/// Commits under way, and whose the present one is.
struct Work<'a> {
    rows: &'a mut Rows,
    tenant: TenantId,
    undo: Vec<Change>,
}

/// Fails where the guard does not hold.
fn guard(holds: bool, what: &'static str) -> Result<(), CommitError> {
    if holds { Ok(()) } else { Err(CommitError::Conflict(what)) }
}

impl Work<'_> {
    fn commit(&mut self, commit: &Commit) -> Result<(), CommitError> {
        self.tenant = commit.tenant;
        commit.writes.iter().try_for_each(|write| self.write(write))?;
        commit.grown().into_iter().for_each(|calendar| self.grow(calendar));
        Ok(())
    }

    fn put(&mut self, change: Change) {
        let undo = self.rows.put(change);
        self.undo.push(undo);
    }

    fn write(&mut self, write: &Write) -> Result<(), CommitError> {
        let tenant = self.tenant;
        match write {
            Write::Tenant(row) => self.tenant(row),
            Write::RemoveTenant => self.remove_tenant()?,
            Write::PlanVersion(version) => self.plan_version(*version)?,
            Write::Connection(row) => self.connection(row),
            Write::RemoveConnection(id) => self.remove_connection(*id),
            Write::Token { connection, was, is } => self.token(*connection, was, is)?,
            Write::RemoveToken(id) => self.remove_token(*id),
            Write::TenantKey(row) => self.tenant_key(row)?,
            Write::Lent { version, lent } => self.lent(*version, lent)?,
            Write::Rewrapped { version, was, wrapped, root } => self.rewrapped(*version, was, wrapped, root)?,
            Write::Calendar(row) => self.calendar(row)?,
            Write::Entry(calendar, row) => self.entry(*calendar, row)?,
            Write::RemoveEntry(calendar, id) => self.put(Change::Entry((tenant, *calendar, id.clone()), None)),
            Write::Sighting(row) => self.sighting(row)?,
            Write::RemoveSighting(calendar, id) => self.put(Change::Sighting((tenant, *calendar, id.clone()), None)),
            Write::Meeting(row) => self.meeting(row)?,
            Write::RemoveMeeting(id) => self.remove_meeting(id),
            Write::Dispatch(row) => self.dispatch(row)?,
            Write::Errand(row) => self.errand(row)?,
            Write::ErrandOver(id) => self.errand_over(*id),
            Write::RemoveErrand(id) => self.put(Change::Errand((tenant, *id), None)),
            Write::Override(row) => self.override_row(row),
            Write::RemoveOverride(row) => self.put(Change::Override(override_key(row), None)),
            Write::Rules(row) => self.rules(row)?,
            Write::RemoveRules(user) => {
                for key in keys(&self.rows.rules, |key| (key.0 == tenant && key.1.as_ref() == Some(user)).then(|| key.clone())) {
                    self.put(Change::Rules(key, None));
                }
            }
            Write::RemoveList(name) => self.put(Change::List((tenant, name.clone()), None)),
            Write::ApiKey(row) => self.api_key(row)?,
            Write::Audit(row) => self.audit(row),
            Write::Request(row) => self.request(row)?,
            Write::RemoveRequest(name) => self.put(Change::Request((tenant, name.clone()), None)),
            Write::RemoveRequests(before) => {
                let old = self.rows.requests.iter().filter(|(key, row)| key.0 == tenant && row.made_at < *before);
                let old: Vec<_> = old.map(|(key, _)| key.clone()).collect();
                old.into_iter().for_each(|key| self.put(Change::Request(key, None)));
            }
            Write::List(name, text) => self.put(Change::List((tenant, name.clone()), Some(text.clone()))),
            Write::Endpoint(row) => self.endpoint(row)?,
            Write::RemoveEndpoint(id) => self.remove_endpoint(*id),
            Write::Event(row) => self.event(row),
            Write::RemoveEvent(id) => self.remove_event(*id),
            Write::Delivery(row) => self.delivery(row)?,
            Write::Client(row) => self.client(row),
            Write::RemoveClient(id) => self.put(Change::Client((tenant, id.clone()), None)),
            Write::ReturnUrl(row) => self.return_url(row),
            Write::RemoveReturnUrl(url) => self.put(Change::ReturnUrl((tenant, url.clone()), None)),
            Write::Flow(row) => self.flow(row)?,
            Write::RemoveFlows(before) => self.remove_flows_before(*before),
            Write::RemoveFlowsOf(user) => self.remove_flows(|row| row.user == *user),
            Write::Grant(row) => self.grant(row)?,
            Write::Parting(row) => self.parting(row)?,
            Write::RemoveParting(id) => self.put(Change::Parting((tenant, *id), None)),
            Write::Undecided(uid) => {
                let number = self.rows.number + 1;
                self.put(Change::Number(number));
                self.put(Change::Undecided((tenant, uid.clone()), Some(number)));
            }
            Write::Decided(uid, number) => {
                let key = (tenant, uid.clone());
                if self.rows.undecided.get(&key) == Some(number) {
                    self.put(Change::Undecided(key, None));
                }
            }
            Write::Channel(row) => self.channel(row)?,
            Write::RemoveChannel(id) => self.put(Change::Channel((tenant, id.clone()), None)),
            Write::Wake(row) => self.wake(row)?,
            Write::Woken(calendar, number, begun) => self.woken(*calendar, *number, *begun),
        }
        Ok(())
    }

    /// A number that a row has is never given to another.
    fn taken(&mut self, number: u64) {
        if number > self.rows.number {
            self.put(Change::Number(number));
        }
    }

    fn tenant(&mut self, row: &Tenant) {
        let plan_version = self.rows.tenants.get(&row.id).map_or(row.plan_version, |stored| stored.plan_version);
        self.put(Change::Tenant(row.id, Some(Tenant { plan_version, ..row.clone() })));
        self.taken(row.id.0);
    }

    fn remove_tenant(&mut self) -> Result<(), CommitError> {
        let tenant = self.tenant;
        let acting = self.rows.dispatches.values().any(|row| row.tenant == tenant && acts_at(row).is_some());
        guard(!acting, "dispatches")?;
        self.put(Change::Tenant(tenant, None));
        for key in keys(&self.rows.keys, |key| (key.0 == tenant).then_some(*key)) {
            self.put(Change::TenantKey(key, None));
        }
        let connections: Vec<ConnectionId> = keys(&self.rows.connections, |key| (key.0 == tenant).then_some(key.1));
        connections.into_iter().for_each(|id| self.remove_connection(id));
        let meetings: Vec<String> = keys(&self.rows.meetings, |key| (key.0 == tenant).then(|| key.1.clone()));
        meetings.iter().for_each(|id| self.remove_meeting(id));
        let endpoints: Vec<EndpointId> = keys(&self.rows.endpoints, |key| (key.0 == tenant).then_some(key.1));
        endpoints.into_iter().for_each(|id| self.remove_endpoint(id));
        let events: Vec<EventId> = keys(&self.rows.events, |key| (key.0 == tenant).then_some(key.1));
        events.into_iter().for_each(|id| self.remove_event(id));
        for key in keys(&self.rows.errands, |key| (key.0 == tenant).then_some(*key)) {
            self.put(Change::Errand(key, None));
        }
        for key in keys(&self.rows.overrides, |key| (key.0 == tenant).then(|| key.clone())) {
            self.put(Change::Override(key, None));
        }
        for key in keys(&self.rows.rules, |key| (key.0 == tenant).then(|| key.clone())) {
            self.put(Change::Rules(key, None));
        }
        for key in keys(&self.rows.lists, |key| (key.0 == tenant).then(|| key.clone())) {
            self.put(Change::List(key, None));
        }
        for key in keys(&self.rows.api_keys, |key| (key.0 == tenant).then_some(*key)) {
            self.put(Change::ApiKey(key, None));
        }
        for key in keys(&self.rows.requests, |key| (key.0 == tenant).then(|| key.clone())) {
            self.put(Change::Request(key, None));
        }
        for key in keys(&self.rows.undecided, |key| (key.0 == tenant).then(|| key.clone())) {
            self.put(Change::Undecided(key, None));
        }
        self.remove_clients_and_flows();
        self.put(Change::LastEvent(tenant, None));
        Ok(())
    }

    fn plan_version(&mut self, seen: u64) -> Result<(), CommitError> {
        let stored = self.rows.tenants.get(&self.tenant).filter(|row| row.plan_version == seen).cloned();
        let row = stored.ok_or(CommitError::Conflict("plan"))?;
        self.put(Change::Tenant(row.id, Some(Tenant { plan_version: seen + 1, ..row })));
        Ok(())
    }

    fn connection(&mut self, row: &Connection) {
        let key = (self.tenant, row.id);
        let token = self.rows.connections.get(&key).map_or_else(|| row.token.clone(), |stored| stored.token.clone());
        self.put(Change::Connection(key, Some(Connection { token, ..row.clone() })));
        self.taken(row.id.0);
    }

    fn remove_connection(&mut self, id: ConnectionId) {
        let tenant = self.tenant;
        let from = (tenant, CalendarId::default());
        let of_tenant = self.rows.calendars.range(from..).take_while(|(key, _)| key.0 == tenant);
        let calendars: Vec<CalendarId> = of_tenant.filter(|(_, row)| row.connection == id).map(|(key, _)| key.1).collect();
        for calendar in calendars {
            let entries: Vec<String> = self.rows.entries_of(tenant, calendar).map(|row| row.id.clone()).collect();
            let sightings: Vec<String> = self.rows.sightings_of(tenant, calendar).map(|row| row.id.clone()).collect();
            entries.into_iter().for_each(|id| self.put(Change::Entry((tenant, calendar, id), None)));
            sightings.into_iter().for_each(|id| self.put(Change::Sighting((tenant, calendar, id), None)));
            let channels: Vec<String> = self.rows.channels_of(tenant, calendar).map(|row| row.id.clone()).collect();
            channels.into_iter().for_each(|id| self.put(Change::Channel((tenant, id), None)));
            self.put(Change::Wake((tenant, calendar), None));
            self.put(Change::Calendar((tenant, calendar), None));
        }
        self.put(Change::Grant((tenant, id), None));
        self.put(Change::Connection((tenant, id), None));
    }

    fn calendar(&mut self, row: &Calendar) -> Result<(), CommitError> {
        let key = (self.tenant, row.id);
        let stored = self.rows.calendars.get(&key).map_or(0, |stored| stored.version);
        guard(stored == row.version, "calendar")?;
        guard(self.rows.connections.contains_key(&(self.tenant, row.connection)), "connection")?;
        self.put(Change::Calendar(key, Some(Calendar { version: row.version + 1, ..row.clone() })));
        self.taken(row.id.0);
        Ok(())
    }

    /// What the calendar holds was changed without its row.
    fn grow(&mut self, calendar: CalendarId) {
        let key = (self.tenant, calendar);
        if let Some(row) = self.rows.calendars.get(&key).cloned() {
            self.put(Change::Calendar(key, Some(Calendar { version: row.version + 1, ..row })));
        }
    }

    fn entry(&mut self, calendar: CalendarId, row: &Entry) -> Result<(), CommitError> {
        guard(self.rows.calendars.contains_key(&(self.tenant, calendar)), "calendar")?;
        self.put(Change::Entry((self.tenant, calendar, row.id.clone()), Some(row.clone())));
        Ok(())
    }

    fn sighting(&mut self, row: &Sighting) -> Result<(), CommitError> {
        guard(self.rows.calendars.contains_key(&(self.tenant, row.calendar)), "calendar")?;
        self.put(Change::Sighting((self.tenant, row.calendar, row.id.clone()), Some(row.clone())));
        Ok(())
    }

    fn meeting(&mut self, row: &Meeting) -> Result<(), CommitError> {
        let key = (self.tenant, row.id.clone());
        let stored = self.rows.meetings.get(&key).map_or(0, |stored| stored.version);
        guard(stored == row.version, "meeting")?;
        let plan = self.rows.tenants.get(&self.tenant).map_or(0, |tenant| tenant.plan_version);
        self.put(Change::Changed(key.clone(), Some(plan)));
        self.put(Change::Meeting(key, Some(Meeting { version: row.version + 1, ..row.clone() })));
        Ok(())
    }

    fn remove_meeting(&mut self, id: &str) {
        let epochs: Vec<u32> = self.rows.dispatches_of(self.tenant, id).map(|row| row.epoch).collect();
        for epoch in epochs {
            self.put(Change::Dispatch((self.tenant, id.to_owned(), epoch), None));
        }
        self.put(Change::Changed((self.tenant, id.to_owned()), None));
        self.put(Change::Meeting((self.tenant, id.to_owned()), None));
    }

    fn api_key(&mut self, row: &ApiKey) -> Result<(), CommitError> {
        let key = (self.tenant, row.id);
        let stored = self.rows.api_keys.get(&key).map_or(0, |stored| stored.version);
        guard(stored == row.version, "api key")?;
        self.put(Change::ApiKey(key, Some(ApiKey { version: row.version + 1, ..row.clone() })));
        self.taken(row.id.0);
        Ok(())
    }

    fn audit(&mut self, row: &AuditRow) {
        let range = (self.tenant, 0)..=(self.tenant, u64::MAX);
        let last = self.rows.audit.range(range).next_back().map(|(_, row)| row.clone());
        let next = audit::chained(last.as_ref(), row);
        self.put(Change::Audit((self.tenant, next.number), Some(next)));
    }

    fn request(&mut self, row: &RequestRow) -> Result<(), CommitError> {
        let key = (self.tenant, row.name.clone());
        let stored = self.rows.requests.get(&key).map_or(0, |stored| stored.version);
        guard(stored == row.version, "request")?;
        self.put(Change::Request(key, Some(RequestRow { version: row.version + 1, ..row.clone() })));
        Ok(())
    }

    fn dispatch(&mut self, row: &Dispatch) -> Result<(), CommitError> {
        let key = (self.tenant, row.meeting.clone(), row.epoch);
        let (version, fence) = self.rows.dispatches.get(&key).map_or((0, 0), |stored| (stored.version, stored.fence));
        guard(version == row.version && fence <= row.fence, "dispatch")?;
        guard(self.rows.meetings.contains_key(&(self.tenant, row.meeting.clone())), "meeting")?;
        self.put(Change::Dispatch(key, Some(Dispatch { version: row.version + 1, ..row.clone() })));
        Ok(())
    }

    fn errand(&mut self, row: &Errand) -> Result<(), CommitError> {
        let key = (self.tenant, row.id);
        let stored = self.rows.errands.get(&key).map_or(0, |stored| stored.version);
        guard(stored == row.version, "errand")?;
        self.put(Change::Errand(key, Some(Errand { version: row.version + 1, ..row.clone() })));
        self.taken(row.id.0);
        Ok(())
    }

    fn errand_over(&mut self, id: ErrandId) {
        let key = (self.tenant, id);
        let open = self.rows.errands.get(&key).filter(|row| row.state == ErrandState::Open).cloned();
        if let Some(row) = open {
            self.put(Change::Errand(key, Some(Errand { state: ErrandState::Over, version: row.version + 1, ..row })));
        }
    }

    fn override_row(&mut self, row: &OverrideRow) {
        self.put(Change::Override(override_key(row), Some(row.clone())));
    }

    fn rules(&mut self, row: &RulesRow) -> Result<(), CommitError> {
        let range = (self.tenant, row.user.clone(), 0)..=(self.tenant, row.user.clone(), u64::MAX);
        let last = self.rows.rules.range(range).next_back().map_or(0, |(key, _)| key.2);
        guard(last.checked_add(1) == Some(row.version), "rules")?;
        self.put(Change::Rules((self.tenant, row.user.clone(), row.version), Some(row.clone())));
        Ok(())
    }

    fn endpoint(&mut self, row: &Endpoint) -> Result<(), CommitError> {
        let key = (self.tenant, row.id);
        let stored = self.rows.endpoints.get(&key).map_or(0, |stored| stored.version);
        guard(stored == row.version, "endpoint")?;
        self.put(Change::Endpoint(key, Some(Endpoint { version: row.version + 1, ..row.clone() })));
        self.taken(row.id.0);
        Ok(())
    }

    fn tenant_key(&mut self, row: &KeyRow) -> Result<(), CommitError> {
        let range = (self.tenant, 0)..=(self.tenant, u64::MAX);
        let last = self.rows.keys.range(range).next_back().map_or(0, |(key, _)| key.1);
        guard(last.checked_add(1) == Some(row.version), "tenant key")?;
        guard(self.rows.tenants.contains_key(&self.tenant), "tenant")?;
        self.put(Change::TenantKey((self.tenant, row.version), Some(row.clone())));
        Ok(())
    }

    fn rewrapped(&mut self, version: u64, was: &str, wrapped: &str, root: &str) -> Result<(), CommitError> {
        let key = (self.tenant, version);
        let Some(stored) = self.rows.keys.get(&key).filter(|row| row.root == was).cloned() else {
            return Err(CommitError::Conflict("tenant key"));
        };
        self.put(Change::TenantKey(key, Some(KeyRow { wrapped: wrapped.to_owned(), root: root.to_owned(), ..stored })));
        Ok(())
    }

    fn lent(&mut self, version: u64, lent: &str) -> Result<(), CommitError> {
        let key = (self.tenant, version);
        let Some(stored) = self.rows.keys.get(&key).cloned() else { return Err(CommitError::Conflict("tenant key")) };
        self.put(Change::TenantKey(key, Some(KeyRow { lent: Some(lent.to_owned()), ..stored })));
        Ok(())
    }

    fn token(&mut self, id: ConnectionId, was: &Option<String>, is: &Option<String>) -> Result<(), CommitError> {
        let key = (self.tenant, id);
        let Some(stored) = self.rows.connections.get(&key).filter(|row| row.token == *was).cloned() else {
            return Err(CommitError::Conflict("token"));
        };
        self.put(Change::Connection(key, Some(Connection { token: is.clone(), ..stored })));
        Ok(())
    }

    fn remove_token(&mut self, id: ConnectionId) {
        let key = (self.tenant, id);
        if let Some(stored) = self.rows.connections.get(&key).cloned() {
            self.put(Change::Connection(key, Some(Connection { token: None, ..stored })));
        }
    }

    fn remove_endpoint(&mut self, id: EndpointId) {
        let tenant = self.tenant;
        let from = (tenant, EventId::default(), EndpointId::default());
        let of_tenant = self.rows.deliveries.range(from..).take_while(|(key, _)| key.0 == tenant);
        let deliveries: Vec<EventId> = of_tenant.filter(|(key, _)| key.2 == id).map(|(key, _)| key.1).collect();
        for event in deliveries {
            self.put(Change::Delivery((tenant, event, id), None));
        }
        self.put(Change::Endpoint((tenant, id), None));
    }

    fn event(&mut self, row: &OutboxEvent) {
        let tenant = self.tenant;
        let number = self.rows.last_events.get(&tenant).map_or(1, |last| last + 1);
        let event = EventId(number);
        self.put(Change::LastEvent(tenant, Some(number)));
        self.put(Change::Event((tenant, event), Some(OutboxEvent { id: event, ..row.clone() })));
        let active = self.rows.endpoints_of(tenant).filter(|row| row.state == EndpointState::Active);
        let receivers: Vec<EndpointId> = active.map(|row| row.id).collect();
        for endpoint in receivers {
            let (state, due_at) = (DeliveryState::Pending, Some(row.at));
            let delivery = Delivery { tenant, event, endpoint, state, due_at, attempts: 0, last: None, version: 1 };
            self.put(Change::Delivery((tenant, event, endpoint), Some(delivery)));
        }
    }

    fn remove_event(&mut self, id: EventId) {
        let tenant = self.tenant;
        let range = (tenant, id, EndpointId(0))..=(tenant, id, EndpointId(u64::MAX));
        let receivers: Vec<EndpointId> = self.rows.deliveries.range(range).map(|(key, _)| key.2).collect();
        for endpoint in receivers {
            self.put(Change::Delivery((tenant, id, endpoint), None));
        }
        self.put(Change::Event((tenant, id), None));
    }

    fn delivery(&mut self, row: &Delivery) -> Result<(), CommitError> {
        let key = (self.tenant, row.event, row.endpoint);
        guard(self.rows.deliveries.get(&key).is_some_and(|stored| stored.version == row.version), "delivery")?;
        self.put(Change::Delivery(key, Some(Delivery { version: row.version + 1, ..row.clone() })));
        Ok(())
    }
}

impl Work<'_> {
    fn channel(&mut self, row: &Channel) -> Result<(), CommitError> {
        let key = (self.tenant, row.id.clone());
        let stored = self.rows.channels.get(&key).map_or(0, |stored| stored.version);
        let is_asked = |other: &Channel| other.id != row.id && other.state == ChannelState::Asked;
        let are_two = row.state == ChannelState::Asked && self.rows.channels_of(self.tenant, row.calendar).any(is_asked);
        guard(stored == row.version && !are_two, "channel")?;
        guard(self.rows.calendars.contains_key(&(self.tenant, row.calendar)), "calendar")?;
        self.put(Change::Channel(key, Some(Channel { version: row.version + 1, ..row.clone() })));
        Ok(())
    }

    fn wake(&mut self, row: &Wake) -> Result<(), CommitError> {
        let key = (self.tenant, row.calendar);
        guard(self.rows.calendars.contains_key(&key), "calendar")?;
        let number = self.rows.number + 1;
        self.put(Change::Number(number));
        let known = self.rows.wakes.get(&key).copied().unwrap_or(*row);
        let (due_at, until) = (known.due_at.min(row.due_at), known.until.max(row.until));
        self.put(Change::Wake(key, Some(Wake { due_at, until, whole: known.whole || row.whole, number, ..*row })));
        Ok(())
    }

    fn woken(&mut self, calendar: CalendarId, number: u64, begun: Instant) {
        let key = (self.tenant, calendar);
        let Some(known) = self.rows.wakes.get(&key).copied().filter(|known| known.number == number) else { return };
        let left = (known.until > begun).then_some(Wake { due_at: known.until, whole: false, ..known });
        self.put(Change::Wake(key, left));
    }
}

/// What `of` makes of the keys of a table, where it makes something.
fn keys<K, V, T>(table: &BTreeMap<K, V>, of: impl Fn(&K) -> Option<T>) -> Vec<T> {
    table.keys().filter_map(of).collect()
}

//! The rows, and the indexes that the queries need. Every change goes through [`Rows::put`], which keeps both in step and
//! answers with the change that undoes it.

use crate::host::model::grants::{ClientRow, Flow, Grant, Parting};
use crate::host::model::{
    ApiKey, AuditRow, Calendar, CalendarId, Channel, Connection, ConnectionId, Delivery, DeliveryState, Dispatch, Endpoint,
    EndpointId, Entry, Errand, ErrandId, EventId, KeyId, KeyRow, Meeting, OutboxEvent, OverrideRow, RequestRow, RulesRow,
    Sighting, Tenant, TenantId, Wake,
};
use crate::host::store::acts_at;
use crate::time::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// The key of an override: tenant, uid, user, occurrence, mark.
pub(super) type OverrideKey = (TenantId, String, Option<String>, Option<String>, String);

/// The key of an override.
pub(super) fn override_key(row: &OverrideRow) -> OverrideKey {
    (row.tenant, row.uid.clone(), row.user.clone(), row.occurrence.clone(), row.mark.clone())
}

/// The key of a dispatch: tenant, meeting, epoch.
pub(super) type DispatchKey = (TenantId, String, u32);

/// A host that shares the store.
pub(super) struct HostRow {
    pub(super) joined: Instant,
    pub(super) renewed: Instant,
    pub(super) renewals: u64,
}

/// Everything the store holds.
#[derive(Default)]
pub(super) struct Rows {
    pub(super) tenants: BTreeMap<TenantId, Tenant>,
    pub(super) connections: BTreeMap<(TenantId, ConnectionId), Connection>,
    pub(super) calendars: BTreeMap<(TenantId, CalendarId), Calendar>,
    pub(super) entries: BTreeMap<(TenantId, CalendarId, String), Entry>,
    pub(super) sightings: BTreeMap<(TenantId, CalendarId, String), Sighting>,
    pub(super) meetings: BTreeMap<(TenantId, String), Meeting>,
    pub(super) dispatches: BTreeMap<DispatchKey, Dispatch>,
    pub(super) errands: BTreeMap<(TenantId, ErrandId), Errand>,
    pub(super) overrides: BTreeMap<OverrideKey, OverrideRow>,
    pub(super) rules: BTreeMap<(TenantId, Option<String>, u64), RulesRow>,
    pub(super) keys: BTreeMap<(TenantId, u64), KeyRow>,
    pub(super) lists: BTreeMap<(TenantId, String), String>,
    pub(super) endpoints: BTreeMap<(TenantId, EndpointId), Endpoint>,
    pub(super) events: BTreeMap<(TenantId, EventId), OutboxEvent>,
    pub(super) deliveries: BTreeMap<(TenantId, EventId, EndpointId), Delivery>,
    pub(super) api_keys: BTreeMap<(TenantId, KeyId), ApiKey>,
    pub(super) audit: BTreeMap<(TenantId, u64), AuditRow>,
    pub(super) requests: BTreeMap<(TenantId, String), RequestRow>,
    /// The version of the plan with which a meeting last changed.
    pub(super) changed: BTreeMap<(TenantId, String), u64>,
    /// What must be decided anew, with its number.
    pub(super) undecided: BTreeMap<(TenantId, Option<String>), u64>,
    /// The hosts that share the store, by name.
    pub(super) hosts: BTreeMap<String, HostRow>,
    pub(super) clients: BTreeMap<(TenantId, String), ClientRow>,
    /// With whether flows that end there may be bare.
    pub(super) return_urls: BTreeMap<(TenantId, String), bool>,
    pub(super) flows: BTreeMap<(TenantId, u64), Flow>,
    pub(super) grants: BTreeMap<(TenantId, ConnectionId), Grant>,
    pub(super) partings: BTreeMap<(TenantId, ConnectionId), Parting>,
    pub(super) channels: BTreeMap<(TenantId, String), Channel>,
    pub(super) wakes: BTreeMap<(TenantId, CalendarId), Wake>,
    /// The last number that was given to a row, or that a row has.
    pub(super) number: u64,
    /// The last event of each tenant; outlives the events.
    pub(super) last_events: BTreeMap<TenantId, u64>,
    /// Sightings by UID.
    pub(super) by_uid: BTreeSet<(TenantId, String, CalendarId, String)>,
    /// Sightings by room and start.
    pub(super) by_room: BTreeSet<(TenantId, String, Instant, CalendarId, String)>,
    /// Meetings by sighting.
    pub(super) seen: BTreeSet<(TenantId, String, String)>,
    /// Meetings by start.
    pub(super) by_start: BTreeSet<(TenantId, Instant, String)>,
    /// Dispatches that a host must act on, by when and bot key.
    pub(super) due: BTreeSet<(Instant, String, TenantId, String, u32)>,
    /// Dispatches that are not over, by start.
    pub(super) live: BTreeSet<(Instant, TenantId, String, u32)>,
    /// Pending deliveries by due time.
    pub(super) pending: BTreeSet<(Instant, TenantId, EventId, EndpointId)>,
    /// Deliveries that were given up.
    pub(super) dead: BTreeSet<(TenantId, EndpointId, EventId)>,
}

/// What a row is to become; `None`: it goes.
pub(super) enum Change {
    Tenant(TenantId, Option<Tenant>),
    Connection((TenantId, ConnectionId), Option<Connection>),
    Calendar((TenantId, CalendarId), Option<Calendar>),
    Entry((TenantId, CalendarId, String), Option<Entry>),
    Sighting((TenantId, CalendarId, String), Option<Sighting>),
    Meeting((TenantId, String), Option<Meeting>),
    Dispatch(DispatchKey, Option<Dispatch>),
    Errand((TenantId, ErrandId), Option<Errand>),
    Override(OverrideKey, Option<OverrideRow>),
    Rules((TenantId, Option<String>, u64), Option<RulesRow>),
    TenantKey((TenantId, u64), Option<KeyRow>),
    List((TenantId, String), Option<String>),
    Endpoint((TenantId, EndpointId), Option<Endpoint>),
    Event((TenantId, EventId), Option<OutboxEvent>),
    Delivery((TenantId, EventId, EndpointId), Option<Delivery>),
    Undecided((TenantId, Option<String>), Option<u64>),
    Client((TenantId, String), Option<ClientRow>),
    ReturnUrl((TenantId, String), Option<bool>),
    Flow((TenantId, u64), Option<Flow>),
    Grant((TenantId, ConnectionId), Option<Grant>),
    Parting((TenantId, ConnectionId), Option<Parting>),
    ApiKey((TenantId, KeyId), Option<ApiKey>),
    Audit((TenantId, u64), Option<AuditRow>),
    Request((TenantId, String), Option<RequestRow>),
    Changed((TenantId, String), Option<u64>),
    Channel((TenantId, String), Option<Channel>),
    Wake((TenantId, CalendarId), Option<Wake>),
    Number(u64),
    LastEvent(TenantId, Option<u64>),
}

/// Puts the row in, or takes it out; answers with what was there.
fn swap<K: Ord, V>(table: &mut BTreeMap<K, V>, key: K, row: Option<V>) -> Option<V> {
    match row {
        Some(row) => table.insert(key, row),
        None => table.remove(&key),
    }
}

/// Replaces an index entry.
fn reindex<K: Ord>(index: &mut BTreeSet<K>, old: Option<K>, new: Option<K>) {
    if let Some(old) = old {
        index.remove(&old);
    }
    index.extend(new);
}

impl Rows {
    /// Makes the change; answers with the one that takes it back.
    pub(super) fn put(&mut self, change: Change) -> Change {
        match change {
            Change::Tenant(key, row) => Change::Tenant(key, swap(&mut self.tenants, key, row)),
            Change::Connection(key, row) => Change::Connection(key, swap(&mut self.connections, key, row)),
            Change::Calendar(key, row) => Change::Calendar(key, swap(&mut self.calendars, key, row)),
            Change::Entry(key, row) => Change::Entry(key.clone(), swap(&mut self.entries, key, row)),
            Change::Sighting(key, row) => self.put_sighting(key, row),
            Change::Meeting(key, row) => self.put_meeting(key, row),
            Change::Dispatch(key, row) => self.put_dispatch(key, row),
            Change::Errand(key, row) => Change::Errand(key, swap(&mut self.errands, key, row)),
            Change::Override(key, row) => Change::Override(key.clone(), swap(&mut self.overrides, key, row)),
            Change::Rules(key, row) => Change::Rules(key.clone(), swap(&mut self.rules, key, row)),
            Change::TenantKey(key, row) => Change::TenantKey(key, swap(&mut self.keys, key, row)),
            Change::List(key, row) => Change::List(key.clone(), swap(&mut self.lists, key, row)),
            Change::Endpoint(key, row) => Change::Endpoint(key, swap(&mut self.endpoints, key, row)),
            Change::Event(key, row) => Change::Event(key, swap(&mut self.events, key, row)),
            Change::Delivery(key, row) => self.put_delivery(key, row),
            Change::Undecided(key, number) => Change::Undecided(key.clone(), swap(&mut self.undecided, key, number)),
            Change::Client(key, row) => Change::Client(key.clone(), swap(&mut self.clients, key, row)),
            Change::ReturnUrl(key, row) => Change::ReturnUrl(key.clone(), swap(&mut self.return_urls, key, row)),
            Change::Flow(key, row) => Change::Flow(key, swap(&mut self.flows, key, row)),
            Change::Grant(key, row) => Change::Grant(key, swap(&mut self.grants, key, row)),
            Change::Parting(key, row) => Change::Parting(key, swap(&mut self.partings, key, row)),
            Change::ApiKey(key, row) => Change::ApiKey(key, swap(&mut self.api_keys, key, row)),
            Change::Audit(key, row) => Change::Audit(key, swap(&mut self.audit, key, row)),
            Change::Request(key, row) => Change::Request(key.clone(), swap(&mut self.requests, key, row)),
            Change::Changed(key, version) => Change::Changed(key.clone(), swap(&mut self.changed, key, version)),
            Change::Channel(key, row) => Change::Channel(key.clone(), swap(&mut self.channels, key, row)),
            Change::Wake(key, row) => Change::Wake(key, swap(&mut self.wakes, key, row)),
            Change::Number(number) => Change::Number(std::mem::replace(&mut self.number, number)),
            Change::LastEvent(tenant, last) => Change::LastEvent(tenant, swap(&mut self.last_events, tenant, last)),
        }
    }

    fn put_sighting(&mut self, key: (TenantId, CalendarId, String), row: Option<Sighting>) -> Change {
        let tenant = key.0;
        let uid = |row: &Sighting| Some((tenant, row.uid.clone()?, row.calendar, row.id.clone()));
        let room = |row: &Sighting| Some((tenant, row.room.clone()?, row.start, row.calendar, row.id.clone()));
        let new = (row.as_ref().and_then(uid), row.as_ref().and_then(room));
        let old = swap(&mut self.sightings, key.clone(), row);
        reindex(&mut self.by_uid, old.as_ref().and_then(uid), new.0);
        reindex(&mut self.by_room, old.as_ref().and_then(room), new.1);
        Change::Sighting(key, old)
    }

    fn put_meeting(&mut self, key: (TenantId, String), row: Option<Meeting>) -> Change {
        let start = |row: &Meeting| (row.tenant, row.start, row.id.clone());
        let new = row.as_ref().map(start);
        let sightings = row.as_ref().map_or_else(Vec::new, |row| row.sightings.clone());
        let old = swap(&mut self.meetings, key.clone(), row);
        reindex(&mut self.by_start, old.as_ref().map(start), new);
        for sighting in old.iter().flat_map(|row| &row.sightings) {
            self.seen.remove(&(key.0, sighting.clone(), key.1.clone()));
        }
        self.seen.extend(sightings.into_iter().map(|sighting| (key.0, sighting, key.1.clone())));
        Change::Meeting(key, old)
    }

    fn put_dispatch(&mut self, key: DispatchKey, row: Option<Dispatch>) -> Change {
        let due = |row: &Dispatch| Some((acts_at(row)?, row.key.clone(), row.tenant, row.meeting.clone(), row.epoch));
        let live = |row: &Dispatch| row.state.is_live().then(|| (row.start, row.tenant, row.meeting.clone(), row.epoch));
        let new = (row.as_ref().and_then(due), row.as_ref().and_then(live));
        let old = swap(&mut self.dispatches, key.clone(), row);
        reindex(&mut self.due, old.as_ref().and_then(due), new.0);
        reindex(&mut self.live, old.as_ref().and_then(live), new.1);
        Change::Dispatch(key, old)
    }

    fn put_delivery(&mut self, key: (TenantId, EventId, EndpointId), row: Option<Delivery>) -> Change {
        let pending = |row: &Delivery| {
            let due = row.due_at.filter(|_| row.state == DeliveryState::Pending)?;
            Some((due, row.tenant, row.event, row.endpoint))
        };
        let dead = |row: &Delivery| (row.state == DeliveryState::Dead).then_some((row.tenant, row.endpoint, row.event));
        let new = (row.as_ref().and_then(pending), row.as_ref().and_then(dead));
        let old = swap(&mut self.deliveries, key, row);
        reindex(&mut self.pending, old.as_ref().and_then(pending), new.0);
        reindex(&mut self.dead, old.as_ref().and_then(dead), new.1);
        Change::Delivery(key, old)
    }

    /// The entries of a calendar, by id.
    pub(super) fn entries_of(&self, tenant: TenantId, calendar: CalendarId) -> impl Iterator<Item = &Entry> {
        let from = (tenant, calendar, String::new());
        self.entries.range(from..).take_while(move |(key, _)| key.0 == tenant && key.1 == calendar).map(|(_, row)| row)
    }

    /// The sightings of a calendar, by id.
    pub(super) fn sightings_of(&self, tenant: TenantId, calendar: CalendarId) -> impl Iterator<Item = &Sighting> {
        let from = (tenant, calendar, String::new());
        self.sightings.range(from..).take_while(move |(key, _)| key.0 == tenant && key.1 == calendar).map(|(_, row)| row)
    }

    /// The dispatches of a meeting, by epoch.
    pub(super) fn dispatches_of<'a>(&'a self, tenant: TenantId, meeting: &'a str) -> impl Iterator<Item = &'a Dispatch> {
        let range = (tenant, meeting.to_owned(), 0)..=(tenant, meeting.to_owned(), u32::MAX);
        self.dispatches.range(range).map(|(_, row)| row)
    }

    /// The errands of a tenant, by number.
    pub(super) fn errands_of(&self, tenant: TenantId) -> impl Iterator<Item = &Errand> {
        let from = (tenant, ErrandId::default());
        self.errands.range(from..).take_while(move |(key, _)| key.0 == tenant).map(|(_, row)| row)
    }

    /// The channels of a calendar, by id.
    pub(super) fn channels_of(&self, tenant: TenantId, calendar: CalendarId) -> impl Iterator<Item = &Channel> {
        let of_tenant = self.channels.range((tenant, String::new())..).take_while(move |(key, _)| key.0 == tenant);
        of_tenant.map(|(_, row)| row).filter(move |row| row.calendar == calendar)
    }

    /// The webhook receivers of a tenant, by number.
    pub(super) fn endpoints_of(&self, tenant: TenantId) -> impl Iterator<Item = &Endpoint> {
        let from = (tenant, EndpointId::default());
        self.endpoints.range(from..).take_while(move |(key, _)| key.0 == tenant).map(|(_, row)| row)
    }
}

//! The store in memory: what the simulation runs on, and the model that the databases are held to.
//!
//! Deterministic: ordered maps, no clock, no randomness. The rows are locked for one operation at a time and never across an
//! await, so operations of several hosts on one task interleave only between operations, as they do on a database.

mod commit;
mod rows;

use super::{
    Commit, CommitError, Decide, DueDelivery, Handle, Member, Near, PassedOver, Queries, SealedToken, StoreError, Unwatched,
    Watched,
};
use crate::host::clock::Clock;
use crate::host::model::grants::{ClientRow, Flow, FlowState, Grant, Parting, ReturnUrl};
use crate::host::model::{
    ApiKey, AuditRow, Calendar, CalendarId, CalendarState, Channel, Connection, ConnectionId, ConnectionState, Delivery,
    DeliveryState, Dispatch, DispatchState, Endpoint, EndpointId, EndpointState, Entry, Errand, ErrandId, ErrandState, EventId,
    KeyRow, Meeting, Origin, OutboxEvent, OverrideRow, RequestRow, RulesRow, Sighting, Tenant, TenantId, Undecided, Wake,
};
use crate::host::seal::is_sealed;
use crate::time::{Elapsed, Instant};
use rows::{HostRow, Rows};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

/// Before or after an operation took effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Nothing has happened yet: a failure here leaves the store as it was.
    Before,
    /// It has happened: a failure here is an answer that got lost.
    After,
}

/// Told the name of every operation (that of the query, or `commit`), before and after it; may make it fail.
pub type Hook = dyn Fn(&'static str, Moment) -> Result<(), StoreError> + Send + Sync;

/// A store in memory. A clone is another handle on the same rows.
#[derive(Clone, Default)]
pub struct Memory {
    rows: Arc<Mutex<Rows>>,
    hook: Option<Arc<Hook>>,
    time: Option<Arc<dyn Clock>>,
}

/// Shows no rows.
impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("store in memory")
    }
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Another handle on the same rows, whose operations `hook` is told of. Other handles keep theirs, so each host of a
    /// simulation can have its own faults.
    #[must_use]
    pub fn with_hook(&self, hook: Arc<Hook>) -> Self {
        Self { hook: Some(hook), ..self.clone() }
    }

    /// The same store, as one that tells all hosts what time it is.
    #[must_use]
    pub fn with_time(&self, clock: Arc<dyn Clock>) -> Self {
        Self { time: Some(clock), ..self.clone() }
    }

    /// What time it is, where the store says so.
    pub(super) fn time(&self) -> Option<Instant> {
        self.time.as_ref().map(|clock| clock.now())
    }

    /// Writes down that the host is there; those that are.
    pub(super) fn attend(&self, host: &str, lease: Elapsed, kept: Elapsed) -> Result<Vec<Member>, StoreError> {
        let Some(now) = self.time() else {
            return Ok(vec![Member { host: host.to_owned(), joined: None, renewals: 1 }]);
        };
        self.read("attend", |rows| {
            rows.hosts.retain(|_, row| now.duration_since(row.renewed) <= kept);
            let row = rows.hosts.entry(host.to_owned()).or_insert(HostRow { joined: now, renewed: now, renewals: 0 });
            if now.duration_since(row.renewed) > lease {
                row.joined = now;
            }
            (row.renewed, row.renewals) = (now, row.renewals + 1);
            members(rows)
        })
    }

    /// Those that attended.
    pub(super) fn members(&self) -> Result<Vec<Member>, StoreError> {
        self.read("members", |rows| members(rows))
    }

    /// Takes the row of a host out.
    pub(super) fn leave(&self, host: &str) -> Result<(), StoreError> {
        self.read("leave", |rows| {
            rows.hosts.remove(host);
        })
    }

    /// Makes the changes, all or none.
    pub(super) async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        self.tell("commit", Moment::Before)?;
        let done = self.locked(|rows| commit::commit(rows, &commit));
        self.tell("commit", Moment::After)?;
        done
    }

    /// Takes up dispatches that are due.
    pub(super) async fn take_up(&self, before: Instant, limit: usize, decide: &Decide) -> Result<Vec<Dispatch>, StoreError> {
        self.tell("take_up", Moment::Before)?;
        let taken = self.locked(|rows| {
            let (mut taken, mut commits) = (Vec::new(), Vec::new());
            for row in due_dispatches(rows, before, limit) {
                if let Some(commit) = super::decided(&row, decide)? {
                    commits.push(commit);
                    taken.push(row);
                }
            }
            commit::all(rows, &commits).map_err(|_| super::unfit())?;
            Ok(taken)
        });
        self.tell("take_up", Moment::After)?;
        taken
    }

    fn tell(&self, operation: &'static str, moment: Moment) -> Result<(), StoreError> {
        self.hook.as_ref().map_or(Ok(()), |hook| hook(operation, moment))
    }

    /// A panic inside leaves rows that a simulation should still be able to look at.
    fn locked<T>(&self, work: impl FnOnce(&mut Rows) -> T) -> T {
        work(&mut self.rows.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn read<T>(&self, operation: &'static str, work: impl FnOnce(&mut Rows) -> T) -> Result<T, StoreError> {
        self.tell(operation, Moment::Before)?;
        let answer = self.locked(work);
        self.tell(operation, Moment::After)?;
        Ok(answer)
    }
}

impl Queries for Memory {
    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        self.read("tenants", |rows| rows.tenants.values().cloned().collect())
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        self.read("tenant", |rows| rows.tenants.get(&tenant).cloned())
    }

    async fn next_id(&self) -> Result<u64, StoreError> {
        self.read("next_id", |rows| {
            rows.number += 1;
            rows.number
        })
    }

    async fn watched(&self, after: (TenantId, CalendarId), limit: usize) -> Result<Vec<Watched>, StoreError> {
        self.read("watched", |rows| {
            let behind = rows.calendars.range((Bound::Excluded(after), Bound::Unbounded));
            let kept = behind.filter(|(_, calendar)| calendar.state != CalendarState::Gone);
            let with = kept.filter_map(|((tenant, id), row)| {
                let connection = rows.connections.get(&(*tenant, row.connection))?;
                let client = connection.client.clone();
                let active = connection.state == ConnectionState::Active;
                let pushed_until = rows.channels_of(*tenant, *id).filter_map(Channel::stands_until).max();
                active.then_some(Watched {
                    tenant: *tenant,
                    calendar: *id,
                    connection: row.connection,
                    origin: row.origin,
                    client,
                    pushed_until,
                })
            });
            with.take(limit).collect()
        })
    }

    async fn near(&self, from: Instant, to: Instant) -> Result<Vec<Near>, StoreError> {
        self.read("near", |rows| {
            let live = rows.live.range((from, TenantId::default(), String::new(), 0)..).take_while(|key| key.0 < to);
            super::nearest(live.flat_map(|(start, tenant, meeting, _)| {
                let seen = rows.meetings.get(&(*tenant, meeting.clone())).map(|row| row.sightings.as_slice()).unwrap_or_default();
                seen.iter().map(|sighting| (*tenant, sighting.clone(), *start))
            }))
        })
    }

    async fn connections(&self, tenant: TenantId) -> Result<Vec<Connection>, StoreError> {
        self.read("connections", |rows| {
            let from = (tenant, Default::default());
            rows.connections.range(from..).take_while(|(key, _)| key.0 == tenant).map(|(_, row)| row.clone()).collect()
        })
    }

    async fn connection(&self, tenant: TenantId, connection: ConnectionId) -> Result<Option<Connection>, StoreError> {
        self.read("connection", |rows| rows.connections.get(&(tenant, connection)).cloned())
    }

    async fn calendars(&self, tenant: TenantId) -> Result<Vec<Calendar>, StoreError> {
        self.read("calendars", |rows| {
            let from = (tenant, Default::default());
            rows.calendars.range(from..).take_while(|(key, _)| key.0 == tenant).map(|(_, row)| row.clone()).collect()
        })
    }

    async fn calendar(&self, tenant: TenantId, calendar: CalendarId) -> Result<Option<Calendar>, StoreError> {
        self.read("calendar", |rows| rows.calendars.get(&(tenant, calendar)).cloned())
    }

    async fn entries(&self, tenant: TenantId, calendar: CalendarId) -> Result<Vec<Entry>, StoreError> {
        self.read("entries", |rows| rows.entries_of(tenant, calendar).cloned().collect())
    }

    async fn sightings(&self, tenant: TenantId, calendar: CalendarId) -> Result<Vec<Sighting>, StoreError> {
        self.read("sightings", |rows| rows.sightings_of(tenant, calendar).cloned().collect())
    }

    async fn sightings_like(
        &self,
        tenant: TenantId,
        uids: &[String],
        rooms: &[(String, Instant)],
    ) -> Result<Vec<Sighting>, StoreError> {
        self.read("sightings_like", |rows| {
            let mut found = BTreeSet::new();
            for uid in uids {
                let from = (tenant, uid.clone(), CalendarId::default(), String::new());
                let of_uid = rows.by_uid.range(from..).take_while(|key| key.0 == tenant && key.1 == *uid);
                found.extend(of_uid.map(|(_, _, calendar, id)| (tenant, *calendar, id.clone())));
            }
            for (room, start) in rooms {
                let start = super::kept(*start);
                let from = (tenant, room.clone(), start, CalendarId::default(), String::new());
                let there = rows.by_room.range(from..).take_while(|key| key.0 == tenant && key.1 == *room && key.2 == start);
                found.extend(there.map(|(_, _, _, calendar, id)| (tenant, *calendar, id.clone())));
            }
            found.iter().filter_map(|key| rows.sightings.get(key)).cloned().collect()
        })
    }

    async fn sightings_in(&self, tenant: TenantId, room: &str, from: Instant, to: Instant) -> Result<Vec<Sighting>, StoreError> {
        self.read("sightings_in", |rows| {
            let first = (tenant, room.to_owned(), from, CalendarId::default(), String::new());
            let there = rows.by_room.range(first..).take_while(|key| key.0 == tenant && key.1 == room && key.2 < to);
            let keys: BTreeSet<_> = there.map(|(_, _, _, calendar, id)| (tenant, *calendar, id.clone())).collect();
            keys.iter().filter_map(|key| rows.sightings.get(key)).cloned().collect()
        })
    }

    async fn sightings_at(&self, tenant: TenantId, places: &[String]) -> Result<Vec<Sighting>, StoreError> {
        self.read("sightings_at", |rows| {
            let keys: BTreeSet<_> = places
                .iter()
                .filter_map(|place| Some((tenant, super::calendar_of(place)?, place.split_once('/')?.1.to_owned())))
                .collect();
            keys.iter().filter_map(|key| rows.sightings.get(key)).cloned().collect()
        })
    }

    async fn all_sightings(&self, tenant: TenantId) -> Result<Vec<Sighting>, StoreError> {
        self.read("all_sightings", |rows| {
            let from = (tenant, CalendarId::default(), String::new());
            rows.sightings.range(from..).take_while(|(key, _)| key.0 == tenant).map(|(_, row)| row.clone()).collect()
        })
    }

    async fn meetings_of(&self, tenant: TenantId, sightings: &[String]) -> Result<Vec<Meeting>, StoreError> {
        self.read("meetings_of", |rows| {
            let mut found = BTreeSet::new();
            for sighting in sightings {
                let from = (tenant, sighting.clone(), String::new());
                let of_it = rows.seen.range(from..).take_while(|key| key.0 == tenant && key.1 == *sighting);
                found.extend(of_it.map(|(_, _, meeting)| (tenant, meeting.clone())));
            }
            found.iter().filter_map(|key| rows.meetings.get(key)).cloned().collect()
        })
    }

    async fn meetings_named(&self, tenant: TenantId, ids: &[String]) -> Result<Vec<Meeting>, StoreError> {
        self.read("meetings_named", |rows| {
            let wanted: BTreeSet<&String> = ids.iter().collect();
            wanted.into_iter().filter_map(|id| rows.meetings.get(&(tenant, id.clone()))).cloned().collect()
        })
    }

    async fn meetings(&self, tenant: TenantId, from: Instant, to: Instant, limit: usize) -> Result<Vec<Meeting>, StoreError> {
        self.read("meetings", |rows| {
            let first = (tenant, from, String::new());
            let inside = rows.by_start.range(first..).take_while(|key| key.0 == tenant && key.1 < to).take(limit);
            inside.filter_map(|(_, _, id)| rows.meetings.get(&(tenant, id.clone()))).cloned().collect()
        })
    }

    async fn places_of(&self, tenant: TenantId, meetings: &[String]) -> Result<Vec<String>, StoreError> {
        self.read("places_of", |rows| {
            let rows = meetings.iter().filter_map(|id| rows.meetings.get(&(tenant, id.clone())));
            let places: BTreeSet<String> = rows.flat_map(|row| row.sightings.iter().cloned()).collect();
            places.into_iter().collect()
        })
    }

    async fn dispatches_of(&self, tenant: TenantId, meetings: &[String]) -> Result<Vec<Dispatch>, StoreError> {
        self.read("dispatches_of", |rows| {
            let wanted: BTreeSet<&String> = meetings.iter().collect();
            wanted.into_iter().flat_map(|meeting| rows.dispatches_of(tenant, meeting).cloned().collect::<Vec<_>>()).collect()
        })
    }

    async fn dispatches_under_way(&self, tenant: TenantId, start: Instant) -> Result<Vec<Dispatch>, StoreError> {
        self.read("dispatches_under_way", |rows| {
            let start = super::kept(start);
            let live = rows.live.range((start, tenant, String::new(), 0)..).take_while(|key| (key.0, key.1) == (start, tenant));
            let found = live.filter_map(|(_, _, meeting, epoch)| rows.dispatches.get(&(tenant, meeting.clone(), *epoch)));
            found.filter(|row| row.state != DispatchState::Planned).cloned().collect()
        })
    }

    async fn due_dispatches(&self, before: Instant, limit: usize) -> Result<Vec<Dispatch>, StoreError> {
        self.read("due_dispatches", |rows| due_dispatches(rows, before, limit))
    }

    async fn sightings_of_family(&self, tenant: TenantId, family: &str) -> Result<Vec<Sighting>, StoreError> {
        self.read("sightings_of_family", |rows| {
            let from = (tenant, CalendarId::default(), String::new());
            let of_tenant = rows.sightings.range(from..).take_while(|(key, _)| key.0 == tenant).map(|(_, row)| row);
            of_tenant.filter(|row| row.family.as_deref() == Some(family)).cloned().collect()
        })
    }

    async fn past_meetings(&self, tenant: TenantId, before: Instant, limit: usize) -> Result<Vec<String>, StoreError> {
        self.read("past_meetings", |rows| {
            let first = (tenant, Instant::MIN, String::new());
            let past = rows.by_start.range(first..).take_while(|key| key.0 == tenant && key.1 < before).map(|key| &key.2);
            let over = past.filter(|id| rows.dispatches_of(tenant, id).all(|row| super::acts_at(row).is_none()));
            over.take(limit).cloned().collect()
        })
    }

    async fn dispatches_on(&self, tenant: TenantId, errand: ErrandId) -> Result<Vec<Dispatch>, StoreError> {
        self.read("dispatches_on", |rows| {
            let of_tenant = rows.dispatches.range((tenant, String::new(), 0)..).take_while(|(key, _)| key.0 == tenant);
            of_tenant.filter(|(_, row)| row.errand == Some(errand)).map(|(_, row)| row.clone()).collect()
        })
    }

    async fn open_errands(&self, tenant: TenantId) -> Result<Vec<Errand>, StoreError> {
        self.read("open_errands", |rows| rows.errands_of(tenant).filter(|row| row.state == ErrandState::Open).cloned().collect())
    }

    async fn errands(&self, tenant: TenantId, from: Instant, to: Instant, limit: usize) -> Result<Vec<Errand>, StoreError> {
        self.read("errands", |rows| {
            let mut found: Vec<Errand> = rows.errands_of(tenant).filter(|row| from <= row.at && row.at < to).cloned().collect();
            found.sort_by_key(|row| (row.at, row.id));
            found.truncate(limit);
            found
        })
    }

    async fn all_overrides(&self, tenant: TenantId) -> Result<Vec<OverrideRow>, StoreError> {
        self.read("all_overrides", |rows| {
            let from = (tenant, String::new(), None, None, String::new());
            rows.overrides.range(from..).take_while(|(key, _)| key.0 == tenant).map(|(_, row)| row.clone()).collect()
        })
    }

    async fn undecided(&self, limit: usize) -> Result<Vec<Undecided>, StoreError> {
        self.read("undecided", |rows| {
            let row = |((tenant, uid), number): (&(TenantId, Option<String>), &u64)| Undecided {
                tenant: *tenant,
                uid: uid.clone(),
                number: *number,
            };
            rows.undecided.iter().take(limit).map(row).collect()
        })
    }

    async fn overrides(&self, tenant: TenantId, uids: &[String]) -> Result<Vec<OverrideRow>, StoreError> {
        self.read("overrides", |rows| {
            let wanted: BTreeSet<&String> = uids.iter().collect();
            let of = |uid: &String| {
                let uid = uid.clone();
                let from = (tenant, uid.clone(), None, None, String::new());
                rows.overrides
                    .range(from..)
                    .take_while(move |(key, _)| key.0 == tenant && key.1 == uid)
                    .map(|(_, row)| row.clone())
            };
            wanted.into_iter().flat_map(of).collect()
        })
    }

    async fn rules(&self, tenant: TenantId) -> Result<Vec<RulesRow>, StoreError> {
        self.read("rules", |rows| {
            let of_tenant = rows.rules.range((tenant, None, 0)..).take_while(|(key, _)| key.0 == tenant);
            // Ascending by version, so the last of each user stays.
            of_tenant.map(|(_, row)| (row.user.clone(), row.clone())).collect::<BTreeMap<_, _>>().into_values().collect()
        })
    }

    async fn tenant_keys(&self, tenant: TenantId) -> Result<Vec<KeyRow>, StoreError> {
        self.read("tenant_keys", |rows| rows.keys.range((tenant, 0)..=(tenant, u64::MAX)).map(|(_, row)| row.clone()).collect())
    }

    async fn key_roots(&self) -> Result<Vec<String>, StoreError> {
        self.read("key_roots", |rows| {
            let roots: BTreeSet<String> = rows.keys.values().map(|row| row.root.clone()).collect();
            roots.into_iter().collect()
        })
    }

    async fn tokens_not_under(
        &self,
        tenant: TenantId,
        prefix: &str,
        after: ConnectionId,
        limit: usize,
    ) -> Result<Vec<SealedToken>, StoreError> {
        self.read("tokens_not_under", |rows| {
            let behind = rows.connections.range((Bound::Excluded((tenant, after)), Bound::Unbounded));
            let of_tenant = behind.take_while(|(key, _)| key.0 == tenant).map(|(_, row)| row);
            let sealed = of_tenant.filter_map(|row| {
                let token = row.token.clone().filter(|token| !token.starts_with(prefix))?;
                Some(SealedToken { connection: row.id, origin: row.origin, token })
            });
            sealed.take(limit).collect()
        })
    }

    async fn unlent(&self, prefix: &str) -> Result<Vec<TenantId>, StoreError> {
        self.read("unlent", |rows| {
            let newest = |tenant| rows.keys.range((tenant, 0)..=(tenant, u64::MAX)).next_back().map(|(_, row)| row);
            let is_lent = |row: &KeyRow| row.lent.as_ref().is_some_and(|lent| lent.starts_with(prefix));
            rows.tenants.keys().copied().filter(|tenant| !newest(*tenant).is_some_and(is_lent)).collect()
        })
    }

    async fn unsealed(&self) -> Result<Vec<TenantId>, StoreError> {
        self.read("unsealed", |rows| {
            let plain = rows.endpoints.values().filter(|row| row.secrets.first().is_some_and(|text| !is_sealed(text)));
            let tenants: BTreeSet<TenantId> = plain.map(|row| row.tenant).collect();
            tenants.into_iter().collect()
        })
    }

    async fn lists(&self, tenant: TenantId) -> Result<Vec<(String, String)>, StoreError> {
        self.read("lists", |rows| {
            let of_tenant = rows.lists.range((tenant, String::new())..).take_while(|(key, _)| key.0 == tenant);
            of_tenant.map(|((_, name), text)| (name.clone(), text.clone())).collect()
        })
    }

    async fn endpoints(&self, tenant: TenantId) -> Result<Vec<Endpoint>, StoreError> {
        self.read("endpoints", |rows| rows.endpoints_of(tenant).cloned().collect())
    }

    async fn due_endpoints(&self, before: Instant, limit: usize, passed_over: &PassedOver) -> Result<Vec<Endpoint>, StoreError> {
        self.read("due_endpoints", |rows| {
            let due = rows.endpoints.values().filter(|row| row.due_at.is_some_and(|due| due < before));
            let due = due.filter(|row| !passed_over.holds(row.tenant, row.id));
            let mut due: Vec<Endpoint> = due.cloned().collect();
            due.sort_by_key(|row| (row.due_at, row.tenant, row.id));
            due.truncate(limit);
            due
        })
    }

    async fn past_events(&self, tenant: TenantId, before: Instant, limit: usize) -> Result<Vec<EventId>, StoreError> {
        self.read("past_events", |rows| {
            let of_tenant = rows.events.range((tenant, EventId::default())..).take_while(|(key, _)| key.0 == tenant);
            let past = of_tenant.map(|(_, row)| row).filter(|row| row.at < before && !is_awaited(rows, row));
            let mut past: Vec<(Instant, EventId)> = past.map(|row| (row.at, row.id)).collect();
            past.sort_unstable();
            past.into_iter().take(limit).map(|(_, id)| id).collect()
        })
    }

    async fn events(&self, tenant: TenantId, after: EventId, limit: usize) -> Result<Vec<OutboxEvent>, StoreError> {
        self.read("events", |rows| {
            let from = (tenant, EventId(after.0.saturating_add(1)));
            let later = rows.events.range(from..).take_while(|(key, _)| key.0 == tenant).take(limit);
            later.map(|(_, row)| row.clone()).collect()
        })
    }

    async fn due_deliveries(
        &self,
        before: Instant,
        limit: usize,
        each: usize,
        passed_over: &PassedOver,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        self.read("due_deliveries", |rows| due_deliveries(rows, before, limit, each, passed_over))
    }

    async fn dead_deliveries(&self, tenant: TenantId, endpoint: EndpointId, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        self.read("dead_deliveries", |rows| {
            let from = (tenant, endpoint, EventId::default());
            let dead = rows.dead.range(from..).take_while(|key| key.0 == tenant && key.1 == endpoint).take(limit);
            dead.filter_map(|(_, _, event)| rows.deliveries.get(&(tenant, *event, endpoint))).cloned().collect()
        })
    }

    async fn oauth_clients(&self, tenant: TenantId) -> Result<Vec<ClientRow>, StoreError> {
        self.read("oauth_clients", |rows| rows.clients.values().filter(|row| row.tenant == tenant).cloned().collect())
    }

    async fn return_urls(&self, tenant: TenantId) -> Result<Vec<ReturnUrl>, StoreError> {
        self.read("return_urls", |rows| {
            let of_tenant = rows.return_urls.iter().filter(|(key, _)| key.0 == tenant);
            of_tenant.map(|((_, url), bare)| ReturnUrl { tenant, url: url.clone(), bare: *bare }).collect()
        })
    }

    async fn flow(&self, tenant: TenantId, flow: u64) -> Result<Option<Flow>, StoreError> {
        self.read("flow", |rows| rows.flows.get(&(tenant, flow)).cloned())
    }

    async fn flow_of(&self, handle: Handle<'_>) -> Result<Option<Flow>, StoreError> {
        let opens = |row: &&Flow| match handle {
            Handle::Ref(hash) => row.ref_hash.as_deref() == Some(hash),
            Handle::State(hash) => row.state_hash.as_deref() == Some(hash),
            Handle::Session(hash) => row.session_hash.as_deref() == Some(hash),
        };
        self.read("flow_of", |rows| rows.flows.values().find(opens).cloned())
    }

    async fn handed_flows(&self, limit: usize) -> Result<Vec<Flow>, StoreError> {
        self.read("handed_flows", |rows| {
            let mut handed: Vec<Flow> = rows.flows.values().filter(|row| row.state == FlowState::Handed).cloned().collect();
            handed.sort_by_key(|row| (row.expires_at, row.tenant, row.id));
            handed.truncate(limit);
            handed
        })
    }

    async fn grant(&self, tenant: TenantId, connection: ConnectionId) -> Result<Option<Grant>, StoreError> {
        self.read("grant", |rows| rows.grants.get(&(tenant, connection)).cloned())
    }

    async fn grants(&self, tenant: TenantId) -> Result<Vec<Grant>, StoreError> {
        self.read("grants", |rows| rows.grants.values().filter(|row| row.tenant == tenant).cloned().collect())
    }

    async fn partings(&self, tenant: TenantId) -> Result<Vec<Parting>, StoreError> {
        self.read("partings", |rows| rows.partings.values().filter(|row| row.tenant == tenant).cloned().collect())
    }

    async fn due_partings(&self, before: Instant, limit: usize) -> Result<Vec<Parting>, StoreError> {
        self.read("due_partings", |rows| {
            let mut due: Vec<&Parting> = rows.partings.values().filter(|row| row.due_at < before).collect();
            due.sort_by_key(|row| (row.due_at, row.tenant, row.connection));
            due.into_iter().take(limit).cloned().collect()
        })
    }

    async fn grants_alike(&self, client: &str, account: &str) -> Result<Vec<Grant>, StoreError> {
        let alike = |row: &&Grant| row.client == client && row.account == account;
        self.read("grants_alike", |rows| rows.grants.values().filter(alike).cloned().collect())
    }

    async fn deliveries(
        &self,
        tenant: TenantId,
        endpoint: EndpointId,
        after: EventId,
        state: Option<DeliveryState>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        self.read("deliveries", |rows| {
            let from = Bound::Excluded((tenant, after, EndpointId(u64::MAX)));
            let of_tenant = rows.deliveries.range((from, Bound::Unbounded)).take_while(|(key, _)| key.0 == tenant);
            let wanted = of_tenant.map(|(_, row)| row).filter(|row| row.endpoint == endpoint);
            wanted.filter(|row| state.is_none_or(|state| row.state == state)).take(limit).cloned().collect()
        })
    }

    async fn rule_versions(
        &self,
        tenant: TenantId,
        user: Option<&str>,
        before: u64,
        limit: usize,
    ) -> Result<Vec<RulesRow>, StoreError> {
        self.read("rule_versions", |rows| {
            let user = user.map(str::to_owned);
            let range = (tenant, user.clone(), 0)..(tenant, user, before);
            rows.rules.range(range).rev().take(limit).map(|(_, row)| row.clone()).collect()
        })
    }

    async fn meetings_changed(
        &self,
        tenant: TenantId,
        after: (u64, &str),
        limit: usize,
    ) -> Result<Vec<(u64, Meeting)>, StoreError> {
        self.read("meetings_changed", |rows| {
            let from = (tenant, String::new());
            let of_tenant = rows.changed.range(from..).take_while(|(key, _)| key.0 == tenant);
            let later: BTreeSet<(u64, String)> =
                of_tenant.map(|(key, at)| (*at, key.1.clone())).filter(|(at, id)| (*at, id.as_str()) > after).collect();
            let found = later.into_iter().take(limit);
            found.filter_map(|(at, id)| rows.meetings.get(&(tenant, id)).map(|row| (at, row.clone()))).collect()
        })
    }

    async fn dispatches_ahead(
        &self,
        tenant: TenantId,
        after: (Instant, &str),
        to: Instant,
        limit: usize,
    ) -> Result<Vec<Dispatch>, StoreError> {
        self.read("dispatches_ahead", |rows| {
            let of_tenant = rows.dispatches.range((tenant, String::new(), 0)..).take_while(|(key, _)| key.0 == tenant);
            let mut found: Vec<Dispatch> = of_tenant
                .map(|(_, row)| row)
                .filter(|row| (super::kept(row.fire_at), row.key.as_str()) > after && row.fire_at < to)
                .cloned()
                .collect();
            found.sort_by(|a, b| (a.fire_at, &a.key).cmp(&(b.fire_at, &b.key)));
            found.truncate(limit);
            found
        })
    }

    async fn errand(&self, tenant: TenantId, errand: ErrandId) -> Result<Option<Errand>, StoreError> {
        self.read("errand", |rows| rows.errands.get(&(tenant, errand)).cloned())
    }

    async fn api_key(&self, hash: &str) -> Result<Option<ApiKey>, StoreError> {
        self.read("api_key", |rows| rows.api_keys.values().find(|row| row.hash == hash).cloned())
    }

    async fn api_keys(&self, tenant: TenantId) -> Result<Vec<ApiKey>, StoreError> {
        self.read("api_keys", |rows| rows.api_keys.values().filter(|row| row.tenant == tenant).cloned().collect())
    }

    async fn audit(&self, tenant: TenantId, after: u64, limit: usize) -> Result<Vec<AuditRow>, StoreError> {
        self.read("audit", |rows| {
            let later = rows.audit.range((Bound::Excluded((tenant, after)), Bound::Included((tenant, u64::MAX))));
            later.take(limit).map(|(_, row)| row.clone()).collect()
        })
    }

    async fn request(&self, tenant: TenantId, name: &str) -> Result<Option<RequestRow>, StoreError> {
        self.read("request", |rows| rows.requests.get(&(tenant, name.to_owned())).cloned())
    }

    async fn delivery_counts(&self, tenant: TenantId, endpoint: EndpointId) -> Result<Vec<(DeliveryState, u64)>, StoreError> {
        self.read("delivery_counts", |rows| {
            let mut counts: BTreeMap<&str, (DeliveryState, u64)> = BTreeMap::new();
            for row in rows.deliveries.values().filter(|row| (row.tenant, row.endpoint) == (tenant, endpoint)) {
                counts.entry(row.state.word()).or_insert((row.state, 0)).1 += 1;
            }
            counts.into_values().collect()
        })
    }

    async fn channels_named(&self, id: &str) -> Result<Vec<Channel>, StoreError> {
        self.read("channels_named", |rows| rows.channels.values().filter(|row| row.id == id).cloned().collect())
    }

    async fn channels_at(&self, nonce: &str) -> Result<Vec<Channel>, StoreError> {
        self.read("channels_at", |rows| {
            rows.channels.values().filter(|row| row.nonce.as_deref() == Some(nonce)).cloned().collect()
        })
    }

    async fn channels_of(&self, tenant: TenantId, calendar: CalendarId) -> Result<Vec<Channel>, StoreError> {
        self.read("channels_of", |rows| rows.channels_of(tenant, calendar).cloned().collect())
    }

    async fn due_channels(&self, before: Instant, limit: usize) -> Result<Vec<Channel>, StoreError> {
        self.read("due_channels", |rows| {
            let mut due: Vec<&Channel> =
                rows.channels.values().filter(|row| row.due_at.is_some_and(|due| due < before)).collect();
            due.sort_by_key(|row| (row.due_at, row.tenant, &row.id));
            due.into_iter().take(limit).cloned().collect()
        })
    }

    async fn unwatched(&self, after: (TenantId, CalendarId), limit: usize) -> Result<Vec<Unwatched>, StoreError> {
        self.read("unwatched", |rows| {
            let behind = rows.calendars.range((Bound::Excluded(after), Bound::Unbounded));
            let wanted = behind.filter(|((tenant, id), row)| {
                let connection = rows.connections.get(&(*tenant, row.connection));
                let active = connection.is_some_and(|connection| connection.state == ConnectionState::Active);
                let can_push = row.origin != Origin::Feed && row.state != CalendarState::Gone;
                active && can_push && !rows.channels_of(*tenant, *id).any(|channel| channel.state.occupies())
            });
            let unwatched = |((tenant, calendar), row): (&(TenantId, CalendarId), &Calendar)| Unwatched {
                tenant: *tenant,
                calendar: *calendar,
                connection: row.connection,
            };
            wanted.take(limit).map(unwatched).collect()
        })
    }

    async fn wakes(&self, before: Instant, limit: usize) -> Result<Vec<Wake>, StoreError> {
        self.read("wakes", |rows| {
            let mut due: Vec<Wake> = rows.wakes.values().filter(|row| row.due_at < before).copied().collect();
            due.sort_by_key(|row| (row.due_at, row.tenant, row.calendar));
            due.truncate(limit);
            due
        })
    }
}

fn members(rows: &Rows) -> Vec<Member> {
    let member =
        |(host, row): (&String, &HostRow)| Member { host: host.clone(), joined: Some(row.joined), renewals: row.renewals };
    rows.hosts.iter().map(member).collect()
}

/// Whether a receiver that is served still waits for the event.
fn is_awaited(rows: &Rows, event: &OutboxEvent) -> bool {
    let range = (event.tenant, event.id, EndpointId(0))..=(event.tenant, event.id, EndpointId(u64::MAX));
    let active = |endpoint| rows.endpoints.get(&(event.tenant, endpoint)).is_some_and(|row| row.state == EndpointState::Active);
    rows.deliveries.range(range).any(|(key, row)| row.state == DeliveryState::Pending && active(key.2))
}

/// By when a host may act and bot key, which is the order of the index.
fn due_dispatches(rows: &Rows, before: Instant, limit: usize) -> Vec<Dispatch> {
    let due = rows.due.iter().take_while(|key| key.0 < before).take(limit);
    due.filter_map(|(_, _, tenant, meeting, epoch)| rows.dispatches.get(&(*tenant, meeting.clone(), *epoch))).cloned().collect()
}

/// By due time, tenant, event and receiver, which is the order of the index.
fn due_deliveries(rows: &Rows, before: Instant, limit: usize, each: usize, passed_over: &PassedOver) -> Vec<DueDelivery> {
    let mut taken: BTreeMap<(TenantId, EndpointId), usize> = BTreeMap::new();
    let mut found = Vec::new();
    for (_, tenant, event, endpoint) in rows.pending.iter().take_while(|key| key.0 < before) {
        if found.len() >= limit {
            break;
        }
        if passed_over.holds(*tenant, *endpoint) {
            continue;
        }
        let row = rows.endpoints.get(&(*tenant, *endpoint)).filter(|row| row.state == EndpointState::Active);
        let delivery = rows.deliveries.get(&(*tenant, *event, *endpoint));
        let (Some(endpoint), Some(delivery), Some(event)) = (row, delivery, rows.events.get(&(*tenant, *event))) else {
            continue;
        };
        let count = taken.entry((*tenant, endpoint.id)).or_default();
        if *count < each {
            *count += 1;
            found.push(DueDelivery { delivery: delivery.clone(), event: event.clone(), endpoint: endpoint.clone() });
        }
    }
    found
}

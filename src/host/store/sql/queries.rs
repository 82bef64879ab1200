//! The queries, one statement each.

use super::args::{Arg, border, key, list, number, place, place_border, text, time};
use super::link::{Found, Read};
use super::rows;
use super::statements::{self as sql, Sql};
use crate::host::model::grants::{ClientRow, Flow, Grant, Parting, ReturnUrl};
use crate::host::model::{
    ApiKey, AuditRow, Calendar, CalendarId, Channel, Connection, ConnectionId, Delivery, DeliveryState, Dispatch, Endpoint,
    EndpointId, Entry, Errand, ErrandId, EventId, KeyRow, Meeting, OutboxEvent, OverrideRow, RequestRow, RulesRow, Sighting,
    Tenant, TenantId, Undecided, Wake,
};
use crate::host::store::unreadable::Unreadable;
use crate::host::store::{
    DueDelivery, Handle, Near, PassedOver, Queries, SealedToken, StoreError, Unwatched, Watched, calendar_of, nearest,
};
use crate::time::Instant;
use std::collections::BTreeMap;

/// Whose rows a query is for.
#[derive(Clone, Copy)]
pub(super) enum Scope {
    /// Those of one tenant: the first argument of the statement.
    Tenant(TenantId),
    /// Those of all, to find what is due.
    Scheduler,
}

impl Scope {
    /// The tenant, where it is one.
    pub(super) fn tenant(self) -> Option<TenantId> {
        match self {
            Self::Tenant(tenant) => Some(tenant),
            Self::Scheduler => None,
        }
    }
}

/// A database that can be asked.
pub(super) trait Ask: Sync {
    /// Runs a query; a row that cannot be read is an error.
    fn ask<T: Send + 'static>(
        &self,
        scope: Scope,
        sql: Sql,
        args: Vec<Arg<'_>>,
        read: Read<T>,
    ) -> impl Future<Output = Result<Vec<T>, StoreError>> + Send;

    /// Runs a query; rows that cannot be read are written down.
    fn find<T: Send + 'static>(
        &self,
        scope: Scope,
        sql: Sql,
        args: Vec<Arg<'_>>,
        read: Read<T>,
    ) -> impl Future<Output = Result<Found<T>, StoreError>> + Send;

    /// Where rows are written down that cannot be read.
    fn unreadable(&self) -> &Unreadable;

    /// The next free number.
    fn number(&self) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// A query of one tenant.
async fn of<T: Send + 'static>(
    store: &impl Ask,
    tenant: TenantId,
    sql: Sql,
    more: impl IntoIterator<Item = Arg<'_>>,
    read: Read<T>,
) -> Result<Vec<T>, StoreError> {
    let args = std::iter::once(number(tenant.0)).chain(more).collect();
    store.ask(Scope::Tenant(tenant), sql, args, read).await
}

/// A query of one tenant for rows each of which may be one that cannot be read.
async fn list_of<T: Send + 'static>(
    store: &impl Ask,
    tenant: TenantId,
    sql: Sql,
    more: impl IntoIterator<Item = Arg<'_>>,
    read: Read<T>,
) -> Result<Vec<T>, StoreError> {
    let args = std::iter::once(number(tenant.0)).chain(more).collect();
    Ok(store.find(Scope::Tenant(tenant), sql, args, read).await?.rows)
}

/// A query of one tenant for one row, which may be one that cannot be read: then it is an error, since it is not gone.
async fn one_of<T: Send + 'static>(
    store: &impl Ask,
    tenant: TenantId,
    sql: Sql,
    more: impl IntoIterator<Item = Arg<'_>>,
    read: Read<T>,
) -> Result<Option<T>, StoreError> {
    let args = std::iter::once(number(tenant.0)).chain(more).collect();
    let mut found = store.find(Scope::Tenant(tenant), sql, args, read).await?;
    match found.unread {
        0 => Ok(found.rows.pop()),
        _ => Err(StoreError::Row { table: "answer", why: "the one row that was asked for cannot be read".to_owned() }),
    }
}

/// How many times as many rows are looked through as are wanted, where some of them cannot be read.
const WIDER_MAX: usize = 1 << 12;

/// How many rows are looked through for those that are wanted: rows that cannot be read take no place among them, so that where
/// there are some, as many rows again are looked through, until there are enough or no more.
pub(super) struct Wider {
    limit: usize,
    times: usize,
}

impl Wider {
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, times: 1 }
    }

    /// So many times a limit.
    pub(super) fn of<'a>(&self, limit: usize) -> Arg<'a> {
        number(limit.saturating_mul(self.times))
    }

    /// The rows, where they are enough; else the question must be asked again.
    pub(super) fn enough<T>(&mut self, found: Found<T>) -> Option<Vec<T>> {
        self.enough_of(found.rows.len() + found.unread, found)
    }

    /// The same where so many came, not all of which were wanted.
    fn enough_of<T>(&mut self, came: usize, mut found: Found<T>) -> Option<Vec<T>> {
        let are_all = came < self.limit.saturating_mul(self.times);
        if found.unread > 0 && !are_all && found.rows.len() < self.limit && self.times < WIDER_MAX {
            self.times *= 2;
            return None;
        }
        found.rows.truncate(self.limit);
        Some(found.rows)
    }
}

/// At most `limit` rows of all tenants; `args` makes the arguments of the query.
async fn enough<'a, T: Send + 'static>(
    store: &impl Ask,
    limit: usize,
    sql: Sql,
    args: impl Fn(&Wider) -> Vec<Arg<'a>> + Send,
    read: Read<T>,
) -> Result<Vec<T>, StoreError> {
    let mut wider = Wider::new(limit);
    loop {
        let asked = args(&wider);
        if let Some(rows) = wider.enough(store.find(Scope::Scheduler, sql, asked, read).await?) {
            return Ok(rows);
        }
    }
}

impl<S: Ask> Queries for S {
    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        Ok(self.find(Scope::Scheduler, sql::TENANTS, vec![], rows::tenant).await?.rows)
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        one_of(self, tenant, sql::TENANT, [], rows::tenant).await
    }

    async fn next_id(&self) -> Result<u64, StoreError> {
        self.number().await
    }

    async fn watched(&self, after: (TenantId, CalendarId), limit: usize) -> Result<Vec<Watched>, StoreError> {
        let args = |wider: &Wider| vec![number(after.0.0), number(after.1.0), wider.of(limit)];
        enough(self, limit, sql::WATCHED, args, rows::watched).await
    }

    async fn near(&self, from: Instant, to: Instant) -> Result<Vec<Near>, StoreError> {
        let found = self.find(Scope::Scheduler, sql::NEAR, vec![border(from), border(to)], rows::seen_start).await?;
        Ok(nearest(found.rows))
    }

    async fn connections(&self, tenant: TenantId) -> Result<Vec<Connection>, StoreError> {
        list_of(self, tenant, sql::CONNECTIONS, [], rows::connection).await
    }

    async fn connection(&self, tenant: TenantId, connection: ConnectionId) -> Result<Option<Connection>, StoreError> {
        one_of(self, tenant, sql::CONNECTION, [number(connection.0)], rows::connection).await
    }

    async fn calendars(&self, tenant: TenantId) -> Result<Vec<Calendar>, StoreError> {
        list_of(self, tenant, sql::CALENDARS, [], rows::calendar).await
    }

    async fn calendar(&self, tenant: TenantId, calendar: CalendarId) -> Result<Option<Calendar>, StoreError> {
        one_of(self, tenant, sql::CALENDAR, [number(calendar.0)], rows::calendar).await
    }

    async fn entries(&self, tenant: TenantId, calendar: CalendarId) -> Result<Vec<Entry>, StoreError> {
        of(self, tenant, sql::ENTRIES, [number(calendar.0)], rows::entry).await
    }

    async fn sightings(&self, tenant: TenantId, calendar: CalendarId) -> Result<Vec<Sighting>, StoreError> {
        list_of(self, tenant, sql::SIGHTINGS, [number(calendar.0)], rows::sighting).await
    }

    async fn sightings_like(
        &self,
        tenant: TenantId,
        uids: &[String],
        rooms: &[(String, Instant)],
    ) -> Result<Vec<Sighting>, StoreError> {
        let places: Vec<String> = rooms.iter().map(|(room, start)| place(room, *start)).collect();
        list_of(self, tenant, sql::SIGHTINGS_LIKE, [list(uids), list(&places)], rows::sighting).await
    }

    async fn sightings_in(&self, tenant: TenantId, room: &str, from: Instant, to: Instant) -> Result<Vec<Sighting>, StoreError> {
        let (from, to) = (place_border(room, from), place_border(room, to));
        list_of(self, tenant, sql::SIGHTINGS_IN, [text(&from), text(&to), text(room)], rows::sighting).await
    }

    async fn sightings_at(&self, tenant: TenantId, places: &[String]) -> Result<Vec<Sighting>, StoreError> {
        // The database reads numbers out of them.
        let places: Vec<String> = places.iter().filter(|place| calendar_of(place).is_some()).cloned().collect();
        list_of(self, tenant, sql::SIGHTINGS_AT, [list(&places)], rows::sighting).await
    }

    async fn all_sightings(&self, tenant: TenantId) -> Result<Vec<Sighting>, StoreError> {
        list_of(self, tenant, sql::ALL_SIGHTINGS, [], rows::sighting).await
    }

    async fn meetings_of(&self, tenant: TenantId, sightings: &[String]) -> Result<Vec<Meeting>, StoreError> {
        list_of(self, tenant, sql::MEETINGS_OF, [list(sightings)], rows::meeting).await
    }

    async fn meetings_named(&self, tenant: TenantId, ids: &[String]) -> Result<Vec<Meeting>, StoreError> {
        list_of(self, tenant, sql::MEETINGS_NAMED, [list(ids)], rows::meeting).await
    }

    async fn meetings(&self, tenant: TenantId, from: Instant, to: Instant, limit: usize) -> Result<Vec<Meeting>, StoreError> {
        list_of(self, tenant, sql::MEETINGS, [border(from), border(to), number(limit)], rows::meeting).await
    }

    async fn dispatches_of(&self, tenant: TenantId, meetings: &[String]) -> Result<Vec<Dispatch>, StoreError> {
        list_of(self, tenant, sql::DISPATCHES_OF, [list(meetings)], rows::dispatch).await
    }

    async fn dispatches_under_way(&self, tenant: TenantId, start: Instant) -> Result<Vec<Dispatch>, StoreError> {
        list_of(self, tenant, sql::DISPATCHES_UNDER_WAY, [time(start)], rows::dispatch).await
    }

    async fn due_dispatches(&self, before: Instant, limit: usize) -> Result<Vec<Dispatch>, StoreError> {
        enough(self, limit, sql::DUE_DISPATCHES, |wider| vec![border(before), wider.of(limit)], rows::dispatch).await
    }

    async fn sightings_of_family(&self, tenant: TenantId, family: &str) -> Result<Vec<Sighting>, StoreError> {
        list_of(self, tenant, sql::SIGHTINGS_OF_FAMILY, [text(family)], rows::sighting).await
    }

    async fn past_meetings(&self, tenant: TenantId, before: Instant, limit: usize) -> Result<Vec<String>, StoreError> {
        of(self, tenant, sql::PAST_MEETINGS, [border(before), number(limit)], rows::meeting_id).await
    }

    async fn dispatches_on(&self, tenant: TenantId, errand: ErrandId) -> Result<Vec<Dispatch>, StoreError> {
        of(self, tenant, sql::DISPATCHES_ON, [number(errand.0)], rows::dispatch).await
    }

    async fn open_errands(&self, tenant: TenantId) -> Result<Vec<Errand>, StoreError> {
        of(self, tenant, sql::OPEN_ERRANDS, [], rows::errand).await
    }

    async fn errands(&self, tenant: TenantId, from: Instant, to: Instant, limit: usize) -> Result<Vec<Errand>, StoreError> {
        of(self, tenant, sql::ERRANDS, [border(from), border(to), number(limit)], rows::errand).await
    }

    async fn all_overrides(&self, tenant: TenantId) -> Result<Vec<OverrideRow>, StoreError> {
        of(self, tenant, sql::ALL_OVERRIDES, [], rows::override_row).await
    }

    async fn undecided(&self, limit: usize) -> Result<Vec<Undecided>, StoreError> {
        enough(self, limit, sql::UNDECIDED, |wider| vec![wider.of(limit)], rows::undecided).await
    }

    async fn overrides(&self, tenant: TenantId, uids: &[String]) -> Result<Vec<OverrideRow>, StoreError> {
        of(self, tenant, sql::OVERRIDES, [list(uids)], rows::override_row).await
    }

    async fn rules(&self, tenant: TenantId) -> Result<Vec<RulesRow>, StoreError> {
        of(self, tenant, sql::RULES, [], rows::rules).await
    }

    async fn tenant_keys(&self, tenant: TenantId) -> Result<Vec<KeyRow>, StoreError> {
        of(self, tenant, sql::TENANT_KEYS, [], rows::tenant_key).await
    }

    async fn key_roots(&self) -> Result<Vec<String>, StoreError> {
        self.ask(Scope::Scheduler, sql::KEY_ROOTS, vec![], rows::key_root).await
    }

    async fn tokens_not_under(
        &self,
        tenant: TenantId,
        prefix: &str,
        after: ConnectionId,
        limit: usize,
    ) -> Result<Vec<SealedToken>, StoreError> {
        of(self, tenant, sql::TOKENS_NOT_UNDER, [text(prefix), number(after.0), number(limit)], rows::token).await
    }

    async fn unlent(&self, prefix: &str) -> Result<Vec<TenantId>, StoreError> {
        self.ask(Scope::Scheduler, sql::UNLENT, vec![text(prefix)], rows::tenant_id).await
    }

    async fn unsealed(&self) -> Result<Vec<TenantId>, StoreError> {
        self.ask(Scope::Scheduler, sql::UNSEALED, vec![], rows::tenant_id).await
    }

    async fn lists(&self, tenant: TenantId) -> Result<Vec<(String, String)>, StoreError> {
        of(self, tenant, sql::LISTS, [], rows::list).await
    }

    async fn endpoints(&self, tenant: TenantId) -> Result<Vec<Endpoint>, StoreError> {
        list_of(self, tenant, sql::ENDPOINTS, [], rows::endpoint).await
    }

    async fn due_endpoints(&self, before: Instant, limit: usize, passed_over: &PassedOver) -> Result<Vec<Endpoint>, StoreError> {
        let names = passed_over.names();
        let args = |wider: &Wider| vec![border(before), wider.of(limit), list(&names)];
        enough(self, limit, sql::DUE_ENDPOINTS, args, rows::endpoint).await
    }

    async fn past_events(&self, tenant: TenantId, before: Instant, limit: usize) -> Result<Vec<EventId>, StoreError> {
        of(self, tenant, sql::PAST_EVENTS, [border(before), number(limit)], rows::event_id).await
    }

    async fn events(&self, tenant: TenantId, after: EventId, limit: usize) -> Result<Vec<OutboxEvent>, StoreError> {
        of(self, tenant, sql::EVENTS, [number(after.0), number(limit)], rows::event).await
    }

    async fn due_deliveries(
        &self,
        before: Instant,
        limit: usize,
        each: usize,
        passed_over: &PassedOver,
    ) -> Result<Vec<DueDelivery>, StoreError> {
        let names = passed_over.names();
        let mut wider = Wider::new(limit);
        loop {
            // Those of a receiver that cannot be read, known from the last time, take no place of its others.
            let of_each = each.saturating_add(self.unreadable().count("deliveries"));
            let args = vec![border(before), wider.of(limit), wider.of(of_each), list(&names)];
            let mut found = self.find(Scope::Scheduler, sql::DUE_DELIVERIES, args, rows::due_delivery).await?;
            let came = found.rows.len() + found.unread;
            let mut of_receiver: BTreeMap<(TenantId, EndpointId), usize> = BTreeMap::new();
            found.rows.retain(|due| {
                let count = of_receiver.entry((due.delivery.tenant, due.delivery.endpoint)).or_default();
                *count += 1;
                *count <= each
            });
            if let Some(rows) = wider.enough_of(came, found) {
                return Ok(rows);
            }
        }
    }

    async fn dead_deliveries(&self, tenant: TenantId, endpoint: EndpointId, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        list_of(self, tenant, sql::DEAD_DELIVERIES, [number(endpoint.0), number(limit)], rows::delivery).await
    }

    async fn places_of(&self, tenant: TenantId, meetings: &[String]) -> Result<Vec<String>, StoreError> {
        of(self, tenant, sql::PLACES_OF, [list(meetings)], rows::meeting_id).await
    }

    async fn oauth_clients(&self, tenant: TenantId) -> Result<Vec<ClientRow>, StoreError> {
        list_of(self, tenant, sql::CLIENTS, [], rows::grants::client).await
    }

    async fn return_urls(&self, tenant: TenantId) -> Result<Vec<ReturnUrl>, StoreError> {
        list_of(self, tenant, sql::RETURN_URLS, [], rows::grants::return_url).await
    }

    async fn flow(&self, tenant: TenantId, flow: u64) -> Result<Option<Flow>, StoreError> {
        one_of(self, tenant, sql::FLOW, [number(flow)], rows::grants::flow).await
    }

    async fn flow_of(&self, handle: Handle<'_>) -> Result<Option<Flow>, StoreError> {
        let (sql, hash) = match handle {
            Handle::Ref(hash) => (sql::FLOW_BY_REF, hash),
            Handle::State(hash) => (sql::FLOW_BY_STATE, hash),
            Handle::Session(hash) => (sql::FLOW_BY_SESSION, hash),
        };
        Ok(self.ask(Scope::Scheduler, sql, vec![text(hash)], rows::grants::flow).await?.pop())
    }

    async fn handed_flows(&self, limit: usize) -> Result<Vec<Flow>, StoreError> {
        enough(self, limit, sql::HANDED_FLOWS, |wider| vec![wider.of(limit)], rows::grants::flow).await
    }

    async fn grant(&self, tenant: TenantId, connection: ConnectionId) -> Result<Option<Grant>, StoreError> {
        one_of(self, tenant, sql::GRANT, [number(connection.0)], rows::grants::grant).await
    }

    async fn grants(&self, tenant: TenantId) -> Result<Vec<Grant>, StoreError> {
        list_of(self, tenant, sql::GRANTS, [], rows::grants::grant).await
    }

    async fn partings(&self, tenant: TenantId) -> Result<Vec<Parting>, StoreError> {
        list_of(self, tenant, sql::PARTINGS, [], rows::grants::parting).await
    }

    async fn due_partings(&self, before: Instant, limit: usize) -> Result<Vec<Parting>, StoreError> {
        enough(self, limit, sql::DUE_PARTINGS, |wider| vec![border(before), wider.of(limit)], rows::grants::parting).await
    }

    async fn grants_alike(&self, client: &str, account: &str) -> Result<Vec<Grant>, StoreError> {
        self.ask(Scope::Scheduler, sql::GRANTS_ALIKE, vec![text(client), text(account)], rows::grants::grant).await
    }

    async fn deliveries(
        &self,
        tenant: TenantId,
        endpoint: EndpointId,
        after: EventId,
        state: Option<DeliveryState>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let state = text(state.map_or("", DeliveryState::word));
        list_of(self, tenant, sql::DELIVERIES, [number(endpoint.0), number(after.0), state, number(limit)], rows::delivery).await
    }

    async fn rule_versions(
        &self,
        tenant: TenantId,
        user: Option<&str>,
        before: u64,
        limit: usize,
    ) -> Result<Vec<RulesRow>, StoreError> {
        of(self, tenant, sql::RULE_VERSIONS, [key(user), number(before), number(limit)], rows::rules).await
    }

    async fn meetings_changed(
        &self,
        tenant: TenantId,
        after: (u64, &str),
        limit: usize,
    ) -> Result<Vec<(u64, Meeting)>, StoreError> {
        let args = [number(after.0), text(after.1), number(limit)];
        list_of(self, tenant, sql::MEETINGS_CHANGED, args, rows::meeting_changed).await
    }

    async fn dispatches_ahead(
        &self,
        tenant: TenantId,
        after: (Instant, &str),
        to: Instant,
        limit: usize,
    ) -> Result<Vec<Dispatch>, StoreError> {
        let args = [time(after.0), text(after.1), border(to), number(limit)];
        list_of(self, tenant, sql::DISPATCHES_AHEAD, args, rows::dispatch).await
    }

    async fn errand(&self, tenant: TenantId, errand: ErrandId) -> Result<Option<Errand>, StoreError> {
        one_of(self, tenant, sql::ERRAND, [number(errand.0)], rows::errand).await
    }

    async fn api_key(&self, hash: &str) -> Result<Option<ApiKey>, StoreError> {
        let found = self.ask(Scope::Scheduler, sql::API_KEY, vec![text(hash)], rows::api_key).await?;
        Ok(found.into_iter().next())
    }

    async fn api_keys(&self, tenant: TenantId) -> Result<Vec<ApiKey>, StoreError> {
        list_of(self, tenant, sql::API_KEYS, [], rows::api_key).await
    }

    async fn audit(&self, tenant: TenantId, after: u64, limit: usize) -> Result<Vec<AuditRow>, StoreError> {
        of(self, tenant, sql::AUDIT, [number(after), number(limit)], rows::audit).await
    }

    async fn request(&self, tenant: TenantId, name: &str) -> Result<Option<RequestRow>, StoreError> {
        one_of(self, tenant, sql::REQUEST, [text(name)], rows::request).await
    }

    async fn delivery_counts(&self, tenant: TenantId, endpoint: EndpointId) -> Result<Vec<(DeliveryState, u64)>, StoreError> {
        list_of(self, tenant, sql::DELIVERY_COUNTS, [number(endpoint.0)], rows::delivery_count).await
    }

    async fn channels_named(&self, id: &str) -> Result<Vec<Channel>, StoreError> {
        Ok(self.find(Scope::Scheduler, sql::CHANNELS_NAMED, vec![text(id)], rows::channel).await?.rows)
    }

    async fn channels_at(&self, nonce: &str) -> Result<Vec<Channel>, StoreError> {
        Ok(self.find(Scope::Scheduler, sql::CHANNELS_AT, vec![text(nonce)], rows::channel).await?.rows)
    }

    async fn channels_of(&self, tenant: TenantId, calendar: CalendarId) -> Result<Vec<Channel>, StoreError> {
        list_of(self, tenant, sql::CHANNELS_OF, [number(calendar.0)], rows::channel).await
    }

    async fn due_channels(&self, before: Instant, limit: usize) -> Result<Vec<Channel>, StoreError> {
        enough(self, limit, sql::DUE_CHANNELS, |wider| vec![border(before), wider.of(limit)], rows::channel).await
    }

    async fn unwatched(&self, after: (TenantId, CalendarId), limit: usize) -> Result<Vec<Unwatched>, StoreError> {
        let args = |wider: &Wider| vec![number(after.0.0), number(after.1.0), wider.of(limit)];
        enough(self, limit, sql::UNWATCHED, args, rows::unwatched).await
    }

    async fn wakes(&self, before: Instant, limit: usize) -> Result<Vec<Wake>, StoreError> {
        enough(self, limit, sql::WAKES, |wider| vec![border(before), wider.of(limit)], rows::wake).await
    }
}

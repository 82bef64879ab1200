//! The queries, one statement each.

use super::args::{Arg, border, list, number, place, place_border, text};
use super::link::Read;
use super::rows;
use super::statements::{self as sql, Sql};
use crate::host::model::{
    Calendar, CalendarId, Connection, ConnectionId, Delivery, DeliveryState, Dispatch, Endpoint, EndpointId, Entry, EventId,
    Meeting, OutboxEvent, OverrideRow, RulesRow, Sighting, Tenant, TenantId, Undecided,
};
use crate::host::store::{DueDelivery, Near, PassedOver, Queries, StoreError, Watched, nearest};
use crate::time::Instant;

/// Whose rows a query is for.
#[derive(Clone, Copy)]
pub(super) enum Scope {
    /// Those of one tenant: the first argument of the statement.
    Tenant(TenantId),
    /// Those of all, to find what is due.
    Scheduler,
}

/// A database that can be asked.
pub(super) trait Ask: Sync {
    /// Runs a query.
    fn ask<T: Send>(
        &self,
        scope: Scope,
        sql: Sql,
        args: Vec<Arg<'_>>,
        read: Read<T>,
    ) -> impl Future<Output = Result<Vec<T>, StoreError>> + Send;

    /// The next free number.
    fn number(&self) -> impl Future<Output = Result<u64, StoreError>> + Send;
}

/// A query of one tenant.
async fn of<T: Send>(
    store: &impl Ask,
    tenant: TenantId,
    sql: Sql,
    more: impl IntoIterator<Item = Arg<'_>>,
    read: Read<T>,
) -> Result<Vec<T>, StoreError> {
    let args = std::iter::once(number(tenant.0)).chain(more).collect();
    store.ask(Scope::Tenant(tenant), sql, args, read).await
}

impl<S: Ask> Queries for S {
    async fn tenants(&self) -> Result<Vec<Tenant>, StoreError> {
        self.ask(Scope::Scheduler, sql::TENANTS, vec![], rows::tenant).await
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Option<Tenant>, StoreError> {
        Ok(of(self, tenant, sql::TENANT, [], rows::tenant).await?.pop())
    }

    async fn next_id(&self) -> Result<u64, StoreError> {
        self.number().await
    }

    async fn watched(&self, after: (TenantId, CalendarId), limit: usize) -> Result<Vec<Watched>, StoreError> {
        let args = vec![number(after.0.0), number(after.1.0), number(limit)];
        self.ask(Scope::Scheduler, sql::WATCHED, args, rows::watched).await
    }

    async fn near(&self, from: Instant, to: Instant) -> Result<Vec<Near>, StoreError> {
        Ok(nearest(self.ask(Scope::Scheduler, sql::NEAR, vec![border(from), border(to)], rows::seen_start).await?))
    }

    async fn connections(&self, tenant: TenantId) -> Result<Vec<Connection>, StoreError> {
        of(self, tenant, sql::CONNECTIONS, [], rows::connection).await
    }

    async fn connection(&self, tenant: TenantId, connection: ConnectionId) -> Result<Option<Connection>, StoreError> {
        Ok(of(self, tenant, sql::CONNECTION, [number(connection.0)], rows::connection).await?.pop())
    }

    async fn calendars(&self, tenant: TenantId) -> Result<Vec<Calendar>, StoreError> {
        of(self, tenant, sql::CALENDARS, [], rows::calendar).await
    }

    async fn calendar(&self, tenant: TenantId, calendar: CalendarId) -> Result<Option<Calendar>, StoreError> {
        Ok(of(self, tenant, sql::CALENDAR, [number(calendar.0)], rows::calendar).await?.pop())
    }

    async fn entries(&self, tenant: TenantId, calendar: CalendarId) -> Result<Vec<Entry>, StoreError> {
        of(self, tenant, sql::ENTRIES, [number(calendar.0)], rows::entry).await
    }

    async fn sightings(&self, tenant: TenantId, calendar: CalendarId) -> Result<Vec<Sighting>, StoreError> {
        of(self, tenant, sql::SIGHTINGS, [number(calendar.0)], rows::sighting).await
    }

    async fn sightings_like(
        &self,
        tenant: TenantId,
        uids: &[String],
        rooms: &[(String, Instant)],
    ) -> Result<Vec<Sighting>, StoreError> {
        let places: Vec<String> = rooms.iter().map(|(room, start)| place(room, *start)).collect();
        of(self, tenant, sql::SIGHTINGS_LIKE, [list(uids), list(&places)], rows::sighting).await
    }

    async fn sightings_in(&self, tenant: TenantId, room: &str, from: Instant, to: Instant) -> Result<Vec<Sighting>, StoreError> {
        let (from, to) = (place_border(room, from), place_border(room, to));
        of(self, tenant, sql::SIGHTINGS_IN, [text(&from), text(&to), text(room)], rows::sighting).await
    }

    async fn all_sightings(&self, tenant: TenantId) -> Result<Vec<Sighting>, StoreError> {
        of(self, tenant, sql::ALL_SIGHTINGS, [], rows::sighting).await
    }

    async fn meetings_of(&self, tenant: TenantId, sightings: &[String]) -> Result<Vec<Meeting>, StoreError> {
        of(self, tenant, sql::MEETINGS_OF, [list(sightings)], rows::meeting).await
    }

    async fn meetings_named(&self, tenant: TenantId, ids: &[String]) -> Result<Vec<Meeting>, StoreError> {
        of(self, tenant, sql::MEETINGS_NAMED, [list(ids)], rows::meeting).await
    }

    async fn meetings(&self, tenant: TenantId, from: Instant, to: Instant, limit: usize) -> Result<Vec<Meeting>, StoreError> {
        of(self, tenant, sql::MEETINGS, [border(from), border(to), number(limit)], rows::meeting).await
    }

    async fn dispatches_of(&self, tenant: TenantId, meetings: &[String]) -> Result<Vec<Dispatch>, StoreError> {
        of(self, tenant, sql::DISPATCHES_OF, [list(meetings)], rows::dispatch).await
    }

    async fn due_dispatches(&self, before: Instant, limit: usize) -> Result<Vec<Dispatch>, StoreError> {
        self.ask(Scope::Scheduler, sql::DUE_DISPATCHES, vec![border(before), number(limit)], rows::dispatch).await
    }

    async fn sightings_of_family(&self, tenant: TenantId, family: &str) -> Result<Vec<Sighting>, StoreError> {
        of(self, tenant, sql::SIGHTINGS_OF_FAMILY, [text(family)], rows::sighting).await
    }

    async fn past_meetings(&self, tenant: TenantId, before: Instant, limit: usize) -> Result<Vec<String>, StoreError> {
        of(self, tenant, sql::PAST_MEETINGS, [border(before), number(limit)], rows::meeting_id).await
    }

    async fn all_overrides(&self, tenant: TenantId) -> Result<Vec<OverrideRow>, StoreError> {
        of(self, tenant, sql::ALL_OVERRIDES, [], rows::override_row).await
    }

    async fn undecided(&self, limit: usize) -> Result<Vec<Undecided>, StoreError> {
        self.ask(Scope::Scheduler, sql::UNDECIDED, vec![number(limit)], rows::undecided).await
    }

    async fn overrides(&self, tenant: TenantId, uids: &[String]) -> Result<Vec<OverrideRow>, StoreError> {
        of(self, tenant, sql::OVERRIDES, [list(uids)], rows::override_row).await
    }

    async fn rules(&self, tenant: TenantId) -> Result<Vec<RulesRow>, StoreError> {
        of(self, tenant, sql::RULES, [], rows::rules).await
    }

    async fn lists(&self, tenant: TenantId) -> Result<Vec<(String, String)>, StoreError> {
        of(self, tenant, sql::LISTS, [], rows::list).await
    }

    async fn endpoints(&self, tenant: TenantId) -> Result<Vec<Endpoint>, StoreError> {
        of(self, tenant, sql::ENDPOINTS, [], rows::endpoint).await
    }

    async fn due_endpoints(&self, before: Instant, limit: usize, passed_over: &PassedOver) -> Result<Vec<Endpoint>, StoreError> {
        let args = vec![border(before), number(limit), list(&passed_over.names())];
        self.ask(Scope::Scheduler, sql::DUE_ENDPOINTS, args, rows::endpoint).await
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
        let args = vec![border(before), number(limit), number(each), list(&passed_over.names())];
        self.ask(Scope::Scheduler, sql::DUE_DELIVERIES, args, rows::due_delivery).await
    }

    async fn dead_deliveries(&self, tenant: TenantId, endpoint: EndpointId, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        of(self, tenant, sql::DEAD_DELIVERIES, [number(endpoint.0), number(limit)], rows::delivery).await
    }

    async fn delivery_counts(&self, tenant: TenantId, endpoint: EndpointId) -> Result<Vec<(DeliveryState, u64)>, StoreError> {
        of(self, tenant, sql::DELIVERY_COUNTS, [number(endpoint.0)], rows::delivery_count).await
    }
}

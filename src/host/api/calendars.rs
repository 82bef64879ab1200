//! `/v1/calendars`: the calendars that are kept in sync, how that goes, and what a person can do about it.

use super::auth::Scope;
use super::page::{Page, Paging};
use super::problem::Problem;
use super::route::{Call, Doc, Routes, Shown};
use super::time;
use crate::host::context::Context;
use crate::host::model::{Calendar, CalendarId, CalendarState, Connection, ConnectionState};
use axum::http::Method;
use serde::Serialize;
use utoipa::ToSchema;

/// A calendar that is kept in sync.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Calendar)]
pub struct CalendarView {
    /// Names it.
    pub id: String,
    /// The connection that it is read with.
    pub connection: String,
    /// The end user, as the tenant calls them.
    pub user: String,
    /// Who keeps it: `google`, `graph` or `feed`.
    pub origin: String,
    /// `active`, `failing` (tried again, seldom) or `gone` (the provider says so).
    pub state: String,
    /// What a person can do about it: `reconnect`, `grant-permission`, `resync`, or null where nothing is to be done.
    pub action: Option<String>,
    /// When it was last read to its end, as far as this host knows.
    #[schema(format = DateTime)]
    pub synced_at: Option<String>,
    /// Up to when its meetings are known.
    #[schema(format = DateTime)]
    pub expanded_to: Option<String>,
    /// Readings that failed since the last that went well, as far as this host knows.
    pub failures: u32,
    /// Why the last one failed, in a word.
    pub problem: Option<String>,
}

/// What a person can do about a connection and its calendar.
pub fn action(connection: ConnectionState, calendar: Option<CalendarState>) -> Option<&'static str> {
    match (connection, calendar) {
        (ConnectionState::Reconnect, _) => Some("reconnect"),
        (ConnectionState::PermissionMissing, _) => Some("grant-permission"),
        (ConnectionState::Active, Some(CalendarState::Failing | CalendarState::Gone)) => Some("resync"),
        (ConnectionState::Active | ConnectionState::Disconnected, _) => None,
    }
}

impl CalendarView {
    /// The calendar as it is shown.
    #[must_use]
    pub fn of(host: &Context, row: &Calendar, connection: Option<&Connection>) -> Self {
        let pass = host.pass_state(row.id);
        let state = connection.map_or(ConnectionState::Disconnected, |connection| connection.state);
        Self {
            id: row.id.to_string(),
            connection: row.connection.to_string(),
            user: connection.map_or_else(String::new, |connection| connection.user.clone()),
            origin: row.origin.word().to_owned(),
            state: row.state.word().to_owned(),
            action: action(state, Some(row.state)).map(str::to_owned),
            synced_at: pass.read_at.or(row.synced_at).map(time::shown),
            expanded_to: row.expanded_to.map(time::shown),
            failures: pass.failures,
            problem: (pass.failures > 0).then(|| pass.why.to_owned()),
        }
    }
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let doc = |id, summary| Doc { id, tag: "calendars", summary, scope: Scope::Read, refusals: &[] };
    Routes::default().on(Method::GET, "/v1/calendars", doc("listCalendars", "The calendars, by number."), list).on(
        Method::GET,
        "/v1/calendars/{calendar}",
        doc("getCalendar", "One calendar."),
        one,
    )
}

async fn list(call: Call<Paging>) -> Result<Shown<Page<CalendarView>>, Problem> {
    let (tenant, limit) = (call.tenant(), call.query.limit());
    let cursors = &call.shared.cursors;
    let after: u64 = match &call.query.cursor {
        Some(cursor) => cursors.read(tenant, "calendars", cursor)?,
        None => 0,
    };
    let connections = call.host.store.connections(tenant).await?;
    let rows = call.host.store.calendars(tenant).await?.into_iter().filter(|row| row.id.0 > after);
    let page = Page::of(
        rows.take(limit + 1).collect(),
        limit,
        |row: &Calendar| cursors.made(tenant, "calendars", &row.id.0),
        |row| CalendarView::of(&call.host, &row, connections.iter().find(|connection| connection.id == row.connection)),
    );
    Ok(Shown(page))
}

async fn one(call: Call) -> Result<Shown<CalendarView>, Problem> {
    let id = CalendarId(call.number("calendar")?);
    let row = call.host.store.calendar(call.tenant(), id).await?.ok_or_else(Problem::absent)?;
    let connection = call.host.store.connection(call.tenant(), row.connection).await?;
    Ok(Shown(CalendarView::of(&call.host, &row, connection.as_ref())))
}

//! `/v1/connections`: end users' accounts, their state, and what can be done about it.

use super::auth::Scope;
use super::calendars::action;
use super::page::{Page, Paging};
use super::problem::{Kind, Problem};
use super::route::{Call, Doc, Routes, Shown};
use crate::host::model::{Calendar, CalendarState, Connection, ConnectionId};
use crate::host::oauth::cut;
use crate::host::operations::connections;
use axum::http::Method;
use serde::Serialize;
use utoipa::ToSchema;

/// An end user's account at a provider.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Connection)]
pub struct ConnectionView {
    /// Names it.
    pub id: String,
    /// The end user, as the tenant calls them.
    pub user: String,
    /// The provider: `google`, `graph` or `feed`.
    pub origin: String,
    /// `active`, `reconnect` (the grant is gone), `permission-missing` or `disconnected`.
    pub state: String,
    /// What a person can do about it: `reconnect`, `grant-permission`, `resync`, or null where nothing is to be done.
    pub action: Option<String>,
    /// The end user's own addresses, where known.
    pub addresses: Vec<String>,
    /// The end user's zone, where known.
    pub zone: Option<String>,
    /// Its calendars.
    pub calendars: Vec<String>,
}

/// What reading anew comes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Resync {
    /// How many calendars are read anew at their next turn.
    pub calendars: usize,
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let doc = |id, summary, scope| Doc { id, tag: "connections", summary, scope, refusals: &[] };
    let read = |id, summary| doc(id, summary, Scope::Read);
    let one = "/v1/connections/{connection}";
    let resync_it = "Reads its calendars anew and whole at their next turn; one that was given up is tried again.";
    let cut = "Cuts it: what its calendars showed is forgotten, and meetings that only they showed lose their bots.";
    Routes::default()
        .on(Method::GET, "/v1/connections", read("listConnections", "The connections, by number."), list)
        .on(Method::GET, one, read("getConnection", "One connection."), get)
        .on(Method::DELETE, one, doc("disconnect", cut, Scope::Connect), disconnect)
        .on(Method::POST, "/v1/connections/{connection}/resync", doc("resync", resync_it, Scope::Connect), resync)
}

fn shown(row: Connection, calendars: &[Calendar]) -> ConnectionView {
    let own: Vec<&Calendar> = calendars.iter().filter(|calendar| calendar.connection == row.id).collect();
    let worst = own.iter().map(|calendar| calendar.state).find(|state| *state != CalendarState::Active);
    ConnectionView {
        id: row.id.to_string(),
        origin: row.origin.word().to_owned(),
        state: row.state.word().to_owned(),
        action: action(row.state, worst).map(str::to_owned),
        user: row.user,
        addresses: row.addresses,
        zone: row.zone,
        calendars: own.iter().map(|calendar| calendar.id.to_string()).collect(),
    }
}

async fn list(call: Call<Paging>) -> Result<Shown<Page<ConnectionView>>, Problem> {
    let (tenant, limit) = (call.tenant(), call.query.limit());
    let cursors = &call.shared.cursors;
    let after: u64 = match &call.query.cursor {
        Some(cursor) => cursors.read(tenant, "connections", cursor)?,
        None => 0,
    };
    let calendars = call.host.store.calendars(tenant).await?;
    let rows = call.host.store.connections(tenant).await?.into_iter().filter(|row| row.id.0 > after);
    let place = |row: &Connection| cursors.made(tenant, "connections", &row.id.0);
    Ok(Shown(Page::of(rows.take(limit + 1).collect(), limit, place, |row| shown(row, &calendars))))
}

async fn get(call: Call) -> Result<Shown<ConnectionView>, Problem> {
    let id = ConnectionId(call.number("connection")?);
    let row = call.host.store.connection(call.tenant(), id).await?.ok_or_else(Problem::absent)?;
    Ok(Shown(shown(row, &call.host.store.calendars(call.tenant()).await?)))
}

async fn disconnect(call: Call) -> Result<Shown<ConnectionView>, Problem> {
    let id = ConnectionId(call.number("connection")?);
    cut::disconnect(&call.host, call.tenant(), id).await?;
    get(call).await
}

async fn resync(call: Call) -> Result<Shown<Resync>, Problem> {
    let id = ConnectionId(call.number("connection")?);
    let found = connections::resync(&call.host, call.tenant(), id).await;
    let calendars = found.map_err(|error| match Problem::from(error) {
        problem if problem.kind == Kind::Refused => Problem::new(Kind::Refused, "it is disconnected: connect it anew"),
        other => other,
    })?;
    Ok(Shown(Resync { calendars }))
}

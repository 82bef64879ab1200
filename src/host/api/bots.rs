//! `/v1/bots`: bots that people send to meetings by their links, beside the calendars.

use super::auth::Scope;
use super::dispatches::{Bot, bot};
use super::page::{Page, Paging};
use super::problem::Problem;
use super::route::{Call, Doc, Json, Made, NoQuery, Routes, Shown};
use super::time;
use crate::host::model::{Errand, ErrandId};
use crate::host::operations::errands::{Sent, Wanted, find, recall, send, told};
use crate::time::Instant;
use axum::http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A bot to be sent.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBot {
    /// The link of the meeting; it is never shown again, since it may hold a password.
    #[schema(min_length = 1, max_length = 8192)]
    link: String,
    /// When it is to be there; now where it is not said, or past.
    #[schema(format = DateTime)]
    at: Option<String>,
    /// What the meeting is called.
    #[schema(max_length = 128)]
    title: Option<String>,
    /// A name of your own: sending twice under one name is sending once.
    #[schema(min_length = 1, max_length = 128)]
    name: Option<String>,
}

/// A bot that a person sent.
#[derive(Debug, Serialize, ToSchema)]
pub struct SentBot {
    /// Names it.
    pub id: String,
    /// The name that whoever sent it gave.
    pub name: Option<String>,
    /// What the meeting is called.
    pub title: Option<String>,
    /// The platform and the meeting on it.
    pub room: String,
    /// When it is to be there.
    #[schema(format = DateTime)]
    pub at: String,
    /// `open`, `over` or `recalled`.
    pub state: String,
    /// The meeting that it is, or was, for.
    pub event: Option<String>,
    /// The last bot that went, or goes, for it.
    pub bot: Option<Bot>,
}

fn shown(sent: Sent) -> SentBot {
    let Sent { errand, meeting, bot: row } = sent;
    SentBot {
        id: errand.id.to_string(),
        name: errand.name,
        title: errand.title,
        room: errand.room,
        at: time::shown(errand.at),
        state: errand.state.word().to_owned(),
        event: meeting.map(|meeting| meeting.id),
        bot: row.map(bot),
    }
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let doc = |id, summary, scope| Doc { id, tag: "bots", summary, scope, refusals: &[] };
    let sends = "Sends a bot to a meeting by its link, whatever rules say. One that is there, or about to go, is the one.";
    let recalls = "Takes a bot back; it stays where a calendar wants it as well.";
    Routes::default()
        .on(Method::GET, "/v1/bots", doc("listBots", "The bots that were sent by hand, by when.", Scope::Read), list)
        .on(Method::POST, "/v1/bots", doc("sendBot", sends, Scope::Write), make)
        .on(Method::GET, "/v1/bots/{bot}", doc("getBot", "A bot that was sent by hand.", Scope::Read), one)
        .on(Method::POST, "/v1/bots/{bot}/recall", doc("recallBot", recalls, Scope::Write), take_back)
}

async fn list(call: Call<Paging>) -> Result<Shown<Page<SentBot>>, Problem> {
    let (tenant, limit) = (call.tenant(), call.query.limit());
    let cursors = &call.shared.cursors;
    let (from, after): (Instant, u64) = match &call.query.cursor {
        Some(cursor) => {
            let (at, id): (String, u64) = cursors.read(tenant, "bots", cursor)?;
            (time::read(&at).unwrap_or(Instant::MIN), id)
        }
        None => (Instant::MIN, 0),
    };
    let mut rows = call.host.store.errands(tenant, from, Instant::MAX, SAME_INSTANT_MAX + limit + 1).await?;
    rows.retain(|row| (row.at, row.id.0) > (from, after));
    let more = rows.len() > limit;
    rows.truncate(limit);
    let place = |row: &Errand| cursors.made(tenant, "bots", &(time::shown(row.at), row.id.0));
    let next = rows.last().filter(|_| more).map(place);
    let mut items = Vec::new();
    for row in rows {
        items.push(shown(told(&call.host, row).await?));
    }
    Ok(Shown(Page { items, next }))
}

/// Bots that are sent for one instant and listed all the same.
const SAME_INSTANT_MAX: usize = 1000;

async fn make(call: Call<NoQuery, Json<NewBot>>) -> Result<Made<SentBot>, Problem> {
    let Json(NewBot { link, at, title, name }) = call.body;
    let at = at.as_deref().and_then(time::read);
    let (sent, _known) = send(&call.host, call.caller.tenant, Wanted { link, at, title, name }).await?;
    Ok(Made(shown(sent)))
}

async fn one(call: Call) -> Result<Shown<SentBot>, Problem> {
    let row = find(&call.host, call.tenant(), ErrandId(call.number("bot")?)).await?;
    Ok(Shown(shown(told(&call.host, row).await?)))
}

async fn take_back(call: Call) -> Result<Shown<SentBot>, Problem> {
    let id = ErrandId(call.number("bot")?);
    Ok(Shown(shown(recall(&call.host, call.tenant(), id).await?)))
}

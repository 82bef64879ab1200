//! `/v1/dispatches`: the bots that are to go, by when.

use super::auth::Scope;
use super::page::{ITEMS_MAX, Page};
use super::problem::Problem;
use super::route::{Call, Doc, Routes, Shown};
use super::time;
use crate::host::model::Dispatch;
use crate::time::Instant;
use axum::http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A bot of a meeting.
#[derive(Debug, Serialize, ToSchema)]
pub struct Bot {
    /// The key that the bot service knows it by.
    pub key: String,
    /// The meeting.
    pub event: String,
    /// 0 for the first bot of the meeting.
    pub epoch: u32,
    /// `planned`, `claimed`, `unknown`, `accepted`, `joined`, `ended`, `recalling`, `recalled`, `withdrawn` or `missed`.
    pub state: String,
    /// When it is, or was, asked for.
    #[schema(format = DateTime)]
    pub at: String,
    /// When the meeting begins.
    #[schema(format = DateTime)]
    pub start: String,
    /// How often the bot service was asked.
    pub tries: u32,
    /// A read of the event shortly before confirmed it.
    pub verified: bool,
    /// What wants it: `calendar`, `manual`.
    pub triggers: Vec<String>,
    /// Why it was withdrawn, recalled or missed.
    pub reason: Option<String>,
}

/// The bot as it is shown.
pub fn bot(row: Dispatch) -> Bot {
    Bot {
        triggers: row.triggers().into_iter().map(str::to_owned).collect(),
        key: row.key,
        event: row.meeting,
        epoch: row.epoch,
        state: row.state.word().to_owned(),
        at: time::shown(row.fire_at),
        start: time::shown(row.start),
        tries: row.attempts,
        verified: row.verified,
        reason: row.reason,
    }
}

/// Which bots.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DispatchWindow {
    /// Those planned for this instant or later; now where it is not said.
    #[schema(format = DateTime)]
    from: Option<String>,
    /// Those planned for an instant before this.
    #[schema(format = DateTime)]
    to: Option<String>,
    /// Most items of the answer; 50 where it is not said.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[schema(min_length = 1, max_length = 2048)]
    cursor: Option<String>,
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let summary = "The bots of a window, by the instant that they are planned for.";
    let doc = Doc { id: "listDispatches", tag: "dispatches", summary, scope: Scope::Read, refusals: &[] };
    Routes::default().on(Method::GET, "/v1/dispatches", doc, list)
}

async fn list(call: Call<DispatchWindow>) -> Result<Shown<Page<Bot>>, Problem> {
    let tenant = call.tenant();
    let cursors = &call.shared.cursors;
    let limit = usize::from(call.query.limit.unwrap_or(50).clamp(1, ITEMS_MAX));
    let from = call.query.from.as_deref().and_then(time::read).unwrap_or_else(|| call.host.now());
    let to = call.query.to.as_deref().and_then(time::read).unwrap_or(Instant::MAX);
    let (at, key): (Instant, String) = match &call.query.cursor {
        Some(cursor) => {
            let (at, key): (String, String) = cursors.read(tenant, "dispatches", cursor)?;
            (time::read(&at).unwrap_or(from), key)
        }
        None => (from, String::new()),
    };
    let rows = call.host.store.dispatches_ahead(tenant, (at, &key), to, limit + 1).await?;
    let place = |row: &Dispatch| cursors.made(tenant, "dispatches", &(time::shown(row.fire_at), &row.key));
    Ok(Shown(Page::of(rows, limit, place, bot)))
}

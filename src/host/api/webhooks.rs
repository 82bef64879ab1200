//! `/v1/webhooks`: receivers of events, their secrets, and what could not be delivered to them.

use super::auth::Scope;
use super::page::{ITEMS_MAX, Page};
use super::problem::Problem;
use super::random;
use super::route::{Call, Doc, Gone, Json, NoQuery, Routes, Shown, Told};
use super::time;
use crate::host::http::Purpose;
use crate::host::model::{Delivery, DeliveryState, Endpoint, EndpointId, EventId};
use crate::host::operations::receivers::{Change, add, change, find, remove, replay};
use crate::host::outbox::sign::new_secret;
use axum::http::Method;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A receiver to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewWebhook {
    /// Where it listens. It gets events once it has answered a challenge (docs/webhooks.md).
    #[schema(min_length = 1, max_length = 2048)]
    url: String,
}

/// A receiver of events.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Webhook {
    /// Names it.
    pub id: String,
    /// Where it listens.
    pub url: String,
    /// `unproven`, `active` or `disabled`.
    pub state: String,
    /// Since when every delivery failed.
    #[schema(format = DateTime)]
    pub failing_since: Option<String>,
    /// What was wrong with its last proof, in a word.
    pub problem: Option<String>,
    /// How many secrets it signs with: two while one is being replaced.
    pub secrets: usize,
    /// The signing secret, in the answer that made it and nowhere else.
    pub secret: Option<String>,
    /// The configuration of the host names it.
    pub configured: bool,
}

/// One event for one receiver.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// The event.
    pub event: String,
    /// `pending`, `delivered` or `dead`.
    pub state: String,
    /// When it is tried next.
    #[schema(format = DateTime)]
    pub due_at: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
    /// The last answer's status, or what was wrong, in a word.
    pub last: Option<String>,
}

/// Which deliveries.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Which {
    /// Those in this state alone.
    state: Option<State>,
    /// Most items of the answer; 50 where it is not said.
    #[schema(minimum = 1, maximum = 200)]
    limit: Option<u16>,
    /// `next` of the page before.
    #[schema(min_length = 1, max_length = 2048)]
    cursor: Option<String>,
}

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// To be tried.
    Pending,
    /// The receiver has it.
    Delivered,
    /// Given up; can be replayed.
    Dead,
}

/// Which dead deliveries are called back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// Those of these events; all where there are none.
    #[serde(default)]
    #[schema(max_items = 1000, value_type = Vec<EventName>)]
    events: Vec<EventName>,
}

/// The number of an event.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(min_length = 1, max_length = 20)]
pub struct EventName(String);

/// What replaying comes to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Replayed {
    /// How many deliveries are tried again.
    pub deliveries: usize,
}

/// The routes.
#[must_use]
pub fn routes() -> Routes {
    let doc = |id, summary, scope| Doc { id, tag: "webhooks", summary, scope, refusals: &[] };
    let read = |id, summary| doc(id, summary, Scope::Read);
    let write = |id, summary| doc(id, summary, Scope::Write);
    let rotates = "Signs with a new secret, shown once, and for a day with the one before as well.";
    let drops = "Signs with the newest secret alone, before the day of the other is over.";
    let replays = "Tries deliveries that were given up again.";
    Routes::default()
        .on(Method::GET, "/v1/webhooks", read("listWebhooks", "The receivers, by number."), list)
        .on(Method::POST, "/v1/webhooks", write("addWebhook", "Makes a receiver; its secret is shown once."), make)
        .on(Method::GET, "/v1/webhooks/{webhook}", read("getWebhook", "One receiver."), one)
        .on(Method::DELETE, "/v1/webhooks/{webhook}", write("removeWebhook", "Removes it, with what waits for it."), delete)
        .on(Method::POST, "/v1/webhooks/{webhook}/rotate-secret", write("rotateSecret", rotates), rotate)
        .on(Method::POST, "/v1/webhooks/{webhook}/drop-old-secret", write("dropOldSecret", drops), drop_old)
        .on(
            Method::POST,
            "/v1/webhooks/{webhook}/enable",
            write("enableWebhook", "Serves it again, or asks for its proof again."),
            enable,
        )
        .on(
            Method::POST,
            "/v1/webhooks/{webhook}/disable",
            write("disableWebhook", "Serves it no longer; what waits for it stays."),
            disable,
        )
        .on(Method::GET, "/v1/webhooks/{webhook}/deliveries", read("listDeliveries", "Deliveries to it, by event."), deliveries)
        .on(Method::POST, "/v1/webhooks/{webhook}/replay", write("replayDeliveries", replays), call_back)
}

fn shown(row: &Endpoint, secret: Option<String>) -> Webhook {
    Webhook {
        id: row.id.to_string(),
        url: row.url.clone(),
        state: row.state.word().to_owned(),
        failing_since: row.failing_since.map(time::shown),
        problem: row.last.clone(),
        secrets: row.secrets.len(),
        secret,
        configured: row.configured,
    }
}

fn id<Q, B>(call: &Call<Q, B>) -> Result<EndpointId, Problem> {
    call.number("webhook").map(EndpointId)
}

fn secret() -> Result<String, Problem> {
    let random: [u8; 32] = random();
    new_secret(&random).map_err(|_| Problem::of_status(axum::http::StatusCode::INTERNAL_SERVER_ERROR))
}

async fn list(call: Call<super::page::Paging>) -> Result<Shown<Page<Webhook>>, Problem> {
    let (tenant, limit) = (call.tenant(), call.query.limit());
    let cursors = &call.shared.cursors;
    let after: u64 = match &call.query.cursor {
        Some(cursor) => cursors.read(tenant, "webhooks", cursor)?,
        None => 0,
    };
    let rows = call.host.store.endpoints(tenant).await?.into_iter().filter(|row| row.id.0 > after);
    let place = |row: &Endpoint| cursors.made(tenant, "webhooks", &row.id.0);
    Ok(Shown(Page::of(rows.take(limit + 1).collect(), limit, place, |row| shown(&row, None))))
}

async fn make(call: Call<NoQuery, Json<NewWebhook>>) -> Result<Told<Webhook>, Problem> {
    // What a name leads to is judged again at each try.
    if call.shared.guard.check_url(Purpose::Webhook, &call.body.0.url).is_err() {
        let why = "must be `https://`, a public name, and port 443 or none, without credentials, as events go nowhere else";
        return Err(Problem::refused("/url", why));
    }
    let secret = secret()?;
    let added = add(&call.host, call.tenant(), &call.body.0.url, secret.clone().into()).await;
    let row = added.map_err(|error| match error {
        crate::host::operations::OperationError::Refused(why) => Problem::refused("/url", why),
        other => other.into(),
    })?;
    Ok(Told(shown(&row, Some(secret)), shown(&row, None)))
}

async fn one(call: Call) -> Result<Shown<Webhook>, Problem> {
    Ok(Shown(shown(&find(&call.host, call.tenant(), id(&call)?).await?, None)))
}

async fn delete(call: Call) -> Result<Gone, Problem> {
    remove(&call.host, call.tenant(), id(&call)?).await?;
    Ok(Gone)
}

async fn rotate(call: Call) -> Result<Told<Webhook>, Problem> {
    let secret = secret()?;
    let row = change(&call.host, call.tenant(), id(&call)?, Change::Rotate(secret.clone().into())).await?;
    Ok(Told(shown(&row, Some(secret)), shown(&row, None)))
}

async fn drop_old(call: Call) -> Result<Shown<Webhook>, Problem> {
    Ok(Shown(shown(&change(&call.host, call.tenant(), id(&call)?, Change::DropOld).await?, None)))
}

async fn enable(call: Call) -> Result<Shown<Webhook>, Problem> {
    Ok(Shown(shown(&change(&call.host, call.tenant(), id(&call)?, Change::Enable).await?, None)))
}

async fn disable(call: Call) -> Result<Shown<Webhook>, Problem> {
    Ok(Shown(shown(&change(&call.host, call.tenant(), id(&call)?, Change::Disable).await?, None)))
}

async fn deliveries(call: Call<Which>) -> Result<Shown<Page<DeliveryView>>, Problem> {
    let tenant = call.tenant();
    let cursors = &call.shared.cursors;
    let endpoint = find(&call.host, tenant, id(&call)?).await?.id;
    let limit = usize::from(call.query.limit.unwrap_or(50).clamp(1, ITEMS_MAX));
    let list = format!("deliveries/{endpoint}");
    let after: u64 = match &call.query.cursor {
        Some(cursor) => cursors.read(tenant, &list, cursor)?,
        None => 0,
    };
    let state = call.query.state.map(|state| match state {
        State::Pending => DeliveryState::Pending,
        State::Delivered => DeliveryState::Delivered,
        State::Dead => DeliveryState::Dead,
    });
    let rows = call.host.store.deliveries(tenant, endpoint, EventId(after), state, limit + 1).await?;
    let view = |row: Delivery| DeliveryView {
        event: row.event.to_string(),
        state: row.state.word().to_owned(),
        due_at: row.due_at.map(time::shown),
        attempts: row.attempts,
        last: row.last,
    };
    let place = |row: &Delivery| cursors.made(tenant, &list, &row.event.0);
    Ok(Shown(Page::of(rows, limit, place, view)))
}

async fn call_back(call: Call<NoQuery, Json<Replay>>) -> Result<Shown<Replayed>, Problem> {
    let endpoint = find(&call.host, call.tenant(), id(&call)?).await?.id;
    let number = |(at, name): (usize, &EventName)| {
        let number = name.0.parse().ok().filter(|number: &u64| number.to_string() == name.0);
        number.map(EventId).ok_or_else(|| Problem::refused(format!("/events/{at}"), "is no event that was given up"))
    };
    let events = call.body.0.events.iter().enumerate().map(number).collect::<Result<Vec<_>, _>>()?;
    let replayed = replay(&call.host, call.tenant(), endpoint, &events).await;
    let deliveries = replayed.map_err(|error| match error {
        crate::host::operations::OperationError::Unknown { .. } => {
            Problem::refused("/events", "names an event of which no delivery to this receiver was given up")
        }
        other => other.into(),
    })?;
    Ok(Shown(Replayed { deliveries }))
}

//! What providers are asked about channels, and what their answers mean (`G3.1` to `G3.14`, `M8.1` to `M8.11`).

use crate::host::http::{Method, NetError, Purpose, Request, Response};
use crate::host::model::Origin;
use crate::host::sync::error::{Word, of_answer};
use crate::host::sync::{Answer, Bases, SyncError, events_address, graph_preferences, graph_root_path};
use crate::time::Instant;
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;

/// What a provider granted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Granted {
    /// What it calls the channel.
    pub resource: Option<String>,
    /// Until when, where it said so in a way that can be read.
    pub expires_at: Option<Instant>,
}

/// Why there is no channel, by what is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Never for this calendar: it is polled (`G3.14`, `M8.9`).
    PollOnly,
    /// The operator can cure it: the public URL, its certificate, a registration.
    Ours(Word),
    /// Too many requests; how long to wait, where that was said.
    Throttled(Option<Duration>),
    /// There is none of that name.
    Unknown,
    /// Perhaps later.
    Retry(Word),
    /// Nobody knows whether it was carried out.
    NotSent,
}

/// Asks Google for a channel (`G3.2`, `G3.4`).
#[must_use]
pub fn watch(bases: &Bases, reference: &str, address: &str, (id, token): (&str, &str), expires_at: Instant) -> Request {
    let url = format!("{}/watch", events_address(&bases.google, reference));
    // Milliseconds: seconds would be a time in 1970.
    let expiration = expires_at.as_millisecond().to_string();
    let body = json!({ "id": id, "type": "web_hook", "address": address, "token": token, "expiration": expiration });
    Request::new(Purpose::Provider, Method::Post, url).json(&body)
}

/// Stops a channel of Google (`G3.12`).
#[must_use]
pub fn stop(bases: &Bases, id: &str, resource: &str) -> Request {
    let url = format!("{}/channels/stop", bases.google);
    Request::new(Purpose::Provider, Method::Post, url).json(&json!({ "id": id, "resourceId": resource }))
}

/// Where Graph is to post to: what changes, and what becomes of the subscription.
#[derive(Clone, Debug)]
pub struct Addresses {
    /// What changes.
    pub changes: String,
    /// What becomes of the subscription; it cannot be added later (`M8.7`).
    pub lifecycle: String,
}

/// Asks Graph for a subscription (`M8.1`, `M8.11`).
#[must_use]
pub fn subscribe(bases: &Bases, reference: &str, to: &Addresses, client_state: &str, expires_at: Instant) -> Request {
    let body = json!({
        "changeType": "created,updated,deleted",
        "notificationUrl": to.changes,
        "lifecycleNotificationUrl": to.lifecycle,
        "resource": format!("{}/events", graph_root_path(reference)),
        "expirationDateTime": expires_at.to_string(),
        "clientState": client_state,
    });
    let request = Request::new(Purpose::Provider, Method::Post, format!("{}/subscriptions", bases.graph));
    request.header("prefer", graph_preferences()).json(&body)
}

/// Asks Graph for more time (`M8.8`).
#[must_use]
pub fn extend(bases: &Bases, subscription: &str, expires_at: Instant) -> Request {
    let body = json!({ "expirationDateTime": expires_at.to_string() });
    subscription_request(bases, Method::Patch, subscription).json(&body)
}

/// Ends a subscription.
#[must_use]
pub fn unsubscribe(bases: &Bases, subscription: &str) -> Request {
    subscription_request(bases, Method::Delete, subscription)
}

fn subscription_request(bases: &Bases, method: Method, subscription: &str) -> Request {
    let id = url::form_urlencoded::byte_serialize(subscription.as_bytes()).collect::<String>().replace('+', "%20");
    let request = Request::new(Purpose::Provider, method, format!("{}/subscriptions/{id}", bases.graph));
    request.header("prefer", graph_preferences())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct GoogleChannel {
    resource_id: Option<String>,
    expiration: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    id: Option<String>,
    expiration_date_time: Option<String>,
}

/// What the answer to [`watch`], [`subscribe`] or [`extend`] comes to.
///
/// # Errors
/// [`Refusal`].
pub fn granted(origin: Origin, answer: &Answer) -> Result<Granted, Refusal> {
    let response = carried_out(origin, answer)?;
    let unread = || Refusal::NotSent;
    let granted = match origin {
        Origin::Google => {
            let channel: GoogleChannel = serde_json::from_slice(&response.body).map_err(|_| unread())?;
            let millis = channel.expiration.and_then(|value| value.as_i64().or_else(|| value.as_str()?.parse().ok()));
            let expires_at = millis.and_then(|millis| Instant::from_millisecond(millis).ok());
            Granted { resource: channel.resource_id, expires_at }
        }
        _ => {
            let subscription: Subscription = serde_json::from_slice(&response.body).map_err(|_| unread())?;
            let expires_at = subscription.expiration_date_time.and_then(|text| text.parse().ok());
            Granted { resource: subscription.id, expires_at }
        }
    };
    // Without its name it can neither be stopped nor extended.
    if granted.resource.is_some() { Ok(granted) } else { Err(unread()) }
}

/// Whether the answer to [`stop`] or [`unsubscribe`] means that the channel is no more.
///
/// # Errors
/// [`Refusal`].
pub fn stopped(origin: Origin, answer: &Answer) -> Result<(), Refusal> {
    match carried_out(origin, answer) {
        Ok(_) | Err(Refusal::Unknown) => Ok(()),
        Err(refusal) => Err(refusal),
    }
}

fn carried_out(origin: Origin, answer: &Answer) -> Result<&Response, Refusal> {
    match answer {
        Err(NetError::NotSent) => Err(Refusal::Retry("not-sent")),
        Err(_) => Err(Refusal::NotSent),
        Ok(response) if (200..300).contains(&response.status) => Ok(response),
        Ok(response) => Err(refusal(origin, response)),
    }
}

/// Reasons and codes, as far as they are read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    error: ErrorBody,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    errors: Vec<Reason>,
    /// A number in Google's.
    code: serde_json::Value,
    message: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reason {
    reason: String,
}

/// Graph's codes of mailboxes that have no subscriptions.
const UNABLE: &[&str] =
    &["mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi", "errornonexistentmailbox", "notsupported"];

fn refusal(origin: Origin, response: &Response) -> Refusal {
    let ErrorBody { errors, code, message } =
        serde_json::from_slice::<Body>(&response.body).map(|body| body.error).unwrap_or_default();
    let says = |words: &[&str]| errors.iter().any(|entry| words.iter().any(|word| entry.reason.eq_ignore_ascii_case(word)));
    let code = code.as_str().unwrap_or_default().to_ascii_lowercase();
    match (origin, response.status) {
        (Origin::Google, 400) if says(&["pushNotSupportedForRequestedResource"]) => Refusal::PollOnly,
        (Origin::Google, 400) if says(&["channelIdNotUnique"]) => Refusal::Retry("id-not-unique"),
        (Origin::Google, 400 | 401 | 403) if errors.iter().any(|entry| is_about_address(&entry.reason)) => {
            Refusal::Ours("address-refused")
        }
        (Origin::Graph, 400..=409) if UNABLE.contains(&code.as_str()) => Refusal::PollOnly,
        // The endpoint did not answer, or not well; the next time it may.
        (Origin::Graph, 400) if code == "validationerror" || message.contains("validation") => Refusal::Retry("not-validated"),
        (Origin::Graph, 403) if code == "extensionerror" || message.contains("subscription") => Refusal::PollOnly,
        (_, 404 | 410) => Refusal::Unknown,
        // The server may have carried it out all the same.
        (_, 500..) => match of_answer(origin, response) {
            Some(SyncError::Throttled { wait, .. }) => Refusal::Throttled(wait),
            _ => Refusal::NotSent,
        },
        _ => match of_answer(origin, response) {
            Some(SyncError::Throttled { wait, .. }) => Refusal::Throttled(wait),
            Some(SyncError::Operator(word)) => Refusal::Ours(word),
            Some(error) => Refusal::Retry(error.word()),
            None => Refusal::Retry("not-understood"),
        },
    }
}

/// `push.webhookUrlNotHttps`, `push.webhookUrlUnauthorized`, `pushInvalidTtl` and the like.
fn is_about_address(reason: &str) -> bool {
    reason.starts_with("push.webhookUrl") || reason == "webhookUrlUnauthorized" || reason == "pushInvalidTtl"
}

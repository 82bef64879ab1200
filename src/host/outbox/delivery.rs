//! What the delivery of one event to one receiver does next: a machine over its row.
//!
//! A try has three steps, each of which the caller commits before it takes the next: [`attempt`] counts the try and holds the
//! row for as long as the try may take, the caller sends [`request`], [`answered`] says what the answer means. So a try that kills its process is
//! counted, and no second try begins while the first may still be under way. A receiver gets every event at least once, under
//! one id; it may get it twice, and out of order: `sequence` tells.
//!
//! Source: providers.md W13.4, W13.7–W13.10; reliability.md 6.3.

use super::breaker::Heard;
use super::sign::{self, SecretError, Secrets};
use crate::host::http::{Method, NetError, Purpose, Request, Response};
use crate::host::model::{Delivery, DeliveryState, Endpoint, EndpointState, EventId, OutboxEvent};
use crate::host::planted::{self, Bug};
use crate::time::{Elapsed, Instant};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::value::RawValue;
use std::time::Duration;

/// The published schedule: how long after a failed try the next one comes, before [`JITTER_PERCENT`] (W13.9). The first try is
/// made at once.
pub const DELAYS: [Elapsed; 9] = [
    Elapsed::from_secs(5),
    Elapsed::from_mins(5),
    Elapsed::from_mins(30),
    Elapsed::from_hours(2),
    Elapsed::from_hours(5),
    Elapsed::from_hours(10),
    Elapsed::from_hours(14),
    Elapsed::from_hours(20),
    Elapsed::from_hours(24),
];
/// Tries before a delivery is given up.
pub const TRIES_MAX: u32 = DELAYS.len() as u32 + 1;
/// A delay is at most this much shorter or longer than published.
pub const JITTER_PERCENT: i64 = 10;
/// How long one try may take (W13.8).
pub const TRY_TIMEOUT: Duration = Duration::from_secs(15);
/// How long a try that never reported back holds its row: twice what it may take.
pub const HOLD: Elapsed = Elapsed::from_secs(30);
/// Most bytes of an answer that are read.
pub const ANSWER_BYTES_MAX: usize = 16 * 1024;
/// Longest wait that a receiver can ask for.
pub const RETRY_AFTER_MAX: Elapsed = Elapsed::from_hours(24);
/// A receiver for which every delivery failed for this long is no longer served.
pub const FAILING_MAX: Elapsed = Elapsed::from_hours(5 * 24);
/// Most bytes of a message (W13.7).
pub const MESSAGE_BYTES_MAX: usize = 20_000;
/// The kind of the event that tells that a receiver is no longer served.
pub const ENDPOINT_DISABLED: &str = "endpoint.disabled";

/// [`Delivery::last`] while a try is under way.
const TRYING: &str = "trying";
/// What is said of a receiver whose secrets could not be opened.
pub(super) const UNOPENED: &str = "no-key";
/// [`Delivery::last`] of a dead delivery that was called back.
const REPLAYED: &str = "replayed";

/// Why an event cannot be sent at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// The data of the event is not JSON.
    #[error("the event holds no JSON")]
    NotJson,
    /// The message would be longer than [`MESSAGE_BYTES_MAX`].
    #[error("the message has {0} bytes")]
    TooLong(usize),
    /// The receiver has no usable signing secret.
    #[error(transparent)]
    Secret(#[from] SecretError),
}

impl MessageError {
    /// The word for [`Delivery::last`].
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::NotJson => "not-json",
            Self::TooLong(_) => "too-long",
            Self::Secret(_) => "no-secret",
        }
    }
}

#[derive(Serialize)]
struct Message<'a> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: String,
    sequence: u64,
    subject: &'a str,
    data: &'a RawValue,
}

/// The body that every receiver of an event gets, the same bytes on every try.
///
/// `timestamp` is when it happened; `sequence` grows with every event of the tenant, so that a receiver can drop what is older
/// than what it knows of the same `subject` (W13.10).
///
/// # Errors
/// [`MessageError::NotJson`], [`MessageError::TooLong`].
pub fn message(event: &OutboxEvent) -> Result<Vec<u8>, MessageError> {
    let data: &RawValue = serde_json::from_str(&event.body).map_err(|_| MessageError::NotJson)?;
    let timestamp = event.at.to_string();
    let message = Message { kind: &event.kind, timestamp, sequence: event.id.0, subject: &event.subject, data };
    let bytes = serde_json::to_vec(&message).map_err(|_| MessageError::NotJson)?;
    if bytes.len() > MESSAGE_BYTES_MAX { Err(MessageError::TooLong(bytes.len())) } else { Ok(bytes) }
}

/// The id of the message: one for each event, whatever the try and the receiver. Holds no dot (W13.4).
#[must_use]
pub fn message_id(event: &OutboxEvent) -> String {
    format!("evt_{}_{}", event.tenant, event.id)
}

/// The signed request of one try, made at `now`, with the receiver's secrets as they were opened.
///
/// # Errors
/// [`MessageError`]: it will never succeed; see [`undeliverable`].
pub fn request(
    event: &OutboxEvent,
    endpoint: &Endpoint,
    secrets: &[SecretString],
    now: Instant,
) -> Result<Request, MessageError> {
    let secrets = Secrets::parse(secrets)?;
    let body = message(event)?;
    let id = if planted::is(Bug::NewIdOnRetry) { format!("evt_{}", now.as_millisecond()) } else { message_id(event) };
    let signed = sign::headers(&id, now, &body, &secrets);
    let mut request = Request::new(Purpose::Webhook, Method::Post, &endpoint.url).header("content-type", "application/json");
    for (name, value) in signed {
        request = request.header(name, value);
    }
    request.body = body;
    request.timeout = TRY_TIMEOUT;
    request.answer_bytes_max = ANSWER_BYTES_MAX;
    Ok(request)
}

/// What to do with a delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Store this, then try.
    Try(Delivery),
    /// Store this: the last try began and never ended.
    GiveUp(Delivery),
    /// It is not due: delivered, dead, waiting, or tried by somebody else this moment.
    Nothing,
}

/// Begins a try, where one is due. What it returns must be durable before anything is sent.
#[must_use]
pub fn attempt(delivery: &Delivery, now: Instant) -> Next {
    let due = delivery.due_at.is_some_and(|due| due <= now);
    if delivery.state != DeliveryState::Pending || !due {
        return Next::Nothing;
    }
    let broke_off = delivery.last.as_deref() == Some(TRYING);
    let round_over = delivery.attempts > 0 && delivery.attempts.is_multiple_of(TRIES_MAX);
    if (broke_off && round_over) || delivery.attempts == u32::MAX {
        return Next::GiveUp(ended(delivery, DeliveryState::Dead, "no-answer"));
    }
    let due_at = Some(later(now, HOLD));
    let attempts = delivery.attempts + u32::from(!planted::is(Bug::TriesNotCounted));
    Next::Try(Delivery { attempts, due_at, last: Some(TRYING.to_owned()), ..delivery.clone() })
}

/// What an answer changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The delivery, always to be stored.
    pub delivery: Delivery,
    /// The receiver, where it changed.
    pub endpoint: Option<Endpoint>,
    /// The notice that the receiver is no longer served. To be stored after the receiver, which then does not get it.
    pub notice: Option<OutboxEvent>,
}

/// What the answer to a try means. `delivery` is the row that [`attempt`] returned; `seed` moves the jitter.
///
/// 2xx is success and nothing else is: redirects are failures (W13.8). 410 ends the delivery and disables the receiver. The
/// delay counts from now, the end of the try; a receiver that says `Retry-After` with 429, 502, 503 or 504 can only make it longer.
#[must_use]
pub fn answered(
    delivery: &Delivery,
    endpoint: &Endpoint,
    now: Instant,
    outcome: &Result<Response, NetError>,
    seed: u64,
) -> Answered {
    let word = outcome_word(outcome);
    match outcome.as_ref().map(|response| response.status) {
        Ok(200..=299) => {
            let recovered = endpoint.failing_since.is_some();
            let endpoint = recovered.then(|| Endpoint { failing_since: None, ..endpoint.clone() });
            Answered { delivery: ended(delivery, DeliveryState::Delivered, &word), endpoint, notice: None }
        }
        Ok(410) => {
            let (endpoint, notice) = disable(endpoint, now, "gone");
            Answered { delivery: ended(delivery, DeliveryState::Dead, &word), endpoint, notice }
        }
        _ => {
            let (endpoint, notice) = failed(endpoint, now);
            Answered { delivery: postponed(delivery, now, outcome, seed, &word), endpoint, notice }
        }
    }
}

/// The delivery of an event that can never be sent ([`MessageError`]): visible as dead instead of tried in vain.
#[must_use]
pub fn undeliverable(delivery: &Delivery, why: MessageError) -> Delivery {
    ended(delivery, DeliveryState::Dead, why.word())
}

/// The delivery after a try for which the receiver's secrets could not be opened: the key service is away, or a root key is
/// missing. It is tried again on the published schedule; whoever helps in time loses nothing. `delivery` is the row that
/// [`attempt`] returned.
#[must_use]
pub fn unopened(delivery: &Delivery, now: Instant, seed: u64) -> Delivery {
    postponed(delivery, now, &Err(NetError::NotSent), seed, UNOPENED)
}

/// Calls a dead delivery back: it is due at once, and its schedule goes on; after a whole schedule, it begins anew. `None`
/// where it is not dead.
#[must_use]
pub fn replay(delivery: &Delivery, now: Instant) -> Option<Delivery> {
    let dead = delivery.state == DeliveryState::Dead;
    let last = Some(REPLAYED.to_owned());
    dead.then(|| Delivery { state: DeliveryState::Pending, due_at: Some(now), last, ..delivery.clone() })
}

fn ended(delivery: &Delivery, state: DeliveryState, last: &str) -> Delivery {
    Delivery { state, due_at: None, last: Some(last.to_owned()), ..delivery.clone() }
}

fn postponed(delivery: &Delivery, now: Instant, outcome: &Result<Response, NetError>, seed: u64, word: &str) -> Delivery {
    let Some(delay) = delay_after(delivery.attempts) else { return ended(delivery, DeliveryState::Dead, word) };
    let asked = outcome.as_ref().ok().and_then(asked_to_wait).unwrap_or(Elapsed::ZERO);
    let due_at = Some(later(now, jittered(delay, delivery, seed).max(asked)));
    Delivery { due_at, last: Some(word.to_owned()), ..delivery.clone() }
}

/// The published delay after the try of this number, from 1; `None` after the last of a round.
fn delay_after(attempts: u32) -> Option<Elapsed> {
    let place = attempts.max(1).wrapping_sub(1) % TRIES_MAX;
    DELAYS.get(place as usize).copied()
}

/// `delay`, at most [`JITTER_PERCENT`] shorter or longer, the same for the same try.
fn jittered(delay: Elapsed, delivery: &Delivery, seed: u64) -> Elapsed {
    let parts = [delivery.tenant.0, delivery.event.0, delivery.endpoint.0, u64::from(delivery.attempts)];
    let dice = parts.into_iter().fold(seed, |state, part| mixed(state ^ part));
    let span = delay.as_secs() * 1000 * JITTER_PERCENT / 100;
    // Below 2^33 even for a day, so that both conversions hold.
    let offset = i64::try_from(dice % (2 * span.unsigned_abs() + 1)).unwrap_or(0) - span;
    delay + Elapsed::from_millis(offset)
}

/// The finisher of SplitMix64: every bit of the state reaches every bit of the result.
fn mixed(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}

/// What a receiver that is overloaded asks for, within bounds.
fn asked_to_wait(response: &Response) -> Option<Elapsed> {
    if !matches!(response.status, 429 | 502 | 503 | 504) || planted::is(Bug::ReceiverHurried) {
        return None;
    }
    let asked = Elapsed::try_from(response.retry_after()?).unwrap_or(RETRY_AFTER_MAX);
    Some(asked.min(RETRY_AFTER_MAX))
}

fn failed(endpoint: &Endpoint, now: Instant) -> (Option<Endpoint>, Option<OutboxEvent>) {
    match endpoint.failing_since {
        None => (Some(Endpoint { failing_since: Some(now), ..endpoint.clone() }), None),
        Some(since) if now.duration_since(since) >= FAILING_MAX => disable(endpoint, now, "failing"),
        Some(_) => (None, None),
    }
}

/// Disables a receiver, with a notice; nothing where it already is disabled.
fn disable(endpoint: &Endpoint, now: Instant, reason: &str) -> (Option<Endpoint>, Option<OutboxEvent>) {
    if endpoint.state == EndpointState::Disabled {
        return (None, None);
    }
    let failing_since = Some(endpoint.failing_since.unwrap_or(now));
    let disabled = Endpoint { state: EndpointState::Disabled, failing_since, ..endpoint.clone() };
    let since = failing_since.map(|since| since.to_string());
    let body = serde_json::json!({ "endpoint": endpoint.id.0, "reason": reason, "failing_since": since }).to_string();
    let notice = OutboxEvent {
        tenant: endpoint.tenant,
        id: EventId(0),
        kind: ENDPOINT_DISABLED.to_owned(),
        subject: format!("endpoint/{}", endpoint.id),
        body,
        at: now,
    };
    (Some(disabled), Some(notice))
}

/// What the end of a try tells of the host that the receiver runs on, whatever the receiver thinks of the event.
#[must_use]
pub fn heard(outcome: &Result<Response, NetError>) -> Heard {
    match outcome {
        Ok(response) if response.status >= 500 => Heard::Failure,
        Ok(_) | Err(NetError::TooLarge) => Heard::Answer,
        Err(NetError::NotSent | NetError::Ambiguous) => Heard::Failure,
        Err(NetError::Forbidden | NetError::BadUrl) => Heard::Nothing,
    }
}

/// The status, or a word that tells a tenant no more of a network than it should know: an address that is not allowed looks
/// like one where nobody listens (reliability.md 6.3).
pub(super) fn outcome_word(outcome: &Result<Response, NetError>) -> String {
    match outcome {
        Ok(response) => response.status.to_string(),
        Err(NetError::NotSent | NetError::Forbidden) => "unreachable".to_owned(),
        Err(NetError::Ambiguous) => "no-answer".to_owned(),
        Err(NetError::BadUrl) => "bad-url".to_owned(),
        Err(NetError::TooLarge) => "answer-too-large".to_owned(),
    }
}

fn later(now: Instant, wait: Elapsed) -> Instant {
    now.checked_add(wait).unwrap_or(Instant::MAX)
}

#[cfg(test)]
mod tests;

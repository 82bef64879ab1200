//! Where messages come in: who says it is looked at first, then as little as possible is done, and that durably.
//!
//! Looked at, in this order: the form, whether there is such a channel, whether the secret is the channel's (its digest, compared in
//! constant time). Whoever fails is answered as if all were well, is counted, and costs no write and no request. A message that
//! holds becomes at most a [`Wake`], and a note in the channel's row where it tells what the row does not know yet.

use super::lifecycle;
use super::memory::Name;
use super::notifications::{GoogleMessage, GraphMessage, GraphMessages, is_nonce, is_validation_token};
use super::{GOOGLE_PATH, GRAPH_PATH, Push};
use crate::host::context::Context;
use crate::host::http::{Request, Response};
use crate::host::model::{Calendar, CalendarState, Channel, ChannelState, Wake};
use crate::host::planted::{self, Bug};
use crate::host::store::{Commit, CommitError, StoreError, Write};
use crate::time::{Elapsed, Instant};
use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

/// Most bytes of a message of Graph; Google's have no body that is looked at.
pub const BODY_BYTES_MAX: usize = 256 * 1024;
/// How long the store is waited for where Graph waits for an answer within three seconds (`M8.5`).
const PATIENCE: Duration = Duration::from_secs(2);
/// A channel's row says at least this often that something came, so that it can be seen; more often only where it matters.
const HEARD_EVERY: Elapsed = Elapsed::from_hours(24);

/// Whether whoever sent a message is to send it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    /// What follows from it is durable, or nothing does.
    Well,
    /// The store could not take it, or could not be asked.
    Again,
}

/// A name could not be looked up: whoever sent the message is to come again.
#[derive(Clone, Copy, Debug)]
struct NotNow;

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Says {
    /// That messages come from now on (`G3.8`).
    Begun,
    /// That something changed.
    Changed,
    /// That there is no such thing any more, which a reading verifies.
    NotThere,
    /// That messages were lost (`M8.7`).
    Missed,
    /// That the subscription needs another grant.
    Reauthorize,
    /// That the subscription is no more.
    Removed,
}

/// Answers a request as [`routes`](super::routes) does over HTTP: for the simulated world.
pub async fn answer(host: &Context, request: &Request) -> Response {
    let Some(push) = host.push.as_deref() else { return Response::empty(404) };
    let Ok(url) = url::Url::parse(&request.url) else { return Response::empty(404) };
    if url.path() == GOOGLE_PATH {
        return Response::empty(google(host, push, GoogleMessage::read(|name| request.find_header(name))).await);
    }
    let inside = url.path().strip_prefix(GRAPH_PATH).and_then(|path| path.strip_prefix('/'));
    let Some((nonce, _)) = inside.map(|inside| inside.split_once('/').unwrap_or((inside, ""))) else {
        return Response::empty(404);
    };
    match url.query_pairs().find(|(name, _)| name == "validationToken") {
        Some((_, token)) => match validation(host, push, nonce, &token).await {
            Some(token) => validated(token),
            None => Response::empty(404),
        },
        None => Response::empty(graph(host, push, nonce, &request.body).await),
    }
}

/// The answer that gives a validation token back, which is text and nothing else.
#[must_use]
pub fn validated(token: String) -> Response {
    let headers = [("content-type", "text/plain; charset=utf-8"), ("x-content-type-options", "nosniff")];
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Response { status: 200, headers: headers.into(), body: token.into_bytes() }
}

/// A message of Google; the status of the answer (`G3.9`).
pub async fn google(host: &Context, push: &Push, message: Option<GoogleMessage<'_>>) -> u16 {
    let Some(message) = message else {
        host.metrics.push("malformed");
        return 204;
    };
    let name = Name::Id(message.channel);
    let channel = match find(host, push, name).await {
        Ok(Some(channel)) => channel,
        Ok(None) => {
            host.metrics.push("unknown");
            return 204;
        }
        Err(NotNow) => return 503,
    };
    if !shows(&channel, message.token) {
        host.metrics.push("forged");
        return 204;
    }
    let says = match message.state {
        "sync" => Says::Begun,
        "exists" => Says::Changed,
        "not_exists" => Says::NotThere,
        _ => {
            host.metrics.push("malformed");
            return 204;
        }
    };
    let told = Told { says, resource: message.resource, number: message.number };
    match take(host, push, name, &channel, &told).await {
        Done::Well => 204,
        Done::Again => 503,
    }
}

/// The token to give back, where Graph may ask at this nonce (`M8.2`). Neither waits for the request that is under way nor for a
/// lock: another host may be the one that asks, and its row is there.
pub async fn validation(host: &Context, push: &Push, nonce: &str, token: &str) -> Option<String> {
    let is_asked = async || {
        if push.memory().is_asking(nonce) {
            return true;
        }
        matches!(find(host, push, Name::Nonce(nonce)).await, Ok(Some(channel)) if channel.state == ChannelState::Asked)
    };
    let holds = is_nonce(nonce) && is_validation_token(token) && is_asked().await;
    host.metrics.push(if holds { "validated" } else { "not-validated" });
    holds.then(|| token.to_owned())
}

/// Whether anybody may post at this nonce at all; looked at before a body is read.
pub async fn is_known(host: &Context, push: &Push, nonce: &str) -> Result<bool, u16> {
    if !is_nonce(nonce) {
        host.metrics.push("malformed");
        return Ok(false);
    }
    match find(host, push, Name::Nonce(nonce)).await {
        Ok(Some(_)) => Ok(true),
        Ok(None) => {
            host.metrics.push("unknown");
            Ok(false)
        }
        Err(NotNow) => Err(503),
    }
}

/// A POST of Graph; the status of the answer. Several messages in it are judged one by one, and become one note (`M8.6`).
pub async fn graph(host: &Context, push: &Push, nonce: &str, body: &[u8]) -> u16 {
    match is_known(host, push, nonce).await {
        Ok(true) => {}
        Ok(false) => return 202,
        Err(status) => return status,
    }
    let name = Name::Nonce(nonce);
    let Some(messages) = GraphMessages::read(body) else {
        host.metrics.push("malformed");
        return 400;
    };
    // Known just now, so that it is remembered.
    let Ok(Some(channel)) = find(host, push, name).await else { return 503 };
    let mut done = Done::Well;
    let mut told: Vec<Told<'_>> = Vec::new();
    for message in &messages {
        let is_its_own = channel.resource.as_deref().is_none_or(|known| known == message.subscription_id);
        if !is_its_own || !shows(&channel, &message.client_state) {
            host.metrics.push("forged");
            continue;
        }
        let Some(says) = said(message) else {
            host.metrics.push("malformed");
            continue;
        };
        match told.iter().any(|told| told.says == says) {
            true => host.metrics.push("coalesced"),
            false => told.push(Told { says, resource: Some(&message.subscription_id), number: 0 }),
        }
    }
    for told in told {
        if take(host, push, name, &channel, &told).await == Done::Again {
            done = Done::Again;
        }
    }
    if done == Done::Well { 202 } else { 503 }
}

fn said(message: &GraphMessage) -> Option<Says> {
    match message.lifecycle_event.as_deref() {
        None => Some(Says::Changed),
        Some("missed") => Some(Says::Missed),
        Some("reauthorizationRequired") => Some(Says::Reauthorize),
        Some("subscriptionRemoved") => Some(Says::Removed),
        Some(_) => None,
    }
}

/// Whether what was shown is the channel's, in a time that does not tell how much of it is.
fn shows(channel: &Channel, secret: &str) -> bool {
    let mut shown = [0; 64];
    HEXLOWER.encode_mut(&Sha256::digest(secret.as_bytes()), &mut shown);
    planted::is(Bug::PushTokenIgnored)
        || aws_lc_rs::constant_time::verify_slices_are_equal(&shown, channel.digest.as_bytes()).is_ok()
}

/// The channel of this name: remembered, or looked up, as long as there are not too many names that nobody knows. What could
/// not be looked up because of that comes again, where it was no forgery.
async fn find(host: &Context, push: &Push, name: Name<'_>) -> Result<Option<Arc<Channel>>, NotNow> {
    let now = host.now();
    {
        let mut memory = push.memory();
        if let Some(channel) = memory.find(name, now) {
            return Ok(Some(channel));
        }
        if memory.is_nobodys(name) {
            return Ok(None);
        }
        if !memory.may_look_up(now) {
            host.metrics.push("not-looked-up");
            return Err(NotNow);
        }
    }
    let looked_up = async {
        match name {
            Name::Id(id) => host.store.channels_named(id).await,
            Name::Nonce(nonce) => host.store.channels_at(nonce).await,
        }
    };
    let patient = tokio::time::timeout(PATIENCE, looked_up).await;
    let Ok(Ok(mut found)) = patient else {
        host.metrics.push("store-failed");
        return Err(NotNow);
    };
    if found.is_empty() {
        push.memory().remember_nobodys(name);
    }
    // By chance nobody has the name of another.
    let channel = if found.len() == 1 { found.pop().map(Arc::new) } else { None };
    if let Some(channel) = &channel {
        let mut memory = push.memory();
        memory.was_there();
        memory.remember(name, now, channel.clone());
    }
    Ok(channel)
}

/// What a message that holds tells.
#[derive(Clone, Copy, Debug)]
struct Told<'a> {
    says: Says,
    resource: Option<&'a str>,
    number: u64,
}

/// Makes durable what follows from a message.
async fn take(host: &Context, push: &Push, name: Name<'_>, channel: &Channel, told: &Told<'_>) -> Done {
    let now = host.now();
    let key = (channel.tenant, channel.calendar);
    if planted::is(Bug::NotificationBelieved) && told.says == Says::NotThere {
        let _ = believed(host, channel).await;
    }
    if matches!(told.says, Says::Changed | Says::NotThere | Says::Missed | Says::Removed) && channel.state != ChannelState::Gone {
        let wanted = push.memory().windows.wanted(key, now, matches!(told.says, Says::Missed));
        match wanted {
            None => host.metrics.push("coalesced"),
            Some(wanted) => {
                let (tenant, calendar) = key;
                let wake = Wake { tenant, calendar, due_at: wanted.due_at, until: wanted.until, whole: wanted.whole, number: 0 };
                if let Err(error) = commit(host, channel, Write::Wake(wake)).await {
                    tracing::warn!(error = %error, "a notification could not be taken note of");
                    host.metrics.push("store-failed");
                    return Done::Again;
                }
                push.memory().windows.noted(key, now, wanted);
                host.metrics.push("woke");
            }
        }
    } else {
        host.metrics.push("noted");
    }
    let Some(next) = after_message(channel, told, now) else { return Done::Well };
    // Whoever changes the row meanwhile knows more; and what is remembered is looked up anew.
    push.memory().forget(name);
    match commit(host, channel, Write::Channel(next)).await {
        Ok(()) => Done::Well,
        Err(_) => {
            host.metrics.push("store-failed");
            Done::Again
        }
    }
}

/// The row as the message leaves it; `None`: as it is.
fn after_message(channel: &Channel, told: &Told<'_>, now: Instant) -> Option<Channel> {
    let mut next = channel.clone();
    if next.resource.is_none() {
        next.resource = told.resource.map(str::to_owned);
        // Given up for lost, and it is there: nobody wants it any more.
        if next.state == ChannelState::Gone && next.resource.is_some() {
            next = lifecycle::stopping(&next, now);
        }
    }
    let is_news =
        |heard: Instant| now.duration_since(heard) >= HEARD_EVERY || next.doubted_at.is_some_and(|doubted| doubted >= heard);
    if matches!(next.state, ChannelState::Live | ChannelState::Asked) && next.heard_at.is_none_or(is_news) {
        next.heard_at = Some(now);
    }
    match told.says {
        Says::Reauthorize if next.state == ChannelState::Live => next.due_at = Some(now),
        Says::Removed if next.state == ChannelState::Live => next = lifecycle::parted(&next, now),
        _ => {}
    }
    let changed = next != *channel;
    next.seen = next.seen.max(told.number);
    changed.then_some(next)
}

/// One row of the channel's tenant. That its calendar is gone, or that somebody was faster, is nobody's fault.
async fn commit(host: &Context, channel: &Channel, write: Write) -> Result<(), StoreError> {
    let work = host.store.commit(Commit { tenant: channel.tenant, writes: vec![write] });
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Ok(()) | Err(CommitError::Conflict(_))) => Ok(()),
        Ok(Err(CommitError::Store(error))) => Err(error),
        Err(_) => Err(StoreError::Unavailable),
    }
}

/// What a planted bug makes of a notification: the truth.
async fn believed(host: &Context, channel: &Channel) -> Result<(), StoreError> {
    let Some(row) = host.store.calendar(channel.tenant, channel.calendar).await? else { return Ok(()) };
    commit(host, channel, Write::Calendar(Calendar { state: CalendarState::Gone, ..row })).await
}

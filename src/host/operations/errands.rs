//! Bots that people send to meetings by their links, beside the calendars (`C22`).
//!
//! A bot that is sent is stored and planned in one commit; a host that runs finds it due a moment later, and dispatches it as it does
//! every other. Where a calendar shows a meeting in that room at about that time, both are one meeting with one bot, which stays as
//! long as either wants it.

use super::{OperationError, TRIES_MAX, tenant};
use crate::host::context::Context;
use crate::host::model::{Dispatch, Errand, ErrandId, ErrandState, Meeting, TenantId};
use crate::host::planning::absorb_errand;
use crate::host::schedule::errand::{WINDOW, link, place, room};
use crate::time::{Elapsed, Instant};

/// A bot to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The link of the meeting. It may hold a password.
    pub link: String,
    /// When the bot is to be there; `None`, or past: now.
    pub at: Option<Instant>,
    /// What the person calls the meeting.
    pub title: Option<String>,
    /// The caller's own name for this: asking twice under one name is asking once.
    pub name: Option<String>,
}

/// A bot that was sent, and how it does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The errand.
    pub errand: Errand,
    /// The meeting that it is, or was, for.
    pub meeting: Option<Meeting>,
    /// The last bot that was on this errand.
    pub bot: Option<Dispatch>,
}

/// Longest link that is read, and longest title and name, in bytes.
const LINK_BYTES_MAX: usize = 8 * 1024;
const TEXT_BYTES_MAX: usize = 512;
/// Furthest ahead that a bot is sent.
const AHEAD_MAX: Elapsed = Elapsed::from_hours(366 * 24);
/// Most errands that are looked through or listed.
const ERRANDS_MAX: usize = 10_000;

/// Sends a bot; whether it was asked for before, by name or because one is sent to that room at that time already.
///
/// # Errors
/// [`OperationError::Refused`] says what is wrong with the link or the time.
pub async fn send(host: &Context, id: TenantId, wanted: Wanted) -> Result<(Sent, bool), OperationError> {
    let refused = |why: String| OperationError::Refused(why);
    let long = [(&wanted.title, "the title"), (&wanted.name, "the name")];
    if let Some((_, what)) = long.iter().find(|(text, _)| text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX)) {
        return Err(refused(format!("{what} is longer than {TEXT_BYTES_MAX} bytes")));
    }
    if wanted.link.len() > LINK_BYTES_MAX {
        return Err(refused(format!("the link is longer than {LINK_BYTES_MAX} bytes")));
    }
    let link = link(&wanted.link).map_err(|error| refused(error.to_string()))?;
    let room = room(&link).ok_or_else(|| refused("no bot can join that".to_owned()))?;
    for _ in 0..TRIES_MAX {
        let now = host.now();
        let at = wanted.at.unwrap_or(now).max(now);
        if at > now + AHEAD_MAX {
            return Err(refused("that is more than a year ahead".to_owned()));
        }
        let row = tenant(host, id).await?;
        if let Some(known) = known(host, id, &wanted, (&room, at), now).await? {
            return Ok((told(host, known).await?, true));
        }
        let errand = Errand {
            tenant: id,
            id: ErrandId(host.store.next_id().await?),
            name: wanted.name.clone(),
            room: room.clone(),
            url: link.url.clone(),
            title: wanted.title.clone(),
            at,
            state: ErrandState::Open,
            made_at: now,
            version: 0,
        };
        // The version of the plan guards the look at what is known: of two who ask at once, the second sees what the first asked.
        if absorb_errand(host, row.plan_version, errand.clone()).await?.is_some() {
            return Ok((told(host, find(host, id, errand.id).await?).await?, false));
        }
    }
    Err(OperationError::Contended)
}

/// The errand that asks for the same.
async fn known(
    host: &Context,
    id: TenantId,
    wanted: &Wanted,
    (room, at): (&str, Instant),
    now: Instant,
) -> Result<Option<Errand>, OperationError> {
    if let Some(name) = &wanted.name {
        let all = host.store.errands(id, Instant::MIN, Instant::MAX, ERRANDS_MAX).await?;
        if let Some(row) = all.into_iter().find(|row| row.name.as_ref() == Some(name)) {
            let same = row.room == *room;
            return if same { Ok(Some(row)) } else { Err(OperationError::Refused("that name is taken by another bot".into())) };
        }
    }
    let open = host.store.open_errands(id).await?;
    Ok(open.into_iter().find(|row| row.room == *room && is_same(row, at, now)))
}

/// Whether a bot for this instant is the one of an open errand to the same room: one that is there already, or is to be there at
/// about that time.
fn is_same(row: &Errand, at: Instant, now: Instant) -> bool {
    let near = row.at.duration_since(at).abs() < WINDOW;
    near || row.at <= now && at < now + WINDOW
}

/// Takes a bot back: it does not go, or leaves, unless a calendar wants it as well. An errand that is over stays so.
///
/// # Errors
/// [`OperationError::Unknown`].
pub async fn recall(host: &Context, id: TenantId, errand: ErrandId) -> Result<Sent, OperationError> {
    for _ in 0..TRIES_MAX {
        let version = tenant(host, id).await?.plan_version;
        let row = find(host, id, errand).await?;
        let before = told(host, row).await?;
        if before.errand.state != ErrandState::Open {
            return Ok(before);
        }
        let row = Errand { state: ErrandState::Recalled, ..before.errand.clone() };
        if absorb_errand(host, version, row).await?.is_some() {
            // The bot that it had, though it may be only a calendar's now.
            let names: Vec<String> = before.meeting.iter().map(|meeting| meeting.id.clone()).collect();
            let bot = host.store.dispatches_of(id, &names).await?.pop();
            return Ok(Sent { errand: find(host, id, errand).await?, bot, ..before });
        }
    }
    Err(OperationError::Contended)
}

/// The bots that were sent for an instant after `from`, by it.
///
/// # Errors
/// [`OperationError::Store`].
pub async fn list(host: &Context, id: TenantId, from: Instant) -> Result<Vec<Sent>, OperationError> {
    let rows = host.store.errands(id, from, Instant::MAX, ERRANDS_MAX).await?;
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        all.push(told(host, row).await?);
    }
    Ok(all)
}

/// The errand.
///
/// # Errors
/// [`OperationError::Unknown`].
pub async fn find(host: &Context, id: TenantId, errand: ErrandId) -> Result<Errand, OperationError> {
    host.store.errand(id, errand).await?.ok_or_else(|| OperationError::unknown("errand", errand))
}

/// The errand with its meeting and bot.
///
/// # Errors
/// [`OperationError::Store`].
pub async fn told(host: &Context, errand: Errand) -> Result<Sent, OperationError> {
    let bot = host.store.dispatches_on(errand.tenant, errand.id).await?.pop();
    let mut meetings = match &bot {
        Some(bot) => host.store.meetings_named(errand.tenant, std::slice::from_ref(&bot.meeting)).await?,
        None => host.store.meetings_of(errand.tenant, &[place(errand.id)]).await?,
    };
    Ok(Sent { errand, meeting: meetings.pop(), bot })
}

#[cfg(test)]
mod tests;

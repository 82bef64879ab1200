//! Channels kept alive: each calendar that can tell of its changes is asked to, each channel renewed in time, and those that nobody
//! wants any more stopped. What is due about which is [`lifecycle`]'s.

use super::work::Work;
use super::{Stop, rest, syncs};
use crate::host::context::Context;
use crate::host::http::Request;
use crate::host::model::{
    Calendar, CalendarId, Channel, ChannelState, Connection, ConnectionId, ConnectionState, Origin, TenantId, Wake,
};
use crate::host::planted::{self, Bug};
use crate::host::push::Push;
use crate::host::push::lifecycle::{self, Deed};
use crate::host::push::wire::{self, Addresses, Granted, Refusal};
use crate::host::store::{Commit, CommitError, StoreError, Write};
use crate::host::sync::Answer;
use crate::host::sync::share::Turn;
use crate::time::{Elapsed, Instant};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Most calendars whose channels are seen to at once; reading them goes first.
const WIDTH: usize = 16;
/// How many calendars without a channel are taken up at once.
const BATCH: usize = 64;
/// How many channels that are due are looked through: those of other hosts' mailboxes stand among them.
const DUE: usize = 1_000;
/// Most calendars whose connection is remembered.
const OWNERS_MAX: usize = 100_000;
/// How soon it is seen that something is due.
const LOOK_EVERY: Elapsed = Elapsed::from_secs(5);
/// How often all calendars are gone through for those without a channel.
const LIST_EVERY: Elapsed = Elapsed::from_secs(30);
/// How long a request may wait for quota: longer than reads, so that these go first.
const PATIENCE: Elapsed = Elapsed::from_mins(15);
/// How long stopping a channel may take that nobody wants any more.
const STOP_PATIENCE: Elapsed = Elapsed::from_secs(10);
/// How soon its provider is asked again meanwhile.
const STOP_AGAIN: Elapsed = Elapsed::from_millis(500);
/// How often a row is read anew where a message changed it meanwhile.
const TRIES_MAX: u32 = 4;

/// Names a calendar.
type Key = (TenantId, CalendarId);

/// Sees to channels until `stop`; at once over where push is off.
pub async fn run(host: Context, mut stop: Stop) {
    let Some(push) = host.push.clone() else { return };
    let mut work: Work<Key> = Work::new(WIDTH);
    let (mut listed_to, mut list_at) = (Key::default(), None::<Instant>);
    let mut taken = Taken::default();
    while !stop.is_set() {
        if !host.store.is_full() {
            if let Err(error) = take_up_due(&host, &push, &mut work, &mut taken).await {
                tracing::warn!(error = %error, "channels that are due could not be listed");
            }
            let now = host.now();
            if work.has_room() && list_at.is_none_or(|at| at <= now || at > now + LIST_EVERY) {
                match take_up_unwatched(&host, &push, &mut work, listed_to).await {
                    Ok(Some(to)) => listed_to = to,
                    Ok(None) => (listed_to, list_at) = (Key::default(), Some(now + LIST_EVERY)),
                    Err(error) => {
                        list_at = Some(now + LOOK_EVERY);
                        tracing::warn!(error = %error, "calendars without a channel could not be listed");
                    }
                }
            }
        }
        rest(&host, LOOK_EVERY, &mut work, &mut stop).await;
    }
    work.drained().await;
}

/// What is remembered from one look at what is due to the next.
#[derive(Default)]
struct Taken {
    /// The connection of a calendar, which stays the same.
    owners: BTreeMap<Key, ConnectionId>,
    /// Channels that were taken up within [`LOOK_EVERY`]: what has not changed their row by then would be tried again and again, without
    /// a pause.
    lately: BTreeMap<String, Instant>,
}

async fn take_up_due(host: &Context, push: &Arc<Push>, work: &mut Work<Key>, taken: &mut Taken) -> Result<(), StoreError> {
    if !work.has_room() {
        return Ok(());
    }
    let now = host.now();
    taken.lately.retain(|_, at| *at <= now && now.duration_since(*at) < LOOK_EVERY);
    for channel in host.store.due_channels(now, DUE).await? {
        let key = (channel.tenant, channel.calendar);
        if !work.has_room() {
            break;
        }
        // One channel of a calendar at a time: the other one comes next, and not after the first once more. It may be what the first waits
        // for, as an answer that never came keeps others from being asked for.
        if taken.lately.contains_key(&channel.id) || work.busy().contains(&key) {
            continue;
        }
        let Some(owner) = owner(host, key, &mut taken.owners).await? else { continue };
        // Channels are seen to by who reads the mailbox.
        if host.turn(owner) != Turn::Now {
            continue;
        }
        taken.lately.insert(channel.id.clone(), now);
        let (host, push) = (host.clone(), push.clone());
        work.start(key, async move { told(attend(&host, &push, channel).await) });
    }
    Ok(())
}

async fn owner(host: &Context, key: Key, owners: &mut BTreeMap<Key, ConnectionId>) -> Result<Option<ConnectionId>, StoreError> {
    if let Some(owner) = owners.get(&key) {
        return Ok(Some(*owner));
    }
    let Some(calendar) = host.store.calendar(key.0, key.1).await? else { return Ok(None) };
    if owners.len() >= OWNERS_MAX {
        owners.clear();
    }
    owners.insert(key, calendar.connection);
    Ok(Some(calendar.connection))
}

/// Those behind a place; the next place, where there are more.
async fn take_up_unwatched(
    host: &Context,
    push: &Arc<Push>,
    work: &mut Work<Key>,
    after: Key,
) -> Result<Option<Key>, StoreError> {
    let page = host.store.unwatched(after, work.room().min(BATCH)).await?;
    let next = page.last().map(|row| (row.tenant, row.calendar));
    for row in page {
        let (host, push) = (host.clone(), push.clone());
        work.start((row.tenant, row.calendar), async move {
            told(watch(&host, &push, (row.tenant, row.calendar), None).await);
        });
    }
    Ok(next)
}

fn told(done: Result<(), StoreError>) {
    if let Err(error) = done {
        tracing::warn!(error = %error, "a channel could not be seen to");
    }
}

/// A calendar and its connection, where both are there.
async fn place_of(host: &Context, (tenant, calendar): Key) -> Result<Option<(Calendar, Connection)>, StoreError> {
    let Some(calendar) = host.store.calendar(tenant, calendar).await? else { return Ok(None) };
    let connection = host.store.connection(tenant, calendar.connection).await?;
    Ok(connection.map(|connection| (calendar, connection)))
}

/// Does what is due about a channel.
async fn attend(host: &Context, push: &Push, channel: Channel) -> Result<(), StoreError> {
    let key = (channel.tenant, channel.calendar);
    let (now, seed) = (host.now(), host.cadence.seed);
    let Some((calendar, connection)) = place_of(host, key).await? else { return Ok(()) };
    // Channels are seen to by who reads the mailbox.
    if host.turn(connection.id) != Turn::Now {
        return Ok(());
    }
    let deed = lifecycle::deed(&channel, &calendar, now);
    if matches!(deed, Deed::Replace | Deed::Extend)
        && lifecycle::is_double(&channel, &host.store.channels_of(key.0, key.1).await?)
    {
        return put(host, lifecycle::stopping(&channel, now)).await.map(drop);
    }
    let needs_grant = matches!(deed, Deed::Replace | Deed::Extend | Deed::Stop | Deed::AskAgain);
    if needs_grant && connection.state != ConnectionState::Active {
        return put(host, lifecycle::idle(&channel, now)).await.map(drop);
    }
    match deed {
        Deed::Forget => {
            let writes = vec![Write::RemoveChannel(channel.id)];
            committed(host.store.commit(Commit { tenant: key.0, writes }).await).map(drop)
        }
        Deed::Part => {
            host.metrics.channel(if channel.expires_at <= now { "expired" } else { "lost" });
            put(host, lifecycle::parted(&channel, now)).await.map(drop)
        }
        Deed::Adopt => {
            host.metrics.channel("adopted");
            put(host, lifecycle::adopted(&channel, now)).await.map(drop)
        }
        Deed::AskAgain => watch(host, push, key, Some(channel)).await,
        Deed::Replace if planted::is(Bug::OldChannelStoppedFirst) => {
            end(host, &calendar, &connection, channel).await?;
            watch(host, push, key, None).await
        }
        Deed::Replace => watch(host, push, key, Some(channel)).await,
        Deed::Extend => {
            let channel = lifecycle::tried(&channel, seed, now);
            if !put(host, channel.clone()).await? {
                return Ok(());
            }
            extend(host, &connection, Channel { version: channel.version + 1, ..channel }).await
        }
        Deed::Stop => {
            let channel = lifecycle::tried(&channel, seed, now);
            if !put(host, channel.clone()).await? {
                return Ok(());
            }
            end(host, &calendar, &connection, Channel { version: channel.version + 1, ..channel }).await
        }
    }
}

/// Asks for a channel; `old`: the one whose place it takes, or a refusal that is asked about again.
async fn watch(host: &Context, push: &Push, key: Key, old: Option<Channel>) -> Result<(), StoreError> {
    let (now, seed) = (host.now(), host.cadence.seed);
    let Some((calendar, connection)) = place_of(host, key).await? else { return Ok(()) };
    if host.turn(connection.id) != Turn::Now {
        return Ok(());
    }
    let (row, secret) = lifecycle::asked(push.lots(), &calendar, old.as_ref(), now);
    let of_old = old.as_ref().map(|old| match old.state {
        ChannelState::Refused => Write::RemoveChannel(old.id.clone()),
        _ => Write::Channel(lifecycle::tried(old, seed, now)),
    });
    let writes = of_old.into_iter().chain([Write::Channel(row.clone())]).collect();
    // Another host asks already, or the calendar is gone.
    if !committed(host.store.commit(Commit { tenant: key.0, writes }).await)? {
        return Ok(());
    }
    let answer = ask_for(host, push, (&calendar, &connection), &row, &secret).await;
    let granted = match answer {
        Ok(answer) => wire::granted(row.kind, &answer),
        Err(refusal) => Err(refusal),
    };
    match granted {
        Ok(granted) => {
            host.metrics.channel("watched");
            let old = old.filter(|old| old.state != ChannelState::Refused);
            if !established(host, &row.id, &granted, old).await? {
                // The connection was cut meanwhile.
                let until = host.now().checked_add(STOP_PATIENCE).unwrap_or(Instant::MAX);
                let channel = Channel { resource: granted.resource, ..row };
                let is_stopped = is_stopped(host, (&calendar, &connection), &channel, until).await;
                host.metrics.channel(if is_stopped { "stopped" } else { "not-stopped" });
            }
            Ok(())
        }
        // It may be there; its messages would tell.
        Err(Refusal::NotSent) => Ok(()),
        Err(refusal) => turned_down(host, &row.id, &refusal, old.is_some_and(|old| old.state == ChannelState::Live)).await,
    }
}

async fn ask_for(
    host: &Context,
    push: &Push,
    (calendar, connection): (&Calendar, &Connection),
    row: &Channel,
    secret: &str,
) -> Result<Answer, Refusal> {
    let request = match (&row.nonce, calendar.origin) {
        (Some(nonce), Origin::Graph) => {
            let to = Addresses { changes: push.graph_url(nonce), lifecycle: push.lifecycle_url(nonce) };
            push.asking(nonce, host.now());
            wire::subscribe(&host.bases, &calendar.reference, &to, secret, row.expires_at)
        }
        _ => wire::watch(&host.bases, &calendar.reference, &push.google_url(), (&row.id, secret), row.expires_at),
    };
    let answer = call(host, connection, request, PATIENCE).await;
    if let Some(nonce) = &row.nonce {
        push.asked(nonce);
    }
    answer
}

async fn call(host: &Context, connection: &Connection, request: Request, patience: Elapsed) -> Result<Answer, Refusal> {
    let deadline = host.now().checked_add(patience).unwrap_or(Instant::MAX);
    syncs::call(host, connection, request, deadline).await.map_err(|error| Refusal::Retry(error.word()))
}

/// The channel is there: it lives, takes the place of `old`, and the calendar is read once, since what changed before it was there
/// was told to nobody (`G3.8`). A message may have changed the row meanwhile. False where there is no row any more: nobody wants it.
async fn established(host: &Context, id: &str, granted: &Granted, old: Option<Channel>) -> Result<bool, StoreError> {
    for _ in 0..TRIES_MAX {
        let (now, seed) = (host.now(), host.cadence.seed);
        let found = host.store.channels_named(id).await?.pop();
        let Some(row) = found.filter(|row| row.state != ChannelState::Refused) else { return Ok(false) };
        let (tenant, calendar) = (row.tenant, row.calendar);
        let mut writes = vec![Write::Channel(lifecycle::live(&row, granted, seed, now))];
        if let Some(old) = &old {
            let of_calendar = host.store.channels_of(tenant, calendar).await?;
            let known = of_calendar.into_iter().find(|known| known.id == old.id && known.state == ChannelState::Live);
            writes.extend(known.map(|known| Write::Channel(lifecycle::replaced(&known, now))));
        }
        writes.push(Write::Wake(Wake { tenant, calendar, due_at: now, until: now, whole: false, number: 0 }));
        if committed(host.store.commit(Commit { tenant, writes }).await)? {
            return Ok(true);
        }
    }
    Ok(true)
}

/// There is no channel. Where another one lives, that one says when to try again.
async fn turned_down(host: &Context, id: &str, refusal: &Refusal, other_lives: bool) -> Result<(), StoreError> {
    let word = match refusal {
        Refusal::PollOnly => "poll-only",
        Refusal::Ours(_) => "address-refused",
        Refusal::Throttled(_) => "throttled",
        Refusal::Unknown | Refusal::Retry(_) | Refusal::NotSent => "refused",
    };
    host.metrics.channel(word);
    tracing::info!(outcome = word, "a calendar could not be watched");
    for _ in 0..TRIES_MAX {
        let Some(row) = host.store.channels_named(id).await?.pop() else { return Ok(()) };
        let write = match other_lives {
            true => Write::RemoveChannel(row.id.clone()),
            false => Write::Channel(lifecycle::refused(&row, refusal, host.cadence.seed, host.now())),
        };
        if committed(host.store.commit(Commit { tenant: row.tenant, writes: vec![write] }).await)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Asks for more time. One that the provider does not know is asked for anew, with what was missed meanwhile (`M8.8`).
async fn extend(host: &Context, connection: &Connection, channel: Channel) -> Result<(), StoreError> {
    let Some(subscription) = channel.resource.clone() else { return Ok(()) };
    let wanted = host.now().checked_add(lifecycle::LIFE).unwrap_or(Instant::MAX);
    let request = wire::extend(&host.bases, &subscription, wanted);
    let granted = call(host, connection, request, PATIENCE).await.and_then(|answer| wire::granted(channel.kind, &answer));
    let now = host.now();
    match granted {
        Ok(granted) => {
            host.metrics.channel("extended");
            let granted = Granted { expires_at: granted.expires_at.or(Some(wanted)), ..granted };
            put(host, lifecycle::live(&channel, &granted, host.cadence.seed, now)).await.map(drop)
        }
        Err(Refusal::Unknown) => {
            host.metrics.channel("vanished");
            put(host, lifecycle::parted(&channel, now)).await.map(drop)
        }
        Err(_) => Ok(()),
    }
}

/// Stops a channel; that there is none is as good (`G3.12`).
async fn end(host: &Context, calendar: &Calendar, connection: &Connection, channel: Channel) -> Result<(), StoreError> {
    let answer = call(host, connection, stop_request(host, calendar, &channel), PATIENCE).await;
    if answer.and_then(|answer| wire::stopped(channel.kind, &answer)).is_ok() {
        host.metrics.channel("stopped");
        put(host, lifecycle::parted(&channel, host.now())).await?;
    }
    Ok(())
}

fn stop_request(host: &Context, calendar: &Calendar, channel: &Channel) -> Request {
    let resource = channel.resource.as_deref().unwrap_or_default();
    match calendar.origin {
        Origin::Graph => wire::unsubscribe(&host.bases, resource),
        _ => wire::stop(&host.bases, &channel.id, resource),
    }
}

/// Whether the provider has the channel no more: asked until it says so, or the time is over.
async fn is_stopped(host: &Context, (calendar, connection): (&Calendar, &Connection), channel: &Channel, until: Instant) -> bool {
    if channel.resource.is_none() {
        return false;
    }
    for _ in 0..TRIES_MAX {
        if host.now() >= until {
            break;
        }
        let request = stop_request(host, calendar, channel);
        let answer = tokio::select! {
            biased;
            answer = syncs::last_call(host, connection, request, until) => answer.map_err(|error| Refusal::Retry(error.word())),
            () = host.clock.sleep_until(until) => break,
        };
        match answer.and_then(|answer| wire::stopped(channel.kind, &answer)) {
            Ok(()) => return true,
            // No token, no permission: it is the same a second later.
            Err(Refusal::Ours(_) | Refusal::PollOnly) => break,
            Err(_) => host.clock.sleep_until(host.now().checked_add(STOP_AGAIN).unwrap_or(until).min(until)).await,
        }
    }
    false
}

/// Doubts the channels of a calendar: a reading found what none of them had told. Until something comes through them again, the
/// calendar is read every few minutes (`G3.10`).
pub(super) async fn doubt(host: &Context, (tenant, calendar): Key) -> Result<(), StoreError> {
    host.metrics.channel("doubted");
    for channel in host.store.channels_of(tenant, calendar).await? {
        if channel.stands_until().is_some() {
            put(host, Channel { doubted_at: Some(host.now()), ..channel }).await?;
        }
    }
    Ok(())
}

/// Whether the row was changed; not where somebody was faster.
async fn put(host: &Context, channel: Channel) -> Result<bool, StoreError> {
    let tenant = channel.tenant;
    committed(host.store.commit(Commit { tenant, writes: vec![Write::Channel(channel)] }).await)
}

fn committed(done: Result<(), CommitError>) -> Result<bool, StoreError> {
    match done {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict(_)) => Ok(false),
        Err(CommitError::Store(error)) => Err(error),
    }
}

/// Where push is off, and where it is on: for those who ask how the host is.
#[must_use]
pub fn standing(host: &Context) -> &'static str {
    match host.push {
        Some(_) => "push: on",
        None => "push: off, since no public URL is configured; calendars are polled",
    }
}

//! What is to be done about a channel, and what it is afterwards: choices without a clock, a store or a provider.
//!
//! A row is made before a provider is asked (`G3.5`, `G3.13`), each try is counted before it is made, and each row says when it is
//! looked at next; so a host that dies anywhere leaves rows from which the next one goes on.

use super::lots::Lots;
use super::wire::{Granted, Refusal};
use crate::host::model::{Calendar, CalendarId, Channel, ChannelState, Origin};
use crate::host::planted::{self, Bug};
use crate::host::sync::cadence::mixed;
use crate::time::{Elapsed, Instant};
use sha2::{Digest, Sha256};

/// How long a channel is asked for. Google's longest is about a week; Graph takes 10,080 minutes at the most (`M8.3`).
pub const LIFE: Elapsed = Elapsed::from_mins(10_070);
/// An answer that has not come after this will not come.
pub const ASKED_MAX: Elapsed = Elapsed::from_mins(2);
/// How long both deliver when one channel takes the place of another (`G3.11`).
pub const OVERLAP: Elapsed = Elapsed::from_mins(1);
/// How long a channel that is gone is remembered: what was under way still comes.
pub const REMEMBERED: Elapsed = Elapsed::from_hours(1);
/// How long a calendar that cannot be watched is polled before it is asked about again (`G3.14`, `M8.9`).
pub const POLL_ONLY: Elapsed = Elapsed::from_hours(7 * 24);
/// First and longest wait after any other failure.
pub const BACKOFF: (Elapsed, Elapsed) = (Elapsed::from_mins(1), Elapsed::from_hours(6));
/// The same where the fault is ours, a certificate or a registration: it passes once somebody has mended it, and that can be soon.
pub const OURS: (Elapsed, Elapsed) = (Elapsed::from_mins(5), Elapsed::from_hours(6));
/// While nobody may ask the provider, since the user has to connect again first, it is looked again so often.
pub const IDLE: Elapsed = Elapsed::from_hours(1);

/// What is to be done about a channel whose time has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Ask for one that takes its place: Google's cannot be made to last (`G3.11`).
    Replace,
    /// Ask for more time for the same one (`M8.8`).
    Extend,
    /// Stop it.
    Stop,
    /// Nobody answered, and its messages come: it is there. It is replaced or extended at once, since nobody knows how long it
    /// lasts.
    Adopt,
    /// It is there no more, or nobody could say anything about it.
    Part,
    /// Forget the row.
    Forget,
    /// Ask anew for what was refused.
    AskAgain,
}

/// What is to be done now.
#[must_use]
pub fn deed(channel: &Channel, calendar: &Calendar, now: Instant) -> Deed {
    let is_over = channel.expires_at <= now;
    match channel.state {
        ChannelState::Gone => Deed::Forget,
        ChannelState::Refused => Deed::AskAgain,
        _ if is_over => Deed::Part,
        ChannelState::Asked if channel.resource.is_some() => Deed::Adopt,
        ChannelState::Asked => Deed::Part,
        ChannelState::Replaced | ChannelState::Stopping if channel.resource.is_none() => Deed::Part,
        ChannelState::Replaced | ChannelState::Stopping => Deed::Stop,
        ChannelState::Live if calendar.state == crate::host::model::CalendarState::Gone => Deed::Stop,
        ChannelState::Live if channel.kind == Origin::Google => Deed::Replace,
        ChannelState::Live => Deed::Extend,
    }
}

/// What a message must show, as it is stored.
#[must_use]
pub fn digest(secret: &str) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(secret.as_bytes()))
}

/// A channel that is asked for now, and the secret that its messages show. It inherits how it stands with `old`'s messages: they
/// come the same way.
#[must_use]
pub fn asked(lots: &Lots, calendar: &Calendar, old: Option<&Channel>, now: Instant) -> (Channel, String) {
    let secret = lots.secret();
    let channel = Channel {
        tenant: calendar.tenant,
        id: lots.uuid(),
        calendar: calendar.id,
        kind: calendar.origin,
        digest: digest(&secret),
        nonce: (calendar.origin == Origin::Graph).then(|| lots.secret()),
        resource: None,
        state: ChannelState::Asked,
        expires_at: after(now, LIFE),
        made_at: now,
        due_at: Some(after(now, ASKED_MAX)),
        tries: old.map_or(0, |old| old.tries),
        seen: 0,
        heard_at: old.and_then(|old| old.heard_at),
        doubted_at: old.and_then(|old| old.doubted_at),
        version: 0,
    };
    (channel, secret)
}

/// The same channel before one more try: should nobody come back from it, the next is made after a while.
#[must_use]
pub fn tried(channel: &Channel, seed: u64, now: Instant) -> Channel {
    let tries = channel.tries.saturating_add(1);
    Channel { tries, due_at: Some(after(now, backoff(BACKOFF, channel.calendar, tries, seed))), ..channel.clone() }
}

/// The channel as the provider gave it, or gave it more time. What it grants counts, and not what was asked for (`G3.4`, `M8.3`).
#[must_use]
pub fn live(channel: &Channel, granted: &Granted, seed: u64, now: Instant) -> Channel {
    let expires_at = granted.expires_at.unwrap_or(channel.expires_at);
    let due_at = if planted::is(Bug::ChannelNotRenewed) { expires_at } else { renew_at(channel, expires_at, seed, now) };
    let resource = granted.resource.clone().or_else(|| channel.resource.clone());
    Channel { resource, state: ChannelState::Live, expires_at, due_at: Some(due_at), tries: 0, ..channel.clone() }
}

/// When a channel is renewed: after seven to eight tenths of its time, by chance, so that those that were made together are not
/// renewed together.
fn renew_at(channel: &Channel, expires_at: Instant, seed: u64, now: Instant) -> Instant {
    let life = u64::try_from(expires_at.duration_since(now).as_millis()).unwrap_or(0);
    let round = now.as_second().unsigned_abs();
    let wait = life * 7 / 10 + mixed(seed, channel.calendar.0, round) % (life / 10 + 1);
    after(now, Elapsed::from_millis(i64::try_from(wait).unwrap_or(i64::MAX)))
}

/// Whether another channel of the calendar lives and lasts longer: hosts that died or were held up between asking and storing leave
/// such, and without this each of them would be renewed for ever.
#[must_use]
pub fn is_double(channel: &Channel, of_calendar: &[Channel]) -> bool {
    let lasts = |channel: &Channel| (channel.expires_at, channel.id.clone());
    of_calendar.iter().any(|other| other.state == ChannelState::Live && lasts(other) > lasts(channel))
}

/// The channel whose place another took.
#[must_use]
pub fn replaced(channel: &Channel, now: Instant) -> Channel {
    Channel { state: ChannelState::Replaced, due_at: Some(after(now, OVERLAP)), tries: 0, ..channel.clone() }
}

/// The channel that is to be stopped at once.
#[must_use]
pub fn stopping(channel: &Channel, now: Instant) -> Channel {
    Channel { state: ChannelState::Stopping, due_at: Some(now), tries: 0, ..channel.clone() }
}

/// The channel that nobody answered about, and that is there: to be renewed at once.
#[must_use]
pub fn adopted(channel: &Channel, now: Instant) -> Channel {
    Channel { state: ChannelState::Live, due_at: Some(now), tries: 0, ..channel.clone() }
}

/// The channel that is no more. One that may be there without our knowing what it is called is remembered for as long as it could
/// be: its messages tell.
#[must_use]
pub fn parted(channel: &Channel, now: Instant) -> Channel {
    let is_unknown = channel.state == ChannelState::Asked && channel.resource.is_none();
    let until = if is_unknown { channel.expires_at.max(after(now, REMEMBERED)) } else { after(now, REMEMBERED) };
    Channel { state: ChannelState::Gone, due_at: Some(until), ..channel.clone() }
}

/// The channel that the provider would not give.
#[must_use]
pub fn refused(channel: &Channel, refusal: &Refusal, seed: u64, now: Instant) -> Channel {
    let tries = channel.tries.saturating_add(1);
    let own = backoff(BACKOFF, channel.calendar, tries, seed);
    let wait = match refusal {
        Refusal::PollOnly => POLL_ONLY + own,
        Refusal::Ours(_) => backoff(OURS, channel.calendar, tries, seed),
        Refusal::Throttled(wait) => wait.and_then(|wait| Elapsed::try_from(wait).ok()).map_or(own, |wait| own.max(wait)),
        Refusal::Unknown | Refusal::Retry(_) | Refusal::NotSent => own,
    };
    Channel { state: ChannelState::Refused, due_at: Some(after(now, wait)), tries, ..channel.clone() }
}

/// The channel that nobody may do anything about now.
#[must_use]
pub fn idle(channel: &Channel, now: Instant) -> Channel {
    Channel { due_at: Some(after(now, IDLE).min(channel.expires_at.max(after(now, BACKOFF.0)))), ..channel.clone() }
}

/// Doubles with every try between the bounds; the upper half of it is chance.
fn backoff((first, longest): (Elapsed, Elapsed), calendar: CalendarId, tries: u32, seed: u64) -> Elapsed {
    let doubled = first * 2i32.pow(tries.saturating_sub(1).min(9));
    let most = u64::try_from(doubled.min(longest).as_millis()).unwrap_or(0);
    let wait = most / 2 + mixed(seed, calendar.0, u64::from(tries)) % (most / 2 + 1);
    Elapsed::from_millis(i64::try_from(wait).unwrap_or(i64::MAX))
}

fn after(at: Instant, wait: Elapsed) -> Instant {
    at.checked_add(wait).unwrap_or(Instant::MAX)
}

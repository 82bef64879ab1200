//! When a calendar is read next.
//!
//! Each calendar has a slot of its own in the period, so that a hundred thousand of them fall evenly (`G4.5`). A meeting
//! that is near shortens the period, push that works lengthens it, and a failure is made good within it. Where one OAuth client has
//! more calendars than its quota can serve, all of them are read more seldom ([`slowness`]); that no single request is one too
//! many is the governor's part ([`super::quota`]).
//!
//! Promises: [`Cadence::due`] is later than `now` by no more than [`staleness_max`] of what it was told; two hosts with one
//! seed agree; no two calls differ for one input.

use super::error::SyncError;
use crate::host::model::{CalendarId, CalendarState};
use crate::time::{Elapsed, Instant};

/// How often a calendar is read where nothing else is known.
pub const PERIOD: Elapsed = Elapsed::from_mins(5);
/// How often it is read while a meeting is near.
pub const PERIOD_NEAR: Elapsed = Elapsed::from_mins(1);
/// How often it is read while push works (`G3.10`); its period is between three and five quarters of this.
pub const PERIOD_PUSHED: Elapsed = Elapsed::from_mins(48);
/// How much longer that becomes where the quota is needed for calendars that are polled, in percent: twelve hours.
const SLOWNESS_PUSHED_MAX: u32 = 1500;
/// A meeting is near from this long before its start on.
pub const NEAR: Elapsed = Elapsed::from_mins(15);
/// And until this long after it: what changes while a bot sets out is followed as soon.
pub const NEAR_AFTER: Elapsed = Elapsed::from_mins(10);
/// A bot is taken to be in its meeting for no longer than this after the start.
pub const RUNNING_MAX: Elapsed = Elapsed::from_hours(12);
/// Shortest wait after a failure.
pub const BACKOFF_MIN: Elapsed = Elapsed::from_secs(30);
/// Longest wait after a failure, unless the provider asked for more: no calendar is read more seldom for it (`G4.7`).
pub const BACKOFF_MAX: Elapsed = PERIOD;
/// After so many failures in a row, which is most of an hour, a calendar counts as [`CalendarState::Failing`].
pub const FAILING_AFTER: u32 = 12;
/// After so many answers in a row, about ten minutes of them, that there is no such calendar, it is believed (`G4.4`).
pub const GONE_AFTER: u32 = 5;
/// What is added to a slot at the most: a tenth of the period.
const JITTER_PARTS: u64 = 10;

/// How it stands with a calendar whose next read is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The start of its next meeting that may need a bot, or has one; until [`NEAR_AFTER`] it counts as the next.
    pub next_start: Option<Instant>,
    /// Push messages of the calendar arrive.
    pub pushed: bool,
    /// A bot is in one of its meetings: then it is read like one that is polled, since a message that gets lost would leave the bot
    /// there (`G3.10`).
    pub running: bool,
    /// Passes that failed since the last that did not.
    pub failures: u32,
    /// How long the provider asked us to wait, if the last pass failed so.
    pub wait: Option<std::time::Duration>,
    /// How much longer its periods are because of the others of its OAuth client, in percent ([`slowness`]); below 100 counts as
    /// 100.
    pub slowness: u32,
    /// The same while push works ([`slowness_pushed`]).
    pub slowness_pushed: u32,
}

/// Of a client's quota, the part that passes over calendars may use, in percent; the rest is for further pages, single reads and
/// whatever is tried again.
pub const SHARE_PERCENT: u64 = 70;
/// By how much periods can be longer. The steps are wide, since each change of it moves every slot.
const SLOWNESS: [u32; 14] = [100, 125, 150, 200, 250, 300, 400, 500, 600, 800, 1000, 1500, 2000, 4000];

/// How much longer the periods of a client's calendars must be than [`PERIOD`] and [`PERIOD_NEAR`], so that reading all of them,
/// one request each, takes no more than its share of the client's quota; in percent.
///
/// ```
/// use callsheet::host::sync::cadence::slowness;
/// // 10,000 requests a minute: 35,000 calendars every five minutes.
/// assert_eq!(slowness(35_000, 0, 10_000), 100);
/// assert_eq!(slowness(100_000, 0, 10_000), 300);
/// ```
#[must_use]
pub fn slowness(calendars: usize, near: usize, requests_per_minute: u64) -> u32 {
    let needed = (polling(calendars, near) * 100).div_ceil(share_of(requests_per_minute));
    SLOWNESS.into_iter().find(|step| u64::from(*step) >= needed).unwrap_or(SLOWNESS[SLOWNESS.len() - 1])
}

/// How much longer the periods of a client's calendars must be than [`PERIOD_PUSHED`] while push works, so that reading them takes no
/// more than polling leaves of the client's share; in percent. `polled`: how many are polled, and how many of those have a meeting near.
///
/// ```
/// use callsheet::host::sync::cadence::slowness_pushed;
/// // 10,000 requests a minute: 100,000 calendars every 48 minutes, and fewer beside 30,000 that are polled.
/// assert_eq!(slowness_pushed(100_000, (0, 0), 10_000), 100);
/// assert_eq!(slowness_pushed(100_000, (30_000, 0), 10_000), 250);
/// ```
#[must_use]
pub fn slowness_pushed(pushed: usize, (polled, near): (usize, usize), requests_per_minute: u64) -> u32 {
    let wanted = (pushed as u64).saturating_mul(1000) / minutes(PERIOD_PUSHED);
    let left = share_of(requests_per_minute).saturating_sub(polling(polled, near)).max(1);
    let needed = wanted.saturating_mul(100).div_ceil(left);
    let steps = SLOWNESS.into_iter().take_while(|step| *step <= SLOWNESS_PUSHED_MAX);
    steps.into_iter().find(|step| u64::from(*step) >= needed).unwrap_or(SLOWNESS_PUSHED_MAX)
}

/// What polling so many calendars takes in thousandths of a request a minute, some of them with a meeting near.
fn polling(calendars: usize, near: usize) -> u64 {
    let (calendars, near) = (calendars as u64, near.min(calendars) as u64);
    near * 1000 / minutes(PERIOD_NEAR) + (calendars - near) * 1000 / minutes(PERIOD)
}

/// What passes over calendars may take, in the same measure.
fn share_of(requests_per_minute: u64) -> u64 {
    (requests_per_minute * 1000 * SHARE_PERCENT / 100).max(1)
}

fn minutes(period: Elapsed) -> u64 {
    u64::try_from(period.as_secs()).unwrap_or(u64::MAX).div_ceil(60).max(1)
}

fn slowed(period: Elapsed, standing: &Standing) -> Elapsed {
    period * i32::try_from(standing.slowness.max(100)).unwrap_or(i32::MAX) / 100
}

fn slowed_pushed(standing: &Standing) -> Elapsed {
    let slowness = standing.slowness_pushed.clamp(100, SLOWNESS_PUSHED_MAX);
    PERIOD_PUSHED * i32::try_from(slowness).unwrap_or(i32::MAX) / 100
}

/// The spread of reads, the same on every host that is given the same seed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cadence {
    /// Any number; another one gives other slots.
    pub seed: u64,
}

impl Cadence {
    /// When the calendar is to be read next; later than `now`.
    #[must_use]
    pub fn due(&self, calendar: CalendarId, now: Instant, standing: &Standing) -> Instant {
        if standing.failures > 0 {
            return after(now, self.backoff(calendar, standing));
        }
        let (period, period_near) = (slowed(PERIOD, standing), slowed(PERIOD_NEAR, standing));
        let next = match (near(now, standing), standing.pushed) {
            (Near::Now, true) => self.slot(calendar, now, period),
            (Near::Now, false) => self.slot(calendar, now, period_near),
            (Near::From(start), true) => self.pushed(calendar, now, standing).min(self.slot(calendar, start, period)),
            (Near::From(start), false) => self.slot(calendar, now, period).min(self.slot(calendar, start, period_near)),
            (Near::Never, true) => self.pushed(calendar, now, standing),
            (Near::Never, false) => self.slot(calendar, now, period),
        };
        let next = if standing.running { next.min(self.slot(calendar, now, period)) } else { next };
        next.max(after(now, Elapsed::from_millis(1)))
    }

    /// The first slot of the calendar after `now`: the slots of a calendar are `period` apart, and each is off by a jitter
    /// that changes from slot to slot.
    fn slot(&self, calendar: CalendarId, now: Instant, period: Elapsed) -> Instant {
        let length = millis(period).max(1);
        let spread = (length / JITTER_PARTS).max(1);
        let phase = mixed(self.seed, calendar.0, 0) % length;
        let since = i128::from(now.as_millisecond()) - i128::from(phase);
        let (round, into) = (since.div_euclid(i128::from(length)), since.rem_euclid(i128::from(length)));
        let wait = length - u64::try_from(into).unwrap_or(0);
        let jitter = mixed(self.seed, calendar.0, u64::try_from(round.unsigned_abs()).unwrap_or(0)) % spread;
        after(now, Elapsed::from_millis(i64::try_from(wait + jitter).unwrap_or(i64::MAX)))
    }

    /// A read in three to five quarters of [`PERIOD_PUSHED`]: nobody needs it at a certain time, everybody needs it spread.
    fn pushed(&self, calendar: CalendarId, now: Instant, standing: &Standing) -> Instant {
        let length = millis(slowed_pushed(standing));
        let round = now.as_millisecond().unsigned_abs() / length;
        let wait = length * 3 / 4 + mixed(self.seed, calendar.0, round) % (length / 2);
        after(now, Elapsed::from_millis(i64::try_from(wait).unwrap_or(i64::MAX)))
    }

    /// Doubles with every failure between [`BACKOFF_MIN`] and [`BACKOFF_MAX`]; the upper half of it is chance. A provider's
    /// own word counts where it asks for more.
    fn backoff(&self, calendar: CalendarId, standing: &Standing) -> Elapsed {
        let doubled = BACKOFF_MIN * 2i32.pow(standing.failures.clamp(1, 6));
        let most = millis(doubled.min(BACKOFF_MAX));
        let least = millis(BACKOFF_MIN).max(most / 2);
        let chance = mixed(self.seed, calendar.0, u64::from(standing.failures)) % (most - least + 1);
        let own = Elapsed::from_millis(i64::try_from(least + chance).unwrap_or(i64::MAX));
        let asked = standing.wait.and_then(|wait| Elapsed::try_from(wait).ok());
        // Not at the very second that everybody was told.
        asked.map_or(own, |asked| own.max(asked + own / 20))
    }
}

/// The longest that [`Cadence::due`] lies ahead, for a calendar that stands like this.
#[must_use]
pub fn staleness_max(now: Instant, standing: &Standing) -> Elapsed {
    let slotted = |period: Elapsed| period + period / 10;
    let asked = standing.wait.and_then(|wait| Elapsed::try_from(wait).ok()).unwrap_or(Elapsed::ZERO);
    match (standing.failures, standing.pushed, near(now, standing)) {
        (1.., _, _) => BACKOFF_MAX.max(asked + BACKOFF_MAX / 20),
        (0, true, _) if standing.running => slotted(slowed(PERIOD, standing)),
        (0, true, Near::Now) => slotted(slowed(PERIOD, standing)),
        (0, false, Near::Now) => slotted(slowed(PERIOD_NEAR, standing)),
        (0, true, Near::From(start)) => {
            (slowed_pushed(standing) * 5 / 4).min(start.duration_since(now) + slotted(slowed(PERIOD, standing)))
        }
        (0, true, Near::Never) => slowed_pushed(standing) * 5 / 4,
        (0, false, _) => slotted(slowed(PERIOD, standing)),
    }
}

/// What becomes of a calendar after `failures` in a row, the last `repeats` of them `error`.
#[must_use]
pub fn state_after(error: &SyncError, failures: u32, repeats: u32) -> CalendarState {
    match error {
        SyncError::CalendarGone if repeats >= GONE_AFTER => CalendarState::Gone,
        // Our own fault, and a provider that is busy, are nothing that a user could cure.
        SyncError::Operator(_) | SyncError::Throttled { .. } => CalendarState::Active,
        _ if failures >= FAILING_AFTER => CalendarState::Failing,
        _ => CalendarState::Active,
    }
}

enum Near {
    /// A meeting begins soon.
    Now,
    /// One does from this instant on.
    From(Instant),
    Never,
}

fn near(now: Instant, standing: &Standing) -> Near {
    match standing.next_start.filter(|start| after(*start, NEAR_AFTER) >= now) {
        None => Near::Never,
        Some(start) => {
            let from = after(start, -NEAR);
            if from <= now { Near::Now } else { Near::From(from) }
        }
    }
}

fn after(at: Instant, wait: Elapsed) -> Instant {
    at.checked_add(wait).unwrap_or(if wait.is_negative() { Instant::MIN } else { Instant::MAX })
}

fn millis(length: Elapsed) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(0)
}

/// Sixty-four well mixed bits of three numbers; the finisher of SplitMix64.
pub(in crate::host) fn mixed(seed: u64, id: u64, round: u64) -> u64 {
    [id, round].into_iter().fold(seed, |state, part| {
        let mut bits = (state ^ part).wrapping_add(0x9E37_79B9_7F4A_7C15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    })
}

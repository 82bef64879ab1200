//! Which calendars this host reads, and when each is read next.
//!
//! The list is read page by page, so that a hundred thousand calendars cost little at any moment; which of them have a meeting
//! near is one query over the meetings of the next minutes.

use super::channels;
use super::syncs::ReadError;
use crate::host::context::Context;
use crate::host::model::{CalendarId, TenantId, Wake};
use crate::host::planning::Absorbed;
use crate::host::planted::{self, Bug};
use crate::host::push::window::WINDOW;
use crate::host::store::{Commit, CommitError, StoreError, Watched, Write};
use crate::host::sync::SyncError;
use crate::host::sync::cadence::{NEAR, NEAR_AFTER, PERIOD, RUNNING_MAX, Standing, slowness, slowness_pushed};
use crate::host::sync::quota::Limits;
use crate::host::sync::share::{Part, Turn};
use crate::time::{Elapsed, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// How often the list of calendars is begun again, and how often it is asked which have a meeting near.
const LIST_EVERY: Elapsed = Elapsed::from_secs(30);
/// How many calendars are listed at once.
const PAGE: usize = 5_000;
/// How soon is seen that hosts share the store in another way.
const SHARE_LOOK: Elapsed = Elapsed::from_secs(1);
/// How long after a page the next one is read.
const PAGE_EVERY: Elapsed = Elapsed::from_secs(1);

/// How often is looked which calendars somebody said something about.
const WAKE_EVERY: Elapsed = Elapsed::from_secs(1);
/// How many of them are taken up at once.
const WAKES: usize = 1_000;
/// A channel may tell of a change so much later than a reading finds it.
const TELLING_MAX: Elapsed = Elapsed::from_mins(2);

/// Most calendars of one OAuth client that are read at once.
const EACH: usize = 128;

/// Names a calendar.
pub(super) type Key = (TenantId, CalendarId);

/// The calendars, and when each is read next.
#[derive(Default)]
pub(super) struct Round {
    calendars: BTreeMap<Key, Known>,
    queue: BTreeSet<(Instant, Key)>,
    crowds: Vec<Crowd>,
    /// The first start of each calendar that has a meeting near.
    near: BTreeMap<Key, Instant>,
    /// The calendars with a bot in one of their meetings, for longer than it counts as near.
    running: BTreeSet<Key>,
    /// How the hosts shared the store when the list was begun, and whether they can.
    shared: (u64, bool),
    /// How far the list was read.
    listed_to: Key,
    page_at: Option<Instant>,
    near_at: Option<Instant>,
    wakes_at: Option<Instant>,
    /// The time when it was last looked.
    seen: Option<Instant>,
}

/// What is known of a calendar.
struct Known {
    standing: Standing,
    /// Its channel tells of what changes.
    pushed: bool,
    /// The place of its crowd.
    crowd: usize,
    /// When it is read next; `None` while it is being read.
    due: Option<Instant>,
    /// While it is being read: the place of the crowd that it is counted with.
    reading: Option<usize>,
    /// When a reading of it last began.
    begun_at: Option<Instant>,
    /// What somebody said about it, and no reading has made good yet.
    wake: Option<Wake>,
    /// When a reading found changes that its channel has not told of.
    untold_at: Option<Instant>,
}

/// The calendars of one OAuth client, which share its quota.
struct Crowd {
    client: String,
    per_minute: u64,
    calendars: usize,
    near: usize,
    slowness: u32,
    slowness_pushed: u32,
    /// How many of them have a channel that stands for reading them, and no meeting near: these are read every hour, as far as the quota
    /// allows that beside the others.
    pushed: usize,
    /// How many of them are being read.
    reading: usize,
    /// Those that are due but have to wait until fewer are.
    parked: BTreeSet<(Instant, Key)>,
}

impl Round {
    /// Takes note of new calendars, of those that are gone, and of meetings that came near.
    pub(super) async fn list(&mut self, host: &Context) {
        let now = host.now();
        self.set_right(host, now);
        let shared = (host.shared_anew(), host.store.is_shared());
        if std::mem::replace(&mut self.shared, shared) != shared {
            (self.page_at, self.listed_to) = (None, Key::default());
        }
        // A clock that was set back does not put the list off.
        let is_time = |at: Option<Instant>| at.is_none_or(|at| at <= now || at > now + LIST_EVERY);
        if is_time(self.near_at) {
            self.near_at = Some(now + LIST_EVERY);
            if let Err(error) = self.list_near(host, now).await {
                tracing::warn!(error = %error, "calendars with a meeting near could not be listed");
            }
        }
        if host.push.is_some() && is_time(self.wakes_at) {
            self.wakes_at = Some(now + WAKE_EVERY);
            if let Err(error) = self.list_wakes(host, now).await {
                tracing::warn!(error = %error, "calendars that changed could not be listed");
            }
        }
        if is_time(self.page_at) {
            self.page_at = Some(now + PAGE_EVERY);
            if let Err(error) = self.list_page(host, now).await {
                tracing::warn!(error = %error, "calendars could not be listed");
            }
        }
    }

    /// After a clock was set back, what was planned by the time that it showed before would come far too late.
    fn set_right(&mut self, host: &Context, now: Instant) {
        let seen = self.seen.replace(now);
        if seen.is_none_or(|seen| seen <= now + LIST_EVERY) {
            return;
        }
        self.calendars.values_mut().for_each(|known| known.begun_at = None);
        let waiting = self.calendars.iter().filter(|(_, known)| known.due.is_some());
        let due: Vec<(Key, Instant)> =
            waiting.map(|(key, known)| (*key, host.cadence.due(key.1, now, &known.standing))).collect();
        due.into_iter().for_each(|(key, at)| self.plan(key, at));
    }

    /// Reads sooner what somebody said something about, though no calendar more often than once in [`WINDOW`], and none that just
    /// failed: a notification can only bring forward what would be read anyway.
    async fn list_wakes(&mut self, host: &Context, now: Instant) -> Result<(), StoreError> {
        for wake in host.store.wakes(now + Elapsed::from_millis(1), WAKES).await? {
            let key = (wake.tenant, wake.calendar);
            let Some(known) = self.calendars.get_mut(&key) else { continue };
            known.wake = Some(wake);
            known.untold_at = None;
            let Some(planned) = known.due.filter(|_| known.standing.failures == 0) else { continue };
            if now < planned {
                self.plan(key, now);
            }
        }
        Ok(())
    }

    async fn list_near(&mut self, host: &Context, now: Instant) -> Result<(), StoreError> {
        // Those that come near before the list is read again, too; and no calendar is planned further ahead than its period.
        let found = host.store.near(now - NEAR_AFTER, now + NEAR + PERIOD).await?;
        let near: BTreeMap<Key, Instant> = found.into_iter().map(|near| ((near.tenant, near.calendar), near.start)).collect();
        let before = std::mem::replace(&mut self.near, near);
        let running = host.store.near(now - RUNNING_MAX, now - NEAR_AFTER).await?;
        let running = running.into_iter().map(|near| (near.tenant, near.calendar)).collect();
        let ran = std::mem::replace(&mut self.running, running);
        self.count(host);
        let changed: BTreeSet<Key> = before.keys().chain(self.near.keys()).chain(&ran).chain(&self.running).copied().collect();
        changed.into_iter().for_each(|key| self.note(host, key, now));
        Ok(())
    }

    /// Counts anew how many of each client's calendars are read how often, and paces them by it. Those that are pushed have what those
    /// that are polled leave.
    fn count(&mut self, host: &Context) {
        for crowd in &mut self.crowds {
            (crowd.near, crowd.pushed) = (0, 0);
        }
        for (key, known) in &self.calendars {
            let crowd = &mut self.crowds[known.crowd];
            match (self.near.contains_key(key), known.pushed && !self.running.contains(key)) {
                (true, false) => crowd.near += 1,
                (false, true) => crowd.pushed += 1,
                // With a meeting near, one that is pushed is read like one that is polled.
                (true, true) | (false, false) => {}
            }
        }
        self.pace(host);
    }

    async fn list_page(&mut self, host: &Context, now: Instant) -> Result<(), StoreError> {
        let mut page = host.store.watched(self.listed_to, PAGE).await?;
        let is_last = page.len() < PAGE;
        let to = page.last().filter(|_| !is_last).map_or((TenantId(u64::MAX), CalendarId(u64::MAX)), key_of);
        // Those of the other hosts are forgotten like those that are gone.
        page.retain(|watched| host.turn(watched.connection) != Turn::Others);
        let named: BTreeSet<Key> = page.iter().map(key_of).collect();
        let behind = (std::ops::Bound::Excluded(self.listed_to), std::ops::Bound::Included(to));
        let gone: Vec<Key> = self.calendars.range(behind).map(|(key, _)| *key).filter(|key| !named.contains(key)).collect();
        gone.into_iter().for_each(|key| self.forget(key));
        page.iter().for_each(|watched| self.join(watched, now));
        self.count(host);
        self.doubt(host, &page, now).await?;
        page.iter().for_each(|watched| self.note(host, key_of(watched), now));
        self.listed_to = if is_last { Key::default() } else { to };
        if is_last {
            self.page_at = Some(now + LIST_EVERY);
            host.metrics.standing(self.calendars.len(), host.governor().waiting());
        }
        Ok(())
    }

    /// A host that reads a part of the calendars has that part of the quota.
    fn pace(&mut self, host: &Context) {
        let part = host.part();
        self.crowds.iter_mut().for_each(|crowd| crowd.pace(part));
    }

    /// Counts a calendar among those of its client.
    fn join(&mut self, watched: &Watched, now: Instant) {
        let crowd = self.crowd_of(watched);
        let known = self.calendars.entry(key_of(watched)).or_insert_with(|| {
            self.crowds[crowd].calendars += 1;
            let standing = Standing::default();
            Known { standing, crowd, due: None, reading: None, pushed: false, begun_at: None, wake: None, untold_at: None }
        });
        known.pushed = is_told(watched, now);
        if known.crowd != crowd {
            self.crowds[known.crowd].calendars -= 1;
            self.crowds[crowd].calendars += 1;
            let parked = known.due.map(|at| (at, key_of(watched))).filter(|due| self.crowds[known.crowd].parked.remove(due));
            self.queue.extend(parked);
            known.crowd = crowd;
        }
    }

    /// An installation has few clients.
    fn crowd_of(&mut self, watched: &Watched) -> usize {
        let known = self.crowds.iter().position(|crowd| crowd.client == watched.client);
        known.unwrap_or_else(|| {
            let rate = Limits::of(watched.origin).client;
            let per_minute = rate.count as u64 * 60 / u64::try_from(rate.window.as_secs()).unwrap_or(60).max(1);
            let client = watched.client.clone();
            let parked = BTreeSet::new();
            let (slowness, slowness_pushed) = (100, 100);
            self.crowds.push(Crowd {
                client,
                per_minute,
                calendars: 0,
                near: 0,
                pushed: 0,
                slowness,
                slowness_pushed,
                reading: 0,
                parked,
            });
            self.crowds.len() - 1
        })
    }

    /// Brings the standing of a calendar up to date, and reads it sooner where that asks for it.
    fn note(&mut self, host: &Context, key: Key, now: Instant) {
        let Some(known) = self.calendars.get_mut(&key) else { return };
        let is_new = known.standing.slowness == 0;
        let (next_start, crowd) = (self.near.get(&key).copied(), &self.crowds[known.crowd]);
        let (slowness, slowness_pushed) = (crowd.slowness, crowd.slowness_pushed);
        let running = self.running.contains(&key);
        let standing = Standing { next_start, slowness, slowness_pushed, running, pushed: known.pushed, ..known.standing };
        if known.standing == standing {
            return;
        }
        known.standing = standing;
        // One that was never read is read at once, those with a meeting near before the others.
        let due = match is_new {
            true => now - if next_start.is_some() { PERIOD } else { Elapsed::ZERO },
            false => host.cadence.due(key.1, now, &standing),
        };
        if is_new || known.due.is_some_and(|planned| due < planned) {
            self.plan(key, due);
        }
    }

    /// Plans the next reading, and none sooner than [`WINDOW`] after the last began, whatever asks for it.
    fn plan(&mut self, key: Key, at: Instant) {
        let Some(known) = self.calendars.get_mut(&key) else { return };
        let spaced = known.begun_at.filter(|_| !planted::is(Bug::NotificationsHurry)).map_or(at, |begun| at.max(begun + WINDOW));
        let at = spaced;
        if let Some(before) = known.due.replace(at) {
            self.queue.remove(&(before, key));
            self.crowds[known.crowd].parked.remove(&(before, key));
        }
        self.queue.insert((at, key));
    }

    fn forget(&mut self, key: Key) {
        let Some(mut known) = self.calendars.remove(&key) else { return };
        self.crowds[known.crowd].calendars -= 1;
        if let Some(at) = known.due {
            self.queue.remove(&(at, key));
            self.crowds[known.crowd].parked.remove(&(at, key));
        }
        self.make_room(known.reading.take());
    }

    /// The next calendar whose time has come; it is planned again when it was read. Those whose client has its share of the reads
    /// already are parked until one of them ends, so that a client out of quota keeps nobody else waiting.
    pub(super) fn next_due(&mut self, now: Instant) -> Option<(Key, Option<Wake>)> {
        while let Some((at, key)) = self.queue.first().copied().filter(|(at, _)| *at <= now) {
            self.queue.remove(&(at, key));
            let Some(known) = self.calendars.get_mut(&key) else { continue };
            let crowd = &mut self.crowds[known.crowd];
            if crowd.reading < EACH {
                crowd.reading += 1;
                (known.due, known.reading, known.begun_at) = (None, Some(known.crowd), Some(now));
                return Some((key, known.wake));
            }
            crowd.parked.insert((at, key));
        }
        None
    }

    /// One calendar less of a crowd is being read: the next one that waits for that may go.
    fn make_room(&mut self, crowd: Option<usize>) {
        let Some(crowd) = crowd else { return };
        self.crowds[crowd].reading -= 1;
        self.queue.extend(self.crowds[crowd].parked.pop_first());
    }

    /// Plans a calendar again that was read.
    pub(super) fn ended(&mut self, host: &Context, key: Key, outcome: &Result<Absorbed, ReadError>) {
        let Some(Known { standing, reading, wake, pushed, untold_at, .. }) = self.calendars.get_mut(&key) else { return };
        let reading = reading.take();
        let was_told = wake.take().is_some();
        if !was_told && *pushed && outcome.as_ref().is_ok_and(|absorbed| absorbed.entries > 0) {
            untold_at.get_or_insert(host.now());
        }
        standing.wait = match outcome {
            Err(ReadError::Sync(SyncError::Throttled { wait, .. })) if !planted::is(Bug::ProviderHurried) => *wait,
            _ => None,
        };
        standing.failures = match outcome {
            Ok(_) => 0,
            Err(_) => host.pass_state(key.1).failures.max(1),
        };
        let due = host.cadence.due(key.1, host.now(), standing);
        self.make_room(reading);
        if outcome.is_ok() || !planted::is(Bug::ReadOnlyOnce) {
            self.plan(key, due);
        }
    }

    /// Doubts the channels of calendars in which a reading found changes that they never told of.
    async fn doubt(&mut self, host: &Context, page: &[Watched], now: Instant) -> Result<(), StoreError> {
        for watched in page {
            let Some(known) = self.calendars.get_mut(&key_of(watched)) else { continue };
            if known.untold_at.is_some_and(|untold| now > untold + TELLING_MAX) {
                known.untold_at = None;
                channels::doubt(host, key_of(watched)).await?;
            }
        }
        Ok(())
    }

    /// How long nothing is to be done.
    pub(super) fn wait(&self, now: Instant) -> Elapsed {
        let longest = if self.shared.1 { SHARE_LOOK } else { LIST_EVERY };
        let looks = [self.page_at, self.near_at, self.wakes_at].into_iter().flatten();
        let next = self.queue.first().map(|(at, _)| *at).into_iter().chain(looks).min();
        next.map_or(longest, |at| at.duration_since(now)).clamp(Elapsed::from_millis(1), longest)
    }
}

impl Crowd {
    fn pace(&mut self, part: Part) {
        let per_minute = part.of_client(usize::try_from(self.per_minute).unwrap_or(usize::MAX));
        let polled = self.calendars.saturating_sub(self.pushed);
        self.slowness = slowness(polled, self.near, per_minute as u64);
        self.slowness_pushed = slowness_pushed(self.pushed, (polled, self.near), per_minute as u64);
    }
}

/// Whether somebody tells of what changes in a calendar, so that it need not be read every few minutes.
fn is_told(watched: &Watched, now: Instant) -> bool {
    watched.pushed_until.is_some_and(|until| until > now)
}

/// Commits that the calendar was read for what somebody said about it.
pub(super) async fn woken(host: &Context, wake: &Wake, begun: Instant) -> Result<(), StoreError> {
    let writes = vec![Write::Woken(wake.calendar, wake.number, begun)];
    match host.store.commit(Commit { tenant: wake.tenant, writes }).await {
        Ok(()) | Err(CommitError::Conflict(_)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error),
    }
}

fn key_of(watched: &Watched) -> Key {
    (watched.tenant, watched.calendar)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::model::{ConnectionId, Origin};

    fn join(round: &mut Round, number: u64, client: &str, due: Instant) -> Key {
        let key = (TenantId(1), CalendarId(number));
        let (connection, client) = (ConnectionId(number), client.to_owned());
        let watched = Watched { tenant: key.0, calendar: key.1, connection, origin: Origin::Google, client, pushed_until: None };
        round.join(&watched, due);
        round.plan(key, due);
        key
    }

    #[test]
    fn a_client_with_its_share_of_the_reads_keeps_no_other_waiting() {
        let mut round = Round::default();
        let (first, later) = (Instant::UNIX_EPOCH, Instant::UNIX_EPOCH + Elapsed::from_secs(1));
        let busy: Vec<Key> = (0..EACH as u64 + 2).map(|number| join(&mut round, number, "busy", first)).collect();
        let other = join(&mut round, 1000, "other", later);
        let begun: Vec<Key> = std::iter::from_fn(|| Some(round.next_due(later)?.0)).collect();
        assert_eq!((begun.len(), begun.last()), (EACH + 1, Some(&other)));
        let next = |round: &mut Round| Some(round.next_due(later)?.0);
        // One that is gone is read no longer; one that is planned anew while it waits goes on waiting in its new place.
        round.forget(begun[0]);
        assert_eq!([next(&mut round), next(&mut round)], [Some(busy[EACH]), None]);
        round.plan(busy[EACH + 1], later);
        assert_eq!(next(&mut round), None);
        round.forget(begun[1]);
        assert_eq!([next(&mut round), next(&mut round)], [Some(busy[EACH + 1]), None]);
    }
}

//! The governor: who may ask a provider now, and who has to wait until when.
//!
//! Quotas are counted per OAuth client and per mailbox (`G4.1`, `M9.1`). Whoever wants to ask makes a [`Wish`] and gets a
//! [`Verdict`]; a granted wish is ended by [`Governor::ended`], which also tells the two breakers how it went (`G4.6`).
//!
//! Promises: in no sliding window are more wishes granted than its limit says, for a client as for a mailbox (I9); among
//! those who wait for one limit the earliest deadline goes first, and because deadlines do not move, everybody's turn comes.
//! Deliberately absent: a clock, and chance.

use super::error::Scope;
use super::share::Part;
use crate::host::model::Origin;
use crate::time::{Elapsed, Instant};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

/// So many in any window of this length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: usize,
    /// In how long.
    pub window: Elapsed,
}

/// The quotas of one OAuth client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// All requests of the client.
    pub client: Rate,
    /// Those for one mailbox.
    pub mailbox: Rate,
    /// Those for one mailbox that are under way at once.
    pub at_once: usize,
}

impl Limits {
    /// What the providers publish, for clients whose own figures are not configured.
    #[must_use]
    pub fn of(origin: Origin) -> Self {
        let rate = |count, secs| Rate { count, window: Elapsed::from_secs(secs) };
        match origin {
            Origin::Google => Self { client: rate(10_000, 60), mailbox: rate(600, 60), at_once: 4 },
            // One less than Graph allows: an answer that was given up may still be in the making there.
            Origin::Graph => Self { client: rate(130_000, 10), mailbox: rate(10_000, 600), at_once: 3 },
            // Nobody publishes figures for feeds; this is what a polite reader of one server does.
            Origin::Feed => Self { client: rate(600, 60), mailbox: rate(20, 60), at_once: 1 },
        }
    }
}

impl Limits {
    /// What of them is for one host. That a mailbox is asked by one host at a time is not the governor's business.
    #[must_use]
    pub fn of_one(self, part: Part) -> Self {
        Self {
            client: Rate { count: part.of_client(self.client.count), ..self.client },
            mailbox: Rate { count: part.of_mailbox(self.mailbox.count, self.mailbox.window), ..self.mailbox },
            at_once: self.at_once,
        }
    }
}

/// How many calendars one client can read every `period`, one request each.
///
/// ```
/// use callsheet::host::sync::quota::calendars_per_client;
/// use callsheet::time::Elapsed;
/// assert_eq!(calendars_per_client(10_000, Elapsed::from_mins(5)), 50_000);
/// ```
#[must_use]
pub fn calendars_per_client(requests_per_minute: u64, period: Elapsed) -> u64 {
    requests_per_minute.saturating_mul(u64::try_from(period.as_secs()).unwrap_or(0)) / 60
}

/// Of a client's window, this part is kept for wishes whose deadline is near, in percent.
pub const RESERVE_PERCENT: usize = 20;
/// A deadline is near from this long before it on.
pub const URGENT: Elapsed = Elapsed::from_secs(60);
/// A grant that nobody ended counts as under way for no longer than this.
pub const UNDER_WAY_MAX: Elapsed = Elapsed::from_mins(2);
/// Who was told to come back and is this late has gone away.
pub const NO_SHOW: Elapsed = Elapsed::from_secs(30);
/// First pause of a breaker where the provider names none; it doubles with every strike.
pub const PAUSE_MIN: Elapsed = Elapsed::from_secs(2);
/// Longest pause that a breaker makes by itself.
pub const PAUSE_MAX: Elapsed = Elapsed::from_mins(5);

/// Somebody wants to send a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The caller's name for it; the same when it comes again. Two wishes at a time need two.
    pub id: u64,
    /// The OAuth client.
    pub client: String,
    /// The mailbox, as the caller names it.
    pub mailbox: u64,
    /// When it is too late. The same when it comes again.
    pub deadline: Instant,
}

/// What a wish comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Send now; call [`Governor::ended`] afterwards.
    Grant,
    /// Come again at this instant, with the same wish.
    Wait(Instant),
}

/// How a granted request ended, as far as quotas are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With an answer that is no throttling.
    Answered,
    /// Without one, or never sent.
    Nothing,
    /// With the answer that it was one too many.
    Throttled {
        /// Who has to slow down.
        scope: Scope,
        /// How long, if the provider said so.
        wait: Option<Duration>,
    },
}

/// All clients and mailboxes that were asked for lately.
#[derive(Clone, Debug, Default)]
pub struct Governor {
    clients: BTreeMap<String, Client>,
    /// What of the quotas is this host's.
    part: Part,
    /// The latest time seen, on the governor's own clock.
    latest: Option<Instant>,
    /// What is added to a given time, so that the own clock never runs backwards.
    ahead: Elapsed,
}

#[derive(Clone, Debug)]
struct Client {
    limits: Limits,
    gate: Gate,
    mailboxes: BTreeMap<u64, Mailbox>,
    /// Grants since idle mailboxes were last forgotten.
    grants: usize,
}

#[derive(Clone, Debug, Default)]
struct Mailbox {
    gate: Gate,
    /// Wishes under way, with the time when they count no more.
    under_way: Vec<(u64, Instant)>,
}

/// A sliding window, those who wait for it, and a breaker.
#[derive(Clone, Debug, Default)]
struct Gate {
    /// When the grants of the window were made, ascending.
    granted: VecDeque<Instant>,
    waiting: Waiting,
    breaker: Breaker,
}

/// A wish's place among those that wait: its deadline, and its name where two have one deadline.
type Place = (Instant, u64);

/// Who waits for a gate. How many are before somebody is asked with every wish, so nobody is counted one by one but those of the
/// same second.
#[derive(Clone, Debug, Default)]
struct Waiting {
    /// By the second of the deadline.
    seconds: BTreeMap<i64, BTreeMap<Place, Instant>>,
    /// When each is to come again, the first first.
    returns: BTreeSet<(Instant, Place)>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Breaker {
    /// Nobody asks before this.
    until: Option<Instant>,
    /// Throttlings since the last answer that was none.
    strikes: u32,
    /// The one who asks first after a pause, and until when the others wait for the outcome.
    probe: Option<(u64, Instant)>,
}

impl Governor {
    /// Sets the quotas of a client. Grants made so far still count.
    pub fn set_limits(&mut self, client: &str, limits: Limits) {
        match self.clients.get_mut(client) {
            Some(known) => known.limits = limits,
            None => {
                let fresh = Client { limits, gate: Gate::default(), mailboxes: BTreeMap::new(), grants: 0 };
                self.clients.insert(client.to_owned(), fresh);
            }
        }
    }

    /// Sets what of all quotas is this host's. Grants made so far still count.
    pub fn set_part(&mut self, part: Part) {
        self.part = part;
    }

    /// Grants the wish, or says when to come again. A client without limits of its own gets those of `otherwise`.
    pub fn wish(&mut self, now: Instant, wish: &Wish, otherwise: Limits) -> Verdict {
        let own_now = self.own_time(now);
        let deadline = after(wish.deadline, self.ahead);
        if !self.clients.contains_key(&wish.client) {
            self.set_limits(&wish.client, otherwise);
        }
        let client = self.clients.get_mut(&wish.client).expect("was just put in where it was missing");
        match client.wish(own_now, wish, deadline, self.part) {
            Ok(()) => Verdict::Grant,
            // Later than now even where a bound has just passed, so that nobody asks in a circle.
            Err(until) => Verdict::Wait(after(until.max(after(own_now, Elapsed::from_millis(1))), -self.ahead)),
        }
    }

    /// Takes back a wish that still waits.
    pub fn withdraw(&mut self, wish: &Wish) {
        let deadline = after(wish.deadline, self.ahead);
        if let Some(client) = self.clients.get_mut(&wish.client) {
            client.gate.waiting.remove((deadline, wish.id));
            if let Some(mailbox) = client.mailboxes.get_mut(&wish.mailbox) {
                mailbox.gate.waiting.remove((deadline, wish.id));
            }
        }
    }

    /// Ends a granted wish.
    pub fn ended(&mut self, now: Instant, wish: &Wish, how: Ended) {
        let now = self.own_time(now);
        let Some(client) = self.clients.get_mut(&wish.client) else { return };
        let mailbox = client.mailboxes.entry(wish.mailbox).or_default();
        mailbox.under_way.retain(|(id, _)| *id != wish.id);
        let (own, shared) = (&mut mailbox.gate.breaker, &mut client.gate.breaker);
        match how {
            Ended::Answered => {
                own.close(wish.id);
                shared.close(wish.id);
            }
            Ended::Nothing => {
                own.give_up(wish.id);
                shared.give_up(wish.id);
            }
            Ended::Throttled { scope: Scope::Mailbox, wait } => {
                own.open(now, wait);
                shared.give_up(wish.id);
            }
            Ended::Throttled { scope: Scope::Client, wait } => {
                shared.open(now, wait);
                own.give_up(wish.id);
            }
        }
    }

    /// How many wishes wait, of all clients: for metrics.
    #[must_use]
    pub fn waiting(&self) -> usize {
        let own = |client: &Client| client.mailboxes.values().map(|mailbox| mailbox.gate.waiting.len()).sum::<usize>();
        self.clients.values().map(|client| client.gate.waiting.len() + own(client)).sum()
    }

    /// The clients whose breaker is open, for metrics.
    pub fn open_breakers(&self, now: Instant) -> impl Iterator<Item = &str> {
        let now = after(now, self.ahead);
        let open = move |client: &Client| client.gate.breaker.until.is_some_and(|until| until > now);
        self.clients.iter().filter(move |(_, client)| open(client)).map(|(name, _)| name.as_str())
    }

    /// A clock that was set back must not freeze the windows: the own clock goes on from where it was.
    fn own_time(&mut self, now: Instant) -> Instant {
        let own = after(now, self.ahead);
        match self.latest {
            Some(latest) if own < latest => {
                self.ahead = latest.duration_since(now);
                latest
            }
            _ => {
                self.latest = Some(own);
                own
            }
        }
    }
}

impl Client {
    fn wish(&mut self, now: Instant, wish: &Wish, deadline: Instant, part: Part) -> Result<(), Instant> {
        let (place, limits) = ((deadline, wish.id), self.limits.of_one(part));
        self.gate.forget(now, limits.client.window);
        let mailbox = self.mailboxes.entry(wish.mailbox).or_default();
        mailbox.gate.forget(now, limits.mailbox.window);
        mailbox.under_way.retain(|(_, until)| *until > now);
        if let Err(until) = mailbox.admits(now, place, &limits) {
            // Who waits for its mailbox keeps nobody else waiting for the client.
            self.gate.waiting.remove(place);
            mailbox.gate.waiting.insert(place, until);
            return Err(until);
        }
        let urgent = deadline <= after(now, URGENT);
        let kept = if urgent { 0 } else { limits.client.count * RESERVE_PERCENT / 100 };
        if let Err(until) = self.gate.admits(now, place, limits.client, kept) {
            mailbox.gate.waiting.remove(place);
            self.gate.waiting.insert(place, until);
            return Err(until);
        }
        for gate in [&mut mailbox.gate, &mut self.gate] {
            gate.waiting.remove(place);
            gate.granted.push_back(now);
            gate.breaker.probing(wish.id, now);
        }
        mailbox.under_way.push((wish.id, after(now, UNDER_WAY_MAX)));
        self.forget_idle(now);
        Ok(())
    }

    /// Now and then forgets mailboxes that nothing is known about any more.
    fn forget_idle(&mut self, now: Instant) {
        self.grants += 1;
        if self.grants < self.mailboxes.len().max(1000) {
            return;
        }
        self.grants = 0;
        let window = self.limits.mailbox.window;
        self.mailboxes.retain(|_, mailbox| {
            mailbox.gate.forget(now, window);
            mailbox.under_way.retain(|(_, until)| *until > now);
            let idle = mailbox.gate.granted.is_empty() && mailbox.gate.waiting.is_empty() && mailbox.under_way.is_empty();
            !idle || mailbox.gate.breaker.strikes > 0
        });
    }
}

impl Mailbox {
    fn admits(&mut self, now: Instant, place: Place, limits: &Limits) -> Result<(), Instant> {
        self.gate.admits(now, place, limits.mailbox, 0)?;
        let free = limits.at_once.saturating_sub(self.under_way.len());
        if self.gate.waiting.ahead_of(place, now) < free {
            return Ok(());
        }
        // Nobody knows when the first of those under way ends; asking again soon costs nothing but a look.
        Err(after(now, AT_ONCE_LOOK))
    }
}

/// How soon to look again where too many requests of one mailbox are under way.
const AT_ONCE_LOOK: Elapsed = Elapsed::from_millis(250);

impl Gate {
    /// Drops grants that no window holds any more. A window is half open: what was granted a whole window ago is outside.
    fn forget(&mut self, now: Instant, window: Elapsed) {
        while self.granted.front().is_some_and(|at| now.duration_since(*at) >= window) {
            self.granted.pop_front();
        }
    }

    /// Whether the one at this place among the waiting has its turn, with `kept` places of the window left alone.
    fn admits(&mut self, now: Instant, place: Place, rate: Rate, kept: usize) -> Result<(), Instant> {
        self.breaker.admits(now, place.1)?;
        // More hosts than requests: none of them is this one's.
        if rate.count == 0 {
            return Err(after(now, rate.window));
        }
        let most = rate.count.saturating_sub(kept).max(1);
        let ahead = self.waiting.ahead_of(place, now);
        // The number of grants that must leave the window first.
        let Some(over) = (self.granted.len() + ahead + 1).checked_sub(most).filter(|over| *over > 0) else { return Ok(()) };
        let leaves = self.granted.get(over - 1).or(self.granted.back()).copied().unwrap_or(now);
        Err(after(leaves, rate.window))
    }
}

impl Waiting {
    fn insert(&mut self, place: Place, until: Instant) {
        self.remove(place);
        self.seconds.entry(place.0.as_second()).or_default().insert(place, until);
        self.returns.insert((until, place));
    }

    fn remove(&mut self, place: Place) {
        let second = place.0.as_second();
        let Some(same) = self.seconds.get_mut(&second) else { return };
        if let Some(until) = same.remove(&place) {
            self.returns.remove(&(until, place));
        }
        if same.is_empty() {
            self.seconds.remove(&second);
        }
    }

    /// How many wait with an earlier deadline. Those who did not come again when they were told to are forgotten.
    fn ahead_of(&mut self, place: Place, now: Instant) -> usize {
        while let Some((_, missing)) = self.returns.first().copied().filter(|(until, _)| after(*until, NO_SHOW) < now) {
            self.remove(missing);
        }
        let second = place.0.as_second();
        let earlier: usize = self.seconds.range(..second).map(|(_, same)| same.len()).sum();
        earlier + self.seconds.get(&second).map_or(0, |same| same.range(..place).count())
    }

    fn len(&self) -> usize {
        self.returns.len()
    }

    fn is_empty(&self) -> bool {
        self.returns.is_empty()
    }
}

impl Breaker {
    fn admits(&mut self, now: Instant, wish: u64) -> Result<(), Instant> {
        if let Some(until) = self.until.filter(|until| *until > now) {
            return Err(until);
        }
        match self.probe {
            Some((probe, until)) if probe != wish && until > now => Err(until.min(after(now, PROBE_LOOK))),
            _ => Ok(()),
        }
    }

    /// After a pause one asks for all.
    fn probing(&mut self, wish: u64, now: Instant) {
        if self.strikes > 0 {
            self.probe = Some((wish, after(now, UNDER_WAY_MAX)));
        }
    }

    fn open(&mut self, now: Instant, wait: Option<Duration>) {
        let own = (PAUSE_MIN * 2i32.pow(self.strikes.min(8))).min(PAUSE_MAX);
        let asked = wait.and_then(|wait| Elapsed::try_from(wait).ok()).unwrap_or(Elapsed::ZERO);
        // Several answers to requests that were under way together are one strike.
        if self.until.is_none_or(|until| until <= now) {
            self.strikes = self.strikes.saturating_add(1);
        }
        self.until = self.until.max(Some(after(now, own.max(asked))));
        self.probe = None;
    }

    /// Only the answer to the probe counts: one to what was sent before the pause says nothing about now.
    fn close(&mut self, wish: u64) {
        if self.probe.is_some_and(|(probe, _)| probe == wish) {
            *self = Self::default();
        }
    }

    fn give_up(&mut self, wish: u64) {
        if self.probe.is_some_and(|(probe, _)| probe == wish) {
            self.probe = None;
        }
    }
}

/// How soon to look again where another one probes.
const PROBE_LOOK: Elapsed = Elapsed::from_millis(500);

fn after(at: Instant, wait: Elapsed) -> Instant {
    at.checked_add(wait).unwrap_or(if wait.is_negative() { Instant::MIN } else { Instant::MAX })
}

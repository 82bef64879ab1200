//! What time to believe, where clocks may be wrong: pure.
//!
//! There are the machine's wall clock, which anybody may set; its monotonic clock, which goes on evenly but knows no date (and
//! may stand still while the machine sleeps); and what others say: the store's server, the bot service, calendar providers. The
//! wall clock is believed as long as it goes as the monotonic one does. Where it does not, it jumped, or stood still: then the
//! time is in doubt, and goes on by the monotonic clock, until somebody else agrees with one of the two, or for [`DOUBT_MAX`].
//! Nothing that cannot be taken back is done in doubt.
//!
//! - *The other agrees with the monotonic clock*, or nobody says anything in time: the wall clock is not believed any more,
//!   until it shows the time that is believed, or somebody else agrees with it.
//! - *The other agrees with the wall clock*: it is believed, as after a sleep of the machine.
//! - *Two others agree with each other* and not with us: they are believed, whatever the own clocks say.
//!
//! A host that begins has seen its wall clock go for no time at all, so it begins in doubt. Where its store is a server, the
//! hosts that share it share its time as well, so that one word is enough there.
//!
//! Deliberately absent: strangers. Whoever runs a feed or a webhook receiver is not asked for the time.

use crate::host::http::{Purpose, Request};
use crate::time::{Elapsed, Instant};
use std::collections::BTreeMap;

/// How long the time may be in doubt.
pub const DOUBT_MAX: Elapsed = Elapsed::from_secs(5);
/// A wall clock that is further from where the monotonic one says it should be has jumped.
pub const JUMP: Elapsed = Elapsed::from_secs(1);
/// So often the two are set equal: a wall clock may go too fast or too slow by [`JUMP`] in this time.
const EVEN_EVERY: Elapsed = Elapsed::from_secs(60);
/// Clocks agree that differ by no more than this, besides what is not known about them.
const AGREE: Elapsed = Elapsed::from_secs(2);
/// An answer that took longer says too little about the time.
const VAGUE_MAX: Elapsed = Elapsed::from_secs(5);
/// What others said counts for so long.
const FRESH: Elapsed = Elapsed::from_mins(10);
/// Most others that are remembered: providers and the bot service of a host are fewer.
const OTHERS_MAX: usize = 8;

/// Somebody else who knows the time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Other {
    /// The server that keeps the store.
    Store,
    /// The bot service.
    Bots,
    /// A calendar provider, by its host name.
    Provider(String),
}

impl Other {
    /// Whose answer to a request tells the time: only that of somebody whom the operator chose.
    #[must_use]
    pub fn of(request: &Request) -> Option<Self> {
        match request.purpose {
            Purpose::Bots => Some(Self::Bots),
            Purpose::Provider => Some(Self::Provider(request.url.split('/').nth(2).unwrap_or_default().to_owned())),
            Purpose::Feed | Purpose::Webhook => None,
        }
    }
}

/// What somebody else said the time was: at some time between two readings of our monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said {
    /// When we asked.
    pub asked: Elapsed,
    /// When we had the answer.
    pub answered: Elapsed,
    /// The time in the answer.
    pub time: Instant,
    /// What it leaves out, as a `Date` header does with parts of a second.
    pub precision: Elapsed,
}

/// How the time that is believed stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The wall clock is believed.
    Wall,
    /// The monotonic clock is, from a time on that was believed before or that others said.
    Own,
    /// In doubt since then, by the monotonic clock; `new`: nothing was ever believed.
    Doubt {
        /// Since when.
        since: Elapsed,
        /// Whether the host has just begun.
        new: bool,
    },
}

/// What somebody else said, as the time at which our monotonic clock was zero: not before, and not after.
#[derive(Clone, Copy, Debug)]
struct Opinion {
    from: Instant,
    to: Instant,
    heard: Elapsed,
}

/// The time that is believed.
#[derive(Clone, Debug)]
pub struct Belief {
    /// A time that was believed, and the monotonic clock then.
    anchor: (Elapsed, Instant),
    standing: Standing,
    others: BTreeMap<Other, Opinion>,
}

impl Belief {
    /// Nothing known but what the clocks show.
    #[must_use]
    pub fn new(monotonic: Elapsed, wall: Instant) -> Self {
        let standing = Standing::Doubt { since: monotonic, new: true };
        Self { anchor: (monotonic, wall), standing, others: BTreeMap::new() }
    }

    /// How the time stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether the time is in doubt.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        matches!(self.standing, Standing::Doubt { .. })
    }

    /// The time to believe where the clocks show this.
    pub fn at(&mut self, monotonic: Elapsed, wall: Instant) -> Instant {
        let own = self.own(monotonic);
        let is_near = apart(own, wall) <= JUMP;
        match self.standing {
            Standing::Wall if !is_near => {
                // Where the machine slept, what was said before it did means nothing any more.
                self.others.clear();
                self.standing = Standing::Doubt { since: monotonic, new: false };
            }
            // It came back by itself.
            Standing::Own | Standing::Doubt { new: false, .. } if is_near => self.believe_wall(monotonic, wall),
            Standing::Doubt { since, new } if monotonic - since >= DOUBT_MAX => {
                // Nobody said anything. A host that has just begun has nothing but its wall clock.
                self.standing = if new && is_near { Standing::Wall } else { Standing::Own };
            }
            Standing::Wall if monotonic - self.anchor.0 >= EVEN_EVERY => self.anchor = (monotonic, wall),
            _ => {}
        }
        if is_near { wall } else { self.own(monotonic) }
    }

    /// Takes note of what somebody else said, while the clocks show this.
    pub fn heard(&mut self, monotonic: Elapsed, wall: Instant, other: Other, said: Said) {
        if said.answered - said.asked > VAGUE_MAX {
            return;
        }
        let own = zero(self.at(monotonic, wall), monotonic);
        let wall_zero = zero(wall, monotonic);
        let opinion = Opinion {
            from: zero(said.time, said.answered),
            to: zero(said.time, said.asked).checked_add(said.precision).unwrap_or(Instant::MAX),
            heard: monotonic,
        };
        let (from_own, from_wall) = (opinion.apart(own), opinion.apart(wall_zero));
        let is_new = matches!(self.standing, Standing::Doubt { new: true, .. });
        let is_near = apart(own, wall_zero) <= JUMP;
        match self.standing {
            // Where it agrees with both, it stands for the nearer one; with a wall clock that stands still it agrees for a while.
            Standing::Doubt { .. } | Standing::Own if from_wall <= AGREE && (is_near || from_wall < from_own) => {
                self.believe_wall(monotonic, wall);
            }
            Standing::Doubt { .. } if from_own <= AGREE => self.standing = Standing::Own,
            Standing::Wall | Standing::Own if from_own <= AGREE => {}
            _ if is_new && other == Other::Store || self.is_seconded(&other, &opinion) => {
                self.anchor = (monotonic, opinion.middle().checked_add(monotonic).unwrap_or(Instant::MAX));
                self.standing = Standing::Own;
            }
            _ => {}
        }
        if self.others.len() < OTHERS_MAX || self.others.contains_key(&other) {
            self.others.insert(other, opinion);
        }
    }

    /// Whether another one said the same lately.
    fn is_seconded(&self, other: &Other, opinion: &Opinion) -> bool {
        let fresh = self.others.iter().filter(|(who, known)| *who != other && opinion.heard - known.heard <= FRESH);
        fresh.into_iter().any(|(_, known)| {
            let gap = if known.from > opinion.to { apart(known.from, opinion.to) } else { apart(opinion.from, known.to) };
            let overlap = known.from <= opinion.to && opinion.from <= known.to;
            overlap || gap <= AGREE
        })
    }

    fn believe_wall(&mut self, monotonic: Elapsed, wall: Instant) {
        self.anchor = (monotonic, wall);
        self.standing = Standing::Wall;
    }

    /// What the monotonic clock makes of the time that was believed.
    fn own(&self, monotonic: Elapsed) -> Instant {
        self.anchor.1.checked_add(monotonic - self.anchor.0).unwrap_or(Instant::MAX)
    }
}

impl Opinion {
    /// How far it is from a time at zero.
    fn apart(&self, time: Instant) -> Elapsed {
        if time < self.from {
            apart(self.from, time)
        } else if time > self.to {
            apart(time, self.to)
        } else {
            Elapsed::ZERO
        }
    }

    fn middle(&self) -> Instant {
        self.from.checked_add(self.to.duration_since(self.from) / 2).unwrap_or(self.to)
    }
}

fn apart(one: Instant, other: Instant) -> Elapsed {
    one.duration_since(other).abs()
}

/// When the monotonic clock was zero, where it shows `monotonic` at `time`.
fn zero(time: Instant, monotonic: Elapsed) -> Instant {
    time.checked_sub(monotonic).unwrap_or(Instant::MIN)
}

#[cfg(test)]
mod tests;

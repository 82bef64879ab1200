//! Several hosts on one store: who reads which mailbox, and how much of each quota is whose. Pure.
//!
//! Every host renews a row in the store now and then, and learns of the others' rows with it. One rule follows from that:
//!
//! - A host *reckons with* another one from when it first sees its row until [`SETTLE`] after it last saw it renewed.
//! - It *takes part* from [`SETTLE`] after its own first renewal until [`LEASE`] after it asked for its last one; at once where
//!   there is nobody to reckon with.
//! - Among those that it reckons with and itself, each mailbox is one host's (rendezvous hashing: a host that comes or goes moves
//!   no mailbox but its own), and the quota of each OAuth client is everybody's in equal parts.
//!
//! Promise: any two hosts that ask something of providers within [`WINDOW`] of each other reckon with each other. For the later
//! one asked by what it learned less than a lease before; the other one had joined long before that, and was seen to live. So no
//! sliding window of a client holds more than its limit, and a mailbox is asked by nobody else until the window, and the last
//! request that was under way, are over. Whoever was held up, is cut off from the store or has died loses its part by itself:
//! nobody has to know, and nobody's wall clock counts, not even the store's, but for one thing: whether a row is so old that a
//! host which begins need not reckon with it. What is not counted is what a host asked that was alone and *ended in order*, or
//! whose end is known for certain, when another begins alone right after it.
//!
//! Deliberately absent: a clock, and chance. Times are those of the machine's monotonic clock.

use super::cadence::mixed;
use crate::host::model::ConnectionId;
use crate::host::planted::{self, Bug};
use crate::host::store::Member;
use crate::time::{Elapsed, Instant};
use std::collections::BTreeMap;

/// How often a host renews its row.
pub const RENEW_EVERY: Elapsed = Elapsed::from_secs(5);
/// How long a host takes part after it asked for its last renewal.
pub const LEASE: Elapsed = Elapsed::from_secs(LEASE_SECS);
/// The longest window that quotas of clients are counted in; of mailboxes see [`Part::of_mailbox`]. No request is under way for
/// longer.
pub const WINDOW: Elapsed = Elapsed::from_secs(WINDOW_SECS);
/// How long a host reckons with one that it does not see renewing, and how long it takes no part itself when it has joined: a
/// lease, a window, and what clocks differ by and requests are on their way.
pub const SETTLE: Elapsed = Elapsed::from_secs(LEASE_SECS + WINDOW_SECS + 5);
/// Within this time after a host died every mailbox has a reader again, as it has after one joined: the last renewal may not have
/// been seen for one round, nor its age.
pub const TAKEN_OVER: Elapsed = Elapsed::from_secs(LEASE_SECS + WINDOW_SECS + 5 + 2 * 5);

const LEASE_SECS: i64 = 30;
const WINDOW_SECS: i64 = 60;

/// How much of the quotas one host may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Part {
    /// All: nobody can share the store.
    #[default]
    Whole,
    /// One of so many equal parts, where any host may be followed by another.
    OneOf(usize),
}

impl Part {
    /// The part of a limit on all requests of a client; 0 where there are more hosts than requests.
    #[must_use]
    pub fn of_client(self, limit: usize) -> usize {
        match self {
            Self::Whole => limit,
            Self::OneOf(_) if planted::is(Bug::QuotaForEach) => limit,
            Self::OneOf(hosts) => limit / hosts.max(1),
        }
    }

    /// The part of a limit on requests for one mailbox. It has one host at a time, and another one not before [`WINDOW`] after
    /// the last: a window of that length sees one of them only, one of ten times that length ten.
    #[must_use]
    pub fn of_mailbox(self, limit: usize, window: Elapsed) -> usize {
        let owners = usize::try_from(window.as_secs().div_euclid(WINDOW_SECS) + i64::from(window.as_secs() % WINDOW_SECS > 0));
        match self {
            Self::Whole => limit,
            Self::OneOf(_) => limit / owners.unwrap_or(usize::MAX).max(1),
        }
    }
}

/// Whether a host may ask something of a mailbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// It may.
    Now,
    /// The mailbox is its own, but it has not renewed in time, or the time is in doubt: it may when it has.
    Later,
    /// The mailbox is another's, or its own not yet.
    Others,
}

/// What one host knows of itself and the others.
#[derive(Clone, Debug)]
pub struct Share {
    own: String,
    /// Hash of the own name.
    weight: u64,
    standing: Standing,
    others: BTreeMap<String, Other>,
    /// The hashes and names of those to reckon with, as of the last renewal.
    reckoned: Vec<(u64, String)>,
}

#[derive(Clone, Copy, Debug)]
enum Standing {
    /// Nobody can share the store.
    Alone,
    /// Not attended yet.
    Away,
    Member(Membership),
}

#[derive(Clone, Copy, Debug)]
struct Membership {
    /// When we joined, as the store has it; otherwise it has seen us go, and others may have.
    joined: Option<Instant>,
    /// When that was asked for.
    asked: Elapsed,
    /// Takes part from here on,
    begins: Elapsed,
    /// and until here.
    ends: Elapsed,
}

/// Another host.
#[derive(Clone, Copy, Debug)]
struct Other {
    /// Names the renewal that was seen last.
    stamp: (Option<Instant>, u64),
    /// When it was first seen.
    seen: Elapsed,
}

impl Share {
    /// A host whose store nobody else can share: all is its own.
    #[must_use]
    pub fn alone(own: &str) -> Self {
        Self::new(own, Standing::Alone)
    }

    /// A host that others may share the store with: nothing is its own before it has attended.
    #[must_use]
    pub fn away(own: &str) -> Self {
        Self::new(own, Standing::Away)
    }

    fn new(own: &str, standing: Standing) -> Self {
        Self { own: own.to_owned(), weight: hashed(own), standing, others: BTreeMap::new(), reckoned: Vec::new() }
    }

    /// Takes note of a renewal that was asked for and answered at these times, and of the rows that there are. Whether anybody came
    /// or went, or the host takes part anew.
    pub fn attended(&mut self, asked: Elapsed, answered: Elapsed, members: &[Member]) -> bool {
        let Some(own) = members.iter().find(|member| member.host == self.own) else { return false };
        for member in members.iter().filter(|member| member.host != self.own) {
            let stamp = (member.joined, member.renewals);
            let known = self.others.entry(member.host.clone()).or_insert(Other { stamp, seen: answered });
            if known.stamp != stamp {
                *known = Other { stamp, seen: answered };
            }
        }
        let is_recent = |other: &Other| answered - other.seen <= SETTLE || planted::is(Bug::DeadStayReaders);
        self.others.retain(|name, other| is_recent(other) || members.iter().any(|member| member.host == *name));
        let recent = self.others.iter().filter(|(_, other)| is_recent(other));
        let reckoned: Vec<(u64, String)> = recent.map(|(name, _)| (hashed(name), name.clone())).collect();
        let before = match self.standing {
            Standing::Alone => return false,
            Standing::Away => None,
            // Others may have stopped reckoning with us, where we were too late.
            Standing::Member(known) => Some(known).filter(|known| own.joined == known.joined && answered <= known.asked + LEASE),
        };
        let begins = match before {
            Some(known) => known.begins,
            None if reckoned.is_empty() => answered,
            None => answered + SETTLE,
        };
        let changed = before.is_none() || reckoned != self.reckoned;
        self.reckoned = reckoned;
        self.standing = Standing::Member(Membership { joined: own.joined, asked, begins, ends: asked + LEASE });
        changed
    }

    /// Takes no part until the next renewal: the monotonic clock may have stood still, as while a machine sleeps.
    pub fn stand_back(&mut self, now: Elapsed) {
        if let Standing::Member(known) = &mut self.standing {
            known.ends = known.ends.min(now);
        }
    }

    /// Whether the mailbox may be asked something.
    #[must_use]
    pub fn turn(&self, now: Elapsed, mailbox: ConnectionId) -> Turn {
        match self.standing {
            Standing::Alone => Turn::Now,
            Standing::Member(known) if now >= known.begins && self.is_own(mailbox) => {
                if now < known.ends {
                    Turn::Now
                } else {
                    Turn::Later
                }
            }
            Standing::Away | Standing::Member(_) => Turn::Others,
        }
    }

    fn is_own(&self, mailbox: ConnectionId) -> bool {
        let own = (mixed(self.weight, mailbox.0, 0), self.own.as_str());
        self.reckoned.iter().all(|(weight, name)| (mixed(*weight, mailbox.0, 0), name.as_str()) < own)
    }

    /// Whether the host takes part.
    #[must_use]
    pub fn takes_part(&self, now: Elapsed) -> bool {
        match self.standing {
            Standing::Alone => true,
            Standing::Away => false,
            Standing::Member(known) => (known.begins..known.ends).contains(&now),
        }
    }

    /// How long until a host that has joined takes part; nothing where it does, or has not joined.
    #[must_use]
    pub fn begins_in(&self, now: Elapsed) -> Option<Elapsed> {
        match self.standing {
            Standing::Member(known) => Some(known.begins - now).filter(|wait| *wait > Elapsed::ZERO),
            Standing::Alone | Standing::Away => None,
        }
    }

    /// How many hosts are reckoned with, the own one among them.
    #[must_use]
    pub fn hosts(&self) -> usize {
        self.reckoned.len() + 1
    }

    /// The own part of the quotas, whenever the host takes part.
    #[must_use]
    pub fn part(&self) -> Part {
        match self.standing {
            Standing::Alone => Part::Whole,
            Standing::Away | Standing::Member(_) => Part::OneOf(self.hosts()),
        }
    }
}

/// The name as a number, the same on every host: FNV-1a.
fn hashed(name: &str) -> u64 {
    name.bytes().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3))
}

#[cfg(test)]
#[path = "tests/share.rs"]
mod tests;

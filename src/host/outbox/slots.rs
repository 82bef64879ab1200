//! Who gets one of the few slots for requests to webhook receivers: no receiver, tenant or host name more than its share, and
//! hosts of which nobody knows that they answer no more than theirs together. So what hangs holds up nothing but itself.
//!
//! A host name counts over all tenants and ports: whoever runs it meets one sender. Names that somebody makes by the thousand
//! below one domain are as many hosts; they have what a tenant may hold of the share of the doubtful.
//!
//! What is not chosen stays as it is, and is asked for again. The structure knows who waits, so that whoever reads what is due can
//! pass over those who must wait anyway ([`Slots::passed_over`]): a long queue of theirs hides nobody else's.

use super::breaker::{Breaker, Heard};
use crate::host::model::{EndpointId, TenantId};
use crate::host::store::PassedOver;
use crate::time::{Elapsed, Instant};
use std::collections::{BTreeMap, BTreeSet};

/// How many slots there are, and how many of them each may hold.
#[derive(Clone, Copy, Debug)]
pub struct Shares {
    /// All.
    pub all: usize,
    /// Those of one receiver.
    pub receiver: usize,
    /// Those of one tenant.
    pub tenant: usize,
    /// Those of one host name.
    pub host: usize,
    /// Those of all host names together that have not answered, or not the last time.
    pub doubtful: usize,
    /// Those of one tenant among the doubtful.
    pub doubtful_of_tenant: usize,
    /// How long after a request to a host name the next one may begin.
    pub pace: Elapsed,
}

/// Most host names that are remembered while nothing is sent to them.
const HOSTS_MAX: usize = 10_000;
/// Most receivers that are remembered as waiting for their host.
const WAITING_MAX: usize = 10_000;

/// Something that is due.
#[derive(Clone, PartialEq, Eq)]
pub struct Wish<K> {
    /// Names it.
    pub key: K,
    /// Whose it is.
    pub tenant: TenantId,
    /// The receiver.
    pub receiver: EndpointId,
    /// Its URL.
    pub url: String,
}

/// Names a receiver.
type Receiver = (TenantId, EndpointId);

/// The slots, and who holds them.
pub struct Slots<K> {
    shares: Shares,
    held: BTreeMap<K, Lane>,
    of_tenant: BTreeMap<TenantId, usize>,
    of_receiver: BTreeMap<Receiver, usize>,
    doubtful: usize,
    doubtful_of: BTreeMap<TenantId, usize>,
    hosts: BTreeMap<String, Host>,
    /// Receivers that were turned away because of their host.
    waiting: BTreeMap<Receiver, String>,
}

/// What is known of a host name.
#[derive(Default)]
struct Host {
    held: usize,
    breaker: Breaker,
    /// When a request to it last began.
    begun: Option<Instant>,
    /// Whose try probed it last.
    probed: TenantId,
    /// Each tenant's receiver that did so last, since its breaker opened.
    probed_by: BTreeMap<TenantId, EndpointId>,
}

/// One slot that is held.
struct Lane {
    receiver: Receiver,
    host: String,
    is_doubtful: bool,
    is_probe: bool,
}

impl<K: Ord + Clone> Slots<K> {
    /// Nobody holds any yet, and nothing is known of any host.
    #[must_use]
    pub fn new(shares: Shares) -> Self {
        Self {
            shares,
            held: BTreeMap::new(),
            of_tenant: BTreeMap::new(),
            of_receiver: BTreeMap::new(),
            doubtful: 0,
            doubtful_of: BTreeMap::new(),
            hosts: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    /// From now on there are `all` slots; those that are given stay given.
    pub fn narrow(&mut self, all: usize) {
        self.shares.all = all;
    }

    /// Gives slots to those of `due` who may begin now, the first ones first; their places in it, ascending.
    pub fn choose(&mut self, now: Instant, due: &[Wish<K>]) -> Vec<usize> {
        let hosts: Vec<String> = due.iter().map(|wish| host_name(&wish.url)).collect();
        let probes = self.probes(now, due, &hosts);
        let mut chosen = Vec::new();
        for (place, (wish, host)) in due.iter().zip(&hosts).enumerate() {
            let in_turn = probes.get(host.as_str()).is_none_or(|probe| *probe == place);
            if !in_turn {
                self.wait(wish, host);
            } else if self.is_admitted(now, wish, host) {
                self.begin(now, wish, host);
                chosen.push(place);
            }
        }
        chosen
    }

    /// The wish that probes each host whose breaker is open: that of the next tenant in turn, and of its next receiver, so that one that
    /// never answers keeps no other at the same host from being heard.
    fn probes<'a>(&self, now: Instant, due: &[Wish<K>], hosts: &'a [String]) -> BTreeMap<&'a str, usize> {
        let mut probes: BTreeMap<&str, usize> = BTreeMap::new();
        for (place, (wish, name)) in due.iter().zip(hosts).enumerate() {
            let Some(host) = self.hosts.get(name).filter(|host| host.breaker.is_open() && host.breaker.admits(now)) else {
                continue;
            };
            let turn = |wish: &Wish<K>| {
                let was_there = host.probed_by.get(&wish.tenant).is_some_and(|last| wish.receiver <= *last);
                (wish.tenant <= host.probed, wish.tenant, was_there, wish.receiver)
            };
            let best = probes.entry(name).or_insert(place);
            if turn(wish) < turn(&due[*best]) {
                *best = place;
            }
        }
        probes
    }

    fn is_admitted(&mut self, now: Instant, wish: &Wish<K>, host: &str) -> bool {
        let receiver = (wish.tenant, wish.receiver);
        let full = self.held.contains_key(&wish.key)
            || self.held.len() >= self.shares.all
            || is_full(&self.of_tenant, &wish.tenant, self.shares.tenant)
            || is_full(&self.of_receiver, &receiver, self.shares.receiver);
        let blocked = self.is_blocked(now, wish.tenant, host);
        if blocked {
            self.wait(wish, host);
        }
        !full && !blocked
    }

    fn wait(&mut self, wish: &Wish<K>, host: &str) {
        if self.waiting.len() < WAITING_MAX {
            self.waiting.insert((wish.tenant, wish.receiver), host.to_owned());
        }
    }

    /// Whether nothing of this tenant may ask this host now.
    fn is_blocked(&self, now: Instant, tenant: TenantId, name: &str) -> bool {
        let no_doubtful =
            self.doubtful >= self.shares.doubtful || is_full(&self.doubtful_of, &tenant, self.shares.doubtful_of_tenant);
        let Some(host) = self.hosts.get(name) else { return no_doubtful };
        // A clock that was set back makes nobody wait longer than the pace.
        let hurried = host.begun.is_some_and(|begun| begun <= now && now < begun.checked_add(self.shares.pace).unwrap_or(now));
        host.held >= self.shares.host || hurried || !host.breaker.admits(now) || host.breaker.is_doubtful() && no_doubtful
    }

    fn begin(&mut self, now: Instant, wish: &Wish<K>, name: &str) {
        self.remember();
        let host = self.hosts.entry(name.to_owned()).or_default();
        let is_doubtful = host.breaker.is_doubtful();
        let is_probe = host.breaker.begin();
        host.held += 1;
        host.begun = Some(now);
        if is_probe {
            host.probed = wish.tenant;
            host.probed_by.insert(wish.tenant, wish.receiver);
        }
        let receiver = (wish.tenant, wish.receiver);
        if is_doubtful {
            self.doubtful += 1;
            *self.doubtful_of.entry(wish.tenant).or_default() += 1;
        }
        *self.of_tenant.entry(wish.tenant).or_default() += 1;
        *self.of_receiver.entry(receiver).or_default() += 1;
        self.waiting.remove(&receiver);
        self.held.insert(wish.key.clone(), Lane { receiver, host: name.to_owned(), is_doubtful, is_probe });
    }

    /// Forgets hosts to which nothing is sent, where there are too many; first those that it knows nothing bad of.
    fn remember(&mut self) {
        if self.hosts.len() >= HOSTS_MAX {
            self.hosts.retain(|_, host| host.held > 0 || host.breaker.is_open());
        }
        if self.hosts.len() >= HOSTS_MAX {
            self.hosts.retain(|_, host| host.held > 0);
        }
    }

    /// A slot is free again.
    pub fn end(&mut self, now: Instant, key: &K, heard: Heard) {
        let Some(lane) = self.held.remove(key) else { return };
        release(&mut self.of_tenant, &lane.receiver.0);
        release(&mut self.of_receiver, &lane.receiver);
        if lane.is_doubtful {
            self.doubtful -= 1;
            release(&mut self.doubtful_of, &lane.receiver.0);
        }
        if let Some(host) = self.hosts.get_mut(&lane.host) {
            host.held -= 1;
            host.breaker.end(now, heard, lane.is_probe);
            if !host.breaker.is_open() {
                host.probed_by.clear();
            }
        }
    }

    /// Frees the slots of everything that is not among `busy`: it broke off without a word.
    pub fn keep(&mut self, now: Instant, busy: &BTreeSet<K>) {
        let lost: Vec<K> = self.held.keys().filter(|key| !busy.contains(key)).cloned().collect();
        lost.iter().for_each(|key| self.end(now, key, Heard::Nothing));
    }

    /// Who would get no slot now, whatever is due for them.
    pub fn passed_over(&mut self, now: Instant) -> PassedOver {
        let mut waiting = std::mem::take(&mut self.waiting);
        waiting.retain(|(tenant, _), host| self.is_blocked(now, *tenant, host));
        self.waiting = waiting;
        let full = |(receiver, held): (&Receiver, &usize)| (*held >= self.shares.receiver).then_some(*receiver);
        let tenants = self.of_tenant.iter().filter(|(_, held)| **held >= self.shares.tenant).map(|(tenant, _)| *tenant);
        PassedOver {
            tenants: tenants.collect(),
            receivers: self.of_receiver.iter().filter_map(full).chain(self.waiting.keys().copied()).collect(),
        }
    }

    /// How many host names are held back by their breakers.
    #[must_use]
    pub fn hosts_held_back(&self) -> usize {
        self.hosts.values().filter(|host| host.breaker.is_open()).count()
    }
}

fn is_full<T: Ord>(held: &BTreeMap<T, usize>, of: &T, share: usize) -> bool {
    held.get(of).is_some_and(|held| *held >= share)
}

fn release<T: Ord + Copy>(held: &mut BTreeMap<T, usize>, of: &T) {
    if let Some(count) = held.get_mut(of) {
        *count -= 1;
        if *count == 0 {
            held.remove(of);
        }
    }
}

/// The name of the host that a URL leads to, without its port. What is no URL leads to none, and is never sent.
fn host_name(url: &str) -> String {
    let parsed = url::Url::parse(url).ok();
    parsed.and_then(|url| url.host_str().map(str::to_ascii_lowercase)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::outbox::breaker::FAILURES_MAX;
    use proptest::prelude::*;

    const SHARES: Shares =
        Shares { all: 10, receiver: 2, tenant: 5, host: 3, doubtful: 8, doubtful_of_tenant: 4, pace: Elapsed::ZERO };

    fn at(secs: i64) -> Instant {
        Instant::from_second(1_800_000_000 + secs).expect("an instant")
    }

    fn wish(key: u32, tenant: u64, receiver: u64, host: &str) -> Wish<u32> {
        let url = format!("https://{host}:8443/{receiver}");
        Wish { key, tenant: TenantId(tenant), receiver: EndpointId(receiver), url }
    }

    /// Wishes with keys from `first` on: tenant, receiver, host.
    fn wishes(first: u32, all: &[(u64, u64, &str)]) -> Vec<Wish<u32>> {
        (first..).zip(all).map(|(key, (tenant, receiver, host))| wish(key, *tenant, *receiver, host)).collect()
    }

    fn told(passed: &PassedOver) -> String {
        let tenants = passed.tenants.iter().map(ToString::to_string);
        let receivers = passed.receivers.iter().map(|(tenant, receiver)| format!("{tenant}/{receiver}"));
        tenants.chain(receivers).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_receiver_a_host_and_a_tenant_hold_no_more_than_their_shares() {
        let mut slots = Slots::new(SHARES);
        let one_receiver = wishes(0, &[(1, 1, "a.example"); 4]);
        assert_eq!(slots.choose(at(0), &one_receiver), [0, 1]);
        // The same host under another port and another tenant, in other letters.
        let one_host = wishes(10, &[(2, 1, "A.example"), (3, 1, "a.example"), (4, 1, "b.example")]);
        assert_eq!(slots.choose(at(0), &one_host), [0, 2]);
        // Hosts that have answered do not count as doubtful, of which a tenant may hold fewer.
        slots.end(at(0), &0, Heard::Answer);
        assert_eq!(slots.choose(at(0), &wishes(15, &[(1, 1, "a.example")])), [0]);
        let one_tenant = wishes(20, &[(1, 2, "c.example"), (1, 3, "d.example"), (1, 4, "e.example"), (1, 5, "f.example")]);
        assert_eq!(slots.choose(at(0), &one_tenant), [0, 1, 2]);
        assert_eq!(told(&slots.passed_over(at(0))), "1 1/1 1/5 3/1");
        slots.end(at(1), &15, Heard::Answer);
        slots.end(at(1), &20, Heard::Answer);
        assert_eq!(told(&slots.passed_over(at(1))), "");
    }

    #[test]
    fn what_is_under_way_is_not_begun_again() {
        let mut slots = Slots::new(SHARES);
        let due = wishes(0, &[(1, 1, "a.example")]);
        assert_eq!((slots.choose(at(0), &due), slots.choose(at(0), &due)), (vec![0], vec![]));
        slots.keep(at(1), &BTreeSet::new());
        assert_eq!(slots.choose(at(1), &due), [0]);
    }

    #[test]
    fn hosts_that_answered_keep_slots_from_those_that_did_not() {
        let mut slots = Slots::new(SHARES);
        assert_eq!(slots.choose(at(0), &wishes(0, &[(9, 1, "known.example")])), [0]);
        slots.end(at(0), &0, Heard::Answer);
        let names: Vec<String> = (0..10).map(|number| format!("new{number}.example")).collect();
        let new: Vec<(u64, u64, &str)> = (0..).zip(&names).map(|(number, name)| (number / 3, number, name.as_str())).collect();
        assert_eq!(slots.choose(at(0), &wishes(10, &new)).len(), 8);
        assert_eq!(slots.choose(at(0), &wishes(30, &[(9, 1, "known.example"); 3])), [0, 1]);
        assert_eq!(told(&slots.passed_over(at(0))), "2/8 3/9 9/1");
        // Once it fails, it is like the others.
        slots.end(at(1), &30, Heard::Failure);
        slots.end(at(1), &31, Heard::Failure);
        assert_eq!(slots.choose(at(1), &wishes(40, &[(9, 1, "known.example")])), [] as [usize; 0]);
    }

    /// Eight failures of tenant 1 at `shared.example`.
    fn shut() -> Slots<u32> {
        let mut slots = Slots::new(SHARES);
        for key in 0..FAILURES_MAX {
            assert_eq!(slots.choose(at(0), &[wish(key, 1, 1, "shared.example")]), [0]);
            slots.end(at(0), &key, Heard::Failure);
        }
        slots
    }

    #[test]
    fn a_host_that_fails_is_left_alone_and_its_receivers_are_passed_over() {
        let mut slots = shut();
        assert_eq!(slots.hosts_held_back(), 1);
        let due = wishes(10, &[(1, 1, "shared.example"), (2, 7, "shared.example"), (2, 8, "other.example")]);
        assert_eq!(slots.choose(at(4), &due), [2]);
        assert_eq!(told(&slots.passed_over(at(4))), "1/1 2/7");
        assert_eq!(told(&slots.passed_over(at(5))), "");
    }

    #[test]
    fn tenants_and_their_receivers_take_turns_at_probing_a_host() {
        let mut slots = shut();
        let due = |key| wishes(key, &[(1, 1, "shared.example"), (1, 2, "shared.example"), (2, 7, "shared.example")]);
        assert_eq!(slots.choose(at(5), &due(10)), [0]);
        slots.end(at(5), &10, Heard::Failure);
        assert_eq!(slots.choose(at(15), &due(20)), [2]);
        slots.end(at(15), &22, Heard::Failure);
        // One of its receivers after the other: the first may be the only one that does not answer.
        assert_eq!(slots.choose(at(35), &due(30)), [1]);
        slots.end(at(35), &31, Heard::Answer);
        assert_eq!(slots.choose(at(36), &due(40)), [0, 1, 2]);
    }

    #[test]
    fn a_pace_lets_one_begin_at_a_time() {
        let mut slots = Slots::new(Shares { pace: Elapsed::from_secs(1), ..SHARES });
        let due = |key| wishes(key, &[(1, 1, "a.example"), (1, 2, "a.example"), (1, 3, "b.example")]);
        assert_eq!(slots.choose(at(0), &due(0)), [0, 2]);
        slots.end(at(0), &0, Heard::Answer);
        assert_eq!(slots.choose(at(0), &due(10)), [] as [usize; 0]);
        assert_eq!(slots.choose(at(1), &due(20)), [0, 2]);
    }

    proptest! {
        /// Whatever is due and however it ends, nobody holds more than their share, and all slots come back.
        #[test]
        fn shares_hold(steps in prop::collection::vec((0_u64..4, 0_u64..3, 0_u8..5, 0_u8..4), 0..300)) {
            let mut slots = Slots::new(SHARES);
            for (key, (tenant, receiver, host, then)) in (0_u32..).zip(steps) {
                let due = [wish(key, tenant, receiver, &format!("{host}.example"))];
                let _chosen = slots.choose(at(i64::from(key)), &due);
                let ends = [Heard::Answer, Heard::Failure, Heard::Nothing].get(usize::from(then)).copied();
                if let Some((heard, first)) = ends.zip(slots.held.keys().next().copied()) {
                    slots.end(at(i64::from(key)), &first, heard);
                }
                prop_assert!(slots.held.len() <= SHARES.all && slots.doubtful <= SHARES.doubtful);
                prop_assert!(slots.of_tenant.values().all(|held| *held <= SHARES.tenant));
                prop_assert!(slots.doubtful_of.values().all(|held| *held <= SHARES.doubtful_of_tenant));
                prop_assert!(slots.of_receiver.values().all(|held| *held <= SHARES.receiver));
                prop_assert!(slots.hosts.values().all(|host| host.held <= SHARES.host));
                prop_assert_eq!(slots.of_tenant.values().sum::<usize>(), slots.held.len());
            }
            slots.keep(at(1000), &BTreeSet::new());
            prop_assert!(slots.held.is_empty() && slots.of_tenant.is_empty() && slots.of_receiver.is_empty());
            prop_assert_eq!(slots.doubtful, 0);
            prop_assert!(slots.hosts.values().all(|host| host.held == 0));
        }
    }
}

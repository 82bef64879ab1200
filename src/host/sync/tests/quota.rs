//! The governor under load.

use super::at;
use crate::host::model::Origin;
use crate::host::sync::error::Scope;
use crate::host::sync::quota::{Ended, Governor, Limits, PAUSE_MIN, Rate, Verdict, Wish, calendars_per_client};
use crate::host::sync::share::Part;
use crate::time::{Elapsed, Instant};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

fn now() -> Instant {
    at("2026-03-02T09:00:00Z")
}

fn after(millis: i64) -> Instant {
    now() + Elapsed::from_millis(millis)
}

fn limits(client: usize, mailbox: usize, at_once: usize) -> Limits {
    let rate = |count| Rate { count, window: Elapsed::from_secs(60) };
    Limits { client: rate(client), mailbox: rate(mailbox), at_once }
}

fn wish(id: u64, mailbox: u64, deadline: Instant) -> Wish {
    Wish { id, client: "house".to_owned(), mailbox, deadline }
}

#[test]
fn one_client_reads_fifty_thousand_calendars_every_five_minutes() {
    assert_eq!(calendars_per_client(10_000, Elapsed::from_mins(5)), 50_000);
    assert_eq!(Limits::of(Origin::Google).client, Rate { count: 10_000, window: Elapsed::from_secs(60) });
    assert_eq!(calendars_per_client(10_000, Elapsed::from_mins(1)), 10_000);
    assert_eq!(calendars_per_client(0, Elapsed::from_mins(5)), 0);
}

/// A wish that is made at a time, comes again whenever it is told to, and is under way for a while once granted.
#[derive(Clone, Debug)]
struct Asker {
    from: i64,
    mailbox: u64,
    patience: i64,
    takes: i64,
    throttled: Option<Scope>,
}

/// When each was granted, and who it was, in the order of grants.
fn simulate(askers: &[Asker], limits: Limits, until: i64) -> Vec<(Instant, usize)> {
    let mut governor = Governor::default();
    let made = |asker: usize| {
        let Asker { from, mailbox, patience, .. } = askers[asker];
        wish(u64::try_from(asker).expect("few"), mailbox, after(from + patience))
    };
    // Time, then those who end before those who ask.
    let mut queue: BTreeSet<(Instant, bool, usize)> =
        askers.iter().enumerate().map(|(asker, plan)| (after(plan.from), true, asker)).collect();
    let mut granted = Vec::new();
    while let Some((time, asks, asker)) = queue.pop_first().filter(|(time, ..)| *time < after(until)) {
        if !asks {
            let how = askers[asker].throttled.map_or(Ended::Answered, |scope| Ended::Throttled { scope, wait: None });
            governor.ended(time, &made(asker), how);
            continue;
        }
        match governor.wish(time, &made(asker), limits) {
            Verdict::Grant => {
                granted.push((time, asker));
                queue.insert((time + Elapsed::from_millis(askers[asker].takes), false, asker));
            }
            Verdict::Wait(until) => {
                assert!(until > time, "asked to come again at once");
                queue.insert((until, true, asker));
            }
        }
    }
    granted
}

/// The most of these within any window of a minute.
fn busiest(times: &[Instant]) -> usize {
    let within = |from: &Instant| {
        times.iter().filter(|time| **time >= *from && time.duration_since(*from) < Elapsed::from_secs(60)).count()
    };
    times.iter().map(within).max().unwrap_or(0)
}

fn askers() -> impl Strategy<Value = Vec<Asker>> {
    let throttled = prop_oneof![9 => Just(None), 1 => prop_oneof![Just(Some(Scope::Client)), Just(Some(Scope::Mailbox))]];
    let asker = (0..180_000i64, 0..5u64, 0..600_000i64, 0..30_000i64, throttled);
    prop::collection::vec(
        asker.prop_map(|(from, mailbox, patience, takes, throttled)| Asker { from, mailbox, patience, takes, throttled }),
        1..150,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn no_sliding_window_holds_more_than_its_limit(askers in askers(), client in 1..60usize, mailbox in 1..20usize, at_once in 1..4usize) {
        let granted = simulate(&askers, limits(client, mailbox, at_once), 1_200_000);
        let times: Vec<Instant> = granted.iter().map(|(time, _)| *time).collect();
        prop_assert!(busiest(&times) <= client);
        let mut each: BTreeMap<u64, Vec<Instant>> = BTreeMap::new();
        for (time, asker) in &granted {
            each.entry(askers[*asker].mailbox).or_default().push(*time);
            let end = |other: &(Instant, usize)| other.0 + Elapsed::from_millis(askers[other.1].takes);
            let same = |other: &&(Instant, usize)| askers[other.1].mailbox == askers[*asker].mailbox;
            let under_way = granted.iter().filter(same).filter(|other| other.0 <= *time && end(other) > *time).count();
            prop_assert!(under_way <= at_once, "{under_way} at once");
        }
        for times in each.values() {
            prop_assert!(busiest(times) <= mailbox);
        }
    }

    #[test]
    fn everybody_gets_a_turn(askers in askers(), client in 2..60usize, mailbox in 2..20usize, at_once in 1..4usize) {
        let askers: Vec<Asker> = askers.into_iter().map(|asker| Asker { throttled: None, ..asker }).collect();
        // Long enough for all of them one by one through the narrowest gate.
        let rounds = i64::try_from(askers.len()).expect("few") * 60_000;
        let granted = simulate(&askers, limits(client, mailbox, at_once), 200_000 + rounds);
        let served: BTreeSet<usize> = granted.iter().map(|(_, asker)| *asker).collect();
        prop_assert_eq!(served.len(), askers.len());
    }

    #[test]
    fn among_those_who_wait_the_earliest_deadline_goes_first(patiences in prop::collection::vec(0..300_000i64, 2..80), client in 1..10usize) {
        // All ask at once, each for a mailbox of its own.
        let askers: Vec<Asker> = patiences.iter().zip(0u64..).map(|(patience, mailbox)| Asker { from: 0, mailbox, patience: *patience, takes: 10, throttled: None }).collect();
        let granted = simulate(&askers, limits(client, 100, 4), 10_000_000);
        // Whoever came when there was room went at once; the rest goes by deadline, several at one instant in any order.
        let mut late: Vec<(Instant, i64)> = granted.iter().map(|(time, asker)| (*time, askers[*asker].patience)).filter(|(time, _)| *time > now()).collect();
        late.sort_unstable();
        prop_assert!(late.windows(2).all(|pair| pair[0].1 <= pair[1].1), "{late:?}");
        prop_assert_eq!(granted.len(), askers.len());
    }
}

#[test]
fn sweeps_leave_room_for_what_is_urgent() {
    let mut governor = Governor::default();
    let limits = limits(10, 10, 10);
    let sweep = |id| wish(id, id, after(300_000));
    let granted = (0..20).filter(|id| governor.wish(now(), &sweep(*id), limits) == Verdict::Grant).count();
    assert_eq!(granted, 8);
    assert_eq!(governor.wish(after(10), &wish(100, 100, after(30_000)), limits), Verdict::Grant);
    assert_eq!(governor.wish(after(10), &wish(101, 101, after(30_000)), limits), Verdict::Grant);
    assert!(matches!(governor.wish(after(10), &wish(102, 102, after(30_000)), limits), Verdict::Wait(_)));
    assert_eq!(governor.waiting(), 13);
}

#[test]
fn throttling_of_one_mailbox_delays_nobody_else_and_that_of_the_client_everybody() {
    let mut governor = Governor::default();
    let limits = limits(100, 100, 4);
    let one = wish(1, 1, after(1000));
    assert_eq!(governor.wish(now(), &one, limits), Verdict::Grant);
    governor.ended(after(100), &one, Ended::Throttled { scope: Scope::Mailbox, wait: Some(Duration::from_secs(30)) });
    assert_eq!(governor.wish(after(200), &wish(2, 1, after(1000)), limits), Verdict::Wait(after(30_100)));
    let other = wish(3, 2, after(1000));
    assert_eq!(governor.wish(after(200), &other, limits), Verdict::Grant);
    governor.ended(after(300), &other, Ended::Throttled { scope: Scope::Client, wait: None });
    let until = after(300) + PAUSE_MIN;
    assert_eq!(governor.wish(after(400), &wish(4, 3, after(1000)), limits), Verdict::Wait(until));
    assert_eq!(governor.open_breakers(after(400)).collect::<Vec<_>>(), ["house"]);
    // After the pause one asks for all; its answer opens the way.
    let probe = wish(5, 3, after(9000));
    assert_eq!(governor.wish(until, &probe, limits), Verdict::Grant);
    assert!(matches!(governor.wish(until, &wish(6, 4, after(9000)), limits), Verdict::Wait(_)));
    governor.ended(until + Elapsed::from_millis(50), &probe, Ended::Answered);
    assert_eq!(governor.wish(until + Elapsed::from_millis(60), &wish(6, 4, after(9000)), limits), Verdict::Grant);
    assert_eq!(governor.open_breakers(until + Elapsed::from_millis(60)).count(), 0);
}

#[test]
fn a_client_that_stays_throttled_is_asked_ever_more_seldom() {
    let mut governor = Governor::default();
    let limits = limits(1000, 1000, 4);
    let mut time = now();
    let mut pauses = Vec::new();
    for id in 0..12 {
        let probe = wish(id, 1, after(0));
        assert_eq!(governor.wish(time, &probe, limits), Verdict::Grant);
        governor.ended(time, &probe, Ended::Throttled { scope: Scope::Client, wait: None });
        let Verdict::Wait(until) = governor.wish(time, &wish(99, 1, after(0)), limits) else { panic!("the breaker is open") };
        pauses.push(until.duration_since(time).as_secs());
        time = until;
    }
    assert_eq!(pauses, [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300]);
}

#[test]
fn a_probe_that_ends_without_an_answer_lets_the_next_one_try() {
    let mut governor = Governor::default();
    let limits = limits(100, 100, 4);
    let first = wish(1, 1, after(0));
    assert_eq!(governor.wish(now(), &first, limits), Verdict::Grant);
    governor.ended(now(), &first, Ended::Throttled { scope: Scope::Client, wait: None });
    let probe = wish(2, 1, after(0));
    assert_eq!(governor.wish(after(2000), &probe, limits), Verdict::Grant);
    governor.ended(after(2100), &probe, Ended::Nothing);
    assert_eq!(governor.wish(after(2100), &wish(3, 1, after(0)), limits), Verdict::Grant);
}

#[test]
fn grants_that_nobody_ends_and_wishes_that_never_come_again_hold_nobody_up() {
    let mut governor = Governor::default();
    let limits = limits(1, 10, 1);
    assert_eq!(governor.wish(now(), &wish(1, 1, after(0)), limits), Verdict::Grant);
    assert!(matches!(governor.wish(after(1), &wish(2, 2, after(0)), limits), Verdict::Wait(_)));
    let Verdict::Wait(until) = governor.wish(after(1), &wish(3, 1, after(5)), limits) else { panic!("one at once") };
    assert!(until < after(1000));
    // Two minutes later the grant counts as ended, and the one before in line as gone.
    assert_eq!(governor.wish(after(121_000), &wish(3, 1, after(5)), limits), Verdict::Grant);
}

#[test]
fn a_wish_that_is_withdrawn_leaves_its_place() {
    let mut governor = Governor::default();
    let limits = limits(1, 10, 4);
    assert_eq!(governor.wish(now(), &wish(1, 1, after(0)), limits), Verdict::Grant);
    let first = wish(2, 2, after(0));
    assert_eq!(governor.wish(now(), &first, limits), Verdict::Wait(after(60_000)));
    let second = wish(3, 3, after(10));
    assert_eq!(governor.wish(now(), &second, limits), Verdict::Wait(after(60_000)));
    governor.withdraw(&first);
    assert_eq!(governor.wish(after(60_000), &second, limits), Verdict::Grant);
}

#[test]
fn a_clock_that_is_set_back_freezes_nothing() {
    let mut governor = Governor::default();
    let limits = limits(2, 10, 4);
    assert_eq!(governor.wish(now(), &wish(1, 1, after(0)), limits), Verdict::Grant);
    assert_eq!(governor.wish(now(), &wish(2, 2, after(0)), limits), Verdict::Grant);
    let back = now() - Elapsed::from_mins(60);
    let Verdict::Wait(until) = governor.wish(back, &wish(3, 3, back), limits) else { panic!("the window is full") };
    assert_eq!(until, back + Elapsed::from_secs(60));
    assert_eq!(governor.wish(until, &wish(3, 3, back), limits), Verdict::Grant);
}

#[test]
fn of_a_part_no_more_is_granted_and_of_none_nothing() {
    let mut governor = Governor::default();
    let mut granted = |part, from: i64| {
        governor.set_part(part);
        let wishes = (0..20u64).map(|id| wish(1000 * id + from.unsigned_abs(), id, after(from)));
        let grants = wishes.filter(|wish| {
            let is_granted = governor.wish(after(from), wish, limits(12, 5, 3)) == Verdict::Grant;
            governor.withdraw(wish);
            is_granted
        });
        grants.count()
    };
    assert_eq!(granted(Part::OneOf(3), 0), 4);
    // What was granted before counts.
    assert_eq!(granted(Part::OneOf(2), 1_000), 2);
    assert_eq!(granted(Part::OneOf(13), 120_000), 0);
    assert_eq!(granted(Part::Whole, 240_000), 12);
}

//! Hosts that come, die, are held up and cut off, each with a view of its own; and one who sees all of them.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn secs(secs: i64) -> Elapsed {
    Elapsed::from_secs(secs)
}

fn member(host: &str, renewals: u64) -> Member {
    Member { host: host.to_owned(), joined: None, renewals }
}

fn mailboxes() -> impl Iterator<Item = ConnectionId> {
    (1..=60).map(ConnectionId)
}

/// The mailboxes that the host may ask at that second.
fn own(share: &Share, second: i64) -> BTreeSet<u64> {
    mailboxes().filter(|mailbox| share.turn(secs(second), *mailbox) == Turn::Now).map(|mailbox| mailbox.0).collect()
}

/// Hosts that attend every five seconds, from one second on to another.
fn attend(hosts: &mut [&mut Share], seconds: std::ops::Range<i64>) {
    for second in seconds.step_by(5) {
        let renewals = u64::try_from(second + 1000).expect("after the begin");
        let members: Vec<Member> = hosts.iter().map(|host| member(&host.own, renewals)).collect();
        for host in hosts.iter_mut() {
            host.attended(secs(second), secs(second), &members);
        }
    }
}

#[test]
fn who_cannot_be_joined_has_everything_and_who_has_not_attended_nothing() {
    assert_eq!((own(&Share::alone("a"), 0).len(), Share::alone("a").part()), (60, Part::Whole));
    assert_eq!(own(&Share::away("a"), 0).len(), 0);
    // The first of all begins at once.
    let mut first = Share::away("a");
    attend(&mut [&mut first], 0..5);
    assert_eq!((own(&first, 0).len(), first.part()), (60, Part::OneOf(1)));
}

#[test]
fn one_that_joins_takes_its_own_and_nothing_else_moves() {
    let (mut a, mut b, mut c) = (Share::away("a"), Share::away("b"), Share::away("c"));
    attend(&mut [&mut a], 0..5);
    attend(&mut [&mut a, &mut b], 5..200);
    let before = [own(&a, 200), own(&b, 200)];
    assert_eq!(before[0].len() + before[1].len(), 60);
    attend(&mut [&mut a, &mut b, &mut c], 200..205);
    // The others let go at once, it begins when they must have.
    let (left, begins) = ([own(&a, 204), own(&b, 204)], 200 + SETTLE.as_secs());
    assert!(left[0].is_subset(&before[0]) && left[1].is_subset(&before[1]));
    attend(&mut [&mut a, &mut b, &mut c], 205..begins);
    assert_eq!(own(&c, begins - 1).len(), 0);
    attend(&mut [&mut a, &mut b, &mut c], begins..begins + 5);
    assert_eq!([own(&a, begins), own(&b, begins)], left);
    let moved = own(&c, begins);
    assert_eq!(moved.len() + left[0].len() + left[1].len(), 60);
    assert!((10..=30).contains(&moved.len()), "{moved:?}");
    assert_eq!([a.part(), b.part(), c.part()], [Part::OneOf(3); 3]);
}

#[test]
fn the_mailboxes_of_one_that_died_are_taken_over_in_time() {
    let (mut a, mut b) = (Share::away("a"), Share::away("b"));
    attend(&mut [&mut a, &mut b], 0..205);
    let own_of_a = own(&a, 204);
    let dead = member("b", 1200);
    let died = 204;
    for second in (205..died + TAKEN_OVER.as_secs()).step_by(5) {
        let members = [member("a", u64::try_from(second + 1000).expect("after the begin")), dead.clone()];
        a.attended(secs(second), secs(second), &members);
        assert!(second > died + SETTLE.as_secs() - 10 || own(&a, second) == own_of_a, "{second}");
    }
    let over = died + TAKEN_OVER.as_secs();
    assert_eq!((own(&a, over).len(), a.part()), (60, Part::OneOf(1)));
    // A row that lies there for good is nobody.
    a.attended(secs(over), secs(over), &[member("a", 9000), dead.clone()]);
    assert_eq!(a.hosts(), 1);
    a.attended(secs(over), secs(over), &[member("a", 9001), member("b", 1201)]);
    assert_eq!(a.hosts(), 2);
}

#[test]
fn who_is_late_or_whose_clock_stood_still_begins_anew() {
    let (mut a, mut b) = (Share::away("a"), Share::away("b"));
    attend(&mut [&mut a, &mut b], 0..205);
    let held = |share: &Share, at| (own(share, at).is_empty(), share.takes_part(secs(at)));
    let last = 200 + LEASE.as_secs();
    assert_eq!([held(&a, last - 1), held(&a, last)], [(false, true), (true, false)]);
    assert_eq!(a.turn(secs(last), ConnectionId(*own(&a, 204).first().expect("its own"))), Turn::Later);
    let late = |share: &mut Share, renewals| {
        share.attended(secs(last + 1), secs(last + 1), &[member("a", renewals), member("b", 1201)]);
        share.begins_in(secs(last + 1))
    };
    assert_eq!(late(&mut a.clone(), 1201), Some(SETTLE));
    // In time by its own clock, but the store has seen it join anew.
    let mut slept = a.clone();
    let anew = Member { joined: Some(Instant::UNIX_EPOCH), ..member("a", 1201) };
    slept.attended(secs(206), secs(206), &[anew, member("b", 1201)]);
    assert_eq!(slept.begins_in(secs(206)), Some(SETTLE));
    // Whose time is in doubt waits for the next renewal, and goes on.
    a.stand_back(secs(206));
    assert!(!a.takes_part(secs(206)));
    a.attended(secs(206), secs(206), &[member("a", 1201), member("b", 1201)]);
    assert!(a.takes_part(secs(206)));
}

#[test]
fn parts_of_limits_never_make_more_than_the_whole() {
    assert_eq!([Part::Whole, Part::OneOf(3), Part::OneOf(20)].map(|part| part.of_client(10)), [10, 3, 0]);
    let of_mailbox = |part: Part| [60, 61, 600].map(|window| part.of_mailbox(10_000, secs(window)));
    assert_eq!(of_mailbox(Part::OneOf(5)), [10_000, 5000, 1000]);
    assert_eq!(of_mailbox(Part::Whole), [10_000; 3]);
}

/// What happens to a host.
#[derive(Clone, Debug)]
enum Fate {
    /// Joins.
    Joins,
    /// Is gone without a word.
    Dies,
    /// Takes its row out, having ended everything.
    Leaves,
    /// Does nothing for so many seconds, and then goes on where it was.
    Held(i64),
    /// Does not reach the store for so many seconds.
    CutOff(i64),
}

#[derive(Default)]
struct Host {
    share: Option<Share>,
    held_until: i64,
    cut_off_until: i64,
    /// A renewal under way: when it was asked for, when the store does it, what it answers, and when that is there.
    under_way: Option<(i64, i64, Option<Vec<Member>>, i64)>,
    next: i64,
    life: usize,
}

/// What all hosts did: at each second who took part by which part, and who asked which mailbox.
struct Seen {
    parts: Vec<BTreeMap<String, usize>>,
    askers: Vec<BTreeMap<u64, BTreeSet<String>>>,
}

const HOSTS: usize = 5;

/// Lets hosts live for so many seconds. `delays`: how long each step of a renewal takes, one after the other.
fn lived(fates: &[(i64, usize, Fate)], delays: &[i64], end: i64) -> Seen {
    let mut hosts: Vec<Host> = (0..HOSTS).map(|_| Host::default()).collect();
    // When each joined, when it renewed, and how often.
    let mut rows: BTreeMap<String, (i64, i64, u64)> = BTreeMap::new();
    let (mut seen, mut delay) = (Seen { parts: Vec::new(), askers: Vec::new() }, delays.iter().copied().cycle());
    for now in 0..end {
        for (_, place, fate) in fates.iter().filter(|(at, ..)| *at == now) {
            let take_part =
                |host: &Host| host.held_until <= now && host.share.as_ref().is_some_and(|share| share.takes_part(secs(now)));
            let others = hosts.iter().enumerate().filter(|(other, host)| other != place && take_part(host)).count();
            let host = &mut hosts[*place];
            match (fate, &host.share) {
                (Fate::Joins, None) => {
                    let life = host.life + 1;
                    *host = Host { share: Some(Share::away(&format!("{place}-{life}"))), next: now, life, ..Host::default() };
                }
                (Fate::Dies, Some(_)) => (host.share, host.under_way) = (None, None),
                // Without anybody else who takes part, the end in order is what is not counted.
                (Fate::Leaves, Some(share)) if others > 0 && host.held_until <= now => {
                    rows.remove(&share.own);
                    (host.share, host.under_way) = (None, None);
                }
                (Fate::Held(long), Some(_)) => host.held_until = now + long,
                (Fate::CutOff(long), Some(_)) => host.cut_off_until = now + long,
                _ => {}
            }
        }
        let (mut parts, mut askers) = (BTreeMap::new(), BTreeMap::<u64, BTreeSet<String>>::new());
        for host in &mut hosts {
            let Some(share) = &mut host.share else { continue };
            // What was sent to the store arrives, although its sender is held up meanwhile.
            if let Some((_, at, answer @ None, _)) = &mut host.under_way
                && *at <= now
            {
                rows.retain(|_, (_, renewed, _)| now - *renewed <= SETTLE.as_secs());
                let row = rows.entry(share.own.clone()).or_insert((now, now, 0));
                *row = (if now - row.1 > LEASE.as_secs() { now } else { row.0 }, now, row.2 + 1);
                let told = |(name, (joined, _, renewals)): (&String, &(i64, i64, u64))| Member {
                    joined: Some(Instant::UNIX_EPOCH + secs(*joined)),
                    ..member(name, *renewals)
                };
                *answer = Some(rows.iter().map(told).collect());
            }
            if host.held_until > now {
                continue;
            }
            if let Some((asked, _, Some(answer), _)) = host.under_way.take_if(|(.., there)| *there <= now) {
                share.attended(secs(asked), secs(now), &answer);
                host.next = asked.max(now - 4) + 5;
            }
            if host.under_way.is_none() && host.next <= now {
                let (there, back) = (delay.next().unwrap_or(0), delay.next().unwrap_or(0));
                match host.cut_off_until > now {
                    true => host.next = now + 1,
                    false => host.under_way = Some((now, now + there, None, now + there + back)),
                }
            }
            if share.takes_part(secs(now)) {
                parts.insert(share.own.clone(), share.hosts());
            }
            for mailbox in mailboxes().take(6).filter(|mailbox| share.turn(secs(now), *mailbox) == Turn::Now) {
                askers.entry(mailbox.0).or_default().insert(share.own.clone());
            }
        }
        seen.parts.push(parts);
        seen.askers.push(askers);
    }
    seen
}

fn fates() -> impl Strategy<Value = Vec<(i64, usize, Fate)>> {
    let fate = prop_oneof![
        4 => Just(Fate::Joins),
        2 => Just(Fate::Dies),
        1 => Just(Fate::Leaves),
        2 => (1..400i64).prop_map(Fate::Held),
        2 => (1..200i64).prop_map(Fate::CutOff),
    ];
    prop::collection::vec((0..900i64, 0..HOSTS, fate), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_window_sees_two_hosts_at_a_mailbox_or_more_than_the_whole_quota(
        fates in fates(),
        delays in prop::collection::vec(prop_oneof![6 => Just(0i64), 3 => 1..4i64, 1 => 4..40i64], 1..30),
    ) {
        let seen = lived(&fates, &delays, 1200);
        let window = usize::try_from(WINDOW_SECS).expect("short");
        for at in 0..seen.parts.len() {
            let span = at.saturating_sub(window)..at + 1;
            let mut fewest: BTreeMap<&String, usize> = BTreeMap::new();
            for (host, hosts) in seen.parts[span.clone()].iter().flatten() {
                fewest.entry(host).and_modify(|known| *known = (*known).min(*hosts)).or_insert(*hosts);
            }
            // In parts of 60, the least number that all of 1 to 5 divide.
            let taken: usize = fewest.values().map(|hosts| 60 / hosts).sum();
            prop_assert!(taken <= 60, "at {at}: {fewest:?}");
            let mut askers: BTreeMap<u64, BTreeSet<&String>> = BTreeMap::new();
            for (mailbox, hosts) in seen.askers[span].iter().flatten() {
                askers.entry(*mailbox).or_default().extend(hosts);
            }
            prop_assert!(askers.values().all(|hosts| hosts.len() == 1), "at {at}: {askers:?}");
        }
    }

    #[test]
    fn every_mailbox_has_a_reader_again_when_nothing_has_happened_for_a_while(fates in fates()) {
        let joins = (0..900, 0, Fate::Joins);
        let fates: Vec<_> = fates.into_iter().chain([(899, joins.1, joins.2)]).collect();
        // The last of what happens may be a hold of 400 seconds, after which a host begins anew.
        let seen = lived(&fates, &[0], 900 + 400 + TAKEN_OVER.as_secs() + 10);
        let last = seen.askers.last().expect("many seconds");
        prop_assert_eq!(last.len(), 6, "{:?}", last);
    }
}

//! Clocks that are set, stand still, or were wrong from the begin.

use super::*;
use proptest::prelude::*;

const BEGIN: &str = "2026-03-25T10:00:00Z";

/// A machine: its monotonic clock, how far its wall clock is off, and what it believes.
struct Machine {
    begin: Instant,
    millis: i64,
    /// What the wall clock shows more than is right, in milliseconds.
    off: i64,
    belief: Belief,
}

impl Machine {
    /// A machine that begins with a wall clock that is so many seconds off.
    fn new(off_secs: i64) -> Self {
        let begin: Instant = BEGIN.parse().expect("an instant");
        let belief = Belief::new(Elapsed::ZERO, begin + Elapsed::from_secs(off_secs));
        Self { begin, millis: 0, off: off_secs * 1000, belief }
    }

    /// One whose time is not in doubt any more.
    fn settled() -> Self {
        let mut machine = Self::new(0);
        machine.hears(Other::Bots, 0);
        machine.goes(100_000);
        assert_eq!(machine.belief.standing(), Standing::Wall);
        machine
    }

    fn wall(&self) -> Instant {
        self.begin + Elapsed::from_millis(self.millis + self.off)
    }

    /// Looks; how many milliseconds the belief is off.
    fn looks(&mut self) -> i64 {
        let believed = self.belief.at(Elapsed::from_millis(self.millis), self.wall());
        let right = self.begin + Elapsed::from_millis(self.millis);
        i64::try_from(believed.duration_since(right).as_millis()).expect("not far off")
    }

    /// Time passes, with a look every 100 ms; the furthest that the belief was off.
    fn goes(&mut self, millis: i64) -> i64 {
        let mut worst = self.looks();
        for _ in 0..millis / 100 {
            self.millis += 100;
            let off = self.looks();
            worst = if off.abs() > worst.abs() { off } else { worst };
        }
        worst
    }

    /// Somebody whose clock is so many seconds off answers within 40 ms, with a time of whole seconds.
    fn hears(&mut self, other: Other, off_secs: i64) {
        let asked = Elapsed::from_millis(self.millis);
        let shown = (self.begin + Elapsed::from_millis(self.millis) + Elapsed::from_secs(off_secs)).as_second();
        self.millis += 40;
        let answered = Elapsed::from_millis(self.millis);
        let time = Instant::from_second(shown).expect("a time");
        let said = Said { asked, answered, time, precision: Elapsed::from_secs(1) };
        self.belief.heard(answered, self.wall(), other, said);
    }
}

fn google() -> Other {
    Other::Provider("www.googleapis.com".to_owned())
}

#[test]
fn a_clock_that_is_set_is_not_believed_until_somebody_agrees() {
    for off in [3_600_000, -3_600_000, 1_500, -1_500] {
        let mut machine = Machine::settled();
        machine.off = off;
        assert_eq!(machine.looks(), 0);
        assert!(machine.belief.is_in_doubt());
        machine.hears(Other::Bots, 0);
        assert_eq!((machine.belief.standing(), machine.goes(60_000)), (Standing::Own, 0), "{off}");
        // It is set right again.
        machine.off = 300;
        assert_eq!((machine.looks(), machine.belief.standing()), (300, Standing::Wall));
    }
}

#[test]
fn doubt_ends_by_itself_after_five_seconds_and_the_even_clock_goes_on() {
    let mut machine = Machine::settled();
    machine.off = 3_600_000;
    assert_eq!(machine.goes(4_900), 0);
    assert!(machine.belief.is_in_doubt());
    assert_eq!(machine.goes(3_600_000), 0);
    assert_eq!(machine.belief.standing(), Standing::Own);
    // Who speaks up later is still heard.
    machine.hears(google(), 3600);
    assert_eq!((machine.belief.standing(), machine.looks()), (Standing::Wall, 3_600_000));
}

#[test]
fn a_machine_that_slept_believes_its_wall_clock_once_somebody_agrees() {
    let mut machine = Machine::settled();
    machine.hears(Other::Bots, 0);
    // An hour in which the monotonic clock stood still: the world is an hour on.
    machine.off = 3_600_000;
    machine.looks();
    assert!(machine.belief.is_in_doubt(), "what was said before the sleep counts no more");
    machine.hears(Other::Bots, 3600);
    assert_eq!((machine.belief.standing(), machine.looks()), (Standing::Wall, 3_600_000));
}

#[test]
fn a_wall_clock_that_stands_still_is_left() {
    let mut machine = Machine::settled();
    for _ in 0..600 {
        machine.millis += 100;
        machine.off -= 100;
        let off = machine.looks();
        assert!((-1_000..=0).contains(&off), "{off}");
        if machine.belief.is_in_doubt() {
            machine.hears(Other::Bots, 0);
            machine.off -= 40;
        }
    }
    assert_eq!((machine.looks(), machine.belief.standing()), (0, Standing::Own));
}

#[test]
fn one_that_begins_with_a_wrong_clock_believes_two_others_or_its_store() {
    for others in [vec![Other::Bots, google()], vec![google(), Other::Provider("graph.microsoft.com".into())], vec![Other::Store]]
    {
        let mut machine = Machine::new(-3600);
        assert!(machine.belief.is_in_doubt());
        others.into_iter().for_each(|other| machine.hears(other, 0));
        let off = machine.looks();
        assert!(off.abs() <= 600 && machine.belief.standing() == Standing::Own, "{off} {:?}", machine.belief.standing());
    }
}

#[test]
fn one_voice_alone_moves_nobody() {
    let mut machine = Machine::new(0);
    machine.hears(Other::Bots, 3600);
    machine.hears(Other::Bots, 3600);
    assert!(machine.belief.is_in_doubt());
    assert_eq!(machine.goes(5_000), 0);
    assert_eq!(machine.belief.standing(), Standing::Wall);
    machine.hears(Other::Store, -3600);
    assert_eq!((machine.looks(), machine.belief.standing()), (0, Standing::Wall));
    // But two that agree are more than one machine.
    machine.hears(google(), -3600);
    assert!((machine.looks() + 3_600_000).abs() <= 600);
}

#[test]
fn a_wall_clock_that_is_a_little_fast_is_followed() {
    let mut machine = Machine::settled();
    for step in 0..20_000 {
        machine.millis += 100;
        // One millisecond a second, as clocks are slewed.
        machine.off += i64::from(step % 10 == 0);
        assert_eq!(machine.looks(), machine.off);
        assert_eq!(machine.belief.standing(), Standing::Wall);
    }
}

proptest! {
    /// However the wall clock is set, and whoever right answers: the belief is never off by more than a jump that goes unseen,
    /// and doubt never lasts longer than it may.
    #[test]
    fn belief_stays_right_while_others_are(steps in prop::collection::vec((0i64..20_000, -5_000_000i64..5_000_000, 0u8..4), 1..60)) {
        let mut machine = Machine::settled();
        let mut doubt = 0;
        for (millis, off, who) in steps {
            machine.off = off;
            let worst = machine.goes(millis);
            prop_assert!(worst.abs() <= 3_500, "{worst}");
            doubt = if machine.belief.is_in_doubt() { doubt + millis } else { 0 };
            prop_assert!(doubt < 5_000 + 20_000);
            match who {
                0 => machine.hears(Other::Bots, 0),
                1 => machine.hears(google(), 0),
                _ => {}
            }
        }
        machine.goes(5_000);
        prop_assert!(!machine.belief.is_in_doubt());
    }
}

//! What keeps the host from asking again and again where nobody answers: one breaker for each host name, over all tenants.
//!
//! So many failures in a row open it. Then one try passes at a time, each after a pause that grows, until one is answered. What it
//! holds back stays due as it was: it counts as no try and is not lost.
//!
//! Source: reliability.md T21, 6.3.

use crate::time::{Elapsed, Instant};

/// So many failures in a row open a breaker.
pub const FAILURES_MAX: u32 = 8;
/// The first pause of an open breaker; each that follows is twice as long.
pub const PAUSE_MIN: Elapsed = Elapsed::from_secs(5);
/// The longest pause: shorter than any delay of the published schedule but the first, so that a receiver that is well again
/// waits no longer than it was told to expect.
pub const PAUSE_MAX: Elapsed = Elapsed::from_secs(60);

/// What a try told of the host that it was sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Somebody is there and does their work, whatever they think of the request.
    Answer,
    /// Nobody took the connection, nobody answered in time, or with a status of 500 and above.
    Failure,
    /// Nothing: it was not sent after all.
    Nothing,
}

/// The breaker of one host name. A new one is closed, and knows nothing of its host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Breaker {
    /// Failures since the last answer.
    failures: u32,
    /// The last try was answered.
    answered: bool,
    open: Option<Open>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Open {
    until: Instant,
    pause: Elapsed,
    /// A probe is under way.
    probing: bool,
}

impl Breaker {
    /// Whether a try may begin at `now`.
    #[must_use]
    pub fn admits(&self, now: Instant) -> bool {
        let Some(open) = &self.open else { return true };
        // After the clock was set back, what is further ahead than any pause counts as over.
        !open.probing && (open.until <= now || open.until > later(now, PAUSE_MAX))
    }

    /// Whether the next try that it admits is a probe.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether nobody knows that the host answers: it never did, or not the last time.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        !self.answered
    }

    /// A try begins that was admitted; whether it is a probe.
    pub fn begin(&mut self) -> bool {
        if let Some(open) = &mut self.open {
            open.probing = true;
        }
        self.open.is_some()
    }

    /// A try has ended.
    pub fn end(&mut self, now: Instant, heard: Heard, was_probe: bool) {
        match (heard, &mut self.open) {
            (Heard::Answer, _) => *self = Self { answered: true, ..Self::default() },
            (Heard::Failure, Some(open)) => {
                self.answered = false;
                // Tries that began before it opened tell nothing new.
                if was_probe {
                    let pause = (open.pause * 2).min(PAUSE_MAX);
                    *open = Open { until: later(now, pause), pause, probing: false };
                }
            }
            (Heard::Failure, None) => {
                self.answered = false;
                self.failures += 1;
                if self.failures >= FAILURES_MAX {
                    self.open = Some(Open { until: later(now, PAUSE_MIN), pause: PAUSE_MIN, probing: false });
                }
            }
            // The next one probes instead.
            (Heard::Nothing, Some(open)) if was_probe => open.probing = false,
            (Heard::Nothing, _) => {}
        }
    }
}

fn later(now: Instant, wait: Elapsed) -> Instant {
    now.checked_add(wait).unwrap_or(Instant::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(secs: i64) -> Instant {
        Instant::from_second(1_800_000_000 + secs).expect("an instant")
    }

    fn opened() -> Breaker {
        let mut breaker = Breaker::default();
        for _ in 0..FAILURES_MAX {
            assert!(breaker.admits(at(0)) && !breaker.begin());
            breaker.end(at(0), Heard::Failure, false);
        }
        breaker
    }

    #[test]
    fn failures_in_a_row_open_it_and_others_do_not() {
        let mut breaker = Breaker::default();
        for _ in 0..10 {
            for heard in [Heard::Failure; FAILURES_MAX as usize - 1].into_iter().chain([Heard::Nothing, Heard::Answer]) {
                breaker.end(at(0), heard, false);
                assert!(breaker.admits(at(0)));
            }
        }
        assert!(!opened().admits(at(0)));
    }

    #[test]
    fn an_open_breaker_lets_one_probe_through_after_pauses_that_grow() {
        let mut breaker = opened();
        let mut now = at(0);
        let mut pauses = Vec::new();
        for _ in 0..6 {
            let since = now;
            while !breaker.admits(now) {
                now += Elapsed::from_secs(1);
            }
            pauses.push(now.duration_since(since).as_secs());
            assert!(breaker.begin() && !breaker.admits(now), "one at a time");
            // One that began long before changes nothing.
            breaker.end(now, Heard::Failure, false);
            assert!(!breaker.admits(now + PAUSE_MAX));
            breaker.end(now, Heard::Failure, true);
        }
        assert_eq!(pauses, [5, 10, 20, 40, 60, 60]);
        breaker.end(now, Heard::Answer, true);
        assert!(breaker.admits(now) && !breaker.is_open() && !breaker.is_doubtful());
    }

    #[test]
    fn a_probe_that_was_never_sent_leaves_the_turn_to_the_next() {
        let mut breaker = opened();
        assert!(breaker.admits(at(5)) && breaker.begin());
        breaker.end(at(6), Heard::Nothing, true);
        assert!(breaker.admits(at(6)));
    }

    #[test]
    fn a_clock_that_is_set_back_holds_nobody_up() {
        assert!(opened().admits(at(-3600)));
    }

    proptest! {
        /// Whatever happens, somebody may try again within the longest pause of the last probe's end.
        #[test]
        fn it_never_shuts_for_good(steps in prop::collection::vec((0_u8..3, 0_i64..90), 0..200)) {
            let (mut breaker, mut now) = (Breaker::default(), at(0));
            for (heard, secs) in steps {
                now += Elapsed::from_secs(secs);
                let heard = [Heard::Answer, Heard::Failure, Heard::Nothing][usize::from(heard)];
                if breaker.admits(now) {
                    let probe = breaker.begin();
                    breaker.end(now, heard, probe);
                }
                prop_assert!(breaker.admits(now + PAUSE_MAX));
            }
        }
    }
}

//! The clock that the host goes by: the machine's, judged by what others say.

use super::Clock;
use super::belief::{Belief, Other, Said, Standing};
use crate::host::http::Response;
use crate::host::planted::{self, Bug};
use crate::time::{Elapsed, Instant, of_http_date};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// The time that is believed, and waiting for it. See [`super::belief`].
pub struct Timekeeper {
    clock: Arc<dyn Clock>,
    belief: Mutex<Belief>,
    /// Told whenever the belief stands otherwise.
    changed: Notify,
    /// Told when doubt begins.
    doubted: Notify,
}

/// How precise a `Date` header is.
const DATE_PRECISION: Elapsed = Elapsed::from_secs(1);
/// Readings of both clocks further apart than this were interrupted, and are made again.
const BREAK_MAX: Elapsed = Elapsed::from_millis(20);
/// Most times that they are.
const READINGS_MAX: u32 = 4;

impl Timekeeper {
    /// Judges the clock of a machine.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let (monotonic, wall) = read(&*clock);
        Self { clock, belief: Mutex::new(Belief::new(monotonic, wall)), changed: Notify::new(), doubted: Notify::new() }
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.look(believed)
    }

    /// The monotonic clock.
    #[must_use]
    pub fn monotonic(&self) -> Elapsed {
        self.clock.monotonic()
    }

    /// How the time that is believed stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.look(|belief, monotonic, wall| {
            belief.at(monotonic, wall);
            belief.standing()
        })
    }

    /// Whether the time is in doubt: then nothing is done that cannot be taken back. Never for longer than
    /// [`DOUBT_MAX`](super::belief::DOUBT_MAX).
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        matches!(self.standing(), Standing::Doubt { .. })
    }

    /// How far the believed time is from what the wall clock shows.
    #[must_use]
    pub fn off(&self) -> Elapsed {
        self.look(|belief, monotonic, wall| belief.at(monotonic, wall).duration_since(wall))
    }

    /// Waits until the time is in doubt. Whoever asks [`now`](Self::now) finds that out.
    pub async fn in_doubt(&self) {
        loop {
            let doubted = self.doubted.notified();
            if self.is_in_doubt() {
                return;
            }
            doubted.await;
        }
    }

    /// Waits until it is `at`, or a little later; returns at once where that is past. Never waits longer than it looked like at
    /// first, by the monotonic clock.
    pub async fn sleep_until(&self, at: Instant) {
        let (begun, now) = self.look(|belief, monotonic, wall| (monotonic, believed(belief, monotonic, wall)));
        let longest = at.duration_since(now);
        let mut rest = longest;
        while rest > Elapsed::ZERO {
            let changed = self.changed.notified();
            let until = self.clock.now().checked_add(rest).unwrap_or(Instant::MAX);
            tokio::select! {
                biased;
                () = changed => {}
                () = self.clock.sleep_until(until) => {
                    // Of a clock that is believed the wait was the right one.
                    if self.standing() == Standing::Wall {
                        return;
                    }
                }
            }
            let (monotonic, now) = self.look(|belief, monotonic, wall| (monotonic, believed(belief, monotonic, wall)));
            rest = at.duration_since(now).min(longest - (monotonic - begun));
        }
    }

    /// Takes note of the time that an answer tells: of `other`, who was asked then.
    pub fn hear(&self, other: Other, asked: Elapsed, response: &Response) {
        // What a cache kept tells what time it was once.
        let Some(time) = response.find_header("date").filter(|_| response.find_header("age").is_none()).and_then(of_http_date)
        else {
            return;
        };
        self.hear_of(other, asked, time, DATE_PRECISION);
    }

    /// Takes note of what somebody said, who was asked then.
    pub fn hear_of(&self, other: Other, asked: Elapsed, time: Instant, precision: Elapsed) {
        self.look(|belief, monotonic, wall| {
            let said = Said { asked, answered: monotonic, time, precision };
            belief.heard(monotonic, wall, other, said);
        });
    }

    fn belief(&self) -> MutexGuard<'_, Belief> {
        // Whole after every step: nothing under the lock waits.
        self.belief.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look<T>(&self, work: impl FnOnce(&mut Belief, Elapsed, Instant) -> T) -> T {
        let (answer, before, after) = {
            let mut belief = self.belief();
            let (monotonic, wall) = read(&*self.clock);
            let before = belief.standing();
            let answer = work(&mut belief, monotonic, wall);
            (answer, before, belief.standing())
        };
        if before != after {
            self.changed.notify_waiters();
            if matches!(after, Standing::Doubt { .. }) {
                self.doubted.notify_waiters();
            }
        }
        answer
    }
}

fn believed(belief: &mut Belief, monotonic: Elapsed, wall: Instant) -> Instant {
    let time = belief.at(monotonic, wall);
    if planted::is(Bug::WallClockBelieved) { wall } else { time }
}

/// Both clocks at one time.
fn read(clock: &dyn Clock) -> (Elapsed, Instant) {
    let mut before = clock.monotonic();
    let mut wall = clock.now();
    for _ in 0..READINGS_MAX {
        let after = clock.monotonic();
        if after - before <= BREAK_MAX {
            break;
        }
        (before, wall) = (clock.monotonic(), clock.now());
    }
    (before, wall)
}

//! A clock that only moves when nothing else does.

use crate::host::clock::{Boxed, Clock};
use crate::time::{Elapsed, Instant};
use std::cell::Cell;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

/// A clock that runs on tokio's, which is paused: while anything can go on, no time passes, and when nothing can, it is at once
/// the time that is waited for.
pub(in crate::host) struct VirtualClock {
    start: Instant,
    begun: tokio::time::Instant,
    /// Seconds that it is off; one host's clock may be wrong while the world's is right.
    off_secs: AtomicI64,
    /// What it shows while it stands still.
    still: Mutex<Option<Instant>>,
}

thread_local! {
    /// The time of tokio's clock since it last moved, on a thread whose runtime tells of it.
    static TOLD: Cell<Option<tokio::time::Instant>> = const { Cell::new(None) };
}

/// To be called whenever tokio's clock may have moved, on the thread of a runtime that always does so: this clock is read far more
/// often than it moves, and reading tokio's takes a lock.
pub(in crate::host) fn moved() {
    TOLD.set(Some(tokio::time::Instant::now()));
}

/// No runtime of this thread tells any more.
pub(in crate::host) fn forgotten() {
    TOLD.set(None);
}

/// The time of tokio's clock.
fn told() -> tokio::time::Instant {
    TOLD.get().unwrap_or_else(tokio::time::Instant::now)
}

/// Longest single wait while the clock may jump: the new time counts within this many seconds.
const NAP: Duration = Duration::from_secs(60);

impl VirtualClock {
    /// A clock that shows `start` now. To be called inside a tokio runtime whose time is paused.
    pub(in crate::host) fn at(start: Instant) -> Arc<Self> {
        Arc::new(Self { start, begun: told(), off_secs: AtomicI64::new(0), still: Mutex::default() })
    }

    /// A clock of the same time that can be set otherwise.
    pub(in crate::host) fn twin(&self) -> Arc<Self> {
        let off_secs = AtomicI64::new(self.off_secs.load(Ordering::Relaxed));
        Arc::new(Self { start: self.start, begun: self.begun, off_secs, still: Mutex::default() })
    }

    /// Sets the clock: so many seconds before or after the right time. Where it stood still, it goes on.
    pub(in crate::host) fn set_off(&self, secs: i64) {
        self.off_secs.store(secs, Ordering::Relaxed);
        *self.stands() = None;
    }

    /// Lets the clock stand still until it is set.
    pub(in crate::host) fn stop(&self) {
        let now = self.now();
        *self.stands() = Some(now);
    }

    fn stands(&self) -> MutexGuard<'_, Option<Instant>> {
        self.still.lock().expect("nobody panics with it")
    }

    fn elapsed(&self) -> Elapsed {
        Elapsed::try_from(told().duration_since(self.begun)).expect("a run is short")
    }

    fn off(&self) -> Elapsed {
        Elapsed::from_secs(self.off_secs.load(Ordering::Relaxed))
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        if let Some(still) = *self.stands() {
            return still;
        }
        self.start + self.elapsed() + self.off()
    }

    fn monotonic(&self) -> Elapsed {
        self.elapsed()
    }

    fn sleep_until(&self, at: Instant) -> Boxed<'_, ()> {
        let left = move || Duration::try_from(at.duration_since(self.now())).unwrap_or_default();
        // From now, not from when somebody first waits.
        let (begun, longest) = (told(), left());
        Box::pin(async move {
            loop {
                let rest = left().min(longest.saturating_sub(told().duration_since(begun)));
                if rest.is_zero() {
                    return;
                }
                tokio::time::sleep(rest.min(NAP)).await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_wait_ends_in_time_although_the_clock_was_set_back() {
        let clock = VirtualClock::at("2026-03-02T10:00:00Z".parse().expect("an instant"));
        let (begun, until) = (tokio::time::Instant::now(), clock.now() + Elapsed::from_secs(90));
        let waiting = clock.sleep_until(until);
        clock.set_off(-3600);
        waiting.await;
        assert!(begun.elapsed() <= Duration::from_secs(91), "{:?}", begun.elapsed());
    }
}

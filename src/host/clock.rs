//! What time it is, and waiting: the only place where the host asks.
//!
//! A [`Clock`] is what a machine has. Whether it can be believed is judged by [`belief`], and the host goes by the
//! [`Timekeeper`].

pub mod belief;
mod kept;

pub use kept::Timekeeper;

use crate::time::{Elapsed, Instant};
use std::future::Future;
use std::pin::Pin;
use std::sync::LazyLock;

/// A future in a box, for the two seams of the host ([`Clock`] and [`Egress`](super::http::Egress)).
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The time, and waiting for it.
pub trait Clock: Send + Sync {
    /// The time of the wall clock. It may jump.
    fn now(&self) -> Instant;

    /// Time since some begin, by a clock that nobody sets. Of a clock that never jumps, its own time.
    fn monotonic(&self) -> Elapsed {
        self.now().duration_since(Instant::UNIX_EPOCH)
    }

    /// Waits until the wall clock shows `at`, or a little later; returns at once where that is past. Never waits longer than
    /// it looked like at first: where the clock is set back meanwhile, whoever waited looks again.
    fn sleep_until(&self, at: Instant) -> Boxed<'_, ()>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// Longest single wait: after a clock that jumped, the new time counts within this many seconds.
const NAP_SECS_MAX: u64 = 1;

/// Where the monotonic clock of this process is zero: its readings mean nothing but their differences.
static BEGUN: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
    }

    fn monotonic(&self) -> Elapsed {
        Elapsed::try_from(BEGUN.elapsed()).unwrap_or(Elapsed::MAX)
    }

    fn sleep_until(&self, at: Instant) -> Boxed<'_, ()> {
        let left = move || std::time::Duration::try_from(at.duration_since(Instant::now())).unwrap_or_default();
        // From now, not from when somebody first waits.
        let (begun, longest) = (tokio::time::Instant::now(), left());
        Box::pin(async move {
            loop {
                let rest = left().min(longest.saturating_sub(begun.elapsed()));
                if rest.is_zero() {
                    return;
                }
                tokio::time::sleep(rest.min(std::time::Duration::from_secs(NAP_SECS_MAX))).await;
            }
        })
    }
}

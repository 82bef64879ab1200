//! What time it is, and waiting: the only place where the host asks.

use crate::time::Instant;
use std::future::Future;
use std::pin::Pin;

/// A future in a box, for the two seams of the host ([`Clock`] and [`Egress`](super::http::Egress)).
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The time, and waiting for it.
pub trait Clock: Send + Sync {
    /// The time of the wall clock. It may jump.
    fn now(&self) -> Instant;

    /// Waits until the wall clock shows `at`, or a little later; returns at once where that is past. Never waits longer than
    /// it looked like at first: where the clock is set back meanwhile, whoever waited looks again.
    fn sleep_until(&self, at: Instant) -> Boxed<'_, ()>;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// Longest single wait: after a clock that jumped, the new time counts within this many seconds.
const NAP_SECS_MAX: u64 = 1;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::now()
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

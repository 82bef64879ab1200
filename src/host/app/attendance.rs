//! The host among those that share its store: its row renewed, and the others' looked at. What follows from them is
//! [`share`](crate::host::sync::share)'s.

use super::Stop;
use crate::host::context::Context;
use crate::host::sync::share::RENEW_EVERY;
use crate::time::{Elapsed, Instant};

/// When a renewal failed, it is tried again so soon.
const AGAIN_AFTER: Elapsed = Elapsed::from_secs(1);

/// Attends until `stop`, then takes its row out; at once where nobody can share the store. To be stopped after everything that asks
/// providers.
pub async fn run(host: Context, mut stop: Stop) {
    if !host.store.is_shared() {
        return;
    }
    while !stop.is_set() {
        let wait = match host.attend().await {
            Ok(()) => RENEW_EVERY,
            Err(error) => {
                tracing::warn!(error = %error, "the other hosts of the store could not be seen");
                AGAIN_AFTER
            }
        };
        let until = host.now().checked_add(wait).unwrap_or(Instant::MAX);
        tokio::select! {
            biased;
            () = stop.set() => {}
            () = host.clock.sleep_until(until) => {}
        }
    }
    if let Err(error) = host.store.leave(&host.owner).await {
        tracing::warn!(error = %error, "the other hosts of the store could not be told of the end");
    }
}

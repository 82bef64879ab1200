//! Secrets that an old key seals: they are sealed anew, and what is still to do is counted. Keys leave memory when their time is
//! over.

use super::work::Work;
use super::{Stop, rest};
use crate::host::context::Context;
use crate::host::model::TenantId;
use crate::host::seal::keeping;
use crate::time::{Elapsed, Instant};

/// How often keys that were in memory for long enough are dropped.
const TIDY_EVERY: Elapsed = Elapsed::from_secs(30);
/// How often old keys are looked for.
const LOOK_EVERY: Elapsed = Elapsed::from_hours(1);

/// Turns keys over until `stop`. Where there is no root key, there is nothing to do.
pub async fn run(host: Context, mut stop: Stop) {
    let mut nothing: Work<TenantId> = Work::new(1);
    let mut next = host.now();
    while host.vault.has_root() && !stop.is_set() {
        host.vault.tidy();
        let now = host.now();
        // A clock that was set back does not put it off.
        if (now >= next || next > now + LOOK_EVERY) && !host.store.is_full() {
            next = now.checked_add(LOOK_EVERY).unwrap_or(Instant::MAX);
            round(&host).await;
        }
        rest(&host, TIDY_EVERY, &mut nothing, &mut stop).await;
    }
}

/// Drops what was in memory for long enough, until `stop`: for processes that turn over no keys.
pub async fn tidy(host: Context, mut stop: Stop) {
    let mut nothing: Work<TenantId> = Work::new(1);
    while !stop.is_set() {
        host.vault.tidy();
        rest(&host, TIDY_EVERY, &mut nothing, &mut stop).await;
    }
}

/// One round over all tenants.
pub async fn round(host: &Context) {
    match keeping::sweep(&host.vault, &host.store).await {
        Ok(swept) => {
            host.metrics.sealed_under_old_keys(swept.left);
            if swept.resealed > 0 {
                tracing::info!(rows = swept.resealed, left = swept.left, "secrets were sealed anew");
            }
        }
        Err(error) => tracing::warn!(error = %error, "secrets could not be sealed anew"),
    }
}

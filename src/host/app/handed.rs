//! What is done for processes that open nothing: the codes that they hand over are exchanged, and they are lent what they seal with.
//!
//! Nothing runs where there is nothing to lend with: then there are no such processes.

use super::work::Work;
use super::{Stop, rest};
use crate::host::context::Context;
use crate::host::model::TenantId;
use crate::host::oauth::connect::ConnectError;
use crate::host::oauth::handed::take_over;
use crate::host::seal::keeping;
use crate::host::store::StoreError;
use crate::time::{Elapsed, Instant};

/// How often handed over codes are looked for: a user waits in front of a browser.
const LOOK_EVERY: Elapsed = Elapsed::from_millis(500);
/// How often tenants are looked for whose keys lend nothing yet.
const LEND_EVERY: Elapsed = Elapsed::from_secs(5);
/// Most codes that are exchanged at once.
const AT_ONCE: usize = 16;

/// Exchanges and lends until `stop`.
pub async fn run(host: Context, mut stop: Stop) {
    // For the audit: nobody is acted for, but a step is taken all the same.
    let worker = host.acting("worker");
    let mut work: Work<(TenantId, u64)> = Work::new(AT_ONCE);
    let mut next = host.now();
    while host.vault.lends() && !stop.is_set() {
        let now = host.now();
        // A clock that was set back does not put it off.
        if (now >= next || next > now + LEND_EVERY) && !host.store.is_full() {
            next = now.checked_add(LEND_EVERY).unwrap_or(Instant::MAX);
            lend(&host).await;
        }
        if !host.store.is_full()
            && let Err(error) = begin(&worker, &mut work).await
        {
            tracing::warn!(error = %error, "codes that were handed over could not be looked for");
        }
        rest(&host, LOOK_EVERY, &mut work, &mut stop).await;
    }
    work.drained().await;
}

async fn lend(host: &Context) {
    match keeping::lend(&host.vault, &host.store).await {
        Ok(0) => {}
        Ok(count) => tracing::info!(rows = count, "tenants' keys lend what is needed to hand over"),
        Err(error) => tracing::warn!(error = %error, "a tenant's key lends nothing"),
    }
}

/// Begins with what was handed over, as far as there is room.
async fn begin(host: &Context, work: &mut Work<(TenantId, u64)>) -> Result<(), StoreError> {
    // Those under way are no longer among them, but for a moment.
    for flow in host.store.handed_flows(AT_ONCE).await? {
        let host = host.clone();
        work.start((flow.tenant, flow.id), async move {
            match take_over(&host, &flow).await {
                // Somebody else was faster.
                Ok(()) | Err(ConnectError::Refused(_)) => {}
                Err(error) => {
                    tracing::error!(tenant = flow.tenant.0, flow = flow.id, error = %error, "a code was not exchanged");
                }
            }
        });
    }
    Ok(())
}

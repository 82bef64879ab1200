//! Plans brought up to date after what others changed: rules, lists, domains, overrides, connections.
//!
//! Whoever changes one of them commits a [`Write::Undecided`](crate::host::store::Write::Undecided) with it. Within
//! [`LOOK_EVERY`] some host that runs on the store decides anew what it concerns, and the bots follow.

use super::work::Work;
use super::{Stop, rest};
use crate::host::context::Context;
use crate::host::model::{TenantId, Undecided};
use crate::host::planning::catch_up;
use crate::time::{Elapsed, Instant};
use std::collections::BTreeMap;
use tokio::sync::mpsc;

/// How long a change can wait until a host sees it.
pub const LOOK_EVERY: Elapsed = Elapsed::from_secs(1);
/// Most tenants whose meetings are decided anew at once: each may hold all of a tenant's in memory.
const WIDTH: usize = 2;
/// Most changes that are looked at at once.
const CHANGES_MAX: usize = 256;
/// After a failure, as with rules that this version refuses, nothing of the tenant is tried for this long.
const AFTER_FAILURE: Elapsed = Elapsed::from_secs(60);

/// Decides anew until `stop`, then waits for what is under way.
pub async fn run(host: Context, mut stop: Stop) {
    let mut work: Work<TenantId> = Work::new(WIDTH);
    let mut failed: BTreeMap<TenantId, Instant> = BTreeMap::new();
    let (tell, mut told) = mpsc::unbounded_channel();
    while !stop.is_set() {
        while let Ok(tenant) = told.try_recv() {
            failed.insert(tenant, host.now() + AFTER_FAILURE);
        }
        failed.retain(|_, until| *until > host.now());
        if work.has_room() && !host.store.is_full() {
            match host.store.undecided(CHANGES_MAX).await {
                Ok(waiting) => {
                    for change in waiting.into_iter().filter(|change| !failed.contains_key(&change.tenant)) {
                        let (host, tell) = (host.clone(), tell.clone());
                        work.start(change.tenant, async move {
                            if decide(&host, &change).await.is_err() {
                                // The loop ended meanwhile: nobody tries again.
                                let _ = tell.send(change.tenant);
                            }
                        });
                    }
                }
                Err(error) => tracing::warn!(error = %error, "changes could not be read"),
            }
        }
        rest(&host, LOOK_EVERY, &mut work, &mut stop).await;
    }
    work.drained().await;
}

async fn decide(host: &Context, change: &Undecided) -> Result<(), ()> {
    match catch_up(host, change).await {
        Ok(writes) => {
            tracing::info!(tenant = change.tenant.0, full = change.uid.is_none(), rows = writes, "decided anew");
            Ok(())
        }
        Err(error) => {
            tracing::warn!(error = %error, tenant = change.tenant.0, "a change could not be followed");
            Err(())
        }
    }
}

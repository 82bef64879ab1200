//! Webhook receivers themselves: new ones are asked for their proof, replaced secrets are dropped.

use super::work::Work;
use super::{Stop, rest};
use crate::host::context::Context;
use crate::host::model::{Endpoint, EndpointId, TenantId};
use crate::host::outbox::receiver::{self, Next};
use crate::host::store::{Commit, CommitError, Write};
use crate::time::Elapsed;

/// Most receivers that are asked at once.
const WIDTH: usize = 16;
/// How long the store is not asked where nothing ends.
const LOOK_EVERY: Elapsed = Elapsed::from_secs(1);

type Key = (TenantId, EndpointId);

/// Does what is due about receivers until `stop`, then waits for what is under way.
pub async fn run(host: Context, mut stop: Stop) {
    let mut work: Work<Key> = Work::new(WIDTH);
    while !stop.is_set() {
        if work.has_room() {
            match host.store.due_endpoints(host.now(), WIDTH).await {
                Ok(due) => due.into_iter().for_each(|row| {
                    let host = host.clone();
                    work.start((row.tenant, row.id), async move { see_to(&host, row).await });
                }),
                Err(error) => tracing::warn!(error = %error, "due receivers could not be read"),
            }
        }
        rest(&host, LOOK_EVERY, &mut work, &mut stop).await;
    }
    work.drained().await;
}

/// What is due about one receiver: counted and durable before it is asked, its answer stored after.
pub async fn see_to(host: &Context, row: Endpoint) {
    let asking = match receiver::step(&row, host.now()) {
        Next::Ask(asking) => asking,
        Next::Store(row) => return drop(store(host, row).await),
        Next::Nothing => return,
    };
    let Some(asking) = store(host, asking).await else { return };
    let now = host.now();
    let answered = match receiver::challenge(&asking, now) {
        Ok(challenge) => {
            let outcome = host.egress.call(challenge.request.clone()).await;
            receiver::answered(&asking, &challenge, host.now(), &outcome)
        }
        Err(why) => receiver::unaskable(&asking, why),
    };
    tracing::info!(tenant = answered.tenant.0, endpoint = answered.id.0, state = answered.state.word(), "receiver was asked");
    store(host, answered).await;
}

/// The row as it is after the commit. `None` where somebody else changed it, or the store failed: it is found again when due.
async fn store(host: &Context, row: Endpoint) -> Option<Endpoint> {
    match host.store.commit(Commit { tenant: row.tenant, writes: vec![Write::Endpoint(row.clone())] }).await {
        Ok(()) => Some(Endpoint { version: row.version + 1, ..row }),
        Err(CommitError::Conflict(_)) => None,
        Err(CommitError::Store(error)) => {
            tracing::warn!(error = %error, tenant = row.tenant.0, "a receiver could not be stored");
            None
        }
    }
}

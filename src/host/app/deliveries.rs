//! Webhooks on their way: what is due is tried, each receiver apart from the others.

use super::work::Work;
use super::{Stop, rest};
use crate::host::context::Context;
use crate::host::model::{Delivery, Endpoint, EndpointId, EventId, OutboxEvent, TenantId};
use crate::host::outbox::delivery::{self, Next};
use crate::host::store::{Commit, CommitError, DueDelivery, Write};
use crate::time::Elapsed;

/// Most deliveries under way at once.
const WIDTH: usize = 64;
/// Most of them to one receiver, so that a slow one does not hold up the others.
const EACH: usize = 4;
/// Names a delivery.
type Key = (TenantId, EventId, EndpointId);

/// How long the store is not asked where nothing ends.
const LOOK_EVERY: Elapsed = Elapsed::from_secs(1);

/// Tries what is due until `stop`, then waits for what is under way.
pub async fn run(host: Context, mut stop: Stop) {
    let mut work: Work<Key> = Work::new(WIDTH);
    while !stop.is_set() {
        if work.has_room() {
            match host.store.due_deliveries(host.now(), WIDTH, EACH).await {
                Ok(due) => due.into_iter().for_each(|item| start(&host, item, &mut work)),
                Err(error) => tracing::warn!(error = %error, "due deliveries could not be read"),
            }
        }
        rest(&host, LOOK_EVERY, &mut work, &mut stop).await;
    }
    work.drained().await;
}

fn start(host: &Context, item: DueDelivery, work: &mut Work<Key>) {
    let host = host.clone();
    let key = (item.delivery.tenant, item.delivery.event, item.delivery.endpoint);
    work.start(key, async move { deliver(&host, item).await });
}

/// One try: counted and durable before it is made, its answer stored after.
pub async fn deliver(host: &Context, due: DueDelivery) {
    let DueDelivery { delivery: row, event, endpoint } = due;
    let trying = match delivery::attempt(&row, host.now()) {
        Next::Try(trying) => trying,
        Next::GiveUp(dead) => return store(host, vec![Write::Delivery(dead)]).await,
        Next::Nothing => return,
    };
    let request = match delivery::request(&event, &endpoint, host.now()) {
        Ok(request) => request,
        Err(why) => return store(host, vec![Write::Delivery(delivery::undeliverable(&trying, why))]).await,
    };
    let begun = Commit { tenant: trying.tenant, writes: vec![Write::Delivery(trying.clone())] };
    if host.store.commit(begun).await.is_err() {
        return;
    }
    let outcome = host.egress.call(request).await;
    finish(host, &trying, &event, endpoint, &outcome).await;
}

async fn finish(
    host: &Context,
    trying: &Delivery,
    event: &OutboxEvent,
    endpoint: Endpoint,
    outcome: &Result<crate::host::http::Response, crate::host::http::NetError>,
) {
    let answered = delivery::answered(trying, &endpoint, host.now(), outcome, event.id.0);
    host.metrics.delivery(answered.delivery.state.word());
    let endpoint = answered.endpoint.map(Write::Endpoint);
    let notice = answered.notice.map(Write::Event);
    store(host, std::iter::once(Write::Delivery(answered.delivery)).chain(endpoint).chain(notice).collect()).await;
}

/// A write that is lost here is made again: the row still says that a try is under way, and its hold runs out.
async fn store(host: &Context, writes: Vec<Write>) {
    let Some(tenant) =
        writes.iter().find_map(|write| if let Write::Delivery(delivery) = write { Some(delivery.tenant) } else { None })
    else {
        return;
    };
    match host.store.commit(Commit { tenant, writes }).await {
        Ok(()) | Err(CommitError::Conflict(_)) => {}
        Err(CommitError::Store(error)) => tracing::warn!(error = %error, "the end of a delivery could not be stored"),
    }
}

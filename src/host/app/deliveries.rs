//! Webhooks on their way: what is due is tried, each receiver apart from the others.

use super::work::Work;
use super::{Stop, rest};
use crate::host::context::Context;
use crate::host::http::{NetError, Response};
use crate::host::model::{Delivery, DeliveryState, Endpoint, EndpointId, EventId, OutboxEvent, TenantId};
use crate::host::outbox::delivery::{self, Next};
use crate::host::planted::{self, Bug};
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
    if planted::is(Bug::DeliveredBeforeSent) {
        let early = Delivery { state: DeliveryState::Delivered, due_at: None, ..trying };
        store(host, vec![Write::Delivery(early)]).await;
        return drop(host.egress.call(request).await);
    }
    let begun = Commit { tenant: trying.tenant, writes: vec![Write::Delivery(trying.clone())] };
    if host.store.commit(begun).await.is_err() {
        return;
    }
    let trying = Delivery { version: trying.version + 1, ..trying };
    let outcome = host.egress.call(request).await;
    finish(host, &trying, &event, endpoint, &outcome).await;
}

/// How often the end of a try is stored anew because the receiver's row changed meanwhile: other tries end, secrets change.
const TRIES_MAX: u32 = 8;

/// Stores what an answer means. A receiver that changed meanwhile is read again: what others wrote about it stays.
async fn finish(
    host: &Context,
    trying: &Delivery,
    event: &OutboxEvent,
    mut endpoint: Endpoint,
    outcome: &Result<Response, NetError>,
) {
    let now = host.now();
    for _ in 0..TRIES_MAX {
        let answered = delivery::answered(trying, &endpoint, now, outcome, event.id.0);
        let word = answered.delivery.state.word();
        let receiver = answered.endpoint.map(Write::Endpoint);
        let notice = answered.notice.map(Write::Event);
        let writes = std::iter::once(Write::Delivery(answered.delivery)).chain(receiver).chain(notice).collect();
        match host.store.commit(Commit { tenant: trying.tenant, writes }).await {
            Ok(()) => return host.metrics.delivery(word),
            Err(CommitError::Store(error)) => return tracing::warn!(error = %error, "the end of a delivery could not be stored"),
            Err(CommitError::Conflict(_)) => {}
        }
        let stored = host.store.endpoints(trying.tenant).await.unwrap_or_default();
        match stored.into_iter().find(|row| row.id == endpoint.id && row.version != endpoint.version) {
            Some(fresh) => endpoint = fresh,
            // It was the delivery itself that somebody else changed.
            None => return,
        }
    }
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

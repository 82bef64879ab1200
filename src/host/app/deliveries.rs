//! Webhooks on their way: what is due is tried, each receiver apart from the others.

use super::work::Work;
use super::{Stop, rest};
use crate::host::context::Context;
use crate::host::http::{NetError, Response};
use crate::host::model::{Delivery, DeliveryState, Endpoint, EndpointId, EventId, OutboxEvent, TenantId};
use crate::host::outbox::delivery::{self, Next};
use crate::host::planted::{self, Bug};
use crate::host::store::{Commit, CommitError, DueDelivery, Write};
use crate::time::{Elapsed, Instant};

/// Most deliveries under way at once.
const WIDTH: usize = 64;
/// Most of them to one receiver, so that a slow one does not hold up the others.
const EACH: usize = 16;
/// Most of them while bots wait to be asked for: those cannot wait, webhooks can.
const WIDTH_IN_STORM: usize = 1;
/// How long after a look that found something the next one is made: with a long queue a look costs as much as a delivery.
const LOOK_AGAIN: Elapsed = Elapsed::from_millis(25);
/// The same while bots wait.
const LOOK_AGAIN_IN_STORM: Elapsed = Elapsed::from_millis(500);
/// Names a delivery.
type Key = (TenantId, EventId, EndpointId);

/// How long the store is not asked where nothing ends.
const LOOK_EVERY: Elapsed = Elapsed::from_secs(1);

/// Tries what is due until `stop`, then waits for what is under way.
pub async fn run(host: Context, mut stop: Stop) {
    let mut work: Work<Key> = Work::new(WIDTH);
    let mut look_at = Instant::MIN;
    while !stop.is_set() {
        let now = host.now();
        // A clock that was set back does not put the look off.
        if work.has_room() && (look_at <= now || look_at > now + LOOK_EVERY) {
            let found = look(&host, now, &mut work).await;
            look_at = match (found, host.in_storm()) {
                (false, _) => now + LOOK_EVERY,
                (true, false) => now + LOOK_AGAIN,
                (true, true) => now + LOOK_AGAIN_IN_STORM,
            };
        }
        rest(&host, look_at.duration_since(now).clamp(Elapsed::from_millis(1), LOOK_EVERY), &mut work, &mut stop).await;
    }
    work.drained().await;
}

/// Starts what is due and has room; whether anything was due.
async fn look(host: &Context, now: Instant, work: &mut Work<Key>) -> bool {
    let (width, each) = if host.in_storm() { (WIDTH_IN_STORM, 1) } else { (WIDTH, EACH) };
    let due = match host.store.due_deliveries(now, width, each).await {
        Ok(due) => due,
        Err(error) => {
            tracing::warn!(error = %error, "due deliveries could not be read");
            return false;
        }
    };
    let found = !due.is_empty();
    for item in due {
        let (tenant, endpoint) = (item.delivery.tenant, item.delivery.endpoint);
        let same = work.busy().iter().filter(|key| (key.0, key.2) == (tenant, endpoint)).count();
        if same < EACH && work.busy().len() < width {
            let host = host.clone();
            work.start((tenant, item.delivery.event, endpoint), async move { deliver(&host, item).await });
        }
    }
    found
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

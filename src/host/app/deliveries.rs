//! Webhooks on their way: what is due is tried, as far as [`Slots`] lets it begin.

use super::work::Work;
use super::{Stop, rest};
use crate::host::context::Context;
use crate::host::http::{NetError, Response};
use crate::host::model::{Delivery, DeliveryState, Endpoint, EndpointId, EventId, OutboxEvent, TenantId};
use crate::host::outbox::breaker::Heard;
use crate::host::outbox::delivery::{self, Next};
use crate::host::outbox::slots::{Shares, Slots, Wish};
use crate::host::planted::{self, Bug};
use crate::host::seal::receivers;
use crate::host::store::{Commit, CommitError, DueDelivery, StoreError, Write};
use crate::time::{Elapsed, Instant};
use tokio::sync::mpsc;

/// Most deliveries under way at once, and most of each receiver, tenant and host among them. A try may hang for as long as
/// [`delivery::TRY_TIMEOUT`]; half of the slots are kept for hosts that answered the last time.
const SHARES: Shares =
    Shares { all: 256, receiver: 4, tenant: 32, host: 16, doubtful: 128, doubtful_of_tenant: 8, pace: Elapsed::ZERO };
/// Most deliveries that are read at once.
const PAGE: usize = 256;
/// Most pages that are read before something else is done.
const PAGES_MAX: usize = 8;
/// Most deliveries under way while many bots are: those cannot wait, webhooks can.
const BESIDE_BOTS: usize = 8;
/// Names a delivery.
type Key = (TenantId, EventId, EndpointId);
/// What ended, and what was heard.
type Told = (Key, Heard);

/// How long the store is not asked where nothing ends.
const LOOK_EVERY: Elapsed = Elapsed::from_secs(1);

/// Tries what is due until `stop`, then waits for what is under way.
pub async fn run(host: Context, mut stop: Stop) {
    let mut work: Work<Key> = Work::new(SHARES.all);
    let mut slots = Slots::new(SHARES);
    let (tell, mut told) = mpsc::unbounded_channel();
    let mut looked: Option<Instant> = None;
    while !stop.is_set() {
        while let Ok((key, heard)) = told.try_recv() {
            slots.end(host.now(), &key, heard);
        }
        slots.keep(host.now(), work.busy());
        let (now, width) = (host.now(), if host.has_many_bots() { BESIDE_BOTS } else { SHARES.all });
        slots.narrow(width);
        let room = width.saturating_sub(work.busy().len());
        // A look at a long queue costs as much as a delivery, so it is made for many at once; but none waits for slow ones.
        let is_time = looked.is_none_or(|at| at > now || now >= at + LOOK_EVERY);
        // What cannot be written down is not begun.
        if (room >= width / 2 || (is_time && room > 0)) && !host.store.is_full() {
            looked = Some(now);
            if let Err(error) = take_up(&host, &mut slots, &mut work, &tell).await {
                tracing::warn!(error = %error, "due deliveries could not be read");
            }
        }
        host.metrics.receivers_held_back(slots.hosts_held_back());
        rest(&host, LOOK_EVERY, &mut work, &mut stop).await;
    }
    work.drained().await;
}

/// Begins what is due, page by page: behind a page of which nothing may begin, others may wait.
async fn take_up(
    host: &Context,
    slots: &mut Slots<Key>,
    work: &mut Work<Key>,
    tell: &mpsc::UnboundedSender<Told>,
) -> Result<(), StoreError> {
    for _ in 0..PAGES_MAX {
        if !work.has_room() {
            break;
        }
        let passed_over = slots.passed_over(host.now());
        let due = host.store.due_deliveries(host.now(), PAGE, SHARES.receiver, &passed_over).await?;
        let wishes: Vec<Wish<Key>> = due.iter().map(wish).collect();
        let chosen = slots.choose(host.now(), &wishes);
        let (pages_end, all_begun) = (due.len() < PAGE, chosen.len() == due.len());
        let mut chosen = chosen.into_iter().peekable();
        for (place, item) in due.into_iter().enumerate() {
            if chosen.next_if_eq(&place).is_some() {
                start(host, item, work, tell);
            }
        }
        if pages_end || all_begun {
            break;
        }
    }
    Ok(())
}

fn wish(due: &DueDelivery) -> Wish<Key> {
    let (tenant, receiver) = (due.delivery.tenant, due.delivery.endpoint);
    Wish { key: (tenant, due.delivery.event, receiver), tenant, receiver, url: due.endpoint.url.clone() }
}

fn start(host: &Context, item: DueDelivery, work: &mut Work<Key>, tell: &mpsc::UnboundedSender<Told>) {
    let (host, tell) = (host.clone(), tell.clone());
    let key = (item.delivery.tenant, item.delivery.event, item.delivery.endpoint);
    work.start(key, async move {
        let heard = deliver(&host, item).await;
        // The loop ended meanwhile: nobody begins another.
        let _ = tell.send((key, heard));
    });
}

/// One try: counted and durable before it is made, its answer stored after. What it told of the host of the receiver.
pub async fn deliver(host: &Context, due: DueDelivery) -> Heard {
    let DueDelivery { delivery: row, event, endpoint } = due;
    let trying = match delivery::attempt(&row, host.now()) {
        Next::Try(trying) => trying,
        Next::GiveUp(dead) => return unsent(host, dead).await,
        Next::Nothing => return Heard::Nothing,
    };
    let secrets = match receivers::opened(&host.vault, &host.store, &endpoint).await {
        Ok(secrets) => secrets,
        Err(error) => {
            tracing::warn!(error = %error, tenant = row.tenant.0, endpoint = endpoint.id.0, "a receiver's secrets could not be opened");
            return unsent(host, delivery::unopened(&trying, host.now(), event.id.0)).await;
        }
    };
    let request = match delivery::request(&event, &endpoint, &secrets, host.now()) {
        Ok(request) => request,
        Err(why) => return unsent(host, delivery::undeliverable(&trying, why)).await,
    };
    if planted::is(Bug::DeliveredBeforeSent) {
        let early = Delivery { state: DeliveryState::Delivered, due_at: None, ..trying };
        unsent(host, early).await;
        return delivery::heard(&host.egress.call(request).await);
    }
    let begun = Commit { tenant: trying.tenant, writes: vec![Write::Delivery(trying.clone())] };
    if host.store.commit(begun).await.is_err() {
        return Heard::Nothing;
    }
    let trying = Delivery { version: trying.version + 1, ..trying };
    let outcome = host.egress.call(request).await;
    finish(host, &trying, &event, endpoint, &outcome).await;
    delivery::heard(&outcome)
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

/// Stores a delivery of which nothing is sent. A write that is lost here is made again: the row is still due, or its hold runs out.
async fn unsent(host: &Context, row: Delivery) -> Heard {
    match host.store.commit(Commit { tenant: row.tenant, writes: vec![Write::Delivery(row)] }).await {
        Ok(()) | Err(CommitError::Conflict(_)) => {}
        Err(CommitError::Store(error)) => tracing::warn!(error = %error, "the end of a delivery could not be stored"),
    }
    Heard::Nothing
}

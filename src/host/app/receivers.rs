//! Webhook receivers themselves: new ones are asked for their proof, replaced secrets are dropped.

use super::work::Work;
use super::{Stop, rest};
use crate::host::context::Context;
use crate::host::model::{Endpoint, EndpointId, EndpointState, TenantId};
use crate::host::outbox::breaker::Heard;
use crate::host::outbox::delivery;
use crate::host::outbox::receiver::{self, Next};
use crate::host::outbox::slots::{Shares, Slots, Wish};
use crate::host::seal::receivers;
use crate::host::store::{Commit, CommitError, StoreError, Write};
use crate::time::Elapsed;
use tokio::sync::mpsc;

/// Most receivers that are asked at once, and how slowly each host name: whoever names receivers by the thousand at somebody's
/// server, or has them asked again and again, makes us ask it no more than once a second, and once a minute after a few answers
/// that were no proof.
const SHARES: Shares =
    Shares { all: 16, receiver: 1, tenant: 4, host: 2, doubtful: 16, doubtful_of_tenant: 4, pace: Elapsed::from_secs(1) };
/// Most receivers that are read at once.
const PAGE: usize = 64;
/// Most pages that are read before something else is done.
const PAGES_MAX: usize = 8;
/// How long the store is not asked where nothing ends.
const LOOK_EVERY: Elapsed = Elapsed::from_secs(1);

type Key = (TenantId, EndpointId);

/// Does what is due about receivers until `stop`, then waits for what is under way.
pub async fn run(host: Context, mut stop: Stop) {
    let mut work: Work<Key> = Work::new(SHARES.all);
    let mut slots = Slots::new(SHARES);
    let (tell, mut told) = mpsc::unbounded_channel();
    while !stop.is_set() {
        while let Ok((key, heard)) = told.try_recv() {
            slots.end(host.now(), &key, heard);
        }
        slots.keep(host.now(), work.busy());
        if !host.store.is_full()
            && let Err(error) = take_up(&host, &mut slots, &mut work, &tell).await
        {
            tracing::warn!(error = %error, "due receivers could not be read");
        }
        rest(&host, LOOK_EVERY, &mut work, &mut stop).await;
    }
    work.drained().await;
}

/// Begins what is due, page by page.
async fn take_up(
    host: &Context,
    slots: &mut Slots<Key>,
    work: &mut Work<Key>,
    tell: &mpsc::UnboundedSender<(Key, Heard)>,
) -> Result<(), StoreError> {
    for _ in 0..PAGES_MAX {
        if !work.has_room() {
            break;
        }
        let due = host.store.due_endpoints(host.now(), PAGE, &slots.passed_over(host.now())).await?;
        let (asked, others): (Vec<_>, Vec<_>) = due.into_iter().partition(|row| row.state == EndpointState::Unproven);
        let wishes: Vec<Wish<Key>> = asked.iter().map(wish).collect();
        let chosen = slots.choose(host.now(), &wishes);
        let (pages_end, all_begun) = (asked.len() + others.len() < PAGE, chosen.len() == asked.len());
        let begun = chosen.iter().filter_map(|place| asked.get(*place)).cloned();
        for row in begun.chain(others) {
            let (host, tell, key) = (host.clone(), tell.clone(), (row.tenant, row.id));
            work.start(key, async move {
                let heard = see_to(&host, row).await;
                // The loop ended meanwhile: nobody begins another.
                let _ = tell.send((key, heard));
            });
        }
        if pages_end || all_begun {
            break;
        }
    }
    Ok(())
}

fn wish(row: &Endpoint) -> Wish<Key> {
    Wish { key: (row.tenant, row.id), tenant: row.tenant, receiver: row.id, url: row.url.clone() }
}

/// What is due about one receiver: counted and durable before it is asked, its answer stored after. Only a proof counts as an
/// answer: who gives another may be somebody who never wanted to be asked.
pub async fn see_to(host: &Context, row: Endpoint) -> Heard {
    let asking = match receiver::step(&row, host.now()) {
        Next::Ask(asking) => asking,
        Next::Store(row) => {
            store(host, row).await;
            return Heard::Nothing;
        }
        Next::Nothing => return Heard::Nothing,
    };
    let Some(asking) = store(host, asking).await else { return Heard::Nothing };
    let secrets = match receivers::opened(&host.vault, &host.store, &asking).await {
        Ok(secrets) => secrets,
        Err(error) => {
            tracing::warn!(error = %error, tenant = asking.tenant.0, endpoint = asking.id.0, "a receiver's secrets could not be opened");
            store(host, receiver::unopened(&asking, host.now())).await;
            return Heard::Nothing;
        }
    };
    let now = host.now();
    let (answered, was_sent) = match receiver::challenge(&asking, &secrets, now) {
        Ok(challenge) => {
            let outcome = host.egress.call(challenge.request.clone()).await;
            (receiver::answered(&asking, &challenge, host.now(), &outcome), delivery::heard(&outcome) != Heard::Nothing)
        }
        Err(why) => (receiver::unaskable(&asking, why), false),
    };
    tracing::info!(tenant = answered.tenant.0, endpoint = answered.id.0, state = answered.state.word(), "receiver was asked");
    let heard = match (was_sent, answered.state) {
        (false, _) => Heard::Nothing,
        (true, EndpointState::Active) => Heard::Answer,
        (true, _) => Heard::Failure,
    };
    store(host, answered).await;
    heard
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

//! Bots, each at its second: what is due is claimed, asked for, looked after, or recalled.

use super::preflights::look_if_late;
use super::work::Work;
use super::{Stop, rest};
use crate::host::bots::{Backend, CreateAnswer, Exchange, FindAnswer, Heard, RecallAnswer, Wanted};
use crate::host::context::Context;
use crate::host::dispatch::protocol::{self, Effect, Input};
use crate::host::model::{Dispatch, TenantId};
use crate::host::store::{Commit, CommitError, Write};
use crate::time::{Elapsed, Instant};

/// Most dispatches under way at once, those that wait for their second among them.
const WIDTH: usize = 1024;
/// How long the store is not asked where nothing ends.
const LOOK_EVERY: Elapsed = Elapsed::from_millis(500);
/// How far ahead dispatches are taken up, so that each can wait for its very second.
const AHEAD: Elapsed = Elapsed::from_secs(2);
/// Most requests of one conversation with a bot service.
const REQUESTS_MAX: usize = 16;
/// Most steps that one thing due can lead to; the protocol needs three.
const STEPS_MAX: usize = 8;

type Key = (TenantId, String, u32);

/// Sees to what is due until `stop`, then waits for what is under way.
pub async fn run(host: Context, backend: Backend, mut stop: Stop) {
    let mut work: Work<Key> = Work::new(WIDTH);
    while !stop.is_set() {
        if work.has_room() {
            let before = host.now().checked_add(AHEAD).unwrap_or(Instant::MAX);
            match host.store.due_dispatches(before, WIDTH).await {
                Ok(due) => due.into_iter().for_each(|dispatch| start(&host, &backend, dispatch, &mut work)),
                Err(error) => tracing::warn!(error = %error, "due dispatches could not be read"),
            }
        }
        rest(&host, LOOK_EVERY, &mut work, &mut stop).await;
    }
    work.drained().await;
}

fn start(host: &Context, backend: &Backend, dispatch: Dispatch, work: &mut Work<Key>) {
    let (host, backend) = (host.clone(), backend.clone());
    let key = (dispatch.tenant, dispatch.meeting.clone(), dispatch.epoch);
    work.start(key, async move {
        if let Some(due) = dispatch.due_at.filter(|due| *due <= host.now() + AHEAD) {
            host.clock.sleep_until(due).await;
        }
        advance(&host, &backend, dispatch).await;
    });
}

/// Does what is due about a dispatch: stores the row, then sends the request, then stores what came of it, and so on.
pub async fn advance(host: &Context, backend: &Backend, mut row: Dispatch) {
    look_if_late(host, &row).await;
    let confirmed = host.is_confirmed(&row.key);
    row = protocol::step(&row, host.now(), Input::PreflightAnswered { confirmed }).next.unwrap_or(row);
    let mut step = protocol::step(&row, host.now(), Input::Due { host: &host.owner });
    for _ in 0..STEPS_MAX {
        let Some(stored) = store(host, row, &step).await else { return };
        row = stored;
        let Some(effect) = step.requests().next() else { return };
        step = perform(host, backend, &row, effect).await;
    }
}

/// Stores the row and the events of a step; the row as it is then. `None` where somebody else was faster, or the store failed:
/// the row is found again when it is due.
async fn store(host: &Context, row: Dispatch, step: &protocol::Step) -> Option<Dispatch> {
    let Some(next) = step.next.clone() else { return Some(row) };
    let events = step.told().map(Write::Event);
    let writes = std::iter::once(Write::Dispatch(next.clone())).chain(events).collect();
    match host.store.commit(Commit { tenant: next.tenant, writes }).await {
        Ok(()) => {
            if next.state != row.state {
                host.metrics.dispatch(next.state.word());
            }
            Some(Dispatch { version: next.version + 1, ..next })
        }
        Err(CommitError::Conflict(_)) => None,
        Err(CommitError::Store(error)) => {
            tracing::warn!(error = %error, tenant = next.tenant.0, "a dispatch could not be stored");
            None
        }
    }
}

/// Sends the request of an effect; what its answer leads to.
async fn perform(host: &Context, backend: &Backend, row: &Dispatch, effect: &Effect) -> protocol::Step {
    match effect {
        Effect::Create { key, spec, fence, attempt, until } => {
            if host.now() >= *until {
                return protocol::Step::default();
            }
            let wanted = Wanted { key, spec, fence: *fence, attempt: *attempt };
            let answer = converse(host, backend.create(wanted, host.now())).await.unwrap_or(CreateAnswer::Ambiguous);
            protocol::step(row, host.now(), Input::CreateAnswered { fence: *fence, answer })
        }
        Effect::Find { key, fence } => {
            let answer = converse(host, backend.find(key)).await.unwrap_or(FindAnswer::Ambiguous);
            protocol::step(row, host.now(), Input::Found { fence: *fence, answer })
        }
        Effect::Recall { key, fence } => {
            let answer = converse(host, backend.recall(key, *fence)).await.unwrap_or(RecallAnswer::Ambiguous);
            protocol::step(row, host.now(), Input::RecallAnswered { fence: *fence, answer })
        }
        Effect::Tell(_) => protocol::Step::default(),
    }
}

/// Asks a bot service until it has answered; `None` where it has not within [`REQUESTS_MAX`] requests.
async fn converse<A>(host: &Context, mut exchange: Exchange<A>) -> Option<A> {
    for _ in 0..REQUESTS_MAX {
        let answer = host.egress.call(exchange.request.clone()).await;
        match exchange.answered(answer) {
            Heard::Answer(answer) => return Some(answer),
            Heard::Ask(next) => exchange = next,
        }
    }
    None
}

//! Bots, each at its second: what is due is claimed, asked for, looked after, or recalled.

use super::preflights;
use super::work::Work;
use super::{Stop, rest};
use crate::host::bots::{Backend, CreateAnswer, Exchange, FindAnswer, Heard, RecallAnswer, Wanted};
use crate::host::context::Context;
use crate::host::dispatch::protocol::{self, Effect, Input, Step};
use crate::host::model::{Dispatch, DispatchState, TenantId};
use crate::host::planted::{self, Bug};
use crate::host::schedule::errand;
use crate::host::store::{Commit, CommitError, Decide, StoreError, Write, acts_at};
use crate::time::{Elapsed, Instant};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

/// Most dispatches under way at once.
const WIDTH: usize = 1024;
/// Most dispatches that are taken up in one transaction. None is begun before there is room for as many: a transaction for each
/// that ends would cost more than what it is for.
const BATCH: usize = 256;
/// How long the store is not asked where nothing ends, and how far ahead it is asked what is due next.
const LOOK_EVERY: Elapsed = Elapsed::from_millis(500);
/// How long to wait where what is due is under way already, or not due by the clock of this host.
const PAUSE: Elapsed = Elapsed::from_millis(50);
/// How long a bot is left to the host that has seen its meeting.
const LEFT_FOR: Elapsed = Elapsed::from_secs(1);
/// Most requests of one conversation with a bot service.
const REQUESTS_MAX: usize = 16;
/// Most steps that one thing due can lead to; the protocol needs three.
const STEPS_MAX: usize = 8;

type Key = (TenantId, String, u32);
/// Dispatches about which nothing could be decided, and until when nobody tries again.
type Broken = Arc<Mutex<BTreeMap<Key, Instant>>>;

/// How long a dispatch is left alone about which nothing could be decided.
const BROKEN_PAUSE: Elapsed = Elapsed::from_secs(60);

/// Sees to what is due until `stop`, then waits for what is under way.
pub async fn run(host: Context, backend: Backend, mut stop: Stop) {
    let mut work: Work<Key> = Work::new(WIDTH);
    let broken = Broken::default();
    while !stop.is_set() {
        let quiet = match round(&host, &backend, &mut work, &broken).await {
            Ok(quiet) => quiet,
            Err(error) => {
                tracing::warn!(error = %error, "due dispatches could not be taken up");
                LOOK_EVERY
            }
        };
        rest(&host, quiet, &mut work, &mut stop).await;
    }
    work.drained().await;
}

/// Takes up what is due and goes on with each; how long nothing else will be due.
async fn round(host: &Context, backend: &Backend, work: &mut Work<Key>, broken: &Broken) -> Result<Elapsed, StoreError> {
    host.note_bots(work.busy().len());
    if work.room() < BATCH {
        return Ok(LOOK_EVERY);
    }
    let now = host.now();
    // Whether a bot is early, due or too late is not known: nothing is claimed, and nothing is given up.
    if host.clock.is_in_doubt() {
        return Ok(PAUSE);
    }
    let soon = now.checked_add(LOOK_EVERY).unwrap_or(Instant::MAX);
    let next = host.store.due_dispatches(soon, 1).await?;
    let Some(at) = next.first().and_then(acts_at) else { return Ok(LOOK_EVERY) };
    if at > now {
        return Ok(at.duration_since(now));
    }
    // The store keeps microseconds, and what is due by the present one is due.
    let before = now.checked_add(Elapsed::from_micros(1)).unwrap_or(Instant::MAX);
    let taken = host.store.take_up(before, BATCH, decide(host, now, work, broken)).await?;
    let quiet = if taken.is_empty() { PAUSE } else { Elapsed::ZERO };
    for row in taken {
        // The same answer as in the transaction: a step knows nothing but the row and the time.
        let step = due(host, &row, now);
        let (host, backend) = (host.clone(), backend.clone());
        let key = (row.tenant, row.meeting.clone(), row.epoch);
        work.start(key, async move { proceed(&host, &backend, row, step).await });
    }
    Ok(quiet)
}

/// What the protocol says of a row that is due. One that is under way here is left alone, whatever its claim says.
fn decide(host: &Context, now: Instant, work: &Work<Key>, broken: &Broken) -> Decide {
    let (host, busy, broken) = (host.clone(), work.busy().clone(), Arc::clone(broken));
    Arc::new(move |row| {
        let key = (row.tenant, row.meeting.clone(), row.epoch);
        if busy.contains(&key) || is_left(&host, row, now) {
            Vec::new()
        } else {
            unbroken(&broken, key, now, || writes(row, &due(&host, row, now)))
        }
    })
}

/// Whether a bot is left to another host for a moment: whoever has just seen its meeting sends it, since nobody else knows that it
/// was seen. Where nobody has, all do when the moment is over.
fn is_left(host: &Context, row: &Dispatch, now: Instant) -> bool {
    let is_soon = || row.due_at.is_some_and(|due| due + LEFT_FOR > now);
    row.state == DispatchState::Planned && row.calendar && host.hosts() > 1 && is_soon() && !host.is_confirmed(&row.key, now)
}

/// What was decided about a dispatch; nothing where deciding broke off, and then nothing is tried for [`BROKEN_PAUSE`]. It runs
/// inside of the transaction that takes up many: one row must not break off all of them, nor the store's writer.
fn unbroken(broken: &Broken, key: Key, now: Instant, decide: impl FnOnce() -> Vec<Write>) -> Vec<Write> {
    let mut broken = broken.lock().unwrap_or_else(PoisonError::into_inner);
    if broken.get(&key).is_some_and(|until| now < *until) {
        return Vec::new();
    }
    broken.remove(&key);
    catch_unwind(AssertUnwindSafe(decide)).unwrap_or_else(|_| {
        tracing::error!(tenant = key.0.0, epoch = key.2, "what becomes of a dispatch could not be decided");
        broken.insert(key, now + BROKEN_PAUSE);
        Vec::new()
    })
}

/// What the clock causes, whether the meeting was seen shortly before taken note of.
fn due(host: &Context, row: &Dispatch, now: Instant) -> Step {
    // A person who sends a bot has confirmed what nobody else knows.
    let confirmed = !row.calendar || host.is_confirmed(&row.key, now);
    let seen = protocol::step(row, now, Input::PreflightAnswered { confirmed }).next;
    protocol::step(seen.as_ref().unwrap_or(row), now, Input::Due { host: &host.owner })
}

/// What a step stores; nothing where it changes nothing.
fn writes(before: &Dispatch, step: &Step) -> Vec<Write> {
    let Some(next) = step.next.clone() else { return Vec::new() };
    let over = errand_over(before, &next);
    std::iter::once(Write::Dispatch(next)).chain(step.told().map(Write::Event)).chain(over).collect()
}

/// A bot that came and went, or could not come, ends the errand that it was on; whether a calendar still waits for its turn, or
/// another errand, is then decided anew.
fn errand_over(before: &Dispatch, next: &Dispatch) -> impl Iterator<Item = Write> + use<> {
    let ended = |row: &Dispatch| matches!(row.state, DispatchState::Ended | DispatchState::Missed);
    let errand = next.errand.filter(|_| ended(next) && !ended(before));
    // Who adopted a bot that had left before still wants one.
    let over = errand.filter(|_| !protocol::left_sender(next)).map(Write::ErrandOver);
    over.into_iter().chain(errand.map(|id| Write::Undecided(Some(errand::place(id)))))
}

/// Goes on from a step that is stored: sends the request, stores what came of it, and so on.
async fn proceed(host: &Context, backend: &Backend, row: Dispatch, mut step: Step) {
    let before = row;
    let Some(mut row) = stored(host, &before, &step) else { return };
    if before.state == DispatchState::Planned {
        let Some(claim) = preflights::claim_after_look(host, row).await else { return };
        row = claim;
    }
    for _ in 0..STEPS_MAX {
        let Some(effect) = step.requests().next() else { return };
        step = perform(host, backend, &row, effect).await;
        let Some(next) = store(host, row, &step).await else { return };
        row = next;
    }
}

/// The row as it is after a step that was stored, counted.
fn stored(host: &Context, row: &Dispatch, step: &Step) -> Option<Dispatch> {
    let next = step.next.clone()?;
    if next.state != row.state {
        host.metrics.dispatch(next.state.word());
    }
    Some(Dispatch { version: next.version + 1, ..next })
}

/// Stores the row and the events of a step; the row as it is then. `None` where somebody else was faster, or the store failed:
/// the row is found again when it is due.
async fn store(host: &Context, row: Dispatch, step: &Step) -> Option<Dispatch> {
    let mut writes = writes(&row, step);
    if writes.is_empty() {
        return Some(row);
    }
    let later = if planted::is(Bug::TellAfterwards) { writes.split_off(1) } else { Vec::new() };
    let done = host.store.commit(Commit { tenant: row.tenant, writes }).await;
    if !later.is_empty() {
        host.store.commit(Commit { tenant: row.tenant, writes: later }).await.ok()?;
    }
    match done {
        Ok(()) => stored(host, &row, step),
        Err(CommitError::Conflict(_)) => None,
        Err(CommitError::Store(error)) => {
            tracing::warn!(error = %error, tenant = row.tenant.0, "a dispatch could not be stored");
            None
        }
    }
}

/// Sends the request of an effect; what its answer leads to.
async fn perform(host: &Context, backend: &Backend, row: &Dispatch, effect: &Effect) -> Step {
    match effect {
        Effect::Create { key, spec, fence, attempt, until } => {
            if host.now() >= *until {
                return Step::default();
            }
            let other = planted::is(Bug::NewKeyOnRetry).then(|| format!("{key}{fence}"));
            let key = other.as_ref().unwrap_or(key);
            let wanted = Wanted { key, spec, fence: *fence, attempt: *attempt };
            let answer = converse(host, backend.create(wanted, host.now())).await.unwrap_or(CreateAnswer::Ambiguous);
            protocol::step(row, host.now(), Input::CreateAnswered { fence: *fence, answer })
        }
        Effect::Find { key, fence } => {
            let answer = converse(host, backend.find(key)).await.unwrap_or(FindAnswer::Ambiguous);
            let row = &counted_on(host, row).await;
            protocol::step(row, host.now(), Input::Found { fence: *fence, answer })
        }
        Effect::Recall { key, fence } => {
            let answer = converse(host, backend.recall(key, *fence)).await.unwrap_or(RecallAnswer::Ambiguous);
            protocol::step(row, host.now(), Input::RecallAnswered { fence: *fence, answer })
        }
        Effect::Tell(_) => Step::default(),
    }
}

/// The bot that was there already when a person sent one for a time that has not come: where it leaves before that, it is as if it had
/// left unseen, and another one follows.
async fn counted_on(host: &Context, row: &Dispatch) -> Dispatch {
    let Some(id) = row.errand.filter(|_| row.state == DispatchState::Joined && row.reason.is_none()) else { return row.clone() };
    let errand = host.store.errand(row.tenant, id).await.ok().flatten();
    let is_ahead = errand.is_some_and(|errand| row.fire_at < errand.made_at && host.now() < errand.at);
    let reason = is_ahead.then(|| protocol::UNSEEN_BY_SENDER.to_owned());
    Dispatch { reason, ..row.clone() }
}

/// Asks a bot service until it has answered; `None` where it has not within [`REQUESTS_MAX`] requests.
async fn converse<A>(host: &Context, mut exchange: Exchange<A>) -> Option<A> {
    for _ in 0..REQUESTS_MAX {
        let answer = host.call(exchange.request.clone()).await;
        match exchange.answered(answer) {
            Heard::Answer(answer) => return Some(answer),
            Heard::Ask(next) => exchange = next,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dispatch_that_breaks_off_its_decision_is_left_alone_for_a_while() {
        let (broken, now) = (Broken::default(), Instant::UNIX_EPOCH);
        let key = |epoch| (TenantId(1), "m".to_owned(), epoch);
        let decided = || vec![Write::PlanVersion(1)];
        assert_eq!(unbroken(&broken, key(0), now, || panic!("of its content")), []);
        // The next ones are decided on.
        assert_eq!(unbroken(&broken, key(1), now, decided), decided());
        assert_eq!(unbroken(&broken, key(0), now, decided), []);
        assert_eq!(unbroken(&broken, key(0), now + BROKEN_PAUSE, decided), decided());
    }
}

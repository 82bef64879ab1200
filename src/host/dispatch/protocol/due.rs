//! What the clock causes.

use super::row::{Move, after, ask_again, next_look, recall_again, unseen, was_told_missed};
use super::{
    ACT_SECS, ASK_AGAIN_SECS, ATTEMPTS_MAX, Effect, GRACE_SECS, LEASE_SECS, QUIET_SECS, RETRY_AFTER_SECS_MAX, SKEW_SECS_MAX,
    Step, UNCONFIRMED, WATCH_SECS_MAX,
};
use crate::host::bots::Spec;
use crate::host::model::{Dispatch, DispatchState};
use crate::host::planted::{self, Bug};
use crate::time::Instant;

/// Furthest that a row which waits for an answer or a look is ever due; one that is due later was written by a clock that jumped.
const WAIT_SECS_MAX: i64 = 60 * 60;

/// Whether something is to be done now.
///
/// A row waits for what it stores, but not for what no clock could have stored that shows `now`: after a clock jumped back, a
/// host that asks this about every row it has goes on at once instead of an hour later.
#[must_use]
pub fn is_due(dispatch: &Dispatch, now: Instant) -> bool {
    let Some(due_at) = dispatch.due_at else { return false };
    let furthest = match dispatch.state {
        DispatchState::Planned if dispatch.attempts == 0 => Instant::MAX,
        DispatchState::Planned => after(now, RETRY_AFTER_SECS_MAX),
        DispatchState::Claimed => after(now, LEASE_SECS + SKEW_SECS_MAX),
        DispatchState::Accepted => after(now, WAIT_SECS_MAX).max(after(dispatch.fire_at, WAIT_SECS_MAX)),
        _ => after(now, WAIT_SECS_MAX),
    };
    // A clock that jumped back before the planned second waits for it again, whatever was tried already.
    let is_early = dispatch.state == DispatchState::Planned && now < dispatch.fire_at;
    !is_early && (due_at <= now || due_at > furthest)
}

pub(super) fn due(dispatch: &Dispatch, now: Instant, host: &str) -> Step {
    if !is_due(dispatch, now) {
        return Step::default();
    }
    let next = Move::of(dispatch, now);
    match dispatch.state {
        DispatchState::Planned => fire(dispatch, now, host),
        DispatchState::Claimed if planted::is(Bug::LeaseForEver) => Step::default(),
        DispatchState::Claimed => taken_over(next, now),
        DispatchState::Unknown => looked_for(dispatch, now),
        DispatchState::Accepted | DispatchState::Joined => looked_after(dispatch, now),
        DispatchState::Recalling | DispatchState::Recalled | DispatchState::Missed => {
            let mut next = next;
            next.row.due_at = Some(recall_again(dispatch, now));
            // Everything has arrived: from here on an answer that nothing is there is the last word, told apart by its fence.
            if dispatch.lease_until.is_some_and(|until| now >= until || until > after(now, QUIET_SECS)) {
                next.row.lease_until = None;
                next.row.fence += 1;
            }
            next.recall().done()
        }
        DispatchState::Ended | DispatchState::Withdrawn => Step::default(),
    }
}

/// Claims the row. The try is counted now, so that one that kills its host is counted too.
fn fire(dispatch: &Dispatch, now: Instant, host: &str) -> Step {
    let mut next = Move::of(dispatch, now);
    let last = dispatch.reason.as_deref();
    if now >= dispatch.late_at && !planted::is(Bug::NoLatePolicy) {
        return next.missed(last.unwrap_or("late")).done();
    }
    if dispatch.attempts >= ATTEMPTS_MAX {
        return next.missed(last.unwrap_or("attempts")).done();
    }
    let Ok(spec) = Spec::read(&dispatch.spec) else { return next.missed("spec-unreadable").done() };
    let lease_until = after(now, LEASE_SECS);
    next.row.state = DispatchState::Claimed;
    next.row.owner = Some(host.to_owned());
    next.row.lease_until = Some(lease_until);
    next.row.due_at = Some(lease_until);
    next.row.fence += 1;
    next.row.attempts += 1;
    let create = Effect::Create {
        key: next.row.key.clone(),
        spec: Box::new(spec),
        fence: next.row.fence,
        attempt: next.row.attempts,
        until: after(now, ACT_SECS),
    };
    next.effect(create).done()
}

/// The lease ran out: its holder died, or was paused, before or after it asked. So nobody asks again before it is known what the
/// service has; and the higher fence keeps the old holder's answers and, at the service, its request from counting.
fn taken_over(mut next: Move, now: Instant) -> Step {
    next.row.fence += 1;
    let again = after(now, ASK_AGAIN_SECS);
    next.to(DispatchState::Unknown, Some(again)).find().done()
}

fn looked_for(dispatch: &Dispatch, now: Instant) -> Step {
    let mut next = Move::of(dispatch, now);
    if now >= after(dispatch.start.max(dispatch.late_at), WATCH_SECS_MAX) {
        return next.missed(UNCONFIRMED).done();
    }
    let told_at = after(dispatch.late_at, GRACE_SECS);
    let again = ask_again(dispatch, now, ASK_AGAIN_SECS);
    next.row.due_at = Some(if now < told_at { again.min(told_at) } else { again });
    if now >= told_at && !was_told_missed(dispatch) {
        next = next.because(Some(UNCONFIRMED)).tell("dispatch.missed");
    }
    next.find().done()
}

fn looked_after(dispatch: &Dispatch, now: Instant) -> Step {
    let mut next = Move::of(dispatch, now);
    if now >= after(dispatch.start, WATCH_SECS_MAX) {
        return match dispatch.state {
            DispatchState::Joined => next.ended(Some("lost-sight")).done(),
            _ => next.missed("never-joined").done(),
        };
    }
    let look = next_look(dispatch, now);
    let told_at = after(dispatch.late_at, GRACE_SECS);
    next.row.due_at = Some(if unseen(dispatch).is_some() && now < told_at { look.min(told_at) } else { look });
    // Who adopted it has counted on it for so long.
    if unseen(dispatch).is_some() && now >= told_at {
        next = next.because(Some(UNCONFIRMED)).tell("dispatch.missed");
    }
    next.find().done()
}

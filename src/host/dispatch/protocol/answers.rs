//! What answers and decisions cause.
//!
//! An answer may come late: after the lease, after another host took over, after a recall. That the service *has* a bot is a fact
//! whoever asked, since the key is the same; that it has none, or refused, was true for that one request only and counts only
//! where nobody has asked since, which the fence tells.

use super::row::{Move, after, ask_again, is_final, unseen, was_told_missed};
use super::{
    ASK_AGAIN_SECS, FIND_FIRST_SECS, HEAD_START_SECS, QUIET_LOOK_SECS, RECALL_AGAIN_SECS, RETRY_AFTER_SECS_MAX, Step,
    UNCLEAR_SECS,
};
use crate::host::bots::{BotState, CreateAnswer, FindAnswer, RecallAnswer};
use crate::host::model::{Dispatch, DispatchState};
use crate::host::planted::{self, Bug};
use crate::time::Instant;

pub(super) fn create_answered(dispatch: &Dispatch, now: Instant, fence: u64, answer: CreateAnswer) -> Step {
    if let CreateAnswer::Accepted(bot) = answer {
        return bot_state(dispatch, now, bot);
    }
    let mut next = Move::of(dispatch, now);
    match (dispatch.state, answer) {
        (DispatchState::Claimed | DispatchState::Unknown, CreateAnswer::Tombstoned) => next.missed("tombstoned").done(),
        (DispatchState::Claimed, _) if fence != dispatch.fence => Step::default(),
        (DispatchState::Claimed, CreateAnswer::Refused { reason, .. }) if now >= dispatch.late_at => {
            next.missed(reason.as_str()).done()
        }
        (DispatchState::Claimed, CreateAnswer::Refused { after, reason }) => {
            next.try_again(after).because(Some(reason.as_str())).done()
        }
        (DispatchState::Claimed, CreateAnswer::RefusedForGood(reason)) => next.missed(reason.as_str()).done(),
        (DispatchState::Claimed, CreateAnswer::Ambiguous) if planted::is(Bug::AmbiguousIsMissed) => {
            next.missed("no-answer").done()
        }
        (DispatchState::Claimed, CreateAnswer::Ambiguous) => {
            // The try is not used up: asked again, it is the same one.
            next.row.attempts = next.row.attempts.saturating_sub(1);
            next.to(DispatchState::Unknown, Some(after(now, FIND_FIRST_SECS))).done()
        }
        _ => Step::default(),
    }
}

pub(super) fn found(dispatch: &Dispatch, now: Instant, fence: u64, answer: FindAnswer) -> Step {
    let next = Move::of(dispatch, now);
    match (dispatch.state, answer) {
        (_, FindAnswer::Bot(bot)) => bot_state(dispatch, now, bot),
        (DispatchState::Unknown, FindAnswer::Tombstoned) => next.missed("tombstoned").done(),
        (_, _) if fence != dispatch.fence => Step::default(),
        (DispatchState::Unknown, FindAnswer::None) if now >= dispatch.late_at && !planted::is(Bug::NoLatePolicy) => {
            next.missed(dispatch.reason.as_deref().unwrap_or("no-answer")).done()
        }
        (DispatchState::Unknown, FindAnswer::None) => next.try_again(None).done(),
        (DispatchState::Unknown, FindAnswer::Ambiguous) => {
            // Asking becomes rarer only once it was told.
            let again = if was_told_missed(dispatch) { ask_again(dispatch, now, UNCLEAR_SECS) } else { after(now, UNCLEAR_SECS) };
            rescheduled(next, again)
        }
        (DispatchState::Accepted, FindAnswer::Tombstoned) => next.missed("tombstoned").done(),
        (DispatchState::Joined, FindAnswer::Tombstoned) => next.ended(Some("tombstoned")).done(),
        // A list that lags does not show a bot which is just being made. What is still not there when it is late is gone.
        (DispatchState::Accepted, FindAnswer::None) if now >= dispatch.late_at => next.missed("vanished").done(),
        (DispatchState::Joined, FindAnswer::None) if now >= dispatch.late_at => next.ended(Some("vanished")).done(),
        _ => Step::default(),
    }
}

pub(super) fn bot_state(dispatch: &Dispatch, now: Instant, bot: BotState) -> Step {
    let mut next = Move::of(dispatch, now);
    let is_seen = unseen(dispatch).is_some() && bot.is_live();
    if is_seen {
        next = next.because(None);
    }
    match (dispatch.state, bot) {
        (DispatchState::Planned, _) if dispatch.fence == 0 => Step::default(),
        (DispatchState::Planned | DispatchState::Claimed | DispatchState::Unknown, bot) => next.arrived(bot).done(),
        (DispatchState::Accepted, BotState::Joined) => next.joined().done(),
        (DispatchState::Accepted | DispatchState::Joined, BotState::Ended) => next.ended(None).done(),
        (DispatchState::Accepted, BotState::Failed(why)) => next.missed(why.as_str()).done(),
        (DispatchState::Joined, BotState::Failed(why)) => next.ended(Some(why.as_str())).done(),
        // A bot that should not be there: a create that arrived after everything.
        (DispatchState::Recalled | DispatchState::Missed, bot) if bot.is_live() && dispatch.due_at.is_none() => {
            next.row.fence += 1;
            next.row.due_at = Some(after(now, ASK_AGAIN_SECS));
            next.recall().done()
        }
        _ if is_seen => next.done(),
        _ => Step::default(),
    }
}

pub(super) fn recall_answered(dispatch: &Dispatch, now: Instant, fence: u64, answer: RecallAnswer) -> Step {
    let is_asked_for = dispatch.state == DispatchState::Recalling
        || matches!(dispatch.state, DispatchState::Recalled | DispatchState::Missed) && dispatch.due_at.is_some();
    if !is_asked_for {
        return Step::default();
    }
    let next = Move::of(dispatch, now);
    match answer {
        RecallAnswer::Confirmed => confirmed(next),
        // That nothing is there counts where it was asked after everything had arrived: `due` ends the lease before it asks so.
        RecallAnswer::Absent if dispatch.lease_until.is_none() && fence == dispatch.fence => confirmed(next),
        RecallAnswer::Absent => {
            let until = dispatch.lease_until.unwrap_or(Instant::MAX);
            rescheduled(next, after(now, QUIET_LOOK_SECS).min(until.max(now)))
        }
        RecallAnswer::Ambiguous => rescheduled(next, ask_again(dispatch, now, UNCLEAR_SECS)),
        RecallAnswer::Failed { after: asked, .. } => {
            let asked = asked.map_or(0, |asked| i64::try_from(asked.as_secs()).unwrap_or(i64::MAX));
            rescheduled(next, ask_again(dispatch, now, asked.clamp(UNCLEAR_SECS, RETRY_AFTER_SECS_MAX)))
        }
    }
}

fn confirmed(next: Move) -> Step {
    match next.row.state {
        DispatchState::Recalling => next.to(DispatchState::Recalled, None).tell("dispatch.recalled").done(),
        state => next.to(state, None).done(),
    }
}

fn rescheduled(mut next: Move, due_at: Instant) -> Step {
    next.row.due_at = Some(due_at);
    next.done()
}

/// Wins over everything that is not over.
pub(super) fn withdrawn(dispatch: &Dispatch, now: Instant, why: &str) -> Step {
    let next = Move::of(dispatch, now);
    match dispatch.state {
        state if is_final(state) || state == DispatchState::Recalling => Step::default(),
        DispatchState::Planned if dispatch.fence == 0 => {
            next.to(DispatchState::Withdrawn, None).because(Some(why)).tell("dispatch.withdrawn").done()
        }
        _ => next.recalling(why, after(now, RECALL_AGAIN_SECS)).done(),
    }
}

pub(super) fn preflight_answered(dispatch: &Dispatch, confirmed: bool) -> Step {
    if dispatch.state != DispatchState::Planned || dispatch.verified == confirmed {
        return Step::default();
    }
    let mut next = dispatch.clone();
    next.verified = confirmed;
    Step { next: Some(next), effects: Vec::new() }
}

/// A bot that was never asked for waits for its room, but not past the start, and not once it is free.
pub(super) fn room_seen(dispatch: &Dispatch, now: Instant, occupied_until: Option<Instant>) -> Step {
    let due_at = occupied_until.map_or(dispatch.fire_at, |until| until.min(dispatch.start));
    let waits = dispatch.state == DispatchState::Planned && dispatch.fence == 0;
    // One that is held back for so short a time may wait for the recall of another.
    let is_near = dispatch.fire_at <= after(now, HEAD_START_SECS);
    if !waits || dispatch.due_at.is_none_or(|due| due == due_at || due > due_at && is_near) {
        return Step::default();
    }
    let next = Dispatch { due_at: Some(due_at), ..dispatch.clone() };
    Step { next: Some(next), effects: Vec::new() }
}

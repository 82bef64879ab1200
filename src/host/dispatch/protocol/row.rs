//! The moves of a row, each with what it causes.

use super::{
    ASK_AGAIN_SECS, ATTEMPTS_MAX, BACKOFF_SECS_MAX, Effect, LOOK_AT_END_SECS, LOOK_FIRST_SECS, LOOK_SECS, LOOK_SOONEST_SECS,
    QUIET_SECS, RECALL_AGAIN_SECS, RETRY_AFTER_SECS_MAX, Step, UNCONFIRMED, UNSEEN, UNSEEN_BY_SENDER, event,
};
use crate::host::bots::{BotState, Spec};
use crate::host::model::{Dispatch, DispatchState};
use crate::host::planted::{self, Bug};
use crate::time::{Elapsed, Instant};
use std::time::Duration;

/// `now` and so many seconds.
pub(super) fn after(now: Instant, secs: i64) -> Instant {
    now.checked_add(Elapsed::from_secs(secs)).unwrap_or(Instant::MAX)
}

/// A move that is being put together: the row so far and its effects.
pub(super) struct Move {
    pub(super) row: Dispatch,
    effects: Vec<Effect>,
    now: Instant,
}

impl Move {
    pub(super) fn of(dispatch: &Dispatch, now: Instant) -> Self {
        Self { row: dispatch.clone(), effects: Vec::new(), now }
    }

    pub(super) fn done(self) -> Step {
        Step { next: Some(self.row), effects: self.effects }
    }

    /// To a state in which no host holds a claim, and when to act next.
    pub(super) fn to(mut self, state: DispatchState, due_at: Option<Instant>) -> Self {
        self.row.state = state;
        self.row.due_at = due_at;
        self.row.owner = None;
        self.row.lease_until = None;
        self
    }

    pub(super) fn because(mut self, reason: Option<&str>) -> Self {
        self.row.reason = reason.map(str::to_owned);
        self
    }

    pub(super) fn tell(mut self, kind: &str) -> Self {
        self.effects.push(Effect::Tell(event(kind, &self.row, self.row.reason.as_deref(), self.now)));
        self
    }

    pub(super) fn find(mut self) -> Self {
        self.effects.push(Effect::Find { key: self.row.key.clone(), fence: self.row.fence });
        self
    }

    pub(super) fn recall(mut self) -> Self {
        self.effects.push(Effect::Recall { key: self.row.key.clone(), fence: self.row.fence });
        self
    }

    pub(super) fn effect(mut self, effect: Effect) -> Self {
        self.effects.push(effect);
        self
    }

    /// Waits for the next try, but never past the deadline: what is missed is told then.
    pub(super) fn try_again(self, asked: Option<Duration>) -> Self {
        let pause = backoff(self.row.attempts).max(asked.map_or(0, |asked| secs(asked).min(RETRY_AFTER_SECS_MAX)));
        let late = if planted::is(Bug::NoLatePolicy) { Instant::MAX } else { self.row.late_at };
        let due_at = after(self.now, pause).min(late);
        self.to(DispatchState::Planned, Some(due_at))
    }

    /// No bot. Where a host may have asked for one, what a late request could still make is recalled.
    pub(super) fn missed(mut self, reason: &str) -> Self {
        let told = was_told_missed(&self.row);
        let asked = self.row.fence > 0;
        // Above every create that may still be on its way.
        self.row.fence += u64::from(asked);
        let now = self.now;
        let next = self.to(DispatchState::Missed, asked.then_some(now));
        let told = told || planted::is(Bug::MissedInSilence);
        let reason = Some(reason).filter(|_| !planted::is(Bug::MissedWithoutReason));
        let next = if told { next } else { next.because(reason).tell("dispatch.missed") };
        if asked { next.quiet() } else { next }
    }

    /// The service has the bot, and this is what it does.
    pub(super) fn arrived(self, bot: BotState) -> Self {
        if let BotState::Failed(why) = bot {
            return self.missed(why.as_str());
        }
        let due_at = after(self.row.fire_at, LOOK_FIRST_SECS).max(after(self.now, LOOK_SOONEST_SECS));
        // The mark stays: whoever was told that it was missed is not told so again.
        let mark = was_told_missed(&self.row).then_some(UNCONFIRMED);
        let accepted = self.to(DispatchState::Accepted, Some(due_at)).because(mark).tell("dispatch.accepted");
        match bot {
            BotState::Joined => accepted.joined(),
            BotState::Ended => accepted.ended(None),
            _ => accepted,
        }
    }

    pub(super) fn joined(self) -> Self {
        let due_at = next_look(&self.row, self.now);
        self.to(DispatchState::Joined, Some(due_at)).tell("dispatch.joined")
    }

    pub(super) fn ended(self, reason: Option<&str>) -> Self {
        let reason = reason.or(unseen(&self.row));
        self.to(DispatchState::Ended, None).because(reason).tell("dispatch.ended")
    }

    /// Asks until it is confirmed that no bot of the key joins or stays.
    pub(super) fn recalling(mut self, reason: &str, due_at: Instant) -> Self {
        self.row.fence += 1;
        self.to(DispatchState::Recalling, Some(due_at)).because(Some(reason)).quiet().recall()
    }

    /// Requests that are under way now may arrive until the lease ends.
    fn quiet(mut self) -> Self {
        self.row.lease_until = Some(after(self.now, QUIET_SECS));
        self
    }
}

/// Whether the row was told as missed although a bot may be, or was, there.
pub(super) fn was_told_missed(row: &Dispatch) -> bool {
    let can_be = matches!(row.state, DispatchState::Unknown | DispatchState::Accepted | DispatchState::Joined);
    can_be && row.reason.as_deref() == Some(UNCONFIRMED)
}

/// The mark of a bot that somebody adopted since it was seen last.
pub(super) fn unseen(row: &Dispatch) -> Option<&'static str> {
    [UNSEEN, UNSEEN_BY_SENDER].into_iter().find(|mark| row.reason.as_deref() == Some(mark))
}

/// Whether the row has come to its end; where it is due, only what a late request may have left is being recalled.
pub(super) fn is_final(state: DispatchState) -> bool {
    matches!(state, DispatchState::Ended | DispatchState::Recalled | DispatchState::Withdrawn | DispatchState::Missed)
}

/// 1 s, 2 s, 4 s … 30 s.
fn backoff(attempts: u32) -> i64 {
    1i64.checked_shl(attempts.saturating_sub(1).min(ATTEMPTS_MAX))
        .filter(|secs| *secs > 0)
        .map_or(BACKOFF_SECS_MAX, |secs| secs.min(BACKOFF_SECS_MAX))
}

fn secs(duration: Duration) -> i64 {
    // A broken second counts as a whole one: the service asked for no less.
    i64::try_from(duration.as_millis().div_ceil(1000)).unwrap_or(i64::MAX)
}

/// Looks become rarer as a meeting goes on: about a dozen in its first hour. One comes right after its end. A bot that a person sent
/// is looked at all the time: who knows of no end cannot say whether it is still there when the turn of a calendar comes.
pub(super) fn next_look(row: &Dispatch, now: Instant) -> Instant {
    let since = now.duration_since(row.fire_at).as_secs();
    let rarest = if row.errand.is_some() { LOOK_SECS.0 } else { LOOK_SECS.1 };
    let next = after(now, (since / 4).clamp(LOOK_SECS.0, rarest));
    let end = Spec::read(&row.spec).ok().and_then(|spec| spec.end).filter(|end| *end > now);
    end.map_or(next, |end| next.min(after(end, LOOK_AT_END_SECS)))
}

/// A recall is repeated the sooner the younger it is.
pub(super) fn recall_again(row: &Dispatch, now: Instant) -> Instant {
    let age = row.lease_until.map_or(ASK_AGAIN_SECS, |until| QUIET_SECS.saturating_sub(until.duration_since(now).as_secs()));
    ask_again(row, now, age.clamp(RECALL_AGAIN_SECS, ASK_AGAIN_SECS))
}

/// Repeats become rarer once it is late: a service that is gone for good is not asked every few seconds forever.
pub(super) fn ask_again(row: &Dispatch, now: Instant, soonest_secs: i64) -> Instant {
    let since = now.duration_since(row.late_at).as_secs();
    after(now, (since / 8).clamp(soonest_secs, 60 * 60))
}

//! From the bot that a meeting should have to the changes of its dispatches.
//!
//! | stored \ wanted | the same start and room | another start or room | none |
//! |---|---|---|---|
//! | nothing | plan | plan | – |
//! | planned | bring up to date | bring up to date | withdraw |
//! | planned, once asked for | leave | recall, plan the next epoch | recall |
//! | claimed, accepted | leave; with another address of that room: recall, plan the next epoch | recall, plan the next epoch | recall |
//! | joined | leave | recall, plan the next epoch | recall, or leave it in where the rule says so |
//! | withdrawn | plan again | plan again | – |
//! | recalled | plan the next epoch | plan the next epoch | – |
//! | missed, ended | leave | plan the next epoch | – |
//!
//! A bot can be wanted by a calendar, by a person who sent it by hand, or by both. Whoever comes later adopts the bot that is there,
//! whatever start it was sent for (`C22`): *leave* then means to write down who wants it now. A bot that somebody wants who did
//! not while the last one was there, or whose turn came only after that one had left, is the next epoch; so is that of who sends one
//! where nobody knows whether there is a bot and it was told as missed. One that was adopted and never seen since had left before:
//! where it is too late for another one, that is planned all the same, and told as missed.

use crate::host::bots::Spec;
use crate::host::dispatch::key::{Keyed, fire_at, late_at};
use crate::host::dispatch::protocol::{self, Input};
use crate::host::model::{Dispatch, DispatchState, ErrandId, TenantId};
use crate::host::planted::{self, Bug};
use crate::host::store::Write;
use crate::time::{Elapsed, Instant};

/// A bot that was sent by hand, and is found to be gone no later than this after the turn of the calendar that adopted it, had left
/// before: some looks at it may have failed.
const FOUND_GONE: Elapsed = Elapsed::from_mins(3);
/// See [`protocol::HEAD_START_SECS`].
const HEAD_START: Elapsed = Elapsed::from_secs(protocol::HEAD_START_SECS);

/// The bot that a meeting should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The start of the meeting.
    pub start: Instant,
    /// Its end, where it is known.
    pub end: Option<Instant>,
    /// Seconds after the start at which a calendar wants the bot to join; negative: before. `None`: no calendar wants it.
    pub join_secs: Option<i64>,
    /// Who sent it by hand; somebody, where no calendar wants it.
    pub sent: Option<Sent>,
    /// What the backend is told; the time to join is set when the dispatch is planned.
    pub spec: Spec,
}

/// That a person sent the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The errand.
    pub errand: ErrandId,
    /// When the bot is to be there.
    pub at: Instant,
    /// When the last of those who sent one there wants it.
    pub last: Instant,
    /// The address that it was sent to.
    pub url: String,
}

impl Wanted {
    /// When the bot is asked for: at the first time that anybody wants it.
    fn fire_at(&self, key: &str) -> Instant {
        let sent = self.sent.as_ref().map(|sent| fire_at(sent.at, 0, key));
        let first = self.turn(key).into_iter().chain(sent).min();
        first.unwrap_or(self.start)
    }

    /// When a calendar wants the bot to be asked for.
    fn turn(&self, key: &str) -> Option<Instant> {
        self.join_secs.map(|join| fire_at(self.start, join, key))
    }

    /// The end that the bot leaves with. Who sends one at a time when its meeting should be over knows that it goes on, and nobody
    /// says until when; nor is one that somebody sent, and that comes only after the end, meant to leave at once.
    fn leaves_with(&self, now: Instant) -> Option<Instant> {
        let wanted_at = self.sent.as_ref().map(|sent| sent.last.max(now));
        self.end.filter(|end| wanted_at.is_none_or(|at| at < *end))
    }

    /// After this nobody wants it any more.
    fn late_at(&self) -> Instant {
        let calendar = self.join_secs.map(|join| late_at(self.start, self.end, join));
        let sent = self.sent.as_ref().map(|sent| late_at(sent.last, None, 0));
        calendar.into_iter().chain(sent).max().unwrap_or(self.start)
    }

    fn errand(&self) -> Option<ErrandId> {
        self.sent.as_ref().map(|sent| sent.errand)
    }
}

/// What a meeting's bots must become.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Whose meeting it is.
    pub tenant: TenantId,
    /// The meeting.
    pub meeting: &'a str,
    /// The bot it should have.
    pub wanted: Option<&'a Wanted>,
    /// Why it should have none, or no longer the one it has.
    pub why: &'a str,
    /// A bot that is in the meeting stays there even if none is wanted any more.
    pub live_stays: bool,
    /// Somebody who did not sends a bot there from now on.
    pub joins: bool,
}

/// The writes that lead from the stored dispatches of a meeting, ascending by epoch, to its target.
#[must_use]
pub fn changes(stored: &[Dispatch], target: Target<'_>, now: Instant) -> Vec<Write> {
    let wanted = target.wanted.filter(|wanted| now < wanted.late_at());
    let Some(last) = stored.last() else {
        return wanted.map(|wanted| planned(target, wanted, 0, now)).unwrap_or_default();
    };
    use DispatchState::{Accepted, Claimed, Ended, Joined, Missed, Planned, Recalled, Recalling, Unknown, Withdrawn};
    let same = target.wanted.is_some_and(|wanted| is_same(last, wanted));
    let knows_address = target.wanted.is_some_and(|wanted| knows_address(last, wanted));
    match (last.state, wanted) {
        // A refused try: the service may know the key all the same, and what it knows is the old place and time.
        (Planned, Some(wanted)) if last.fence > 0 && !same => replaced(last, target, wanted, now),
        // Too late as well: whoever looks for what is due says that it was missed, and why.
        (Planned, _) if target.wanted.is_some() => {
            target.wanted.map(|wanted| brought_up_to_date(last, target, wanted, now)).unwrap_or_default()
        }
        (Withdrawn, Some(_)) if planted::is(Bug::WithdrawnForGood) => Vec::new(),
        (Withdrawn, Some(wanted)) => planned_again(last, target, wanted, now),
        // Whoever wanted it was told that it is missed; who comes later gets another one.
        (Unknown, Some(wanted)) if has_newcomer(last, target, wanted) && protocol::is_given_up(last) => {
            replaced(last, target, wanted, now)
        }
        // A bot at the door with an old password does not get in (C25); one that is inside needs none.
        (Claimed | Unknown | Accepted, _) if same && knows_address => kept(last, target, now),
        (Joined, _) if same => kept(last, target, now),
        (Claimed | Unknown | Accepted, Some(wanted)) => replaced(last, target, wanted, now),
        (Joined, Some(wanted)) => replaced(last, target, wanted, now),
        (Joined, None) if target.live_stays && last.calendar || target.wanted.is_some_and(|wanted| goes_on(last, wanted)) => {
            Vec::new()
        }
        // Wanted, but elsewhere, or at a time for which it is too late.
        (Planned | Claimed | Unknown | Accepted | Joined, _) if target.wanted.is_some() => taken_back(last, "moved", now),
        (Planned | Claimed | Unknown | Accepted | Joined, _) => taken_back(last, target.why, now),
        (Recalling, Some(wanted)) => planned_behind(last, target, wanted, now),
        (Recalled, Some(wanted)) => planned(target, wanted, last.epoch + 1, now),
        (Missed | Ended, Some(wanted)) if is_news(last, target, wanted, now) => planned(target, wanted, last.epoch + 1, now),
        (Missed, Some(wanted)) if !same || !knows_address => planned(target, wanted, last.epoch + 1, now),
        (Ended, Some(wanted)) if !same => planned(target, wanted, last.epoch + 1, now),
        // Too late for another one: whoever looks for what is due says so.
        (Ended, None) if protocol::left_unseen(last) => {
            let left = target.wanted.filter(|wanted| wanted.sent.is_some() || !protocol::left_sender(last));
            left.map(|wanted| planned(target, wanted, last.epoch + 1, now)).unwrap_or_default()
        }
        (Missed | Ended, Some(_)) | (Recalling | Recalled | Withdrawn | Missed | Ended, None) => Vec::new(),
    }
}

/// Whether a dispatch serves the same start in the same room, or the same errand in it.
fn is_same(dispatch: &Dispatch, wanted: &Wanted) -> bool {
    let sent_there = dispatch.errand.is_some() && dispatch.errand == wanted.errand();
    let is_there = planted::is(Bug::LinkChangeForgotten) || leads_there(dispatch, wanted);
    (dispatch.start == wanted.start || sent_there) && is_there
}

/// Whether the bot was sent to the room of the meeting.
fn leads_there(dispatch: &Dispatch, wanted: &Wanted) -> bool {
    Spec::read(&dispatch.spec).is_ok_and(|spec| spec.room == wanted.spec.room)
}

/// Whether the meeting that a bot is in goes on, though it is too late for another bot: one that is said to have begun at another time
/// does in the same room, one that has another address now where it began. What has both is another meeting.
fn goes_on(dispatch: &Dispatch, wanted: &Wanted) -> bool {
    dispatch.start == wanted.start || leads_there(dispatch, wanted)
}

/// Whether the bot service was told the address that leads there now, its password among it. One that a person gave is good as
/// well.
fn knows_address(dispatch: &Dispatch, wanted: &Wanted) -> bool {
    let sent = wanted.sent.as_ref().map(|sent| &sent.url);
    Spec::read(&dispatch.spec).is_ok_and(|spec| spec.url == wanted.spec.url || Some(&spec.url) == sent)
}

/// Whether somebody wants a bot who had none of the last one, which is over.
fn is_news(last: &Dispatch, target: Target<'_>, wanted: &Wanted, now: Instant) -> bool {
    // Sent after the last one was over, for an errand is over with its bot.
    let sent = wanted.errand().is_some_and(|errand| last.errand != Some(errand) || protocol::left_sender(last));
    // A bot that was sent by hand and left before the turn of the calendar had come did not serve it.
    let next = Keyed { tenant: target.tenant, meeting: target.meeting, epoch: last.epoch + 1 }.key();
    let found_gone = |turn: Instant| now.duration_since(turn) < FOUND_GONE || protocol::left_unseen(last);
    let had_left = |turn: Instant| last.errand.is_some() && found_gone(turn);
    let turn = wanted.turn(&next).is_some_and(|turn| !last.calendar || had_left(turn));
    sent || turn
}

/// Whether somebody wants a bot that is there, or on its way, who did not before.
fn has_newcomer(last: &Dispatch, target: Target<'_>, wanted: &Wanted) -> bool {
    target.joins || wanted.join_secs.is_some() && !last.calendar
}

/// The bot that is there serves whoever wants it now.
fn kept(last: &Dispatch, target: Target<'_>, now: Instant) -> Vec<Write> {
    let Some(wanted) = target.wanted else { return Vec::new() };
    // Where it stays although its calendar wants none any more, that is so as long as a person wants it as well, and after that.
    let calendar = wanted.join_secs.is_some() || target.live_stays && last.calendar;
    let errand = wanted.errand();
    if (last.calendar, last.errand, last.start) == (calendar, errand, wanted.start) && !target.joins {
        return Vec::new();
    }
    let mut next = Dispatch { calendar, errand, start: wanted.start, late_at: wanted.late_at(), ..last.clone() };
    // Whether it is still there is looked at once.
    let is_up = matches!(last.state, DispatchState::Accepted | DispatchState::Joined);
    if is_up && has_newcomer(last, target, wanted) {
        next.due_at = Some(now);
        let mark = if last.calendar { protocol::UNSEEN_BY_SENDER } else { protocol::UNSEEN };
        next.reason = last.reason.clone().or(Some(mark.to_owned()));
    }
    let told = is_adopted(last, &next).then(|| Write::Event(protocol::event("recording.adopted", &next, None, now)));
    std::iter::once(Write::Dispatch(next)).chain(told).collect()
}

/// Whether somebody wants the bot who did not before.
fn is_adopted(last: &Dispatch, next: &Dispatch) -> bool {
    next.calendar && !last.calendar || next.errand.is_some() && last.errand.is_none()
}

/// A dispatch as it should stand when nothing was done about it yet.
fn fresh(target: Target<'_>, wanted: &Wanted, epoch: u32, now: Instant) -> Dispatch {
    let key = Keyed { tenant: target.tenant, meeting: target.meeting, epoch }.key();
    let fire = wanted.fire_at(&key);
    let spec = Spec { join_at: fire, start: wanted.start, end: wanted.leaves_with(now), ..wanted.spec.clone() };
    Dispatch {
        tenant: target.tenant,
        meeting: target.meeting.to_owned(),
        epoch,
        state: DispatchState::Planned,
        due_at: Some(fire),
        fire_at: fire,
        start: wanted.start,
        late_at: wanted.late_at(),
        spec: spec.to_text(),
        key,
        fence: 0,
        owner: None,
        lease_until: None,
        attempts: 0,
        verified: false,
        reason: None,
        calendar: wanted.join_secs.is_some(),
        errand: wanted.errand(),
        version: 0,
    }
}

fn planned(target: Target<'_>, wanted: &Wanted, epoch: u32, now: Instant) -> Vec<Write> {
    let dispatch = fresh(target, wanted, epoch, now);
    let told = protocol::event("recording.planned", &dispatch, None, now);
    vec![Write::Dispatch(dispatch), Write::Event(told)]
}

fn brought_up_to_date(last: &Dispatch, target: Target<'_>, wanted: &Wanted, now: Instant) -> Vec<Write> {
    let fresh = fresh(target, wanted, last.epoch, now);
    // A bot that was refused once and waits for its next try keeps waiting; a move plans it anew.
    let moved = (fresh.fire_at, fresh.start) != (last.fire_at, last.start) && !planted::is(Bug::MovedKeepsSecond);
    if planted::is(Bug::LinkChangeForgotten) && fresh.start == last.start {
        return Vec::new();
    }
    let next = if moved {
        Dispatch { fence: last.fence, version: last.version, ..fresh }
    } else {
        Dispatch { late_at: fresh.late_at, spec: fresh.spec, calendar: fresh.calendar, errand: fresh.errand, ..last.clone() }
    };
    if next == *last {
        return Vec::new();
    }
    let kind = if is_adopted(last, &next) { Some("recording.adopted") } else { moved.then_some("recording.moved") };
    let told = kind.map(|kind| Write::Event(protocol::event(kind, &next, None, now)));
    std::iter::once(Write::Dispatch(next)).chain(told).collect()
}

/// No host ever claimed it, so that the backend has never heard of its key.
fn planned_again(last: &Dispatch, target: Target<'_>, wanted: &Wanted, now: Instant) -> Vec<Write> {
    let next = Dispatch { fence: last.fence, version: last.version, ..fresh(target, wanted, last.epoch, now) };
    let told = protocol::event("recording.planned", &next, None, now);
    vec![Write::Dispatch(next), Write::Event(told)]
}

fn replaced(last: &Dispatch, target: Target<'_>, wanted: &Wanted, now: Instant) -> Vec<Write> {
    if planted::is(Bug::MovedKeepsEpoch) {
        return planned_again(last, target, wanted, now);
    }
    let mut writes = taken_back(last, "moved", now);
    writes.extend(planned_behind(last, target, wanted, now));
    writes
}

/// The next bot while the one before is being recalled: it sets out a little later, so that nobody sees two.
fn planned_behind(last: &Dispatch, target: Target<'_>, wanted: &Wanted, now: Instant) -> Vec<Write> {
    let soonest = now.checked_add(HEAD_START).unwrap_or(Instant::MAX);
    let mut writes = planned(target, wanted, last.epoch + 1, now);
    for write in &mut writes {
        if let Write::Dispatch(next) = write {
            next.due_at = next.due_at.map(|due| due.max(soonest));
        }
    }
    writes
}

/// Withdrawn, or recalled where a host may have asked for the bot.
fn taken_back(last: &Dispatch, why: &str, now: Instant) -> Vec<Write> {
    if planted::is(Bug::RecallForgotten) && last.fence > 0 {
        return Vec::new();
    }
    let step = protocol::step(last, now, Input::Withdraw(why));
    let events: Vec<Write> = step.told().map(Write::Event).collect();
    // Plans send nothing themselves: whoever looks for what is due sends the recall, and that is now.
    let next = step.next.map(|next| match next.state {
        DispatchState::Recalling => Dispatch { due_at: Some(now), ..next },
        _ => next,
    });
    next.map(Write::Dispatch).into_iter().chain(events).collect()
}

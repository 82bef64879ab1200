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

use crate::host::bots::Spec;
use crate::host::dispatch::key::{Keyed, fire_at, late_at};
use crate::host::dispatch::protocol::{self, Input};
use crate::host::model::{Dispatch, DispatchState, TenantId};
use crate::host::planted::{self, Bug};
use crate::host::store::Write;
use crate::time::{Elapsed, Instant};

/// How long the recall of a bot is under way before another sets out for the same meeting.
const HEAD_START: Elapsed = Elapsed::from_secs(3);

/// The bot that a meeting should have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The start of the meeting.
    pub start: Instant,
    /// Its end, where it is known.
    pub end: Option<Instant>,
    /// Seconds after the start at which the bot joins; negative: before.
    pub join_secs: i64,
    /// What the backend is told; the time to join is set when the dispatch is planned.
    pub spec: Spec,
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
}

/// The writes that lead from the stored dispatches of a meeting, ascending by epoch, to its target.
#[must_use]
pub fn changes(stored: &[Dispatch], target: Target<'_>, now: Instant) -> Vec<Write> {
    let wanted = target.wanted.filter(|wanted| now < late_at(wanted.start, wanted.end, wanted.join_secs));
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
        // A bot at the door with an old password does not get in (C25); one that is inside needs none.
        (Claimed | Unknown | Accepted, _) if same && knows_address => Vec::new(),
        (Joined, _) if same => Vec::new(),
        (Claimed | Unknown | Accepted, Some(wanted)) => replaced(last, target, wanted, now),
        (Joined, Some(wanted)) => replaced(last, target, wanted, now),
        (Joined, None) if target.live_stays || target.wanted.is_some() => Vec::new(),
        (Planned | Claimed | Unknown | Accepted | Joined, _) => taken_back(last, target.why, now),
        (Recalling, Some(wanted)) => planned_behind(last, target, wanted, now),
        (Recalled, Some(wanted)) => planned(target, wanted, last.epoch + 1, now),
        (Missed, Some(wanted)) if !same || !knows_address => planned(target, wanted, last.epoch + 1, now),
        (Ended, Some(wanted)) if !same => planned(target, wanted, last.epoch + 1, now),
        (Missed | Ended, Some(_)) | (Recalling | Recalled | Withdrawn | Missed | Ended, None) => Vec::new(),
    }
}

/// Whether a dispatch serves the same start in the same room.
fn is_same(dispatch: &Dispatch, wanted: &Wanted) -> bool {
    let leads_there = || Spec::read(&dispatch.spec).is_ok_and(|spec| spec.room == wanted.spec.room);
    dispatch.start == wanted.start && (planted::is(Bug::LinkChangeForgotten) || leads_there())
}

/// Whether the bot service was told the address that leads there now, its password among it.
fn knows_address(dispatch: &Dispatch, wanted: &Wanted) -> bool {
    Spec::read(&dispatch.spec).is_ok_and(|spec| spec.url == wanted.spec.url)
}

/// A dispatch as it should stand when nothing was done about it yet.
fn fresh(target: Target<'_>, wanted: &Wanted, epoch: u32) -> Dispatch {
    let key = Keyed { tenant: target.tenant, meeting: target.meeting, epoch }.key();
    let fire = fire_at(wanted.start, wanted.join_secs, &key);
    let spec = Spec { join_at: fire, start: wanted.start, end: wanted.end, ..wanted.spec.clone() };
    Dispatch {
        tenant: target.tenant,
        meeting: target.meeting.to_owned(),
        epoch,
        state: DispatchState::Planned,
        due_at: Some(fire),
        fire_at: fire,
        start: wanted.start,
        late_at: late_at(wanted.start, wanted.end, wanted.join_secs),
        spec: spec.to_text(),
        key,
        fence: 0,
        owner: None,
        lease_until: None,
        attempts: 0,
        verified: false,
        reason: None,
        version: 0,
    }
}

fn planned(target: Target<'_>, wanted: &Wanted, epoch: u32, now: Instant) -> Vec<Write> {
    let dispatch = fresh(target, wanted, epoch);
    let told = protocol::event("recording.planned", &dispatch, None, now);
    vec![Write::Dispatch(dispatch), Write::Event(told)]
}

fn brought_up_to_date(last: &Dispatch, target: Target<'_>, wanted: &Wanted, now: Instant) -> Vec<Write> {
    let fresh = fresh(target, wanted, last.epoch);
    // A bot that was refused once and waits for its next try keeps waiting; a move plans it anew.
    let moved = (fresh.fire_at, fresh.start) != (last.fire_at, last.start) && !planted::is(Bug::MovedKeepsSecond);
    if planted::is(Bug::LinkChangeForgotten) && fresh.start == last.start {
        return Vec::new();
    }
    let next = if moved {
        Dispatch { fence: last.fence, version: last.version, ..fresh }
    } else {
        Dispatch { late_at: fresh.late_at, spec: fresh.spec, ..last.clone() }
    };
    if next == *last {
        return Vec::new();
    }
    let told = moved.then(|| Write::Event(protocol::event("recording.moved", &next, None, now)));
    std::iter::once(Write::Dispatch(next)).chain(told).collect()
}

/// No host ever claimed it, so that the backend has never heard of its key.
fn planned_again(last: &Dispatch, target: Target<'_>, wanted: &Wanted, now: Instant) -> Vec<Write> {
    let next = Dispatch { fence: last.fence, version: last.version, ..fresh(target, wanted, last.epoch) };
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

//! Rooms that are used by one meeting after the other: personal rooms, rooms of a series (`C15`).

use super::names::bounded;
use super::occurrence_of;
use crate::event::Occurrence;
use crate::event::identity::RoomKey;
use crate::host::bots::Spec;
use crate::host::model::{Dispatch, DispatchState, Meeting, Sighting};
use crate::time::{Elapsed, Instant, Zone};
use crate::value::Status;

/// Meetings that began longer before than this are over, or forgotten in somebody's calendar.
pub const LOOK_BACK: Elapsed = Elapsed::from_hours(12);

/// The room that an occurrence is in, as sightings name it, and its start there.
#[must_use]
pub fn of(occurrence: &Occurrence) -> Option<(String, Instant)> {
    let room = RoomKey::of_occurrence(occurrence)?;
    Some((bounded(room.room()), occurrence.start.instant(&Zone::utc())))
}

/// The room that a bot is in or on its way to, as sightings name it, and the start that it is there for; `None` where nobody asked
/// for it yet, or it is over. A bot that a person sent is in a room at any time, and is found by its errand.
#[must_use]
pub fn of_bot(dispatch: &Dispatch) -> Option<(String, Instant)> {
    let under_way = dispatch.state.is_live() && dispatch.state != DispatchState::Planned && dispatch.errand.is_none();
    Some((name_of(dispatch).filter(|_| under_way)?, dispatch.start))
}

/// The room that a bot is sent to, as sightings name it.
#[must_use]
pub fn name_of(dispatch: &Dispatch) -> Option<String> {
    let spec = Spec::read(&dispatch.spec).ok()?;
    let (platform, name) = spec.room.split_once('/')?;
    Some(bounded(&format!("{platform}:{name}")))
}

/// Until when another meeting is in the room that a bot is about to enter; `None` where it is free at the planned second.
///
/// A bot that comes early would otherwise record the end of a meeting that is not its own, and perhaps one that must not be
/// recorded at all. `there` are sightings in the room that start before the meeting.
#[must_use]
pub fn occupied_until(dispatch: &Dispatch, meeting: &Meeting, there: &[Sighting]) -> Option<Instant> {
    let others = there.iter().filter(|sighting| !meeting.sightings.contains(&super::identity::place(sighting)));
    let ends = others.filter_map(|sighting| {
        let occurrence = occurrence_of(sighting).ok()?;
        let is_off = occurrence.facts.status == Status::Cancelled;
        let end = occurrence.end.known().map_or(dispatch.start, |end| end.instant(&Zone::utc()));
        (!is_off && sighting.start < dispatch.start).then_some(end.min(dispatch.start))
    });
    ends.max().filter(|end| *end > dispatch.fire_at)
}

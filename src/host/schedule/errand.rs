//! Bots that people send by hand, and the meetings of calendars that they were sent to (`C22`).
//!
//! An errand stands beside the sightings of a meeting: where a calendar shows one in the same room at about the same time, both
//! are one meeting with one bot, and where none does, the errand is a meeting of its own. A calendar's meeting is the one that an
//! errand is for where it
//!
//! - runs at the instant of the errand, or begins within [`WINDOW`] after it; or
//! - has a bot that is still in the room although the meeting should be over, or that will be when the time of the errand comes; or
//! - comes to its turn while the bot of the errand is still in the room.
//!
//! A bot that is still there although no calendar shows its meeting any more, or shows it without a link, serves the errand too, and so does the bot of another
//! errand that is still there when the time of this one comes. Who only wants a bot in that room hours later gets another one.
//! Calendars alone are joined by their exact starts; people who send a bot give none, which is why there is a window here.

use super::names::bounded;
use crate::event::identity::RoomKey;
use crate::event::link::{Link, LinkSource, find};
use crate::host::bots::Spec;
use crate::host::model::{Dispatch, DispatchState, Errand, ErrandId};
use crate::time::{Elapsed, Instant};
use crate::value::Fact;

/// A bot that is sent is for the meeting which begins no later than this after it should be there.
pub const WINDOW: Elapsed = Elapsed::from_mins(15);
/// Meetings that began longer before are not the ones that a bot is sent to.
pub const LOOK_BACK: Elapsed = Elapsed::from_hours(24);
/// How long before its second a bot is held back for one that is in the room: no shorter than what the last look at a meeting, and
/// the spread of bots, take together.
const TURN: Elapsed = Elapsed::from_secs(60);
/// How long a meeting takes of which only the start is known.
const LENGTH: Elapsed = Elapsed::from_hours(1);

/// Names an errand among the sightings of a meeting.
#[must_use]
pub fn place(id: ErrandId) -> String {
    format!("errand/{id}")
}

/// The errand that is named by its [`place`].
#[must_use]
pub fn of_place(place: &str) -> Option<ErrandId> {
    let number = place.strip_prefix("errand/")?;
    let id = ErrandId(number.parse().ok()?);
    (id.to_string() == number).then_some(id)
}

/// Why no bot can be sent to a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It is the address of no meeting service.
    #[error("that is no link of a meeting service that callsheet knows")]
    Strange,
    /// It is one, but leads to no meeting that a bot can join.
    #[error("that link is one of {0}, but leads to no meeting that a bot can join")]
    NotJoinable(&'static str),
    /// Only a mail gateway knows where it leads.
    #[error("that link is wrapped by a mail gateway in a form that cannot be read: open it, and give the one behind it")]
    Wrapped,
}

/// The meeting that a link leads to, read as those in calendars are.
///
/// # Errors
/// [`LinkError`].
pub fn link(url: &str) -> Result<Link, LinkError> {
    match find(&[LinkSource::Url(url)]) {
        Fact::Known(Some(link)) if link.joinable => Ok(link),
        Fact::Known(Some(link)) => Err(LinkError::NotJoinable(link.platform)),
        Fact::Known(None) => Err(LinkError::Strange),
        Fact::Unknown(_) => Err(LinkError::Wrapped),
    }
}

/// The room that a link leads to, as sightings have it; `None` where no bot can join.
#[must_use]
pub fn room(link: &Link) -> Option<String> {
    RoomKey::of(link, Instant::UNIX_EPOCH).map(|key| bounded(key.room()))
}

/// Whether a bot is in the room that a link leads to, or on its way.
#[must_use]
pub fn is_there(row: &Dispatch, link: &Link) -> bool {
    let under_way = row.state.is_live() && row.state != DispatchState::Planned;
    under_way && Spec::read(&row.spec).is_ok_and(|spec| spec.room == format!("{}/{}", link.platform, link.id))
}

/// Whether the time of an errand has come, or is about to: from now on a bot that is in its room is the one that it wants.
#[must_use]
pub fn is_due(errand: &Errand, now: Instant) -> bool {
    errand.at <= now.checked_add(TURN).unwrap_or(Instant::MAX)
}

/// A calendar's meeting in the room of an errand, as far as it matters here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its start.
    pub start: Instant,
    /// Its end, where it is known.
    pub end: Option<Instant>,
    /// When its bot is asked for, where the calendar wants one.
    pub turn: Option<Instant>,
    /// A bot that was sent for it is in the room, or on its way.
    pub has_bot: bool,
    /// It was known as one with the errand before.
    pub known: bool,
}

/// How well a meeting fits an errand, the least best; `None` where it is another meeting. `there`: the bot of the errand is in
/// the room, or on its way.
#[must_use]
pub fn fit(errand: &Errand, candidate: &Candidate, there: bool, now: Instant) -> Option<(bool, bool, bool, u64)> {
    let Candidate { start, end, turn, has_bot, known } = *candidate;
    // A bot leaves with its meeting, as far as anybody can know before.
    let leaves_before = end.is_some_and(|end| now < end && end <= errand.at);
    let end = end.filter(|end| *end > start).unwrap_or(start + LENGTH);
    let (from, to) = (errand.at - LOOK_BACK, errand.at + WINDOW);
    if start <= from {
        return None;
    }
    let runs = errand.at < end && start <= errand.at;
    let meant = errand.at < end && start < to;
    let due = is_due(errand, now);
    let overran = due && has_bot && start < now + WINDOW && !leaves_before;
    let turned = due && there && turn.is_some_and(|turn| turn <= now + TURN) && now < end;
    let off = start.duration_since(errand.at).as_secs().unsigned_abs();
    (meant || overran || turned).then_some((!known, !runs, turn.is_none(), off))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::model::{ErrandState, TenantId};

    /// An instant so many minutes from a fixed one.
    fn at(minutes: i64) -> Instant {
        "2026-03-02T10:00:00Z".parse::<Instant>().expect("an instant") + Elapsed::from_mins(minutes)
    }

    fn errand(minutes: i64) -> Errand {
        Errand {
            tenant: TenantId(1),
            id: ErrandId(7),
            name: None,
            room: "zoom:1".into(),
            url: String::new(),
            title: None,
            at: at(minutes),
            state: ErrandState::Open,
            made_at: at(minutes),
            version: 1,
        }
    }

    /// A meeting from 0 to 30 minutes, recorded from 90 s before.
    const HALF_HOUR: fn() -> Candidate = || Candidate {
        start: at(0),
        end: Some(at(30)),
        turn: Some(at(0) - Elapsed::from_secs(90)),
        has_bot: false,
        known: false,
    };

    #[test]
    fn a_bot_is_for_the_meeting_that_runs_or_begins_within_a_quarter_of_an_hour() {
        let fits = |minutes| fit(&errand(minutes), &HALF_HOUR(), false, at(minutes)).is_some();
        let known: Vec<i64> = (-60..60).filter(|minutes| fits(*minutes)).collect();
        assert_eq!((known.first(), known.last(), known.len()), (Some(&-14), Some(&29), 44));
        let endless = Candidate { end: None, ..HALF_HOUR() };
        assert!(fit(&errand(59), &endless, false, at(59)).is_some() && fit(&errand(60), &endless, false, at(60)).is_none());
        let forgotten = Candidate { start: at(-24 * 60), end: Some(at(90)), ..HALF_HOUR() };
        assert!(fit(&errand(0), &forgotten, false, at(0)).is_none());
    }

    #[test]
    fn a_bot_that_is_still_there_is_the_one_that_is_wanted() {
        // The calendar's bot overran.
        let there = Candidate { has_bot: true, ..HALF_HOUR() };
        assert!(fit(&errand(40), &there, false, at(40)).is_some());
        assert!(fit(&errand(40), &there, false, at(35)).is_none(), "not yet asked for");
        let second = Elapsed::from_secs(1);
        assert!(fit(&Errand { at: at(30), ..errand(30) }, &there, false, at(30) - second).is_none(), "it leaves before");
        assert!(fit(&Errand { at: at(30) - second, ..errand(30) }, &there, false, at(30) - second * 2).is_some());
        // The one that was sent overran into the turn of the calendar's.
        let turn = |minutes| fit(&errand(-90), &HALF_HOUR(), true, at(minutes)).is_some();
        assert_eq!([-90, -5, -2, 0, 29, 30].map(turn), [false, false, true, true, true, false]);
        // Moved far off, it is no longer one with it.
        let moved = Candidate { start: at(120), end: Some(at(150)), has_bot: true, known: true, turn: Some(at(118)) };
        assert!(fit(&errand(-5), &moved, true, at(0)).is_none());
    }

    #[test]
    fn of_two_meetings_it_is_for_the_one_that_runs_then_for_the_next() {
        let next = Candidate { start: at(30), end: Some(at(60)), turn: Some(at(28)), ..HALF_HOUR() };
        let first = |minutes| {
            let errand = errand(minutes);
            fit(&errand, &HALF_HOUR(), false, at(minutes)) < fit(&errand, &next, false, at(minutes))
        };
        assert!(first(20) && first(29));
        let unwanted = Candidate { turn: None, ..HALF_HOUR() };
        assert!(fit(&errand(-5), &HALF_HOUR(), false, at(-5)) < fit(&errand(-5), &unwanted, false, at(-5)));
    }

    #[test]
    fn places_are_read_back_and_nothing_else_is() {
        assert_eq!(of_place(&place(ErrandId(17))), Some(ErrandId(17)));
        for other in ["errand/", "errand/+1", "errand/01", "17/a", "errand/x"] {
            assert_eq!(of_place(other), None, "{other}");
        }
    }

    #[test]
    fn links_are_read_as_those_of_calendars_or_refused() {
        let read = |url| link(url).map(|link| room(&link).expect("joinable")).map_err(|error| error.to_string());
        assert_eq!(read("https://us02web.zoom.us/j/5551112222?pwd=x").as_deref(), Ok("zoom:5551112222"));
        assert_eq!(read("https://evil.example/j/5551112222"), Err(LinkError::Strange.to_string()));
        assert_eq!(read("no link at all"), Err(LinkError::Strange.to_string()));
    }
}

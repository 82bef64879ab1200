//! Which stored meeting a planned one is.
//!
//! A meeting is known by the sightings it was seen as; they survive moves, edits and resyncs. A new one gets a name made from
//! its first sighting, so that it is the same on every host.

use super::{errand, room};
use crate::host::model::{CalendarId, Dispatch, DispatchState, ErrandId, Meeting, Sighting};
use crate::time::Instant;
use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Names a sighting across calendars.
#[must_use]
pub fn place(sighting: &Sighting) -> String {
    format!("{}/{}", sighting.calendar, sighting.id)
}

/// The calendar and the id of a sighting that is named by its [`place`].
#[must_use]
pub fn of_place(place: &str) -> Option<(CalendarId, &str)> {
    let (calendar, id) = place.split_once('/')?;
    Some((CalendarId(calendar.parse().ok()?), id))
}

/// Bytes of the digest that a meeting's name keeps.
const NAME_BYTES: usize = 15;

/// The name of a meeting that was not known before, made from the sighting that decided.
///
/// `mark` is its organizer or room: two meetings that claim one UID get two names.
#[must_use]
pub fn name(sighting: &Sighting, mark: &str) -> String {
    let own = place(sighting);
    let uid = sighting.uid.as_deref().unwrap_or(&own);
    digest_of(&["meeting/1", uid, &sighting.occurrence, mark])
}

/// The name of a meeting that no calendar shows, made from the bot that was sent to it.
#[must_use]
pub fn name_of_errand(id: ErrandId, mark: &str) -> String {
    digest_of(&["errand/1", &id.to_string(), mark])
}

fn digest_of(parts: &[&str]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    BASE32_NOPAD.encode(&digest.finalize()[..NAME_BYTES]).to_ascii_lowercase()
}

/// A meeting of a plan, as far as it matters here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// What it is seen as: sightings and errands.
    pub places: BTreeSet<String>,
    /// The room that it wants a bot in, as sightings name it, and its start; `None` where it wants none.
    pub room: Option<(String, Instant)>,
}

/// For each planned meeting the stored one that it is, each stored one at most once.
///
/// Stored meetings whose bot is furthest on choose first, then those that share more sightings, then the lower name: where
/// meetings join, the bot that exists stays; where one falls apart, it goes with the larger part, but one that a person sent and
/// that is on its way goes with the errand.
///
/// Before all that, a bot that is in a room for a start, or on its way there, stays with the part that is there then: of a meeting
/// that moves, one calendar may still show what another does no longer, and the same room would have two bots. It even goes with a
/// meeting of which nothing was seen before: who calls one off and makes it anew goes on in the same room, and whatever calendars
/// still show of the former one is not in it.
#[must_use]
pub fn assign<'a>(planned: &[Known], stored: &'a [Meeting], dispatches: &[Dispatch]) -> Vec<Option<&'a Meeting>> {
    let rank = progress(dispatches);
    let seen: BTreeSet<&String> = stored.iter().flat_map(|meeting| &meeting.sightings).collect();
    let is_new = |known: &Known| !known.places.iter().any(|place| seen.contains(place));
    let new: Vec<bool> = planned.iter().map(is_new).collect();
    let there: BTreeMap<&str, (String, Instant)> =
        dispatches.iter().filter_map(|row| Some((row.meeting.as_str(), room::of_bot(row)?))).collect();
    let mut pairs: Vec<_> = stored
        .iter()
        .flat_map(|meeting| {
            let Standing { rank, errand } = rank.get(meeting.id.as_str()).copied().unwrap_or_default();
            let (sent, there) = (errand.filter(|_| rank > PLANNED).map(errand::place), there.get(meeting.id.as_str()));
            planned.iter().zip(&new).enumerate().filter_map(move |(at, (Known { places, room }, is_new))| {
                let shared = meeting.sightings.iter().filter(|place| places.contains(*place)).count();
                let is_left = sent.as_ref().is_some_and(|sent| !places.contains(sent));
                let has_bot = there.is_some() && there == room.as_ref();
                let rank = (Reverse(rank), !has_bot, is_left, Reverse(shared));
                (shared > 0 || *is_new && has_bot).then_some((rank, meeting.id.as_str(), at, meeting))
            })
        })
        .collect();
    pairs.sort_by_key(|(rank, id, at, _)| (*rank, *id, *at));
    let mut taken = BTreeSet::new();
    let mut found = vec![None; planned.len()];
    for (.., id, at, meeting) in pairs {
        if found[at].is_none() && taken.insert(id) {
            found[at] = Some(meeting);
        }
    }
    found
}

/// How far a bot is, and who sent it.
#[derive(Clone, Copy, Default)]
struct Standing {
    rank: u8,
    errand: Option<ErrandId>,
}

/// The rank of a bot that nobody was asked for yet.
const PLANNED: u8 = 1;

/// How far the furthest bot of each meeting is; a bot that was taken back counts nothing.
fn progress(dispatches: &[Dispatch]) -> BTreeMap<&str, Standing> {
    let mut standing: BTreeMap<&str, Standing> = BTreeMap::new();
    for dispatch in dispatches {
        let rank = match dispatch.state {
            DispatchState::Joined => 4,
            DispatchState::Accepted => 3,
            DispatchState::Claimed | DispatchState::Unknown => 2,
            DispatchState::Planned => PLANNED,
            _ => 0,
        };
        let best = standing.entry(&dispatch.meeting).or_default();
        if rank > best.rank {
            *best = Standing { rank, errand: dispatch.errand };
        }
    }
    standing
}

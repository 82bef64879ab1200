//! Which stored meeting a planned one is.
//!
//! A meeting is known by the sightings it was seen as; they survive moves, edits and resyncs. A new one gets a name made from
//! its first sighting, so that it is the same on every host.

use crate::host::model::{CalendarId, Dispatch, DispatchState, Meeting, Sighting};
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
    let mut digest = Sha256::new();
    let own = place(sighting);
    let uid = sighting.uid.as_deref().unwrap_or(&own);
    for part in ["meeting/1", uid, &sighting.occurrence, mark] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    BASE32_NOPAD.encode(&digest.finalize()[..NAME_BYTES]).to_ascii_lowercase()
}

/// For each planned meeting the stored one that it is, each stored one at most once.
///
/// Stored meetings whose bot is furthest on choose first, then those that share more sightings, then the lower name: where
/// meetings join, the bot that exists stays; where one falls apart, it goes with the larger part.
#[must_use]
pub fn assign<'a>(planned: &[BTreeSet<String>], stored: &'a [Meeting], dispatches: &[Dispatch]) -> Vec<Option<&'a Meeting>> {
    let rank = progress(dispatches);
    let mut pairs: Vec<_> = stored
        .iter()
        .flat_map(|meeting| {
            let rank = rank.get(meeting.id.as_str()).copied().unwrap_or_default();
            planned.iter().enumerate().filter_map(move |(at, places)| {
                let shared = meeting.sightings.iter().filter(|place| places.contains(*place)).count();
                (shared > 0).then_some((Reverse(rank), Reverse(shared), meeting.id.as_str(), at, meeting))
            })
        })
        .collect();
    pairs.sort_by_key(|(rank, shared, id, at, _)| (*rank, *shared, *id, *at));
    let mut taken = BTreeSet::new();
    let mut found = vec![None; planned.len()];
    for (_, _, id, at, meeting) in pairs {
        if found[at].is_none() && taken.insert(id) {
            found[at] = Some(meeting);
        }
    }
    found
}

/// How far the furthest bot of each meeting is; a bot that was taken back counts nothing.
fn progress(dispatches: &[Dispatch]) -> BTreeMap<&str, u8> {
    let mut rank: BTreeMap<&str, u8> = BTreeMap::new();
    for dispatch in dispatches {
        let own = match dispatch.state {
            DispatchState::Joined => 4,
            DispatchState::Accepted => 3,
            DispatchState::Claimed | DispatchState::Unknown => 2,
            DispatchState::Planned => 1,
            _ => 0,
        };
        let best = rank.entry(&dispatch.meeting).or_default();
        *best = (*best).max(own);
    }
    rank
}

//! Which copies are one event, and which events share a room.

use super::{NormalUid, OccurrenceKey, RoomKey};
use crate::event::{Address, Occurrence};
use crate::time::{Date, Instant, Moment, Zone};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

/// What of one user's copy of an occurrence tells which meeting it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventCopy {
    /// The UID.
    pub uid: NormalUid,
    /// The occurrence of the series.
    pub key: OccurrenceKey,
    /// The zone that the series repeats in.
    pub zone: Zone,
    /// Who called the meeting, where that can be read.
    pub organizer: Option<Address>,
    /// The room at the copy's own start.
    pub room: Option<RoomKey>,
}

impl EventCopy {
    /// What `occurrence` tells.
    #[must_use]
    pub fn of(occurrence: &Occurrence) -> Self {
        let uid = super::normalise_uid(&occurrence.uid);
        let zone = match (&occurrence.recurrence_id, &occurrence.start) {
            (Some(Moment::Timed { zone, .. }), _) | (_, Moment::Timed { zone, .. }) => zone.clone(),
            _ => Zone::utc(),
        };
        let organizer = occurrence.facts.people.organizer.known().and_then(|organizer| organizer.address.clone());
        let room = RoomKey::of_occurrence(occurrence);
        Self { key: OccurrenceKey::of(occurrence, &uid), uid, zone, organizer, room }
    }
}

/// How copies belong together. Numbers are places in the list of copies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grouping {
    /// The copies of each event, ascending; events by their first copy. Every copy is in exactly one.
    pub events: Vec<Vec<usize>>,
    /// Events, as places in `events`, that one dispatch serves: they share a room and a start. Every event is in exactly one.
    pub dispatches: Vec<Vec<usize>>,
    /// Events that claim one identity and agree on nothing else; somebody should look at them.
    pub conflicts: Vec<Conflict>,
}

/// Events with one UID and one occurrence that were kept apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The normalised UID.
    pub uid: String,
    /// The occurrence.
    pub key: OccurrenceKey,
    /// Places in [`Grouping::events`], ascending; at least two.
    pub events: Vec<usize>,
}

/// Puts copies of one event together, and events of one room.
///
/// Copies are one event where UID and occurrence agree **and** the organizer's address or the room does: a UID is chosen by
/// whoever sends the invitation, so that it alone proves nothing, and organizers are spelled differently by different
/// providers. The order of the copies decides nothing but the order of the answer. Copies of one tenant only.
#[must_use]
pub fn same_occurrence_groups(copies: &[EventCopy]) -> Grouping {
    let claims = claims(copies);
    let mut same = Sets::new(copies.len());
    for members in claims.values() {
        same.join_by(members, |copy| copies[copy].organizer.as_ref());
        same.join_by(members, |copy| copies[copy].room.as_ref().map(RoomKey::room));
    }
    let events = same.list();
    let mut event_of = vec![0; copies.len()];
    for (event, members) in events.iter().enumerate() {
        members.iter().for_each(|copy| event_of[*copy] = event);
    }
    let mut shared = Sets::new(events.len());
    let mut rooms: HashMap<&RoomKey, usize> = HashMap::new();
    for (copy, room) in copies.iter().enumerate().filter_map(|(copy, told)| Some((copy, told.room.as_ref()?))) {
        let first = *rooms.entry(room).or_insert(event_of[copy]);
        shared.join(first, event_of[copy]);
    }
    let conflicts = claims
        .into_iter()
        .map(|((uid, key), members)| {
            let apart: BTreeSet<usize> = members.iter().map(|copy| event_of[*copy]).collect();
            Conflict { uid: uid.to_owned(), key, events: apart.into_iter().collect() }
        })
        .filter(|conflict| conflict.events.len() > 1)
        .collect();
    Grouping { events, dispatches: shared.list(), conflicts }
}

/// The copies that claim to be one occurrence, by UID and occurrence. Copies without UID claim nothing.
fn claims(copies: &[EventCopy]) -> BTreeMap<(&str, OccurrenceKey), Vec<usize>> {
    let mut starts: HashMap<(&str, Date), BTreeSet<Instant>> = HashMap::new();
    for copy in copies {
        if let (Some(norm), OccurrenceKey::At(at)) = (copy.uid.norm.as_deref(), &copy.key) {
            starts.entry((norm, copy.zone.civil(*at).date())).or_default().insert(*at);
        }
    }
    let mut claims: BTreeMap<(&str, OccurrenceKey), Vec<usize>> = BTreeMap::new();
    for (place, copy) in copies.iter().enumerate() {
        let Some(norm) = copy.uid.norm.as_deref() else { continue };
        let key = match &copy.key {
            // Only a date is known: it is the one occurrence of that day, if there is exactly one.
            OccurrenceKey::OnDate(date) => match starts.get(&(norm, *date)).map(|starts| (starts.len(), starts.first())) {
                Some((1, Some(at))) => OccurrenceKey::At(*at),
                _ => OccurrenceKey::OnDate(*date),
            },
            key => key.clone(),
        };
        claims.entry((norm, key)).or_default().push(place);
    }
    claims
}

/// Disjoint sets of numbers; each is known by its smallest member.
struct Sets {
    parent: Vec<usize>,
}

impl Sets {
    fn new(count: usize) -> Self {
        Self { parent: (0..count).collect() }
    }

    fn root(&mut self, mut member: usize) -> usize {
        while self.parent[member] != member {
            self.parent[member] = self.parent[self.parent[member]];
            member = self.parent[member];
        }
        member
    }

    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.root(one), self.root(other));
        self.parent[one.max(other)] = one.min(other);
    }

    /// Joins the members that share a trait; those without it stay as they are.
    fn join_by<T: Eq + Hash>(&mut self, members: &[usize], shared: impl Fn(usize) -> Option<T>) {
        let mut first: HashMap<T, usize> = HashMap::new();
        for member in members {
            if let Some(shared) = shared(*member) {
                let first = *first.entry(shared).or_insert(*member);
                self.join(first, *member);
            }
        }
    }

    /// The sets, each ascending, by their smallest members.
    fn list(mut self) -> Vec<Vec<usize>> {
        let mut sets: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for member in 0..self.parent.len() {
            sets.entry(self.root(member)).or_default().push(member);
        }
        sets.into_values().collect()
    }
}

//! From a calendar's entries to the sightings that are stored of it.

use super::names::bounded;
use crate::event::identity::{EventCopy, RoomKey};
use crate::event::{Calendar, Occurrence, Unreadable, Window};
use crate::host::model::{CalendarId, Sighting};
use crate::providers::normal::{Detail, ReadLineError, occurrence_to_json, read_occurrence};
use crate::time::Zone;
use std::collections::BTreeMap;

/// What a calendar shows inside a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// By their ids, each once.
    pub sightings: Vec<Sighting>,
    /// What could not be read, without personal content.
    pub unreadable: Vec<Unreadable>,
}

/// The sightings of a calendar whose start lies in `window`; cancelled occurrences among them.
///
/// An id names the same occurrence in every later read, wherever it was moved to: it is made of the provider's id of the entry
/// for an event that happens once, and of UID and original start for an occurrence of a series.
#[must_use]
pub fn sightings_of(id: CalendarId, calendar: &Calendar, window: &Window, reader: &Zone) -> Seen {
    let found = calendar.occurrences(window.clone(), reader);
    let mut sightings: BTreeMap<String, Sighting> = BTreeMap::new();
    for occurrence in &found.occurrences {
        let sighting = sighting(id, occurrence, reader);
        sightings.insert(sighting.id.clone(), sighting);
    }
    let unreadable = calendar.unreadable.iter().chain(&found.unreadable).cloned().collect();
    Seen { sightings: sightings.into_values().collect(), unreadable }
}

fn sighting(calendar: CalendarId, occurrence: &Occurrence, reader: &Zone) -> Sighting {
    let copy = EventCopy::of(occurrence);
    let key = copy.key.to_string();
    let name = match (&occurrence.recurrence_id, &occurrence.provider_id) {
        (None, Some(id)) => id.as_str(),
        _ => occurrence.uid.as_str(),
    };
    Sighting {
        calendar,
        id: bounded(&format!("{name}#{key}")),
        uid: copy.uid.norm.as_deref().map(bounded),
        family: copy.uid.series_family.as_deref().map(bounded),
        occurrence: key,
        start: occurrence.start.instant(reader),
        room: copy.room.as_ref().map(|room| bounded(RoomKey::room(room))),
        entry: occurrence.provider_id.clone(),
        body: occurrence_to_json(occurrence, Detail::Full).to_string().into(),
    }
}

/// The occurrence that a sighting holds.
///
/// # Errors
/// Where the stored form is not readable by this version.
pub fn occurrence_of(sighting: &Sighting) -> Result<Occurrence, ReadLineError> {
    read_occurrence(&sighting.body)
}

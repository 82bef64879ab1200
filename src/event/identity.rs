//! Who is who: which UID, which occurrence, which room; what makes two copies of a meeting one (`B12`).
//!
//! Pure functions over what calendars tell. A tenant is no part of the keys here: whoever stores them puts it in front, so
//! that nothing ever joins two tenants.

mod groups;
mod uid;

pub use groups::{Conflict, EventCopy, Grouping, same_occurrence_groups};
pub use uid::{NormalUid, normalise_uid};

use crate::event::Occurrence;
use crate::event::link::Link;
use crate::time::{Date, Instant, Moment, Zone};
use std::fmt;

/// Which occurrence of its series something is: equal for the copies of one occurrence, however each calendar writes it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OccurrenceKey {
    /// The event happens once; it keeps this key when it moves.
    Single,
    /// Of a timed series: the original start.
    At(Instant),
    /// Of an all-day series: the original day.
    Day(Date),
    /// Of a timed series, where only the local day of the original start is known.
    OnDate(Date),
}

impl OccurrenceKey {
    /// The key of `occurrence`.
    ///
    /// `uid` is its normalised UID: the instance date in an Exchange UID names the occurrence of someone who was invited to
    /// that one alone.
    #[must_use]
    pub fn of(occurrence: &Occurrence, uid: &NormalUid) -> Self {
        match (&occurrence.recurrence_id, uid.instance_date) {
            (Some(Moment::Timed { at, .. }), _) => Self::At(*at),
            (Some(Moment::Day(date)), _) if occurrence.start.is_day() => Self::Day(*date),
            // A date on a timed series is what an orphan has to go by.
            (Some(Moment::Day(date)), _) => Self::OnDate(*date),
            (None, Some(date)) if occurrence.start.is_day() => Self::Day(date),
            (None, Some(date)) => Self::OnDate(date),
            (None, None) => Self::Single,
        }
    }

    /// The local day of the occurrence's original start in the zone of its series.
    #[must_use]
    pub fn date_in(&self, zone: &Zone) -> Option<Date> {
        match self {
            Self::Single => None,
            Self::At(at) => Some(zone.civil(*at).date()),
            Self::Day(date) | Self::OnDate(date) => Some(*date),
        }
    }
}

/// `single`, `2026-03-02T10:00:00Z`, `2026-03-02`, `date:2026-03-02`.
impl fmt::Display for OccurrenceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Single => f.write_str("single"),
            Self::At(at) => write!(f, "{at}"),
            Self::Day(date) => write!(f, "{date}"),
            Self::OnDate(date) => write!(f, "date:{date}"),
        }
    }
}

/// A meeting room at a time: what is recorded once, whoever invites to it. The start is exact, without tolerance.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RoomKey {
    /// `zoom:5551112222`.
    room: String,
    start: Instant,
}

impl RoomKey {
    /// The room that `link` leads to, at `start`; `None` for a link that no bot joins.
    #[must_use]
    pub fn of(link: &Link, start: Instant) -> Option<Self> {
        link.joinable.then(|| Self { room: format!("{}:{}", link.platform, link.id), start })
    }

    /// The room of an occurrence that has a link and a clock time.
    #[must_use]
    pub fn of_occurrence(occurrence: &Occurrence) -> Option<Self> {
        let Moment::Timed { at, .. } = occurrence.start else { return None };
        Self::of(occurrence.facts.link.known()?.as_ref()?, at)
    }

    /// The platform and what names the meeting on it.
    #[must_use]
    pub fn room(&self) -> &str {
        &self.room
    }
}

/// `zoom:5551112222@2026-03-02T10:00:00Z`.
impl fmt::Display for RoomKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.room, self.start)
    }
}

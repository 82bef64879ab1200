//! Calendars in: what providers and files say, turned into the [`Event`](crate::event::Event)s that rules judge.
//!
//! A folder per source; each keeps its own spelling in `wire.rs` and knows both spellings in `convert.rs` only. Whatever
//! cannot be read is a line of [`Calendar::unreadable`] or a [`ReadError`], never a silent gap.
//!
//! Deliberately absent: files, sockets and clocks. Bytes come in, calendars go out.

pub mod google;
pub mod graph;
pub mod ics;
pub mod normal;
mod pages;
pub mod zones;

use crate::event::Calendar;
use crate::time::Zone;
pub use pages::{JsonKind, json_kind};

/// Why bytes were refused as a calendar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// No component of an iCalendar file begins in them.
    #[error("not a calendar: no component begins in it")]
    NotACalendar,
    /// JSON that is neither a page of entries nor an entry.
    #[error("not a calendar: no entries in it")]
    NoEntries,
    /// What begins like JSON is none.
    #[error("not JSON from {place} on")]
    NotJson {
        /// The line and column.
        place: String,
    },
    /// More bytes than are read.
    #[error("larger than {} MiB", .bytes_max / (1024 * 1024))]
    TooLarge {
        /// The limit.
        bytes_max: usize,
    },
    /// More lines or components than are read.
    #[error("more than {parts_max} parts")]
    TooManyParts {
        /// The limit.
        parts_max: usize,
    },
}

/// Reads a calendar, whatever its kind. Times without a zone are read in the zone of `reader`.
///
/// # Errors
/// [`ReadError`] where the bytes hold no calendar at all or are past the limits.
pub fn read(bytes: &[u8], reader: &Zone) -> Result<Calendar, ReadError> {
    match json_kind(bytes) {
        Some(JsonKind::Google) => google::read(bytes, reader),
        Some(JsonKind::Graph) => graph::read(bytes, reader),
        None => ics::read(bytes, reader).map_err(|error| match error {
            ReadError::NotACalendar => pages::fault(bytes).unwrap_or(error),
            other => other,
        }),
    }
}

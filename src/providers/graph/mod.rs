//! Microsoft Graph: calendars as `calendarView`, `delta` and by-id reads tell them (`M6.7`, `M7.1` to `M7.16`).
//!
//! `wire.rs` has the provider's spelling, `convert.rs` turns it into ours, `times.rs` reads its dates and zones,
//! `recurrence.rs` its patterns. Series are not expanded here, and nothing is fetched.

mod convert;
mod recurrence;
mod times;
mod wire;

use crate::event::Calendar;
use crate::providers::{ReadError, pages};
use crate::time::Zone;

/// What a read of one or several pages tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The entries. Of an entry that comes several times, its last state (`M6.5`).
    pub calendar: Calendar,
    /// The ids of entries that are gone, or that were moved out of the window that was asked for (`M6.6`); ascending.
    pub removed: Vec<String>,
    /// Where the next page is, if one follows.
    pub next_link: Option<String>,
    /// Where the next round of changes is; on the last page only.
    pub delta_link: Option<String>,
}

/// Reads a response with a `value` array, several of them behind each other, an array of events, or one event.
///
/// Rows of occurrences that tell no details take them from the series master, where it is among the entries (`M6.7`).
/// Times without a zone are read in the zone of `reader`.
///
/// # Errors
/// [`ReadError`] where the bytes hold no calendar at all or are past the limits.
pub fn read(bytes: &[u8], reader: &Zone) -> Result<Calendar, ReadError> {
    read_page(bytes, reader).map(|page| page.calendar)
}

/// Like [`read`], and tells what was removed and where to go on.
///
/// # Errors
/// As for [`read`].
pub fn read_page(bytes: &[u8], reader: &Zone) -> Result<Page, ReadError> {
    convert::page(&pages::decoded(bytes), reader)
}

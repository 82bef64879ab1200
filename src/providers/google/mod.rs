//! Google Calendar: the answers of `events.list`, read into events (`G2.1` to `G2.20`).
//!
//! `wire.rs` has the provider's spelling, `convert.rs` turns it into ours, `recurrence.rs` reads the lines of a series.
//! Series are not expanded here, and nothing is fetched.

mod convert;
mod recurrence;
mod wire;

use crate::event::Calendar;
use crate::providers::{ReadError, pages};
use crate::time::Zone;

/// What a read of one or several pages tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The entries. Of an entry that comes several times, its last state.
    pub calendar: Calendar,
    /// The ids of entries that are gone, ascending. An unknown one may be the instance of a series whose row comes later (`G1.15`).
    pub removed: Vec<String>,
    /// Where the next page begins, if one follows.
    pub next_page_token: Option<String>,
    /// Where the next incremental sync begins; on the last page only (`G1.1`).
    pub next_sync_token: Option<String>,
}

/// Reads a response of `events.list`, several of them behind each other, an array of its items, or one event.
///
/// Times without offset and zone are read in the calendar's zone, else in that of `reader`.
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

/// The id of the series that this id of an instance was made from (`G2.1`); `None` for ids of everything else.
///
/// ```
/// use callsheet::providers::google::master_of;
/// assert_eq!(master_of("abc_20260309T090000Z"), Some("abc"));
/// assert_eq!(master_of("abc_R20260309T090000"), None);
/// ```
#[must_use]
pub fn master_of(id: &str) -> Option<&str> {
    convert::instance_id(id).map(|(master, _)| master)
}

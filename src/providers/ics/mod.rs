//! iCalendar: invitations, feeds and files (RFC 5545, 5546, 7986; `I10.1` to `I10.21`).
//!
//! [`read`] takes whatever a mail, a feed or a person hands over. `lines.rs` makes content lines of bytes, `wire.rs`
//! components of lines, `dates.rs`, `zones.rs` and `vtimezone.rs` know time, `people.rs`, `links.rs` and `convert.rs` turn components
//! into events, and `cancellations.rs` calls off whole series of them. Series are not expanded here, and nothing is fetched.

mod cancellations;
mod convert;
pub(in crate::providers) mod dates;
mod lines;
mod links;
mod parts;
mod people;
mod vtimezone;
mod wire;
mod zones;

pub use parts::{Part, Parts, join, parts, uid_of_part};
pub use wire::{COMPONENTS_MAX, DEPTH_MAX, FILE_BYTES_MAX, LINES_MAX, REMARKS_MAX};

use crate::event::Calendar;
use crate::providers::ReadError;
use crate::time::Zone;

/// Most events of one invitation; feeds may hold more (`I10.20`).
pub const INVITATION_EVENTS_MAX: usize = 500;

/// Reads an iCalendar file. Times without a zone are read in the zone of `reader`.
///
/// Several calendars in one file become one. Parts that cannot be read are lines of [`Calendar::unreadable`].
///
/// # Errors
/// [`ReadError`] where the bytes hold no calendar at all or are past the limits.
pub fn read(bytes: &[u8], reader: &Zone) -> Result<Calendar, ReadError> {
    Ok(convert::calendar(wire::parse(bytes)?, reader))
}

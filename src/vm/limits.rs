//! The bounds of the machine, by name. What a decision may cost is bounded before it runs:
//! [`COST_MAX`](crate::code::COST_MAX).

pub use crate::code::REGISTERS_MAX;

/// Most entries of a guest list that are looked at, besides the organizer's own.
pub use crate::event::people::PEOPLE_MAX;

/// Most bytes of a text buffer that a machine keeps between decisions: one long description must not stay in memory for as
/// long as the machine lives.
pub const TEXT_BYTES_KEPT_MAX: usize = 8 * 1024;

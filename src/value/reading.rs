//! What a condition read from an event.

use crate::value::UnknownReason;

/// What one atomic condition read, in words a person understands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// One line without a full stop, strangers' texts escaped and cut: `title is "Catch-up"`.
    pub words: String,
    /// Why it could not be read, or not wholly; each reason once, in order of appearance.
    pub unknown: Vec<UnknownReason>,
}

//! Instants in answers.

use crate::time::Instant;

/// As RFC 3339 writes it, in UTC.
pub fn shown(at: Instant) -> String {
    at.to_string()
}

/// The instant of a text that was held to `date-time`.
pub fn read(text: &str) -> Option<Instant> {
    text.parse().ok()
}

//! The edge cases that break such systems (`providers.md` C), each a named scenario: the whole host against the simulated world,
//! and what its bots did, as text.
//!
//! Times are told from the start that the meeting had first. A bot is planned up to twenty seconds before 90 s before the start,
//! so `-97s` is in time.

mod by_hand;
mod changes;
mod copies;
mod hanging;
mod instants;
mod panics;
mod push;
mod series;
mod stage;
mod stopping;
mod trouble;

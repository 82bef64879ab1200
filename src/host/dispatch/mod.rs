//! Dispatch: one bot a meeting, asked for at the right second, followed until it has left, taken back when it must not come.
//!
//! [`key`] names a bot and its second, [`protocol`] says what to do and what to write down first. Whoever drives them commits
//! before it performs an effect.

pub mod key;
pub mod protocol;

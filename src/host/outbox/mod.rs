//! What happened, told to webhook receivers: signed, at least once, on a published schedule.
//!
//! Events and their deliveries are rows that commit with the change that caused them. [`delivery`] says what a delivery does
//! next, [`receiver`] what is due about a receiver itself, [`slots`] which of what is due may begin, [`breaker`] where nobody answers,
//! and [`sign`] makes and checks signatures. Deliberately absent: the loop that reads due rows, commits and calls.

pub mod breaker;
pub mod delivery;
pub mod receiver;
pub mod sign;
pub mod slots;

pub use delivery::{Answered, Next, answered, attempt, replay, request, undeliverable};

//! The machine that runs programs.
//!
//! A [`Machine`] decides about one occurrence after the other. It keeps its buffers, so that a decision allocates nothing once
//! they have grown; it keeps nothing else, so that a decision depends on its question alone. [`Machine::trace`] is the full
//! pass that explanations are told from.
//!
//! Deliberately absent: checks of what [`verify`](crate::code::verify()) has proven, and settings, which follow from the
//! decision and the outline.

mod block;
mod candidates;
mod facts;
mod guests;
pub mod limits;
mod machine;
mod people;
mod prepared;
mod questions;
mod scratch;
mod told;
mod trace;

pub use machine::Machine;
pub use prepared::{Batch, Prepared, Preparer};
pub use trace::trace;

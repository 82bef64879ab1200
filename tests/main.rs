//! The integration suite: one binary.

mod identity;
mod layers;
mod links;
mod recurrence;
mod support;

//! The integration suite: one binary.

mod layers;
mod support;

//! The integration suite: one binary.

mod identity;
mod json_form;
mod layers;
mod links;
mod recurrence;
mod support;
mod text_grammar;
mod text_reader;
mod text_round_trip;

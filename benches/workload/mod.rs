//! The work that deciding is measured by: seeded events and rules, the same for callsheet and for whatever it is compared with.
//!
//! [`events()`] and [`rules()`] make them in a form that belongs to nobody; [`written`] turns rules into callsheet's text and events
//! into its occurrences, [`google`] events into what Google's interface sends, [`native`] both into closures of plain Rust: the
//! *N* of all ratios. [`agree`] holds that callsheet and the closures decide alike, [`ratios`] times them.
//!
//! Whatever the rules ask of an event is known: what callsheet does about hidden facts costs it time here and changes nothing.
//!
//! Every program uses a part of this, so each includes it by its path.

pub mod agree;
pub mod dice;
pub mod events;
pub mod google;
pub mod native;
pub mod ratios;
pub mod rules;
pub mod tables;
pub mod vocabulary;
pub mod written;

pub use events::{Event, events};
pub use rules::{Rule, Size, rules};

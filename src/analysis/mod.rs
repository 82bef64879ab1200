//! The decision procedure: whether a meeting exists about which conditions come out as asked, and one such meeting.
//!
//! A [`Model`] is one rule set, or two that are compared, over the meetings that rules are asked about. A [`Query`] collects
//! [`Formula`]s over the truth of atomic conditions; [`Query::solve`] says *found*, with a [`Witness`] that was asked the very
//! conditions again, *none*, which is a proof, or *undecided*, with the bound that was hit. A SAT solver (batsat) picks which
//! conditions shall hold; the theories (`theory`) say whether a text, a guest list, a time or a series can make them so, and
//! name the conditions that clash where none can. [`decider`] asks on top of this which rules can ever decide, and who takes
//! their meetings away, [`removal`] what is missed when a rule or a condition is taken out.
//!
//! What is taken for granted about meetings, besides what types say (the *background*): rules are asked about recordable
//! meetings alone; a meeting ends no earlier than it starts; nobody is listed under two addresses in one meeting; the organizer
//! is one of its people, unless a calendar, a group or a thing called it (no bot, and nobody who takes no part); what happens once is neither first, moved nor changed,
//! and what was moved was changed.
//!
//! Deliberately absent: a clock. All bounds count steps ([`Budget`]), so that one file has the same findings on every machine.

mod budget;
pub mod decider;
mod formula;
mod model;
mod query;
pub mod removal;
mod theory;
mod witness;

pub use budget::{Budget, Limit, STEPS};
pub use formula::{Formula, Leaf};
pub use model::{AtomRef, Model, Side};
pub use query::{Answer, Query};
pub use theory::text_between;
pub use witness::{Witness, usual_start};

//! From what calendars show to what should happen: the plan of a tenant.
//!
//! Everything here is a pure function of rows. [`sightings_of`] turns a calendar's entries into sightings; [`replan()`] decides
//! every meeting that changed sightings touch, once, however many calendars show it, and says how the stored meetings and their
//! bots must change. A full resync that finds what is stored changes nothing.

pub mod bots;
pub mod errand;
pub mod identity;
pub mod names;
pub mod replan;
pub mod room;
pub mod rules;
mod sent;
pub mod sighting;

pub use replan::{PlanInput, Sealed, replan};
pub use rules::{RulesError, TenantRules};
pub use sighting::{Seen, occurrence_of, sightings_of};

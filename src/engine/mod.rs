//! The one face that outsiders use: check rules, decide, explain, format, run tests.
//!
//! Everything here is a pure function of its arguments. The command line and the host read files, clocks and stores; what they
//! then do with rules they do through this module.

mod change;
mod check;
mod coverage;
mod format;
mod lists;
mod plan;
mod rule_set;
mod tests;

pub use check::{CheckOptions, Checked, RuleText, check};
pub use coverage::test_pieces;
pub use format::{FormatError, convert, format};
pub use lists::{ListError, parse_provided_list};
pub use plan::{Planned, Sighting, plan};
pub use rule_set::{RestoreError, RuleSet};
pub use tests::TestOutcome;

pub use crate::vm::{Batch, Machine, Prepared, Preparer};

//! The table of the JSON form: every member, what it takes, what it says. The reader's checks and
//! `grammar/rules.schema.json` are both made from it.

mod condition;
mod file;
mod leaf;
mod setting;

pub use file::FILE;
pub use leaf::{LINE, LINES, matches};
pub use setting::{EVENT, LIMITS, SETTINGS};

use crate::syntax::json::shape::{Member, Shape};

/// A row of the table.
const fn member(name: &'static str, shape: Shape, about: &'static str) -> Member {
    Member { name, shape, about }
}

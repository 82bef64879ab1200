//! The tree as rule files: one canonical text for each tree, in each form.

mod format;
mod inline;
mod json;
mod layout;
mod text;

pub use format::{FormatError, convert, format};
pub use inline::{condition, person_test, rule_condition, weekdays};
pub use json::json;
pub use text::text;

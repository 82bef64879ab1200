//! The JSON form: JSON to the one syntax tree, with JSON's places as its places.
//!
//! ```text
//! text ─value→ values with places ─check→ remarks
//!                      └──────────lower→ tree (with holes where something was remarked on)
//! ```
//! One table (`table`) holds every member and what it takes; the checks and the published [`schema()`] are made from it.
//! Absent on purpose: what names refer to and which values make sense, which is the same for both forms.

mod check;
mod item;
mod lower;
mod schema;
mod shape;
mod table;
mod value;

pub use item::item_kind;
pub use schema::schema;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{SourceId, Span};
use crate::syntax::Limits;
use crate::syntax::ast::File;

/// Levels of JSON that one level of a condition takes at most: `{"all": [` … `]}`.
const LEVELS_PER_CONDITION: usize = 2;

/// Levels around and inside of conditions: the file, its rules, a rule; an operand, its wrapper, a list's name.
const LEVELS_BESIDE: usize = 12;

/// Reads the JSON form.
///
/// Always a tree, empty where the text is no JSON. What could not be read is remarked on and missing in the tree, or stands
/// in it as an `Error`.
#[must_use]
pub fn parse(source: SourceId, text: &str, limits: &Limits) -> (File, Vec<Diagnostic>) {
    if text.len() > limits.file_bytes {
        let message = format!("a rule file holds at most {} bytes, this one has {}", limits.file_bytes, text.len());
        return (File::default(), vec![Diagnostic::new(Code::LimitExceeded, Span::new(source, 0, 0), message)]);
    }
    let levels = limits.depth.saturating_mul(LEVELS_PER_CONDITION).saturating_add(LEVELS_BESIDE);
    let json = match value::read(source, text, levels) {
        Ok(json) => json,
        Err(diagnostic) => return (File::default(), vec![*diagnostic]),
    };
    if let Some(at) = piece_past(&json, limits.pieces) {
        return (File::default(), vec![limits.too_many_pieces(at)]);
    }
    let mut diagnostics = Vec::new();
    check::check(&json, &mut diagnostics);
    let file = lower::file(&json, limits, &mut diagnostics);
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.start);
    (file, diagnostics)
}

/// The place of the first piece of a file that may have `most`, past these.
fn piece_past(file: &value::Node<'_>, most: usize) -> Option<Span> {
    let pieces = file.entries().iter().flat_map(|entry| {
        let items = entry.value.items().iter().map(value::Node::opening);
        items.chain(entry.value.entries().iter().map(|entry| entry.key_at))
    });
    pieces.into_iter().nth(most)
}

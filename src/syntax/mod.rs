//! Rules as written: the tree, its two readers and its two printers.

pub mod ast;
pub mod json;
mod limits;
pub mod literal;
pub mod names;
pub mod printer;
pub mod text;
pub mod trivia;

pub use limits::Limits;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Form, SourceId, Span};

/// Reads a rule text in either form: always a tree, with all errors of the text beside it.
/// Reads a rule file of either form: always a tree, with all errors of the text beside it.
#[must_use]
pub fn parse(source: SourceId, text: &str, limits: &Limits) -> (ast::File, Vec<Diagnostic>) {
    match Form::of(text) {
        Form::Text => text::parse(source, text, limits),
        Form::Json => json::parse(source, text, limits),
    }
}

/// Keeps the diagnostics that are shown; one more says how many are not.
pub fn cap(diagnostics: &mut Vec<Diagnostic>, limits: &Limits) {
    let Some(left) = diagnostics.len().checked_sub(limits.diagnostics).filter(|left| *left > 0) else { return };
    let place = diagnostics.get(limits.diagnostics).map_or(Span::default(), |first| first.primary.span);
    diagnostics.truncate(limits.diagnostics);
    diagnostics.push(
        Diagnostic::new(Code::TooManyDiagnostics, place, format!("{left} more remarks are not shown"))
            .label("the next one is here"),
    );
}

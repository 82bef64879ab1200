//! Rule files in their canonical layout, and in the other form.

use super::{CheckOptions, Checked, RuleText, check};
use crate::source::{Form, SourceId, Sources};
use crate::syntax::{self, Limits, printer};

/// Why a file was not written anew.
#[derive(Debug)]
pub enum FormatError {
    /// It cannot be read, or holds what the other form has no spelling for; the remarks say why.
    Unreadable(Box<Checked>),
    /// What would be written does not read back as the same rules with the same comments: a fault of this program.
    SelfCheck,
}

/// `text` in the canonical layout of its own form.
///
/// # Errors
/// [`FormatError`]; nothing half formatted comes back.
pub fn format(name: &str, text: &str) -> Result<String, FormatError> {
    convert(name, text, Form::of(text))
}

/// `text` in the canonical layout of `form`.
///
/// What comes back was read again and says the same, comments included.
///
/// # Errors
/// [`FormatError`]; nothing half converted comes back.
pub fn convert(name: &str, text: &str, form: Form) -> Result<String, FormatError> {
    let limits = Limits::default();
    printer::convert(SourceId(0), text, form, &limits).map_err(|error| match error {
        printer::FormatError::Changed if form != Form::of(text) => unspeakable(name, text),
        printer::FormatError::Changed => FormatError::SelfCheck,
        printer::FormatError::Broken(mut diagnostics) => {
            let mut sources = Sources::default();
            sources.add(name, text);
            syntax::cap(&mut diagnostics, &limits);
            let options = CheckOptions::default();
            FormatError::Unreadable(Box::new(Checked { sources, files: Vec::new(), options, diagnostics, rule_set: None }))
        }
    })
}

/// Why a text that can be read has no counterpart in the other form: an error in it, such as a key that means nothing.
fn unspeakable(name: &str, text: &str) -> FormatError {
    let checked = check(&[RuleText { name: name.into(), text: text.into(), layer: None }], &CheckOptions::default());
    if checked.rule_set.is_some() { FormatError::SelfCheck } else { FormatError::Unreadable(Box::new(checked)) }
}

//! Rewrites a rule text in its canonical layout, and proves that it still says the same.

use super::{json, text};
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::{Form, SourceId};
use crate::syntax::ast::File;
use crate::syntax::{Limits, parse};

/// Why a text was not rewritten.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// The text has errors, so part of it might be lost.
    #[error("rules with errors are not rewritten")]
    Broken(Vec<Diagnostic>),
    /// What was written does not read as the same rules: a fault of this program.
    #[error("the rewritten rules do not say the same, so nothing was written")]
    Changed,
}

/// The text in the canonical layout of its own form.
///
/// # Errors
/// [`FormatError::Broken`] with what is wrong, [`FormatError::Changed`] where the result would not read back as the same tree
/// with the same comments.
pub fn format(source: SourceId, rules: &str, limits: &Limits) -> Result<String, FormatError> {
    convert(source, rules, Form::of(rules), limits)
}

/// The text in the canonical layout of the form `to`.
///
/// # Errors
/// As [`format`](format()).
pub fn convert(source: SourceId, rules: &str, to: Form, limits: &Limits) -> Result<String, FormatError> {
    let (mut file, diagnostics) = parse(source, rules, limits);
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Err(FormatError::Broken(diagnostics));
    }
    let printed = match to {
        Form::Text => text(&file),
        Form::Json => json(&file),
    };
    // What is printed may be longer than what an author may write.
    let roomy = Limits {
        file_bytes: limits.file_bytes.max(printed.len()),
        rule_bytes: usize::MAX,
        pieces: usize::MAX,
        words: usize::MAX,
        parts: usize::MAX,
        ..*limits
    };
    let (mut again, diagnostics) = parse(source, &printed, &roomy);
    complete(&mut file);
    complete(&mut again);
    let same = again == file && !diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error);
    if same { Ok(printed) } else { Err(FormatError::Changed) }
}

/// A header that the author left out is written.
fn complete(file: &mut File) {
    file.header.get_or_insert_with(|| crate::syntax::ast::Commented {
        value: (),
        at: crate::syntax::ast::At::default(),
        trivia: crate::syntax::ast::Trivia::default(),
    });
}

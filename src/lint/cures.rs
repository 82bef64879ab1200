//! Fixes for remarks of the check, which knows the tree and not the text.

use super::{Subject, edit};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::File;

/// Adds fixes to remarks of the check that have none.
pub fn cure(subject: &Subject<'_>, remarks: &mut [Diagnostic]) {
    for remark in remarks.iter_mut().filter(|remark| remark.fixes.is_empty()) {
        let at = remark.primary.span;
        let (title, edits) = match remark.code {
            Code::UnusedName => ("remove it", named_piece(subject, at).and_then(|piece| edit::without_piece(subject, piece))),
            Code::SettingOnSkip => ("remove the settings", edit::without_lines(subject, at)),
            Code::UnusedSuppression => ("remove the suppression", edit::without_lines(subject, at)),
            _ => continue,
        };
        if let Some(edits) = edits {
            *remark = remark.clone().safe_fix(title, edits);
        }
    }
}

/// The list or definition of the name at this place. Not a person, whose addresses count as one even where no rule names them.
fn named_piece(subject: &Subject<'_>, name: Span) -> Option<Span> {
    let of = |file: &File| {
        let lists = file.lists.iter().map(|piece| (piece.name.at.0, piece.at.0));
        let definitions = file.definitions.iter().map(|piece| (piece.name.at.0, piece.at.0));
        lists.chain(definitions).find(|(at, _)| *at == name).map(|(_, piece)| piece)
    };
    subject.input.files.iter().find_map(|file| of(&file.tree))
}

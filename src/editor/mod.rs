//! What an editor asks about rules that are being written: completion, hover, where a name comes from and where it is used,
//! renaming, outline, colours, cures, layout.
//!
//! Everything is a function from texts and a place to an answer, whatever the texts: half-written pieces are what an editor sees
//! most. Places are bytes of a text here; [`position`] turns them into what a protocol counts. No protocol, no files, no clock:
//! who speaks to an editor does that (`cli::lsp`).

mod actions;
mod complete;
mod hover;
mod layout;
mod names;
pub mod position;
mod rename;
mod symbols;
mod tokens;
mod walk;
mod words;

pub use actions::{Action, ActionKind};
pub use complete::{Completion, CompletionKind};
pub use hover::Hover;
pub use layout::layout;
pub use names::{NameKind, NameUse};
pub use rename::RenameError;
pub use symbols::Symbol;
pub use tokens::{Token, TokenKind};

use crate::diagnostic::{Code, Diagnostic};
use crate::engine::{CheckOptions, Checked, RuleText, check};
use crate::semantics::RuleFile;
use crate::source::{Form, SourceId, Span};
use crate::syntax::ast::{List, Piece};
use names::Names;

/// The rule texts of one set as they are now, read and checked once for all that is asked about them.
#[derive(Debug)]
pub struct Snapshot {
    checked: Checked,
    names: Names,
}

impl Snapshot {
    /// Reads and checks the texts.
    #[must_use]
    pub fn of(texts: &[RuleText], options: &CheckOptions) -> Self {
        let checked = check(texts, options);
        let names = Names::of(&checked);
        Self { checked, names }
    }

    /// What the check made of the texts, for remarks and findings.
    #[must_use]
    pub fn checked(&self) -> &Checked {
        &self.checked
    }

    /// Every place where a name is given or used.
    #[must_use]
    pub fn names(&self) -> &[NameUse] {
        &self.names.uses
    }

    /// Where the name at a place is given.
    #[must_use]
    pub fn definition(&self, source: SourceId, offset: usize) -> Option<Span> {
        let (_, given) = self.names.given_at(source, offset)?;
        Some(given.span)
    }

    /// Every place that speaks of what is named at a place, where it is named first.
    #[must_use]
    pub fn references(&self, source: SourceId, offset: usize) -> Vec<Span> {
        self.names.same_as(source, offset).into_iter().map(|name| name.span).collect()
    }

    /// The list that is given its name at a place.
    fn list(&self, given: Span) -> Option<&Piece<List>> {
        let on = |at: Span| at.start <= given.start && given.end <= at.end;
        self.file(given.source)?.tree.lists.iter().find(|piece| on(piece.name.at.0))
    }

    fn text(&self, source: SourceId) -> &str {
        &self.checked.sources.get(source).text
    }

    fn form(&self, source: SourceId) -> Form {
        Form::of(self.text(source))
    }

    fn file(&self, source: SourceId) -> Option<&RuleFile> {
        self.checked.files.iter().find(|file| file.source == source)
    }
}

/// Whether a comment on a piece can take remarks of a code away.
fn can_be_allowed(remark: &Diagnostic) -> bool {
    let about_suppressions = [Code::BadSuppression, Code::UnusedSuppression, Code::ExpiredSuppression];
    crate::lint::can_change(remark.code) && !about_suppressions.contains(&remark.code)
}

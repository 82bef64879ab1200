//! Renaming: every place of a name at once, or not at all.

use super::{NameKind, NameUse, Snapshot};
use crate::diagnostic::Severity;
use crate::engine::RuleText;
use crate::source::{Form, SourceId, Span};
use crate::syntax::ast::List;
use crate::syntax::names::is_reserved;
use crate::syntax::text::is_word;

/// Why a name cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenameError {
    /// Nothing here has a name.
    #[error("there is no name here that could be changed")]
    NoName,
    /// The new one could not be read as a name.
    #[error("`{0}` is no name: a letter, then letters, digits, `-` and `_`")]
    NotAName(String),
    /// The new one belongs to the language.
    #[error("`{0}` is a word of the language, and so no name")]
    Reserved(String),
    /// Something else has it.
    #[error("there is a {0} called `{1}` already")]
    Taken(&'static str, String),
    /// The list is supplied under its name by whoever keeps it.
    #[error("the list `{0}` is kept outside of the rules under this name")]
    KeptOutside(String),
    /// Somewhere the new name would be read as something else.
    #[error("`{0}` would mean something else in some place")]
    OtherMeaning(String),
}

impl NameKind {
    fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Person => "person",
            Self::Definition => "definition",
            Self::Rule => "rule",
        }
    }
}

impl Snapshot {
    /// The name at a place that [`Snapshot::rename`] would change.
    #[must_use]
    pub fn renameable(&self, source: SourceId, offset: usize) -> Option<&NameUse> {
        self.names.given_at(source, offset).map(|(name, _)| name)
    }

    /// The edits that give another name to what is named at a place, wherever it is spoken of.
    ///
    /// Afterwards the rules decide as before: the texts are read again with the edits in them, and every name must still speak of
    /// what it spoke of.
    ///
    /// # Errors
    /// [`RenameError`]; then nothing is to be changed.
    pub fn rename(&self, source: SourceId, offset: usize, new: &str) -> Result<Vec<(Span, String)>, RenameError> {
        let same = self.names.same_as(source, offset);
        let Some(given) = same.first() else { return Err(RenameError::NoName) };
        if !is_word(new) {
            return Err(RenameError::NotAName(new.to_owned()));
        }
        if given.kind != NameKind::Rule && is_reserved(new) {
            return Err(RenameError::Reserved(new.to_owned()));
        }
        if given.name == new {
            return Ok(Vec::new());
        }
        let taken = |name: &&NameUse| name.gives && name.kind == given.kind && name.layer == given.layer && name.name == new;
        if self.names.uses.iter().any(|name| taken(&name)) {
            return Err(RenameError::Taken(given.kind.word(), new.to_owned()));
        }
        if given.kind == NameKind::List && self.is_provided(given.span) {
            return Err(RenameError::KeptOutside(given.name.clone()));
        }
        let edits: Vec<(Span, String)> = same.iter().map(|name| (name.span, new.to_owned())).collect();
        if self.means_the_same_after(&edits) { Ok(edits) } else { Err(RenameError::OtherMeaning(new.to_owned())) }
    }

    fn is_provided(&self, given: Span) -> bool {
        self.list(given).is_some_and(|piece| matches!(piece.value, List::Provided(_)))
    }

    fn means_the_same_after(&self, edits: &[(Span, String)]) -> bool {
        let texts: Vec<RuleText> = self.edited(edits);
        let after = Snapshot::of(&texts, &self.checked.options);
        let errors =
            |snapshot: &Snapshot| snapshot.checked.diagnostics.iter().filter(|remark| remark.severity == Severity::Error).count();
        after.bindings() == self.bindings() && errors(&after) == errors(self)
    }

    /// For each name, the number of the one that gives it.
    fn bindings(&self) -> Vec<(NameKind, Option<usize>)> {
        let number = |given: &NameUse| self.names.uses.iter().position(|name| name.span == given.span);
        self.names.uses.iter().map(|name| (name.kind, self.names.given(name).and_then(number))).collect()
    }

    /// The texts with edits in them.
    #[must_use]
    pub fn edited(&self, edits: &[(Span, String)]) -> Vec<RuleText> {
        let mut edits: Vec<&(Span, String)> = edits.iter().collect();
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(*span));
        let layer = |source| self.checked.files.iter().find(|file| file.source == source).and_then(|file| file.layer);
        let mut texts: Vec<RuleText> = self
            .checked
            .sources
            .iter()
            .map(|(id, source)| RuleText { name: source.name.clone(), text: source.text.clone(), layer: layer(id) })
            .collect();
        for (span, new) in edits {
            texts[usize::from(span.source.0)].text.replace_range(span.range(), new);
        }
        texts
    }

    /// Whether names of a text stand in quotes.
    #[must_use]
    pub fn is_json(&self, source: SourceId) -> bool {
        self.form(source) == Form::Json
    }
}

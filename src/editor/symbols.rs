//! The outline of a file: its named pieces, as they stand.

use super::{NameKind, Snapshot};
use crate::describe::{self, Surroundings};
use crate::source::{SourceId, Span};
use crate::syntax::ast::Piece;

/// A named piece.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Symbol {
    /// Its name; of a test the sentence in quotes.
    pub name: String,
    /// What it says, shortly.
    pub detail: String,
    /// What it is; `None`: a test.
    pub kind: Option<NameKind>,
    /// The whole piece.
    pub span: Span,
    /// Its name alone.
    pub name_span: Span,
}

impl Snapshot {
    /// The pieces of a file that have names, by place.
    #[must_use]
    pub fn symbols(&self, source: SourceId) -> Vec<Symbol> {
        let Some(file) = self.file(source) else { return Vec::new() };
        let (tree, around) = (&file.tree, Surroundings::of(&file.tree));
        let mut symbols = Vec::new();
        symbols.extend(tree.lists.iter().map(|piece| symbol(piece, Some(NameKind::List), describe::list(piece))));
        symbols.extend(tree.people.iter().map(|piece| symbol(piece, Some(NameKind::Person), describe::person(piece))));
        symbols.extend(
            tree.definitions.iter().map(|piece| symbol(piece, Some(NameKind::Definition), describe::definition(piece, around))),
        );
        symbols.extend(tree.rules.iter().map(|piece| {
            let told = piece.value.title.clone().unwrap_or_else(|| describe::rule(&piece.value, around));
            symbol(piece, Some(NameKind::Rule), told)
        }));
        symbols.extend(tree.tests.iter().map(|piece| symbol(piece, None, String::new())));
        symbols.sort_by_key(|symbol| symbol.span);
        symbols
    }
}

fn symbol<T>(piece: &Piece<T>, kind: Option<NameKind>, detail: String) -> Symbol {
    let name_span = piece.name.at.0;
    Symbol { name: piece.name.value.clone(), detail, kind, span: piece.at.0.to(name_span), name_span }
}

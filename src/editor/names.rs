//! Names: every place where one is given or used, and which uses speak of the same thing.

use super::walk::{Visitor, visit};
use crate::engine::Checked;
use crate::source::{SourceId, Sources, Span};
use crate::syntax::ast::{At, Located};
use crate::value::words::Layer;
use std::collections::HashMap;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words say it")]
pub enum NameKind {
    List,
    Person,
    Definition,
    Rule,
}

/// A place where a name stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameUse {
    /// What it stands for.
    pub kind: NameKind,
    /// The name.
    pub name: String,
    /// The name alone, without quotes.
    pub span: Span,
    /// Whether a piece is given the name here.
    pub gives: bool,
    /// Whose file it is in.
    pub layer: Layer,
}

/// All names of a rule set.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// By place.
    pub uses: Vec<NameUse>,
    given: HashMap<(Layer, NameKind, String), usize>,
}

impl Names {
    pub fn of(checked: &Checked) -> Self {
        let mut uses = Vec::new();
        for file in &checked.files {
            let mut gather = Gather { sources: &checked.sources, layer: file.layer(), uses: &mut uses };
            visit(&file.tree, &mut gather);
        }
        uses.sort_by_key(|name| name.span);
        let mut given = HashMap::new();
        for (index, name) in uses.iter().enumerate().filter(|(_, name)| name.gives) {
            given.entry((name.layer, name.kind, name.name.clone())).or_insert(index);
        }
        Self { uses, given }
    }

    /// The name at a place. Right behind a name counts as on it.
    pub fn at(&self, source: SourceId, offset: usize) -> Option<&NameUse> {
        let on = |name: &&NameUse| {
            name.span.source == source && (name.span.range().contains(&offset) || name.span.range().end == offset)
        };
        self.uses.iter().find(on)
    }

    /// Where the piece is named that a name speaks of: in its own layer, else in the organisation's; a test may expect a rule of
    /// either.
    pub fn given(&self, name: &NameUse) -> Option<&NameUse> {
        let layers = match (name.layer, name.kind) {
            (Layer::User, _) => [Layer::User, Layer::Organisation],
            (Layer::Organisation, NameKind::Rule) => [Layer::Organisation, Layer::User],
            (Layer::Organisation, _) => [Layer::Organisation, Layer::Organisation],
        };
        let find = |layer| self.given.get(&(layer, name.kind, name.name.clone()));
        let index = layers.into_iter().find_map(find)?;
        self.uses.get(*index)
    }

    /// The name at a place, and where it is given.
    pub fn given_at(&self, source: SourceId, offset: usize) -> Option<(&NameUse, &NameUse)> {
        let name = self.at(source, offset)?;
        Some((name, self.given(name)?))
    }

    /// All that speak of what the name at a place speaks of: where it is given, then the others by place.
    pub fn same_as(&self, source: SourceId, offset: usize) -> Vec<&NameUse> {
        let Some((_, given)) = self.given_at(source, offset) else { return Vec::new() };
        let same = |name: &&NameUse| self.given(name).is_some_and(|other| other.span == given.span);
        let others = self.uses.iter().filter(|name| name.span != given.span).filter(same);
        std::iter::once(given).chain(others).collect()
    }

    /// The names of a kind that a file of this layer can use, each once.
    pub fn visible(&self, layer: Layer, kind: NameKind) -> impl Iterator<Item = &NameUse> {
        let given = self.uses.iter().filter(move |name| name.gives && name.kind == kind);
        given.filter(move |name| name.layer == layer || name.layer == Layer::Organisation)
    }
}

struct Gather<'a> {
    sources: &'a Sources,
    layer: Layer,
    uses: &'a mut Vec<NameUse>,
}

impl Visitor for Gather<'_> {
    fn name(&mut self, kind: NameKind, name: &Located<String>, gives: bool) {
        // A name that is written with escapes, or that was made up for a piece without one, stands nowhere as such.
        if let Some(span) = word_at(self.sources, name.at, &name.value) {
            self.uses.push(NameUse { kind, name: name.value.clone(), span, gives, layer: self.layer });
        }
    }
}

/// The place of a word that may stand in quotes.
fn word_at(sources: &Sources, at: At, word: &str) -> Option<Span> {
    let span = at.0;
    let text = sources.get(span.source).text.get(span.range())?;
    if text == word && !word.is_empty() {
        return Some(span);
    }
    let inner = text.strip_prefix('"')?.strip_suffix('"')?;
    (inner == word && !word.is_empty()).then(|| Span { start: span.start + 1, end: span.end - 1, ..span })
}

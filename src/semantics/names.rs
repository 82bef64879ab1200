//! Names: what each one stands for, from whose rules it can be seen, and whether anything uses it.

use crate::diagnostic::{Code, Diagnostic, suggestion};
use crate::semantics::CheckInput;
use crate::source::Span;
use crate::syntax::ast::{Located, Piece};
use crate::value::words::Layer;
use std::collections::{HashMap, HashSet};

/// The kinds of pieces that conditions name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Kind {
    List,
    Person,
    Definition,
    Rule,
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Person => "person",
            Self::Definition => "definition",
            Self::Rule => "rule",
        }
    }
}

/// One named piece: its kind and its place among the pieces of that kind, organisation's files first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct NameId {
    pub kind: Kind,
    pub index: usize,
}

/// Every name of a rule set.
#[derive(Debug, Default)]
pub(super) struct Names {
    found: HashMap<(Layer, Kind, String), NameId>,
    places: HashMap<NameId, (String, Span)>,
    used: HashSet<NameId>,
}

impl Names {
    /// Collects the names of all files; a second piece of one name is reported, and the first one keeps it.
    pub fn collect(input: &CheckInput<'_>, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut names = Self::default();
        let mut counts: HashMap<Kind, usize> = HashMap::new();
        for layer in [Layer::Organisation, Layer::User] {
            for file in input.files.iter().filter(|file| file.layer() == layer) {
                let tree = &file.tree;
                let pieces = heads(&tree.lists, Kind::List)
                    .chain(heads(&tree.people, Kind::Person))
                    .chain(heads(&tree.definitions, Kind::Definition))
                    .chain(heads(&tree.rules, Kind::Rule));
                for (kind, name) in pieces {
                    let count = counts.entry(kind).or_default();
                    let id = NameId { kind, index: *count };
                    *count += 1;
                    names.add(layer, id, name, diagnostics);
                }
                names.check_test_names(&tree.tests, diagnostics);
            }
        }
        names
    }

    fn add(&mut self, layer: Layer, id: NameId, name: &Located<String>, diagnostics: &mut Vec<Diagnostic>) {
        let key = (layer, id.kind, name.value.clone());
        if let Some(first) = self.found.get(&key) {
            let (_, first) = &self.places[first];
            let message = format!("two {}s are called `{}`", id.kind.word(), name.value);
            diagnostics.push(
                Diagnostic::new(Code::DuplicateId, name.at.0, message)
                    .label("the same name again")
                    .also(*first, "first used here")
                    .help("ids are unique in a layer: tests, explanations and suppressions name pieces by them"),
            );
            // Nothing can name it, which is said already.
            self.used.insert(id);
        } else {
            self.found.insert(key, id);
        }
        self.places.insert(id, (name.value.clone(), name.at.0));
    }

    /// Tests are named by a sentence; two of one name could not be told apart in a report.
    fn check_test_names<T>(&self, tests: &[Piece<T>], diagnostics: &mut Vec<Diagnostic>) {
        let mut first: HashMap<&str, Span> = HashMap::new();
        for test in tests {
            match first.get(test.name.value.as_str()) {
                Some(place) => diagnostics.push(
                    Diagnostic::new(Code::DuplicateId, test.name.at.0, format!("two tests are called `{}`", test.name.value))
                        .label("the same name again")
                        .also(*place, "first used here"),
                ),
                None => {
                    first.insert(&test.name.value, test.name.at.0);
                }
            }
        }
    }

    /// What `name` stands for, seen from a file of `layer`: its own layer's, else the organisation's.
    pub fn find(&self, layer: Layer, kind: Kind, name: &str) -> Option<NameId> {
        let in_layer = |layer| self.found.get(&(layer, kind, name.to_owned())).copied();
        match layer {
            Layer::Organisation => in_layer(Layer::Organisation),
            Layer::User => in_layer(Layer::User).or_else(|| in_layer(Layer::Organisation)),
        }
    }

    /// What `name` stands for; where it stands for nothing, says so with the nearest name or the kind that it has.
    pub fn resolve(&self, layer: Layer, kind: Kind, name: &Located<String>, diagnostics: &mut Vec<Diagnostic>) -> Option<NameId> {
        let found = self.find(layer, kind, &name.value);
        if found.is_none() {
            let undefined = self.undefined(layer, kind, name, diagnostics);
            diagnostics.push(undefined);
        }
        found
    }

    fn undefined(&self, layer: Layer, kind: Kind, name: &Located<String>, so_far: &[Diagnostic]) -> Diagnostic {
        let (word, written) = (kind.word(), &name.value);
        if self.found.contains_key(&(Layer::User, kind, written.clone())) {
            let message = format!("the organisation's rules cannot see the user's {word} `{written}`");
            return Diagnostic::new(Code::LayerViolation, name.at.0, message)
                .label(format!("a {word} of a user file"))
                .help("a user's rules see the organisation's names, not the other way");
        }
        let diagnostic = Diagnostic::new(Code::UndefinedName, name.at.0, format!("no {word} is called `{written}`"))
            .label("nothing has this name");
        let others = [Kind::List, Kind::Person, Kind::Definition].into_iter().filter(|other| *other != kind);
        for other in others {
            if self.find(layer, other, written).is_some() {
                return diagnostic.help(format!("`{written}` is a {}, and a {word} is needed here", other.word()));
            }
        }
        match suggestion(so_far, written, self.visible(layer, kind)) {
            Some(near) => {
                diagnostic.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), name.at.0, near.to_owned())
            }
            None => diagnostic,
        }
    }

    /// The names of a kind that a file of `layer` sees.
    pub fn visible(&self, layer: Layer, kind: Kind) -> impl Iterator<Item = &str> {
        self.found
            .keys()
            .filter(move |(of, its_kind, _)| *its_kind == kind && (*of == layer || *of == Layer::Organisation))
            .map(|(_, _, name)| name.as_str())
    }

    /// Notes that a rule uses the piece; `false` where that was known.
    pub fn mark_used(&mut self, id: NameId) -> bool {
        self.used.insert(id)
    }

    /// Where the piece is named.
    pub fn place(&self, id: NameId) -> Span {
        self.places[&id].1
    }

    /// Reports lists, people and definitions that no rule uses.
    pub fn report_unused(&self, diagnostics: &mut Vec<Diagnostic>) {
        for (id, (name, place)) in &self.places {
            if id.kind != Kind::Rule && !self.used.contains(id) {
                let message = format!("no rule uses the {} `{name}`", id.kind.word());
                diagnostics.push(Diagnostic::new(Code::UnusedName, *place, message).label("never used"));
            }
        }
    }
}

fn heads<T>(pieces: &[Piece<T>], kind: Kind) -> impl Iterator<Item = (Kind, &Located<String>)> {
    pieces.iter().map(move |piece| (kind, &piece.name))
}

//! Holds JSON against the table and says, in the author's words, what does not fit.
//!
//! Everything that is wrong is reported in one pass: a wrong member hides nothing beside it. What passes here, the reader
//! ([`super::lower`]) turns into a tree without further questions about shape.

use crate::diagnostic::{Code, Diagnostic, nearest, nobody_reads_on};
use crate::source::Span;
use crate::syntax::json::shape::{Comments, Map, Member, Object, OnlyWith, Shape, Text, Type, Variant, Words};
use crate::syntax::json::table;
use crate::syntax::json::value::{Entry, Kind, Node};
use crate::syntax::literal::shown;

/// Where a value stands, as messages call it.
#[derive(Clone, Copy)]
enum Place<'a> {
    File,
    Member(&'a str),
    Item(&'a str),
}

/// Reports everything in `file` that is not as the table has it.
pub fn check(file: &Node<'_>, diagnostics: &mut Vec<Diagnostic>) {
    nulls_and_duplicates(file, diagnostics);
    Checker { diagnostics, elsewhere: 0 }.shape(file, &Shape::Object(&table::FILE), Place::File);
}

/// `null` anywhere, and members written twice. Recursion is bounded by the nesting that was checked before.
fn nulls_and_duplicates(node: &Node<'_>, diagnostics: &mut Vec<Diagnostic>) {
    match &node.kind {
        Kind::Null => diagnostics
            .push(Diagnostic::new(Code::NullValue, node.span, "`null` says nothing in a rule file").help("leave the member out")),
        Kind::Array(items) => items.iter().for_each(|item| nulls_and_duplicates(item, diagnostics)),
        Kind::Object(entries) => {
            let mut first = std::collections::HashMap::new();
            for entry in entries {
                let known = *first.entry(entry.key.as_ref()).or_insert(entry.key_at);
                if known != entry.key_at {
                    let message = format!("`{}` is written twice in one object", shown(&entry.key));
                    diagnostics.push(Diagnostic::new(Code::DuplicateKey, entry.key_at, message).also(known, "first here"));
                }
                nulls_and_duplicates(&entry.value, diagnostics);
            }
        }
        Kind::Flag(_) | Kind::Number(_) | Kind::Text(_) => {}
    }
}

struct Checker<'d> {
    diagnostics: &'d mut Vec<Diagnostic>,
    /// Remarks that are not among these.
    elsewhere: usize,
}

impl Checker<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Past the shown remarks, more of them are short.
    fn is_full(&self) -> bool {
        nobody_reads_on(self.elsewhere + self.diagnostics.len())
    }

    fn shape(&mut self, node: &Node<'_>, shape: &Shape, place: Place<'_>) {
        let found = Type::of(node);
        if found == Type::Null {
            return;
        }
        if let Shape::Commented(inner) = shape {
            return self.commented(node, inner, place);
        }
        if !shape.types().contains(&found) {
            return self.refuse(node, shape, place);
        }
        match shape {
            Shape::Text(text) => self.text(node, text, place),
            Shape::Word(words) => self.word(node, words, place),
            Shape::Whole(least, most) => self.whole(node, *least, *most, place),
            Shape::Flag => {}
            Shape::True if matches!(node.kind, Kind::Flag(true)) => {}
            Shape::True => self.refuse(node, shape, place),
            Shape::Version => self.version(node),
            Shape::Array(array) => {
                let name = place.name();
                let (least, most) = array.len;
                let len = node.items().len();
                if len < least || len > most {
                    let count = if least == most { least.to_string() } else { format!("{least} or more") };
                    let message = format!("`{name}` takes {count} items in brackets, not {len}");
                    self.report(Diagnostic::new(Code::JsonShape, node.opening(), message));
                }
                for item in node.items() {
                    self.shape(item, &array.item, Place::Item(name));
                }
            }
            Shape::Object(object) => self.object(node, object),
            Shape::Map(map) => self.map(node, map),
            Shape::Def(def) => self.shape(node, &def().shape, place),
            Shape::AnyOf(_) => self.any_of(node, shape, found, place),
            Shape::Commented(_) => {}
        }
    }

    /// The alternative of the value's type; where several have it, the one with the least to say about it.
    fn any_of(&mut self, node: &Node<'_>, shape: &Shape, found: Type, place: Place<'_>) {
        let mut best: Option<Vec<Diagnostic>> = None;
        let candidates: Vec<&Shape> = shape.alternatives().into_iter().filter(|shape| shape.types().contains(&found)).collect();
        for candidate in &candidates {
            let mut said = Vec::new();
            Checker { diagnostics: &mut said, elsewhere: self.elsewhere + self.diagnostics.len() }.shape(node, candidate, place);
            if best.as_ref().is_none_or(|least| said.len() < least.len()) {
                best = Some(said);
            }
        }
        match best {
            Some(said) if !said.is_empty() && found == Type::String && candidates.len() > 1 => self.refuse(node, shape, place),
            Some(mut said) => {
                let objects = shape.alternatives().into_iter().filter(|shape| shape.types() == [Type::Object]);
                if let (Some(last), false) = (said.last_mut(), found == Type::Object || self.is_full()) {
                    last.help.extend(objects.map(|object| format!("it may also be {}", object.about())));
                }
                self.diagnostics.extend(said);
            }
            None => self.refuse(node, shape, place),
        }
    }

    fn commented(&mut self, node: &Node<'_>, inner: &Shape, place: Place<'_>) {
        let Some(value) = node.get("value") else {
            return self.shape(node, inner, place);
        };
        for entry in node.entries() {
            match entry.key.as_ref() {
                "value" => {}
                "//" | "//end" => self.comment(entry, Comments::Around),
                _ => {
                    let message = format!("beside `value` stands nothing but comments, no `{}`", shown(&entry.key));
                    self.report(Diagnostic::new(Code::UnknownKey, entry.key_at, message));
                }
            }
        }
        if Type::of(value) == Type::Object && inner.types().contains(&Type::Object) {
            let message = "an object carries its comments itself and is not wrapped in `value`";
            return self.report(Diagnostic::new(Code::JsonShape, value.opening(), message));
        }
        self.shape(value, inner, place);
    }

    fn comment(&mut self, entry: &Entry<'_>, comments: Comments) {
        let several = entry.key == "//" || comments == Comments::File;
        let shape = if several { &table::LINES } else { &table::LINE };
        self.shape(&entry.value, shape, Place::Member(&entry.key));
    }

    fn object(&mut self, node: &Node<'_>, object: &Object) {
        let variant = match object.variants {
            [only] => Some(only),
            several => several.iter().find(|variant| variant.head.first().is_some_and(|head| node.get(head.name).is_some())),
        };
        let known = |key: &str| matches!(key, "//" | "//end") || object.shape_of(key).is_some();
        if variant.is_none() && node.entries().iter().all(|entry| known(&entry.key)) {
            self.report(nothing_said(node, object, self.is_full()));
        }
        for entry in node.entries() {
            self.member(entry, object, variant);
        }
        for member in variant.map_or(&[][..], |variant| variant.head) {
            if node.get(member.name).is_none() {
                let message = format!("{} needs `{}`", noun(object.about), member.name);
                self.report(Diagnostic::new(Code::MissingPart, node.opening(), message));
            }
        }
        for rule in object.only_with {
            self.only_with(node, rule);
        }
    }

    fn member(&mut self, entry: &Entry<'_>, object: &Object, variant: Option<&Variant>) {
        let key = entry.key.as_ref();
        if matches!(key, "//" | "//end") {
            if object.comments == Comments::Outside {
                let message = format!("no comment can stand in {}", noun(object.about));
                let diagnostic = Diagnostic::new(Code::UnknownKey, entry.key_at, message);
                return self.report(diagnostic.help("write it in the condition, rule or list around it"));
            }
            return self.comment(entry, object.comments);
        }
        let of_variant = |member: &&Member| member.name == key;
        let here = variant.and_then(|variant| variant.head.iter().chain(variant.with).find(of_variant));
        let here = here.or_else(|| object.optional.iter().find(of_variant));
        if let Some(member) = here {
            return self.shape(&entry.value, &member.shape, Place::Member(member.name));
        }
        if let Some((_, shape)) = object.free.filter(|(pattern, _)| pattern.takes(key)) {
            return self.shape(&entry.value, &shape, Place::Member(key));
        }
        let elsewhere = object.variants.iter().find(|variant| variant.head.iter().chain(variant.with).any(|m| m.name == key));
        match (elsewhere.and_then(|variant| variant.head.first()), variant.and_then(|variant| variant.head.first())) {
            (Some(head), Some(chosen)) if head.name == key => self.report(one_thing(entry, object, chosen)),
            (Some(head), _) if head.name != key => {
                let message = format!("`{key}` goes with `{}`", head.name);
                self.report(Diagnostic::new(Code::Misplaced, entry.key_at, message));
            }
            _ => self.report(unknown_key(entry, object, self.is_full())),
        }
    }

    fn only_with(&mut self, node: &Node<'_>, rule: &OnlyWith) {
        let Some(entry) = node.entries().iter().find(|entry| entry.key == rule.member) else { return };
        if matches!(entry.value.kind, Kind::Flag(false) | Kind::Null) {
            return;
        }
        let other = node.get(rule.other);
        let bare = other.map(|other| other.get("value").unwrap_or(other)).and_then(Node::text);
        if bare.is_some_and(|word| !rule.words.contains(&word)) {
            let message = format!("`{}` goes with {} only", rule.member, listed(rule.words));
            self.report(Diagnostic::new(Code::Misplaced, entry.key_at, message));
        }
    }

    fn map(&mut self, node: &Node<'_>, map: &Map) {
        for entry in node.entries() {
            if matches!(entry.key.as_ref(), "//" | "//end") {
                let message = format!("no comment can stand among {}", map.about);
                let diagnostic = Diagnostic::new(Code::UnknownKey, entry.key_at, message);
                self.report(diagnostic.help("write it in the piece that it is about"));
                continue;
            }
            if !map.key.takes(&entry.key) {
                self.report(bad_text(&entry.key, entry.key_at, map.key, None));
            }
            self.shape(&entry.value, &map.value, Place::Member(&entry.key));
        }
    }

    fn text(&mut self, node: &Node<'_>, text: &Text, place: Place<'_>) {
        let Some(written) = node.text() else { return };
        if !text.takes(written) {
            self.report(bad_text(written, node.span, text, Some(place)));
        }
    }

    fn word(&mut self, node: &Node<'_>, words: &Words, place: Place<'_>) {
        let Some(written) = node.text() else { return };
        if words.words.contains(&written) {
            return;
        }
        let message = format!("{} {}, not `{}`", place.takes(), words.about, shown(written));
        let diagnostic = Diagnostic::new(Code::UnknownValue, node.span, message);
        self.report(match nearest(written, words.words.iter().copied()) {
            Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")).fix(
                format!("write `{meant}`"),
                node.span,
                format!("\"{meant}\""),
            ),
            None => diagnostic.help(format!("it is one of {}", listed(words.words))),
        });
    }

    fn whole(&mut self, node: &Node<'_>, least: i64, most: i64, place: Place<'_>) {
        let Kind::Number(written) = node.kind else { return };
        let in_range = written.parse::<i64>().is_ok_and(|number| (least..=most).contains(&number));
        if in_range && written != "-0" {
            return;
        }
        let shaped = written.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let code = if shaped { Code::ValueOutOfRange } else { Code::JsonShape };
        let message = format!("{} {}, not `{}`", place.takes(), Shape::Whole(least, most).about(), shown(written));
        self.report(Diagnostic::new(code, node.span, message));
    }

    fn version(&mut self, node: &Node<'_>) {
        if !matches!(node.kind, Kind::Number("1")) {
            let message = "this program knows version 1 of the language";
            self.report(Diagnostic::new(Code::UnknownVersion, node.span, message).help("write `\"callsheet\": 1`"));
        }
    }

    /// A value of another type than its place takes.
    fn refuse(&mut self, node: &Node<'_>, shape: &Shape, place: Place<'_>) {
        if self.is_full() {
            let message = format!("{} does not belong here", Type::of(node).about());
            return self.report(Diagnostic::new(Code::JsonShape, node.opening(), message));
        }
        let found = match &node.kind {
            Kind::Text(text) => format!("`{}`", shown(text)),
            Kind::Flag(flag) => format!("`{flag}`"),
            _ => Type::of(node).about().to_owned(),
        };
        let message = match place {
            Place::File => format!("a rule file is one JSON object, not {found}"),
            _ => format!("{} {}, not {found}", place.takes(), shape.about()),
        };
        let span = if matches!(node.kind, Kind::Array(_) | Kind::Object(_)) { node.opening() } else { node.span };
        self.report(Diagnostic::new(Code::JsonShape, span, message));
    }
}

impl<'a> Place<'a> {
    fn name(self) -> &'a str {
        match self {
            Self::File => "the file",
            Self::Member(name) | Self::Item(name) => name,
        }
    }

    fn subject(self) -> String {
        match self {
            Self::File => "the file".to_owned(),
            Self::Member(name) => format!("`{}`", shown(name)),
            Self::Item(name) => format!("each item of `{}`", shown(name)),
        }
    }

    fn takes(self) -> String {
        let verb = if matches!(self, Self::Member(_)) { "takes" } else { "is" };
        format!("{} {verb}", self.subject())
    }
}

/// A text of the wrong shape, or a word of the language as a name.
fn bad_text(written: &str, at: Span, text: &Text, place: Option<Place<'_>>) -> Diagnostic {
    if text.name && crate::syntax::names::is_reserved(written) {
        let message = format!("`{written}` is a word of the language and cannot be a name");
        return Diagnostic::new(Code::ReservedName, at, message);
    }
    let written = shown(written);
    match place {
        Some(place) if !text.name => {
            let message = format!("{} {}, not `{written}`", place.takes(), text.about);
            Diagnostic::new(Code::JsonShape, at, message)
        }
        _ => Diagnostic::new(Code::JsonShape, at, format!("`{written}` is no name"))
            .help("a name has letters, digits, `-` and `_`, a letter first"),
    }
}

/// An object that has none of the members which would say what it is.
fn nothing_said(node: &Node<'_>, object: &Object, short: bool) -> Diagnostic {
    let subject = noun(object.about);
    if short {
        return Diagnostic::new(Code::MissingPart, node.opening(), format!("{subject} says nothing"));
    }
    let heads: Vec<&str> = object.variants.iter().filter_map(|variant| Some(variant.head.first()?.name)).collect();
    if heads.len() <= LISTED_MAX {
        let message = format!("{subject} needs one of {}", listed(&heads));
        return Diagnostic::new(Code::MissingPart, node.opening(), message);
    }
    let message = format!("{subject} needs a member that says what it asks");
    Diagnostic::new(Code::MissingPart, node.opening(), message).help(format!("it has {}", listed(&heads)))
}

/// More words than this make a message hard to read.
const LISTED_MAX: usize = 8;

/// A shape in a few words, without its example.
fn noun(about: &str) -> &str {
    about.split(" such as ").next().unwrap_or(about)
}

/// Two members that exclude each other.
fn one_thing(entry: &Entry<'_>, object: &Object, chosen: &Member) -> Diagnostic {
    let message = format!("{} says one thing: `{}` or `{}`", noun(object.about), chosen.name, entry.key);
    let diagnostic = Diagnostic::new(Code::JsonShape, entry.key_at, message);
    if object.member("all").is_some() {
        return diagnostic.help("join several with `all`: `{\"all\": [{…}, {…}]}`");
    }
    diagnostic
}

fn unknown_key(entry: &Entry<'_>, object: &Object, short: bool) -> Diagnostic {
    let message = format!("`{}` is no member of {}", shown(&entry.key), noun(object.about));
    let diagnostic = Diagnostic::new(Code::UnknownKey, entry.key_at, message);
    if short {
        return diagnostic;
    }
    let mut names: Vec<&str> = Vec::new();
    for member in object.members() {
        if !names.contains(&member.name) {
            names.push(member.name);
        }
    }
    match nearest(&entry.key, names.iter().copied()) {
        Some(meant) => diagnostic.help(format!("did you mean `{meant}`?")).fix(
            format!("write `{meant}`"),
            entry.key_at,
            format!("\"{meant}\""),
        ),
        None => diagnostic.help(format!("it has {}", listed(&names))),
    }
}

/// `a`, `b` or `c`.
fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

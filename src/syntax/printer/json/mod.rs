//! The canonical JSON of a tree.
//!
//! Members stand in one fixed order; only what the author orders (pieces, settings, items) keeps the author's. Comments stand
//! in the object that they are about, `"//"` first and `"//end"` last; a value that is no object is wrapped for them.

mod condition;
mod layout;
mod piece;

use crate::syntax::ast::*;
use layout::{Doc, lay_out};

/// The canonical JSON form of a file. [`crate::syntax::json::parse`] reads the same tree back.
///
/// Holes of a tree that did not parse without errors are printed as `{}`, which no reader takes for anything.
#[must_use]
pub fn json(file: &File) -> String {
    lay_out(&self::file(file))
}

fn file(file: &File) -> Doc {
    let mut members = Members::default();
    let header = file.header.clone().unwrap_or(Commented { value: (), at: At::default(), trivia: Trivia::default() });
    members.lines("//", &header.trivia.before);
    let version = Trivia { before: Vec::new(), end: header.trivia.end };
    members.push("callsheet", wrapped(Doc::number(1), &version));
    members.some("layer", &file.layer, |layer| Doc::text(piece::layer(*layer)));
    members.some("our_domains", &file.our_domains, |domains| texts(domains));
    members.some("timezone", &file.timezone, |zone| Doc::text(zone));
    members.some("default", &file.default, |verb| Doc::text(piece::verb(*verb)));
    members.block("defaults", &file.defaults, |settings| piece::settings(settings));
    members.block("recordable", &file.recordable, |entries| piece::recordable(entries));
    members.block("limits", &file.limits, |limits| piece::limits(limits));
    members.pieces("lists", &file.lists, piece::list);
    members.pieces("people", &file.people, |person, trivia| wrapped(texts(&person.addresses), trivia));
    members.pieces("define", &file.definitions, |define, trivia| condition::clause(&define.condition, trivia));
    if !file.rules.is_empty() {
        members.push("rules", Doc::Array(file.rules.iter().map(piece::rule).collect()).spread());
    }
    if !file.tests.is_empty() {
        members.push("tests", Doc::Array(file.tests.iter().map(piece::test).collect()).spread());
    }
    members.lines("//end", &file.tail);
    Doc::Object(members.0).spread()
}

/// The members of an object in the making.
#[derive(Default)]
struct Members(Vec<(String, Doc)>);

impl Members {
    fn push(&mut self, key: &str, value: Doc) {
        self.0.push((key.to_owned(), value));
    }

    /// A value that is no object, with its comments.
    fn some<T>(&mut self, key: &str, value: &Option<Commented<T>>, print: impl Fn(&T) -> Doc) {
        if let Some(commented) = value {
            self.push(key, wrapped(print(&commented.value), &commented.trivia));
        }
    }

    /// A value that is an object, with its comments.
    fn block<T>(&mut self, key: &str, value: &Option<Commented<T>>, print: impl Fn(&T) -> Vec<(String, Doc)>) {
        if let Some(commented) = value {
            self.push(key, around(print(&commented.value), &commented.trivia));
        }
    }

    /// Pieces by name. Suppressions stand among their comments, as in the text form.
    fn pieces<T>(&mut self, key: &str, pieces: &[Piece<T>], print: impl Fn(&T, &Trivia) -> Doc) {
        if pieces.is_empty() {
            return;
        }
        let print_piece = |piece: &Piece<T>| (piece.name.value.clone(), print(&piece.value, &piece::with_allows(piece)));
        self.push(key, Doc::Object(pieces.iter().map(print_piece).collect()).spread());
    }

    /// Lines of comment: one as a text, several in brackets.
    fn lines(&mut self, key: &str, lines: &[String]) {
        match lines {
            [] => {}
            [line] => self.push(key, Doc::text(line)),
            lines => self.push(key, Doc::Array(lines.iter().map(|line| Doc::text(line)).collect())),
        }
    }

    fn end(&mut self, trivia: &Trivia) {
        if let Some(line) = &trivia.end {
            self.push("//end", Doc::text(line));
        }
    }
}

/// An object with its comments.
fn around(members: Vec<(String, Doc)>, trivia: &Trivia) -> Doc {
    let mut all = Members::default();
    all.lines("//", &trivia.before);
    all.0.extend(members);
    all.end(trivia);
    Doc::Object(all.0)
}

/// A value with its comments: an object carries them itself, anything else is wrapped.
fn wrapped(value: Doc, trivia: &Trivia) -> Doc {
    if let Doc::Object(members) = value {
        return around(members, trivia);
    }
    if *trivia == Trivia::default() {
        return value;
    }
    let mut members = Members::default();
    members.push("value", value);
    members.lines("//", &trivia.before);
    members.end(trivia);
    Doc::Object(members.0)
}

fn items<T>(items: &[Item<T>], print: impl Fn(&T) -> Doc) -> Doc {
    Doc::Array(items.iter().map(|item| wrapped(print(&item.value), &item.trivia)).collect())
}

fn texts(texts: &[Item<String>]) -> Doc {
    items(texts, |text| Doc::text(text))
}

fn name(name: &Located<String>) -> Doc {
    Doc::text(&name.value)
}

/// A length of time in ISO 8601: days, then hours, minutes and seconds; no part that is nothing.
fn length(seconds: Seconds) -> Doc {
    let parts = [(seconds / 3_600 % 24, 'H'), (seconds / 60 % 60, 'M'), (seconds % 60, 'S')];
    let time: String = parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    Doc::text(&match (seconds / 86_400, time.as_str()) {
        (0, "") => "PT0S".to_owned(),
        (0, time) => format!("PT{time}"),
        (days, "") => format!("P{days}D"),
        (days, time) => format!("P{days}DT{time}"),
    })
}

//! JSON values to the tree.
//!
//! Shapes were checked before, and everything that does not fit was remarked on: what has the wrong shape is left out here
//! without a word. Remarks from here are those that a table of shapes cannot make: days that do not exist, limits,
//! directives. How deep conditions nest, how many rules and items there are, is counted where both
//! forms are one tree.

mod condition;
mod literal;
mod person;
mod setting;
mod test;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::Limits;
use crate::syntax::ast::*;
use crate::syntax::json::item_kind;
use crate::syntax::json::value::{Entry, Kind, Node};
use crate::syntax::trivia::{refuse_unattached, take_allow};
use crate::time::Date;
use std::collections::HashSet;

/// The tree of a file.
pub fn file(json: &Node<'_>, limits: &Limits, diagnostics: &mut Vec<Diagnostic>) -> File {
    let mut lower = Lower { limits, diagnostics };
    lower.file(json)
}

struct Lower<'a> {
    limits: &'a Limits,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// A member whose value is not `null`.
fn member<'n, 'a>(node: &'n Node<'a>, key: &str) -> Option<&'n Node<'a>> {
    node.get(key).filter(|value| !matches!(value.kind, Kind::Null))
}

/// Members besides comments, each name once.
fn members<'n, 'a>(node: &'n Node<'a>) -> impl Iterator<Item = &'n Entry<'a>> {
    let mut seen = HashSet::new();
    node.entries().iter().filter(move |entry| {
        let first = seen.insert(entry.key.as_ref());
        first && !matches!(entry.key.as_ref(), "//" | "//end") && !matches!(entry.value.kind, Kind::Null)
    })
}

fn located<T>(value: T, span: Span) -> Located<T> {
    Located { value, at: At(span) }
}

/// A name, a word or an address, which the text form writes without quotes: its place is that inside of them, so that a fix
/// which replaces one word by another is right in both forms.
fn name_of(node: &Node<'_>) -> Option<Located<String>> {
    Some(located(node.text()?.to_owned(), inside(node.span)))
}

/// The name of a member.
fn key_of(entry: &Entry<'_>) -> Located<String> {
    located(entry.key.to_string(), inside(entry.key_at))
}

/// A place without the quotes at its ends.
fn inside(span: Span) -> Span {
    Span { start: span.start + 1, end: span.end - 1, ..span }
}

/// A text in quotes.
fn text_of(node: &Node<'_>) -> Option<Located<String>> {
    Some(located(node.text()?.to_owned(), node.span))
}

impl Lower<'_> {
    fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    fn file(&mut self, json: &Node<'_>) -> File {
        let header = self.header(json);
        File {
            header: Some(header),
            layer: self.setting(json, "layer", |_, node| literal::layer(node)),
            our_domains: self.setting(json, "our_domains", |lower, node| lower.texts(node)),
            timezone: self.setting(json, "timezone", |_, node| Some(node.text()?.to_owned())),
            default: self.setting(json, "default", |_, node| literal::verb(node)),
            defaults: self.setting(json, "defaults", |lower, node| lower.settings(node)),
            recordable: self.setting(json, "recordable", |lower, node| lower.recordable(node)),
            limits: self.setting(json, "limits", |lower, node| lower.limits(node)),
            lists: self.named(json, "lists", Self::list),
            people: self.named(json, "people", Self::person_alias),
            definitions: self.named(json, "define", |lower, node| {
                let mut trivia = Trivia::default();
                let condition = lower.condition(node, &mut trivia);
                Some((Definition { condition }, trivia))
            }),
            rules: self.rules(json),
            tests: self.tests(json),
            tail: self.lines(json.get("//end"), Directives::Refused),
        }
    }

    /// The comments before everything stand in the file itself, or around the version.
    fn header(&mut self, json: &Node<'_>) -> Commented<()> {
        let mut header = Commented { value: (), at: At(json.opening()), trivia: Trivia::default() };
        header.trivia.before = self.lines(json.get("//"), Directives::Refused);
        if let Some(version) = member(json, "callsheet") {
            let (value, trivia) = self.bare(version);
            header.at = At(value.span);
            absorb(&mut header.trivia, trivia);
        }
        header
    }

    /// A member of the file with its comments.
    fn setting<T>(
        &mut self,
        json: &Node<'_>,
        key: &str,
        read: impl FnOnce(&mut Self, &Node<'_>) -> Option<T>,
    ) -> Option<Commented<T>> {
        let node = member(json, key)?;
        let (value, trivia) = self.bare(node);
        Some(Commented { value: read(self, value)?, at: At(value.span), trivia })
    }

    /// The pieces of a map from names.
    fn named<T>(
        &mut self,
        json: &Node<'_>,
        key: &str,
        mut read: impl FnMut(&mut Self, &Node<'_>) -> Option<(T, Trivia)>,
    ) -> Vec<Piece<T>> {
        let Some(map) = member(json, key) else { return Vec::new() };
        members(map)
            .filter_map(|entry| {
                let (value, trivia) = read(self, &entry.value)?;
                Some(self.piece(key_of(entry), value, &entry.value, trivia))
            })
            .collect()
    }

    /// A piece that `node` holds and carries the comments of.
    fn piece<T>(&mut self, name: Located<String>, value: T, node: &Node<'_>, mut trivia: Trivia) -> Piece<T> {
        let place = |comment: &str| node.get(comment).map_or(name.at.0, |comment| comment.span);
        let allow = take_allow(&mut trivia.before, place("//"), self.diagnostics);
        if let Some(end) = &trivia.end {
            refuse_unattached(end, place("//end"), self.diagnostics);
        }
        let span = name.at.0.to(node.span);
        Piece { name, value, at: At(span), trivia, allow }
    }

    fn list(&mut self, node: &Node<'_>) -> Option<(List, Trivia)> {
        let (value, trivia) = self.bare_with(node, Directives::Kept);
        if let Some(kind) = member(value, "provided") {
            return Some((List::Provided(located(literal::list_kind(kind)?, kind.span)), trivia));
        }
        Some((List::Items(self.list_items(value)?), trivia))
    }

    /// `[…]`, each item of the kind that its spelling tells; `{"people": […]}`, `{"texts": […]}` or `{"dates": […]}`
    fn list_items(&mut self, node: &Node<'_>) -> Option<Vec<Item<ListItem>>> {
        if matches!(node.kind, Kind::Array(_)) {
            return self.items(node, |lower, item| {
                let written = item.text()?;
                match item_kind(written) {
                    ListKind::People => Some(ListItem::Person(written.to_owned())),
                    ListKind::Texts => Some(ListItem::Text(written.to_owned())),
                    ListKind::Dates => lower.date(item).map(ListItem::Date),
                }
            });
        }
        if let Some(people) = member(node, "people") {
            return self.items(people, |_, item| Some(ListItem::Person(item.text()?.to_owned())));
        }
        if let Some(texts) = member(node, "texts") {
            return self.items(texts, |_, item| Some(ListItem::Text(item.text()?.to_owned())));
        }
        self.items(member(node, "dates")?, |lower, item| lower.date(item).map(ListItem::Date))
    }

    fn person_alias(&mut self, node: &Node<'_>) -> Option<(PersonAlias, Trivia)> {
        let (value, trivia) = self.bare_with(node, Directives::Kept);
        Some((PersonAlias { addresses: self.texts(value)? }, trivia))
    }

    fn rules(&mut self, json: &Node<'_>) -> Vec<Piece<Rule>> {
        let rules = json.get("rules").map_or(&[][..], Node::items);
        rules.iter().filter_map(|rule| self.rule(rule)).collect()
    }

    fn rule(&mut self, node: &Node<'_>) -> Option<Piece<Rule>> {
        let bytes = node.span.range().len();
        if bytes > self.limits.rule_bytes {
            let message = format!("a rule holds at most {} bytes, this one has {bytes}", self.limits.rule_bytes);
            self.report(Diagnostic::new(Code::LimitExceeded, node.opening(), message));
            return None;
        }
        let name = name_of(member(node, "id")?)?;
        let trivia = self.trivia(node, Directives::Kept);
        let rule = Rule {
            title: member(node, "title").and_then(Node::text).map(str::to_owned),
            action: self.action(node)?,
            when: self.clause(node, "when"),
            unless: self.clause(node, "unless"),
            with: self.setting(node, "with", |lower, with| lower.settings(with)),
            because: self.setting(node, "because", |_, because| Some(because.text()?.to_owned())),
        };
        let mut piece = self.piece(name, rule, node, trivia);
        let allowed = member(node, "allow").map_or(&[][..], Node::items);
        for item in allowed {
            piece.allow.extend(self.allow(item));
        }
        Some(piece)
    }

    fn action(&mut self, node: &Node<'_>) -> Option<Commented<Action>> {
        let flag = |key| matches!(node.get(key).map(|value| &value.kind), Some(Kind::Flag(true)));
        let (verb, trivia) = self.bare(member(node, "do")?);
        let action = Action {
            verb: literal::tiered(verb, flag("locked"))?,
            shadow: flag("shadow"),
            from: member(node, "from").and_then(|date| self.date(date)),
            until: member(node, "until").and_then(|date| self.date(date)),
        };
        Some(Commented { value: action, at: At(verb.span), trivia })
    }

    /// A condition of a rule; its comments are the clause's.
    fn clause(&mut self, node: &Node<'_>, key: &str) -> Option<Commented<Condition>> {
        let value = member(node, key)?;
        let mut trivia = Trivia::default();
        let condition = self.condition(value, &mut trivia);
        self.refuse_directives(&trivia, value.opening());
        Some(Commented { value: condition, at: At(value.span), trivia })
    }

    fn allow(&mut self, node: &Node<'_>) -> Option<Allow> {
        Some(Allow {
            code: name_of(member(node, "code")?)?,
            until: member(node, "until").and_then(|date| self.date(date)),
            reason: member(node, "reason").and_then(Node::text).map(str::to_owned),
            at: At(node.span),
        })
    }

    /// The items of an array with their comments.
    fn items<T>(&mut self, array: &Node<'_>, mut read: impl FnMut(&mut Self, &Node<'_>) -> Option<T>) -> Option<Vec<Item<T>>> {
        let Kind::Array(items) = &array.kind else { return None };
        let item = |node: &Node<'_>| {
            let (value, trivia) = self.bare(node);
            Some(Commented { value: read(self, value)?, at: At(value.span), trivia })
        };
        Some(items.iter().filter_map(item).collect())
    }

    fn texts(&mut self, array: &Node<'_>) -> Option<Vec<Item<String>>> {
        self.items(array, |_, item| Some(item.text()?.to_owned()))
    }

    fn date(&mut self, node: &Node<'_>) -> Option<Date> {
        let written = node.text()?;
        let date = literal::date(written);
        if date.is_none() && literal::looks_like_date(written) {
            self.report(Diagnostic::new(Code::ValueOutOfRange, node.span, format!("there is no day `{written}`")));
        }
        date
    }

    /// A value without its wrapper, and its comments. An object carries them itself.
    fn bare<'n, 'a>(&mut self, node: &'n Node<'a>) -> (&'n Node<'a>, Trivia) {
        self.bare_with(node, Directives::Refused)
    }

    fn bare_with<'n, 'a>(&mut self, node: &'n Node<'a>, directives: Directives) -> (&'n Node<'a>, Trivia) {
        (node.get("value").unwrap_or(node), self.trivia(node, directives))
    }

    fn trivia(&mut self, node: &Node<'_>, directives: Directives) -> Trivia {
        let end = node.get("//end").and_then(Node::text).map(plain);
        let trivia = Trivia { before: self.lines(node.get("//"), directives), end };
        if let (Some(line), Directives::Refused) = (&trivia.end, directives) {
            refuse_unattached(line, node.opening(), self.diagnostics);
        }
        trivia
    }

    /// The lines of a comment: a text, or several.
    fn lines(&mut self, node: Option<&Node<'_>>, directives: Directives) -> Vec<String> {
        let Some(node) = node else { return Vec::new() };
        let texts = node.text().into_iter().chain(node.items().iter().filter_map(Node::text));
        let lines: Vec<String> = texts.flat_map(|text| text.split('\n')).map(plain).collect();
        if directives == Directives::Refused {
            for line in &lines {
                refuse_unattached(line, node.span, self.diagnostics);
            }
        }
        lines
    }

    fn refuse_directives(&mut self, trivia: &Trivia, at: Span) {
        for line in trivia.before.iter().chain(&trivia.end) {
            refuse_unattached(line, at, self.diagnostics);
        }
    }
}

/// A line of comment as the text form can hold it: without white space at its end, and on one line for certain.
fn plain(line: &str) -> String {
    line.trim_end().replace('\r', " ")
}

/// What becomes of `lint:` lines in a comment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Directives {
    /// The piece takes them.
    Kept,
    /// They suppress nothing here.
    Refused,
}

/// Adds comments from inside, which has no place for its own in the tree, to those around it.
fn absorb(around: &mut Trivia, inside: Trivia) {
    around.before.extend(inside.before);
    if around.end.is_none() {
        around.end = inside.end;
    } else {
        around.before.extend(inside.end);
    }
}

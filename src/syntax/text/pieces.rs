//! Pieces that are one line or one list: settings of the file, lists, people, definitions.

use super::Reader;
use super::grammar::{Pair, Rule, parts_of};
use crate::diagnostic::Code;
use crate::syntax::ast::*;
use crate::syntax::literal::shown;

impl Reader<'_> {
    pub fn header(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let number = parts_of(pair).nth(1).expect("a number");
        if number.as_str() != VERSION {
            let number_at = self.at(&number);
            let message = format!("this program does not know version {} of the language", shown(number.as_str()));
            self.report(Code::UnknownVersion, number_at, message).help.push(format!("it knows version {VERSION}"));
        }
        if self.scan.tokens.first().is_some_and(|first| first.range.start != at.0.range().start) && self.file.header.is_none() {
            self.report(Code::Misplaced, at, "`callsheet` and the version stand first in a file");
        }
        let earlier = self.file.header.as_ref().map(|header| header.at);
        if self.is_first("`callsheet`", at, earlier) {
            self.file.header = Some(commented((), at));
        }
    }

    /// Whether a piece that is written once is not there yet; a second one is reported and left out.
    fn is_first(&mut self, what: &str, at: At, earlier: Option<At>) -> bool {
        if let Some(first) = earlier {
            self.duplicate(what, at, first);
        }
        earlier.is_none()
    }

    pub fn layer(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let word = parts_of(pair).nth(1).expect("a word");
        let layer = match word.as_str() {
            "organisation" => Layer::Organisation,
            "user" => Layer::User,
            _ => return self.unknown_value(&word, "a value of `layer`", &["organisation", "user"]),
        };
        let earlier = self.file.layer.as_ref().map(|layer| layer.at);
        if self.is_first("`layer`", at, earlier) {
            self.file.layer = Some(commented(layer, at));
        }
    }

    pub fn our_domains(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let domains = parts_of(pair).nth(2).expect("domains");
        let domains = match domains.as_rule() {
            Rule::bare_addresses => self.bare_addresses(domains),
            _ => self.address_list(domains),
        };
        let earlier = self.file.our_domains.as_ref().map(|domains| domains.at);
        if self.is_first("`our domains`", at, earlier) {
            self.file.our_domains = Some(commented(domains, at));
        }
    }

    fn bare_addresses(&mut self, pair: Pair<'_>) -> Vec<Item<String>> {
        self.address_list(pair)
    }

    pub fn timezone(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let zone = self.string(&parts_of(pair).nth(1).expect("a zone"));
        let earlier = self.file.timezone.as_ref().map(|zone| zone.at);
        if self.is_first("`timezone`", at, earlier) {
            self.file.timezone = Some(commented(zone, at));
        }
    }

    pub fn default(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let verb = self.verb(parts_of(pair).nth(1).expect("a verb"));
        let earlier = self.file.default.as_ref().map(|default| default.at);
        if self.is_first("`default`", at, earlier) {
            self.file.default = Some(commented(verb, at));
        }
    }

    pub fn defaults(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let settings = self.with_settings(pair);
        let earlier = self.file.defaults.as_ref().map(|defaults| defaults.at);
        if self.is_first("`defaults`", at, earlier) {
            self.file.defaults = Some(commented(settings, at));
        }
    }

    pub fn recordable(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let entries = self.recordable_entries(parts_of(pair));
        let earlier = self.file.recordable.as_ref().map(|recordable| recordable.at);
        if self.is_first("`recordable`", at, earlier) {
            self.file.recordable = Some(commented(entries, at));
        }
    }

    pub fn limits(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let limits = self.limit_entries(parts_of(pair));
        let earlier = self.file.limits.as_ref().map(|limits| limits.at);
        if self.is_first("`limits`", at, earlier) {
            self.file.limits = Some(commented(limits, at));
        }
    }

    pub fn list(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let mut parts = parts_of(pair).skip(1);
        let name = self.located(&parts.next().expect("a name"));
        let body = parts.find(|part| matches!(part.as_rule(), Rule::list_items | Rule::word)).expect("items or a kind");
        let list = match body.as_rule() {
            Rule::list_items => List::Items(self.list_items(body)),
            _ => match self.list_kind(&body) {
                Some(kind) => List::Provided(Located { value: kind, at: self.at(&body) }),
                None => return,
            },
        };
        self.file.lists.push(piece(name, list, at));
    }

    fn list_kind(&mut self, pair: &Pair<'_>) -> Option<ListKind> {
        match pair.as_str() {
            "people" => Some(ListKind::People),
            "texts" => Some(ListKind::Texts),
            "dates" => Some(ListKind::Dates),
            _ => {
                self.unknown_value(pair, "something that a list holds", &["people", "texts", "dates"]);
                None
            }
        }
    }

    pub fn person(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let mut parts = parts_of(pair).skip(1);
        let name = self.located(&parts.next().expect("a name"));
        let addresses = self.address_list(parts.next().expect("addresses"));
        self.file.people.push(piece(name, PersonAlias { addresses }, at));
    }

    pub fn define(&mut self, pair: Pair<'_>) {
        let at = self.at(&pair);
        let mut parts = parts_of(pair).skip(1);
        let name = self.located(&parts.next().expect("a name"));
        let condition = self.condition(parts.next().expect("a condition"));
        self.file.definitions.push(piece(name, Definition { condition }, at));
    }
}

/// The version of the language that this reader knows.
const VERSION: &str = "1";

/// Comments find their places later.
pub(super) fn commented<T>(value: T, at: At) -> Commented<T> {
    Commented { value, at, trivia: Trivia::default() }
}

pub(super) fn piece<T>(name: Located<String>, value: T, at: At) -> Piece<T> {
    Piece { name, value, at, trivia: Trivia::default(), allow: Vec::new() }
}

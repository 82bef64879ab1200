//! Tests of rule files.

use super::{Directives, Lower, key_of, literal, located, member, members, name_of, text_of};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::*;
use crate::syntax::json::shape::Leaf;
use crate::syntax::json::table;
use crate::syntax::json::value::{Entry, Kind, Node};
use crate::time::Civil;

impl Lower<'_> {
    pub(super) fn tests(&mut self, json: &Node<'_>) -> Vec<Piece<Test>> {
        let tests = json.get("tests").map_or(&[][..], Node::items);
        tests.iter().filter_map(|test| self.test(test)).collect()
    }

    fn test(&mut self, node: &Node<'_>) -> Option<Piece<Test>> {
        let name = text_of(member(node, "name")?)?;
        let trivia = self.trivia(node, Directives::Kept);
        let given = member(node, "given").map_or_else(Vec::new, |given| {
            let entries: Vec<&Entry<'_>> = members(given).collect();
            entries.into_iter().filter_map(|entry| self.given(entry)).collect()
        });
        let event = self.setting(node, "event", |lower, event| {
            let entries: Vec<&Entry<'_>> = members(event).collect();
            Some(entries.into_iter().filter_map(|entry| lower.event_entry(entry)).collect())
        })?;
        let expect = self.setting(node, "expect", |lower, expect| lower.expectation(expect))?;
        Some(self.piece(name, Test { given, event, expect }, node, trivia))
    }

    fn given(&mut self, entry: &Entry<'_>) -> Option<Commented<GivenList>> {
        let (value, trivia) = self.bare(&entry.value);
        let items = self.list_items(value)?;
        let name = key_of(entry);
        Some(Commented { value: GivenList { name, items }, at: At(entry.value.span), trivia })
    }

    fn expectation(&mut self, node: &Node<'_>) -> Option<Expectation> {
        let outcome = member(node, "outcome")?;
        let by = member(node, "by").and_then(name_of);
        let outcome = match outcome.text()? {
            "not_recordable" => ExpectedOutcome::NotRecordable,
            "default" => ExpectedOutcome::Default,
            _ => ExpectedOutcome::Decided { verb: literal::verb(outcome)?, by },
        };
        let with = member(node, "with").and_then(|with| self.settings(with)).unwrap_or_default();
        Some(Expectation { outcome, with })
    }

    fn event_entry(&mut self, entry: &Entry<'_>) -> Option<EventEntry> {
        let (value, trivia) = self.bare(&entry.value);
        let fact = self.event_value(&entry.key, value)?;
        let key = key_of(entry);
        Some(EventEntry { key, value: located(fact, value.span), trivia })
    }

    fn event_value(&mut self, key: &str, node: &Node<'_>) -> Option<EventValue> {
        match &node.kind {
            Kind::Text(text) => match table::EVENT.shape_of(key)?.leaf(text)? {
                Leaf::Text => Some(EventValue::Text(text.to_string())),
                Leaf::Word => Some(EventValue::Word(text.to_string())),
                Leaf::Duration => literal::length_of(node).map(EventValue::Duration),
                Leaf::Moment => Some(EventValue::At(self.moment(text, node.span)?, None)),
                Leaf::Date => self.date(node).map(EventValue::Day),
            },
            Kind::Flag(flag) => Some(EventValue::Flag(*flag)),
            Kind::Array(_) => self.items(node, |_, item| guest(item)).map(EventValue::Guests),
            Kind::Object(_) => match member(node, "at") {
                Some(at) => Some(EventValue::At(self.moment(at.text()?, at.span)?, Some(text_of(member(node, "in")?)?))),
                None => member(node, "hidden").map(|_| EventValue::Hidden),
            },
            Kind::Number(_) | Kind::Null => None,
        }
    }

    fn moment(&mut self, written: &str, span: Span) -> Option<Civil> {
        let moment = literal::moment(written);
        let day = written.split('T').next().unwrap_or_default();
        if moment.is_none() && literal::looks_like_date(day) {
            self.report(Diagnostic::new(Code::ValueOutOfRange, span, format!("there is no day `{day}`")));
        }
        moment
    }
}

fn guest(node: &Node<'_>) -> Option<Guest> {
    if node.text().is_some() {
        return Some(Guest { who: name_of(node)?, response: None, optional: false, kind: None });
    }
    Some(Guest {
        who: name_of(member(node, "who")?)?,
        response: member(node, "response").and_then(literal::closed),
        optional: matches!(node.get("optional").map(|flag| &flag.kind), Some(Kind::Flag(true))),
        kind: member(node, "kind").and_then(literal::guest_kind),
    })
}

//! Items that other items of the same place cover already.

use super::people::covers_pattern;
use super::{Subject, edit, walk};
use crate::diagnostic::{Code, Diagnostic};
use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::source::Span;
use crate::syntax::ast::{ConditionKind, Item, List, ListItem, Operand, PersonTestKind, TextOp};
use crate::syntax::literal;
use crate::value::fold;
use std::collections::HashMap;

/// Most pairs of items that are compared in one place; past it only equal ones are found.
const PAIRS_MAX: usize = 250_000;

/// `pattern-subsumed` among the items of lists and conditions.
pub(super) fn items(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let mut asked: HashMap<&str, Vec<TextOp>> = HashMap::new();
    walk::each(subject, |condition| match &condition.kind {
        ConditionKind::Text { op, operand: Operand::Several(items), .. } => {
            let texts: Vec<(Written<'_>, Span)> = items.iter().map(|item| (Written::Text(&item.value), item.at.0)).collect();
            spare(subject, &texts, &[*op], findings);
        }
        ConditionKind::Text { op, operand: Operand::List(name), .. } => {
            let operators = asked.entry(&name.value).or_default();
            if !operators.contains(op) {
                operators.push(*op);
            }
        }
        _ => {
            let Some(test) = walk::person_test(condition) else { return };
            walk::each_test(test, &mut |test| {
                if let PersonTestKind::From(Operand::Several(items)) = &test.kind {
                    let people: Vec<_> = items.iter().map(|item| (Written::Person(&item.value), item.at.0)).collect();
                    spare(subject, &people, &[], findings);
                }
            });
        }
    });
    for list in subject.input.files.iter().flat_map(|file| &file.tree.lists) {
        let List::Items(items) = &list.value else { continue };
        let written: Vec<_> = items.iter().map(written).collect();
        let operators = asked.get(list.name.value.as_str()).map_or(&[TextOp::Is][..], Vec::as_slice);
        spare(subject, &written, operators, findings);
    }
}

/// An item as written.
#[derive(Clone, Copy)]
enum Written<'a> {
    Text(&'a str),
    Person(&'a str),
    Date(crate::time::Date),
}

fn written(item: &Item<ListItem>) -> (Written<'_>, Span) {
    let written = match &item.value {
        ListItem::Text(text) => Written::Text(text),
        ListItem::Person(person) => Written::Person(person),
        ListItem::Date(date) => Written::Date(*date),
    };
    (written, item.at.0)
}

/// An item, ready to be compared.
#[derive(PartialEq, Eq, Hash)]
enum Read {
    Text(String),
    Address(Address),
    Domain(DomainPattern),
    Date(crate::time::Date),
}

fn read(item: Written<'_>) -> Option<Read> {
    Some(match item {
        Written::Text(text) => Read::Text(fold(text)),
        Written::Person(person) if person.starts_with('@') => Read::Domain(DomainPattern::parse(person).ok()?),
        Written::Person(person) => Read::Address(Address::parse(person)?),
        Written::Date(date) => Read::Date(date),
    })
}

/// Reports the items without which nothing changes; of equal ones the first stays.
fn spare(subject: &Subject<'_>, items: &[(Written<'_>, Span)], operators: &[TextOp], findings: &mut Vec<Diagnostic>) {
    let places: Vec<Span> = items.iter().map(|(_, at)| *at).collect();
    let read: Vec<Option<Read>> = items.iter().map(|(item, _)| read(*item)).collect();
    let mut first: HashMap<&Read, usize> = HashMap::new();
    let few = read.len().saturating_mul(read.len()) <= PAIRS_MAX;
    for (index, item) in read.iter().enumerate() {
        let Some(item) = item else { continue };
        let same = *first.entry(item).or_insert(index);
        let wider = || (0..read.len()).find(|other| read[*other].as_ref().is_some_and(|other| covers(other, item, operators)));
        let Some(other) = Some(same).filter(|same| *same < index).or_else(|| if few { wider() } else { None }) else { continue };
        let [shown, wide] = [index, other].map(|at| literal::shown(subject.sources.slice(places[at])));
        let message = match same < index {
            true => format!("{shown} stands here twice"),
            false => format!("whatever {shown} finds, {wide} finds already"),
        };
        let finding = Diagnostic::new(Code::PatternSubsumed, places[index], message)
            .label("finds nothing more")
            .also(places[other], "because of this");
        findings.push(match edit::without_element(subject, &places, index) {
            Some(edits) => finding.safe_fix(format!("remove {shown}"), edits),
            None => finding,
        });
    }
}

/// Whether one item finds all that another one finds, and more.
fn covers(outer: &Read, inner: &Read, operators: &[TextOp]) -> bool {
    match (outer, inner) {
        (Read::Text(outer), Read::Text(inner)) => {
            outer != inner
                && operators.iter().all(|operator| match operator {
                    TextOp::Is => false,
                    TextOp::Contains => inner.contains(outer),
                    TextOp::StartsWith => inner.starts_with(outer),
                    TextOp::EndsWith => inner.ends_with(outer),
                })
        }
        (Read::Domain(outer), Read::Address(inner)) => outer.covers(inner.domain()),
        (Read::Domain(outer), Read::Domain(inner)) => outer != inner && covers_pattern(outer, inner),
        _ => false,
    }
}

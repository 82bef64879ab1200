//! People: own domains among the strangers, everybody's domains among the customers, and who `every attendee` includes.

use super::{Subject, walk};
use crate::diagnostic::{Code, Diagnostic};
use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::semantics::is_public_mail;
use crate::source::Span;
use crate::syntax::ast::{
    Condition, ConditionKind, Item, List, ListItem, Operand, PersonRef, PersonTest, PersonTestKind, Piece, Quantifier, Tiered,
};
use crate::syntax::literal;
use std::collections::{HashMap, HashSet};

/// `free-mail-domain`: a rule that always records whoever has an address at a public mail provider.
pub(super) fn free_mail(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let mut search = Search::default();
    for (_, rule) in subject.rules() {
        let always = matches!(rule.value.action.value.verb, Tiered::AlwaysRecord { .. });
        let Some(when) = rule.value.when.as_ref().filter(|_| always) else { continue };
        search.condition(subject, &when.value);
        for (written, at) in std::mem::take(&mut search.found) {
            if DomainPattern::parse(written).is_ok_and(|pattern| is_public_mail(pattern.domain())) {
                let written = literal::shown(written);
                let message = format!("everyone can have an address at `{written}`, and `{}` always records", rule.name.value);
                findings.push(
                    Diagnostic::new(Code::FreeMailDomain, at, message)
                        .label("a public mail provider")
                        .help("name the addresses that are meant, or ask for the title too"),
                );
            }
        }
    }
}

/// Looks for domains that are enough for a condition to hold. A definition or list is looked at once, whatever names it.
#[derive(Default)]
struct Search<'a> {
    found: Vec<(&'a str, Span)>,
    seen: HashSet<(Kind, &'a str)>,
}

#[derive(PartialEq, Eq, Hash)]
enum Kind {
    Definition,
    List,
}

impl<'a> Search<'a> {
    fn condition(&mut self, subject: &Subject<'a>, condition: &'a Condition) {
        match &condition.kind {
            ConditionKind::Any(parts) => parts.iter().for_each(|part| self.condition(subject, part)),
            ConditionKind::All(parts) if parts.len() == 1 => self.condition(subject, &parts[0]),
            ConditionKind::Surely(part) | ConditionKind::Possibly(part) => self.condition(subject, part),
            ConditionKind::Use(name) if self.seen.insert((Kind::Definition, &name.value)) => {
                let definitions = subject.input.files.iter().flat_map(|file| &file.tree.definitions);
                let named = definitions.filter(|piece| piece.name.value == name.value);
                named.for_each(|piece| self.condition(subject, &piece.value.condition));
            }
            ConditionKind::Person { test, .. } => self.test(subject, test),
            ConditionKind::Attendees { quantifier: Quantifier::Any | Quantifier::Every | Quantifier::AtLeast(_), test } => {
                self.test(subject, test);
            }
            _ => {}
        }
    }

    fn test(&mut self, subject: &Subject<'a>, test: &'a PersonTest) {
        match &test.kind {
            PersonTestKind::Any(tests) => tests.iter().for_each(|test| self.test(subject, test)),
            PersonTestKind::In(name) if self.seen.insert((Kind::List, &name.value)) => {
                self.found.extend(people_of(subject, &name.value));
            }
            _ => self.found.extend(named_by(test)),
        }
    }
}

/// The people and domains of the lists of a name, with their places.
fn people_of<'a>(subject: &Subject<'a>, name: &str) -> Vec<(&'a str, Span)> {
    lists(subject)
        .filter(|list| list.name.value == name)
        .flat_map(items_of)
        .filter_map(|item| match &item.value {
            ListItem::Person(written) => Some((written.as_str(), item.at.0)),
            _ => None,
        })
        .collect()
}

fn lists<'a>(subject: &Subject<'a>) -> impl Iterator<Item = &'a Piece<List>> + use<'a> {
    subject.input.files.iter().flat_map(|file| &file.tree.lists)
}

fn items_of(list: &Piece<List>) -> &[Item<ListItem>] {
    match &list.value {
        List::Items(items) => items,
        List::Provided(_) => &[],
    }
}

/// `own-domain-as-customer`: somebody of ours where strangers are meant.
pub(super) fn own_as_customer(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for list in lists(subject).filter(|list| names_strangers(&list.name.value)) {
        for item in items_of(list) {
            let ListItem::Person(written) = &item.value else { continue };
            if is_own(subject, written) {
                let written = literal::shown(written);
                let message = format!("`{written}` is one of our own, in a list called `{}`", list.name.value);
                findings.push(Diagnostic::new(Code::OwnDomainAsCustomer, item.at.0, message).label("in `our domains`"));
            }
        }
    }
    walk::each(subject, |condition| {
        let Some(test) = walk::person_test(condition) else { return };
        walk::each_test(test, &mut |test| {
            let PersonTestKind::All(parts) = &test.kind else { return };
            if !parts.iter().any(|part| matches!(part.kind, PersonTestKind::Is(PersonRef::External))) {
                return;
            }
            for (written, at) in parts.iter().flat_map(named_by) {
                if is_own(subject, written) {
                    let written = literal::shown(written);
                    let message = format!("nobody is external and `{written}`: that is one of our own");
                    findings.push(Diagnostic::new(Code::OwnDomainAsCustomer, at, message).label("in `our domains`"));
                }
            }
        });
    });
}

/// The domains and addresses that a question itself names.
fn named_by(test: &PersonTest) -> Vec<(&str, Span)> {
    match &test.kind {
        PersonTestKind::From(Operand::One(domain)) => vec![(&domain.value, domain.at.0)],
        PersonTestKind::From(Operand::Several(items)) => items.iter().map(|item| (item.value.as_str(), item.at.0)).collect(),
        PersonTestKind::Is(PersonRef::Address(written)) => vec![(&written.value, written.at.0)],
        _ => Vec::new(),
    }
}

/// Whether a list of this name is one of people outside.
fn names_strangers(name: &str) -> bool {
    const WORDS: [&str; 12] = [
        "customer",
        "client",
        "partner",
        "prospect",
        "supplier",
        "vendor",
        "external",
        "competitor",
        "rival",
        "kunde",
        "cliente",
        "fournisseur",
    ];
    let name = name.to_lowercase();
    name.split(['-', '_']).any(|word| {
        let one = word.strip_suffix("en").or(word.strip_suffix('n')).or(word.strip_suffix('s')).unwrap_or(word);
        WORDS.contains(&word) || WORDS.contains(&one)
    })
}

/// Whether an address, or everyone at a domain, is one of ours.
fn is_own(subject: &Subject<'_>, written: &str) -> bool {
    let own = &subject.hir.own_domains;
    if !written.starts_with('@') {
        return Address::parse(written).is_some_and(|address| own.iter().any(|pattern| pattern.covers(address.domain())));
    }
    let Ok(asked) = DomainPattern::parse(written) else { return false };
    own.iter().any(|pattern| covers_pattern(pattern, &asked))
}

/// Whether everything that `inner` covers is covered by `outer`.
pub(super) fn covers_pattern(outer: &DomainPattern, inner: &DomainPattern) -> bool {
    match (outer.is_below(), inner.is_below()) {
        (_, false) => outer.covers(inner.domain()),
        (false, true) => false,
        (true, true) => outer.domain() == inner.domain() || outer.covers(inner.domain()),
    }
}

/// `any-vs-every`: `every attendee is external` asks that of the people of our own too, who called the meeting or came to it.
pub(super) fn any_vs_every(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let mut known = HashMap::new();
    walk::each(subject, |condition| {
        let ConditionKind::Attendees { quantifier, test } = &condition.kind else { return };
        let (written, meant) = match (quantifier, &test.kind) {
            (Quantifier::Every, PersonTestKind::Is(PersonRef::External)) => {
                ("every attendee is external", "any attendee is external")
            }
            (Quantifier::No, PersonTestKind::Is(PersonRef::Internal)) => ("no attendee is internal", "any attendee is external"),
            (Quantifier::Every, _) if strangers_only(subject, test, &mut known) => ("every attendee", "any attendee"),
            _ => return,
        };
        findings.push(
            Diagnostic::new(
                Code::AnyVsEvery,
                condition.at.0,
                format!("`{written}` is asked of the connected user and the organizer too"),
            )
            .label("false as soon as one of us is invited")
            .help(format!("with you and a customer invited this is false; `{meant}` is true there")),
        );
    });
}

/// Whether a question names domains and addresses, and none of ours is among them. What lists hold is kept in `known`.
fn strangers_only<'a>(subject: &Subject<'a>, test: &'a PersonTest, known: &mut HashMap<&'a str, bool>) -> bool {
    let are_strangers = |named: &[(&str, Span)]| !named.is_empty() && !named.iter().any(|(written, _)| is_own(subject, written));
    if subject.hir.own_domains.is_empty() {
        return false;
    }
    match &test.kind {
        PersonTestKind::From(_) => are_strangers(&named_by(test)),
        PersonTestKind::In(name) => *known.entry(&name.value).or_insert_with(|| are_strangers(&people_of(subject, &name.value))),
        _ => false,
    }
}

//! Addresses, as far as tests can tell them apart.

use super::Test;
use crate::analysis::budget::{Budget, Limit};
use crate::analysis::model::Model;
use crate::builtins::people::Member;
use crate::builtins::{Context, PersonCond};
use crate::event::address::DomainPattern;
use crate::event::{Address, ConnectedUser, Person};
use crate::value::Truth;
use std::collections::{BTreeMap, BTreeSet};

/// People whose addresses all tests take alike.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Class {
    /// Addresses that some test names.
    pub named: Vec<Address>,
    /// A domain at which there are as many others as one likes.
    pub domain: Option<String>,
    /// Nobody can read the addresses.
    pub unreadable: bool,
    /// The `person` whose addresses these are: however many they are, one human being.
    pub alias: Option<Alias>,
}

/// A `person` of the rules: its side and its place there.
pub(super) type Alias = (usize, usize);

/// Most addresses that one question looks at.
const NAMED_MAX: usize = 20_000;
/// A domain that is nobody's own.
const ELSEWHERE: [&str; 3] = ["elsewhere.example", "far-away.example", "somewhere-else.example"];

impl Class {
    /// How many people there can be.
    pub fn most(&self) -> i64 {
        if self.domain.is_some() || self.unreadable {
            return crate::event::people::PEOPLE_MAX as i64;
        }
        if self.alias.is_some() {
            return 1;
        }
        i64::try_from(self.named.len()).unwrap_or(i64::MAX)
    }

    /// The address of one of them, by number; `None` where it cannot be read.
    pub fn address(&self, number: usize) -> Option<Address> {
        if let Some(named) = self.named.get(number) {
            return Some(named.clone());
        }
        let domain = self.domain.as_deref()?;
        let name = NAMES.get(number - self.named.len()).map_or_else(|| format!("guest{number}"), |name| (*name).to_owned());
        Address::parse(&format!("{name}@{domain}"))
    }
}

/// Names of people who are nobody in particular.
const NAMES: [&str; 6] = ["ann", "ben", "cleo", "dan", "eve", "finn"];

/// The classes of all addresses.
///
/// Provided lists do not count here: who stands in them is chosen person by person.
pub(super) fn classes(
    model: &Model<'_>,
    tests: &[Test<'_>],
    contexts: &[Context<'_>],
    budget: &mut Budget,
) -> Result<Vec<Class>, Limit> {
    let mut leaves: Vec<(u8, &PersonCond)> = Vec::new();
    for test in tests {
        if let Some(condition) = test.condition() {
            add_leaves(test.side, condition, &mut leaves);
        }
    }
    let mut named: BTreeSet<Address> = BTreeSet::new();
    let mut domains: BTreeSet<String> = BTreeSet::new();
    for (side, leaf) in &leaves {
        let hir = model.side(*side).hir;
        match leaf {
            PersonCond::Addresses(addresses) => named.extend(addresses.iter().cloned()),
            PersonCond::From(patterns) => patterns.iter().for_each(|pattern| add_domains(pattern, &mut domains)),
            PersonCond::Internal | PersonCond::External => {
                hir.own_domains.iter().for_each(|pattern| add_domains(pattern, &mut domains));
            }
            PersonCond::In(list) => {
                let items = hir.lists.get(usize::from(*list)).and_then(|list| list.items.as_ref());
                if let Some(items) = items {
                    named.extend(items.addresses.iter().cloned());
                    items.domains.iter().for_each(|pattern| add_domains(pattern, &mut domains));
                }
            }
            _ => {}
        }
    }
    if named.len() + domains.len() > NAMED_MAX {
        return Err(Limit::Unwritten);
    }
    domains.extend(ELSEWHERE.iter().map(|domain| (*domain).to_owned()));
    budget.take(((named.len() + domains.len()) * (leaves.len() + 1)) as u64 / 16 + 1)?;
    let nobody = ConnectedUser::default();
    let signature = |address: &str| -> Vec<Truth> {
        let person = Person::at(address);
        let member = Member::at(&person, &nobody);
        leaves.iter().map(|(side, leaf)| contexts[usize::from(*side)].person(&member, leaf).truth()).collect()
    };
    let mut classes: BTreeMap<(Vec<Truth>, Option<Alias>), Class> = BTreeMap::new();
    for domain in domains {
        let class = classes.entry((signature(&format!("nobody-in-particular@{domain}")), None)).or_default();
        class.domain.get_or_insert(domain);
    }
    for address in named {
        let alias = alias_of(model, &address);
        let class = classes.entry((signature(address.as_str()), alias)).or_default();
        class.alias = alias;
        class.named.push(address);
    }
    Ok(classes.into_values().collect())
}

/// The `person` that names the address, by its side and its place there.
fn alias_of(model: &Model<'_>, address: &Address) -> Option<Alias> {
    let of_side = |(side, rules): (usize, &crate::analysis::Side<'_>)| {
        rules.hir.aliases.iter().position(|alias| alias.contains(address)).map(|alias| (side, alias))
    };
    model.sides().enumerate().find_map(of_side)
}

/// The parts of a test that ask for an address.
fn add_leaves<'a>(side: u8, condition: &'a PersonCond, leaves: &mut Vec<(u8, &'a PersonCond)>) {
    match condition {
        PersonCond::Internal | PersonCond::External | PersonCond::Addresses(_) | PersonCond::In(_) | PersonCond::From(_) => {
            if !leaves.contains(&(side, condition)) {
                leaves.push((side, condition));
            }
        }
        PersonCond::All(parts) | PersonCond::Any(parts) => parts.iter().for_each(|part| add_leaves(side, part, leaves)),
        PersonCond::Not(part) => add_leaves(side, part, leaves),
        PersonCond::Me | PersonCond::Organizer | PersonCond::Response(_) | PersonCond::Optional => {}
    }
}

/// A domain that the pattern covers, and one next to it.
fn add_domains(pattern: &DomainPattern, domains: &mut BTreeSet<String>) {
    domains.insert(pattern.domain().to_owned());
    domains.insert(format!("team.{}", pattern.domain()));
}

/// See [`super::neutral_user`].
pub(crate) fn neutral_user(model: &Model<'_>) -> Address {
    let own = model.sides().find_map(|side| side.hir.own_domains.first());
    let domain = own.map_or_else(
        || "me.example".to_owned(),
        |pattern| if pattern.is_below() { format!("me.{}", pattern.domain()) } else { pattern.domain().to_owned() },
    );
    Address::parse(&format!("me@{domain}")).unwrap_or_else(|| Address::parse("me@me.example").expect("it is an address"))
}

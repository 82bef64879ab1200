//! What one decision is about: an occurrence, seen by one connected user, with what the host knows about both.

use crate::event::address::DomainPattern;
use crate::event::{Address, Occurrence};
use crate::time::{Date, Zone};
use crate::value::Overrides;
use std::collections::{BTreeMap, HashSet};

/// Everything a decision depends on, besides the rule set.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The occurrence.
    pub occurrence: &'a Occurrence,
    /// Whose copy of it this is.
    pub user: &'a ConnectedUser,
    /// What people said about this occurrence or its series.
    pub overrides: Overrides,
    /// Lists that the tenant keeps outside of the rule file.
    pub lists: &'a ProvidedLists,
}

/// The user whose calendar the occurrence was read from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectedUser {
    /// All own addresses; empty: not known, so `me` is unknown.
    pub addresses: Vec<Address>,
    /// The user's zone, for rules whose file names none.
    pub zone: Option<Zone>,
    /// Addresses of recording bots, which are no people.
    pub bots: Vec<Address>,
}

/// Lists that the tenant keeps outside of the rule file, by name. A name that is missing was not supplied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProvidedLists {
    lists: BTreeMap<String, ProvidedList>,
}

/// One provided list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProvidedList {
    /// Names the state of the list; an input of the decision, recorded with it.
    pub version: String,
    /// Addresses, of a list of people.
    pub addresses: HashSet<Address>,
    /// Domains, of a list of people: each pattern by its domain name.
    pub domains: HashSet<DomainPattern>,
    /// Folded texts, of a list of texts.
    pub texts: Vec<String>,
    /// Dates, of a list of dates.
    pub dates: HashSet<Date>,
}

/// Most items of a provided list.
pub const PROVIDED_ITEMS_MAX: usize = 1_000_000;

impl ProvidedLists {
    /// Adds a list, or replaces the one of that name.
    pub fn insert(&mut self, name: impl Into<String>, list: ProvidedList) {
        self.lists.insert(name.into(), list);
    }

    /// The list of this name, where it was supplied.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&ProvidedList> {
        self.lists.get(name)
    }

    /// All lists by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &ProvidedList)> {
        self.lists.iter().map(|(name, list)| (name.as_str(), list))
    }
}

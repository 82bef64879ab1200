//! Lists: written in the rules, or kept by the tenant and supplied with each decision.
//!
//! > `list customers provided people` is kept by the tenant outside the file; its version is an input of the decision.
//!
//! A provided list that was not supplied answers nothing: every question about it is unknown.

use crate::builtins::{Answer, ListIdx, ListItems, ListTable};
use crate::event::address::DomainPattern;
use crate::event::{Address, ProvidedList, ProvidedLists};
use crate::time::Date;
use crate::value::{Fact, UnknownReason};

/// The items of one list at the time of a decision.
#[derive(Clone, Copy, Debug)]
pub enum ListRef<'a> {
    /// Written in the rules.
    Written(&'a ListItems),
    /// Supplied by the tenant.
    Provided(&'a ProvidedList),
}

/// The list at `index` of the rule set's table; unknown where it is a provided one that was not supplied.
#[must_use]
pub fn find_list<'a>(tables: &'a [ListTable], provided: &'a ProvidedLists, index: ListIdx) -> Fact<ListRef<'a>> {
    let Some(table) = tables.get(usize::from(index)) else { return Fact::Unknown(UnknownReason::ListNotSupplied) };
    match &table.items {
        Some(items) => Fact::Known(ListRef::Written(items)),
        None => match provided.find(&table.name) {
            Some(list) => Fact::Known(ListRef::Provided(list)),
            None => Fact::Unknown(UnknownReason::ListNotSupplied),
        },
    }
}

impl<'a> ListRef<'a> {
    /// Whether the list holds the address, or a domain that covers it.
    #[must_use]
    pub fn covers(self, address: &Address) -> bool {
        match self {
            Self::Written(items) => {
                items.addresses.binary_search(address).is_ok()
                    || (!items.domains.is_empty()
                        && DomainPattern::covering(address).any(|pattern| items.domains.binary_search(&pattern).is_ok()))
            }
            Self::Provided(list) => {
                list.addresses.contains(address)
                    || (!list.domains.is_empty()
                        && DomainPattern::covering(address).any(|pattern| list.domains.contains(&pattern)))
            }
        }
    }

    /// Whether the list holds the date.
    #[must_use]
    pub fn holds_date(self, date: Date) -> bool {
        match self {
            Self::Written(items) => items.dates.binary_search(&date).is_ok(),
            Self::Provided(list) => list.dates.contains(&date),
        }
    }

    /// The folded texts of the list.
    #[must_use]
    pub fn texts(self) -> &'a [String] {
        match self {
            Self::Written(items) => &items.texts,
            Self::Provided(list) => &list.texts,
        }
    }
}

impl ListItems {
    /// The same items in the order that lookups rely on, without duplicates. Texts keep the author's order.
    ///
    /// ```
    /// use callsheet::builtins::ListItems;
    /// use callsheet::event::Address;
    /// let address = |text| Address::parse(text).unwrap();
    /// let items = ListItems { addresses: vec![address("b@x.example"), address("a@x.example")], ..ListItems::default() };
    /// assert_eq!(items.sorted().addresses[0], address("a@x.example"));
    /// ```
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.addresses.sort_unstable();
        self.addresses.dedup();
        self.domains.sort_unstable();
        self.domains.dedup();
        self.dates.sort_unstable();
        self.dates.dedup();
        let mut seen = std::collections::HashSet::new();
        self.texts.retain(|text| seen.insert(text.clone()));
        self
    }
}

/// `title contains any of LIST`: whether some text of the list passes.
pub fn any_text(list: Fact<ListRef<'_>>, compare: impl Fn(&str) -> Answer) -> Answer {
    match list {
        Fact::Known(list) => Answer::any(list.texts().iter().map(|text| compare(text))),
        Fact::Unknown(reason) => Answer::Unknown(reason),
    }
}

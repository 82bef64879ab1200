//! The constants of a program while it is written: every constant once, numbered in order of first use.

use crate::builtins::{DayTest, ListIdx, ListItems, ListTable};
use crate::code::operand::{
    ClockIdx, ComparisonIdx, DateRuleIdx, PatternIdx, PeopleIdx, ProvidedIdx, RepeatsIdx, SeasonIdx, TextsIdx, ZoneIdx,
};
use crate::code::program::{ClockTest, Constants, DateRuleText, PatternText, PeopleSet, ProvidedName, Season};
use crate::time::Date;
use crate::value::outline::ZoneRule;
use crate::value::words::{Comparison, Repeats};
use std::collections::HashMap;
use std::hash::Hash;

/// The pools of one program.
pub(in crate::codegen) struct Pools<'a> {
    lists: &'a [ListTable],
    texts: Pool<Vec<String>>,
    patterns: Pool<PatternText>,
    people: Pool<PeopleSet>,
    /// Where the lists are that conditions named already: one list may be named hundreds of times.
    texts_of: HashMap<ListIdx, TextsIdx>,
    people_of: HashMap<ListIdx, PeopleIdx>,
    clocks_of: HashMap<ClockTest, ClockIdx>,
    provided: Pool<ProvidedName>,
    comparisons: Pool<Comparison>,
    clocks: Pool<ClockTest>,
    date_rules: Pool<DateRuleText>,
    repeats: Pool<Repeats>,
    seasons: Pool<Season>,
    zones: Vec<ZoneRule>,
}

/// A list that a condition refers to: in the rules, or with the tenant.
pub(in crate::codegen) enum Listed<'a> {
    Written(&'a ListItems),
    Provided(ProvidedIdx),
}

impl<'a> Pools<'a> {
    pub fn new(lists: &'a [ListTable]) -> Self {
        Self {
            lists,
            texts: Pool::new(),
            patterns: Pool::new(),
            people: Pool::new(),
            texts_of: HashMap::new(),
            people_of: HashMap::new(),
            clocks_of: HashMap::new(),
            provided: Pool::new(),
            comparisons: Pool::new(),
            clocks: Pool::new(),
            date_rules: Pool::new(),
            repeats: Pool::new(),
            seasons: Pool::new(),
            zones: Vec::new(),
        }
    }

    pub fn list(&mut self, index: ListIdx) -> Listed<'a> {
        let table = &self.lists[usize::from(index)];
        match &table.items {
            Some(items) => Listed::Written(items),
            None => Listed::Provided(ProvidedIdx(self.provided.add(ProvidedName { name: table.name.clone(), kind: table.kind }))),
        }
    }

    pub fn texts(&mut self, texts: Vec<String>) -> TextsIdx {
        TextsIdx(self.texts.add(texts))
    }

    pub fn pattern(&mut self, pattern: &str, flags: &str) -> PatternIdx {
        PatternIdx(self.patterns.add(PatternText { pattern: pattern.to_owned(), flags: flags.to_owned() }))
    }

    /// The texts of a list that is written in the rules.
    pub fn texts_of(&mut self, list: ListIdx, items: &ListItems) -> TextsIdx {
        if let Some(known) = self.texts_of.get(&list) {
            return *known;
        }
        let texts = self.texts(items.texts.clone());
        self.texts_of.insert(list, texts);
        texts
    }

    /// The people of a list that is written in the rules.
    pub fn people_of(&mut self, list: ListIdx, items: &ListItems) -> PeopleIdx {
        if let Some(known) = self.people_of.get(&list) {
            return *known;
        }
        let people = self.people(PeopleSet { addresses: items.addresses.clone(), domains: items.domains.clone() });
        self.people_of.insert(list, people);
        people
    }

    pub fn people(&mut self, mut people: PeopleSet) -> PeopleIdx {
        people.addresses.sort_unstable();
        people.addresses.dedup();
        people.domains.sort_unstable();
        people.domains.dedup();
        PeopleIdx(self.people.add(people))
    }

    pub fn comparison(&mut self, comparison: Comparison) -> ComparisonIdx {
        ComparisonIdx(self.comparisons.add(comparison))
    }

    pub fn clock(&mut self, clock: ClockTest) -> ClockIdx {
        if let Some(known) = self.clocks_of.get(&clock) {
            return *known;
        }
        let days = clock.days.clone().map(|days| self.days(days));
        let index = ClockIdx(self.clocks.add(ClockTest { days, ..clock.clone() }));
        self.clocks_of.insert(clock, index);
        index
    }

    fn days(&mut self, days: DayTest) -> DayTest {
        match days {
            DayTest::Weekdays(_) => days,
            DayTest::Dates(dates) => DayTest::Dates(ascending(dates)),
            DayTest::List(list) => match self.list(list) {
                Listed::Written(items) => DayTest::Dates(ascending(items.dates.clone())),
                Listed::Provided(list) => DayTest::List(list.0),
            },
        }
    }

    pub fn date_rule(&mut self, rule: DateRuleText) -> DateRuleIdx {
        DateRuleIdx(self.date_rules.add(rule))
    }

    pub fn repeats(&mut self, repeats: Repeats) -> RepeatsIdx {
        RepeatsIdx(self.repeats.add(repeats))
    }

    pub fn season(&mut self, season: Season) -> SeasonIdx {
        SeasonIdx(self.seasons.add(season))
    }

    pub fn zone(&mut self, zone: &ZoneRule) -> ZoneIdx {
        let at = self.zones.iter().position(|known| known == zone).unwrap_or_else(|| {
            self.zones.push(zone.clone());
            self.zones.len() - 1
        });
        ZoneIdx(narrow(at))
    }

    pub fn finish(self) -> Constants {
        Constants {
            texts: self.texts.items,
            patterns: self.patterns.items,
            people: self.people.items,
            provided: self.provided.items,
            comparisons: self.comparisons.items,
            clocks: self.clocks.items,
            date_rules: self.date_rules.items,
            repeats: self.repeats.items,
            seasons: self.seasons.items,
            zones: self.zones,
        }
    }
}

fn ascending(mut dates: Vec<Date>) -> Vec<Date> {
    dates.sort_unstable();
    dates.dedup();
    dates
}

/// Values of one type, each once.
pub(in crate::codegen) struct Pool<T> {
    pub items: Vec<T>,
    places: HashMap<T, u16>,
}

impl<T: Hash + Eq + Clone> Pool<T> {
    pub fn new() -> Self {
        Self { items: Vec::new(), places: HashMap::new() }
    }

    pub fn add(&mut self, value: T) -> u16 {
        if let Some(place) = self.places.get(&value) {
            return *place;
        }
        let place = narrow(self.items.len());
        self.items.push(value.clone());
        self.places.insert(value, place);
        place
    }
}

/// A place as an index. A rule set beyond what an index can name is past every limit; its program does not verify.
pub(in crate::codegen) fn narrow(place: usize) -> u16 {
    u16::try_from(place).unwrap_or(u16::MAX)
}

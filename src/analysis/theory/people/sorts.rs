//! Sorts of people: everybody about whom all tests say the same.

use super::addresses::{Alias, Class, classes, neutral_user};
use super::linear::{ENDLESS, Row};
use super::shown::{Asked, Organizer, Shown};
use super::{Asks, Spec, Test, sorted};
use crate::analysis::budget::{Budget, Limit};
use crate::analysis::model::Model;
use crate::analysis::witness::{Draft, Witness};
use crate::builtins::people::Member;
use crate::builtins::{Context, PersonCond};
use crate::event::people::PEOPLE_MAX;
use crate::event::{Address, People, Person, PersonKind};
use crate::value::words::PersonRole;
use crate::value::{Fact, Response, Truth, UnknownReason};
use std::collections::HashSet;

/// One sort.
#[derive(Clone, Debug)]
pub(super) struct Sort {
    class: usize,
    /// One of them; the address is that of the class.
    spec: Spec,
    /// In which of the provided lists they stand.
    listed: Vec<bool>,
    /// What each test says of them, in the order of tests; true where it asks about nobody.
    pub truths: Vec<Truth>,
    /// Whether they declined.
    pub declined: Truth,
    pub organizer: bool,
}

/// All sorts that there can be.
#[derive(Debug)]
pub(super) struct Sorts {
    classes: Vec<Class>,
    sorts: Vec<Sort>,
    unnamed: bool,
    asks_for_me: bool,
    neutral: Address,
}

/// Who made the entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Creator {
    /// Nobody asks.
    Anybody,
    /// Nobody knows.
    Unknown,
    /// One of the people, of this sort.
    Listed(usize),
    /// Somebody else of this sort.
    Other(usize),
}

impl Sorts {
    pub fn of(model: &Model<'_>, tests: &[Test<'_>], shown: &Shown<'_>, budget: &mut Budget) -> Result<Self, Limit> {
        let asked = Asked::of(model, tests);
        let neutral = neutral_user(model);
        let stage = stage(model, shown, &neutral);
        let question = stage.question();
        let contexts: Vec<Context<'_>> = model.sides().map(|side| Context::new(&question, side.tables())).collect();
        let mut classes = classes(model, tests, &contexts, budget)?;
        if shown.unknown || shown.organizer == Organizer::Unreadable {
            classes.push(Class { unreadable: true, ..Class::default() });
        }
        let mut sorts =
            Sorts { classes, sorts: Vec::new(), unnamed: shown.unnamed, asks_for_me: asked.me || shown.silent, neutral };
        let supplied = shown.lists.iter().filter(|(_, supplied)| *supplied).count();
        for mask in 0..1_usize << supplied {
            sorts.add(model, tests, shown, &asked, mask, budget)?;
        }
        Ok(sorts)
    }

    /// Adds the sorts who stand in these provided lists.
    fn add(
        &mut self,
        model: &Model<'_>,
        tests: &[Test<'_>],
        shown: &Shown<'_>,
        asked: &Asked<'_>,
        mask: usize,
        budget: &mut Budget,
    ) -> Result<(), Limit> {
        let listed: Vec<bool> = memberships(shown, mask);
        let representatives: Vec<Option<Address>> = self.classes.iter().map(|class| class.address(0)).collect();
        let mut stage = stage(model, shown, &self.neutral);
        for ((name, supplied), is_in) in shown.lists.iter().zip(&listed) {
            if *supplied {
                let mut list = crate::event::ProvidedList { version: "example".to_owned(), ..Default::default() };
                list.addresses.extend(representatives.iter().flatten().filter(|_| *is_in).cloned());
                stage.lists.insert(*name, list);
            }
        }
        let question = stage.question();
        let contexts: Vec<Context<'_>> = model.sides().map(|side| Context::new(&question, side.tables())).collect();
        let mut seen: HashSet<(usize, Vec<Truth>, Truth, bool, bool)> = HashSet::new();
        for (class, address) in representatives.iter().enumerate() {
            if address.is_none() && mask != 0 {
                continue;
            }
            for spec in specs(address.as_ref(), shown, asked) {
                budget.take(tests.len() as u64 / 4 + 1)?;
                let person = spec.person("unreadable");
                let member = spec.member(&person);
                let truth = |side: u8, test: &PersonCond| contexts[usize::from(side)].person(&member, test).truth();
                let of_test = |test: &Test<'_>| test.condition().map_or(Truth::True, |condition| truth(test.side, condition));
                let truths: Vec<Truth> = tests.iter().map(of_test).collect();
                let declined = truth(0, &PersonCond::Response(Response::Declined));
                if seen.insert((class, truths.clone(), declined, spec.me, spec.organizer)) {
                    let organizer = spec.organizer;
                    self.sorts.push(Sort { class, spec, listed: listed.clone(), truths, declined, organizer });
                }
            }
        }
        Ok(())
    }

    /// The number of variables: one a sort, and one for guests who are brought along.
    pub fn variables(&self) -> usize {
        self.sorts.len() + usize::from(self.unnamed)
    }

    pub fn where_is(&self, passes: impl Fn(&Sort) -> bool) -> impl Iterator<Item = usize> {
        self.sorts.iter().enumerate().filter(move |(_, sort)| passes(sort)).map(|(at, _)| at)
    }

    pub fn unnamed_if(&self, counts: bool) -> impl Iterator<Item = usize> + use<> {
        (self.unnamed && counts).then_some(self.sorts.len()).into_iter()
    }

    /// What holds of all meetings.
    pub fn rows(&self, shown: &Shown<'_>) -> Vec<Row> {
        let all = || sorted(self.where_is(|_| true));
        let mut rows = vec![Row { variables: all(), least: 0, most: PEOPLE_MAX as i64 }];
        for (class, people) in self.classes.iter().enumerate() {
            if people.domain.is_none() && !people.unreadable {
                rows.push(Row { variables: self.of_class(class), least: 0, most: people.most() });
            }
        }
        let mut aliases: Vec<Alias> = self.classes.iter().filter_map(|class| class.alias).collect();
        aliases.sort_unstable();
        aliases.dedup();
        for alias in aliases {
            let own = |sort: &Sort| self.classes[sort.class].alias == Some(alias);
            rows.push(Row { variables: sorted(self.where_is(own)), least: 0, most: 1 });
        }
        rows.push(Row { variables: sorted(self.where_is(|sort| sort.spec.me)), least: 0, most: 1 });
        if shown.organizer.is_listed() {
            rows.push(Row { variables: sorted(self.where_is(|sort| sort.organizer)), least: 1, most: 1 });
        }
        if self.unnamed {
            rows.push(Row { variables: all(), least: 1, most: ENDLESS });
            rows.push(Row { variables: vec![self.sorts.len()], least: 1, most: PEOPLE_MAX as i64 });
        }
        rows
    }

    fn of_class(&self, class: usize) -> Vec<usize> {
        sorted(self.where_is(|sort| sort.class == class))
    }

    /// Who may have made the entry, so that the tests of that answer as they may.
    pub fn creators(&self, tests: &[Test<'_>]) -> Vec<Creator> {
        let asked: Vec<usize> =
            (0..tests.len()).filter(|at| matches!(tests[*at].asks, Asks::Role(PersonRole::Creator, _))).collect();
        if asked.is_empty() {
            return vec![Creator::Anybody];
        }
        let fits = |sort: &Sort| asked.iter().all(|at| tests[*at].allowed.has(sort.truths[*at]));
        let free = |sort: &Sort| !sort.spec.me && self.classes[sort.class].domain.is_some();
        if let Some(other) = self.where_is(|sort| !sort.organizer && fits(sort) && free(sort)).next() {
            // One of as many as one likes, who takes nothing from anybody.
            return vec![Creator::Other(other)];
        }
        let others = self.where_is(|sort| !sort.organizer && fits(sort)).map(Creator::Other);
        let listed = self.where_is(fits).map(Creator::Listed);
        let unknown = asked.iter().all(|at| tests[*at].allowed.has_unknown()).then_some(Creator::Unknown);
        others.chain(listed).chain(unknown).collect()
    }

    /// What the creator takes away from the people, or adds to them.
    pub fn row_of_creator(&self, creator: Creator) -> Vec<Row> {
        match creator {
            Creator::Anybody | Creator::Unknown => Vec::new(),
            Creator::Listed(sort) => vec![Row { variables: vec![sort], least: 1, most: ENDLESS }],
            Creator::Other(sort) => {
                let own = &self.sorts[sort];
                let class = Row { variables: self.of_class(own.class), least: 0, most: self.classes[own.class].most() - 1 };
                let me = Row { variables: sorted(self.where_is(|sort| sort.spec.me)), least: 0, most: 0 };
                [class].into_iter().chain(own.spec.me.then_some(me)).collect()
            }
        }
    }

    /// Writes so many people of each sort.
    pub fn write(&self, values: &[i64], shown: &Shown<'_>, creator: Creator, draft: &mut Draft) {
        let mut used = vec![0; self.classes.len()];
        let mut people = People {
            organizer: organizer(shown.organizer),
            creator: draft.facts.people.creator.clone(),
            attendees: Vec::new(),
            incomplete: shown.open.then_some(UnknownReason::GuestsHidden),
        };
        for (name, supplied) in &shown.lists {
            if *supplied {
                draft.supply(name, |_| {});
            }
        }
        let mut me: Option<Address> = None;
        let mut invite = |sort: &Sort, draft: &mut Draft| {
            let number = used[sort.class];
            used[sort.class] += 1;
            let address = self.classes[sort.class].address(number);
            for ((name, _), _) in shown.lists.iter().zip(&sort.listed).filter(|(_, listed)| **listed) {
                draft.supply(name, |list| list.addresses.extend(address.clone()));
            }
            if sort.spec.me {
                me = address.clone();
            }
            Spec { address, ..sort.spec.clone() }.person(&format!("unreadable {}", number + 1))
        };
        for (at, sort) in self.sorts.iter().enumerate() {
            for _ in 0..values[at] {
                let person = invite(sort, draft);
                if sort.organizer {
                    people.organizer = Fact::Known(person.clone());
                }
                if creator == Creator::Listed(at) {
                    people.creator = Fact::Known(person.clone());
                }
                people.attendees.push(person);
            }
        }
        match creator {
            Creator::Other(sort) => people.creator = Fact::Known(invite(&self.sorts[sort], draft)),
            Creator::Unknown => people.creator = Fact::Unknown(UnknownReason::NotStated),
            Creator::Anybody => people.creator = people.organizer.clone(),
            Creator::Listed(_) => {}
        }
        if self.unnamed
            && let Some(first) = people.attendees.first_mut()
        {
            first.plus_guests = u32::try_from(values[self.sorts.len()]).unwrap_or(0);
        }
        draft.user.addresses = self.user(shown, me, &people);
        draft.facts.people = people;
    }

    /// The user's own addresses: whoever is `me`; the organizer, where nobody asks; else somebody who is not there.
    fn user(&self, shown: &Shown<'_>, me: Option<Address>, people: &People) -> Vec<Address> {
        if !shown.user {
            return Vec::new();
        }
        if let Some(me) = me {
            return vec![me];
        }
        let organizer = people.organizer.known().and_then(|organizer| organizer.address.clone());
        if let (false, Some(organizer)) = (self.asks_for_me, organizer) {
            return vec![organizer];
        }
        let is_there = |address: &Address| {
            let creator = people.creator.known().and_then(|creator| creator.address.as_ref()) == Some(address);
            creator || people.attendees.iter().any(|person| person.address.as_ref() == Some(address))
        };
        let others = (1..).filter_map(|number| Address::parse(&format!("me{number}@not-there.example")));
        [self.neutral.clone()].into_iter().chain(others).find(|address| !is_there(address)).into_iter().collect()
    }
}

/// In which lists the people of a mask stand: one bit for each list that is supplied.
fn memberships(shown: &Shown<'_>, mask: usize) -> Vec<bool> {
    let mut bit = 0;
    let of = |(_, supplied): &(&str, bool)| {
        let is_in = *supplied && mask & 1 << bit != 0;
        bit += usize::from(*supplied);
        is_in
    };
    shown.lists.iter().map(of).collect()
}

/// A meeting whose organizer and user are shown so, and that has nobody in it yet.
fn stage(model: &Model<'_>, shown: &Shown<'_>, neutral: &Address) -> Witness {
    let mut draft = Draft::neutral(&model.recordable(), neutral, model.usual_zone());
    draft.facts.people.organizer = organizer(shown.organizer);
    draft.user.addresses = if shown.user { Address::parse("me@not-there.example").into_iter().collect() } else { Vec::new() };
    draft.finish()
}

fn organizer(organizer: Organizer) -> Fact<Person> {
    match organizer {
        Organizer::Person => Fact::Known(Person::at("organizer@not-there.example")),
        Organizer::Unreadable => Fact::Known(Person::at("unreadable")),
        Organizer::Hidden => Fact::Unknown(UnknownReason::GuestsHidden),
        Organizer::Calendar => Fact::Unknown(UnknownReason::OrganizerIsCalendar),
        Organizer::Thing => Fact::Known(Person { kind: PersonKind::Room, ..Person::at("room@not-there.example") }),
    }
}

/// Everything that can be said of somebody at an address, as far as it is asked.
fn specs(address: Option<&Address>, shown: &Shown<'_>, asked: &Asked<'_>) -> Vec<Spec> {
    let mut responses = vec![Fact::Known(Response::Accepted)];
    if !asked.responses.is_empty() {
        let known = [Response::Tentative, Response::Declined, Response::None];
        let other = known.iter().find(|response| !asked.responses.contains(response));
        responses.extend(asked.responses.iter().chain(other).filter(|r| **r != Response::Accepted).map(|r| Fact::Known(*r)));
    }
    if shown.silent || (shown.unknown && !asked.responses.is_empty()) {
        responses.push(Fact::Unknown(UnknownReason::NotStated));
    }
    let mut optional = vec![Fact::Known(false)];
    if asked.optional {
        optional.push(Fact::Known(true));
        if shown.unknown {
            optional.push(Fact::Unknown(UnknownReason::NotStated));
        }
    }
    let organizers: &[bool] = match (shown.organizer, address.is_some()) {
        (Organizer::Person, true) | (Organizer::Unreadable, false) => &[false, true],
        _ => &[false],
    };
    let me: &[bool] = if asked.me || shown.silent { &[false, true] } else { &[false] };
    let mut specs = Vec::new();
    for response in &responses {
        for optional in &optional {
            for &organizer in organizers {
                for &me in me {
                    let told = response.known().is_some();
                    // Whoever called a meeting accepted it, and a silent list does not tell what the user answered.
                    if (organizer && !told) || (me && shown.silent && told) {
                        continue;
                    }
                    let (address, response, optional) = (address.cloned(), response.clone(), optional.clone());
                    specs.push(Spec { address, response, optional, me, organizer });
                }
            }
        }
    }
    specs
}

impl Spec {
    /// The entry of a guest list.
    fn person(&self, unreadable: &str) -> Person {
        let written = self.address.as_ref().map_or(unreadable, Address::as_str);
        let is_self = self.me;
        Person { response: self.response.clone(), optional: self.optional.clone(), is_self, ..Person::at(written) }
    }

    /// Somebody of whom this is known.
    fn member<'p>(&self, person: &'p Person) -> Member<'p> {
        let nobody = crate::event::ConnectedUser::default();
        Member { is_me: self.me, is_organizer: self.organizer, ..Member::at(person, &nobody) }
    }
}

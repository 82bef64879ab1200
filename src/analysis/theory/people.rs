//! Who is there: numbers of people of each sort, under what tests say of them.
//!
//! A *sort* is everybody about whom all tests say the same. Tests and counts become sums over sorts that must lie in ranges;
//! numbers that keep them are people that can be invited. How the calendar shows the people (the organizer hidden or none, a
//! list that is cut, guests who bring others, a user of whom no address is known, provided lists that are not supplied) is
//! tried way by way. An answer that is certain stays what it is when more becomes known, so that the ways that hide something
//! are tried only where an unknown answer is allowed.

mod addresses;
mod linear;
mod ranges;
mod shown;
mod sorts;

use super::{Allowed, Ask, What, closed};
use crate::analysis::budget::{Budget, Limit};
use crate::analysis::model::Model;
use crate::analysis::witness::Draft;
use crate::builtins::{Atom, PersonCond, SetField};
use crate::event::Address;
use crate::value::words::{Flag, PersonRole, Quantifier};
use crate::value::{Closed, Fact, Response, Truth};
use linear::{ENDLESS, Row};
use ranges::{Bound, Interval};
use shown::{Organizer, Shown};
use sorts::{Sort, Sorts};

pub(super) use addresses::neutral_user;

/// Chooses the people, and what the user answered.
pub(super) fn solve(model: &Model<'_>, asks: &[&Ask<'_>], draft: &mut Draft, budget: &mut Budget) -> Result<bool, Limit> {
    let responses: Vec<Response> =
        Response::ALL.iter().copied().filter(|response| *response != Response::Declined || model.recordable().declined).collect();
    let of_response: Vec<&Ask<'_>> = asks.iter().copied().filter(|ask| is_response(ask)).collect();
    let Some(response) = closed::choose_fact(&responses, &of_response) else { return Ok(false) };
    // What the calendar does not say is read off the list, so that the list must not say it either.
    let silent = response.known().is_none();
    let tests: Vec<Test<'_>> = asks.iter().filter_map(|ask| Test::of(ask)).collect();
    draft.facts.my_response = response;
    if tests.is_empty() && !silent {
        return Ok(true);
    }
    let mut given_up = None;
    for shown in shown::all(model, &tests, silent) {
        match with(model, &tests, &shown, draft, budget) {
            Ok(true) => return Ok(true),
            Ok(false) => {}
            Err(Limit::Steps) => return Err(Limit::Steps),
            Err(limit) => given_up = Some(limit),
        }
    }
    given_up.map_or(Ok(false), Err)
}

fn is_response(ask: &Ask<'_>) -> bool {
    matches!(ask.what, What::Atom(Atom::Is { set: SetField::MyResponse, .. }))
}

/// A condition about people.
struct Test<'a> {
    asks: Asks<'a>,
    side: u8,
    allowed: Allowed,
}

enum Asks<'a> {
    /// So many pass the test.
    Passing(Interval, &'a PersonCond),
    Every(&'a PersonCond),
    /// So many are there.
    Count(Interval),
    OneOnOne,
    Role(PersonRole, &'a PersonCond),
}

impl<'a> Test<'a> {
    fn of(ask: &Ask<'a>) -> Option<Self> {
        let asks = match ask.what {
            What::Atom(Atom::People { quantifier: Quantifier::Every, test }) => Asks::Every(test),
            What::Atom(Atom::People { quantifier, test }) => Asks::Passing(Interval::of_quantifier(*quantifier)?, test),
            What::Atom(Atom::Count(comparison)) => Asks::Count(Interval::of_comparison(*comparison)),
            What::Atom(Atom::Flag(Flag::OneOnOne)) => Asks::OneOnOne,
            What::Atom(Atom::Person { role, test }) => Asks::Role(*role, test),
            _ => return None,
        };
        Some(Self { asks, side: ask.side, allowed: ask.allowed })
    }

    fn condition(&self) -> Option<&'a PersonCond> {
        match self.asks {
            Asks::Passing(_, test) | Asks::Every(test) | Asks::Role(_, test) => Some(test),
            Asks::Count(_) | Asks::OneOnOne => None,
        }
    }

    fn answers(&self) -> impl Iterator<Item = Truth> + use<> {
        let allowed = self.allowed;
        [Truth::True, Truth::False, Truth::Unknown].into_iter().filter(move |truth| allowed.has(*truth))
    }
}

/// Chooses people who are shown in this way.
fn with(model: &Model<'_>, tests: &[Test<'_>], shown: &Shown<'_>, draft: &mut Draft, budget: &mut Budget) -> Result<bool, Limit> {
    let sorts = Sorts::of(model, tests, shown, budget)?;
    let mut search = Search { tests, shown, sorts: &sorts, rows: sorts.rows(shown), left: tests.len() };
    for creator in sorts.creators(tests) {
        let before = search.rows.len();
        search.rows.extend(sorts.row_of_creator(creator));
        let found = search.values(0, budget)?;
        search.rows.truncate(before);
        if let Some(values) = found {
            sorts.write(&values, shown, creator, draft);
            return Ok(true);
        }
    }
    Ok(false)
}

/// The answers of tests, chosen one after the other.
struct Search<'s, 'a> {
    tests: &'s [Test<'a>],
    shown: &'s Shown<'a>,
    sorts: &'s Sorts,
    rows: Vec<Row>,
    left: usize,
}

impl Search<'_, '_> {
    /// How many people of each sort, with the tests from `at` on answering as they are allowed to.
    fn values(&mut self, at: usize, budget: &mut Budget) -> Result<Option<Vec<i64>>, Limit> {
        budget.take(1)?;
        let Some(test) = self.tests.get(at) else {
            return linear::solve(self.sorts.variables(), &self.rows, budget);
        };
        let ways: Vec<Vec<Row>> = test.answers().flat_map(|answer| self.ways(test, at, answer)).collect();
        let alone = ways.len() == 1;
        for way in ways {
            let before = self.rows.len();
            self.rows.extend(way);
            // Where there was a choice, what cannot be is seen here and not once for every way of the tests that follow.
            let dead = !alone && at + 1 < self.left && linear::solve(self.sorts.variables(), &self.rows, budget)?.is_none();
            let found = if dead { None } else { self.values(at + 1, budget)? };
            self.rows.truncate(before);
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The ways in which a test can answer so.
    fn ways(&self, test: &Test<'_>, at: usize, answer: Truth) -> Vec<Vec<Row>> {
        match test.asks {
            Asks::Passing(interval, _) => self.counted(interval, |sort| sort.truths[at], false, answer),
            Asks::Count(interval) => self.counted(interval, |_| Truth::True, true, answer),
            Asks::OneOnOne => self.counted(Interval::exactly(2), |sort| sort.declined.not(), false, answer),
            Asks::Every(_) => self.every(at, answer),
            Asks::Role(PersonRole::Organizer, _) => self.organizer(at, answer),
            // With the creator, who is chosen before.
            Asks::Role(PersonRole::Creator, _) => {
                if answer == self.tests[at].answers().next().unwrap_or(answer) {
                    vec![Vec::new()]
                } else {
                    Vec::new()
                }
            }
        }
    }

    /// `of_unnamed`: whether guests who are brought along certainly count.
    fn counted(&self, interval: Interval, truth: impl Fn(&Sort) -> Truth, of_unnamed: bool, answer: Truth) -> Vec<Vec<Row>> {
        let certain = self.sorts.unnamed_if(of_unnamed).chain(self.sorts.where_is(|sort| truth(sort) == Truth::True));
        let certain: Vec<usize> = sorted(certain);
        let possible = self.sorts.unnamed_if(true).chain(self.sorts.where_is(|sort| truth(sort) != Truth::False));
        let possible: Vec<usize> = sorted(possible);
        let hidden = i64::from(self.shown.organizer == Organizer::Hidden);
        let row = |bound: Bound| match bound {
            Bound::Certain(least, most) => Some(Row { variables: certain.clone(), least, most }),
            Bound::Possible(least, most) => Some(Row { variables: possible.clone(), least: least - hidden, most: most - hidden }),
            Bound::Open(open) => (open != self.shown.open).then(impossible),
        };
        interval.ways(answer).into_iter().map(|way| way.into_iter().filter_map(row).collect()).collect()
    }

    fn every(&self, at: usize, answer: Truth) -> Vec<Vec<Row>> {
        let sum = |truth: Truth, least: i64, most: i64| Row {
            variables: sorted(self.sorts.where_is(|sort| sort.truths[at] == truth)),
            least,
            most,
        };
        let people = |least: i64, most: i64| Row { variables: sorted(self.sorts.where_is(|_| true)), least, most };
        let unnamed = |least: i64, most: i64| Row { variables: self.sorts.unnamed_if(true).collect(), least, most };
        let unseen = self.shown.open || self.shown.organizer == Organizer::Hidden;
        let no_false = sum(Truth::False, 0, 0);
        match answer {
            Truth::True if unseen => Vec::new(),
            Truth::True => vec![vec![no_false, sum(Truth::Unknown, 0, 0), people(1, ENDLESS), unnamed(0, 0)]],
            Truth::False => {
                let nobody = (!unseen).then(|| vec![people(0, 0), unnamed(0, 0)]);
                [vec![sum(Truth::False, 1, ENDLESS)]].into_iter().chain(nobody).collect()
            }
            Truth::Unknown if unseen => vec![vec![no_false]],
            Truth::Unknown => {
                vec![vec![no_false.clone(), sum(Truth::Unknown, 1, ENDLESS)], vec![no_false, unnamed(1, ENDLESS)]]
            }
        }
    }

    fn organizer(&self, at: usize, answer: Truth) -> Vec<Vec<Row>> {
        if self.shown.organizer.is_listed() {
            let called = sorted(self.sorts.where_is(|sort| sort.organizer && sort.truths[at] == answer));
            return vec![vec![Row { variables: called, least: 1, most: 1 }]];
        }
        if answer == Truth::Unknown { vec![Vec::new()] } else { Vec::new() }
    }
}

fn sorted(variables: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut variables: Vec<usize> = variables.collect();
    variables.sort_unstable();
    variables
}

/// What nobody can keep.
fn impossible() -> Row {
    Row { variables: Vec::new(), least: 1, most: 1 }
}

/// An address, with what the calendar says of the person.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spec {
    /// `None`: one that cannot be read.
    address: Option<Address>,
    response: Fact<Response>,
    optional: Fact<bool>,
    me: bool,
    organizer: bool,
}

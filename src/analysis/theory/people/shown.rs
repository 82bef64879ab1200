//! How a calendar can show the people of a meeting.

use super::{Asks, Test};
use crate::analysis::model::Model;
use crate::analysis::theory::provided;
use crate::builtins::PersonCond;
use crate::value::Response;

/// One way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Shown<'a> {
    pub organizer: Organizer,
    /// The list is hidden or cut: there may be any number of others.
    pub open: bool,
    /// Guests may bring others along.
    pub unnamed: bool,
    /// The user's addresses are known.
    pub user: bool,
    /// The list must not tell what the user answered.
    pub silent: bool,
    /// Provided lists, and whether they are supplied.
    pub lists: Vec<(&'a str, bool)>,
    /// Persons may have an address that cannot be read, or an answer that is not told.
    pub unknown: bool,
}

/// Who called the meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Organizer {
    /// One of its people.
    Person,
    /// One of them, whose address cannot be read.
    Unreadable,
    /// Somebody who is not shown.
    Hidden,
    /// A calendar or a group, which nobody is.
    Calendar,
    /// A room.
    Thing,
}

impl Organizer {
    /// Whether they are one of the people who are listed.
    pub fn is_listed(self) -> bool {
        matches!(self, Self::Person | Self::Unreadable)
    }
}

/// All ways that matter for these tests, those that hide least first.
pub(super) fn all<'a>(model: &'a Model<'_>, tests: &[Test<'a>], silent: bool) -> Vec<Shown<'a>> {
    let asked = Asked::of(model, tests);
    let unknown = silent || tests.iter().any(|test| test.allowed.has_unknown());
    let mut ways = vec![Shown {
        organizer: Organizer::Person,
        open: false,
        unnamed: false,
        user: true,
        silent,
        lists: asked.lists.iter().map(|name| (*name, true)).collect(),
        unknown: false,
    }];
    let mut vary = |change: &dyn Fn(&mut Shown<'a>)| {
        let changed = ways.clone().into_iter().map(|mut way| {
            change(&mut way);
            way
        });
        let changed: Vec<Shown<'a>> = changed.collect();
        ways.extend(changed);
    };
    if unknown {
        vary(&|way| way.unknown = true);
    }
    vary(&|way| way.organizer = Organizer::Thing);
    if unknown {
        for list in 0..asked.lists.len() {
            vary(&|way| way.lists[list].1 = false);
        }
        if asked.me {
            vary(&|way| way.user = false);
        }
        vary(&|way| way.open = true);
        if asked.counts {
            vary(&|way| way.unnamed = true);
        }
        for organizer in [Organizer::Hidden].into_iter().chain(asked.organizer.then_some(Organizer::Unreadable)) {
            vary(&|way| way.organizer = organizer);
        }
        if asked.organizer {
            vary(&|way| way.organizer = Organizer::Calendar);
        }
    }
    let mut distinct: Vec<Shown<'a>> = Vec::new();
    for way in ways {
        if !distinct.contains(&way) {
            distinct.push(way);
        }
    }
    distinct
}

/// What tests ask about at all.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked<'a> {
    pub me: bool,
    pub organizer: bool,
    pub optional: bool,
    pub counts: bool,
    pub responses: Vec<Response>,
    pub lists: Vec<&'a str>,
}

impl<'a> Asked<'a> {
    pub fn of(model: &'a Model<'_>, tests: &[Test<'a>]) -> Self {
        let mut asked = Self::default();
        for test in tests {
            match test.asks {
                Asks::Role(..) => asked.organizer = true,
                Asks::OneOnOne => asked.responses.push(Response::Declined),
                Asks::Count(_) => asked.counts = true,
                Asks::Passing(..) | Asks::Every(_) => {}
            }
            if let Some(condition) = test.condition() {
                asked.add(model, test.side, condition);
            }
        }
        asked.responses.sort_unstable();
        asked.responses.dedup();
        asked
    }

    fn add(&mut self, model: &'a Model<'_>, side: u8, condition: &PersonCond) {
        match condition {
            PersonCond::Me => self.me = true,
            PersonCond::Organizer => self.organizer = true,
            PersonCond::Optional => self.optional = true,
            PersonCond::Response(response) => self.responses.push(*response),
            PersonCond::In(list) => {
                if let Some(name) = provided(model, side, *list)
                    && !self.lists.contains(&name)
                {
                    self.lists.push(name);
                }
            }
            PersonCond::All(parts) | PersonCond::Any(parts) => parts.iter().for_each(|part| self.add(model, side, part)),
            PersonCond::Not(part) => self.add(model, side, part),
            PersonCond::Internal | PersonCond::External | PersonCond::Addresses(_) | PersonCond::From(_) => {}
        }
    }
}

//! The world: every combination of the ways in which conditions come out, and sets of its meetings.

use super::HEADER;
use super::meetings::{Meeting, guests, lengths, starts, titles, visibilities};
use crate::support::generate::Dice;
use callsheet::engine::{CheckOptions, RuleSet, RuleText, check};
use callsheet::event::{ProvidedLists, Question};
use callsheet::value::{Overrides, Truth};
use std::collections::BTreeSet;

/// The independent sides, and the conditions about each.
const SIDES: [&[&str]; 5] = [
    &[
        "title contains \"alpha\"",
        "title contains \"beta\"",
        "title starts with \"alpha\"",
        "title is \"alpha\"",
        "title matches /a b/",
    ],
    &["visibility is private", "visibility is any of [private, confidential]"],
    &["duration < 20m", "duration >= 45m"],
    &["starts before 12:00", "starts on mon..fri", "starts between 09:00 and 17:00 on mon"],
    &[
        "any attendee from @x.example",
        "any attendee from @y.example",
        "every attendee is internal",
        "attendees >= 3",
        "one-on-one",
        "organizer is me",
        "organizer is external",
        "at least 2 attendees is external",
    ],
];

/// The ways in which the conditions of each side come out together.
fn ways() -> Vec<Vec<Vec<Truth>>> {
    let meetings = [titles(), visibilities(), lengths(), starts(), guests()];
    let of_side = |(conditions, meetings): (&&[&str], Vec<Meeting>)| {
        let sets: Vec<RuleSet> =
            conditions.iter().map(|condition| compiled(&format!("{HEADER}rule r:\n  record\n  when {condition}\n"))).collect();
        let lists = ProvidedLists::default();
        let answers = |meeting: &Meeting| {
            let question =
                Question { occurrence: &meeting.occurrence, user: &meeting.user, overrides: Overrides::default(), lists: &lists };
            sets.iter().map(|set| set.trace(&question).conditions[0]).collect::<Vec<Truth>>()
        };
        let distinct: BTreeSet<Vec<Truth>> = meetings.iter().map(answers).collect();
        distinct.into_iter().collect()
    };
    SIDES.iter().zip(meetings).map(of_side).collect()
}

fn compiled(text: &str) -> RuleSet {
    let text = RuleText { name: "small.rules".to_owned(), text: text.to_owned(), layer: None };
    check(&[text], &CheckOptions::default()).rule_set.unwrap_or_else(|| panic!("it has no errors"))
}

/// A set of meetings of the world.
#[derive(Clone, PartialEq)]
pub struct Set(Vec<u64>);

impl Set {
    fn of(count: usize, holds: impl Fn(usize) -> bool) -> Self {
        let word =
            |at: usize| (0..64).filter(|bit| at * 64 + bit < count && holds(at * 64 + bit)).fold(0, |word, bit| word | 1 << bit);
        Self((0..count.div_ceil(64)).map(word).collect())
    }

    fn with(&self, other: &Self, join: impl Fn(u64, u64) -> u64) -> Self {
        Self(self.0.iter().zip(&other.0).map(|(a, b)| join(*a, *b)).collect())
    }

    pub fn and(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & b)
    }

    pub fn or(&self, other: &Self) -> Self {
        self.with(other, |a, b| a | b)
    }

    pub fn but(&self, other: &Self) -> Self {
        self.with(other, |a, b| a & !b)
    }

    /// Meetings, to the next whole word.
    pub fn size(&self) -> usize {
        self.0.len() * 64
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }
}

/// All combinations of the ways of all sides.
pub struct World {
    pub all: Set,
    pub none: Set,
    /// For each atom its condition, where it is true, and where it is not false.
    atoms: Vec<(&'static str, Set, Set)>,
}

impl World {
    pub fn new() -> Self {
        let ways = ways();
        let count: usize = ways.iter().map(Vec::len).product();
        let mut atoms = Vec::new();
        let mut stride = 1;
        for (side, ways) in SIDES.iter().zip(&ways) {
            for (at, condition) in side.iter().enumerate() {
                let answer = |meeting: usize| ways[meeting / stride % ways.len()][at];
                let is_true = Set::of(count, |meeting| answer(meeting) == Truth::True);
                let possible = Set::of(count, |meeting| answer(meeting) != Truth::False);
                atoms.push((*condition, is_true, possible));
            }
            stride *= ways.len();
        }
        Self { all: Set::of(count, |_| true), none: Set::of(count, |_| false), atoms }
    }
}

/// A condition, where it is true and where it is not false.
#[derive(Clone)]
pub struct Condition {
    pub text: String,
    pub is_true: Set,
    pub possible: Set,
    /// Whether nothing is joined in it.
    is_single: bool,
    /// Conditions that can be taken out of it, each with what is left.
    pub without: Vec<(String, Set, Set)>,
}

impl Condition {
    pub fn any(dice: &mut Dice, world: &World, depth: usize) -> Self {
        let (text, is_true, possible) = &world.atoms[dice.below(world.atoms.len())];
        if depth == 0 || dice.one_in(3) {
            let (is_true, possible) = (is_true.clone(), possible.clone());
            return Self { text: (*text).to_owned(), is_true, possible, is_single: true, without: Vec::new() };
        }
        match dice.below(8) {
            0..3 => Self::joined(dice, world, depth, "and", Set::and),
            3..6 => Self::joined(dice, world, depth, "or", Set::or),
            6 => Self::any(dice, world, depth - 1).not(world),
            _ if dice.one_in(2) => Self::any(dice, world, depth - 1).of("surely", |is_true, _| (is_true.clone(), is_true)),
            _ => Self::any(dice, world, depth - 1).of("possibly", |_, possible| (possible.clone(), possible)),
        }
    }

    fn joined(dice: &mut Dice, world: &World, depth: usize, word: &str, join: impl Fn(&Set, &Set) -> Set) -> Self {
        let (a, b) = (Self::any(dice, world, depth - 1), Self::any(dice, world, depth - 1));
        let mut without = Vec::new();
        for (one, other) in [(&a, &b), (&b, &a)] {
            if one.is_single {
                without.push((one.atom(), other.is_true.clone(), other.possible.clone()));
            }
            let beside = one.without.iter();
            without.extend(beside.map(|(part, t, p)| (part.clone(), join(t, &other.is_true), join(p, &other.possible))));
        }
        let text = format!("({}) {word} ({})", a.text, b.text);
        let (is_true, possible) = (join(&a.is_true, &b.is_true), join(&a.possible, &b.possible));
        Self { text, is_true, possible, is_single: false, without }
    }

    /// The condition itself, without what says that it is not so.
    fn atom(&self) -> String {
        self.text.trim_start_matches("not (").trim_end_matches(')').to_owned()
    }

    /// What becomes of the condition under a word before it.
    fn of(self, word: &str, change: impl Fn(Set, Set) -> (Set, Set)) -> Self {
        let without = self.without.into_iter().map(|(part, is_true, possible)| {
            let (is_true, possible) = change(is_true, possible);
            (part, is_true, possible)
        });
        let without = without.collect();
        let (is_true, possible) = change(self.is_true, self.possible);
        Self { text: format!("{word} ({})", self.text), is_true, possible, is_single: false, without }
    }

    fn not(self, world: &World) -> Self {
        let is_single = self.is_single && !self.text.starts_with("not");
        let not = self.of("not", |is_true, possible| (world.all.but(&possible), world.all.but(&is_true)));
        Self { is_single, ..not }
    }
}

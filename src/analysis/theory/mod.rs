//! What meetings there are, one independent side of them at a time.
//!
//! A theory gets the conditions on its side of a meeting, each with the answers that are allowed, and writes facts that answer
//! so into a draft, or says that none do.

mod closed;
mod people;
mod series;
mod texts;
mod times;

pub(super) use texts::Patterns;
pub use texts::text_between;

use crate::analysis::budget::{Budget, Limit};
use crate::analysis::formula::Leaf;
use crate::analysis::model::{AtomRef, Model};
use crate::analysis::witness::Draft;
use crate::builtins::{Atom, ListIdx, SetField, Texts};
use crate::event::Address;
use crate::value::Truth;
use crate::value::outline::RuleOutline;
use crate::value::words::{Flag, TextField};

/// One condition, and the answers that are allowed.
#[derive(Clone, Debug)]
pub(super) struct Ask<'a> {
    pub what: What<'a>,
    pub side: u8,
    pub allowed: Allowed,
    /// The atom, where it is one.
    pub atom: Option<AtomRef>,
    /// The leaves that ask for this.
    pub leaves: Vec<(Leaf, bool)>,
}

impl Default for Ask<'_> {
    fn default() -> Self {
        Self { what: What::Nothing, side: 0, allowed: Allowed::ANY, atom: None, leaves: Vec::new() }
    }
}

/// What is asked about.
#[derive(Clone, Copy, Debug)]
pub(super) enum What<'a> {
    Nothing,
    Atom(&'a Atom),
    /// Whether `from` and `until` of a rule hold the start.
    Dates(&'a RuleOutline),
}

/// A set of answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Allowed(u8);

impl Allowed {
    pub const ANY: Self = Self(0b111);
    pub const UNKNOWN: Self = Self(0b010);

    pub fn where_true(so: bool) -> Self {
        Self(if so { 0b100 } else { 0b011 })
    }

    pub fn where_possible(so: bool) -> Self {
        Self(if so { 0b110 } else { 0b001 })
    }

    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub fn has(self, truth: Truth) -> bool {
        self.0 & 1 << truth as u8 != 0
    }

    pub fn has_unknown(self) -> bool {
        self.has(Truth::Unknown)
    }
}

/// The independent sides of a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Dimension {
    /// A text that no provided list is compared with.
    Text(u8),
    /// Texts that provided lists are compared with, all together.
    Texts,
    /// A closed set.
    Closed(u8),
    /// Who is there, and what the user answered.
    People,
    /// Start, end and length.
    Times,
    /// The series, and what sets the occurrence apart in it.
    Series,
    /// What holds of every recordable meeting.
    Constant,
}

impl Dimension {
    pub fn of(what: &What<'_>) -> Self {
        match what {
            What::Nothing => Self::Constant,
            What::Dates(_) => Self::Times,
            What::Atom(atom) => match atom {
                Atom::Text { texts: Texts::List(_), .. } => Self::Texts,
                Atom::Text { field, .. } | Atom::Matches { field, .. } => Self::Text(place(*field)),
                Atom::Person { .. } | Atom::People { .. } | Atom::Count(_) | Atom::Flag(Flag::OneOnOne) => Self::People,
                Atom::Is { set: SetField::MyResponse, .. } => Self::People,
                Atom::Is { set, .. } => Self::Closed(*set as u8),
                Atom::Duration(_) | Atom::Clock { .. } | Atom::DateRule { .. } | Atom::Flag(Flag::AllDay) => Self::Times,
                Atom::Repeats(_) | Atom::Occurrence(_) => Self::Series,
                Atom::Flag(Flag::HasLink) => Self::Constant,
            },
        }
    }
}

fn place(field: TextField) -> u8 {
    match field {
        TextField::Title => 0,
        TextField::Description => 1,
        TextField::Location => 2,
        TextField::Calendar => 3,
    }
}

/// Writes facts into the draft that answer as asked; `false` where there are none.
///
/// # Errors
/// The bound that was hit.
pub(super) fn solve(
    dimension: Dimension,
    model: &Model<'_>,
    asks: &[&Ask<'_>],
    draft: &mut Draft,
    budget: &mut Budget,
) -> Result<bool, Limit> {
    budget.take(1)?;
    match dimension {
        Dimension::Text(_) | Dimension::Texts => texts::solve(model, asks, draft, budget),
        Dimension::Closed(_) => Ok(closed::solve(model, asks, draft)),
        Dimension::People => people::solve(model, asks, draft, budget),
        Dimension::Times => times::solve(model, asks, draft, budget),
        Dimension::Series => series::solve(asks, draft, budget),
        Dimension::Constant => Ok(asks.iter().all(|ask| ask.allowed.has(Truth::True))),
    }
}

/// The address of the connected user where nothing is asked about people: at an own domain, as in tests.
pub(super) fn neutral_user(model: &Model<'_>) -> Address {
    people::neutral_user(model)
}

/// The name of a list of the side's table, where it is a provided one.
fn provided<'m>(model: &'m Model<'_>, side: u8, list: ListIdx) -> Option<&'m str> {
    let table = model.side(side).hir.lists.get(usize::from(list))?;
    table.items.is_none().then_some(table.name.as_str())
}

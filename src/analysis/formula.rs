//! What is asked: conditions over the truth of atomic conditions, two-valued and with negation at the leaves only.
//!
//! Three-valued conditions become two formulas each, after Kleene: that a condition is true, and that it is not false.

use crate::value::outline::{AtomIdx, Cond};

/// Something that a meeting makes so or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Leaf {
    /// The atom of this side is true.
    True(u8, AtomIdx),
    /// It is true or unknown.
    Possible(u8, AtomIdx),
    /// The dates of this rule of this side hold the start.
    Active(u8, u16),
}

/// A condition over leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Formula {
    /// The leaf is so, or is not.
    Is(Leaf, bool),
    /// Holds over nothing.
    All(Vec<Formula>),
    /// Does not hold over nothing.
    Any(Vec<Formula>),
}

impl Formula {
    /// Holds always.
    pub const ALWAYS: Self = Self::All(Vec::new());

    /// That a condition of `side` is true.
    #[must_use]
    pub fn is_true(side: u8, condition: &Cond) -> Self {
        let all = |parts: &[Cond]| parts.iter().map(|part| Self::is_true(side, part)).collect();
        match condition {
            Cond::Atom(atom) => Self::Is(Leaf::True(side, *atom), true),
            Cond::And(parts) => Self::All(all(parts)),
            Cond::Or(parts) => Self::Any(all(parts)),
            Cond::Not(part) => Self::is_possible(side, part).not(),
            Cond::Surely(part) => Self::is_true(side, part),
            Cond::Possibly(part) => Self::is_possible(side, part),
        }
    }

    /// That a condition of `side` is not false.
    #[must_use]
    pub fn is_possible(side: u8, condition: &Cond) -> Self {
        let all = |parts: &[Cond]| parts.iter().map(|part| Self::is_possible(side, part)).collect();
        match condition {
            Cond::Atom(atom) => Self::Is(Leaf::Possible(side, *atom), true),
            Cond::And(parts) => Self::All(all(parts)),
            Cond::Or(parts) => Self::Any(all(parts)),
            Cond::Not(part) => Self::is_true(side, part).not(),
            Cond::Surely(part) => Self::is_true(side, part),
            Cond::Possibly(part) => Self::is_possible(side, part),
        }
    }

    /// The opposite.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "named like that of truth values")]
    pub fn not(self) -> Self {
        let each = |parts: Vec<Self>| parts.into_iter().map(Self::not).collect();
        match self {
            Self::Is(leaf, so) => Self::Is(leaf, !so),
            Self::All(parts) => Self::Any(each(parts)),
            Self::Any(parts) => Self::All(each(parts)),
        }
    }

    /// Both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::All(vec![self, other])
    }

    /// Whether the formula holds, given what is so.
    #[must_use]
    pub fn holds(&self, is: &impl Fn(Leaf) -> bool) -> bool {
        match self {
            Self::Is(leaf, so) => is(*leaf) == *so,
            Self::All(parts) => parts.iter().all(|part| part.holds(is)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(is)),
        }
    }

    /// Adds leaves that make the formula hold by themselves, given what is so; the formula holds.
    ///
    /// Of alternatives the one that needs the fewest leaves besides those that are there.
    pub(super) fn reasons(&self, is: &impl Fn(Leaf) -> bool, chosen: &mut Vec<(Leaf, bool)>) {
        match self {
            Self::Is(leaf, so) => {
                if !chosen.contains(&(*leaf, *so)) {
                    chosen.push((*leaf, *so));
                }
            }
            Self::All(parts) => parts.iter().for_each(|part| part.reasons(is, chosen)),
            Self::Any(parts) => {
                let before = chosen.len();
                let mut best: Option<Vec<(Leaf, bool)>> = None;
                for part in parts.iter().filter(|part| part.holds(is)) {
                    part.reasons(is, chosen);
                    let added = chosen.split_off(before);
                    if best.as_ref().is_none_or(|best| added.len() < best.len()) {
                        best = Some(added);
                    }
                }
                chosen.extend(best.expect("an alternative holds"));
            }
        }
    }
}

//! What an answer about a number of people means for the number.
//!
//! A number is known as a range: so many certainly pass, so many may, or any number may. A question is whether it lies in an
//! interval: yes where the whole range does, no where none of it does, and unknown between.

use crate::value::Truth;
use crate::value::words::{Comparison, Quantifier};

/// The numbers that a question asks for, both ends included, or all but these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Interval {
    pub from: i64,
    /// `None`: without end.
    pub to: Option<i64>,
    pub but: bool,
}

/// A bound on how many certainly pass, or on how many may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    Certain(i64, i64),
    Possible(i64, i64),
    /// That there may be any number of others, or that there may not.
    Open(bool),
}

use super::linear::ENDLESS;

impl Interval {
    fn at_least(from: i64) -> Self {
        Self { from, to: None, but: false }
    }

    /// The numbers of a quantifier; `None` for `every`, which is no matter of numbers.
    pub fn of_quantifier(quantifier: Quantifier) -> Option<Self> {
        Some(match quantifier {
            Quantifier::Every => return None,
            Quantifier::Any => Self::at_least(1),
            Quantifier::No => Self { but: true, ..Self::at_least(1) },
            Quantifier::AtLeast(number) => Self::at_least(number.into()),
            Quantifier::AtMost(number) => Self { but: true, ..Self::at_least(i64::from(number) + 1) },
            Quantifier::Exactly(number) => Self::exactly(number.into()),
        })
    }

    pub fn exactly(number: i64) -> Self {
        Self { from: number, to: Some(number), but: false }
    }

    pub fn of_comparison(comparison: Comparison) -> Self {
        let whole = |number: u64| i64::try_from(number).unwrap_or(ENDLESS).min(ENDLESS);
        match comparison {
            Comparison::Eq(n) => Self::exactly(whole(n)),
            Comparison::Ne(n) => Self { but: true, ..Self::exactly(whole(n)) },
            Comparison::Lt(n) => Self { but: true, ..Self::at_least(whole(n)) },
            Comparison::Le(n) => Self { but: true, ..Self::at_least(whole(n).saturating_add(1)) },
            Comparison::Gt(n) => Self::at_least(whole(n).saturating_add(1)),
            Comparison::Ge(n) => Self::at_least(whole(n)),
            Comparison::Between(from, to) => Self { from: whole(from), to: Some(whole(to)), but: false },
        }
    }

    /// The ways in which the answer can come about, each a set of bounds that hold together.
    pub fn ways(self, answer: Truth) -> Vec<Vec<Bound>> {
        let answer = if self.but { answer.not() } else { answer };
        let (from, to) = (self.from, self.to);
        match answer {
            Truth::True => match to {
                None => vec![vec![Bound::Certain(from, ENDLESS)]],
                Some(to) => vec![vec![Bound::Certain(from, ENDLESS), Bound::Possible(0, to), Bound::Open(false)]],
            },
            Truth::False => {
                let too_few = vec![Bound::Possible(0, from - 1), Bound::Open(false)];
                let too_many = to.map(|to| vec![Bound::Certain(to + 1, ENDLESS)]);
                [too_few].into_iter().chain(too_many).collect()
            }
            Truth::Unknown => {
                let few = |more: Bound| vec![Bound::Certain(0, from - 1), more];
                let mut ways = vec![few(Bound::Open(true)), few(Bound::Possible(from, ENDLESS))];
                if let Some(to) = to {
                    let inside = |more: Bound| vec![Bound::Certain(from, to), more];
                    ways.extend([inside(Bound::Open(true)), inside(Bound::Possible(to + 1, ENDLESS))]);
                }
                ways
            }
        }
    }
}

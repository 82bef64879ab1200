//! From three values to two: what a rule needs to know of its condition, as a plain yes-or-no test.
//!
//! A rule that records asks whether its condition is certainly true, one that skips whether it is possibly true. Under
//! Kleene's connectives either question splits into the same questions about the parts: `a and b` is certain where both are,
//! possible where both are; `not a` is certain where `a` is not possible. At the leaves stand four questions about one answer.

use crate::value::outline::{AtomIdx, Cond};

/// How sure a rule must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::codegen) enum Need {
    /// The condition is true.
    Certainty,
    /// The condition is true or unknown.
    Possibility,
}

/// What is asked of the answer to one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::codegen) enum Asked {
    True,
    NotTrue,
    False,
    NotFalse,
}

impl Asked {
    pub fn negated(self) -> Self {
        match self {
            Self::True => Self::NotTrue,
            Self::NotTrue => Self::True,
            Self::False => Self::NotFalse,
            Self::NotFalse => Self::False,
        }
    }
}

/// A yes-or-no test. `All` and `Any` hold at least two parts, none of which is of the same kind; but `All` of nothing always
/// holds and `Any` of nothing never does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::codegen) enum Test {
    Ask(AtomIdx, Asked),
    All(Vec<Test>),
    Any(Vec<Test>),
}

impl Test {
    /// The test that holds where `condition` meets `need`.
    pub fn of(condition: &Cond, need: Need) -> Self {
        Self::reduce(condition, need, false)
    }

    pub fn always_holds(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    pub fn never_holds(&self) -> bool {
        matches!(self, Self::Any(parts) if parts.is_empty())
    }

    /// The same test with cheaper parts first: parts have no effects, so their order changes nothing but the time they take.
    pub fn by_cost(self, cost: &impl Fn(AtomIdx) -> u32) -> Self {
        let ordered = |parts: Vec<Self>| {
            let mut parts: Vec<Self> = parts.into_iter().map(|part| part.by_cost(cost)).collect();
            parts.sort_by_cached_key(|part| part.cost(cost));
            parts
        };
        match self {
            Self::All(parts) => Self::All(ordered(parts)),
            Self::Any(parts) => Self::Any(ordered(parts)),
            ask @ Self::Ask(..) => ask,
        }
    }

    /// What asking all of it costs.
    fn cost(&self, cost: &impl Fn(AtomIdx) -> u32) -> u32 {
        match self {
            Self::Ask(atom, _) => cost(*atom),
            Self::All(parts) | Self::Any(parts) => parts.iter().fold(0, |sum, part| sum.saturating_add(part.cost(cost))),
        }
    }

    /// With `negated`: the test that holds where `condition` does not meet `need`.
    fn reduce(condition: &Cond, need: Need, negated: bool) -> Self {
        let each = |parts: &[Cond]| parts.iter().map(|part| Self::reduce(part, need, negated)).collect();
        match condition {
            Cond::Atom(atom) => {
                let asked = match need {
                    Need::Certainty => Asked::True,
                    Need::Possibility => Asked::NotFalse,
                };
                Self::Ask(*atom, if negated { asked.negated() } else { asked })
            }
            Cond::And(parts) if negated => Self::any(each(parts)),
            Cond::And(parts) => Self::all(each(parts)),
            Cond::Or(parts) if negated => Self::all(each(parts)),
            Cond::Or(parts) => Self::any(each(parts)),
            Cond::Not(part) => {
                let other = match need {
                    Need::Certainty => Need::Possibility,
                    Need::Possibility => Need::Certainty,
                };
                Self::reduce(part, other, !negated)
            }
            Cond::Surely(part) => Self::reduce(part, Need::Certainty, negated),
            Cond::Possibly(part) => Self::reduce(part, Need::Possibility, negated),
        }
    }

    fn all(parts: Vec<Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::All(inner) => kept.extend(inner),
                never if never.never_holds() => return never,
                part => kept.push(part),
            }
        }
        if kept.len() == 1 { kept.remove(0) } else { Self::All(kept) }
    }

    fn any(parts: Vec<Self>) -> Self {
        let mut kept = Vec::new();
        for part in parts {
            match part {
                Self::Any(inner) => kept.extend(inner),
                always if always.always_holds() => return always,
                part => kept.push(part),
            }
        }
        if kept.len() == 1 { kept.remove(0) } else { Self::Any(kept) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::Truth;

    fn holds(test: &Test, truths: &[Truth]) -> bool {
        match test {
            Test::Ask(atom, asked) => match asked {
                Asked::True => truths[usize::from(*atom)] == Truth::True,
                Asked::NotTrue => truths[usize::from(*atom)] != Truth::True,
                Asked::False => truths[usize::from(*atom)] == Truth::False,
                Asked::NotFalse => truths[usize::from(*atom)] != Truth::False,
            },
            Test::All(parts) => parts.iter().all(|part| holds(part, truths)),
            Test::Any(parts) => parts.iter().any(|part| holds(part, truths)),
        }
    }

    /// Every condition over two atoms that is built in `levels` steps.
    fn conditions(levels: usize) -> Vec<Cond> {
        let mut all = vec![Cond::Atom(0), Cond::Atom(1), Cond::And(Vec::new()), Cond::Or(Vec::new())];
        for _ in 0..levels {
            let parts = all.clone();
            for one in &parts {
                let boxed = || Box::new(one.clone());
                all.extend([Cond::Not(boxed()), Cond::Surely(boxed()), Cond::Possibly(boxed())]);
                for other in parts.iter().take(12) {
                    all.push(Cond::And(vec![one.clone(), other.clone()]));
                    all.push(Cond::Or(vec![one.clone(), other.clone()]));
                }
            }
        }
        all
    }

    #[test]
    fn the_two_valued_test_holds_exactly_where_the_need_is_met() {
        let truths = [Truth::False, Truth::Unknown, Truth::True];
        for condition in conditions(2) {
            let certain = Test::of(&condition, Need::Certainty);
            let possible = Test::of(&condition, Need::Possibility);
            for pair in truths.iter().flat_map(|one| truths.iter().map(move |other| [*one, *other])) {
                let truth = condition.truth(&|atom| pair[usize::from(atom)]);
                assert_eq!(holds(&certain, &pair), truth == Truth::True, "{condition:?} over {pair:?}");
                assert_eq!(holds(&possible, &pair), truth != Truth::False, "{condition:?} over {pair:?}");
            }
        }
    }
}

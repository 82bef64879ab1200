//! What tests can show of a rule set.

use super::Seen;
use crate::analysis::{Formula, Leaf, Model};
use crate::value::outline::{AtomIdx, Cond, Outline, RuleOutline};
use crate::value::words::Verb;
use crate::value::{DecidedBy, Decision, RuleIdx, Truth};

/// Something that a test can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Goal {
    /// Of which rule; `None`: of the default.
    pub rule: Option<RuleIdx>,
    /// What.
    pub kind: Kind,
}

/// What a test can show of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// It decides.
    Decides,
    /// It is reached and does not match.
    Passes,
    /// It is reached, and this condition is true, or false.
    Is(AtomIdx, bool),
    /// Besides, this condition alone makes it match, or keeps it from matching.
    Alone(AtomIdx, bool),
}

/// The three measures of coverage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of the trade")]
pub enum Measure {
    Decision,
    Condition,
    Mcdc,
}

impl Measure {
    /// Every measure.
    pub const ALL: [Self; 3] = [Self::Decision, Self::Condition, Self::Mcdc];

    /// As people write it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Condition => "condition",
            Self::Mcdc => "MC/DC",
        }
    }
}

impl Goal {
    /// Which measure it counts for.
    #[must_use]
    pub fn measure(&self) -> Measure {
        match self.kind {
            Kind::Decides | Kind::Passes => Measure::Decision,
            Kind::Is(..) => Measure::Condition,
            Kind::Alone(..) => Measure::Mcdc,
        }
    }

    /// Completes "no test shows that": `hr-private` decides.
    #[must_use]
    pub fn words(&self, outline: &Outline) -> String {
        let Some(rule) = self.rule else { return "the default decides".to_owned() };
        let rule = &outline.rules[usize::from(rule)];
        let id = &rule.id;
        let text = |atom: AtomIdx| &outline.atoms[usize::from(atom)].text;
        let truth = |so: bool| if so { "true" } else { "false" };
        match self.kind {
            Kind::Decides if rule.shadow => format!("`{id}`, a rule in shadow, would decide"),
            Kind::Decides => format!("`{id}` decides"),
            Kind::Passes => format!("`{id}` is reached and does not match"),
            Kind::Is(atom, so) => format!("`{}` is {} when `{id}` is reached", text(atom), truth(so)),
            Kind::Alone(atom, so) => format!("`{}`, being {}, settles alone whether `{id}` matches", text(atom), truth(so)),
        }
    }

    /// Whether a meeting reaches the goal.
    pub(super) fn is_reached(&self, outline: &Outline, seen: &Seen) -> bool {
        let Some(at) = self.rule.map(usize::from) else {
            return matches!(seen.decision, Decision::Decided { by: DecidedBy::Default(_), .. });
        };
        let rule = &outline.rules[at];
        if at >= seen.reached(outline) || seen.trace.active[at] != Truth::True {
            return false;
        }
        let atom = |atom: AtomIdx| seen.trace.atoms[usize::from(atom)];
        let matches = |truth: Truth| rule.tier.matches(truth);
        match self.kind {
            Kind::Decides => matches(seen.trace.conditions[at]),
            Kind::Passes => !matches(seen.trace.conditions[at]),
            Kind::Is(asked, so) => atom(asked) == Truth::from(so),
            Kind::Alone(asked, so) => {
                let turned = |so: bool| {
                    let with = |other: AtomIdx| if other == asked { Truth::from(so) } else { atom(other) };
                    matches(rule.condition.truth(&with))
                };
                atom(asked) == Truth::from(so) && turned(true) != turned(false)
            }
        }
    }

    /// That a meeting reaches the goal, but for the rules before it.
    pub(super) fn formula(&self, model: &Model<'_>) -> Formula {
        let Some(at) = self.rule else { return Formula::ALWAYS };
        let rule = &model.side(0).rules()[usize::from(at)];
        let matches = |condition: &Cond| matches(rule, condition);
        let wanted = match self.kind {
            Kind::Decides => matches(&rule.condition),
            Kind::Passes => matches(&rule.condition).not(),
            Kind::Is(atom, so) => is(atom, so),
            Kind::Alone(atom, so) => {
                let turned = |so: bool| matches(&with(&rule.condition, atom, so));
                let one_way = |so: bool| turned(so).and(turned(!so).not());
                is(atom, so).and(Formula::Any(vec![one_way(true), one_way(false)]))
            }
        };
        model.while_active(0, at, wanted)
    }
}

fn is(atom: AtomIdx, so: bool) -> Formula {
    if so { Formula::Is(Leaf::True(0, atom), true) } else { Formula::Is(Leaf::Possible(0, atom), false) }
}

fn matches(rule: &RuleOutline, condition: &Cond) -> Formula {
    match rule.tier.verb() {
        Verb::Record => Formula::is_true(0, condition),
        Verb::Skip => Formula::is_possible(0, condition),
    }
}

/// The condition with one atom settled.
fn with(condition: &Cond, atom: AtomIdx, so: bool) -> Cond {
    let all = |parts: &[Cond]| parts.iter().map(|part| with(part, atom, so)).collect();
    let one = |part: &Cond| Box::new(with(part, atom, so));
    match condition {
        Cond::Atom(index) if *index == atom && so => Cond::And(Vec::new()),
        Cond::Atom(index) if *index == atom => Cond::Or(Vec::new()),
        Cond::Atom(index) => Cond::Atom(*index),
        Cond::And(parts) => Cond::And(all(parts)),
        Cond::Or(parts) => Cond::Or(all(parts)),
        Cond::Not(part) => Cond::Not(one(part)),
        Cond::Surely(part) => Cond::Surely(one(part)),
        Cond::Possibly(part) => Cond::Possibly(one(part)),
    }
}

/// Every goal of a rule set, in effective order. A rule without a condition matches whatever reaches it, so that it can only
/// decide.
pub(super) fn all(outline: &Outline) -> Vec<Goal> {
    let mut goals = Vec::new();
    for (rule, at) in outline.rules.iter().zip(0..) {
        let mut add = |kind| goals.push(Goal { rule: Some(at), kind });
        add(Kind::Decides);
        if rule.condition == Cond::And(Vec::new()) {
            continue;
        }
        add(Kind::Passes);
        let mut atoms = Vec::new();
        collect(&rule.condition, &mut atoms);
        atoms.iter().for_each(|atom| [true, false].into_iter().for_each(|so| add(Kind::Is(*atom, so))));
        atoms.iter().for_each(|atom| [true, false].into_iter().for_each(|so| add(Kind::Alone(*atom, so))));
    }
    goals.push(Goal { rule: None, kind: Kind::Decides });
    goals
}

/// The atoms of a condition, each once, as they stand there.
fn collect(condition: &Cond, atoms: &mut Vec<AtomIdx>) {
    match condition {
        Cond::Atom(atom) if atoms.contains(atom) => {}
        Cond::Atom(atom) => atoms.push(*atom),
        Cond::And(parts) | Cond::Or(parts) => parts.iter().for_each(|part| collect(part, atoms)),
        Cond::Not(part) | Cond::Surely(part) | Cond::Possibly(part) => collect(part, atoms),
    }
}

//! What is missed when something is taken out: a rule from the list, a condition from a rule.

use crate::analysis::budget::{Budget, Limit};
use crate::analysis::decider::decider;
use crate::analysis::formula::Formula;
use crate::analysis::model::Model;
use crate::analysis::query::{Answer, Query};
use crate::analysis::witness::Witness;
use crate::builtins::Context;
use crate::value::outline::{AtomIdx, Cond};
use crate::value::words::Verb;
use crate::value::{RuleIdx, Truth};
use crate::vm::Machine;

/// Whether a rule is missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Missed {
    /// Without the rule something else comes of this meeting.
    Yes(Box<Witness>),
    /// Of no meeting does: proven. Those who decide instead, as far as they were met.
    No(Vec<RuleIdx>),
    /// Nobody knows.
    Undecided(Limit),
}

/// Most rules after a rule that are looked at, one question each.
const OTHERS_MAX: usize = 256;

/// Whether the rule of side 0 is missed when it is taken out.
///
/// `decided` is a meeting that the rule decides about, where one is known. `differs` says whether something else comes of what a
/// later rule, or the default, decides.
#[must_use]
pub fn missed(
    model: &Model<'_>,
    machine: &mut Machine,
    rule: RuleIdx,
    decided: Option<&Witness>,
    differs: &dyn Fn(Option<RuleIdx>) -> bool,
    budget: &mut Budget,
) -> Missed {
    let mut search = Search { model, machine, rule, differs, instead: Vec::new() };
    let first = match decided {
        Some(witness) => witness.clone(),
        None => {
            let mut query = Query::new(model);
            query.require(model.matches(0, rule));
            let mut before = Vec::new();
            match search.decided(&mut query, &mut before, budget) {
                Answer::Found(witness) => *witness,
                Answer::None(_) => return Missed::No(before),
                Answer::Undecided(limit) => return Missed::Undecided(limit),
            }
        }
    };
    if differs(search.next(&first)) {
        return Missed::Yes(Box::new(first));
    }
    let rules = model.side(0).rules();
    let after = (0..rules.len()).skip(usize::from(rule) + 1).filter(|other| !rules[*other].shadow);
    let after = after.filter_map(|other| RuleIdx::try_from(other).ok()).map(Some);
    // Mostly the default would decide, so it is asked for first.
    let others: Vec<Option<RuleIdx>> = std::iter::once(None).chain(after).filter(|other| differs(*other)).collect();
    let mut undecided = (others.len() > OTHERS_MAX).then_some(Limit::Rounds);
    for other in others.into_iter().take(OTHERS_MAX) {
        match search.decided_by(other, budget) {
            Answer::Found(witness) => return Missed::Yes(witness),
            Answer::None(_) => {}
            Answer::Undecided(limit) => undecided = Some(limit),
        }
    }
    undecided.map_or(Missed::No(search.instead), Missed::Undecided)
}

struct Search<'s, 'a> {
    model: &'s Model<'a>,
    machine: &'s mut Machine,
    rule: RuleIdx,
    differs: &'s dyn Fn(Option<RuleIdx>) -> bool,
    instead: Vec<RuleIdx>,
}

impl Search<'_, '_> {
    /// A meeting that the rule decides about, of those that are asked for; those that rules `before` it decide are asked for no
    /// more.
    fn decided(&mut self, query: &mut Query<'_, '_>, before: &mut Vec<RuleIdx>, budget: &mut Budget) -> Answer {
        loop {
            let witness = match query.solve(budget) {
                Answer::Found(witness) => witness,
                settled => return settled,
            };
            match decider(self.model, self.machine, &witness) {
                Some(first) if first < self.rule => {
                    before.push(first);
                    query.require(self.model.matches(0, first).not());
                }
                _ => return Answer::Found(witness),
            }
        }
    }

    /// A meeting of the rule that `other` decides without it, or somebody else otherwise than the rule.
    fn decided_by(&mut self, other: Option<RuleIdx>, budget: &mut Budget) -> Answer {
        let mut query = Query::new(self.model);
        if let Some(other) = other {
            query.require(self.model.matches(0, other));
        }
        query.require(self.model.matches(0, self.rule));
        loop {
            let witness = match self.decided(&mut query, &mut Vec::new(), budget) {
                Answer::Found(witness) => witness,
                settled => return settled,
            };
            match self.next(&witness) {
                next if (self.differs)(next) => return Answer::Found(witness),
                // The default is asked for where no rule says otherwise, so that no meeting is left to it.
                None => return Answer::Undecided(Limit::Unwritten),
                Some(alike) => {
                    if !self.instead.contains(&alike) {
                        self.instead.push(alike);
                    }
                    query.require(self.model.matches(0, alike).not());
                }
            }
        }
    }

    /// Who decides about the meeting without the rule; `None`: the default.
    fn next(&self, witness: &Witness) -> Option<RuleIdx> {
        let question = witness.question();
        let side = self.model.side(0);
        let context = Context::new(&question, side.tables());
        let truth_of = |atom: AtomIdx| -> Truth { self.model.truth(&context, &side.hir.atoms[usize::from(atom)]) };
        let first = usize::from(self.rule) + 1;
        let matching = side.rules().iter().enumerate().skip(first).find(|(_, other)| {
            let dates = || match (other.from, other.until) {
                (None, None) => Truth::True,
                (from, until) => context.is_active(from, until, &other.zone),
            };
            !other.shadow && other.matches(dates(), other.condition.truth(&truth_of))
        });
        matching.and_then(|(at, _)| RuleIdx::try_from(at).ok())
    }
}

/// A condition of a rule's list of conditions, and what is left without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The condition.
    pub atom: AtomIdx,
    /// The whole without it.
    pub rest: Cond,
}

/// The conditions that can be taken out of an `and` or an `or`, one at a time; none that stands there twice.
#[must_use]
pub fn parts(whole: &Cond) -> Vec<Part> {
    let inside = |part: &Cond, back: &dyn Fn(Cond) -> Cond| -> Vec<Part> {
        parts(part).into_iter().map(|part| Part { rest: back(part.rest), ..part }).collect()
    };
    match whole {
        Cond::Atom(_) => Vec::new(),
        Cond::Not(part) => inside(part, &|rest| Cond::Not(Box::new(rest))),
        Cond::Surely(part) => inside(part, &|rest| Cond::Surely(Box::new(rest))),
        Cond::Possibly(part) => inside(part, &|rest| Cond::Possibly(Box::new(rest))),
        Cond::And(items) => of_several(items, Cond::And),
        Cond::Or(items) => of_several(items, Cond::Or),
    }
}

fn of_several(items: &[Cond], join: fn(Vec<Cond>) -> Cond) -> Vec<Part> {
    let mut found = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let is_single = items.iter().filter(|other| *other == item).count() == 1;
        if let (Some(atom), true, true) = (atom_of(item), is_single, items.len() > 1) {
            let mut rest: Vec<Cond> = items.to_vec();
            rest.remove(at);
            let rest = if rest.len() == 1 { rest.swap_remove(0) } else { join(rest) };
            found.push(Part { atom, rest });
        }
        for part in parts(item) {
            let mut rest: Vec<Cond> = items.to_vec();
            rest[at] = part.rest;
            found.push(Part { rest: join(rest), ..part });
        }
    }
    found
}

/// The atom that stands there alone, or what is not so.
fn atom_of(item: &Cond) -> Option<AtomIdx> {
    match item {
        Cond::Atom(atom) => Some(*atom),
        Cond::Not(inner) => match &**inner {
            Cond::Atom(atom) => Some(*atom),
            _ => None,
        },
        _ => None,
    }
}

/// A meeting that a rule with one of two conditions matches and with the other one does not, as its verb counts the unknown.
#[must_use]
pub fn tells_apart(model: &Model<'_>, verb: Verb, one: &Cond, other: &Cond, budget: &mut Budget) -> Answer {
    let matches = |condition: &Cond| match verb {
        Verb::Record => Formula::is_true(0, condition),
        Verb::Skip => Formula::is_possible(0, condition),
    };
    let (one, other) = (matches(one), matches(other));
    let mut query = Query::new(model);
    query.require(Formula::Any(vec![one.clone().and(other.clone().not()), one.not().and(other)]));
    query.solve(budget)
}

//! Which rules can ever decide, and who takes their meetings away.
//!
//! A rule is asked for alone, and what is found is decided by all rules: mostly the rule itself decides, and that is that.
//! Where another one does, the rule is asked for without that one, and so on; a question thereby holds the few rules that
//! matter, however long the list is. When nothing is left, the rules that were met cover it, and each that is not needed for
//! that is dropped.

use crate::analysis::Formula;
use crate::analysis::budget::{Budget, Limit};
use crate::analysis::model::{AtomRef, Model};
use crate::analysis::query::{Answer, Query};
use crate::analysis::witness::Witness;
use crate::value::{DecidedBy, Decision, RuleIdx};
use crate::vm::Machine;

/// What can become of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// It decides about this meeting.
    Decides(Box<Witness>),
    /// Its condition is never true. The conditions that cannot go together, where one clash is the whole reason; and a meeting
    /// about which the rule decides nevertheless, since the calendar does not tell.
    NeverTrue(Vec<AtomRef>, Option<Box<Witness>>),
    /// Where its condition is true these rules decide, in effective order, each with a meeting that it takes; and a meeting
    /// about which the rule decides nevertheless, since the calendar does not tell.
    Covered(Vec<(RuleIdx, Box<Witness>)>, Option<Box<Witness>>),
    /// Nobody knows.
    Undecided(Limit),
}

/// Most rules that one rule is asked for without.
const BLOCKERS_MAX: usize = 64;

/// What becomes of the rule of side 0. A shadow rule decides where it would, were it none.
///
/// A rule that declines also acts where its condition is unknown. What it does where the condition is true is looked at first:
/// its author wrote it for that.
#[must_use]
pub fn reach(model: &Model<'_>, machine: &mut Machine, rule: RuleIdx, budget: &mut Budget) -> Reach {
    let certain = outside(model, machine, rule, &model.is_true(0, rule), budget);
    let acts = |machine: &mut Machine, budget: &mut Budget| match outside(model, machine, rule, &model.matches(0, rule), budget) {
        Outside::Decides(witness) => Some(witness),
        _ => None,
    };
    match certain {
        Outside::Decides(witness) => Reach::Decides(witness),
        Outside::Never(clash) => Reach::NeverTrue(clash, acts(machine, budget)),
        Outside::Covered(by) => Reach::Covered(by, acts(machine, budget)),
        Outside::Undecided(limit) => Reach::Undecided(limit),
    }
}

/// What is left of some meetings of a rule.
enum Outside {
    Decides(Box<Witness>),
    /// There are no such meetings.
    Never(Vec<AtomRef>),
    Covered(Vec<(RuleIdx, Box<Witness>)>),
    Undecided(Limit),
}

/// Whether the rule decides about a meeting of which `wanted` holds.
fn outside(model: &Model<'_>, machine: &mut Machine, rule: RuleIdx, wanted: &Formula, budget: &mut Budget) -> Outside {
    let mut query = Query::new(model);
    query.require(wanted.clone());
    let mut blockers: Vec<RuleIdx> = Vec::new();
    loop {
        match query.solve(budget) {
            Answer::Undecided(limit) => return Outside::Undecided(limit),
            Answer::None(clash) if blockers.is_empty() => return Outside::Never(clash),
            Answer::None(_) => return covered(model, wanted, blockers, budget),
            Answer::Found(witness) => match decider(model, machine, &witness) {
                // A shadow rule is compared with those before it alone.
                Some(other) if other < rule && !blockers.contains(&other) => {
                    if blockers.len() == BLOCKERS_MAX {
                        return Outside::Undecided(Limit::Rounds);
                    }
                    blockers.push(other);
                    query.require(model.matches(0, other).not());
                }
                _ => return Outside::Decides(witness),
            },
        }
    }
}

/// The rule of side 0 that decides about the meeting; `None`: none does.
#[must_use]
pub fn decider(model: &Model<'_>, machine: &mut Machine, witness: &Witness) -> Option<RuleIdx> {
    match model.side(0).decide(machine, &witness.question()) {
        Decision::Decided { by: DecidedBy::Rule(rule), .. } => Some(rule),
        _ => None,
    }
}

/// The blockers that are needed; one that takes nothing of the rule is none.
fn covered(model: &Model<'_>, wanted: &Formula, blockers: Vec<RuleIdx>, budget: &mut Budget) -> Outside {
    let mut needed = blockers;
    let mut at = needed.len();
    while at > 0 && needed.len() > 1 {
        at -= 1;
        let mut without = needed.clone();
        without.remove(at);
        if matches!(uncovered(model, wanted, &without, budget), Answer::None(_)) {
            needed = without;
        }
    }
    needed.sort_unstable();
    let mut covering = Vec::new();
    for blocker in needed {
        let mut query = Query::new(model);
        query.require(wanted.clone());
        query.require(model.matches(0, blocker));
        match query.solve(budget) {
            Answer::Found(witness) => covering.push((blocker, witness)),
            Answer::None(_) => {}
            Answer::Undecided(limit) => return Outside::Undecided(limit),
        }
    }
    Outside::Covered(covering)
}

fn uncovered(model: &Model<'_>, wanted: &Formula, blockers: &[RuleIdx], budget: &mut Budget) -> Answer {
    let mut query = Query::new(model);
    query.require(wanted.clone());
    blockers.iter().for_each(|blocker| query.require(model.matches(0, *blocker).not()));
    query.solve(budget)
}

/// Whether the condition of a rule of side 0 can be false: a meeting of which it is, or a proof that there is none.
#[must_use]
pub fn can_be_false(model: &Model<'_>, rule: RuleIdx, budget: &mut Budget) -> Answer {
    let mut query = Query::new(model);
    query.require(Formula::is_possible(0, &model.side(0).rules()[usize::from(rule)].condition).not());
    query.solve(budget)
}

/// Whether a meeting reaches the default of side 0: one that does, or a proof that rules decide about all.
#[must_use]
pub fn reaches_default(model: &Model<'_>, machine: &mut Machine, budget: &mut Budget) -> Answer {
    let mut query = Query::new(model);
    for _ in 0..=BLOCKERS_MAX {
        match query.solve(budget) {
            Answer::Found(witness) => match decider(model, machine, &witness) {
                Some(rule) => query.require(model.matches(0, rule).not()),
                None => return Answer::Found(witness),
            },
            settled => return settled,
        }
    }
    Answer::Undecided(Limit::Rounds)
}

/// Whether the `unless` part of a rule of side 0 ever takes something away: both parts true at once.
#[must_use]
pub fn exception_applies(model: &Model<'_>, rule: RuleIdx, budget: &mut Budget) -> Option<Answer> {
    use crate::value::outline::Cond;
    let Cond::And(parts) = &model.side(0).rules()[usize::from(rule)].condition else { return None };
    let [when, Cond::Not(unless)] = parts.as_slice() else { return None };
    let mut alone = Query::new(model);
    alone.require(Formula::is_true(0, unless));
    if !matches!(alone.solve(budget), Answer::Found(_)) {
        return None;
    }
    let mut query = Query::new(model);
    query.require(Formula::is_true(0, when));
    query.require(Formula::is_true(0, unless));
    Some(query.solve(budget))
}

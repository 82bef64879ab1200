//! Whether a meeting could reach a goal that no test reaches.

use super::goals::Goal;
use super::{Coverage, Seen, State};
use crate::analysis::{Answer, Budget, Limit, Model, Query, STEPS, Witness};
use crate::value::RuleIdx;
use crate::value::outline::Outline;
use crate::vm::Machine;

/// Steps of all goals of one rule set: some seconds, on whatever rules.
const COVERAGE_STEPS: u64 = 60 * STEPS;

/// Asks of every missing goal that `of` picks whether a meeting could reach it.
///
/// Bounds count steps, so that the same rules always have the same answers; a goal whose bound was hit is undecided.
pub fn prove(coverage: &mut Coverage, model: &Model<'_>, of: impl Fn(&Goal) -> bool) {
    let mut machine = Machine::new();
    let mut left = COVERAGE_STEPS;
    for (goal, state) in &mut coverage.goals {
        if *state == State::Missing && of(goal) {
            let steps = left.min(STEPS);
            let mut budget = Budget::steps(steps);
            *state = possible(model, &mut machine, *goal, &mut budget);
            left -= steps - budget.left();
        }
    }
}

/// Looks for a meeting that reaches the goal. Rules before that of the goal are added to the question once they took one.
fn possible(model: &Model<'_>, machine: &mut Machine, goal: Goal, budget: &mut Budget) -> State {
    let outline = &model.side(0).hir.outline;
    let mut query = Query::new(model);
    query.require(goal.formula(model));
    loop {
        let witness = match query.solve(budget) {
            Answer::None(_) => return State::CannotHappen,
            Answer::Undecided(limit) => return State::Undecided(limit),
            Answer::Found(witness) => witness,
        };
        let Some(seen) = Seen::of(model.side(0), machine, &witness.question()) else {
            return State::Undecided(Limit::Unwritten);
        };
        if goal.is_reached(outline, &seen) {
            return State::Possible(usual(model, machine, goal, &witness).unwrap_or(witness));
        }
        match earlier(outline, goal, &seen) {
            Some(rule) => query.require(model.matches(0, rule).not()),
            None => return State::Undecided(Limit::Unwritten),
        }
    }
}

/// The same meeting of the user that tests begin with, where it reaches the goal too.
fn usual(model: &Model<'_>, machine: &mut Machine, goal: Goal, witness: &Witness) -> Option<Box<Witness>> {
    let outline = &model.side(0).hir.outline;
    let mut reaches =
        |usual: &Witness| Seen::of(model.side(0), machine, &usual.question()).is_some_and(|seen| goal.is_reached(outline, &seen));
    witness.of_usual_user().find(|usual| reaches(usual)).map(Box::new)
}

/// The rule that decides before that of the goal.
fn earlier(outline: &Outline, goal: Goal, seen: &Seen) -> Option<RuleIdx> {
    let last = seen.reached(outline).checked_sub(1)?;
    let before = goal.rule.is_none_or(|rule| last < usize::from(rule));
    before.then(|| RuleIdx::try_from(last).expect("a set has fewer than 65,536 rules"))
}

//! How much of a rule set its own tests show.
//!
//! What tests can show is a list of [`Goal`]s. [`measure`] runs the tests and says which goals they reach; [`prove`] asks of
//! every other one whether a meeting could reach it: what cannot happen is no gap. [`missing_tests`] writes the tests that are
//! missing, each from such a meeting, in the words of the language.
//!
//! | goals | a test reaches it when |
//! |---|---|
//! | decision | the rule decides (a rule in shadow: would decide); the rule is reached and does not match; the default decides |
//! | condition | the rule is reached, and the condition is true; the same, and it is false |
//! | MC/DC | besides, to turn the condition over would turn over whether the rule matches, all others staying as they are |
//!
//! A rule is *reached* when bots may join, its dates hold the start, and neither an earlier rule nor a person's word decides.
//! An unknown condition is neither true nor false. Only tests that pass count.
//!
//! Deliberately absent: percentages that a team wants, and files.

mod bench;
mod event;
mod goals;
mod prove;

pub use bench::{Missing, missing_tests};
pub use goals::{Goal, Kind, Measure};
pub use prove::prove;

use crate::analysis::{Limit, Model, Side, Witness};
use crate::event::Question;
use crate::semantics::{CheckInput, prepare};
use crate::value::outline::Outline;
use crate::value::{Decision, Overrides, Trace};
use crate::vm::Machine;

/// What is known about each goal of a rule set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    /// Every goal, in effective order of the rules, the default's last.
    pub goals: Vec<(Goal, State)>,
    /// How many tests passed, and so counted.
    pub tests: usize,
}

/// What is known about a goal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// A test reaches it.
    Shown,
    /// None does, and nobody asked whether one could.
    Missing,
    /// None does, and this meeting would.
    Possible(Box<Witness>),
    /// No meeting does: proven.
    CannotHappen,
    /// None does, and whether one could was not found out.
    Undecided(Limit),
}

/// How many goals there are of one measure, and how many tests reach.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// Reached.
    pub shown: usize,
    /// All but those that cannot happen.
    pub all: usize,
}

impl Share {
    /// In percent; all of nothing is all.
    #[must_use]
    pub fn percent(self) -> f64 {
        if self.all == 0 { 100.0 } else { 100.0 * self.shown as f64 / self.all as f64 }
    }
}

impl Coverage {
    /// The share of the goals that `of` picks.
    #[must_use]
    pub fn share(&self, of: impl Fn(&Goal) -> bool) -> Share {
        let counted = self.goals.iter().filter(|(goal, state)| of(goal) && *state != State::CannotHappen);
        counted.fold(Share::default(), |share, (_, state)| Share {
            shown: share.shown + usize::from(*state == State::Shown),
            all: share.all + 1,
        })
    }
}

/// What the rules made of one meeting.
struct Seen {
    decision: Decision,
    trace: Trace,
    overrides: Overrides,
}

impl Seen {
    /// Asks the machine; `None` where the side has no program.
    fn of(side: &Side<'_>, machine: &mut Machine, question: &Question<'_>) -> Option<Self> {
        let trace = machine.trace(side.program?, question);
        Some(Self { decision: side.decide(machine, question), trace, overrides: question.overrides })
    }

    /// How many of the rules are reached, from the first on.
    fn reached(&self, outline: &Outline) -> usize {
        if matches!(self.decision, Decision::NotRecordable(_)) {
            return 0;
        }
        let said = self.overrides.effective().is_some();
        let stops = |at: usize| {
            let rule = &outline.rules[at];
            said && rule.tier.yields_to_override()
        };
        let decides = |at: usize| {
            let rule = &outline.rules[at];
            !rule.shadow && rule.matches(self.trace.active[at], self.trace.conditions[at])
        };
        let mut reached = 0;
        while reached < outline.rules.len() && !stops(reached) {
            reached += 1;
            if decides(reached - 1) {
                break;
            }
        }
        reached
    }
}

/// Runs the tests of the files and says which goals they reach. `None` where the rules cannot be used.
#[must_use]
pub fn measure(input: &CheckInput<'_>, model: &Model<'_>) -> Option<Coverage> {
    let side = model.side(0);
    side.program?;
    let outline = &side.hir.outline;
    let mut machine = Machine::new();
    let mut seen = Vec::new();
    for test in prepare(input) {
        let of_test = Seen::of(side, &mut machine, &test.question())?;
        if test.unmet(outline, of_test.decision).is_empty() {
            seen.push(of_test);
        }
    }
    let state = |goal: &Goal| match seen.iter().any(|seen| goal.is_reached(outline, seen)) {
        true => State::Shown,
        false => State::Missing,
    };
    let goals = goals::all(outline).into_iter().map(|goal| (goal, state(&goal))).collect();
    Some(Coverage { goals, tests: seen.len() })
}

//! What must be so of an event before a piece of code can do anything: read off the code itself.
//!
//! A *guard* of a rule is a set of questions of which one must have another answer than no, on every way through the rule to its
//! decision. Guards are chosen among questions whose yes is rare and found quickly; code that has no such question has no guard. Nothing is assumed of the code but what verification has proven.

use crate::code::operand::Question;
use crate::code::{Code, Op};
use std::ops::Range;

/// Some questions, ascending; `None`: no question is in the way. An empty set: nothing gets through.
pub(super) type Guard = Option<Vec<u16>>;

/// What the questions cost that may be guards.
pub(super) struct Guards<'c> {
    code: &'c Code,
    /// For each question how often its answer is another than no, as a rough number; `None` where that is not found quickly.
    costs: Vec<Option<u32>>,
    /// The guards of what is behind each instruction of the present piece.
    behind: Vec<Guard>,
}

/// More questions than these are no guard: they would all be marked one by one.
const GUARD_QUESTIONS_MAX: usize = 64;

impl<'c> Guards<'c> {
    pub fn new(code: &'c Code, costs: Vec<Option<u32>>) -> Self {
        Self { code, costs, behind: Vec::new() }
    }

    /// The guard of a piece of main code that is entered at its first instruction.
    ///
    /// # Errors
    /// Where a jump leads out of the piece farther than to its end, which no compiler writes.
    pub fn of(&mut self, piece: Range<usize>) -> Result<Guard, LeadsAway> {
        self.behind.clear();
        self.behind.resize(piece.len() + 1, None);
        // Who comes to the end has decided nothing.
        self.behind[piece.len()] = Some(Vec::new());
        for at in piece.clone().rev() {
            let op = &self.code.ops[at];
            let place = at - piece.start;
            let target = match op.target() {
                None => None,
                Some(to) if (at + 1..=piece.end).contains(&to.index()) => Some(to.index() - piece.start),
                Some(_) => return Err(LeadsAway),
            };
            self.behind[place] = match (op, target) {
                // It may decide.
                (_, None) => None,
                (op, Some(target)) => {
                    let (taken, passed) = self.asked(op);
                    let taken = self.rarer(taken, &self.behind[target]);
                    let passed = self.rarer(passed, &self.behind[place + 1]);
                    either(taken, passed)
                }
            };
        }
        Ok(self.behind[0].clone())
    }

    /// What a jump asks for on either way: to its target, and past it.
    fn asked(&self, op: &Op) -> (Guard, Guard) {
        let ask = |question: Question| self.costs[question.index()].map(|_| vec![question.0]);
        match *op {
            Op::JumpIfTrue { ask: question, .. } | Op::JumpUnlessFalse { ask: question, .. } => (ask(question), None),
            Op::JumpUnlessTrue { ask: question, .. } | Op::JumpIfFalse { ask: question, .. } => (None, ask(question)),
            _ => (None, None),
        }
    }

    /// Both must be passed, so one of them does.
    fn rarer(&self, one: Guard, other: &Guard) -> Guard {
        let cost_of = |question: &u16| self.costs[usize::from(*question)];
        let cost = |guard: &[u16]| guard.iter().filter_map(cost_of).fold(0, u32::saturating_add);
        match (one, other) {
            (one, None) => one,
            (None, Some(other)) => Some(other.clone()),
            (Some(one), Some(other)) => Some(if cost(&one) <= cost(other) { one } else { other.clone() }),
        }
    }
}

/// A piece of code that can be left for another place than its end.
#[derive(Debug)]
pub(super) struct LeadsAway;

/// One of two ways is taken.
fn either(one: Guard, other: Guard) -> Guard {
    let (mut one, other) = (one?, other?);
    one.extend(other);
    one.sort_unstable();
    one.dedup();
    (one.len() <= GUARD_QUESTIONS_MAX).then_some(one)
}

//! The full pass: every condition of every rule, without short cuts, whatever decided.

use crate::code::Verified;
use crate::event::Question;
use crate::value::{Trace, Truth};
use crate::vm::Machine;
use crate::vm::scratch::local_start;

/// Answers every question and evaluates every rule, shadow rules and rules that never decide included, from the program alone.
///
/// Explanations are told from it. It is the same whatever strategy decided, and also for an occurrence that is not recordable.
#[must_use]
pub fn trace(program: &Verified, question: &Question<'_>) -> Trace {
    Machine::new().trace(program, question)
}

impl Machine {
    /// The same as [`trace`], in the machine's memory.
    #[must_use]
    pub fn trace(&mut self, program: &Verified, question: &Question<'_>) -> Trace {
        let atoms = self.answer_all(program, question);
        let rules = &program.program().outline.rules;
        let of_atom = |atom: u16| atoms[usize::from(atom)];
        let conditions = rules.iter().map(|rule| rule.condition.truth(&of_atom)).collect();
        let active = rules
            .iter()
            .map(|rule| {
                let start = local_start(&rule.zone, question).date;
                Truth::from(rule.from.is_none_or(|from| from <= start) && rule.until.is_none_or(|until| start <= until))
            })
            .collect();
        Trace { atoms, active, conditions }
    }
}

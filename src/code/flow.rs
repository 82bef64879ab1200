//! The flow of control through one piece of code: what is reached, what is written, what the longest run costs.

use crate::code::operand::{Addr, Reg};
use crate::code::{Op, VerifyError};
use std::ops::Range;

/// Registers of a person block. One more than the deepest nesting of a test needs.
pub const REGISTERS_MAX: usize = 128;

/// Proves one piece of code well formed and returns the cost of its longest run.
///
/// Every instruction is reached; jumps go forward and stay inside; no run leaves the piece but through an instruction that
/// ends it; a register is written on every way to where it is read.
///
/// # Errors
/// Names the first instruction of which that does not hold.
pub fn longest_run(ops: &[Op], piece: Range<usize>, weight: impl Fn(&Op) -> u64) -> Result<u64, VerifyError> {
    reach(ops, &piece)?;
    // Jumps go forward, so going backward meets every successor before the instruction itself.
    let mut costs = vec![0_u64; piece.len()];
    for at in piece.clone().rev() {
        let rest = successors(&ops[at], at).flatten().map(|next| costs[next - piece.start]).max().unwrap_or(0);
        costs[at - piece.start] = weight(&ops[at]).saturating_add(rest);
    }
    Ok(costs[0])
}

/// Follows every run at once: what is known to be written where runs meet is what all of them wrote.
fn reach(ops: &[Op], piece: &Range<usize>) -> Result<(), VerifyError> {
    let mut written: Vec<Option<u128>> = vec![None; piece.len()];
    let wrong = |at: usize, what| Err(VerifyError::Code { at, what });
    if piece.is_empty() {
        return wrong(piece.start, "a piece of code without instructions");
    }
    written[0] = Some(0);
    for at in piece.clone() {
        let op = &ops[at];
        let Some(mut here) = written[at - piece.start] else { return wrong(at, "an instruction that is never reached") };
        for register in reads(op).into_iter().flatten() {
            if register.index() >= REGISTERS_MAX || here & 1 << register.index() == 0 {
                return wrong(at, "a register that is read before it is written");
            }
        }
        if let Some(register) = writes(op) {
            if register.index() >= REGISTERS_MAX {
                return wrong(at, "a register out of range");
            }
            here |= 1 << register.index();
        }
        if op.target().is_some_and(|to| to.index() <= at) {
            return wrong(at, "a jump backward");
        }
        for next in successors(op, at).flatten() {
            if next >= piece.end {
                return wrong(at, "a run that leaves its piece of code");
            }
            let there = &mut written[next - piece.start];
            *there = Some(there.map_or(here, |other| other & here));
        }
    }
    Ok(())
}

/// Where a run goes from `op`: to the next instruction unless it ends there, to its target where it has one.
fn successors(op: &Op, at: usize) -> impl Iterator<Item = Option<usize>> {
    [(!op.ends()).then_some(at + 1), op.target().map(Addr::index)].into_iter()
}

fn reads(op: &Op) -> [Option<Reg>; 2] {
    match *op {
        Op::Not { dst } => [Some(dst), None],
        Op::And { dst, with } | Op::Or { dst, with } => [Some(dst), Some(with)],
        Op::SkipIfFalse { test, .. } | Op::SkipIfTrue { test, .. } => [Some(test), None],
        Op::Answer { from } => [Some(from), None],
        _ => [None, None],
    }
}

fn writes(op: &Op) -> Option<Reg> {
    match *op {
        Op::IsMe { dst }
        | Op::IsInternal { dst }
        | Op::IsExternal { dst }
        | Op::IsOrganizer { dst }
        | Op::IsAmong { dst, .. }
        | Op::IsAmongProvided { dst, .. }
        | Op::HasAnswered { dst, .. }
        | Op::IsOptional { dst }
        | Op::Load { dst, .. }
        | Op::Not { dst }
        | Op::And { dst, .. }
        | Op::Or { dst, .. } => Some(dst),
        _ => None,
    }
}

//! From rules resolved and typed to a program.
//!
//! Three steps: conditions become yes-or-no tests (`logic`), tests become jumps (`main_code`), atomic conditions become
//! questions with their constants (`questions`, `pools`). Tests have no effects, so their cheaper parts are asked first (`costs`).
//!
//! Deliberately absent: any doubt about the rules. What an author wrote wrongly never gets here.

mod costs;
mod logic;
mod main_code;
mod pools;
mod questions;

use crate::code::operand::Addr;
use crate::code::program::Origin;
use crate::code::{Code, Op, Program};
use crate::codegen::costs::cost_of;
use crate::codegen::main_code::emit_policy;
use crate::codegen::pools::Pools;
use crate::codegen::questions::{Blocks, emit_question};
use crate::semantics::hir::Hir;

/// Writes the program of a rule set, together with the texts it came from.
#[must_use]
pub fn emit(hir: &Hir, origin: Origin) -> Program {
    let mut pools = Pools::new(&hir.lists);
    let mut blocks = Blocks::new();
    let costs = hir.atoms.iter().map(cost_of).collect();
    let policy = emit_policy(&hir.outline, costs, &mut pools);
    let questions: Vec<Op> = hir.atoms.iter().map(|atom| emit_question(atom, &mut pools, &mut blocks)).collect();
    Program {
        places: policy.places,
        code: lay_out(policy.ops, questions, blocks.items),
        constants: pools.finish(),
        own_domains: hir.own_domains.clone(),
        aliases: hir.aliases.clone(),
        outline: hir.outline.clone(),
        origin,
    }
}

/// Puts the pieces one behind the other; jumps of a block move with it.
fn lay_out(main: Vec<Op>, questions: Vec<Op>, blocks: Vec<Vec<Op>>) -> Code {
    let mut code = Code { main: main.len() as u32, ops: main, blocks: Vec::new() };
    code.ops.extend(questions);
    for mut block in blocks {
        let start = code.ops.len() as u32;
        for op in &mut block {
            if let Op::SkipIfFalse { to, .. } | Op::SkipIfTrue { to, .. } = op {
                *to = Addr(start + to.0);
            }
        }
        code.blocks.push(block.len() as u32);
        code.ops.extend(block);
    }
    code
}

//! What a person must have for a person block to say anything but no: an address among some, or a domain.

use crate::code::Op;
use crate::code::operand::{Operand, PeopleIdx};
use crate::code::program::Program;
use crate::event::address::DomainPattern;
use crate::value::Truth;
use std::ops::Range;

/// A test of a person that only some addresses pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Leaf {
    /// A set of people; `None` for the own domains.
    pub set: Option<PeopleIdx>,
}

impl Leaf {
    pub fn domains(self, program: &Program) -> &[DomainPattern] {
        match self.set {
            Some(set) => &program.constants.people[set.index()].domains,
            None => &program.own_domains,
        }
    }

    /// How many addresses and domains it names.
    pub fn count(self, program: &Program) -> usize {
        let addresses = self.set.map_or(0, |set| program.constants.people[set.index()].addresses.len());
        addresses + self.domains(program).len()
    }

    /// How many meetings of ten thousand have such a person, roughly.
    fn cost(self, program: &Program) -> u32 {
        let of = |count: usize, each: u32| u32::try_from(count).unwrap_or(u32::MAX).saturating_mul(each);
        match self.set {
            None => COMMON,
            Some(set) => {
                let set = &program.constants.people[set.index()];
                of(set.addresses.len(), 5).saturating_add(of(set.domains.len(), 40))
            }
        }
    }
}

/// What is so common that looking for it saves nothing.
pub(super) const COMMON: u32 = 5_000;

/// The tests that a person must pass one of, for a block to answer anything but no; `None`: other ones do.
pub(super) type Needed = Option<Vec<Leaf>>;

/// What the registers of a block need before it goes on at some place; `None` where nobody has come by yet.
type State = Option<Vec<Needed>>;

/// What each person block needs.
pub(super) fn needed_by_blocks(program: &Program) -> Vec<Needed> {
    let blocks = program.code.each_block(program.outline.atoms.len());
    blocks.map(|(_, piece)| needed_by(program, piece)).collect()
}

fn needed_by(program: &Program, piece: Range<usize>) -> Needed {
    let mut states: Vec<State> = vec![None; piece.len() + 1];
    let registers = |op: &Op| {
        let mut count = 0;
        op.each_operand(|operand| {
            if let Operand::Reg(register) = operand {
                count = count.max(register.index() + 1);
            }
        });
        count
    };
    let count = program.code.ops[piece.clone()].iter().map(registers).max().unwrap_or_default();
    states[0] = Some(vec![None; count]);
    for at in piece.clone() {
        let Some(mut registers) = states[at - piece.start].take() else { continue };
        match program.code.ops[at] {
            Op::Answer { from } => return registers[from.index()].take(),
            Op::IsAmong { dst, people } => registers[dst.index()] = Some(vec![Leaf { set: Some(people) }]),
            Op::IsInternal { dst } => {
                registers[dst.index()] = (!program.own_domains.is_empty()).then(|| vec![Leaf { set: None }]);
            }
            Op::Load { dst, truth } => registers[dst.index()] = (truth == Truth::False).then(Vec::new),
            Op::And { dst, with } => {
                let both = (registers[dst.index()].take(), registers[with.index()].clone());
                registers[dst.index()] = rarer(program, both);
            }
            Op::Or { dst, with } => {
                let other = registers[with.index()].clone();
                registers[dst.index()] = either(registers[dst.index()].take(), other);
            }
            Op::SkipIfFalse { test, to } => {
                let mut skipped = registers.clone();
                skipped[test.index()] = Some(Vec::new());
                meet(&mut states[to.index() - piece.start], skipped);
            }
            Op::SkipIfTrue { to, .. } => meet(&mut states[to.index() - piece.start], registers.clone()),
            ref op => op.each_operand(|operand| {
                if let Operand::Reg(dst) = operand {
                    registers[dst.index()] = None;
                }
            }),
        }
        meet(&mut states[at + 1 - piece.start], registers);
    }
    None
}

/// Two ways come together.
fn meet(state: &mut State, registers: Vec<Needed>) {
    match state {
        None => *state = Some(registers),
        Some(known) => {
            for (known, other) in known.iter_mut().zip(registers) {
                *known = either(known.take(), other);
            }
        }
    }
}

fn either(one: Needed, other: Needed) -> Needed {
    let (mut one, other) = (one?, other?);
    one.extend(other);
    one.sort_unstable();
    one.dedup();
    (one.len() <= LEAVES_MAX).then_some(one)
}

/// More sets of people than these are looked for by no block.
const LEAVES_MAX: usize = 64;

fn rarer(program: &Program, both: (Needed, Needed)) -> Needed {
    let cost = |leaves: &[Leaf]| cost_of(leaves, program);
    match both {
        (None, other) => other,
        (one, None) => one,
        (Some(one), Some(other)) => Some(if cost(&one) <= cost(&other) { one } else { other }),
    }
}

/// How many meetings of ten thousand have a person who passes one of the tests, roughly.
pub(super) fn cost_of(leaves: &[Leaf], program: &Program) -> u32 {
    leaves.iter().fold(0, |sum, leaf| sum.saturating_add(leaf.cost(program)))
}

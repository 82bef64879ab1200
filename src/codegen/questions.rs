//! Atomic conditions to questions: one instruction each, and a block of code for each test of a person.

use crate::builtins::{Atom, PersonCond, Texts};
use crate::code::Op;
use crate::code::operand::{Addr, Block, Reg};
use crate::code::program::{ClockTest, DateRuleText, PeopleSet};
use crate::codegen::pools::{Listed, Pool, Pools};
use crate::value::Truth;
use crate::value::words::{Flag, PersonRole, TextField, TextOp};

/// Person blocks while a program is written: each test once. Jumps in them count from the block's own start.
pub(in crate::codegen) type Blocks = Pool<Vec<Op>>;

/// The instruction that answers `atom`.
pub(in crate::codegen) fn emit_question(atom: &Atom, pools: &mut Pools<'_>, blocks: &mut Blocks) -> Op {
    match atom {
        Atom::Text { field, op, texts } => emit_text(*field, *op, texts, pools),
        Atom::Matches { field, pattern, flags } => Op::AskPattern { field: *field, pattern: pools.pattern(pattern, flags) },
        Atom::Person { role, test } => {
            let test = emit_block(test, pools, blocks);
            match role {
                PersonRole::Organizer => Op::AskOrganizer { test },
                PersonRole::Creator => Op::AskCreator { test },
            }
        }
        Atom::People { quantifier, test } => Op::AskAttendees { quantifier: *quantifier, test: emit_block(test, pools, blocks) },
        Atom::Count(comparison) => Op::AskCount { comparison: pools.comparison(*comparison) },
        Atom::Duration(comparison) => Op::AskDuration { comparison: pools.comparison(*comparison) },
        Atom::Clock { edge, window, days, zone } => {
            let zone = pools.zone(zone);
            let clock = pools.clock(ClockTest { window: *window, days: days.clone(), zone });
            Op::AskClock { edge: *edge, clock }
        }
        Atom::DateRule { edge, rule, counting_from, zone } => {
            let zone = pools.zone(zone);
            let rule = pools.date_rule(DateRuleText { rule: rule.clone(), counting_from: *counting_from, zone });
            Op::AskDateRule { edge: *edge, rule }
        }
        Atom::Repeats(repeats) => Op::AskRepeats { repeats: pools.repeats(*repeats) },
        Atom::Occurrence(which) => Op::AskOccurrence { which: *which },
        Atom::Is { set, values } => Op::AskIs { field: *set, values: *values },
        Atom::Flag(Flag::OneOnOne) => Op::AskOneOnOne {},
        Atom::Flag(Flag::AllDay) => Op::AskAllDay {},
        Atom::Flag(Flag::HasLink) => Op::AskHasLink {},
    }
}

fn emit_text(field: TextField, how: TextOp, texts: &Texts, pools: &mut Pools<'_>) -> Op {
    let texts = match texts {
        Texts::Written(texts) => pools.texts(texts.clone()),
        Texts::List(list) => match pools.list(*list) {
            Listed::Written(items) => pools.texts_of(*list, items),
            Listed::Provided(list) => return Op::AskTextProvided { field, how, list },
        },
    };
    Op::AskText { field, how, texts }
}

fn emit_block(test: &PersonCond, pools: &mut Pools<'_>, blocks: &mut Blocks) -> Block {
    let mut ops = Vec::new();
    emit_person(test, FIRST, pools, &mut ops);
    ops.push(Op::Answer { from: FIRST });
    Block(blocks.add(ops))
}

const FIRST: Reg = Reg(0);

/// Leaves the truth of `test` in `dst`; registers above it are free for the parts.
fn emit_person(test: &PersonCond, dst: Reg, pools: &mut Pools<'_>, ops: &mut Vec<Op>) {
    match test {
        PersonCond::All(parts) => emit_parts(parts, dst, Truth::True, pools, ops),
        PersonCond::Any(parts) => emit_parts(parts, dst, Truth::False, pools, ops),
        PersonCond::Not(part) => {
            emit_person(part, dst, pools, ops);
            ops.push(Op::Not { dst });
        }
        leaf => ops.push(emit_leaf(leaf, dst, pools)),
    }
}

/// `and` (`nothing` is true) or `or` (`nothing` is false) of the parts, skipping the rest as soon as one settles it.
fn emit_parts(parts: &[PersonCond], dst: Reg, nothing: Truth, pools: &mut Pools<'_>, ops: &mut Vec<Op>) {
    let Some((first, rest)) = parts.split_first() else {
        ops.push(Op::Load { dst, truth: nothing });
        return;
    };
    let with = Reg(dst.0.saturating_add(1));
    let (join, skip): (Op, fn(Reg, Addr) -> Op) = match nothing {
        Truth::True => (Op::And { dst, with }, |test, to| Op::SkipIfFalse { test, to }),
        _ => (Op::Or { dst, with }, |test, to| Op::SkipIfTrue { test, to }),
    };
    emit_person(first, dst, pools, ops);
    let mut skips = Vec::new();
    for part in rest {
        skips.push(ops.len());
        ops.push(skip(dst, UNKNOWN));
        emit_person(part, with, pools, ops);
        ops.push(join);
    }
    let end = Addr(ops.len() as u32);
    for at in skips {
        ops[at] = skip(dst, end);
    }
}

/// The target of a jump before it is known.
const UNKNOWN: Addr = Addr(u32::MAX);

fn emit_leaf(test: &PersonCond, dst: Reg, pools: &mut Pools<'_>) -> Op {
    let among = |people: PeopleSet, pools: &mut Pools<'_>| Op::IsAmong { dst, people: pools.people(people) };
    match test {
        PersonCond::Me => Op::IsMe { dst },
        PersonCond::Internal => Op::IsInternal { dst },
        PersonCond::External => Op::IsExternal { dst },
        PersonCond::Organizer => Op::IsOrganizer { dst },
        PersonCond::Addresses(addresses) => among(PeopleSet { addresses: addresses.clone(), domains: Vec::new() }, pools),
        PersonCond::From(domains) => among(PeopleSet { addresses: Vec::new(), domains: domains.clone() }, pools),
        PersonCond::In(list) => match pools.list(*list) {
            Listed::Written(items) => Op::IsAmong { dst, people: pools.people_of(*list, items) },
            Listed::Provided(list) => Op::IsAmongProvided { dst, list },
        },
        PersonCond::Response(response) => Op::HasAnswered { dst, response: *response },
        PersonCond::Optional => Op::IsOptional { dst },
        PersonCond::All(_) | PersonCond::Any(_) | PersonCond::Not(_) => unreachable!("not leaves"),
    }
}

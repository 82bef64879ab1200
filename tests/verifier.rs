//! Foreign bytes: refused, or run to a decision within the proven cost. Nothing panics, hangs or allocates without bound.

use crate::support::generate::Dice;
use crate::support::generate::occurrences::{Asked, asked};
use crate::support::generate::rules::rule_set;
use callsheet::code::opcode::{Op, Part};
use callsheet::code::operand::{Addr, Block, Question, Reg, Rule, TextsIdx};
use callsheet::code::{
    Code, FORMAT_VERSION, LANGUAGE_VERSION, LoadError, Program, Strategy, VerifyError, decode, encode, verify, verify_as,
    with_checksum,
};
use callsheet::codegen::emit;
use callsheet::vm::{Batch, Machine, Preparer};
use expect_test::{Expect, expect};

/// Rule sets whose bytes are changed.
const PROGRAMS: u64 = 12;
/// Changed programs that still verify decide about so many events.
const EVENTS: u64 = 24;

fn program(seed: u64) -> Program {
    let (hir, origin) = rule_set(&mut Dice::new(seed));
    emit(&hir, origin)
}

fn events() -> Vec<Asked> {
    (0..EVENTS).map(|seed| asked(&mut Dice::new(seed))).collect()
}

/// Loads, verifies and runs; says how far it got.
fn load_and_run(bytes: &[u8], events: &[Asked], machine: &mut Machine) -> &'static str {
    let Ok(program) = decode(bytes) else { return "not decoded" };
    let Ok(indexed) = verify_as(program.clone(), Strategy::Indexed) else { return "not verified" };
    let program = verify_as(program, Strategy::Plain).expect("verified already");
    let _ = callsheet::code::listing(program.program());
    let (mut preparer, mut batch, mut decisions) = (Preparer::default(), Batch::default(), Vec::new());
    for event in events {
        let question = event.question();
        let decision = machine.decide(&program, &question);
        assert!(machine.steps() <= program.cost());
        assert_eq!(machine.decide(&indexed, &question), decision, "an index never changes what is decided");
        assert!(machine.steps() <= program.cost());
        std::hint::black_box(machine.trace(&program, &question));
        preparer.add(question, &mut batch);
        decisions.push(decision);
    }
    for program in [&program, &indexed] {
        let mut together = Vec::new();
        machine.decide_batch(program, &batch, &mut together);
        assert_eq!(together, decisions, "what is decided together is what is decided alone");
    }
    "ran"
}

#[test]
fn any_changed_byte_is_refused_by_the_checksum() {
    let bytes = encode(&program(3));
    for at in 0..bytes.len() {
        for flip in [1, 0x80, 0xff] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            assert!(decode(&changed).is_err(), "byte {at}");
        }
    }
}

#[test]
fn changed_bytes_with_the_right_checksum_are_refused_or_decide_within_their_cost() {
    let events = events();
    let mut machine = Machine::new();
    let mut seen = std::collections::BTreeMap::new();
    for seed in 0..PROGRAMS {
        let bytes = encode(&program(seed));
        let mut dice = Dice::new(seed);
        for at in 0..bytes.len() {
            for value in [0, 1, 0x7f, 0xff, bytes[at].wrapping_add(1), bytes[at].wrapping_sub(1), dice.below(256) as u8] {
                let mut changed = bytes.clone();
                changed[at] = value;
                *seen.entry(load_and_run(&with_checksum(changed), &events, &mut machine)).or_insert(0) += 1;
            }
        }
    }
    // Each of the three outcomes was met, or the test tests less than it says.
    assert!(seen.len() == 3 && seen.values().all(|count| *count > 1000), "{seen:?}");
}

#[test]
fn changed_instructions_are_refused_or_decide_within_their_cost() {
    let events = events();
    let mut machine = Machine::new();
    let (mut refused, mut ran) = (0, 0);
    for seed in 0..4000 {
        let mut dice = Dice::new(seed);
        let mut changed = program(seed % 40);
        let other = program(seed % 37 + 100);
        for _ in 0..dice.between(1, 3) {
            let at = dice.below(changed.code.ops.len());
            match dice.below(3) {
                0 => changed.code.ops[at] = *dice.pick(&other.code.ops),
                1 => changed.code.ops.swap(at, dice.below(other.code.ops.len()).min(at)),
                _ => changed.code.main = (changed.code.main + dice.below(3) as u32).saturating_sub(1),
            }
        }
        match load_and_run(&encode(&changed), &events, &mut machine) {
            "ran" => ran += 1,
            _ => refused += 1,
        }
    }
    assert!(refused > 1000 && ran > 100, "{refused} refused, {ran} ran");
}

#[test]
fn cut_and_lengthened_bytes_are_refused() {
    let bytes = encode(&program(5));
    for length in 0..bytes.len() {
        assert!(decode(&with_checksum(bytes[..length].to_vec())).is_err(), "{length} bytes");
    }
    let mut longer = bytes;
    longer.push(0);
    assert!(decode(&with_checksum(longer)).is_err());
}

#[test]
fn unknown_versions_are_named() {
    let bytes = encode(&program(1));
    let mut newer = bytes.clone();
    newer[8] = 9;
    assert_eq!(decode(&newer), Err(LoadError::UnknownFormat(9)));
    let mut language = bytes.clone();
    language[10] = 2;
    assert_eq!(decode(&language), Err(LoadError::UnknownLanguage(2)));
    assert_eq!(decode(b"rule r: record"), Err(LoadError::NotAProgram));
    assert_eq!((bytes[8], bytes[10]), (FORMAT_VERSION as u8, LANGUAGE_VERSION as u8));
}

#[test]
fn a_zone_that_the_database_lacks_is_refused_by_name() {
    let program = (0..).map(program).find(names_tokyo).expect("some rule set names Tokyo");
    let bytes = encode(&program);
    let text = b"Asia/Tokyo";
    let at = bytes.windows(text.len()).position(|window| window == text).expect("zones are stored by name");
    let mut changed = bytes;
    changed[at..at + text.len()].copy_from_slice(b"Asia/Tokio");
    assert_eq!(decode(&with_checksum(changed)), Err(LoadError::UnknownZone("Asia/Tokio".into())));
}

fn names_tokyo(program: &Program) -> bool {
    format!("{:?}", program.constants.zones).contains("Asia/Tokyo")
}

/// A sound program changed by `change`, and what the verifier says to it.
fn check(change: impl FnOnce(&mut Program), expected: Expect) {
    let mut changed = (0..).map(program).find(is_rich).expect("some rule set has it all");
    change(&mut changed);
    let said = match verify(changed) {
        Ok(_) => "sound".to_owned(),
        Err(error) => error.to_string(),
    };
    expected.assert_eq(&said);
}

/// Rules with jumps and decisions, and a person block of several instructions.
fn is_rich(program: &Program) -> bool {
    let jumps = program.code.ops.iter().filter(|op| op.target().is_some() && op.opcode().part() == Part::Main).count();
    jumps > 3 && program.code.blocks.iter().any(|length| *length > 4) && !program.constants.texts.is_empty()
}

fn first(program: &Program, is: impl Fn(&Op) -> bool) -> usize {
    program.code.ops.iter().position(is).expect("the program has such an instruction")
}

#[test]
fn a_jump_backward_is_refused() {
    check(
        |program| {
            let at = first(program, |op| op.target().is_some());
            program.code.ops[at] = Op::JumpIfTrue { ask: Question(0), to: Addr(at as u32) };
        },
        expect!["instruction 7: a jump backward"],
    );
}

#[test]
fn a_jump_out_of_the_main_code_is_refused() {
    check(
        |program| {
            let at = first(program, |op| op.target().is_some());
            program.code.ops[at] = Op::JumpIfTrue { ask: Question(0), to: Addr(program.code.main) };
        },
        expect!["instruction 7: a run that leaves its piece of code"],
    );
}

#[test]
fn a_run_without_a_decision_is_refused() {
    check(
        |program| {
            let last = program.code.main as usize - 1;
            program.code.ops[last] = Op::DecideOverride {};
        },
        expect![[r#"instruction 27: a run that leaves its piece of code"#]],
    );
}

#[test]
fn code_that_nothing_reaches_is_refused() {
    check(|program| program.code.ops[0] = Op::DecideDefault {}, expect!["instruction 1: an instruction that is never reached"]);
}

#[test]
fn a_person_instruction_in_the_main_code_is_refused() {
    check(|program| program.code.ops[0] = Op::IsMe { dst: Reg(0) }, expect!["instruction 0: an instruction of another part"]);
}

#[test]
fn a_register_that_only_some_ways_write_is_refused() {
    check(
        |program| {
            let start = program.code.ops.len() as u32;
            program.code.ops.extend([
                Op::IsMe { dst: Reg(0) },
                Op::SkipIfTrue { test: Reg(0), to: Addr(start + 3) },
                Op::IsInternal { dst: Reg(1) },
                Op::And { dst: Reg(0), with: Reg(1) },
                Op::Answer { from: Reg(0) },
            ]);
            program.code.blocks.push(5);
        },
        expect!["instruction 70: a register that is read before it is written"],
    );
}

#[test]
fn operands_that_name_nothing_are_refused() {
    check(
        |program| {
            let at = first(program, |op| matches!(op, Op::Decide { .. }));
            program.code.ops[at] = Op::Decide { rule: Rule(999) };
        },
        expect!["instruction 8: an operand that names nothing"],
    );
    check(
        |program| {
            let at = first(program, |op| op.opcode().part() == Part::Questions);
            program.code.ops[at] = Op::AskOrganizer { test: Block(999) };
        },
        expect!["instruction 28: an operand that names nothing"],
    );
    check(
        |program| {
            let at = first(program, |op| op.opcode().part() == Part::Questions);
            program.code.ops[at] = Op::AskText {
                field: callsheet::value::words::TextField::Title,
                how: callsheet::value::words::TextOp::Is,
                texts: TextsIdx(u16::MAX),
            };
        },
        expect!["instruction 28: an operand that names nothing"],
    );
}

#[test]
fn gaps_between_the_pieces_are_refused() {
    check(|program| program.code.main += 1, expect!["code: main code, questions and person blocks do not fill it"]);
    check(|program| program.code.blocks.push(1), expect!["code: main code, questions and person blocks do not fill it"]);
    check(|program| program.code = Code::default(), expect!["places: not places of the main code"]);
}

#[test]
fn a_place_outside_of_the_texts_is_refused() {
    check(|program| program.outline.rules[0].span.end += 1, expect!["rules: a place that is not in the rule texts"]);
}

#[test]
fn a_program_that_may_cost_too_much_is_refused() {
    let mut costly = program(0);
    costly
        .constants
        .provided
        .push(callsheet::code::program::ProvidedName { name: "texts".into(), kind: callsheet::value::words::ListKind::Texts });
    let list = callsheet::code::operand::ProvidedIdx(costly.constants.provided.len() as u16 - 1);
    let main = costly.code.main as usize;
    for _ in 0..100 {
        let field = callsheet::value::words::TextField::Description;
        let how = callsheet::value::words::TextOp::Contains;
        costly.code.ops.insert(main + costly.outline.atoms.len(), Op::AskTextProvided { field, how, list });
        let atom = costly.outline.atoms[0].clone();
        costly.outline.atoms.push(atom);
        for op in &mut costly.code.ops {
            if let Op::SkipIfFalse { to, .. } | Op::SkipIfTrue { to, .. } = op {
                to.0 += 1;
            }
        }
    }
    assert!(matches!(verify(costly).map(|_| ()), Err(VerifyError::TooCostly(_))));
}

//! Once its buffers have grown, the machine decides without allocating. A binary of its own: its allocator counts.

use callsheet::builtins::Atom;
use callsheet::code::{Verified, verify};
use callsheet::codegen::emit;
use callsheet::semantics::hir::Hir;
use callsheet::vm::{Batch, Machine, Preparer};

#[path = "support/generate/mod.rs"]
#[expect(dead_code, reason = "each test file uses its part")]
mod generate;

use generate::Dice;
use generate::occurrences::{Asked, asked};
use generate::rules::rule_set;

#[test]
fn a_warm_machine_decides_without_allocating() {
    let events: Vec<Asked> = (0..400).map(|seed| asked(&mut Dice::new(seed))).filter(has_no_cut_text).collect();
    let mut machine = Machine::new();
    let (mut preparer, mut batch, mut decided) = (Preparer::default(), Batch::default(), Vec::new());
    let without_date_rules = (0..).map(|seed| rule_set(&mut Dice::new(seed))).filter(|(hir, _)| has_no_date_rule(hir));
    for (seed, (hir, origin)) in without_date_rules.take(100).enumerate() {
        let program = verify(emit(&hir, origin)).expect("what was emitted verifies");
        let mut decide = || {
            decide_all(&mut machine, &program, &events);
            batch.clear();
            decided.clear();
            events.iter().for_each(|event| preparer.add(event.question(), &mut batch));
            machine.decide_batch(&program, &batch, &mut decided);
        };
        // Grows the buffers, builds the patterns.
        decide();
        let counted = allocation_counter::measure(decide);
        assert_eq!(counted.count_total, 0, "rule set {seed} allocates {} bytes", counted.bytes_total);
    }
}

fn decide_all(machine: &mut Machine, program: &Verified, events: &[Asked]) {
    for event in events {
        std::hint::black_box(machine.decide(program, &event.question()));
    }
}

/// A date rule lists the days of a period.
fn has_no_date_rule(hir: &Hir) -> bool {
    !hir.atoms.iter().any(|atom| matches!(atom, Atom::DateRule { .. }))
}

/// A text that was cut is read from a copy.
fn has_no_cut_text(event: &Asked) -> bool {
    let facts = &event.occurrence.facts;
    [&facts.title, &facts.description, &facts.location, &facts.calendar]
        .into_iter()
        .all(|text| text.known().and_then(Option::as_ref).is_none_or(|text| !text.cut))
}

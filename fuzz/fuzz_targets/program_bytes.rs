//! Whatever the bytes of a program: refused, or it runs to a decision within the cost that was proven.
#![no_main]

#[path = "../../tests/support/generate/mod.rs"]
#[expect(dead_code, reason = "only events are drawn here")]
mod generate;

use callsheet::code::{Strategy, decode, encode, listing, verify_as, with_checksum};
use callsheet::engine::{CheckOptions, RuleSet, RuleText, check};
use callsheet::vm::{Batch, Machine, Preparer};
use generate::Dice;
use generate::occurrences::asked;
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// A program with every part in it, to be damaged.
static WHOLE: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let text = include_str!("../../rules-examples/sales-team/sales-team.rules").to_owned();
    let checked = check(&[RuleText { name: "sales-team.rules".into(), text, layer: None }], &CheckOptions::default());
    checked.rule_set.expect("the example passes the check").to_bytes()
});

fuzz_target!(|input: (u64, Vec<(u16, u8)>)| {
    let (event, changes) = input;
    let mut bytes = WHOLE.clone();
    for (at, value) in changes {
        let at = usize::from(at) % bytes.len();
        bytes[at] = value;
    }
    let bytes = with_checksum(bytes);
    let Ok(program) = decode(&bytes) else { return };
    assert_eq!(decode(&encode(&program)).as_ref(), Ok(&program));
    let _ = RuleSet::from_bytes(&bytes);
    let Ok(indexed) = verify_as(program.clone(), Strategy::Indexed) else { return };
    let program = verify_as(program, Strategy::Plain).expect("verified already");
    assert!(!listing(program.program()).is_empty());
    let event = asked(&mut Dice::new(event));
    let mut machine = Machine::new();
    let decided = machine.decide(&program, &event.question());
    assert!(machine.steps() <= program.cost(), "{} steps of {}", machine.steps(), program.cost());
    assert_eq!(machine.decide(&indexed, &event.question()), decided);
    assert!(machine.steps() <= program.cost(), "{} steps of {}", machine.steps(), program.cost());
    let (mut batch, mut together) = (Batch::default(), Vec::new());
    Preparer::default().add(event.question(), &mut batch);
    [&program, &indexed].into_iter().for_each(|program| machine.decide_batch(program, &batch, &mut together));
    assert_eq!(together, [decided; 2]);
    let traced = machine.trace(&program, &event.question());
    assert_eq!(traced.atoms.len(), program.program().outline.atoms.len());
});

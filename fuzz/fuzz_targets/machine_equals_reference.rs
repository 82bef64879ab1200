//! Whatever rules and events come of the seeds: the machine decides as the plain evaluator does, within the proven cost.
#![no_main]

#[path = "../../tests/support/generate/mod.rs"]
#[expect(dead_code, reason = "the tests draw crowds too")]
mod generate;

use callsheet::code::{Strategy, Verified, decode, encode, verify, verify_as};
use callsheet::codegen::emit;
use callsheet::engine::{CheckOptions, RuleSet, RuleText, check};
use callsheet::reference;
use callsheet::semantics::hir::Hir;
use callsheet::semantics::{self, CheckInput};
use callsheet::syntax::printer;
use callsheet::value::Decision;
use callsheet::vm::{Batch, Machine, Preparer};
use generate::occurrences::{Asked, asked};
use generate::{Dice, files::files, rules::rule_set};
use libfuzzer_sys::fuzz_target;

/// Events that one rule set meets.
const EVENTS_MAX: usize = 16;

fuzz_target!(|seeds: (u64, Vec<u64>)| {
    let (rules, events) = seeds;
    let events: Vec<Asked> = events.iter().take(EVENTS_MAX).map(|seed| asked(&mut Dice::new(*seed))).collect();
    let mut dice = Dice::new(rules);
    if rules % 2 == 0 {
        compare_resolved(&mut dice, &events);
    } else {
        compare_written(&mut dice, &events);
    }
});

/// A rule set as the checker makes it, through its bytes.
fn compare_resolved(dice: &mut Dice, events: &[Asked]) {
    let (hir, origin) = rule_set(dice);
    let stored = encode(&emit(&hir, origin));
    for strategy in Strategy::ALL {
        let program = decode(&stored).expect("what was encoded decodes");
        let program = verify_as(program, strategy).expect("what was emitted verifies");
        events.iter().for_each(|event| compare(&hir, &program, event));
        compare_together(&hir, &program, events);
    }
}

/// All events at once.
fn compare_together(hir: &Hir, program: &Verified, events: &[Asked]) {
    let (mut preparer, mut batch, mut together) = (Preparer::default(), Batch::default(), Vec::new());
    events.iter().for_each(|event| preparer.add(event.question(), &mut batch));
    Machine::new().decide_batch(program, &batch, &mut together);
    let alone: Vec<Decision> = events.iter().map(|event| reference::decide(hir, &event.question())).collect();
    assert_eq!(together, alone, "{hir:#?}");
}

fn compare(hir: &Hir, program: &Verified, event: &Asked) {
    let question = event.question();
    let mut machine = Machine::new();
    assert_eq!(machine.decide(program, &question), reference::decide(hir, &question), "{hir:#?}\n{event:#?}");
    assert!(machine.steps() <= program.cost(), "{} steps of {}", machine.steps(), program.cost());
    assert_eq!(machine.trace(program, &question), reference::trace(hir, &question), "{hir:#?}\n{event:#?}");
}

/// Files of both layers in both forms, checked and compiled, stored and restored.
fn compare_written(dice: &mut Dice, events: &[Asked]) {
    let [organisation, user] = files(dice);
    let text = |name: &str, text: String| RuleText { name: name.into(), text, layer: None };
    let by_text = compile(&[text("organisation.rules", printer::text(&organisation)), text("user.rules", printer::text(&user))]);
    let by_json = compile(&[text("organisation.json", printer::json(&organisation)), text("user.json", printer::json(&user))]);
    let restored = RuleSet::from_bytes(&by_text.rules.to_bytes()).expect("what was stored is restored");
    let mut machine = Machine::new();
    for event in events {
        compare(&by_text.hir, &by_text.program, event);
        // What the JSON form says is held against what the text form means.
        compare(&by_text.hir, &by_json.program, event);
        let question = event.question();
        let decided = by_text.rules.decide(&mut machine, &question);
        assert!(machine.steps() <= by_text.rules.cost(), "{} steps of {}", machine.steps(), by_text.rules.cost());
        assert_eq!(decided, by_text.rules.decide_plainly(&question), "{event:#?}");
        assert_eq!(decided, by_json.rules.decide(&mut machine, &question), "{event:#?}");
        assert_eq!(decided, restored.decide(&mut machine, &question), "{event:#?}");
        assert!(!by_text.rules.explain(&question).sentences().is_empty());
    }
}

/// Rules as the engine holds them, and both of its ways of deciding laid open: traces are no part of its face.
struct Written {
    rules: RuleSet,
    /// The program that the engine runs, from the bytes that it stores.
    program: Verified,
    /// What the engine's plain evaluator walks, from the trees that the engine read.
    hir: Hir,
}

fn compile(texts: &[RuleText]) -> Written {
    let checked = check(texts, &CheckOptions::default());
    let CheckOptions { own_domains, limits, today } = &checked.options;
    let input = CheckInput { files: &checked.files, own_domains, limits: *limits, today: *today };
    let hir = semantics::lower(&input, &mut Vec::new());
    let rules = checked.rule_set.unwrap_or_else(|| panic!("{:#?}\n{texts:#?}", checked.diagnostics));
    let program = verify(decode(&rules.to_bytes()).expect("what was stored decodes")).expect("what was stored verifies");
    Written { rules, program, hir }
}

//! The machine decides as the plain evaluator does, and explains alike, on every event.

use crate::support::generate::Dice;
use crate::support::generate::files::files;
use crate::support::generate::occurrences::{Asked, asked, asked_of_a_crowd};
use crate::support::generate::rules::rule_set;
use callsheet::code::{Opcode, Origin, Part, Strategy, Verified, decode, encode, verify_as};
use callsheet::codegen::emit;
use callsheet::diagnostic::{Diagnostic, Severity};
use callsheet::reference;
use callsheet::semantics::hir::Hir;
use callsheet::semantics::{self, CheckInput, RuleFile};
use callsheet::source::{Sources, Span};
use callsheet::syntax::ast::{File, Layer};
use callsheet::syntax::{self, Limits, printer};
use callsheet::value::{DecidedBy, Decision, NotRecordable, Trace, Truth};
use callsheet::vm::{Batch, Machine, Preparer};
use std::collections::BTreeMap;

/// Rule sets made as the checker makes them, whatever their author could have written.
const RULE_SETS: u64 = 2_500;
/// Rule sets made as files, printed in both forms and read back.
const FILE_SETS: u64 = 1_250;
/// Events that each rule set of a kind meets: half a million pairs for either kind.
const EVENTS_PER_RULE_SET: u64 = 200;
const EVENTS_PER_FILE_SET: u64 = 400;
/// Different events.
const EVENTS: u64 = 10_000;
/// Threads that share the work of a test.
const WORKERS: u64 = 2;

#[test]
fn machine_equals_reference_on_every_rule_set() {
    let seen = share_work(RULE_SETS, |seed, events, seen| {
        let mut dice = Dice::new(seed ^ 0x5eed_0000_0000);
        let (hir, origin) = rule_set(&mut dice);
        compare(&hir, origin, EVENTS_PER_RULE_SET, events, &mut dice, seen);
    });
    seen.iter().for_each(Seen::assert_complete);
}

#[test]
fn both_forms_mean_the_same_and_the_machine_decides_by_them_as_the_reference_does() {
    share_work(FILE_SETS, |seed, events, seen| {
        let mut dice = Dice::new(seed ^ 0xf11e_0000_0000);
        let trees = files(&mut dice);
        let (by_text, origin) = lower_printed(&trees, printer::text);
        let (by_json, _) = lower_printed(&trees, printer::json);
        assert_eq!(without_places(by_json), without_places(by_text.clone()), "files {seed}");
        compare(&by_text, origin, EVENTS_PER_FILE_SET, events, &mut dice, seen);
    });
}

#[test]
fn a_crowd_is_counted_as_the_reference_counts_it() {
    let events: Vec<Asked> = (0..12).map(|seed| asked_of_a_crowd(&mut Dice::new(seed))).collect();
    for seed in 0..40 {
        let mut dice = Dice::new(seed);
        let (hir, origin) = rule_set(&mut dice);
        compare(&hir, origin, 6, &events, &mut dice, &mut Seen::default());
    }
}

/// Does `work` for every seed below `seeds`, on several threads.
fn share_work(seeds: u64, work: impl Fn(u64, &[Asked], &mut Seen) + Sync) -> Vec<Seen> {
    let events: Vec<Asked> = (0..EVENTS).map(|seed| asked(&mut Dice::new(seed))).collect();
    let (events, work) = (&events, &work);
    std::thread::scope(|scope| {
        let spawned: Vec<_> = (0..WORKERS)
            .map(|worker| {
                scope.spawn(move || {
                    let mut seen = Seen::default();
                    (0..seeds).filter(|seed| seed % WORKERS == worker).for_each(|seed| work(seed, events, &mut seen));
                    seen
                })
            })
            .collect();
        spawned.into_iter().map(|worker| worker.join().expect("the worker found no difference")).collect()
    })
}

/// One rule set, through its bytes, against some of the events.
fn compare(hir: &Hir, origin: Origin, pairs: u64, events: &[Asked], dice: &mut Dice, seen: &mut Seen) {
    let stored = encode(&emit(hir, origin));
    let program =
        |strategy| verify_as(decode(&stored).expect("what was encoded decodes"), strategy).expect("what was emitted verifies");
    let programs = Strategy::ALL.map(program);
    let program = &programs[0];
    let (mut machine, mut preparer, mut batch) = (Machine::new(), Preparer::default(), Batch::default());
    let mut all_decided = Vec::new();
    for _ in 0..pairs {
        let event = dice.pick(events);
        let question = event.question();
        let decided = machine.decide(program, &question);
        assert_eq!(decided, reference::decide(hir, &question), "{hir:#?}\n{event:#?}");
        assert!(machine.steps() <= program.cost(), "{} steps of {}", machine.steps(), program.cost());
        preparer.add(question, &mut batch);
        let prepared = batch.iter().last().expect("one was added");
        for (program, strategy) in programs.iter().zip(Strategy::ALL) {
            assert_eq!(machine.decide_prepared(program, prepared), decided, "{strategy:?}\n{hir:#?}\n{event:#?}");
            assert!(machine.steps() <= program.cost(), "{} steps of {}", machine.steps(), program.cost());
        }
        let traced = machine.trace(program, &question);
        assert_eq!(traced, reference::trace(hir, &question), "{hir:#?}\n{event:#?}");
        seen.add(program, decided, &traced);
        all_decided.push(decided);
    }
    for (program, strategy) in programs.iter().zip(Strategy::ALL) {
        let mut together = Vec::new();
        machine.decide_batch(program, &batch, &mut together);
        let wrong = (0..).zip(&together).zip(&all_decided).find(|((_, one), other)| one != other);
        assert!(
            wrong.is_none() && together.len() == all_decided.len(),
            "{strategy:?}, {wrong:?} in a batch of {pairs}\n{hir:#?}"
        );
    }
}

/// The rules of the trees, printed in one of the forms and read back.
fn lower_printed(trees: &[File; 2], print: impl Fn(&File) -> String) -> (Hir, Origin) {
    let mut sources = Sources::default();
    let mut diagnostics = Vec::new();
    let mut read = |tree: &File, name: &str| {
        let text = print(tree);
        let source = sources.add(name, text.clone());
        let (tree, mut found) = syntax::parse(source, &text, &Limits::default());
        diagnostics.append(&mut found);
        RuleFile { source, tree, layer: None }
    };
    let files = [read(&trees[0], "organisation.rules"), read(&trees[1], "user.rules")];
    let input = CheckInput { files: &files, own_domains: &[], limits: Limits::default(), today: None };
    let hir = semantics::lower(&input, &mut diagnostics);
    let errors: Vec<&Diagnostic> = diagnostics.iter().filter(|found| found.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{}\n{}", print(&trees[0]), print(&trees[1]));
    let layers = vec![Layer::Organisation, Layer::User];
    (hir, Origin { sources, layers, ..Origin::default() })
}

/// What the rules mean, wherever they were written.
fn without_places(mut hir: Hir) -> Hir {
    hir.outline.rules.iter_mut().for_each(|rule| rule.span = Span::default());
    hir.outline.atoms.iter_mut().for_each(|atom| atom.span = Span::default());
    hir
}

/// What the pairs met: a comparison that always sees the same proves little.
#[derive(Default)]
struct Seen {
    decisions: BTreeMap<String, u64>,
    answers: BTreeMap<(Opcode, Truth), u64>,
}

impl Seen {
    fn add(&mut self, program: &Verified, decision: Decision, trace: &Trace) {
        let program = program.program();
        let kind = match decision {
            Decision::NotRecordable(NotRecordable::Kind(_)) => "not recordable: kind".into(),
            Decision::NotRecordable(NotRecordable::LinkUnknown(_)) => "not recordable: link unknown".into(),
            Decision::NotRecordable(why) => format!("not recordable: {why:?}"),
            Decision::Decided { by: DecidedBy::Rule(rule), .. } => {
                format!("{:?}", program.outline.rules[usize::from(rule)].tier)
            }
            Decision::Decided { by, .. } => format!("{by:?}"),
        };
        *self.decisions.entry(kind).or_default() += 1;
        let questions = program.code.questions(trace.atoms.len());
        for (op, truth) in program.code.ops[questions].iter().zip(&trace.atoms) {
            *self.answers.entry((op.opcode(), *truth)).or_default() += 1;
        }
    }

    /// Every kind of decision, and every question with each of its answers, many times.
    fn assert_complete(&self) {
        let refusals = 9;
        let (tiers, overrides, defaults) = (6, 2, 3);
        assert_eq!(self.decisions.len(), refusals + tiers + overrides + defaults, "{:#?}", self.decisions);
        for opcode in Opcode::ALL.iter().filter(|opcode| opcode.part() == Part::Questions) {
            for truth in [Truth::False, Truth::Unknown, Truth::True] {
                // Whether an event has clock times is always known.
                let expected = !(*opcode == Opcode::AskAllDay && truth == Truth::Unknown);
                let met = self.answers.get(&(*opcode, truth)).is_some_and(|count| *count > 20);
                assert_eq!(met, expected, "{opcode:?} {truth:?}: {:#?}", self.answers);
            }
        }
    }
}

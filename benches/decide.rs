//! Deciding, beside what it is measured against: the plain evaluator over the same rules and events.
//!
//! The rules and calendars are those of `rules-examples/`. Read the ratios of one run, not the times.

use callsheet::engine::{CheckOptions, Machine, RuleSet, RuleText, check};
use callsheet::event::{ConnectedUser, Occurrence, ProvidedLists, Question};
use callsheet::providers;
use callsheet::time::{Instant, Zone};
use callsheet::value::Overrides;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use std::path::{Path, PathBuf};

/// An example of `rules-examples/`, read.
struct Example {
    name: String,
    text: String,
    calendar: Vec<u8>,
}

fn examples() -> Vec<Example> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules-examples");
    let mut folders: Vec<PathBuf> =
        std::fs::read_dir(root).expect("the examples").map(|entry| entry.expect("an entry").path()).collect();
    folders.retain(|path| path.is_dir());
    folders.sort();
    let read = |folder: PathBuf| {
        let name = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(folder.join(format!("{name}.rules"))).expect("its rules");
        let calendar = std::fs::read(folder.join("events.ics")).expect("its calendar");
        Example { name, text, calendar }
    };
    folders.into_iter().map(read).collect()
}

fn compiled(example: &Example) -> RuleSet {
    let text = RuleText { name: example.name.clone(), text: example.text.clone(), layer: None };
    check(&[text], &CheckOptions::default()).rule_set.expect("an example without errors")
}

fn occurrences(examples: &[Example]) -> Vec<Occurrence> {
    let instant = |text: &str| -> Instant { text.parse().expect("an instant") };
    let (from, to) = (instant("2026-01-01T00:00:00Z"), instant("2027-01-01T00:00:00Z"));
    let read = |example: &Example| providers::read(&example.calendar, &Zone::utc()).expect("its calendar");
    examples.iter().flat_map(|example| read(example).occurrences(from..to, &Zone::utc()).occurrences).collect()
}

fn decide(criterion: &mut Criterion) {
    let examples = examples();
    let rules: Vec<RuleSet> = examples.iter().map(compiled).collect();
    let occurrences = occurrences(&examples);
    let (user, lists) = (ConnectedUser::default(), ProvidedLists::default());
    let ask = |occurrence| Question { occurrence, user: &user, overrides: Overrides::default(), lists: &lists };
    let questions: Vec<Question<'_>> = occurrences.iter().map(ask).collect();
    let pairs = || rules.iter().flat_map(|rules| questions.iter().map(move |question| (rules, question)));
    let mut group = criterion.benchmark_group("decide every example over every calendar");
    group.throughput(Throughput::Elements((questions.len() * rules.len()) as u64));
    group.bench_function("machine", |bencher| {
        let mut machine = Machine::new();
        bencher.iter(|| pairs().for_each(|(rules, question)| _ = black_box(rules.decide(&mut machine, question))));
    });
    group.bench_function("plain evaluator", |bencher| {
        bencher.iter(|| pairs().for_each(|(rules, question)| _ = black_box(rules.decide_plainly(question))));
    });
    group.finish();
}

fn compile(criterion: &mut Criterion) {
    let examples = examples();
    let bytes: u64 = examples.iter().map(|example| example.text.len() as u64).sum();
    let stored: Vec<Vec<u8>> = examples.iter().map(|example| compiled(example).to_bytes()).collect();
    let mut group = criterion.benchmark_group("all examples");
    group.throughput(Throughput::Bytes(bytes));
    group.bench_function("check and compile", |bencher| bencher.iter(|| examples.iter().map(compiled).count()));
    group.bench_function("load and verify", |bencher| {
        bencher
            .iter(|| stored.iter().filter_map(|bytes| callsheet::code::decode(bytes).ok()).map(callsheet::code::verify).count());
    });
    group.finish();
}

criterion_group!(benches, decide, compile);
criterion_main!(benches);

//! Deciding, beside closures of plain Rust over the same rules and events: the ratios that `BENCHMARKS.md` tells.
//!
//! - `cargo bench --profile load --no-default-features --features calendars --bench decide`: Criterion's report, then the table of ratios
//! - `-- --table`: the table alone; `-- --write`: written into `BENCHMARKS.md` as well
//! - `-- --test`: everything once, to see that it runs
//! - `CALLSHEET_EVENTS=100000`: over so many events; 20,480 where nothing is said
//!
//! Read the ratios of one run, not the times.

#[path = "workload/mod.rs"]
#[expect(dead_code, reason = "each program uses its part")]
mod workload;

use callsheet::code;
use callsheet::engine::{Batch, Machine, Preparer, RuleSet};
use callsheet::event::Occurrence;
use callsheet::value::Decision;
use callsheet::value::words::Verb;
use criterion::Criterion;
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;
use workload::native::{Closures, HandWritten, View};
use workload::ratios::{Effort, Runner, Timing, race};
use workload::rules::Condition;
use workload::tables::{self, Table};
use workload::written::{self, Asker};
use workload::{Event, Rule, Size, agree, events, rules};

// The same for everybody.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEED: u64 = 1;

fn main() {
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let smoke = asked("--test");
    if !asked("--table") && !asked("--write") {
        criterion(&Corpus::new(2_000));
    }
    let (effort, count) = if smoke { (Effort::SMOKE, 200) } else { (Effort::FULL, events_asked_for()) };
    let figures = figures(&Corpus::new(count), effort);
    println!("{figures}");
    if asked("--write") {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("BENCHMARKS.md");
        tables::write_section(&file, "decide", &figures);
    }
}

fn events_asked_for() -> usize {
    std::env::var("CALLSHEET_EVENTS").ok().and_then(|count| count.parse().ok()).unwrap_or(20 * BATCH)
}

/// The events in every form that somebody decides about.
struct Corpus {
    events: Vec<Event>,
    occurrences: Vec<Occurrence>,
    asker: Asker,
}

impl Corpus {
    fn new(count: usize) -> Self {
        let events = events(SEED, count);
        let occurrences = events.iter().map(written::occurrence).collect();
        Self { events, occurrences, asker: Asker::new() }
    }

    fn views(&self) -> Vec<View<'_>> {
        self.events.iter().map(View::of).collect()
    }

    fn prepared(&self) -> Batch<'_> {
        self.batch_of(&self.occurrences)
    }

    /// The same in several batches, of which the last may be short.
    fn blocks(&self) -> Vec<Batch<'_>> {
        self.occurrences.chunks(BATCH).map(|some| self.batch_of(some)).collect()
    }

    fn batch_of<'c>(&'c self, occurrences: &'c [Occurrence]) -> Batch<'c> {
        let (mut preparer, mut batch) = (Preparer::default(), Batch::default());
        occurrences.iter().for_each(|occurrence| preparer.add(self.asker.question(occurrence), &mut batch));
        batch
    }
}

/// The rules of a size in every form.
struct Rules {
    size: Size,
    rules: Vec<Rule>,
    rule_set: RuleSet,
    closures: Closures,
}

impl Rules {
    fn new(size: Size) -> Self {
        let rules = rules(size);
        Self { size, rule_set: written::rule_set(&rules), closures: Closures::compile(&rules), rules }
    }
}

/// Everything by Criterion: for whoever compares two states of the program on one machine.
fn criterion(corpus: &Corpus) {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args();
    let (views, prepared) = (corpus.views(), corpus.prepared());
    for size in Size::ALL {
        let rules = Rules::new(size);
        let mut group = criterion.benchmark_group(format!("{} rules", size.label()));
        group.bench_function("decide", |bencher| {
            let (mut machine, mut next) = (Machine::new(), corpus.occurrences.iter().cycle());
            let mut decide = || next.next().map(|one| agree::decide(&rules.rule_set, &mut machine, &corpus.asker, one));
            bencher.iter(|| black_box(decide()));
        });
        group.bench_function("decide, prepared", |bencher| {
            let (mut machine, mut next) = (Machine::new(), (0..prepared.len()).cycle());
            bencher.iter(|| {
                black_box(
                    next.next().and_then(|at| prepared.get(at)).map(|one| rules.rule_set.decide_prepared(&mut machine, one)),
                )
            });
        });
        group.bench_function("decide, closures", |bencher| {
            let mut next = views.iter().cycle();
            bencher.iter(|| black_box(next.next().map(|view| rules.closures.decide(view))));
        });
        let (text, stored) = (written::text(&rules.rules), rules.rule_set.to_bytes());
        group.bench_function("compile", |bencher| bencher.iter(|| black_box(written::compile(text.clone()))));
        group.bench_function("load", |bencher| bencher.iter(|| black_box(load(&stored))));
        group.finish();
    }
    criterion.final_summary();
}

/// A stored program, read and proven.
fn load(stored: &[u8]) -> code::Verified {
    code::verify(code::decode(stored).expect("what was stored can be read")).expect("what was stored may run")
}

/// The table of ratios, and how it came about.
fn figures(corpus: &Corpus, effort: Effort) -> String {
    let mut table = Table::new(["work", "rules", "callsheet", "closures", "ratio", "at most"]);
    let (mut notes, mut decisions) = (String::new(), Vec::new());
    for size in Size::ALL {
        let rules = Rules::new(size);
        notes += &agreement(&rules, corpus);
        decisions.push(evaluation(&mut table, &rules, corpus, effort));
        compilation(&mut table, &rules, effort);
    }
    growth(&mut table, &decisions);
    idle_rules(&mut table, corpus, effort);
    let mut text = format!(
        "{} events, seed {SEED}; medians of processor time, {} rounds in turns, load average {}.\n\n",
        corpus.events.len(),
        effort.rounds,
        tables::load_average()
    );
    let _ = write!(text, "{}\n{notes}", table.markdown());
    text
}

/// Whether both decide alike, and what the rules do with these events.
fn agreement(rules: &Rules, corpus: &Corpus) -> String {
    let some = corpus.events.len().min(if rules.size == Size::Xl { 300 } else { 2_000 });
    let outcome = agree::compare(&rules.rules, &corpus.events[..some], 0);
    format!(
        "- {} rules: {:.1} looked at by the closures for one event, {:.0} % of events decided by a rule; {} of {some} decided \
         differently.\n",
        rules.size.label(),
        outcome.scanned_mean(),
        outcome.decided_percent(),
        outcome.differences.len()
    )
}

/// Times decisions, and gives the time of one about what was prepared.
fn evaluation(table: &mut Table, rules: &Rules, corpus: &Corpus, effort: Effort) -> f64 {
    let count = corpus.events.len();
    let (views, hand_written, prepared) = (corpus.views(), HandWritten::new(), corpus.prepared());
    let (blocks, mut decided) = (corpus.blocks(), Vec::new());
    let [mut machine, mut other_machine, mut third_machine] = [Machine::new(), Machine::new(), Machine::new()];
    let mut runners = vec![
        Runner::new("closures", |at| _ = black_box(rules.closures.decide(&views[at % count]))),
        Runner::new("decide, prepared", |at| {
            _ = black_box(decide_at(&rules.rule_set, &mut machine, &prepared, at));
        }),
        Runner::new(TOGETHER, |at| {
            // A whole block at once, and nothing until the next.
            if at % BATCH == 0 {
                decided.clear();
                rules.rule_set.decide_batch(&mut third_machine, &blocks[at / BATCH % blocks.len()], black_box(&mut decided));
            }
        }),
        Runner::new("decide, not prepared", |at| {
            _ = black_box(agree::decide(&rules.rule_set, &mut other_machine, &corpus.asker, &corpus.occurrences[at % count]));
        }),
        Runner::new("(closures, from the event as it is)", |at| {
            _ = black_box(rules.closures.decide(&View::of(&corpus.events[at % count])));
        }),
    ];
    if rules.size == Size::S {
        runners.push(Runner::new("(five `if`s, from the event as it is)", |at| {
            _ = black_box(hand_written.decide(&corpus.events[at % count]));
        }));
        runners.push(preparation(corpus));
    }
    let timings = race(&mut runners, effort);
    let names: Vec<&str> = runners.iter().map(|runner| runner.name.as_str()).collect();
    let (closures, decided, label) = (timings[0], timings[1], rules.size.label());
    for (name, timing) in names.iter().zip(&timings).skip(1) {
        let most = match (*name, rules.size) {
            ("decide, prepared", Size::S) => "0.60",
            ("decide, prepared", Size::M) => "0.12",
            ("decide, prepared", Size::L) => "0.018",
            (TOGETHER, Size::S) => "0.20",
            (TOGETHER, Size::M) => "0.05",
            (TOGETHER, Size::L) => "0.015",
            (PREPARE, Size::S) => "0.95",
            _ => "",
        };
        table.row([*name, label, &time(*timing), &time(closures), &ratio(*timing, closures), most]);
    }
    decided.median
}

/// So many events are decided together, or made ready before their memory is used again.
const BATCH: usize = 1024;

/// How tables call deciding about many.
const TOGETHER: &str = "decide together, prepared";

/// How tables call making an event ready.
const PREPARE: &str = "prepare an event";

/// Decides about one event of a batch.
fn decide_at(rule_set: &RuleSet, machine: &mut Machine, batch: &Batch<'_>, at: usize) -> Option<Decision> {
    Some(rule_set.decide_prepared(machine, batch.get(at % batch.len())?))
}

/// Makes one event ready after the other, in the memory of those before.
fn preparation<'c>(corpus: &'c Corpus) -> Runner<'c> {
    let question = |at: usize| corpus.asker.question(&corpus.occurrences[at % corpus.occurrences.len()]);
    let (mut preparer, mut batch) = (Preparer::default(), Batch::default());
    Runner::new(PREPARE, move |at| {
        if at % BATCH == 0 {
            batch.clear();
        }
        preparer.add(question(at), black_box(&mut batch));
    })
}

/// What a thousand rules more cost that match nothing: their words and domains are in no event.
fn idle_rules(table: &mut Table, corpus: &Corpus, effort: Effort) {
    let prepared = corpus.prepared();
    let (large, larger) = (rules(Size::L), with_idle_rules(rules(Size::L)));
    let [large, larger] = [large, larger].map(|rules| written::rule_set(&rules));
    let [mut machine, mut other_machine] = [Machine::new(), Machine::new()];
    let mut runners = [
        Runner::new("1,000", |at| _ = black_box(decide_at(&large, &mut machine, &prepared, at))),
        Runner::new("2,000", |at| _ = black_box(decide_at(&larger, &mut other_machine, &prepared, at))),
    ];
    let [large, larger] = race(&mut runners, effort)[..] else { return };
    table.row(["1,000 rules more that match nothing", "1,000", &time(larger), &time(large), &ratio(larger, large), "1.05"]);
}

/// The rules with as many others in front, by turns about texts and about domains.
fn with_idle_rules(rules: Vec<Rule>) -> Vec<Rule> {
    let idle = |number: usize| match number % 2 {
        0 => Condition::TitleContains(vec![format!("qqzx{number}")]),
        _ => Condition::AnyAttendeeFrom(vec![format!("qqzx{number}.example")]),
    };
    let idle = (0..rules.len()).map(|number| Rule { name: format!("idle-{number}"), verb: Verb::Skip, condition: idle(number) });
    idle.chain(rules).collect()
}

/// Times compiling from text, and loading what was stored.
fn compilation(table: &mut Table, rules: &Rules, effort: Effort) {
    let (text, stored) = (written::text(&rules.rules), rules.rule_set.to_bytes());
    let mut runners = [
        Runner::new("closures", |_| _ = black_box(Closures::compile(&rules.rules))),
        Runner::new("compile", |_| _ = black_box(written::compile(text.clone()))),
        Runner::new("load", |_| _ = black_box(load(&stored))),
    ];
    let rounds = if rules.size == Size::Xl { effort.rounds.min(3) } else { effort.rounds };
    let [closures, compile, load] = race(&mut runners, Effort { rounds, ..effort }.with_pieces(1))[..] else { return };
    let most = match rules.size {
        Size::M => "1.5 ms where the closures take 9 (0.17)",
        Size::L => "15 ms where the closures take 131 (0.115)",
        _ => "",
    };
    let label = rules.size.label();
    table.row(["compile from text", label, &time(compile), &time(closures), &ratio(compile, closures), most]);
    table.row(["load what was compiled", label, &time(load), "", "", ""]);
}

/// How the time of a decision grows with the number of rules.
fn growth(table: &mut Table, decisions: &[f64]) {
    let [five, _, thousand, ten_thousand] = decisions[..] else { return };
    table.row(["growth of a decision", "5 → 1,000", "", "", &tables::ratio(thousand / five), "5"]);
    table.row(["growth of a decision", "1,000 → 10,000", "", "", &tables::ratio(ten_thousand / thousand), "3"]);
}

fn time(timing: Timing) -> String {
    tables::time(timing.median)
}

fn ratio(timing: Timing, to: Timing) -> String {
    tables::ratio(timing.median / to.median)
}

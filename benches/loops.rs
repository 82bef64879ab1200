//! What deciding costs by instructions: numbers that do not depend on how busy the machine is.
//!
//! - `cargo bench --profile load --no-default-features --features calendars --bench loops`: the table; it fails where a loop takes more
//!   than it may. Needs valgrind.
//! - `-- --write`: put into `BENCHMARKS.md` as well
//! - `-- --test`: every loop once, without valgrind
//!
//! Each loop is run by a process of its own, with few and with many rounds. The difference is what rounds take: making events and rules
//! is in both, and so is what the first round builds.

#[path = "workload/mod.rs"]
#[expect(dead_code, unused_imports, reason = "each program uses its part")]
mod workload;

use callsheet::engine::{Batch, Machine, Preparer};
use callsheet::event::Occurrence;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, ExitCode};
use workload::native::{Closures, View};
use workload::tables::{self, Table};
use workload::written::{self, Asker};
use workload::{Size, events, rules};

// The same for everybody, and as the other programs have it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Events of a round: eight blocks of those that are decided together.
const EVENTS: usize = 512;
/// Rounds of the two runs of a loop.
const FEW: usize = 2;
const MANY: usize = 22;

/// One loop.
#[derive(Clone, Copy)]
struct Loop {
    work: Work,
    size: Size,
    /// Most instructions for one event: a quarter above what it takes today, since processors differ in what they can do at once.
    most: Option<u64>,
}

#[derive(Clone, Copy, PartialEq)]
enum Work {
    Closures,
    Alone,
    Together,
    Prepare,
}

impl Work {
    const ALL: [Self; 4] = [Self::Closures, Self::Alone, Self::Together, Self::Prepare];

    fn name(self) -> &'static str {
        match self {
            Self::Closures => "closures",
            Self::Alone => "decide, prepared",
            Self::Together => "decide together, prepared",
            Self::Prepare => "prepare an event",
        }
    }
}

const LOOPS: [Loop; 10] = [
    Loop { work: Work::Prepare, size: Size::S, most: Some(7_000) },
    Loop { work: Work::Closures, size: Size::S, most: None },
    Loop { work: Work::Alone, size: Size::S, most: Some(2_400) },
    Loop { work: Work::Together, size: Size::S, most: Some(1_250) },
    Loop { work: Work::Closures, size: Size::M, most: None },
    Loop { work: Work::Alone, size: Size::M, most: Some(3_700) },
    Loop { work: Work::Together, size: Size::M, most: Some(2_400) },
    Loop { work: Work::Closures, size: Size::L, most: None },
    Loop { work: Work::Alone, size: Size::L, most: Some(4_000) },
    Loop { work: Work::Together, size: Size::L, most: Some(3_800) },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let asked = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if let [flag, work, size, rounds] = &arguments[..]
        && flag == "--loop"
    {
        let work = Work::ALL.into_iter().find(|known| known.name() == work).expect("a work of this program");
        let size = Size::ALL.into_iter().find(|known| known.label() == size).expect("a size of rules");
        run(work, size, rounds.parse().expect("a number of rounds"));
        return ExitCode::SUCCESS;
    }
    if asked("--test") {
        LOOPS.iter().for_each(|one| run(one.work, one.size, 1));
        return ExitCode::SUCCESS;
    }
    let (table, too_many) = table();
    println!("{table}");
    if asked("--write") {
        tables::write_section(&Path::new(env!("CARGO_MANIFEST_DIR")).join("BENCHMARKS.md"), "loops", &table);
    }
    too_many.iter().for_each(|one| eprintln!("{one}"));
    if too_many.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The table, and a line for each loop that takes too many.
fn table() -> (String, Vec<String>) {
    let mut table = Table::new(["work", "rules", "instructions an event", "at most"]);
    let mut too_many = Vec::new();
    for one in LOOPS {
        let (name, label) = (one.work.name(), one.size.label());
        let counted = instructions(one.work, one.size, MANY) - instructions(one.work, one.size, FEW);
        let each = counted / (EVENTS * (MANY - FEW)) as u64;
        if let Some(most) = one.most.filter(|most| each > *most) {
            too_many.push(format!("{name}, {label} rules: {each} instructions, at most {most}"));
        }
        let rules = if one.work == Work::Prepare { "" } else { label };
        table.row([name, rules, &each.to_string(), &one.most.map_or(String::new(), |most| most.to_string())]);
    }
    (table.markdown(), too_many)
}

/// What a process takes that runs a loop.
///
/// # Panics
/// Where there is no valgrind, or where it does not say it.
fn instructions(work: Work, size: Size, rounds: usize) -> u64 {
    let program = std::env::current_exe().expect("the path of this program");
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--loop", work.name(), size.label(), &rounds.to_string()])
        .output()
        .expect("valgrind is installed");
    let told = String::from_utf8_lossy(&output.stderr);
    let line = told.lines().find_map(|line| line.split_once("Collected : ")).expect("callgrind says what it counted");
    line.1.trim().parse().expect("a number")
}

fn run(work: Work, size: Size, rounds: usize) {
    let (events, rules, asker) = (events(1, EVENTS), rules(size), Asker::new());
    let occurrences: Vec<Occurrence> = events.iter().map(written::occurrence).collect();
    let (mut preparer, mut batch) = (Preparer::default(), Batch::default());
    let mut prepare = || {
        batch.clear();
        occurrences.iter().for_each(|one| preparer.add(asker.question(one), black_box(&mut batch)));
    };
    match work {
        Work::Prepare => (0..rounds).for_each(|_| prepare()),
        Work::Closures => {
            let closures = Closures::compile(&rules);
            let views: Vec<View<'_>> = events.iter().map(View::of).collect();
            for view in (0..rounds).flat_map(|_| &views) {
                _ = black_box(closures.decide(view));
            }
        }
        Work::Alone => {
            let (rule_set, mut machine) = (written::rule_set(&rules), Machine::new());
            prepare();
            for prepared in (0..rounds).flat_map(|_| batch.iter()) {
                _ = black_box(rule_set.decide_prepared(&mut machine, prepared));
            }
        }
        Work::Together => {
            let (rule_set, mut machine, mut decided) = (written::rule_set(&rules), Machine::new(), Vec::new());
            prepare();
            for _ in 0..rounds {
                decided.clear();
                rule_set.decide_batch(&mut machine, &batch, black_box(&mut decided));
            }
        }
    }
}

//! The same rules and events through callsheet, closures of plain Rust, and other rule engines: one table from one run.
//!
//! `cargo run --release`; `-- --write` puts the table into `BENCHMARKS.md`, `-- --test` does everything once. README.md says
//! how each engine is used, and what it cannot say.

#[path = "../../workload/mod.rs"]
#[expect(dead_code, reason = "each program uses its part")]
mod workload;

mod cedar;
mod cel;
mod datalogic;
mod facts;
mod peer;
mod regorus;
mod rhai;
mod wirefilter;
mod zen;

use callsheet::engine::{Batch, Machine, Preparer};
use peer::{PEERS, Peer};
use std::fmt::Write;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};
use workload::native::{Closures, View};
use workload::ratios::{Effort, Runner, Timing, race};
use workload::tables::{self, Table};
use workload::written::{self, Asker};
use workload::{Event, Size, agree, events, rules};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SEED: u64 = 1;
const SIZES: [Size; 3] = [Size::S, Size::M, Size::L];
/// How long each engine's decisions are held against the closures', at most.
const COMPARED: Duration = Duration::from_secs(4);

fn main() {
    let asked = |flag: &str| std::env::args().any(|argument| argument == flag);
    let (effort, count) = if asked("--test") { (Effort::SMOKE, 50) } else { (Effort::FULL, 2_000) };
    let figures = figures(&events(SEED, count), effort.with_pieces(20));
    println!("{figures}");
    if asked("--write") {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../BENCHMARKS.md");
        tables::write_section(&file, "peers", &figures);
    }
}

/// How one engine did with the rules of one size.
struct Cell {
    decide: String,
    compile: String,
    differences: String,
}

impl Cell {
    fn refused(why: &str) -> Self {
        Self { decide: "–".to_owned(), compile: "–".to_owned(), differences: why.to_owned() }
    }
}

fn figures(events: &[Event], effort: Effort) -> String {
    let views: Vec<View<'_>> = events.iter().map(View::of).collect();
    let (columns, best): (Vec<Vec<Cell>>, Vec<f64>) = SIZES.into_iter().map(|size| column(size, events, &views, effort)).unzip();
    let names = ["closures", "callsheet, prepared"].into_iter().chain(PEERS.iter().map(|peer| peer.name));
    let mut header = vec!["engine".to_owned()];
    for (title, size) in ["decide", "compile", "decided differently"].iter().flat_map(|title| SIZES.map(|size| (title, size))) {
        header.push(format!("{title}, {}", size.label()));
    }
    let mut table = Table::new(header);
    for (place, name) in names.enumerate() {
        let mut row = vec![name.to_owned()];
        row.extend(columns.iter().map(|cells| cells[place].decide.clone()));
        row.extend(columns.iter().map(|cells| cells[place].compile.clone()));
        row.extend(columns.iter().map(|cells| cells[place].differences.clone()));
        table.row(row);
    }
    let mut text = format!(
        "{} events, seed {SEED}, each in the engine's own form before; *decide* is the ratio to the closures, medians of processor \
         time, {} rounds in turns; compiling was done once; load average {}.\n\n{}\n",
        events.len(),
        effort.rounds,
        tables::load_average(),
        table.markdown()
    );
    let best: Vec<String> = best.into_iter().map(tables::ratio).collect();
    let _ = writeln!(text, "The best peer takes {} times what callsheet takes; wanted are 3, 18 and 80.\n", best.join(", "));
    for peer in PEERS {
        let _ = writeln!(text, "- {}: {}", peer.name, peer.note);
    }
    text
}

/// What everybody does with the rules of one size, and how often the time of callsheet the best of its peers takes.
fn column(size: Size, events: &[Event], views: &[View<'_>], effort: Effort) -> (Vec<Cell>, f64) {
    let rules = rules(size);
    let count = events.len();
    let (closures, closures_compiled) = timed(|| Closures::compile(&rules));
    let (rule_set, compiled) = timed(|| written::rule_set(&rules));
    let (asker, mut machine, mut preparer, mut prepared) = (Asker::new(), Machine::new(), Preparer::default(), Batch::default());
    let occurrences: Vec<_> = events.iter().map(written::occurrence).collect();
    occurrences.iter().for_each(|one| preparer.add(asker.question(one), &mut prepared));
    let decide = |machine: &mut Machine, at| Some(rule_set.decide_prepared(machine, prepared.get(at)?));
    // Compiling is timed without events, which would have to be turned into the engine's own form first.
    let compiling = PEERS.iter().map(|peer| timed(|| (peer.build)(&rules, &[])).1);
    let built: Vec<(Duration, Result<Box<dyn Peer + '_>, String>)> =
        compiling.zip(PEERS).map(|(took, peer)| (took, (peer.build)(&rules, views))).collect();

    let mut cells = vec![
        Cell { decide: String::new(), compile: shown(closures_compiled), differences: String::new() },
        Cell {
            decide: String::new(),
            compile: shown(compiled),
            differences: differences(&closures, views, |at| {
                decide(&mut machine, at).and_then(|decision| agree::rule_of(&decision))
            }),
        },
    ];
    let mut runners = vec![
        Runner::new("closures", |at| _ = black_box(closures.decide(&views[at % count]))),
        Runner::new("callsheet", |at| _ = black_box(decide(&mut machine, at % count))),
    ];
    let mut cell_of_runner = vec![0, 1];
    for (took, peer) in built {
        match peer {
            Err(why) => cells.push(Cell::refused(&why)),
            Ok(mut peer) => {
                cell_of_runner.push(cells.len());
                let differences = differences(&closures, views, |at| peer.decide(at));
                cells.push(Cell { decide: String::new(), compile: shown(took), differences });
                runners.push(Runner::new("peer", move |at| _ = black_box(peer.decide(at % count))));
            }
        }
    }
    let timings = race(&mut runners, effort);
    for (cell, timing) in cell_of_runner.into_iter().zip(&timings) {
        cells[cell].decide = told(*timing, timings[0]);
    }
    let best = timings[2..].iter().map(|timing| timing.median).fold(f64::INFINITY, f64::min);
    (cells, best / timings[1].median)
}

/// Of how many events an engine decided how many otherwise than the closures.
fn differences(closures: &Closures, views: &[View<'_>], mut decide: impl FnMut(usize) -> Option<usize>) -> String {
    let began = Instant::now();
    let (mut looked_at, mut differ) = (0, 0);
    for (at, view) in views.iter().enumerate() {
        differ += usize::from(decide(at) != closures.decide(view));
        looked_at += 1;
        if began.elapsed() > COMPARED {
            break;
        }
    }
    format!("{differ} of {looked_at}")
}

fn told(timing: Timing, closures: Timing) -> String {
    format!("{} ({})", tables::ratio(timing.median / closures.median), tables::time(timing.median))
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let before = workload::ratios::thread_time();
    let done = work();
    (done, workload::ratios::thread_time() - before)
}

fn shown(time: Duration) -> String {
    tables::time(time.as_nanos() as f64)
}

//! Bytes that a compiled rule set keeps, beside closures of plain Rust: counted, not guessed from what the process has.
//!
//! A program of its own, since counting slows down whoever allocates. `-- --write` puts the table into `BENCHMARKS.md`.

#[path = "workload/mod.rs"]
#[expect(dead_code, unused_imports, reason = "each program uses its part")]
mod workload;

use allocation_counter::measure;
use callsheet::code;
use callsheet::engine::Machine;
use std::hint::black_box;
use std::path::Path;
use workload::native::{Closures, View};
use workload::tables::{self, Table};
use workload::written::{self, Asker};
use workload::{Size, agree, events, rules};

fn main() {
    let mut table = Table::new([
        "rules",
        "rule set, without its text",
        "program alone",
        "after events",
        "its text",
        "closures",
        "after events",
        "at most",
    ]);
    let smoke = std::env::args().any(|argument| argument == "--test");
    for size in Size::ALL {
        table.row(row(size, if smoke { 20 } else { 2_000 }));
    }
    println!("{}", table.markdown());
    if std::env::args().any(|argument| argument == "--write") {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("BENCHMARKS.md");
        tables::write_section(&file, "memory", &table.markdown());
    }
}

/// What the rules of one size keep: compiled, and once they have decided about some events, which builds what is built late.
fn row(size: Size, count: usize) -> [String; 8] {
    let (rules, events, asker) = (rules(size), events(1, count), Asker::new());
    let text = written::text(&rules);
    let (rule_set, compiled) = kept(|| written::compile(text.clone()));
    let stored = rule_set.to_bytes();
    let (program, loaded) = kept(|| code::decode(&stored).ok().and_then(|program| code::verify(program).ok()));
    drop(program);
    let occurrences: Vec<_> = events.iter().map(written::occurrence).collect();
    let (machine, late) = kept(|| {
        let mut machine = Machine::new();
        occurrences.iter().for_each(|occurrence| _ = black_box(agree::decide(&rule_set, &mut machine, &asker, occurrence)));
        machine
    });
    drop(machine);
    let views: Vec<View<'_>> = events.iter().map(View::of).collect();
    let (closures, native) = kept(|| Closures::compile(&rules));
    let ((), native_late) = kept(|| views.iter().for_each(|view| _ = black_box(closures.decide(view))));
    let most = match size {
        Size::S => "2 KB",
        Size::M => "16 KB",
        Size::L => "300 KB",
        Size::Xl => "",
    };
    let bytes = |bytes: i64| tables::bytes(bytes as f64);
    let own = text.len() as i64;
    [
        size.label().to_owned(),
        bytes(compiled - own),
        bytes(loaded - own),
        bytes(compiled - own + late),
        bytes(own),
        bytes(native),
        bytes(native + native_late),
        most.to_owned(),
    ]
}

/// What `work` gives, and how many bytes more there are after it.
fn kept<T>(work: impl FnOnce() -> T) -> (T, i64) {
    let mut made = None;
    let counted = measure(|| made = Some(work()));
    (made.expect("the work was done"), counted.bytes_current)
}

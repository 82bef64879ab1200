//! `kill -9`, two hundred times on each store, while meetings begin, move and are called off: nothing that was acknowledged is
//! lost, and no meeting gets a second bot. With a number it kills that often; with a second one it takes that as the seed. With
//! `sqlite` or `postgresql` it leaves the other one out. With `1500..5000` it kills so many milliseconds after a start.
//!
//! Controls of the same run: the same meetings with a host that nobody kills, commits a second, an empty HTTP loop.

#[path = "../tests/support/load/mod.rs"]
mod load;

use load::figures::tell_controls;
use load::kills::{Report, Run, first};
use load::postgres;
use load::process::Folder;
use std::time::Duration;

fn main() {
    let numbers: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let smoke = std::env::args().any(|argument| argument == "--test");
    let kills = u32::try_from(numbers.first().copied().unwrap_or(if smoke { 2 } else { 200 })).expect("not that often");
    let only = |name: &str| std::env::args().any(|argument| argument == name);
    let gap = std::env::args().skip(1).find_map(|argument| {
        let (least, most) = argument.split_once("..")?;
        let (least, most): (u64, u64) = (least.parse().ok()?, most.parse().ok()?);
        (least <= most).then_some((least, most))
    });
    let seed = numbers.get(1).copied().unwrap_or(1);
    println!("{}", Report::head());
    let mut failed = false;
    let mut show = |name: &str, store: &str, kills: u32| {
        let gap = if kills == 0 { (0, 0) } else { gap.unwrap_or((150, 2500)) };
        let report = Run { program: env!("CARGO_BIN_EXE_callsheet"), store, seed, kills, gap, rate: 10 }.run();
        println!("{}", report.line(name));
        if !report.wrong.is_empty() {
            println!("seed {seed}: {}", first(&report.wrong));
            failed = true;
        }
    };
    let folders = [Folder::new("kills-store"), Folder::new("kills-control")];
    if !only("postgresql") {
        show("sqlite", &folders[0].store(), kills);
    }
    match postgres::database() {
        _ if only("sqlite") => {}
        Some(url) => show("postgresql", &url, kills),
        None => println!("postgresql   not installed"),
    }
    show("not killed", &folders[1].store(), 0);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(tell_controls(16, Duration::from_secs(if smoke { 1 } else { 4 })));
    assert!(!failed, "see above");
}

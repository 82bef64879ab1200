//! The real program, killed with `kill -9` while bots are asked for and webhooks are sent. Two hundred kills: `benches/kills.rs`.

use crate::load::kills::{Run, first};
use crate::load::postgres;
use crate::load::process::Folder;

fn killed(store: &str, seed: u64) {
    let run = Run { program: env!("CARGO_BIN_EXE_callsheet"), store, seed, kills: 6, gap: (300, 2500), rate: 8 };
    let report = run.run();
    assert!(report.wrong.is_empty(), "seed {seed}: {}", first(&report.wrong));
    assert_eq!(report.kills, 6, "every kill hit a living host");
    assert!(report.meetings.0 > 30 && report.accepted >= report.meetings.0, "{report:?}");
}

#[test]
fn a_killed_host_loses_nothing_and_sends_no_second_bot_on_sqlite() {
    let folder = Folder::new("kills-store");
    killed(&folder.store(), 1);
}

#[test]
fn a_killed_host_loses_nothing_and_sends_no_second_bot_on_postgresql() {
    let Some(url) = postgres::database() else { return };
    killed(&url, 2);
}

//! What several test files share.

#![allow(dead_code, reason = "each test file uses its part")]

pub mod ast_strategy;
pub mod generate;

use std::path::{Path, PathBuf};

/// The folder of conformance data that other projects wrote: `CALLSHEET_FIXTURES`, else `../shared/fixtures`.
///
/// `None` where there is none; `.ci/run` makes sure that there is.
pub fn fixtures() -> Option<PathBuf> {
    let named = std::env::var_os("CALLSHEET_FIXTURES").map(PathBuf::from);
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures");
    let folder = named.clone().unwrap_or(beside);
    if named.is_some() {
        assert!(folder.is_dir(), "CALLSHEET_FIXTURES names no folder");
    }
    folder.is_dir().then_some(folder)
}

/// The lines of a `.jsonl` file as JSON values.
pub fn json_lines(path: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().filter(|line| !line.trim().is_empty()).map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

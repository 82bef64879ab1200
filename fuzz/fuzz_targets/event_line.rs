//! Whatever line `eval` reads: no panic.
#![no_main]

use callsheet::providers::normal::read_occurrence;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    let _ = read_occurrence(line);
});

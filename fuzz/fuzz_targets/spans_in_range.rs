//! Whatever the text: no panic, and every remark names a place that is in it.
#![no_main]

use callsheet::diagnostic::{Style, render};
use callsheet::engine::{CheckOptions, RuleText, check};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let checked = check(&[RuleText { name: "fuzz.rules".into(), text: text.into(), layer: None }], &CheckOptions::default());
    for remark in &checked.diagnostics {
        for label in std::iter::once(&remark.primary).chain(&remark.secondary) {
            assert!(text.get(label.span.range()).is_some(), "{remark:?}");
        }
        for (span, _) in remark.fixes.iter().flat_map(|fix| &fix.edits) {
            assert!(text.get(span.range()).is_some(), "{remark:?}");
        }
        assert!(!render(remark, &checked.sources, Style::Plain).is_empty());
    }
});

//! Whatever the text: lints end, find the same twice, name places that are in it, and a fix that keeps decisions makes no error.
#![no_main]

use callsheet::diagnostic::{Code, Diagnostic, Effect, Level, Severity};
use callsheet::engine::{CheckOptions, Checked, RuleText, check};
use callsheet::lint::Options;
use callsheet::time::Date;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let checked = checked(text);
    let found = remarks(&checked);
    assert_eq!(found, remarks(&self::checked(text)));
    let errors = errors(&checked.diagnostics);
    for remark in &found {
        for label in std::iter::once(&remark.primary).chain(&remark.secondary) {
            assert!(text.get(label.span.range()).is_some(), "{remark:?}");
        }
        for fix in &remark.fixes {
            let mut edits: Vec<_> = fix.edits.iter().collect();
            edits.sort_by_key(|(span, _)| std::cmp::Reverse(*span));
            let mut fixed = text.to_owned();
            for (span, new) in edits {
                assert!(text.get(span.range()).is_some(), "{remark:?}");
                fixed.replace_range(span.range(), new);
            }
            // A suppression or a test may be about what a fix takes out; that is a remark, and no reading of the text.
            if fix.effect == Effect::KeepsDecisions && errors == 0 && remark.code != Code::UnusedName {
                let fixed = self::checked(&fixed);
                assert_eq!(self::errors(&fixed.diagnostics), 0, "{remark:?}: {:?}", fixed.diagnostics);
            }
        }
    }
});

fn checked(text: &str) -> Checked {
    let options = CheckOptions { today: Some(Date::constant(2026, 3, 1)), ..CheckOptions::default() };
    check(&[RuleText { name: "fuzz.rules".into(), text: text.into(), layer: None }], &options)
}

/// What all lints say, those that are off by default too.
fn remarks(checked: &Checked) -> Vec<Diagnostic> {
    let off = Code::ALL.iter().copied().filter(|code| code.level() == Level::Off);
    checked.remarks(&Options { levels: off.map(|code| (code, Level::Info)).collect(), ..Options::default() })
}

fn errors(remarks: &[Diagnostic]) -> usize {
    remarks.iter().filter(|remark| remark.severity == Severity::Error).count()
}

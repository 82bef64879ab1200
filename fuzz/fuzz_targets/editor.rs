//! Whatever the text and wherever the cursor: every question of an editor is answered, with places that are in the text; renaming
//! keeps what names speak of, and the edit of a layout makes what `fmt` writes.
#![no_main]

use callsheet::editor::{Snapshot, layout};
use callsheet::engine::{CheckOptions, RuleText, format};
use callsheet::source::SourceId;
use libfuzzer_sys::fuzz_target;

const FIRST: SourceId = SourceId(0);

fuzz_target!(|input: (u16, &str)| {
    let (at, text) = (usize::from(input.0), input.1);
    let rule = RuleText { name: "fuzz.rules".into(), text: text.into(), layer: None };
    let snapshot = Snapshot::of(&[rule], &CheckOptions::default());
    let is_in = |range: std::ops::Range<usize>| assert!(text.get(range).is_some());
    snapshot.complete(FIRST, at).iter().for_each(|offered| is_in(offered.span.range()));
    snapshot.hover(FIRST, at).iter().for_each(|hover| is_in(hover.span.range()));
    snapshot.definition(FIRST, at).iter().for_each(|span| is_in(span.range()));
    snapshot.references(FIRST, at).iter().for_each(|span| is_in(span.range()));
    snapshot.tokens(FIRST).iter().for_each(|token| is_in(token.span.range()));
    snapshot.symbols(FIRST).iter().for_each(|symbol| is_in(symbol.span.range()));
    for action in snapshot.actions(FIRST, 0..text.len(), &snapshot.checked().diagnostics) {
        action.edits.iter().for_each(|(span, _)| is_in(span.range()));
    }
    if let Ok(edits) = snapshot.rename(FIRST, at, "another-name") {
        let after = Snapshot::of(&snapshot.edited(&edits), &CheckOptions::default());
        assert_eq!(after.names().len(), snapshot.names().len());
    }
    if let (Ok(Some((range, new))), Ok(formatted)) = (layout(text), format("fuzz.rules", text)) {
        let mut edited = text.to_owned();
        edited.replace_range(range, &new);
        assert_eq!(edited, formatted);
    }
});

//! What can be done about remarks: their fixes, all safe fixes at once, or a comment that allows one.

use super::{Snapshot, can_be_allowed};
use crate::diagnostic::{Diagnostic, Effect};
use crate::source::{Form, SourceId, Span};
use crate::syntax::ast::File;

/// Something that an editor can offer to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What it does.
    pub title: String,
    /// What sort of action it is.
    pub kind: ActionKind,
    /// Its edits; they do not overlap.
    pub edits: Vec<(Span, String)>,
    /// The remark that it is about, by its place among those given; `None`: about many.
    pub remark: Option<usize>,
}

/// What sort of action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// Cures a remark, and keeps what is decided.
    SafeFix,
    /// Cures a remark; what is decided may change.
    Fix,
    /// Applies every safe fix of a file.
    FixAll,
    /// Allows the remark on the piece that it is about.
    Allow,
}

impl Snapshot {
    /// What can be done about the remarks that touch a range of a text.
    #[must_use]
    pub fn actions(&self, source: SourceId, range: std::ops::Range<usize>, remarks: &[Diagnostic]) -> Vec<Action> {
        let mut actions = Vec::new();
        for (index, remark) in remarks.iter().enumerate().filter(|(_, remark)| touches(remark.primary.span, source, &range)) {
            actions.extend(remark.fixes.iter().map(|fix| Action {
                title: fix.title.clone(),
                kind: if fix.effect == Effect::KeepsDecisions { ActionKind::SafeFix } else { ActionKind::Fix },
                edits: fix.edits.clone(),
                remark: Some(index),
            }));
            actions.extend(self.allow(remark).map(|edit| Action {
                title: format!("allow `{}` here", remark.code.as_str()),
                kind: ActionKind::Allow,
                edits: vec![edit],
                remark: Some(index),
            }));
        }
        actions
    }

    /// Every safe fix of a text that goes together with those before it; `None` where there is none.
    #[must_use]
    pub fn fix_all(&self, source: SourceId, remarks: &[Diagnostic]) -> Option<Action> {
        let mut edits: Vec<(Span, String)> = Vec::new();
        for remark in remarks {
            let [fix] = remark.fixes.as_slice() else { continue };
            let apart = |span: &Span| {
                span.source == source && edits.iter().all(|(other, _)| span.end < other.start || other.end < span.start)
            };
            if fix.effect == Effect::KeepsDecisions && fix.edits.iter().all(|(span, _)| apart(span)) {
                edits.extend(fix.edits.iter().cloned());
            }
        }
        let title = "apply all fixes that keep every decision".to_owned();
        (!edits.is_empty()).then_some(Action { title, kind: ActionKind::FixAll, edits, remark: None })
    }

    /// The comment that takes a remark away, on a line of its own before the piece.
    fn allow(&self, remark: &Diagnostic) -> Option<(Span, String)> {
        let place = remark.primary.span;
        if self.form(place.source) == Form::Json || !can_be_allowed(remark) {
            return None;
        }
        let piece = pieces(&self.file(place.source)?.tree).find(|piece| piece.start <= place.start && place.end <= piece.end)?;
        let text = self.text(place.source);
        let line = text[..piece.range().start].rfind(['\n', '\r']).map_or(0, |newline| newline + 1);
        let ending = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let edit = format!("# lint: allow {} \"reason\"{ending}", remark.code.as_str());
        Some((Span::new(place.source, line, line), edit))
    }
}

/// The pieces that comments can stand on.
fn pieces(file: &File) -> impl Iterator<Item = Span> {
    let lists = file.lists.iter().map(|piece| piece.at.0);
    let people = file.people.iter().map(|piece| piece.at.0);
    let definitions = file.definitions.iter().map(|piece| piece.at.0);
    let rules = file.rules.iter().map(|piece| piece.at.0);
    let tests = file.tests.iter().map(|piece| piece.at.0);
    lists.chain(people).chain(definitions).chain(rules).chain(tests)
}

fn touches(span: Span, source: SourceId, range: &std::ops::Range<usize>) -> bool {
    span.source == source && span.range().start <= range.end && range.start <= span.range().end
}

//! What the tests of the files do not show.

use super::{Subject, example};
use crate::coverage::{self, Goal, Kind, State};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::Span;
use crate::value::RuleIdx;

/// `condition-uncovered`: where there are tests, a condition that none shows true, or false, although a meeting could.
pub(super) fn conditions(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    if subject.input.files.iter().all(|file| file.tree.tests.is_empty()) {
        return;
    }
    let Some(mut coverage) = coverage::measure(subject.input, subject.model) else { return };
    coverage::prove(&mut coverage, subject.model, |goal| matches!(goal.kind, Kind::Is(..)));
    for (goal, state) in &coverage.goals {
        let (Goal { rule: Some(rule), kind: Kind::Is(atom, so) }, State::Possible(witness)) = (goal, state) else { continue };
        let outline = &subject.hir.outline;
        let (id, text) = (&outline.rules[usize::from(*rule)].id, &outline.atoms[usize::from(*atom)].text);
        let truth = if *so { "true" } else { "false" };
        let message = format!("no test shows `{id}` with `{text}` being {truth}");
        findings.push(
            Diagnostic::new(Code::ConditionUncovered, place(subject, *rule, *atom), message)
                .help(format!("this meeting would: {}", example::event(witness))),
        );
    }
}

/// The condition, where it is written in the rule; else the rule's name.
fn place(subject: &Subject<'_>, rule: RuleIdx, atom: u16) -> Span {
    let outline = &subject.hir.outline;
    let (rule, atom) = (&outline.rules[usize::from(rule)], outline.atoms[usize::from(atom)].span);
    let inside = rule.span.source == atom.source && rule.span.start <= atom.start && atom.end <= rule.span.end;
    if inside { atom } else { subject.written(rule).map_or(rule.span, |(_, piece)| piece.name.at.0) }
}

//! Writing the tests that are missing.
//!
//! Each is made from a meeting that reaches a goal, written down as a test, prepared and run like any test; only where it
//! still reaches its goal it stays, with every entry taken out that it does not need.

use super::event::{Draft, commented, draft, located};
use super::goals::{Goal, Kind};
use super::{Coverage, Seen, State};
use crate::analysis::{Model, Witness};
use crate::semantics::{CheckInput, RuleFile, prepare};
use crate::syntax::ast::{EventValue, Expectation, ExpectedOutcome, Piece, Test, Trivia};
use crate::value::outline::Outline;
use crate::value::words::Layer;
use crate::value::{DecidedBy, Decision, shown};
use crate::vm::Machine;
use std::collections::BTreeSet;

/// The tests that were missing.
#[derive(Clone, Debug, Default)]
pub struct Missing {
    /// The tests, each with the place of the file that it belongs into.
    pub tests: Vec<(usize, Piece<Test>)>,
    /// Goals that a meeting reaches for which tests have no words.
    pub unwritten: Vec<Goal>,
}

/// Longest text of a condition in the name of a test.
const CONDITION_CHARS_MAX: usize = 60;

/// Writes tests for all goals of `coverage` that are known to be possible. A goal that another test of these reaches has none
/// of its own.
#[must_use]
pub fn missing_tests(input: &CheckInput<'_>, model: &Model<'_>, coverage: &Coverage) -> Missing {
    let mut bench = Bench::new(input, model);
    let mut missing = Missing::default();
    let mut open: Vec<(Goal, &Witness)> = coverage
        .goals
        .iter()
        .filter_map(|(goal, state)| match state {
            State::Possible(witness) => Some((*goal, &**witness)),
            _ => None,
        })
        .collect();
    // Whoever shows that a condition settles a rule alone shows the rest on the way.
    open.sort_by_key(|(goal, _)| (goal.rule.is_none(), goal.rule, std::cmp::Reverse(goal.measure())));
    let mut shown = Vec::new();
    for (goal, witness) in open {
        let is_shown = shown.iter().any(|seen| goal.is_reached(bench.outline(), seen));
        if is_shown {
            continue;
        }
        match bench.write(goal, witness) {
            Some((at, test, seen)) => {
                missing.tests.push((at, test));
                shown.push(seen);
            }
            None => missing.unwritten.push(goal),
        }
    }
    // What could not be written for itself may have been shown since.
    missing.unwritten.retain(|goal| !shown.iter().any(|seen| goal.is_reached(bench.outline(), seen)));
    missing
}

/// Where a test is tried: the files without their own tests.
struct Bench<'m, 'a> {
    input: &'m CheckInput<'m>,
    files: Vec<RuleFile>,
    model: &'m Model<'a>,
    machine: Machine,
    names: BTreeSet<String>,
}

impl<'m, 'a> Bench<'m, 'a> {
    fn new(input: &'m CheckInput<'m>, model: &'m Model<'a>) -> Self {
        let tests = input.files.iter().flat_map(|file| &file.tree.tests);
        let names = tests.map(|test| test.name.value.clone()).collect();
        let mut files = input.files.to_vec();
        files.iter_mut().for_each(|file| file.tree.tests.clear());
        Self { input, files, model, machine: Machine::new(), names }
    }

    fn outline(&self) -> &'a Outline {
        &self.model.side(0).hir.outline
    }

    /// A test that reaches the goal, and what the rules make of it.
    fn write(&mut self, goal: Goal, witness: &Witness) -> Option<(usize, Piece<Test>, Seen)> {
        let at = self.file_of(goal);
        let mut best = draft(witness);
        let mut seen = self.run(at, goal, &best)?;
        let mut entry = best.entries.len();
        while entry > 0 {
            entry -= 1;
            for other in simpler(&best, entry) {
                if let Some(of_other) = self.run(at, goal, &other) {
                    (best, seen) = (other, of_other);
                    break;
                }
            }
        }
        for list in (0..best.given.len()).rev() {
            let mut other = best.clone();
            other.given.remove(list);
            if let Some(of_other) = self.run(at, goal, &other) {
                (best, seen) = (other, of_other);
            }
        }
        let name = self.name(goal);
        let test = piece(name, &best, expected(self.outline(), seen.decision)?);
        Some((at, test, seen))
    }

    /// The file that the rule stands in; the default's: where it is written, else the first one.
    fn file_of(&self, goal: Goal) -> usize {
        let found = match goal.rule {
            Some(rule) => {
                let source = self.outline().rules[usize::from(rule)].span.source;
                self.files.iter().position(|file| file.source == source)
            }
            None => [Layer::User, Layer::Organisation]
                .into_iter()
                .find_map(|layer| self.files.iter().position(|file| file.layer() == layer && file.tree.default.is_some())),
        };
        found.unwrap_or(0)
    }

    /// What the rules make of a test; `None` where it cannot be asked, or does not reach the goal.
    fn run(&mut self, at: usize, goal: Goal, draft: &Draft) -> Option<Seen> {
        self.files[at].tree.tests = vec![piece("tried".to_owned(), draft, ExpectedOutcome::Default)];
        let prepared = prepare(&CheckInput { files: &self.files, ..self.input.clone() });
        self.files[at].tree.tests.clear();
        let seen = Seen::of(self.model.side(0), &mut self.machine, &prepared.first()?.question())?;
        goal.is_reached(self.outline(), &seen).then_some(seen)
    }

    /// A sentence that no other test has.
    fn name(&mut self, goal: Goal) -> String {
        let outline = self.outline();
        let sentence = match goal.rule {
            None => "no rule decides".to_owned(),
            Some(rule) => {
                let id = &outline.rules[usize::from(rule)].id;
                // A name stands in quotes itself.
                let text = |atom: u16| shown(&outline.atoms[usize::from(atom)].text, CONDITION_CHARS_MAX).replace('"', "'");
                match goal.kind {
                    Kind::Decides => format!("{id}: matches"),
                    Kind::Passes => format!("{id}: does not match"),
                    Kind::Is(atom, true) | Kind::Alone(atom, true) => format!("{id}: {}", text(atom)),
                    Kind::Is(atom, false) | Kind::Alone(atom, false) => format!("{id}: not ({})", text(atom)),
                }
            }
        };
        let numbered = (2..).map(|number| format!("{sentence} ({number})"));
        let free = std::iter::once(sentence.clone()).chain(numbered).find(|name| !self.names.contains(name));
        let name = free.expect("one of endlessly many is free");
        self.names.insert(name.clone());
        name
    }
}

/// The draft without one entry, or with a shorter one.
fn simpler(draft: &Draft, entry: usize) -> Vec<Draft> {
    let mut without = draft.clone();
    without.entries.remove(entry);
    let mut all = vec![without];
    if let EventValue::At(civil, Some(_)) = &draft.entries[entry].value.value {
        let mut here = draft.clone();
        here.entries[entry].value.value = EventValue::At(*civil, None);
        all.push(here);
    }
    if let EventValue::Guests(guests) = &draft.entries[entry].value.value {
        // From the last on, so that what is left reads from the first.
        for gone in (0..guests.len()).rev().filter(|_| guests.len() > 1) {
            let mut fewer = draft.clone();
            if let EventValue::Guests(guests) = &mut fewer.entries[entry].value.value {
                guests.remove(gone);
            }
            all.push(fewer);
        }
    }
    all
}

fn piece(name: String, draft: &Draft, outcome: ExpectedOutcome) -> Piece<Test> {
    let expect = commented(Expectation { outcome, with: Vec::new() });
    let value = Test { given: draft.given.clone(), event: commented(draft.entries.clone()), expect };
    Piece { name: located(name), value, at: Default::default(), trivia: Trivia::default(), allow: Vec::new() }
}

/// What a test expects that comes out like this.
fn expected(outline: &Outline, decision: Decision) -> Option<ExpectedOutcome> {
    match decision {
        Decision::Decided { verb, by: DecidedBy::Rule(rule) } => {
            let id = outline.rules[usize::from(rule)].id.clone();
            Some(ExpectedOutcome::Decided { verb, by: Some(located(id)) })
        }
        Decision::Decided { by: DecidedBy::Default(_), .. } => Some(ExpectedOutcome::Default),
        Decision::Decided { by: DecidedBy::Override(_), .. } | Decision::NotRecordable(_) => None,
    }
}

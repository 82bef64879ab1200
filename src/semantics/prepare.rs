//! Tests of rule files as questions: an occurrence, its user, and what must come out.
//!
//! > **Tests** default to a recordable meeting: joinable link, confirmed, accepted, kind default, organizer `me`, the file's
//! > zone, list complete.
//!
//! How the event is read: [`super::test_event`].

use crate::diagnostic::Diagnostic;
use crate::event::{ConnectedUser, Occurrence, ProvidedLists, Question};
use crate::semantics::CheckInput;
use crate::semantics::effective::{self, Lowering};
use crate::semantics::settings::{Partial, read_settings};
use crate::semantics::test_event::{Purpose, Reading};
use crate::source::Span;
use crate::syntax::ast::{ExpectedOutcome, Piece, Test};
use crate::value::outline::Outline;
use crate::value::words::{Layer, Verb};
use crate::value::{DecidedBy, Decision, Overrides, Settings};

/// A test of a rule file, ready to be asked.
#[derive(Clone, Debug)]
pub struct PreparedTest {
    /// The sentence that names it.
    pub name: String,
    /// The whole piece.
    pub span: Span,
    /// Whose file it stands in.
    pub layer: Layer,
    /// The event.
    pub occurrence: Occurrence,
    /// Whose calendar it lies in.
    pub user: ConnectedUser,
    /// A person's word on it.
    pub overrides: Overrides,
    /// The provided lists that the test gives; others are not supplied.
    pub lists: ProvidedLists,
    /// What must come out.
    pub expected: ExpectedOutcome,
    with: Partial,
}

impl PreparedTest {
    /// The question that the test asks.
    #[must_use]
    pub fn question(&self) -> Question<'_> {
        Question { occurrence: &self.occurrence, user: &self.user, overrides: self.overrides, lists: &self.lists }
    }

    /// What the decision is not, in words; empty where the test passes.
    #[must_use]
    pub fn unmet(&self, outline: &Outline, decision: Decision) -> Vec<String> {
        let met = match (&self.expected, decision) {
            (ExpectedOutcome::NotRecordable, Decision::NotRecordable(_)) => true,
            (ExpectedOutcome::Default, Decision::Decided { by: DecidedBy::Default(_), .. }) => true,
            (ExpectedOutcome::Decided { verb, by }, Decision::Decided { verb: decided, by: decider }) => {
                let rule = rule_id(outline, decider);
                *verb == decided && by.as_ref().is_none_or(|by| rule == Some(by.value.as_str()))
            }
            _ => false,
        };
        let mut unmet = Vec::new();
        if !met {
            unmet.push(format!("expected {}, and it is {}", expected_words(&self.expected), decision_words(outline, decision)));
        }
        if let Decision::Decided { by, .. } = decision {
            let settings = match by {
                DecidedBy::Rule(rule) => &outline.rules[usize::from(rule)].settings,
                DecidedBy::Override(_) | DecidedBy::Default(_) => &outline.default_settings,
            };
            unmet.extend(other_settings(&self.with, settings).map(|key| format!("the setting `{key}` is another one")));
        }
        unmet
    }
}

fn rule_id(outline: &Outline, by: DecidedBy) -> Option<&str> {
    match by {
        DecidedBy::Rule(rule) => Some(outline.rules[usize::from(rule)].id.as_str()),
        DecidedBy::Override(_) | DecidedBy::Default(_) => None,
    }
}

fn verb_word(verb: Verb) -> &'static str {
    match verb {
        Verb::Record => "record",
        Verb::Skip => "skip",
    }
}

fn expected_words(expected: &ExpectedOutcome) -> String {
    match expected {
        ExpectedOutcome::NotRecordable => "not recordable".to_owned(),
        ExpectedOutcome::Default => "default".to_owned(),
        ExpectedOutcome::Decided { verb, by: None } => verb_word(*verb).to_owned(),
        ExpectedOutcome::Decided { verb, by: Some(by) } => format!("{} by {}", verb_word(*verb), by.value),
    }
}

fn decision_words(outline: &Outline, decision: Decision) -> String {
    match decision {
        Decision::NotRecordable(_) => "not recordable".to_owned(),
        Decision::Decided { verb, by } => match (by, rule_id(outline, by)) {
            (_, Some(rule)) => format!("{} by {rule}", verb_word(verb)),
            (DecidedBy::Override(_), _) => format!("{} by a person's word", verb_word(verb)),
            _ => format!("{} by default", verb_word(verb)),
        },
    }
}

/// The keys of `wanted` that `settings` has otherwise.
fn other_settings<'a>(wanted: &'a Partial, settings: &'a Settings) -> impl Iterator<Item = &'a str> {
    let known = [
        ("join", wanted.join.is_none_or(|join| join == settings.join)),
        ("keep", wanted.keep.is_none_or(|keep| Some(keep) == settings.keep)),
        ("bot_name", wanted.bot_name.is_none() || wanted.bot_name == settings.bot_name),
        ("language", wanted.language.is_none() || wanted.language == settings.language),
        ("tags", wanted.tags.as_ref().is_none_or(|tags| *tags == settings.tags)),
        ("on_live_cancel", wanted.on_live_cancel.is_none_or(|word| word == settings.on_live_cancel)),
    ];
    let extra = wanted.extra.iter().map(|(key, value)| (key.as_str(), settings.extra.get(key) == Some(value)));
    known.into_iter().chain(extra).filter(|(_, same)| !same).map(|(key, _)| key)
}

/// Makes questions of all tests in the files, in file order. A test with a mistake, which [`super::lower`] reports, is left
/// out.
#[must_use]
pub fn prepare(input: &CheckInput<'_>) -> Vec<PreparedTest> {
    let lowering = effective::names_only(input);
    let tests = input.files.iter().enumerate().flat_map(|(at, file)| file.tree.tests.iter().map(move |test| (at, test)));
    let mut mistakes = Vec::new();
    tests.filter_map(|(at, test)| lowering.prepare_test(at, test, Purpose::Asking, &mut mistakes)).collect()
}

impl Lowering<'_> {
    /// Makes a question of one test of file `at`; `None`, reported, where something is wrong with its event or its lists.
    pub(super) fn prepare_test(
        &self,
        at: usize,
        test: &Piece<Test>,
        purpose: Purpose,
        mistakes: &mut Vec<Diagnostic>,
    ) -> Option<PreparedTest> {
        let layer = self.input.files[at].layer();
        let before = mistakes.len();
        let mut reading = Reading::new(self, at, &test.value.event.value, purpose, std::mem::take(mistakes));
        let occurrence = reading.occurrence();
        let overrides = Overrides { occurrence: reading.word_of("override"), series: reading.word_of("series_override") };
        let lists = reading.given_lists(&test.value);
        let with = read_settings(&test.value.expect.value.with, &mut reading.mistakes);
        let user = ConnectedUser { addresses: vec![reading.me.clone()], zone: Some(reading.user_zone.clone()), bots: Vec::new() };
        *mistakes = reading.mistakes;
        if mistakes.len() > before {
            return None;
        }
        let (name, span, expected) = (test.name.value.clone(), test.at.0, test.value.expect.value.outcome.clone());
        Some(PreparedTest { name, span, layer, occurrence, user, overrides, lists, expected, with })
    }
}

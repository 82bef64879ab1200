//! Facts that a provider never tells.

use super::{Subject, asks};
use crate::builtins::Atom;
use crate::diagnostic::{Code, Diagnostic};
use crate::value::words::{PersonRole, TextField, Verb};
use crate::value::{Closed, Provider};

/// What each provider leaves out of every event: `docs/findings/unknown-provider-fact.md`.
const UNTOLD: &[(Provider, Fact)] =
    &[(Provider::Microsoft, Fact::Creator), (Provider::Microsoft, Fact::Calendar), (Provider::Ics, Fact::Creator)];

/// A fact that a condition asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fact {
    Creator,
    Calendar,
}

impl Fact {
    fn of(atom: &Atom) -> Option<Self> {
        match atom {
            Atom::Person { role: PersonRole::Creator, .. } => Some(Self::Creator),
            Atom::Text { field: TextField::Calendar, .. } | Atom::Matches { field: TextField::Calendar, .. } => {
                Some(Self::Calendar)
            }
            _ => None,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Creator => "who created an event",
            Self::Calendar => "what the calendar is called",
        }
    }
}

/// `unknown-provider-fact`: a condition about something that a provider of this team never tells.
pub(super) fn untold(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for (index, (atom, outline)) in subject.hir.atoms.iter().zip(&subject.hir.outline.atoms).enumerate() {
        let Some(fact) = Fact::of(atom) else { continue };
        let silent: Vec<&str> = UNTOLD
            .iter()
            .filter(|(provider, untold)| *untold == fact && subject.options.providers.contains(provider))
            .map(|(provider, _)| provider.word())
            .collect();
        if silent.is_empty() {
            continue;
        }
        let message = format!("calendars of {} never say {}, so this is unknown there", silent.join(" and "), fact.words());
        let finding = Diagnostic::new(Code::UnknownProviderFact, outline.span, message);
        findings.push(finding.help(effect(subject, index)));
    }
}

/// What an unknown condition does to the first rule that asks it.
fn effect(subject: &Subject<'_>, atom: usize) -> &'static str {
    match subject.hir.outline.rules.iter().find(|rule| asks(&rule.condition, atom)).map(|rule| rule.tier.verb()) {
        Some(Verb::Record) => "a rule that records does not match where its condition is unknown",
        _ => "a rule that keeps bots away matches where its condition is unknown",
    }
}

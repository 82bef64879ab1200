//! Whether everybody decides alike: which rule matches first, not only what it says.

use super::events::Event;
use super::native::{Closures, View};
use super::rules::Rule;
use super::written::{self, Asker};
use callsheet::engine::{Machine, RuleSet};
use callsheet::event::Occurrence;
use callsheet::value::{DecidedBy, Decision};

/// How rules came out over events.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    pub events: usize,
    /// Events that a rule decided.
    pub decided: usize,
    /// Rules that one after the other would have been looked at.
    pub scanned: usize,
    /// One line for each event that was decided otherwise.
    pub differences: Vec<String>,
}

impl Outcome {
    /// Of a hundred events, those that a rule decided.
    pub fn decided_percent(&self) -> f64 {
        100.0 * self.decided as f64 / self.events as f64
    }

    /// Rules looked at for one event, on average.
    pub fn scanned_mean(&self) -> f64 {
        self.scanned as f64 / self.events as f64
    }
}

/// Decides by callsheet and by closures, and the first `plainly` events by callsheet's plain evaluator as well.
pub fn compare(rules: &[Rule], events: &[Event], plainly: usize) -> Outcome {
    let (rule_set, closures, asker) = (written::rule_set(rules), Closures::compile(rules), Asker::new());
    let mut machine = Machine::new();
    let mut outcome = Outcome { events: events.len(), ..Outcome::default() };
    for (place, event) in events.iter().enumerate() {
        let occurrence = written::occurrence(event);
        let expected = closures.decide(&View::of(event));
        outcome.decided += usize::from(expected.is_some());
        outcome.scanned += expected.map_or(rules.len(), |at| at + 1);
        let mut hold = |who: &str, decided: Option<usize>| {
            if decided != expected {
                let line = format!("event {place}: {who} {}, closures {}", told(rules, decided), told(rules, expected));
                outcome.differences.push(format!("{line}\n{event:?}"));
            }
        };
        hold("the machine", decide(&rule_set, &mut machine, &asker, &occurrence));
        if place < plainly {
            hold("the plain evaluator", rule_of(&rule_set.decide_plainly(&asker.question(&occurrence))));
        }
    }
    outcome
}

/// The first rule that matches, by callsheet's machine.
pub fn decide(rules: &RuleSet, machine: &mut Machine, asker: &Asker, occurrence: &Occurrence) -> Option<usize> {
    rule_of(&rules.decide(machine, &asker.question(occurrence)))
}

/// The rule that decided.
///
/// # Panics
/// Where something else than a rule or the default did: no event of the workload is refused.
pub fn rule_of(decision: &Decision) -> Option<usize> {
    match decision {
        Decision::Decided { by: DecidedBy::Rule(rule), .. } => Some(usize::from(*rule)),
        Decision::Decided { by: DecidedBy::Default(_), .. } => None,
        other => panic!("every event of the workload can be recorded, and nobody said a word: {other:?}"),
    }
}

fn told(rules: &[Rule], decided: Option<usize>) -> String {
    decided.map_or_else(|| "no rule".to_owned(), |at| format!("rule {at} ({:?})", rules[at].condition))
}

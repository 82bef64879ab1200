//! A decision that is only named, not explained: what would be otherwise.

use crate::explain::words;
use crate::value::outline::Outline;
use crate::value::words::{Layer, Verb};
use crate::value::{DecidedBy, Decision, NotRecordable, Override};

/// A decision with the id of the rule that makes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A rule decides.
    Rule {
        /// Record or skip.
        verb: Verb,
        /// The rule's id.
        id: String,
        /// Whose rule it is.
        layer: Layer,
    },
    /// A person's word does.
    Person(Override),
    /// The default of a layer does, or the built-in one.
    Default {
        /// Record or skip.
        verb: Verb,
        /// Whose.
        layer: Option<Layer>,
    },
    /// No bot could or may join.
    NotRecordable(NotRecordable),
}

impl Outcome {
    /// Names who makes `decision` under `outline`.
    ///
    /// # Panics
    /// Where the decision was made under another outline and names a rule that this one does not have.
    #[must_use]
    pub fn of(outline: &Outline, decision: Decision) -> Self {
        match decision {
            Decision::NotRecordable(why) => Self::NotRecordable(why),
            Decision::Decided { verb, by: DecidedBy::Rule(index) } => {
                let rule = &outline.rules[usize::from(index)];
                Self::Rule { verb, id: rule.id.clone(), layer: rule.layer }
            }
            Decision::Decided { by: DecidedBy::Override(word), .. } => Self::Person(word),
            Decision::Decided { verb, by: DecidedBy::Default(layer) } => Self::Default { verb, layer },
        }
    }

    /// Record or skip; `None`: not recordable.
    #[must_use]
    pub fn verb(&self) -> Option<Verb> {
        match self {
            Self::Rule { verb, .. } | Self::Default { verb, .. } => Some(*verb),
            Self::Person(word) => Some(word.verb()),
            Self::NotRecordable(_) => None,
        }
    }

    /// Completes "it would be": `recorded by customer-calls`, `skipped by default`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Rule { verb, id, .. } => format!("{} by {}", words::done(*verb), words::id(id)),
            Self::Person(word) => format!("{} by a person's word", words::done(word.verb())),
            Self::Default { verb, .. } => format!("{} by default", words::done(*verb)),
            Self::NotRecordable(why) => format!("not recordable ({})", why.words()),
        }
    }
}

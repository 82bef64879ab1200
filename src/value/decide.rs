//! From the truth of every atomic condition to the decision.

use crate::value::outline::{AtomIdx, Outline, RuleOutline, Tier};
use crate::value::words::Verb;
use crate::value::{DecidedBy, Decision, NotRecordable, Override, Overrides, RuleIdx, Truth};

/// Decides, given the truth of every atom and of every rule's dates.
///
/// The plain reading of the table of tiers, without short cuts in storage or order: everything that asks "what if" (what
/// would flip a decision, which unknown mattered, tests, witnesses) asks this function. `atoms` and `active` are those of a
/// [`Trace`](crate::value::Trace); an entry that is missing counts as unknown.
///
/// A `not_recordable` ends the matter, except that a person's record override beats [`NotRecordable::Declined`].
#[must_use]
pub fn decide_from(
    outline: &Outline,
    atoms: &[Truth],
    active: &[Truth],
    not_recordable: Option<NotRecordable>,
    overrides: Overrides,
) -> Decision {
    let word = overrides.effective();
    match not_recordable {
        None => {}
        Some(NotRecordable::Declined) if word == Some(Override::Record) => {}
        Some(why) => return Decision::NotRecordable(why),
    }
    let truth_of = |atom: AtomIdx| atoms.get(usize::from(atom)).copied().unwrap_or(Truth::Unknown);
    for (index, rule) in outline.rules.iter().enumerate() {
        if let (Some(word), true) = (word, rule.tier.yields_to_override()) {
            return word.decision();
        }
        let dates = active.get(index).copied().unwrap_or(Truth::Unknown);
        if !rule.shadow && rule.matches(dates, rule.condition.truth(&truth_of)) {
            let by = DecidedBy::Rule(RuleIdx::try_from(index).expect("a set has fewer than 65,536 rules"));
            return Decision::Decided { verb: rule.tier.verb(), by };
        }
    }
    let (verb, layer) = outline.default;
    word.map_or(Decision::Decided { verb, by: DecidedBy::Default(layer) }, Override::decision)
}

/// The tier in which a person's word stands, between those of rules.
pub const OVERRIDE_RANK: u8 = 4;

impl RuleOutline {
    /// Whether the rule matches, given whether its dates hold and its condition's truth.
    #[must_use]
    pub fn matches(&self, dates: Truth, condition: Truth) -> bool {
        self.tier.matches(dates.and(condition))
    }
}

impl Tier {
    /// Whether a person's word on the occurrence outranks rules of the tier.
    #[must_use]
    pub fn yields_to_override(self) -> bool {
        self.rank() > OVERRIDE_RANK
    }
}

impl Override {
    /// What the word decides.
    #[must_use]
    pub fn verb(self) -> Verb {
        match self {
            Self::Record => Verb::Record,
            Self::Stop => Verb::Skip,
        }
    }

    /// The decision that the word makes.
    #[must_use]
    pub fn decision(self) -> Decision {
        Decision::Decided { verb: self.verb(), by: DecidedBy::Override(self) }
    }
}

//! What becomes of meetings when one rule set takes the place of another.
//!
//! [`compare`] finds the *classes* of meetings that are decided otherwise: one for each pair of who decided before and who
//! decides after, with a meeting that both rule sets were asked about. What is not found within the bounds stands in
//! [`Comparison::open`], so that a comparison without classes and without open questions is a proof that nothing changes.
//!
//! A decision is what comes of it: whether a bot records, how strongly that holds against people and other copies of the
//! meeting ([`Strength`]), and the settings of a bot that comes. Who decides, and the words of an explanation, may differ.
//!
//! Deliberately absent: real calendars (whoever has one decides its meetings twice), and meetings that no bot may join on
//! either side.

mod alike;
mod partners;
mod settings;

pub use settings::{Setting, other_settings};

use crate::analysis::{Limit, Model, STEPS, Side, Witness};
use crate::copies::Strength;
use crate::value::outline::Outline;
use crate::value::words::Verb;
use crate::value::{DecidedBy, Decision, Override, Overrides, RuleIdx, Settings};

/// Steps of all questions of one comparison: some seconds, on whatever rules.
pub const COMPARISON_STEPS: u64 = 60 * STEPS;

/// How two rule sets differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// Meetings that are decided otherwise, by who decided in the old rules and who does in the new ones.
    pub classes: Vec<Class>,
    /// What could not be found out.
    pub open: Vec<Open>,
}

/// Meetings about which one decided before and one decides after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Class {
    /// The decision of the old rules.
    pub old: Decision,
    /// That of the new ones.
    pub new: Decision,
    /// What a person said about the meeting: nothing, but where only recordings that people ask for change.
    pub overrides: Overrides,
    /// One of the meetings; both rule sets decided about it as the class says.
    pub witness: Box<Witness>,
}

impl Class {
    /// What came of the old decision.
    #[must_use]
    pub fn before<'a>(&self, old: &'a Outline) -> Effect<'a> {
        Effect::of(old, self.old)
    }

    /// What comes of the new one.
    #[must_use]
    pub fn after<'a>(&self, new: &'a Outline) -> Effect<'a> {
        Effect::of(new, self.new)
    }
}

/// A question without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open {
    /// Whose meetings it is about: those that this side of the rules
    pub side: SideOf,
    /// decides by this.
    pub decider: Decider,
    /// The bound that was hit.
    pub limit: Limit,
}

/// Which of the two rule sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words say it")]
pub enum SideOf {
    Old,
    New,
}

impl SideOf {
    fn other(self) -> Self {
        match self {
            Self::Old => Self::New,
            Self::New => Self::Old,
        }
    }

    fn number(self) -> u8 {
        match self {
            Self::Old => 0,
            Self::New => 1,
        }
    }
}

/// Who or what a decision comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Decider {
    /// Bots may not join.
    NotRecordable,
    /// A rule.
    Rule(RuleIdx),
    /// No rule, so the default.
    Default,
    /// A person's word.
    Person,
}

impl Decider {
    /// Whoever made this decision.
    #[must_use]
    pub fn of(decision: Decision) -> Self {
        match decision {
            Decision::NotRecordable(_) => Self::NotRecordable,
            Decision::Decided { by: DecidedBy::Rule(rule), .. } => Self::Rule(rule),
            Decision::Decided { by: DecidedBy::Default(_), .. } => Self::Default,
            Decision::Decided { by: DecidedBy::Override(_), .. } => Self::Person,
        }
    }
}

/// What comes of a decision.
#[derive(Clone, Copy, Debug)]
pub struct Effect<'a> {
    /// Record or not, and how strongly; `None`: not recordable.
    pub strength: Option<Strength>,
    /// How the bot behaves, where one comes.
    pub settings: Option<&'a Settings>,
}

impl<'a> Effect<'a> {
    /// What comes of a decision that was made under `outline`.
    #[must_use]
    pub fn of(outline: &'a Outline, decision: Decision) -> Self {
        let strength = Strength::of(outline, decision);
        let settings = match decision {
            Decision::Decided { by: DecidedBy::Rule(rule), .. } => &outline.rules[usize::from(rule)].settings,
            _ => &outline.default_settings,
        };
        let records = strength.is_some_and(|strength| strength.verb() == Verb::Record);
        Self { strength, settings: records.then_some(settings) }
    }

    /// Whether a bot records.
    #[must_use]
    pub fn records(&self) -> bool {
        self.settings.is_some()
    }

    /// Whether a rule forbids recording, whatever anybody else says.
    #[must_use]
    pub fn is_never(&self) -> bool {
        matches!(self.strength, Some(Strength::OrganisationNever | Strength::UserNever))
    }

    /// What comes of it, in the words of rules: `never record`, `record`, `not recordable`.
    #[must_use]
    pub fn words(&self) -> &'static str {
        match self.strength {
            None => "not recordable",
            Some(Strength::OrganisationNever | Strength::UserNever) => "never record",
            Some(Strength::Locked) => "always record locked",
            Some(Strength::Always) => "always record",
            Some(Strength::Record | Strength::RecordOverride) => "record",
            Some(Strength::Skip | Strength::Stop) => "skip",
        }
    }

    /// Whether the same comes of both.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let settings = match (self.settings, other.settings) {
            (Some(one), Some(other)) => other_settings(one, other).is_empty(),
            _ => true,
        };
        self.strength == other.strength && settings
    }
}

impl Comparison {
    /// Whether it is proven that every meeting is decided as before.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.classes.is_empty() && self.open.is_empty()
    }
}

/// Compares two rule sets.
///
/// Classes come in the order of the old rules, and for one old rule in that of the new ones. The same rules always give the
/// same comparison: the bounds count steps.
///
/// # Panics
/// Where a side has no program.
#[must_use]
pub fn compare(old: Side<'_>, new: Side<'_>) -> Comparison {
    assert!(old.program.is_some() && new.program.is_some(), "only rules that can be used are compared");
    let model = Model::between(old, new);
    let mut search = partners::Search::new(&model, COMPARISON_STEPS);
    search.run();
    let (mut classes, mut open) = (search.classes, search.open);
    classes.sort_by_key(|class| (class.overrides.occurrence, Decider::of(class.old), Decider::of(class.new)));
    open.sort_by_key(|open| (open.side, open.decider));
    Comparison { classes, open }
}

/// A recording that a person asks for.
const ASKED_FOR: Overrides = Overrides { occurrence: Some(Override::Record), series: None };

//! The effective list of rules in outline: what decides in which order, over which atomic conditions.
//!
//! The compiler resolves rules into this shape, programs carry it along, explanations are told from it. The atomic conditions
//! themselves are [`crate::builtins::Atom`]s; here they are numbers with a text.

use crate::source::Span;
use crate::time::{Date, Zone};
use crate::value::words::{Layer, Verb};
use crate::value::{EventKind, Settings, Truth};

/// The organisation's and one user's rules together, in the order in which they decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outline {
    /// Rules in effective order: by [`Tier::rank`], inside a tier in the order that decides (tier 5 organisation before
    /// user, tier 6 user before organisation), then in file order. Shadow rules stand among them.
    pub rules: Vec<RuleOutline>,
    /// Every atomic condition once, in order of first use by `rules`.
    pub atoms: Vec<AtomOutline>,
    /// What the organisation lets bots join beyond the usual.
    pub recordable: Recordable,
    /// What happens when no rule decides, and whose word that is (`None`: built in).
    pub default: (Verb, Option<Layer>),
    /// Settings of a decision that no rule made (the default, an override): `defaults` merged and capped.
    pub default_settings: Settings,
}

/// A rule of the effective list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleOutline {
    /// Its id, unique in its layer.
    pub id: String,
    /// The title in quotes.
    pub title: Option<String>,
    /// Whose it is.
    pub layer: Layer,
    /// Where it stands among the others.
    pub tier: Tier,
    /// Evaluated and reported, never effective.
    pub shadow: bool,
    /// First local start date, inclusive.
    pub from: Option<Date>,
    /// Last local start date, inclusive.
    pub until: Option<Date>,
    /// The zone that `from` and `until` are read in.
    pub zone: ZoneRule,
    /// `when` and not `unless`. A rule with neither holds always: `And` of nothing.
    pub condition: Cond,
    /// The author's reason.
    pub because: Option<String>,
    /// `with`, the file's `defaults`, the organisation's `defaults`, key by key, then the organisation's limits.
    pub settings: Settings,
    /// The whole piece.
    pub span: Span,
    /// The condition as canonical text on one line (`when … unless …`); empty where there is none.
    pub text: String,
}

/// An atomic condition with what explanations need.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtomOutline {
    /// It as canonical text on one line.
    pub text: String,
    /// Where it was first written.
    pub span: Span,
}

/// The tiers that rules stand in; 4 and 7 are overrides and the default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tier {
    /// 1: `never record` of the organisation. Unknown counts as a match.
    OrganisationNever,
    /// 2: `always record locked`. Unknown counts as no match.
    Locked,
    /// 3: `never record` of the user. Unknown counts as a match.
    UserNever,
    /// 5: `always record`. Unknown counts as no match.
    Always,
    /// 6: `record` (unknown: no match) and `skip` (unknown: match), first match in order.
    Ordered(Verb),
}

impl Tier {
    /// The tier's number in the language: 1, 2, 3, 5 or 6.
    #[must_use]
    pub fn rank(self) -> u8 {
        match self {
            Self::OrganisationNever => 1,
            Self::Locked => 2,
            Self::UserNever => 3,
            Self::Always => 5,
            Self::Ordered(_) => 6,
        }
    }

    /// What a rule of the tier decides.
    #[must_use]
    pub fn verb(self) -> Verb {
        match self {
            Self::OrganisationNever | Self::UserNever => Verb::Skip,
            Self::Locked | Self::Always => Verb::Record,
            Self::Ordered(verb) => verb,
        }
    }

    /// Whether a rule of the tier matches when its condition has this truth: recording needs certainty, declining only a
    /// possibility.
    #[must_use]
    pub fn matches(self, condition: Truth) -> bool {
        match self.verb() {
            Verb::Record => condition == Truth::True,
            Verb::Skip => condition != Truth::False,
        }
    }
}

/// A condition over atoms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cond {
    /// An atom, by its place in [`Outline::atoms`].
    Atom(AtomIdx),
    /// True over nothing.
    And(Vec<Cond>),
    /// False over nothing.
    Or(Vec<Cond>),
    /// Kleene's not.
    Not(Box<Cond>),
    /// True only where the condition is true.
    Surely(Box<Cond>),
    /// True also where it is unknown.
    Possibly(Box<Cond>),
}

/// The place of an atom in its table.
pub type AtomIdx = u16;

impl Cond {
    /// The truth of the condition, given that of every atom.
    #[must_use]
    pub fn truth(&self, atom: &impl Fn(AtomIdx) -> Truth) -> Truth {
        match self {
            Self::Atom(index) => atom(*index),
            Self::And(parts) => parts.iter().fold(Truth::True, |truth, part| truth.and(part.truth(atom))),
            Self::Or(parts) => parts.iter().fold(Truth::False, |truth, part| truth.or(part.truth(atom))),
            Self::Not(part) => part.truth(atom).not(),
            Self::Surely(part) => part.truth(atom).surely(),
            Self::Possibly(part) => part.truth(atom).possibly(),
        }
    }
}

/// In which zone a rule reads clocks and dates.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ZoneRule {
    /// The one that the condition or its file names.
    Named(Zone),
    /// The connected user's zone, else the event's.
    UserElseEvent,
}

/// What the organisation lets bots join beyond the usual (tier 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recordable {
    /// Whole-day events.
    pub all_day: bool,
    /// Events that the connected user declined.
    pub declined: bool,
    /// Kinds that are meetings.
    pub kinds: Vec<EventKind>,
}

impl Default for Recordable {
    fn default() -> Self {
        Self { all_day: false, declined: false, kinds: vec![EventKind::Default] }
    }
}

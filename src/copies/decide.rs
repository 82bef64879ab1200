//! The strongest decision among those about the copies of one occurrence.

use crate::copies::ConnectionId;
use crate::value::outline::{Outline, Tier};
use crate::value::words::{Seconds, Verb};
use crate::value::{DecidedBy, Decision, NotRecordable, Override, RuleIdx};

/// How strong a decision is among those about other copies of the same occurrence, the strongest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Strength {
    /// `never record` of the organisation.
    OrganisationNever,
    /// `always record locked`.
    Locked,
    /// `never record` of any user.
    UserNever,
    /// A person's stop.
    Stop,
    /// A person's record override.
    RecordOverride,
    /// Any `always record`.
    Always,
    /// Any `record`, or a default that records.
    Record,
    /// Any `skip`, or a default that skips.
    Skip,
}

impl Strength {
    /// How strong `decision` is, which was made under `outline`; `None` for a copy that is not recordable: it has no vote.
    ///
    /// # Panics
    /// Where the decision names a rule that the outline does not have.
    #[must_use]
    pub fn of(outline: &Outline, decision: Decision) -> Option<Self> {
        let Decision::Decided { verb, by } = decision else { return None };
        let by_rule = |index: RuleIdx| match outline.rules[usize::from(index)].tier {
            Tier::OrganisationNever => Self::OrganisationNever,
            Tier::Locked => Self::Locked,
            Tier::UserNever => Self::UserNever,
            Tier::Always => Self::Always,
            Tier::Ordered(verb) => Self::plain(verb),
        };
        Some(match by {
            DecidedBy::Rule(index) => by_rule(index),
            DecidedBy::Override(Override::Stop) => Self::Stop,
            DecidedBy::Override(Override::Record) => Self::RecordOverride,
            DecidedBy::Default(_) => Self::plain(verb),
        })
    }

    fn plain(verb: Verb) -> Self {
        match verb {
            Verb::Record => Self::Record,
            Verb::Skip => Self::Skip,
        }
    }

    /// Record or skip.
    #[must_use]
    pub fn verb(self) -> Verb {
        match self {
            Self::OrganisationNever | Self::UserNever | Self::Stop | Self::Skip => Verb::Skip,
            Self::Locked | Self::RecordOverride | Self::Always | Self::Record => Verb::Record,
        }
    }

    /// Whether it keeps bots out against the word of others.
    #[must_use]
    pub fn is_veto(self) -> bool {
        matches!(self, Self::OrganisationNever | Self::UserNever | Self::Stop)
    }
}

/// The decision about one copy, with what matters among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberDecision {
    /// Whose copy it is.
    pub connection: ConnectionId,
    /// The decision.
    pub decision: Decision,
    /// See [`Strength::of`]; `None` for a copy that is not recordable.
    pub strength: Option<Strength>,
    /// How long the deciding settings keep the recording; `None`: without an end.
    pub keep: Option<Seconds>,
    /// False for a copy of a group that joins the others only by room and start, and whose organizer is neither internal nor
    /// the same: what strangers write into an invitation to the same room must not keep a bot out of somebody else's meeting.
    /// Such a veto counts as a plain `skip`.
    pub may_veto: bool,
}

impl MemberDecision {
    /// The decision about a copy, made under the effective list of its owner. It may veto.
    #[must_use]
    pub fn of(connection: ConnectionId, outline: &Outline, decision: Decision) -> Self {
        let keep = match decision {
            Decision::Decided { by: DecidedBy::Rule(index), .. } => outline.rules[usize::from(index)].settings.keep,
            _ => outline.default_settings.keep,
        };
        Self { connection, decision, strength: Strength::of(outline, decision), keep, may_veto: true }
    }

    /// The strength that counts in the group.
    fn vote(&self) -> Option<Strength> {
        let strength = self.strength?;
        Some(if strength.is_veto() && !self.may_veto { Strength::Skip } else { strength })
    }
}

/// What holds for all copies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GroupDecision {
    /// Every copy is not recordable; the reason is the first one in the order of [`NotRecordable`].
    NotRecordable(NotRecordable),
    /// Record or skip.
    Decided {
        /// Record or skip.
        verb: Verb,
        /// How strongly.
        strength: Strength,
        /// Whose copy decided; its settings apply.
        by: ConnectionId,
        /// The decision about that copy.
        decision: Decision,
    },
}

/// The strongest decision; of several, that with the shortest `keep`, then that of the lowest connection.
///
/// A copy that is not recordable has no vote. `None` over no copies. The order of `members` does not matter.
///
/// ```
/// use callsheet::copies::{GroupDecision, MemberDecision, Strength, decide_group};
/// use callsheet::value::{DecidedBy, Decision, Override, words::Verb};
/// let member = |connection, strength: Strength| MemberDecision {
///     connection,
///     decision: Decision::Decided { verb: strength.verb(), by: DecidedBy::Default(None) },
///     strength: Some(strength),
///     keep: None,
///     may_veto: true,
/// };
/// let group = decide_group(&[member(1, Strength::Always), member(2, Strength::Stop)]);
/// assert!(matches!(group, Some(GroupDecision::Decided { verb: Verb::Skip, by: 2, .. })));
/// ```
#[must_use]
pub fn decide_group(members: &[MemberDecision]) -> Option<GroupDecision> {
    let voters = members.iter().filter_map(|member| Some((member.vote()?, member)));
    let winner = voters.min_by_key(|(vote, member)| (*vote, member.keep.unwrap_or(Seconds::MAX), member.connection));
    if let Some((strength, member)) = winner {
        let MemberDecision { connection: by, decision, .. } = *member;
        return Some(GroupDecision::Decided { verb: strength.verb(), strength, by, decision });
    }
    let reasons = members.iter().filter_map(|member| match member.decision {
        Decision::NotRecordable(why) => Some(why),
        Decision::Decided { .. } => None,
    });
    reasons.min().map(GroupDecision::NotRecordable)
}

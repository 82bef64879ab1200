//! Decision and trace, told so that a person understands: who decided and why, what else matched, which hidden facts
//! mattered, what would have given the other decision.
//!
//! [`explain`] makes an [`Explanation`], which is data; [`Explanation::sentences`], [`Explanation::json`] and
//! [`Explanation::reason`] tell it. It depends on the outline, the full trace and the decision alone, so it is the same
//! whatever strategy decided. Every "would" in it is replayed through [`decide_from`] before it is told.
//!
//! **An explanation shows its reader nothing that the reader's own copy hid.** Where several copies of a meeting were decided
//! together, the caller hands over decision, trace and readings of the reader's *own* copy, as it was before facts were
//! completed, and [`Held`] says whether that is also how the group decided. Where it is not, the explanation tells what holds
//! and names neither rule nor condition of the other copy ([`By::AnotherCopy`]).
//!
//! Deliberately absent: what conditions read ([`Reading`]s come from `builtins`), and any second way to decide.

mod conditions;
mod json;
mod outcome;
mod rules;
mod search;
mod sentences;
mod unknowns;
mod words;

pub use conditions::{AtomTold, ConditionTold, Shape};
pub use json::settings as settings_to_json;
pub use outcome::Outcome;
pub use rules::{OtherRule, Place, RuleTold, Standing};
pub use search::{SIZE_MAX, STEPS_MAX};
pub use sentences::REASON_CHARS_MAX;
pub use unknowns::{Mattered, UnknownTold};

use crate::source::Sources;
use crate::value::outline::Outline;
use crate::value::words::{Layer, Verb};
use crate::value::{DecidedBy, Decision, NotRecordable, Override, Overrides, Reading, Settings, Trace, Truth, decide_from};
use search::{Ask, Change, Search};

/// One decision with everything that its explanation is made from.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The effective list.
    pub outline: &'a Outline,
    /// What a full evaluation of the reader's own copy found.
    pub trace: &'a Trace,
    /// What each condition read there, in the order of [`Outline::atoms`].
    pub readings: &'a [Reading],
    /// Why no bot could join the copy, before anybody's override.
    pub not_recordable: Option<NotRecordable>,
    /// What people said.
    pub overrides: Overrides,
    /// The decision about the copy.
    pub decision: Decision,
    /// Whether it holds.
    pub held: Held,
    /// The rule texts, for places; rules of a text that is missing are told without one.
    pub sources: &'a Sources,
    /// Each rule as one sentence, in the order of the outline; those that are missing are told without one.
    pub sentences: &'a [String],
}

/// Whether the decision about the reader's own copy is the one that holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// It is: there is one copy, or the group of copies decided the same by the same word.
    ThisCopy,
    /// Another copy decided: record or skip.
    AnotherCopy(Verb),
}

impl Held {
    /// Compares the decision about the reader's own copy, before facts were completed, with that of the group.
    #[must_use]
    pub fn of(own: &Outcome, group: &Outcome) -> Self {
        match group.verb() {
            Some(verb) if own != group => Self::AnotherCopy(verb),
            _ => Self::ThisCopy,
        }
    }
}

/// A decision, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What holds: record or skip; `None`: not recordable.
    pub verb: Option<Verb>,
    /// Who decided, and what follows from that.
    pub by: By,
    /// The condition of the deciding rule with what it read.
    pub why: Option<ConditionTold>,
    /// Rules that matched as well and did not decide, in effective order.
    pub also: Vec<OtherRule>,
    /// Hidden facts whose disclosure could change the decision.
    pub unknowns: Mattered,
    /// What would have given the other decision.
    pub flip: Flip,
    /// How the bot behaves; `None` where none comes, or where another copy decided.
    pub settings: Option<Settings>,
}

/// Who decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// A rule.
    Rule(RuleTold),
    /// A person.
    Person {
        /// The word.
        word: Override,
        /// Whether it was said about the occurrence or about its series.
        on: OverridePlace,
        /// The decision without that word.
        otherwise: Outcome,
    },
    /// No rule matched.
    Default {
        /// What the default says.
        verb: Verb,
        /// Whose default; `None`: built in.
        layer: Option<Layer>,
    },
    /// Nobody: no bot could or may join.
    NotRecordable {
        /// Why.
        why: NotRecordable,
        /// What rules and people would decide if one could.
        otherwise: Outcome,
    },
    /// The facts that this copy shows do not give the decision; another connected user's copy of the meeting did.
    AnotherCopy {
        /// What this copy alone would have given.
        alone: Outcome,
    },
}

/// What a person's word was said about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OverridePlace {
    /// One occurrence.
    Occurrence,
    /// All of a series.
    Series,
}

/// What would have given the other decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flip {
    /// These changes, each set as small as any; the first few.
    By {
        /// The sets, those that change the deciding rule's conditions first, then by order of first use.
        sets: Vec<FlipSet>,
        /// Whether there are more sets of that size than are told.
        more: bool,
    },
    /// No change of condition values does.
    Nothing,
    /// No set was found before the search gave up ([`STEPS_MAX`], [`SIZE_MAX`]).
    NotFound,
    /// Conditions are not what it hangs on: not recordable, or decided by another copy.
    NotAsked,
}

/// Changes that together give the other decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlipSet {
    /// The conditions and their values instead, in the order of first use.
    pub changes: Vec<ChangeTold>,
    /// The decision then.
    pub to: Outcome,
}

/// A changed condition value, told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeTold {
    /// The condition as text.
    pub text: String,
    /// The value.
    pub from: Truth,
    /// The value instead.
    pub to: Truth,
}

/// Most sets of changes told.
pub const FLIP_SETS_SHOWN: usize = 3;

/// Explains a decision.
#[must_use]
pub fn explain(case: &Case) -> Explanation {
    let (by, why) = case.decided();
    let mut out = Explanation {
        verb: case.verb(),
        by,
        why,
        also: Vec::new(),
        unknowns: Mattered::default(),
        flip: Flip::NotAsked,
        settings: case.settings(),
    };
    if matches!(out.by, By::Rule(_) | By::Person { .. } | By::Default { .. }) {
        let mut search = Search::new(case.outline, case.trace, case.overrides);
        out.also = rules::also_matched(case);
        out.unknowns = unknowns::mattered(case, &mut search);
        out.flip = case.flip(&mut search);
    }
    out
}

/// The reason of a decision on one line of at most [`REASON_CHARS_MAX`] characters, for tables: `by customer-calls`.
///
/// The same as [`Explanation::reason`] without the cost of a whole explanation.
#[must_use]
pub fn reason(case: &Case) -> String {
    let (by, why) = case.decided();
    sentences::reason(&by, why.as_ref())
}

impl Case<'_> {
    /// Who decided, and the condition of a rule that did.
    fn decided(&self) -> (By, Option<ConditionTold>) {
        debug_assert_eq!(self.decision, self.decide(&self.trace.atoms, self.overrides), "trace and decision belong together");
        if let Held::AnotherCopy(_) = self.held {
            return (By::AnotherCopy { alone: self.outcome(self.decision) }, None);
        }
        match self.decision {
            Decision::NotRecordable(why) => {
                let Trace { atoms, active, .. } = self.trace;
                let otherwise = self.outcome(decide_from(self.outline, atoms, active, None, self.overrides));
                (By::NotRecordable { why, otherwise }, None)
            }
            Decision::Decided { by: DecidedBy::Rule(index), .. } => {
                let condition = &self.outline.rules[usize::from(index)].condition;
                (By::Rule(rules::told(self, index)), Some(conditions::told(self, condition)))
            }
            Decision::Decided { by: DecidedBy::Override(word), .. } => {
                let of_occurrence = self.overrides.occurrence.is_some();
                let on = if of_occurrence { OverridePlace::Occurrence } else { OverridePlace::Series };
                let otherwise = self.outcome(self.decide(&self.trace.atoms, Overrides::default()));
                (By::Person { word, on, otherwise }, None)
            }
            Decision::Decided { verb, by: DecidedBy::Default(layer) } => (By::Default { verb, layer }, None),
        }
    }

    /// What holds; `None`: not recordable.
    fn verb(&self) -> Option<Verb> {
        match (self.held, self.decision) {
            (Held::AnotherCopy(verb), _) | (Held::ThisCopy, Decision::Decided { verb, .. }) => Some(verb),
            (Held::ThisCopy, Decision::NotRecordable(_)) => None,
        }
    }

    /// The one way to a decision, over other condition values or other words.
    fn decide(&self, atoms: &[Truth], overrides: Overrides) -> Decision {
        decide_from(self.outline, atoms, &self.trace.active, self.not_recordable, overrides)
    }

    /// The decision after `changes`, by the plain reading of the tiers and not by the search that proposed them.
    fn replay(&self, changes: &[Change]) -> Decision {
        let mut atoms = self.trace.atoms.clone();
        for change in changes {
            atoms[usize::from(change.atom)] = change.to;
        }
        self.decide(&atoms, self.overrides)
    }

    fn outcome(&self, decision: Decision) -> Outcome {
        Outcome::of(self.outline, decision)
    }

    fn settings(&self) -> Option<Settings> {
        if self.held != Held::ThisCopy {
            return None;
        }
        match self.decision {
            Decision::Decided { verb: Verb::Record, by: DecidedBy::Rule(index) } => {
                self.outline.rules.get(usize::from(index)).map(|rule| rule.settings.clone())
            }
            Decision::Decided { verb: Verb::Record, .. } => Some(self.outline.default_settings.clone()),
            _ => None,
        }
    }

    fn flip(&self, search: &mut Search) -> Flip {
        let found = search.run(Ask::Smallest);
        if found.sets.is_empty() {
            return if found.exhausted { Flip::Nothing } else { Flip::NotFound };
        }
        let mut own = Vec::new();
        if let Decision::Decided { by: DecidedBy::Rule(index), .. } = self.decision {
            search::each_atom(&self.outline.rules[usize::from(index)].condition, &mut |atom| own.push(atom));
        }
        let mut sets = found.sets;
        sets.sort_by_key(|set| (set.iter().filter(|change| !own.contains(&change.atom)).count(), set.clone()));
        let present = search::verb_of(self.decision);
        sets.retain(|set| search::verb_of(self.replay(set)) != present);
        let more = sets.len() > FLIP_SETS_SHOWN || !found.exhausted;
        sets.truncate(FLIP_SETS_SHOWN);
        Flip::By { sets: sets.iter().map(|set| self.flip_set(set)).collect(), more }
    }

    fn flip_set(&self, set: &[Change]) -> FlipSet {
        let told = |change: &Change| ChangeTold {
            text: self.outline.atoms[usize::from(change.atom)].text.clone(),
            from: self.trace.atoms[usize::from(change.atom)],
            to: change.to,
        };
        FlipSet { changes: set.iter().map(told).collect(), to: self.outcome(self.replay(set)) }
    }
}

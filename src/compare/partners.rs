//! Who decides on the other side about the meetings that one decides about on this side.
//!
//! A meeting whose decision changes has a decider on one of the two sides that the other side does not have like that: were
//! both in both lists and alike, the first of them that matches would decide on both sides. So only deciders that changed are
//! asked for; each time a meeting was found, whoever decides about it on the other side is left out of the next question,
//! until there is no more.

use super::alike::Alike;
use super::{ASKED_FOR, Class, Decider, Effect, Open, SideOf};
use crate::analysis::{Answer, Budget, Formula, Limit, Model, Query, STEPS, Witness};
use crate::event::Question;
use crate::value::outline::RuleOutline;
use crate::value::words::Verb;
use crate::value::{DecidedBy, Decision, Override, Overrides, RuleIdx};
use crate::vm::Machine;

/// Steps about the meetings of one decider.
const DECIDER_STEPS: u64 = 4 * STEPS;

pub(super) struct Search<'m, 'a> {
    model: &'m Model<'a>,
    alike: Alike,
    machine: Machine,
    left: u64,
    pub classes: Vec<Class>,
    pub open: Vec<Open>,
}

impl<'m, 'a> Search<'m, 'a> {
    pub fn new(model: &'m Model<'a>, steps: u64) -> Self {
        let (classes, open) = (Vec::new(), Vec::new());
        Self { model, alike: Alike::of(model), machine: Machine::new(), left: steps, classes, open }
    }

    pub fn run(&mut self) {
        for side in [SideOf::Old, SideOf::New] {
            for decider in self.changed(side) {
                self.ask(side, decider, |search, budget| search.partners(side, decider, budget));
            }
        }
        let defaults = [SideOf::Old, SideOf::New].map(|side| self.effect(side, ASKED_FOR_DECISION));
        if !defaults[0].is_same(&defaults[1]) {
            self.ask(SideOf::New, Decider::Person, Self::asked_for);
        }
    }

    /// Asks with as many steps as are left for one decider; what stays open is noted.
    fn ask(&mut self, side: SideOf, decider: Decider, question: impl FnOnce(&mut Self, &mut Budget) -> Result<(), Limit>) {
        let steps = self.left.min(DECIDER_STEPS);
        let mut budget = Budget::steps(steps);
        let answer = question(self, &mut budget);
        self.left -= steps - budget.left();
        if let Err(limit) = answer {
            self.open.push(Open { side, decider, limit });
        }
    }

    fn rules(&self, side: SideOf) -> &'a [RuleOutline] {
        self.model.side(side.number()).rules()
    }

    fn effect(&self, side: SideOf, decision: Decision) -> Effect<'a> {
        Effect::of(&self.model.side(side.number()).hir.outline, decision)
    }

    /// The deciders of a side that the other side does not have, or not like that.
    fn changed(&self, side: SideOf) -> Vec<Decider> {
        let mut changed = Vec::new();
        // Bots may join on neither side, or there is something that sets them apart.
        if self.model.is_recordable(side.number()) != Formula::ALWAYS {
            changed.push(Decider::NotRecordable);
        }
        for (rule, at) in self.rules(side).iter().zip(0..) {
            let same = self.alike.pair(side.number(), at).is_some_and(|pair| {
                let decision = |by| Decision::Decided { verb: rule.tier.verb(), by: DecidedBy::Rule(by) };
                self.effect(side, decision(at)).is_same(&self.effect(side.other(), decision(pair)))
            });
            if !rule.shadow && !same {
                changed.push(Decider::Rule(at));
            }
        }
        let default = |side: SideOf| self.effect(side, default_of(self.model, side));
        if !default(side).is_same(&default(side.other())) {
            changed.push(Decider::Default);
        }
        changed
    }

    /// Finds every class of the meetings that `decider` decides about on `side`.
    fn partners(&mut self, side: SideOf, decider: Decider, budget: &mut Budget) -> Result<(), Limit> {
        let mut query = Query::new(self.model);
        self.require_decider(&mut query, side, decider);
        loop {
            let witness = match query.solve(budget) {
                Answer::None(_) => return Ok(()),
                Answer::Undecided(limit) => return Err(limit),
                Answer::Found(witness) => witness,
            };
            let found = Decider::of(self.decide(side, &witness, Overrides::default()));
            match found {
                _ if found == decider => {
                    let other = self.decide(side.other(), &witness, Overrides::default());
                    self.note(witness, Overrides::default());
                    query.require(self.does_not_decide(side.other(), Decider::of(other), decider));
                }
                // An earlier rule of the same side, which was not thought of yet.
                Decider::Rule(earlier) => query.require(self.matches(side, earlier).not()),
                _ => return Err(Limit::Unwritten),
            }
        }
    }

    fn require_decider(&self, query: &mut Query<'m, 'a>, side: SideOf, decider: Decider) {
        let recordable = self.model.is_recordable(side.number());
        match decider {
            Decider::NotRecordable => query.require(recordable.not()),
            Decider::Rule(rule) => {
                query.require(recordable);
                query.require(self.matches(side, rule));
            }
            Decider::Default | Decider::Person => query.require(recordable),
        }
    }

    fn matches(&self, side: SideOf, rule: RuleIdx) -> Formula {
        self.alike.shared(self.model.matches(side.number(), rule))
    }

    /// That `decider` does not decide on `side`, about meetings of which `partner` decides on the other side.
    fn does_not_decide(&self, side: SideOf, decider: Decider, partner: Decider) -> Formula {
        let recordable = self.model.is_recordable(side.number());
        let rules = self.rules(side).len();
        let (own, before) = match decider {
            Decider::NotRecordable => return recordable,
            Decider::Rule(rule) => (Some(self.matches(side, rule).not()), usize::from(rule)),
            Decider::Default | Decider::Person => (None, rules),
        };
        let mut ways: Vec<Formula> = own.into_iter().collect();
        for (rule, at) in self.rules(side)[..before].iter().zip(0..) {
            if !rule.shadow && !self.is_out_of_the_way(side, at, partner) {
                ways.push(self.matches(side, at));
            }
        }
        if recordable != Formula::ALWAYS {
            ways.push(recordable.not());
        }
        Formula::Any(ways)
    }

    /// Whether a rule matches none of the meetings that `partner` decides about on the other side: it stands there before it.
    fn is_out_of_the_way(&self, side: SideOf, rule: RuleIdx, partner: Decider) -> bool {
        match (self.alike.pair(side.number(), rule), partner) {
            (Some(pair), Decider::Rule(partner)) => pair < partner,
            (Some(_), Decider::Default) => true,
            _ => false,
        }
    }

    /// Whether people's words about a recording bring other settings: a meeting that no rule keeps from them on either side.
    fn asked_for(&mut self, budget: &mut Budget) -> Result<(), Limit> {
        let mut query = Query::new(self.model);
        [SideOf::Old, SideOf::New].iter().for_each(|side| query.require(self.model.is_recordable(side.number())));
        loop {
            let witness = match query.solve(budget) {
                Answer::None(_) => return Ok(()),
                Answer::Undecided(limit) => return Err(limit),
                Answer::Found(witness) => witness,
            };
            let ruled = [SideOf::Old, SideOf::New].into_iter().find_map(|side| {
                match Decider::of(self.decide(side, &witness, ASKED_FOR)) {
                    Decider::Rule(rule) => Some((side, rule)),
                    _ => None,
                }
            });
            match ruled {
                Some((side, rule)) => query.require(self.matches(side, rule).not()),
                None => {
                    self.note(witness, ASKED_FOR);
                    return Ok(());
                }
            }
        }
    }

    fn decide(&mut self, side: SideOf, witness: &Witness, overrides: Overrides) -> Decision {
        let question = Question { overrides, ..witness.question() };
        self.model.side(side.number()).decide(&mut self.machine, &question)
    }

    /// Keeps the class of a meeting, where its decision changes and no other meeting of the class is there.
    fn note(&mut self, witness: Box<Witness>, overrides: Overrides) {
        let [old, new] = self.decide_both(&witness, overrides);
        if self.effect(SideOf::Old, old).is_same(&self.effect(SideOf::New, new)) {
            return;
        }
        let key = |old: Decision, new: Decision| (Decider::of(old), Decider::of(new));
        let is_known = |class: &Class| class.overrides == overrides && key(class.old, class.new) == key(old, new);
        if self.classes.iter().any(is_known) {
            return;
        }
        let usual = witness.of_usual_user().find(|usual| self.decide_both(usual, overrides) == [old, new]);
        self.classes.push(Class { old, new, overrides, witness: usual.map_or(witness, Box::new) });
    }

    fn decide_both(&mut self, witness: &Witness, overrides: Overrides) -> [Decision; 2] {
        [SideOf::Old, SideOf::New].map(|side| self.decide(side, witness, overrides))
    }
}

/// What a person's word that a meeting is to be recorded decides.
const ASKED_FOR_DECISION: Decision = Decision::Decided { verb: Verb::Record, by: DecidedBy::Override(Override::Record) };

fn default_of(model: &Model<'_>, side: SideOf) -> Decision {
    let (verb, layer) = model.side(side.number()).hir.outline.default;
    Decision::Decided { verb, by: DecidedBy::Default(layer) }
}

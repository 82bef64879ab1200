//! `rule-partly-shadowed`, `never-meets-always`, `order-dependence`, `gap-to-default`: who takes what from whom, for teams that ask.

use super::{Finder, outline};
use crate::analysis::decider::decider;
use crate::analysis::{Answer, Budget, Formula, Model, Query, Witness};
use crate::diagnostic::{Code, Diagnostic};
use crate::lint::example;
use crate::value::RuleIdx;
use crate::value::outline::{RuleOutline, Tier};
use crate::vm::Machine;

/// Most rules that are named.
const NAMED_MAX: usize = 3;

impl Finder<'_, '_> {
    /// Meetings of the rule that earlier rules of its tier decide otherwise.
    pub(super) fn partly_shadowed(&mut self, machine: &mut Machine) {
        let Tier::Ordered(verb) = self.outline.tier else { return };
        let takes = |other: &RuleOutline| matches!(other.tier, Tier::Ordered(other) if other != verb);
        let mine = self.subject.model.is_true(0, self.rule);
        let message = format!("earlier rules decide otherwise about some meetings of `{}`", self.outline.id);
        self.taken(Code::RulePartlyShadowed, message, machine, &mine, |_, other| takes(other));
    }

    /// Meetings of an `always record` that a `never record` takes.
    pub(super) fn never_meets_always(&mut self, machine: &mut Machine) {
        if self.outline.tier != Tier::Always {
            return;
        }
        let takes = |other: &RuleOutline| matches!(other.tier, Tier::OrganisationNever | Tier::UserNever);
        let mine = self.subject.model.is_true(0, self.rule);
        let message = format!("`never record` decides about some meetings of `{}`", self.outline.id);
        self.taken(Code::NeverMeetsAlways, message, machine, &mine, |_, other| takes(other));
    }

    /// Meetings of which something else would come if the rule changed places with an earlier one of its file and tier.
    pub(super) fn depends_on_order(&mut self, machine: &mut Machine) {
        if !matches!(self.outline.tier, Tier::Ordered(_) | Tier::Always) || self.outline.shadow {
            return;
        }
        let (own, rule, effects) = (self.outline, self.rule, self.effects);
        let takes = |at: RuleIdx, other: &RuleOutline| {
            let same_place = (other.tier.rank(), other.layer) == (own.tier.rank(), own.layer);
            same_place && effects.of(Some(at)) != effects.of(Some(rule))
        };
        let mine = self.subject.model.matches(0, rule);
        let message = format!("`{}` depends on its place: earlier rules do something else with some of its meetings", own.id);
        self.taken(Code::OrderDependence, message, machine, &mine, takes);
    }

    /// Reports the first rules before this one of which `takes` holds and that decide about one of the meetings `mine`.
    fn taken(
        &mut self,
        code: Code,
        message: String,
        machine: &mut Machine,
        mine: &Formula,
        takes: impl Fn(RuleIdx, &RuleOutline) -> bool,
    ) {
        if !self.is_on(code) {
            return;
        }
        let model = self.subject.model;
        let mut taken = Vec::new();
        let subject = self.subject;
        let effective = |other: &RuleIdx| !outline(subject, *other).shadow && takes(*other, outline(subject, *other));
        for other in (0..self.rule).filter(effective) {
            match self.ask_more(|budget| decided_by(model, machine, other, mine, budget)) {
                Answer::Found(witness) => taken.push((other, witness)),
                Answer::None(_) => {}
                Answer::Undecided(limit) => {
                    let what = format!("whether `{}` takes meetings from it", outline(self.subject, other).id);
                    self.undecided(&what, limit);
                }
            }
            if taken.len() == NAMED_MAX {
                break;
            }
        }
        if !taken.is_empty() {
            self.told(code, message, &taken);
        }
    }

    fn told(&mut self, code: Code, message: String, taken: &[(RuleIdx, Box<Witness>)]) {
        let mut remark = self.remark(code, message);
        for (other, witness) in taken {
            let other = outline(self.subject, *other);
            let piece = self.subject.written(other);
            remark = remark.also(piece.map_or(other.span, |(_, piece)| piece.name.at.0), "decides first");
            remark = remark.help(format!("{} takes, for example, {}", self.named(other), example::event(witness)));
        }
        self.findings.push(remark);
    }
}

/// One of the meetings `of` that this rule decides about.
fn decided_by(model: &Model<'_>, machine: &mut Machine, rule: RuleIdx, of: &Formula, budget: &mut Budget) -> Answer {
    let mut query = Query::new(model);
    query.require(of.clone());
    query.require(model.matches(0, rule));
    loop {
        let answer = query.solve(budget);
        let Answer::Found(witness) = &answer else { return answer };
        match decider(model, machine, witness) {
            Some(first) if first < rule => query.require(model.matches(0, first).not()),
            _ => return answer,
        }
    }
}

/// A meeting that no rule decides about.
pub(super) fn gap(place: crate::source::Span, witness: &Witness) -> Diagnostic {
    Diagnostic::new(Code::GapToDefault, place, "some meetings are left to this default")
        .help(format!("for example {}", example::event(witness)))
}

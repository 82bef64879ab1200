//! `rule-partly-shadowed`, `never-meets-always`, `gap-to-default`: who takes what from whom, for teams that ask.

use super::{Finder, outline};
use crate::analysis::{Answer, Query, Witness};
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
        let Some(taken) = self.taken(Code::RulePartlyShadowed, machine, takes) else { return };
        let message = format!("earlier rules decide otherwise about some meetings of `{}`", self.outline.id);
        self.told(Code::RulePartlyShadowed, message, &taken);
    }

    /// Meetings of an `always record` that a `never record` takes.
    pub(super) fn never_meets_always(&mut self, machine: &mut Machine) {
        if self.outline.tier != Tier::Always {
            return;
        }
        let takes = |other: &RuleOutline| matches!(other.tier, Tier::OrganisationNever | Tier::UserNever);
        let Some(taken) = self.taken(Code::NeverMeetsAlways, machine, takes) else { return };
        let message = format!("`never record` decides about some meetings of `{}`", self.outline.id);
        self.told(Code::NeverMeetsAlways, message, &taken);
    }

    /// The first rules before this one of which `takes` holds that decide about a meeting of it.
    fn taken(
        &mut self,
        code: Code,
        machine: &mut Machine,
        takes: impl Fn(&RuleOutline) -> bool,
    ) -> Option<Vec<(RuleIdx, Box<Witness>)>> {
        if !self.is_on(code) {
            return None;
        }
        let (model, rule) = (self.subject.model, self.rule);
        let mut taken = Vec::new();
        for other in (0..rule).filter(|other| takes(outline(self.subject, *other))) {
            let answer = self.ask_more(|budget| {
                let mut query = Query::new(model);
                query.require(model.is_true(0, rule));
                query.require(model.matches(0, other));
                loop {
                    let Answer::Found(witness) = query.solve(budget) else { return None };
                    match crate::analysis::decider::decider(model, machine, &witness) {
                        Some(first) if first < other => query.require(model.matches(0, first).not()),
                        _ => return Some(witness),
                    }
                }
            });
            taken.extend(answer.map(|witness| (other, witness)));
            if taken.len() == NAMED_MAX {
                break;
            }
        }
        (!taken.is_empty()).then_some(taken)
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

/// A meeting that no rule decides about.
pub(super) fn gap(place: crate::source::Span, witness: &Witness) -> Diagnostic {
    Diagnostic::new(Code::GapToDefault, place, "some meetings are left to this default")
        .help(format!("for example {}", example::event(witness)))
}

//! `rule-redundant`, `condition-redundant`: what nobody would miss.

use super::Finder;
use crate::analysis::removal::{Missed, Part, missed, parts, tells_apart};
use crate::analysis::{Answer, Witness};
use crate::compare::Effect;
use crate::diagnostic::{Code, Diagnostic};
use crate::value::outline::{Cond, Outline};
use crate::value::words::Verb;
use crate::value::{DecidedBy, Decision, RuleIdx};
use crate::vm::Machine;

impl Finder<'_, '_> {
    /// Whether anything else would come of some meeting without the rule.
    ///
    /// `decided`: a meeting that the rule decides about, where one is known.
    pub(super) fn redundant(&mut self, machine: &mut Machine, decided: Option<&Witness>) {
        if self.outline.shadow || !self.is_on(Code::RuleRedundant) {
            return;
        }
        let (model, rule, effects) = (self.subject.model, self.rule, self.effects);
        let differs = |other: Option<RuleIdx>| effects.of(other) != effects.of(Some(rule));
        match self.ask_more(|budget| missed(model, machine, rule, decided, &differs, budget)) {
            Missed::Yes(_) => {}
            Missed::No(instead) => self.nobody_misses(&instead, &differs),
            Missed::Undecided(limit) => self.undecided("whether the rule would be missed", limit),
        }
    }

    fn nobody_misses(&mut self, instead: &[RuleIdx], differs: &dyn Fn(Option<RuleIdx>) -> bool) {
        let id = &self.outline.id;
        let message = format!("`{id}` changes nothing: every meeting is decided alike without it");
        let mut remark = self.remark(Code::RuleRedundant, message);
        let mut names: Vec<String> = instead.iter().map(|rule| self.named(super::outline(self.subject, *rule))).collect();
        if !differs(None) {
            names.push("the default".to_owned());
        }
        if !names.is_empty() {
            remark = remark.help(format!("what decides instead, with the same result: {}", names.join(", ")));
        }
        self.findings.push(remark);
    }

    /// Conditions of the rule that could be left out.
    pub(super) fn redundant_conditions(&mut self) {
        if !self.is_on(Code::ConditionRedundant) {
            return;
        }
        let (model, verb) = (self.subject.model, self.outline.tier.verb());
        let whole = &self.outline.condition;
        for Part { atom, rest } in self.removable() {
            match self.ask_more(|budget| tells_apart(model, verb, whole, &rest, budget)) {
                Answer::Found(_) => {}
                Answer::None(_) => self.not_needed(usize::from(atom)),
                Answer::Undecided(limit) => {
                    let text = &self.subject.hir.outline.atoms[usize::from(atom)].text;
                    let what = format!("whether `{text}` changes anything in the rule");
                    self.undecided(&what, limit);
                }
            }
        }
    }

    /// What can be left out inside of `when`, and inside of `unless`; not one of these as a whole.
    fn removable(&self) -> Vec<Part> {
        let whole = &self.outline.condition;
        let has_unless = self.subject.written(self.outline).is_some_and(|(_, piece)| piece.value.unless.is_some());
        let Cond::And(items) = whole else { return parts(whole) };
        let [when, unless] = items.as_slice() else { return parts(whole) };
        if !has_unless {
            return parts(whole);
        }
        let of_when = parts(when).into_iter().map(|part| Part { rest: Cond::And(vec![part.rest, unless.clone()]), ..part });
        let of_unless = parts(unless).into_iter().map(|part| Part { rest: Cond::And(vec![when.clone(), part.rest]), ..part });
        of_when.chain(of_unless).collect()
    }

    fn not_needed(&mut self, atom: usize) {
        let atom = &self.subject.hir.outline.atoms[atom];
        let message = format!("`{}` changes nothing in `{}`", atom.text, self.outline.id);
        let is_here = atom.span.source == self.outline.span.source
            && (self.outline.span.start..=self.outline.span.end).contains(&atom.span.start);
        let remark = if is_here {
            Diagnostic::new(Code::ConditionRedundant, atom.span, message)
        } else {
            self.remark(Code::ConditionRedundant, message)
        };
        self.findings.push(remark.help("the conditions beside it settle it for every meeting"));
    }
}

/// What comes of the meetings of each rule, as a number that is the same where the same comes of them.
pub(super) struct Effects {
    rules: Vec<usize>,
    default: usize,
}

impl Effects {
    pub(super) fn of_all(outline: &Outline) -> Self {
        let mut distinct: Vec<Effect<'_>> = Vec::new();
        let mut number = |verb: Verb, by: DecidedBy| {
            let effect = Effect::of(outline, Decision::Decided { verb, by });
            distinct.iter().position(|other| other.is_same(&effect)).unwrap_or_else(|| {
                distinct.push(effect);
                distinct.len() - 1
            })
        };
        let rules = outline.rules.iter().zip(0..).map(|(rule, at)| number(rule.tier.verb(), DecidedBy::Rule(at))).collect();
        let default = number(outline.default.0, DecidedBy::Default(outline.default.1));
        Self { rules, default }
    }

    /// The number of a rule; `None`: the default.
    pub(super) fn of(&self, rule: Option<RuleIdx>) -> usize {
        rule.map_or(self.default, |rule| self.rules[usize::from(rule)])
    }
}

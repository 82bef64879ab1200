//! Findings that are proven: by asking which meetings a rule can match, and which ones others leave to it.

use super::changes::written_default;
mod overlaps;
mod redundant;

use super::{Subject, example};
use crate::analysis::decider::{self, Reach};
use crate::analysis::{Answer, AtomRef, Budget, Limit, STEPS, Witness};
use crate::diagnostic::{Code, Diagnostic, Level};
use crate::value::RuleIdx;
use crate::value::outline::{Cond, RuleOutline, Tier};
use crate::value::words::{Layer, Verb};
use crate::vm::Machine;
use redundant::Effects;

/// What is reported here, besides what stays undecided.
pub(super) const CODES: &[Code] = &[
    Code::RuleNeverMatches,
    Code::RuleShadowed,
    Code::RuleOverridden,
    Code::ConditionAlwaysTrue,
    Code::UnlessNeverApplies,
    Code::DefaultUnreachable,
    Code::RuleRedundant,
    Code::ConditionRedundant,
    Code::RulePartlyShadowed,
    Code::NeverMeetsAlways,
    Code::OrderDependence,
    Code::GapToDefault,
];

/// Every proven finding.
pub(super) fn all(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    let mut machine = Machine::new();
    let effects = Effects::of_all(&subject.hir.outline);
    let (mut left, mut more) = (Budget::steps(subject.options.steps), Budget::steps(subject.options.steps));
    for rule in 0..subject.hir.outline.rules.len() {
        let Ok(rule) = RuleIdx::try_from(rule) else { break };
        let mut finder = Finder {
            subject,
            rule,
            outline: outline(subject, rule),
            left: &mut left,
            more: &mut more,
            effects: &effects,
            findings,
        };
        if finder.left.left() == 0 {
            return finder.not_looked_at();
        }
        finder.run(&mut machine);
    }
    default(subject, &mut machine, &mut left, findings);
}

fn outline<'a>(subject: &Subject<'a>, rule: RuleIdx) -> &'a RuleOutline {
    &subject.hir.outline.rules[usize::from(rule)]
}

/// The findings of one rule.
struct Finder<'f, 'a> {
    subject: &'f Subject<'a>,
    rule: RuleIdx,
    outline: &'a RuleOutline,
    /// Steps that are left for the rules together.
    left: &'f mut Budget,
    /// The same for questions that come after whether rules decide at all.
    more: &'f mut Budget,
    effects: &'f Effects,
    findings: &'f mut Vec<Diagnostic>,
}

impl Finder<'_, '_> {
    fn run(&mut self, machine: &mut Machine) {
        let model = self.subject.model;
        let rule = self.rule;
        let (mut decides, mut decided, mut is_covered) = (false, None, false);
        match self.ask(|budget| decider::reach(model, machine, rule, budget)) {
            Reach::Decides(witness) => (decides, decided) = (true, Some(witness)),
            Reach::NeverTrue(clash, acts) => return self.never_true(&clash, acts.as_deref()),
            Reach::Covered(by, acts) => {
                is_covered = self.covered(&by, acts.as_deref());
                decides = !is_covered;
            }
            Reach::Undecided(limit) => self.undecided("whether the rule ever decides", limit),
        }
        if decides {
            self.redundant(machine, decided.as_deref());
        }
        if !is_covered {
            self.partly_shadowed(machine);
            self.never_meets_always(machine);
        }
        self.depends_on_order(machine);
        if self.outline.condition == Cond::And(Vec::new()) {
            return;
        }
        match self.ask(|budget| decider::can_be_false(model, rule, budget)) {
            Answer::Found(_) => {}
            Answer::None(_) => self.always_true(),
            Answer::Undecided(limit) => self.undecided("whether its condition is ever false", limit),
        }
        match self.ask(|budget| decider::exception_applies(model, rule, budget)) {
            Some(Answer::None(clash)) => self.no_exception(&clash),
            Some(Answer::Undecided(limit)) => self.undecided("whether its `unless` ever applies", limit),
            Some(Answer::Found(_)) | None => {}
        }
        self.redundant_conditions();
    }

    fn is_on(&self, code: Code) -> bool {
        self.subject.options.level(code) > Level::Off
    }

    /// Asks with as many steps as one question may take.
    fn ask<T>(&mut self, question: impl FnOnce(&mut Budget) -> T) -> T {
        self.left.portion(STEPS, question)
    }

    /// The same of what comes after whether rules decide at all.
    fn ask_more<T>(&mut self, question: impl FnOnce(&mut Budget) -> T) -> T {
        self.more.portion(STEPS, question)
    }

    fn not_looked_at(&mut self) {
        let message = format!("from `{}` on nothing was asked: the rules before it took all steps", self.outline.id);
        let remark = self.remark(Code::Undecided, message);
        self.findings.push(remark.help(format!("the bound was: {} steps for all rules together", self.subject.options.steps)));
    }

    fn remark(&self, code: Code, message: String) -> Diagnostic {
        let piece = self.subject.written(self.outline);
        Diagnostic::new(code, piece.map_or(self.outline.span, |(_, piece)| piece.name.at.0), message)
    }

    fn never_true(&mut self, clash: &[AtomRef], acts: Option<&Witness>) {
        let id = &self.outline.id;
        let remark = self.remark(Code::RuleNeverMatches, format!("no meeting makes the condition of `{id}` true"));
        let remark = self.with_clash(remark, clash);
        self.findings.push(with_rest(remark, acts));
    }

    /// Marks the conditions that cannot hold together, where they stand in the same file.
    fn with_clash(&self, mut remark: Diagnostic, clash: &[AtomRef]) -> Diagnostic {
        let together = if clash.len() > 1 { "cannot hold together with the others marked here" } else { "never holds" };
        let atoms = &self.subject.hir.outline.atoms;
        for atom in clash {
            let text = &atoms[usize::from(atom.atom)];
            let inside = self.outline.span.source == text.span.source
                && (self.outline.span.start..=self.outline.span.end).contains(&text.span.start);
            if inside {
                remark = remark.also(text.span, together);
            }
        }
        if clash.len() > 1 {
            let texts: Vec<String> = clash.iter().map(|atom| format!("`{}`", atoms[usize::from(atom.atom)].text)).collect();
            remark = remark.help(format!("these cannot come out as the rule needs them: {}", texts.join(", ")));
        }
        remark
    }

    /// Whether the rule is reported as one that never decides.
    fn covered(&mut self, by: &[(RuleIdx, Box<Witness>)], acts: Option<&Witness>) -> bool {
        let own = self.outline.tier.rank();
        let rule = |blocker: RuleIdx| outline(self.subject, blocker);
        let same_tier = by.iter().any(|(blocker, _)| rule(*blocker).tier.rank() == own);
        // Whose `never` is cited changes nothing.
        if same_tier && matches!(self.outline.tier, Tier::OrganisationNever | Tier::UserNever) {
            return false;
        }
        let code = if same_tier { Code::RuleShadowed } else { Code::RuleOverridden };
        let id = &self.outline.id;
        let names: Vec<String> = by.iter().map(|(blocker, _)| self.named(rule(*blocker))).collect();
        let what = if same_tier { "earlier rules decide" } else { "rules of higher tiers decide" };
        let message = match names.as_slice() {
            [only] => format!("`{id}` never decides: {only} decides about all of its meetings"),
            _ => format!("`{id}` never decides: {what} about all of its meetings ({})", names.join(", ")),
        };
        let mut remark = self.remark(code, message);
        for (blocker, witness) in by {
            let piece = self.subject.written(rule(*blocker));
            remark = remark.also(piece.map_or(rule(*blocker).span, |(_, piece)| piece.name.at.0), "decides instead");
            remark = remark.help(format!("`{}` takes, for example, {}", rule(*blocker).id, example::event(witness)));
        }
        self.findings.push(with_rest(remark, acts));
        true
    }

    /// A rule as others see it: with its layer, where that is another one.
    fn named(&self, rule: &RuleOutline) -> String {
        match (rule.layer == self.outline.layer, rule.layer) {
            (true, _) => format!("`{}`", rule.id),
            (false, Layer::Organisation) => format!("`{}` of the organisation", rule.id),
            (false, Layer::User) => format!("`{}` of the user", rule.id),
        }
    }

    fn always_true(&mut self) {
        let id = &self.outline.id;
        let mut remark = self.remark(Code::ConditionAlwaysTrue, format!("no meeting makes the condition of `{id}` false"));
        let words = match self.outline.tier.verb() {
            Verb::Skip => "the rule matches every meeting, as it would without a condition",
            Verb::Record => "without a condition the rule would match the same meetings, and those that hide what it asks",
        };
        remark = remark.help(words);
        self.findings.push(remark);
    }

    fn no_exception(&mut self, clash: &[AtomRef]) {
        let id = &self.outline.id;
        let unless = self.subject.written(self.outline).and_then(|(_, piece)| piece.value.unless.as_ref());
        let Some(unless) = unless else { return };
        let message = format!("the `unless` of `{id}` takes nothing away: no meeting is in both of its parts");
        let remark = Diagnostic::new(Code::UnlessNeverApplies, unless.at.0, message);
        let remark = self.with_clash(remark, clash);
        self.findings.push(remark);
    }

    fn undecided(&mut self, what: &str, limit: Limit) {
        let remark = self.remark(Code::Undecided, format!("{what} could not be found out (`{}`)", self.outline.id));
        self.findings.push(remark.help(format!("the bound was: {}", limit.words())));
    }
}

/// Adds a meeting on which the rule acts all the same.
fn with_rest(remark: Diagnostic, acts: Option<&Witness>) -> Diagnostic {
    let Some(witness) = acts else { return remark };
    let message = "it still acts where the calendar does not tell what the rule asks, for example on";
    remark.help(format!("{message} {}", example::event(witness)))
}

/// A default that somebody wrote, and that no meeting reaches.
fn default(subject: &Subject<'_>, machine: &mut Machine, left: &mut Budget, findings: &mut Vec<Diagnostic>) {
    let Some(place) = written_default(subject.input) else { return };
    let is_on = |code: Code| subject.options.level(code) > Level::Off;
    let remark = match left.portion(STEPS, |budget| decider::reaches_default(subject.model, machine, budget)) {
        Answer::Found(witness) if is_on(Code::GapToDefault) => overlaps::gap(place, &witness),
        Answer::Found(_) => return,
        Answer::None(_) => {
            let message = "rules decide about every meeting, so that this default never does";
            Diagnostic::new(Code::DefaultUnreachable, place, message)
        }
        Answer::Undecided(limit) => {
            let message = "whether the default ever decides could not be found out";
            Diagnostic::new(Code::Undecided, place, message).help(format!("the bound was: {}", limit.words()))
        }
    };
    findings.push(remark);
}

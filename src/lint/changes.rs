//! What is remarked on a change of rules: that more is recorded, that a `never` reaches less far, that nothing changes.
//!
//! These are about two rule sets, and so are not among [`LINTS`](super::LINTS); places point into the new files.

use super::example;
use super::options::Options;
use crate::compare::{Class, Comparison, Decider, Open, SideOf};
use crate::diagnostic::{Code, Diagnostic, Level};
use crate::semantics::{CheckInput, suppress_findings};
use crate::source::{Sources, Span};
use crate::value::RuleIdx;
use crate::value::outline::{Outline, RuleOutline};
use crate::value::words::Layer;

/// The codes of a change. No other lint reports them, and a suppression of one is looked at where changes are.
pub const CHANGES: &[Code] = &[Code::WidensRecording, Code::WeakensNever, Code::NoOpEdit];

/// Most examples of one finding.
const EXAMPLES_MAX: usize = 3;

/// Most questions that stayed open of which each has a finding.
const OPEN_MAX: usize = 10;

/// A change of rules.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// What the new files are, and what their meaning depends on.
    pub input: &'a CheckInput<'a>,
    /// The new rules.
    pub new: &'a Outline,
    /// The old ones.
    pub old: &'a Outline,
    /// The old texts.
    pub old_sources: &'a Sources,
    /// Whether the texts differ at all.
    pub edited: bool,
    /// How decisions differ.
    pub comparison: &'a Comparison,
}

/// The findings of a change, by place, at the levels that `options` say; without those that the authors of the new files
/// allowed, and with the suppressions that allowed nothing.
#[must_use]
pub fn changes(change: &Change<'_>, options: &Options) -> Vec<Diagnostic> {
    let mut findings = change.widened();
    findings.extend(change.weakened());
    findings.extend(change.open());
    if change.edited && change.comparison.is_same() {
        let message = "the edit changes no decision: every meeting is decided as before, with the same settings";
        findings.push(Diagnostic::new(Code::NoOpEdit, first_file(), message));
    }
    findings.retain(|finding| options.level(finding.code) > Level::Off);
    findings.sort_by_key(|finding| (finding.primary.span, finding.code));
    let looked_for = |code: Code| CHANGES.contains(&code) && options.level(code) > Level::Off;
    suppress_findings(change.input, &mut findings, looked_for);
    options.apply(&mut findings);
    findings.sort_by_key(|finding| (finding.primary.span, finding.code));
    findings
}

impl Change<'_> {
    /// One finding for each rule that records what nobody recorded.
    fn widened(&self) -> Vec<Diagnostic> {
        let widens = |class: &&Class| !class.before(self.old).records() && class.after(self.new).records();
        let classes: Vec<&Class> = self.comparison.classes.iter().filter(widens).collect();
        let mut deciders: Vec<Decider> = classes.iter().map(|class| Decider::of(class.new)).collect();
        deciders.sort_unstable();
        deciders.dedup();
        let of = |decider: Decider| {
            let message = format!("{} records meetings that were not recorded before", named(self.new, decider));
            let finding = Diagnostic::new(Code::WidensRecording, self.place(decider), message);
            let whose: Vec<&Class> = classes.iter().copied().filter(|class| Decider::of(class.new) == decider).collect();
            with_examples(finding, &whose, |class| {
                let outcome = class.before(self.old).words();
                format!("before, {} decided (`{outcome}`)", self.cited(Decider::of(class.old)))
            })
        };
        deciders.into_iter().map(of).collect()
    }

    /// One finding for each `never` that reaches less far.
    fn weakened(&self) -> Vec<Diagnostic> {
        let weakens = |class: &&Class| {
            let after = class.after(self.new);
            class.before(self.old).is_never() && !after.is_never() && after.strength.is_some()
        };
        let classes: Vec<&Class> = self.comparison.classes.iter().filter(weakens).collect();
        let mut rules: Vec<Decider> = classes.iter().map(|class| Decider::of(class.old)).collect();
        rules.dedup();
        let of = |rule: Decider| {
            let whose: Vec<&Class> = classes.iter().copied().filter(|class| Decider::of(class.old) == rule).collect();
            let place = self.same_rule(rule).or_else(|| whose.first().map(|class| Decider::of(class.new)));
            let message = format!("meetings leave the reach of {}, which said `never record`", self.cited(rule));
            let finding = Diagnostic::new(Code::WeakensNever, place.map_or(first_file(), |place| self.place(place)), message);
            with_examples(finding, &whose, |class| {
                let outcome = class.after(self.new).words();
                format!("now {} decides (`{outcome}`)", named(self.new, Decider::of(class.new)))
            })
        };
        rules.into_iter().map(of).collect()
    }

    /// One finding for each question that stayed open; where there are many, one for all.
    fn open(&self) -> Vec<Diagnostic> {
        let open = &self.comparison.open;
        if open.len() <= OPEN_MAX {
            return open.iter().map(|open| self.undecided(*open)).collect();
        }
        let message = format!("what becomes of the meetings of {} rules could not be found out in full", open.len());
        let help = "rules that have little in common are compared better in several steps";
        vec![Diagnostic::new(Code::Undecided, first_file(), message).help(help)]
    }

    fn undecided(&self, open: Open) -> Diagnostic {
        let (who, place) = match open.side {
            SideOf::Old => (self.cited(open.decider), self.same_rule(open.decider)),
            SideOf::New => (named(self.new, open.decider), Some(open.decider)),
        };
        let message = match (open.side, open.decider) {
            (_, Decider::Person) => "whether recordings that people ask for change could not be found out".to_owned(),
            (SideOf::Old, _) => format!("what becomes of all meetings of {who} could not be found out"),
            (SideOf::New, _) => format!("which meetings came to {who} could not be found out"),
        };
        let span = place.map_or(first_file(), |place| self.place(place));
        Diagnostic::new(Code::Undecided, span, message).help(format!("the bound was: {}", open.limit.words()))
    }

    /// The rule of the new side that has the name of this one of the old side.
    fn same_rule(&self, old: Decider) -> Option<Decider> {
        let Decider::Rule(old) = old else { return None };
        let old = outline(self.old, old);
        let at = self.new.rules.iter().position(|rule| rule.id == old.id && rule.layer == old.layer)?;
        RuleIdx::try_from(at).ok().map(Decider::Rule)
    }

    /// Where somebody decides: the name of a rule, the default that is written, else the first file.
    fn place(&self, decider: Decider) -> Span {
        match decider {
            Decider::Rule(rule) => {
                let piece = outline(self.new, rule).span;
                let mut rules = self.input.files.iter().flat_map(|file| &file.tree.rules);
                rules.find(|rule| rule.at.0 == piece).map_or(piece, |rule| rule.name.at.0)
            }
            Decider::Default => written_default(self.input).unwrap_or(first_file()),
            Decider::NotRecordable | Decider::Person => first_file(),
        }
    }

    /// A decider of the old rules, with the place where it was written.
    fn cited(&self, decider: Decider) -> String {
        let name = named(self.old, decider);
        let Decider::Rule(rule) = decider else { return name };
        let span = outline(self.old, rule).span;
        format!("{name} ({}:{})", self.old_sources.get(span.source).name, self.old_sources.position(span).line)
    }
}

fn with_examples(mut finding: Diagnostic, classes: &[&Class], told: impl Fn(&Class) -> String) -> Diagnostic {
    let more = classes.len().saturating_sub(EXAMPLES_MAX);
    for class in classes.iter().take(EXAMPLES_MAX) {
        finding = finding.help(format!("{}, for example about {}", told(class), example::event(&class.witness)));
    }
    if more > 0 { finding.help(format!("and {more} more such changes")) } else { finding }
}

fn outline(outline: &Outline, rule: RuleIdx) -> &RuleOutline {
    &outline.rules[usize::from(rule)]
}

/// Somebody who decides, in words: a rule with its layer where there are rules of both.
#[must_use]
pub fn named(outline: &Outline, decider: Decider) -> String {
    let Decider::Rule(rule) = decider else {
        return match decider {
            Decider::NotRecordable => "nobody, since no bot may join,",
            Decider::Person => "a person's word",
            _ => "the default",
        }
        .to_owned();
    };
    let rule = self::outline(outline, rule);
    let both = outline.rules.iter().any(|other| other.layer != rule.layer);
    match (both, rule.layer) {
        (false, _) => format!("`{}`", rule.id),
        (true, Layer::Organisation) => format!("`{}` of the organisation", rule.id),
        (true, Layer::User) => format!("`{}` of the user", rule.id),
    }
}

/// The beginning of the first file: the place of what belongs nowhere else.
fn first_file() -> Span {
    Span::default()
}

/// The default that holds, where one is written: the user's, else the organisation's.
pub(super) fn written_default(input: &CheckInput<'_>) -> Option<Span> {
    [Layer::User, Layer::Organisation].into_iter().find_map(|layer| {
        let mut files = input.files.iter().filter(|file| file.layer() == layer);
        files.find_map(|file| file.tree.default.as_ref()).map(|default| default.at.0)
    })
}

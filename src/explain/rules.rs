//! Rules as explanations name them: the deciding one, and those that matched and did not decide.

use crate::explain::Case;
use crate::source::Span;
use crate::time::Date;
use crate::value::outline::Tier;
use crate::value::words::Layer;
use crate::value::{DecidedBy, Decision, RuleIdx, Truth};

/// A rule, for a reader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTold {
    /// Its id.
    pub id: String,
    /// The title in quotes.
    pub title: Option<String>,
    /// Whose it is.
    pub layer: Layer,
    /// Where it stands, and what it says to do.
    pub tier: Tier,
    /// The author's reason.
    pub because: Option<String>,
    /// Where it is written.
    pub place: Option<Place>,
    /// Its condition as text on one line; empty where there is none.
    pub text: String,
    /// What it does, as one sentence, without the author's reason.
    pub sentence: Option<String>,
    /// First and last local start date.
    pub dates: (Option<Date>, Option<Date>),
}

/// A place in a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as its author names it.
    pub file: String,
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// A rule whose condition matched, and that did not decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OtherRule {
    /// The rule.
    pub rule: RuleTold,
    /// The truth of its condition: true, or unknown for a rule that skips.
    pub truth: Truth,
    /// Why it did not decide.
    pub standing: Standing,
}

/// Why a rule that matched did not decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The deciding rule stands before it in the same tier.
    Later,
    /// It stands in a lower tier than the one that decided.
    LowerTier,
    /// It is a shadow rule that would have decided.
    ShadowWouldDecide,
    /// It is a shadow rule, and would have come too late.
    ShadowLate,
    /// Its condition matches, its `from` and `until` do not hold the start.
    OutOfDates,
}

/// The rule at `index`, for a reader.
pub(super) fn told(case: &Case, index: RuleIdx) -> RuleTold {
    let rule = &case.outline.rules[usize::from(index)];
    RuleTold {
        id: rule.id.clone(),
        title: rule.title.clone(),
        layer: rule.layer,
        tier: rule.tier,
        because: rule.because.clone(),
        place: place(case, rule.span),
        text: rule.text.clone(),
        sentence: case.sentences.get(usize::from(index)).filter(|sentence| !sentence.is_empty()).cloned(),
        dates: (rule.from, rule.until),
    }
}

fn place(case: &Case, span: Span) -> Option<Place> {
    let (_, source) = case.sources.iter().find(|(id, _)| *id == span.source)?;
    let position = case.sources.position(span);
    Some(Place { file: source.name.clone(), line: position.line, column: position.column })
}

/// The rules that matched and did not decide, in effective order.
pub(super) fn also_matched(case: &Case) -> Vec<OtherRule> {
    let decider = match case.decision {
        Decision::Decided { by: DecidedBy::Rule(index), .. } => Some(usize::from(index)),
        _ => None,
    };
    let mut out = Vec::new();
    for (index, rule) in case.outline.rules.iter().enumerate().filter(|(index, _)| Some(*index) != decider) {
        let truth_of = |atom: u16| case.trace.atoms.get(usize::from(atom)).copied().unwrap_or(Truth::Unknown);
        let truth = rule.condition.truth(&truth_of);
        if !rule.tier.matches(truth) {
            continue;
        }
        let dates = case.trace.active.get(index).copied().unwrap_or(Truth::Unknown);
        let standing = if !rule.matches(dates, truth) {
            Standing::OutOfDates
        } else if !rule.shadow {
            let same_tier = decider.is_some_and(|decider| case.outline.rules[decider].tier.rank() == rule.tier.rank());
            if same_tier { Standing::Later } else { Standing::LowerTier }
        } else if case.decided_before(index) {
            Standing::ShadowLate
        } else {
            Standing::ShadowWouldDecide
        };
        let index = RuleIdx::try_from(index).expect("a set has fewer than 65,536 rules");
        out.push(OtherRule { rule: told(case, index), truth, standing });
    }
    out
}

impl Case<'_> {
    /// Whether the decision was made before the rule at `index` could speak.
    fn decided_before(&self, index: usize) -> bool {
        match self.decision {
            Decision::Decided { by: DecidedBy::Rule(decider), .. } => usize::from(decider) < index,
            Decision::Decided { by: DecidedBy::Override(_), .. } => self.outline.rules[index].tier.yields_to_override(),
            Decision::Decided { by: DecidedBy::Default(_), .. } => false,
            Decision::NotRecordable(_) => true,
        }
    }
}

//! The plain evaluator: the rules of the language, walked one after the other.
//!
//! Clear above fast. It is what every other way of deciding is tested against, so it shares nothing with them but the meaning
//! of atomic conditions ([`crate::builtins`]) and the shape of the effective list ([`crate::value::outline`]).

use crate::builtins::people::Aliases;
use crate::builtins::{Answer, Context, Tables};
use crate::event::Question;
use crate::semantics::hir::Hir;
use crate::value::outline::{AtomIdx, RuleOutline, Tier};
use crate::value::words::Verb;
use crate::value::{DecidedBy, Decision, Override, RuleIdx, Trace, Truth};

/// Decides about one occurrence.
///
/// | tier | asked |
/// |---|---|
/// | 0 | whether a bot could and may join at all |
/// | 1, 2, 3 | the first matching rule, tier by tier |
/// | 4 | a person's word on the occurrence, else on its series |
/// | 5, 6 | the first matching rule, tier by tier |
/// | 7 | the default |
///
/// Rules stand in this order in the outline already; a shadow rule never decides.
#[must_use]
pub fn decide(hir: &Hir, question: &Question<'_>) -> Decision {
    let aliases = Aliases::of(&hir.aliases);
    let context = Context::new(question, tables(hir, &aliases));
    if let Some(why) = context.not_recordable(&hir.outline.recordable) {
        return Decision::NotRecordable(why);
    }
    let by_rule = |tiers: &[u8]| first_match(hir, &context, tiers);
    if let Some(decision) = by_rule(&[1, 2, 3]) {
        return decision;
    }
    if let Some(word) = question.overrides.effective() {
        let verb = match word {
            Override::Record => Verb::Record,
            Override::Stop => Verb::Skip,
        };
        return Decision::Decided { verb, by: DecidedBy::Override(word) };
    }
    if let Some(decision) = by_rule(&[5, 6]) {
        return decision;
    }
    let (verb, layer) = hir.outline.default;
    Decision::Decided { verb, by: DecidedBy::Default(layer) }
}

/// Answers every condition of every rule, without short cuts: also of rules that do not matter, and for an occurrence that is
/// not recordable.
#[must_use]
pub fn trace(hir: &Hir, question: &Question<'_>) -> Trace {
    let aliases = Aliases::of(&hir.aliases);
    let context = Context::new(question, tables(hir, &aliases));
    let atoms: Vec<Truth> = hir.atoms.iter().map(|atom| context.answer(atom).truth()).collect();
    let of_atom = |atom: AtomIdx| atoms[usize::from(atom)];
    let rules = &hir.outline.rules;
    let active = rules.iter().map(|rule| is_active(&context, rule)).collect();
    let conditions = rules.iter().map(|rule| rule.condition.truth(&of_atom)).collect();
    Trace { atoms, active, conditions }
}

/// Answers every atomic condition, with the reason where the answer is unknown.
#[must_use]
pub fn answers(hir: &Hir, question: &Question<'_>) -> Vec<Answer> {
    let aliases = Aliases::of(&hir.aliases);
    let context = Context::new(question, tables(hir, &aliases));
    hir.atoms.iter().map(|atom| context.answer(atom)).collect()
}

fn tables<'a>(hir: &'a Hir, aliases: &'a Aliases) -> Tables<'a> {
    Tables { lists: &hir.lists, own_domains: &hir.own_domains, aliases }
}

/// The first rule that matches in one of `tiers`, in the order of the outline.
fn first_match(hir: &Hir, context: &Context<'_>, tiers: &[u8]) -> Option<Decision> {
    let of_atom = |atom: AtomIdx| context.answer(&hir.atoms[usize::from(atom)]).truth();
    let matches = |rule: &RuleOutline| {
        let condition = is_active(context, rule).and(rule.condition.truth(&of_atom));
        !rule.shadow && tiers.contains(&rule.tier.rank()) && Tier::matches(rule.tier, condition)
    };
    let at = hir.outline.rules.iter().position(matches)?;
    let index = RuleIdx::try_from(at).expect("the effective list holds at most 65,535 rules");
    Some(Decision::Decided { verb: hir.outline.rules[at].tier.verb(), by: DecidedBy::Rule(index) })
}

/// Whether `from` and `until` hold the local start date; outside of them a rule is as if it were not there.
fn is_active(context: &Context<'_>, rule: &RuleOutline) -> Truth {
    context.is_active(rule.from, rule.until, &rule.zone)
}

//! The main code: the policy from tier 0 to tier 7, conditions as jumps.

use crate::builtins::ValueSet;
use crate::code::Op;
use crate::code::operand::{Addr, Question, Rule};
use crate::code::program::{Place, Season};
use crate::codegen::logic::{Asked, Need, Test};
use crate::codegen::pools::Pools;
use crate::value::Closed;
use crate::value::outline::{Outline, Recordable, RuleOutline};
use crate::value::words::Verb;

/// Main code while it is written.
#[derive(Default)]
pub(in crate::codegen) struct MainCode {
    pub ops: Vec<Op>,
    pub places: Vec<Place>,
    /// What each question costs.
    costs: Vec<u32>,
}

/// Jumps whose target is not known yet: the places of these instructions.
#[derive(Default)]
struct Label(Vec<usize>);

/// Writes the policy of `outline`, whose questions cost so much. Ends early where a rule always decides: nothing behind it can be reached.
pub(in crate::codegen) fn emit_policy(outline: &Outline, costs: Vec<u32>, pools: &mut Pools<'_>) -> MainCode {
    let mut code = MainCode { costs, ..MainCode::default() };
    code.refuse(&outline.recordable);
    let (before, after): (Vec<_>, Vec<_>) = (0_u16..).zip(&outline.rules).partition(|(_, rule)| rule.tier.rank() < OVERRIDE);
    for (index, rule) in before {
        if code.rule(index, rule, pools) {
            return code;
        }
    }
    code.ops.push(Op::DecideOverride {});
    for (index, rule) in after {
        if code.rule(index, rule, pools) {
            return code;
        }
    }
    code.ops.push(Op::DecideDefault {});
    code
}

/// The tier of people's overrides.
const OVERRIDE: u8 = 4;

impl MainCode {
    /// Tier 0, in the order in which the reasons are cited.
    fn refuse(&mut self, widened: &Recordable) {
        self.ops.extend([Op::RefuseCancelled {}, Op::RefuseDraft {}]);
        if !widened.all_day {
            self.ops.push(Op::RefuseAllDay {});
        }
        let kinds = widened.kinds.iter().fold(0, |set, kind| set | 1 << kind.index());
        self.ops.extend([Op::RefuseKindsBut { kinds: ValueSet(kinds) }, Op::RefuseSubHourly {}]);
        if !widened.declined {
            self.ops.push(Op::RefuseDeclined {});
        }
        self.ops.push(Op::RefuseUnjoinable {});
    }

    /// One rule; whether it decides in any case.
    fn rule(&mut self, index: u16, rule: &RuleOutline, pools: &mut Pools<'_>) -> bool {
        let need = match rule.tier.verb() {
            Verb::Record => Need::Certainty,
            Verb::Skip => Need::Possibility,
        };
        let test = Test::of(&rule.condition, need);
        if rule.shadow || test.never_holds() {
            return false;
        }
        self.places.push(Place { at: self.ops.len() as u32, rule: index });
        let mut next = Label::default();
        let seasonal = rule.from.is_some() || rule.until.is_some();
        if seasonal {
            let zone = pools.zone(&rule.zone);
            let season = pools.season(Season { from: rule.from, until: rule.until, zone });
            next.0.push(self.ops.len());
            self.ops.push(Op::JumpOffSeason { season, to: UNKNOWN });
        }
        let test = test.by_cost(&|atom| self.costs[usize::from(atom)]);
        self.jump_where(&test, false, &mut next);
        self.ops.push(Op::Decide { rule: Rule(index) });
        self.bind(next);
        !seasonal && test.always_holds()
    }

    /// Goes to `label` where the outcome of `test` is `outcome`, else on.
    fn jump_where(&mut self, test: &Test, outcome: bool, label: &mut Label) {
        let (parts, settled_by) = match test {
            Test::Ask(atom, asked) => {
                let asked = if outcome { *asked } else { asked.negated() };
                label.0.push(self.ops.len());
                self.ops.push(jump(Question(*atom), asked));
                return;
            }
            Test::All(parts) => (parts, false),
            Test::Any(parts) => (parts, true),
        };
        if outcome == settled_by {
            for part in parts {
                self.jump_where(part, outcome, label);
            }
            return;
        }
        let Some((last, rest)) = parts.split_last() else {
            unreachable!("a test without parts is a constant, and rules with constant tests have no jumps")
        };
        let mut settled = Label::default();
        for part in rest {
            self.jump_where(part, settled_by, &mut settled);
        }
        self.jump_where(last, outcome, label);
        self.bind(settled);
    }

    /// The label is here: at the next instruction.
    fn bind(&mut self, label: Label) {
        let here = Addr(narrow_address(self.ops.len()));
        for at in label.0 {
            match &mut self.ops[at] {
                Op::JumpOffSeason { to, .. }
                | Op::JumpIfTrue { to, .. }
                | Op::JumpUnlessTrue { to, .. }
                | Op::JumpIfFalse { to, .. }
                | Op::JumpUnlessFalse { to, .. } => *to = here,
                other => unreachable!("labels hold jumps, not {other:?}"),
            }
        }
    }
}

/// The target of a jump whose label is not bound yet.
const UNKNOWN: Addr = Addr(u32::MAX);

fn narrow_address(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

fn jump(ask: Question, asked: Asked) -> Op {
    match asked {
        Asked::True => Op::JumpIfTrue { ask, to: UNKNOWN },
        Asked::NotTrue => Op::JumpUnlessTrue { ask, to: UNKNOWN },
        Asked::False => Op::JumpIfFalse { ask, to: UNKNOWN },
        Asked::NotFalse => Op::JumpUnlessFalse { ask, to: UNKNOWN },
    }
}

//! What questions are about: rule sets, and the meetings that they are asked about.

use crate::analysis::formula::{Formula, Leaf};
use crate::analysis::theory::Patterns;
use crate::builtins::people::Aliases;
use crate::builtins::{Atom, Context, SetField, Tables, ValueSet};
use crate::code::Verified;
use crate::event::Question;
use crate::semantics::hir::Hir;
use crate::time::Zone;
use crate::value::outline::{AtomIdx, Recordable, RuleOutline, ZoneRule};
use crate::value::words::{Flag, Verb};
use crate::value::{Closed, Decision, EventKind, Response, Truth, decide_from};
use crate::vm;

/// One rule set of a model.
#[derive(Debug)]
pub struct Side<'a> {
    /// The rules.
    pub hir: &'a Hir,
    /// The rules compiled; `None` where an error in the files kept them from it.
    pub program: Option<&'a Verified>,
    aliases: Aliases,
}

/// An atom of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AtomRef {
    /// Whose.
    pub side: u8,
    /// Its place in the side's table.
    pub atom: AtomIdx,
}

/// Rule sets, at most two, over one set of possible meetings.
#[derive(Debug)]
pub struct Model<'a> {
    sides: Vec<Side<'a>>,
    patterns: Patterns,
    usual_zone: Zone,
}

/// What makes a meeting recordable, as conditions: they stand behind those of each side's table.
static OF_RECORDABLE: [Atom; KINDS + EventKind::ALL.len()] = [
    Atom::Flag(Flag::AllDay),
    Atom::Is { set: SetField::MyResponse, values: ValueSet(1 << Response::Declined as u16) },
    of_kind(0),
    of_kind(1),
    of_kind(2),
    of_kind(3),
    of_kind(4),
    of_kind(5),
    of_kind(6),
];
const ALL_DAY: usize = 0;
const DECLINED: usize = 1;
const KINDS: usize = 2;

const fn of_kind(at: usize) -> Atom {
    Atom::Is { set: SetField::Kind, values: ValueSet(1 << at) }
}

impl<'a> Side<'a> {
    /// A rule set.
    #[must_use]
    pub fn new(hir: &'a Hir, program: Option<&'a Verified>) -> Self {
        Self { hir, program, aliases: Aliases::of(&hir.aliases) }
    }

    /// What its atoms look things up in.
    #[must_use]
    pub fn tables(&self) -> Tables<'_> {
        Tables { lists: &self.hir.lists, own_domains: &self.hir.own_domains, aliases: &self.aliases }
    }

    /// The rules in effective order.
    #[must_use]
    pub fn rules(&self) -> &'a [RuleOutline] {
        &self.hir.outline.rules
    }

    /// The decision about one occurrence: by the compiled rules, else by those that are right.
    #[must_use]
    pub fn decide(&self, machine: &mut vm::Machine, question: &Question<'_>) -> Decision {
        if let Some(program) = self.program {
            return machine.decide(program, question);
        }
        let context = Context::new(question, self.tables());
        let atoms: Vec<Truth> = self.hir.atoms.iter().map(|atom| context.answer(atom).truth()).collect();
        let dates = |rule: &RuleOutline| context.is_active(rule.from, rule.until, &rule.zone);
        let active: Vec<Truth> = self.rules().iter().map(dates).collect();
        let not_recordable = context.not_recordable(&self.hir.outline.recordable);
        decide_from(&self.hir.outline, &atoms, &active, not_recordable, question.overrides)
    }
}

impl<'a> Model<'a> {
    /// One rule set.
    #[must_use]
    pub fn of(side: Side<'a>) -> Self {
        Self::with(vec![side])
    }

    /// Two rule sets, to be compared.
    #[must_use]
    pub fn between(old: Side<'a>, new: Side<'a>) -> Self {
        Self::with(vec![old, new])
    }

    fn with(sides: Vec<Side<'a>>) -> Self {
        let usual_zone = usual_zone(&sides);
        Self { sides, patterns: Patterns::default(), usual_zone }
    }

    /// The zone in which tests of these rules begin, as far as they all begin in one.
    pub(super) fn usual_zone(&self) -> &Zone {
        &self.usual_zone
    }

    /// The rule set at `side`, 0 or 1.
    #[must_use]
    pub fn side(&self, side: u8) -> &Side<'a> {
        &self.sides[usize::from(side)]
    }

    /// What the atom answers about the meeting of a context of its side.
    pub(super) fn truth(&self, context: &Context<'_>, atom: &Atom) -> Truth {
        match atom {
            Atom::Matches { field, pattern, flags } => {
                let built = self.patterns.built(pattern, flags);
                built.map_or(Truth::Unknown, |built| context.matches(*field, &built).truth())
            }
            _ => context.answer(atom).truth(),
        }
    }

    /// The automata of the expressions of all sides.
    pub(super) fn patterns(&self) -> &Patterns {
        &self.patterns
    }

    pub(super) fn sides(&self) -> impl Iterator<Item = &Side<'a>> {
        self.sides.iter()
    }

    pub(super) fn atom(&self, atom: AtomRef) -> &'a Atom {
        let atoms = &self.side(atom.side).hir.atoms;
        let at = usize::from(atom.atom);
        atoms.get(at).unwrap_or_else(|| &OF_RECORDABLE[at - atoms.len()])
    }

    pub(super) fn rule(&self, side: u8, rule: u16) -> &'a RuleOutline {
        &self.side(side).rules()[usize::from(rule)]
    }

    /// What makes a meeting recordable: what some side lets bots join.
    pub(super) fn recordable(&self) -> Recordable {
        let mut widest = Recordable { all_day: false, declined: false, kinds: Vec::new() };
        for side in self.sides() {
            let widened = &side.hir.outline.recordable;
            widest.all_day |= widened.all_day;
            widest.declined |= widened.declined;
            for kind in &widened.kinds {
                if !widest.kinds.contains(kind) {
                    widest.kinds.push(*kind);
                }
            }
        }
        widest
    }

    /// That bots may join, as far as a side says more about it than the other: it lets them join such days, such kinds of
    /// meetings, and whatever the user declined.
    #[must_use]
    pub fn is_recordable(&self, side: u8) -> Formula {
        let (own, widest) = (&self.side(side).hir.outline.recordable, self.recordable());
        let atoms = self.side(side).hir.atoms.len();
        let is_not = |at: usize| {
            let atom = AtomIdx::try_from(atoms + at).expect("a rule set has far fewer conditions");
            Formula::Is(Leaf::True(side, atom), false)
        };
        let mut parts = Vec::new();
        if widest.all_day && !own.all_day {
            parts.push(is_not(ALL_DAY));
        }
        if widest.declined && !own.declined {
            parts.push(is_not(DECLINED));
        }
        let kinds = EventKind::ALL.iter().enumerate();
        let missing = kinds.filter(|(_, kind)| widest.kinds.contains(kind) && !own.kinds.contains(kind));
        parts.extend(missing.map(|(at, _)| is_not(KINDS + at)));
        Formula::All(parts)
    }

    /// That the rule matches, as its tier counts the unknown.
    #[must_use]
    pub fn matches(&self, side: u8, rule: u16) -> Formula {
        let outline = self.rule(side, rule);
        let condition = match outline.tier.verb() {
            Verb::Record => Formula::is_true(side, &outline.condition),
            Verb::Skip => Formula::is_possible(side, &outline.condition),
        };
        self.while_active(side, rule, condition)
    }

    /// That the rule's condition is true, whatever its tier says of the unknown.
    #[must_use]
    pub fn is_true(&self, side: u8, rule: u16) -> Formula {
        let condition = Formula::is_true(side, &self.rule(side, rule).condition);
        self.while_active(side, rule, condition)
    }

    /// The condition, while the dates of the rule hold the start.
    #[must_use]
    pub fn while_active(&self, side: u8, rule: u16, condition: Formula) -> Formula {
        let outline = self.rule(side, rule);
        match (outline.from, outline.until) {
            (None, None) => condition,
            _ => Formula::Is(Leaf::Active(side, rule), true).and(condition),
        }
    }
}

/// The `timezone` that the files of all rules say; UTC where they do not say one and the same.
fn usual_zone(sides: &[Side<'_>]) -> Zone {
    let mut zones = sides.iter().flat_map(Side::rules).map(|rule| &rule.zone);
    match zones.next() {
        Some(first @ ZoneRule::Named(zone)) if zones.all(|other| other == first) => zone.clone(),
        _ => Zone::utc(),
    }
}

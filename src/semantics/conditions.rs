//! Conditions, resolved: trees over atoms that occur once each.
//!
//! A name stands for the whole condition that it defines, so a rule may come to mean far more than its author wrote. The
//! number of conditions is therefore counted where names are replaced, before anything is copied, and the depth with it.

use crate::builtins::{Atom, DayTest, ListIdx, SetField, Texts, ValueSet};
use crate::diagnostic::{Code, Diagnostic};
use crate::semantics::effective::Lowering;
use crate::semantics::lists::kind_word;
use crate::semantics::names::{Kind, NameId};
use crate::source::Span;
use crate::syntax::ast::{ClosedSet, Condition, ConditionKind, Days, Located, Operand};
use crate::syntax::printer;
use crate::value::outline::{AtomIdx, AtomOutline, Cond, ZoneRule};
use crate::value::words::{Flag, Layer, ListKind, Quantifier, TextOp};
use crate::value::{Status, fold};

/// Where a condition stands: what it can see, and what it was seen to use.
#[derive(Debug)]
pub(super) struct Scope {
    pub file: usize,
    pub layer: Layer,
    pub zone: ZoneRule,
    /// Definitions with a lower number can be used: all, in a rule; earlier ones, in a definition.
    pub definitions: usize,
    pub uses: Vec<NameId>,
    /// The deepest nesting met, names replaced.
    pub deepest: usize,
}

/// A definition, resolved once.
#[derive(Debug)]
pub(super) struct Defined {
    /// `None` where the author erred in it.
    pub condition: Option<Cond>,
    /// Conditions in it, names replaced.
    pub size: usize,
    pub depth: usize,
    pub uses: Vec<NameId>,
}

impl Lowering<'_> {
    /// Resolves a condition; `None` where the author erred, which is reported. Every part is looked at all the same.
    pub(super) fn condition(&mut self, scope: &mut Scope, condition: &Condition, depth: usize) -> Option<Cond> {
        self.count_condition(condition.at.0)?;
        let at = condition.at.0;
        match &condition.kind {
            ConditionKind::All(parts) => self.parts(scope, parts, at, depth).map(Cond::And),
            ConditionKind::Any(parts) => self.parts(scope, parts, at, depth).map(Cond::Or),
            ConditionKind::None(parts) => {
                let parts = self.parts(scope, parts, at, depth)?;
                Some(Cond::Not(Box::new(Cond::Or(parts))))
            }
            ConditionKind::Not(part) => self.part(scope, part, at, depth).map(Cond::Not),
            ConditionKind::Surely(part) => self.part(scope, part, at, depth).map(Cond::Surely),
            ConditionKind::Possibly(part) => self.part(scope, part, at, depth).map(Cond::Possibly),
            ConditionKind::Use(name) => self.use_definition(scope, name, depth),
            ConditionKind::Error => None,
            _ => {
                let atom = self.atom(scope, condition, depth)?;
                self.intern(atom, condition).map(Cond::Atom)
            }
        }
    }

    fn parts(&mut self, scope: &mut Scope, parts: &[Condition], at: Span, depth: usize) -> Option<Vec<Cond>> {
        let depth = self.deeper(scope, depth, at)?;
        let read: Vec<_> = parts.iter().map(|part| self.condition(scope, part, depth)).collect();
        read.into_iter().collect()
    }

    fn part(&mut self, scope: &mut Scope, part: &Condition, at: Span, depth: usize) -> Option<Box<Cond>> {
        let depth = self.deeper(scope, depth, at)?;
        self.condition(scope, part, depth).map(Box::new)
    }

    /// One level deeper, where that is allowed.
    pub(super) fn deeper(&mut self, scope: &mut Scope, depth: usize, at: Span) -> Option<usize> {
        self.reach(scope, depth + 1, at)
    }

    fn reach(&mut self, scope: &mut Scope, depth: usize, at: Span) -> Option<usize> {
        scope.deepest = scope.deepest.max(depth);
        let limit = self.input.limits.depth;
        if depth > limit {
            let message = format!("conditions are nested {depth} deep here, and at most {limit} levels are allowed");
            let diagnostic = Diagnostic::new(Code::NestedTooDeep, at, message);
            self.diagnostics.push(diagnostic.help("names count with the nesting of what they define"));
            return None;
        }
        Some(depth)
    }

    /// Counts one condition against the limit of the set.
    pub(super) fn count_condition(&mut self, at: Span) -> Option<()> {
        self.count_conditions(1, at)
    }

    /// Counts what a name stands for.
    pub(super) fn count_conditions(&mut self, more: usize, at: Span) -> Option<()> {
        let limit = self.input.limits.conditions;
        let before = self.conditions;
        self.conditions = before.saturating_add(more);
        if self.conditions <= limit {
            return Some(());
        }
        if before <= limit {
            let message =
                format!("the rules hold more than {limit} conditions, with definitions and people put in for their names");
            self.diagnostics.push(Diagnostic::new(Code::LimitExceeded, at, message).label("past the limit here"));
        }
        None
    }

    fn use_definition(&mut self, scope: &mut Scope, name: &Located<String>, depth: usize) -> Option<Cond> {
        let id = self.names.resolve(scope.layer, Kind::Definition, name, &mut self.diagnostics)?;
        scope.uses.push(id);
        if id.index >= scope.definitions {
            let place = self.names.place(id);
            self.diagnostics.push(
                Diagnostic::new(Code::UndefinedName, name.at.0, format!("`{}` is not defined yet here", name.value))
                    .also(place, "defined here")
                    .help("a definition uses earlier ones only, so that none can go round in a circle"),
            );
            return None;
        }
        let Defined { size, depth: inner, .. } = self.definitions[id.index];
        self.reach(scope, depth + inner, name.at.0)?;
        self.count_conditions(size, name.at.0)?;
        self.definitions[id.index].condition.clone()
    }

    /// The number of an atom: that of an equal one, where there is one.
    fn intern(&mut self, atom: Atom, condition: &Condition) -> Option<AtomIdx> {
        if let Some(known) = self.atoms.get(&atom) {
            return Some(*known);
        }
        let Ok(index) = AtomIdx::try_from(self.atoms.len()) else {
            let message = format!("the rules hold more than {} different conditions", usize::from(AtomIdx::MAX) + 1);
            self.diagnostics.push(Diagnostic::new(Code::LimitExceeded, condition.at.0, message));
            return None;
        };
        self.atoms.insert(atom, index);
        self.atom_outlines.push(AtomOutline { text: printer::condition(condition), span: condition.at.0 });
        Some(index)
    }

    fn atom(&mut self, scope: &mut Scope, condition: &Condition, depth: usize) -> Option<Atom> {
        let at = condition.at.0;
        match &condition.kind {
            ConditionKind::Text { field, op, operand } => {
                let texts = self.texts(scope, *op, operand, at)?;
                Some(Atom::Text { field: *field, op: *op, texts })
            }
            ConditionKind::Matches { field, pattern, flags } => {
                self.patterns.check(pattern, flags, &self.input.limits, &mut self.diagnostics)?;
                Some(Atom::Matches { field: *field, pattern: pattern.value.clone(), flags: flags.clone() })
            }
            ConditionKind::Person { role, test } => {
                Some(Atom::Person { role: *role, test: self.person_test(scope, test, depth)? })
            }
            ConditionKind::Attendees { quantifier, test } => {
                let test = self.person_test(scope, test, depth);
                self.check_quantifier(*quantifier, at)?;
                Some(Atom::People { quantifier: *quantifier, test: test? })
            }
            ConditionKind::Count(comparison) => self.check_comparison(*comparison, at).map(Atom::Count),
            ConditionKind::Duration(comparison) => self.check_comparison(*comparison, at).map(Atom::Duration),
            ConditionKind::Clock { edge, window, on, zone } => {
                let zone = self.zone_of(scope, zone.as_ref());
                let days = on.as_ref().map(|on| self.days(scope, on, at));
                let window = window.map(|window| self.check_window(*edge, window, at));
                let (days, window) = (transpose(days)?, transpose(window)?);
                Some(Atom::Clock { edge: *edge, window, days, zone: zone? })
            }
            ConditionKind::DateRule { edge, rule, counting_from, zone } => {
                let zone = self.zone_of(scope, zone.as_ref());
                self.check_date_rule(rule, *counting_from)?;
                Some(Atom::DateRule { edge: *edge, rule: rule.value.clone(), counting_from: *counting_from, zone: zone? })
            }
            ConditionKind::Repeats(repeats) => self.check_repeats(*repeats, at).map(Atom::Repeats),
            ConditionKind::Occurrence(asked) => Some(Atom::Occurrence(*asked)),
            ConditionKind::Is(set) => self.closed_set(set, at),
            ConditionKind::Flag(flag) => {
                self.check_constant(*flag, at);
                Some(Atom::Flag(*flag))
            }
            // Handled before: these are no atoms.
            ConditionKind::All(_)
            | ConditionKind::Any(_)
            | ConditionKind::None(_)
            | ConditionKind::Not(_)
            | ConditionKind::Surely(_)
            | ConditionKind::Possibly(_)
            | ConditionKind::Use(_)
            | ConditionKind::Error => None,
        }
    }

    fn texts(&mut self, scope: &mut Scope, op: TextOp, operand: &Operand<String>, at: Span) -> Option<Texts> {
        let written: Vec<(&str, Span)> = match operand {
            Operand::List(list) => return self.list_ref(scope, list, ListKind::Texts).map(Texts::List),
            Operand::One(text) => vec![(&text.value, text.at.0)],
            Operand::Several(items) => {
                self.several(scope, items.len(), at)?;
                items.iter().map(|item| (item.value.as_str(), item.at.0)).collect()
            }
        };
        let mut seen = std::collections::HashSet::new();
        let mut texts = Vec::new();
        for (text, place) in written {
            let folded = fold(text);
            if folded.is_empty() && op != TextOp::Is {
                let message = "every text contains the empty text".to_owned();
                self.diagnostics.push(Diagnostic::new(Code::ConstantCondition, place, message).label("always true"));
            }
            if seen.insert(folded.clone()) {
                texts.push(folded);
            }
        }
        Some(Texts::Written(texts))
    }

    /// Counts the items of an operand; one without any is refused.
    pub(super) fn several(&mut self, scope: &Scope, items: usize, at: Span) -> Option<()> {
        self.count_items(scope.file, items, at);
        if items == 0 {
            let message = "`any of []` is never true: there is nothing to compare with";
            self.diagnostics.push(Diagnostic::new(Code::EmptyList, at, message));
            return None;
        }
        Some(())
    }

    /// The list that a condition names, which must hold `kind`.
    pub(super) fn list_ref(&mut self, scope: &mut Scope, name: &Located<String>, kind: ListKind) -> Option<ListIdx> {
        let id = self.names.resolve(scope.layer, Kind::List, name, &mut self.diagnostics)?;
        scope.uses.push(id);
        let list = &self.lists[id.index];
        if !list.usable {
            return None;
        }
        if list.table.kind != kind {
            let (has, needs) = (kind_word(list.table.kind), kind_word(kind));
            let message = format!("`{}` is a list of {has}, and a list of {needs} is needed here", name.value);
            self.diagnostics.push(
                Diagnostic::new(Code::TypeMismatch, name.at.0, message)
                    .label(format!("a list of {has}"))
                    .also(self.names.place(id), "defined here"),
            );
            return None;
        }
        let index = ListIdx::try_from(id.index).ok();
        if index.is_none() {
            let message = format!("more than {} lists in one rule set", ListIdx::MAX);
            self.diagnostics.push(Diagnostic::new(Code::LimitExceeded, name.at.0, message));
        }
        index
    }

    fn days(&mut self, scope: &mut Scope, days: &Days, at: Span) -> Option<DayTest> {
        match days {
            Days::Weekdays(set) => Some(DayTest::Weekdays(*set)),
            Days::Dates(Operand::One(date)) => Some(DayTest::Dates(vec![date.value])),
            Days::Dates(Operand::Several(items)) => {
                self.several(scope, items.len(), at)?;
                let mut dates: Vec<_> = items.iter().map(|item| item.value).collect();
                dates.sort_unstable();
                dates.dedup();
                Some(DayTest::Dates(dates))
            }
            Days::Dates(Operand::List(list)) => self.list_ref(scope, list, ListKind::Dates).map(DayTest::List),
        }
    }

    fn closed_set(&mut self, set: &ClosedSet, at: Span) -> Option<Atom> {
        let (set, values) = match set {
            ClosedSet::MyResponse(values) => (SetField::MyResponse, ValueSet::of(values)),
            ClosedSet::Status(values) => {
                if values.contains(&Status::Cancelled) {
                    let message = "a cancelled event is never recordable, so no rule is asked about one";
                    self.diagnostics
                        .push(Diagnostic::new(Code::UnknownValue, at, message).help("`status` is `confirmed` or `tentative`"));
                    return None;
                }
                (SetField::Status, ValueSet::of(values))
            }
            ClosedSet::Visibility(values) => (SetField::Visibility, ValueSet::of(values)),
            ClosedSet::ShowsAs(values) => (SetField::ShowsAs, ValueSet::of(values)),
            ClosedSet::Kind(values) => (SetField::Kind, ValueSet::of(values)),
            ClosedSet::Provider(values) => (SetField::Provider, ValueSet::of(values)),
            ClosedSet::Conference(values) => (SetField::Conference, ValueSet::of(values)),
            ClosedSet::Source(values) => (SetField::Source, ValueSet::of(values)),
        };
        if values == ValueSet::default() {
            self.diagnostics.push(Diagnostic::new(Code::EmptyList, at, "`is any of []` is never true"));
            return None;
        }
        Some(Atom::Is { set, values })
    }

    fn check_quantifier(&mut self, quantifier: Quantifier, at: Span) -> Option<()> {
        if quantifier != Quantifier::AtLeast(0) {
            return Some(());
        }
        let message = "`at least 0` attendees is always true";
        self.diagnostics.push(Diagnostic::new(Code::ValueOutOfRange, at, message).help("numbers start at 1 here"));
        None
    }

    /// `all-day` and `has link` say nothing, as long as only meetings with a link and clock times are recordable.
    fn check_constant(&mut self, flag: Flag, at: Span) {
        let diagnostic = match flag {
            Flag::AllDay if !self.layers.recordable.all_day => {
                Diagnostic::new(Code::ConstantCondition, at, "a whole-day event is not recordable, so this is never true")
                    .label("always false")
                    .help("`recordable { all_day: yes }` in the organisation's file lets rules decide about them")
            }
            Flag::HasLink => {
                Diagnostic::new(Code::ConstantCondition, at, "without a link no rule is asked, so this is always true")
                    .label("always true")
            }
            Flag::AllDay | Flag::OneOnOne => return,
        };
        self.diagnostics.push(diagnostic);
    }
}

/// `None` where there is nothing, `Some(None)` where the author erred, turned inside out.
fn transpose<T>(part: Option<Option<T>>) -> Option<Option<T>> {
    match part {
        None => Some(None),
        Some(read) => read.map(Some),
    }
}

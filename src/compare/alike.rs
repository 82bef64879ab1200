//! What two rule sets have in common, as far as it can be seen without asking: conditions and rules that are the same.
//!
//! Most edits change a few rules of many. Conditions that are the same on both sides become one condition of a question, and
//! rules that match the same meetings and stand in the same order never part the two sides.

use crate::analysis::{Formula, Leaf, Model};
use crate::builtins::{Atom, DayTest, ListIdx, PersonCond, Texts};
use crate::semantics::hir::Hir;
use crate::time::Date;
use crate::value::RuleIdx;
use crate::value::outline::{AtomIdx, Cond, RuleOutline, Tier, ZoneRule};
use std::collections::HashMap;

/// Most cells of the table by which the rules that both sides have are lined up; past it, those in between count as changed.
const CELLS_MAX: usize = 4_000_000;

/// What both sides have.
pub(super) struct Alike {
    /// For each atom of the new side the one of the old side that asks the same.
    atoms: Vec<Option<AtomIdx>>,
    /// For each rule of the new side one of the old side with the same dates.
    dates: Vec<Option<RuleIdx>>,
    /// For each rule of a side the one of the other side that matches the same meetings. INVARIANT: pairs ascend on both sides.
    pairs: [Vec<Option<RuleIdx>>; 2],
}

impl Alike {
    pub fn of(model: &Model<'_>) -> Self {
        let (old, new) = (model.side(0).hir, model.side(1).hir);
        let atoms = same_atoms(old, new);
        let dates = same_dates(&old.outline.rules, &new.outline.rules);
        let pairs = same_rules(&old.outline.rules, &new.outline.rules, &atoms);
        Self { atoms, dates, pairs }
    }

    /// The rule of the other side that matches the same meetings as this rule of `side`.
    pub fn pair(&self, side: u8, rule: RuleIdx) -> Option<RuleIdx> {
        self.pairs[usize::from(side)][usize::from(rule)]
    }

    /// The same formula, which asks conditions of the new side that the old one has as those of the old one.
    pub fn shared(&self, formula: Formula) -> Formula {
        let each = |parts: Vec<Formula>| parts.into_iter().map(|part| self.shared(part)).collect();
        match formula {
            Formula::Is(leaf, so) => Formula::Is(self.shared_leaf(leaf), so),
            Formula::All(parts) => Formula::All(each(parts)),
            Formula::Any(parts) => Formula::Any(each(parts)),
        }
    }

    fn shared_leaf(&self, leaf: Leaf) -> Leaf {
        let atom = |atom: AtomIdx| self.atoms.get(usize::from(atom)).copied().flatten();
        match leaf {
            Leaf::True(1, of_new) => atom(of_new).map_or(leaf, |of_old| Leaf::True(0, of_old)),
            Leaf::Possible(1, of_new) => atom(of_new).map_or(leaf, |of_old| Leaf::Possible(0, of_old)),
            Leaf::Active(1, of_new) => self.dates[usize::from(of_new)].map_or(leaf, |of_old| Leaf::Active(0, of_old)),
            _ => leaf,
        }
    }
}

/// Atoms of both sides that have the same answer about every meeting, as they are written.
fn same_atoms(old: &Hir, new: &Hir) -> Vec<Option<AtomIdx>> {
    // Who is one of ours, and who is one person, is part of every question about people.
    let same_people = old.own_domains == new.own_domains && old.aliases == new.aliases;
    let lists: Vec<Option<ListIdx>> = new.lists.iter().map(|list| place(&old.lists, list)).collect();
    let known: HashMap<&Atom, AtomIdx> = old.atoms.iter().zip(0..).collect();
    let same = |atom: &Atom| {
        if is_of_people(atom) && !same_people {
            return None;
        }
        known.get(&with_lists(atom.clone(), &lists)?).copied()
    };
    new.atoms.iter().map(same).collect()
}

fn place<T: PartialEq>(items: &[T], item: &T) -> Option<u16> {
    items.iter().position(|other| other == item).and_then(|at| u16::try_from(at).ok())
}

fn is_of_people(atom: &Atom) -> bool {
    match atom {
        Atom::Person { .. } | Atom::People { .. } | Atom::Count(_) => true,
        // Also whoever answers, and whether two are there.
        Atom::Flag(_) | Atom::Is { .. } => true,
        _ => false,
    }
}

/// The atom with the lists of the other side; `None` where that one has no such list.
fn with_lists(mut atom: Atom, lists: &[Option<ListIdx>]) -> Option<Atom> {
    let of_other = |list: ListIdx| lists.get(usize::from(list)).copied().flatten();
    match &mut atom {
        Atom::Text { texts: Texts::List(list), .. } | Atom::Clock { days: Some(DayTest::List(list)), .. } => {
            *list = of_other(*list)?;
        }
        Atom::Person { test, .. } | Atom::People { test, .. } => test_with_lists(test, &of_other)?,
        _ => {}
    }
    Some(atom)
}

fn test_with_lists(test: &mut PersonCond, of_other: &impl Fn(ListIdx) -> Option<ListIdx>) -> Option<()> {
    match test {
        PersonCond::In(list) => *list = of_other(*list)?,
        PersonCond::All(parts) | PersonCond::Any(parts) => {
            for part in parts {
                test_with_lists(part, of_other)?;
            }
        }
        PersonCond::Not(part) => test_with_lists(part, of_other)?,
        _ => {}
    }
    Some(())
}

/// The days on which a rule is active.
type Dates<'a> = (Option<Date>, Option<Date>, &'a ZoneRule);

fn dates(rule: &RuleOutline) -> Dates<'_> {
    (rule.from, rule.until, &rule.zone)
}

fn same_dates(old: &[RuleOutline], new: &[RuleOutline]) -> Vec<Option<RuleIdx>> {
    let mut known: HashMap<Dates<'_>, RuleIdx> = HashMap::new();
    for (rule, at) in old.iter().zip(0..) {
        known.entry(dates(rule)).or_insert(at);
    }
    new.iter().map(|rule| known.get(&dates(rule)).copied()).collect()
}

/// What decides which meetings a rule matches, and how it stands among the others.
#[derive(PartialEq)]
struct Matching<'a> {
    tier: Tier,
    shadow: bool,
    dates: Option<Dates<'a>>,
    condition: Cond,
}

fn same_rules(old: &[RuleOutline], new: &[RuleOutline], atoms: &[Option<AtomIdx>]) -> [Vec<Option<RuleIdx>>; 2] {
    let of_old: Vec<Option<Matching<'_>>> = old.iter().map(|rule| matching(rule, Some)).collect();
    let of_new: Vec<Option<Matching<'_>>> =
        new.iter().map(|rule| matching(rule, |atom| atoms.get(usize::from(atom)).copied().flatten())).collect();
    let same = |old: usize, new: usize| of_old[old].is_some() && of_old[old] == of_new[new];
    let mut pairs = [vec![None; old.len()], vec![None; new.len()]];
    for (old, new) in common(old.len(), new.len(), same) {
        let narrow = |at: usize| RuleIdx::try_from(at).expect("a set has fewer than 65,536 rules");
        (pairs[0][old], pairs[1][new]) = (Some(narrow(new)), Some(narrow(old)));
    }
    pairs
}

/// `None` where the rule asks something that the other side does not ask.
fn matching(rule: &RuleOutline, atom: impl Fn(AtomIdx) -> Option<AtomIdx>) -> Option<Matching<'_>> {
    let dates = (rule.from.is_some() || rule.until.is_some()).then(|| dates(rule));
    Some(Matching { tier: rule.tier, shadow: rule.shadow, dates, condition: renamed(&rule.condition, &atom)? })
}

fn renamed(condition: &Cond, atom: &impl Fn(AtomIdx) -> Option<AtomIdx>) -> Option<Cond> {
    let all = |parts: &[Cond]| parts.iter().map(|part| renamed(part, atom)).collect::<Option<Vec<_>>>();
    let one = |part: &Cond| renamed(part, atom).map(Box::new);
    Some(match condition {
        Cond::Atom(index) => Cond::Atom(atom(*index)?),
        Cond::And(parts) => Cond::And(all(parts)?),
        Cond::Or(parts) => Cond::Or(all(parts)?),
        Cond::Not(part) => Cond::Not(one(part)?),
        Cond::Surely(part) => Cond::Surely(one(part)?),
        Cond::Possibly(part) => Cond::Possibly(one(part)?),
    })
}

/// A longest common subsequence: places on both sides, ascending.
fn common(old: usize, new: usize, same: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
    let before = (0..old.min(new)).take_while(|at| same(*at, *at)).count();
    let rest = old.min(new) - before;
    let after = (1..=rest).take_while(|back| same(old - back, new - back)).count();
    let mut pairs: Vec<(usize, usize)> = (0..before).map(|at| (at, at)).collect();
    let (height, width) = (old - before - after, new - before - after);
    if height * width <= CELLS_MAX {
        let between = longest(height, width, |one, other| same(before + one, before + other));
        pairs.extend(between.into_iter().map(|(one, other)| (before + one, before + other)));
    }
    pairs.extend((1..=after).rev().map(|back| (old - back, new - back)));
    pairs
}

fn longest(height: usize, width: usize, same: impl Fn(usize, usize) -> bool) -> Vec<(usize, usize)> {
    // How long a common subsequence of what follows each pair of places is.
    let mut length = vec![0_u32; (height + 1) * (width + 1)];
    let cell = |one: usize, other: usize| one * (width + 1) + other;
    for one in (0..height).rev() {
        for other in (0..width).rev() {
            length[cell(one, other)] = match same(one, other) {
                true => length[cell(one + 1, other + 1)] + 1,
                false => length[cell(one + 1, other)].max(length[cell(one, other + 1)]),
            };
        }
    }
    let (mut one, mut other) = (0, 0);
    let mut pairs = Vec::new();
    while one < height && other < width {
        if same(one, other) {
            pairs.push((one, other));
            (one, other) = (one + 1, other + 1);
        } else if length[cell(one + 1, other)] >= length[cell(one, other + 1)] {
            one += 1;
        } else {
            other += 1;
        }
    }
    pairs
}

#[cfg(test)]
mod tests {
    use super::common;

    #[test]
    fn what_stands_in_both_in_one_order_is_lined_up() {
        let pairs = |old: &str, new: &str| {
            let (old, new): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
            let pairs = common(old.len(), new.len(), |one, other| old[one] == new[other]);
            pairs.into_iter().map(|(one, _)| old[one]).collect::<String>()
        };
        assert_eq!(pairs("abcdef", "abxdef"), "abdef");
        assert_eq!(pairs("abc", "cab"), "ab");
        assert_eq!(pairs("abc", "abc"), "abc");
        assert_eq!(pairs("aa", "a"), "a");
        assert_eq!(pairs("", "a"), "");
        assert_eq!(pairs("xabcy", "yacbx"), "ac");
    }
}

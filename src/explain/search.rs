//! The smallest sets of condition values whose change gives the other decision: an exact search over the outline.
//!
//! A decision falls to the first rule that matches, else to a person's word or the default. So the other decision is reached
//! exactly where some *target* that decides otherwise matches and nothing before it does that decides as now. Each of these
//! is a constraint on one rule's condition. The search deepens by one change at a time (so the first sets found are the
//! smallest), takes the first violated constraint and branches only over changes that can help to satisfy it; every set that
//! satisfies all constraints holds one of them. Work is counted, and the search says so when it gives up.
//!
//! Conditions count as independent of each other: `attendees >= 3` may change without `attendees >= 5`.

use crate::value::outline::{AtomIdx, Cond, Outline};
use crate::value::words::Verb;
use crate::value::{DecidedBy, Decision, Overrides, RuleIdx, Trace, Truth};

/// Most steps of one search. A step is one change tried, or 16 parts of conditions read again for it.
pub const STEPS_MAX: u32 = 100_000;

/// How many parts of conditions are read in the time that trying a change takes.
const PARTS_PER_STEP: u32 = 16;

/// Most changes in one set; more help no reader. It also bounds how deep the search recurses.
pub const SIZE_MAX: usize = 32;

/// Most sets that one search collects; more of the same size are only known to exist.
const SETS_MAX: usize = 64;

/// One changed condition value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Change {
    /// The condition.
    pub atom: AtomIdx,
    /// Its value instead; never unknown.
    pub to: Truth,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Sets of changes, each ordered by atom, none twice, in the order found.
    pub sets: Vec<Vec<Change>>,
    /// Whether everything asked for was looked at: sizes, sets of a size.
    pub exhausted: bool,
}

/// Which conditions a search may change, and when it ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ask {
    /// Any condition; only sets of the smallest size.
    Smallest,
    /// Only conditions that are unknown; sets of every size, none inside of another.
    EveryCompletion,
}

/// A rule that can match, in effective order.
struct Entry<'a> {
    rule: RuleIdx,
    verb: Verb,
    condition: &'a Cond,
    /// No condition occurs twice, so costs of parts add up.
    read_once: bool,
    /// How many parts the condition has.
    parts: u32,
}

/// The state of a search: condition values with the changes so far, and what they make of the rules.
pub(super) struct Search<'a> {
    entries: Vec<Entry<'a>>,
    /// The decision where no entry matches.
    last: Decision,
    /// The condition values as they are, and with the changes.
    base: Vec<Truth>,
    truths: Vec<Truth>,
    free: Vec<bool>,
    matched: Vec<bool>,
    /// For each atom, the entries that ask for it.
    users: Vec<Vec<usize>>,
    changes: Vec<Change>,
    steps: u32,
    parts: u32,
}

impl<'a> Search<'a> {
    /// A search over the rules that can decide at all: not the shadows, those out of their dates, or those after the word
    /// that a person gave.
    pub fn new(outline: &'a Outline, trace: &Trace, overrides: Overrides) -> Self {
        let word = overrides.effective();
        let mut entries = Vec::new();
        for (index, rule) in outline.rules.iter().enumerate() {
            if word.is_some() && rule.tier.yields_to_override() {
                break;
            }
            let dates = trace.active.get(index).copied().unwrap_or(Truth::Unknown);
            if !rule.shadow && rule.matches(dates, Truth::True) {
                entries.push(Entry::new(index, rule.tier.verb(), &rule.condition));
            }
        }
        let (verb, layer) = outline.default;
        let last = word.map_or(Decision::Decided { verb, by: DecidedBy::Default(layer) }, |word| word.decision());
        let mut users = vec![Vec::new(); outline.atoms.len()];
        for (index, entry) in entries.iter().enumerate() {
            each_atom(entry.condition, &mut |atom| {
                if let Some(list) = users.get_mut(usize::from(atom)).filter(|list| list.last() != Some(&index)) {
                    list.push(index);
                }
            });
        }
        let mut truths = trace.atoms.clone();
        truths.resize(outline.atoms.len(), Truth::Unknown);
        let mut search = Self {
            matched: vec![false; entries.len()],
            free: vec![true; truths.len()],
            entries,
            last,
            base: truths.clone(),
            truths,
            users,
            changes: Vec::new(),
            steps: 0,
            parts: 0,
        };
        for index in 0..search.entries.len() {
            search.refresh(index);
        }
        search
    }

    /// The decision under the changes so far.
    fn decision(&self) -> Decision {
        let first = self.matched.iter().position(|matched| *matched);
        first.map_or(self.last, |index| {
            let entry = &self.entries[index];
            Decision::Decided { verb: entry.verb, by: DecidedBy::Rule(entry.rule) }
        })
    }

    /// The decision with one condition changed.
    pub fn decision_with(&mut self, change: Change) -> Decision {
        self.apply(change);
        let decision = self.decision();
        self.undo();
        decision
    }

    /// Finds the sets whose change gives the verb that is not the present one.
    pub fn run(&mut self, ask: Ask) -> Found {
        self.steps = 0;
        self.parts = 0;
        self.free = match ask {
            Ask::Smallest => vec![true; self.truths.len()],
            Ask::EveryCompletion => self.truths.iter().map(|truth| *truth == Truth::Unknown).collect(),
        };
        let mut found = Found::default();
        let present = verb_of(self.decision());
        let targets = self.targets(present);
        for size in 1..=SIZE_MAX as u32 {
            let mut level = Level { present, ask, cut: false, full: false };
            for (target, least) in &targets {
                if *least > size {
                    level.cut = true;
                } else {
                    self.deepen(*target, size, &mut level, &mut found);
                }
            }
            if self.spent() || level.full {
                return found;
            }
            if !level.cut || (ask == Ask::Smallest && !found.sets.is_empty()) {
                found.exhausted = true;
                return found;
            }
        }
        found
    }

    /// Who could give the other verb, each with the least number of changes it takes; those after the present decision first,
    /// since they need a change of the deciding rule, which says most to a reader.
    fn targets(&mut self, present: Verb) -> Vec<(usize, u32)> {
        let decider = self.matched.iter().position(|matched| *matched).unwrap_or(self.entries.len());
        let mut out = Vec::new();
        let mut before = 0;
        let mut reached = true;
        for target in 0..self.entries.len() {
            let entry = &self.entries[target];
            let (verb, to_match, to_miss) = (entry.verb, entry.to_match(), entry.to_miss());
            if verb != present {
                if let Some(own) = self.cost(target, to_match) {
                    out.push((target, own.max(before)));
                }
            } else if self.matched[target] {
                match self.cost(target, to_miss) {
                    Some(cost) => before = before.max(cost),
                    None => {
                        reached = false;
                        break;
                    }
                }
            }
        }
        if reached && verb_of(self.last) != present {
            out.push((self.entries.len(), before));
        }
        out.sort_by_key(|(target, _)| (*target < decider, *target));
        out
    }

    /// Looks for sets with `left` more changes under which `target` decides.
    fn deepen(&mut self, target: usize, left: u32, level: &mut Level, found: &mut Found) {
        if verb_of(self.decision()) != level.present {
            self.collect(level, found);
            return;
        }
        if level.ask == Ask::EveryCompletion && found.sets.iter().any(|set| is_subset(set, &self.changes)) {
            return;
        }
        let blocker = (0..target).find(|index| self.matched[*index] && self.entries[*index].verb == level.present);
        let (entry, goal) = match blocker {
            Some(index) => (index, self.entries[index].to_miss()),
            // Nothing before the target decides as now, and the decision is still as now: so the target does not match.
            None if target < self.entries.len() => (target, self.entries[target].to_match()),
            None => return,
        };
        match self.cost(entry, goal) {
            None => return,
            Some(cost) if cost > left => {
                level.cut = true;
                return;
            }
            Some(_) => {}
        }
        let mut candidates = Vec::new();
        self.candidates(self.entries[entry].condition, goal, &mut candidates);
        candidates.sort_unstable();
        candidates.dedup();
        for change in candidates {
            if level.full || self.spent() {
                return;
            }
            self.apply(change);
            self.deepen(target, left - 1, level, found);
            self.undo();
        }
    }

    fn collect(&self, level: &mut Level, found: &mut Found) {
        let mut set = self.changes.clone();
        set.sort_unstable();
        if found.sets.contains(&set) || (level.ask == Ask::EveryCompletion && found.sets.iter().any(|less| is_subset(less, &set)))
        {
            return;
        }
        if found.sets.len() == SETS_MAX {
            level.full = true;
            return;
        }
        found.sets.push(set);
    }

    fn apply(&mut self, change: Change) {
        self.steps += 1;
        self.parts += self.entries.len() as u32 / PARTS_PER_STEP;
        self.changes.push(change);
        self.set(change);
    }

    fn undo(&mut self) {
        if let Some(Change { atom, .. }) = self.changes.pop() {
            self.set(Change { atom, to: self.base[usize::from(atom)] });
        }
    }

    fn set(&mut self, change: Change) {
        self.truths[usize::from(change.atom)] = change.to;
        for place in 0..self.users[usize::from(change.atom)].len() {
            self.refresh(self.users[usize::from(change.atom)][place]);
        }
    }

    fn refresh(&mut self, index: usize) {
        let entry = &self.entries[index];
        self.parts = self.parts.saturating_add(entry.parts);
        let truths = &self.truths;
        let truth = entry.condition.truth(&|atom| truths[usize::from(atom)]);
        self.matched[index] = entry.to_match().met_by(truth);
    }

    fn spent(&self) -> bool {
        self.steps.saturating_add(self.parts / PARTS_PER_STEP) > STEPS_MAX
    }

    /// The least number of further changes after which the condition of an entry meets `goal`, as far as it can be told
    /// without a search: exact where no condition occurs twice, never too high. `None`: no changes do it.
    fn cost(&mut self, index: usize, goal: Goal) -> Option<u32> {
        let entry = &self.entries[index];
        self.parts = self.parts.saturating_add(entry.parts);
        self.cost_of(entry.condition, goal, entry.read_once)
    }

    fn cost_of(&self, cond: &Cond, goal: Goal, read_once: bool) -> Option<u32> {
        match Step::of(cond, goal) {
            Step::Atom(atom) => {
                let index = usize::from(atom);
                let may_change = self.free[index] && self.truths[index] == self.base[index];
                if goal.met_by(self.truths[index]) { Some(0) } else { may_change.then_some(1) }
            }
            Step::Every(parts, goal) => {
                let mut total = 0_u32;
                for part in parts {
                    let cost = self.cost_of(part, goal, read_once)?;
                    total = if read_once { total.saturating_add(cost) } else { total.max(cost) };
                }
                Some(total)
            }
            Step::Some(parts, goal) => parts.iter().filter_map(|part| self.cost_of(part, goal, read_once)).min(),
        }
    }

    /// The changes one of which any set that makes `cond` meet `goal` holds; `cond` does not meet it yet.
    fn candidates(&self, cond: &Cond, goal: Goal, out: &mut Vec<Change>) {
        let unmet = |part: &Cond, goal: Goal| !goal.met_by(part.truth(&|atom| self.truths[usize::from(atom)]));
        match Step::of(cond, goal) {
            Step::Atom(atom) => {
                let index = usize::from(atom);
                if self.free[index] && self.truths[index] == self.base[index] {
                    out.push(Change { atom, to: goal.certainly() });
                }
            }
            // All parts have to meet it, so any set helps the first that does not.
            Step::Every(parts, goal) => {
                if let Some(part) = parts.iter().find(|part| unmet(part, goal)) {
                    self.candidates(part, goal, out);
                }
            }
            Step::Some(parts, goal) => parts.iter().for_each(|part| self.candidates(part, goal, out)),
        }
    }
}

/// What one level of the deepening search shares.
struct Level {
    present: Verb,
    ask: Ask,
    /// Something lay beyond the level's number of changes.
    cut: bool,
    /// No further set can be kept.
    full: bool,
}

/// What a condition's truth should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Goal {
    True,
    False,
    NotTrue,
    NotFalse,
}

impl Goal {
    fn met_by(self, truth: Truth) -> bool {
        match self {
            Self::True => truth == Truth::True,
            Self::False => truth == Truth::False,
            Self::NotTrue => truth != Truth::True,
            Self::NotFalse => truth != Truth::False,
        }
    }

    /// The same of `not c`, asked of `c`.
    fn negated(self) -> Self {
        match self {
            Self::True => Self::False,
            Self::False => Self::True,
            Self::NotTrue => Self::NotFalse,
            Self::NotFalse => Self::NotTrue,
        }
    }

    /// The certain value that meets it.
    fn certainly(self) -> Truth {
        Truth::from(matches!(self, Self::True | Self::NotFalse))
    }
}

/// What it takes for a condition to meet a goal, one step down.
enum Step<'a> {
    Atom(AtomIdx),
    /// Every part has to meet the goal.
    Every(&'a [Cond], Goal),
    /// One part is enough.
    Some(&'a [Cond], Goal),
}

impl<'a> Step<'a> {
    fn of(cond: &'a Cond, goal: Goal) -> Self {
        match (cond, goal) {
            (Cond::Atom(atom), _) => Self::Atom(*atom),
            (Cond::And(parts), Goal::True | Goal::NotFalse) | (Cond::Or(parts), Goal::False | Goal::NotTrue) => {
                Self::Every(parts, goal)
            }
            (Cond::And(parts), Goal::False | Goal::NotTrue) | (Cond::Or(parts), Goal::True | Goal::NotFalse) => {
                Self::Some(parts, goal)
            }
            (Cond::Not(part), _) => Self::Every(std::slice::from_ref(&**part), goal.negated()),
            (Cond::Surely(part), Goal::True | Goal::NotFalse) => Self::Every(std::slice::from_ref(&**part), Goal::True),
            (Cond::Surely(part), Goal::False | Goal::NotTrue) => Self::Every(std::slice::from_ref(&**part), Goal::NotTrue),
            (Cond::Possibly(part), Goal::True | Goal::NotFalse) => Self::Every(std::slice::from_ref(&**part), Goal::NotFalse),
            (Cond::Possibly(part), Goal::False | Goal::NotTrue) => Self::Every(std::slice::from_ref(&**part), Goal::False),
        }
    }
}

impl<'a> Entry<'a> {
    fn new(rule: usize, verb: Verb, condition: &'a Cond) -> Self {
        let mut atoms = Vec::new();
        each_atom(condition, &mut |atom| atoms.push(atom));
        let parts = atoms.len() as u32 + 1;
        atoms.sort_unstable();
        let read_once = atoms.windows(2).all(|pair| pair[0] != pair[1]);
        let rule = RuleIdx::try_from(rule).expect("a set has fewer than 65,536 rules");
        Self { rule, verb, condition, read_once, parts }
    }

    /// Recording needs certainty.
    fn to_match(&self) -> Goal {
        match self.verb {
            Verb::Record => Goal::True,
            Verb::Skip => Goal::NotFalse,
        }
    }

    fn to_miss(&self) -> Goal {
        match self.verb {
            Verb::Record => Goal::NotTrue,
            Verb::Skip => Goal::False,
        }
    }
}

/// Calls `visit` with every atom of a condition, as often as it occurs.
pub(super) fn each_atom(cond: &Cond, visit: &mut impl FnMut(AtomIdx)) {
    match cond {
        Cond::Atom(atom) => visit(*atom),
        Cond::And(parts) | Cond::Or(parts) => parts.iter().for_each(|part| each_atom(part, visit)),
        Cond::Not(part) | Cond::Surely(part) | Cond::Possibly(part) => each_atom(part, visit),
    }
}

/// The verb of a decision that rules, a person or the default made.
pub(super) fn verb_of(decision: Decision) -> Verb {
    match decision {
        Decision::Decided { verb, .. } => verb,
        Decision::NotRecordable(_) => Verb::Skip,
    }
}

/// Whether every change of `less` is in `more`.
fn is_subset(less: &[Change], more: &[Change]) -> bool {
    less.iter().all(|change| more.contains(change))
}

//! One question: whether a meeting exists of which some formulas hold.
//!
//! The SAT solver proposes which leaves are so; the fewest of them that make the formulas hold go to the theories, each of
//! which knows one independent side of a meeting. Where one finds that its conditions clash, the smallest part of them that
//! does becomes a clause, and the solver proposes again. What all theories could make so is put together to a meeting and asked
//! the formulas themselves, with the same conditions that decide about real ones; only a meeting that passes is an answer.

use crate::analysis::budget::{Budget, Limit};
use crate::analysis::formula::{Formula, Leaf};
use crate::analysis::model::{AtomRef, Model};
use crate::analysis::theory::{self, Allowed, Ask, Dimension, What};
use crate::analysis::witness::{Draft, Witness};
use crate::builtins::Context;
use crate::value::Truth;
use batsat::{BasicSolver, Lit, SolverInterface, lbool};
use std::collections::BTreeMap;

/// Most proposals of one question.
const ROUNDS_MAX: u32 = 2_000;
/// What a proposal costs in steps, besides what theories take for it.
const ROUND_STEPS: u64 = 200;
/// So many rules are asked about a meeting for one step, when it is looked at who decides about it.
const RULES_A_STEP: u64 = 4;

/// What a question came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// This meeting passes.
    Found(Box<Witness>),
    /// No meeting does: proven. The atoms that cannot go together, where one such clash is the whole reason; else empty.
    None(Vec<AtomRef>),
    /// Nobody knows.
    Undecided(Limit),
}

/// A question being asked. What it learns about conditions that clash stays while more is required.
pub struct Query<'m, 'a> {
    model: &'m Model<'a>,
    parts: Vec<Formula>,
    solver: BasicSolver,
    leaves: BTreeMap<Leaf, batsat::Var>,
    clashes: Vec<Vec<AtomRef>>,
    given_up: Option<Limit>,
}

impl<'m, 'a> Query<'m, 'a> {
    /// A question that every recordable meeting answers.
    #[must_use]
    pub fn new(model: &'m Model<'a>) -> Self {
        let solver = BasicSolver::default();
        Self { model, parts: Vec::new(), solver, leaves: BTreeMap::new(), clashes: Vec::new(), given_up: None }
    }

    /// Asks for more.
    pub fn require(&mut self, formula: Formula) {
        let holds = self.literal(&formula);
        self.solver.add_clause_reuse(&mut vec![holds]);
        self.parts.push(formula);
    }

    /// Looks for a meeting of which all holds that is required.
    pub fn solve(&mut self, budget: &mut Budget) -> Answer {
        for _ in 0..ROUNDS_MAX {
            if let Err(limit) = budget.take(ROUND_STEPS) {
                return Answer::Undecided(limit);
            }
            if self.solver.solve_limited(&[]) != lbool::TRUE {
                return match self.given_up {
                    Some(limit) => Answer::Undecided(limit),
                    None => Answer::None(self.only_clash()),
                };
            }
            let asks = self.proposal();
            match self.attempt(&asks, budget) {
                Ok(witness) => {
                    let rules: u64 = self.model.sides().map(|side| side.rules().len() as u64).sum();
                    return match budget.take(rules / RULES_A_STEP) {
                        Ok(()) => Answer::Found(Box::new(witness)),
                        Err(limit) => Answer::Undecided(limit),
                    };
                }
                Err(Failure::Clash(core)) => {
                    self.clashes.push(core.iter().filter_map(|ask| ask.atom).collect());
                    self.exclude(&core);
                }
                Err(Failure::GivenUp(Limit::Steps, _)) => return Answer::Undecided(Limit::Steps),
                Err(Failure::GivenUp(limit, part)) => {
                    self.given_up = Some(self.given_up.map_or(limit, |earlier| earlier.max(limit)));
                    self.exclude(&part);
                }
            }
        }
        Answer::Undecided(Limit::Rounds)
    }

    /// A literal that implies the formula.
    fn literal(&mut self, formula: &Formula) -> Lit {
        match formula {
            Formula::Is(leaf, so) => Lit::new(self.leaf(*leaf), *so),
            Formula::All(parts) => {
                let own = Lit::new(self.solver.new_var_default(), true);
                for part in parts {
                    let part = self.literal(part);
                    self.solver.add_clause_reuse(&mut vec![!own, part]);
                }
                own
            }
            Formula::Any(parts) => {
                let own = Lit::new(self.solver.new_var_default(), true);
                let mut clause: Vec<Lit> = parts.iter().map(|part| self.literal(part)).collect();
                clause.push(!own);
                self.solver.add_clause_reuse(&mut clause);
                own
            }
        }
    }

    fn leaf(&mut self, leaf: Leaf) -> batsat::Var {
        if let Some(known) = self.leaves.get(&leaf) {
            return *known;
        }
        let own = self.solver.new_var_default();
        self.leaves.insert(leaf, own);
        // What is true is possible.
        let other = match leaf {
            Leaf::True(side, atom) => Leaf::Possible(side, atom),
            Leaf::Possible(side, atom) => Leaf::True(side, atom),
            Leaf::Active(..) => return own,
        };
        if let Some(&other) = self.leaves.get(&other) {
            let (is_true, possible) = if matches!(leaf, Leaf::True(..)) { (own, other) } else { (other, own) };
            self.solver.add_clause_reuse(&mut vec![Lit::new(is_true, false), Lit::new(possible, true)]);
        }
        own
    }

    /// What the solver proposes, as far as the formulas need it: one ask for each atom.
    fn proposal(&self) -> Vec<Ask<'a>> {
        let is = |leaf: Leaf| self.leaves.get(&leaf).is_some_and(|var| self.solver.value_var(*var) == lbool::TRUE);
        let mut chosen = Vec::new();
        for part in &self.parts {
            part.reasons(&is, &mut chosen);
        }
        let mut asks: BTreeMap<Result<AtomRef, Leaf>, Ask<'a>> = BTreeMap::new();
        for (leaf, so) in chosen {
            let (key, allowed) = match leaf {
                Leaf::True(side, atom) => (Ok(AtomRef { side, atom }), Allowed::where_true(so)),
                Leaf::Possible(side, atom) => (Ok(AtomRef { side, atom }), Allowed::where_possible(so)),
                Leaf::Active(..) => (Err(leaf), Allowed::where_true(so)),
            };
            let ask = asks.entry(key).or_insert_with(|| match key {
                Ok(at) => Ask { what: What::Atom(self.model.atom(at)), side: at.side, atom: Some(at), ..Ask::default() },
                Err(Leaf::Active(side, rule)) => Ask { what: What::Dates(self.model.rule(side, rule)), side, ..Ask::default() },
                Err(_) => unreachable!("only dates have no atom"),
            });
            ask.allowed = ask.allowed.and(allowed);
            ask.leaves.push((leaf, so));
        }
        asks.into_values().collect()
    }

    /// Puts a meeting together that answers as asked.
    fn attempt(&self, asks: &[Ask<'a>], budget: &mut Budget) -> Result<Witness, Failure<'a>> {
        let mut by_dimension: BTreeMap<Dimension, Vec<&Ask<'a>>> = BTreeMap::new();
        for ask in asks {
            by_dimension.entry(Dimension::of(&ask.what)).or_default().push(ask);
        }
        if by_dimension.contains_key(&Dimension::Texts) {
            // A provided list may be compared with several texts, and those with others.
            let is_text = |dimension: &Dimension| matches!(dimension, Dimension::Text(_) | Dimension::Texts);
            let all: Vec<&Ask<'a>> =
                by_dimension.iter().filter(|(at, _)| is_text(at)).flat_map(|(_, asks)| asks.clone()).collect();
            by_dimension.retain(|at, _| !is_text(at));
            by_dimension.insert(Dimension::Texts, all);
        }
        let mut draft = Draft::neutral(&self.model.recordable(), &theory::neutral_user(self.model), self.model.usual_zone());
        for (dimension, asks) in by_dimension {
            match theory::solve(dimension, self.model, &asks, &mut draft, budget) {
                Ok(true) => {}
                Ok(false) => return Err(Failure::Clash(self.core(dimension, asks, &draft, budget))),
                Err(limit) => return Err(Failure::GivenUp(limit, owned(&asks))),
            }
        }
        let witness = draft.finish();
        if self.passes(&witness) { Ok(witness) } else { Err(Failure::GivenUp(Limit::Unwritten, asks.to_vec())) }
    }

    /// The smallest part of clashing asks that is found to clash.
    fn core(&self, dimension: Dimension, asks: Vec<&Ask<'a>>, draft: &Draft, budget: &mut Budget) -> Vec<Ask<'a>> {
        let mut core = asks;
        let mut at = 0;
        while core.len() > 1 && at < core.len() {
            let mut without = core.clone();
            without.remove(at);
            match theory::solve(dimension, self.model, &without, &mut draft.clone(), budget) {
                Ok(false) => core = without,
                Ok(true) | Err(_) => at += 1,
            }
        }
        owned(&core)
    }

    /// Asks the meeting what was asked for.
    fn passes(&self, witness: &Witness) -> bool {
        let question = witness.question();
        let contexts: Vec<Context<'_>> = self.model.sides().map(|side| Context::new(&question, side.tables())).collect();
        let recordable = contexts[0].not_recordable(&self.model.recordable()).is_none();
        let is = |leaf: Leaf| match leaf {
            Leaf::True(side, atom) | Leaf::Possible(side, atom) => {
                let at = AtomRef { side, atom };
                let truth = self.model.truth(&contexts[usize::from(side)], self.model.atom(at));
                truth == Truth::True || (truth == Truth::Unknown && matches!(leaf, Leaf::Possible(..)))
            }
            Leaf::Active(side, rule) => {
                let rule = self.model.rule(side, rule);
                contexts[usize::from(side)].is_active(rule.from, rule.until, &rule.zone) == Truth::True
            }
        };
        recordable && self.parts.iter().all(|part| part.holds(&is))
    }

    /// Tells the solver that these do not go together.
    fn exclude(&mut self, asks: &[Ask<'a>]) {
        let leaves: Vec<(Leaf, bool)> = asks.iter().flat_map(|ask| ask.leaves.iter().copied()).collect();
        let mut clause: Vec<Lit> = leaves.into_iter().map(|(leaf, so)| Lit::new(self.leaf(leaf), !so)).collect();
        self.solver.add_clause_reuse(&mut clause);
    }

    fn only_clash(&self) -> Vec<AtomRef> {
        match self.clashes.as_slice() {
            [only] => only.clone(),
            _ => Vec::new(),
        }
    }
}

/// Why a proposal came to nothing.
enum Failure<'a> {
    Clash(Vec<Ask<'a>>),
    GivenUp(Limit, Vec<Ask<'a>>),
}

fn owned<'a>(asks: &[&Ask<'a>]) -> Vec<Ask<'a>> {
    asks.iter().map(|ask| (*ask).clone()).collect()
}

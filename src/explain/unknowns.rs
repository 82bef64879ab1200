//! Which hidden facts mattered: an unknown did if some completion of it changes the decision.
//!
//! Alone, or together with other unknowns where the decision hangs on several at once (`any attendee is external and
//! attendees >= 3` under a hidden guest list). Together means: in some smallest set of completions that gives the other verb.

use crate::explain::conditions::AtomTold;
use crate::explain::search::{Ask, Change, Search, verb_of};
use crate::explain::{Case, Outcome};
use crate::value::outline::AtomIdx;
use crate::value::{Decision, Truth};

/// The unknown conditions that mattered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mattered {
    /// In the order of first use.
    pub list: Vec<UnknownTold>,
    /// How many conditions were unknown.
    pub unknown: usize,
    /// Whether the search for those that matter only together ended before it had seen all
    /// ([`STEPS_MAX`](crate::explain::STEPS_MAX)).
    pub unfinished: bool,
}

/// An unknown condition that mattered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownTold {
    /// The question, and why it could not be answered.
    pub atom: AtomTold,
    /// The answer that changes the decision.
    pub if_it_were: Truth,
    /// Further unknown conditions that have to be completed with it, with their answers; empty: it alone changes the decision.
    pub together_with: Vec<(AtomTold, Truth)>,
    /// The decision then.
    pub to: Outcome,
}

/// The unknown conditions that mattered to the decision of a case.
pub(super) fn mattered(case: &Case, search: &mut Search) -> Mattered {
    let unknown: Vec<AtomIdx> = (0_u16..)
        .zip(&case.trace.atoms)
        .filter(|(atom, truth)| **truth == Truth::Unknown && usize::from(*atom) < case.outline.atoms.len())
        .map(|(atom, _)| atom)
        .collect();
    let mut out = Mattered { unknown: unknown.len(), ..Mattered::default() };
    if unknown.is_empty() {
        return out;
    }
    let mut sets: Vec<Vec<Change>> = unknown.iter().filter_map(|atom| alone(case, search, *atom)).map(|one| vec![one]).collect();
    let found = search.run(Ask::EveryCompletion);
    out.unfinished = !found.exhausted;
    sets.extend(found.sets);
    for atom in unknown {
        // Sets of one stand first, and smaller sets before larger ones.
        let Some(set) = sets.iter().find(|set| set.iter().any(|change| change.atom == atom)) else { continue };
        let to = case.replay(set);
        if to != case.decision {
            out.list.push(told(case, atom, set, to));
        }
    }
    out
}

/// The completion of one unknown that changes the decision with nothing else known; one that changes the verb is preferred
/// to one after which another rule says the same.
fn alone(case: &Case, search: &mut Search, atom: AtomIdx) -> Option<Change> {
    let mut changing = [Truth::False, Truth::True]
        .map(|to| Change { atom, to })
        .into_iter()
        .filter(|change| search.decision_with(*change) != case.decision)
        .collect::<Vec<_>>();
    changing.sort_by_key(|change| verb_of(search.decision_with(*change)) == verb_of(case.decision));
    changing.first().copied()
}

fn told(case: &Case, atom: AtomIdx, set: &[Change], to: Decision) -> UnknownTold {
    let own = set.iter().find(|change| change.atom == atom).map_or(Truth::Unknown, |change| change.to);
    let others = set.iter().filter(|change| change.atom != atom);
    UnknownTold {
        atom: case.atom(atom),
        if_it_were: own,
        together_with: others.map(|change| (case.atom(change.atom), change.to)).collect(),
        to: case.outcome(to),
    }
}

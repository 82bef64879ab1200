//! A regular expression as an automaton over characters, made as far as it is walked.
//!
//! A state is the set of places in the pattern's own automaton that can have been reached, before anything that looks around
//! is answered: what comes next is known only with the next character.

use super::words::HIT;
use crate::analysis::budget::{Budget, Limit};
use crate::builtins::text;
use regex_automata::nfa::thompson::{Config, NFA, State as Place};
use regex_automata::util::look::{Look, LookMatcher};
use regex_automata::util::primitives::StateID;
use regex_automata::util::syntax;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// Most states of one pattern.
const STATES_MAX: usize = 4_000;

/// The automata of all expressions of a rule set, each made once and walked further by every question.
///
/// And the expressions as rules are decided with, which are costly to build.
#[derive(Debug, Default)]
pub(in crate::analysis) struct Patterns {
    automata: RefCell<HashMap<Written, Option<Shared>>>,
    built: RefCell<HashMap<Written, Option<Rc<text::Pattern>>>>,
}

/// A pattern and its flags.
type Written = (String, String);

/// An automaton that several questions walk.
pub(super) type Shared = Rc<RefCell<Pattern>>;

impl Patterns {
    /// The automaton of an expression; `None` for one that no checked rule set has.
    pub(super) fn of(&self, pattern: &str, flags: &str) -> Option<Shared> {
        let key = (pattern.to_owned(), flags.to_owned());
        let new = || Pattern::new(pattern, flags).map(|pattern| Rc::new(RefCell::new(pattern)));
        self.automata.borrow_mut().entry(key).or_insert_with(new).clone()
    }

    /// The expression as rules are decided with.
    pub fn built(&self, pattern: &str, flags: &str) -> Option<Rc<text::Pattern>> {
        let key = (pattern.to_owned(), flags.to_owned());
        let new = || text::Pattern::build(pattern, flags).map(Rc::new);
        self.built.borrow_mut().entry(key).or_insert_with(new).clone()
    }
}

#[derive(Debug)]
pub(super) struct Pattern {
    nfa: NFA,
    looks: LookMatcher,
    states: Vec<(Vec<StateID>, Option<char>)>,
    numbers: HashMap<(Vec<StateID>, Option<char>), u32>,
    known: HashMap<(u32, char), u32>,
    /// The round in which each place was last seen, and the round that runs.
    seen: Vec<u32>,
    round: u32,
}

impl Pattern {
    /// Builds the automaton; `None` for a pattern that no checked rule set has.
    pub fn new(pattern: &str, flags: &str) -> Option<Self> {
        let syntax = syntax::Config::new()
            .case_insensitive(flags.contains('i'))
            .dot_matches_new_line(flags.contains('s'))
            .ignore_whitespace(flags.contains('x'));
        let hir = syntax::parse_with(pattern, &syntax).ok()?;
        let size = Some(crate::builtins::text::PATTERN_SIZE_MAX * 4);
        let nfa = NFA::compiler().configure(Config::new().nfa_size_limit(size)).build_from_hir(&hir).ok()?;
        let mut own = Self {
            looks: nfa.look_matcher().clone(),
            seen: vec![0; nfa.states().len()],
            round: 0,
            nfa,
            states: Vec::new(),
            numbers: HashMap::new(),
            known: HashMap::new(),
        };
        own.number((Vec::new(), None));
        Some(own)
    }

    pub fn start(&self) -> u32 {
        0
    }

    pub fn step(&mut self, at: u32, character: char, budget: &mut Budget) -> Result<u32, Limit> {
        if at == HIT {
            return Ok(HIT);
        }
        if let Some(known) = self.known.get(&(at, character)) {
            return Ok(*known);
        }
        if self.states.len() >= STATES_MAX {
            return Err(Limit::Pattern);
        }
        let (set, before) = self.states[at as usize].clone();
        budget.take(set.len() as u64 / 4 + 1)?;
        let mut places = self.closure(set, before, Some(character));
        let to = if self.holds_match(&places) {
            HIT
        } else {
            let mut bytes = [0; 4];
            for byte in character.encode_utf8(&mut bytes).bytes() {
                places = self.over(&places, byte);
            }
            self.number((places, Some(character)))
        };
        self.known.insert((at, character), to);
        Ok(to)
    }

    /// Whether a text that ends here holds a match.
    pub fn accepts(&mut self, at: u32) -> bool {
        if at == HIT {
            return true;
        }
        let (set, before) = self.states[at as usize].clone();
        let places = self.closure(set, before, None);
        self.holds_match(&places)
    }

    fn number(&mut self, state: (Vec<StateID>, Option<char>)) -> u32 {
        let new = self.states.len() as u32;
        let states = &mut self.states;
        *self.numbers.entry(state.clone()).or_insert_with(|| {
            states.push(state);
            new
        })
    }

    /// Everything reached without a character, from the places of `set` and from the beginning of a match right here.
    fn closure(&mut self, set: Vec<StateID>, before: Option<char>, next: Option<char>) -> Vec<StateID> {
        let text: String = before.iter().chain(&next).collect();
        let at = before.map_or(0, char::len_utf8);
        let mut open = set;
        open.push(self.nfa.start_anchored());
        let mut found = Vec::new();
        self.round += 1;
        while let Some(id) = open.pop() {
            if std::mem::replace(&mut self.seen[id.as_usize()], self.round) == self.round {
                continue;
            }
            match self.nfa.state(id) {
                Place::Look { look, next } => {
                    if self.holds(*look, &text, at) {
                        open.push(*next);
                    }
                }
                Place::Union { alternates } => open.extend(alternates.iter().copied()),
                Place::BinaryUnion { alt1, alt2 } => open.extend([*alt1, *alt2]),
                Place::Capture { next, .. } => open.push(*next),
                Place::Fail => {}
                Place::ByteRange { .. } | Place::Sparse(_) | Place::Dense(_) | Place::Match { .. } => found.push(id),
            }
        }
        found.sort_unstable();
        found
    }

    fn holds(&self, look: Look, text: &str, at: usize) -> bool {
        self.looks.matches(look, text.as_bytes(), at)
    }

    fn holds_match(&self, places: &[StateID]) -> bool {
        places.iter().any(|id| matches!(self.nfa.state(*id), Place::Match { .. }))
    }

    /// The places behind one byte. Inside of a character nothing looks around, so that what needs no byte can wait.
    fn over(&self, places: &[StateID], byte: u8) -> Vec<StateID> {
        let mut reached = Vec::new();
        let mut open: Vec<StateID> = places.to_vec();
        while let Some(id) = open.pop() {
            match self.nfa.state(id) {
                Place::ByteRange { trans } if trans.matches_byte(byte) => reached.push(trans.next),
                Place::Sparse(transitions) => reached.extend(transitions.matches_byte(byte)),
                Place::Dense(transitions) => reached.extend(transitions.matches_byte(byte)),
                // Joins of the ranges of a class, inside of a character.
                Place::Union { alternates } => open.extend(alternates.iter().copied()),
                Place::BinaryUnion { alt1, alt2 } => open.extend([*alt1, *alt2]),
                _ => {}
            }
        }
        reached.sort_unstable();
        reached.dedup();
        reached
    }
}

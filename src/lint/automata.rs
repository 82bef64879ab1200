//! What a regular expression finds, decided by walking its automaton.
//!
//! An expression is searched for anywhere in a text; which texts hold it is a regular language, and a lazily built automaton
//! walks through it state by state, over valid UTF-8 only. Steps are counted ([`Steps`]): past them nobody knows the answer, nor
//! for Unicode word boundaries, which this automaton does not have.

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, Config, DFA};
use regex_automata::nfa::thompson::{Compiler, Config as NfaConfig, NFA, WhichCaptures};
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use std::collections::HashSet;

/// How far the walks of one lint may still go.
///
/// A step is one transition of one state of an expression as it was read: making a state of the automaton costs as many steps as
/// the expression has states, for every byte that it tells apart.
pub struct Steps(u64);

impl Default for Steps {
    fn default() -> Self {
        Self(ALL_STEPS_MAX)
    }
}

/// Most steps of all walks of one lint: some hundred milliseconds.
const ALL_STEPS_MAX: u64 = 40_000_000;
/// Most steps of one walk, so that one expression does not use up what others need.
const STEPS_MAX: u64 = 4_000_000;
/// Bytes that an expression may take before it is walked; the check allows no more to one.
const NFA_BYTES_MAX: usize = 256 * 1024;
/// Bytes that the states of a walk may take.
const CACHE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Which texts hold a match of an expression.
pub struct Finder {
    dfa: DFA,
    cache: Cache,
    start: Progress,
    /// States of the expression as it was read.
    weight: u64,
}

/// How far a search has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Progress {
    /// A match was found; whatever follows changes nothing.
    Found,
    At(LazyStateID),
}

impl Finder {
    /// The finder of an expression with the flags `i`, `s`, `x`; `None` where it cannot be built within bounds.
    pub fn new(pattern: &str, flags: &str) -> Option<Self> {
        let syntax = syntax::Config::new()
            .case_insensitive(flags.contains('i'))
            .dot_matches_new_line(flags.contains('s'))
            .ignore_whitespace(flags.contains('x'));
        let config = NfaConfig::new().nfa_size_limit(Some(NFA_BYTES_MAX)).which_captures(WhichCaptures::None);
        let nfa: NFA = Compiler::new().syntax(syntax).configure(config).build(pattern).ok()?;
        // A cache that is emptied would forget the states that a walk remembers; a full one ends the walk instead.
        let config = Config::new().cache_capacity(CACHE_BYTES_MAX).minimum_cache_clear_count(Some(0));
        let weight = nfa.states().len() as u64;
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        let mut cache = dfa.create_cache();
        let start = dfa.start_state_forward(&mut cache, &Input::new("").anchored(Anchored::No)).ok()?;
        Some(Self { dfa, cache, start: Progress::At(start), weight })
    }

    fn step(&mut self, progress: Progress, byte: u8) -> Option<Progress> {
        let Progress::At(state) = progress else { return Some(Progress::Found) };
        let next = self.dfa.next_state(&mut self.cache, state, byte).ok()?;
        Some(if next.is_match() { Progress::Found } else { Progress::At(next) })
    }

    /// Whether a byte leads elsewhere than the one before it.
    fn tells_apart(&self, byte: u8) -> bool {
        let classes = self.dfa.byte_classes();
        byte == 0 || classes.get(byte) != classes.get(byte - 1)
    }

    /// Whether the text that ends here holds a match.
    fn holds(&mut self, progress: Progress) -> Option<bool> {
        match progress {
            Progress::Found => Some(true),
            Progress::At(state) => Some(self.dfa.next_eoi_state(&mut self.cache, state).ok()?.is_match()),
        }
    }
}

/// Whether every text holds a match; `None`: nobody knows.
pub fn finds_everything(finder: &mut Finder, steps: &mut Steps) -> Option<bool> {
    let (start, bytes) = (finder.start, bytes(|byte| finder.tells_apart(byte)));
    let mut walk = Walk { bytes, cost: finder.weight, steps };
    let lacks = |finder: &mut Finder, at: Progress| finder.holds(at).map(|holds| !holds);
    walk.finds(start, finder, lacks, |finder, at, byte| finder.step(at, byte)).map(|some| !some)
}

/// Whether no text holds a match; `None`: nobody knows.
pub fn finds_nothing(finder: &mut Finder, steps: &mut Steps) -> Option<bool> {
    let (start, bytes) = (finder.start, bytes(|byte| finder.tells_apart(byte)));
    let mut walk = Walk { bytes, cost: finder.weight, steps };
    walk.finds(start, finder, |finder, at| finder.holds(at), |finder, at, byte| finder.step(at, byte)).map(|some| !some)
}

/// Whether every text that holds a match of `inner` holds one of `outer`; `None`: nobody knows.
pub fn covers(outer: &mut Finder, inner: &mut Finder, steps: &mut Steps) -> Option<bool> {
    let start = (outer.start, inner.start);
    let bytes = bytes(|byte| outer.tells_apart(byte) || inner.tells_apart(byte));
    let mut walk = Walk { bytes, cost: outer.weight + inner.weight, steps };
    let differs = |(outer, inner): &mut (&mut Finder, &mut Finder), (at_outer, at_inner): (Progress, Progress)| {
        Some(inner.holds(at_inner)? && !outer.holds(at_outer)?)
    };
    let step = |(outer, inner): &mut (&mut Finder, &mut Finder), (at_outer, at_inner): (Progress, Progress), byte: u8| {
        Some((outer.step(at_outer, byte)?, inner.step(at_inner, byte)?))
    };
    walk.finds(start, &mut (outer, inner), differs, step).map(|some| !some)
}

/// One byte of each range that is not told apart.
fn bytes(tells_apart: impl Fn(u8) -> bool) -> Vec<u8> {
    (0..=u8::MAX).filter(|byte| Utf8::EDGES.contains(byte) || tells_apart(*byte)).collect()
}

/// A walk through all texts.
struct Walk<'a> {
    bytes: Vec<u8>,
    /// Steps that one byte costs.
    cost: u64,
    steps: &'a mut Steps,
}

impl Walk<'_> {
    /// Whether some text leads from `start` to a state that is `wanted`; `None` past the steps.
    fn finds<S: Copy + Eq + std::hash::Hash, F>(
        &mut self,
        start: S,
        finder: &mut F,
        wanted: impl Fn(&mut F, S) -> Option<bool>,
        step: impl Fn(&mut F, S, u8) -> Option<S>,
    ) -> Option<bool> {
        let mut left = STEPS_MAX.min(self.steps.0);
        let mut seen = HashSet::from([(start, Utf8::Start)]);
        let mut open = vec![(start, Utf8::Start)];
        while let Some((state, utf8)) = open.pop() {
            if utf8 == Utf8::Start && wanted(finder, state)? {
                return Some(true);
            }
            let cost = self.cost * self.bytes.len() as u64;
            left = left.checked_sub(cost)?;
            self.steps.0 -= cost;
            for byte in &self.bytes {
                let Some(utf8) = utf8.after(*byte) else { continue };
                let next = (step(finder, state, *byte)?, utf8);
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        Some(false)
    }
}

/// What may follow in valid UTF-8 (Unicode 16, table 3-7).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Utf8 {
    Start,
    One,
    Two,
    Three,
    AfterE0,
    AfterEd,
    AfterF0,
    AfterF4,
}

impl Utf8 {
    /// The first bytes of the ranges below.
    const EDGES: [u8; 13] = [0x80, 0x90, 0xa0, 0xc0, 0xc2, 0xe0, 0xe1, 0xed, 0xee, 0xf0, 0xf1, 0xf4, 0xf5];

    fn after(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Start, 0x00..=0x7f) | (Self::One, 0x80..=0xbf) => Self::Start,
            (Self::Start, 0xc2..=0xdf)
            | (Self::Two, 0x80..=0xbf)
            | (Self::AfterE0, 0xa0..=0xbf)
            | (Self::AfterEd, 0x80..=0x9f) => Self::One,
            (Self::Start, 0xe0) => Self::AfterE0,
            (Self::Start, 0xed) => Self::AfterEd,
            (Self::Start, 0xe1..=0xef)
            | (Self::Three, 0x80..=0xbf)
            | (Self::AfterF0, 0x90..=0xbf)
            | (Self::AfterF4, 0x80..=0x8f) => Self::Two,
            (Self::Start, 0xf0) => Self::AfterF0,
            (Self::Start, 0xf1..=0xf3) => Self::Three,
            (Self::Start, 0xf4) => Self::AfterF4,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finder(pattern: &str) -> Finder {
        Finder::new(pattern, "").expect("it can be built")
    }

    #[test]
    fn everything_and_nothing_are_told() {
        for (pattern, everything, nothing) in [
            ("", true, false),
            (".*", true, false),
            ("^", true, false),
            ("^.*$", false, false),
            ("(?s)^.*$", true, false),
            ("a|[^a]|^$", true, false),
            (".", false, false),
            ("a", false, false),
            ("a$b", false, true),
            ("[^\\s\\S]", false, true),
            ("\\p{Greek}{2}", false, false),
        ] {
            assert_eq!(finds_everything(&mut finder(pattern), &mut Steps::default()), Some(everything), "{pattern}");
            assert_eq!(finds_nothing(&mut finder(pattern), &mut Steps::default()), Some(nothing), "{pattern}");
        }
    }

    #[test]
    fn an_expression_covers_what_it_is_found_in() {
        for (outer, inner, expected) in [
            ("demo", "demos", true),
            ("demos", "demo", false),
            ("^demo", "demo", false),
            ("demo", "^demo$", true),
            ("[a-z]", "q", true),
            ("[a-z]", "Q", false),
            ("a.*b", "axxb", true),
        ] {
            assert_eq!(covers(&mut finder(outer), &mut finder(inner), &mut Steps::default()), Some(expected), "{outer} {inner}");
        }
    }

    #[test]
    fn nobody_knows_past_the_bound() {
        assert!(Finder::new(r"\bhr\b", "").is_none());
        let mut steps = Steps::default();
        assert_eq!(finds_nothing(&mut finder("(a|b)*a(a|b){16}c$d"), &mut steps), None);
        assert!(steps.0 > ALL_STEPS_MAX - STEPS_MAX, "one walk leaves what others need");
    }
}

//! A text that hits some things and misses others.

use super::Asks;
use super::patterns::{Patterns, Shared};
use super::words::{DEAD, HIT, Words};
use crate::analysis::budget::{Budget, Limit};
use crate::value::fold;
use crate::value::words::TextOp;
use std::collections::{HashSet, VecDeque};

mod letters;
mod samples;

/// One thing that a text must hit, or miss.
pub(super) struct Want<'w, 'a> {
    pub asks: &'w Asks<'a>,
    pub hit: bool,
}

/// What is appended to a text that shall be longer: characters that stand in no usual word.
const LENGTH: &str = "\u{b7}1\u{b7}2\u{b7}3\u{b7}";
/// Words of each want that are tried together.
const TRIED_MAX: usize = 24;

/// The text; `None` where there is none.
///
/// `long` asks for one of several characters, where there is one.
pub(super) fn find(
    wants: &[Want<'_, '_>],
    long: bool,
    patterns: &Patterns,
    budget: &mut Budget,
) -> Result<Option<String>, Limit> {
    if hopeless(wants, budget)? {
        return Ok(None);
    }
    if let Some(text) = made_of_words(wants, long, patterns, budget)? {
        return Ok(Some(text));
    }
    Product::new(wants, patterns).ok_or(Limit::Pattern)?.shortest(&letters::of(wants), budget)
}

/// Whether every word of a wanted hit brings a hit that must be missed.
fn hopeless(wants: &[Want<'_, '_>], budget: &mut Budget) -> Result<bool, Limit> {
    for hit in wants.iter().filter(|want| want.hit) {
        let Asks::Words(op, words) = hit.asks else { continue };
        for miss in wants.iter().filter(|want| !want.hit) {
            let Asks::Words(other, missed) = miss.asks else { continue };
            budget.take((words.len() * missed.len()) as u64 / 16 + 1)?;
            let brings = |word: &String| missed.iter().any(|missed| implies(*op, word, *other, missed));
            if words.iter().all(brings) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Whether a text that hits `word` in the way of `op` must hit `missed` in that of `other`.
fn implies(op: TextOp, word: &str, other: TextOp, missed: &str) -> bool {
    match (op, other) {
        (_, TextOp::Contains) => word.contains(missed),
        (TextOp::Is | TextOp::StartsWith, TextOp::StartsWith) => word.starts_with(missed),
        (TextOp::Is | TextOp::EndsWith, TextOp::EndsWith) => word.ends_with(missed),
        (TextOp::Is, TextOp::Is) => word == missed,
        _ => false,
    }
}

/// A text made of one word of each wanted hit, where that is enough.
fn made_of_words(wants: &[Want<'_, '_>], long: bool, patterns: &Patterns, budget: &mut Budget) -> Result<Option<String>, Limit> {
    let mut texts = vec![String::new()];
    for op in [TextOp::Is, TextOp::StartsWith, TextOp::Contains, TextOp::EndsWith] {
        for want in wants.iter().filter(|want| want.hit) {
            let sample;
            let words = match want.asks {
                Asks::Words(own, words) if *own == op => *words,
                Asks::Pattern(pattern, flags) if op == TextOp::Contains => {
                    sample = samples::of(pattern, flags);
                    sample.as_slice()
                }
                _ => continue,
            };
            let more: Vec<String> = texts
                .iter()
                .flat_map(|text| {
                    let gap = if text.is_empty() || op == TextOp::Is { "" } else { " " };
                    words
                        .iter()
                        .take(TRIED_MAX)
                        .map(move |word| if op == TextOp::Is { word.clone() } else { format!("{text}{gap}{word}") })
                })
                .take(TRIED_MAX * 2)
                .collect();
            if !more.is_empty() {
                texts = more;
            }
        }
    }
    // Other words than those that are looked for, and hit by the same parts of words.
    texts.extend(texts.iter().map(|text| format!("{text}s")).collect::<Vec<_>>());
    let Some(mut product) = Product::new(wants, patterns) else { return Err(Limit::Pattern) };
    if long {
        let longer: Vec<String> = texts.iter().map(|text| format!("{LENGTH}{text}{LENGTH}")).collect();
        let half: Vec<String> = texts.iter().flat_map(|text| [format!("{text}{LENGTH}"), format!("{LENGTH}{text}")]).collect();
        texts.splice(0..0, longer.into_iter().chain(half));
    }
    for text in texts {
        if product.accepts_text(&text, budget)? {
            return Ok(Some(text));
        }
    }
    Ok(None)
}

/// The automata of all wants, side by side.
struct Product {
    parts: Vec<Part>,
}

struct Part {
    machine: Machine,
    hit: bool,
}

enum Machine {
    Words(Words),
    Pattern(Shared),
}

/// One step of a text: what is written, and what it folds to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Letter {
    written: String,
    folded: String,
}

impl Product {
    fn new(wants: &[Want<'_, '_>], patterns: &Patterns) -> Option<Self> {
        let parts = wants
            .iter()
            .map(|want| {
                let machine = match want.asks {
                    Asks::Words(op, words) => Machine::Words(Words::new(*op, words.iter().map(String::as_str))),
                    Asks::Pattern(pattern, flags) => Machine::Pattern(patterns.of(pattern, flags)?),
                    Asks::Provided(..) => return None,
                };
                Some(Part { machine, hit: want.hit })
            })
            .collect::<Option<Vec<_>>>()?;
        Some(Self { parts })
    }

    fn start(&self) -> Vec<u32> {
        let start = |part: &Part| match &part.machine {
            Machine::Words(words) => words.start(),
            Machine::Pattern(pattern) => pattern.borrow().start(),
        };
        self.parts.iter().map(start).collect()
    }

    fn step(&mut self, at: &[u32], letter: &Letter, budget: &mut Budget) -> Result<Vec<u32>, Limit> {
        let mut to = at.to_vec();
        for (state, part) in to.iter_mut().zip(&mut self.parts) {
            match &mut part.machine {
                Machine::Words(words) => *state = letter.folded.chars().fold(*state, |at, c| words.step(at, c)),
                Machine::Pattern(pattern) => {
                    for character in letter.written.chars() {
                        *state = pattern.borrow_mut().step(*state, character, budget)?;
                    }
                }
            }
        }
        Ok(to)
    }

    /// Whether something can still follow that makes a text of it.
    fn is_alive(&self, at: &[u32]) -> bool {
        at.iter().zip(&self.parts).all(|(state, part)| if part.hit { *state != DEAD } else { *state != HIT })
    }

    fn accepts(&mut self, at: &[u32]) -> bool {
        at.iter().zip(&mut self.parts).all(|(state, part)| {
            let hit = match &mut part.machine {
                Machine::Words(words) => words.accepts(*state),
                Machine::Pattern(pattern) => pattern.borrow_mut().accepts(*state),
            };
            hit == part.hit
        })
    }

    fn accepts_text(&mut self, text: &str, budget: &mut Budget) -> Result<bool, Limit> {
        let whole = Letter { written: text.to_owned(), folded: fold(text) };
        budget.take(text.len() as u64 / 8 + 1)?;
        let at = self.step(&self.start(), &whole, budget)?;
        Ok(self.accepts(&at))
    }

    /// The shortest text that is accepted: breadth first, over all states that differ.
    fn shortest(&mut self, letters: &[Letter], budget: &mut Budget) -> Result<Option<String>, Limit> {
        let start = self.start();
        let mut seen = HashSet::from([start.clone()]);
        let mut found: Vec<(Vec<u32>, usize, usize)> = vec![(start, 0, 0)];
        let mut open = VecDeque::from([0]);
        while let Some(at) = open.pop_front() {
            let state = found[at].0.clone();
            if self.accepts(&state) {
                return Ok(Some(spelled(&found, at, letters)));
            }
            for (number, letter) in letters.iter().enumerate() {
                budget.take(1)?;
                let to = self.step(&state, letter, budget)?;
                if self.is_alive(&to) && seen.insert(to.clone()) {
                    open.push_back(found.len());
                    found.push((to, at, number));
                }
            }
        }
        Ok(None)
    }
}

/// The text that leads to a state.
fn spelled(found: &[(Vec<u32>, usize, usize)], mut at: usize, letters: &[Letter]) -> String {
    let mut way = Vec::new();
    while at != 0 {
        way.push(letters[found[at].2].written.as_str());
        at = found[at].1;
    }
    way.iter().rev().copied().collect()
}

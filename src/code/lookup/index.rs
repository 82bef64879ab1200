//! Which rules are worth trying for an event.
//!
//! The main code falls into pieces: one for each rule, and the few instructions between them. A rule's piece is tried only where
//! one of the questions that guard it ([`super::guards`]) may be answered with anything but no. Pieces keep their order, so an
//! index never changes what is decided: a piece that is left out could not have decided.

use crate::code::lookup::guards::Guards;
use crate::code::lookup::people::{self, PeopleKeys};
use crate::code::{Op, Program};
use std::ops::Range;

/// How a program is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Strategy {
    /// From the first instruction on: best for a handful of rules.
    Plain,
    /// Only what the index lets through.
    Indexed,
}

impl Strategy {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Plain, Self::Indexed];
}

/// From so many rules on that have a guard, an index costs less than it saves.
pub(super) const GUARDED_MIN: usize = 12;

/// What is looked up to know which rules are worth trying.
#[derive(Debug, Default)]
pub struct Index {
    /// The pieces of the main code, in order, without gaps.
    pieces: Vec<u32>,
    /// The pieces that are tried for every event.
    always: Bits,
    /// What is tried where the title, the people or the organizer is not fully known.
    unknown: [Bits; 3],
    /// Whether there is any such piece.
    has_guards: [bool; 3],
    /// For each question where its part of `guarded` begins.
    starts: Vec<u32>,
    /// The pieces that questions guard.
    guarded: Vec<u16>,
    /// Questions about people, by their addresses.
    pub people: PeopleKeys,
    /// Questions about the organizer.
    pub organizers: PeopleKeys,
}

/// What a guard is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The title.
    Title,
    /// Everybody of the meeting.
    People,
    /// Who called it.
    Organizer,
}

/// A set of pieces.
pub type Bits = Box<[u64]>;

impl Index {
    /// The index of a program, and how many pieces have a guard; `None` where its code leads from one rule into another, which no
    /// compiler writes.
    pub(super) fn of(program: &Program, title_costs: &[(u16, u32)]) -> Option<(Self, usize)> {
        let (people, organizers, people_costs) = people::keys(program);
        let count = program.outline.atoms.len();
        let mut costs: Vec<Option<u32>> = vec![None; count];
        for (question, cost) in title_costs.iter().chain(&people_costs) {
            costs[usize::from(*question)] = Some(*cost);
        }
        let about = about(program, &costs);
        let pieces = pieces(program);
        let before = &program.code.ops[..pieces[0] as usize];
        let leads_away = before.iter().filter_map(Op::target).any(|to| to.0 > pieces[0]);
        if leads_away || u16::try_from(pieces.len()).is_err() {
            return None;
        }
        let mut guards = Guards::new(&program.code, costs);
        let words = pieces.len().div_ceil(64);
        let empty = || vec![0_u64; words].into_boxed_slice();
        let mut index =
            Self { always: empty(), unknown: std::array::from_fn(|_| empty()), people, organizers, ..Self::default() };
        let mut guarded: Vec<(u16, u16)> = Vec::new();
        let mut with_guard = 0;
        for (piece, bounds) in (0_u16..).zip(pieces.windows(2)) {
            let set = |bits: &mut Bits| bits[usize::from(piece / 64)] |= 1 << (piece % 64);
            let bounds = bounds[0] as usize..bounds[1] as usize;
            match guards.of(bounds).ok()? {
                None => set(&mut index.always),
                Some(questions) => {
                    with_guard += 1;
                    for question in questions {
                        guarded.push((question, piece));
                        if let Some(about) = about[usize::from(question)] {
                            set(&mut index.unknown[about as usize]);
                            index.has_guards[about as usize] = true;
                        }
                    }
                }
            }
        }
        guarded.sort_unstable();
        index.starts =
            (0..=count).map(|question| guarded.partition_point(|(other, _)| usize::from(*other) < question) as u32).collect();
        index.guarded = guarded.into_iter().map(|(_, piece)| piece).collect();
        index.pieces = pieces;
        Some((index, with_guard))
    }

    /// The instructions before the first rule, which run for every event.
    #[must_use]
    pub fn prologue(&self) -> usize {
        self.pieces[0] as usize
    }

    /// How many pieces there are.
    #[must_use]
    pub fn pieces(&self) -> usize {
        self.pieces.len() - 1
    }

    /// The instructions of a piece.
    #[must_use]
    pub fn piece(&self, piece: usize) -> Range<usize> {
        self.pieces[piece] as usize..self.pieces[piece + 1] as usize
    }

    /// The pieces that are tried whatever the event is like.
    #[must_use]
    pub fn always(&self) -> &[u64] {
        &self.always
    }

    /// The pieces that are tried as well where this is not fully known.
    #[must_use]
    pub fn unknown(&self, about: About) -> &[u64] {
        &self.unknown[about as usize]
    }

    /// Whether any rule is guarded by questions about this.
    #[must_use]
    pub fn has_guards(&self, about: About) -> bool {
        self.has_guards[about as usize]
    }

    /// The pieces that a question guards.
    #[must_use]
    pub fn guarded(&self, question: u16) -> &[u16] {
        let question = usize::from(question);
        &self.guarded[self.starts[question] as usize..self.starts[question + 1] as usize]
    }
}

/// What each question that may be a guard is about.
fn about(program: &Program, costs: &[Option<u32>]) -> Vec<Option<About>> {
    let questions = program.code.questions(costs.len());
    let about = |op: &Op| match op {
        Op::AskOrganizer { .. } => About::Organizer,
        Op::AskAttendees { .. } => About::People,
        _ => About::Title,
    };
    program.code.ops[questions].iter().zip(costs).map(|(op, cost)| cost.map(|_| about(op))).collect()
}

/// Where each piece begins, and where the last one ends.
fn pieces(program: &Program) -> Vec<u32> {
    let rules = program.places.iter().map(|place| place.at);
    let main = &program.code.ops[program.code.main()];
    let between = (0..).zip(main).filter(|(_, op)| matches!(op, Op::DecideOverride {} | Op::DecideDefault {})).map(|(at, _)| at);
    let mut starts: Vec<u32> = rules.chain(between).chain([program.code.main]).collect();
    starts.sort_unstable();
    starts.dedup();
    starts
}

//! Deciding about many occurrences at once: main code runs for up to 64 of them together, one bit for each.
//!
//! An instruction is looked at once for all, and a question is asked of one occurrence after the other while its constants are at
//! hand. Jumps only go forward, so that whoever jumps waits at the target until the others come there. What is decided is what the
//! machine decides about each alone: an occurrence that needs more than its row is left to it.

use crate::code::operand::{Addr, Question as QuestionIdx, SeasonIdx};
use crate::code::{About, AddressesAsked, Form, Hit, Index, Op, Verified};
use crate::value::words::{Quantifier, TextField};
use crate::value::{DecidedBy, Decision, Truth};
use crate::vm::Machine;
use crate::vm::candidates::{Tried, bits, each};
use crate::vm::facts::{FactTable, Facts, Title};
use crate::vm::guests::Guests;
use crate::vm::machine::{Run, overridden};
use crate::vm::prepared::{Batch, Prepared};
use crate::vm::scratch::Scratch;
use crate::vm::told::{Asks, quantify, told_to};
use std::ops::Range;

/// How many occurrences are decided together: as many as a number has bits.
const LANES: usize = u64::BITS as usize;

/// From so many on it costs less to ask for the addresses of all.
const MANY: u32 = 16;

/// A set of the occurrences that are decided together.
type Lanes = u64;

/// The memory of one block after the other.
#[derive(Debug, Default)]
pub(in crate::vm) struct BlockMemory {
    answers: Vec<Answers>,
    /// The number of the block, by which answers are told from older ones.
    block: u32,
    /// Who waits at an instruction.
    waiting: Vec<Lanes>,
    /// Who goes on only at an instruction behind the piece that they left.
    held: Vec<(usize, Lanes)>,
    /// Who tries a piece of an indexed program, and which pieces anybody tries.
    trying: Vec<Lanes>,
    tried: Vec<u64>,
    sums: Vec<u64>,
}

/// The answers to one question.
#[derive(Clone, Copy, Debug, Default)]
struct Answers {
    block: u32,
    known: Lanes,
    yes: Lanes,
    unknown: Lanes,
    /// Whose title holds something that makes a yes possible.
    perhaps: Lanes,
}

/// Some occurrences that are decided together.
struct Block<'r> {
    verified: &'r Verified,
    batch: &'r Batch<'r>,
    /// Their places in the batch.
    places: Range<usize>,
    memory: &'r mut BlockMemory,
    scratch: &'r mut Scratch,
    undecided: Lanes,
    are_scanned: bool,
    /// Whose titles were scanned, which are known as a whole.
    titled: Lanes,
    decisions: [Option<Decision>; LANES],
}

impl Machine {
    /// Decides about every question of a batch, in order, and adds the decisions to `decided`: the same as
    /// [`Machine::decide_prepared`] about one after the other.
    pub fn decide_batch(&mut self, program: &Verified, batch: &Batch<'_>, decided: &mut Vec<Decision>) {
        for first in (0..batch.len()).step_by(LANES) {
            let count = (batch.len() - first).min(LANES);
            let (memory, scratch) = (&mut self.block, &mut self.scratch);
            let decisions = Block::begin(program, batch, first..first + count, memory, scratch).decide();
            for (place, decision) in (first..first + count).zip(decisions) {
                let alone = |prepared| self.decide_prepared(program, prepared);
                decided.extend(decision.or_else(|| batch.get(place).map(alone)));
            }
        }
    }
}

impl<'r> Block<'r> {
    fn begin(
        verified: &'r Verified,
        batch: &'r Batch<'r>,
        places: Range<usize>,
        memory: &'r mut BlockMemory,
        scratch: &'r mut Scratch,
    ) -> Self {
        let program = verified.program();
        memory.begin(program.outline.atoms.len(), program.code.main as usize);
        // People whom the rules know by several addresses are brought together for each occurrence anew.
        let usual =
            |place: &usize| !verified.lookup().has_aliases() && batch.get(*place).is_some_and(|one| one.facts.are_usual());
        let undecided = places.clone().filter(usual).fold(0, |all, place| all | 1 << (place - places.start));
        let decisions = [None; LANES];
        Self { verified, batch, places, memory, scratch, undecided, are_scanned: false, titled: 0, decisions }
    }

    /// The decisions; `None` about those that are to be decided alone.
    fn decide(mut self) -> [Option<Decision>; LANES] {
        let (first, end) = (self.verified.lookup().refusals(), self.verified.program().code.main as usize);
        match self.verified.lookup().index() {
            None => self.run(first..end, self.undecided),
            Some(index) => {
                self.run(first.min(index.prologue())..index.prologue(), self.undecided);
                self.run_candidates(index);
            }
        }
        self.decisions
    }

    fn run_candidates(&mut self, index: &Index) {
        self.find_candidates(index);
        for word in 0..self.memory.tried.len() {
            let mut left = std::mem::take(&mut self.memory.tried[word]);
            while left != 0 {
                let piece = word * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                let lanes = std::mem::take(&mut self.memory.trying[piece]);
                self.run(index.piece(piece), lanes);
            }
        }
    }

    fn find_candidates(&mut self, index: &Index) {
        self.memory.trying.resize(index.pieces(), 0);
        self.memory.tried.clear();
        self.memory.tried.extend_from_slice(index.always());
        for piece in bits(index.always()) {
            self.memory.trying[piece] = self.undecided;
        }
        if index.has_guards(About::Title) {
            self.scan_titles(Some(index));
        }
        for lane in each(self.undecided) {
            let Prepared { facts, .. } = self.at(lane);
            let BlockMemory { trying, tried, .. } = &mut *self.memory;
            let mut tries = Tried::new(self.verified.program(), index, |piece| {
                trying[piece] |= 1 << lane;
                tried[piece / 64] |= 1 << (piece % 64);
            });
            if index.has_guards(About::Title) && self.titled >> lane & 1 == 0 {
                tries.all(About::Title);
            }
            if index.has_guards(About::People) {
                tries.people(facts.guests());
            }
            if index.has_guards(About::Organizer) {
                tries.organizer(facts.guests());
            }
            // One who is listed by other addresses as well is found by those, too.
            if index.has_guards(About::Organizer) && !facts.guests().are_plain() {
                self.leave_alone(1 << lane);
            }
        }
    }

    fn run_of(&mut self, lane: usize) -> Run<'_> {
        let Prepared { question, facts } = self.at(lane);
        Run::begin(self.verified, question, facts, self.scratch)
    }

    fn at(&self, lane: usize) -> Prepared<'r> {
        self.batch.get(self.places.start + lane).expect("lanes lie in the batch")
    }

    /// Runs a piece of main code for some who are not decided about yet.
    fn run(&mut self, piece: Range<usize>, lanes: Lanes) {
        let held = self.memory.held.iter().filter(|(to, _)| *to > piece.start).fold(0, |all, (_, lanes)| all | lanes);
        let mut here = lanes & !held;
        for pc in piece.clone() {
            here = (here | std::mem::take(&mut self.memory.waiting[pc])) & self.undecided;
            if here == 0 {
                continue;
            }
            let op = &self.verified.program().code.ops[pc];
            let (leaving, to) = match *op {
                Op::JumpIfTrue { ask, to } => (self.ask(ask, here).yes, to),
                Op::JumpUnlessTrue { ask, to } => (!self.ask(ask, here).yes, to),
                Op::JumpIfFalse { ask, to } => {
                    let answers = self.ask(ask, here);
                    (!(answers.yes | answers.unknown), to)
                }
                Op::JumpUnlessFalse { ask, to } => {
                    let answers = self.ask(ask, here);
                    (answers.yes | answers.unknown, to)
                }
                Op::JumpOffSeason { season, to } => (!self.in_season(season, here), to),
                ref decision => {
                    self.decide_by(decision, here);
                    continue;
                }
            };
            let leaving = leaving & here & self.undecided;
            here &= !leaving;
            self.wait(leaving, to, piece.end);
        }
    }

    fn wait(&mut self, lanes: Lanes, to: Addr, end: usize) {
        if to.index() < end {
            self.memory.waiting[to.index()] |= lanes;
        } else if to.index() > end && lanes != 0 {
            self.memory.held.push((to.index(), lanes));
        }
    }

    fn decide_by(&mut self, op: &Op, lanes: Lanes) {
        let outline = &self.verified.program().outline;
        match *op {
            Op::Decide { rule } => {
                let verb = outline.rules[rule.index()].tier.verb();
                self.decided(lanes, Decision::Decided { verb, by: DecidedBy::Rule(rule.0) });
            }
            Op::DecideDefault {} => {
                let (verb, layer) = outline.default;
                self.decided(lanes, Decision::Decided { verb, by: DecidedBy::Default(layer) });
            }
            Op::DecideOverride {} => {
                for lane in each(lanes) {
                    let word = self.at(lane).question.overrides.effective();
                    word.into_iter().for_each(|word| self.decided(1 << lane, overridden(word)));
                }
            }
            // What refuses stands in front, and refuses nothing that is as usual; should it stand elsewhere, nobody loses by it.
            _ => self.leave_alone(lanes),
        }
    }

    fn decided(&mut self, lanes: Lanes, decision: Decision) {
        each(lanes).for_each(|lane| self.decisions[lane] = Some(decision));
        self.undecided &= !lanes;
    }

    /// Has the machine decide about each of them.
    fn leave_alone(&mut self, lanes: Lanes) {
        self.undecided &= !lanes;
    }

    /// The answers of some to a question, worked out where they are not known yet.
    fn ask(&mut self, question: QuestionIdx, lanes: Lanes) -> Answers {
        let block = self.memory.block;
        let missing = lanes & !self.memory.answers[question.index()].of(block).known;
        if missing != 0 {
            self.work_out(question, missing);
        }
        self.memory.answers[question.index()]
    }

    fn work_out(&mut self, question: QuestionIdx, lanes: Lanes) {
        let verified = self.verified;
        let op = &verified.program().code.ops[verified.program().code.main as usize + question.index()];
        let is_of_title =
            matches!(op, Op::AskText { field: TextField::Title, .. } | Op::AskPattern { field: TextField::Title, .. });
        let left = if is_of_title && verified.lookup().is_scanned(question) {
            self.find_in_titles(question, lanes)
        } else {
            self.find_in_rows(question, op, lanes)
        };
        match op {
            Op::AskAttendees { .. } | Op::AskOrganizer { .. } | Op::AskCreator { .. } | Op::AskIs { .. } => {
                self.leave_alone(left);
            }
            _ => {
                for lane in each(left) {
                    let answer = self.run_of(lane).answer(op);
                    self.memory.answers[question.index()].set(lane, answer);
                }
            }
        }
    }

    /// Answers by what a scan of the titles found; whose answer is still open.
    fn find_in_titles(&mut self, question: QuestionIdx, lanes: Lanes) -> Lanes {
        self.scan_titles(None);
        let titled = self.titled;
        let answers = &mut self.memory.answers[question.index()];
        // Who has none of the literals that a yes needs says no.
        answers.known |= lanes & titled & (answers.yes | !answers.perhaps);
        lanes & !answers.known
    }

    /// Answers by the rows; whose answer is still open.
    fn find_in_rows(&mut self, question: QuestionIdx, op: &Op, lanes: Lanes) -> Lanes {
        if let Op::AskAttendees { quantifier, test } = *op
            && lanes.count_ones() >= MANY
            && let Some(asked) = self.verified.lookup().addresses_asked(test)
        {
            return self.count_passing(question, (quantifier, asked), lanes);
        }
        let (table, first) = (self.batch.facts(), self.places.start);
        let answers = &mut self.memory.answers[question.index()];
        told_to(All { table, first, lanes, answers }, op, self.verified).unwrap_or(lanes)
    }

    /// Asks for the addresses of all at once.
    fn count_passing(&mut self, question: QuestionIdx, asked: (Quantifier, &AddressesAsked), lanes: Lanes) -> Lanes {
        let ((quantifier, asked), mut counts, mut plain) = (asked, [0; LANES], 0);
        let table = self.batch.facts();
        table.count_passing(self.places.clone(), (asked, self.verified.program()), &mut self.memory.sums, &mut counts);
        let answers = &mut self.memory.answers[question.index()];
        for (lane, all) in table.plain_counts(self.places.clone()).enumerate() {
            plain |= Lanes::from(all.is_some()) << lane;
            answers.yes |= Lanes::from(all.is_some_and(|all| quantify(quantifier, counts[lane], all))) << lane;
        }
        answers.known |= plain;
        lanes & !plain
    }

    /// Scans the titles of all, once; with an index, whoever has a literal tries what it guards.
    fn scan_titles(&mut self, index: Option<&Index>) {
        if self.are_scanned {
            return;
        }
        self.are_scanned = true;
        let (table, titles, places) = (self.batch.facts(), self.verified.lookup().titles(), self.places.clone());
        let BlockMemory { answers, block, trying, tried, .. } = &mut *self.memory;
        let mut found = |lane: usize, question: u16, hit| {
            answers[usize::from(question)].of(*block).find(lane, hit);
            for &piece in index.map_or(&[][..], |index| index.guarded(question)) {
                trying[usize::from(piece)] |= 1 << lane;
                tried[usize::from(piece / 64)] |= 1 << (piece % 64);
            }
        };
        let title_at = |at: usize| {
            let (place, begin) = table.title_at(places.clone(), at);
            let Title { folded, characters } = table.get(place).and_then(Facts::title).unwrap_or_default();
            (place - places.start, begin, folded, characters.map(|_| Form::Folded))
        };
        titles.scan_many(table.folded(places.clone()), title_at, &mut found);
        for (lane, place) in places.clone().enumerate() {
            let Some(title) = table.get(place).and_then(Facts::title) else { continue };
            self.titled |= 1 << lane;
            if let Some(characters) = title.characters {
                titles.scan(characters, Some(Form::Characters), |question, hit| found(lane, question, hit));
            }
        }
    }

    fn in_season(&mut self, season: SeasonIdx, lanes: Lanes) -> Lanes {
        each(lanes).filter(|lane| self.run_of(*lane).is_in_season(season)).fold(0, |all, lane| all | 1 << lane)
    }
}

/// Asks a question of some rows; whose answer is still open.
struct All<'b> {
    table: &'b FactTable,
    first: usize,
    lanes: Lanes,
    answers: &'b mut Answers,
}

impl Asks for All<'_> {
    type Answer = Lanes;

    #[inline]
    fn ask(self, test: impl Fn(Facts<'_>, Guests<'_>) -> Option<Truth>) -> Lanes {
        let (mut left, mut answers) = (0, *self.answers);
        for lane in each(self.lanes) {
            match self.table.get(self.first + lane).and_then(|facts| test(facts, facts.guests())) {
                Some(answer) => answers.set(lane, answer),
                None => left |= 1 << lane,
            }
        }
        *self.answers = answers;
        left
    }
}

impl BlockMemory {
    fn begin(&mut self, questions: usize, instructions: usize) {
        if let Some(next) = self.block.checked_add(1) {
            self.block = next;
        } else {
            self.answers.clear();
            self.block = 1;
        }
        self.held.clear();
        self.waiting.resize(instructions, 0);
        if self.answers.len() < questions {
            self.answers.resize(questions, Answers::default());
        }
    }
}

impl Answers {
    /// Those of this block.
    fn of(&mut self, block: u32) -> &mut Self {
        if self.block != block {
            *self = Self { block, ..Self::default() };
        }
        self
    }

    fn set(&mut self, lane: usize, answer: Truth) {
        self.known |= 1 << lane;
        match answer {
            Truth::True => self.yes |= 1 << lane,
            Truth::Unknown => self.unknown |= 1 << lane,
            Truth::False => {}
        }
    }

    fn find(&mut self, lane: usize, hit: Hit) {
        match hit {
            Hit::Yes => self.yes |= 1 << lane,
            _ => self.perhaps |= 1 << lane,
        }
    }
}

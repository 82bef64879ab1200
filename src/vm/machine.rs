//! Running programs: main code here, questions and person blocks in [`super::questions`], what is tried at all in
//! [`super::candidates`].

use crate::code::operand::{Question as QuestionIdx, Rule, SeasonIdx};
use crate::code::{Form, Hit, Op, Program, Verified};
use crate::event::Question;
use crate::value::words::{Edge, TextField, Verb};
use crate::value::{DecidedBy, Decision, Fact, Folder, NotRecordable, Override, Response, Status, Truth};
use crate::vm::block::BlockMemory;
use crate::vm::facts::{FactTable, Facts, Title};
use crate::vm::prepared::Prepared;
use crate::vm::scratch::{Known, Scratch};
use std::ops::ControlFlow;

/// Decides about occurrences, one after the other, in memory that it keeps.
#[derive(Debug, Default)]
pub struct Machine {
    facts: FactTable,
    folder: Folder,
    pub(in crate::vm) scratch: Scratch,
    pub(in crate::vm) block: BlockMemory,
}

impl Machine {
    /// A machine whose buffers are empty yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decides about one occurrence. Allocates nothing once the buffers have grown to the size of what is asked.
    ///
    /// Two questions are exceptions: a text that was cut is read from a copy, and a date rule lists the days of a period.
    #[must_use]
    pub fn decide(&mut self, program: &Verified, question: &Question<'_>) -> Decision {
        self.begin(program, question).decide()
    }

    /// The same about what was made ready before.
    #[must_use]
    pub fn decide_prepared(&mut self, program: &Verified, prepared: Prepared<'_>) -> Decision {
        Run::begin(program, prepared.question, prepared.facts, &mut self.scratch).decide()
    }

    /// Prepares the occurrence, and begins with it. The roster that it was prepared by is at hand already.
    fn begin<'r>(&'r mut self, program: &'r Verified, question: &'r Question<'r>) -> Run<'r> {
        self.facts.clear();
        self.facts.add(question, &mut self.scratch.roster, &mut self.folder);
        let facts = self.facts.get(0).expect("one was added");
        let run = Run::begin(program, question, facts, &mut self.scratch);
        run.scratch.roster_is_settled = !run.is_merged;
        run
    }

    /// Answers every question of a program, in the order of its table, each once.
    pub(in crate::vm) fn answer_all(&mut self, program: &Verified, question: &Question<'_>) -> Vec<Truth> {
        let count = program.program().outline.atoms.len();
        let mut run = self.begin(program, question);
        (0..count).map(|index| run.ask(QuestionIdx(index as u16))).collect()
    }

    /// How many instructions the last decision took, those of person blocks included. Never more than
    /// [`Verified::cost`].
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.scratch.steps
    }
}

/// One run of a program.
pub(in crate::vm) struct Run<'r> {
    pub verified: &'r Verified,
    pub program: &'r Program,
    pub question: &'r Question<'r>,
    pub facts: Facts<'r>,
    pub scratch: &'r mut Scratch,
    /// Whether the rules may know somebody by several addresses who is there: people are then brought together anew.
    pub is_merged: bool,
}

impl<'r> Run<'r> {
    pub fn begin(verified: &'r Verified, question: &'r Question<'r>, facts: Facts<'r>, scratch: &'r mut Scratch) -> Self {
        let program = verified.program();
        scratch.begin(program);
        let is_merged = verified.lookup().has_aliases();
        Self { verified, program, question, facts, scratch, is_merged }
    }

    fn decide(&mut self) -> Decision {
        let decision = match self.verified.lookup().index() {
            None => self.run(self.first()..self.program.code.main as usize),
            Some(index) => self.run_candidates(index),
        };
        debug_assert!(self.scratch.steps <= self.verified.cost(), "a decision costs what was proven");
        match decision {
            ControlFlow::Break(decision) => decision,
            ControlFlow::Continue(_) => unreachable!("verified main code ends in a decision"),
        }
    }

    /// The first instruction that matters: none refuses an occurrence that is as usual.
    pub fn first(&self) -> usize {
        if self.facts.are_usual() { self.verified.lookup().refusals() } else { 0 }
    }

    /// Runs main code from the begin of `piece` until it decides, or until it goes on at its end or behind it: there.
    pub fn run(&mut self, piece: std::ops::Range<usize>) -> ControlFlow<Decision, usize> {
        let ops = self.program.code.ops.as_slice();
        let mut pc = piece.start;
        while pc < piece.end {
            let op = &ops[pc];
            self.scratch.steps += 1;
            pc += 1;
            let (is_left, to) = match *op {
                Op::JumpIfTrue { ask, to } => (self.ask(ask) == Truth::True, to),
                Op::JumpUnlessTrue { ask, to } => (self.ask(ask) != Truth::True, to),
                Op::JumpIfFalse { ask, to } => (self.ask(ask) == Truth::False, to),
                Op::JumpUnlessFalse { ask, to } => (self.ask(ask) != Truth::False, to),
                Op::JumpOffSeason { season, to } => (!self.is_in_season(season), to),
                Op::Decide { rule } => return ControlFlow::Break(self.by_rule(rule)),
                ref other => match self.other(other) {
                    Some(decision) => return ControlFlow::Break(decision),
                    None => continue,
                },
            };
            if is_left {
                pc = to.index();
            }
        }
        ControlFlow::Continue(pc)
    }

    fn by_rule(&self, rule: Rule) -> Decision {
        let verb = self.program.outline.rules[rule.index()].tier.verb();
        Decision::Decided { verb, by: DecidedBy::Rule(rule.0) }
    }

    /// What an instruction decides that neither jumps nor belongs to a rule.
    fn other(&mut self, op: &Op) -> Option<Decision> {
        let occurrence = self.question.occurrence;
        match *op {
            Op::RefuseCancelled {} => (occurrence.facts.status == Status::Cancelled).then_some(refused(NotRecordable::Cancelled)),
            Op::RefuseDraft {} => occurrence.facts.draft.then_some(NotRecordable::Draft).map(refused),
            Op::RefuseAllDay {} => occurrence.start.is_day().then_some(NotRecordable::AllDay).map(refused),
            Op::RefuseKindsBut { kinds } => {
                let kind = occurrence.facts.kind;
                (!kinds.contains(kind)).then_some(NotRecordable::Kind(kind)).map(refused)
            }
            Op::RefuseSubHourly {} => occurrence.sub_hourly.then_some(NotRecordable::SubHourly).map(refused),
            Op::RefuseDeclined {} => self.refuse_declined(),
            Op::RefuseUnjoinable {} => self.refuse_unjoinable(),
            Op::DecideOverride {} => self.question.overrides.effective().map(overridden),
            Op::DecideDefault {} => {
                let (verb, layer) = self.program.outline.default;
                Some(Decision::Decided { verb, by: DecidedBy::Default(layer) })
            }
            _ => unreachable!("verified main code holds instructions of the main part only"),
        }
    }

    /// The answer to a question: worked out at the first asking, remembered after.
    #[inline]
    pub fn ask(&mut self, question: QuestionIdx) -> Truth {
        match self.scratch.answers.find(question) {
            Known::Answer(known) => known,
            Known::Perhaps | Known::Nothing => self.work_out(question),
        }
    }

    fn work_out(&mut self, question: QuestionIdx) -> Truth {
        self.scratch.steps += 1;
        let op = &self.program.code.ops[self.program.code.main as usize + question.index()];
        let found = match op {
            Op::AskText { field: TextField::Title, .. } | Op::AskPattern { field: TextField::Title, .. } => {
                self.found_in_title(question)
            }
            _ => None,
        };
        let answer = found.unwrap_or_else(|| self.answer(op));
        self.scratch.answers.set(question, answer);
        answer
    }

    /// What a scan of the title tells about a question, if it can.
    fn found_in_title(&mut self, question: QuestionIdx) -> Option<Truth> {
        if !self.verified.lookup().is_scanned(question) || !self.scan_title() {
            return None;
        }
        match self.scratch.answers.find(question) {
            // None of the literals that a yes needs stands there.
            Known::Nothing => Some(Truth::False),
            Known::Answer(found) => Some(found),
            Known::Perhaps => None,
        }
    }

    /// Scans the title, once; whether it is known as a whole.
    pub fn scan_title(&mut self) -> bool {
        let title = self.facts.title();
        if self.scratch.title_is_scanned {
            return title.is_some();
        }
        self.scratch.title_is_scanned = true;
        let Some(Title { folded, characters }) = title else { return false };
        let titles = self.verified.lookup().titles();
        let answers = &mut self.scratch.answers;
        let mut found = |question, hit| answers.find_out(QuestionIdx(question), hit == Hit::Yes);
        titles.scan(folded, characters.map(|_| Form::Folded), &mut found);
        if let Some(characters) = characters {
            titles.scan(characters, Some(Form::Characters), &mut found);
        }
        true
    }

    /// An answer that is not known counts as not declined.
    fn refuse_declined(&mut self) -> Option<Decision> {
        if self.question.overrides.effective() == Some(Override::Record) {
            return None;
        }
        (self.my_response() == Some(Response::Declined)).then_some(refused(NotRecordable::Declined))
    }

    fn refuse_unjoinable(&self) -> Option<Decision> {
        match &self.question.occurrence.facts.link {
            Fact::Unknown(reason) => Some(refused(NotRecordable::LinkUnknown(*reason))),
            Fact::Known(None) => Some(refused(NotRecordable::NoLink)),
            Fact::Known(Some(link)) if !link.joinable => Some(refused(NotRecordable::LinkNotJoinable)),
            Fact::Known(Some(_)) => None,
        }
    }

    pub fn is_in_season(&mut self, season: SeasonIdx) -> bool {
        let season = &self.program.constants.seasons[season.index()];
        let start = self.scratch.local_time(Edge::Starts, season.zone, self.program, (self.question, self.facts));
        start.is_some_and(|start| {
            season.from.is_none_or(|from| from <= start.date) && season.until.is_none_or(|until| start.date <= until)
        })
    }
}

fn refused(why: NotRecordable) -> Decision {
    Decision::NotRecordable(why)
}

pub(in crate::vm) fn overridden(word: Override) -> Decision {
    let verb = match word {
        Override::Record => Verb::Record,
        Override::Stop => Verb::Skip,
    };
    Decision::Decided { verb, by: DecidedBy::Override(word) }
}

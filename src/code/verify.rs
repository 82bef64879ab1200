//! The proof that a program may run: nothing it holds is trusted before, nothing is checked after.
//!
//! A program lives in a database that a restored backup, a fault or a person may have altered, so whatever made it is not
//! believed. What is proven:
//!
//! - main code, questions and person blocks stand side by side without gaps and hold only their own instructions;
//! - every operand names something that exists and has the right type;
//! - jumps go forward and stay in their piece, every instruction is reached, and no run leaves a piece but by ending it: each
//!   run makes exactly one decision, each person block gives exactly one answer;
//! - a register is written on every way to where it is read;
//! - the most that one decision can cost is known ([`Verified::cost`]) and below [`COST_MAX`];
//! - places in rule texts lie in these texts.
//!
//! Not proven is that a program means what its texts say: compile them again to know that.

use crate::builtins::DayTest;
use crate::code::flow::longest_run;
use crate::code::operand::{Operand, ProvidedIdx};
use crate::code::program::{Constants, Program};
use crate::code::wire::DEPTH_MAX;
use crate::code::{Lookup, Op, Part, Strategy};
use crate::event::PROVIDED_ITEMS_MAX;
use crate::event::facts::{DESCRIPTION_BYTES_MAX, SHORT_TEXT_BYTES_MAX};
use crate::event::people::PEOPLE_MAX;
use crate::source::Span;
use crate::value::outline::Cond;
use crate::value::words::{ClockWindow, ListKind, MinuteOfDay, TextField};

/// Most steps that one decision may cost. A step is an instruction, an item compared, or 64 bytes of text looked through; real
/// rule sets need some thousands, but a provided list can hold a million texts.
pub const COST_MAX: u64 = 1 << 36;

/// Bytes of text that count as one step.
const BYTES_PER_STEP: usize = 64;
/// Steps of looking up one address and the domains above it in sorted lists.
const LOOK_UP_STEPS: u64 = 32;
/// Days of the longest period that a date rule looks through.
const DATE_RULE_STEPS: u64 = 512;
/// Everyone a person block can run for: the people considered, the organizer, somebody who is not listed.
const BLOCK_RUNS_MAX: u64 = PEOPLE_MAX as u64 + 2;
/// Longest pattern text. Building is bounded by its own limits; this bounds the reading.
const PATTERN_BYTES_MAX: usize = 64 * 1024;
/// 24:00.
const MINUTES_MAX: MinuteOfDay = 24 * 60;

/// A program that was proven well formed: all that the machine accepts.
#[derive(Debug)]
pub struct Verified {
    program: Program,
    lookup: Lookup,
    cost: u64,
}

impl Verified {
    /// The program.
    #[must_use]
    pub fn program(&self) -> &Program {
        &self.program
    }

    /// What the machine looks things up in.
    #[must_use]
    pub fn lookup(&self) -> &Lookup {
        &self.lookup
    }

    /// Most steps that one decision can take.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.cost
    }
}

/// Why a program may not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VerifyError {
    /// An instruction that is wrong where it stands.
    #[error("instruction {at}: {what}")]
    Code {
        /// Its place.
        at: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A part that does not fit the others.
    #[error("{part}: {what}")]
    Shape {
        /// Which part of the program.
        part: &'static str,
        /// What is wrong with it.
        what: &'static str,
    },
    /// One decision could take more than [`COST_MAX`] steps.
    #[error("one decision may cost {0} steps, more than {COST_MAX}")]
    TooCostly(u64),
}

/// Proves `program` well formed.
///
/// # Errors
/// Names the first thing that is wrong. Takes time and memory linear in the size of the program, whatever it holds.
pub fn verify(program: Program) -> Result<Verified, VerifyError> {
    verify_for(program, None)
}

/// The same, and has it run in a certain way, where its size would choose another: for tests and measurements.
///
/// # Errors
/// As [`verify`].
pub fn verify_as(program: Program, strategy: Strategy) -> Result<Verified, VerifyError> {
    verify_for(program, Some(strategy))
}

fn verify_for(program: Program, strategy: Option<Strategy>) -> Result<Verified, VerifyError> {
    check_counts(&program)?;
    check_constants(&program.constants)?;
    check_outline(&program)?;
    let cost = check_code(&program)?;
    if cost > COST_MAX {
        return Err(VerifyError::TooCostly(cost));
    }
    let lookup = Lookup::of(&program, strategy);
    Ok(Verified { program, lookup, cost })
}

fn shape<T>(part: &'static str, what: &'static str) -> Result<T, VerifyError> {
    Err(VerifyError::Shape { part, what })
}

/// Every table can be counted by the index type that names its entries.
fn check_counts(program: &Program) -> Result<(), VerifyError> {
    let constants = &program.constants;
    let tables = [
        ("rules", program.outline.rules.len()),
        ("questions", program.outline.atoms.len()),
        ("person blocks", program.code.blocks.len()),
        ("texts", constants.texts.len()),
        ("patterns", constants.patterns.len()),
        ("people", constants.people.len()),
        ("provided lists", constants.provided.len()),
        ("comparisons", constants.comparisons.len()),
        ("clocks", constants.clocks.len()),
        ("date rules", constants.date_rules.len()),
        ("series questions", constants.repeats.len()),
        ("seasons", constants.seasons.len()),
        ("zones", constants.zones.len()),
        ("rule texts", program.origin.sources.iter().count()),
    ];
    for (part, count) in tables {
        if count > usize::from(u16::MAX) {
            return shape(part, "more than an index can name");
        }
    }
    if program.code.ops.len() > u32::MAX as usize {
        return shape("code", "more than an index can name");
    }
    Ok(())
}

fn check_constants(constants: &Constants) -> Result<(), VerifyError> {
    let known_zone = |zone: usize| zone < constants.zones.len();
    for people in &constants.people {
        if !people.addresses.is_sorted_by(|one, next| one < next) || !people.domains.is_sorted_by(|one, next| one < next) {
            return shape("people", "not in ascending order");
        }
    }
    for pattern in &constants.patterns {
        if pattern.pattern.len() > PATTERN_BYTES_MAX {
            return shape("patterns", "longer than any pattern");
        }
    }
    for clock in &constants.clocks {
        if !known_zone(clock.zone.index()) {
            return shape("clocks", "a zone that does not exist");
        }
        if clock.window.is_some_and(|window| minutes(window).into_iter().any(|minute| minute > MINUTES_MAX)) {
            return shape("clocks", "a time past 24:00");
        }
        match &clock.days {
            Some(DayTest::List(list)) => check_provided(constants, ProvidedIdx(*list), ListKind::Dates)?,
            Some(DayTest::Dates(dates)) if !dates.is_sorted_by(|one, next| one < next) => {
                return shape("clocks", "dates that are not in ascending order");
            }
            _ => {}
        }
    }
    if !constants.date_rules.iter().all(|rule| known_zone(rule.zone.index())) {
        return shape("date rules", "a zone that does not exist");
    }
    if !constants.seasons.iter().all(|season| known_zone(season.zone.index())) {
        return shape("seasons", "a zone that does not exist");
    }
    Ok(())
}

fn minutes(window: ClockWindow) -> [MinuteOfDay; 2] {
    match window {
        ClockWindow::Before(at) | ClockWindow::After(at) | ClockWindow::At(at) => [at, at],
        ClockWindow::Between { from, to, .. } => [from, to],
    }
}

fn check_provided(constants: &Constants, list: ProvidedIdx, kind: ListKind) -> Result<(), VerifyError> {
    match constants.provided.get(list.index()) {
        Some(named) if named.kind == kind => Ok(()),
        Some(_) => shape("provided lists", "a list of another kind than the question needs"),
        None => shape("provided lists", "a list that does not exist"),
    }
}

/// Explanations slice texts by these spans and look conditions up by these numbers.
fn check_outline(program: &Program) -> Result<(), VerifyError> {
    let outline = &program.outline;
    if !outline.rules.iter().all(|rule| lies_in_text(program, rule.span)) {
        return shape("rules", "a place that is not in the rule texts");
    }
    if !outline.atoms.iter().all(|atom| lies_in_text(program, atom.span)) {
        return shape("questions", "a place that is not in the rule texts");
    }
    for rule in &outline.rules {
        check_condition(&rule.condition, outline.atoms.len(), DEPTH_MAX)?;
    }
    if !outline.rules.is_sorted_by_key(|rule| rule.tier.rank()) {
        return shape("rules", "not in the order of their tiers");
    }
    let places = &program.places;
    let exist =
        |place: &crate::code::program::Place| place.at < program.code.main && usize::from(place.rule) < outline.rules.len();
    if !places.is_sorted_by(|one, next| one.at < next.at) || !places.iter().all(exist) {
        return shape("places", "not places of the main code");
    }
    Ok(())
}

fn lies_in_text(program: &Program, span: Span) -> bool {
    let source = program.origin.sources.iter().nth(usize::from(span.source.0));
    source.is_some_and(|(_, source)| source.text.get(span.range()).is_some())
}

fn check_condition(condition: &Cond, atoms: usize, depth: usize) -> Result<(), VerifyError> {
    if depth == 0 {
        return shape("rules", "a condition that is nested too deep");
    }
    match condition {
        Cond::Atom(atom) if usize::from(*atom) < atoms => Ok(()),
        Cond::Atom(_) => shape("rules", "a condition that does not exist"),
        Cond::And(parts) | Cond::Or(parts) => parts.iter().try_for_each(|part| check_condition(part, atoms, depth - 1)),
        Cond::Not(part) | Cond::Surely(part) | Cond::Possibly(part) => check_condition(part, atoms, depth - 1),
    }
}

/// Checks all instructions and returns the most that one decision costs: the longest way through the main code, and every
/// question once.
fn check_code(program: &Program) -> Result<u64, VerifyError> {
    let code = &program.code;
    let atoms = program.outline.atoms.len();
    let main = code.main();
    let questions = code.questions(atoms);
    let end = code.each_block(atoms).last().map_or(questions.end, |(_, range)| range.end);
    if end != code.ops.len() {
        return shape("code", "main code, questions and person blocks do not fill it");
    }
    let people_from = questions.end;
    for (at, op) in code.ops.iter().enumerate() {
        let part = if at < main.end {
            Part::Main
        } else if at < people_from {
            Part::Questions
        } else {
            Part::People
        };
        if op.opcode().part() != part {
            return Err(VerifyError::Code { at, what: "an instruction of another part" });
        }
        check_operands(program, at, op)?;
    }
    let block_costs =
        code.each_block(atoms).map(|(_, range)| longest_run(&code.ops, range, person_cost)).collect::<Result<Vec<_>, _>>()?;
    let main_cost = longest_run(&code.ops, main, |_| 1)?;
    let question_cost = |op: &Op| question_cost(&program.constants, &block_costs, op);
    Ok(code.ops[questions].iter().map(question_cost).fold(main_cost, u64::saturating_add))
}

fn check_operands(program: &Program, at: usize, op: &Op) -> Result<(), VerifyError> {
    let constants = &program.constants;
    let mut missing = false;
    op.each_operand(|operand| {
        let within = match operand {
            Operand::Question(index) => index.index() < program.outline.atoms.len(),
            Operand::Rule(index) => program.outline.rules.get(index.index()).is_some_and(|rule| !rule.shadow),
            Operand::Block(index) => index.index() < program.code.blocks.len(),
            Operand::TextsIdx(index) => index.index() < constants.texts.len(),
            Operand::PatternIdx(index) => index.index() < constants.patterns.len(),
            Operand::PeopleIdx(index) => index.index() < constants.people.len(),
            Operand::ProvidedIdx(index) => index.index() < constants.provided.len(),
            Operand::ComparisonIdx(index) => index.index() < constants.comparisons.len(),
            Operand::ClockIdx(index) => index.index() < constants.clocks.len(),
            Operand::DateRuleIdx(index) => index.index() < constants.date_rules.len(),
            Operand::RepeatsIdx(index) => index.index() < constants.repeats.len(),
            Operand::SeasonIdx(index) => index.index() < constants.seasons.len(),
            Operand::ZoneIdx(index) => index.index() < constants.zones.len(),
            // Registers and jumps are a matter of the flow; the rest has no wrong values.
            _ => true,
        };
        missing |= !within;
    });
    if missing {
        return Err(VerifyError::Code { at, what: "an operand that names nothing" });
    }
    match op {
        Op::AskTextProvided { list, .. } => check_provided(constants, *list, ListKind::Texts),
        Op::IsAmongProvided { list, .. } => check_provided(constants, *list, ListKind::People),
        _ => Ok(()),
    }
}

fn question_cost(constants: &Constants, block_costs: &[u64], op: &Op) -> u64 {
    match op {
        Op::AskText { field, texts, .. } => text_steps(*field).saturating_mul(constants.texts[texts.index()].len() as u64 + 1),
        Op::AskTextProvided { field, .. } => text_steps(*field).saturating_mul(PROVIDED_ITEMS_MAX as u64 + 1),
        Op::AskPattern { field, .. } => text_steps(*field),
        Op::AskOrganizer { test } | Op::AskCreator { test } => 1 + block_costs[test.index()],
        Op::AskAttendees { test, .. } => block_costs[test.index()].saturating_mul(BLOCK_RUNS_MAX),
        Op::AskCount { .. } | Op::AskOneOnOne {} => BLOCK_RUNS_MAX,
        Op::AskClock { .. } => LOOK_UP_STEPS,
        Op::AskDateRule { .. } => DATE_RULE_STEPS,
        _ => 1,
    }
}

/// Steps of looking through a text once.
fn text_steps(field: TextField) -> u64 {
    let bytes = match field {
        TextField::Description => DESCRIPTION_BYTES_MAX,
        TextField::Title | TextField::Location | TextField::Calendar => SHORT_TEXT_BYTES_MAX,
    };
    1 + (bytes / BYTES_PER_STEP) as u64
}

fn person_cost(op: &Op) -> u64 {
    match op {
        Op::IsAmong { .. } | Op::IsAmongProvided { .. } | Op::IsInternal { .. } | Op::IsExternal { .. } => LOOK_UP_STEPS,
        _ => 1,
    }
}

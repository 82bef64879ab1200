//! A compiled rule set, ready to be stored: code, constants, and what explanations are told from.
//!
//! A program is plain data and knows neither the compiler that writes it nor the machine that runs it. It keeps the texts it
//! was made from, so that a later version can compile them again. Nothing here is trusted before
//! [`verify`](crate::code::verify()) has looked at it.

use crate::builtins::DayTest;
use crate::code::Op;
use crate::code::operand::{Block, ZoneIdx};
use crate::event::Address;
use crate::event::address::DomainPattern;
use crate::source::Sources;
use crate::time::Date;
use crate::value::outline::{Outline, ZoneRule};
use crate::value::words::{ClockWindow, Comparison, Layer, ListKind, Repeats};
use std::ops::Range;

/// A compiled rule set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    /// Main code, then questions, then person blocks.
    pub code: Code,
    /// What instructions refer to.
    pub constants: Constants,
    /// `our domains`; empty: none known.
    pub own_domains: Vec<DomainPattern>,
    /// The addresses of each `person`.
    pub aliases: Vec<Vec<Address>>,
    /// The rules in words, with their places in the texts.
    pub outline: Outline,
    /// Where each part of the main code comes from: the first instruction of each rule, ascending.
    pub places: Vec<Place>,
    /// The texts it was compiled from, and how.
    pub origin: Origin,
}

/// The instructions of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Code {
    /// All instructions: main code, questions, blocks, without gaps.
    pub ops: Vec<Op>,
    /// How many of them are main code.
    pub main: u32,
    /// How many instructions each person block has.
    pub blocks: Vec<u32>,
}

impl Code {
    /// The instructions of the main part.
    #[must_use]
    pub fn main(&self) -> Range<usize> {
        0..self.main as usize
    }

    /// The instructions of the questions: as many as there are atoms.
    #[must_use]
    pub fn questions(&self, atoms: usize) -> Range<usize> {
        let start = self.main as usize;
        start..start.saturating_add(atoms)
    }

    /// Each person block with its instructions, given how many questions stand before the first.
    pub fn each_block(&self, atoms: usize) -> impl Iterator<Item = (Block, Range<usize>)> {
        self.blocks.iter().enumerate().scan(self.questions(atoms).end, |at, (index, length)| {
            let range = *at..at.saturating_add(*length as usize);
            *at = range.end;
            Some((Block(index as u16), range))
        })
    }
}

/// The part of the main code that a rule became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The first instruction.
    pub at: u32,
    /// The rule; its span is in the outline.
    pub rule: u16,
}

/// What instructions refer to, a pool for each type. Every constant occurs once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Constants {
    /// Folded texts, in the author's order.
    pub texts: Vec<Vec<String>>,
    /// Regular expressions.
    pub patterns: Vec<PatternText>,
    /// Addresses and domains: a `person`, a list of people, an operand of `from`.
    pub people: Vec<PeopleSet>,
    /// Lists that the tenant provides.
    pub provided: Vec<ProvidedName>,
    /// Comparisons of counts and lengths.
    pub comparisons: Vec<Comparison>,
    /// Windows of the day on some days.
    pub clocks: Vec<ClockTest>,
    /// Recurrence rules as tests of dates.
    pub date_rules: Vec<DateRuleText>,
    /// Questions about the series.
    pub repeats: Vec<Repeats>,
    /// Dates that rules hold on.
    pub seasons: Vec<Season>,
    /// Zones that clocks and dates are read in.
    pub zones: Vec<ZoneRule>,
}

/// A regular expression as written. The machine builds it when it is first asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PatternText {
    /// Between the slashes.
    pub pattern: String,
    /// `i`, `s`, `x`.
    pub flags: String,
}

/// Some people, by address or by domain.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PeopleSet {
    /// Ascending, without duplicates.
    pub addresses: Vec<Address>,
    /// Ascending, without duplicates.
    pub domains: Vec<DomainPattern>,
}

/// A list that the tenant provides with each decision.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ProvidedName {
    /// The name it is supplied under.
    pub name: String,
    /// What it holds.
    pub kind: ListKind,
}

/// `starts between 09:00 and 18:00 on mon..fri in "Asia/Tokyo"`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClockTest {
    /// The time of day.
    pub window: Option<ClockWindow>,
    /// The days. A list in it is one of [`Constants::provided`]; dates of a written list stand here themselves.
    pub days: Option<DayTest>,
    /// The zone whose clocks count.
    pub zone: ZoneIdx,
}

/// `starts on rrule "…" counting from 2026-01-05`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DateRuleText {
    /// The rule as written.
    pub rule: String,
    /// Where intervals count from.
    pub counting_from: Option<Date>,
    /// The zone whose dates count.
    pub zone: ZoneIdx,
}

/// `from 2026-01-01 until 2026-06-30`
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Season {
    /// First local start date.
    pub from: Option<Date>,
    /// Last local start date.
    pub until: Option<Date>,
    /// The zone whose dates count.
    pub zone: ZoneIdx,
}

/// What a program was made from: everything that compiling it again needs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The rule texts.
    pub sources: Sources,
    /// Whose each text is, in the order of the texts.
    pub layers: Vec<Layer>,
    /// The tenant's own domains, besides those that the texts name.
    pub tenant_domains: Vec<DomainPattern>,
    /// The version of callsheet that compiled it.
    pub compiler: String,
    /// The release of the zone database that it was compiled with.
    pub zone_database: String,
}

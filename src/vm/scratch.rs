//! The memory of one decision after the other: answers, and what only some programs ask for.

use crate::builtins::clock::LocalTime;
use crate::code::Program;
use crate::code::operand::{Question as QuestionIdx, ZoneIdx};
use crate::event::address::DomainPattern;
use crate::event::{Address, ProvidedList, Question, Text};
use crate::time::{Moment, Zone};
use crate::value::outline::ZoneRule;
use crate::value::words::{Edge, TextField};
use crate::value::{Fact, Folder, Truth};
use crate::vm::facts::Facts;
use crate::vm::guests::{GuestNotes, GuestRow, GuestTable};
use crate::vm::limits::{REGISTERS_MAX, TEXT_BYTES_KEPT_MAX};
use crate::vm::people::Roster;
use std::sync::LazyLock;

/// The reusable memory behind one decision after the other.
#[derive(Debug)]
pub(in crate::vm) struct Scratch {
    pub answers: Answers,
    pub registers: [Truth; REGISTERS_MAX],
    pub steps: u64,
    /// The pieces of the main code that are tried.
    pub candidates: Vec<u64>,
    /// The people, where somebody asks more than their hashes tell.
    pub roster: Roster,
    pub roster_is_settled: bool,
    /// The people as a program sums them up that knows some of them by several addresses.
    pub merged: GuestTable,
    pub merged_row: (GuestRow, GuestNotes),
    pub guests_are_settled: bool,
    pub title_is_scanned: bool,
    texts: [Folded; 4],
    folder: Folder,
    times: Vec<LocalTimes>,
    pub list_lookup: ListLookup,
}

/// One text of the occurrence.
#[derive(Debug, Default)]
struct Folded {
    text: String,
    is_made: bool,
}

/// The ends of the occurrence on the clocks of one zone.
#[derive(Clone, Copy, Debug, Default)]
struct LocalTimes {
    start: Option<LocalTime>,
    end: Option<LocalTime>,
}

/// A text of the occurrence, as conditions find it.
pub(in crate::vm) enum Haystack<'t> {
    /// Whole, and folded.
    Whole(&'t str),
    /// Cut short: what is in it tells less, and [`crate::builtins::text`] knows how much.
    Cut(&'t Text),
    /// Not known.
    Hidden,
}

impl Default for Scratch {
    fn default() -> Self {
        Self {
            answers: Answers::default(),
            registers: [Truth::Unknown; REGISTERS_MAX],
            steps: 0,
            candidates: Vec::new(),
            roster: Roster::default(),
            roster_is_settled: false,
            merged: GuestTable::default(),
            merged_row: Default::default(),
            guests_are_settled: false,
            title_is_scanned: false,
            texts: Default::default(),
            folder: Folder::default(),
            times: Vec::new(),
            list_lookup: ListLookup { pattern: DomainPattern::blank() },
        }
    }
}

impl Scratch {
    /// Forgets the last decision.
    pub fn begin(&mut self, program: &Program) {
        for folded in &mut self.texts {
            folded.is_made = false;
            if folded.text.capacity() > TEXT_BYTES_KEPT_MAX {
                folded.text = String::new();
                self.folder = Folder::default();
            }
        }
        self.roster_is_settled = false;
        self.guests_are_settled = false;
        self.title_is_scanned = false;
        self.times.clear();
        self.times.resize(program.constants.zones.len(), LocalTimes::default());
        self.answers.begin(program.outline.atoms.len());
        self.steps = 0;
    }

    /// A text of the occurrence, folded.
    pub fn text<'t>(&'t mut self, field: TextField, question: &Question<'t>) -> Haystack<'t> {
        let place = field as usize;
        let text = match raw_text(field, question) {
            Fact::Unknown(_) => return Haystack::Hidden,
            Fact::Known(None) => return Haystack::Whole(""),
            Fact::Known(Some(text)) if text.cut => return Haystack::Cut(text),
            Fact::Known(Some(text)) => text,
        };
        let folded = &mut self.texts[place];
        if !folded.is_made {
            folded.text.clear();
            folded.text.push_str(self.folder.fold(&text.content));
            folded.is_made = true;
        }
        Haystack::Whole(&folded.text)
    }

    /// One end of the occurrence on the clocks of a zone; `None` where it is not known.
    pub fn local_time(
        &mut self,
        edge: Edge,
        zone: ZoneIdx,
        program: &Program,
        (question, facts): (&Question<'_>, Facts<'_>),
    ) -> Option<LocalTime> {
        let rule = &program.constants.zones[zone.index()];
        let times = &mut self.times[zone.index()];
        match edge {
            Edge::Starts => Some(*times.start.get_or_insert_with(|| match (zone_of_rule(rule, question), facts.start()) {
                (Some(zone), Some(at)) => LocalTime::of(at, zone),
                _ => local_start(rule, question),
            })),
            Edge::Ends => {
                let end = question.occurrence.end.known()?;
                Some(*times.end.get_or_insert_with(|| with_zone(rule, question, end, |zone| LocalTime::of_end(end, zone))))
            }
        }
    }
}

/// The answers to a program's questions.
///
/// Each slot holds the number of the decision that it belongs to, so that beginning another one touches none of them.
#[derive(Debug, Default)]
pub(in crate::vm) struct Answers {
    slots: Vec<u32>,
    decision: u32,
    /// Questions that something was found for, before anybody asked them.
    found: Vec<u16>,
}

/// What is known of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vm) enum Known {
    /// The answer.
    Answer(Truth),
    /// Something was found that makes another answer than no possible.
    Perhaps,
    /// Nothing.
    Nothing,
}

/// Bits of a slot that hold what is known; the others hold the number of the decision.
const KNOWN_BITS: u32 = 2;
const PERHAPS: u32 = 3;

impl Answers {
    fn begin(&mut self, count: usize) {
        self.decision += 1;
        if self.decision >> (u32::BITS - KNOWN_BITS) > 0 {
            self.slots.fill(0);
            self.decision = 1;
        }
        self.found.clear();
        if self.slots.len() < count {
            self.slots.resize(count, 0);
        }
    }

    #[inline]
    pub fn find(&self, question: QuestionIdx) -> Known {
        let slot = self.slots[question.index()];
        if slot >> KNOWN_BITS != self.decision {
            return Known::Nothing;
        }
        match slot & PERHAPS {
            0 => Known::Answer(Truth::False),
            1 => Known::Answer(Truth::Unknown),
            2 => Known::Answer(Truth::True),
            _ => Known::Perhaps,
        }
    }

    #[inline]
    pub fn set(&mut self, question: QuestionIdx, answer: Truth) {
        self.slots[question.index()] = self.decision << KNOWN_BITS | answer as u32;
    }

    /// Something was found before anybody asked: the answer yes, or that it may be yes.
    #[inline]
    pub fn find_out(&mut self, question: QuestionIdx, is_sure: bool) {
        let known = self.find(question);
        if known == Known::Nothing {
            self.found.push(question.0);
        }
        if is_sure || known == Known::Nothing {
            let found = if is_sure { Truth::True as u32 } else { PERHAPS };
            self.slots[question.index()] = self.decision << KNOWN_BITS | found;
        }
    }

    /// The questions that something was found for.
    pub fn found(&self) -> &[u16] {
        &self.found
    }
}

/// Looks addresses up in provided lists, with one pattern that is written over for each domain.
#[derive(Debug)]
pub(in crate::vm) struct ListLookup {
    pattern: DomainPattern,
}

impl ListLookup {
    /// Whether a provided list holds the address, or a domain that covers it.
    pub fn covers(&mut self, list: &ProvidedList, address: &Address) -> bool {
        if list.addresses.contains(address) {
            return true;
        }
        if list.domains.is_empty() {
            return false;
        }
        let domain = address.domain();
        let pattern = &mut self.pattern;
        list.domains.contains(pattern.look_up(domain, false))
            || domain.match_indices('.').any(|(dot, _)| list.domains.contains(pattern.look_up(&domain[dot + 1..], true)))
    }
}

/// A text of the occurrence as the calendar has it.
pub(in crate::vm) fn raw_text<'t>(field: TextField, question: &Question<'t>) -> Fact<Option<&'t Text>> {
    let facts = &question.occurrence.facts;
    let text: &'t Fact<Option<Text>> = match field {
        TextField::Title => &facts.title,
        TextField::Description => &facts.description,
        TextField::Location => &facts.location,
        TextField::Calendar => &facts.calendar,
    };
    text.as_ref().map(Option::as_ref)
}

/// The start of the occurrence on the clocks that a rule reads.
pub(in crate::vm) fn local_start(rule: &ZoneRule, question: &Question<'_>) -> LocalTime {
    let start = &question.occurrence.start;
    with_zone(rule, question, start, |zone| LocalTime::of_start(start, zone))
}

static UTC: LazyLock<Zone> = LazyLock::new(Zone::utc);

/// The zone that a rule reads in, whatever the event; `None`: that of the event.
fn zone_of_rule<'z>(rule: &'z ZoneRule, question: &Question<'z>) -> Option<&'z Zone> {
    match rule {
        ZoneRule::Named(zone) => Some(zone),
        ZoneRule::UserElseEvent => question.user.zone.as_ref(),
    }
}

/// The zone that a rule reads `moment` in, for `read`. A day without a zone of its own is the same day everywhere.
fn with_zone(rule: &ZoneRule, question: &Question<'_>, moment: &Moment, read: impl FnOnce(&Zone) -> LocalTime) -> LocalTime {
    match (zone_of_rule(rule, question), moment) {
        (Some(zone), _) | (None, Moment::Timed { zone, .. }) => read(zone),
        (None, Moment::Day(_)) => read(&UTC),
    }
}

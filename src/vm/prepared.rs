//! An occurrence made ready for one program: folded texts, people, local times. Each is made when it is first asked.

use crate::builtins::clock::LocalTime;
use crate::code::operand::ZoneIdx;
use crate::code::{Program, Verified};
use crate::event::address::DomainPattern;
use crate::event::{Address, ProvidedList, Question, Text};
use crate::time::{Moment, Zone};
use crate::value::outline::ZoneRule;
use crate::value::words::{Edge, TextField};
use crate::value::{Fact, Folder, Truth};
use crate::vm::limits::TEXT_BYTES_KEPT_MAX;
use crate::vm::people::Roster;
use std::sync::LazyLock;

/// The reusable memory behind one decision after the other.
#[derive(Debug)]
pub struct Prepared {
    texts: [Folded; 4],
    folder: Folder,
    roster: Roster,
    roster_is_filled: bool,
    times: Vec<LocalTimes>,
    list_lookup: ListLookup,
    pub(in crate::vm) answers: Vec<Option<Truth>>,
    pub(in crate::vm) registers: [Truth; crate::vm::limits::REGISTERS_MAX],
    pub(in crate::vm) steps: u64,
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

impl Default for Prepared {
    fn default() -> Self {
        Self {
            texts: Default::default(),
            folder: Folder::default(),
            roster: Roster::default(),
            roster_is_filled: false,
            times: Vec::new(),
            list_lookup: ListLookup { pattern: DomainPattern::blank() },
            answers: Vec::new(),
            registers: [Truth::Unknown; crate::vm::limits::REGISTERS_MAX],
            steps: 0,
        }
    }
}

impl Prepared {
    /// Forgets the last occurrence. Nothing is computed yet.
    pub(in crate::vm) fn begin(&mut self, program: &Program) {
        for folded in &mut self.texts {
            folded.is_made = false;
            if folded.text.capacity() > TEXT_BYTES_KEPT_MAX {
                folded.text = String::new();
                self.folder = Folder::default();
            }
        }
        self.roster_is_filled = false;
        self.times.clear();
        self.times.resize(program.constants.zones.len(), LocalTimes::default());
        self.answers.clear();
        self.answers.resize(program.outline.atoms.len(), None);
        self.steps = 0;
    }

    /// A text of the occurrence, folded.
    pub(in crate::vm) fn text<'t>(&'t mut self, field: TextField, question: &Question<'t>) -> Haystack<'t> {
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

    /// The people of the meeting.
    pub(in crate::vm) fn roster(&mut self, program: &Verified, question: &Question<'_>) -> &Roster {
        if !self.roster_is_filled {
            self.roster.fill(&question.occurrence.facts.people, question.user, program.lookup());
            self.roster_is_filled = true;
        }
        &self.roster
    }

    /// The people of the meeting, after [`Prepared::roster`] brought them together.
    pub(in crate::vm) fn filled_roster(&self) -> &Roster {
        &self.roster
    }

    /// One end of the occurrence on the clocks of a zone; `None` where it is not known.
    pub(in crate::vm) fn local_time(
        &mut self,
        edge: Edge,
        zone: ZoneIdx,
        program: &Program,
        question: &Question<'_>,
    ) -> Option<LocalTime> {
        let rule = &program.constants.zones[zone.index()];
        let times = &mut self.times[zone.index()];
        match edge {
            Edge::Starts => Some(*times.start.get_or_insert_with(|| local_start(rule, question))),
            Edge::Ends => {
                let end = question.occurrence.end.known()?;
                Some(*times.end.get_or_insert_with(|| with_zone(rule, question, end, |zone| LocalTime::of_end(end, zone))))
            }
        }
    }

    /// The people, and what looks them up in provided lists.
    pub(in crate::vm) fn roster_and_lookup(&mut self) -> (&Roster, &mut ListLookup) {
        (&self.roster, &mut self.list_lookup)
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

/// The zone that a rule reads `moment` in, for `read`. A day without a zone of its own is the same day everywhere.
fn with_zone(rule: &ZoneRule, question: &Question<'_>, moment: &Moment, read: impl FnOnce(&Zone) -> LocalTime) -> LocalTime {
    match (rule, &question.user.zone, moment) {
        (ZoneRule::Named(zone), ..)
        | (ZoneRule::UserElseEvent, Some(zone), _)
        | (ZoneRule::UserElseEvent, None, Moment::Timed { zone, .. }) => read(zone),
        (ZoneRule::UserElseEvent, None, Moment::Day(_)) => read(&UTC),
    }
}

//! What is worked out of occurrences, whatever the rules are: in few long pieces of memory, so that going through many occurrences
//! fetches what lies side by side.

use crate::builtins::{SetField, closed, dates};
use crate::event::{Occurrence, Question, SeriesSummary, Text};
use crate::time::{Instant, Moment};
use crate::value::{EventKind, Fact, Folder, Response, Status, UnknownReason, fold_characters};
use crate::vm::guests::{GuestRow, GuestTable, Guests};
use crate::vm::people::Roster;

/// The facts of occurrences.
#[derive(Debug, Default)]
pub(in crate::vm) struct FactTable {
    rows: Vec<Row>,
    /// Titles, folded as a whole.
    folded: String,
    /// Titles, folded character by character, where that is another text.
    characters: String,
    guests: GuestTable,
}

/// The facts of one occurrence.
#[derive(Debug)]
struct Row {
    /// Nothing about the occurrence could keep any rule from being asked.
    is_usual: bool,
    /// `None` of a whole-day event.
    start: Option<Instant>,
    start_is_guess: bool,
    /// What the calendar states of each closed set, by its place there; `None` where that is not known.
    stated: [Option<u8>; SETS],
    /// In seconds, where that is known.
    length: Option<u64>,
    /// As in [`SeriesFacts::summary`](crate::event::SeriesFacts::summary).
    series: Option<Result<SeriesSummary, UnknownReason>>,
    /// `None` where it is hidden or was cut.
    title: Option<Title<Place>>,
    guests: GuestRow,
}

/// How many closed sets there are.
const SETS: usize = SetField::ALL.len();

/// A title in the forms in which it is looked through, or where it lies.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct Title<T> {
    /// Folded as a whole.
    pub folded: T,
    /// Folded character by character; `None` where that is the same text.
    pub characters: Option<T>,
}

/// A part of a longer text.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: usize,
    length: usize,
}

/// The facts of one occurrence, at hand.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct Facts<'t> {
    row: &'t Row,
    table: &'t FactTable,
}

impl FactTable {
    /// Adds the facts of an occurrence behind those of the others.
    pub fn add(&mut self, question: &Question<'_>, roster: &mut Roster, folder: &mut Folder) -> Facts<'_> {
        let facts = &question.occurrence.facts;
        roster.fill(&facts.people, question.user, None);
        let guests = self.guests.add(roster, &facts.people);
        let (occurrence, title) = (question.occurrence, self.add_title(&facts.title, folder));
        let stated = |set| closed::stated(facts, set).known().and_then(|place| u8::try_from(*place).ok());
        self.rows.push(Row {
            is_usual: is_usual(occurrence),
            start: match &occurrence.start {
                Moment::Timed { at, .. } => Some(*at),
                Moment::Day(_) => None,
            },
            start_is_guess: occurrence.start.is_guess(),
            stated: SetField::ALL.map(stated),
            length: occurrence.end.known().and_then(|end| dates::length(&occurrence.start, end)),
            series: occurrence.series.summary().map(|known| known.cloned()),
            title,
            guests,
        });
        Facts { row: &self.rows[self.rows.len() - 1], table: self }
    }

    /// Forgets everything and keeps its memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.guests.clear();
        self.folded.clear();
        self.characters.clear();
    }

    /// The facts of the occurrence that was added at this place.
    pub fn get(&self, place: usize) -> Option<Facts<'_>> {
        Some(Facts { row: self.rows.get(place)?, table: self })
    }

    fn add_title(&mut self, title: &Fact<Option<Text>>, folder: &mut Folder) -> Option<Title<Place>> {
        let written = match title {
            Fact::Unknown(_) => return None,
            Fact::Known(None) => "",
            Fact::Known(Some(text)) if text.cut => return None,
            Fact::Known(Some(text)) => text.content.as_str(),
        };
        let at = self.folded.len();
        if written.is_ascii() {
            self.folded.push_str(written);
            self.folded[at..].make_ascii_lowercase();
            return Some(Title { folded: Place { at, length: written.len() }, characters: None });
        }
        self.folded.push_str(folder.fold(written));
        let folded = Place { at, length: self.folded.len() - at };
        let at = self.characters.len();
        fold_characters(written, &mut self.characters);
        let characters = Place { at, length: self.characters.len() - at };
        if folded.of(&self.folded) == characters.of(&self.characters) {
            self.characters.truncate(at);
            return Some(Title { folded, characters: None });
        }
        Some(Title { folded, characters: Some(characters) })
    }
}

impl Place {
    fn of(self, text: &str) -> &str {
        &text[self.at..self.at + self.length]
    }
}

impl<'t> Facts<'t> {
    /// Whether nothing about the occurrence could keep any rule from being asked.
    pub fn are_usual(self) -> bool {
        self.row.is_usual
    }

    /// Whether it has no clock times.
    pub fn is_all_day(self) -> bool {
        self.row.start.is_none()
    }

    /// When it starts; `None` of a whole-day event.
    pub fn start(self) -> Option<Instant> {
        self.row.start
    }

    /// Whether the zone of its start is a guess.
    pub fn start_is_guess(self) -> bool {
        self.row.start_is_guess
    }

    /// What the calendar states of a closed set, by its place there; `None` where that is not known.
    pub fn stated(self, set: SetField) -> Option<usize> {
        self.row.stated[set as usize].map(usize::from)
    }

    /// How long it takes in seconds; `None` where that is not known.
    pub fn length(self) -> Option<u64> {
        self.row.length
    }

    /// What is known of its series, or why nothing is; `None` where it happens once.
    pub fn series(self) -> Option<Result<&'t SeriesSummary, UnknownReason>> {
        self.row.series.as_ref().map(|series| series.as_ref().map_err(|reason| *reason))
    }

    /// The people.
    pub fn guests(self) -> Guests<'t> {
        Guests::new(&self.row.guests, &self.table.guests)
    }

    /// The title; `None` where it is hidden or was cut.
    pub fn title(self) -> Option<Title<&'t str>> {
        let Title { folded, characters } = self.row.title?;
        let characters = characters.map(|place| place.of(&self.table.characters));
        Some(Title { folded: folded.of(&self.table.folded), characters })
    }
}

/// Whether none of the reasons is there for which an occurrence may not be recorded.
fn is_usual(occurrence: &Occurrence) -> bool {
    let facts = &occurrence.facts;
    let is_joinable = matches!(&facts.link, Fact::Known(Some(link)) if link.joinable);
    let has_not_declined = matches!(facts.my_response, Fact::Known(response) if response != Response::Declined);
    facts.status != Status::Cancelled
        && !facts.draft
        && !occurrence.start.is_day()
        && facts.kind == EventKind::Default
        && !occurrence.sub_hourly
        && is_joinable
        && has_not_declined
}

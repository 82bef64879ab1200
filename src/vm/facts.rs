//! What is worked out of occurrences, whatever the rules are: in few long pieces of memory, so that going through many occurrences
//! fetches what lies side by side.

use crate::builtins::{SetField, closed, dates, repeats};
use crate::code::{AddressesAsked, Program};
use crate::event::{Freq, Occurrence, Question, SeriesFacts, SeriesSummary, Text};
use crate::time::{Instant, Moment};
use crate::value::words::Repeats;
use crate::value::{EventKind, Fact, Folder, Response, Status, Truth, UnknownReason, fold_characters, fold_settled};
use crate::vm::guests::{GuestNotes, GuestRow, GuestTable, Guests};
use crate::vm::people::Roster;
use std::ops::Range;

/// The facts of occurrences.
#[derive(Debug, Default)]
pub(in crate::vm) struct FactTable {
    rows: Vec<Row>,
    notes: Vec<Notes>,
    /// Titles, folded as a whole.
    folded: String,
    /// Titles, folded character by character, where that is another text.
    characters: String,
    guests: GuestTable,
}

/// What is asked most of one occurrence: as much as memory gives at once.
#[derive(Debug)]
struct Row {
    guests: GuestRow,
    title_at: usize,
    /// In seconds; [`NO_LENGTH`] where that is not known.
    length: u64,
    title_length: u16,
    /// What the calendar states of each closed set, by its place there; [`NOT_STATED`] where that is not known.
    stated: [u8; SETS],
    rhythm: Rhythm,
    /// Nothing about the occurrence could keep any rule from being asked.
    is_usual: bool,
    is_all_day: bool,
    /// The title is neither hidden nor cut.
    is_titled: bool,
    /// Its characters folded one by one are another text.
    has_other_title: bool,
}

/// A row and a line of a cache.
const _: () = assert!(size_of::<Row>() <= 72);

/// What is asked seldom.
#[derive(Debug)]
struct Notes {
    /// `None` of a whole-day event.
    start: Option<Instant>,
    start_is_guess: bool,
    /// As in [`SeriesFacts::summary`](crate::event::SeriesFacts::summary).
    series: Option<Result<SeriesSummary, UnknownReason>>,
    other_title: Range<usize>,
    guests: GuestNotes,
}

/// How the series repeats, as far as that is one word.
#[derive(Clone, Copy, Debug)]
enum Rhythm {
    Never,
    Every(Freq),
    /// More must be known.
    Other,
}

/// How many closed sets there are.
const SETS: usize = SetField::ALL.len();

/// Longer than any event.
const NO_LENGTH: u64 = u64::MAX;

/// No place in any closed set.
const NOT_STATED: u8 = u8::MAX;

/// A title in the forms in which it is looked through.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::vm) struct Title<'t> {
    /// Folded as a whole.
    pub folded: &'t str,
    /// Folded character by character; `None` where that is the same text.
    pub characters: Option<&'t str>,
}

/// The facts of one occurrence, at hand.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct Facts<'t> {
    row: &'t Row,
    notes: &'t Notes,
    table: &'t FactTable,
}

impl FactTable {
    /// Adds the facts of an occurrence behind those of the others.
    pub fn add(&mut self, question: &Question<'_>, roster: &mut Roster, folder: &mut Folder) {
        let (occurrence, facts) = (question.occurrence, &question.occurrence.facts);
        roster.fill(&facts.people, question.user, None);
        let (guests, guest_notes) = self.guests.add(roster, &facts.people);
        let (title_at, other_title) = (self.folded.len(), self.characters.len());
        let is_titled = self.add_title(&facts.title, folder).is_some();
        let title_length = u16::try_from(self.folded.len() - title_at);
        let other_title = other_title..self.characters.len();
        let stated = |set| closed::stated(facts, set).known().and_then(|place| u8::try_from(*place).ok());
        let length = occurrence.end.known().and_then(|end| dates::length(&occurrence.start, end));
        self.rows.push(Row {
            guests,
            title_at,
            length: length.unwrap_or(NO_LENGTH),
            title_length: title_length.unwrap_or(0),
            stated: SetField::ALL.map(|set| stated(set).unwrap_or(NOT_STATED)),
            rhythm: rhythm(&occurrence.series),
            is_usual: is_usual(occurrence),
            is_all_day: occurrence.start.is_day(),
            is_titled: is_titled && title_length.is_ok(),
            has_other_title: !other_title.is_empty(),
        });
        self.notes.push(Notes {
            start: match &occurrence.start {
                Moment::Timed { at, .. } => Some(*at),
                Moment::Day(_) => None,
            },
            start_is_guess: occurrence.start.is_guess(),
            series: occurrence.series.summary().map(|known| known.cloned()),
            other_title,
            guests: guest_notes,
        });
    }

    /// Forgets everything and keeps its memory.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.notes.clear();
        self.guests.clear();
        self.folded.clear();
        self.characters.clear();
    }

    /// The facts of the occurrence that was added at this place.
    #[inline]
    pub fn get(&self, place: usize) -> Option<Facts<'_>> {
        Some(Facts { row: self.rows.get(place)?, notes: self.notes.get(place)?, table: self })
    }

    /// The folded titles of some occurrences that lie side by side, as one text.
    pub fn folded(&self, places: Range<usize>) -> &str {
        let begin = |place: usize| self.rows.get(place).map_or(self.folded.len(), |row| row.title_at);
        &self.folded[begin(places.start)..begin(places.end)]
    }

    /// Which of some occurrences has its title at this place of their [`FactTable::folded`] text, and where that begins there.
    pub fn title_at(&self, places: Range<usize>, at: usize) -> (usize, usize) {
        let (rows, base) = (&self.rows[places.clone()], self.rows[places.start].title_at);
        let behind = rows.partition_point(|row| row.title_at - base <= at);
        (places.start + behind - 1, rows[behind - 1].title_at - base)
    }

    /// How many people of each of some occurrences pass ([`GuestTable::count_all_passing`]).
    pub fn count_passing(
        &self,
        places: Range<usize>,
        asked: (&AddressesAsked, &Program),
        sums: &mut Vec<u64>,
        counts: &mut [u64],
    ) {
        let rows = self.rows[places.clone()].iter().zip(&self.notes[places]);
        let guests = rows.map(|(row, notes)| Guests::new((&row.guests, &notes.guests), &self.guests));
        self.guests.count_all_passing(guests, asked, sums, counts);
    }

    /// How many people there are at each of some occurrences, where each of them is known by one address.
    pub fn plain_counts(&self, places: Range<usize>) -> impl Iterator<Item = Option<u64>> {
        self.rows[places].iter().map(|row| row.guests.plain_count())
    }

    /// `None` where it is hidden or was cut.
    fn add_title(&mut self, title: &Fact<Option<Text>>, folder: &mut Folder) -> Option<()> {
        let written = match title {
            Fact::Unknown(_) => return None,
            Fact::Known(None) => "",
            Fact::Known(Some(text)) if text.cut => return None,
            Fact::Known(Some(text)) => text.content.as_str(),
        };
        let at = self.folded.len();
        if fold_settled(written, &mut self.folded) {
            return Some(());
        }
        self.folded.push_str(folder.fold(written));
        let other = self.characters.len();
        fold_characters(written, &mut self.characters);
        if self.folded[at..] == self.characters[other..] {
            self.characters.truncate(other);
        }
        Some(())
    }
}

fn rhythm(series: &SeriesFacts) -> Rhythm {
    match series.summary() {
        None => Rhythm::Never,
        Some(Ok(SeriesSummary { pattern: Fact::Known(Some(pattern)), .. })) => Rhythm::Every(pattern.freq),
        Some(_) => Rhythm::Other,
    }
}

impl<'t> Facts<'t> {
    /// Whether nothing about the occurrence could keep any rule from being asked.
    pub fn are_usual(self) -> bool {
        self.row.is_usual
    }

    /// Whether it has no clock times.
    pub fn is_all_day(self) -> bool {
        self.row.is_all_day
    }

    /// When it starts; `None` of a whole-day event.
    pub fn start(self) -> Option<Instant> {
        self.notes.start
    }

    /// Whether the zone of its start is a guess.
    pub fn start_is_guess(self) -> bool {
        self.notes.start_is_guess
    }

    /// What the calendar states of a closed set, by its place there; `None` where that is not known.
    pub fn stated(self, set: SetField) -> Option<usize> {
        let place = self.row.stated[set as usize];
        (place != NOT_STATED).then_some(usize::from(place))
    }

    /// How long it takes in seconds; `None` where that is not known.
    pub fn length(self) -> Option<u64> {
        (self.row.length != NO_LENGTH).then_some(self.row.length)
    }

    /// Whether its series repeats as asked.
    pub fn repeats(self, asked: &Repeats) -> Truth {
        let by_freq = match self.row.rhythm {
            Rhythm::Never => repeats::repeats_by(None, asked),
            Rhythm::Every(freq) => repeats::repeats_by(Some(freq), asked),
            Rhythm::Other => None,
        };
        let series = || self.notes.series.as_ref().map(|series| series.as_ref().map_err(|reason| *reason));
        by_freq.map_or_else(|| repeats::repeats(series(), asked).truth(), Truth::from)
    }

    /// The people.
    #[inline]
    pub fn guests(self) -> Guests<'t> {
        Guests::new((&self.row.guests, &self.notes.guests), &self.table.guests)
    }

    /// The title; `None` where it is hidden or was cut.
    #[inline]
    pub fn title(self) -> Option<Title<'t>> {
        let Row { title_at, title_length, has_other_title, is_titled, .. } = *self.row;
        let folded = &self.table.folded[title_at..title_at + usize::from(title_length)];
        let characters = || &self.table.characters[self.notes.other_title.clone()];
        is_titled.then(|| Title { folded, characters: has_other_title.then(characters) })
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

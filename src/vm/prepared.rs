//! An occurrence made ready for deciding: what every program would work out of it anew.

use crate::code::Form;
use crate::event::{Occurrence, Question, Text};
use crate::value::{EventKind, Fact, Folder, Response, Status, fold_characters};
use crate::vm::guests::Guests;
use crate::vm::limits::TEXT_BYTES_KEPT_MAX;
use crate::vm::people::Roster;

/// A question whose occurrence is ready for deciding, by any number of programs: the title folded, the people brought together.
#[derive(Debug)]
pub struct Prepared<'q> {
    pub(in crate::vm) question: Question<'q>,
    pub(in crate::vm) facts: Facts,
}

/// Makes questions ready, one after the other, in memory that it keeps.
#[derive(Debug, Default)]
pub struct Preparer {
    roster: Roster,
    folder: Folder,
}

impl Preparer {
    /// Makes a question ready.
    #[must_use]
    pub fn prepare<'q>(&mut self, question: Question<'q>) -> Prepared<'q> {
        let mut facts = Facts::default();
        facts.fill(&question, &mut self.roster, &mut self.folder);
        Prepared { question, facts }
    }

    /// The same, in the memory of a question that is over.
    #[must_use]
    pub fn prepare_in<'q>(&mut self, mut over: Prepared<'_>, question: Question<'q>) -> Prepared<'q> {
        over.facts.fill(&question, &mut self.roster, &mut self.folder);
        Prepared { question, facts: over.facts }
    }
}

/// What is worked out of an occurrence, whatever the rules are.
#[derive(Debug, Default)]
pub(in crate::vm) struct Facts {
    /// Nothing about the occurrence could keep any rule from being asked.
    pub is_usual: bool,
    pub guests: Guests,
    title: Title,
}

/// A title in the forms in which it is looked through.
#[derive(Debug, Default)]
struct Title {
    is_whole: bool,
    folded: String,
    characters: String,
    is_one_form: bool,
}

impl Facts {
    /// Forgets the last occurrence and takes the next.
    pub fn fill(&mut self, question: &Question<'_>, roster: &mut Roster, folder: &mut Folder) {
        let facts = &question.occurrence.facts;
        self.title.fill(&facts.title, folder);
        roster.fill(&facts.people, question.user, None);
        self.guests.fill(roster, &facts.people);
        self.is_usual = is_usual(question.occurrence);
    }

    /// The title, folded; `None` where it is hidden or was cut.
    pub fn title(&self) -> Option<&str> {
        self.title.is_whole.then_some(self.title.folded.as_str())
    }

    /// The title in each form that differs, with the form that it stands for; `None` stands for both.
    pub fn each_title(&self) -> impl Iterator<Item = (&str, Option<Form>)> {
        let Title { is_whole, folded, characters, is_one_form } = &self.title;
        let first = (folded.as_str(), (!is_one_form).then_some(Form::Folded));
        let second = (!is_one_form).then_some((characters.as_str(), Some(Form::Characters)));
        is_whole.then_some(first).into_iter().chain(second.filter(|_| *is_whole))
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

impl Title {
    fn fill(&mut self, title: &Fact<Option<Text>>, folder: &mut Folder) {
        if self.folded.capacity().max(self.characters.capacity()) > TEXT_BYTES_KEPT_MAX {
            *self = Self::default();
            *folder = Folder::default();
        }
        let written = match title {
            Fact::Unknown(_) => None,
            Fact::Known(None) => Some(""),
            Fact::Known(Some(text)) => (!text.cut).then_some(text.content.as_str()),
        };
        self.is_whole = written.is_some();
        let Some(written) = written else { return };
        self.is_one_form = true;
        self.folded.clear();
        if written.is_ascii() {
            self.folded.push_str(written);
            self.folded.make_ascii_lowercase();
            return;
        }
        self.folded.push_str(folder.fold(written));
        fold_characters(written, &mut self.characters);
        self.is_one_form = self.folded == self.characters;
    }
}

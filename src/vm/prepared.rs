//! An occurrence made ready for deciding: what every program would work out of it anew.

use crate::code::Form;
use crate::event::{ConnectedUser, Occurrence, Question, Text};
use crate::value::{Fact, Folder, fold_characters};
use crate::vm::limits::TEXT_BYTES_KEPT_MAX;
use crate::vm::people::Roster;

/// A question whose occurrence is ready for deciding, by any number of programs: the title folded, the people brought together.
#[derive(Debug)]
pub struct Prepared<'q> {
    pub(in crate::vm) question: Question<'q>,
    pub(in crate::vm) facts: Facts,
}

impl<'q> Prepared<'q> {
    /// Makes a question ready.
    #[must_use]
    pub fn of(question: Question<'q>) -> Self {
        let mut facts = Facts::default();
        facts.fill(question.occurrence, question.user);
        Self { question, facts }
    }

    /// Makes another question ready in the same memory.
    #[must_use]
    pub fn reused<'other>(mut self, question: Question<'other>) -> Prepared<'other> {
        self.facts.fill(question.occurrence, question.user);
        Prepared { question, facts: self.facts }
    }
}

/// What is worked out of an occurrence, whatever the rules are.
#[derive(Debug, Default)]
pub(in crate::vm) struct Facts {
    title: Title,
    pub roster: Roster,
    folder: Folder,
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
    pub fn fill(&mut self, occurrence: &Occurrence, user: &ConnectedUser) {
        self.title.fill(&occurrence.facts.title, &mut self.folder);
        self.roster.fill(&occurrence.facts.people, user, None);
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

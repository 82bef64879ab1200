//! Occurrences made ready for deciding: what every program would work out of them anew.

use crate::event::Question;
use crate::value::Folder;
use crate::vm::facts::{FactTable, Facts};
use crate::vm::people::Roster;

/// Questions made ready for deciding, by any number of programs: titles folded, people brought together.
///
/// What deciding asks most lies close together in memory, one occurrence behind the other.
#[derive(Debug, Default)]
pub struct Batch<'q> {
    questions: Vec<Question<'q>>,
    facts: FactTable,
}

/// One question of a [`Batch`].
#[derive(Clone, Copy, Debug)]
pub struct Prepared<'b> {
    pub(in crate::vm) question: &'b Question<'b>,
    pub(in crate::vm) facts: Facts<'b>,
}

/// Makes questions ready, one after the other, in memory that it keeps.
#[derive(Debug, Default)]
pub struct Preparer {
    roster: Roster,
    folder: Folder,
}

impl Preparer {
    /// Makes a question ready, as the last one of a batch.
    pub fn add<'q>(&mut self, question: Question<'q>, batch: &mut Batch<'q>) {
        batch.facts.add(&question, &mut self.roster, &mut self.folder);
        batch.questions.push(question);
    }
}

impl Batch<'_> {
    /// How many questions it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.questions.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.questions.is_empty()
    }

    /// The question at a place; `None` behind the last.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<Prepared<'_>> {
        Some(Prepared { question: self.questions.get(place)?, facts: self.facts.get(place)? })
    }

    /// Each question, in order.
    pub fn iter(&self) -> impl Iterator<Item = Prepared<'_>> {
        (0..self.len()).filter_map(|place| self.get(place))
    }

    pub(in crate::vm) fn facts(&self) -> &FactTable {
        &self.facts
    }

    /// Forgets all questions and keeps the memory.
    pub fn clear(&mut self) {
        self.questions.clear();
        self.facts.clear();
    }
}

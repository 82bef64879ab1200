//! One question with the tables of one rule set: what every atomic condition is answered from.

use crate::builtins::lists::{any_text, find_list};
use crate::builtins::people::{Aliases, Member, Roster};
use crate::builtins::text::{FoldedText, Pattern};
use crate::builtins::{Answer, Atom, ListTable, Texts};
use crate::event::address::DomainPattern;
use crate::event::recurrence::Rule;
use crate::event::{PersonKind, Question, Text};
use crate::value::words::{Flag, PersonRole, TextField, TextOp};
use crate::value::{Fact, UnknownReason};
use std::cell::OnceCell;

/// What a rule set looks things up in.
#[derive(Clone, Copy, Debug)]
pub struct Tables<'a> {
    /// The lists that atoms refer to.
    pub lists: &'a [ListTable],
    /// `our domains`; empty: none known.
    pub own_domains: &'a [DomainPattern],
    /// The addresses of each `person`.
    pub aliases: &'a Aliases,
}

/// An occurrence as one rule set reads it. What several conditions need (folded texts, the people) is made once, on demand.
#[derive(Debug)]
pub struct Context<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) tables: Tables<'a>,
    texts: [OnceCell<Fact<FoldedText<'a>>>; 4],
    roster: OnceCell<Roster<'a>>,
}

impl<'a> Context<'a> {
    /// Makes ready to answer; costs nothing yet.
    #[must_use]
    pub fn new(question: &'a Question<'a>, tables: Tables<'a>) -> Self {
        Self { question, tables, texts: Default::default(), roster: OnceCell::new() }
    }

    /// The answer to an atomic condition.
    ///
    /// Regular expressions and date rules are read anew each time; whoever decides often keeps them built and asks
    /// [`Context::matches`] and [`Context::date_rule`]. One that cannot be built answers unknown, which no checked rule set
    /// meets.
    #[must_use]
    pub fn answer(&self, atom: &Atom) -> Answer {
        match atom {
            Atom::Text { field, op, texts } => self.text(*field, *op, texts),
            Atom::Matches { field, pattern, flags } => match Pattern::build(pattern, flags) {
                Some(pattern) => self.matches(*field, &pattern),
                None => Answer::Unknown(UnknownReason::PatternUnusable),
            },
            Atom::Person { role, test } => self.role(*role, test),
            Atom::People { quantifier, test } => self.people(*quantifier, test),
            Atom::Count(comparison) => self.count(*comparison),
            Atom::Duration(comparison) => self.duration(*comparison),
            Atom::Clock { edge, window, days, zone } => self.clock(*edge, *window, days.as_ref(), zone),
            Atom::DateRule { edge, rule, counting_from, zone } => match Rule::parse(rule) {
                Ok(rule) => self.date_rule(*edge, &rule, *counting_from, zone),
                Err(_) => Answer::Unknown(UnknownReason::RuleUnreadable),
            },
            Atom::Repeats(repeats) => self.repeats(repeats),
            Atom::Occurrence(asked) => self.occurrence_is(*asked),
            Atom::Is { set, values } => self.closed(*set, *values),
            Atom::Flag(flag) => self.flag(*flag),
        }
    }

    /// `title contains any of ["a", "b"]`
    #[must_use]
    pub fn text(&self, field: TextField, op: TextOp, texts: &Texts) -> Answer {
        let text = match self.folded(field) {
            Fact::Known(text) => text,
            Fact::Unknown(reason) => return Answer::Unknown(*reason),
        };
        match texts {
            Texts::Written(written) => Answer::any(written.iter().map(|operand| text.compare(op, operand))),
            Texts::List(list) => {
                any_text(find_list(self.tables.lists, self.question.lists, *list), |operand| text.compare(op, operand))
            }
        }
    }

    /// `title matches /…/i`, with the pattern built.
    #[must_use]
    pub fn matches(&self, field: TextField, pattern: &Pattern) -> Answer {
        match self.folded(field) {
            Fact::Known(text) => text.matches(pattern),
            Fact::Unknown(reason) => Answer::Unknown(*reason),
        }
    }

    /// `one-on-one`, `all-day`, `has link`
    #[must_use]
    pub fn flag(&self, flag: Flag) -> Answer {
        let occurrence = self.question.occurrence;
        match flag {
            Flag::OneOnOne => self.one_on_one(),
            Flag::AllDay => occurrence.start.is_day().into(),
            Flag::HasLink => occurrence.facts.link.as_ref().map(Option::is_some).into(),
        }
    }

    /// The people of the meeting.
    pub fn roster(&self) -> &Roster<'a> {
        self.roster.get_or_init(|| Roster::of(&self.question.occurrence.facts.people, self.question.user, self.tables.aliases))
    }

    /// The organizer or the creator: as one of the meeting's people, where they are one.
    pub(super) fn find_role(&self, role: PersonRole) -> Result<Member<'a>, UnknownReason> {
        let people = &self.question.occurrence.facts.people;
        let person = match role {
            PersonRole::Organizer => &people.organizer,
            PersonRole::Creator => &people.creator,
        };
        let person = match person {
            Fact::Unknown(reason) => return Err(*reason),
            Fact::Known(person) if person.kind != PersonKind::Person => return Err(UnknownReason::OrganizerIsCalendar),
            Fact::Known(person) => person,
        };
        let alone = Member::at(person, self.question.user);
        let listed = match role {
            PersonRole::Organizer => self.roster().organizer(),
            PersonRole::Creator => self.roster().members.iter().find(|member| {
                (member.is_me && alone.is_me) || alone.addresses.iter().any(|address| member.addresses.contains(address))
            }),
        };
        Ok(listed.cloned().unwrap_or(alone))
    }

    fn folded(&self, field: TextField) -> &Fact<FoldedText<'a>> {
        let facts = &self.question.occurrence.facts;
        let (place, text): (usize, &'a Fact<Option<Text>>) = match field {
            TextField::Title => (0, &facts.title),
            TextField::Description => (1, &facts.description),
            TextField::Location => (2, &facts.location),
            TextField::Calendar => (3, &facts.calendar),
        };
        self.texts[place].get_or_init(|| text.as_ref().map(|text| FoldedText::of(text.as_ref())))
    }
}

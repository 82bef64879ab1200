//! Which rules of a program are tried for an event: what the index lets through, in the order of the program.

use crate::code::{About, Hashed, Index, PeopleKeys, Program};
use crate::event::{Address, PersonKind};
use crate::value::Decision;
use crate::vm::machine::Run;
use std::ops::ControlFlow;

impl<'r> Run<'r> {
    /// Runs the pieces of the main code that could decide.
    pub fn run_candidates(&mut self, index: &'r Index) -> ControlFlow<Decision, usize> {
        let mut pc = self.run(0..index.prologue())?;
        self.find_candidates(index);
        for word in 0..self.scratch.candidates.len() {
            let mut left = self.scratch.candidates[word];
            while left != 0 {
                let piece = index.piece(word * 64 + left.trailing_zeros() as usize);
                left &= left - 1;
                if pc <= piece.start {
                    pc = self.run(piece)?;
                }
            }
        }
        ControlFlow::Continue(pc)
    }

    fn find_candidates(&mut self, index: &Index) {
        let has_titles = index.has_guards(About::Title);
        let title_is_known = has_titles && self.scan_title();
        if index.has_guards(About::Organizer) {
            self.settled_roster();
        }
        let mut candidates = std::mem::take(&mut self.scratch.candidates);
        candidates.clear();
        candidates.extend_from_slice(index.always());
        let mut tried = Tried { program: self.program, index, candidates: &mut candidates };
        if title_is_known {
            self.scratch.answers.found().iter().for_each(|question| tried.guarded_by(*question));
        } else if has_titles {
            tried.all(About::Title);
        }
        if index.has_guards(About::People) {
            self.try_people(&mut tried);
        }
        if index.has_guards(About::Organizer) {
            self.try_organizer(&mut tried);
        }
        self.scratch.candidates = candidates;
    }

    /// Who is one person does not matter here, only who is there; and who cannot be seen may be anybody.
    fn try_people(&self, tried: &mut Tried<'_>) {
        let roster = &self.facts.roster;
        let people = &self.question.occurrence.facts.people;
        let domains = roster.domains(people).filter(|_| roster.is_fully_known());
        let Some(domains) = domains else { return tried.all(About::People) };
        let keys = &tried.index.people;
        domains.for_each(|domain| tried.domain(keys, domain));
        if keys.has_addresses() {
            roster.each_address(people).for_each(|address| tried.address(keys, address));
        }
    }

    /// The organizer by the address given, and by those of their entries in the guest list.
    fn try_organizer(&self, tried: &mut Tried<'_>) {
        let people = &self.question.occurrence.facts.people;
        let known = people.organizer.known().filter(|person| person.kind == PersonKind::Person);
        let Some(own) = known.and_then(|person| person.address.as_ref()) else { return tried.all(About::Organizer) };
        tried.organizer(own);
        let roster = self.roster();
        let Some(listed) = roster.members().iter().find(|member| member.is_organizer) else { return };
        if listed.unreadable {
            return tried.all(About::Organizer);
        }
        roster.addresses(*listed, people).filter(|address| *address != own).for_each(|address| tried.organizer(address));
    }
}

/// The pieces that are tried, while they are found.
struct Tried<'i> {
    program: &'i Program,
    index: &'i Index,
    candidates: &'i mut [u64],
}

impl<'i> Tried<'i> {
    fn organizer(&mut self, address: &Address) {
        let keys = &self.index.organizers;
        self.domain(keys, Hashed::of(address.domain()));
        self.address(keys, Hashed::of(address.as_str()));
    }

    fn domain<'d>(&mut self, keys: &PeopleKeys, domain: Hashed<impl Fn() -> &'d str>) {
        keys.each_of_domain(self.program, domain, |questions| {
            questions.iter().for_each(|question| self.guarded_by(*question));
        });
    }

    fn address<'a>(&mut self, keys: &PeopleKeys, address: Hashed<impl Fn() -> &'a str>) {
        let questions = keys.of_address(self.program, address);
        questions.iter().for_each(|question| self.guarded_by(*question));
    }

    fn guarded_by(&mut self, question: u16) {
        for piece in self.index.guarded(question) {
            self.candidates[usize::from(piece / 64)] |= 1 << (piece % 64);
        }
    }

    fn all(&mut self, about: About) {
        for (tried, more) in self.candidates.iter_mut().zip(self.index.unknown(about)) {
            *tried |= more;
        }
    }
}

//! Which rules of a program are tried for an event: what the index lets through, in the order of the program.

use crate::code::{About, Hashed, Index, PeopleKeys, Program};
use crate::value::Decision;
use crate::vm::machine::Run;
use std::ops::ControlFlow;

impl<'r> Run<'r> {
    /// Runs the pieces of the main code that could decide.
    pub fn run_candidates(&mut self, index: &'r Index) -> ControlFlow<Decision, usize> {
        let mut pc = self.run(self.first().min(index.prologue())..index.prologue())?;
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
        // Where some are known by several addresses, the organizer may be one of them.
        let organizer_is_plain = !self.is_merged && self.facts.guests().are_plain();
        if index.has_guards(About::Organizer) && !organizer_is_plain {
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
            self.try_organizer(&mut tried, organizer_is_plain);
        }
        self.scratch.candidates = candidates;
    }

    /// Who is one person does not matter here, only who is there; and who cannot be seen may be anybody.
    fn try_people(&self, tried: &mut Tried<'_>) {
        let guests = self.facts.guests();
        let domains = guests.domains().filter(|_| guests.are_fully_known());
        let Some(domains) = domains else { return tried.all(About::People) };
        let keys = &tried.index.people;
        domains.for_each(|domain| tried.domain(keys, domain));
        if keys.has_addresses() {
            guests.addresses().for_each(|address| tried.address(keys, address));
        }
    }

    /// The organizer by the address given, and by those of their entries in the guest list.
    fn try_organizer(&self, tried: &mut Tried<'_>, is_plain: bool) {
        let Some([own, domain]) = self.facts.guests().organizer() else { return tried.all(About::Organizer) };
        tried.organizer(own, domain);
        if is_plain {
            return;
        }
        let roster = self.roster();
        let Some(listed) = roster.members().iter().find(|member| member.is_organizer) else { return };
        if listed.unreadable {
            return tried.all(About::Organizer);
        }
        for address in roster.addresses(*listed, &self.question.occurrence.facts.people) {
            tried.organizer(Hashed::of(address.as_str()), Hashed::of(address.domain()));
        }
    }
}

/// The pieces that are tried, while they are found.
struct Tried<'i> {
    program: &'i Program,
    index: &'i Index,
    candidates: &'i mut [u64],
}

impl<'i> Tried<'i> {
    fn organizer<'a>(&mut self, address: Hashed<impl Fn() -> &'a str>, domain: Hashed<impl Fn() -> &'a str>) {
        let keys = &self.index.organizers;
        self.domain(keys, domain);
        self.address(keys, address);
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

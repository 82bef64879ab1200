//! Which rules of a program are tried for an event: what the index lets through, in the order of the program.

use crate::code::{About, Hashed, Index, PeopleKeys, Program};
use crate::value::Decision;
use crate::vm::guests::Guests;
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
        let guests = self.facts.guests();
        // Where some are known by several addresses, the organizer may be one of them.
        let organizer_is_plain = !self.is_merged && guests.are_plain();
        if index.has_guards(About::Organizer) && !organizer_is_plain {
            self.settled_roster();
        }
        let mut candidates = std::mem::take(&mut self.scratch.candidates);
        candidates.clear();
        candidates.extend_from_slice(index.always());
        let mut tried = Tried::new(self.program, index, |piece| candidates[piece / 64] |= 1 << (piece % 64));
        if title_is_known {
            self.scratch.answers.found().iter().for_each(|question| tried.guarded_by(*question));
        } else if has_titles {
            tried.all(About::Title);
        }
        if index.has_guards(About::People) {
            tried.people(guests);
        }
        if index.has_guards(About::Organizer) {
            tried.organizer(guests);
            if !organizer_is_plain {
                self.try_listed_organizer(&mut tried);
            }
        }
        self.scratch.candidates = candidates;
    }

    /// The organizer by the addresses of their entries in the guest list.
    fn try_listed_organizer(&self, tried: &mut Tried<'_, impl FnMut(usize)>) {
        let roster = self.roster();
        let Some(listed) = roster.members().iter().find(|member| member.is_organizer) else { return };
        if listed.unreadable {
            return tried.all(About::Organizer);
        }
        for address in roster.addresses(*listed, &self.question.occurrence.facts.people) {
            tried.organizer_by(Hashed::of(address.as_str()), Hashed::of(address.domain()));
        }
    }
}

/// Shows the pieces that are tried for an event; some more than once.
pub(in crate::vm) struct Tried<'i, F> {
    program: &'i Program,
    index: &'i Index,
    show: F,
}

impl<'i, F: FnMut(usize)> Tried<'i, F> {
    pub fn new(program: &'i Program, index: &'i Index, show: F) -> Self {
        Self { program, index, show }
    }

    /// Who is one person does not matter here, only who is there; and who cannot be seen may be anybody.
    pub fn people(&mut self, guests: Guests<'_>) {
        let domains = guests.domains().filter(|_| guests.are_fully_known());
        let Some(domains) = domains else { return self.all(About::People) };
        let keys = &self.index.people;
        domains.for_each(|domain| self.domain(keys, domain));
        if keys.has_addresses() {
            guests.addresses().for_each(|address| self.address(keys, address));
        }
    }

    /// The organizer by the address given.
    pub fn organizer(&mut self, guests: Guests<'_>) {
        match guests.organizer() {
            Some([own, domain]) => self.organizer_by(own, domain),
            None => self.all(About::Organizer),
        }
    }

    fn organizer_by<'a>(&mut self, address: Hashed<impl Fn() -> &'a str>, domain: Hashed<impl Fn() -> &'a str>) {
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

    /// What a question guards.
    pub fn guarded_by(&mut self, question: u16) {
        self.index.guarded(question).iter().for_each(|piece| (self.show)(usize::from(*piece)));
    }

    /// What is tried where this is not known.
    pub fn all(&mut self, about: About) {
        bits(self.index.unknown(about)).for_each(|piece| (self.show)(piece));
    }
}

/// The places of the bits that are set, ascending.
pub(in crate::vm) fn bits(words: &[u64]) -> impl Iterator<Item = usize> {
    (0..).zip(words).flat_map(|(word, bits)| each(*bits).map(move |bit| word * 64 + bit))
}

/// The same of one word.
pub(in crate::vm) fn each(mut bits: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (bits != 0).then_some(bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(bit)
    })
}

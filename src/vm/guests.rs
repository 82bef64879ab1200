//! What most questions ask of the people of a meeting, in little memory.
//!
//! A [`Roster`] is made to find out who is who; what is left of it for deciding is how many there are, and the hashes of their
//! domains and addresses. Questions that need more go back to the roster.

use crate::builtins::people::Tally;
use crate::code::{DomainsAsked, Hashed, Program, hash_of};
use crate::event::{Address, People, PersonKind};
use crate::value::{Truth, UnknownReason};
use crate::vm::people::{Roster, Who};

/// The people of a meeting, summed up.
#[derive(Clone, Debug, Default)]
pub(in crate::vm) struct Guests {
    /// The domains of all addresses, each once.
    domains: Vec<Domain>,
    /// Their texts, one behind the other: those of the event lie far away.
    texts: String,
    /// All addresses, each once.
    addresses: Vec<Named>,
    /// The hashes of the organizer's own address and of its domain, where it is known whose they are.
    organizer: Option<[u64; 2]>,
    domains_are_cut: bool,
    is_fully_known: bool,
    is_plain: bool,
    members: u64,
    /// Who have not declined: certainly, and perhaps.
    coming: (u64, u64),
    unseen: Unseen,
}

/// An address, by its hash.
#[derive(Clone, Copy, Debug)]
struct Named {
    hash: u64,
    who: Who,
}

/// A domain, by its hash.
#[derive(Clone, Copy, Debug)]
struct Domain {
    hash: u64,
    /// Where its text ends; it begins where the one before ends.
    end: u32,
    /// How many addresses are in it.
    addresses: u32,
}

/// Most domains of one meeting that are kept apart.
const DOMAINS_MAX: usize = 32;

/// People of whom nothing is known but that they are there, or may be.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::vm) struct Unseen {
    /// Whom guests bring along.
    pub unnamed: u64,
    /// Why there may be any number of others.
    pub open: Option<UnknownReason>,
    /// Why the organizer is not shown.
    pub organizer_hidden: Option<UnknownReason>,
}

impl Guests {
    /// Forgets all and sums up a roster.
    pub fn fill(&mut self, roster: &Roster, people: &People) {
        self.domains.clear();
        self.texts.clear();
        self.addresses.clear();
        self.domains_are_cut = false;
        for (who, hash, domain_hash) in roster.each_address() {
            self.addresses.push(Named { hash, who });
            self.add_domain(domain_hash, address_of(who, people).map_or("", Address::domain));
        }
        let organizer = people.organizer.known().filter(|person| person.kind == PersonKind::Person);
        let address = organizer.and_then(|person| person.address.as_ref());
        self.organizer = address.map(|address| [hash_of(address.as_str()), hash_of(address.domain())]);
        self.members = roster.members().len() as u64;
        self.coming = roster.coming();
        self.unseen = roster.unseen_people();
        self.is_fully_known = self.unseen.are_none() && roster.members().iter().all(|member| !member.unreadable);
        self.is_plain = self.is_fully_known && !self.domains_are_cut && self.addresses.len() as u64 == self.members;
    }

    fn add_domain(&mut self, hash: u64, text: &str) {
        let mut from = 0;
        for known in &mut self.domains {
            if known.hash == hash && &self.texts[from..known.end as usize] == text {
                known.addresses += 1;
                return;
            }
            from = known.end as usize;
        }
        if self.domains.len() == DOMAINS_MAX {
            self.domains_are_cut = true;
            return;
        }
        self.texts.push_str(text);
        self.domains.push(Domain { hash, end: self.texts.len() as u32, addresses: 1 });
    }

    /// Whether everybody can be seen, and each address read.
    pub fn are_fully_known(&self) -> bool {
        self.is_fully_known
    }

    /// Whether, besides, each person is known by one address alone.
    pub fn are_plain(&self) -> bool {
        self.is_plain
    }

    /// How many people there are.
    pub fn count(&self) -> Tally {
        self.unseen.count(self.members)
    }

    /// How many have not declined.
    pub fn coming(&self) -> Tally {
        self.unseen.tally(self.coming.0, self.coming.1)
    }

    /// The organizer's own address and its domain; `None` where it is not known.
    pub fn organizer<'p>(&self, people: &'p People) -> Option<[Hashed<impl Fn() -> &'p str>; 2]> {
        let own = move || people.organizer.known().and_then(|person| person.address.as_ref());
        let hashed = |hash, part: fn(&'p Address) -> &'p str| Hashed { hash, text: move || own().map_or("", part) };
        self.organizer.map(|[address, domain]| [hashed(address, Address::as_str), hashed(domain, Address::domain)])
    }

    /// The addresses.
    pub fn addresses<'p>(&'p self, people: &'p People) -> impl Iterator<Item = Hashed<impl Fn() -> &'p str>> {
        self.addresses.iter().map(move |named| Hashed {
            hash: named.hash,
            text: move || address_of(named.who, people).map_or("", Address::as_str),
        })
    }

    /// The domains of all addresses, each once; `None` where there are too many to be kept apart.
    pub fn domains<'g>(&'g self) -> Option<impl Iterator<Item = Hashed<impl Fn() -> &'g str>>> {
        (!self.domains_are_cut).then(|| self.each_domain().map(|(domain, _)| domain))
    }

    /// How many people have an address in a domain that passes, and how many there are at all; `None` where not each of them is
    /// known by one address, in one of the domains kept.
    pub fn count_in_domains(&self, asked: &DomainsAsked, program: &Program) -> Option<(u64, u64)> {
        if !self.is_plain {
            return None;
        }
        let passing = self.each_domain().filter(|(domain, _)| asked.passes(program, *domain));
        Some((passing.map(|(_, addresses)| addresses).sum(), self.members))
    }

    fn each_domain<'g>(&'g self) -> impl Iterator<Item = (Hashed<impl Fn() -> &'g str + Copy>, u64)> {
        self.domains.iter().scan(0, move |from, known| {
            let text = *from..known.end as usize;
            *from = text.end;
            let (start, end) = (text.start, text.end);
            Some((Hashed { hash: known.hash, text: move || &self.texts[start..end] }, u64::from(known.addresses)))
        })
    }
}

fn address_of(who: Who, people: &People) -> Option<&Address> {
    who.find(people)?.address.as_ref()
}

impl Unseen {
    /// Whether there is nobody of the kind.
    pub fn are_none(self) -> bool {
        self.open.is_none() && self.organizer_hidden.is_none() && self.unnamed == 0
    }

    /// The same as a truth: whether everybody can be seen.
    pub fn truth(self) -> Truth {
        if self.are_none() { Truth::True } else { Truth::Unknown }
    }

    /// How many people there are, of whom so many can be seen.
    pub fn count(self, seen: u64) -> Tally {
        let visible = seen + self.unnamed;
        let hidden = u64::from(self.organizer_hidden.is_some());
        Tally {
            certain: visible,
            possible: visible + hidden,
            endless: self.open.is_some(),
            reason: self.organizer_hidden.or(self.open),
        }
    }

    /// How many people pass a test, of those who can be seen `certain` surely and `unsure` perhaps.
    pub fn tally(self, certain: u64, unsure: u64) -> Tally {
        let unseen = self.unnamed + u64::from(self.organizer_hidden.is_some());
        let open = unsure > 0 || unseen > 0 || self.open.is_some();
        Tally {
            certain,
            possible: certain + unsure + unseen,
            endless: self.open.is_some(),
            // Which reason it is does not matter to the truth.
            reason: open.then_some(UnknownReason::NotStated),
        }
    }
}

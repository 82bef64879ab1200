//! What most questions ask of the people of a meeting, in little memory.
//!
//! A [`Roster`] is made to find out who is who; what is left of it for deciding is how many there are, and the hashes of their
//! domains and addresses. Questions that need more go back to the roster.

use crate::builtins::people::Tally;
use crate::code::{AddressesAsked, Hashed, Program, hash_of};
use crate::event::{People, PersonKind};
use crate::value::{Truth, UnknownReason};
use crate::vm::people::Roster;

/// The people of meetings, summed up, one meeting behind the other.
#[derive(Debug, Default)]
pub(in crate::vm) struct GuestTable {
    /// The domains of all addresses of a meeting, each once.
    domains: Vec<Domain>,
    /// The hashes of all addresses of a meeting, each once.
    hashes: Vec<u64>,
    /// What else is to be known of each address.
    addresses: Vec<Named>,
    /// The addresses of a meeting one behind the other, and then the organizer's own: those of the events lie far away.
    texts: String,
}

/// The people of one meeting, as far as they are numbers.
#[derive(Clone, Debug, Default)]
pub(in crate::vm) struct GuestRow {
    /// Where its part of the table begins and ends.
    domains: Part,
    addresses: Part,
    /// Where the text of its first address begins. All other places in texts count from here.
    texts: usize,
    /// The organizer's own address, where it is known whose the meeting is.
    organizer: Option<Organizer>,
    domains_are_cut: bool,
    is_fully_known: bool,
    is_plain: bool,
    members: u64,
    /// Who have not declined: certainly, and perhaps.
    coming: (u64, u64),
    unseen: Unseen,
}

/// A part of a table.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    at: usize,
    end: usize,
}

/// The people of one meeting, at hand.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct Guests<'t> {
    row: &'t GuestRow,
    table: &'t GuestTable,
}

/// An address, besides its hash.
#[derive(Clone, Copy, Debug)]
struct Named {
    /// Where its text ends; it begins where the one before ends.
    end: u32,
    /// Which of the meeting's domains it is in; [`DOMAINS_MAX`] and above where that was not kept.
    domain: u32,
}

/// An organizer's address.
#[derive(Clone, Copy, Debug)]
struct Organizer {
    hash: u64,
    domain_hash: u64,
    at: u32,
    domain_at: u32,
    end: u32,
}

/// A domain, by its hash.
#[derive(Clone, Copy, Debug)]
struct Domain {
    hash: u64,
    /// Where its text lies: the end of an address.
    at: u32,
    end: u32,
    /// How many addresses are in it.
    addresses: u64,
}

/// Most domains of one meeting that are kept apart: as many as a number has bits.
const DOMAINS_MAX: usize = u32::BITS as usize;

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

impl GuestTable {
    /// Forgets all meetings and keeps its memory.
    pub fn clear(&mut self) {
        self.domains.clear();
        self.hashes.clear();
        self.addresses.clear();
        self.texts.clear();
    }

    /// Sums up a roster, behind the other meetings.
    pub fn add(&mut self, roster: &Roster, people: &People) -> GuestRow {
        let [domains, addresses, texts] = [self.domains.len(), self.hashes.len(), self.texts.len()];
        let (mut end, mut domains_are_cut) = (0, false);
        for (address, hash, domain_hash) in roster.each_address(people) {
            self.texts.push_str(address.as_str());
            end += address.as_str().len() as u32;
            let at = end - address.domain().len() as u32;
            let domain = self.add_domain((domains, texts), Domain { hash: domain_hash, at, end, addresses: 1 });
            domains_are_cut |= domain as usize >= DOMAINS_MAX;
            self.hashes.push(hash);
            self.addresses.push(Named { end, domain });
        }
        let members = roster.members().len() as u64;
        let unseen = roster.unseen_people();
        let is_fully_known = unseen.are_none() && roster.members().iter().all(|member| !member.unreadable);
        let addresses = Part { at: addresses, end: self.hashes.len() };
        GuestRow {
            domains: Part { at: domains, end: self.domains.len() },
            addresses,
            texts,
            organizer: self.add_organizer(end, people),
            domains_are_cut,
            is_fully_known,
            is_plain: is_fully_known && !domains_are_cut && (addresses.end - addresses.at) as u64 == members,
            members,
            coming: roster.coming(),
            unseen,
        }
    }

    fn add_organizer(&mut self, at: u32, people: &People) -> Option<Organizer> {
        let organizer = people.organizer.known().filter(|person| person.kind == PersonKind::Person)?;
        let address = organizer.address.as_ref()?;
        self.texts.push_str(address.as_str());
        let end = at + address.as_str().len() as u32;
        let domain_at = end - address.domain().len() as u32;
        Some(Organizer { hash: hash_of(address.as_str()), domain_hash: hash_of(address.domain()), at, domain_at, end })
    }

    /// Counts an address in its domain, of those of the meeting that begins here: which of them it is.
    fn add_domain(&mut self, (first, texts): (usize, usize), new: Domain) -> u32 {
        let text = |domain: &Domain| &self.texts[texts + domain.at as usize..texts + domain.end as usize];
        let known = self.domains[first..].iter().position(|known| known.hash == new.hash && text(known) == text(&new));
        if let Some(place) = known {
            self.domains[first + place].addresses += 1;
            return place as u32;
        }
        if self.domains.len() - first == DOMAINS_MAX {
            return DOMAINS_MAX as u32;
        }
        self.domains.push(new);
        (self.domains.len() - first - 1) as u32
    }
}

impl<'t> Guests<'t> {
    pub fn new(row: &'t GuestRow, table: &'t GuestTable) -> Self {
        Self { row, table }
    }

    /// Whether everybody can be seen, and each address read.
    pub fn are_fully_known(self) -> bool {
        self.row.is_fully_known
    }

    /// Whether, besides, each person is known by one address alone.
    pub fn are_plain(self) -> bool {
        self.row.is_plain
    }

    /// How many people there are.
    pub fn count(self) -> Tally {
        self.row.unseen.count(self.row.members)
    }

    /// How many have not declined.
    pub fn coming(self) -> Tally {
        self.row.unseen.tally(self.row.coming.0, self.row.coming.1)
    }

    /// The organizer's own address and its domain; `None` where it is not known.
    pub fn organizer(self) -> Option<[Hashed<impl Fn() -> &'t str>; 2]> {
        let Organizer { hash, domain_hash, at, domain_at, end } = self.row.organizer?;
        Some([self.hashed(hash, at, end), self.hashed(domain_hash, domain_at, end)])
    }

    /// The addresses.
    pub fn addresses(self) -> impl Iterator<Item = Hashed<impl Fn() -> &'t str>> {
        (self.row.addresses.at..self.row.addresses.end).map(move |place| self.address(place))
    }

    /// The domains of all addresses, each once; `None` where there are too many to be kept apart.
    pub fn domains(self) -> Option<impl Iterator<Item = Hashed<impl Fn() -> &'t str>>> {
        (!self.row.domains_are_cut).then(|| self.each_domain().map(|(domain, _)| domain))
    }

    /// How many people have an address that passes, and how many there are at all; `None` where not each of them is known by one
    /// address, in one of the domains kept.
    #[inline]
    pub fn count_passing(self, asked: &AddressesAsked, program: &Program) -> Option<(u64, u64)> {
        if !self.row.is_plain {
            return None;
        }
        let (mut passing, mut domains) = (0, 0_u32);
        for (place, (domain, addresses)) in self.each_domain().enumerate() {
            if asked.passes_domain(program, domain) {
                passing += addresses;
                domains |= 1 << place;
            }
        }
        if asked.names_addresses() {
            let is_other = |place: &usize| domains >> self.table.addresses[*place].domain & 1 == 0;
            let named =
                (self.row.addresses.at..self.row.addresses.end).filter(|place| asked.names(program, self.address(*place)));
            passing += named.filter(is_other).count() as u64;
        }
        Some((passing, self.row.members))
    }

    #[inline]
    fn address(self, place: usize) -> Hashed<impl Fn() -> &'t str> {
        let text = move || {
            let begins_behind = (place > self.row.addresses.at).then(|| self.table.addresses[place - 1].end);
            self.text(begins_behind.unwrap_or(0), self.table.addresses[place].end)
        };
        Hashed { hash: self.table.hashes[place], text }
    }

    fn each_domain(self) -> impl Iterator<Item = (Hashed<impl Fn() -> &'t str + Copy>, u64)> {
        let domains = &self.table.domains[self.row.domains.at..self.row.domains.end];
        domains.iter().map(move |domain| (self.hashed(domain.hash, domain.at, domain.end), domain.addresses))
    }

    #[inline]
    fn hashed(self, hash: u64, at: u32, end: u32) -> Hashed<impl Fn() -> &'t str + Copy> {
        Hashed { hash, text: move || self.text(at, end) }
    }

    fn text(self, at: u32, end: u32) -> &'t str {
        &self.table.texts[self.row.texts + at as usize..self.row.texts + end as usize]
    }
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

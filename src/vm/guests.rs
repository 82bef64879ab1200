//! What most questions ask of the people of a meeting, in little memory.
//!
//! A [`Roster`] is made to find out who is who; what is left of it for deciding is how many there are, and the hashes of their
//! domains and addresses. Questions that need more go back to the roster.

use crate::builtins::people::Tally;
use crate::code::{AddressesAsked, Hashed, Program, hash_of};
use crate::event::people::PEOPLE_MAX;
use crate::event::{People, PersonKind};
use crate::value::{Truth, UnknownReason};
use crate::vm::people::Roster;
use std::ops::Range;

/// The people of meetings, summed up, one meeting behind the other.
#[derive(Debug, Default)]
pub(in crate::vm) struct GuestTable {
    /// The domains of all addresses of a meeting, each once.
    domains: Vec<Domain>,
    /// The hashes of all addresses of a meeting, each once.
    hashes: Vec<u32>,
    /// What else is to be known of each address and each domain, where its hash is not enough.
    addresses: Vec<Named>,
    domain_texts: Vec<DomainText>,
    /// The addresses of a meeting one behind the other, and then the organizer's own: those of the events lie far away.
    texts: String,
}

/// What is asked most of the people of one meeting.
#[derive(Clone, Debug, Default)]
pub(in crate::vm) struct GuestRow {
    /// Where its parts of the table begin.
    domains_at: usize,
    addresses_at: usize,
    addresses: u16,
    members: u16,
    /// Who have not declined: certainly, and perhaps.
    coming: u16,
    may_come: u16,
    domains: u8,
    domains_are_cut: bool,
    /// Everybody can be seen, and each address read.
    is_fully_known: bool,
    /// And each person is known by one address alone.
    is_plain: bool,
}

/// What is asked seldom of them.
#[derive(Clone, Debug, Default)]
pub(in crate::vm) struct GuestNotes {
    /// Where the text of the first address begins. All other places in texts count from here.
    texts: usize,
    /// The organizer's own address, where it is known whose the meeting is.
    organizer: Option<Organizer>,
    unseen: Unseen,
}

// Everybody of a meeting can be counted.
const _: () = assert!(PEOPLE_MAX < u16::MAX as usize);

/// The people of one meeting, at hand.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct Guests<'t> {
    row: &'t GuestRow,
    notes: &'t GuestNotes,
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
    hash: u32,
    domain_hash: u32,
    address: Ends,
    domain: Ends,
}

/// A domain, by its hash.
#[derive(Clone, Copy, Debug)]
struct Domain {
    hash: u32,
    /// How many addresses are in it.
    addresses: u32,
}

/// Where the text of a domain lies, of all texts of the table.
#[derive(Clone, Copy, Debug)]
struct DomainText {
    at: usize,
    length: usize,
}

/// Where a text lies, of those of a meeting.
#[derive(Clone, Copy, Debug)]
struct Ends {
    at: u32,
    end: u32,
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

impl GuestRow {
    /// How many people there are, where each of them is known by one address.
    pub fn plain_count(&self) -> Option<u64> {
        self.is_plain.then_some(self.members.into())
    }
}

impl GuestTable {
    /// Forgets all meetings and keeps its memory.
    pub fn clear(&mut self) {
        self.domains.clear();
        self.hashes.clear();
        self.addresses.clear();
        self.domain_texts.clear();
        self.texts.clear();
    }

    /// Sums up a roster, behind the other meetings.
    pub fn add(&mut self, roster: &Roster, people: &People) -> (GuestRow, GuestNotes) {
        let [domains_at, addresses_at, texts] = [self.domains.len(), self.hashes.len(), self.texts.len()];
        let (mut end, mut domains_are_cut) = (0, false);
        for (address, hash, domain_hash) in roster.each_address(people) {
            self.texts.push_str(address.as_str());
            end += address.as_str().len() as u32;
            let length = address.domain().len();
            let domain = self.add_domain(domains_at, domain_hash, DomainText { at: self.texts.len() - length, length });
            domains_are_cut |= domain as usize >= DOMAINS_MAX;
            self.hashes.push(hash);
            self.addresses.push(Named { end, domain });
        }
        let (members, unseen) = (roster.members().len() as u16, roster.unseen_people());
        let is_fully_known = unseen.are_none() && roster.members().iter().all(|member| !member.unreadable);
        let addresses = (self.hashes.len() - addresses_at) as u16;
        let (coming, may_come) = roster.coming();
        let row = GuestRow {
            domains_at,
            addresses_at,
            addresses,
            members,
            coming,
            may_come,
            domains: (self.domains.len() - domains_at) as u8,
            domains_are_cut,
            is_fully_known,
            is_plain: is_fully_known && !domains_are_cut && addresses == members,
        };
        (row, GuestNotes { texts, organizer: self.add_organizer(end, people), unseen })
    }

    fn add_organizer(&mut self, at: u32, people: &People) -> Option<Organizer> {
        let organizer = people.organizer.known().filter(|person| person.kind == PersonKind::Person)?;
        let address = organizer.address.as_ref()?;
        self.texts.push_str(address.as_str());
        let end = at + address.as_str().len() as u32;
        Some(Organizer {
            hash: hash_of(address.as_str()),
            domain_hash: hash_of(address.domain()),
            address: Ends { at, end },
            domain: Ends { at: end - address.domain().len() as u32, end },
        })
    }

    /// Counts an address in its domain, of those of the meeting that begins here: which of them it is.
    fn add_domain(&mut self, first: usize, hash: u32, new: DomainText) -> u32 {
        let known = (first..)
            .zip(&self.domains[first..])
            .find(|(place, known)| known.hash == hash && self.domain_text(self.domain_texts[*place]) == self.domain_text(new));
        if let Some((place, _)) = known {
            self.domains[place].addresses += 1;
            return (place - first) as u32;
        }
        if self.domains.len() - first == DOMAINS_MAX {
            return DOMAINS_MAX as u32;
        }
        self.domains.push(Domain { hash, addresses: 1 });
        self.domain_texts.push(new);
        (self.domains.len() - first - 1) as u32
    }

    #[inline(never)]
    fn domain_text(&self, DomainText { at, length }: DomainText) -> &str {
        &self.texts[at..at + length]
    }

    #[inline]
    fn domain<'t>(&'t self, place: usize, hash: u32) -> Hashed<impl Fn() -> &'t str + Copy> {
        Hashed { hash, text: move || self.domain_text(self.domain_texts[place]) }
    }
}

impl GuestTable {
    /// How many people of each of some meetings that lie side by side have an address that passes, added to `counts`; of the
    /// meetings where [`Guests::count_passing`] tells it.
    pub fn count_all_passing<'t>(
        &self,
        meetings: impl Iterator<Item = Guests<'t>> + Clone,
        (asked, program): (&AddressesAsked, &Program),
        sums: &mut Vec<u64>,
        counts: &mut [u64],
    ) {
        let Some(first) = meetings.clone().next() else { return };
        let domains = first.domain_places().start..meetings.clone().last().map_or(0, |last| last.domain_places().end);
        // Sums up to each domain: what one meeting has is a difference, however many domains that are.
        sums.clear();
        sums.push(0);
        let mut sum = 0;
        sums.extend(domains.clone().zip(&self.domains[domains.clone()]).map(|(place, domain)| {
            let passes = asked.passes_domain(program, self.domain(place, domain.hash));
            sum += u64::from(domain.addresses) * u64::from(passes);
            sum
        }));
        let sum_before = |place: usize| sums[place - domains.start];
        for (count, guests) in counts.iter_mut().zip(meetings.clone()) {
            let Range { start, end } = guests.domain_places();
            *count = sum_before(end) - sum_before(start);
        }
        if !asked.names_addresses() {
            return;
        }
        for (count, guests) in counts.iter_mut().zip(meetings).filter(|(_, guests)| guests.row.is_plain) {
            let first = guests.domain_places().start;
            let passes = |domain: u32| sum_before(first + domain as usize) != sum_before(first + 1 + domain as usize);
            *count += guests.count_named(asked, program, passes);
        }
    }
}

impl<'t> Guests<'t> {
    pub fn new((row, notes): (&'t GuestRow, &'t GuestNotes), table: &'t GuestTable) -> Self {
        Self { row, notes, table }
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
        let members = self.row.members.into();
        if self.row.is_fully_known { Unseen::default().count(members) } else { self.notes.unseen.count(members) }
    }

    /// How many have not declined.
    pub fn coming(self) -> Tally {
        let (certain, perhaps) = (self.row.coming.into(), self.row.may_come.into());
        let unseen = if self.row.is_fully_known { Unseen::default() } else { self.notes.unseen };
        unseen.tally(certain, perhaps)
    }

    /// The organizer's own address and its domain; `None` where it is not known.
    pub fn organizer(self) -> Option<[Hashed<impl Fn() -> &'t str>; 2]> {
        let Organizer { hash, domain_hash, address, domain } = self.notes.organizer?;
        Some([self.hashed(hash, address), self.hashed(domain_hash, domain)])
    }

    /// The addresses.
    pub fn addresses(self) -> impl Iterator<Item = Hashed<impl Fn() -> &'t str>> {
        (0..).zip(self.each_hash()).map(move |(place, hash)| self.address(place, *hash))
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
                passing += u64::from(addresses);
                domains |= 1 << place;
            }
        }
        if asked.names_addresses() {
            passing += self.count_named(asked, program, |domain| domains >> domain & 1 == 1);
        }
        Some((passing, self.row.members.into()))
    }

    /// How many addresses are named themselves, of those whose domains do not pass already.
    #[inline]
    fn count_named(self, asked: &AddressesAsked, program: &Program, passes: impl Fn(u32) -> bool) -> u64 {
        let mut count = 0;
        for (place, hash) in (0..).zip(self.each_hash()) {
            if asked.may_name(*hash) && !passes(self.named(place).domain) {
                count += u64::from(asked.names(program, self.address(place, *hash)));
            }
        }
        count
    }

    /// Whether the organizer's address passes; `None` where that is not known, or where they may have others.
    pub fn organizer_passes(self, asked: &AddressesAsked, program: &Program) -> Option<bool> {
        let [address, domain] = self.organizer().filter(|_| self.row.is_plain)?;
        Some(asked.passes_domain(program, domain) || asked.names(program, address))
    }

    fn each_hash(self) -> &'t [u32] {
        &self.table.hashes[self.row.addresses_at..self.row.addresses_at + usize::from(self.row.addresses)]
    }

    fn named(self, place: usize) -> Named {
        self.table.addresses[self.row.addresses_at + place]
    }

    #[inline]
    fn address(self, place: usize, hash: u32) -> Hashed<impl Fn() -> &'t str> {
        let at = move || if place == 0 { 0 } else { self.named(place - 1).end };
        Hashed { hash, text: move || self.text(Ends { at: at(), end: self.named(place).end }) }
    }

    #[inline]
    fn domain_places(self) -> Range<usize> {
        self.row.domains_at..self.row.domains_at + usize::from(self.row.domains)
    }

    #[inline]
    fn each_domain(self) -> impl Iterator<Item = (Hashed<impl Fn() -> &'t str + Copy>, u32)> {
        let (places, table) = (self.domain_places(), self.table);
        let domains = &table.domains[places.clone()];
        places.zip(domains).map(move |(place, domain)| (table.domain(place, domain.hash), domain.addresses))
    }

    fn hashed(self, hash: u32, ends: Ends) -> Hashed<impl Fn() -> &'t str + Copy> {
        Hashed { hash, text: move || self.text(ends) }
    }

    #[inline(never)]
    fn text(self, Ends { at, end }: Ends) -> &'t str {
        &self.table.texts[self.notes.texts + at as usize..self.notes.texts + end as usize]
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

//! The people of a meeting, brought together without allocating.
//!
//! The meaning is that of [`crate::builtins::people`]; this is the same in numbers: entries of the guest list by their place,
//! people as chains of entries, and a table of hashes to find entries of one address. Only what tests ask is kept, so there
//! are no reasons here. Each address keeps its hash, and each domain stands once, for whoever looks them up.

use crate::builtins::people::Tally;
use crate::code::{DomainsAsked, Hashed, Lookup, Program, hash_of};
use crate::event::people::PEOPLE_MAX;
use crate::event::{Address, ConnectedUser, People, Person, PersonKind};
use crate::value::{Response, Truth, UnknownReason};

/// Who takes part, in reusable memory.
#[derive(Debug, Default)]
pub(in crate::vm) struct Roster {
    members: Vec<Member>,
    entries: Vec<Entry>,
    /// The newest entry of each hash.
    heads: Vec<u32>,
    /// Persons of the rules who were met, with the first entry of each.
    aliases: Vec<(u32, u32)>,
    /// The domains of the entries, each once.
    domains: Vec<Domain>,
    domains_are_cut: bool,
    is_fully_known: bool,
    /// Each person is known by one address, and their domains are kept.
    is_plain: bool,
    coming: u64,
    unsure: u64,
    /// The first entry of the connected user.
    me: u32,
    unnamed: u64,
    open: Option<UnknownReason>,
    organizer_hidden: Option<UnknownReason>,
}

/// One person of a meeting.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) struct Member {
    listed: Listed,
    pub unreadable: bool,
    pub response: Option<Response>,
    pub optional: Option<bool>,
    pub is_me: bool,
    pub is_organizer: bool,
}

/// Where the addresses of a person are found.
#[derive(Clone, Copy, Debug)]
enum Listed {
    /// In a chain of entries.
    Chain { first: u32, last: u32 },
    /// Nowhere but with this person.
    Alone(Who),
}

/// An entry of the guest list, or one of the people named beside it.
#[derive(Clone, Copy, Debug)]
pub(in crate::vm) enum Who {
    Attendee(u32),
    Organizer,
    Creator,
}

/// A domain that some entry has an address in.
#[derive(Clone, Copy, Debug)]
struct Domain {
    hash: u64,
    /// Such an entry.
    entry: u32,
    /// How many addresses are in it.
    addresses: u64,
}

/// Most domains of one meeting that are kept apart.
const DOMAINS_MAX: usize = 32;

#[derive(Clone, Copy, Debug)]
struct Entry {
    who: Who,
    /// The hash of the address, or of what stands in its place.
    hash: u64,
    /// The first entry of the same person.
    home: u32,
    /// The next entry of the same person.
    next: u32,
    /// The entry before this one with the same hash.
    chain: u32,
}

/// No entry.
const NONE: u32 = u32::MAX;

impl Who {
    /// The person; `None` only for an organizer or creator who is not known.
    fn find(self, people: &People) -> Option<&Person> {
        match self {
            Self::Attendee(at) => people.attendees.get(at as usize),
            Self::Organizer => people.organizer.known(),
            Self::Creator => people.creator.known(),
        }
    }
}

impl Member {
    /// Somebody of whom only this entry is known.
    pub fn alone(person: &Person, who: Who, user: &ConnectedUser) -> Self {
        Self {
            listed: Listed::Alone(who),
            unreadable: person.address.is_none(),
            response: person.response.known().copied(),
            optional: person.optional.known().copied(),
            is_me: is_me(person, user),
            is_organizer: false,
        }
    }

    /// Adds a later entry of the same person: a stated answer beats none, the later statement wins.
    fn merge(&mut self, later: Self) {
        self.unreadable |= later.unreadable;
        if weight(later.response) >= weight(self.response) {
            self.response = later.response;
        }
        self.optional = later.optional.or(self.optional);
        self.is_me |= later.is_me;
        self.is_organizer |= later.is_organizer;
    }

    /// Adds the organizer's own entry: the list knows best what they answered.
    fn merge_organizer(&mut self, entry: Self) {
        let response = self.response.or(Some(Response::Organizer));
        self.merge(entry);
        self.is_organizer = true;
        self.response = response;
    }
}

fn weight(response: Option<Response>) -> u8 {
    match response {
        None => 0,
        Some(Response::None) => 1,
        Some(Response::Organizer) => 2,
        Some(Response::Accepted | Response::Tentative | Response::Declined) => 3,
    }
}

impl Roster {
    /// Brings the people of an event together, as `user` sees it.
    ///
    /// With a `lookup` those are one, too, whom a `person` of its rules names by several addresses.
    pub fn fill(&mut self, people: &People, user: &ConnectedUser, lookup: Option<&Lookup>) {
        let room = people.attendees.len().min(PEOPLE_MAX) + 1;
        self.members.clear();
        self.entries.clear();
        self.aliases.clear();
        self.domains.clear();
        self.domains_are_cut = false;
        self.heads.clear();
        self.heads.resize((2 * room).next_power_of_two(), NONE);
        self.me = NONE;
        self.unnamed = 0;
        let mut group = false;
        let mut cut = false;
        for (at, person) in (0..).zip(&people.attendees) {
            if !takes_part(person, user) {
                continue;
            }
            if self.entries.len() == PEOPLE_MAX {
                cut = true;
                break;
            }
            self.add(Who::Attendee(at), person, people, user, lookup);
            self.unnamed += u64::from(person.plus_guests);
            group |= person.kind == PersonKind::Group;
        }
        self.organizer_hidden = None;
        match &people.organizer {
            crate::value::Fact::Known(organizer) => {
                if takes_part(organizer, user) && organizer.kind == PersonKind::Person {
                    self.add(Who::Organizer, organizer, people, user, lookup);
                }
            }
            crate::value::Fact::Unknown(UnknownReason::OrganizerIsCalendar) => {}
            crate::value::Fact::Unknown(reason) => self.organizer_hidden = Some(*reason),
        }
        self.open = people.incomplete.or(cut.then_some(UnknownReason::GuestsCut)).or(group.then_some(UnknownReason::GroupSize));
        self.gather(people, user);
        self.sum_up();
    }

    /// Adds an entry and finds the first one of the same person.
    fn add(&mut self, who: Who, person: &Person, people: &People, user: &ConnectedUser, lookup: Option<&Lookup>) {
        let new = self.entries.len() as u32;
        let hash = hash_of(person.address.as_ref().map_or(person.written.as_str(), Address::as_str));
        let bucket = hash as usize & (self.heads.len() - 1);
        let same = self.find_same(bucket, hash, person, people);
        self.entries.push(Entry { who, hash, home: new, next: NONE, chain: self.heads[bucket] });
        self.heads[bucket] = new;
        if same != NONE {
            self.join(new, same);
        } else if let Some(address) = &person.address {
            self.add_domain(address.domain(), new, people);
        }
        if is_me(person, user) {
            if self.me != NONE {
                self.join(new, self.me);
            }
            self.me = self.entries[new as usize].home;
        }
        let Some(lookup) = lookup else { return };
        for alias in person.address.iter().flat_map(|address| lookup.aliases(address)) {
            match self.aliases.iter().find(|(known, _)| *known == alias) {
                Some(&(_, entry)) => self.join(new, entry),
                None => self.aliases.push((alias, new)),
            }
        }
    }

    fn add_domain(&mut self, domain: &str, entry: u32, people: &People) {
        let hash = hash_of(domain);
        let is_it = |known: &Domain| known.hash == hash && self.domain_of(known, people) == Some(domain);
        if let Some(at) = self.domains.iter().position(is_it) {
            self.domains[at].addresses += 1;
            return;
        }
        self.domains_are_cut |= self.domains.len() == DOMAINS_MAX;
        if !self.domains_are_cut {
            self.domains.push(Domain { hash, entry, addresses: 1 });
        }
    }

    /// Some entry that is written like `person`.
    fn find_same(&self, bucket: usize, hash: u64, person: &Person, people: &People) -> u32 {
        let mut at = self.heads[bucket];
        while at != NONE {
            let entry = self.entries[at as usize];
            if entry.hash == hash && entry.who.find(people).is_some_and(|other| is_written_alike(person, other)) {
                return at;
            }
            at = entry.chain;
        }
        NONE
    }

    /// The people of two entries are one: the earlier home becomes the home of all.
    fn join(&mut self, one: u32, other: u32) {
        let homes = [self.entries[one as usize].home, self.entries[other as usize].home];
        let [kept, gone] = if homes[0] <= homes[1] { homes } else { [homes[1], homes[0]] };
        if kept != gone {
            self.entries.iter_mut().filter(|entry| entry.home == gone).for_each(|entry| entry.home = kept);
        }
    }

    /// Makes people of entries: in the order of their first entries, merged in the order of the source.
    fn gather(&mut self, people: &People, user: &ConnectedUser) {
        for at in 0..self.entries.len() {
            let Entry { who, home, .. } = self.entries[at];
            let Some(person) = who.find(people) else { continue };
            let mut member = Member::alone(person, who, user);
            let organizes = matches!(who, Who::Organizer);
            if home as usize == at {
                member.listed = Listed::Chain { first: at as u32, last: at as u32 };
                if organizes {
                    member.response = Some(Response::Organizer);
                    member.is_organizer = true;
                }
                // From here on the home of the person's later entries is the place of the person.
                self.entries[at].home = self.members.len() as u32;
                self.members.push(member);
                continue;
            }
            let place = self.entries[home as usize].home;
            let known = &mut self.members[place as usize];
            if organizes {
                known.merge_organizer(member);
            } else {
                known.merge(member);
            }
            if let Listed::Chain { last, .. } = &mut known.listed {
                self.entries[*last as usize].next = at as u32;
                *last = at as u32;
            }
        }
    }

    /// What is told of all of them.
    fn sum_up(&mut self) {
        (self.coming, self.unsure) = (0, 0);
        let mut is_readable = true;
        for member in &self.members {
            match member.response {
                None => self.unsure += 1,
                Some(Response::Declined) => {}
                Some(_) => self.coming += 1,
            }
            is_readable &= !member.unreadable;
        }
        self.is_fully_known = is_readable && self.unseen() == Truth::True;
        let addresses: u64 = self.domains.iter().map(|domain| domain.addresses).sum();
        self.is_plain = self.is_fully_known && !self.domains_are_cut && addresses == self.members.len() as u64;
    }

    /// The addresses of the entries; nothing in place of one that cannot be read.
    pub fn each_address<'p>(&'p self, people: &'p People) -> impl Iterator<Item = Hashed<impl Fn() -> &'p str>> {
        self.entries.iter().map(move |entry| {
            let address = move || entry.who.find(people)?.address.as_ref();
            Hashed { hash: entry.hash, text: move || address().map_or("", Address::as_str) }
        })
    }

    /// The domains of all addresses, each once; `None` where there are too many to be kept apart.
    pub fn domains<'p>(&'p self, people: &'p People) -> Option<impl Iterator<Item = Hashed<impl Fn() -> &'p str>>> {
        (!self.domains_are_cut).then(|| self.domains.iter().map(move |known| self.hashed(known, people)))
    }

    /// How many people have an address in a domain that passes, and how many there are at all; `None` where not each of them
    /// certainly has one address, in one of the domains kept.
    pub fn count_in_domains(&self, people: &People, asked: &DomainsAsked, program: &Program) -> Option<(u64, u64)> {
        let passing = self.domains.iter().filter(|known| asked.passes(program, self.hashed(known, people)));
        self.is_plain.then(|| (passing.map(|known| known.addresses).sum(), self.members.len() as u64))
    }

    fn hashed<'p>(&'p self, known: &'p Domain, people: &'p People) -> Hashed<impl Fn() -> &'p str> {
        Hashed { hash: known.hash, text: move || self.domain_of(known, people).unwrap_or_default() }
    }

    fn domain_of<'p>(&self, known: &Domain, people: &'p People) -> Option<&'p str> {
        let entry = self.entries[known.entry as usize];
        entry.who.find(people)?.address.as_ref().map(Address::domain)
    }

    /// Whether everybody can be seen, and each address read.
    pub fn is_fully_known(&self) -> bool {
        self.is_fully_known
    }

    /// How many people have not declined: certainly, and perhaps.
    pub fn coming(&self) -> (u64, u64) {
        (self.coming, self.unsure)
    }

    /// The people who can be seen.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Why there may be people who cannot be seen.
    pub fn unseen(&self) -> Truth {
        let all_seen = self.open.is_none() && self.organizer_hidden.is_none() && self.unnamed == 0;
        if all_seen { Truth::True } else { Truth::Unknown }
    }

    /// How many people there are.
    pub fn count(&self) -> Tally {
        let visible = self.members.len() as u64 + self.unnamed;
        let hidden = u64::from(self.organizer_hidden.is_some());
        Tally {
            certain: visible,
            possible: visible + hidden,
            endless: self.open.is_some(),
            reason: self.organizer_hidden.or(self.open),
        }
    }

    /// How many people pass a test, of those who can be seen `certain` surely and `unsure` perhaps.
    pub fn tally(&self, certain: u64, unsure: u64) -> Tally {
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

    /// The addresses of a person that can be read.
    pub fn addresses<'p>(&self, member: Member, people: &'p People) -> impl Iterator<Item = &'p Address> {
        let (mut at, mut alone) = match member.listed {
            Listed::Chain { first, .. } => (first, None),
            Listed::Alone(who) => (NONE, Some(who)),
        };
        std::iter::from_fn(move || {
            if let Some(who) = alone.take() {
                return Some(who);
            }
            let entry = self.entries.get(at as usize)?;
            at = entry.next;
            Some(entry.who)
        })
        .filter_map(|who| who.find(people)?.address.as_ref())
    }
}

/// Whether an entry of a guest list stands for somebody who takes part.
fn takes_part(person: &Person, user: &ConnectedUser) -> bool {
    let bot = person.address.as_ref().is_some_and(|address| user.bots.contains(address));
    matches!(person.kind, PersonKind::Person | PersonKind::Group) && !person.non_participant && !bot
}

fn is_me(person: &Person, user: &ConnectedUser) -> bool {
    person.is_self || person.address.as_ref().is_some_and(|address| user.addresses.contains(address))
}

/// Whether two entries have one address, or are written alike where none can be read.
fn is_written_alike(one: &Person, other: &Person) -> bool {
    match (&one.address, &other.address) {
        (Some(one), Some(other)) => one == other,
        (None, None) => one.written == other.written,
        _ => false,
    }
}

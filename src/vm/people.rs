//! The people of a meeting, brought together without allocating.
//!
//! The meaning is that of [`crate::builtins::people`]; this is the same in numbers: entries of the guest list by their place,
//! people as chains of entries, and a table of hashes to find entries of one address. Only what tests ask is kept, so there
//! are no reasons here.

use crate::code::{Lookup, hash_of};
use crate::event::people::PEOPLE_MAX;
use crate::event::{Address, ConnectedUser, People, Person, PersonKind};
use crate::value::{Response, UnknownReason};
use crate::vm::guests::Unseen;

/// Who takes part, in reusable memory.
#[derive(Debug, Default)]
pub(in crate::vm) struct Roster {
    members: Vec<Member>,
    entries: Vec<Entry>,
    /// The newest entry of each hash.
    heads: Vec<u32>,
    /// Persons of the rules who were met, with the first entry of each.
    aliases: Vec<(u32, u32)>,
    /// The first entry of the connected user.
    me: u32,
    unseen: Unseen,
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

#[derive(Clone, Copy, Debug)]
struct Entry {
    who: Who,
    /// The hash of the address, or of what stands in its place.
    hash: u32,
    /// The hash of the domain, of the first entry with an address.
    domain_hash: Option<u32>,
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
    pub fn find(self, people: &People) -> Option<&Person> {
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
        self.heads.clear();
        self.heads.resize((2 * room).next_power_of_two(), NONE);
        self.me = NONE;
        self.unseen = Unseen { open: people.incomplete, ..Unseen::default() };
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
            self.unseen.unnamed += u64::from(person.plus_guests);
            group |= person.kind == PersonKind::Group;
        }
        match &people.organizer {
            crate::value::Fact::Known(organizer) => {
                if takes_part(organizer, user) && organizer.kind == PersonKind::Person {
                    self.add(Who::Organizer, organizer, people, user, lookup);
                }
            }
            crate::value::Fact::Unknown(UnknownReason::OrganizerIsCalendar) => {}
            crate::value::Fact::Unknown(reason) => self.unseen.organizer_hidden = Some(*reason),
        }
        let left_open = cut.then_some(UnknownReason::GuestsCut).or(group.then_some(UnknownReason::GroupSize));
        self.unseen.open = self.unseen.open.or(left_open);
        self.gather(people, user);
    }

    /// Adds an entry and finds the first one of the same person.
    fn add(&mut self, who: Who, person: &Person, people: &People, user: &ConnectedUser, lookup: Option<&Lookup>) {
        let new = self.entries.len() as u32;
        let hash = hash_of(person.address.as_ref().map_or(person.written.as_str(), Address::as_str));
        let bucket = hash as usize & (self.heads.len() - 1);
        let same = self.find_same(bucket, hash, person, people);
        let first = person.address.as_ref().filter(|_| same == NONE);
        let domain_hash = first.map(|address| hash_of(address.domain()));
        self.entries.push(Entry { who, hash, domain_hash, home: new, next: NONE, chain: self.heads[bucket] });
        self.heads[bucket] = new;
        if same != NONE {
            self.join(new, same);
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

    /// Some entry that is written like `person`.
    fn find_same(&self, bucket: usize, hash: u32, person: &Person, people: &People) -> u32 {
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

    /// All addresses, each once, with its hash and that of its domain.
    pub fn each_address<'p>(&self, people: &'p People) -> impl Iterator<Item = (&'p Address, u32, u32)> {
        self.entries.iter().filter_map(|entry| {
            let domain_hash = entry.domain_hash?;
            Some((entry.who.find(people)?.address.as_ref()?, entry.hash, domain_hash))
        })
    }

    /// How many people have not declined: certainly, and perhaps.
    pub fn coming(&self) -> (u16, u16) {
        let count = |is: fn(Option<Response>) -> bool| self.members.iter().filter(|member| is(member.response)).count() as u16;
        (count(|response| response.is_some_and(|said| said != Response::Declined)), count(|response| response.is_none()))
    }

    /// The people who can be seen.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// Who cannot be seen.
    pub fn unseen_people(&self) -> Unseen {
        self.unseen
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

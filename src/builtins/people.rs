//! Who the people of a meeting are.
//!
//! > people = attendees ∪ organizer, without rooms, resources and the bot, one per person (normalised address; aliases of `me`
//! > and of a `person` merge)
//!
//! A calendar lists entries; a rule counts human beings. Two entries are one person when their addresses are equal, when both
//! are the connected user's, when one `person` of the rules names both, or, unreadable, when they are written alike (`R14.3`).
//! What is left open is kept beside the people: a hidden or cut list and groups ([`Roster::open`]), guests who bring others
//! ([`Roster::unnamed`]).

use crate::builtins::Answer;
use crate::event::people::PEOPLE_MAX;
use crate::event::{Address, ConnectedUser, People, Person, PersonKind};
use crate::value::{Fact, Response, UnknownReason};
use std::collections::HashMap;

/// The addresses of each `person` of the rules, ready for lookup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aliases {
    people: HashMap<Address, Vec<u32>>,
}

impl Aliases {
    /// Indexes the addresses of each `person`.
    #[must_use]
    pub fn of(aliases: &[Vec<Address>]) -> Self {
        let mut people: HashMap<Address, Vec<u32>> = HashMap::new();
        for (person, addresses) in (0..).zip(aliases) {
            for address in addresses {
                people.entry(address.clone()).or_default().push(person);
            }
        }
        Self { people }
    }

    fn of_address(&self, address: &Address) -> &[u32] {
        self.people.get(address).map_or(&[], Vec::as_slice)
    }
}

/// The people of a meeting, as far as the calendar shows them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster<'a> {
    /// The people who can be seen, in the order of the source; an organizer who is not listed stands last.
    pub members: Vec<Member<'a>>,
    /// How many more are certainly there, without a name: what guests bring along. Unknown to every test.
    pub unnamed: u64,
    /// Why there may be any number of others.
    pub open: Option<UnknownReason>,
    /// Why there may be one more: an organizer who is not shown.
    pub organizer_hidden: Option<UnknownReason>,
}

/// One person of a meeting, or one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member<'a> {
    /// The readable addresses that the person is listed under, in order of appearance.
    pub addresses: Vec<&'a Address>,
    /// Some entry of the person has an address that cannot be read.
    pub unreadable: bool,
    /// The answer.
    pub response: Fact<Response>,
    /// Invited as optional.
    pub optional: Fact<bool>,
    /// One of the connected user's own addresses, or marked by the provider as the user's own entry.
    pub is_me: bool,
    /// Called the meeting.
    pub is_organizer: bool,
}

/// What two entries of one person have in common.
#[derive(PartialEq, Eq, Hash)]
enum Identity<'a> {
    Me,
    Address(&'a Address),
    Alias(u32),
    Written(&'a str),
}

impl<'a> Roster<'a> {
    /// Counts the people of an event, as `user` sees it.
    ///
    /// At most [`PEOPLE_MAX`] entries are looked at; past that the list counts as cut.
    ///
    /// ```
    /// use callsheet::builtins::people::{Aliases, Roster};
    /// use callsheet::event::{Address, ConnectedUser, People, Person};
    /// use callsheet::value::{Fact, Response};
    /// let people = People {
    ///     organizer: Fact::Known(Person::at("Dana@acme.com")),
    ///     creator: Fact::Known(Person::at("dana@acme.com")),
    ///     attendees: vec![Person::at("dana@acme.com"), Person::at("kim@acme.com"), Person::at("dana.k@acme.co.uk")],
    ///     incomplete: None,
    /// };
    /// let boss = ["dana@acme.com", "dana.k@acme.co.uk"].map(|text| Address::parse(text).unwrap());
    /// let roster = Roster::of(&people, &ConnectedUser::default(), &Aliases::of(&[boss.to_vec()]));
    /// assert_eq!(roster.members.len(), 2);
    /// assert!(roster.members[0].is_organizer);
    /// assert_eq!(roster.members[0].response, Fact::Known(Response::Organizer));
    /// ```
    #[must_use]
    pub fn of(people: &'a People, user: &ConnectedUser, aliases: &Aliases) -> Self {
        let mut gathering = Gathering { user, aliases, entries: Vec::new(), home: Vec::new(), found: HashMap::new() };
        let mut listed = people.attendees.iter().filter(|person| takes_part(person, user));
        let mut unnamed = 0;
        let mut group = false;
        for person in listed.by_ref().take(PEOPLE_MAX) {
            gathering.add(person, Listing::Attendee);
            unnamed += u64::from(person.plus_guests);
            group |= person.kind == PersonKind::Group;
        }
        let cut = listed.next().is_some();
        let organizer_hidden = match &people.organizer {
            Fact::Known(organizer) => {
                if takes_part(organizer, user) && organizer.kind == PersonKind::Person {
                    gathering.add(organizer, Listing::Organizer);
                }
                None
            }
            // A calendar or a group calls meetings without sitting in them.
            Fact::Unknown(UnknownReason::OrganizerIsCalendar) => None,
            Fact::Unknown(reason) => Some(*reason),
        };
        let open = people.incomplete.or(cut.then_some(UnknownReason::GuestsCut)).or(group.then_some(UnknownReason::GroupSize));
        Self { members: gathering.members(), unnamed, open, organizer_hidden }
    }

    /// The person who called the meeting, where they are one of its people.
    #[must_use]
    pub fn organizer(&self) -> Option<&Member<'a>> {
        self.members.iter().find(|member| member.is_organizer)
    }

    /// The connected user, where they are one of the meeting's people.
    #[must_use]
    pub fn me(&self) -> Option<&Member<'a>> {
        self.members.iter().find(|member| member.is_me)
    }

    /// How many pass, by what each visible person answers: at least `certain`, at most `possible` (`None`: any number).
    ///
    /// `of_unnamed` is what the question is for somebody who cannot be seen: unknown for a test, true for the plain count.
    pub fn tally(&self, of_unnamed: Answer, of_member: impl Fn(&Member<'a>) -> Answer) -> Tally {
        let mut tally = Tally { certain: 0, possible: 0, endless: false, reason: None };
        for member in &self.members {
            tally.add(1, of_member(member));
        }
        if self.unnamed > 0 {
            let of_guests = if of_unnamed == Answer::True { of_unnamed } else { Answer::Unknown(UnknownReason::PlusGuests) };
            tally.add(self.unnamed, of_guests);
        }
        if let Some(reason) = self.organizer_hidden {
            tally.add(1, Answer::Unknown(reason));
        }
        if let Some(reason) = self.open {
            tally.endless = true;
            tally.reason = tally.reason.or(Some(reason));
        }
        tally
    }
}

/// How many people pass a test, as far as it is certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// So many certainly pass.
    pub certain: u64,
    /// So many of those who are known to be there may pass; never less than `certain`.
    pub possible: u64,
    /// There may be any number of others who pass.
    pub endless: bool,
    /// Why the two differ, where they do.
    pub reason: Option<UnknownReason>,
}

impl Tally {
    fn add(&mut self, people: u64, answer: Answer) {
        match answer {
            Answer::True => {
                self.certain += people;
                self.possible += people;
            }
            Answer::Unknown(reason) => {
                self.possible += people;
                self.reason = self.reason.or(Some(reason));
            }
            Answer::False => {}
        }
    }

    /// What is certain about a number of people between `certain` and `possible`: whether `holds` for all such numbers, for
    /// none, or for some.
    ///
    /// `breaks` are the numbers at which `holds` may change its value; between two of them it must not.
    pub fn ask(&self, breaks: &[u64], holds: impl Fn(u64) -> bool) -> Answer {
        let expected = holds(self.certain);
        let Some(reason) = self.reason else { return expected.into() };
        let last = if self.endless { u64::MAX } else { self.possible };
        let settled = breaks
            .iter()
            .flat_map(|&number| [number.saturating_sub(1), number, number.saturating_add(1)])
            .chain([last])
            .filter(|number| (self.certain..=last).contains(number))
            .all(|number| holds(number) == expected);
        if settled { expected.into() } else { Answer::Unknown(reason) }
    }
}

/// Whether an entry of a guest list stands for somebody who takes part.
fn takes_part(person: &Person, user: &ConnectedUser) -> bool {
    let bot = person.address.as_ref().is_some_and(|address| user.bots.contains(address));
    matches!(person.kind, PersonKind::Person | PersonKind::Group) && !person.non_participant && !bot
}

/// Where an entry stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listing {
    Attendee,
    Organizer,
}

/// Entries that are being brought together to people.
struct Gathering<'a, 'u> {
    user: &'u ConnectedUser,
    aliases: &'u Aliases,
    entries: Vec<(&'a Person, Listing)>,
    /// For each entry the first one of the same person.
    home: Vec<usize>,
    /// The first entry of whoever has this identity.
    found: HashMap<Identity<'a>, usize>,
}

impl<'a> Gathering<'a, '_> {
    fn add(&mut self, person: &'a Person, listing: Listing) {
        let identities = identities(person, self.user, self.aliases);
        let known: Vec<usize> = identities.iter().filter_map(|identity| self.found.get(identity).copied()).collect();
        let home = known.iter().copied().min().unwrap_or(self.entries.len());
        // One entry can show that two earlier ones are one person: the user's own address that a `person` also names.
        for other in known.into_iter().filter(|other| *other != home) {
            self.home.iter_mut().chain(self.found.values_mut()).filter(|at| **at == other).for_each(|at| *at = home);
        }
        self.entries.push((person, listing));
        self.home.push(home);
        self.found.extend(identities.into_iter().map(|identity| (identity, home)));
    }

    fn members(self) -> Vec<Member<'a>> {
        let mut members: Vec<Member<'a>> = Vec::new();
        let mut place: HashMap<usize, usize> = HashMap::new();
        for ((person, listing), home) in self.entries.iter().zip(&self.home) {
            let entry = Member::at(person, self.user);
            match (listing, place.get(home)) {
                (Listing::Attendee, Some(&at)) => members[at].merge(entry),
                (Listing::Organizer, Some(&at)) => members[at].merge_organizer(entry),
                (listing, None) => {
                    place.insert(*home, members.len());
                    let organizes = *listing == Listing::Organizer;
                    members.push(if organizes { entry.called_it() } else { entry });
                }
            }
        }
        members
    }
}

/// Everything that can make an entry the same person as another.
fn identities<'p>(person: &'p Person, user: &ConnectedUser, aliases: &Aliases) -> Vec<Identity<'p>> {
    let mut found = Vec::with_capacity(2);
    if is_me(person, user) {
        found.push(Identity::Me);
    }
    match &person.address {
        Some(address) => {
            found.push(Identity::Address(address));
            found.extend(aliases.of_address(address).iter().map(|alias| Identity::Alias(*alias)));
        }
        None => found.push(Identity::Written(&person.written)),
    }
    found
}

fn is_me(person: &Person, user: &ConnectedUser) -> bool {
    person.is_self || person.address.as_ref().is_some_and(|address| user.addresses.contains(address))
}

impl<'a> Member<'a> {
    /// Somebody of whom only this entry is known.
    #[must_use]
    pub fn at(entry: &'a Person, user: &ConnectedUser) -> Self {
        Self {
            addresses: entry.address.iter().collect(),
            unreadable: entry.address.is_none(),
            response: entry.response.clone(),
            optional: entry.optional.clone(),
            is_me: is_me(entry, user),
            is_organizer: false,
        }
    }

    /// Adds what a later entry of the same person says: a stated answer beats none, the later statement wins.
    fn merge(&mut self, later: Self) {
        for address in later.addresses {
            if !self.addresses.contains(&address) {
                self.addresses.push(address);
            }
        }
        self.unreadable |= later.unreadable;
        if weight(&later.response) >= weight(&self.response) {
            self.response = later.response;
        }
        if later.optional.known().is_some() {
            self.optional = later.optional;
        }
        self.is_me |= later.is_me;
        self.is_organizer |= later.is_organizer;
    }

    /// Adds the organizer's own entry to a person who is listed: the list knows best what they answered.
    fn merge_organizer(&mut self, entry: Self) {
        let response = match &self.response {
            Fact::Known(listed) => Fact::Known(*listed),
            Fact::Unknown(_) => Fact::Known(Response::Organizer),
        };
        self.merge(Self { is_organizer: true, ..entry });
        self.response = response;
    }

    /// Whoever called a meeting and is not on its list was not asked.
    fn called_it(self) -> Self {
        Self { response: Fact::Known(Response::Organizer), is_organizer: true, ..self }
    }
}

/// How much an answer states.
fn weight(response: &Fact<Response>) -> u8 {
    match response {
        Fact::Unknown(_) => 0,
        Fact::Known(Response::None) => 1,
        Fact::Known(Response::Organizer) => 2,
        Fact::Known(Response::Accepted | Response::Tentative | Response::Declined) => 3,
    }
}

//! A meeting that shows something, and how the theories put one together.

use crate::event::link::Link;
use crate::event::{
    Address, ConnectedUser, Facts, Occurrence, People, Person, ProvidedList, ProvidedLists, Question, Revision, SeriesFacts, Text,
};
use crate::time::{Civil, ClockTime, Date, Elapsed, Moment, Zone};
use crate::value::outline::Recordable;
use crate::value::words::TextField;
use crate::value::{Conference, EventKind, Fact, Overrides, Provider, Response, ShowsAs, SourceKind, Status, Visibility};
use std::sync::Arc;

/// A meeting, and whose calendar it lies in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witness {
    /// The meeting.
    pub occurrence: Occurrence,
    /// Whose copy of it this is.
    pub user: ConnectedUser,
    /// The provided lists; others are not supplied.
    pub lists: ProvidedLists,
    /// The address that the user of a test has who does not say otherwise.
    pub usual_me: Address,
    /// The zone in which tests begin, of the user and of the meeting.
    pub usual_zone: Zone,
}

impl Witness {
    /// The question about it, which nobody has overridden.
    #[must_use]
    pub fn question(&self) -> Question<'_> {
        Question { occurrence: &self.occurrence, user: &self.user, overrides: Overrides::default(), lists: &self.lists }
    }

    /// Nearly the same meeting in the calendar of the user that tests begin with, in several ways, the plainest first: without
    /// whoever's it was, with them in place of a guest, and with them as one guest more. None where it is that user's, or
    /// nobody's. They are easier to read, and other meetings: whoever takes one asks again.
    pub fn of_usual_user(&self) -> impl Iterator<Item = Self> + '_ {
        let former = self.user.addresses.first().filter(|me| **me != self.usual_me);
        former.into_iter().flat_map(|former| {
            let alone = self.with_usual_user(former);
            let (response, optional) = (Fact::Known(Response::Accepted), Fact::Known(false));
            let guest = Person { response, optional, ..Person::at(former.as_str()) };
            let is_me = |person: &Person| person.address.as_ref() == Some(&self.usual_me);
            let first = alone.occurrence.facts.people.attendees.iter().position(|person| !is_me(person));
            let in_place = first.map(|first| alone.with_guests(|guests| guests[first] = guest.clone()));
            let beside = alone.with_guests(|guests| guests.push(guest.clone()));
            [Some(alone), in_place, Some(beside)].into_iter().flatten()
        })
    }

    /// The same meeting with the user that tests begin with wherever `former` was.
    fn with_usual_user(&self, former: &Address) -> Self {
        let is_former = |person: &Person| person.address.as_ref() == Some(former);
        let mut usual = self.clone();
        usual.user.addresses = vec![self.usual_me.clone()];
        let people = &mut Arc::make_mut(&mut usual.occurrence.facts).people;
        let listed = people.attendees.iter_mut();
        let named = [&mut people.organizer, &mut people.creator].into_iter().filter_map(|role| match role {
            Fact::Known(person) => Some(person),
            Fact::Unknown(_) => None,
        });
        for person in listed.chain(named).filter(|person| is_former(person)) {
            *person = Person { address: Some(self.usual_me.clone()), ..person.clone() };
        }
        usual
    }

    fn with_guests(&self, change: impl FnOnce(&mut Vec<Person>)) -> Self {
        let mut other = self.clone();
        change(&mut Arc::make_mut(&mut other.occurrence.facts).people.attendees);
        other
    }
}

/// A witness that is being put together. Begins as the meeting that tests begin with.
#[derive(Clone, Debug)]
pub(super) struct Draft {
    pub facts: Facts,
    pub start: Moment,
    pub end: Fact<Moment>,
    pub series: SeriesFacts,
    pub first: Fact<bool>,
    pub moved: Fact<bool>,
    pub changed: Fact<bool>,
    pub user: ConnectedUser,
    pub lists: ProvidedLists,
    usual_me: Address,
    usual_zone: Zone,
}

/// When a draft begins: a Monday.
pub(super) const START: Civil = Date::constant(2026, 1, 5).to_datetime(ClockTime::constant(10, 0, 0, 0));
/// How long it takes.
const LENGTH: Elapsed = Elapsed::from_mins(30);

impl Draft {
    /// A recordable meeting that its owner called, alone.
    pub fn neutral(recordable: &Recordable, me: &Address, zone: &Zone) -> Self {
        let start = zone.instant(START);
        let organizer = Person { response: Fact::Known(Response::Organizer), ..Person::at(me.as_str()) };
        Self {
            facts: Facts {
                title: Fact::Known(None),
                description: Fact::Known(None),
                location: Fact::Known(None),
                calendar: Fact::Known(None),
                people: People {
                    organizer: Fact::Known(organizer.clone()),
                    creator: Fact::Known(organizer),
                    attendees: Vec::new(),
                    incomplete: None,
                },
                status: Status::Confirmed,
                visibility: Fact::Known(Visibility::Default),
                shows_as: Fact::Known(ShowsAs::Busy),
                kind: recordable.kinds.first().copied().unwrap_or(EventKind::Default),
                my_response: Fact::Known(Response::Accepted),
                provider: Provider::Google,
                source: SourceKind::Api,
                link: Fact::Known(Some(link(Conference::Meet))),
                draft: false,
            },
            start: Moment::Timed { at: start, zone: zone.clone() },
            end: Fact::Known(Moment::Timed { at: start + LENGTH, zone: zone.clone() }),
            series: SeriesFacts::NotRecurring,
            first: Fact::Known(false),
            moved: Fact::Known(false),
            changed: Fact::Known(false),
            user: ConnectedUser { addresses: vec![me.clone()], zone: Some(zone.clone()), bots: Vec::new() },
            lists: ProvidedLists::default(),
            usual_me: me.clone(),
            usual_zone: zone.clone(),
        }
    }

    /// The place of a text.
    pub fn text(&mut self, field: TextField) -> &mut Fact<Option<Text>> {
        match field {
            TextField::Title => &mut self.facts.title,
            TextField::Description => &mut self.facts.description,
            TextField::Location => &mut self.facts.location,
            TextField::Calendar => &mut self.facts.calendar,
        }
    }

    /// Adds to a provided list, which thereby is supplied.
    pub fn supply(&mut self, name: &str, add: impl FnOnce(&mut ProvidedList)) {
        let mut list = self.lists.find(name).cloned().unwrap_or_default();
        list.version = "example".to_owned();
        add(&mut list);
        self.lists.insert(name, list);
    }

    /// The finished meeting.
    pub fn finish(self) -> Witness {
        let recurrence_id = (self.series != SeriesFacts::NotRecurring).then(|| self.start.clone());
        Witness {
            occurrence: Occurrence {
                uid: "example".to_owned(),
                provider_id: None,
                recurrence_id,
                series: self.series,
                start: self.start,
                end: self.end,
                first: self.first,
                moved: self.moved,
                changed: self.changed,
                sub_hourly: false,
                revision: Revision::default(),
                facts: Arc::new(self.facts),
            },
            user: self.user,
            lists: self.lists,
            usual_me: self.usual_me,
            usual_zone: self.usual_zone,
        }
    }
}

/// A link that bots can join.
pub(super) fn link(conference: Conference) -> Link {
    use crate::value::Closed;
    Link {
        conference,
        platform: conference.word(),
        id: "example".to_owned(),
        url: "https://meeting.example/example".to_owned(),
        joinable: true,
    }
}

/// When an example begins of which nothing else is asked, on the clock of its user.
#[must_use]
pub fn usual_start() -> Civil {
    START
}

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
}

impl Witness {
    /// The question about it, which nobody has overridden.
    #[must_use]
    pub fn question(&self) -> Question<'_> {
        Question { occurrence: &self.occurrence, user: &self.user, overrides: Overrides::default(), lists: &self.lists }
    }

    /// Nearly the same meeting in the calendar of the user that tests begin with, and whoever it was as a guest; `None` where it
    /// is that user's, or nobody's. It is easier to read, and another meeting: whoever takes it asks again.
    #[must_use]
    pub fn of_usual_user(&self) -> Option<Self> {
        let former = self.user.addresses.first().filter(|me| **me != self.usual_me)?;
        let is_former = |person: &Person| person.address.as_ref() == Some(former);
        let me = Person { response: Fact::Known(Response::Organizer), ..Person::at(self.usual_me.as_str()) };
        let mut usual = self.clone();
        usual.user.addresses = vec![self.usual_me.clone()];
        let facts = Arc::make_mut(&mut usual.occurrence.facts);
        let people = &mut facts.people;
        people.attendees.iter_mut().for_each(|person| person.is_self = false);
        if !people.attendees.iter().any(is_former) {
            let response = Fact::Known(Response::Accepted);
            people.attendees.push(Person { response, ..Person::at(former.as_str()) });
        }
        let calls = people.organizer.known().is_some_and(is_former);
        for role in [&mut people.organizer, &mut people.creator] {
            if role.known().is_some_and(is_former) {
                *role = Fact::Known(me.clone());
            }
        }
        if !calls {
            people.attendees.push(Person { response: Fact::Known(Response::Accepted), ..me });
        }
        Some(usual)
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
}

/// When a draft begins: a Monday.
pub(super) const START: Civil = Date::constant(2026, 1, 5).to_datetime(ClockTime::constant(10, 0, 0, 0));
/// How long it takes.
const LENGTH: Elapsed = Elapsed::from_mins(30);

impl Draft {
    /// A recordable meeting that its owner called, alone.
    pub fn neutral(recordable: &Recordable, me: &Address) -> Self {
        let start = Zone::utc().instant(START);
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
            start: Moment::Timed { at: start, zone: Zone::utc() },
            end: Fact::Known(Moment::Timed { at: start + LENGTH, zone: Zone::utc() }),
            series: SeriesFacts::NotRecurring,
            first: Fact::Known(false),
            moved: Fact::Known(false),
            changed: Fact::Known(false),
            user: ConnectedUser { addresses: vec![me.clone()], zone: Some(Zone::utc()), bots: Vec::new() },
            lists: ProvidedLists::default(),
            usual_me: me.clone(),
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

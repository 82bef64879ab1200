//! The event of a test, entry by entry.
//!
//! Every fact that rules can read has a key of the same name ([`KEYS`]); `hidden` makes it unknown. Where a test does not say
//! when, it is Monday 2026-01-05 at 10:00 for half an hour.

use crate::builtins::ListItems;
use crate::diagnostic::{Code, Diagnostic, suggestion};
use crate::event::link::Link;
use crate::event::recurrence::{Rules, summary};
use crate::event::{
    Address, Facts, Occurrence, People, Person, PersonKind, ProvidedList, ProvidedLists, Recurrence, Revision, SeriesFacts, Text,
};
use crate::semantics::effective::Lowering;
use crate::semantics::lists::{kind_word, read_items};
use crate::semantics::names::Kind;
use crate::semantics::times::read_zone;
use crate::source::Span;
use crate::syntax::ast::{EventEntry, EventValue, Guest, GuestKind, Located, Test};
use crate::time::{Civil, ClockTime, Date, Elapsed, Moment, Zone};
use crate::value::outline::ZoneRule;
use crate::value::words::Layer;
use crate::value::{
    Closed, Conference, EventKind, Fact, Override, Provider, Response, ShowsAs, SourceKind, Status, UnknownReason, Visibility,
};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The keys of a test's event.
pub const KEYS: &[&str] = &[
    "title",
    "description",
    "location",
    "calendar",
    "organizer",
    "creator",
    "attendees",
    "start",
    "end",
    "duration",
    "all_day",
    "repeats",
    "occurrence",
    "override",
    "series_override",
    "my_response",
    "status",
    "visibility",
    "shows_as",
    "kind",
    "provider",
    "source",
    "conference",
    "link",
    "draft",
    "zone",
    "user_zone",
    "me",
];

/// What an event is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To find the mistakes in it: nothing is computed that takes long.
    Checking,
    /// To ask the rules about it.
    Asking,
}

/// One event of a test, being read.
pub(super) struct Reading<'a> {
    lowering: &'a Lowering<'a>,
    purpose: Purpose,
    layer: Layer,
    entries: BTreeMap<&'a str, &'a EventEntry>,
    pub me: Address,
    zone: Zone,
    pub user_zone: Zone,
    pub mistakes: Vec<Diagnostic>,
}

/// When a test's event begins where it does not say.
const START: Civil = Date::constant(2026, 1, 5).to_datetime(ClockTime::constant(10, 0, 0, 0));
/// How long it takes.
const LENGTH_SECS: u64 = 30 * 60;
/// Longest event of a test: ten years.
const LENGTH_SECS_MAX: u64 = 3660 * 24 * 60 * 60;

impl<'a> Reading<'a> {
    /// Mistakes are added to those that were found before.
    pub fn new(
        lowering: &'a Lowering<'a>,
        at: usize,
        entries: &'a [EventEntry],
        purpose: Purpose,
        mut mistakes: Vec<Diagnostic>,
    ) -> Self {
        let mut found: BTreeMap<&str, &EventEntry> = BTreeMap::new();
        for entry in entries {
            let (key, place) = (entry.key.value.as_str(), entry.key.at.0);
            if !KEYS.contains(&key) {
                let diagnostic = Diagnostic::new(Code::UnknownKey, place, format!("a test's event has no `{key}`"));
                mistakes.push(match suggestion(&mistakes, key, KEYS.iter().copied()) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(format!("write `{near}`"), place, near),
                    None => diagnostic,
                });
            } else if let Some(first) = found.insert(key, entry) {
                let message = format!("`{key}` is written twice");
                mistakes.push(Diagnostic::new(Code::DuplicateKey, place, message).also(first.key.at.0, "first written here"));
            }
        }
        let file_zone = match &lowering.layers.zones[at] {
            ZoneRule::Named(zone) => zone.clone(),
            ZoneRule::UserElseEvent => Zone::utc(),
        };
        let me = me_at(&lowering.own_domains);
        let layer = lowering.input.files[at].layer();
        let mut reading = Self {
            lowering,
            purpose,
            layer,
            entries: found,
            me,
            zone: file_zone.clone(),
            user_zone: file_zone.clone(),
            mistakes,
        };
        reading.zone = reading.zone_of("zone").unwrap_or(file_zone.clone());
        reading.user_zone = reading.zone_of("user_zone").unwrap_or(file_zone);
        if let Some((who, at)) = reading.string("me", "an address")
            && let Some(address) = reading.address(&who, at)
        {
            reading.me = address;
        }
        reading
    }

    pub fn occurrence(&mut self) -> Occurrence {
        let start = self.start();
        let end = self.end(&start);
        let series = self.series(&start);
        let occurrence = self.string("occurrence", "`first`, `moved` or `changed`");
        let is = |word: &str| Fact::Known(occurrence.as_ref().is_some_and(|(said, _)| said == word));
        let (first, moved, changed) = (is("first"), is("moved"), is("changed"));
        if let Some((said, at)) = &occurrence
            && !["first", "moved", "changed"].contains(&said.as_str())
        {
            self.mistakes.push(Diagnostic::new(Code::UnknownValue, *at, format!("an occurrence is not `{said}`")));
        }
        let changed = if moved == Fact::Known(true) { Fact::Known(true) } else { changed };
        Occurrence {
            uid: "test".to_owned(),
            provider_id: None,
            recurrence_id: (series != SeriesFacts::NotRecurring).then(|| start.clone()),
            series,
            start,
            end,
            first,
            moved,
            changed,
            sub_hourly: false,
            revision: Revision::default(),
            facts: Arc::new(self.facts()),
        }
    }

    fn facts(&mut self) -> Facts {
        let people = self.people();
        let of_me = people.attendees.iter().find(|person| person.address.as_ref() == Some(&self.me));
        let listed = of_me.map_or(Fact::Known(Response::Accepted), |person| person.response.clone());
        Facts {
            title: self.text("title", Text::short),
            description: self.text("description", Text::long),
            location: self.text("location", Text::short),
            calendar: self.text("calendar", Text::short),
            people,
            status: self.word_of("status").unwrap_or(Status::Confirmed),
            visibility: self.fact_of("visibility", Fact::Known(Visibility::Default)),
            shows_as: self.fact_of("shows_as", Fact::Known(ShowsAs::Busy)),
            kind: self.word_of("kind").unwrap_or(EventKind::Default),
            my_response: self.fact_of("my_response", listed),
            provider: self.word_of("provider").unwrap_or(Provider::Google),
            source: self.word_of("source").unwrap_or(SourceKind::Api),
            link: self.link(),
            draft: self.flag("draft").unwrap_or(false),
        }
    }

    fn people(&mut self) -> People {
        let organizer = self.role("organizer", Fact::Known(self.me.clone()));
        let creator = self.role("creator", organizer.clone());
        let (attendees, incomplete) = match self.entries.get("attendees").copied() {
            None => (Vec::new(), None),
            Some(EventEntry { value, .. }) => match &value.value {
                EventValue::Hidden => (Vec::new(), Some(UnknownReason::GuestsHidden)),
                EventValue::Guests(guests) => (guests.iter().filter_map(|guest| self.guest(&guest.value)).collect(), None),
                _ => {
                    self.mismatch("attendees", value.at.0, "guests in brackets, or `hidden`");
                    (Vec::new(), None)
                }
            },
        };
        let person = |address: Address| Person { response: Fact::Known(Response::Accepted), ..Person::at(address.as_str()) };
        People { organizer: organizer.map(person), creator: creator.map(person), attendees, incomplete }
    }

    fn role(&mut self, key: &'static str, otherwise: Fact<Address>) -> Fact<Address> {
        if self.is_hidden(key) {
            return Fact::Unknown(UnknownReason::PrivateEvent);
        }
        match self.string(key, "`me`, an address or the name of a person") {
            None => otherwise,
            Some((word, _)) if word == "calendar" => Fact::Unknown(UnknownReason::OrganizerIsCalendar),
            Some((who, at)) => self.address(&who, at).map_or(otherwise, Fact::Known),
        }
    }

    fn guest(&mut self, guest: &Guest) -> Option<Person> {
        let address = self.address(&guest.who.value, guest.who.at.0)?;
        let kind = match guest.kind {
            None => PersonKind::Person,
            Some(GuestKind::Room) => PersonKind::Room,
            Some(GuestKind::Resource) => PersonKind::Resource,
            Some(GuestKind::Group) => PersonKind::Group,
        };
        Some(Person {
            response: Fact::Known(guest.response.unwrap_or(Response::Accepted)),
            optional: Fact::Known(guest.optional),
            kind,
            ..Person::at(address.as_str())
        })
    }

    /// Who is meant by `me`, an address, or the name of a person (by their first address).
    fn address(&mut self, who: &str, at: Span) -> Option<Address> {
        if who == "me" {
            return Some(self.me.clone());
        }
        if who.contains('@') {
            return crate::semantics::lists::read_address(who, at, &mut self.mistakes);
        }
        let name = Located { value: who.to_owned(), at: crate::syntax::ast::At(at) };
        let id = self.lowering.names.resolve(self.layer, Kind::Person, &name, &mut self.mistakes)?;
        self.lowering.people[id.index].first().cloned()
    }

    fn start(&mut self) -> Moment {
        let Some(EventEntry { value, .. }) = self.entries.get("start").copied() else {
            let all_day = self.flag("all_day").unwrap_or(false);
            return if all_day { Moment::Day(START.date()) } else { self.timed(START, None) };
        };
        let moment = self.moment("start", value).unwrap_or_else(|| self.timed(START, None));
        match self.flag("all_day") {
            Some(true) => Moment::Day(moment.civil().date()),
            Some(false) if moment.is_day() => {
                self.mismatch("start", value.at.0, "a time as well, where `all_day` is `no`");
                moment
            }
            _ => moment,
        }
    }

    /// `end`, else `start` and `duration`. The end of a whole-day event is the day after its last one.
    fn end(&mut self, start: &Moment) -> Fact<Moment> {
        if self.is_hidden("end") || self.is_hidden("duration") {
            return Fact::Unknown(UnknownReason::EndUnspecified);
        }
        if let Some(EventEntry { value, .. }) = self.entries.get("end").copied()
            && let Some(moment) = self.moment("end", value)
        {
            if moment.is_day() != start.is_day() {
                self.mismatch("end", value.at.0, "a day where `start` is one, and else a time");
            }
            return Fact::Known(moment);
        }
        let default = if start.is_day() { 24 * 60 * 60 } else { LENGTH_SECS };
        let secs = self.duration().unwrap_or(default);
        Fact::Known(match start {
            Moment::Day(date) => {
                let days = i64::try_from(secs.div_ceil(24 * 60 * 60)).unwrap_or(1).max(1);
                Moment::Day(date.saturating_add(Elapsed::from_hours(24 * days)))
            }
            Moment::Timed { at, zone } => {
                let length = Elapsed::from_secs(i64::try_from(secs).unwrap_or(0));
                Moment::Timed { at: at.checked_add(length).unwrap_or(*at), zone: zone.clone() }
            }
        })
    }

    fn duration(&mut self) -> Option<u64> {
        let EventEntry { value, .. } = self.entries.get("duration").copied()?;
        match value.value {
            EventValue::Duration(secs) if secs <= LENGTH_SECS_MAX => Some(secs),
            EventValue::Duration(_) => {
                let message = "an event of a test lasts ten years at most";
                self.mistakes.push(Diagnostic::new(Code::ValueOutOfRange, value.at.0, message));
                None
            }
            _ => {
                self.mismatch("duration", value.at.0, "a length of time such as `30m`");
                None
            }
        }
    }

    fn moment(&mut self, key: &'static str, value: &Located<EventValue>) -> Option<Moment> {
        match &value.value {
            EventValue::Day(date) => Some(Moment::Day(*date)),
            EventValue::At(civil, zone) => {
                let zone = zone.as_ref().and_then(|zone| read_zone(&zone.value, zone.at.0, &mut self.mistakes));
                Some(self.timed(*civil, zone))
            }
            _ => {
                self.mismatch(key, value.at.0, "a time such as `2026-03-02 10:00`, or a day");
                None
            }
        }
    }

    fn timed(&self, civil: Civil, zone: Option<Zone>) -> Moment {
        let zone = zone.unwrap_or_else(|| self.zone.clone());
        Moment::Timed { at: zone.instant(civil), zone }
    }

    /// `repeats: "FREQ=WEEKLY"`; `hidden`: an occurrence of a series that cannot be seen.
    fn series(&mut self, start: &Moment) -> SeriesFacts {
        if self.is_hidden("repeats") {
            return SeriesFacts::Orphan(UnknownReason::MasterUnreadable);
        }
        if matches!(self.entries.get("repeats").map(|entry| &entry.value.value), Some(EventValue::Flag(false))) {
            return SeriesFacts::NotRecurring;
        }
        let Some((rule, at)) = self.string("repeats", "a recurrence rule such as `\"FREQ=WEEKLY\"`, `hidden` or `no`") else {
            return SeriesFacts::NotRecurring;
        };
        let recurrence = Recurrence { rules: vec![rule], ..Recurrence::default() };
        let rules = Rules::of(&recurrence);
        if let Some(error) = rules.wrong.first() {
            self.mistakes.push(Diagnostic::new(Code::BadDateRule, at, format!("this recurrence rule cannot be read: {error}")));
            return SeriesFacts::NotRecurring;
        }
        match self.purpose {
            Purpose::Asking => SeriesFacts::Of(Arc::new(summary(start, &recurrence, &rules, &self.user_zone))),
            // How often it happens is counted by walking through it.
            Purpose::Checking => SeriesFacts::Orphan(UnknownReason::MasterUnreadable),
        }
    }

    /// `link: no`, `link: hidden`, `conference: zoom`; a link that bots can join where nothing is said.
    fn link(&mut self) -> Fact<Option<Link>> {
        if self.is_hidden("link") || self.is_hidden("conference") {
            return Fact::Unknown(UnknownReason::LinkPending);
        }
        let written = match self.entries.get("link").map(|entry| &entry.value.value) {
            Some(EventValue::Text(url) | EventValue::Word(url)) => Some(url.clone()),
            _ => None,
        };
        let has_link = written.is_some() || self.flag("link").unwrap_or(true);
        let conference = self.word_of("conference").unwrap_or(Conference::Meet);
        if !has_link || conference == Conference::None {
            return Fact::Known(None);
        }
        Fact::Known(Some(Link {
            conference,
            platform: conference.word(),
            id: "test".to_owned(),
            url: written.unwrap_or_else(|| "https://meeting.example/test".to_owned()),
            joinable: conference != Conference::Other,
        }))
    }

    pub fn given_lists(&mut self, test: &Test) -> ProvidedLists {
        let mut lists = ProvidedLists::default();
        for given in &test.given {
            let name = &given.value.name;
            let Some(id) = self.lowering.names.resolve(self.layer, Kind::List, name, &mut self.mistakes) else { continue };
            let table = &self.lowering.lists[id.index].table;
            if table.items.is_some() {
                let message = format!("the items of `{}` stand in the file, so a test cannot give others", name.value);
                let place = self.lowering.names.place(id);
                self.mistakes.push(Diagnostic::new(Code::Misplaced, name.at.0, message).also(place, "not a provided list"));
                continue;
            }
            let items = match given.value.items.is_empty() {
                true => Some((table.kind, ListItems::default())),
                false => read_items(name, &given.value.items, &mut self.mistakes),
            };
            let Some((kind, items)) = items else { continue };
            if kind != table.kind {
                let message = format!("`{}` is a list of {}, not of {}", name.value, kind_word(table.kind), kind_word(kind));
                self.mistakes.push(Diagnostic::new(Code::TypeMismatch, name.at.0, message));
            }
            lists.insert(
                name.value.clone(),
                ProvidedList {
                    version: "test".to_owned(),
                    addresses: items.addresses.into_iter().collect(),
                    domains: items.domains.into_iter().collect(),
                    texts: items.texts,
                    dates: items.dates.into_iter().collect(),
                },
            );
        }
        lists
    }

    fn text(&mut self, key: &'static str, cut: fn(String) -> Text) -> Fact<Option<Text>> {
        if self.is_hidden(key) {
            return Fact::Unknown(UnknownReason::PrivateEvent);
        }
        Fact::Known(self.string(key, "a text, or `hidden`").map(|(text, _)| cut(text)))
    }

    fn zone_of(&mut self, key: &'static str) -> Option<Zone> {
        let (name, at) = self.string(key, "the name of a time zone")?;
        read_zone(&name, at, &mut self.mistakes)
    }

    fn is_hidden(&self, key: &str) -> bool {
        self.entries.get(key).is_some_and(|entry| entry.value.value == EventValue::Hidden)
    }

    /// A text or a word: JSON has no other way to write a word.
    fn string(&mut self, key: &'static str, takes: &str) -> Option<(String, Span)> {
        let EventEntry { value, .. } = self.entries.get(key).copied()?;
        match &value.value {
            EventValue::Text(text) | EventValue::Word(text) => Some((text.clone(), value.at.0)),
            _ => {
                self.mismatch(key, value.at.0, takes);
                None
            }
        }
    }

    fn flag(&mut self, key: &'static str) -> Option<bool> {
        let EventEntry { value, .. } = self.entries.get(key).copied()?;
        match &value.value {
            EventValue::Flag(flag) => Some(*flag),
            EventValue::Word(word) if word == "yes" => Some(true),
            EventValue::Word(word) if word == "no" => Some(false),
            _ => {
                self.mismatch(key, value.at.0, "`yes` or `no`");
                None
            }
        }
    }

    pub fn word_of<T: Word>(&mut self, key: &'static str) -> Option<T> {
        let (word, at) = self.string(key, "a word")?;
        let value = T::read(&word);
        if value.is_none() {
            let message = format!("`{key}` is not `{word}`");
            self.mistakes
                .push(Diagnostic::new(Code::UnknownValue, at, message).help(format!("one of {}", T::words().join(", "))));
        }
        value
    }

    fn fact_of<T: Word>(&mut self, key: &'static str, otherwise: Fact<T>) -> Fact<T> {
        if self.is_hidden(key) {
            return Fact::Unknown(UnknownReason::PrivateEvent);
        }
        self.word_of(key).map_or(otherwise, Fact::Known)
    }

    fn mismatch(&mut self, key: &str, at: Span, takes: &str) {
        self.mistakes.push(Diagnostic::new(Code::TypeMismatch, at, format!("`{key}` takes {takes}")));
    }
}

/// Values that have one word each.
pub(super) trait Word: Sized {
    fn read(word: &str) -> Option<Self>;
    fn words() -> &'static [&'static str];
}

impl<T: Closed> Word for T {
    fn read(word: &str) -> Option<Self> {
        T::from_word(word)
    }
    fn words() -> &'static [&'static str] {
        T::WORDS
    }
}

impl Word for Override {
    fn read(word: &str) -> Option<Self> {
        match word {
            "record" => Some(Self::Record),
            "stop" => Some(Self::Stop),
            _ => None,
        }
    }
    fn words() -> &'static [&'static str] {
        &["record", "stop"]
    }
}

/// The address that `me` has in tests: at the first own domain, so that it is internal wherever that can be told.
fn me_at(own_domains: &[crate::event::address::DomainPattern]) -> Address {
    let domain = own_domains.first().map(|pattern| match pattern.is_below() {
        true => format!("me.{}", pattern.domain()),
        false => pattern.domain().to_owned(),
    });
    let written = format!("me@{}", domain.as_deref().unwrap_or("me.example"));
    Address::parse(&written).unwrap_or_else(|| Address::parse("me@me.example").expect("it is an address"))
}

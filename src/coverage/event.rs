//! A meeting as the event of a test, as far as tests have words for it.
//!
//! What has none (a text that was cut, somebody whose address cannot be read) is left out; whoever asks runs the test and sees
//! whether it still shows what it should.

use crate::analysis::Witness;
use crate::event::{Person, PersonKind, ProvidedList, SeriesFacts, SeriesSummary, Text};
use crate::syntax::ast::{At, Commented, EventEntry, EventValue, GivenList, Guest, GuestKind, Item, ListItem, Located, Trivia};
use crate::time::{Moment, Zone};
use crate::value::{Closed, Conference, EventKind, Fact, Provider, Response, ShowsAs, SourceKind, Status, Visibility};

/// The event of a test, and the lists that are given with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub entries: Vec<EventEntry>,
    pub given: Vec<Commented<GivenList>>,
}

/// How long an event of a test takes that does not say.
const USUAL_SECS: u64 = 30 * 60;

/// Everything about the meeting that tests can say, besides most of what they begin with; more than is needed.
pub(super) fn draft(witness: &Witness) -> Draft {
    let mut draft = Draft::default();
    draft.texts(witness);
    draft.people(witness);
    draft.times(witness);
    draft.series(witness);
    draft.sets(witness);
    draft.given = witness.lists.iter().map(|(name, list)| given(name, list)).collect();
    draft
}

pub(super) fn located<T>(value: T) -> Located<T> {
    Located { value, at: At::default() }
}

pub(super) fn commented<T>(value: T) -> Commented<T> {
    Commented { value, at: At::default(), trivia: Trivia::default() }
}

impl Draft {
    fn say(&mut self, key: &str, value: EventValue) {
        let (key, value) = (located(key.to_owned()), located(value));
        self.entries.push(EventEntry { key, value, trivia: Trivia::default() });
    }

    fn word(&mut self, key: &str, word: &str) {
        self.say(key, EventValue::Word(word.to_owned()));
    }

    fn texts(&mut self, witness: &Witness) {
        let facts = &witness.occurrence.facts;
        let texts = [
            ("title", &facts.title),
            ("description", &facts.description),
            ("location", &facts.location),
            ("calendar", &facts.calendar),
        ];
        for (key, text) in texts {
            match text {
                Fact::Unknown(_) => self.say(key, EventValue::Hidden),
                Fact::Known(None) => {}
                Fact::Known(Some(Text { content, .. })) => self.say(key, EventValue::Text(content.clone())),
            }
        }
    }

    fn people(&mut self, witness: &Witness) {
        let people = &witness.occurrence.facts.people;
        let who = |person: &Person| who(person, witness);
        match &people.organizer {
            Fact::Unknown(_) => self.say("organizer", EventValue::Hidden),
            Fact::Known(person) if person.kind != PersonKind::Person => self.word("organizer", "calendar"),
            Fact::Known(person) if who(person) == "me" => {}
            Fact::Known(person) => self.word("organizer", &who(person)),
        }
        match &people.creator {
            creator if *creator == people.organizer => {}
            Fact::Unknown(_) => self.say("creator", EventValue::Hidden),
            Fact::Known(person) => self.word("creator", &who(person)),
        }
        if people.incomplete.is_some() && people.attendees.is_empty() {
            self.say("attendees", EventValue::Hidden);
        } else if !people.attendees.is_empty() {
            let guests = people.attendees.iter().map(|person| commented(guest(person, who(person)))).collect();
            self.say("attendees", EventValue::Guests(guests));
        }
        if let Some(me) = witness.user.addresses.first().filter(|me| **me != witness.usual_me) {
            self.word("me", me.as_str());
        }
    }

    fn times(&mut self, witness: &Witness) {
        let occurrence = &witness.occurrence;
        match &occurrence.start {
            Moment::Day(date) => self.say("start", EventValue::Day(*date)),
            Moment::Timed { at, zone } => {
                let name = located(zone.name().to_owned());
                self.say("start", EventValue::At(zone.civil(*at), Some(name)));
            }
        }
        match (&occurrence.start, &occurrence.end) {
            (_, Fact::Unknown(_)) => self.say("end", EventValue::Hidden),
            (_, Fact::Known(Moment::Day(date))) => self.say("end", EventValue::Day(*date)),
            (Moment::Timed { at: start, .. }, Fact::Known(Moment::Timed { at: end, .. })) => {
                let secs = u64::try_from(end.duration_since(*start).as_secs()).unwrap_or(0);
                if secs != USUAL_SECS {
                    self.say("duration", EventValue::Duration(secs));
                }
            }
            (Moment::Day(_), Fact::Known(Moment::Timed { .. })) => {}
        }
        let zone = witness.user.zone.clone().unwrap_or_else(Zone::utc);
        self.say("user_zone", EventValue::Text(zone.name().to_owned()));
    }

    fn series(&mut self, witness: &Witness) {
        let occurrence = &witness.occurrence;
        match &occurrence.series {
            SeriesFacts::NotRecurring => {}
            SeriesFacts::Orphan(_) => self.say("repeats", EventValue::Hidden),
            SeriesFacts::Of(summary) => {
                if let Some(rule) = rule(summary) {
                    self.say("repeats", EventValue::Text(rule));
                }
            }
        }
        let is = [("first", &occurrence.first), ("moved", &occurrence.moved), ("changed", &occurrence.changed)];
        if let Some((word, _)) = is.into_iter().find(|(_, fact)| **fact == Fact::Known(true)) {
            self.word("occurrence", word);
        }
    }

    fn sets(&mut self, witness: &Witness) {
        let facts = &witness.occurrence.facts;
        // Where a test does not say it, it is read off the guests.
        self.fact("my_response", &facts.my_response, None);
        self.fact("status", &Fact::Known(facts.status), Some(Status::Confirmed));
        self.fact("visibility", &facts.visibility, Some(Visibility::Default));
        self.fact("shows_as", &facts.shows_as, Some(ShowsAs::Busy));
        self.fact("kind", &Fact::Known(facts.kind), Some(EventKind::Default));
        self.fact("provider", &Fact::Known(facts.provider), Some(Provider::Google));
        self.fact("source", &Fact::Known(facts.source), Some(SourceKind::Api));
        if let Fact::Known(Some(link)) = &facts.link
            && link.conference != Conference::Meet
        {
            self.word("conference", link.conference.word());
        }
    }

    fn fact<T: Closed>(&mut self, key: &str, fact: &Fact<T>, usual: Option<T>) {
        match fact {
            Fact::Known(value) if Some(*value) == usual => {}
            Fact::Known(value) => self.word(key, value.word()),
            Fact::Unknown(_) => self.say(key, EventValue::Hidden),
        }
    }
}

fn who(person: &Person, witness: &Witness) -> String {
    match &person.address {
        Some(address) if witness.user.addresses.contains(address) => "me".to_owned(),
        Some(address) => address.to_string(),
        None => person.written.clone(),
    }
}

fn guest(person: &Person, who: String) -> Guest {
    Guest {
        who: located(who),
        response: person.response.known().copied().filter(|response| *response != Response::Accepted),
        optional: person.optional == Fact::Known(true),
        kind: match person.kind {
            PersonKind::Person => None,
            PersonKind::Room => Some(GuestKind::Room),
            PersonKind::Resource => Some(GuestKind::Resource),
            PersonKind::Group => Some(GuestKind::Group),
        },
    }
}

/// A rule that makes such a series; `None` where none is known.
fn rule(summary: &SeriesSummary) -> Option<String> {
    let Fact::Known(Some(pattern)) = &summary.pattern else { return None };
    let mut rule = pattern.rule();
    if let Fact::Known(Some(times)) = summary.times {
        rule.push_str(&format!(";COUNT={times}"));
    }
    Some(rule)
}

fn given(name: &str, list: &ProvidedList) -> Commented<GivenList> {
    let addresses = list.addresses.iter().map(|address| ListItem::Person(address.to_string()));
    let domains = list.domains.iter().map(|domain| ListItem::Person(domain.to_string()));
    let texts = list.texts.iter().map(|text| ListItem::Text(text.clone()));
    let mut items: Vec<ListItem> =
        addresses.chain(domains).chain(texts).chain(list.dates.iter().map(|date| ListItem::Date(*date))).collect();
    items.sort_by_key(|item| format!("{item:?}"));
    let items: Vec<Item<ListItem>> = items.into_iter().map(commented).collect();
    commented(GivenList { name: located(name.to_owned()), items })
}

//! An example meeting in the words in which tests of rule files are written.
//!
//! What tests cannot say (a list that is cut, somebody whose address cannot be read) stands behind it in plain words. Only
//! what differs from the meeting that tests begin with is told.

use crate::analysis::Witness;
use crate::event::{Person, PersonKind, SeriesFacts, SeriesSummary, Text};
use crate::syntax::literal;
use crate::time::{Elapsed, Moment};
use crate::value::{Closed, Conference, Fact, Provider, Response, ShowsAs, SourceKind, Status, Visibility, quoted};

/// Longest text that is told whole.
const TEXT_CHARS_MAX: usize = 60;
/// Most guests that are named.
const GUESTS_MAX: usize = 8;

/// The meeting on one line.
#[must_use]
pub fn event(witness: &Witness) -> String {
    let mut told = Told::default();
    told.texts(witness);
    told.people(witness);
    told.times(witness);
    told.series(witness);
    told.sets(witness);
    told.lists(witness);
    let entries =
        if told.entries.is_empty() { "any meeting".to_owned() } else { format!("event {{ {} }}", told.entries.join(", ")) };
    let beside = if told.beside.is_empty() { String::new() } else { format!(", {}", told.beside.join(", ")) };
    format!("{entries}{beside}")
}

#[derive(Default)]
struct Told {
    entries: Vec<String>,
    beside: Vec<String>,
}

impl Told {
    fn say(&mut self, key: &str, value: impl std::fmt::Display) {
        self.entries.push(format!("{key}: {value}"));
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
                Fact::Unknown(_) => self.say(key, "hidden"),
                Fact::Known(None) => {}
                Fact::Known(Some(Text { content, cut })) => {
                    self.say(key, quoted(content, TEXT_CHARS_MAX));
                    if *cut {
                        self.beside.push(format!("with its {key} cut at its limit"));
                    }
                }
            }
        }
    }

    fn people(&mut self, witness: &Witness) {
        let people = &witness.occurrence.facts.people;
        let name = |person: &Person| name(person, witness);
        match &people.organizer {
            Fact::Known(person) if person.kind != PersonKind::Person => self.beside.push("called by a room".to_owned()),
            Fact::Known(person) if name(person) == "me" => {}
            Fact::Known(person) => self.say("organizer", name(person)),
            Fact::Unknown(_) => self.say("organizer", "hidden"),
        }
        // Where a test does not say it, whoever calls a meeting made its entry.
        match (&people.creator, &people.organizer) {
            (creator, organizer) if creator == organizer => {}
            (Fact::Known(person), _) => self.say("creator", name(person)),
            (Fact::Unknown(_), _) => self.say("creator", "hidden"),
        }
        for (role, person) in [("organizer", &people.organizer), ("creator", &people.creator)] {
            let listed = |person: &Person| people.attendees.iter().any(|guest| guest.address == person.address);
            if let Fact::Known(person) = person
                && !listed(person)
                && person.response.known().is_some()
                && guest(person, witness) != name(person)
            {
                self.beside.push(format!("the {role} being {}", guest(person, witness)));
            }
        }
        let organizer = people.organizer.known();
        let guests: Vec<String> =
            people.attendees.iter().filter(|person| !is_told(person, organizer)).map(|person| guest(person, witness)).collect();
        if people.incomplete.is_some() && guests.is_empty() {
            self.say("attendees", "hidden");
        } else if people.incomplete.is_some() {
            self.beside.push("with more guests than are shown".to_owned());
        }
        if !guests.is_empty() {
            let more = guests.len().saturating_sub(GUESTS_MAX);
            let named = guests[..guests.len() - more].join(", ");
            let rest = if more > 0 { format!(", and {more} more") } else { String::new() };
            self.say("attendees", format_args!("[{named}{rest}]"));
        }
        let unnamed: u32 = people.attendees.iter().map(|person| person.plus_guests).sum();
        if unnamed > 0 {
            self.beside.push(format!("with {unnamed} more whom a guest brings"));
        }
        match witness.user.addresses.first() {
            None => self.beside.push("in the calendar of a user whose address is not known".to_owned()),
            Some(me) if *me != witness.usual_me => self.say("me", me),
            Some(_) => {}
        }
    }

    fn times(&mut self, witness: &Witness) {
        let occurrence = &witness.occurrence;
        let usual_zone = &witness.usual_zone;
        if occurrence.start.is_guess() {
            self.beside.push("in a time zone that nobody knows".to_owned());
        }
        match &occurrence.start {
            Moment::Day(date) => self.say("start", date),
            Moment::Timed { at, .. } if usual_zone.civil(*at) == crate::analysis::usual_start() => {}
            Moment::Timed { at, zone } => {
                let civil = zone.civil(*at);
                let (date, time) = (civil.date(), civil.time());
                let elsewhere = if zone == usual_zone { String::new() } else { format!(" in \"{}\"", zone.name()) };
                self.say("start", format_args!("{date} {:02}:{:02}{elsewhere}", time.hour(), time.minute()));
            }
        }
        match (&occurrence.start, &occurrence.end) {
            (_, Fact::Unknown(_)) => self.say("end", "hidden"),
            (Moment::Timed { at: start, .. }, Fact::Known(Moment::Timed { at: end, .. })) => {
                let length = end.duration_since(*start);
                if length != Elapsed::from_mins(30) {
                    self.say("duration", literal::duration(length.as_secs().unsigned_abs()));
                }
            }
            (_, Fact::Known(end)) => self.say("end", end.civil().date()),
        }
        if let Some(zone) = witness.user.zone.as_ref().filter(|zone| *zone != usual_zone) {
            self.say("user_zone", format_args!("\"{}\"", zone.name()));
        }
    }

    fn series(&mut self, witness: &Witness) {
        let occurrence = &witness.occurrence;
        match &occurrence.series {
            SeriesFacts::NotRecurring => {}
            SeriesFacts::Orphan(_) => self.say("repeats", "hidden"),
            SeriesFacts::Of(summary) => self.say("repeats", format_args!("\"{}\"", rule(summary))),
        }
        for (word, fact) in [("first", &occurrence.first), ("moved", &occurrence.moved), ("changed", &occurrence.changed)] {
            match fact {
                Fact::Known(true) if word == "changed" && occurrence.moved == Fact::Known(true) => {}
                Fact::Known(true) => self.say("occurrence", word),
                Fact::Known(false) => {}
                Fact::Unknown(_) => self.beside.push(format!("of which nobody knows whether it is {word}")),
            }
        }
    }

    fn sets(&mut self, witness: &Witness) {
        let facts = &witness.occurrence.facts;
        // Where a test does not say it, it is read off the guests.
        let listed = facts.people.attendees.iter().find(|person| name(person, witness) == "me");
        match listed.map(|person| &person.response) {
            Some(listed) if *listed == facts.my_response => {}
            Some(Fact::Known(Response::Accepted | Response::Organizer)) | None => {
                self.fact("my_response", &facts.my_response, Response::Accepted);
            }
            Some(_) => self.fact("my_response", &facts.my_response, None),
        }
        self.fact("status", &Fact::Known(facts.status), Status::Confirmed);
        self.fact("visibility", &facts.visibility, Visibility::Default);
        self.fact("shows_as", &facts.shows_as, ShowsAs::Busy);
        self.fact("kind", &Fact::Known(facts.kind), crate::value::EventKind::Default);
        self.fact("provider", &Fact::Known(facts.provider), Provider::Google);
        self.fact("source", &Fact::Known(facts.source), SourceKind::Api);
        if let Fact::Known(Some(link)) = &facts.link
            && link.conference != Conference::Meet
        {
            self.say("conference", link.conference.word());
        }
    }

    fn fact<T: Closed>(&mut self, key: &str, fact: &Fact<T>, usual: impl Into<Option<T>>) {
        let usual = usual.into();
        match fact {
            Fact::Known(value) if usual.as_ref() == Some(value) => {}
            Fact::Known(value) => self.say(key, value.word()),
            Fact::Unknown(_) => self.say(key, "hidden"),
        }
    }

    fn lists(&mut self, witness: &Witness) {
        for (name, list) in witness.lists.iter() {
            let addresses = list.addresses.iter().map(ToString::to_string);
            let texts = list.texts.iter().map(|text| quoted(text, TEXT_CHARS_MAX));
            let mut items: Vec<String> = addresses.chain(texts).chain(list.dates.iter().map(ToString::to_string)).collect();
            items.sort_unstable();
            self.beside.push(format!("given list {name} = [{}]", items.join(", ")));
        }
    }
}

fn name(person: &Person, witness: &Witness) -> String {
    match &person.address {
        Some(address) if witness.user.addresses.contains(address) => "me".to_owned(),
        Some(address) => address.to_string(),
        None => "somebody whose address cannot be read".to_owned(),
    }
}

fn guest(person: &Person, witness: &Witness) -> String {
    let response = match &person.response {
        Fact::Known(Response::Accepted | Response::Organizer) => "",
        Fact::Known(Response::None) => " has not answered",
        Fact::Known(response) => &format!(" {}", response.word()),
        Fact::Unknown(_) => " of unknown answer",
    };
    let optional = if person.optional == Fact::Known(true) { " optional" } else { "" };
    format!("{}{response}{optional}", name(person, witness))
}

/// Whether all there is to say of somebody is that they call the meeting.
fn is_told(person: &Person, organizer: Option<&Person>) -> bool {
    Some(person) == organizer && person.response == Fact::Known(Response::Accepted) && person.optional == Fact::Known(false)
}

/// A rule that makes such a series.
fn rule(summary: &SeriesSummary) -> String {
    let mut rule = match &summary.pattern {
        Fact::Unknown(_) => "of an unknown rule".to_owned(),
        Fact::Known(None) => "on single dates".to_owned(),
        Fact::Known(Some(pattern)) => pattern.rule(),
    };
    if let Fact::Known(Some(times)) = summary.times {
        rule.push_str(&format!(";COUNT={times}"));
    }
    rule
}

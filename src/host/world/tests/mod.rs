//! What the services show is what is true: every answer through the converters of this program, beside the truth's own words.

mod graph;
mod named;
mod providers;
mod services;

use super::calendar::{AccountId, Meeting, Occurrence};
use super::script::{self, Plan, Size};
use super::weather::{Sky, Weather};
use super::{Answered, World};
use crate::event::identity::{EventCopy, normalise_uid};
use crate::event::link::{LinkSource, find};
use crate::event::{self, Calendar, Person};
use crate::host::http::{Method, Purpose, Request, Response};
use crate::host::model::Origin;
use crate::time::{Elapsed, Instant, Moment, Zone};
use crate::value::{Closed, Fact, Response as Answer, Status};
use std::ops::Range;

/// A Monday in March, two weeks before Europe's clocks change.
const START: &str = "2026-03-16T07:00:00Z";

fn start() -> Instant {
    START.parse().expect("a time")
}

fn size() -> Size {
    Size { start: start(), days: 6, users: 5, meetings: 40, domain: "tinderbox.example".into() }
}

fn world(seed: u64) -> World {
    World::new(vec![script::plan(seed, &size())], Weather::under(Sky::Calm, seed))
}

/// Where occurrences are compared: long enough for clock changes and for series that end.
fn window() -> Range<Instant> {
    start() - Elapsed::from_hours(24)..start() + Elapsed::from_hours(24 * 20)
}

fn accounts_at(world: &World, origin: Origin) -> Vec<AccountId> {
    let all = world.truth.accounts().iter().enumerate();
    all.filter(|(_, account)| account.origin == origin).map(|(number, _)| AccountId(number)).collect()
}

fn ok(answered: Answered) -> Response {
    answered.result.expect("calm weather answers")
}

/// A read with the account's token and what a careful client sends.
fn read(world: &mut World, now: Instant, account: AccountId, url: &str) -> Response {
    let token = world.truth.account(account).token.clone();
    let request = Request::new(Purpose::Provider, Method::Get, url)
        .header("authorization", format!("Bearer {token}"))
        .header("prefer", "outlook.timezone=\"UTC\", IdType=\"ImmutableId\", odata.maxpagesize=20");
    ok(world.call(now, &request))
}

fn json(response: &Response) -> serde_json::Value {
    serde_json::from_slice(&response.body).expect("JSON")
}

/// A line for an occurrence: everything that must come through.
struct Line {
    uid: String,
    day: String,
    start: String,
    end: String,
    title: String,
    link: String,
    organizer: String,
    guests: Vec<String>,
}

impl Line {
    fn text(mut self) -> String {
        self.guests.sort();
        let guests = self.guests.join(" ");
        let Self { uid, day, start, end, title, link, organizer, .. } = self;
        format!("{start} {end} [{day}] {title} | {link} | {organizer}: {guests} | {uid}\n")
    }
}

/// What is true for an account, by start.
fn truth_text(world: &World, account: AccountId) -> String {
    let window = window();
    let found = world.truth.occurrences(account, world.truth.rev(), window.start, window.end);
    let own = &world.truth.account(account).address;
    let standing = found.iter().filter(|(_, occurrence)| !occurrence.cancelled);
    sorted(standing.map(|(id, occurrence)| true_line(world.truth.meeting(*id), occurrence, own)))
}

fn true_line(meeting: &Meeting, occurrence: &Occurrence, own: &str) -> Line {
    let date = |at: Instant| meeting.zone.civil(at).date().to_string();
    let shown = |at: Instant| if occurrence.all_day { date(at) } else { at.to_string() };
    let hidden = occurrence.content.guests_hidden && meeting.organizer != own;
    let guests = occurrence.content.guests.iter().filter(|guest| !hidden || guest.address == own);
    Line {
        uid: normalise_uid(&occurrence.uid).norm.unwrap_or_default(),
        day: occurrence.original.map(date).unwrap_or_default(),
        start: shown(occurrence.start),
        end: shown(occurrence.end),
        title: occurrence.content.title.clone(),
        link: occurrence.content.link.as_deref().map(room).unwrap_or_default(),
        organizer: occurrence.organizer.clone(),
        guests: guests.map(|guest| format!("{}={}", guest.address, guest.response.word())).collect(),
    }
}

fn room(link: &str) -> String {
    match find(&[LinkSource::Url(link)]) {
        Fact::Known(Some(link)) => format!("{}/{}", link.platform, link.id),
        other => format!("{other:?}"),
    }
}

/// What a converted calendar comes to in the eyes of its owner; nothing of it may be unreadable.
fn read_text(calendar: &Calendar, own: &str, reader: &Zone) -> String {
    assert_eq!(calendar.unreadable, []);
    let found = calendar.occurrences(window(), reader);
    assert_eq!(found.unreadable, []);
    let standing = found.occurrences.iter().filter(|occurrence| occurrence.facts.status != Status::Cancelled);
    sorted(standing.map(|occurrence| read_line(occurrence, own)))
}

fn read_line(occurrence: &event::Occurrence, own: &str) -> Line {
    let copy = EventCopy::of(occurrence);
    let shown = |moment: &Moment| match moment {
        Moment::Timed { at, .. } => at.to_string(),
        Moment::Day(date) => date.to_string(),
    };
    let facts = &occurrence.facts;
    let organizer = facts.people.organizer.known().map(|person| person.written.clone()).unwrap_or_default();
    let visible = facts.people.attendees.iter().filter(|person| person.written != organizer.as_str());
    let hidden = facts.people.incomplete.is_some();
    let answer = |person: &Person| person.response.known().map_or("unknown", |answer: &Answer| answer.word());
    Line {
        uid: copy.uid.norm.clone().unwrap_or_default(),
        day: copy.key.date_in(&copy.zone).map(|date| date.to_string()).unwrap_or_default(),
        start: shown(&occurrence.start),
        end: occurrence.end.known().map(shown).unwrap_or_default(),
        title: facts.title.known().and_then(Option::as_ref).map(|title| title.content.clone()).unwrap_or_default(),
        link: match &facts.link {
            Fact::Known(Some(link)) => format!("{}/{}", link.platform, link.id),
            Fact::Known(None) => String::new(),
            Fact::Unknown(reason) => reason.code().to_owned(),
        },
        organizer: organizer.clone(),
        guests: visible
            .filter(|person| !hidden || person.written == own)
            .map(|person| format!("{}={}", person.written, answer(person)))
            .collect(),
    }
}

/// Fails with the lines that one side has alone.
fn assert_same(read: &str, truth: &str, place: &str) {
    let alone = |one: &str, other: &str, sign: char| -> String {
        one.lines().filter(|line| !other.lines().any(|known| known == *line)).map(|line| format!("{sign} {line}\n")).collect()
    };
    assert!(read == truth, "{place}\n{}{}", alone(truth, read, '-'), alone(read, truth, '+'));
}

fn sorted(lines: impl Iterator<Item = Line>) -> String {
    let mut lines: Vec<String> = lines.map(Line::text).collect();
    lines.sort();
    lines.concat()
}

/// The instants of a run at which somebody looks: before it, in it, after it.
fn looks(plan: &Plan) -> Vec<Instant> {
    let last = plan.steps.last().map_or(start(), |step| step.at);
    let hours = (last.duration_since(start()).as_hours() / 6).max(1);
    let mut looks: Vec<Instant> = (0..6).map(|part| start() + Elapsed::from_hours(part * hours)).collect();
    looks.push(last + Elapsed::from_secs(1));
    looks.sort();
    looks
}

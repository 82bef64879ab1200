//! Random questions: occurrences with hidden facts of every reason, users with and without known addresses, overrides.

use super::{DOMAINS, Dice, LIST_NAMES, PEOPLE, UNREADABLE, WORDS, address, date, domain, zone};
use callsheet::event::facts::{SHORT_TEXT_BYTES_MAX, Text};
use callsheet::event::link::Link;
use callsheet::event::people::PEOPLE_MAX;
use callsheet::event::{
    ConnectedUser, Facts, Freq, Occurrence, Pattern, People, Person, PersonKind, ProvidedList, ProvidedLists, Question, Revision,
    SeriesFacts, SeriesSummary,
};
use callsheet::time::{Date, Elapsed, Moment, WeekdaySet};
use callsheet::value::{
    Closed, Conference, EventKind, Fact, Override, Overrides, Provider, Response, ShowsAs, SourceKind, Status, UnknownReason,
    Visibility, fold,
};
use std::sync::Arc;

/// Everything that a question refers to.
#[derive(Clone, Debug)]
pub struct Asked {
    pub occurrence: Occurrence,
    pub user: ConnectedUser,
    pub overrides: Overrides,
    pub lists: ProvidedLists,
}

impl Asked {
    pub fn question(&self) -> Question<'_> {
        Question { occurrence: &self.occurrence, user: &self.user, overrides: self.overrides, lists: &self.lists }
    }
}

pub fn asked(dice: &mut Dice) -> Asked {
    Asked { occurrence: occurrence(dice), user: user(dice), overrides: overrides(dice), lists: lists(dice) }
}

/// The same with a guest list around the bound of people considered, some of them listed twice.
pub fn asked_of_a_crowd(dice: &mut Dice) -> Asked {
    let mut asked = asked(dice);
    let mut facts = Facts::clone(&asked.occurrence.facts);
    let count = PEOPLE_MAX - 2 + dice.below(300);
    facts.people.attendees.extend((0..count).map(|_| {
        let mut guest = person(dice);
        if !dice.one_in(20) {
            let written = format!("guest{}@customer.com", dice.below(2 * PEOPLE_MAX));
            guest = Person { address: Some(address(&written)), written, ..guest };
        }
        guest
    }));
    asked.occurrence.facts = Arc::new(facts);
    asked
}

fn reason(dice: &mut Dice) -> UnknownReason {
    *dice.pick(UnknownReason::ALL)
}

fn fact<T>(dice: &mut Dice, make: impl FnOnce(&mut Dice) -> T) -> Fact<T> {
    if dice.one_in(8) { Fact::Unknown(reason(dice)) } else { Fact::Known(make(dice)) }
}

fn closed<T: Closed>(dice: &mut Dice) -> T {
    *dice.pick(T::ALL)
}

/// Mostly the first value, which is the usual one.
fn mostly_first<T: Closed>(dice: &mut Dice) -> T {
    if dice.one_in(6) { closed(dice) } else { T::ALL[0] }
}

fn text(dice: &mut Dice) -> Option<Text> {
    if dice.one_in(10) {
        return None;
    }
    let words = dice.some(0, 4, WORDS);
    let mut content = words.join(if dice.one_in(4) { "" } else { " " });
    if dice.one_in(20) {
        // Past the limit, so that it is cut; at a letter that combines with the next, now and then.
        let filler = if dice.one_in(2) { "ab " } else { "e\u{301}" };
        content.push_str(&filler.repeat(SHORT_TEXT_BYTES_MAX / filler.len() + dice.below(3)));
    }
    Some(Text::short(content))
}

fn person(dice: &mut Dice) -> Person {
    let written = if dice.one_in(12) { *dice.pick(UNREADABLE) } else { *dice.pick(PEOPLE) };
    let mut person = Person::at(written);
    person.response = fact(dice, closed);
    person.optional = fact(dice, |dice| dice.one_in(3));
    person.plus_guests = if dice.one_in(20) { dice.between(1, 3) as u32 } else { 0 };
    person.is_self = dice.one_in(15);
    person.non_participant = dice.one_in(25);
    person.kind = match dice.below(24) {
        0 => PersonKind::Group,
        1 => PersonKind::Room,
        2 => PersonKind::Resource,
        _ => PersonKind::Person,
    };
    person
}

fn people(dice: &mut Dice) -> People {
    let count = match dice.below(12) {
        0 => 0,
        1 => dice.between(8, 40),
        _ => dice.between(1, 6),
    };
    People {
        organizer: fact(dice, person),
        creator: fact(dice, person),
        attendees: (0..count).map(|_| person(dice)).collect(),
        incomplete: dice.maybe(8, reason),
    }
}

fn facts(dice: &mut Dice) -> Facts {
    Facts {
        title: fact(dice, text),
        description: fact(dice, text),
        location: fact(dice, text),
        calendar: fact(dice, text),
        people: people(dice),
        status: mostly_first::<Status>(dice),
        visibility: fact(dice, closed::<Visibility>),
        shows_as: fact(dice, closed::<ShowsAs>),
        kind: mostly_first::<EventKind>(dice),
        my_response: if dice.one_in(2) { Fact::Unknown(reason(dice)) } else { Fact::Known(closed::<Response>(dice)) },
        provider: closed::<Provider>(dice),
        source: closed::<SourceKind>(dice),
        link: if dice.one_in(15) { Fact::Unknown(reason(dice)) } else { Fact::Known(link(dice)) },
        draft: dice.one_in(30),
    }
}

fn link(dice: &mut Dice) -> Option<Link> {
    let url = "https://meet.example/abc".to_owned();
    let joinable = !dice.one_in(15);
    (!dice.one_in(15)).then(|| Link { conference: closed::<Conference>(dice), platform: "meet", id: "abc".into(), url, joinable })
}

fn series(dice: &mut Dice) -> SeriesFacts {
    match dice.below(5) {
        0 | 1 => SeriesFacts::NotRecurring,
        2 => SeriesFacts::Orphan(reason(dice)),
        _ => SeriesFacts::Of(Arc::new(SeriesSummary {
            pattern: fact(dice, |dice| (!dice.one_in(6)).then(|| pattern(dice))),
            times: fact(dice, |dice| dice.maybe(2, |dice| dice.between(1, 6) as u32)),
        })),
    }
}

fn pattern(dice: &mut Dice) -> Pattern {
    let freq = *dice.pick(&[Freq::Daily, Freq::Weekly, Freq::Weekly, Freq::Monthly, Freq::Yearly, Freq::Hourly]);
    Pattern { freq, interval: dice.between(1, 3) as u32, weekdays: fact(dice, |dice| WeekdaySet(dice.below(128) as u8)) }
}

fn occurrence(dice: &mut Dice) -> Occurrence {
    let (start, end) = if dice.one_in(15) { days(dice) } else { times(dice) };
    Occurrence {
        uid: "uid-1".into(),
        provider_id: None,
        recurrence_id: None,
        series: series(dice),
        start,
        end: if dice.one_in(12) { Fact::Unknown(reason(dice)) } else { Fact::Known(end) },
        first: fact(dice, |dice| dice.one_in(2)),
        moved: fact(dice, |dice| dice.one_in(2)),
        changed: fact(dice, |dice| dice.one_in(2)),
        sub_hourly: dice.one_in(40),
        revision: Revision::default(),
        facts: Arc::new(facts(dice)),
    }
}

/// A day that rules name, or any of forty years: clocks stand to each other in other ways over the year.
fn day(dice: &mut Dice) -> Date {
    if !dice.one_in(4) {
        return date(dice);
    }
    let days = i64::try_from(dice.below(40 * 366)).expect("small");
    Date::constant(2020, 1, 1).checked_add(Elapsed::from_hours(24 * days)).expect("in range")
}

fn days(dice: &mut Dice) -> (Moment, Moment) {
    let first = day(dice);
    let hours = 24 * dice.between(1, 3) as i64;
    (Moment::Day(first), Moment::Day(first.checked_add(Elapsed::from_hours(hours)).expect("in range")))
}

/// On the quarters of an hour, and now and then a second beside one, so that windows are met at their borders.
fn times(dice: &mut Dice) -> (Moment, Moment) {
    let zone = zone(dice);
    let zone = if dice.one_in(12) { zone.as_guess() } else { zone };
    let minutes = 15 * dice.below(4 * 24) as i64;
    let beside = if dice.one_in(6) { dice.below(3) as i64 - 1 } else { 0 };
    let midnight = zone.instant(day(dice).to_datetime(callsheet::time::ClockTime::midnight()));
    let at = midnight + Elapsed::from_mins(minutes) + Elapsed::from_secs(beside);
    let length = Elapsed::from_mins(15 * dice.between(0, 12) as i64);
    (Moment::Timed { at, zone: zone.clone() }, Moment::Timed { at: at + length, zone })
}

fn user(dice: &mut Dice) -> ConnectedUser {
    let addresses: &[&[&str]] = &[&[], &["me@acme.com"], &["me@acme.com", "me.too@acme.co.uk"], &["dana.k@acme.co.uk"]];
    ConnectedUser {
        addresses: dice.pick(addresses).iter().map(|text| address(text)).collect(),
        zone: dice.maybe(2, zone),
        bots: dice.maybe(4, |_| address("x@evilacme.com")).into_iter().collect(),
    }
}

fn overrides(dice: &mut Dice) -> Overrides {
    let word = |dice: &mut Dice| dice.maybe(8, |dice| *dice.pick(&[Override::Record, Override::Stop]));
    Overrides { occurrence: word(dice), series: word(dice) }
}

fn lists(dice: &mut Dice) -> ProvidedLists {
    let mut lists = ProvidedLists::default();
    for name in LIST_NAMES {
        if dice.one_in(3) {
            continue;
        }
        let list = ProvidedList {
            version: "1".into(),
            addresses: dice.some(0, 3, PEOPLE).into_iter().map(address).collect(),
            domains: dice.some(0, 2, DOMAINS).into_iter().map(domain).collect(),
            texts: dice.some(0, 3, WORDS).into_iter().map(fold).collect(),
            dates: (0..dice.below(4)).map(|_| date(dice)).collect(),
        };
        lists.insert(*name, list);
    }
    lists
}

//! What a good programmer writes by hand: a closure for each rule, each with its own regular expression or hash set.
//!
//! This is the *N* that all ratios refer to: nothing is shared between rules, and nothing is done twice within one.

use super::events::{Attendee, Event};
use super::rules::{Condition, Rule, Size, rules};
use super::vocabulary::{MANAGER, OWN_DOMAINS, THE_CUSTOMER};
use super::written::RULES_ZONE;
use callsheet::event::Freq;
use callsheet::time::{Instant, Zone};
use callsheet::value::{Provider, Response};
use memchr::memmem::Finder;
use regex::{Regex, RegexBuilder};
use rustc_hash::FxHashSet;
use std::sync::LazyLock;

static ZONE: LazyLock<Zone> = LazyLock::new(|| Zone::named(RULES_ZONE).expect("a zone of the database"));

/// An event with everything at hand that rules ask for.
#[derive(Clone, Debug)]
pub struct View<'e> {
    pub title: &'e str,
    pub title_lower: String,
    pub attendees: Vec<Guest<'e>>,
    /// Each domain once, in order of appearance: for peers that would have to take addresses apart.
    pub domains: Vec<&'e str>,
    pub organizer: &'e str,
    pub organizer_domain: &'e str,
    pub one_on_one: bool,
    pub weekly: bool,
    pub all_day: bool,
    pub duration_mins: u32,
    /// On the clock of the rules; none of a whole-day event.
    pub start_minute: Option<u32>,
    pub provider: Provider,
    pub my_response: Response,
}

/// Somebody who is invited, with the domain at hand.
#[derive(Clone, Copy, Debug)]
pub struct Guest<'e> {
    pub address: &'e str,
    pub domain: &'e str,
}

impl<'e> View<'e> {
    /// Looks at an event.
    pub fn of(event: &'e Event) -> Self {
        let mut domains: Vec<&str> = Vec::new();
        for attendee in &event.attendees {
            if !domains.contains(&attendee.domain()) {
                domains.push(attendee.domain());
            }
        }
        Self {
            title: &event.title,
            title_lower: event.title.to_lowercase(),
            attendees: event.attendees.iter().map(|who| Guest { address: &who.address, domain: who.domain() }).collect(),
            domains,
            organizer: &event.organizer().address,
            organizer_domain: event.organizer().domain(),
            one_on_one: event.attendees.iter().filter(|attendee| attendee.response != Response::Declined).count() == 2,
            weekly: event.repeats == Some(Freq::Weekly),
            all_day: event.all_day,
            duration_mins: event.duration_mins,
            start_minute: (!event.all_day).then(|| start_minute(event)),
            provider: event.provider,
            my_response: event.my_response,
        }
    }
}

/// The minute of the day that an event starts in, on the clock of the rules.
fn start_minute(event: &Event) -> u32 {
    let at = Instant::from_second(event.start_secs).expect("a start of these years");
    let time = ZONE.civil(at).time();
    u32::from(time.hour().unsigned_abs()) * 60 + u32::from(time.minute().unsigned_abs())
}

type Test = Box<dyn Fn(&View<'_>) -> bool + Send + Sync>;

/// Rules as closures.
pub struct Closures(Vec<Test>);

impl Closures {
    /// Compiles what the rules need.
    pub fn compile(rules: &[Rule]) -> Self {
        Self(rules.iter().map(|rule| closure(&rule.condition)).collect())
    }

    /// The first rule that matches.
    pub fn decide(&self, view: &View<'_>) -> Option<usize> {
        self.0.iter().position(|test| test(view))
    }
}

fn closure(condition: &Condition) -> Test {
    match condition {
        Condition::TitleMatches(pattern) => {
            let regex = regex(pattern);
            Box::new(move |view| regex.is_match(view.title))
        }
        Condition::TitleContains(texts) => {
            let finders: Vec<Finder<'static>> = texts.iter().map(|text| Finder::new(text).into_owned()).collect();
            Box::new(move |view| finders.iter().any(|finder| finder.find(view.title_lower.as_bytes()).is_some()))
        }
        Condition::AnyAttendeeFrom(domains) => {
            let domains = set(domains);
            Box::new(move |view| view.attendees.iter().any(|attendee| domains.contains(attendee.domain)))
        }
        Condition::EveryAttendeeFrom(domains) => {
            let domains = set(domains);
            Box::new(move |view| view.attendees.iter().all(|attendee| domains.contains(attendee.domain)))
        }
        Condition::EveryAttendeeInternal => {
            let domains = set(&OWN_DOMAINS.map(str::to_owned));
            Box::new(move |view| view.attendees.iter().all(|attendee| domains.contains(attendee.domain)))
        }
        Condition::AnyAttendeeIs(address) => {
            let address = address.clone();
            Box::new(move |view| view.attendees.iter().any(|attendee| attendee.address == address))
        }
        Condition::OrganizerIs(address) => {
            let address = address.clone();
            Box::new(move |view| view.organizer == address)
        }
        Condition::OrganizerFrom(domain) => {
            let domain = domain.clone();
            Box::new(move |view| view.organizer_domain == domain)
        }
        other => of_numbers(other).unwrap_or_else(|| of_others(other)),
    }
}

/// Conditions that compare a number or a word.
fn of_numbers(condition: &Condition) -> Option<Test> {
    Some(match *condition {
        Condition::AttendeesAtLeast(count) => Box::new(move |view| view.attendees.len() as u32 >= count),
        Condition::AttendeesAtMost(count) => Box::new(move |view| view.attendees.len() as u32 <= count),
        Condition::DurationAtLeast(minutes) => Box::new(move |view| view.duration_mins >= minutes),
        Condition::StartsBetween(from, to) => {
            Box::new(move |view| view.start_minute.is_some_and(|minute| (from..to).contains(&minute)))
        }
        Condition::RepeatsWeekly => Box::new(|view| view.weekly),
        Condition::MyResponseIs(response) => Box::new(move |view| view.my_response == response),
        Condition::ProviderIs(provider) => Box::new(move |view| view.provider == provider),
        Condition::OneOnOne => Box::new(|view| view.one_on_one),
        Condition::AllDay => Box::new(|view| view.all_day),
        _ => return None,
    })
}

/// Conditions made of others.
fn of_others(condition: &Condition) -> Test {
    let closures = |conditions: &[Condition]| -> Vec<Test> { conditions.iter().map(closure).collect() };
    match condition {
        Condition::All(conditions) => {
            let tests = closures(conditions);
            Box::new(move |view| tests.iter().all(|test| test(view)))
        }
        Condition::Any(conditions) => {
            let tests = closures(conditions);
            Box::new(move |view| tests.iter().any(|test| test(view)))
        }
        Condition::Not(condition) => {
            let test = closure(condition);
            Box::new(move |view| !test(view))
        }
        _ => unreachable!("every other condition is a closure of its own"),
    }
}

/// A pattern of the rules, built.
///
/// # Panics
/// Where it is none.
pub fn regex(pattern: &str) -> Regex {
    RegexBuilder::new(pattern).case_insensitive(true).build().expect("a pattern")
}

fn set(domains: &[String]) -> FxHashSet<String> {
    domains.iter().cloned().collect()
}

/// The five rules as five `if`s, on the event as it comes.
pub struct HandWritten {
    private: Regex,
}

impl HandWritten {
    /// Builds the one regular expression.
    pub fn new() -> Self {
        let private = rules(Size::S).into_iter().find_map(|rule| match rule.condition {
            Condition::TitleMatches(pattern) => Some(regex(&pattern)),
            _ => None,
        });
        Self { private: private.expect("a rule about titles") }
    }

    /// The first rule that matches.
    pub fn decide(&self, event: &Event) -> Option<usize> {
        if event.attendees.iter().any(|attendee| attendee.domain() == THE_CUSTOMER) {
            return Some(0);
        }
        if self.private.is_match(&event.title) {
            return Some(1);
        }
        let coming = || event.attendees.iter().filter(|attendee| attendee.response != Response::Declined).count();
        if event.attendees.iter().any(|attendee| attendee.address == MANAGER) && coming() == 2 {
            return Some(2);
        }
        if event.repeats == Some(Freq::Weekly) && event.attendees.len() >= 3 {
            return Some(3);
        }
        if event.attendees.iter().all(Attendee::is_internal) {
            return Some(4);
        }
        None
    }
}

//! The workload in callsheet's own forms: rules as text, events as occurrences.

use super::events::Event;
use super::rules::{Condition, Rule};
use super::vocabulary::{ME, OWN_DOMAINS};
use callsheet::engine::{CheckOptions, RuleSet, RuleText, check};
use callsheet::event::link::Link;
use callsheet::event::{
    Address, ConnectedUser, Facts, Freq, Occurrence, Pattern, People, Person, ProvidedLists, Question, Revision, SeriesFacts,
    SeriesSummary, Text,
};
use callsheet::syntax::Limits;
use callsheet::time::{Elapsed, Instant, Moment, WeekdaySet, Zone};
use callsheet::value::words::Verb;
use callsheet::value::{Closed, Conference, EventKind, Fact, Overrides, ShowsAs, SourceKind, Status, UnknownReason, Visibility};
use std::sync::Arc;

/// The zone of every clock that rules read.
pub const RULES_ZONE: &str = "Europe/London";

/// The rules as a file of callsheet's.
pub fn text(rules: &[Rule]) -> String {
    let domains: Vec<String> = OWN_DOMAINS.iter().map(|domain| format!("@{domain}")).collect();
    let head = format!(
        "callsheet 1\nlayer organisation\nour domains {}\ntimezone \"{RULES_ZONE}\"\ndefault skip\n\
         recordable {{ all_day: yes, declined: yes }}\n",
        domains.join(", ")
    );
    std::iter::once(head).chain(rules.iter().map(rule)).collect()
}

fn rule(rule: &Rule) -> String {
    let verb = match rule.verb {
        Verb::Record => "record",
        Verb::Skip => "skip",
    };
    format!("\nrule {}:\n  {verb}\n  when {}\n", rule.name, condition(&rule.condition))
}

fn condition(asked: &Condition) -> String {
    match asked {
        Condition::TitleMatches(pattern) => format!("title matches /{pattern}/i"),
        Condition::TitleContains(texts) => format!("title contains any of [{}]", listed(texts, |text| format!("\"{text}\""))),
        Condition::AnyAttendeeFrom(domains) => format!("any attendee from any of [{}]", listed(domains, at)),
        Condition::EveryAttendeeFrom(domains) => format!("every attendee from any of [{}]", listed(domains, at)),
        Condition::EveryAttendeeInternal => "every attendee is internal".to_owned(),
        Condition::AnyAttendeeIs(address) => format!("any attendee is {address}"),
        Condition::OrganizerIs(address) => format!("organizer is {address}"),
        Condition::OrganizerFrom(domain) => format!("organizer from @{domain}"),
        Condition::AttendeesAtLeast(count) => format!("attendees >= {count}"),
        Condition::AttendeesAtMost(count) => format!("attendees <= {count}"),
        Condition::DurationAtLeast(minutes) => format!("duration >= {minutes}m"),
        Condition::StartsBetween(from, to) => format!("starts between {} and {}", clock(*from), clock(*to)),
        Condition::RepeatsWeekly => "repeats weekly".to_owned(),
        Condition::MyResponseIs(response) => format!("my response is {}", response.word()),
        Condition::ProviderIs(provider) => format!("provider is {}", provider.word()),
        Condition::OneOnOne => "one-on-one".to_owned(),
        Condition::AllDay => "all-day".to_owned(),
        Condition::All(conditions) => format!("all of ({})", listed(conditions, condition)),
        Condition::Any(conditions) => format!("any of ({})", listed(conditions, condition)),
        Condition::Not(asked) => format!("not ({})", condition(asked)),
    }
}

fn listed<T>(all: &[T], write: impl Fn(&T) -> String) -> String {
    all.iter().map(write).collect::<Vec<_>>().join(", ")
}

fn at(domain: &String) -> String {
    format!("@{domain}")
}

fn clock(minute: u32) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// The rules, checked and compiled.
///
/// # Panics
/// Where they do not pass the check.
pub fn rule_set(rules: &[Rule]) -> RuleSet {
    compile(text(rules))
}

/// The text of rules, checked and compiled.
///
/// # Panics
/// Where they do not pass the check.
pub fn compile(text: String) -> RuleSet {
    let checked = check(&[RuleText { name: "workload.rules".to_owned(), text, layer: None }], &options());
    checked.rule_set.unwrap_or_else(|| panic!("rules without errors: {:#?}", checked.diagnostics))
}

/// An embedding program's own limits: those of the language end at 500 rules and 64 different regular expressions.
pub fn options() -> CheckOptions {
    const MANY: usize = 1 << 24;
    let limits = Limits {
        file_bytes: MANY,
        pieces: MANY,
        rules: 20_000,
        conditions: MANY,
        words: MANY,
        parts: MANY,
        list_items: MANY,
        regexes: MANY,
        ..Limits::default()
    };
    CheckOptions { limits, ..CheckOptions::default() }
}

/// What a decision depends on besides the occurrence.
#[derive(Debug)]
pub struct Asker {
    pub user: ConnectedUser,
    pub lists: ProvidedLists,
}

impl Asker {
    /// The user whose calendar it is.
    pub fn new() -> Self {
        let user = ConnectedUser { addresses: vec![address(ME)], zone: None, bots: Vec::new() };
        Self { user, lists: ProvidedLists::default() }
    }

    /// What is asked about an occurrence.
    pub fn question<'a>(&'a self, occurrence: &'a Occurrence) -> Question<'a> {
        Question { occurrence, user: &self.user, overrides: Overrides::default(), lists: &self.lists }
    }
}

/// The event as a converter would give it.
pub fn occurrence(event: &Event) -> Occurrence {
    let (start, end) = times(event);
    Occurrence {
        uid: event.link.clone(),
        provider_id: None,
        recurrence_id: event.repeats.map(|_| start.clone()),
        series: event.repeats.map_or(SeriesFacts::NotRecurring, |freq| series(freq, &start)),
        start,
        end: Fact::Known(end),
        first: Fact::Known(event.repeats.is_some()),
        moved: Fact::Known(false),
        changed: Fact::Known(false),
        sub_hourly: false,
        revision: Revision::default(),
        facts: Arc::new(facts(event)),
    }
}

/// When it begins and ends.
fn times(event: &Event) -> (Moment, Moment) {
    let at = Instant::from_second(event.start_secs).expect("a start of these years");
    let end = at + Elapsed::from_mins(i64::from(event.duration_mins));
    let zone = Zone::named(event.zone).expect("a zone of the database");
    if event.all_day {
        let utc = Zone::utc();
        return (Moment::Day(utc.civil(at).date()), Moment::Day(utc.civil(end).date()));
    }
    (Moment::Timed { at, zone: zone.clone() }, Moment::Timed { at: end, zone })
}

fn series(freq: Freq, start: &Moment) -> SeriesFacts {
    let weekdays = WeekdaySet::default().with(start.civil().date().weekday());
    let weekdays = if freq == Freq::Weekly { weekdays } else { WeekdaySet::default() };
    let pattern = Pattern { freq, interval: 1, weekdays: Fact::Known(weekdays) };
    SeriesFacts::Of(Arc::new(SeriesSummary { pattern: Fact::Known(Some(pattern)), times: Fact::Known(None) }))
}

fn facts(event: &Event) -> Facts {
    let attendees: Vec<Person> = event.attendees.iter().map(person).collect();
    let url = format!("https://meet.google.com/{}", event.link);
    Facts {
        title: Fact::Known(Some(Text::short(event.title.clone()))),
        description: Fact::Known(None),
        location: Fact::Known(None),
        calendar: Fact::Known(None),
        people: People {
            organizer: Fact::Known(attendees[0].clone()),
            creator: Fact::Unknown(UnknownReason::NotStated),
            attendees,
            incomplete: None,
        },
        status: Status::Confirmed,
        visibility: Fact::Known(Visibility::Default),
        shows_as: Fact::Known(ShowsAs::Busy),
        kind: EventKind::Default,
        my_response: Fact::Known(event.my_response),
        provider: event.provider,
        source: SourceKind::Api,
        link: Fact::Known(Some(Link {
            conference: Conference::Meet,
            platform: "meet",
            id: event.link.clone(),
            url,
            joinable: true,
        })),
        draft: false,
    }
}

fn person(attendee: &super::events::Attendee) -> Person {
    let mut person = Person::at(&attendee.address);
    person.response = Fact::Known(attendee.response);
    person.optional = Fact::Known(attendee.optional);
    person.is_self = attendee.address == ME;
    person
}

fn address(written: &str) -> Address {
    Address::parse(written).expect("a plain address")
}

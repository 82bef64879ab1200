//! What a condition read from an event, in words a person understands.
//!
//! The words stand behind the condition's own text (`any attendee in customers — pat@customer.com is, 4 others are not`), so
//! they need not repeat what was asked. Strangers' texts are escaped and cut; links, passwords in descriptions and whole
//! descriptions are never shown (`U11.9`).

use crate::builtins::people::{Member, Roster};
use crate::builtins::{Answer, Atom, Context, PersonCond, SetField, Tables};
use crate::event::{Freq, Pattern, Question, SeriesFacts, SeriesSummary, Text};
use crate::time::{Moment, WeekdaySet, Zone};
use crate::value::outline::ZoneRule;
use crate::value::words::{Edge, Flag, OccurrenceIs, PersonRole, Quantifier, TextField, WEEKDAYS};
use crate::value::{Closed, Conference, Fact, Reading, Response, SHOWN_CHARS_MAX, UnknownReason, quoted, shown};
use std::borrow::Cow;

/// Most people named in one sentence.
const NAMED_MAX: usize = 3;

/// What each of `atoms` read, in their order.
#[must_use]
pub fn read(atoms: &[Atom], tables: Tables<'_>, question: &Question<'_>) -> Vec<Reading> {
    let context = Context::new(question, tables);
    atoms.iter().map(|atom| context.read(atom)).collect()
}

impl Context<'_> {
    /// What a condition read, and why it is unknown where it is.
    #[must_use]
    pub fn read(&self, atom: &Atom) -> Reading {
        let mut unknown = Vec::new();
        if let Answer::Unknown(reason) = self.answer(atom) {
            unknown.push(reason);
        }
        let mut reading = Reading { words: String::new(), unknown };
        reading.words = match atom {
            Atom::Text { field, .. } | Atom::Matches { field, .. } => self.read_text(*field),
            Atom::Person { role, .. } => self.read_role(*role),
            Atom::People { quantifier, test } => self.read_people(*quantifier, test, &mut reading.unknown),
            Atom::Count(_) => count_words(self.roster()),
            Atom::Duration(_) => self.read_duration(),
            Atom::Clock { edge, zone, .. } | Atom::DateRule { edge, zone, .. } => self.read_clock(*edge, zone),
            Atom::Repeats(_) => series_words(&self.question.occurrence.series),
            Atom::Occurrence(asked) => self.read_occurrence(*asked),
            Atom::Is { set, .. } => self.read_closed(*set),
            Atom::Flag(flag) => self.read_flag(*flag),
        };
        reading
    }

    /// `title is "Catch-up"`
    fn read_text(&self, field: TextField) -> String {
        let facts = &self.question.occurrence.facts;
        let (name, text) = match field {
            TextField::Title => ("title", &facts.title),
            TextField::Description => ("description", &facts.description),
            TextField::Location => ("location", &facts.location),
            TextField::Calendar => ("calendar", &facts.calendar),
        };
        match text {
            Fact::Unknown(reason) => format!("{name} is unknown: {reason}"),
            Fact::Known(None) => format!("{name} is empty"),
            Fact::Known(Some(text)) if text.content.is_empty() => format!("{name} is empty"),
            // Descriptions hold dial-in numbers and passwords.
            Fact::Known(Some(text)) if field == TextField::Description => {
                format!(
                    "description has {}{}",
                    counted(text.content.chars().count() as u64, "character", "characters"),
                    cut(text)
                )
            }
            Fact::Known(Some(text)) => {
                format!("{name} is {}{}", quoted(&without_queries(&text.content), SHOWN_CHARS_MAX), cut(text))
            }
        }
    }

    /// `organizer is dana@acme.com`
    fn read_role(&self, role: PersonRole) -> String {
        let people = &self.question.occurrence.facts.people;
        let (name, person) = match role {
            PersonRole::Organizer => ("organizer", &people.organizer),
            PersonRole::Creator => ("creator", &people.creator),
        };
        match person {
            Fact::Known(person) => format!("{name} is {}", shown(&person.written, SHOWN_CHARS_MAX)),
            Fact::Unknown(reason) => format!("{name} is unknown: {reason}"),
        }
    }

    /// `pat@customer.com is, 4 others are not`: first those who settle the question.
    fn read_people(&self, quantifier: Quantifier, test: &PersonCond, unknown: &mut Vec<UnknownReason>) -> String {
        let roster = self.roster();
        let mut groups = Groups::default();
        for member in &roster.members {
            let answer = self.person(member, test);
            groups.add(member, answer);
            if let (Answer::Unknown(reason), false) = (answer, unknown.is_empty()) {
                push_once(unknown, reason);
            }
        }
        if !unknown.is_empty() {
            // Of several reasons the answer names one; a reader wants all of them.
            gaps(roster).for_each(|reason| push_once(unknown, reason));
        }
        let failing_first = quantifier == Quantifier::Every;
        let mut words = groups.words(&Verbs::of(test), failing_first);
        push_gaps(&mut words, roster);
        words
    }

    fn read_duration(&self) -> String {
        let occurrence = self.question.occurrence;
        match &occurrence.end {
            Fact::Unknown(reason) => format!("duration is unknown: {reason}"),
            Fact::Known(end) => match crate::builtins::dates::length(&occurrence.start, end) {
                Some(secs) => format!("lasts {}", duration_words(secs)),
                None => "duration is unknown".to_owned(),
            },
        }
    }

    /// `starts Mon 2026-03-02 10:00 Europe/London`
    fn read_clock(&self, edge: Edge, rule: &ZoneRule) -> String {
        let occurrence = self.question.occurrence;
        let (verb, moment) = match edge {
            Edge::Starts => ("starts", Fact::Known(&occurrence.start)),
            Edge::Ends => ("ends", occurrence.end.as_ref()),
        };
        match moment {
            Fact::Unknown(reason) => format!("{verb} at an unknown time: {reason}"),
            Fact::Known(Moment::Timed { at, zone }) => {
                let zone = self.reading_zone(rule, zone);
                let civil = zone.civil(*at);
                let (day, _) = WEEKDAYS[usize::from(civil.date().weekday().to_monday_zero_offset().unsigned_abs())];
                let (hour, minute) = (civil.hour(), civil.minute());
                let guess = if self.question.occurrence.start.is_guess() { ", as far as its zone can be guessed" } else { "" };
                let zone = shown(zone.name(), SHOWN_CHARS_MAX);
                format!("{verb} {} {} {hour:02}:{minute:02} {zone}{guess}", capital(day), civil.date())
            }
            Fact::Known(Moment::Day(_)) => match self.local_time(edge, rule) {
                Fact::Known(local) => {
                    let (day, _) = WEEKDAYS[usize::from(local.date.weekday().to_monday_zero_offset().unsigned_abs())];
                    format!("{verb} {} {}, all day", capital(day), local.date)
                }
                Fact::Unknown(reason) => format!("{verb} at an unknown time: {reason}"),
            },
        }
    }

    fn reading_zone(&self, rule: &ZoneRule, of_event: &Zone) -> Zone {
        match (rule, &self.question.user.zone) {
            (ZoneRule::Named(zone), _) | (ZoneRule::UserElseEvent, Some(zone)) => zone.clone(),
            (ZoneRule::UserElseEvent, None) => of_event.clone(),
        }
    }

    fn read_occurrence(&self, asked: OccurrenceIs) -> String {
        let occurrence = self.question.occurrence;
        if occurrence.series == SeriesFacts::NotRecurring {
            return "it does not repeat".to_owned();
        }
        let (fact, yes, no) = match asked {
            OccurrenceIs::First => (&occurrence.first, "it is the first of its series", "it is not the first of its series"),
            OccurrenceIs::Moved => (&occurrence.moved, "it was moved", "it was not moved"),
            OccurrenceIs::Changed => (&occurrence.changed, "it was changed on its own", "it was not changed on its own"),
        };
        match fact {
            Fact::Known(true) => yes.to_owned(),
            Fact::Known(false) => no.to_owned(),
            Fact::Unknown(reason) => format!("unknown: {reason}"),
        }
    }

    /// `visibility is private`
    fn read_closed(&self, set: SetField) -> String {
        let facts = &self.question.occurrence.facts;
        match set {
            SetField::MyResponse => fact_words("my response", &self.my_response()),
            SetField::Status => format!("status is {}", facts.status.word()),
            SetField::Visibility => fact_words("visibility", &facts.visibility),
            SetField::ShowsAs => fact_words("it shows as", &facts.shows_as).replace("it shows as is", "it shows as"),
            SetField::Kind => format!("kind is {}", facts.kind.word()),
            SetField::Provider => format!("provider is {}", facts.provider.word()),
            SetField::Conference => {
                let of_link = facts.link.as_ref().map(|link| link.as_ref().map_or(Conference::None, |link| link.conference));
                fact_words("conference", &of_link)
            }
            SetField::Source => format!("source is {}", facts.source.word()),
        }
    }

    fn read_flag(&self, flag: Flag) -> String {
        let occurrence = self.question.occurrence;
        match flag {
            Flag::AllDay if occurrence.start.is_day() => "it is all-day".to_owned(),
            Flag::AllDay => "it has clock times".to_owned(),
            Flag::HasLink => match &occurrence.facts.link {
                Fact::Known(Some(link)) => format!("it has a {} link", link.platform),
                Fact::Known(None) => "it has no meeting link".to_owned(),
                Fact::Unknown(reason) => format!("its link is unknown: {reason}"),
            },
            Flag::OneOnOne => {
                let mut words = count_words(self.roster());
                let declined = PersonCond::Response(Response::Declined);
                let coming = |member: &&Member<'_>| self.person(member, &declined) == Answer::True;
                let count = self.roster().members.iter().filter(coming).count() as u64;
                if count > 0 {
                    words.push_str(&format!(", {} declined", counted(count, "has", "have")));
                }
                words
            }
        }
    }
}

/// How the answers of people are told apart in words: one and several who pass, one and several who do not.
struct Verbs {
    passes: [&'static str; 2],
    fails: [&'static str; 2],
}

impl Verbs {
    fn of(test: &PersonCond) -> Self {
        match test {
            PersonCond::Response(Response::None) => Self { passes: ["has not", "have not"], fails: ["has", "have"] },
            PersonCond::Response(_) => Self { passes: ["did", "did"], fails: ["did not", "did not"] },
            PersonCond::All(_) | PersonCond::Any(_) | PersonCond::Not(_) => {
                Self { passes: ["fits", "fit"], fails: ["does not fit", "do not fit"] }
            }
            _ => Self { passes: ["is", "are"], fails: ["is not", "are not"] },
        }
    }
}

/// The visible people by their answer to a test.
#[derive(Default)]
struct Groups<'m, 'a> {
    pass: Vec<&'m Member<'a>>,
    fail: Vec<&'m Member<'a>>,
    open: Vec<&'m Member<'a>>,
    /// Why it cannot be told of the first of `open`.
    reason: Option<UnknownReason>,
}

impl<'m, 'a> Groups<'m, 'a> {
    fn add(&mut self, member: &'m Member<'a>, answer: Answer) {
        match answer {
            Answer::True => self.pass.push(member),
            Answer::False => self.fail.push(member),
            Answer::Unknown(reason) => {
                self.open.push(member);
                self.reason.get_or_insert(reason);
            }
        }
    }

    fn words(&self, verbs: &Verbs, failing_first: bool) -> String {
        let of = |people: &[&Member<'_>], verb: &[&'static str; 2], named: bool| {
            let verb = verb[usize::from(people.len() != 1)];
            if named { format!("{} {verb}", names(people)) } else { format!("{} {verb}", others(people.len())) }
        };
        let (first, second) = if failing_first {
            ((&self.fail, &verbs.fails), (&self.pass, &verbs.passes))
        } else {
            ((&self.pass, &verbs.passes), (&self.fail, &verbs.fails))
        };
        let mut parts = Vec::new();
        match (first.0.is_empty(), second.0.is_empty()) {
            (true, true) if self.open.is_empty() => parts.push("nobody is shown".to_owned()),
            (true, true) => {}
            (true, false) => parts.push(of(second.0, second.1, true)),
            (false, true) => parts.push(of(first.0, first.1, true)),
            (false, false) => parts.extend([of(first.0, first.1, true), of(second.0, second.1, false)]),
        }
        if let Some(reason) = self.reason {
            let of = if parts.is_empty() { "anybody".to_owned() } else { names(&self.open) };
            parts.push(format!("of {of} it cannot be told, since {reason}"));
        }
        parts.join(", ")
    }
}

/// `dana@acme.com, lee@acme.com and 2 others`
fn names(people: &[&Member<'_>]) -> String {
    let name = |member: &&Member<'_>| match member.addresses.first() {
        Some(address) => shown(address.as_str(), SHOWN_CHARS_MAX),
        None if member.is_me => "the connected user".to_owned(),
        None => "somebody with an unreadable address".to_owned(),
    };
    let rest = people.len().saturating_sub(NAMED_MAX);
    let mut named: Vec<String> = people.iter().take(NAMED_MAX).map(name).collect();
    if rest > 0 {
        named.push(others(rest));
    }
    match named.split_last() {
        Some((last, before)) if !before.is_empty() => format!("{} and {last}", before.join(", ")),
        _ => named.concat(),
    }
}

fn others(count: usize) -> String {
    counted(count as u64, "other", "others")
}

/// `at least 5 people, and the guest list is cut short`
fn count_words(roster: &Roster<'_>) -> String {
    let certain = roster.members.len() as u64 + roster.unnamed;
    let open = roster.open.is_some() || roster.organizer_hidden.is_some();
    let mut words = match (open, certain) {
        (true, 0) => "an unknown number of people".to_owned(),
        (true, _) => format!("at least {}", counted(certain, "person", "people")),
        (false, _) => counted(certain, "person", "people"),
    };
    push_gaps(&mut words, roster);
    words
}

/// Why there may be people who cannot be seen.
fn gaps(roster: &Roster<'_>) -> impl Iterator<Item = UnknownReason> {
    let unnamed = (roster.unnamed > 0).then_some(UnknownReason::PlusGuests);
    [roster.open, roster.organizer_hidden, unnamed].into_iter().flatten()
}

fn push_gaps(words: &mut String, roster: &Roster<'_>) {
    let mut said = Vec::new();
    for reason in gaps(roster) {
        if !said.contains(&reason) {
            words.push_str(if words.is_empty() { "" } else { ", and " });
            words.push_str(reason.words());
            said.push(reason);
        }
    }
}

/// `repeats weekly on mon, 10 times`
fn series_words(series: &SeriesFacts) -> String {
    match series {
        SeriesFacts::NotRecurring => "it does not repeat".to_owned(),
        SeriesFacts::Orphan(reason) => format!("it repeats, in an unknown way: {reason}"),
        SeriesFacts::Of(series) => summary_words(series),
    }
}

fn summary_words(series: &SeriesSummary) -> String {
    let mut words = match &series.pattern {
        Fact::Known(Some(pattern)) => format!("repeats {}", pattern_words(pattern)),
        Fact::Known(None) => "repeats on single dates".to_owned(),
        Fact::Unknown(reason) => format!("repeats in an unknown way: {reason}"),
    };
    match &series.times {
        Fact::Known(Some(times)) => words.push_str(&format!(", {}", counted(u64::from(*times), "time", "times"))),
        Fact::Known(None) => words.push_str(", forever"),
        Fact::Unknown(reason) if series.pattern.unknown() == Some(*reason) => {}
        Fact::Unknown(reason) => words.push_str(&format!(", an unknown number of times: {reason}")),
    }
    words
}

/// `every 2 weeks on mon, wed`
fn pattern_words(pattern: &Pattern) -> String {
    let (once, many) = match pattern.freq {
        Freq::Secondly => ("every second", "seconds"),
        Freq::Minutely => ("every minute", "minutes"),
        Freq::Hourly => ("hourly", "hours"),
        Freq::Daily => ("daily", "days"),
        Freq::Weekly => ("weekly", "weeks"),
        Freq::Monthly => ("monthly", "months"),
        Freq::Yearly => ("yearly", "years"),
    };
    let mut words = if pattern.interval <= 1 { once.to_owned() } else { format!("every {} {many}", pattern.interval) };
    match &pattern.weekdays {
        Fact::Known(days) if *days != WeekdaySet::default() => words.push_str(&format!(" on {}", days_words(*days))),
        Fact::Known(_) => {}
        Fact::Unknown(reason) => words.push_str(&format!(" on unknown days ({reason})")),
    }
    words
}

fn days_words(days: WeekdaySet) -> String {
    WEEKDAYS.iter().filter(|(_, day)| days.contains(*day)).map(|(word, _)| *word).collect::<Vec<_>>().join(", ")
}

fn fact_words<T: Closed>(name: &str, fact: &Fact<T>) -> String {
    match fact {
        Fact::Known(value) => format!("{name} is {}", value.word()),
        Fact::Unknown(reason) => format!("{name} is unknown: {reason}"),
    }
}

/// `1 hour 30 minutes`
fn duration_words(secs: u64) -> String {
    let parts = [(secs / 86_400, "day"), (secs / 3_600 % 24, "hour"), (secs / 60 % 60, "minute"), (secs % 60, "second")];
    let named: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| counted(*count, unit, &format!("{unit}s"))).collect();
    if named.is_empty() { "no time".to_owned() } else { named.join(" ") }
}

fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

/// `text` with the queries of its links left out, where join links carry their passwords.
fn without_queries(text: &str) -> Cow<'_, str> {
    if !text.contains("://") {
        return Cow::Borrowed(text);
    }
    let word = |word: &str| {
        let end = word.find("://").and_then(|scheme| word[scheme..].find(['?', '#']).map(|query| scheme + query + 1));
        end.map_or_else(|| word.to_owned(), |end| format!("{}…", &word[..end]))
    };
    Cow::Owned(text.split(' ').map(word).collect::<Vec<_>>().join(" "))
}

fn cut(text: &Text) -> &'static str {
    if text.cut { ", cut at its limit" } else { "" }
}

fn capital(word: &str) -> String {
    let mut rest = word.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

fn push_once(reasons: &mut Vec<UnknownReason>, reason: UnknownReason) {
    if !reasons.contains(&reason) {
        reasons.push(reason);
    }
}

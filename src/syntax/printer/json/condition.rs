//! Conditions and tests of people as JSON.

use super::layout::Doc;
use super::{Members, around, items, length, name, texts};
use crate::syntax::ast::*;
use crate::syntax::literal::clock;
use crate::time::{Date, WeekdaySet};
use crate::value::Closed;

/// The whole condition of a clause; the clause's comments stand in it.
pub fn clause(condition: &Condition, trivia: &Trivia) -> Doc {
    let mut both = trivia.clone();
    both.before.extend(condition.trivia.before.clone());
    if both.end.is_none() {
        both.end = condition.trivia.end.clone();
    } else {
        both.before.extend(condition.trivia.end.clone());
    }
    around(question(&condition.kind), &both)
}

fn condition(condition: &Condition) -> Doc {
    around(question(&condition.kind), &condition.trivia)
}

fn question(kind: &ConditionKind) -> Vec<(String, Doc)> {
    let (key, value) = match kind {
        ConditionKind::All(elements) => ("all", Doc::Array(elements.iter().map(condition).collect())),
        ConditionKind::Any(elements) => ("any", Doc::Array(elements.iter().map(condition).collect())),
        ConditionKind::None(elements) => ("none", Doc::Array(elements.iter().map(condition).collect())),
        ConditionKind::Not(inner) => ("not", condition(inner)),
        ConditionKind::Surely(inner) => ("surely", condition(inner)),
        ConditionKind::Possibly(inner) => ("possibly", condition(inner)),
        ConditionKind::Use(definition) => ("use", name(definition)),
        ConditionKind::Text { field, op, operand } => {
            (text_field(*field), Doc::pair(text_op(*op), self::operand(operand, |text| Doc::text(text))))
        }
        ConditionKind::Matches { field, pattern, flags } => (text_field(*field), matches(pattern, flags)),
        ConditionKind::Person { role: PersonRole::Organizer, test } => ("organizer", person_test(test)),
        ConditionKind::Person { role: PersonRole::Creator, test } => ("creator", person_test(test)),
        ConditionKind::Attendees { quantifier, test } => ("attendees", attendees(*quantifier, test)),
        ConditionKind::Count(comparison) => ("count", self::comparison(*comparison, Doc::number)),
        ConditionKind::Duration(comparison) => ("duration", self::comparison(*comparison, length)),
        ConditionKind::Clock { edge, window, on, zone } => {
            let mut members = Members::default();
            if let Some(window) = window {
                push_window(&mut members, *window);
            }
            if let Some(on) = on {
                members.push("on", days(on));
            }
            push_zone(&mut members, zone);
            (self::edge(*edge), Doc::Object(members.0))
        }
        ConditionKind::DateRule { edge, rule, counting_from, zone } => {
            let mut members = Members::default();
            members.push("rrule", name(rule));
            if let Some(from) = counting_from {
                members.push("counting_from", Doc::text(&from.to_string()));
            }
            push_zone(&mut members, zone);
            (self::edge(*edge), Doc::Object(members.0))
        }
        ConditionKind::Repeats(repeats) => ("repeats", self::repeats(repeats)),
        ConditionKind::Occurrence(is) => ("occurrence", Doc::text(occurrence(*is))),
        ConditionKind::Is(set) => closed_set(set),
        ConditionKind::Flag(flag) => ("flag", Doc::text(self::flag(*flag))),
        ConditionKind::Error => return Vec::new(),
    };
    vec![(key.to_owned(), value)]
}

fn matches(pattern: &Located<String>, flags: &str) -> Doc {
    let mut members = Members::default();
    members.push("matches", name(pattern));
    if !flags.is_empty() {
        members.push("flags", Doc::text(flags));
    }
    Doc::Object(members.0)
}

fn text_field(field: TextField) -> &'static str {
    match field {
        TextField::Title => "title",
        TextField::Description => "description",
        TextField::Location => "location",
        TextField::Calendar => "calendar",
    }
}

fn text_op(op: TextOp) -> &'static str {
    match op {
        TextOp::Is => "is",
        TextOp::Contains => "contains",
        TextOp::StartsWith => "starts_with",
        TextOp::EndsWith => "ends_with",
    }
}

fn edge(edge: Edge) -> &'static str {
    match edge {
        Edge::Starts => "starts",
        Edge::Ends => "ends",
    }
}

pub fn occurrence(is: OccurrenceIs) -> &'static str {
    match is {
        OccurrenceIs::First => "first",
        OccurrenceIs::Moved => "moved",
        OccurrenceIs::Changed => "changed",
    }
}

fn flag(flag: Flag) -> &'static str {
    match flag {
        Flag::OneOnOne => "one_on_one",
        Flag::AllDay => "all_day",
        Flag::HasLink => "has_link",
    }
}

fn operand<T>(operand: &Operand<T>, print: impl Fn(&T) -> Doc) -> Doc {
    match operand {
        Operand::One(one) => print(&one.value),
        Operand::Several(several) => items(several, print),
        Operand::List(list) => Doc::pair("list", name(list)),
    }
}

fn comparison(comparison: Comparison, print: impl Fn(u64) -> Doc) -> Doc {
    let (key, operand) = match comparison {
        Comparison::Eq(operand) => ("eq", print(operand)),
        Comparison::Ne(operand) => ("ne", print(operand)),
        Comparison::Lt(operand) => ("lt", print(operand)),
        Comparison::Le(operand) => ("le", print(operand)),
        Comparison::Gt(operand) => ("gt", print(operand)),
        Comparison::Ge(operand) => ("ge", print(operand)),
        Comparison::Between(from, to) => ("between", Doc::Array(vec![print(from), print(to)])),
    };
    Doc::pair(key, operand)
}

fn push_window(members: &mut Members, window: ClockWindow) {
    let time = |minute| Doc::text(&clock(minute));
    match window {
        ClockWindow::Before(minute) => members.push("before", time(minute)),
        ClockWindow::After(minute) => members.push("after", time(minute)),
        ClockWindow::At(minute) => members.push("at", time(minute)),
        ClockWindow::Between { from, to, overnight } => {
            members.push("between", Doc::Array(vec![time(from), time(to)]));
            if overnight {
                members.push("overnight", Doc::flag(true));
            }
        }
    }
}

fn push_zone(members: &mut Members, zone: &Option<Located<String>>) {
    if let Some(zone) = zone {
        members.push("in", name(zone));
    }
}

fn days(days: &Days) -> Doc {
    match days {
        Days::Weekdays(days) => weekdays(*days),
        Days::Dates(dates) => operand(dates, |date: &Date| Doc::text(&date.to_string())),
    }
}

fn weekdays(days: WeekdaySet) -> Doc {
    let words = WEEKDAYS.iter().filter(|(_, day)| days.contains(*day)).map(|(word, _)| Doc::text(word));
    Doc::Array(words.collect())
}

fn repeats(repeats: &Repeats) -> Doc {
    if *repeats == Repeats::default() {
        return Doc::flag(true);
    }
    let mut members = Members::default();
    match repeats.rate {
        Some(Rate::Freq(cycle)) => members.push("freq", Doc::text(cycle_words(cycle).0)),
        Some(Rate::Every(interval, cycle)) => {
            members.push("every", Doc::number(interval));
            members.push("unit", Doc::text(cycle_words(cycle).1));
        }
        None => {}
    }
    if let Some(on) = repeats.on {
        members.push("on", weekdays(on));
    }
    if let Some(times) = repeats.at_least {
        members.push("at_least", Doc::number(times));
    }
    if let Some(times) = repeats.at_most {
        members.push("at_most", Doc::number(times));
    }
    if repeats.forever {
        members.push("forever", Doc::flag(true));
    }
    Doc::Object(members.0)
}

/// As a frequency, and as what an interval counts.
fn cycle_words(cycle: Cycle) -> (&'static str, &'static str) {
    match cycle {
        Cycle::Daily => ("daily", "days"),
        Cycle::Weekly => ("weekly", "weeks"),
        Cycle::Monthly => ("monthly", "months"),
        Cycle::Yearly => ("yearly", "years"),
    }
}

fn closed_set(set: &ClosedSet) -> (&'static str, Doc) {
    fn words<T: Closed>(values: &[T]) -> Doc {
        Doc::Array(values.iter().map(|value| Doc::text(value.word())).collect())
    }
    match set {
        ClosedSet::MyResponse(values) => ("my_response", words(values)),
        ClosedSet::Status(values) => ("status", words(values)),
        ClosedSet::Visibility(values) => ("visibility", words(values)),
        ClosedSet::ShowsAs(values) => ("shows_as", words(values)),
        ClosedSet::Kind(values) => ("kind", words(values)),
        ClosedSet::Provider(values) => ("provider", words(values)),
        ClosedSet::Conference(values) => ("conference", words(values)),
        ClosedSet::Source(values) => ("source", words(values)),
    }
}

fn attendees(quantifier: Quantifier, test: &PersonTest) -> Doc {
    let test = person_test(test);
    let counted =
        |key: &str, count: u32| Doc::Object(vec![(key.to_owned(), Doc::number(count)), ("who".to_owned(), test.clone())]);
    match quantifier {
        Quantifier::Any => Doc::pair("any", test),
        Quantifier::Every => Doc::pair("every", test),
        Quantifier::No => Doc::pair("no", test),
        Quantifier::AtLeast(count) => counted("at_least", count),
        Quantifier::AtMost(count) => counted("at_most", count),
        Quantifier::Exactly(count) => counted("exactly", count),
    }
}

fn person_test(test: &PersonTest) -> Doc {
    let tests = |tests: &[PersonTest]| Doc::Array(tests.iter().map(person_test).collect());
    let (key, value) = match &test.kind {
        PersonTestKind::Is(person) => ("is", self::person(person)),
        PersonTestKind::In(list) => ("in", Doc::pair("list", name(list))),
        PersonTestKind::From(Operand::One(domain)) => ("from", Doc::Array(vec![name(domain)])),
        PersonTestKind::From(Operand::Several(domains)) => ("from", texts(domains)),
        PersonTestKind::From(Operand::List(list)) => ("from", Doc::pair("list", name(list))),
        PersonTestKind::Response(response) => ("response", Doc::text(response.word())),
        PersonTestKind::Optional => ("optional", Doc::flag(true)),
        PersonTestKind::All(inner) => ("all", tests(inner)),
        PersonTestKind::Any(inner) => ("any", tests(inner)),
        PersonTestKind::None(inner) => ("none", tests(inner)),
        PersonTestKind::Not(inner) => ("not", person_test(inner)),
        PersonTestKind::Error => return around(Vec::new(), &test.trivia),
    };
    around(vec![(key.to_owned(), value)], &test.trivia)
}

fn person(person: &PersonRef) -> Doc {
    match person {
        PersonRef::Me => Doc::text("me"),
        PersonRef::Internal => Doc::text("internal"),
        PersonRef::External => Doc::text("external"),
        PersonRef::Organizer => Doc::text("organizer"),
        PersonRef::Name(person) => Doc::pair("person", name(person)),
        PersonRef::Address(address) => Doc::pair("address", name(address)),
    }
}

//! Conditions as clauses: `the title contains "demo" and it is not a one-on-one`.

use super::times::{self, days, zone};
use super::{Surroundings, TEXT_CHARS_MAX, name, people, some};
use crate::syntax::ast::{
    ClosedSet, Condition, ConditionKind, Flag, Located, OccurrenceIs, Operand, PersonRole, Quantifier, Rate, Repeats, TextField,
    TextOp,
};
use crate::value::phrases::duration;
use crate::value::words::{Comparison, Cycle};
use crate::value::{Closed, quoted, shown};

/// Whether an atomic condition is told as it stands, or under `not`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sense {
    Plain,
    Not,
}

/// A condition around which nothing binds.
pub(super) fn whole(condition: &Condition, around: Surroundings<'_>) -> String {
    match &condition.kind {
        ConditionKind::All(parts) if parts.len() > 1 => chain(parts, " and ", around),
        ConditionKind::Any(parts) if parts.len() > 1 => chain(parts, " or ", around),
        kind => part(kind, around),
    }
}

fn chain(parts: &[Condition], connective: &str, around: Surroundings<'_>) -> String {
    parts.iter().map(|condition| part(&condition.kind, around)).collect::<Vec<_>>().join(connective)
}

/// A condition as a part of a larger one: groups stand in parentheses.
fn part(kind: &ConditionKind, around: Surroundings<'_>) -> String {
    match kind {
        ConditionKind::All(parts) if parts.len() > 1 => format!("({})", chain(parts, " and ", around)),
        ConditionKind::Any(parts) if parts.len() > 1 => format!("({})", chain(parts, " or ", around)),
        ConditionKind::All(parts) => format!("all of this holds: ({})", listed(parts, around)),
        ConditionKind::Any(parts) => format!("any of this holds: ({})", listed(parts, around)),
        ConditionKind::None(parts) => format!("none of this holds: ({})", listed(parts, around)),
        ConditionKind::Not(inner) => {
            atom(&inner.kind, Sense::Not, around).unwrap_or_else(|| format!("it is not so that ({})", whole(inner, around)))
        }
        ConditionKind::Surely(inner) => format!("it is certain that ({})", whole(inner, around)),
        ConditionKind::Possibly(inner) => format!("it is certain or unknown that ({})", whole(inner, around)),
        _ => atom(kind, Sense::Plain, around).unwrap_or_else(|| "… (this part could not be read)".to_owned()),
    }
}

fn listed(parts: &[Condition], around: Surroundings<'_>) -> String {
    parts.iter().map(|condition| whole(condition, around)).collect::<Vec<_>>().join("; ")
}

/// A condition that has no conditions in it; `None` where it has, or where its denial has no words of its own.
fn atom(kind: &ConditionKind, sense: Sense, around: Surroundings<'_>) -> Option<String> {
    let plain = sense == Sense::Plain;
    let verb = |does: &'static str, does_not: &'static str| if plain { does } else { does_not };
    Some(match kind {
        ConditionKind::Use(definition) => format!("{} {}", name(&definition.value), verb("holds", "does not hold")),
        ConditionKind::Text { field, op, operand } => text(*field, *op, operand, sense),
        ConditionKind::Matches { field, pattern, flags } => {
            let matches = verb("matches", "does not match");
            format!("{} {matches} /{}/{flags}", field_words(*field), shown(&pattern.value, TEXT_CHARS_MAX))
        }
        ConditionKind::Person { role, test } => {
            let role = match role {
                PersonRole::Organizer => "the organizer",
                PersonRole::Creator => "whoever made the entry",
            };
            match sense {
                Sense::Plain => format!("{role} {}", people::clause(test, people::Number::One)),
                Sense::Not => return None,
            }
        }
        ConditionKind::Is(set) => closed(set, sense),
        ConditionKind::Flag(flag) => match flag {
            Flag::OneOnOne => verb("it is a one-on-one", "it is not a one-on-one"),
            Flag::AllDay => verb("it is all-day", "it is not all-day"),
            Flag::HasLink => verb("it has a meeting link", "it has no meeting link"),
        }
        .to_owned(),
        ConditionKind::Occurrence(is) => match is {
            OccurrenceIs::First => verb("it is the first of its series", "it is not the first of its series"),
            OccurrenceIs::Moved => verb("it was moved within its series", "it was not moved within its series"),
            OccurrenceIs::Changed => verb("it was changed on its own", "it was not changed on its own"),
        }
        .to_owned(),
        ConditionKind::Repeats(how) => format!("{}{}", verb("it repeats", "it does not repeat"), repeats(how)),
        _ if !plain => return None,
        ConditionKind::Attendees { quantifier, test } => attendees(*quantifier, test),
        ConditionKind::Count(comparison) => count(*comparison),
        ConditionKind::Duration(comparison) => format!("it lasts {}", lasting(*comparison)),
        ConditionKind::Clock { edge, window, on, zone: named } => {
            let window = window.map(times::window).unwrap_or_default();
            let on = on.as_ref().map(days).unwrap_or_default();
            format!("it {}{window}{on} {}", times::edge(*edge), zone(named.as_ref(), around))
        }
        ConditionKind::DateRule { edge, rule, counting_from, zone: named } => {
            let rule = quoted(&rule.value, TEXT_CHARS_MAX);
            let counting = counting_from.map(|date| format!(" counting from {date}")).unwrap_or_default();
            format!("it {} on a day of the rule {rule}{counting} {}", times::edge(*edge), zone(named.as_ref(), around))
        }
        _ => return None,
    })
}

fn field_words(field: TextField) -> &'static str {
    match field {
        TextField::Title => "the title",
        TextField::Description => "the description",
        TextField::Location => "the location",
        TextField::Calendar => "the calendar's name",
    }
}

fn text(field: TextField, op: TextOp, operand: &Operand<String>, sense: Sense) -> String {
    let op = match (op, sense) {
        (TextOp::Is, Sense::Plain) => "is",
        (TextOp::Is, Sense::Not) => "is not",
        (TextOp::Contains, Sense::Plain) => "contains",
        (TextOp::Contains, Sense::Not) => "does not contain",
        (TextOp::StartsWith, Sense::Plain) => "starts with",
        (TextOp::StartsWith, Sense::Not) => "does not start with",
        (TextOp::EndsWith, Sense::Plain) => "ends with",
        (TextOp::EndsWith, Sense::Not) => "does not end with",
    };
    let operand = match operand {
        Operand::One(text) => quoted(&text.value, TEXT_CHARS_MAX),
        Operand::Several(items) => {
            format!("any of {}", some(items.iter().map(|item| quoted(&item.value, TEXT_CHARS_MAX))))
        }
        Operand::List(list) => format!("any text of the list {}", name(&list.value)),
    };
    format!("{} {op} {operand}", field_words(field))
}

fn attendees(quantifier: Quantifier, test: &crate::syntax::ast::PersonTest) -> String {
    let (who, number) = match quantifier {
        Quantifier::Any => ("at least one attendee".to_owned(), people::Number::One),
        Quantifier::Every => ("each attendee".to_owned(), people::Number::One),
        Quantifier::No => ("no attendee".to_owned(), people::Number::One),
        Quantifier::AtLeast(count) => counted("at least", count.into()),
        Quantifier::AtMost(count) => counted("at most", count.into()),
        Quantifier::Exactly(count) => counted("exactly", count.into()),
    };
    format!("{who} {}", people::clause(test, number))
}

fn counted(words: &str, count: u64) -> (String, people::Number) {
    match count {
        1 => (format!("{words} 1 attendee"), people::Number::One),
        _ => (format!("{words} {count} attendees"), people::Number::Many),
    }
}

fn count(comparison: Comparison) -> String {
    let (words, count) = match comparison {
        Comparison::Eq(count) => ("exactly", count),
        Comparison::Ne(count) => ("not exactly", count),
        Comparison::Lt(count) => ("fewer than", count),
        Comparison::Le(count) => ("at most", count),
        Comparison::Gt(count) => ("more than", count),
        Comparison::Ge(count) => ("at least", count),
        Comparison::Between(from, to) => return format!("there are {from} to {to} attendees"),
    };
    let (who, number) = counted(words, count);
    format!("there {} {who}", if number == people::Number::One { "is" } else { "are" })
}

fn lasting(comparison: Comparison) -> String {
    match comparison {
        Comparison::Eq(secs) => format!("exactly {}", duration(secs)),
        Comparison::Ne(secs) => format!("longer or shorter than {}", duration(secs)),
        Comparison::Lt(secs) => format!("less than {}", duration(secs)),
        Comparison::Le(secs) => format!("at most {}", duration(secs)),
        Comparison::Gt(secs) => format!("more than {}", duration(secs)),
        Comparison::Ge(secs) => format!("at least {}", duration(secs)),
        Comparison::Between(from, to) => format!("from {} to {}", duration(from), duration(to)),
    }
}

/// With a space before it, where it says anything.
fn repeats(how: &Repeats) -> String {
    let unit = |cycle: Cycle| ["day", "week", "month", "year"][cycle as usize];
    let mut out = match how.rate {
        None => String::new(),
        Some(Rate::Freq(cycle)) => format!(" {}", ["daily", "weekly", "monthly", "yearly"][cycle as usize]),
        Some(Rate::Every(1, cycle)) => format!(" every single {}", unit(cycle)),
        Some(Rate::Every(number, cycle)) => format!(" every {number} {}s", unit(cycle)),
    };
    if let Some(on) = how.on {
        out.push_str(&times::each_weekday(on));
    }
    let times = |number: u32| if number == 1 { "1 time".to_owned() } else { format!("{number} times") };
    match (how.at_least, how.at_most) {
        (None, None) => {}
        (Some(least), None) => out.push_str(&format!(" at least {}", times(least))),
        (None, Some(most)) => out.push_str(&format!(" at most {}", times(most))),
        (Some(least), Some(most)) => out.push_str(&format!(" at least {} but at most {}", times(least), times(most))),
    }
    if how.forever { out + " forever" } else { out }
}

fn closed(set: &ClosedSet, sense: Sense) -> String {
    fn asked<T: Closed>(subject: &str, verbs: [&str; 2], values: &[T], sense: Sense) -> String {
        let verb = verbs[usize::from(sense == Sense::Not)];
        match values {
            [value] => format!("{subject} {verb} {}", value.word()),
            _ => format!("{subject} {verb} any of {}", values.iter().map(|value| value.word()).collect::<Vec<_>>().join(", ")),
        }
    }
    const IS: [&str; 2] = ["is", "is not"];
    match set {
        ClosedSet::MyResponse(values) => asked("the connected user's answer", IS, values, sense),
        ClosedSet::Status(values) => asked("its status", IS, values, sense),
        ClosedSet::Visibility(values) => asked("its visibility", IS, values, sense),
        ClosedSet::ShowsAs(values) => asked("it", ["shows as", "does not show as"], values, sense),
        ClosedSet::Kind(values) => asked("its kind", IS, values, sense),
        ClosedSet::Provider(values) => asked("its calendar provider", IS, values, sense),
        ClosedSet::Conference(values) => asked("its meeting service", IS, values, sense),
        ClosedSet::Source(values) => asked("its source", IS, values, sense),
    }
}

/// The zone of a condition as its author named it.
pub(super) type NamedZone<'a> = Option<&'a Located<String>>;

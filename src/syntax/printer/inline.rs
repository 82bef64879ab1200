//! Everything on one line, without comments: what explanations cite, and what a line holds when it fits.

use crate::syntax::ast::*;
use crate::syntax::literal::{clock, duration, quote};
use crate::syntax::text::{is_address, is_word};
use crate::time::Date;
use crate::value::{Closed, Response};

/// Around what a condition stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    /// A clause, brackets, a comma: nothing that binds.
    Nothing,
    /// `and`, `or` or `not`.
    Operator,
}

/// A condition on one line, with no more parentheses than its tree needs.
///
/// ```
/// use callsheet::source::SourceId;
/// use callsheet::syntax::{Limits, parse, printer};
/// let rules = "define busy = all of (all-day, any of (has link, none of (one-on-one,)))";
/// let (file, _) = parse(SourceId(0), rules, &Limits::default());
/// let text = printer::condition(&file.definitions[0].value.condition);
/// assert_eq!(text, "all-day and (has link or none of (one-on-one))");
/// ```
#[must_use]
pub fn condition(condition: &Condition) -> String {
    kind(&condition.kind, Around::Nothing)
}

/// A test of a person on one line, as it stands after `any attendee`.
#[must_use]
pub fn person_test(test: &PersonTest) -> String {
    match &test.kind {
        PersonTestKind::Not(_) => format!("({})", test_kind(&test.kind, Around::Nothing)),
        _ => test_kind(&test.kind, Around::Operator),
    }
}

/// `when … unless …` of a rule on one line; empty where the rule has neither.
#[must_use]
pub fn rule_condition(rule: &Rule) -> String {
    let clause = |word: &str, clause: &Option<Commented<Condition>>| {
        clause.as_ref().map(|clause| format!("{word} {}", condition(&clause.value)))
    };
    let clauses: Vec<String> = [clause("when", &rule.when), clause("unless", &rule.unless)].into_iter().flatten().collect();
    clauses.join(" ")
}

fn kind(kind: &ConditionKind, around: Around) -> String {
    match kind {
        ConditionKind::All(elements) => chain("and", "all", elements.iter().map(|element| &element.kind), around, self::kind),
        ConditionKind::Any(elements) => chain("or", "any", elements.iter().map(|element| &element.kind), around, self::kind),
        ConditionKind::None(elements) => {
            let elements: Vec<String> = elements.iter().map(condition).collect();
            format!("none of ({})", elements.join(", "))
        }
        ConditionKind::Not(operand) => format!("not {}", self::kind(&operand.kind, Around::Operator)),
        ConditionKind::Surely(operand) => format!("surely ({})", condition(operand)),
        ConditionKind::Possibly(operand) => format!("possibly ({})", condition(operand)),
        ConditionKind::Text { operand: Operand::Several(items), .. } => {
            format!("{}{}", head(kind), list(items, |text| quote(text)))
        }
        ConditionKind::Clock { on: Some(Days::Dates(Operand::Several(dates))), .. } => {
            format!("{}{}{}", head(kind), list(dates, Date::to_string), tail(kind))
        }
        ConditionKind::Person { test, .. } | ConditionKind::Attendees { test, .. } => {
            format!("{}{}", head(kind), person_test(test))
        }
        _ => head(kind),
    }
}

/// `a and b`, in parentheses where something binds around it; `all of (a)` where the chain has fewer than two elements.
fn chain<'a, T: 'a>(
    connective: &str,
    word: &str,
    elements: impl ExactSizeIterator<Item = &'a T>,
    around: Around,
    each: impl Fn(&'a T, Around) -> String,
) -> String {
    let short = elements.len() < 2;
    let inner = if short { Around::Nothing } else { Around::Operator };
    let elements: Vec<String> = elements.map(|element| each(element, inner)).collect();
    if short {
        return format!("{word} of ({})", elements.join(", "));
    }
    let chain = elements.join(&format!(" {connective} "));
    if around == Around::Operator { format!("({chain})") } else { chain }
}

/// A condition up to its bracket, if it has one that can be broken; else the whole of it.
pub(super) fn head(kind: &ConditionKind) -> String {
    match kind {
        ConditionKind::Use(name) => name.value.clone(),
        ConditionKind::Text { field, op, operand } => {
            let head = format!("{} {} ", text_field(*field), text_op(*op));
            match operand {
                Operand::One(text) => head + &quote(&text.value),
                Operand::Several(_) => head + "any of ",
                Operand::List(name) => format!("{head}any of {}", name.value),
            }
        }
        ConditionKind::Matches { field, pattern, flags } => {
            format!("{} matches /{}/{flags}", text_field(*field), pattern.value.replace('/', "\\/"))
        }
        ConditionKind::Person { role: PersonRole::Organizer, .. } => "organizer ".to_owned(),
        ConditionKind::Person { role: PersonRole::Creator, .. } => "creator ".to_owned(),
        ConditionKind::Attendees { quantifier, .. } => quantified(*quantifier),
        ConditionKind::Count(comparison) => format!("attendees {}", compared(*comparison, |number| number.to_string())),
        ConditionKind::Duration(comparison) => format!("duration {}", compared(*comparison, duration)),
        ConditionKind::Clock { edge, window, on, zone } => clock_head(*edge, window.as_ref(), on.as_ref(), zone.as_ref()),
        ConditionKind::DateRule { edge, rule, counting_from, zone } => {
            let counting = counting_from.map(|date| format!(" counting from {date}")).unwrap_or_default();
            format!("{} on rrule {}{counting}{}", edge_word(*edge), quote(&rule.value), zone_part(zone.as_ref()))
        }
        ConditionKind::Repeats(repeats) => repeated(repeats),
        ConditionKind::Occurrence(OccurrenceIs::First) => "occurrence is first".to_owned(),
        ConditionKind::Occurrence(OccurrenceIs::Moved) => "occurrence is moved".to_owned(),
        ConditionKind::Occurrence(OccurrenceIs::Changed) => "occurrence is changed".to_owned(),
        ConditionKind::Is(set) => closed_set(set),
        ConditionKind::Flag(Flag::OneOnOne) => "one-on-one".to_owned(),
        ConditionKind::Flag(Flag::AllDay) => "all-day".to_owned(),
        ConditionKind::Flag(Flag::HasLink) => "has link".to_owned(),
        // Groups print themselves; what could not be read has no text.
        _ => "…".to_owned(),
    }
}

/// What follows the bracket of a condition.
pub(super) fn tail(kind: &ConditionKind) -> String {
    match kind {
        ConditionKind::Clock { zone, .. } => zone_part(zone.as_ref()),
        _ => String::new(),
    }
}

fn clock_head(edge: Edge, window: Option<&ClockWindow>, on: Option<&Days>, zone: Option<&Located<String>>) -> String {
    let mut text = edge_word(edge).to_owned();
    match window {
        None => {}
        Some(ClockWindow::Before(time)) => text += &format!(" before {}", clock(*time)),
        Some(ClockWindow::After(time)) => text += &format!(" after {}", clock(*time)),
        Some(ClockWindow::At(time)) => text += &format!(" at {}", clock(*time)),
        Some(ClockWindow::Between { from, to, overnight }) => {
            text += &format!(" between {} and {}", clock(*from), clock(*to));
            text += if *overnight { " overnight" } else { "" };
        }
    }
    match on {
        None => {}
        Some(Days::Weekdays(days)) => text += &format!(" on {}", weekdays(*days)),
        Some(Days::Dates(Operand::One(date))) => text += &format!(" on {}", date.value),
        Some(Days::Dates(Operand::List(name))) => text += &format!(" on any of {}", name.value),
        // The zone stands behind the bracket.
        Some(Days::Dates(Operand::Several(_))) => return text + " on any of ",
    }
    text + &zone_part(zone)
}

fn zone_part(zone: Option<&Located<String>>) -> String {
    zone.map(|zone| format!(" in {}", quote(&zone.value))).unwrap_or_default()
}

fn edge_word(edge: Edge) -> &'static str {
    match edge {
        Edge::Starts => "starts",
        Edge::Ends => "ends",
    }
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
        TextOp::StartsWith => "starts with",
        TextOp::EndsWith => "ends with",
    }
}

/// With the space behind it.
fn quantified(quantifier: Quantifier) -> String {
    let counted = |words: &str, number: u32| format!("{words} {number} {} ", if number == 1 { "attendee" } else { "attendees" });
    match quantifier {
        Quantifier::Any => "any attendee ".to_owned(),
        Quantifier::Every => "every attendee ".to_owned(),
        Quantifier::No => "no attendee ".to_owned(),
        Quantifier::AtLeast(number) => counted("at least", number),
        Quantifier::AtMost(number) => counted("at most", number),
        Quantifier::Exactly(number) => counted("exactly", number),
    }
}

fn compared(comparison: Comparison, value: impl Fn(u64) -> String) -> String {
    match comparison {
        Comparison::Eq(number) => format!("= {}", value(number)),
        Comparison::Ne(number) => format!("!= {}", value(number)),
        Comparison::Lt(number) => format!("< {}", value(number)),
        Comparison::Le(number) => format!("<= {}", value(number)),
        Comparison::Gt(number) => format!("> {}", value(number)),
        Comparison::Ge(number) => format!(">= {}", value(number)),
        Comparison::Between(from, to) => format!("between {} and {}", value(from), value(to)),
    }
}

fn repeated(repeats: &Repeats) -> String {
    let mut text = "repeats".to_owned();
    match repeats.rate {
        None => {}
        Some(Rate::Freq(cycle)) => text += [" daily", " weekly", " monthly", " yearly"][cycle as usize],
        Some(Rate::Every(number, cycle)) => {
            let unit = ["day", "week", "month", "year"][cycle as usize];
            text += &format!(" every {number} {unit}{}", if number == 1 { "" } else { "s" });
        }
    }
    if let Some(days) = repeats.on {
        text += &format!(" on {}", weekdays(days));
    }
    if let Some(number) = repeats.at_least {
        text += &format!(" at least {number} times");
    }
    if let Some(number) = repeats.at_most {
        text += &format!(" at most {number} times");
    }
    if repeats.forever { text + " forever" } else { text }
}

/// `mon..fri, sun`: three days in a row or more as a range.
#[must_use]
pub fn weekdays(days: crate::time::WeekdaySet) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut rest = WEEKDAYS.as_slice();
    while let Some(((word, day), after)) = rest.split_first() {
        if !days.contains(*day) {
            rest = after;
            continue;
        }
        let run = rest.iter().take_while(|(_, day)| days.contains(*day)).count();
        if run >= RUN_MIN {
            parts.push(format!("{word}..{}", rest[run - 1].0));
            rest = &rest[run..];
        } else {
            parts.push((*word).to_owned());
            rest = after;
        }
    }
    parts.join(", ")
}

/// Fewer days in a row are listed.
const RUN_MIN: usize = 3;

fn closed_set(set: &ClosedSet) -> String {
    fn asked<T: Closed>(subject: &str, values: &[T]) -> String {
        match values {
            [value] => format!("{subject} is {}", value.word()),
            _ => format!("{subject} is any of [{}]", values.iter().map(|value| value.word()).collect::<Vec<_>>().join(", ")),
        }
    }
    match set {
        ClosedSet::MyResponse(values) => asked("my response", values),
        ClosedSet::Status(values) => asked("status", values),
        ClosedSet::Visibility(values) => asked("visibility", values),
        ClosedSet::ShowsAs(values) => asked("shows as", values),
        ClosedSet::Kind(values) => asked("kind", values),
        ClosedSet::Provider(values) => asked("provider", values),
        ClosedSet::Conference(values) => asked("conference", values),
        ClosedSet::Source(values) => asked("source", values),
    }
}

/// A test as an element of a group.
pub(super) fn test_element(test: &PersonTest) -> String {
    test_kind(&test.kind, Around::Nothing)
}

fn test_kind(kind: &PersonTestKind, around: Around) -> String {
    match kind {
        PersonTestKind::All(elements) => chain("and", "all", elements.iter().map(|test| &test.kind), around, test_kind),
        PersonTestKind::Any(elements) => chain("or", "any", elements.iter().map(|test| &test.kind), around, test_kind),
        PersonTestKind::None(elements) => {
            let elements: Vec<String> = elements.iter().map(|test| test_kind(&test.kind, Around::Nothing)).collect();
            format!("none of ({})", elements.join(", "))
        }
        PersonTestKind::Not(operand) => format!("not {}", test_kind(&operand.kind, Around::Operator)),
        PersonTestKind::From(Operand::Several(domains)) => {
            format!("{}{}", test_head(kind), list(domains, |domain| address(domain)))
        }
        _ => test_head(kind),
    }
}

/// A test up to its bracket, if it has one; else the whole of it.
pub(super) fn test_head(kind: &PersonTestKind) -> String {
    match kind {
        PersonTestKind::Is(person) => format!("is {}", person_ref(person)),
        PersonTestKind::In(name) => format!("in {}", name.value),
        PersonTestKind::From(Operand::One(domain)) => format!("from {}", address(&domain.value)),
        PersonTestKind::From(Operand::Several(_)) => "from any of ".to_owned(),
        PersonTestKind::From(Operand::List(name)) => format!("from any of {}", name.value),
        PersonTestKind::Response(response) => answer(*response).to_owned(),
        PersonTestKind::Optional => "is optional".to_owned(),
        // Groups print themselves; what could not be read has no text.
        _ => "…".to_owned(),
    }
}

fn person_ref(person: &PersonRef) -> String {
    match person {
        PersonRef::Me => "me".to_owned(),
        PersonRef::Internal => "internal".to_owned(),
        PersonRef::External => "external".to_owned(),
        PersonRef::Organizer => "organizer".to_owned(),
        PersonRef::Name(name) => name.value.clone(),
        PersonRef::Address(written) => address(&written.value),
    }
}

/// What somebody answered.
pub(super) fn answer(response: Response) -> &'static str {
    match response {
        Response::None => "has not answered",
        _ => response.word(),
    }
}

/// An address or a domain, bare where it can stand so.
pub(super) fn address(written: &str) -> String {
    if is_address(written) { written.to_owned() } else { format!("address {}", quote(written)) }
}

/// A word, or an address where it is none.
pub(super) fn who(written: &str) -> String {
    if is_word(written) { written.to_owned() } else { address(written) }
}

/// `[a, b]`
pub(super) fn list<T>(items: &[Item<T>], spell: impl Fn(&T) -> String) -> String {
    let items: Vec<String> = items.iter().map(|item| spell(&item.value)).collect();
    format!("[{}]", items.join(", "))
}

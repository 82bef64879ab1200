//! Clocks, days and the zones that they are read in.

use super::conditions::NamedZone;
use super::{Surroundings, name, some};
use crate::syntax::ast::{Days, Operand};
use crate::syntax::literal::clock;
use crate::time::WeekdaySet;
use crate::value::shown;
use crate::value::words::{ClockWindow, Edge, WEEKDAYS};

/// Fewer days in a row are listed.
const RUN_MIN: usize = 3;
const ZONE_CHARS_MAX: usize = 80;

pub(super) fn edge(edge: Edge) -> &'static str {
    match edge {
        Edge::Starts => "starts",
        Edge::Ends => "ends",
    }
}

/// With a space before it. What happens at the very minute of `after` is said as well.
pub(super) fn window(window: ClockWindow) -> String {
    match window {
        ClockWindow::At(at) => format!(" at {}", clock(at)),
        ClockWindow::Before(at) => format!(" before {}", clock(at)),
        ClockWindow::After(at) => format!(" at {} or later", clock(at)),
        ClockWindow::Between { from, to, overnight } => {
            let overnight = if overnight { " overnight" } else { "" };
            format!(" between {} and {}{overnight}", clock(from), clock(to))
        }
    }
}

/// With a space before it.
pub(super) fn days(on: &Days) -> String {
    match on {
        Days::Weekdays(days) => weekdays(*days),
        Days::Dates(Operand::One(date)) => format!(" on {}", date.value),
        Days::Dates(Operand::Several(dates)) => format!(" on any of {}", some(dates.iter().map(|date| date.value.to_string()))),
        Days::Dates(Operand::List(list)) => format!(" on a date of the list {}", name(&list.value)),
    }
}

/// ` on Monday to Friday or Sunday`
pub(super) fn weekdays(days: WeekdaySet) -> String {
    let mut parts = Vec::new();
    let mut index = 0;
    while index < WEEKDAYS.len() {
        let run = WEEKDAYS[index..].iter().take_while(|(_, day)| days.contains(*day)).count();
        match run {
            0 => {}
            _ if run < RUN_MIN => parts.extend(WEEKDAY_WORDS[index..index + run].iter().map(|word| (*word).to_owned())),
            _ => parts.push(format!("{} to {}", WEEKDAY_WORDS[index], WEEKDAY_WORDS[index + run - 1])),
        }
        index += run + 1;
    }
    match parts.split_last() {
        None => " on no day".to_owned(),
        Some((last, [])) => format!(" on {last}"),
        Some((last, before)) => format!(" on {} or {last}", before.join(", ")),
    }
}

/// ` on Monday, Tuesday and Wednesday`: all of them, as a series may have them.
pub(super) fn each_weekday(days: WeekdaySet) -> String {
    let words: Vec<&str> =
        WEEKDAYS.iter().zip(WEEKDAY_WORDS).filter(|((_, day), _)| days.contains(*day)).map(|(_, word)| word).collect();
    match words.split_last() {
        None => " on no day".to_owned(),
        Some((last, [])) => format!(" on {last}"),
        Some((last, before)) => format!(" on {} and {last}", before.join(", ")),
    }
}

/// In the order of [`WEEKDAYS`].
const WEEKDAY_WORDS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// Whose clocks and days: the condition's own zone, else its file's, else the user's.
pub(super) fn zone(named: NamedZone<'_>, around: Surroundings<'_>) -> String {
    match (named, around.zone) {
        (Some(zone), _) => format!("({} time)", shown(&zone.value, ZONE_CHARS_MAX)),
        (None, Some(zone)) => format!("({} time)", shown(zone, ZONE_CHARS_MAX)),
        (None, None) => "(the user's own time)".to_owned(),
    }
}

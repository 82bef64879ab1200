//! What a test says at every moment: pieces of time in which it says one thing.

use super::days::date;
use super::spans::Spans;
use super::{Asks, DAY_SECS, Test};
use crate::builtins::DayTest;
use crate::builtins::clock::{LocalTime, window_opened};
use crate::event::recurrence::Rule;
use crate::time::{Civil, Date, Elapsed, Instant, Moment, Zone};
use crate::value::Truth;
use crate::value::words::{ClockWindow, Edge};
use std::collections::HashSet;

/// What a test says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Says {
    Is(Truth),
    /// Whether a provided list holds the date.
    IfListed(Date),
}

/// Pieces of time, each with its first second or day, and what is said until the next; ascending.
pub(super) type Pieces = Vec<(i64, Says)>;

/// What the test says on these days of clocks in `zone`.
pub(super) fn of_clocks(test: &Test<'_>, edge: Edge, zone: &Zone, days: &Spans) -> Pieces {
    let asks = Dated::of(test, days);
    let mut seconds = vec![0];
    if let Asks::Clock(_, Some(window), ..) = &test.asks {
        seconds.extend(borders(*window));
    }
    if edge == Edge::Ends {
        // What ends at midnight ends on the day before.
        seconds = seconds.iter().flat_map(|second| [*second, second + 1]).collect();
    }
    seconds.sort_unstable();
    seconds.dedup();
    let mut cuts: Vec<i64> = Vec::with_capacity(seconds.len() * 32);
    for (from, to) in days.iter() {
        cuts.push(from * DAY_SECS);
        for day in from - 1..=to {
            let Some(midnight) = midnight(day) else { continue };
            let civil = seconds.iter().filter_map(|second| midnight.checked_add(Elapsed::from_secs(*second)).ok());
            let instants = civil.map(|civil| zone.instant(civil)).chain(changes(zone, zone.instant(midnight)));
            cuts.extend(instants.map(Instant::as_second).filter(|at| (from * DAY_SECS..to * DAY_SECS).contains(at)));
        }
    }
    cuts.sort_unstable();
    cuts.dedup();
    let at = |second: i64| {
        let at = Instant::from_second(second).ok()?;
        Some(asks.says(edge, local(edge, &Moment::Timed { at, zone: zone.clone() }, zone)))
    };
    merged(cuts.into_iter().filter_map(|second| Some((second, at(second)?))))
}

/// What it says of whole days; `days` are those of the event's own start or end.
pub(super) fn of_days(test: &Test<'_>, edge: Edge, days: &Spans) -> Pieces {
    let asks = Dated::of(test, days);
    let numbers = days.iter().flat_map(|(from, to)| from..to);
    let says = |day: i64| Some((day, asks.says(edge, local(edge, &Moment::Day(date(day)?), &Zone::utc()))));
    merged(numbers.filter_map(says))
}

fn merged(pieces: impl Iterator<Item = (i64, Says)>) -> Pieces {
    let mut merged: Pieces = Vec::new();
    for (at, says) in pieces {
        if merged.last().is_none_or(|(_, last)| *last != says) {
            merged.push((at, says));
        }
    }
    merged
}

fn local(edge: Edge, moment: &Moment, zone: &Zone) -> LocalTime {
    match edge {
        Edge::Starts => LocalTime::of_start(moment, zone),
        Edge::Ends => LocalTime::of_end(moment, zone),
    }
}

fn midnight(day: i64) -> Option<Civil> {
    Some(date(day)?.to_datetime(crate::time::ClockTime::midnight()))
}

/// A test with the dates that its rule names.
struct Dated<'t, 'a> {
    test: &'t Test<'a>,
    named: HashSet<Date>,
}

impl<'t, 'a> Dated<'t, 'a> {
    fn of(test: &'t Test<'a>, days: &Spans) -> Self {
        let named = match &test.asks {
            Asks::DateRule(_, rule, counting_from, _) => named(rule, *counting_from, days),
            _ => HashSet::new(),
        };
        Self { test, named }
    }

    fn says(&self, edge: Edge, local: LocalTime) -> Says {
        let date = local.date;
        Says::Is(match &self.test.asks {
            Asks::Dates(from, until, _) => {
                (from.is_none_or(|from| from <= date) && until.is_none_or(|until| date <= until)).into()
            }
            Asks::DateRule(..) => self.named.contains(&date).into(),
            Asks::Clock(_, window, days, _) => {
                let opened = match window {
                    None => Some(date),
                    Some(window) => local.secs.and_then(|secs| window_opened(edge, *window, date, secs)),
                };
                match (opened, days) {
                    (None, _) => Truth::False,
                    (Some(_), None) => Truth::True,
                    (Some(opened), Some(DayTest::Weekdays(days))) => days.contains(opened.weekday()).into(),
                    (Some(opened), Some(DayTest::List(_))) if self.test.list.is_some() => return Says::IfListed(opened),
                    (Some(opened), Some(DayTest::Dates(_) | DayTest::List(_))) => {
                        self.test.written.is_some_and(|dates| dates.binary_search(&opened).is_ok()).into()
                    }
                }
            }
            Asks::Duration(_) | Asks::AllDay => Truth::True,
        })
    }
}

/// The dates around these days that a rule names.
fn named(rule: &Rule, counting_from: Option<Date>, days: &Spans) -> HashSet<Date> {
    let around = |(from, to): (i64, i64)| Some((date(from - 2)?, date(to + 2)?));
    days.iter().filter_map(around).flat_map(|(from, to)| rule.dates_between(counting_from, from, to)).collect()
}

/// Where clocks of the zone are changed on this day: every half hour, at one of which they are.
fn changes(zone: &Zone, midnight: Instant) -> Vec<Instant> {
    let half_hours = || (1..=50).filter_map(move |half| midnight.checked_add(Elapsed::from_mins(30 * half)).ok());
    match half_hours().next_back() {
        Some(last) if zone.offset_secs(last) != zone.offset_secs(midnight) => half_hours().collect(),
        _ => Vec::new(),
    }
}

/// Seconds of the day at which it matters whether they were reached.
fn borders(window: ClockWindow) -> Vec<i64> {
    let minutes = match window {
        ClockWindow::Before(minute) | ClockWindow::After(minute) => vec![minute],
        ClockWindow::At(minute) => vec![minute, minute + 1],
        ClockWindow::Between { from, to, .. } => vec![from, to],
    };
    minutes.into_iter().map(|minute| i64::from(minute) * 60).filter(|second| *second < DAY_SECS).collect()
}

//! Which days are looked at.

use super::spans::{EDGE, Spans};
use super::{Asks, DAY_SECS, Test};
use crate::analysis::witness::START;
use crate::time::{Date, Elapsed};
use crate::value::Truth;

/// Years of which every day is looked at where dates go by rule: after 28 of them weekdays and leap days come round.
const RULE_YEARS: i64 = 28;

/// Days around a date that some test tells apart: a week on either side holds every weekday, in every zone.
const AROUND: i64 = 9;

/// So many dates written in lists get the days around them looked at as well.
const DATES_WITH_NEIGHBOURS_MAX: usize = 64;

/// Days to look at, one choice after the other; in days since 1970.
pub(super) fn choices(tests: &[Test<'_>], lengths: &Spans) -> impl Iterator<Item = Spans> {
    let near = near(tests);
    let ruled = tests.iter().any(|test| matches!(test.asks, Asks::DateRule(..)));
    let first = number(START.date());
    let counted = tests.iter().filter_map(|test| match test.asks {
        Asks::DateRule(_, _, counted, _) => counted,
        Asks::Dates(from, until, _) => from.or(until),
        _ => None,
    });
    let years = |from: i64, years: i64| (from, from + 366 * years);
    let soon = counted.clone().map(|date| years(number(date) - 400, 3)).chain([years(first, 2)]);
    let far = counted.map(|date| years(number(date) - 400, 6)).chain([years(first, RULE_YEARS)]);
    let near_by = Spans::of(near.clone());
    let soon = ruled.then(|| Spans::of(near.iter().copied().chain(soon)));
    let far = ruled.then(|| Spans::of(near.iter().copied().chain(far)));
    let (lengths, window) = (lengths.clone(), window(tests));
    [near_by].into_iter().chain(soon).chain(far).map(move |days| with_lengths(&days.and(&window), &lengths))
}

/// The days on which the dates of rules can come out as asked, in some zone.
fn window(tests: &[Test<'_>]) -> Spans {
    let of = |test: &Test<'_>| {
        let Asks::Dates(from, until, _) = test.asks else { return Spans::all() };
        let number = |date: Option<Date>, endless: i64| date.map_or(endless, number);
        let (from, until) = (number(from, -EDGE), number(until, EDGE));
        match (test.ask.allowed.has(Truth::True), test.ask.allowed.has(Truth::False)) {
            (true, true) => Spans::all(),
            (true, false) => Spans::of([(from - ZONES, until + ZONES)]),
            (false, _) => Spans::of([(-EDGE, from + ZONES), (until - ZONES, EDGE)]),
        }
    };
    tests.iter().map(of).fold(Spans::all(), |all, own| all.and(&own))
}

/// No two zones are further apart than so many days.
const ZONES: i64 = 2;

/// A week for every stretch between two dates that some test tells apart, and those dates themselves.
fn near(tests: &[Test<'_>]) -> Vec<(i64, i64)> {
    let around = |date: Date, days: i64| (number(date) - days, number(date) + days + 1);
    let mut days = vec![(number(START.date()), number(START.date()) + 15)];
    for test in tests {
        if let Asks::Dates(from, until, _) = test.asks {
            days.extend([from, until].into_iter().flatten().map(|border| around(border, AROUND)));
        }
        let written = test.written.unwrap_or_default();
        let neighbours = if written.len() > DATES_WITH_NEIGHBOURS_MAX { 0 } else { AROUND };
        days.extend(written.iter().map(|date| around(*date, neighbours)));
        days.extend([written.first(), written.last()].into_iter().flatten().map(|border| around(*border, AROUND)));
    }
    days
}

/// The days as well that lie so far before or after, as some length that is asked about is long.
fn with_lengths(days: &Spans, lengths: &Spans) -> Spans {
    let borders = lengths.iter().flat_map(|(from, to)| [from, to]).filter(|secs| (1..EDGE).contains(secs));
    let far: Vec<i64> = borders.map(|secs| secs / DAY_SECS).collect();
    let shifts = far.iter().flat_map(|days| [-days, *days]).chain([0]);
    Spans::of(shifts.flat_map(|by| days.iter().map(move |(from, to)| (from + by - AROUND, to + by + AROUND))))
}

/// The day's number since 1970.
pub(super) fn number(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

/// The day of this number, where calendars have it.
pub(super) fn date(number: i64) -> Option<Date> {
    Date::constant(1970, 1, 1).checked_add(Elapsed::from_hours(number.checked_mul(24)?)).ok()
}

//! Which days are looked at.

use super::changes::Changes;
use super::cycle::Cycle;
use super::spans::{EDGE, Spans};
use super::{Asks, DAY_SECS, Test};
use crate::analysis::budget::{Budget, Limit};
use crate::analysis::witness::START;
use crate::time::{Date, Elapsed, Zone};
use crate::value::Truth;

/// Days around a date that some test tells apart: a week on either side holds every weekday, in every zone.
const AROUND: i64 = 9;

/// So many dates written in lists get the days around them looked at as well.
const DATES_WITH_NEIGHBOURS_MAX: usize = 64;

/// From this year on clocks are taken as they go; before it, only in the year before a date that some test names.
const CLOCKS_FROM: Date = Date::constant(2020, 1, 1);
/// So many years after the last date that some test names, all changes of clocks have come that will come.
const CLOCKS_YEARS: i64 = 28;

/// Days to look at.
pub(super) struct Days<'t, 'a> {
    tests: &'t [Test<'a>],
    lengths: &'t Spans,
    /// What is looked at in any case.
    near: Vec<(i64, i64)>,
    /// The dates that tests tell apart, ascending.
    borders: Vec<i64>,
    /// How dates by rule come round; `None` where no test asks for any.
    cycle: Option<Cycle>,
}

impl<'t, 'a> Days<'t, 'a> {
    pub fn of(tests: &'t [Test<'a>], lengths: &'t Spans) -> Self {
        let mut borders: Vec<i64> = tests.iter().flat_map(Test::dates).map(number).collect();
        borders.sort_unstable();
        borders.dedup();
        Self { tests, lengths, near: near(tests), borders, cycle: Cycle::of(tests) }
    }

    /// The days on which most questions find their meeting.
    pub fn near(&self) -> Spans {
        self.spans(Vec::new())
    }

    /// With dates by rule: some years that are near as well.
    pub fn soon(&self) -> Option<Spans> {
        self.cycle.as_ref()?;
        let years = |from: i64, years: i64| (from, from + 366 * years);
        let counted = self.tests.iter().filter_map(|test| match test.asks {
            Asks::DateRule(_, _, counted, _) => counted,
            Asks::Dates(from, until, _) => from.or(until),
            _ => None,
        });
        let counted = counted.map(|date| years(number(date) - 400, 3));
        Some(self.spans(counted.chain([years(number(START.date()), 2)]).collect()))
    }

    /// Days so many that a meeting is among them if there is one; `None` where that is so of those near.
    ///
    /// `zones`: those whose clocks change.
    pub fn all(&self, zones: &[Zone], budget: &mut Budget) -> Result<Option<Spans>, Limit> {
        if zones.is_empty() && self.cycle.is_none() {
            return Ok(None);
        }
        let first = number(START.date());
        let (least, most) = (self.borders.first().unwrap_or(&first), self.borders.last().unwrap_or(&first));
        let (from, to) = (number(CLOCKS_FROM).min(*least - 366), first.max(*most) + CLOCKS_YEARS * 366);
        let changes = Changes::between(zones, from, to);
        budget.take((changes.len() * zones.len()) as u64 / 8)?;
        let mut days = changes.days(&self.borders);
        days.extend(self.cycle.iter().flat_map(|cycle| cycle.days(&self.borders)));
        Ok(Some(self.spans(days)))
    }

    fn spans(&self, mut days: Vec<(i64, i64)>) -> Spans {
        days.extend(&self.near);
        with_lengths(&Spans::of(days).and(&window(self.tests)), self.lengths)
    }
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

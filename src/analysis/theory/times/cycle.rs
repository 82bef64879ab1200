//! Dates by rule come round.
//!
//! After 28 years every weekday falls on the dates that it fell on, leap days among them, as long as no century comes without
//! its leap day; then it takes twelve years more until all of them were there. A rule that counts in steps comes round with that
//! after a multiple of it.
//!
//! Nobody looks further than the year 2100, nor than one round after the last date that conditions name: meetings of that time
//! are in no calendar.

use super::days::{date, number};
use super::{Asks, Test};
use crate::analysis::witness::START;
use crate::event::Freq;
use crate::event::recurrence::Rule;
use crate::time::Date;
use crate::value::words::Edge;

/// How long it takes until the dates of some rules come round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cycle {
    /// Of rules that go by weeks and days alone: so many days.
    Days(i64),
    /// So many years, without a change of the calendar.
    Years(i64),
}

const YEARS: i64 = 28;
/// The same in the periods that rules count.
const MONTHS: i64 = YEARS * 12;
const DAYS: i64 = YEARS / 4 * 1461;
const WEEKS: i64 = DAYS / 7;
/// Up to here every round is looked at.
const LAST: Date = Date::constant(2100, 1, 1);
/// And from here on.
const FIRST: Date = Date::constant(1970, 1, 1);
/// Longer than anybody looks.
const ENDLESS: i64 = 10_000;
/// How many years more each round takes where a century has no leap day.
const CENTURY_YEARS: i64 = 12;

impl Cycle {
    /// The cycle of all dates by rule that tests ask for; `None` where they ask for none.
    pub fn of(tests: &[Test<'_>]) -> Option<Self> {
        let rules: Vec<&Rule> = tests.iter().filter_map(rule).collect();
        if rules.is_empty() {
            return None;
        }
        let has_one_clock = tests.windows(2).all(|pair| pair[0].zone() == pair[1].zone());
        let one_edge = tests.iter().all(|test| test.edge() == Some(Edge::Starts));
        if has_one_clock && one_edge && rules.iter().all(|rule| goes_by_weeks(rule)) {
            let days = rules.iter().try_fold(7, |days, rule| match rule.freq {
                Freq::Weekly => least_multiple(days, i64::from(rule.interval).checked_mul(7)?),
                _ => least_multiple(days, i64::from(rule.interval)),
            });
            if let Some(days) = days.filter(|days| *days <= DAYS) {
                return Some(Self::Days(days));
            }
        }
        let times = rules.iter().try_fold(1, |times, rule| least_multiple(times, more(rule)));
        let years = times.and_then(|times| times.checked_mul(YEARS)).unwrap_or(ENDLESS);
        Some(Self::Years(years.min(ENDLESS)))
    }

    /// The first days between each two of these borders that hold all that comes round; before the first, the last ones.
    pub fn days(self, borders: &[i64]) -> Vec<(i64, i64)> {
        let Some(first) = borders.first() else {
            let start = number(START.date());
            return vec![(start, self.after(start))];
        };
        let ends = borders[1..].iter().copied().chain([i64::MAX]);
        let between = borders.iter().zip(ends).map(|(from, to)| (*from, to.min(self.after(*from))));
        [(self.before(*first), *first)].into_iter().chain(between).collect()
    }

    fn after(self, from: i64) -> i64 {
        let round = |years: i64| from + 366 * (years + century(from, years));
        match self {
            Self::Days(days) => from + days,
            Self::Years(years) => round(years).min(number(LAST).max(round(YEARS))),
        }
    }

    fn before(self, to: i64) -> i64 {
        let round = |years: i64| to - 366 * (years + century(to - 366 * years, years));
        match self {
            Self::Days(days) => to - days,
            Self::Years(years) => round(years).max(number(FIRST).min(round(YEARS))),
        }
    }
}

/// The years more that it takes where, of so many years from this day on, one begins a century without its leap day.
fn century(from: i64, years: i64) -> i64 {
    let first = date(from).map_or(0, |date| i64::from(date.year()));
    let has_none = |year: i64| year % 100 == 0 && year % 400 != 0;
    if (first - 1..=first + years + 1).any(has_none) { CENTURY_YEARS * years / YEARS } else { 0 }
}

fn rule<'t>(test: &'t Test<'_>) -> Option<&'t Rule> {
    match &test.asks {
        Asks::DateRule(_, rule, ..) => Some(rule),
        _ => None,
    }
}

/// Whether no month and no year matters to the rule.
fn goes_by_weeks(rule: &Rule) -> bool {
    let numbered = rule.by_day.iter().any(|(nth, _)| *nth != 0);
    let yearly = !rule.by_month.is_empty() || !rule.by_month_day.is_empty() || !rule.by_year_day.is_empty();
    matches!(rule.freq, Freq::Daily | Freq::Weekly) && !numbered && !yearly && rule.by_week_no.is_empty()
}

/// How many times the years of one round a rule takes that counts in steps.
fn more(rule: &Rule) -> i64 {
    let interval = i64::from(rule.interval);
    let round = match rule.freq {
        Freq::Yearly => YEARS,
        Freq::Monthly => MONTHS,
        Freq::Weekly => WEEKS,
        _ => DAYS,
    };
    interval / greatest_divisor(interval, round)
}

fn greatest_divisor(a: i64, b: i64) -> i64 {
    if b == 0 { a.max(1) } else { greatest_divisor(b, a % b) }
}

fn least_multiple(a: i64, b: i64) -> Option<i64> {
    (a / greatest_divisor(a, b)).checked_mul(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    /// What a rule that counts in steps of `interval` may ask of a day.
    fn kinds(from: i64, to: i64, freq: Freq, interval: i64) -> HashSet<(i8, i8, i64, i64)> {
        (from..to)
            .filter_map(|day| {
                let at = date(day)?;
                let period = match freq {
                    Freq::Yearly => i64::from(at.year()),
                    Freq::Monthly => i64::from(at.year()) * 12 + i64::from(at.month()),
                    Freq::Weekly => day.div_euclid(7),
                    _ => day,
                };
                Some((at.month(), at.day(), day.rem_euclid(7), period.rem_euclid(interval)))
            })
            .collect()
    }

    #[test]
    fn what_happens_before_2100_happens_within_the_days_that_are_looked_at() {
        let until = number(LAST);
        for (freq, intervals) in [(Freq::Yearly, 1..6), (Freq::Monthly, 1..7), (Freq::Weekly, 1..7), (Freq::Daily, 1..15)] {
            for interval in intervals {
                let rule = Rule { interval, ..Rule::every(freq) };
                let cycle = Cycle::Years(YEARS * more(&rule));
                let interval = i64::from(interval);
                let from = number(START.date());
                let (seen, all) = (kinds(from, cycle.after(from), freq, interval), kinds(from, until, freq, interval));
                assert!(seen == all, "{freq:?} {interval}: {} of {}", seen.len(), all.len());
                let before = kinds(cycle.before(from), from, freq, interval);
                assert!(before == kinds(number(FIRST), from, freq, interval), "{freq:?} {interval} before");
            }
        }
    }

    #[test]
    fn every_date_falls_on_every_weekday_that_it_ever_falls_on_within_one_round() {
        for year in [1850, 2026, 2077, 2093, 2150, 2380] {
            let from = number(Date::constant(year, 3, 1));
            let (seen, all) =
                (kinds(from, Cycle::Years(YEARS).after(from), Freq::Daily, 1), kinds(from, from + 366 * 800, Freq::Daily, 1));
            assert!(seen == all, "{year}: {} of {}", seen.len(), all.len());
        }
    }
}

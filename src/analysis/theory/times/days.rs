//! Which days are looked at.

use super::{Asks, Test};
use crate::analysis::witness::START;
use crate::time::{Date, Elapsed};
use std::collections::BTreeSet;

/// Years of which every day is looked at where dates go by rule: after 28 of them weekdays and leap days come round.
const RULE_YEARS: i64 = 28;

/// So many dates written in lists get the days around them looked at as well.
const DATES_WITH_NEIGHBOURS_MAX: usize = 64;

/// Days to look at, one stretch after the other; each ascending, the first one with the day on which witnesses begin in front.
pub(super) fn stretches(tests: &[Test<'_>]) -> impl Iterator<Item = Vec<Date>> {
    let near = near(tests);
    let ruled = tests.iter().any(|test| matches!(test.asks, Asks::DateRule(..)));
    let far = ruled.then(|| {
        let mut far: BTreeSet<Date> = around(START.date(), 0, RULE_YEARS * 366).collect();
        for counted in tests.iter().filter_map(|test| match test.asks {
            Asks::DateRule(_, _, counted, _) => counted,
            Asks::Dates(from, until, _) => from.or(until),
            _ => None,
        }) {
            far.extend(around(counted, -400, 366 * 5));
        }
        far.retain(|day| !near.contains(day));
        far.into_iter().collect()
    });
    [near].into_iter().chain(far)
}

/// A week for every stretch between two dates that some test tells apart, and those dates themselves.
fn near(tests: &[Test<'_>]) -> Vec<Date> {
    let mut days: BTreeSet<Date> = around(START.date(), 0, 14).collect();
    for test in tests {
        if let Asks::Dates(from, until, _) = test.asks {
            for border in [from, until].into_iter().flatten() {
                days.extend(around(border, -9, 10));
            }
        }
        let written = test.written.unwrap_or_default();
        let (before, after) = if written.len() > DATES_WITH_NEIGHBOURS_MAX { (0, 1) } else { (-8, 9) };
        for date in written {
            days.extend(around(*date, before, after));
        }
        for border in [written.first(), written.last()].into_iter().flatten() {
            days.extend(around(*border, -9, 10));
        }
    }
    let first = START.date();
    let mut ordered: Vec<Date> = days.range(first..).copied().collect();
    ordered.extend(days.range(..first).rev());
    ordered
}

fn around(date: Date, from: i64, to: i64) -> impl Iterator<Item = Date> {
    (from..=to).filter_map(move |days| date.checked_add(Elapsed::from_hours(24 * days)).ok())
}

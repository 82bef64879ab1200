//! Recurrence rules as tests of dates: `starts on rrule "FREQ=MONTHLY;BYDAY=-1FR"`.

use super::days::DayFilter;
use super::rule::Rule;
use super::walk::{Span, walk};
use crate::event::Freq;
use crate::time::{ClockTime, Date};
use std::ops::ControlFlow;

impl Rule {
    /// What keeps the rule from being a test of dates, in the author's words; `None` where nothing does.
    ///
    /// Date rules are DAILY to YEARLY, without COUNT, UNTIL or clock parts; an interval over 1 needs a date to count from.
    #[must_use]
    pub fn date_rule_problem(&self, counting_from: Option<Date>) -> Option<&'static str> {
        let clock_parts = [&self.by_hour, &self.by_minute, &self.by_second];
        if matches!(self.freq, Freq::Hourly | Freq::Minutely | Freq::Secondly) {
            return Some("a test of dates repeats daily, weekly, monthly or yearly");
        }
        if self.count.is_some() {
            return Some("a test of dates has no COUNT");
        }
        if self.until.is_some() {
            return Some("a test of dates has no UNTIL; say `until` on the rule");
        }
        if clock_parts.iter().any(|part| !part.is_empty()) {
            return Some("a test of dates has no clock parts");
        }
        if counting_from.is_none() && self.interval > 1 {
            return Some("an INTERVAL over 1 needs `counting from` a date");
        }
        // Without a date to count from, there is none to take a day from either.
        if counting_from.is_none() && self.freq != Freq::Daily && !self.names_days() {
            return Some("the rule names no day; add BYDAY or BYMONTHDAY, or `counting from` a date");
        }
        None
    }

    /// Whether a date rule names `date`. Costs at most one period, whatever the date.
    ///
    /// `counting_from` is where intervals count from, in both directions of time not before it: dates before it are not named.
    ///
    /// ```
    /// use callsheet::event::recurrence::Rule;
    /// use callsheet::time::Date;
    /// let last_friday = Rule::parse("FREQ=MONTHLY;BYDAY=-1FR").unwrap();
    /// assert!(last_friday.holds_date(None, Date::constant(2026, 3, 27)));
    /// assert!(!last_friday.holds_date(None, Date::constant(2026, 3, 20)));
    /// ```
    #[must_use]
    pub fn holds_date(&self, counting_from: Option<Date>, date: Date) -> bool {
        // Any start before the date serves a rule whose interval is 1 and that names its own days.
        let start = counting_from.unwrap_or_else(|| Date::new(date.year(), 1, 1).unwrap_or(date));
        if date < start || !DayFilter::new(self, start).has_month(date.month()) {
            return false;
        }
        let midnight = date.to_datetime(ClockTime::midnight());
        let span = Span { from: midnight, to: super::hours_around(midnight, 24) };
        let start = match (counting_from, self.freq) {
            // A week that runs over New Year counts whole.
            (None, Freq::Weekly) => super::days::shifted(start, -7),
            _ => start,
        };
        let mut held = false;
        let walked = walk(self, start.to_datetime(ClockTime::midnight()), None, span, &mut |_| {
            held = true;
            ControlFlow::Break(())
        });
        walked.is_ok() && held
    }

    /// The dates from `from` to `to`, both included, that a date rule names; ascending. What [`Self::holds_date`] says of each.
    ///
    /// ```
    /// use callsheet::event::recurrence::Rule;
    /// use callsheet::time::Date;
    /// let last_friday = Rule::parse("FREQ=MONTHLY;BYDAY=-1FR").unwrap();
    /// let dates = last_friday.dates_between(None, Date::constant(2026, 3, 1), Date::constant(2026, 4, 30));
    /// assert_eq!(dates, [Date::constant(2026, 3, 27), Date::constant(2026, 4, 24)]);
    /// ```
    #[must_use]
    pub fn dates_between(&self, counting_from: Option<Date>, from: Date, to: Date) -> Vec<Date> {
        let days = std::iter::successors(Some(from), |date| date.tomorrow().ok()).take_while(|date| *date <= to);
        let each = || days.clone().filter(|date| self.holds_date(counting_from, *date));
        // A week that runs over New Year counts whole.
        let Ok(new_year) = Date::new(from.year(), 1, 1) else { return each().collect() };
        let start = counting_from.unwrap_or_else(|| super::days::shifted(new_year, -7));
        let midnight = |date: Date| date.to_datetime(ClockTime::midnight());
        let span = Span { from: midnight(from), to: super::hours_around(midnight(to), 24) };
        let mut dates = Vec::new();
        let walked = walk(self, midnight(start), None, span, &mut |named| {
            dates.push(named.date());
            ControlFlow::Continue(())
        });
        if walked.is_ok() { dates } else { each().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_between_two_are_those_that_hold() {
        let rules = [
            "FREQ=DAILY",
            "FREQ=DAILY;BYMONTH=2,3;BYDAY=MO,TU",
            "FREQ=WEEKLY;BYDAY=MO,WE,FR",
            "FREQ=WEEKLY;BYDAY=SU;WKST=SU",
            "FREQ=MONTHLY;BYDAY=-1FR",
            "FREQ=MONTHLY;BYMONTHDAY=-1,31",
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2",
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
            "FREQ=YEARLY;BYWEEKNO=1,53;BYDAY=MO,SU",
            "FREQ=YEARLY;BYYEARDAY=1,-1,366",
            "FREQ=YEARLY;BYDAY=20MO",
        ];
        let counted = [
            "FREQ=DAILY;INTERVAL=3",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
            "FREQ=MONTHLY;INTERVAL=5;BYDAY=2TU",
            "FREQ=YEARLY;INTERVAL=4",
        ];
        let day = |year: i16, month: i8, day: i8| Date::constant(year, month, day);
        let from = [None, Some(day(2024, 2, 29)), Some(day(2026, 3, 6))];
        let (first, last) = (day(2023, 12, 20), day(2029, 1, 9));
        for (rule, counting) in rules
            .iter()
            .flat_map(|rule| from.map(|from| (rule, from)))
            .chain(counted.iter().flat_map(|rule| from[1..].iter().map(move |from| (rule, *from))))
        {
            let rule = Rule::parse(rule).expect("written right");
            let days = std::iter::successors(Some(first), |date| date.tomorrow().ok()).take_while(|date| *date <= last);
            let held: Vec<Date> = days.filter(|date| rule.holds_date(counting, *date)).collect();
            assert_eq!(rule.dates_between(counting, first, last), held, "{rule:?} {counting:?}");
        }
    }
}

//! Which days of its period a rule names.

use super::rule::Rule;
use crate::event::Freq;
use crate::time::{Date, Weekday};

/// The rule with what DTSTART implies filled in: a rule that names no days means those of its start.
#[derive(Clone, Debug)]
pub(super) struct DayFilter<'a> {
    rule: &'a Rule,
    months: Months,
    month_day: Option<i8>,
    weekday: Option<Weekday>,
    /// Ordinals of BYDAY count inside the month, else inside the year.
    ordinals_in_month: bool,
}

/// A set of months, January in bit 1; empty: all.
#[derive(Clone, Copy, Debug)]
struct Months(u16);

impl<'a> DayFilter<'a> {
    pub(super) fn new(rule: &'a Rule, start: Date) -> Self {
        let mut months = rule.by_month.iter().fold(0, |set, month| set | 1 << month);
        let (mut month_day, mut weekday) = (None, None);
        if !rule.names_days() {
            match rule.freq {
                Freq::Yearly => {
                    if months == 0 {
                        months = 1 << start.month();
                    }
                    month_day = Some(start.day());
                }
                Freq::Monthly => month_day = Some(start.day()),
                Freq::Weekly => weekday = Some(start.weekday()),
                _ => {}
            }
        }
        let ordinals_in_month = rule.freq == Freq::Monthly || !rule.by_month.is_empty();
        Self { rule, months: Months(months), month_day, weekday, ordinals_in_month }
    }

    /// Whether the rule can happen in this month at all.
    pub(super) fn has_month(&self, month: i8) -> bool {
        self.months.0 == 0 || self.months.0 & 1 << month != 0
    }

    /// Whether the rule names the day. The period that it lies in is not looked at.
    pub(super) fn has_day(&self, date: Date) -> bool {
        self.has_month(date.month())
            && self.month_day.is_none_or(|day| day == date.day())
            && self.weekday.is_none_or(|day| day == date.weekday())
            && self.has_month_day(date)
            && self.has_year_day(date)
            && self.has_weekday(date)
            && self.has_week(date)
    }

    fn has_month_day(&self, date: Date) -> bool {
        let from_end = date.day() - date.days_in_month() - 1;
        self.rule.by_month_day.is_empty() || self.rule.by_month_day.iter().any(|day| *day == date.day() || *day == from_end)
    }

    fn has_year_day(&self, date: Date) -> bool {
        let day = date.day_of_year();
        let from_end = day - date.days_in_year() - 1;
        self.rule.by_year_day.is_empty() || self.rule.by_year_day.iter().any(|named| *named == day || *named == from_end)
    }

    fn has_weekday(&self, date: Date) -> bool {
        let (nth, nth_from_end) = if self.ordinals_in_month {
            ((date.day() - 1) / 7 + 1, (date.days_in_month() - date.day()) / 7 + 1)
        } else {
            (((date.day_of_year() - 1) / 7 + 1) as i8, ((date.days_in_year() - date.day_of_year()) / 7 + 1) as i8)
        };
        let named = |(ordinal, day): &(i8, Weekday)| {
            *day == date.weekday() && (*ordinal == 0 || *ordinal == nth || -*ordinal == nth_from_end)
        };
        self.rule.by_day.is_empty() || self.rule.by_day.iter().any(named)
    }

    fn has_week(&self, date: Date) -> bool {
        if self.rule.by_week_no.is_empty() {
            return true;
        }
        let (week, weeks) = week_of_year(date, self.rule.week_start);
        self.rule.by_week_no.iter().any(|named| *named == week || *named == week - weeks - 1)
    }
}

/// The number of the week that a day lies in, and how many weeks the year of that week has. Week 1 is the first one with at
/// least four days in its year (RFC 5545 §3.3.10, after ISO 8601, with any first day of the week).
pub(super) fn week_of_year(date: Date, week_start: Weekday) -> (i8, i8) {
    let into_week = i64::from(date.weekday().since(week_start));
    // The week belongs to the year that its fourth day lies in.
    let fourth = shifted(date, 3 - into_week);
    let week = (fourth.day_of_year() - 1) / 7 + 1;
    let rest = (fourth.days_in_year() - fourth.day_of_year()) / 7;
    (week as i8, (week + rest) as i8)
}

/// `date` moved by `days`, stopping at the ends of time.
pub(super) fn shifted(date: Date, days: i64) -> Date {
    let border = if days < 0 { Date::MIN } else { Date::MAX };
    jiff::Span::new().try_days(days).and_then(|span| date.checked_add(span)).unwrap_or(border)
}

impl DayFilter<'_> {
    /// The only days of a month of `length` days that can be named, where the rule numbers them; ascending.
    pub(super) fn only_month_days(&self, length: i8) -> Option<Vec<i8>> {
        if let Some(day) = self.month_day {
            return Some(if day <= length { vec![day] } else { Vec::new() });
        }
        if self.rule.by_month_day.is_empty() {
            return None;
        }
        let from_start = |day: &i8| if *day > 0 { *day } else { length + *day + 1 };
        let mut days: Vec<i8> = self.rule.by_month_day.iter().map(from_start).filter(|day| (1..=length).contains(day)).collect();
        days.sort_unstable();
        days.dedup();
        Some(days)
    }
}

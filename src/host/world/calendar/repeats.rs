//! How a series repeats, and its starts. Shares nothing with the expansion that the host uses: one checks the other.

use crate::time::{Civil, Date, Elapsed, Instant, WeekdaySet, Zone};

/// How a series repeats. Its first start is always one that the rule names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeats {
    /// On which days.
    pub every: Every,
    /// How long.
    pub end: End,
}

/// The days of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// Every so many days.
    Days(u8),
    /// On these days of every so many weeks; weeks begin on Monday.
    Weeks(u8, WeekdaySet),
    /// On the first start's day of every so many months; that day is at most the 28th.
    Months(u8),
}

/// The end of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// None.
    Never,
    /// With the last start on or before this day.
    On(Date),
    /// After so many starts.
    After(u32),
}

/// Most days that one question walks: ten years.
const DAYS_MAX: i64 = 3660;

impl Repeats {
    /// Whether a series that first starts on `first` has a start on `date`, its end aside.
    #[must_use]
    pub fn is_on(&self, first: Date, date: Date) -> bool {
        if date < first {
            return false;
        }
        match self.every {
            Every::Days(step) => days(first, date) % i64::from(step.max(1)) == 0,
            Every::Weeks(step, set) => {
                let weeks = days(monday(first), monday(date)) / 7;
                set.contains(date.weekday()) && weeks % i64::from(step.max(1)) == 0
            }
            Every::Months(step) => {
                let months = i64::from(date.year() - first.year()) * 12 + i64::from(date.month() - first.month());
                date.day() == first.day() && months % i64::from(step.max(1)) == 0
            }
        }
    }

    /// The starts in `[from, to)`, ascending.
    #[must_use]
    pub fn starts(&self, first: Civil, zone: &Zone, from: Instant, to: Instant) -> Vec<Instant> {
        let counted = matches!(self.end, End::After(_));
        let near = zone.civil(from).date().yesterday().unwrap_or(Date::MIN);
        let mut date = if counted { first.date() } else { first.date().max(near) };
        let last = zone.civil(to).date();
        let (mut found, mut count) = (Vec::new(), 0);
        for _ in 0..DAYS_MAX {
            let over = match self.end {
                End::Never => false,
                End::On(end) => date > end,
                End::After(times) => count >= times,
            };
            if over || date > last {
                break;
            }
            if self.is_on(first.date(), date) {
                count += 1;
                let start = zone.instant(date.to_datetime(first.time()));
                found.extend(Some(start).filter(|start| (from..to).contains(start)));
            }
            let Ok(tomorrow) = date.tomorrow() else { break };
            date = tomorrow;
        }
        found
    }

    /// The value of an RRULE that says the same.
    #[must_use]
    pub fn rule(&self, first: Civil, zone: &Zone) -> String {
        let (freq, step, by) = match self.every {
            Every::Days(step) => ("DAILY", step, String::new()),
            Every::Weeks(step, days) => ("WEEKLY", step, format!(";BYDAY={}", day_names(days).join(","))),
            Every::Months(step) => ("MONTHLY", step, format!(";BYMONTHDAY={}", first.day())),
        };
        let interval = if step > 1 { format!(";INTERVAL={step}") } else { String::new() };
        let end = match self.end {
            End::Never => String::new(),
            End::After(times) => format!(";COUNT={times}"),
            End::On(date) => {
                let last = zone.instant(date.at(23, 59, 59, 0));
                format!(";UNTIL={}", Zone::utc().civil(last).strftime("%Y%m%dT%H%M%SZ"))
            }
        };
        format!("FREQ={freq}{interval}{by}{end}")
    }

    /// How many starts lie before `before`.
    #[must_use]
    pub fn count_before(&self, first: Civil, zone: &Zone, before: Instant) -> u32 {
        u32::try_from(self.starts(first, zone, zone.instant(first), before).len()).unwrap_or(u32::MAX)
    }

    /// When the last occurrence of this length ends; `None`: never.
    #[must_use]
    pub fn over_at(&self, first: Civil, zone: &Zone, length: Elapsed) -> Option<Instant> {
        let start = zone.instant(first);
        let until = match self.end {
            End::Never => return None,
            End::On(date) => zone.instant(date.to_datetime(first.time())) + Elapsed::from_secs(1),
            End::After(_) => start + Elapsed::from_hours(24 * DAYS_MAX),
        };
        let last = self.starts(first, zone, start, until).pop().unwrap_or(start);
        Some(last + length)
    }
}

fn day_names(days: WeekdaySet) -> Vec<&'static str> {
    const NAMES: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    days.iter().map(|day| NAMES[usize::try_from(day.to_monday_zero_offset()).expect("0 to 6")]).collect()
}

fn days(from: Date, to: Date) -> i64 {
    to.duration_since(from).as_hours() / 24
}

fn monday(date: Date) -> Date {
    let back = i64::from(date.weekday().to_monday_zero_offset());
    date.checked_sub(Elapsed::from_hours(24 * back)).unwrap_or(Date::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{ClockTime, Weekday};

    fn starts(every: Every, end: End) -> String {
        let zone = Zone::named("Europe/London").expect("a zone");
        let first = Date::constant(2026, 3, 24).to_datetime(ClockTime::constant(9, 0, 0, 0));
        let (from, to) = (zone.instant(first), zone.instant(Date::constant(2026, 6, 1).to_datetime(ClockTime::midnight())));
        let found = Repeats { every, end }.starts(first, &zone, from, to);
        found.iter().map(|start| format!("{}\n", start.to_string().trim_end_matches(":00Z"))).take(4).collect()
    }

    #[test]
    fn nine_o_clock_stays_nine_across_the_clock_change() {
        let tuesdays = WeekdaySet::default().with(Weekday::Tuesday);
        assert_eq!(starts(Every::Weeks(1, tuesdays), End::After(2)), "2026-03-24T09:00\n2026-03-31T08:00\n");
        assert_eq!(
            starts(Every::Weeks(2, tuesdays), End::On(Date::constant(2026, 4, 7))),
            "2026-03-24T09:00\n2026-04-07T08:00\n"
        );
        assert_eq!(starts(Every::Days(5), End::After(2)), "2026-03-24T09:00\n2026-03-29T08:00\n");
        assert_eq!(starts(Every::Months(2), End::Never), "2026-03-24T09:00\n2026-05-24T08:00\n");
    }
}

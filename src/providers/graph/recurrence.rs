//! Graph's recurrence patterns as the rules of RFC 5545 that mean the same.

use super::times::date;
use super::wire::{Pattern, Range, Recurrence};
use crate::providers::pages::{filled, text};
use crate::time::{Civil, ClockTime, Date, Zone};

/// The value of an RRULE; `None` where the pattern is none of the documented ones.
///
/// `all_day` and `zone` say how UNTIL is written: as a date, or as the end of that day in UTC.
pub fn rule(recurrence: &Recurrence<'_>, all_day: bool, zone: &Zone) -> Option<String> {
    let mut rule = pattern(recurrence.pattern.as_ref()?)?;
    if let Some(range) = &recurrence.range {
        rule.push_str(&end(range, all_day, zone)?);
    }
    Some(rule)
}

fn pattern(pattern: &Pattern<'_>) -> Option<String> {
    let days = days(pattern)?;
    let kind = text(&pattern.kind)?.to_ascii_lowercase();
    let (freq, by) = match kind.as_str() {
        "daily" => ("DAILY", String::new()),
        "weekly" => ("WEEKLY", weekly(pattern, &days)?),
        "absolutemonthly" => ("MONTHLY", day_of_month(pattern, (28, 31))?),
        "relativemonthly" => ("MONTHLY", days_of_month(pattern, &days)?),
        "absoluteyearly" => ("YEARLY", format!("{}{}", month(pattern)?, day_of_month(pattern, month_days(pattern)?)?)),
        "relativeyearly" => ("YEARLY", format!("{}{}", month(pattern)?, days_of_month(pattern, &days)?)),
        _ => return None,
    };
    let interval = match pattern.interval {
        None | Some(1) => String::new(),
        Some(interval) if interval > 1 => format!(";INTERVAL={interval}"),
        Some(_) => return None,
    };
    Some(format!("FREQ={freq}{interval}{by}"))
}

/// The names of days in the rule's spelling.
const DAYS: [(&str, &str); 7] = [
    ("monday", "MO"),
    ("tuesday", "TU"),
    ("wednesday", "WE"),
    ("thursday", "TH"),
    ("friday", "FR"),
    ("saturday", "SA"),
    ("sunday", "SU"),
];

fn day(name: &str) -> Option<&'static str> {
    DAYS.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, short)| *short)
}

/// The days that are named, each once, in the order of a week that begins on Monday.
fn days(pattern: &Pattern<'_>) -> Option<Vec<&'static str>> {
    let named: Option<Vec<&str>> = pattern.days_of_week.iter().flatten().map(|name| day(name.as_str())).collect();
    let named = named?;
    Some(DAYS.iter().map(|(_, short)| *short).filter(|short| named.contains(short)).collect())
}

/// The first day of the week decides which weeks an interval skips; Graph's default is Sunday.
fn weekly(pattern: &Pattern<'_>, days: &[&str]) -> Option<String> {
    let first = match filled(&pattern.first_day_of_week) {
        Some(first) => day(first)?,
        None => "SU",
    };
    (!days.is_empty()).then(|| format!(";BYDAY={};WKST={first}", days.join(",")))
}

fn month(pattern: &Pattern<'_>) -> Option<String> {
    pattern.month.filter(|month| (1..=12).contains(month)).map(|month| format!(";BYMONTH={month}"))
}

/// The fewest and the most days that the month can have.
fn month_days(pattern: &Pattern<'_>) -> Option<(i64, i64)> {
    let length = |year| Some(i64::from(Date::new(year, i8::try_from(pattern.month?).ok()?, 1).ok()?.days_in_month()));
    Some((length(2023)?, length(2024)?))
}

/// A day past the end of a short month means its last day, where a rule's BYMONTHDAY would skip the month.
fn day_of_month(pattern: &Pattern<'_>, (shortest, longest): (i64, i64)) -> Option<String> {
    let day = pattern.day_of_month.filter(|day| (1..=31).contains(day))?.min(longest);
    if day <= shortest {
        return Some(format!(";BYMONTHDAY={day}"));
    }
    let days: Vec<String> = (shortest..=day).map(|day| day.to_string()).collect();
    Some(format!(";BYMONTHDAY={};BYSETPOS=-1", days.join(",")))
}

/// The first, …, last of the named days.
fn days_of_month(pattern: &Pattern<'_>, days: &[&str]) -> Option<String> {
    let index = match filled(&pattern.index).map(str::to_ascii_lowercase).as_deref() {
        None | Some("first") => 1,
        Some("second") => 2,
        Some("third") => 3,
        Some("fourth") => 4,
        Some("last") => -1,
        Some(_) => return None,
    };
    match days {
        [] => None,
        [day] => Some(format!(";BYDAY={index}{day}")),
        days => Some(format!(";BYDAY={};BYSETPOS={index}", days.join(","))),
    }
}

/// COUNT or UNTIL, where the series ends.
fn end(range: &Range<'_>, all_day: bool, zone: &Zone) -> Option<String> {
    match text(&range.kind)?.to_ascii_lowercase().as_str() {
        "noend" => Some(String::new()),
        "numbered" => range.number_of_occurrences.filter(|count| *count > 0).map(|count| format!(";COUNT={count}")),
        "enddate" => {
            let last = date(text(&range.end_date)?)?;
            if all_day {
                return Some(format!(";UNTIL={}", compact(last)));
            }
            let end = last.to_datetime(ClockTime::constant(23, 59, 59, 0));
            let end: Civil = Zone::utc().civil(zone.instant(end));
            let (hour, minute, second) = (end.hour(), end.minute(), end.second());
            Some(format!(";UNTIL={}T{hour:02}{minute:02}{second:02}Z", compact(end.date())))
        }
        _ => None,
    }
}

fn compact(date: Date) -> String {
    format!("{:04}{:02}{:02}", date.year(), date.month(), date.day())
}

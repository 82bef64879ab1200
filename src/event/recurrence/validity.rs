//! Whether the parts of a rule go together, as the `rrule` crate judges it.
//!
//! The crate also refuses a few rules that RFC 5545 allows; those parts reach it in a form that it takes:
//!
//! | legal, but refused by the crate | what it is shown |
//! |---|---|
//! | UNTIL as a date or a local time, or before DTSTART | no UNTIL |
//! | `BYDAY=-5FR` and `6FR` monthly, `-53MO` yearly | the nearest number that it knows |
//! | BYSETPOS past the periods of an hour, a day or a week | its sign |
//! | `INTERVAL` above 65,535 | no INTERVAL |
//!
//! It is never asked for occurrences here: it would walk from the first one.

use super::Rule;
use crate::event::Freq;
use crate::time::Weekday;
use chrono::DateTime;
use rrule::{Frequency, NWeekday, RRule, Tz, Unvalidated};

/// Why the crate refuses the rule, in its words.
pub(super) fn refusal(rule: &Rule) -> Option<String> {
    let start = DateTime::UNIX_EPOCH.with_timezone(&Tz::UTC);
    let error = shown(rule).validate(start).err()?;
    let text = match error {
        rrule::RRuleError::ValidationError(inner) => inner.to_string(),
        other => other.to_string(),
    };
    Some(text.trim_end_matches('.').to_owned())
}

/// The rule as the crate sees it.
fn shown(rule: &Rule) -> RRule<Unvalidated> {
    let months: Vec<chrono::Month> = rule.by_month.iter().filter_map(|month| chrono::Month::try_from(*month).ok()).collect();
    RRule::new(frequency(rule.freq))
        .week_start(weekday(rule.week_start))
        .by_month(&months)
        .by_month_day(rule.by_month_day.clone())
        .by_year_day(rule.by_year_day.clone())
        .by_week_no(rule.by_week_no.clone())
        .by_weekday(rule.by_day.iter().map(|(ordinal, day)| numbered(rule.freq, *ordinal, *day)).collect())
        .by_hour(rule.by_hour.clone())
        .by_minute(rule.by_minute.clone())
        .by_second(rule.by_second.clone())
        .by_set_pos(rule.by_set_pos.iter().map(|position| i32::from(position.signum())).collect())
}

fn numbered(freq: Freq, ordinal: i8, day: Weekday) -> NWeekday {
    let (least, most) = match freq {
        Freq::Monthly => (-4, 5),
        Freq::Yearly => (-52, 53),
        _ => (i8::MIN, i8::MAX),
    };
    match ordinal {
        0 => NWeekday::Every(weekday(day)),
        _ => NWeekday::Nth(i16::from(ordinal.clamp(least, most)), weekday(day)),
    }
}

fn frequency(freq: Freq) -> Frequency {
    match freq {
        Freq::Secondly => Frequency::Secondly,
        Freq::Minutely => Frequency::Minutely,
        Freq::Hourly => Frequency::Hourly,
        Freq::Daily => Frequency::Daily,
        Freq::Weekly => Frequency::Weekly,
        Freq::Monthly => Frequency::Monthly,
        Freq::Yearly => Frequency::Yearly,
    }
}

fn weekday(day: Weekday) -> rrule::Weekday {
    match day {
        Weekday::Monday => rrule::Weekday::Mon,
        Weekday::Tuesday => rrule::Weekday::Tue,
        Weekday::Wednesday => rrule::Weekday::Wed,
        Weekday::Thursday => rrule::Weekday::Thu,
        Weekday::Friday => rrule::Weekday::Fri,
        Weekday::Saturday => rrule::Weekday::Sat,
        Weekday::Sunday => rrule::Weekday::Sun,
    }
}

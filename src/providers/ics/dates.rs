//! The values of RFC 5545 §3.3 that tell time: DATE, DATE-TIME, DURATION, PERIOD, UTC-OFFSET, read as mildly as is safe.
//!
//! A value is what was written; which zone a civil time belongs to is decided by whoever knows the parameters.

use crate::time::{Civil, ClockTime, Date, Elapsed, Moment, Zone};

/// A DATE or DATE-TIME value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// A whole day.
    Day(Date),
    /// A wall-clock reading in a zone named elsewhere, or in none.
    Local(Civil),
    /// A reading so many seconds east of UTC. `Z` is 0; others are no iCalendar, and are met.
    Offset(Civil, i32),
}

/// Reads `20260302`, `20260302T100000`, `20260302T100000Z`; also with the dashes and colons of ISO 8601, without seconds,
/// with fractions or an offset. `None` for anything else, and for dates that do not exist.
pub fn written(value: &str) -> Option<Written> {
    let value = value.trim();
    let (date, time) = match value.find(['T', 't', ' ']) {
        Some(at) => (&value[..at], Some(&value[at + 1..])),
        None => (value, None),
    };
    let date = date_of(date)?;
    let Some(time) = time else { return Some(Written::Day(date)) };
    let zone_at = time.find(|c: char| !c.is_ascii_digit() && !matches!(c, ':' | '.' | ','));
    let (clock, suffix) = time.split_at(zone_at.unwrap_or(time.len()));
    let civil = civil_of(date, clock)?;
    match suffix {
        "" => Some(Written::Local(civil)),
        "Z" | "z" => Some(Written::Offset(civil, 0)),
        _ => Some(Written::Offset(civil, utc_offset(suffix)?)),
    }
}

fn date_of(text: &str) -> Option<Date> {
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    if digits.len() != 8 || text.starts_with('-') {
        return None;
    }
    Date::new(
        digits_of(&digits, 0..4)?,
        i8::try_from(digits_of(&digits, 4..6)?).ok()?,
        i8::try_from(digits_of(&digits, 6..8)?).ok()?,
    )
    .ok()
}

/// A reading of `HHMM` or `HHMMSS`; 24:00 is the next day's midnight, a leap second the one before it.
fn civil_of(date: Date, clock: &str) -> Option<Civil> {
    let whole = clock.split(['.', ',']).next()?;
    let mut digits: String = whole.chars().filter(|c| *c != ':').collect();
    if digits.len() == 4 {
        digits.push_str("00");
    }
    if digits.len() != 6 {
        return None;
    }
    let part = |range| i8::try_from(digits_of(&digits, range)?).ok();
    let (hour, minute, second) = (part(0..2)?, part(2..4)?, part(4..6)?);
    if (hour, minute, second) == (24, 0, 0) {
        return Some(date.tomorrow().ok()?.to_datetime(ClockTime::midnight()));
    }
    Some(date.to_datetime(ClockTime::new(hour, minute, second.min(59), 0).ok().filter(|_| second <= 60)?))
}

fn digits_of(text: &str, range: std::ops::Range<usize>) -> Option<i16> {
    let part = text.get(range)?;
    part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse().ok())?
}

/// Reads `+HHMM`, `-HHMMSS`, also with colons: seconds east of UTC, less than a day.
pub fn utc_offset(value: &str) -> Option<i32> {
    let value = value.trim();
    let (sign, rest) = match value.as_bytes().first()? {
        b'-' => (-1, &value[1..]),
        b'+' => (1, &value[1..]),
        _ => (1, value),
    };
    let mut digits: String = rest.chars().filter(|c| *c != ':').collect();
    if digits.len() % 2 == 1 {
        digits.insert(0, '0');
    }
    if !(2..=6).contains(&digits.len()) {
        return None;
    }
    let part = |at: usize| if digits.len() > at { digits_of(&digits, at..at + 2).map(i32::from) } else { Some(0) };
    let (hours, minutes, seconds) = (part(0)?, part(2)?, part(4)?);
    (hours < 24 && minutes < 60 && seconds < 60).then_some(sign * (hours * 3600 + minutes * 60 + seconds))
}

/// A DURATION: days follow the calendar, the rest the clock (RFC 5545 §3.3.6).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Length {
    /// Weeks and days, in days.
    pub days: i64,
    /// Hours, minutes and seconds, in seconds.
    pub secs: i64,
}

/// Reads `P15DT5H0M20S`, `P7W`, `-PT15M`, and `P1DT` for `P1D`.
pub fn length(value: &str) -> Option<Length> {
    let value = value.trim();
    if !value.trim_start_matches(['+', '-']).starts_with(['P', 'p']) {
        return None;
    }
    // `P1DT`: a time part that was announced and is missing.
    let span: jiff::Span = value.strip_suffix(['T', 't']).unwrap_or(value).parse().ok()?;
    if span.get_years() != 0 || span.get_months() != 0 {
        return None;
    }
    let days = i64::from(span.get_weeks()) * 7 + i64::from(span.get_days());
    let secs = i64::from(span.get_hours()) * 3600 + span.get_minutes().saturating_mul(60).saturating_add(span.get_seconds());
    Some(Length { days, secs })
}

impl Length {
    /// The moment so long after `start`; a day stays a day. At the border of time where it lies beyond.
    pub fn after(self, start: &Moment) -> Moment {
        let days = Elapsed::from_hours(self.days.clamp(-DAYS_MAX, DAYS_MAX) * 24);
        let secs = Elapsed::from_secs(self.secs);
        match start {
            Moment::Day(date) => {
                let whole = self.secs.div_euclid(86_400) + i64::from(self.secs.rem_euclid(86_400) != 0);
                let more = Elapsed::from_hours(whole.clamp(-DAYS_MAX, DAYS_MAX) * 24);
                Moment::Day(date.saturating_add(days).saturating_add(more))
            }
            Moment::Timed { at, zone } => {
                let moved = if self.days == 0 { *at } else { zone.instant(zone.civil(*at).saturating_add(days)) };
                let at = moved.saturating_add(secs).unwrap_or(moved);
                Moment::Timed { at, zone: zone.clone() }
            }
        }
    }
}

/// More days than time has.
const DAYS_MAX: i64 = 10_000_000;

impl Written {
    /// The moment that is meant; a civil time is one of `zone`.
    pub fn in_zone(self, zone: &Zone) -> Moment {
        match self {
            Self::Day(date) => Moment::Day(date),
            Self::Local(civil) => Moment::Timed { at: zone.instant(civil), zone: zone.clone() },
            Self::Offset(civil, offset) => {
                let zone = Zone::fixed(offset).filter(|_| offset != 0).unwrap_or_else(Zone::utc);
                Moment::Timed { at: zone.instant(civil), zone }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_every_spelling_that_is_met() {
        let told = |value: &str| written(value).map(|written| format!("{written:?}"));
        assert_eq!(told("20260302").as_deref(), Some("Day(2026-03-02)"));
        assert_eq!(told("2026-03-02T10:00:00.5Z").as_deref(), Some("Offset(2026-03-02T10:00:00, 0)"));
        assert_eq!(told("20260302T1000").as_deref(), Some("Local(2026-03-02T10:00:00)"));
        assert_eq!(told("20260302T240000").as_deref(), Some("Local(2026-03-03T00:00:00)"));
        assert_eq!(told("20261231T235960Z").as_deref(), Some("Offset(2026-12-31T23:59:59, 0)"));
        assert_eq!(told("20260302T100000+0100").as_deref(), Some("Offset(2026-03-02T10:00:00, 3600)"));
        for broken in ["", "2026", "20261302", "20260230", "2026030é", "20260302Tx", "-2026032", "20260302T100000Q", "T", "é"] {
            assert_eq!(told(broken), None, "{broken}");
        }
    }

    #[test]
    fn lengths_are_days_and_seconds() {
        assert_eq!(length("P15DT5H0M20S"), Some(Length { days: 15, secs: 18_020 }));
        assert_eq!(length("P1DT"), Some(Length { days: 1, secs: 0 }));
        assert_eq!(length("-P1W"), Some(Length { days: -7, secs: 0 }));
        for broken in ["", "1H", "P1Y", "PT", "P", "P99999999999999999999D", "1 day"] {
            assert_eq!(length(broken), None, "{broken}");
        }
    }

    #[test]
    fn the_border_of_time_is_no_place_to_fall_from() {
        let last = Moment::Day(Date::MAX);
        assert_eq!(Length { days: i64::MAX, secs: i64::MAX }.after(&last), last);
        let timed = Written::Local(Civil::MAX).in_zone(&Zone::utc());
        assert!(!Length { days: i64::MAX, secs: i64::MAX }.after(&timed).is_day());
    }
}

//! A zone that a file defines for itself (VTIMEZONE, RFC 5545 §3.6.5), compiled to the form that zone databases have.
//!
//! Every onset of every observance until [`YEAR_MAX`] becomes one transition of `TZif` data (RFC 9636), so a zone of a file
//! and one of the database are the same thing to everything behind this.

use crate::providers::ics::dates::{Written, utc_offset, written};
use crate::providers::ics::wire::Component;
use crate::time::{Civil, ClockTime, Date, Elapsed, Instant, Zone};
use std::cell::Cell;

/// Years for which onsets are computed. Outside, the nearest offset holds.
const YEAR_MIN: i16 = 1900;
/// See [`YEAR_MIN`].
const YEAR_MAX: i16 = 2200;
/// Most observances of one zone; a zone that lists each year on its own has some two hundred.
const OBSERVANCES_MAX: usize = 400;
/// Most recurrence rules of one observance; one is the rule.
const RULES_MAX: usize = 4;
/// Most years of all rules of a file that are walked through. A usual zone has two rules of three hundred years.
pub const YEARS_MAX: usize = 60_000;
/// Most onsets of one zone.
const ONSETS_MAX: usize = 20_000;

/// The zone that `component` defines, or `None` where it defines none: no observance that can be read, or no year left in
/// `years`, which counts down from [`YEARS_MAX`] over a whole file.
pub fn compile(name: &str, component: &Component, years: &Cell<usize>) -> Option<Zone> {
    let until = component.first("TZUNTIL").and_then(|property| written(&property.value)).map(utc_secs);
    let mut observances: Vec<Observance> =
        component.components.iter().take(OBSERVANCES_MAX).filter_map(Observance::read).collect();
    observances.sort_by_key(|observance| observance.start);
    let earliest = observances.first()?;
    let before = Kind { offset: earliest.from, summer: false };
    let mut onsets: Vec<(i64, Kind)> = Vec::new();
    for observance in &observances {
        let kind = Kind { offset: observance.to, summer: observance.summer };
        let room = ONSETS_MAX - onsets.len();
        onsets.extend(observance.onsets(years).take(room).map(|civil| (secs(civil) - i64::from(observance.from), kind)));
    }
    if years.get() == 0 {
        return None;
    }
    onsets.retain(|(at, _)| until.is_none_or(|until| *at < until));
    onsets.sort_by_key(|(at, _)| *at);
    // Two observances that begin at one moment contradict each other; the one written later stands.
    onsets.dedup_by(|later, earlier| {
        later.0 == earlier.0 && {
            earlier.1 = later.1;
            true
        }
    });
    Zone::compiled(name, &tzif(before, &onsets))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Kind {
    offset: i32,
    summer: bool,
}

/// STANDARD or DAYLIGHT: from each onset on, the offset is `to`.
struct Observance {
    start: Civil,
    from: i32,
    to: i32,
    summer: bool,
    rules: Vec<Rule>,
    extra: Vec<Civil>,
}

impl Observance {
    fn read(component: &Component) -> Option<Self> {
        let summer = component.name == "DAYLIGHT";
        if !summer && component.name != "STANDARD" {
            return None;
        }
        let offset = |name| utc_offset(&component.first(name)?.value);
        let to = offset("TZOFFSETTO")?;
        let from = offset("TZOFFSETFROM").unwrap_or(to);
        let start = component.first("DTSTART").and_then(|property| written(&property.value)).map(|start| local(start, from))?;
        let rules = component.all("RRULE").take(RULES_MAX).filter_map(|property| Rule::read(&property.value, from)).collect();
        let extra = component.all("RDATE").flat_map(|property| property.value.split(','));
        let extra = extra.filter_map(|value| written(value.split('/').next()?)).map(|date| local(date, from)).collect();
        Some(Self { start, from, to, summer, rules, extra })
    }

    /// The local times of its onsets in the offset before each.
    fn onsets(&self, years: &Cell<usize>) -> impl Iterator<Item = Civil> {
        let ruled = self.rules.iter().flat_map(|rule| rule.onsets(self.start, years));
        std::iter::once(self.start).chain(self.extra.iter().copied()).chain(ruled)
    }
}

/// The local reading of an onset. One in UTC is against the letter of the RFC, and its meaning is plain.
fn local(onset: Written, from: i32) -> Civil {
    match onset {
        Written::Day(date) => date.at(0, 0, 0, 0),
        Written::Local(civil) => civil,
        Written::Offset(civil, offset) => civil.saturating_add(Elapsed::from_secs(i64::from(from - offset))),
    }
}

/// Seconds of a UTC value since 1970.
fn utc_secs(value: Written) -> i64 {
    secs(local(value, 0))
}

/// Seconds of a reading since 1970, as if it were UTC.
fn secs(civil: Civil) -> i64 {
    Zone::utc().instant(civil).as_second()
}

/// A recurrence rule as zones use them: some days of some months, once a year.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rule {
    interval: i16,
    count: Option<usize>,
    /// The last local reading, included.
    until: Option<Civil>,
    /// Bit 1 is January. Empty: the month of the start.
    months: u16,
    /// Bits 1 to 31 count from the month's start, bits 33 to 63 from its end. Empty: any day, or that of the start.
    month_days: u64,
    /// For each day from Monday: bit 5 is every one of the month, 6 the first, 4 the last. Empty: any.
    weekdays: [u16; 7],
    /// BYHOUR, BYMINUTE and BYSECOND, which say what the start says already.
    clock: [Option<i8>; 3],
}

impl Rule {
    /// `None` for rules that no law about clocks would use (weeks, hours, positions): the observance then begins once.
    fn read(value: &str, from: i32) -> Option<Self> {
        let mut rule = Self { interval: 1, ..Self::default() };
        let mut yearly = false;
        for part in value.split(';').filter(|part| !part.trim().is_empty()) {
            let (name, value) = part.split_once('=')?;
            let value = value.trim();
            match name.trim().to_ascii_uppercase().as_str() {
                "FREQ" => yearly = value.eq_ignore_ascii_case("YEARLY"),
                "INTERVAL" => rule.interval = value.parse().ok().filter(|years| *years > 0)?,
                "COUNT" => rule.count = Some(value.parse().ok()?),
                "UNTIL" => rule.until = Some(until(written(value)?, from)),
                "BYMONTH" => rule.months = bits(value, |month| (1..=12).contains(&month).then_some(month))? as u16,
                "BYMONTHDAY" => rule.month_days = bits(value, month_day_bit)?,
                "BYDAY" => rule.weekdays = weekdays(value)?,
                "BYHOUR" => rule.clock[0] = Some(value.parse().ok()?),
                "BYMINUTE" => rule.clock[1] = Some(value.parse().ok()?),
                "BYSECOND" => rule.clock[2] = Some(value.parse().ok()?),
                "WKST" => {}
                _ => return None,
            }
        }
        yearly.then_some(rule)
    }

    fn onsets(&self, start: Civil, years_left: &Cell<usize>) -> impl Iterator<Item = Civil> {
        // Years that do not matter are skipped by whole intervals. Where occurrences are counted they do matter, and no
        // clock was ever set by a counted rule that began before [`YEAR_MIN`].
        let early = (i32::from(YEAR_MIN) - i32::from(start.year())).max(0);
        let skipped = i16::try_from(early / i32::from(self.interval)).unwrap_or(0).saturating_mul(self.interval);
        let years = (start.year().saturating_add(skipped)..=YEAR_MAX).step_by(usize::from(self.interval.unsigned_abs()));
        let paid = years.take_while(|_| {
            years_left.set(years_left.get().saturating_sub(1));
            years_left.get() > 0
        });
        let days = paid.flat_map(move |year| (1..=12).flat_map(move |month| self.days(year, month, start.date())));
        let until = self.until.unwrap_or(Civil::MAX);
        let [hour, minute, second] = self.clock;
        let clock =
            ClockTime::new(hour.unwrap_or(start.hour()), minute.unwrap_or(start.minute()), second.unwrap_or(start.second()), 0);
        let clock = clock.unwrap_or(start.time());
        let onsets = days.map(move |date| date.to_datetime(clock)).filter(move |onset| *onset >= start);
        onsets.take_while(move |onset| *onset <= until).take(self.count.unwrap_or(ONSETS_MAX))
    }

    /// The days of one month, ascending.
    fn days(&self, year: i16, month: i8, start: Date) -> Vec<Date> {
        let in_month = if self.months == 0 { month == start.month() } else { self.months & 1 << month != 0 };
        let Some(first) = Date::new(year, month, 1).ok().filter(|_| in_month) else { return Vec::new() };
        let length = first.days_in_month();
        let chosen = |date: &Date| {
            let (day, from_end) = (date.day(), length + 1 - date.day());
            let by_day = self.month_days == 0 || self.month_days & (1 << day | 1 << (32 + from_end)) != 0;
            let places = self.weekdays[usize::from(date.weekday().to_monday_zero_offset().unsigned_abs())];
            let place_bits = 1 << 5 | 1 << (5 + (day - 1) / 7 + 1) | 1 << (5 - (from_end - 1) / 7 - 1);
            by_day && (self.weekdays == [0; 7] || places & place_bits != 0)
        };
        if self.month_days == 0 && self.weekdays == [0; 7] {
            return Date::new(year, month, start.day()).into_iter().collect();
        }
        (1..=length).filter_map(|day| Date::new(year, month, day).ok()).filter(chosen).collect()
    }
}

/// UNTIL as a local reading of the offset before the onset; a day includes all of it.
fn until(value: Written, from: i32) -> Civil {
    match value {
        Written::Day(date) => date.at(23, 59, 59, 0),
        other => local(other, from),
    }
}

/// A list of numbers as bits.
fn bits(value: &str, bit: impl Fn(i8) -> Option<i8>) -> Option<u64> {
    value.split(',').try_fold(0, |bits, number| Some(bits | 1 << bit(number.trim().parse().ok()?)?))
}

fn month_day_bit(day: i8) -> Option<i8> {
    match day {
        1..=31 => Some(day),
        -31..=-1 => Some(32 - day),
        _ => None,
    }
}

/// `2SU`, `-1SU`, `SU` as bits of [`Rule::weekdays`].
fn weekdays(value: &str) -> Option<[u16; 7]> {
    let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
    let mut weekdays = [0; 7];
    for item in value.split(',') {
        let item = item.trim().to_ascii_uppercase();
        let index = names.iter().position(|name| item.ends_with(name))?;
        let place = item[..item.len() - 2].trim();
        let place: i8 = if place.is_empty() { 0 } else { place.parse().ok().filter(|place| (-5..=5).contains(place))? };
        weekdays[index] |= 1 << (5 + place);
    }
    Some(weekdays)
}

/// Version 2 data with an empty first block (RFC 9636 §3) and no footer: behind the last transition its offset stays.
fn tzif(before: Kind, onsets: &[(i64, Kind)]) -> Vec<u8> {
    let onsets: Vec<&(i64, Kind)> = onsets.iter().filter(|(at, _)| Instant::from_second(*at).is_ok()).collect();
    let mut kinds = vec![before];
    for (_, kind) in &onsets {
        if !kinds.contains(kind) && kinds.len() < 250 {
            kinds.push(*kind);
        }
    }
    let index = |kind: &Kind| kinds.iter().position(|known| known == kind).unwrap_or(0) as u8;
    let designations = b"STD\0DST\0";
    let mut data = header(0, 1, 1);
    data.extend([0; 7]);
    data.extend(header(onsets.len(), kinds.len(), designations.len()));
    data.extend(onsets.iter().flat_map(|(at, _)| at.to_be_bytes()));
    data.extend(onsets.iter().map(|(_, kind)| index(kind)));
    for kind in &kinds {
        data.extend(kind.offset.to_be_bytes());
        data.extend([u8::from(kind.summer), if kind.summer { 4 } else { 0 }]);
    }
    data.extend(designations);
    data.extend(b"\n\n");
    data
}

fn header(transitions: usize, types: usize, designations: usize) -> Vec<u8> {
    let mut header = b"TZif2".to_vec();
    header.extend([0; 15]);
    for count in [0, 0, 0, transitions, types, designations] {
        header.extend(u32::try_from(count).unwrap_or(0).to_be_bytes());
    }
    header
}

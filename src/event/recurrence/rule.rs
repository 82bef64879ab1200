//! A recurrence rule: its parts, and reading one (RFC 5545 §3.3.10).

use super::validity::refusal;
use crate::event::Freq;
use crate::time::{Civil, ClockTime, Date, Instant, Weekday};

/// A recurrence rule, checked: every part lies in its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// FREQ.
    pub freq: Freq,
    /// INTERVAL, at least 1.
    pub interval: u32,
    /// COUNT, at least 1.
    pub count: Option<u32>,
    /// UNTIL.
    pub until: Option<Until>,
    /// BYSECOND, ascending without duplicates, as all below. A leap second is read as 59.
    pub by_second: Vec<u8>,
    /// BYMINUTE.
    pub by_minute: Vec<u8>,
    /// BYHOUR.
    pub by_hour: Vec<u8>,
    /// BYDAY: the ordinal (0: every) and the day.
    pub by_day: Vec<(i8, Weekday)>,
    /// BYMONTHDAY, negative from the end.
    pub by_month_day: Vec<i8>,
    /// BYYEARDAY, negative from the end.
    pub by_year_day: Vec<i16>,
    /// BYWEEKNO, negative from the end.
    pub by_week_no: Vec<i8>,
    /// BYMONTH.
    pub by_month: Vec<u8>,
    /// BYSETPOS, negative from the end.
    pub by_set_pos: Vec<i16>,
    /// WKST.
    pub week_start: Weekday,
}

/// UNTIL, as written: the last moment that an occurrence may start at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// A whole day; of a timed series: its midnight.
    Day(Date),
    /// A wall-clock time of the series' zone.
    Local(Civil),
    /// A point in time.
    Utc(Instant),
}

/// Why a recurrence rule cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Not `NAME=VALUE`.
    #[error("a part is not `NAME=VALUE`")]
    Shape,
    /// A part that this reader does not know.
    #[error("an unknown part")]
    UnknownPart,
    /// A part is written twice.
    #[error("{0} is written twice")]
    Twice(&'static str),
    /// A value that the part cannot have.
    #[error("{0} has a value it cannot have")]
    Value(&'static str),
    /// FREQ is missing.
    #[error("FREQ is missing")]
    NoFreq,
    /// A numbered weekday where only a plain one may stand.
    #[error("BYDAY with a number does not go with {0}")]
    Number(&'static str),
    /// Parts that exclude each other, in the words of the `rrule` crate.
    #[error("{0}")]
    Parts(String),
    /// Longer than any rule needs to be.
    #[error("longer than {RULE_BYTES_MAX} bytes")]
    TooLong,
}

/// Longest rule that is read; every value of every part once takes less.
pub const RULE_BYTES_MAX: usize = 8 * 1024;

/// The parts, for telling which ones a rule has twice.
const PARTS: [&str; 14] = [
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "BYSECOND",
    "BYMINUTE",
    "BYHOUR",
    "BYDAY",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYMONTH",
    "BYSETPOS",
    "WKST",
];

impl Rule {
    /// Reads the value of an RRULE or EXRULE property.
    ///
    /// Names and words may have any case. Parts that begin with `X-` are passed over, as RFC 5545 wants of extensions.
    ///
    /// ```
    /// use callsheet::event::recurrence::Rule;
    /// assert_eq!(Rule::parse("FREQ=WEEKLY;BYDAY=MO,WE;INTERVAL=2").unwrap().interval, 2);
    /// assert!(Rule::parse("FREQ=DAILY;BYDAY=1MO").is_err());
    /// ```
    ///
    /// # Errors
    /// [`RuleError`] names the part.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        if text.len() > RULE_BYTES_MAX {
            return Err(RuleError::TooLong);
        }
        let mut reader = Reader { rule: Self::every(Freq::Daily), freq: None, seen: [false; PARTS.len()] };
        for part in text.trim().strip_suffix(';').unwrap_or(text.trim()).split(';') {
            reader.part(part)?;
        }
        reader.finish()
    }

    /// The plain rule of a frequency.
    #[must_use]
    pub fn every(freq: Freq) -> Self {
        Self {
            freq,
            interval: 1,
            count: None,
            until: None,
            by_second: Vec::new(),
            by_minute: Vec::new(),
            by_hour: Vec::new(),
            by_day: Vec::new(),
            by_month_day: Vec::new(),
            by_year_day: Vec::new(),
            by_week_no: Vec::new(),
            by_month: Vec::new(),
            by_set_pos: Vec::new(),
            week_start: Weekday::Monday,
        }
    }

    /// Whether the rule says on which days of its period it happens.
    pub(super) fn names_days(&self) -> bool {
        !(self.by_day.is_empty() && self.by_month_day.is_empty() && self.by_year_day.is_empty() && self.by_week_no.is_empty())
    }
}

/// A rule while it is read.
struct Reader {
    rule: Rule,
    freq: Option<Freq>,
    seen: [bool; PARTS.len()],
}

impl Reader {
    fn part(&mut self, part: &str) -> Result<(), RuleError> {
        let (name, value) = part.trim().split_once('=').ok_or(RuleError::Shape)?;
        let name = name.trim().to_ascii_uppercase();
        if name.starts_with("X-") {
            return Ok(());
        }
        let index = PARTS.iter().position(|known| *known == name).ok_or(RuleError::UnknownPart)?;
        let name = PARTS[index];
        if std::mem::replace(&mut self.seen[index], true) {
            return Err(RuleError::Twice(name));
        }
        let value = value.trim().to_ascii_uppercase();
        let wrong = || RuleError::Value(name);
        let rule = &mut self.rule;
        match name {
            "FREQ" => self.freq = Some(freq(&value).ok_or_else(wrong)?),
            "INTERVAL" => rule.interval = number(&value, 1, i64::from(u32::MAX)).ok_or_else(wrong)? as u32,
            "COUNT" => rule.count = Some(number(&value, 1, i64::from(u32::MAX)).ok_or_else(wrong)? as u32),
            "UNTIL" => rule.until = Some(until(&value).ok_or_else(wrong)?),
            "BYSECOND" => {
                rule.by_second = list(&value, |item| number(item, 0, 60).map(|second| second.min(59) as u8)).ok_or_else(wrong)?
            }
            "BYMINUTE" => {
                rule.by_minute = list(&value, |item| number(item, 0, 59).map(|minute| minute as u8)).ok_or_else(wrong)?
            }
            "BYHOUR" => rule.by_hour = list(&value, |item| number(item, 0, 23).map(|hour| hour as u8)).ok_or_else(wrong)?,
            "BYDAY" => rule.by_day = days(&value).ok_or_else(wrong)?,
            "BYMONTHDAY" => rule.by_month_day = list(&value, |item| signed(item, 31).map(|day| day as i8)).ok_or_else(wrong)?,
            "BYYEARDAY" => rule.by_year_day = list(&value, |item| signed(item, 366)).ok_or_else(wrong)?,
            "BYWEEKNO" => rule.by_week_no = list(&value, |item| signed(item, 53).map(|week| week as i8)).ok_or_else(wrong)?,
            "BYMONTH" => rule.by_month = list(&value, |item| number(item, 1, 12).map(|month| month as u8)).ok_or_else(wrong)?,
            "BYSETPOS" => rule.by_set_pos = list(&value, |item| signed(item, 366)).ok_or_else(wrong)?,
            _ => rule.week_start = weekday(&value).ok_or_else(wrong)?,
        }
        Ok(())
    }

    fn finish(mut self) -> Result<Rule, RuleError> {
        let freq = self.freq.ok_or(RuleError::NoFreq)?;
        self.rule.freq = freq;
        let rule = self.rule;
        let has_ordinal = rule.by_day.iter().any(|(ordinal, _)| *ordinal != 0);
        let ordinal_in_month = freq == Freq::Yearly && !rule.by_month.is_empty();
        let too_far = rule.by_day.iter().any(|(ordinal, _)| ordinal.unsigned_abs() > 5);
        // What the crate does not refuse although RFC 5545 does.
        let excluded = [
            (has_ordinal && !matches!(freq, Freq::Monthly | Freq::Yearly), "this FREQ"),
            (has_ordinal && !rule.by_week_no.is_empty(), "BYWEEKNO"),
            (too_far && ordinal_in_month, "BYMONTH, above 5"),
        ];
        if let Some((_, other)) = excluded.into_iter().find(|(both, _)| *both) {
            return Err(RuleError::Number(other));
        }
        match refusal(&rule) {
            Some(why) => Err(RuleError::Parts(why)),
            None => Ok(rule),
        }
    }
}

fn freq(word: &str) -> Option<Freq> {
    Some(match word {
        "SECONDLY" => Freq::Secondly,
        "MINUTELY" => Freq::Minutely,
        "HOURLY" => Freq::Hourly,
        "DAILY" => Freq::Daily,
        "WEEKLY" => Freq::Weekly,
        "MONTHLY" => Freq::Monthly,
        "YEARLY" => Freq::Yearly,
        _ => return None,
    })
}

fn number(text: &str, least: i64, most: i64) -> Option<i64> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    if unsigned.is_empty() || unsigned.len() > 10 || !unsigned.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|value| (least..=most).contains(value))
}

/// `1` to `most`, or `-most` to `-1`.
fn signed(text: &str, most: i64) -> Option<i16> {
    number(text, -most, most).filter(|value| *value != 0).map(|value| value as i16)
}

/// A list of values, ascending and without duplicates.
fn list<T: Ord>(text: &str, item: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let mut values: Vec<T> = text.split(',').map(|part| item(part.trim())).collect::<Option<_>>()?;
    values.sort();
    values.dedup();
    Some(values)
}

fn days(text: &str) -> Option<Vec<(i8, Weekday)>> {
    let mut days: Vec<(i8, Weekday)> = Vec::new();
    for item in text.split(',') {
        let item = item.trim();
        let split = item.len().checked_sub(2).filter(|at| item.is_char_boundary(*at))?;
        let (ordinal, word) = item.split_at(split);
        let ordinal = if ordinal.is_empty() { 0 } else { signed(ordinal, 53)? as i8 };
        let day = (ordinal, weekday(word)?);
        if !days.contains(&day) {
            days.push(day);
        }
    }
    Some(days)
}

fn weekday(word: &str) -> Option<Weekday> {
    Some(match word {
        "MO" => Weekday::Monday,
        "TU" => Weekday::Tuesday,
        "WE" => Weekday::Wednesday,
        "TH" => Weekday::Thursday,
        "FR" => Weekday::Friday,
        "SA" => Weekday::Saturday,
        "SU" => Weekday::Sunday,
        _ => return None,
    })
}

fn until(text: &str) -> Option<Until> {
    let date = date(text.get(..8)?)?;
    let rest = &text[8..];
    if rest.is_empty() {
        return Some(Until::Day(date));
    }
    let (time, utc) = match rest.strip_suffix('Z') {
        Some(time) => (time, true),
        None => (rest, false),
    };
    let civil = date.to_datetime(clock(time.strip_prefix('T')?)?);
    Some(if utc { Until::Utc(crate::time::Zone::utc().instant(civil)) } else { Until::Local(civil) })
}

fn date(text: &str) -> Option<Date> {
    let field = |range: std::ops::Range<usize>| number(text.get(range)?, 0, 9999);
    Date::new(field(0..4)? as i16, field(4..6)? as i8, field(6..8)? as i8).ok()
}

fn clock(text: &str) -> Option<ClockTime> {
    let field = |range: std::ops::Range<usize>| number(text.get(range)?, 0, 60);
    if text.len() != 6 {
        return None;
    }
    ClockTime::new(field(0..2)? as i8, field(2..4)? as i8, field(4..6)?.min(59) as i8, 0).ok()
}

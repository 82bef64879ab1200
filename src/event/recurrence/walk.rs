//! Walking a rule on the wall clock: which civil times it names inside of a window.
//!
//! A walk begins at the first period that can matter for the window, found by arithmetic, so its cost does not depend on how
//! old the series is. Only COUNT looks back; where a rule is regular, COUNT becomes the last time it allows, and otherwise
//! the walk goes from the start, under the same bound as every walk.

use super::days::{DayFilter, shifted};
use super::rule::Rule;
use crate::event::Freq;
use crate::time::{Civil, ClockTime, Date};
use std::ops::ControlFlow;

/// Most steps that one walk may take: a step looks at a month, a day or a tick, or names a time.
pub const WORK_MAX: u32 = 30_000;

/// Why a walk ended early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// The rule needs more than [`WORK_MAX`] steps.
    Work,
    /// The window holds more occurrences than are listed.
    TooMany,
}

/// The part of the wall clock that is looked at, half open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    pub from: Civil,
    pub to: Civil,
}

/// Calls `visit` for every time that the rule names in `span`, ascending, until it breaks.
///
/// `last`: the rule's UNTIL on the wall clock. Times before `start` are none of the rule's. Returns the steps taken.
pub(super) fn walk(
    rule: &Rule,
    start: Civil,
    last: Option<Civil>,
    span: Span,
    visit: &mut dyn FnMut(Civil) -> ControlFlow<()>,
) -> Result<u32, Stopped> {
    let regular = regular_last(rule, start);
    let count = rule.count.filter(|_| regular.is_none());
    let last = [last, regular].into_iter().flatten().min();
    let from = if count.is_some() { start } else { span.from.max(start) };
    let mut walker = Walker {
        rule,
        filter: DayFilter::new(rule, start.date()),
        times: Times::of(rule, start),
        start,
        last,
        span,
        from,
        left: count,
        work: 0,
        visit,
    };
    let end = match rule.freq {
        Freq::Yearly => walker.years(),
        Freq::Monthly => walker.months(),
        Freq::Weekly => walker.weeks(),
        Freq::Daily => walker.days(),
        Freq::Hourly | Freq::Minutely | Freq::Secondly => walker.ticks(),
    };
    match end {
        Err(End::Work) => Err(Stopped::Work),
        Ok(()) | Err(End::Done) => Ok(walker.work),
    }
}

/// Why a walk goes no further.
enum End {
    Done,
    Work,
}

type Step = Result<(), End>;

struct Walker<'a> {
    rule: &'a Rule,
    filter: DayFilter<'a>,
    times: Times,
    start: Civil,
    last: Option<Civil>,
    span: Span,
    /// Where periods begin to matter.
    from: Civil,
    /// How many occurrences COUNT still allows.
    left: Option<u32>,
    work: u32,
    visit: &'a mut dyn FnMut(Civil) -> ControlFlow<()>,
}

impl Walker<'_> {
    fn step(&mut self) -> Step {
        self.work += 1;
        if self.work > WORK_MAX { Err(End::Work) } else { Ok(()) }
    }

    /// The number of the first period at or before `from`, given the distance to it in units.
    fn first_period(&self, units: i64) -> i64 {
        (units.max(0)) / i64::from(self.rule.interval)
    }

    fn years(&mut self) -> Step {
        let first_year = i64::from(self.start.year());
        let mut period = self.first_period(i64::from(self.from.year()) - first_year);
        loop {
            let Ok(year) = i16::try_from(first_year + period * i64::from(self.rule.interval)) else { return Ok(()) };
            let Ok(first) = Date::new(year, 1, 1) else { return Ok(()) };
            self.not_past(first)?;
            let mut days = Vec::new();
            for month in 1..=12 {
                if self.filter.has_month(month) {
                    self.month_days(Date::constant(year, month, 1), &mut days)?;
                }
            }
            self.period(&days)?;
            self.step()?;
            period += 1;
        }
    }

    fn months(&mut self) -> Step {
        let index = |date: Date| i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
        let first_month = index(self.start.date());
        let mut period = self.first_period(index(self.from.date()) - first_month);
        loop {
            let month = first_month + period * i64::from(self.rule.interval);
            let Ok(year) = i16::try_from(month.div_euclid(12)) else { return Ok(()) };
            let Ok(first) = Date::new(year, month.rem_euclid(12) as i8 + 1, 1) else { return Ok(()) };
            self.not_past(first)?;
            let mut days = Vec::new();
            if self.filter.has_month(first.month()) {
                self.month_days(first, &mut days)?;
            }
            self.period(&days)?;
            self.step()?;
            period += 1;
        }
    }

    fn weeks(&mut self) -> Step {
        let week_of = |date: Date| day_number(date) - i64::from(date.weekday().since(self.rule.week_start));
        let first_week = week_of(self.start.date());
        let mut period = self.first_period((week_of(self.from.date()) - first_week) / 7);
        loop {
            let Some(first) = date_of(first_week + period * 7 * i64::from(self.rule.interval)) else { return Ok(()) };
            self.not_past(first)?;
            let week = (0..7).map(|day| shifted(first, day));
            let days: Vec<Date> = week.filter(|date| self.filter.has_day(*date)).collect();
            self.period(&days)?;
            self.step()?;
            period += 1;
        }
    }

    fn days(&mut self) -> Step {
        let first_day = day_number(self.start.date());
        let mut period = self.first_period(day_number(self.from.date()) - first_day);
        loop {
            let Some(date) = date_of(first_day + period * i64::from(self.rule.interval)) else { return Ok(()) };
            self.not_past(date)?;
            if self.filter.has_day(date) {
                self.period(&[date])?;
            }
            self.step()?;
            period += 1;
        }
    }

    /// Hours, minutes, seconds: ticks at equal distances on the wall clock. Days, hours and minutes that the rule does not
    /// name are jumped over.
    fn ticks(&mut self) -> Step {
        let unit = match self.rule.freq {
            Freq::Hourly => 3600,
            Freq::Minutely => 60,
            _ => 1,
        };
        let stride = i64::from(self.rule.interval) * unit;
        let first_tick = secs(self.start).div_euclid(unit) * unit;
        let tick_from = |from: i64| first_tick + ((from - first_tick).max(0) + stride - 1) / stride * stride;
        let mut tick = first_tick + (secs(self.from) - first_tick).max(0) / stride * stride;
        loop {
            self.step()?;
            let Some(date) = date_of(tick.div_euclid(DAY)) else { return Ok(()) };
            self.not_past(date)?;
            let of_day = tick.rem_euclid(DAY);
            let next = if !self.filter.has_month(date.month()) {
                Some(day_number(date.last_of_month()) * DAY + DAY)
            } else if !self.filter.has_day(date) {
                Some(tick - of_day + DAY)
            } else {
                self.times.next_unnamed(of_day, unit).map(|past| tick - of_day + past)
            };
            match next {
                Some(next) => tick = tick_from(next),
                None => {
                    self.tick(date, of_day, unit)?;
                    tick += stride;
                }
            }
        }
    }

    /// The days of one month that the rule names, ascending.
    fn month_days(&mut self, first: Date, days: &mut Vec<Date>) -> Step {
        let length = first.days_in_month();
        if let Some(only) = self.filter.only_month_days(length) {
            for day in only {
                self.step()?;
                let date = Date::constant(first.year(), first.month(), day);
                if self.filter.has_day(date) {
                    days.push(date);
                }
            }
            return Ok(());
        }
        for day in 1..=length {
            self.step()?;
            let date = Date::constant(first.year(), first.month(), day);
            if self.filter.has_day(date) {
                days.push(date);
            }
        }
        Ok(())
    }

    /// Ends the walk where a period begins after everything that is asked for.
    fn not_past(&self, first: Date) -> Step {
        let border = self.last.map_or(self.span.to, |last| last.min(self.span.to));
        if first > border.date() { Err(End::Done) } else { Ok(()) }
    }

    /// Names the times of one period: days and times of day, or those that BYSETPOS picks.
    fn period(&mut self, days: &[Date]) -> Step {
        let times = self.times.len();
        let size = days.len() as i64 * times;
        for position in positions(self.rule, size) {
            let civil = days[(position / times) as usize].to_datetime(self.times.at(position % times));
            self.name(civil)?;
        }
        Ok(())
    }

    /// Names the times of one tick: its finer units, or those that BYSETPOS picks.
    fn tick(&mut self, date: Date, of_day: i64, unit: i64) -> Step {
        let finer = self.times.finer(unit);
        for position in positions(self.rule, finer.len() as i64) {
            let civil = date.to_datetime(clock(of_day + finer[position as usize]));
            self.name(civil)?;
        }
        Ok(())
    }

    fn name(&mut self, civil: Civil) -> Step {
        self.step()?;
        if civil < self.start {
            return Ok(());
        }
        if self.last.is_some_and(|last| civil > last) || civil >= self.span.to {
            return Err(End::Done);
        }
        if let Some(left) = &mut self.left {
            if *left == 0 {
                return Err(End::Done);
            }
            *left -= 1;
        }
        if civil < self.span.from {
            return Ok(());
        }
        match (self.visit)(civil) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(End::Done),
        }
    }
}

/// The positions of a set of `size` that BYSETPOS picks, ascending; all where the rule has none.
fn positions(rule: &Rule, size: i64) -> Box<dyn Iterator<Item = i64>> {
    if rule.by_set_pos.is_empty() {
        return Box::new(0..size);
    }
    let from_start = |position: &i16| if *position > 0 { i64::from(*position) - 1 } else { size + i64::from(*position) };
    let mut picked: Vec<i64> = rule.by_set_pos.iter().map(from_start).filter(|position| (0..size).contains(position)).collect();
    picked.sort_unstable();
    picked.dedup();
    Box::new(picked.into_iter())
}

/// The times of day that a rule names: BYHOUR × BYMINUTE × BYSECOND, each what DTSTART says where the rule does not.
struct Times {
    hours: Vec<u8>,
    minutes: Vec<u8>,
    seconds: Vec<u8>,
    /// Hours, minutes and seconds of a rule that is finer than daily: those it names, empty where it names none.
    named: [Vec<u8>; 3],
}

impl Times {
    fn of(rule: &Rule, start: Civil) -> Self {
        let or_start = |named: &[u8], of_start: i8| if named.is_empty() { vec![of_start as u8] } else { named.to_vec() };
        Self {
            hours: or_start(&rule.by_hour, start.hour()),
            minutes: or_start(&rule.by_minute, start.minute()),
            seconds: or_start(&rule.by_second, start.second()),
            named: [rule.by_hour.clone(), rule.by_minute.clone(), rule.by_second.clone()],
        }
    }

    fn len(&self) -> i64 {
        (self.hours.len() * self.minutes.len() * self.seconds.len()) as i64
    }

    fn at(&self, position: i64) -> ClockTime {
        let (position, seconds, minutes) = (position as usize, self.seconds.len(), self.minutes.len());
        let second = self.seconds[position % seconds];
        let minute = self.minutes[position / seconds % minutes];
        let hour = self.hours[position / seconds / minutes];
        ClockTime::constant(hour as i8, minute as i8, second as i8, 0)
    }

    /// Where the next hour, minute or second begins, if the rule does not name the one of this tick: seconds of the day.
    fn next_unnamed(&self, of_day: i64, unit: i64) -> Option<i64> {
        let parts = [(3600, of_day / 3600), (60, of_day / 60 % 60), (1, of_day % 60)];
        let unnamed = |named: &[u8], value: i64| !named.is_empty() && !named.iter().any(|known| i64::from(*known) == value);
        self.named
            .iter()
            .zip(parts)
            .find(|(named, (length, value))| *length >= unit && unnamed(named, *value))
            .map(|(_, (length, _))| (of_day / length + 1) * length)
    }

    /// The times inside of one tick, in seconds after it.
    fn finer(&self, unit: i64) -> Vec<i64> {
        let minutes: &[u8] = if unit >= 3600 { &self.minutes } else { &[0] };
        let seconds: &[u8] = if unit >= 60 { &self.seconds } else { &[0] };
        minutes.iter().flat_map(|minute| seconds.iter().map(|second| i64::from(*minute) * 60 + i64::from(*second))).collect()
    }
}

/// The last time that COUNT allows, for rules that are regular enough to say so without a walk.
fn regular_last(rule: &Rule, start: Civil) -> Option<Civil> {
    let count = i64::from(rule.count?);
    let finer = [&rule.by_hour, &rule.by_minute, &rule.by_second].iter().all(|named| named.is_empty());
    let days_only =
        rule.by_month.is_empty() && rule.by_month_day.is_empty() && rule.by_year_day.is_empty() && rule.by_week_no.is_empty();
    if !finer || !days_only || !rule.by_set_pos.is_empty() {
        return None;
    }
    let interval = i64::from(rule.interval);
    let stride = match rule.freq {
        Freq::Weekly if !rule.by_day.is_empty() => return regular_weeks(rule, start, count),
        Freq::Weekly => 7 * DAY,
        Freq::Daily => DAY,
        Freq::Hourly => 3600,
        Freq::Minutely => 60,
        Freq::Secondly => 1,
        Freq::Monthly | Freq::Yearly => return None,
    };
    if !rule.by_day.is_empty() {
        return None;
    }
    let last = (count - 1).checked_mul(interval * stride)?.checked_add(secs(start))?;
    Some(civil_of(last))
}

/// The last time of a weekly rule on some days: whole weeks, and the part of the first one that lies after the start.
fn regular_weeks(rule: &Rule, start: Civil, count: i64) -> Option<Civil> {
    let mut days: Vec<i64> = rule.by_day.iter().map(|(_, day)| i64::from(day.since(rule.week_start))).collect();
    days.sort_unstable();
    days.dedup();
    let into_week = i64::from(start.weekday().since(rule.week_start));
    let before_start = days.iter().filter(|day| **day < into_week).count() as i64;
    let ordinal = before_start + count - 1;
    let per_week = days.len() as i64;
    let weeks = (ordinal / per_week).checked_mul(i64::from(rule.interval))?;
    let days_after = weeks.checked_mul(7)?.checked_add(days[(ordinal % per_week) as usize] - into_week)?;
    Some(civil_of(days_after.checked_mul(DAY)?.checked_add(secs(start))?))
}

const DAY: i64 = 24 * 60 * 60;

/// Days after 1970-01-01.
pub(super) fn day_number(date: Date) -> i64 {
    date.duration_since(Date::constant(1970, 1, 1)).as_hours() / 24
}

fn date_of(day: i64) -> Option<Date> {
    let span = jiff::Span::new().try_days(day).ok()?;
    Date::constant(1970, 1, 1).checked_add(span).ok()
}

/// Seconds on the wall clock after 1970-01-01T00:00:00.
fn secs(civil: Civil) -> i64 {
    let time = civil.time();
    day_number(civil.date()) * DAY + i64::from(time.hour()) * 3600 + i64::from(time.minute()) * 60 + i64::from(time.second())
}

/// The inverse of [`secs`], stopping at the ends of time.
fn civil_of(secs: i64) -> Civil {
    let border = if secs < 0 { Civil::MIN } else { Civil::MAX };
    date_of(secs.div_euclid(DAY)).map_or(border, |date| date.to_datetime(clock(secs.rem_euclid(DAY))))
}

fn clock(of_day: i64) -> ClockTime {
    ClockTime::constant((of_day / 3600) as i8, (of_day / 60 % 60) as i8, (of_day % 60) as i8, 0)
}

//! Times of day and days: `starts`, `ends`.
//!
//! > `before` <, `after` ≥, `between` [A,B); T up to 24:00; `on` names the day the window opened.
//! > `ends`: the same, with (A,B].
//!
//! An event that ends at midnight ends at 24:00 of the day before: a Friday evening until midnight ends on Friday, inside of
//! `between 18:00 and 24:00`. A whole-day event has no clock time, so every question for one is answered with no; its days are
//! its dates, the last one for `ends`.
//!
//! > One zone rule for every date and clock: the file's `timezone`, else the connected user's zone, else the event's; `in`
//! > overrides.

use crate::builtins::lists::find_list;
use crate::builtins::{Answer, Context, DayTest};
use crate::time::{Civil, Date, Instant, Moment, Zone};
use crate::value::outline::ZoneRule;
use crate::value::words::{ClockWindow, Edge, MinuteOfDay};
use crate::value::{Fact, Truth, UnknownReason};

/// Where on the local clock one end of an event lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// The local day.
    pub date: Date,
    /// Seconds after its midnight, up to 24:00 for an end; `None` for a whole-day event.
    pub secs: Option<u32>,
}

const SECS_PER_DAY: u32 = 24 * 60 * 60;

impl LocalTime {
    /// The start of an event on the clocks of a zone.
    #[must_use]
    pub fn of_start(start: &Moment, zone: &Zone) -> Self {
        match start {
            Moment::Day(date) => Self { date: *date, secs: None },
            Moment::Timed { at, .. } => Self::of(*at, zone),
        }
    }

    /// A point in time on the clocks of a zone.
    #[must_use]
    pub fn of(at: Instant, zone: &Zone) -> Self {
        Self::of_civil(zone.civil(at))
    }

    /// The end of an event on the clocks of a zone: midnight is 24:00 of the day before, the end of a whole-day event its last
    /// day.
    #[must_use]
    pub fn of_end(end: &Moment, zone: &Zone) -> Self {
        let day_before = |date: Date| date.yesterday().unwrap_or(date);
        match end {
            Moment::Day(date) => Self { date: day_before(*date), secs: None },
            Moment::Timed { at, .. } => match Self::of(*at, zone) {
                Self { date, secs: Some(0) } => Self { date: day_before(date), secs: Some(SECS_PER_DAY) },
                local => local,
            },
        }
    }

    fn of_civil(civil: Civil) -> Self {
        let time = civil.time();
        let secs = i32::from(time.hour()) * 3600 + i32::from(time.minute()) * 60 + i32::from(time.second());
        Self { date: civil.date(), secs: Some(secs.unsigned_abs()) }
    }
}

impl Context<'_> {
    /// `starts between 09:00 and 18:00 on mon..fri in "Asia/Tokyo"`
    #[must_use]
    pub fn clock(&self, edge: Edge, window: Option<ClockWindow>, days: Option<&DayTest>, zone: &ZoneRule) -> Answer {
        let local = match self.trusted_time(edge, zone) {
            Fact::Known(local) => local,
            Fact::Unknown(reason) => return Answer::Unknown(reason),
        };
        let opened = match window {
            None => Some(local.date),
            Some(window) => local.secs.and_then(|secs| window_opened(edge, window, local.date, secs)),
        };
        match (opened, days) {
            (None, _) => Answer::False,
            (Some(_), None) => Answer::True,
            (Some(date), Some(days)) => self.is_on(days, date),
        }
    }

    /// One end of the occurrence on the clocks that the condition reads.
    #[must_use]
    pub fn local_time(&self, edge: Edge, zone: &ZoneRule) -> Fact<LocalTime> {
        let occurrence = self.question.occurrence;
        match edge {
            Edge::Starts => Fact::Known(LocalTime::of_start(&occurrence.start, &self.zone(zone, &occurrence.start))),
            Edge::Ends => occurrence.end.as_ref().map(|end| LocalTime::of_end(end, &self.zone(zone, end))),
        }
    }

    /// The same, unless it rests on a zone that had to be guessed.
    pub(super) fn trusted_time(&self, edge: Edge, zone: &ZoneRule) -> Fact<LocalTime> {
        if self.question.occurrence.start.is_guess() {
            return Fact::Unknown(UnknownReason::ZoneGuessed);
        }
        self.local_time(edge, zone)
    }

    /// The zone that a rule reads `moment` in. A day without a zone of its own is the same day everywhere.
    fn zone(&self, rule: &ZoneRule, moment: &Moment) -> Zone {
        match (rule, &self.question.user.zone, moment) {
            (ZoneRule::Named(zone), ..) | (ZoneRule::UserElseEvent, Some(zone), _) => zone.clone(),
            (ZoneRule::UserElseEvent, None, Moment::Timed { zone, .. }) => zone.clone(),
            (ZoneRule::UserElseEvent, None, Moment::Day(_)) => Zone::utc(),
        }
    }

    fn is_on(&self, days: &DayTest, date: Date) -> Answer {
        match days {
            DayTest::Weekdays(set) => set.contains(date.weekday()).into(),
            DayTest::Dates(dates) => dates.contains(&date).into(),
            DayTest::List(list) => {
                find_list(self.tables.lists, self.question.lists, *list).map(|list| list.holds_date(date)).into()
            }
        }
    }

    /// Whether `from` and `until`, both inclusive, hold the local start date in the rule's zone.
    #[must_use]
    pub fn is_active(&self, from: Option<Date>, until: Option<Date>, zone: &ZoneRule) -> Truth {
        match self.local_time(Edge::Starts, zone) {
            Fact::Unknown(_) => Truth::Unknown,
            Fact::Known(local) => {
                (from.is_none_or(|from| from <= local.date) && until.is_none_or(|until| local.date <= until)).into()
            }
        }
    }
}

/// The day on which the window that holds this time of day opened; `None` outside of the window.
///
/// ```
/// use callsheet::builtins::clock::window_opened;
/// use callsheet::time::Date;
/// use callsheet::value::words::{ClockWindow, Edge};
/// let night = ClockWindow::Between { from: 22 * 60, to: 6 * 60, overnight: true };
/// let saturday = Date::constant(2026, 3, 7);
/// assert_eq!(window_opened(Edge::Starts, night, saturday, 3600), saturday.yesterday().ok());
/// assert_eq!(window_opened(Edge::Starts, night, saturday, 6 * 3600), None);
/// ```
#[must_use]
pub fn window_opened(edge: Edge, window: ClockWindow, date: Date, secs: u32) -> Option<Date> {
    let of = |minute: MinuteOfDay| u32::from(minute) * 60;
    // The two halves of a window that runs past midnight share their border rule with the whole.
    let from_holds = |from: u32| match edge {
        Edge::Starts => from <= secs,
        Edge::Ends => from < secs,
    };
    let to_holds = |to: u32| match edge {
        Edge::Starts => secs < to,
        Edge::Ends => secs <= to,
    };
    let inside = match window {
        ClockWindow::Before(to) => secs < of(to),
        ClockWindow::After(from) => of(from) <= secs,
        // To the minute, as it is written; an end at midnight is 24:00 and 00:00.
        ClockWindow::At(at) => secs / 60 == u32::from(at) || (secs == SECS_PER_DAY && at == 0),
        ClockWindow::Between { from, to, overnight: false } => from_holds(of(from)) && to_holds(of(to)),
        ClockWindow::Between { from, to, overnight: true } => {
            if from_holds(of(from)) {
                return Some(date);
            }
            return if to_holds(of(to)) { date.yesterday().ok() } else { None };
        }
    };
    inside.then_some(date)
}

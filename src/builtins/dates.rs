//! Lengths of time, and dates by rule.
//!
//! > `starts on rrule "…" [counting from DATE]`: date rules (DAILY to YEARLY, no COUNT, UNTIL or clock parts), tested on the
//! > local start date; an interval over 1 needs `counting from`.
//! > `duration`: comparisons with `10m`, `1h30m`; unspecified end: unknown.
//!
//! A whole-day event lasts 24 hours for each of its days, whatever its zone's clocks do.

use crate::builtins::{Answer, Context};
use crate::event::Occurrence;
use crate::event::recurrence::Rule;
use crate::time::{Date, Moment};
use crate::value::outline::ZoneRule;
use crate::value::words::{Comparison, Edge, Seconds};
use crate::value::{Fact, UnknownReason};

impl Context<'_> {
    /// `starts on rrule "FREQ=MONTHLY;BYDAY=-1FR"`
    #[must_use]
    pub fn date_rule(&self, edge: Edge, rule: &Rule, counting_from: Option<Date>, zone: &ZoneRule) -> Answer {
        self.trusted_time(edge, zone).map(|local| rule.holds_date(counting_from, local.date)).into()
    }

    /// `duration < 10m`
    #[must_use]
    pub fn duration(&self, comparison: Comparison) -> Answer {
        duration(self.question.occurrence, comparison)
    }
}

/// The same of any occurrence.
#[must_use]
pub fn duration(occurrence: &Occurrence, comparison: Comparison) -> Answer {
    match &occurrence.end {
        Fact::Unknown(reason) => Answer::Unknown(*reason),
        Fact::Known(end) => match length(&occurrence.start, end) {
            Some(secs) => crate::builtins::counts::holds(comparison, secs).into(),
            None => Answer::Unknown(UnknownReason::EndUnspecified),
        },
    }
}

/// How long an event takes; nothing is shorter than no time. `None` where one end is a day and the other a clock time.
///
/// ```
/// use callsheet::builtins::dates::length;
/// use callsheet::time::{Date, Moment};
/// let day = |day| Moment::Day(Date::constant(2026, 3, day));
/// assert_eq!(length(&day(28), &day(30)), Some(2 * 24 * 60 * 60));
/// ```
#[must_use]
pub fn length(start: &Moment, end: &Moment) -> Option<Seconds> {
    let secs = match (start, end) {
        (Moment::Timed { at: start, .. }, Moment::Timed { at: end, .. }) => end.duration_since(*start).as_secs(),
        (Moment::Day(start), Moment::Day(end)) => end.duration_since(*start).as_secs(),
        _ => return None,
    };
    Some(Seconds::try_from(secs).unwrap_or(0))
}

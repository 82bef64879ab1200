//! Recurrence: reading rules, and the starts of a series inside a window (RFC 5545 §3.3.10, §3.8.5).
//!
//! Rules run on the wall clock of the series' own zone and each time is then placed in that zone, so 09:00 stays 09:00 across a
//! clock change. The `rrule` crate says which parts of a rule go together and is what the property tests compare with;
//! it never expands at run time, where it would walk every series from its first occurrence, and some without an end.

mod date_rule;
mod days;
mod rule;
mod summary;
mod validity;
mod walk;

pub use rule::{RULE_BYTES_MAX, Rule, RuleError, Until};
pub use summary::summary;
pub use walk::{Stopped, WORK_MAX};

use crate::event::{Freq, Recurrence, Window};
use crate::time::{Civil, ClockTime, Date, Elapsed, Instant, Moment, Zone};
use std::collections::{BTreeMap, HashSet};
use std::ops::ControlFlow;
use walk::{Span, walk};

/// Most starts of one series in one window.
pub const OCCURRENCES_MAX: usize = 10_000;

/// The starts of a series inside a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expansion {
    /// Ascending, each once.
    pub starts: Vec<Moment>,
    /// Why there may be more, if there may.
    pub stopped: Option<Stopped>,
    /// Steps that the rules took, for those who watch the cost.
    pub work: u32,
}

/// Expands a series into the starts that lie in `window`: (start ∪ rules ∪ extra dates) − exclusions.
///
/// `window` is half open, in UTC; whole days lie in it by their midnight in `reader`. The start of the series counts as its
/// first occurrence even where the rule does not name it, as providers have it. At most [`OCCURRENCES_MAX`] starts and
/// [`WORK_MAX`] steps a rule; [`Expansion::stopped`] says when that was not enough.
///
/// Source: RFC 5545 §3.8.5.3, §3.8.5.1, §3.8.5.2; `I10.9`, `I10.10`.
#[must_use]
pub fn expand(start: &Moment, recurrence: &Recurrence, rules: &Rules, window: &Window, reader: &Zone) -> Expansion {
    let clock = Clock::of(start, reader);
    let mut out = Gathered::new(clock, window);
    // A series that ended before it begins has no first occurrence either.
    let ended = |rule: &Rule| rule.until.is_some_and(|until| clock.is_before(until, start.civil()));
    if rules.included.is_empty() || !rules.included.iter().all(ended) {
        out.add(start.civil());
    }
    for rule in &rules.included {
        out.rule(rule, start.civil());
    }
    for (moment, _) in &recurrence.extra {
        out.add(clock.civil(moment, start));
    }
    let mut excluded = Gathered::new(clock, window);
    for rule in &rules.excluded {
        excluded.rule(rule, start.civil());
    }
    let exclusions = Exclusions::of(clock, recurrence);
    let stays = |(at, civil): &(&Instant, &Civil)| !excluded.found.contains_key(at) && !exclusions.hold(**at, **civil);
    let starts = out.found.iter().filter(stays).map(|(_, civil)| clock.moment(*civil)).collect();
    Expansion { starts, stopped: out.stopped.or(excluded.stopped), work: out.work + excluded.work }
}

/// The first start of a series; `None` where none is found before `before`.
///
/// The start of the series itself, unless that is excluded: then the next one, looked for in ever wider windows, so that a series
/// of any age costs a few walks.
#[must_use]
pub fn first(start: &Moment, recurrence: &Recurrence, rules: &Rules, before: Instant, reader: &Zone) -> Option<Moment> {
    let mut from = start.instant(reader);
    let mut days = 1;
    while from < before {
        let to = from.checked_add(Elapsed::from_hours(days * 24)).unwrap_or(Instant::MAX).min(before);
        let found = expand(start, recurrence, rules, &(from..to), reader);
        if let Some(first) = found.starts.into_iter().next() {
            return Some(first);
        }
        (from, days) = (to, days * 8);
    }
    None
}

/// The rules of a series, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// RRULE.
    pub included: Vec<Rule>,
    /// EXRULE.
    pub excluded: Vec<Rule>,
    /// What is wrong with those that cannot be read.
    pub wrong: Vec<RuleError>,
}

impl Rules {
    /// Reads the rules of a series; those that cannot be read are left out and named.
    #[must_use]
    pub fn of(recurrence: &Recurrence) -> Self {
        let mut rules = Self::default();
        for (texts, read) in [(&recurrence.rules, &mut rules.included), (&recurrence.exclusion_rules, &mut rules.excluded)] {
            for text in texts {
                match Rule::parse(text) {
                    Ok(rule) => read.push(rule),
                    Err(error) => rules.wrong.push(error),
                }
            }
        }
        rules
    }
}

/// The wall clock of a series: its own zone, or plain days.
#[derive(Clone, Copy)]
enum Clock<'a> {
    Zone(&'a Zone),
    Days { reader: &'a Zone },
}

impl<'a> Clock<'a> {
    fn of(start: &'a Moment, reader: &'a Zone) -> Self {
        match start {
            Moment::Timed { zone, .. } => Self::Zone(zone),
            Moment::Day(_) => Self::Days { reader },
        }
    }

    fn zone(self) -> &'a Zone {
        match self {
            Self::Zone(zone) | Self::Days { reader: zone } => zone,
        }
    }

    fn moment(self, civil: Civil) -> Moment {
        match self {
            Self::Zone(zone) => Moment::Timed { at: zone.instant(civil), zone: zone.clone() },
            Self::Days { .. } => Moment::Day(civil.date()),
        }
    }

    /// The wall-clock time of an extra date of the series. A whole day among times starts at the series' time of day, a time
    /// among whole days is its day in the zone it was written in.
    fn civil(self, moment: &Moment, start: &Moment) -> Civil {
        match (self, moment) {
            (Self::Zone(zone), Moment::Timed { at, .. }) => zone.civil(*at),
            (Self::Zone(_), Moment::Day(date)) => date.to_datetime(start.civil().time()),
            (Self::Days { .. }, moment) => moment.civil().date().to_datetime(ClockTime::midnight()),
        }
    }

    /// Whether an UNTIL lies before a start, a whole day only where it is an earlier day.
    fn is_before(self, until: Until, start: Civil) -> bool {
        match until {
            Until::Day(date) => date < start.date(),
            other => self.until(other) < start,
        }
    }

    fn until(self, until: Until) -> Civil {
        match (self, until) {
            (_, Until::Local(civil)) => civil,
            (_, Until::Day(date)) => date.to_datetime(ClockTime::midnight()),
            (Self::Zone(zone), Until::Utc(at)) => zone.civil(at),
            (Self::Days { .. }, Until::Utc(at)) => Zone::utc().civil(at),
        }
    }
}

/// The starts that EXDATE takes away: instants, and whole local days where a day is written or the series has no times.
struct Exclusions {
    instants: HashSet<Instant>,
    days: HashSet<Date>,
}

impl Exclusions {
    fn of(clock: Clock<'_>, recurrence: &Recurrence) -> Self {
        let mut exclusions = Self { instants: HashSet::new(), days: HashSet::new() };
        for moment in &recurrence.excluded {
            match (clock, moment) {
                (Clock::Zone(_), Moment::Timed { at, .. }) => exclusions.instants.insert(*at),
                (_, moment) => exclusions.days.insert(moment.civil().date()),
            };
        }
        exclusions
    }

    fn hold(&self, at: Instant, civil: Civil) -> bool {
        self.instants.contains(&at) || self.days.contains(&civil.date())
    }
}

/// Starts while they are gathered, by the instant they fall on, so that two readings of one instant count once.
struct Gathered<'a> {
    clock: Clock<'a>,
    window: &'a Window,
    found: BTreeMap<Instant, Civil>,
    stopped: Option<Stopped>,
    work: u32,
}

impl<'a> Gathered<'a> {
    fn new(clock: Clock<'a>, window: &'a Window) -> Self {
        Self { clock, window, found: BTreeMap::new(), stopped: None, work: 0 }
    }
}

impl Gathered<'_> {
    fn rule(&mut self, rule: &Rule, start: Civil) {
        let zone = self.clock.zone();
        // A clock change moves readings by hours, once by a day; a day of seconds would be a lot of work for nothing.
        let margin = if rule.freq == Freq::Secondly { 1 } else { 24 };
        let around = |at: Instant, hours: i64| hours_around(zone.civil(at), hours);
        let span = Span { from: around(self.window.start, -margin), to: around(self.window.end, margin) };
        let last = rule.until.map(|until| self.clock.until(until));
        let mut full = false;
        let walked = walk(rule, start, last, span, &mut |civil| {
            self.add(civil);
            full = self.found.len() > OCCURRENCES_MAX;
            if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        match walked {
            Ok(work) => self.work = self.work.saturating_add(work),
            Err(stopped) => {
                self.work = self.work.saturating_add(WORK_MAX);
                self.stopped = Some(stopped);
            }
        }
        if full {
            self.found.pop_last();
            self.stopped = Some(Stopped::TooMany);
        }
    }

    fn add(&mut self, civil: Civil) {
        let at = self.clock.zone().instant(civil);
        if self.window.contains(&at) {
            self.found.entry(at).or_insert(civil);
        }
    }
}

/// `civil` moved by hours, stopping at the ends of time.
fn hours_around(civil: Civil, hours: i64) -> Civil {
    let border = if hours < 0 { Civil::MIN } else { Civil::MAX };
    civil.checked_add(Elapsed::from_hours(hours)).unwrap_or(border)
}

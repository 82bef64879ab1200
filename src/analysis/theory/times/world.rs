//! One way of how the facts about time can be shown.

use super::calendar::Calendar;
use super::days;
use super::fit::Fit;
use super::seen::Says;
use super::spans::{EDGE, Spans};
use super::{Asks, DAY_SECS, Test};
use crate::analysis::budget::{Budget, Limit};
use crate::analysis::theory::Allowed;
use crate::analysis::witness::{Draft, START};
use crate::builtins::clock::{LocalTime, window_opened};
use crate::event::ProvidedList;
use crate::time::{Date, Instant, Moment, Zone};
use crate::value::outline::ZoneRule;
use crate::value::words::{ClockWindow, Edge};
use crate::value::{Fact, Truth, UnknownReason};

/// One way.
pub(super) struct World<'t, 'a> {
    pub calendar: &'t Calendar<'t, 'a>,
    /// In seconds.
    pub lengths: &'t Spans,
    pub user_zone: &'t Zone,
    pub lists: &'t [(&'a str, bool)],
    pub is_day: bool,
    /// The event's zone had to be guessed.
    pub guess: bool,
    pub has_end: bool,
}

/// A length that meetings of people have.
const USUAL_SECS: i64 = 30 * 60;
/// Where a usual start or a usual length is looked for: so many stretches.
const USUAL_TRIED: usize = 64;

/// An end, and the dates that provided lists hold.
type Ended<'a> = (Fact<Moment>, Vec<(&'a str, Date)>);

/// A start and an end at which all conditions come out as asked.
pub(super) struct Found<'a> {
    pub start: Moment,
    ended: Ended<'a>,
}

impl<'a> World<'_, 'a> {
    pub fn find(&self, budget: &mut Budget) -> Result<Option<Found<'a>>, Limit> {
        let wrong_day = |test: &Test<'_>| matches!(test.asks, Asks::AllDay) && !test.ask.allowed.has(self.is_day.into());
        if (self.is_day && self.guess) || self.tests().iter().any(wrong_day) {
            return Ok(None);
        }
        let Some(starts) = self.stretches(Edge::Starts, budget)? else { return Ok(None) };
        let found = if self.has_end {
            let Some(ends) = self.stretches(Edge::Ends, budget)? else { return Ok(None) };
            self.with_end(&self.in_order(starts), &ends, budget)?
        } else {
            self.without_end(&self.in_order(starts), budget)?
        };
        Ok(found.map(|(start, ended)| Found { start, ended }))
    }

    /// Writes what was found.
    pub fn write(&self, found: Found<'a>, draft: &mut Draft) {
        self.supply(&found.ended.1, draft);
        (draft.start, draft.end) = (found.start, found.ended.0);
    }

    fn tests(&self) -> &[Test<'a>] {
        self.calendar.tests
    }

    /// The stretches of time, in seconds or days, at which the tests of one edge answer as asked; `None` where there are none.
    fn stretches(&self, edge: Edge, budget: &mut Budget) -> Result<Option<Vec<(i64, i64)>>, Limit> {
        let mut stretches = Spans::all();
        let mut cuts = Vec::new();
        for (at, test) in self.tests().iter().enumerate().filter(|(_, test)| test.edge() == Some(edge)) {
            if self.guess && !matches!(test.asks, Asks::Dates(..)) {
                if !test.ask.allowed.has_unknown() {
                    return Ok(None);
                }
                continue;
            }
            let own = self.calendar.where_says(at, self.user_zone, self.is_day, |says| self.allows(test, says), budget)?;
            budget.take((stretches.len() + own.len()) as u64 / 16 + 1)?;
            stretches = stretches.and(&own);
            if stretches.is_empty() {
                return Ok(None);
            }
            if self.is_picky(test) {
                cuts.extend(self.calendar.cuts(at, self.user_zone, self.is_day, budget)?);
            }
        }
        cuts.sort_unstable();
        Ok(Some(stretches.cut(&cuts)))
    }

    fn allows(&self, test: &Test<'_>, says: Says) -> bool {
        match (says, test.list) {
            (Says::Is(truth), _) => test.ask.allowed.has(truth),
            (Says::IfListed(_), Some(name)) if self.is_supplied(name) => {
                // The date can be put into the list or left out: see `listed`.
                test.ask.allowed != Allowed::UNKNOWN
            }
            (Says::IfListed(_), _) => test.ask.allowed.has_unknown(),
        }
    }

    /// Whether a provided list has to hold some dates for the test, or must not.
    fn is_picky(&self, test: &Test<'_>) -> bool {
        let allowed = test.ask.allowed;
        test.list.is_some_and(|name| self.is_supplied(name)) && !(allowed.has(Truth::True) && allowed.has(Truth::False))
    }

    /// The stretches after the usual start first, then those before it.
    fn in_order(&self, stretches: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
        let usual = if self.is_day { days::number(START.date()) } else { self.user_zone.instant(START).as_second() };
        let first = stretches.partition_point(|(_, to)| *to <= usual);
        let (before, after) = stretches.split_at(first);
        let after =
            after.iter().enumerate().map(|(at, (from, to))| if at == 0 { ((*from).max(usual), *to) } else { (*from, *to) });
        let cut = after.clone().next().filter(|(from, _)| *from == usual).map(|_| (stretches[first].0, usual));
        after.chain(cut.filter(|(from, to)| from < to)).chain(before.iter().rev().copied()).collect()
    }

    fn without_end(&self, starts: &[(i64, i64)], budget: &mut Budget) -> Result<Option<(Moment, Ended<'a>)>, Limit> {
        let hidden = |test: &Test<'_>| match (&test.asks, test.edge()) {
            (Asks::Duration(_), _) | (_, Some(Edge::Ends)) => test.ask.allowed.has_unknown(),
            _ => true,
        };
        if !self.tests().iter().all(hidden) {
            return Ok(None);
        }
        for stretch in starts {
            budget.take(1)?;
            let Some(start) = self.moment(self.usual_start(*stretch).unwrap_or(stretch.0)) else { continue };
            if let Some(dates) = self.listed(&start, None) {
                return Ok(Some((start, (Fact::Unknown(UnknownReason::EndUnspecified), dates))));
            }
        }
        Ok(None)
    }

    fn with_end(
        &self,
        starts: &[(i64, i64)],
        ends: &[(i64, i64)],
        budget: &mut Budget,
    ) -> Result<Option<(Moment, Ended<'a>)>, Limit> {
        let lengths = if self.is_day { self.lengths_in_days() } else { self.lengths.clone() };
        let usual = if self.is_day { 1 } else { USUAL_SECS };
        let fit = Fit { starts, ends, lengths: &lengths };
        // A usual start and a usual length, where they go; else the length alone.
        let nice = fit.pairs().take(USUAL_TRIED).filter_map(|pair| {
            let start = self.usual_start(pair.starts)?;
            pair.is_usual(start, usual).then_some((start, pair))
        });
        let long_enough = fit.pairs().take(USUAL_TRIED).filter_map(|pair| {
            let start = self.any_start(pair.starts_before_end(usual))?;
            pair.is_usual(start, usual).then_some((start, pair))
        });
        let any = fit.pairs().filter_map(|pair| Some((self.any_start(pair.starts)?, pair)));
        for (start, pair) in nice.chain(long_enough).chain(any) {
            budget.take(1)?;
            let (Some(start), Some(end)) = (self.moment(start), self.moment(pair.end(start, usual))) else { continue };
            if let Some(dates) = self.listed(&start, Some(&end)) {
                return Ok(Some((start, (Fact::Known(end), dates))));
            }
        }
        Ok(None)
    }

    fn lengths_in_days(&self) -> Spans {
        let days = |secs: i64| if secs >= EDGE { EDGE } else { (secs + DAY_SECS - 1).div_euclid(DAY_SECS) };
        Spans::of(self.lengths.iter().map(|(from, to)| (days(from), days(to)))).and(&Spans::of([(1, EDGE)]))
    }

    /// The first start in the stretch at which people would meet, on the user's clock.
    fn usual_start(&self, (from, to): (i64, i64)) -> Option<i64> {
        if self.is_day {
            return Some(from);
        }
        let from = from.max(-EDGE / 2);
        let day = from.div_euclid(DAY_SECS);
        let on = |day: i64| Some(self.user_zone.instant(days::date(day)?.to_datetime(START.time())).as_second());
        (day - 1..=day + 2).filter_map(on).find(|at| (from..to).contains(at))
    }

    /// Some start of a stretch: a usual one, else the first on a quarter of an hour, else on a minute. `None` where it is empty.
    fn any_start(&self, (from, to): (i64, i64)) -> Option<i64> {
        let rounded = [900, 60].into_iter().map(|step| (from + step - 1).div_euclid(step) * step).find(|at| *at < to);
        self.usual_start((from, to)).or(rounded).or((from < to).then_some(from))
    }

    fn moment(&self, at: i64) -> Option<Moment> {
        if self.is_day {
            return days::date(at).map(Moment::Day);
        }
        let zone = if self.guess { self.user_zone.as_guess() } else { self.user_zone.clone() };
        Some(Moment::Timed { at: Instant::from_second(at).ok()?, zone })
    }

    fn is_supplied(&self, name: &str) -> bool {
        self.lists.iter().any(|(list, supplied)| list == &name && *supplied)
    }

    /// The dates that provided lists must hold for this start and end; `None` where one would have to hold a date and not to.
    fn listed(&self, start: &Moment, end: Option<&Moment>) -> Option<Vec<(&'a str, Date)>> {
        let mut inside = Vec::new();
        let mut outside = Vec::new();
        for test in self.tests() {
            let (Some(name), Asks::Clock(edge, window, _, zone)) = (test.list, &test.asks) else { continue };
            let moment = if *edge == Edge::Starts { Some(start) } else { end };
            if !self.is_supplied(name) || self.guess {
                continue;
            }
            let Some(date) = moment.and_then(|moment| self.opened(*edge, *window, zone, moment)) else { continue };
            if !test.ask.allowed.has(Truth::False) {
                inside.push((name, date));
            } else if !test.ask.allowed.has(Truth::True) {
                outside.push((name, date));
            }
        }
        inside.iter().all(|date| !outside.contains(date)).then_some(inside)
    }

    /// The day on which the window opened that holds this moment.
    fn opened(&self, edge: Edge, window: Option<ClockWindow>, zone: &ZoneRule, moment: &Moment) -> Option<Date> {
        let zone = match zone {
            ZoneRule::Named(zone) => zone,
            ZoneRule::UserElseEvent => self.user_zone,
        };
        let local = match edge {
            Edge::Starts => LocalTime::of_start(moment, zone),
            Edge::Ends => LocalTime::of_end(moment, zone),
        };
        match window {
            None => Some(local.date),
            Some(window) => window_opened(edge, window, local.date, local.secs?),
        }
    }

    fn supply(&self, dates: &[(&str, Date)], draft: &mut Draft) {
        for (name, _) in self.lists.iter().filter(|(_, supplied)| *supplied) {
            let held = dates.iter().filter(|(list, _)| list == name).map(|(_, date)| *date);
            draft.supply(name, |list: &mut ProvidedList| list.dates.extend(held));
        }
    }
}

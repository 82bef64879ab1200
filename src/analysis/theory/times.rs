//! Start, end and length: clocks and days in every zone that the conditions read, dates by rule, whole days.
//!
//! Where the conditions read several zones, time is cut at every instant at which one of their answers can change, in any of
//! them; between two cuts nothing changes, so that the first second of each piece stands for all of it. The days that are
//! looked at hold every combination of weekday and date that conditions without date rules can tell apart; with date rules,
//! which go round with the calendar, they are all days of a stretch of years.

mod days;
mod pieces;

use super::{Allowed, Ask, What, provided};
use crate::analysis::budget::{Budget, Limit};
use crate::analysis::model::Model;
use crate::analysis::witness::Draft;
use crate::builtins::clock::{LocalTime, window_opened};
use crate::builtins::counts::holds;
use crate::builtins::{Atom, DayTest};
use crate::event::ProvidedList;
use crate::event::recurrence::Rule;
use crate::time::{Date, Moment, Zone};
use crate::value::outline::ZoneRule;
use crate::value::words::{ClockWindow, Comparison, Edge, Flag};
use crate::value::{Fact, Truth, UnknownReason};
use pieces::Piece;

/// Chooses start, end and the user's zone.
pub(super) fn solve(model: &Model<'_>, asks: &[&Ask<'_>], draft: &mut Draft, budget: &mut Budget) -> Result<bool, Limit> {
    let tests: Vec<Test<'_>> = asks.iter().filter_map(|ask| Test::of(model, ask)).collect();
    if zones_alone_clash(model, &tests, draft, budget)? {
        return Ok(false);
    }
    possible(model, &tests, draft, budget)
}

/// Whether the tests of one zone clash by themselves, where there are several zones: what the others are need not be looked at.
fn zones_alone_clash(model: &Model<'_>, tests: &[Test<'_>], draft: &Draft, budget: &mut Budget) -> Result<bool, Limit> {
    let mut zones: Vec<&ZoneRule> = Vec::new();
    for zone in tests.iter().filter_map(Test::zone) {
        if !zones.contains(&zone) {
            zones.push(zone);
        }
    }
    if zones.len() < 2 {
        return Ok(false);
    }
    for zone in zones {
        let own: Vec<Test<'_>> = tests.iter().filter(|test| test.zone().is_none_or(|other| other == zone)).cloned().collect();
        if !possible(model, &own, &mut draft.clone(), budget)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Chooses start, end and the user's zone, one way of how they are shown after the other.
fn possible(model: &Model<'_>, tests: &[Test<'_>], draft: &mut Draft, budget: &mut Budget) -> Result<bool, Limit> {
    let all_day = if model.recordable().all_day { &[false, true][..] } else { &[false][..] };
    for user_zone in user_zones(tests) {
        for lists in supplies(tests) {
            for &is_day in all_day {
                for (guess, has_end) in [(false, true), (false, false), (true, true), (true, false)] {
                    let world = World { tests, user_zone: &user_zone, lists: &lists, is_day, guess, has_end };
                    if world.solve(draft, budget)? {
                        return Ok(true);
                    }
                }
            }
        }
    }
    Ok(false)
}

/// A condition about time.
#[derive(Clone)]
struct Test<'a> {
    asks: Asks<'a>,
    ask: &'a Ask<'a>,
    /// The name of a provided list of dates, and what stands in it if it is supplied.
    list: Option<&'a str>,
    written: Option<&'a [Date]>,
}

/// What it asks.
#[derive(Clone)]
enum Asks<'a> {
    Clock(Edge, Option<ClockWindow>, Option<&'a DayTest>, &'a ZoneRule),
    DateRule(Edge, Box<Rule>, Option<Date>, &'a ZoneRule),
    Duration(Comparison),
    Dates(Option<Date>, Option<Date>, &'a ZoneRule),
    AllDay,
}

impl<'a> Test<'a> {
    fn of(model: &'a Model<'_>, ask: &'a Ask<'a>) -> Option<Self> {
        let mut list = None;
        let mut written = None;
        let asks = match ask.what {
            What::Dates(rule) => Asks::Dates(rule.from, rule.until, &rule.zone),
            What::Atom(Atom::Clock { edge, window, days, zone }) => {
                match days {
                    Some(DayTest::List(index)) => {
                        list = provided(model, ask.side, *index);
                        let items = model.side(ask.side).hir.lists.get(usize::from(*index)).and_then(|list| list.items.as_ref());
                        written = items.map(|items| items.dates.as_slice());
                    }
                    Some(DayTest::Dates(dates)) => written = Some(dates.as_slice()),
                    Some(DayTest::Weekdays(_)) | None => {}
                }
                Asks::Clock(*edge, *window, days.as_ref(), zone)
            }
            What::Atom(Atom::DateRule { edge, rule, counting_from, zone }) => {
                Asks::DateRule(*edge, Box::new(Rule::parse(rule).ok()?), *counting_from, zone)
            }
            What::Atom(Atom::Duration(comparison)) => Asks::Duration(*comparison),
            What::Atom(Atom::Flag(Flag::AllDay)) => Asks::AllDay,
            _ => return None,
        };
        Some(Self { asks, ask, list, written })
    }

    fn zone(&self) -> Option<&ZoneRule> {
        match &self.asks {
            Asks::Clock(_, _, _, zone) | Asks::DateRule(_, _, _, zone) | Asks::Dates(_, _, zone) => Some(zone),
            Asks::Duration(_) | Asks::AllDay => None,
        }
    }

    fn edge(&self) -> Option<Edge> {
        match self.asks {
            Asks::Clock(edge, ..) | Asks::DateRule(edge, ..) => Some(edge),
            Asks::Dates(..) => Some(Edge::Starts),
            Asks::Duration(_) | Asks::AllDay => None,
        }
    }
}

/// The zones that the user may have: one that some condition names where all read the same clock anyway, and else any offset.
fn user_zones(tests: &[Test<'_>]) -> Vec<Zone> {
    let named = tests.iter().filter_map(|test| match test.zone() {
        Some(ZoneRule::Named(zone)) => Some(zone.clone()),
        _ => None,
    });
    let mut zones: Vec<Zone> = Vec::new();
    for zone in named.chain([Zone::utc()]) {
        if !zones.contains(&zone) {
            zones.push(zone);
        }
    }
    let is_free = tests.iter().any(|test| test.zone() == Some(&ZoneRule::UserElseEvent));
    match (is_free, zones.len() > 1) {
        (true, true) => zones.extend((-24..=28).filter_map(|halves| Zone::fixed(halves * 1800))),
        _ => zones.truncate(1),
    }
    zones
}

/// The provided lists of dates, in every combination of supplied and not; what stands in them is chosen later.
fn supplies<'a>(tests: &[Test<'a>]) -> Vec<Vec<(&'a str, bool)>> {
    let mut names: Vec<&str> = tests.iter().filter_map(|test| test.list).collect();
    names.sort_unstable();
    names.dedup();
    names.iter().fold(vec![Vec::new()], |lists, name| {
        let with = |supplied: bool| {
            lists.iter().cloned().map(move |mut list: Vec<(&str, bool)>| {
                list.push((*name, supplied));
                list
            })
        };
        with(true).chain(with(false)).collect()
    })
}

/// One way of how the facts about time can be shown.
struct World<'t, 'a> {
    tests: &'t [Test<'a>],
    user_zone: &'t Zone,
    lists: &'t [(&'a str, bool)],
    is_day: bool,
    /// The event's zone had to be guessed.
    guess: bool,
    has_end: bool,
}

impl World<'_, '_> {
    fn solve(&self, draft: &mut Draft, budget: &mut Budget) -> Result<bool, Limit> {
        let wrong_day = |test: &Test<'_>| matches!(test.asks, Asks::AllDay) && !test.ask.allowed.has(self.is_day.into());
        if (self.is_day && self.guess) || self.tests.iter().any(wrong_day) {
            return Ok(false);
        }
        for stretch in days::stretches(self.tests) {
            let starts = pieces::starts(self, &stretch);
            budget.take(starts.len() as u64 / 16 + 1)?;
            for at in starts {
                budget.take(1)?;
                let start = self.moment(at);
                if !self.allows(Edge::Starts, &start) {
                    continue;
                }
                let Some((end, dates)) = self.end(at, &start, &stretch, budget)? else { continue };
                draft.user.zone = Some(self.user_zone.clone());
                self.supply(&dates, draft);
                (draft.start, draft.end) = (start, end);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// An end for this start, and the dates of provided lists: `Unknown` where it is hidden.
    fn end(&self, at: Piece, start: &Moment, days: &[Date], budget: &mut Budget) -> Result<Option<Ended<'_>>, Limit> {
        if !self.has_end {
            let fits = self.tests.iter().all(|test| match (&test.asks, test.edge()) {
                (Asks::Duration(_), _) | (_, Some(Edge::Ends)) => test.ask.allowed.has_unknown(),
                _ => true,
            });
            let hidden = Fact::Unknown(UnknownReason::EndUnspecified);
            return Ok(self.listed(start, None).filter(|_| fits).map(|dates| (hidden, dates)));
        }
        let ends = pieces::ends(self, at, days);
        budget.take(ends.len() as u64 / 16 + 1)?;
        for end in ends {
            budget.take(1)?;
            let moment = self.moment(end);
            if self.allows(Edge::Ends, &moment)
                && self.allows_length(start, &moment)
                && let Some(dates) = self.listed(start, Some(&moment))
            {
                return Ok(Some((Fact::Known(moment), dates)));
            }
        }
        Ok(None)
    }

    fn moment(&self, at: Piece) -> Moment {
        match at {
            Piece::Day(date) => Moment::Day(date),
            Piece::At(instant) => {
                let zone = if self.guess { self.user_zone.as_guess() } else { self.user_zone.clone() };
                Moment::Timed { at: instant, zone }
            }
        }
    }

    /// Whether the tests of one edge answer as asked, as far as nothing is left to lists.
    fn allows(&self, edge: Edge, moment: &Moment) -> bool {
        self.tests.iter().filter(|test| test.edge() == Some(edge)).all(|test| self.answers(test, edge, moment))
    }

    fn answers(&self, test: &Test<'_>, edge: Edge, moment: &Moment) -> bool {
        let Some(zone) = test.zone() else { return true };
        let local = self.local(edge, zone, moment);
        let truth = match &test.asks {
            Asks::Dates(from, until, _) => {
                (from.is_none_or(|from| from <= local.date) && until.is_none_or(|until| local.date <= until)).into()
            }
            _ if self.guess => Truth::Unknown,
            Asks::DateRule(_, rule, counting_from, _) => rule.holds_date(*counting_from, local.date).into(),
            Asks::Clock(edge, window, days, zone) => {
                match (self.opened(*edge, *window, zone, moment), days) {
                    (None, _) => Truth::False,
                    (Some(_), None) => Truth::True,
                    (Some(date), Some(DayTest::Weekdays(days))) => days.contains(date.weekday()).into(),
                    (Some(date), Some(DayTest::Dates(dates))) => dates.contains(&date).into(),
                    (Some(date), Some(DayTest::List(_))) => match (test.list, test.written) {
                        (None, written) => written.is_some_and(|dates| dates.contains(&date)).into(),
                        (Some(name), _) if !self.is_supplied(name) => Truth::Unknown,
                        // The date can be put into the list or left out: see `listed`.
                        (Some(_), _) => return test.ask.allowed != Allowed::UNKNOWN,
                    },
                }
            }
            Asks::Duration(_) | Asks::AllDay => return true,
        };
        test.ask.allowed.has(truth)
    }

    fn is_supplied(&self, name: &str) -> bool {
        self.lists.iter().any(|(list, supplied)| list == &name && *supplied)
    }

    fn allows_length(&self, start: &Moment, end: &Moment) -> bool {
        let Some(secs) = crate::builtins::dates::length(start, end) else { return false };
        self.tests.iter().all(|test| match test.asks {
            Asks::Duration(comparison) => test.ask.allowed.has(holds(comparison, secs).into()),
            _ => true,
        })
    }

    /// The dates that provided lists must hold for this start and end; `None` where one would have to hold a date and not to.
    fn listed(&self, start: &Moment, end: Option<&Moment>) -> Option<Vec<(&str, Date)>> {
        let mut inside = Vec::new();
        let mut outside = Vec::new();
        for test in self.tests {
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
        let local = self.local(edge, zone, moment);
        match window {
            None => Some(local.date),
            Some(window) => window_opened(edge, window, local.date, local.secs?),
        }
    }

    fn local(&self, edge: Edge, zone: &ZoneRule, moment: &Moment) -> LocalTime {
        let zone = match zone {
            ZoneRule::Named(zone) => zone,
            ZoneRule::UserElseEvent => self.user_zone,
        };
        match edge {
            Edge::Starts => LocalTime::of_start(moment, zone),
            Edge::Ends => LocalTime::of_end(moment, zone),
        }
    }

    fn supply(&self, dates: &[(&str, Date)], draft: &mut Draft) {
        for (name, _) in self.lists.iter().filter(|(_, supplied)| *supplied) {
            let held = dates.iter().filter(|(list, _)| list == name).map(|(_, date)| *date);
            draft.supply(name, |list: &mut ProvidedList| list.dates.extend(held));
        }
    }
}

/// An end, and the dates that provided lists hold.
type Ended<'w> = (Fact<Moment>, Vec<(&'w str, Date)>);

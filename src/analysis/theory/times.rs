//! Start, end and length: clocks and days in every zone that the conditions read, dates by rule, whole days.
//!
//! Each condition becomes the set of moments at which it comes out as asked; what is left after all of them are the starts and
//! the ends that there can be, and of those two are looked for that lie apart as far as a length allows. The days that are
//! looked at hold every combination of weekday and date that conditions can tell apart, with every way of how their clocks stand
//! to each other and change ([`changes`]); with date rules they are all days until these have come round ([`cycle`]).

mod calendar;
mod changes;
mod cycle;
mod days;
mod fit;
mod seen;
mod spans;
mod world;
mod zones;

use super::{Ask, What, provided};
use crate::analysis::budget::{Budget, Limit};
use crate::analysis::model::Model;
use crate::analysis::witness::Draft;
use crate::builtins::{Atom, DayTest};
use crate::event::recurrence::Rule;
use crate::time::{Date, Zone};
use crate::value::Truth;
use crate::value::outline::ZoneRule;
use crate::value::words::{ClockWindow, Comparison, Edge, Flag, Seconds};
use calendar::Calendar;
use days::Days;
use spans::Spans;
use world::{Found, World};

/// Chooses start, end and the user's zone.
pub(super) fn solve(model: &Model<'_>, asks: &[&Ask<'_>], draft: &mut Draft, budget: &mut Budget) -> Result<bool, Limit> {
    let tests: Vec<Test<'_>> = asks.iter().filter_map(|ask| Test::of(model, ask)).collect();
    let lengths = lengths(&tests);
    let (days, zones) = (Days::of(&tests, &lengths), zones::of_clocks(&tests, model.usual_zone()));
    let mut found =
        |days: Spans, budget: &mut Budget| possible(model, &Calendar::new(&tests, days), &lengths, &zones, draft, budget);
    if found(days.near(), budget)? {
        return Ok(true);
    }
    if let Some(soon) = days.soon()
        && found(soon, budget)?
    {
        return Ok(true);
    }
    match days.all(&zones::changing(&tests, &zones), budget)? {
        Some(all) => found(all, budget),
        None => Ok(false),
    }
}

/// Chooses start, end and the user's zone on these days, one way of how they are shown after the other.
fn possible(
    model: &Model<'_>,
    calendar: &Calendar<'_, '_>,
    lengths: &Spans,
    zones: &[Zone],
    draft: &mut Draft,
    budget: &mut Budget,
) -> Result<bool, Limit> {
    let tests = calendar.tests;
    let supplies = supplies(tests);
    for (nth, user_zone) in zones.iter().enumerate() {
        // Whole days are the same in all zones.
        let all_day = if nth == 0 && model.recordable().all_day { &[false, true][..] } else { &[false][..] };
        for lists in &supplies {
            for &is_day in all_day {
                for (guess, has_end) in [(false, true), (false, false), (true, true), (true, false)] {
                    let world = World { calendar, lengths, user_zone, lists, is_day, guess, has_end };
                    let Some(found) = world.find(budget)? else { continue };
                    if zones::is_free(tests) {
                        world.write_with_zone(found, draft, budget)?;
                    } else {
                        world.write(found, draft);
                    }
                    return Ok(true);
                }
            }
        }
    }
    Ok(false)
}

impl<'a> World<'_, 'a> {
    /// Writes the user's zone as well: by a name that tests can say, where another zone has one and the same goes there.
    fn write_with_zone(&self, found: Found<'a>, draft: &mut Draft, budget: &mut Budget) -> Result<(), Limit> {
        for zone in zones::named_like(self.user_zone, found.start.instant(self.user_zone)) {
            let world = World { user_zone: &zone, ..*self };
            if let Some(found) = world.find(budget)? {
                world.write(found, draft);
                draft.user.zone = Some(zone);
                return Ok(());
            }
        }
        self.write(found, draft);
        draft.user.zone = Some(self.user_zone.clone());
        Ok(())
    }
}

/// The lengths, in seconds, with which all conditions on the length come out as asked.
fn lengths(tests: &[Test<'_>]) -> Spans {
    let mut all = Spans::of([(0, spans::EDGE)]);
    for test in tests {
        let Asks::Duration(comparison) = test.asks else { continue };
        let holds = so_long(comparison);
        let so = |truth: Truth, lengths: Spans| if test.ask.allowed.has(truth) { lengths } else { Spans::default() };
        let allowed = so(Truth::True, holds.clone()).iter().chain(so(Truth::False, holds.but(&all)).iter()).collect::<Vec<_>>();
        all = all.and(&Spans::of(allowed));
    }
    all
}

/// The lengths that a comparison holds of.
fn so_long(comparison: Comparison) -> Spans {
    let whole = |secs: Seconds| i64::try_from(secs).unwrap_or(spans::EDGE).min(spans::EDGE - 1);
    let below = |to: i64| (0, to);
    let from = |from: i64| (from, spans::EDGE);
    match comparison {
        Comparison::Eq(n) => Spans::of([(whole(n), whole(n) + 1)]),
        Comparison::Ne(n) => Spans::of([below(whole(n)), from(whole(n) + 1)]),
        Comparison::Lt(n) => Spans::of([below(whole(n))]),
        Comparison::Le(n) => Spans::of([below(whole(n) + 1)]),
        Comparison::Gt(n) => Spans::of([from(whole(n) + 1)]),
        Comparison::Ge(n) => Spans::of([from(whole(n))]),
        Comparison::Between(least, most) => Spans::of([(whole(least), whole(most) + 1)]),
    }
}

const DAY_SECS: i64 = 24 * 60 * 60;

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

    /// The dates that it tells apart.
    fn dates(&self) -> impl Iterator<Item = Date> {
        let named = match self.asks {
            Asks::Dates(from, until, _) => [from, until],
            Asks::DateRule(_, _, counted, _) => [counted, None],
            _ => [None, None],
        };
        named.into_iter().flatten().chain(self.written.unwrap_or_default().iter().copied())
    }

    fn edge(&self) -> Option<Edge> {
        match self.asks {
            Asks::Clock(edge, ..) | Asks::DateRule(edge, ..) => Some(edge),
            Asks::Dates(..) => Some(Edge::Starts),
            Asks::Duration(_) | Asks::AllDay => None,
        }
    }
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

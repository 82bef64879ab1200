//! What all tests say on some days, each computed once for each zone.

use super::seen::{self, Pieces, Says};
use super::spans::{EDGE, Spans};
use super::{Asks, DAY_SECS, Test};
use crate::analysis::budget::{Budget, Limit};
use crate::time::Zone;
use crate::value::outline::ZoneRule;
use crate::value::words::Edge;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

/// The days, and what was computed about them.
pub(super) struct Calendar<'t, 'a> {
    pub tests: &'t [Test<'a>],
    /// In days since 1970.
    days: Spans,
    of_clocks: RefCell<HashMap<(usize, String), Rc<Pieces>>>,
    of_days: RefCell<HashMap<usize, Rc<Pieces>>>,
}

impl<'t, 'a> Calendar<'t, 'a> {
    pub fn new(tests: &'t [Test<'a>], days: Spans) -> Self {
        Self { tests, days, of_clocks: RefCell::default(), of_days: RefCell::default() }
    }

    /// Where what the test at `at` says passes; `is_day`: in days, else in seconds.
    pub fn where_says(
        &self,
        at: usize,
        user_zone: &Zone,
        is_day: bool,
        passes: impl Fn(Says) -> bool,
        budget: &mut Budget,
    ) -> Result<Spans, Limit> {
        let (pieces, days, shift) = self.pieces(at, user_zone, is_day, budget)?;
        let unit = if is_day { 1 } else { DAY_SECS };
        budget.take(pieces.len() as u64 / 16 + 1)?;
        let ends = pieces.iter().skip(1).map(|(at, _)| *at).chain([EDGE]);
        let passing = pieces.iter().zip(ends).filter(|((_, says), _)| passes(*says)).map(|((from, _), to)| (*from, to));
        let looked_at = Spans::of(days.iter().map(|(from, to)| (from * unit, to * unit)));
        Ok(Spans::of(passing).and(&looked_at).shifted(shift))
    }

    /// The moments at which the test says something else than just before; ascending.
    pub fn cuts(&self, at: usize, user_zone: &Zone, is_day: bool, budget: &mut Budget) -> Result<Vec<i64>, Limit> {
        let (pieces, _, shift) = self.pieces(at, user_zone, is_day, budget)?;
        Ok(pieces.iter().map(|(at, _)| at + shift).collect())
    }

    /// The pieces of the test, the days that they are for, and by how much to shift them.
    ///
    /// Clocks of all zones that never change show the same, a fixed time earlier or later.
    fn pieces(&self, at: usize, user_zone: &Zone, is_day: bool, budget: &mut Budget) -> Result<(Rc<Pieces>, Spans, i64), Limit> {
        let test = &self.tests[at];
        let edge = test.edge().unwrap_or(Edge::Starts);
        let days_of = |spans: &Spans| spans.iter().map(|(from, to)| to - from).sum::<i64>().unsigned_abs();
        if is_day {
            let known = self.of_days.borrow().get(&at).cloned();
            let pieces = match known {
                Some(pieces) => pieces,
                None => {
                    budget.take(days_of(&self.days) / 8 + 1)?;
                    let pieces = Rc::new(seen::of_days(test, edge, &self.days));
                    self.of_days.borrow_mut().insert(at, pieces.clone());
                    pieces
                }
            };
            return Ok((pieces, self.days.clone(), 0));
        }
        let zone = match test.zone() {
            Some(ZoneRule::Named(zone)) => zone,
            _ => user_zone,
        };
        let fixed = zone.fixed_offset_secs().map(i64::from);
        let wide = || Spans::of(self.days.iter().map(|(from, to)| (from - 2, to + 2)));
        let (zone, days, shift) = match fixed {
            Some(offset) => (Zone::utc(), wide(), -offset),
            None => (zone.clone(), self.days.clone(), 0),
        };
        let key = (at, zone.name().to_owned());
        let known = self.of_clocks.borrow().get(&key).cloned();
        let pieces = match known {
            Some(pieces) => pieces,
            None => {
                let parts = if matches!(test.asks, Asks::Clock(..)) { 2 } else { 1 };
                budget.take(days_of(&days) * parts / 4 + 1)?;
                let pieces = Rc::new(seen::of_clocks(test, edge, &zone, &days));
                self.of_clocks.borrow_mut().insert(key, pieces.clone());
                pieces
            }
        };
        Ok((pieces, days, shift))
    }
}

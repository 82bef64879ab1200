//! Pieces of time in which no answer changes, each by its first second.
//!
//! A start, an end and the length between them that answer as asked make up a cell of a grid whose borders are the cuts of
//! starts, of ends and of lengths. The earliest start of a cell is a cut of starts, or a cut of ends less the greatest length
//! that goes with it; the earliest end after it is a cut of ends, or the start and a cut of lengths. So these are all to try.

use super::{Asks, Test, World};
use crate::time::{Date, Elapsed, Instant, Zone};
use crate::value::outline::ZoneRule;
use crate::value::words::{ClockWindow, Comparison, Edge, Seconds};

/// A moment to try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Piece {
    Day(Date),
    At(Instant),
}

/// A start of a meeting that people hold, tried first.
const USUAL_MINUTE: u32 = 10 * 60;
/// And its length.
const USUAL_SECS: Seconds = 30 * 60;
/// Days after its start on which an end is looked at, besides those that tests name.
const END_DAYS: i64 = 8;

/// Starts to try on these days.
pub(super) fn starts<'w>(world: &'w World<'_, '_>, days: &'w [Date]) -> Vec<Piece> {
    if world.is_day {
        return days.iter().map(|day| Piece::Day(*day)).collect();
    }
    let mut starts = cuts(world, Edge::Starts, days);
    if world.has_end && world.tests.iter().any(|test| test.edge() == Some(Edge::Ends)) {
        let longest: Vec<Seconds> = lengths(world.tests).into_iter().filter_map(|length| length.checked_sub(1)).collect();
        let ends = cuts(world, Edge::Ends, days);
        starts.extend(ends.iter().flat_map(|end| longest.iter().filter_map(|length| shifted(*end, *length, -1))));
        starts.extend(ends);
    }
    starts.into_iter().map(Piece::At).collect()
}

/// Ends to try for a start.
pub(super) fn ends(world: &World<'_, '_>, start: Piece, days: &[Date]) -> Vec<Piece> {
    let lengths = lengths(world.tests);
    match start {
        Piece::Day(date) => {
            let of_length = lengths.iter().map(|secs| i64::try_from(secs.div_ceil(DAY_SECS)).unwrap_or(0));
            let counts = (1..=END_DAYS).chain(of_length).filter(|days| *days > 0);
            let after = counts.filter_map(|days| date.checked_add(Elapsed::from_hours(24 * days)).ok());
            after.chain(days.iter().copied().filter(|day| *day > date)).map(Piece::Day).collect()
        }
        Piece::At(instant) => {
            let mut ends: Vec<Instant> =
                [USUAL_SECS].iter().chain(&lengths).filter_map(|length| shifted(instant, *length, 1)).collect();
            if world.tests.iter().any(|test| test.edge() == Some(Edge::Ends)) {
                let first = world.user_zone.civil(instant).date();
                let mut of_ends: Vec<Date> =
                    (0..=END_DAYS).filter_map(|days| first.checked_add(Elapsed::from_hours(24 * days - 24)).ok()).collect();
                of_ends.extend(days.iter().copied().filter(|day| *day > first).take(64));
                ends.extend(cuts(world, Edge::Ends, &of_ends).into_iter().filter(|end| *end >= instant));
            }
            ends.into_iter().map(Piece::At).collect()
        }
    }
}

const DAY_SECS: Seconds = 24 * 60 * 60;

fn shifted(instant: Instant, secs: Seconds, sign: i64) -> Option<Instant> {
    let secs = i64::try_from(secs).ok()?;
    instant.checked_add(Elapsed::from_secs(sign * secs)).ok()
}

/// The instants of these days at which the answer of some test of the edge can change.
fn cuts(world: &World<'_, '_>, edge: Edge, days: &[Date]) -> Vec<Instant> {
    let mut zones: Vec<&Zone> = Vec::new();
    let mut seconds = vec![USUAL_MINUTE * 60, 0, 1];
    for test in world.tests.iter().filter(|test| test.edge() == Some(edge)) {
        let zone = match test.zone() {
            Some(ZoneRule::Named(zone)) => zone,
            _ => world.user_zone,
        };
        if !zones.contains(&zone) {
            zones.push(zone);
        }
        if let Asks::Clock(_, Some(window), ..) = &test.asks {
            for minute in borders(*window) {
                seconds.extend([u32::from(minute) * 60, u32::from(minute) * 60 + 1]);
            }
        }
    }
    if zones.is_empty() {
        zones.push(world.user_zone);
    }
    seconds.retain(|second| *second < 24 * 60 * 60);
    if edge == Edge::Starts {
        seconds.retain(|second| second % 60 == 0);
    }
    let mut seen = std::collections::HashSet::new();
    seconds.retain(|second| seen.insert(*second));
    let mut instants = Vec::with_capacity(days.len() * seconds.len());
    for day in days {
        for zone in &zones {
            let midnight = day.to_datetime(crate::time::ClockTime::midnight());
            let at = |second: u32| midnight.checked_add(Elapsed::from_secs(i64::from(second))).ok();
            instants.extend(seconds.iter().filter_map(|second| at(*second)).map(|civil| zone.instant(civil)));
            instants.extend(changes(zone, zone.instant(midnight)));
        }
    }
    instants
}

/// Where clocks of the zone are changed on this day: every half hour, at one of which they are.
fn changes(zone: &Zone, midnight: Instant) -> Vec<Instant> {
    let half_hours = || (1..=50).filter_map(move |half| midnight.checked_add(Elapsed::from_mins(30 * half)).ok());
    match half_hours().next_back() {
        Some(last) if zone.offset_secs(last) != zone.offset_secs(midnight) => half_hours().collect(),
        _ => Vec::new(),
    }
}

fn borders(window: ClockWindow) -> Vec<u16> {
    match window {
        ClockWindow::Before(minute) | ClockWindow::After(minute) => vec![minute],
        ClockWindow::At(minute) => vec![minute, minute + 1],
        ClockWindow::Between { from, to, .. } => vec![from, to],
    }
}

/// The lengths at which the answer of some test changes, and none at all.
fn lengths(tests: &[Test<'_>]) -> Vec<Seconds> {
    let mut lengths = vec![0];
    for test in tests {
        if let Asks::Duration(comparison) = &test.asks {
            lengths.extend(match *comparison {
                Comparison::Eq(n) | Comparison::Ne(n) => vec![n, n.saturating_add(1)],
                Comparison::Lt(n) | Comparison::Ge(n) => vec![n],
                Comparison::Le(n) | Comparison::Gt(n) => vec![n.saturating_add(1)],
                Comparison::Between(from, to) => vec![from, to.saturating_add(1)],
            });
        }
    }
    lengths.sort_unstable();
    lengths.dedup();
    lengths
}

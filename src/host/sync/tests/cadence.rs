//! When calendars are due.

use super::at;
use crate::host::model::{CalendarId, CalendarState};
use crate::host::sync::SyncError;
use crate::host::sync::cadence::{
    BACKOFF_MAX, BACKOFF_MIN, Cadence, FAILING_AFTER, GONE_AFTER, NEAR, PERIOD, PERIOD_NEAR, Standing, slowness, staleness_max,
    state_after,
};
use crate::host::sync::error::Scope;
use crate::time::{Elapsed, Instant};
use proptest::prelude::*;
use std::time::Duration;

const CADENCE: Cadence = Cadence { seed: 7 };

fn now() -> Instant {
    at("2026-03-02T09:00:00Z")
}

#[test]
fn a_hundred_thousand_calendars_fall_evenly_over_the_period() {
    let seconds = usize::try_from(PERIOD.as_secs()).expect("positive");
    let mut each_second = vec![0usize; seconds + seconds / 10 + 1];
    for id in 0..100_000 {
        let due = CADENCE.due(CalendarId(id), now(), &Standing::default());
        each_second[usize::try_from(due.duration_since(now()).as_secs()).expect("later")] += 1;
    }
    let mean = 100_000 / seconds;
    let worst = each_second.iter().max().expect("seconds");
    assert!(*worst < mean * 4 / 3, "{worst} calendars in one second, {mean} on average");
}

#[test]
fn slots_of_a_calendar_keep_their_place() {
    let mut due = now();
    let mut dues = Vec::new();
    for _ in 0..500 {
        due = CADENCE.due(CalendarId(42), due, &Standing::default());
        dues.push(due);
    }
    for (round, due) in (0i32..).zip(&dues) {
        let off = due.duration_since(dues[0]) - PERIOD * round;
        assert!(off.abs() <= PERIOD / 10, "slot {round} is off by {off}");
    }
}

#[test]
fn a_near_meeting_shortens_the_period_in_time() {
    let start = now() + Elapsed::from_mins(60);
    let standing = Standing { next_start: Some(start), ..Standing::default() };
    let mut due = now();
    let mut reads = Vec::new();
    while due < start {
        due = CADENCE.due(CalendarId(3), due, &standing);
        reads.push(due);
    }
    let near: Vec<&Instant> = reads.iter().filter(|read| **read >= start - NEAR && **read < start).collect();
    assert!(near.len() >= 13, "{} reads in the last quarter of an hour", near.len());
    assert!(near[0].duration_since(start - NEAR) <= PERIOD_NEAR + PERIOD_NEAR / 10);
}

#[test]
fn a_crowd_slows_all_of_its_calendars_down_and_stays_inside_its_share() {
    for (calendars, near, expected) in
        [(0, 0, 100), (35_000, 0, 100), (35_001, 0, 125), (100_000, 0, 300), (100_000, 20_000, 600)]
    {
        assert_eq!(slowness(calendars, near, 10_000), expected, "{calendars} calendars, {near} near");
    }
    assert_eq!(slowness(usize::MAX / 1_000_000, 0, 1), 4000, "there is an end to it");
    let standing = Standing { slowness: 300, ..Standing::default() };
    let mut due = now();
    for _ in 0..100 {
        due = CADENCE.due(CalendarId(42), due, &standing);
    }
    let off = due.duration_since(now()) - PERIOD * 300;
    assert!(off.abs() <= PERIOD * 6, "a hundred periods are off by {off}");
}

#[test]
fn failures_end_in_a_state_that_fits_them() {
    let cut = SyncError::NotACalendar("cut");
    let always = |error: &SyncError, failures| state_after(error, failures, failures);
    assert_eq!(always(&cut, FAILING_AFTER - 1), CalendarState::Active);
    assert_eq!(always(&cut, FAILING_AFTER), CalendarState::Failing);
    assert_eq!(always(&SyncError::CalendarGone, GONE_AFTER - 1), CalendarState::Active);
    assert_eq!(always(&SyncError::CalendarGone, GONE_AFTER), CalendarState::Gone);
    assert_eq!(always(&SyncError::Operator("client-refused"), 1000), CalendarState::Active);
    assert_eq!(always(&SyncError::Throttled { wait: None, scope: Scope::Client }, 1000), CalendarState::Active);
    // Not found once after other failures is not found once.
    assert_eq!(state_after(&SyncError::CalendarGone, GONE_AFTER, 1), CalendarState::Active);
}

#[test]
fn a_calendar_with_a_bot_in_a_meeting_is_read_though_it_is_pushed() {
    let cadence = Cadence { seed: 1 };
    let standing = Standing { pushed: true, slowness: 100, ..Standing::default() };
    let wait = |standing| cadence.due(CalendarId(7), now(), &standing).duration_since(now());
    assert!(wait(standing) >= Elapsed::from_mins(36) && wait(standing) <= Elapsed::from_hours(1), "within the hour");
    let crowded = Standing { slowness_pushed: 1500, ..standing };
    assert!(wait(crowded) >= Elapsed::from_hours(9) && wait(crowded) <= Elapsed::from_hours(15), "as far as there is quota");
    assert!(wait(Standing { running: true, ..standing }) <= PERIOD + PERIOD / 10);
}

fn standings() -> impl Strategy<Value = Standing> {
    let start = proptest::option::of(-3600..200_000i64);
    let wait = proptest::option::of(0..90_000u64);
    let flags = (any::<bool>(), any::<bool>());
    (start, flags, prop_oneof![Just(0u32), 0..20u32, Just(u32::MAX)], wait).prop_map(
        |(start, (pushed, running), failures, wait)| Standing {
            next_start: start.map(|secs| now() + Elapsed::from_secs(secs)),
            pushed,
            running,
            failures,
            wait: wait.map(Duration::from_secs),
            slowness: 100,
            slowness_pushed: 100,
        },
    )
}

proptest! {
    #[test]
    fn no_calendar_is_older_than_stated(seed: u64, id: u64, standing in standings(), slowness in 0..4000u32, slowness_pushed in 0..4000u32, ahead in 0..10_000_000i64) {
        let standing = Standing { slowness, slowness_pushed, ..standing };
        let now = now() + Elapsed::from_millis(ahead);
        let due = Cadence { seed }.due(CalendarId(id), now, &standing);
        prop_assert!(due > now);
        prop_assert!(due.duration_since(now) <= staleness_max(now, &standing), "{} of {}", due.duration_since(now), staleness_max(now, &standing));
        prop_assert_eq!(due, Cadence { seed }.due(CalendarId(id), now, &standing));
    }

    #[test]
    fn backoff_grows_within_its_bounds(seed: u64, id: u64, failures in 1..50u32) {
        let standing = |failures| Standing { failures, ..Standing::default() };
        let wait = |failures| Cadence { seed }.due(CalendarId(id), now(), &standing(failures)).duration_since(now());
        prop_assert!(wait(failures) >= BACKOFF_MIN && wait(failures) <= BACKOFF_MAX);
        prop_assert!(failures < 5 || wait(failures) >= BACKOFF_MAX / 2);
    }

    #[test]
    fn a_wait_that_was_asked_for_is_waited(seed: u64, id: u64, secs in 0..86_400u64) {
        let standing = Standing { failures: 1, wait: Some(Duration::from_secs(secs)), ..Standing::default() };
        let due = Cadence { seed }.due(CalendarId(id), now(), &standing);
        prop_assert!(due.duration_since(now()) >= Elapsed::from_secs(i64::try_from(secs).expect("a day")));
    }

    #[test]
    fn any_instant_has_a_next_one(millis in i64::MIN / 1_000_000..i64::MAX / 1_000_000) {
        let Ok(now) = Instant::from_millisecond(millis) else { return Ok(()) };
        prop_assert!(CADENCE.due(CalendarId(1), now, &Standing::default()) >= now);
    }
}

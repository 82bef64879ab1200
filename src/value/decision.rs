//! What comes out: the decision about one occurrence, and what a full evaluation saw.

use crate::value::words::{Layer, Seconds, Verb};
use crate::value::{Closed, EventKind, Truth};
use std::collections::BTreeMap;

/// The place of a rule in the effective list: organisation's and user's rules in the order of their tiers.
pub type RuleIdx = u16;

/// The decision about one occurrence for one connected user. Its settings are those that the rule set names for `by`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Decision {
    /// No bot could or may join, whatever rules say (tier 0).
    NotRecordable(NotRecordable),
    /// Rules, a person or the default decided.
    Decided {
        /// Record or skip.
        verb: Verb,
        /// Who said so.
        by: DecidedBy,
    },
}

/// Who decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DecidedBy {
    /// A rule.
    Rule(RuleIdx),
    /// A person's word on this occurrence or on its series.
    Override(Override),
    /// No rule did; the default of this layer, or the built-in one (`None`), which is to skip.
    Default(Option<Layer>),
}

/// A person's word on an occurrence or its series (tier 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Override {
    /// Record it.
    Record,
    /// Leave it alone. Outranks [`Override::Record`] at the same place.
    Stop,
}

/// The overrides that hold for one occurrence; the occurrence's outranks the series'.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Overrides {
    /// On the occurrence itself.
    pub occurrence: Option<Override>,
    /// On its series.
    pub series: Option<Override>,
}

impl Overrides {
    /// The one that counts.
    #[must_use]
    pub fn effective(self) -> Option<Override> {
        self.occurrence.or(self.series)
    }
}

/// Why no bot can or may join.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NotRecordable {
    /// The event is cancelled.
    Cancelled,
    /// The organizer has not sent it yet.
    Draft,
    /// It has no clock times.
    AllDay,
    /// Its kind is no meeting.
    Kind(EventKind),
    /// It repeats faster than hourly.
    SubHourly,
    /// The connected user declined it.
    Declined,
    /// There is no meeting link.
    NoLink,
    /// There is a meeting link, but no bot can join that service or page.
    LinkNotJoinable,
    /// Whether there is a link cannot be seen, or it is still being made.
    LinkUnknown(crate::value::UnknownReason),
}

impl NotRecordable {
    /// The kebab-case code, as written in JSON.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Cancelled => "cancelled",
            Self::Draft => "draft",
            Self::AllDay => "all-day",
            Self::Kind(_) => "kind",
            Self::SubHourly => "sub-hourly",
            Self::Declined => "declined",
            Self::NoLink => "no-link",
            Self::LinkNotJoinable => "link-not-joinable",
            Self::LinkUnknown(_) => "link-unknown",
        }
    }

    /// The reason in words, without a full stop.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Cancelled => "cancelled".to_owned(),
            Self::Draft => "the organizer has not sent it yet".to_owned(),
            Self::AllDay => "all-day, without clock times".to_owned(),
            Self::Kind(kind) => format!("kind is {}, which is no meeting", kind.word()),
            Self::SubHourly => "it repeats faster than hourly".to_owned(),
            Self::Declined => "declined".to_owned(),
            Self::NoLink => "no meeting link".to_owned(),
            Self::LinkNotJoinable => "no bot can join its meeting link".to_owned(),
            Self::LinkUnknown(reason) => format!("the meeting link is unknown, since {}", reason.words()),
        }
    }
}

/// What a full evaluation, without short cuts, found: one entry per condition and per rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trace {
    /// The truth of every atomic condition, in the order of the rule set's table.
    pub atoms: Vec<Truth>,
    /// Whether each rule's `from`/`until` holds the occurrence's local start date, in effective order.
    pub active: Vec<Truth>,
    /// The truth of each rule's condition (`when` and not `unless`), in effective order.
    pub conditions: Vec<Truth>,
}

/// How a bot behaves when it joins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Seconds after the start at which the bot joins; negative: before.
    pub join: i64,
    /// How long the recording is kept.
    pub keep: Option<Seconds>,
    /// The bot's display name.
    pub bot_name: Option<String>,
    /// Spoken language, BCP 47.
    pub language: Option<String>,
    /// Labels, in the author's order.
    pub tags: Vec<String>,
    /// What a bot in the meeting does when the event is cancelled.
    pub on_live_cancel: OnLiveCancel,
    /// Keys that start with `x_`, untouched.
    pub extra: BTreeMap<String, ExtraValue>,
    /// Limits of the organisation that changed a value, in words.
    pub capped: Vec<String>,
}

/// 90 seconds before the start.
pub const JOIN_DEFAULT_SECS: i64 = -90;

impl Default for Settings {
    fn default() -> Self {
        Self {
            join: JOIN_DEFAULT_SECS,
            keep: None,
            bot_name: None,
            language: None,
            tags: Vec::new(),
            on_live_cancel: OnLiveCancel::Leave,
            extra: BTreeMap::new(),
            capped: Vec::new(),
        }
    }
}

/// What a bot in the meeting does when the event is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnLiveCancel {
    /// Leaves.
    Leave,
    /// Stays.
    Stay,
}

/// The value of a setting that passes to the bot untouched.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum ExtraValue {
    Text(String),
    Texts(Vec<String>),
    Number(i64),
    Flag(bool),
    /// In seconds.
    Duration(Seconds),
    /// In seconds after the start.
    Offset(i64),
}

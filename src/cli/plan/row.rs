//! One meeting of the plan, ready to be shown.

use crate::cli::text::one_line;
use crate::engine::Planned;
use crate::time::{Civil, Date, Elapsed, Instant, Moment, Zone};
use crate::value::words::Verb;
use crate::value::{Decision, Fact};

/// What the table and the timeline show of a planned occurrence.
pub struct Row {
    /// The day it is listed under: its start in the reader's zone.
    pub day: Date,
    /// Start and end on the reader's clock; `None` for a whole day, and for an end that is not known.
    pub clock: Option<(Civil, Option<Civil>)>,
    /// The title on one line, or why there is none.
    pub title: String,
    /// What happens.
    pub mark: Mark,
    /// Why, in a few words.
    pub reason: String,
    /// In how many calendars the meeting stands.
    pub copies: usize,
}

/// What happens with a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A bot joins at this instant.
    Joins(Instant),
    /// Rules or people say no.
    Skipped,
    /// No bot could join.
    NotRecordable,
}

impl Row {
    /// The row of `planned` for a reader in `zone`.
    pub fn of(planned: &Planned, zone: &Zone) -> Self {
        let occurrence = &planned.occurrence;
        let civil = |moment: &Moment| match moment {
            Moment::Timed { at, .. } => Some(zone.civil(*at)),
            Moment::Day(_) => None,
        };
        let clock = civil(&occurrence.start).map(|start| (start, occurrence.end.known().and_then(civil)));
        let day = match &occurrence.start {
            Moment::Timed { at, .. } => zone.civil(*at).date(),
            Moment::Day(date) => *date,
        };
        Self {
            day,
            clock,
            title: title(planned),
            mark: mark(planned, zone),
            reason: planned.reason.clone(),
            copies: planned.members.len(),
        }
    }
}

fn title(planned: &Planned) -> String {
    match &planned.occurrence.facts.title {
        Fact::Known(Some(text)) if !text.content.trim().is_empty() => one_line(&text.content),
        Fact::Known(_) => "(no title)".into(),
        Fact::Unknown(_) => "(title hidden)".into(),
    }
}

fn mark(planned: &Planned, zone: &Zone) -> Mark {
    match planned.decision {
        Decision::NotRecordable(_) => Mark::NotRecordable,
        Decision::Decided { verb: Verb::Skip, .. } => Mark::Skipped,
        Decision::Decided { verb: Verb::Record, .. } => Mark::Joins(join_at(planned, zone)),
    }
}

/// When the bot joins: the start and the offset of the settings. A start at the end of time stays there.
pub fn join_at(planned: &Planned, zone: &Zone) -> Instant {
    let start = planned.occurrence.start.instant(zone);
    start.checked_add(Elapsed::from_secs(planned.settings.join)).unwrap_or(start)
}

//! The words that sentences are put together from.

use crate::explain::OverridePlace;
use crate::value::outline::Tier;
use crate::value::phrases::{duration, joins};
use crate::value::words::{Layer, Verb};
use crate::value::{Closed, shown};
use crate::value::{EventKind, NotRecordable, Override, Settings, Truth, UnknownReason};

/// Most characters of a condition's text in a sentence.
const CONDITION_CHARS_MAX: usize = 200;
/// Most characters of a rule's id, which an author chose.
const ID_CHARS_MAX: usize = 60;

/// `recorded` or `skipped`.
pub(super) fn done(verb: Verb) -> &'static str {
    match verb {
        Verb::Record => "recorded",
        Verb::Skip => "skipped",
    }
}

/// `record` or `skip`.
pub(super) fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Record => "record",
        Verb::Skip => "skip",
    }
}

/// What a rule says to do with a meeting, after "says".
pub(super) fn says(tier: Tier) -> &'static str {
    match tier {
        Tier::OrganisationNever | Tier::UserNever => "never to record it",
        Tier::Locked => "to always record it (locked)",
        Tier::Always => "to always record it",
        Tier::Ordered(Verb::Record) => "to record it",
        Tier::Ordered(Verb::Skip) => "to skip it",
    }
}

/// The verb of a rule as it is written.
pub(super) fn rule_verb(tier: Tier) -> &'static str {
    match tier {
        Tier::OrganisationNever | Tier::UserNever => "never record",
        Tier::Locked => "always record locked",
        Tier::Always => "always record",
        Tier::Ordered(of) => verb(of),
    }
}

pub(super) fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Organisation => "organisation",
        Layer::User => "user",
    }
}

pub(super) fn truth(truth: Truth) -> &'static str {
    match truth {
        Truth::True => "true",
        Truth::False => "false",
        Truth::Unknown => "unknown",
    }
}

pub(super) fn condition(text: &str) -> String {
    shown(text, CONDITION_CHARS_MAX)
}

pub(super) fn id(id: &str) -> String {
    shown(id, ID_CHARS_MAX)
}

/// The reasons in words, joined with "and".
pub(super) fn reasons(reasons: &[UnknownReason]) -> String {
    reasons.iter().map(|reason| reason.words()).collect::<Vec<_>>().join(" and ")
}

/// What a person did.
pub(super) fn said(word: Override, on: OverridePlace) -> String {
    let on = match on {
        OverridePlace::Occurrence => "this occurrence",
        OverridePlace::Series => "this series",
    };
    match word {
        Override::Record => format!("a person asked to record {on}"),
        Override::Stop => format!("a person said not to record {on}"),
    }
}

/// What would let a bot join: a sentence.
pub(super) fn remedy(why: NotRecordable) -> String {
    match why {
        NotRecordable::Cancelled => "A bot could join if the meeting took place after all.".to_owned(),
        NotRecordable::Draft => "A bot can join once the organizer has sent it.".to_owned(),
        NotRecordable::AllDay => {
            "A bot could join if it had clock times, or if the organisation's rules said `recordable { all_day: yes }`."
                .to_owned()
        }
        NotRecordable::Kind(kind) => {
            let default = EventKind::Default.word();
            let kind = kind.word();
            format!("A bot could join if the organisation's rules said `recordable {{ kinds: [{default}, {kind}] }}`.")
        }
        NotRecordable::SubHourly => "No rule changes that: bots join no series that repeats faster than hourly.".to_owned(),
        NotRecordable::Declined => "A bot could join if the connected user did not decline, if a person asked for it, or if \
             the organisation's rules said `recordable { declined: yes }`."
            .to_owned(),
        NotRecordable::NoLink => "A bot could join if the event held a meeting link.".to_owned(),
        NotRecordable::LinkNotJoinable => "A bot could join if the event held a link of a service that bots can join.".to_owned(),
        NotRecordable::LinkUnknown(_) => "A bot can join once the link can be seen.".to_owned(),
    }
}

/// How the bot behaves, as a sentence.
pub(super) fn settings(settings: &Settings) -> String {
    let mut out = format!("The bot {}", joins(settings.join));
    if let Some(keep) = settings.keep {
        out.push_str(&format!(", and the recording is kept {}", duration(keep)));
    }
    out.push('.');
    for capped in &settings.capped {
        out.push_str(&format!(" Limited by the organisation: {}.", shown(capped, CONDITION_CHARS_MAX)));
    }
    out
}

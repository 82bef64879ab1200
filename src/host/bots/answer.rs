//! What a bot service says, in the host's words.

use std::fmt;
use std::time::Duration;

/// A reason in a word: letters, digits, hyphens.
///
/// Services put whole addresses into their messages, passwords included. A `Word` holds only what was a bare word already, so
/// that it can stand in logs, rows and events.
#[derive(Clone, PartialEq, Eq)]
pub struct Word(String);

/// Longest word that is taken over from a service.
const WORD_BYTES_MAX: usize = 48;

impl Word {
    /// The word that `text` is, its underscores as hyphens; `unknown` where it is none.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        if text.is_empty() || text.len() > WORD_BYTES_MAX || !text.bytes().all(is_word) {
            return Self("unknown".to_owned());
        }
        Self(text.replace('_', "-"))
    }

    /// The word `http-404` and the like.
    #[must_use]
    pub(super) fn of_status(status: u16) -> Self {
        Self(format!("http-{status}"))
    }

    /// It as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a bot that the service has is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BotState {
    /// Scheduled, on its way, or before the door.
    Coming,
    /// In the meeting.
    Joined,
    /// It was in the meeting, or at least it is over with.
    Ended,
    /// It could not join, or broke down.
    Failed(Word),
}

impl BotState {
    /// Whether the bot is in the meeting or may still come.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self, Self::Coming | Self::Joined)
    }
}

/// What came of asking for a bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CreateAnswer {
    /// The service has the bot, from this request or an earlier one.
    Accepted(BotState),
    /// Certainly nothing was made; it may be asked again.
    Refused {
        /// Not before this long has passed, where the service said so.
        after: Option<Duration>,
        /// Why.
        reason: Word,
    },
    /// Certainly nothing was made, and asking again is no use.
    RefusedForGood(Word),
    /// The key was recalled: it never gets a bot.
    Tombstoned,
    /// Nobody knows whether the service has a bot now.
    Ambiguous,
}

/// What the service has under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FindAnswer {
    /// A bot.
    Bot(BotState),
    /// No bot, and nothing that keeps one from being made.
    None,
    /// The key was recalled.
    Tombstoned,
    /// No usable answer.
    Ambiguous,
}

/// What came of recalling a bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecallAnswer {
    /// No bot of this key joins or stays, and none can be made any more.
    Confirmed,
    /// No bot of this key joins or stays; but the service keeps no tombstones, so that a request still on its way could make one.
    Absent,
    /// Asked, and nobody knows; or the bot is still leaving.
    Ambiguous,
    /// Certainly not done.
    Failed {
        /// Not before this long has passed, where the service said so.
        after: Option<Duration>,
        /// Why.
        reason: Word,
    },
}

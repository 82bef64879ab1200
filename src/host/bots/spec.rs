//! What a bot service is told about a bot.
//!
//! The JSON of a [`Spec`] is stored in its dispatch and sent to bot backends, which see the same members: `docs/bot-backend.md`.
//! Members may be added; a reader leaves out those that it does not know.

use crate::event::link::Link;
use crate::time::Instant;
use crate::value::{ExtraValue, Settings};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::fmt;

/// One bot: where it goes, when, and how it behaves. `Debug` shows no address and no name.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The meeting that it is for, as the host names it.
    pub meeting: String,
    /// When it should knock. Past: at once.
    #[serde(with = "instant")]
    pub join_at: Instant,
    /// The start of the meeting.
    #[serde(with = "instant")]
    pub start: Instant,
    /// The end of the meeting, where it is known.
    #[serde(default, with = "maybe_instant")]
    pub end: Option<Instant>,
    /// The service that the meeting is on: `zoom`, `meet`, `teams`, …
    pub platform: String,
    /// The platform and what names the meeting on it; two specs with one room lead to one place. No passwords.
    pub room: String,
    /// The address to join. It may hold a password.
    pub url: String,
    /// What the bot is called in the meeting.
    #[serde(default)]
    pub bot_name: Option<String>,
    /// The language that is spoken, BCP 47.
    #[serde(default)]
    pub language: Option<String>,
    /// How long the recording is kept, in seconds.
    #[serde(default)]
    pub keep_secs: Option<u64>,
    /// Labels.
    #[serde(default)]
    pub tags: Vec<String>,
    /// Settings that begin with `x_`, untouched.
    #[serde(default)]
    pub extra: Map<String, Value>,
}

/// Why a stored spec cannot be used. Says where, not what: specs hold addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a spec cannot be read, column {column}")]
pub struct SpecError {
    /// Where reading ended.
    pub column: usize,
}

impl Spec {
    /// What the settings say of a bot for a link. Its times are the caller's to set: they are the epoch until then.
    #[must_use]
    pub fn of(meeting: &str, link: &Link, settings: &Settings) -> Self {
        Self {
            meeting: meeting.to_owned(),
            join_at: Instant::UNIX_EPOCH,
            start: Instant::UNIX_EPOCH,
            end: None,
            platform: link.platform.to_owned(),
            room: format!("{}/{}", link.platform, link.id),
            url: link.url.clone(),
            bot_name: settings.bot_name.clone(),
            language: settings.language.clone(),
            keep_secs: settings.keep,
            tags: settings.tags.clone(),
            extra: settings.extra.iter().map(|(key, value)| (key.clone(), extra(value))).collect(),
        }
    }

    /// The spec that a dispatch holds.
    ///
    /// # Errors
    /// [`SpecError`] where the text is not one.
    pub fn read(text: &str) -> Result<Self, SpecError> {
        serde_json::from_str(text).map_err(|error| SpecError { column: error.column() })
    }

    /// It as JSON on one line, for [`read`](Self::read).
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_json().to_string()
    }

    /// It as JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        serde_json::to_value(self).expect("text, numbers and maps of text are JSON")
    }
}

impl fmt::Debug for Spec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Spec({} on {} at {})", self.meeting, self.platform, self.join_at)
    }
}

fn extra(value: &ExtraValue) -> Value {
    match value {
        ExtraValue::Text(text) => json!(text),
        ExtraValue::Texts(texts) => json!(texts),
        ExtraValue::Number(number) | ExtraValue::Offset(number) => json!(number),
        ExtraValue::Duration(secs) => json!(secs),
        ExtraValue::Flag(flag) => json!(flag),
    }
}

/// Instants as RFC 3339 in UTC.
mod instant {
    use crate::time::Instant;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(at: &Instant, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(at)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Instant, D::Error> {
        String::deserialize(from)?.parse().map_err(|_| D::Error::custom("not an instant"))
    }
}

/// The same, or `null`.
mod maybe_instant {
    use crate::time::Instant;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(at: &Option<Instant>, to: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => to.collect_str(at),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Instant>, D::Error> {
        let text: Option<String> = Option::deserialize(from)?;
        text.map(|text| text.parse().map_err(|_| D::Error::custom("not an instant"))).transpose()
    }
}

//! Which settings of a bot differ.

use crate::value::Settings;

/// A setting that bots are sent with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of the language")]
pub enum Setting {
    Join,
    Keep,
    BotName,
    Language,
    Tags,
    OnLiveCancel,
    /// A key that passes to the bot untouched.
    Extra(String),
}

impl Setting {
    /// The key as rules write it.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Join => "join",
            Self::Keep => "keep",
            Self::BotName => "bot_name",
            Self::Language => "language",
            Self::Tags => "tags",
            Self::OnLiveCancel => "on_live_cancel",
            Self::Extra(key) => key,
        }
    }
}

/// The settings in which two bots differ. By which limits a value was capped makes no difference.
#[must_use]
pub fn other_settings(one: &Settings, other: &Settings) -> Vec<Setting> {
    let known = [
        (Setting::Join, one.join == other.join),
        (Setting::Keep, one.keep == other.keep),
        (Setting::BotName, one.bot_name == other.bot_name),
        (Setting::Language, one.language == other.language),
        (Setting::Tags, one.tags == other.tags),
        (Setting::OnLiveCancel, one.on_live_cancel == other.on_live_cancel),
    ];
    let mut keys: Vec<&String> = one.extra.keys().chain(other.extra.keys()).collect();
    keys.sort_unstable();
    keys.dedup();
    let extra = keys.into_iter().map(|key| (Setting::Extra(key.clone()), one.extra.get(key) == other.extra.get(key)));
    known.into_iter().chain(extra).filter(|(_, same)| !same).map(|(setting, _)| setting).collect()
}

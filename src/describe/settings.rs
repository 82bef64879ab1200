//! How a bot behaves: `the bot joins 2 minutes before the start`.

use super::{TEXT_CHARS_MAX, some};
use crate::syntax::ast::{Setting, SettingValue};
use crate::value::phrases::{duration, joins};
use crate::value::{quoted, shown};

/// What a setting says, as a clause.
#[must_use]
pub fn setting(setting: &Setting) -> String {
    match (setting.key.value.as_str(), &setting.value.value) {
        ("join", SettingValue::Offset(secs)) => format!("the bot {}", joins(*secs)),
        ("keep", SettingValue::Duration(secs)) => format!("the recording is kept for {}", duration(*secs)),
        ("bot_name", SettingValue::Text(text)) => format!("the bot is called {}", quoted(text, TEXT_CHARS_MAX)),
        ("language", SettingValue::Text(text)) => format!("the language is {}", quoted(text, TEXT_CHARS_MAX)),
        ("tags", SettingValue::Texts(tags)) if tags.is_empty() => "there are no tags".to_owned(),
        ("tags", value @ SettingValue::Texts(_)) => format!("the tags are {}", plain(value)),
        ("on_live_cancel", SettingValue::Word(word)) if word == "leave" => {
            "the bot leaves when the meeting is called off while it runs".to_owned()
        }
        ("on_live_cancel", SettingValue::Word(word)) if word == "stay" => {
            "the bot stays when the meeting is called off while it runs".to_owned()
        }
        (key, value) => format!("`{}` is {}", shown(key, TEXT_CHARS_MAX), plain(value)),
    }
}

/// A value whose key says nothing about it.
fn plain(value: &SettingValue) -> String {
    match value {
        SettingValue::Text(text) => quoted(text, TEXT_CHARS_MAX),
        SettingValue::Texts(texts) if texts.is_empty() => "an empty list".to_owned(),
        SettingValue::Texts(texts) => some(texts.iter().map(|text| quoted(&text.value, TEXT_CHARS_MAX))),
        SettingValue::Word(word) => shown(word, TEXT_CHARS_MAX),
        SettingValue::Duration(secs) => duration(*secs),
        SettingValue::Offset(secs) if *secs < 0 => format!("{} before the start", duration(secs.unsigned_abs())),
        SettingValue::Offset(secs) => format!("{} after the start", duration(secs.unsigned_abs())),
        SettingValue::Number(number) => number.to_string(),
    }
}

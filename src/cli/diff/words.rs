//! Settings and deciders in the words of rules.

use crate::compare::{Decider, Effect, Setting, other_settings};
use crate::lint::named;
use crate::syntax::literal;
use crate::value::outline::Outline;
use crate::value::{Decision, ExtraValue, OnLiveCancel, Settings};

/// Who decided: a rule, the default, a person's word, or why bots may not join.
pub fn decider(outline: &Outline, decision: Decision) -> String {
    match decision {
        Decision::NotRecordable(why) => format!("no bot may join ({})", why.words()),
        decided => named(outline, Decider::of(decided)),
    }
}

/// `skip → record`; where only settings differ, `record, otherwise`.
pub fn outcomes(before: &Effect<'_>, after: &Effect<'_>) -> String {
    if before.strength == after.strength {
        return format!("{}, with other settings", after.words());
    }
    format!("{} → {}", before.words(), after.words())
}

/// The settings that differ, a line each: `join: 90s before start → 5m before start`.
pub fn settings(before: &Effect<'_>, after: &Effect<'_>) -> Vec<String> {
    let (Some(old), Some(new)) = (before.settings, after.settings) else { return Vec::new() };
    let line = |setting: Setting| format!("{}: {} → {}", setting.key(), value(old, &setting), value(new, &setting));
    other_settings(old, new).into_iter().map(line).collect()
}

/// A setting as rules write it.
fn value(settings: &Settings, setting: &Setting) -> String {
    let text = |text: &Option<String>| text.as_deref().map_or_else(|| "none".to_owned(), literal::quote);
    match setting {
        Setting::Join => offset(settings.join),
        Setting::Keep => settings.keep.map_or_else(|| "without an end".to_owned(), literal::duration),
        Setting::BotName => text(&settings.bot_name),
        Setting::Language => text(&settings.language),
        Setting::Tags => texts(&settings.tags),
        Setting::OnLiveCancel if settings.on_live_cancel == OnLiveCancel::Stay => "stay".to_owned(),
        Setting::OnLiveCancel => "leave".to_owned(),
        Setting::Extra(key) => settings.extra.get(key).map_or_else(|| "none".to_owned(), extra),
    }
}

fn extra(value: &ExtraValue) -> String {
    match value {
        ExtraValue::Text(text) => literal::quote(text),
        ExtraValue::Texts(list) => texts(list),
        ExtraValue::Number(number) => number.to_string(),
        ExtraValue::Flag(flag) => if *flag { "yes" } else { "no" }.to_owned(),
        ExtraValue::Duration(secs) => literal::duration(*secs),
        ExtraValue::Offset(secs) => offset(*secs),
    }
}

fn texts(list: &[String]) -> String {
    let quoted: Vec<String> = list.iter().map(|text| literal::quote(text)).collect();
    format!("[{}]", quoted.join(", "))
}

fn offset(secs: i64) -> String {
    let length = literal::duration(secs.unsigned_abs());
    if secs > 0 { format!("{length} after start") } else { format!("{length} before start") }
}

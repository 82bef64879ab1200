//! One JSON document, described by `docs/changes.schema.json`.

use super::calendar::Real;
use super::{Told, words};
use crate::cli::lint::json::findings;
use crate::cli::lint::report::Report;
use crate::cli::plan::json::{entry, instant, put_decision};
use crate::cli::text::steady_json;
use crate::compare::{Class, Decider, Effect, Open, SideOf, other_settings};
use crate::engine::RuleSet;
use crate::explain::settings_to_json;
use crate::lint::example_event;
use crate::providers::normal::{Detail, occurrence_to_json};
use crate::value::outline::Outline;
use crate::value::{Decision, Overrides};
use serde_json::{Map, Value, json};

/// The document.
pub fn document(told: &Told<'_>, report: Report<'_>) -> String {
    let names = |sides: &crate::engine::Checked| sides.sources.iter().map(|(_, source)| source.name.clone()).collect::<Vec<_>>();
    let classes: Vec<Value> = told.comparison.classes.iter().map(|each| class(told, each)).collect();
    let undecided: Vec<Value> = told.comparison.open.iter().map(|each| open(told, *each)).collect();
    let document = json!({
        "version": 1,
        "old": names(told.old.0),
        "new": names(told.new.0),
        "same": told.comparison.is_same(),
        "classes": classes,
        "undecided": undecided,
        "findings": findings(report),
        "calendar": told.real.map(|real| calendar(told.old.1, told.new.1, real)),
    });
    steady_json(&serde_json::to_string_pretty(&document).expect("a JSON value prints")) + "\n"
}

fn class(told: &Told<'_>, class: &Class) -> Value {
    let (old, new) = (told.old.1.outline(), told.new.1.outline());
    let (before, after) = (class.before(old), class.after(new));
    let settings: Vec<String> = match (before.settings, after.settings) {
        (Some(one), Some(other)) => other_settings(one, other).iter().map(|setting| setting.key().to_owned()).collect(),
        _ => Vec::new(),
    };
    json!({
        "old": side(old, class.old, &before),
        "new": side(new, class.new, &after),
        "settings": settings,
        "asked_for": class.overrides != Overrides::default(),
        "example": {
            "text": example_event(&class.witness),
            "event": occurrence_to_json(&class.witness.occurrence, Detail::Full),
            "me": class.witness.user.addresses.iter().map(ToString::to_string).collect::<Vec<_>>(),
        },
    })
}

fn side(outline: &Outline, decision: Decision, effect: &Effect<'_>) -> Value {
    let mut object = Map::new();
    put_decision(&mut object, outline, &decision);
    object.insert("outcome".into(), effect.words().into());
    object.insert("settings".into(), effect.settings.map_or(Value::Null, settings_to_json));
    Value::Object(object)
}

fn open(told: &Told<'_>, open: Open) -> Value {
    let (side, outline) = match open.side {
        SideOf::Old => ("old", told.old.1.outline()),
        SideOf::New => ("new", told.new.1.outline()),
    };
    let rule = match open.decider {
        Decider::Rule(rule) => Some(outline.rules[usize::from(rule)].id.clone()),
        _ => None,
    };
    let who = match open.decider {
        Decider::Rule(_) => "rule",
        Decider::Default => "default",
        Decider::NotRecordable => "not_recordable",
        Decider::Person => "override",
    };
    json!({"side": side, "who": who, "rule": rule, "bound": open.limit.words()})
}

fn calendar(old: &RuleSet, new: &RuleSet, real: &Real) -> Value {
    let groups: Vec<Value> = real
        .groups()
        .iter()
        .map(|group| {
            let word = group.word.as_ref().map(|(word, count)| json!({"word": word, "count": count}));
            json!({"change": group.outcomes, "count": group.count, "title_word": word})
        })
        .collect();
    let changes: Vec<Value> = real
        .changes
        .iter()
        .map(|change| {
            let change_words = words::outcomes(&change.effect_before(), &change.effect_after());
            let (before, after) = (entry(old, &change.before, &real.reader), entry(new, &change.after, &real.reader));
            json!({"change": change_words, "title": title(&change.after), "old": before, "new": after})
        })
        .collect();
    json!({
        "from": instant(real.window.start),
        "to": instant(real.window.end),
        "meetings": real.total,
        "groups": groups,
        "changes": changes,
    })
}

fn title(planned: &crate::engine::Planned) -> Value {
    let title = planned.occurrence.facts.title.known().and_then(Option::as_ref);
    title.map_or(Value::Null, |title| title.content.clone().into())
}

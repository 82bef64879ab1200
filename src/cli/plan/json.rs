//! The plan as JSON: the contract with scripts, described by `docs/decision.schema.json`.

use super::row::join_at;
use crate::engine::{Planned, RuleSet};
use crate::event::{Occurrence, Question, Window};
use crate::explain::settings_to_json;
use crate::time::{Elapsed, Instant, Moment, Zone};
use crate::value::outline::Outline;
use crate::value::words::Verb;
use crate::value::{DecidedBy, Decision, Override};
use serde_json::{Map, Value, json};

/// The whole plan as one document.
pub fn document(rules: &RuleSet, plan: &[Planned], window: &Window, zone: &Zone) -> String {
    let decisions: Vec<Value> = plan.iter().map(|planned| entry(rules, planned, zone)).collect();
    let document = json!({
        "version": 1,
        "from": instant(window.start),
        "to": instant(window.end),
        "zone": zone.name(),
        "data_versions": {"time_zones": crate::time::database_version()},
        "decisions": decisions,
    });
    serde_json::to_string_pretty(&document).expect("a JSON value prints") + "\n"
}

/// One meeting of the plan.
pub fn entry(rules: &RuleSet, planned: &Planned, zone: &Zone) -> Value {
    let mut object = head(&planned.occurrence);
    put_decision(&mut object, rules.outline(), &planned.decision);
    object.insert("reason".into(), planned.reason.clone().into());
    if records(&planned.decision) {
        object.insert("join_at".into(), instant(join_at(planned, zone)));
        object.insert("settings".into(), settings_to_json(&planned.settings));
    }
    object.insert("copies".into(), planned.members.len().into());
    Value::Object(object)
}

/// One line of `eval`.
pub fn decision(rules: &RuleSet, question: &Question<'_>, decision: &Decision, reason: Option<String>) -> Value {
    let mut object = head(question.occurrence);
    put_decision(&mut object, rules.outline(), decision);
    if let Some(reason) = reason {
        object.insert("reason".into(), reason.into());
    }
    if records(decision) {
        let chosen = rules.settings(decision);
        let zone = question.user.zone.clone().unwrap_or_else(Zone::utc);
        let start = question.occurrence.start.instant(&zone);
        let join = start.checked_add(Elapsed::from_secs(chosen.join)).unwrap_or(start);
        object.insert("join_at".into(), instant(join));
        object.insert("settings".into(), settings_to_json(chosen));
    }
    Value::Object(object)
}

/// What names the occurrence.
fn head(occurrence: &Occurrence) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("uid".into(), occurrence.uid.clone().into());
    object.insert("recurrence_id".into(), occurrence.recurrence_id.as_ref().map_or(Value::Null, moment));
    object.insert("start".into(), moment(&occurrence.start));
    object
}

/// `decision` and `by`.
pub fn put_decision(object: &mut Map<String, Value>, outline: &Outline, decision: &Decision) {
    let (word, by) = match decision {
        Decision::NotRecordable(why) => ("not_recordable", json!({"not_recordable": why.code()})),
        Decision::Decided { verb, by } => (if *verb == Verb::Record { "record" } else { "skip" }, decided_by(outline, *by)),
    };
    object.insert("decision".into(), word.into());
    object.insert("by".into(), by);
}

fn decided_by(outline: &Outline, by: DecidedBy) -> Value {
    match by {
        DecidedBy::Rule(index) => {
            let rule = &outline.rules[usize::from(index)];
            json!({"rule": rule.id, "title": rule.title, "layer": layer(Some(rule.layer)), "tier": rule.tier.rank()})
        }
        DecidedBy::Override(word) => json!({"override": if word == Override::Stop { "stop" } else { "record" }}),
        DecidedBy::Default(whose) => json!({"default": layer(whose)}),
    }
}

fn layer(layer: Option<crate::value::words::Layer>) -> &'static str {
    match layer {
        Some(crate::value::words::Layer::Organisation) => "organisation",
        Some(crate::value::words::Layer::User) => "user",
        None => "built-in",
    }
}

fn records(decision: &Decision) -> bool {
    matches!(decision, Decision::Decided { verb: Verb::Record, .. })
}

fn moment(moment: &Moment) -> Value {
    match moment {
        Moment::Timed { at, .. } => instant(*at),
        Moment::Day(date) => date.to_string().into(),
    }
}

/// An instant as RFC 3339 in UTC.
pub fn instant(at: Instant) -> Value {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string().into()
}

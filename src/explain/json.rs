//! An explanation as JSON: every member in a fixed order, `null` for what is absent, nothing cut.

use crate::explain::conditions::{AtomTold, ConditionTold, Shape};
use crate::explain::unknowns::{Mattered, UnknownTold};
use crate::explain::words;
use crate::explain::{By, ChangeTold, Explanation, Flip, FlipSet, OtherRule, Outcome, OverridePlace, RuleTold, Standing};
use crate::value::words::Layer;
use crate::value::{ExtraValue, NotRecordable, OnLiveCancel, Override, Settings, Truth, UnknownReason};
use serde_json::{Value, json};

impl Explanation {
    /// The explanation as one JSON object.
    ///
    /// Members, always all of them and in this order: `decision` (`record`, `skip`, `not_recordable`), `reason` and `headline`
    /// (sentences), `by`, `why`, `also_matched`, `unknown`, `flip`, `settings`. Described by `docs/explanation.schema.json`.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({
            "decision": self.verb.map_or("not_recordable", words::verb),
            "reason": self.reason(),
            "headline": self.headline(),
            "by": by(&self.by),
            "why": self.why.as_ref().map(condition),
            "also_matched": self.also.iter().map(other).collect::<Vec<_>>(),
            "unknown": mattered(&self.unknowns),
            "flip": flip(&self.flip),
            "settings": self.settings.as_ref().map(settings),
        })
    }
}

fn by(by: &By) -> Value {
    match by {
        By::Rule(of) => json!({ "kind": "rule", "rule": rule(of) }),
        By::Person { word, on, otherwise } => {
            let on = match on {
                OverridePlace::Occurrence => "occurrence",
                OverridePlace::Series => "series",
            };
            json!({ "kind": "override", "word": override_word(*word), "on": on, "otherwise": outcome(otherwise) })
        }
        By::Default { verb, layer } => {
            json!({ "kind": "default", "verb": words::verb(*verb), "layer": layer.map(words::layer) })
        }
        By::NotRecordable { why, otherwise } => {
            json!({ "kind": "not_recordable", "why": not_recordable(*why), "remedy": words::remedy(*why),
                    "otherwise": outcome(otherwise) })
        }
        By::AnotherCopy { alone } => json!({ "kind": "another_copy", "alone": outcome(alone) }),
    }
}

fn override_word(word: Override) -> &'static str {
    match word {
        Override::Record => "record",
        Override::Stop => "stop",
    }
}

fn rule(rule: &RuleTold) -> Value {
    json!({
        "id": rule.id,
        "title": rule.title,
        "layer": words::layer(rule.layer),
        "tier": rule.tier.rank(),
        "do": words::rule_verb(rule.tier),
        "because": rule.because,
        "from": rule.dates.0.map(|date| date.to_string()),
        "until": rule.dates.1.map(|date| date.to_string()),
        "condition": rule.text,
        "sentence": rule.sentence,
        "place": rule.place.as_ref().map(|place| json!({ "file": place.file, "line": place.line, "column": place.column })),
    })
}

fn condition(told: &ConditionTold) -> Value {
    let all = |parts: &[ConditionTold]| parts.iter().map(condition).collect::<Vec<_>>();
    let truth = words::truth(told.truth);
    match &told.shape {
        Shape::Atom(of) => {
            let AtomTold { text, words, unknown, .. } = of;
            json!({ "truth": truth, "condition": text, "read": words, "unknown": reasons(unknown) })
        }
        Shape::All(parts) => json!({ "truth": truth, "all": all(parts) }),
        Shape::Any(parts) => json!({ "truth": truth, "any": all(parts) }),
        Shape::Not(part) => json!({ "truth": truth, "not": condition(part) }),
        Shape::Surely(part) => json!({ "truth": truth, "surely": condition(part) }),
        Shape::Possibly(part) => json!({ "truth": truth, "possibly": condition(part) }),
    }
}

fn reasons(reasons: &[UnknownReason]) -> Vec<Value> {
    reasons.iter().map(|reason| json!({ "code": reason.code(), "words": reason.words() })).collect()
}

fn other(other: &OtherRule) -> Value {
    let standing = match other.standing {
        Standing::Later => "later",
        Standing::LowerTier => "lower_tier",
        Standing::ShadowWouldDecide => "shadow_would_decide",
        Standing::ShadowLate => "shadow_late",
        Standing::OutOfDates => "out_of_dates",
    };
    json!({ "rule": rule(&other.rule), "truth": words::truth(other.truth), "standing": standing })
}

fn mattered(mattered: &Mattered) -> Value {
    json!({
        "conditions": mattered.unknown,
        "mattered": mattered.list.iter().map(unknown).collect::<Vec<_>>(),
        "complete": !mattered.unfinished,
    })
}

fn unknown(unknown: &UnknownTold) -> Value {
    let with = |(atom, truth): &(AtomTold, Truth)| json!({ "condition": atom.text, "if": words::truth(*truth) });
    json!({
        "condition": unknown.atom.text,
        "unknown": reasons(&unknown.atom.unknown),
        "if": words::truth(unknown.if_it_were),
        "together_with": unknown.together_with.iter().map(with).collect::<Vec<_>>(),
        "then": outcome(&unknown.to),
    })
}

fn flip(flip: &Flip) -> Value {
    let (found, sets, more) = match flip {
        Flip::By { sets, more } => ("changes", sets.as_slice(), *more),
        Flip::Nothing => ("nothing", [].as_slice(), false),
        Flip::NotFound => ("not_found", [].as_slice(), false),
        Flip::NotAsked => ("not_asked", [].as_slice(), false),
    };
    json!({ "found": found, "sets": sets.iter().map(flip_set).collect::<Vec<_>>(), "more": more })
}

fn flip_set(set: &FlipSet) -> Value {
    let change = |change: &ChangeTold| json!({ "condition": change.text, "from": words::truth(change.from), "to": words::truth(change.to) });
    json!({ "changes": set.changes.iter().map(change).collect::<Vec<_>>(), "then": outcome(&set.to) })
}

fn outcome(outcome: &Outcome) -> Value {
    let (rule, layer) = match outcome {
        Outcome::Rule { id, layer, .. } => (Some(id.as_str()), Some(*layer)),
        Outcome::Default { layer, .. } => (None, *layer),
        _ => (None, None),
    };
    let kind = match outcome {
        Outcome::Rule { .. } => "rule",
        Outcome::Person(_) => "override",
        Outcome::Default { .. } => "default",
        Outcome::NotRecordable(_) => "not_recordable",
    };
    json!({
        "decision": outcome.verb().map_or("not_recordable", words::verb),
        "kind": kind,
        "rule": rule,
        "layer": layer.map(|layer: Layer| words::layer(layer)),
        "words": outcome.words(),
    })
}

fn not_recordable(why: NotRecordable) -> Value {
    json!({ "code": why.code(), "words": why.words() })
}

/// Settings as the bot gets them.
#[must_use]
pub fn settings(settings: &Settings) -> Value {
    let on_live_cancel = match settings.on_live_cancel {
        OnLiveCancel::Leave => "leave",
        OnLiveCancel::Stay => "stay",
    };
    let extra: serde_json::Map<String, Value> =
        settings.extra.iter().map(|(key, value)| (key.clone(), extra_value(value))).collect();
    json!({
        "join_offset_secs": settings.join,
        "keep_secs": settings.keep,
        "bot_name": settings.bot_name,
        "language": settings.language,
        "tags": settings.tags,
        "on_live_cancel": on_live_cancel,
        "extra": extra,
        "capped": settings.capped,
    })
}

fn extra_value(value: &ExtraValue) -> Value {
    match value {
        ExtraValue::Text(text) => json!(text),
        ExtraValue::Texts(texts) => json!(texts),
        ExtraValue::Number(number) | ExtraValue::Offset(number) => json!(number),
        ExtraValue::Flag(flag) => json!(flag),
        ExtraValue::Duration(secs) => json!(secs),
    }
}

//! Pieces, settings and tests as JSON.

use super::layout::Doc;
use super::{Members, around, condition, items, length, name, texts, wrapped};
use crate::syntax::ast::*;
use crate::syntax::json::item_kind;
use crate::syntax::literal::quote;
use crate::value::Closed;
use std::borrow::Cow;

pub fn layer(layer: Layer) -> &'static str {
    match layer {
        Layer::Organisation => "organisation",
        Layer::User => "user",
    }
}

pub fn verb(verb: Verb) -> &'static str {
    match verb {
        Verb::Record => "record",
        Verb::Skip => "skip",
    }
}

/// The comments of a piece with its suppressions, which stand right before it.
pub fn with_allows<T>(piece: &Piece<T>) -> Trivia {
    let mut trivia = piece.trivia.clone();
    trivia.before.extend(piece.allow.iter().map(directive));
    trivia
}

fn directive(allow: &Allow) -> String {
    let mut line = format!("lint: allow {}", allow.code.value);
    if let Some(until) = allow.until {
        line.push_str(&format!(" until {until}"));
    }
    if let Some(reason) = &allow.reason {
        line.push_str(&format!(" {}", quote(reason)));
    }
    line
}

pub fn list(list: &List, trivia: &Trivia) -> Doc {
    match list {
        List::Provided(kind) => around(vec![("provided".to_owned(), Doc::text(list_kind(kind.value)))], trivia),
        List::Items(items) => wrapped(list_items(items), trivia),
    }
}

fn list_kind(kind: ListKind) -> &'static str {
    match kind {
        ListKind::People => "people",
        ListKind::Texts => "texts",
        ListKind::Dates => "dates",
    }
}

/// The items bare where their spelling tells the kind of each, else under their kind. Then a list of several kinds, which
/// is an error of its own, goes by its first item.
fn list_items(list: &[Item<ListItem>]) -> Doc {
    let printed = items(list, |item| Doc::text(&item_text(item)));
    if list.iter().all(|item| item_kind(&item_text(&item.value)) == kind_of(&item.value)) {
        return printed;
    }
    let kind = list.first().map_or(ListKind::People, |item| kind_of(&item.value));
    Doc::pair(list_kind(kind), printed)
}

fn kind_of(item: &ListItem) -> ListKind {
    match item {
        ListItem::Person(_) => ListKind::People,
        ListItem::Text(_) => ListKind::Texts,
        ListItem::Date(_) => ListKind::Dates,
    }
}

fn item_text(item: &ListItem) -> Cow<'_, str> {
    match item {
        ListItem::Person(text) | ListItem::Text(text) => Cow::Borrowed(text),
        ListItem::Date(date) => Cow::Owned(date.to_string()),
    }
}

pub fn rule(piece: &Piece<Rule>) -> Doc {
    let rule = &piece.value;
    let mut members = Members::default();
    members.push("id", name(&piece.name));
    if let Some(title) = &rule.title {
        members.push("title", Doc::text(title));
    }
    push_action(&mut members, &rule.action);
    for (key, clause) in [("when", &rule.when), ("unless", &rule.unless)] {
        if let Some(clause) = clause {
            members.push(key, condition::clause(&clause.value, &clause.trivia));
        }
    }
    members.block("with", &rule.with, |settings| self::settings(settings));
    members.some("because", &rule.because, |because| Doc::text(because));
    if !piece.allow.is_empty() {
        members.push("allow", Doc::Array(piece.allow.iter().map(allow).collect()));
    }
    around(members.0, &piece.trivia).spread()
}

fn push_action(members: &mut Members, action: &Commented<Action>) {
    let (verb, locked) = match action.value.verb {
        Tiered::NeverRecord => ("never_record", false),
        Tiered::AlwaysRecord { locked } => ("always_record", locked),
        Tiered::Record => ("record", false),
        Tiered::Skip => ("skip", false),
    };
    members.push("do", wrapped(Doc::text(verb), &action.trivia));
    for (key, flag) in [("locked", locked), ("shadow", action.value.shadow)] {
        if flag {
            members.push(key, Doc::flag(true));
        }
    }
    for (key, date) in [("from", action.value.from), ("until", action.value.until)] {
        if let Some(date) = date {
            members.push(key, Doc::text(&date.to_string()));
        }
    }
}

fn allow(allow: &Allow) -> Doc {
    let mut members = Members::default();
    members.push("code", name(&allow.code));
    if let Some(until) = allow.until {
        members.push("until", Doc::text(&until.to_string()));
    }
    if let Some(reason) = &allow.reason {
        members.push("reason", Doc::text(reason));
    }
    Doc::Object(members.0)
}

pub fn settings(settings: &[Setting]) -> Vec<(String, Doc)> {
    let entry = |setting: &Setting| {
        let value = setting_value(&setting.key.value, &setting.value.value);
        (setting.key.value.clone(), wrapped(value, &setting.trivia))
    };
    settings.iter().map(entry).collect()
}

fn setting_value(key: &str, value: &SettingValue) -> Doc {
    match value {
        SettingValue::Text(text) => Doc::text(text),
        SettingValue::Texts(several) => texts(several),
        SettingValue::Word(word) if word == "yes" => Doc::flag(true),
        SettingValue::Word(word) if word == "no" => Doc::flag(false),
        SettingValue::Word(word) => Doc::text(word),
        // Under a free key nothing else tells a length of time from a text.
        SettingValue::Duration(seconds) if key.starts_with("x_") => Doc::pair("duration", length(*seconds)),
        SettingValue::Duration(seconds) => length(*seconds),
        SettingValue::Offset(seconds) if *seconds < 0 => Doc::pair("before", length(seconds.unsigned_abs())),
        SettingValue::Offset(seconds) => Doc::pair("after", length(seconds.unsigned_abs())),
        SettingValue::Number(number) => Doc::number(number),
    }
}

pub fn recordable(entries: &[RecordableEntry]) -> Vec<(String, Doc)> {
    let entry = |entry: &RecordableEntry| {
        let (key, value) = match &entry.value {
            RecordableValue::AllDay(flag) => ("all_day", Doc::flag(*flag)),
            RecordableValue::Declined(flag) => ("declined", Doc::flag(*flag)),
            RecordableValue::Kinds(kinds) => ("kinds", items(kinds, |kind| Doc::text(kind.word()))),
        };
        (key.to_owned(), wrapped(value, &entry.trivia))
    };
    entries.iter().map(entry).collect()
}

pub fn limits(limits: &[Limit]) -> Vec<(String, Doc)> {
    let entry = |limit: &Limit| {
        let key = &limit.key.value;
        let value = match &limit.value.value {
            LimitValue::AtMost(value) => Doc::pair("at_most", setting_value(key, value)),
            LimitValue::Fixed(value) => setting_value(key, value),
        };
        (key.clone(), wrapped(value, &limit.trivia))
    };
    limits.iter().map(entry).collect()
}

pub fn test(piece: &Piece<Test>) -> Doc {
    let test = &piece.value;
    let mut members = Members::default();
    members.push("name", name(&piece.name));
    if !test.given.is_empty() {
        let given = test.given.iter().map(|given| {
            let items = wrapped(list_items(&given.value.items), &given.trivia);
            (given.value.name.value.clone(), items)
        });
        members.push("given", Doc::Object(given.collect()));
    }
    let event = test.event.value.iter().map(event_entry).collect();
    members.push("event", around(event, &test.event.trivia));
    members.push("expect", around(expectation(&test.expect.value), &test.expect.trivia));
    around(members.0, &with_allows(piece)).spread()
}

fn event_entry(entry: &EventEntry) -> (String, Doc) {
    let value = match &entry.value.value {
        EventValue::Text(text) | EventValue::Word(text) => Doc::text(text),
        EventValue::Hidden => Doc::pair("hidden", Doc::flag(true)),
        EventValue::Guests(guests) => items(guests, guest),
        EventValue::At(civil, zone) => {
            let at = Doc::text(&civil.strftime("%Y-%m-%dT%H:%M").to_string());
            match zone {
                None => at,
                Some(zone) => Doc::Object(vec![("at".to_owned(), at), ("in".to_owned(), name(zone))]),
            }
        }
        EventValue::Day(date) => Doc::text(&date.to_string()),
        EventValue::Duration(seconds) => length(*seconds),
        EventValue::Flag(flag) => Doc::flag(*flag),
    };
    (entry.key.value.clone(), wrapped(value, &entry.trivia))
}

fn guest(guest: &Guest) -> Doc {
    if guest.response.is_none() && !guest.optional && guest.kind.is_none() {
        return name(&guest.who);
    }
    let mut members = Members::default();
    members.push("who", name(&guest.who));
    if let Some(response) = guest.response {
        members.push("response", Doc::text(response.word()));
    }
    if guest.optional {
        members.push("optional", Doc::flag(true));
    }
    if let Some(kind) = guest.kind {
        members.push("kind", Doc::text(guest_kind(kind)));
    }
    Doc::Object(members.0)
}

fn guest_kind(kind: GuestKind) -> &'static str {
    match kind {
        GuestKind::Room => "room",
        GuestKind::Resource => "resource",
        GuestKind::Group => "group",
    }
}

fn expectation(expectation: &Expectation) -> Vec<(String, Doc)> {
    let mut members = Members::default();
    let (outcome, by) = match &expectation.outcome {
        ExpectedOutcome::NotRecordable => ("not_recordable", None),
        ExpectedOutcome::Default => ("default", None),
        ExpectedOutcome::Decided { verb, by } => (self::verb(*verb), by.as_ref()),
    };
    members.push("outcome", Doc::text(outcome));
    if let Some(rule) = by {
        members.push("by", name(rule));
    }
    if !expectation.with.is_empty() {
        members.push("with", Doc::Object(settings(&expectation.with)));
    }
    members.0
}

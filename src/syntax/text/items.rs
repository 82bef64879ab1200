//! What stands in brackets and braces: items of lists, settings, entries.

use super::Reader;
use super::grammar::{Pair, Rule, parts_of};
use crate::diagnostic::Code;
use crate::syntax::ast::*;
use crate::time::Date;
use crate::value::{Closed, EventKind, Response};

impl<'t> Reader<'t> {
    /// The items that could be read; the others are reported and left out.
    fn items<'i, T>(
        &mut self,
        pair: Pair<'i>,
        strict: Rule,
        mut read: impl FnMut(&mut Reader<'t>, Pair<'i>) -> Option<T>,
    ) -> Vec<Item<T>> {
        let mut items = Vec::new();
        for part in parts_of(pair) {
            let at = self.at(&part);
            match part.as_rule() {
                Rule::nothing => self.nothing(&part, "an item", ()),
                Rule::broken_item => self.broken_item(&part, strict),
                _ => items.extend(read(self, part).map(|value| Commented { value, at, trivia: Trivia::default() })),
            }
        }
        items
    }

    pub fn list_items(&mut self, pair: Pair<'_>) -> Vec<Item<ListItem>> {
        self.items(pair, Rule::only_list_item, |reader, part| match part.as_rule() {
            Rule::string => Some(ListItem::Text(reader.string(&part))),
            Rule::date => reader.date(&part).map(ListItem::Date),
            _ => Some(ListItem::Person(reader.any_address(part).value)),
        })
    }

    pub fn address_list(&mut self, pair: Pair<'_>) -> Vec<Item<String>> {
        self.items(pair, Rule::only_address, |reader, part| Some(reader.any_address(part).value))
    }

    pub fn text_list(&mut self, pair: Pair<'_>) -> Vec<Item<String>> {
        self.items(pair, Rule::only_text, |reader, part| Some(reader.string(&part)))
    }

    pub fn date_list(&mut self, pair: Pair<'_>) -> Vec<Item<Date>> {
        self.items(pair, Rule::only_date, |reader, part| reader.date(&part))
    }

    pub fn word_list<'i>(&mut self, pair: Pair<'i>) -> Vec<Pair<'i>> {
        self.items(pair, Rule::only_word, |_, part| Some(part)).into_iter().map(|item| item.value).collect()
    }

    pub fn guest_list(&mut self, pair: Pair<'_>) -> Vec<Item<Guest>> {
        self.items(pair, Rule::only_guest, |reader, part| Some(reader.guest(part)))
    }

    /// An address or a domain pattern, as written.
    pub fn any_address(&mut self, pair: Pair<'_>) -> Located<String> {
        match pair.as_rule() {
            Rule::quoted_address => self.quoted_address(pair),
            _ => self.located(&pair),
        }
    }

    fn quoted_address(&mut self, pair: Pair<'_>) -> Located<String> {
        self.located_string(&parts_of(pair).last().expect("a text"))
    }

    fn guest(&mut self, pair: Pair<'_>) -> Guest {
        let mut parts = parts_of(pair);
        let who = self.any_address(parts.next().expect("somebody"));
        let mut guest = Guest { who, response: None, optional: false, kind: None };
        for part in parts {
            let at = self.at(&part);
            let twice = match part.as_str() {
                "optional" => std::mem::replace(&mut guest.optional, true),
                "room" => guest.kind.replace(GuestKind::Room).is_some(),
                "resource" => guest.kind.replace(GuestKind::Resource).is_some(),
                "group" => guest.kind.replace(GuestKind::Group).is_some(),
                "accepted" => guest.response.replace(Response::Accepted).is_some(),
                "tentative" => guest.response.replace(Response::Tentative).is_some(),
                "declined" => guest.response.replace(Response::Declined).is_some(),
                _ if part.as_rule() == Rule::not_answered => guest.response.replace(Response::None).is_some(),
                _ => {
                    self.unknown_value(
                        &part,
                        "something to say about a guest",
                        &["accepted", "tentative", "declined", "optional", "room", "resource", "group"],
                    );
                    false
                }
            };
            if twice {
                self.report(Code::DuplicateClause, at, "a guest has one answer, one kind, and is optional once");
            }
        }
        guest
    }

    /// The entries in braces, each key once.
    fn entries<'i, T>(
        &mut self,
        parts: impl Iterator<Item = Pair<'i>>,
        strict: Rule,
        what: &str,
        mut read: impl FnMut(&mut Reader<'t>, Pair<'i>) -> Option<T>,
    ) -> Vec<T> {
        let mut entries = Vec::new();
        let mut keys: std::collections::BTreeMap<&str, At> = std::collections::BTreeMap::new();
        for part in parts {
            match part.as_rule() {
                Rule::nothing => self.nothing(&part, what, ()),
                Rule::broken_item => self.broken_item(&part, strict),
                Rule::setting | Rule::limit | Rule::recordable_entry | Rule::event_entry => {
                    let key = parts_of(part.clone()).next().expect("a key");
                    let at = self.at(&key);
                    if let Some(first) = keys.insert(key.as_str(), at) {
                        self.duplicate(&format!("`{}`", crate::syntax::literal::shown(key.as_str())), at, first);
                        keys.insert(key.as_str(), first);
                        continue;
                    }
                    entries.extend(read(self, part));
                }
                _ => {}
            }
        }
        entries
    }

    /// Reports a second one of what is written once.
    pub fn duplicate(&mut self, what: &str, at: At, first: At) {
        self.report(Code::DuplicateClause, at, format!("{what} is written twice"))
            .secondary
            .push(crate::diagnostic::Label { span: first.0, text: "first here".to_owned() });
    }

    pub fn settings(&mut self, pair: Pair<'_>) -> Vec<Setting> {
        self.entries(parts_of(pair), Rule::only_setting, "a setting", |reader, part| Some(reader.setting(part)))
    }

    fn setting(&mut self, pair: Pair<'_>) -> Setting {
        let mut parts = parts_of(pair);
        let key = self.located(&parts.next().expect("a key"));
        Setting { key, value: self.setting_value(parts.next().expect("a value")), trivia: Trivia::default() }
    }

    fn setting_value(&mut self, pair: Pair<'_>) -> Located<SettingValue> {
        let at = self.at(&pair);
        let value = match pair.as_rule() {
            Rule::string => SettingValue::Text(self.string(&pair)),
            Rule::text_list => SettingValue::Texts(self.text_list(pair)),
            Rule::offset => SettingValue::Offset(self.offset(pair)),
            Rule::duration => SettingValue::Duration(self.duration(&pair)),
            Rule::number => SettingValue::Number(pair.as_str().parse().unwrap_or_else(|_| {
                self.report(Code::ValueOutOfRange, at, "this number is too large");
                0
            })),
            _ => SettingValue::Word(pair.as_str().to_owned()),
        };
        Located { value, at }
    }

    /// Seconds after the start.
    fn offset(&mut self, pair: Pair<'_>) -> i64 {
        let mut parts = parts_of(pair);
        let seconds = self.duration(&parts.next().expect("a length of time"));
        let seconds = i64::try_from(seconds).expect("lengths of time fit");
        if parts.next().is_some_and(|word| word.as_rule() == Rule::kw_before) { -seconds } else { seconds }
    }

    pub fn limit_entries<'i>(&mut self, parts: impl Iterator<Item = Pair<'i>>) -> Vec<Limit> {
        self.entries(parts, Rule::only_limit, "a limit", |reader, part| Some(reader.limit(part)))
    }

    fn limit(&mut self, pair: Pair<'_>) -> Limit {
        let mut parts = parts_of(pair);
        let key = self.located(&parts.next().expect("a key"));
        let value = parts.next().expect("a value");
        let at = self.at(&value);
        let value = match value.as_rule() {
            Rule::at_most_value => self.at_most_value(value),
            _ => LimitValue::Fixed(self.setting_value(value).value),
        };
        Limit { key, value: Located { value, at }, trivia: Trivia::default() }
    }

    fn at_most_value(&mut self, pair: Pair<'_>) -> LimitValue {
        LimitValue::AtMost(self.setting_value(parts_of(pair).last().expect("a value")).value)
    }

    pub fn recordable_entries<'i>(&mut self, parts: impl Iterator<Item = Pair<'i>>) -> Vec<RecordableEntry> {
        self.entries(parts, Rule::only_recordable_entry, "an entry", |reader, part| reader.recordable_entry(part))
    }

    fn recordable_entry(&mut self, pair: Pair<'_>) -> Option<RecordableEntry> {
        let at = self.at(&pair);
        let mut parts = parts_of(pair);
        let key = parts.next().expect("a key");
        let value = parts.next().expect("a value");
        let value = match key.as_str() {
            "all_day" => RecordableValue::AllDay(self.yes_or_no(&value)?),
            "declined" => RecordableValue::Declined(self.yes_or_no(&value)?),
            "kinds" => RecordableValue::Kinds(self.kinds(value)?),
            word => {
                let at = self.at(&key);
                let message = format!("`recordable` has no `{}`", crate::syntax::literal::shown(word));
                self.report(Code::UnknownKey, at, message).help.push("it takes `all_day`, `declined` and `kinds`".to_owned());
                self.suggest(at, word, &["all_day", "declined", "kinds"]);
                return None;
            }
        };
        Some(RecordableEntry { value, at, trivia: Trivia::default() })
    }

    fn yes_or_no(&mut self, pair: &Pair<'_>) -> Option<bool> {
        match pair.as_str() {
            "yes" => Some(true),
            "no" => Some(false),
            _ => {
                let at = self.at(pair);
                self.report(Code::TypeMismatch, at, "this is `yes` or `no`");
                None
            }
        }
    }

    fn kinds(&mut self, pair: Pair<'_>) -> Option<Vec<Item<EventKind>>> {
        if pair.as_rule() != Rule::word_list {
            let at = self.at(&pair);
            self.report(Code::TypeMismatch, at, format!("`kinds` takes a list, such as `[{}]`", EventKind::Default.word()));
            return None;
        }
        Some(self.items(pair, Rule::only_word, |reader, part| reader.closed_value(&part, "a value of `kinds`", |_| false)))
    }

    pub fn event_entries<'i>(&mut self, parts: impl Iterator<Item = Pair<'i>>) -> Vec<EventEntry> {
        self.entries(parts, Rule::only_event_entry, "an entry", |reader, part| reader.event_entry(part))
    }

    fn event_entry(&mut self, pair: Pair<'_>) -> Option<EventEntry> {
        let mut parts = parts_of(pair);
        let key = self.located(&parts.next().expect("a key"));
        let value = parts.next().expect("a value");
        let at = self.at(&value);
        let value = self.event_value(value)?;
        Some(EventEntry { key, value: Located { value, at }, trivia: Trivia::default() })
    }

    /// `None` where a date does not exist.
    fn event_value(&mut self, pair: Pair<'_>) -> Option<EventValue> {
        Some(match pair.as_rule() {
            Rule::string => EventValue::Text(self.string(&pair)),
            Rule::guest_list => EventValue::Guests(self.guest_list(pair)),
            Rule::civil => return self.civil(pair),
            Rule::date => EventValue::Day(self.date(&pair)?),
            Rule::duration => EventValue::Duration(self.duration(&pair)),
            Rule::word => match pair.as_str() {
                "hidden" => EventValue::Hidden,
                "yes" => EventValue::Flag(true),
                "no" => EventValue::Flag(false),
                word => EventValue::Word(word.to_owned()),
            },
            _ => EventValue::Word(self.any_address(pair).value),
        })
    }

    fn civil(&mut self, pair: Pair<'_>) -> Option<EventValue> {
        let mut parts = parts_of(pair);
        let date = self.date(&parts.next().expect("a date"));
        let written = parts.next().expect("a time");
        let minute = self.clock(&written);
        let zone = parts.next().map(|zone| self.zone(zone));
        if minute == 24 * 60 {
            let at = self.at(&written);
            self.report(Code::ValueOutOfRange, at, "an event begins and ends before `24:00`")
                .help
                .push("write `00:00` of the next day".to_owned());
            return None;
        }
        let (hour, minute) = (minute / 60, minute % 60);
        let time = crate::time::ClockTime::new(i8::try_from(hour).ok()?, i8::try_from(minute).ok()?, 0, 0).ok()?;
        Some(EventValue::At(date?.to_datetime(time), zone))
    }

    /// An item or entry that is none.
    fn broken_item(&mut self, pair: &Pair<'_>, strict: Rule) {
        self.explain_again(strict, pair);
    }
}

impl Reader<'_> {
    /// What stands where something is missing.
    pub fn nothing<T>(&mut self, pair: &Pair<'_>, what: &str, instead: T) -> T {
        let place = self.places.place(pair.as_span().start());
        self.report_missing(place, what);
        instead
    }

    /// The settings of `with { … }`.
    pub fn with_settings(&mut self, pair: Pair<'_>) -> Vec<Setting> {
        self.settings(parts_of(pair).find(|part| part.as_rule() == Rule::settings).expect("settings"))
    }
}

//! `with`, `defaults`, `recordable`, `limits`. Which key takes what is the table's business.

use super::{Lower, key_of, literal, located, member, members};
use crate::syntax::ast::*;
use crate::syntax::json::shape::{Leaf, Object};
use crate::syntax::json::table;
use crate::syntax::json::value::{Entry, Kind, Node};

impl Lower<'_> {
    pub(super) fn settings(&mut self, node: &Node<'_>) -> Option<Vec<Setting>> {
        let Kind::Object(_) = node.kind else { return None };
        let entries: Vec<&Entry<'_>> = members(node).collect();
        Some(entries.into_iter().filter_map(|entry| self.setting_entry(entry)).collect())
    }

    fn setting_entry(&mut self, entry: &Entry<'_>) -> Option<Setting> {
        let (value, trivia) = self.bare(&entry.value);
        let setting = self.setting_value(&table::SETTINGS, &entry.key, value)?;
        Some(Setting { key: key_of(entry), value: located(setting, value.span), trivia })
    }

    pub(super) fn limits(&mut self, node: &Node<'_>) -> Option<Vec<Limit>> {
        let Kind::Object(_) = node.kind else { return None };
        let entries: Vec<&Entry<'_>> = members(node).collect();
        Some(entries.into_iter().filter_map(|entry| self.limit_entry(entry)).collect())
    }

    fn limit_entry(&mut self, entry: &Entry<'_>) -> Option<Limit> {
        let (value, trivia) = self.bare(&entry.value);
        let limit = match member(value, "at_most") {
            Some(cap) => LimitValue::AtMost(self.setting_value(&table::SETTINGS, &entry.key, cap)?),
            None => LimitValue::Fixed(self.setting_value(&table::LIMITS, &entry.key, value)?),
        };
        Some(Limit { key: key_of(entry), value: located(limit, value.span), trivia })
    }

    fn setting_value(&mut self, table: &Object, key: &str, node: &Node<'_>) -> Option<SettingValue> {
        match &node.kind {
            Kind::Text(text) => match table.shape_of(key)?.leaf(text)? {
                Leaf::Word => Some(SettingValue::Word(text.to_string())),
                Leaf::Duration => literal::length_of(node).map(SettingValue::Duration),
                Leaf::Text | Leaf::Moment | Leaf::Date => Some(SettingValue::Text(text.to_string())),
            },
            Kind::Flag(flag) => Some(SettingValue::Word(if *flag { "yes" } else { "no" }.to_owned())),
            Kind::Number(_) => literal::number(node).map(SettingValue::Number),
            Kind::Array(_) => self.texts(node).map(SettingValue::Texts),
            Kind::Object(_) => timed(node),
            Kind::Null => None,
        }
    }

    pub(super) fn recordable(&mut self, node: &Node<'_>) -> Option<Vec<RecordableEntry>> {
        let Kind::Object(_) = node.kind else { return None };
        let entries: Vec<&Entry<'_>> = members(node).collect();
        Some(entries.into_iter().filter_map(|entry| self.recordable_entry(entry)).collect())
    }

    fn recordable_entry(&mut self, entry: &Entry<'_>) -> Option<RecordableEntry> {
        let (value, trivia) = self.bare(&entry.value);
        let widened = match (entry.key.as_ref(), &value.kind) {
            ("all_day", Kind::Flag(flag)) => RecordableValue::AllDay(*flag),
            ("declined", Kind::Flag(flag)) => RecordableValue::Declined(*flag),
            ("kinds", _) => RecordableValue::Kinds(self.items(value, |_, item| literal::closed(item))?),
            _ => return None,
        };
        Some(RecordableEntry { value: widened, at: At(entry.key_at.to(entry.value.span)), trivia })
    }
}

/// `{"before": "PT2M"}`, `{"after": "PT30S"}` or `{"duration": "P30D"}`
fn timed(node: &Node<'_>) -> Option<SettingValue> {
    let seconds = |key| member(node, key).and_then(literal::length_of);
    let signed = |key| seconds(key).and_then(|seconds| i64::try_from(seconds).ok());
    if let Some(before) = signed("before") {
        return Some(SettingValue::Offset(-before));
    }
    let after = signed("after").map(SettingValue::Offset);
    after.or_else(|| seconds("duration").map(SettingValue::Duration))
}

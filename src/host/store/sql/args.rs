//! Values on their way into a statement, and how text is written so that every database can hold it.

use crate::host::store::micros_before;
use crate::time::Instant;
use std::borrow::Cow;

/// One argument of a statement. Two types are enough: the tables have no others.
pub(in crate::host::store) enum Arg<'a> {
    Int(Option<i64>),
    Text(Option<Cow<'a, str>>),
}

impl Arg<'_> {
    /// The same, for whoever outlives what it was made from.
    pub(super) fn into_owned(self) -> Arg<'static> {
        match self {
            Self::Int(value) => Arg::Int(value),
            Self::Text(value) => Arg::Text(value.map(|text| Cow::Owned(text.into_owned()))),
        }
    }
}

/// A number that names or counts. Those past the databases' range name nothing.
pub(super) fn number<'a>(number: impl TryInto<i64>) -> Arg<'a> {
    Arg::Int(Some(number.try_into().unwrap_or(i64::MAX)))
}

pub(super) fn maybe_number<'a>(number: Option<u64>) -> Arg<'a> {
    Arg::Int(number.map(|number| number.try_into().unwrap_or(i64::MAX)))
}

pub(super) fn flag<'a>(flag: bool) -> Arg<'a> {
    Arg::Int(Some(i64::from(flag)))
}

/// An instant as it is kept.
pub(super) fn time<'a>(instant: Instant) -> Arg<'a> {
    Arg::Int(Some(micros_before(instant)))
}

pub(super) fn maybe_time<'a>(instant: Option<Instant>) -> Arg<'a> {
    Arg::Int(instant.map(micros_before))
}

/// The border of a window: what is kept lies before the border exactly where its instant does.
pub(super) fn border<'a>(instant: Instant) -> Arg<'a> {
    let micros = micros_before(instant);
    Arg::Int(Some(if instant.subsec_nanosecond() % 1000 == 0 { micros } else { micros + 1 }))
}

pub(super) fn text(text: &str) -> Arg<'_> {
    Arg::Text(Some(written(text)))
}

pub(super) fn maybe_text(text: Option<&str>) -> Arg<'_> {
    Arg::Text(text.map(written))
}

/// A part of a key that may be absent, as a text that is always there: keys of databases hold no nulls.
pub(super) fn key(part: Option<&str>) -> Arg<'_> {
    Arg::Text(Some(part.map_or(Cow::Borrowed(""), |part| Cow::Owned(format!("={}", written(part))))))
}

/// Several texts: a JSON array, which both databases take apart.
pub(super) fn list<'a>(texts: &[String]) -> Arg<'a> {
    Arg::Text(Some(Cow::Owned(list_written(texts))))
}

/// Where and when a sighting with a room is: found by both at once, and those of one room in the order of their starts.
pub(super) fn place(room: &str, start: Instant) -> String {
    place_of(room, micros_before(start))
}

/// The border between the places of a room: what starts before the border has a lesser one.
pub(super) fn place_border(room: &str, border: Instant) -> String {
    place_of(room, micros_before(border) + i64::from(border.subsec_nanosecond() % 1000 != 0))
}

/// Twenty digits, so that texts are in the order of the numbers.
fn place_of(room: &str, micros: i64) -> String {
    format!("{room} {:020}", i128::from(micros) - i128::from(i64::MIN))
}

fn list_written(texts: &[String]) -> String {
    let array = texts.iter().map(|text| serde_json::Value::from(written(text))).collect();
    serde_json::Value::Array(array).to_string()
}

/// Stands for the next character: PostgreSQL's text holds everything but U+0000. Chosen so that the order of texts stays.
const ESCAPE: char = '\u{1}';

/// The text as it is stored.
pub(super) fn written(text: &str) -> Cow<'_, str> {
    if text.contains(['\0', ESCAPE]) {
        Cow::Owned(text.replace(ESCAPE, "\u{1}1").replace('\0', "\u{1}0"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text as it was before it was stored.
pub(super) fn unwritten(stored: String) -> String {
    if stored.contains(ESCAPE) { stored.replace("\u{1}0", "\0").replace("\u{1}1", "\u{1}") } else { stored }
}

#[cfg(test)]
mod tests {
    use super::{unwritten, written};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn written_text_comes_back_and_keeps_its_order(a in "[\0\u{1}\u{2}01a]{0,6}", b in "[\0\u{1}\u{2}01a]{0,6}") {
            prop_assert!(!written(&a).contains('\0'));
            prop_assert_eq!(unwritten(written(&a).into_owned()), a.clone());
            prop_assert_eq!(written(&a).cmp(&written(&b)), a.cmp(&b));
        }
    }
}

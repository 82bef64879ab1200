//! Pages of JSON: what the answers of both providers' interfaces have in common.
//!
//! Bytes hold one page, several pages behind each other, an array of entries, or one entry. Each entry is read on its own,
//! so that one that cannot be read spoils no other; strings are borrowed from the bytes.

use crate::event::{Event, Unreadable};
use crate::providers::ReadError;
use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::fmt;

/// Most bytes that are read.
pub const PAGES_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most entries that are read.
pub const ENTRIES_MAX: usize = 100_000;
/// Most remarks on one read; further ones are only counted.
pub const REMARKS_MAX: usize = 1000;

/// A string that is borrowed where it holds no escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Str<'a>(pub(super) Cow<'a, str>);

impl Str<'_> {
    /// The text.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Str<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = Cow<'de, str>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Cow::Borrowed(text))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Cow::Owned(text.to_owned()))
            }
        }
        deserializer.deserialize_str(Text).map(Self)
    }
}

/// The text of an optional string.
pub(super) fn text<'a>(field: &'a Option<Str<'_>>) -> Option<&'a str> {
    field.as_ref().map(Str::as_str)
}

/// The text of an optional string that is not empty.
pub(super) fn filled<'a>(field: &'a Option<Str<'_>>) -> Option<&'a str> {
    text(field).filter(|text| !text.trim().is_empty())
}

/// A truth value; some clients write it as a string.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Truth;
        impl Visitor<'_> for Truth {
            type Value = bool;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true or false")
            }
            fn visit_bool<E>(self, truth: bool) -> Result<bool, E> {
                Ok(truth)
            }
            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<bool, E> {
                match word.to_ascii_lowercase().as_str() {
                    "true" => Ok(true),
                    "false" => Ok(false),
                    _ => Err(E::custom("no truth value")),
                }
            }
        }
        deserializer.deserialize_any(Truth).map(Self)
    }
}

/// Whether an optional flag is there and set.
pub(super) fn set(flag: Option<Flag>) -> bool {
    flag.is_some_and(|flag| flag.0)
}

/// A field that tells apart being absent (`None`) and being empty (`Some(None)`).
pub(super) type Stated<T> = Option<Option<T>>;

/// Reads a [`Stated`] field; an absent one is serde's default.
pub(super) fn stated<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Stated<T>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// One JSON value at the top of the bytes.
pub(super) enum Document<'a> {
    /// An object: a page, or an entry.
    Object(&'a str),
    /// An array of entries.
    Array(Vec<&'a RawValue>),
}

/// The values at the top of `json`, and a remark where something behind them is broken.
///
/// # Errors
/// [`ReadError`] where there is nothing to read, or too much.
pub(super) fn documents(json: &str) -> Result<(Vec<Document<'_>>, Option<Unreadable>), ReadError> {
    if json.len() > PAGES_BYTES_MAX {
        return Err(ReadError::TooLarge { bytes_max: PAGES_BYTES_MAX });
    }
    let mut documents = Vec::new();
    let mut broken = None;
    for value in serde_json::Deserializer::from_str(json).into_iter::<&RawValue>() {
        let document = value.and_then(|value| match value.get().as_bytes().first() {
            Some(b'{') => Ok(Document::Object(value.get())),
            Some(b'[') => serde_json::from_str(value.get()).map(Document::Array),
            _ => Err(serde_json::Error::custom("neither an object nor an array")),
        });
        match document {
            Ok(document) => documents.push(document),
            Err(error) => {
                let place = format!("line {}, column {}", error.line(), error.column());
                broken = Some(Unreadable { place, why: "no JSON from here on".to_owned() });
                break;
            }
        }
    }
    match (documents.is_empty(), &broken) {
        (true, Some(broken)) => Err(ReadError::NotJson { place: broken.place.clone() }),
        (true, None) => Err(ReadError::NoEntries),
        _ => Ok((documents, broken)),
    }
}

/// What is wrong with bytes that begin like JSON and are nobody's page; `None` for others.
pub(super) fn fault(bytes: &[u8]) -> Option<ReadError> {
    let json = decoded(bytes);
    json.trim_start().starts_with(['{', '[']).then(|| documents(&json).err().unwrap_or(ReadError::NoEntries))
}

/// Bytes as text: without a byte order mark, and with replacement characters where they are no UTF-8.
pub(super) fn decoded(bytes: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes))
}

/// What the entries of several pages come to: of one entry the last state, in the place of its first.
#[derive(Default)]
pub(super) struct Entries {
    events: Vec<Option<Event>>,
    /// Places by id and variant.
    by_key: HashMap<(String, String), usize>,
    by_id: HashMap<String, Vec<usize>>,
    removed: BTreeSet<String>,
    remarks: Vec<Unreadable>,
    more_remarks: usize,
}

impl Entries {
    /// Adds an entry. A state that the source says is older changes nothing.
    ///
    /// `variant` tells apart entries that share an id, as examples and anonymised exports have them; it is empty where the
    /// entry does not say which one it is.
    pub(super) fn add(&mut self, event: Event, variant: &str) {
        let Some(id) = event.provider_id.clone() else {
            self.events.push(Some(event));
            return;
        };
        self.removed.remove(&id);
        let place = self.place_of(&id, variant);
        match self.events.get_mut(place) {
            Some(Some(known)) => {
                if event.revision.modified.is_none() || known.revision.modified <= event.revision.modified {
                    *known = event;
                }
                return;
            }
            Some(gone) => *gone = Some(event),
            None => self.events.push(Some(event)),
        }
        self.by_id.entry(id).or_default().push(place);
    }

    /// The place of a known entry, else the next one.
    fn place_of(&mut self, id: &str, variant: &str) -> usize {
        let unnamed = self.by_key.get(&(id.to_owned(), String::new())).copied();
        let any = || self.by_id.get(id).and_then(|places| places.first()).copied().filter(|_| variant.is_empty());
        let fallback = unnamed.or_else(any).unwrap_or(self.events.len());
        *self.by_key.entry((id.to_owned(), variant.to_owned())).or_insert(fallback)
    }

    /// Notes that the source no longer has the entry, or never had it here.
    pub(super) fn remove(&mut self, id: &str) {
        for place in self.by_id.remove(id).unwrap_or_default() {
            self.events[place] = None;
        }
        self.removed.insert(id.to_owned());
    }

    /// Notes what is wrong with a part, without personal content.
    pub(super) fn remark(&mut self, place: String, why: impl Into<String>) {
        if self.remarks.len() < REMARKS_MAX {
            self.remarks.push(Unreadable { place, why: why.into() });
        } else {
            self.more_remarks += 1;
        }
    }

    /// The events, the ids of what was removed in ascending order, and the remarks.
    pub(super) fn finish(mut self) -> (Vec<Event>, Vec<String>, Vec<Unreadable>) {
        if self.more_remarks > 0 {
            let why = format!("{} more remarks", self.more_remarks);
            self.remarks.push(Unreadable { place: "further down".to_owned(), why });
        }
        (self.events.into_iter().flatten().collect(), self.removed.into_iter().collect(), self.remarks)
    }
}

/// Most characters of an id that a remark shows.
const ID_CHARS_MAX: usize = 40;

/// Names an entry in remarks: its number from 1, and its id.
pub(super) fn place(number: usize, id: Option<&str>) -> String {
    match id {
        Some(id) => format!("entry {number} ({})", id.chars().take(ID_CHARS_MAX).filter(|c| !c.is_control()).collect::<String>()),
        None => format!("entry {number}"),
    }
}

/// Why an entry does not have the types it should have, without its content.
pub(super) fn type_fault(error: &serde_json::Error) -> String {
    format!("a field at column {} of the entry has another type than it should have", error.column())
}

/// A provider with an interface that answers in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JsonKind {
    /// Google Calendar.
    Google,
    /// Microsoft Graph.
    Graph,
}

/// Whose answer this is, judged by the names of its members; `None` where they tell nothing, and for other formats.
#[must_use]
pub fn json_kind(bytes: &[u8]) -> Option<JsonKind> {
    let json = decoded(bytes);
    let first = serde_json::Deserializer::from_str(&json).into_iter::<&RawValue>().next()?.ok()?;
    let page = Members::of(first.get())?;
    let entry = page.entry.and_then(Members::of);
    let all = page.names.iter().chain(entry.iter().flat_map(|entry| &entry.names));
    let (mut google, mut graph) = (0, 0);
    for name in all {
        google += usize::from(GOOGLE_MEMBERS.contains(&name.as_ref()));
        graph += usize::from(GRAPH_MEMBERS.contains(&name.as_ref()) || name.starts_with("@odata.") || *name == "@removed");
    }
    match google.cmp(&graph) {
        std::cmp::Ordering::Greater => Some(JsonKind::Google),
        std::cmp::Ordering::Less => Some(JsonKind::Graph),
        std::cmp::Ordering::Equal => None,
    }
}

/// Members that only Google's pages and events have.
const GOOGLE_MEMBERS: &[&str] = &[
    "items",
    "kind",
    "summary",
    "iCalUID",
    "htmlLink",
    "etag",
    "creator",
    "eventType",
    "recurringEventId",
    "originalStartTime",
    "transparency",
    "hangoutLink",
    "conferenceData",
    "status",
    "updated",
    "accessRole",
    "nextSyncToken",
    "nextPageToken",
];
/// Members that only Graph's pages and events have.
const GRAPH_MEMBERS: &[&str] = &[
    "value",
    "subject",
    "iCalUId",
    "bodyPreview",
    "body",
    "isAllDay",
    "seriesMasterId",
    "type",
    "changeKey",
    "showAs",
    "sensitivity",
    "isCancelled",
    "isOrganizer",
    "onlineMeeting",
    "lastModifiedDateTime",
    "webLink",
    "originalStartTimeZone",
];

/// The names of an object's members, and the first entry of the array that it is or that it holds.
#[derive(Default)]
struct Members<'a> {
    names: Vec<Cow<'a, str>>,
    entry: Option<&'a str>,
}

impl<'a> Members<'a> {
    fn of(json: &'a str) -> Option<Self> {
        if json.starts_with('[') {
            let entry = serde_json::from_str::<First<'a>>(json).ok()?.0.map(RawValue::get);
            return Some(Self { names: Vec::new(), entry });
        }
        serde_json::from_str(json).ok()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;
        impl<'de> Visitor<'de> for Object {
            type Value = Members<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Members::default();
                while let Some(Str(name)) = map.next_key()? {
                    let value: &RawValue = map.next_value()?;
                    if matches!(name.as_ref(), "items" | "value") && members.entry.is_none() {
                        members.entry =
                            serde_json::from_str::<First<'de>>(value.get()).ok().and_then(|first| first.0).map(RawValue::get);
                    }
                    members.names.push(name);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Object)
    }
}

/// The first item of an array.
struct First<'a>(Option<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for First<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Array;
        impl<'de> Visitor<'de> for Array {
            type Value = First<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an array")
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let first = items.next_element()?;
                while items.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }
        deserializer.deserialize_seq(Array)
    }
}

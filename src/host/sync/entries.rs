//! From stored entries back to a calendar.

use crate::event::{Calendar, EntryKind, Occurrence};
use crate::host::model::{Entry, Origin};
use crate::providers::{ReadError, google, graph, ics};
use crate::time::{Instant, Moment, Zone};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::collections::{BTreeMap, BTreeSet};

/// The id of the entry that holds what a calendar says of itself: its name, zone, whose it is. No provider has such an id.
pub const BASE_ID: &str = "@calendar";

/// Reads all entries of a calendar: what reading the pages they came from would have given, in the order of their ids.
///
/// # Errors
/// [`ReadError`] past the limits.
pub fn calendar_of(origin: Origin, entries: &[Entry], reader: &Zone) -> Result<Calendar, ReadError> {
    let base = entries.iter().find(|entry| entry.id == BASE_ID).map(|entry| &*entry.body);
    let events = entries.iter().filter(|entry| entry.id != BASE_ID);
    match origin {
        Origin::Google => {
            let items = events.map(|entry| &*entry.body);
            google::read(page(base.unwrap_or(r#"{"kind":"calendar#events"}"#), "items", items).as_bytes(), reader)
        }
        Origin::Graph => graph_calendar(base.unwrap_or("{}"), &events.collect::<Vec<_>>(), reader),
        Origin::Feed => {
            let base = base.unwrap_or("BEGIN:VCALENDAR\nEND:VCALENDAR\n");
            ics::join(base, events.map(|entry| (entry.id.as_str(), &*entry.body)), reader)
        }
    }
}

/// Like [`calendar_of`], with `fresh` in the place of the entry of its id: what a single read told counts for it.
///
/// # Errors
/// As for [`calendar_of`].
pub fn calendar_with(origin: Origin, entries: &[Entry], fresh: Entry, reader: &Zone) -> Result<Calendar, ReadError> {
    let others = entries.iter().filter(|entry| entry.id != fresh.id).cloned();
    let entries: Vec<Entry> = others.chain([fresh.clone()]).collect();
    calendar_of(origin, &entries, reader)
}

/// A page with these entries.
fn page<'a>(base: &str, member: &str, entries: impl Iterator<Item = &'a str>) -> String {
    let head = base.trim_end().strip_suffix('}').unwrap_or("{");
    let comma = if head.trim_end().ends_with('{') { "" } else { "," };
    let mut page = format!("{head}{comma}\"{member}\":[");
    for (number, entry) in entries.enumerate() {
        if number > 0 {
            page.push(',');
        }
        page.push_str(entry);
    }
    page.push_str("]}");
    page
}

/// What decides how a Graph row counts.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    #[serde(rename = "type")]
    kind: Option<String>,
    series_master_id: Option<String>,
    subject: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "present")]
    body: bool,
}

/// Whether a member is there, null or not.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Option::<IgnoredAny>::deserialize(deserializer).map(|_| true)
}

impl Row {
    fn is(&self, kind: &str) -> bool {
        self.kind.as_deref() == Some(kind)
    }

    /// Whether it names an occurrence and says nothing else about it (`M6.7`).
    fn is_name_only(&self) -> bool {
        self.is("occurrence") && self.subject.is_none() && !self.body
    }
}

/// Series whose rule can be read are expanded by it, so rows that only name their occurrences are left out: they would pass
/// for changed ones.
fn graph_calendar(base: &str, entries: &[&Entry], reader: &Zone) -> Result<Calendar, ReadError> {
    let rows: Vec<Option<Row>> = entries.iter().map(|entry| serde_json::from_str(&entry.body).ok()).collect();
    let with_rows = || entries.iter().zip(&rows);
    let masters = with_rows().filter(|(_, row)| row.as_ref().is_some_and(|row| row.is("seriesMaster")));
    let masters = graph::read(page("{}", "value", masters.map(|(entry, _)| &*entry.body)).as_bytes(), reader)?;
    let ruled = |kind: &EntryKind| matches!(kind, EntryKind::SeriesMaster(series) if !series.rules.is_empty());
    let ruled: BTreeSet<&str> =
        masters.events.iter().filter(|event| ruled(&event.kind)).filter_map(|event| event.provider_id.as_deref()).collect();
    let redundant =
        |row: &Row| row.is_name_only() && row.series_master_id.as_deref().is_some_and(|series| ruled.contains(series));
    let told = with_rows().filter(|(_, row)| !row.as_ref().is_some_and(redundant)).map(|(entry, _)| &*entry.body);
    graph::read(page(base, "value", told).as_bytes(), reader)
}

/// The ids by which single occurrences are asked for.
#[derive(Clone, Debug, Default)]
pub struct Askable {
    /// Entries that are instances themselves.
    instances: BTreeSet<String>,
    /// Ids of unchanged occurrences, by series and original start.
    occurrences: BTreeMap<(String, Instant), String>,
    origin: Option<Origin>,
}

/// The members of a row that make it an instance.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Instance {
    recurring_event_id: Option<IgnoredAny>,
    series_master_id: Option<IgnoredAny>,
}

/// What is needed to ask for single occurrences of a calendar with these entries; see [`Askable::id_of`].
#[must_use]
pub fn entry_to_ask(origin: Origin, entries: &[Entry], reader: &Zone) -> Askable {
    let is_instance = |entry: &&Entry| {
        serde_json::from_str::<Instance>(&entry.body)
            .is_ok_and(|row| row.recurring_event_id.is_some() || row.series_master_id.is_some())
    };
    let instances = match origin {
        Origin::Feed => BTreeSet::new(),
        _ => entries.iter().filter(is_instance).map(|entry| entry.id.clone()).collect(),
    };
    let mut occurrences = BTreeMap::new();
    if origin == Origin::Graph {
        // Read as Graph's rows of any kind, so that each is named by its original start in the words of its series.
        let rows = entries.iter().filter(|entry| entry.id != BASE_ID).map(|entry| &*entry.body);
        let events =
            graph::read(page("{}", "value", rows).as_bytes(), reader).map(|calendar| calendar.events).unwrap_or_default();
        for event in events {
            if let (EntryKind::Instance { master: Some(master), recurrence_id, .. }, Some(id)) = (event.kind, event.provider_id) {
                occurrences.insert((master, recurrence_id.instant(reader)), id);
            }
        }
    }
    Askable { instances, occurrences, origin: Some(origin) }
}

impl Askable {
    /// The id to ask the provider for; `None` where there is none, as for feeds.
    ///
    /// `reader` is the zone that the calendar was read in.
    #[must_use]
    pub fn id_of(&self, occurrence: &Occurrence, reader: &Zone) -> Option<String> {
        let id = occurrence.provider_id.as_ref()?;
        let original = occurrence.recurrence_id.as_ref().filter(|_| !self.instances.contains(id));
        match (self.origin?, original) {
            (Origin::Feed, _) => None,
            (_, None) => Some(id.clone()),
            (Origin::Google, Some(_)) if google::master_of(id).is_some() => Some(id.clone()),
            // G2.1: an instance is named by its series and its original start.
            (Origin::Google, Some(Moment::Timed { at, .. })) => Some(format!("{id}_{}", at.strftime("%Y%m%dT%H%M%SZ"))),
            (Origin::Google, Some(Moment::Day(date))) => Some(format!("{id}_{}", date.strftime("%Y%m%d"))),
            (Origin::Graph, Some(original)) => self.occurrences.get(&(id.clone(), original.instant(reader))).cloned(),
        }
    }
}

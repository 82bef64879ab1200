//! What is known of a Graph calendar while a pass goes on: rows by id, and how a newer one is taken in.

use super::super::{BASE_ID, Changes};
use crate::host::model::Entry;
use crate::host::schedule::names::fits;
use crate::time::{Civil, Elapsed, Instant, Zone};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

/// An entry as Graph tells it, as far as it did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Row(pub(super) Map<String, Value>);

impl Row {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    pub(super) fn id(&self) -> Option<&str> {
        self.text("id").filter(|id| fits(id))
    }

    /// `singleInstance`, `occurrence`, `exception` or `seriesMaster`.
    pub(super) fn kind(&self) -> &str {
        self.text("type").unwrap_or("singleInstance")
    }

    pub(super) fn is_removed(&self) -> bool {
        self.0.contains_key("@removed")
    }

    pub(super) fn is_cancelled(&self) -> bool {
        self.0.get("isCancelled").and_then(Value::as_bool) == Some(true)
    }

    /// The id of the series that this row, known as `id`, is a part of or holds.
    pub(super) fn series<'a>(&'a self, id: &'a str) -> Option<&'a str> {
        if self.kind() == "seriesMaster" { Some(id) } else { self.master() }
    }

    pub(super) fn master(&self) -> Option<&str> {
        self.text("seriesMasterId")
    }

    /// Whether it says nothing but when the occurrence is (`M6.7`).
    fn is_name_only(&self) -> bool {
        self.kind() == "occurrence" && !self.0.contains_key("subject")
    }

    /// Whether the source touched `other` later than this one; where either does not tell, it did not (`M6.5`).
    pub(super) fn is_older_than(&self, other: &Self) -> bool {
        let modified = |row: &Self| row.text("lastModifiedDateTime").and_then(|text| text.parse::<Instant>().ok());
        matches!((modified(self), modified(other)), (Some(own), Some(other)) if own < other)
    }

    /// The start, for times in UTC, as every request asks for them.
    pub(super) fn start(&self) -> Option<Instant> {
        self.time("start")
    }

    fn time(&self, name: &str) -> Option<Instant> {
        let time = self.0.get(name)?;
        let utc = matches!(time.get("timeZone").and_then(Value::as_str), Some("UTC" | "tzone://Microsoft/Utc"));
        let civil: Civil = time.get("dateTime").and_then(Value::as_str).filter(|_| utc)?.parse().ok()?;
        Some(Zone::utc().instant(civil))
    }

    /// Whether it lies in the window, at least in part; what does not tell its times may.
    pub(super) fn overlaps(&self, window: &Range<Instant>) -> bool {
        let ends_after = self.time("end").is_none_or(|end| end > window.start || self.start() == Some(window.start));
        ends_after && self.start().is_none_or(|start| start < window.end)
    }

    pub(super) fn to_body(&self) -> String {
        // An object of texts as keys is always written.
        serde_json::to_string(&self.0).unwrap_or_default()
    }

    /// Only what names an occurrence.
    pub(super) fn name_only(&self) -> Self {
        let names = ["id", "seriesMasterId", "type", "start", "end"];
        Self(names.into_iter().filter_map(|name| Some((name.to_owned(), self.0.get(name)?.clone()))).collect())
    }
}

/// Rows by id.
#[derive(Clone, Debug, Default)]
pub(super) struct Mirror {
    rows: BTreeMap<String, Arc<Row>>,
    /// The entries as stored. Most rows are these very ones to the end, and need not be written to be compared.
    known: BTreeMap<String, Arc<Row>>,
    stored: BTreeMap<String, Arc<str>>,
}

impl Mirror {
    /// A mirror that begins with what is known.
    pub(super) fn of(known: Vec<Entry>) -> Self {
        let mirror = Self::beside(known);
        Self { rows: mirror.known.clone(), ..mirror }
    }

    /// An empty mirror for a full listing. What is known fills what rows leave open.
    pub(super) fn beside(known: Vec<Entry>) -> Self {
        let parsed = |entry: &Entry| match serde_json::from_str(&entry.body) {
            Ok(Value::Object(row)) => Some((entry.id.clone(), Arc::new(Row(row)))),
            _ => None,
        };
        let rows = known.iter().filter(|entry| entry.id != BASE_ID).filter_map(parsed).collect();
        let stored = known.into_iter().map(|entry| (entry.id, entry.body)).collect();
        Self { rows: BTreeMap::new(), known: rows, stored }
    }

    pub(super) fn get(&self, id: &str) -> Option<&Row> {
        self.rows.get(id).map(Arc::as_ref)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Row)> {
        self.rows.iter().map(|(id, row)| (id.as_str(), row.as_ref()))
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.rows.remove(id);
    }

    /// Takes in a row of a round, which may be a replay of an older one (`M6.5`).
    pub(super) fn take_in_order(&mut self, id: &str, row: Row) {
        match self.known.get(id) {
            Some(known) if row.is_older_than(known) => {
                self.rows.insert(id.to_owned(), known.clone());
            }
            _ => self.take(id, row),
        }
    }

    /// Takes in a row. What it leaves out stays as it was known: rows of a round, and of reads with fields of their own choice,
    /// are no full ones (`M6.7`).
    pub(super) fn take(&mut self, id: &str, row: Row) {
        if row.kind() == "singleInstance" {
            self.remove_family(id, |_| false);
        }
        let former = self.rows.remove(id).or_else(|| self.known.get(id).cloned()).filter(|former| former.kind() == row.kind());
        let mut merged = former.map(Arc::unwrap_or_clone).unwrap_or_default();
        for (name, value) in row.0 {
            // What belongs to the answer and not to the event.
            if name == "@odata.context" || name.starts_with("exceptionOccurrences") || name.ends_with("@odata.associationLink") {
                continue;
            }
            merged.0.insert(name, value);
        }
        self.rows.insert(id.to_owned(), Arc::new(merged));
    }

    /// Puts a row in place as it is.
    pub(super) fn put(&mut self, id: &str, row: Row) {
        self.rows.insert(id.to_owned(), Arc::new(row));
    }

    /// Removes the instances of a series, but for those that are to be kept.
    pub(super) fn remove_family(&mut self, series: &str, keep: impl Fn(&str) -> bool) {
        self.rows.retain(|id, row| row.master() != Some(series) || keep(id));
    }

    /// Removes the exceptions of a series, but for those that are to be kept.
    pub(super) fn remove_exceptions(&mut self, series: &str, keep: impl Fn(&str) -> bool) {
        self.rows.retain(|id, row| row.kind() != "exception" || row.master() != Some(series) || keep(id));
    }

    /// Occurrences without details whose series is not here.
    pub(super) fn alone(&self) -> impl Iterator<Item = &str> {
        let with_series = |row: &Row| row.master().is_some_and(|series| self.rows.contains_key(series));
        self.iter().filter(move |(_, row)| row.is_name_only() && !with_series(row)).map(|(id, _)| id)
    }

    /// Drops singles and names of occurrences that ended a day before `start` or earlier. Exceptions stay: one that was moved
    /// into the past still takes the place of its original.
    pub(super) fn forget_before(&mut self, start: Instant) {
        let before = start.checked_sub(Elapsed::from_hours(24)).unwrap_or(Instant::MIN);
        let old =
            |row: &Row| matches!(row.kind(), "singleInstance" | "occurrence") && row.time("end").is_some_and(|end| end < before);
        self.rows.retain(|_, row| !old(row));
    }

    /// What differs from the entries as stored; everything there is, for a complete listing.
    pub(super) fn changes(self, context: Option<&str>, complete: bool) -> Changes {
        let base = self.base(context);
        let Self { rows, known, stored } = self;
        let listed: BTreeSet<&String> = rows.keys().collect();
        let is_gone = |id: &&String| !complete && *id != BASE_ID && !listed.contains(id);
        let remove = stored.keys().filter(is_gone).cloned().collect();
        let untouched = |id: &String, row: &Arc<Row>| known.get(id).is_some_and(|known| Arc::ptr_eq(known, row));
        let body = |id: &String, row: &Arc<Row>| match stored.get(id).filter(|_| untouched(id, row)) {
            Some(body) => Arc::clone(body),
            None => row.to_body().into(),
        };
        let wanted = rows.iter().filter(|(id, row)| complete || !untouched(id, row));
        let told = wanted.map(|(id, row)| Entry { id: id.clone(), body: body(id, row) });
        let mut upsert: Vec<Entry> = told.chain([Entry { id: BASE_ID.to_owned(), body: base }]).collect();
        upsert.retain(|entry| complete || stored.get(&entry.id) != Some(&entry.body));
        upsert.sort_by(|one, other| one.id.cmp(&other.id));
        Changes { upsert, remove, complete }
    }

    /// What pages tell of the calendar: whose it is, by a context that names the user; others tell nothing.
    fn base(&self, context: Option<&str>) -> Arc<str> {
        let told = context.filter(|context| context.contains("users('"));
        match (told, self.stored.get(BASE_ID)) {
            (Some(context), _) => {
                let (user, _) = context.split_once("')").unwrap_or((context, ""));
                serde_json::json!({ "@odata.context": format!("{user}')/events") }).to_string().into()
            }
            (None, Some(base)) => Arc::clone(base),
            (None, None) => "{}".into(),
        }
    }
}

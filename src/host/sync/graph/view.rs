//! The plain view of a window: full rows of all that happens in it, series unfolded (`M6.9`).
//!
//! The only sign of some deletions, and what stands in for `cancelledOccurrences` where Graph does not tell them: occurrences
//! that the rule of a series makes and the view does not show are cancelled, and are noted with their series in Graph's own
//! words. Occurrences that the view shows and no rule makes are kept with their details, so that they count by themselves.

use super::super::error;
use super::mirror::{Mirror, Row};
use super::{Ask, Pass, Phase, ROWS_MAX, Step, SyncError, bounds, request};
use super::{Next, PAGES_MAX};
use crate::event::{Calendar, EntryKind, Event, Occurrence};
use crate::host::http::Response;
use crate::host::model::Origin;
use crate::providers::graph::read;
use crate::time::{Date, Instant, Moment, Zone};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// Rows of a page of the view.
const VIEW_ROWS: usize = 500;

impl Pass {
    pub(super) fn begin_view(mut self) -> Step {
        self.phase = Phase::View;
        self.pages = 0;
        self.view.clear();
        self.link = format!("{}/calendarView?{}&$top={VIEW_ROWS}", self.root, bounds(&self.window));
        let request = request(&self.link);
        Next::Call(self, request)
    }

    pub(super) fn viewed(mut self, answer: &Response) -> Step {
        match error::of_answer(Origin::Graph, answer) {
            None => {}
            Some(SyncError::CursorExpired) => return Next::Failed(SyncError::Retry("view-refused")),
            Some(error) => return Next::Failed(error),
        }
        let page = match self.page(answer) {
            Ok(page) => page,
            Err(error) => return Next::Failed(error),
        };
        for row in page.rows {
            match row.id().map(str::to_owned) {
                Some(id) => drop(self.view.insert(id, row)),
                None => self.nameless += 1,
            }
        }
        if self.view.len() > ROWS_MAX {
            return Next::Failed(SyncError::NotACalendar("too-many-entries"));
        }
        match page.next {
            Some(next) if self.pages < PAGES_MAX => self.follow(next),
            Some(_) => Next::Failed(SyncError::Retry("pages-without-end")),
            None => {
                self.viewed = true;
                self.take_view();
                self.next()
            }
        }
    }

    /// Takes over the view, which was read to its end: what it does not show is not there, unless the round before told it;
    /// then the view is behind (`M6.5`).
    fn take_view(&mut self) {
        let shown: BTreeSet<&str> = self.view.values().filter_map(Row::master).collect();
        let gone = |(id, row): (&str, &Row)| match row.kind() {
            _ if self.rows.contains_key(id) => false,
            "seriesMaster" => !shown.contains(id),
            _ => !self.view.contains_key(id) && row.overlaps(&self.window),
        };
        let gone: Vec<String> = self.mirror.iter().filter(|row| gone(*row)).map(|(id, _)| id.to_owned()).collect();
        for id in gone {
            let told = |instance: &str| self.view.contains_key(instance) || self.rows.contains_key(instance);
            self.mirror.remove_family(&id, told);
            self.mirror.remove(&id);
        }
        for (id, row) in &self.view {
            if !self.rows.get(id).is_some_and(|told| row.is_older_than(told)) {
                self.mirror.take(id, row.clone());
            }
        }
        let unknown = |series: &&str| self.mirror.get(series).is_none() && !self.unreachable.contains(*series);
        let asks: Vec<Ask> = shown.into_iter().filter(unknown).map(|series| Ask::Master(series.to_owned())).collect();
        self.ask(asks.into_iter());
    }
}

/// Notes with each series which of its occurrences in the window the view does not show, and leaves of those that it shows
/// and the rule makes only their names.
pub(super) fn cancel_what_is_missing(mirror: &mut Mirror, view: &BTreeMap<String, Row>, window: &Range<Instant>) {
    let mut families: BTreeMap<&str, Vec<(&String, &Row)>> = BTreeMap::new();
    for (id, row) in view {
        if let Some(series) = row.master() {
            families.entry(series).or_default().push((id, row));
        }
    }
    for (series, rows) in families {
        let Some(master) = mirror.get(series).cloned() else { continue };
        let Some(compared) = compare(series, &master, &rows, window) else { continue };
        let mut master = master;
        let cancelled = compared.cancelled.iter().map(|date| Value::String(format!("OID.{series}.{date}"))).collect();
        master.0.insert("cancelledOccurrences".to_owned(), Value::Array(cancelled));
        mirror.put(series, master);
        for id in compared.by_rule {
            if let Some(row) = mirror.get(&id).map(Row::name_only) {
                mirror.put(&id, row);
            }
        }
    }
}

struct Compared {
    /// The dates, in the zone of the series, of cancelled occurrences.
    cancelled: BTreeSet<Date>,
    /// The ids of occurrences that the rule of the series makes.
    by_rule: Vec<String>,
}

/// Compares what the rule of a series makes in the window with what the view shows; `None` where the rule cannot be read or
/// an exception does not tell which occurrence it is.
fn compare(series: &str, master: &Row, rows: &[(&String, &Row)], window: &Range<Instant>) -> Option<Compared> {
    let unnamed = |row: &Row| {
        row.kind() == "exception"
            && !["originalStart", "occurrenceId"].iter().any(|name| row.0.get(*name).is_some_and(Value::is_string))
    };
    if rows.iter().any(|(_, row)| unnamed(row)) {
        return None;
    }
    let mut bare = master.clone();
    bare.0.remove("cancelledOccurrences");
    let values: Vec<Value> =
        std::iter::once(&bare).chain(rows.iter().map(|(_, row)| *row)).map(|row| Value::Object(row.0.clone())).collect();
    let Calendar { events, .. } = read(json!({ "value": values }).to_string().as_bytes(), &Zone::utc()).ok()?;
    let (heads, instances): (Vec<Event>, Vec<Event>) =
        events.into_iter().partition(|event| event.provider_id.as_deref() == Some(series));
    let readable = |event: &Event| matches!(&event.kind, EntryKind::SeriesMaster(series) if !series.rules.is_empty() && series.unreadable.is_none());
    heads.iter().any(readable).then_some(())?;
    let alone = Calendar { name: None, owner: None, zone: None, events: heads, unreadable: Vec::new() };
    let made = alone.occurrences(window.clone(), &Zone::utc()).occurrences;
    let made: Vec<&Moment> = made.iter().filter_map(|occurrence: &Occurrence| occurrence.recurrence_id.as_ref()).collect();
    let shown: Vec<(&str, &Moment)> =
        instances.iter().filter_map(|event| Some((event.provider_id.as_deref()?, original(event)?))).collect();
    let missing = made.iter().filter(|made| !shown.iter().any(|(_, shown)| same(made, shown))).map(|made| made.civil().date());
    let outside = former(master).filter(|(date, _)| !lies_in(*date, window)).map(|(date, _)| date);
    let by_rule = shown.iter().filter(|(_, shown)| made.iter().any(|made| same(made, shown))).map(|(id, _)| (*id).to_owned());
    let occurrences: BTreeSet<&str> =
        rows.iter().filter(|(_, row)| row.kind() == "occurrence").map(|(id, _)| id.as_str()).collect();
    let by_rule = by_rule.filter(|id| occurrences.contains(id.as_str())).collect();
    Some(Compared { cancelled: missing.chain(outside).collect(), by_rule })
}

fn original(event: &Event) -> Option<&Moment> {
    match &event.kind {
        EntryKind::Instance { recurrence_id, .. } => Some(recurrence_id),
        _ => None,
    }
}

/// Whether what a row calls its original start is this one of the rule. A day alone names the occurrence of that day (`M6.10`).
fn same(made: &Moment, shown: &Moment) -> bool {
    match (made, shown) {
        (Moment::Timed { at, .. }, Moment::Timed { at: shown, .. }) => at == shown,
        (made, shown) => made.civil().date() == shown.civil().date(),
    }
}

/// The cancelled occurrences that are known of a series: their dates, and their ids.
fn former(master: &Row) -> impl Iterator<Item = (Date, &str)> {
    let ids = master.0.get("cancelledOccurrences").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    ids.filter_map(|id| Some((id.rsplit_once('.')?.1.get(..10)?.parse().ok()?, id)))
}

/// Whether a date of any zone may lie in the window. The days at its borders are left to what is known.
fn lies_in(date: Date, window: &Range<Instant>) -> bool {
    let day = |at: Instant| Zone::utc().civil(at).date();
    date > day(window.start) && date < day(window.end)
}

//! Which zone a `TZID` of a file means (`I10.11`).

use crate::providers::ics::dates::{Written, written};
use crate::providers::ics::lines::{Property, unescape};
use crate::providers::ics::vtimezone;
use crate::providers::ics::wire::Component;
use crate::providers::zones::{exact_name, resolve_name};
use crate::time::{Moment, Zone};
use std::cell::Cell;
use std::collections::{HashMap, HashSet};

/// Most VTIMEZONEs of one file that are compiled.
const DEFINITIONS_MAX: usize = 200;

/// The zones that a file defines.
pub struct Definitions<'a> {
    /// The first of each id in the whole file, for calendars that name a zone which another one defines.
    by_id: HashMap<String, &'a Component>,
    /// By the line of the definition.
    compiled: HashMap<usize, Option<Zone>>,
    /// Years of recurrence rules that may still be walked.
    years: Cell<usize>,
}

impl<'a> Definitions<'a> {
    /// Finds the definitions below the outermost components of a file.
    pub fn new(components: &'a [Component]) -> Self {
        let below = components.iter().flat_map(|component| component.components.iter().chain(std::iter::once(component)));
        Self { by_id: by_id(below), compiled: HashMap::new(), years: Cell::new(vtimezone::YEARS_MAX) }
    }

    fn compile(&mut self, id: &str, definition: &Component) -> Option<Zone> {
        if self.compiled.len() >= DEFINITIONS_MAX && !self.compiled.contains_key(&definition.line) {
            return None;
        }
        self.compiled.entry(definition.line).or_insert_with(|| vtimezone::compile(id, definition, &self.years)).clone()
    }
}

fn by_id<'a>(components: impl Iterator<Item = &'a Component>) -> HashMap<String, &'a Component> {
    let mut by_id = HashMap::new();
    for component in components.filter(|component| component.name == "VTIMEZONE") {
        if let Some(id) = component.text("TZID") {
            by_id.entry(key(&id)).or_insert(component);
        }
    }
    by_id
}

/// The zones of one calendar.
pub struct Zones<'a, 'd> {
    reader: &'a Zone,
    /// What stands in for a zone that cannot be resolved: the calendar's own, else the reader's as a guess.
    stand_in: Zone,
    own: HashMap<String, &'a Component>,
    definitions: &'d mut Definitions<'a>,
    resolved: HashMap<String, Option<Zone>>,
    unknown: HashSet<String>,
    /// Lines where a zone was named that cannot be resolved, and what was done.
    pub remarks: Vec<(usize, String)>,
}

impl<'a, 'd> Zones<'a, 'd> {
    /// The zones that `calendar` can name.
    pub fn new(calendar: &'a Component, definitions: &'d mut Definitions<'a>, reader: &'a Zone) -> Self {
        Self {
            reader,
            stand_in: own_zone(calendar).unwrap_or_else(|| reader.as_guess()),
            own: by_id(calendar.components.iter()),
            definitions,
            resolved: HashMap::new(),
            unknown: HashSet::new(),
            remarks: Vec::new(),
        }
    }

    /// The zone that `id` means; `None` where nobody could tell.
    ///
    /// A definition in the file gives way to IANA and Windows names alone: those are kept by people who follow the law,
    /// while calendars carry definitions with the rules of ten years ago. Every other name is only as good as its definition,
    /// and so is an abbreviation: `EST` is an IANA name for a place without summer time.
    fn find(&mut self, id: &str) -> Option<Zone> {
        let key = key(id);
        if let Some(known) = self.resolved.get(&key) {
            return known.clone();
        }
        let definition = self.own.get(&key).or_else(|| self.definitions.by_id.get(&key)).copied();
        let named = exact_name(id).filter(|_| definition.is_none() || !is_abbreviation(id));
        let zone = named
            .or_else(|| self.definitions.compile(&unescape(id), definition?))
            .or_else(|| resolve_name(&definition?.text("X-LIC-LOCATION")?))
            .or_else(|| resolve_name(&unescape(id)));
        self.resolved.insert(key, zone.clone());
        zone
    }

    /// The zone that `id` means, or the stand-in, which is then remarked.
    fn resolve(&mut self, id: &str, line: usize) -> Zone {
        if let Some(zone) = self.find(id) {
            return zone;
        }
        if self.unknown.insert(key(id)) {
            let name: String = id.chars().take(80).collect();
            let why = format!("the zone `{}` is not known; its times are read in {}", name.escape_debug(), self.stand_in.name());
            self.remarks.push((line, why));
        }
        self.stand_in.clone()
    }

    /// The first moments that a property lists, one `None` for each value that is none; a civil time without a zone is one of
    /// `floating`, or of the reader.
    pub fn moments(&mut self, property: &Property, floating: Option<&Zone>, most: usize) -> Vec<Option<Moment>> {
        property
            .value
            .split(',')
            .filter(|value| !value.trim().is_empty())
            .take(most)
            .map(|value| self.moment(property, value, floating))
            .collect()
    }

    /// One value of a property.
    pub fn moment(&mut self, property: &Property, value: &str, floating: Option<&Zone>) -> Option<Moment> {
        // `TZID=(UTC+01:00) Berlin:2026…` without its quotes: the colon in the name ended the parameters too early.
        let (rest_of_id, written) = match written(value) {
            Some(written) => ("", written),
            None => value.rsplit_once(':').and_then(|(rest, value)| Some((rest, written(value)?)))?,
        };
        let id = property.param("TZID").filter(|id| !id.trim().is_empty() && matches!(written, Written::Local(_)));
        let zone = match id {
            Some(id) if rest_of_id.is_empty() => self.resolve(id, property.line),
            Some(id) => self.resolve(&format!("{id}:{rest_of_id}"), property.line),
            None => floating.unwrap_or(self.reader).clone(),
        };
        Some(written.in_zone(&zone))
    }
}

/// The calendar's own zone, a common extension (X-WR-TIMEZONE).
pub fn own_zone(calendar: &Component) -> Option<Zone> {
    resolve_name(&calendar.text("X-WR-TIMEZONE")?)
}

/// Ids are compared without escapes, quotes and case: files write one id in two ways.
fn key(id: &str) -> String {
    unescape(id).trim().trim_matches('"').to_lowercase()
}

fn is_abbreviation(id: &str) -> bool {
    id.len() <= 4 && !matches!(id.to_ascii_uppercase().as_str(), "UTC" | "GMT")
}

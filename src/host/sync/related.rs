//! Which entries of a calendar have to be read together.
//!
//! A series is one whole: master, exceptions, removed occurrences. Nothing else in a calendar depends on another entry, but for
//! whose calendar it is, which at Graph some entries tell for all. So a change is read with what it belongs to, and the rest of the
//! calendar, which may be thousands of entries, is left alone.

use super::{BASE_ID, Changes};
use crate::host::model::{Entry, Origin, Sighting};
use crate::providers::{google, ics};
use memchr::memchr_iter;
use memchr::memmem::Finder;
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// Entries that are read together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Related {
    /// Them, with what the calendar says of itself, in the order in which they were given.
    pub entries: Vec<Entry>,
    /// Every name that one of them, or one that is gone, goes by: ids, ids of series, UIDs.
    names: BTreeSet<String>,
}

impl Related {
    /// Whether a sighting was made from these entries, as they are or as they were; `None` where it does not tell.
    #[must_use]
    pub fn shows(&self, sighting: &Sighting) -> Option<bool> {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            uid: Cow<'a, str>,
        }
        let by_entry = sighting.entry.as_ref().is_some_and(|entry| self.names.contains(entry));
        let named: Named<'_> = serde_json::from_str(&sighting.body).ok()?;
        Some(by_entry || self.names.contains(named.uid.as_ref()))
    }
}

/// What is to be read again after a change: `before` and `after` are all entries of the calendar, `changed` are the ids of those that
/// are new, gone or different. `None`: everything, since the calendar itself says something else.
#[must_use]
pub fn related_to_change(origin: Origin, before: &[Entry], after: &[Entry], changed: &BTreeSet<&str>) -> Option<Related> {
    if changed.contains(BASE_ID) {
        return None;
    }
    let owner = |entries: &[Entry]| owner_of(origin, entries).map(|(_, address)| address);
    if owner(before) != owner(after) {
        return None;
    }
    let of_change = before.iter().chain(after).filter(|entry| changed.contains(entry.id.as_str()));
    Some(related(origin, after, of_change.flat_map(|entry| names_of(origin, entry)).collect()))
}

/// The entries that go by one of these names, or belong with one that does, and what tells whose calendar it is.
#[must_use]
pub fn related(origin: Origin, entries: &[Entry], mut names: BTreeSet<String>) -> Related {
    names.extend(owner_of(origin, entries).map(|(id, _)| id));
    related_to_few(origin, entries, &names).unwrap_or_else(|| related_to_many(origin, entries, names))
}

/// [`related`], by reading every entry.
fn related_to_many(origin: Origin, entries: &[Entry], mut names: BTreeSet<String>) -> Related {
    let own: Vec<Vec<String>> = entries.iter().map(|entry| names_of(origin, entry)).collect();
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, own) in own.iter().enumerate() {
        own.iter().for_each(|name| by_name.entry(name).or_default().push(place));
    }
    let mut open: Vec<String> = names.iter().cloned().collect();
    let mut found = vec![false; entries.len()];
    while let Some(name) = open.pop() {
        for place in by_name.get(name.as_str()).into_iter().flatten() {
            if !std::mem::replace(&mut found[*place], true) {
                let new = own[*place].iter().filter(|name| names.insert((*name).clone()));
                open.extend(new.cloned().collect::<Vec<_>>());
            }
        }
    }
    let kept = entries.iter().zip(found).filter(|(entry, found)| *found || entry.id == BASE_ID);
    Related { entries: kept.map(|(entry, _)| entry.clone()).collect(), names }
}

/// So much of a change as is absorbed at once: whole series until there are `most` entries, those that are made or replaced before
/// those that only go. `stored` are all entries of the calendar, and the change is one [against](Changes::against) them.
#[must_use]
pub fn first_of_change(origin: Origin, changes: &Changes, stored: &[Entry], most: usize) -> Changes {
    let named: BTreeSet<&str> = changes.remove.iter().map(String::as_str).collect();
    let gone = stored.iter().filter(|entry| named.contains(entry.id.as_str()));
    let all: Vec<&Entry> = changes.upsert.iter().chain(gone).collect();
    let own: Vec<Vec<String>> = all.iter().map(|entry| names_of(origin, entry)).collect();
    let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, own) in own.iter().enumerate() {
        own.iter().for_each(|name| by_name.entry(name).or_default().push(place));
    }
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    for first in 0..all.len() {
        if taken.len() >= most {
            break;
        }
        let mut open = vec![first];
        while let Some(place) = open.pop() {
            if taken.insert(place) {
                // Each name leads to what goes by it once.
                open.extend(own[place].iter().filter_map(|name| by_name.remove(name.as_str())).flatten());
            }
        }
    }
    let upsert = changes.upsert.iter().enumerate().filter(|(place, _)| taken.contains(place)).map(|(_, entry)| entry.clone());
    let remove = all.iter().enumerate().skip(changes.upsert.len()).filter(|(place, _)| taken.contains(place));
    Changes { upsert: upsert.collect(), remove: remove.map(|(_, entry)| entry.id.clone()).collect(), complete: false }
}

/// Most names that entries are looked through for one by one: reading an entry costs as much as looking for a dozen.
const NAMES_FEW: usize = 12;

/// [`related`], where so few names lead to all of them that most entries need not be read; else `None`.
fn related_to_few(origin: Origin, entries: &[Entry], first: &BTreeSet<String>) -> Option<Related> {
    let mut names = first.clone();
    let mut open: Vec<String> = names.iter().cloned().collect();
    let mut found = vec![false; entries.len()];
    let mut own: Vec<Option<Vec<String>>> = vec![None; entries.len()];
    while let Some(name) = open.pop() {
        if names.len() > NAMES_FEW {
            return None;
        }
        let wanted = Wanted::of(origin, &name);
        for (place, entry) in entries.iter().enumerate() {
            if found[place] || !wanted.may_be_of(entry) {
                continue;
            }
            let own = own[place].get_or_insert_with(|| names_of(origin, entry));
            if own.contains(&name) {
                found[place] = true;
                open.extend(own.iter().filter(|name| names.insert((*name).clone())).cloned());
            }
        }
    }
    let kept = entries.iter().zip(found).filter(|(entry, found)| *found || entry.id == BASE_ID);
    Some(Related { entries: kept.map(|(entry, _)| entry.clone()).collect(), names })
}

/// A name that is looked for in many entries.
struct Wanted<'a> {
    name: &'a str,
    /// What finds it in a text; `None` where a text may hold it in other spellings.
    finder: Option<Finder<'a>>,
}

impl<'a> Wanted<'a> {
    fn of(origin: Origin, name: &'a str) -> Self {
        // JSON writes these as they are, unless somebody wanted it otherwise; lines of calendar files are folded anywhere.
        let is_plain = name.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\'));
        Self { name, finder: (origin != Origin::Feed && is_plain).then(|| Finder::new(name)) }
    }

    /// Whether an entry may have this name; `false` only where it has not.
    fn may_be_of(&self, entry: &Entry) -> bool {
        let Some(finder) = &self.finder else { return true };
        let body = entry.body.as_bytes();
        entry.id.starts_with(self.name) || finder.find(body).is_some() || is_spelled_otherwise(body)
    }
}

/// Whether JSON spells something in it otherwise than it must.
fn is_spelled_otherwise(body: &[u8]) -> bool {
    memchr_iter(b'\\', body).any(|at| matches!(body.get(at + 1), Some(b'u' | b'/')))
}

/// A text; of anything else that stands in its place it only matters that it is none.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Other(IgnoredAny),
}

impl Text<'_> {
    fn get(&self) -> Option<&str> {
        match self {
            Self::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }
}

/// The members of a row that say what it belongs to.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a> {
    #[serde(borrow, rename = "iCalUID")]
    google_uid: Option<Text<'a>>,
    #[serde(borrow, rename = "iCalUId")]
    graph_uid: Option<Text<'a>>,
    #[serde(borrow)]
    uid: Option<Text<'a>>,
    #[serde(borrow)]
    recurring_event_id: Option<Text<'a>>,
    #[serde(borrow)]
    series_master_id: Option<Text<'a>>,
}

/// The members of a Graph row that tell whose calendar it is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Organized<'a> {
    is_organizer: bool,
    #[serde(borrow)]
    response_status: Answer<'a>,
    #[serde(borrow)]
    organizer: Organizer<'a>,
}

#[derive(Deserialize)]
struct Answer<'a> {
    #[serde(borrow)]
    response: Text<'a>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Organizer<'a> {
    #[serde(borrow)]
    email_address: Mailbox<'a>,
}

#[derive(Deserialize)]
struct Mailbox<'a> {
    #[serde(borrow)]
    address: Text<'a>,
}

/// The first entry of a Graph calendar that tells its owner's address, and the address. Other providers need no entry for it.
fn owner_of(origin: Origin, entries: &[Entry]) -> Option<(String, String)> {
    let mut events = entries.iter().filter(|entry| origin == Origin::Graph && entry.id != BASE_ID);
    events.find_map(|entry| Some((entry.id.clone(), owner_by(entry)?)))
}

/// Who organizes the event of a Graph row, where that is the calendar's owner (`M7.7`).
fn owner_by(entry: &Entry) -> Option<String> {
    // Most rows are of others: what is not there need not be looked for.
    entry.body.contains("\"organizer\"").then_some(())?;
    let row: Organized<'_> = serde_json::from_str(&entry.body).ok()?;
    let own = row.is_organizer && row.response_status.response.get() == Some("organizer");
    row.organizer.email_address.address.get().filter(|_| own).map(str::to_owned)
}

/// The names that an entry goes by, its own id first. What cannot be read has no other.
fn names_of(origin: Origin, entry: &Entry) -> Vec<String> {
    let mut names = vec![entry.id.clone()];
    match origin {
        _ if entry.id == BASE_ID => {}
        Origin::Feed => names.extend(ics::uid_of_part(&entry.body)),
        Origin::Google | Origin::Graph => {
            let row: Option<Row<'_>> = serde_json::from_str(&entry.body).ok();
            let told = row
                .iter()
                .flat_map(|row| [&row.google_uid, &row.graph_uid, &row.uid, &row.recurring_event_id, &row.series_master_id]);
            names.extend(told.flatten().filter_map(Text::get).map(str::to_owned));
            names.extend(google::master_of(&entry.id).filter(|_| origin == Origin::Google).map(str::to_owned));
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A row of a provider: its number, the series that it belongs to, and how its texts are written.
    fn row(origin: Origin, (number, series, spelling): (u8, Option<u8>, u8)) -> Entry {
        let (uid, master) =
            if origin == Origin::Google { ("iCalUID", "recurringEventId") } else { ("iCalUId", "seriesMasterId") };
        let told = series.map(|series| format!(r#","{master}":"id{series}""#)).unwrap_or_default();
        let of = series.unwrap_or(number);
        let uid_text = match spelling {
            0 => format!("u{of}@example.com"),
            1 => format!("\\u0075{of}@example.com"),
            2 => format!("u{of}\\/é"),
            _ => format!("u{of}\\\"x"),
        };
        Entry { id: format!("id{number}"), body: format!(r#"{{"subject":"id1 \n","{uid}":"{uid_text}"{told}}}"#).into() }
    }

    proptest! {
        #[test]
        fn few_names_lead_to_what_reading_all_leads_to(
            rows in prop::collection::vec((0..12_u8, prop::option::of(0..12_u8), 0..4_u8), 0..12),
            first in prop::collection::btree_set(0..12_u8, 0..3),
            google in any::<bool>(),
        ) {
            let origin = if google { Origin::Google } else { Origin::Graph };
            let entries: Vec<Entry> = rows.into_iter().map(|told| row(origin, told)).collect();
            let names: BTreeSet<String> = first.into_iter().map(|number| format!("id{number}")).collect();
            if let Some(few) = related_to_few(origin, &entries, &names) {
                prop_assert_eq!(few, related_to_many(origin, &entries, names));
            }
        }
    }
}

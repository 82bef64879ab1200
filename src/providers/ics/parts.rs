//! A file taken apart into its events and what they share, and put together again.
//!
//! Whoever keeps a feed can so keep and compare each event alone. Parts are written anew, unfolded, in UTF-8 and without the
//! components that nothing here reads: reading what [`join`] makes of them gives the events that reading the file gives.

use super::convert::{calendar, uid_of};
use super::lines::{Property, unescape};
use super::wire::{Component, File, Remarks, parse};
use crate::event::Calendar;
use crate::providers::ReadError;
use crate::time::Zone;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The calendars without their events: names, zones, methods.
    pub base: String,
    /// The events by key, each key once.
    pub events: Vec<Part>,
    /// A calendar of the file has no end, so that more events may belong to it.
    pub cut: bool,
}

/// The components of one UID and RECURRENCE-ID; more than one where the file tells several states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Names the part in its file: the number of its calendar, RECURRENCE-ID and UID. At most `KEY_BYTES_MAX` long.
    pub key: String,
    /// The components, as iCalendar text.
    pub text: String,
}

/// Longest key of a part; where UID and RECURRENCE-ID need more, their digest stands for them.
pub const KEY_BYTES_MAX: usize = 400;

/// Takes a file apart.
///
/// # Errors
/// [`ReadError`] where the bytes hold no calendar at all or are past the limits.
pub fn parts(bytes: &[u8]) -> Result<Parts, ReadError> {
    let File { components, cut, .. } = parse(bytes)?;
    let mut base = String::new();
    let mut events: BTreeMap<String, String> = BTreeMap::new();
    let outermost = components.iter().filter(|component| matches!(component.name.as_str(), "VCALENDAR" | "VEVENT" | "VTIMEZONE"));
    for (number, component) in outermost.enumerate() {
        if component.name == "VEVENT" {
            // An event outside of any calendar gets one of its own.
            base.push_str("BEGIN:VCALENDAR\nEND:VCALENDAR\n");
            write(component, events.entry(key(number, component)).or_default());
            continue;
        }
        write(component, &mut base);
        for event in component.components.iter().filter(|inner| inner.name == "VEVENT") {
            write(event, events.entry(key(number, event)).or_default());
        }
    }
    if base.is_empty() {
        return Err(ReadError::NotACalendar);
    }
    let events = events.into_iter().map(|(key, text)| Part { key, text }).collect();
    Ok(Parts { base, events, cut })
}

/// Reads parts as the file that they were.
///
/// # Errors
/// As for [`read`](super::read).
pub fn join<'a>(base: &str, events: impl Iterator<Item = (&'a str, &'a str)>, reader: &Zone) -> Result<Calendar, ReadError> {
    let mut components = parse(base.as_bytes())?.components;
    for (key, text) in events {
        let number: Option<usize> = key.split_once('/').and_then(|(number, _)| number.parse().ok());
        if let Some(calendar) = number.and_then(|number| components.get_mut(number)) {
            calendar.components.extend(parse(text.as_bytes())?.components);
        }
    }
    Ok(calendar(File { components, remarks: Remarks::default(), cut: false }, reader))
}

/// The UID of a part's events, or what stands for it where they have none; `None` where the text is no part.
///
/// ```
/// use callsheet::providers::ics::uid_of_part;
/// assert_eq!(uid_of_part("BEGIN:VEVENT\nUID:a\\,b\nEND:VEVENT\n").as_deref(), Some("a,b"));
/// ```
#[must_use]
pub fn uid_of_part(text: &str) -> Option<String> {
    // Parts are written a property a line, so that most need no reading.
    if let Some(value) = text.lines().find_map(|line| line.strip_prefix("UID:")) {
        return Some(unescape(value));
    }
    parse(text.as_bytes()).ok()?.components.first().map(uid_of)
}

fn key(number: usize, event: &Component) -> String {
    let instance = event.first("RECURRENCE-ID").map_or(String::new(), |property| {
        format!("{}{}", property.param("TZID").map_or(String::new(), |zone| format!("{zone}:")), property.value.trim())
    });
    let key = format!("{number}/{instance}/{}", uid_of(event));
    if key.len() <= KEY_BYTES_MAX {
        return key;
    }
    Sha256::digest(&key).iter().fold(format!("{number}//"), |key, byte| format!("{key}{byte:02x}"))
}

/// Writes a component without the events in it and without the components that are never read.
fn write(component: &Component, text: &mut String) {
    let kept = |inner: &&Component| matches!(inner.name.as_str(), "VTIMEZONE" | "STANDARD" | "DAYLIGHT");
    text.push_str(&format!("BEGIN:{}\n", component.name));
    component.properties.iter().for_each(|property| write_property(property, text));
    component.components.iter().filter(kept).for_each(|inner| write(inner, text));
    text.push_str(&format!("END:{}\n", component.name));
}

/// Writes a property on one line. How it was encoded is not said again: what is written is decoded.
fn write_property(property: &Property, text: &mut String) {
    let encoding = |name: &str| matches!(name, "ENCODING" | "CHARSET" | "QUOTED-PRINTABLE");
    let plain = |name: &str| {
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
    };
    text.push_str(&property.name);
    for (name, value) in property.params.iter().filter(|(name, _)| plain(name) && !encoding(name)) {
        let value = value.replace('^', "^^").replace('"', "^'").replace('\r', "").replace('\n', "^n");
        text.push_str(&format!(";{name}=\"{value}\""));
    }
    text.push(':');
    text.push_str(&property.value.replace('\r', "").replace('\n', "\\n"));
    text.push('\n');
}

//! An iCalendar file as written: components, one inside the other, with their properties (RFC 5545 §3.4 to §3.6).
//!
//! Whatever the file does wrong is repaired where there is one sensible way to, and noted with its line in either case.

use crate::event::Unreadable;
use crate::providers::ReadError;
use crate::providers::ics::lines::{Property, Unfolded, property, without_encoding};

/// Largest file that is read.
pub const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Most content lines that are read.
pub const LINES_MAX: usize = 2_000_000;
/// Most components that are read.
pub const COMPONENTS_MAX: usize = 100_000;
/// Deepest nesting that is read; what lies deeper is skipped (`I10.20`).
pub const DEPTH_MAX: usize = 8;
/// Most remarks on one file; further ones are only counted.
pub const REMARKS_MAX: usize = 1000;

/// A component: VCALENDAR, VEVENT, VTIMEZONE, …
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Component {
    /// In upper case.
    pub name: String,
    /// The line of its BEGIN.
    pub line: usize,
    /// In the order of the file. Empty for components that nothing here reads, such as alarms.
    pub properties: Vec<Property>,
    /// In the order of the file.
    pub components: Vec<Component>,
}

impl Component {
    /// All properties of this name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Property> {
        self.properties.iter().filter(move |property| property.name == name)
    }

    /// The first property of this name that has a value.
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a Property> {
        self.all(name).find(|property| !property.value.trim().is_empty())
    }

    /// The value of [`Component::first`] as text.
    pub fn text(&self, name: &str) -> Option<String> {
        self.first(name).map(Property::text).filter(|text| !text.is_empty())
    }
}

/// What a file holds, and what was wrong with it.
#[derive(Debug, Default)]
pub struct File {
    /// The outermost components; usually one VCALENDAR.
    pub components: Vec<Component>,
    /// In the order of the file.
    pub remarks: Remarks,
    /// A calendar is not closed by its own END: what the file holds is not all that it would.
    pub cut: bool,
}

/// Lines for [`Calendar::unreadable`](crate::event::Calendar), bounded.
#[derive(Debug, Default)]
pub struct Remarks {
    list: Vec<(usize, String)>,
    more: usize,
}

impl Remarks {
    /// Notes what is wrong with line `line`.
    pub fn add(&mut self, line: usize, why: impl Into<String>) {
        if self.list.len() < REMARKS_MAX {
            self.list.push((line, why.into()));
        } else {
            self.more += 1;
        }
    }

    /// All remarks by line; the last one counts those that found no room.
    pub fn into_list(mut self) -> Vec<Unreadable> {
        self.list.sort_by_key(|(line, _)| *line);
        let told = self.list.into_iter().map(|(line, why)| Unreadable { place: format!("line {line}"), why });
        let more = Unreadable { place: "further down".to_owned(), why: format!("{} more remarks", self.more) };
        told.chain((self.more > 0).then_some(more)).collect()
    }
}

/// Reads the components of a file.
///
/// # Errors
/// [`ReadError::TooLarge`] and [`ReadError::TooManyParts`] past the limits; [`ReadError::NotACalendar`] where no component begins.
pub fn parse(bytes: &[u8]) -> Result<File, ReadError> {
    if bytes.len() > FILE_BYTES_MAX {
        return Err(ReadError::TooLarge { bytes_max: FILE_BYTES_MAX });
    }
    let bytes = without_encoding(bytes);
    let mut reader = Reader::default();
    for (count, (number, line)) in Unfolded::new(&bytes).enumerate() {
        if count >= LINES_MAX {
            return Err(ReadError::TooManyParts { parts_max: LINES_MAX });
        }
        reader.line(number, &line)?;
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    file: File,
    open: Vec<Component>,
    /// Components open below [`DEPTH_MAX`].
    beyond: usize,
    components: usize,
    last_line: usize,
}

/// Components whose properties are read; the content of all others is skipped.
const READ: &[&str] = &["VCALENDAR", "VEVENT", "VTIMEZONE", "STANDARD", "DAYLIGHT"];
/// Components that stand next to each other: one that begins inside of another tells that the other's END is missing.
const SIBLINGS: &[&str] = &["VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE"];

impl Reader {
    fn line(&mut self, number: usize, bytes: &[u8]) -> Result<(), ReadError> {
        self.last_line = number;
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Ok(());
        }
        let reading = self.open.last().is_none_or(|component| READ.contains(&component.name.as_str()));
        // Most of a large file can be alarms and tasks; their lines are not worth decoding.
        if !reading && !begins_or_ends(bytes) {
            return Ok(());
        }
        let Some(property) = property(number, bytes) else {
            self.file.remarks.add(number, "no property: a name and a colon are missing");
            return Ok(());
        };
        match property.name.as_str() {
            "BEGIN" => self.begin(&property)?,
            "END" => self.end(&property),
            _ if !reading || self.beyond > 0 => {}
            _ => match self.open.last_mut() {
                Some(component) => component.properties.push(property),
                None => self.file.remarks.add(number, "a property outside of any calendar"),
            },
        }
        Ok(())
    }

    fn begin(&mut self, property: &Property) -> Result<(), ReadError> {
        self.components += 1;
        if self.components > COMPONENTS_MAX {
            return Err(ReadError::TooManyParts { parts_max: COMPONENTS_MAX });
        }
        let name = property.value.trim().to_ascii_uppercase();
        if name == "VCALENDAR" {
            self.file.cut |= !self.open.is_empty();
            self.close_down_to(0, property.line);
        } else if SIBLINGS.contains(&name.as_str())
            && let Some(at) = self.open.iter().position(|open| SIBLINGS.contains(&open.name.as_str()))
        {
            self.close_down_to(at, property.line);
        }
        if self.open.len() >= DEPTH_MAX {
            if self.beyond == 0 {
                self.file.remarks.add(property.line, format!("nested deeper than {DEPTH_MAX}, skipped"));
            }
            self.beyond += 1;
        } else {
            self.open.push(Component { name, line: property.line, ..Component::default() });
        }
        Ok(())
    }

    fn end(&mut self, property: &Property) {
        if self.beyond > 0 {
            self.beyond -= 1;
            return;
        }
        let name = property.value.trim();
        match self.open.iter().rposition(|open| open.name.eq_ignore_ascii_case(name)) {
            Some(at) => {
                self.close_down_to(at + 1, property.line);
                self.close();
            }
            None => self.file.remarks.add(property.line, "an END without its BEGIN"),
        }
    }

    /// Closes what is open beyond `depth` although its END is missing.
    fn close_down_to(&mut self, depth: usize, line: usize) {
        self.beyond = 0;
        while self.open.len() > depth {
            if let Some(open) = self.open.last() {
                self.file
                    .remarks
                    .add(line, format!("the {} of line {} has no END before this", known_name(&open.name), open.line));
            }
            self.close();
        }
    }

    fn close(&mut self) {
        let Some(component) = self.open.pop() else { return };
        match self.open.last_mut() {
            Some(parent) => parent.components.push(component),
            None => self.file.components.push(component),
        }
    }

    fn finish(mut self) -> Result<File, ReadError> {
        self.file.cut |= !self.open.is_empty();
        self.close_down_to(0, self.last_line);
        if self.file.components.is_empty() {
            return Err(ReadError::NotACalendar);
        }
        Ok(self.file)
    }
}

/// Remarks hold no content of the file, so a component is named only where its name is a known one.
fn known_name(name: &str) -> &str {
    let known = ["VALARM", "VTODO", "VJOURNAL", "VFREEBUSY"];
    if READ.contains(&name) || known.contains(&name) { name } else { "component" }
}

fn begins_or_ends(bytes: &[u8]) -> bool {
    let starts = |word: &[u8]| bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    starts(b"BEGIN") || starts(b"END")
}

//! The normalised form of occurrences: one JSON object each, what `events` prints and `eval` reads.
//!
//! The short form holds what a script wants to see; the full form every fact that rules can read, so that a decision over it
//! is the decision over the calendar itself. The schema is published in `docs/event.schema.json`.

mod read;
mod write;

pub use read::{ReadLineError, read_occurrence};
pub use write::{Detail, occurrence_to_json};

/// Facts as the member `unknown` names them.
mod fact_names {
    pub const TITLE: &str = "title";
    pub const DESCRIPTION: &str = "description";
    pub const LOCATION: &str = "location";
    pub const CALENDAR: &str = "calendar";
    pub const ORGANIZER: &str = "organizer";
    pub const CREATOR: &str = "creator";
    pub const ATTENDEES: &str = "attendees";
    pub const START: &str = "start";
    pub const END: &str = "end";
    pub const SERIES: &str = "series";
    pub const REPEATS: &str = "repeats";
    pub const WEEKDAYS: &str = "repeats.weekdays";
    pub const TIMES: &str = "repeats.times";
    pub const FIRST: &str = "first";
    pub const MOVED: &str = "moved";
    pub const CHANGED: &str = "changed";
    pub const CONFERENCE: &str = "conference";
    pub const VISIBILITY: &str = "visibility";
    pub const SHOWS_AS: &str = "shows_as";
    pub const MY_RESPONSE: &str = "my_response";
}

/// The words for recurrence frequencies, slowest last.
const FREQ_WORDS: [(&str, crate::event::Freq); 7] = {
    use crate::event::Freq;
    [
        ("secondly", Freq::Secondly),
        ("minutely", Freq::Minutely),
        ("hourly", Freq::Hourly),
        ("daily", Freq::Daily),
        ("weekly", Freq::Weekly),
        ("monthly", Freq::Monthly),
        ("yearly", Freq::Yearly),
    ]
};

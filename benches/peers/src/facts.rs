//! An event as engines are given it: what would have to be taken apart or counted is there already.

use crate::workload::native::View;
use callsheet::value::Closed;
use serde_json::{Value, json};

/// The facts that conditions of the workload ask for.
pub fn json(view: &View<'_>) -> Value {
    json!({
        "title": view.title,
        "title_lower": view.title_lower,
        "domains": view.domains,
        "addresses": view.attendees.iter().map(|attendee| attendee.address).collect::<Vec<&str>>(),
        "organizer": view.organizer,
        "organizer_domain": view.organizer_domain,
        "attendees": view.attendees.len(),
        "duration": view.duration_mins,
        "start": start(view),
        "weekly": view.weekly,
        "all_day": view.all_day,
        "one_on_one": view.one_on_one,
        "provider": view.provider.word(),
        "my_response": view.my_response.word(),
    })
}

/// The minute of the day it starts in; -1 for a whole day.
pub fn start(view: &View<'_>) -> i32 {
    view.start_minute.map_or(-1, |minute| i32::try_from(minute).unwrap_or(-1))
}

/// `write` of all, joined.
pub fn joined<T>(all: &[T], between: &str, write: impl Fn(&T) -> String) -> String {
    all.iter().map(write).collect::<Vec<_>>().join(between)
}

/// All in quotation marks, with commas between them.
pub fn quoted(all: &[String]) -> String {
    joined(all, ", ", |text| format!("\"{text}\""))
}

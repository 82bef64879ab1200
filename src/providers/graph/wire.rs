//! What Graph sends, in its spelling. Only what is read is named; `tests/graph.rs` lists the rest with reasons.
//!
//! [`Stated`] tells a field that is null from one that is absent: rows of a delta and reads with `$select` leave out fields
//! that have a value.

use crate::providers::pages::{Flag, Stated, Str, stated};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

/// A response with several events.
#[derive(Debug, Default, Deserialize)]
pub struct Page<'a> {
    #[serde(borrow, rename = "@odata.context")]
    pub context: Option<Str<'a>>,
    #[serde(rename = "@odata.nextLink")]
    pub next_link: Option<Str<'a>>,
    #[serde(rename = "@odata.deltaLink")]
    pub delta_link: Option<Str<'a>>,
    pub value: Option<Vec<&'a RawValue>>,
    /// The body of an answer that is an error.
    pub error: Option<IgnoredAny>,
}

/// An event, a series master, an occurrence, or the note that one is gone.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event<'a> {
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(rename = "@removed")]
    pub removed: Option<IgnoredAny>,
    #[serde(rename = "iCalUId")]
    pub ical_uid: Option<Str<'a>>,
    pub uid: Option<Str<'a>>,
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
    pub series_master_id: Option<Str<'a>>,
    #[serde(default, deserialize_with = "stated")]
    pub subject: Stated<Str<'a>>,
    #[serde(default, deserialize_with = "stated")]
    pub body: Stated<Body<'a>>,
    #[serde(default, deserialize_with = "stated")]
    pub body_preview: Stated<Str<'a>>,
    #[serde(default, deserialize_with = "stated")]
    pub location: Stated<Location<'a>>,
    #[serde(default, deserialize_with = "stated")]
    pub locations: Stated<Vec<Location<'a>>>,
    pub start: Option<Time<'a>>,
    pub end: Option<Time<'a>>,
    pub original_start: Option<Str<'a>>,
    /// `OID.`, the master's id, `.` and the local date (`M6.10`).
    pub occurrence_id: Option<Str<'a>>,
    pub original_start_time_zone: Option<Str<'a>>,
    pub original_end_time_zone: Option<Str<'a>>,
    pub is_all_day: Option<Flag>,
    pub is_cancelled: Option<Flag>,
    pub is_draft: Option<Flag>,
    pub is_organizer: Option<Flag>,
    pub is_online_meeting: Option<Flag>,
    pub hide_attendees: Option<Flag>,
    #[serde(default, deserialize_with = "stated")]
    pub organizer: Stated<Recipient<'a>>,
    #[serde(default, deserialize_with = "stated")]
    pub attendees: Stated<Vec<Attendee<'a>>>,
    pub sensitivity: Option<Str<'a>>,
    pub show_as: Option<Str<'a>>,
    pub response_status: Option<ResponseStatus<'a>>,
    #[serde(default, deserialize_with = "stated")]
    pub online_meeting: Stated<OnlineMeeting<'a>>,
    pub online_meeting_url: Option<Str<'a>>,
    pub recurrence: Option<Recurrence<'a>>,
    pub cancelled_occurrences: Option<Vec<Str<'a>>>,
    pub last_modified_date_time: Option<Str<'a>>,
}

/// `dateTimeTimeZone`: a reading without offset, and a zone's name (`M7.1`).
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Time<'a> {
    #[serde(borrow)]
    pub date_time: Option<Str<'a>>,
    pub time_zone: Option<Str<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Body<'a> {
    #[serde(borrow)]
    pub content_type: Option<Str<'a>>,
    pub content: Option<Str<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Location<'a> {
    #[serde(borrow)]
    pub display_name: Option<Str<'a>>,
    pub location_uri: Option<Str<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recipient<'a> {
    #[serde(borrow)]
    pub email_address: Option<EmailAddress<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EmailAddress<'a> {
    #[serde(borrow)]
    pub address: Option<Str<'a>>,
    pub name: Option<Str<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attendee<'a> {
    #[serde(borrow)]
    pub email_address: Option<EmailAddress<'a>>,
    #[serde(rename = "type")]
    pub kind: Option<Str<'a>>,
    pub status: Option<ResponseStatus<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ResponseStatus<'a> {
    #[serde(borrow)]
    pub response: Option<Str<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OnlineMeeting<'a> {
    #[serde(borrow)]
    pub join_url: Option<Str<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recurrence<'a> {
    #[serde(borrow)]
    pub pattern: Option<Pattern<'a>>,
    pub range: Option<Range<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pattern<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<Str<'a>>,
    pub interval: Option<i64>,
    pub month: Option<i64>,
    pub day_of_month: Option<i64>,
    pub days_of_week: Option<Vec<Str<'a>>>,
    pub first_day_of_week: Option<Str<'a>>,
    pub index: Option<Str<'a>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Range<'a> {
    #[serde(borrow, rename = "type")]
    pub kind: Option<Str<'a>>,
    pub end_date: Option<Str<'a>>,
    pub number_of_occurrences: Option<i64>,
    pub recurrence_time_zone: Option<Str<'a>>,
}

//! What `events.list` sends, in its spelling. Only what is read is named; `tests/google.rs` lists the rest with reasons.

use crate::providers::pages::{Flag, Str};
use serde::Deserialize;
use serde_json::value::RawValue;

/// A response of `events.list`.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<'a> {
    #[serde(borrow)]
    pub items: Option<Vec<&'a RawValue>>,
    pub kind: Option<Str<'a>>,
    pub summary: Option<Str<'a>>,
    pub time_zone: Option<Str<'a>>,
    pub access_role: Option<Str<'a>>,
    pub next_page_token: Option<Str<'a>>,
    pub next_sync_token: Option<Str<'a>>,
    /// The body of an answer that is an error.
    pub error: Option<serde::de::IgnoredAny>,
}

/// An event, a series master, an instance, or what is left of one.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event<'a> {
    #[serde(borrow)]
    pub id: Option<Str<'a>>,
    #[serde(rename = "iCalUID")]
    pub ical_uid: Option<Str<'a>>,
    pub status: Option<Str<'a>>,
    pub summary: Option<Str<'a>>,
    pub description: Option<Str<'a>>,
    pub location: Option<Str<'a>>,
    pub start: Option<Time<'a>>,
    pub end: Option<Time<'a>>,
    pub end_time_unspecified: Option<Flag>,
    pub recurrence: Option<Vec<Str<'a>>>,
    pub recurring_event_id: Option<Str<'a>>,
    pub original_start_time: Option<Time<'a>>,
    pub organizer: Option<Actor<'a>>,
    pub creator: Option<Actor<'a>>,
    pub attendees: Option<Vec<Attendee<'a>>>,
    pub attendees_omitted: Option<Flag>,
    pub guests_can_see_other_guests: Option<Flag>,
    pub transparency: Option<Str<'a>>,
    pub visibility: Option<Str<'a>>,
    pub event_type: Option<Str<'a>>,
    pub conference_data: Option<Conference<'a>>,
    pub hangout_link: Option<Str<'a>>,
    pub sequence: Option<i64>,
    pub updated: Option<Str<'a>>,
}

/// When something is: a day, or a time with its offset and zone. The client for Python spells two names in its own way.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Time<'a> {
    #[serde(borrow)]
    pub date: Option<Str<'a>>,
    #[serde(alias = "date_time")]
    pub date_time: Option<Str<'a>>,
    #[serde(alias = "timezone")]
    pub time_zone: Option<Str<'a>>,
}

/// The organizer or the creator.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Actor<'a> {
    #[serde(borrow)]
    pub email: Option<Str<'a>>,
    pub display_name: Option<Str<'a>>,
    #[serde(rename = "self")]
    pub is_self: Option<Flag>,
}

/// A guest, a group or a room.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attendee<'a> {
    #[serde(borrow)]
    pub email: Option<Str<'a>>,
    pub display_name: Option<Str<'a>>,
    pub response_status: Option<Str<'a>>,
    pub organizer: Option<Flag>,
    #[serde(rename = "self")]
    pub is_self: Option<Flag>,
    pub resource: Option<Flag>,
    pub optional: Option<Flag>,
    pub additional_guests: Option<u32>,
}

/// How to join.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Conference<'a> {
    #[serde(borrow)]
    pub entry_points: Option<Vec<EntryPoint<'a>>>,
    pub create_request: Option<CreateRequest<'a>>,
}

/// One way to join.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EntryPoint<'a> {
    #[serde(borrow)]
    pub entry_point_type: Option<Str<'a>>,
    pub uri: Option<Str<'a>>,
}

/// A conference that was asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRequest<'a> {
    #[serde(borrow)]
    pub status: Option<RequestStatus<'a>>,
}

/// How far the making of a conference is.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestStatus<'a> {
    #[serde(borrow)]
    pub status_code: Option<Str<'a>>,
}

//! Reading one occurrence shortly before its bot is sent (`C3`, `M6.8`).
//!
//! The answer is for deciding, not for storing: kept beside a series, the row of an unchanged occurrence would later hide what
//! happens to the series. [`calendar_with`](super::calendar_with) reads it in its place. A feed has no single reads: there,
//! run a pass.

use super::error::{self, SyncError};
use super::{Answer, Bases, google, graph};
use crate::host::http::Request;
use crate::host::model::{Calendar, Entry, Origin};

/// What a provider says about one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Single {
    /// It is there, like this.
    Present(Entry),
    /// It was deleted or cancelled.
    Gone,
    /// Nothing can be said.
    Unavailable(SyncError),
}

/// The request for one event; `id` comes from [`entry_to_ask`](super::entry_to_ask). `None` for feeds.
#[must_use]
pub fn request(bases: &Bases, calendar: &Calendar, id: &str) -> Option<Request> {
    match calendar.origin {
        Origin::Google => Some(google::event_request(&google::events_url(&bases.google, &calendar.reference), id)),
        Origin::Graph => Some(graph::event_request(&graph::root(&bases.graph, &calendar.reference), id)),
        Origin::Feed => None,
    }
}

/// What the answer to [`request`] says.
#[must_use]
pub fn read(origin: Origin, id: &str, answer: Answer) -> Single {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Single::Unavailable(error::of_net(origin, error)),
    };
    let body = match origin {
        Origin::Google => google::event_answer(&answer),
        Origin::Graph => graph::event_answer(&answer),
        Origin::Feed => return Single::Unavailable(SyncError::Retry("no-single-reads")),
    };
    match body {
        Ok(Some(body)) => Single::Present(Entry { id: id.to_owned(), body: body.into() }),
        Ok(None) => Single::Gone,
        Err(error) => Single::Unavailable(error),
    }
}

//! Feeds: an iCalendar file behind a URL, read whole (`I10.13` to `I10.15`).
//!
//! A feed has no tombstones, so only a file that came whole says what is gone: one without its end, one past the limits, or
//! something else altogether is an error that deletes nothing. What came is taken apart ([`ics::parts()`]): the base entry has
//! what all events share, every other entry the components of one UID and RECURRENCE-ID.

use super::error::{self, SyncError};
use super::{Answer, BASE_ID, CURSOR_AGE_SECS_MAX, Changes, CursorStep, Finished, Next, Start, digest};
use crate::host::http::{Method, Purpose, Request, Response};
use crate::host::model::{Entry, Origin};
use crate::host::planted::{self, Bug};
use crate::providers::{ReadError, ics};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;
use url::Url;

/// Most redirects that are followed; each is a request of its own, so that the guard sees its address.
const HOPS_MAX: usize = 3;
/// Longest file that is read.
const FILE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What is remembered of a feed between passes.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Cursor {
    /// Names the URL that the rest is about.
    set: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    modified: Option<String>,
    /// Names the content, stamps left out.
    content: String,
    /// When it was stored, in seconds.
    at: i64,
}

/// A reading of a feed.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    url: String,
    set: String,
    cursor: Option<Cursor>,
    hops: usize,
    now_secs: i64,
    /// What came, once it came.
    entries: Vec<Entry>,
    next: Cursor,
}

type Step = Next<Pass>;

impl Pass {
    pub(super) fn start(start: &Start<'_>) -> (Self, Request) {
        let url = with_https(&start.calendar.reference);
        let set = digest(&url);
        let cursor = start.calendar.cursor.as_deref().and_then(|cursor| serde_json::from_str::<Cursor>(cursor).ok());
        let cursor = cursor.filter(|cursor| cursor.set == set);
        let now_secs = start.now.as_second();
        let pass = Self { url, set, cursor, hops: 0, now_secs, entries: Vec::new(), next: Cursor::default() };
        let request = pass.request();
        (pass, request)
    }

    fn request(&self) -> Request {
        let mut request = Request::new(Purpose::Feed, Method::Get, self.url.clone()).header("accept", "text/calendar, */*;q=0.5");
        request.answer_bytes_max = FILE_BYTES_MAX;
        let cursor = self.cursor.as_ref();
        if let Some(etag) = cursor.and_then(|cursor| cursor.etag.as_ref()) {
            request = request.header("if-none-match", etag);
        }
        if let Some(modified) = cursor.and_then(|cursor| cursor.modified.as_ref()) {
            request = request.header("if-modified-since", modified);
        }
        request
    }

    pub(super) fn step(self, answer: Answer) -> Step {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Next::Failed(error::of_net(Origin::Feed, error)),
        };
        if let Some(error) = error::of_answer(Origin::Feed, &answer) {
            return Next::Failed(error);
        }
        match answer.status {
            200 => match self.file(&answer) {
                Ok(step) => step,
                Err(error) => Next::Failed(error),
            },
            304 if planted::is(Bug::NotModifiedIsEmpty) => {
                Next::Done(Finished { changes: Changes { complete: true, ..Changes::default() }, ..Finished::default() })
            }
            304 if self.cursor.is_some() => Next::Done(Finished::default()),
            301 | 302 | 303 | 307 | 308 => self.redirected(&answer),
            _ => Next::Failed(SyncError::Retry("unexpected-status")),
        }
    }

    /// Follows a redirect, never from a protected connection to an open one.
    fn redirected(mut self, answer: &Response) -> Step {
        self.hops += 1;
        let target = || {
            let from = Url::parse(&self.url).ok()?;
            let to = from.join(&with_https(answer.find_header("location")?)).ok()?;
            let opened = from.scheme() == "https" && to.scheme() != "https";
            Some(to).filter(|to| !opened && matches!(to.scheme(), "http" | "https"))
        };
        match target().filter(|_| self.hops <= HOPS_MAX) {
            Some(url) => {
                self.url = url.into();
                let request = self.request();
                Next::Call(self, request)
            }
            None => Next::Failed(SyncError::NotACalendar("redirect")),
        }
    }

    fn file(mut self, answer: &Response) -> Result<Step, SyncError> {
        let parts = ics::parts(&answer.body).map_err(|error| refusal(&error, &answer.body))?;
        if parts.cut {
            return Err(SyncError::NotACalendar("cut"));
        }
        let events = parts.events.into_iter().map(|part| Entry { id: part.key, body: part.text.into() });
        self.entries = events.chain([Entry { id: BASE_ID.to_owned(), body: parts.base.into() }]).collect();
        self.entries.sort_by(|one, other| one.id.cmp(&other.id));
        let content: String =
            self.entries.iter().flat_map(|entry| [entry.id.as_str(), "\n"].into_iter().chain(lasting(&entry.body))).collect();
        self.next = Cursor {
            set: self.set.clone(),
            etag: answer.find_header("etag").filter(|tag| tag.len() <= VALIDATOR_BYTES_MAX).map(str::to_owned),
            modified: answer.find_header("last-modified").filter(|date| date.len() <= VALIDATOR_BYTES_MAX).map(str::to_owned),
            content: digest(&content),
            at: self.now_secs,
        };
        match &self.cursor {
            Some(cursor) if cursor.content == self.next.content => {
                let fresh = self.now_secs.saturating_sub(cursor.at) < CURSOR_AGE_SECS_MAX;
                let cursor = if fresh { CursorStep::Keep } else { self.next_cursor() };
                Ok(Next::Done(Finished { cursor, ..Finished::default() }))
            }
            _ => Ok(Next::Entries(self)),
        }
    }

    fn next_cursor(&self) -> CursorStep {
        serde_json::to_string(&self.next).map_or(CursorStep::Drop, CursorStep::Store)
    }

    /// Many publishers stamp all events with the time of the request: an entry that differs in stamps only is the known one.
    pub(super) fn entries(mut self, known: &[Entry]) -> Step {
        let known: BTreeMap<&str, &Arc<str>> = known.iter().map(|entry| (entry.id.as_str(), &entry.body)).collect();
        for entry in &mut self.entries {
            let Some(body) = known.get(entry.id.as_str()) else { continue };
            if lasting(body).eq(lasting(&entry.body)) {
                entry.body = Arc::clone(body);
            }
        }
        let cursor = self.next_cursor();
        Next::Done(Finished {
            changes: Changes { upsert: self.entries, remove: Vec::new(), complete: true },
            cursor,
            nameless: 0,
        })
    }
}

/// Longest validator that is sent back.
const VALIDATOR_BYTES_MAX: usize = 1000;

/// The lines of a part without the stamps of its publisher.
fn lasting(body: &str) -> impl Iterator<Item = &str> {
    let stamps = |line: &&str| matches!(line.split([':', ';']).next(), Some("DTSTAMP" | "LAST-MODIFIED"));
    body.split_inclusive('\n').filter(move |line| !stamps(line))
}

/// `webcal:` is a way to say that an `https:` address is a calendar.
fn with_https(url: &str) -> String {
    let url = url.trim();
    match url.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("webcal") || scheme.eq_ignore_ascii_case("webcals") => {
            format!("https://{rest}")
        }
        _ => url.to_owned(),
    }
}

fn refusal(error: &ReadError, body: &[u8]) -> SyncError {
    let first = body.iter().find(|byte| !byte.is_ascii_whitespace());
    SyncError::NotACalendar(match error {
        ReadError::TooLarge { .. } => "too-large",
        ReadError::TooManyParts { .. } => "too-many-entries",
        _ if first == Some(&b'<') => "html",
        _ => "no-calendar",
    })
}

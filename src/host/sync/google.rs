//! Google Calendar: `events.list` with sync tokens (`G1.1` to `G1.19`, `G2.1` to `G2.3`).
//!
//! Rows come as singles, series masters and instances that differ (`G1.13`); each becomes an entry under its id, with the text
//! as sent. A cancelled instance is an entry like others: without it the series would make the occurrence again (`G2.1`).

use super::error::{self, SyncError};
use super::{Answer, BASE_ID, CURSOR_AGE_SECS_MAX, Changes, CursorStep, Finished, Next, Start, digest, escaped, listed_from};
use crate::host::http::{Method, Purpose, Request, Response};
use crate::host::model::{Entry, Origin};
use crate::host::planted::{self, Bug};
use crate::host::schedule::names::fits;
use crate::providers::google::master_of;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

/// Rows of a page. Few enough that a page of meetings with hundreds of guests each stays below the bytes that are read.
const PAGE_ROWS: usize = 250;
/// Most pages of a pass; with full pages this is as many entries as a calendar may have.
const PAGES_MAX: usize = 400;
/// Most rows of a pass (`G1.14`).
const ROWS_MAX: usize = 100_000;
/// Most instances of deleted series that are looked after one by one; with more the calendar is listed anew.
const CHECKS_MAX: usize = 50;

/// How many further passes ask again about an instance that outlived its series: the read that found it may have been behind.
const CHECKS_AGAIN: u8 = 2;

/// What is asked of an event: all that conversion reads, and nothing else (`G1.18`).
pub(super) const EVENT_FIELDS: &str = "id,iCalUID,status,summary,description,location,start(date,dateTime,timeZone),\
    end(date,dateTime,timeZone),endTimeUnspecified,recurrence,recurringEventId,originalStartTime(date,dateTime,timeZone),\
    organizer(email,displayName,self),creator(email,displayName,self),\
    attendees(email,displayName,responseStatus,organizer,self,resource,optional,additionalGuests),attendeesOmitted,\
    guestsCanSeeOtherGuests,transparency,visibility,eventType,\
    conferenceData(entryPoints(entryPointType,uri),createRequest(status(statusCode))),hangoutLink,sequence,updated";
/// What is asked of a page besides its events.
pub(super) const PAGE_FIELDS: &str = "kind,summary,timeZone,accessRole,nextPageToken,nextSyncToken";

/// Where an incremental pass begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Cursor {
    /// Names the parameters of the list that the token came from (`G1.4`).
    set: String,
    token: String,
    /// When it was stored, in seconds.
    at: i64,
    /// The calendar's own facts, as its base entry has them.
    base: String,
    /// Instances to be asked for again, and how often.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    again: BTreeMap<String, u8>,
}

/// A reading of a Google calendar.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    /// `…/calendars/{id}/events`.
    list: String,
    time_min: String,
    now_secs: i64,
    /// The cursor of an incremental pass; without one, this is a full listing.
    cursor: Option<Cursor>,
    /// A second refusal of a token, or of a list without one, ends the pass (`G1.9`).
    restarted: bool,
    pages: usize,
    page_token: Option<String>,
    rows: BTreeMap<String, Row>,
    removed: BTreeSet<String>,
    base: String,
    next_token: Option<String>,
    nameless: usize,
    /// Instances to ask for one by one, once the list has ended.
    checks: Vec<String>,
    /// As in [`Cursor`], for the next one.
    again: BTreeMap<String, u8>,
}

#[derive(Clone, Debug)]
struct Row {
    body: String,
    /// The series that a cancelled instance belongs to.
    cancelled_of: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page<'a> {
    kind: Option<String>,
    summary: Option<String>,
    time_zone: Option<String>,
    access_role: Option<String>,
    next_page_token: Option<String>,
    next_sync_token: Option<String>,
    #[serde(borrow)]
    items: Option<Vec<&'a RawValue>>,
    error: Option<IgnoredAny>,
}

/// What decides where a row goes.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: Option<String>,
    status: Option<String>,
    recurring_event_id: Option<String>,
    start: Option<IgnoredAny>,
}

impl Item {
    fn is_cancelled(&self) -> bool {
        self.status.as_deref() == Some("cancelled")
    }

    /// The series of a row that is one of its instances. Of a removed one, the id alone may tell.
    fn series(&self) -> Option<&str> {
        let by_id = || self.id.as_deref().filter(|_| self.start.is_none()).and_then(master_of);
        self.recurring_event_id.as_deref().or_else(by_id)
    }
}

type Step = Next<Pass>;

/// Parameters that every list request repeats.
static CONSTANT: LazyLock<String> = LazyLock::new(|| {
    let fields = escaped(&format!("{PAGE_FIELDS},items({EVENT_FIELDS})"));
    format!("singleEvents=false&maxResults={PAGE_ROWS}&fields={fields}")
});

impl Pass {
    pub(super) fn start(start: &Start<'_>) -> (Self, Request) {
        let list = events_url(&start.bases.google, &start.calendar.reference);
        let set = digest(&format!("{list}?{}", *CONSTANT));
        let cursor = start.calendar.cursor.as_deref().and_then(|cursor| serde_json::from_str::<Cursor>(cursor).ok());
        let pass = Self {
            list,
            time_min: listed_from(start.window.start).to_string(),
            now_secs: start.now.as_second(),
            cursor: cursor.filter(|cursor| cursor.set == set),
            restarted: false,
            pages: 0,
            page_token: None,
            rows: BTreeMap::new(),
            removed: BTreeSet::new(),
            base: String::new(),
            next_token: None,
            nameless: 0,
            checks: Vec::new(),
            again: BTreeMap::new(),
        };
        let request = pass.list_request();
        (pass, request)
    }

    /// The request for the page at hand. With a sync token no other filter is allowed (`G1.3`), and every page of a pass
    /// repeats that token (`G1.6`).
    fn list_request(&self) -> Request {
        let mut url = format!("{}?{}", self.list, *CONSTANT);
        match &self.cursor {
            Some(cursor) => url += &format!("&syncToken={}", escaped(&cursor.token)),
            None => url += &format!("&timeMin={}", escaped(&self.time_min)),
        }
        if let Some(token) = &self.page_token {
            url += &format!("&pageToken={}", escaped(token));
        }
        Request::new(Purpose::Provider, Method::Get, url)
    }

    pub(super) fn step(mut self, answer: Answer) -> Step {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Next::Failed(error::of_net(Origin::Google, error)),
        };
        if let Some(id) = self.checks.pop() {
            return self.checked(id, &answer);
        }
        match error::of_answer(Origin::Google, &answer) {
            None => {}
            Some(error @ SyncError::CursorExpired) if planted::is(Bug::CursorNeverExpires) => return Next::Failed(error),
            // A token that is refused is worth no more than one that expired.
            Some(SyncError::CursorExpired | SyncError::Operator("request-refused")) if self.cursor.is_some() => {
                return self.restart();
            }
            Some(SyncError::CursorExpired) => return Next::Failed(SyncError::Retry("full-list-refused")),
            Some(error) => return Next::Failed(error),
        }
        match self.page(&answer) {
            Ok(true) => {
                let request = self.list_request();
                Next::Call(self, request)
            }
            Ok(false) => self.listed(),
            Err(error) => Next::Failed(error),
        }
    }

    /// Forgets the cursor and what it told, and lists the whole calendar; once in a pass (`G1.8`, `G1.9`).
    fn restart(mut self) -> Step {
        if self.restarted {
            return Next::Failed(SyncError::Retry("full-list-refused"));
        }
        self.restarted = true;
        self.cursor = None;
        (self.pages, self.page_token, self.next_token, self.nameless) = (0, None, None, 0);
        self.rows.clear();
        self.removed.clear();
        self.checks.clear();
        self.again.clear();
        let request = self.list_request();
        Next::Call(self, request)
    }

    /// Takes in a page; tells whether another one follows. An empty page says nothing about that (`G1.1`).
    fn page(&mut self, answer: &Response) -> Result<bool, SyncError> {
        let page: Page<'_> = serde_json::from_slice(&answer.body).map_err(|_| SyncError::Retry("page-cut"))?;
        let is_page =
            page.items.is_some() || page.kind.is_some() || page.next_sync_token.is_some() || page.next_page_token.is_some();
        if page.error.is_some() || !is_page {
            return Err(SyncError::Retry("no-page"));
        }
        self.pages += 1;
        for item in page.items.iter().flatten() {
            self.row(item.get());
        }
        if self.rows.len() + self.removed.len() > ROWS_MAX {
            return Err(SyncError::NotACalendar("too-many-entries"));
        }
        self.base = base(&page);
        self.next_token = page.next_sync_token;
        match page.next_page_token {
            Some(token) if self.pages >= PAGES_MAX || self.page_token.as_ref() == Some(&token) => {
                Err(SyncError::Retry("pages-without-end"))
            }
            Some(token) => {
                self.page_token = Some(token);
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Takes in a row; of several with one id the last counts.
    fn row(&mut self, json: &str) {
        let item = serde_json::from_str::<Item>(json).ok().filter(|item| item.id.as_deref().is_some_and(fits));
        let Some(item) = item else {
            self.nameless += 1;
            return;
        };
        let series = item.series().map(str::to_owned);
        let (Some(id), cancelled) = (item.id.clone(), item.is_cancelled()) else { return };
        // G2.2: of what is cancelled and no instance, nothing but the id can be relied on.
        if cancelled && series.is_none() {
            if !planted::is(Bug::ForgetTombstone) {
                self.rows.remove(&id);
                self.removed.insert(id);
            }
            return;
        }
        if cancelled && planted::is(Bug::CancelledInstanceForgotten) {
            return;
        }
        self.removed.remove(&id);
        let cancelled_of = series.filter(|_| cancelled);
        self.rows.insert(id, Row { body: json.to_owned(), cancelled_of });
    }

    /// All pages are read. Where entries were removed, what is known says whether they were series with instances.
    fn listed(self) -> Step {
        match &self.cursor {
            Some(cursor) if !self.removed.is_empty() || !cursor.again.is_empty() => Next::Entries(self),
            _ => self.done(),
        }
    }

    /// Instances of a removed series: removed ones are not worth keeping, others may live on without it, as they do for
    /// somebody who was taken off the series and not off the instance. The provider tells (`G2.20`).
    pub(super) fn entries(mut self, known: &[Entry]) -> Step {
        let again = self.cursor.as_ref().map(|cursor| cursor.again.clone()).unwrap_or_default();
        for entry in known.iter().filter(|entry| !self.rows.contains_key(&entry.id)) {
            let Ok(item) = serde_json::from_str::<Item>(&entry.body) else { continue };
            if !item.series().is_some_and(|series| self.removed.contains(series)) && !again.contains_key(&entry.id) {
                continue;
            }
            if item.is_cancelled() {
                self.removed.insert(entry.id.clone());
            } else if !self.removed.contains(&entry.id) {
                self.checks.push(entry.id.clone());
            }
        }
        if self.checks.len() > CHECKS_MAX {
            return self.restart();
        }
        self.next_check()
    }

    fn next_check(self) -> Step {
        match self.checks.last() {
            Some(id) => {
                let request = event_request(&self.list, id);
                Next::Call(self, request)
            }
            None => self.done(),
        }
    }

    /// Takes in the answer about one instance.
    fn checked(mut self, id: String, answer: &Response) -> Step {
        match event_answer(answer) {
            Ok(Some(body)) => {
                let asked = self.cursor.as_ref().and_then(|cursor| cursor.again.get(&id).copied());
                let left = asked.map_or(CHECKS_AGAIN, |left| left.saturating_sub(1));
                if left > 0 {
                    self.again.insert(id.clone(), left);
                }
                self.rows.insert(id, Row { body, cancelled_of: None });
            }
            Ok(None) => {
                self.removed.insert(id);
            }
            Err(error) => return Next::Failed(error),
        }
        self.next_check()
    }

    fn done(self) -> Step {
        let complete = self.cursor.is_none();
        let orphaned = |row: &Row| row.cancelled_of.as_ref().is_some_and(|series| self.removed.contains(series));
        let orphans: BTreeSet<String> = self.rows.iter().filter(|(_, row)| orphaned(row)).map(|(id, _)| id.clone()).collect();
        let base_changed = self.cursor.as_ref().is_none_or(|cursor| cursor.base != self.base);
        let again_changed = self.cursor.as_ref().is_some_and(|cursor| cursor.again != self.again);
        let quiet = !base_changed && !again_changed && self.rows.is_empty() && self.removed.is_empty();
        let cursor = self.next_cursor(quiet);
        let rows = self.rows.into_iter().filter(|(id, _)| !orphans.contains(id));
        let mut upsert: Vec<Entry> = rows.map(|(id, row)| Entry { id, body: row.body.into() }).collect();
        if base_changed {
            upsert.push(Entry { id: BASE_ID.to_owned(), body: self.base.into() });
            upsert.sort_by(|one, other| one.id.cmp(&other.id));
        }
        let remove = if complete { Vec::new() } else { self.removed.union(&orphans).cloned().collect() };
        Next::Done(Finished { changes: Changes { upsert, remove, complete }, cursor, nameless: self.nameless })
    }

    fn next_cursor(&self, quiet: bool) -> CursorStep {
        let Some(token) = &self.next_token else {
            // A listing that names no token leaves an old one in force, and a full one nothing to go on from.
            return if self.cursor.is_some() { CursorStep::Keep } else { CursorStep::Drop };
        };
        let fresh = |cursor: &Cursor| self.now_secs.saturating_sub(cursor.at) < CURSOR_AGE_SECS_MAX;
        if quiet && self.cursor.as_ref().is_some_and(fresh) {
            return CursorStep::Keep;
        }
        let set = digest(&format!("{}?{}", self.list, *CONSTANT));
        let cursor = Cursor { set, token: token.clone(), at: self.now_secs, base: self.base.clone(), again: self.again.clone() };
        serde_json::to_string(&cursor).map_or(CursorStep::Drop, CursorStep::Store)
    }
}

/// `…/calendars/{id}/events`; no id: the account's own calendar.
pub(super) fn events_url(base: &str, reference: &str) -> String {
    let reference = if reference.is_empty() { "primary" } else { reference };
    format!("{base}/calendars/{}/events", escaped(reference))
}

/// Asks for one event.
pub(super) fn event_request(events_url: &str, id: &str) -> Request {
    let url = format!("{events_url}/{}?fields={}", escaped(id), escaped(EVENT_FIELDS));
    Request::new(Purpose::Provider, Method::Get, url)
}

/// The event in the answer to [`event_request`], as sent; `None`: it is gone.
pub(super) fn event_answer(answer: &Response) -> Result<Option<String>, SyncError> {
    match error::of_answer(Origin::Google, answer) {
        None => {}
        Some(SyncError::CalendarGone | SyncError::CursorExpired) => return Ok(None),
        Some(error) => return Err(error),
    }
    let body = std::str::from_utf8(&answer.body).map_err(|_| SyncError::Retry("page-cut"))?;
    match serde_json::from_str::<Item>(body) {
        Ok(item) if item.is_cancelled() => Ok(None),
        Ok(item) if item.id.is_some() => Ok(Some(body.trim().to_owned())),
        _ => Err(SyncError::Retry("page-cut")),
    }
}

/// What a page tells of the calendar itself, as the body of the base entry.
fn base(page: &Page<'_>) -> String {
    let mut facts = serde_json::Map::new();
    facts.insert("kind".to_owned(), "calendar#events".into());
    let told = [("summary", &page.summary), ("timeZone", &page.time_zone), ("accessRole", &page.access_role)];
    for (name, value) in told {
        if let Some(value) = value {
            facts.insert(name.to_owned(), value.as_str().into());
        }
    }
    serde_json::Value::Object(facts).to_string()
}

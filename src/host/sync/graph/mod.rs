//! Microsoft Graph: `calendarView/delta` in a frozen window, series read by id, and a slow full view (`M6.1` to `M6.16`).
//!
//! What is kept of a calendar: singles, series masters with the list of their cancelled occurrences, exceptions, and for every
//! unchanged occurrence in the window a row that only names it. The rule of a series says when it happens; the names are what
//! a removal and a single read speak of.
//!
//! A pass goes through these phases, each of which may be empty: the round of changes to its end, reads by id of what the round
//! leaves open, the plain view of the whole window (every [`VIEW_SECS`], or where Graph does not list cancelled occurrences), and
//! reads by id of what the view brought up.

mod mirror;
mod view;

use super::error::{self, SyncError};
use super::{Answer, CURSOR_AGE_SECS_MAX, CursorStep, Finished, Next, Start, digest, escaped, listed_from};
use crate::host::http::{Method, Purpose, Request, Response};
use crate::host::model::{Entry, Origin};
use crate::time::{Elapsed, Instant};
use mirror::{Mirror, Row};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ops::Range;

/// Rows of a page.
const PAGE_ROWS: usize = 200;
/// Most pages of one listing.
const PAGES_MAX: usize = 500;
/// Most rows of one listing.
const ROWS_MAX: usize = 100_000;
/// Most reads by id in one pass; what is beyond them is left to the view.
const ASKS_MAX: usize = 1000;
/// How much further than asked for a window reaches, so that it is seldom anchored anew (`M6.2`).
const SPARE: Elapsed = Elapsed::from_hours(21 * 24);
/// A window is anchored anew when it reaches no further than this beyond what is asked for.
const MARGIN: Elapsed = Elapsed::from_hours(24);
/// How often the plain view is read: the only sign of some deletions (`M6.8`, `M6.9`).
pub(super) const VIEW_SECS: i64 = 6 * 3600;
/// Calendars that were connected together do not read their views together: up to an hour lies between.
const VIEW_SPREAD_SECS: u64 = 3600;
/// Longest link that is kept. Tokens may be longer than 2 KB (`M6.3`).
const LINK_BYTES_MAX: usize = 64 * 1024;

/// What is asked of a series master: all that conversion reads, and what only a read by id tells (`M6.8`).
pub(super) const MASTER_FIELDS: &str = "id,iCalUId,type,seriesMasterId,subject,body,bodyPreview,location,locations,start,end,\
    originalStart,occurrenceId,originalStartTimeZone,originalEndTimeZone,isAllDay,isCancelled,isDraft,isOrganizer,\
    isOnlineMeeting,hideAttendees,organizer,attendees,sensitivity,showAs,responseStatus,onlineMeeting,onlineMeetingUrl,\
    recurrence,cancelledOccurrences,lastModifiedDateTime";

/// Where the next round begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Cursor {
    /// Names the parameters of the first request.
    set: String,
    link: String,
    /// The frozen window, in seconds.
    from: i64,
    to: i64,
    /// When the window was last read as a whole, in seconds.
    viewed: i64,
    /// When this was stored, in seconds.
    at: i64,
}

/// A reading of a Graph calendar.
#[derive(Clone, Debug)]
pub(super) struct Pass {
    base: String,
    /// `…/me` or `…/me/calendars/{id}`.
    root: String,
    asked: Range<Instant>,
    window: Range<Instant>,
    now: Instant,
    calendar: u64,
    /// `None`: this is a full round.
    cursor: Option<Cursor>,
    restarted: bool,
    phase: Phase,
    pages: usize,
    link: String,
    delta_link: Option<String>,
    context: Option<String>,
    /// Rows of the round by id, the last of each (`M6.5`).
    rows: BTreeMap<String, Row>,
    removed: BTreeSet<String>,
    /// Rows of the view.
    view: BTreeMap<String, Row>,
    viewed: bool,
    view_wanted: bool,
    mirror: Mirror,
    asks: VecDeque<Ask>,
    asked_ids: BTreeSet<Ask>,
    /// Series masters that a read by id did not find.
    unreachable: BTreeSet<String>,
    /// Reads of masters go without the fields that this server does not know (`M6.8`).
    plain: bool,
    nameless: usize,
    /// What was told and what was read do not agree: the next pass begins with the view.
    doubt: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Round,
    Ask,
    View,
}

/// A read by id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ask {
    /// A series that was touched.
    Master(String),
    /// A single event or an instance.
    Event(String),
}

type Step = Next<Pass>;

impl Pass {
    pub(super) fn start(start: &Start<'_>) -> (Self, Request) {
        let base = start.bases.graph.clone();
        let root = root(&base, &start.calendar.reference);
        let set = digest(&format!("{root} {}", prefer()));
        let cursor = start.calendar.cursor.as_deref().and_then(|cursor| serde_json::from_str::<Cursor>(cursor).ok());
        let reaches = |cursor: &Cursor| cursor.to >= after(start.window.end, MARGIN).as_second();
        let cursor = cursor.filter(|cursor| cursor.set == set && reaches(cursor) && same_origin(&base, &cursor.link));
        let mut pass = Self {
            base,
            root,
            asked: start.window.clone(),
            window: anchored(&start.window),
            now: start.now,
            calendar: start.calendar.id.0,
            cursor,
            restarted: false,
            phase: Phase::Round,
            pages: 0,
            link: String::new(),
            delta_link: None,
            context: None,
            rows: BTreeMap::new(),
            removed: BTreeSet::new(),
            view: BTreeMap::new(),
            viewed: false,
            view_wanted: false,
            mirror: Mirror::default(),
            asks: VecDeque::new(),
            asked_ids: BTreeSet::new(),
            unreachable: BTreeSet::new(),
            plain: false,
            nameless: 0,
            doubt: false,
        };
        pass.begin_round();
        let request = request(&pass.link);
        (pass, request)
    }

    fn begin_round(&mut self) {
        if let Some(cursor) = &self.cursor {
            let second = |secs| Instant::from_second(secs).unwrap_or(self.now);
            self.window = second(cursor.from)..second(cursor.to);
            self.link.clone_from(&cursor.link);
        } else {
            self.window = anchored(&self.asked);
            self.link = format!("{}/calendarView/delta?{}", self.root, bounds(&self.window));
        }
    }

    pub(super) fn step(self, answer: Answer) -> Step {
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Next::Failed(error::of_net(Origin::Graph, error)),
        };
        match self.phase {
            Phase::Round => self.round(&answer),
            Phase::Ask => self.answered(&answer),
            Phase::View => self.viewed(&answer),
        }
    }

    fn round(mut self, answer: &Response) -> Step {
        match error::of_answer(Origin::Graph, answer) {
            None => {}
            // M6.11, M6.12: a new round; what it lists is compared with what is known.
            Some(SyncError::CursorExpired) => return self.restart(),
            // A link that is refused is worth no more than one that expired.
            Some(SyncError::Operator("request-refused")) if self.cursor.is_some() => return self.restart(),
            Some(error) => return Next::Failed(error),
        }
        let page = match self.page(answer) {
            Ok(page) => page,
            Err(error) => return Next::Failed(error),
        };
        for row in page.rows {
            let Some(id) = row.id().map(str::to_owned) else {
                self.nameless += 1;
                continue;
            };
            if row.is_removed() {
                self.rows.remove(&id);
                self.removed.insert(id);
            } else if self.rows.get(&id).is_none_or(|known| !row.is_older_than(known)) {
                self.removed.remove(&id);
                self.rows.insert(id, row);
            }
        }
        if self.rows.len() + self.removed.len() > ROWS_MAX {
            return Next::Failed(SyncError::NotACalendar("too-many-entries"));
        }
        match (page.next, page.delta) {
            (Some(next), _) => self.follow(next),
            (None, Some(delta)) => {
                self.delta_link = Some(delta);
                self.round_ended()
            }
            (None, None) => Next::Failed(SyncError::Retry("no-page")),
        }
    }

    /// The next page, by its link as it is (`M6.3`).
    fn follow(mut self, link: String) -> Step {
        if self.pages >= PAGES_MAX || link == self.link {
            return Next::Failed(SyncError::Retry("pages-without-end"));
        }
        self.link = link;
        let request = request(&self.link);
        Next::Call(self, request)
    }

    /// Begins a full round, once in a pass.
    fn restart(mut self) -> Step {
        if self.restarted {
            return Next::Failed(SyncError::Retry("full-round-refused"));
        }
        self.restarted = true;
        self.cursor = None;
        self.pages = 0;
        self.nameless = 0;
        self.rows.clear();
        self.removed.clear();
        self.begin_round();
        let request = request(&self.link);
        Next::Call(self, request)
    }

    fn round_ended(mut self) -> Step {
        let spread = i64::try_from(self.calendar % VIEW_SPREAD_SECS).unwrap_or(0);
        let due = |cursor: &Cursor| self.now.as_second().saturating_sub(cursor.viewed) >= VIEW_SECS + spread;
        self.view_wanted = self.cursor.as_ref().is_some_and(due);
        let quiet = self.cursor.is_some() && self.rows.is_empty() && self.removed.is_empty() && !self.view_wanted;
        if quiet {
            return Next::Done(Finished { cursor: self.next_cursor(true), ..Finished::default() });
        }
        Next::Entries(self)
    }

    pub(super) fn entries(mut self, known: Vec<Entry>) -> Step {
        self.mirror = if self.cursor.is_some() { Mirror::of(known) } else { Mirror::beside(known) };
        let touched = self.apply_round();
        let masters = touched.into_iter().map(Ask::Master);
        // M6.6: what lies outside of the window now is told as removed, like what is deleted.
        let events: Vec<Ask> = self.open_removals().into_iter().map(Ask::Event).collect();
        self.ask(masters.chain(events));
        self.next()
    }

    /// Takes over the rows of the round; the series that they touch.
    fn apply_round(&mut self) -> BTreeSet<String> {
        let mut touched = BTreeSet::new();
        for (id, row) in &self.rows {
            touched.extend(row.series(id).map(str::to_owned));
            self.mirror.take_in_order(id, row.clone());
        }
        for id in &self.removed {
            if let Some(row) = self.mirror.get(id) {
                touched.extend(row.series(id).map(str::to_owned));
            }
        }
        touched
    }

    /// Removed rows that only a read by id can tell deleted from moved; names of occurrences are dropped at once, and masters
    /// are asked for as touched series.
    fn open_removals(&mut self) -> Vec<String> {
        let mut open = Vec::new();
        for id in &self.removed {
            match self.mirror.get(id).map(Row::kind) {
                Some("occurrence") => self.mirror.remove(id),
                None | Some("seriesMaster") => {}
                Some(_) => open.push(id.clone()),
            }
        }
        open
    }

    /// Plans reads by id, each once in a pass, as many as there is room for.
    fn ask(&mut self, asks: impl Iterator<Item = Ask>) {
        for ask in asks {
            if self.asked_ids.len() >= ASKS_MAX {
                self.view_wanted |= !self.viewed;
                return;
            }
            if self.asked_ids.insert(ask.clone()) {
                self.asks.push_back(ask);
            }
        }
    }

    /// What is to be done next, once a round is taken in.
    fn next(mut self) -> Step {
        if self.asks.is_empty() && self.view_wanted && !self.viewed {
            return self.begin_view();
        }
        if self.asks.is_empty() {
            // Occurrences whose series cannot be read stand alone, and need their details (M6.7, C14).
            let alone: Vec<Ask> = self.mirror.alone().map(|id| Ask::Event(id.to_owned())).collect();
            self.ask(alone.into_iter());
        }
        match self.asks.front() {
            Some(ask) => {
                self.phase = Phase::Ask;
                let request = match ask {
                    Ask::Master(id) if !self.plain => master_request(&self.root, id),
                    Ask::Master(id) | Ask::Event(id) => event_request(&self.root, id),
                };
                Next::Call(self, request)
            }
            None => self.done(),
        }
    }

    fn answered(mut self, answer: &Response) -> Step {
        let Some(ask) = self.asks.pop_front() else { return self.next() };
        let is_master = matches!(ask, Ask::Master(_));
        match error::of_answer(Origin::Graph, answer) {
            None => {}
            Some(SyncError::Operator("request-refused")) if is_master && !self.plain => {
                self.plain = true;
                self.asks.push_front(ask);
                return self.next();
            }
            Some(SyncError::CalendarGone | SyncError::CursorExpired) => {
                match ask {
                    // The round says that it is there: this was read from a copy that is behind (M6.5).
                    Ask::Master(id) if self.rows.contains_key(&id) => self.leave_to_views(),
                    Ask::Master(id) => self.master_gone(id),
                    Ask::Event(id) => self.mirror.remove(&id),
                }
                return self.next();
            }
            // Where the round may be read, one event that may not be says nothing about the connection (M7.8).
            Some(SyncError::PermissionMissing(_)) => return self.next(),
            Some(error) => return Next::Failed(error),
        }
        let Ok(Value::Object(row)) = serde_json::from_slice::<Value>(&answer.body) else {
            return Next::Failed(SyncError::Retry("page-cut"));
        };
        match ask {
            Ask::Master(id) if self.is_behind(&id, &row) => self.leave_to_views(),
            Ask::Master(id) => self.master(&id, row),
            Ask::Event(id) => self.event(&id, Row(row)),
        }
        self.next()
    }

    /// Whether a read by id shows an older state than the round told: kept, it would hide the change for good, since the cursor
    /// has passed it.
    fn is_behind(&self, id: &str, row: &Map<String, Value>) -> bool {
        self.rows.get(id).is_some_and(|told| Row(row.clone()).is_older_than(told))
    }

    /// What was read by id is worth nothing; the view tells as well, and another one in the next pass whether this one did.
    fn leave_to_views(&mut self) {
        self.view_wanted = true;
        self.doubt = true;
    }

    /// A series cannot be read: it was deleted, and its entries with it; or it never could, and what the round told of its
    /// instances stands alone (`G2.20` holds here as well).
    fn master_gone(&mut self, id: String) {
        self.mirror.remove(&id);
        self.mirror.remove_family(&id, |instance| self.rows.contains_key(instance));
        self.unreachable.insert(id);
    }

    fn master(&mut self, id: &str, mut row: Map<String, Value>) {
        // Told removed, and there all the same: it may lie outside of the window now, or the read be behind.
        self.doubt |= self.removed.contains(id);
        let exceptions = row.remove("exceptionOccurrences");
        let all_of_them = !row.contains_key("exceptionOccurrences@odata.nextLink");
        let lists_cancelled = row.contains_key("cancelledOccurrences");
        let row = Row(row);
        if row.kind() != "seriesMaster" {
            self.mirror.take(id, row);
            self.mirror.remove_family(id, |_| false);
            return;
        }
        self.view_wanted |= !lists_cancelled;
        self.mirror.take(id, row);
        let Some(Value::Array(exceptions)) = exceptions else { return };
        let mut listed = BTreeSet::new();
        for exception in exceptions {
            let Value::Object(mut exception) = exception else { continue };
            exception.entry("type").or_insert_with(|| "exception".into());
            exception.entry("seriesMasterId").or_insert_with(|| id.into());
            let exception = Row(exception);
            let Some(exception_id) = exception.id().map(str::to_owned) else { continue };
            self.mirror.take(&exception_id, exception);
            listed.insert(exception_id);
        }
        if all_of_them {
            let shown = |known: &str| self.rows.contains_key(known) || self.view.contains_key(known);
            self.mirror.remove_exceptions(id, |known| listed.contains(known) || shown(known));
        }
    }

    fn event(&mut self, id: &str, row: Row) {
        // Told removed, and there all the same: the read may be behind, or the event lie in another calendar now.
        self.doubt |= self.removed.contains(id) && row.overlaps(&self.window);
        // An exception counts wherever it was moved to: without it, its series would fill the place that it left.
        if row.kind() == "exception" || row.overlaps(&self.window) {
            self.mirror.take(id, row);
        } else {
            self.mirror.remove(id);
        }
    }

    fn done(mut self) -> Step {
        if self.viewed {
            // What only the round told counts as shown: the view may be behind it.
            for (id, row) in std::mem::take(&mut self.rows) {
                self.view.entry(id).or_insert(row);
            }
            view::cancel_what_is_missing(&mut self.mirror, &self.view, &self.window);
        }
        self.mirror.forget_before(self.asked.start);
        let complete = self.cursor.is_none();
        let cursor = self.next_cursor(false);
        let changes = self.mirror.changes(self.context.as_deref(), complete);
        Next::Done(Finished { changes, cursor, nameless: self.nameless })
    }

    fn next_cursor(&self, quiet: bool) -> CursorStep {
        let now = self.now.as_second();
        let Some(link) = self.delta_link.clone().filter(|link| link.len() <= LINK_BYTES_MAX) else { return CursorStep::Drop };
        if quiet && self.cursor.as_ref().is_some_and(|cursor| now.saturating_sub(cursor.at) < CURSOR_AGE_SECS_MAX) {
            return CursorStep::Keep;
        }
        let viewed = match &self.cursor {
            _ if self.doubt => 0,
            Some(cursor) if !self.viewed => cursor.viewed,
            // A full round lists the window as well as the view does.
            _ => now,
        };
        let set = digest(&format!("{} {}", self.root, prefer()));
        let cursor = Cursor { set, link, from: self.window.start.as_second(), to: self.window.end.as_second(), viewed, at: now };
        serde_json::to_string(&cursor).map_or(CursorStep::Drop, CursorStep::Store)
    }

    /// A page of either listing.
    fn page(&mut self, answer: &Response) -> Result<Page, SyncError> {
        let Ok(Value::Object(mut page)) = serde_json::from_slice::<Value>(&answer.body) else {
            return Err(SyncError::Retry("page-cut"));
        };
        let Some(Value::Array(rows)) = page.remove("value") else { return Err(SyncError::Retry("no-page")) };
        self.pages += 1;
        let mut text = |name| match page.remove(name) {
            Some(Value::String(text)) => Some(text),
            _ => None,
        };
        let (next, delta, context) = (text("@odata.nextLink"), text("@odata.deltaLink"), text("@odata.context"));
        self.context = self.context.take().or(context);
        // A link to elsewhere would take the user's token along.
        if [&next, &delta].into_iter().flatten().any(|link| !same_origin(&self.base, link)) {
            return Err(SyncError::Retry("link-to-elsewhere"));
        }
        let objects = rows.into_iter().filter_map(|row| match row {
            Value::Object(row) => Some(Row(row)),
            _ => None,
        });
        Ok(Page { rows: objects.collect(), next, delta })
    }
}

struct Page {
    rows: Vec<Row>,
    next: Option<String>,
    delta: Option<String>,
}

/// The window of a round, in whole seconds.
fn anchored(asked: &Range<Instant>) -> Range<Instant> {
    let whole = |at: Instant| Instant::from_second(at.as_second()).unwrap_or(at);
    whole(listed_from(asked.start))..whole(after(asked.end, SPARE))
}

/// The bounds of a window, in UTC (`M6.15`).
fn bounds(window: &Range<Instant>) -> String {
    format!("startDateTime={}&endDateTime={}", escaped(&window.start.to_string()), escaped(&window.end.to_string()))
}

/// What every request says, continuation pages as well (`M6.13`).
pub(super) fn prefer() -> String {
    format!("outlook.timezone=\"UTC\", IdType=\"ImmutableId\", odata.maxpagesize={PAGE_ROWS}")
}

fn request(url: &str) -> Request {
    Request::new(Purpose::Provider, Method::Get, url).header("prefer", prefer())
}

/// Where a calendar is; without a name, that is the account's own (`M6.16`).
pub(super) fn root(base: &str, reference: &str) -> String {
    match reference {
        "" => format!("{base}/me"),
        id => format!("{base}/me/calendars/{}", escaped(id)),
    }
}

fn master_request(root: &str, id: &str) -> Request {
    let fields = escaped(MASTER_FIELDS);
    request(&format!("{root}/events/{}?$select={fields}&$expand=exceptionOccurrences", escaped(id)))
}

/// Asks for one event of the calendar at `root`; events of calendars that others share are found nowhere else.
pub(super) fn event_request(root: &str, id: &str) -> Request {
    request(&format!("{root}/events/{}", escaped(id)))
}

/// The event in the answer to [`event_request`]; `None`: it is gone.
pub(super) fn event_answer(answer: &Response) -> Result<Option<String>, SyncError> {
    match error::of_answer(Origin::Graph, answer) {
        None => {}
        Some(SyncError::CalendarGone | SyncError::CursorExpired) => return Ok(None),
        Some(error) => return Err(error),
    }
    let Ok(Value::Object(row)) = serde_json::from_slice::<Value>(&answer.body) else {
        return Err(SyncError::Retry("page-cut"));
    };
    let row = Row(row);
    if row.id().is_none() {
        return Err(SyncError::Retry("page-cut"));
    }
    // M7.5: an attendee's copy of what the organizer called off is still there, and says so.
    Ok((!row.is_cancelled()).then(|| row.to_body()))
}

/// Whether a link leads to where the interface is.
fn same_origin(base: &str, link: &str) -> bool {
    let origin = |url: &str| url::Url::parse(url).ok().map(|url| url.origin());
    matches!((origin(base), origin(link)), (Some(base), Some(link)) if base == link)
}

fn after(at: Instant, wait: Elapsed) -> Instant {
    at.checked_add(wait).unwrap_or(Instant::MAX)
}

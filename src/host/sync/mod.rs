//! Reading a calendar to the end: one machine for each kind of provider, behind one face.
//!
//! A [`Pass`] is started with what is known of a calendar and hands out requests; every answer goes into [`Pass::step`], until
//! it is [`Step::Done`] or [`Step::Failed`]. A pass moves no byte and stores nothing: whoever drives it sends the requests
//! (with the `authorization` header, which is not among what a pass knows), stores the outcome with its cursor in one commit
//! (`G1.7`), and expands series.
//!
//! Promises: a pass that fails has changed nothing, and repeating one that ended changes nothing more; whatever comes, a pass
//! ends after a bounded number of calls; entries go missing only where the provider said so, or left them out of a listing
//! that was read to its end.
//!
//! Deliberately absent: tokens, the store, time (`now` is given), and waiting: how long after which error is [`cadence`]'s and
//! [`quota`]'s word.

pub mod cadence;
pub mod entries;
pub mod error;
mod feed;
mod google;
mod graph;
pub mod quota;
pub mod related;
pub mod share;
pub mod single;
#[cfg(test)]
mod tests;

pub use entries::{BASE_ID, calendar_of, calendar_with, entry_to_ask};
pub use error::SyncError;
pub use related::{Related, first_of_change, related, related_to_change};

use crate::host::http::{NetError, Request, Response};
use crate::host::model::{Calendar, Entry, Origin};
use crate::time::{Elapsed, Instant};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::Range;

/// Where the providers' interfaces are, without a slash at the end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bases {
    /// Google Calendar, version 3.
    pub google: String,
    /// Microsoft Graph, version 1.0.
    pub graph: String,
}

impl Default for Bases {
    fn default() -> Self {
        Self { google: "https://www.googleapis.com/calendar/v3".to_owned(), graph: "https://graph.microsoft.com/v1.0".to_owned() }
    }
}

/// What comes back for a request.
pub type Answer = Result<Response, NetError>;

/// One reading of a calendar, from its cursor to the end. `Debug` shows none of what it read.
#[derive(Clone)]
pub struct Pass(Machine);

#[derive(Clone)]
enum Machine {
    Google(Box<google::Pass>),
    Graph(Box<graph::Pass>),
    Feed(Box<feed::Pass>),
}

/// What a pass wants next.
#[derive(Debug)]
pub enum Step {
    /// Send the request, and give the answer to [`Pass::step`].
    Call(Pass, Request),
    /// Load the entries of the calendar, and give them to [`Pass::entries`]. Quiet passes never ask.
    Entries(Pass),
    /// The calendar is read.
    Done(Finished),
    /// It is not, and nothing is to be changed.
    Failed(SyncError),
}

/// What a pass found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finished {
    /// What is to be changed.
    pub changes: Changes,
    /// What becomes of the cursor; stored in the same commit as the changes (`G1.7`).
    pub cursor: CursorStep,
    /// Rows that could not be told apart from others and were left out: they had no id, or one that no provider gives.
    pub nameless: usize,
}

impl Finished {
    /// Whether nothing at all is to be written.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.changes == Changes::default() && self.cursor == CursorStep::Keep
    }
}

/// Changes to the entries of a calendar.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Entries to make or to replace, ascending by id, each once; some may be as they are known already.
    pub upsert: Vec<Entry>,
    /// Ids of entries to remove, ascending; unknown ones among them mean nothing.
    pub remove: Vec<String>,
    /// `upsert` is all there is: known entries that are not in it are gone.
    pub complete: bool,
}

impl Changes {
    /// Whether facts of the calendar itself change, so that all of its entries must be read again.
    #[must_use]
    pub fn base_changed(&self) -> bool {
        self.upsert.iter().any(|entry| entry.id == BASE_ID)
    }

    /// The ids of all entries that change.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<&str> {
        let upsert = self.upsert.iter().map(|entry| entry.id.as_str());
        upsert.chain(self.remove.iter().map(String::as_str)).collect()
    }

    /// Only what differs from `known`: what is to be written (`G1.8`: a full listing is compared, nothing is wiped).
    #[must_use]
    pub fn against(&self, known: &[Entry]) -> Self {
        let known: BTreeMap<&str, &str> = known.iter().map(|entry| (entry.id.as_str(), &*entry.body)).collect();
        let differs = |entry: &&Entry| known.get(entry.id.as_str()) != Some(&&*entry.body);
        let upsert: Vec<Entry> = self.upsert.iter().filter(differs).cloned().collect();
        let listed: BTreeSet<&str> = self.upsert.iter().map(|entry| entry.id.as_str()).collect();
        let named: BTreeSet<&str> = self.remove.iter().map(String::as_str).collect();
        let gone = |id: &&&str| named.contains(**id) || (self.complete && !listed.contains(**id));
        let remove = known.keys().filter(gone).map(|id| (*id).to_owned()).collect();
        Self { upsert, remove, complete: false }
    }
}

/// What becomes of the cursor of a calendar. `Debug` does not show it: it opens what it points to.
#[derive(Clone, Default, PartialEq, Eq)]
pub enum CursorStep {
    /// It stays as it is.
    #[default]
    Keep,
    /// This one takes its place.
    Store(String),
    /// There is none: the next pass is a full one.
    Drop,
}

impl fmt::Debug for CursorStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keep => "Keep",
            Self::Store(_) => "Store",
            Self::Drop => "Drop",
        })
    }
}

/// What a pass begins with.
#[derive(Clone, Debug)]
pub(crate) struct Start<'a> {
    pub bases: &'a Bases,
    pub calendar: &'a Calendar,
    pub window: Range<Instant>,
    pub now: Instant,
}

impl fmt::Debug for Pass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Machine::Google(_) => "pass over google",
            Machine::Graph(_) => "pass over graph",
            Machine::Feed(_) => "pass over a feed",
        })
    }
}

impl Pass {
    /// Begins to read `calendar`, with the first request to send.
    ///
    /// What matters of the calendar are its origin, reference and cursor; a cursor that was made with other parameters, or by
    /// another origin, means a full pass (`G1.4`). `window` is what occurrences are wanted of; a provider may tell more.
    #[must_use]
    pub fn start(bases: &Bases, calendar: &Calendar, window: Range<Instant>, now: Instant) -> (Self, Request) {
        let start = Start { bases, calendar, window, now };
        match calendar.origin {
            Origin::Google => {
                let (pass, request) = google::Pass::start(&start);
                (Self(Machine::Google(Box::new(pass))), request)
            }
            Origin::Graph => {
                let (pass, request) = graph::Pass::start(&start);
                (Self(Machine::Graph(Box::new(pass))), request)
            }
            Origin::Feed => {
                let (pass, request) = feed::Pass::start(&start);
                (Self(Machine::Feed(Box::new(pass))), request)
            }
        }
    }

    /// Goes on with the answer to the last request.
    ///
    /// A driver that would rather repeat the very request after a refusal (another access token, a short wait) asks
    /// [`error::of_answer`] first and keeps the pass.
    #[must_use]
    pub fn step(self, answer: Answer) -> Step {
        match self.0 {
            Machine::Google(pass) => pass.step(answer).into(),
            Machine::Graph(pass) => pass.step(answer).into(),
            Machine::Feed(pass) => pass.step(answer).into(),
        }
    }

    /// Goes on with the entries that the store has of the calendar, all of them.
    #[must_use]
    pub fn entries(self, known: Vec<Entry>) -> Step {
        match self.0 {
            Machine::Google(pass) => pass.entries(&known).into(),
            Machine::Graph(pass) => pass.entries(known).into(),
            Machine::Feed(pass) => pass.entries(&known).into(),
        }
    }
}

/// [`Step`], as one machine says it of itself.
enum Next<M> {
    Call(M, Request),
    Entries(M),
    Done(Finished),
    Failed(SyncError),
}

macro_rules! into_step {
    ($($machine:ident $module:ident),*) => {$(
        impl From<Next<$module::Pass>> for Step {
            fn from(next: Next<$module::Pass>) -> Self {
                let pass = |pass| Pass(Machine::$machine(Box::new(pass)));
                match next {
                    Next::Call(machine, request) => Self::Call(pass(machine), request),
                    Next::Entries(machine) => Self::Entries(pass(machine)),
                    Next::Done(finished) => Self::Done(finished),
                    Next::Failed(error) => Self::Failed(error),
                }
            }
        }
    )*};
}
into_step!(Google google, Graph graph, Feed feed);

/// A cursor is stored anew although nothing changed once it is this old: providers forget old ones.
pub const CURSOR_AGE_SECS_MAX: i64 = 24 * 3600;

/// How far before what is asked for full listings begin. An occurrence that was moved into the past is told only by a listing that
/// reaches back to where it is now; without it, the rule of its series would make it again at its original start.
const REACH_BACK: Elapsed = Elapsed::from_hours(31 * 24);

/// The begin of full listings.
fn listed_from(asked: Instant) -> Instant {
    asked.checked_sub(REACH_BACK).unwrap_or(Instant::MIN)
}

/// Where the events of a Google calendar are.
pub(in crate::host) fn events_address(base: &str, reference: &str) -> String {
    google::events_url(base, reference)
}

/// Where a calendar of Graph is, without the service's own address.
pub(in crate::host) fn graph_root_path(reference: &str) -> String {
    graph::root("", reference).trim_start_matches('/').to_owned()
}

/// What every request to Graph says.
pub(in crate::host) fn graph_preferences() -> String {
    graph::prefer()
}

/// Text for a path or a query: everything but letters, digits and `-._*` is escaped.
fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

/// A short name for a set of parameters, so that another set is told from it.
fn digest(text: &str) -> String {
    use sha2::{Digest, Sha256};
    data_encoding::HEXLOWER.encode(&Sha256::digest(text)[..16])
}

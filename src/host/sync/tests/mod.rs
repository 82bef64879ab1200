//! Machines against scripted providers: answers in, requests and entries out.

mod cadence;
mod error;
mod feed;
mod fixtures;
mod google;
mod graph;
mod quota;

use super::{Answer, Bases, CursorStep, Finished, Pass, Step, SyncError};
use crate::host::http::{Request, Response};
use crate::host::model::{Calendar, CalendarId, CalendarState, ConnectionId, Entry, Origin, TenantId};
use crate::time::{Instant, Zone};
use crate::value::Closed;
use serde_json::Value;
use std::ops::Range;

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn window() -> Range<Instant> {
    at("2026-03-02T00:00:00Z")..at("2026-03-16T00:00:00Z")
}

fn calendar(origin: Origin, cursor: Option<String>) -> Calendar {
    Calendar {
        tenant: TenantId(1),
        id: CalendarId(1),
        connection: ConnectionId(1),
        origin,
        reference: if origin == Origin::Feed { "webcal://cal.example/team.ics".to_owned() } else { String::new() },
        cursor,
        state: CalendarState::Active,
        synced_at: None,
        expanded_to: None,
        version: 1,
    }
}

/// More calls than any test needs; a pass that makes them goes in a circle.
const CALLS_MAX: usize = 2000;

/// What a pass did.
struct Run {
    requests: Vec<Request>,
    /// Whether it asked for the entries.
    asked: bool,
    end: Result<Finished, SyncError>,
}

impl Run {
    fn finished(self) -> Finished {
        self.end.unwrap_or_else(|error| panic!("failed: {error}"))
    }

    fn cursor(&self) -> Option<String> {
        match &self.end.as_ref().expect("a finished pass").cursor {
            CursorStep::Store(cursor) => Some(cursor.clone()),
            CursorStep::Keep | CursorStep::Drop => None,
        }
    }

    /// The requests without what is common to all, then the outcome; an entry a line.
    fn told(&self, shown: impl Fn(&Entry) -> String) -> String {
        let mut text: String = self.requests.iter().map(|request| format!("{}\n", short(&request.url))).collect();
        match &self.end {
            Err(error) => text += &format!("failed: {error}\n"),
            Ok(Finished { changes, cursor, nameless }) => {
                let cursor = match cursor {
                    CursorStep::Keep => "kept",
                    CursorStep::Store(_) => "stored",
                    CursorStep::Drop => "dropped",
                };
                let complete = if changes.complete { ", complete" } else { "" };
                let nameless = if *nameless > 0 { format!(", {nameless} nameless") } else { String::new() };
                text += &format!("cursor {cursor}{complete}{nameless}\n");
                changes.upsert.iter().for_each(|entry| text += &format!("+ {}\n", shown(entry)));
                changes.remove.iter().for_each(|id| text += &format!("- {id}\n"));
            }
        }
        text
    }
}

/// A URL without its host and the long lists of fields.
fn short(url: &str) -> String {
    let path = url.split_once("://").and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..])).unwrap_or(url);
    let kept = |part: &&str| !["fields=", "singleEvents=", "maxResults=", "$select="].iter().any(|start| part.starts_with(start));
    match path.split_once('?') {
        Some((path, query)) => format!("{path}?{}", query.split('&').filter(kept).collect::<Vec<_>>().join("&")),
        None => path.to_owned(),
    }
}

/// Runs a pass at the beginning of the window.
fn run(calendar: &Calendar, known: &[Entry], server: impl FnMut(&Request) -> Answer) -> Run {
    run_at(calendar, known, window().start, window(), server)
}

fn run_at(
    calendar: &Calendar,
    known: &[Entry],
    now: Instant,
    window: Range<Instant>,
    mut server: impl FnMut(&Request) -> Answer,
) -> Run {
    let (pass, request) = Pass::start(&Bases::default(), calendar, window, now);
    let mut run = Run { requests: vec![request.clone()], asked: false, end: Err(SyncError::CursorExpired) };
    let mut step = pass.step(server(&request));
    loop {
        step = match step {
            Step::Call(pass, request) => {
                assert!(run.requests.len() < CALLS_MAX, "goes in a circle");
                let answer = server(&request);
                run.requests.push(request);
                pass.step(answer)
            }
            Step::Entries(pass) => {
                run.asked = true;
                pass.entries(known.to_vec())
            }
            Step::Done(finished) => {
                run.end = Ok(finished);
                return run;
            }
            Step::Failed(error) => {
                run.end = Err(error);
                return run;
            }
        };
    }
}

/// Answers in their order, whatever is asked.
fn script(answers: Vec<Response>) -> impl FnMut(&Request) -> Answer {
    let mut answers = answers.into_iter();
    move |request| Ok(answers.next().unwrap_or_else(|| panic!("no answer left for {}", short(&request.url))))
}

fn ok(body: Value) -> Response {
    Response::json(200, &body)
}

/// The entries after a pass, as a store would have them.
fn stored(known: &[Entry], finished: &Finished) -> Vec<Entry> {
    let changes = finished.changes.against(known);
    let kept =
        known.iter().filter(|entry| !changes.remove.contains(&entry.id) && !changes.upsert.iter().any(|new| new.id == entry.id));
    let mut entries: Vec<Entry> = kept.cloned().chain(changes.upsert.iter().cloned()).collect();
    entries.sort_by(|one, other| one.id.cmp(&other.id));
    entries
}

/// The occurrences in the window, a line each: start, title, and the id that the provider is asked for.
fn occurrences(origin: Origin, entries: &[Entry]) -> String {
    let utc = Zone::utc();
    let calendar = super::calendar_of(origin, entries, &utc).expect("entries that can be read");
    let askable = super::entry_to_ask(origin, entries, &utc);
    let line = |occurrence: &crate::event::Occurrence| {
        let title = match &occurrence.facts.title {
            crate::value::Fact::Known(title) => title.as_ref().map_or("-", |title| &title.content).to_owned(),
            crate::value::Fact::Unknown(reason) => format!("({})", reason.code()),
        };
        let status = occurrence.facts.status.word();
        let id = askable.id_of(occurrence, &utc).unwrap_or_else(|| "-".to_owned());
        format!("{} {title} {status} {id}\n", occurrence.start.instant(&utc))
    };
    calendar.occurrences(window(), &utc).occurrences.iter().map(line).collect()
}

#[test]
fn a_full_listing_is_compared_and_nothing_is_wiped() {
    let entry = |id: &str, body: &str| Entry { id: id.to_owned(), body: body.into() };
    let known = [entry("a", "1"), entry("b", "1"), entry("c", "1")];
    let listing = super::Changes { upsert: vec![entry("a", "1"), entry("b", "2")], remove: Vec::new(), complete: true };
    let changes = listing.against(&known);
    assert_eq!(changes, super::Changes { upsert: vec![entry("b", "2")], remove: vec!["c".to_owned()], complete: false });
    let partial = super::Changes { complete: false, remove: vec!["x".to_owned()], ..listing };
    assert_eq!(partial.against(&known).remove, Vec::<String>::new());
}

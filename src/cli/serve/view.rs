//! The live view: whose calendars are read, which meetings come, which bots go where.

use crate::cli::print;
use crate::host::context::Context;
use crate::host::model::{Connection, Dispatch, DispatchState, EventId, Meeting, Outcome, Sighting, TenantId};
use crate::host::schedule::identity::{of_place, place};
use crate::host::store::StoreError;
use crate::time::{Elapsed, Instant, Zone};
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use std::fmt::Write;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Most meetings that are shown.
const MEETINGS_MAX: usize = 18;
/// Most events that are shown.
const EVENTS_MAX: usize = 6;
/// Columns of a title.
const TITLE_WIDTH: usize = 36;

const HEAD: Style = Style::new().bold();
const FAINT: Style = Style::new().dimmed();
const GOOD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Green)));
const BAD: Style = Style::new().fg_color(Some(anstyle::Color::Ansi(AnsiColor::Red)));

/// A tenant's calendars, meetings and bots.
pub(super) struct View {
    host: Context,
    tenant: TenantId,
    title: String,
}

/// What the view shows, read at one moment.
struct Seen {
    now: Instant,
    connections: Vec<(Connection, Option<Instant>, usize)>,
    meetings: Vec<(Meeting, String, Vec<Dispatch>)>,
    events: Vec<(Instant, String, String)>,
}

impl View {
    pub(super) fn new(host: Context, tenant: TenantId, title: String) -> Self {
        Self { host, tenant, title }
    }

    /// Draws over what was drawn before. A terminal that is gone ends nothing: the host goes on.
    pub(super) async fn draw(&self) {
        let page = match self.read().await {
            Ok(seen) => page(&self.title, &seen),
            Err(error) => format!("{error}\n"),
        };
        let _ = print(&format!("\x1b[H\x1b[2J{page}"));
    }

    async fn read(&self) -> Result<Seen, StoreError> {
        let (store, now) = (&self.host.store, self.host.now());
        let calendars = store.calendars(self.tenant).await?;
        let mut connections = Vec::new();
        let mut titles: BTreeMap<String, String> = BTreeMap::new();
        for connection in store.connections(self.tenant).await? {
            let own: Vec<_> = calendars.iter().filter(|calendar| calendar.connection == connection.id).collect();
            let read_at = own.iter().filter_map(|calendar| self.host.pass_state(calendar.id).read_at).max();
            let mut count = 0;
            for calendar in own {
                let sightings = store.sightings(self.tenant, calendar.id).await?;
                count += sightings.len();
                titles.extend(sightings.iter().map(|sighting| (place(sighting), title(sighting))));
            }
            connections.push((connection, read_at, count));
        }
        let from = now - Elapsed::from_mins(30);
        let mut meetings = Vec::new();
        for meeting in store.meetings(self.tenant, from, Instant::MAX, MEETINGS_MAX).await? {
            let dispatches = store.dispatches_of(self.tenant, std::slice::from_ref(&meeting.id)).await?;
            let title = meeting.sightings.iter().find_map(|place| titles.get(place)).cloned().unwrap_or_default();
            meetings.push((meeting, title, dispatches));
        }
        let all = store.events(self.tenant, EventId(0), usize::MAX).await?;
        let last = all.into_iter().rev().take(EVENTS_MAX).map(|event| (event.at, event.kind, event.subject)).collect();
        Ok(Seen { now, connections, meetings, events: last })
    }
}

fn title(sighting: &Sighting) -> String {
    let body: serde_json::Value = serde_json::from_str(&sighting.body).unwrap_or_default();
    body["title"].as_str().unwrap_or("(no title)").to_owned()
}

fn page(title: &str, seen: &Seen) -> String {
    let zone = Zone::utc();
    let clock = |at: Instant| zone.civil(at).strftime("%H:%M:%S").to_string();
    let mut out =
        format!("{HEAD}{title}{HEAD:#}\n{FAINT}{} UTC{FAINT:#}\n\n", zone.civil(seen.now).strftime("%-d %b %Y, %H:%M:%S"));
    let _ = writeln!(out, "{HEAD}Calendars{HEAD:#}");
    for (connection, read_at, count) in &seen.connections {
        let read = read_at.map_or_else(|| "not read yet".to_owned(), |at| format!("read {}", ago(seen.now, at)));
        let state = connection.state.word();
        let _ = writeln!(
            out,
            "  {:<10} {:<7} {count:>3} meetings   {read}, {state}",
            cut(&connection.user, 10),
            connection.origin.word()
        );
    }
    let _ = writeln!(out, "\n{HEAD}Meetings{HEAD:#}");
    for (meeting, title, dispatches) in &seen.meetings {
        let (style, mark) = match meeting.outcome {
            Outcome::Record => (GOOD, "●"),
            Outcome::Skip => (Style::new(), "○"),
            Outcome::NotRecordable => (FAINT, "┄"),
        };
        let shown = meeting.sightings.iter().filter(|place| of_place(place).is_some()).count();
        let copies = if shown > 1 { format!("×{shown}") } else { String::new() };
        let bot = match (dispatches.last(), meeting.outcome) {
            (Some(dispatch), _) => bot(dispatch, seen.now),
            (None, Outcome::Record) => "was over when it was seen".to_owned(),
            (None, _) => String::new(),
        };
        let start = zone.civil(meeting.start).strftime("%a %H:%M").to_string();
        let _ = writeln!(
            out,
            "  {style}{mark} {start}  {}{style:#} {copies:<3} {bot:<25} {FAINT}{}{FAINT:#}",
            padded(title, TITLE_WIDTH),
            cut(&meeting.reason, 48)
        );
    }
    if seen.meetings.is_empty() {
        let _ = writeln!(out, "  {FAINT}none yet{FAINT:#}");
    }
    let _ = writeln!(out, "\n{HEAD}Events{HEAD:#} {FAINT}(as told to webhook receivers){FAINT:#}");
    for (at, kind, subject) in &seen.events {
        let style = if kind.ends_with("missed") || kind.ends_with("lost") { BAD } else { Style::new() };
        let _ = writeln!(out, "  {}  {style}{kind:<22}{style:#} {FAINT}{}{FAINT:#}", clock(*at), cut(subject, 30));
    }
    out
}

/// What the bot does, in two or three words.
fn bot(dispatch: &Dispatch, now: Instant) -> String {
    match dispatch.state {
        DispatchState::Planned => {
            let left = dispatch.fire_at.duration_since(now).as_secs();
            if left > 3600 {
                format!("bot in {} h {} min", left / 3600, left % 3600 / 60)
            } else if left > 0 {
                format!("bot in {}:{:02}", left / 60, left % 60)
            } else {
                "bot due".to_owned()
            }
        }
        DispatchState::Claimed | DispatchState::Unknown => "asking for a bot".to_owned(),
        DispatchState::Accepted => "bot is coming".to_owned(),
        DispatchState::Joined => "bot is in the meeting".to_owned(),
        DispatchState::Ended => "bot has left".to_owned(),
        DispatchState::Recalling => "calling the bot back".to_owned(),
        DispatchState::Recalled | DispatchState::Withdrawn => "bot called off".to_owned(),
        DispatchState::Missed => "missed".to_owned(),
    }
}

fn ago(now: Instant, at: Instant) -> String {
    match now.duration_since(at).as_secs() {
        secs @ ..90 => format!("{secs} s ago"),
        secs => format!("{} min ago", secs / 60),
    }
}

/// Shown text comes from strangers: no control characters, at most so many columns.
fn cut(text: &str, width: usize) -> String {
    let mut shown = String::new();
    let mut columns = 0;
    for c in text.chars() {
        let c = if c.is_control() { ' ' } else { c };
        columns += c.width().unwrap_or(0);
        if columns > width {
            shown.pop();
            shown.push('…');
            break;
        }
        shown.push(c);
    }
    shown
}

fn padded(text: &str, width: usize) -> String {
    let shown = cut(text, width);
    let gap = width.saturating_sub(shown.width());
    shown + &" ".repeat(gap)
}

//! Calendar feeds: one iCalendar file an account, with ETag and Last-Modified.

use super::ask::Ask;
use super::calendar::{AccountId, Changed, Content, Copy, Guest, Meeting, MeetingId, Truth};
use super::dice::hash;
use super::google::Shown;
use crate::host::http::{Method, Response};
use crate::host::model::Origin;
use crate::time::{Elapsed, Instant, Zone};
use crate::value::Response as Answer;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The files as they were last asked for: most are asked for again before they change.
#[derive(Clone, Debug, Default)]
pub struct Feeds {
    files: BTreeMap<AccountId, File>,
}

#[derive(Clone, Debug)]
struct File {
    /// The last revision that changed it.
    rev: Option<u64>,
    text: String,
    tag: String,
}

impl Feeds {
    /// The file of an account at a revision.
    fn file(&mut self, truth: &Truth, account: AccountId, rev: u64) -> &File {
        let last = truth.last_rev(account, rev);
        let made = || {
            let text = document(truth, account, rev);
            let tag = format!("\"{:016x}\"", hash(&text));
            File { rev: last, text, tag }
        };
        let file = self.files.entry(account).or_insert_with(made);
        if file.rev != last {
            *file = made();
        }
        file
    }

    /// Answers a request for `/TOKEN.ics`.
    pub fn handle(&mut self, truth: &Truth, shown: Shown, ask: &Ask<'_>) -> Response {
        let token = match (ask.method(), ask.parts().as_slice()) {
            (Method::Get, [file]) => file.strip_suffix(".ics").map(str::to_owned),
            _ => None,
        };
        let account = match token.and_then(|token| truth.find_token(&token)) {
            Some(id) if truth.account(id).origin == Origin::Feed => id,
            _ => return Response::empty(404),
        };
        let file = self.file(truth, account, shown.rev);
        let changed = truth.last_change(account, shown.rev).unwrap_or(Instant::UNIX_EPOCH);
        let headers = vec![
            ("content-type".to_owned(), "text/calendar; charset=utf-8".to_owned()),
            ("etag".to_owned(), file.tag.clone()),
            ("last-modified".to_owned(), http_date(changed)),
        ];
        let known = |asked: &str, at: usize| ask.request.find_header(asked).is_some_and(|value| value == headers[at].1);
        // The tag goes before the date (RFC 9110 §13.2.2).
        let same = match ask.request.find_header("if-none-match") {
            Some(_) => known("if-none-match", 1),
            None => known("if-modified-since", 2),
        };
        match same {
            true => Response { status: 304, headers, body: Vec::new() },
            false => Response { status: 200, headers, body: file.text.clone().into_bytes() },
        }
    }
}

fn http_date(at: Instant) -> String {
    Zone::utc().civil(at).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// The file of an account at a revision. Equal for equal content: nothing in it tells when it was made.
#[must_use]
pub fn document(truth: &Truth, account: AccountId, rev: u64) -> String {
    document_of(truth, account, rev, truth.known_to(account))
}

/// The part of the file that tells of these meetings.
#[must_use]
pub fn document_of(truth: &Truth, account: AccountId, rev: u64, meetings: impl Iterator<Item = MeetingId>) -> String {
    let own = truth.account(account);
    let mut lines = Lines::default();
    lines.add("BEGIN:VCALENDAR");
    lines.add("VERSION:2.0");
    lines.add("PRODID:-//Paper Planner//Feed 3//EN");
    lines.add(&format!("X-WR-CALNAME:{}", escaped(&own.address)));
    lines.add(&format!("X-WR-TIMEZONE:{}", own.zone.name()));
    for id in meetings {
        if let Some(copy) = truth.copy_at(account, id, rev) {
            events(&mut lines, &copy);
        }
    }
    lines.add("END:VCALENDAR");
    lines.text
}

fn events(lines: &mut Lines, copy: &Copy<'_>) {
    let meeting = copy.meeting;
    if copy.whole {
        lines.add("BEGIN:VEVENT");
        times(lines, meeting, meeting.start(), meeting.mins);
        if let Some(repeats) = &meeting.repeats {
            lines.add(&format!("RRULE:{}", repeats.rule(meeting.first, &meeting.zone)));
        }
        let gone = copy.exceptions.iter().filter(|(_, changed)| changed.is_none());
        gone.for_each(|(original, _)| lines.add(&format!("EXDATE{}", local(*original, &meeting.zone))));
        event(lines, copy, &meeting.content, meeting.updated);
    }
    for (original, changed) in &copy.exceptions {
        let Some(Changed { start, mins, content, updated }) = changed else { continue };
        lines.add("BEGIN:VEVENT");
        lines.add(&format!("RECURRENCE-ID{}", local(*original, &meeting.zone)));
        times(lines, meeting, *start, *mins);
        event(lines, copy, content, *updated);
    }
}

fn times(lines: &mut Lines, meeting: &Meeting, start: Instant, mins: u32) {
    let length = Elapsed::from_mins(i64::from(mins));
    if meeting.all_day {
        let first = meeting.first.date();
        let past = first.checked_add(length).unwrap_or(first);
        lines.add(&format!("DTSTART;VALUE=DATE:{}", first.strftime("%Y%m%d")));
        lines.add(&format!("DTEND;VALUE=DATE:{}", past.strftime("%Y%m%d")));
    } else {
        lines.add(&format!("DTSTART{}", local(start, &meeting.zone)));
        lines.add(&format!("DTEND{}", local(start + length, &meeting.zone)));
    }
}

/// The end of a property that tells a time on the clocks of a zone.
fn local(at: Instant, zone: &Zone) -> String {
    format!(";TZID={}:{}", zone.name(), zone.civil(at).strftime("%Y%m%dT%H%M%S"))
}

/// Everything but when it is, to the end of the event.
fn event(lines: &mut Lines, copy: &Copy<'_>, content: &Content, updated: Instant) {
    let meeting = copy.meeting;
    let stamp = Zone::utc().civil(updated).strftime("%Y%m%dT%H%M%SZ").to_string();
    lines.add(&format!("UID:{}", escaped(&meeting.uid)));
    lines.add(&format!("DTSTAMP:{stamp}"));
    lines.add(&format!("LAST-MODIFIED:{stamp}"));
    lines.add(&format!("SEQUENCE:{}", meeting.sequence));
    lines.add(&format!("SUMMARY:{}", escaped(&content.title)));
    lines.add(&format!("STATUS:{}", if meeting.cancelled { "CANCELLED" } else { "CONFIRMED" }));
    for (name, text) in [("DESCRIPTION", &content.description), ("LOCATION", &content.location)] {
        if !text.is_empty() {
            lines.add(&format!("{name}:{}", escaped(text)));
        }
    }
    if let Some(link) = &content.link {
        lines.add(&format!("CONFERENCE;VALUE=URI;FEATURE=VIDEO,AUDIO:{link}"));
    }
    if content.private {
        lines.add("CLASS:PRIVATE");
    }
    lines.add(&format!("ORGANIZER:mailto:{}", meeting.organizer));
    copy.guests(content).for_each(|guest| lines.add(&attendee(guest)));
    lines.add("END:VEVENT");
}

fn attendee(guest: &Guest) -> String {
    let answer = match guest.response {
        Answer::Accepted | Answer::Organizer => "ACCEPTED",
        Answer::Tentative => "TENTATIVE",
        Answer::Declined => "DECLINED",
        Answer::None => "NEEDS-ACTION",
    };
    let kind = if guest.room { "ROOM" } else { "INDIVIDUAL" };
    let role = if guest.optional { "OPT-PARTICIPANT" } else { "REQ-PARTICIPANT" };
    format!("ATTENDEE;CUTYPE={kind};ROLE={role};PARTSTAT={answer}:mailto:{}", guest.address)
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// Content lines, folded at 75 bytes on character boundaries (RFC 5545 §3.1).
#[derive(Default)]
struct Lines {
    text: String,
}

/// Most bytes of a line.
const LINE_BYTES_MAX: usize = 75;

impl Lines {
    fn add(&mut self, line: &str) {
        let mut rest = line;
        let mut room = LINE_BYTES_MAX;
        while rest.len() > room {
            let (begin, left) = rest.split_at(rest.floor_char_boundary(room));
            write!(self.text, "{begin}\r\n ").expect("a text takes everything");
            // The space that begins a continuation counts.
            (rest, room) = (left, LINE_BYTES_MAX - 1);
        }
        write!(self.text, "{rest}\r\n").expect("a text takes everything");
    }
}

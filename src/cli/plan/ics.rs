//! The planned recordings as an iCalendar file, to lay over one's own calendar.

use super::row::{Mark, Row, join_at};
use crate::engine::Planned;
use crate::time::{Instant, Moment, Zone};
use sha2::{Digest, Sha256};

/// One VEVENT for each bot: from its join to the end of the meeting. The join link and its password stay out.
pub fn ics(plan: &[Planned], rows: &[Row], zone: &Zone, stamp: Instant) -> String {
    let mut out = Lines::default();
    out.line("BEGIN:VCALENDAR");
    out.line("VERSION:2.0");
    out.line("PRODID:-//callsheet//planned recordings//EN");
    out.line("CALSCALE:GREGORIAN");
    out.line("METHOD:PUBLISH");
    out.line("X-WR-CALNAME:Planned recordings");
    for (planned, row) in plan.iter().zip(rows) {
        if matches!(row.mark, Mark::Joins(_)) {
            event(&mut out, planned, row, zone, stamp);
        }
    }
    out.line("END:VCALENDAR");
    out.text
}

fn event(out: &mut Lines, planned: &Planned, row: &Row, zone: &Zone, stamp: Instant) {
    let join = join_at(planned, zone);
    let end = match planned.occurrence.end.known() {
        Some(Moment::Timed { at, .. }) => (*at).max(join),
        _ => join,
    };
    out.line("BEGIN:VEVENT");
    out.line(&format!("UID:{}", uid(planned, zone)));
    out.line(&format!("DTSTAMP:{}", utc(stamp)));
    out.line(&format!("DTSTART:{}", utc(join)));
    out.line(&format!("DTEND:{}", utc(end)));
    out.line(&format!("SUMMARY:{}", escape(&format!("Recording: {}", row.title))));
    out.line(&format!("DESCRIPTION:{}", escape(&row.reason)));
    out.line("TRANSP:TRANSPARENT");
    out.line("END:VEVENT");
}

/// Names the recording of one occurrence, the same in every run, without showing the meeting's own UID.
fn uid(planned: &Planned, zone: &Zone) -> String {
    let name = planned.occurrence.recurrence_id.as_ref().unwrap_or(&planned.occurrence.start).instant(zone);
    let digest = Sha256::digest(format!("{}\n{name}", planned.occurrence.uid));
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("{hex}@recordings.callsheet")
}

fn utc(at: Instant) -> String {
    at.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// TEXT of RFC 5545 §3.3.11.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n")
}

/// Content lines, folded at 75 bytes on character boundaries (RFC 5545 §3.1).
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn line(&mut self, content: &str) {
        const LINE_BYTES_MAX: usize = 75;
        let mut room = LINE_BYTES_MAX;
        for character in content.chars() {
            if character.len_utf8() > room {
                self.text.push_str("\r\n ");
                room = LINE_BYTES_MAX - 1;
            }
            self.text.push(character);
            room -= character.len_utf8();
        }
        self.text.push_str("\r\n");
    }
}

//! The plan as a table: one line a meeting under its day, with the reason for each yes and each no.

use super::row::{Mark, Row};
use crate::cli::text::{cut, fit};
use crate::time::{Civil, Zone};
use anstyle::{AnsiColor, Style};
use std::fmt::Write;
use unicode_width::UnicodeWidthStr;

const RECORD: Style = AnsiColor::Green.on_default().bold();
const FAINT: Style = Style::new().dimmed();
const HEADING: Style = Style::new().bold();

/// Columns of the title; the reason takes what is left of the line.
const TITLE_MIN: usize = 16;
const TITLE_MAX: usize = 40;
/// Columns before the title: mark, times and gaps.
const BEFORE_TITLE: usize = 18;
/// Columns of the join time, gap included.
const JOIN: usize = 18;

/// The table, `width` columns wide.
pub fn table(rows: &[Row], zone: &Zone, width: usize) -> String {
    let longest = rows.iter().map(|row| row.title.width() + copies(row).len()).max().unwrap_or(0);
    let title_width = longest.clamp(TITLE_MIN, TITLE_MAX);
    let indent = BEFORE_TITLE + title_width + 2 + JOIN;
    let reason_width = width.saturating_sub(indent).max(28);
    let mut out = String::new();
    let mut day = None;
    for row in rows {
        if day != Some(row.day) {
            if day.is_some() {
                out.push('\n');
            }
            let _ = writeln!(out, "{HEADING}{}{HEADING:#}", row.day.strftime("%A %-d %B %Y"));
            day = Some(row.day);
        }
        line(&mut out, row, zone, title_width, indent, reason_width);
    }
    out
}

fn line(out: &mut String, row: &Row, zone: &Zone, title_width: usize, indent: usize, reason_width: usize) {
    let (glyph, style, join) = match row.mark {
        Mark::Joins(at) => ("●", RECORD, format!("bot {}", joins(row, zone.civil(at)))),
        Mark::Skipped => ("○", Style::new(), "no bot".into()),
        Mark::NotRecordable => ("·", FAINT, "no bot".into()),
    };
    let copies = copies(row);
    let title = cut(&row.title, title_width.saturating_sub(copies.len())) + &copies;
    let lines = wrap(&row.reason, reason_width);
    let _ = writeln!(
        out,
        "  {style}{glyph}{style:#} {times}  {style}{title}{style:#}  {style}{join}{style:#}{reason}",
        times = fit(&times(row), BEFORE_TITLE - 6),
        title = fit(&title, title_width),
        join = fit(&join, JOIN),
        reason = lines.first().map_or("", String::as_str),
    );
    for more in lines.iter().skip(1) {
        let _ = writeln!(out, "{}{more}", " ".repeat(indent));
    }
}

/// `×2` where a meeting stands in several calendars.
pub fn copies(row: &Row) -> String {
    if row.copies > 1 { format!(" ×{}", row.copies) } else { String::new() }
}

/// `10:00–10:30`, with a mark where the end lies on a later day.
pub fn times(row: &Row) -> String {
    let Some((start, end)) = row.clock else { return "all day".into() };
    let minute = |civil: Civil| civil.strftime("%H:%M").to_string();
    match end {
        Some(end) if end.date() != start.date() => format!("{}–{}⁺", minute(start), minute(end)),
        Some(end) => format!("{}–{}", minute(start), minute(end)),
        None => format!("{}–?", minute(start)),
    }
}

/// The join time, with its day where that is another one, and seconds where there are any.
fn joins(row: &Row, at: Civil) -> String {
    let clock = if at.second() == 0 { at.strftime("%H:%M") } else { at.strftime("%H:%M:%S") };
    if at.date() == row.day { clock.to_string() } else { format!("{} {clock}", at.strftime("%a")) }
}

/// `text` in lines of at most `width` columns, broken at spaces.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(cut(word, width)),
        }
    }
    lines
}

//! The plan as a timeline: one strip a day, a lane for each meeting that overlaps another.

use super::row::{Mark, Row};
use crate::time::{Civil, Date};
use anstyle::{AnsiColor, Style};
use std::fmt::Write;

const RECORD: Style = AnsiColor::Green.on_default();
const SKIPPED: Style = Style::new();
const FAINT: Style = Style::new().dimmed();

/// A cell of the strip stands for this many minutes.
const CELL_MINUTES: i32 = 15;
const CELLS_AN_HOUR: i32 = 60 / CELL_MINUTES;
const DAY_MINUTES: i32 = 24 * 60;
/// Hours shown even when nothing happens there.
const HOURS_SHOWN: (i32, i32) = (8, 18);
/// Overlapping meetings beyond this many lanes are counted, not drawn.
const LANES_MAX: usize = 6;
const LABEL: usize = 12;

/// A meeting on one day: minutes after midnight, at least one cell long.
struct Bar {
    from: i32,
    to: i32,
    mark: Mark,
}

/// The timeline of all days that have meetings with clock times; empty where none has.
pub fn timeline(rows: &[Row]) -> String {
    let days = days(rows);
    if days.is_empty() {
        return String::new();
    }
    let bars = || days.iter().flat_map(|(_, bars)| bars);
    let first = bars().map(|bar| bar.from / 60).min().unwrap_or(HOURS_SHOWN.0).min(HOURS_SHOWN.0);
    let last = bars().map(|bar| (bar.to + 59) / 60).max().unwrap_or(HOURS_SHOWN.1).max(HOURS_SHOWN.1);
    let mut out = ruler(first, last);
    for (day, bars) in &days {
        strip(&mut out, *day, bars, first, last);
    }
    let _ = writeln!(
        out,
        "\n{:LABEL$}{RECORD}█{RECORD:#} a bot records   {SKIPPED}░{SKIPPED:#} skipped   {FAINT}┄{FAINT:#} not recordable",
        ""
    );
    out
}

/// The bars of each day, in the order of days; a meeting over midnight has one on each day it touches.
fn days(rows: &[Row]) -> Vec<(Date, Vec<Bar>)> {
    let mut days: std::collections::BTreeMap<Date, Vec<Bar>> = std::collections::BTreeMap::new();
    for row in rows {
        let Some((start, end)) = row.clock else { continue };
        let end = end.filter(|end| *end > start).unwrap_or(start);
        let from = minute(start);
        let to = if end.date() == start.date() { minute(end) } else { DAY_MINUTES };
        days.entry(start.date()).or_default().push(Bar {
            from,
            to: to.max(from + CELL_MINUTES).min(DAY_MINUTES),
            mark: row.mark,
        });
        let next_day = start.date().tomorrow().ok();
        if let Some(next_day) = next_day.filter(|next| *next == end.date() && minute(end) > 0) {
            days.entry(next_day).or_default().push(Bar { from: 0, to: minute(end).max(CELL_MINUTES), mark: row.mark });
        }
    }
    days.into_iter().collect()
}

fn minute(civil: Civil) -> i32 {
    i32::from(civil.hour()) * 60 + i32::from(civil.minute())
}

fn ruler(first: i32, last: i32) -> String {
    let hours: String = (first..last).map(|hour| format!("{hour:02}{:<1$}", "", CELLS_AN_HOUR as usize - 2)).collect();
    format!("{:LABEL$}{FAINT}{}{FAINT:#}\n", "", hours.trim_end())
}

fn strip(out: &mut String, day: Date, bars: &[Bar], first: i32, last: i32) {
    let (lanes, hidden) = lanes(bars);
    for (number, lane) in lanes.iter().enumerate() {
        let label = if number == 0 { day.strftime("%a %-d %b").to_string() } else { String::new() };
        let mut line = format!("{label:<LABEL$}");
        for cell in first * CELLS_AN_HOUR..last * CELLS_AN_HOUR {
            let minute = cell * CELL_MINUTES;
            match lane.iter().find(|bar| bar.from < minute + CELL_MINUTES && minute < bar.to) {
                Some(bar) => {
                    let (style, glyph) = glyph(bar.mark);
                    let _ = write!(line, "{style}{glyph}{style:#}");
                }
                None if cell % CELLS_AN_HOUR == 0 => {
                    let _ = write!(line, "{FAINT}·{FAINT:#}");
                }
                None => line.push(' '),
            }
        }
        if number == 0 && hidden > 0 {
            let _ = write!(line, " +{hidden}");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
}

fn glyph(mark: Mark) -> (Style, char) {
    match mark {
        Mark::Joins(_) => (RECORD, '█'),
        Mark::Skipped => (SKIPPED, '░'),
        Mark::NotRecordable => (FAINT, '┄'),
    }
}

/// Bars that share no cell share a lane; how many found none.
fn lanes(bars: &[Bar]) -> (Vec<Vec<&Bar>>, usize) {
    let mut sorted: Vec<&Bar> = bars.iter().collect();
    sorted.sort_by_key(|bar| (bar.from, bar.to));
    let mut lanes: Vec<Vec<&Bar>> = Vec::new();
    let mut hidden = 0;
    let cell = |minute: i32| minute / CELL_MINUTES;
    for bar in sorted {
        let free = lanes.iter().position(|lane| lane.last().is_none_or(|last| cell(last.to - 1) < cell(bar.from)));
        match free {
            Some(lane) => lanes[lane].push(bar),
            None if lanes.len() < LANES_MAX => lanes.push(vec![bar]),
            None => hidden += 1,
        }
    }
    (lanes, hidden)
}

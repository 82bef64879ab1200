//! Tables for a terminal: columns as wide as what is in them, within bounds.

use crate::cli::text::{cut, fit, one_line};
use crate::time::{Instant, Zone};
use unicode_width::UnicodeWidthStr;

/// Widest column; the last takes what it needs.
const COLUMN_MAX: usize = 40;
/// Widest last column.
const LAST_MAX: usize = 120;

/// A table under its heading; `empty` where there are no rows. Cells may hold strangers' texts.
pub fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]], empty: &str) -> String {
    if rows.is_empty() {
        return format!("{empty}\n");
    }
    let lines: Vec<[String; N]> = std::iter::once(heading.map(str::to_owned)).chain(rows.iter().cloned()).collect();
    let shown: Vec<[String; N]> = lines.into_iter().map(|row| row.map(|cell| one_line(&cell))).collect();
    let width = |column: usize| shown.iter().map(|row| row[column].width()).max().unwrap_or(0).min(COLUMN_MAX);
    let mut out = String::new();
    for row in &shown {
        let mut line = String::new();
        for (column, cell) in row.iter().enumerate() {
            if column + 1 == N {
                line.push_str(&cut(cell, LAST_MAX));
            } else {
                line.push_str(&fit(cell, width(column)));
                line.push_str("  ");
            }
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// One `name: value` a line, the values in one column.
pub fn facts(facts: &[(&str, String)]) -> String {
    let width = facts.iter().map(|(name, _)| name.width()).max().unwrap_or(0) + 2;
    facts.iter().map(|(name, value)| format!("{}{}\n", fit(name, width), one_line(value))).collect()
}

/// `Mon 2 Mar 2026 09:00`, in UTC.
pub fn minute(at: Instant) -> String {
    Zone::utc().civil(at).strftime("%a %-d %b %Y %H:%M").to_string()
}

/// As [`minute`]; `–` where there is none.
pub fn maybe_minute(at: Option<Instant>) -> String {
    at.map_or_else(|| "–".to_owned(), minute)
}

/// Texts in a row; `–` where there are none.
pub fn listed(texts: &[String]) -> String {
    if texts.is_empty() { "–".to_owned() } else { texts.join(", ") }
}

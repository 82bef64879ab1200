//! Phrases that sentences about rules, decisions and meetings share.

use crate::value::words::Seconds;

/// A length of time in words: `90 seconds`, `2 minutes`, `1 hour 30 minutes`, `180 days`. Different lengths have different words.
///
/// ```
/// use callsheet::value::phrases::duration;
/// assert_eq!(duration(5_400), "1 hour 30 minutes");
/// ```
#[must_use]
pub fn duration(secs: Seconds) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];
    // 90 seconds is what people say, and how the default is written.
    if secs < 120 && !secs.is_multiple_of(60) {
        return counted(secs, "second");
    }
    let mut rest = secs;
    let mut parts = Vec::new();
    for (unit, word) in UNITS {
        if rest >= unit {
            parts.push(counted(rest / unit, word));
            rest %= unit;
        }
    }
    if parts.is_empty() { counted(0, "second") } else { parts.join(" ") }
}

/// When a bot comes, in seconds after the start: `joins 2 minutes before the start`.
#[must_use]
pub fn joins(secs_after_start: i64) -> String {
    match secs_after_start {
        0 => "joins at the start".to_owned(),
        secs if secs < 0 => format!("joins {} before the start", duration(secs.unsigned_abs())),
        secs => format!("joins {} after the start", duration(secs.unsigned_abs())),
    }
}

fn counted(count: u64, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

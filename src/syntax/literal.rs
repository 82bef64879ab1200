//! How values are spelled in the text form: quoted texts, lengths of time, times of day, dates.
//!
//! Reading and writing stand side by side, so that what one writes the other reads back.

use crate::time::Date;
use crate::value::words::{MinuteOfDay, Seconds};

/// A text in quotes, with escapes where they are needed to keep it on one line and visible.
///
/// ```
/// use callsheet::syntax::literal::{quote, unquote};
/// assert_eq!(quote("say \"hi\"\n"), r#""say \"hi\"\n""#);
/// assert_eq!(unquote(&quote("a\u{202e}b")).as_deref(), Ok("a\u{202e}b"));
/// ```
#[must_use]
pub fn quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            _ if is_invisible(character) => quoted.push_str(&format!("\\u{{{:x}}}", u32::from(character))),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character could hide, reorder or end what stands around it: control characters, bidi controls, invisible
/// format characters and line separators.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Text of an author as a message may show it: on one line, nothing invisible raw, cut where it is long.
#[must_use]
pub fn shown(text: &str) -> String {
    let mut visible = String::new();
    for (count, character) in text.chars().enumerate() {
        if count == SHOWN_CHARS_MAX {
            visible.push('…');
            break;
        }
        if is_invisible(character) {
            visible.push_str(&format!("\\u{{{:x}}}", u32::from(character)));
        } else {
            visible.push(character);
        }
    }
    visible
}

/// More of an author's text than this adds nothing to a message.
const SHOWN_CHARS_MAX: usize = 60;

/// The text that a literal in quotes stands for.
///
/// # Errors
/// The byte range, inside the literal, of an escape that does not exist.
pub fn unquote(literal: &str) -> Result<String, std::ops::Range<usize>> {
    let inner = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(literal);
    let offset = literal.len().saturating_sub(inner.len()).div_ceil(2);
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(start) = rest.find('\\') {
        text.push_str(&rest[..start]);
        let escape = &rest[start..];
        let at = offset + inner.len() - escape.len();
        let (character, length) = read_escape(escape).ok_or_else(|| {
            let length = 1 + escape.chars().nth(1).map_or(0, char::len_utf8);
            at..at + length
        })?;
        text.push(character);
        rest = &escape[length..];
    }
    text.push_str(rest);
    Ok(text)
}

/// The character that an escape at the start of `text` stands for, and the length of the escape.
fn read_escape(text: &str) -> Option<(char, usize)> {
    let rest = text.strip_prefix('\\')?;
    match rest.chars().next()? {
        '"' => Some(('"', 2)),
        '\\' => Some(('\\', 2)),
        'n' => Some(('\n', 2)),
        't' => Some(('\t', 2)),
        'u' => {
            let digits = rest.strip_prefix("u{")?;
            let digits = &digits[..digits.find('}')?];
            let plain = (1..=6).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
            let number = u32::from_str_radix(digits, 16).ok().filter(|_| plain)?;
            Some((char::from_u32(number)?, "\\u{}".len() + digits.len()))
        }
        _ => None,
    }
}

/// `90` as `1m30s`, `86400` as `1d`: whole days in days, anything else in hours, minutes and seconds.
#[must_use]
pub fn duration(seconds: Seconds) -> String {
    if seconds == 0 {
        return "0s".to_owned();
    }
    if seconds.is_multiple_of(DAY) {
        return format!("{}d", seconds / DAY);
    }
    let parts = [(seconds / 3600, 'h'), (seconds / 60 % 60, 'm'), (seconds % 60, 's')];
    parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect()
}

/// Seconds of a day without clock changes, which is what a day means as a length of time.
const DAY: Seconds = 86_400;

/// The seconds that `1h30m`, `90s` or `2d` stand for: largest unit first, each at most once.
#[must_use]
pub fn read_duration(text: &str) -> Option<Seconds> {
    let mut rest = text;
    let mut total: Seconds = 0;
    let mut smallest = Seconds::MAX;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let number: Seconds = rest[..digits].parse().ok()?;
        let unit = match rest.as_bytes().get(digits)? {
            b'd' => DAY,
            b'h' => 3600,
            b'm' => 60,
            b's' => 1,
            _ => return None,
        };
        if unit >= smallest {
            return None;
        }
        smallest = unit;
        total = total.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[digits + 1..];
    }
    // Settings count in signed seconds.
    (smallest != Seconds::MAX && i64::try_from(total).is_ok()).then_some(total)
}

/// `540` as `09:00`.
#[must_use]
pub fn clock(minute: MinuteOfDay) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

/// The minute of the day that `9:00`, `09:00` or `24:00` stands for.
#[must_use]
pub fn read_clock(text: &str) -> Option<MinuteOfDay> {
    let (hours, minutes) = text.split_once(':')?;
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !(1..=2).contains(&hours.len()) || minutes.len() != 2 || !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (MinuteOfDay, MinuteOfDay) = (hours.parse().ok()?, minutes.parse().ok()?);
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= 24 * 60).then_some(total)
}

/// The date that `2026-01-31` stands for; `None` where there is no such day.
#[must_use]
pub fn read_date(text: &str) -> Option<Date> {
    let shaped = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(index, byte)| if matches!(index, 4 | 7) { byte == b'-' } else { byte.is_ascii_digit() });
    if !shaped {
        return None;
    }
    Date::new(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_one_spelling() {
        let spelled: Vec<String> = ["10m", "90m", "90s", "24h", "25h", "180d", "1h30m", "1d2h", "0s"]
            .map(|text| duration(read_duration(text).expect("valid")))
            .into();
        assert_eq!(spelled, ["10m", "1h30m", "1m30s", "1d", "25h", "180d", "1h30m", "26h", "0s"]);
        for wrong in ["", "5", "m", "30m1h", "1m1m", "1w", "99999999999999999999d", "9223372036854775807d"] {
            assert_eq!(read_duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn clocks_end_at_midnight() {
        assert_eq!(["9:00", "09:00", "24:00", "0:05"].map(read_clock), [Some(540), Some(540), Some(1440), Some(5)]);
        assert_eq!(["24:01", "9:60", "9:0", "009:00", "+9:00"].map(read_clock), [None; 5]);
    }

    #[test]
    fn escapes_that_do_not_exist_have_a_place() {
        assert_eq!(unquote(r#""a\qb""#), Err(2..4));
        assert_eq!(unquote(r#""\u{110000}""#), Err(1..3));
        assert_eq!(unquote(r#""\u{1F600}""#).as_deref(), Ok("😀"));
    }
}

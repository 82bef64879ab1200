//! Percent signs and base64, as links carry them.

/// Most times that a whole address is percent-decoded (`U11.4`).
const PASSES_MAX: usize = 3;

/// `text` with its percent escapes decoded once. Invalid escapes stay as they are; so does a text that decodes to no UTF-8.
pub(super) fn percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%').then(|| Some(16 * hex(*bytes.get(at + 1)?)? + hex(*bytes.get(at + 2)?)?)).flatten();
        decoded.push(escape.unwrap_or(bytes[at]));
        at += if escape.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).unwrap_or_else(|_| text.to_owned())
}

/// `text` decoded until it shows the `://` of an address, at most [`PASSES_MAX`] times.
pub(super) fn address(text: &str) -> String {
    let mut text = text.trim().to_owned();
    for _ in 0..PASSES_MAX {
        if text.contains("://") {
            break;
        }
        text = percent(&text);
    }
    text
}

/// `text` decoded until nothing changes, at most [`PASSES_MAX`] times.
pub(super) fn fully(text: &str) -> String {
    let mut text = text.to_owned();
    for _ in 0..PASSES_MAX {
        let next = percent(&text);
        if next == text {
            break;
        }
        text = next;
    }
    text
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

/// Base64 in either alphabet, with or without padding; `None` for anything else.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let mut bytes = Vec::with_capacity(text.len() * 3 / 4);
    let (mut bits, mut count) = (0u32, 0);
    for digit in text.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xFF) as u8);
        }
    }
    Some(bytes)
}

/// `http://` and `https://` as they begin inside base64 text, at each of the three places they can have in a group.
const BASE64_ADDRESSES: [&str; 6] = ["aHR0cDov", "aHR0cHM6L", "odHRwOi8v", "odHRwczov", "h0dHA6Ly", "h0dHBzOi8"];

/// Whether `text` hides a second address: in the open, behind percent signs or in base64 (`U11.6`).
pub(super) fn hides_address(text: &str) -> bool {
    let lower = fully(text).to_ascii_lowercase();
    ["://", "http:", "https:", ":\\\\"].iter().any(|mark| lower.contains(mark))
        || BASE64_ADDRESSES.iter().any(|mark| text.contains(mark))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invalid_escapes_stay() {
        assert_eq!(percent("%41%4"), "A%4");
        assert_eq!(percent("%zz%"), "%zz%");
        assert_eq!(percent("%ff"), "%ff");
        assert_eq!(address("https%25253A%25252F%25252Fzoom.us"), "https://zoom.us");
    }

    #[test]
    fn base64_addresses_are_seen_at_every_offset() {
        // "https://evil" behind no, one and two bytes.
        for hidden in ["aHR0cHM6Ly9ldmls", "eGh0dHBzOi8vZXZpbA", "eHhodHRwczovL2V2aWw", "aHR0cDovL2V2aWw"] {
            assert!(hides_address(hidden), "{hidden}");
        }
        assert!(hides_address("next=https%253a%252f%252fevil"));
        assert!(!hides_address("pwd=aHR0cHJvdG9jb2w"));
        assert_eq!(base64("eyJhIjoxfQ==").as_deref(), Some(&b"{\"a\":1}"[..]));
    }
}

//! Where addresses stand in a text, and where they end.

use super::LinkSource;
use crate::event::html::{Piece, Pieces, decode_entities};

/// Longest address that is looked at. A Teams address wrapped by two gateways has some two thousand bytes.
const URL_BYTES_MAX: usize = 8 * 1024;

/// Schemes that lead to a meeting: the web's, and those of the services' programs.
pub(super) const SCHEMES: [&str; 5] = ["https", "http", "zoommtg", "zoomus", "msteams"];

/// What separates scheme and host: plain, and as it looks inside of another address.
const SEPARATORS: [&str; 3] = ["://", "%3a%2f%2f", "%253a%252f%252f"];

/// The addresses that a source holds, as written, their character references decoded; in the order of preference.
pub(super) fn addresses(source: LinkSource<'_>) -> Vec<String> {
    match source {
        LinkSource::Url(field) => field_address(field).into_iter().collect(),
        LinkSource::Text(text) => text_addresses(text),
        LinkSource::Html(html) => html_addresses(html),
    }
}

/// The one address of a field; `None` where the field holds more than an address.
fn field_address(field: &str) -> Option<String> {
    let field = decode_entities(field);
    let inner = field.trim().trim_start_matches('<').trim_end_matches('>');
    let plain = !inner.is_empty() && inner.len() <= URL_BYTES_MAX && !inner.contains(char::is_whitespace);
    plain.then(|| inner.to_owned())
}

fn text_addresses(text: &str) -> Vec<String> {
    in_text(text).map(|(start, end)| decode_entities(&text[start..end]).into_owned()).collect()
}

/// The targets of anchors, then what stands in the text. `originalsrc` is where Outlook keeps what it wrapped.
fn html_addresses(html: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    let mut text = String::new();
    for piece in Pieces::of(html) {
        match piece {
            Piece::Text(raw) => text.push_str(&decode_entities(raw)),
            Piece::Tag(tag) => {
                let targets = tag
                    .attributes()
                    .filter(|(name, _)| ["href", "originalsrc"].iter().any(|known| name.eq_ignore_ascii_case(known)));
                addresses.extend(targets.filter_map(|(_, target)| field_address(target)));
                // A tag ends an address, except the one that marks where a long word may break.
                if !tag.is("wbr") {
                    text.push('\n');
                }
            }
        }
    }
    addresses.extend(text_addresses(&text));
    addresses
}

/// Start and end of each address in `text`, from left to right.
pub(super) fn in_text(text: &str) -> impl Iterator<Item = (usize, usize)> {
    let mut from = 0;
    std::iter::from_fn(move || {
        loop {
            let (start, scheme_end) = next_scheme(text, from)?;
            let end = scheme_end + trimmed(&text[scheme_end..scheme_end + raw_end(&text[scheme_end..])]).len();
            from = end.max(scheme_end);
            if end > scheme_end && end - start <= URL_BYTES_MAX {
                return Some((start, end));
            }
        }
    })
}

/// The next scheme with its separator at or after `from`: where it begins and ends.
fn next_scheme(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let marks = (from..bytes.len()).filter(|at| matches!(bytes[*at], b':' | b'%'));
    marks.into_iter().find_map(|at| {
        let separator = SEPARATORS.iter().find(|separator| starts_with(&bytes[at..], separator))?;
        let scheme = SCHEMES.iter().find(|scheme| {
            let start = at.checked_sub(scheme.len()).filter(|start| *start >= from);
            start.is_some_and(|start| starts_with(&bytes[start..at], scheme))
        })?;
        Some((at - scheme.len(), at + separator.len()))
    })
}

fn starts_with(bytes: &[u8], word: &str) -> bool {
    bytes.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

/// Where an address surely ends: at what no address holds, or where the next one begins behind a separator.
fn raw_end(rest: &str) -> usize {
    let mut characters = rest.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next_address = |rest: &str| starts_with(rest.as_bytes(), "http");
        let ends = match character {
            '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\\' | '^' => true,
            ',' | ';' | '(' | ')' => next_address(&rest[at + 1..]),
            ']' => characters.peek().is_some_and(|(_, next)| *next == '('),
            _ if character.is_ascii() => character.is_ascii_whitespace() || character.is_control(),
            // Letters of other scripts can stand in a room's name; their punctuation ends a sentence.
            _ => !character.is_alphanumeric(),
        };
        if ends {
            return at;
        }
    }
    rest.len()
}

/// `address` without the punctuation of the sentence around it; balanced brackets stay (`U11.5`).
fn trimmed(address: &str) -> &str {
    let count = |wanted: u8| address.bytes().filter(|byte| *byte == wanted).count();
    let (mut round, mut square) = (count(b')').saturating_sub(count(b'(')), count(b']').saturating_sub(count(b'[')));
    address.trim_end_matches(|character| {
        let excess = match character {
            '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '*' => return true,
            ')' => &mut round,
            ']' => &mut square,
            _ => return false,
        };
        *excess > 0 && std::mem::replace(excess, excess.saturating_sub(1)) > 0
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        text_addresses(text)
    }

    #[test]
    fn addresses_end_where_the_sentence_goes_on() {
        assert_eq!(
            found("(see https://a.example/x_(y)). Then <https://b.example/z>, ok"),
            ["https://a.example/x_(y)", "https://b.example/z"]
        );
        assert_eq!(found("[Join](https://a.example/1) https://a.example/2)]\""), ["https://a.example/1", "https://a.example/2"]);
        assert_eq!(
            found("https://a.example/1,https://b.example/2;HTTP://c.example/"),
            ["https://a.example/1", "https://b.example/2", "HTTP://c.example/"]
        );
        assert_eq!(
            found("参加：https://a.example/1、または「https://b.example/2」"),
            ["https://a.example/1", "https://b.example/2"]
        );
        assert_eq!(found("https://a.example/?x=1&amp;y=2!"), ["https://a.example/?x=1&y=2"]);
    }

    #[test]
    fn other_schemes_and_bare_hosts_are_no_addresses() {
        assert_eq!(found("ftp://a.example meet.google.com/abc-defg-hij http:// https://"), Vec::<String>::new());
        assert_eq!(
            found("ZOOMMTG://zoom.us/join?confno=1 https%3A%2F%2Fa.example"),
            ["ZOOMMTG://zoom.us/join?confno=1", "https%3A%2F%2Fa.example"]
        );
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        for bait in ["http", "http://", "https://a)", "https://a.example/))))", "%3a%2f%2f", "://", "https://a,http"] {
            let text = bait.repeat(400_000 / bait.len());
            assert!(found(&text).len() <= text.len());
        }
        assert_eq!(found(&format!("https://a.example/{} https://b.example/", "x".repeat(URL_BYTES_MAX))), ["https://b.example/"]);
    }

    #[test]
    fn anchors_come_before_text() {
        let html = "https://a.example/1<br>x<a HREF='https://b.example/2?x=1&amp;y=2' originalsrc=https://c.example/>https://d.<wbr>example/</a>";
        assert_eq!(
            html_addresses(html),
            ["https://b.example/2?x=1&y=2", "https://c.example/", "https://a.example/1", "https://d.example/"]
        );
    }
}

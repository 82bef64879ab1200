//! Bytes to content lines: encodings, folds, names, parameters.
//!
//! Our own, beneath everything else here, because a reader that hands out finished values cannot give back what this
//! project needs: the number of the line that is wrong, recurrence rules as they were written, lines that are no property,
//! and bytes that are no UTF-8. A fold can cut a character in two, so unfolding happens before decoding (`I10.13`).

use mail_parser::decoders::charsets::map::charset_decoder;
use mail_parser::decoders::quoted_printable::quoted_printable_decode;

/// One content line, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Property {
    /// The line of the file it begins on, from 1.
    pub line: usize,
    /// In upper case.
    pub name: String,
    /// Names in upper case, values without quotes and carets (RFC 6868).
    pub params: Vec<(String, String)>,
    /// What follows the colon. Still escaped.
    pub value: String,
}

impl Property {
    /// The first value of a parameter.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter has this value, in any case.
    pub fn param_is(&self, name: &str, value: &str) -> bool {
        self.param(name).is_some_and(|found| found.eq_ignore_ascii_case(value))
    }

    /// The value as TEXT: escapes resolved, outer white space gone (RFC 5545 §3.3.11).
    pub fn text(&self) -> String {
        unescape(&self.value).trim().to_owned()
    }
}

/// Most parameters kept of one property; real ones have fewer than twenty.
const PARAMS_MAX: usize = 64;

/// The bytes of the file as UTF-8 or an older single-byte encoding, without a byte order mark; UTF-16 is converted.
pub fn without_encoding(bytes: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let utf16 = |big: bool, bytes: &[u8]| {
        let units =
            bytes.as_chunks::<2>().0.iter().map(|pair| if big { u16::from_be_bytes(*pair) } else { u16::from_le_bytes(*pair) });
        let text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        std::borrow::Cow::Owned(text.into_bytes())
    };
    match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => rest.into(),
        [0xFF, 0xFE, rest @ ..] | rest @ [b'B' | b'b', 0, ..] => utf16(false, rest),
        [0xFE, 0xFF, rest @ ..] | rest @ [0, b'B' | b'b', ..] => utf16(true, rest),
        _ => bytes.into(),
    }
}

/// The unfolded lines of a file with the number of the physical line each begins on; empty ones are left out.
pub struct Unfolded<'a> {
    rest: &'a [u8],
    number: usize,
    end_of_line: u8,
}

impl<'a> Unfolded<'a> {
    /// Lines end in CRLF or LF; in CR alone where the file has no LF at all.
    pub fn new(bytes: &'a [u8]) -> Self {
        let end_of_line = if bytes.contains(&b'\n') { b'\n' } else { b'\r' };
        Self { rest: bytes, number: 0, end_of_line }
    }

    /// Whether the next physical line is empty and the one behind it continues a fold.
    fn goes_on_behind_empty_line(&self) -> bool {
        let behind = self.rest.strip_prefix(b"\r").unwrap_or(self.rest);
        let behind = if self.end_of_line == b'\n' { behind.strip_prefix(b"\n") } else { Some(behind) };
        behind.is_some_and(|behind| behind.starts_with(b" ") || behind.starts_with(b"\t"))
    }

    /// The next physical line without its end.
    fn physical(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let end = self.rest.iter().position(|byte| *byte == self.end_of_line);
        let (line, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest.get(1..).unwrap_or_default();
        // Some writers end a line in CR CR LF.
        let end = line.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
        Some(&line[..end])
    }
}

impl Iterator for Unfolded<'_> {
    type Item = (usize, Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        let mut line = self.physical()?.to_vec();
        let number = self.number;
        // Asked once: a line can be as long as the file.
        let quoted_printable = line.ends_with(b"=") && is_quoted_printable(&line);
        loop {
            match self.rest.first() {
                Some(b' ' | b'\t') => line.extend_from_slice(&self.physical()?[1..]),
                // A mail gateway that doubles line ends leaves an empty line inside of a fold.
                Some(b'\r' | b'\n') if self.goes_on_behind_empty_line() => {
                    self.physical();
                }
                // vCalendar 1.0: a quoted-printable value goes on behind a soft line break.
                Some(_) if quoted_printable && line.ends_with(b"=") => {
                    line.pop();
                    line.extend_from_slice(self.physical()?);
                }
                _ => return Some((number, line)),
            }
        }
    }
}

/// Whether the part before the first colon says so.
fn is_quoted_printable(line: &[u8]) -> bool {
    let head = &line[..line.iter().position(|byte| *byte == b':').unwrap_or(line.len())];
    head.to_ascii_uppercase().windows(16).any(|window| window == b"QUOTED-PRINTABLE")
}

/// Reads one unfolded line; `None` where it is none: no name, or no colon.
pub fn property(line: usize, bytes: &[u8]) -> Option<Property> {
    let text = decode(bytes);
    let name_end = text.find([':', ';'])?;
    let name = text[..name_end].trim();
    if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.')) {
        return None;
    }
    // A quote that never closes, or one that swallows the colon, is a character like any other.
    let (params, value) = match split(&text[name_end..], true) {
        Some(parts) => parts,
        None => {
            let (params, value) = split(&text[name_end..], false)?;
            (params, value.strip_suffix('"').unwrap_or(value))
        }
    };
    let mut property = Property { line, name: name.to_ascii_uppercase(), params, value: value.to_owned() };
    if property.param_is("ENCODING", "QUOTED-PRINTABLE") || property.param("QUOTED-PRINTABLE").is_some() {
        let decoded = quoted_printable_decode(property.value.as_bytes());
        property.value = decoded.map_or(property.value, |bytes| decode_as(&bytes, charset_of(&text)));
    }
    Some(property)
}

/// Bytes as text: UTF-8 where they are, else in the charset that the line names, else Windows-1252. NUL is no character.
fn decode(bytes: &[u8]) -> String {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => decode_as(bytes, charset_of(&String::from_utf8_lossy(bytes))),
    };
    if text.contains('\0') { text.replace('\0', "") } else { text }
}

fn decode_as(bytes: &[u8], charset: Option<String>) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => charset
            .and_then(|charset| charset_decoder(charset.as_bytes()))
            .or_else(|| charset_decoder(b"windows-1252"))
            .map_or_else(|| String::from_utf8_lossy(bytes).into_owned(), |decoder| decoder(bytes)),
    }
}

/// The CHARSET parameter of a line that is not split yet.
fn charset_of(line: &str) -> Option<String> {
    let head = line.split(':').next()?.to_ascii_uppercase();
    let value = head.split(";CHARSET=").nth(1)?;
    Some(value.split(';').next()?.trim_matches('"').to_owned())
}

/// Splits `;NAME=VALUE;…:value`. With `quotes`, quoted text hides `:` and `;`; `None` where no colon ends the parameters.
fn split(text: &str, quotes: bool) -> Option<(Vec<(String, String)>, &str)> {
    let mut params = Vec::new();
    let mut quoted = false;
    let mut start = None;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'"' if quotes => quoted = !quoted,
            b':' | b';' if !quoted => {
                if let Some(start) = start.filter(|_| params.len() < PARAMS_MAX) {
                    params.push(param(&text[start..at]));
                }
                if byte == b':' {
                    return Some((params, &text[at + 1..]));
                }
                start = Some(at + 1);
            }
            _ => {}
        }
    }
    None
}

/// `NAME=VALUE`; vCalendar 1.0 writes some values without their name, which then stand as names.
fn param(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    let value = value.trim().replace('"', "");
    let value = without_carets(&value);
    (name.trim().to_ascii_uppercase(), value)
}

/// Resolves the escapes of parameters: `^n`, `^'` and `^^` (RFC 6868).
fn without_carets(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        let escaped = if c == '^' { chars.clone().next() } else { None };
        let meant = match escaped {
            Some('n') => '\n',
            Some('\'') => '"',
            Some('^') => '^',
            _ => {
                plain.push(c);
                continue;
            }
        };
        plain.push(meant);
        chars.next();
    }
    plain
}

/// Resolves the escapes of TEXT. A backslash before anything else is a backslash that someone forgot to double.
pub fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('n' | 'N') => plain.push('\n'),
            Some(escaped @ (',' | ';' | '\\' | '"' | ':')) => plain.push(escaped),
            Some(other) => plain.extend(['\\', other]),
            None => plain.push('\\'),
        }
    }
    plain
}

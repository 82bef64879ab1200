//! Strangers' texts made fit to show: nothing in them can move a cursor, turn a line around, hide or run on.

/// Most characters of a title, a name or an address that one sentence shows.
pub const SHOWN_CHARS_MAX: usize = 80;

/// `text` in double quotes, with control, direction and invisible characters as visible escapes, cut with `…` after
/// `chars_max` characters.
///
/// ```
/// use callsheet::value::quoted;
/// assert_eq!(quoted("a \"b\"\n\u{202e}c", 80), r#""a \"b\"\n\u{202e}c""#);
/// assert_eq!(quoted("abcdef", 3), "\"abc…\"");
/// ```
#[must_use]
pub fn quoted(text: &str, chars_max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(chars_max * 4) + 2);
    out.push('"');
    push_escaped(&mut out, text, chars_max, true);
    out.push('"');
    out
}

/// The same without quotes, for addresses, ids and author's texts inside a sentence.
///
/// ```
/// use callsheet::value::shown;
/// assert_eq!(shown("pat@customer.com\u{1b}[2J", 80), r"pat@customer.com\u{1b}[2J");
/// ```
#[must_use]
pub fn shown(text: &str, chars_max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(chars_max * 4));
    push_escaped(&mut out, text, chars_max, false);
    out
}

fn push_escaped(out: &mut String, text: &str, chars_max: usize, quotes: bool) {
    let mut previous = ' ';
    for (count, character) in text.chars().enumerate() {
        if count == chars_max {
            out.push('…');
            return;
        }
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '"' | '\\' if quotes => out.extend(['\\', character]),
            _ if deceives(character, previous) => out.extend(character.escape_unicode()),
            _ => out.push(character),
        }
        previous = character;
    }
}

/// Whether a character would act on the terminal or stay invisible, so that a reader sees another text than the one compared.
fn deceives(character: char, previous: char) -> bool {
    match character {
        // Joiners shape emoji and many scripts; between ASCII letters they only hide.
        '\u{200c}' | '\u{200d}' => previous.is_ascii(),
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180e}' => true,
        '\u{200b}' | '\u{200e}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' => true,
        '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}' => true,
        _ => character.is_control(),
    }
}

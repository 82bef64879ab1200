//! Strangers' texts on a terminal: visible, of a known width, without a way to steer it.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// `text` on one line: line breaks and runs of white space are one space, control and direction characters show as `�`.
pub fn one_line(text: &str) -> String {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(word.chars().map(|character| if is_steering(character) { '\u{fffd}' } else { character }));
    }
    line
}

/// `text` with control and direction characters, line breaks among them, shown as `�`.
pub fn steady(text: &str) -> String {
    text.chars().map(|character| if is_steering(character) { '\u{fffd}' } else { character }).collect()
}

/// JSON with the characters that steer a terminal written as escapes: the same document.
pub fn steady_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for character in json.chars() {
        if is_steering(character) && !matches!(character, '\n') {
            let mut units = [0; 2];
            for unit in character.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(character);
        }
    }
    out
}

/// Characters that move the cursor, change the direction of writing, or cannot be seen.
fn is_steering(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{061c}' | '\u{e0000}'..='\u{e007f}')
}

/// `text` in exactly `width` columns: cut with `…` or filled with spaces.
pub fn fit(text: &str, width: usize) -> String {
    let shown = cut(text, width);
    let padding = width.saturating_sub(shown.width());
    shown + &" ".repeat(padding)
}

/// `text` in at most `width` columns.
pub fn cut(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut shown = String::new();
    let mut used = 0;
    for character in text.chars() {
        let columns = character.width().unwrap_or(0);
        if used + columns + 1 > width {
            break;
        }
        used += columns;
        shown.push(character);
    }
    shown.push('…');
    shown
}

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

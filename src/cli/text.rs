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

/// Columns of the terminal that standard output is; `None` where it is something else.
pub fn terminal_columns() -> Option<usize> {
    terminal_size::terminal_size_of(std::io::stdout()).map(|(width, _)| usize::from(width.0))
}

/// A line for standard output, broken between words where that is a terminal too narrow for it; what follows begins under
/// column `indent`.
pub fn wrapped(line: &str, indent: usize) -> String {
    terminal_columns().map_or_else(|| line.to_owned(), |columns| wrapped_at(line, indent, columns))
}

/// Words wider than the columns stay whole, and so does everything where there is no room beside the indent.
fn wrapped_at(line: &str, indent: usize, columns: usize) -> String {
    let words = line.trim_start_matches(' ');
    let mut out = line[..line.len() - words.len()].to_owned();
    let mut used = out.len();
    for (nth, word) in words.split(' ').enumerate() {
        if nth > 0 && used > indent && used + 1 + word.width() > columns {
            out.push('\n');
            out.push_str(&" ".repeat(indent));
            used = indent;
        } else if nth > 0 {
            out.push(' ');
            used += 1;
        }
        out.push_str(word);
        used += word.width();
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_between_words_and_goes_on_under_its_indent() {
        let line = "  Record a meeting when the title contains \"面接\".";
        assert_eq!(wrapped_at(line, 2, 100), line);
        assert_eq!(wrapped_at(line, 4, 20), "  Record a meeting\n    when the title\n    contains \"面接\".");
        assert_eq!(wrapped_at("event { title: \"demo\" }", 6, 4), "event {\n      title:\n      \"demo\"\n      }");
        assert_eq!(wrapped_at("", 3, 0), "");
    }
}

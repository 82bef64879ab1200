//! Globs as the rules that a customer would write for them.

use serde_json::{Value, json};
use std::fmt::Write;

/// The condition for a pattern in which `*` stands for any run of characters and `\` takes the meaning from what follows.
pub fn wildcard(pattern: &str) -> Result<Value, &'static str> {
    let mut parts = vec![String::new()];
    let mut chars = pattern.chars();
    while let Some(char) = chars.next() {
        let literal = match (char, char == '\\') {
            ('*', _) => {
                parts.push(String::new());
                continue;
            }
            (_, true) => chars.next().filter(|next| matches!(next, '*' | '\\')).ok_or("not a well-formed glob")?,
            _ => char,
        };
        parts.last_mut().ok_or("not a well-formed glob")?.push(literal);
    }
    Ok(between_stars(&parts))
}

/// The condition for a glob over paths, in which `*` crosses separators: the suite's default.
pub fn path(pattern: &str) -> Result<Value, &'static str> {
    if pattern.contains('\\') {
        return Err("a backslash is an escape or a separator of paths, which depends on the system");
    }
    if !pattern.contains(['?', '[', ']', '{', '}']) && !pattern.contains("**") {
        let parts: Vec<String> = pattern.split('*').map(str::to_owned).collect();
        return Ok(between_stars(&parts));
    }
    let mut expression = PathExpression { rest: pattern.chars().collect(), at: 0, depth: 0, written: String::from(r"\A") };
    expression.write()?;
    Ok(json!({"title": {"matches": expression.written + r"\z", "flags": "s"}}))
}

/// The words of the language where a star stands at an end only, else a regular expression.
fn between_stars(parts: &[String]) -> Value {
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    match parts[..] {
        [whole] => json!({"title": {"is": whole}}),
        ["", end] if !end.is_empty() => json!({"title": {"ends_with": end}}),
        [begin, ""] if !begin.is_empty() => json!({"title": {"starts_with": begin}}),
        ["", inside, ""] if !inside.is_empty() => json!({"title": {"contains": inside}}),
        _ => {
            let escaped: Vec<String> = parts.iter().map(|part| regex::escape(part)).collect();
            json!({"title": {"matches": format!(r"\A{}\z", escaped.join(".*")), "flags": "s"}})
        }
    }
}

/// A glob over paths on its way to a regular expression.
struct PathExpression {
    rest: Vec<char>,
    at: usize,
    /// How many braces are open.
    depth: usize,
    written: String,
}

impl PathExpression {
    fn write(&mut self) -> Result<(), &'static str> {
        while let Some(char) = self.peek(0) {
            self.at += 1;
            match char {
                '?' => self.written.push('.'),
                '*' => self.stars(),
                '[' => self.class()?,
                '{' => {
                    self.depth += 1;
                    self.written.push_str("(?:");
                }
                '}' => {
                    self.depth = self.depth.checked_sub(1).ok_or("not a well-formed glob")?;
                    self.written.push(')');
                }
                ',' if self.depth > 0 => self.written.push('|'),
                literal => self.written.push_str(&regex::escape(literal.encode_utf8(&mut [0; 4]))),
            }
        }
        if self.depth == 0 { Ok(()) } else { Err("not a well-formed glob") }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.rest.get(self.at + ahead).copied()
    }

    /// One star is anything; two that fill a whole part of the path are any number of parts.
    fn stars(&mut self) {
        let begins_part = self.at == 1 || self.rest[self.at - 2] == '/';
        let whole_part = begins_part && self.peek(0) == Some('*') && matches!(self.peek(1), None | Some('/'));
        if !whole_part {
            self.written.push_str(".*");
            return;
        }
        let first = self.at == 1;
        while self.peek(0) == Some('*') && matches!(self.peek(1), None | Some('/')) {
            self.at += 1;
            // A part of two stars behind another one adds nothing.
            let next = [self.peek(0), self.peek(1), self.peek(2)] == [Some('/'), Some('*'), Some('*')];
            if next && matches!(self.peek(3), None | Some('/')) {
                self.at += 2;
            }
        }
        match (first, self.peek(0)) {
            (_, None) => self.written.push_str(".*"),
            (true, _) => {
                self.at += 1;
                self.written.push_str("(?:/?|.*/)");
            }
            (false, _) => {
                self.at += 1;
                self.written.push_str("(?:.*/)?");
            }
        }
    }

    /// `[a-z]`, negated by `!` or `^`; a bracket that comes first and a dash at an end stand for themselves.
    fn class(&mut self) -> Result<(), &'static str> {
        self.written.push('[');
        if matches!(self.peek(0), Some('!' | '^')) {
            self.at += 1;
            self.written.push('^');
        }
        let begin = self.at;
        loop {
            let char = self.peek(0).ok_or("not a well-formed glob")?;
            self.at += 1;
            match char {
                ']' if self.at - 1 > begin => break,
                '-' if self.at - 1 > begin && self.peek(0).is_some_and(|next| next != ']') && !self.written.ends_with('-') => {
                    self.written.push('-');
                }
                literal => {
                    let _ = write!(self.written, "\\x{{{:x}}}", u32::from(literal));
                }
            }
        }
        self.written.push(']');
        Ok(())
    }
}

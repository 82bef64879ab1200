//! How JSON is laid out: two spaces, a value on one line where it is short, pieces never.

/// Columns that a line may take.
const WIDTH: usize = 100;

/// JSON before it is laid out.
#[derive(Clone, Debug)]
pub enum Doc {
    /// A text, a number, a word: as printed.
    Atom(String),
    Array(Vec<Doc>),
    Object(Vec<(String, Doc)>),
    /// Items or members that take lines of their own, however short.
    Spread(Box<Doc>),
}

impl Doc {
    /// A string.
    pub fn text(text: &str) -> Self {
        Self::Atom(serde_json::Value::from(text).to_string())
    }

    pub fn flag(flag: bool) -> Self {
        Self::Atom(flag.to_string())
    }

    pub fn number(number: impl std::fmt::Display) -> Self {
        Self::Atom(number.to_string())
    }

    /// An object of one member.
    pub fn pair(key: &str, value: Self) -> Self {
        Self::Object(vec![(key.to_owned(), value)])
    }

    pub fn spread(self) -> Self {
        Self::Spread(Box::new(self))
    }
}

/// The whole file, with a newline at its end.
pub fn lay_out(doc: &Doc) -> String {
    let mut out = String::new();
    write(doc, 0, 0, &mut out);
    out.push('\n');
    out
}

/// Writes `doc` at `indent`, where `used` columns of the line are taken. Recursion goes as deep as the tree.
fn write(doc: &Doc, indent: usize, used: usize, out: &mut String) {
    if let Some(line) = on_one_line(doc, WIDTH.saturating_sub(used + 1)) {
        out.push_str(&line);
        return;
    }
    let inner = indent + 2;
    match doc {
        Doc::Atom(atom) => out.push_str(atom),
        Doc::Spread(doc) => write_spread(doc, indent, out),
        Doc::Array(items) => {
            let items: Vec<(String, &Doc)> = items.iter().map(|item| (String::new(), item)).collect();
            write_lines(('[', ']'), &items, inner, out);
        }
        Doc::Object(members) => {
            let members: Vec<(String, &Doc)> = members.iter().map(|(key, value)| (key_of(key), value)).collect();
            write_lines(('{', '}'), &members, inner, out);
        }
    }
}

fn write_spread(doc: &Doc, indent: usize, out: &mut String) {
    match doc {
        Doc::Array(items) if !items.is_empty() => {
            let items: Vec<(String, &Doc)> = items.iter().map(|item| (String::new(), item)).collect();
            write_lines(('[', ']'), &items, indent + 2, out);
        }
        Doc::Object(members) if !members.is_empty() => {
            let members: Vec<(String, &Doc)> = members.iter().map(|(key, value)| (key_of(key), value)).collect();
            write_lines(('{', '}'), &members, indent + 2, out);
        }
        short => write(short, indent, indent, out),
    }
}

fn write_lines((open, close): (char, char), lines: &[(String, &Doc)], indent: usize, out: &mut String) {
    out.push(open);
    for (index, (head, doc)) in lines.iter().enumerate() {
        out.push_str(if index == 0 { "\n" } else { ",\n" });
        out.push_str(&" ".repeat(indent));
        out.push_str(head);
        write(doc, indent, indent + head.chars().count(), out);
    }
    out.push('\n');
    out.push_str(&" ".repeat(indent - 2));
    out.push(close);
}

/// The value on one line, where it takes at most `room` columns and nothing in it wants lines of its own.
fn on_one_line(doc: &Doc, room: usize) -> Option<String> {
    let mut line = String::new();
    (flatten(doc, room, &mut line) && line.chars().count() <= room).then_some(line)
}

/// Whether `doc` could be added to `line`; gives up early where it is too long.
fn flatten(doc: &Doc, room: usize, line: &mut String) -> bool {
    // A character has at most four bytes, so a line this long cannot fit.
    if line.len() > room.saturating_mul(4) {
        return false;
    }
    match doc {
        Doc::Atom(atom) => line.push_str(atom),
        Doc::Spread(_) => return false,
        Doc::Array(items) => {
            line.push('[');
            for (index, item) in items.iter().enumerate() {
                line.push_str(if index == 0 { "" } else { ", " });
                if !flatten(item, room, line) {
                    return false;
                }
            }
            line.push(']');
        }
        Doc::Object(members) => {
            line.push('{');
            for (index, (key, value)) in members.iter().enumerate() {
                line.push_str(if index == 0 { "" } else { ", " });
                line.push_str(&key_of(key));
                if !flatten(value, room, line) {
                    return false;
                }
            }
            line.push('}');
        }
    }
    true
}

fn key_of(key: &str) -> String {
    format!("{}: ", serde_json::Value::from(key))
}

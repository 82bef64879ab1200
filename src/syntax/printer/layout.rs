//! Lines with indentation, comments and brackets.

use crate::syntax::ast::Trivia;

/// Longer lines are broken where they can be.
pub(super) const COLUMNS: usize = 100;

/// Text in the making: whole lines, each at the present indentation.
#[derive(Default)]
pub(super) struct Lines {
    out: String,
    indent: usize,
}

impl Lines {
    /// The text so far.
    pub fn finish(self) -> String {
        self.out
    }

    /// One blank line, unless nothing stands before it.
    pub fn blank(&mut self) {
        if !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
    }

    /// Whether a line of this text stays within the columns.
    pub fn fits(&self, text: &str) -> bool {
        self.indent + text.chars().count() <= COLUMNS
    }

    /// A line, with the comment at its end.
    pub fn line(&mut self, text: &str, end: Option<&str>) {
        self.out.extend(std::iter::repeat_n(' ', self.indent));
        self.out.push_str(text);
        if let Some(end) = end {
            self.out.push_str("  ");
            self.out.push_str(&comment(&end.replace(['\n', '\r'], " ")));
        }
        self.out.push('\n');
    }

    /// Comments on lines of their own.
    pub fn comments(&mut self, comments: &[String]) {
        for text in comments.iter().flat_map(|text| text.split(['\n', '\r'])) {
            self.line(&comment(text), None);
        }
    }

    /// Lines that stand two spaces further in.
    pub fn indented(&mut self, inner: impl FnOnce(&mut Self)) {
        self.indent += 2;
        inner(self);
        self.indent -= 2;
    }

    /// `head(`, the items one a line, `)tail`. Each item writes itself with a comma behind it.
    pub fn block<T>(
        &mut self,
        head: &str,
        items: &[T],
        close: Close<'_>,
        trivia: impl Fn(&T) -> &Trivia,
        mut item: impl FnMut(&mut Self, &T, Close<'_>),
    ) {
        self.line(head, None);
        self.indented(|lines| {
            for each in items {
                let trivia = trivia(each);
                lines.comments(&trivia.before);
                item(lines, each, Close { text: ",", end: trivia.end.as_deref() });
            }
        });
        self.line(close.text, close.end);
    }
}

/// What follows something on its last line.
#[derive(Clone, Copy)]
pub(super) struct Close<'a> {
    /// A bracket, a comma.
    pub text: &'a str,
    /// The comment at the end of the line.
    pub end: Option<&'a str>,
}

/// A comment as it stands in a text.
fn comment(text: &str) -> String {
    let text = text.trim_end();
    match text.chars().next() {
        None => "#".to_owned(),
        // A row of signs stays one.
        Some('#') => format!("#{text}"),
        Some(_) => format!("# {text}"),
    }
}

/// Whether something carries comments.
pub(super) fn is_commented(trivia: &Trivia) -> bool {
    !trivia.before.is_empty() || trivia.end.is_some()
}

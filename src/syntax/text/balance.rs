//! Closes what a piece leaves open, so that the grammar meets balanced text only.
//!
//! Every bracket and quote that is put in or taken out is reported. The text that results may be longer than the author's;
//! [`Places`] leads back.

use super::scan::{PieceKind, RawPiece, Scan, Token, TokenKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{SourceId, Span};
use crate::syntax::Limits;
use std::borrow::Cow;

/// Leads from the balanced text of a piece back to the file.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// Where the piece begins in the file.
    start: usize,
    /// Places, in the balanced text, of the characters that were put in; ascending.
    put_in: Vec<usize>,
}

impl Places {
    /// The place in the file of a place in the balanced text.
    pub fn place(&self, offset: usize) -> usize {
        self.start + offset - self.put_in.partition_point(|put_in| *put_in < offset)
    }
}

/// Balances a piece; `None`, reported, where it is nested past the limit.
pub(super) fn balance<'t>(
    source: SourceId,
    file: &'t str,
    scan: &Scan,
    piece: &RawPiece,
    limits: &Limits,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<(Cow<'t, str>, Places)> {
    let tokens = &scan.tokens[piece.tokens.clone()];
    let (first, last) = (tokens.first()?, tokens.last()?);
    let range = first.range.start..last.range.end;
    let mut balancer = Balancer { source, file, edits: Vec::new(), open: Vec::new(), lost_quote: false, diagnostics };
    let mut previous = first.range.start;
    for token in tokens {
        if token.first_on_line && !balancer.open.is_empty() && begins_clause(piece.kind, &file[token.range.clone()]) {
            balancer.close_all(previous);
        }
        balancer.take(token, previous);
        previous = token.range.end;
        if balancer.depth() > limits.depth.saturating_add(BRACKETS_BESIDE) {
            let span = Span::new(source, token.range.start, token.range.end);
            balancer.diagnostics.push(
                Diagnostic::new(Code::NestedTooDeep, span, format!("nested deeper than {} levels", limits.depth))
                    .label("one level too many")
                    .help("give the inner part a name with `define`"),
            );
            return None;
        }
    }
    balancer.close_all(previous);
    let edits = balancer.edits;
    if edits.is_empty() {
        return Some((Cow::Borrowed(&file[range.clone()]), Places { start: range.start, put_in: Vec::new() }));
    }
    Some(apply(file, range, &edits))
}

fn apply<'t>(file: &str, range: std::ops::Range<usize>, edits: &[(usize, Edit)]) -> (Cow<'t, str>, Places) {
    let mut text = String::with_capacity(range.len() + edits.len());
    let mut put_in = Vec::new();
    let mut copied = range.start;
    for (place, edit) in edits {
        text.push_str(&file[copied..*place]);
        copied = *place;
        match edit {
            Edit::PutIn(character) => {
                put_in.push(text.len());
                text.push(*character);
            }
            Edit::Blank => {
                text.push(' ');
                copied += 1;
            }
        }
    }
    text.push_str(&file[copied..range.end]);
    (Cow::Owned(text), Places { start: range.start, put_in })
}

/// Whether a word at the start of a line begins a clause, so that no bracket can still be open before it.
fn begins_clause(kind: PieceKind, word: &str) -> bool {
    match kind {
        PieceKind::Rule => matches!(word, "never" | "always" | "record" | "skip" | "when" | "unless" | "with" | "because"),
        PieceKind::Test => matches!(word, "given" | "event" | "expect"),
        _ => false,
    }
}

/// Brackets that are no level of a condition: those of a list, and those around the `not` of a test. The tree itself is
/// measured when rules are lowered; here nothing but recursion has to be bounded.
const BRACKETS_BESIDE: usize = 2;

/// A change that balances.
enum Edit {
    PutIn(char),
    /// Instead of one byte.
    Blank,
}

struct Balancer<'a> {
    source: SourceId,
    file: &'a str,
    edits: Vec<(usize, Edit)>,
    /// Open brackets, the `not`s right before the present place among them.
    open: Vec<Open>,
    /// A quote is missing: brackets may have vanished into the text, and say nothing.
    lost_quote: bool,
    diagnostics: &'a mut Vec<Diagnostic>,
}

/// What makes a level.
#[derive(Clone, Copy)]
struct Open {
    character: char,
    at: usize,
    /// `not`s between the bracket before and this one.
    nots: usize,
}

impl Balancer<'_> {
    fn depth(&self) -> usize {
        self.open.iter().map(|open| usize::from(open.character != NOTS) + open.nots).sum()
    }

    fn take(&mut self, token: &Token, previous: usize) {
        let word = &self.file[token.range.clone()];
        match token.kind {
            TokenKind::Run if word == "not" => match self.open.last_mut() {
                Some(last) if last.character == NOTS => last.nots += 1,
                _ => self.open.push(Open { character: NOTS, at: token.range.start, nots: 1 }),
            },
            TokenKind::Open(character) => {
                let nots = self.pop_nots();
                self.open.push(Open { character, at: token.range.start, nots });
            }
            TokenKind::Close(character) => {
                self.pop_nots();
                self.close(character, token, previous);
            }
            TokenKind::Text { closed } => {
                self.pop_nots();
                if !closed {
                    self.put_in_quote(token, '"', "this text is never closed");
                }
            }
            TokenKind::Regex { closed } => {
                self.pop_nots();
                if !closed {
                    self.put_in_quote(token, '/', "this regular expression is never closed");
                }
            }
            _ => {
                // `not any attendee …` and `not all of (…)`: the `not`s hold until their operand's bracket or end.
                if matches!(word, "and" | "or" | ",") {
                    self.pop_nots();
                }
            }
        }
    }

    fn pop_nots(&mut self) -> usize {
        match self.open.last() {
            Some(last) if last.character == NOTS => self.open.pop().map_or(0, |open| open.nots),
            _ => 0,
        }
    }

    fn put_in_quote(&mut self, token: &Token, quote: char, message: &str) {
        let span = Span::new(self.source, token.range.start, token.range.end);
        self.diagnostics.push(
            Diagnostic::new(Code::SyntaxError, span, message).label(format!("a closing `{quote}` is missing on this line")),
        );
        // A backslash at the end would escape the quote.
        let written = &self.file[token.range.clone()];
        let dangling = written.len() - written.trim_end_matches('\\').len();
        if dangling % 2 == 1 {
            self.edits.push((token.range.end, Edit::PutIn('\\')));
        }
        self.edits.push((token.range.end, Edit::PutIn(quote)));
        self.lost_quote = true;
    }

    fn close(&mut self, character: char, token: &Token, previous: usize) {
        let opening = match character {
            ')' => '(',
            ']' => '[',
            _ => '{',
        };
        let Some(depth) = self.open.iter().rposition(|open| open.character == opening) else {
            self.edits.push((token.range.start, Edit::Blank));
            if !self.lost_quote {
                let span = Span::new(self.source, token.range.start, token.range.end);
                self.diagnostics.push(Diagnostic::new(Code::SyntaxError, span, format!("`{character}` closes nothing")));
            }
            return;
        };
        self.close_down_to(depth + 1, previous);
        self.open.pop();
    }

    fn close_all(&mut self, place: usize) {
        self.close_down_to(0, place);
    }

    /// Closes the brackets from the innermost to the one at `depth`; the outermost of them is reported.
    fn close_down_to(&mut self, depth: usize, place: usize) {
        let mut unclosed = None;
        while self.open.len() > depth {
            let Some(open) = self.open.pop() else { break };
            let closing = match open.character {
                '(' => ')',
                '[' => ']',
                '{' => '}',
                _ => continue,
            };
            self.edits.push((place, Edit::PutIn(closing)));
            unclosed = Some((open, closing));
        }
        let Some((open, closing)) = unclosed.filter(|_| !self.lost_quote) else { return };
        let span = Span::new(self.source, open.at, open.at + 1);
        let end = self.file[..place].char_indices().next_back().map_or(0, |(start, _)| start);
        let mut diagnostic = Diagnostic::new(Code::SyntaxError, span, format!("this `{}` is never closed", open.character));
        if end > open.at {
            diagnostic = diagnostic.also(Span::new(self.source, end, place), format!("a `{closing}` is missing by here"));
        }
        self.diagnostics.push(diagnostic);
    }
}

/// Stands among the brackets for a run of `not`s.
const NOTS: char = '!';

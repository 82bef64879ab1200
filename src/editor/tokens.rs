//! What each word of a text is, for colours.

use super::{NameKind, Snapshot};
use crate::source::{Form, SourceId, Span};
use crate::syntax::names::is_reserved;
use crate::syntax::text::scan::{self, Scan};
use crate::value::words::WEEKDAYS;

/// A word, a literal, a sign or a comment; never over a line's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Where it stands.
    pub span: Span,
    /// What it is.
    pub kind: TokenKind,
    /// Whether a piece is given its name here.
    pub gives: bool,
}

/// What a word is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// `# …`
    Comment,
    /// A word of the language.
    Keyword,
    /// A text in quotes, an address, a domain.
    Text,
    /// `/…/i`
    Regex,
    /// A number, a date, a time of day, a length of time.
    Number,
    /// `>=`, `=`
    Operator,
    /// The key of a setting, or of a test's event.
    Key,
    /// One of a closed set of values.
    Value,
    /// A name.
    Name(NameKind),
}

impl Snapshot {
    /// The words of a text of the text form, by place; nothing of JSON, which editors know.
    #[must_use]
    pub fn tokens(&self, source: SourceId) -> Vec<Token> {
        if self.form(source) == Form::Json {
            return Vec::new();
        }
        let text = self.text(source);
        let scan = Scan::of(text);
        let comments = scan.comments.iter().map(|comment| self.token(source, comment.range.clone(), TokenKind::Comment));
        let mut tokens: Vec<Token> = comments.collect();
        for (index, token) in scan.tokens.iter().enumerate() {
            let next = scan.tokens.get(index + 1).map(|next| &text[next.range.clone()]);
            match token.kind {
                scan::TokenKind::Text { .. } => tokens.push(self.token(source, token.range.clone(), TokenKind::Text)),
                scan::TokenKind::Regex { .. } => tokens.push(self.token(source, token.range.clone(), TokenKind::Regex)),
                scan::TokenKind::Symbol if matches!(text.as_bytes()[token.range.start], b'<' | b'>' | b'=' | b'!') => {
                    tokens.push(self.token(source, token.range.clone(), TokenKind::Operator));
                }
                scan::TokenKind::Run => tokens.push(self.run(source, token.range.clone(), next)),
                _ => {}
            }
        }
        tokens.sort_by_key(|token| token.span);
        tokens
    }

    fn token(&self, source: SourceId, range: std::ops::Range<usize>, kind: TokenKind) -> Token {
        Token { span: Span::new(source, range.start, range.end), kind, gives: false }
    }

    fn run(&self, source: SourceId, range: std::ops::Range<usize>, next: Option<&str>) -> Token {
        let word = &self.text(source)[range.clone()];
        let token = self.token(source, range.clone(), TokenKind::Value);
        let named = self.names.uses.binary_search_by_key(&token.span, |name| name.span).ok();
        if let Some(name) = named.and_then(|index| self.names.uses.get(index)) {
            return Token { kind: TokenKind::Name(name.kind), gives: name.gives, ..token };
        }
        let kind = if next == Some(":") && !is_piece_head(word) {
            TokenKind::Key
        } else if word.contains('@') {
            TokenKind::Text
        } else if word.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            TokenKind::Number
        } else if is_reserved(word) || is_weekdays(word) {
            TokenKind::Keyword
        } else {
            TokenKind::Value
        };
        Token { kind, ..token }
    }
}

/// `rule:` is a head that is not finished.
fn is_piece_head(word: &str) -> bool {
    scan::PIECES.iter().any(|(piece, _)| *piece == word)
}

/// `mon..fri`
fn is_weekdays(word: &str) -> bool {
    word.split("..").all(|day| WEEKDAYS.iter().any(|(known, _)| *known == day))
}

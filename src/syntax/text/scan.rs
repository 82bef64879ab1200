//! One linear look at a text before anything recurses: words, comments, pieces.
//!
//! Knows just enough of the language to tell what is quoted, what is a comment and where pieces begin, so that one mistake
//! stays inside its piece and nesting is known before a parser meets it.

use crate::syntax::names::is_reserved;
use std::ops::Range;

/// A stretch of text that is neither white space nor comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands.
    pub range: Range<usize>,
    /// Nothing but white space stands before it on its line.
    pub first_on_line: bool,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// Letters, digits and whatever else words, numbers and addresses are made of.
    Run,
    /// `"…"`
    Text {
        /// It ends on its line.
        closed: bool,
    },
    /// `/…/flags` after `matches`.
    Regex {
        /// It ends on its line.
        closed: bool,
    },
    /// `(`, `[` or `{`
    Open(char),
    /// `)`, `]` or `}`
    Close(char),
    /// Any other character, or a comparison sign.
    Symbol,
}

/// A comment with its `#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Where it stands.
    pub range: Range<usize>,
    /// Nothing but white space stands before it on its line.
    pub own_line: bool,
}

/// A text cut into words and comments, both in order.
#[derive(Debug, Default)]
pub struct Scan {
    /// Everything but white space and comments.
    pub tokens: Vec<Token>,
    /// The comments.
    pub comments: Vec<Comment>,
}

impl Scan {
    /// Cuts up `text`; linear in its length.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut scan = Self::default();
        let mut rest = text;
        let mut line_is_empty = true;
        while let Some(character) = rest.chars().next() {
            let start = text.len() - rest.len();
            if matches!(character, '\n' | '\r') {
                line_is_empty = true;
            }
            if character.is_whitespace() || character == '\u{feff}' {
                rest = &rest[character.len_utf8()..];
                continue;
            }
            let length = if character == '#' {
                let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
                scan.comments.push(Comment { range: start..start + length, own_line: line_is_empty });
                length
            } else {
                let (kind, length) = scan.next_token(text, rest, character);
                scan.tokens.push(Token { kind, range: start..start + length, first_on_line: line_is_empty });
                line_is_empty = false;
                length
            };
            rest = &rest[length..];
        }
        scan
    }

    fn next_token(&self, text: &str, rest: &str, character: char) -> (TokenKind, usize) {
        match character {
            '"' => {
                let (length, closed) = delimited(rest, '"');
                (TokenKind::Text { closed }, length)
            }
            '(' | '[' | '{' => (TokenKind::Open(character), 1),
            ')' | ']' | '}' => (TokenKind::Close(character), 1),
            '/' if self.tokens.last().is_some_and(|last| &text[last.range.clone()] == "matches") => {
                let (length, closed) = delimited(rest, '/');
                let flags = rest[length..].find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len() - length);
                (TokenKind::Regex { closed }, if closed { length + flags } else { length })
            }
            '<' | '>' | '=' | '!' => (TokenKind::Symbol, 1 + usize::from(rest[1..].starts_with('='))),
            _ if in_run(character) => (TokenKind::Run, run_length(rest)),
            _ => (TokenKind::Symbol, character.len_utf8()),
        }
    }

    /// The token at `offset`, else the first one after it.
    #[must_use]
    pub fn at_or_after(&self, offset: usize) -> Option<&Token> {
        self.tokens.get(self.tokens.partition_point(|token| token.range.end <= offset))
    }

    /// The last token that ends at or before `offset`.
    #[must_use]
    pub fn before(&self, offset: usize) -> Option<&Token> {
        self.tokens[..self.tokens.partition_point(|token| token.range.end <= offset)].last()
    }
}

/// The length of a literal that begins at the start of `text`, and whether it ends on its line.
fn delimited(text: &str, delimiter: char) -> (usize, bool) {
    let mut escaped = false;
    for (index, character) in text.char_indices().skip(1) {
        match character {
            '\n' | '\r' => return (index, false),
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if character == delimiter => return (index + 1, true),
            _ => {}
        }
    }
    (text.len(), false)
}

/// Whether a character may stand in a word, a number or an address.
fn in_run(character: char) -> bool {
    character == '@' || is_address_char(character)
}

/// The grammar's `address_char`.
pub(in crate::syntax) fn is_address_char(character: char) -> bool {
    let special = matches!(
        character,
        '"' | '(' | ')' | ',' | ':' | ';' | '<' | '>' | '@' | '[' | ']' | '{' | '}' | '#' | '\\' | '=' | '\u{feff}'
    );
    !special && !character.is_whitespace() && !character.is_control()
}

/// Also takes the colon of a time of day.
fn run_length(text: &str) -> usize {
    let mut before = ' ';
    let mut characters = text.char_indices().peekable();
    while let Some((index, character)) = characters.next() {
        let clock_colon =
            character == ':' && before.is_ascii_digit() && characters.peek().is_some_and(|(_, after)| after.is_ascii_digit());
        if !in_run(character) && !clock_colon {
            return index;
        }
        before = character;
    }
    text.len()
}

/// What a piece is, by its first word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words say it")]
pub enum PieceKind {
    Header,
    Layer,
    OurDomains,
    Timezone,
    Default,
    Defaults,
    Recordable,
    Limits,
    List,
    Person,
    Define,
    Rule,
    Test,
    /// Text before the first piece, or one whose first word is no word of the language.
    Unknown,
}

/// The first words of pieces.
pub const PIECES: [(&str, PieceKind); 13] = [
    ("callsheet", PieceKind::Header),
    ("layer", PieceKind::Layer),
    ("our", PieceKind::OurDomains),
    ("timezone", PieceKind::Timezone),
    ("default", PieceKind::Default),
    ("defaults", PieceKind::Defaults),
    ("recordable", PieceKind::Recordable),
    ("limits", PieceKind::Limits),
    ("list", PieceKind::List),
    ("person", PieceKind::Person),
    ("define", PieceKind::Define),
    ("rule", PieceKind::Rule),
    ("test", PieceKind::Test),
];

/// A piece: its kind and its words, as a range of [`Scan::tokens`], never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawPiece {
    /// What its first word says it is.
    pub kind: PieceKind,
    /// Its words.
    pub tokens: Range<usize>,
}

/// Cuts a text into pieces.
///
/// A piece begins where its first word is first on a line. Inside open brackets the next word must fit too, so that a bracket
/// that is never closed swallows no piece, and a list of words may hold any.
#[must_use]
pub fn pieces(text: &str, tokens: &[Token]) -> Vec<RawPiece> {
    let word = |index: usize| tokens.get(index).map_or("", |token: &Token| &text[token.range.clone()]);
    let mut pieces: Vec<RawPiece> = Vec::new();
    let mut open = 0_usize;
    for (index, token) in tokens.iter().enumerate() {
        let previous = if index == 0 { "" } else { word(index - 1) };
        let kind = if token.first_on_line && token.kind == TokenKind::Run {
            piece_kind(text, tokens, index, open > 0, previous)
        } else {
            None
        };
        match kind {
            Some(kind) => {
                open = 0;
                pieces.push(RawPiece { kind, tokens: index..index + 1 });
            }
            None => match pieces.last_mut() {
                Some(piece) => piece.tokens.end = index + 1,
                None => pieces.push(RawPiece { kind: PieceKind::Unknown, tokens: index..index + 1 }),
            },
        }
        match token.kind {
            TokenKind::Open(_) => open += 1,
            TokenKind::Close(_) => open = open.saturating_sub(1),
            _ => {}
        }
    }
    pieces
}

/// The kind of the piece that the word at `index` begins; `None` where it begins none.
fn piece_kind(text: &str, tokens: &[Token], index: usize, inside: bool, previous: &str) -> Option<PieceKind> {
    let word = &text[tokens[index].range.clone()];
    let next = tokens.get(index + 1);
    let next_word = next.map_or("", |token| &text[token.range.clone()]);
    let Some((_, kind)) = PIECES.iter().find(|(known, _)| *known == word) else {
        // A slip in the first word: it stands at the left border, and what follows is what follows a name.
        let at_border = tokens[index].range.start == 0 || text[..tokens[index].range.start].ends_with(['\n', '\r', '\u{feff}']);
        let named = next.is_some_and(|token| matches!(token.kind, TokenKind::Run | TokenKind::Text { .. }))
            && tokens.get(index + 2).is_some_and(|token| {
                matches!(token.kind, TokenKind::Text { .. }) || matches!(&text[token.range.clone()], ":" | "=")
            });
        return (at_border && named && !inside && looks_like_piece_word(word)).then_some(PieceKind::Unknown);
    };
    if matches!((previous, word), ("given", "list") | ("expect", "default") | ("not", "recordable")) {
        return None;
    }
    let is_run = next.is_some_and(|token| token.kind == TokenKind::Run);
    let is_text = next.is_some_and(|token| matches!(token.kind, TokenKind::Text { .. }));
    let fits = match kind {
        PieceKind::Default => matches!(next_word, "record" | "skip"),
        PieceKind::Defaults => next_word == "with",
        PieceKind::OurDomains => next_word == "domains",
        PieceKind::Timezone | PieceKind::Test => is_text,
        PieceKind::Recordable | PieceKind::Limits => next_word == "{",
        _ => is_run,
    };
    (!inside || fits).then_some(*kind)
}

/// Whether a word that begins no piece is near one that does. Words of clauses and conditions are not, whatever their look.
fn looks_like_piece_word(word: &str) -> bool {
    !is_reserved(word) && crate::diagnostic::nearest(&word.to_lowercase(), PIECES.map(|(known, _)| known)).is_some()
}

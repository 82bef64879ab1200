//! Reads the text form: `grammar/rules.pest` to the tree.
//!
//! Always a tree, with holes where the author erred, and all errors of a file in one run: a linear look (`scan`) finds
//! comments and pieces and holds the limits, `balance` closes what a piece leaves open, the grammar parses each piece on
//! its own and takes what is broken as such, and what is broken is looked at again, strictly, to say what it lacks
//! (`explain`). Each function here that reads a production has its name.

mod attach;
mod balance;
mod conditions;
mod expected;
mod explain;
mod grammar;
mod items;
pub mod next;
mod people;
mod pieces;
mod rules;
pub mod scan;
mod settle;
mod test_piece;
mod values;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{SourceId, Span};
use crate::syntax::Limits;
use crate::syntax::ast::{At, File, Located};
use balance::{Places, balance};
use grammar::{Pair, Rule};
use scan::{PieceKind, RawPiece, Scan, TokenKind};

/// Reads a rule text; diagnostics in the order of their places.
#[must_use]
pub fn parse(source: SourceId, text: &str, limits: &Limits) -> (File, Vec<Diagnostic>) {
    if text.len() > limits.file_bytes {
        return (File::default(), vec![too_long(source, text, "a rule file", text.len(), limits.file_bytes, 0)]);
    }
    let scan = Scan::of(text);
    let pieces = scan::pieces(text, &scan.tokens);
    if let Some(diagnostic) = too_many_pieces(source, &scan, &pieces, limits).or_else(|| too_much(source, text, &scan, limits)) {
        return (File::default(), vec![diagnostic]);
    }
    let (file, diagnostics) = (File::default(), Vec::new());
    let mut reader =
        Reader { source, text, limits, scan: &scan, places: Places::default(), rules: 0, explained: 0, file, diagnostics };
    for piece in pieces {
        reader.piece(&piece);
    }
    let Reader { mut file, mut diagnostics, .. } = reader;
    attach::comments(source, text, &scan, &mut file, &mut diagnostics);
    settle::file(&mut file);
    diagnostics.sort_by_key(|diagnostic| diagnostic.primary.span.start);
    (file, diagnostics)
}

fn too_long(source: SourceId, text: &str, what: &str, bytes: usize, limit: usize, start: usize) -> Diagnostic {
    let end = start + text[start..].chars().next().map_or(0, char::len_utf8);
    Diagnostic::new(
        Code::LimitExceeded,
        Span::new(source, start, end),
        format!("{what} holds at most {limit} bytes, this one has {bytes}"),
    )
}

fn too_many_pieces(source: SourceId, scan: &Scan, pieces: &[RawPiece], limits: &Limits) -> Option<Diagnostic> {
    let first = pieces.get(limits.pieces)?.tokens.clone().next()?;
    let place = scan.tokens[first].range.clone();
    Some(limits.too_many_pieces(Span::new(source, place.start, place.end)))
}

/// Whether the words and signs of a text tell that it holds more than it may, before anything else is read.
fn too_much(source: SourceId, text: &str, scan: &Scan, limits: &Limits) -> Option<Diagnostic> {
    let (mut items, mut parts, mut words) = (0_usize, 0_usize, 0_usize);
    let mut brackets = Vec::new();
    for token in &scan.tokens {
        let word = &text[token.range.clone()];
        match token.kind {
            TokenKind::Open(bracket) => brackets.push(bracket),
            TokenKind::Close(_) => drop(brackets.pop()),
            _ => {}
        }
        let in_list = brackets.last() == Some(&'[');
        words += usize::from(!in_list);
        match word {
            "," if in_list => items += 1,
            "," | "(" | "{" | "[" | "and" | "or" | "not" => parts += 1,
            _ => {}
        }
        let past = [
            (items > limits.list_items, limits.list_items, "list items"),
            (parts > limits.parts, limits.parts, "parts of conditions, settings and lists"),
            (words > limits.words, limits.words, "words and signs"),
        ];
        if let Some((_, limit, what)) = past.into_iter().find(|(past, ..)| *past) {
            let place = Span::new(source, token.range.start, token.range.end);
            let message = format!("more than {limit} {what} in one file");
            return Some(Diagnostic::new(Code::LimitExceeded, place, message).label("past the limit here"));
        }
    }
    None
}

/// Reads one file, piece by piece.
struct Reader<'t> {
    source: SourceId,
    text: &'t str,
    limits: &'t Limits,
    scan: &'t Scan,
    /// Leads from the text of the present piece back to the file.
    places: Places,
    /// Rules so far.
    rules: usize,
    /// Bytes of broken stretches that were read again.
    explained: usize,
    file: File,
    diagnostics: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn piece(&mut self, piece: &RawPiece) {
        let tokens = &self.scan.tokens[piece.tokens.clone()];
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return };
        let (start, end) = (first.range.start, last.range.end);
        if piece.kind == PieceKind::Unknown {
            return self.unknown_piece(piece);
        }
        if piece.kind == PieceKind::Rule && !self.one_more_rule(piece) {
            return;
        }
        if piece.kind == PieceKind::Rule && end - start > self.limits.rule_bytes {
            let diagnostic = too_long(self.source, self.text, "a rule", end - start, self.limits.rule_bytes, start);
            return self.diagnostics.push(diagnostic);
        }
        let balanced = balance(self.source, self.text, self.scan, piece, self.limits, &mut self.diagnostics);
        let Some((text, places)) = balanced else { return };
        self.places = places;
        let production = match piece.kind {
            PieceKind::Header => Rule::header,
            PieceKind::Layer => Rule::layer,
            PieceKind::OurDomains => Rule::our_domains,
            PieceKind::Timezone => Rule::timezone,
            PieceKind::Default => Rule::default,
            PieceKind::Defaults => Rule::defaults,
            PieceKind::Recordable => Rule::recordable,
            PieceKind::Limits => Rule::limits,
            PieceKind::List => Rule::list,
            PieceKind::Person => Rule::person,
            PieceKind::Define => Rule::define,
            PieceKind::Test => Rule::test,
            PieceKind::Rule | PieceKind::Unknown => Rule::rule,
        };
        match grammar::read(production, &text) {
            Ok(pair) => self.read_piece(pair),
            Err(failure) => self.explain_failure(production, &failure, 0, text.len()),
        }
    }

    /// Counts a rule, broken or not; whether it is to be read. Past the limit none is.
    fn one_more_rule(&mut self, piece: &RawPiece) -> bool {
        self.rules += 1;
        if self.rules == self.limits.rules.saturating_add(1) {
            let tokens = &self.scan.tokens[piece.tokens.clone()];
            let place = tokens.get(1).or(tokens.first()).map_or(0..0, |token| token.range.clone());
            let message = format!("more than {} rules in one set", self.limits.rules);
            self.report(Code::LimitExceeded, At(Span::new(self.source, place.start, place.end)), message);
        }
        self.rules <= self.limits.rules
    }

    fn read_piece(&mut self, pair: Pair<'_>) {
        match pair.as_rule() {
            Rule::header => self.header(pair),
            Rule::layer => self.layer(pair),
            Rule::our_domains => self.our_domains(pair),
            Rule::timezone => self.timezone(pair),
            Rule::default => self.default(pair),
            Rule::defaults => self.defaults(pair),
            Rule::recordable => self.recordable(pair),
            Rule::limits => self.limits(pair),
            Rule::list => self.list(pair),
            Rule::person => self.person(pair),
            Rule::define => self.define(pair),
            Rule::test => self.test(pair),
            _ => self.rule(pair),
        }
    }

    /// Where a pair was written, without the white space and comments that pest counts to its end.
    fn at(&self, pair: &Pair<'_>) -> At {
        let span = pair.as_span();
        self.between(span.start(), span.end())
    }

    /// The place in the file of a range of the piece's text.
    fn between(&self, start: usize, end: usize) -> At {
        let start = self.places.place(start);
        let mut end = self.places.place(end).max(start);
        loop {
            end = start + self.text[start..end].trim_end_matches(|c: char| c.is_whitespace() || c == '\u{feff}').len();
            let comments = &self.scan.comments;
            let last = comments[..comments.partition_point(|comment| comment.range.end < end)].len();
            match comments.get(last) {
                // White space at the end of a comment is part of it, so `end` may lie inside.
                Some(comment) if (start..end).contains(&comment.range.start) => {
                    end = comment.range.start;
                }
                _ => return At(Span::new(self.source, start, end)),
            }
        }
    }

    fn located(&self, pair: &Pair<'_>) -> Located<String> {
        Located { value: pair.as_str().to_owned(), at: self.at(pair) }
    }

    fn report(&mut self, code: Code, at: At, message: impl Into<String>) -> &mut Diagnostic {
        self.diagnostics.push(Diagnostic::new(code, at.0, message));
        self.diagnostics.last_mut().expect("one was pushed")
    }
}

/// Whether a text is a word: a letter, then letters, digits, `-` and `_`.
#[must_use]
pub fn is_word(text: &str) -> bool {
    let blank = |c: char| c == '#' || c == '\u{feff}' || c.is_whitespace();
    !text.contains(blank) && grammar::read(Rule::only_word, text).is_ok()
}

/// Whether a text can stand bare as an address or a domain pattern.
#[must_use]
pub fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !domain.is_empty() && local.chars().all(scan::is_address_char) && domain.chars().all(scan::is_address_char)
    })
}

//! What may come next in a text that breaks off: asked of the grammar itself, so that a word of the language is offered as soon
//! as the grammar has it.
//!
//! The last piece of the text is read by its production, as the parser reads it. Wherever a part of a production is tried at the
//! end of the text, that part may come next. Productions for what is broken are tried only where nothing else reaches the end, so
//! that mistakes further up do not matter.

mod grammar;

use super::scan::{self, PieceKind, Scan, TokenKind};
use grammar::{Expr, Grammar};

/// Something that may come next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What it is.
    pub what: What,
    /// The productions that it would stand in, the outermost first.
    pub inside: Vec<Inside>,
}

/// What may come next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// Words of the language, or a sign.
    Words(String),
    /// A production whose text is the author's: `name`, `string`, `date`.
    Own(&'static str),
}

/// A production that was begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inside {
    /// Its name in `grammar/rules.pest`.
    pub production: &'static str,
    /// Where it begins in the text.
    pub start: usize,
}

/// Productions whose text is the author's.
const OWN: [&str; 12] =
    ["name", "rule_id", "word", "string", "regex", "number", "duration", "clock", "date", "address", "run", "signs"];
/// Signs alone are typed faster than chosen, so that nobody is offered them.
fn is_worth_offering(words: &str) -> bool {
    words.starts_with(|first: char| first.is_alphabetic())
}

/// Most parts of productions that are tried for one answer: a rule of 16 KiB takes about a tenth.
const STEPS_MAX: usize = 5_000_000;
/// Brackets and `not` that may be open; past them nothing is offered.
const DEPTH_MAX: usize = 64;

/// What may come after `before`, which breaks off between two words. Each thing once.
#[must_use]
pub fn expected(before: &str) -> Vec<Expected> {
    let scan = Scan::of(before);
    let pieces = scan::pieces(before, &scan.tokens);
    let mut found = Vec::new();
    if begins_line(before) {
        found.extend(scan::PIECES.iter().map(|(word, _)| Expected { what: What::Words((*word).to_owned()), inside: Vec::new() }));
    }
    let Some(piece) = pieces.last() else { return found };
    let tokens = &scan.tokens[piece.tokens.clone()];
    let deep =
        tokens.iter().filter(|token| matches!(token.kind, TokenKind::Open(_)) || &before[token.range.clone()] == "not").count();
    let (Some(first), Some(production)) = (tokens.first(), production(piece.kind)) else { return found };
    if deep > DEPTH_MAX {
        return found;
    }
    let grammar = Grammar::get();
    let Some(production) = grammar.find(production) else { return found };
    let begun_with = found.len();
    let mut walk = Walk { grammar, text: before, inside: Vec::new(), quiet: 0, atomic: 0, steps: 0, found, begun_with };
    walk.production(production, first.range.start);
    walk.found
}

/// Whether nothing stands before the end on its line.
fn begins_line(before: &str) -> bool {
    let line = &before[before.rfind(['\n', '\r']).map_or(0, |newline| newline + 1)..];
    line.trim_start_matches('\u{feff}').is_empty()
}

fn production(kind: PieceKind) -> Option<&'static str> {
    Some(match kind {
        PieceKind::Header => "header",
        PieceKind::Layer => "layer",
        PieceKind::OurDomains => "our_domains",
        PieceKind::Timezone => "timezone",
        PieceKind::Default => "default",
        PieceKind::Defaults => "defaults",
        PieceKind::Recordable => "recordable",
        PieceKind::Limits => "limits",
        PieceKind::List => "list",
        PieceKind::Person => "person",
        PieceKind::Define => "define",
        PieceKind::Rule => "rule",
        PieceKind::Test => "test",
        PieceKind::Unknown => return None,
    })
}

/// One reading of a piece that breaks off.
struct Walk<'t> {
    grammar: &'static Grammar,
    text: &'t str,
    inside: Vec<Inside>,
    /// Inside of what only looks ahead, or of an author's own text: nothing there is to be offered.
    quiet: usize,
    atomic: usize,
    steps: usize,
    found: Vec<Expected>,
    /// How much was found before the piece was read.
    begun_with: usize,
}

impl Walk<'_> {
    fn is_end(&self, at: usize) -> bool {
        at == self.text.len()
    }

    fn offer(&mut self, what: What) {
        let expected = Expected { what, inside: self.inside.clone() };
        if self.quiet == 0 && !self.found.contains(&expected) {
            self.found.push(expected);
        }
    }

    /// Where `expr` ends if it stands at `at`.
    fn expr(&mut self, expr: &'static Expr, at: usize) -> Option<usize> {
        self.steps += 1;
        if self.steps > STEPS_MAX {
            return None;
        }
        match expr {
            Expr::Text(text) => {
                if self.is_end(at) && is_worth_offering(text) {
                    self.offer(What::Words(text.clone()));
                }
                self.text[at..].starts_with(text.as_str()).then(|| at + text.len())
            }
            Expr::Class(is_in) => self.character(at, is_in),
            Expr::Range(from, to) => self.character(at, &|character| (*from..=*to).contains(&character)),
            Expr::End => self.is_end(self.skip(at)).then_some(at),
            Expr::Production(place) => self.production(*place, at),
            Expr::Sequence(parts) => self.sequence(parts, at),
            Expr::Choice(parts) => self.choice(parts, at),
            Expr::Repeat(part, least, most) => self.repeat(part, *least, *most, at),
            // What the next letter would be nobody knows.
            Expr::If(_) if self.is_end(at) => Some(at),
            Expr::If(part) => self.quietly(|walk| walk.expr(part, at)).map(|_| at),
            Expr::Unless(part) => match self.quietly(|walk| walk.expr(part, at)) {
                Some(_) => None,
                None => Some(at),
            },
        }
    }

    fn quietly<T>(&mut self, look: impl FnOnce(&mut Self) -> T) -> T {
        self.quiet += 1;
        let seen = look(self);
        self.quiet -= 1;
        seen
    }

    fn character(&self, at: usize, is_in: &dyn Fn(char) -> bool) -> Option<usize> {
        let character = self.text[at..].chars().next()?;
        is_in(character).then(|| at + character.len_utf8())
    }

    fn production(&mut self, place: usize, at: usize) -> Option<usize> {
        let production = &self.grammar.productions[place];
        let own = OWN.contains(&production.name.as_str());
        if own && self.is_end(at) {
            self.inside_of(production.name.as_str(), at, |walk| walk.offer(What::Own(production.name.as_str())));
            return None;
        }
        // What is passed over as broken is nobody's next word.
        let quiet = usize::from(own || production.name == "token");
        let atomic = usize::from(production.atomic);
        self.atomic += atomic;
        self.quiet += quiet;
        let end = self.inside_of(production.name.as_str(), at, |walk| walk.expr(&production.body, at));
        self.quiet -= quiet;
        self.atomic -= atomic;
        end
    }

    fn inside_of<T>(&mut self, production: &'static str, start: usize, work: impl FnOnce(&mut Self) -> T) -> T {
        self.inside.push(Inside { production, start });
        let done = work(self);
        self.inside.pop();
        done
    }

    fn sequence(&mut self, parts: &'static [Expr], at: usize) -> Option<usize> {
        let mut end = at;
        for (index, part) in parts.iter().enumerate() {
            let start = if index == 0 { end } else { self.skip(end) };
            let words = if self.is_end(start) { self.words(&parts[index..]) } else { Vec::new() };
            if words.len() > 1 {
                self.offer(What::Words(words.join(" ")));
                return None;
            }
            end = self.expr(part, start)?;
        }
        Some(end)
    }

    /// The words of the language that these parts begin with.
    fn words(&self, parts: &[Expr]) -> Vec<&'static str> {
        parts.iter().map_while(|part| self.word(part)).collect()
    }

    fn word(&self, part: &Expr) -> Option<&'static str> {
        let Expr::Production(place) = part else { return None };
        let production = &self.grammar.productions[*place];
        match (&production.body, production.name.starts_with("kw_")) {
            (Expr::Sequence(parts), true) => match parts.first() {
                Some(Expr::Text(word)) => Some(word),
                _ => None,
            },
            _ => None,
        }
    }

    fn choice(&mut self, parts: &'static [Expr], at: usize) -> Option<usize> {
        for part in parts {
            // The end was reached by what is right: it does not have to be taken for something broken.
            if self.found.len() > self.begun_with && self.is_for_broken(part) {
                continue;
            }
            if let Some(end) = self.expr(part, at) {
                return Some(end);
            }
        }
        None
    }

    fn is_for_broken(&self, part: &Expr) -> bool {
        let name = match part {
            Expr::Production(place) => self.grammar.productions[*place].name.as_str(),
            Expr::Sequence(parts) => return parts.first().is_some_and(|first| self.is_for_broken(first)),
            _ => return false,
        };
        name.starts_with("broken_") || name.starts_with("stray_") || matches!(name, "nothing" | "rest")
    }

    fn repeat(&mut self, part: &'static Expr, least: u32, most: u32, at: usize) -> Option<usize> {
        let (mut end, mut count) = (at, 0);
        while count < most {
            let start = if count == 0 { end } else { self.skip(end) };
            match self.expr(part, start) {
                Some(after) if after > end || count < least => end = after,
                _ => break,
            }
            count += 1;
        }
        (count >= least).then_some(end)
    }

    /// Past white space and comments, where they may stand.
    fn skip(&self, at: usize) -> usize {
        if self.atomic > 0 {
            return at;
        }
        let mut rest = &self.text[at..];
        loop {
            let trimmed = rest.trim_start_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
            rest = match trimmed.strip_prefix('#') {
                Some(comment) => &comment[comment.find(['\n', '\r']).unwrap_or(comment.len())..],
                None => return self.text.len() - trimmed.len(),
            };
        }
    }
}

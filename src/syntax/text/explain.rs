//! What is wrong, in the author's words.
//!
//! The grammar says where a text stopped to make sense and which productions would have made sense there. Their names never
//! reach a message: [`Expected`] turns them into the words of the language.

use super::Reader;
use super::expected::{Expected, asks_how};
use super::grammar::{Failure, Pair, Rule, read};
use super::scan::{PIECES, RawPiece, Token, TokenKind};
use super::values::close_word;
use crate::diagnostic::{Code, Diagnostic, Effect, Fix};
use crate::source::Span;
use crate::syntax::ast::{At, ConditionKind, PersonTestKind};
use crate::syntax::literal::shown;
use crate::syntax::names::is_reserved;

impl Reader<'_> {
    /// Past the shown diagnostics, more of them are only counted.
    pub fn is_full(&self) -> bool {
        self.diagnostics.len() > self.limits.diagnostics
    }

    /// Whether a broken stretch is worth being read again: the remark will be shown, and not too much was read twice.
    fn is_worth_it(&mut self, pair: &Pair<'_>) -> bool {
        self.explained += pair.as_str().len();
        !self.is_full() && self.explained <= EXPLAINED_BYTES_MAX
    }

    /// Reads a broken stretch again, strictly, to say what it lacks.
    pub fn explain_again(&mut self, production: Rule, pair: &Pair<'_>) {
        let worth_it = self.is_worth_it(pair);
        self.explain_if(worth_it, production, pair);
    }

    fn explain_if(&mut self, worth_it: bool, production: Rule, pair: &Pair<'_>) {
        let span = pair.as_span();
        if !worth_it {
            let at = self.at(pair);
            self.report(Code::SyntaxError, at, "this cannot be read");
            return;
        }
        match read(production, pair.as_str()) {
            Err(failure) => self.explain_failure(production, &failure, span.start(), span.end()),
            // What it holds is fine; what follows it is not.
            Ok(_) => {
                let at = self.at(pair);
                self.report(Code::SyntaxError, at, "this does not fit here");
            }
        }
    }

    /// Says what was expected where, between `base` and `end` in the text of the piece.
    pub fn explain_failure(&mut self, production: Rule, failure: &Failure, base: usize, end: usize) {
        let place = self.places.place(base + failure.offset);
        let limit = self.places.place(end);
        let found = self.found(place, limit);
        let expected = Expected::of(production, &failure.expected);
        let before = self.scan.before(found.as_ref().map_or(limit, |(range, _)| range.start)).map(|token| token.range.clone());
        let Some((range, kind)) = found else {
            let after = before.unwrap_or(0..0);
            let list = expected.list().unwrap_or_else(|| "something".to_owned());
            let last = shown(&self.text[after.clone()]);
            let at = At(Span::new(self.source, after.start, after.end));
            self.report(Code::SyntaxError, at, format!("expected {list} after `{last}`"));
            return;
        };
        let at = At(Span::new(self.source, range.start, range.end));
        let written = self.text[range].to_owned();
        let word = shown(&written);
        if kind == TokenKind::Run
            && names_something(production)
            && failure.expected.contains(&Rule::name)
            && is_reserved(&written)
        {
            self.report(Code::ReservedName, at, format!("`{word}` is a word of the language, so nothing can have it as a name"))
                .help
                .push(format!("choose another name, such as `my-{word}`"));
            return;
        }
        let message = match expected.list() {
            Some(list) => format!("expected {list}, found `{word}`"),
            None => format!("`{word}` does not belong here"),
        };
        let code = if asks_how(&failure.expected) { Code::UnknownOperator } else { Code::SyntaxError };
        self.report(code, at, message);
        let before = before.map_or("", |range| &self.text[range]);
        if let Some(help) = hint(before, &written) {
            if let Some(last) = self.diagnostics.last_mut() {
                last.help.push(help.to_owned());
            }
        } else if kind == TokenKind::Run {
            self.suggest(at, &written, &expected.suggestions);
        }
    }

    /// The token at a place of the file, from there on, if it begins before `limit`.
    fn found(&self, place: usize, limit: usize) -> Option<(std::ops::Range<usize>, TokenKind)> {
        let token = self.scan.at_or_after(place).filter(|token| token.range.start < limit)?;
        Some((token.range.start.max(place)..token.range.end, token.kind))
    }

    /// Something is missing at a place of the file.
    pub fn report_missing(&mut self, place: usize, what: &str) {
        let (before, next) = (self.scan.before(place), self.scan.at_or_after(place));
        let place = before.or(next).map_or(0..0, |token| token.range.clone());
        let last = shown(&self.text[place.clone()]);
        let at = At(Span::new(self.source, place.start, place.end));
        self.report(Code::SyntaxError, at, format!("expected {what} after `{last}`"));
    }

    /// Text between clauses.
    pub fn stray(&mut self, pair: &Pair<'_>, clauses: &[&str]) {
        let at = self.at(pair);
        let Some((range, _)) = self.found(at.0.range().start, at.0.range().end) else { return };
        let word = self.text[range.clone()].to_owned();
        let first = At(Span::new(self.source, range.start, range.end));
        let known: Vec<String> = clauses.iter().map(|clause| format!("`{clause}`")).collect();
        self.report(Code::SyntaxError, first, format!("`{}` begins no clause", shown(&word)))
            .help
            .push(format!("a clause begins with {}", known.join(", ")));
        self.suggest(first, &word, clauses);
    }

    /// Text before the first piece, or a piece whose first word is a slip.
    pub fn unknown_piece(&mut self, piece: &RawPiece) {
        let tokens = &self.scan.tokens[piece.tokens.clone()];
        let Some(first) = tokens.first() else { return };
        let at = At(Span::new(self.source, first.range.start, first.range.end));
        let word = self.text[first.range.clone()].to_owned();
        let known = PIECES.map(|(word, _)| word);
        self.report(Code::SyntaxError, at, format!("`{}` begins no piece of a rule file", shown(&word)));
        self.suggest(at, &word, &known);
        if let Some(diagnostic) = self.diagnostics.last_mut().filter(|diagnostic| diagnostic.help.is_empty()) {
            diagnostic.help.push(
                "a piece begins with `rule`, `list`, `person`, `define`, `test` or a setting such as `timezone`".to_owned(),
            );
        }
    }

    /// A condition that is none: says which word of it nothing knows, else what is expected where.
    pub fn broken_condition(&mut self, pair: &Pair<'_>) -> ConditionKind {
        let worth_it = self.is_worth_it(pair);
        let known = worth_it
            && (self.misplaced_not(pair, Rule::only_condition)
                || self.foreign_sign(pair)
                || self.missing_hyphens(pair)
                || self.unknown_subject(pair)
                || self.lonely_test(pair));
        if !known {
            self.explain_if(worth_it, Rule::only_condition, pair);
        }
        ConditionKind::Error
    }

    /// `subject contains "x"`
    fn unknown_subject(&mut self, pair: &Pair<'_>) -> bool {
        let tokens = self.tokens_in(self.at(pair));
        let Some(first) = tokens.first().map(|token| token.range.clone()) else { return false };
        let second = tokens.get(1).map_or("", |token| &self.text[token.range.clone()]);
        let word = self.text[first.clone()].to_owned();
        if !word.starts_with(char::is_alphabetic) || is_reserved(&word) || word.contains('@') {
            return false;
        }
        let lower = word.to_lowercase();
        let synonym = SYNONYMS.iter().find(|(other, _)| *other == lower).map(|(_, subject)| *subject);
        let meant =
            synonym.or_else(|| close_word(&word, SUBJECTS)).or_else(|| SUBJECTS.iter().find(|known| **known == lower).copied());
        if meant.is_none() && !OPERATORS.contains(&second) {
            return false;
        }
        let at = At(Span::new(self.source, first.start, first.end));
        let diagnostic = self.report(Code::UnknownSubject, at, format!("a meeting has no `{}`", shown(&word)));
        diagnostic.primary.text = "not something a condition can ask about".to_owned();
        match meant {
            Some(meant) => self.suggest_word(at, meant),
            None => diagnostic
                .help
                .push("a condition asks about `title`, `organizer`, `any attendee`, `starts`, `repeats` and more".to_owned()),
        }
        true
    }

    /// `&&`, `||`, `==`
    fn foreign_sign(&mut self, pair: &Pair<'_>) -> bool {
        let tokens = self.tokens_in(self.at(pair)).iter().take(NOT_TOKENS_MAX);
        let mut signs = tokens.filter_map(|token| {
            let (_, ours) = SIGNS.iter().find(|(sign, _)| *sign == &self.text[token.range.clone()])?;
            Some((token.range.clone(), *ours))
        });
        let Some((range, ours)) = signs.next() else { return false };
        let at = At(Span::new(self.source, range.start, range.end));
        self.report(Code::UnknownOperator, at, format!("`{}` is written `{ours}`", &self.text[range]));
        self.suggest_word(at, ours);
        true
    }

    /// `all day`, `one on one`
    fn missing_hyphens(&mut self, pair: &Pair<'_>) -> bool {
        let at = self.at(pair);
        let words: Vec<&str> = self.text[at.0.range()].split_whitespace().take(4).collect();
        let Some(flag) = ["all-day", "one-on-one"].into_iter().find(|flag| words.join("-").eq_ignore_ascii_case(flag)) else {
            return false;
        };
        self.report(Code::UnknownSubject, at, format!("`{flag}` is one word, with hyphens"));
        self.suggest_word(at, flag);
        true
    }

    /// A test of a person without the person: `any attendee is external and declined`.
    fn lonely_test(&mut self, pair: &Pair<'_>) -> bool {
        if read(Rule::only_test_part, pair.as_str()).is_err() {
            return false;
        }
        let at = self.at(pair);
        let test = shown(pair.as_str().trim());
        self.report(Code::SyntaxError, at, format!("expected a condition, found the test `{test}` without a person"))
            .help
            .push("two tests of one person stand in parentheses: `any attendee (is external and declined)`".to_owned());
        true
    }

    /// A test of a person that is none.
    pub fn broken_test_part(&mut self, pair: &Pair<'_>) -> PersonTestKind {
        let worth_it = self.is_worth_it(pair);
        if !worth_it || !self.misplaced_not(pair, Rule::only_test_part) {
            self.explain_if(worth_it, Rule::only_test_part, pair);
        }
        PersonTestKind::Error
    }

    fn tokens_in(&self, at: At) -> &[Token] {
        let tokens = &self.scan.tokens;
        let range = at.0.range();
        let first = tokens.partition_point(|token| token.range.end <= range.start);
        let last = tokens.partition_point(|token| token.range.start < range.end);
        &tokens[first..last.max(first)]
    }

    /// `any attendee is not X`, `title is not "x"`: refused with what it may have meant, where that is clear.
    fn misplaced_not(&mut self, pair: &Pair<'_>, production: Rule) -> bool {
        let at = self.at(pair);
        let tokens = self.tokens_in(at);
        let word = |token: &Token| &self.text[token.range.clone()];
        let Some(place) = tokens.iter().skip(1).position(|token| word(token) == "not").map(|place| place + 1) else {
            return false;
        };
        if tokens.len() > NOT_TOKENS_MAX {
            return false;
        }
        let not = tokens[place].range.clone();
        let auxiliary = matches!(word(&tokens[place - 1]), "does" | "do");
        let dropped = if auxiliary { tokens[place - 1].range.start } else { not.start };
        let mut behind = self.text[not.end..at.0.range().end].trim_start().to_owned();
        if auxiliary && let Some(verb) = tokens.get(place + 1) {
            let ending = if word(verb) == "match" { "es" } else { "s" };
            behind.insert_str(verb.range.len(), ending);
        }
        let before = |start: usize| format!("{} {behind}", self.text[start..dropped].trim_end()).trim_start().to_owned();
        let plain = before(at.0.range().start);
        if read(production, &plain).is_err() {
            return false;
        }
        let attendee = tokens[..place].iter().find(|token| matches!(word(token), "attendee" | "attendees"));
        let readings = match attendee.filter(|_| production == Rule::only_condition) {
            Some(attendee) => {
                let (who, test) = (&self.text[at.0.range().start..attendee.range.end], before(attendee.range.end));
                let over_all = if word(&tokens[0]) == "any" { format!("no attendee {test}") } else { format!("not {plain}") };
                vec![over_all, format!("{who} (not {test})")]
            }
            None => vec![format!("not {plain}")],
        };
        let message =
            if readings.len() > 1 { "this `not` can be read in two ways" } else { "`not` stands before what it denies" };
        let written: Vec<String> = readings.iter().map(|reading| format!("`{}`", shown(reading))).collect();
        let span = Span::new(self.source, not.start, not.end);
        let mut diagnostic = Diagnostic::new(Code::AmbiguousNot, span, message).help(format!("write {}", written.join(" or ")));
        let replace = |reading: String| Fix {
            title: format!("write `{}`", shown(&reading)),
            edits: vec![(at.0, reading)],
            effect: Effect::ChangesDecisions,
        };
        diagnostic.fixes = readings.into_iter().map(replace).collect();
        self.diagnostics.push(diagnostic);
        true
    }
}

/// Most bytes of broken stretches of one file that are read again to say what they lack. A mistake spoils a few words.
const EXPLAINED_BYTES_MAX: usize = 8 * 1024;

/// Longer conditions are not tried without their `not`.
const NOT_TOKENS_MAX: usize = 64;

/// What conditions ask about.
const SUBJECTS: &[&str] = &[
    "title",
    "description",
    "location",
    "calendar",
    "organizer",
    "creator",
    "every",
    "exactly",
    "attendees",
    "one-on-one",
    "starts",
    "ends",
    "duration",
    "repeats",
    "occurrence",
    "status",
    "visibility",
    "shows",
    "kind",
    "provider",
    "conference",
    "source",
    "all-day",
    "surely",
    "possibly",
];

/// What other programs call the things that conditions ask about.
const SYNONYMS: &[(&str, &str)] = &[
    ("subject", "title"),
    ("summary", "title"),
    ("name", "title"),
    ("body", "description"),
    ("notes", "description"),
    ("agenda", "description"),
    ("place", "location"),
    ("room", "location"),
    ("host", "organizer"),
    ("owner", "organizer"),
    ("guests", "attendees"),
    ("invitees", "attendees"),
    ("participants", "attendees"),
    ("people", "attendees"),
    ("anyone", "any attendee"),
    ("anybody", "any attendee"),
    ("someone", "any attendee"),
    ("everyone", "every attendee"),
    ("everybody", "every attendee"),
    ("nobody", "no attendee"),
    ("length", "duration"),
    ("lasts", "duration"),
    ("recurs", "repeats"),
    ("recurring", "repeats"),
    ("start", "starts"),
    ("end", "ends"),
    ("response", "my response"),
    ("link", "has link"),
];

/// Signs of other languages, and how they are written here.
const SIGNS: &[(&str, &str)] = &[("==", "="), ("&&", "and"), ("||", "or"), ("!", "not"), ("&", "and"), ("|", "or")];

/// A known slip: what stands before a word, and the word.
fn hint(before: &str, word: &str) -> Option<&'static str> {
    if before == "is" && matches!(word, "in" | "from" | "accepted" | "tentative" | "declined" | "has") {
        return Some("leave out `is`");
    }
    if before == "in" && word.starts_with('@') {
        return Some("`in` takes the name of a list; for a domain write `from`");
    }
    if before == "in" && word == "[" {
        return Some("`in` takes the name of a list; for domains write `from any of [`…`]`");
    }
    if word.starts_with(['“', '”', '„', '‘', '’', '«']) {
        return Some("a text stands in straight quotes, `\"`");
    }
    None
}

/// Whether a production gives something its name, rather than using one.
fn names_something(entry: Rule) -> bool {
    matches!(entry, Rule::list | Rule::person | Rule::define)
}

/// Words after which nobody doubts that the word before was meant as a subject.
const OPERATORS: &[&str] = &[
    "is",
    "contains",
    "starts",
    "ends",
    "matches",
    "in",
    "from",
    "=",
    "!=",
    "<",
    "<=",
    ">",
    ">=",
    "==",
    "between",
    "before",
    "after",
    "at",
    "on",
    "has",
    "accepted",
    "declined",
    "tentative",
    "includes",
    "include",
    "contain",
    "equals",
    "attendee",
];

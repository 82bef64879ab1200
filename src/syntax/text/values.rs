//! Values: texts, patterns, numbers, dates, words of closed sets.

use super::Reader;
use super::grammar::{Pair, Rule, only};
use crate::diagnostic::{Code, nearest};
use crate::source::Span;
use crate::syntax::ast::{At, Located, Seconds, WEEKDAYS};
use crate::syntax::literal::{read_clock, read_date, read_duration, shown, unquote};
use crate::time::Date;
use crate::value::Closed;
use crate::value::words::{MinuteOfDay, Verb};

impl Reader<'_> {
    /// A text without its quotes; escapes that do not exist are reported and left out.
    pub fn string(&mut self, pair: &Pair<'_>) -> String {
        match unquote(pair.as_str()) {
            Ok(text) => text,
            Err(range) => {
                let start = pair.as_span().start();
                let at = self.between(start + range.start, start + range.end);
                self.report(Code::SyntaxError, at, "this escape does not exist")
                    .help
                    .push(r#"a text knows `\"`, `\\`, `\n`, `\t` and `\u{1f600}`; write `\\` for a backslash"#.to_owned());
                String::new()
            }
        }
    }

    pub fn located_string(&mut self, pair: &Pair<'_>) -> Located<String> {
        Located { value: self.string(pair), at: self.at(pair) }
    }

    /// A pattern, with `\/` undone, and its flags in order.
    pub fn regex(&mut self, pair: &Pair<'_>) -> (Located<String>, String) {
        let written = pair.as_str();
        let end = written.rfind('/').unwrap_or(written.len());
        let start = pair.as_span().start();
        let at = self.between(start, start + end + 1);
        let mut flags = String::new();
        for (offset, flag) in written[end + 1..].char_indices() {
            let flag_start = start + end + 1 + offset;
            let flag_at = self.between(flag_start, flag_start + flag.len_utf8());
            if !FLAGS.contains(flag) {
                let message = format!("a regular expression has no flag `{}`", shown(&flag.to_string()));
                self.report(Code::UnknownValue, flag_at, message)
                    .help
                    .push("the flags are `i` (any case), `s` (`.` matches line ends) and `x` (blanks mean nothing)".to_owned());
            } else if flags.contains(flag) {
                self.report(Code::DuplicateClause, flag_at, format!("the flag `{flag}` is written twice"));
            } else {
                flags.push(flag);
            }
        }
        let flags = FLAGS.chars().filter(|flag| flags.contains(*flag)).collect();
        (Located { value: undo_slashes(&written[1..end]), at }, flags)
    }

    /// A number from 0 to `most`.
    pub fn number(&mut self, pair: &Pair<'_>, most: u32) -> u32 {
        let written = pair.as_str();
        match written.parse::<u32>() {
            Ok(number) if number <= most => number,
            _ => {
                let at = self.at(pair);
                let message = format!("`{}` is not a number from 0 to {most}", shown(written));
                self.report(Code::ValueOutOfRange, at, message);
                0
            }
        }
    }

    pub fn duration(&mut self, pair: &Pair<'_>) -> Seconds {
        read_duration(pair.as_str()).unwrap_or_else(|| {
            let at = self.at(pair);
            self.report(Code::ValueOutOfRange, at, format!("`{}` is not a length of time", shown(pair.as_str())))
                .help
                .push("write the largest unit first and each once, such as `1h30m`, `90s` or `2d`".to_owned());
            0
        })
    }

    pub fn clock(&mut self, pair: &Pair<'_>) -> MinuteOfDay {
        read_clock(pair.as_str()).unwrap_or_else(|| {
            let at = self.at(pair);
            self.report(Code::ValueOutOfRange, at, format!("there is no time of day `{}`", shown(pair.as_str())))
                .help
                .push("times go from `00:00` to `24:00`".to_owned());
            0
        })
    }

    /// `None`, reported, where there is no such day.
    pub fn date(&mut self, pair: &Pair<'_>) -> Option<Date> {
        let date = read_date(pair.as_str());
        if date.is_none() {
            let at = self.at(pair);
            self.report(Code::ValueOutOfRange, at, format!("there is no day `{}`", shown(pair.as_str())));
        }
        date
    }

    pub fn verb(&mut self, pair: Pair<'_>) -> Verb {
        if only(pair).as_rule() == Rule::kw_record { Verb::Record } else { Verb::Skip }
    }

    /// The value of a closed set that a word spells; `None`, reported, where it spells none.
    pub fn closed_value<T: Closed>(&mut self, pair: &Pair<'_>, of: &str, refused: impl Fn(T) -> bool) -> Option<T> {
        let value = T::from_word(pair.as_str()).filter(|value| !refused(*value));
        if value.is_none() {
            let words: Vec<&str> = T::ALL.iter().filter(|value| !refused(**value)).map(|value| value.word()).collect();
            self.unknown_value(pair, of, &words);
        }
        value
    }

    /// Reports a word that is none of `words`.
    pub fn unknown_value(&mut self, pair: &Pair<'_>, of: &str, words: &[&str]) {
        let at = self.at(pair);
        let word = pair.as_str();
        self.report(Code::UnknownValue, at, format!("`{}` is not {of}", shown(word)));
        self.suggest(at, word, words);
        let known: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        if let Some(last) = self.diagnostics.last_mut() {
            last.help.push(format!("it is one of {}", known.join(", ")));
        }
    }

    /// Adds to the last diagnostic the known word that `word` is close to, if any.
    pub fn suggest(&mut self, at: At, word: &str, known: &[&str]) {
        if !self.is_full()
            && let Some(meant) = close_word(word, known)
        {
            self.suggest_word(at, meant);
        }
    }

    /// Adds a word to the last diagnostic as what may have been meant.
    pub fn suggest_word(&mut self, at: At, meant: &str) {
        if let Some(last) = self.diagnostics.last_mut() {
            last.help.push(format!("did you mean `{meant}`?"));
            last.fixes.push(crate::diagnostic::Fix {
                title: format!("write `{meant}`"),
                edits: vec![(Span::new(self.source, at.0.range().start, at.0.range().end), meant.to_owned())],
                effect: crate::diagnostic::Effect::ChangesDecisions,
            });
        }
    }
}

/// The known word that `word` is a slip of, whatever its case.
pub(super) fn close_word<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    if word.len() > WORD_BYTES_MAX {
        return None;
    }
    let lower = word.to_lowercase();
    let abbreviated = WEEKDAYS.iter().find(|(short, _)| lower.starts_with(short) && DAY_NAMES.contains(&lower.as_str()));
    nearest(&lower, known.iter().copied())
        .or_else(|| abbreviated.and_then(|(short, _)| known.iter().find(|known| *known == short).copied()))
}

/// Days in full, which the language abbreviates.
const DAY_NAMES: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// Nothing longer is a slip of a word of the language.
const WORD_BYTES_MAX: usize = 40;

/// The flags of a regular expression, in canonical order.
const FLAGS: &str = "isx";

/// A pattern as it stands between slashes, as the regular expression it is.
fn undo_slashes(written: &str) -> String {
    let mut pattern = String::with_capacity(written.len());
    let mut characters = written.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            pattern.push(character);
            continue;
        }
        match characters.next() {
            Some('/') => pattern.push('/'),
            Some(escaped) => pattern.extend(['\\', escaped]),
            None => pattern.push('\\'),
        }
    }
    pattern
}

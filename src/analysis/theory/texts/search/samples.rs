//! Texts in which an expression probably finds something: the shortest way through it.

use crate::builtins::text::read_pattern;
use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// Most characters of a sample.
const CHARS_MAX: usize = 512;

/// A few texts; whether the expression finds something in them has to be looked at.
pub(super) fn of(pattern: &str, flags: &str) -> Vec<String> {
    let Ok(hir) = read_pattern(pattern, flags) else { return Vec::new() };
    let mut sample = String::new();
    if !add(&hir, &mut sample) || sample.chars().count() > CHARS_MAX {
        return Vec::new();
    }
    vec![sample]
}

/// Adds what the expression needs at least; `false` where nothing does or it is too long.
fn add(hir: &Hir, sample: &mut String) -> bool {
    match hir.kind() {
        HirKind::Empty => true,
        HirKind::Look(look) => {
            // Between two words there is a gap.
            let in_word = sample.chars().next_back().is_some_and(regex_syntax::is_word_character);
            if in_word && matches!(look, Look::WordStartUnicode | Look::WordStartHalfUnicode) {
                sample.push(' ');
            }
            true
        }
        HirKind::Literal(literal) => match std::str::from_utf8(&literal.0) {
            Ok(text) => {
                sample.push_str(text);
                true
            }
            Err(_) => false,
        },
        HirKind::Class(Class::Unicode(class)) => {
            let usual = class.iter().flat_map(|range| [range.end(), range.start()]).find(char::is_ascii_graphic);
            let first = class.iter().map(|range| range.start()).next();
            usual.or(first).map(|c| sample.push(c)).is_some()
        }
        HirKind::Class(Class::Bytes(class)) => {
            let first = class.iter().map(|range| range.start()).find(u8::is_ascii);
            first.map(|byte| sample.push(char::from(byte))).is_some()
        }
        HirKind::Repetition(repeated) => (0..repeated.min).all(|_| sample.len() <= CHARS_MAX * 4 && add(&repeated.sub, sample)),
        HirKind::Capture(group) => add(&group.sub, sample),
        HirKind::Concat(parts) => parts.iter().all(|part| add(part, sample)),
        HirKind::Alternation(parts) => {
            let before = sample.len();
            parts.iter().any(|part| {
                sample.truncate(before);
                add(part, sample)
            })
        }
    }
}

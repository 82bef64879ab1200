//! Characters that look like others, or cannot be seen.
//!
//! The text of a file is looked at as it stands, comments included: what a reviewer sees must be what a rule says. What JSON
//! writes as an escape is visible already.

use super::Subject;
use crate::diagnostic::{Code, Diagnostic};
use crate::source::{SourceId, Span};
use crate::syntax::literal;
use unicode_security::{MixedScript, RestrictionLevel, RestrictionLevelDetection};

/// `confusable-or-bidi-text`
pub(super) fn confusable(subject: &Subject<'_>, findings: &mut Vec<Diagnostic>) {
    for file in subject.input.files {
        let text = &subject.sources.get(file.source).text;
        // Nothing to see in what most files are written in.
        if !text.is_ascii() {
            hidden(file.source, text, findings);
            mixed(file.source, text, findings);
        }
    }
}

/// Characters that show nothing or turn the direction of what follows, each run of them once.
fn hidden(source: SourceId, text: &str, findings: &mut Vec<Diagnostic>) {
    let mut characters = text.char_indices().peekable();
    let mut before = None;
    while let Some((start, character)) = characters.next() {
        let after = characters.peek().map(|(_, next)| *next);
        if let Some(what) = hides(before, character, after).filter(|_| start > 0 || character != '\u{feff}') {
            let mut end = start + character.len_utf8();
            while let Some((at, next)) = characters.next_if(|(_, next)| hides(None, *next, None).is_some()) {
                end = at + next.len_utf8();
            }
            let message = format!("a character that {what} stands here (U+{:04X})", u32::from(character));
            findings.push(
                Diagnostic::new(Code::ConfusableOrBidiText, Span::new(source, start, end), message)
                    .label("what is read here is not what is written")
                    .fix("remove it", Span::new(source, start, end), ""),
            );
        }
        before = Some(character);
    }
}

/// What is wrong with a character between its neighbours.
fn hides(before: Option<char>, character: char, after: Option<char>) -> Option<&'static str> {
    match character {
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => Some("turns the direction of writing"),
        '\u{200b}' | '\u{2060}'..='\u{2064}' | '\u{00ad}' | '\u{feff}' | '\u{180e}' | '\u{e0000}'..='\u{e007f}' => {
            Some("cannot be seen")
        }
        // Joiners belong into several scripts and into emoji, marks of direction beside right-to-left text.
        '\u{200c}' | '\u{200d}' | '\u{200e}' | '\u{200f}' | '\u{061c}' => {
            let plain = |neighbour: Option<char>| neighbour.is_none_or(|neighbour| neighbour.is_ascii());
            (plain(before) && plain(after)).then_some("cannot be seen")
        }
        _ => None,
    }
}

/// Words that mix scripts which nobody mixes, such as Latin with Cyrillic letters.
fn mixed(source: SourceId, text: &str, findings: &mut Vec<Diagnostic>) {
    let mut start = 0;
    for word in text.split(|character: char| !character.is_alphanumeric()) {
        if !word.is_ascii() && !word.is_single_script() && word.detect_restriction_level() > RestrictionLevel::HighlyRestrictive {
            let odd = odd_letter(word);
            let shown = literal::shown(word);
            let message = format!("`{shown}` mixes letters of several scripts, which look alike");
            findings.push(
                Diagnostic::new(Code::ConfusableOrBidiText, Span::new(source, start, start + word.len()), message)
                    .label(odd.map_or_else(String::new, |odd| format!("`{odd}` is U+{:04X}", u32::from(odd)))),
            );
        }
        start += word.len() + text[start + word.len()..].chars().next().map_or(0, char::len_utf8);
    }
}

/// The first letter of a script that is not the one of the word's first letter.
fn odd_letter(word: &str) -> Option<char> {
    let first = word.chars().find(|character| character.is_alphabetic())?;
    word.chars().find(|character| {
        let mut pair = String::from(first);
        pair.push(*character);
        !pair.as_str().is_single_script()
    })
}

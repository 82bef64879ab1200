//! The one normal form in which texts are compared.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
use regex_syntax::hir::{ClassUnicode, ClassUnicodeRange};
use regex_syntax::is_word_character;
use writeable::Writeable;

/// `text` under NFKC and full case folding: equal exactly where the language calls two texts equal.
///
/// Folding can undo normalisation and the other way round, so both run until nothing changes (twice, in practice).
///
/// ```
/// use callsheet::value::fold;
/// assert_eq!(fold("Straße"), fold("STRASSE"));
/// assert_eq!(fold("ﬁnance"), "finance");
/// ```
#[must_use]
pub fn fold(text: &str) -> String {
    let mut folder = Folder::default();
    folder.fold(text);
    folder.current
}

/// Folds one text after the other in buffers that it keeps.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    current: String,
    cased: String,
    next: String,
}

impl Folder {
    /// The same as [`fold`]; allocates only where a text is longer than all before it.
    pub fn fold(&mut self, text: &str) -> &str {
        self.current.clear();
        if !fold_settled(text, &mut self.current) {
            self.fold_by_tables(text);
        }
        &self.current
    }

    fn fold_by_tables(&mut self, text: &str) {
        self.current.push_str(text);
        let mapper = CaseMapper::new();
        for _ in 0..PASSES_MAX {
            normalize(&self.current, &mut self.next);
            self.cased.clear();
            mapper.fold(&self.next).write_to(&mut self.cased).expect("a String takes everything");
            normalize(&self.cased, &mut self.next);
            if self.next == self.current {
                break;
            }
            // Copied, not swapped: each buffer keeps its part, and so grows only once for texts of one length.
            self.current.clear();
            self.current.push_str(&self.next);
        }
    }
}

/// Adds `text` to `out`, folded, where that takes no tables: where it is nothing but ASCII and characters that nothing folds. Then it
/// is the same text folded as a whole and [character by character](fold_characters). Else `out` stays as it was.
///
/// ```
/// use callsheet::value::fold_settled;
/// let mut folded = String::new();
/// assert!(fold_settled("Präsentation 会議", &mut folded) && !fold_settled("STRAẞE", &mut folded));
/// assert_eq!(folded, "präsentation 会議");
/// ```
#[must_use]
pub fn fold_settled(text: &str, out: &mut String) -> bool {
    let is_easy = text.is_ascii() || text.chars().all(|character| character.is_ascii() || is_settled(character));
    if is_easy {
        let at = out.len();
        out.push_str(text);
        out[at..].make_ascii_lowercase();
    }
    is_easy
}

/// Whether a character beyond ASCII is one of those that make up most titles and that nothing folds: it has no other case and no other
/// form, and composes with nothing before it.
fn is_settled(character: char) -> bool {
    matches!(
        character,
        // Latin and Cyrillic small letters; dashes and quotation marks.
        '\u{e0}'..='\u{ff}' | '\u{430}'..='\u{45f}' | '\u{2013}'..='\u{2014}' | '\u{2018}'..='\u{201e}'
        // Japanese, Chinese and Korean.
        | '\u{3001}'..='\u{3003}' | '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fc}' | '\u{3400}'..='\u{4dbf}'
        | '\u{4e00}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}'
        // Pictures.
        | '\u{1f300}'..='\u{1f64f}' | '\u{1f680}'..='\u{1f6ff}' | '\u{1f900}'..='\u{1f9ff}'
    )
}

/// Replaces `out` by the NFKC of `text`.
fn normalize(text: &str, out: &mut String) {
    let normalizer = ComposingNormalizer::new_nfkc();
    let (normal, rest) = normalizer.split_normalized(text);
    out.clear();
    out.push_str(normal);
    normalizer.normalize_to(rest, out).expect("a String takes everything");
}

/// Adds `text` to `out` with the case of each character folded on its own: two texts are alike under a regular expression's
/// `i` where they are equal like this. Lengths in characters stay; nothing composes.
///
/// ```
/// use callsheet::value::fold_characters;
/// let mut folded = String::new();
/// fold_characters("Straße", &mut folded);
/// assert_eq!(folded, "straße");
/// ```
pub fn fold_characters(text: &str, out: &mut String) {
    if !fold_settled(text, out) {
        out.extend(text.chars().map(fold_character));
    }
}

/// Letters that expressions do not know yet stay: they are no part of words there.
fn fold_character(character: char) -> char {
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    let folded = CaseMapper::new().simple_fold(character);
    let is_known = folded == character || is_word_character(character) == is_word_character(folded);
    if is_known { folded } else { character }
}

/// Whether a text that was [folded so](fold_characters) is found, by an expression that ignores case, exactly in texts that fold to
/// it: not where it holds letters whose other case the expressions do not know yet.
#[must_use]
pub fn folds_as_patterns_do(folded: &str) -> bool {
    let agrees = |character: char| {
        let other = CaseMapper::new().simple_uppercase(character);
        fold_character(other) != character || found_alike(character).contains(&other)
    };
    folded.chars().all(|character| character.is_ascii() || agrees(character))
}

/// What an expression that ignores case finds for a character.
fn found_alike(character: char) -> Vec<char> {
    let mut alike = ClassUnicode::new([ClassUnicodeRange::new(character, character)]);
    alike.case_fold_simple();
    alike.iter().flat_map(|range| range.start()..=range.end()).collect()
}

/// Two passes reach the fixed point on every character of Unicode 17 (a test holds it); one more to see that.
const PASSES_MAX: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folding_every_character_is_idempotent() {
        for character in '\0'..=char::MAX {
            let once = fold(character.encode_utf8(&mut [0; 4]));
            assert_eq!(fold(&once), once, "U+{:04X}", u32::from(character));
        }
    }

    /// None of them composes with what comes before it, as a test of all pairs would show that takes an hour: of those before, one is
    /// enough of each kind that composes at all.
    #[test]
    fn settled_characters_stay_as_they_are_wherever_they_stand() {
        let before = ["", "a", "E", "\u{e6}", "か", "ハ", "가", "각", "и", "中", "\u{1f468}", "\u{1100}"];
        for character in ('\0'..=char::MAX).filter(|character| is_settled(*character)) {
            assert_eq!(fold_character(character), character);
            for before in before {
                let (text, mut folder) = (format!("{before}{character}"), Folder::default());
                folder.fold_by_tables(&text);
                assert_eq!(folder.current, text.to_ascii_lowercase(), "U+{:04X}", u32::from(character));
            }
        }
    }

    #[test]
    fn what_is_folded_at_once_is_folded_as_by_tables() {
        for text in [
            "Straße",
            "Übung",
            "übung",
            "Präsentation",
            "定例会議 A",
            "プロジェクト",
            "ﾌﾟﾛｼﾞｪｸﾄ",
            "e\u{301}",
            "가\u{11a8}",
            "🎉 Feier",
            "İ",
            "か\u{3099}",
        ] {
            let mut folder = Folder::default();
            folder.fold_by_tables(text);
            assert_eq!(fold(text), folder.current, "{text}");
        }
    }

    /// What patterns are looked for by rests on this: their literals are folded here, and matched there.
    #[test]
    fn characters_fold_alike_where_patterns_find_them_alike() {
        for character in '\0'..=char::MAX {
            let (folded, code) = (fold_character(character), u32::from(character));
            let [is_word, stays] = [character, folded].map(is_word_character);
            assert_eq!(is_word, stays, "U+{code:04X}");
            let alike = found_alike(character);
            assert!(alike.iter().all(|other| fold_character(*other) == folded), "U+{code:04X}");
            assert!(alike.contains(&folded) || !folds_as_patterns_do(&folded.to_string()), "U+{code:04X}");
        }
    }
}

//! The letters that texts are made of in a search: one for each kind of character that the wants can tell apart.

use super::{Letter, Want};
use crate::analysis::theory::texts::Asks;
use crate::builtins::text::read_pattern;
use crate::value::fold;
use regex_syntax::hir::{Class, Hir, HirKind};
use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

/// Characters that people write, tried before others of their kind.
const USUAL: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789-:,.!?/#&()[]'\"_\u{b7}\u{e4}\n";

/// Accents that compose with the letter before them when a text is folded.
const ACCENTS: [char; 4] = ['\u{301}', '\u{308}', '\u{327}', '\u{338}'];

/// Most characters of the words of all wants; past that accents are left out.
const ACCENTED_MAX: usize = 64;

pub(super) fn of(wants: &[Want<'_, '_>]) -> Vec<Letter> {
    let words: BTreeSet<char> = wants.iter().flat_map(|want| characters(want.asks)).collect();
    let hirs: Vec<Hir> = wants.iter().filter_map(|want| pattern(want.asks)).collect();
    if hirs.is_empty() {
        return of_words(&words);
    }
    let kinds = Kinds::of(&hirs, &words);
    let mut letters: Vec<Letter> = Vec::new();
    let mut seen = HashSet::new();
    let candidates = USUAL.chars().chain(words.iter().copied()).chain(written_as(&words)).chain(kinds.borders());
    for character in candidates {
        let written = character.to_string();
        let folded = fold(&written);
        // What folds to something that no word holds is as good as any other such character.
        let shown: String = folded.chars().map(|c| if words.contains(&c) { c } else { '\u{fffd}' }).collect();
        if seen.insert((kinds.signature(character), shown)) {
            letters.push(Letter { written, folded });
        }
    }
    if !words.is_empty() && letters.len() <= ACCENTED_MAX {
        let accented = letters.iter().filter(|letter| letter.folded.chars().all(char::is_alphanumeric)).flat_map(accented);
        let accented: Vec<Letter> = accented.collect();
        letters.extend(accented);
    }
    letters
}

/// Where only words are looked for, the text can be written as it folds.
fn of_words(words: &BTreeSet<char>) -> Vec<Letter> {
    let others = USUAL.chars().filter(|c| !words.contains(c) && !c.is_uppercase() && *c != '\n').take(2);
    let letter = |c: char| Letter { written: c.to_string(), folded: c.to_string() };
    words.iter().copied().chain(others).map(letter).collect()
}

fn accented(letter: &Letter) -> impl Iterator<Item = Letter> + use<'_> {
    ACCENTS.into_iter().filter_map(move |accent| {
        let written = format!("{}{accent}", letter.written);
        let folded = fold(&written);
        (folded.chars().count() == letter.folded.chars().count()).then_some(Letter { written, folded })
    })
}

fn characters<'w>(asks: &'w Asks<'_>) -> impl Iterator<Item = char> + use<'w> {
    let words: &[String] = match asks {
        Asks::Words(_, words) => words,
        _ => &[],
    };
    words.iter().flat_map(|word| word.chars())
}

fn pattern(asks: &Asks<'_>) -> Option<Hir> {
    match asks {
        Asks::Pattern(pattern, flags) => read_pattern(pattern, flags).ok(),
        _ => None,
    }
}

/// Where the characters are that fold to another one alone, but for ideographs that fold to rarer ones.
const FOLDED: [std::ops::Range<char>; 8] = [
    '\u{80}'..'\u{3400}',
    '\u{a640}'..'\u{ac00}',
    '\u{fb00}'..'\u{10000}',
    '\u{10400}'..'\u{10600}',
    '\u{10780}'..'\u{11900}',
    '\u{16e40}'..'\u{16f00}',
    '\u{1ccd0}'..'\u{1e100}',
    '\u{1e900}'..'\u{1fc00}',
];

/// Characters that fold to a character of the words.
fn written_as(words: &BTreeSet<char>) -> Vec<char> {
    /// For each character those that fold to it alone.
    static WRITTEN: LazyLock<HashMap<char, Vec<char>>> = LazyLock::new(|| {
        let mut written: HashMap<char, Vec<char>> = HashMap::new();
        for character in FOLDED.into_iter().flatten() {
            let folded = fold(character.encode_utf8(&mut [0; 4]));
            let mut chars = folded.chars();
            if let (Some(only), None) = (chars.next(), chars.next())
                && only != character
            {
                written.entry(only).or_default().push(character);
            }
        }
        written
    });
    if words.is_empty() {
        return Vec::new();
    }
    words.iter().filter_map(|c| WRITTEN.get(c)).flatten().copied().collect()
}

/// What the patterns can tell apart.
struct Kinds {
    /// For each class or literal the ranges of its characters.
    classes: Vec<Vec<(char, char)>>,
    looks: bool,
}

impl Kinds {
    fn of(hirs: &[Hir], words: &BTreeSet<char>) -> Self {
        let mut kinds = Self { classes: Vec::new(), looks: false };
        hirs.iter().for_each(|hir| kinds.add(hir));
        kinds.looks = hirs.iter().any(|hir| !hir.properties().look_set().is_empty());
        kinds.classes.extend(words.iter().map(|c| vec![(*c, *c)]));
        kinds.classes.sort_unstable();
        kinds.classes.dedup();
        kinds
    }

    fn add(&mut self, hir: &Hir) {
        match hir.kind() {
            HirKind::Empty | HirKind::Look(_) => {}
            HirKind::Literal(literal) => {
                let text = String::from_utf8_lossy(&literal.0).into_owned();
                self.classes.extend(text.chars().map(|c| vec![(c, c)]));
            }
            HirKind::Class(Class::Unicode(class)) => {
                self.classes.push(class.ranges().iter().map(|range| (range.start(), range.end())).collect());
            }
            HirKind::Class(Class::Bytes(class)) => {
                let ranges = class.ranges().iter().map(|range| (char::from(range.start()), char::from(range.end())));
                self.classes.push(ranges.collect());
            }
            HirKind::Repetition(repetition) => self.add(&repetition.sub),
            HirKind::Capture(capture) => self.add(&capture.sub),
            HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().for_each(|part| self.add(part)),
        }
    }

    /// A character of every stretch in which nothing changes.
    fn borders(&self) -> Vec<char> {
        let after = |c: char| char::from_u32(u32::from(c) + 1).or((c == '\u{d7ff}').then_some('\u{e000}'));
        let borders = self.classes.iter().flatten().flat_map(|(from, to)| std::iter::once(*from).chain(after(*to)));
        let distinct: BTreeSet<char> = borders.collect();
        distinct.into_iter().collect()
    }

    fn signature(&self, character: char) -> (Vec<bool>, bool, bool) {
        let holds = |class: &Vec<(char, char)>| {
            let at = class.partition_point(|(_, to)| *to < character);
            class.get(at).is_some_and(|(from, _)| *from <= character)
        };
        let is_word = self.looks && regex_syntax::is_word_character(character);
        (self.classes.iter().map(holds).collect(), is_word, self.looks && matches!(character, '\n' | '\r'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_fold_to_others_lie_where_they_are_looked_for() {
        let is_ideograph = |c: char| matches!(u32::from(c), 0x3400..0xa000 | 0xf900..0xfb00 | 0x20000..0x40000);
        for character in '\u{80}'..=char::MAX {
            let folded = fold(character.encode_utf8(&mut [0; 4]));
            let mut chars = folded.chars();
            if let (Some(only), None) = (chars.next(), chars.next()) {
                let looked_at = FOLDED.iter().any(|range| range.contains(&character));
                assert!(only == character || looked_at || is_ideograph(only), "{character:?} {only:?}");
            }
        }
    }
}

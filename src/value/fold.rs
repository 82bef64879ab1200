//! The one normal form in which texts are compared.

use icu_casemap::CaseMapper;
use icu_normalizer::ComposingNormalizer;
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
        self.current.push_str(text);
        if text.is_ascii() {
            self.current.make_ascii_lowercase();
            return &self.current;
        }
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
        &self.current
    }
}

/// Replaces `out` by the NFKC of `text`.
fn normalize(text: &str, out: &mut String) {
    let normalizer = ComposingNormalizer::new_nfkc();
    let (normal, rest) = normalizer.split_normalized(text);
    out.clear();
    out.push_str(normal);
    normalizer.normalize_to(rest, out).expect("a String takes everything");
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
}

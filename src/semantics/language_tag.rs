//! Language tags: whether one is well formed (RFC 5646 §2.2.9).
//!
//! Well formed is what can be decided without the registry of subtags: the right kinds of subtags in the right order, none
//! written twice where that is forbidden.

/// Whether `tag` is well formed: `en`, `de-CH`, `zh-Hant-TW`, `sl-rozaj-biske`, `de-u-co-phonebk`, `x-whatever`.
///
/// The irregular tags of old (`i-klingon`, `en-GB-oed`) are refused: each has a modern spelling.
pub(super) fn is_well_formed(tag: &str) -> bool {
    let lower = tag.to_ascii_lowercase();
    let mut subtags: Vec<&str> = lower.split('-').collect();
    if subtags.iter().any(|subtag| !is_alphanumeric(subtag, 1..=8)) {
        return false;
    }
    if let Some(private) = subtags.iter().position(|subtag| *subtag == "x") {
        if private + 1 == subtags.len() {
            return false;
        }
        subtags.truncate(private);
        if subtags.is_empty() {
            return true;
        }
    }
    let mut rest = subtags.as_slice();
    let language = take(&mut rest, |subtag| is_alphabetic(subtag, 2..=8));
    if language.is_none() {
        return false;
    }
    if language.is_some_and(|language| language.len() <= 3) {
        for _ in 0..3 {
            take(&mut rest, |subtag| is_alphabetic(subtag, 3..=3));
        }
    }
    take(&mut rest, |subtag| is_alphabetic(subtag, 4..=4));
    take(&mut rest, |subtag| is_alphabetic(subtag, 2..=2) || (subtag.len() == 3 && subtag.bytes().all(|b| b.is_ascii_digit())));
    variants_and_extensions(rest)
}

fn variants_and_extensions(mut rest: &[&str]) -> bool {
    let mut seen = Vec::new();
    while let Some(variant) =
        take(&mut rest, |subtag| is_alphanumeric(subtag, 5..=8) || (subtag.len() == 4 && subtag.as_bytes()[0].is_ascii_digit()))
    {
        if seen.contains(&variant) {
            return false;
        }
        seen.push(variant);
    }
    while let Some(singleton) = take(&mut rest, |subtag| subtag.len() == 1) {
        if seen.contains(&singleton) || take(&mut rest, |subtag| subtag.len() >= 2).is_none() {
            return false;
        }
        seen.push(singleton);
        while take(&mut rest, |subtag| subtag.len() >= 2).is_some() {}
    }
    rest.is_empty()
}

fn take<'a>(rest: &mut &[&'a str], fits: impl Fn(&str) -> bool) -> Option<&'a str> {
    let (first, others) = rest.split_first()?;
    let first = fits(first).then_some(*first)?;
    *rest = others;
    Some(first)
}

fn is_alphabetic(subtag: &str, len: std::ops::RangeInclusive<usize>) -> bool {
    len.contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_alphanumeric(subtag: &str, len: std::ops::RangeInclusive<usize>) -> bool {
    len.contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::is_well_formed;

    #[test]
    fn tags_of_the_standard_are_told_from_others() {
        for tag in ["en", "de-CH", "zh-Hant-TW", "es-419", "sl-rozaj-biske-1994", "de-u-co-phonebk", "x-acme", "zh-cmn-Hans-CN"] {
            assert!(is_well_formed(tag), "{tag}");
        }
        for tag in ["", "e", "english_us", "en_US", "en--US", "de-419-DE", "a-DE", "de-rozaj-rozaj", "de-u", "en-x", "-en"] {
            assert!(!is_well_formed(tag), "{tag}");
        }
    }
}

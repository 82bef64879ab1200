//! Names that strangers choose, of a length that every store can find rows by.
//!
//! A calendar may give an event a UID of a hundred kilobytes. Stores keep names in indexes, whose entries have bounds
//! (PostgreSQL's 2.7 KB), so a long name is kept by its beginning and a digest of the whole: the same name always comes to the
//! same text, and two names come to one only if somebody breaks SHA-256.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

/// Longest name that is kept as it is. A name in an index is at most two of them, each character perhaps escaped.
pub const ID_BYTES_MAX: usize = 512;
/// Bytes of the beginning that a shortened name keeps, for people who look for it.
const KEPT_BYTES: usize = 200;
/// Bytes of the digest that it keeps.
const DIGEST_BYTES: usize = 20;

/// The name, or what stands for one that is too long: at most [`ID_BYTES_MAX`] bytes.
#[must_use]
pub fn bounded(name: &str) -> String {
    if name.len() <= ID_BYTES_MAX {
        return name.to_owned();
    }
    let kept = name.floor_char_boundary(KEPT_BYTES);
    let digest = BASE32_NOPAD.encode(&Sha256::digest(name)[..DIGEST_BYTES]).to_ascii_lowercase();
    format!("{}…{digest}", &name[..kept])
}

/// Whether a provider's id can be kept. Providers' own ids are far shorter (Google: 5 to 1024 characters by its documents, 26
/// in fact; Graph: about 150), so that a longer one is no id.
#[must_use]
pub fn fits(id: &str) -> bool {
    !id.is_empty() && id.len() <= PROVIDER_ID_BYTES_MAX
}

/// Longest id of a provider that is taken.
pub const PROVIDER_ID_BYTES_MAX: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn long_names_that_differ_at_the_end_stay_apart() {
        let long = "x".repeat(100_000);
        let (one, other) = (bounded(&format!("{long}1")), bounded(&format!("{long}2")));
        assert_ne!(one, other);
        assert!(one.starts_with("xxx") && one.len() <= ID_BYTES_MAX);
        assert_eq!(bounded("plain"), "plain");
    }

    proptest! {
        #[test]
        fn bounded_names_are_bounded_and_stay(name in "[\\PCä€𝄞]{0,700}") {
            let once = bounded(&name);
            prop_assert!(once.len() <= ID_BYTES_MAX);
            prop_assert_eq!(bounded(&once), once.clone());
            prop_assert_eq!(once == name, name.len() <= ID_BYTES_MAX);
        }
    }
}

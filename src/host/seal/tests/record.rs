//! One record: it opens in its place, and nowhere else.

use super::{pure, secret, shown};
use crate::host::model::TenantId;
use crate::host::seal::record::{KEY_BYTES, KeyBytes, Place, TenantKey, open, seal};
use crate::host::seal::{SECRET_BYTES_MAX, SealError, is_sealed, version_of};
use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;

/// The same bytes for all: what tells places apart is what is authenticated, not the key.
fn key(version: u64) -> TenantKey {
    TenantKey { version, bytes: KeyBytes::init_with_mut(|bytes| *bytes = [7; KEY_BYTES]) }
}

/// Places and key versions that differ from one another in one thing, or in several. Some would read alike if their parts were
/// only put one after the other.
fn places() -> Vec<(Place, u64)> {
    let mut all = Vec::new();
    for (tenant, version) in [(1, 1), (1, 2), (11, 1), (2, 21)] {
        for (table, column) in [("connections", "token"), ("connection", "stoken"), ("endpoints", "secrets")] {
            for row in ["1", "11", "3"] {
                for provider in ["google", "graph", "1google"] {
                    let row = row.to_owned();
                    all.push((Place { tenant: TenantId(tenant), table, column, row, provider }, version));
                }
            }
        }
    }
    all
}

/// The sealed bytes, said to be sealed by another version.
fn as_if_by(sealed: &str, version: u64) -> String {
    let (_, encoded) = sealed.strip_prefix("v1.").and_then(|rest| rest.split_once('.')).expect("a sealed text");
    format!("v1.{version}.{encoded}")
}

#[test]
fn ten_thousand_ciphertext_swaps_are_all_refused() {
    let sealed: Vec<(Place, u64, String)> = places()
        .into_iter()
        .map(|(place, version)| {
            let text = seal(&key(version), &place, &secret(&format!("token of {place:?}"))).expect("sealed");
            (place, version, text)
        })
        .collect();
    let (mut swaps, mut refused) = (0, 0);
    for (at, (place, version, own)) in sealed.iter().enumerate() {
        assert!(open(&key(*version), place, own).is_ok(), "each opens in its own place");
        for (_, _, other) in sealed.iter().enumerate().filter(|(from, _)| *from != at).map(|(_, row)| row) {
            swaps += 1;
            refused += usize::from(open(&key(*version), place, &as_if_by(other, *version)).map(drop) == Err(SealError::Refused));
        }
    }
    assert!(swaps >= 10_000, "{swaps} swaps");
    assert_eq!(refused, swaps);
}

#[test]
fn what_was_sealed_for_one_thing_opens_for_no_other_key_or_version() {
    let (place, version) = places().remove(0);
    let sealed = seal(&key(version), &place, &secret("token")).expect("sealed");
    let stranger = TenantKey { version, bytes: KeyBytes::init_with_mut(|bytes| *bytes = [8; KEY_BYTES]) };
    assert_eq!(open(&stranger, &place, &sealed).map(drop), Err(SealError::Refused));
    assert_eq!(open(&key(version + 1), &place, &sealed).map(drop), Err(SealError::NoKey(version)));
    // Keys of tenants are wrapped by the same cipher, for another purpose.
    let bytes = BASE64URL_NOPAD.decode(sealed.rsplit('.').next().expect("three parts").as_bytes()).expect("base64");
    let bound = pure::authenticated(&["v1", "1", "connections", "token", "1", "google", "1"]);
    assert!(pure::open_bytes(&key(1).bytes, b"callsheet record v1", &bound, bytes.clone()).is_ok());
    assert!(pure::open_bytes(&key(1).bytes, b"callsheet tenant key v1", &bound, bytes).is_err());
}

#[test]
fn what_is_no_sealed_text_is_refused_as_such() {
    let (place, version) = places().remove(0);
    let sealed = seal(&key(version), &place, &secret("")).expect("sealed");
    assert_eq!(open(&key(version), &place, &sealed).map(|opened| shown(&opened).to_owned()), Ok(String::new()));
    assert_eq!((is_sealed(&sealed), version_of(&sealed)), (true, Some(1)));
    let encoded = sealed.rsplit('.').next().expect("three parts");
    let long = format!("v1.1.{}", "A".repeat(100_000));
    for text in ["", "v1", "v1.", "v1.1", "v1.1.", "v1.1.AAAA", "v2.1.AAAA", "whsec_AAAA", "v1.1.!", &long] {
        assert_eq!(open(&key(1), &place, text).map(drop), Err(SealError::NotSealed), "{text}");
    }
    // One way to write a version, one way to write bytes.
    for text in [format!("v1.01.{encoded}"), format!("v1.+1.{encoded}"), format!("v1.1.{encoded}="), format!(" {sealed}")] {
        assert_eq!(open(&key(1), &place, &text).map(drop), Err(SealError::NotSealed), "{text}");
    }
    let long = "x".repeat(SECRET_BYTES_MAX);
    let sealed = seal(&key(1), &place, &secret(&long)).expect("just short enough");
    assert_eq!(shown(&open(&key(1), &place, &sealed).expect("it opens")), long);
    assert_eq!(seal(&key(1), &place, &secret(&(long + "x"))), Err(SealError::TooLong));
}

#[test]
fn a_sealed_text_shows_only_its_length_and_nothing_shows_keys() {
    let (place, _) = places().remove(0);
    let twice = [(); 2].map(|()| seal(&key(1), &place, &secret("ca-na-ry")).expect("sealed"));
    assert_ne!(twice[0], twice[1]);
    assert_eq!(twice[0].len(), twice[1].len());
    let place = Place { row: "ca-na-ry".to_owned(), ..place };
    let shown = format!("{:?} {:?} {:#?}", key(1), place, secret("ca-na-ry"));
    assert!(!shown.contains("ca-na-ry") && !shown.contains("7, 7"), "{shown}");
}

fn a_place() -> impl Strategy<Value = (Place, u64)> {
    let word = prop::sample::select(vec!["connections", "endpoints", "token", "secrets", "google", "graph", "", "1"]);
    (any::<u64>(), word.clone(), word.clone(), ".{0,12}", word, any::<u64>()).prop_map(
        |(tenant, table, column, row, provider, version)| {
            (Place { tenant: TenantId(tenant), table, column, row, provider }, version)
        },
    )
}

proptest! {
    #[test]
    fn anything_opens_in_its_own_place_and_in_no_other(
        (place, version) in a_place(),
        (other, other_version) in a_place(),
        one_thing in 0..6_usize,
        text in ".{0,200}",
    ) {
        let sealed = seal(&key(version), &place, &secret(&text)).expect("sealed");
        let opened = open(&key(version), &place, &sealed).expect("its own place");
        prop_assert_eq!(shown(&opened), text);
        // Another place altogether, and one that differs in a single thing.
        let mut near = (place.clone(), version);
        match one_thing {
            0 => near.0.tenant = other.tenant,
            1 => near.0.table = other.table,
            2 => near.0.column = other.column,
            3 => near.0.row = other.row.clone(),
            4 => near.0.provider = other.provider,
            _ => near.1 = other_version,
        }
        for (there, by) in [(other, other_version), near] {
            if (&there, by) != (&place, version) {
                let moved = as_if_by(&sealed, by);
                prop_assert_eq!(open(&key(by), &there, &moved).map(drop), Err(SealError::Refused));
            }
        }
    }

    #[test]
    fn any_flipped_byte_is_refused(text in ".{0,60}", at in any::<prop::sample::Index>(), flip in 1u8.., letter in "[A-Za-z0-9._-]") {
        let (place, version) = places().remove(0);
        let sealed = seal(&key(version), &place, &secret(&text)).expect("sealed");
        let mut bytes = BASE64URL_NOPAD.decode(&sealed.as_bytes()[5..]).expect("base64");
        let place_of_flip = at.index(bytes.len());
        bytes[place_of_flip] ^= flip;
        let flipped = format!("v1.1.{}", BASE64URL_NOPAD.encode(&bytes));
        prop_assert_eq!(open(&key(version), &place, &flipped).map(drop), Err(SealError::Refused));
        // And any character of the text.
        let place_of_letter = at.index(sealed.len());
        let mut other = sealed.clone();
        other.replace_range(place_of_letter..=place_of_letter, &letter);
        prop_assert!(other == sealed || open(&key(version), &place, &other).is_err());
    }

    #[test]
    fn no_text_at_all_breaks_the_reader(text in "(v1\\.)?[0-9]{0,3}\\.?.{0,80}") {
        let (place, version) = places().remove(0);
        prop_assert!(open(&key(version), &place, &text).is_err());
    }
}

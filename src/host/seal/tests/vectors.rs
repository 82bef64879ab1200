//! AES-GCM and HKDF as Project Wycheproof tests them, through the functions that records are made with.

use crate::host::seal::record::{decrypt, derive, encrypt};
use data_encoding::HEXLOWER;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn vectors(name: &str) -> Option<Value> {
    let named = std::env::var_os("CALLSHEET_FIXTURES").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/fixtures"));
    if !folder.is_dir() {
        println!("skipped: no conformance data");
        return None;
    }
    let path = folder.join("vectors").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).expect("JSON"))
}

/// The tests, each with its group.
fn tests(vectors: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    let groups = vectors["testGroups"].as_array().expect("groups").iter();
    groups.flat_map(|group| group["tests"].as_array().expect("tests").iter().map(move |test| (group, test)))
}

fn hex(test: &Value, name: &str) -> Vec<u8> {
    HEXLOWER.decode(test[name].as_str().expect("a text").as_bytes()).expect("hex")
}

#[test]
fn wycheproof_aes_gcm_vectors_hold() {
    let Some(vectors) = vectors("wycheproof-aes-gcm.json") else { return };
    let (mut valid, mut invalid, mut other_nonces) = (0, 0, 0);
    for (group, test) in tests(&vectors) {
        let name = format!("test {}", test["tcId"]);
        assert_eq!((group["keySize"].as_u64(), group["tagSize"].as_u64()), (Some(256), Some(128)), "{name}");
        if group["ivSize"] != 96 {
            // Our nonces have 96 bits and no other length can be said: GCM hashes those first, which we never do.
            other_nonces += 1;
            continue;
        }
        let key: [u8; 32] = hex(test, "key").try_into().expect("256 bits");
        let nonce: [u8; 12] = hex(test, "iv").try_into().expect("96 bits");
        let (bound, plain, cipher, tag) = (hex(test, "aad"), hex(test, "msg"), hex(test, "ct"), hex(test, "tag"));
        let mut both = [cipher.clone(), tag.clone()].concat();
        let opened = decrypt(&key, nonce, &bound, &mut both).map(|bytes| bytes.to_vec());
        if test["result"] == "valid" {
            assert_eq!(opened.as_ref(), Ok(&plain), "{name}");
            let mut bytes = plain;
            let made = encrypt(&key, nonce, &bound, &mut bytes).expect("encrypted");
            assert_eq!((bytes, made.to_vec()), (cipher, tag), "{name}");
            valid += 1;
        } else {
            assert!(opened.is_err(), "{name}");
            invalid += 1;
        }
    }
    assert_eq!((valid, invalid, other_nonces), (12, 9, 14));
}

#[test]
fn wycheproof_hkdf_vectors_hold() {
    let Some(vectors) = vectors("wycheproof-hkdf-sha256.json") else { return };
    let (mut valid, mut invalid) = (0, 0);
    for (_, test) in tests(&vectors) {
        let size = usize::try_from(test["size"].as_u64().expect("a number")).expect("a size");
        let mut out = vec![0; size];
        let derived = derive(&hex(test, "ikm"), &hex(test, "salt"), &hex(test, "info"), &mut out);
        if test["result"] == "valid" {
            assert_eq!((derived, out), (Ok(()), hex(test, "okm")), "test {}", test["tcId"]);
            valid += 1;
        } else {
            assert!(derived.is_err(), "test {}", test["tcId"]);
            invalid += 1;
        }
    }
    assert_eq!((valid, invalid), (40, 1));
}

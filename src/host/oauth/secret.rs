//! Secrets that are given out once, and known again by their digests.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

/// This machine gives no random bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this machine gives no random bytes")]
pub struct NoRandom;

/// A secret of 256 bits, in 43 characters that may stand in a URL.
///
/// # Errors
/// [`NoRandom`].
pub fn fresh() -> Result<String, NoRandom> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

/// A short word that nobody guesses and that is no secret: 80 bits in 16 lower-case characters.
///
/// # Errors
/// [`NoRandom`].
pub fn word() -> Result<String, NoRandom> {
    let mut bytes = [0; 10];
    rand::fill(&mut bytes).map_err(|_| NoRandom)?;
    Ok(data_encoding::BASE32_NOPAD.encode(&bytes).to_ascii_lowercase())
}

/// SHA-256 in hexadecimal digits.
#[must_use]
pub fn hash(secret: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, secret.as_bytes()).as_ref())
}

/// Whether a text has the form of [`fresh`]; nothing else is looked up.
#[must_use]
pub fn is_secret(text: &str) -> bool {
    text.len() == 43 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

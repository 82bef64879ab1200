//! One secret, sealed: a text that opens with the tenant's key, in its own place, and nowhere else.
//!
//! `v1.<key version>.<base64url(salt 16 ‖ nonce 12 ‖ ciphertext ‖ tag 16)>`. The key of a record is HKDF-SHA256 of the tenant's key
//! with the salt, so that no two records share one and nonces may be random (SP 800-38D); the cipher is AES-256-GCM. What is
//! authenticated besides: format, tenant, table, column, row, provider and key version, each with its length in front, so that
//! two places never read alike.

use super::SealError;
use super::handed::HANDED;
use crate::host::model::{ConnectionId, EndpointId, Origin, TenantId};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hkdf, rand};
use data_encoding::BASE64URL_NOPAD;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use std::fmt;

/// What every text begins with that a tenant's key sealed.
pub const SEALED: &str = "v1.";
/// The same, among what is authenticated.
const FORMAT: &str = "v1";
/// Longest secret that is sealed, in bytes.
pub const SECRET_BYTES_MAX: usize = 64 * 1024;
/// Bytes of a key.
pub const KEY_BYTES: usize = 32;

const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
/// What is in front of the ciphertext.
const HEAD_BYTES: usize = SALT_BYTES + NONCE_LEN;
/// Bytes of the longest text that can be one of ours.
pub(super) const TEXT_BYTES_MAX: usize = (SECRET_BYTES_MAX + HEAD_BYTES + TAG_BYTES) * 4 / 3 + 64;

/// What keys of records are derived for.
const RECORD: &[u8] = b"callsheet record v1";

/// The bytes of a key; wiped when they go, and never shown.
pub type KeyBytes = SecretBox<[u8; KEY_BYTES]>;

/// One version of a tenant's key.
#[derive(Debug)]
pub struct TenantKey {
    /// Its version, from 1.
    pub version: u64,
    /// The key.
    pub bytes: KeyBytes,
}

/// Where a secret belongs.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// Whose it is.
    pub tenant: TenantId,
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// What names the row in it.
    pub row: String,
    /// Whom the secret is for, in a word.
    pub provider: &'static str,
}

/// Without the row, which may be named by what people chose.
impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{} of tenant {} for {}", self.table, self.column, self.tenant, self.provider)
    }
}

impl Place {
    /// Where the refresh token of a connection belongs.
    #[must_use]
    pub fn token(tenant: TenantId, connection: ConnectionId, origin: Origin) -> Self {
        Self { tenant, table: "connections", column: "token", row: connection.to_string(), provider: origin.word() }
    }

    /// Where the signing secrets of a webhook receiver belong.
    #[must_use]
    pub fn webhook(tenant: TenantId, endpoint: EndpointId) -> Self {
        Self { tenant, table: "endpoints", column: "secrets", row: endpoint.to_string(), provider: "webhook" }
    }

    /// What is authenticated with a secret that is here, sealed in this format by this version of the tenant's key.
    pub(super) fn bound(&self, format: &str, version: u64) -> Vec<u8> {
        let (tenant, version) = (self.tenant.to_string(), version.to_string());
        authenticated(&[format, &tenant, self.table, self.column, &self.row, self.provider, &version])
    }
}

/// The parts, each with its length in front.
pub(super) fn authenticated(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend((part.len() as u64).to_be_bytes());
        bytes.extend(part.as_bytes());
    }
    bytes
}

/// Whether the text looks sealed, by a tenant's key or for it. No signing secret does: base64 has no dot.
#[must_use]
pub fn is_sealed(text: &str) -> bool {
    text.starts_with(SEALED) || text.starts_with(HANDED)
}

/// The version of the key that opens a text; `None` where it is not sealed.
#[must_use]
pub fn version_of(sealed: &str) -> Option<u64> {
    parts(SEALED, sealed).or_else(|| parts(HANDED, sealed)).map(|(version, _)| version)
}

/// What follows this beginning: the version of the key, and the rest.
pub(super) fn parts<'a>(beginning: &str, sealed: &'a str) -> Option<(u64, &'a str)> {
    let (version, encoded) = sealed.strip_prefix(beginning)?.split_once('.')?;
    let number: u64 = version.parse().ok()?;
    // One way to write it only.
    (number.to_string() == version).then_some((number, encoded))
}

/// A new key.
///
/// # Errors
/// [`SealError::Random`].
pub fn new_key() -> Result<KeyBytes, SealError> {
    let mut filled = Ok(());
    let key = KeyBytes::init_with_mut(|bytes| filled = rand::fill(bytes));
    filled.map(|()| key).map_err(|_| SealError::Random)
}

/// Seals a secret for its place.
///
/// # Errors
/// [`SealError::TooLong`], [`SealError::Random`].
pub fn seal(key: &TenantKey, place: &Place, secret: &SecretString) -> Result<String, SealError> {
    let plain = secret.expose_secret().as_bytes();
    if plain.len() > SECRET_BYTES_MAX {
        return Err(SealError::TooLong);
    }
    let sealed = seal_bytes(&key.bytes, RECORD, &place.bound(FORMAT, key.version), plain)?;
    let mut text = format!("{SEALED}{}.", key.version);
    BASE64URL_NOPAD.encode_append(&sealed, &mut text);
    Ok(text)
}

/// Opens what was sealed for this place, with the key of that version.
///
/// # Errors
/// [`SealError::NotSealed`], [`SealError::NoKey`] for another version than the key's, [`SealError::Refused`].
pub fn open(key: &TenantKey, place: &Place, sealed: &str) -> Result<SecretString, SealError> {
    let (version, encoded) = parts(SEALED, sealed).filter(|_| sealed.len() <= TEXT_BYTES_MAX).ok_or(SealError::NotSealed)?;
    if version != key.version {
        return Err(SealError::NoKey(version));
    }
    let sealed = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| SealError::NotSealed)?;
    let plain = open_bytes(&key.bytes, RECORD, &place.bound(FORMAT, version), sealed)?;
    let text = std::str::from_utf8(&plain).map_err(|_| SealError::Refused)?;
    Ok(SecretString::from(text))
}

/// `salt ‖ nonce ‖ ciphertext ‖ tag`, under a key that `purpose` and a new salt make of `key`.
pub(super) fn seal_bytes(key: &KeyBytes, purpose: &[u8], bound: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
    let mut head = [0; HEAD_BYTES];
    rand::fill(&mut head).map_err(|_| SealError::Random)?;
    let (salt, nonce) = head.split_at(SALT_BYTES);
    let mut one_time = Zeroizing::new([0; KEY_BYTES]);
    derive(key.expose_secret(), salt, purpose, &mut *one_time)?;
    // Room for all of it, so that no copy of the plain bytes is left behind where it would grow.
    let mut sealed = Vec::with_capacity(HEAD_BYTES + plain.len() + TAG_BYTES);
    sealed.extend(head);
    sealed.extend(plain);
    let nonce = nonce.try_into().map_err(|_| SealError::Refused)?;
    let tag = encrypt(&one_time, nonce, bound, &mut sealed[HEAD_BYTES..])?;
    sealed.extend(tag);
    Ok(sealed)
}

/// What [`seal_bytes`] sealed.
pub(super) fn open_bytes(key: &KeyBytes, purpose: &[u8], bound: &[u8], sealed: Vec<u8>) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let mut sealed = Zeroizing::new(sealed);
    if sealed.len() < HEAD_BYTES + TAG_BYTES {
        return Err(SealError::NotSealed);
    }
    let (head, rest) = sealed.split_at_mut(HEAD_BYTES);
    let (salt, nonce) = head.split_at(SALT_BYTES);
    let mut one_time = Zeroizing::new([0; KEY_BYTES]);
    derive(key.expose_secret(), salt, purpose, &mut *one_time)?;
    let nonce = nonce.try_into().map_err(|_| SealError::Refused)?;
    let length = decrypt(&one_time, nonce, bound, rest)?.len();
    Ok(Zeroizing::new(sealed[HEAD_BYTES..HEAD_BYTES + length].to_vec()))
}

/// So many bytes of key.
struct Length(usize);

impl hkdf::KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

/// HKDF-SHA256 (RFC 5869).
pub(super) fn derive(key: &[u8], salt: &[u8], info: &[u8], out: &mut [u8]) -> Result<(), SealError> {
    let extracted = hkdf::Salt::new(hkdf::HKDF_SHA256, salt).extract(key);
    let expanded = extracted.expand(&[info], Length(out.len())).and_then(|key| key.fill(out));
    expanded.map_err(|_| SealError::Refused)
}

/// AES-256-GCM in place; the tag.
pub(super) fn encrypt(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_LEN],
    bound: &[u8],
    bytes: &mut [u8],
) -> Result<[u8; TAG_BYTES], SealError> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = cipher(key)?.seal_in_place_separate_tag(nonce, Aad::from(bound), bytes).map_err(|_| SealError::Refused)?;
    tag.as_ref().try_into().map_err(|_| SealError::Refused)
}

/// AES-256-GCM in place: out of ciphertext and tag, the plain bytes.
pub(super) fn decrypt<'a>(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_LEN],
    bound: &[u8],
    bytes: &'a mut [u8],
) -> Result<&'a mut [u8], SealError> {
    let nonce = Nonce::assume_unique_for_key(nonce);
    cipher(key)?.open_in_place(nonce, Aad::from(bound), bytes).map_err(|_| SealError::Refused)
}

fn cipher(key: &[u8; KEY_BYTES]) -> Result<LessSafeKey, SealError> {
    UnboundKey::new(&AES_256_GCM, key).map(LessSafeKey::new).map_err(|_| SealError::Refused)
}

//! A secret, handed over: sealed by whoever has no more than the public half of a key pair of its tenant, opened by whoever has the
//! tenant's key.
//!
//! `h1.<key version>.<base64url(encapsulated key 32 ‖ ciphertext ‖ tag 16)>`, by HPKE in base mode (RFC 9180): X25519, HKDF-SHA256,
//! AES-256-GCM. The private half is derived from that version of the tenant's key, so that it is kept nowhere, and gone with the
//! tenant. What is authenticated besides is the place, as for [`record`](super::record). Base mode says nothing of who sealed:
//! whoever has the public half can hand over what they like, as whoever seals with a tenant's key can seal what they like.

use super::SealError;
use super::record::{KEY_BYTES, Place, SECRET_BYTES_MAX, TEXT_BYTES_MAX, TenantKey, derive, parts};
use aws_lc_rs::agreement::{self, X25519};
use data_encoding::BASE64URL_NOPAD;
use rustls::crypto::aws_lc_rs::hpke::DH_KEM_X25519_HKDF_SHA256_AES_256;
use rustls::crypto::hpke::{EncapsulatedSecret, Hpke, HpkePrivateKey, HpkePublicKey};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};

/// What every text begins with that was handed over.
pub const HANDED: &str = "h1.";
/// The same, among what is authenticated.
const FORMAT: &str = "h1";
/// What private halves are derived for.
const PRIVATE: &[u8] = b"callsheet hand-over key v1";
/// What HPKE is told that it is used for.
const INFO: &[u8] = b"callsheet hand-over v1";
/// Bytes of an encapsulated key.
const ENCAPSULATED_BYTES: usize = 32;

/// The public half of the key pair of a version of a tenant's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Public {
    /// The version, from 1.
    pub version: u64,
    /// The half.
    pub bytes: [u8; KEY_BYTES],
}

fn private(key: &TenantKey) -> Result<Zeroizing<[u8; KEY_BYTES]>, SealError> {
    let mut private = Zeroizing::new([0; KEY_BYTES]);
    derive(key.bytes.expose_secret(), b"", PRIVATE, &mut *private)?;
    Ok(private)
}

/// The public half that belongs to a version of a tenant's key.
///
/// # Errors
/// [`SealError::Refused`], never with a key of ours.
pub fn public(key: &TenantKey) -> Result<Public, SealError> {
    let private = agreement::PrivateKey::from_private_key(&X25519, &*private(key)?).map_err(|_| SealError::Refused)?;
    let public = private.compute_public_key().map_err(|_| SealError::Refused)?;
    let bytes = public.as_ref().try_into().map_err(|_| SealError::Refused)?;
    Ok(Public { version: key.version, bytes })
}

/// Seals a secret for its place, for whoever has the tenant's key.
///
/// # Errors
/// [`SealError::TooLong`], [`SealError::Random`].
pub fn seal(public: &Public, place: &Place, secret: &SecretString) -> Result<String, SealError> {
    let plain = secret.expose_secret().as_bytes();
    if plain.len() > SECRET_BYTES_MAX {
        return Err(SealError::TooLong);
    }
    let (to, bound) = (HpkePublicKey(public.bytes.to_vec()), place.bound(FORMAT, public.version));
    let (encapsulated, sealed) =
        DH_KEM_X25519_HKDF_SHA256_AES_256.seal(INFO, &bound, plain, &to).map_err(|_| SealError::Random)?;
    let mut text = format!("{HANDED}{}.", public.version);
    BASE64URL_NOPAD.encode_append(&[encapsulated.0, sealed].concat(), &mut text);
    Ok(text)
}

/// Opens what was handed over for this place, with the key of that version.
///
/// # Errors
/// [`SealError::NotSealed`], [`SealError::NoKey`] for another version than the key's, [`SealError::Refused`].
pub fn open(key: &TenantKey, place: &Place, sealed: &str) -> Result<SecretString, SealError> {
    let (version, encoded) = parts(HANDED, sealed).filter(|_| sealed.len() <= TEXT_BYTES_MAX).ok_or(SealError::NotSealed)?;
    if version != key.version {
        return Err(SealError::NoKey(version));
    }
    let bytes = BASE64URL_NOPAD.decode(encoded.as_bytes()).map_err(|_| SealError::NotSealed)?;
    let (encapsulated, sealed) = bytes.split_at_checked(ENCAPSULATED_BYTES).ok_or(SealError::NotSealed)?;
    let encapsulated = EncapsulatedSecret(encapsulated.to_vec());
    // Wiped by its own drop.
    let private = HpkePrivateKey::from(private(key)?.to_vec());
    let opened = DH_KEM_X25519_HKDF_SHA256_AES_256.open(&encapsulated, INFO, &place.bound(FORMAT, version), sealed, &private);
    let plain = Zeroizing::new(opened.map_err(|_| SealError::Refused)?);
    std::str::from_utf8(&plain).map(SecretString::from).map_err(|_| SealError::Refused)
}

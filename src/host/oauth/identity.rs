//! Whose account granted: read from the ID token that the token endpoint gave, and from nothing else.
//!
//! The token comes from the provider itself over TLS, so that its signature proves nothing more (OpenID Connect Core 3.1.3.7, 6).
//! An account is what the provider never gives to another: Google's `sub`, Microsoft's `tid` with `oid` (`G5.9`, `M9.8`). Never an
//! address: those move from one person to another.

use super::clients::Client;
use super::secret::hash;
use crate::host::model::Origin;
use crate::time::{Elapsed, Instant};
use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use serde_json::Value;

/// How far the provider's clock may be from ours.
const SKEW: Elapsed = Elapsed::from_secs(120);
/// Longest ID token.
const TOKEN_BYTES_MAX: usize = 32 * 1024;
/// Longest name of an account.
const NAME_BYTES_MAX: usize = 512;

/// Why an ID token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the ID token is not believed: {0}")]
pub struct Unbelieved(pub &'static str);

#[derive(Deserialize)]
struct Claims {
    iss: String,
    aud: Value,
    exp: i64,
    sub: String,
    #[serde(default)]
    azp: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
    #[serde(default)]
    tid: Option<String>,
    #[serde(default)]
    oid: Option<String>,
    #[serde(default)]
    email: Option<String>,
    #[serde(default)]
    email_verified: Option<Value>,
}

/// An account at a provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Account {
    /// SHA-256 of its name at the provider.
    pub hash: String,
    /// Its address, where the provider vouches for it: to know the user's own copies of meetings, and nothing else.
    pub address: Option<String>,
}

/// The account of an ID token.
///
/// # Errors
/// [`Unbelieved`].
pub fn of_token(client: &Client, token: &str, nonce_hash: Option<&str>, now: Instant) -> Result<Account, Unbelieved> {
    let claims = claims(token)?;
    let directory = claims.tid.as_deref();
    if !client.endpoints.is_issuer(&claims.iss, directory) {
        return Err(Unbelieved("issuer"));
    }
    // A client of one directory takes accounts of no other; its authority is a name only where it is one of these words.
    let takes_any =
        matches!(client.authority.as_str(), "" | "common" | "organizations" | "consumers") || client.authority.contains('.');
    if client.provider == Origin::Graph && !takes_any && directory != Some(client.authority.as_str()) {
        return Err(Unbelieved("directory"));
    }
    let is_for_us = match &claims.aud {
        Value::String(one) => *one == client.client_id,
        Value::Array(many) => {
            let among = many.iter().any(|one| one == &Value::from(client.client_id.as_str()));
            among && (many.len() == 1 || claims.azp.as_ref() == Some(&client.client_id))
        }
        _ => false,
    };
    if !is_for_us || claims.azp.as_ref().is_some_and(|azp| *azp != client.client_id) {
        return Err(Unbelieved("audience"));
    }
    let expires = Instant::from_second(claims.exp).map_err(|_| Unbelieved("expiry"))?;
    if expires.checked_add(SKEW).unwrap_or(Instant::MAX) <= now {
        return Err(Unbelieved("expired"));
    }
    if nonce_hash.is_none() || claims.nonce.as_deref().map(hash).as_deref() != nonce_hash {
        return Err(Unbelieved("nonce"));
    }
    let name = match client.provider {
        Origin::Graph => format!("{}\0{}", given(claims.tid)?, given(claims.oid)?),
        _ => given(Some(claims.sub))?,
    };
    let vouched = client.provider == Origin::Google && is_true(claims.email_verified.as_ref());
    let address = claims.email.filter(|_| vouched).filter(|text| crate::event::Address::parse(text).is_some());
    Ok(Account { hash: hash(&format!("{}\0{name}", client.provider.word())), address })
}

fn is_true(value: Option<&Value>) -> bool {
    matches!(value, Some(Value::Bool(true))) || value.and_then(Value::as_str) == Some("true")
}

fn given(name: Option<String>) -> Result<String, Unbelieved> {
    name.filter(|name| !name.is_empty() && name.len() <= NAME_BYTES_MAX && !name.contains('\0')).ok_or(Unbelieved("account"))
}

fn claims(token: &str) -> Result<Claims, Unbelieved> {
    let shape = Unbelieved("shape");
    let mut parts = token.split('.');
    let (Some(_), Some(body), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(shape);
    };
    if token.len() > TOKEN_BYTES_MAX {
        return Err(shape);
    }
    let bytes = BASE64URL_NOPAD.decode(body.as_bytes()).map_err(|_| shape)?;
    serde_json::from_slice(&bytes).map_err(|_| shape)
}

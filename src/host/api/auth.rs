//! Who asks: keys of the interface, and what each allows.

use super::Shared;
use super::problem::{Kind, Problem};
use crate::host::model::{KeyId, TenantId};
use aws_lc_rs::digest::{SHA256, digest};
use axum::http::{HeaderMap, Method, header};
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use std::collections::BTreeSet;

/// What every key begins with, so that scanners for leaked keys know one when they see it.
pub const PREFIX: &str = "cs_live_";
/// The random part: 32 bytes, in base64url without padding.
const RANDOM_BYTES: usize = 32;

/// What a key allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// To look.
    Read,
    /// To change rules, overrides, bots, receivers.
    Write,
    /// To connect calendars and cut them.
    Connect,
    /// To erase, to set how long things are kept, and to read the audit.
    Admin,
}

impl Scope {
    /// Every scope.
    pub const ALL: &[Self] = &[Self::Read, Self::Write, Self::Connect, Self::Admin];

    /// The word, as stored and shown.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::Connect => "connect",
            Self::Admin => "admin",
        }
    }

    /// The scope of a word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|scope| scope.word() == word).copied()
    }
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Whose rows they see.
    pub tenant: TenantId,
    /// With which key.
    pub key: KeyId,
    /// What it allows.
    pub scopes: BTreeSet<Scope>,
}

/// A new key out of random bytes: the key, which is shown once, and the digest by which it is found.
#[must_use]
pub fn new_key(random: &[u8; RANDOM_BYTES]) -> (String, String) {
    let key = format!("{PREFIX}{}", BASE64URL_NOPAD.encode(random));
    let hash = hash_of(&key);
    (key, hash)
}

/// The digest of a key.
#[must_use]
pub fn hash_of(key: &str) -> String {
    HEXLOWER.encode(digest(&SHA256, key.as_bytes()).as_ref())
}

/// Who sends a request of this method with these headers. Who only looks may be remembered; who changes something is looked up.
///
/// # Errors
/// [`Kind::Unauthorized`], the same for every reason.
pub async fn caller(shared: &Shared, method: &Method, headers: &HeaderMap) -> Result<Caller, Problem> {
    let nobody = || Problem::new(Kind::Unauthorized, "send `Authorization: Bearer cs_live_…` with a key that is not revoked");
    let mut sent = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (sent.next(), sent.next()) else { return Err(nobody()) };
    let key =
        value.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
    let key = key.map(|(_, key)| key).filter(|key| is_key(key)).ok_or_else(nobody)?;
    let hash = hash_of(key);
    let begun = match shared.keys.find(&hash, shared.host.clock.monotonic()) {
        Ok(caller) if method == Method::GET => return Ok(caller),
        Ok(_) => None,
        Err(begun) => Some(begun),
    };
    let row = shared.host.store.api_key(&hash).await?;
    let row = row.filter(|row| row.revoked_at.is_none()).ok_or_else(nobody)?;
    let scopes = row.scopes.iter().filter_map(|word| Scope::from_word(word)).collect();
    let caller = Caller { tenant: row.tenant, key: row.id, scopes };
    if let Some(begun) = begun {
        shared.keys.remember(hash, begun, caller.clone());
    }
    Ok(caller)
}

/// Whether the text has the form of a key; nothing else is looked up.
fn is_key(text: &str) -> bool {
    let random = text.strip_prefix(PREFIX).and_then(|rest| BASE64URL_NOPAD.decode(rest.as_bytes()).ok());
    random.is_some_and(|bytes| bytes.len() == RANDOM_BYTES)
}

impl Caller {
    /// Whether the key allows it.
    ///
    /// # Errors
    /// [`Kind::Forbidden`].
    pub fn may(&self, scope: Scope) -> Result<(), Problem> {
        if self.scopes.contains(&scope) {
            return Ok(());
        }
        Err(Problem::new(Kind::Forbidden, format!("the key lacks the scope `{}`", scope.word())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_its_form_and_nothing_else_has() {
        let (key, hash) = new_key(&[7; 32]);
        assert!(is_key(&key));
        assert_eq!(key.len(), PREFIX.len() + 43);
        assert_eq!(hash, hash_of(&key));
        assert!(!hash.contains(&key[PREFIX.len()..]));
        for text in ["", "cs_live_", "cs_test_aaaa", &key[..key.len() - 1], &format!("{key}A"), &key.replace("cs", "CS")] {
            assert!(!is_key(text), "{text}");
        }
    }
}

//! Signatures of webhooks, as the Standard Webhooks specification has them.
//!
//! [`headers`] makes the three headers of one try, with one signature for each secret of the receiver, so that a secret can be
//! replaced without a gap. [`verify`] is the receiver's half; the sandbox and the tests use it. Only the symmetric scheme `v1`
//! (HMAC-SHA256) is there.
//!
//! Source: providers.md W13.1–W13.6.

use crate::time::{Elapsed, Instant};
use aws_lc_rs::hmac;
use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretSlice, SecretString};
use std::fmt;
use std::ops::RangeInclusive;

/// The header that names the message: the same over all tries.
pub const ID_HEADER: &str = "webhook-id";
/// The header with the second of the try, counted from 1970.
pub const TIMESTAMP_HEADER: &str = "webhook-timestamp";
/// The header with the signatures, separated by single spaces.
pub const SIGNATURE_HEADER: &str = "webhook-signature";

/// What a secret begins with in text.
pub const SECRET_PREFIX: &str = "whsec_";
/// How many bytes a secret may have (W13.3).
pub const SECRET_BYTES: RangeInclusive<usize> = 24..=64;
/// Most secrets that one message is signed with: the new one, the one it replaces, and room for a hurried second rotation.
pub const SECRETS_MAX: usize = 3;
/// How far a receiver lets the timestamp be from its own clock, either way (W13.6).
pub const TOLERANCE: Elapsed = Elapsed::from_mins(5);
/// Most signatures of one message that [`verify`] looks at.
const SIGNATURES_MAX: usize = 8;

/// Why a text is no signing secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// It is not base64 after the prefix.
    #[error("a signing secret is `whsec_` and base64")]
    NotBase64,
    /// It has too few or too many bytes.
    #[error("a signing secret has 24 to 64 bytes, not {0}")]
    Length(usize),
    /// There is none, or there are more than [`SECRETS_MAX`].
    #[error("a receiver has 1 to 3 signing secrets, not {0}")]
    Count(usize),
}

/// A signing secret, decoded and of a length that counts as safe. `Debug` does not show it.
#[derive(Clone)]
pub struct Secret(hmac::Key);

impl Secret {
    /// Reads `whsec_…`. The prefix may be missing, as other senders hand their secrets out without it.
    ///
    /// # Errors
    /// [`SecretError`], which never quotes the text.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let encoded = text.strip_prefix(SECRET_PREFIX).unwrap_or(text);
        let bytes = BASE64.decode(encoded.as_bytes()).map_err(|_| SecretError::NotBase64)?;
        // The container wipes the bytes when it goes; the key keeps its own, prepared form.
        let bytes = SecretSlice::from(bytes);
        Self::from_bytes(bytes.expose_secret())
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, SecretError> {
        if !SECRET_BYTES.contains(&bytes.len()) {
            return Err(SecretError::Length(bytes.len()));
        }
        Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, bytes)))
    }

    /// `v1,` and the signature of these bytes.
    fn sign(&self, signed: &[u8]) -> String {
        format!("v1,{}", BASE64.encode(hmac::sign(&self.0, signed).as_ref()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a signing secret")
    }
}

/// The text of a new secret, from random bytes of the caller: 24 to 64 of them, 32 for those who do not care.
///
/// # Errors
/// [`SecretError::Length`].
pub fn new_secret(random: &[u8]) -> Result<String, SecretError> {
    Secret::from_bytes(random)?;
    Ok(format!("{SECRET_PREFIX}{}", BASE64.encode(random)))
}

/// The secrets of a receiver, at least one, the newest first.
#[derive(Clone, Debug)]
pub struct Secrets(Vec<Secret>);

impl Secrets {
    /// Reads the secrets of a receiver, as they were opened.
    ///
    /// # Errors
    /// [`SecretError`] where one of them is none, or their number is wrong: an unsigned message is never sent.
    pub fn parse(texts: &[SecretString]) -> Result<Self, SecretError> {
        if texts.is_empty() || texts.len() > SECRETS_MAX {
            return Err(SecretError::Count(texts.len()));
        }
        texts.iter().map(|text| Secret::parse(text.expose_secret())).collect::<Result<_, _>>().map(Self)
    }

    /// Whether one of them signed the message, as [`verify`] sees it.
    pub(super) fn verify(&self, headers: &[(String, String)], body: &[u8], now: Instant) -> bool {
        self.0.iter().any(|secret| verify(headers, body, secret, now).is_ok())
    }
}

/// The headers of one try: id, timestamp, and a signature for each secret over `id.timestamp.body`.
///
/// # Panics
/// Where `id` is empty or holds a dot, a space or a control character: the dot separates what is signed (W13.4).
#[must_use]
pub fn headers(id: &str, at: Instant, body: &[u8], secrets: &Secrets) -> [(&'static str, String); 3] {
    assert!(!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'.'), "an id without dots");
    let timestamp = at.as_second().to_string();
    let signed = signed_bytes(id, &timestamp, body);
    let signatures: Vec<String> = secrets.0.iter().map(|secret| secret.sign(&signed)).collect();
    [(ID_HEADER, id.to_owned()), (TIMESTAMP_HEADER, timestamp), (SIGNATURE_HEADER, signatures.join(" "))]
}

fn signed_bytes(id: &str, timestamp: &str, body: &[u8]) -> Vec<u8> {
    [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat()
}

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A header is missing or unreadable.
    #[error("no usable `{0}`")]
    Header(&'static str),
    /// The timestamp is further from now than [`TOLERANCE`].
    #[error("too old, or from the future")]
    Stale,
    /// No signature is right.
    #[error("no signature matches")]
    Mismatch,
}

/// Checks a message as a receiver does: header names in lower case, `body` as it came, compared in constant time.
///
/// # Errors
/// [`Refusal`].
pub fn verify(headers: &[(String, String)], body: &[u8], secret: &Secret, now: Instant) -> Result<(), Refusal> {
    let find = |name: &'static str| {
        let found = headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
        found.filter(|value| !value.is_empty()).ok_or(Refusal::Header(name))
    };
    let (id, timestamp, signatures) = (find(ID_HEADER)?, find(TIMESTAMP_HEADER)?, find(SIGNATURE_HEADER)?);
    let second: i64 = timestamp.parse().map_err(|_| Refusal::Header(TIMESTAMP_HEADER))?;
    let at = Instant::from_second(second).map_err(|_| Refusal::Header(TIMESTAMP_HEADER))?;
    if now.duration_since(at).abs() > TOLERANCE {
        return Err(Refusal::Stale);
    }
    let signed = signed_bytes(id, timestamp, body);
    let matches = |signature: &str| {
        let tag = signature.strip_prefix("v1,").and_then(|encoded| BASE64.decode(encoded.as_bytes()).ok());
        tag.is_some_and(|tag| hmac::verify(&secret.0, &signed, &tag).is_ok())
    };
    if signatures.split(' ').take(SIGNATURES_MAX).any(matches) { Ok(()) } else { Err(Refusal::Mismatch) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    const NEW: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const OLD: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn check(secrets: &[&str], id: &str, second: i64, body: &str, expected: Expect) {
        let texts: Vec<SecretString> = secrets.iter().map(|text| (*text).into()).collect();
        let secrets = Secrets::parse(&texts).expect("secrets");
        let at = Instant::from_second(second).expect("an instant");
        let lines: Vec<String> =
            headers(id, at, body.as_bytes(), &secrets).iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        expected.assert_eq(&lines.concat());
    }

    #[test]
    fn known_message_has_its_known_signature() {
        // W13.13. Its secret has 18 bytes, too few for ours.
        let key = BASE64.decode(b"plJ3nmyCDGBKInavdOK15jsl").expect("base64");
        assert_eq!(Secret::from_bytes(&key).map(|_| ()), Err(SecretError::Length(18)));
        let secrets = Secrets(vec![Secret(hmac::Key::new(hmac::HMAC_SHA256, &key))]);
        let at = Instant::from_second(1_731_705_121).expect("an instant");
        let made = headers("msg_loFOjxBNrRLzqYUf", at, br#"{"event_type":"ping","data":{"success":true}}"#, &secrets);
        assert_eq!(made[2].1, "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=");
    }

    #[test]
    fn while_a_secret_is_replaced_both_sign_the_newest_first() {
        check(
            &[NEW, OLD],
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
            expect![[r#"
            webhook-id: msg_p5jXN8AQM9LWM0D4loKWxJek
            webhook-timestamp: 1614265330
            webhook-signature: v1,78nXHjpFP0tVJQW5D0SBwmVyyW87BV/rL6MgfM/Bw44= v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=
        "#]],
        );
    }

    #[test]
    fn short_long_and_broken_secrets_are_refused_without_being_quoted() {
        let of = |bytes: usize| new_secret(&vec![7; bytes]).map(|_| ());
        assert_eq!(of(23), Err(SecretError::Length(23)));
        assert_eq!((of(24), of(64)), (Ok(()), Ok(())));
        assert_eq!(of(65), Err(SecretError::Length(65)));
        let refused = |text: &str| Secret::parse(text).map(|_| ()).expect_err("no secret");
        assert_eq!(refused("whsec_"), SecretError::Length(0));
        assert_eq!(refused("whsec_c2hvcnQ="), SecretError::Length(5));
        assert_eq!(refused("whsec_not base64, not at all, no!"), SecretError::NotBase64);
        assert_eq!(refused(&format!("WHSEC_{}", &NEW[6..])), SecretError::NotBase64);
        assert!(!refused("whsec_not base64").to_string().contains("not base64"));
        assert_eq!(format!("{:?}", Secret::parse(NEW).expect("a secret")), "a signing secret");
        assert_eq!(Secrets::parse(&[]).map(|_| ()), Err(SecretError::Count(0)));
        assert_eq!(Secrets::parse(&vec![NEW.into(); 4]).map(|_| ()), Err(SecretError::Count(4)));
    }

    #[test]
    fn a_receiver_refuses_what_is_old_early_altered_or_incomplete() {
        let at = Instant::from_second(1_800_000_000).expect("an instant");
        let (new, old) = (Secret::parse(NEW).expect("a secret"), Secret::parse(OLD).expect("a secret"));
        let both = Secrets::parse(&[NEW.into(), OLD.into()]).expect("secrets");
        let sent: Vec<(String, String)> =
            headers("evt_1_2", at, b"{}", &both).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        let after = |secs| at + Elapsed::from_secs(secs);
        assert_eq!(verify(&sent, b"{}", &new, at), Ok(()));
        assert_eq!(verify(&sent, b"{}", &old, after(300)), Ok(()));
        assert_eq!(verify(&sent, b"{}", &old, after(-300)), Ok(()));
        assert_eq!(verify(&sent, b"{}", &new, after(301)), Err(Refusal::Stale));
        assert_eq!(verify(&sent, b"{}", &new, after(-301)), Err(Refusal::Stale));
        // The same JSON, written anew.
        assert_eq!(verify(&sent, b"{ }", &new, at), Err(Refusal::Mismatch));
        let other = Secret::from_bytes(&[1; 24]).expect("a secret");
        assert_eq!(verify(&sent, b"{}", &other, at), Err(Refusal::Mismatch));
        for (index, name) in [ID_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].into_iter().enumerate() {
            let mut fewer = sent.clone();
            fewer.remove(index);
            assert_eq!(verify(&fewer, b"{}", &new, at), Err(Refusal::Header(name)));
        }
    }

    #[test]
    #[should_panic(expected = "an id without dots")]
    fn an_id_with_a_dot_is_never_signed() {
        let secrets = Secrets::parse(&[NEW.into()]).expect("secrets");
        let _ = headers("evt.1", Instant::UNIX_EPOCH, b"", &secrets);
    }

    proptest! {
        /// What is signed for one (id, timestamp, body) is right for no other.
        #[test]
        fn one_changed_byte_is_noticed(body in prop::collection::vec(any::<u8>(), 1..200), at in any::<prop::sample::Index>(), flip in 1u8..) {
            let now = Instant::from_second(1_800_000_000).expect("an instant");
            let secrets = Secrets::parse(&[NEW.into()]).expect("secrets");
            let sent: Vec<(String, String)> =
                headers("evt_1_2", now, &body, &secrets).into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            prop_assert_eq!(verify(&sent, &body, &secrets.0[0], now), Ok(()));
            let mut other = body.clone();
            other[at.index(body.len())] ^= flip;
            prop_assert_eq!(verify(&sent, &other, &secrets.0[0], now), Err(Refusal::Mismatch));
        }
    }
}

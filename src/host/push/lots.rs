//! Chance for ids and secrets: the system's, or a seed's where a run is to be made again.

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use std::sync::Arc;

/// Fills a buffer with bytes that nobody can foresee.
type Source = Arc<dyn Fn(&mut [u8]) + Send + Sync>;

/// Fills bytes by chance. A clone draws on.
#[derive(Clone)]
pub struct Lots(Source);

impl Lots {
    /// The system's, fit for secrets.
    ///
    /// # Panics
    /// When drawn from, where the system has no random numbers: nothing that is secret could be made.
    #[must_use]
    pub fn of_system() -> Self {
        Self(Arc::new(|bytes| aws_lc_rs::rand::fill(bytes).expect("the system gives random numbers")))
    }

    /// What `fill` says: for tests.
    #[must_use]
    pub fn of(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    /// 43 characters that stand for 256 bits: a token, a client state, a nonce.
    #[must_use]
    pub fn secret(&self) -> String {
        let mut bytes = [0; 32];
        (self.0)(&mut bytes);
        BASE64URL_NOPAD.encode(&bytes)
    }

    /// A random UUID. Source: RFC 9562 §5.4.
    #[must_use]
    pub fn uuid(&self) -> String {
        let mut bytes = [0; 16];
        (self.0)(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = HEXLOWER.encode(&bytes);
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }
}

/// The length of [`Lots::secret`].
pub const SECRET_CHARS: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_of_version_four_and_a_secret_has_its_length() {
        let lots = Lots::of(|bytes| bytes.fill(0xff));
        assert_eq!(lots.uuid(), "ffffffff-ffff-4fff-bfff-ffffffffffff");
        assert_eq!(lots.secret().len(), SECRET_CHARS);
        let system = Lots::of_system();
        assert_ne!(system.uuid(), system.uuid());
    }
}

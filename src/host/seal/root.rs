//! Root keys: what wraps the tenants' keys, and is never in the store.

use super::SealError;
use super::record::{KEY_BYTES, KeyBytes, authenticated, derive, new_key, open_bytes, seal_bytes};
use crate::host::clock::Boxed;
use crate::host::model::TenantId;
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::sync::Arc;

/// Whose key is wrapped, and which version of it. A key opens under its own label only, where the keeper can hold it to that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label {
    /// Whose.
    pub tenant: TenantId,
    /// Which version.
    pub version: u64,
}

/// Why a key could not be wrapped or unwrapped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// The keeper says that it did not wrap this, or not under this label.
    #[error("the root key does not open this key")]
    Refused,
    /// The keeper does not let us, or does not know the root key.
    #[error("{keeper} refuses: {why}")]
    Forbidden {
        /// Who.
        keeper: &'static str,
        /// In its own word, without what it was about.
        why: String,
    },
    /// The keeper cannot be reached, or answers with nothing that can be used.
    #[error("{0} cannot be reached")]
    Unreachable(&'static str),
    /// This machine gives no random bytes.
    #[error("this machine gives no random bytes")]
    Random,
}

/// Keeps a root key, and wraps keys with it.
pub trait KeyWrapper: Send + Sync {
    /// Names the root key; stored beside what it wraps.
    fn root(&self) -> &str;

    /// Wraps a key.
    fn wrap<'a>(&'a self, label: Label, key: &'a KeyBytes) -> Boxed<'a, Result<String, WrapError>>;

    /// Unwraps what [`KeyWrapper::wrap`] gave for the same label.
    fn unwrap<'a>(&'a self, label: Label, wrapped: &'a str) -> Boxed<'a, Result<KeyBytes, WrapError>>;
}

/// The root keys of a host: the one that wraps, and others that are unwrapped with as well while keys move.
#[derive(Clone)]
pub struct Roots {
    current: Arc<dyn KeyWrapper>,
    others: Vec<Arc<dyn KeyWrapper>>,
}

impl fmt::Debug for Roots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "root key {}", self.names())
    }
}

impl Roots {
    /// Wraps with `current`, unwraps with all.
    #[must_use]
    pub fn new(current: Arc<dyn KeyWrapper>, others: Vec<Arc<dyn KeyWrapper>>) -> Self {
        Self { current, others }
    }

    /// The one that wraps.
    #[must_use]
    pub fn current(&self) -> &dyn KeyWrapper {
        &*self.current
    }

    /// The one of this name.
    ///
    /// # Errors
    /// [`SealError::OtherRoot`].
    pub fn named(&self, root: &str) -> Result<&dyn KeyWrapper, SealError> {
        let mut all = std::iter::once(&self.current).chain(&self.others);
        let found = all.find(|wrapper| wrapper.root() == root).map(|wrapper| &**wrapper);
        found.ok_or_else(|| SealError::OtherRoot { stored: root.to_owned(), own: self.names() })
    }

    fn names(&self) -> String {
        let all = std::iter::once(&self.current).chain(&self.others);
        all.map(|wrapper| format!("`{}`", wrapper.root())).collect::<Vec<_>>().join(", ")
    }
}

/// Why there is no root key.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// The file cannot be read or made.
    #[error("{file}: {source}")]
    File {
        /// Its name.
        file: String,
        /// Why not.
        source: std::io::Error,
    },
    /// Others than its owner can read the file.
    #[error("{file}: others than its owner can read it (mode {mode:03o}); `chmod 600 {file}`")]
    Readable {
        /// Its name.
        file: String,
        /// Its permissions.
        mode: u32,
    },
    /// It is no key.
    #[error("{name}: a root key is 32 bytes in base64")]
    NoKey {
        /// The file or the variable.
        name: String,
    },
    /// This machine gives no random bytes.
    #[error("this machine gives no random bytes")]
    Random,
}

/// What keys of tenants are wrapped for.
const TENANT_KEY: &[u8] = b"callsheet tenant key v1";
/// What the name of a root key is derived for: it tells nothing of the key.
const NAME: &[u8] = b"callsheet root name v1";
const NAME_BYTES: usize = 8;
/// Longest file that can be a root key.
const FILE_BYTES_MAX: u64 = 256;

/// A root key on this machine: in a file of its operator, or in the environment. `Debug` shows its name.
pub struct RootKey {
    bytes: KeyBytes,
    name: String,
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "root key {}", self.name)
    }
}

impl RootKey {
    fn new(bytes: KeyBytes) -> Result<Self, SealError> {
        let mut name = [0; NAME_BYTES];
        derive(bytes.expose_secret(), b"", NAME, &mut name)?;
        Ok(Self { bytes, name: format!("local:{}", HEXLOWER.encode(&name)) })
    }

    /// A root key that nobody had before.
    ///
    /// # Errors
    /// [`RootKeyError::Random`].
    pub fn random() -> Result<Self, RootKeyError> {
        new_key().and_then(Self::new).map_err(|_| RootKeyError::Random)
    }

    /// Reads base64 of 32 bytes; `name` says in errors where the text is from.
    ///
    /// # Errors
    /// [`RootKeyError::NoKey`], which never quotes the text.
    pub fn parse(name: &str, text: &SecretString) -> Result<Self, RootKeyError> {
        let wrong = || RootKeyError::NoKey { name: name.to_owned() };
        let decoded = BASE64.decode(text.expose_secret().trim().as_bytes()).map_err(|_| wrong())?;
        let decoded = Zeroizing::new(decoded);
        if decoded.len() != KEY_BYTES {
            return Err(wrong());
        }
        Self::new(KeyBytes::init_with_mut(|bytes| bytes.copy_from_slice(&decoded))).map_err(|_| wrong())
    }

    /// Reads a file that nobody but its owner can read.
    ///
    /// # Errors
    /// [`RootKeyError`].
    pub fn read(path: &Path) -> Result<Self, RootKeyError> {
        let file = path.display().to_string();
        let cannot = |source| RootKeyError::File { file: file.clone(), source };
        let opened = File::open(path).map_err(cannot)?;
        // Of the file that is open, not of whatever has its name by now.
        let mode = opened.metadata().map_err(cannot)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(RootKeyError::Readable { file, mode });
        }
        // Room for all of it: a text that grew would leave a copy behind.
        let mut text = Zeroizing::new(String::with_capacity(FILE_BYTES_MAX as usize));
        opened.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(cannot)?;
        Self::parse(&file, &SecretString::from(text.as_str()))
    }

    /// Makes a file with a new root key, which only its owner can read. A file that is there stays as it is.
    ///
    /// # Errors
    /// [`RootKeyError`].
    pub fn make(path: &Path) -> Result<Self, RootKeyError> {
        let key = Self::random()?;
        let cannot = |source| RootKeyError::File { file: path.display().to_string(), source };
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).map_err(cannot)?;
        let mut text = Zeroizing::new(String::with_capacity(64));
        BASE64.encode_append(key.bytes.expose_secret(), &mut text);
        text.push('\n');
        file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(cannot)?;
        Ok(key)
    }

    /// For tests that look whether it lies about.
    #[cfg(test)]
    pub(super) fn root_bytes_for_search(&self) -> [u8; KEY_BYTES] {
        *self.bytes.expose_secret()
    }

    fn bound(&self, label: Label) -> Vec<u8> {
        authenticated(&["v1", &self.name, &label.tenant.to_string(), &label.version.to_string()])
    }
}

impl KeyWrapper for RootKey {
    fn root(&self) -> &str {
        &self.name
    }

    fn wrap<'a>(&'a self, label: Label, key: &'a KeyBytes) -> Boxed<'a, Result<String, WrapError>> {
        let wrapped = seal_bytes(&self.bytes, TENANT_KEY, &self.bound(label), key.expose_secret());
        let wrapped = wrapped.map(|bytes| BASE64URL_NOPAD.encode(&bytes)).map_err(|_| WrapError::Random);
        Box::pin(std::future::ready(wrapped))
    }

    fn unwrap<'a>(&'a self, label: Label, wrapped: &'a str) -> Boxed<'a, Result<KeyBytes, WrapError>> {
        let opened = BASE64URL_NOPAD.decode(wrapped.as_bytes()).map_err(|_| WrapError::Refused);
        let opened = opened
            .and_then(|bytes| open_bytes(&self.bytes, TENANT_KEY, &self.bound(label), bytes).map_err(|_| WrapError::Refused));
        Box::pin(std::future::ready(opened.and_then(|bytes| key_of(&bytes))))
    }
}

/// A key out of the bytes of its keeper.
pub(super) fn key_of(bytes: &[u8]) -> Result<KeyBytes, WrapError> {
    if bytes.len() != KEY_BYTES {
        return Err(WrapError::Refused);
    }
    Ok(KeyBytes::init_with_mut(|key| key.copy_from_slice(bytes)))
}

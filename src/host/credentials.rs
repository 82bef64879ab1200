//! The tokens that providers want to see.

use super::model::{Connection, ConnectionId};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use std::io::Read;

/// Access tokens by connection, given when the host starts; and those in files that the operator keeps.
#[derive(Debug, Default)]
pub struct Credentials {
    tokens: BTreeMap<ConnectionId, SecretString>,
}

/// Longest token that is read from a file.
const TOKEN_BYTES_MAX: u64 = 16 * 1024;

impl Credentials {
    /// These tokens.
    #[must_use]
    pub fn new(tokens: impl IntoIterator<Item = (ConnectionId, String)>) -> Self {
        Self { tokens: tokens.into_iter().map(|(connection, token)| (connection, token.into())).collect() }
    }

    /// The token of a connection, where it needs one. For a header only: never to be stored or logged.
    ///
    /// A token in a file is read each time, so that whoever keeps the file can renew it. One that cannot be read is none: the
    /// provider then says what it says to strangers.
    #[must_use]
    pub fn bearer(&self, connection: &Connection) -> Option<SecretString> {
        match &connection.token_file {
            Some(path) => from_file(path),
            None => self.tokens.get(&connection.id).cloned(),
        }
    }
}

fn from_file(path: &str) -> Option<SecretString> {
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(TOKEN_BYTES_MAX).read_to_string(&mut text));
    let token = text.trim();
    // A line break inside would end the header.
    let usable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    read.ok().filter(|_| usable).map(|_| SecretString::from(token))
}

/// For a header of a request to the provider of `connection`.
#[must_use]
pub fn header(token: &SecretString) -> String {
    format!("Bearer {}", token.expose_secret())
}

//! The tokens that providers want to see.

use super::model::ConnectionId;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;

/// Access tokens by connection, given when the host starts.
#[derive(Debug, Default)]
pub struct Credentials {
    tokens: BTreeMap<ConnectionId, SecretString>,
}

impl Credentials {
    /// These tokens.
    #[must_use]
    pub fn new(tokens: impl IntoIterator<Item = (ConnectionId, String)>) -> Self {
        Self { tokens: tokens.into_iter().map(|(connection, token)| (connection, token.into())).collect() }
    }

    /// The token of a connection, where it needs one. For a header only: never to be stored or logged.
    #[must_use]
    pub fn bearer(&self, connection: ConnectionId) -> Option<&str> {
        self.tokens.get(&connection).map(ExposeSecret::expose_secret)
    }
}

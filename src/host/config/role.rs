//! `role`: what a process does of the host's work.

use super::{Config, ConfigError, wrong};

/// What a process does. On one machine it is everything; apart, what the world can reach and what opens secrets are two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Everything.
    #[default]
    All,
    /// Answers the programming interface, browsers that connect calendars, and providers that push. It holds nothing that opens a
    /// secret.
    Api,
    /// Reads calendars, sends bots, delivers webhooks, and with them opens secrets. It answers health checks alone.
    Worker,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 3] = [Self::All, Self::Api, Self::Worker];

    /// The word in a configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Api => "api",
            Self::Worker => "worker",
        }
    }
}

impl Config {
    /// What this process does.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for a word that is no role's.
    pub fn role(&self) -> Result<Role, ConfigError> {
        let Some(word) = &self.role else { return Ok(Role::default()) };
        let words = || Role::ALL.map(|role| format!("`{}`", role.word())).join(", ");
        let found = Role::ALL.into_iter().find(|role| role.word() == word);
        found.ok_or_else(|| wrong("role", format!("must be one of {}", words())))
    }

    /// What the role must have, and must not. A key that lies about unused can still be read by whoever gets into the process, so it is
    /// refused rather than ignored.
    pub(super) fn check_role(&self) -> Result<(), ConfigError> {
        let is_api = self.role()? == Role::Api;
        if is_api && self.secrets != super::Secrets::default() {
            return Err(wrong("secrets", "is not for `role = \"api\"`, which must hold nothing that opens secrets".to_owned()));
        }
        if is_api && self.api.secret_file.is_none() {
            let why = "`role = \"api\"` shares it with the workers, which lend by it what it seals with";
            return Err(ConfigError::Missing { key: "api.secret_file", why });
        }
        for (key, client) in [
            ("oauth.google.client_secret_file", &self.oauth.google),
            ("oauth.microsoft.client_secret_file", &self.oauth.microsoft),
        ] {
            let Some(client) = client else { continue };
            match (is_api, &client.client_secret_file) {
                (true, Some(_)) => {
                    return Err(wrong(key, "is not for `role = \"api\"`: workers exchange codes, and need it alone".to_owned()));
                }
                (false, None) => return Err(ConfigError::Missing { key, why: "codes are exchanged with it" }),
                _ => {}
            }
        }
        Ok(())
    }
}

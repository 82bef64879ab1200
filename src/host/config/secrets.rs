//! `[secrets]`: where the root key is.

use super::{ConfigError, check_url, wrong};
use serde::Deserialize;

/// Where the root key is, and others that keys may still be wrapped by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Secrets {
    /// A file that holds it.
    pub root_key_file: Option<String>,
    /// The key service that keeps it, one of [`Keeper`]'s words.
    pub kms: Option<String>,
    /// Its name there.
    pub key: Option<String>,
    /// Where the service listens. Vault has no address of its own; for the others it stands for another one, as of a proxy.
    pub url: Option<String>,
    /// Where Vault's Transit engine is mounted; `transit` where nobody says.
    pub mount: Option<String>,
    /// A file that holds the token for Vault; else the variable `VAULT_TOKEN`.
    pub token_file: Option<String>,
    /// Root keys that are unwrapped with as well, while keys move from one to another.
    #[serde(default)]
    pub other: Vec<Secrets>,
}

/// A key service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// AWS KMS.
    Aws,
    /// Google Cloud KMS.
    Gcp,
    /// The Transit engine of Vault, or of OpenBao.
    Vault,
}

impl Keeper {
    /// Every service.
    pub const ALL: [Self; 3] = [Self::Aws, Self::Gcp, Self::Vault];

    /// The word for it in the configuration.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::Gcp => "gcp",
            Self::Vault => "vault",
        }
    }
}

/// Where one root key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RootAt {
    /// In this file.
    File(String),
    /// With a service.
    Service {
        /// Which.
        keeper: Keeper,
        /// Its name there.
        key: String,
        /// Where the service listens, where it is not where everybody finds it.
        url: Option<String>,
        /// Where Vault's engine is mounted.
        mount: String,
        /// The file of Vault's token.
        token_file: Option<String>,
    },
}

impl Secrets {
    /// Checks every key: where the root key is, where the section says so, and where the others are.
    ///
    /// # Errors
    /// [`ConfigError`] for the first that is wrong.
    pub fn check(&self) -> Result<(Option<RootAt>, Vec<RootAt>), ConfigError> {
        let own = self.root("secrets")?;
        let mut others = Vec::new();
        for (number, other) in self.other.iter().enumerate() {
            let name = format!("secrets.other[{number}]");
            if !other.other.is_empty() {
                return Err(wrong(&format!("{name}.other"), "others have no others".to_owned()));
            }
            let Some(root) = other.root(&name)? else {
                return Err(wrong(&name, "says nothing of where the key is: `root_key_file`, or `kms` and `key`".to_owned()));
            };
            others.push(root);
        }
        Ok((own, others))
    }

    fn root(&self, name: &str) -> Result<Option<RootAt>, ConfigError> {
        let of_service = [("key", &self.key), ("url", &self.url), ("mount", &self.mount), ("token_file", &self.token_file)];
        let said = of_service.iter().find(|(_, value)| value.is_some());
        match (&self.root_key_file, &self.kms, said) {
            (Some(_), Some(_), _) => {
                Err(wrong(&format!("{name}.root_key_file"), "and `kms` say both where the key is".to_owned()))
            }
            (_, None, Some((key, _))) => {
                Err(wrong(&format!("{name}.{key}"), "is for a key service, which `kms` names".to_owned()))
            }
            (Some(file), None, None) => Ok(Some(RootAt::File(file.clone()))),
            (None, None, None) => Ok(None),
            (None, Some(kms), _) => self.service(name, kms).map(Some),
        }
    }

    fn service(&self, name: &str, kms: &str) -> Result<RootAt, ConfigError> {
        let Some(keeper) = Keeper::ALL.into_iter().find(|keeper| keeper.word() == kms) else {
            let words = Keeper::ALL.map(|keeper| format!("`{}`", keeper.word())).join(", ");
            return Err(wrong(&format!("{name}.kms"), format!("must be one of {words}")));
        };
        let Some(key) = self.key.clone() else {
            return Err(wrong(&format!("{name}.key"), "is missing: it names the key at the service".to_owned()));
        };
        if let Some(url) = &self.url {
            check_url(&format!("{name}.url"), url)?;
        } else if keeper == Keeper::Vault {
            return Err(wrong(&format!("{name}.url"), "is missing: Vault has no address of its own".to_owned()));
        }
        let of_vault = [("mount", &self.mount), ("token_file", &self.token_file)];
        if let Some((key, _)) = of_vault.iter().find(|(_, value)| keeper != Keeper::Vault && value.is_some()) {
            return Err(wrong(&format!("{name}.{key}"), "is for `kms = \"vault\"` alone".to_owned()));
        }
        let mount = self.mount.clone().unwrap_or_else(|| "transit".to_owned());
        Ok(RootAt::Service { keeper, key, url: self.url.clone(), mount, token_file: self.token_file.clone() })
    }
}

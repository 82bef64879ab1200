//! The root keys that the configuration names.

use super::kms;
use super::root::{KeyWrapper, RootKey, RootKeyError, Roots};
use crate::host::config::{ConfigError, RootAt, Secrets};
use secrecy::SecretString;
use std::path::Path;
use std::sync::Arc;

/// The variable that holds a root key, base64 of 32 bytes. It outranks the file.
pub const ROOT_KEY: &str = "CALLSHEET_ROOT_KEY";

/// Why the root keys are not at hand.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A root key on this machine.
    #[error(transparent)]
    Key(#[from] RootKeyError),
    /// A key service.
    #[error(transparent)]
    Service(#[from] kms::ServiceError),
}

/// The root keys of a configuration; `variable` looks a name up in the environment. `None` where there is none.
///
/// # Errors
/// [`RootsError`].
pub async fn roots(secrets: &Secrets, variable: impl Fn(&str) -> Option<SecretString>) -> Result<Option<Roots>, RootsError> {
    let (named, named_others) = secrets.check()?;
    let current: Option<Arc<dyn KeyWrapper>> = match (variable(ROOT_KEY), named) {
        (Some(text), None | Some(RootAt::File(_))) => Some(Arc::new(RootKey::parse(ROOT_KEY, &text)?)),
        (Some(_), Some(RootAt::Service { .. })) => {
            let why = format!("and the variable {ROOT_KEY} say both where the key is");
            return Err(ConfigError::Value { key: "secrets.kms".to_owned(), why }.into());
        }
        (None, Some(named)) => Some(wrapper(named, &variable).await?),
        (None, None) => None,
    };
    let mut others = Vec::new();
    for named in named_others {
        others.push(wrapper(named, &variable).await?);
    }
    let why = "the keys of `secrets.other` open only; say which one wraps";
    match current {
        Some(current) => Ok(Some(Roots::new(current, others))),
        None if others.is_empty() => Ok(None),
        None => Err(ConfigError::Missing { key: "secrets.root_key_file", why }.into()),
    }
}

async fn wrapper(named: RootAt, variable: impl Fn(&str) -> Option<SecretString>) -> Result<Arc<dyn KeyWrapper>, RootsError> {
    match named {
        RootAt::File(file) => Ok(Arc::new(RootKey::read(Path::new(&file))?)),
        RootAt::Service { keeper, key, url, mount, token_file } => {
            let service = kms::Service { key, url, mount, token_file };
            Ok(kms::connect(keeper, service, variable).await?)
        }
    }
}

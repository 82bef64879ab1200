//! Key services that keep the root key: it never leaves them, and they wrap and unwrap the tenants' keys.
//!
//! Each is a client of its own maker's, behind a feature of its own. Whose key it is, and which version of it, goes with every
//! request as what the service authenticates (encryption context, additional authenticated data), so that the service itself
//! refuses a key that was moved to another tenant, and its log says whose key was used.

#[cfg(feature = "kms-aws")]
pub mod aws;
#[cfg(feature = "kms-gcp")]
pub mod gcp;
#[cfg(feature = "kms-vault")]
pub mod transit;
#[cfg(all(test, any(feature = "kms-aws", feature = "kms-gcp", feature = "kms-vault")))]
mod tests;

use super::root::KeyWrapper;
use crate::host::config::Keeper;
use secrecy::SecretString;
use std::sync::Arc;
use std::time::Duration;

/// How long a service has for one answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// What the configuration says of a key service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// The name of the key there.
    pub key: String,
    /// Where it listens, where it is not where everybody finds it.
    pub url: Option<String>,
    /// Where Vault's engine is mounted.
    pub mount: String,
    /// The file of Vault's token.
    pub token_file: Option<String>,
}

/// Why a key service cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// It was left out of this build.
    #[error("`kms = \"{word}\"` is not in this build; build it with `--features kms-{word}`")]
    NotBuilt {
        /// The word for the service.
        word: &'static str,
    },
    /// Its client cannot be made.
    #[error("the client of {keeper} cannot be made: {why}")]
    Client {
        /// Which service.
        keeper: &'static str,
        /// Why not.
        why: String,
    },
    /// The file of its token cannot be read.
    #[error("{file}: {source}")]
    Token {
        /// Its name.
        file: String,
        /// Why not.
        source: std::io::Error,
    },
}

/// A client for a key service; `variable` looks a name up in the environment.
///
/// # Errors
/// [`ServiceError`].
pub async fn connect(
    keeper: Keeper,
    service: Service,
    variable: impl Fn(&str) -> Option<SecretString>,
) -> Result<Arc<dyn KeyWrapper>, ServiceError> {
    match keeper {
        Keeper::Aws => of_aws(&service).await,
        Keeper::Gcp => of_gcp(&service).await,
        Keeper::Vault => of_vault(&service, variable),
    }
}

#[cfg(feature = "kms-aws")]
async fn of_aws(service: &Service) -> Result<Arc<dyn KeyWrapper>, ServiceError> {
    Ok(Arc::new(aws::Aws::connect(service).await))
}

#[cfg(not(feature = "kms-aws"))]
async fn of_aws(_: &Service) -> Result<Arc<dyn KeyWrapper>, ServiceError> {
    Err(ServiceError::NotBuilt { word: Keeper::Aws.word() })
}

#[cfg(feature = "kms-gcp")]
async fn of_gcp(service: &Service) -> Result<Arc<dyn KeyWrapper>, ServiceError> {
    Ok(Arc::new(gcp::Gcp::connect(service).await?))
}

#[cfg(not(feature = "kms-gcp"))]
async fn of_gcp(_: &Service) -> Result<Arc<dyn KeyWrapper>, ServiceError> {
    Err(ServiceError::NotBuilt { word: Keeper::Gcp.word() })
}

#[cfg(feature = "kms-vault")]
fn of_vault(service: &Service, variable: impl Fn(&str) -> Option<SecretString>) -> Result<Arc<dyn KeyWrapper>, ServiceError> {
    Ok(Arc::new(transit::Transit::connect(service, variable)?))
}

#[cfg(not(feature = "kms-vault"))]
fn of_vault(_: &Service, _: impl Fn(&str) -> Option<SecretString>) -> Result<Arc<dyn KeyWrapper>, ServiceError> {
    Err(ServiceError::NotBuilt { word: Keeper::Vault.word() })
}

/// The label as services authenticate it, where they take bytes.
#[cfg(any(feature = "kms-gcp", feature = "kms-vault"))]
fn label_bytes(label: super::root::Label) -> Vec<u8> {
    super::record::authenticated(&["callsheet tenant key v1", &label.tenant.to_string(), &label.version.to_string()])
}

/// An answer in time.
#[cfg(any(feature = "kms-aws", feature = "kms-gcp", feature = "kms-vault"))]
async fn in_time<T>(
    keeper: &'static str,
    asked: impl Future<Output = Result<T, super::WrapError>>,
) -> Result<T, super::WrapError> {
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(super::WrapError::Unreachable(keeper)))
}

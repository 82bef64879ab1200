//! AWS KMS: a symmetric key, by id, alias or ARN, and its right to `kms:Encrypt` and `kms:Decrypt`.
//!
//! Credentials are found as every client of AWS finds them. The label is the encryption context, which CloudTrail shows.

use super::{Service, in_time};
use crate::host::clock::Boxed;
use crate::host::seal::record::KeyBytes;
use crate::host::seal::root::{KeyWrapper, Label, WrapError, key_of};
use aws_config::{BehaviorVersion, Region};
use aws_sdk_kms::Client;
use aws_sdk_kms::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_kms::primitives::Blob;
use data_encoding::BASE64;
use secrecy::ExposeSecret;
use secrecy::zeroize::Zeroizing;

const KEEPER: &str = "AWS KMS";
/// The parts of the encryption context.
const TENANT: &str = "callsheet:tenant";
const VERSION: &str = "callsheet:key-version";

/// A root key in AWS KMS.
pub struct Aws {
    client: Client,
    key: String,
    name: String,
}

impl Aws {
    /// A client; nothing is asked yet but for credentials.
    pub async fn connect(service: &Service) -> Self {
        let mut config = aws_config::defaults(BehaviorVersion::latest());
        if let Some(region) = region(&service.key) {
            config = config.region(Region::new(region.to_owned()));
        }
        if let Some(url) = &service.url {
            config = config.endpoint_url(url);
        }
        Self::with(Client::new(&config.load().await), &service.key)
    }

    /// A key by way of this client.
    #[must_use]
    pub fn with(client: Client, key: &str) -> Self {
        Self { client, key: key.to_owned(), name: format!("aws:{key}") }
    }
}

/// The region that an ARN names.
fn region(key: &str) -> Option<&str> {
    key.strip_prefix("arn:")?.split(':').nth(2).filter(|region| !region.is_empty())
}

impl KeyWrapper for Aws {
    fn root(&self) -> &str {
        &self.name
    }

    fn wrap<'a>(&'a self, label: Label, key: &'a KeyBytes) -> Boxed<'a, Result<String, WrapError>> {
        Box::pin(in_time(KEEPER, async move {
            let asked = self.client.encrypt().key_id(&self.key).plaintext(Blob::new(key.expose_secret().as_slice()));
            let asked = asked.encryption_context(TENANT, label.tenant.to_string());
            let asked = asked.encryption_context(VERSION, label.version.to_string());
            let answer = asked.send().await.map_err(|error| failure(&error))?;
            let wrapped = answer.ciphertext_blob.ok_or(WrapError::Unreachable(KEEPER))?;
            Ok(BASE64.encode(wrapped.as_ref()))
        }))
    }

    fn unwrap<'a>(&'a self, label: Label, wrapped: &'a str) -> Boxed<'a, Result<KeyBytes, WrapError>> {
        Box::pin(in_time(KEEPER, async move {
            let wrapped = BASE64.decode(wrapped.as_bytes()).map_err(|_| WrapError::Refused)?;
            // The key is named: what another one wrapped is refused.
            let asked = self.client.decrypt().key_id(&self.key).ciphertext_blob(Blob::new(wrapped));
            let asked = asked.encryption_context(TENANT, label.tenant.to_string());
            let asked = asked.encryption_context(VERSION, label.version.to_string());
            let answer = asked.send().await.map_err(|error| failure(&error))?;
            let plain = answer.plaintext.ok_or(WrapError::Unreachable(KEEPER))?;
            key_of(&Zeroizing::new(plain.into_inner()))
        }))
    }
}

/// What an error means, by the service's own word for it.
fn failure<E: ProvideErrorMetadata, R>(error: &SdkError<E, R>) -> WrapError {
    match error.as_service_error().map(|error| error.code().unwrap_or("an unknown error")) {
        Some("InvalidCiphertextException" | "IncorrectKeyException") => WrapError::Refused,
        Some("DependencyTimeoutException" | "KMSInternalException" | "ThrottlingException" | "KeyUnavailableException")
        | None => WrapError::Unreachable(KEEPER),
        Some(code) => WrapError::Forbidden { keeper: KEEPER, why: code.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_arn_says_where_its_key_is() {
        assert_eq!(super::region("arn:aws:kms:eu-west-1:111122223333:key/1234abcd"), Some("eu-west-1"));
        assert_eq!((super::region("alias/callsheet"), super::region("arn:aws:kms")), (None, None));
    }
}

//! Google Cloud KMS: a key for `ENCRYPT_DECRYPT`, named `projects/…/locations/…/keyRings/…/cryptoKeys/…`, and the role
//! `roles/cloudkms.cryptoKeyEncrypterDecrypter` on it.
//!
//! Credentials are found as every client of Google's finds them. The label is additional authenticated data.

use super::{Service, ServiceError, in_time, label_bytes};
use crate::host::clock::Boxed;
use crate::host::seal::record::KeyBytes;
use crate::host::seal::root::{KeyWrapper, Label, WrapError, key_of};
use data_encoding::BASE64;
use google_cloud_auth::credentials::Credentials;
use google_cloud_kms_v1::Error;
use google_cloud_kms_v1::client::KeyManagementService;
use secrecy::ExposeSecret;

const KEEPER: &str = "Google Cloud KMS";

/// A root key in Google Cloud KMS.
pub struct Gcp {
    client: KeyManagementService,
    key: String,
    name: String,
}

impl Gcp {
    /// A client; nothing is asked yet but for credentials.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn connect(service: &Service) -> Result<Self, ServiceError> {
        Self::with(service, None).await
    }

    /// The same, with these credentials in place of those that are found.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub async fn with(service: &Service, credentials: Option<Credentials>) -> Result<Self, ServiceError> {
        let mut builder = KeyManagementService::builder();
        if let Some(url) = &service.url {
            builder = builder.with_endpoint(url);
        }
        if let Some(credentials) = credentials {
            builder = builder.with_credentials(credentials);
        }
        let client = builder.build().await;
        let client = client.map_err(|error| ServiceError::Client { keeper: KEEPER, why: error.to_string() })?;
        Ok(Self { client, key: service.key.clone(), name: format!("gcp:{}", service.key) })
    }
}

impl KeyWrapper for Gcp {
    fn root(&self) -> &str {
        &self.name
    }

    fn wrap<'a>(&'a self, label: Label, key: &'a KeyBytes) -> Boxed<'a, Result<String, WrapError>> {
        Box::pin(in_time(KEEPER, async move {
            let asked = self.client.encrypt().set_name(&self.key).set_plaintext(key.expose_secret().to_vec());
            let asked = asked.set_additional_authenticated_data(label_bytes(label));
            let answer = asked.send().await.map_err(|error| failure(&error))?;
            Ok(BASE64.encode(&answer.ciphertext))
        }))
    }

    fn unwrap<'a>(&'a self, label: Label, wrapped: &'a str) -> Boxed<'a, Result<KeyBytes, WrapError>> {
        Box::pin(in_time(KEEPER, async move {
            let wrapped = BASE64.decode(wrapped.as_bytes()).map_err(|_| WrapError::Refused)?;
            let asked = self.client.decrypt().set_name(&self.key).set_ciphertext(wrapped);
            let asked = asked.set_additional_authenticated_data(label_bytes(label));
            let answer = asked.send().await.map_err(|error| failure(&error))?;
            key_of(&answer.plaintext)
        }))
    }
}

/// What an error means. The service says `INVALID_ARGUMENT` of what it cannot decrypt.
fn failure(error: &Error) -> WrapError {
    let status = error.status().map(|status| status.code.name().to_owned());
    match (error.http_status_code(), status.as_deref()) {
        (_, Some("INVALID_ARGUMENT")) | (Some(400), _) => WrapError::Refused,
        (Some(429), _) => WrapError::Unreachable(KEEPER),
        (Some(401..=499), status) => {
            WrapError::Forbidden { keeper: KEEPER, why: status.unwrap_or("an unknown error").to_owned() }
        }
        _ => WrapError::Unreachable(KEEPER),
    }
}

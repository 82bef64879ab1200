//! Vault's Transit engine, or OpenBao's.
//!
//! The key is one of type `aes256-gcm96` (the default) or another that authenticates associated data. The token wants
//! `update` on `<mount>/encrypt/<key>` and `<mount>/decrypt/<key>`; it is read when the host starts, and renewing it is the
//! operator's, as of any token that an agent keeps in a file.

use super::{Service, ServiceError, in_time, label_bytes};
use crate::host::clock::Boxed;
use crate::host::seal::record::KeyBytes;
use crate::host::seal::root::{KeyWrapper, Label, WrapError, key_of};
use data_encoding::BASE64;
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretString};
use vaultrs::api::transit::requests::{DecryptDataRequest, EncryptDataRequest};
use vaultrs::client::{VaultClient, VaultClientSettingsBuilder};
use vaultrs::error::ClientError;
use vaultrs::transit::data;

const KEEPER: &str = "Vault";
/// The variable that holds the token where no file is named.
const TOKEN: &str = "VAULT_TOKEN";

/// A root key in Vault.
pub struct Transit {
    client: VaultClient,
    mount: String,
    key: String,
    name: String,
}

impl Transit {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`ServiceError`].
    pub fn connect(service: &Service, variable: impl Fn(&str) -> Option<SecretString>) -> Result<Self, ServiceError> {
        let token = match &service.token_file {
            Some(file) => {
                let text = std::fs::read_to_string(file).map(Zeroizing::new);
                let text = text.map_err(|source| ServiceError::Token { file: file.clone(), source })?;
                SecretString::from(text.trim())
            }
            None => variable(TOKEN).unwrap_or_default(),
        };
        let client = |why: String| ServiceError::Client { keeper: KEEPER, why };
        let url = service.url.as_deref().filter(|url| url::Url::parse(url).is_ok());
        let url = url.ok_or_else(|| client("it needs a URL".to_owned()))?;
        let mut settings = VaultClientSettingsBuilder::default();
        // Certificates are checked, whatever the environment says.
        settings.address(url).token(token.expose_secret()).verify(true).timeout(Some(super::PATIENCE));
        let settings = settings.build().map_err(|error| client(error.to_string()))?;
        let (mount, key) = (service.mount.clone(), service.key.clone());
        let name = format!("vault:{mount}/{key}");
        let connected = VaultClient::new(settings).map_err(|error| client(error.to_string()))?;
        Ok(Self { client: connected, mount, key, name })
    }
}

impl KeyWrapper for Transit {
    fn root(&self) -> &str {
        &self.name
    }

    fn wrap<'a>(&'a self, label: Label, key: &'a KeyBytes) -> Boxed<'a, Result<String, WrapError>> {
        Box::pin(in_time(KEEPER, async move {
            let mut request = EncryptDataRequest::builder();
            request.associated_data(BASE64.encode(&label_bytes(label)));
            let plain = Zeroizing::new(BASE64.encode(key.expose_secret()));
            let answer = data::encrypt(&self.client, &self.mount, &self.key, &plain, Some(&mut request)).await;
            answer.map(|answer| answer.ciphertext).map_err(|error| failure(&error))
        }))
    }

    fn unwrap<'a>(&'a self, label: Label, wrapped: &'a str) -> Boxed<'a, Result<KeyBytes, WrapError>> {
        Box::pin(in_time(KEEPER, async move {
            let mut request = DecryptDataRequest::builder();
            request.associated_data(BASE64.encode(&label_bytes(label)));
            let answer = data::decrypt(&self.client, &self.mount, &self.key, wrapped, Some(&mut request)).await;
            let plain = Zeroizing::new(answer.map_err(|error| failure(&error))?.plaintext);
            let bytes = Zeroizing::new(BASE64.decode(plain.as_bytes()).map_err(|_| WrapError::Refused)?);
            key_of(&bytes)
        }))
    }
}

/// What an error means. Vault says 400 of what it cannot decrypt.
fn failure(error: &ClientError) -> WrapError {
    match error {
        ClientError::APIError { code: 400, .. } => WrapError::Refused,
        ClientError::APIError { code: code @ 401..=499, .. } => WrapError::Forbidden { keeper: KEEPER, why: code.to_string() },
        _ => WrapError::Unreachable(KEEPER),
    }
}

//! Each client against a stand-in that answers as its service is documented to: what was encrypted under a context opens under
//! that one alone. It answers in the shapes that the services publish, and keeps what it was asked for.

use super::super::record::new_key;
use super::super::root::{KeyWrapper, Label, WrapError};
use super::Service;
use crate::host::model::TenantId;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use data_encoding::BASE64;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

const ONE: Label = Label { tenant: TenantId(1), version: 3 };
const KEY: &str = "callsheet";

/// What a service said and was asked.
type Answer = (StatusCode, Value);
type Answers = fn(&Stand, &HeaderMap, &str, &Value) -> Answer;

/// A service in memory: plain text and context of each cipher text that it gave.
#[derive(Default)]
struct Stand {
    kept: Mutex<Vec<(String, Value)>>,
    asked: Mutex<Vec<String>>,
    /// Refuses everybody.
    shut: Mutex<bool>,
}

impl Stand {
    /// A new cipher text, which says nothing of what is in it.
    fn encrypt(&self, plain: &Value, context: &Value) -> String {
        let mut kept = self.kept.lock().expect("nobody panics with it");
        kept.push((plain.as_str().expect("base64").to_owned(), context.clone()));
        BASE64.encode(format!("sealed {}", kept.len() - 1).as_bytes())
    }

    fn decrypt(&self, sealed: &str, context: &Value) -> Option<String> {
        let bytes = BASE64.decode(sealed.as_bytes()).ok()?;
        let number: usize = std::str::from_utf8(&bytes).ok()?.strip_prefix("sealed ")?.parse().ok()?;
        let kept = self.kept.lock().expect("nobody panics with it");
        kept.get(number).filter(|(_, of)| of == context).map(|(plain, _)| plain.clone())
    }

    fn is_shut(&self) -> bool {
        *self.shut.lock().expect("nobody panics with it")
    }
}

/// The stand-in on a port of this machine; its address.
async fn served(stand: Arc<Stand>, answers: Answers) -> String {
    let answer = move |State(stand): State<Arc<Stand>>, headers: HeaderMap, uri: Uri, body: axum::body::Bytes| async move {
        let body: Value = serde_json::from_slice(&body).expect("JSON");
        stand.asked.lock().expect("nobody panics with it").push(format!("{} {body}", uri.path()));
        let (status, answer) = answers(&stand, &headers, uri.path(), &body);
        (status, [("content-type", "application/json")], answer.to_string())
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("a port");
    let router = Router::new().fallback(answer).with_state(stand);
    tokio::spawn(async move { axum::serve(listener, router).await });
    format!("http://{address}")
}

/// What every service must do for us.
async fn check(stand: &Stand, wrapper: &dyn KeyWrapper, forbidden: &str) {
    let key = new_key().expect("random");
    let wrapped = wrapper.wrap(ONE, &key).await.expect("wrapped");
    let unwrapped = wrapper.unwrap(ONE, &wrapped).await.expect("unwrapped");
    assert_eq!(unwrapped.expose_secret(), key.expose_secret());
    let plain = BASE64.encode(key.expose_secret());
    assert!(!wrapped.contains(&plain));
    for other in [Label { tenant: TenantId(2), ..ONE }, Label { version: 4, ..ONE }] {
        assert_eq!(wrapper.unwrap(other, &wrapped).await.map(drop), Err(WrapError::Refused));
    }
    *stand.shut.lock().expect("nobody panics with it") = true;
    for refused in [wrapper.wrap(ONE, &key).await.map(drop), wrapper.unwrap(ONE, &wrapped).await.map(drop)] {
        match refused {
            Err(WrapError::Forbidden { why, .. }) => assert_eq!(why, forbidden),
            other => panic!("not forbidden: {other:?}"),
        }
    }
}

/// Nobody listens there.
async fn nowhere() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    format!("http://{}", listener.local_addr().expect("a port"))
}

fn service(key: &str, url: String) -> Service {
    Service { key: key.to_owned(), url: Some(url), mount: "transit".to_owned(), token_file: None }
}

async fn is_away(wrapper: &dyn KeyWrapper) {
    let key = new_key().expect("random");
    assert!(matches!(wrapper.wrap(ONE, &key).await, Err(WrapError::Unreachable(_))));
}

#[cfg(feature = "kms-vault")]
mod transit {
    use super::*;
    use crate::host::seal::kms::transit::Transit;
    use secrecy::SecretString;

    /// Source: the documentation of Vault's API, "Transit secrets engine", encrypt and decrypt data.
    fn answer(stand: &Stand, headers: &HeaderMap, path: &str, body: &Value) -> Answer {
        if stand.is_shut() || headers.get("x-vault-token").is_none_or(|token| token != "s.token") {
            return (StatusCode::FORBIDDEN, json!({ "errors": ["1 error occurred:\n\t* permission denied\n\n"] }));
        }
        let context = &body["associated_data"];
        let data = match path {
            "/v1/transit/encrypt/callsheet" => {
                json!({ "ciphertext": format!("vault:v1:{}", stand.encrypt(&body["plaintext"], context)), "key_version": 1 })
            }
            "/v1/transit/decrypt/callsheet" => {
                let sealed = body["ciphertext"].as_str().and_then(|text| text.strip_prefix("vault:v1:"));
                match sealed.and_then(|sealed| stand.decrypt(sealed, context)) {
                    Some(plain) => json!({ "plaintext": plain }),
                    None => {
                        let errors = json!({ "errors": ["cipher: message authentication failed"] });
                        return (StatusCode::BAD_REQUEST, errors);
                    }
                }
            }
            other => panic!("{other} is not asked for"),
        };
        let whole = json!({
            "request_id": "0c7b61a1", "lease_id": "", "renewable": false, "lease_duration": 0, "data": data, "wrap_info": null,
            "warnings": null, "auth": null,
        });
        (StatusCode::OK, whole)
    }

    fn client(url: String) -> Transit {
        Transit::connect(&service(KEY, url), |name| (name == "VAULT_TOKEN").then(|| SecretString::from("s.token")))
            .expect("a client")
    }

    #[tokio::test]
    async fn vault_wraps_for_one_tenant_and_version() {
        let stand = Arc::new(Stand::default());
        let wrapper = client(served(stand.clone(), answer).await);
        assert_eq!(wrapper.root(), "vault:transit/callsheet");
        check(&stand, &wrapper, "403").await;
        is_away(&client(nowhere().await)).await;
    }
}

#[cfg(feature = "kms-aws")]
mod aws {
    use super::*;
    use crate::host::seal::kms::aws::Aws;
    use aws_sdk_kms::Client;
    use aws_sdk_kms::config::{BehaviorVersion, Config, Credentials, Region};

    const ARN: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

    /// Source: AWS Key Management Service API Reference, Encrypt, Decrypt and common errors; protocol AWS JSON 1.1.
    fn answer(stand: &Stand, headers: &HeaderMap, _: &str, body: &Value) -> Answer {
        let signed = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(signed.starts_with("AWS4-HMAC-SHA256 ") && signed.contains("/eu-west-1/kms/"), "{signed}");
        assert_eq!(body["KeyId"], ARN);
        if stand.is_shut() {
            return (StatusCode::BAD_REQUEST, json!({ "__type": "AccessDeniedException", "Message": "not you" }));
        }
        let context = &body["EncryptionContext"];
        assert_eq!(context.as_object().map(serde_json::Map::len), Some(2));
        match headers["x-amz-target"].to_str().expect("text") {
            "TrentService.Encrypt" => {
                let sealed = stand.encrypt(&body["Plaintext"], context);
                let answer = json!({ "CiphertextBlob": sealed, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT", "KeyId": ARN });
                (StatusCode::OK, answer)
            }
            "TrentService.Decrypt" => {
                let sealed = body["CiphertextBlob"].as_str().expect("base64");
                match stand.decrypt(sealed, context) {
                    Some(plain) => {
                        let answer = json!({ "Plaintext": plain, "EncryptionAlgorithm": "SYMMETRIC_DEFAULT", "KeyId": ARN });
                        (StatusCode::OK, answer)
                    }
                    None => (StatusCode::BAD_REQUEST, json!({ "__type": "InvalidCiphertextException" })),
                }
            }
            other => panic!("{other} is not asked for"),
        }
    }

    fn client(url: String) -> Aws {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("eu-west-1"))
            .credentials_provider(Credentials::new("AKIDEXAMPLE", "secret", None, None, "test"))
            .endpoint_url(url)
            .build();
        Aws::with(Client::from_conf(config), ARN)
    }

    #[tokio::test]
    async fn aws_wraps_for_one_tenant_and_version() {
        let stand = Arc::new(Stand::default());
        let wrapper = client(served(stand.clone(), answer).await);
        assert_eq!(wrapper.root(), format!("aws:{ARN}"));
        check(&stand, &wrapper, "AccessDeniedException").await;
        let asked = stand.asked.lock().expect("nobody panics with it").join("\n");
        assert!(asked.contains(r#""callsheet:tenant":"1""#) && asked.contains(r#""callsheet:key-version":"3""#), "{asked}");
        is_away(&client(nowhere().await)).await;
    }
}

#[cfg(feature = "kms-gcp")]
mod gcp {
    use super::*;
    use crate::host::seal::kms::gcp::Gcp;
    use google_cloud_auth::credentials::anonymous;

    const NAME: &str = "projects/acme/locations/europe-west1/keyRings/main/cryptoKeys/callsheet";

    /// Source: Cloud KMS API, REST resources `projects.locations.keyRings.cryptoKeys`, methods encrypt and decrypt.
    fn answer(stand: &Stand, _: &HeaderMap, path: &str, body: &Value) -> Answer {
        let error = |code: u16, status: &str| json!({ "error": { "code": code, "message": "no", "status": status } });
        if stand.is_shut() {
            return (StatusCode::FORBIDDEN, error(403, "PERMISSION_DENIED"));
        }
        let context = &body["additionalAuthenticatedData"];
        assert!(context.is_string());
        match path.strip_prefix("/v1/").and_then(|path| path.strip_prefix(NAME)) {
            Some(":encrypt") => {
                let sealed = stand.encrypt(&body["plaintext"], context);
                (StatusCode::OK, json!({ "name": format!("{NAME}/cryptoKeyVersions/1"), "ciphertext": sealed }))
            }
            Some(":decrypt") => match stand.decrypt(body["ciphertext"].as_str().expect("base64"), context) {
                Some(plain) => (StatusCode::OK, json!({ "plaintext": plain, "usedPrimary": true })),
                None => (StatusCode::BAD_REQUEST, error(400, "INVALID_ARGUMENT")),
            },
            other => panic!("{other:?} is not asked for"),
        }
    }

    async fn client(url: String) -> Gcp {
        Gcp::with(&service(NAME, url), Some(anonymous::Builder::new().build())).await.expect("a client")
    }

    #[tokio::test]
    async fn google_cloud_wraps_for_one_tenant_and_version() {
        let stand = Arc::new(Stand::default());
        let wrapper = client(served(stand.clone(), answer).await).await;
        assert_eq!(wrapper.root(), format!("gcp:{NAME}"));
        check(&stand, &wrapper, "PERMISSION_DENIED").await;
        is_away(&client(nowhere().await).await).await;
    }
}

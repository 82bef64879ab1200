//! Signed webhooks against the vectors of other projects, and against the library that receivers use.

use crate::support::fixtures;
use callsheet::host::http::Response;
use callsheet::host::model::{Endpoint, EndpointId, EndpointState, TenantId};
use callsheet::host::outbox::receiver;
use callsheet::host::outbox::sign::{self, Secret, Secrets};
use callsheet::time::Instant;
use data_encoding::{BASE64, HEXLOWER};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

fn vectors(name: &str) -> Option<Value> {
    let path = fixtures()?.join("vectors").join(name);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Some(serde_json::from_str(&text).expect("JSON"))
}

fn second(value: &Value) -> Instant {
    Instant::from_second(value.as_i64().expect("a number")).expect("an instant")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn standard_webhooks_vectors_hold() {
    let Some(vectors) = vectors("standard-webhooks.json") else { return };
    let cases = vectors["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 6);
    for case in cases {
        let name = text(&case["case"]);
        let payload = text(&case["payload"]).as_bytes();
        if let Some(expected) = case["expected_signature"].as_str() {
            let secrets = Secrets::parse(&[text(&case["secret"]).into()]).expect("a secret");
            let made = sign::headers(text(&case["id"]), second(&case["timestamp"]), payload, &secrets);
            assert_eq!(made[2], (sign::SIGNATURE_HEADER, expected.to_owned()), "{name}");
            continue;
        }
        let headers: Vec<(String, String)> = case["headers"]
            .as_object()
            .expect("headers")
            .iter()
            .map(|(header, value)| (header.clone(), text(value).to_owned()))
            .collect();
        let secret = Secret::parse(text(&case["secret"])).expect("a secret");
        let verdict = sign::verify(&headers, payload, &secret, second(&case["now"]));
        assert_eq!(verdict.is_ok(), case["expected"] == "accept", "{name}: {verdict:?}");
    }
}

/// HMAC-SHA256 with keys and messages of all sorts. Only whole tags and keys that are possible secrets concern us; the message
/// is `id.timestamp.body` with nothing in front of it, so the vectors go through the library, which `sign` calls.
#[test]
fn wycheproof_vectors_hold() {
    use aws_lc_rs::hmac;
    let Some(vectors) = vectors("wycheproof-hmac-sha256.json") else { return };
    let mut checked = 0;
    for group in vectors["testGroups"].as_array().expect("groups").iter().filter(|group| group["tagSize"] == 256) {
        for test in group["tests"].as_array().expect("tests") {
            let hex = |name: &str| HEXLOWER.decode(text(&test[name]).as_bytes()).expect("hex");
            let key = hmac::Key::new(hmac::HMAC_SHA256, &hex("key"));
            let verdict = hmac::verify(&key, &hex("msg"), &hex("tag"));
            assert_eq!(verdict.is_ok(), test["result"] == "valid", "test {}", test["tcId"]);
            checked += 1;
        }
    }
    assert!(checked >= 32, "only {checked} vectors");
}

/// A receiver with the reference library accepts what we sign, under either secret of a rotation, and nothing else.
#[test]
fn the_receivers_own_library_accepts_what_we_sign() {
    let secrets: Vec<String> = [24, 32, 64].map(|bytes| sign::new_secret(&vec![bytes; bytes.into()]).expect("a secret")).into();
    let texts: Vec<secrecy::SecretString> = secrets.iter().map(|text| text.as_str().into()).collect();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs();
    let now = Instant::from_second(now.try_into().expect("a time")).expect("an instant");
    let body = r#"{"type":"dispatch.accepted","data":{"title":"Überraschung 🎉"}}"#.as_bytes();
    let signed = sign::headers("evt_7_41", now, body, &Secrets::parse(&texts).expect("secrets"));
    let mut headers = reqwest::header::HeaderMap::new();
    for (name, value) in &signed {
        headers.insert(*name, value.parse().expect("a header"));
    }
    for secret in &secrets {
        let receiver = standardwebhooks::Webhook::new(secret).expect("a secret");
        receiver.verify(body, &headers).expect("accepted");
        receiver.verify(b"{}", &headers).expect_err("another body");
    }
    let stranger = standardwebhooks::Webhook::from_bytes(vec![9; 32]).expect("a secret");
    stranger.verify(body, &headers).expect_err("another secret");
    headers.insert(sign::ID_HEADER, "evt_7_42".parse().expect("a header"));
    let receiver = standardwebhooks::Webhook::new(&secrets[0]).expect("a secret");
    receiver.verify(body, &headers).expect_err("another id");
}

/// And we accept what it signs.
#[test]
fn what_the_reference_library_signs_is_accepted() {
    let key = vec![3; 40];
    let other = standardwebhooks::Webhook::from_bytes(key.clone()).expect("a secret");
    let signature = other.sign("msg_1", 1_800_000_000, b"{}").expect("signed");
    let headers = [("webhook-id", "msg_1"), ("webhook-timestamp", "1800000000"), ("webhook-signature", &signature)]
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let secret = Secret::parse(&format!("whsec_{}", BASE64.encode(&key))).expect("a secret");
    let now = Instant::from_second(1_800_000_000).expect("an instant");
    assert_eq!(sign::verify(&headers, b"{}", &secret, now), Ok(()));
}

/// A receiver proves itself with what its library has anyway.
#[test]
fn the_reference_library_makes_the_echo_of_a_challenge() {
    let now = Instant::from_second(1_800_000_000).expect("an instant");
    let secret = sign::new_secret(&[7; 32]).expect("a secret");
    let new = Endpoint::unproven(TenantId(1), EndpointId(2), "https://hooks.example/in".into(), secret.clone(), now);
    let receiver::Next::Ask(asked) = receiver::step(&new, now) else { panic!("a new receiver is asked") };
    let challenge = receiver::challenge(&asked, &[secret.as_str().into()], now).expect("a secret");
    let header = |name: &str| challenge.request.find_header(name).expect("signed").to_owned();
    let body: Value = serde_json::from_slice(&challenge.request.body).expect("JSON");
    let library = standardwebhooks::Webhook::new(&secret).expect("a secret");
    let timestamp = header(sign::TIMESTAMP_HEADER).parse().expect("a number");
    let echo = library.sign(&header(sign::ID_HEADER), timestamp, text(&body["data"]["challenge"]).as_bytes()).expect("signed");
    let answer = Response::json(200, &serde_json::json!({ "echo": echo }));
    assert_eq!(receiver::answered(&asked, &challenge, now, &Ok(answer)).state, EndpointState::Active);
}

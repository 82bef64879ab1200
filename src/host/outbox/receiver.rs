//! What the host does about a webhook receiver itself: it asks a new one for its proof, and drops secrets that were replaced.
//!
//! A receiver gets no event before it has shown that whoever runs it knows its signing secret; so nobody can aim our events at a
//! stranger's server (reliability.md T21). It is sent a signed message of the kind [`CHALLENGE`] and answers with a status of
//! 2xx and `{"echo": "v1,…"}`: the challenge, signed as a body of its own under the `webhook-id` and `webhook-timestamp` that
//! came with it. Every library of Standard Webhooks can make it: `sign(id, timestamp, challenge)`.
//!
//! A try has the three steps of a delivery: [`step`] counts it and holds the row, the caller commits that, sends
//! [`challenge`]'s request, and stores what [`answered`] says.

use super::delivery::{self, MessageError};
use super::sign::{self, Secrets};
use crate::host::http::{Method, NetError, Purpose, Request, Response};
use crate::host::model::{Endpoint, EndpointState};
use crate::time::{Elapsed, Instant};
use data_encoding::BASE32_NOPAD;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

/// The kind of the message that asks for the proof.
pub const CHALLENGE: &str = "endpoint.challenge";
/// How long after a failed try the next one comes; after the last, somebody must ask for it.
pub const PAUSES: [Elapsed; 5] =
    [Elapsed::from_secs(10), Elapsed::from_mins(1), Elapsed::from_mins(10), Elapsed::from_hours(1), Elapsed::from_hours(6)];
/// Tries before a receiver is left alone.
pub const TRIES_MAX: u32 = PAUSES.len() as u32 + 1;
/// How long a secret that was replaced still signs, beside the new one (W13.5).
pub const OVERLAP: Elapsed = Elapsed::from_hours(24);
/// Most bytes of an answer that are looked at.
pub const ECHO_BYTES_MAX: usize = 4 * 1024;

/// [`Endpoint::last`] while a try is under way.
const TRYING: &str = "trying";
/// Bytes of the digest that a challenge keeps.
const CHALLENGE_BYTES: usize = 20;

/// What to do about a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Store this, then ask for the proof.
    Ask(Endpoint),
    /// Store this; that is all.
    Store(Endpoint),
    /// Nothing is due.
    Nothing,
}

/// What is due about a receiver at `now`.
#[must_use]
pub fn step(endpoint: &Endpoint, now: Instant) -> Next {
    if endpoint.due_at.is_none_or(|due| due > now) {
        return Next::Nothing;
    }
    match endpoint.state {
        EndpointState::Unproven if endpoint.tries >= TRIES_MAX => {
            Next::Store(Endpoint { due_at: None, last: Some("no-answer".to_owned()), ..endpoint.clone() })
        }
        EndpointState::Unproven => {
            let due_at = Some(later(now, delivery::HOLD));
            Next::Ask(Endpoint { tries: endpoint.tries + 1, due_at, last: Some(TRYING.to_owned()), ..endpoint.clone() })
        }
        EndpointState::Active | EndpointState::Disabled => Next::Store(old_secrets_dropped(endpoint)),
    }
}

/// A challenge as it is sent, and what is needed to check its echo.
#[derive(Clone, Debug)]
pub struct Challenge {
    /// The request.
    pub request: Request,
    text: String,
    secrets: Secrets,
}

/// The challenge of the try that [`step`] counted, with the receiver's secrets as they were opened.
///
/// # Errors
/// [`MessageError`] where the receiver has no usable secret.
pub fn challenge(endpoint: &Endpoint, secrets: &[SecretString], now: Instant) -> Result<Challenge, MessageError> {
    let secrets = Secrets::parse(secrets)?;
    let text = challenge_text(endpoint, now);
    let body = json!({ "type": CHALLENGE, "timestamp": now.to_string(), "data": { "challenge": text } }).to_string();
    let id = format!("chl_{}_{}_{}", endpoint.tenant, endpoint.id, endpoint.tries);
    let mut request = Request::new(Purpose::Webhook, Method::Post, &endpoint.url).header("content-type", "application/json");
    for (name, value) in sign::headers(&id, now, body.as_bytes(), &secrets) {
        request = request.header(name, value);
    }
    request.body = body.into_bytes();
    request.timeout = delivery::TRY_TIMEOUT;
    request.answer_bytes_max = ECHO_BYTES_MAX;
    Ok(Challenge { request, text, secrets })
}

/// Different for every try. It need not be a secret: only who knows the signing secret can make its echo.
fn challenge_text(endpoint: &Endpoint, now: Instant) -> String {
    let mut digest = Sha256::new();
    for part in [endpoint.tenant.0, endpoint.id.0, u64::from(endpoint.tries)] {
        digest.update(part.to_be_bytes());
    }
    digest.update(now.to_string());
    digest.update(&endpoint.url);
    BASE32_NOPAD.encode(&digest.finalize()[..CHALLENGE_BYTES]).to_ascii_lowercase()
}

#[derive(Deserialize)]
struct Answer {
    echo: String,
}

/// The echo that a receiver with this secret owes for a message: its half of the protocol. `None` where it asks for none.
#[must_use]
pub fn echo(request: &Request, secret: &str) -> Option<String> {
    let body: serde_json::Value = serde_json::from_slice(&request.body).ok()?;
    let text = body["data"]["challenge"].as_str().filter(|_| body["type"] == CHALLENGE)?;
    let id = request.find_header(sign::ID_HEADER)?;
    let at = Instant::from_second(request.find_header(sign::TIMESTAMP_HEADER)?.parse().ok()?).ok()?;
    let secrets = Secrets::parse(&[secret.into()]).ok()?;
    let [_, _, (_, signature)] = sign::headers(id, at, text.as_bytes(), &secrets);
    Some(json!({ "echo": signature }).to_string())
}

/// The receiver after an answer to `challenge`. `endpoint` is the row that [`step`] returned.
#[must_use]
pub fn answered(endpoint: &Endpoint, challenge: &Challenge, now: Instant, outcome: &Result<Response, NetError>) -> Endpoint {
    match proof(challenge, now, outcome) {
        Ok(()) => Endpoint {
            state: EndpointState::Active,
            failing_since: None,
            due_at: (endpoint.secrets.len() > 1).then(|| later(now, OVERLAP)),
            tries: 0,
            last: None,
            ..endpoint.clone()
        },
        Err(why) => refused(endpoint, now, why),
    }
}

/// A receiver that cannot even be asked.
#[must_use]
pub fn unaskable(endpoint: &Endpoint, why: MessageError) -> Endpoint {
    Endpoint { due_at: None, last: Some(why.word().to_owned()), ..endpoint.clone() }
}

/// A receiver whose secrets could not be opened at this try.
#[must_use]
pub fn unopened(endpoint: &Endpoint, now: Instant) -> Endpoint {
    refused(endpoint, now, delivery::UNOPENED.to_owned())
}

fn refused(endpoint: &Endpoint, now: Instant, why: String) -> Endpoint {
    let pause = endpoint.tries.checked_sub(1).and_then(|past| PAUSES.get(past as usize));
    Endpoint { due_at: pause.map(|pause| later(now, *pause)), last: Some(why), ..endpoint.clone() }
}

/// Whether the answer proves that its author knows a secret of the receiver; else what is wrong, in a word.
fn proof(challenge: &Challenge, now: Instant, outcome: &Result<Response, NetError>) -> Result<(), String> {
    let answer = outcome.as_ref().ok().filter(|answer| matches!(answer.status, 200..=299));
    let Some(answer) = answer else { return Err(delivery::outcome_word(outcome)) };
    let Ok(Answer { echo }) = serde_json::from_slice(&answer.body) else { return Err("no-echo".to_owned()) };
    let sent = |name: &str| challenge.request.find_header(name).unwrap_or_default().to_owned();
    let headers = [
        (sign::ID_HEADER.to_owned(), sent(sign::ID_HEADER)),
        (sign::TIMESTAMP_HEADER.to_owned(), sent(sign::TIMESTAMP_HEADER)),
        (sign::SIGNATURE_HEADER.to_owned(), echo),
    ];
    let known = challenge.secrets.verify(&headers, challenge.text.as_bytes(), now);
    if known { Ok(()) } else { Err("wrong-echo".to_owned()) }
}

/// A receiver that is served again, as if it had never failed; one that has not proved itself is asked anew.
#[must_use]
pub fn enabled(endpoint: &Endpoint, now: Instant) -> Endpoint {
    match endpoint.state {
        EndpointState::Unproven => Endpoint { due_at: Some(now), tries: 0, last: None, ..endpoint.clone() },
        EndpointState::Active | EndpointState::Disabled => {
            Endpoint { state: EndpointState::Active, failing_since: None, ..endpoint.clone() }
        }
    }
}

/// A receiver that is served no longer, because somebody says so. One that has not proved itself must still do so.
#[must_use]
pub fn disabled(endpoint: &Endpoint) -> Endpoint {
    match endpoint.state {
        EndpointState::Active => Endpoint { state: EndpointState::Disabled, ..endpoint.clone() },
        EndpointState::Unproven => Endpoint { due_at: None, ..endpoint.clone() },
        EndpointState::Disabled => endpoint.clone(),
    }
}

/// A receiver with a new secret. The one before stays valid beside it for [`OVERLAP`]; still older ones go. One that has not
/// proved itself yet must do so with the new one.
#[must_use]
pub fn secret_added(endpoint: &Endpoint, secret: String, now: Instant) -> Endpoint {
    if endpoint.state == EndpointState::Unproven {
        return enabled(&Endpoint { secrets: vec![secret], ..endpoint.clone() }, now);
    }
    let secrets = std::iter::once(secret).chain(endpoint.secrets.first().cloned()).collect();
    Endpoint { secrets, due_at: Some(later(now, OVERLAP)), ..endpoint.clone() }
}

/// A receiver with its newest secret alone.
#[must_use]
pub fn old_secrets_dropped(endpoint: &Endpoint) -> Endpoint {
    let due_at = endpoint.due_at.filter(|_| endpoint.state == EndpointState::Unproven);
    Endpoint { secrets: endpoint.secrets.first().cloned().into_iter().collect(), due_at, ..endpoint.clone() }
}

fn later(now: Instant, wait: Elapsed) -> Instant {
    now.checked_add(wait).unwrap_or(Instant::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::model::{EndpointId, TenantId};
    use expect_test::{Expect, expect};

    const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
    const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    fn at(secs: i64) -> Instant {
        Instant::from_second(1_800_000_000 + secs).expect("an instant")
    }

    fn unproven() -> Endpoint {
        Endpoint::unproven(TenantId(7), EndpointId(3), "https://hooks.example/in".into(), SECRET.into(), at(0))
    }

    fn opened(endpoint: &Endpoint) -> Vec<SecretString> {
        endpoint.secrets.iter().map(|text| text.as_str().into()).collect()
    }

    fn asked(endpoint: &Endpoint, now: Instant) -> Endpoint {
        match step(endpoint, now) {
            Next::Ask(endpoint) => endpoint,
            other => panic!("not asked: {other:?}"),
        }
    }

    /// What each answer to the first challenge makes of the receiver.
    fn check(answer: impl Fn(&Request) -> Result<Response, NetError>, expected: Expect) {
        let endpoint = asked(&unproven(), at(0));
        let challenge = challenge(&endpoint, &opened(&endpoint), at(1)).expect("a secret");
        let after = answered(&endpoint, &challenge, at(2), &answer(&challenge.request));
        let due = after.due_at.map(|due| due.duration_since(at(2)).as_secs());
        expected.assert_eq(&format!("{} {:?} {due:?}", after.state.word(), after.last.as_deref().unwrap_or_default()));
    }

    fn body(text: String) -> Result<Response, NetError> {
        Ok(Response { status: 200, headers: vec![], body: text.into_bytes() })
    }

    #[test]
    fn only_who_knows_the_secret_proves_a_receiver() {
        check(|request| body(echo(request, SECRET).expect("a challenge")), expect![[r#"active "" None"#]]);
        check(|request| body(echo(request, OTHER).expect("a challenge")), expect![[r#"unproven "wrong-echo" Some(10)"#]]);
        // A server that sends back whatever it gets, headers and all.
        check(|request| body(String::from_utf8_lossy(&request.body).into_owned()), expect![[r#"unproven "no-echo" Some(10)"#]]);
        check(
            |request| body(json!({ "echo": request.find_header(sign::SIGNATURE_HEADER) }).to_string()),
            expect![[r#"unproven "wrong-echo" Some(10)"#]],
        );
        check(|_| Ok(Response::empty(204)), expect![[r#"unproven "no-echo" Some(10)"#]]);
        check(|_| Ok(Response::empty(404)), expect![[r#"unproven "404" Some(10)"#]]);
        check(|_| Err(NetError::Forbidden), expect![[r#"unproven "unreachable" Some(10)"#]]);
    }

    #[test]
    fn the_echo_of_one_challenge_is_none_of_another() {
        let first = asked(&unproven(), at(0));
        let old = echo(&challenge(&first, &opened(&first), at(1)).expect("a secret").request, SECRET).expect("a challenge");
        let second = asked(&Endpoint { due_at: Some(at(60)), ..first }, at(60));
        let fresh = challenge(&second, &opened(&second), at(60)).expect("a secret");
        assert_eq!(answered(&second, &fresh, at(61), &body(old)).last.as_deref(), Some("wrong-echo"));
    }

    #[test]
    fn a_receiver_that_never_answers_is_left_alone_after_its_tries() {
        let mut endpoint = unproven();
        let mut now = at(0);
        let mut pauses = Vec::new();
        while let Next::Ask(asked) = step(&endpoint, now) {
            let challenge = challenge(&asked, &opened(&asked), now).expect("a secret");
            endpoint = answered(&asked, &challenge, now, &Err(NetError::NotSent));
            let Some(due) = endpoint.due_at else { break };
            pauses.push(due.duration_since(now).as_secs());
            now = due;
        }
        assert_eq!(pauses, [10, 60, 600, 3600, 21600]);
        assert_eq!((endpoint.tries, step(&endpoint, Instant::MAX)), (TRIES_MAX, Next::Nothing));
        // Until somebody asks for it.
        assert!(matches!(step(&enabled(&endpoint, now), now), Next::Ask(_)));
    }

    #[test]
    fn tries_that_never_reported_back_count() {
        let mut endpoint = unproven();
        let mut asked = 0;
        let mut now = at(0);
        while let Next::Ask(next) = step(&endpoint, now) {
            asked += 1;
            assert_eq!(step(&next, now), Next::Nothing, "held while it is under way");
            now = next.due_at.expect("held");
            endpoint = next;
        }
        assert_eq!(asked, TRIES_MAX);
        assert!(matches!(step(&endpoint, now), Next::Store(Endpoint { due_at: None, .. })));
    }

    #[test]
    fn a_replaced_secret_signs_for_a_day() {
        let active = Endpoint { state: EndpointState::Active, due_at: None, ..unproven() };
        let rotated = secret_added(&active, OTHER.into(), at(0));
        assert_eq!(rotated.secrets, [OTHER, SECRET]);
        assert_eq!(step(&rotated, at(24 * 3600 - 1)), Next::Nothing);
        let Next::Store(after) = step(&rotated, at(24 * 3600)) else { panic!("not dropped") };
        assert_eq!((after.secrets, after.due_at), (vec![OTHER.to_owned()], None));
        // One that has proved nothing has nobody who would still check with the old one.
        assert_eq!(secret_added(&unproven(), OTHER.into(), at(9)).secrets, [OTHER]);
    }
}

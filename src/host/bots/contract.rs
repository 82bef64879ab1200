//! Callsheet's own interface for bot backends: `docs/bot-backend.md`.

use super::Wanted;
use super::answer::{BotState, CreateAnswer, FindAnswer, RecallAnswer, Word};
use super::exchange::{
    create_by_status, create_unanswered, find_unanswered, object, recall_by_status, recall_unanswered, refused, request,
};
use crate::host::http::{Method, NetError, Request, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

const FENCE: &str = "callsheet-fence";

pub(super) fn create_request(base_url: &str, token: &SecretString, wanted: Wanted<'_>) -> Request {
    to_bot(Method::Put, base_url, token, wanted.key).header(FENCE, wanted.fence.to_string()).json(&wanted.spec.to_json())
}

pub(super) fn find_request(base_url: &str, token: &SecretString, key: &str) -> Request {
    to_bot(Method::Get, base_url, token, key)
}

pub(super) fn recall_request(base_url: &str, token: &SecretString, key: &str, fence: u64) -> Request {
    to_bot(Method::Delete, base_url, token, key).header(FENCE, fence.to_string())
}

fn to_bot(method: Method, base_url: &str, token: &SecretString, key: &str) -> Request {
    request(method, format!("{base_url}/bots/{key}")).header("authorization", format!("Bearer {}", token.expose_secret()))
}

pub(super) fn read_create(key: &str, answer: Result<Response, NetError>) -> CreateAnswer {
    let response = match answer {
        Ok(response) => response,
        Err(error) => return create_unanswered(error),
    };
    match (response.status, problem(&response)) {
        (200 | 201, _) => match bot(key, &response) {
            Some(State::Bot(bot)) => CreateAnswer::Accepted(bot),
            Some(State::Recalled) => CreateAnswer::Tombstoned,
            Some(State::Recalling) | None => CreateAnswer::Ambiguous,
        },
        (410, Some(code)) if code.as_str() == "tombstoned" => CreateAnswer::Tombstoned,
        // Only the backend itself can say that a bot is not to be had, now or ever; something before it may answer alike.
        (400 | 413 | 415 | 422, Some(code)) => CreateAnswer::RefusedForGood(code),
        (503 | 507, Some(code)) => CreateAnswer::Refused { after: response.retry_after(), reason: code },
        (429, Some(code)) => refused(response.retry_after(), code.as_str()),
        _ => create_by_status(&response),
    }
}

pub(super) fn read_find(key: &str, answer: Result<Response, NetError>) -> FindAnswer {
    let response = match answer {
        Ok(response) => response,
        Err(error) => return find_unanswered(error),
    };
    let code = problem(&response);
    match (response.status, code.as_ref().map(Word::as_str)) {
        (200, _) => match bot(key, &response) {
            Some(State::Bot(bot)) => FindAnswer::Bot(bot),
            Some(State::Recalled) => FindAnswer::Tombstoned,
            Some(State::Recalling) | None => FindAnswer::Ambiguous,
        },
        (404, Some("unknown-key")) => FindAnswer::None,
        (410, Some("tombstoned")) => FindAnswer::Tombstoned,
        _ => FindAnswer::Ambiguous,
    }
}

pub(super) fn read_recall(key: &str, answer: Result<Response, NetError>) -> RecallAnswer {
    let response = match answer {
        Ok(response) => response,
        Err(error) => return recall_unanswered(error),
    };
    match response.status {
        410 if problem(&response).is_some_and(|code| code.as_str() == "tombstoned") => RecallAnswer::Confirmed,
        200..=299 => match bot(key, &response) {
            Some(State::Recalled) => RecallAnswer::Confirmed,
            // It left by itself, and the key is used up.
            Some(State::Bot(BotState::Ended | BotState::Failed(_))) => RecallAnswer::Confirmed,
            _ => RecallAnswer::Ambiguous,
        },
        _ => recall_by_status(&response),
    }
}

/// What a body says of a key.
enum State {
    Bot(BotState),
    Recalling,
    Recalled,
}

/// The bot of the body, where it is one and has our key. A state that this version does not know is some bot.
fn bot(key: &str, response: &Response) -> Option<State> {
    let body = object(response)?;
    if body.get("key").and_then(Value::as_str) != Some(key) {
        return None;
    }
    Some(match body.get("state")?.as_str()? {
        "joined" => State::Bot(BotState::Joined),
        "ended" => State::Bot(BotState::Ended),
        "failed" => State::Bot(BotState::Failed(Word::of(body.get("reason").and_then(Value::as_str).unwrap_or_default()))),
        "recalling" => State::Recalling,
        "recalled" => State::Recalled,
        _ => State::Bot(BotState::Coming),
    })
}

/// The `code` of a problem (RFC 9457). Its title and detail are for people, and may hold addresses: they are never read.
fn problem(response: &Response) -> Option<Word> {
    if response.status < 400 {
        return None;
    }
    object(response)?.get("code")?.as_str().map(Word::of)
}

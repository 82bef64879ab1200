//! Recall.ai, API version 1.11.
//!
//! Sources (read 2026-11): docs.recall.ai/reference/bot_create, /bot_list, /bot_destroy, /bot_leave_call_create, /errors,
//! /idempotency; docs.recall.ai/docs/creating-and-scheduling-bots, /custom-metadata, /bot-status-change-events, /regions.

use super::Wanted;
use super::answer::{BotState, CreateAnswer, Word};
use super::exchange::{create_by_status, object, refused, request};
use super::listing::{self, KEY, Service, word};
use crate::host::http::{Method, NetError, Request, Response};
use crate::time::{Elapsed, Instant};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use std::time::Duration;

/// Where an account lives; keys and bots are known in their region only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Region {
    /// `us-east-1`
    UsEast,
    /// `us-west-2`
    UsWest,
    /// `eu-central-1`
    Europe,
    /// `ap-northeast-1`
    Japan,
}

impl Region {
    /// Every region.
    pub const ALL: [Self; 4] = [Self::UsEast, Self::UsWest, Self::Europe, Self::Japan];

    /// Its name, as in the address.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::UsEast => "us-east-1",
            Self::UsWest => "us-west-2",
            Self::Europe => "eu-central-1",
            Self::Japan => "ap-northeast-1",
        }
    }

    /// Where its interface is.
    #[must_use]
    pub fn base_url(self) -> String {
        format!("https://{}.recall.ai", self.word())
    }

    /// The region of a name.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.word() == word)
    }
}

/// Longest name of a bot.
const NAME_CHARS_MAX: usize = 100;
/// Longest value in metadata.
const METADATA_CHARS_MAX: usize = 500;
/// A time to join that is nearer than this is left out, which means at once: it must not be past when the request arrives.
const AHEAD_SECS_MIN: i64 = 15;
/// The pool of bots fills up within this time.
const POOL_PAUSE: Duration = Duration::from_secs(30);

fn bots(base_url: &str) -> String {
    format!("{base_url}/api/v1/bot/")
}

fn authorized(method: Method, url: String, token: &SecretString) -> Request {
    request(method, url).header("authorization", format!("Token {}", token.expose_secret()))
}

pub(super) fn service(base_url: &str, token: &SecretString) -> Service {
    Service {
        bots: bots(base_url),
        list: format!("{}?metadata__{KEY}=", bots(base_url)),
        leave: "/leave_call/",
        delete: "/",
        authorized,
        token: token.clone(),
        state,
    }
}

pub(super) fn create_request(base_url: &str, token: &SecretString, wanted: Wanted<'_>, now: Instant) -> Request {
    let spec = wanted.spec;
    let mut body = Map::new();
    body.insert("meeting_url".into(), json!(spec.url));
    if let Some(name) = spec.bot_name.as_ref().filter(|name| !name.is_empty()) {
        body.insert("bot_name".into(), json!(name.chars().take(NAME_CHARS_MAX).collect::<String>()));
    }
    if spec.join_at.duration_since(now) >= Elapsed::from_secs(AHEAD_SECS_MIN) {
        body.insert("join_at".into(), json!(spec.join_at.to_string()));
    }
    body.insert("metadata".into(), metadata(wanted));
    // The service repeats its answer to a repeated number for an hour, a refusal as well: so a try that nobody answered keeps
    // its number, and one that was refused does not.
    authorized(Method::Post, bots(base_url), token)
        .header("idempotency-key", format!("{}-{}", wanted.key, wanted.attempt))
        .json(&Value::Object(body))
}

/// What the service has no setting for travels as metadata: strings only.
pub(super) fn metadata(wanted: Wanted<'_>) -> Value {
    let spec = wanted.spec;
    let mut metadata = Map::new();
    metadata.insert(KEY.into(), json!(wanted.key));
    let mut add = |name: String, value: String| {
        if !value.is_empty() && value.chars().count() <= METADATA_CHARS_MAX {
            metadata.insert(name, Value::String(value));
        }
    };
    add("callsheet_meeting".into(), spec.meeting.clone());
    add("callsheet_start".into(), spec.start.to_string());
    add("callsheet_tags".into(), spec.tags.join(","));
    add("callsheet_language".into(), spec.language.clone().unwrap_or_default());
    add("callsheet_keep_secs".into(), spec.keep_secs.map(|secs| secs.to_string()).unwrap_or_default());
    for (name, value) in &spec.extra {
        add(name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    Value::Object(metadata)
}

pub(super) fn read_create(key: &str, answer: Result<Response, NetError>) -> CreateAnswer {
    listing::read_created(key, answer, state, |response| match response.status {
        400 => {
            CreateAnswer::RefusedForGood(object(response).and_then(|body| word(&body, "code")).unwrap_or(Word::of_status(400)))
        }
        402 => refused(None, "no-credit"),
        507 => refused(response.retry_after().or(Some(POOL_PAUSE)), "no-capacity"),
        _ => create_by_status(response),
    })
}

/// The newest of a bot's status changes. New codes may be added at any time: one that nobody knows is some bot on its way.
fn state(bot: &Map<String, Value>) -> (BotState, bool) {
    let newest =
        bot.get("status_changes").and_then(Value::as_array).and_then(|changes| changes.last()).and_then(Value::as_object);
    let Some(newest) = newest else { return (BotState::Coming, true) };
    match newest.get("code").and_then(Value::as_str).unwrap_or_default() {
        "ready" => (BotState::Coming, true),
        "in_call_not_recording"
        | "recording_permission_allowed"
        | "recording_permission_denied"
        | "in_call_recording"
        | "recording_done" => (BotState::Joined, false),
        "call_ended" | "done" | "media_expired" | "analysis_done" | "analysis_failed" => (BotState::Ended, false),
        "fatal" => (BotState::Failed(word(newest, "sub_code").unwrap_or_else(|| Word::of("fatal"))), false),
        _ => (BotState::Coming, false),
    }
}

//! Attendee (attendee.dev), hosted or one's own.
//!
//! Sources (read 2026-11): github.com/attendee-labs/attendee, docs/openapi.yml, bots/bots_api_views.py, bots/bots_api_utils.py,
//! bots/serializers.py, bots/models.py; docs.attendee.dev.

use super::Wanted;
use super::answer::{BotState, CreateAnswer, Word};
use super::exchange::{create_by_status, object, refused, request};
use super::listing::{self, Service};
use crate::host::http::{Method, NetError, Request, Response};
use crate::time::{Elapsed, Instant};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

/// A bot must have a name.
const NAME_DEFAULT: &str = "Notetaker";
/// Longest name of a bot.
const NAME_CHARS_MAX: usize = 255;
/// A time to join that is nearer than this is left out, which means at once: one that is past is refused.
const AHEAD_SECS_MIN: i64 = 15;

fn authorized(method: Method, url: String, token: &SecretString) -> Request {
    request(method, url)
        .header("authorization", format!("Token {}", token.expose_secret()))
        .header("content-type", "application/json")
}

pub(super) fn service(base_url: &str, token: &SecretString) -> Service {
    Service {
        bots: format!("{base_url}/api/v1/bots/"),
        list: format!("{base_url}/api/v1/bots?deduplication_key="),
        leave: "/leave",
        delete: "",
        authorized,
        token: token.clone(),
        state,
    }
}

pub(super) fn create_request(base_url: &str, token: &SecretString, wanted: Wanted<'_>, now: Instant) -> Request {
    let spec = wanted.spec;
    let name = spec.bot_name.as_deref().map(bare_name).filter(|name| !name.is_empty());
    let mut body = Map::new();
    body.insert("meeting_url".into(), json!(spec.url));
    body.insert("bot_name".into(), json!(name.as_deref().unwrap_or(NAME_DEFAULT)));
    if spec.join_at.duration_since(now) >= Elapsed::from_secs(AHEAD_SECS_MIN) {
        body.insert("join_at".into(), json!(spec.join_at.to_string()));
    }
    body.insert("deduplication_key".into(), json!(wanted.key));
    body.insert("metadata".into(), super::recall::metadata(wanted));
    let mut request = request(Method::Post, format!("{base_url}/api/v1/bots"));
    request = request.header("authorization", format!("Token {}", token.expose_secret()));
    request.json(&Value::Object(body))
}

/// The service refuses names with characters outside of the basic plane, emoji above all: better a bot without them than none.
fn bare_name(name: &str) -> String {
    let bare: String = name.chars().filter(|letter| u32::from(*letter) <= 0xFFFF).take(NAME_CHARS_MAX).collect();
    bare.trim().to_owned()
}

/// Refusals are all of status 400, told apart by their words: as the service's source has them.
const TAKEN: &str = "Deduplication key already in use";
const FOR_NOW: &[(&str, &str)] = &[
    ("maximum number of concurrent bots", "no-capacity"),
    ("run out of credits", "no-credit"),
    ("An error occurred while creating the bot", "backend-error"),
];

pub(super) fn read_create(key: &str, answer: Result<Response, NetError>) -> CreateAnswer {
    listing::read_created(key, answer, state, |response| match (response.status, object(response)) {
        (400, Some(body)) => read_refusal(&body),
        _ => create_by_status(response),
    })
}

fn read_refusal(body: &Map<String, Value>) -> CreateAnswer {
    let Some(error) = body.get("error").and_then(Value::as_str) else {
        // A complaint for each member at fault: the member is a word, the complaint may hold its value.
        let member = body.keys().next().map(|member| Word::of(member));
        return CreateAnswer::RefusedForGood(member.unwrap_or(Word::of_status(400)));
    };
    if error.contains(TAKEN) {
        // There is a bot of our key, from a try that was thought to be lost. Its state is not said: to be found.
        return CreateAnswer::Ambiguous;
    }
    let for_now = FOR_NOW.iter().find(|(words, _)| error.contains(words));
    for_now.map_or(CreateAnswer::RefusedForGood(Word::of_status(400)), |(_, reason)| refused(None, reason))
}

/// A state that nobody knows is some bot on its way.
fn state(bot: &Map<String, Value>) -> (BotState, bool) {
    match bot.get("state").and_then(Value::as_str).unwrap_or_default() {
        "scheduled" => (BotState::Coming, true),
        "joined_not_recording"
        | "joined_recording"
        | "joined_recording_paused"
        | "joined_recording_permission_denied"
        | "joining_breakout_room"
        | "leaving_breakout_room"
        | "leaving" => (BotState::Joined, false),
        "post_processing" | "ended" | "data_deleted" => (BotState::Ended, false),
        "fatal_error" => (BotState::Failed(failure(bot)), false),
        _ => (BotState::Coming, false),
    }
}

/// The sub-type of the newest event says why a bot failed.
fn failure(bot: &Map<String, Value>) -> Word {
    let newest = bot.get("events").and_then(Value::as_array).and_then(|events| events.last()).and_then(Value::as_object);
    newest.and_then(|event| listing::word(event, "sub_type")).unwrap_or_else(|| Word::of("fatal-error"))
}

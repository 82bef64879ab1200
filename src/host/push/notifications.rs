//! What a message says, taken apart: Google's headers, Graph's body. Nothing in it is believed but that it came.

use super::lots::SECRET_CHARS;
use serde::Deserialize;

/// Longest id that Google knows a channel by (`G3.1`).
const ID_CHARS_MAX: usize = 64;
/// Longest token that Google shows (`G3.3`), and longest client state of Graph is shorter (`M8.4`).
const TOKEN_CHARS_MAX: usize = 256;
/// Longest name of a resource that is taken note of.
const RESOURCE_CHARS_MAX: usize = 512;
/// Longest validation token that is given back.
const VALIDATION_CHARS_MAX: usize = 1024;
/// Most notifications of one message; what is more is left to polling, and Graph sends fewer.
pub const NOTIFICATIONS_MAX: usize = 1000;

/// A message of Google: its headers (`G3.6`). The body is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GoogleMessage<'a> {
    /// `X-Goog-Channel-ID`.
    pub channel: &'a str,
    /// `X-Goog-Channel-Token`.
    pub token: &'a str,
    /// `X-Goog-Resource-ID`.
    pub resource: Option<&'a str>,
    /// `X-Goog-Resource-State`.
    pub state: &'a str,
    /// `X-Goog-Message-Number`: it orders, and misses nobody (`G3.7`).
    pub number: u64,
}

impl<'a> GoogleMessage<'a> {
    /// The message in these headers; `None` where it can be none of Google's.
    #[must_use]
    pub fn read(find: impl Fn(&str) -> Option<&'a str>) -> Option<Self> {
        let channel = find("x-goog-channel-id").filter(|id| is_id(id))?;
        let token = find("x-goog-channel-token").filter(|token| token.len() <= TOKEN_CHARS_MAX)?;
        let resource = find("x-goog-resource-id").filter(|name| is_resource(name));
        let number = find("x-goog-message-number").and_then(|number| number.parse().ok()).unwrap_or(0);
        Some(Self { channel, token, resource, state: find("x-goog-resource-state")?, number })
    }
}

fn is_id(id: &str) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_+/=".contains(&byte);
    !id.is_empty() && id.len() <= ID_CHARS_MAX && id.bytes().all(known)
}

fn is_resource(name: &str) -> bool {
    !name.is_empty() && name.len() <= RESOURCE_CHARS_MAX && name.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Whether a nonce can be one of ours.
#[must_use]
pub fn is_nonce(nonce: &str) -> bool {
    nonce.len() == SECRET_CHARS && nonce.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

/// Whether a validation token may be given back: short, and nothing that a browser could take for more than text.
#[must_use]
pub fn is_validation_token(token: &str) -> bool {
    let plain = |byte: u8| (0x20..0x7f).contains(&byte) && !b"<>&\"'`".contains(&byte);
    !token.is_empty() && token.len() <= VALIDATION_CHARS_MAX && token.bytes().all(plain)
}

/// The messages of one POST of Graph.
#[derive(Debug, Deserialize)]
pub struct GraphMessages {
    value: Vec<GraphMessage>,
}

/// One of them.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GraphMessage {
    /// The subscription.
    pub subscription_id: String,
    /// What shows that it is Graph who says so.
    #[serde(default)]
    pub client_state: String,
    /// Of what is said about the subscription itself: what.
    #[serde(default)]
    pub lifecycle_event: Option<String>,
}

impl GraphMessages {
    /// The messages of a body; `None` where it is none of Graph's.
    #[must_use]
    pub fn read(body: &[u8]) -> Option<Vec<GraphMessage>> {
        let messages: Self = serde_json::from_slice(body).ok()?;
        let fits =
            |message: &GraphMessage| is_resource(&message.subscription_id) && message.client_state.len() <= TOKEN_CHARS_MAX;
        Some(messages.value.into_iter().take(NOTIFICATIONS_MAX).filter(fits).collect())
    }
}

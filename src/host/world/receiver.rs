//! Webhook receivers: take what comes, and keep a journal of it.

use super::ask::Ask;
use super::connected::SECRET;
use crate::host::http::{Method, Response};
use crate::host::outbox::receiver;
use crate::time::Instant;
use std::collections::BTreeMap;

/// Hosts below this name take every connection and never answer.
pub const HANGING: &str = ".hanging.example";

/// Whether a URL leads to a host that hangs.
#[must_use]
pub fn hangs(url: &str) -> bool {
    // Nearly no URL does, and all of them are asked.
    url.contains(HANGING) && url::Url::parse(url).is_ok_and(|url| url.host_str().is_some_and(|host| host.ends_with(HANGING)))
}

/// A delivery as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// When.
    pub at: Instant,
    /// The receiver's name, the last part of its URL.
    pub receiver: String,
    /// `webhook-id`: the same over all tries.
    pub id: String,
    /// `webhook-timestamp` as sent.
    pub timestamp: String,
    /// `webhook-signature` as sent.
    pub signature: String,
    /// The member `type` of the body.
    pub kind: String,
    /// The body.
    pub body: Vec<u8>,
    /// What was answered.
    pub status: u16,
}

/// How a receiver answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// With 204.
    #[default]
    Fine,
    /// With this status, and nothing is taken.
    Fails(u16),
    /// With 503 to the first so many tries of each event.
    FailsFirst(u32),
    /// With 503 before this time.
    FailsUntil(Instant),
    /// With 429 to the first try of each event, and the wish that the next comes no sooner than after so many seconds.
    AsksToWait(u32),
}

/// All receivers.
#[derive(Clone, Debug, Default)]
pub struct Receivers {
    manners: BTreeMap<String, Manner>,
    journal: Vec<Delivered>,
    /// When each URL that hangs was asked.
    pub(super) hung: BTreeMap<String, Vec<Instant>>,
    /// How often each event was tried at each receiver.
    tries: BTreeMap<(String, String), u32>,
}

impl Receivers {
    /// Says how the receiver of this name answers from now on.
    pub fn set(&mut self, receiver: &str, manner: Manner) {
        self.manners.insert(receiver.to_owned(), manner);
    }

    /// Answers a request for `/NAME`.
    pub fn handle(&mut self, now: Instant, ask: &Ask<'_>) -> Response {
        let [name] = ask.path.as_slice() else { return Response::empty(404) };
        if ask.method() != Method::Post {
            return Response::empty(405);
        }
        let name = name.clone();
        let header = |name: &str| ask.request.find_header(name).unwrap_or_default().to_owned();
        let id = header("webhook-id");
        let tries = self.tries.entry((name.clone(), id.clone())).or_default();
        *tries += 1;
        let manner = self.manners.get(&name).copied().unwrap_or_default();
        let status = match manner {
            Manner::Fails(status) => status,
            Manner::AsksToWait(_) if *tries == 1 => 429,
            Manner::FailsFirst(times) if *tries <= times => 503,
            Manner::FailsUntil(until) if now < until => 503,
            _ => 204,
        };
        let body: serde_json::Value = serde_json::from_slice(&ask.request.body).unwrap_or_default();
        self.journal.push(Delivered {
            at: now,
            receiver: name,
            id,
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
            kind: body["type"].as_str().unwrap_or_default().to_owned(),
            body: ask.request.body.clone(),
            status,
        });
        let echo = receiver::echo(ask.request, SECRET).filter(|_| status < 300);
        if let Some(echo) = echo {
            return Response { body: echo.into_bytes(), ..Response::empty(200) };
        }
        let mut response = Response::empty(status);
        if let (Manner::AsksToWait(secs), 429) = (manner, status) {
            response.headers.push(("retry-after".to_owned(), secs.to_string()));
        }
        response
    }

    /// When each URL below [`HANGING`] was asked, ascending.
    #[must_use]
    pub fn hung(&self) -> &BTreeMap<String, Vec<Instant>> {
        &self.hung
    }

    /// Everything that arrived, in order.
    #[must_use]
    pub fn journal(&self) -> &[Delivered] {
        &self.journal
    }
}

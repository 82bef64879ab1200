//! A request, and what to make of its answer.

use super::answer::{CreateAnswer, FindAnswer, RecallAnswer, Word};
use crate::host::http::{Method, NetError, Purpose, Request, Response};
use serde_json::Value;
use std::fmt;
use std::time::Duration;

/// A request to a bot service may take this long: it must end before its claim does.
pub(super) const TIMEOUT: Duration = Duration::from_secs(8);
/// Most bytes of an answer about one bot.
pub(super) const ANSWER_BYTES_MAX: usize = 256 * 1024;

type Reader<A> = Box<dyn FnOnce(Result<Response, NetError>) -> Heard<A> + Send>;

/// A request to send, and what its answer means. `Debug` shows the request without its query.
pub struct Exchange<A> {
    /// To be sent as it is.
    pub request: Request,
    read: Reader<A>,
}

/// What an answer came to.
#[derive(Debug)]
pub enum Heard<A> {
    /// The host's answer.
    Answer(A),
    /// There is more to ask. No conversation has more than a dozen requests.
    Ask(Exchange<A>),
}

impl<A> Exchange<A> {
    /// An exchange of one request.
    pub(super) fn one(request: Request, read: impl FnOnce(Result<Response, NetError>) -> A + Send + 'static) -> Self {
        Self { request, read: Box::new(move |answer| Heard::Answer(read(answer))) }
    }

    /// An exchange that may go on.
    pub(super) fn more(request: Request, read: impl FnOnce(Result<Response, NetError>) -> Heard<A> + Send + 'static) -> Self {
        Self { request, read: Box::new(read) }
    }

    /// What the answer to [`request`](Self::request) means.
    #[must_use]
    pub fn answered(self, answer: Result<Response, NetError>) -> Heard<A> {
        (self.read)(answer)
    }
}

impl<A> fmt::Debug for Exchange<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.request.fmt(f)
    }
}

/// A request to a bot service.
pub(super) fn request(method: Method, url: String) -> Request {
    let mut request = Request::new(Purpose::Bots, method, url).header("accept", "application/json");
    request.timeout = TIMEOUT;
    request.answer_bytes_max = ANSWER_BYTES_MAX;
    request
}

/// The body as a JSON object, whatever its content type says.
pub(super) fn object(response: &Response) -> Option<serde_json::Map<String, Value>> {
    match serde_json::from_slice(&response.body) {
        Ok(Value::Object(object)) => Some(object),
        _ => None,
    }
}

/// What no answer at all means for a create.
pub(super) fn create_unanswered(error: NetError) -> CreateAnswer {
    match error {
        NetError::NotSent => refused(None, "unreachable"),
        NetError::Forbidden | NetError::BadUrl => refused(None, "bad-address"),
        NetError::Ambiguous | NetError::TooLarge => CreateAnswer::Ambiguous,
    }
}

/// What a status means for a create where nothing better is known: [`super`] says why.
pub(super) fn create_by_status(response: &Response) -> CreateAnswer {
    match response.status {
        401 | 403 => refused(None, "unauthorized"),
        408 | 409 => CreateAnswer::Ambiguous,
        425 | 429 => refused(response.retry_after(), "throttled"),
        300..=399 => refused(None, "redirected"),
        status @ 400..=499 => CreateAnswer::Refused { after: None, reason: Word::of_status(status) },
        _ => CreateAnswer::Ambiguous,
    }
}

pub(super) fn refused(after: Option<Duration>, reason: &str) -> CreateAnswer {
    CreateAnswer::Refused { after, reason: Word::of(reason) }
}

/// A find is only as good as its answer.
pub(super) fn find_unanswered(_: NetError) -> FindAnswer {
    FindAnswer::Ambiguous
}

/// What no answer at all means for a recall.
pub(super) fn recall_unanswered(error: NetError) -> RecallAnswer {
    match error {
        NetError::NotSent => RecallAnswer::Failed { after: None, reason: Word::of("unreachable") },
        NetError::Forbidden | NetError::BadUrl => RecallAnswer::Failed { after: None, reason: Word::of("bad-address") },
        NetError::Ambiguous | NetError::TooLarge => RecallAnswer::Ambiguous,
    }
}

/// What a status that is no success means for a recall.
pub(super) fn recall_by_status(response: &Response) -> RecallAnswer {
    match response.status {
        status @ (300..=407 | 410..=499) => {
            RecallAnswer::Failed { after: response.retry_after(), reason: Word::of_status(status) }
        }
        503 | 507 => RecallAnswer::Failed { after: response.retry_after(), reason: Word::of_status(response.status) },
        _ => RecallAnswer::Ambiguous,
    }
}

//! The one way out: requests as data, and the seam that sends them.
//!
//! Clients of providers, the bot backend and webhook receivers make [`Request`]s and read [`Response`]s; none of them knows a
//! socket. [`Egress`] has two implementors: the network, and the simulated world.

use super::clock::Boxed;
use std::fmt;
use std::time::Duration;

/// The methods that the host uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the words of RFC 9110")]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
    /// The word on the wire.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What a request is for: decides how far it may go and how long it may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// A calendar provider's interface: a host of the configuration.
    Provider,
    /// A calendar feed: a URL that a user gave, so only public addresses.
    Feed,
    /// The bot backend: a host of the configuration.
    Bots,
    /// A webhook receiver: a URL that a tenant gave, so only public addresses.
    Webhook,
}

/// A request. `Debug` shows neither headers, body nor query: they hold tokens and personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// What it is for.
    pub purpose: Purpose,
    /// The method.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body; empty: none.
    pub body: Vec<u8>,
    /// The whole exchange must end within this time.
    pub timeout: Duration,
    /// Most bytes of the answer's body that are read; a longer one is [`NetError::TooLarge`]. Of a webhook receiver only the
    /// status counts, and a longer body is cut.
    pub answer_bytes_max: usize,
}

/// How long an exchange may take where nobody says otherwise.
pub const TIMEOUT_DEFAULT: Duration = Duration::from_secs(20);
/// Most bytes of an answer where nobody says otherwise.
pub const ANSWER_BYTES_DEFAULT: usize = 32 * 1024 * 1024;

impl Request {
    /// A request without headers and body.
    #[must_use]
    pub fn new(purpose: Purpose, method: Method, url: impl Into<String>) -> Self {
        let url = url.into();
        Self {
            purpose,
            method,
            url,
            headers: Vec::new(),
            body: Vec::new(),
            timeout: TIMEOUT_DEFAULT,
            answer_bytes_max: ANSWER_BYTES_DEFAULT,
        }
    }

    /// Adds a header; `name` in lower case.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Sets a JSON body.
    #[must_use]
    pub fn json(self, body: &serde_json::Value) -> Self {
        let mut request = self.header("content-type", "application/json");
        request.body = body.to_string().into_bytes();
        request
    }

    /// The header of this name.
    #[must_use]
    pub fn find_header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bare = self.url.split(['?', '#']).next().unwrap_or_default();
        write!(f, "{} {bare}", self.method.word())
    }
}

/// An answer. `Debug` shows the status only.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub body: Vec<u8>,
}

impl Response {
    /// An answer with a JSON body.
    #[must_use]
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        Self { status, headers, body: body.to_string().into_bytes() }
    }

    /// An answer without body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, ..Self::default() }
    }

    /// The header of this name.
    #[must_use]
    pub fn find_header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// `Retry-After` in seconds, where it is a number; capped at a day.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        let secs: u64 = self.find_header("retry-after")?.trim().parse().ok()?;
        Some(Duration::from_secs(secs.min(24 * 3600)))
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {} bytes", self.status, self.body.len())
    }
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetError {
    /// Nothing was sent: name unknown, connection refused, TLS refused.
    #[error("could not connect")]
    NotSent,
    /// It may have been received and carried out: the connection broke, or time ran out.
    #[error("no answer")]
    Ambiguous,
    /// The address is not one that this purpose may reach.
    #[error("address not allowed")]
    Forbidden,
    /// The URL is none, or none for this purpose.
    #[error("not a usable URL")]
    BadUrl,
    /// The answer is longer than asked for.
    #[error("answer too large")]
    TooLarge,
}

/// Sends requests. Redirects are never followed: their answer is the answer.
pub trait Egress: Send + Sync {
    /// One exchange.
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>>;
}

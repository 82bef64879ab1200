//! A request taken apart, for the servers of the simulated world.

use crate::host::http::{Method, Request};
use crate::time::Instant;

/// A request as a server sees it.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The whole request.
    pub request: &'a Request,
    /// The parts of the path below the server's base, decoded.
    pub path: Vec<String>,
    /// The query, decoded, in order.
    pub query: Vec<(String, String)>,
}

impl<'a> Ask<'a> {
    /// Takes `request` apart; `None` where its URL does not lie below `base`.
    #[must_use]
    pub fn read(request: &'a Request, base: &str) -> Option<Self> {
        let below = request.url.strip_prefix(base).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']))?;
        let (path, query) = below.split_once('?').unwrap_or((below, ""));
        let path = path.split('/').filter(|part| !part.is_empty()).map(percent_decoded).collect();
        let query = url::form_urlencoded::parse(query.as_bytes());
        let query = query.map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
        Some(Self { request, path, query })
    }

    /// The value of a query parameter.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A number in the query.
    #[must_use]
    pub fn number(&self, name: &str) -> Option<usize> {
        self.find(name)?.parse().ok()
    }

    /// A point in time in the query; one without offset is in UTC (`M6.15`).
    #[must_use]
    pub fn instant(&self, name: &str) -> Option<Instant> {
        let text = self.find(name)?;
        text.parse().or_else(|_| format!("{text}Z").parse()).ok()
    }

    /// The path as slices, to match on.
    #[must_use]
    pub fn parts(&self) -> Vec<&str> {
        self.path.iter().map(String::as_str).collect()
    }

    /// The token of `authorization: Bearer …`.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.request.find_header("authorization")?.strip_prefix("Bearer ")
    }

    /// The method.
    #[must_use]
    pub fn method(&self) -> Method {
        self.request.method
    }
}

/// `%40` and the like as the characters they stand for; what is no escape stays.
fn percent_decoded(part: &str) -> String {
    let bytes = part.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| part.get(at + 1..at + 3)).flatten();
        match escaped.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

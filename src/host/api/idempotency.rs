//! Requests that may be repeated: under one `Idempotency-Key` a request is done once, and repeating it repeats the answer.

use super::auth::Caller;
use super::problem::{Kind, Problem};
use crate::host::context::Context;
use crate::host::model::RequestRow;
use crate::host::store::{Commit, CommitError, StoreError, Write};
use crate::time::Elapsed;
use aws_lc_rs::digest::{SHA256, digest};
use axum::http::HeaderMap;
use data_encoding::HEXLOWER;

/// The header.
pub const HEADER: &str = "idempotency-key";
/// How long a request is remembered.
pub const KEPT: Elapsed = Elapsed::from_hours(24);
/// A request that is worked on for longer than this was given up by its host.
const WORK_MAX: Elapsed = Elapsed::from_secs(120);
/// Longest key.
const KEY_BYTES_MAX: usize = 255;

/// What is to be done with a request.
#[derive(Debug)]
pub enum Step {
    /// It is new, and remembered as being worked on.
    Do(RequestRow),
    /// It was done: the status and body of its answer.
    Answered(u16, String),
}

/// The key that the headers name.
///
/// # Errors
/// A problem that names the header.
pub fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut sent = headers.get_all(HEADER).iter();
    let Some(value) = sent.next() else { return Ok(None) };
    let wrong = |why: &str| Err(Problem::field("Idempotency-Key", why));
    if sent.next().is_some() {
        return wrong("stands twice");
    }
    match value.to_str() {
        Ok(text) if (1..=KEY_BYTES_MAX).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) => {
            Ok(Some(text.to_owned()))
        }
        _ => wrong("must be 1 to 255 visible ASCII characters"),
    }
}

/// Digest of what a request asks for.
#[must_use]
pub fn hash(parts: &[&[u8]]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    HEXLOWER.encode(digest(&SHA256, &bytes).as_ref())
}

/// Looks whether the request was done, and remembers it where not.
///
/// # Errors
/// [`Kind::Conflict`] while it is worked on, [`Kind::Reused`] where the key was for another request.
pub async fn begin(host: &Context, caller: &Caller, name: &str, hash: &str) -> Result<Step, Problem> {
    let (tenant, now) = (caller.tenant, host.now());
    // The caller may have any key of the tenant: whoever has no scope for this came no further than the door.
    let known = host.store.request(tenant, name).await?;
    let fresh = known.as_ref().filter(|row| now.duration_since(row.made_at) < KEPT);
    if let Some(row) = fresh {
        if row.hash != hash {
            return Err(Problem::new(Kind::Reused, "use a new Idempotency-Key for a new request"));
        }
        match row.status {
            Some(status) => return Ok(Step::Answered(status, row.body.clone())),
            None if now.duration_since(row.made_at) < WORK_MAX => return Err(in_flight()),
            None => {}
        }
    }
    let version = known.map_or(0, |row| row.version);
    let (name, hash) = (name.to_owned(), hash.to_owned());
    let row = RequestRow { tenant, name, hash, made_at: now, status: None, body: String::new(), version };
    match host.store.commit(Commit { tenant, writes: vec![Write::Request(row.clone())] }).await {
        Ok(()) => Ok(Step::Do(RequestRow { version: version + 1, ..row })),
        Err(CommitError::Conflict(_)) => Err(in_flight()),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

fn in_flight() -> Problem {
    Problem { retry_after: Some(1), ..Problem::new(Kind::Conflict, "the request of this Idempotency-Key is still worked on") }
}

/// Remembers the answer; `None`: forgets the request, so that it can be done again.
///
/// # Errors
/// [`StoreError`]; the request then counts as worked on for a while.
pub async fn end(host: &Context, row: RequestRow, answer: Option<(u16, String)>) -> Result<(), StoreError> {
    let tenant = row.tenant;
    let write = match answer {
        Some((status, body)) => Write::Request(RequestRow { status: Some(status), body, ..row }),
        None => Write::RemoveRequest(row.name),
    };
    match host.store.commit(Commit { tenant, writes: vec![write] }).await {
        // Somebody took it for given up.
        Ok(()) | Err(CommitError::Conflict(_)) => Ok(()),
        Err(CommitError::Store(error)) => Err(error),
    }
}

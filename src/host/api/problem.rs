//! Refusals: every one of them is a problem of RFC 9457, whoever refused.

use crate::host::operations::OperationError;
use crate::host::planning::PlanError;
use crate::host::seal::SealError;
use crate::host::store::{CommitError, StoreError};
use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};
use std::fmt;

/// What a field of a request is refused for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldError {
    /// A JSON pointer into the body, or the name of a query parameter or header.
    pub field: String,
    /// What is wrong with it. It never repeats what was sent.
    pub message: String,
}

impl FieldError {
    /// What is wrong with a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident $status:literal $word:literal $title:literal;)*) => {
        /// What a request can be refused for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind {
            $($(#[$doc])* $kind),*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// The status of the answer.
            #[must_use]
            pub fn status(self) -> u16 {
                match self { $(Self::$kind => $status),* }
            }

            /// The last part of the type, which is `/problems/` and this.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$kind => $word),* }
            }

            /// What it says to people.
            #[must_use]
            pub fn title(self) -> &'static str {
                match self { $(Self::$kind => $title),* }
            }
        }
    };
}

kinds! {
    /// The body is no JSON, or something of the request has the wrong shape; `errors` names what.
    Invalid 400 "invalid-request" "something in the request has the wrong form";
    /// No key, or one that opens nothing.
    Unauthorized 401 "unauthorized" "a valid API key is needed";
    /// The key lacks a scope.
    Forbidden 403 "missing-scope" "the key does not allow this";
    /// There is nothing of that name for this tenant.
    Absent 404 "not-found" "there is nothing here";
    /// The path exists, the method does not.
    Method 405 "method-not-allowed" "this method is not for this path";
    /// Nothing that the caller accepts.
    Accept 406 "not-acceptable" "there is no such form of the answer";
    /// The body did not come in time.
    Slow 408 "request-timeout" "the request took too long to arrive";
    /// It is being changed by others at this moment; try again.
    Conflict 409 "conflict" "it is being changed at the moment";
    /// The version is not the one that `If-Match` names.
    Stale 412 "version-mismatch" "it has changed since it was read";
    /// The body is larger than is read.
    Large 413 "too-large" "the body is too large";
    /// The body is of a type that is not read here.
    MediaType 415 "unsupported-media-type" "the content type is not one that is read here";
    /// It has the right form and cannot be done; `detail` and `errors` say why.
    Refused 422 "refused" "it cannot be done as it was asked for";
    /// The rules do not pass the check; `findings` says why.
    Rules 422 "rules-refused" "the rules do not pass the check";
    /// The key of idempotency was used for another request.
    Reused 422 "idempotency-key-reused" "this Idempotency-Key belongs to another request";
    /// Too many requests.
    Limited 429 "too-many-requests" "too many requests";
    /// The host failed.
    Failed 500 "internal" "the host failed";
    /// The store does not answer, or takes no writes.
    Unavailable 503 "unavailable" "the host cannot do this at the moment";
}

/// A refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What for.
    pub kind: Kind,
    /// What exactly, for people.
    pub detail: String,
    /// Which fields, and why.
    pub errors: Vec<FieldError>,
    /// What the check of rules found.
    pub findings: Option<Box<Value>>,
    /// Seconds to wait.
    pub retry_after: Option<u64>,
}

impl Problem {
    /// A refusal.
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), findings: None, retry_after: None }
    }

    /// What is not there, or is another's: the two answer alike.
    #[must_use]
    pub fn absent() -> Self {
        Self::new(Kind::Absent, "there is nothing of that name")
    }

    /// Fields of the wrong form.
    #[must_use]
    pub fn fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] if one.field.is_empty() => format!("the body {}", one.message),
            [one] => format!("`{}` {}", one.field, one.message),
            many => format!("{} fields have the wrong form", many.len()),
        };
        Self { errors, ..Self::new(Kind::Invalid, detail) }
    }

    /// One field of the wrong form.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::fields(vec![FieldError::new(field, message)])
    }

    /// What cannot be done, because of a field.
    pub fn refused(field: impl Into<String>, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { errors: vec![FieldError::new(field, why.clone())], ..Self::new(Kind::Refused, why) }
    }

    /// The answer to the request of this name.
    #[must_use]
    pub fn response(&self, request: &str) -> Response {
        let mut body = json!({
            "type": format!("/problems/{}", self.kind.word()),
            "title": self.kind.title(),
            "status": self.kind.status(),
            "detail": self.detail,
            "instance": request,
        });
        if !self.errors.is_empty() {
            let errors = self.errors.iter().map(|error| json!({ "field": error.field, "message": error.message }));
            body["errors"] = errors.collect();
        }
        if let Some(findings) = &self.findings {
            body["findings"] = (**findings).clone();
        }
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(secs) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if self.kind == Kind::Unauthorized {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }

    /// The problem that stands for an answer of this status that somebody else made.
    #[must_use]
    pub fn of_status(status: StatusCode) -> Self {
        let kind = Kind::ALL.iter().find(|kind| kind.status() == status.as_u16()).copied();
        let kind = kind.unwrap_or(if status.is_client_error() { Kind::Invalid } else { Kind::Failed });
        match kind {
            Kind::Absent => Self::absent(),
            kind => Self::new(kind, kind.title()),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.word())
    }
}

/// The door writes the body, which names the request.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.extensions_mut().insert(self);
        response
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable | StoreError::ReadOnly | StoreError::Broken(_) => {
                let why = Self::new(Kind::Unavailable, "the store does not answer, or takes no writes; try again later");
                Self { retry_after: Some(5), ..why }
            }
            // A row that this version cannot read. Which one is in the log of the host.
            StoreError::Row { table, .. } => {
                tracing::error!(table, "a row that was asked for cannot be read");
                Self::new(Kind::Failed, "something that was asked for cannot be read by this version of the host")
            }
        }
    }
}

impl From<CommitError> for Problem {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Conflict(_) => Self::conflict(),
            CommitError::Store(error) => error.into(),
        }
    }
}

impl Problem {
    /// This process seals with what workers lend it, and they have not yet.
    #[must_use]
    pub fn not_lent() -> Self {
        let why = "no worker has lent this process what it seals with; one does within seconds where one runs with the same `api.secret_file`";
        Self { retry_after: Some(5), ..Self::new(Kind::Unavailable, why) }
    }

    /// Others were faster.
    #[must_use]
    pub fn conflict() -> Self {
        Self { retry_after: Some(1), ..Self::new(Kind::Conflict, "others are changing it; try again") }
    }
}

impl From<OperationError> for Problem {
    fn from(error: OperationError) -> Self {
        match error {
            OperationError::Unknown { .. } => Self::absent(),
            OperationError::Refused(why) => Self::new(Kind::Refused, why),
            OperationError::Contended => Self::conflict(),
            OperationError::Store(error) => error.into(),
            OperationError::Seal(SealError::NoRootKey) => {
                Self::new(Kind::Unavailable, "the host has no root key to seal secrets with, which its operator gives it")
            }
            OperationError::Seal(SealError::NotLent) => Self::not_lent(),
            OperationError::Seal(ref error) => {
                tracing::error!(error = %error, "a secret cannot be sealed");
                Self::new(Kind::Unavailable, "the host cannot seal secrets at the moment")
            }
            // The change is stored, and hosts follow it: what is missing here is only the wait for it.
            OperationError::Plan(error) => error.into(),
        }
    }
}

impl From<PlanError> for Problem {
    fn from(error: PlanError) -> Self {
        tracing::warn!(error = %error, "a change is stored, and the plan does not follow it yet");
        let why = "the change is stored, and meetings are decided anew as soon as that is possible";
        Self { retry_after: Some(5), ..Self::new(Kind::Unavailable, why) }
    }
}

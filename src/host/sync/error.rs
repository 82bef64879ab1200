//! What a refusal means for us: one variant for each thing to do about it (`G4.1` to `G4.7`, `M9.1` to `M9.9`).
//!
//! Providers say the same thing in several ways, and different things under one status. Whoever reads a [`SyncError`] needs
//! neither; the tables here are the only place that knows both. No text of a provider gets into an error: it may hold
//! addresses.

use crate::host::http::{NetError, Response};
use crate::host::model::Origin;
use serde::Deserialize;
use std::time::Duration;

/// Why a pass could not end, by what is to be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SyncError {
    /// Too many requests: nobody in `scope` asks again before `wait` is over; without one, the breaker chooses.
    #[error("throttled")]
    Throttled {
        /// As the provider asked.
        wait: Option<Duration>,
        /// Who has to wait.
        scope: Scope,
    },
    /// The access token does not hold: get another one and ask once more (`G4.4`).
    #[error("access token refused")]
    RefreshToken,
    /// The grant is gone: only its user can cure this, by connecting again.
    #[error("grant gone: {0}")]
    Reconnect(Word),
    /// The account did not grant what is needed, or has nothing that could be read.
    #[error("permission missing: {0}")]
    PermissionMissing(Word),
    /// The provider knows no such calendar. Said several times in a row, it is believed (`G4.4`).
    #[error("calendar gone")]
    CalendarGone,
    /// The cursor was forgotten (`G1.8`, `M6.11`). A pass begins anew by itself; outside of one nobody meets this.
    #[error("cursor expired")]
    CursorExpired,
    /// Ask again later: the provider or the way to it is out of order, or its answer was cut.
    #[error("try again: {0}")]
    Retry(Word),
    /// What came is no calendar, or none that we read. Nothing is deleted; asked again, seldom.
    #[error("not a calendar: {0}")]
    NotACalendar(Word),
    /// We are at fault: the client's registration, its secret, a request that cannot be right. An alarm for the operator;
    /// users stay connected.
    #[error("our fault: {0}")]
    Operator(Word),
}

/// A word that tells variants of one consequence apart, for people; never of a provider's making.
pub type Word = &'static str;

/// Who has to slow down (`G4.6`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Everybody who asks with this OAuth client.
    Client,
    /// The one mailbox.
    Mailbox,
}

impl SyncError {
    /// The name of the consequence, for logs and metrics.
    #[must_use]
    pub fn word(&self) -> Word {
        match self {
            Self::Throttled { .. } => "throttled",
            Self::RefreshToken => "refresh-token",
            Self::Reconnect(_) => "reconnect",
            Self::PermissionMissing(_) => "permission-missing",
            Self::CalendarGone => "calendar-gone",
            Self::CursorExpired => "cursor-expired",
            Self::Retry(_) => "retry",
            Self::NotACalendar(_) => "not-a-calendar",
            Self::Operator(_) => "operator",
        }
    }
}

/// What it means that there was no answer.
#[must_use]
pub fn of_net(origin: Origin, error: NetError) -> SyncError {
    match (error, origin) {
        (NetError::NotSent | NetError::Ambiguous, _) => SyncError::Retry("no-answer"),
        (NetError::TooLarge, Origin::Feed) => SyncError::NotACalendar("too-large"),
        (NetError::TooLarge, _) => SyncError::Retry("too-large"),
        (NetError::Forbidden, Origin::Feed) => SyncError::NotACalendar("address-not-allowed"),
        (NetError::BadUrl, Origin::Feed) => SyncError::NotACalendar("bad-url"),
        (NetError::Forbidden | NetError::BadUrl, _) => SyncError::Operator("provider-address"),
    }
}

/// What an answer to a read means; `None`: it is none of the refusals, so what it holds counts.
#[must_use]
pub fn of_answer(origin: Origin, answer: &Response) -> Option<SyncError> {
    match (origin, answer.status) {
        (_, 200..=299) | (Origin::Feed, 300..=399) => None,
        (Origin::Google, _) => Some(of_google(answer)),
        (Origin::Graph, _) => Some(of_graph(answer)),
        (Origin::Feed, _) => Some(of_feed(answer)),
    }
}

/// An error of Google's interfaces.
#[derive(Default, Deserialize)]
struct GoogleBody {
    #[serde(default)]
    error: GoogleError,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GoogleError {
    message: String,
    errors: Vec<Reason>,
    details: Vec<Reason>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Reason {
    reason: String,
}

fn of_google(answer: &Response) -> SyncError {
    let GoogleError { message, errors, details } =
        serde_json::from_slice::<GoogleBody>(&answer.body).map(|body| body.error).unwrap_or_default();
    let reasons: Vec<&str> = errors.iter().chain(&details).map(|entry| entry.reason.as_str()).collect();
    let says = |words: &[&str]| reasons.iter().any(|reason| words.contains(reason));
    // The limits of a project and of one of its users go by the same reason; only the sentence tells them apart.
    let scope = if message.to_ascii_lowercase().contains("per user") { Scope::Mailbox } else { Scope::Client };
    let throttled = |scope| SyncError::Throttled { wait: answer.retry_after(), scope };
    match answer.status {
        400 => SyncError::Operator("request-refused"),
        401 => SyncError::RefreshToken,
        403 | 429 if says(&["userRateLimitExceeded", "quotaExceeded"]) => throttled(Scope::Mailbox),
        403 if says(&["rateLimitExceeded", "dailyLimitExceeded", "RATE_LIMIT_EXCEEDED"]) => throttled(scope),
        403 if says(&["accessNotConfigured", "SERVICE_DISABLED"]) => SyncError::Operator("interface-not-enabled"),
        403 if says(&["notACalendarUser"]) => SyncError::PermissionMissing("no-calendar-account"),
        403 if says(&["insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT"]) => {
            SyncError::PermissionMissing("scope-not-granted")
        }
        403 if says(&["forbidden"]) => SyncError::PermissionMissing("forbidden"),
        // G4.3: a refusal for a reason that nobody knows may pass.
        403 => SyncError::Retry("refused-for-unknown-reason"),
        404 => SyncError::CalendarGone,
        410 => SyncError::CursorExpired,
        429 => throttled(scope),
        status => of_other(status, answer),
    }
}

/// An error of Graph.
#[derive(Default, Deserialize)]
struct GraphBody {
    #[serde(default)]
    error: GraphError,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct GraphError {
    code: String,
}

/// Codes that mean: the delta token is forgotten (`M6.11`).
const RESYNC_CODES: &[&str] = &["syncstatenotfound", "syncstateinvalid", "resyncrequired"];
/// Codes of mailboxes that Graph cannot read and will not be able to: inactive, on-premises, without licence (`M9.3`).
const MAILBOX_CODES: &[&str] = &["mailboxnotenabledforrestapi", "mailboxnotsupportedforrestapi", "errornonexistentmailbox"];
/// Codes that mean: too many requests.
const BUSY_CODES: &[&str] = &["applicationthrottled", "toomanyrequests", "activitylimitreached", "errorserverbusy"];

fn of_graph(answer: &Response) -> SyncError {
    let code = serde_json::from_slice::<GraphBody>(&answer.body).map(|body| body.error.code).unwrap_or_default();
    let code = code.to_ascii_lowercase();
    let is = |codes: &[&str]| codes.contains(&code.as_str());
    // M9.1: Outlook's limits hold for an application and a mailbox together.
    let throttled = SyncError::Throttled { wait: answer.retry_after(), scope: Scope::Mailbox };
    match answer.status {
        410 => SyncError::CursorExpired,
        400..=499 if is(RESYNC_CODES) => SyncError::CursorExpired,
        401 => SyncError::RefreshToken,
        400..=499 if is(MAILBOX_CODES) => SyncError::PermissionMissing("mailbox-unusable"),
        429 | 509 => throttled,
        400..=499 if is(BUSY_CODES) => throttled,
        403 if is(&["erroraccessdenied", "accessdenied", "authorization_requestdenied"]) => {
            SyncError::PermissionMissing("forbidden")
        }
        403 => SyncError::Retry("refused-for-unknown-reason"),
        404 => SyncError::CalendarGone,
        400 => SyncError::Operator("request-refused"),
        status => of_other(status, answer),
    }
}

fn of_feed(answer: &Response) -> SyncError {
    match answer.status {
        404 | 410 => SyncError::CalendarGone,
        429 => SyncError::Throttled { wait: answer.retry_after(), scope: Scope::Mailbox },
        401 | 403 | 407 => SyncError::NotACalendar("access-refused"),
        408 | 425 => SyncError::Retry("server"),
        400..=499 => SyncError::NotACalendar("request-refused"),
        status => of_other(status, answer),
    }
}

/// 5xx and the rest: obeyed where they say how long (`M9.2`), else tried again.
fn of_other(status: u16, answer: &Response) -> SyncError {
    match (status, answer.retry_after()) {
        (503, Some(wait)) => SyncError::Throttled { wait: Some(wait), scope: Scope::Mailbox },
        (500..=599, _) => SyncError::Retry("server"),
        _ => SyncError::Retry("unexpected-status"),
    }
}

/// An error of a token endpoint, of either provider (RFC 6749 §5.2).
#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenBody {
    error: String,
    suberror: String,
    error_codes: Vec<u64>,
    /// Google's.
    error_subtype: String,
}

/// What the answer of a token endpoint means; `None`: it holds a token (`G5.4`, `M9.7`).
#[must_use]
pub fn of_token(answer: &Response) -> Option<SyncError> {
    if (200..=299).contains(&answer.status) {
        return None;
    }
    let body: TokenBody = serde_json::from_slice(&answer.body).unwrap_or_default();
    let numbered = |number| body.error_codes.contains(&number);
    Some(match body.error.as_str() {
        _ if answer.status == 429 => SyncError::Throttled { wait: answer.retry_after(), scope: Scope::Client },
        _ if answer.status >= 500 => of_other(answer.status, answer),
        // AADSTS90094: only an administrator may grant this (M9.9).
        "invalid_grant" | "access_denied" | "consent_required" if numbered(90094) => {
            SyncError::PermissionMissing("administrator-must-consent")
        }
        "invalid_grant" if body.suberror == "consent_required" => SyncError::Reconnect("consent-required"),
        // The organisation wants its people to sign in again every so often.
        "invalid_grant" if body.error_subtype == "invalid_rapt" => SyncError::Reconnect("session-control"),
        "invalid_grant" if numbered(50_173) => SyncError::Reconnect("password-changed"),
        "invalid_grant" if numbered(70_008) || numbered(700_082) || numbered(700_084) => SyncError::Reconnect("unused-too-long"),
        "invalid_grant" => SyncError::Reconnect("grant-gone"),
        "interaction_required" | "login_required" => SyncError::Reconnect("interaction-required"),
        "consent_required" => SyncError::Reconnect("consent-required"),
        "access_denied" => SyncError::Reconnect("denied"),
        // AADSTS700016: the application is unknown to the user's organisation.
        "unauthorized_client" | "invalid_client" if numbered(700_016) => SyncError::Reconnect("unknown-to-organisation"),
        "admin_policy_enforced" => SyncError::PermissionMissing("administrator-forbids"),
        "invalid_client" if numbered(7_000_222) => SyncError::Operator("client-secret-expired"),
        "invalid_client" | "unauthorized_client" | "invalid_request" | "invalid_scope" | "unsupported_grant_type" => {
            SyncError::Operator("client-refused")
        }
        "temporarily_unavailable" => SyncError::Retry("server"),
        _ => SyncError::Retry("unexpected-status"),
    })
}

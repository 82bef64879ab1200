//! The tables of refusals.

use super::*;
use crate::host::http::NetError;
use crate::host::sync::error::{of_answer, of_net, of_token};
use expect_test::{Expect, expect};
use serde_json::json;

/// The consequence and its details, a line each.
fn told(error: Option<SyncError>) -> String {
    match error {
        None => "fine".to_owned(),
        Some(SyncError::Throttled { wait, scope }) => {
            format!("throttled {scope:?} {}", wait.map_or("-".to_owned(), |wait| wait.as_secs().to_string()))
        }
        Some(error) => format!("{} ({error})", error.word()),
    }
}

fn check(origin: Origin, rows: &[(u16, &str, Value)], expected: Expect) {
    let line = |(status, name, body): &(u16, &str, Value)| {
        format!("{status} {name}: {}\n", told(of_answer(origin, &Response::json(*status, body))))
    };
    expected.assert_eq(&rows.iter().map(line).collect::<String>());
}

fn google(status: u16, reason: &'static str) -> (u16, &'static str, Value) {
    (status, reason, json!({"error": {"code": status, "message": "", "errors": [{"reason": reason}]}}))
}

#[test]
fn google_refusals_have_their_consequences() {
    let per_user = "Quota exceeded for quota metric 'Queries' and limit 'Queries per minute per user'";
    check(
        Origin::Google,
        &[
            google(400, "timeRangeEmpty"),
            google(401, "authError"),
            google(403, "rateLimitExceeded"),
            (403, "… per user", json!({"error": {"message": per_user, "errors": [{"reason": "rateLimitExceeded"}]}})),
            google(403, "userRateLimitExceeded"),
            google(403, "quotaExceeded"),
            google(403, "dailyLimitExceeded"),
            google(403, "forbidden"),
            google(403, "insufficientPermissions"),
            (403, "scope", json!({"error": {"details": [{"reason": "ACCESS_TOKEN_SCOPE_INSUFFICIENT"}]}})),
            google(403, "accessNotConfigured"),
            google(403, "notACalendarUser"),
            google(403, "somethingNew"),
            (403, "no body", json!(null)),
            google(404, "notFound"),
            google(409, "conflict"),
            google(410, "fullSyncRequired"),
            google(412, "conditionNotMet"),
            google(429, "rateLimitExceeded"),
            google(500, "backendError"),
            google(503, "backendError"),
        ],
        expect![[r#"
            400 timeRangeEmpty: operator (our fault: request-refused)
            401 authError: refresh-token (access token refused)
            403 rateLimitExceeded: throttled Client -
            403 … per user: throttled Mailbox -
            403 userRateLimitExceeded: throttled Mailbox -
            403 quotaExceeded: throttled Mailbox -
            403 dailyLimitExceeded: throttled Client -
            403 forbidden: permission-missing (permission missing: forbidden)
            403 insufficientPermissions: permission-missing (permission missing: scope-not-granted)
            403 scope: permission-missing (permission missing: scope-not-granted)
            403 accessNotConfigured: operator (our fault: interface-not-enabled)
            403 notACalendarUser: permission-missing (permission missing: no-calendar-account)
            403 somethingNew: retry (try again: refused-for-unknown-reason)
            403 no body: retry (try again: refused-for-unknown-reason)
            404 notFound: calendar-gone (calendar gone)
            409 conflict: retry (try again: unexpected-status)
            410 fullSyncRequired: cursor-expired (cursor expired)
            412 conditionNotMet: retry (try again: unexpected-status)
            429 rateLimitExceeded: throttled Client -
            500 backendError: retry (try again: server)
            503 backendError: retry (try again: server)
        "#]],
    );
}

fn graph(status: u16, code: &'static str) -> (u16, &'static str, Value) {
    (status, code, json!({"error": {"code": code, "message": "secret@acme.com"}}))
}

#[test]
fn graph_refusals_have_their_consequences() {
    check(
        Origin::Graph,
        &[
            graph(400, "RequestBroker--ParseUri"),
            graph(400, "SyncStateNotFound"),
            graph(401, "InvalidAuthenticationToken"),
            graph(403, "ErrorAccessDenied"),
            graph(403, "somethingNew"),
            graph(404, "MailboxNotEnabledForRESTAPI"),
            graph(404, "ErrorItemNotFound"),
            graph(404, "syncStateNotFound"),
            graph(410, "resyncRequired"),
            graph(429, "ApplicationThrottled"),
            graph(500, "ErrorInternalServerTransientError"),
            graph(503, "serviceNotAvailable"),
            graph(504, "UnknownError"),
            graph(509, ""),
        ],
        expect![[r#"
            400 RequestBroker--ParseUri: operator (our fault: request-refused)
            400 SyncStateNotFound: cursor-expired (cursor expired)
            401 InvalidAuthenticationToken: refresh-token (access token refused)
            403 ErrorAccessDenied: permission-missing (permission missing: forbidden)
            403 somethingNew: retry (try again: refused-for-unknown-reason)
            404 MailboxNotEnabledForRESTAPI: permission-missing (permission missing: mailbox-unusable)
            404 ErrorItemNotFound: calendar-gone (calendar gone)
            404 syncStateNotFound: cursor-expired (cursor expired)
            410 resyncRequired: cursor-expired (cursor expired)
            429 ApplicationThrottled: throttled Mailbox -
            500 ErrorInternalServerTransientError: retry (try again: server)
            503 serviceNotAvailable: retry (try again: server)
            504 UnknownError: retry (try again: server)
            509 : throttled Mailbox -
        "#]],
    );
}

#[test]
fn feed_refusals_have_their_consequences() {
    let rows: Vec<(u16, &str, Value)> =
        [200, 304, 400, 401, 403, 404, 408, 410, 429, 500, 503].map(|status| (status, "", json!(null))).into();
    check(
        Origin::Feed,
        &rows,
        expect![[r#"
        200 : fine
        304 : fine
        400 : not-a-calendar (not a calendar: request-refused)
        401 : not-a-calendar (not a calendar: access-refused)
        403 : not-a-calendar (not a calendar: access-refused)
        404 : calendar-gone (calendar gone)
        408 : retry (try again: server)
        410 : calendar-gone (calendar gone)
        429 : throttled Mailbox -
        500 : retry (try again: server)
        503 : retry (try again: server)
    "#]],
    );
}

#[test]
fn token_endpoints_tell_terminal_from_transient_and_ours_from_theirs() {
    let row = |status: u16, body: Value| format!("{status} {body}: {}\n", told(of_token(&Response::json(status, &body))));
    let rows = [
        row(200, json!({"access_token": "x"})),
        row(400, json!({"error": "invalid_grant"})),
        row(400, json!({"error": "invalid_grant", "error_codes": [700_082]})),
        row(400, json!({"error": "invalid_grant", "error_codes": [65001], "suberror": "consent_required"})),
        row(400, json!({"error": "invalid_grant", "error_subtype": "invalid_rapt"})),
        row(400, json!({"error": "interaction_required", "error_codes": [50076]})),
        row(400, json!({"error": "consent_required", "error_codes": [65001]})),
        row(400, json!({"error": "invalid_grant", "error_codes": [90094]})),
        row(400, json!({"error": "unauthorized_client", "error_codes": [700_016]})),
        row(401, json!({"error": "invalid_client", "error_codes": [7_000_222]})),
        row(401, json!({"error": "invalid_client"})),
        row(400, json!({"error": "temporarily_unavailable"})),
        row(429, json!({})),
        row(500, json!({"error": "invalid_grant"})),
        row(503, json!(null)),
    ];
    expect![[r#"
        200 {"access_token":"x"}: fine
        400 {"error":"invalid_grant"}: reconnect (grant gone: grant-gone)
        400 {"error":"invalid_grant","error_codes":[700082]}: reconnect (grant gone: unused-too-long)
        400 {"error":"invalid_grant","error_codes":[65001],"suberror":"consent_required"}: reconnect (grant gone: consent-required)
        400 {"error":"invalid_grant","error_subtype":"invalid_rapt"}: reconnect (grant gone: session-control)
        400 {"error":"interaction_required","error_codes":[50076]}: reconnect (grant gone: interaction-required)
        400 {"error":"consent_required","error_codes":[65001]}: reconnect (grant gone: consent-required)
        400 {"error":"invalid_grant","error_codes":[90094]}: permission-missing (permission missing: administrator-must-consent)
        400 {"error":"unauthorized_client","error_codes":[700016]}: reconnect (grant gone: unknown-to-organisation)
        401 {"error":"invalid_client","error_codes":[7000222]}: operator (our fault: client-secret-expired)
        401 {"error":"invalid_client"}: operator (our fault: client-refused)
        400 {"error":"temporarily_unavailable"}: retry (try again: server)
        429 {}: throttled Client -
        500 {"error":"invalid_grant"}: retry (try again: server)
        503 null: retry (try again: server)
    "#]].assert_eq(&rows.concat());
}

#[test]
fn a_wait_that_the_provider_asks_for_is_kept() {
    let mut answer = Response::empty(429);
    answer.headers.push(("retry-after".to_owned(), "120".to_owned()));
    for origin in [Origin::Google, Origin::Graph, Origin::Feed] {
        assert!(told(of_answer(origin, &answer)).ends_with(" 120"), "{origin:?}");
    }
    answer.status = 503;
    assert_eq!(told(of_answer(Origin::Graph, &answer)), "throttled Mailbox 120");
}

#[test]
fn what_keeps_an_answer_away_has_its_consequence() {
    let errors = [NetError::NotSent, NetError::Ambiguous, NetError::Forbidden, NetError::BadUrl, NetError::TooLarge];
    let rows = errors.map(|error| {
        format!("{error}: {} / {}\n", told(Some(of_net(Origin::Graph, error))), told(Some(of_net(Origin::Feed, error))))
    });
    expect![[r#"
        could not connect: retry (try again: no-answer) / retry (try again: no-answer)
        no answer: retry (try again: no-answer) / retry (try again: no-answer)
        address not allowed: operator (our fault: provider-address) / not-a-calendar (not a calendar: address-not-allowed)
        not a usable URL: operator (our fault: provider-address) / not-a-calendar (not a calendar: bad-url)
        answer too large: retry (try again: too-large) / not-a-calendar (not a calendar: too-large)
    "#]]
    .assert_eq(&rows.concat());
}

#[test]
fn no_error_repeats_what_a_provider_wrote() {
    for status in 400..600 {
        for origin in [Origin::Google, Origin::Graph, Origin::Feed] {
            let body = json!({"error": {"code": "secret@acme.com", "message": "secret@acme.com", "errors": [{"reason": "secret@acme.com"}]}});
            let error = of_answer(origin, &Response::json(status, &body)).expect("a refusal");
            assert!(!format!("{error} {error:?}").contains("secret"));
        }
    }
}

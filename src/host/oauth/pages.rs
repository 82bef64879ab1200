//! What browsers see of a flow: the page of a link, the way to the provider and back.
//!
//! No third party's content, no script, no address told to whoever comes next; nothing is used up by looking. What is wrong is told in a
//! page that names no tenant, and never in a text of the provider's or of the URL's.

use super::connect::{self, ConnectError, Landing, Returned};
use super::secret::is_secret;
use super::view;
use crate::host::context::Context;
use crate::host::model::Origin;
use axum::Router;
use axum::body::Body;
use axum::extract::{RawPathParams, RawQuery, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use std::collections::BTreeMap;

/// Longest query of a provider's answer.
const QUERY_BYTES_MAX: usize = 24 * 1024;
/// Most parameters of one.
const PARAMETERS_MAX: usize = 32;
/// How long a browser keeps the cookie of a flow.
const COOKIE_SECS: i64 = 600;

/// The routes that browsers come to.
pub fn router(host: Context) -> Router {
    Router::new()
        .route("/connect/{reference}", get(offered).post(begun))
        .route("/oauth/callback/{client}", get(returned))
        .route("/oauth/confirm/{session}", post(confirmed))
        .with_state(host)
}

/// The provider as people call it.
fn shown(provider: Origin) -> &'static str {
    match provider {
        Origin::Graph => "Microsoft",
        _ => "Google",
    }
}

fn name(params: &RawPathParams) -> &str {
    params.iter().next().map_or("", |(_, value)| value)
}

async fn offered(State(host): State<Context>, params: RawPathParams) -> Response {
    let reference = name(&params);
    match connect::look(&host, reference).await {
        Ok((flow, tenant, client)) => {
            let html = view::offer(&tenant.name, shown(flow.provider), &format!("/connect/{reference}"));
            page(StatusCode::OK, html, &client.endpoints.authorize_origin())
        }
        Err(error) => trouble(&error),
    }
}

async fn begun(State(host): State<Context>, headers: HeaderMap, params: RawPathParams) -> Response {
    if !is_own_form(&host, &headers) {
        return elsewhere();
    }
    match connect::begin(&host, name(&params)).await {
        Ok(sent) => with_cookie(to(&sent.url), &sent.name, &sent.cookie, COOKIE_SECS),
        Err(error) => trouble(&error),
    }
}

async fn returned(State(host): State<Context>, headers: HeaderMap, RawQuery(query): RawQuery, params: RawPathParams) -> Response {
    let query = query.unwrap_or_default();
    let says = |wanted: &str| url::form_urlencoded::parse(query.as_bytes()).any(|(name, _)| name == wanted);
    if says("admin_consent") {
        // Anybody can write such a URL: it is told back to whoever opens it, and changes nothing.
        let text = match says("error") {
            true => "Microsoft says that the administrator has not agreed. Nothing was changed here.",
            false => {
                "Microsoft says that an administrator has agreed for the whole organisation. Nothing has been connected yet: \
                 whoever wants to connect a calendar asks for a new link where they got the first one."
            }
        };
        return page(StatusCode::OK, view::notice("Back from Microsoft", text), "");
    }
    let Some(read) = read(&query) else { return trouble(&ConnectError::Unknown) };
    match connect::back(&host, name(&params), &read, |name| cookie(&headers, name)).await {
        Ok(Landing::Away(url)) => to(&url),
        Ok(Landing::Stay(_)) => {
            let text = "This browser is not the one that began, or the answer came from somewhere else. Nothing was connected. Ask for a new link, and open it in one browser from beginning to end.";
            page(StatusCode::BAD_REQUEST, view::notice("That did not fit together", text), "")
        }
        Ok(Landing::Ask { flow, tenant, session, cookie }) => {
            let html = view::confirm(&tenant, &flow.user, shown(flow.provider), &format!("/oauth/confirm/{session}"));
            let leads_to =
                url::Url::parse(&flow.return_url).map_or_else(|_| String::new(), |url| url.origin().ascii_serialization());
            let response = page(StatusCode::OK, html, &leads_to);
            with_cookie(response, &connect::confirm_cookie_name(&session), &cookie, COOKIE_SECS)
        }
        Err(error) => trouble(&error),
    }
}

async fn confirmed(State(host): State<Context>, headers: HeaderMap, params: RawPathParams) -> Response {
    if !is_own_form(&host, &headers) {
        return elsewhere();
    }
    match connect::confirm(&host, name(&params), |name| cookie(&headers, name)).await {
        Ok(ended) if ended.flow.reason.as_deref() == Some("another-browser") => {
            let text = "This browser is not the one that began. Nothing was connected.";
            page(StatusCode::BAD_REQUEST, view::notice("That did not fit together", text), "")
        }
        Ok(ended) => to(&connect::landed(&ended)),
        Err(error) => trouble(&error),
    }
}

/// What the provider's answer says; `None` where a parameter stands twice, as whoever adds one hopes that the other is read.
fn read(query: &str) -> Option<Returned> {
    if query.len() > QUERY_BYTES_MAX {
        return None;
    }
    let mut read = BTreeMap::new();
    for (count, (name, value)) in url::form_urlencoded::parse(query.as_bytes()).enumerate() {
        if count == PARAMETERS_MAX || read.insert(name.into_owned(), value.into_owned()).is_some() {
            return None;
        }
    }
    let mut take = |name: &str| read.remove(name);
    Some(Returned {
        state: take("state"),
        code: take("code"),
        error: take("error"),
        description: take("error_description"),
        iss: take("iss"),
    })
}

/// The cookie of this name, where it is there once and looks like ours.
fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(known, _)| *known == name).map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) if is_secret(value) => Some(value.to_owned()),
        _ => None,
    }
}

/// Whether a form was sent from a page of ours, as far as the browser says.
fn is_own_form(host: &Context, headers: &HeaderMap) -> bool {
    let said = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("unreadable"));
    let own = host.oauth.public_url.as_deref().and_then(|url| url::Url::parse(url).ok());
    let own = own.map(|url| url.origin().ascii_serialization());
    // Our pages tell nobody where they are, so that the origin of their forms is `null`.
    let origin = said("origin").is_none_or(|origin| origin == "null" || Some(origin) == own.as_deref());
    origin && said("sec-fetch-site").is_none_or(|site| site == "same-origin")
}

fn elsewhere() -> Response {
    let text = "The form was not sent from our page. Nothing was done. Open the link again, and press the button there.";
    page(StatusCode::FORBIDDEN, view::notice("Not from here", text), "")
}

fn trouble(error: &ConnectError) -> Response {
    let (status, title, text) = match error {
        ConnectError::Unknown | ConnectError::Refused(_) => (
            StatusCode::GONE,
            "This link has been used, or has expired",
            "A link works once, for ten minutes. Ask for a new one where you got this one.",
        ),
        ConnectError::NoClient | ConnectError::NotSet(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "This calendar cannot be connected at the moment",
            "Whoever sent you the link has to set something right first. Nothing was connected.",
        ),
        other => {
            tracing::error!(error = %other, "a browser could not be served");
            let text = "Something went wrong on our side. Nothing was connected. Try again in a minute.";
            (StatusCode::SERVICE_UNAVAILABLE, "Not now", text)
        }
    };
    page(status, view::notice(title, text), "")
}

/// A page, and what browsers are to know of it.
fn page(status: StatusCode, html: String, leads_to: &str) -> Response {
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&view::policy(leads_to)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    guarded(response)
}

/// A browser is sent on, by a request without the form.
fn to(url: &str) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    match HeaderValue::from_str(url) {
        Ok(url) => {
            response.headers_mut().insert(header::LOCATION, url);
        }
        Err(_) => *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
    }
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'"));
    guarded(response)
}

fn guarded(mut response: Response) -> Response {
    const FIXED: [(HeaderName, &str); 6] = [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in FIXED {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// For this host alone, over TLS alone, and not for scripts; sent along when the provider's page leads back.
fn with_cookie(mut response: Response, name: &str, value: &str, secs: i64) -> Response {
    let text = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={secs}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
    response
}

//! The routes that providers post to, over HTTP. All decisions are the [`door`]'s; here is what must hold before it is asked: few
//! at a time, small, and no body for those who have no business here.

use super::notifications::GoogleMessage;
use super::{GOOGLE_PATH, GRAPH_PATH, LIFECYCLE, Push, door};
use crate::host::context::Context;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::post;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// Most messages that are being answered at once; further ones are asked to come again (`G3.9`).
const AT_ONCE: usize = 256;
/// How long a body may take to come.
const BODY_TIMEOUT: Duration = Duration::from_secs(2);

#[derive(Clone)]
struct Doors {
    host: Context,
    push: Arc<Push>,
    at_once: Arc<Semaphore>,
}

/// The routes, where push is on; none otherwise.
pub fn routes(host: &Context) -> Router {
    let Some(push) = host.push.clone() else { return Router::new() };
    let doors = Doors { host: host.clone(), push, at_once: Arc::new(Semaphore::new(AT_ONCE)) };
    Router::new()
        .route(GOOGLE_PATH, post(google))
        .route(&format!("{GRAPH_PATH}/{{nonce}}"), post(graph))
        .route(&format!("{GRAPH_PATH}/{{nonce}}/{LIFECYCLE}"), post(graph))
        // Asked for by the agent that delivers Google's messages, which honours it (`G3.16`).
        .route("/robots.txt", axum::routing::get(async || "User-agent: *\nAllow: /push/\nDisallow: /\n"))
        .with_state(doors)
}

/// Headers alone: the body is never read.
async fn google(State(doors): State<Doors>, headers: HeaderMap) -> StatusCode {
    let Ok(_turn) = doors.at_once.try_acquire() else { return busy(&doors) };
    let message = GoogleMessage::read(|name| headers.get(name)?.to_str().ok());
    status(door::google(&doors.host, &doors.push, message).await)
}

#[derive(Deserialize)]
struct Validation {
    #[serde(rename = "validationToken")]
    token: Option<String>,
}

async fn graph(
    State(doors): State<Doors>,
    Path(nonce): Path<String>,
    Query(Validation { token }): Query<Validation>,
    request: Request,
) -> Response<Body> {
    let Ok(_turn) = doors.at_once.try_acquire() else { return busy(&doors).into_response() };
    if let Some(token) = token {
        return match door::validation(&doors.host, &doors.push, &nonce, &token).await {
            Some(token) => echoed(token),
            None => StatusCode::NOT_FOUND.into_response(),
        };
    }
    match door::is_known(&doors.host, &doors.push, &nonce).await {
        Ok(true) => {}
        Ok(false) => return StatusCode::ACCEPTED.into_response(),
        Err(code) => return status(code).into_response(),
    }
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > door::BODY_BYTES_MAX) {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    match tokio::time::timeout(BODY_TIMEOUT, to_bytes(request.into_body(), door::BODY_BYTES_MAX)).await {
        Ok(Ok(body)) => status(door::graph(&doors.host, &doors.push, &nonce, &body).await).into_response(),
        Ok(Err(_)) => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Err(_) => StatusCode::REQUEST_TIMEOUT.into_response(),
    }
}

fn echoed(token: String) -> Response<Body> {
    let answer = door::validated(token);
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap_or_else(|_| StatusCode::INTERNAL_SERVER_ERROR.into_response())
}

fn busy(doors: &Doors) -> StatusCode {
    doors.host.metrics.push("busy");
    StatusCode::SERVICE_UNAVAILABLE
}

fn status(code: u16) -> StatusCode {
    StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

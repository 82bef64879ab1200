//! The same world on loopback: every service below one address, each under its own first part of the path.
//!
//! Requests become the same data that [`World::call`](super::World::call) takes in process, so that the two differ in the transport only. An
//! answer that never comes is one that comes too late for every client.

use super::Bases;
use super::shared::Shared;
use crate::host::http::{self, Purpose};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use std::time::Duration;

/// After this long nobody waits for an answer any more.
const NO_ANSWER: Duration = Duration::from_secs(120);
/// Most bytes of a request's body; longer ones are answered with 413.
const BODY_BYTES_MAX: usize = 1024 * 1024;

/// Puts the services of a world below `address`, `http://127.0.0.1:8400` and the like, as a router to be served there.
pub fn router(shared: &Shared, address: &str) -> Router {
    shared.world().bases = Bases::below(address);
    let server = Server { shared: shared.clone(), address: address.to_owned() };
    Router::new().fallback(answer).layer(DefaultBodyLimit::max(BODY_BYTES_MAX)).with_state(server)
}

#[derive(Clone)]
struct Server {
    shared: Shared,
    address: String,
}

async fn answer(State(server): State<Server>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let Some(method) = known(&method) else { return empty(StatusCode::METHOD_NOT_ALLOWED) };
    let request = request(&server.address, method, &uri, &headers, body);
    let Ok(answer) = server.shared.exchange(&request, Some(NO_ANSWER)).await else { return empty(StatusCode::GATEWAY_TIMEOUT) };
    let mut response = Response::builder().status(answer.status);
    for (name, value) in answer.headers {
        response = response.header(name, value);
    }
    response.body(Body::from(answer.body)).unwrap_or_else(|_| empty(StatusCode::INTERNAL_SERVER_ERROR))
}

fn known(method: &Method) -> Option<http::Method> {
    [http::Method::Get, http::Method::Post, http::Method::Put, http::Method::Patch, http::Method::Delete]
        .into_iter()
        .find(|known| known.word() == method.as_str())
}

fn request(address: &str, method: http::Method, uri: &Uri, headers: &HeaderMap, body: Bytes) -> http::Request {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let mut request = http::Request::new(Purpose::Provider, method, format!("{address}{path}"));
    for (name, value) in headers {
        request = request.header(name.as_str(), String::from_utf8_lossy(value.as_bytes()).into_owned());
    }
    request.timeout = NO_ANSWER;
    request.body = body.to_vec();
    request
}

fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

//! The programming interface, version 1: what a tenant's own programs ask of the host.
//!
//! One table of [`route`]s makes the router and the OpenAPI document ([`openapi`]), and requests are held to the schemas of that
//! document (`shape`): what it says is what is checked. Every request goes through one door (`route`), every refusal is a
//! [`problem`], and everything that is done is done by [`operations`](super::operations), as from the command line.
//!
//! A caller sees the rows of the tenant of its key and no others: what is another's answers as what is not there.
//!
//! Deliberately absent: sessions, pages for people, and anything that is not a tenant's own.

pub mod auth;
mod audit;
mod body;
mod bots;
mod calendars;
mod connect;
mod connections;
mod dispatches;
mod events;
mod idempotency;
mod keys;
mod limits;
mod lists;
pub mod openapi;
pub mod page;
pub mod problem;
mod remembered;
pub mod route;
mod rules;
mod shape;
mod tenant;
mod time;
mod webhooks;

pub use idempotency::KEPT as REQUESTS_KEPT;

use super::context::Context;
use super::net::guard::Guard;
use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::{MethodFilter, get, on};
use data_encoding::HEXLOWER;
use limits::Limits;
use page::{CursorKeys, Cursors};
use problem::Problem;
use remembered::Remembered;
use route::Routes;
use shape::Shapes;
use std::sync::Arc;
use tower_http::catch_panic::CatchPanicLayer;

/// What the operator sets.
#[derive(Clone)]
pub struct Settings {
    /// Signs cursors where there is no root key: hosts behind one address share it.
    pub secret: [u8; 32],
    /// Requests a second that one key may send.
    pub requests_per_second: u32,
    /// Where webhooks may go: a receiver that could never be reached is refused when it is made.
    pub guard: Guard,
}

impl Settings {
    /// With a secret of this process alone: cursors of before a restart, or of another host, are refused.
    #[must_use]
    pub fn of_this_process() -> Self {
        Self { secret: random(), requests_per_second: limits::PER_KEY, guard: Guard::default() }
    }
}

/// Random bytes. Without them nothing here is safe.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// What all requests share.
#[derive(Clone)]
pub struct Shared {
    /// The host.
    pub host: Context,
    /// Makes cursors of the caller's tenant, and knows them again.
    pub cursors: Cursors,
    cursor_keys: Arc<CursorKeys>,
    /// Where webhooks may go.
    pub guard: Arc<Guard>,
    limits: Arc<Limits>,
    shapes: Arc<Shapes>,
    keys: Arc<Remembered>,
}

/// Every route.
#[must_use]
pub fn routes() -> Routes {
    calendars::routes()
        .and(connections::routes())
        .and(events::routes())
        .and(dispatches::routes())
        .and(rules::routes())
        .and(lists::routes())
        .and(bots::routes())
        .and(webhooks::routes())
        .and(tenant::routes())
        .and(keys::routes())
        .and(audit::routes())
        .and(connect::routes())
}

/// The interface as a router. Whatever it refuses, and whatever is not there, is a problem.
pub fn router(host: Context, settings: &Settings) -> Router {
    let routes = routes();
    let document: Arc<str> = format!("{:#}\n", openapi::document(&routes)).into();
    let shared = Shared {
        host,
        cursors: Cursors::new(&settings.secret),
        cursor_keys: Arc::new(CursorKeys::new(&settings.secret)),
        guard: Arc::new(settings.guard.clone()),
        limits: Arc::new(Limits::new(settings.requests_per_second)),
        shapes: Arc::new(Shapes(openapi::shapes(&routes))),
        keys: Arc::default(),
    };
    let mut router = Router::new();
    for route in routes.list {
        let method = MethodFilter::try_from(route.method.clone()).expect("routes have methods that routers know");
        let (path, route) = (route.path, Arc::new(route));
        let enter = move |State(shared): State<Shared>, request: Request| async move { route.enter(shared, request).await };
        router = router.route(path, on(method, enter));
    }
    let told = move || async move { ([(header::CONTENT_TYPE, "application/json")], document.to_string()) };
    router
        .route("/v1/openapi.json", get(told))
        .fallback(nothing)
        .method_not_allowed_fallback(no_method)
        .layer(CatchPanicLayer::new())
        .layer(from_fn(finished))
        .with_state(shared)
}

/// Who has no key learns not even what there is.
async fn nothing(State(shared): State<Shared>, method: Method, headers: HeaderMap) -> Problem {
    auth::caller(&shared, &method, &headers).await.map_or_else(|problem| problem, |_| Problem::absent())
}

async fn no_method(State(shared): State<Shared>, method: Method, headers: HeaderMap) -> Problem {
    let refused = || Problem::of_status(StatusCode::METHOD_NOT_ALLOWED);
    auth::caller(&shared, &method, &headers).await.map_or_else(|problem| problem, |_| refused())
}

/// Names the request, and gives every refusal, whoever made it, the form of a problem.
async fn finished(request: Request, next: Next) -> Response {
    let name = HEXLOWER.encode(&random::<12>());
    let mut response = next.run(request).await;
    let refused = response.status().is_client_error() || response.status().is_server_error();
    if refused {
        let problem = response.extensions_mut().remove::<Problem>().unwrap_or_else(|| Problem::of_status(response.status()));
        let mut told = problem.response(&name);
        for (name, value) in response.headers() {
            if !matches!(*name, header::CONTENT_TYPE | header::CONTENT_LENGTH) {
                told.headers_mut().entry(name).or_insert(value.clone());
            }
        }
        response = told;
    }
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
        (header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"),
    ];
    for (header, value) in fixed {
        response.headers_mut().insert(header, HeaderValue::from_static(value));
    }
    if let Ok(name) = HeaderValue::from_str(&name) {
        response.headers_mut().insert("x-request-id", name);
    }
    response
}

//! What operators ask a running host: whether it lives, whether it works, and its counters.

use super::context::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;

/// `/livez`, `/readyz` and `/metrics`.
pub fn router(host: Context) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(host)
}

/// Ready while the store answers.
async fn ready(State(host): State<Context>) -> impl IntoResponse {
    match host.store.tenants().await {
        Ok(_) => (StatusCode::OK, format!("ok, time zones {}\n", crate::time::database_version())),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n".to_owned()),
    }
}

async fn metrics(State(host): State<Context>) -> impl IntoResponse {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], host.metrics.text())
}

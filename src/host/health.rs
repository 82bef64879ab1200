//! What operators ask a running host: whether it lives, whether it works, and its counters.

use super::context::Context;
use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use std::collections::BTreeMap;

/// `/livez`, `/readyz` and `/metrics`.
pub fn router(host: Context) -> Router {
    Router::new()
        .route("/livez", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(host)
}

/// Ready while the store answers. Rows that cannot be read are told, and stop nothing else.
async fn ready(State(host): State<Context>) -> impl IntoResponse {
    match host.store.tenants().await {
        Ok(_) => (StatusCode::OK, format!("ok, time zones {}\n{}", crate::time::database_version(), degraded(&host))),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n".to_owned()),
    }
}

/// A line for each table with rows that cannot be read.
fn degraded(host: &Context) -> String {
    let line = |(table, rows)| format!("degraded: {rows} of the rows of {table} cannot be read by this version\n");
    unreadable(host).into_iter().map(line).collect()
}

/// How many rows of each table cannot be read.
fn unreadable(host: &Context) -> BTreeMap<&'static str, usize> {
    let mut tables = BTreeMap::new();
    for row in host.store.unreadable() {
        *tables.entry(row.table).or_default() += 1;
    }
    tables
}

async fn metrics(State(host): State<Context>) -> impl IntoResponse {
    host.metrics.unreadable_rows(&unreadable(&host));
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], host.metrics.text())
}

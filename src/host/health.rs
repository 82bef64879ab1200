//! What operators ask a running host: whether it lives, whether it works, and its counters.

use super::app::channels::standing;
use super::context::Context;
use super::store::StoreState;
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

/// Ready while the store answers, and takes what there is to write. Rows that cannot be read are told, and stop nothing else.
async fn ready(State(host): State<Context>) -> impl IntoResponse {
    if let Some(why) = degraded(&host.store.state()) {
        return (StatusCode::SERVICE_UNAVAILABLE, format!("{why}\n"));
    }
    match host.store.tenants().await {
        Ok(_) => (
            StatusCode::OK,
            format!(
                "ok, time zones {}\n{}\n{}{}",
                crate::time::database_version(),
                standing(&host),
                missing(&host),
                refused(&host)
            ),
        ),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer\n".to_owned()),
    }
}

/// A line for each OAuth client that its provider refuses: nobody is disconnected for that, and nobody's token is renewed.
fn refused(host: &Context) -> String {
    let line = |(client, why)| format!("degraded: the OAuth client {client} is refused by its provider: {why}\n");
    host.tokens.refused().into_iter().map(line).collect()
}

/// A line for each table with rows that cannot be read.
fn missing(host: &Context) -> String {
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

fn degraded(state: &StoreState) -> Option<&'static str> {
    match state {
        StoreState::Fine => None,
        StoreState::Full => {
            Some("degraded: the disk is full or the store takes no writes, and only bots that are due are still sent")
        }
        StoreState::Broken(_) => Some("the store failed: the host stops"),
    }
}

async fn metrics(State(host): State<Context>) -> impl IntoResponse {
    host.metrics.unreadable_rows(&unreadable(&host));
    host.metrics.store_full(host.store.is_full());
    host.metrics.clients_refused(host.tokens.refused().len());
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], host.metrics.text())
}

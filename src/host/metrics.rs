//! What the host counts: for Prometheus. No label holds a tenant's text.

use crate::time::Elapsed;
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::sync::Mutex;

/// One word out of a closed set.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

/// A table of the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Table {
    table: &'static str,
}

/// A route of the programming interface: as the document names it, with its parameters in braces.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    method: &'static str,
    route: &'static str,
}

/// A route, and the class of what it answered: `2xx`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    method: &'static str,
    route: &'static str,
    status: &'static str,
}

/// How long answers take: the bound of the interface is 20 ms, and changed rules may take a minute.
const SECONDS: [f64; 12] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0, 20.0, 60.0];

/// How long answers took, by route.
#[derive(Debug)]
struct Latencies(Family<Route, Histogram>);

impl Default for Latencies {
    fn default() -> Self {
        Self(Family::new_with_constructor(|| Histogram::new(SECONDS)))
    }
}

/// The counters of one host.
#[derive(Debug, Default)]
pub struct Metrics {
    passes: Family<Outcome, Counter>,
    dispatches: Family<Outcome, Counter>,
    deliveries: Family<Outcome, Counter>,
    preflights: Family<Outcome, Counter>,
    push: Family<Outcome, Counter>,
    channels: Family<Outcome, Counter>,
    strangers: Family<Outcome, Counter>,
    clock: Family<Outcome, Counter>,
    tokens: Family<Outcome, Counter>,
    api_requests: Family<Answered, Counter>,
    api_seconds: Latencies,
    api_limited: Family<Outcome, Counter>,
    clients_refused: Gauge,
    clock_off: Gauge,
    store_full: Gauge,
    calendars: Gauge,
    hosts: Gauge,
    share_percent: Gauge,
    waiting: Gauge,
    held_back: Gauge,
    old_keys: Gauge,
    unreadable: Family<Table, Gauge>,
    /// Where the registry is made, once.
    registry: Mutex<Option<Registry>>,
}

impl Metrics {
    /// A pass over a calendar ended.
    pub fn pass(&self, outcome: &'static str) {
        self.passes.get_or_create(&Outcome { outcome }).inc();
    }

    /// A dispatch came into a state.
    pub fn dispatch(&self, outcome: &'static str) {
        self.dispatches.get_or_create(&Outcome { outcome }).inc();
    }

    /// A delivery was tried.
    pub fn delivery(&self, outcome: &'static str) {
        self.deliveries.get_or_create(&Outcome { outcome }).inc();
    }

    /// A meeting was looked at before its bot was sent.
    pub fn preflight(&self, outcome: &'static str) {
        self.preflights.get_or_create(&Outcome { outcome }).inc();
    }

    /// A message of a provider came in.
    pub fn push(&self, outcome: &'static str) {
        self.push.get_or_create(&Outcome { outcome }).inc();
    }

    /// An address asked for more than one may, of these routes.
    pub fn stranger(&self, routes: &'static str) {
        self.strangers.get_or_create(&Outcome { outcome: routes }).inc();
    }

    /// Something became of a channel.
    pub fn channel(&self, outcome: &'static str) {
        self.channels.get_or_create(&Outcome { outcome }).inc();
    }

    /// The time was in doubt, or is not any more: which clock is believed.
    pub fn clock(&self, outcome: &'static str) {
        self.clock.get_or_create(&Outcome { outcome }).inc();
    }

    /// A token endpoint was asked for an access token.
    pub fn token(&self, outcome: &'static str) {
        self.tokens.get_or_create(&Outcome { outcome }).inc();
    }

    /// The programming interface answered: which route, with which status, and how long it took.
    pub fn api(&self, (method, route): (&'static str, &'static str), status: u16, took: Elapsed) {
        let status = match status {
            0..300 => "2xx",
            300..400 => "3xx",
            400..500 => "4xx",
            _ => "5xx",
        };
        self.api_requests.get_or_create(&Answered { method, route, status }).inc();
        self.api_seconds.0.get_or_create(&Route { method, route }).observe(took.as_secs_f64());
    }

    /// A request was one too many, for its key or for its tenant.
    pub fn api_limited(&self, outcome: &'static str) {
        self.api_limited.get_or_create(&Outcome { outcome }).inc();
    }

    /// How many OAuth clients their providers refuse: an alarm for the operator.
    pub fn clients_refused(&self, clients: usize) {
        self.clients_refused.set(i64::try_from(clients).unwrap_or(i64::MAX));
    }

    /// How far the time that is believed is from the wall clock.
    pub fn clock_off(&self, off: Elapsed) {
        self.clock_off.set(off.as_secs());
    }

    /// Whether the store's disk is full.
    pub fn store_full(&self, full: bool) {
        self.store_full.set(i64::from(full));
    }

    /// How many calendars are kept in sync, and how many requests wait for quota.
    pub fn standing(&self, calendars: usize, waiting: usize) {
        self.calendars.set(i64::try_from(calendars).unwrap_or(i64::MAX));
        self.waiting.set(i64::try_from(waiting).unwrap_or(i64::MAX));
    }

    /// How many hosts share the store, and whether this one reads its share of the calendars.
    pub fn hosts(&self, hosts: usize, takes_part: bool) {
        self.hosts.set(i64::try_from(hosts).unwrap_or(i64::MAX));
        let share = if takes_part { 100 / hosts.max(1) } else { 0 };
        self.share_percent.set(i64::try_from(share).unwrap_or(0));
    }

    /// How many host names of webhook receivers are sent nothing but probes, because they do not answer.
    pub fn receivers_held_back(&self, hosts: usize) {
        self.held_back.set(i64::try_from(hosts).unwrap_or(i64::MAX));
    }

    /// How many secrets are sealed by another than the newest version of their tenant's key.
    pub fn sealed_under_old_keys(&self, secrets: usize) {
        self.old_keys.set(i64::try_from(secrets).unwrap_or(i64::MAX));
    }

    /// How many rows of each table cannot be read.
    pub fn unreadable_rows(&self, tables: &BTreeMap<&'static str, usize>) {
        self.unreadable.clear();
        for (table, rows) in tables {
            self.unreadable.get_or_create(&Table { table }).set(i64::try_from(*rows).unwrap_or(i64::MAX));
        }
    }

    /// Everything in the OpenMetrics text format.
    #[must_use]
    pub fn text(&self) -> String {
        let mut slot = self.registry.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let registry = slot.get_or_insert_with(|| self.registered());
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, registry);
        text
    }

    fn registered(&self) -> Registry {
        let mut registry = Registry::with_prefix("callsheet");
        registry.register("passes", "Passes over calendars, by outcome", self.passes.clone());
        registry.register("dispatches", "States that dispatches came into", self.dispatches.clone());
        registry.register("deliveries", "Tries of webhook deliveries, by outcome", self.deliveries.clone());
        registry.register("preflights", "Reads of meetings before their bots are sent, by outcome", self.preflights.clone());
        registry.register("push", "Messages of providers, by what came of them", self.push.clone());
        registry.register("channels", "What became of push channels", self.channels.clone());
        registry.register("strangers_limited", "Requests beyond what one address may send, by routes", self.strangers.clone());
        registry.register("clock", "Doubts about the time, and which clock was believed then", self.clock.clone());
        registry.register("tokens", "Access tokens asked for, by outcome", self.tokens.clone());
        registry.register("api_requests", "Requests to the programming interface that were answered", self.api_requests.clone());
        registry.register("api_seconds", "How long answers of the programming interface took", self.api_seconds.0.clone());
        let limited = "Requests refused because a key, or a tenant, had sent too many";
        registry.register("api_limited", limited, self.api_limited.clone());
        registry.register("oauth_clients_refused", "OAuth clients that their providers refuse", self.clients_refused.clone());
        registry.register("clock_off_seconds", "Believed time less the wall clock, at the last doubt", self.clock_off.clone());
        registry.register("store_full", "1 while the store's disk is full", self.store_full.clone());
        registry.register("calendars", "Calendars kept in sync", self.calendars.clone());
        registry.register("hosts", "Hosts that share the store, as far as this one knows; 0: none can", self.hosts.clone());
        let share = "This host's part of the quotas of OAuth clients, where hosts share the store; 0 while it has none";
        registry.register("share_percent", share, self.share_percent.clone());
        registry.register("waiting_requests", "Requests that wait for a provider's quota", self.waiting.clone());
        let held_back = "Host names of webhook receivers that do not answer and are sent probes alone";
        registry.register("receiver_hosts_held_back", held_back, self.held_back.clone());
        let old_keys = "Secrets that another than the newest version of their tenant's key seals";
        registry.register("secrets_under_old_keys", old_keys, self.old_keys.clone());
        registry.register("unreadable_rows", "Stored rows that this version cannot read, by table", self.unreadable.clone());
        registry
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_are_told_by_outcome() {
        let metrics = Metrics::default();
        metrics.pass("quiet");
        metrics.pass("quiet");
        metrics.dispatch("accepted");
        metrics.standing(3, 1);
        let route = ("GET", "/v1/events/{event}");
        metrics.api(route, 200, Elapsed::from_millis(3));
        metrics.api(route, 404, Elapsed::from_millis(30));
        metrics.api_limited("key");
        let text = metrics.text();
        for line in [
            "callsheet_passes_total{outcome=\"quiet\"} 2",
            "callsheet_dispatches_total{outcome=\"accepted\"} 1",
            "callsheet_calendars 3",
            "callsheet_waiting_requests 1",
            "callsheet_api_requests_total{method=\"GET\",route=\"/v1/events/{event}\",status=\"4xx\"} 1",
            "callsheet_api_seconds_bucket{le=\"0.005\",method=\"GET\",route=\"/v1/events/{event}\"} 1",
            "callsheet_api_seconds_count{method=\"GET\",route=\"/v1/events/{event}\"} 2",
            "callsheet_api_limited_total{outcome=\"key\"} 1",
        ] {
            assert!(text.lines().any(|known| known == line), "{line} in\n{text}");
        }
    }
}

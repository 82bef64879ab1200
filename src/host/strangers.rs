//! What anybody can reach without a key, the pages of connecting and the place that providers post to, and how much of it one address may
//! ask for.
//!
//! An address is the peer of the connection; behind a reverse proxy that the operator trusts, what that proxy says. Nobody else's
//! `X-Forwarded-For` is believed. What is remembered has a bound: those beyond it share one measure.

use crate::host::context::Context;
use crate::host::net::address::Subnet;
use crate::time::Elapsed;
use axum::Router;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

/// Most addresses that are told apart.
const ADDRESSES_MAX: usize = 50_000;
/// Most proxies that are followed back.
const PROXIES_MAX: usize = 16;

/// How much one address may ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a second.
    pub per_second: u32,
    /// How many of them at once.
    pub burst: u32,
    /// What more of them are answered with: whether they are to come again is for whom they are.
    pub refusal: StatusCode,
}

/// A browser needs four requests to connect; behind one address there may be a company on its first day.
pub const PAGES: Rate = Rate { per_second: 20, burst: 200, refusal: StatusCode::TOO_MANY_REQUESTS };
/// A provider posts for all calendars from a few addresses; to 503 it comes again, to 429 it does not (`G3.9`).
pub const PUSH: Rate = Rate { per_second: 1000, burst: 2000, refusal: StatusCode::SERVICE_UNAVAILABLE };

/// The same routes, for each address so much of them.
pub fn guarded(host: &Context, routes: Router, trusted: Vec<Subnet>, rate: Rate) -> Router {
    let guard = Guard { host: host.clone(), trusted: trusted.into(), rate, measures: Arc::default() };
    routes.layer(from_fn_with_state(guard, admitted))
}

#[derive(Clone)]
struct Guard {
    host: Context,
    trusted: Arc<[Subnet]>,
    rate: Rate,
    measures: Arc<Mutex<Measures>>,
}

async fn admitted(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    let asker = peer.map(|peer| asker(peer, request.headers(), &guard.trusted));
    let now = guard.host.clock.monotonic();
    let admits = guard.measures.lock().unwrap_or_else(PoisonError::into_inner).take(asker, now, guard.rate);
    if admits {
        return next.run(request).await;
    }
    guard.host.metrics.stranger(if guard.rate == PUSH { "push" } else { "pages" });
    let mut response = (guard.rate.refusal, "Too many requests from your address. Try again in a moment.\n").into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    response
}

/// Who asks: the peer, or whom trusted proxies name, the last of them that is none.
fn asker(peer: IpAddr, headers: &HeaderMap, trusted: &[Subnet]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|subnet| subnet.contains(address));
    if !is_trusted(peer) {
        return peer;
    }
    let lines = headers.get_all("x-forwarded-for").into_iter().filter_map(|line| line.to_str().ok());
    let named: Vec<&str> = lines.flat_map(|line| line.split(',')).map(str::trim).collect();
    let mut last = peer;
    for name in named.iter().rev().take(PROXIES_MAX) {
        // Some write the port as well.
        let address = name.parse().ok().or_else(|| name.parse().ok().map(|address: SocketAddr| address.ip()));
        let Some(address) = address else { return last };
        if !is_trusted(address) {
            return address;
        }
        last = address;
    }
    last
}

/// An address as far as it is told apart: of IPv6 the half that a provider of networks gives one customer.
fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(address) => 0xffff_0000_0000 | u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits() & !u128::from(u64::MAX),
    }
}

/// When each address will have had what it asked for, at its rate.
#[derive(Debug, Default)]
struct Measures {
    ends: BTreeMap<u128, Elapsed>,
    /// Of all others together.
    others: Elapsed,
}

impl Measures {
    /// Whether one more request is within the rate; then it counts.
    fn take(&mut self, asker: Option<IpAddr>, now: Elapsed, rate: Rate) -> bool {
        let key = asker.map(network);
        if let Some(key) = key
            && !self.ends.contains_key(&key)
            && self.ends.len() >= ADDRESSES_MAX
        {
            // Those at rest have asked for nothing, as far as the rate goes.
            self.ends.retain(|_, end| *end > now);
        }
        let is_full = self.ends.len() >= ADDRESSES_MAX;
        let end = match key {
            Some(key) if !is_full || self.ends.contains_key(&key) => self.ends.entry(key).or_insert(now),
            _ => &mut self.others,
        };
        let each = Elapsed::from_nanos(1_000_000_000 / i64::from(rate.per_second.max(1)));
        let next = (*end).max(now) + each;
        let admits = next - now <= each * i32::try_from(rate.burst).unwrap_or(i32::MAX);
        if admits {
            *end = next;
        }
        admits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE: Rate = Rate { per_second: 10, burst: 3, refusal: StatusCode::TOO_MANY_REQUESTS };

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn at(millis: i64) -> Elapsed {
        Elapsed::from_millis(millis)
    }

    #[test]
    fn an_address_has_its_burst_and_then_its_rate() {
        let mut measures = Measures::default();
        let mut taken = |text: &str, millis: i64| measures.take(Some(ip(text)), at(millis), RATE);
        let first: Vec<bool> = (0..5).map(|_| taken("192.0.2.1", 0)).collect();
        assert_eq!(first, [true, true, true, false, false]);
        assert!(taken("192.0.2.2", 0), "another address");
        assert_eq!([taken("192.0.2.1", 99), taken("192.0.2.1", 100), taken("192.0.2.1", 100)], [false, true, false]);
        assert_eq!([0, 0, 0, 0].map(|_| taken("192.0.2.1", 60_000)), [true, true, true, false]);
    }

    #[test]
    fn neighbours_in_one_network_of_version_six_are_one() {
        let mut measures = Measures::default();
        let mut taken = |text: &str| measures.take(Some(ip(text)), at(0), RATE);
        assert_eq!(["2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8::4"].map(&mut taken), [true, true, true, false]);
        assert!(taken("2001:db8:0:1::1"));
        assert_eq!(["192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"].map(&mut taken), [true, true, true, false]);
    }

    #[test]
    fn what_is_remembered_has_a_bound_and_those_beyond_it_share_a_measure() {
        let mut measures = Measures::default();
        let address = |number: usize| IpAddr::from((u32::try_from(number).expect("few") + 0x0a00_0000).to_be_bytes());
        for number in 0..ADDRESSES_MAX {
            assert!(measures.take(Some(address(number)), at(0), RATE));
        }
        let beyond: Vec<bool> = (0..5).map(|more| measures.take(Some(address(ADDRESSES_MAX + more)), at(0), RATE)).collect();
        assert_eq!((beyond, measures.ends.len()), (vec![true, true, true, false, false], ADDRESSES_MAX));
        // Those who are known keep theirs, and who rests makes room.
        assert!(measures.take(Some(address(7)), at(0), RATE));
        assert!(measures.take(Some(address(ADDRESSES_MAX)), at(1000), RATE));
        assert_eq!(measures.ends.len(), 1);
    }

    #[test]
    fn only_trusted_proxies_say_who_asks() {
        let trusted = ["10.0.0.0/8", "fd00::/8"].map(|text| Subnet::any(text).expect("a network"));
        let told = |peer: &str, lines: &[&str]| {
            let mut headers = HeaderMap::new();
            lines.iter().for_each(|line| {
                headers.append("x-forwarded-for", HeaderValue::from_str(line).expect("a header"));
            });
            asker(ip(peer), &headers, &trusted).to_string()
        };
        let cases = [
            // Nobody's word but a proxy's.
            told("192.0.2.9", &["198.51.100.1"]),
            told("10.0.0.1", &["198.51.100.1"]),
            // What a client wrote itself stands before what the proxy saw.
            told("10.0.0.1", &["203.0.113.5, 198.51.100.1"]),
            told("10.0.0.1", &["203.0.113.5", "198.51.100.1, 10.0.0.2"]),
            told("10.0.0.1", &["198.51.100.1:4711"]),
            told("fd00::1", &["2001:db8::7"]),
            // Nothing that can be read: the proxy stands for all.
            told("10.0.0.1", &["unknown"]),
            told("10.0.0.1", &["198.51.100.1, garbage, 10.0.0.2"]),
            told("10.0.0.1", &[]),
        ];
        let expected = [
            "192.0.2.9",
            "198.51.100.1",
            "198.51.100.1",
            "198.51.100.1",
            "198.51.100.1",
            "2001:db8::7",
            "10.0.0.1",
            "10.0.0.2",
            "10.0.0.1",
        ];
        assert_eq!(cases, expected);
    }
}

//! How many requests each key and each tenant may send: two buckets that fill up again by the second.

use super::auth::Caller;
use super::problem::{Kind, Problem};
use crate::host::model::{KeyId, TenantId};
use axum::http::{HeaderMap, HeaderValue};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};

/// Requests a second, and at once, that one key may send.
pub const PER_KEY: u32 = 100;
/// How many keys' worth a tenant may send.
const KEYS_OF_TENANT: u32 = 4;
/// Most buckets that are remembered; past it all are forgotten, which is to nobody's harm.
const BUCKETS_MAX: usize = 100_000;

type Bucket = Arc<RateLimiter<NotKeyed, InMemoryState, DefaultClock, StateInformationMiddleware>>;

/// The buckets.
pub struct Limits {
    per_key: NonZeroU32,
    per_tenant: NonZeroU32,
    clock: DefaultClock,
    buckets: Mutex<BTreeMap<(TenantId, Option<KeyId>), Bucket>>,
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits").field("per_key", &self.per_key).finish_non_exhaustive()
    }
}

/// How a request stands.
#[derive(Clone, Debug)]
pub struct Standing {
    policy: String,
    left: String,
    /// Which bucket was empty.
    pub refused: Option<&'static str>,
}

impl Limits {
    /// So many requests a second for one key, and a few times as many for a tenant.
    #[must_use]
    pub fn new(per_key: u32) -> Self {
        let count = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        Self {
            per_key: count(per_key),
            per_tenant: count(per_key.saturating_mul(KEYS_OF_TENANT)),
            clock: DefaultClock::default(),
            buckets: Mutex::default(),
        }
    }

    /// Takes a request of the caller into account.
    ///
    /// # Errors
    /// How it stands, and when it may come again: [`Kind::Limited`].
    pub fn take(&self, caller: &Caller) -> Result<Standing, Box<(Standing, Problem)>> {
        let of_key = self.bucket((caller.tenant, Some(caller.key)), self.per_key);
        let of_tenant = self.bucket((caller.tenant, None), self.per_tenant);
        let policy = format!("\"key\";q={};w=1, \"tenant\";q={};w=1", self.per_key, self.per_tenant);
        let mut left = Vec::new();
        for (name, bucket) in [("key", of_key), ("tenant", of_tenant)] {
            match bucket.check() {
                Ok(state) => left.push(format!("\"{name}\";r={};t=1", state.remaining_burst_capacity())),
                Err(until) => {
                    let wait = until.wait_time_from(self.clock.now()).as_secs() + 1;
                    let problem = Problem::new(Kind::Limited, format!("the {name} has sent too many requests"));
                    let standing = Standing { policy, left: format!("\"{name}\";r=0;t={wait}"), refused: Some(name) };
                    return Err(Box::new((standing, Problem { retry_after: Some(wait), ..problem })));
                }
            }
        }
        Ok(Standing { policy, left: left.join(", "), refused: None })
    }

    fn bucket(&self, of: (TenantId, Option<KeyId>), count: NonZeroU32) -> Bucket {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= BUCKETS_MAX {
            buckets.clear();
        }
        let full = || Arc::new(RateLimiter::direct(Quota::per_second(count)).with_middleware::<StateInformationMiddleware>());
        buckets.entry(of).or_insert_with(full).clone()
    }
}

impl Standing {
    /// Tells the caller.
    pub fn tell(&self, headers: &mut HeaderMap) {
        for (name, value) in [("ratelimit-policy", &self.policy), ("ratelimit", &self.left)] {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn caller(tenant: u64, key: u64) -> Caller {
        Caller { tenant: TenantId(tenant), key: KeyId(key), scopes: BTreeSet::new() }
    }

    #[test]
    fn one_key_that_sends_too_much_holds_up_no_other() {
        let limits = Limits::new(10);
        let sent = |caller: &Caller| (0..100).filter(|_| limits.take(caller).is_ok()).count();
        assert!((10..15).contains(&sent(&caller(1, 1))));
        assert!((10..15).contains(&sent(&caller(1, 2))));
        let (_, problem) = *limits.take(&caller(1, 1)).expect_err("it sent too much");
        assert_eq!((problem.kind, problem.retry_after), (Kind::Limited, Some(1)));
        // All keys of a tenant together.
        let all: usize = (3..20).map(|key| sent(&caller(1, key))).sum();
        assert!(all < 30, "{all}");
        assert!((10..15).contains(&sent(&caller(2, 1))));
    }
}

//! Keys that were looked up a moment ago, so that not every look at something asks the store who looks.
//!
//! Only who may look is remembered: whoever changes something is looked up each time, and so is a key that opens nothing. What this
//! host does to keys it forgets at once; what is done elsewhere, by another host or the command line, counts here within [`BELIEVED`].

use super::auth::Caller;
use crate::host::model::TenantId;
use crate::time::Elapsed;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// How long a key is believed to open what it opened.
pub const BELIEVED: Elapsed = Elapsed::from_secs(2);
/// Most keys that are remembered; past it all are forgotten, and looked up again.
const KEYS_MAX: usize = 10_000;

/// The keys, by digest.
#[derive(Debug, Default)]
pub struct Remembered(Mutex<Memory>);

#[derive(Debug, Default)]
struct Memory {
    /// Since when, by the monotonic clock.
    callers: BTreeMap<String, (Elapsed, Caller)>,
    /// How often something was forgotten.
    changes: u64,
}

/// When a look-up began: nothing that changed meanwhile is overlooked.
#[derive(Clone, Copy, Debug)]
pub struct Begun {
    at: Elapsed,
    changes: u64,
}

impl Remembered {
    /// Who has the key of this digest, if that is known; else, that it is looked up from now on.
    pub fn find(&self, hash: &str, now: Elapsed) -> Result<Caller, Begun> {
        let memory = self.memory();
        let known = memory.callers.get(hash).filter(|(since, _)| *since <= now && now - *since < BELIEVED);
        known.map(|(_, caller)| caller.clone()).ok_or(Begun { at: now, changes: memory.changes })
    }

    /// Who has it, as it was looked up.
    pub fn remember(&self, hash: String, begun: Begun, caller: Caller) {
        let mut memory = self.memory();
        if memory.changes != begun.changes {
            return;
        }
        if memory.callers.len() >= KEYS_MAX {
            memory.callers.clear();
        }
        memory.callers.insert(hash, (begun.at, caller));
    }

    /// Forgets the keys of a tenant: some of them may open nothing any more.
    pub fn forget(&self, tenant: TenantId) {
        let mut memory = self.memory();
        memory.callers.retain(|_, (_, caller)| caller.tenant != tenant);
        memory.changes += 1;
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        // Nothing under this lock breaks off half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::model::KeyId;
    use std::collections::BTreeSet;

    fn caller(tenant: u64) -> Caller {
        Caller { tenant: TenantId(tenant), key: KeyId(7), scopes: BTreeSet::new() }
    }

    fn begun(keys: &Remembered, millis: i64) -> Begun {
        keys.find("a", Elapsed::from_millis(millis)).expect_err("it is not known")
    }

    #[test]
    fn a_key_is_believed_for_two_seconds_from_when_its_look_up_began() {
        let keys = Remembered::default();
        keys.remember("a".to_owned(), begun(&keys, 1_000), caller(1));
        let known = |millis| keys.find("a", Elapsed::from_millis(millis)).is_ok();
        assert!(known(1_000) && known(2_999) && !known(3_000) && !known(999));
        assert!(keys.find("b", Elapsed::from_millis(1_000)).is_err());
    }

    #[test]
    fn what_this_host_did_to_a_key_counts_at_once() {
        let keys = Remembered::default();
        keys.remember("a".to_owned(), begun(&keys, 0), caller(1));
        keys.forget(TenantId(2));
        assert!(keys.find("a", Elapsed::ZERO).is_ok());
        keys.forget(TenantId(1));
        // Looked up before it was revoked, and known only after.
        let before = begun(&keys, 0);
        keys.forget(TenantId(1));
        keys.remember("a".to_owned(), before, caller(1));
        assert!(keys.find("a", Elapsed::ZERO).is_err());
    }
}

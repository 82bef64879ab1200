//! Items of work under way: each key once, at most so many at once, and none lost when one breaks off.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use tokio::task::{Id, JoinError, JoinSet};

/// What is under way.
pub(super) struct Work<K> {
    tasks: JoinSet<()>,
    keys: BTreeMap<Id, K>,
    busy: BTreeSet<K>,
    width: usize,
}

impl<K: Ord + Clone> Work<K> {
    /// Nothing under way yet; at most `width` at once.
    pub(super) fn new(width: usize) -> Self {
        Self { tasks: JoinSet::new(), keys: BTreeMap::new(), busy: BTreeSet::new(), width }
    }

    /// Whether another item may start.
    pub(super) fn has_room(&self) -> bool {
        self.room() > 0
    }

    /// How many more items may start.
    pub(super) fn room(&self) -> usize {
        self.width.saturating_sub(self.busy.len())
    }

    /// The keys of what is under way.
    pub(super) fn busy(&self) -> &BTreeSet<K> {
        &self.busy
    }

    /// Starts an item, unless one of this key is under way or there is no room.
    pub(super) fn start(&mut self, key: K, item: impl Future<Output = ()> + Send + 'static) {
        if self.has_room() && self.busy.insert(key.clone()) {
            // Items are large, and on their way into a task they would be copied several times.
            let id = self.tasks.spawn(Box::pin(item)).id();
            self.keys.insert(id, key);
        }
    }

    /// Waits until an item ends, then takes note of all that have. Never ends while nothing is under way.
    pub(super) async fn ended(&mut self) {
        match self.tasks.join_next_with_id().await {
            Some(done) => self.note(done),
            None => std::future::pending().await,
        }
        while let Some(done) = self.tasks.try_join_next_with_id() {
            self.note(done);
        }
    }

    /// Waits until nothing is under way.
    pub(super) async fn drained(mut self) {
        while !self.tasks.is_empty() {
            self.ended().await;
        }
    }

    fn note(&mut self, done: Result<(Id, ()), JoinError>) {
        let id = match done {
            Ok((id, ())) => id,
            Err(error) => {
                tracing::error!(panicked = error.is_panic(), "an item of work broke off");
                error.id()
            }
        };
        if let Some(key) = self.keys.remove(&id) {
            self.busy.remove(&key);
        }
    }
}

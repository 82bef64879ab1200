//! Push: providers tell that a calendar changed, and it is read at once instead of with the next poll.
//!
//! A notification says where to look and never what is there: all that comes of one is a [`Wake`](crate::host::model::Wake), a note
//! in the store that whichever host reads the calendar finds. What providers are asked for is decided by [`lifecycle`], said by
//! [`wire`], and done by the duty [`channels`](crate::host::app::channels); what arrives comes in at the [`door`], through
//! [`routes`].
//!
//! Promises: a message is answered well only once what follows from it is durable; one that shows no secret costs no write and
//! no request; however many come, a calendar is read because of them once in [`window::WINDOW`]; and where none comes, polling gives
//! the same outcome later. Deliberately absent: trust in what a message says happened.

pub mod door;
pub mod lifecycle;
pub mod lots;
mod memory;
mod notifications;
pub mod routes;
pub mod window;
pub mod wire;
#[cfg(test)]
mod tests;

use crate::time::Instant;
use lots::Lots;
use memory::Memory;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Where Google posts to, below the public URL.
pub const GOOGLE_PATH: &str = "/push/google";
/// Below this and a nonce Graph posts to.
pub const GRAPH_PATH: &str = "/push/graph";
/// The last part of the path for what Graph says of a subscription itself.
pub const LIFECYCLE: &str = "lifecycle";

/// What push needs to be on: where providers reach this host, and chance. What it remembers is lost with the host, which costs
/// look-ups and nothing else.
pub struct Push {
    public_url: String,
    lots: Lots,
    memory: Mutex<Memory>,
}

impl Push {
    /// Push to below `public_url`, without a slash at its end.
    #[must_use]
    pub fn new(public_url: &str, lots: Lots) -> Self {
        Self { public_url: public_url.trim_end_matches('/').to_owned(), lots, memory: Mutex::default() }
    }

    /// Where Google is to post to.
    #[must_use]
    pub fn google_url(&self) -> String {
        format!("{}{GOOGLE_PATH}", self.public_url)
    }

    /// Where Graph is to post to.
    #[must_use]
    pub fn graph_url(&self, nonce: &str) -> String {
        format!("{}{GRAPH_PATH}/{nonce}", self.public_url)
    }

    /// Where Graph is to say what becomes of a subscription.
    #[must_use]
    pub fn lifecycle_url(&self, nonce: &str) -> String {
        format!("{}/{LIFECYCLE}", self.graph_url(nonce))
    }

    /// Chance, for ids and secrets.
    #[must_use]
    pub fn lots(&self) -> &Lots {
        &self.lots
    }

    /// From here on, until [`Push::asked`], Graph may ask whether the nonce is ours (`M8.2`).
    pub fn asking(&self, nonce: &str, now: Instant) {
        self.memory().asking(nonce, now);
    }

    /// Graph has answered; it may ask no more.
    pub fn asked(&self, nonce: &str) {
        self.memory().asked(nonce);
    }

    /// Never held across a wait.
    fn memory(&self) -> MutexGuard<'_, Memory> {
        // A task that broke off leaves it whole: nothing under this lock panics half-way.
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! The host at work: one task a duty, each a loop over what is due, and a stop that waits until all have drained.
//!
//! The loops know nothing but the store, the clock and the way out. What is due they learn from the store; what they do about it
//! is one function an item, the same that the simulation runs.

pub mod attendance;
pub mod channels;
pub mod deliveries;
pub mod dispatches;
pub mod handed;
pub mod partings;
pub mod preflights;
mod round;
pub mod plans;
pub mod pruning;
pub mod receivers;
pub mod seals;
pub mod syncs;
pub mod times;
mod work;

use super::bots::Backend;
use super::context::Context;
use crate::time::{Elapsed, Instant};
use tokio::sync::watch;
use tokio::task::JoinSet;
use work::Work;

/// Tells every loop to end.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// Sets a [`Stop`].
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

/// A stop that is not set yet.
#[must_use]
pub fn stopper() -> (Stopper, Stop) {
    let (sender, receiver) = watch::channel(false);
    (Stopper(sender), Stop(receiver))
}

impl Stopper {
    /// Ends every loop.
    pub fn stop(&self) {
        // Nobody listens any more: then nothing runs.
        let _ = self.0.send(true);
    }
}

impl Stop {
    /// Whether it is set, or whoever could set it is gone.
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until it is set.
    pub async fn set(&mut self) {
        // An error means that nobody can set it any more, which is the same.
        let _ = self.0.wait_for(|set| *set).await;
    }
}

/// How long what is under way may take to end once the host is told to stop. Answers are waited for; reads that wait for quota
/// would take minutes. Whatever is broken off is found again in the store by the next host, as after a crash.
const GRACE: Elapsed = Elapsed::from_secs(20);

/// Runs all duties until `stop`, then waits for what is under way, for twenty seconds at most. Whoever shares the store is told last.
pub async fn run(host: Context, backend: Backend, mut stop: Stop) {
    let (last, ended_last) = stopper();
    let mut attendance = JoinSet::new();
    attendance.spawn(attendance::run(host.clone(), ended_last));
    let mut duties = JoinSet::new();
    let clock = host.clock.clone();
    duties.spawn(times::run(host.clone(), Some(backend.clone()), stop.clone()));
    duties.spawn(syncs::run(host.clone(), stop.clone()));
    duties.spawn(dispatches::run(host.clone(), backend, stop.clone()));
    duties.spawn(preflights::run(host.clone(), stop.clone()));
    duties.spawn(deliveries::run(host.clone(), stop.clone()));
    duties.spawn(receivers::run(host.clone(), stop.clone()));
    duties.spawn(plans::run(host.clone(), stop.clone()));
    duties.spawn(seals::run(host.clone(), stop.clone()));
    duties.spawn(channels::run(host.clone(), stop.clone()));
    duties.spawn(partings::run(host.clone(), stop.clone()));
    duties.spawn(handed::run(host.clone(), stop.clone()));
    duties.spawn(pruning::run(host, stop.clone()));
    let over = async {
        stop.set().await;
        let until = clock.now().checked_add(GRACE).unwrap_or(Instant::MAX);
        clock.sleep_until(until).await;
    };
    tokio::select! {
        biased;
        () = ended(&mut duties) => {}
        () = over => tracing::warn!("what was still under way is broken off"),
    }
    duties.shutdown().await;
    last.stop();
    while attendance.join_next().await.is_some() {}
}

/// Runs what a process needs that answers the API and does nothing else, until `stop`: no calendar is read, no bot sent and nothing
/// delivered, and nobody counts it among those who share quotas.
pub async fn run_api(host: Context, stop: Stop) {
    let mut duties = JoinSet::new();
    duties.spawn(times::run(host.clone(), None, stop.clone()));
    duties.spawn(seals::tidy(host, stop));
    ended(&mut duties).await;
}

/// Waits until every duty has ended.
async fn ended(duties: &mut JoinSet<()>) {
    while let Some(ended) = duties.join_next().await {
        if let Err(error) = ended {
            tracing::error!(error = %error, "a duty broke off");
        }
    }
}

/// Waits until an item of work ends, `longest` is over, or the stop is set.
async fn rest<K: Ord + Clone>(host: &Context, longest: Elapsed, work: &mut Work<K>, stop: &mut Stop) {
    let until = host.now().checked_add(longest).unwrap_or(Instant::MAX);
    tokio::select! {
        biased;
        () = stop.set() => {}
        () = work.ended() => {}
        () = host.clock.sleep_until(until) => {}
    }
}

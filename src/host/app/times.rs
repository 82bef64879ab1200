//! The time, where it is in doubt: the store's server and the bot service are asked what it is.
//!
//! Any answer of the bot service tells the time, so it is asked for a bot that nobody ever had. Calendar providers tell it with
//! whatever else they are asked.

use super::Stop;
use crate::host::bots::Backend;
use crate::host::clock::belief::{Other, Standing};
use crate::host::context::Context;
use crate::host::dispatch::key::Keyed;
use crate::host::model::TenantId;
use crate::time::{Elapsed, Instant};
use std::time::Duration;

/// How long an answer is waited for: one that took longer says little.
const PATIENCE: (Elapsed, Duration) = (Elapsed::from_secs(2), Duration::from_secs(2));
/// How often is asked while the doubt lasts.
const ASK_EVERY: Elapsed = Elapsed::from_secs(1);

/// Asks whenever the time is in doubt, until `stop`; the bot service where this process knows one.
pub async fn run(host: Context, backend: Option<Backend>, mut stop: Stop) {
    while !stop.is_set() {
        tokio::select! {
            biased;
            () = stop.set() => return,
            () = host.clock.in_doubt() => {}
        }
        host.stand_back();
        host.metrics.clock("doubted");
        tokio::select! {
            biased;
            () = stop.set() => return,
            () = settle(&host, backend.as_ref()) => {}
        }
        let (word, off) = (word(host.clock.standing()), host.clock.off());
        host.metrics.clock(word);
        host.metrics.clock_off(off);
        if word == "wall" {
            tracing::info!(outcome = word, "what time it is, is known");
        } else {
            tracing::warn!(outcome = word, "the wall clock of this machine is wrong and not gone by");
        }
    }
}

/// Ends when the time is known, or nobody said it for too long.
async fn settle(host: &Context, backend: Option<&Backend>) {
    while host.clock.is_in_doubt() {
        let next = soon(host, ASK_EVERY);
        tokio::join!(ask_store(host), ask_bots(host, backend));
        if host.clock.is_in_doubt() {
            host.clock.sleep_until(next).await;
        }
    }
}

async fn ask_store(host: &Context) {
    let asked = host.clock.monotonic();
    let told = tokio::select! {
        biased;
        told = host.store.time() => told,
        () = host.clock.sleep_until(soon(host, PATIENCE.0)) => return,
    };
    match told {
        Ok(Some(time)) => host.clock.hear_of(Other::Store, asked, time, Elapsed::ZERO),
        Ok(None) => {}
        Err(error) => tracing::warn!(error = %error, "the store's time could not be read"),
    }
}

async fn ask_bots(host: &Context, backend: Option<&Backend>) {
    let Some(backend) = backend else { return };
    let nobody = Keyed { tenant: TenantId(0), meeting: "", epoch: 0 }.key();
    let mut request = backend.find(&nobody).request;
    request.timeout = PATIENCE.1;
    // Whatever the answer is: what counts is when it was given.
    let _answer = host.call(request).await;
}

fn soon(host: &Context, after: Elapsed) -> Instant {
    host.now().checked_add(after).unwrap_or(Instant::MAX)
}

fn word(standing: Standing) -> &'static str {
    match standing {
        Standing::Wall => "wall",
        Standing::Own => "own",
        Standing::Doubt { .. } => "doubted",
    }
}

//! The last safety net of commands that prove things: a clock.
//!
//! Proofs count their steps, so that the same files always have the same findings; a clock must never decide what is found. This
//! one only ends a command whose steps took far longer than anybody waits, without an answer and with an exit code of its own.

use super::{Outcome, say};
use std::process;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// How long a command may look for proofs.
#[derive(clap::Args)]
pub(super) struct TimeLimit {
    /// End without an answer, with exit code 5, where proofs take longer than this
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    time_limit: u64,
}

impl TimeLimit {
    /// What the work gives. Where it takes too long, the process ends; so nothing may be half-written while it runs.
    pub(super) fn within<T>(&self, work: impl FnOnce() -> T) -> T {
        let (done, waiting) = mpsc::channel::<()>();
        let seconds = self.time_limit;
        let clock = thread::spawn(move || {
            if waiting.recv_timeout(Duration::from_secs(seconds)) == Err(RecvTimeoutError::Timeout) {
                say(&format!("error: stopped after {seconds} seconds, without an answer; --time-limit allows more"));
                process::exit(i32::from(Outcome::TimedOut.code()));
            }
        });
        let out = work();
        drop(done);
        // A clock that rang meanwhile has ended the process.
        let _ = clock.join();
        out
    }
}

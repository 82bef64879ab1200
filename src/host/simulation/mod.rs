//! The whole host against the simulated world, on a clock that only moves when nothing else does.
//!
//! The same loops that serve run here, on the store in memory and one thread; seeds decide everything. An [`oracle`] reads the
//! world's own history and says which bots there must have been, and which must not.

pub(in crate::host) mod clock;
pub(in crate::host) mod life;
mod oracle;
mod run;

use crate::host::world::weather::Sky;
use run::Run;

async fn check_runs(seeds: std::ops::Range<u64>, sky: Sky, crashes: u32) {
    let (mut wanted, mut wrong) = (0, Vec::new());
    for seed in seeds {
        let report = Run { seed, sky, days: 2, users: 4, meetings: 24, crashes }.report().await;
        wanted += report.wanted;
        wrong.extend(report.wrong.into_iter().map(|what| format!("seed {seed}: {what}")));
    }
    assert!(wrong.is_empty(), "{sky:?}, {crashes} crashes, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(wanted > 20, "only {wanted} meetings had to be recorded");
}

#[tokio::test(start_paused = true)]
async fn every_wanted_meeting_has_one_bot_in_calm_weather() {
    check_runs(0..6, Sky::Calm, 0).await;
}

#[tokio::test(start_paused = true)]
async fn every_wanted_meeting_has_one_bot_however_flaky_the_world() {
    check_runs(100..104, Sky::Flaky, 0).await;
}

#[tokio::test(start_paused = true)]
async fn a_host_that_is_killed_goes_on_where_it_was() {
    check_runs(200..204, Sky::Calm, 12).await;
}

#[test]
fn one_seed_gives_one_trace() {
    let trace = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(Run { seed: 7, sky: Sky::Flaky, days: 1, users: 3, meetings: 12, crashes: 2 }.report())
    };
    assert_eq!(trace(), trace());
}

//! A host that is told to stop: what will be answered soon is waited for, and nothing keeps it for longer.

use super::stage::{ANN, BEN, OUTSIDER, Stage, at, meeting};
use crate::host::app;
use crate::host::clock::{Boxed, Clock};
use crate::host::context::Context;
use crate::host::http::{Egress, NetError, Purpose, Request, Response};
use crate::host::sync::quota::{Limits, Rate};
use crate::time::Elapsed;
use expect_test::expect;
use std::sync::Arc;
use std::time::Duration;

/// A way out on which requests for bots take their time.
struct Slow(Arc<dyn Egress>, Duration);

impl Egress for Slow {
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>> {
        Box::pin(async move {
            if request.purpose == Purpose::Bots {
                tokio::time::sleep(self.1).await;
            }
            self.0.call(request).await
        })
    }
}

/// A host lives until so many seconds after the start, and is told to stop then: how many seconds that takes.
async fn live_and_stop(stage: &Stage, host: Context, secs: i64) -> i64 {
    let (stopper, stop) = app::stopper();
    let running = tokio::spawn(app::run(host, stage.setting.backend(), stop));
    stage.nobody_until(secs).await;
    stopper.stop();
    running.await.expect("the host does not break off");
    stage.setting.clock.now().duration_since(at(secs)).as_secs()
}

#[tokio::test(start_paused = true)]
async fn reads_that_wait_for_quota_do_not_keep_a_host_from_stopping() {
    let mut stage = Stage::new(&[ANN, BEN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    let rate = Rate { count: 1, window: Elapsed::from_secs(200) };
    stage.setting.limits = Some(Limits { client: rate, mailbox: rate, at_once: 1 });
    let host = stage.setting.host("host-1");
    let took = live_and_stop(&stage, host, -3590).await;
    assert!((1..=21).contains(&took), "took {took} s to stop");
    // Whoever comes next finds all of it.
    stage.setting.limits = None;
    stage.live_until(60).await;
    assert!(stage.told().await.contains("A joins"), "{}", stage.told().await);
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_was_asked_for_is_waited_for() {
    let stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    let mut host = stage.setting.host("host-1");
    host.egress = Arc::new(Slow(host.egress, Duration::from_secs(8)));
    let took = live_and_stop(&stage, host, -103).await;
    assert!((1..=8).contains(&took), "took {took} s to stop: {}", stage.told().await);
    stage
        .check(expect![[r#"
            -99s   A is accepted
            -3599s recording.planned
            -99s   dispatch.accepted
            -99s   dispatch.joined
        "#]])
        .await;
}

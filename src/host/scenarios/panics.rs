//! Answers that break off the work on them, as a bug of ours would (reliability.md T32): the others go on, what broke off is tried
//! again at its own pace, and nobody is asked in a loop.

use super::stage::{ANN, BEN, OUTSIDER, Stage, at, meeting};
use crate::host::app;
use crate::host::clock::Boxed;
use crate::host::http::{Egress, Method, NetError, Purpose, Request, Response};
use crate::host::model::EndpointId;
use crate::host::simulation::life::TENANT;
use expect_test::expect;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A way out on which some requests panic.
struct Breaking {
    inner: Arc<dyn Egress>,
    /// Whether the request breaks, of which so many have broken.
    breaks: fn(&Request, usize) -> bool,
    broken: Arc<AtomicUsize>,
}

impl Egress for Breaking {
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>> {
        Box::pin(async move {
            if (self.breaks)(&request, self.broken.load(Ordering::Relaxed)) {
                self.broken.fetch_add(1, Ordering::Relaxed);
                panic!("work on a request broke off, as the test wants");
            }
            self.inner.call(request).await
        })
    }
}

/// A host lives until then, with requests that break; how many did.
async fn live(stage: &Stage, secs: i64, breaks: fn(&Request, usize) -> bool) -> usize {
    let mut host = stage.setting.host("host-1");
    let broken = Arc::new(AtomicUsize::new(0));
    host.egress = Arc::new(Breaking { inner: host.egress, breaks, broken: broken.clone() });
    let (_stopper, stop) = app::stopper();
    let running = tokio::spawn(app::run(host, stage.setting.backend(), stop));
    stage.nobody_until(secs).await;
    running.abort();
    let _ = running.await;
    broken.load(Ordering::Relaxed)
}

fn is_anns(request: &Request) -> bool {
    request.find_header("authorization").is_some_and(|header| header.starts_with("Bearer token-ann"))
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_breaks_its_pass_off_is_read_again_and_holds_up_no_other() {
    let stage = Stage::new(&[ANN, BEN], vec![meeting(BEN, &[OUTSIDER])], vec![]).await;
    let broken = live(&stage, 60, |request, _| is_anns(request)).await;
    assert!((3..30).contains(&broken), "broke off {broken} times in an hour");
    stage
        .check(expect![[r#"
            -100s  A is accepted
            -100s  A joins
            -3599s recording.planned
            -100s  dispatch.accepted
            -100s  dispatch.joined
        "#]])
        .await;
    // It is not given up: where it works again, its meetings get their bots.
    let stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    assert_eq!(live(&stage, 60, |request, broken| is_anns(request) && broken < 3).await, 3);
    assert!(stage.told().await.contains("A joins"), "{}", stage.told().await);
}

#[tokio::test(start_paused = true)]
async fn a_request_for_a_bot_that_breaks_off_is_counted_and_made_again_under_its_key() {
    let stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    let asks = |request: &Request, broken| request.purpose == Purpose::Bots && request.method != Method::Get && broken < 2;
    assert_eq!(live(&stage, 60, asks).await, 2);
    stage
        .check(expect![[r#"
        -74s   A is accepted
        -74s   A joins
        -3599s recording.planned
        -74s   dispatch.accepted
        -74s   dispatch.joined
    "#]])
        .await;
    let rows = stage.setting.store().due_dispatches(at(86_400), 10).await.expect("read");
    assert_eq!(rows.iter().map(|row| row.attempts).collect::<Vec<_>>(), [3]);
}

#[tokio::test(start_paused = true)]
async fn a_request_for_a_bot_that_always_breaks_off_is_given_up_with_a_reason() {
    let stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    let asks = |request: &Request, _| request.purpose == Purpose::Bots && request.method == Method::Put;
    let broken = live(&stage, 1800, asks).await;
    assert!((3..60).contains(&broken), "broke off {broken} times");
    stage
        .check(expect![[r#"
        600s   A is recalled before it was asked for
        -3599s recording.planned
        600s   dispatch.missed: late
    "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_delivery_that_breaks_off_is_counted_and_given_up_and_others_go_on() {
    let stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    let asks = |request: &Request, _| {
        request.purpose == Purpose::Webhook && String::from_utf8_lossy(&request.body).contains("recording.planned")
    };
    let broken = live(&stage, 60, asks).await;
    assert_eq!(broken, 10);
    let journal = stage.setting.shared.world().receivers.journal().to_vec();
    let kinds: Vec<&str> = journal.iter().map(|line| line.kind.as_str()).collect();
    assert_eq!(kinds, ["dispatch.accepted", "dispatch.joined"]);
    let dead = stage.setting.store().dead_deliveries(TENANT, EndpointId(1), 10).await.expect("read");
    assert_eq!(dead.iter().map(|row| row.attempts).collect::<Vec<_>>(), [10]);
}

//! Hosts, clocks and services that fail at the wrong moment: `providers.md` C 8, 10, 24.

use super::stage::{ANN, BEN, CAT, OUTSIDER, Stage, at, meeting, titled};
use crate::host::clock::Clock;
use crate::host::world::calendar::{AccountId, Edit};
use crate::host::world::weather::{Fault, Kind, Service};
use expect_test::expect;

async fn one_meeting(edits: Vec<(i64, Edit)>) -> Stage {
    Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], edits).await
}

#[tokio::test(start_paused = true)]
async fn a_service_that_refuses_is_asked_seldom_and_given_up_with_a_reason() {
    let mut stage = one_meeting(vec![(0, titled("Weekly talk, second try")), (300, titled("Weekly talk, third try"))]).await;
    for nth in 1..=200 {
        stage.setting.shared.world().weather.strike(Kind::BotCreate, nth, Fault::Throttled);
    }
    stage.live_until(1800).await;
    let asked = stage.setting.shared.world().weather.asked()[&Kind::BotCreate];
    assert!((5..60).contains(&asked), "asked {asked} times");
    stage
        .check(expect![[r#"
            600s   A is recalled before it was asked for
            -3599s recording.planned
            600s   dispatch.missed: throttled
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_host_that_dies_between_claim_and_call_loses_no_bot() {
    let mut stage = one_meeting(vec![]).await;
    // The request is never answered, and the host dies while it waits.
    stage.setting.shared.world().weather.strike(Kind::BotCreate, 1, Fault::Unanswered);
    stage.live_until(-92).await;
    stage.nobody_until(-80).await;
    stage.live_until(60).await;
    stage
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            -3599s recording.planned
            -97s   dispatch.accepted
            -97s   dispatch.joined
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_host_that_comes_back_late_reads_before_it_joins() {
    let mut stage = one_meeting(vec![]).await;
    stage.live_until(-1800).await;
    stage.nobody_until(120).await;
    stage.live_until(400).await;
    stage
        .check(expect![[r#"
            120s   A is accepted
            120s   A joins
            -3599s recording.planned
            120s   dispatch.accepted
            120s   dispatch.joined
        "#]])
        .await;
    // Its first answer, that of the token endpoint, says what time it is, so that the bot is claimed before the calendar is read.
    let mut cancelled = one_meeting(vec![(-600, Edit::Cancel)]).await;
    cancelled.live_until(-1800).await;
    cancelled.nobody_until(120).await;
    cancelled.live_until(400).await;
    cancelled
        .check(expect![[r#"
            -3599s recording.planned
            120s   dispatch.withdrawn: no calendar shows it any more
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_host_that_comes_back_too_late_says_what_was_missed() {
    let mut stage = one_meeting(vec![]).await;
    stage.live_until(-1800).await;
    stage.nobody_until(1200).await;
    stage.live_until(1500).await;
    stage
        .check(expect![[r#"
            -3599s recording.planned
            1200s  dispatch.missed: late
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_sends_no_second_bot() {
    for jump in [600, -600] {
        let mut stage = one_meeting(vec![]).await;
        let clock = stage.setting.clock.clone();
        stage
            .live_with_clock(900, async |own| {
                clock.sleep_until(at(-300)).await;
                own.set_off(jump);
                clock.sleep_until(at(-200)).await;
                own.set_off(0);
                clock.sleep_until(at(60)).await;
                own.set_off(-jump);
                clock.sleep_until(at(120)).await;
                own.set_off(0);
            })
            .await;
        let told = stage.told().await;
        assert_eq!(stage.stays().len(), 1, "{jump}\n{told}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_stays_dark_leaves_the_last_known_plan_unverified() {
    let mut stage = Stage::new(&[BEN], vec![meeting(BEN, &[OUTSIDER])], vec![]).await;
    stage.live_until(-1800).await;
    stage.setting.shared.world().weather.darken(Service::Graph, at(3600));
    stage.live_until(120).await;
    stage
        .check(expect![[r#"
            -100s  A is accepted
            -100s  A joins
            -3599s recording.planned
            -100s  dispatch.accepted
            -100s  dispatch.joined
        "#]])
        .await;
    let accepted = stage.events().await.into_iter().find(|event| event.kind == "dispatch.accepted").expect("a bot");
    assert!(accepted.body.contains("\"verified\":false"), "{}", accepted.body);
}

#[tokio::test(start_paused = true)]
async fn a_meeting_that_was_seen_just_before_is_verified() {
    for person in [ANN, BEN, CAT] {
        let mut stage = Stage::new(&[person], vec![meeting(person, &[OUTSIDER])], vec![]).await;
        stage.live_until(120).await;
        let accepted = stage.events().await.into_iter().find(|event| event.kind == "dispatch.accepted").expect("a bot");
        assert!(accepted.body.contains("\"verified\":true"), "{person:?} {}", accepted.body);
    }
}

#[tokio::test(start_paused = true)]
async fn a_grant_that_is_lost_is_told_once_and_keeps_what_was_planned() {
    let mut stage = Stage::new(&[ANN, BEN], vec![meeting(ANN, &[OUTSIDER])], vec![]).await;
    stage.live_until(-1800).await;
    let account = AccountId(0);
    stage.setting.shared.world().truth.change_token(account, "another".into());
    stage.live_until(7200).await;
    stage
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            1800s  A leaves at the end
            -3599s recording.planned
            -1666s connection.lost: grant-refused
            -107s  dispatch.accepted
            -107s  dispatch.joined
            1805s  dispatch.ended
        "#]])
        .await;
}

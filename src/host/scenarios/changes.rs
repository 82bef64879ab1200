//! One meeting that changes: `providers.md` C 3, 4, 25.

use super::stage::{
    ANN, BEN, CAT, LINK, LINK_ELSEWHERE, LINK_NEW_PASSWORD, OUTSIDER, Stage, address, at, linked, meeting, moved, titled, zone,
};
use crate::host::world::calendar::{Change, Edit};
use crate::value::Response;
use expect_test::expect;

async fn ann_changes(edits: Vec<(i64, Edit)>, until: i64) -> Stage {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], edits).await;
    stage.live_until(until).await;
    stage
}

#[tokio::test(start_paused = true)]
async fn cancelled_ten_seconds_before_the_claim() {
    ann_changes(vec![(-115, Edit::Cancel)], 120)
        .await
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            -89s   A is recalled and leaves
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
            -89s   dispatch.recalled: no calendar shows it any more
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_just_after_the_claim() {
    ann_changes(vec![(-89, Edit::Cancel)], 120)
        .await
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            -31s   A is recalled and leaves
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
            -31s   dispatch.recalled: no calendar shows it any more
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_one_second_before_the_start() {
    ann_changes(vec![(-1, Edit::Cancel)], 120)
        .await
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            30s    A is recalled and leaves
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
            30s    dispatch.recalled: no calendar shows it any more
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_ten_seconds_after_the_start() {
    ann_changes(vec![(10, Edit::Cancel)], 120)
        .await
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            30s    A is recalled and leaves
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
            30s    dispatch.recalled: no calendar shows it any more
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_title_that_a_rule_forbids_recalls_the_bot() {
    ann_changes(vec![(-20, titled("Weekly talk (private)"))], 120)
        .await
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            30s    A is recalled and leaves
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
            30s    dispatch.recalled: by quiet
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn moved_earlier_past_its_claim_joins_now() {
    // From two hours later to thirty seconds from then.
    let mut late = meeting(ANN, &[OUTSIDER]);
    late.first = zone().civil(at(7200));
    let mut stage = Stage::new(&[ANN], vec![late], vec![(-30, moved(0))]).await;
    stage.live_until(300).await;
    stage
        .check(expect![[r#"
            36s    A is accepted
            36s    A joins
            -3599s recording.planned
            36s    recording.moved
            36s    dispatch.accepted
            36s    dispatch.joined
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn moved_into_the_past_while_it_still_runs_joins_now() {
    let mut late = meeting(ANN, &[OUTSIDER]);
    late.first = zone().civil(at(7200));
    let mut stage = Stage::new(&[ANN], vec![late], vec![(300, moved(0))]).await;
    stage.live_until(900).await;
    stage
        .check(expect![[r#"
            336s   A is accepted
            336s   A joins
            -3599s recording.planned
            336s   recording.moved
            336s   dispatch.accepted
            336s   dispatch.joined
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn moved_to_when_it_is_over_gets_no_bot() {
    let mut late = meeting(ANN, &[OUTSIDER]);
    late.first = zone().civil(at(7200));
    let mut stage = Stage::new(&[ANN], vec![late], vec![(3600, moved(0))]).await;
    stage.live_until(4500).await;
    stage
        .check(expect![[r#"
            -3599s recording.planned
            3632s  recording.moved
            3632s  dispatch.missed: late
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_added_late_brings_a_bot() {
    let mut bare = meeting(ANN, &[OUTSIDER]);
    bare.content.link = None;
    let mut stage = Stage::new(&[ANN], vec![bare], vec![(-200, linked(Some(LINK)))]).await;
    stage.live_until(300).await;
    stage
        .check(expect![[r#"
            36s    A is accepted
            36s    A joins
            36s    recording.planned
            36s    dispatch.accepted
            36s    dispatch.joined
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn another_meeting_behind_the_link_is_booked_anew() {
    ann_changes(vec![(-600, linked(Some(LINK_ELSEWHERE)))], 120)
        .await
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
        "#]])
        .await;
    ann_changes(vec![(-30, linked(Some(LINK_ELSEWHERE)))], 120)
        .await
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            30s    A is recalled and leaves
            32s    B is accepted
            32s    B joins
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
            29s    recording.planned
            30s    dispatch.recalled: moved
            32s    dispatch.accepted
            32s    dispatch.joined
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_new_password_reaches_the_bot() {
    let before = ann_changes(vec![(-600, linked(Some(LINK_NEW_PASSWORD)))], -60).await;
    before
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
        "#]])
        .await;
    let urls = |stage: &Stage| {
        let world = stage.setting.shared.world().clone();
        world.bots.all().values().map(|bot| bot.spec["url"].as_str().unwrap_or("none").to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(urls(&before), [LINK_NEW_PASSWORD]);
    let after = ann_changes(vec![(-60, linked(Some(LINK_NEW_PASSWORD)))], 60).await;
    after
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_removed_takes_the_bot_back_but_not_out_of_a_running_meeting() {
    ann_changes(vec![(-600, linked(None))], 120)
        .await
        .check(expect![[r#"
            -3599s recording.planned
            -569s  dispatch.withdrawn: not recordable: no meeting link
        "#]])
        .await;
    ann_changes(vec![(300, linked(None))], 2000)
        .await
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            1800s  A leaves at the end
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
            1805s  dispatch.ended
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_running_meeting_that_loses_its_link_and_is_moved_loses_its_bot() {
    ann_changes(vec![(300, linked(None)), (300, moved(7200))], 2000)
        .await
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            325s   A is recalled and leaves
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
            325s   dispatch.recalled: not recordable: no meeting link
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_running_meeting_that_is_moved_to_another_room_and_when_it_is_over_loses_its_bot() {
    ann_changes(vec![(300, linked(Some(LINK_ELSEWHERE))), (300, moved(-7200))], 2000)
        .await
        .check(expect![[r#"
        -107s  A is accepted
        -107s  A joins
        325s   A is recalled and leaves
        -3599s recording.planned
        -107s  dispatch.accepted
        -107s  dispatch.joined
        325s   dispatch.recalled: moved
    "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_running_meeting_that_is_gone_from_the_calendar_loses_its_bot() {
    let theirs = meeting((OUTSIDER, ANN.1), &["ann"]);
    let mut stage = Stage::new(&[ANN], vec![theirs], vec![(900, Edit::Cancel)]).await;
    stage.live_until(2000).await;
    stage
        .check(expect![[r#"
        -90s   A is accepted
        -90s   A joins
        942s   A is recalled and leaves
        -3599s recording.planned
        -90s   dispatch.accepted
        -90s   dispatch.joined
        942s   dispatch.recalled: no calendar shows it any more
    "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_guest_who_declines_takes_back_what_only_that_copy_wanted() {
    let declined = Edit::Content(Change::Respond(address("ben"), Response::Declined));
    let mut stage = Stage::new(&[BEN], vec![meeting((OUTSIDER, CAT.1), &["ben"])], vec![(-300, declined)]).await;
    stage.live_until(120).await;
    stage
        .check(expect![[r#"
            -3599s recording.planned
            -273s  dispatch.withdrawn: no calendar shows it any more
        "#]])
        .await;
}

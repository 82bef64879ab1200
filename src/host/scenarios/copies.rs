//! One meeting in several calendars, and several meetings that look like one: `providers.md` C 1, 2, 15, 16, 19.

use super::stage::{ANN, BEN, CAT, LINK, MEETING, OUTSIDER, Stage, address, at, linked, meeting, moved, titled, zone};
use crate::host::model::{Origin, OverrideRow};
use crate::host::planning::redecide;
use crate::host::simulation::life::TENANT;
use crate::host::store::{Commit, Write};
use crate::host::world::calendar::{AccountId, Change, Content, Edit, Guest, Meeting};
use crate::host::world::script::What;
use crate::host::world::weather::Service;
use expect_test::expect;

const ALL: [(&str, Origin); 3] = [ANN, BEN, CAT];

#[tokio::test(start_paused = true)]
async fn three_copies_of_one_meeting_get_one_bot() {
    let mut stage = Stage::new(&ALL, vec![meeting(ANN, &["ben", "cat"])], vec![]).await;
    stage.live_until(120).await;
    stage
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
async fn one_bot_follows_a_move_that_three_calendars_show_at_different_times() {
    let mut stage = Stage::new(&ALL, vec![meeting(BEN, &["ann", "cat"])], vec![(-1200, moved(600))]).await;
    stage.live_until(720).await;
    stage
        .check(expect![[r#"
            499s   A is accepted
            499s   A joins
            -3599s recording.planned
            -1159s recording.moved
            499s   dispatch.accepted
            499s   dispatch.joined
        "#]])
        .await;
}

/// The copy that was read first made the meeting one of the morning, which went on with the bot that was there. The other copy still
/// showed the meeting there, which had none, and got another.
#[tokio::test(start_paused = true)]
async fn a_running_meeting_that_calendars_move_into_the_past_one_after_the_other_has_one_bot() {
    for people in [[ANN, BEN], [BEN, ANN]] {
        for moved_at in [15, 30, 45] {
            let mut stage = Stage::new(&people, vec![meeting(ANN, &["ben"])], vec![(moved_at, moved(-9000))]).await;
            stage.live_until(1900).await;
            assert!(matches!(stage.stays()[..], [(-107, 1800)]), "{}", stage.told().await);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_copy_that_is_thrown_away_leaves_the_bot_to_the_others() {
    let drop = Edit::Drop(address("ben"));
    let mut stage = Stage::new(&ALL, vec![meeting(ANN, &["ben", "cat"])], vec![(-900, drop)]).await;
    stage.live_until(120).await;
    stage
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
async fn a_meeting_that_is_called_off_loses_its_one_bot_in_every_calendar() {
    let mut stage = Stage::new(&ALL, vec![meeting(CAT, &["ann", "ben"])], vec![(-900, Edit::Cancel)]).await;
    stage.live_until(120).await;
    stage
        .check(expect![[r#"
            -3599s recording.planned
            -844s  dispatch.withdrawn: not recordable: cancelled
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn a_stop_outlives_resync_restart_and_edits() {
    let edits = vec![(-900, titled("Weekly talk, new agenda")), (-600, moved(300))];
    let mut stage = Stage::new(&[ANN, BEN], vec![meeting(ANN, &["ben"])], edits).await;
    stage.live_until(-1800).await;
    let host = stage.setting.host("desk");
    let sightings = host.store.all_sightings(TENANT).await.expect("read");
    let uid = sightings[0].uid.clone().expect("a UID");
    let stop = OverrideRow {
        tenant: TENANT,
        user: None,
        uid,
        occurrence: Some(sightings[0].occurrence.clone()),
        mark: format!("organizer:{}", address("ann")),
        stop: true,
    };
    host.store.commit(Commit { tenant: TENANT, writes: vec![Write::Override(stop)] }).await.expect("stored");
    redecide(&host, TENANT).await.expect("decided");
    // Both calendars begin anew, on a host that knows nothing.
    for account in [AccountId(0), AccountId(1)] {
        let now = stage.setting.now();
        stage.setting.shared.world().forget_cursors(now, account);
    }
    stage.live_until(600).await;
    stage
        .check(expect![[r#"
        -3599s recording.planned
        -1800s dispatch.withdrawn: a person said not to record this occurrence
    "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn two_meetings_in_a_personal_room_get_a_bot_each() {
    let next = Meeting {
        uid: "second@google.com".into(),
        handle: "second".into(),
        first: zone().civil(at(1800)),
        ..meeting(ANN, &[OUTSIDER])
    };
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER]), next], vec![]).await;
    stage.live_until(3700).await;
    stage
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            1800s  A leaves at the end
            1800s  B is accepted
            1800s  B joins
            3600s  B leaves at the end
            -3599s recording.planned
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
            1800s  dispatch.accepted
            1800s  dispatch.joined
            1805s  dispatch.ended
            3605s  dispatch.ended
        "#]])
        .await;
}

/// The talk that must not be recorded ends in the room of the next one: no bot comes before it has.
#[tokio::test(start_paused = true)]
async fn no_bot_enters_a_room_while_another_meeting_is_in_it() {
    let mut private = meeting(ANN, &[OUTSIDER]);
    private.content.title = "Weekly talk (private)".into();
    let next = Meeting {
        uid: "second@google.com".into(),
        handle: "second".into(),
        first: zone().civil(at(1800)),
        ..meeting(ANN, &[OUTSIDER])
    };
    let mut stage = Stage::new(&[ANN], vec![private.clone(), next.clone()], vec![]).await;
    stage.live_until(1900).await;
    assert!(matches!(stage.stays()[..], [(1800..=1801, 3600)]), "{}", stage.told().await);
    // Called off in time, it takes no room, though the next one may have been found to wait for it.
    for off_at in [-600, 1380, 1440, 1500, 1560] {
        let mut off = Stage::new(&[ANN], vec![private.clone(), next.clone()], vec![(off_at, Edit::Cancel)]).await;
        off.live_until(1900).await;
        assert!(matches!(off.stays()[..], [(1690..=1710, 3600)]), "{off_at}: {}", off.told().await);
    }
}

#[tokio::test(start_paused = true)]
async fn a_perpetual_event_is_a_new_meeting_each_time_it_is_moved_on() {
    let mut stage = Stage::new(&[ANN], vec![meeting(ANN, &[OUTSIDER])], vec![(2400, moved(7200))]).await;
    stage.live_until(7500).await;
    stage
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            1800s  A leaves at the end
            7100s  B is accepted
            7100s  B joins
            -3599s recording.planned
            -107s  dispatch.accepted
            -107s  dispatch.joined
            1805s  dispatch.ended
            2431s  recording.planned
            7100s  dispatch.accepted
            7100s  dispatch.joined
        "#]])
        .await;
}

#[tokio::test(start_paused = true)]
async fn guests_that_one_copy_hides_are_known_from_another() {
    let rules = "callsheet 1\nlayer organisation\nour domains @acme.example\ndefault skip\n\n\
        rule outside:\n  record\n  when any attendee is external\n";
    for (people, bots) in [(&[BEN][..], 0), (&[BEN, ANN][..], 1)] {
        let mut hidden = meeting(ANN, &["ben", OUTSIDER]);
        hidden.content.guests_hidden = true;
        let mut stage = Stage::new(people, vec![hidden], vec![]).await;
        stage.is_ruled_by(rules).await;
        stage.live_until(120).await;
        assert_eq!(stage.stays().len(), bots, "{people:?}\n{}", stage.told().await);
    }
}

#[tokio::test(start_paused = true)]
async fn an_outsider_who_copies_a_uid_changes_nothing() {
    let forged = Meeting {
        handle: "forged".into(),
        organizer: "mallory@evil.example".into(),
        content: Content {
            title: "Weekly talk (private)".into(),
            link: Some("https://us02web.zoom.us/j/666666666".into()),
            guests: vec![Guest::person(address("ann"))],
            ..Default::default()
        },
        cancelled: false,
        created: at(-600),
        ..meeting(ANN, &[])
    };
    let steps = vec![
        (-600, What::Create(Box::new(forged))),
        (-300, What::Edit("forged".into(), Edit::Cancel)),
        (-200, What::Edit(MEETING.into(), Edit::Content(Change::Invite(Guest::person(address("ben")))))),
    ];
    let mut stage = Stage::with_steps(&[ANN, BEN], vec![meeting(ANN, &[OUTSIDER])], steps).await;
    stage.live_until(120).await;
    stage
        .check(expect![[r#"
            -107s  A is accepted
            -107s  A joins
            -3599s recording.planned
            -569s  meeting.conflict
            -569s  meeting.conflict
            -107s  dispatch.accepted
            -107s  dispatch.joined
        "#]])
        .await;
}

/// The link was added while the feed could not be read any more, which shows the meeting without one ever since: whoever is in a
/// meeting needs no link, so its bot could stay there, while what was made anew got another.
#[tokio::test(start_paused = true)]
async fn a_meeting_made_anew_while_a_feed_is_dark_goes_on_with_its_bot() {
    for (called_off, until) in [(60, 900), (60, 3600), (-60, 900)] {
        let mut bare = meeting(ANN, &["cat"]);
        bare.content.link = None;
        let edits = vec![(-1200, linked(Some(LINK))), (called_off, Edit::Recreate)];
        let mut stage = Stage::new(&[ANN, CAT], vec![bare], edits).await;
        stage.live_until(-1800).await;
        stage.setting.shared.world().weather.darken(Service::Feeds, at(until));
        stage.live_until(3700).await;
        let stays = stage.stays();
        assert!(matches!(stays[..], [(-110..=-90, 1800)]), "{called_off}: {stays:?}\n{}", stage.told().await);
    }
}

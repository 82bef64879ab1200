//! Messages of providers, and what goes wrong with them: `providers.md` C 20 and 21.

use super::stage::{ANN, BEN, OUTSIDER, Stage, at, meeting, moved};
use crate::host::clock::Clock;
use crate::host::model::{CalendarId, Channel, ChannelState, ConnectionId};
use crate::host::oauth::cut;
use crate::host::operations::connections;
use crate::host::simulation::life::TENANT;
use crate::host::world::calendar::{AccountId, Edit};
use crate::host::world::push::Manner;
use crate::host::world::weather::{Fault, Kind};
use crate::time::Elapsed;

/// An office with push, and somebody who brings its messages.
async fn pushed(manner: Manner, edits: Vec<(i64, Edit)>) -> Stage {
    let mut stage = Stage::new(&[ANN, BEN], vec![meeting(ANN, &["ben", OUTSIDER])], edits).await;
    stage.setting.push = true;
    stage.setting.shared.world().push.set(manner, 5);
    tokio::spawn(stage.setting.shared.clone().post());
    stage
}

async fn channels_of(stage: &Stage, calendar: u64) -> Vec<Channel> {
    stage.setting.store().channels_of(TENANT, CalendarId(calendar)).await.expect("a store in memory")
}

async fn live(stage: &Stage, calendar: u64) -> usize {
    channels_of(stage, calendar).await.iter().filter(|row| row.state == ChannelState::Live).count()
}

/// The start that the store has of the meeting, in seconds from its first.
async fn known_start(stage: &Stage) -> i64 {
    let meetings = stage.setting.store().meetings(TENANT, at(-7200), at(7200), 10).await.expect("a store in memory");
    meetings[0].start.duration_since(at(0)).as_secs()
}

/// What bots did, and what was told, with nobody pushing.
async fn polled(edits: Vec<(i64, Edit)>) -> String {
    let mut stage = Stage::new(&[ANN, BEN], vec![meeting(ANN, &["ben", OUTSIDER])], edits).await;
    stage.live_until(1200).await;
    stage.told().await
}

fn bots(told: &str) -> Vec<&str> {
    told.lines().filter(|line| line.split_whitespace().nth(1) == Some("A")).collect()
}

#[tokio::test(start_paused = true)]
async fn a_change_that_is_told_is_followed_within_seconds() {
    let mut stage = pushed(Manner { early: 500, ..Manner::default() }, vec![(-2400, moved(600))]).await;
    stage.live_until(-2380).await;
    assert_eq!((live(&stage, 1).await, live(&stage, 2).await), (1, 1), "{:?}", channels_of(&stage, 2).await);
    assert_eq!(known_start(&stage).await, 600, "{:?}", stage.setting.shared.world().push.counts());
}

#[tokio::test(start_paused = true)]
async fn with_every_message_lost_bots_come_as_if_nobody_pushed() {
    for edits in [vec![], vec![(-1500, moved(300))], vec![(-1000, Edit::Cancel)], vec![(-100, Edit::Cancel)]] {
        let mut stage = pushed(Manner { lost: 1000, ..Manner::default() }, edits.clone()).await;
        stage.live_until(1200).await;
        assert_eq!(live(&stage, 1).await, 1);
        let (told, expected) = (stage.told().await, polled(edits).await);
        assert_eq!(bots(&told), bots(&expected), "{told}\n{expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn late_double_and_made_up_messages_change_no_bot() {
    let manner = Manner { late: 700, twice: 700, forged: 700, absent: 300, early: 1000, ..Manner::default() };
    let mut stage = pushed(manner, vec![(-2400, moved(600)), (-2000, moved(0))]).await;
    stage.live_until(120).await;
    assert_eq!(stage.stays().len(), 1, "{}", stage.told().await);
    let counts = stage.setting.shared.world().push.counts().clone();
    assert!(counts.contains_key("twice") && counts.contains_key("brought"), "{counts:?}");
}

#[tokio::test(start_paused = true)]
async fn a_channel_lives_on_before_the_one_before_it_is_stopped() {
    let manner = Manner { life: Some(Elapsed::from_mins(10)), holds_to_account: true, ..Manner::default() };
    let mut stage = pushed(manner, vec![]).await;
    stage.live_until(0).await;
    let world = stage.setting.shared.world().clone();
    assert_eq!(world.audit.violations(), []);
    // Six times ten minutes: Google's are replaced and stopped, Graph's live on.
    assert!(world.push.counts()["stopped"] >= 5 && world.push.counts()["extended"] >= 5, "{:?}", world.push.counts());
}

#[tokio::test(start_paused = true)]
async fn a_calendar_that_cannot_be_watched_is_polled_and_not_asked_about_each_time() {
    let mut stage = pushed(Manner { refused: 1000, ..Manner::default() }, vec![(-1500, moved(300))]).await;
    stage.live_until(-900).await;
    assert_eq!((live(&stage, 1).await, live(&stage, 2).await, known_start(&stage).await), (0, 0, 300));
    let rows = channels_of(&stage, 1).await;
    assert_eq!((rows.len(), rows[0].state, rows[0].tries), (1, ChannelState::Refused, 1));
}

#[tokio::test(start_paused = true)]
async fn the_handshake_is_answered_while_the_request_is_open() {
    // The world asks both addresses before it answers, and answers only then: whoever waited for the answer first would wait for ever.
    let mut stage = pushed(Manner { unproven: 500, ..Manner::default() }, vec![]).await;
    stage.live_until(-2400).await;
    assert_eq!(live(&stage, 2).await, 1);
    assert!(stage.setting.shared.world().push.counts()["validated"] >= 2);
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_gone_or_missed_something_is_made_good() {
    let mut stage = pushed(Manner::default(), vec![]).await;
    stage.live_until(-3000).await;
    let first = channels_of(&stage, 2).await;
    let now = stage.setting.now();
    stage.setting.shared.world().push.say(now, AccountId(1), "subscriptionRemoved");
    stage.live_until(-2800).await;
    assert_eq!(live(&stage, 2).await, 1);
    assert!(channels_of(&stage, 2).await.iter().any(|row| row.state == ChannelState::Live && row.id != first[0].id));
    let now = stage.setting.now();
    stage.setting.shared.world().push.say(now, AccountId(1), "missed");
    stage.live_until(-2700).await;
    assert_eq!(stage.setting.store().wakes(at(7200), 10).await.expect("a store in memory"), []);
}

#[tokio::test(start_paused = true)]
async fn who_disconnects_leaves_no_channel_behind() {
    let mut stage = pushed(Manner::default(), vec![]).await;
    stage.live_until(-3000).await;
    assert_eq!(stage.setting.shared.world().push.channels(), 2);
    let host = stage.setting.host("operator");
    for connection in [1, 2] {
        connections::disconnect(&host, TENANT, ConnectionId(connection)).await.expect("a store in memory");
    }
    assert_eq!(stage.setting.shared.world().push.channels(), 2, "who cuts waits for nobody");
    for row in host.store.due_partings(host.now() + Elapsed::from_secs(1), 10).await.expect("a store in memory") {
        assert_ne!(cut::part(&host, &row).await.expect("a store in memory"), None, "all that can be done is done");
    }
    assert_eq!(stage.setting.shared.world().push.channels(), 0);
    assert_eq!(host.store.partings(TENANT).await.expect("a store in memory"), []);
    assert_eq!((live(&stage, 1).await, live(&stage, 2).await), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_granted_after_its_connection_was_cut_is_stopped() {
    let stage = pushed(Manner::default(), vec![]).await;
    // Its provider carries the request out, and the answer takes long.
    stage.setting.shared.world().weather.strike(Kind::GoogleWatch, 1, Fault::Slow);
    let host = stage.setting.begin("host");
    let watched = async || !channels_of(&stage, 1).await.is_empty();
    while !watched().await {
        stage.setting.clock.sleep_until(stage.setting.now() + Elapsed::from_millis(200)).await;
    }
    assert_eq!(channels_of(&stage, 1).await[0].resource, None);
    let other = stage.setting.host("operator");
    let rows = connections::disconnect(&other, TENANT, ConnectionId(1)).await;
    rows.expect("a store in memory");
    stage.setting.clock.sleep_until(stage.setting.now() + Elapsed::from_mins(2)).await;
    assert_eq!(stage.setting.shared.world().push.channels(), 1, "Ben's is left");
    host.kill().await;
}

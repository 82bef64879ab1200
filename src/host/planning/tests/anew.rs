//! Meetings that are called off and made anew, while some calendar still shows what was.

use super::{Scene, pitch, with};
use crate::host::model::DispatchState;
use expect_test::expect;
use serde_json::{Value, json};

/// The pitch as a calendar shows it that knows of no link.
fn without_link(id: &str) -> Value {
    with(pitch(id), json!({ "location": "" }))
}

/// The pitch made anew: the same room and start under another UID.
fn anew(id: &str) -> Value {
    with(pitch(id), json!({ "iCalUID": "anew@google.com" }))
}

#[tokio::test]
async fn a_meeting_made_anew_goes_on_with_the_bot_that_is_in_its_room() {
    let scene = Scene::new().await;
    scene.shows(2, &[without_link("b1")]).await;
    scene.shows(1, &[pitch("a1")]).await;
    scene.bots_become(DispatchState::Joined).await;
    // Ben's calendar is not read, and shows the former meeting, which was in no room yet.
    scene.shows(1, &[anew("a2")]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z record for 1: by outside [1/a2#single]
          bot 0 joined, start 2026-03-02T10:00:00Z
        2026-03-02T10:00:00Z not-recordable for 2: not recordable: no meeting link [2/b1#single]
        recording.planned
    "#]])
        .await;
    // When it is, nothing is left of that.
    scene.shows(2, &[anew("b2")]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z record for 1: by outside [1/a2#single 2/b2#single]
          bot 0 joined, start 2026-03-02T10:00:00Z
        2026-03-02T10:00:00Z not-recordable for 2: no calendar shows it any more []
        recording.planned
    "#]])
        .await;
}

#[tokio::test]
async fn the_bot_in_the_room_is_found_though_nothing_else_leads_to_its_meeting() {
    let scene = Scene::new().await;
    scene.shows(2, &[without_link("b1")]).await;
    scene.shows(1, &[pitch("a1")]).await;
    scene.bots_become(DispatchState::Joined).await;
    scene.shows(1, &[]).await;
    scene.shows(1, &[anew("a2")]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z record for 1: by outside [1/a2#single]
          bot 0 joined, start 2026-03-02T10:00:00Z
        2026-03-02T10:00:00Z not-recordable for 2: not recordable: no meeting link [2/b1#single]
        recording.planned
    "#]])
        .await;
}

#[tokio::test]
async fn a_bot_in_the_room_is_not_taken_from_a_meeting_by_one_that_wants_none() {
    let scene = Scene::new().await;
    scene.shows(2, &[without_link("b1")]).await;
    scene.shows(1, &[pitch("a1")]).await;
    scene.bots_become(DispatchState::Joined).await;
    scene.shows(1, &[with(anew("a2"), json!({ "status": "cancelled" }))]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z not-recordable for 2: not recordable: no meeting link [2/b1#single]
          bot 0 joined, start 2026-03-02T10:00:00Z
        2026-03-02T10:00:00Z not-recordable for 1: not recordable: cancelled [1/a2#single]
        recording.planned
    "#]])
        .await;
}

#[tokio::test]
async fn a_meeting_that_begins_later_in_the_room_gets_a_bot_of_its_own() {
    let scene = Scene::new().await;
    scene.shows(2, &[without_link("b1")]).await;
    scene.shows(1, &[pitch("a1")]).await;
    scene.bots_become(DispatchState::Joined).await;
    scene.shows(1, &[super::moved(anew("a2"), "2026-03-02T11:00:00Z", "2026-03-02T12:00:00Z")]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z not-recordable for 2: not recordable: no meeting link [2/b1#single]
          bot 0 joined, start 2026-03-02T10:00:00Z
        2026-03-02T11:00:00Z record for 1: by outside [1/a2#single]
          bot 0 planned, start 2026-03-02T11:00:00Z
        recording.planned
        recording.planned
    "#]])
        .await;
}

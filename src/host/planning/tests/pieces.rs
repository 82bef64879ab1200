//! What is much is stored in pieces, and comes to what it would have come to at once.

use super::{Scene, TENANT, moved, pitch, rules, with};
use crate::host::model::Entry;
use crate::host::model::{CalendarId, EventId};
use crate::host::planning::{PlanError, absorb, catch_up};
use crate::host::store::Write;
use crate::host::sync::{Changes, CursorStep, Finished};
use crate::time::Instant;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Small enough that the calendars below take many pieces.
const PIECE: usize = 3;

/// Twelve meetings, and four series with one exception and one removed occurrence each.
fn items(title: &str) -> Vec<Value> {
    let single = |number: usize| {
        let id = format!("m{number:02}");
        let (start, end) = (format!("2026-03-03T{:02}:00:00Z", 6 + number), format!("2026-03-03T{:02}:30:00Z", 6 + number));
        let item = moved(pitch(&id), &start, &end);
        with(item, json!({"iCalUID": format!("{id}@google.com"), "summary": title, "location": link(number)}))
    };
    let series = |number: usize| {
        let (id, uid) = (format!("s{number}"), format!("s{number}@google.com"));
        let own = json!({"iCalUID": uid, "summary": title, "location": link(100 + number)});
        let master = with(moved(pitch(&id), "2026-03-02T15:00:00Z", "2026-03-02T15:30:00Z"), own.clone());
        let master = with(master, json!({"recurrence": ["RRULE:FREQ=DAILY;COUNT=5"]}));
        let of_series = |day: u32| {
            let original = format!("2026-03-{day:02}T15:00:00Z");
            json!({"recurringEventId": id, "originalStartTime": {"dateTime": original}})
        };
        let exception = moved(pitch(&format!("{id}_20260303T150000Z")), "2026-03-03T17:00:00Z", "2026-03-03T17:30:00Z");
        let exception = with(with(exception, own), of_series(3));
        let removed = with(json!({"id": format!("{id}_20260304T150000Z"), "status": "cancelled"}), of_series(4));
        // As providers do, in any order.
        [removed, exception, master]
    };
    (0..12).map(single).chain((0..4).flat_map(series)).collect()
}

fn link(number: usize) -> String {
    format!("https://zoom.us/j/{}", 5_550_000_000 + number)
}

/// Meetings, bots, entries and sightings without their versions, and how often each kind of event came.
async fn told(scene: &Scene) -> String {
    let store = &scene.host.store;
    let mut text = String::new();
    for meeting in store.meetings(TENANT, Instant::MIN, Instant::MAX, 1000).await.expect("read") {
        let _ = writeln!(
            text,
            "{} {} {} {:?} {}",
            meeting.start,
            meeting.id,
            meeting.outcome.word(),
            meeting.sightings,
            meeting.reason
        );
        for row in store.dispatches_of(TENANT, std::slice::from_ref(&meeting.id)).await.expect("read") {
            let _ = writeln!(text, "  {} {} {} {:?}", row.epoch, row.state.word(), row.start, row.reason);
        }
    }
    for entry in store.entries(TENANT, CalendarId(1)).await.expect("read") {
        let _ = writeln!(text, "{} {}", entry.id, entry.body);
    }
    let mut sightings = store.sightings(TENANT, CalendarId(1)).await.expect("read");
    sightings.sort_by(|a, b| a.id.cmp(&b.id));
    sightings.iter().for_each(|row| writeln!(text, "{} {} {}", row.id, row.start, row.body).expect("a string"));
    let mut kinds: Vec<String> =
        store.events(TENANT, EventId(0), 1000).await.expect("read").into_iter().map(|event| event.kind).collect();
    kinds.sort_unstable();
    text + &kinds.join(" ")
}

/// Scenes that store all at once, and in pieces.
async fn two() -> [Scene; 2] {
    let (whole, mut pieces) = (Scene::new().await, Scene::new().await);
    pieces.host.piece = PIECE;
    [whole, pieces]
}

async fn assert_same([whole, pieces]: &[Scene; 2], after: &str) {
    assert_eq!(told(whole).await, told(pieces).await, "{after}");
}

#[tokio::test]
async fn a_large_change_of_a_calendar_comes_to_the_same_in_pieces() {
    let scenes = two().await;
    let mut versions = Vec::new();
    for (what, items) in [("made", items("Pitch")), ("edited", items("Review")), ("gone", Vec::new())] {
        for scene in &scenes {
            scene.shows(1, &items).await;
        }
        assert_same(&scenes, what).await;
        versions.push([scenes[0].calendar(1).await.version, scenes[1].calendar(1).await.version]);
    }
    // One commit each time; and as many as it takes: twelve meetings by three, four series of three, of which two rows were edited.
    assert_eq!(versions, [[2, 9], [3, 15], [4, 23]]);
}

#[tokio::test]
async fn a_series_is_never_seen_without_its_exceptions() {
    let [_, scene] = two().await;
    scene.shows(1, &items("Pitch")).await;
    let began = scene.calendar(1).await;
    let upsert = items("Review")
        .into_iter()
        .map(|item| Entry { id: item["id"].as_str().expect("an id").into(), body: item.to_string().into() });
    let mut upsert: Vec<Entry> = upsert.collect();
    upsert.sort_by(|a, b| a.id.cmp(&b.id));
    let changes = Changes { upsert, remove: vec![], complete: true };
    let found = Finished { changes, cursor: CursorStep::Store("next".into()), nameless: 0 };
    // Whatever instant the pass is cut off at, each piece stands by itself: what was moved or removed never comes back.
    for commits in 1..8 {
        let mut first = found.clone();
        let stored = scene.host.store.entries(TENANT, CalendarId(1)).await.expect("read");
        first.changes = crate::host::sync::first_of_change(began.origin, &found.changes.against(&stored), &stored, PIECE);
        first.cursor = CursorStep::Keep;
        absorb(&scene.host, &scene.calendar(1).await, &first).await.expect("absorbed");
        let sightings = scene.host.store.sightings(TENANT, CalendarId(1)).await.expect("read");
        let of_series: Vec<_> = sightings.iter().filter(|row| row.id.contains('@')).collect();
        assert_eq!(of_series.len(), 20, "after {commits} commits");
        assert!(of_series.iter().all(|row| row.start.to_string() != "2026-03-03T15:00:00Z"), "after {commits} commits");
        let removed = of_series.iter().filter(|row| row.start.to_string().starts_with("2026-03-04"));
        assert_eq!(removed.filter(|row| row.body.contains("cancelled")).count(), 4, "after {commits} commits");
    }
    assert_eq!(scene.calendar(1).await.cursor, None);
    absorb(&scene.host, &scene.calendar(1).await, &found).await.expect("absorbed");
    assert_eq!(scene.calendar(1).await.cursor.as_deref(), Some("next"));
}

#[tokio::test]
async fn a_pass_that_is_overtaken_between_two_pieces_stops_there() {
    let [_, scene] = two().await;
    scene.shows(1, &items("Pitch")).await;
    let began = scene.calendar(1).await;
    scene.shows(1, &items("Review")).await;
    let found =
        Finished { changes: Changes { upsert: vec![], remove: vec![], complete: true }, cursor: CursorStep::Keep, nameless: 0 };
    assert!(matches!(absorb(&scene.host, &began, &found).await, Err(PlanError::Overtaken)));
}

#[tokio::test]
async fn a_change_of_rules_comes_to_the_same_in_pieces() {
    let scenes = two().await;
    for scene in &scenes {
        scene.shows(1, &items("Pitch")).await;
        let none = rules(2, "our domains @acme.example\n\nrule none:\n  never record\n  when title contains \"pitch\"\n");
        scene.commit(vec![none, Write::Undecided(None)]).await;
        let waiting = scene.host.store.undecided(10).await.expect("read");
        assert_eq!(
            catch_up(&scene.host, &waiting[0]).await.expect("followed"),
            rows_of(if scene.host.piece == PIECE { 29 } else { 1 })
        );
        assert_eq!(scene.host.store.undecided(10).await.expect("read"), []);
    }
    assert_same(&scenes, "other rules").await;
    assert!(told(&scenes[1]).await.contains("withdrawn"), "{}", told(&scenes[1]).await);
}

/// Rows written: 28 meetings with their bots and what is told of them, four removed occurrences, and the version of the plan with
/// each commit.
fn rows_of(commits: usize) -> usize {
    28 * 3 + 4 + commits
}

//! Rows that cannot be read are not taken for gone: what has to do with them stays as it is, and everything else goes on.

use super::{Scene, TENANT, moved, pitch, rules, with};
use crate::host::model::DispatchState;
use crate::host::planning::redecide;
use crate::host::store::{Store, Write};
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// A scene in a file that can be spoiled.
struct Spoiled {
    scene: Scene,
    file: PathBuf,
}

impl Spoiled {
    /// Ana's pitch and another meeting of hers, both with a bot.
    async fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let file = std::env::temp_dir().join(format!("callsheet-spoiled-{}-{number}.db", std::process::id()));
        let store = Store::open(&format!("sqlite:{}", file.display())).await.expect("a new file");
        let scene = Scene::on(store).await;
        scene.shows(1, &[pitch("a1"), review("11:00")]).await;
        Self { scene, file }
    }

    async fn run(&self, statement: &str) {
        let mut connection = SqliteConnection::connect(&format!("sqlite:{}", self.file.display())).await.expect("the file");
        sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.expect("the statement is right");
    }

    /// New rules that skip the review, all meetings decided anew; then what stands where.
    async fn redecided(&self, expected: Expect) {
        self.scene.commit(vec![rules(2, "our domains @acme.example\n\ndefault skip\n")]).await;
        redecide(&self.scene.host, TENANT).await.expect("nothing is in the way");
        self.check(expected).await;
    }

    async fn check(&self, expected: Expect) {
        let told = async |query: &str| {
            let mut connection = SqliteConnection::connect(&format!("sqlite:{}", self.file.display())).await.expect("the file");
            let rows: Vec<(String,)> =
                sqlx::query_as(AssertSqlSafe(query.to_owned())).fetch_all(&mut connection).await.expect("the statement is right");
            rows.into_iter().map(|(line,)| line + "\n").collect::<String>()
        };
        let meetings = told(
            "SELECT (CASE m.start_at WHEN 1772445600000000 THEN 'pitch ' ELSE 'review ' END) || m.outcome || ': ' ||
                coalesce((SELECT group_concat(d.epoch || ' ' || d.state, ', ') FROM dispatches d WHERE d.meeting = m.id), '')
            FROM meetings m ORDER BY m.start_at",
        );
        expected.assert_eq(&meetings.await);
    }
}

impl Drop for Spoiled {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm"] {
            let _left_behind = std::fs::remove_file(format!("{}{end}", self.file.display()));
        }
    }
}

fn review(clock: &str) -> Value {
    let review = with(pitch("a2"), json!({"iCalUID": "review@google.com", "location": "https://zoom.us/j/5553334444"}));
    moved(review, &format!("2026-03-02T{clock}:00Z"), "2026-03-02T12:30:00Z")
}

const PITCH: &str = "(SELECT id FROM meetings WHERE start_at = 1772445600000000)";

#[tokio::test]
async fn rows_that_can_be_read_are_decided_anew() {
    let spoiled = Spoiled::new().await;
    spoiled
        .check(expect![[r#"
        pitch record: 0 planned
        review record: 0 planned
    "#]])
        .await;
    spoiled
        .redecided(expect![[r#"
        pitch skip: 0 withdrawn
        review skip: 0 withdrawn
    "#]])
        .await;
}

#[tokio::test]
async fn a_sighting_whose_body_is_broken_takes_no_bot_away() {
    let spoiled = Spoiled::new().await;
    spoiled.run("UPDATE sightings SET body = '{\"title\": ' WHERE uid LIKE 'pitch%'").await;
    spoiled
        .redecided(expect![[r#"
        pitch record: 0 planned
        review skip: 0 withdrawn
    "#]])
        .await;
    // A pass that finds anything else changed makes it anew.
    spoiled.scene.shows(1, &[pitch("a1"), review("11:30")]).await;
    spoiled
        .check(expect![[r#"
        pitch skip: 0 withdrawn
        review skip: 0 withdrawn
    "#]])
        .await;
}

#[tokio::test]
async fn a_sighting_that_is_no_row_any_more_takes_no_bot_away() {
    let spoiled = Spoiled::new().await;
    spoiled.run("UPDATE sightings SET start_at = 9223372036854775807 WHERE uid LIKE 'pitch%'").await;
    spoiled
        .redecided(expect![[r#"
        pitch record: 0 planned
        review skip: 0 withdrawn
    "#]])
        .await;
}

#[tokio::test]
async fn a_meeting_in_a_state_that_nobody_knows_gets_no_second_bot() {
    let spoiled = Spoiled::new().await;
    spoiled.run(&format!("UPDATE meetings SET outcome = 'perhaps' WHERE id = {PITCH}")).await;
    spoiled
        .redecided(expect![[r#"
        pitch perhaps: 0 planned
        review skip: 0 withdrawn
    "#]])
        .await;
    // Neither does another copy of it, or what moves it.
    spoiled.scene.shows(2, &[pitch("b1")]).await;
    spoiled.scene.shows(1, &[with(pitch("a1"), json!({"summary": "Pitch, again"})), review("11:30")]).await;
    spoiled
        .check(expect![[r#"
        pitch perhaps: 0 planned
        review skip: 0 withdrawn
    "#]])
        .await;
    spoiled.run(&format!("UPDATE meetings SET outcome = 'record' WHERE id = {PITCH}")).await;
    redecide(&spoiled.scene.host, TENANT).await.expect("nothing is in the way");
    // Read again, it is like any other at the next turn.
    redecide(&spoiled.scene.host, TENANT).await.expect("nothing is in the way");
    spoiled
        .check(expect![[r#"
        pitch skip: 0 withdrawn
        review skip: 0 withdrawn
    "#]])
        .await;
}

#[tokio::test]
async fn a_meeting_whose_dispatch_cannot_be_read_gets_no_second_bot() {
    let spoiled = Spoiled::new().await;
    spoiled.run(&format!("UPDATE dispatches SET state = 'hovering' WHERE meeting = {PITCH}")).await;
    spoiled
        .redecided(expect![[r#"
        pitch record: 0 hovering
        review skip: 0 withdrawn
    "#]])
        .await;
    spoiled.scene.shows(1, &[with(pitch("a1"), json!({"summary": "Pitch, again"})), review("11:30")]).await;
    spoiled
        .check(expect![[r#"
        pitch record: 0 hovering
        review skip: 0 withdrawn
    "#]])
        .await;
    assert!(spoiled.scene.dispatches().await.iter().all(|row| row.state == DispatchState::Withdrawn));
}

#[tokio::test]
async fn what_a_calendar_in_a_state_that_nobody_knows_shows_stays() {
    for statement in ["UPDATE calendars SET state = 'resting' WHERE id = 1", "UPDATE connections SET state = 'away' WHERE id = 1"]
    {
        let spoiled = Spoiled::new().await;
        spoiled.scene.shows(2, &[with(review("15:00"), json!({"id": "b2", "iCalUID": "ben@google.com"}))]).await;
        spoiled.run(statement).await;
        spoiled
            .redecided(expect![[r#"
            pitch record: 0 planned
            review record: 0 planned
            review skip: 0 withdrawn
        "#]])
            .await;
    }
}

#[tokio::test]
async fn a_new_meeting_takes_no_name_of_one_that_cannot_be_read() {
    let spoiled = Spoiled::new().await;
    // Nothing shows the pitch, and then something does again: its name is its own.
    spoiled.scene.shows(1, &[review("11:00")]).await;
    spoiled.run(&format!("UPDATE meetings SET outcome = 'perhaps' WHERE id = {PITCH}")).await;
    spoiled.scene.shows(1, &[pitch("a1"), review("11:30")]).await;
    spoiled
        .check(expect![[r#"
        pitch perhaps: 0 withdrawn
        review record: 0 planned
    "#]])
        .await;
    spoiled.scene.commit(vec![Write::Undecided(None)]).await;
}

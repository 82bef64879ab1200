//! What calendars show, through the plan, to meetings, bots and events: in text.

use super::{PlanError, absorb, catch_up, redecide};
use crate::host::clock::{Boxed, Clock};
use crate::host::context::Context;
use crate::host::http::{Egress, NetError, Request, Response};
use crate::host::model::{
    Calendar, CalendarId, CalendarState, Connection, ConnectionId, ConnectionState, DispatchState, Entry, EventId, Origin,
    OverrideRow, RulesRow, Tenant, TenantId,
};
use crate::host::seal::tests::any_vault;
use crate::host::store::{Commit, Memory, Store, Write};
use crate::host::sync::{Changes, CursorStep, Finished};
use crate::time::Instant;
use expect_test::{Expect, expect};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

pub(in crate::host) const TENANT: TenantId = TenantId(1);
const RULES: &str = "our domains @acme.example\n\nrule outside:\n  record\n  when any attendee is external\n\nrule reviews:\n  record\n  when title contains \"review\"\n";

/// A clock that stands still until it is set.
struct StillClock(Mutex<Instant>);

impl Clock for StillClock {
    fn now(&self) -> Instant {
        *self.0.lock().expect("nobody panics with it")
    }

    fn sleep_until(&self, _: Instant) -> Boxed<'_, ()> {
        Box::pin(async {})
    }
}

/// Planning says nothing to the world.
struct Silence;

impl Egress for Silence {
    fn call(&self, _: Request) -> Boxed<'_, Result<Response, NetError>> {
        Box::pin(async { Err(NetError::NotSent) })
    }
}

pub(in crate::host) struct Scene {
    pub(in crate::host) host: Context,
    clock: Arc<StillClock>,
}

impl Scene {
    /// Two users, ana with calendar 1 and ben with calendar 2, Monday 2 March 2026, 08:00.
    pub(in crate::host) async fn new() -> Self {
        Self::on(Store::Memory(Memory::default())).await
    }

    /// The same on another store.
    async fn on(store: Store) -> Self {
        let clock = Arc::new(StillClock(Mutex::new(at("2026-03-02T08:00:00Z"))));
        let host = Context::new(store, Arc::new(Silence), clock.clone(), "host-1").with_vault(any_vault());
        let scene = Self { host, clock };
        let tenant =
            Tenant { id: TENANT, name: "Acme".into(), own_domains: vec![], bots: vec![], plan_version: 0, ..Tenant::default() };
        let mut writes = vec![Write::Tenant(tenant), rules(1, RULES)];
        for (number, user) in [(1, "ana"), (2, "ben")] {
            writes.push(Write::Connection(Connection {
                tenant: TENANT,
                id: ConnectionId(number),
                user: user.into(),
                origin: Origin::Google,
                client: "house".into(),
                addresses: vec![format!("{user}@acme.example")],
                zone: Some("Europe/London".into()),
                state: ConnectionState::Active,
                token_file: None,
                token: None,
            }));
            writes.push(Write::Calendar(Calendar {
                tenant: TENANT,
                id: CalendarId(number),
                connection: ConnectionId(number),
                origin: Origin::Google,
                reference: "primary".into(),
                cursor: None,
                state: CalendarState::Active,
                synced_at: None,
                expanded_to: None,
                version: 0,
            }));
        }
        scene.commit(writes).await;
        scene
    }

    pub(in crate::host) async fn commit(&self, writes: Vec<Write>) {
        self.host.store.commit(Commit { tenant: TENANT, writes }).await.expect("it holds");
    }

    /// The calendar shows exactly these items.
    pub(in crate::host) async fn shows(&self, calendar: u64, items: &[Value]) -> usize {
        let upsert = items
            .iter()
            .map(|item| Entry { id: item["id"].as_str().expect("an id").into(), body: item.to_string().into() })
            .collect();
        let changes = Changes { upsert, remove: vec![], complete: true };
        let found = Finished { changes, cursor: CursorStep::Keep, nameless: 0 };
        let began = self.calendar(calendar).await;
        absorb(&self.host, &began, &found).await.expect("absorbed").writes
    }

    async fn calendar(&self, calendar: u64) -> Calendar {
        self.host.store.calendar(TENANT, CalendarId(calendar)).await.expect("read").expect("it is there")
    }

    pub(in crate::host) fn set(&self, now: &str) {
        *self.clock.0.lock().expect("nobody panics with it") = at(now);
    }

    /// Every dispatch becomes what its bot would have made of it.
    pub(in crate::host) async fn bots_become(&self, state: DispatchState) {
        for dispatch in self.dispatches().await.into_iter().filter(|dispatch| dispatch.state == DispatchState::Planned) {
            self.commit(vec![Write::Dispatch(crate::host::model::Dispatch { state, fence: 1, due_at: None, ..dispatch })]).await;
        }
    }

    pub(in crate::host) async fn dispatches(&self) -> Vec<crate::host::model::Dispatch> {
        let meetings = self.host.store.meetings(TENANT, Instant::MIN, Instant::MAX, 1000).await.expect("read");
        let ids: Vec<String> = meetings.into_iter().map(|meeting| meeting.id).collect();
        self.host.store.dispatches_of(TENANT, &ids).await.expect("read")
    }

    /// Meetings with their bots, then the events so far.
    pub(in crate::host) async fn check(&self, expected: Expect) {
        let mut text = String::new();
        let meetings = self.host.store.meetings(TENANT, Instant::MIN, Instant::MAX, 1000).await.expect("read");
        for meeting in &meetings {
            let conflict = if meeting.conflict { ", conflict" } else { "" };
            let _ = writeln!(
                text,
                "{} {} for {}: {} [{}]{conflict}",
                meeting.start,
                meeting.outcome.word(),
                meeting.by,
                meeting.reason,
                meeting.sightings.join(" ")
            );
            for dispatch in self.host.store.dispatches_of(TENANT, std::slice::from_ref(&meeting.id)).await.expect("read") {
                let reason = dispatch.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
                let early = dispatch.start.duration_since(dispatch.fire_at).as_secs();
                assert!((90..110).contains(&early), "fires {early} s before");
                let _ = writeln!(text, "  bot {} {}{reason}, start {}", dispatch.epoch, dispatch.state.word(), dispatch.start);
            }
        }
        for event in self.host.store.events(TENANT, EventId(0), 1000).await.expect("read") {
            let _ = writeln!(text, "{}", event.kind);
        }
        expected.assert_eq(&text);
    }
}

pub(in crate::host) fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

pub(in crate::host) fn rules(version: u64, text: &str) -> Write {
    Write::Rules(RulesRow { tenant: TENANT, user: None, version, text: text.into() })
}

/// A meeting of ana with a customer, Monday 10:00, as Google tells it.
pub(in crate::host) fn pitch(id: &str) -> Value {
    json!({
        "id": id, "iCalUID": "pitch@google.com", "status": "confirmed", "summary": "Pitch",
        "start": {"dateTime": "2026-03-02T10:00:00Z", "timeZone": "Europe/London"},
        "end": {"dateTime": "2026-03-02T11:00:00Z", "timeZone": "Europe/London"},
        "organizer": {"email": "ana@acme.example"},
        "attendees": [
            {"email": "ana@acme.example", "organizer": true, "responseStatus": "accepted"},
            {"email": "ben@acme.example", "responseStatus": "accepted"},
            {"email": "kim@customer.example", "responseStatus": "accepted"},
        ],
        "location": "https://zoom.us/j/5551112222",
    })
}

pub(in crate::host) fn with(mut item: Value, changes: Value) -> Value {
    let changes = changes.as_object().expect("an object").clone();
    item.as_object_mut().expect("an object").extend(changes);
    item
}

pub(in crate::host) fn moved(item: Value, start: &str, end: &str) -> Value {
    with(
        item,
        json!({"start": {"dateTime": start, "timeZone": "Europe/London"}, "end": {"dateTime": end, "timeZone": "Europe/London"}}),
    )
}

#[tokio::test]
async fn a_pass_that_was_overtaken_puts_nothing_old_over_what_is_newer() {
    let scene = Scene::new().await;
    let began = scene.calendar(1).await;
    scene.shows(1, &[pitch("a1")]).await;
    let newer = scene.calendar(1).await;
    let slow = Finished {
        cursor: CursorStep::Store("old".into()),
        changes: Changes { complete: true, ..Changes::default() },
        nameless: 0,
    };
    assert!(matches!(absorb(&scene.host, &began, &slow).await, Err(PlanError::Overtaken)));
    assert_eq!(scene.calendar(1).await, newer);
    assert_eq!(scene.dispatches().await.len(), 1);
}

#[tokio::test]
async fn one_meeting_in_two_calendars_gets_one_bot() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    scene.shows(2, &[pitch("b1")]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z record for 1: by outside [1/a1#single 2/b1#single]
          bot 0 planned, start 2026-03-02T10:00:00Z
        recording.planned
    "#]])
        .await;
    scene.shows(1, &[]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z record for 2: by outside [2/b1#single]
          bot 0 planned, start 2026-03-02T10:00:00Z
        recording.planned
    "#]])
        .await;
    scene.shows(2, &[]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z not-recordable for 2: no calendar shows it any more []
          bot 0 withdrawn: no calendar shows it any more, start 2026-03-02T10:00:00Z
        recording.planned
        dispatch.withdrawn
    "#]])
        .await;
}

#[tokio::test]
async fn a_full_resync_of_the_same_data_writes_nothing() {
    let scene = Scene::new().await;
    assert!(scene.shows(1, &[pitch("a1")]).await > 0);
    assert_eq!(scene.shows(1, &[pitch("a1")]).await, 0);
    scene.set("2026-03-02T09:00:00Z");
    assert_eq!(scene.shows(1, &[pitch("a1")]).await, 0);
}

#[tokio::test]
async fn a_move_before_the_claim_moves_the_bot_and_one_after_it_replaces_the_bot() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    scene.shows(1, &[moved(pitch("a1"), "2026-03-02T12:00:00Z", "2026-03-02T13:00:00Z")]).await;
    scene
        .check(expect![[r#"
        2026-03-02T12:00:00Z record for 1: by outside [1/a1#single]
          bot 0 planned, start 2026-03-02T12:00:00Z
        recording.planned
        recording.moved
    "#]])
        .await;
    scene.bots_become(DispatchState::Accepted).await;
    scene.shows(1, &[moved(pitch("a1"), "2026-03-02T14:00:00Z", "2026-03-02T15:00:00Z")]).await;
    scene
        .check(expect![[r#"
        2026-03-02T14:00:00Z record for 1: by outside [1/a1#single]
          bot 0 recalling: moved, start 2026-03-02T12:00:00Z
          bot 1 planned, start 2026-03-02T14:00:00Z
        recording.planned
        recording.moved
        recording.planned
    "#]])
        .await;
}

#[tokio::test]
async fn a_cancelled_meeting_has_its_bot_withdrawn_or_recalled() {
    let scene = Scene::new().await;
    let review = with(pitch("a2"), json!({"iCalUID": "other@google.com", "location": "https://zoom.us/j/5553334444"}));
    scene.shows(1, &[pitch("a1")]).await;
    scene.bots_become(DispatchState::Accepted).await;
    scene.shows(1, &[pitch("a1"), review.clone()]).await;
    scene.shows(1, &[with(pitch("a1"), json!({"status": "cancelled"})), with(review, json!({"status": "cancelled"}))]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z not-recordable for 1: not recordable: cancelled [1/a1#single]
          bot 0 recalling: not recordable: cancelled, start 2026-03-02T10:00:00Z
        2026-03-02T10:00:00Z not-recordable for 1: not recordable: cancelled [1/a2#single]
          bot 0 withdrawn: not recordable: cancelled, start 2026-03-02T10:00:00Z
        recording.planned
        recording.planned
        dispatch.withdrawn
    "#]])
        .await;
}

#[tokio::test]
async fn an_outsider_who_copies_a_uid_changes_nothing() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    let copied = with(
        pitch("b9"),
        json!({"organizer": {"email": "mallory@evil.example"}, "location": "https://zoom.us/j/9999999999", "status": "cancelled",
            "attendees": [{"email": "ben@acme.example", "responseStatus": "needsAction"}]}),
    );
    scene.shows(2, &[copied]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z record for 1: by outside [1/a1#single], conflict
          bot 0 planned, start 2026-03-02T10:00:00Z
        2026-03-02T10:00:00Z not-recordable for 2: not recordable: cancelled [2/b9#single], conflict
        recording.planned
        meeting.conflict
        meeting.conflict
    "#]])
        .await;
}

#[tokio::test]
async fn a_stop_outlives_resync_edit_and_deletion() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    let stop = OverrideRow {
        tenant: TENANT,
        user: None,
        uid: "pitch@google.com".into(),
        occurrence: Some("single".into()),
        mark: "organizer:ana@acme.example".into(),
        stop: true,
    };
    scene.commit(vec![Write::Override(stop)]).await;
    redecide(&scene.host, TENANT).await.expect("decided");
    scene.shows(1, &[]).await;
    scene.shows(1, &[with(pitch("a1"), json!({"summary": "Pitch, second try"}))]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z skip for 1: a person said not to record this occurrence [1/a1#single]
          bot 0 withdrawn: a person said not to record this occurrence, start 2026-03-02T10:00:00Z
        recording.planned
        dispatch.withdrawn
    "#]])
        .await;
}

#[tokio::test]
async fn a_changed_rule_decides_every_occurrence_again() {
    let scene = Scene::new().await;
    let series = with(
        moved(pitch("s1"), "2026-03-02T15:00:00Z", "2026-03-02T15:30:00Z"),
        json!({"iCalUID": "weekly@google.com", "summary": "Weekly review", "recurrence": ["RRULE:FREQ=WEEKLY"], "location": "https://zoom.us/j/5556667777"}),
    );
    scene.shows(1, &[pitch("a1"), series]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z record for 1: by outside [1/a1#single]
          bot 0 planned, start 2026-03-02T10:00:00Z
        2026-03-02T15:00:00Z record for 1: by outside [1/weekly@google.com#2026-03-02T15:00:00Z]
          bot 0 planned, start 2026-03-02T15:00:00Z
        2026-03-09T15:00:00Z record for 1: by outside [1/weekly@google.com#2026-03-09T15:00:00Z]
          bot 0 planned, start 2026-03-09T15:00:00Z
        recording.planned
        recording.planned
        recording.planned
    "#]])
        .await;
    scene
        .commit(vec![rules(2, "our domains @acme.example\n\nrule none:\n  never record\n  when title contains \"review\"\n")])
        .await;
    redecide(&scene.host, TENANT).await.expect("decided");
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z skip for 1: no rule matched; default skip [1/a1#single]
          bot 0 withdrawn: no rule matched; default skip, start 2026-03-02T10:00:00Z
        2026-03-02T15:00:00Z skip for 1: by none [1/weekly@google.com#2026-03-02T15:00:00Z]
          bot 0 withdrawn: by none, start 2026-03-02T15:00:00Z
        2026-03-09T15:00:00Z skip for 1: by none [1/weekly@google.com#2026-03-09T15:00:00Z]
          bot 0 withdrawn: by none, start 2026-03-09T15:00:00Z
        recording.planned
        recording.planned
        recording.planned
        dispatch.withdrawn
        dispatch.withdrawn
        dispatch.withdrawn
    "#]])
        .await;
}

#[tokio::test]
async fn the_horizon_moves_with_the_clock() {
    let scene = Scene::new().await;
    let series = with(pitch("s1"), json!({"iCalUID": "weekly@google.com", "recurrence": ["RRULE:FREQ=WEEKLY"]}));
    scene.shows(1, std::slice::from_ref(&series)).await;
    assert_eq!(scene.dispatches().await.len(), 2);
    scene.set("2026-03-10T08:00:00Z");
    scene.shows(1, std::slice::from_ref(&series)).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z record for 1: by outside [1/weekly@google.com#2026-03-02T10:00:00Z]
          bot 0 planned, start 2026-03-02T10:00:00Z
        2026-03-09T10:00:00Z record for 1: by outside [1/weekly@google.com#2026-03-09T10:00:00Z]
          bot 0 planned, start 2026-03-09T10:00:00Z
        2026-03-16T10:00:00Z record for 1: by outside [1/weekly@google.com#2026-03-16T10:00:00Z]
          bot 0 planned, start 2026-03-16T10:00:00Z
        2026-03-23T10:00:00Z record for 1: by outside [1/weekly@google.com#2026-03-23T10:00:00Z]
          bot 0 planned, start 2026-03-23T10:00:00Z
        recording.planned
        recording.planned
        recording.planned
        recording.planned
    "#]])
        .await;
}

#[tokio::test]
async fn a_meeting_moved_to_now_is_joined_and_one_moved_to_the_past_is_not() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    scene.shows(1, &[moved(pitch("a1"), "2026-03-02T07:55:00Z", "2026-03-02T08:25:00Z")]).await;
    scene
        .check(expect![[r#"
        2026-03-02T07:55:00Z record for 1: by outside [1/a1#single]
          bot 0 planned, start 2026-03-02T07:55:00Z
        recording.planned
        recording.moved
    "#]])
        .await;
    scene.shows(1, &[moved(pitch("a1"), "2026-03-02T06:00:00Z", "2026-03-02T06:30:00Z")]).await;
    scene
        .check(expect![[r#"
        2026-03-02T06:00:00Z record for 1: by outside [1/a1#single]
          bot 0 planned, start 2026-03-02T06:00:00Z
        recording.planned
        recording.moved
        recording.moved
    "#]])
        .await;
}

#[tokio::test]
async fn one_room_with_two_starts_gets_two_bots_and_with_one_start_one() {
    let scene = Scene::new().await;
    let later = moved(with(pitch("a2"), json!({"iCalUID": "two@google.com"})), "2026-03-02T10:30:00Z", "2026-03-02T11:00:00Z");
    let same = with(pitch("b3"), json!({"iCalUID": "three@google.com"}));
    scene.shows(1, &[pitch("a1"), later]).await;
    scene.shows(2, &[same]).await;
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z record for 1: by outside [1/a1#single 2/b3#single]
          bot 0 planned, start 2026-03-02T10:00:00Z
        2026-03-02T10:30:00Z record for 1: by outside [1/a2#single]
          bot 0 planned, start 2026-03-02T10:30:00Z
        recording.planned
        recording.planned
    "#]])
        .await;
}

#[tokio::test]
async fn a_change_of_others_is_followed_once_and_only_where_it_concerns() {
    let scene = Scene::new().await;
    let other = moved(
        with(pitch("a2"), json!({"iCalUID": "two@google.com", "location": "https://zoom.us/j/5559990000"})),
        "2026-03-02T12:00:00Z",
        "2026-03-02T13:00:00Z",
    );
    scene.shows(1, &[pitch("a1"), other]).await;
    let stop = OverrideRow {
        tenant: TENANT,
        user: None,
        uid: "pitch@google.com".into(),
        occurrence: None,
        mark: "organizer:ana@acme.example".into(),
        stop: true,
    };
    // New rules are there as well, but nobody has said yet that they are to be followed.
    scene.commit(vec![rules(2, "our domains @acme.example\n"), Write::Override(stop)]).await;
    scene.commit(vec![Write::Undecided(Some("pitch@google.com".into()))]).await;
    let waiting = scene.host.store.undecided(10).await.expect("read");
    assert_eq!(catch_up(&scene.host, &waiting[0]).await.expect("followed"), 4);
    assert_eq!(catch_up(&scene.host, &waiting[0]).await.expect("followed"), 0);
    assert_eq!(scene.host.store.undecided(10).await.expect("read"), []);
    scene
        .check(expect![[r#"
        2026-03-02T10:00:00Z skip for 1: a person said not to record this series [1/a1#single]
          bot 0 withdrawn: a person said not to record this series, start 2026-03-02T10:00:00Z
        2026-03-02T12:00:00Z record for 1: by outside [1/a2#single]
          bot 0 planned, start 2026-03-02T12:00:00Z
        recording.planned
        recording.planned
        dispatch.withdrawn
    "#]])
        .await;
}

mod anew;
mod pieces;
mod spoiled;

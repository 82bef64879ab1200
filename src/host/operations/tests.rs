//! Operations on a store that two calendars were read into, and on one that a host works on.

use super::overrides::{About, clear, meeting, say};
use super::receivers::{Change, change};
use super::rules::{Set, set};
use super::tenants::{Removal, remove};
use super::{OperationError, connections, receivers, tenants};
use crate::host::app::{self, pruning};
use crate::host::bots::Backend;
use crate::host::clock::{Boxed, Clock};
use crate::host::context::Context;
use crate::host::credentials;
use crate::host::http::{Egress, NetError, Request, Response};
use crate::host::model::{
    Connection, ConnectionId, ConnectionState, DispatchState, Endpoint, EndpointId, EndpointState, EventId, Origin, OutboxEvent,
    Outcome, OverrideRow, Sighting,
};
use crate::host::outbox::receiver;
use crate::host::planning::tests::{Scene, TENANT, pitch, rules, with};
use crate::host::schedule::names::ID_BYTES_MAX;
use crate::host::schedule::sightings_of;
use crate::host::store::{Commit, PassedOver, Store, Write};
use crate::host::sync::calendar_of;
use crate::time::{Elapsed, Instant, Zone};
use expect_test::expect;
use serde_json::json;
use std::sync::{Arc, Mutex};

/// The name of the only meeting.
async fn only(scene: &Scene) -> String {
    let meetings = scene.host.store.meetings(TENANT, Instant::MIN, Instant::MAX, 10).await.expect("read");
    assert_eq!(meetings.len(), 1);
    meetings[0].id.clone()
}

fn about(meeting: &str) -> About<'_> {
    About { meeting, series: false, user: None }
}

/// The word helps against the refusal, and what is left is told: nobody can join.
#[tokio::test]
async fn record_said_of_a_declined_meeting_without_a_link_says_that_the_link_is_missing() {
    let scene = Scene::new().await;
    let kim = "kim@customer.example";
    let people = json!([
        { "email": "ana@acme.example", "self": true, "responseStatus": "declined" },
        { "email": kim, "organizer": true, "responseStatus": "accepted" },
    ]);
    let declined = with(pitch("a1"), json!({ "location": "", "organizer": { "email": kim }, "attendees": people }));
    scene.shows(1, &[declined]).await;
    let meeting = only(&scene).await;
    say(&scene.host, TENANT, about(&meeting), false).await.expect("said");
    let rows = scene.host.store.meetings_named(TENANT, &[meeting]).await.expect("read");
    assert_eq!((rows[0].outcome, rows[0].reason.as_str()), (Outcome::NotRecordable, "not recordable: no meeting link"));
}

/// One calendar was read after the meeting had become a series, and the other one before.
#[tokio::test]
async fn a_stop_holds_for_every_name_that_copies_have_for_the_occurrence() {
    let series = |id: &str| with(pitch(id), json!({ "recurrence": ["RRULE:FREQ=DAILY;COUNT=1"] }));
    let scene = Scene::new().await;
    scene.shows(1, &[series("a1")]).await;
    scene.shows(2, &[pitch("b1")]).await;
    let meeting = only(&scene).await;
    say(&scene.host, TENANT, about(&meeting), true).await.expect("said");
    scene.shows(2, &[series("b1")]).await;
    let states: Vec<DispatchState> = scene.dispatches().await.into_iter().map(|row| row.state).collect();
    assert_eq!(states, [DispatchState::Withdrawn]);
}

#[tokio::test]
async fn a_meeting_answers_to_the_beginning_of_its_name_where_no_other_has_it() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    let name = only(&scene).await;
    for begin in [&name[..], &name[..20], &name[..4]] {
        assert_eq!(meeting(&scene.host, TENANT, begin).await.expect("the only one").id, name);
    }
    for wrong in [&name[..3], "", "none-like-it"] {
        assert!(meeting(&scene.host, TENANT, wrong).await.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_word_is_followed_at_once_outlives_a_resync_and_can_be_taken_back() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    scene.shows(2, &[pitch("b1")]).await;
    let meeting = only(&scene).await;
    assert!(say(&scene.host, TENANT, about(&meeting), true).await.expect("said") > 0);
    // providers.md C2: full resync, edit, another id from the provider.
    scene.shows(1, &[]).await;
    scene.shows(2, &[]).await;
    scene.shows(1, &[with(pitch("a9"), json!({"summary": "Pitch, again"}))]).await;
    scene
        .check(expect![[r#"
            2026-03-02T10:00:00Z skip for 1: a person said not to record this occurrence [1/a9#single]
              bot 0 withdrawn: a person said not to record this occurrence, start 2026-03-02T10:00:00Z
            recording.planned
            dispatch.withdrawn
        "#]])
        .await;
    assert_eq!(clear(&scene.host, TENANT, about(&meeting)).await.expect("cleared").0, 1);
    scene
        .check(expect![[r#"
            2026-03-02T10:00:00Z record for 1: by outside [1/a9#single]
              bot 0 planned, start 2026-03-02T10:00:00Z
            recording.planned
            dispatch.withdrawn
            recording.planned
        "#]])
        .await;
    assert_eq!(clear(&scene.host, TENANT, about(&meeting)).await.expect("nothing to clear"), (0, 0));
}

#[tokio::test]
async fn a_word_of_one_user_holds_for_that_copy_and_of_a_series_for_all_of_it() {
    let scene = Scene::new().await;
    let weekly = |id: &str| {
        with(pitch(id), json!({"iCalUID": "weekly@google.com", "recurrence": ["RRULE:FREQ=WEEKLY"], "summary": "Weekly"}))
    };
    scene.shows(1, &[weekly("a1")]).await;
    scene.shows(2, &[weekly("b1")]).await;
    let meetings = scene.host.store.meetings(TENANT, Instant::MIN, Instant::MAX, 10).await.expect("read");
    assert_eq!(meetings.len(), 2);
    let of_ben = About { meeting: &meetings[0].id, series: false, user: Some("ben") };
    say(&scene.host, TENANT, of_ben, true).await.expect("said");
    let all = scene.host.store.all_overrides(TENANT).await.expect("read");
    assert_eq!((all.len(), all[0].user.as_deref()), (1, Some("ben")));
    let series = About { meeting: &meetings[0].id, series: true, user: None };
    say(&scene.host, TENANT, series, true).await.expect("said");
    let states: Vec<DispatchState> = scene.dispatches().await.iter().map(|row| row.state).collect();
    assert_eq!(states, [DispatchState::Withdrawn; 2]);
    let nobody = About { user: Some("zoe"), ..series };
    let refused = say(&scene.host, TENANT, nobody, true).await.expect_err("zoe has no calendar");
    assert_eq!(refused.to_string(), format!("no calendar of zoe shows meeting {}", meetings[0].id));
}

#[tokio::test]
async fn what_is_said_of_one_meeting_is_not_taken_away_by_another_that_claims_its_uid() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    let guests = json!([{"email": "ben@acme.example", "responseStatus": "accepted"}, {"email": "kim@customer.example"}]);
    let other =
        json!({"organizer": {"email": "mallory@evil.example"}, "location": "https://zoom.us/j/5559998888", "attendees": guests});
    scene.shows(2, &[with(pitch("b1"), other)]).await;
    let meetings = scene.host.store.meetings(TENANT, Instant::MIN, Instant::MAX, 10).await.expect("read");
    let of = |place: &str| {
        let found = meetings.iter().find(|meeting| meeting.sightings.iter().any(|known| known.starts_with(place)));
        found.expect("each is a meeting of its own").id.clone()
    };
    let (ours, theirs) = (of("1/"), of("2/"));
    let about = |meeting| About { meeting, series: false, user: None };
    let outcome = async |id: &str| {
        let found = scene.host.store.meetings_named(TENANT, &[id.to_owned()]).await.expect("read");
        found[0].outcome
    };
    say(&scene.host, TENANT, about(&ours), true).await.expect("said");
    say(&scene.host, TENANT, about(&theirs), false).await.expect("said");
    assert_eq!((outcome(&ours).await, outcome(&theirs).await), (Outcome::Skip, Outcome::Record));
    assert_eq!(clear(&scene.host, TENANT, about(&theirs)).await.expect("cleared").0, 1);
    assert_eq!(outcome(&ours).await, Outcome::Skip);
    let left = scene.host.store.all_overrides(TENANT).await.expect("read");
    assert_eq!(left.iter().map(|row| row.mark.as_str()).collect::<Vec<_>>(), ["organizer:ana@acme.example"]);
}

#[tokio::test]
async fn words_on_occurrences_long_past_go_and_others_stay() {
    let scene = Scene::new().await;
    let weekly = with(pitch("a1"), json!({"iCalUID": "weekly@google.com", "recurrence": ["RRULE:FREQ=WEEKLY"]}));
    scene.shows(1, std::slice::from_ref(&weekly)).await;
    let row = |uid: &str, occurrence: Option<&str>| OverrideRow {
        tenant: TENANT,
        user: None,
        uid: uid.to_owned(),
        occurrence: occurrence.map(str::to_owned),
        mark: "organizer:ana@acme.example".to_owned(),
        stop: true,
    };
    let shown = scene.host.store.all_sightings(TENANT).await.expect("read");
    let moved_here = (shown[0].uid.clone().expect("a UID"), shown[0].occurrence.clone());
    let past = ["2026-02-02T10:00:00Z", "2026-02-02", "date:2026-02-02"].map(|key| row("past", Some(key)));
    let stay =
        [row("past", None), row("past", Some("single")), row("past", Some("2026-03-02T10:00:00Z")), row("past", Some("soon"))];
    // It was to begin long ago, and is shown: it was moved.
    let shown = row(&moved_here.0, Some(&moved_here.1));
    scene.commit(past.iter().chain(&stay).chain([&shown]).cloned().map(Write::Override).collect()).await;
    scene.set("2026-03-06T08:00:00Z");
    let stop = app::stopper().1;
    pruning::round(&scene.host, &stop).await.expect("pruned");
    let left = scene.host.store.all_overrides(TENANT).await.expect("read");
    let mut kept: Vec<Option<&str>> = left.iter().map(|row| row.occurrence.as_deref()).collect();
    kept.sort_unstable();
    assert_eq!(kept, [None, Some("2026-03-02T10:00:00Z"), Some("2026-03-02T10:00:00Z"), Some("single"), Some("soon")]);
    scene.set("2026-05-06T08:00:00Z");
    pruning::round(&scene.host, &stop).await.expect("pruned");
    let left = scene.host.store.all_overrides(TENANT).await.expect("read");
    assert!(left.iter().any(|row| (row.uid.as_str(), row.occurrence.as_ref()) == (moved_here.0.as_str(), Some(&moved_here.1))));
    assert_eq!(left.len(), 4);
}

#[tokio::test]
async fn rules_are_refused_where_those_of_a_user_would_break_beside_them() {
    let scene = Scene::new().await;
    let own = "rule mine:\n  record\n  when any attendee in customers\n";
    let lists = "our domains @acme.example\n\nlist customers = [@customer.example]\n\nrule outside:\n  record\n  when repeats\n";
    let done = set(&scene.host, TENANT, None, "acme.rules", lists).await.expect("stored");
    assert!(matches!(done, Set::Version(2, _)), "{done:?}");
    let done = set(&scene.host, TENANT, Some("ana"), "ana.rules", own).await.expect("stored");
    let Set::Version(1, _) = done else { panic!("{done:?}") };
    assert!(matches!(set(&scene.host, TENANT, Some("ana"), "ana.rules", own).await, Ok(Set::Same(1))));
    let without = "our domains @acme.example\n\nrule outside:\n  record\n  when repeats\n";
    let refused = set(&scene.host, TENANT, None, "acme.rules", without).await.expect_err("ana names the list");
    assert!(matches!(&refused, OperationError::Refused(why) if why.contains("a user")), "{refused}");
    let done = set(&scene.host, TENANT, None, "acme.rules", "rule x:\n  record\n  when organiser is internal\n").await;
    assert!(matches!(done, Ok(Set::Refused(_))));
}

#[tokio::test]
async fn a_connection_that_is_cut_takes_its_meetings_along_and_stays_to_be_seen() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    connections::disconnect(&scene.host, TENANT, ConnectionId(1)).await.expect("cut");
    scene
        .check(expect![[r#"
            2026-03-02T10:00:00Z not-recordable for 1: no calendar shows it any more []
              bot 0 withdrawn: no calendar shows it any more, start 2026-03-02T10:00:00Z
            recording.planned
            dispatch.withdrawn
        "#]])
        .await;
    let rows = scene.host.store.connections(TENANT).await.expect("read");
    assert_eq!(rows.iter().map(|row| row.state.word()).collect::<Vec<_>>(), ["disconnected", "active"]);
    assert_eq!(scene.host.store.calendars(TENANT).await.expect("read").len(), 1);
}

#[tokio::test]
async fn a_tenant_goes_when_its_last_bot_has_been_recalled() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    scene.bots_become(DispatchState::Accepted).await;
    let removal = remove(&scene.host, TENANT, scene.host.now()).await.expect("begun");
    assert_eq!(removal, Removal { withdrawn: 0, recalling: 1, left: 1 });
    assert!(scene.host.store.tenant(TENANT).await.expect("read").is_some());
    let recalled = scene.dispatches().await.into_iter().map(|row| crate::host::model::Dispatch {
        state: DispatchState::Recalled,
        due_at: None,
        lease_until: None,
        ..row
    });
    scene.commit(recalled.map(Write::Dispatch).collect()).await;
    let removal = remove(&scene.host, TENANT, scene.host.now()).await.expect("done");
    assert_eq!(removal, Removal::default());
    assert_eq!(scene.host.store.tenants().await.expect("read"), []);
    let gone = remove(&scene.host, TENANT, scene.host.now()).await.expect_err("there is none");
    assert_eq!(gone.to_string(), "there is no tenant 1");
}

#[tokio::test]
async fn a_hundred_kilobyte_uid_is_kept_by_a_digest_and_stays_the_same_meeting() {
    let scene = Scene::new().await;
    let long = "u".repeat(100_000);
    let item = |id: &str, uid: &str| with(pitch(id), json!({"iCalUID": uid}));
    scene.shows(1, &[item("a1", &format!("{long}1"))]).await;
    scene.shows(2, &[item("b1", &format!("{long}1"))]).await;
    let meeting = only(&scene).await;
    let kept: Vec<Sighting> = scene.host.store.all_sightings(TENANT).await.expect("read");
    assert!(kept.iter().all(|row| row.id.len() <= ID_BYTES_MAX && row.uid.as_ref().is_some_and(|uid| uid.len() <= ID_BYTES_MAX)));
    assert_eq!(kept[0].uid, kept[1].uid);
    say(&scene.host, TENANT, about(&meeting), true).await.expect("known again by its digest");
    assert_eq!(scene.dispatches().await[0].state, DispatchState::Withdrawn);
    // The same from a feed: the id of the entry, of the sighting and of its series.
    let text = format!(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:{long}2\nDTSTART:20260303T100000Z\nRRULE:FREQ=DAILY;COUNT=2\nSUMMARY:x\nEND:VEVENT\nEND:VCALENDAR\n"
    );
    let parts = crate::providers::ics::parts(text.as_bytes()).expect("a calendar");
    let entries: Vec<_> =
        parts.events.into_iter().map(|part| crate::host::model::Entry { id: part.key, body: part.text.into() }).collect();
    assert!(entries.iter().all(|entry| entry.id.len() <= ID_BYTES_MAX));
    let calendar = calendar_of(Origin::Feed, &entries, &Zone::utc()).expect("a calendar");
    let window = scene.host.now()..scene.host.now() + Elapsed::from_hours(96);
    let seen = sightings_of(crate::host::model::CalendarId(9), &calendar, &window, &Zone::utc()).sightings;
    assert_eq!(seen.len(), 2);
    assert!(seen.iter().all(|row| row.id.len() <= ID_BYTES_MAX) && seen[0].id != seen[1].id);
}

#[test]
fn rows_print_no_content() {
    let entry = crate::host::model::Entry { id: "e".into(), body: "canary".into() };
    let sighting = Sighting {
        calendar: crate::host::model::CalendarId(1),
        id: "s".into(),
        uid: None,
        family: None,
        occurrence: "single".into(),
        start: Instant::UNIX_EPOCH,
        room: Some("canary".into()),
        entry: None,
        body: "canary".into(),
    };
    let meeting = crate::host::model::Meeting {
        tenant: TENANT,
        id: "m".into(),
        sightings: vec![],
        start: Instant::UNIX_EPOCH,
        end: None,
        outcome: crate::host::model::Outcome::Skip,
        by: ConnectionId(1),
        rule: None,
        reason: "canary".into(),
        record: "canary".into(),
        conflict: false,
        version: 1,
    };
    for shown in [format!("{entry:?}"), format!("{sighting:?}"), format!("{meeting:?}")] {
        assert!(!shown.contains("canary"), "{shown}");
    }
}

#[test]
fn a_token_is_read_from_its_file_each_time() {
    let path = std::env::temp_dir().join(format!("callsheet-token-{}", std::process::id()));
    let path = path.to_str().expect("folders for temporary files have plain names");
    let row = Connection {
        tenant: TENANT,
        id: ConnectionId(1),
        user: "ana".into(),
        origin: Origin::Google,
        client: "by-hand".into(),
        addresses: vec![],
        zone: None,
        state: ConnectionState::Active,
        token_file: Some(path.to_owned()),
        token: None,
    };
    let known = credentials::Credentials::default();
    let header = || known.bearer(&row).map(|token| credentials::header(&token));
    assert_eq!(header(), None);
    std::fs::write(path, "first\n").expect("written");
    assert_eq!(header().as_deref(), Some("Bearer first"));
    std::fs::write(path, "second").expect("written");
    assert_eq!(header().as_deref(), Some("Bearer second"));
    std::fs::write(path, "two\nlines").expect("written");
    assert_eq!(header(), None);
    std::fs::remove_file(path).expect("removed");
}

#[tokio::test]
async fn what_is_long_past_goes_and_a_second_round_writes_nothing() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    let stop = app::stopper().1;
    scene.bots_become(DispatchState::Ended).await;
    let event = |at: &str| OutboxEvent {
        tenant: TENANT,
        id: EventId(0),
        kind: "dispatch.ended".into(),
        subject: "m".into(),
        body: "{}".into(),
        at: crate::host::planning::tests::at(at),
    };
    scene.commit(vec![Write::Event(event("2026-03-02T11:00:00Z"))]).await;
    scene.set("2026-04-01T09:59:00Z");
    // The meeting is not 30 days past, what planned it is.
    assert_eq!(pruning::round(&scene.host, &stop).await.expect("pruned"), 1);
    scene.set("2026-04-01T10:01:00Z");
    // The plan's guard, and the meeting.
    assert_eq!(pruning::round(&scene.host, &stop).await.expect("pruned"), 2);
    assert_eq!(scene.dispatches().await, []);
    let version = scene.host.store.tenant(TENANT).await.expect("read").expect("there").plan_version;
    assert_eq!(pruning::round(&scene.host, &stop).await.expect("nothing to prune"), 0);
    assert_eq!(scene.host.store.tenant(TENANT).await.expect("read").expect("there").plan_version, version);
    assert_eq!(scene.host.store.events(TENANT, EventId(0), 10).await.expect("read").len(), 1);
}

/// A clock on tokio's, which is paused.
struct Paused(Instant, tokio::time::Instant);

impl Clock for Paused {
    fn now(&self) -> Instant {
        self.0 + Elapsed::try_from(self.1.elapsed()).expect("a test is short")
    }

    fn sleep_until(&self, at: Instant) -> Boxed<'_, ()> {
        let left = std::time::Duration::try_from(at.duration_since(self.now())).unwrap_or_default();
        Box::pin(tokio::time::sleep(left))
    }
}

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";

/// A receiver that echoes challenges, once it knows the secret; it keeps what it got.
#[derive(Default)]
struct Echoing {
    knows: Mutex<bool>,
    got: Mutex<Vec<String>>,
}

impl Egress for Echoing {
    fn call(&self, request: Request) -> Boxed<'_, Result<Response, NetError>> {
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        self.got.lock().expect("nobody panics with it").push(body["type"].as_str().unwrap_or("?").to_owned());
        let knows = *self.knows.lock().expect("nobody panics with it");
        let echo = receiver::echo(&request, SECRET).filter(|_| knows).unwrap_or_default();
        Box::pin(async move { Ok(Response { status: 200, headers: vec![], body: echo.into_bytes() }) })
    }
}

/// A host that runs on the scene's store, on a clock of its own.
async fn running(scene: &Scene, egress: Arc<dyn Egress>) -> (Context, app::Stopper, tokio::task::JoinHandle<()>) {
    let clock = Arc::new(Paused(scene.host.now(), tokio::time::Instant::now()));
    let host = Context::new(scene.host.store.clone(), egress, clock, "host-2").with_vault(scene.host.vault.clone());
    let backend = Backend::Callsheet { base_url: "https://bots.example".into(), token: "t".to_owned().into() };
    let (stopper, stop) = app::stopper();
    let running = tokio::spawn(app::run(host.clone(), backend, stop));
    (host, stopper, running)
}

async fn secs(secs: u64) {
    tokio::time::sleep(std::time::Duration::from_secs(secs)).await;
}

#[tokio::test(start_paused = true)]
async fn a_running_host_follows_a_change_of_rules_within_two_seconds() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    let (_host, stopper, running) = running(&scene, Arc::new(super::Nowhere)).await;
    secs(5).await;
    assert_eq!(scene.dispatches().await[0].state, DispatchState::Planned);
    scene.commit(vec![rules(2, "our domains @acme.example\n"), Write::Undecided(None)]).await;
    secs(2).await;
    assert_eq!(scene.dispatches().await[0].state, DispatchState::Withdrawn);
    assert_eq!(scene.host.store.undecided(10).await.expect("read"), []);
    stopper.stop();
    running.await.expect("it ends");
}

#[tokio::test(start_paused = true)]
async fn a_receiver_gets_its_first_event_after_its_proof() {
    let scene = Scene::new().await;
    let world = Arc::new(Echoing::default());
    let url = "https://hooks.example/in";
    let row = receivers::add(&scene.host, TENANT, url, SECRET.into()).await.expect("made");
    let (host, stopper, running) = running(&scene, world.clone()).await;
    let store: &Store = &host.store;
    let state = async || {
        let row = store.endpoints(TENANT).await.expect("read").remove(0);
        (row.state, row.last)
    };
    let told = async || {
        let event = OutboxEvent {
            tenant: TENANT,
            id: EventId(0),
            kind: "recording.planned".into(),
            subject: "m".into(),
            body: "{}".into(),
            at: host.now(),
        };
        store.commit(Commit { tenant: TENANT, writes: vec![Write::Event(event)] }).await.expect("told");
    };
    secs(3).await;
    assert_eq!(state().await, (EndpointState::Unproven, Some("no-echo".into())));
    told().await;
    secs(3).await;
    *world.knows.lock().expect("nobody panics with it") = true;
    secs(20).await;
    assert_eq!(state().await, (EndpointState::Active, None));
    told().await;
    secs(3).await;
    let challenge = receiver::CHALLENGE.to_owned();
    let got: Vec<String> = world.got.lock().expect("nobody panics with it").iter().filter(|kind| *kind != "?").cloned().collect();
    assert_eq!(got, [challenge.clone(), challenge, "recording.planned".to_owned()]);
    // A replaced secret goes after its day, by the host itself.
    let other = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into();
    let rotated = change(&host, TENANT, EndpointId(row.id.0), Change::Rotate(other)).await.expect("rotated");
    assert_eq!(rotated.secrets.len(), 2);
    secs(24 * 3600 + 5).await;
    assert_eq!(store.endpoints(TENANT).await.expect("read")[0].secrets.len(), 1);
    stopper.stop();
    running.await.expect("it ends");
}

/// A receiver that fails, while somebody replaces its secret.
struct Rotating(Store);

impl Egress for Rotating {
    fn call(&self, _: Request) -> Boxed<'_, Result<Response, NetError>> {
        Box::pin(async {
            let row = self.0.endpoints(TENANT).await.expect("read").remove(0);
            if row.secrets.len() == 1 {
                let rotated =
                    receiver::secret_added(&row, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned(), Instant::UNIX_EPOCH);
                self.0.commit(Commit { tenant: TENANT, writes: vec![Write::Endpoint(rotated)] }).await.expect("rotated");
            }
            Ok(Response::empty(500))
        })
    }
}

#[tokio::test]
async fn a_failed_delivery_takes_no_new_secret_back_and_two_hosts_try_once() {
    let scene = Scene::new().await;
    let row = receivers::add(&scene.host, TENANT, "https://hooks.example/in", SECRET.into()).await.expect("made");
    let active = Endpoint { state: EndpointState::Active, due_at: None, version: 1, ..row };
    let event = OutboxEvent {
        tenant: TENANT,
        id: EventId(0),
        kind: "recording.planned".into(),
        subject: "m".into(),
        body: "{}".into(),
        at: scene.host.now(),
    };
    scene.commit(vec![Write::Endpoint(active), Write::Event(event)]).await;
    let store = scene.host.store.clone();
    let mut host = scene.host.clone();
    host.egress = Arc::new(Rotating(store.clone()));
    let due =
        store.due_deliveries(host.now() + Elapsed::from_secs(1), 10, 10, &PassedOver::default()).await.expect("read").remove(0);
    app::deliveries::deliver(&host, due.clone()).await;
    let row = store.endpoints(TENANT).await.expect("read").remove(0);
    assert_eq!((row.secrets.len(), row.failing_since), (2, Some(host.now())));
    // The other host had read the same delivery.
    app::deliveries::deliver(&host, due).await;
    let tried = store.due_deliveries(Instant::MAX, 10, 10, &PassedOver::default()).await.expect("read").remove(0).delivery;
    assert_eq!((tried.attempts, tried.last.as_deref()), (1, Some("500")));
}

#[tokio::test]
async fn what_is_no_domain_is_named() {
    let scene = Scene::new().await;
    let wanted = tenants::Wanted { own_domains: Some(vec!["acme".into()]), ..tenants::Wanted::default() };
    let refused = tenants::change(&scene.host, TENANT, wanted).await.expect_err("no domain");
    assert_eq!(refused.to_string(), "`acme` is no domain: a domain is written with `@` in front");
}

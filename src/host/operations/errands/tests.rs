//! Bots that were sent beside what two calendars show: who gets which, in text and in any order.

use super::{Wanted, recall, send};
use crate::host::app::{self, pruning};
use crate::host::model::{Dispatch, DispatchState, ErrandId, ErrandState};
use crate::host::operations::follow;
use crate::host::operations::overrides::{About, say};
use crate::host::operations::tenants::remove;
use crate::host::planning::redecide;
use crate::host::planning::tests::{Scene, TENANT, pitch, with};
use crate::host::schedule::errand::place;
use crate::host::store::Write;
use crate::time::{Elapsed, Instant};
use proptest::prelude::*;
use serde_json::{Value, json};

fn by_link(link: &str) -> Wanted {
    Wanted { link: link.into(), at: None, title: None, name: None }
}

/// The meeting of [`pitch`].
const PITCH: &str = "https://zoom.us/j/5551112222?pwd=by-hand";

#[tokio::test]
async fn a_bot_is_sent_to_known_meeting_links_alone_and_no_link_is_repeated() {
    let scene = Scene::new().await;
    let refused = async |wanted| send(&scene.host, TENANT, wanted).await.expect_err("no such link").to_string();
    for link in ["https://evil.example/j/5551112222?pwd=canary", "canary", "", "https://zoom.us/canary"] {
        let why = refused(by_link(link)).await;
        assert!(why.starts_with("that ") && !why.contains("canary"), "{why}");
    }
    let far = Wanted { at: Some(scene.host.now() + Elapsed::from_hours(24 * 400)), ..by_link(PITCH) };
    assert_eq!(refused(far).await, "that is more than a year ahead");
    let long = Wanted { title: Some("x".repeat(600)), ..by_link(PITCH) };
    assert_eq!(refused(long).await, "the title is longer than 512 bytes");
    assert_eq!(scene.host.store.errands(TENANT, Instant::MIN, Instant::MAX, 10).await.expect("read"), []);
    assert!(scene.dispatches().await.is_empty());
}

#[tokio::test]
async fn a_name_is_sent_once_whatever_became_of_it() {
    let scene = Scene::new().await;
    let named = || Wanted { name: Some("crm-17".into()), ..by_link(PITCH) };
    let (first, known) = send(&scene.host, TENANT, named()).await.expect("sent");
    assert!(!known);
    recall(&scene.host, TENANT, first.errand.id).await.expect("taken back");
    let (again, known) = send(&scene.host, TENANT, named()).await.expect("known");
    assert!(known && again.errand.id == first.errand.id && again.errand.state == ErrandState::Recalled);
    let elsewhere = Wanted { link: "https://zoom.us/j/5551113333".into(), ..named() };
    let refused = send(&scene.host, TENANT, elsewhere).await.expect_err("taken");
    assert_eq!(refused.to_string(), "that name is taken by another bot");
    // Without the name it is another one.
    let (other, known) = send(&scene.host, TENANT, by_link(PITCH)).await.expect("sent");
    assert!(!known && other.errand.id != first.errand.id);
    let unknown = recall(&scene.host, TENANT, ErrandId(99)).await.expect_err("not there");
    assert_eq!(unknown.to_string(), "there is no errand 99");
}

#[tokio::test]
async fn two_who_send_at_once_send_one_bot() {
    let scene = Scene::new().await;
    let both = tokio::join!(send(&scene.host, TENANT, by_link(PITCH)), send(&scene.host, TENANT, by_link(PITCH)),);
    let numbers = [both.0.expect("sent").0.errand.id, both.1.expect("sent").0.errand.id];
    assert_eq!(numbers[0], numbers[1]);
    assert_eq!(scene.dispatches().await.len(), 1);
}

/// What the driver stores when a bot has left.
async fn left(scene: &Scene, errand: ErrandId) {
    let over = vec![Write::ErrandOver(errand), Write::Undecided(Some(place(errand)))];
    scene.commit(over).await;
    follow(&scene.host, TENANT).await.expect("followed");
}

#[tokio::test]
async fn a_bot_that_left_before_the_turn_of_the_calendar_does_not_stand_for_its_own() {
    for (now, bots) in [("2026-03-02T09:55:00Z", 2), ("2026-03-02T10:05:00Z", 1)] {
        let scene = Scene::new().await;
        scene.shows(1, &[pitch("a1")]).await;
        scene.set("2026-03-02T09:50:00Z");
        let (sent, _) = send(&scene.host, TENANT, by_link(PITCH)).await.expect("sent");
        let [row] = &scene.dispatches().await[..] else { panic!("one bot") };
        assert_eq!((row.triggers(), row.errand), (vec!["manual", "calendar"], Some(sent.errand.id)));
        assert!(row.due_at.is_some_and(|due| due <= scene.host.now()));
        scene.bots_become(DispatchState::Ended).await;
        scene.set(now);
        left(&scene, sent.errand.id).await;
        let rows = scene.dispatches().await;
        assert_eq!(rows.len(), bots, "{now}");
        assert_eq!(rows.last().map(|row| row.calendar), Some(true));
        // Once more changes nothing.
        left(&scene, sent.errand.id).await;
        assert_eq!(scene.dispatches().await.len(), bots, "{now}");
    }
}

#[tokio::test]
async fn a_second_bot_is_sent_where_the_first_one_has_left() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    scene.bots_become(DispatchState::Ended).await;
    scene.set("2026-03-02T10:20:00Z");
    let (first, _) = send(&scene.host, TENANT, by_link(PITCH)).await.expect("sent");
    assert_eq!(first.bot.as_ref().map(|bot| (bot.epoch, bot.state)), Some((1, DispatchState::Planned)));
    assert_eq!(first.bot.map(|bot| bot.triggers()), Some(vec!["manual", "calendar"]));
    scene.bots_become(DispatchState::Ended).await;
    left(&scene, first.errand.id).await;
    let (second, known) = send(&scene.host, TENANT, by_link(PITCH)).await.expect("sent");
    assert!(!known);
    assert_eq!(second.bot.map(|bot| bot.epoch), Some(2));
}

#[tokio::test]
async fn a_changed_password_in_the_calendar_moves_no_bot_that_was_sent() {
    let scene = Scene::new().await;
    scene.set("2026-03-02T09:50:00Z");
    send(&scene.host, TENANT, by_link(PITCH)).await.expect("sent");
    scene.bots_become(DispatchState::Accepted).await;
    scene.shows(1, &[pitch("a1")]).await;
    scene.shows(1, &[with(pitch("a1"), json!({"location": "https://zoom.us/j/5551112222?pwd=new"}))]).await;
    let [row] = &scene.dispatches().await[..] else { panic!("one bot") };
    assert_eq!((row.state, row.triggers()), (DispatchState::Accepted, vec!["manual", "calendar"]));
    assert_eq!(row.start.to_string(), "2026-03-02T10:00:00Z");
    // Redecided as a whole, it stays as it is.
    assert_eq!(redecide(&scene.host, TENANT).await.expect("decided"), 0);
}

#[tokio::test]
async fn a_bot_whose_meeting_was_forgotten_is_the_one_that_is_sent() {
    let scene = Scene::new().await;
    scene.shows(1, &[pitch("a1")]).await;
    scene.bots_become(DispatchState::Joined).await;
    // People still talk, and the calendar has dropped what is past: that calls nothing off.
    scene.set("2026-03-02T11:10:00Z");
    scene.shows(1, &[]).await;
    let (sent, known) = send(&scene.host, TENANT, by_link(PITCH)).await.expect("sent");
    let [row] = &scene.dispatches().await[..] else { panic!("one bot") };
    assert!(!known && row.errand == Some(sent.errand.id) && row.state == DispatchState::Joined, "{row:?}");
    assert_eq!(redecide(&scene.host, TENANT).await.expect("decided"), 0);
    recall(&scene.host, TENANT, sent.errand.id).await.expect("taken back");
    assert_eq!(scene.dispatches().await[0].state, DispatchState::Recalling);
}

#[tokio::test]
async fn a_stop_takes_back_what_was_sent_and_a_later_bot_goes_again() {
    let scene = Scene::new().await;
    let (sent, _) = send(&scene.host, TENANT, by_link(PITCH)).await.expect("sent");
    let name = sent.meeting.expect("planned").id;
    // No calendar shows it: there is nothing else to stop.
    assert!(say(&scene.host, TENANT, About { meeting: &name, series: false, user: None }, true).await.expect("stopped") > 0);
    let [row] = &scene.dispatches().await[..] else { panic!("one bot") };
    assert_eq!((row.state, row.reason.as_deref()), (DispatchState::Withdrawn, Some("taken back by hand")));
    assert!(!send(&scene.host, TENANT, by_link(PITCH)).await.expect("sent").1);
    let states: Vec<DispatchState> = scene.dispatches().await.iter().map(|row| row.state).collect();
    assert!(states.contains(&DispatchState::Planned), "{states:?}");
}

#[tokio::test]
async fn bots_that_were_sent_go_with_their_tenant_and_when_they_are_past() {
    let scene = Scene::new().await;
    send(&scene.host, TENANT, by_link(PITCH)).await.expect("sent");
    assert_eq!(remove(&scene.host, TENANT, scene.host.now()).await.expect("gone").withdrawn, 1);
    assert!(scene.host.store.tenant(TENANT).await.expect("read").is_none());
    let scene = Scene::new().await;
    let (sent, _) = send(&scene.host, TENANT, by_link(PITCH)).await.expect("sent");
    scene.bots_become(DispatchState::Ended).await;
    left(&scene, sent.errand.id).await;
    scene.set("2026-05-02T10:00:00Z");
    let (_stopper, stop) = app::stopper();
    pruning::round(&scene.host, &stop).await.expect("pruned");
    assert_eq!(scene.host.store.errands(TENANT, Instant::MIN, Instant::MAX, 10).await.expect("read"), []);
    assert!(scene.dispatches().await.is_empty());
}

/// What can happen to a meeting and its room.
#[derive(Clone, Copy, Debug)]
enum Happens {
    /// The calendar shows it so many minutes from 10:00; with a customer, so that it is recorded, or without.
    Shown(i64, bool),
    /// The calendar no longer shows it.
    Hidden,
    /// Somebody sends a bot to its room.
    Sent,
    /// The bot that was sent last is taken back.
    TakenBack,
    /// So many minutes go by.
    Wait(i64),
    /// Every bot leaves that is there.
    Left,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        3 => (prop::sample::select(vec![0, 20, 120]), any::<bool>()).prop_map(|(minutes, wanted)| Happens::Shown(minutes, wanted)),
        1 => Just(Happens::Hidden),
        3 => Just(Happens::Sent),
        2 => Just(Happens::TakenBack),
        4 => prop::sample::select(vec![1, 7, 25, 60]).prop_map(Happens::Wait),
        1 => Just(Happens::Left),
    ]
}

fn shown(minutes: i64, wanted: bool) -> Value {
    let from = "2026-03-02T10:00:00Z".parse::<Instant>().expect("an instant") + Elapsed::from_mins(minutes);
    let times = json!({
        "start": {"dateTime": from.to_string(), "timeZone": "Europe/London"},
        "end": {"dateTime": (from + Elapsed::from_mins(30)).to_string(), "timeZone": "Europe/London"},
    });
    let inside = json!({"attendees": [{"email": "ana@acme.example"}, {"email": "ben@acme.example"}]});
    let meeting = with(pitch("a1"), times);
    if wanted { meeting } else { with(meeting, inside) }
}

/// A meeting with its room, and what was asked for.
struct Room {
    scene: Scene,
    now: Instant,
    last: Option<ErrandId>,
}

impl Room {
    async fn new() -> Self {
        let scene = Scene::new().await;
        let now = "2026-03-02T09:30:00Z".parse().expect("an instant");
        scene.set("2026-03-02T09:30:00Z");
        Self { scene, now, last: None }
    }

    async fn happen(&mut self, what: Happens) {
        let host = &self.scene.host;
        match what {
            Happens::Shown(minutes, wanted) => drop(self.scene.shows(1, &[shown(minutes, wanted)]).await),
            Happens::Hidden => drop(self.scene.shows(1, &[]).await),
            Happens::Sent => self.last = Some(send(host, TENANT, by_link(PITCH)).await.expect("sent").0.errand.id),
            Happens::TakenBack => {
                if let Some(errand) = self.last {
                    recall(host, TENANT, errand).await.expect("there is one");
                }
            }
            Happens::Wait(minutes) => {
                for _ in 0..minutes {
                    self.now += Elapsed::from_mins(1);
                    self.scene.set(&self.now.to_string());
                    // As the looks at meetings before their bots do.
                    redecide(host, TENANT).await.expect("decided");
                    self.bots_move().await;
                }
            }
            Happens::Left => self.bots_leave().await,
        }
        self.bots_move().await;
    }

    /// Bots that are due are in the meeting, those that are recalled are gone, and what came too late was missed.
    async fn bots_move(&self) {
        for row in self.scene.dispatches().await {
            let late = self.now >= row.late_at;
            let state = match row.state {
                DispatchState::Planned if late => DispatchState::Missed,
                DispatchState::Planned if row.due_at.is_some_and(|due| due <= self.now) => DispatchState::Joined,
                DispatchState::Recalling => DispatchState::Recalled,
                _ => continue,
            };
            self.becomes(row, state).await;
        }
    }

    async fn bots_leave(&self) {
        for row in self.scene.dispatches().await.into_iter().filter(|row| row.state == DispatchState::Joined) {
            self.becomes(row, DispatchState::Ended).await;
        }
    }

    async fn becomes(&self, row: Dispatch, state: DispatchState) {
        let over = row.errand.filter(|_| matches!(state, DispatchState::Ended | DispatchState::Missed));
        self.scene.commit(vec![Write::Dispatch(Dispatch { state, fence: row.fence + 1, due_at: None, ..row })]).await;
        if let Some(errand) = over {
            left(&self.scene, errand).await;
        }
    }

    /// What must hold whatever happened.
    async fn check(&self) -> Result<(), TestCaseError> {
        let store = &self.scene.host.store;
        let rows = self.scene.dispatches().await;
        let there: Vec<&Dispatch> = rows.iter().filter(|row| row.state == DispatchState::Joined).collect();
        prop_assert!(there.len() <= 1, "two bots in one room: {there:?}");
        for errand in store.open_errands(TENANT).await.expect("read") {
            let own = rows.iter().filter(|row| row.state.is_live() && row.errand == Some(errand.id)).count();
            prop_assert_eq!(own, 1, "bots of an open errand: {:?}", rows);
        }
        for row in rows.iter().filter(|row| row.state.is_live()) {
            prop_assert!(!row.triggers().is_empty(), "a bot that nobody wants: {row:?}");
        }
        // What was decided step by step is what is decided as a whole, but for what only the time changes.
        redecide(&self.scene.host, TENANT).await.expect("decided");
        prop_assert_eq!(redecide(&self.scene.host, TENANT).await.expect("decided"), 0);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_room_never_has_two_bots_and_nobody_waits_in_vain(what in prop::collection::vec(happens(), 1..14)) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime without threads");
        runtime.block_on(async {
            let mut room = Room::new().await;
            for what in what {
                room.happen(what).await;
                room.check().await?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}

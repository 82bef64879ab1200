//! What is decided: meetings, dispatches, what people and rules say. Each case begins with an empty store.

use super::rows::{
    at, calendar, commit, connection, dispatch, endpoint, errand, event, meeting, override_row, rules, sighting, tenant,
};
use super::{ONE, WORKS, put, refused, with_calendar};
use crate::host::model::{
    Calendar, CalendarId, CalendarState, Connection, ConnectionState, Dispatch, DispatchState, Errand, ErrandId, ErrandState,
    EventId, Meeting, OverrideRow, Sighting, TenantId,
};
use crate::host::store::{Decide, Near, PassedOver, Store, StoreError, Watched, Write};
use std::sync::Arc;

pub(super) async fn meetings_are_guarded_by_version(store: Store) {
    put(&store, [Write::Meeting(meeting(1, "m", 0))]).await;
    refused(&store, [Write::Meeting(meeting(1, "m", 0))], "meeting").await;
    refused(&store, [Write::Meeting(meeting(1, "m", 2))], "meeting").await;
    refused(&store, [Write::Meeting(meeting(1, "n", 1))], "meeting").await;
    let changed = Meeting { end: None, rule: Some("2".to_owned()), conflict: true, ..meeting(1, "m", 1) };
    put(&store, [Write::Meeting(changed.clone())]).await;
    let stored = store.meetings_of(ONE, &["1/m".to_owned()]).await.expect(WORKS);
    assert_eq!(stored, [Meeting { version: 2, ..changed }]);
}

pub(super) async fn meetings_come_by_start_inside_the_window(store: Store) {
    let rows = [("d", 5), ("b", 3), ("a", 3), ("c", 1)].map(|(id, seconds)| Meeting { start: at(seconds), ..meeting(1, id, 0) });
    put(&store, rows.into_iter().map(Write::Meeting)).await;
    let ids = async |from, to, limit| {
        let found = store.meetings(ONE, at(from), at(to), limit).await.expect(WORKS);
        found.into_iter().map(|row| row.id).collect::<String>()
    };
    assert_eq!(ids(0, 100, 100).await, "cabd");
    assert_eq!(ids(1, 5, 100).await, "cab");
    assert_eq!(ids(2, 6, 2).await, "ab");
    assert_eq!(ids(2, 6, 0).await, "");
    assert_eq!(ids(6, 2, 100).await, "");
    put(&store, [Write::Meeting(Meeting { start: at(50), ..meeting(1, "c", 1) })]).await;
    assert_eq!(ids(0, 100, 100).await, "abdc");
}

pub(super) async fn meetings_are_found_by_sighting(store: Store) {
    let seen = |id: &str, version, sightings: &[&str]| {
        Write::Meeting(Meeting { sightings: sightings.iter().map(|&name| name.to_owned()).collect(), ..meeting(1, id, version) })
    };
    put(&store, [seen("n", 0, &["1/a", "2/b", "2/b"]), seen("m", 0, &["1/a"]), seen("o", 0, &[])]).await;
    let ids = async |names: &[&str]| {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let found = store.meetings_of(ONE, &names).await.expect(WORKS);
        found.into_iter().map(|row| row.id).collect::<String>()
    };
    assert_eq!(ids(&["1/a", "2/b", "2/b"]).await, "mn");
    assert_eq!(ids(&["2/b", "9/z"]).await, "n");
    assert_eq!(ids(&[]).await, "");
    put(&store, [seen("n", 1, &["3/c"])]).await;
    assert_eq!(ids(&["1/a", "2/b"]).await, "m");
    assert_eq!(ids(&["3/c"]).await, "n");
}

pub(super) async fn removing_a_meeting_takes_its_dispatches(store: Store) {
    for id in ["m", "n"] {
        put(
            &store,
            [Write::Meeting(meeting(1, id, 0)), Write::Dispatch(dispatch(1, id, 0, 0)), Write::Dispatch(dispatch(1, id, 1, 0))],
        )
        .await;
    }
    put(&store, [Write::RemoveMeeting("m".to_owned()), Write::RemoveMeeting("nobody".to_owned())]).await;
    assert_eq!(store.meetings_of(ONE, &["1/m".to_owned()]).await.expect(WORKS), []);
    assert_eq!(store.due_dispatches(at(1000), 10).await.expect(WORKS).len(), 2);
    assert_eq!(store.dispatches_of(ONE, &["m".to_owned()]).await.expect(WORKS), []);
}

pub(super) async fn dispatches_are_guarded_by_version_and_fence(store: Store) {
    put(&store, [Write::Meeting(meeting(1, "m", 0)), Write::Dispatch(dispatch(1, "m", 0, 0))]).await;
    refused(&store, [Write::Dispatch(dispatch(1, "m", 0, 0))], "dispatch").await;
    refused(&store, [Write::Dispatch(dispatch(1, "m", 0, 2))], "dispatch").await;
    refused(&store, [Write::Dispatch(dispatch(1, "m", 1, 1))], "dispatch").await;
    let claimed = Dispatch {
        state: DispatchState::Claimed,
        fence: 3,
        owner: Some("host".to_owned()),
        lease_until: Some(at(25)),
        attempts: 1,
        verified: true,
        reason: Some("why".to_owned()),
        ..dispatch(1, "m", 0, 1)
    };
    put(&store, [Write::Dispatch(claimed.clone())]).await;
    // The version is right, the fence is that of a host which was overtaken.
    refused(&store, [Write::Dispatch(Dispatch { fence: 2, version: 2, ..claimed.clone() })], "dispatch").await;
    put(&store, [Write::Dispatch(Dispatch { version: 2, ..claimed.clone() })]).await;
    assert_eq!(store.dispatches_of(ONE, &["m".to_owned()]).await.expect(WORKS), [Dispatch { version: 3, ..claimed }]);
}

pub(super) async fn a_dispatch_needs_its_meeting(store: Store) {
    refused(&store, [Write::Dispatch(dispatch(1, "m", 0, 0))], "meeting").await;
}

pub(super) async fn dispatches_come_by_meeting_and_epoch(store: Store) {
    for id in ["b", "a", "c"] {
        put(
            &store,
            [Write::Meeting(meeting(1, id, 0)), Write::Dispatch(dispatch(1, id, 10, 0)), Write::Dispatch(dispatch(1, id, 2, 0))],
        )
        .await;
    }
    let found = store.dispatches_of(ONE, &["b", "a", "b", "x"].map(str::to_owned)).await.expect(WORKS);
    assert_eq!(found.iter().map(|row| format!("{}{}", row.meeting, row.epoch)).collect::<Vec<_>>(), ["a2", "a10", "b2", "b10"]);
    assert_eq!(store.dispatches_of(ONE, &[]).await.expect(WORKS), []);
}

pub(super) async fn bots_under_way_are_found_by_the_start_of_their_meeting(store: Store) {
    let states = [
        ("joined", DispatchState::Joined, 5),
        ("accepted", DispatchState::Accepted, 5),
        ("planned", DispatchState::Planned, 5),
        ("ended", DispatchState::Ended, 5),
        ("recalling", DispatchState::Recalling, 5),
        ("claimed", DispatchState::Claimed, 5),
        ("unknown", DispatchState::Unknown, 5),
        ("later", DispatchState::Joined, 6),
    ];
    for (id, state, start) in states {
        let row = Dispatch { state, start: at(start), ..dispatch(1, id, 0, 0) };
        put(&store, [Write::Meeting(meeting(1, id, 0)), Write::Dispatch(row)]).await;
    }
    let other = Dispatch { state: DispatchState::Joined, start: at(5), ..dispatch(2, "other", 0, 0) };
    store.commit(commit(2, [Write::Meeting(meeting(2, "other", 0)), Write::Dispatch(other)])).await.expect(WORKS);
    let ids = async |tenant, start| {
        let found = store.dispatches_under_way(TenantId(tenant), at(start)).await.expect(WORKS);
        found.into_iter().map(|row| row.meeting).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids(1, 5).await, "accepted claimed joined unknown");
    assert_eq!(ids(1, 6).await, "later");
    assert_eq!(ids(1, 7).await, "");
    assert_eq!(ids(2, 5).await, "other");
    let row = Dispatch { state: DispatchState::Ended, start: at(5), due_at: None, ..dispatch(1, "joined", 0, 1) };
    put(&store, [Write::Dispatch(row)]).await;
    assert_eq!(ids(1, 5).await, "accepted claimed unknown");
}

pub(super) async fn due_dispatches_come_by_when_a_host_may_act(store: Store) {
    // A claim is waited for; another lease, as that of a recall, is not.
    let due = |id: &str, due: Option<i64>, lease: Option<i64>| {
        let state = if id == "h" { DispatchState::Recalling } else { DispatchState::Claimed };
        let row = Dispatch { state, due_at: due.map(at), lease_until: lease.map(at), ..dispatch(1, id, 0, 0) };
        [Write::Meeting(meeting(1, id, 0)), Write::Dispatch(row)]
    };
    let rows = [
        ("a", Some(5), None),
        ("b", Some(3), Some(20)),
        ("c", Some(9), Some(2)),
        ("d", None, None),
        ("e", None, Some(1)),
        ("h", Some(15), Some(90)),
    ];
    for (id, when, lease) in rows {
        put(&store, due(id, when, lease)).await;
    }
    store.commit(commit(2, [Write::Meeting(meeting(2, "f", 0)), Write::Dispatch(dispatch(2, "f", 0, 0))])).await.expect(WORKS);
    put(&store, [Write::Meeting(meeting(1, "g", 0)), Write::Dispatch(dispatch(1, "g", 0, 0))]).await;
    let ids = async |before, limit| {
        let found = store.due_dispatches(before, limit).await.expect(WORKS);
        found.into_iter().map(|row| row.meeting).collect::<String>()
    };
    assert_eq!(ids(at(100), 100).await, "acgfhb");
    assert_eq!(ids(at(100), 2).await, "ac");
    assert_eq!(ids(at(9), 100).await, "a");
    assert_eq!(ids(at(10), 100).await, "ac");
    let done = Dispatch { due_at: None, state: DispatchState::Ended, ..dispatch(1, "a", 0, 1) };
    put(&store, [Write::Dispatch(done)]).await;
    assert_eq!(ids(at(100), 100).await, "cgfhb");
}

pub(super) async fn what_is_taken_up_becomes_what_was_decided(store: Store) {
    let due = |tenant, id: &str, due: i64| {
        let row = Dispatch { due_at: Some(at(due)), ..dispatch(tenant, id, 0, 0) };
        commit(tenant, [Write::Meeting(meeting(tenant, id, 0)), Write::Dispatch(row)])
    };
    for (tenant, id, when) in [(1, "a", 5), (2, "b", 3), (1, "c", 4), (1, "later", 9), (2, "left", 2)] {
        store.commit(due(tenant, id, when)).await.expect(WORKS);
    }
    let decide: Decide = Arc::new(|row| {
        if row.meeting == "left" {
            return Vec::new();
        }
        let next = Dispatch { state: DispatchState::Claimed, fence: 1, due_at: Some(at(20)), ..row.clone() };
        vec![Write::Dispatch(next), Write::Event(event(row.tenant.0, &row.meeting, 1))]
    });
    let ids = |rows: Vec<Dispatch>| rows.into_iter().map(|row| format!("{}{}", row.meeting, row.version)).collect::<Vec<_>>();
    assert_eq!(ids(store.take_up(at(9), 3, Arc::clone(&decide)).await.expect(WORKS)), ["b1", "c1"], "as they were");
    assert_eq!(ids(store.take_up(at(9), 3, Arc::clone(&decide)).await.expect(WORKS)), ["a1"]);
    assert_eq!(ids(store.take_up(at(9), 3, decide).await.expect(WORKS)), Vec::<String>::new());
    let rows = store.due_dispatches(at(100), 100).await.expect(WORKS);
    assert_eq!(
        rows.iter().map(|row| (row.meeting.as_str(), row.state, row.version)).collect::<Vec<_>>(),
        [
            ("left", DispatchState::Planned, 1),
            ("later", DispatchState::Planned, 1),
            ("a", DispatchState::Claimed, 2),
            ("c", DispatchState::Claimed, 2),
            ("b", DispatchState::Claimed, 2),
        ]
    );
    let subjects = store.events(ONE, EventId(0), 10).await.expect(WORKS).into_iter().map(|row| row.subject);
    assert_eq!(subjects.collect::<Vec<_>>(), ["c", "a"]);
    // What does not fit its row changes nothing, of nobody.
    let unfit: Decide =
        Arc::new(|row| vec![Write::Dispatch(Dispatch { version: row.version + u64::from(row.tenant == ONE), ..row.clone() })]);
    assert!(matches!(store.take_up(at(100), 10, unfit).await, Err(StoreError::Row { .. })));
    assert_eq!(store.due_dispatches(at(100), 100).await.expect(WORKS), rows);
}

pub(super) async fn watched_are_active_and_come_in_pages(store: Store) {
    with_calendar(&store).await;
    put(&store, [Write::Calendar(calendar(1, 1, 3, 0)), Write::Calendar(calendar(1, 1, 20, 0))]).await;
    put(&store, [Write::Calendar(Calendar { state: CalendarState::Gone, ..calendar(1, 1, 4, 0) })]).await;
    put(&store, [Write::Calendar(Calendar { state: CalendarState::Failing, ..calendar(1, 1, 5, 0) })]).await;
    let cut = Connection { state: ConnectionState::Reconnect, ..connection(1, 7) };
    put(&store, [Write::Connection(cut), Write::Calendar(calendar(1, 7, 8, 0))]).await;
    let other = Connection { client: "other".to_owned(), ..connection(2, 1) };
    store.commit(commit(2, [tenant(2), Write::Connection(other), Write::Calendar(calendar(2, 1, 3, 0))])).await.expect(WORKS);
    let page = async |tenant, calendar, limit| {
        let found = store.watched((TenantId(tenant), CalendarId(calendar)), limit).await.expect(WORKS);
        let told = |row: Watched| format!("{}/{} {} {}", row.tenant, row.calendar, row.origin.word(), row.client);
        found.into_iter().map(told).collect::<Vec<_>>().join(", ")
    };
    assert_eq!(
        page(0, 0, 100).await,
        "1/2 google client, 1/3 google client, 1/5 google client, 1/20 google client, 2/3 google other"
    );
    assert_eq!(page(0, 0, 2).await, "1/2 google client, 1/3 google client");
    assert_eq!(page(1, 3, 2).await, "1/5 google client, 1/20 google client");
    assert_eq!(page(1, 20, 2).await, "2/3 google other");
    assert_eq!(page(2, 3, 2).await, "");
}

pub(super) async fn near_are_calendars_whose_bots_set_out(store: Store) {
    with_calendar(&store).await;
    let planned = |id: &str, sightings: &[&str], seconds, state| {
        let sightings = sightings.iter().map(|&name| name.to_owned()).collect();
        let row = Dispatch { start: at(seconds), state, ..dispatch(1, id, 0, 0) };
        [Write::Meeting(Meeting { sightings, ..meeting(1, id, 0) }), Write::Dispatch(row)]
    };
    put(&store, planned("past", &["2/a"], 10, DispatchState::Planned)).await;
    put(&store, planned("later", &["2/a", "03/x", "3x/y"], 40, DispatchState::Planned)).await;
    put(&store, planned("next", &["2/b", "5/c", "no calendar"], 30, DispatchState::Accepted)).await;
    put(&store, planned("off", &["2/b", "3/b"], 20, DispatchState::Withdrawn)).await;
    let near = async |from, to| {
        let found = store.near(at(from), at(to)).await.expect(WORKS);
        let told = |row: Near| format!("{}/{}:{}", row.tenant, row.calendar, row.start.duration_since(at(0)).as_secs());
        found.into_iter().map(told).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(near(10, 100).await, "1/2:10 1/5:30");
    assert_eq!(near(11, 100).await, "1/2:30 1/5:30");
    assert_eq!(near(11, 30).await, "");
    assert_eq!(near(31, 41).await, "1/2:40");
}

pub(super) async fn overrides_are_found_by_uid(store: Store) {
    let rows = [
        override_row(1, None, "u", None),
        override_row(1, None, "u", Some("single")),
        override_row(1, Some(""), "u", None),
        override_row(1, Some("ann"), "u", Some("")),
        override_row(1, None, "v", None),
    ];
    put(&store, rows.iter().rev().cloned().map(Write::Override)).await;
    assert_eq!(store.overrides(ONE, &["u", "u", "x"].map(str::to_owned)).await.expect(WORKS), rows[..4]);
    assert_eq!(store.overrides(ONE, &["v", "u"].map(str::to_owned)).await.expect(WORKS), rows);
    assert_eq!(store.overrides(ONE, &[]).await.expect(WORKS), []);
    // The same UID and occurrence under another mark is another meeting.
    let other = OverrideRow { stop: false, mark: "room".to_owned(), ..rows[0].clone() };
    put(&store, [Write::Override(other.clone()), Write::RemoveOverride(rows[1].clone())]).await;
    put(&store, [Write::RemoveOverride(OverrideRow { user: Some("nobody".to_owned()), ..rows[0].clone() })]).await;
    let of_u = async || store.overrides(ONE, &["u".to_owned()]).await.expect(WORKS);
    assert_eq!(of_u().await, [other.clone(), rows[0].clone(), rows[2].clone(), rows[3].clone()]);
    let changed = OverrideRow { stop: true, ..other.clone() };
    put(&store, [Write::Override(changed.clone()), Write::RemoveOverride(rows[0].clone())]).await;
    assert_eq!(of_u().await, [changed, rows[2].clone(), rows[3].clone()]);
    assert_eq!(store.all_overrides(ONE).await.expect(WORKS).len(), 4);
}

pub(super) async fn sightings_of_a_family_are_found(store: Store) {
    with_calendar(&store).await;
    let of = |id: &str, family: Option<&str>| Sighting { family: family.map(str::to_owned), ..sighting(2, id) };
    put(&store, [of("b", Some("f")), of("a", Some("f")), of("c", Some("g")), of("d", None)].map(Write::Sighting)).await;
    let found = store.sightings_of_family(ONE, "f").await.expect(WORKS);
    assert_eq!(found.iter().map(|row| row.id.as_str()).collect::<String>(), "ab");
    assert_eq!(store.sightings_of_family(TenantId(2), "f").await.expect(WORKS), []);
}

pub(super) async fn meetings_are_past_when_nothing_is_left_to_do(store: Store) {
    let over = |id: &str, secs| Write::Meeting(Meeting { start: at(secs), ..meeting(1, id, 0) });
    put(&store, [over("c", 5), over("b", 3), over("a", 5), over("busy", 1), over("late", 9)]).await;
    put(&store, [Write::Dispatch(dispatch(1, "busy", 0, 0))]).await;
    put(&store, [Write::Dispatch(Dispatch { due_at: None, ..dispatch(1, "b", 0, 0) })]).await;
    let past = async |before, limit| store.past_meetings(ONE, at(before), limit).await.expect(WORKS).join(" ");
    assert_eq!((past(9, 10).await, past(9, 2).await, past(5, 10).await), ("b a c".into(), "b a".into(), "b".into()));
    put(&store, [Write::Dispatch(Dispatch { due_at: None, ..dispatch(1, "busy", 0, 1) })]).await;
    assert_eq!(past(9, 10).await, "busy b a c");
}

pub(super) async fn what_is_undecided_waits_for_its_own_number(store: Store) {
    let waiting = async || store.undecided(10).await.expect(WORKS);
    put(&store, [Write::Undecided(Some("u".to_owned())), Write::Undecided(None)]).await;
    store.commit(commit(2, [Write::Undecided(None)])).await.expect(WORKS);
    let first = waiting().await;
    let told: Vec<_> = first.iter().map(|row| (row.tenant.0, row.uid.as_deref())).collect();
    assert_eq!(told, [(1, None), (1, Some("u")), (2, None)]);
    assert_eq!(store.undecided(1).await.expect(WORKS), first[..1]);
    // Somebody changes it once more while it is being decided.
    put(&store, [Write::Undecided(None)]).await;
    put(&store, [Write::Decided(None, first[0].number), Write::Decided(Some("u".to_owned()), first[1].number)]).await;
    let rest = waiting().await;
    assert_eq!(rest.iter().map(|row| row.tenant.0).collect::<Vec<_>>(), [1, 2]);
    assert!(rest[0].number > first[0].number);
    put(&store, [Write::Decided(None, rest[0].number)]).await;
    assert_eq!(waiting().await.len(), 1);
}

pub(super) async fn removing_a_tenant_takes_everything_but_never_a_bot(store: Store) {
    with_calendar(&store).await;
    let rest = [
        Write::Sighting(sighting(2, "a")),
        Write::Override(override_row(1, None, "u", None)),
        Write::Rules(rules(1, None, 1)),
        Write::List("l".to_owned(), "text".to_owned()),
        Write::Endpoint(endpoint(1, 3, 0)),
        Write::Event(event(1, "a", 1)),
        Write::Undecided(None),
        Write::Meeting(meeting(1, "m", 0)),
        Write::Dispatch(dispatch(1, "m", 0, 0)),
        Write::Errand(errand(1, 950, 5, 0)),
    ];
    put(&store, rest).await;
    refused(&store, [Write::RemoveTenant], "dispatches").await;
    assert!(store.tenant(ONE).await.expect(WORKS).is_some());
    put(&store, [Write::Dispatch(Dispatch { due_at: None, ..dispatch(1, "m", 0, 1) }), Write::RemoveTenant]).await;
    assert_eq!(store.tenants().await.expect(WORKS), []);
    assert_eq!(store.connections(ONE).await.expect(WORKS), []);
    assert_eq!(store.all_sightings(ONE).await.expect(WORKS), []);
    assert_eq!(store.all_overrides(ONE).await.expect(WORKS), []);
    assert_eq!(store.errands(ONE, at(0), at(100), 10).await.expect(WORKS), []);
    assert_eq!(store.rules(ONE).await.expect(WORKS), []);
    assert_eq!(store.lists(ONE).await.expect(WORKS), []);
    assert_eq!(store.endpoints(ONE).await.expect(WORKS), []);
    assert_eq!(store.events(ONE, EventId(0), 10).await.expect(WORKS), []);
    assert_eq!(store.undecided(10).await.expect(WORKS), []);
    assert_eq!(store.meetings_named(ONE, &["m".to_owned()]).await.expect(WORKS), []);
    assert_eq!(store.due_deliveries(at(100), 10, 10, &PassedOver::default()).await.expect(WORKS), []);
    // Twice is as good as once.
    put(&store, [Write::RemoveTenant]).await;
}

pub(super) async fn errands_are_guarded_by_version_and_end_once(store: Store) {
    let row = |version| Write::Errand(errand(1, 7, 5, version));
    refused(&store, [row(1)], "errand").await;
    put(&store, [row(0)]).await;
    refused(&store, [row(0)], "errand").await;
    put(&store, [row(1), Write::ErrandOver(ErrandId(7)), Write::ErrandOver(ErrandId(7)), Write::ErrandOver(ErrandId(8))]).await;
    let stored = store.errands(ONE, at(0), at(10), 10).await.expect(WORKS).pop().expect("it is there");
    assert_eq!(stored, Errand { state: ErrandState::Over, ..errand(1, 7, 5, 3) });
    assert_eq!(stored.url, errand(1, 7, 5, 3).url);
    assert!(store.next_id().await.expect(WORKS) > 7);
    // What was taken back by hand is not over by itself.
    let recalled = Errand { state: ErrandState::Recalled, ..stored };
    put(&store, [Write::Errand(recalled.clone()), Write::ErrandOver(ErrandId(7))]).await;
    assert_eq!(store.errands(ONE, at(0), at(10), 10).await.expect(WORKS), [Errand { version: 4, ..recalled }]);
    put(&store, [Write::RemoveErrand(ErrandId(7)), Write::RemoveErrand(ErrandId(7))]).await;
    assert_eq!(store.errands(ONE, at(0), at(10), 10).await.expect(WORKS), []);
}

pub(super) async fn errands_come_by_when_and_the_open_ones_by_number(store: Store) {
    for (id, seconds) in [(3, 9), (4, 2), (5, 9), (6, 10)] {
        put(&store, [Write::Errand(errand(1, id, seconds, 0))]).await;
    }
    put(&store, [Write::ErrandOver(ErrandId(4))]).await;
    let numbers = |rows: Vec<Errand>| rows.into_iter().map(|row| row.id.0).collect::<Vec<_>>();
    assert_eq!(numbers(store.errands(ONE, at(2), at(10), 10).await.expect(WORKS)), [4, 3, 5]);
    assert_eq!(numbers(store.errands(ONE, at(3), at(11), 2).await.expect(WORKS)), [3, 5]);
    assert_eq!(numbers(store.open_errands(ONE).await.expect(WORKS)), [3, 5, 6]);
    assert_eq!(numbers(store.open_errands(TenantId(2)).await.expect(WORKS)), [0; 0]);
}

pub(super) async fn dispatches_are_found_by_errand(store: Store) {
    let on = |id: &str, epoch, errand| {
        let row = Dispatch { calendar: false, errand: Some(ErrandId(errand)), ..dispatch(1, id, epoch, 0) };
        Write::Dispatch(row)
    };
    put(&store, ["m", "a"].map(|id| Write::Meeting(meeting(1, id, 0)))).await;
    put(&store, [on("m", 0, 5), on("m", 1, 5), on("a", 0, 5), on("a", 1, 6), Write::Dispatch(dispatch(1, "a", 2, 0))]).await;
    let found = store.dispatches_on(ONE, ErrandId(5)).await.expect(WORKS);
    let names: Vec<_> = found.iter().map(|row| (row.meeting.as_str(), row.epoch, row.calendar)).collect();
    assert_eq!(names, [("a", 0, false), ("m", 0, false), ("m", 1, false)]);
    assert_eq!(store.dispatches_on(TenantId(2), ErrandId(5)).await.expect(WORKS), []);
}

pub(super) async fn rules_are_numbered_without_gaps(store: Store) {
    refused(&store, [Write::Rules(rules(1, None, 2))], "rules").await;
    refused(&store, [Write::Rules(rules(1, None, 0))], "rules").await;
    put(&store, [Write::Rules(rules(1, Some("b"), 1)), Write::Rules(rules(1, Some("a"), 1)), Write::Rules(rules(1, None, 1))])
        .await;
    refused(&store, [Write::Rules(rules(1, None, 1))], "rules").await;
    put(&store, (2..=10).map(|version| Write::Rules(rules(1, None, version)))).await;
    let newest = [rules(1, None, 10), rules(1, Some("a"), 1), rules(1, Some("b"), 1)];
    assert_eq!(store.rules(ONE).await.expect(WORKS), newest);
}

pub(super) async fn lists_are_replaced_by_name(store: Store) {
    let list = |name: &str, text: &str| Write::List(name.to_owned(), text.to_owned());
    put(&store, [list("b", "1"), list("a", "2"), list("b", "3")]).await;
    let expected = [("a", "2"), ("b", "3")].map(|(name, text)| (name.to_owned(), text.to_owned()));
    assert_eq!(store.lists(ONE).await.expect(WORKS), expected);
}

//! Tenants, and what is read of calendars. Each case begins with an empty store.

use super::rows::{at, calendar, commit, connection, endpoint, entry, sighting, tenant};
use super::{CALENDAR, ONE, WORKS, put, refused, with_calendar};
use crate::host::model::{Calendar, CalendarState, ConnectionId, Entry, Sighting, Tenant, TenantId};
use crate::host::store::{Store, Write};

pub(super) async fn a_tenant_is_made_once_and_its_plan_version_is_left_alone(store: Store) {
    let row = Tenant {
        id: ONE,
        name: "Ä".to_owned(),
        own_domains: vec!["a.example".to_owned()],
        bots: vec![],
        plan_version: 7,
        ..Tenant::default()
    };
    put(&store, [Write::Tenant(row.clone())]).await;
    assert_eq!(store.tenant(ONE).await.expect(WORKS), Some(row.clone()));
    let renamed = Tenant { name: "B".to_owned(), plan_version: 3, ..row };
    put(&store, [Write::Tenant(renamed.clone())]).await;
    assert_eq!(store.tenant(ONE).await.expect(WORKS), Some(Tenant { plan_version: 7, ..renamed }));
    assert_eq!(store.tenant(TenantId(2)).await.expect(WORKS), None);
}

pub(super) async fn tenants_come_by_number(store: Store) {
    for id in [3, 1, 2] {
        store.commit(commit(id, [tenant(id)])).await.expect(WORKS);
    }
    let tenants = store.tenants().await.expect(WORKS);
    assert_eq!(tenants.iter().map(|row| row.id.0).collect::<Vec<_>>(), [1, 2, 3]);
}

pub(super) async fn plan_version_is_a_guard(store: Store) {
    refused(&store, [Write::PlanVersion(0)], "plan").await;
    put(&store, [tenant(1)]).await;
    put(&store, [Write::PlanVersion(0)]).await;
    refused(&store, [Write::PlanVersion(0)], "plan").await;
    refused(&store, [Write::PlanVersion(2)], "plan").await;
    put(&store, [Write::PlanVersion(1), Write::PlanVersion(2)]).await;
    assert_eq!(store.tenant(ONE).await.expect(WORKS).expect("it was made").plan_version, 3);
}

pub(super) async fn numbers_are_never_given_twice(store: Store) {
    let first = store.next_id().await.expect(WORKS);
    let second = store.next_id().await.expect(WORKS);
    assert!(first > 0 && second > first);
    // A number that somebody chose counts as given.
    put(&store, [tenant(1), Write::Connection(connection(1, 40))]).await;
    assert!(store.next_id().await.expect(WORKS) > 40);
    put(&store, [Write::Calendar(calendar(1, 40, 60, 0))]).await;
    assert!(store.next_id().await.expect(WORKS) > 60);
    put(&store, [Write::Endpoint(endpoint(1, 80, 0))]).await;
    assert!(store.next_id().await.expect(WORKS) > 80);
    store.commit(commit(100, [tenant(100)])).await.expect(WORKS);
    assert!(store.next_id().await.expect(WORKS) > 100);
}

async fn version_of_calendar(store: &Store) -> u64 {
    store.calendar(ONE, CALENDAR).await.expect(WORKS).expect("it was made").version
}

pub(super) async fn calendars_are_guarded_by_version(store: Store) {
    with_calendar(&store).await;
    let stored = store.calendar(ONE, CALENDAR).await.expect(WORKS);
    assert_eq!(stored, Some(Calendar { version: 1, ..calendar(1, 1, 2, 0) }));
    refused(&store, [Write::Calendar(calendar(1, 1, 2, 0))], "calendar").await;
    refused(&store, [Write::Calendar(calendar(1, 1, 2, 2))], "calendar").await;
    refused(&store, [Write::Calendar(calendar(1, 1, 3, 1))], "calendar").await;
    let gone =
        Calendar { state: CalendarState::Gone, cursor: None, synced_at: None, expanded_to: Some(at(9)), ..calendar(1, 1, 2, 1) };
    put(&store, [Write::Calendar(gone.clone())]).await;
    assert_eq!(store.calendars(ONE).await.expect(WORKS), [Calendar { version: 2, ..gone }]);
}

pub(super) async fn a_calendar_needs_its_connection(store: Store) {
    refused(&store, [tenant(1), Write::Calendar(calendar(1, 1, 2, 0))], "connection").await;
    with_calendar(&store).await;
    refused(&store, [Write::Calendar(calendar(1, 5, 2, 1))], "connection").await;
    assert_eq!(version_of_calendar(&store).await, 1);
}

pub(super) async fn entries_come_by_id_and_grow_the_calendar(store: Store) {
    with_calendar(&store).await;
    put(&store, [entry(2, "b"), entry(2, "a"), entry(2, "B")]).await;
    let ids = |entries: Vec<Entry>| entries.into_iter().map(|row| row.id).collect::<Vec<_>>();
    assert_eq!(ids(store.entries(ONE, CALENDAR).await.expect(WORKS)), ["B", "a", "b"]);
    assert_eq!(version_of_calendar(&store).await, 2);
    put(&store, [Write::Calendar(calendar(1, 1, 2, 2)), entry(2, "c"), Write::RemoveEntry(CALENDAR, "a".to_owned())]).await;
    assert_eq!(ids(store.entries(ONE, CALENDAR).await.expect(WORKS)), ["B", "b", "c"]);
    assert_eq!(version_of_calendar(&store).await, 3);
    put(&store, [Write::RemoveEntry(CALENDAR, "nobody".to_owned()), Write::RemoveSighting(CALENDAR, "nobody".to_owned())]).await;
    assert_eq!(version_of_calendar(&store).await, 4);
    let again = Entry { id: "b".to_owned(), body: "new".into() };
    put(&store, [Write::Entry(CALENDAR, again)]).await;
    assert_eq!(&*store.entries(ONE, CALENDAR).await.expect(WORKS)[1].body, "new");
}

pub(super) async fn entries_and_sightings_need_their_calendar(store: Store) {
    refused(&store, [entry(2, "a")], "calendar").await;
    refused(&store, [Write::Sighting(sighting(2, "a"))], "calendar").await;
    // Nothing is there to remove, which is what was wanted.
    put(&store, [Write::RemoveEntry(CALENDAR, "a".to_owned()), Write::RemoveSighting(CALENDAR, "a".to_owned())]).await;
}

pub(super) async fn removing_a_connection_takes_all_it_holds(store: Store) {
    with_calendar(&store).await;
    let other = [Write::Connection(connection(1, 3)), Write::Calendar(calendar(1, 3, 4, 0))];
    put(&store, other.into_iter().chain([entry(2, "a"), entry(4, "a")])).await;
    put(&store, [Write::Sighting(sighting(2, "a")), Write::Sighting(sighting(4, "a"))]).await;
    put(&store, [Write::RemoveConnection(ConnectionId(1)), Write::RemoveConnection(ConnectionId(99))]).await;
    assert_eq!(store.connections(ONE).await.expect(WORKS), [connection(1, 3)]);
    assert_eq!(store.calendars(ONE).await.expect(WORKS).len(), 1);
    assert_eq!(store.entries(ONE, CALENDAR).await.expect(WORKS), []);
    assert_eq!(store.all_sightings(ONE).await.expect(WORKS), [sighting(4, "a")]);
    assert_eq!(store.sightings_like(ONE, &["uid-a".to_owned()], &[]).await.expect(WORKS), [sighting(4, "a")]);
    // Made anew, nothing of it comes back.
    with_calendar(&store).await;
    assert_eq!(store.sightings(ONE, CALENDAR).await.expect(WORKS), []);
}

pub(super) async fn sightings_are_found_by_uid_and_by_room(store: Store) {
    with_calendar(&store).await;
    put(&store, [Write::Calendar(calendar(1, 1, 1, 0))]).await;
    let room =
        |id: &str, calendar, seconds| Sighting { room: Some("zoom 1".to_owned()), start: at(seconds), ..sighting(calendar, id) };
    let rows = [room("a", 2, 1), room("b", 1, 1), room("c", 2, 2), Sighting { uid: None, ..sighting(2, "d") }, sighting(2, "e")];
    put(&store, rows.iter().cloned().map(Write::Sighting)).await;
    let [a, b, c, _, e] = rows;
    let uids = ["uid-e".to_owned(), "uid-a".to_owned(), "uid-a".to_owned(), "nobody".to_owned()];
    assert_eq!(store.sightings_like(ONE, &uids, &[]).await.expect(WORKS), [a.clone(), e.clone()]);
    let rooms = [("zoom 1".to_owned(), at(1)), ("zoom 1".to_owned(), at(1)), ("zoom 2".to_owned(), at(2))];
    assert_eq!(store.sightings_like(ONE, &[], &rooms).await.expect(WORKS), [b.clone(), a.clone()]);
    assert_eq!(store.sightings_like(ONE, &uids, &rooms).await.expect(WORKS), [b.clone(), a.clone(), e.clone()]);
    assert_eq!(store.sightings_like(ONE, &[], &[]).await.expect(WORKS), []);
    assert_eq!(store.sightings_like(ONE, &["zoom 1".to_owned()], &[("uid-c".to_owned(), at(2))]).await.expect(WORKS), []);
    assert_eq!(store.sightings_like(ONE, &[], &[("zoom 1".to_owned(), at(2))]).await.expect(WORKS), [c]);
}

pub(super) async fn sightings_follow_their_last_write(store: Store) {
    with_calendar(&store).await;
    let first = Sighting { room: Some("zoom 1".to_owned()), family: Some("f".to_owned()), ..sighting(2, "a") };
    put(&store, [Write::Sighting(first.clone())]).await;
    assert_eq!(store.sightings(ONE, CALENDAR).await.expect(WORKS), std::slice::from_ref(&first));
    let moved = Sighting { start: at(500), uid: Some("other".to_owned()), entry: None, family: None, ..first };
    put(&store, [Write::Sighting(moved.clone())]).await;
    assert_eq!(store.sightings(ONE, CALENDAR).await.expect(WORKS), std::slice::from_ref(&moved));
    assert_eq!(store.sightings_like(ONE, &["uid-a".to_owned()], &[("zoom 1".to_owned(), at(100))]).await.expect(WORKS), []);
    assert_eq!(store.sightings_like(ONE, &[], &[("zoom 1".to_owned(), at(500))]).await.expect(WORKS), [moved]);
    put(&store, [Write::RemoveSighting(CALENDAR, "a".to_owned())]).await;
    assert_eq!(store.sightings_like(ONE, &["other".to_owned()], &[("zoom 1".to_owned(), at(500))]).await.expect(WORKS), []);
}

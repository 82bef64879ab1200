//! What holds for any commit: one tenant, all or nothing, in order, and values come back as they were. Each case begins with an empty store.

use super::rows::{
    at, calendar, commit, connection, delivery, dispatch, endpoint, entry, errand, event, meeting, override_row, rules, sighting,
    tenant,
};
use super::{CALENDAR, ONE, WORKS, put, refused, with_calendar};
use crate::host::model::{
    ConnectionId, Delivery, DeliveryState, Dispatch, EndpointId, ErrandId, EventId, Meeting, Sighting, Tenant, TenantId,
};
use crate::host::store::{PassedOver, Store, Write};
use crate::time::Instant;

/// Everything a tenant can have, under the same numbers for each tenant.
fn everything(tenant_id: u64) -> Vec<Write> {
    vec![
        tenant(tenant_id),
        Write::Connection(connection(tenant_id, 1)),
        Write::Calendar(calendar(tenant_id, 1, 2, 0)),
        entry(2, "a"),
        Write::Sighting(Sighting { room: Some("zoom 1".to_owned()), ..sighting(2, "a") }),
        Write::Meeting(meeting(tenant_id, "m", 0)),
        Write::Dispatch(dispatch(tenant_id, "m", 0, 0)),
        Write::Errand(errand(tenant_id, 4, 5, 0)),
        Write::Override(override_row(tenant_id, None, "u", None)),
        Write::Rules(rules(tenant_id, None, 1)),
        Write::List("l".to_owned(), format!("of {tenant_id}")),
        Write::Endpoint(endpoint(tenant_id, 3, 0)),
        Write::Event(event(tenant_id, &format!("of {tenant_id}"), 1)),
    ]
}

/// All that can be read of a tenant.
async fn told(store: &Store, tenant: TenantId) -> impl PartialEq + std::fmt::Debug {
    let uids = ["u".to_owned(), "uid-a".to_owned()];
    let rooms = [("zoom 1".to_owned(), at(100))];
    let (all, dead) = (EventId(0), EndpointId(3));
    (
        (
            store.tenant(tenant).await.expect(WORKS),
            store.connections(tenant).await.expect(WORKS),
            store.calendars(tenant).await.expect(WORKS),
            store.calendar(tenant, CALENDAR).await.expect(WORKS),
            store.entries(tenant, CALENDAR).await.expect(WORKS),
            store.sightings(tenant, CALENDAR).await.expect(WORKS),
            store.sightings_like(tenant, &uids, &rooms).await.expect(WORKS),
            store.all_sightings(tenant).await.expect(WORKS),
            store.meetings_of(tenant, &["1/m".to_owned()]).await.expect(WORKS),
        ),
        (
            store.meetings(tenant, at(0), at(1000), 10).await.expect(WORKS),
            store.dispatches_of(tenant, &["m".to_owned()]).await.expect(WORKS),
            (store.open_errands(tenant).await.expect(WORKS), store.errands(tenant, at(0), at(100), 10).await.expect(WORKS)),
            store.overrides(tenant, &uids).await.expect(WORKS),
            store.rules(tenant).await.expect(WORKS),
            store.lists(tenant).await.expect(WORKS),
            store.endpoints(tenant).await.expect(WORKS),
            store.events(tenant, all, 10).await.expect(WORKS),
            store.dead_deliveries(tenant, dead, 10).await.expect(WORKS),
        ),
    )
}

/// The tenant has something of everything, and nothing of another.
async fn only_its_own(store: &Store, id: u64) {
    let (tenant, own) = (TenantId(id), format!("of {id}"));
    assert_eq!(store.tenant(tenant).await.expect(WORKS).expect("it is there").name, format!("tenant {id}"));
    assert_eq!(store.lists(tenant).await.expect(WORKS), [("l".to_owned(), own.clone())]);
    let events = store.events(tenant, EventId(0), 10).await.expect(WORKS);
    assert_eq!(events.iter().map(|row| (row.tenant, row.subject.as_str())).collect::<Vec<_>>(), [(tenant, own.as_str())]);
    let dead = store.dead_deliveries(tenant, EndpointId(3), 10).await.expect(WORKS);
    assert_eq!(dead.iter().map(|row| (row.tenant, row.last.clone())).collect::<Vec<_>>(), [(tenant, Some(own))]);
    let uids = ["u".to_owned(), "uid-a".to_owned()];
    let named = [
        store.connections(tenant).await.expect(WORKS).iter().map(|row| row.tenant).collect::<Vec<_>>(),
        store.calendars(tenant).await.expect(WORKS).iter().map(|row| row.tenant).collect(),
        store.meetings(tenant, at(0), at(1000), 10).await.expect(WORKS).iter().map(|row| row.tenant).collect(),
        store.dispatches_of(tenant, &["m".to_owned()]).await.expect(WORKS).iter().map(|row| row.tenant).collect(),
        store.open_errands(tenant).await.expect(WORKS).iter().map(|row| row.tenant).collect(),
        store.overrides(tenant, &uids).await.expect(WORKS).iter().map(|row| row.tenant).collect(),
        store.rules(tenant).await.expect(WORKS).iter().map(|row| row.tenant).collect(),
        store.endpoints(tenant).await.expect(WORKS).iter().map(|row| row.tenant).collect(),
    ];
    assert!(named.iter().all(|found| *found == [tenant]), "{named:?}");
    assert_eq!(store.entries(tenant, CALENDAR).await.expect(WORKS).len(), 1);
    assert_eq!(store.all_sightings(tenant).await.expect(WORKS).len(), 1);
}

pub(super) async fn tenants_with_equal_numbers_never_meet(store: Store) {
    let nothing = told(&store, TenantId(9)).await;
    for id in [1, 2] {
        store.commit(commit(id, everything(id))).await.expect(WORKS);
        let dead = Delivery { state: DeliveryState::Dead, last: Some(format!("of {id}")), ..delivery(id, 1, 3, 1) };
        store.commit(commit(id, [Write::Delivery(dead)])).await.expect(WORKS);
    }
    let (one, two) = (told(&store, ONE).await, told(&store, TenantId(2)).await);
    assert_ne!(one, two);
    for id in [1, 2] {
        only_its_own(&store, id).await;
    }
    assert_eq!(told(&store, TenantId(9)).await, nothing);
    // What one removes and changes, the other keeps.
    let removed = [
        Write::RemoveEntry(CALENDAR, "a".to_owned()),
        Write::RemoveSighting(CALENDAR, "a".to_owned()),
        Write::RemoveConnection(ConnectionId(1)),
        Write::RemoveMeeting("m".to_owned()),
        Write::ErrandOver(ErrandId(4)),
        Write::RemoveErrand(ErrandId(4)),
        Write::RemoveOverride(override_row(1, None, "u", None)),
        Write::RemoveEndpoint(EndpointId(3)),
        Write::PlanVersion(0),
        Write::List("l".to_owned(), String::new()),
        Write::Rules(rules(1, None, 2)),
        Write::Event(event(1, "of 1", 1)),
    ];
    put(&store, removed).await;
    assert_eq!(told(&store, TenantId(2)).await, two);
    assert_ne!(told(&store, ONE).await, one);
}

pub(super) async fn a_row_of_another_tenant_is_refused(store: Store) {
    put(&store, everything(1)).await;
    store.commit(commit(2, everything(2))).await.expect(WORKS);
    let two = told(&store, TenantId(2)).await;
    let foreign = [
        tenant(2),
        Write::Connection(connection(2, 1)),
        Write::Calendar(calendar(2, 1, 2, 1)),
        Write::Meeting(meeting(2, "m", 1)),
        Write::Dispatch(dispatch(2, "m", 0, 1)),
        Write::Errand(errand(2, 4, 5, 1)),
        Write::Override(override_row(2, None, "u", None)),
        Write::Rules(rules(2, None, 2)),
        Write::Endpoint(endpoint(2, 3, 0)),
        Write::Event(event(2, "b", 1)),
        Write::Delivery(delivery(2, 1, 3, 1)),
    ];
    for write in foreign {
        refused(&store, [write], "a row of another tenant").await;
    }
    assert_eq!(told(&store, TenantId(2)).await, two);
}

pub(super) async fn a_failed_commit_changes_nothing(store: Store) {
    put(&store, everything(1)).await;
    put(&store, [Write::Sighting(sighting(2, "b")), entry(2, "b")]).await;
    let before = (told(&store, ONE).await, store.due_deliveries(at(100), 10, 10, &PassedOver::default()).await.expect(WORKS));
    let changes = [
        Write::Tenant(Tenant {
            id: ONE,
            name: "other".to_owned(),
            own_domains: vec![],
            bots: vec![],
            plan_version: 0,
            ..Tenant::default()
        }),
        Write::PlanVersion(0),
        Write::Connection(connection(1, 900)),
        entry(2, "c"),
        Write::RemoveEntry(CALENDAR, "a".to_owned()),
        Write::RemoveSighting(CALENDAR, "b".to_owned()),
        Write::Sighting(Sighting { start: at(7), ..sighting(2, "a") }),
        Write::Meeting(Meeting { sightings: vec!["7/x".to_owned()], start: at(8), ..meeting(1, "m", 1) }),
        Write::Dispatch(Dispatch { due_at: None, ..dispatch(1, "m", 0, 1) }),
        Write::RemoveMeeting("m".to_owned()),
        Write::Errand(errand(1, 4, 6, 1)),
        Write::ErrandOver(ErrandId(4)),
        Write::Errand(errand(1, 902, 6, 0)),
        Write::RemoveErrand(ErrandId(4)),
        Write::RemoveOverride(override_row(1, None, "u", None)),
        Write::Rules(rules(1, None, 2)),
        Write::List("l".to_owned(), "other".to_owned()),
        Write::Endpoint(endpoint(1, 901, 0)),
        Write::Event(event(1, "lost", 2)),
        Write::Delivery(delivery(1, 1, 3, 1)),
        Write::RemoveEndpoint(EndpointId(3)),
        Write::RemoveConnection(ConnectionId(1)),
        // Fails: somebody was faster.
        Write::Meeting(meeting(1, "z", 5)),
    ];
    refused(&store, changes, "meeting").await;
    let after = (told(&store, ONE).await, store.due_deliveries(at(100), 10, 10, &PassedOver::default()).await.expect(WORKS));
    assert_eq!(before, after);
    assert_eq!(store.meetings_of(ONE, &["7/x".to_owned()]).await.expect(WORKS), []);
    assert_eq!(store.due_dispatches(at(1000), 10).await.expect(WORKS).len(), 1);
    assert_eq!(store.watched(Default::default(), 10).await.expect(WORKS).len(), 1);
    // The number of the event that was not made is free again.
    put(&store, [Write::Event(event(1, "next", 2))]).await;
    assert_eq!(store.events(ONE, EventId(1), 10).await.expect(WORKS)[0].id, EventId(2));
}

pub(super) async fn writes_hold_in_their_order(store: Store) {
    refused(&store, [entry(2, "a"), Write::Connection(connection(1, 1)), Write::Calendar(calendar(1, 1, 2, 0))], "calendar")
        .await;
    put(&store, [Write::Meeting(meeting(1, "m", 0)), Write::Meeting(meeting(1, "m", 1)), Write::RemoveMeeting("m".to_owned())])
        .await;
    put(
        &store,
        [Write::Meeting(meeting(1, "m", 0)), Write::Dispatch(dispatch(1, "m", 0, 0)), Write::Dispatch(dispatch(1, "m", 0, 1))],
    )
    .await;
    assert_eq!(store.dispatches_of(ONE, &["m".to_owned()]).await.expect(WORKS)[0].version, 2);
    // A receiver made after the event does not get it.
    put(&store, [Write::Endpoint(endpoint(1, 3, 0)), Write::Event(event(1, "a", 1)), Write::Endpoint(endpoint(1, 4, 0))]).await;
    assert_eq!(store.due_deliveries(at(100), 10, 10, &PassedOver::default()).await.expect(WORKS).len(), 1);
}

pub(super) async fn instants_are_kept_to_the_microsecond(store: Store) {
    let nanos = |nanos: i128| Instant::from_nanosecond(nanos).expect("near 1970");
    for (id, start, kept) in [("a", 1_999, 1_000), ("b", -1, -1_000), ("c", -2_000, -2_000), ("d", 0, 0)] {
        put(&store, [Write::Meeting(Meeting { start: nanos(start), ..meeting(1, id, 0) })]).await;
        assert_eq!(store.meetings_of(ONE, &[format!("1/{id}")]).await.expect(WORKS)[0].start, nanos(kept));
    }
    let ids = async |from, to| {
        let found = store.meetings(ONE, nanos(from), nanos(to), 10).await.expect(WORKS);
        found.into_iter().map(|row| row.id).collect::<String>()
    };
    assert_eq!(ids(-1_500, 1_001).await, "bda");
    assert_eq!(ids(-2_000, 1_000).await, "cbd");
    assert_eq!(ids(1, 1).await, "");
    let far = Meeting { start: Instant::MIN, end: Some(Instant::MAX), ..meeting(1, "far", 0) };
    put(&store, [Write::Meeting(far)]).await;
    let found = store.meetings(ONE, Instant::MIN, Instant::MAX, 1).await.expect(WORKS);
    assert_eq!((found[0].start, found[0].end.map(|end| end.as_second())), (Instant::MIN, Some(Instant::MAX.as_second())));
}

pub(super) async fn any_text_comes_back_as_it_was(store: Store) {
    with_calendar(&store).await;
    let texts = [
        "",
        "\0",
        "\u{1}",
        "\u{1}0",
        "a\0b",
        "'\"\\;--",
        "Ä\u{10FFFF}\u{FEFF}",
        "{\"a\":[1]}",
        "%_*",
        "\0\0",
        "\u{2}",
        "\u{1}\0",
    ];
    let row = |text: &str| Sighting {
        uid: Some(text.to_owned()),
        room: Some(text.to_owned()),
        body: text.into(),
        family: Some(text.to_owned()),
        entry: Some(text.to_owned()),
        occurrence: text.to_owned(),
        ..sighting(2, text)
    };
    put(&store, texts.iter().map(|text| Write::Sighting(row(text)))).await;
    put(&store, texts.iter().map(|text| Write::List((*text).to_owned(), (*text).to_owned()))).await;
    let mut sorted = texts.map(str::to_owned);
    sorted.sort();
    let rows: Vec<Sighting> = sorted.iter().map(|text| row(text)).collect();
    assert_eq!(store.sightings(ONE, CALENDAR).await.expect(WORKS), rows);
    assert_eq!(store.sightings_like(ONE, &sorted, &[]).await.expect(WORKS), rows);
    let rooms: Vec<(String, Instant)> = sorted.iter().map(|text| (text.clone(), at(100))).collect();
    assert_eq!(store.sightings_like(ONE, &[], &rooms).await.expect(WORKS), rows);
    assert_eq!(store.lists(ONE).await.expect(WORKS), sorted.clone().map(|text| (text.clone(), text)));
    let seen = Meeting { sightings: sorted.to_vec(), ..meeting(1, "m", 0) };
    put(&store, [Write::Meeting(seen.clone())]).await;
    assert_eq!(store.meetings_of(ONE, &["\0".to_owned()]).await.expect(WORKS), [Meeting { version: 1, ..seen }]);
}

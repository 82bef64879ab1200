//! What is told: events, receivers, deliveries. Each case begins with an empty store.

use super::rows::{at, commit, delivery, endpoint, event};
use super::{ONE, WORKS, put, refused};
use crate::host::model::{Delivery, DeliveryState, Endpoint, EndpointId, EndpointState, EventId, OutboxEvent};
use crate::host::store::{DueDelivery, Store, Write};

pub(super) async fn events_ascend_and_reach_active_receivers(store: Store) {
    let off = Endpoint { state: EndpointState::Disabled, failing_since: Some(at(1)), ..endpoint(1, 4) };
    put(&store, [Write::Endpoint(endpoint(1, 3)), Write::Endpoint(off.clone()), Write::Event(event(1, "a", 5))]).await;
    put(&store, [Write::Event(OutboxEvent { id: EventId(77), ..event(1, "b", 4) }), Write::Event(event(1, "c", 3))]).await;
    assert_eq!(store.endpoints(ONE).await.expect(WORKS), [endpoint(1, 3), off]);
    let events = async |after, limit| {
        let found = store.events(ONE, EventId(after), limit).await.expect(WORKS);
        found.into_iter().map(|row| format!("{}{}", row.id, row.subject)).collect::<String>()
    };
    assert_eq!(events(0, 10).await, "1a2b3c");
    assert_eq!(events(1, 1).await, "2b");
    assert_eq!(events(3, 10).await, "");
    assert_eq!(events(u64::MAX, 10).await, "");
    let due = store.due_deliveries(at(100), 10, 10).await.expect(WORKS);
    let told = due.iter().map(|due| (due.delivery.event.0, due.event.subject.as_str(), due.endpoint.id.0)).collect::<Vec<_>>();
    assert_eq!(told, [(3, "c", 3), (2, "b", 3), (1, "a", 3)]);
    let first = Delivery { due_at: Some(at(3)), last: None, ..delivery(1, 3, 3, 0) };
    assert_eq!((&due[0].delivery, &due[0].endpoint), (&first, &endpoint(1, 3)));
    assert_eq!(due[0].event, OutboxEvent { id: EventId(3), ..event(1, "c", 3) });
}

pub(super) async fn deliveries_count_attempts(store: Store) {
    put(&store, [Write::Endpoint(endpoint(1, 3)), Write::Event(event(1, "a", 5))]).await;
    refused(&store, [Write::Delivery(delivery(1, 1, 3, 2))], "delivery").await;
    refused(&store, [Write::Delivery(delivery(1, 1, 4, 0))], "delivery").await;
    refused(&store, [Write::Delivery(delivery(1, 2, 3, 0))], "delivery").await;
    put(&store, [Write::Delivery(delivery(1, 1, 3, 0)), Write::Delivery(delivery(1, 1, 3, 1))]).await;
    refused(&store, [Write::Delivery(delivery(1, 1, 3, 0))], "delivery").await;
    assert_eq!(store.due_deliveries(at(51), 10, 10).await.expect(WORKS)[0].delivery, delivery(1, 1, 3, 1));
    put(&store, [Write::Delivery(Delivery { state: DeliveryState::Delivered, ..delivery(1, 1, 3, 1) })]).await;
    assert_eq!(store.due_deliveries(at(51), 10, 10).await.expect(WORKS), []);
}

pub(super) async fn due_deliveries_are_shared_out_between_receivers(store: Store) {
    put(&store, [Write::Endpoint(endpoint(1, 3)), Write::Endpoint(endpoint(1, 4))]).await;
    put(&store, (1..=4).map(|number| Write::Event(event(1, "a", 10 - number)))).await;
    store.commit(commit(2, [Write::Endpoint(endpoint(2, 3)), Write::Event(event(2, "a", 6))])).await.expect(WORKS);
    let due = async |before, limit, each| {
        let found = store.due_deliveries(at(before), limit, each).await.expect(WORKS);
        let told = |due: DueDelivery| format!("{}.{}.{}", due.delivery.tenant, due.delivery.event, due.delivery.endpoint);
        found.into_iter().map(told).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(due(100, 100, 100).await, "1.4.3 1.4.4 2.1.3 1.3.3 1.3.4 1.2.3 1.2.4 1.1.3 1.1.4");
    assert_eq!(due(100, 100, 1).await, "1.4.3 1.4.4 2.1.3");
    assert_eq!(due(100, 2, 1).await, "1.4.3 1.4.4");
    assert_eq!(due(7, 100, 3).await, "1.4.3 1.4.4 2.1.3");
    assert_eq!(due(6, 100, 3).await, "");
    assert_eq!(due(100, 100, 0).await, "");
    put(&store, [Write::Endpoint(Endpoint { state: EndpointState::Disabled, ..endpoint(1, 4) })]).await;
    assert_eq!(due(100, 3, 2).await, "1.4.3 2.1.3 1.3.3");
    put(&store, [Write::Delivery(Delivery { due_at: None, ..delivery(1, 4, 3, 1) })]).await;
    assert_eq!(due(100, 3, 1).await, "2.1.3 1.3.3");
}

pub(super) async fn dead_deliveries_come_by_event(store: Store) {
    put(&store, [Write::Endpoint(endpoint(1, 3)), Write::Endpoint(endpoint(1, 4))]).await;
    put(&store, (0..4).map(|_| Write::Event(event(1, "a", 1)))).await;
    let dead = |event, endpoint| Delivery { state: DeliveryState::Dead, due_at: None, ..delivery(1, event, endpoint, 1) };
    put(&store, [dead(3, 3), dead(1, 3), dead(2, 4)].map(Write::Delivery)).await;
    let of = async |endpoint, limit| store.dead_deliveries(ONE, EndpointId(endpoint), limit).await.expect(WORKS);
    assert_eq!(of(3, 10).await, [dead(1, 3), dead(3, 3)]);
    assert_eq!(of(3, 1).await, [dead(1, 3)]);
    assert_eq!(of(5, 10).await, []);
    // Replayed.
    put(&store, [Write::Delivery(Delivery { state: DeliveryState::Pending, ..dead(1, 3) })]).await;
    assert_eq!(of(3, 10).await, [dead(3, 3)]);
}

pub(super) async fn removing_a_receiver_takes_its_deliveries(store: Store) {
    put(&store, [Write::Endpoint(endpoint(1, 3)), Write::Endpoint(endpoint(1, 4)), Write::Event(event(1, "a", 1))]).await;
    put(&store, [Write::RemoveEndpoint(EndpointId(3)), Write::RemoveEndpoint(EndpointId(9))]).await;
    let due = store.due_deliveries(at(100), 10, 10).await.expect(WORKS);
    assert_eq!(due.iter().map(|due| due.endpoint.id.0).collect::<Vec<_>>(), [4]);
    put(&store, [Write::Endpoint(endpoint(1, 3))]).await;
    refused(&store, [Write::Delivery(delivery(1, 1, 3, 0))], "delivery").await;
}

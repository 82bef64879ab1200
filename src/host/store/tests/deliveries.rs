//! What is told: events, receivers, deliveries. Each case begins with an empty store.

use super::rows::{at, commit, delivery, endpoint, event};
use super::{ONE, WORKS, put, refused};
use crate::host::model::{Delivery, DeliveryState, Endpoint, EndpointId, EndpointState, EventId, OutboxEvent, TenantId};
use crate::host::store::{DueDelivery, PassedOver, Store, Write};

pub(super) async fn events_ascend_and_reach_active_receivers(store: Store) {
    let off = Endpoint { state: EndpointState::Disabled, failing_since: Some(at(1)), ..endpoint(1, 4, 0) };
    put(&store, [Write::Endpoint(endpoint(1, 3, 0)), Write::Endpoint(off.clone()), Write::Event(event(1, "a", 5))]).await;
    put(&store, [Write::Event(OutboxEvent { id: EventId(77), ..event(1, "b", 4) }), Write::Event(event(1, "c", 3))]).await;
    let off = Endpoint { version: 1, ..off };
    assert_eq!(store.endpoints(ONE).await.expect(WORKS), [endpoint(1, 3, 1), off]);
    let events = async |after, limit| {
        let found = store.events(ONE, EventId(after), limit).await.expect(WORKS);
        found.into_iter().map(|row| format!("{}{}", row.id, row.subject)).collect::<String>()
    };
    assert_eq!(events(0, 10).await, "1a2b3c");
    assert_eq!(events(1, 1).await, "2b");
    assert_eq!(events(3, 10).await, "");
    assert_eq!(events(u64::MAX, 10).await, "");
    let due = store.due_deliveries(at(100), 10, 10, &PassedOver::default()).await.expect(WORKS);
    let told = due.iter().map(|due| (due.delivery.event.0, due.event.subject.as_str(), due.endpoint.id.0)).collect::<Vec<_>>();
    assert_eq!(told, [(3, "c", 3), (2, "b", 3), (1, "a", 3)]);
    let first = Delivery { due_at: Some(at(3)), attempts: 0, last: None, ..delivery(1, 3, 3, 1) };
    assert_eq!((&due[0].delivery, &due[0].endpoint), (&first, &endpoint(1, 3, 1)));
    assert_eq!(due[0].event, OutboxEvent { id: EventId(3), ..event(1, "c", 3) });
}

pub(super) async fn deliveries_are_guarded_by_version(store: Store) {
    put(&store, [Write::Endpoint(endpoint(1, 3, 0)), Write::Event(event(1, "a", 5))]).await;
    refused(&store, [Write::Delivery(delivery(1, 1, 3, 2))], "delivery").await;
    refused(&store, [Write::Delivery(delivery(1, 1, 3, 0))], "delivery").await;
    refused(&store, [Write::Delivery(delivery(1, 1, 4, 1))], "delivery").await;
    refused(&store, [Write::Delivery(delivery(1, 2, 3, 1))], "delivery").await;
    // Two hosts read one delivery and both begin its next try: one of them does.
    let due = store.due_deliveries(at(51), 10, 10, &PassedOver::default()).await.expect(WORKS);
    let begun = Delivery { attempts: 1, due_at: Some(at(80)), ..due[0].delivery.clone() };
    put(&store, [Write::Delivery(begun.clone())]).await;
    refused(&store, [Write::Delivery(begun.clone())], "delivery").await;
    let stored = store.due_deliveries(at(81), 10, 10, &PassedOver::default()).await.expect(WORKS)[0].delivery.clone();
    assert_eq!(stored, Delivery { version: 2, ..begun });
    put(&store, [Write::Delivery(Delivery { state: DeliveryState::Delivered, ..stored })]).await;
    assert_eq!(store.due_deliveries(at(81), 10, 10, &PassedOver::default()).await.expect(WORKS), []);
}

pub(super) async fn receivers_are_guarded_by_version(store: Store) {
    put(&store, [Write::Endpoint(endpoint(1, 3, 0))]).await;
    refused(&store, [Write::Endpoint(endpoint(1, 3, 0))], "endpoint").await;
    refused(&store, [Write::Endpoint(endpoint(1, 4, 1))], "endpoint").await;
    let read = store.endpoints(ONE).await.expect(WORKS)[0].clone();
    let rotated = Endpoint { secrets: vec!["whsec_NEW".to_owned()], ..read.clone() };
    put(&store, [Write::Endpoint(rotated.clone())]).await;
    // Who read before takes no new secret back.
    refused(&store, [Write::Endpoint(Endpoint { failing_since: Some(at(1)), ..read })], "endpoint").await;
    assert_eq!(store.endpoints(ONE).await.expect(WORKS), [Endpoint { version: 2, ..rotated }]);
}

pub(super) async fn due_receivers_come_by_when(store: Store) {
    let due = |id, secs| Write::Endpoint(Endpoint { due_at: Some(at(secs)), ..endpoint(1, id, 0) });
    put(&store, [due(3, 9), due(4, 5), Write::Endpoint(endpoint(1, 5, 0))]).await;
    let other = Endpoint { due_at: Some(at(7)), state: EndpointState::Unproven, ..endpoint(2, 3, 0) };
    store.commit(commit(2, [Write::Endpoint(other)])).await.expect(WORKS);
    let ids = async |before, limit| {
        let found = store.due_endpoints(at(before), limit, &PassedOver::default()).await.expect(WORKS);
        found.into_iter().map(|row| format!("{}.{}", row.tenant, row.id)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids(100, 10).await, "1.4 2.3 1.3");
    let passed_over = PassedOver { tenants: [TenantId(2)].into(), receivers: [(ONE, EndpointId(4))].into() };
    let left = store.due_endpoints(at(100), 1, &passed_over).await.expect(WORKS);
    assert_eq!(left.into_iter().map(|row| row.id).collect::<Vec<_>>(), [EndpointId(3)]);
    assert_eq!((ids(9, 10).await, ids(100, 1).await, ids(5, 10).await), ("1.4 2.3".into(), "1.4".into(), String::new()));
}

pub(super) async fn events_that_nobody_awaits_are_past(store: Store) {
    let (on, off) = (endpoint(1, 3, 0), Endpoint { state: EndpointState::Disabled, ..endpoint(1, 4, 0) });
    put(&store, [Write::Event(event(1, "unheard", 9)), Write::Endpoint(on), Write::Endpoint(endpoint(1, 4, 0))]).await;
    put(&store, [Write::Event(event(1, "a", 5)), Write::Event(event(1, "b", 3))]).await;
    let past = async |before, limit| {
        let found = store.past_events(ONE, at(before), limit).await.expect(WORKS);
        found.into_iter().map(|id| id.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(past(100, 10).await, "1");
    let end = |event, endpoint, state| Write::Delivery(Delivery { state, ..delivery(1, event, endpoint, 1) });
    put(&store, [end(2, 3, DeliveryState::Delivered), end(3, 3, DeliveryState::Dead)]).await;
    assert_eq!(past(100, 10).await, "1");
    // What waits for a receiver that is not served waits in vain.
    put(&store, [Write::Endpoint(Endpoint { version: 1, ..off })]).await;
    assert_eq!((past(100, 10).await, past(100, 2).await, past(5, 10).await), ("3 2 1".into(), "3 2".into(), "3".into()));
    let counts = store.delivery_counts(ONE, EndpointId(3)).await.expect(WORKS);
    assert_eq!(counts, [(DeliveryState::Dead, 1), (DeliveryState::Delivered, 1)]);
    put(&store, [Write::RemoveEvent(EventId(3)), Write::RemoveEvent(EventId(77))]).await;
    assert_eq!(past(100, 10).await, "2 1");
    assert_eq!(store.dead_deliveries(ONE, EndpointId(3), 10).await.expect(WORKS), []);
    // Numbers are not given again.
    put(&store, [Write::RemoveEvent(EventId(2)), Write::Event(event(1, "c", 5))]).await;
    assert_eq!(store.events(ONE, EventId(1), 10).await.expect(WORKS)[0].id, EventId(4));
}

pub(super) async fn due_deliveries_are_shared_out_between_receivers(store: Store) {
    put(&store, [Write::Endpoint(endpoint(1, 3, 0)), Write::Endpoint(endpoint(1, 4, 0))]).await;
    put(&store, (1..=4).map(|number| Write::Event(event(1, "a", 10 - number)))).await;
    store.commit(commit(2, [Write::Endpoint(endpoint(2, 3, 0)), Write::Event(event(2, "a", 6))])).await.expect(WORKS);
    let due = async |before, limit, each| {
        let found = store.due_deliveries(at(before), limit, each, &PassedOver::default()).await.expect(WORKS);
        let told = |due: DueDelivery| format!("{}.{}.{}", due.delivery.tenant, due.delivery.event, due.delivery.endpoint);
        found.into_iter().map(told).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(due(100, 100, 100).await, "1.4.3 1.4.4 2.1.3 1.3.3 1.3.4 1.2.3 1.2.4 1.1.3 1.1.4");
    assert_eq!(due(100, 100, 1).await, "1.4.3 1.4.4 2.1.3");
    assert_eq!(due(100, 2, 1).await, "1.4.3 1.4.4");
    assert_eq!(due(7, 100, 3).await, "1.4.3 1.4.4 2.1.3");
    assert_eq!(due(6, 100, 3).await, "");
    assert_eq!(due(100, 100, 0).await, "");
    let but = async |tenants: &[u64], receivers: &[(u64, u64)]| {
        let receivers = receivers.iter().map(|(tenant, id)| (TenantId(*tenant), EndpointId(*id))).collect();
        let passed_over = PassedOver { tenants: tenants.iter().copied().map(TenantId).collect(), receivers };
        let found = store.due_deliveries(at(100), 2, 1, &passed_over).await.expect(WORKS);
        let told = |due: DueDelivery| format!("{}.{}.{}", due.delivery.tenant, due.delivery.event, due.delivery.endpoint);
        found.into_iter().map(told).collect::<Vec<_>>().join(" ")
    };
    // Those behind them are found instead.
    assert_eq!((but(&[], &[(1, 3)]).await, but(&[1], &[]).await), ("1.4.4 2.1.3".into(), "2.1.3".into()));
    assert_eq!((but(&[2], &[(1, 4)]).await, but(&[1, 2], &[]).await), ("1.4.3".into(), String::new()));
    put(&store, [Write::Endpoint(Endpoint { state: EndpointState::Disabled, ..endpoint(1, 4, 1) })]).await;
    assert_eq!(due(100, 3, 2).await, "1.4.3 2.1.3 1.3.3");
    put(&store, [Write::Delivery(Delivery { due_at: None, ..delivery(1, 4, 3, 1) })]).await;
    assert_eq!(due(100, 3, 1).await, "2.1.3 1.3.3");
}

pub(super) async fn dead_deliveries_come_by_event(store: Store) {
    put(&store, [Write::Endpoint(endpoint(1, 3, 0)), Write::Endpoint(endpoint(1, 4, 0))]).await;
    put(&store, (0..4).map(|_| Write::Event(event(1, "a", 1)))).await;
    let dead = |event, endpoint| Delivery { state: DeliveryState::Dead, due_at: None, ..delivery(1, event, endpoint, 1) };
    put(&store, [dead(3, 3), dead(1, 3), dead(2, 4)].map(Write::Delivery)).await;
    let of = async |endpoint, limit| store.dead_deliveries(ONE, EndpointId(endpoint), limit).await.expect(WORKS);
    let told = |event| Delivery { version: 2, ..dead(event, 3) };
    assert_eq!(of(3, 10).await, [told(1), told(3)]);
    assert_eq!(of(3, 1).await, [told(1)]);
    assert_eq!(of(5, 10).await, []);
    // Replayed.
    put(&store, [Write::Delivery(Delivery { state: DeliveryState::Pending, ..told(1) })]).await;
    assert_eq!(of(3, 10).await, [told(3)]);
}

pub(super) async fn removing_a_receiver_takes_its_deliveries(store: Store) {
    put(&store, [Write::Endpoint(endpoint(1, 3, 0)), Write::Endpoint(endpoint(1, 4, 0)), Write::Event(event(1, "a", 1))]).await;
    put(&store, [Write::RemoveEndpoint(EndpointId(3)), Write::RemoveEndpoint(EndpointId(9))]).await;
    let due = store.due_deliveries(at(100), 10, 10, &PassedOver::default()).await.expect(WORKS);
    assert_eq!(due.iter().map(|due| due.endpoint.id.0).collect::<Vec<_>>(), [4]);
    put(&store, [Write::Endpoint(endpoint(1, 3, 0))]).await;
    refused(&store, [Write::Delivery(delivery(1, 1, 3, 0))], "delivery").await;
}

//! Rows that somebody spoiled behind the store's back, or that a newer version wrote: the others flow, and the spoiled are seen.

use super::rows::{at, calendar, commit, connection, delivery, dispatch, endpoint, event, meeting, sighting, tenant};
use super::{Folder, ONE, WORKS, block_on, open, postgres, put};
use crate::host::model::{CalendarId, ConnectionId, Delivery, Dispatch, EndpointId, TenantId};
use crate::host::store::{Commit, Decide, PassedOver, Store, StoreError, Write};
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use std::sync::Arc;

/// A database, and a way in behind the store's back.
struct Spoiler {
    url: String,
}

impl Spoiler {
    async fn run(&self, statement: &str) {
        if self.url.starts_with("sqlite:") {
            let mut connection = SqliteConnection::connect(&self.url).await.expect("the file is there");
            sqlx::query(AssertSqlSafe(statement.to_owned())).execute(&mut connection).await.expect("the statement is right");
        } else {
            postgres::as_superuser(&self.url, statement);
        }
    }
}

/// Each case on both databases.
macro_rules! on_both {
    ($($case:ident)*) => {$(
        mod $case {
            #[test]
            fn sqlite() {
                let folder = super::Folder::new();
                super::on(folder.url(), super::cases::$case);
            }

            #[test]
            fn postgresql() {
                let Some(url) = super::postgres::database() else { return };
                super::on(url, super::cases::$case);
            }
        }
    )*};
}

on_both! {
    a_spoiled_dispatch_stops_no_other
    spoiled_deliveries_and_receivers_stop_no_others
    spoiled_calendars_and_connections_stop_no_others
    spoiled_meetings_and_sightings_stop_no_others
    a_spoiled_tenant_stops_no_other
}

fn on(url: String, case: impl AsyncFnOnce(&Store, &Spoiler)) {
    block_on(async {
        let store = open(&url).await;
        case(&store, &Spoiler { url }).await;
        store.close().await;
    });
}

/// The rows that were written down: table, tenant, key.
fn told(store: &Store) -> String {
    let rows = store.unreadable();
    rows.iter().map(|row| format!("{} {}:{}", row.table, row.tenant, row.key.join("/"))).collect::<Vec<_>>().join(", ")
}

async fn due(store: &Store, limit: usize) -> String {
    let rows = store.due_dispatches(at(100), limit).await.expect(WORKS);
    rows.into_iter().map(|row| format!("{}.{}", row.tenant, row.meeting)).collect::<Vec<_>>().join(" ")
}

mod cases {
    use super::*;

    pub(super) async fn a_spoiled_dispatch_stops_no_other(store: &Store, spoiler: &Spoiler) {
        let planned = |id: u64, name: &str, secs| {
            let row = Dispatch { due_at: Some(at(secs)), ..dispatch(id, name, 0, 0) };
            commit(id, [tenant(id), Write::Meeting(meeting(id, name, 0)), Write::Dispatch(row)])
        };
        for made in [planned(1, "a", 1), planned(1, "b", 2), planned(2, "c", 3), planned(1, "d", 4)] {
            store.commit(made).await.expect(WORKS);
        }
        spoiler.run("UPDATE dispatches SET state = 'hovering' WHERE meeting IN ('a', 'b')").await;
        // Two rows that cannot be read come first, and take no place.
        assert_eq!((due(store, 1).await, due(store, 10).await, due(store, 0).await), ("2.c".into(), "2.c 1.d".into(), "".into()));
        assert_eq!(told(store), "dispatches 1:a/0, dispatches 1:b/0");
        let take: Decide = Arc::new(|row| vec![Write::Dispatch(Dispatch { due_at: None, ..row.clone() })]);
        assert_eq!(store.take_up(at(100), 1, Arc::clone(&take)).await.expect(WORKS)[0].meeting, "c");
        assert_eq!(store.dispatches_of(ONE, &["a".into(), "d".into()]).await.expect(WORKS).len(), 1);
        // It is as it was, and once this version can read it, it flows.
        spoiler.run("UPDATE dispatches SET state = 'planned' WHERE meeting = 'a' AND state = 'hovering'").await;
        assert_eq!((due(store, 1).await, told(store)), ("1.a".into(), "dispatches 1:b/0".into()));
        assert_eq!(store.take_up(at(100), 10, take).await.expect(WORKS).len(), 2);
    }

    pub(super) async fn spoiled_deliveries_and_receivers_stop_no_others(store: &Store, spoiler: &Spoiler) {
        let receivers = [3, 4].map(|id| Write::Endpoint(endpoint(1, id, 0)));
        put(store, [tenant(1)].into_iter().chain(receivers).chain((1..=6).map(|secs| Write::Event(event(1, "a", secs))))).await;
        store
            .commit(commit(2, [tenant(2), Write::Endpoint(endpoint(2, 5, 0)), Write::Event(event(2, "b", 9))]))
            .await
            .expect(WORKS);
        spoiler.run("UPDATE deliveries SET attempts = -1 WHERE endpoint = 3 AND event <= 4").await;
        spoiler.run("UPDATE endpoints SET secrets = '[\"whsec_' WHERE id = 4").await;
        let due = async |limit| {
            let found = store.due_deliveries(at(100), limit, 2, &PassedOver::default()).await.expect(WORKS);
            found.into_iter().map(|due| format!("{}.{}", due.delivery.event, due.delivery.endpoint)).collect::<Vec<_>>().join(" ")
        };
        // Who waits behind them in the same queue is found at the latest the second time.
        assert_eq!(due(10).await, "1.5");
        assert!(told(store).starts_with("deliveries 1:1/3, deliveries 1:2/3, endpoints 1:4"), "{}", told(store));
        assert_eq!(due(10).await, "1.5");
        assert_eq!(told(store), "deliveries 1:1/3, deliveries 1:2/3, deliveries 1:3/3, deliveries 1:4/3, endpoints 1:4");
        assert_eq!((due(10).await, due(1).await), ("5.3 6.3 1.5".into(), "5.3".into()));
        let left = store.endpoints(ONE).await.expect(WORKS);
        assert_eq!(left.into_iter().map(|row| row.id).collect::<Vec<_>>(), [EndpointId(3)]);
        // A word that nobody knows is no state in which anything is due.
        spoiler.run("UPDATE deliveries SET attempts = 0, state = 'folded' WHERE endpoint = 3 AND event <= 4").await;
        assert_eq!(due(10).await, "5.3 6.3 1.5");
        assert_eq!(store.delivery_counts(ONE, EndpointId(3)).await.expect(WORKS).len(), 1);
        put(store, [Write::Delivery(Delivery { due_at: None, ..delivery(1, 5, 3, 1) })]).await;
    }

    pub(super) async fn spoiled_calendars_and_connections_stop_no_others(store: &Store, spoiler: &Spoiler) {
        let connections = [1, 2].map(|id| Write::Connection(connection(1, id)));
        let calendars = [(1, 11), (1, 12), (2, 13)].map(|(connection, id)| Write::Calendar(calendar(1, connection, id, 0)));
        put(store, [tenant(1)].into_iter().chain(connections).chain(calendars)).await;
        spoiler.run("UPDATE calendars SET origin = 'almanac' WHERE id = 11").await;
        let watched = async |limit| {
            let found = store.watched((TenantId(0), CalendarId(0)), limit).await.expect(WORKS);
            found.into_iter().map(|row| row.calendar.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((watched(1).await, watched(10).await, told(store)), ("12".into(), "12 13".into(), "calendars 1:11".into()));
        spoiler.run("UPDATE connections SET addresses = '{' WHERE id = 2").await;
        assert_eq!(store.calendars(ONE).await.expect(WORKS).len(), 2);
        assert_eq!(store.connections(ONE).await.expect(WORKS).len(), 1);
        assert_eq!(told(store), "calendars 1:11, connections 1:2");
        // Who asks for that one alone is told that it is there.
        let alone = store.calendar(ONE, CalendarId(11)).await;
        assert!(matches!(alone, Err(StoreError::Row { .. })), "{alone:?}");
        assert!(store.connection(ONE, ConnectionId(2)).await.is_err());
    }

    pub(super) async fn spoiled_meetings_and_sightings_stop_no_others(store: &Store, spoiler: &Spoiler) {
        let people = [tenant(1), Write::Connection(connection(1, 1)), Write::Calendar(calendar(1, 1, 2, 0))];
        let shown = ["a", "b", "c"].map(|id| Write::Sighting(sighting(2, id)));
        let met = ["a", "b", "c"].map(|id| Write::Meeting(meeting(1, id, 0)));
        put(store, people.into_iter().chain(shown).chain(met)).await;
        spoiler.run("UPDATE sightings SET start_at = 9223372036854775807 WHERE id = 'a'").await;
        spoiler.run("UPDATE meetings SET outcome = 'perhaps' WHERE id = 'a'").await;
        spoiler.run("UPDATE meetings SET sightings = '[1' WHERE id = 'b'").await;
        let of = CalendarId(2);
        assert_eq!(store.sightings(ONE, of).await.expect(WORKS).len(), 2);
        assert_eq!(store.all_sightings(ONE).await.expect(WORKS).len(), 2);
        assert_eq!(store.meetings(ONE, at(0), at(1000), 10).await.expect(WORKS).len(), 1);
        assert_eq!(store.meetings_of(ONE, &["1/a".into(), "1/c".into()]).await.expect(WORKS).len(), 1);
        assert_eq!(told(store), "meetings 1:a, meetings 1:b, sightings 1:2/a");
        // Where they were seen is known nevertheless.
        assert_eq!(store.places_of(ONE, &["a".into(), "b".into()]).await.expect(WORKS), ["1/a", "1/b"]);
    }

    pub(super) async fn a_spoiled_tenant_stops_no_other(store: &Store, spoiler: &Spoiler) {
        for id in [1, 2] {
            store.commit(Commit { tenant: TenantId(id), writes: vec![tenant(id)] }).await.expect(WORKS);
        }
        spoiler.run("UPDATE tenants SET own_domains = 'ours.example' WHERE tenant = 1").await;
        let all = store.tenants().await.expect(WORKS);
        assert_eq!(all.into_iter().map(|row| row.id).collect::<Vec<_>>(), [TenantId(2)]);
        assert_eq!(told(store), "tenants 1:");
        assert!(store.tenant(ONE).await.is_err(), "it is not gone");
    }
}

//! Channels, and calendars that are to be read because of what came through them.

use super::rows::{at, calendar, channel, connection, wake};
use super::{CALENDAR, ONE, Store, WORKS, put, refused, with_calendar};
use crate::host::model::{Calendar, CalendarId, CalendarState, Channel, ChannelState, Connection, ConnectionId, ConnectionState};
use crate::host::model::{Origin, TenantId, Wake};
use crate::host::store::{Unwatched, Write};

fn live(id: &str, version: u64) -> Channel {
    Channel { state: ChannelState::Live, resource: Some("r".to_owned()), ..channel(1, 2, id, version) }
}

pub(super) async fn channels_are_guarded_by_version(store: Store) {
    refused(&store, [Write::Channel(channel(1, 2, "a", 0))], "calendar").await;
    with_calendar(&store).await;
    put(&store, [Write::Channel(channel(1, 2, "a", 0))]).await;
    refused(&store, [Write::Channel(live("a", 0))], "channel").await;
    refused(&store, [Write::Channel(live("a", 2))], "channel").await;
    put(&store, [Write::Channel(live("a", 1))]).await;
    assert!(store.channels_of(ONE, CALENDAR).await.expect(WORKS) == [live("a", 2)]);
    assert!(store.channels_of(TenantId(2), CALENDAR).await.expect(WORKS).is_empty());
    put(&store, [Write::RemoveChannel("a".to_owned()), Write::RemoveChannel("a".to_owned())]).await;
    assert!(store.channels_of(ONE, CALENDAR).await.expect(WORKS).is_empty());
}

pub(super) async fn a_calendar_has_one_channel_that_is_asked_for(store: Store) {
    with_calendar(&store).await;
    put(&store, [Write::Channel(channel(1, 2, "a", 0))]).await;
    refused(&store, [Write::Channel(channel(1, 2, "b", 0))], "channel").await;
    put(&store, [Write::Channel(live("a", 1)), Write::Channel(channel(1, 2, "b", 0))]).await;
}

pub(super) async fn channels_are_found_by_what_messages_name(store: Store) {
    with_calendar(&store).await;
    let with_nonce = Channel { nonce: Some("n".to_owned()), kind: Origin::Graph, ..live("b", 0) };
    put(&store, [Write::Channel(live("a", 0)), Write::Channel(with_nonce.clone())]).await;
    assert!(store.channels_named("a").await.expect(WORKS) == [live("a", 1)]);
    assert!(store.channels_at("n").await.expect(WORKS) == [Channel { version: 1, ..with_nonce }]);
    for nobody in ["", "A", "n"] {
        assert!(store.channels_named(nobody).await.expect(WORKS).is_empty(), "{nobody}");
    }
    assert!(store.channels_at("a").await.expect(WORKS).is_empty());
}

pub(super) async fn due_channels_come_by_time(store: Store) {
    with_calendar(&store).await;
    let due = |id: &str, secs: Option<i64>| Write::Channel(Channel { due_at: secs.map(at), ..live(id, 0) });
    put(&store, [due("b", Some(1)), due("a", Some(1)), due("c", Some(0)), due("d", None), due("e", Some(2))]).await;
    let ids = async |before, limit| {
        let found = store.due_channels(before, limit).await.expect(WORKS);
        found.into_iter().map(|row| row.id).collect::<String>()
    };
    assert_eq!([ids(at(2), 9).await, ids(at(3), 9).await, ids(at(3), 2).await], ["cab", "cabe", "ca"]);
}

pub(super) async fn calendars_without_a_channel_are_found(store: Store) {
    with_calendar(&store).await;
    let lost = Connection { state: ConnectionState::Reconnect, ..connection(1, 5) };
    let feed = Calendar { origin: Origin::Feed, ..calendar(1, 1, 3, 0) };
    let gone = Calendar { state: CalendarState::Gone, ..calendar(1, 1, 4, 0) };
    let writes = [Write::Connection(lost), Write::Calendar(feed), Write::Calendar(gone), Write::Calendar(calendar(1, 5, 6, 0))];
    put(&store, writes).await;
    put(&store, [Write::Calendar(calendar(1, 1, 7, 0))]).await;
    let found = async |after: u64| {
        let rows = store.unwatched((ONE, CalendarId(after)), 9).await.expect(WORKS);
        rows.into_iter().map(|row| row.calendar.0).collect::<Vec<_>>()
    };
    assert_eq!((found(0).await, found(2).await), (vec![2, 7], vec![7]));
    for (state, expected) in [
        (ChannelState::Asked, vec![7]),
        (ChannelState::Live, vec![7]),
        (ChannelState::Refused, vec![7]),
        (ChannelState::Replaced, vec![2, 7]),
        (ChannelState::Stopping, vec![2, 7]),
        (ChannelState::Gone, vec![2, 7]),
    ] {
        let row = Channel { state, ..channel(1, 2, state.word(), 0) };
        put(&store, [Write::Channel(row)]).await;
        assert_eq!(found(0).await, expected, "{state:?}");
        put(&store, [Write::RemoveChannel(state.word().to_owned())]).await;
    }
    let first = store.unwatched((ONE, CalendarId(0)), 1).await.expect(WORKS);
    assert_eq!(first, [Unwatched { tenant: ONE, calendar: CALENDAR, connection: ConnectionId(1) }]);
}

pub(super) async fn a_channel_stands_for_reading_once_it_was_heard(store: Store) {
    with_calendar(&store).await;
    let until = async || store.watched((TenantId(0), CalendarId(0)), 9).await.expect(WORKS)[0].pushed_until;
    put(&store, [Write::Channel(live("a", 0))]).await;
    assert_eq!(until().await, None);
    let heard = Channel { heard_at: Some(at(5)), ..live("a", 1) };
    put(&store, [Write::Channel(heard.clone())]).await;
    assert_eq!(until().await, Some(heard.expires_at));
    put(&store, [Write::Channel(Channel { doubted_at: Some(at(5)), version: 2, ..heard.clone() })]).await;
    assert_eq!(until().await, None);
    put(&store, [Write::Channel(Channel { doubted_at: Some(at(5)), heard_at: Some(at(6)), version: 3, ..heard.clone() })]).await;
    assert_eq!(until().await, Some(heard.expires_at));
    put(&store, [Write::Channel(Channel { state: ChannelState::Replaced, heard_at: Some(at(6)), version: 4, ..heard })]).await;
    assert_eq!(until().await, None);
}

pub(super) async fn wakes_keep_the_earliest_begin_and_the_latest_end(store: Store) {
    refused(&store, [Write::Wake(wake(1, 2, 5, 5))], "calendar").await;
    with_calendar(&store).await;
    let wakes = async |before| store.wakes(at(before), 9).await.expect(WORKS);
    put(&store, [Write::Wake(wake(1, 2, 5, 5))]).await;
    put(&store, [Write::Wake(Wake { whole: true, ..wake(1, 2, 15, 17) })]).await;
    put(&store, [Write::Wake(wake(1, 2, 7, 7))]).await;
    assert_eq!(wakes(5).await, []);
    let [row] = wakes(6).await[..] else { panic!("one row") };
    assert_eq!((row.due_at, row.until, row.whole), (at(5), at(17), true));
    // A note of another number stays; a reading before the latest end leaves another one to be made.
    put(&store, [Write::Woken(CALENDAR, row.number - 1, at(20))]).await;
    assert_eq!(wakes(6).await, [row]);
    put(&store, [Write::Woken(CALENDAR, row.number, at(16))]).await;
    assert_eq!(wakes(100).await, [Wake { due_at: at(17), whole: false, ..row }]);
    put(&store, [Write::Woken(CALENDAR, row.number, at(17))]).await;
    assert_eq!(wakes(100).await, []);
    put(&store, [Write::Wake(wake(1, 2, 5, 5))]).await;
    put(&store, [Write::RemoveConnection(ConnectionId(1))]).await;
    assert_eq!(wakes(100).await, []);
}

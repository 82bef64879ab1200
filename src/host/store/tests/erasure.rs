//! A user who was erased: nothing that the store holds names them any more, whatever is past, and wherever erasing was broken off.

use super::rows::{at, calendar, commit, connection, dispatch, meeting, override_row, rules, sighting};
use super::{ONE, WORKS};
use crate::host::clock::SystemClock;
use crate::host::context::Context;
use crate::host::model::grants::{Flow, FlowState, Grant};
use crate::host::model::{
    Connection, ConnectionId, Dispatch, DispatchState, Entry, EventId, Meeting, Origin, OutboxEvent, OverrideRow, RequestRow,
    RulesRow, Sighting, Tenant,
};
use crate::host::operations::{Nowhere, OperationError, users};
use crate::host::store::{Memory, Moment, Store, StoreError, Write};
use crate::time::Instant;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Stands in everything that is the user's.
const ANA: &str = "ana-xqcanaryzv";
/// Of what another user has.
const BEN: &str = "ben-xqotherzv";

fn host(store: Store) -> Context {
    Context::new(store, Arc::new(Nowhere), Arc::new(SystemClock), "test").acting("admin")
}

/// A meeting long past, or far ahead, with a bot that is over.
fn held(name: &str, sightings: &[&str], by: u64, who: &str) -> [Write; 2] {
    let row = Meeting {
        sightings: sightings.iter().map(|place| (*place).to_owned()).collect(),
        by: ConnectionId(by),
        rule: Some(format!("rule of {who}")),
        reason: format!("{who} wants it"),
        record: format!("{{\"title\": \"{who}\"}}"),
        start: at(-90_000_000),
        end: Some(at(-89_999_000)),
        ..meeting(1, name, 0)
    };
    let bot = Dispatch { state: DispatchState::Ended, due_at: None, ..dispatch(1, name, 0, 0) };
    [Write::Meeting(row), Write::Dispatch(bot)]
}

fn event(subject: &str, body: String) -> Write {
    Write::Event(OutboxEvent { tenant: ONE, id: EventId(0), kind: "a".into(), subject: subject.into(), body, at: at(0) })
}

/// Ana's and Ben's calendars, their past meetings, of which one is both's, and all that is said of them.
async fn fill(store: &Store) {
    let person = |id: u64, who: &str| Connection {
        user: who.to_owned(),
        addresses: vec![format!("{who}@ours.example")],
        token_file: None,
        ..connection(1, id)
    };
    let seen = |calendar: u64, id: &str, who: &str| {
        Write::Sighting(Sighting {
            uid: Some(format!("{id}-{who}@x")),
            body: format!("{{\"title\": \"{who}\"}}").into(),
            ..sighting(calendar, id)
        })
    };
    let grant = |id: u64, who: &str| {
        Write::Grant(Grant {
            tenant: ONE,
            connection: ConnectionId(id),
            client: "c".into(),
            account: format!("digest of {who}"),
            name: format!("cu_{who}"),
            bare: false,
            reason: None,
            owner: None,
            lease_until: None,
            version: 0,
        })
    };
    let flow = Flow {
        tenant: ONE,
        id: 900,
        provider: Origin::Google,
        client: "c".into(),
        user: ANA.into(),
        return_url: format!("https://app.example.com/{ANA}"),
        bare: false,
        state: FlowState::Failed,
        ref_hash: None,
        state_hash: None,
        cookie_hash: None,
        nonce_hash: None,
        session_hash: None,
        verifier: None,
        code: None,
        reason: None,
        connection: None,
        made_at: at(0),
        expires_at: at(9),
        version: 0,
    };
    let request = RequestRow {
        tenant: ONE,
        name: "a".into(),
        hash: "h".into(),
        made_at: at(0),
        status: Some(200),
        body: format!("{{\"user\": \"{ANA}\"}}"),
        version: 0,
    };
    let of = |row: OverrideRow, who: &str| Write::Override(OverrideRow { uid: format!("u-{who}"), mark: who.to_owned(), ..row });
    let mut writes = vec![
        Write::Tenant(Tenant { id: ONE, own_domains: vec!["@ours.example".to_owned()], ..Tenant::default() }),
        Write::Connection(person(11, ANA)),
        Write::Connection(person(12, BEN)),
        Write::Calendar(calendar(1, 11, 21, 0)),
        Write::Calendar(calendar(1, 12, 22, 0)),
        Write::Entry(crate::host::model::CalendarId(21), Entry { id: format!("e-{ANA}"), body: format!("\"{ANA}\"").into() }),
        seen(21, "past", ANA),
        seen(21, "both", ANA),
        seen(22, "both", BEN),
        grant(11, ANA),
        grant(12, BEN),
        Write::Flow(flow),
        Write::Request(request),
        of(override_row(1, Some(ANA), "u", None), ANA),
        of(override_row(1, Some(BEN), "u", None), BEN),
        Write::Rules(RulesRow { text: format!("# for {ANA}\n"), ..rules(1, Some(ANA), 1) }),
        event("connection/11", format!("{{\"connection\": 11, \"user\": \"{ANA}\"}}")),
        event("connection/12", format!("{{\"connection\": 12, \"user\": \"{BEN}\"}}")),
        // Of one that was cut long ago.
        event("connection/7", format!("{{\"connection\": 7, \"user\": \"{ANA}\"}}")),
    ];
    writes.extend(held("past", &["21/past"], 11, ANA));
    writes.extend(held("both", &["21/both", "22/both"], 11, ANA));
    writes.extend(held("bens", &["22/bens"], 12, BEN));
    // Decided anew since nothing shows it, and left for its bot.
    writes.extend(held("bare", &[], 11, ANA));
    store.commit(commit(1, writes)).await.expect(WORKS);
}

/// Everything that the store says of the tenant, by what it was asked for.
async fn everything(store: &Store) -> Vec<(&'static str, String)> {
    let mut told: Vec<(&'static str, String)> = Vec::new();
    let all = usize::MAX >> 1;
    for row in store.connections(ONE).await.expect(WORKS) {
        told.push(("connections", format!("{:?}", (row.user, row.addresses, row.client, row.token, row.zone))));
    }
    for row in store.calendars(ONE).await.expect(WORKS) {
        for sighting in store.sightings(ONE, row.id).await.expect(WORKS) {
            told.push(("sightings", format!("{:?}", (sighting.id, sighting.uid, sighting.family, sighting.room, sighting.body))));
        }
        for channel in store.channels_of(ONE, row.id).await.expect(WORKS) {
            told.push(("channels", format!("{:?}", (channel.id, channel.resource))));
        }
        told.push(("calendars", format!("{:?}", (row.reference, row.cursor))));
    }
    for row in store.meetings(ONE, Instant::MIN, Instant::MAX, all).await.expect(WORKS) {
        for bot in store.dispatches_of(ONE, std::slice::from_ref(&row.id)).await.expect(WORKS) {
            told.push(("dispatches", format!("{:?}", (bot.key, bot.spec, bot.reason))));
        }
        told.push(("meetings", format!("{:?}", (row.id, row.sightings, row.rule, row.reason, row.record))));
    }
    for row in store.all_overrides(ONE).await.expect(WORKS) {
        told.push(("overrides", format!("{:?}", (row.user, row.uid, row.occurrence, row.mark))));
    }
    for user in [ANA, BEN] {
        for row in store.rule_versions(ONE, Some(user), i64::MAX as u64, all).await.expect(WORKS) {
            told.push(("rules", format!("{:?}", (row.user, row.text))));
        }
    }
    for row in store.events(ONE, EventId(0), all).await.expect(WORKS) {
        told.push(("events", format!("{:?}", (row.subject, row.body))));
    }
    for row in store.grants(ONE).await.expect(WORKS) {
        told.push(("grants", format!("{:?}", (row.name, row.account))));
    }
    if let Some(row) = store.flow(ONE, 900).await.expect(WORKS) {
        told.push(("connect_flows", format!("{:?}", (row.user, row.return_url))));
    }
    if let Some(row) = store.request(ONE, "a").await.expect(WORKS) {
        told.push(("requests", row.body));
    }
    for row in store.audit(ONE, 0, all).await.expect(WORKS) {
        told.push(("audit", format!("{:?}", (row.actor, row.subject))));
    }
    for row in store.partings(ONE).await.expect(WORKS) {
        told.push(("partings", format!("{:?}", (row.account, row.channels, row.client))));
    }
    told
}

async fn naming(store: &Store, who: &str) -> Vec<&'static str> {
    let mut tables: Vec<_> =
        everything(store).await.into_iter().filter(|(_, text)| text.contains(who)).map(|(table, _)| table).collect();
    tables.dedup();
    tables
}

pub(super) async fn nothing_is_left_of_a_user_who_was_erased(store: Store) {
    fill(&store).await;
    assert!(naming(&store, ANA).await.len() >= 9, "the search finds her where she is: {:?}", naming(&store, ANA).await);
    let bens = naming(&store, BEN).await;
    let erased = users::erase(&host(store.clone()), ONE, ANA).await.expect(WORKS);
    assert_eq!((erased.connections, erased.meetings, erased.left), (1, 2, 0));
    assert_eq!(naming(&store, ANA).await, Vec::<&str>::new(), "{:?}", everything(&store).await);
    // What others have stays, and the meeting that was both's.
    assert_eq!(naming(&store, BEN).await, bens);
    let kept: Vec<String> =
        store.meetings(ONE, Instant::MIN, Instant::MAX, 10).await.expect(WORKS).into_iter().map(|row| row.id).collect();
    assert_eq!(kept, ["bens", "both"]);
    let again = users::erase(&host(store.clone()), ONE, ANA).await;
    assert!(matches!(again, Err(OperationError::Unknown { .. })), "{again:?}");
}

/// Wherever erasing is broken off, doing it again does the rest.
#[test]
fn erasing_is_taken_up_where_it_was_broken_off() {
    super::block_on(async {
        let mut broken_off = 0;
        for survives in 0..20 {
            let memory = Memory::new();
            fill(&Store::Memory(memory.clone())).await;
            let commits = Arc::new(AtomicUsize::new(0));
            let hooked = memory.with_hook(Arc::new(move |operation, moment| {
                let fails =
                    operation == "commit" && moment == Moment::Before && commits.fetch_add(1, Ordering::SeqCst) >= survives;
                if fails { Err(StoreError::Unavailable) } else { Ok(()) }
            }));
            let first = users::erase(&host(Store::Memory(hooked)), ONE, ANA).await;
            broken_off += usize::from(first.is_err());
            match users::erase(&host(Store::Memory(memory.clone())), ONE, ANA).await {
                Ok(_) | Err(OperationError::Unknown { .. }) => {}
                Err(error) => panic!("after {survives} commits: {error}"),
            }
            let store = Store::Memory(memory);
            assert_eq!(naming(&store, ANA).await, Vec::<&str>::new(), "after {survives} commits: {:?}", everything(&store).await);
        }
        assert!(broken_off >= 3, "{broken_off}");
    });
}

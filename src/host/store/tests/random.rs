//! Anything at all, on every store: random commits have equal outcomes, and leave stores that give equal answers.
//!
//! The store in memory is the model. A plan of changes is drawn, and each version that a change needs is read from the model,
//! or missed on purpose.

use super::rows::{
    at, calendar, channel, commit, connection, delivery, dispatch, endpoint, entry, errand, event, meeting, override_row, rules,
    sighting, tenant, wake,
};
use super::{Folder, Memory, Store, WORKS, open, postgres, runtime};
use crate::host::model::{
    Calendar, CalendarId, CalendarState, Channel, ChannelState, Connection, ConnectionId, ConnectionState, Delivery,
    DeliveryState, Dispatch, DispatchState, Endpoint, EndpointId, EndpointState, Errand, ErrandId, ErrandState, EventId, KeyRow,
    Meeting, OverrideRow, Sighting, TenantId, Wake,
};
use crate::host::store::{Commit, CommitError, Decide, PassedOver, Write};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use std::cell::Cell;
use std::sync::Arc;

/// Tenants of one run; each run has its own, so that one database serves all of them.
const TENANTS: u64 = 2;

/// How often the property is tried on a database.
const RUNS: u32 = 64;

/// What is drawn: one byte for the kind of the change, the others for what is in it.
type Draw = [u8; 6];

/// One commit: whose, and its changes.
type Plan = (u8, Vec<Draw>);

/// The commit that `plan` means, given what the model holds.
async fn planned(model: &Store, base: u64, plan: &Plan) -> Commit {
    let owner = base + u64::from(plan.0) % TENANTS;
    let mut writes = Vec::new();
    for draw in &plan.1 {
        writes.push(drawn(model, owner, *draw).await);
    }
    commit(owner, writes)
}

/// The version to write with: now and then a wrong one.
fn version(stored: Option<u64>, luck: u8) -> u64 {
    match luck % 16 {
        0 => stored.unwrap_or(0) + 1,
        1 => stored.unwrap_or(0).saturating_sub(1),
        _ => stored.unwrap_or(0),
    }
}

async fn drawn(model: &Store, t: u64, [kind, a, b, c, d, luck]: Draw) -> Write {
    let owner = TenantId(t);
    // Few of each, so that changes meet.
    let (connection_id, calendar_id, receiver) = (u64::from(a % 2) + 1, u64::from(a % 3) + 10, u64::from(a % 3) + 20);
    let name = ["a", "b", "B", "\0", "ä"][usize::from(b % 5)];
    let when = at(i64::from(c % 8));
    match kind % 34 {
        0 => tenant(t),
        1 => Write::PlanVersion(version(model.tenant(owner).await.expect(WORKS).map(|row| row.plan_version), luck)),
        2 => {
            let state = ConnectionState::ALL[usize::from(d) % ConnectionState::ALL.len()];
            Write::Connection(Connection { state, ..connection(t, connection_id) })
        }
        3 if luck % 4 == 0 => Write::RemoveConnection(ConnectionId(connection_id)),
        3 | 4 => Write::Connection(connection(t, connection_id)),
        5 | 6 => {
            let stored = model.calendar(owner, CalendarId(calendar_id)).await.expect(WORKS).map(|row| row.version);
            let state = CalendarState::ALL[usize::from(d) % CalendarState::ALL.len()];
            let synced_at = (d % 2 == 0).then_some(when);
            Write::Calendar(Calendar { state, synced_at, ..calendar(t, connection_id, calendar_id, version(stored, luck)) })
        }
        7 => entry(calendar_id, name),
        8 => Write::RemoveEntry(CalendarId(calendar_id), name.to_owned()),
        9 | 10 => {
            let room = (d % 2 == 0).then(|| "zoom 1".to_owned());
            let uid = (d % 3 != 0).then(|| format!("uid-{}", d % 2));
            Write::Sighting(Sighting { room, uid, start: when, ..sighting(calendar_id, name) })
        }
        11 => Write::RemoveSighting(CalendarId(calendar_id), name.to_owned()),
        12 | 13 => {
            let sightings = vec![format!("{calendar_id}/{name}"), format!("{}/{name}", d % 3 + 10)];
            let stored = stored_meeting(model, owner, name).await;
            Write::Meeting(Meeting { sightings, start: when, ..meeting(t, name, version(stored, luck)) })
        }
        14 if luck % 4 == 0 => Write::RemoveMeeting(name.to_owned()),
        14..=16 => a_dispatch(model, t, name, [a, c, d, luck]).await,
        17 => {
            let row = override_row(t, (a % 2 == 0).then_some("u"), name, (c % 2 == 0).then_some("single"));
            let row = OverrideRow { mark: format!("mark {}", d % 2), stop: a % 3 == 0, ..row };
            if luck % 3 == 0 { Write::RemoveOverride(row) } else { Write::Override(row) }
        }
        18 => {
            let user = (a % 2 == 0).then_some("u");
            let rows = model.rules(owner).await.expect(WORKS);
            let stored = rows.iter().find(|row| row.user.as_deref() == user).map_or(0, |row| row.version);
            Write::Rules(rules(t, user, version(Some(stored + 1), luck)))
        }
        19 if luck % 4 == 0 => Write::RemoveEndpoint(EndpointId(receiver)),
        19 => {
            let state = EndpointState::ALL[usize::from(d) % EndpointState::ALL.len()];
            let stored = model.endpoints(owner).await.expect(WORKS).into_iter().find(|row| row.id.0 == receiver);
            let due_at = (c % 3 == 0).then_some(when);
            Write::Endpoint(Endpoint { state, due_at, ..endpoint(t, receiver, version(stored.map(|row| row.version), luck)) })
        }
        20 => Write::Event(event(t, name, i64::from(c % 8))),
        22 => Write::Undecided((a % 2 == 0).then(|| name.to_owned())),
        23 => {
            let waiting = model.undecided(1000).await.expect(WORKS).into_iter().find(|row| row.tenant == owner);
            waiting.map_or(Write::Decided(None, 1), |row| Write::Decided(row.uid, row.number + u64::from(luck % 4 == 0)))
        }
        28 => {
            let stored = model.tenant_keys(owner).await.expect(WORKS).last().map_or(0, |row| row.version);
            let root = format!("local:{}", d % 2);
            match c % 4 {
                1 => Write::Lent { version: stored, lent: format!("{root}.{name}") },
                0 => Write::Rewrapped { version: stored, was: format!("local:{}", a % 2), wrapped: name.to_owned(), root },
                _ => Write::TenantKey(KeyRow {
                    tenant: owner,
                    version: version(Some(stored + 1), luck),
                    wrapped: name.to_owned(),
                    root,
                    made_at: when,
                    lent: None,
                }),
            }
        }
        29 if luck % 4 == 0 => Write::RemoveToken(ConnectionId(connection_id)),
        29 => {
            let stored = model.connection(owner, ConnectionId(connection_id)).await.expect(WORKS);
            let was = stored.and_then(|row| row.token).filter(|_| luck % 5 != 0);
            let is = (d % 5 != 0).then(|| format!("v1.{}.{name}", d % 3));
            Write::Token { connection: ConnectionId(connection_id), was, is }
        }
        24 => Write::RemoveEvent(EventId(u64::from(c % 8))),
        25 if luck % 16 == 0 => Write::RemoveTenant,
        25 => tenant(t),
        26 if luck % 3 == 0 => Write::RemoveErrand(ErrandId(receiver)),
        26 => Write::ErrandOver(ErrandId(receiver)),
        27 => {
            let stored = model.errands(owner, at(-1000), at(1000), 1000).await.expect(WORKS);
            let stored = stored.into_iter().find(|row| row.id.0 == receiver).map(|row| row.version);
            let state = ErrandState::ALL[usize::from(d) % ErrandState::ALL.len()];
            let title = (b % 2 == 0).then(|| name.to_owned());
            Write::Errand(Errand { state, title, ..errand(t, receiver, i64::from(c % 8), version(stored, luck)) })
        }
        30 | 31 => {
            let (id, state) = (["p", "q", "r"][usize::from(b % 3)], ChannelState::ALL[usize::from(d) % ChannelState::ALL.len()]);
            let stored = model.channels_of(owner, CalendarId(calendar_id)).await.expect(WORKS);
            let stored = stored.into_iter().find(|row| row.id == id).map(|row| row.version);
            let (heard_at, doubted_at) = ((c % 3 == 0).then_some(when), (d % 4 == 0).then(|| at(i64::from(d % 8))));
            let row = channel(t, calendar_id, id, version(stored, luck));
            Write::Channel(Channel { state, due_at: (a % 4 != 0).then_some(when), heard_at, doubted_at, ..row })
        }
        32 if luck % 2 == 0 => Write::RemoveChannel(["p", "q", "r"][usize::from(b % 3)].to_owned()),
        32 => Write::Wake(Wake { whole: a % 2 == 0, ..wake(t, calendar_id, i64::from(c % 8), i64::from(d % 8)) }),
        33 => {
            let waiting = model.wakes(at(1000), 1000).await.expect(WORKS).into_iter().find(|row| row.tenant == owner);
            waiting.map_or(Write::Woken(CalendarId(10), 1, when), |row| Write::Woken(row.calendar, row.number, when))
        }
        _ => {
            let due = model.due_deliveries(at(1000), 1000, 1000, &PassedOver::default()).await.expect(WORKS);
            let mine: Vec<_> = due.into_iter().filter(|due| due.delivery.tenant == owner).collect();
            let chosen =
                mine.get(usize::from(b) % mine.len().max(1)).map_or(delivery(t, 1, receiver, 1), |due| due.delivery.clone());
            let state = DeliveryState::ALL[usize::from(d) % DeliveryState::ALL.len()];
            let version = version(Some(chosen.version), luck);
            let attempts = chosen.attempts + 1;
            Write::Delivery(Delivery { state, attempts, due_at: (d % 5 != 0).then_some(when), version, ..chosen })
        }
    }
}

async fn stored_meeting(model: &Store, owner: TenantId, id: &str) -> Option<u64> {
    let meetings = model.meetings(owner, at(-1000), at(1000), 1000).await.expect(WORKS);
    meetings.into_iter().find(|row| row.id == id).map(|row| row.version)
}

async fn a_dispatch(model: &Store, t: u64, meeting: &str, [a, c, d, luck]: [u8; 4]) -> Write {
    let epoch = u32::from(a % 2);
    let stored =
        model.dispatches_of(TenantId(t), &[meeting.to_owned()]).await.expect(WORKS).into_iter().find(|row| row.epoch == epoch);
    let fence = stored.as_ref().map_or(0, |row| row.fence);
    Write::Dispatch(Dispatch {
        state: DispatchState::ALL[usize::from(d) % DispatchState::ALL.len()],
        due_at: (c % 4 != 0).then(|| at(i64::from(c % 8))),
        lease_until: (d % 3 == 0).then(|| at(i64::from(d % 8))),
        start: at(i64::from(c % 6)),
        calendar: a % 3 != 0,
        errand: (a % 4 == 0).then_some(ErrandId(u64::from(d % 3) + 20)),
        fence: if luck / 64 == 0 { fence.saturating_sub(1) } else { fence + u64::from(luck % 2) },
        ..dispatch(t, meeting, epoch, version(stored.map(|row| row.version), luck))
    })
}

/// Asks both the same, and compares the answers: rows themselves, since their `Debug` keeps much to itself.
macro_rules! alike {
    ([$model:expr, $store:expr] $($query:ident($($argument:expr),*))*) => {$(
        prop_assert_eq!($model.$query($($argument),*).await, $store.$query($($argument),*).await);
    )*};
}

/// Every query answers alike.
async fn answer_alike(
    model: &Store,
    store: &Store,
    tenants: std::ops::Range<u64>,
    [from, to, limit, each]: [u8; 4],
) -> Result<(), TestCaseError> {
    let (from_byte, to_byte) = (from, to);
    let (from, to) = (at(i64::from(from % 8)), at(i64::from(to % 10)));
    let (limit, each) = (usize::from(limit % 6), usize::from(each % 4));
    let (tenant, receiver_id) = (TenantId(u64::from(from_byte % 3)), EndpointId(u64::from(to_byte % 5)));
    let passed_over = PassedOver { tenants: [tenant].into(), receivers: [(TenantId(tenants.start), receiver_id)].into() };
    alike! { [model, store]
        watched((TenantId(tenants.start), CalendarId(u64::from(each as u8))), limit)
        near(from, to)
        unwatched((TenantId(tenants.start), CalendarId(u64::from(each as u8))), limit)
        due_channels(to, limit)
        due_dispatches(to, limit)
        due_dispatches(at(1000), 10_000)
        due_deliveries(to, limit, each, &PassedOver::default())
        due_endpoints(to, limit, &PassedOver::default())
        due_deliveries(at(1000), 10_000, each, &PassedOver::default())
        due_deliveries(at(1000), 10_000, each, &passed_over)
        due_endpoints(to, limit, &passed_over)
    }
    let names = ["a", "B", "\0", "uid-1", "10/a", "11/ä", "12/\0"].map(str::to_owned);
    let rooms = [("zoom 1".to_owned(), from), ("zoom 1".to_owned(), to)];
    for tenant in tenants.map(TenantId) {
        alike! { [model, store]
            tenant(tenant)
            connections(tenant)
            connection(tenant, ConnectionId(3))
            sightings_in(tenant, "zoom 1", from, to)
            sightings_in(tenant, "zoom 1", at(0), at(1000))
            sightings_in(tenant, "zoom", from, to)
            calendars(tenant)
            sightings_like(tenant, &names, &rooms)
            all_sightings(tenant)
            meetings_of(tenant, &names)
            meetings(tenant, from, to, limit)
            meetings(tenant, at(-1000), at(1000), 1000)
            places_of(tenant, &names)
            past_meetings(tenant, to, limit)
            past_events(tenant, to, limit)
            all_overrides(tenant)
            open_errands(tenant)
            errands(tenant, from, to, limit)
            dispatches_on(tenant, ErrandId(21))
            dispatches_of(tenant, &names)
            dispatches_under_way(tenant, from)
            dispatches_under_way(tenant, to)
            overrides(tenant, &names)
            rules(tenant)
            endpoints(tenant)
            tenant_keys(tenant)
            tokens_not_under(tenant, "v1.1.", ConnectionId(0), limit)
            tokens_not_under(tenant, "v1.2.", ConnectionId(1), 1000)
            events(tenant, EventId(each as u64), limit)
        }
        for calendar in (10..13).map(CalendarId) {
            alike! { [model, store] channels_of(tenant, calendar) calendar(tenant, calendar) entries(tenant, calendar) sightings(tenant, calendar) }
        }
        for endpoint in (20..23).map(EndpointId) {
            alike! { [model, store] dead_deliveries(tenant, endpoint, limit) delivery_counts(tenant, endpoint) }
        }
        // Their numbers differ: the databases give some to others as well.
        let uids = async |of: &Store| {
            let undecided = of.undecided(100_000).await.expect(WORKS).into_iter();
            undecided.filter(|row| row.tenant == tenant).map(|row| row.uid).collect::<Vec<_>>()
        };
        prop_assert_eq!(uids(model).await, uids(store).await);
    }
    Ok(())
}

/// What came of a commit, as text.
fn outcome(done: Result<(), CommitError>) -> String {
    match done {
        Ok(()) => "made".to_owned(),
        Err(CommitError::Conflict(what)) => format!("conflict: {what}"),
        Err(CommitError::Store(error)) => panic!("{error:?}"),
    }
}

/// Makes each plan on both; answers with how many were made, for the test to know that it tests something.
async fn compare(model: &Store, store: &Store, base: u64, plans: &[Plan], probe: [u8; 4]) -> Result<usize, TestCaseError> {
    let mut made = 0;
    for plan in plans {
        let commit = planned(model, base, plan).await;
        let (expected, got) = (outcome(model.commit(commit.clone()).await), outcome(store.commit(commit.clone()).await));
        prop_assert_eq!(&expected, &got, "{:?}", commit);
        made += usize::from(expected == "made");
    }
    let tenants = base..base + TENANTS;
    let mine = [TenantId(base), TenantId(base + 1)];
    let decide: Decide = Arc::new(move |row| {
        let next = Dispatch { state: DispatchState::Claimed, fence: row.fence + 1, due_at: Some(at(6)), ..row.clone() };
        // Those of other runs stay as they are.
        if mine.contains(&row.tenant) { vec![Write::Dispatch(next), Write::Event(event(row.tenant.0, "up", 2))] } else { vec![] }
    });
    let (before, limit) = (at(i64::from(probe[1] % 8)), usize::from(probe[2] % 6) * 1000);
    prop_assert_eq!(model.take_up(before, limit, Arc::clone(&decide)).await, store.take_up(before, limit, decide).await);
    answer_alike(model, store, tenants, probe).await?;
    Ok(made)
}

/// Runs the property on one store.
fn check(url: &str) {
    // One runtime for all runs: connections live on it.
    let runtime = runtime();
    let model = Store::Memory(Memory::new());
    let store = runtime.block_on(open(url));
    let (runs, made, base) = (Cell::new(0_usize), Cell::new(0_usize), Cell::new(1_u64));
    let change = prop::array::uniform6(any::<u8>());
    let plans = prop::collection::vec((any::<u8>(), prop::collection::vec(change, 1..4)), 1..40);
    // More by the environment of proptest.
    let cases = if std::env::var_os("PROPTEST_CASES").is_some() { Config::default().cases } else { RUNS };
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let done = runner.run(&(plans, any::<[u8; 4]>()), |(plans, probe)| {
        base.set(base.get() + TENANTS);
        runs.set(runs.get() + plans.len());
        made.set(made.get() + runtime.block_on(compare(&model, &store, base.get(), &plans, probe))?);
        Ok(())
    });
    if let Err(error) = done {
        panic!("{error}");
    }
    assert!(made.get() * 4 > runs.get(), "only {} of {} commits were made", made.get(), runs.get());
}

#[test]
fn sqlite_does_what_the_model_does() {
    let folder = Folder::new();
    check(&folder.url());
}

#[test]
fn postgresql_does_what_the_model_does() {
    let Some(url) = postgres::database() else { return };
    check(&url);
}

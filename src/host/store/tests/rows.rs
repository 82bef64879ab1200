//! Rows for tests, with what does not matter filled in.

use crate::host::model::{
    Calendar, CalendarId, CalendarState, Channel, ChannelState, Connection, ConnectionId, ConnectionState, Delivery,
    DeliveryState, Dispatch, DispatchState, Endpoint, EndpointId, EndpointState, Entry, Errand, ErrandId, ErrandState, EventId,
    Meeting, Origin, OutboxEvent, Outcome, OverrideRow, RulesRow, Sighting, Tenant, TenantId, Wake,
};
use crate::host::store::{Commit, Write};
use crate::time::Instant;

/// That many seconds after the beginning.
pub(super) fn at(seconds: i64) -> Instant {
    Instant::from_second(1_800_000_000 + seconds).expect("a small number")
}

pub(super) fn commit(tenant: u64, writes: impl IntoIterator<Item = Write>) -> Commit {
    Commit { tenant: TenantId(tenant), writes: writes.into_iter().collect() }
}

pub(super) fn tenant(id: u64) -> Write {
    let (own_domains, bots) = (vec!["ours.example".to_owned()], vec!["bot@ours.example".to_owned()]);
    Write::Tenant(Tenant {
        id: TenantId(id),
        name: format!("tenant {id}"),
        own_domains,
        bots,
        plan_version: 0,
        ..Tenant::default()
    })
}

pub(super) fn connection(tenant: u64, id: u64) -> Connection {
    Connection {
        tenant: TenantId(tenant),
        id: ConnectionId(id),
        user: format!("user {id}"),
        origin: Origin::Google,
        client: "client".to_owned(),
        addresses: vec![format!("{id}@ours.example")],
        zone: Some("Europe/London".to_owned()),
        state: ConnectionState::Active,
        token_file: Some(format!("/tokens/{id}")),
        token: None,
    }
}

pub(super) fn calendar(tenant: u64, connection: u64, id: u64, version: u64) -> Calendar {
    Calendar {
        tenant: TenantId(tenant),
        id: CalendarId(id),
        connection: ConnectionId(connection),
        origin: Origin::Google,
        reference: String::new(),
        cursor: Some("cursor".to_owned()),
        state: CalendarState::Active,
        synced_at: Some(at(0)),
        expanded_to: None,
        version,
    }
}

pub(super) fn entry(calendar: u64, id: &str) -> Write {
    Write::Entry(CalendarId(calendar), Entry { id: id.to_owned(), body: format!("body of {id}").into() })
}

pub(super) fn sighting(calendar: u64, id: &str) -> Sighting {
    Sighting {
        calendar: CalendarId(calendar),
        id: id.to_owned(),
        uid: Some(format!("uid-{id}")),
        family: None,
        occurrence: "single".to_owned(),
        start: at(100),
        room: None,
        entry: Some(id.to_owned()),
        body: "{}".into(),
    }
}

pub(super) fn meeting(tenant: u64, id: &str, version: u64) -> Meeting {
    Meeting {
        tenant: TenantId(tenant),
        id: id.to_owned(),
        sightings: vec![format!("1/{id}")],
        start: at(100),
        end: Some(at(200)),
        outcome: Outcome::Record,
        by: ConnectionId(1),
        rule: None,
        reason: "default".to_owned(),
        record: "{}".to_owned(),
        conflict: false,
        version,
    }
}

pub(super) fn dispatch(tenant: u64, meeting: &str, epoch: u32, version: u64) -> Dispatch {
    Dispatch {
        tenant: TenantId(tenant),
        meeting: meeting.to_owned(),
        epoch,
        key: format!("key-{tenant}-{meeting}-{epoch}"),
        state: DispatchState::Planned,
        due_at: Some(at(10)),
        fire_at: at(10),
        start: at(100),
        late_at: at(700),
        spec: "{}".to_owned(),
        fence: 0,
        owner: None,
        lease_until: None,
        attempts: 0,
        verified: false,
        reason: None,
        calendar: true,
        errand: None,
        version,
    }
}

pub(super) fn errand(tenant: u64, id: u64, seconds: i64, version: u64) -> Errand {
    Errand {
        tenant: TenantId(tenant),
        id: ErrandId(id),
        name: id.is_multiple_of(2).then(|| format!("name {id}")),
        room: "zoom:1".to_owned(),
        url: format!("https://zoom.us/j/1?pwd=of%20{tenant}"),
        title: None,
        at: at(seconds),
        state: ErrandState::Open,
        made_at: at(seconds - 1),
        version,
    }
}

pub(super) fn override_row(tenant: u64, user: Option<&str>, uid: &str, occurrence: Option<&str>) -> OverrideRow {
    OverrideRow {
        tenant: TenantId(tenant),
        user: user.map(str::to_owned),
        uid: uid.to_owned(),
        occurrence: occurrence.map(str::to_owned),
        mark: "someone@ours.example".to_owned(),
        stop: true,
    }
}

pub(super) fn rules(tenant: u64, user: Option<&str>, version: u64) -> RulesRow {
    RulesRow { tenant: TenantId(tenant), user: user.map(str::to_owned), version, text: format!("record always # {version}") }
}

pub(super) fn endpoint(tenant: u64, id: u64, version: u64) -> Endpoint {
    Endpoint {
        tenant: TenantId(tenant),
        id: EndpointId(id),
        url: format!("https://hooks.example/{id}"),
        secrets: vec!["whsec_AAAA".to_owned()],
        state: EndpointState::Active,
        failing_since: None,
        due_at: None,
        tries: 2,
        last: Some("404".to_owned()),
        configured: id.is_multiple_of(2),
        version,
    }
}

pub(super) fn event(tenant: u64, subject: &str, seconds: i64) -> OutboxEvent {
    OutboxEvent {
        tenant: TenantId(tenant),
        id: EventId(0),
        kind: "dispatch.accepted".to_owned(),
        subject: subject.to_owned(),
        body: "{}".to_owned(),
        at: at(seconds),
    }
}

pub(super) fn delivery(tenant: u64, event: u64, endpoint: u64, version: u64) -> Delivery {
    Delivery {
        tenant: TenantId(tenant),
        event: EventId(event),
        endpoint: EndpointId(endpoint),
        state: DeliveryState::Pending,
        due_at: Some(at(50)),
        attempts: 3,
        last: Some("503".to_owned()),
        version,
    }
}

pub(super) fn channel(tenant: u64, calendar: u64, id: &str, version: u64) -> Channel {
    Channel {
        tenant: TenantId(tenant),
        id: id.to_owned(),
        calendar: CalendarId(calendar),
        kind: Origin::Google,
        digest: "00".to_owned(),
        nonce: None,
        resource: None,
        state: ChannelState::Asked,
        expires_at: at(604_800),
        made_at: at(0),
        due_at: Some(at(120)),
        tries: 1,
        seen: 3,
        heard_at: None,
        doubted_at: None,
        version,
    }
}

pub(super) fn wake(tenant: u64, calendar: u64, due: i64, until: i64) -> Wake {
    let (tenant, calendar) = (TenantId(tenant), CalendarId(calendar));
    Wake { tenant, calendar, due_at: at(due), until: at(until), whole: false, number: 0 }
}

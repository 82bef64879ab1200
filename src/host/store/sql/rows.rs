//! Rows out of cells, in the order of [`columns`](super::statements).

pub(super) mod grants;

use super::args::unwritten;
use super::link::Cells;
use crate::host::model::{
    ApiKey, AuditRow, Calendar, CalendarId, CalendarState, Channel, ChannelState, Connection, ConnectionId, ConnectionState,
    Delivery, DeliveryState, Dispatch, DispatchState, Endpoint, EndpointId, EndpointState, Entry, Errand, ErrandId, ErrandState,
    EventId, KeyId, KeyRow, Meeting, Origin, OutboxEvent, Outcome, OverrideRow, RequestRow, RulesRow, Sighting, Tenant, TenantId,
    Undecided, Wake,
};
use crate::host::store::{DueDelivery, Member, SealedToken, StoreError, Unwatched, Watched, from_micros};
use crate::time::Instant;

/// A row being read.
struct Row<'a> {
    cells: &'a mut dyn Cells,
    table: &'static str,
}

type Answer<T> = Result<T, StoreError>;

impl<'a> Row<'a> {
    /// A row of a table that so many cells name, which come first.
    fn of(cells: &'a mut dyn Cells, table: &'static str, keys: usize) -> Self {
        cells.begin(table, keys);
        Self { cells, table }
    }

    fn wrong<T>(&self, why: &str) -> Answer<T> {
        Err(StoreError::Row { table: self.table, why: why.to_owned() })
    }

    fn maybe_int(&mut self) -> Answer<Option<i64>> {
        self.cells.int().or_else(|_| self.wrong("not a number"))
    }

    fn int(&mut self) -> Answer<i64> {
        match self.maybe_int()? {
            Some(int) => Ok(int),
            None => self.wrong("a number is missing"),
        }
    }

    fn count<T: TryFrom<i64>>(&mut self) -> Answer<T> {
        let int = self.int()?;
        T::try_from(int).or_else(|_| self.wrong("a number out of range"))
    }

    fn maybe_count(&mut self) -> Answer<Option<u64>> {
        let Some(int) = self.maybe_int()? else { return Ok(None) };
        u64::try_from(int).map(Some).or_else(|_| self.wrong("a number out of range"))
    }

    fn maybe_short(&mut self) -> Answer<Option<u16>> {
        let Some(int) = self.maybe_int()? else { return Ok(None) };
        u16::try_from(int).map(Some).or_else(|_| self.wrong("a number out of range"))
    }

    fn flag(&mut self) -> Answer<bool> {
        Ok(self.int()? != 0)
    }

    fn maybe_time(&mut self) -> Answer<Option<Instant>> {
        let Some(micros) = self.maybe_int()? else { return Ok(None) };
        match from_micros(micros) {
            Some(instant) => Ok(Some(instant)),
            None => self.wrong("an instant out of range"),
        }
    }

    fn time(&mut self) -> Answer<Instant> {
        match self.maybe_time()? {
            Some(instant) => Ok(instant),
            None => self.wrong("an instant is missing"),
        }
    }

    fn maybe_text(&mut self) -> Answer<Option<String>> {
        Ok(self.cells.text().or_else(|_| self.wrong("not a text"))?.map(unwritten))
    }

    fn text(&mut self) -> Answer<String> {
        match self.maybe_text()? {
            Some(text) => Ok(text),
            None => self.wrong("a text is missing"),
        }
    }

    fn word<T>(&mut self, from_word: fn(&str) -> Option<T>) -> Answer<T> {
        match from_word(&self.text()?) {
            Some(variant) => Ok(variant),
            None => self.wrong("an unknown word"),
        }
    }

    fn list(&mut self) -> Answer<Vec<String>> {
        let text = self.text()?;
        let list: Vec<String> = serde_json::from_str(&text).or_else(|_| self.wrong("not a list"))?;
        Ok(list.into_iter().map(unwritten).collect())
    }

    /// A part of a key that may be absent.
    fn key(&mut self) -> Answer<Option<String>> {
        Ok(self.text()?.strip_prefix('=').map(str::to_owned))
    }
}

pub(super) fn count(cells: &mut dyn Cells) -> Answer<u64> {
    Row::of(cells, "numbers", 0).count()
}

pub(super) fn tenant(cells: &mut dyn Cells) -> Answer<Tenant> {
    let mut row = Row::of(cells, "tenants", 1);
    Ok(Tenant {
        id: TenantId(row.count()?),
        name: row.text()?,
        own_domains: row.list()?,
        bots: row.list()?,
        plan_version: row.count()?,
        keep_days: row.maybe_short()?,
        horizon_days: row.maybe_short()?,
    })
}

pub(super) fn watched(cells: &mut dyn Cells) -> Answer<Watched> {
    let mut row = Row::of(cells, "calendars", 2);
    let (tenant, calendar, connection) = (TenantId(row.count()?), CalendarId(row.count()?), ConnectionId(row.count()?));
    let (origin, client, pushed_until) = (row.word(Origin::from_word)?, row.text()?, row.maybe_time()?);
    Ok(Watched { tenant, calendar, connection, origin, client, pushed_until })
}

pub(super) fn member(cells: &mut dyn Cells) -> Answer<Member> {
    let mut row = Row::of(cells, "hosts", 1);
    Ok(Member { host: row.text()?, joined: row.maybe_time()?, renewals: row.count()? })
}

/// A sighting as meetings name it, and when its meeting begins.
pub(super) fn seen_start(cells: &mut dyn Cells) -> Answer<(TenantId, String, Instant)> {
    let mut row = Row::of(cells, "seen", 2);
    Ok((TenantId(row.count()?), row.text()?, row.time()?))
}

pub(super) fn connection(cells: &mut dyn Cells) -> Answer<Connection> {
    let mut row = Row::of(cells, "connections", 2);
    Ok(Connection {
        tenant: TenantId(row.count()?),
        id: ConnectionId(row.count()?),
        user: row.text()?,
        origin: row.word(Origin::from_word)?,
        client: row.text()?,
        addresses: row.list()?,
        zone: row.maybe_text()?,
        state: row.word(ConnectionState::from_word)?,
        token_file: row.maybe_text()?,
        token: row.maybe_text()?,
    })
}

pub(super) fn calendar(cells: &mut dyn Cells) -> Answer<Calendar> {
    let mut row = Row::of(cells, "calendars", 2);
    Ok(Calendar {
        tenant: TenantId(row.count()?),
        id: CalendarId(row.count()?),
        connection: ConnectionId(row.count()?),
        origin: row.word(Origin::from_word)?,
        reference: row.text()?,
        cursor: row.maybe_text()?,
        state: row.word(CalendarState::from_word)?,
        synced_at: row.maybe_time()?,
        expanded_to: row.maybe_time()?,
        version: row.count()?,
    })
}

pub(super) fn entry(cells: &mut dyn Cells) -> Answer<Entry> {
    let mut row = Row::of(cells, "entries", 1);
    Ok(Entry { id: row.text()?, body: row.text()?.into() })
}

pub(super) fn sighting(cells: &mut dyn Cells) -> Answer<Sighting> {
    let mut row = Row::of(cells, "sightings", 2);
    Ok(Sighting {
        calendar: CalendarId(row.count()?),
        id: row.text()?,
        uid: row.maybe_text()?,
        family: row.maybe_text()?,
        occurrence: row.text()?,
        start: row.time()?,
        room: row.maybe_text()?,
        entry: row.maybe_text()?,
        body: row.text()?.into(),
    })
}

pub(super) fn meeting(cells: &mut dyn Cells) -> Answer<Meeting> {
    let mut row = Row::of(cells, "meetings", 2);
    Ok(Meeting {
        tenant: TenantId(row.count()?),
        id: row.text()?,
        sightings: row.list()?,
        start: row.time()?,
        end: row.maybe_time()?,
        outcome: row.word(Outcome::from_word)?,
        by: ConnectionId(row.count()?),
        rule: row.maybe_text()?,
        reason: row.text()?,
        record: row.text()?,
        conflict: row.flag()?,
        version: row.count()?,
    })
}

pub(super) fn dispatch(cells: &mut dyn Cells) -> Answer<Dispatch> {
    let mut row = Row::of(cells, "dispatches", 3);
    Ok(Dispatch {
        tenant: TenantId(row.count()?),
        meeting: row.text()?,
        epoch: row.count()?,
        key: row.text()?,
        state: row.word(DispatchState::from_word)?,
        due_at: row.maybe_time()?,
        fire_at: row.time()?,
        start: row.time()?,
        late_at: row.time()?,
        spec: row.text()?,
        fence: row.count()?,
        owner: row.maybe_text()?,
        lease_until: row.maybe_time()?,
        attempts: row.count()?,
        verified: row.flag()?,
        reason: row.maybe_text()?,
        calendar: row.flag()?,
        errand: row.maybe_count()?.map(ErrandId),
        version: row.count()?,
    })
}

pub(super) fn errand(cells: &mut dyn Cells) -> Answer<Errand> {
    let mut row = Row { cells, table: "errands" };
    Ok(Errand {
        tenant: TenantId(row.count()?),
        id: ErrandId(row.count()?),
        name: row.maybe_text()?,
        room: row.text()?,
        url: row.text()?,
        title: row.maybe_text()?,
        at: row.time()?,
        state: row.word(ErrandState::from_word)?,
        made_at: row.time()?,
        version: row.count()?,
    })
}

pub(super) fn override_row(cells: &mut dyn Cells) -> Answer<OverrideRow> {
    let mut row = Row::of(cells, "overrides", 0);
    Ok(OverrideRow {
        tenant: TenantId(row.count()?),
        user: row.key()?,
        uid: row.text()?,
        occurrence: row.key()?,
        mark: row.text()?,
        stop: row.flag()?,
    })
}

pub(super) fn rules(cells: &mut dyn Cells) -> Answer<RulesRow> {
    let mut row = Row::of(cells, "rules", 0);
    Ok(RulesRow { tenant: TenantId(row.count()?), user: row.key()?, version: row.count()?, text: row.text()? })
}

pub(super) fn tenant_key(cells: &mut dyn Cells) -> Answer<KeyRow> {
    let mut row = Row::of(cells, "tenant_keys", 2);
    Ok(KeyRow {
        tenant: TenantId(row.count()?),
        version: row.count()?,
        wrapped: row.text()?,
        root: row.text()?,
        made_at: row.time()?,
        lent: row.maybe_text()?,
    })
}

pub(super) fn key_root(cells: &mut dyn Cells) -> Answer<String> {
    Row::of(cells, "tenant_keys", 0).text()
}

pub(super) fn token(cells: &mut dyn Cells) -> Answer<SealedToken> {
    let mut row = Row::of(cells, "connections", 1);
    Ok(SealedToken { connection: ConnectionId(row.count()?), origin: row.word(Origin::from_word)?, token: row.text()? })
}

pub(super) fn tenant_id(cells: &mut dyn Cells) -> Answer<TenantId> {
    Row::of(cells, "endpoints", 0).count().map(TenantId)
}

pub(super) fn list(cells: &mut dyn Cells) -> Answer<(String, String)> {
    let mut row = Row::of(cells, "lists", 0);
    Ok((row.text()?, row.text()?))
}

pub(super) fn endpoint(cells: &mut dyn Cells) -> Answer<Endpoint> {
    let mut row = Row::of(cells, "endpoints", 2);
    Ok(Endpoint {
        tenant: TenantId(row.count()?),
        id: EndpointId(row.count()?),
        url: row.text()?,
        secrets: row.list()?,
        state: row.word(EndpointState::from_word)?,
        failing_since: row.maybe_time()?,
        due_at: row.maybe_time()?,
        tries: row.count()?,
        last: row.maybe_text()?,
        configured: row.flag()?,
        version: row.count()?,
    })
}

pub(super) fn event(cells: &mut dyn Cells) -> Answer<OutboxEvent> {
    let mut row = Row::of(cells, "events", 2);
    Ok(OutboxEvent {
        tenant: TenantId(row.count()?),
        id: EventId(row.count()?),
        kind: row.text()?,
        subject: row.text()?,
        body: row.text()?,
        at: row.time()?,
    })
}

pub(super) fn api_key(cells: &mut dyn Cells) -> Answer<ApiKey> {
    let mut row = Row::of(cells, "api_keys", 2);
    Ok(ApiKey {
        tenant: TenantId(row.count()?),
        id: KeyId(row.count()?),
        name: row.text()?,
        hash: row.text()?,
        scopes: row.list()?,
        made_at: row.time()?,
        revoked_at: row.maybe_time()?,
        version: row.count()?,
    })
}

pub(super) fn audit(cells: &mut dyn Cells) -> Answer<AuditRow> {
    let mut row = Row::of(cells, "audit", 2);
    Ok(AuditRow {
        tenant: TenantId(row.count()?),
        number: row.count()?,
        at: row.time()?,
        actor: row.text()?,
        action: row.text()?,
        subject: row.text()?,
        digest: row.text()?,
    })
}

pub(super) fn request(cells: &mut dyn Cells) -> Answer<RequestRow> {
    let mut row = Row::of(cells, "requests", 2);
    Ok(RequestRow {
        tenant: TenantId(row.count()?),
        name: row.text()?,
        hash: row.text()?,
        made_at: row.time()?,
        status: row.maybe_short()?,
        body: row.text()?,
        version: row.count()?,
    })
}

/// When it changed, and the meeting.
pub(super) fn meeting_changed(cells: &mut dyn Cells) -> Answer<(u64, Meeting)> {
    let changed = Row { cells: &mut *cells, table: "meetings" }.count()?;
    Ok((changed, meeting(cells)?))
}

pub(super) fn delivery(cells: &mut dyn Cells) -> Answer<Delivery> {
    let mut row = Row::of(cells, "deliveries", 3);
    Ok(Delivery {
        tenant: TenantId(row.count()?),
        event: EventId(row.count()?),
        endpoint: EndpointId(row.count()?),
        state: row.word(DeliveryState::from_word)?,
        due_at: row.maybe_time()?,
        attempts: row.count()?,
        last: row.maybe_text()?,
        version: row.count()?,
    })
}

pub(super) fn meeting_id(cells: &mut dyn Cells) -> Answer<String> {
    Row::of(cells, "meetings", 0).text()
}

pub(super) fn event_id(cells: &mut dyn Cells) -> Answer<EventId> {
    Row::of(cells, "events", 0).count().map(EventId)
}

pub(super) fn delivery_count(cells: &mut dyn Cells) -> Answer<(DeliveryState, u64)> {
    let mut row = Row::of(cells, "deliveries", 0);
    Ok((row.word(DeliveryState::from_word)?, row.count()?))
}

pub(super) fn undecided(cells: &mut dyn Cells) -> Answer<Undecided> {
    let mut row = Row::of(cells, "undecided", 2);
    Ok(Undecided { tenant: TenantId(row.count()?), uid: row.key()?, number: row.count()? })
}

pub(super) fn unwatched(cells: &mut dyn Cells) -> Answer<Unwatched> {
    let mut row = Row::of(cells, "calendars", 2);
    Ok(Unwatched { tenant: TenantId(row.count()?), calendar: CalendarId(row.count()?), connection: ConnectionId(row.count()?) })
}

pub(super) fn channel(cells: &mut dyn Cells) -> Answer<Channel> {
    let mut row = Row::of(cells, "channels", 2);
    Ok(Channel {
        tenant: TenantId(row.count()?),
        id: row.text()?,
        calendar: CalendarId(row.count()?),
        kind: row.word(Origin::from_word)?,
        digest: row.text()?,
        nonce: row.maybe_text()?,
        resource: row.maybe_text()?,
        state: row.word(ChannelState::from_word)?,
        expires_at: row.time()?,
        made_at: row.time()?,
        due_at: row.maybe_time()?,
        tries: row.count()?,
        seen: row.count()?,
        heard_at: row.maybe_time()?,
        doubted_at: row.maybe_time()?,
        version: row.count()?,
    })
}

pub(super) fn wake(cells: &mut dyn Cells) -> Answer<Wake> {
    let mut row = Row::of(cells, "wakes", 2);
    let (tenant, calendar, number) = (TenantId(row.count()?), CalendarId(row.count()?), row.count()?);
    Ok(Wake { tenant, calendar, due_at: row.time()?, until: row.time()?, whole: row.flag()?, number })
}

pub(super) fn due_delivery(cells: &mut dyn Cells) -> Answer<DueDelivery> {
    Ok(DueDelivery { delivery: delivery(cells)?, event: event(cells)?, endpoint: endpoint(cells)? })
}

//! The one store of the host: what it knows, and the only way to change it.
//!
//! Reads are plain queries, each of one tenant but for those that find what is due. Changes are [`Commit`]s: a list of
//! [`Write`]s that holds as a whole or not at all, each guarded by the version that its author read. Whoever decides reads
//! first, computes without the store, and commits; where somebody else was faster the commit is a
//! [`CommitError::Conflict`], and the work is done again from fresh reads. So one transaction covers a change and the effects it
//! causes, on every store alike.
//!
//! Three stores: SQLite, PostgreSQL, and one in memory that the simulation runs on. The tests beside hold all of them to the
//! same behaviour.
//!
//! Instants are kept to the microsecond; what is finer is cut off.

mod commit;
mod memory;
mod sql;
#[cfg(test)]
mod tests;
mod unreadable;

pub use memory::{Hook, Memory, Moment};
pub use sql::{Postgres, Sqlite};
pub use unreadable::{ROWS_MAX as UNREADABLE_ROWS_MAX, UnreadableRow};

use super::model::grants::{ClientRow, Flow, Grant, Parting, ReturnUrl};
use super::model::{
    ApiKey, AuditRow, Calendar, CalendarId, Channel, Connection, ConnectionId, Delivery, DeliveryState, Dispatch, DispatchState,
    Endpoint, EndpointId, Entry, Errand, ErrandId, EventId, KeyRow, Meeting, Origin, OutboxEvent, OverrideRow, RequestRow,
    RulesRow, Sighting, Tenant, TenantId, Undecided, Wake,
};
use crate::time::{Elapsed, Instant};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// Why a database could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is none that a store has.
    #[error("a database is named `sqlite:PATH` or `postgres://…`")]
    Url,
    /// The database cannot be reached or read.
    #[error("the database cannot be opened")]
    Open(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The tables cannot be made, or are those of a newer version.
    #[error("the tables of the database cannot be brought up to date")]
    Migrate(#[source] sqlx::migrate::MigrateError),
}

/// Why the store did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The store cannot be reached, or is shutting down: try again. A commit may have happened all the same.
    #[error("the store cannot be reached")]
    Unavailable,
    /// The disk is full or the database is read-only: nothing is written until somebody helps.
    #[error("the store takes no writes")]
    ReadOnly,
    /// The store failed in a way that leaves its state in doubt: the host must stop.
    #[error("the store failed: {0}")]
    Broken(String),
    /// A row holds what this version cannot read.
    #[error("a row of {table} cannot be read: {why}")]
    Row {
        /// Which table.
        table: &'static str,
        /// What is wrong with it, without its content.
        why: String,
    },
}

/// How a store is, as far as it knows by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum StoreState {
    /// It works, or is asked in vain: then each answer says so.
    #[default]
    Fine,
    /// The disk is full, or the server takes no writes. Nothing is written but what is due about bots, on SQLite in room that was
    /// kept for it.
    Full,
    /// It failed in a way that leaves its state in doubt, and takes nothing any more: the host must stop.
    Broken(String),
}

/// Why a commit did not happen.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A guard does not hold any more: read again, and decide again.
    #[error("changed meanwhile: {0}")]
    Conflict(&'static str),
    /// The store itself.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Changes that hold as a whole or not at all, in their order.
///
/// A row that belongs to another (a calendar to its connection, an entry or sighting to its calendar, a dispatch to its
/// meeting) needs that one to be there, by this commit or before it; else it is a conflict. A row that names another tenant
/// than the commit is one as well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    /// Whose rows they are; every write is confined to this tenant.
    pub tenant: TenantId,
    /// The changes.
    pub writes: Vec<Write>,
}

/// One change. Where a row carries a version, the row given has the version that was read (0: there must be none), and the
/// stored one gets the next.
#[derive(Clone, PartialEq, Eq)]
pub enum Write {
    /// Makes or replaces the tenant's row. Leaves `plan_version` alone, but for a new tenant.
    Tenant(Tenant),
    /// Removes the tenant, if it is there, with everything it has, its keys among it: whatever of its secrets lies in a copy of
    /// another table is lost then. A conflict while a host must still act on a dispatch of it.
    RemoveTenant,
    /// The tenant's plans were made against this version, which must still hold; it then grows by one.
    PlanVersion(u64),
    /// Makes or replaces a connection. Leaves `token` alone, but for a new connection.
    Connection(Connection),
    /// The sealed token of a connection is no longer `was`, which must still hold, but `is`.
    Token {
        /// Which connection.
        connection: ConnectionId,
        /// As it was read.
        was: Option<String>,
        /// As it is from now on.
        is: Option<String>,
    },
    /// Removes the sealed token of a connection, if there is one, whatever it is.
    RemoveToken(ConnectionId),
    /// Removes a connection, if it is there, with its calendars, entries and sightings.
    RemoveConnection(ConnectionId),
    /// Makes or replaces a calendar. Guarded by version.
    Calendar(Calendar),
    /// Makes or replaces an entry of a calendar. The calendar's version grows, by one for the commit, where the commit does
    /// not write its row as well; so it does for the next three.
    Entry(CalendarId, Entry),
    /// Removes an entry, if it is there.
    RemoveEntry(CalendarId, String),
    /// Makes or replaces a sighting.
    Sighting(Sighting),
    /// Removes a sighting, if it is there.
    RemoveSighting(CalendarId, String),
    /// Makes or replaces a meeting. Guarded by version.
    Meeting(Meeting),
    /// Removes a meeting that no calendar shows any more, if it is there, with its dispatches.
    RemoveMeeting(String),
    /// Makes or replaces a dispatch. Guarded by version, and the stored fence must not be higher than the one given.
    Dispatch(Dispatch),
    /// Makes or replaces an errand. Guarded by version.
    Errand(Errand),
    /// An open errand is over; any other stays as it is.
    ErrandOver(ErrandId),
    /// Removes an errand, if it is there.
    RemoveErrand(ErrandId),
    /// Makes or replaces an override, by user, uid, occurrence and mark: what is said of one meeting says nothing of another that
    /// claims the same UID.
    Override(OverrideRow),
    /// Removes the override of this user, uid, occurrence and mark, if it is there, whatever it says.
    RemoveOverride(OverrideRow),
    /// Adds a version of rules; it must be the one after the last.
    Rules(RulesRow),
    /// Removes every version of the rules of a user.
    RemoveRules(String),
    /// Makes or replaces a provided list: name, text.
    List(String, String),
    /// Removes a provided list, if it is there.
    RemoveList(String),
    /// Makes or replaces a webhook receiver. Guarded by version.
    Endpoint(Endpoint),
    /// Removes a webhook receiver, if it is there, with its deliveries.
    RemoveEndpoint(EndpointId),
    /// Adds a version of the tenant's key; it must be the one after the last, and the tenant must be there.
    TenantKey(KeyRow),
    /// A version of the tenant's key is no longer wrapped by the root key `was`, which must still hold, but by `root`.
    Rewrapped {
        /// Which version.
        version: u64,
        /// The name of the root key before.
        was: String,
        /// The key as it is wrapped now.
        wrapped: String,
        /// The name of the root key now.
        root: String,
    },
    /// What a version of the tenant's key lends to processes without a root key is this now. The version must be there.
    Lent {
        /// Which version.
        version: u64,
        /// What it lends, sealed for them.
        lent: String,
    },
    /// Adds an event, and a pending delivery for every active receiver of the tenant, due at the event's time.
    Event(OutboxEvent),
    /// Removes an event, if it is there, with its deliveries.
    RemoveEvent(EventId),
    /// Changes a delivery that is there. Guarded by version.
    Delivery(Delivery),
    /// What decisions are made from changes with this commit: all meetings of the tenant must be decided anew, or those of this
    /// normalised UID or family, or of this `errand/id`.
    Undecided(Option<String>),
    /// They have been decided anew with this commit, for the change of this number; a later one stays.
    Decided(Option<String>, u64),
    /// Makes or replaces an OAuth client.
    Client(ClientRow),
    /// Removes an OAuth client, if it is there. What was granted to it stays, and cannot be renewed.
    RemoveClient(String),
    /// Makes or replaces a URL that browsers may be sent to after a flow.
    ReturnUrl(ReturnUrl),
    /// Removes one, if it is there.
    RemoveReturnUrl(String),
    /// Makes or replaces a flow. Guarded by version.
    Flow(Flow),
    /// Removes the flows that ended before.
    RemoveFlows(Instant),
    /// Removes the flows of a user.
    RemoveFlowsOf(String),
    /// Makes or replaces what is known of a grant. Guarded by version; its connection must be there.
    Grant(Grant),
    /// Makes or replaces what is left to do for a connection that is gone. Guarded by version.
    Parting(Parting),
    /// Removes it, if it is there.
    RemoveParting(ConnectionId),
    /// Makes or replaces a key of the programming interface. Guarded by version.
    ApiKey(ApiKey),
    /// Adds a line to the tenant's audit, under the next number, its digest made from the line before. A conflict where another
    /// line was added at the same moment.
    Audit(AuditRow),
    /// Makes or replaces a request that may be repeated. Guarded by version.
    Request(RequestRow),
    /// Forgets a request, if it is there.
    RemoveRequest(String),
    /// Forgets the requests that came before.
    RemoveRequests(Instant),
    /// Makes or replaces a channel. Guarded by version; a calendar has one at the most that is being asked for.
    Channel(Channel),
    /// Removes a channel, if it is there.
    RemoveChannel(String),
    /// A calendar is to be read: one note for each, with the earliest time to begin and the latest that a reading must not begin
    /// before. The store gives its number.
    Wake(Wake),
    /// A reading of the calendar that began then has ended, for the note of this number: it is over, or waits for another
    /// reading. A later one stays.
    Woken(CalendarId, u64, Instant),
}

/// What is changed, without what the host did not choose itself: see the rows.
impl fmt::Debug for Write {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |name: &str, row: &dyn fmt::Debug| f.debug_tuple(name).field(row).finish();
        match self {
            Self::Tenant(of) => row("Tenant", of),
            Self::RemoveTenant => f.write_str("RemoveTenant"),
            Self::PlanVersion(version) => row("PlanVersion", version),
            Self::Connection(of) => row("Connection", of),
            Self::RemoveConnection(id) => row("RemoveConnection", id),
            Self::Token { connection, .. } => row("Token", connection),
            Self::RemoveToken(id) => row("RemoveToken", id),
            Self::TenantKey(of) => row("TenantKey", of),
            Self::Rewrapped { version, .. } => row("Rewrapped", version),
            Self::Lent { version, .. } => row("Lent", version),
            Self::Calendar(of) => row("Calendar", of),
            Self::Entry(calendar, _) => row("Entry", calendar),
            Self::RemoveEntry(calendar, _) => row("RemoveEntry", calendar),
            Self::Sighting(of) => row("Sighting", of),
            Self::RemoveSighting(calendar, _) => row("RemoveSighting", calendar),
            Self::Meeting(of) => row("Meeting", of),
            Self::RemoveMeeting(id) => row("RemoveMeeting", id),
            Self::Dispatch(of) => row("Dispatch", of),
            Self::Errand(of) => row("Errand", of),
            Self::ErrandOver(id) => row("ErrandOver", id),
            Self::RemoveErrand(id) => row("RemoveErrand", id),
            Self::Override(of) => row("Override", of),
            Self::RemoveOverride(of) => row("RemoveOverride", of),
            Self::Rules(of) => row("Rules", of),
            Self::RemoveRules(_) => f.write_str("RemoveRules"),
            Self::List(..) => f.write_str("List"),
            Self::RemoveList(_) => f.write_str("RemoveList"),
            Self::Endpoint(of) => row("Endpoint", of),
            Self::RemoveEndpoint(id) => row("RemoveEndpoint", id),
            Self::Event(of) => row("Event", of),
            Self::RemoveEvent(id) => row("RemoveEvent", id),
            Self::Delivery(of) => row("Delivery", of),
            Self::Undecided(of) => row("Undecided", &of.as_ref().map(|_| "one")),
            Self::Decided(_, number) => row("Decided", number),
            Self::Client(of) => row("Client", of),
            Self::RemoveClient(_) => f.write_str("RemoveClient"),
            Self::ReturnUrl(of) => row("ReturnUrl", of),
            Self::RemoveReturnUrl(_) => f.write_str("RemoveReturnUrl"),
            Self::Flow(of) => row("Flow", of),
            Self::RemoveFlows(before) => row("RemoveFlows", before),
            Self::RemoveFlowsOf(_) => f.write_str("RemoveFlowsOf"),
            Self::Grant(of) => row("Grant", of),
            Self::Parting(of) => row("Parting", of),
            Self::RemoveParting(id) => row("RemoveParting", id),
            Self::ApiKey(of) => row("ApiKey", of),
            Self::Audit(of) => row("Audit", of),
            Self::Request(of) => row("Request", of),
            Self::RemoveRequest(_) => f.write_str("RemoveRequest"),
            Self::RemoveRequests(before) => row("RemoveRequests", before),
            Self::Channel(of) => row("Channel", of),
            Self::RemoveChannel(_) => f.write_str("RemoveChannel"),
            Self::Wake(of) => row("Wake", of),
            Self::Woken(calendar, ..) => row("Woken", calendar),
        }
    }
}

/// What opens a step of a flow: the SHA-256 of a secret of 256 bits, so that whoever has one names one flow, whosever it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Handle<'a> {
    /// Opens the page.
    Ref(&'a str),
    /// Came back from the provider.
    State(&'a str),
    /// Came from the tenant.
    Session(&'a str),
}

/// A calendar that the host must keep in sync, as the scheduler needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Watched {
    /// Whose it is.
    pub tenant: TenantId,
    /// The calendar.
    pub calendar: CalendarId,
    /// The mailbox, as far as quotas go.
    pub connection: ConnectionId,
    /// Who keeps it.
    pub origin: Origin,
    /// The OAuth client it is read with.
    pub client: String,
    /// Until when its channel stands for reading it every few minutes.
    pub pushed_until: Option<Instant>,
}

/// A calendar without a channel that its provider could give it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unwatched {
    /// Whose it is.
    pub tenant: TenantId,
    /// The calendar.
    pub calendar: CalendarId,
    /// The connection that it is read with.
    pub connection: ConnectionId,
}

/// A host that shares the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// Its name; no two processes at a time have one.
    pub host: String,
    /// When it joined, by the store's time; `None` where nobody else can.
    pub joined: Option<Instant>,
    /// How often it was there, since before then if it was away for a while. It grows with every [`Store::attend`].
    pub renewals: u64,
}

/// The sealed token of a connection.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedToken {
    /// Which connection.
    pub connection: ConnectionId,
    /// Who it is for.
    pub origin: Origin,
    /// As it is stored.
    pub token: String,
}

/// Without the token.
impl fmt::Debug for SealedToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the token of connection {}", self.connection)
    }
}

/// A calendar with a meeting that has a bot, or is to have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Near {
    /// Whose it is.
    pub tenant: TenantId,
    /// The calendar.
    pub calendar: CalendarId,
    /// When the first such meeting begins.
    pub start: Instant,
}

/// A delivery that is due, with all that is needed to make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DueDelivery {
    /// The delivery.
    pub delivery: Delivery,
    /// The event.
    pub event: OutboxEvent,
    /// The receiver.
    pub endpoint: Endpoint,
}

/// Webhook receivers of which nobody wants to know now what is due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PassedOver {
    /// All of these tenants.
    pub tenants: BTreeSet<TenantId>,
    /// These.
    pub receivers: BTreeSet<(TenantId, EndpointId)>,
}

impl PassedOver {
    /// Whether the receiver is passed over.
    #[must_use]
    pub fn holds(&self, tenant: TenantId, receiver: EndpointId) -> bool {
        self.tenants.contains(&tenant) || self.receivers.contains(&(tenant, receiver))
    }

    /// Tenants as `7`, receivers as `7/3`.
    fn names(&self) -> Vec<String> {
        let receivers = self.receivers.iter().map(|(tenant, receiver)| format!("{tenant}/{receiver}"));
        self.tenants.iter().map(ToString::to_string).chain(receivers).collect()
    }
}

/// What is to become of a dispatch that is due: changes of its tenant, its own row among them; none to leave it alone. It may be
/// asked more than once about one row.
pub type Decide = Arc<dyn Fn(&Dispatch) -> Vec<Write> + Send + Sync>;

/// What the host works on.
#[derive(Clone, Debug)]
pub enum Store {
    /// In memory: for the simulation and for tests.
    Memory(Memory),
    /// A file on this machine.
    Sqlite(Sqlite),
    /// A server that several hosts may share.
    Postgres(Postgres),
}

impl Store {
    /// Opens the database that `url` names, `sqlite:PATH` or `postgres://…`, makes it where it is a file that is not there, and
    /// brings its tables up to date. Of SQLite the writer runs as a task of the present runtime until [`Store::close`].
    ///
    /// # Errors
    /// [`OpenError`].
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Ok(Self::Sqlite(Sqlite::open(path.strip_prefix("//").unwrap_or(path)).await?));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Ok(Self::Postgres(Postgres::open(url).await?));
        }
        Err(OpenError::Url)
    }

    /// Waits until the commits under way are durable, then lets go of the database. What is asked later is answered with
    /// [`StoreError::Unavailable`]; one in memory goes on.
    pub async fn close(&self) {
        match self {
            Self::Memory(_) => {}
            Self::Sqlite(store) => store.close().await,
            Self::Postgres(store) => store.close().await,
        }
    }
}

/// The queries: what every store answers, and the same on [`Store`], which asks the one at hand.
macro_rules! queries {
    ($($(#[$doc:meta])* fn $name:ident(&self $(, $argument:ident: $type:ty)*) -> $answer:ty;)*) => {
        trait Queries {
            $(fn $name(&self $(, $argument: $type)*) -> impl Future<Output = Result<$answer, StoreError>> + Send;)*
        }

        impl Store {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// [`StoreError`].
            pub async fn $name(&self $(, $argument: $type)*) -> Result<$answer, StoreError> {
                match self {
                    Self::Memory(store) => store.$name($($argument),*).await,
                    Self::Sqlite(store) => store.$name($($argument),*).await,
                    Self::Postgres(store) => store.$name($($argument),*).await,
                }
            }
        )*}
    };
}

queries! {
    /// Every tenant, by number.
    fn tenants(&self) -> Vec<Tenant>;
    /// The tenant.
    fn tenant(&self, tenant: TenantId) -> Option<Tenant>;
    /// The next free number for a connection, calendar, endpoint, errand or tenant: above every one that such a row has or was given.
    fn next_id(&self) -> u64;
    /// The calendars of active connections that are not gone, by tenant and number, those behind `after`, at most `limit`.
    fn watched(&self, after: (TenantId, CalendarId), limit: usize) -> Vec<Watched>;
    /// The calendars that show a meeting which begins in `[from, to)` and has a dispatch that is not over, by tenant and number,
    /// with the first such begin of each.
    fn near(&self, from: Instant, to: Instant) -> Vec<Near>;
    /// The connections of a tenant, by number.
    fn connections(&self, tenant: TenantId) -> Vec<Connection>;
    /// One connection.
    fn connection(&self, tenant: TenantId, connection: ConnectionId) -> Option<Connection>;
    /// The calendars of a tenant, by number.
    fn calendars(&self, tenant: TenantId) -> Vec<Calendar>;
    /// One calendar.
    fn calendar(&self, tenant: TenantId, calendar: CalendarId) -> Option<Calendar>;
    /// The entries of a calendar, by id.
    fn entries(&self, tenant: TenantId, calendar: CalendarId) -> Vec<Entry>;
    /// The sightings of a calendar, by id.
    fn sightings(&self, tenant: TenantId, calendar: CalendarId) -> Vec<Sighting>;
    /// Every sighting of a tenant whose normalised UID is among `uids`, or that has one of `rooms` at the start beside it; by
    /// calendar and id, each once.
    fn sightings_like(&self, tenant: TenantId, uids: &[String], rooms: &[(String, Instant)]) -> Vec<Sighting>;
    /// The sightings of a tenant in a room that start in `[from, to)`, by calendar and id.
    fn sightings_in(&self, tenant: TenantId, room: &str, from: Instant, to: Instant) -> Vec<Sighting>;
    /// The sightings at these places (`calendar/id`), by calendar and id.
    fn sightings_at(&self, tenant: TenantId, places: &[String]) -> Vec<Sighting>;
    /// Every sighting of a tenant, by calendar and id: for a changed rule set.
    fn all_sightings(&self, tenant: TenantId) -> Vec<Sighting>;
    /// The meetings that were seen as one of `sightings` (`calendar/id`), by id, each once.
    fn meetings_of(&self, tenant: TenantId, sightings: &[String]) -> Vec<Meeting>;
    /// The meetings of these ids, by id.
    fn meetings_named(&self, tenant: TenantId, ids: &[String]) -> Vec<Meeting>;
    /// The meetings of a tenant that start in `[from, to)`, by start and id, at most `limit`.
    fn meetings(&self, tenant: TenantId, from: Instant, to: Instant, limit: usize) -> Vec<Meeting>;
    /// The sightings that meetings were seen as, as meetings name them, ascending, each once; also of meetings that cannot be read.
    fn places_of(&self, tenant: TenantId, meetings: &[String]) -> Vec<String>;
    /// The dispatches of meetings, by meeting and epoch.
    fn dispatches_of(&self, tenant: TenantId, meetings: &[String]) -> Vec<Dispatch>;
    /// The dispatches of a tenant for meetings that start at `start` whose bots were asked for and are not over, by meeting and epoch.
    fn dispatches_under_way(&self, tenant: TenantId, start: Instant) -> Vec<Dispatch>;
    /// The dispatches that are, or were, on an errand, by meeting and epoch.
    fn dispatches_on(&self, tenant: TenantId, errand: ErrandId) -> Vec<Dispatch>;
    /// Dispatches of all tenants that are due before `before`, by due time and key, at most `limit`. Claimed
    /// ones count from the end of the claim.
    fn due_dispatches(&self, before: Instant, limit: usize) -> Vec<Dispatch>;
    /// Every sighting of a tenant whose family is this one, by calendar and id.
    fn sightings_of_family(&self, tenant: TenantId, family: &str) -> Vec<Sighting>;
    /// The meetings of a tenant that start before `before` and of which no dispatch is left to act on, by start and id, at most
    /// `limit`.
    fn past_meetings(&self, tenant: TenantId, before: Instant, limit: usize) -> Vec<String>;
    /// The open errands of a tenant, by number.
    fn open_errands(&self, tenant: TenantId) -> Vec<Errand>;
    /// The errands of a tenant that are for an instant in `[from, to)`, by it and number, at most `limit`.
    fn errands(&self, tenant: TenantId, from: Instant, to: Instant, limit: usize) -> Vec<Errand>;
    /// Every override of a tenant, by UID, user, occurrence and mark.
    fn all_overrides(&self, tenant: TenantId) -> Vec<OverrideRow>;
    /// What must be decided anew, of all tenants, by tenant and UID, everything first; at most `limit`.
    fn undecided(&self, limit: usize) -> Vec<Undecided>;
    /// The overrides of a tenant whose UID is among `uids`, by UID, user, occurrence and mark.
    fn overrides(&self, tenant: TenantId, uids: &[String]) -> Vec<OverrideRow>;
    /// The newest rules of the organisation and of each user; the organisation's first, then by user.
    fn rules(&self, tenant: TenantId) -> Vec<RulesRow>;
    /// The versions of a tenant's key, ascending.
    fn tenant_keys(&self, tenant: TenantId) -> Vec<KeyRow>;
    /// The names of the root keys that keys of any tenant are wrapped by, ascending, each once.
    fn key_roots(&self) -> Vec<String>;
    /// The sealed tokens of a tenant that do not begin with `prefix`, of connections after `after`, by connection, at most `limit`.
    fn tokens_not_under(&self, tenant: TenantId, prefix: &str, after: ConnectionId, limit: usize) -> Vec<SealedToken>;
    /// The tenants whose newest key lends nothing that begins with `prefix`, or that have no key yet, ascending.
    fn unlent(&self, prefix: &str) -> Vec<TenantId>;
    /// The tenants that have receivers with secrets of which the newest is not sealed, ascending.
    fn unsealed(&self) -> Vec<TenantId>;
    /// The provided lists: name and text, by name.
    fn lists(&self, tenant: TenantId) -> Vec<(String, String)>;
    /// The webhook receivers of a tenant, by number.
    fn endpoints(&self, tenant: TenantId) -> Vec<Endpoint>;
    /// Receivers of all tenants about which something is due before `before`, by due time, tenant and number; at most `limit`, and
    /// none that is passed over.
    fn due_endpoints(&self, before: Instant, limit: usize, passed_over: &PassedOver) -> Vec<Endpoint>;
    /// The events of a tenant that happened before `before` and that no receiver which is served still waits for, by time and
    /// number, at most `limit`.
    fn past_events(&self, tenant: TenantId, before: Instant, limit: usize) -> Vec<EventId>;
    /// Events of a tenant after `after`, by number, at most `limit`.
    fn events(&self, tenant: TenantId, after: EventId, limit: usize) -> Vec<OutboxEvent>;
    /// Pending deliveries of all tenants to active receivers that are due before `before`, by due time, then tenant, event and
    /// receiver; at most `limit`, and at most `each` of one receiver, and of none that is passed over.
    fn due_deliveries(&self, before: Instant, limit: usize, each: usize, passed_over: &PassedOver) -> Vec<DueDelivery>;
    /// The deliveries to a receiver that were given up, by event, at most `limit`.
    fn dead_deliveries(&self, tenant: TenantId, endpoint: EndpointId, limit: usize) -> Vec<Delivery>;
    /// The OAuth clients of a tenant, by id.
    fn oauth_clients(&self, tenant: TenantId) -> Vec<ClientRow>;
    /// Where browsers of a tenant may be sent after a flow, by URL.
    fn return_urls(&self, tenant: TenantId) -> Vec<ReturnUrl>;
    /// One flow.
    fn flow(&self, tenant: TenantId, flow: u64) -> Option<Flow>;
    /// The flow that a secret opens, whosever it is.
    fn flow_of(&self, handle: Handle<'_>) -> Option<Flow>;
    /// The flows of all tenants whose codes were handed over, by the end of their time, tenant and number, at most `limit`.
    fn handed_flows(&self, limit: usize) -> Vec<Flow>;
    /// What is known of the grant of a connection.
    fn grant(&self, tenant: TenantId, connection: ConnectionId) -> Option<Grant>;
    /// The grants of a tenant, by connection.
    fn grants(&self, tenant: TenantId) -> Vec<Grant>;
    /// The grants of all tenants by one account to one client, by tenant and connection.
    fn grants_alike(&self, client: &str, account: &str) -> Vec<Grant>;
    /// What is left to do for connections of a tenant that are gone, by connection.
    fn partings(&self, tenant: TenantId) -> Vec<Parting>;
    /// The same of all tenants, as far as it is due before `before`, the longest due first, at most `limit`.
    fn due_partings(&self, before: Instant, limit: usize) -> Vec<Parting>;
    /// The deliveries to a receiver of events after `after`, by event, at most `limit`; of one state alone where it is named.
    fn deliveries(&self, tenant: TenantId, endpoint: EndpointId, after: EventId, state: Option<DeliveryState>, limit: usize) -> Vec<Delivery>;
    /// The versions of the rules of the organisation, or of a user, before `before`, the newest first, at most `limit`.
    fn rule_versions(&self, tenant: TenantId, user: Option<&str>, before: u64, limit: usize) -> Vec<RulesRow>;
    /// The meetings of a tenant in the order in which they last changed, with the version of the plan that the change made, then by
    /// id; those behind `after`, at most `limit`.
    fn meetings_changed(&self, tenant: TenantId, after: (u64, &str), limit: usize) -> Vec<(u64, Meeting)>;
    /// The dispatches of a tenant that are planned for an instant in `[from, to)`, by it and bot key, behind `after`, at most `limit`.
    fn dispatches_ahead(&self, tenant: TenantId, after: (Instant, &str), to: Instant, limit: usize) -> Vec<Dispatch>;
    /// The errand.
    fn errand(&self, tenant: TenantId, errand: ErrandId) -> Option<Errand>;
    /// The key with this digest, whosever it is.
    fn api_key(&self, hash: &str) -> Option<ApiKey>;
    /// The keys of a tenant, by number.
    fn api_keys(&self, tenant: TenantId) -> Vec<ApiKey>;
    /// The lines of a tenant's audit after `after`, by number, at most `limit`.
    fn audit(&self, tenant: TenantId, after: u64, limit: usize) -> Vec<AuditRow>;
    /// The request of this name.
    fn request(&self, tenant: TenantId, name: &str) -> Option<RequestRow>;
    /// How many deliveries to a receiver are in each state: pending, delivered, dead.
    fn delivery_counts(&self, tenant: TenantId, endpoint: EndpointId) -> Vec<(DeliveryState, u64)>;
    /// The channels of this id, whosever they are: by what a message names, which nobody can guess.
    fn channels_named(&self, id: &str) -> Vec<Channel>;
    /// The channels with this nonce, whosever they are.
    fn channels_at(&self, nonce: &str) -> Vec<Channel>;
    /// The channels of a calendar, by id.
    fn channels_of(&self, tenant: TenantId, calendar: CalendarId) -> Vec<Channel>;
    /// Channels of all tenants about which something is due before `before`, by due time, tenant and id, at most `limit`.
    fn due_channels(&self, before: Instant, limit: usize) -> Vec<Channel>;
    /// The calendars of active connections with Google and Graph that are not gone and have no channel that occupies them, by tenant
    /// and number, those behind `after`, at most `limit`.
    fn unwatched(&self, after: (TenantId, CalendarId), limit: usize) -> Vec<Unwatched>;
    /// The calendars of all tenants that are to be read before `before`, by time, tenant and number, at most `limit`.
    fn wakes(&self, before: Instant, limit: usize) -> Vec<Wake>;
}

impl Store {
    /// How the store is. Only SQLite knows: of a server, each answer tells.
    #[must_use]
    pub fn state(&self) -> StoreState {
        match self {
            Self::Memory(_) => StoreState::Fine,
            Self::Sqlite(store) => store.state(),
            Self::Postgres(store) => store.state(),
        }
    }

    /// Whether nothing is written but what is due about bots: whoever fetches, plans or delivers waits.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.state() == StoreState::Full
    }

    /// Waits until the store is [`StoreState::Broken`].
    pub async fn broken(&self) {
        match self {
            Self::Memory(_) | Self::Postgres(_) => std::future::pending().await,
            Self::Sqlite(store) => store.broken().await,
        }
    }

    /// What time it is for all hosts that share the store; `None` where it is this machine's own.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn time(&self) -> Result<Option<Instant>, StoreError> {
        match self {
            Self::Memory(store) => Ok(store.time()),
            Self::Sqlite(_) => Ok(None),
            Self::Postgres(store) => store.time().await.map(Some),
        }
    }

    /// Whether other hosts may work on it as well.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        match self {
            Self::Memory(store) => store.time().is_some(),
            Self::Sqlite(_) => false,
            Self::Postgres(_) => true,
        }
    }

    /// Writes down that the host is there, and answers with all that are, itself among them, by name. One that was not there for
    /// `lease` joins anew; rows of those that were not for `kept` are removed. By the store's own time; where it has none nobody can
    /// share it, so that the host is alone, and nothing is written.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn attend(&self, host: &str, lease: Elapsed, kept: Elapsed) -> Result<Vec<Member>, StoreError> {
        match self {
            Self::Memory(store) => store.attend(host, lease, kept),
            Self::Sqlite(_) => Ok(vec![Member { host: host.to_owned(), joined: None, renewals: 1 }]),
            Self::Postgres(store) => store.attend(host, lease, kept).await,
        }
    }

    /// Those that attended, by name, whether they still do or not.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn members(&self) -> Result<Vec<Member>, StoreError> {
        match self {
            Self::Memory(store) => store.members(),
            Self::Sqlite(_) => Ok(Vec::new()),
            Self::Postgres(store) => store.members().await,
        }
    }

    /// Takes the row of a host out that attends no more, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leave(&self, host: &str) -> Result<(), StoreError> {
        match self {
            Self::Memory(store) => store.leave(host),
            Self::Sqlite(_) => Ok(()),
            Self::Postgres(store) => store.leave(host).await,
        }
    }

    /// The rows that queries of this host came upon and could not read, by tenant and table. They are left as they are, and
    /// answers go without them.
    #[must_use]
    pub fn unreadable(&self) -> Vec<UnreadableRow> {
        match self {
            Self::Memory(_) => Vec::new(),
            Self::Sqlite(store) => store.unreadable_rows(),
            Self::Postgres(store) => store.unreadable_rows(),
        }
    }

    /// Makes the changes, all or none, durable before it returns.
    ///
    /// # Errors
    /// [`CommitError`]; then nothing was changed, but for [`StoreError::Unavailable`] and [`StoreError::Broken`], which can
    /// mean that only the answer was lost.
    pub async fn commit(&self, commit: Commit) -> Result<(), CommitError> {
        let commit = commit.checked()?;
        match self {
            Self::Memory(store) => store.commit(commit).await,
            Self::Sqlite(store) => store.commit(commit).await,
            Self::Postgres(store) => store.commit(commit).await,
        }
    }

    /// Takes up dispatches that are due before `before`, in the order of [`Store::due_dispatches`], at most `limit`: reads them,
    /// asks `decide` what becomes of each, and makes it durable, all in one transaction, so that nobody comes between. Those that
    /// another host is taking up at this moment are left to it. Answers with the rows as they were before, of those that were
    /// decided on.
    ///
    /// # Errors
    /// [`StoreError`]; as for [`Store::commit`].
    pub async fn take_up(&self, before: Instant, limit: usize, decide: Decide) -> Result<Vec<Dispatch>, StoreError> {
        match self {
            Self::Memory(store) => store.take_up(before, limit, &decide).await,
            Self::Sqlite(store) => store.take_up(before, limit, decide).await,
            Self::Postgres(store) => store.take_up(before, limit, &decide).await,
        }
    }
}

/// What becomes of a row that is taken up, as the stores take it; `None` where nothing does.
fn decided(row: &Dispatch, decide: &Decide) -> Result<Option<Commit>, StoreError> {
    let writes = decide(row);
    if writes.is_empty() {
        return Ok(None);
    }
    Commit { tenant: row.tenant, writes }.checked().map(Some).map_err(|_| unfit())
}

/// What was decided about a row does not fit it, although nobody came between.
fn unfit() -> StoreError {
    StoreError::Row { table: "dispatches", why: "what was decided about it does not fit".to_owned() }
}

/// The instant as the stores keep it.
fn kept(instant: Instant) -> Instant {
    from_micros(micros_before(instant)).unwrap_or(instant)
}

/// The last whole microsecond that is not after the instant, counted from 1970.
fn micros_before(instant: Instant) -> i64 {
    instant.as_microsecond() - i64::from(instant.subsec_nanosecond() % 1000 < 0)
}

/// The instant that many microseconds after 1970, where time reaches that far. (`from_microsecond` ends a second earlier.)
fn from_micros(micros: i64) -> Option<Instant> {
    Instant::from_nanosecond(i128::from(micros) * 1000).ok()
}

/// When a host must act on a dispatch: when it is due; of a claimed one not before the claim ends.
pub(in crate::host) fn acts_at(dispatch: &Dispatch) -> Option<Instant> {
    let claim = dispatch.lease_until.filter(|_| dispatch.state == DispatchState::Claimed);
    dispatch.due_at.map(|due| claim.map_or(due, |claim| due.max(claim)))
}

/// The first start of each calendar, out of sightings as meetings name them and the starts of those meetings.
fn nearest(seen: impl IntoIterator<Item = (TenantId, String, Instant)>) -> Vec<Near> {
    let mut first: BTreeMap<(TenantId, CalendarId), Instant> = BTreeMap::new();
    for (tenant, sighting, start) in seen {
        if let Some(calendar) = calendar_of(&sighting) {
            first.entry((tenant, calendar)).and_modify(|known| *known = start.min(*known)).or_insert(start);
        }
    }
    first.into_iter().map(|((tenant, calendar), start)| Near { tenant, calendar, start }).collect()
}

/// The calendar of a sighting that is named as meetings name it: `calendar/id`.
fn calendar_of(sighting: &str) -> Option<CalendarId> {
    let (calendar, _) = sighting.split_once('/')?;
    let number = CalendarId(calendar.parse().ok()?);
    (number.to_string() == calendar).then_some(number)
}

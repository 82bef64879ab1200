//! The rows of the host: what it knows of tenants, calendars, meetings and bots.
//!
//! Every row begins with its tenant. Rows are plain data; what may change them when is said by the step machines.

use crate::time::Instant;
use std::fmt;
use std::sync::Arc;

/// Numbers that name rows, one type each so that they cannot be mixed up.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A customer of the host. No row, query or answer ever joins two.
    TenantId,
    /// One connected user's account at one provider. Ties between copies of a meeting go to the lowest.
    ConnectionId,
    /// One calendar of a connection.
    CalendarId,
    /// A webhook receiver of a tenant.
    EndpointId,
    /// An event of the outbox; ascending in the order of commits of one tenant.
    EventId,
    /// A bot that a person sent to a meeting by its link.
    ErrandId,
    /// A key that opens the programming interface for one tenant.
    KeyId,
}

/// Words for the variants of an enum, as stored and as shown.
macro_rules! words {
    ($name:ident { $($variant:ident = $word:literal),* $(,)? }) => {
        impl $name {
            /// The word, as stored and shown.
            #[must_use]
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The variant of a word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)* _ => None }
            }

            /// Every variant.
            pub const ALL: &[Self] = &[$(Self::$variant),*];
        }
    };
}

mod push;

pub use push::{Channel, ChannelState, Wake};

/// A customer.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tenant {
    /// Its number.
    pub id: TenantId,
    /// What people call it.
    pub name: String,
    /// Its own domains, as written in `our domains`.
    pub own_domains: Vec<String>,
    /// Addresses of its recording bots.
    pub bots: Vec<String>,
    /// Grows with every commit that changes meetings: plans are made against one version and fail against another.
    pub plan_version: u64,
    /// How many days past meetings, events and deliveries are kept; `None`: as the operator set it for all.
    pub keep_days: Option<u16>,
    /// How many days ahead meetings are planned; `None`: as the operator set it for all.
    pub horizon_days: Option<u16>,
}

/// Who keeps a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// Google Calendar.
    Google,
    /// Microsoft Graph.
    Graph,
    /// An iCalendar feed: a URL, or a file on this machine.
    Feed,
}
words!(Origin { Google = "google", Graph = "graph", Feed = "feed" });

/// Whether a connection can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionState {
    /// In use.
    Active,
    /// The grant is gone: the user must connect again.
    Reconnect,
    /// The user did not grant what is needed.
    PermissionMissing,
    /// Cut by the tenant or the user.
    Disconnected,
}
words!(ConnectionState {
    Active = "active",
    Reconnect = "reconnect",
    PermissionMissing = "permission-missing",
    Disconnected = "disconnected",
});

/// One connected user's account at one provider.
#[derive(Clone, PartialEq, Eq)]
pub struct Connection {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its number.
    pub id: ConnectionId,
    /// The user, as the customer calls them.
    pub user: String,
    /// The provider.
    pub origin: Origin,
    /// The OAuth client it was made with; quotas are counted per client.
    pub client: String,
    /// The user's own addresses, where known.
    pub addresses: Vec<String>,
    /// The user's zone, where known.
    pub zone: Option<String>,
    /// Whether it can be used.
    pub state: ConnectionState,
    /// A file of the operator that holds the access token, where the connection was not made by a grant.
    pub token_file: Option<String>,
    /// The refresh token of a grant, sealed ([`seal`](super::seal)). Of a connection that is there already it is changed by
    /// [`Write::Token`](super::store::Write::Token) alone.
    pub token: Option<String>,
}

/// Whether a calendar is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CalendarState {
    /// Read on the clock.
    Active,
    /// Reading keeps failing in a way that only time or people cure; still tried, seldom.
    Failing,
    /// The provider says that it no longer exists.
    Gone,
}
words!(CalendarState { Active = "active", Failing = "failing", Gone = "gone" });

/// One calendar that is kept in sync.
#[derive(Clone, PartialEq, Eq)]
pub struct Calendar {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its number.
    pub id: CalendarId,
    /// The connection that it is read with.
    pub connection: ConnectionId,
    /// Who keeps it.
    pub origin: Origin,
    /// The provider's name of it: a calendar id, or the URL of a feed. Empty: the account's default calendar.
    pub reference: String,
    /// Where the next incremental sync begins, as the sync machine of the provider wrote it; `None`: with a full sync.
    pub cursor: Option<String>,
    /// Whether it is read.
    pub state: CalendarState,
    /// When a full pass last ended, to the day that the row was last written: quiet passes write nothing.
    pub synced_at: Option<Instant>,
    /// The last instant up to which occurrences were expanded into sightings.
    pub expanded_to: Option<Instant>,
    /// Grows with every write of this row or of its entries and sightings.
    pub version: u64,
}

impl Calendar {
    /// A calendar that was never read.
    #[must_use]
    pub fn unread(tenant: TenantId, id: CalendarId, connection: ConnectionId, origin: Origin, reference: String) -> Self {
        Self {
            tenant,
            id,
            connection,
            origin,
            reference,
            cursor: None,
            state: CalendarState::Active,
            synced_at: None,
            expanded_to: None,
            version: 0,
        }
    }
}

/// An entry of a calendar as its provider told it: a single event, a series master or an exception.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// The provider's id of it; of a feed: UID and recurrence id. At most [`ID_BYTES_MAX`](super::schedule::names::ID_BYTES_MAX)
    /// bytes, as every name that strangers choose and that the store finds rows by.
    pub id: String,
    /// The provider's own text: JSON, or an iCalendar component. Shared: calendars are read as a whole where one entry changed.
    pub body: Arc<str>,
}

/// An occurrence inside the horizon, as one calendar shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sighting {
    /// The calendar.
    pub calendar: CalendarId,
    /// Names the sighting in its calendar; survives moves and edits.
    pub id: String,
    /// The normalised UID, where there is one.
    pub uid: Option<String>,
    /// The UID of the series that this one was split from, where it was.
    pub family: Option<String>,
    /// The occurrence key as text: `single`, an instant, a date.
    pub occurrence: String,
    /// The start; of whole days: midnight in the zone of the connection.
    pub start: Instant,
    /// The platform and what names the meeting on it, where a bot can join.
    pub room: Option<String>,
    /// The provider's id of the entry, for a read of that one alone.
    pub entry: Option<String>,
    /// The occurrence in the full normalised form ([`crate::providers::normal`]).
    pub body: Arc<str>,
}

/// What holds for a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// A bot joins.
    Record,
    /// Rules, a person or the default keep bots out.
    Skip,
    /// No bot could or may join.
    NotRecordable,
}
words!(Outcome { Record = "record", Skip = "skip", NotRecordable = "not-recordable" });

/// One occurrence of one meeting, however many calendars show it, and what was decided about it.
#[derive(Clone, PartialEq, Eq)]
pub struct Meeting {
    /// Whose it is.
    pub tenant: TenantId,
    /// Names it for good: made from UID, occurrence and organizer or room of its first sighting.
    pub id: String,
    /// The sightings it was seen as, `calendar/id`, and the bots that were sent to it by hand, `errand/id`; ascending.
    pub sightings: Vec<String>,
    /// The start.
    pub start: Instant,
    /// The end, where it is known.
    pub end: Option<Instant>,
    /// What was decided.
    pub outcome: Outcome,
    /// Whose copy decided; 0 where no calendar shows it.
    pub by: ConnectionId,
    /// The deciding rule, where a rule decided.
    pub rule: Option<String>,
    /// Why, in a few words.
    pub reason: String,
    /// The decision in full, as JSON: versions of what it was made from, settings, explanation.
    pub record: String,
    /// Other meetings claim the same UID and occurrence, and agree on nothing else.
    pub conflict: bool,
    /// Grows with every change.
    pub version: u64,
}

/// Where a dispatch stands (`reliability.md` 4.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DispatchState {
    /// Waits for its second.
    Planned,
    /// A host is asking the bot backend for a bot.
    Claimed,
    /// A host asked and got no answer: the backend must be asked what it has.
    Unknown,
    /// The backend has the bot.
    Accepted,
    /// The bot is in the meeting.
    Joined,
    /// The bot left.
    Ended,
    /// The bot must not join or stay; the backend has not confirmed yet.
    Recalling,
    /// The backend confirmed that no bot of this key joins or stays.
    Recalled,
    /// Taken back before any host claimed it.
    Withdrawn,
    /// No bot came in time; the reason is said.
    Missed,
}
words!(DispatchState {
    Planned = "planned",
    Claimed = "claimed",
    Unknown = "unknown",
    Accepted = "accepted",
    Joined = "joined",
    Ended = "ended",
    Recalling = "recalling",
    Recalled = "recalled",
    Withdrawn = "withdrawn",
    Missed = "missed",
});

impl DispatchState {
    /// Whether a bot is to join, or is there: the meeting still matters.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Self::Planned | Self::Claimed | Self::Unknown | Self::Accepted | Self::Joined)
    }
}

/// One bot for one meeting. A meeting whose bot must be replaced after it was accepted gets another, under the next epoch.
#[derive(Clone, PartialEq, Eq)]
pub struct Dispatch {
    /// Whose it is.
    pub tenant: TenantId,
    /// The meeting.
    pub meeting: String,
    /// 0 for the first bot of the meeting.
    pub epoch: u32,
    /// The idempotency key: the same on every host and every try.
    pub key: String,
    /// Where it stands.
    pub state: DispatchState,
    /// When the host acts next: asks for the bot, asks again, or looks after it. `None`: nothing is left to do.
    pub due_at: Option<Instant>,
    /// The planned second of the first try, spread included.
    pub fire_at: Instant,
    /// The start of the meeting.
    pub start: Instant,
    /// After this no bot is sent: ten minutes after the start, or the end.
    pub late_at: Instant,
    /// What the backend is told, as JSON.
    pub spec: String,
    /// Guards against hosts that were paused: grows with every claim, and later writes must name it.
    pub fence: u64,
    /// The host that holds the claim.
    pub owner: Option<String>,
    /// Until when.
    pub lease_until: Option<Instant>,
    /// How often the backend was asked for the bot.
    pub attempts: u32,
    /// A read of the event shortly before the claim confirmed it.
    pub verified: bool,
    /// Why it was withdrawn, recalled or missed.
    pub reason: Option<String>,
    /// A calendar's meeting wants it.
    pub calendar: bool,
    /// A person sent it by hand. Where both hold, the bot of one was adopted by the other (`C22`).
    pub errand: Option<ErrandId>,
    /// Grows with every change.
    pub version: u64,
}

impl Dispatch {
    /// What wants the bot, as events name it (`W13.12`).
    #[must_use]
    pub fn triggers(&self) -> Vec<&'static str> {
        let manual = self.errand.map(|_| "manual");
        manual.into_iter().chain(self.calendar.then_some("calendar")).collect()
    }
}

/// Whether a bot that a person sent is still wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrandState {
    /// It is to go, or is there.
    Open,
    /// It came and went, or could not come.
    Over,
    /// Taken back by hand.
    Recalled,
}
words!(ErrandState { Open = "open", Over = "over", Recalled = "recalled" });

/// A bot that a person sends to a meeting by its link, beside the calendars.
#[derive(Clone, PartialEq, Eq)]
pub struct Errand {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its number.
    pub id: ErrandId,
    /// The name that whoever asked gave it: asking twice under one name is asking once.
    pub name: Option<String>,
    /// The platform and what names the meeting on it, as sightings have it.
    pub room: String,
    /// The address to join. It may hold a password.
    pub url: String,
    /// What the person calls the meeting.
    pub title: Option<String>,
    /// When the bot is to be there.
    pub at: Instant,
    /// Whether it is still wanted.
    pub state: ErrandState,
    /// When it was asked for.
    pub made_at: Instant,
    /// Grows with every change.
    pub version: u64,
}

/// A person's word on an occurrence or a series; outlives every resync.
#[derive(Clone, PartialEq, Eq)]
pub struct OverrideRow {
    /// Whose it is.
    pub tenant: TenantId,
    /// The user it holds for; `None`: for every copy.
    pub user: Option<String>,
    /// The normalised UID; of a series: that of its family.
    pub uid: String,
    /// The occurrence key as text; `None`: the whole series.
    pub occurrence: Option<String>,
    /// Organizer or room of the meeting that it was said about: a copied UID alone does not inherit it.
    pub mark: String,
    /// True: stop; false: record.
    pub stop: bool,
}

/// The rules of an organisation or of one user, one version.
#[derive(Clone, PartialEq, Eq)]
pub struct RulesRow {
    /// Whose they are.
    pub tenant: TenantId,
    /// The user; `None`: the organisation's.
    pub user: Option<String>,
    /// From 1, ascending.
    pub version: u64,
    /// The text, in either form.
    pub text: String,
}

/// Something that happened, for webhook receivers.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboxEvent {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its number; 0 in a commit, where the store gives the next one.
    pub id: EventId,
    /// `dispatch.accepted` and the like.
    pub kind: String,
    /// What it is about: orders events of one meeting.
    pub subject: String,
    /// The data of the event, as JSON.
    pub body: String,
    /// When it happened.
    pub at: Instant,
}

/// Whether a webhook receiver is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EndpointState {
    /// It has not shown yet that whoever runs it knows its secret; no event is kept for it.
    Unproven,
    /// Served.
    Active,
    /// It kept failing, or said that it is gone.
    Disabled,
}
words!(EndpointState { Unproven = "unproven", Active = "active", Disabled = "disabled" });

/// A webhook receiver.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its number.
    pub id: EndpointId,
    /// Where it listens.
    pub url: String,
    /// Signing secrets, the newest first; two while one is being replaced. Sealed where the host has a root key, else `whsec_…`.
    pub secrets: Vec<String>,
    /// Whether it is served.
    pub state: EndpointState,
    /// Since when every delivery failed.
    pub failing_since: Option<Instant>,
    /// When the host next does something about the receiver itself: asks it for its proof, or drops its old secrets.
    pub due_at: Option<Instant>,
    /// How often it was asked for its proof; counted before each try.
    pub tries: u32,
    /// What was wrong with its last proof, in a word.
    pub last: Option<String>,
    /// The configuration names it, and removes it once it no longer does.
    pub configured: bool,
    /// Grows with every change.
    pub version: u64,
}

impl Endpoint {
    /// A receiver that must prove itself, from `now` on.
    #[must_use]
    pub fn unproven(tenant: TenantId, id: EndpointId, url: String, secret: String, now: Instant) -> Self {
        Self {
            tenant,
            id,
            url,
            secrets: vec![secret],
            state: EndpointState::Unproven,
            failing_since: None,
            due_at: Some(now),
            tries: 0,
            last: None,
            configured: false,
            version: 0,
        }
    }
}

/// A version of the key that a tenant's secrets are sealed with, wrapped by a root key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyRow {
    /// Whose it is.
    pub tenant: TenantId,
    /// From 1; the newest seals.
    pub version: u64,
    /// The key, as the root key's keeper wrapped it.
    pub wrapped: String,
    /// Names the root key.
    pub root: String,
    /// When it was made.
    pub made_at: Instant,
    /// What it lends to processes that have no root key, sealed for them.
    pub lent: Option<String>,
}

/// Where the delivery of one event to one receiver stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// To be tried.
    Pending,
    /// The receiver has it.
    Delivered,
    /// Given up; can be replayed.
    Dead,
}
words!(DeliveryState { Pending = "pending", Delivered = "delivered", Dead = "dead" });

/// One event for one receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Whose it is.
    pub tenant: TenantId,
    /// The event.
    pub event: EventId,
    /// The receiver.
    pub endpoint: EndpointId,
    /// Where it stands.
    pub state: DeliveryState,
    /// When it is tried next.
    pub due_at: Option<Instant>,
    /// How often it was tried; counted before each try.
    pub attempts: u32,
    /// The last answer's status, or what was wrong, in a word.
    pub last: Option<String>,
    /// Grows with every change, from 1: events make their deliveries.
    pub version: u64,
}

/// A key that opens the programming interface for one tenant. The key itself is shown once, when it is made, and is not kept.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its number: names it in the audit.
    pub id: KeyId,
    /// What people call it.
    pub name: String,
    /// SHA-256 of the key, in hexadecimal digits. The key is random, so that nobody finds it from this.
    pub hash: String,
    /// What it allows: words of [`Scope`](super::api::auth::Scope).
    pub scopes: Vec<String>,
    /// When it was made.
    pub made_at: Instant,
    /// Since when it opens nothing any more.
    pub revoked_at: Option<Instant>,
    /// Grows with every change.
    pub version: u64,
}

/// A line of a tenant's audit: who did what when. It holds nothing about people but pseudonyms, and outlives what it tells of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditRow {
    /// Whose it is.
    pub tenant: TenantId,
    /// From 1, without gaps; 0 in a commit, where the store gives the next one.
    pub number: u64,
    /// When.
    pub at: Instant,
    /// `key/7`, `admin`.
    pub actor: String,
    /// What was done: `rules.set` and the like.
    pub action: String,
    /// To what: a kind and a number, or a pseudonym.
    pub subject: String,
    /// The digest of this line and the one before, as [`audit`](super::audit) makes it; empty in a commit.
    pub digest: String,
}

/// A request that its caller may repeat: what it was, and what came of it.
#[derive(Clone, PartialEq, Eq)]
pub struct RequestRow {
    /// Whose it is.
    pub tenant: TenantId,
    /// The caller's name of it.
    pub name: String,
    /// Digest of method, path and body.
    pub hash: String,
    /// When it came.
    pub made_at: Instant,
    /// The status of the answer; `None`: it is being worked on.
    pub status: Option<u16>,
    /// The body of the answer.
    pub body: String,
    /// Grows with every change.
    pub version: u64,
}

/// Something that decisions are made from has changed, and the meetings that it concerns have not been decided anew yet.
#[derive(Clone, PartialEq, Eq)]
pub struct Undecided {
    /// Whose meetings.
    pub tenant: TenantId,
    /// The normalised UID, or that of the family, of those it concerns; `errand/id` for those that a bot was sent to by hand;
    /// `None`: all.
    pub uid: Option<String>,
    /// Grows with every change that it stands for, so that one made meanwhile is not taken for done.
    pub number: u64,
}

/// `Debug` of rows: the parts that are named and no others, so that a part is kept back until somebody thinks about it. Shown are
/// numbers, words of closed sets, instants, and names that the host made; not what people wrote, who they are, where they meet, and
/// what opens anything: ids of entries and sightings hold UIDs, reasons quote rules and titles, specs hold passwords (`U11.9`).
macro_rules! shown {
    ($($name:ident { $($field:ident)* })*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($field), &self.$field))*.finish_non_exhaustive()
            }
        }
    )*};
}

shown! {
    Tenant { id plan_version }
    Connection { tenant id origin state }
    Calendar { tenant id connection origin state synced_at expanded_to version }
    Entry {}
    Sighting { calendar occurrence start }
    Meeting { tenant id start end outcome by conflict version }
    Dispatch { tenant meeting epoch key state due_at fire_at start late_at fence owner lease_until attempts verified calendar errand version }
    Errand { tenant id at state made_at version }
    OverrideRow { tenant stop }
    RulesRow { tenant version }
    OutboxEvent { tenant id kind at }
    Endpoint { tenant id state failing_since due_at tries configured version }
    Undecided { tenant number }
    ApiKey { tenant id made_at revoked_at version }
    RequestRow { tenant made_at status version }
    KeyRow { tenant version root made_at }
    Channel { tenant calendar kind state expires_at made_at due_at tries heard_at doubted_at version }
}

pub mod grants;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::store::{Commit, DueDelivery, UnreadableRow, Write};

    /// Stands in every part that people, providers or operators fill.
    const CANARY: &str = "ca-na-ry";

    fn canary() -> String {
        CANARY.to_owned()
    }

    fn several() -> Vec<String> {
        vec![canary(), canary()]
    }

    fn writes() -> Vec<Write> {
        let (tenant, at) = (TenantId(1), Instant::UNIX_EPOCH);
        let connection = Connection {
            tenant,
            id: ConnectionId(2),
            user: canary(),
            origin: Origin::Google,
            client: canary(),
            addresses: several(),
            zone: Some(canary()),
            state: ConnectionState::Active,
            token_file: Some(canary()),
            token: Some(canary()),
        };
        let calendar = Calendar {
            cursor: Some(canary()),
            ..Calendar::unread(tenant, CalendarId(3), ConnectionId(2), Origin::Feed, canary())
        };
        let sighting = Sighting {
            calendar: CalendarId(3),
            id: canary(),
            uid: Some(canary()),
            family: Some(canary()),
            occurrence: "single".to_owned(),
            start: at,
            room: Some(canary()),
            entry: Some(canary()),
            body: canary().into(),
        };
        let meeting = Meeting {
            tenant,
            id: "m".to_owned(),
            sightings: several(),
            start: at,
            end: Some(at),
            outcome: Outcome::Record,
            by: ConnectionId(2),
            rule: Some(canary()),
            reason: canary(),
            record: canary(),
            conflict: false,
            version: 0,
        };
        let dispatch = Dispatch {
            tenant,
            meeting: "m".to_owned(),
            epoch: 0,
            key: "k".to_owned(),
            state: DispatchState::Planned,
            due_at: Some(at),
            fire_at: at,
            start: at,
            late_at: at,
            spec: canary(),
            fence: 0,
            owner: None,
            lease_until: None,
            attempts: 0,
            verified: false,
            reason: Some(canary()),
            calendar: true,
            errand: Some(ErrandId(6)),
            version: 0,
        };
        let errand = Errand {
            tenant,
            id: ErrandId(6),
            name: Some(canary()),
            room: canary(),
            url: canary(),
            title: Some(canary()),
            at,
            state: ErrandState::Open,
            made_at: at,
            version: 0,
        };
        let endpoint = Endpoint { secrets: several(), ..Endpoint::unproven(tenant, EndpointId(4), canary(), canary(), at) };
        vec![
            Write::Tenant(Tenant {
                id: tenant,
                name: canary(),
                own_domains: several(),
                bots: several(),
                plan_version: 7,
                ..Tenant::default()
            }),
            Write::ApiKey(ApiKey {
                tenant,
                id: KeyId(8),
                name: canary(),
                hash: canary(),
                scopes: several(),
                made_at: at,
                revoked_at: None,
                version: 0,
            }),
            Write::Request(RequestRow {
                tenant,
                name: canary(),
                hash: canary(),
                made_at: at,
                status: None,
                body: canary(),
                version: 0,
            }),
            Write::RemoveRequest(canary()),
            Write::RemoveRules(canary()),
            Write::RemoveList(canary()),
            Write::Connection(connection),
            Write::Calendar(calendar),
            Write::Entry(CalendarId(3), Entry { id: canary(), body: canary().into() }),
            Write::RemoveEntry(CalendarId(3), canary()),
            Write::Sighting(sighting),
            Write::RemoveSighting(CalendarId(3), canary()),
            Write::Meeting(meeting),
            Write::Dispatch(dispatch),
            Write::Errand(errand),
            Write::Override(override_row(tenant)),
            Write::RemoveOverride(override_row(tenant)),
            Write::Rules(RulesRow { tenant, user: Some(canary()), version: 1, text: canary() }),
            Write::List(canary(), canary()),
            Write::Endpoint(endpoint),
            Write::Token { connection: ConnectionId(2), was: Some(canary()), is: Some(canary()) },
            Write::TenantKey(KeyRow {
                tenant,
                version: 1,
                wrapped: canary(),
                root: "local:1".to_owned(),
                made_at: at,
                lent: Some(canary()),
            }),
            Write::Lent { version: 1, lent: canary() },
            Write::Rewrapped { version: 1, was: "local:1".to_owned(), wrapped: canary(), root: "local:2".to_owned() },
            Write::Client(grants::ClientRow {
                tenant,
                id: "word".to_owned(),
                provider: Origin::Google,
                client_id: canary(),
                secret: canary(),
                authority: canary(),
                endpoints: Some(canary()),
                enabled: true,
            }),
            Write::ReturnUrl(grants::ReturnUrl { tenant, url: canary(), bare: false }),
            Write::Flow(flow(tenant)),
            Write::Grant(grants::Grant {
                tenant,
                connection: ConnectionId(2),
                client: canary(),
                account: canary(),
                name: canary(),
                bare: false,
                reason: None,
                owner: None,
                lease_until: None,
                version: 0,
            }),
            Write::Parting(grants::Parting {
                tenant,
                connection: ConnectionId(2),
                provider: Origin::Google,
                client: canary(),
                account: canary(),
                token: Some(canary()),
                token_file: Some(canary()),
                channels: several(),
                due_at: at,
                until: at,
                tries: 0,
                version: 0,
            }),
            Write::RemoveFlowsOf(canary()),
            Write::Event(event(tenant)),
            Write::Undecided(Some(canary())),
            Write::Decided(Some(canary()), 1),
            Write::Channel(channel(tenant)),
            Write::RemoveChannel(canary()),
        ]
    }

    fn flow(tenant: TenantId) -> grants::Flow {
        grants::Flow {
            tenant,
            id: 9,
            provider: Origin::Google,
            client: canary(),
            user: canary(),
            return_url: canary(),
            bare: false,
            state: grants::FlowState::Offered,
            ref_hash: Some(canary()),
            state_hash: Some(canary()),
            cookie_hash: Some(canary()),
            nonce_hash: Some(canary()),
            session_hash: Some(canary()),
            verifier: Some(canary()),
            code: Some(canary()),
            reason: None,
            connection: None,
            made_at: Instant::UNIX_EPOCH,
            expires_at: Instant::UNIX_EPOCH,
            version: 0,
        }
    }

    fn channel(tenant: TenantId) -> Channel {
        Channel {
            tenant,
            id: canary(),
            calendar: CalendarId(3),
            kind: Origin::Google,
            digest: canary(),
            nonce: Some(canary()),
            resource: Some(canary()),
            state: ChannelState::Asked,
            expires_at: Instant::UNIX_EPOCH,
            made_at: Instant::UNIX_EPOCH,
            due_at: None,
            tries: 0,
            seen: 0,
            heard_at: None,
            doubted_at: None,
            version: 0,
        }
    }

    fn override_row(tenant: TenantId) -> OverrideRow {
        OverrideRow { tenant, user: Some(canary()), uid: canary(), occurrence: Some(canary()), mark: canary(), stop: true }
    }

    fn event(tenant: TenantId) -> OutboxEvent {
        let (kind, at) = ("dispatch.accepted".to_owned(), Instant::UNIX_EPOCH);
        OutboxEvent { tenant, id: EventId(5), kind, subject: canary(), body: canary(), at }
    }

    #[test]
    fn debug_shows_nothing_that_people_wrote_or_that_opens_anything() {
        let tenant = TenantId(1);
        let endpoint = Endpoint::unproven(tenant, EndpointId(4), canary(), canary(), Instant::UNIX_EPOCH);
        let delivery = Delivery {
            tenant,
            event: EventId(5),
            endpoint: EndpointId(4),
            state: DeliveryState::Pending,
            due_at: None,
            attempts: 0,
            last: None,
            version: 1,
        };
        let mut lines: Vec<String> = writes().iter().map(|write| format!("{write:?} {write:#?}")).collect();
        lines.push(format!("{:?}", Commit { tenant, writes: writes() }));
        lines.push(format!("{:?}", DueDelivery { delivery, event: event(tenant), endpoint }));
        lines.push(format!("{:?}", Undecided { tenant, uid: Some(canary()), number: 1 }));
        lines.push(format!("{:?}", UnreadableRow { tenant, table: "sightings", key: several() }));
        for line in lines {
            assert!(!line.contains(CANARY), "{line}");
        }
        // And yet enough to know what it is about.
        assert!(format!("{:?}", writes()).contains("epoch: 0"));
    }
}

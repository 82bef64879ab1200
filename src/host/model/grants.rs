//! Rows about connecting calendars: OAuth clients, flows under way, and what users granted.

use super::{ConnectionId, Origin, TenantId};
use crate::time::Instant;
use std::fmt;

/// A registration with a provider, by which users grant access. It belongs to one tenant: a completed registration shared between
/// tenants that can choose their own lets one take the other's codes.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientRow {
    /// Whose it is.
    pub tenant: TenantId,
    /// A short random word, which stands in its redirect URI and so names it among the clients of all tenants.
    pub id: String,
    /// The provider.
    pub provider: Origin,
    /// What the provider calls it.
    pub client_id: String,
    /// Its secret, sealed.
    pub secret: String,
    /// Of Microsoft: whose accounts may grant, `organizations` or one directory. Else empty.
    pub authority: String,
    /// Where the provider is, as JSON, where it is not where it publishes to be.
    pub endpoints: Option<String>,
    /// Whether it may be used.
    pub enabled: bool,
}

/// Where browsers may be sent after a flow. Compared whole.
#[derive(Clone, PartialEq, Eq)]
pub struct ReturnUrl {
    /// Whose it is.
    pub tenant: TenantId,
    /// The URL.
    pub url: String,
    /// Flows that end here may be bare: completed by whoever opened the link, without the tenant's word on who that is.
    pub bare: bool,
}

/// Where a flow stands. Each step happens once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FlowState {
    /// The link was given out; nobody has begun.
    Offered,
    /// A browser has been sent to the provider.
    Begun,
    /// The provider's code is here, sealed, and waits for the word on whose browser it was.
    Parked,
    /// That word was given, to a process that opens nothing: the code waits for one that does.
    Handed,
    /// That word was given: the code is being exchanged.
    Bound,
    /// The calendar is connected.
    Connected,
    /// It came to nothing; the reason is said.
    Failed,
}
words!(FlowState {
    Offered = "offered",
    Begun = "begun",
    Parked = "parked",
    Handed = "handed",
    Bound = "bound",
    Connected = "connected",
    Failed = "failed",
});

/// One try to connect a calendar. What opens a step is kept as its SHA-256 alone, and goes when it was used.
#[derive(Clone, PartialEq, Eq)]
pub struct Flow {
    /// Whose it is.
    pub tenant: TenantId,
    /// Its number.
    pub id: u64,
    /// The provider.
    pub provider: Origin,
    /// The client: of the tenant, or the host's own.
    pub client: String,
    /// The user, as the customer calls them.
    pub user: String,
    /// Where the browser goes at the end.
    pub return_url: String,
    /// Completed by whoever opened the link.
    pub bare: bool,
    /// Where it stands.
    pub state: FlowState,
    /// Opens the page.
    pub ref_hash: Option<String>,
    /// Comes back from the provider.
    pub state_hash: Option<String>,
    /// Known to the browser that began.
    pub cookie_hash: Option<String>,
    /// Must stand in the ID token.
    pub nonce_hash: Option<String>,
    /// Goes to the tenant by the browser.
    pub session_hash: Option<String>,
    /// The PKCE verifier, sealed.
    pub verifier: Option<String>,
    /// The provider's code, sealed.
    pub code: Option<String>,
    /// Why it failed, in a word.
    pub reason: Option<String>,
    /// The connection that came of it.
    pub connection: Option<ConnectionId>,
    /// When it was asked for.
    pub made_at: Instant,
    /// After this no step is taken.
    pub expires_at: Instant,
    /// Grows with every change.
    pub version: u64,
}

/// What a user granted, beside the connection that it is for.
#[derive(Clone, PartialEq, Eq)]
pub struct Grant {
    /// Whose it is.
    pub tenant: TenantId,
    /// The connection.
    pub connection: ConnectionId,
    /// The client that it was granted to.
    pub client: String,
    /// SHA-256 of what names the account at its provider: enough to know it again.
    pub account: String,
    /// Names the calendar user in the programming interface; survives reconnecting.
    pub name: String,
    /// Completed by whoever opened the link.
    pub bare: bool,
    /// Why it cannot be used, in a word, where it cannot.
    pub reason: Option<String>,
    /// The host that is asking for a new access token.
    pub owner: Option<String>,
    /// Until when it may.
    pub lease_until: Option<Instant>,
    /// Grows with every change.
    pub version: u64,
}

/// What is left to do at a provider for a connection that is gone: its channels are to be stopped, and its grant to be given back. It
/// outlives the connection, and neither its tenant nor the time in which somebody may still want it.
#[derive(Clone, PartialEq, Eq)]
pub struct Parting {
    /// Whose it was.
    pub tenant: TenantId,
    /// The connection that is gone.
    pub connection: ConnectionId,
    /// The provider.
    pub provider: Origin,
    /// The client that the grant was made to.
    pub client: String,
    /// As in [`Grant::account`]; empty where nothing was granted.
    pub account: String,
    /// The refresh token, sealed for where the connection had it.
    pub token: Option<String>,
    /// The file in which the operator keeps an access token, where there is one.
    pub token_file: Option<String>,
    /// The channels: the id and what the provider calls it, with a space between.
    pub channels: Vec<String>,
    /// When it is tried next.
    pub due_at: Instant,
    /// When it is given up.
    pub until: Instant,
    /// How often it was tried; counted before each try.
    pub tries: u32,
    /// Grows with every change.
    pub version: u64,
}

shown! {
    ClientRow { tenant id provider enabled }
    ReturnUrl { tenant bare }
    Flow { tenant id provider bare state reason connection made_at expires_at version }
    Grant { tenant connection bare reason owner lease_until version }
    Parting { tenant connection provider due_at until tries version }
}

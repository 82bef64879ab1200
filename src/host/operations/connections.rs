//! Connections: feeds, and accounts whose access token the operator keeps in a file.

use super::{OperationError, TRIES_MAX, commit, follow, tenant};
use crate::event::Address;
use crate::host::config::check_url;
use crate::host::context::Context;
use crate::host::model::{Calendar, CalendarId, CalendarState, Connection, ConnectionId, ConnectionState, Origin, TenantId};
use crate::host::net::files::file_url;
use crate::host::oauth::cut;
use crate::host::store::Write;
use crate::time::Zone;
use std::path::PathBuf;

/// The client of connections that were made by hand: a group of its own for quotas.
pub const CLIENT: &str = "by-hand";

/// Where a calendar is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// A feed on the network.
    FeedUrl(String),
    /// A feed that is a file on the machine of the host.
    FeedFile(PathBuf),
    /// A Google account: the calendar's id, and the file with the access token.
    Google(String, PathBuf),
    /// A Microsoft account: the calendar's id, empty for the default one, and the file with the access token.
    Graph(String, PathBuf),
}

/// A connection to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// The user, as the customer calls them.
    pub user: String,
    /// Where the calendar is.
    pub source: Source,
    /// The user's own addresses.
    pub addresses: Vec<String>,
    /// The user's zone.
    pub zone: Option<String>,
}

/// Makes a connection with one calendar. A host reads it within half a minute.
///
/// # Errors
/// [`OperationError::Refused`] names what cannot be.
pub async fn add(host: &Context, id: TenantId, wanted: Wanted) -> Result<(Connection, Calendar), OperationError> {
    tenant(host, id).await?;
    let refused = |what: String| Err(OperationError::Refused(what));
    if let Some(address) = wanted.addresses.iter().find(|address| Address::parse(address).is_none()) {
        return refused(format!("`{address}` is no address"));
    }
    if let Some(zone) = wanted.zone.iter().find(|zone| Zone::named(zone).is_none()) {
        return refused(format!("`{zone}` is no zone of the IANA database"));
    }
    let (origin, reference, token_file) = placed(wanted.source)?;
    let known = host.store.calendars(id).await?;
    if origin == Origin::Feed && known.iter().any(|calendar| calendar.origin == origin && calendar.reference == reference) {
        return refused("a connection reads that feed already".to_owned());
    }
    let connection = Connection {
        tenant: id,
        id: ConnectionId(host.store.next_id().await?),
        user: wanted.user,
        origin,
        client: CLIENT.to_owned(),
        addresses: wanted.addresses,
        zone: wanted.zone,
        state: ConnectionState::Active,
        token_file,
        token: None,
    };
    let calendar = CalendarId(host.store.next_id().await?);
    let calendar = Calendar::unread(id, calendar, connection.id, origin, reference);
    let writes = vec![Write::Connection(connection.clone()), Write::Calendar(calendar.clone())];
    if commit(host, id, writes).await? { Ok((connection, calendar)) } else { Err(OperationError::Contended) }
}

/// Who keeps it, its name there, and the file of its token.
fn placed(source: Source) -> Result<(Origin, String, Option<String>), OperationError> {
    let there = |path: PathBuf| {
        let shown = path.display().to_string();
        path.canonicalize().map_err(|error| OperationError::Refused(format!("cannot read {shown}: {error}")))
    };
    let text = |path: PathBuf| {
        path.to_str().map(str::to_owned).ok_or_else(|| OperationError::Refused("the path of the token is no text".into()))
    };
    match source {
        Source::FeedUrl(url) => {
            check_url("feed", &url.replacen("webcal://", "https://", 1))
                .map_err(|error| OperationError::Refused(error.to_string()))?;
            Ok((Origin::Feed, url, None))
        }
        Source::FeedFile(path) => {
            let url = file_url(&there(path)?).ok_or_else(|| OperationError::Refused("the feed is no file".into()))?;
            Ok((Origin::Feed, url, None))
        }
        Source::Google(calendar, token) => Ok((Origin::Google, calendar, Some(text(there(token)?)?))),
        Source::Graph(calendar, token) => Ok((Origin::Graph, calendar, Some(text(there(token)?)?))),
    }
}

/// The connection.
///
/// # Errors
/// [`OperationError::Unknown`].
pub async fn find(host: &Context, id: TenantId, connection: ConnectionId) -> Result<Connection, OperationError> {
    let all = host.store.connections(id).await?;
    all.into_iter().find(|row| row.id == connection).ok_or_else(|| OperationError::unknown("connection", connection))
}

/// Cuts a connection: what its calendars showed is forgotten, and meetings that only they showed lose their bots. How many rows
/// followed. The connection stays to be seen, as disconnected. A host stops its channels and gives its grant back within seconds, or as
/// soon as the provider lets it: [`cut`].
///
/// # Errors
/// [`OperationError`].
pub async fn disconnect(host: &Context, id: TenantId, connection: ConnectionId) -> Result<usize, OperationError> {
    let row = find(host, id, connection).await?;
    let left = cut::partings(host, &[&row]).await?;
    host.tokens.forget(&row);
    let gone = Connection { state: ConnectionState::Disconnected, token_file: None, token: None, ..row };
    let writes = [Write::RemoveConnection(connection), Write::Connection(gone), Write::Undecided(None)];
    if !commit(host, id, writes.into_iter().chain(left).collect()).await? {
        return Err(OperationError::Contended);
    }
    follow(host, id).await
}

/// Reads a connection's calendars anew and whole at their next turn, and compares; how many. One that had been given up, for
/// want of a token that works or of the calendar itself, is tried again.
///
/// A pass that is under way at this moment may still end with a cursor of its own.
///
/// # Errors
/// [`OperationError::Refused`] for a connection that was cut.
pub async fn resync(host: &Context, id: TenantId, connection: ConnectionId) -> Result<usize, OperationError> {
    for _ in 0..TRIES_MAX {
        let row = find(host, id, connection).await?;
        if row.state == ConnectionState::Disconnected {
            return Err(OperationError::Refused(format!("connection {connection} is disconnected; add it anew")));
        }
        let calendars = host.store.calendars(id).await?.into_iter().filter(|calendar| calendar.connection == connection);
        let forgotten: Vec<Write> = calendars
            .map(|calendar| Write::Calendar(Calendar { cursor: None, state: CalendarState::Active, ..calendar }))
            .collect();
        let count = forgotten.len();
        let revived = (row.state != ConnectionState::Active).then_some(Connection { state: ConnectionState::Active, ..row });
        let writes = revived.map(Write::Connection).into_iter().chain(forgotten).collect();
        if commit(host, id, writes).await? {
            return Ok(count);
        }
    }
    Err(OperationError::Contended)
}

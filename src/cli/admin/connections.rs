//! `callsheet admin connections`.

use super::table::{facts, listed, maybe_minute, table};
use super::{Answer, followed};
use crate::cli::{CliError, counted};
use crate::host::app::channels::Stopped;
use crate::host::context::Context;
use crate::host::model::{Calendar, Connection, ConnectionId, Origin, TenantId};
use crate::host::oauth::cut::{GivenBack, Parted, disconnect};
use crate::host::operations::connections::{Source, Wanted, add, find, resync};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(clap::Subcommand)]
pub enum What {
    /// All of them, with how their calendars are read
    List,
    /// Connect a feed, or an account whose access token you keep in a file
    Add(Add),
    /// One of them, with its calendars
    Show {
        /// Its number
        connection: u64,
    },
    /// Cut it: forget what its calendars showed
    Disconnect {
        /// Its number
        connection: u64,
    },
    /// Read its calendars anew and whole at their next turn, and compare; one that had been given up is tried again
    Resync {
        /// Its number
        connection: u64,
    },
}

#[derive(clap::Args)]
#[command(group = clap::ArgGroup::new("source").required(true))]
pub struct Add {
    /// The user, as you call them
    #[arg(long)]
    user: String,
    /// A calendar feed: a URL, or an .ics file on the machine of the host
    #[arg(long, value_name = "URL_OR_FILE", group = "source")]
    feed: Option<String>,
    /// A Google calendar, by its id; `primary` is the account's own
    #[arg(long, value_name = "CALENDAR", group = "source", requires = "token_file")]
    google: Option<String>,
    /// A calendar in Microsoft 365, by its id; empty for the account's own
    #[arg(long, value_name = "CALENDAR", group = "source", requires = "token_file")]
    graph: Option<String>,
    /// The file that holds the account's access token; read for every request, so that it can be renewed
    #[arg(long, value_name = "FILE", conflicts_with = "feed")]
    token_file: Option<PathBuf>,
    /// The user's own addresses
    #[arg(long, value_name = "ADDRESS,…", value_delimiter = ',')]
    me: Vec<String>,
    /// The user's zone
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
}

impl Add {
    fn source(&self) -> Source {
        let token = self.token_file.clone().unwrap_or_default();
        match (&self.feed, &self.google, &self.graph) {
            (Some(feed), ..) if feed.contains("://") => Source::FeedUrl(feed.clone()),
            (Some(feed), ..) => Source::FeedFile(PathBuf::from(feed)),
            (_, Some(calendar), _) => Source::Google(calendar.clone(), token),
            (.., calendar) => Source::Graph(calendar.clone().unwrap_or_default(), token),
        }
    }
}

pub(super) async fn run(host: &Context, tenant: TenantId, what: &What) -> Result<Answer, CliError> {
    match what {
        What::List => list(host, tenant).await,
        What::Add(args) => {
            let wanted =
                Wanted { user: args.user.clone(), source: args.source(), addresses: args.me.clone(), zone: args.zone.clone() };
            let (connection, calendar) = add(host, tenant, wanted).await?;
            let text = format!("connection {} of {}: a host reads it within half a minute\n", connection.id, connection.user);
            Ok(Answer::new(text, as_json(&connection, &[&calendar])))
        }
        What::Show { connection } => show(host, tenant, ConnectionId(*connection)).await,
        What::Disconnect { connection } => {
            let (parted, rows) = disconnect(host, tenant, ConnectionId(*connection)).await?;
            let row = find(host, tenant, ConnectionId(*connection)).await?;
            let text = format!(
                "connection {connection} is cut, and what it showed forgotten. {}\n{}",
                followed(rows),
                at_provider(&parted)
            );
            Ok(Answer::new(text, as_json(&row, &[])))
        }
        What::Resync { connection } => {
            let count = resync(host, tenant, ConnectionId(*connection)).await?;
            let text = format!("{} will be read whole at the next turn\n", counted(count, "calendar"));
            Ok(Answer::new(text, json!({ "connection": connection, "calendars": count })))
        }
    }
}

/// What its provider does for it no more, and what it could not be told.
fn at_provider(parted: &Parted) -> String {
    let Stopped { stopped, left } = parted.channels;
    let mut text = match parted.grant {
        GivenBack::None => String::new(),
        GivenBack::Revoked => "Its grant was given back.\n".to_owned(),
        GivenBack::Shared => "Its grant stays: another connection of the same account lives by it.\n".to_owned(),
        GivenBack::Left => "Its grant could not be given back: its user can, at the provider.\n".to_owned(),
    };
    if stopped > 0 {
        text.push_str(&format!("{} stopped.\n", counted(stopped, "push channel")));
    }
    if left > 0 {
        text.push_str(&format!(
            "{} could not be stopped: what still comes through is ignored until it ends.\n",
            counted(left, "push channel")
        ));
    }
    text
}

async fn list(host: &Context, tenant: TenantId) -> Result<Answer, CliError> {
    let calendars = host.store.calendars(tenant).await?;
    let connections = host.store.connections(tenant).await?;
    let of = |row: &Connection| calendars.iter().filter(|calendar| calendar.connection == row.id).collect::<Vec<_>>();
    let rows: Vec<_> = connections
        .iter()
        .map(|row| {
            let own = of(row);
            let read = own.iter().map(|calendar| calendar.state.word()).collect::<Vec<_>>().join(", ");
            let last = own.iter().filter_map(|calendar| calendar.synced_at).max();
            [row.id.to_string(), row.user.clone(), row.origin.word().into(), row.state.word().into(), read, maybe_minute(last)]
        })
        .collect();
    let text = table(["CONNECTION", "USER", "KIND", "STATE", "CALENDARS", "LAST CHANGE (UTC)"], &rows, "no connections");
    Ok(Answer::new(text, connections.iter().map(|row| as_json(row, &of(row))).collect()))
}

async fn show(host: &Context, tenant: TenantId, id: ConnectionId) -> Result<Answer, CliError> {
    let row = find(host, tenant, id).await?;
    let calendars = host.store.calendars(tenant).await?;
    let own: Vec<&Calendar> = calendars.iter().filter(|calendar| calendar.connection == id).collect();
    let mut text = facts(&[
        ("connection", row.id.to_string()),
        ("user", row.user.clone()),
        ("kind", row.origin.word().to_owned()),
        ("state", row.state.word().to_owned()),
        ("client", row.client.clone()),
        ("addresses", listed(&row.addresses)),
        ("zone", row.zone.clone().unwrap_or_else(|| "–".to_owned())),
        ("token", row.token_file.clone().unwrap_or_else(|| "–".to_owned())),
    ]);
    for calendar in &own {
        let seen = host.store.sightings(tenant, calendar.id).await?.len();
        text.push('\n');
        text.push_str(&facts(&[
            ("calendar", calendar.id.to_string()),
            ("reference", reference(calendar)),
            ("state", calendar.state.word().to_owned()),
            ("next pass", if calendar.cursor.is_some() { "changes" } else { "whole" }.to_owned()),
            ("last change", maybe_minute(calendar.synced_at)),
            ("meetings", seen.to_string()),
        ]));
    }
    Ok(Answer::new(text, as_json(&row, &own)))
}

/// The calendar's name at its provider; the secret part of a feed's URL is not shown.
fn reference(calendar: &Calendar) -> String {
    match calendar.origin {
        Origin::Feed => url::Url::parse(&calendar.reference)
            .map_or_else(|_| "–".to_owned(), |url| format!("{}://{}/…", url.scheme(), url.host_str().unwrap_or_default())),
        _ if calendar.reference.is_empty() => "the account's own".to_owned(),
        _ => calendar.reference.clone(),
    }
}

fn as_json(row: &Connection, calendars: &[&Calendar]) -> Value {
    let calendars: Vec<Value> = calendars
        .iter()
        .map(|calendar| {
            json!({
                "calendar": calendar.id.0,
                "reference": reference(calendar),
                "state": calendar.state.word(),
                "has_cursor": calendar.cursor.is_some(),
                "last_change": calendar.synced_at.map(|at| at.to_string()),
            })
        })
        .collect();
    json!({
        "connection": row.id.0,
        "user": row.user,
        "kind": row.origin.word(),
        "state": row.state.word(),
        "client": row.client,
        "addresses": row.addresses,
        "zone": row.zone,
        "token_file": row.token_file,
        "calendars": calendars,
    })
}

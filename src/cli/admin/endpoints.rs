//! `callsheet admin endpoints` and `callsheet admin deliveries`.

use super::Answer;
use super::table::{maybe_minute, table};
use crate::cli::CliError;
use crate::cli::input::read_text;
use crate::host::context::Context;
use crate::host::model::{DeliveryState, Endpoint, EndpointId, EndpointState, EventId, TenantId};
use crate::host::operations::receivers::{Change, add, change, find, remove, replay};
use crate::host::outbox::sign::new_secret;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(clap::Subcommand)]
pub enum What {
    /// All of them, and how deliveries go
    List,
    /// Make one; it gets events once it has answered a challenge
    Add {
        /// Where it listens
        url: String,
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Sign with a new secret; with the one before as well for a day
    RotateSecret {
        /// Its number
        endpoint: u64,
        #[command(flatten)]
        secret: SecretArgs,
    },
    /// Sign with the newest secret alone, before its day is over
    DropOldSecret {
        /// Its number
        endpoint: u64,
    },
    /// Serve it again, or ask it for its proof again
    Enable {
        /// Its number
        endpoint: u64,
    },
    /// Remove it, with what waits for it
    Remove {
        /// Its number
        endpoint: u64,
    },
}

#[derive(clap::Args)]
pub struct SecretArgs {
    /// A file that holds the signing secret, `whsec_…` [default: a new one, which is shown once]
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
}

#[derive(clap::Subcommand)]
pub enum Deliveries {
    /// Those that were given up
    Dead {
        /// Of this receiver alone
        #[arg(long, value_name = "NUMBER")]
        endpoint: Option<u64>,
    },
    /// Try those that were given up again
    Replay {
        /// The receiver
        endpoint: u64,
        /// The events, by number [default: all that were given up]
        event: Vec<u64>,
    },
}

impl SecretArgs {
    /// The secret, and whether it is new.
    fn secret(&self) -> Result<(SecretString, bool), CliError> {
        if let Some(path) = &self.secret_file {
            return Ok((SecretString::from(read_text(path)?.trim()), false));
        }
        let mut random = [0; 32];
        let filled = aws_lc_rs::rand::fill(&mut random);
        let secret = filled.ok().and_then(|()| new_secret(&random).ok());
        let secret = secret.map(SecretString::from);
        Ok((secret.ok_or_else(|| CliError::Usage("this machine gives no random bytes".into()))?, true))
    }
}

pub(super) async fn run(host: &Context, tenant: TenantId, what: &What) -> Result<Answer, CliError> {
    match what {
        What::List => list(host, tenant).await,
        What::Add { url, secret } => {
            let (secret, new) = secret.secret()?;
            let row = add(host, tenant, url, secret.clone()).await?;
            Ok(told(
                &row,
                &format!("endpoint {} is asked for its proof by the next host that looks", row.id),
                new.then_some(secret),
            ))
        }
        What::RotateSecret { endpoint, secret } => {
            let (secret, new) = secret.secret()?;
            let row = change(host, tenant, EndpointId(*endpoint), Change::Rotate(secret.clone())).await?;
            let text = match row.state {
                EndpointState::Unproven => format!("endpoint {endpoint} must prove itself with its new secret"),
                _ => format!(
                    "endpoint {endpoint} signs with its new secret, and with the one before until {}",
                    maybe_minute(row.due_at)
                ),
            };
            Ok(told(&row, &text, new.then_some(secret)))
        }
        What::DropOldSecret { endpoint } => {
            let row = change(host, tenant, EndpointId(*endpoint), Change::DropOld).await?;
            Ok(told(&row, &format!("endpoint {endpoint} signs with its newest secret alone"), None))
        }
        What::Enable { endpoint } => {
            let row = change(host, tenant, EndpointId(*endpoint), Change::Enable).await?;
            let text = match row.state {
                EndpointState::Unproven => format!("endpoint {endpoint} is asked for its proof again"),
                _ => format!("endpoint {endpoint} is served"),
            };
            Ok(told(&row, &text, None))
        }
        What::Remove { endpoint } => {
            remove(host, tenant, EndpointId(*endpoint)).await?;
            Ok(Answer::new(format!("endpoint {endpoint} is gone\n"), json!({ "endpoint": endpoint })))
        }
    }
}

fn told(row: &Endpoint, text: &str, secret: Option<SecretString>) -> Answer {
    let mut json = as_json(row, &[]);
    let mut text = format!("{text}\n");
    if let Some(secret) = secret {
        text.push_str(&format!("its secret, which is not shown again: {}\n", secret.expose_secret()));
        json["secret"] = json!(secret.expose_secret());
    }
    Answer::new(text, json)
}

async fn list(host: &Context, tenant: TenantId) -> Result<Answer, CliError> {
    let (mut rows, mut all) = (Vec::new(), Vec::new());
    for row in host.store.endpoints(tenant).await? {
        let counts = host.store.delivery_counts(tenant, row.id).await?;
        let of = |state| counts.iter().find(|(known, _)| *known == state).map_or(0, |(_, count)| *count).to_string();
        let state = match (row.state, &row.last, row.failing_since) {
            (EndpointState::Unproven, Some(last), _) => format!("unproven: {last}"),
            (EndpointState::Active, _, Some(since)) => format!("failing since {}", maybe_minute(Some(since))),
            (state, ..) => state.word().to_owned(),
        };
        rows.push([
            row.id.to_string(),
            state,
            row.secrets.len().to_string(),
            of(DeliveryState::Pending),
            of(DeliveryState::Dead),
            bare(&row.url),
        ]);
        all.push(as_json(&row, &counts));
    }
    let text = table(["ENDPOINT", "STATE", "SECRETS", "PENDING", "DEAD", "URL"], &rows, "no webhook receivers");
    Ok(Answer::new(text, all.into()))
}

/// A URL without its query, which may hold a key.
fn bare(url: &str) -> String {
    url.split(['?', '#']).next().unwrap_or_default().to_owned()
}

fn as_json(row: &Endpoint, counts: &[(DeliveryState, u64)]) -> Value {
    let counts: serde_json::Map<String, Value> =
        counts.iter().map(|(state, count)| (state.word().to_owned(), json!(count))).collect();
    json!({
        "endpoint": row.id.0,
        "url": bare(&row.url),
        "state": row.state.word(),
        "secrets": row.secrets.len(),
        "failing_since": row.failing_since.map(|at| at.to_string()),
        "proof": { "tries": row.tries, "last": row.last },
        "due_at": row.due_at.map(|at| at.to_string()),
        "configured": row.configured,
        "deliveries": counts,
    })
}

/// Most dead deliveries that are shown of one receiver.
const DEAD_MAX: usize = 1000;

pub(super) async fn deliveries(host: &Context, tenant: TenantId, what: &Deliveries) -> Result<Answer, CliError> {
    match what {
        Deliveries::Dead { endpoint } => {
            let receivers = match endpoint {
                Some(number) => vec![find(host, tenant, EndpointId(*number)).await?],
                None => host.store.endpoints(tenant).await?,
            };
            dead(host, tenant, &receivers).await
        }
        Deliveries::Replay { endpoint, event } => {
            let events: Vec<EventId> = event.iter().copied().map(EventId).collect();
            let count = replay(host, tenant, EndpointId(*endpoint), &events).await?;
            let what = if count == 1 { "delivery" } else { "deliveries" };
            let text = format!("{count} {what} to endpoint {endpoint} will be tried again\n");
            Ok(Answer::new(text, json!({ "endpoint": endpoint, "replayed": count })))
        }
    }
}

async fn dead(host: &Context, tenant: TenantId, receivers: &[Endpoint]) -> Result<Answer, CliError> {
    let (mut rows, mut all) = (Vec::new(), Vec::new());
    for receiver in receivers {
        for delivery in host.store.dead_deliveries(tenant, receiver.id, DEAD_MAX).await? {
            let before = EventId(delivery.event.0.saturating_sub(1));
            let event = host.store.events(tenant, before, 1).await?.into_iter().find(|event| event.id == delivery.event);
            let kind = event.as_ref().map_or_else(|| "–".to_owned(), |event| event.kind.clone());
            let at = event.as_ref().map(|event| event.at);
            let last = delivery.last.clone().unwrap_or_else(|| "–".to_owned());
            rows.push([
                receiver.id.to_string(),
                delivery.event.to_string(),
                kind.clone(),
                maybe_minute(at),
                delivery.attempts.to_string(),
                last.clone(),
            ]);
            all.push(json!({
                "endpoint": receiver.id.0, "event": delivery.event.0, "kind": kind, "at": at.map(|at| at.to_string()),
                "tries": delivery.attempts, "last": last,
            }));
        }
    }
    let text = table(["ENDPOINT", "EVENT", "KIND", "HAPPENED (UTC)", "TRIES", "LAST ANSWER"], &rows, "no dead deliveries");
    Ok(Answer::new(text, all.into()))
}

//! What the configuration names, brought into the store: the tenant, its feeds, rules and receivers.
//!
//! Starting twice with one configuration writes nothing. What the configuration no longer names is disconnected or removed;
//! overrides and the history of meetings stay.

use super::config::{self, Config};
use super::context::Context;
use super::model::{
    Calendar, CalendarId, Connection, ConnectionId, ConnectionState, Endpoint, EndpointId, Origin, RulesRow, Tenant, TenantId,
};
use super::outbox::receiver;
use super::planning::{PlanError, redecide};
use super::seal::{SealError, keeping, receivers};
use super::store::{Commit, CommitError, StoreError, Write};
use crate::diagnostic;
use crate::engine::{CheckOptions, Checked, RuleText, check};
use crate::event::address::DomainPattern;
use crate::value::words::Layer;
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeSet;

/// The tenant of a host that serves one.
pub const TENANT: TenantId = TenantId(1);

/// The client of connections that the configuration names; it removes no others.
pub const CONFIGURED: &str = "feeds";

/// What the configuration points to, read.
#[derive(Clone, Debug, Default)]
pub struct Files {
    /// The organisation's rules: name and text.
    pub rules: Option<(String, String)>,
    /// The signing secrets, in the order of the webhooks.
    pub secrets: Vec<SecretString>,
}

/// Why the configuration could not be brought into the store.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// The rules do not pass the check; the remarks as `rule-lint` draws them.
    #[error("the rules do not pass the check\n\n{0}")]
    Rules(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Secrets cannot be sealed, or not be opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Another host changed the same rows at the same time.
    #[error("another host is starting with the same store; start this one again")]
    Contended,
    /// The plan could not be made.
    #[error(transparent)]
    Plan(#[from] PlanError),
}

/// Brings the configuration into the store, and decides anew where rules or domains changed. Where the host has a root key, what
/// is stored must open with it, and signing secrets that lie in the store plain are sealed first.
///
/// # Errors
/// [`SetupError`].
pub async fn apply(host: &Context, config: &Config, files: &Files) -> Result<(), SetupError> {
    let sealed = keeping::begin(&host.vault, &host.store).await?;
    if sealed > 0 {
        tracing::info!(rows = sealed, "signing secrets that lay in the store plain were sealed");
    }
    let mut writes = Vec::new();
    let mut changed = tenant(host, config, &mut writes).await?;
    if host.vault.has_root() && host.store.tenant(TENANT).await?.is_none() {
        // Its key is made for a tenant that is there.
        commit(host, std::mem::take(&mut writes)).await?;
    }
    changed |= rules(host, config, files, &mut writes).await?;
    changed |= feeds(host, config, &mut writes).await?;
    webhooks(host, config, files, &mut writes).await?;
    if writes.is_empty() {
        return Ok(());
    }
    if changed {
        // Should we end before it is done, another host decides anew.
        writes.push(Write::Undecided(None));
    }
    commit(host, writes).await?;
    if changed {
        redecide(host, TENANT).await?;
    }
    Ok(())
}

async fn commit(host: &Context, writes: Vec<Write>) -> Result<(), SetupError> {
    match host.store.commit(Commit { tenant: TENANT, writes }).await {
        Ok(()) => Ok(()),
        Err(CommitError::Conflict(_)) => Err(SetupError::Contended),
        Err(CommitError::Store(error)) => Err(error.into()),
    }
}

fn drawn(checked: &Checked) -> String {
    let remarks = checked.diagnostics.iter().map(|remark| diagnostic::render(remark, &checked.sources, diagnostic::Style::Plain));
    remarks.collect::<Vec<_>>().join("\n\n")
}

async fn tenant(host: &Context, config: &Config, writes: &mut Vec<Write>) -> Result<bool, StoreError> {
    let stored = host.store.tenant(TENANT).await?;
    // A configuration that says nothing of the tenant leaves it to others.
    if stored.is_some() && config.tenant == config::Tenant::default() {
        return Ok(false);
    }
    let wanted = Tenant {
        id: TENANT,
        name: config.tenant.name.clone().unwrap_or_else(|| "default".into()),
        own_domains: config.tenant.own_domains.clone(),
        bots: config.tenant.bots.clone(),
        plan_version: stored.as_ref().map_or(0, |tenant| tenant.plan_version),
        // Those are for the tenant to set.
        keep_days: stored.as_ref().and_then(|tenant| tenant.keep_days),
        horizon_days: stored.as_ref().and_then(|tenant| tenant.horizon_days),
    };
    let changed = stored.as_ref() != Some(&wanted);
    if changed {
        writes.push(Write::Tenant(wanted));
    }
    Ok(changed && stored.is_some())
}

async fn rules(host: &Context, config: &Config, files: &Files, writes: &mut Vec<Write>) -> Result<bool, SetupError> {
    let Some((name, text)) = &files.rules else { return Ok(false) };
    let own_domains = config.tenant.own_domains.iter().filter_map(|domain| DomainPattern::parse(domain).ok()).collect();
    let rule_text = RuleText { name: name.clone(), text: text.clone(), layer: Some(Layer::Organisation) };
    let checked = check(&[rule_text], &CheckOptions { own_domains, ..CheckOptions::default() });
    if checked.rule_set.is_none() {
        return Err(SetupError::Rules(drawn(&checked)));
    }
    let stored = host.store.rules(TENANT).await?;
    let last = stored.iter().find(|row| row.user.is_none());
    if last.is_some_and(|row| row.text == *text) {
        return Ok(false);
    }
    let version = last.map_or(0, |row| row.version) + 1;
    writes.push(Write::Rules(RulesRow { tenant: TENANT, user: None, version, text: text.clone() }));
    Ok(true)
}

/// A connection and a calendar for each feed; whether some are no longer named, so that their meetings must be decided anew.
async fn feeds(host: &Context, config: &Config, writes: &mut Vec<Write>) -> Result<bool, StoreError> {
    let connections = host.store.connections(TENANT).await?;
    let calendars = host.store.calendars(TENANT).await?;
    if cannot_be_read(host, &["connections", "calendars"]) {
        return Ok(false);
    }
    let mut named = BTreeSet::new();
    for feed in &config.feed {
        let known = calendars.iter().find(|calendar| calendar.origin == Origin::Feed && calendar.reference == feed.source);
        let connection = known.and_then(|calendar| connections.iter().find(|connection| connection.id == calendar.connection));
        let id = match connection {
            Some(connection) => connection.id,
            None => ConnectionId(host.store.next_id().await?),
        };
        named.insert(id);
        let wanted = Connection {
            tenant: TENANT,
            id,
            user: feed.user.clone(),
            origin: Origin::Feed,
            client: CONFIGURED.into(),
            addresses: feed.addresses.clone(),
            zone: feed.zone.clone(),
            state: ConnectionState::Active,
            token_file: None,
            token: None,
        };
        if connection != Some(&wanted) {
            writes.push(Write::Connection(wanted));
        }
        if known.is_none() {
            let calendar = CalendarId(host.store.next_id().await?);
            writes.push(Write::Calendar(Calendar::unread(TENANT, calendar, id, Origin::Feed, feed.source.clone())));
        }
    }
    let dropped = connections.iter().filter(|connection| connection.client == CONFIGURED && !named.contains(&connection.id));
    let before = writes.len();
    writes.extend(dropped.map(|connection| Write::RemoveConnection(connection.id)));
    Ok(writes.len() > before)
}

/// Whether rows of the tenant in these tables cannot be read. What the configuration says of them is then left for later: it would
/// be made a second time.
fn cannot_be_read(host: &Context, tables: &[&str]) -> bool {
    let found = host.store.unreadable().iter().any(|row| row.tenant == TENANT && tables.contains(&row.table));
    if found {
        tracing::error!(tenant = TENANT.0, "rows cannot be read: the configuration's feeds or webhooks are not followed");
    }
    found
}

async fn webhooks(host: &Context, config: &Config, files: &Files, writes: &mut Vec<Write>) -> Result<(), SetupError> {
    let stored = host.store.endpoints(TENANT).await?;
    if cannot_be_read(host, &["endpoints"]) {
        return Ok(());
    }
    for (webhook, secret) in config.webhook.iter().zip(&files.secrets) {
        let known = stored.iter().find(|endpoint| endpoint.url == webhook.url);
        match known {
            // The secret before stays valid for a while, so that the receiver can be told after us.
            Some(endpoint) => {
                let opened = receivers::opened(&host.vault, &host.store, endpoint).await?;
                if opened.first().is_none_or(|newest| newest.expose_secret() != secret.expose_secret()) {
                    let stored = receivers::stored(&host.vault, &host.store, (TENANT, endpoint.id), secret).await?;
                    let rotated = receiver::secret_added(endpoint, stored, host.now());
                    writes.push(Write::Endpoint(Endpoint { configured: true, ..rotated }));
                }
            }
            None => {
                let id = EndpointId(host.store.next_id().await?);
                let stored = receivers::stored(&host.vault, &host.store, (TENANT, id), secret).await?;
                let endpoint = Endpoint::unproven(TENANT, id, webhook.url.clone(), stored, host.now());
                writes.push(Write::Endpoint(Endpoint { configured: true, ..endpoint }));
            }
        }
    }
    let named = |endpoint: &&Endpoint| config.webhook.iter().any(|webhook| webhook.url == endpoint.url);
    let dropped = stored.iter().filter(|endpoint| endpoint.configured && !named(endpoint));
    writes.extend(dropped.map(|endpoint| Write::RemoveEndpoint(endpoint.id)));
    Ok(())
}

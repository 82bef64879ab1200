//! `callsheet admin sealing-keys`.

use super::Answer;
use super::table::{maybe_minute, table};
use crate::cli::{CliError, Outcome, counted};
use crate::host::context::Context;
use crate::host::model::TenantId;
use crate::host::operations;
use crate::host::seal::{KeyWrapper, RootKey, SealError, keeping};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

#[derive(clap::Subcommand)]
pub enum What {
    /// Make a root key: a file that only its owner can read
    NewRoot {
        /// The file; it must not be there yet
        file: PathBuf,
    },
    /// The keys of all tenants, and the root keys that wrap them
    List,
    /// Wrap every tenant's keys with the current root key; hosts may go on meanwhile
    Rewrap,
    /// Give every tenant, or the one of --tenant, a new key, and seal its secrets anew
    Rotate,
}

impl From<SealError> for CliError {
    fn from(error: SealError) -> Self {
        Self::Usage(error.to_string())
    }
}

pub(super) fn new_root(file: &Path) -> Result<Answer, CliError> {
    let key = RootKey::make(file).map_err(|error| CliError::Usage(error.to_string()))?;
    let (root, file) = (key.root(), file.display());
    let text = format!(
        "root key {root} is in {file}.\nKeep a copy where the database is not: without it nothing that is sealed can be opened again.\n"
    );
    Ok(Answer::new(text, json!({ "root": root, "file": file.to_string() })))
}

pub(super) async fn run(host: &Context, tenant: Option<TenantId>, what: &What) -> Result<Answer, CliError> {
    match what {
        What::NewRoot { file } => new_root(file),
        What::List => list(host, tenant).await,
        What::Rewrap => rewrap(host).await,
        What::Rotate => rotate(host, tenant).await,
    }
}

/// The tenant, or all of them.
async fn tenants(host: &Context, tenant: Option<TenantId>) -> Result<Vec<TenantId>, CliError> {
    match tenant {
        Some(tenant) => Ok(vec![operations::tenant(host, tenant).await?.id]),
        None => Ok(host.store.tenants().await?.into_iter().map(|row| row.id).collect()),
    }
}

async fn list(host: &Context, tenant: Option<TenantId>) -> Result<Answer, CliError> {
    let (mut rows, mut all) = (Vec::new(), Vec::<Value>::new());
    for tenant in tenants(host, tenant).await? {
        for row in host.store.tenant_keys(tenant).await? {
            rows.push([tenant.to_string(), row.version.to_string(), maybe_minute(Some(row.made_at)), row.root.clone()]);
            all.push(json!({ "tenant": tenant.0, "version": row.version, "made_at": row.made_at.to_string(), "root": row.root }));
        }
    }
    let text = table(["TENANT", "VERSION", "MADE (UTC)", "ROOT KEY"], &rows, "no keys: nothing was sealed yet");
    Ok(Answer::new(text, all.into()))
}

async fn rewrap(host: &Context) -> Result<Answer, CliError> {
    let moved = keeping::rewrap(&host.vault, &host.store).await?;
    let current = host.vault.roots()?.current().root();
    let mut text = format!("{} moved to root key {current}.\n", counted(moved.keys, "key"));
    if !moved.others.is_empty() {
        text.push_str(&format!("Meanwhile some were made under {}: run this again.\n", moved.others.join(", ")));
    }
    let json = json!({ "root": current, "moved": moved.keys, "others": moved.others });
    Ok(Answer { outcome: Outcome::findings_if(!moved.others.is_empty()), ..Answer::new(text, json) })
}

async fn rotate(host: &Context, tenant: Option<TenantId>) -> Result<Answer, CliError> {
    let (mut text, mut all) = (String::new(), Vec::<Value>::new());
    for tenant in tenants(host, tenant).await? {
        let version = host.vault.renew(&host.store, tenant).await?;
        let swept = keeping::sweep_tenant(&host.vault, &host.store, tenant).await?;
        text.push_str(&format!(
            "tenant {tenant}: version {version} of its key seals; {} sealed anew, {} left.\n",
            counted(swept.resealed, "secret"),
            swept.left
        ));
        all.push(json!({ "tenant": tenant.0, "version": version, "resealed": swept.resealed, "left": swept.left }));
    }
    Ok(Answer::new(text, all.into()))
}

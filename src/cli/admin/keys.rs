//! `callsheet admin keys`.

use super::Answer;
use super::table::{maybe_minute, table};
use crate::cli::CliError;
use crate::host::api::auth::Scope;
use crate::host::api::random;
use crate::host::context::Context;
use crate::host::model::{ApiKey, KeyId, TenantId};
use crate::host::operations::keys::{Leave, add, revoke};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[derive(clap::Subcommand)]
pub enum What {
    /// All of them; the keys themselves are not kept
    List,
    /// Make one; it is shown once
    Add {
        /// What it is for
        name: String,
        /// What it allows: read, write, connect, admin; repeatable
        #[arg(long, value_name = "SCOPE", value_delimiter = ',', required = true)]
        scope: Vec<String>,
    },
    /// Make it open nothing any more
    Revoke {
        /// Its number
        key: u64,
    },
}

pub(super) async fn run(host: &Context, tenant: TenantId, what: &What) -> Result<Answer, CliError> {
    match what {
        What::List => {
            let rows = host.store.api_keys(tenant).await?;
            let lines = rows
                .iter()
                .map(|row| [row.id.to_string(), row.name.clone(), row.scopes.join(", "), maybe_minute(row.revoked_at)]);
            let text = table(["key", "name", "allows", "revoked"], &lines.collect::<Vec<_>>(), "There are no keys.");
            Ok(Answer::new(text, rows.iter().map(shown).collect()))
        }
        What::Add { name, scope } => {
            let scopes = scope.iter().map(|word| {
                Scope::from_word(word).ok_or_else(|| CliError::Usage(format!("`{word}` is none of read, write, connect, admin")))
            });
            let scopes: BTreeSet<Scope> = scopes.collect::<Result<_, _>>()?;
            let (row, key) = add(host, tenant, name, &scopes, &random()).await?;
            let mut json = shown(&row);
            json["secret"] = key.clone().into();
            Ok(Answer::new(format!("key {}, shown this once:\n{key}\n", row.id), json))
        }
        What::Revoke { key } => {
            let row = revoke(host, tenant, KeyId(*key), Leave::Nothing).await?;
            Ok(Answer::new(format!("key {key} opens nothing any more\n"), shown(&row)))
        }
    }
}

fn shown(row: &ApiKey) -> Value {
    json!({
        "key": row.id.0,
        "name": row.name,
        "scopes": row.scopes,
        "made_at": row.made_at.to_string(),
        "revoked_at": row.revoked_at.map(|at| at.to_string()),
    })
}

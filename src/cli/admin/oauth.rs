//! `callsheet admin oauth-clients` and `callsheet admin return-urls`.

use super::Answer;
use super::table::table;
use crate::cli::CliError;
use crate::host::context::Context;
use crate::host::model::grants::{ClientRow, ReturnUrl};
use crate::host::model::{Origin, TenantId};
use crate::host::operations::oauth_clients::{Wanted, add, add_return_url, remove, remove_return_url};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(clap::Subcommand)]
pub enum What {
    /// All of them
    List,
    /// Add one; its secret is sealed
    Add(Add),
    /// Remove one: nothing that was granted to it can be renewed
    Remove {
        /// Its word
        client: String,
    },
}

#[derive(clap::Args)]
pub struct Add {
    /// The provider
    #[arg(value_enum)]
    provider: Provider,
    /// What the provider calls the client
    #[arg(long, value_name = "ID")]
    client_id: String,
    /// The file that holds its secret
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// Of Microsoft: whose accounts may grant [default: organizations]
    #[arg(long, value_name = "DIRECTORY")]
    authority: Option<String>,
    /// A JSON file that says where the provider is, where it is not where it publishes to be: sovereign clouds
    #[arg(long, value_name = "FILE")]
    endpoints: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Provider {
    /// Google Calendar
    Google,
    /// Microsoft 365
    Microsoft,
}

#[derive(clap::Subcommand)]
pub enum Returns {
    /// All of them
    List,
    /// Let browsers be sent to a URL
    Add {
        /// The URL, character for character
        url: String,
        /// Flows that end there may be completed by whoever opened the link
        #[arg(long)]
        bare: bool,
    },
    /// No longer
    Remove {
        /// The URL
        url: String,
    },
}

pub(super) async fn run(host: &Context, tenant: TenantId, what: &What) -> Result<Answer, CliError> {
    match what {
        What::List => {
            let rows = host.store.oauth_clients(tenant).await?;
            let lines: Vec<_> = rows
                .iter()
                .map(|row| [row.id.clone(), word(row.provider).to_owned(), row.client_id.clone(), row.authority.clone()])
                .collect();
            let text = table(["CLIENT", "PROVIDER", "CLIENT ID", "AUTHORITY"], &lines, "no OAuth clients");
            Ok(Answer::new(text, rows.iter().map(client_json).collect()))
        }
        What::Add(args) => {
            let provider = match args.provider {
                Provider::Google => Origin::Google,
                Provider::Microsoft => Origin::Graph,
            };
            let endpoints = args.endpoints.as_ref().map(read).transpose()?;
            let secret = SecretString::from(read(&args.secret_file)?.trim());
            let wanted =
                Wanted { provider, client_id: args.client_id.clone(), secret, authority: args.authority.clone(), endpoints };
            let row = add(host, tenant, wanted).await?;
            let text = format!(
                "OAuth client {} for {}.\nTell the provider its redirect URI: {{public_url}}/oauth/callback/{}\n",
                row.id,
                word(row.provider),
                row.id
            );
            Ok(Answer::new(text, client_json(&row)))
        }
        What::Remove { client } => {
            remove(host, tenant, client).await?;
            Ok(Answer::new(format!("OAuth client {client} is removed\n"), json!({ "client": client })))
        }
    }
}

pub(super) async fn returns(host: &Context, tenant: TenantId, what: &Returns) -> Result<Answer, CliError> {
    match what {
        Returns::List => {
            let rows = host.store.return_urls(tenant).await?;
            let kind = |row: &ReturnUrl| if row.bare { "session, bare" } else { "session" };
            let lines: Vec<_> = rows.iter().map(|row| [row.url.clone(), kind(row).to_owned()]).collect();
            let text = table(["RETURN URL", "FLOWS"], &lines, "no return URLs");
            Ok(Answer::new(text, rows.iter().map(url_json).collect()))
        }
        Returns::Add { url, bare } => {
            let row = add_return_url(host, tenant, url, *bare).await?;
            Ok(Answer::new(format!("browsers may be sent to {}\n", row.url), url_json(&row)))
        }
        Returns::Remove { url } => {
            remove_return_url(host, tenant, url).await?;
            Ok(Answer::new(format!("browsers are not sent to {url} any more\n"), json!({ "url": url })))
        }
    }
}

fn word(provider: Origin) -> &'static str {
    match provider {
        Origin::Graph => "microsoft",
        _ => "google",
    }
}

fn client_json(row: &ClientRow) -> Value {
    json!({
        "client": row.id,
        "provider": word(row.provider),
        "client_id": row.client_id,
        "authority": row.authority,
        "enabled": row.enabled,
        "redirect_path": format!("/oauth/callback/{}", row.id),
    })
}

fn url_json(row: &ReturnUrl) -> Value {
    json!({ "url": row.url, "bare": row.bare })
}

fn read(path: &PathBuf) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|source| CliError::Read { name: path.display().to_string(), source })
}

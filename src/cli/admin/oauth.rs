//! `callsheet admin oauth-clients` and `callsheet admin return-urls`.

use super::Answer;
use super::table::table;
use crate::cli::CliError;
use crate::host::context::Context;
use crate::host::model::grants::{ClientRow, ReturnUrl};
use crate::host::model::{Origin, TenantId};
use crate::host::operations::oauth_clients::{
    Wanted, add, add_return_url, connections_of, remove, remove_return_url, set_enabled,
};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(clap::Subcommand)]
pub enum What {
    /// All of them
    List,
    /// Add one; its secret is sealed
    Add(Add),
    /// Let one be used again
    Enable {
        /// Its word
        client: String,
    },
    /// Let nobody connect by one, and renew no token: its connections wait until it is enabled again
    Disable {
        /// Its word
        client: String,
    },
    /// Remove one with its secret: nothing that was granted to it can be renewed or given back
    Remove {
        /// Its word
        client: String,
        /// Even where connections live by it
        #[arg(long)]
        with_connections: bool,
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
            let grants = host.store.grants(tenant).await?;
            let count = |row: &ClientRow| grants.iter().filter(|grant| grant.client == row.id).count();
            let state = |row: &ClientRow| if row.enabled { "enabled" } else { "disabled" };
            let line = |row: &ClientRow| {
                let (count, state) = (count(row).to_string(), state(row).to_owned());
                [row.id.clone(), word(row.provider).to_owned(), row.client_id.clone(), row.authority.clone(), state, count]
            };
            let lines: Vec<_> = rows.iter().map(line).collect();
            let head = ["CLIENT", "PROVIDER", "CLIENT ID", "AUTHORITY", "STATE", "CONNECTIONS"];
            let text = table(head, &lines, "no OAuth clients");
            Ok(Answer::new(text, rows.iter().map(|row| client_json(row, count(row))).collect()))
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
            Ok(Answer::new(text, client_json(&row, 0)))
        }
        What::Enable { client } => {
            let (row, own) = (set_enabled(host, tenant, client, true).await?, connections_of(host, tenant, client).await?.len());
            let text = format!("OAuth client {client} is enabled. {} by it: they are read again.\n", living(own));
            Ok(Answer::new(text, client_json(&row, own)))
        }
        What::Disable { client } => {
            let (row, own) = (set_enabled(host, tenant, client, false).await?, connections_of(host, tenant, client).await?.len());
            let text = format!(
                "OAuth client {client} is disabled. {} by it: no token of theirs is renewed, so that each is read for an hour at the \
                 most. What was planned stays, and goes unverified. They go on when the client is enabled again.\n",
                living(own)
            );
            Ok(Answer::new(text, client_json(&row, own)))
        }
        What::Remove { client, with_connections } => {
            let own = connections_of(host, tenant, client).await?.len();
            remove(host, tenant, client, *with_connections).await?;
            let rest = match own {
                0 => String::new(),
                _ => format!(
                    " {} by it: none can be read for more than an hour, and their users must connect again by another client.",
                    living(own)
                ),
            };
            let text = format!("OAuth client {client} is removed.{rest}\n");
            Ok(Answer::new(text, json!({ "client": client, "connections": own })))
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

fn living(connections: usize) -> String {
    match connections {
        0 => "No connection lives".to_owned(),
        1 => "1 connection lives".to_owned(),
        many => format!("{many} connections live"),
    }
}

fn client_json(row: &ClientRow, connections: usize) -> Value {
    json!({
        "client": row.id,
        "provider": word(row.provider),
        "client_id": row.client_id,
        "authority": row.authority,
        "enabled": row.enabled,
        "connections": connections,
        "redirect_path": format!("/oauth/callback/{}", row.id),
    })
}

fn url_json(row: &ReturnUrl) -> Value {
    json!({ "url": row.url, "bare": row.bare })
}

fn read(path: &PathBuf) -> Result<String, CliError> {
    std::fs::read_to_string(path).map_err(|source| CliError::Read { name: path.display().to_string(), source })
}

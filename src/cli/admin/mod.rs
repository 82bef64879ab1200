//! `callsheet admin`: what people who run a host ask of it, on the database that it works on.
//!
//! A host may run meanwhile: it sees what changed at its next look, which is a second away for plans, receivers and deliveries
//! and half a minute for new calendars.

mod bots;
mod connections;
mod endpoints;
mod keys;
mod meetings;
mod oauth;
mod overrides;
mod record;
mod rules;
mod sealing;
mod table;
mod tenants;

use super::serve::start::{bases, oauth_settings, vault};
use super::{CliError, Outcome, print};
use crate::host::clock::SystemClock;
use crate::host::config::Config;
use crate::host::context::Context;
use crate::host::model::TenantId;
use crate::host::net::client::Network;
use crate::host::net::guard::Guard;
use crate::host::operations::{Nowhere, OperationError};
use crate::host::store::{Store, StoreError};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The configuration that counts where none is named.
const CONFIG_DEFAULT: &str = "callsheet.toml";
/// Where the state lies where nobody says otherwise.
const STORE_DEFAULT: &str = "sqlite:callsheet.db";

/// Arguments of `callsheet admin`.
#[derive(clap::Args)]
pub struct Args {
    /// The database: sqlite:FILE, or postgres://… [default: what CALLSHEET_STORE or the configuration says]
    #[arg(long, value_name = "URL", global = true)]
    database: Option<String>,
    /// The configuration of the host [default: callsheet.toml, where it is there]
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    /// Whose rows [default: the only tenant's]
    #[arg(long, value_name = "NUMBER", global = true)]
    tenant: Option<u64>,
    /// How the answer is written
    #[arg(long, value_enum, default_value_t = Format::Table, global = true)]
    format: Format,
    #[command(subcommand)]
    what: What,
}

/// How the answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// For people
    Table,
    /// For programs
    Json,
}

#[derive(clap::Subcommand)]
enum What {
    /// Customers: their domains and the addresses of their bots
    #[command(subcommand)]
    Tenants(tenants::What),
    /// The calendars that are kept in sync, and whose they are
    #[command(subcommand)]
    Connections(connections::What),
    /// The rules of the organisation and of its users
    #[command(subcommand)]
    Rules(rules::What),
    /// A person's word on a meeting or its series: stop, record, or nothing any more
    #[command(subcommand)]
    Overrides(overrides::What),
    /// Bots that people send to meetings by their links, beside the calendars
    #[command(subcommand)]
    Bots(bots::What),
    /// The meetings ahead: what was decided, why, and what their bots do
    Meetings(meetings::Args),
    /// Why a bot comes to a meeting, or does not
    Why(meetings::WhyArgs),
    /// Webhook receivers
    #[command(subcommand)]
    Endpoints(endpoints::What),
    /// Keys of the programming interface
    #[command(subcommand)]
    Keys(keys::What),
    /// The keys that secrets are sealed with
    #[command(subcommand)]
    SealingKeys(sealing::What),
    /// OAuth clients: registrations with Google and Microsoft, by which end users grant access
    #[command(subcommand)]
    OauthClients(oauth::What),
    /// Where browsers may be sent after a calendar was connected
    #[command(subcommand)]
    ReturnUrls(oauth::Returns),
    /// What could not be delivered to webhook receivers
    #[command(subcommand)]
    Deliveries(endpoints::Deliveries),
}

/// An answer, in both forms.
struct Answer {
    text: String,
    json: Value,
    outcome: Outcome,
}

impl Answer {
    fn new(text: String, json: Value) -> Self {
        Self { text, json, outcome: Outcome::Clean }
    }
}

impl From<OperationError> for CliError {
    fn from(error: OperationError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<StoreError> for CliError {
    fn from(error: StoreError) -> Self {
        Self::Usage(error.to_string())
    }
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    if let What::SealingKeys(sealing::What::NewRoot { file }) = &args.what {
        return show(args, sealing::new_root(file)?);
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|source| CliError::Write { name: "threads".into(), source })?;
    runtime.block_on(async {
        let makes = matches!(&args.what, What::Tenants(tenants::What::Add(_)));
        let (config, database) = configuration(args)?;
        let mut host = open(&database, makes).await?;
        // Nobody needs the root key for anything else.
        if matches!(&args.what, What::Endpoints(_) | What::SealingKeys(_) | What::OauthClients(_)) {
            host.vault = vault(&config).await?;
        }
        // Providers are told before what they must be shown is gone.
        if matches!(&args.what, What::Connections(connections::What::Disconnect { .. }) | What::Tenants(tenants::What::Remove(_)))
        {
            host = reaching_out(host, &config).await?;
        }
        let answer = answer(args, &host).await;
        host.store.close().await;
        show(args, answer?)
    })
}

fn show(args: &Args, answer: Answer) -> Result<Outcome, CliError> {
    print(&match args.format {
        Format::Table => answer.text,
        Format::Json => format!("{:#}\n", answer.json),
    })?;
    Ok(answer.outcome)
}

async fn answer(args: &Args, host: &Context) -> Result<Answer, CliError> {
    if let What::Tenants(what) = &args.what {
        return tenants::run(host, what).await;
    }
    if let What::SealingKeys(what) = &args.what {
        return sealing::run(host, args.tenant.map(TenantId), what).await;
    }
    let tenant = tenant(args, host).await?;
    match &args.what {
        What::Tenants(what) => tenants::run(host, what).await,
        What::Connections(what) => connections::run(host, tenant, what).await,
        What::Rules(what) => rules::run(host, tenant, what).await,
        What::Overrides(what) => overrides::run(host, tenant, what).await,
        What::Bots(what) => bots::run(host, tenant, what).await,
        What::Meetings(args) => meetings::run(host, tenant, args).await,
        What::Why(args) => meetings::why(host, tenant, args).await,
        What::SealingKeys(what) => sealing::run(host, Some(tenant), what).await,
        What::OauthClients(what) => oauth::run(host, tenant, what).await,
        What::ReturnUrls(what) => oauth::returns(host, tenant, what).await,
        What::Endpoints(what) => endpoints::run(host, tenant, what).await,
        What::Keys(what) => keys::run(host, tenant, what).await,
        What::Deliveries(what) => endpoints::deliveries(host, tenant, what).await,
    }
}

/// The configuration, and the database that the command line, the environment or the configuration names.
fn configuration(args: &Args) -> Result<(Config, String), CliError> {
    let path = match &args.config {
        Some(path) => Some(path.as_path()),
        None => Some(Path::new(CONFIG_DEFAULT)).filter(|path| path.exists()),
    };
    let (name, text) = match path {
        Some(path) => (path.display().to_string(), super::input::read_text(path)?),
        None => ("the environment".to_owned(), String::new()),
    };
    let config = Config::parse(&text, |name| std::env::var(name).ok())
        .map_err(|error| CliError::Content { name, why: error.to_string() })?;
    let database = args.database.clone().or_else(|| config.store.clone()).unwrap_or_else(|| STORE_DEFAULT.to_owned());
    Ok((config, database))
}

/// Opens a database that is there; `makes`: makes it where it is a file that is not.
async fn open(url: &str, makes: bool) -> Result<Context, CliError> {
    let wrong = |why: String| CliError::Content { name: shown(url).to_owned(), why };
    let file = url.strip_prefix("sqlite:").map(|path| path.strip_prefix("//").unwrap_or(path));
    if !makes && file.is_some_and(|path| !Path::new(path).exists()) {
        return Err(wrong("there is no such file; a host makes it, and so does `callsheet admin tenants add`".to_owned()));
    }
    let store = Store::open(url).await.map_err(|error| wrong(error.to_string()))?;
    Ok(Context::new(store, Arc::new(Nowhere), Arc::new(SystemClock), "admin").acting("admin"))
}

/// The same host, which can ask providers as those that run do.
async fn reaching_out(host: Context, config: &Config) -> Result<Context, CliError> {
    let network = Network::new(Guard::default(), &[]).map_err(|error| CliError::Usage(error.to_string()))?;
    let mut host = host.with_vault(vault(config).await?);
    host.egress = Arc::new(network);
    host.oauth = Arc::new(oauth_settings(config)?);
    host.bases = bases(config);
    Ok(host)
}

/// A store's URL without what could be a password.
fn shown(url: &str) -> &str {
    if url.starts_with("sqlite:") { url } else { "the database" }
}

/// The tenant that is named, or the only one.
async fn tenant(args: &Args, host: &Context) -> Result<TenantId, CliError> {
    if let Some(number) = args.tenant {
        return Ok(crate::host::operations::tenant(host, TenantId(number)).await?.id);
    }
    let all = host.store.tenants().await?;
    match all.as_slice() {
        [only] => Ok(only.id),
        [] => Err(CliError::Usage("there is no tenant yet: make one with `callsheet admin tenants add NAME`".into())),
        many => {
            let names: Vec<String> = many.iter().map(|row| format!("{} ({})", row.id, row.name)).collect();
            Err(CliError::Usage(format!("say whose rows with --tenant: {}", names.join(", "))))
        }
    }
}

/// What followed from a change, as a sentence.
fn followed(rows: usize) -> String {
    match rows {
        0 => "No meeting is decided otherwise.".to_owned(),
        // The first row is the guard of the plan.
        _ => "Meetings were decided anew, and their bots follow.".to_owned(),
    }
}

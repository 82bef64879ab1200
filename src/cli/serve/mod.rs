//! `callsheet serve`: the host on this machine.
//!
//! `--sandbox` runs it against a simulated company, `--rules` and `--feed` against one's own calendar feed, `--config` with
//! everything else.

mod sandbox;
pub(super) mod start;
mod view;
mod world;

use super::{CliError, Outcome, say};
use crate::host::config::{self, Config};
use std::path::PathBuf;

/// Arguments of `callsheet serve`.
#[derive(clap::Args)]
pub struct Args {
    /// Run everything on this machine against a simulated company: calendars, bots, webhooks
    #[arg(long, conflicts_with_all = ["config", "rules", "feed", "bots"])]
    sandbox: bool,
    /// The configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The organisation's rules
    #[arg(long, value_name = "FILE")]
    rules: Option<PathBuf>,
    /// A calendar feed to keep in sync: a URL, or an .ics file; repeatable
    #[arg(long, value_name = "URL_OR_FILE")]
    feed: Vec<String>,
    /// The own addresses of the feeds' user
    #[arg(long, value_name = "ADDR", value_delimiter = ',')]
    me: Vec<String>,
    /// The zone of the feeds' user
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// The organisation's own domains
    #[arg(long, value_name = "@DOMAIN", value_delimiter = ',')]
    our_domains: Vec<String>,
    /// Where bots are asked for; the token comes from CALLSHEET_BOTS_TOKEN
    #[arg(long, value_name = "URL")]
    bots: Option<String>,
    /// Where the state is kept: sqlite:FILE, or postgres://…
    #[arg(long, value_name = "STORE")]
    store: Option<String>,
    /// Where health checks and metrics are served
    #[arg(long, value_name = "ADDR:PORT")]
    listen: Option<String>,
    /// How the host shows what it does
    #[arg(long, value_enum, default_value_t = Show::Auto)]
    show: Show,
    /// Run against a simulated world that is served at this address, with the people of the store; for tests
    #[arg(long, value_name = "URL", hide = true, conflicts_with_all = ["sandbox", "config", "rules", "feed", "bots"])]
    world: Option<String>,
    /// Stop after so many seconds; for demonstrations and tests
    #[arg(long, value_name = "SECS", hide = true)]
    stop_after: Option<u64>,
}

/// How the host shows what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Show {
    /// A live view on a terminal, lines elsewhere
    Auto,
    /// A live view of calendars and bots
    View,
    /// One JSON object a line, for machines: no titles, no addresses
    Log,
}

pub(super) fn run(args: &Args) -> Result<Outcome, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|source| CliError::Write { name: "threads".into(), source })?;
    if args.sandbox {
        return runtime.block_on(sandbox::run(args));
    }
    if let Some(address) = &args.world {
        return runtime.block_on(world::run(args, address));
    }
    let config = configuration(args)?;
    runtime.block_on(start::run(args, &config))
}

/// The configuration file, with what the command line says on top.
fn configuration(args: &Args) -> Result<Config, CliError> {
    let (name, text) = match &args.config {
        Some(path) => {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|source| CliError::Read { name: name.clone(), source })?;
            (name, text)
        }
        None => ("command line".to_owned(), String::new()),
    };
    let wrong = |error: config::ConfigError| CliError::Content { name: name.clone(), why: error.to_string() };
    let mut config = Config::parse(&text, |name| std::env::var(name).ok()).map_err(wrong)?;
    config.store = args.store.clone().or(config.store);
    config.listen = args.listen.clone().or(config.listen);
    config.tenant.own_domains.extend(args.our_domains.iter().cloned());
    if let Some(rules) = &args.rules {
        config.tenant.rules = Some(rules.display().to_string());
    }
    if let Some(url) = &args.bots {
        let rest = config.bots.take().unwrap_or_else(|| config::Bots::at(String::new()));
        config.bots = Some(config::Bots { url: Some(url.clone()), ..rest });
    }
    let own = args.feed.iter().map(|source| config::Feed {
        user: args.me.first().cloned().unwrap_or_else(|| "me".to_owned()),
        source: source.clone(),
        addresses: args.me.clone(),
        zone: args.zone.clone(),
    });
    config.feed.extend(own);
    config.check().map_err(wrong)?;
    Ok(config)
}

/// Says where the host can be asked how it is.
fn say_listening(address: std::net::SocketAddr) {
    say(&format!("health and metrics on http://{address}/livez, /readyz, /metrics"));
}

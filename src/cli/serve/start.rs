//! The host for a configuration: opens what it names, runs until it is told to stop.

use super::view::View;
use super::{Args, Show, say_listening};
use crate::cli::{CliError, Outcome, say};
use crate::host::app::{self, Stop};
use crate::host::bots::Backend;
use crate::host::clock::SystemClock;
use crate::host::config::{Config, ConfigError, Feed, Role};
use crate::host::context::Context;
use crate::host::http::Egress;
use crate::host::model::Origin;
use crate::host::net::address::Subnet;
use crate::host::net::client::Network;
use crate::host::net::files::{Files, file_url};
use crate::host::net::guard::Guard;
use crate::host::oauth::{self, pages};
use crate::host::push::Push;
use crate::host::push::lots::Lots;
use crate::host::push::routes::routes;
use crate::host::seal::{LendingKey, Vault, configured};
use crate::host::setup::{self, TENANT};
use crate::host::store::{Store, StoreError};
use crate::host::sync::Bases;
use crate::host::{api, health, log, strangers};
use crate::time::Elapsed;
use axum::serve::ListenerExt;
use secrecy::SecretString;
use std::io::IsTerminal;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Where the state lies where nobody says otherwise.
const STORE_DEFAULT: &str = "sqlite:callsheet.db";
/// Where health checks are served where nobody says otherwise.
const LISTEN_DEFAULT: &str = "127.0.0.1:8462";

/// What a process does, and with whom.
pub(super) enum Part {
    /// Everything.
    All(Backend),
    /// It answers, and opens nothing.
    Api,
    /// It works, and answers health checks alone.
    Worker(Backend),
}

pub(super) async fn run(args: &Args, config: &Config) -> Result<Outcome, CliError> {
    let wrong = |error: ConfigError| CliError::Usage(error.to_string());
    match config.role().map_err(wrong)? {
        Role::Api => run_api(args, config).await,
        Role::All => run_work(args, config, Part::All).await,
        Role::Worker => run_work(args, config, Part::Worker).await,
    }
}

/// Answers the API and browsers. What the configuration says of its own tenant is for the workers to bring into the store.
async fn run_api(args: &Args, config: &Config) -> Result<Outcome, CliError> {
    let network = Network::new(Guard::default(), &[]).map_err(|error| CliError::Usage(error.to_string()))?;
    let vault = vault(config).await?;
    let store = open(config.store.as_deref().unwrap_or(STORE_DEFAULT)).await?;
    let host = Context::new(store, Arc::new(network), Arc::new(SystemClock), owner());
    let host = configured_host(host, config, vault)?;
    serve_configured(args, config, host, Part::Api).await
}

async fn run_work(args: &Args, config: &Config, part: fn(Backend) -> Part) -> Result<Outcome, CliError> {
    let missing = |what: &str| CliError::Usage(format!("nothing to do: {what}"));
    let Some(bots) = &config.bots else {
        return Err(missing(
            "say where bots are asked for with `--bots URL`, or `[bots]` in the configuration (docs/bot-backend.md)",
        ));
    };
    let wrong = |error: ConfigError| CliError::Usage(error.to_string());
    let backend = bots.check().map_err(wrong)?.backend(token(bots.token_file.as_deref())?).map_err(wrong)?;
    let files = files(config)?;
    let mut config = config.clone();
    let local = local_feeds(&mut config.feed)?;
    let network = Network::new(Guard::default(), &[]).map_err(|error| CliError::Usage(error.to_string()))?;
    let store = open(config.store.as_deref().unwrap_or(STORE_DEFAULT)).await?;
    let has_calendars = has_calendars(&store).await.map_err(|error| CliError::Usage(error.to_string()))?;
    // Where users can connect, there may be none yet.
    if config.feed.is_empty() && !has_calendars && config.api.public_url.is_none() {
        return Err(missing(
            "name a calendar with `--feed`, in the configuration, or with `callsheet admin connections add`; `--sandbox` shows the \
             host without one",
        ));
    }
    let egress: Arc<dyn Egress> = Arc::new(Files::new(local, store.clone(), Arc::new(network)));
    let host = Context::new(store, egress, Arc::new(SystemClock), owner());
    let host = configured_host(host, &config, vault(&config).await?)?;
    setup::apply(&host, &config, &files).await.map_err(|error| CliError::Usage(error.to_string()))?;
    serve_configured(args, &config, host, part(backend)).await
}

/// The host, with what the configuration says of it.
fn configured_host(host: Context, config: &Config, vault: Vault) -> Result<Context, CliError> {
    let mut host = host.with_vault(vault);
    host.oauth = Arc::new(oauth_settings(config)?);
    host.bases = bases(config);
    if let Some(days) = config.keep_days {
        host.keep = Elapsed::from_hours(i64::from(days) * 24);
    }
    if let Some(days) = config.horizon_days {
        host.horizon = Elapsed::from_hours(i64::from(days) * 24);
    }
    host.push = config.api.public_url.as_deref().map(|url| Arc::new(Push::new(url, Lots::of_system())));
    Ok(host)
}

async fn serve_configured(args: &Args, config: &Config, host: Context, part: Part) -> Result<Outcome, CliError> {
    let listen = config.listen.as_deref().unwrap_or(LISTEN_DEFAULT);
    // The configuration was checked.
    let trusted = config.api.trusted_proxies.iter().filter_map(|text| Subnet::any(text).ok()).collect();
    serve(args, host, part, (&settings(config)?, trusted), listen, "callsheet").await
}

/// Where the providers' interfaces are.
pub(in crate::cli) fn bases(config: &Config) -> Bases {
    let published = Bases::default();
    let trimmed = |url: &String| url.trim_end_matches('/').to_owned();
    Bases {
        google: config.providers.google.as_ref().map_or(published.google, trimmed),
        graph: config.providers.graph.as_ref().map_or(published.graph, trimmed),
    }
}

/// How calendars are connected.
pub(in crate::cli) fn oauth_settings(config: &Config) -> Result<oauth::Settings, CliError> {
    let mut houses = Vec::new();
    for (provider, client) in [(Origin::Google, &config.oauth.google), (Origin::Graph, &config.oauth.microsoft)] {
        let Some(client) = client else { continue };
        let authority = client.authority.clone().unwrap_or_else(|| oauth::clients::AUTHORITY_DEFAULT.to_owned());
        let published = oauth::Endpoints::published(provider, &authority);
        // The configuration was checked.
        let own = client.endpoints.as_ref().and_then(|text| oauth::Endpoints::parse(text).ok());
        let secret = client.client_secret_file.as_deref().map(read).transpose()?.map(|text| SecretString::from(text.trim()));
        let client_id = client.client_id.clone();
        houses.push(oauth::House { provider, client_id, secret, authority, endpoints: own.unwrap_or(published) });
    }
    let public_url = config.api.public_url.as_ref().map(|url| url.trim_end_matches('/').to_owned());
    Ok(oauth::Settings { public_url, houses })
}

/// How the programming interface is served.
fn settings(config: &Config) -> Result<api::Settings, CliError> {
    let mut settings = api::Settings::of_this_process();
    settings.secret = shared_secret(config)?.unwrap_or(settings.secret);
    settings.requests_per_second = config.api.requests_per_second.unwrap_or(settings.requests_per_second);
    Ok(settings)
}

/// What all processes behind one address share.
fn shared_secret(config: &Config) -> Result<Option<[u8; 32]>, CliError> {
    let Some(name) = &config.api.secret_file else { return Ok(None) };
    let bytes = data_encoding::BASE64.decode(read(name)?.trim().as_bytes()).unwrap_or_default();
    let wrong = |_| CliError::Content { name: name.clone(), why: "must be 32 bytes in base64".to_owned() };
    <[u8; 32]>::try_from(bytes).map(Some).map_err(wrong)
}

/// What this process seals with, and what it opens with where its role is to.
pub(in crate::cli) async fn vault(config: &Config) -> Result<Vault, CliError> {
    let wrong = |why: &dyn std::fmt::Display| CliError::Usage(why.to_string());
    let variable = |name: &str| std::env::var(name).ok().map(SecretString::from);
    let lending = shared_secret(config)?.map(|secret| LendingKey::new(&secret)).transpose().map_err(|error| wrong(&error))?;
    if config.role().map_err(|error| wrong(&error))? == Role::Api {
        if variable(configured::ROOT_KEY).is_some() {
            let why = "is not for `role = \"api\"`, which must hold nothing that opens secrets".to_owned();
            return Err(wrong(&ConfigError::Value { key: configured::ROOT_KEY.to_owned(), why }));
        }
        // The configuration was checked: there is one.
        return Ok(lending.map_or_else(Vault::without_root, |key| Vault::borrowing(key, Arc::new(SystemClock))));
    }
    let roots = configured::roots(&config.secrets, variable).await.map_err(|error| CliError::Usage(error.to_string()))?;
    Ok(roots.map_or_else(Vault::without_root, |roots| Vault::lending(roots, lending, Arc::new(SystemClock))))
}

/// Runs the host, its health server, and the view, until it is told to stop.
pub(super) async fn serve(
    args: &Args,
    mut host: Context,
    part: Part,
    (settings, trusted): (&api::Settings, Vec<Subnet>),
    listen: &str,
    title: &str,
) -> Result<Outcome, CliError> {
    let cannot = |source| CliError::Write { name: format!("{listen}, to listen there"), source };
    let listener = tokio::net::TcpListener::bind(listen).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    if args.sandbox {
        host.push = Some(Arc::new(Push::new(&format!("http://{address}"), Lots::of_system())));
    }
    let show_view = match args.show {
        Show::View => true,
        Show::Log => false,
        Show::Auto => std::io::stdout().is_terminal(),
    };
    if !show_view {
        log::begin("info").map_err(|error| CliError::Usage(error.to_string()))?;
        say_listening(address);
    }
    let (stopper, stop) = app::stopper();
    let store = host.store.clone();
    if let Err(error) = forget_gone(&store).await {
        tracing::warn!(error = %error, "the other hosts of the store could not be seen");
    }
    let router = router(&host, &part, settings, trusted).into_make_service_with_connect_info::<SocketAddr>();
    let running = match part {
        Part::All(backend) | Part::Worker(backend) => tokio::spawn(app::run(host.clone(), backend, stop.clone())),
        Part::Api => tokio::spawn(app::run_api(host.clone(), stop.clone())),
    };
    let mut work = tokio::task::JoinSet::new();
    let mut ended = stop.clone();
    // Answers are sent whole: none waits for more to come.
    let listener = listener.tap_io(|connection| {
        if let Err(error) = connection.set_nodelay(true) {
            tracing::debug!(error = %error, "a connection waits before it sends");
        }
    });
    let health = axum::serve(listener, router).with_graceful_shutdown(async move { ended.set().await });
    work.spawn(async move {
        if let Err(error) = health.await {
            tracing::error!(error = %error, "health checks are no longer served");
        }
    });
    if show_view {
        work.spawn(watch(View::new(host, TENANT, format!("{title}, health on http://{address}")), stop));
    }
    let failed = tokio::select! {
        biased;
        () = store.broken() => true,
        () = told_to_stop(args.stop_after) => false,
    };
    stopper.stop();
    let drained = async {
        if let Err(error) = running.await {
            tracing::error!(error = %error, "the host broke off");
        }
        // Whoever reads the health slowly, or holds a connection open, keeps nobody from stopping.
        let _unfinished = tokio::time::timeout(PATIENCE, async { while work.join_next().await.is_some() {} }).await;
        store.close().await;
    };
    if failed {
        // Nothing that is under way could be written down any more; whoever comes next finds out what became of it.
        say("error: the store failed, and what it holds is in doubt: stopping. Start again once its disk is well");
        let _unfinished = tokio::time::timeout(PATIENCE, drained).await;
        return Ok(Outcome::Failed);
    }
    say("stopping: what is under way is finished first");
    drained.await;
    Ok(Outcome::Clean)
}

/// What is answered. Whoever works alone has no door to the world: whatever came in by it would be where secrets are opened.
fn router(host: &Context, part: &Part, settings: &api::Settings, trusted: Vec<Subnet>) -> axum::Router {
    let health = health::router(host.clone());
    if matches!(part, Part::Worker(_)) {
        return health;
    }
    let pages = strangers::guarded(host, pages::router(host.clone()), trusted.clone(), strangers::PAGES);
    let push = strangers::guarded(host, routes(host), trusted, strangers::PUSH);
    health.merge(api::router(host.clone(), settings)).merge(pages).merge(push)
}

/// How long what is under way is waited for where it can change nothing.
const PATIENCE: Duration = Duration::from_secs(2);

/// Draws the view every second.
async fn watch(view: View, mut stop: Stop) {
    while !stop.is_set() {
        view.draw().await;
        tokio::select! {
            biased;
            () = stop.set() => {}
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// Ends with an interrupt, a request of the service manager, or after so many seconds.
async fn told_to_stop(after: Option<u64>) {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminated) = signal(SignalKind::terminate()) else { return std::future::pending().await };
    let time = async {
        match after {
            Some(secs) => tokio::time::sleep(Duration::from_secs(secs)).await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        biased;
        _ = tokio::signal::ctrl_c() => {}
        _ = terminated.recv() => {}
        () = time => {}
    }
}

pub(super) async fn open(url: &str) -> Result<Store, CliError> {
    Store::open(url).await.map_err(|error| CliError::Content { name: shown(url).to_owned(), why: error.to_string() })
}

/// A store's URL without what could be a password.
fn shown(url: &str) -> &str {
    if url.starts_with("sqlite:") { url } else { "the PostgreSQL store" }
}

/// Names this process among those that share a store.
pub(super) fn owner() -> String {
    let host = std::fs::read_to_string("/etc/hostname").unwrap_or_default();
    let place = numbering().map(|place| format!("{place}-")).unwrap_or_default();
    format!("{}-{place}{}", host.trim(), std::process::id())
}

/// Names what numbers processes here: this run of the kernel, and the namespace in it. Where that is the same, a number that no
/// process has is that of one that is gone. `None` where the system does not say.
fn numbering() -> Option<String> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let namespace = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let digits: String = namespace.to_str()?.chars().filter(char::is_ascii_digit).collect();
    Some(format!("{}.{digits}", boot.trim().replace('-', "")))
}

/// Takes the rows of processes out that are gone for certain, as after `kill -9`: with nobody else there, we need not wait until
/// they can be no more.
async fn forget_gone(store: &Store) -> Result<(), StoreError> {
    let Some(here) = numbering().filter(|_| store.is_shared()) else { return Ok(()) };
    for member in store.members().await? {
        let mut parts = member.host.rsplit('-');
        let number = parts.next().filter(|number| number.parse::<u32>().is_ok());
        let is_gone = |number: &str| !Path::new("/proc").join(number).exists();
        if parts.next() == Some(here.as_str()) && number.is_some_and(is_gone) {
            store.leave(&member.host).await?;
        }
    }
    Ok(())
}

fn token(file: Option<&str>) -> Result<String, CliError> {
    match file {
        Some(name) => Ok(read(name)?.trim().to_owned()),
        None => Ok(std::env::var("CALLSHEET_BOTS_TOKEN").unwrap_or_default()),
    }
}

fn read(name: &str) -> Result<String, CliError> {
    std::fs::read_to_string(name).map_err(|source| CliError::Read { name: name.to_owned(), source })
}

fn files(config: &Config) -> Result<setup::Files, CliError> {
    let rules = match &config.tenant.rules {
        Some(name) => Some((name.clone(), read(name)?)),
        None => None,
    };
    let secrets = config.webhook.iter().map(|webhook| Ok(SecretString::from(read(&webhook.secret_file)?.trim())));
    Ok(setup::Files { rules, secrets: secrets.collect::<Result<_, CliError>>()? })
}

/// Whether any calendar was connected before.
async fn has_calendars(store: &Store) -> Result<bool, StoreError> {
    for tenant in store.tenants().await? {
        if !store.calendars(tenant.id).await?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Feeds that are files become `file:` URLs; the files.
fn local_feeds(feeds: &mut [Feed]) -> Result<Vec<PathBuf>, CliError> {
    let mut local = Vec::new();
    for feed in feeds {
        if feed.source.contains("://") {
            continue;
        }
        let cannot = |source| CliError::Read { name: feed.source.clone(), source };
        let path = Path::new(&feed.source).canonicalize().map_err(cannot)?;
        feed.source = file_url(&path).ok_or_else(|| CliError::Usage(format!("{} is no file", feed.source)))?;
        local.push(path);
    }
    Ok(local)
}

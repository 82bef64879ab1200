//! The host against a simulated world: what the sandbox does with its own, and load programs with theirs.

use super::Args;
use super::start::{Part, open, owner, serve};
use crate::cli::{CliError, Outcome};
use crate::host::api;
use crate::host::bots::Backend;
use crate::host::clock::{Clock, SystemClock};
use crate::host::context::Context;
use crate::host::credentials::Credentials;
use crate::host::model::ConnectionId;
use crate::host::net::address::Subnet;
use crate::host::net::client::Network;
use crate::host::net::guard::Guard;
use crate::host::store::{Store, StoreError};
use crate::host::sync;
use crate::host::world::Bases;
use std::sync::Arc;

/// What the simulated bot service wants to see.
const BOTS_TOKEN: &str = "simulated-bots";

/// Runs the host against the world at `address`. Its tenants, connections and calendars lie in the store already, and the token
/// of connection 7 is `token-7`.
pub(super) async fn run(args: &Args, address: &str) -> Result<Outcome, CliError> {
    let Some(url) = &args.store else {
        return Err(CliError::Usage("`--world` needs a `--store` that holds the world's people".into()));
    };
    let store = open(url).await?;
    let tokens = tokens(&store).await.map_err(|error| CliError::Usage(error.to_string()))?;
    let (host, backend) = context(store, Arc::new(SystemClock), &Bases::below(address), Credentials::new(tokens))?;
    let settings = api::Settings { guard: guard()?, ..api::Settings::of_this_process() };
    serve(args, host, Part::All(backend), (&settings, Vec::new()), args.listen.as_deref().unwrap_or("127.0.0.1:0"), "callsheet")
        .await
}

async fn tokens(store: &Store) -> Result<Vec<(ConnectionId, String)>, StoreError> {
    let mut tokens = Vec::new();
    for tenant in store.tenants().await? {
        let connections = store.connections(tenant.id).await?;
        tokens.extend(connections.into_iter().map(|connection| (connection.id, format!("token-{}", connection.id))));
    }
    Ok(tokens)
}

/// Lets through what is on this machine.
pub(super) fn guard() -> Result<Guard, CliError> {
    Ok(Guard::default().open(Subnet::private("127.0.0.0/8").map_err(|error| CliError::Usage(error.to_string()))?))
}

/// A network that is this machine.
pub(super) fn network() -> Result<Network, CliError> {
    Network::new(guard()?, &[]).map_err(|error| CliError::Usage(error.to_string()))
}

/// A host whose providers, receivers and bot service are those of a world on this machine.
pub(super) fn context(
    store: Store,
    clock: Arc<dyn Clock>,
    bases: &Bases,
    credentials: Credentials,
) -> Result<(Context, Backend), CliError> {
    let network = network()?;
    let mut host = Context::new(store, Arc::new(network), clock, owner());
    host.bases = sync::Bases { google: format!("{}/calendar/v3", bases.google), graph: format!("{}/v1.0", bases.graph) };
    host.credentials = Arc::new(credentials);
    Ok((host, Backend::Callsheet { base_url: bases.bots.clone(), token: BOTS_TOKEN.to_owned().into() }))
}
